//! Which addresses pass, what is left of headers, and how many requests are under way at once.

use std::net::SocketAddr;
use std::pin::Pin;

use futures::poll;
use http::{HeaderMap, Uri};
use http_body::SizeHint;
use http_body_util::Empty;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

fn verdict(policy: &EgressPolicy, uri: &str) -> String {
    let Ok(uri) = uri.parse::<Uri>() else {
        return "InvalidUri".to_owned();
    };
    policy
        .check(&uri)
        .map_or_else(|error| variant(&error), |url| url.to_string())
}

/// The name of an error's variant.
fn variant(error: &EgressError) -> String {
    let shown = format!("{error:?}");
    let name = shown.split(|c: char| !c.is_alphanumeric()).next();
    name.unwrap_or_default().to_owned()
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
                "AddressDenied",
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
        ("ftp://example.com/", "Scheme"),
        ("file:///etc/passwd", "InvalidUri"),
        ("/relative", "InvalidUri"),
        ("https://user:secret@example.com/", "InvalidUri"),
        ("https://user@example.com/", "InvalidUri"),
        ("http://example.com:25/", "PortDenied"),
        ("http://example.com:465/", "PortDenied"),
        ("https://example.com:587/", "PortDenied"),
        ("http://example.com:8080/", "http://example.com:8080/"),
        ("http://example.com:5432/", "http://example.com:5432/"),
        ("http://1.2.3.4.5/", "InvalidUri"),
        ("http://256.1.1.1/", "InvalidUri"),
        ("http://[::1", "InvalidUri"),
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
        assert_eq!(verdict(&policy, uri), "AddressDenied", "{uri}");
    }
    let but_this = EgressPolicy {
        allow: vec!["8.8.4.4:443".parse().unwrap()],
        ..policy
    };
    assert_eq!(verdict(&but_this, "https://8.8.4.4/"), "https://8.8.4.4/");
    assert_eq!(verdict(&but_this, "http://8.8.4.4/"), "AddressDenied");
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
        ("http://10.0.0.5/", "NotListed"),
        ("http://0x0a000005/", "NotListed"),
        ("https://api.test/", "https://api.test/"),
        ("https://API.test./", "https://api.test./"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://9.9.9.9/", "NotListed"),
        ("http://a.evil.test/", "NotListed"),
        // It is refused for what it is, before any list.
        ("http://127.0.0.1/", "AddressDenied"),
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

const ONE: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

/// An answer after which the connection ends, and one after which it is kept.
const LAST: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi";
const KEPT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

/// A server that answers when the test does.
struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener, address }
    }

    fn get(&self, path: &str) -> http::Request<Empty<Bytes>> {
        let url = format!("http://{}{path}", self.address);
        http::Request::get(url).body(Empty::new()).unwrap()
    }

    /// The next connection, and what it asks for.
    async fn asked(&self) -> (TcpStream, String) {
        let (mut stream, _) = self.listener.accept().await.unwrap();
        let path = path(&mut stream).await;
        (stream, path)
    }

    /// Answers on the next connection, which is left open.
    async fn answer(&self, text: &str) -> TcpStream {
        let (mut stream, _) = self.asked().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    /// Waits until a request is here that nobody answers yet.
    async fn reached_by<T>(
        &self,
        request: Pin<&mut impl Future<Output = T>>,
    ) -> (TcpStream, String) {
        tokio::select! {
            _ = request => panic!("it ended"),
            asked = self.asked() => asked,
        }
    }
}

/// What the next request on a connection asks for.
async fn path(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut head).await.unwrap(), 0, "it is closed");
    }
    let head = String::from_utf8(head).unwrap();
    head.split(' ').nth(1).unwrap().to_owned()
}

/// A way out to this machine.
fn way(limits: EgressLimits) -> Egress {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let policy = EgressPolicy {
        allow: vec!["127.0.0.0/8".parse().unwrap()],
        ..EgressPolicy::default()
    };
    Egress::new(policy, limits).unwrap()
}

fn at_once(requests_of_project: usize) -> Egress {
    way(EgressLimits {
        requests_of_project,
        ..EgressLimits::default()
    })
}

async fn text(answer: http::Response<StreamingBody>) -> String {
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Returns when so many places are free, of the project's and of all.
async fn are_free(way: &Egress, places: (usize, usize)) {
    while way.places.free(ONE) != places {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn above_a_projects_places_its_requests_wait_their_turn_and_anothers_pass() {
    let server = Server::start().await;
    let all = at_once(2);
    let free = all.places.free(ONE);
    let (one, other) = (all.of(ONE), all.of(OTHER));
    // It has other connections, and the same places.
    let listed = one.with_lists(Lists::parse(&[], &[]).unwrap());
    let mut first = Box::pin(one.send(server.get("/1")));
    let (mut at_first, _) = server.reached_by(first.as_mut()).await;
    let mut second = Box::pin(listed.send(server.get("/2")));
    let (at_second, _) = server.reached_by(second.as_mut()).await;

    let mut third = Box::pin(one.send(server.get("/3")));
    let mut fourth = Box::pin(one.send(server.get("/4")));
    let mut fifth = Box::pin(one.send(server.get("/5")));
    for waits in [third.as_mut(), fourth.as_mut(), fifth.as_mut()] {
        assert!(poll!(waits).is_pending());
    }
    let mut others = Box::pin(other.send(server.get("/other")));
    let (at_others, path) = server.reached_by(others.as_mut()).await;
    assert_eq!(path, "/other", "one passed that had no place");

    at_first.write_all(LAST.as_bytes()).await.unwrap();
    assert_eq!(text(first.await.unwrap()).await, "hi");
    let (mut at_third, path) = server.reached_by(third.as_mut()).await;
    assert_eq!(path, "/3");
    assert!(poll!(fifth.as_mut()).is_pending());
    // Who waits no more is passed over.
    drop(fourth);
    at_third.write_all(LAST.as_bytes()).await.unwrap();
    assert_eq!(text(third.await.unwrap()).await, "hi");
    let (_, path) = server.reached_by(fifth.as_mut()).await;
    assert_eq!(path, "/5");

    drop((second, fifth, others));
    are_free(&all, free).await;
    drop((at_second, at_others));
}

#[tokio::test]
async fn a_place_is_given_back_however_its_request_ended() {
    let server = Server::start().await;
    let all = at_once(1);
    let free = all.places.free(ONE);
    let one = all.of(ONE);
    let (answer, at) = tokio::join!(one.send(server.get("/")), server.answer(LAST));
    assert_eq!(text(answer.unwrap()).await, "hi");
    are_free(&all, free).await;
    drop(at);

    // Nobody reads the answer.
    let long = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nsome";
    let (answer, at) = tokio::join!(one.send(server.get("/")), server.answer(long));
    let mut next = Box::pin(one.send(server.get("/next")));
    assert!(poll!(next.as_mut()).is_pending());
    drop(answer);
    let (at_next, path) = server.reached_by(next.as_mut()).await;
    assert_eq!(path, "/next");
    drop(at);

    // Nobody waits for the answer.
    drop(next);
    are_free(&all, free).await;
    drop(at_next);

    // There is none.
    let (cut, ()) = tokio::join!(one.send(server.get("/")), async {
        drop(server.asked().await);
    });
    assert_eq!(variant(&cut.err().unwrap()), "ConnectionCut");
    are_free(&all, free).await;

    // Or it breaks off.
    let (answer, ()) = tokio::join!(one.send(server.get("/")), async {
        drop(server.answer(long).await);
    });
    assert!(answer.unwrap().into_body().collect().await.is_err());
    are_free(&all, free).await;

    let request = server.get("/");
    drop(server);
    let refused = one.send(request).await.err().unwrap();
    assert_eq!(variant(&refused), "ConnectionRefused");
    are_free(&all, free).await;
}

#[tokio::test]
async fn an_answer_that_is_all_here_has_no_place_before_it_is_read() {
    let server = Server::start().await;
    let one = at_once(1).of(ONE);
    let (first, mut at) = tokio::join!(one.send(server.get("/1")), server.answer(KEPT));
    // On the same connection, which waited for it.
    let (second, ()) = tokio::join!(one.send(server.get("/2")), async {
        assert_eq!(path(&mut at).await, "/2");
        at.write_all(KEPT.as_bytes()).await.unwrap();
    });
    assert_eq!(text(first.unwrap()).await, "hi");
    assert_eq!(text(second.unwrap()).await, "hi");
}

#[tokio::test]
async fn who_waits_in_vain_for_a_place_is_told() {
    let all = way(EgressLimits {
        requests_of_project: 1,
        first_byte: Duration::ZERO,
        ..EgressLimits::default()
    });
    let _taken = all.places.take(Some(ONE)).await;
    let request = http::Request::get("http://127.0.0.1:9/").body(Empty::<Bytes>::new());
    let error = all.of(ONE).send(request.unwrap()).await.err().unwrap();
    assert_eq!(variant(&error), "Full");
    assert!(error.to_string().contains("read each answer"), "{error}");
}

#[tokio::test]
async fn connections_that_wait_are_bounded_in_all() {
    let (one, two) = (Server::start().await, Server::start().await);
    let all = way(EgressLimits {
        idle_in_all: 1,
        ..EgressLimits::default()
    });
    let free = all.places.free(ONE);
    // With lists it has connections of its own.
    let listed = all.with_lists(Lists::parse(&[], &[]).unwrap());
    let mut kept = Vec::new();
    for (way, server) in [(&all, &one), (&all, &two), (&listed, &two)] {
        let (answer, at) = tokio::join!(way.send(server.get("/")), server.answer(KEPT));
        assert_eq!(text(answer.unwrap()).await, "hi");
        are_free(&all, free).await;
        kept.push(at);
    }
    for at in &mut kept[..2] {
        assert_eq!(at.read(&mut [0]).await.unwrap(), 0, "it was kept");
    }
    assert!(poll!(Box::pin(kept[2].read_u8())).is_pending());
}
