//! A Graph request: its path without the version, and its parameters wherever they came from.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use serde_json::{Map, Value};

use crate::config::NEWEST_VERSION;
use crate::error::GraphError;
use crate::graph::form;

/// The oldest version that is still served; older ones, and calls without one, are served as it.
pub(crate) const OLDEST_VERSION: u32 = 21;

/// A request, read.
#[derive(Clone, Debug)]
pub(crate) struct GraphRequest {
    pub(crate) method: Method,
    /// The version that serves it, for example 25.
    pub(crate) version: u32,
    /// Without the version.
    pub(crate) segments: Vec<String>,
    /// Of the query and of the body; the body wins.
    pub(crate) params: Map<String, Value>,
    /// From the header, else from the parameters.
    pub(crate) token: Option<String>,
    /// The files of a form, by the names of their parts.
    pub(crate) files: BTreeMap<String, SentFile>,
    pub(crate) headers: HeaderMap,
    /// What came as a body, as it came.
    pub(crate) raw: Bytes,
}

/// A file that came with a request.
#[derive(Clone, Debug)]
pub(crate) struct SentFile {
    pub(crate) file_name: Option<String>,
    /// What the part says that it is.
    pub(crate) mime_type: Option<String>,
    pub(crate) bytes: Bytes,
}

impl GraphRequest {
    /// Reads a request.
    pub(crate) fn read(parts: &Parts, body: &Bytes) -> Result<Self, GraphError> {
        let (uri, headers) = (&parts.uri, &parts.headers);
        let mut segments: Vec<String> = uri
            .path()
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(decode)
            .collect();
        let mut version = OLDEST_VERSION;
        if let Some(asked) = segments.first().and_then(|first| major_version(first)) {
            if asked > NEWEST_VERSION {
                return Err(GraphError::unknown_path(uri.path()));
            }
            version = asked.max(OLDEST_VERSION);
            segments.remove(0);
        }
        let mut params = pairs(uri.query().unwrap_or_default().as_bytes());
        let is_upload = segments.first().is_some_and(|id| id.starts_with("upload:"));
        let mut files = BTreeMap::new();
        match content_type(headers) {
            // The body is a piece of the file, whatever it is said to be.
            _ if is_upload => {}
            content_type if is_parts(content_type) => {
                params.extend(parts_of(content_type, body, &mut files)?);
            }
            content_type => params.extend(body_params(content_type, body)?),
        }
        // Of two tokens the parameter is the one that a call means: clients have a header on all calls.
        let in_params = params.remove("access_token");
        let in_params = in_params.and_then(|token| token.as_str().map(str::to_owned));
        let token = in_params.or_else(|| bearer(headers));
        Ok(Self {
            // Clients that cannot send other methods say what they mean.
            method: match params.remove("method") {
                Some(Value::String(method)) if parts.method == Method::POST => method
                    .to_uppercase()
                    .parse()
                    .unwrap_or_else(|_| parts.method.clone()),
                _ => parts.method.clone(),
            },
            version,
            segments,
            params,
            token,
            files,
            headers: headers.clone(),
            raw: body.clone(),
        })
    }

    /// A parameter that is true or false, in any of the spellings that Graph takes.
    pub(crate) fn truth(&self, key: &str) -> Option<bool> {
        match self.params.get(key)? {
            Value::Bool(truth) => Some(*truth),
            Value::String(text) => match text.to_lowercase().as_str() {
                "true" | "1" => Some(true),
                "false" | "0" | "" => Some(false),
                _ => None,
            },
            Value::Number(number) => Some(number.as_i64() != Some(0)),
            _ => None,
        }
    }

    /// A parameter that is an object or a list, which may come as JSON text.
    pub(crate) fn structured(&self, key: &str) -> Option<Value> {
        match self.params.get(key)? {
            Value::Null => None,
            Value::String(text) => Some(value_of(text.clone())),
            other => Some(other.clone()),
        }
    }

    /// A parameter that is one of Graph's words, which may have any case.
    pub(crate) fn word(&self, key: &str) -> Option<String> {
        self.text(key).map(|word| word.to_uppercase())
    }

    /// A list of such words.
    pub(crate) fn words(&self, key: &str) -> Option<Vec<String>> {
        let words = self.texts(key)?;
        Some(words.iter().map(|word| word.to_uppercase()).collect())
    }

    /// The texts of a parameter that is a list: of JSON, or with commas.
    pub(crate) fn texts(&self, key: &str) -> Option<Vec<String>> {
        match &self.structured(key)? {
            Value::Array(items) => Some(
                items
                    .iter()
                    .map(|item| match item {
                        Value::String(text) => text.clone(),
                        other => other.to_string(),
                    })
                    .collect(),
            ),
            Value::String(text) => {
                // Some clients write lists as Python does.
                let text = text.trim().trim_matches(['[', ']']);
                let items = text
                    .split(',')
                    .map(|item| item.trim().trim_matches(['"', '\'']));
                Some(
                    items
                        .filter(|item| !item.is_empty())
                        .map(str::to_owned)
                        .collect(),
                )
            }
            _ => None,
        }
    }

    /// A parameter as text; numbers count as such.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        match self.params.get(key)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

/// Whether a parameter may come with each call that changes a node. Meta's own SDKs send the node's `id` along.
pub(crate) fn is_of_every_call(key: &str) -> bool {
    matches!(key, "appsecret_proof" | "id")
}

/// The token of an `Authorization` header; some clients write `OAuth` instead of `Bearer`.
fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let is_known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth");
    is_known.then(|| token.trim().to_owned())
}

/// `v25.0` or `v25`.
pub(crate) fn major_version(segment: &str) -> Option<u32> {
    let version = segment.strip_prefix('v')?;
    let major = version.strip_suffix(".0").unwrap_or(version);
    major.parse().ok()
}

fn decode(segment: &str) -> String {
    // The decoder is one of forms, where `+` is a space; in a path it is itself.
    let encoded = segment.replace('+', "%2B");
    form_urlencoded::parse(encoded.as_bytes())
        .next()
        .map_or_else(String::new, |(key, _)| key.into_owned())
}

fn content_type(headers: &HeaderMap) -> &str {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    content_type.unwrap_or_default()
}

fn is_parts(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("multipart/form-data")
}

/// The parameters of a form in parts, and its files. The last one of a name counts.
fn parts_of(
    content_type: &str,
    body: &Bytes,
    files: &mut BTreeMap<String, SentFile>,
) -> Result<Map<String, Value>, GraphError> {
    let parts = form::read(content_type, body)
        .ok_or_else(|| GraphError::parameter("The multipart form cannot be read"))?;
    let mut params = Map::new();
    for part in parts {
        if part.is_file {
            let file = SentFile {
                file_name: part.file_name,
                mime_type: part.content_type,
                bytes: part.content,
            };
            files.insert(part.name, file);
        } else {
            let text = String::from_utf8_lossy(&part.content).into_owned();
            params.insert(part.name, value_of(text));
        }
    }
    Ok(params)
}

pub(crate) fn body_params(
    content_type: &str,
    body: &Bytes,
) -> Result<Map<String, Value>, GraphError> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    if content_type.starts_with("application/x-www-form-urlencoded") && body[0] != b'{' {
        return Ok(pairs(body));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(params)) => Ok(params),
        Ok(_) => Err(GraphError::parameter(
            "The request body must be a JSON object",
        )),
        Err(error) => Err(GraphError::parameter(format!(
            "The request body is not valid JSON: {error}"
        ))),
    }
}

/// Name and value pairs; objects and arrays come as JSON text in them.
pub(crate) fn pairs(encoded: &[u8]) -> Map<String, Value> {
    form_urlencoded::parse(encoded)
        .map(|(key, value)| (key.into_owned(), value_of(value.into_owned())))
        .collect()
}

/// A value of a form: what it says in JSON, if it is an object or an array.
fn value_of(text: String) -> Value {
    let nested = (text.starts_with('{') || text.starts_with('['))
        .then(|| serde_json::from_str(&text).ok())
        .flatten();
    nested.unwrap_or(Value::String(text))
}
