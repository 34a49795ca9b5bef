//! What a bot can do wrong, and that it hurts nobody else.

use std::time::Duration;

use roost::events::{EventFilter, EventReport, EventState};
use roost::sandbox::Budget;

use super::support::{Setup, TestHost, TestProject, eventually, fixture, guest};

const ANA: &str = "16505551234";
const BEA: &str = "16505556789";
const ATTEMPTS: u32 = 2;

/// What became of the hostile bot's event.
struct Failed {
    host: TestHost,
    project: TestProject,
    event: EventReport,
    /// How each attempt ended.
    outcomes: Vec<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_throws_fails_its_own_event() {
    let failed = fails_alone("throws").await;
    assert_eq!(failed.outcomes, ["bad-status", "bad-status"]);
    failed.names("Error: the soup is cold (at app.js:9:");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_rejects_late_fails_its_own_event() {
    let failed = fails_alone("rejects_late").await;
    assert_eq!(failed.outcomes, ["bot-threw", "bot-threw"]);
    failed.names("Error: the soup went cold (at brood (app.js:15:");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_loops_fails_its_own_event() {
    let failed = fails_alone("loops").await;
    assert_eq!(failed.outcomes, ["timeout", "timeout"]);
    failed.names("processor time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_is_stuck_in_a_regular_expression_fails_its_own_event() {
    let failed = fails_alone("redos").await;
    assert_eq!(failed.outcomes, ["timeout", "timeout"]);
    failed.names("processor time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_eats_memory_fails_its_own_event() {
    let failed = fails_alone("eats_memory").await;
    assert_eq!(failed.outcomes, ["out-of-memory", "out-of-memory"]);
    failed.names("the bot ran out of memory: it may use 128 MiB");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_never_answers_fails_its_own_event() {
    let failed = fails_alone("never_answers").await;
    assert_eq!(failed.outcomes, ["bot-threw", "bot-threw"]);
    // Nothing is left that it could wait for: no need to wait until its time is up.
    failed.names("the bot ended its work on the request without answering it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_waits_for_too_long_fails_its_own_event() {
    let failed = fails_within(Duration::from_millis(1_500), "waits_for_ever").await;
    assert_eq!(failed.outcomes, ["timeout", "timeout"]);
    failed.names("1.5s");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_recurses_without_end_gets_an_exception_it_can_catch() {
    let failed = fails_alone("deep_recursion").await;
    assert_eq!(failed.outcomes, ["bad-status", "bad-status"]);
    failed.names("status 500");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_traps_fails_its_own_event() {
    let failed = fails_alone("traps").await;
    assert_eq!(failed.outcomes, ["trap", "trap"]);
    failed.names("call stack exhausted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_module_that_roost_lacks_is_named_where_it_is_used() {
    let failed = fails_alone("unknown_builtin").await;
    assert_eq!(failed.outcomes, ["bad-status", "bad-status"]);
    failed.names("sqlite.DatabaseSync is not available in Roost");
    failed.names("(at app.js:10:");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn intervals_that_a_bot_leaves_running_end_with_its_event() {
    let mut host = TestHost::start().await;
    let bot = host.bot("timers", &fixture("many_timers")).await;
    bot.customer(ANA).await.says("hi").await;

    host.settles(&bot).await;

    let events = host.events(&bot).await;
    assert_eq!(events[0].state, "done", "{events:?}");
    assert_eq!(events[0].attempts, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_event_is_answered_once_the_bot_is_mended() {
    let Failed {
        host,
        project,
        event,
        ..
    } = fails_alone("throws").await;
    host.deploys(&project, &guest("echo")).await.unwrap();
    let mut ana = project.customer(ANA).await;

    let events = host.app().events();
    events
        .replay(project.id, event.event.event_id)
        .await
        .unwrap();

    assert_eq!(ana.hears().await, "You said: hi");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bots_log_cannot_pretend_to_be_the_hosts() {
    let mut host = TestHost::start().await;
    let floods = host.bot("floods", &fixture("floods_log")).await;
    floods.customer(ANA).await.says("hi").await;
    host.settles(&floods).await;

    let log = host.log();
    assert!(log.contains("all is well"), "nothing was logged");
    assert!(
        !log.lines()
            .any(|line| line.starts_with("ERROR another project")),
        "a forged line"
    );
    assert!(log.len() < 2 << 20, "{} bytes were logged", log.len());
}

impl Failed {
    #[track_caller]
    fn names(&self, what: &str) {
        let error = self.event.event.last_error.as_deref().unwrap_or_default();
        assert!(
            error.contains(what),
            "{what} is not in: {error}\n{}",
            self.host.log()
        );
    }
}

/// A hostile bot gets a message; meanwhile another project's bot answers. There is time enough for a
/// busy machine: what a bot uses up is something else.
async fn fails_alone(name: &str) -> Failed {
    fails_within(Duration::from_secs(30), name).await
}

/// The same, in so much time.
async fn fails_within(wall: Duration, name: &str) -> Failed {
    let budget = Budget {
        wall,
        cpu: Duration::from_millis(500),
        ..Budget::default()
    };
    let setup = Setup {
        budget,
        max_attempts: ATTEMPTS,
        ..Setup::default()
    };
    let mut host = TestHost::start_with(setup).await;
    let project = host.bot("hostile", &fixture(name)).await;
    let echo = host.bot("echo", &guest("echo")).await;
    let ana = project.customer(ANA).await;
    let mut bea = echo.customer(BEA).await;

    ana.says("hi").await;
    eventually("the hostile bot gets its message", async || {
        host.events(&project)
            .await
            .into_iter()
            .find(|event| event.attempts > 0)
    })
    .await;
    for text in ["one", "two", "three"] {
        bea.says(text).await;
        assert_eq!(bea.hears().await, format!("You said: {text}"));
    }
    let event = eventually("the event is given up", async || {
        let dead = EventFilter {
            state: Some(EventState::Dead),
            ..EventFilter::default()
        };
        let found = host.app().events().list(project.id, &dead, None, 1).await;
        found.unwrap().pop()
    })
    .await;

    assert_eq!(event.event.attempts, 2);
    let runs = event.runs.iter();
    let outcomes = runs
        .map(|run| run.outcome.as_ref().unwrap().to_string())
        .collect();
    host.settles(&echo).await;
    let others = host.events(&echo).await;
    assert!(
        others
            .iter()
            .all(|event| event.state == "done" && event.attempts == 1),
        "{others:?}"
    );
    Failed {
        host,
        project,
        event,
        outcomes,
    }
}
