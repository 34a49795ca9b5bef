//! How packages come to a build that has no network: by the host, from the registries that its operator allows.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use roost::deploys::BundlingSettings;
use roost::egress::{EgressLimits, EgressPolicy};
use serde_json::{Value, json};

use super::{ended, post, refusal};
use crate::host::support::{Setup, TestHost};
use crate::host::versions::{named, packed};

/// A registry on this machine.
pub(super) struct Registry {
    pub(super) base: String,
    answers: Arc<Mutex<BTreeMap<String, Answer>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
pub(super) enum Answer {
    Bytes(Vec<u8>),
    To(String),
    Never,
}

impl Registry {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let registry = Self {
            base: format!("http://{}", listener.local_addr().unwrap()),
            answers: Arc::default(),
            asked: Arc::default(),
        };
        let (answers, asked) = (registry.answers.clone(), registry.asked.clone());
        std::thread::spawn(move || {
            let mut kept = Vec::new();
            for stream in listener.incoming() {
                kept.extend(answered(stream.unwrap(), &answers, &asked));
            }
        });
        registry
    }

    pub(super) fn answers(&self, path: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// What it was asked, a request with its headers in each.
    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Has a package in one version, whose archive is this.
    pub(super) fn has(&self, name: &str, manifest: Value, archive: Answer) {
        let mut manifest = manifest;
        manifest["name"] = name.into();
        manifest["version"] = "1.0.0".into();
        if manifest["dist"].is_null() {
            let tarball = format!("{}/{name}/-/{name}-1.0.0.tgz", self.base);
            manifest["dist"] = json!({ "tarball": tarball });
        }
        let listing = json!({
            "name": name,
            "dist-tags": { "latest": "1.0.0" },
            "versions": { "1.0.0": manifest },
        });
        self.answers(
            &format!("/{name}"),
            Answer::Bytes(listing.to_string().into_bytes()),
        );
        self.answers(&format!("/{name}/-/{name}-1.0.0.tgz"), archive);
    }

    /// A host that takes packages from it.
    pub(super) fn host(&self, limits: EgressLimits) -> Setup {
        let allowed = Some([self.base.clone()].into());
        Setup {
            bundling: BundlingSettings {
                limits,
                ..BundlingSettings::of_this_program(allowed, EgressPolicy::default())
            },
            ..Setup::default()
        }
    }
}

/// Gives the stream back when it is never answered.
fn answered(
    mut stream: TcpStream,
    answers: &Mutex<BTreeMap<String, Answer>>,
    asked: &Mutex<Vec<String>>,
) -> Option<TcpStream> {
    let lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let lines: Vec<String> = lines
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .collect();
    let path = lines.first()?.split(' ').nth(1)?.to_owned();
    asked.lock().unwrap().push(lines.join("\n"));
    let (head, body) = match answers.lock().unwrap().get(&path).cloned() {
        Some(Answer::Bytes(body)) => ("200 OK".to_owned(), body),
        Some(Answer::To(to)) => (format!("302 Found\r\nlocation: {to}"), Vec::new()),
        Some(Answer::Never) => return Some(stream),
        None => ("404 Not Found".to_owned(), b"{}".to_vec()),
    };
    let head = format!(
        "HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(&[head.as_bytes(), &body].concat());
    None
}

/// What npm takes for a package: files below `package/`.
pub(super) fn package(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        header.set_cksum();
        let name = format!("package/{name}");
        builder
            .append_data(&mut header, name, content.as_bytes())
            .unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

/// A bot that needs one package, and has a registry in its `.npmrc`.
pub(super) fn needs(name: &str, npmrc: &str) -> Vec<u8> {
    let manifest = json!({ "main": "app.js", "dependencies": { name: "1.0.0" } }).to_string();
    let app = format!("const says = require('{name}')\n{}", named("${says}"));
    packed(&[
        ("package.json", &manifest),
        ("app.js", &app),
        (".npmrc", npmrc),
    ])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packages_come_by_the_host_with_what_the_bot_logs_in_with() {
    let registry = Registry::start();
    let mut host = TestHost::start_with(registry.host(EgressLimits::default())).await;
    let mut project = host.project("shop").await.customer("16505551234").await;
    let operator = host.operator();
    let archive = package(&[
        ("package.json", r#"{"name":"said","version":"1.0.0"}"#),
        ("index.js", "module.exports = 'by the host'"),
    ]);
    registry.has("said", json!({}), Answer::To("/moved.tgz".to_owned()));
    registry.answers("/said", {
        let listing = json!({
            "name": "said",
            "dist-tags": { "latest": "1.0.0" },
            "versions": { "1.0.0": { "name": "said", "version": "1.0.0",
                "dist": { "tarball": format!("{}/said/-/said-1.0.0.tgz", registry.base) } } },
        });
        Answer::Bytes(listing.to_string().into_bytes())
    });
    registry.answers("/moved.tgz", Answer::Bytes(archive));
    let base = &registry.base;
    let login = base.strip_prefix("http:").unwrap();
    let npmrc = format!("registry={base}/\n{login}/:_authToken=of-the-bot");
    let error = refusal(&operator, "shop", needs("said", &npmrc)).await;
    assert_eq!(error, None);
    project.says("hi").await;
    assert_eq!(project.hears().await, "by the host: hi");
    let asked = registry.asked();
    for path in ["/said", "/said/-/said-1.0.0.tgz", "/moved.tgz"] {
        let request = asked
            .iter()
            .find(|request| request.starts_with(&format!("GET {path} ")));
        let request = request.unwrap_or_else(|| panic!("{path} is not in {asked:#?}"));
        assert!(
            request.contains("authorization: Bearer of-the-bot"),
            "{request}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_that_never_answers_holds_up_nobody_else() {
    let registry = Registry::start();
    registry.answers("/slow", Answer::Never);
    let mut host = TestHost::start_with(registry.host(EgressLimits::default())).await;
    let npmrc = format!("registry={}/", registry.base);
    let operator = host.operator();
    // More than are built at once.
    for name in ["a-slow", "b-slow", "c-slow", "d-slow"] {
        host.project(name).await;
        post(&operator, name, needs("slow", &npmrc)).await.ok();
    }
    host.project("shop").await;
    let upload = packed(&[("app.js", &named("on time"))]);
    let version = post(&operator, "shop", upload).await.ok();
    let version = ended(&operator, "shop", version["name"].as_str().unwrap()).await;
    assert_eq!(version["state"], "ready", "{version}");
    for name in ["a-slow", "b-slow", "c-slow", "d-slow"] {
        let slow = operator
            .get(&format!("/v1/projects/{name}/versions/v1"))
            .await
            .ok();
        assert_eq!(slow["state"], "building", "{slow}");
    }
    host.stops().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_that_never_answers_fails_the_build_that_waits_for_it() {
    let registry = Registry::start();
    registry.answers("/slow", Answer::Never);
    let limits = EgressLimits {
        first_byte: Duration::from_millis(300),
        ..EgressLimits::default()
    };
    let mut host = TestHost::start_with(registry.host(limits)).await;
    host.project("shop").await;
    let npmrc = format!("registry={}/", registry.base);
    let error = refusal(&host.operator(), "shop", needs("slow", &npmrc))
        .await
        .unwrap();
    assert!(error.contains("no answer within 300ms"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registry_leads_to_no_inner_address() {
    let (registry, inner) = (Registry::start(), Registry::start());
    inner.answers("/secret", Answer::Bytes(package(&[("index.js", "")])));
    let mut host = TestHost::start_with(registry.host(EgressLimits::default())).await;
    host.project("shop").await;
    let operator = host.operator();
    let npmrc = format!("registry={}/", registry.base);
    let secret = format!("{}/secret", inner.base);
    registry.has("by-a-redirect", json!({}), Answer::To(secret.clone()));
    let elsewhere = json!({ "dist": { "tarball": secret } });
    registry.has("by-its-listing", elsewhere, Answer::Never);
    for name in ["by-a-redirect", "by-its-listing"] {
        let error = refusal(&operator, "shop", needs(name, &npmrc))
            .await
            .unwrap();
        assert!(error.contains("npm error"), "{error}");
    }
    assert_eq!(inner.asked(), Vec::<String>::new());
}
