//! Connections that are opened and left, and that they keep nobody out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::routing::{get, post};
use roost::http::{ListenerLimits, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
const HALF: &str = "GET / HTTP/1.1\r\nhost: x\r\nx-more: ";

struct Door {
    address: SocketAddr,
    /// A request with a body has begun.
    started: Arc<Notify>,
    closing: CancellationToken,
    serving: tokio::task::JoinHandle<()>,
}

impl Door {
    /// `is_proxy`: whether this machine's connections are those of a proxy.
    async fn open(limits: ListenerLimits, is_proxy: bool) -> Self {
        let started = Arc::new(Notify::new());
        let begun = started.clone();
        let echo = async move |body: Body| {
            begun.notify_one();
            to_bytes(body, 100).await.unwrap()
        };
        let router = Router::new()
            .route("/", get(async || "hello"))
            .route("/echo", post(echo));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let closing = CancellationToken::new();
        let may_have_all = Arc::new(move |_| is_proxy);
        let serving = serve(listener, router, limits, may_have_all, closing.clone());
        let serving = tokio::spawn(serving);
        Self {
            address,
            started,
            closing,
            serving,
        }
    }

    async fn connect(&self, begin: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(begin.as_bytes()).await.unwrap();
        stream
    }
}

/// What comes until the text has come, or until the end.
async fn read(stream: &mut TcpStream, until: &str) -> String {
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains(until) {
        match stream.read_buf(&mut seen).await {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    String::from_utf8(seen).unwrap()
}

async fn is_closed(stream: &mut TcpStream) -> bool {
    read(stream, "never").await.is_empty()
}

fn few(connections: usize, per_address: usize) -> ListenerLimits {
    ListenerLimits {
        connections,
        per_address,
        headers: Duration::from_secs(60),
    }
}

#[tokio::test]
async fn half_a_request_is_not_waited_for() {
    let limits = ListenerLimits {
        headers: Duration::from_millis(50),
        ..few(10, 10)
    };
    let door = Door::open(limits, true).await;
    let mut silent = door.connect("").await;
    let mut half = door.connect(HALF).await;
    let mut served = door.connect(GET).await;
    assert!(read(&mut served, "hello").await.ends_with("hello"));
    assert!(is_closed(&mut silent).await);
    // It may be told why.
    let told = read(&mut half, "never").await;
    assert!(
        told.is_empty() || told.starts_with("HTTP/1.1 408"),
        "{told}"
    );
    assert!(is_closed(&mut served).await, "it was kept for ever");
}

#[tokio::test]
async fn who_waits_longest_makes_room() {
    let door = Door::open(few(3, 3), true).await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let mut stream = door.connect(GET).await;
        assert!(read(&mut stream, "hello").await.ends_with("hello"));
        waiting.push(stream);
    }
    // The first asks again: now the second waits longest.
    waiting[0].write_all(GET.as_bytes()).await.unwrap();
    assert!(read(&mut waiting[0], "hello").await.ends_with("hello"));
    let mut fourth = door.connect(GET).await;
    assert!(read(&mut fourth, "hello").await.ends_with("hello"));
    assert!(is_closed(&mut waiting[1]).await);
    for kept in [0, 2] {
        waiting[kept].write_all(GET.as_bytes()).await.unwrap();
        let said = read(&mut waiting[kept], "hello").await;
        assert!(said.ends_with("hello"), "{kept}: {said}");
    }
}

#[tokio::test]
async fn a_request_that_is_answered_is_not_cut_off_for_another() {
    let door = Door::open(few(1, 1), true).await;
    let mut slow = door
        .connect("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nab")
        .await;
    door.started.notified().await;
    let mut other = door.connect(GET).await;
    assert!(is_closed(&mut other).await, "there was room for two");
    slow.write_all(b"cd").await.unwrap();
    assert!(read(&mut slow, "abcd").await.ends_with("abcd"));
}

#[tokio::test]
async fn one_address_has_its_share_and_a_proxy_has_all() {
    let door = Door::open(few(10, 2), false).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut stream = door.connect(GET).await;
        assert!(read(&mut stream, "hello").await.ends_with("hello"));
        held.push(stream);
    }
    assert!(is_closed(&mut held[0]).await, "it has more than its share");

    let door = Door::open(few(10, 2), true).await;
    let mut held = Vec::new();
    for _ in 0..5 {
        let mut stream = door.connect(GET).await;
        assert!(read(&mut stream, "hello").await.ends_with("hello"));
        held.push(stream);
    }
    held[0].write_all(GET.as_bytes()).await.unwrap();
    assert!(read(&mut held[0], "hello").await.ends_with("hello"));
}

#[tokio::test]
async fn what_is_under_way_ends_when_the_door_closes() {
    let door = Door::open(few(10, 10), true).await;
    let mut waiting = door.connect(GET).await;
    assert!(read(&mut waiting, "hello").await.ends_with("hello"));
    let mut slow = door
        .connect("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nab")
        .await;
    door.started.notified().await;
    door.closing.cancel();
    assert!(is_closed(&mut waiting).await);
    slow.write_all(b"cd").await.unwrap();
    assert!(read(&mut slow, "abcd").await.ends_with("abcd"));
    door.serving.await.unwrap();
    assert!(TcpStream::connect(door.address).await.is_err());
}
