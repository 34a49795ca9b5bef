//! Limits of Meta: who waits, for how long, and in which order messages go out.

use std::time::Duration;

use roost::inbox::Clock;
use roost::retention::{Keeper, RetentionPolicy};
use roost::whatsapp::SendError;
use roost::whatsapp::outbox::SendContext;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::bench::{Bench, NUMBER, message, ours};
use crate::support::graph::{Act, Seen, error};

const HOUR: Duration = Duration::from_secs(3600);

fn limit(code: i32, header: &'static str) -> Act {
    Act::Answer(400, header, error(code))
}

fn to(recipient: &str, text: &str) -> Value {
    let mut message = message(text);
    message["to"] = json!(recipient);
    message
}

async fn texts(bench: &Bench) -> Vec<String> {
    let seen = bench.graph.seen();
    let text = |seen: &Seen| seen.json()["text"]["body"].as_str().unwrap().to_owned();
    seen.iter().map(text).collect()
}

#[tokio::test]
async fn a_limit_of_a_pair_holds_back_that_recipient_alone_on_every_host() {
    let bench = Bench::new(vec![limit(131056, "retry-after: 3600\r\n")]).await;
    let run = bench.run();
    let failed = bench.send(&run, "one").await.unwrap_err();
    assert!(matches!(failed, SendError::RateLimited { .. }), "{failed}");

    // Another event, another host: Meta is not asked, and the bot hears what Meta said.
    let other = bench.another_host();
    let failed = other.send(&bench.run(), &message("two")).await.unwrap_err();
    let SendError::RateLimited { error, retry_after } = failed else {
        panic!("{failed}")
    };
    assert_eq!(error.code, 131056);
    assert!(retry_after.unwrap() > HOUR - Duration::from_secs(30));
    // However the number is written.
    let written = to("+1 650 555 0100", "three");
    assert!(other.send(&bench.run(), &written).await.is_err());
    assert_eq!(bench.graph.count(), 1);

    let elsewhere = to("16505550199", "hello");
    bench.outbox.send(&run, &elsewhere).await.unwrap();
    assert_eq!(bench.graph.count(), 2);
}

#[tokio::test]
async fn a_limit_of_the_number_holds_back_every_recipient_until_it_is_repaired() {
    let bench = Bench::new(vec![limit(368, "")]).await;
    assert!(bench.send(&bench.run(), "one").await.is_err());
    let elsewhere = to("16505550199", "hello");
    let run = bench.run();
    assert!(bench.outbox.send(&run, &elsewhere).await.is_err());
    assert_eq!(bench.graph.count(), 1);
    let wait = bench.outbox.wait_left(&run).await.unwrap();
    assert!(
        wait > HOUR - Duration::from_secs(30) && wait <= HOUR,
        "{wait:?}"
    );

    bench.outbox.resume(NUMBER).await.unwrap();
    bench.outbox.send(&bench.run(), &elsewhere).await.unwrap();
}

#[tokio::test]
async fn a_status_that_tells_of_a_limit_holds_back_what_shares_it() {
    let bench = Bench::new(vec![]).await;
    bench.send(&bench.run(), "one").await.unwrap();
    let mut status = bench.status(0, "wamid.1");
    status["status"] = json!("failed");
    status["errors"] = json!([{ "code": 131048, "title": "Spam rate limit hit" }]);
    bench.settle(&status).await;
    let elsewhere = to("16505550199", "hello");
    let run = bench.run();
    assert!(bench.outbox.send(&run, &elsewhere).await.is_err());
    assert_eq!(bench.graph.count(), 1);
    let wait = bench.outbox.wait_left(&run).await.unwrap();
    assert!(wait > Duration::from_secs(570) && wait <= Duration::from_secs(600));
}

#[tokio::test]
async fn a_status_that_tells_of_a_pairs_limit_holds_back_that_person_by_every_name() {
    let bench = Bench::new(vec![]).await;
    let written = to("+1 (650) 555-0100", "one");
    bench.outbox.send(&bench.run(), &written).await.unwrap();
    let mut status = bench.status(0, "wamid.1");
    status["status"] = json!("failed");
    status["recipient_id"] = json!("16505550177");
    status["recipient_user_id"] = json!("US.1");
    status["errors"] = json!([
        { "code": 131026, "title": "Message undeliverable" },
        { "code": 131056, "title": "Pair rate limit hit", "message": "(#131056) Pair rate limit hit",
          "error_data": { "details": "Too many messages to this person" } },
    ]);
    bench.settle(&status).await;
    let paused: Vec<(String, i32, Vec<u8>)> =
        sqlx::query_as("select recipient, strikes, answer_body from send_pause order by recipient")
            .fetch_all(&bench.pool)
            .await
            .unwrap();
    let names: Vec<_> = paused.iter().map(|(name, ..)| name.as_str()).collect();
    // As the bot wrote it, as Meta knows the number, and as Meta knows the person.
    assert_eq!(names, ["16505550100", "16505550177", "US.1"]);
    // Who is held back hears what Meta said.
    let said: Value = serde_json::from_slice(&paused[0].2).unwrap();
    assert_eq!(said["error"]["message"], "(#131056) Pair rate limit hit");
    assert_eq!(
        said["error"]["error_data"]["details"],
        "Too many messages to this person"
    );
    sqlx::query("update send_pause set until = now() + interval '1 hour'")
        .execute(&bench.pool)
        .await
        .unwrap();
    let failed = bench.send(&bench.run(), "two").await.unwrap_err();
    assert!(
        matches!(&failed, SendError::RateLimited { error, .. } if error.code == 131056),
        "{failed}"
    );
    let elsewhere = to("16505550199", "hello");
    bench.outbox.send(&bench.run(), &elsewhere).await.unwrap();
    assert_eq!(bench.graph.count(), 2);
}

#[tokio::test]
async fn each_refusal_of_a_pair_makes_the_next_pause_longer_and_a_message_ends_the_series() {
    let bench = Bench::new(vec![limit(131056, ""), limit(131056, ""), Act::Accept]).await;
    let began = Instant::now();
    bench.send(&bench.run(), "one").await.unwrap();
    // 4^0 and 4^1 seconds.
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(5), "{took:?}");
    assert_eq!(texts(&bench).await, ["one", "one", "one"]);

    bench.graph.then(limit(131056, ""));
    let run = bench.run();
    // The third of a series would have three strikes, and wait for 4^2 seconds.
    let (sent, strikes) = tokio::join!(bench.send(&run, "two"), strikes(&bench));
    sent.unwrap();
    assert_eq!(strikes, 1);
}

/// The refusals in a row of a pair that is paused now, as soon as one is.
async fn strikes(bench: &Bench) -> i32 {
    loop {
        let paused: Option<i32> =
            sqlx::query_scalar("select strikes from send_pause where until > now()")
                .fetch_optional(&bench.pool)
                .await
                .unwrap();
        if let Some(strikes) = paused {
            return strikes;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_pause_is_over_when_the_databases_clock_is_set_back() {
    let bench = Bench::new(vec![limit(131056, "retry-after: 3600\r\n")]).await;
    assert!(bench.send(&bench.run(), "one").await.is_err());
    sqlx::query(
        "update send_pause set since = now() + interval '1 day', until = now() + interval '2 days'",
    )
    .execute(&bench.pool)
    .await
    .unwrap();
    bench.send(&bench.run(), "two").await.unwrap();
}

#[tokio::test]
async fn an_unsettled_send_outlasts_a_clock_that_is_set_ahead_or_back() {
    let bench = Bench::new(vec![Act::Cut]).await;
    assert!(bench.send(&bench.run(), "hi").await.is_err());
    let set = async |settle_by: &'static str| {
        sqlx::query(settle_by).execute(&bench.pool).await.unwrap();
    };
    // Ahead by a day: only the database says that the time is up.
    set("update send set settle_by = now() - interval '1 day'").await;
    let failed = bench.send(&bench.run(), "hi").await.unwrap_err();
    assert!(matches!(failed, SendError::Unsettled { .. }), "{failed}");
    // Back by a day: the time begins anew, and does not last a day.
    set("update send set settle_by = now() + interval '1 day'").await;
    let run = bench.run();
    let failed = bench.send(&run, "hi").await.unwrap_err();
    assert!(
        matches!(failed, SendError::Unsettled { retry_in } if retry_in <= Duration::from_secs(60)),
        "{failed}"
    );
    let (left,): (f64,) =
        sqlx::query_as("select extract(epoch from settle_by - now())::double precision from send")
            .fetch_one(&bench.pool)
            .await
            .unwrap();
    assert!(left <= 60.0, "{left}");
    assert_eq!(bench.graph.count(), 1);
    bench.minutes_pass().await;
    assert_eq!(bench.wamid(&bench.run(), "hi").await, "wamid.2");
}

#[tokio::test]
async fn messages_to_one_recipient_go_out_in_the_order_of_the_calls() {
    let bench = Bench::new(vec![Act::Hold]).await;
    let run = bench.run();
    let send = |text: &'static str| bench.send(&run, text);
    let all = async {
        let (a, b, c, d) = tokio::join!(send("1"), send("2"), send("3"), send("4"));
        for sent in [a, b, c, d] {
            sent.unwrap();
        }
    };
    let release = async {
        bench.graph.has_seen(1).await;
        bench.graph.release();
    };
    tokio::join!(all, release);
    assert_eq!(texts(&bench).await, ["1", "2", "3", "4"]);
}

#[tokio::test]
async fn what_comes_after_a_message_that_waits_waits_too_and_goes_out_behind_it() {
    let bench = Bench::new(vec![Act::Cut]).await;
    let run = bench.run();
    assert!(bench.send(&run, "first").await.is_err());
    let behind = bench.send(&run, "second").await.unwrap_err();
    assert!(matches!(behind, SendError::Behind), "{behind}");
    let elsewhere = to("16505550199", "hello");
    bench.outbox.send(&run, &elsewhere).await.unwrap();
    assert_eq!(texts(&bench).await, ["first", "hello"]);

    bench.settle(&bench.status(0, "wamid.real")).await;
    let soon = bench.outbox.wait_left(&run).await.unwrap();
    assert!(soon < Duration::from_secs(1), "{soon:?}");
    let retry = bench.run();
    assert_eq!(bench.wamid(&retry, "first").await, "wamid.real");
    bench.send(&retry, "second").await.unwrap();
    assert_eq!(texts(&bench).await, ["first", "hello", "second"]);
    assert_eq!(bench.outbox.wait_left(&retry).await, None);
}

#[tokio::test]
async fn an_event_sends_no_more_than_its_budget() {
    let bench = Bench::new(vec![]).await;
    let run = bench.run_with(2);
    let send = async |run: &SendContext, text| bench.send(run, text).await;
    send(&run, "1").await.unwrap();
    send(&run, "2").await.unwrap();
    let failed = send(&run, "3").await.unwrap_err();
    assert!(matches!(failed, SendError::TooMany(2)), "{failed}");
    assert!(failed.to_string().contains("2 sends"), "{failed}");
    assert_eq!((bench.graph.count(), run.sends()), (2, 2));
}

#[tokio::test]
async fn rows_stay_as_long_as_their_event_can_be_run_again() {
    let bench = Bench::new(vec![]).await;
    bench.send(&bench.run(), "hi").await.unwrap();
    sqlx::query("update send set updated_at = now() - interval '40 days'")
        .execute(&bench.pool)
        .await
        .unwrap();
    sqlx::query(
        "insert into event (event_id, project_id, queue, kind, dedupe_key, payload, received_at)
         overriding system value select 7, project_id, 'q', 'message', 'k', '', now() from send",
    )
    .execute(&bench.pool)
    .await
    .unwrap();
    let keeper = Keeper::new(
        bench.pool.clone(),
        Clock::database(),
        RetentionPolicy::default(),
    );
    let swept = async || {
        keeper
            .sweep()
            .await
            .unwrap()
            .expect("nobody else sweeps")
            .sends
    };
    assert_eq!(swept().await, 0);
    assert_eq!(bench.wamid(&bench.run(), "hi").await, "wamid.1");
    for statement in [
        "delete from event",
        "update send set updated_at = now() - interval '40 days'",
    ] {
        sqlx::query(statement).execute(&bench.pool).await.unwrap();
    }
    assert_eq!(swept().await, 1);
    // A status that comes later still: it is ours, and settles nothing.
    let late = bench.settle(&bench.status(0, "wamid.1")).await;
    assert_eq!(late, ours(None));
}
