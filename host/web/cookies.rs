//! Cookies of a bot, which are for its own host name: browsers would send one with `Domain=` of the name above to
//! the bots beside it as well.

use super::address::name_of;
use http::header::{HeaderMap, HeaderValue, SET_COOKIE};

/// Takes `Domain` off cookies, unless it is the bot's own name or one below.
pub(super) fn keep_to(authority: &str, headers: &mut HeaderMap) {
    let own = name_of(authority);
    let cookies = headers.get_all(SET_COOKIE);
    if !cookies.iter().any(|cookie| kept(cookie, &own).is_some()) {
        return;
    }
    let cookies: Vec<HeaderValue> = cookies
        .iter()
        .map(|cookie| kept(cookie, &own).unwrap_or_else(|| cookie.clone()))
        .collect();
    headers.remove(SET_COOKIE);
    for cookie in cookies {
        headers.append(SET_COOKIE, cookie);
    }
}

/// The cookie without a domain that is not the bot's; `None` where there is none.
fn kept(cookie: &HeaderValue, own: &str) -> Option<HeaderValue> {
    let is_foreign = |attribute: &&[u8]| {
        let (name, value) = match attribute.iter().position(|byte| *byte == b'=') {
            Some(at) => attribute.split_at(at),
            None => (*attribute, &b""[..]),
        };
        let value = value.strip_prefix(b"=").unwrap_or(value);
        let domain = String::from_utf8_lossy(value).trim().to_ascii_lowercase();
        let domain = domain.strip_prefix('.').unwrap_or(&domain);
        let is_below = domain
            .strip_suffix(own)
            .is_some_and(|label| label.ends_with('.'));
        name.trim_ascii().eq_ignore_ascii_case(b"domain")
            && !domain.is_empty()
            && domain != own
            && !is_below
    };
    let parts: Vec<&[u8]> = cookie.as_bytes().split(|byte| *byte == b';').collect();
    let (first, attributes) = parts.split_first()?;
    if !attributes.iter().any(&is_foreign) {
        return None;
    }
    let attributes = attributes
        .iter()
        .copied()
        .filter(|attribute| !is_foreign(attribute));
    let parts: Vec<&[u8]> = std::iter::once(*first).chain(attributes).collect();
    let plain = parts.join(&b';');
    HeaderValue::from_bytes(&plain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_for_the_bots_own_name() {
        for (written, expected) in [
            ("a=1", "a=1"),
            ("a=1; Path=/; HttpOnly", "a=1; Path=/; HttpOnly"),
            ("a=1; Domain=bots.test; Path=/", "a=1; Path=/"),
            ("a=1;domain = .BOTS.test", "a=1"),
            ("a=1; Domain=test; DOMAIN=bots.test", "a=1"),
            ("a=1; Domain=other.bots.test", "a=1"),
            ("a=1; Domain=xshop.bots.test", "a=1"),
            ("a=1; Domain=shop.bots.test", "a=1; Domain=shop.bots.test"),
            (
                "a=1; Domain=.a.Shop.bots.test",
                "a=1; Domain=.a.Shop.bots.test",
            ),
            ("domain=bots.test; Path=/", "domain=bots.test; Path=/"),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(SET_COOKIE, HeaderValue::from_static("first=1"));
            headers.append(SET_COOKIE, HeaderValue::from_static(written));
            keep_to("SHOP.bots.test:4000", &mut headers);
            let cookies: Vec<_> = headers.get_all(SET_COOKIE).iter().collect();
            assert_eq!(cookies, ["first=1", expected], "{written}");
        }
    }
}
