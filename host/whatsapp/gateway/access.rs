//! Which requests of the Graph API a project may make.
//!
//! A token may reach more than one project has: an operator's token reaches every number. So a
//! request must begin with an id of the project: its number, its account, ids that an operator
//! granted, and objects that were made or listed through the gateway. Any other numeric id can be
//! read only, and only if the answer turns out to be media, which Meta scopes by itself.
//!
//! Refused besides: several ids or calls in one request, another method in a parameter, nested
//! fields (they walk from an own object to others), and what takes a number away from the host.

use bytes::Bytes;
use http::Method;
use serde_json::Value;

use super::multipart;
use crate::whatsapp::client::{GraphRequest, GraphResponse, is_version};
use crate::whatsapp::outbox::pairs;

/// Parameters that make one request several, or another one than it seems.
const FORBIDDEN_PARAMETERS: [&str; 3] = ["batch", "ids", "method"];

/// Edges by which a number or account leaves the host or the operator. Reading them is fine.
const OPERATOR_EDGES: [&str; 6] = [
    "assigned_users",
    "deregister",
    "register",
    "request_code",
    "subscribed_apps",
    "verify_code",
];

/// Edges of the number by which messages leave.
const SEND_EDGES: [&str; 2] = ["messages", "marketing_messages"];

/// Edges whose objects are the project's: what they list, and what a POST there makes.
const OWN_EDGES: [&str; 3] = ["flows", "media", "message_templates"];

/// Parameters of a receipt: what marks a message as read sends none.
const RECEIPT: [&str; 4] = [
    "message_id",
    "messaging_product",
    "status",
    "typing_indicator",
];

/// A part of a multipart body that is longer is a file, not a parameter.
const LONGEST_PARAMETER: usize = 64 * 1024;

/// A parsed request.
#[derive(Debug)]
pub(super) struct Call {
    request: GraphRequest,
    segments: Vec<String>,
    query: Vec<(String, String)>,
    /// The parameters of a JSON object or a form of either kind; `Null` of anything else.
    body: Value,
}

/// Whose an id is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Project,
    Other,
    Unknown,
}

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// Through the outbox.
    Send,
    /// To Meta, once.
    Direct(Answer),
}

/// What may come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Anything,
    /// Metadata of media, or an error.
    Media,
}

/// Why an id is refused. The same for ids that nobody has and ids of others: no difference tells
/// a bot which exist.
pub(super) fn not_yours(id: &str) -> String {
    format!(
        "`{id}` is not an id of this project: use its own phone number id or account id, or an \
         object that was made or listed with them"
    )
}

/// Whether an answer is metadata of media, or no success.
pub(super) fn is_media_or_error(answer: &GraphResponse) -> bool {
    let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let is_media = |body: Value| {
        ["id", "mime_type", "url"]
            .iter()
            .all(|key| body.get(key).is_some())
    };
    !answer.status.is_success() || body.is_some_and(is_media)
}

impl Call {
    /// Takes a request apart. Fails with the reason when nobody may make it.
    pub(super) fn read(mut request: GraphRequest) -> Result<Self, String> {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let query = pairs(query);
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:=/".contains(&b);
        if !path.bytes().all(is_plain) {
            return Err("the path holds characters that no path of the Graph API has".to_owned());
        }
        let mut segments: Vec<String> = path
            .trim_matches('/')
            .split('/')
            .map(str::to_owned)
            .collect();
        if segments.len() > 1 && is_version(&segments[0]) {
            request.version = Some(segments.remove(0));
        }
        if segments
            .iter()
            .any(|segment| matches!(segment.as_str(), "" | "." | ".."))
        {
            return Err(
                "the path is empty or has an empty segment; begin it with an id".to_owned(),
            );
        }
        request.path = match crate::whatsapp::outbox::form(&query) {
            text if text.is_empty() => segments.join("/"),
            text => format!("{}?{text}", segments.join("/")),
        };
        if request.method == Method::GET {
            // Nothing to read there, and another place to hide parameters.
            request.body = Bytes::new();
        }
        let body = parameters(&request)?;
        Ok(Self {
            request,
            segments,
            query,
            body,
        })
    }

    /// The id that the path begins with.
    pub(super) fn id(&self) -> &str {
        &self.segments[0]
    }

    pub(super) fn request(&self) -> &GraphRequest {
        &self.request
    }

    pub(super) fn into_request(self) -> GraphRequest {
        self.request
    }

    /// Decides. Fails with the reason when the project may not make the request.
    pub(super) fn route(&self, owner: Owner) -> Result<Route, String> {
        if ![Method::GET, Method::POST, Method::DELETE].contains(&self.request.method) {
            return Err(format!(
                "the Graph API has no method `{}`",
                self.request.method
            ));
        }
        self.check_parameters()?;
        let is_read = self.request.method == Method::GET;
        let is_bare = self.segments.len() == 1;
        let is_number = self.id().bytes().all(|b| b.is_ascii_digit());
        match owner {
            Owner::Project if is_read => Ok(Route::Direct(Answer::Anything)),
            Owner::Project => self.route_write(),
            // A session is made with the app's id, which must be granted; its name is unguessable.
            Owner::Unknown if is_bare && self.id().starts_with("upload:") => {
                Ok(Route::Direct(Answer::Anything))
            }
            Owner::Unknown if is_bare && is_number && is_read => Ok(Route::Direct(Answer::Media)),
            Owner::Unknown | Owner::Other => Err(not_yours(self.id())),
        }
    }

    fn route_write(&self) -> Result<Route, String> {
        let edge = self.segments.get(1).map_or("", String::as_str);
        let moves_webhooks = self.has_parameter("webhook_configuration");
        if OPERATOR_EDGES.contains(&edge) || (self.segments.len() == 1 && moves_webhooks) {
            return Err(format!(
                "`{}` changes how the number is connected, which is up to the operator",
                if edge.is_empty() {
                    "webhook_configuration"
                } else {
                    edge
                }
            ));
        }
        let is_send = self.request.method == Method::POST
            && self.segments.len() == 2
            && SEND_EDGES.contains(&edge);
        match is_send && !self.is_receipt() {
            true => Ok(Route::Send),
            false => Ok(Route::Direct(Answer::Anything)),
        }
    }

    /// The ids in an answer that are now known to be the project's.
    pub(super) fn learns(&self, answer: &GraphResponse) -> Vec<String> {
        let edge = self.segments.get(1).map_or("", String::as_str);
        if self.segments.len() != 2 || !OWN_EDGES.contains(&edge) || !answer.status.is_success() {
            return Vec::new();
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let listed = body.get("data").and_then(Value::as_array);
        let objects = std::iter::once(&body).chain(listed.into_iter().flatten());
        objects
            .filter_map(|object| object.get("id")?.as_str().map(str::to_owned))
            .collect()
    }

    fn check_parameters(&self) -> Result<(), String> {
        if let Some(name) = self
            .names()
            .find(|name| !name.bytes().all(|b| b.is_ascii_graphic()))
        {
            let name = name.escape_default();
            return Err(format!("`{name}` is no name of a parameter"));
        }
        if let Some(name) = FORBIDDEN_PARAMETERS
            .iter()
            .find(|name| self.has_parameter(name))
        {
            return Err(format!(
                "the parameter `{name}` is not available; make one request for each"
            ));
        }
        let is_nested =
            |(key, value): &(String, String)| base(key) == "fields" && value.contains('{');
        let in_body = self.body.get("fields").and_then(Value::as_str);
        if self.query.iter().any(is_nested) || in_body.is_some_and(|text| text.contains('{')) {
            return Err("nested `fields` are not available; read each object by its id".to_owned());
        }
        Ok(())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let in_query = self.query.iter().map(|(key, _)| key.as_str());
        in_query.chain(
            self.body
                .as_object()
                .into_iter()
                .flat_map(|body| body.keys())
                .map(String::as_str),
        )
    }

    fn has_parameter(&self, name: &str) -> bool {
        self.names().any(|key| base(key) == name)
    }

    fn is_receipt(&self) -> bool {
        let Value::Object(body) = &self.body else {
            return false;
        };
        self.query.is_empty()
            && body.get("status").and_then(Value::as_str) == Some("read")
            && body.keys().all(|key| RECEIPT.contains(&key.as_str()))
    }
}

/// Of `method[0]`, the name that Meta reads.
fn base(name: &str) -> &str {
    name.split('[').next().unwrap_or(name)
}

fn parameters(request: &GraphRequest) -> Result<Value, String> {
    let text = |bytes| Value::String(String::from_utf8_lossy(bytes).into_owned());
    Ok(match request.content_type().as_str() {
        "multipart/form-data" if !request.body.is_empty() => multipart::read(request)?
            .iter()
            .map(|part| match part.content.len() <= LONGEST_PARAMETER {
                true => (part.name.clone(), text(&part.content)),
                false => (part.name.clone(), Value::Null),
            })
            .collect(),
        "application/x-www-form-urlencoded" => {
            let text = String::from_utf8_lossy(&request.body);
            pairs(&text)
                .into_iter()
                .map(|(key, value)| (key, Value::String(value)))
                .collect()
        }
        _ => serde_json::from_slice(&request.body).unwrap_or_default(),
    })
}
