//! Components that were built against another patch of `roost:bot` than the host has.

use bytes::Bytes;
use roost::capabilities::Grants;
use roost::sandbox::{Bot, Budget, Instance, Sandbox, SandboxSettings};

use super::wat::Wat;

/// A component that imports this version's `event` and `secrets`, and answers 200.
fn importing(version: &str) -> Vec<u8> {
    let imports = format!(
        r#"(import "roost:bot/event@{version}" (instance
    (export "fail" (func (param "message" string)))
    (export "time-left" (func (result u64)))))
  (import "roost:bot/secrets@{version}" (instance
    (export "get" (func (param "name" string) (result (option string))))))"#
    );
    let component = Wat {
        handle: "(call $answer (local.get $out) (i32.const 200))",
        rest: &imports,
        ..Wat::default()
    };
    component.bytes()
}

fn sandbox() -> Sandbox {
    let settings = SandboxSettings {
        instances: 2,
        ..SandboxSettings::default()
    };
    Sandbox::new(settings).unwrap()
}

#[tokio::test]
async fn a_component_of_any_patch_of_the_package_runs() {
    let sandbox = sandbox();
    // The first, and one that this host does not know, of which the component uses nothing new.
    for version in ["0.1.0", "0.1.99"] {
        let bot = Bot::load(&sandbox, &importing(version)).unwrap();
        let started = Instance::start(&bot, Budget::default(), Grants::none()).await;
        let request = http::Request::post("http://bot.local/webhook").body(Bytes::new());

        let answer = started.unwrap().handle(request.unwrap()).await.unwrap();

        assert_eq!(answer.response.status(), 200, "{version}");
    }
}

#[tokio::test]
async fn a_component_of_the_next_package_does_not_load() {
    let error = Bot::load(&sandbox(), &importing("0.2.0")).err();
    let error = format!("{:#}", error.expect("it is taken"));
    assert!(error.contains("roost:bot/event@0.2.0"), "{error}");
}
