//! The token and its placeholder: the one goes out, the other comes back.

use bytes::Bytes;
use http::{HeaderValue, header};
use serde_json::Value;

use super::Scope;
use crate::whatsapp::client::{AccessToken, GraphRequest, GraphResponse};
use crate::whatsapp::outbox::{form, pairs};

/// Parameters that authorise a call. The proof is made with the app's secret over the token: the
/// bot has neither, so its proof cannot be right.
const CREDENTIALS: [&str; 3] = ["access_token", "appsecret_proof", "appsecret_time"];

/// Takes the bot's credentials out of query and body. The header is set by the client.
pub(super) fn strip(request: GraphRequest, scope: &Scope, token: &AccessToken) -> GraphRequest {
    let path = match request.path.split_once('?') {
        Some((path, query)) => match strip_query(query) {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        },
        None => request.path.clone(),
    };
    let body = match request.content_type().as_str() {
        "application/x-www-form-urlencoded" => strip_form(&request.body),
        "multipart/form-data" => fill_multipart(&request.body, &scope.placeholder, token),
        _ => strip_json(&request.body),
    };
    GraphRequest {
        path,
        body: body.unwrap_or(request.body.clone()),
        ..request
    }
}

/// A query without credentials. Unchanged, to the byte, when it has none.
pub(super) fn strip_query(query: &str) -> String {
    let pairs = pairs(query);
    match pairs.iter().any(|(key, _)| is_credential(key)) {
        true => form(pairs.iter().filter(|(key, _)| !is_credential(key))),
        false => query.to_owned(),
    }
}

/// Puts the placeholder back where an answer quotes the token, and has `conceal` look at text.
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
        let text = value
            .to_str()
            .ok()
            .map(|text| conceal(&without_token(text, token, placeholder)));
        if let Some(changed) = text.and_then(|text| HeaderValue::try_from(text).ok()) {
            *value = changed;
        }
    }
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or("text/");
    if ["json", "javascript", "text/", "xml"]
        .iter()
        .any(|kind| content_type.contains(kind))
    {
        let text = String::from_utf8_lossy(&body);
        let changed = conceal(&without_token(&text, token, placeholder));
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

/// In every form in which JSON, addresses and headers hold a token.
fn without_token(text: &str, token: &AccessToken, placeholder: &str) -> String {
    let token = token.reveal();
    if token.is_empty() {
        return text.to_owned();
    }
    let encode = |text: &str| {
        let pair = form([&("t".to_owned(), text.to_owned())]);
        pair.trim_start_matches("t=").to_owned()
    };
    text.replace(token, placeholder)
        .replace(&token.replace('/', "\\/"), &placeholder.replace('/', "\\/"))
        .replace(&encode(token), &encode(placeholder))
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

/// Replaces the placeholder in the part that is named `access_token`, and nowhere else: a file may
/// hold the same bytes.
fn fill_multipart(body: &[u8], placeholder: &str, token: &AccessToken) -> Option<Bytes> {
    let named = find(body, b"name=\"access_token\"")?;
    let value = named + find(&body[named..], b"\r\n\r\n")? + 4;
    let rest = body[value..].strip_prefix(placeholder.as_bytes())?;
    if placeholder.is_empty() || !rest.starts_with(b"\r\n--") {
        return None;
    }
    Some(
        [&body[..value], token.reveal().as_bytes(), rest]
            .concat()
            .into(),
    )
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
