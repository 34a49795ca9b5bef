//! What waits to run, and what a project may use.

use serde_json::{Value, json};

use crate::host::support::{TestHost, eventually, fixture};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_queue_is_shown_and_a_project_can_be_bounded() {
    let mut host = TestHost::start().await;
    let bot = host.bot("holds", &fixture("holds")).await;
    let operator = host.operator();
    let changed = json!({"settings": {"max_running": 1, "events_per_minute": 600}});
    let project = operator.patch("/v1/projects/holds", &changed).await.ok();
    assert_eq!(project["settings"]["max_running"], 1);
    assert_eq!(project["settings"]["events_per_minute"], 600);
    for wrong in [0, -1, 10_001] {
        let change = json!({"settings": {"max_running": wrong}});
        let refused = operator.patch("/v1/projects/holds", &change).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert!(
            refused.detail().contains("from 1 to 10000"),
            "{}",
            refused.text
        );
    }

    let mut people = Vec::new();
    for n in 0..3 {
        let person = bot.customer(&format!("1650555000{n}")).await;
        person.says(&format!("hold {n}")).await;
        people.push(person);
    }
    host.emulator()
        .idle(std::time::Duration::from_secs(30))
        .await
        .unwrap();
    let all = eventually("one runs", async || {
        let all = operator.get("/v1/queue").await.ok();
        (all["running"] == 1 && all["pending"] == 3).then_some(all)
    })
    .await;
    assert_eq!((&all["live"], &all["dead"]), (&json!(3), &json!(0)));
    assert_eq!(all["projects"][0]["name"], "holds");
    assert!(all["oldest_age_ms"].as_i64().unwrap() >= 0);
    let one = operator.get("/v1/projects/holds/queue").await.ok();
    assert_eq!(one["projects"][0]["pending"], 3);
    let none = operator.get("/v1/queue?limit=0").await;
    assert_eq!(none.status, 400, "{}", none.text);

    let removed = json!({"settings": {"max_running": Value::Null}});
    operator.patch("/v1/projects/holds", &removed).await.ok();
    eventually("all run", async || {
        (operator.get("/v1/queue").await.ok()["running"] == 3).then_some(())
    })
    .await;
    let mut schema = host.schema_of(&bot).await;
    eventually("all hold", async || {
        let held: i64 = sqlx::query_scalar("select count(*) from held")
            .fetch_one(&mut schema)
            .await
            .unwrap();
        (held == 3).then_some(())
    })
    .await;
    sqlx::query("update held set released = true")
        .execute(&mut schema)
        .await
        .unwrap();
    for (n, person) in people.iter_mut().enumerate() {
        assert_eq!(person.hears().await, format!("You said: hold {n}"));
    }
}
