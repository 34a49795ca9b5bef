//! What is found in a module, and what follows from it.

use std::collections::BTreeMap;

use super::scan::Call;
use super::*;
use crate::build::package_json::PackageJson;

fn scanned(file: &str, source: &str) -> Scan {
    scan(&Module {
        file,
        root: "/bot",
        source,
        is_entry: file == "/bot/app.js",
        is_own: true,
        assigns_constants: false,
        tells_types: false,
    })
}

#[test]
fn words_become_markers_of_the_same_length() {
    let source = "const { x } = require('./x'); console.log(__dirname, { __filename }, require.main === module, \
                  require(x), typeof require)";
    let marked = scanned("/bot/app.js", source).marked(source, 37).unwrap();
    assert_eq!(
        marked,
        "const { x } = require('./x'); console.log($_d011___, { __filename:$_f011____ }, module       === module, \
         $_r011_(x), typeof require)"
    );
    let found: Vec<_> = markers(&marked)
        .map(|found| (found.question, found.module, found.length))
        .collect();
    assert_eq!(
        found,
        [
            (Question::Folder, 37, 9),
            (Question::File, 37, 10),
            (Question::Require, 37, 7)
        ]
    );

    let source = "export const here = import.meta.url; export default (name) => import(name)";
    let marked = scanned("/bot/x.mjs", source).marked(source, 0).unwrap();
    assert_eq!(
        marked,
        "export const here = $_u000_________; export default (name) => $_i000(name)"
    );
}

#[test]
fn a_module_that_asks_nothing_is_left_as_it_is() {
    for source in [
        "const a = require('a'); module.exports = require(\"b\").c",
        "import a from 'a'; import('b'); export const dirname = '/x'",
        "define(function (require, module) { require(name) })",
        "const require = make(); require(name)",
        "const x = cond ? require('a') : require(other ? 'b' : 'c')",
    ] {
        let found = scanned("/bot/app.js", source);
        assert!(
            found.marked(source, 0).is_none() && found.calls.is_empty(),
            "{source}: {found:?}"
        );
    }
}

#[test]
fn names_are_told_as_far_as_they_can_be() {
    let between = |before: &str, after: &str| Name::Between(before.to_owned(), after.to_owned());
    for (call, name) in [
        ("require('./commands/' + name)", between("./commands/", "")),
        (
            "require(`./commands/${name}.js`)",
            between("./commands/", ".js"),
        ),
        (
            "require(path.join(__dirname, 'commands', file))",
            between("/bot/src/commands/", ""),
        ),
        (
            "require(path.join(dir, file))",
            between("/bot/commands/", ""),
        ),
        (
            "require(path.resolve('commands', file))",
            between("/bot/commands/", ""),
        ),
        (
            "require(`${__dirname}/../x/${file}`)",
            between("/bot/src/../x/", ""),
        ),
        (
            "import(`file://${path.join(dir, file)}`)",
            between("/bot/commands/", ""),
        ),
        (
            "import(pathToFileURL(path.join(dir, file)).href)",
            between("/bot/commands/", ""),
        ),
        ("require(name)", Name::Unknown),
        ("require(path.join(folder, file))", Name::Unknown),
        (
            "createRequire(import.meta.url)('ms')",
            Name::Exact("ms".to_owned()),
        ),
        ("load('ms')", Name::Exact("ms".to_owned())),
        ("require('@adapters/' + name)", between("@adapters/", "")),
    ] {
        let source = format!(
            "const dir = path.join(__dirname, '..', 'commands'); const load = createRequire(__filename); \
             function f(name, file, folder) {{ {call} }}"
        );
        let found = scanned("/bot/src/index.js", &source);
        let names: Vec<_> = found.calls.iter().map(|call| &call.name).collect();
        assert_eq!(names, [&name], "{call}");
    }
}

#[test]
fn a_table_has_what_may_be_loaded_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    for file in [
        "commands/ping.js",
        "commands/admin/ban.ts",
        "commands/ping.test.js",
        "commands/x.d.ts",
        "commands/notes.md",
        "lib2/other.js",
        "public/page.js",
        "views/page.pug",
    ] {
        let path = root.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }
    std::fs::write(
        root.join("package.json"),
        r#"{"dependencies":{"ejs":"1","pug":"1","left":"1","pg":"8","sharp":"1"}}"#,
    )
    .unwrap();
    let package = PackageJson::read(&root).unwrap();
    let at = |file: &str| root.join(file).to_string_lossy().into_owned();
    let made = |own: &str, other: &str| {
        let (app, express) = (at("app.js"), at("node_modules/express/view.js"));
        let scan = |file: &str, source: &str, is_own| {
            let root = root.to_string_lossy().into_owned();
            scan(&Module {
                file,
                root: &root,
                source,
                is_entry: false,
                is_own,
                assigns_constants: false,
                tells_types: false,
            })
        };
        let scans = BTreeMap::from([
            (app.clone(), scan(&app, own, true)),
            (express.clone(), scan(&express, other, false)),
        ]);
        table(&root, None, &package, &scans, &["fs"])
    };

    assert!(
        made(
            "require('ejs'); app.set('view engine', 'ejs')",
            "require('x')"
        )
        .is_empty()
    );

    let engine = made(
        "app.set('view engine', 'ejs'); log('sharp', 'pg', 'nothing')",
        "require(name)",
    );
    let asker = &engine.askers[&at("node_modules/express/view.js")];
    let names: Vec<_> = asker.required.iter().map(String::as_str).collect();
    assert_eq!(names, ["ejs", "pug"], "one by its name, one by its view");
    assert!(engine.required.is_empty());

    let commands = made("require('./commands/' + name)", "");
    let files: Vec<_> = commands.required.iter().cloned().collect();
    assert_eq!(files, [at("commands/admin/ban.ts"), at("commands/ping.js")]);

    let anything = made("require(name)", "");
    assert_eq!(anything.required.len(), 3, "{anything:?}");
}

#[test]
fn what_is_resolved_by_a_require_that_was_made_is_found() {
    let source = "import { createRequire } from 'node:module'; createRequire(file).resolve(name); \
                  export default import.meta.resolve('x')";
    let found = scanned("/bot/x.mjs", source);
    let calls: Vec<_> = found.calls.iter().cloned().collect();
    let call = |kind, name| Call { kind, name };
    assert_eq!(
        calls,
        [
            call(Kind::Require, Name::Unknown),
            call(Kind::Resolve, Name::Exact("x".to_owned())),
        ]
    );
    let marked = found.marked(source, 0).unwrap();
    assert!(
        marked.ends_with("export default $_s000_____________('x')"),
        "{marked}"
    );
}

#[test]
fn who_looks_at_the_cache_is_known_and_so_are_the_files_that_threads_start_with() {
    assert!(scanned("/bot/a.js", "delete require.cache[require.resolve('./b')]").has_cache);
    assert!(scanned("/bot/a.mjs", "const load = createRequire(x); load.cache[y]").has_cache);
    assert!(!scanned("/bot/a.js", "const { cache } = require('./b'); cache.x").has_cache);

    let started =
        "const T = require('thread-stream'); new T({ filename: join(__dirname, '..', 'file.js') })";
    let file = Call {
        kind: Kind::Require,
        name: Name::Exact("/bot/file.js".to_owned()),
    };
    assert!(scanned("/bot/lib/a.js", started).calls.contains(&file));
    let own = "pino({ transport: { target: join(__dirname, '..', 'file.js') } })";
    assert!(scanned("/bot/lib/a.js", own).calls.contains(&file));
    let near = "pino({ transport: { target: './file.js' } })";
    assert_eq!(scanned("/bot/lib/a.js", near).calls.len(), 1);
    let other = "join(__dirname, '..', 'file.js')";
    assert!(scanned("/bot/lib/a.js", other).calls.is_empty());
}

#[test]
fn packages_that_a_folder_above_lists_and_data_of_packages_come_along() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let write = |file: &str, text: &str| {
        let path = root.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("package.json", r#"{"dependencies":{"ejs":"1"}}"#);
    write("node_modules/ejs/index.js", "");
    write("node_modules/tree/data/a.json", "{}");
    write("bots/one/data.json", "{}");
    let dir = root.join("bots/one");
    let at = |file: &str| root.join(file).to_string_lossy().into_owned();
    let scan = |file: &str, source: &str, is_own| {
        scan(&Module {
            file,
            root: &dir.to_string_lossy(),
            source,
            is_entry: false,
            is_own,
            assigns_constants: false,
            tells_types: false,
        })
    };
    let (app, view) = (at("bots/one/app.js"), at("node_modules/express/view.js"));
    let tree = at("node_modules/tree/lib/a.js");
    let scans = BTreeMap::from([
        (
            app.clone(),
            scan(
                &app,
                "set('view engine', 'ejs'); createRequire(x)('./data.json')",
                true,
            ),
        ),
        (view.clone(), scan(&view, "require(name)", false)),
        (
            tree.clone(),
            scan(&tree, "createRequire(x)('../data/a.json')", false),
        ),
    ]);
    let made = |boundary| table(&dir, boundary, &PackageJson::default(), &scans, &["fs"]);
    let found = made(None);
    assert!(found.askers[&view].required.contains("ejs"), "{found:?}");
    let files: Vec<_> = found.required.iter().cloned().collect();
    // The bot's own files can be read, and may change.
    assert_eq!(files, [at("node_modules/tree/data/a.json")]);
    assert!(
        made(Some(&dir)).askers.is_empty(),
        "nothing above an upload is looked at"
    );
}
