//! How much of a bot's request to Meta is read, and into how many values.
//!
//! What a body is decides how long it may be, before a byte of it is held. How many values are in it
//! is counted before they are made: a value takes many times the memory of its text.

use http::{Method, header};

use super::access::is_session;
use super::refused::Refused;
use crate::whatsapp::client::{GraphRequest, essence, is_version};

/// JSON and forms. The longest that Meta takes are templates, of some KiB.
const TEXT_BYTES: usize = 1 << 20;
/// A flow may have 10 MB, and is a text within JSON, where a quotation mark takes two bytes.
const FLOW_BYTES: usize = 20 << 20;
/// Files and pieces of them. Meta takes documents of up to 100 MB, and everything else of up to 16.
const FILE_BYTES: usize = 32 << 20;
/// A part of a form that is no file.
const FIELD_BYTES: usize = TEXT_BYTES;
/// What was read, and what it is written anew into.
const COPIES: usize = 2;

/// Values in a body of JSON: ten times what the largest template has.
const MOST_VALUES: usize = 20_000;
/// Pairs of a form or a query, and parts of a form.
const MOST_PAIRS: usize = 500;
/// A path with its query. A list of a hundred ids has 3,300.
const MOST_PATH_BYTES: usize = 16 << 10;

/// How long a body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyBound {
    /// The most bytes of it that are read.
    pub most: usize,
    /// How many times the host holds them.
    pub copies: usize,
}

/// How long the body of a request may be. `path` may begin with a version, and have a query.
pub(super) fn of(method: &Method, path: &str, content_type: &str) -> BodyBound {
    let path = path.split('?').next().unwrap_or_default();
    let mut segments = path.trim_matches('/').split('/');
    let first = segments.next().unwrap_or_default();
    let node = match is_version(first) {
        true => segments.next().unwrap_or_default(),
        false => first,
    };
    let is_flow = segments.eq(["flows"]);
    let (most, copies) = match () {
        () if method != Method::POST => (TEXT_BYTES, 1),
        () if is_session(node) => (FILE_BYTES, 1),
        () if content_type == "multipart/form-data" => (FILE_BYTES, COPIES),
        () if is_flow => (FLOW_BYTES, COPIES),
        () => (TEXT_BYTES, 1),
    };
    BodyBound { most, copies }
}

/// The same for a request whose body is there. Fails when it, or the path, is longer.
pub(super) fn check(request: &GraphRequest) -> Result<(), Refused> {
    if request.path.len() > MOST_PATH_BYTES {
        return Err(Refused::Path("the path has more than 16 KiB"));
    }
    let BodyBound { most, .. } = of(&request.method, &request.path, &request.content_type());
    match request.body.len() > most {
        true => Err(Refused::Long(most)),
        false => Ok(()),
    }
}

/// Counts the values of JSON. Of a text that is none, as many as its reader could make.
pub(super) fn check_values(json: &[u8]) -> Result<(), Refused> {
    let (mut count, mut is_text, mut is_escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            // Before each value but the first is one of these.
            b'[' | b'{' | b',' if !is_text => count += 1,
            _ => {}
        }
    }
    many(count, MOST_VALUES, "values")
}

/// Counts the pairs of a form or a query.
pub(super) fn check_pairs(text: &str) -> Result<(), Refused> {
    many(text.matches('&').count(), MOST_PAIRS, "parameters")
}

/// One part more of a form.
pub(super) fn check_part(before: usize, is_file: bool, bytes: usize) -> Result<(), Refused> {
    if !is_file && bytes > FIELD_BYTES {
        return Err(Refused::Long(FIELD_BYTES));
    }
    many(before, MOST_PAIRS, "parts")
}

fn many(count: usize, most: usize, what: &str) -> Result<(), Refused> {
    match count >= most {
        true => Err(Refused::Body(format!(
            "the request has {most} {what} or more, which nothing of Meta's takes: send less at once"
        ))),
        false => Ok(()),
    }
}

impl super::Gateway {
    /// How much of a request's body may be held, by what its path and its headers say.
    pub fn body_bound(parts: &http::request::Parts) -> BodyBound {
        let content_type = parts.headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let content_type = essence(content_type.unwrap_or_default());
        of(&parts.method, parts.uri.path(), &content_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_as_long_as_its_kind() {
        let most = |method, path, content_type| of(&method, path, content_type).most;
        const PARTS: &str = "multipart/form-data";
        for (path, content_type, expected) in [
            ("v25.0/1/messages", "application/json", TEXT_BYTES),
            ("1/messages?a=flows", "", TEXT_BYTES),
            ("1/media", PARTS, FILE_BYTES),
            ("/v25.0/upload:MTph?sig=A", "image/png", FILE_BYTES),
            ("upload:MTph", "", FILE_BYTES),
            ("1/flows", "application/json", FLOW_BYTES),
            (
                "v25.0/1/flows/",
                "application/x-www-form-urlencoded",
                FLOW_BYTES,
            ),
            ("1/a/flows", "application/json", TEXT_BYTES),
            ("v25.0/flows", "application/json", TEXT_BYTES),
            ("", "", TEXT_BYTES),
        ] {
            assert_eq!(most(Method::POST, path, content_type), expected, "{path}");
        }
        assert_eq!(most(Method::GET, "1/media", PARTS), TEXT_BYTES);
    }

    #[test]
    fn values_are_counted_outside_of_texts() {
        let list = |item: &str, count: usize| format!("[{}]", vec![item; count].join(","));
        let check = |text: &str| check_values(text.as_bytes());
        assert_eq!(check(&list("0", MOST_VALUES - 1)), Ok(()));
        assert!(check(&list("0", MOST_VALUES)).is_err());
        assert!(check(&"[".repeat(MOST_VALUES)).is_err());
        assert!(check(&list("{}", MOST_VALUES)).is_err());
        let text = format!("{{\"a\":\"{}\"}}", "\\\"[,{\\\\".repeat(MOST_VALUES));
        assert_eq!(check(&text), Ok(()));
    }
}
