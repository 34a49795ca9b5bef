//! From folders to bundles, with the real bundler: what goes in. `refused` has what does not, and
//! `confined` what uploads are held to.

mod confined;
mod refused;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use roost::build::sourcemap::SourceMap;
use roost::build::{BuildError, Bundle, Format, Tools, bundle};

const BUILTINS: &str = "async_hooks buffer crypto diagnostics_channel events fs fs/promises http https \
    module net os path process querystring stream stream/promises string_decoder timers \
    timers/promises tls tty url util util/types zlib";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn build(dir: &Path) -> Result<Bundle, BuildError> {
    build_with(dir, None, &|_| {})
}

fn build_with(
    dir: &Path,
    npm: Option<&Path>,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<Bundle, BuildError> {
    let esbuild = root().join("sdk/node_modules/@esbuild/linux-x64/bin/esbuild");
    let builtins: Vec<_> = BUILTINS.split_whitespace().collect();
    let tools = Tools {
        esbuild: &esbuild,
        npm,
        builtins: &builtins,
        progress,
        confined: None,
    };
    bundle(dir, &tools)
}

fn fixture(name: &str) -> PathBuf {
    root().join("guests/fixtures").join(name)
}

/// A bot's folder with these files; it is gone when it is dropped.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    dir
}

/// Makes a file a program.
fn executable(path: &Path) -> PathBuf {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_path_buf()
}

/// Runs a bundle on Node under its own name, and gives what it printed on both streams.
fn run_on_node(bundle: &Bundle) -> String {
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("code");
    std::fs::write(&code, &bundle.code).unwrap();
    let script = "const [code, filename] = process.argv.slice(1)
        const body = require('node:fs').readFileSync(code, 'utf8')
        const make = require('node:vm').compileFunction(body, ['require', 'module', 'exports'], { filename })
        const module = { exports: {} }
        const ours = { main: module, requireOf: () => require, importOf: () => (name) => import(name), add() {} }
        const load = (name) => name === 'roost/modules' ? ours : require(name)
        process.env.PORT = '0'
        try { make(load, module, module.exports) } catch (error) { console.log(error.stack) }
        setTimeout(() => process.exit(), 50)";
    let output = Command::new("node")
        .args(["-e", script])
        .arg(&code)
        .arg(&bundle.file)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8(text).unwrap()
}

#[test]
fn the_guests_become_bundles() {
    let echo = build(&root().join("guests/echo")).unwrap();
    assert_eq!(
        (echo.file.as_str(), echo.format),
        ("/app/app.js", Format::CommonJs)
    );
    assert_eq!(echo.entry.chosen_because, "`npm start` runs `node app.js`");
    assert!(echo.warnings.is_empty(), "{:?}", echo.warnings);
    assert!(run_on_node(&echo).starts_with("echo listens on port"));

    let starter = build(&root().join("guests/starter")).unwrap();
    assert_eq!(starter.webhook_path.as_deref(), Some("/webhook"));
    assert!(
        starter.code.contains(r#"require("pg")"#),
        "the runtime provides pg"
    );
    let watched = root()
        .canonicalize()
        .unwrap()
        .join("guests/starter/states/menu.js");
    assert!(
        starter.inputs.contains(&watched.canonicalize().unwrap()),
        "{:?}",
        starter.inputs
    );
    assert!(
        starter
            .inputs
            .iter()
            .all(|path| !path.to_string_lossy().contains("node_modules"))
    );
}

#[test]
fn modules_typescript_and_top_level_await_become_bundles() {
    assert_eq!(build(&fixture("esm_app")).unwrap().format, Format::CommonJs);

    let ts = build(&fixture("ts_app")).unwrap();
    assert_eq!(ts.file, "/app/src/index.ts");
    assert!(
        !ts.code.contains("@shouted"),
        "the engine does not parse decorators"
    );

    let waiting = build(&fixture("top_level_await")).unwrap();
    assert_eq!(
        (waiting.file.as_str(), waiting.format),
        ("/app/app.mjs", Format::Module)
    );
    assert!(waiting.code.starts_with("import{createRequire"));
}

#[test]
fn every_module_knows_its_own_folder_and_which_is_the_main_one() {
    let dir = folder(&[
        ("package.json", r#"{"scripts":{"start":"node ./bin/www"}}"#),
        (
            "bin/www",
            "#!/usr/bin/env node
            require('../routes/x'); require('esm')
            console.log(require.main === module, !module.parent, __filename)",
        ),
        (
            "routes/x.js",
            "const path = require('path')
            console.log(require.main === module, !module.parent, path.join(__dirname, '../views'))",
        ),
        (
            "node_modules/esm/package.json",
            r#"{"type":"module","main":"lib/x.js"}"#,
        ),
        (
            "node_modules/esm/lib/x.js",
            "console.log(import.meta.url, import.meta.dirname)",
        ),
    ]);
    let bundle = build(dir.path()).unwrap();
    assert_eq!(
        run_on_node(&bundle),
        "false false /app/views
file:///app/node_modules/esm/lib/x.js /app/node_modules/esm/lib
true true /app/bin/www
"
    );
}

#[test]
fn a_stack_on_a_real_engine_leads_back_to_the_source() {
    let bundle = build(&fixture("throws_at_top")).unwrap();
    let stack = run_on_node(&bundle);
    let map = SourceMap::parse(&bundle.source_map).unwrap();
    let rewritten = map.rewrite(&bundle.file, &stack);
    assert!(
        rewritten.contains("at firstDish (menu.js:6:24)"),
        "{rewritten}"
    );
    assert!(rewritten.contains("at app.js:4:18"), "{rewritten}");
    assert!(!rewritten.contains("node:vm"), "{rewritten}");
}

#[test]
fn what_a_bot_reads_comes_along_and_secrets_stay() {
    let key = format!("-----BEGIN PRIVATE KEY-----\\n{}\\n", "MIIEvg+/".repeat(8));
    let mention = "key.replace('-----BEGIN PRIVATE KEY-----', '')";
    let dir = folder(&[
        (
            "app.js",
            "require('fonts'); require('./data/' + process.env.X); require(process.argv[2])",
        ),
        ("views/index.ejs", "<p>"),
        ("public/js/page.js", "alert()"),
        ("data/menu.json", "[]"),
        ("notes.txt", mention),
        (".env", "A=1"),
        ("config/live.env", "A=1"),
        (".git/config", "x"),
        ("server.pem", &key),
        ("short.key", "-----BEGIN PRIVATE KEY-----"),
        ("binary.key", "MIIEvg"),
        ("store.P12", "x"),
        ("ca.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n"),
        ("theirs.key", "-----BEGIN PUBLIC KEY-----\nMIIB\n"),
        ("app.log", "x"),
        ("account.json", &key),
        ("src/unused.js", "code"),
        ("package-lock.json", "{}"),
        ("tests/a.txt", "x"),
        (
            "node_modules/fonts/index.js",
            "exports.font = () => require('fs').readFileSync(__dirname + '/a.afm')",
        ),
        ("node_modules/fonts/a.afm", "font"),
        ("node_modules/fonts/README.md", "x"),
        ("node_modules/other/a.txt", "x"),
    ]);
    std::os::unix::fs::symlink("/etc/hostname", dir.path().join("link.txt")).unwrap();
    std::fs::write(dir.path().join("film.bin"), vec![0; 3 * 1024 * 1024]).unwrap();
    let bundle = build(dir.path()).unwrap();
    let paths: Vec<_> = bundle.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/app/app.js",
            "/app/ca.pem",
            "/app/data/menu.json",
            "/app/notes.txt",
            "/app/public/js/page.js",
            "/app/src/unused.js",
            "/app/theirs.key",
            "/app/views/index.ejs",
            "/app/node_modules/fonts/a.afm",
        ]
    );
    let warnings: Vec<_> = bundle.warnings.iter().map(ToString::to_string).collect();
    let left_out = [
        "`account.json` is left out: it holds a private key",
        "`binary.key` is left out: it may be a private key",
        "`film.bin` (3072 KiB) is left out",
        "`server.pem` is left out: it holds a private key",
        "`short.key` is left out: it holds a private key",
        "`store.P12` is left out: such files hold private keys",
    ];
    assert_eq!(warnings.len(), left_out.len(), "{warnings:?}");
    for (warning, expected) in warnings.iter().zip(left_out) {
        assert!(warning.starts_with(expected), "{warning}");
    }
}

/// Stands for npm: writes down what it was asked, installs one package.
const NPM: &str = "#!/bin/sh
echo \"$@\" >> asked
mkdir -p node_modules
[ -e broken ] && { echo 'npm warn old'; echo 'npm error 404 Not Found' >&2; exit 1; }
[ $1 = ci ] && grep -q old package-lock.json && { echo 'npm error code EUSAGE' >&2; exit 1; }
[ $1 = ci ] || echo '{\"new\":1}' > package-lock.json
mkdir -p node_modules/left && echo 'console.log(1)' > node_modules/left/index.js
";

#[test]
fn packages_are_installed_once_and_without_their_scripts() {
    let package = r#"{"main":"app.js","dependencies":{"left":"1","pg":"8","@types/node":"1"}}"#;
    let app = "require('left')";
    let dir = folder(&[("package.json", package), ("app.js", app), ("npm", NPM)]);
    let path = |name: &str| dir.path().join(name);
    let npm = path("npm");
    executable(&npm);
    let said = Mutex::new(Vec::new());
    let progress = |step: &str| said.lock().unwrap().push(step.to_owned());
    let build_with_npm = || build_with(dir.path(), Some(&npm), &progress);

    let error = build(dir.path()).unwrap_err().to_string();
    let advice = "not installed: `left`\n  = run this in its folder: npm install --ignore-scripts";
    assert!(error.contains(advice), "{error}");

    std::fs::write(path("broken"), "").unwrap();
    let error = build_with_npm().unwrap_err().to_string();
    assert!(
        error.contains("failed\nnpm error 404 Not Found\n  = run it"),
        "{error}"
    );
    assert!(
        !path("node_modules").exists(),
        "the next build would not install"
    );
    std::fs::remove_file(path("broken")).unwrap();

    // A lockfile that is out of step is not followed, and not changed.
    std::fs::write(path("package-lock.json"), r#"{"old":1}"#).unwrap();
    build_with_npm().unwrap();
    build_with_npm().unwrap();
    assert_eq!(
        std::fs::read_to_string(path("package-lock.json")).unwrap(),
        r#"{"old":1}"#
    );

    let options = "--ignore-scripts --omit=dev --no-audit --no-fund";
    let asked = std::fs::read_to_string(path("asked")).unwrap();
    let expected = ["install", "ci", "install"].map(|action| format!("{action} {options}\n"));
    assert_eq!(asked, expected.concat());
    assert_eq!(said.lock().unwrap().len(), 4, "{said:?}");
}

#[test]
fn decorators_are_told_the_types_that_typescript_would_tell_them() {
    let app = "import { Store } from './store'
const told: string[] = []
;(Reflect as any).metadata = (key: string, value: any) => (target: any, name?: string) => {
  told.push(`${name ?? target.name} ${key} ${Array.isArray(value) ? value.map((type) => type?.name) : value?.name}`)
}
const marked = (): any => () => {}
interface Shape { a: number }
@marked()
class Service {
  constructor(private store: Store, count: number, shape: Shape, names: string[], @marked() when?: Date) {}
  @marked() price: string | null
  @marked() run(fast: boolean, kind: 'a' | 'b'): Promise<void> { return null as any }
}
console.log(told.join('\\n'), Service.name)";
    let dir = folder(&[
        ("package.json", r#"{"main":"app.ts"}"#),
        ("app.ts", app),
        ("store.ts", "export class Store {}"),
        ("tsconfig.json", "{ // Nest's\n \"extends\": \"./base\" }"),
        (
            "base.json",
            r#"{"compilerOptions":{"experimentalDecorators":true,"emitDecoratorMetadata":true}}"#,
        ),
    ]);
    let told = run_on_node(&build(dir.path()).unwrap());
    assert_eq!(
        told,
        "price design:type String
run design:returntype Promise
run design:paramtypes Boolean,String
run design:type Function
Service design:paramtypes Store,Number,Object,Array,Date Service
"
    );
}

#[test]
fn a_main_that_leads_nowhere_is_said() {
    let dir = folder(&[("package.json", r#"{"main":"indx.js"}"#), ("index.js", "")]);
    let warnings = build(dir.path()).unwrap().warnings;
    assert_eq!(
        warnings[0].to_string(),
        "`main` of package.json is `indx.js`, which is not there: `index.js` is started\n  = correct `main`"
    );
}

#[test]
fn packages_that_are_slow_in_javascript_are_told_with_what_to_use() {
    let dir = folder(&[
        (
            "app.js",
            "const forge = require('node-forge')\nrequire('crypto-js')\nrequire('./keys')\nrequire('kit')\nexports.forge = forge",
        ),
        (
            "keys.js",
            "const { PBKDF2 } = require('crypto-js')\nexports.derive = PBKDF2",
        ),
        ("node_modules/node-forge/index.js", "exports.x = 1"),
        ("node_modules/crypto-js/index.js", "exports.PBKDF2 = 1"),
        ("node_modules/kit/index.js", "require('elliptic')"),
        ("node_modules/elliptic/index.js", "exports.x = 1"),
    ]);
    let warnings = build(dir.path()).unwrap().warnings;
    let warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(
        warnings[0].starts_with("`node-forge` signs, encrypts and makes keys in JavaScript")
            && warnings[0].contains(" --> app.js:1:")
            && warnings[0].contains("use node:crypto"),
        "{warnings:?}"
    );
    assert!(
        warnings[1].contains("crypto.pbkdf2") && warnings[1].contains(" --> keys.js:1:"),
        "{warnings:?}"
    );
}

#[test]
fn a_folder_that_is_none_is_said() {
    let error = build(Path::new("/nowhere/at/all")).unwrap_err().to_string();
    assert_eq!(
        error,
        "`/nowhere/at/all` is not a folder\n  = give the folder that holds the bot's package.json"
    );
}

#[test]
fn handlers_that_change_module_state_are_told_so() {
    let told = |folder: &Path| -> Vec<String> {
        let warnings = build(folder).unwrap().warnings.into_iter();
        let warnings = warnings.map(|warning| warning.to_string());
        warnings
            .filter(|warning| warning.contains("what handlers put into it"))
            .collect()
    };
    let keeps = told(&fixture("eats_memory"));
    assert!(
        keeps.len() == 1 && keeps[0].contains(" --> app.js:11:12\n"),
        "{keeps:?}"
    );
    for silent in ["echo", "starter", "fixtures/esm_app", "fixtures/ts_app"] {
        let told = told(&root().join("guests").join(silent));
        assert!(told.is_empty(), "{silent}: {told:?}");
    }
    // It asks for a resident instance, so what it counts is kept.
    assert_eq!(told(&fixture("counts")), Vec::<String>::new());
}
