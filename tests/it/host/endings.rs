//! How a bot's work on a message ends: what keeps it going, what ends it, and what people are told.

use std::time::Duration;

use roost::sandbox::Budget;
use roost_emulator::control::Fault;
use serde_json::{Value, json};

use super::api::cli::{complains, prints};
use super::support::{
    Contact, DEADLINE, Operator, Setup, TestHost, TestProject, eventually, fixture,
};

const ANA: &str = "16505551234";

struct Ending {
    host: TestHost,
    bot: TestProject,
    ana: Contact,
    operator: Operator,
}

async fn ending(setup: Setup) -> Ending {
    let mut host = TestHost::start_with(setup).await;
    let bot = host.bot("soup", &fixture("endings")).await;
    let ana = bot.customer(ANA).await;
    let operator = host.operator();
    Ending {
        host,
        bot,
        ana,
        operator,
    }
}

impl Ending {
    /// Says a word, waits for its end, and gives the event with all that is known of it.
    async fn of(&self, word: &str) -> Value {
        self.ana.says(word).await;
        self.host.settles(&self.bot).await;
        self.last().await
    }

    /// The latest message.
    async fn last(&self) -> Value {
        let list = "/v1/projects/soup/events?kind=message&limit=1";
        let list = self.operator.get(list).await.ok();
        let id = list["items"][0]["id"].as_str().unwrap().to_owned();
        self.show(&id).await
    }

    async fn show(&self, id: &str) -> Value {
        let path = format!("/v1/projects/soup/events/{id}");
        self.operator.get(&path).await.ok()
    }

    /// The event's log, once it has a line that contains the text.
    async fn logs(&self, event: &Value, text: &str) -> String {
        let id = event["event"]["id"].as_str().unwrap().to_owned();
        eventually(&format!("a line says `{text}`"), async || {
            let shown = self.show(&id).await;
            let mut lines = shown["log"].as_array().unwrap().iter();
            let line = lines.find_map(|line| line["message"].as_str().filter(|l| l.contains(text)));
            line.map(str::to_owned)
        })
        .await
    }
}

/// Events have more time than a test waits: one that holds on to all of it is not seen to end.
fn unhurried() -> Setup {
    Setup {
        budget: Budget {
            wall: 4 * DEADLINE,
            ..Setup::default().budget
        },
        ..Setup::default()
    }
}

fn why(event: &Value) -> &str {
    event["event"]["why"].as_str().unwrap()
}

fn outcomes(event: &Value) -> Vec<&str> {
    let runs = event["runs"].as_array().unwrap().iter();
    runs.map(|run| run["outcome"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_may_come_with_whatever_timer_the_bot_waits_for() {
    let mut it = ending(Setup::default()).await;
    for (word, heard) in [
        ("polls", "polled"),
        ("unrefs", "unrefed"),
        ("aborts", "aborted"),
        ("turns", "turned"),
        ("spins", "spun"),
    ] {
        let event = it.of(word).await;
        assert_eq!(it.ana.hears().await, heard);
        assert_eq!(outcomes(&event), ["done"], "{word}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_interval_sends_after_the_answer_goes_out() {
    let mut it = ending(Setup::default()).await;
    it.of("drains").await;
    for n in 1..=6 {
        assert_eq!(it.ana.hears().await, format!("message {n}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_for_later_does_not_hold_the_conversation_and_is_told() {
    let mut it = ending(unhurried()).await;
    let event = it.of("reminds").await;
    assert_eq!(it.ana.hears().await, "got it");
    assert_eq!(outcomes(&event), ["done"]);
    let line = it.logs(&event, "without waiting for").await;
    assert!(
        line.contains("1 timeout (due in 10 min, made at app.js:"),
        "{line}"
    );
    it.of("hello").await;
    assert_eq!(it.ana.hears().await, "You said: hello");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interval_that_does_nothing_ends_with_its_event_after_a_while_and_is_told() {
    let mut it = ending(unhurried()).await;
    let event = it.of("beats").await;
    assert_eq!(it.ana.hears().await, "alive");
    assert_eq!(outcomes(&event), ["done"]);
    let wall = event["runs"][0]["wall_ms"].as_f64().unwrap();
    assert!(wall >= 4_500.0, "{wall}");
    let line = it.logs(&event, "without waiting for").await;
    assert!(
        line.contains("1 interval (every 500 ms, made at beats (app.js:")
            || line.contains("1 interval (every 500 ms, made at app.js:"),
        "{line}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_never_ends_has_failed() {
    let it = ending(Setup {
        max_attempts: 1,
        ..Setup::default()
    })
    .await;
    let event = it.of("halves").await;
    assert_eq!(outcomes(&event), ["bot-threw"]);
    assert!(
        why(&event).contains("the bot began its answer and never ended it"),
        "{}",
        why(&event)
    );
    let event = it.of("leaves").await;
    assert_eq!(outcomes(&event), ["bot-threw"]);
    assert!(
        why(&event).contains("its response broke off"),
        "{}",
        why(&event)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_declines_has_decided_and_one_that_asks_for_time_is_asked_again() {
    let it = ending(Setup {
        max_attempts: 2,
        ..Setup::default()
    })
    .await;
    let event = it.of("declines").await;
    assert_eq!(outcomes(&event), ["declined"]);
    assert_eq!(event["event"]["state"], "done");
    assert!(
        why(&event).contains("the bot declined it with status 422"),
        "{}",
        why(&event)
    );
    it.logs(&event, "the bot declined the event with status 422")
        .await;
    let event = it.of("waits").await;
    assert_eq!(outcomes(&event), ["bad-status", "bad-status"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_sends_nothing_is_told_on() {
    let it = ending(Setup::default()).await;
    let event = it.of("ignores").await;
    assert!(why(&event).contains("sent nothing"), "{}", why(&event));
    it.logs(&event, "asked for no message").await;

    let event = it.of("strays").await;
    assert!(
        why(&event).contains("sent nothing; Roost refused the bot's request POST /v25.0/123456/messages to Meta: `123456` is not an id of this project"),
        "{}",
        why(&event)
    );
    it.logs(&event, "`123456` is not an id of this project")
        .await;

    let event = it.of("uploads").await;
    assert!(
        why(&event).contains("sent nothing; Meta refused the bot's request POST /v25.0/"),
        "{}",
        why(&event)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_meta_refused_is_told_with_its_code_though_the_bot_never_looked() {
    let mut it = ending(Setup::default()).await;
    it.host
        .emulator()
        .fail_next(1, Fault::TokenExpired)
        .await
        .unwrap();
    let event = it.of("hello").await;
    assert_eq!(event["event"]["state"], "done");
    assert_eq!(event["event"]["answer"], "failed");
    assert_eq!(event["sends"][0]["state"], "released");
    assert_eq!(event["sends"][0]["error"]["code"], 190);
    assert!(
        why(&event).contains(
            "the access token is not valid any more: connect the number again (Meta's code 190)"
        ),
        "{}",
        why(&event)
    );
    it.logs(
        &event,
        "Meta refused a message of the bot: the access token is not valid",
    )
    .await;
    let id = event["event"]["id"].as_str().unwrap();
    let shown = prints(&it.operator, &["events", "show", id, "-p", "soup"]).await;
    assert!(
        shown.contains("released  the access token is not valid any more"),
        "{shown}"
    );
    let url = format!("http://{}/metrics", it.host.app().admin_address());
    let metrics = reqwest::get(url).await.unwrap().text().await.unwrap();
    assert!(
        metrics.contains("roost_meta_refusals_total{code=\"190\"} 1"),
        "{metrics}"
    );
    assert!(it.ana.unheard().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_writes_after_a_message_that_fails_is_answered_within_seconds() {
    let mut it = ending(Setup {
        retry_base: Duration::from_millis(200),
        max_attempts: 12,
        ..Setup::default()
    })
    .await;
    it.ana.says("crashes").await;
    it.ana.says("hello").await;
    // In front of it all of its runs would take some twenty seconds.
    assert_eq!(it.ana.hears().await, "You said: hello");
    let failing = eventually("the first waits aside", async || {
        let list = it
            .operator
            .get("/v1/projects/soup/events?kind=message&state=pending")
            .await
            .ok();
        list["items"].as_array().unwrap().first().cloned()
    })
    .await;
    assert!(
        failing["why"]
            .as_str()
            .unwrap()
            .contains("later messages do not wait for it"),
        "{failing}"
    );
    // It goes on being tried, and whoever comes later passes it at once.
    it.ana.says("again").await;
    assert_eq!(it.ana.hears().await, "You said: again");
    let id = failing["id"].as_str().unwrap();
    eventually("it is tried again", async || {
        let shown = it.show(id).await;
        (shown["runs"].as_array().unwrap().len() > 3).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_stuck_can_be_let_go() {
    let mut it = ending(Setup {
        retry_base: Duration::from_secs(120),
        max_attempts: 12,
        ..Setup::default()
    })
    .await;
    it.ana.says("crashes").await;
    let stuck = eventually("the first failed", async || {
        let shown = it.last_if_any().await?;
        (shown["event"]["outcome"] == "bad-status")
            .then(|| shown["event"]["id"].as_str().unwrap().to_owned())
    })
    .await;
    it.ana.says("hello").await;
    let waits = eventually("the second waits", async || {
        let shown = it.last_if_any().await?;
        (shown["event"]["id"] != stuck.as_str()).then_some(shown)
    })
    .await;
    let behind = waits["event"]["id"].as_str().unwrap();
    assert!(
        why(&waits).contains(&format!("event {stuck}, which failed")),
        "{}",
        why(&waits)
    );
    let (code, said) = complains(&it.operator, &["events", "discard", behind, "-p", "soup"]).await;
    assert!(code != 0 && said.contains("has not failed"), "{said}");

    let gone = prints(&it.operator, &["events", "discard", &stuck, "-p", "soup"]).await;
    assert_eq!(gone, format!("event {stuck} is given up\n"));
    assert_eq!(it.ana.hears().await, "You said: hello");
    let path = format!("/v1/projects/soup/events/{stuck}/discard");
    let again = it.operator.post(&path, &json!(null)).await;
    assert_eq!(again.refusal(), (409, "event-over".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_asks_meta_again() {
    let mut it = ending(Setup {
        max_attempts: 1,
        ..Setup::default()
    })
    .await;
    let mut database = it.host.control_database().await;
    it.of("hello").await;
    assert_eq!(it.ana.hears().await, "You said: hello");
    let event = it.of("hi").await;
    assert_eq!(it.ana.hears().await, "You said: hi");
    let id = event["event"]["id"].as_str().unwrap();
    // As if Meta had refused it, and the bot had failed for it.
    sqlx::query(
        "with dead as (update event set state = 'dead' where event_id = $1::bigint)
         update send set state = 'rejected', wamid = null, response_status = 404,
           response_body = '{\"error\":{\"code\":132001,\"message\":\"no such template\"}}'
         where event_id = $1::bigint",
    )
    .bind(id.parse::<i64>().unwrap())
    .execute(&mut database)
    .await
    .unwrap();
    let replay = format!("/v1/projects/soup/events/{id}/replay");
    it.operator.post(&replay, &json!(null)).await.ok();
    assert_eq!(it.ana.hears().await, "You said: hi");
    it.host.settles(&it.bot).await;
    let event = it.show(id).await;
    assert_eq!(event["sends"][0]["state"], "sent");
    assert_eq!(event["sends"].as_array().unwrap().len(), 1);

    // What was sent is not sent again.
    sqlx::query("update event set state = 'dead' where event_id = $1")
        .bind(id.parse::<i64>().unwrap())
        .execute(&mut database)
        .await
        .unwrap();
    it.operator.post(&replay, &json!(null)).await.ok();
    it.host.settles(&it.bot).await;
    assert!(it.ana.unheard().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_is_due_after_the_time_of_an_event_does_not_use_it_up() {
    let budget = Budget {
        wall: Duration::from_secs(4),
        ..Budget::default()
    };
    let mut it = ending(Setup {
        budget,
        ..Setup::default()
    })
    .await;
    // The interval would go on for five seconds; the event has less.
    let event = it.of("beats").await;
    assert_eq!(it.ana.hears().await, "alive");
    assert_eq!(outcomes(&event), ["done"]);
    it.logs(&event, "without waiting for 1 interval").await;
}

impl Ending {
    async fn last_if_any(&self) -> Option<Value> {
        let list = "/v1/projects/soup/events?kind=message&limit=1";
        let list = self.operator.get(list).await.ok();
        let id = list["items"][0]["id"].as_str()?.to_owned();
        Some(self.show(&id).await)
    }
}
