//! A service with TLS that stands in the place of the world, and a bot on Node that calls it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use roost::egress::EgressArgs;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::host::support::{DEADLINE, eventually};

/// The one name that leads to the service.
const NAME: &str = "service.test";

/// The service, with an authority of its own.
pub(super) struct Peer {
    port: u16,
    folder: TempDir,
    _process: Child,
}

impl Peer {
    pub(super) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut authority = CertificateParams::default();
        // With the name of the certificates that it signs, they would count as signed by themselves.
        authority
            .distinguished_name
            .push(DnType::CommonName, "authority of the tests");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority =
            CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let own = CertificateParams::new([NAME.to_owned()]).unwrap();
        let own = own.signed_by(&key, &authority).unwrap();
        for (name, text) in [
            ("ca.pem", authority.pem()),
            ("key.pem", key.serialize_pem()),
            ("cert.pem", own.pem()),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let mut process = Command::new("node")
            .arg(script("peer.cjs"))
            .args(["key.pem", "cert.pem"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node is needed: it is the service that bots call");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = tokio::time::timeout(DEADLINE, lines.next_line()).await;
        let port = port.expect("the service does not listen").unwrap();
        Self {
            port: port.expect("the service ended").parse().unwrap(),
            folder,
            _process: process,
        }
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The file with the certificate of its authority.
    pub(super) fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub(super) fn base(&self) -> String {
        format!("https://{NAME}:{}", self.port)
    }

    /// The door by which bots reach it.
    pub(super) fn exceptions(&self) -> EgressArgs {
        EgressArgs {
            egress_resolve: vec![format!("{NAME}=127.0.0.1").parse().unwrap()],
            egress_ca: Some(self.authority().to_str().unwrap().parse().unwrap()),
            ..EgressArgs::default()
        }
    }
}

/// A bot in a Node process, for which there is the service and nothing else.
pub(super) struct NodeBot {
    port: u16,
    _process: Child,
}

impl NodeBot {
    pub(super) async fn start(folder: &Path, peer: &Peer) -> Self {
        let port = free_port();
        let process = Command::new("node")
            .arg("--require")
            .arg(script("resolve.cjs"))
            .arg("app.js")
            .current_dir(folder)
            .env("NODE_EXTRA_CA_CERTS", peer.authority())
            .env("PORT", port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        eventually("the bot on Node", async || {
            TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        Self {
            port,
            _process: process,
        }
    }

    pub(super) fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Free now; another process may take it, and then the bot does not start.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn script(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/host/outbound");
    folder.join(name)
}
