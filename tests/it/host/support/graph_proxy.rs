//! Stands between the host and the emulator, sees every call and can keep answers back.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use http::{HeaderMap, Method, Response, Uri};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::DEADLINE;

/// A call's query that asks for the call's own headers instead of an answer of the emulator.
const REFLECTION: &str = "fields=reflection";

/// A running proxy; it ends when it is dropped.
pub(in crate::host) struct GraphProxy {
    address: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    target: String,
    client: reqwest::Client,
    tokens: Mutex<Vec<String>>,
    gate: watch::Sender<Gate>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Gate {
    is_closed: bool,
    /// Answers that were kept back so far.
    kept: usize,
}

impl GraphProxy {
    /// Passes everything on to `target`.
    pub(super) async fn before(target: &str) -> Self {
        let shared = Arc::new(Shared {
            target: target.to_owned(),
            client: reqwest::Client::new(),
            tokens: Mutex::default(),
            gate: watch::Sender::default(),
        });
        let app = Router::new().fallback(pass).with_state(shared.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            address,
            shared,
            server,
        }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// From now on the emulator gets what is sent, and nobody hears what it says to that.
    pub(in crate::host) fn keeps_answers(&self) {
        self.shared.gate.send_modify(|gate| gate.is_closed = true);
    }

    /// Waits until an answer was kept back.
    pub(in crate::host) async fn has_kept_an_answer(&self) {
        let mut gate = self.shared.gate.subscribe();
        let kept = tokio::time::timeout(DEADLINE, gate.wait_for(|gate| gate.kept > 0));
        kept.await
            .expect("no answer to keep within the deadline")
            .unwrap();
    }

    /// Answers pass again, also those that were kept back.
    pub(in crate::host) fn lets_answers_pass(&self) {
        self.shared.gate.send_modify(|gate| gate.is_closed = false);
    }

    /// The `Authorization` headers of the calls so far.
    pub(in crate::host) fn authorizations(&self) -> Vec<String> {
        self.shared.tokens.lock().unwrap().clone()
    }
}

impl Drop for GraphProxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn pass(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let authorization = text("authorization").unwrap_or_default().to_owned();
    shared.tokens.lock().unwrap().push(authorization.clone());
    if uri.query() == Some(REFLECTION) {
        let seen = json!({ "authorization": authorization, "id": uri.path() });
        return Response::new(Body::from(seen.to_string()));
    }
    let target = format!("{}{}", shared.target, uri.path_and_query().unwrap());
    let mut call = shared.client.request(method, target).body(body);
    for name in ["authorization", "content-type"] {
        if let Some(value) = text(name) {
            call = call.header(name, value);
        }
    }
    let answer = call.send().await.unwrap();
    let mut response = Response::builder().status(answer.status());
    if let Some(kind) = answer.headers().get("content-type") {
        response = response.header("content-type", kind);
    }
    let response = response
        .body(Body::from(answer.bytes().await.unwrap()))
        .unwrap();
    shared
        .gate
        .send_modify(|gate| gate.kept += usize::from(gate.is_closed));
    let mut gate = shared.gate.subscribe();
    let _ = gate.wait_for(|gate| !gate.is_closed).await;
    response
}
