//! What a bot says of its secrets in logs and errors is hidden, wherever that is kept or shown.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roost::news::Change;
use roost::projects::Secret;
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection};

use super::{ANA, deploy, log_of, packed, submit};
use crate::host::support::{TestHost, eventually};

const VALUE: &str = "hunter2/of \"the\" shop+1";

/// Says its secret in each way that a customer or a visitor names.
const TELLER: &str = r#"
const http = require('node:http')
const { whatsapp } = require('roost')
const key = process.env.STRIPE_KEY
console.log('starts with', key)
const ways = {
  plain: () => console.log(`key ${key}`),
  object: () => console.log({ nested: { key } }),
  json: () => console.error(JSON.stringify({ level: 'error', key })),
  twice: () => console.log(JSON.stringify({ body: JSON.stringify({ key }) })),
  url: () => console.warn(`https://example.com/?a=1&key=${encodeURIComponent(key)}&b=2`),
  form: () => console.warn(new URLSearchParams({ key }).toString()),
  basic: () => console.log(`Authorization: Basic ${Buffer.from(`user:${key}`).toString('base64')}`),
  hex: () => console.log(Buffer.from(key).toString('hex')),
  app: () => console.log(process.env.APP_SECRET),
  async pieces() {
    for (const piece of ['in pieces ', ...key, ', and more']) { process.stdout.write(piece); await new Promise(setImmediate) }
  },
  stack: () => console.error(new Error(`no refund with ${key}`)),
  throws: () => { throw new Error(`no charge with ${key}`) },
  rejects: () => { setTimeout(() => { throw new TypeError(`late: ${encodeURIComponent(key)}`) }, 10) },
  async fetches() { await fetch(`http://127.0.0.1:1/${Buffer.from(key).toString("hex")}`) },
  async graph() { await fetch(`https://graph.facebook.com/v25.0/${encodeURIComponent(key)}/messages`, { method: 'POST', body: key }) },
}
http.createServer(async (req, res) => {
  const url = new URL(req.url, 'http://bot')
  if (url.pathname === '/web') { await ways[url.searchParams.get('way')](); return res.end('done') }
  if (url.pathname !== '/webhook') return res.writeHead(404).end()
  if (req.method === 'GET') return res.end(url.searchParams.get('hub.challenge'))
  let body = ''
  for await (const chunk of req) body += chunk
  const [message] = JSON.parse(body).entry[0].changes[0].value.messages ?? []
  if (message) await ways[message.text.body]()
  res.end()
}).listen(process.env.PORT)
"#;

/// What a value could be read from.
fn spellings(value: &str) -> Vec<String> {
    let json = serde_json::to_string(value).unwrap();
    let json = json.trim_matches('"').to_owned();
    let percent = value
        .replace('/', "%2F")
        .replace('"', "%22")
        .replace('+', "%2B");
    let twice = serde_json::to_string(&json).unwrap();
    vec![
        value.to_owned(),
        twice.trim_matches('"').to_owned(),
        json,
        percent.replace(' ', "%20"),
        percent.replace(' ', "+"),
        hex::encode(value),
        // Of `user:` and the value, without what belongs to both.
        STANDARD.encode(format!("user:{value}"))[8..30].to_owned(),
    ]
}

/// All that the control database has, as text.
async fn stored(control: &mut PgConnection) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables
         where table_schema = 'public' and table_type = 'BASE TABLE'",
    )
    .fetch_all(&mut *control)
    .await
    .unwrap();
    let mut all = String::new();
    for table in tables {
        // Names of tables of the host's own.
        let rows = AssertSqlSafe(format!("select t::text from \"{table}\" t"));
        let rows: Vec<String> = sqlx::query_scalar(rows)
            .fetch_all(&mut *control)
            .await
            .unwrap();
        all.push_str(&rows.join("\n"));
    }
    all
}

#[track_caller]
fn has_none_of_it(what: &str, text: &str, values: &[&str]) {
    for value in values {
        for spelling in spellings(value) {
            let found = text.find(&spelling);
            let around = found.map(|at| {
                let from = text[..at]
                    .char_indices()
                    .rev()
                    .nth(80)
                    .map_or(0, |(at, _)| at);
                &text[from..at + spelling.len()]
            });
            assert_eq!(around, None, "{what} shows `{spelling}`");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_in_no_log_and_in_no_error_however_it_is_written() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let keys = host.app().projects().keys(project.id).await.unwrap();
    let app_secret = keys.app_secret.expose().to_owned();
    let projects = host.app().projects();
    projects
        .set_secret(project.id, "STRIPE_KEY", &Secret::new(VALUE))
        .await
        .unwrap();
    let version = deploy(&host, &project, &packed(&[("app.js", TELLER)])).await;
    let log = log_of(&host, &version).await;
    assert!(
        log.contains("bot: starts with [secret STRIPE_KEY]"),
        "{log}"
    );

    let ana = project.customer(ANA).await;
    let ways = [
        "plain", "object", "json", "twice", "url", "form", "basic", "hex", "app", "pieces",
        "stack", "throws", "rejects", "fetches", "graph",
    ];
    for way in ways {
        ana.says(way).await;
    }
    host.settles(&project).await;
    let operator = host.operator();
    let events = operator
        .get("/v1/projects/shop/events?kind=message&limit=100")
        .await
        .ok();
    let mut shown = events.to_string();
    for event in events["items"].as_array().unwrap() {
        let id = event["id"].as_str().unwrap();
        let event = operator
            .get(&format!("/v1/projects/shop/events/{id}"))
            .await;
        shown.push_str(&event.text);
    }
    for way in ["throws", "rejects", "plain"] {
        shown.push_str(&visited(&host, way).await);
    }
    let logs = eventually("all is logged", async || {
        let logs = operator.get("/v1/projects/shop/logs?limit=200").await.ok();
        let messages = messages(&logs);
        let said = |text: &str| messages.iter().any(|message| message.contains(text));
        (said("and more") && said("no refund")).then_some(messages)
    })
    .await;
    for line in [
        "key [secret STRIPE_KEY]",
        "{\"level\":\"error\",\"key\":\"[secret STRIPE_KEY]\"}",
        "https://example.com/?a=1&key=[secret STRIPE_KEY]&b=2",
        "key=[secret STRIPE_KEY]",
        "[secret APP_SECRET]",
    ] {
        assert!(
            logs.iter().any(|said| said == line),
            "no line `{line}` in {logs:?}"
        );
    }
    let thrown = logs.iter().find(|line| line.contains("no refund"));
    let thrown = thrown.unwrap();
    assert!(
        thrown.contains("no refund with [secret STRIPE_KEY]") && thrown.contains("app.js:"),
        "{thrown}"
    );
    assert!(
        shown.contains("no charge with [secret STRIPE_KEY]"),
        "the reason of the event: {shown}"
    );
    shown.push_str(&logs.join("\n"));

    let values = [VALUE, app_secret.as_str()];
    has_none_of_it("the API", &shown, &values);
    has_none_of_it("the host's log", &host.log(), &values);
    let all = stored(&mut host.control_database().await).await;
    assert!(all.contains("no charge with [secret STRIPE_KEY]"));
    has_none_of_it("the database", &all, &values);
}

fn messages(logs: &Value) -> Vec<String> {
    let lines = logs["items"].as_array().unwrap().iter();
    lines
        .map(|line| line["message"].as_str().unwrap().to_owned())
        .collect()
}

/// What a visitor of the bot's own pages gets.
async fn visited(host: &TestHost, way: &str) -> String {
    let url = format!("http://{}/web?way={way}", host.address());
    let request = reqwest::Client::new()
        .get(url)
        .header("host", "shop.bots.test");
    request.send().await.unwrap().text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_does_not_start_says_nothing_secret() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let projects = host.app().projects();
    projects
        .set_secret(project.id, "STRIPE_KEY", &Secret::new(VALUE))
        .await
        .unwrap();
    let picky = format!(
        "if (process.env.STRIPE_KEY.startsWith('hunter2')) throw new Error('not with ' + process.env.STRIPE_KEY)\n{TELLER}"
    );
    let upload = packed(&[("app.js", picky.as_str())]);
    let failed = super::ended(&host, &submit(&host, project.id, &upload).await).await;
    let error = failed.error.unwrap();
    assert!(error.contains("not with [secret STRIPE_KEY]"), "{error}");

    projects
        .set_secret(project.id, "STRIPE_KEY", &Secret::new("another value"))
        .await
        .unwrap();
    deploy(&host, &project, &upload).await;
    projects
        .set_secret(project.id, "STRIPE_KEY", &Secret::new(VALUE))
        .await
        .unwrap();
    let changes = host.app().changes();
    changes.follow(project.id, Change::Environment).await;
    let shown = eventually("the change was tried", async || {
        let project = host.operator().get("/v1/projects/shop/secrets").await;
        project.text.contains("not with").then_some(project.text)
    })
    .await;
    assert!(shown.contains("not with [secret STRIPE_KEY]"), "{shown}");
    let all = stored(&mut host.control_database().await).await;
    has_none_of_it("the database", &all, &[VALUE]);
    has_none_of_it("the host's log", &host.log(), &[VALUE]);
}
