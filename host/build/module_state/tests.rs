//! What counts as state that handlers change, and what does not.

use super::{kept, warnings};

/// The variables that are found, with their lines.
fn found(source: &str) -> Vec<String> {
    found_in("app.js", source)
}

fn found_in(file: &str, source: &str) -> Vec<String> {
    found_of(&[(file, source)])
}

fn found_of(files: &[(&str, &str)]) -> Vec<String> {
    let sources: Vec<_> = files
        .iter()
        .map(|(file, source)| (*file, (*source).to_owned()))
        .collect();
    let named = kept(&sources).into_iter().map(|(at, kept)| {
        let line = sources[at].1[..kept.offset].matches('\n').count() + 1;
        format!("{} {line}", kept.shown().replace('`', ""))
    });
    named.collect()
}

#[test]
fn counters_caches_and_lists_of_handlers_are_found() {
    let source = "
        const express = require('express')
        const sessions = new Map()
        const seen = {}, list = [], state = { carts: new Map(), n: 0 }, rates = new NodeCache()
        let count = 0, cachedAt
        const app = express()
        app.post('/webhook', async (req, res) => {
          count++
          sessions.set(req.body.from, 1)
          seen[req.body.from] = true
          list.push(1)
          state.carts.set(1, 2)
          rates.set('x', 1)
          if (Date.now() - cachedAt > 1000) cachedAt = Date.now()
          ;[count] = [1]
          delete seen.x
        })
        app.listen(3000)";
    let expected = [
        "count 8",
        "sessions 9",
        "seen 10",
        "list 11",
        "state 12",
        "rates 13",
        "cachedAt 14",
    ];
    assert_eq!(found(source), expected);
}

#[test]
fn what_runs_while_the_bot_starts_is_no_change() {
    let source = "
        const fs = require('fs')
        const menu = {}, commands = new Map()
        let ready = false
        menu.main = 1
        for (const file of fs.readdirSync('.')) commands.set(file, require(file))
        fs.readdirSync('.').forEach((file) => { commands.set(file, 1) })
        ;(async () => { ready = true })()
        async function main () { await 1; ready = true; load() }
        const load = () => { menu.more = 2 }
        main().then(() => { ready = true; app.listen(1, () => { ready = true }) })
        process.on('SIGTERM', () => { ready = false })
        module.exports.menu = menu
        exports.load = 1";
    assert_eq!(found(source), Vec::<String>::new());
}

#[test]
fn ordinary_bots_are_silent() {
    let source = "
        const { Pool } = require('pg')
        const axios = require('axios')
        const pool = new Pool()
        const client = require('redis').createClient()
        let db, token, transport = null
        const handlers = { hello: (x) => x }
        const getDb = () => { if (!db) { db = connect(); } return db }
        const getToken = async () => (token ??= await login())
        const send = () => { transport = transport || make(); if (transport === null) transport = make() }
        module.exports = async (req, res) => {
          let count = 0
          const list = []
          count++
          list.push(count)
          req.user = 1
          res.locals.n = 1
          await pool.query('select 1')
          await client.set('a', 1)
          axios.defaults.timeout = 5
          process.env.X = '1'
          handlers.hello(list.sort())
          module.exports.last = 1
          const pool2 = new Map(); pool2.set(1, 2)
        }";
    assert_eq!(found(source), Vec::<String>::new());
}

#[test]
fn state_in_a_main_function_of_modules_and_of_typescript_is_found() {
    let main = "async function main() {
        const carts = new Map()
        app.post('/', (req) => { carts.set(req.from, 1) })
      }
      main()";
    assert_eq!(found(main), ["carts 3"]);
    let module = "import x from './x'
      export const carts: Map<string, number> = new Map<string, number>()
      export let last: string | undefined
      export function handle(from: string) { last = from; (carts as any).set(from, 1); x.y = 2 }
      class Box { static n = 0; add() { Box.n += 1 } }";
    assert_eq!(
        found_in("src/app.ts", module),
        ["last 4", "carts 4", "x 4", "Box 5"]
    );
    let global = "module.exports = () => { global.count = 1 }";
    assert_eq!(found(global), ["global 1"]);
    assert_eq!(found("this does not parse"), Vec::<String>::new());
    assert_eq!(found_in("data.json", "{}"), Vec::<String>::new());
}

#[test]
fn five_are_shown_and_the_rest_is_counted() {
    let names: Vec<String> = (0..8).map(|n| format!("v{n}")).collect();
    let lets: String = names
        .iter()
        .map(|name| format!("let {name} = 0\n"))
        .collect();
    let sets: String = names.iter().map(|name| format!("  {name}++\n")).collect();
    let source = format!("{lets}exports.handle = () => {{\n{sets}  v0++\n}}\n");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.js"), source).unwrap();
    let reports = warnings(folder.path(), ["a.js", "gone.js"].into_iter());
    assert_eq!(reports.len(), 6);
    let first = reports[0].to_string();
    assert!(
        first.contains("changed here, and at one more place"),
        "{first}"
    );
    assert!(
        first.contains(" --> a.js:10:3\n   |\n10 |   v0++\n   |   ^^\n"),
        "{first}"
    );
    assert!(
        first.contains(
            r#"`roost projects set NAME instance=resident`, or "roost": { "instance": "resident" }"#
        ),
        "{first}"
    );
    assert_eq!(
        reports[5].message,
        "3 more variables are changed by handlers: `v5` at a.js:15, `v6` at a.js:16, `v7` at a.js:17"
    );
}

#[test]
fn fields_of_single_objects_are_found() {
    let exported = "class MessageHandler {
        #sessions = new Map(); users = {}; static count = 0
        constructor() { this.appointmentState = {}; this.ready = false; this.load() }
        load() { this.menu = 1 }
        handle(m) {
          this.appointmentState[m.from] = 1
          this.#sessions.set(m.from, 1)
          this.users[m.from] ??= {}
          if (!this.client) this.client = connect()
          this.last = m
        }
        static add() { this.count++ }
      }
      module.exports = new MessageHandler()";
    assert_eq!(
        found(exported),
        [
            "this.appointmentState of MessageHandler 6",
            "this.#sessions of MessageHandler 7",
            "this.users of MessageHandler 8",
            "this.last of MessageHandler 10",
            "this.count of MessageHandler 12",
        ]
    );
    let service = "class Base { put(x) { this.all.push(x) } constructor() { this.all = [] } }
      class Service extends Base { constructor() { super(); this.cart = new Cart(); app.post('/', () => { this.n++ }) } }
      class Cart { items = []; add(x) { this.items.push(x) } }
      class Order { items = []; add(x) { this.items.push(x) } }
      module.exports = { Service, Order }";
    let app = "const { Service, Order } = require('./service')
      const svc = new Service()
      app.post('/', (req) => { const order = new Order(); order.add(1); svc.put(1) })";
    assert_eq!(
        found_of(&[("service.js", service), ("app.js", app)]),
        [
            "this.all of Base 1",
            "this.n of Service 2",
            "this.items of Cart 3",
        ]
    );
    // Only the classes that last.
    assert_eq!(found(service), Vec::<String>::new());
    let objects = "module.exports = { users: {}, add(x) { this.users[x] = 1 } }
      const store = { list: [], put(x) { this.list.push(x) } }
      const make = () => { const one = { n: 0, up() { this.n++ } }; return one }
      schema.methods.x = function () { this.password = 1 }
      @Injectable() class Sessions { map = new Map(); set(x) { this.map.set(x, 1) } }";
    assert_eq!(
        found_in("app.ts", objects),
        [
            "this.users of module.exports 1",
            "this.list of store 2",
            "this.map of Sessions 5",
        ]
    );
}

#[test]
fn registries_that_files_fill_while_they_are_loaded_are_silent() {
    let registry = "const commands = new Map(), list = []
      class Registry {
        constructor() { this.map = {}; this.init() }
        init() { this.ready = true }
        register(name, run) { this.map[name] = run }
      }
      const add = (name, run) => { commands.set(name, run) }
      function Command(name) { return (target) => { list.push([name, target]) } }
      exports.later = () => { list.push(1) }
      module.exports = { add, Command, registry: new Registry() }";
    let app = "const { add, Command, registry } = require('./registry')
      const setup = () => { registry.register('c', 1) }
      add('a', () => 1)
      for (const file of files) registry.register(file, require(file))
      setup()
      @Command('x') class X { run() { } }";
    let files = [("registry.js", registry), ("app.ts", app)];
    assert_eq!(found_of(&files), ["list 9"]);
    let handler = "app.post('/', (req) => { add(req.from, 1); registry.register(1) })";
    let files = [files[0], files[1], ("handler.js", handler)];
    assert_eq!(
        found_of(&files),
        ["this.map of Registry 5", "commands 7", "list 9"]
    );
}
