//! A request that sends a message: its canonical form, its hash, and its callback data.

use bytes::Bytes;
use http::HeaderMap;
use reqwest::Url;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::whatsapp::client::GraphRequest;

/// Where Meta takes data that it gives back with each status.
const CALLBACK_DATA: &str = "biz_opaque_callback_data";

/// Meta's limit on it, in characters.
const CALLBACK_DATA_CHARS: usize = 512;

/// A send that has not gone out.
#[derive(Debug)]
pub(super) struct Effect {
    request: GraphRequest,
    payload: Payload,
    /// The bot's own callback data.
    pub(super) callback_data: Option<String>,
    /// SHA-256 of the canonical form.
    pub(super) hash: [u8; 32],
    /// Whom it goes to: a phone number as digits, a user id or a group id; empty when it says not.
    pub(super) recipient: String,
}

/// The body without callback data. Meta takes either form.
#[derive(Debug)]
enum Payload {
    Json(Map<String, Value>),
    Form(Vec<(String, String)>),
}

impl Effect {
    /// Reads a request. Fails with a text for people that says what is wrong with it.
    pub(super) fn read(request: GraphRequest) -> Result<Self, String> {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let query = pairs(query);
        if query.iter().any(|(key, _)| key == CALLBACK_DATA) {
            return Err(format!(
                "`{CALLBACK_DATA}` belongs in the body, not in the query"
            ));
        }
        let mut payload = Payload::read(&request)?;
        let callback_data = payload.take_callback_data()?;
        let hash = hash(&request, path, query, &payload);
        let recipient = recipient(&payload.as_json());
        Ok(Self {
            request,
            payload,
            callback_data,
            hash,
            recipient,
        })
    }

    /// The request that goes out, with the given callback data.
    pub(super) fn outgoing(&self, callback_data: &str) -> GraphRequest {
        let body = match &self.payload {
            Payload::Json(map) => {
                let mut map = map.clone();
                map.insert(CALLBACK_DATA.to_owned(), callback_data.into());
                Value::Object(map).to_string()
            }
            Payload::Form(fields) => {
                let own = (CALLBACK_DATA.to_owned(), callback_data.to_owned());
                form(fields.iter().chain([&own]))
            }
        };
        let content_type = match &self.payload {
            Payload::Json(_) => "application/json",
            Payload::Form(_) => "application/x-www-form-urlencoded",
        };
        let content_type = http::HeaderValue::from_static(content_type);
        let mut headers: HeaderMap = self.request.headers.clone();
        headers.insert(http::header::CONTENT_TYPE, content_type);
        GraphRequest {
            headers,
            body: Bytes::from(body),
            ..self.request.clone()
        }
    }

    /// The message as JSON, for the record.
    pub(super) fn message(&self) -> Value {
        self.payload.as_json()
    }
}

impl Payload {
    fn read(request: &GraphRequest) -> Result<Self, String> {
        match request.content_type().as_str() {
            "application/x-www-form-urlencoded" => {
                let text = std::str::from_utf8(&request.body);
                let text = text.map_err(|_| "the form is not UTF-8".to_owned())?;
                Ok(Self::Form(pairs(text)))
            }
            "multipart/form-data" => {
                Err("a message is sent as JSON or as an urlencoded form, not as multipart".into())
            }
            // Clients leave the type out, or call JSON text.
            _ if request.body.is_empty() => Ok(Self::Form(Vec::new())),
            _ => match serde_json::from_slice(&request.body) {
                Ok(Value::Object(map)) => Ok(Self::Json(map)),
                Ok(_) => Err("the body is JSON, but not an object".to_owned()),
                Err(error) => Err(format!("the body is not JSON: {error}")),
            },
        }
    }

    fn take_callback_data(&mut self) -> Result<Option<String>, String> {
        let value = match self {
            Self::Json(map) => map.shift_remove(CALLBACK_DATA),
            Self::Form(fields) => {
                let at = fields.iter().position(|(key, _)| key == CALLBACK_DATA);
                let value = at.map(|at| Value::String(fields.remove(at).1));
                fields.retain(|(key, _)| key != CALLBACK_DATA);
                value
            }
        };
        match value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.contains('\0') => Err(format!(
                "`{CALLBACK_DATA}` holds a NUL character, which it must not"
            )),
            Some(Value::String(text)) if text.chars().count() <= CALLBACK_DATA_CHARS => {
                Ok(Some(text))
            }
            Some(Value::String(text)) => {
                let count = text.chars().count();
                Err(format!(
                    "`{CALLBACK_DATA}` has {count} characters, it takes up to {CALLBACK_DATA_CHARS}"
                ))
            }
            Some(_) => Err(format!("`{CALLBACK_DATA}` is not a string")),
        }
    }

    /// Forms hold objects as JSON text.
    fn as_json(&self) -> Value {
        let field = |text: &String| match text.starts_with(['{', '[']) {
            true => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())),
            false => Value::String(text.clone()),
        };
        match self {
            Self::Json(map) => Value::Object(map.clone()),
            Self::Form(fields) => fields
                .iter()
                .map(|(key, text)| (key.clone(), field(text)))
                .collect(),
        }
    }
}

fn recipient(message: &Value) -> String {
    let named = message.get("to").or_else(|| message.get("recipient"));
    one_name(named.and_then(Value::as_str).unwrap_or_default())
}

/// One person has one name here, however the bot writes the number.
pub(super) fn one_name(named: &str) -> String {
    let is_phone = named
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')'));
    let kept = |c: &char| !is_phone || c.is_ascii_digit();
    // Long ones are refused by Meta; NUL by the database.
    let kept = named.chars().filter(kept).filter(|c| *c != '\0');
    kept.take(256).collect()
}

fn hash(
    request: &GraphRequest,
    path: &str,
    mut query: Vec<(String, String)>,
    payload: &Payload,
) -> [u8; 32] {
    query.sort();
    let mut hash = Sha256::new();
    // Each part is preceded by its length, so that no two requests give the same bytes.
    let body = sorted(&payload.as_json()).to_string();
    for part in [
        request.method.as_str(),
        path.trim_matches('/'),
        &form(&query),
        &body,
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

/// The same value with the keys of every object in order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(values) => values.iter().map(sorted).collect(),
        Value::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            fields
                .into_iter()
                .map(|(key, value)| (key.clone(), sorted(value)))
                .collect()
        }
        value => value.clone(),
    }
}

/// Reads `a=b&c=d`.
pub(in crate::whatsapp) fn pairs(text: &str) -> Vec<(String, String)> {
    let mut url = blank();
    url.set_query(Some(text));
    url.query_pairs()
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect()
}

/// Writes `a=b&c=d`.
pub(in crate::whatsapp) fn form<'a>(
    pairs: impl IntoIterator<Item = &'a (String, String)>,
) -> String {
    let mut url = blank();
    url.query_pairs_mut().extend_pairs(pairs);
    url.query().unwrap_or_default().to_owned()
}

fn blank() -> Url {
    Url::parse("http://form/").expect("the constant is valid")
}
