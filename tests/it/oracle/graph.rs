//! A server that stands where Meta is, says yes to everything and keeps what it was asked.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, Uri};
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{GraphCall, PHONE_NUMBER_ID};

/// A running server; it ends when it is dropped.
pub(crate) struct Graph {
    address: String,
    seen: Arc<Mutex<Seen>>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    calls: Vec<GraphCall>,
    last: Option<Instant>,
}

impl Graph {
    pub(crate) async fn start() -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let app = Router::new().fallback(answer).with_state(seen.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            address,
            seen,
            server,
        }
    }

    /// `http://127.0.0.1:PORT`
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// All calls so far, in the order of their coming.
    pub(crate) fn calls(&self) -> Vec<GraphCall> {
        self.seen.lock().unwrap().calls.clone()
    }

    /// Begins anew: what was asked so far was not the bot.
    pub(crate) fn forget(&self) {
        self.seen.lock().unwrap().calls.clear();
    }

    /// Returns when no call has come for so long, from now on or from the last one.
    pub(crate) async fn wait_until_quiet(&self, quiet: Duration) {
        let begin = Instant::now();
        loop {
            let last = self.seen.lock().unwrap().last.unwrap_or(begin).max(begin);
            match quiet.checked_sub(last.elapsed()) {
                Some(left) if !left.is_zero() => tokio::time::sleep(left).await,
                _ => return,
            }
        }
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(
    State(seen): State<Arc<Mutex<Seen>>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response {
    let body = match body.is_empty() {
        true => Value::Null,
        false => serde_json::from_slice(&body)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&body).into_owned())),
    };
    let mut seen = seen.lock().unwrap();
    seen.last = Some(Instant::now());
    seen.calls.push(GraphCall {
        method: method.to_string(),
        path: uri
            .path_and_query()
            .map_or("/", |path| path.as_str())
            .to_owned(),
        body: body.clone(),
    });
    let number = seen.calls.len();
    drop(seen);
    let answer = match method {
        Method::GET => what_is_there(),
        _ => answer_to(&body, number),
    };
    Json(answer).into_response()
}

/// A number that is registered, alone in its account, of which one app hears: all at once, whatever was
/// asked for.
fn what_is_there() -> Value {
    json!({
        "success": true,
        "id": "1201202301204",
        "display_phone_number": "+1 555 078 3881",
        "platform_type": "CLOUD_API",
        "status": "CONNECTED",
        "data": [{
            "id": PHONE_NUMBER_ID,
            "whatsapp_business_api_data": { "id": "1201202301204" },
        }],
    })
}

fn answer_to(body: &Value, number: usize) -> Value {
    let Some(to) = body.get("to") else {
        return json!({ "success": true });
    };
    json!({
        "messaging_product": "whatsapp",
        "contacts": [{ "input": to, "wa_id": to }],
        "messages": [{ "id": format!("wamid.OUT{number}") }],
    })
}
