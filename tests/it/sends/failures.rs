//! Answers that are lost, late, refused or limited, and processes that die.

use std::time::Duration;

use roost::whatsapp::outbox::Sent;
use roost::whatsapp::{GraphLimits, SendError};
use sqlx::PgPool;
use tokio::time::Instant;

use super::bench::{Bench, EVENT, Sink, client_with, message, ours, outbox, outbox_with};
use crate::support::graph::{Act, Graph, error};

#[test]
fn a_process_that_dies_in_a_send_does_not_send_twice() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let survivor = runtime();
    let bench = survivor.block_on(Bench::new(vec![Act::Hold]));
    let doomed = runtime();
    let (options, graph, run) = (
        bench.pool.connect_options(),
        bench.graph.clone(),
        bench.run(),
    );
    doomed.spawn(async move {
        let pool = PgPool::connect_with((*options).clone()).await.unwrap();
        outbox(pool, &graph, Sink { is_broken: false })
            .send(&run, &message("hi"))
            .await
    });
    survivor.block_on(bench.graph.has_seen(1));
    doomed.shutdown_background();

    survivor.block_on(async {
        assert_eq!(bench.states().await, ["prepared"]);
        for _ in 0..2 {
            let error = bench.send(&bench.run(), "hi").await.unwrap_err();
            assert!(matches!(error, SendError::Unsettled { .. }), "{error}");
        }
        assert_eq!(bench.graph.count(), 1);
        bench.settle(&bench.status(0, "wamid.real")).await;
        assert_eq!(bench.wamid(&bench.run(), "hi").await, "wamid.real");
        assert_eq!(bench.graph.count(), 1);
    });
}

#[tokio::test]
async fn a_lost_answer_is_settled_by_a_status() {
    let bench = Bench::new(vec![Act::Cut]).await;
    let run = bench.run();
    for context in [&run, &run, &bench.run()] {
        let error = bench.send(context, "hi").await.unwrap_err();
        let SendError::Unsettled { retry_in } = error else {
            panic!("{error}")
        };
        assert!(retry_in > Duration::from_secs(50) && retry_in <= Duration::from_secs(60));
    }
    let settled = bench.settle(&bench.status(0, "wamid.real")).await;
    assert_eq!(settled, ours(Some(EVENT)));
    let again = bench.settle(&bench.status(0, "wamid.real")).await;
    assert_eq!(again, ours(None));

    let sent = bench.send(&bench.run(), "hi").await.unwrap();
    assert_eq!(
        sent,
        Sent {
            message_id: "wamid.real".into(),
            wa_id: Some("16505550100".into())
        }
    );
    assert_eq!(bench.graph.count(), 1);
    assert_eq!(
        bench.sunk().await,
        [("wamid.real".to_owned(), Some("hi".to_owned()))]
    );
}

#[tokio::test]
async fn without_a_status_it_is_sent_again_after_the_deadline() {
    let bench = Bench::new(vec![Act::Answer(
        502,
        "",
        "<html>bad gateway</html>".into(),
    )])
    .await;
    assert!(bench.send(&bench.run(), "hi").await.is_err());
    assert_eq!(bench.states().await, ["unsettled"]);
    bench.minutes_pass().await;
    assert_eq!(bench.wamid(&bench.run(), "hi").await, "wamid.2");
    assert_eq!(bench.states().await, ["sent"]);

    // A status of the first one, after all: the row keeps what it has.
    let late = bench.settle(&bench.status(0, "wamid.late")).await;
    assert_eq!(late, ours(None));
    assert_eq!(bench.wamid(&bench.run(), "hi").await, "wamid.2");
}

#[tokio::test]
async fn a_status_may_come_before_the_answer() {
    let bench = Bench::new(vec![Act::Hold]).await;
    let run = bench.run();
    let status = async {
        bench.graph.has_seen(1).await;
        let settled = bench.settle(&bench.status(0, "wamid.1")).await;
        bench.graph.release();
        settled
    };
    let (sent, settled) = tokio::join!(bench.wamid(&run, "hi"), status);
    assert_eq!(settled, ours(Some(EVENT)));
    assert_eq!(sent, "wamid.1");
    assert_eq!(bench.sunk().await.len(), 1);
    let body: Vec<u8> = sqlx::query_scalar("select response_body from send")
        .fetch_one(&bench.pool)
        .await
        .unwrap();
    assert!(
        String::from_utf8(body)
            .unwrap()
            .contains(r#""input":"16505550100""#)
    );
}

#[tokio::test]
async fn a_rate_limit_is_waited_for_as_long_as_meta_asks() {
    let limit = |header| Act::Answer(429, header, error(130429));
    let bench = Bench::new(vec![limit("retry-after: 1\r\n")]).await;
    let started = Instant::now();
    assert_eq!(bench.wamid(&bench.run(), "hi").await, "wamid.2");
    assert!(started.elapsed() >= Duration::from_secs(1));

    // Longer than the event has: the bot is told, and the event is to be run again in an hour.
    bench.graph.then(limit("retry-after: 3600\r\n"));
    let run = bench.run();
    let failed = bench.send(&run, "later").await.unwrap_err();
    let SendError::RateLimited { error, retry_after } = failed else {
        panic!("{failed}")
    };
    assert_eq!(
        (error.code, retry_after),
        (130429, Some(Duration::from_secs(3600)))
    );
    assert_eq!(bench.graph.count(), 3);
    assert_eq!(bench.states().await, ["sent", "released"]);
    let wait = bench.outbox.wait_left(&run).await.unwrap();
    assert!(wait > Duration::from_secs(3590) && wait <= Duration::from_secs(3600));
}

#[tokio::test]
async fn failures_that_meta_reports_are_tried_again_a_few_times() {
    let failure = || Act::Answer(500, "", error(131000));
    let bench = Bench::new(vec![
        failure(),
        failure(),
        failure(),
        failure(),
        Act::Accept,
    ])
    .await;
    let run = bench.run();
    let failed = bench.send(&run, "hi").await.unwrap_err();
    assert!(matches!(failed, SendError::Unreachable(_)), "{failed}");
    assert_eq!(bench.graph.count(), 3);

    // The bot's own second try takes the same row, so that a later run finds it.
    assert_eq!(bench.wamid(&run, "hi").await, "wamid.5");
    assert_eq!(bench.wamid(&bench.run(), "hi").await, "wamid.5");
    assert_eq!(bench.states().await, ["sent"]);
}

#[tokio::test]
async fn what_cannot_be_reached_was_not_sent() {
    let bench = Bench::new(vec![]).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let gone = Graph {
        address: nobody,
        ..bench.graph.clone()
    };
    let unreachable = outbox(bench.pool.clone(), &gone, Sink { is_broken: false });
    let failed = unreachable
        .send(&bench.run(), &message("hi"))
        .await
        .unwrap_err();
    assert!(matches!(&failed, SendError::Unreachable(reason) if !reason.contains("127.0.0.1")));
    assert_eq!(bench.states().await, ["released"]);
    assert_eq!(bench.wamid(&bench.run(), "hi").await, "wamid.1");
}

#[tokio::test]
async fn a_refusal_for_good_is_recorded_and_one_of_the_account_is_not() {
    let bench = Bench::new(vec![
        Act::Answer(400, "", error(131009)),
        Act::Answer(401, "", error(190)),
    ])
    .await;
    for _ in 0..2 {
        let refused = bench.send(&bench.run(), "bad").await.unwrap_err();
        assert!(matches!(refused, SendError::Rejected(error) if error.code == 131009));
    }
    assert_eq!(bench.graph.count(), 1);
    let refused = bench.send(&bench.run(), "good").await.unwrap_err();
    assert!(matches!(refused, SendError::Rejected(error) if error.code == 190));
    assert_eq!(bench.wamid(&bench.run(), "good").await, "wamid.3");
    assert_eq!(bench.states().await, ["rejected", "sent"]);
    assert_eq!(bench.sunk().await.len(), 1);
}

#[tokio::test]
async fn a_sink_that_fails_makes_no_send_forgotten() {
    let bench = Bench::new(vec![]).await;
    let broken = outbox(bench.pool.clone(), &bench.graph, Sink { is_broken: true });
    broken.send(&bench.run(), &message("hi")).await.unwrap();
    assert_eq!(bench.states().await, ["sent"]);
    assert_eq!(bench.wamid(&bench.run(), "hi").await, "wamid.1");
}

#[tokio::test]
async fn a_send_whose_bot_is_gone_is_still_recorded() {
    let bench = Bench::new(vec![Act::Hold]).await;
    let run = bench.run();
    tokio::select! {
        _ = bench.send(&run, "hi") => panic!("it was held"),
        () = bench.graph.has_seen(1) => {}
    }
    bench.graph.release();
    bench.outbox.drain().await;
    assert_eq!(bench.states().await, ["sent"]);
}

#[tokio::test]
async fn an_answer_that_does_not_come_leaves_the_send_unsettled() {
    let bench = Bench::new(vec![Act::Hold]).await;
    let answer = Duration::from_millis(50);
    let impatient = client_with(
        &bench.graph,
        GraphLimits {
            answer,
            ..GraphLimits::default()
        },
    );
    let outbox = outbox_with(bench.pool.clone(), impatient, Sink { is_broken: false });
    for _ in 0..2 {
        let error = outbox.send(&bench.run(), &message("hi")).await.unwrap_err();
        assert!(matches!(error, SendError::Unsettled { .. }), "{error}");
    }
    assert_eq!(bench.states().await, ["unsettled"]);
    assert_eq!(bench.graph.count(), 1);
}

#[tokio::test]
async fn a_send_that_finds_no_place_did_not_go_out_and_may_go_out_later() {
    let bench = Bench::new(vec![Act::Hold]).await;
    let limits = GraphLimits {
        calls_of_project: 1,
        patience: Duration::from_millis(1),
        ..GraphLimits::default()
    };
    let client = client_with(&bench.graph, limits);
    let outbox = outbox_with(bench.pool.clone(), client, Sink { is_broken: false });
    let run = bench.run();
    let first = message("one");
    let mut second = message("two");
    second["to"] = "16505550101".into();
    let meanwhile = async {
        bench.graph.has_seen(1).await;
        let error = outbox.send(&run, &second).await.unwrap_err();
        assert!(matches!(error, SendError::Unreachable(_)), "{error}");
        bench.graph.release();
    };
    let (sent, ()) = tokio::join!(outbox.send(&run, &first), meanwhile);
    sent.unwrap();
    assert_eq!(bench.states().await, ["sent", "released"]);
    assert_eq!(bench.graph.count(), 1);
    outbox.send(&bench.run(), &second).await.unwrap();
    assert_eq!(bench.states().await, ["sent", "sent"]);
}

#[tokio::test]
async fn a_connection_that_was_made_and_cut_is_not_taken_for_unsent() {
    let bench = Bench::new(vec![Act::Refuse]).await;
    let error = bench.send(&bench.run(), "hi").await.unwrap_err();
    assert!(matches!(error, SendError::Unsettled { .. }), "{error}");
    assert_eq!(bench.states().await, ["unsettled"]);
}

#[tokio::test]
async fn no_further_try_is_made_for_a_bot_that_is_gone() {
    let limit = Act::Answer(429, "retry-after: 20\r\n", error(130429));
    let bench = Bench::new(vec![limit]).await;
    let run = bench.run();
    tokio::select! {
        _ = bench.send(&run, "hi") => panic!("it was to wait"),
        () = bench.graph.has_seen(1) => {}
    }
    // Whoever waited on would ask again before it ends.
    bench.outbox.drain().await;
    assert_eq!(bench.states().await, ["released"]);
    assert_eq!(bench.graph.count(), 1);
}
