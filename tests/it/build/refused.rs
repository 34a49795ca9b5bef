//! Code that cannot become a bundle, and how that is said.

use std::path::Path;

use roost::build::{BuildError, ProblemKind};

use super::{build, fixture, folder};

#[track_caller]
fn refused(dir: &Path) -> (Vec<ProblemKind>, String) {
    let error = build(dir).unwrap_err();
    let text = error.to_string();
    let BuildError::Code(problems) = error else {
        panic!("{text}");
    };
    (
        problems.into_iter().map(|problem| problem.kind).collect(),
        text,
    )
}

#[test]
fn a_syntax_error_is_shown_where_it_is() {
    let (kinds, text) = refused(&fixture("syntax_error"));
    assert_eq!(kinds, [ProblemKind::Syntax]);
    assert_eq!(
        text,
        "syntax error: Expected \")\" but found \"}\"
 --> app.js:8:1
  |
8 | })
  | ^"
    );
}

#[test]
fn a_missing_package_is_named_with_the_command_that_installs_it() {
    let (kinds, text) = refused(&fixture("missing_package"));
    assert_eq!(kinds, [ProblemKind::MissingPackage("axios".to_owned())]);
    assert_eq!(
        text,
        "`axios` is not installed
 --> app.js:3:23
  |
3 | const axios = require('axios')
  |                       ^^^^^^^
  = install it: npm install axios"
    );
}

#[test]
fn a_native_module_is_named_with_what_to_use_instead() {
    let (kinds, text) = refused(&fixture("native_module"));
    assert_eq!(kinds, [ProblemKind::NativeModule("sharp".to_owned())]);
    assert_eq!(
        text,
        "`sharp` is machine code, which a sandbox cannot load
 --> app.js:3:23
  |
3 | const sharp = require('sharp')
  |                       ^^^^^^^
  = use instead: a service that changes images, called with fetch"
    );
}

#[test]
fn packages_nobody_knows_are_native_when_they_load_an_addon() {
    let dir = folder(&[
        (
            "app.js",
            "require('wrapper')\nconst own = require('./own.node')\nrequire('shiny')",
        ),
        ("own.node", "\x7fELF"),
        (
            "node_modules/shiny/index.js",
            "module.exports = require('node-gyp-build')(__dirname)",
        ),
        (
            "node_modules/wrapper/index.js",
            "module.exports = () => require('glossy')",
        ),
        (
            "node_modules/glossy/index.js",
            "require('bindings')('glossy')",
        ),
        ("node_modules/bindings/index.js", ""),
        ("node_modules/node-gyp-build/index.js", ""),
    ]);
    let (kinds, text) = refused(dir.path());
    assert_eq!(
        kinds,
        [ProblemKind::NativeModule("own.node".to_owned())],
        "{text}"
    );

    std::fs::write(
        dir.path().join("app.js"),
        "require('wrapper')\nrequire('shiny')",
    )
    .unwrap();
    let (kinds, text) = refused(dir.path());
    assert_eq!(
        kinds,
        [ProblemKind::NativeModule("shiny".to_owned())],
        "{text}"
    );
    assert!(text.contains("app.js:2:9"), "{text}");

    // Only a package names it, and may never load it.
    std::fs::write(dir.path().join("app.js"), "require('wrapper')").unwrap();
    let warnings = build(dir.path()).unwrap().warnings;
    let text: Vec<_> = warnings
        .iter()
        .map(|warning| warning.message.as_str())
        .collect();
    assert_eq!(
        text,
        [
            "`wrapper` has parts that need `glossy`, which cannot run here: they fail if it gets there"
        ]
    );
}

#[test]
fn a_builtin_that_the_runtime_lacks_is_refused_in_the_bot_and_said_of_packages() {
    let (kinds, text) = refused(&fixture("unknown_builtin"));
    assert_eq!(
        kinds,
        [ProblemKind::UnknownBuiltin("node:sqlite".to_owned())]
    );
    assert!(
        text.starts_with("Roost does not have Node's module `node:sqlite`\n --> app.js:3:34\n"),
        "{text}"
    );
    assert!(
        text.contains("= do without it; these are there: async_hooks, buffer, crypto"),
        "{text}"
    );

    let dir = folder(&[
        ("app.js", "require('odd')"),
        (
            "node_modules/odd/index.js",
            "exports.run = () => [require('cluster'), require('fs')]",
        ),
    ]);
    let warnings = build(dir.path()).unwrap().warnings;
    assert!(
        warnings[0].message.starts_with("`odd` names `cluster`"),
        "{warnings:?}"
    );
}

#[test]
fn environment_files_are_refused_however_they_are_named() {
    for name in [".env", ".env.local", "config/live.env", ".env.json"] {
        let app = format!("const secrets = require('../{name}')");
        let dir = folder(&[("src/app.js", &app), (name, "{\"A\":1}")]);
        let (kinds, text) = refused(dir.path());
        assert_eq!(kinds, [ProblemKind::EnvFile(name.to_owned())], "{text}");
        assert!(
            text.contains("store each of its values as a secret"),
            "{text}"
        );
        assert!(text.contains(" --> src/app.js:1:25"), "{text}");
    }
    let dir = folder(&[("app.js", "require('./.env')")]);
    let (kinds, _) = refused(dir.path());
    assert_eq!(
        kinds,
        [ProblemKind::EnvFile("./.env".to_owned())],
        "a file that is not there either"
    );
}

#[test]
fn a_file_that_is_written_otherwise_is_pointed_out() {
    let dir = folder(&[
        ("app.js", "require('./Routes/menu')"),
        ("Routes/Menu.js", ""),
    ]);
    let (kinds, text) = refused(dir.path());
    assert_eq!(
        kinds,
        [ProblemKind::MissingFile("Routes/menu.js".to_owned())]
    );
    assert!(
        text.contains("= there is `Menu.js`: capital letters matter on the server"),
        "{text}"
    );
}

#[test]
fn packages_that_only_development_installs_are_pointed_out() {
    let package = r#"{"main":"app.js","devDependencies":{"zod":"1"},"dependencies":{"pg":"8"}}"#;
    let dir = folder(&[("package.json", package), ("app.js", "require('zod')")]);
    let (_, text) = refused(dir.path());
    assert!(text.contains("npm install --save-prod zod"), "{text}");
}

#[test]
fn a_package_that_cannot_run_is_refused_by_the_name_that_the_author_gave_it() {
    // Nothing is installed, and what it needs in turn is not asked for.
    let dir = folder(&[
        (
            "package.json",
            r#"{"dependencies":{"@whiskeysockets/baileys":"^6"}}"#,
        ),
        ("app.js", "const { run } = require('./run')\nrun()"),
        (
            "run.js",
            "const { default: make } = require('@whiskeysockets/baileys')\nexports.run = make",
        ),
        ("other.js", "require('@whiskeysockets/baileys')"),
    ]);
    let (kinds, text) = refused(dir.path());
    assert_eq!(
        kinds,
        [ProblemKind::NativeModule(
            "@whiskeysockets/baileys".to_owned()
        )]
    );
    assert!(
        text.contains(" --> run.js:1:35") && text.contains("= use instead: an Express route"),
        "{text}"
    );

    // A package needs one to start at all.
    let needs = |import: &str| {
        folder(&[
            ("app.js", "require('shot')"),
            ("node_modules/shot/index.js", import),
            (
                "node_modules/shot/other.js",
                "module.exports = require('puppeteer')",
            ),
            ("node_modules/puppeteer/index.js", "require('ws-of-nobody')"),
        ])
    };
    let (kinds, text) = refused(needs("require('./other')").path());
    assert_eq!(kinds, [ProblemKind::NativeModule("shot".to_owned())]);
    assert!(
        text.starts_with("`shot` needs `puppeteer`, which starts a browser"),
        "{text}"
    );

    let bundle =
        build(needs("exports.run = () => [require('./other'), require('sharp')]").path()).unwrap();
    let told: Vec<_> = bundle
        .warnings
        .iter()
        .map(|warning| warning.message.as_str())
        .collect();
    assert_eq!(
        told,
        [
            "`shot` has parts that need `puppeteer`, `sharp`, which cannot run here: they fail if it gets there"
        ]
    );
}

#[test]
fn what_is_never_reached_stops_no_build() {
    let dir = folder(&[(
        "app.js",
        "const count = 1
        function admin() { return require('./admin-page').html }
        function pay() { return require('stripe') }
        try { require('./local') } catch (error) { console.log(error.code) }
        function next() { count = 2; ({ count } = { count: 3 }) }
        try { next() } catch (error) { console.log(error.message, count) }
        try { pay() } catch (error) { console.log(error.code) }
        try { admin() } catch (error) { console.log(error.code) }",
    )]);
    let bundle = build(dir.path()).unwrap();
    assert_eq!(
        super::run_on_node(&bundle),
        "MODULE_NOT_FOUND\nAssignment to constant variable. 1\nMODULE_NOT_FOUND\nMODULE_NOT_FOUND\n"
    );
    let told: Vec<_> = bundle.warnings.iter().map(ToString::to_string).collect();
    for says in [
        "there is no file `./admin-page`: it fails if it gets there\n --> app.js:2:43",
        "`stripe` is not installed: it fails if it gets there\n --> app.js:3:41",
        "`count` is a constant: assigning to it fails if it gets there\n --> app.js:5:27",
    ] {
        assert!(
            told.iter().any(|told| told.starts_with(says)),
            "{says}: {told:#?}"
        );
    }

    // At the top nothing is lazy.
    std::fs::write(
        dir.path().join("app.js"),
        "const page = require('./admin-page')",
    )
    .unwrap();
    let (kinds, _) = refused(dir.path());
    assert_eq!(kinds, [ProblemKind::MissingFile("./admin-page".to_owned())]);
}

#[test]
fn assigning_to_what_another_module_exports_fails_where_it_is_reached() {
    let dir = folder(&[
        ("live.js", "export let n = 1"),
        (
            "app.js",
            "import * as live from './live.js'
            const tried = [() => { live.n = 5 }, () => { live['n']++ }, () => { [live.n] = [1] },
              () => { live
                .n = 5 }]
            for (const one of tried) try { one() } catch (error) { console.log(error.name, live.n) }
            try { null.x } catch (error) { console.log(error.stack) }",
        ),
    ]);
    let bundle = build(dir.path()).unwrap();
    let said = super::run_on_node(&bundle);
    assert!(said.starts_with(&"TypeError 1\n".repeat(4)), "{said}");
    let map = roost::build::sourcemap::SourceMap::parse(&bundle.source_map).unwrap();
    let stack = map.rewrite(&bundle.file, &said);
    assert!(stack.contains("at app.js:6:24"), "no line moves: {stack}");
    let told = bundle.warnings[0].to_string();
    let says = "`n` is a constant: assigning to it fails if it gets there\n --> app.js:2:41";
    assert!(told.starts_with(says), "{told}");

    // What no other run can avoid is refused with the bundler's own words.
    std::fs::write(
        dir.path().join("app.js"),
        "import * as live from './live.js'\nglobalThis.q = () => { delete live.n }",
    )
    .unwrap();
    let (kinds, error) = refused(dir.path());
    assert_eq!(kinds, [ProblemKind::Syntax]);
    assert!(error.contains(" --> app.js:2:36\n"), "{error}");
}

#[test]
fn a_file_with_a_mistake_is_left_out_where_a_catch_takes_it() {
    let dir = folder(&[
        (
            "app.js",
            "try { require('./plugins') } catch (error) { console.log(error.name) }
            try { require('./broken') } catch (error) { console.log(error.name) }",
        ),
        ("plugins.js", "require('./broken')"),
        ("broken.js", "module.exports = {\n  a: = 1\n}"),
    ]);
    let bundle = build(dir.path()).unwrap();
    assert_eq!(super::run_on_node(&bundle), "SyntaxError\nSyntaxError\n");
    let told: Vec<_> = bundle.warnings.iter().map(ToString::to_string).collect();
    assert!(
        told.len() == 1
            && told[0].starts_with("`broken.js` does not parse: loading it fails")
            && told[0].contains(" --> broken.js:2:6\n"),
        "{told:#?}"
    );

    // One way without a `catch` is enough.
    let app = "try { require('./broken') } catch {}\nrequire('./plugins')";
    std::fs::write(dir.path().join("app.js"), app).unwrap();
    let (kinds, error) = refused(dir.path());
    assert_eq!(kinds, [ProblemKind::Syntax]);
    assert!(error.contains(" --> broken.js:2:6\n"), "{error}");
}
