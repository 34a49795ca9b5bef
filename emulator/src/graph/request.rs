//! A Graph request: its path without the version, and its parameters wherever they came from.

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use serde_json::{Map, Value};

use crate::graph::error::GraphError;
use crate::graph::form;

/// The newest version that the emulator knows.
pub(crate) const NEWEST_VERSION: u32 = 26;

/// A request, read.
#[derive(Debug)]
pub(crate) struct GraphRequest {
    pub(crate) method: Method,
    /// Without the version.
    pub(crate) segments: Vec<String>,
    /// Of the query and of the body; the body wins.
    pub(crate) params: Map<String, Value>,
    /// From the header, else from the parameters.
    pub(crate) token: Option<String>,
    /// The part `file` of a form.
    pub(crate) file: Option<SentFile>,
}

/// A file that came with a request.
#[derive(Debug)]
pub(crate) struct SentFile {
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
        if let Some(version) = segments.first().and_then(|first| major_version(first)) {
            if version > NEWEST_VERSION {
                return Err(GraphError::unknown_path(uri.path()));
            }
            segments.remove(0);
        }
        let mut params = pairs(uri.query().unwrap_or_default().as_bytes());
        let (in_body, file) = match content_type(headers) {
            content_type if is_parts(content_type) => parts_of(content_type, body)?,
            content_type => (body_params(content_type, body)?, None),
        };
        params.extend(in_body);
        let in_params = params.remove("access_token");
        let token = bearer(headers).or_else(|| in_params?.as_str().map(str::to_owned));
        Ok(Self {
            method: parts.method.clone(),
            segments,
            params,
            token,
            file,
        })
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

/// The token of an `Authorization` header; some clients write `OAuth` instead of `Bearer`.
fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let is_known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth");
    is_known.then(|| token.trim().to_owned())
}

/// `v25.0` or `v25`.
fn major_version(segment: &str) -> Option<u32> {
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

/// The parameters of a form in parts, and its file. The last one of a name counts.
fn parts_of(
    content_type: &str,
    body: &Bytes,
) -> Result<(Map<String, Value>, Option<SentFile>), GraphError> {
    let parts = form::read(content_type, body)
        .ok_or_else(|| GraphError::parameter("The multipart form cannot be read"))?;
    let (mut params, mut file) = (Map::new(), None);
    for part in parts {
        if part.is_file && part.name == "file" {
            file = Some(SentFile {
                mime_type: part.content_type,
                bytes: part.content,
            });
        } else {
            let text = String::from_utf8_lossy(&part.content).into_owned();
            params.insert(part.name, Value::String(text));
        }
    }
    Ok((params, file))
}

fn body_params(content_type: &str, body: &Bytes) -> Result<Map<String, Value>, GraphError> {
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
fn pairs(encoded: &[u8]) -> Map<String, Value> {
    form_urlencoded::parse(encoded)
        .map(|(key, value)| {
            let nested = (value.starts_with('{') || value.starts_with('['))
                .then(|| serde_json::from_str(&value).ok())
                .flatten();
            let value = nested.unwrap_or_else(|| Value::String(value.into_owned()));
            (key.into_owned(), value)
        })
        .collect()
}
