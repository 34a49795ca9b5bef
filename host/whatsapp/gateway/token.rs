//! The token and its placeholder. The token goes out in one header, which the client sets, and is
//! written nowhere else; should an answer quote it, the placeholder comes back in its place.

use bytes::Bytes;
use http::{HeaderValue, header};
use serde_json::Value;

use super::multipart;
use crate::whatsapp::client::{AccessToken, GraphRequest, GraphResponse};
use crate::whatsapp::outbox::{form, pairs};

/// Parameters that authorise a call. The proof is made with the app's secret over the token: the
/// bot has neither, so its proof cannot be right.
const CREDENTIALS: [&str; 3] = ["access_token", "appsecret_proof", "appsecret_time"];

/// Takes the bot's credentials out of query and body: the header authorises the call.
///
/// Fails, with a text for the bot's author, when a multipart body cannot be read.
pub(super) fn strip(request: GraphRequest) -> Result<GraphRequest, String> {
    let path = match request.path.split_once('?') {
        Some((path, query)) => match strip_query(query) {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        },
        None => request.path.clone(),
    };
    let request = GraphRequest { path, ..request };
    let body = match request.content_type().as_str() {
        "multipart/form-data" if !request.body.is_empty() => {
            let mut parts = multipart::read(&request)?;
            parts.retain(|part| !is_credential(&part.name));
            return Ok(multipart::write(request, &parts));
        }
        "application/x-www-form-urlencoded" => strip_form(&request.body),
        _ => strip_json(&request.body),
    };
    Ok(GraphRequest {
        body: body.unwrap_or(request.body.clone()),
        ..request
    })
}

/// A query without credentials. Unchanged, to the byte, when it has none.
pub(super) fn strip_query(query: &str) -> String {
    let pairs = pairs(query);
    match pairs.iter().any(|(key, _)| is_credential(key)) {
        true => form(pairs.iter().filter(|(key, _)| !is_credential(key))),
        false => query.to_owned(),
    }
}

/// Puts the placeholder where an answer of any type quotes the token, and has `conceal` look at text.
pub(super) fn clean(
    answer: GraphResponse,
    token: &AccessToken,
    placeholder: &str,
    conceal: &dyn Fn(&str) -> String,
) -> GraphResponse {
    let GraphResponse {
        status,
        mut headers,
        mut body,
    } = answer;
    for value in headers.values_mut() {
        let bytes = without_token(value.as_bytes(), token, placeholder);
        let bytes = bytes.unwrap_or_else(|| value.as_bytes().to_vec());
        let text = String::from_utf8(bytes).map(|text| conceal(&text).into_bytes());
        let bytes = text.unwrap_or_else(|error| error.into_bytes());
        if let Ok(changed) = HeaderValue::from_bytes(&bytes) {
            *value = changed;
        }
    }
    if let Some(changed) = without_token(&body, token, placeholder) {
        body = Bytes::from(changed);
    }
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or("text/").to_ascii_lowercase();
    if ["json", "javascript", "text/", "xml"]
        .iter()
        .any(|kind| content_type.contains(kind))
    {
        let text = String::from_utf8_lossy(&body);
        let changed = conceal(&text);
        if changed != text {
            body = Bytes::from(changed);
        }
    }
    GraphResponse {
        status,
        headers,
        body,
    }
}

/// The bytes with the placeholder in the token's place; `None` when it is not there.
///
/// Each character counts in every form in which JSON, addresses and headers hold it.
fn without_token(bytes: &[u8], token: &AccessToken, placeholder: &str) -> Option<Vec<u8>> {
    let token = token.reveal().as_bytes();
    if token.is_empty() {
        return None;
    }
    let mut changed: Option<Vec<u8>> = None;
    let (mut at, mut kept) = (0, 0);
    while at < bytes.len() {
        match quoted(&bytes[at..], token) {
            Some(length) => {
                let changed = changed.get_or_insert_default();
                changed.extend_from_slice(&bytes[kept..at]);
                changed.extend_from_slice(placeholder.as_bytes());
                at += length;
                kept = at;
            }
            None => at += 1,
        }
    }
    if let Some(changed) = &mut changed {
        changed.extend_from_slice(&bytes[kept..]);
    }
    changed
}

/// How many bytes the token takes at the beginning of `bytes`, if it is there.
fn quoted(bytes: &[u8], token: &[u8]) -> Option<usize> {
    let mut at = 0;
    for expected in token {
        let (byte, length) = unescaped(&bytes[at..])?;
        if byte != *expected {
            return None;
        }
        at += length;
    }
    Some(at)
}

/// The first byte that is meant, and in how many it is written: `/`, `%2F`, `\/` or `\u002f`.
fn unescaped(bytes: &[u8]) -> Option<(u8, usize)> {
    let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    match bytes {
        [b'%', a, b, ..] if let Some(byte) = hex(&[*a, *b]) => Some((byte, 3)),
        [b'\\', b'u', b'0', b'0', a, b, ..] if let Some(byte) = hex(&[*a, *b]) => Some((byte, 6)),
        [b'\\', byte, ..] if byte.is_ascii_punctuation() => Some((*byte, 2)),
        [byte, ..] => Some((*byte, 1)),
        [] => None,
    }
}

fn is_credential(key: &str) -> bool {
    CREDENTIALS.contains(&key)
}

fn strip_form(body: &[u8]) -> Option<Bytes> {
    let text = std::str::from_utf8(body).ok()?;
    let stripped = strip_query(text);
    (stripped != text).then(|| Bytes::from(stripped))
}

fn strip_json(body: &[u8]) -> Option<Bytes> {
    let Value::Object(mut map) = serde_json::from_slice(body).ok()? else {
        return None;
    };
    let before = map.len();
    map.retain(|key, _| !is_credential(key));
    (map.len() < before).then(|| Bytes::from(Value::Object(map).to_string()))
}
