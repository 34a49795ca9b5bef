//! Requests of bots to Meta, and Meta's answers.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::access::{self, Call};
use super::bounds;
use super::fields;
use super::offers::{Gives, Node};
use super::token::{Filter, is_credential};
use crate::whatsapp::client::{AccessToken, GraphRequest, GraphResponse};
use crate::whatsapp::outbox::pairs;

const NUMBER: &str = "1065403";
const TOKEN: &str = "EAA/real|1";
const NODES: [Node; 8] = [
    Node::Number,
    Node::Account,
    Node::Object,
    Node::Granted,
    Node::Upload,
    Node::App,
    Node::Library,
    Node::Anyone,
];

/// Reads a method and a path, a line with a content type, and a body. What would go to Meta is read as the
/// same again, and has no token in it.
pub(crate) fn run(input: &[u8]) {
    answers(input);
    let Some(asked) = request(input) else { return };
    if bounds::check(&asked).is_err() {
        return;
    }
    for node in NODES {
        let Ok(mut call) = Call::read(asked.clone()) else {
            return;
        };
        let id = call.id().to_owned();
        if !access::is_id(&id) && !access::is_session(&id) && id != "app" {
            return;
        }
        let Ok(judged) = call.judge(node, NUMBER) else {
            continue;
        };
        let is_receipt = call.is_receipt();
        let written = call.into_request();
        assert_eq!(written.path.split(['/', '?']).next(), Some(id.as_str()));
        let (_, query) = written.path.split_once('?').unwrap_or_default();
        assert!(!pairs(query).iter().any(|(name, _)| is_credential(name)));
        for named in &judged.ids {
            assert!(access::is_id(&named.id), "{}", named.id);
        }

        let mut again = Call::read(written.clone()).expect("what was written can be read");
        let second = again
            .judge(node, NUMBER)
            .expect("what was written is offered");
        assert_eq!((second.gives, second.ids), (judged.gives, judged.ids));
        assert_eq!(again.is_receipt(), is_receipt);
        let second = again.into_request();
        assert_eq!(second.path, written.path);
        assert_eq!(without_boundary(&second), without_boundary(&written));
    }
}

fn request(input: &[u8]) -> Option<GraphRequest> {
    let end = |bytes: &[u8]| bytes.iter().position(|byte| *byte == b'\n');
    let (line, rest) = input.split_at(end(input)?);
    let (content_type, body) = rest[1..].split_at(end(&rest[1..])?);
    let (method, path) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    let content_type = HeaderValue::from_bytes(content_type).ok()?;
    Some(GraphRequest {
        method: Method::from_bytes(method.as_bytes()).ok()?,
        version: None,
        path: path.to_owned(),
        headers: HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]),
        body: Bytes::copy_from_slice(&body[1..]),
    })
}

/// The boundary is drawn anew each time.
fn without_boundary(request: &GraphRequest) -> Vec<u8> {
    let content_type = request.headers.get(header::CONTENT_TYPE);
    let content_type = content_type.map_or(&b""[..], |value| value.as_bytes());
    let boundary = content_type.strip_prefix(b"multipart/form-data; boundary=");
    let mut body = request.body.to_vec();
    if let Some(boundary) = boundary {
        let mut at = 0;
        while at + boundary.len() <= body.len() {
            if body[at..].starts_with(boundary) {
                body[at..at + boundary.len()].fill(b'b');
            }
            at += 1;
        }
    }
    body
}

/// An answer loses the token in whatever pieces it comes, and what it teaches are ids.
fn answers(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        // Whether it is a list of fields says the test of the grammar.
        let _ = fields::check(text, NUMBER);
    }
    let token = AccessToken::new(TOKEN);
    let passed = |pieces: &[&[u8]]| {
        let mut filter = Filter::new(&token, "[token]");
        let mut passed = Vec::new();
        for piece in pieces {
            passed.extend(filter.pass(Bytes::copy_from_slice(piece)));
        }
        passed.extend(filter.rest());
        passed
    };
    let whole = passed(&[input]);
    let has_token = whole
        .windows(TOKEN.len())
        .any(|part| part == TOKEN.as_bytes());
    assert!(!has_token, "the token passed");
    let first = input.first().map_or(0, |byte| usize::from(*byte));
    let (one, rest) = input.split_at(first.min(input.len()));
    let (two, three) = rest.split_at(rest.len() / 2);
    assert_eq!(passed(&[one, two, three]), whole);
    if input.len() <= 512 {
        let each: Vec<&[u8]> = input.chunks(1).collect();
        assert_eq!(passed(&each), whole);
    }

    let answer = GraphResponse {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(input),
    };
    for gives in [Gives::Made, Gives::Session] {
        for id in access::learned(gives, &answer) {
            assert!(access::is_id(&id) || access::is_session(&id), "{id}");
        }
    }
}
