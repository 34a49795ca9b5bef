//! What stands before several hosts, and tries again as Meta does.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use http::{HeaderMap, StatusCode, Uri};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::DEADLINE;

/// A running balancer; it ends when it is dropped.
pub(in crate::host) struct Balancer {
    url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    client: reqwest::Client,
    hosts: Mutex<Vec<SocketAddr>>,
    turn: Mutex<usize>,
    /// Answers that were neither 200 nor 503.
    odd: Mutex<Vec<StatusCode>>,
}

impl Balancer {
    pub(in crate::host) async fn start() -> Self {
        let shared = Arc::new(Shared {
            client: reqwest::Client::new(),
            hosts: Mutex::default(),
            turn: Mutex::default(),
            odd: Mutex::default(),
        });
        let app = Router::new().fallback(pass).with_state(shared.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            url,
            shared,
            server,
        }
    }

    pub(in crate::host) fn url(&self) -> &str {
        &self.url
    }

    pub(in crate::host) fn serves(&self, host: SocketAddr) {
        self.shared.hosts.lock().unwrap().push(host);
    }

    pub(in crate::host) fn forgets(&self, host: SocketAddr) {
        self.shared
            .hosts
            .lock()
            .unwrap()
            .retain(|known| *known != host);
    }

    /// Answers that no host may give while another takes its place.
    pub(in crate::host) fn odd_answers(&self) -> Vec<StatusCode> {
        self.shared.odd.lock().unwrap().clone()
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    /// The hosts take turns.
    fn next(&self) -> Option<SocketAddr> {
        let hosts = self.hosts.lock().unwrap();
        let mut turn = self.turn.lock().unwrap();
        *turn = turn.wrapping_add(1);
        hosts.get(*turn % hosts.len().max(1)).copied()
    }
}

/// Tries one host after the other until one says 200. To Meta's handshake it answers by itself.
async fn pass(
    State(shared): State<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let mut query = uri.query().unwrap_or_default().split('&');
    if let Some(challenge) = query.find_map(|pair| pair.strip_prefix("hub.challenge=")) {
        return (StatusCode::OK, challenge.to_owned());
    }
    let tries = async {
        loop {
            if let Some(host) = shared.next() {
                let mut post = shared.client.post(format!("http://{host}{}", uri.path()));
                for name in ["content-type", "x-hub-signature-256"] {
                    post = post.header(name, headers.get(name).cloned().unwrap());
                }
                match post
                    .body(body.clone())
                    .send()
                    .await
                    .map(|answer| answer.status())
                {
                    Ok(StatusCode::OK) => return,
                    Ok(StatusCode::SERVICE_UNAVAILABLE) | Err(_) => {}
                    Ok(status) => shared.odd.lock().unwrap().push(status),
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let status = match tokio::time::timeout(DEADLINE, tries).await {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::BAD_GATEWAY,
    };
    (status, String::new())
}
