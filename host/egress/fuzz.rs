//! Addresses that bots ask for, and those that operators except.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;

use super::policy::{EgressPolicy, is_public};
use super::settings::{Allowed, Resolved};

/// Judges an address: what passes is asked for as it was judged, and a number in it is a public one.
pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Ok(allowed) = text.parse::<Allowed>() {
        allowed.holds(Ipv4Addr::LOCALHOST.into());
        allowed.holds(Ipv6Addr::LOCALHOST.into());
    }
    if let Ok(resolved) = text.parse::<Resolved>() {
        resolved.is_for("api.example.com.");
    }
    let Ok(uri) = text.parse::<Uri>() else {
        return;
    };
    let policy = EgressPolicy::default();
    let Ok(url) = policy.check(&uri) else {
        return;
    };
    let Ok(asked) = url.as_str().parse::<Uri>() else {
        return;
    };
    let scheme = asked.scheme_str();
    assert!(matches!(scheme, Some("http" | "https")), "{asked}");
    assert_eq!(asked.host(), url.host_str(), "{text}");
    let port = asked.port_u16().or(match scheme {
        Some("http") => Some(80),
        _ => Some(443),
    });
    assert_eq!(port, url.port_or_known_default(), "{text}");
    assert!(!policy.denied_ports.contains(&port.unwrap_or_default()));
    let authority = asked.authority().map_or("", |authority| authority.as_str());
    assert!(!authority.contains('@'), "{authority}");
    let host = asked.host().unwrap_or_default();
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = literal.parse::<IpAddr>() {
        assert!(is_public(address), "{address}");
    }
    // What was judged is judged the same again.
    assert_eq!(policy.check(&asked).ok().as_ref(), Some(&url));
}
