//! The token and its placeholder. The token goes out in one header, which the client sets, and is
//! written nowhere else; should an answer quote it, the placeholder comes back in its place.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use crate::whatsapp::client::{AccessToken, GraphResponse};
use crate::whatsapp::outbox::{form, pairs};

/// Parameters that authorise a call. The proof is made with the app's secret over the token: the
/// bot has neither, so its proof cannot be right.
const CREDENTIALS: [&str; 3] = ["access_token", "appsecret_proof", "appsecret_time"];

/// Whether a parameter of this name is left out: the header authorises the call.
pub(super) fn is_credential(name: &str) -> bool {
    CREDENTIALS.contains(&name)
}

/// A query without credentials. Unchanged, to the byte, when it has none.
pub(super) fn strip_query(query: &str) -> String {
    let pairs = pairs(query);
    match pairs.iter().any(|(name, _)| is_credential(name)) {
        true => form(pairs.iter().filter(|(name, _)| !is_credential(name))),
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
    clean_headers(&mut headers, token, placeholder, conceal);
    if let (Some(changed), _) = replaced(&body, token, placeholder, true) {
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

/// The same for the headers alone.
pub(super) fn clean_headers(
    headers: &mut HeaderMap,
    token: &AccessToken,
    placeholder: &str,
    conceal: &dyn Fn(&str) -> String,
) {
    for value in headers.values_mut() {
        let (bytes, _) = replaced(value.as_bytes(), token, placeholder, true);
        let bytes = bytes.unwrap_or_else(|| value.as_bytes().to_vec());
        let text = String::from_utf8(bytes).map(|text| conceal(&text).into_bytes());
        let bytes = text.unwrap_or_else(|error| error.into_bytes());
        if let Ok(changed) = HeaderValue::from_bytes(&bytes) {
            *value = changed;
        }
    }
}

/// Puts the placeholder in the token's place while an answer goes by in pieces.
#[derive(Debug)]
pub(super) struct Filter {
    token: AccessToken,
    placeholder: String,
    /// The end of the last piece, with which the token may begin.
    held: Vec<u8>,
}

impl Filter {
    pub(super) fn new(token: &AccessToken, placeholder: &str) -> Self {
        Self {
            token: token.clone(),
            placeholder: placeholder.to_owned(),
            held: Vec::new(),
        }
    }

    /// What of this piece, and of what was held back, may go on.
    pub(super) fn pass(&mut self, piece: Bytes) -> Bytes {
        let bytes = match self.held.is_empty() {
            true => piece,
            false => {
                let mut bytes = std::mem::take(&mut self.held);
                bytes.extend_from_slice(&piece);
                Bytes::from(bytes)
            }
        };
        let (changed, certain) = replaced(&bytes, &self.token, &self.placeholder, false);
        self.held.extend_from_slice(&bytes[certain..]);
        changed.map_or_else(|| bytes.slice(..certain), Bytes::from)
    }

    /// What was held back, when nothing follows.
    pub(super) fn rest(&mut self) -> Bytes {
        let bytes = Bytes::from(std::mem::take(&mut self.held));
        let (changed, _) = replaced(&bytes, &self.token, &self.placeholder, true);
        changed.map_or(bytes, Bytes::from)
    }
}

/// The bytes with the placeholder in the token's place, `None` when it is not there; and how many
/// bytes this is about: what comes after them may turn out to be the token, unless this `is_end`.
///
/// Each character counts in every form in which JSON, addresses and headers hold it.
fn replaced(
    bytes: &[u8],
    token: &AccessToken,
    placeholder: &str,
    is_end: bool,
) -> (Option<Vec<u8>>, usize) {
    let token = token.reveal().as_bytes();
    if token.is_empty() {
        return (None, bytes.len());
    }
    let mut changed: Option<Vec<u8>> = None;
    let (mut at, mut kept) = (0, 0);
    while at < bytes.len() {
        match quoted(&bytes[at..], token, is_end) {
            Quoted::Whole(length) => {
                let changed = changed.get_or_insert_default();
                changed.extend_from_slice(&bytes[kept..at]);
                changed.extend_from_slice(placeholder.as_bytes());
                at += length;
                kept = at;
            }
            Quoted::Not => at += 1,
            Quoted::Begins if is_end => at += 1,
            Quoted::Begins => break,
        }
    }
    if let Some(changed) = &mut changed {
        changed.extend_from_slice(&bytes[kept..at]);
    }
    (changed, at)
}

/// Whether the token is at the beginning of some bytes.
enum Quoted {
    /// With how many bytes.
    Whole(usize),
    /// As far as there are bytes.
    Begins,
    Not,
}

fn quoted(bytes: &[u8], token: &[u8], is_end: bool) -> Quoted {
    let mut at = 0;
    for expected in token {
        match unescaped(&bytes[at..], is_end) {
            Some((byte, length)) if byte == *expected => at += length,
            Some(_) => return Quoted::Not,
            None => return Quoted::Begins,
        }
    }
    Quoted::Whole(at)
}

/// The first byte that is meant, and in how many it is written: `/`, `%2F`, `\/` or `\u002f`. `None`
/// when there are too few to tell.
fn unescaped(bytes: &[u8], is_end: bool) -> Option<(u8, usize)> {
    let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    match bytes {
        [b'%', a, b, ..] if let Some(byte) = hex(&[*a, *b]) => Some((byte, 3)),
        [b'\\', b'u', b'0', b'0', a, b, ..] if let Some(byte) = hex(&[*a, *b]) => Some((byte, 6)),
        [b'%'] | [b'%', _] if !is_end => None,
        [b'\\'] if !is_end => None,
        [b'\\', b'u', rest @ ..] if !is_end && rest.len() < 4 => None,
        [b'\\', byte, ..] if byte.is_ascii_punctuation() => Some((*byte, 2)),
        [byte, ..] => Some((*byte, 1)),
        [] => None,
    }
}
