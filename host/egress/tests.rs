//! Which addresses pass, and what is left of headers.

use http::{HeaderMap, Uri};
use http_body::SizeHint;

use super::*;

fn verdict(policy: &EgressPolicy, uri: &str) -> String {
    let Ok(uri) = uri.parse::<Uri>() else {
        return "HTTP-request-URI-invalid".to_owned();
    };
    policy
        .check(&uri)
        .map_or_else(|error| error.wasi_code().to_owned(), |url| url.to_string())
}

/// Each in the ways in which it can be written.
const REFUSED: &[&str] = &[
    // Loopback, and what else a socket takes for it.
    "127.0.0.1",
    "127.255.255.254",
    "127.1",
    "0x7f.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "127.0.0.1.",
    "0",
    "0.0.0.0",
    "0.1.2.3",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    // Private, shared, link-local, metadata.
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "0xc0a80001",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "169.254.169.254",
    "169.254.170.2",
    "0xa9fea9fe",
    "2852039166",
    "168.63.129.16",
    "192.0.0.192",
    // Documentation, benchmarks, relays, multicast, reserved, broadcast.
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "198.18.0.1",
    "198.19.255.255",
    "192.88.99.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    // IPv6 that carries an IPv4 address: mapped, compatible, translated, NAT64, 6to4, Teredo.
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:8.8.8.8]",
    "[::127.0.0.1]",
    "[::8.8.8.8]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::8.8.8.8]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2002:808:808::1]",
    "[2001:0:53aa:64c::1]",
    // IPv6: unique local (a cloud's metadata too), link-local, site-local, multicast, the rest.
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fdff::1]",
    "[fe80::1]",
    "[febf::1]",
    "[fec0::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[2001:10::1]",
    "[2001:20::1]",
    "[2001:2::1]",
    "[100::1]",
    "[5f00::1]",
    "[4000::1]",
];

#[test]
fn addresses_that_are_not_public_are_refused_in_every_form() {
    for host in REFUSED {
        for scheme in ["http", "https"] {
            let uri = format!("{scheme}://{host}/path");
            assert_eq!(
                verdict(&EgressPolicy::default(), &uri),
                "destination-IP-prohibited",
                "{uri}"
            );
        }
    }
}

#[test]
fn public_addresses_pass_next_to_the_refused_ones() {
    let hosts = [
        "8.8.8.8",
        "1.0.0.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "168.63.129.17",
        "[2606:4700::1111]",
        "[2a00:1450::1]",
        "[2001:200::1]",
        "[2003::1]",
        "[2001:db9::1]",
    ];
    for host in hosts {
        let uri = format!("https://{host}/");
        assert_eq!(verdict(&EgressPolicy::default(), &uri), uri);
    }
}

#[test]
fn what_is_no_plain_address_is_refused() {
    let cases = [
        ("ftp://example.com/", "HTTP-request-denied"),
        ("file:///etc/passwd", "HTTP-request-URI-invalid"),
        ("/relative", "HTTP-request-URI-invalid"),
        (
            "https://user:secret@example.com/",
            "HTTP-request-URI-invalid",
        ),
        ("https://user@example.com/", "HTTP-request-URI-invalid"),
        ("http://example.com:25/", "HTTP-request-denied"),
        ("http://example.com:465/", "HTTP-request-denied"),
        ("https://example.com:587/", "HTTP-request-denied"),
        ("http://example.com:8080/", "http://example.com:8080/"),
        ("http://example.com:5432/", "http://example.com:5432/"),
        ("http://1.2.3.4.5/", "HTTP-request-URI-invalid"),
        ("http://256.1.1.1/", "HTTP-request-URI-invalid"),
        ("http://[::1", "HTTP-request-URI-invalid"),
    ];
    for (uri, expected) in cases {
        assert_eq!(verdict(&EgressPolicy::default(), uri), expected, "{uri}");
    }
}

#[test]
fn exceptions_hold_for_their_port_and_the_machines_own_addresses_are_refused() {
    let policy = EgressPolicy {
        allow: vec![
            "127.0.0.1:8080".parse().unwrap(),
            "10.0.0.5:25".parse().unwrap(),
        ],
        own: OwnAddresses::fixed(["8.8.4.4".parse().unwrap()]),
        ..EgressPolicy::default()
    };
    assert_eq!(
        verdict(&policy, "http://127.0.0.1:8080/"),
        "http://127.0.0.1:8080/"
    );
    assert_eq!(
        verdict(&policy, "http://10.0.0.5:25/"),
        "http://10.0.0.5:25/"
    );
    for uri in [
        "http://127.0.0.1/",
        "http://127.0.0.1:8081/",
        "http://127.0.0.2:8080/",
        "https://8.8.4.4/",
    ] {
        assert_eq!(verdict(&policy, uri), "destination-IP-prohibited", "{uri}");
    }
    let but_this = EgressPolicy {
        allow: vec!["8.8.4.4:443".parse().unwrap()],
        ..policy
    };
    assert_eq!(verdict(&but_this, "https://8.8.4.4/"), "https://8.8.4.4/");
    assert_eq!(
        verdict(&but_this, "http://8.8.4.4/"),
        "destination-IP-prohibited"
    );
}

#[test]
fn lists_take_away_from_exceptions_too() {
    let list = |deny: &str, only: &str| {
        let texts =
            |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
        Lists::parse(&texts(deny), &texts(only)).unwrap()
    };
    let policy = EgressPolicy {
        allow: vec!["10.0.0.0/8".parse().unwrap()],
        lists: vec![
            list("10.0.0.5 *.evil.test", ""),
            list("", "10.0.0.0/8 api.test 8.8.0.0/16"),
        ],
        ..EgressPolicy::default()
    };
    for (uri, expected) in [
        ("http://10.0.0.4/", "http://10.0.0.4/"),
        ("http://10.0.0.5/", "HTTP-request-denied"),
        ("http://0x0a000005/", "HTTP-request-denied"),
        ("https://api.test/", "https://api.test/"),
        ("https://API.test./", "https://api.test./"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://9.9.9.9/", "HTTP-request-denied"),
        ("http://a.evil.test/", "HTTP-request-denied"),
        // It is refused for what it is, before any list.
        ("http://127.0.0.1/", "destination-IP-prohibited"),
    ] {
        assert_eq!(verdict(&policy, uri), expected, "{uri}");
    }
}

#[test]
fn headers_of_one_connection_stay_behind() {
    let names = [
        ("connection", "close, X-Private"),
        ("x-private", "1"),
        ("keep-alive", "5"),
        ("te", "trailers"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "h2c"),
        ("proxy-authorization", "x"),
        ("host", "evil"),
        ("expect", "100-continue"),
        ("content-length", "3"),
        ("x-own", "stays"),
        ("authorization", "stays"),
    ];
    let headers: HeaderMap = names
        .into_iter()
        .map(|(name, value)| {
            (
                name.parse().unwrap(),
                value.parse::<http::HeaderValue>().unwrap(),
            )
        })
        .collect();
    let kept = |headers: HeaderMap| {
        let mut names: Vec<_> = headers
            .keys()
            .map(|name| name.as_str().to_owned())
            .collect();
        names.sort();
        names.join(" ")
    };
    let outgoing = headers::outgoing(headers.clone(), &SizeHint::with_exact(3));
    assert_eq!(kept(outgoing), "authorization x-own");
    let unknown = headers::outgoing(headers.clone(), &SizeHint::new());
    assert_eq!(kept(unknown), "authorization content-length x-own");
    assert_eq!(
        kept(headers::incoming(headers)),
        "authorization content-length expect host x-own"
    );
}
