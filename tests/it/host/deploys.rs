//! Deploys that fail, and what their author reads.

use super::support::{TestHost, fixture, guest};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_deploy_says_where_and_leaves_the_version_before_it_serving() {
    let mut host = TestHost::start().await;
    let bot = host.bot("echo", &guest("echo")).await;
    let mut ana = bot.customer("16505551234").await;

    for (name, says) in [
        (
            "syntax_error",
            ["syntax error: Expected \")\" but found \"}\"", "app.js:8:1"],
        ),
        (
            "missing_package",
            ["`axios` is not installed", "app.js:3:23"],
        ),
        ("native_module", ["`sharp` is machine code", "app.js:3:23"]),
        ("throws_at_top", ["dishes", "firstDish (menu.js:6:"]),
        (
            "never_listens",
            ["listen", "call `app.listen(process.env.PORT)`"],
        ),
    ] {
        let Err(error) = host.deploys(&bot, &fixture(name)).await else {
            panic!("{name} was deployed");
        };
        for text in says {
            assert!(error.contains(text), "{name}: `{text}` is not in: {error}");
        }
        ana.says(name).await;
        assert_eq!(ana.hears().await, format!("You said: {name}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usual_ways_to_write_a_bot_deploy() {
    let mut host = TestHost::start().await;
    for name in ["esm_app", "ts_app", "top_level_await", "two_listens"] {
        let project = host.project(&name.replace('_', "-")).await;
        let deployed = host.deploys(&project, &fixture(name)).await;
        let deployed = deployed.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(deployed.webhook_path.as_deref(), Some("/webhook"), "{name}");
        project.customer("16505551234").await.says("hi").await;
        host.settles(&project).await;
        let events = host.events(&project).await;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].state, "done", "{name}: {events:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_version_takes_over_from_the_next_message() {
    let mut host = TestHost::start().await;
    let bot = host.bot("bot", &guest("echo")).await;
    let mut ana = bot.customer("16505551234").await;
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "You said: hi");

    host.deploys(&bot, &fixture("late_send")).await.unwrap();
    ana.says("hi").await;

    assert_eq!(ana.hears().await, "late, but here: hi");
}
