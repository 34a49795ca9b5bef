//! Headers that belong to one connection, and therefore not to a bot.

use http::header::{self, HeaderMap, HeaderName};
use http_body::SizeHint;

const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// What is sent of a bot's headers.
///
/// `Host` would let a request reach another site than the one that was checked. `Expect` is not
/// waited for. A length that is known is written anew.
pub(super) fn outgoing(headers: HeaderMap, size: &SizeHint) -> HeaderMap {
    let mut headers = incoming(headers);
    headers.remove(header::HOST);
    headers.remove(header::EXPECT);
    if size.exact().is_some() {
        headers.remove(header::CONTENT_LENGTH);
    }
    headers
}

/// What a bot gets of an answer's headers.
pub(super) fn incoming(mut headers: HeaderMap) -> HeaderMap {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
    headers
}
