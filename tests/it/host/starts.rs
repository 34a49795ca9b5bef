//! How bots start: what a deploy says of one that cannot, what large ones may use, and what they see of themselves.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::support::{TestHost, TestProject, guest};

/// A bot's folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in files {
        std::fs::write(dir.path().join(name), content).unwrap();
    }
    dir
}

/// A server that echoes Meta's challenge, in one line.
const SERVES: &str = "require('http').createServer((q, s) => s.end(new URL(q.url, 'http://x').searchParams.get('hub.challenge') ?? 'x')).listen(process.env.PORT);";

/// So many megabytes of plain functions.
fn large_module(megabytes: usize) -> String {
    let mut code = String::new();
    for i in 0.. {
        if code.len() >= megabytes * 1_000_000 {
            break;
        }
        let _ = writeln!(
            code,
            "exports.f{i} = function (x) {{ switch (x) {{ case 1: return 'a{i}'; default: return [x, {{ x }}] }} }}"
        );
    }
    code
}

async fn refused(host: &TestHost, project: &TestProject, dir: &Path) -> String {
    match host.deploys(project, dir).await {
        Ok(deployed) => panic!("it was deployed: {deployed:?}"),
        Err(error) => error,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_bundle_starts() {
    let mut host = TestHost::start().await;
    let project = host.project("large").await;
    let app = format!(
        "const big = require('./big'); if (Object.keys(big).length < 1000) throw 1; {SERVES}"
    );
    let dir = folder(&[("app.js", &app), ("big.js", &large_module(8))]);
    host.deploys(&project, dir.path()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_top_level_without_memory_says_so_and_the_setting_that_helps_helps() {
    let mut host = TestHost::start().await;
    let project = host.project("hungry").await;
    let dir = folder(&[(
        "app.js",
        &format!(
            "globalThis.kept = []; for (let i = 0; i < 150; i++) kept.push(new Uint8Array(1 << 20).fill(1)); {SERVES}"
        ),
    )]);
    let error = refused(&host, &project, dir.path()).await;
    assert!(
        error.contains("the bot ran out of memory while it started: it may use 128 MiB"),
        "{error}"
    );
    assert!(
        error.contains("`roost projects set NAME memory=256`"),
        "{error}"
    );
    let settings = json!({"settings": {"memory": 256}});
    let path = "/v1/projects/hungry";
    let changed = host.operator().patch(path, &settings).await.ok();
    assert_eq!(changed["settings"]["memory"], 256);
    host.deploys(&project, dir.path()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_waits_names_what_it_waits_for() {
    let mut host = TestHost::start().await;
    let project = host.project("waits").await;
    for (code, says) in [
        (
            "const connect = () => require('net').connect(27017, 'db.example').on('error', () => setTimeout(connect, 300)); connect()",
            "before that it connects to MongoDB at db.example:27017. A TCP connection to MongoDB at db.example:27017 is not available in Roost.",
        ),
        (
            "require('tls').connect({ host: 'cache.example', port: 6380 }).on('error', () => process.exit(1))",
            "Before that it could not connect to Redis at cache.example:6380",
        ),
        (
            "module.exports = { answer: 42 }",
            "it listens on no port and exports no app",
        ),
    ] {
        let dir = folder(&[("app.js", code)]);
        let error = refused(&host, &project, dir.path()).await;
        assert!(error.contains(says), "`{says}` is not in: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_app_that_is_only_exported_serves_and_one_that_listens_twice_has_its_routes_once() {
    let mut host = TestHost::start().await;
    let echo = std::fs::read_to_string(guest("echo").join("app.js")).unwrap();
    let listens = "app.listen(PORT, () => console.log(`echo listens on port ${PORT}`))";
    assert!(echo.contains(listens), "{echo}");
    for (name, end) in [
        ("exported", "module.exports = app"),
        (
            "if-main",
            "if (process.env.NODE_ENV !== 'production') app.listen(1)\nexports.default = app",
        ),
        (
            "lambda",
            "exports.handler = async (event) => ({ statusCode: 200, body: event.queryStringParameters?.['hub.challenge'] ?? 'ok' })",
        ),
        ("twice", "app.listen(process.env.PORT); app.listen()"),
    ] {
        let dir = folder(&[("app.js", &echo.replace(listens, end))]);
        std::os::unix::fs::symlink(guest("node_modules"), dir.path().join("node_modules")).unwrap();
        let project = host.project(name).await;
        let deployed = host.deploys(&project, dir.path()).await;
        let deployed = deployed.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(deployed.webhook_path.as_deref(), Some("/webhook"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn functions_have_their_text_and_names_and_errors_say_what_was_wrong() {
    let mut host = TestHost::start().await;
    let project = host.project("names").await;
    let app = "
      import { Session as A } from './a.mjs'
      import { Session as B, go } from './b.mjs'
      import http from 'node:http'
      const said = (f) => { try { return f() } catch (error) { return `${error.name}: ${error.message}` } }
      const thing = { list: [1], make: () => ({}) }
      class Named extends Error { constructor(message) { super(message); this.name = new.target.name } }
      let nothing
      http.createServer((q, s) => {
        if (q.url.includes('hub.challenge')) return s.end(new URL(q.url, 'http://x').searchParams.get('hub.challenge'))
        s.end(JSON.stringify({
          names: [A.name, B.name, new B().constructor.name, go.name, B.make().constructor.name],
          text: [String(go).replace(/\\s/g, ''), /^class\\b/.test(B), String(thing.make).replace(/\\s/g, ''), /native code/.test(String(Map))],
          written: [String(go), String(B.make), String(Math.max)],
          header: new Named('tea').stack.split('\\n')[0],
          errors: [
            said(() => thing.none()), said(() => thing.list.none.more()), said(() => nothing()), said(() => { for (const x of nothing); }),
            said(() => missing), said(() => JSON.parse('{a}')), said(() => JSON.parse('<html>')), said(() => new thing.none()),
            said(() => { const { x } = nothing }), said(() => ({ a: 1 }).none()), said(() => thing.make().none()), said(() => (thing.none || nothing)()),
            said(() => { for (const x of thing.make()); }), said(() => { const a = {}; a.self = a; JSON.stringify(a) }), said(() => JSON.stringify(1n)),
            said(() => new Date(NaN).toISOString()),
          ],
        }))
      }).listen(process.env.PORT)
    ";
    let class = "export class Session { static make() { return new Session() } }\nexport function go(first, { second } = {}) { return [first, second] }\n";
    let dir = folder(&[("app.mjs", app), ("a.mjs", class), ("b.mjs", class)]);
    let package = r#"{ "name": "names", "main": "app.mjs" }"#;
    std::fs::write(dir.path().join("package.json"), package).unwrap();
    host.deploys(&project, dir.path()).await.unwrap();

    let answer = reqwest::Client::new()
        .get(format!("http://{}/tell", host.address()))
        .header("host", "names.bots.test")
        .send()
        .await
        .unwrap();
    let told: Value = answer.json().await.unwrap();
    assert_eq!(
        told["names"],
        json!(["Session", "Session", "Session", "go", "Session"])
    );
    assert_eq!(
        told["text"],
        json!([
            "functiongo(first,{second}={}){return[first,second]}",
            true,
            "()=>({})",
            true
        ])
    );
    assert_eq!(
        told["written"],
        json!([
            "function go(first, { second } = {}) { return [first, second] }",
            "make() { return new Session() }",
            "function max() { [native code] }"
        ])
    );
    assert_eq!(told["header"], "Named: tea");
    assert_eq!(
        told["errors"],
        json!([
            "TypeError: thing.none is not a function",
            "TypeError: Cannot read properties of undefined (reading 'more')",
            "TypeError: nothing is not a function",
            "TypeError: nothing is not iterable",
            "ReferenceError: missing is not defined",
            "SyntaxError: Expected property name or '}' in JSON at position 1 (line 1 column 2)",
            "SyntaxError: Unexpected token '<', \"<html>\" is not valid JSON",
            "TypeError: thing.none is not a constructor",
            "TypeError: Cannot destructure property 'x' of 'nothing' as it is undefined.",
            "TypeError: {(intermediate value)}.none is not a function",
            "TypeError: thing.make(...).none is not a function",
            "TypeError: (thing.none || nothing) is not a function",
            "TypeError: thing.make is not a function or its return value is not iterable",
            "TypeError: Converting circular structure to JSON\n    --> starting at object with constructor 'Object'\n    --- property 'self' closes the circle",
            "TypeError: Do not know how to serialize a BigInt",
            "RangeError: Invalid time value",
        ])
    );
}
