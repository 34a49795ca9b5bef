//! Bots' own web routes, over HTTP.

use std::time::Duration;

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::{Method, StatusCode};
use reqwest::{Body, RequestBuilder, Response, redirect};
use roost::http::sign;
use roost::sandbox::Budget;
use roost::web::WebSettings;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::{Setup, TestHost, TestProject, eventually, fixture};

const ANA: &str = "16505551234";
const SHOP: &str = "shop.bots.test";

/// A visitor of the host's public listener.
struct Visitor {
    client: reqwest::Client,
    base: String,
}

impl Visitor {
    fn of(host: &TestHost) -> Self {
        let client = reqwest::Client::builder().redirect(redirect::Policy::none());
        Self {
            client: client.build().unwrap(),
            base: format!("http://{}", host.address()),
        }
    }

    fn asks(&self, method: Method, name: &str, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.base);
        self.client.request(method, url).header("host", name)
    }

    async fn gets(&self, path: &str) -> Response {
        self.asks(Method::GET, SHOP, path).send().await.unwrap()
    }
}

async fn shop(setup: Setup) -> (TestHost, TestProject, Visitor) {
    let mut host = TestHost::start_with(setup).await;
    let project = host.bot("shop", &fixture("web_routes")).await;
    let visitor = Visitor::of(&host);
    (host, project, visitor)
}

async fn problem(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["status"], status);
    (status, body["code"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_forms_cookies_and_files_are_the_bots_own() {
    let (_host, _shop, visitor) = shop(Setup::default()).await;

    let ordered = visitor
        .asks(Method::POST, "SHOP.bots.test:4000", "/order?x=1")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("item=red+soup")
        .send();
    let ordered = ordered.await.unwrap();
    assert_eq!(ordered.status(), StatusCode::SEE_OTHER);
    assert_eq!(ordered.headers()["location"], "/thanks?item=red%20soup");
    let cookies = ordered.headers().get_all("set-cookie").iter();
    let cookies: Vec<_> = cookies.map(|cookie| cookie.to_str().unwrap()).collect();
    assert_eq!(
        cookies,
        ["cart=red%20soup; Path=/; HttpOnly", "seen=1; Path=/"]
    );
    let thanks = visitor.gets("/thanks?item=red%20soup").await;
    assert_eq!(thanks.text().await.unwrap(), "Thank you for the red soup!");

    let style = visitor.gets("/static/style.css").await;
    assert_eq!(style.headers()["content-type"], "text/css; charset=utf-8");
    let etag = style.headers()["etag"].clone();
    assert_eq!(style.text().await.unwrap(), "body { color: teal }\n");
    let again = visitor
        .asks(Method::GET, SHOP, "/static/style.css")
        .header("if-none-match", etag);
    let again = again.send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(again.text().await.unwrap(), "");
    let part = visitor
        .asks(Method::GET, SHOP, "/terms")
        .header("range", "bytes=7-9");
    let part = part.send().await.unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.headers()["content-range"], "bytes 7-9/25");
    assert_eq!(part.text().await.unwrap(), "pay");
    let head = visitor
        .asks(Method::HEAD, SHOP, "/terms")
        .send()
        .await
        .unwrap();
    assert_eq!(head.headers()["content-length"], "25");
    assert_eq!(head.text().await.unwrap(), "");

    let absent = visitor.gets("/nothing").await;
    assert_eq!(absent.status(), StatusCode::NOT_FOUND);
    assert!(absent.text().await.unwrap().contains("Cannot GET /nothing"));
    let fails = visitor.gets("/fails").await;
    assert_eq!(fails.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_caught_is_no_answer_of_the_bot() {
    let (_host, _shop, visitor) = shop(Setup::default()).await;
    // Express catches `/fails`, and answers itself; these end the process on Node.
    for path in ["/throws", "/exits"] {
        let failed = problem(visitor.gets(path).await).await;
        assert_eq!(failed, (502, "bot-failed".to_owned()), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interval_writes_for_as_long_as_the_visitor_stays() {
    let (host, _shop, visitor) = shop(Setup::default()).await;
    let mut pieces = visitor.gets("/ticks").await.bytes_stream();
    let mut text = String::new();
    while !text.contains("data: 4\n\n") {
        let piece = pieces.next().await.unwrap().unwrap();
        text += std::str::from_utf8(&piece).unwrap();
    }
    assert!(text.starts_with("data: 1\n\ndata: 2\n\n"), "{text}");
    drop(pieces);
    eventually("the bot hears that the visitor left", async || {
        host.log().contains("the visitor saw enough").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_begun_and_never_ended_breaks_off() {
    let (host, _shop, visitor) = shop(Setup::default()).await;
    let asked = visitor.asks(Method::GET, SHOP, "/begun");
    // The connection may break off before the head has left, or behind it.
    let body = async { asked.send().await?.text().await }.await;
    assert!(body.is_err(), "the whole answer: {body:?}");
    eventually("the log says so", async || {
        let log = host.log();
        log.contains("the bot began its answer and never ended it")
            .then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_knows_who_asked_and_clients_cannot_pretend() {
    let (_host, _shop, visitor) = shop(Setup::default()).await;
    // This test is the proxy: it asks from the loopback address, which is trusted.
    let asked = visitor
        .asks(Method::GET, SHOP, "/")
        .header("x-forwarded-for", "6.6.6.6, 203.0.113.9")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "evil.example")
        .header("x-real-ip", "6.6.6.6")
        .header("connection", "x-hop")
        .header("x-hop", "1")
        .header("cookie", "a=b");
    let seen: Value = asked.send().await.unwrap().json().await.unwrap();

    assert_eq!(seen["protocol"], "https");
    assert_eq!(seen["hostname"], SHOP);
    assert_eq!(seen["ip"], "203.0.113.9");
    let headers = &seen["headers"];
    assert_eq!(headers["x-forwarded-for"], "203.0.113.9");
    assert_eq!(headers["x-forwarded-host"], SHOP);
    assert_eq!(headers["host"], SHOP);
    assert_eq!(headers["cookie"], "a=b");
    for gone in ["x-real-ip", "x-hop", "connection"] {
        assert_eq!(headers[gone], Value::Null, "{gone}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_are_streams_both_ways() {
    let (_host, _shop, visitor) = shop(Setup::default()).await;
    let (mut pieces, body) = futures::channel::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let asked = visitor
        .asks(Method::POST, SHOP, "/repeat")
        .body(Body::wrap_stream(body));
    let asking = tokio::spawn(asked.send());
    pieces.send(Ok(Bytes::from_static(b"one"))).await.unwrap();
    let mut heard = asking.await.unwrap().unwrap().bytes_stream();
    for piece in ["one", "two", "three"] {
        if piece != "one" {
            pieces
                .send(Ok(Bytes::from_static(piece.as_bytes())))
                .await
                .unwrap();
        }
        // It comes back before the next one is sent.
        assert_eq!(heard.next().await.unwrap().unwrap(), piece);
    }
    drop(pieces);
    assert_eq!(heard.next().await.unwrap().unwrap(), ".");
    assert!(heard.next().await.is_none());

    let events = visitor.gets("/events").await;
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    let events = events.text().await.unwrap();
    assert_eq!(events, "data: 1\n\ndata: 2\n\ndata: 3\n\n");

    let mut upload = vec![7_u8; 3 << 20];
    upload.push(9);
    let sent = visitor
        .asks(Method::POST, SHOP, "/upload")
        .body(upload)
        .send();
    let seen: Value = sent.await.unwrap().json().await.unwrap();
    assert_eq!(seen, json!({ "size": (3 << 20) + 1, "last": 9 }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payments_callback_writes_to_the_customer_after_its_answer() {
    let (host, project, visitor) = shop(Setup::default()).await;
    let mut ana = project.customer(ANA).await;
    ana.says("hello").await;
    host.settles(&project).await;

    for amount in ["5 €", "7 €"] {
        let paid = visitor.asks(Method::POST, SHOP, "/paid");
        let paid = paid
            .json(&json!({ "customer": ANA, "amount": amount }))
            .send();
        assert_eq!(paid.await.unwrap().status(), StatusCode::NO_CONTENT);
        assert_eq!(ana.hears().await, format!("We got your {amount}."));
    }
    let mut control = host.control_database().await;
    let keys: Vec<i64> = sqlx::query_scalar("select event_id from send where project_id = $1")
        .bind(project.id)
        .fetch_all(&mut control)
        .await
        .unwrap();
    assert!(
        keys.len() == 2 && keys[0] != keys[1] && keys.iter().all(|key| *key < 0),
        "{keys:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_webhook_is_closed_to_who_cannot_sign() {
    let (host, project, visitor) = shop(Setup::default()).await;
    let body = r#"{"object":"whatsapp_business_account","entry":[]}"#;
    let post = |path: &str| visitor.asks(Method::POST, SHOP, path).body(body);
    for path in ["/webhook", "/WEBHOOK/", "/web%68ook?x"] {
        let refused = problem(post(path).send().await.unwrap()).await;
        assert_eq!(refused, (403, "unsigned-webhook".to_owned()), "{path}");
    }
    let metas = sign(
        &roost::projects::Secret::new(Setup::default().app_secret),
        body.as_bytes(),
    );
    let refused = post("/webhook").header("x-hub-signature-256", metas);
    assert_eq!(problem(refused.send().await.unwrap()).await.0, 403);
    let keys = host.app().projects().keys(project.id).await.unwrap();
    let own = sign(&keys.app_secret, body.as_bytes());
    let taken = post("/webhook").header("x-hub-signature-256", own.clone());
    assert_eq!(taken.send().await.unwrap().status(), StatusCode::OK);

    // A bot may not look at the path, or look at another reading of it.
    for body in [
        body,
        r#"{"\u006fbject":"whatsapp\u005fbusiness_account"}"#,
        "object=whatsapp%5Fbusiness_account&entry[0][id]=1",
    ] {
        let asked = || visitor.asks(Method::POST, SHOP, "/upload").body(body);
        let unsigned = problem(asked().send().await.unwrap()).await;
        assert_eq!(unsigned, (403, "unsigned-webhook".to_owned()), "{body}");
        let others = asked().header("x-hub-signature-256", own.replace("sha256=", "sha256=00"));
        assert_eq!(problem(others.send().await.unwrap()).await.0, 403, "{body}");
    }
    let signed = visitor
        .asks(Method::POST, SHOP, "/upload")
        .header("x-hub-signature-256", own)
        .body(body);
    assert_eq!(signed.send().await.unwrap().status(), StatusCode::OK);
    // Written by hand, because clients make paths plain before they send them.
    for path in [
        "/x/../webhook",
        "/./webhook",
        "/%2e/webhook",
        "/x/%2e%2e/webhook",
        "/x/..\\webhook",
        "//h/webhook",
        "/\\h/webhook",
        "http://shop.bots.test//h/webhook",
    ] {
        let mut stream = TcpStream::connect(host.address()).await.unwrap();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {SHOP}\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        // The server itself may not take such a path at all.
        assert!(
            answer.contains("unsigned-webhook") || answer.starts_with("HTTP/1.1 400"),
            "{path}: {answer}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_bot_can_answer_is_refused_with_a_reason() {
    let mut setup = Setup::default();
    setup.web.body_bytes = 1 << 20;
    setup.web.first_byte = Duration::from_secs(3);
    setup.budget = Budget {
        cpu: Duration::from_millis(500),
        ..setup.budget
    };
    let (mut host, project, visitor) = shop(setup).await;
    host.project("empty").await;

    for name in ["nobody.bots.test", "a.b.bots.test", "-.bots.test"] {
        let refused = visitor.asks(Method::GET, name, "/webhooks/whatsapp").send();
        assert_eq!(
            problem(refused.await.unwrap()).await,
            (404, "no-such-bot".to_owned()),
            "{name}"
        );
    }
    let empty = visitor
        .asks(Method::GET, "empty.bots.test", "/")
        .send()
        .await
        .unwrap();
    assert_eq!(empty.headers()["retry-after"], "10");
    assert_eq!(problem(empty).await, (503, "nothing-deployed".to_owned()));
    let page = visitor
        .asks(Method::GET, "nobody.bots.test", "/")
        .header("accept", "text/html");
    let page = page.send().await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");

    let upgrade = visitor
        .asks(Method::GET, SHOP, "/")
        .header("connection", "upgrade")
        .header("upgrade", "websocket");
    let refused = problem(upgrade.send().await.unwrap()).await;
    assert_eq!(refused, (501, "no-websockets".to_owned()));
    let trace = visitor.asks(Method::TRACE, SHOP, "/").send().await.unwrap();
    assert_eq!(problem(trace).await, (405, "wrong-method".to_owned()));

    let upload = || visitor.asks(Method::POST, SHOP, "/upload");
    let long = vec![0_u8; (1 << 20) + 1];
    let refused = problem(upload().body(long.clone()).send().await.unwrap()).await;
    assert_eq!(refused, (413, "body-too-large".to_owned()));
    let chunks: Vec<Result<_, std::io::Error>> = long
        .chunks(64 << 10)
        .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
        .collect();
    let unsized_body = Body::wrap_stream(futures::stream::iter(chunks));
    let refused = problem(upload().body(unsized_body).send().await.unwrap()).await;
    assert_eq!(refused, (413, "body-too-large".to_owned()));

    assert_eq!(
        problem(visitor.gets("/never").await).await,
        (504, "bot-too-slow".to_owned())
    );
    let half = visitor.gets("/half").await;
    assert_eq!(half.status(), StatusCode::OK);
    assert!(
        half.text().await.is_err(),
        "half an answer passed for a whole one"
    );

    let own = visitor
        .asks(Method::GET, "bots.test", "/livez")
        .send()
        .await
        .unwrap();
    assert_eq!(own.text().await.unwrap(), "ok");
    let paths = visitor
        .asks(Method::GET, "bots.test", "/p/shop/thanks")
        .send()
        .await
        .unwrap();
    assert_eq!(problem(paths).await, (404, "no-such-route".to_owned()));

    host.app().lifecycle().pause(project.id).await.unwrap();
    assert_eq!(
        problem(visitor.gets("/").await).await,
        (503, "bot-paused".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_notices_that_its_visitor_left_and_that_nobody_reads_on() {
    let mut setup = Setup::default();
    setup.web.answer_bytes = 1 << 20;
    let (host, _shop, visitor) = shop(setup).await;
    let mut endless = visitor.gets("/endless").await;
    assert!(endless.chunk().await.unwrap().is_some());
    drop(endless);
    eventually("the bot notices", async || {
        host.log().contains("the visitor left").then_some(())
    })
    .await;
    let large = visitor.gets("/large").await;
    assert!(
        large.bytes().await.is_err(),
        "an answer without end came to one"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_visitors_than_a_bot_may_have_wait_and_then_are_told_so() {
    let mut setup = Setup::default();
    setup.web.running_per_project = 1;
    setup.web.patience = Duration::from_millis(100);
    let (_host, _shop, visitor) = shop(setup).await;
    let mut first = visitor.gets("/endless").await;
    assert!(first.chunk().await.unwrap().is_some());
    let second = visitor.gets("/").await;
    assert_eq!(second.headers()["retry-after"], "1");
    assert_eq!(problem(second).await, (503, "bot-busy".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_or_reads_slowly_gives_way_to_others() {
    let mut setup = Setup::default();
    setup.web.running_per_project = 2;
    setup.web.reader = Duration::from_secs(600);
    let (host, _shop, visitor) = shop(setup).await;
    // The test is the proxy: each of these comes from elsewhere.
    let slow = async |request: &str, from: usize| {
        let mut stream = TcpStream::connect(host.address()).await.unwrap();
        let head =
            format!("{request} HTTP/1.1\r\nhost: {SHOP}\r\nx-forwarded-for: 203.0.113.{from}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    };
    for (request, rest) in [
        // Short bodies are read before there is a place, long ones while there is.
        ("POST /upload", "content-length: 3\r\n\r\na"),
        ("POST /upload", "content-length: 100000\r\n\r\na"),
        (
            "POST /upload",
            "transfer-encoding: chunked\r\n\r\n1\r\na\r\n",
        ),
        ("GET /large", "\r\n"),
    ] {
        let mut held = Vec::new();
        for from in 1..=4 {
            let mut stream = slow(request, from).await;
            stream.write_all(rest.as_bytes()).await.unwrap();
            held.push(stream);
        }
        let asked = visitor
            .asks(Method::GET, SHOP, "/terms")
            .header("x-forwarded-for", "203.0.113.99");
        let status = asked.send().await.unwrap().status();
        assert_eq!(status, StatusCode::OK, "{request}, {rest:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_development_a_bot_is_below_a_path_too() {
    let web = WebSettings {
        domain: Some("localhost".parse().unwrap()),
        is_dev: true,
        ..WebSettings::default()
    };
    let setup = Setup {
        web,
        ..Setup::default()
    };
    let (_host, _shop, visitor) = shop(setup).await;
    let here = |path| visitor.asks(Method::GET, "127.0.0.1:4000", path).send();
    let slash = here("/p/shop?a=1").await.unwrap();
    assert_eq!(slash.headers()["location"], "/p/shop/?a=1");
    let main: Value = here("/p/shop/").await.unwrap().json().await.unwrap();
    assert_eq!(main["headers"]["x-forwarded-prefix"], "/p/shop");
    let ordered = visitor
        .asks(Method::POST, "127.0.0.1:4000", "/p/shop/order")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("item=tea")
        .send();
    assert_eq!(
        ordered.await.unwrap().headers()["location"],
        "/p/shop/thanks?item=tea"
    );
    let thanks = here("/p/shop/thanks?item=tea").await.unwrap();
    assert_eq!(thanks.text().await.unwrap(), "Thank you for the tea!");
    let named = visitor
        .asks(Method::GET, "shop.localhost:4000", "/thanks?item=tea")
        .send();
    assert_eq!(
        named.await.unwrap().text().await.unwrap(),
        "Thank you for the tea!"
    );
    assert_eq!(here("/livez").await.unwrap().text().await.unwrap(), "ok");
}
