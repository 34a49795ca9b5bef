//! Tokens that look after the queue and show nothing of people, and tokens that do.

use serde_json::{Value, json};

use crate::host::support::{Operator, Setup, TestHost, fixture};

const ANA: &str = "16505551234";
const SAID: &str = "my card is 4111";

/// What only a token with `people` shows: what she wrote, who she is, what the bot said of it.
const OF_PEOPLE: [&str; 5] = [SAID, ANA, "Ana", "soup is cold", "wamid"];

async fn made(root: &Operator, wanted: Value) -> Operator {
    let made = root.post("/v1/tokens", &wanted).await.ok();
    root.with_token(made["token"].as_str().unwrap())
}

#[track_caller]
fn shows_nobody(text: &str) {
    for word in OF_PEOPLE {
        assert!(!text.contains(word), "`{word}` is in {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_looks_after_the_queue_sees_states_and_nothing_of_people() {
    let setup = Setup {
        max_attempts: 1,
        ..Setup::default()
    };
    let mut host = TestHost::start_with(setup).await;
    let bot = host.bot("soup", &fixture("sends_and_throws")).await;
    bot.customer(ANA).await.says(SAID).await;
    host.settles(&bot).await;
    let root = host.operator();
    let keeper = made(&root, json!({ "name": "keeper", "scope": "admin" })).await;
    let reader = json!({ "name": "reader", "scope": "read", "people": true });
    let reader = made(&root, reader).await;

    let events = "/v1/projects/soup/events?kind=message";
    let seen = keeper.get(events).await;
    shows_nobody(&seen.text);
    let seen = &seen.ok()["items"][0];
    assert_eq!(seen["state"], "dead");
    assert_eq!(seen["outcome"], "bad-status");
    assert_eq!(seen["answer"], "given-up");
    assert_eq!(seen["from"], Value::Null);
    let why = seen["why"].as_str().unwrap();
    assert!(
        why.starts_with(
            "Answered in part only: given up after one run, because the run ended as `bad-status`"
        ),
        "{why}"
    );
    let conversation = seen["conversation_id"].as_str().unwrap();
    let id = seen["id"].as_str().unwrap();
    let event = format!("/v1/projects/soup/events/{id}");
    let shown = keeper.get(&event).await;
    shows_nobody(&shown.text);
    let shown = shown.ok();
    assert_eq!(shown["runs"][0]["response_status"], 500);
    assert_eq!(shown["runs"][0]["error"], Value::Null);
    assert_eq!(shown["sends"][0]["statuses"][2]["status"], "read");
    assert_eq!(shown["log"], json!([]));
    let of_conversation = format!("{events}&contact={conversation}");
    let found = keeper.get(&of_conversation).await.ok();
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    let waiting = keeper.get("/v1/queue").await;
    shows_nobody(&waiting.text);

    let refused = (403, "people-not-shown".to_owned());
    for path in [
        format!("{event}?payload=true"),
        format!("{events}&contact={ANA}"),
        format!("{events}&error=soup"),
        "/v1/projects/soup/logs".to_owned(),
        "/v1/projects/soup/logs/stream".to_owned(),
    ] {
        assert_eq!(keeper.get(&path).await.refusal(), refused, "{path}");
        if !path.ends_with("stream") {
            reader.get(&path).await.ok();
        }
    }
    for (path, body) in [
        ("events/replay", json!({ "contact": ANA })),
        ("events/discard", json!({ "error": "soup" })),
        ("export", Value::Null),
    ] {
        let path = format!("/v1/projects/soup/{path}");
        assert_eq!(keeper.post(&path, &body).await.refusal(), refused, "{path}");
    }
    let whole = reader.get(&format!("{event}?payload=true")).await;
    for word in OF_PEOPLE {
        assert!(
            whole.text.contains(word),
            "`{word}` is not in {}",
            whole.text
        );
    }

    let again = keeper.post(&format!("{event}/replay"), &Value::Null).await;
    assert_eq!(again.status, 200);
    shows_nobody(&again.text);
    let audit = keeper.get("/v1/audit").await;
    shows_nobody(&audit.text);
}

#[tokio::test]
async fn nobody_gives_what_they_do_not_have_and_older_tokens_keep_it() {
    let host = TestHost::start().await;
    let root = host.operator();
    let keeper = made(&root, json!({ "name": "keeper", "scope": "admin" })).await;
    let more = json!({ "name": "more", "scope": "read", "people": true });
    let refused = keeper.post("/v1/tokens", &more).await;
    assert_eq!(refused.refusal(), (403, "people-not-shown".to_owned()));
    made(&keeper, json!({ "name": "less", "scope": "read" })).await;
    made(&root, more).await;

    // As a host makes them that knows nothing of it.
    let mut database = host.control_database().await;
    sqlx::query(
        "insert into token (token_id, name, hash, prefix, scope)
         values (gen_random_uuid(), 'older', sha256('roost_older'), 'roost_', 'read')",
    )
    .execute(&mut database)
    .await
    .unwrap();
    let listed = root.get("/v1/tokens").await.ok();
    let mut listed: Vec<(String, bool)> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|token| {
            (
                token["name"].as_str().unwrap().to_owned(),
                token["people"].as_bool().unwrap(),
            )
        })
        .collect();
    listed.sort();
    let expected = [
        ("keeper", false),
        ("less", false),
        ("more", true),
        ("older", true),
    ];
    assert_eq!(
        listed,
        expected.map(|(name, people)| (name.to_owned(), people))
    );
    let project = json!({ "name": "pizza" });
    root.post("/v1/projects", &project).await.ok();
    let older = root.with_token("roost_older");
    older.get("/v1/projects/pizza/logs").await.ok();
}
