//! Components that were built elsewhere.

use std::collections::BTreeMap;

use roost::build::Format;
use roost::build::artifact::{self, Artifact, Manifest};
use roost::capabilities::Grants;
use roost::projects::VersionKind;
use wasm_encoder::{
    Component, ComponentImportSection, ComponentTypeRef, ComponentTypeSection, InstanceType,
};

use super::{ANA, app, bot, deploy, log_of, try_deploy};
use crate::components;
use crate::host::support::{TestHost, eventually, guest};

/// What `roost build` makes of the echo bot.
async fn built(host: &TestHost, env: &[(&str, &str)]) -> Vec<u8> {
    let workshop = host.app().workshop();
    let bundle = workshop.bundle(&guest("echo"), |_| {}).await.unwrap();
    let source = workshop.artifact(bundle);
    let env: BTreeMap<_, _> = env
        .iter()
        .map(|(k, v)| ((*k).into(), (*v).into()))
        .collect();
    workshop.build(&source, env, Grants::none).await.unwrap().0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_roost_build_makes_is_booted_again_with_the_projects_environment() {
    let mut host = TestHost::start().await;
    let project = host.project("echo").await;
    let mut ana = project.customer(ANA).await;
    // Its own VERIFY_TOKEN is not the project's: the handshake would fail with it.
    let component = built(&host, &[("VERIFY_TOKEN", "another")]).await;

    let version = deploy(&host, &project, &component).await;

    assert_eq!(version.kind, VersionKind::Component);
    assert_eq!(version.notes["webhook"], "it answers Meta's handshake");
    assert_eq!(version.entry.as_deref(), Some("app.js"));
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "You said: hi");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_without_a_bundle_runs_as_it_is() {
    let mut host = TestHost::start().await;
    let project = host.project("echo").await;
    let mut ana = project.customer(ANA).await;
    let keys = host.app().projects().keys(project.id).await.unwrap();
    let number = project.number_id.clone();
    let env = [
        ("VERIFY_TOKEN", keys.verify_token.expose()),
        ("PHONE_NUMBER_ID", &number),
        ("WHATSAPP_TOKEN", "EAAroostPlaceholderToken"),
    ];
    let component = built(&host, &env).await;
    let component = artifact::strip(&component).unwrap();

    let version = deploy(&host, &project, &component).await;

    let log = log_of(&host, &version).await;
    assert!(log.contains("carries no bundle"), "{log}");
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "You said: hi");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_in_c_with_wasi_0_2_answers() {
    let mut host = TestHost::start().await;
    let project = host.project("c").await;
    let mut ana = project.customer(ANA).await;

    let version = deploy(&host, &project, &components::read("c")).await;

    assert_eq!(version.notes["webhook"], "it answers Meta's handshake");
    let log = log_of(&host, &version).await;
    assert!(
        log.contains("it imports wasi:filesystem: there are no files"),
        "{log}"
    );
    ana.says("hi \"there\" é").await;
    assert_eq!(ana.hears().await, "You said: hi \"there\" é");
    ana.says("again").await;
    assert_eq!(ana.hears().await, "You said: again");
    eventually("the bot's output is in the log", async || {
        let log = host.log();
        (log.matches("Meta answered 200").count() >= 2).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_of_another_world_is_refused_by_what_it_imports() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let mut ana = project.customer(ANA).await;
    deploy(&host, &project, &app(&bot("", "'still here'"))).await;

    for (import, advice) in [
        (
            "wasi:keyvalue/store@0.2.0",
            "keep data in `roost:bot/database`",
        ),
        ("wasi:http/types@0.3.0-rc-2025-09-16", "a draft"),
        ("roost:bot/log@0.2.0", "serves `roost:bot@0.1`"),
        (
            "acme:billing/ledger",
            "build it for the world `roost:bot/bot`",
        ),
    ] {
        let error = try_deploy(&host, &project, &importing(import))
            .await
            .unwrap_err();
        assert!(error.contains(&format!("imports `{import}`")), "{error}");
        assert!(error.contains(advice), "{error}");
    }
    let error = try_deploy(&host, &project, &Component::new().finish())
        .await
        .unwrap_err();
    assert!(
        error.contains("exports no `wasi:http/handler@0.3.0`"),
        "{error}"
    );
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "still here");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_component_that_comes_to_too_much_is_refused_and_the_rest_goes_on() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let mut ana = project.customer(ANA).await;
    deploy(&host, &project, &app(&bot("", "'still here'"))).await;

    for (bomb, because) in components::bombs() {
        let error = try_deploy(&host, &project, &bomb).await.unwrap_err();
        assert!(error.contains(because), "{error}");
    }
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "still here");
}

/// A component that imports an empty instance of that name.
fn importing(name: &str) -> Vec<u8> {
    let mut types = ComponentTypeSection::new();
    types.instance(&InstanceType::new());
    let mut imports = ComponentImportSection::new();
    imports.import(name, ComponentTypeRef::Instance(0));
    let mut component = Component::new();
    component.section(&types).section(&imports);
    component.finish()
}

/// A component as no build makes it: a bundle with whatever map and manifest.
fn forged(code: String, source_map: String, change: impl FnOnce(&mut Manifest)) -> Vec<u8> {
    let mut manifest = Manifest {
        sdk_version: roost::sdk::VERSION.to_owned(),
        format: Format::CommonJs,
        file: "/app/app.js".to_owned(),
        entry: "app.js".to_owned(),
        webhook_path: None,
        instance: None,
        warnings: Vec::new(),
        variables: Vec::new(),
    };
    change(&mut manifest);
    let artifact = Artifact {
        manifest,
        code,
        source_map: source_map.into_bytes(),
        files: Vec::new(),
    };
    artifact::attach(&Component::new().finish(), &artifact).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sources_that_nest_without_end_end_no_host() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let mut ana = project.customer(ANA).await;
    let code = bot(
        "function hello(){ return 1 }\nconst before = hello.toString()",
        "`${before} ${hello.toString()}`",
    );
    let line = code
        .lines()
        .position(|line| line.starts_with("function hello"));
    let mappings = format!("{}AAAA", ";".repeat(line.unwrap()));
    let chains = ["[", "!", "a=>", "a?", "new ", "`${", "if(a)", "a+", "a."];
    for chain in chains {
        let map = serde_json::json!({
            "version": 3,
            "sources": ["app.js"],
            "sourcesContent": [format!("\n{}a", chain.repeat(300_000))],
            "names": [],
            "mappings": mappings,
        });
        deploy(
            &host,
            &project,
            &forged(code.clone(), map.to_string(), |_| {}),
        )
        .await;
        ana.says("hi").await;
        let own = "function hello(){ return 1 }";
        assert_eq!(ana.hears().await, format!("{own} {own}"), "{chain}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn manifests_that_no_build_writes_are_refused_and_nothing_of_them_is_kept() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let code = || bot("", "'hi'");
    let map = || r#"{"version":3,"sources":["app.js"],"names":[],"mappings":"AAAA"}"#.to_owned();
    let long = || "e".repeat(1 << 20);

    let nowhere = forged(code(), map(), |manifest| manifest.file.clear());
    let entry = forged(code(), map(), |manifest| manifest.entry = long());
    let warned = forged(code(), map(), |manifest| manifest.warnings = vec![long()]);
    for (upload, says) in [
        (nowhere, "another `file`"),
        (entry, "another `entry`"),
        (warned, "longer `warnings`"),
    ] {
        let error = try_deploy(&host, &project, &upload).await.unwrap_err();
        assert!(error.contains(says), "{error}");
    }
    for version in host.app().projects().versions(project.id).await.unwrap() {
        assert_eq!(version.entry, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_counts_as_it_is_written() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let mut ana = project.customer(ANA).await;
    let top = "const lines = '/app/app.js:1:1 '.repeat(200)";
    let answer = "(() => { for (let n = 0; n < 100; n++) console.log(lines); return 'done' })()";
    let map = serde_json::json!({
        "version": 3,
        "sources": ["a".repeat(1000)],
        "names": [],
        "mappings": "AAAA",
    });
    let upload = forged(bot(top, answer), map.to_string(), |_| {});
    deploy(&host, &project, &upload).await;
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "done");
    host.settles(&project).await;
    let log = host.log();
    assert!(log.contains("more bytes were logged and left out"));
    assert!(!log.contains(&"a".repeat(1000)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn types_that_nest_without_end_end_no_host() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    // An instance's type that declares one type: an instance's, and so on.
    let mut types = vec![1_u8];
    types.extend([0x42, 1, 1].repeat(100_000));
    types.extend([0x42, 0]);
    let mut component = Component::new().finish();
    component.push(7);
    wasm_encoder::Encode::encode(types.as_slice(), &mut component);

    let error = try_deploy(&host, &project, &component).await.unwrap_err();
    assert!(error.contains("is nested more than 16 deep"), "{error}");
    deploy(&host, &project, &app(&bot("", "'still here'"))).await;
}
