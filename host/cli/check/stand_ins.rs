//! What stands in for Meta and for the host's services in a check: they write down what is asked of
//! them, and answer as the real ones do when all goes well.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};

use crate::capabilities::wit_whatsapp::{Error, GraphRequest, GraphResponse, Sent};
use crate::capabilities::{
    Conversation, ConversationChange, ConversationError, Conversations, HttpClient, Level, LogSink,
    Messenger, OutboundBody, OutboundError, Overview, Session, Witness,
};
use crate::whatsapp::messages::Receipt;
use crate::words::LogLevel;

/// Hosts that are Meta's.
const META: [&str; 2] = ["graph.facebook.com", "lookaside.fbsbx.com"];

/// What a bot did, in order, and the answers to it.
#[derive(Default)]
pub(super) struct Record {
    lines: Mutex<Vec<String>>,
    sends: AtomicUsize,
    states: Mutex<BTreeMap<String, String>>,
}

impl Record {
    fn note(&self, line: String) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line);
    }

    /// What was done since this was last asked.
    pub(super) fn take(&self) -> Vec<String> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut lines)
    }

    /// How many messages went out.
    pub(super) fn sends(&self) -> usize {
        self.sends.load(Ordering::Relaxed)
    }

    fn sent(&self) -> String {
        let number = self.sends.fetch_add(1, Ordering::Relaxed) + 1;
        format!("wamid.CHECK{number}")
    }

    fn states(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Meta's answer to a request of its Graph API.
    fn graph(&self, method: &str, path: &str, body: &[u8]) -> Value {
        self.note(format!(
            "{method} {path} {}",
            String::from_utf8_lossy(body).trim()
        ));
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        if method != "POST" || !path.ends_with("/messages") || body["status"] == "read" {
            return json!({ "success": true });
        }
        let to = &body["to"];
        json!({
            "messaging_product": "whatsapp",
            "contacts": [{ "input": to, "wa_id": to }],
            "messages": [{ "id": self.sent() }],
        })
    }
}

/// The record, for one of the host's interfaces.
#[derive(Clone)]
pub(super) struct StandIn(pub(super) Arc<Record>);

impl LogSink for StandIn {
    fn write(&self, level: Level, message: &str) {
        let level = LogLevel::from(level);
        self.0.note(format!("log {level}: {message}"));
    }
}

impl Witness for StandIn {
    fn statement(&self, sql: &str) {
        let words: Vec<&str> = sql.split_whitespace().collect();
        self.0.note(format!("database: {}", words.join(" ")));
    }
}

impl Messenger for StandIn {
    fn send(&self, message: Value) -> BoxFuture<'_, Result<Sent, Error>> {
        self.0.note(format!("whatsapp: send {message}"));
        let wa_id = message["to"].as_str().map(str::to_owned);
        let message_id = self.0.sent();
        async move { Ok(Sent { message_id, wa_id }) }.boxed()
    }

    fn mark_read(&self, message_id: String, _receipt: Receipt) -> BoxFuture<'_, Result<(), Error>> {
        self.0.note(format!("whatsapp: mark {message_id} as read"));
        async { Ok(()) }.boxed()
    }

    fn request(&self, request: GraphRequest) -> BoxFuture<'_, Result<GraphResponse, Error>> {
        let body = request.body.unwrap_or_default();
        let answer = self.0.graph(
            &request.method,
            &format!("/{}", request.path),
            body.as_bytes(),
        );
        let body = answer.to_string();
        async move { Ok(GraphResponse { status: 200, body }) }.boxed()
    }
}

impl Conversations for StandIn {
    fn get(&self, contact: String) -> BoxFuture<'_, Result<Conversation, ConversationError>> {
        self.0.note(format!("conversations: get {contact}"));
        let state = self.0.states().get(&contact).cloned();
        async move {
            Ok(Conversation {
                id: "1".to_owned(),
                wa_id: Some(contact),
                user_id: None,
                name: Some(super::conversation::NAME.to_owned()),
                state,
            })
        }
        .boxed()
    }

    fn set_state(
        &self,
        contact: String,
        state: Option<String>,
    ) -> BoxFuture<'_, Result<(), ConversationError>> {
        self.0
            .note(format!("conversations: state of {contact} is {state:?}"));
        match state {
            Some(state) => self.0.states().insert(contact, state),
            None => self.0.states().remove(&contact),
        };
        async { Ok(()) }.boxed()
    }

    fn overview(&self, contact: String) -> BoxFuture<'_, Result<Overview, ConversationError>> {
        self.0.note(format!("conversations: overview of {contact}"));
        async {
            Ok(Overview {
                id: "1".to_owned(),
                session: Session::Open,
                assignee: None,
                labels: Vec::new(),
                taken: None,
                consent: None,
                window_closes_seconds: None,
            })
        }
        .boxed()
    }

    fn change(
        &self,
        contact: String,
        change: ConversationChange,
    ) -> BoxFuture<'_, Result<(), ConversationError>> {
        self.0
            .note(format!("conversations: of {contact}: {change:?}"));
        async { Ok(()) }.boxed()
    }
}

impl HttpClient for StandIn {
    fn send(
        &self,
        request: http::Request<OutboundBody>,
    ) -> BoxFuture<'static, Result<http::Response<OutboundBody>, OutboundError>> {
        let record = self.0.clone();
        async move {
            let (parts, body) = request.into_parts();
            let host = parts.uri.host().unwrap_or_default();
            if !META.contains(&host) {
                record.note(format!(
                    "http: {} {} was refused: nothing leaves a check but what goes to Meta, who is played",
                    parts.method, parts.uri
                ));
                return Err(OutboundError::HttpRequestDenied);
            }
            let body = body.collect().await?.to_bytes();
            let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
            let answer = record.graph(parts.method.as_str(), path, &body).to_string();
            let body = Full::new(Bytes::from(answer)).map_err(|never| match never {});
            http::Response::builder()
                .header("content-type", "application/json")
                .body(body.boxed_unsync())
                .map_err(|error| OutboundError::InternalError(Some(error.to_string())))
        }
        .boxed()
    }
}
