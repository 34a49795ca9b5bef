//! Bodies of bots' requests: read whatever encoding they come in, and written anew.
//!
//! What was judged is what Meta gets: a body goes out in the form in which it was understood here,
//! with the content type that belongs to it.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::bounds;
use super::multipart::{self, Part};
use super::refused::{Refused, shown};
use super::token::is_credential;
use crate::whatsapp::client::GraphRequest;
use crate::whatsapp::outbox::{form, pairs};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const PARTS: &str = "multipart/form-data";

/// A body that was understood.
#[derive(Debug)]
pub(super) enum Body {
    Nothing,
    Json(Map<String, Value>),
    Form(Vec<(String, String)>),
    Parts(Vec<Part>),
    /// A piece of an upload: bytes without parameters.
    Raw(Bytes),
}

/// A parameter, from wherever it comes.
#[derive(Debug)]
pub(super) struct Parameter<'a> {
    pub(super) name: &'a str,
    /// Of `components[0][type]`, the name that Meta reads.
    pub(super) base: &'a str,
    pub(super) value: Cow<'a, str>,
    pub(super) is_file: bool,
}

impl Body {
    /// Reads the body of a request, without credentials. The content type may be missing, or call
    /// JSON text, as clients do.
    pub(super) fn read(request: &GraphRequest) -> Result<Self, Refused> {
        if request.body.is_empty() {
            return Ok(Self::Nothing);
        }
        match request.content_type().as_str() {
            PARTS => {
                let mut parts = multipart::read(request)?;
                parts.retain(|part| !is_credential(&part.name));
                Ok(Self::Parts(parts))
            }
            FORM => {
                let text = std::str::from_utf8(&request.body);
                let text = text.map_err(|_| Refused::Body("the form is not UTF-8".to_owned()))?;
                bounds::check_pairs(text)?;
                let mut pairs = pairs(text);
                pairs.retain(|(name, _)| !is_credential(name));
                Ok(Self::Form(pairs))
            }
            JSON | "text/json" | "text/plain" | "" => read_json(&request.body),
            other => Err(Refused::Body(format!(
                "Meta takes no body of the type `{}` here: send JSON as `{JSON}`, a form as \
                 `{FORM}`, or files as `{PARTS}`",
                shown(other)
            ))),
        }
    }

    /// Puts the body into a request, with its content type.
    pub(super) fn write(&self, headers: &mut HeaderMap) -> Bytes {
        let (content_type, body) = match self {
            Self::Nothing => {
                headers.remove(header::CONTENT_TYPE);
                return Bytes::new();
            }
            Self::Json(map) => {
                let mut text = Vec::new();
                // Writing to memory does not fail, and a map of JSON is JSON.
                let _ = serde_json::to_writer(&mut text, map);
                (HeaderValue::from_static(JSON), Bytes::from(text))
            }
            Self::Form(pairs) => (HeaderValue::from_static(FORM), Bytes::from(form(pairs))),
            Self::Parts(parts) => multipart::write(parts),
            Self::Raw(bytes) => {
                let raw = HeaderValue::from_static("application/octet-stream");
                (raw, bytes.clone())
            }
        };
        headers.insert(header::CONTENT_TYPE, content_type);
        body
    }

    /// The parameters in it.
    pub(super) fn parameters(&self) -> Vec<Parameter<'_>> {
        match self {
            Self::Nothing | Self::Raw(_) => Vec::new(),
            Self::Json(map) => map
                .iter()
                .map(|(name, value)| in_json(name, value))
                .collect(),
            Self::Form(pairs) => in_pairs(pairs).collect(),
            Self::Parts(parts) => parts
                .iter()
                .map(|part| Parameter {
                    name: &part.name,
                    base: base(&part.name),
                    // A file is no value, and its text would be another copy of it.
                    value: match part.file_name {
                        Some(_) => Cow::Borrowed(""),
                        None => String::from_utf8_lossy(&part.content),
                    },
                    is_file: part.file_name.is_some(),
                })
                .collect(),
        }
    }

    /// Leaves out what is not wanted, by the name that Meta reads.
    pub(super) fn retain(&mut self, mut wants: impl FnMut(&str) -> bool) {
        match self {
            Self::Nothing | Self::Raw(_) => {}
            Self::Json(map) => map.retain(|name, _| wants(name)),
            Self::Form(pairs) => pairs.retain(|(name, _)| wants(base(name))),
            Self::Parts(parts) => parts.retain(|part| wants(base(&part.name))),
        }
    }
}

/// The parameters of a query or a form.
pub(super) fn in_pairs(pairs: &[(String, String)]) -> impl Iterator<Item = Parameter<'_>> {
    pairs.iter().map(|(name, value)| Parameter {
        name,
        base: base(name),
        value: Cow::Borrowed(value),
        is_file: false,
    })
}

/// Brackets mean nothing in a key of JSON.
fn in_json<'a>(name: &'a str, value: &'a Value) -> Parameter<'a> {
    let value = match value {
        Value::String(text) => Cow::Borrowed(text.as_str()),
        other => Cow::Owned(other.to_string()),
    };
    Parameter {
        name,
        base: name,
        value,
        is_file: false,
    }
}

fn base(name: &str) -> &str {
    name.split('[').next().unwrap_or(name)
}

fn read_json(body: &[u8]) -> Result<Body, Refused> {
    bounds::check_values(body)?;
    let entries: Option<Entries> = serde_json::from_slice(body)
        .map_err(|error| Refused::Body(format!("the body is not a JSON object: {error}")))?;
    let mut map = Map::new();
    for (name, value) in entries.map_or_else(Vec::new, |entries| entries.0) {
        if is_credential(&name) {
            continue;
        }
        if map.contains_key(&name) {
            return Err(Refused::Twice(shown(&name)));
        }
        map.insert(name, value);
    }
    Ok(Body::Json(map))
}

/// An object of JSON with all that is in it, also what is there twice.
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}
