//! A receiver of webhooks: it records what comes, and answers as it is told.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::get;
use serde_json::Value;
use tokio::sync::{Notify, watch};

use super::DEADLINE;

/// The token that the receiver expects in handshakes.
pub(crate) const VERIFY_TOKEN: &str = "a verify token/ñ";

/// A webhook that came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Inbox {
    received: Mutex<Vec<Received>>,
    answers: Mutex<VecDeque<u16>>,
    read: Mutex<usize>,
    arrived: Notify,
}

/// A web server that takes webhooks on every path.
pub(crate) struct Receiver {
    url: String,
    inbox: Arc<Inbox>,
    /// While false, webhooks are not answered.
    is_awake: watch::Sender<bool>,
}

type Shared = (Arc<Inbox>, watch::Receiver<bool>);

impl Receiver {
    pub(crate) async fn start() -> Self {
        let inbox = Arc::new(Inbox::default());
        let (is_awake, awake) = watch::channel(true);
        let service = Router::new()
            .fallback(get(handshake).post(take))
            .with_state((inbox.clone(), awake));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self {
            url,
            inbox,
            is_awake,
        }
    }

    pub(crate) fn url(&self) -> String {
        self.at("hook")
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}/{path}", self.url)
    }

    /// Answers the next webhooks with these statuses; those after them with 200.
    pub(crate) fn answers_next(&self, statuses: &[u16]) {
        self.inbox.answers.lock().unwrap().extend(statuses);
    }

    /// Leaves webhooks without an answer.
    pub(crate) fn falls_asleep(&self) {
        self.is_awake.send(false).unwrap();
    }

    pub(crate) fn wakes_up(&self) {
        self.is_awake.send(true).unwrap();
    }

    /// The next webhook that was not given yet.
    pub(crate) async fn next(&self) -> Received {
        let wait = async {
            loop {
                let arrived = self.inbox.arrived.notified();
                if let Some(received) = self.take_unread() {
                    return received;
                }
                arrived.await;
            }
        };
        let outcome = tokio::time::timeout(DEADLINE, wait).await;
        outcome.unwrap_or_else(|_| panic!("no webhook came within {DEADLINE:?}"))
    }

    /// All webhooks so far.
    pub(crate) fn all(&self) -> Vec<Received> {
        self.inbox.received.lock().unwrap().clone()
    }

    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.all().iter().map(Received::json).collect()
    }

    fn take_unread(&self) -> Option<Received> {
        let mut read = self.inbox.read.lock().unwrap();
        let received = self.inbox.received.lock().unwrap();
        let next = received.get(*read)?.clone();
        *read += 1;
        Some(next)
    }
}

async fn handshake(
    uri: Uri,
    Query(query): Query<HashMap<String, String>>,
) -> Result<String, StatusCode> {
    match uri.path() {
        "/refuses" => return Err(StatusCode::FORBIDDEN),
        "/babbles" => return Ok("hello".to_owned()),
        _ => {}
    }
    let is_subscribe = query
        .get("hub.mode")
        .is_some_and(|mode| mode == "subscribe");
    let is_known = query
        .get("hub.verify_token")
        .is_some_and(|t| t == VERIFY_TOKEN);
    let challenge = query
        .get("hub.challenge")
        .filter(|_| is_subscribe && is_known);
    challenge.cloned().ok_or(StatusCode::FORBIDDEN)
}

async fn take(
    State((inbox, mut awake)): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let received = Received {
        path: uri.path().to_owned(),
        headers,
        body,
    };
    inbox.received.lock().unwrap().push(received);
    inbox.arrived.notify_waiters();
    awake.wait_for(|is_awake| *is_awake).await.unwrap();
    let status = inbox.answers.lock().unwrap().pop_front().unwrap_or(200);
    StatusCode::from_u16(status).unwrap()
}
