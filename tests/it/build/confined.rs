//! Folders that somebody uploaded: what they may not have the host run or read.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use roost::build::{BuildError, Bundle, Confined, ProblemKind, Tools, bundle};
use serde_json::json;

use super::{BUILTINS, NPM, executable, folder, root, run_on_node};

/// Builds as a host does what was uploaded to it.
fn build_upload(dir: &Path, npm: &Path) -> Result<Bundle, BuildError> {
    let esbuild = root().join("sdk/node_modules/@esbuild/linux-x64/bin/esbuild");
    let builtins: Vec<_> = BUILTINS.split_whitespace().collect();
    let confined = Confined {
        patience: Duration::from_secs(60),
        stop: Arc::new(AtomicBool::new(false)),
        registries: None,
        way: None,
    };
    let tools = Tools {
        esbuild: &esbuild,
        npm: Some(npm),
        builtins: &builtins,
        progress: &|_| {},
        confined: Some(&confined),
    };
    bundle(dir, &tools)
}

/// A folder with an upload in it: what is beside `bot` is the host's.
fn upload(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
    let outer = folder(&[
        ("artifacts/package.json", "{}"),
        ("artifacts/secret.txt", "of another tenant"),
    ]);
    let bot = outer.path().canonicalize().unwrap().join("bot");
    for (name, content) in files {
        let path = bot.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    (outer, bot)
}

/// A package.json with one dependency.
fn depends(name: &str, spec: &str) -> String {
    json!({ "main": "app.js", "dependencies": { name: spec } }).to_string()
}

#[test]
fn a_bundles_source_map_holds_no_file_of_the_host() {
    let (outer, bot) = upload(&[
        ("package.json", "{}"),
        (
            "app.js",
            "require('./far'); require('./near'); require('http').createServer().listen(3000)\n",
        ),
        (
            "far.js",
            "exports.f = () => 1\n//# sourceMappingURL=far.js.map\n",
        ),
        (
            "near.js",
            "exports.f = () => 2\n//# sourceMappingURL=near.js.map\n",
        ),
        (
            "src/near.ts",
            "export const f = (): number => 2 // of the author\n",
        ),
    ]);
    let outside = outer.path().canonicalize().unwrap();
    let secret = outside.join("artifacts/secret.txt").display().to_string();
    let map = |sources: &[&str]| {
        json!({ "version": 3, "sources": sources, "names": [], "mappings": "AAAA;AAAA" })
            .to_string()
    };
    std::fs::write(bot.join("near.js.map"), map(&["src/near.ts"])).unwrap();
    for source in [
        secret.clone(),
        format!("file://{secret}"),
        "../artifacts/secret.txt".to_owned(),
        "src/../../artifacts/secret.txt".to_owned(),
    ] {
        std::fs::write(bot.join("far.js.map"), map(&[source.as_str()])).unwrap();
        let bundle = build_upload(&bot, Path::new("npm")).unwrap();
        let map = String::from_utf8(bundle.source_map).unwrap();
        assert!(!map.contains("of another tenant"), "{source}: {map}");
        assert!(map.contains("of the author"), "{source}: {map}");
    }
}

#[test]
fn a_packages_name_says_nothing_of_the_hosts_folders() {
    let told = |name: &str| {
        let (_outer, bot) = upload(&[("package.json", &depends(name, "*")), ("app.js", "")]);
        // No npm is there: what is missing is all that is told.
        build_upload(&bot, Path::new("/nonexistent/npm"))
            .unwrap_err()
            .to_string()
    };
    for (there, absent) in [("/etc", "/cte"), ("../../artifacts", "../../straficta")] {
        assert_eq!(told(there), told(absent).replace(absent, there));
    }
}

#[test]
fn what_is_neither_of_a_registry_nor_in_the_folder_never_reaches_npm() {
    let lock = |path: &str, package: serde_json::Value| {
        json!({
            "lockfileVersion": 3,
            "packages": {
                "": { "dependencies": { "dep": "1.0.0" } },
                "node_modules/dep": { "version": "1.0.0" },
                path: package,
            },
        })
        .to_string()
    };
    let old = |dep: serde_json::Value| {
        json!({ "lockfileVersion": 1, "dependencies": { "dep": dep } }).to_string()
    };
    let plain = depends("dep", "1.0.0");
    let of_workspace = json!({
        "main": "app.js", "workspaces": ["packages/*"], "dependencies": { "own": "*" },
    })
    .to_string();
    let overridden = json!({
        "main": "app.js",
        "dependencies": { "left": "1" },
        "overrides": { "left": { "dep": "git+http://127.0.0.1:9/x.git" } },
    })
    .to_string();
    let optional = json!({ "main": "app.js", "dependencies": { "left": "1" }, "optionalDependencies": { "dep": "a/b" } }).to_string();
    let cases: Vec<(&str, Vec<(&str, String)>)> = vec![
        (
            "git",
            vec![(
                "package.json",
                depends("dep", "git+http://127.0.0.1:9/x.git"),
            )],
        ),
        (
            "a repository's short name",
            vec![("package.json", depends("dep", "a/b#main"))],
        ),
        (
            "a URL",
            vec![("package.json", depends("dep", "http://127.0.0.1:9/x.tgz"))],
        ),
        (
            "a folder outside",
            vec![("package.json", depends("dep", "file:../artifacts"))],
        ),
        (
            "a link outside",
            vec![("package.json", depends("dep", "link:/etc"))],
        ),
        (
            "an alias of a repository",
            vec![("package.json", depends("dep", "npm:x@git+file:///x"))],
        ),
        ("optional", vec![("package.json", optional)]),
        ("overrides", vec![("package.json", overridden)]),
        (
            "a package of the workspace",
            vec![
                ("package.json", of_workspace),
                (
                    "packages/own/package.json",
                    json!({ "name": "own", "dependencies": { "dep": "file:../../../artifacts" } })
                        .to_string(),
                ),
            ],
        ),
        (
            "a lock file's link",
            vec![
                ("package.json", plain.clone()),
                (
                    "package-lock.json",
                    lock(
                        "node_modules/dep",
                        json!({ "resolved": "../artifacts", "link": true }),
                    ),
                ),
            ],
        ),
        (
            "a lock file's folder",
            vec![
                ("package.json", plain.clone()),
                (
                    "package-lock.json",
                    lock(
                        "../artifacts/node_modules/dep",
                        json!({ "version": "1.0.0" }),
                    ),
                ),
            ],
        ),
        (
            "a file that npm would take for its lock file",
            vec![
                ("package.json", depends("dep", "file:npm-shrinkwrap.json")),
                (
                    "npm-shrinkwrap.json",
                    lock(
                        "node_modules/left",
                        json!({ "dev": true, "version": "1.0.0", "resolved": "file:/etc" }),
                    ),
                ),
            ],
        ),
        (
            "the package.json itself",
            vec![("package.json", depends("dep", "file:package.json"))],
        ),
        (
            "a text that is called an archive",
            vec![
                ("package.json", depends("dep", "file:x.tgz")),
                ("x.tgz", "{}".to_owned()),
            ],
        ),
        (
            "another name in a lock file",
            vec![
                ("package.json", plain.clone()),
                (
                    "package-lock.json",
                    lock(
                        "node_modules/dep",
                        json!({ "name": "ms@file:/etc#", "version": "2.1.3" }),
                    ),
                ),
            ],
        ),
        (
            "what a lock file says that a package was",
            vec![
                ("package.json", plain.clone()),
                (
                    "npm-shrinkwrap.json",
                    lock(
                        "node_modules/dep",
                        json!({ "version": "1.0.0", "resolved": "git+ssh://git@h/x.git#1" }),
                    ),
                ),
            ],
        ),
        (
            "a lock file's nested dependency",
            vec![
                ("package.json", plain.clone()),
                (
                    "package-lock.json",
                    lock(
                        "node_modules/x",
                        json!({ "version": "1.0.0", "dependencies": { "dep": "github:a/b" } }),
                    ),
                ),
            ],
        ),
        (
            "a lock file of old",
            vec![
                ("package.json", plain.clone()),
                (
                    "package-lock.json",
                    old(
                        json!({ "version": "1.0.0", "dependencies": { "x": { "version": "file:../../artifacts" } } }),
                    ),
                ),
            ],
        ),
        (
            "a version of a lock file of old",
            vec![
                ("package.json", plain),
                (
                    "package-lock.json",
                    old(json!({ "version": "git+http://127.0.0.1:9/x.git#1" })),
                ),
            ],
        ),
    ];
    for (what, files) in cases {
        let mut files: Vec<(&str, &str)> = files
            .iter()
            .map(|(name, text)| (*name, text.as_str()))
            .collect();
        files.extend([("app.js", "require('dep')"), ("npm", NPM)]);
        let (_outer, bot) = upload(&files);
        let npm = executable(&bot.join("npm"));
        let error = build_upload(&bot, &npm).unwrap_err();
        let text = error.to_string();
        let BuildError::Code(problems) = error else {
            panic!("{what}: {text}");
        };
        let is_named = problems
            .iter()
            .all(|problem| matches!(&problem.kind, ProblemKind::Dependency(_)));
        assert!(
            is_named && text.contains("  = take a version of the registry"),
            "{what}: {text}"
        );
        assert!(
            ["`dep`", "`x`", "../artifacts"]
                .iter()
                .any(|name| text.contains(name)),
            "{what}: {text}"
        );
        assert!(!bot.join("asked").exists(), "{what}: npm was started");
    }
}

/// A registry on this machine with these packages, each of which says its own version.
fn registry(packages: &[(&str, &str, serde_json::Value)]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    let mut answers = BTreeMap::new();
    let mut listings: BTreeMap<&str, serde_json::Value> = BTreeMap::new();
    for (name, version, dependencies) in packages {
        let manifest = json!({ "name": name, "version": version, "dependencies": dependencies });
        let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let code = format!("console.log('{name} {version}')");
        for (file, content) in [
            ("package/package.json", manifest.to_string()),
            ("package/index.js", code),
        ] {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            tar.append_data(&mut header, file, content.as_bytes())
                .unwrap();
        }
        let path = format!("{name}/-/{name}-{version}.tgz");
        let mut listed = manifest;
        listed["dist"] = json!({ "tarball": format!("{base}{path}") });
        answers.insert(
            format!("/{path}"),
            tar.into_inner().unwrap().finish().unwrap(),
        );
        let listing = listings
            .entry(name)
            .or_insert_with(|| json!({ "name": name, "versions": {} }));
        listing["versions"][version] = listed;
        listing["dist-tags"] = json!({ "latest": version });
    }
    for (name, listing) in listings {
        answers.insert(format!("/{name}"), listing.to_string().into_bytes());
    }
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let request = lines.next().and_then(Result::ok).unwrap_or_default();
            while lines
                .next()
                .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
            {}
            let path = request.split(' ').nth(1).unwrap_or_default();
            let (status, body) = match answers.get(path) {
                Some(body) => ("200 OK", body.as_slice()),
                None => ("404 Not Found", &b"{}"[..]),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(&[head.as_bytes(), body].concat());
        }
    });
    base
}

/// A repository whose settings have npm start a program of its own in git's place, once npm prepares it.
fn trap(dir: &Path, ran: &Path) -> String {
    let git = |folder: &Path, words: &[&str]| {
        let done = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@b"])
            .args(words)
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    };
    let [a, b] = ["a", "b"].map(|name| dir.join(name));
    let package = |name: &str, more: serde_json::Value| {
        let mut package = json!({ "name": name, "version": "1.0.0", "main": "index.js" });
        package
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        package.to_string()
    };
    let of_b = format!("git+file://{}", b.display());
    for (folder, files) in [
        (
            &a,
            vec![
                (
                    "package.json",
                    package(
                        "a",
                        json!({ "scripts": { "prepare": "true" }, "devDependencies": { "b": of_b } }),
                    ),
                ),
                (".npmrc", "git=./evil.sh".to_owned()),
                (
                    "evil.sh",
                    format!("#!/bin/sh\ntouch {}\nexec git \"$@\"\n", ran.display()),
                ),
            ],
        ),
        (&b, vec![("package.json", package("b", json!({})))]),
    ] {
        std::fs::create_dir_all(folder).unwrap();
        for (name, content) in files {
            std::fs::write(folder.join(name), content).unwrap();
            if name == "evil.sh" {
                executable(&folder.join(name));
            }
        }
        git(folder, &["init", "-q"]);
        git(folder, &["add", "."]);
        git(folder, &["commit", "-qm", "x"]);
    }
    format!("git+file://{}", a.display())
}

#[test]
fn no_package_runs_code_on_the_host() {
    let outside = tempfile::tempdir().unwrap();
    let ran = outside.path().join("ran");
    let repository = trap(outside.path(), &ran);
    let npm = Path::new("npm");

    let (_outer, bot) = upload(&[
        ("package.json", &depends("a", &repository)),
        ("app.js", "require('a')"),
    ]);
    let error = build_upload(&bot, npm).unwrap_err().to_string();
    assert!(!ran.exists(), "the repository's program ran: {error}");
    assert!(error.contains("`a` is `git+file://"), "{error}");

    // A package of a registry leads there.
    let base = registry(&[("front", "1.0.0", json!({ "a": repository }))]);
    let (_outer, bot) = upload(&[
        ("package.json", &depends("front", "1.0.0")),
        (".npmrc", &format!("registry={base}")),
        ("app.js", "require('front')"),
    ]);
    let error = build_upload(&bot, npm).unwrap_err().to_string();
    assert!(!ran.exists(), "the repository's program ran: {error}");
    assert!(error.contains("git+file://"), "{error}");
}

#[test]
fn settings_of_package_managers_in_an_upload_do_nothing() {
    let outside = tempfile::tempdir().unwrap();
    let ran = outside.path().join("ran");
    let touch = format!("#!/bin/sh\ntouch {}\nexit 1\n", ran.display());
    let hook = format!("require('fs').writeFileSync({:?}, '')", ran);
    let base = registry(&[("front", "1.0.0", json!({}))]);
    let own = json!({ "name": "own", "version": "1.0.0", "dependencies": { "front": "1.0.0" } })
        .to_string();
    let package = json!({
        "main": "app.js",
        "workspaces": ["packages/*"],
        "dependencies": { "front": "1.0.0", "own": "*" },
        "scripts": { "preinstall": "./evil.sh", "prepare": "./evil.sh", "start": "node app.js" },
        "packageManager": "yarn@4.0.0",
    })
    .to_string();
    let (_outer, bot) = upload(&[
        ("package.json", &package),
        ("app.js", "require('front'); require('own')"),
        ("packages/own/package.json", &own),
        ("packages/own/index.js", ""),
        (".npmrc", &format!("registry={base}")),
        (
            "packages/own/.npmrc",
            "git=./evil.sh\nnode-options=--require ./evil.js\nscript-shell=./evil.sh",
        ),
        (".yarnrc", "yarn-path ./evil.js"),
        (
            ".yarnrc.yml",
            "yarnPath: ./evil.js\nplugins:\n  - ./evil.js",
        ),
        (".pnpmfile.cjs", &hook),
        (".pnp.cjs", &hook),
        ("evil.js", &hook),
        ("evil.sh", &touch),
    ]);
    executable(&bot.join("evil.sh"));
    let bundle = build_upload(&bot, Path::new("npm")).unwrap();
    assert!(!ran.exists());
    assert!(
        bundle.code.contains("node_modules/front/index.js"),
        "{}",
        bundle.code
    );
    assert!(!bot.join("node_modules/.bin").exists());
}

#[test]
fn what_lies_beside_the_folder_stays_there() {
    use base64::Engine as _;
    // The map says that this module is one of a package that is a link to the host's folder.
    let map = json!({ "version": 3, "sources": ["node_modules/dep/x.js"], "names": [], "mappings": "AAAA" });
    let map = base64::engine::general_purpose::STANDARD.encode(map.to_string());
    let leak = format!(
        "module.exports = [__dirname]\n//# sourceMappingURL=data:application/json;base64,{map}"
    );
    let (outer, bot) = upload(&[
        ("package.json", r#"{"main":"app.js"}"#),
        ("app.js", "console.log(require('./leak'), require('real'))"),
        ("leak.js", &leak),
        ("node_modules/real/index.js", "module.exports = __dirname"),
        ("node_modules/real/data.txt", "its own"),
    ]);
    std::os::unix::fs::symlink(outer.path().join("artifacts"), bot.join("node_modules/dep"))
        .unwrap();
    std::os::unix::fs::symlink(outer.path().join("artifacts"), bot.join("data")).unwrap();
    let bundle = build_upload(&bot, Path::new("npm")).unwrap();
    let files: Vec<_> = bundle.files.iter().map(|file| file.path.as_str()).collect();
    assert!(
        files.contains(&"/app/node_modules/real/data.txt"),
        "{files:?}"
    );
    assert!(
        files.iter().all(|file| !file.contains("secret")),
        "{files:?}"
    );

    // Nor is it code: the same through the link.
    std::fs::write(
        outer.path().join("artifacts/index.js"),
        "module.exports = __dirname",
    )
    .unwrap();
    std::fs::write(bot.join("app.js"), "require('dep')").unwrap();
    let error = build_upload(&bot, Path::new("npm"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("outside of the bot's folder"), "{error}");
}

#[test]
fn packages_above_the_folder_are_none_of_the_bots() {
    let thrown = "try { require('above') } catch (error) { console.log(error.code) }
        try { require(['above'][0]) } catch (error) { console.log(error.code) }
        require('events'); require('left'); require('has')";
    let (outer, bot) = upload(&[
        ("package.json", &depends("left", "1")),
        ("app.js", thrown),
        ("npm", NPM),
    ]);
    let above = outer.path().join("node_modules");
    for name in ["left", "above", "events", "has"] {
        std::fs::create_dir_all(above.join(name)).unwrap();
        std::fs::write(above.join(name).join("index.js"), "throw 'of the host'").unwrap();
    }
    let workspace = json!({ "workspaces": ["*"], "dependencies": { "above": "1" } });
    std::fs::write(outer.path().join("package.json"), workspace.to_string()).unwrap();
    std::fs::write(
        outer.path().join("tsconfig.json"),
        r#"{"compilerOptions":{"paths":{"events":["./node_modules/above"]}}}"#,
    )
    .unwrap();
    let npm = executable(&bot.join("npm"));

    // What nobody declared is missing, whoever else has it.
    let error = build_upload(&bot, &npm).unwrap_err().to_string();
    assert!(
        error.starts_with("`has` is not installed\n --> app.js:3:53"),
        "{error}"
    );
    assert!(bot.join("node_modules/left").is_dir(), "npm was not asked");

    std::fs::create_dir_all(bot.join("node_modules/has")).unwrap();
    std::fs::write(bot.join("node_modules/has/index.js"), "console.log(2)").unwrap();
    let bundle = build_upload(&bot, &npm).unwrap();
    assert_eq!(
        run_on_node(&bundle),
        "MODULE_NOT_FOUND\nMODULE_NOT_FOUND\n1\n2\n"
    );
}

#[test]
fn lock_files_of_other_programs_are_followed() {
    let base = registry(&[
        ("left", "1.0.0", json!({ "deep": "^2.0.0" })),
        ("left", "1.1.0", json!({ "deep": "^2.0.0" })),
        ("deep", "2.0.0", json!({})),
        ("deep", "2.5.0", json!({})),
        ("deep", "3.0.0", json!({})),
    ]);
    let package = |left: &str| {
        json!({ "main": "app.js", "dependencies": { "left": left, "deep": "3" } }).to_string()
    };
    let locks = [
        (
            "pnpm-lock.yaml",
            "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      deep:\n        specifier: '3'\n        version: 3.0.0\n      left:\n        specifier: ^1.0.0\n        version: 1.0.0\npackages:\n  deep@2.0.0:\n    engines: {node: '>=1'}\n  deep@3.0.0: {}\n  left@1.0.0: {}\nsnapshots:\n  deep@2.0.0: {}\n  deep@3.0.0: {}\n  left@1.0.0:\n    dependencies:\n      deep: 2.0.0\n".to_owned(),
        ),
        (
            "pnpm-lock.yaml",
            "lockfileVersion: 5.4\nspecifiers:\n  deep: '3'\n  left: ^1.0.0\ndependencies:\n  deep: 3.0.0\n  left: 1.0.0\npackages:\n  /deep/2.0.0:\n    dev: false\n  /deep/3.0.0:\n    dev: false\n  /left/1.0.0:\n    dependencies:\n      deep: 2.0.0\n".to_owned(),
        ),
        (
            "yarn.lock",
            "# yarn lockfile v1\n\n\ndeep@3:\n  version \"3.0.0\"\n\ndeep@^2.0.0:\n  version \"2.0.0\"\n\nleft@^1.0.0:\n  version \"1.0.0\"\n  dependencies:\n    deep \"^2.0.0\"\n".to_owned(),
        ),
        (
            "yarn.lock",
            "__metadata:\n  version: 8\n\n\"deep@npm:3\":\n  version: 3.0.0\n  resolution: \"deep@npm:3.0.0\"\n\n\"deep@npm:^2.0.0\":\n  version: 2.0.0\n  resolution: \"deep@npm:2.0.0\"\n\n\"left@npm:^1.0.0\":\n  version: 1.0.0\n  resolution: \"left@npm:1.0.0\"\n  dependencies:\n    deep: \"npm:^2.0.0\"\n".to_owned(),
        ),
    ];
    for (index, (file, lock)) in locks.iter().enumerate() {
        let lock = lock.as_str();
        let app =
            "require('left'); require('deep'); require('./node_modules/left/node_modules/deep')";
        let npmrc = format!("registry={base}");
        let files = |left: &str| {
            upload(&[
                ("package.json", &package(left)),
                (".npmrc", &npmrc),
                ("app.js", app),
                (file, lock),
            ])
        };
        let (_outer, bot) = files("^1.0.0");
        let bundle =
            build_upload(&bot, Path::new("npm")).unwrap_or_else(|error| panic!("{file}: {error}"));
        for says in ["left 1.0.0", "deep 3.0.0", "deep 2.0.0"] {
            assert!(
                bundle.code.contains(says),
                "{says} by {file}\n{lock}\n{}",
                bundle.code
            );
        }
        assert!(bundle.warnings.is_empty(), "{:?}", bundle.warnings);

        if index % 2 == 1 {
            continue;
        }
        // One that is not of this package.json is followed as far as it goes, and that is said.
        let (_outer, bot) = files("^1.1.0");
        let bundle =
            build_upload(&bot, Path::new("npm")).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(
            bundle.code.contains("left 1.1.0"),
            "{file}: {}",
            bundle.code
        );
        let told = bundle.warnings[0].to_string();
        assert!(
            told.starts_with(&format!(
                "`{file}` does not have `left` as package.json asks"
            )),
            "{told}"
        );
    }
}
