//! `roost build`: one component that stands for itself.

use std::collections::BTreeMap;

use bytes::Bytes;
use roost::build::artifact;
use roost::capabilities::Grants;
use roost::sandbox::{Bot, Budget, Instance, Sandbox, SandboxSettings, split};

use super::support::{TestHost, guest};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_built_component_runs_by_itself_and_carries_its_source() {
    let host = TestHost::start().await;
    let workshop = host.app().workshop();
    let bundle = workshop.bundle(&guest("echo"), |_| {}).await.unwrap();
    let source = workshop.artifact(bundle);
    let env = BTreeMap::from([("VERIFY_TOKEN".to_owned(), "a-word".to_owned())]);
    let (component, report) = workshop.build(&source, env, Grants::none).await.unwrap();

    assert!(report.ok, "{report:?}");
    assert_eq!(artifact::read(&component).unwrap().as_ref(), Some(&source));
    assert!(split(&component).is_some(), "it shares its engine's code");
    let sandbox = Sandbox::new(SandboxSettings {
        instances: 2,
        ..SandboxSettings::default()
    })
    .unwrap();
    let bot = Bot::load(&sandbox, &component).unwrap();
    let mut instance = Instance::start(&bot, Budget::default(), Grants::none())
        .await
        .unwrap();
    let query = "hub.mode=subscribe&hub.challenge=42&hub.verify_token=a-word";
    let handshake = http::Request::get(format!("http://bot.local/webhook?{query}"))
        .body(Bytes::new())
        .unwrap();
    let answer = instance.handle(handshake).await.unwrap();
    assert_eq!(answer.response.body().as_ref(), b"42");
}
