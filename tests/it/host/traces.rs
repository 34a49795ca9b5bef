//! One event as one trace, whichever hosts it passes: a collector of the test's own takes the spans.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::HeaderMap;
use roost::observing::Observing;
use tokio::net::TcpListener;

use super::support::{Setup, TestHost, eventually, fixture};

const ANA: &str = "16505551234";

/// A span as it came over the wire.
#[derive(Clone, Debug)]
struct Span {
    trace: String,
    id: String,
    parent: String,
    name: String,
    begin: u64,
    end: u64,
    is_error: bool,
}

type Spans = Arc<Mutex<Vec<Span>>>;

/// Takes OTLP over HTTP, and gives its address.
async fn collector() -> (String, Spans) {
    let spans = Spans::default();
    let app = Router::new()
        .route("/v1/traces", post(take))
        .with_state(spans.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (address, spans)
}

async fn take(State(spans): State<Spans>, headers: HeaderMap, body: Bytes) {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    for resource in messages(&body, 1) {
        for scope in messages(resource, 2) {
            let found = messages(scope, 2).into_iter().map(span);
            spans.lock().unwrap().extend(found);
        }
    }
}

/// `opentelemetry.proto.trace.v1.Span`.
fn span(bytes: &[u8]) -> Span {
    let first = |number| messages(bytes, number).first().copied().unwrap_or_default();
    let fixed = |number| {
        let found = fields(bytes).into_iter().find(|(n, _)| *n == number);
        let Some((_, Field::Fixed(value))) = found else {
            panic!("no field {number}")
        };
        value
    };
    let status = fields(first(15));
    let is_error = status
        .iter()
        .any(|(n, field)| *n == 3 && matches!(field, Field::Number(2)));
    Span {
        trace: hex::encode(first(1)),
        id: hex::encode(first(2)),
        parent: hex::encode(first(4)),
        name: String::from_utf8(first(5).to_vec()).unwrap(),
        begin: fixed(7),
        end: fixed(8),
        is_error,
    }
}

/// One field of a message in Protocol Buffers' wire format.
enum Field<'a> {
    Number(u64),
    Fixed(u64),
    Bytes(&'a [u8]),
}

fn messages(bytes: &[u8], number: u64) -> Vec<&[u8]> {
    let found = fields(bytes)
        .into_iter()
        .filter_map(|(n, field)| match field {
            Field::Bytes(bytes) if n == number => Some(bytes),
            _ => None,
        });
    found.collect()
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let field = match key & 7 {
            0 => Field::Number(varint(&mut bytes)),
            1 => Field::Fixed(u64::from_le_bytes(split(&mut bytes, 8).try_into().unwrap())),
            2 => {
                let length = varint(&mut bytes);
                Field::Bytes(split(&mut bytes, usize::try_from(length).unwrap()))
            }
            5 => Field::Fixed(u64::from(u32::from_le_bytes(
                split(&mut bytes, 4).try_into().unwrap(),
            ))),
            other => panic!("wire type {other}"),
        };
        found.push((key >> 3, field));
    }
    found
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = split(bytes, 1)[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    value
}

fn split<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (front, rest) = bytes.split_at(count);
    *bytes = rest;
    front
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_event_is_one_trace_from_the_webhook_to_the_verdict_on_another_host() {
    let (address, spans) = collector().await;
    let setup = Setup {
        observing: Observing {
            otlp_endpoint: Some(address),
            ..Observing::default()
        },
        max_attempts: 1,
        ..Setup::default()
    };
    let mut host = TestHost::start_with(setup).await;
    let bot = host.bot("soup", &fixture("sends_and_throws")).await;
    host.app().lifecycle().pause(bot.id).await.unwrap();
    let mut ana = bot.customer(ANA).await;
    ana.says("hi").await;
    eventually("the message is stored", async || {
        host.events(&bot).await.pop()
    })
    .await;

    // The host that stored it is gone: another one runs it.
    host.stops().await;
    host.starts_again().await;
    host.app().lifecycle().resume(bot.id).await.unwrap();
    assert_eq!(ana.hears().await, "3 soups for you");
    host.settles(&bot).await;
    host.stops().await;

    let spans = spans.lock().unwrap().clone();
    let sends: Vec<&Span> = spans
        .iter()
        .filter(|span| span.name == "whatsapp.send")
        .collect();
    let [send] = sends.as_slice() else {
        panic!("{spans:#?}")
    };
    let of_event: Vec<&Span> = spans
        .iter()
        .filter(|span| span.trace == send.trace)
        .collect();
    let names: HashMap<&str, &str> = of_event
        .iter()
        .map(|span| (span.id.as_str(), span.name.as_str()))
        .collect();
    let mut tree: Vec<(&str, &str)> = of_event
        .iter()
        .map(|span| {
            let parent = names.get(span.parent.as_str()).copied();
            (parent.unwrap_or_default(), span.name.as_str())
        })
        .collect();
    tree.sort_unstable();
    assert_eq!(
        tree,
        [
            ("", "POST /webhooks/whatsapp"),
            ("POST /webhooks/whatsapp", "event.store"),
            ("event.run", "database.query"),
            ("event.run", "event.settle"),
            ("event.run", "instance.handle"),
            ("event.run", "instance.start"),
            ("event.run", "version.ready"),
            ("event.run", "whatsapp.send"),
            ("event.store", "event.claim"),
            ("event.store", "event.run"),
        ]
    );
    let named = |name: &str| of_event.iter().find(|span| span.name == name).unwrap();
    assert!(named("event.run").is_error, "the bot threw");
    assert!(!named("whatsapp.send").is_error);
    for span in &of_event {
        assert!(span.begin <= span.end, "{span:?}");
    }
    assert!(named("event.store").end <= named("event.run").begin);
    assert!(named("event.run").begin <= named("whatsapp.send").begin);
    assert!(named("whatsapp.send").end <= named("event.run").end);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_trace_is_kept_while_no_collector_is_named() {
    let mut host = TestHost::start().await;
    let bot = host.bot("soup", &fixture("late_send")).await;
    bot.customer(ANA).await.says("hi").await;
    host.settles(&bot).await;
    let kept: i64 = sqlx::query_scalar("select count(traceparent) from event")
        .fetch_one(&mut host.control_database().await)
        .await
        .unwrap();
    assert_eq!(kept, 0);
}
