//! A bot's HTTP to the rest of the world: what is reached, what streams, and what stops it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::channel::mpsc;
use futures::{SinkExt, StreamExt};
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use roost::capabilities::{HttpClient, OutboundBody, OutboundError};
use roost::egress::{Egress, EgressArgs, EgressError, EgressLimits, EgressPolicy, StreamingBody};
use roost::grants::BootClient;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const OK: &str = "HTTP/1.1 200 OK\r\nconnection: close\r\n";

/// Accepts one connection; what arrives is read by the test.
struct Peer {
    listener: TcpListener,
    address: SocketAddr,
}

impl Peer {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Self { listener, address }
    }

    fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Reads a request until the given text has come, and leaves the connection open.
    async fn read_until(&self, text: &str) -> (TcpStream, String) {
        let (mut stream, _) = self.listener.accept().await.unwrap();
        let seen = read_until(&mut stream, text).await;
        (stream, seen)
    }

    /// Answers one request with the given text and closes.
    async fn answer(&self, text: &str) -> String {
        let (mut stream, seen) = self.read_until("\r\n\r\n").await;
        stream.write_all(text.as_bytes()).await.unwrap();
        seen
    }
}

async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains(text) {
        assert_ne!(
            stream.read_buf(&mut seen).await.unwrap(),
            0,
            "it ended before {text:?}"
        );
    }
    String::from_utf8(seen).unwrap()
}

fn egress(allow: &[SocketAddr], limits: EgressLimits) -> Arc<Egress> {
    // Installed by `main` otherwise; a second time is no harm.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let policy = EgressPolicy {
        allow: allow.iter().copied().map(Into::into).collect(),
        ..EgressPolicy::default()
    };
    Arc::new(Egress::new(policy, limits).unwrap())
}

fn to(peer: &Peer) -> Arc<Egress> {
    egress(&[peer.address], EgressLimits::default())
}

fn get(url: &str) -> Request<Empty<Bytes>> {
    Request::get(url).body(Empty::new()).unwrap()
}

/// What a bot's own client makes of a request.
async fn bot_sends<B>(
    egress: &Arc<Egress>,
    request: Request<B>,
) -> Result<Response<OutboundBody>, OutboundError>
where
    B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    let request = request.map(|body| body.map_err(|never| match never {}).boxed_unsync());
    BootClient(egress.clone()).send(request).await
}

/// The name of a failure that bots see: a case of `wasi:http/types.error-code`.
fn name(error: &OutboundError) -> String {
    let shown = format!("{error:?}");
    let name = shown.split(|c: char| !c.is_alphanumeric()).next();
    name.unwrap_or_default().to_owned()
}

async fn refused(egress: &Arc<Egress>, url: &str) -> String {
    name(&bot_sends(egress, get(url)).await.err().unwrap())
}

/// What a request of a bot's ends in, the answer's body read to its end.
async fn bot_hears<B>(
    egress: &Arc<Egress>,
    peer: &Peer,
    request: Request<B>,
    answer: &str,
) -> Result<Bytes, OutboundError>
where
    B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    let client = async {
        let body = bot_sends(egress, request).await?.into_body();
        Ok::<_, OutboundError>(body.collect().await?.to_bytes())
    };
    tokio::join!(client, peer.answer(answer)).0
}

async fn text(response: Response<StreamingBody>) -> Result<String, EgressError> {
    let bytes = response.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

/// What a request and its answer end in, the answer's body read to its end.
async fn outcome<B>(
    egress: &Egress,
    peer: &Peer,
    request: Request<B>,
    answer: &str,
) -> Result<String, EgressError>
where
    B: Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    let client = async { text(egress.send(request).await?).await };
    tokio::join!(client, peer.answer(answer)).0
}

#[tokio::test]
async fn a_request_and_its_answer() {
    let peer = Peer::new().await;
    let request = Request::post(format!("{}a?b=c", peer.url()))
        .header("x-own", "1")
        .header("host", "elsewhere.example")
        .header("connection", "x-hop")
        .header("x-hop", "1")
        .body(Full::new(Bytes::from_static(b"body")))
        .unwrap();
    let answer = format!("{OK}x-theirs: 2\r\nkeep-alive: 5\r\ncontent-length: 2\r\n\r\nhi");
    let egress = to(&peer);
    let server = async {
        let (mut stream, seen) = peer.read_until("\r\n\r\nbody").await;
        stream.write_all(answer.as_bytes()).await.unwrap();
        seen
    };
    let (response, seen) = tokio::join!(egress.send(request), server);
    let response = response.unwrap();
    assert!(
        response.headers().contains_key("x-theirs")
            && !response.headers().contains_key("keep-alive")
    );
    assert_eq!(text(response).await.unwrap(), "hi");
    assert!(seen.starts_with("POST /a?b=c HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains(&format!("host: {}", peer.address)), "{seen}");
    assert!(
        seen.contains("x-own: 1") && seen.contains("content-length: 4"),
        "{seen}"
    );
    assert!(
        !seen.contains("elsewhere") && !seen.contains("x-hop") && !seen.contains("accept"),
        "{seen}"
    );
}

#[tokio::test]
async fn names_are_checked_by_what_they_resolve_to() {
    let peer = Peer::new().await;
    let port = peer.address.port();
    let strict = egress(&[], EgressLimits::default());
    for host in ["localhost", "127.0.0.1", "[::1]", "0x7f000001"] {
        let code = refused(&strict, &format!("http://{host}:{port}/")).await;
        assert_eq!(code, "DestinationIpProhibited", "{host}");
    }
    // The same name passes where the policy has an exception, and only for that port.
    let excepted = to(&peer);
    let by_name = get(&format!("http://localhost:{port}/"));
    let answer = format!("{OK}content-length: 2\r\n\r\nhi");
    assert_eq!(
        outcome(&excepted, &peer, by_name, &answer).await.unwrap(),
        "hi"
    );
    let other = Peer::new().await;
    let url = format!("http://localhost:{}/", other.address.port());
    assert_eq!(refused(&excepted, &url).await, "DestinationIpProhibited");
}

#[tokio::test]
async fn an_address_that_is_given_for_a_name_is_one_service_of_its_machine() {
    let [peer, beside] = [Peer::new().await, Peer::new().await];
    let port = peer.address.port();
    let given = EgressArgs {
        egress_resolve: vec![format!("localhost=127.0.0.1:{port}").parse().unwrap()],
        ..EgressArgs::default()
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let limits = EgressLimits::default();
    let egress = Arc::new(Egress::new(EgressPolicy::from(given), limits).unwrap());
    let answer = format!("{OK}content-length: 2\r\n\r\nhi");
    for url in [
        "http://localhost/".to_owned(),
        "http://localhost:80/".to_owned(),
        format!("http://localhost:{port}/"),
    ] {
        let answered = outcome(&egress, &peer, get(&url), &answer).await;
        assert_eq!(answered.unwrap(), "hi", "{url}");
    }
    let url = format!("http://localhost:{}/", beside.address.port());
    assert_eq!(refused(&egress, &url).await, "DestinationIpProhibited");
}

#[tokio::test]
async fn a_name_that_cannot_exist_does_not_resolve() {
    let strict = egress(&[], EgressLimits::default());
    let url = format!("http://{}.example/", "a".repeat(64));
    assert_eq!(refused(&strict, &url).await, "DnsError");
}

#[tokio::test]
async fn a_redirect_comes_back_and_its_target_is_checked_in_turn() {
    let peer = Peer::new().await;
    let egress = to(&peer);
    let answer = "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/latest\r\ncontent-length: 0\r\n\r\n";
    let (response, _) = tokio::join!(egress.send(get(&peer.url())), peer.answer(answer));
    let response = response.unwrap();
    assert_eq!(response.status(), 302);
    let next = response.headers()["location"].to_str().unwrap().to_owned();
    assert_eq!(refused(&egress, &next).await, "DestinationIpProhibited");
}

#[tokio::test]
async fn bodies_stream_both_ways() {
    let peer = Peer::new().await;
    let egress = to(&peer);
    let (mut pieces, body) = mpsc::unbounded::<Result<Frame<Bytes>, Infallible>>();
    let request = Request::post(peer.url())
        .body(StreamBody::new(body))
        .unwrap();
    let frame = |text: &'static str| Ok(Frame::data(Bytes::from_static(text.as_bytes())));
    pieces.send(frame("one")).await.unwrap();

    let server = async {
        let (mut stream, _) = peer.read_until("one").await;
        // The second piece is made only now that the first has arrived.
        pieces.send(frame("two")).await.unwrap();
        drop(pieces);
        read_until(&mut stream, "two").await;
        let head = format!("{OK}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    };
    let (response, mut stream) = tokio::join!(egress.send(request), server);
    let mut body = response.unwrap().into_body().into_data_stream();
    assert_eq!(body.next().await.unwrap().unwrap(), "abc");
    // The answer's rest is made only now that its beginning was read.
    stream.write_all(b"3\r\ndef\r\n0\r\n\r\n").await.unwrap();
    assert_eq!(body.next().await.unwrap().unwrap(), "def");
    assert!(body.next().await.is_none());
}

#[tokio::test]
async fn bodies_end_at_their_limits() {
    let peer = Peer::new().await;
    let limits = EgressLimits {
        max_request_bytes: 4,
        max_response_bytes: 4,
        ..EgressLimits::default()
    };
    let egress = egress(&[peer.address], limits);
    let fits = format!("{OK}content-length: 4\r\n\r\nfour");
    assert_eq!(
        outcome(&egress, &peer, get(&peer.url()), &fits)
            .await
            .unwrap(),
        "four"
    );

    let announced = format!("{OK}content-length: 5\r\n\r\nfives");
    let chunked =
        format!("{OK}transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n");
    for answer in [announced, chunked] {
        let error = outcome(&egress, &peer, get(&peer.url()), &answer)
            .await
            .unwrap_err();
        assert!(matches!(error, EgressError::ResponseTooLong(4)), "{error}");
    }
    let long = Request::post(peer.url())
        .body(Full::new(Bytes::from_static(b"fives")))
        .unwrap();
    assert!(matches!(
        egress.send(long).await,
        Err(EgressError::RequestTooLong(4))
    ));

    let frame =
        |text: &'static str| Ok::<_, Infallible>(Frame::data(Bytes::from_static(text.as_bytes())));
    let unannounced = StreamBody::new(futures::stream::iter([frame("abc"), frame("def")]));
    let streamed = Request::post(peer.url()).body(unannounced).unwrap();
    let sent = egress.send(streamed).await.err().unwrap();
    assert!(matches!(sent, EgressError::RequestTooLong(4)), "{sent}");
}

#[tokio::test]
async fn silence_ends() {
    let peer = Peer::new().await;
    let soon = Duration::from_millis(40);
    let first = egress(
        &[peer.address],
        EgressLimits {
            first_byte: soon,
            ..EgressLimits::default()
        },
    );
    assert_eq!(refused(&first, &peer.url()).await, "HttpResponseTimeout");
    drop(peer.read_until("\r\n\r\n").await);

    let stalls = [
        EgressLimits {
            between_bytes: soon,
            ..EgressLimits::default()
        },
        EgressLimits {
            total: Duration::from_millis(300),
            ..EgressLimits::default()
        },
    ];
    for limits in stalls {
        let egress = egress(&[peer.address], limits);
        let client = async {
            let body = bot_sends(&egress, get(&peer.url())).await?.into_body();
            body.collect().await
        };
        let server = async {
            let (mut stream, _) = peer.read_until("\r\n\r\n").await;
            stream
                .write_all(format!("{OK}content-length: 9\r\n\r\nsome").as_bytes())
                .await
                .unwrap();
            stream
        };
        let (result, _open) = tokio::join!(client, server);
        assert_eq!(name(&result.unwrap_err()), "ConnectionReadTimeout");
    }
}

#[tokio::test]
async fn failures_have_their_names() {
    let peer = Peer::new().await;
    let egress = to(&peer);
    let cases = [
        "",
        "220 mail.example ESMTP\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut",
    ];
    for answer in cases {
        let error = bot_hears(&egress, &peer, get(&peer.url()), answer)
            .await
            .unwrap_err();
        assert_eq!(name(&error), "ConnectionTerminated", "{answer}: {error:?}");
    }
    let tls = get(&peer.url().replace("http:", "https:"));
    let server = async {
        let (mut stream, _) = peer.listener.accept().await.unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
        // Closing with unread bytes would reset the connection before the client reads.
        let _ = stream.read(&mut [0; 4096]).await;
    };
    let (result, ()) = tokio::join!(bot_sends(&egress, tls), server);
    assert_eq!(name(&result.err().unwrap()), "TlsProtocolError");

    let url = peer.url();
    drop(peer);
    assert_eq!(refused(&egress, &url).await, "ConnectionRefused");
    for (url, name) in [
        ("ftp://example.com/", "HttpRequestDenied"),
        ("http://example.com:25/", "HttpRequestDenied"),
        ("http://user@example.com/", "HttpRequestUriInvalid"),
    ] {
        assert_eq!(refused(&egress, url).await, name, "{url}");
    }
    let trace = Request::builder().method("TRACE").uri(url.as_str());
    let error = bot_sends(&egress, trace.body(Empty::<Bytes>::new()).unwrap()).await;
    assert_eq!(name(&error.err().unwrap()), "HttpRequestMethodInvalid");
}

#[tokio::test]
async fn bots_hear_of_a_body_that_is_too_long_by_its_name() {
    let peer = Peer::new().await;
    let limits = EgressLimits {
        max_request_bytes: 4,
        max_response_bytes: 4,
        ..EgressLimits::default()
    };
    let small = egress(&[peer.address], limits);
    let long = Request::post(peer.url()).body(Full::new(Bytes::from_static(b"fives")));
    let error = bot_sends(&small, long.unwrap()).await.err().unwrap();
    assert!(
        matches!(error, OutboundError::HttpRequestBodySize(Some(4))),
        "{error:?}"
    );
    let fives = format!("{OK}content-length: 5\r\n\r\nfives");
    let error = bot_hears(&small, &peer, get(&peer.url()), &fives)
        .await
        .unwrap_err();
    assert!(
        matches!(error, OutboundError::HttpResponseBodySize(Some(4))),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_body_that_fails_names_its_own_failure() {
    let peer = Peer::new().await;
    let egress = to(&peer);
    let broken = futures::stream::iter([Err::<Frame<Bytes>, _>(std::io::Error::other(
        "the bot gave up",
    ))]);
    let request = Request::post(peer.url())
        .body(StreamBody::new(broken))
        .unwrap();
    let error = egress.send(request).await.err().unwrap();
    assert!(
        matches!(&error, EgressError::RequestBody(text) if text == "the bot gave up"),
        "{error:?}"
    );
}
