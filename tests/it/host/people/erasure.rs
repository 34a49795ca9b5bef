//! What is left of a contact that was erased, and all of one that is exported.

use http::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection};

use super::{ANA, BEA, items, of};
use crate::host::support::{Operator, TestHost, TestProject, answered, fixture, guest};

/// A bot that Ana and Bea have told everything, and people who have looked after them.
async fn told() -> (TestHost, TestProject, Operator) {
    let mut host = TestHost::start().await;
    let bot = host.bot("helper", &fixture("hands_off")).await;
    let operator = host.operator();
    for who in [ANA, BEA] {
        let mut customer = bot.customer(who).await;
        for text in ["hi", "STOP", "help"] {
            customer.says(text).await;
            customer.hears().await;
        }
        host.settles(&bot).await;
        let path = of("helper", &format!("conversations/{who}"));
        operator
            .post(&format!("{path}/take"), &json!({ "by": "bea" }))
            .await
            .ok();
        customer.says("are you there?").await;
        let reply = operator.request(Method::POST, &format!("{path}/messages"));
        let reply = reply.header("idempotency-key", format!("to-{who}"));
        answered(reply.json(&json!({ "text": { "body": "yes" } })))
            .await
            .ok();
        customer.hears().await;
        let note = json!({ "text": format!("call {who}") });
        operator.post(&format!("{path}/notes"), &note).await.ok();
        host.settles(&bot).await;
    }
    // What bots log is stored a little later, or when somebody looks.
    operator.get(&of("helper", "logs")).await.ok();
    (host, bot, operator)
}

/// The tables of the control database in which one of these texts is, as text or as bytes.
async fn tables_with(database: &mut PgConnection, words: &[String]) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables
         where table_schema = 'public' and table_type = 'BASE TABLE' order by 1",
    )
    .fetch_all(&mut *database)
    .await
    .unwrap();
    let mut found = Vec::new();
    for table in tables {
        // Bytes are shown as hexadecimal digits.
        let asked = format!(
            "select count(*) from {table} t
             where exists (select from unnest($1::text[]) as word
                           where position(word in row_to_json(t)::text) > 0
                              or position(encode(convert_to(word, 'UTF8'), 'hex')
                                          in row_to_json(t)::text) > 0)"
        );
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(asked))
            .bind(words)
            .fetch_one(&mut *database)
            .await
            .unwrap();
        if rows > 0 {
            found.push(format!("{table}: {rows}"));
        }
    }
    found
}

/// All by which somebody can be found: number, user id, Meta's ids of their messages, the host's own ids.
async fn traces(operator: &Operator, who: &str) -> Vec<String> {
    let contact = operator
        .get(&of("helper", &format!("contacts/{who}")))
        .await
        .ok();
    let page = of("helper", &format!("conversations/{who}/messages?limit=200"));
    let page = operator.get(&page).await.ok();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut traces: Vec<String> = items(&page)
        .iter()
        .map(|message| text(&message["id"]))
        .collect();
    assert_eq!(traces.len(), 8, "{page}");
    traces.extend([who.to_owned(), text(&contact["user_id"])]);
    traces
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_contact_has_left_nothing_in_any_table() {
    let (host, bot, operator) = told().await;
    let [ana, bea] = [traces(&operator, ANA).await, traces(&operator, BEA).await];
    let mut database = host.control_database().await;
    let before = tables_with(&mut database, &ana).await;
    for table in [
        "bot_log",
        "contact",
        "event",
        "message",
        "message_status",
        "send",
        "conversation_note",
    ] {
        let is_it = |found: &String| found.starts_with(&format!("{table}:"));
        assert!(before.iter().any(is_it), "{table}: {before:?}");
    }
    let of_bea = tables_with(&mut database, &bea).await;

    let contact = of("helper", &format!("contacts/{ANA}"));
    let erased = operator.delete(&contact).await.ok();
    assert_eq!(erased["conversations"], 1);
    assert_eq!(erased["messages"], 8);
    assert_eq!(tables_with(&mut database, &ana).await, Vec::<String>::new());
    assert_eq!(
        tables_with(&mut database, &bea).await,
        of_bea,
        "others keep what they have"
    );
    let refused = operator.get(&contact).await;
    assert_eq!(refused.refusal(), (404, "contact-not-found".to_owned()));
    assert_eq!(operator.delete(&contact).await.status, 404);

    // Who writes again begins anew, with the bot.
    let mut customer = bot.customer(ANA).await;
    customer.unheard().await;
    customer.says("hi").await;
    assert_eq!(customer.hears().await, "You said: hi");
    let path = of("helper", &format!("conversations/{ANA}"));
    let anew = operator.get(&path).await.ok();
    assert_eq!(
        (&anew["taken"], &anew["labels"]),
        (&Value::Null, &json!([]))
    );
    host.settles(&bot).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_erased_while_the_bot_works_on_what_they_wrote() {
    let mut host = TestHost::start().await;
    let bot = host.bot("holds", &fixture("holds")).await;
    let operator = host.operator();
    let mut ana = bot.customer(ANA).await;
    ana.says("hold it").await;
    let mut schema = host.schema_of(&bot).await;
    crate::host::support::eventually("the bot works on it", async || {
        let held = sqlx::query_scalar::<_, i64>("select count(*) from held");
        (held.fetch_one(&mut schema).await.unwrap() == 1).then_some(())
    })
    .await;
    let contact = of("holds", &format!("contacts/{ANA}"));
    let refused = operator.delete(&contact).await;
    assert_eq!(refused.refusal(), (409, "contact-busy".to_owned()));
    sqlx::query("update held set released = true")
        .execute(&mut schema)
        .await
        .unwrap();
    assert_eq!(ana.hears().await, "You said: hold it");
    host.settles(&bot).await;
    operator.delete(&contact).await.ok();
}

/// The lines of an export.
async fn exported(operator: &Operator, who: &str) -> Vec<Value> {
    let path = of("helper", &format!("contacts/{who}/export"));
    let export = operator.post(&path, &Value::Null).await;
    assert_eq!(export.headers["content-type"], "application/x-ndjson");
    assert!(export.status.is_success(), "{}", export.text);
    let lines = export.text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_has_all_of_a_contact_and_loads_again() {
    let (host, _bot, operator) = told().await;
    let first = exported(&operator, ANA).await;
    let (head, rows) = (&first[0], &first[1..first.len() - 1]);
    let end = &first[first.len() - 1];
    assert_eq!(
        (&head["export"], &head["format"]),
        (&json!("contact"), &json!(1))
    );
    assert_eq!(end, &json!({ "rows": rows.len(), "complete": true }));
    let count = |table: &str| rows.iter().filter(|line| line["table"] == table).count();
    for (table, least) in [
        ("contact", 1),
        ("conversation", 1),
        ("conversation_label", 1),
        ("conversation_note", 2),
        ("message", 8),
        ("message_status", 5),
        ("event", 5),
    ] {
        assert!(count(table) >= least, "{table}: {}", count(table));
    }
    assert!(rows.iter().all(|line| !line.to_string().contains(BEA)));

    operator
        .delete(&of("helper", &format!("contacts/{ANA}")))
        .await
        .ok();
    let mut database = host.control_database().await;
    for line in rows {
        // Tables of the list.
        let table = line["table"].as_str().unwrap();
        let load = format!(
            "insert into {table} overriding system value
             select * from json_populate_record(null::{table}, $1::text::json)"
        );
        sqlx::query(AssertSqlSafe(load))
            .bind(line["row"].to_string())
            .execute(&mut database)
            .await
            .unwrap_or_else(|error| panic!("{table}: {error}"));
    }
    let second = exported(&operator, ANA).await;
    assert_eq!(second[1..], first[1..]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_only_begins_so_is_somebody_else() {
    let mut host = TestHost::start().await;
    let bot = host.bot("echo", &guest("echo")).await;
    let operator = host.operator();
    let (short, long) = ("1650555123", "16505551239");
    for who in [short, long] {
        let mut customer = bot.customer(who).await;
        customer.says("hi").await;
        customer.hears().await;
        host.settles(&bot).await;
    }
    operator
        .delete(&of("echo", &format!("contacts/{short}")))
        .await
        .ok();
    let page = of("echo", &format!("conversations/{long}/messages"));
    assert_eq!(items(&operator.get(&page).await.ok()).len(), 2);
    let events = operator.get(&of("echo", "events?kind=message")).await.ok();
    assert_eq!(items(&events).len(), 1);
    assert_eq!(items(&events)[0]["sends"], 1);
}
