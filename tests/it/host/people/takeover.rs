//! A person in the bot's place: what the bot does not get, and that it gets none of it.

use serde_json::{Value, json};

use super::{ANA, BEA, history, items, of};
use crate::host::support::{Operator, TestHost, TestProject, eventually, fixture, guest};

/// Lets go of what the bot holds.
async fn lets_go(host: &TestHost, bot: &TestProject, text: &str) {
    let mut schema = host.schema_of(bot).await;
    eventually("the bot holds it", async || {
        let done = sqlx::query("update held set released = true where text = $1")
            .bind(text)
            .execute(&mut schema)
            .await
            .unwrap();
        (done.rows_affected() == 1).then_some(())
    })
    .await;
}

/// Waits until the bot works on this.
async fn is_held(host: &TestHost, bot: &TestProject, text: &str) {
    let mut schema = host.schema_of(bot).await;
    eventually("the bot works on it", async || {
        let held: i64 = sqlx::query_scalar("select count(*) from held where text = $1")
            .bind(text)
            .fetch_one(&mut schema)
            .await
            .unwrap();
        (held == 1).then_some(())
    })
    .await;
}

/// How the events of messages ended, oldest first.
async fn outcomes(operator: &Operator, project: &str) -> Vec<String> {
    let path = of(project, "events?kind=message&limit=200");
    let page = operator.get(&path).await.ok();
    let mut outcomes: Vec<String> = items(&page)
        .iter()
        .map(|event| event["outcome"].as_str().unwrap_or("none").to_owned())
        .collect();
    outcomes.reverse();
    outcomes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_while_a_person_has_it_is_never_run_and_stays_in_the_history() {
    let mut host = TestHost::start().await;
    let bot = host.bot("holds", &fixture("holds")).await;
    let operator = host.operator();
    let mut ana = bot.customer(ANA).await;
    ana.says("hold one").await;
    is_held(&host, &bot, "hold one").await;
    for text in ["two", "three"] {
        ana.says(text).await;
    }
    host.emulator()
        .idle(crate::host::support::DEADLINE)
        .await
        .unwrap();

    let path = of("holds", &format!("conversations/{ANA}"));
    let taken = operator
        .post(&format!("{path}/take"), &json!({ "by": "bea" }))
        .await
        .ok();
    assert_eq!(taken["ended_events"], 2);
    assert!(taken["running_event"].is_string(), "{taken}");
    assert_eq!(taken["conversation"]["taken"]["by"], "bea");
    // What the bot works on is not stopped.
    lets_go(&host, &bot, "hold one").await;
    assert_eq!(ana.hears().await, "You said: hold one");
    ana.says("four").await;
    host.settles(&bot).await;
    assert_eq!(
        outcomes(&operator, "holds").await,
        ["done", "person", "person", "person"]
    );
    assert!(ana.unheard().await.is_empty());
    let said: Vec<String> = history(&operator, "holds", ANA)
        .await
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    for text in ["hold one", "two", "three", "You said: hold one", "four"] {
        assert!(said.contains(&text.to_owned()), "{text}: {said:?}");
    }
    let persons = operator
        .get(&of("holds", "events?outcome=person"))
        .await
        .ok();
    for event in items(&persons) {
        assert_eq!(
            (&event["state"], &event["answer"]),
            (&json!("done"), &json!("person"))
        );
        let why = event["why"].as_str().unwrap();
        assert!(
            why.starts_with("Not for the bot: a person had the conversation at "),
            "{why}"
        );
        assert!(why.ends_with("so the bot did not get it."), "{why}");
    }
    let listed = operator
        .get(&of("holds", "conversations?taken=true"))
        .await
        .ok();
    assert_eq!(items(&listed).len(), 1);

    // Others go on, and statuses are the bot's.
    let mut bea = bot.customer(BEA).await;
    bea.says("hi").await;
    assert_eq!(bea.hears().await, "You said: hi");
    let released = operator
        .post(&format!("{path}/release"), &Value::Null)
        .await
        .ok();
    assert_eq!(released["taken"], Value::Null);
    ana.says("five").await;
    assert_eq!(ana.hears().await, "You said: five");
    host.settles(&bot).await;
    assert!(
        ana.unheard().await.is_empty(),
        "what came meanwhile does not reach the bot"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_has_one_person_at_a_time() {
    let mut host = TestHost::start().await;
    let bot = host.bot("echo", &guest("echo")).await;
    let operator = host.operator();
    let mut ana = bot.customer(ANA).await;
    ana.says("hi").await;
    ana.hears().await;
    host.settles(&bot).await;
    let take = of("echo", &format!("conversations/{ANA}/take"));
    let taken = operator
        .post(&take, &json!({ "by": "bea", "reason": "refund" }))
        .await
        .ok();
    assert_eq!(taken["conversation"]["taken"]["reason"], "refund");
    assert_eq!(
        (&taken["ended_events"], &taken["running_event"]),
        (&json!(0), &Value::Null)
    );
    let refused = operator.post(&take, &json!({ "by": "carl" })).await;
    assert_eq!(refused.refusal(), (409, "conversation-taken".to_owned()));
    assert!(refused.detail().contains("`bea`"), "{}", refused.text);
    operator.post(&take, &json!({ "by": "bea" })).await.ok();
    let forced = json!({ "by": "carl", "force": true });
    let taken = operator.post(&take, &forced).await.ok();
    assert_eq!(taken["conversation"]["taken"]["by"], "carl");
    for wrong in [
        json!({ "by": "" }),
        json!({ "who": "x" }),
        json!({ "by": 7 }),
    ] {
        let refused = operator.post(&take, &wrong).await;
        assert_eq!(refused.status, 422, "{wrong}: {}", refused.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_while_nothing_runs_is_not_run_after_the_release() {
    let mut host = TestHost::start().await;
    let bot = host.bot("echo", &guest("echo")).await;
    let operator = host.operator();
    let mut ana = bot.customer(ANA).await;
    ana.says("one").await;
    ana.hears().await;
    host.settles(&bot).await;
    let path = of("echo", &format!("conversations/{ANA}"));
    operator
        .post(&format!("{path}/take"), &json!({}))
        .await
        .ok();
    operator
        .post("/v1/projects/echo/pause", &Value::Null)
        .await
        .ok();
    ana.says("two").await;
    host.emulator()
        .idle(crate::host::support::DEADLINE)
        .await
        .unwrap();
    operator
        .post(&format!("{path}/release"), &Value::Null)
        .await
        .ok();
    operator
        .post("/v1/projects/echo/resume", &Value::Null)
        .await
        .ok();
    ana.says("three").await;
    assert_eq!(ana.hears().await, "You said: three");
    host.settles(&bot).await;
    assert_eq!(
        outcomes(&operator, "echo").await,
        ["done", "person", "done"]
    );
}

/// Whatever the two hosts' claims are doing when a person comes: once that is answered, nothing begins.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_run_begins_once_a_person_has_the_conversation() {
    let mut host = TestHost::start().await;
    let bot = host.bot("echo", &guest("echo")).await;
    let operator = host.operator();
    let mut ana = bot.customer(ANA).await;
    ana.says("hi").await;
    ana.hears().await;
    host.settles(&bot).await;
    let path = of("echo", &format!("conversations/{ANA}"));
    let mut said = 1;
    for round in 0..12 {
        let speaks = async {
            for n in 0..4 {
                ana.says(&format!("{round} {n}")).await;
            }
        };
        let takes = async {
            let taken = operator
                .post(&format!("{path}/take"), &json!({}))
                .await
                .ok();
            taken["conversation"]["taken"]["at"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        let ((), at) = tokio::join!(speaks, takes);
        said += 4;
        host.settles(&bot).await;
        let late: i64 = sqlx::query_scalar(
            "select count(*) from run r join event e using (project_id, event_id)
             where e.lane = 'messages' and r.outcome <> 'person' and r.started_at >= $1::timestamptz",
        )
        .bind(&at)
        .fetch_one(&mut host.control_database().await)
        .await
        .unwrap();
        assert_eq!(late, 0, "round {round}");
        operator
            .post(&format!("{path}/release"), &Value::Null)
            .await
            .ok();
    }
    let outcomes = outcomes(&operator, "echo").await;
    assert_eq!(outcomes.len(), said);
    let done = outcomes.iter().filter(|outcome| *outcome == "done").count();
    let persons = outcomes
        .iter()
        .filter(|outcome| *outcome == "person")
        .count();
    assert_eq!(done + persons, said, "{outcomes:?}");
    assert!(persons > 0, "{outcomes:?}");
    assert_eq!(history(&operator, "echo", ANA).await.len(), said + done);
}
