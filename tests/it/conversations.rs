//! Who is who, what was said, and what state a conversation is in.

use roost::conversations::{ConversationError, NewOutbound, Party, record_outbound};
use roost::inbox::ConversationQueues;
use roost::inbox::envelope::split;
use serde_json::{Value, json};

use crate::support::bench::{Bench, NUMBER, envelope};
use crate::support::bot::message_id;

const TEXT: &str = include_str!("payloads/text.json");
const TEXT_WITHOUT_FROM: &str = include_str!("payloads/text_without_from.json");
const CHANGED_NUMBER: &str = include_str!("payloads/changed_number.json");
const STATUS: &str = include_str!("payloads/status.json");
const GROUP_TEXT: &str = include_str!("payloads/group_text.json");

const WA_ID: &str = "16505551234";
const USER_ID: &str = "US.13491208655302741918";

async fn put(bench: &Bench, body: &str) {
    bench.inbox.put(&split(body).unwrap()).await.unwrap();
}

fn from(ids: &Value, id: &str) -> Value {
    let mut message = json!({"id": id, "timestamp": "1749416383", "type": "text",
                             "text": {"body": id}});
    for (key, value) in ids.as_object().unwrap() {
        message[key] = value.clone();
    }
    envelope(NUMBER, &json!({"messages": [message]}))
}

fn outbound(bench: &Bench, to: Party, wamid: &str) -> NewOutbound {
    NewOutbound {
        project_id: bench.project,
        phone_number_id: NUMBER.to_owned(),
        to,
        wamid: wamid.to_owned(),
        message_type: "text".to_owned(),
        body: r#"{"text":{"body":"nul \u0000"}}"#.to_owned(),
        event_id: Some(7),
        written_by: None,
        at: bench.clock.now(),
    }
}

/// Records a message as the outbox does.
async fn record(bench: &Bench, message: &NewOutbound) {
    let mut tx = bench.pool.begin().await.unwrap();
    record_outbound(&mut tx, &ConversationQueues, message)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn with_or_without_their_number_a_person_has_one_conversation() {
    for bodies in [[TEXT, TEXT_WITHOUT_FROM], [TEXT_WITHOUT_FROM, TEXT]] {
        let bench = Bench::start().await;
        for body in bodies {
            put(&bench, body).await;
        }
        assert_eq!(bench.groups().await.len(), 1);
        assert_eq!(bench.messages(WA_ID).await, bench.messages(USER_ID).await);
        assert_eq!(bench.messages(USER_ID).await.len(), 2);
        assert_eq!(bench.claim("host", 99).await.len(), 1, "they run at once");
    }
}

#[tokio::test]
async fn conversations_of_one_person_are_merged_when_that_is_known() {
    let bench = Bench::start().await;
    bench
        .put(&from(&json!({"from": "34600"}), "by number"))
        .await;
    bench
        .conversations
        .set_state(bench.project, "34600", Some("asked"))
        .await
        .unwrap();
    bench
        .put(&from(&json!({"from_user_id": "ES.1"}), "by user"))
        .await;
    assert_eq!(bench.groups().await.len(), 2);

    bench
        .put(&from(
            &json!({"from": "34600", "from_user_id": "ES.1"}),
            "by both",
        ))
        .await;
    assert_eq!(
        bench.messages("34600").await,
        ["by number", "by user", "by both"]
    );
    let conversation = bench
        .conversations
        .find(bench.project, "ES.1")
        .await
        .unwrap();
    assert_eq!(conversation.state.as_deref(), Some("asked"));

    let mut order = Vec::new();
    while let [event] = bench.claim("host", 99).await.as_slice() {
        order.push(message_id(&event.payload));
        bench.finish(event).await.unwrap();
    }
    assert_eq!(order, ["by number", "by user", "by both"]);
}

#[tokio::test]
async fn conversations_that_are_merged_while_one_runs_still_run_one_at_a_time() {
    for running in ["34600", "ES.1"] {
        let bench = Bench::start().await;
        let ids = |id: &str| match id {
            "34600" => json!({"from": id}),
            _ => json!({"from_user_id": id}),
        };
        bench.put(&from(&ids(running), "first")).await;
        let first = bench.claim("host", 99).await.remove(0);
        let other = if running == "34600" { "ES.1" } else { "34600" };
        bench.put(&from(&ids(other), "second")).await;
        bench
            .put(&from(
                &json!({"from": "34600", "from_user_id": "ES.1"}),
                "third",
            ))
            .await;
        assert_eq!(bench.claim("host", 99).await, [], "`{running}` is running");

        bench.finish(&first).await.unwrap();
        let next = bench.claim("host", 99).await;
        assert_eq!(
            next.iter()
                .map(|e| message_id(&e.payload))
                .collect::<Vec<_>>(),
            ["second"]
        );
    }
}

#[tokio::test]
async fn a_person_who_changes_their_number_keeps_their_conversation() {
    let bench = Bench::start().await;
    put(&bench, TEXT).await;
    bench
        .conversations
        .set_state(bench.project, WA_ID, Some("ordering"))
        .await
        .unwrap();
    put(&bench, CHANGED_NUMBER).await;
    let conversation = bench
        .conversations
        .find(bench.project, "12195555358")
        .await
        .unwrap();
    assert_eq!(conversation.state.as_deref(), Some("ordering"));
    assert_eq!(conversation.user_id.as_deref(), Some("US.new"));
    let gone = bench.conversations.find(bench.project, WA_ID).await;
    assert!(matches!(gone, Err(ConversationError::UnknownContact)));
}

#[tokio::test]
async fn whoever_gets_a_number_next_sees_nothing_of_who_had_it() {
    let bench = Bench::start().await;
    bench
        .put(&from(
            &json!({"from": "34600", "from_user_id": "ES.1"}),
            "old",
        ))
        .await;
    bench
        .conversations
        .set_state(bench.project, "34600", Some("private"))
        .await
        .unwrap();
    bench
        .put(&from(
            &json!({"from": "34600", "from_user_id": "ES.2"}),
            "new",
        ))
        .await;
    let conversation = bench
        .conversations
        .find(bench.project, "34600")
        .await
        .unwrap();
    assert_eq!(conversation.state, None);
    assert_eq!(bench.messages("34600").await, ["new"]);
    assert_eq!(bench.messages("ES.1").await, ["old"]);
}

#[tokio::test]
async fn a_group_has_a_conversation_of_its_own() {
    let bench = Bench::start().await;
    put(&bench, TEXT).await;
    put(&bench, GROUP_TEXT).await;
    let mut groups = bench.groups().await;
    groups.sort();
    assert_eq!(groups, [None, Some("Y2FwaV9ncm91cDox".to_owned())]);
    assert_eq!(bench.messages(WA_ID).await.len(), 1);
}

#[tokio::test]
async fn a_state_is_set_read_and_cleared() {
    let bench = Bench::start().await;
    put(&bench, TEXT).await;
    let longest = "é".repeat(200);
    bench
        .conversations
        .set_state(bench.project, USER_ID, Some(&longest))
        .await
        .unwrap();
    let conversation = bench
        .conversations
        .find(bench.project, WA_ID)
        .await
        .unwrap();
    assert_eq!(conversation.state, Some(longest.clone()));
    assert_eq!(conversation.name.as_deref(), Some("Sheena Nelson"));

    let too_long = format!("{longest}é");
    let error = bench
        .conversations
        .set_state(bench.project, WA_ID, Some(&too_long))
        .await;
    assert!(matches!(error, Err(ConversationError::StateTooLong(201))));
    let error = bench
        .conversations
        .set_state(bench.project, "34999", Some("x"))
        .await;
    assert!(matches!(error, Err(ConversationError::UnknownContact)));

    bench
        .conversations
        .set_state(bench.project, WA_ID, None)
        .await
        .unwrap();
    assert_eq!(
        bench
            .conversations
            .find(bench.project, WA_ID)
            .await
            .unwrap()
            .state,
        None
    );
}

#[tokio::test]
async fn what_is_sent_is_in_the_conversation_once() {
    let bench = Bench::start().await;
    put(&bench, TEXT).await;
    for to in [
        Party::addressed(Some("+1 650-555-1234"), None),
        Party::addressed(Some(USER_ID), None),
    ] {
        let message = outbound(&bench, to, "wamid.out");
        record(&bench, &message).await;
    }
    assert_eq!(bench.messages(WA_ID).await.len(), 2);
    let to = Party::addressed(Some("34777"), Some("34777"));
    record(&bench, &outbound(&bench, to, "wamid.new")).await;
    assert_eq!(bench.messages("34777").await, ["wamid.new"]);
    assert_eq!(bench.groups().await.len(), 2);
}

#[tokio::test]
async fn a_message_shows_the_furthest_status_in_whatever_order_they_come() {
    let bench = Bench::start().await;
    let with = |status: &str| STATUS.replace("delivered", status);
    bench.says(WA_ID, "question").await;
    let event_id = bench.claim("host", 1).await[0].event_id;
    put(&bench, &with("delivered")).await;
    let to = Party::addressed(Some(WA_ID), None);
    record(&bench, &outbound(&bench, to, "wamid.out")).await;
    sqlx::query(
        "insert into send (project_id, event_id, request_hash, occurrence, sequence, attempt,
                           phone_number_id, state, response_status, wamid)
         values ($1, $2, decode(repeat('00', 32), 'hex'), 0, 0, 1, $3, 'sent', 200, 'wamid.out')",
    )
    .bind(bench.project)
    .bind(event_id)
    .bind(NUMBER)
    .execute(&bench.pool)
    .await
    .unwrap();
    let status = || async {
        let report = bench.events().find(bench.project, event_id).await.unwrap();
        let last = report.sends[0].statuses.last().unwrap();
        last.status.word().to_owned()
    };
    assert_eq!(status().await, "delivered");
    for (came, shown) in [
        ("sent", "delivered"),
        ("read", "read"),
        ("failed", "failed"),
        ("played", "failed"),
    ] {
        put(&bench, &with(came)).await;
        assert_eq!(status().await, shown, "after `{came}`");
    }
}

#[tokio::test]
async fn the_outbox_hears_of_a_status_and_the_bot_gets_its_own_callback_data() {
    let bench = Bench::start().await;
    for _ in 0..2 {
        put(&bench, STATUS).await;
    }
    let heard = bench.sink.0.lock().unwrap().clone();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].wamid, "wamid.out");
    assert_eq!(heard[0].callback_data.as_deref(), Some("r1.7.mac"));
    let events = bench.claim("host", 99).await;
    assert_eq!(
        events[0].payload,
        STATUS.trim_end().replace("r1.7.mac", "the bot's own")
    );
}
