//! Bots that load modules by names made while they run, and read their own files.

use serde_json::{Value, json};

use super::{ANA, bot, deploy, packed};
use crate::host::support::TestHost;

/// Deploys a bot with these files, and gives what it answers a message with, as JSON.
async fn answered(files: &[(&str, &str)], top: &str, answer: &str) -> Value {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let mut ana = project.customer(ANA).await;
    let app = bot(
        top,
        &format!("await (async () => JSON.stringify({answer}))()"),
    );
    let mut files = files.to_vec();
    files.push(("app.js", &app));
    deploy(&host, &project, &packed(&files)).await;
    ana.says("hi").await;
    let heard = ana.hears().await;
    serde_json::from_str(&heard).unwrap_or_else(|error| panic!("{error}: {heard}"))
}

const PACKAGE: &str = r#"{
  "main": "app.js",
  "dependencies": { "engine": "file:./packages/engine", "paint": "file:./packages/paint" }
}"#;

/// A package that loads another one by a name that it is given, as Express does with view engines.
const ENGINE: [(&str, &str); 4] = [
    (
        "packages/engine/package.json",
        r#"{"name":"engine","version":"1.0.0"}"#,
    ),
    (
        "packages/engine/index.js",
        "exports.render = (name) => require(name).paint()",
    ),
    (
        "packages/paint/package.json",
        r#"{"name":"paint","version":"1.0.0","main":"lib/paint.js"}"#,
    ),
    (
        "packages/paint/lib/paint.js",
        "exports.paint = () => 'painted in ' + __dirname.split('/').pop()",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn modules_are_loaded_by_name_as_on_node() {
    let mut files = vec![
        ("package.json", PACKAGE),
        (
            "commands/ping.js",
            "exports.run = () => 'pong'; exports.file = __filename",
        ),
        (
            "commands/admin/index.js",
            "exports.run = () => require('../ping').run() + ' by an admin'",
        ),
        ("commands/broken.js", "const x = ("),
        (
            "commands/late.mjs",
            "export const run = () => 'late'; export default 1",
        ),
        ("menu.json", r#"{"soup":7}"#),
        ("adapters/mail.js", "module.exports = require('./missing')"),
    ];
    files.extend(ENGINE);
    let top = "
const fs = require('node:fs'), path = require('node:path')
const { createRequire } = require('node:module')
const tell = (load) => { try { return load() } catch (error) { return error.code ?? error.message } }
const all = fs.readdirSync('./commands').sort()
const load = (name) => require(path.join(__dirname, 'commands', name))
const engine = require('engine')
const made = createRequire(__filename)";
    let answer = "{
      all,
      with_extension: load('ping.js').run(),
      without: load('ping').run(),
      folder: load('admin').run(),
      same: load('ping') === require('./commands/ping') && load('ping') === require('./commands/' + 'ping.js'),
      place: require('./commands/' + 'ping').file,
      broken: tell(() => load('broken')).startsWith('`commands/broken.js` could not be bundled'),
      missing: tell(() => load('nothing')),
      behind: tell(() => require(`./adapters/${'mail'}`)),
      imported: [(await import('./commands/' + 'late.mjs')).run(), (await import('./commands/' + 'ping.js')).default.run()],
      engine: engine.render('paint'),
      none: tell(() => engine.render('nothing')),
      made: made('paint').paint(),
      data: made('./menu').soup,
      resolved: made.resolve('./commands/ping'),
      cached: made.resolve('./commands/ping') in require.cache,
      builtin: made.resolve('fs'),
      main: [require.main === module, require.main.filename, module.filename],
      own: fs.readFileSync(__filename, 'utf8').includes('with_extension'),
    }";
    assert_eq!(
        answered(&files, top, answer).await,
        json!({
            "all": ["admin", "broken.js", "late.mjs", "ping.js"],
            "with_extension": "pong",
            "without": "pong",
            "folder": "pong by an admin",
            "same": true,
            "place": "/app/commands/ping.js",
            "broken": true,
            "missing": "MODULE_NOT_FOUND",
            "behind": "MODULE_NOT_FOUND",
            "imported": ["late", "pong"],
            "engine": "painted in lib",
            "none": "MODULE_NOT_FOUND",
            "made": "painted in lib",
            "data": 7,
            "resolved": "/app/commands/ping.js",
            "cached": true,
            "builtin": "fs",
            "main": [true, "/app/app.js", "/app/app.js"],
            "own": true,
        })
    );
}
