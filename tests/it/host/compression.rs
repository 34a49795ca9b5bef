//! Packed pages and bodies, over HTTP: the host packs for the bot.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::{GzDecoder, ZlibEncoder};
use flate2::write::GzEncoder;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::support::{Setup, TestHost, fixture};

const NAME: &str = "packer.bots.test";

struct Bench {
    host: TestHost,
    client: reqwest::Client,
}

impl Bench {
    async fn start(setup: Setup) -> Self {
        let mut host = TestHost::start_with(setup).await;
        host.bot("packer", &fixture("compresses")).await;
        let client = reqwest::Client::new();
        Self { host, client }
    }

    fn asks(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("http://{}{path}", self.host.address());
        self.client.request(method, url).header("host", NAME)
    }

    /// The coding of a page, and its bytes as they came.
    async fn packed(&self, path: &str, accepted: &str) -> (String, Vec<u8>) {
        let asked = self.asks(Method::GET, path);
        let asked = asked.header("accept-encoding", accepted).send();
        let answer = asked.await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let coding = answer.headers().get("content-encoding");
        let coding = coding.map_or("", |value| value.to_str().unwrap());
        (coding.to_owned(), answer.bytes().await.unwrap().to_vec())
    }

    async fn json(&self, path: &str) -> Value {
        let answer = self.asks(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn gunzip(bytes: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut encoder = ZlibEncoder::new(bytes, Compression::default());
    encoder.read_to_end(&mut packed).unwrap();
    packed
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut encoder = brotli::CompressorReader::new(bytes, 4096, 5, 20);
    encoder.read_to_end(&mut packed).unwrap();
    packed
}

fn unbrotli(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut decoder = brotli::Decompressor::new(bytes, 4096);
    decoder.read_to_string(&mut text).unwrap();
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn browsers_get_pages_in_the_coding_they_prefer() {
    let bench = Bench::start(Setup::default()).await;
    let page = "<p>the same words again</p>".repeat(5000);
    let (coding, bytes) = bench.packed("/page", "gzip, deflate, br, zstd").await;
    assert_eq!(coding, "br");
    assert!(bytes.len() < 1000, "{}", bytes.len());
    assert_eq!(unbrotli(&bytes), page);
    let (coding, bytes) = bench.packed("/page", "gzip").await;
    assert_eq!((coding.as_str(), gunzip(&bytes)), ("gzip", page.clone()));
    let (coding, bytes) = bench.packed("/page", "identity").await;
    assert_eq!((coding.as_str(), bytes.len()), ("", page.len()));

    let ticks = format!("{}two", "one ".repeat(1000));
    for (accepted, unpack) in [
        ("br", unbrotli as fn(&[u8]) -> String),
        ("gzip", gunzip as fn(&[u8]) -> String),
    ] {
        let (coding, bytes) = bench.packed("/ticks", accepted).await;
        assert_eq!((coding.as_str(), unpack(&bytes)), (accepted, ticks.clone()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_of_the_top_level_serve_every_event() {
    let bench = Bench::start(Setup::default()).await;
    for _ in 0..2 {
        let (_, words) = bench.packed("/words", "identity").await;
        assert_eq!(words, b"known from the start");
        let (coding, parcel) = bench.packed("/parcel", "br").await;
        assert_eq!(coding, "br");
        assert_eq!(unbrotli(&parcel), "made early, filled late");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_come_packed_are_read() {
    let bench = Bench::start(Setup::default()).await;
    let body = br#"{"order":"red soup"}"#;
    let damaged = {
        let mut bytes = gzip(body);
        let at = bytes.len() - 6;
        bytes[at] ^= 1;
        bytes
    };
    for (coding, bytes, expected) in [
        ("br", brotli(body), (200, r#"{"order":"red soup"}"#)),
        ("gzip", gzip(body), (200, r#"{"order":"red soup"}"#)),
        ("deflate", zlib(body), (200, r#"{"order":"red soup"}"#)),
        ("gzip", damaged, (400, "incorrect data check")),
        (
            "gzip",
            gzip(body)[..20].to_vec(),
            (400, "unexpected end of file"),
        ),
        (
            "br",
            brotli(body)[..9].to_vec(),
            (400, "unexpected end of file"),
        ),
        (
            "br",
            b"nonsense nonsense".to_vec(),
            (400, "Decompression failed"),
        ),
    ] {
        let asked = bench
            .asks(Method::POST, "/echo")
            .header("content-type", "application/json")
            .header("content-encoding", coding);
        let answer = asked.body(bytes).send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        assert_eq!((status, text.as_str()), expected, "{coding}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_format_has_its_options_and_its_errors() {
    let bench = Bench::start(Setup::default()).await;
    let expected = json!([
        true,
        true,
        true,
        true,
        true,
        true,
        true,
        true,
        907060870,
        true,
        "Z_DATA_ERROR: incorrect data check",
        "Z_BUF_ERROR: unexpected end of file",
        "Z_DATA_ERROR: incorrect header check",
        "Z_NEED_DICT: Missing dictionary",
        "ERR__ERROR_FORMAT_CL_SPACE: Decompression failed",
        "Z_BUF_ERROR: unexpected end of file"
    ]);
    assert_eq!(bench.json("/each").await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_size_nor_number_of_pieces_ends_an_event() {
    let bench = Bench::start(Setup::default()).await;
    let zeros = bench.json("/zeros").await;
    assert_eq!(zeros, json!({ "size": 64 << 20 }));
    assert_eq!(bench.json("/pieces").await, json!({ "size": true }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_that_ask_for_the_most_are_bounded() {
    let bench = Bench::start(Setup::default()).await;
    let expected = json!([true, true, "Z_MEM_ERROR"]);
    assert_eq!(bench.json("/most").await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fetch_brings_is_unpacked() {
    let bench = Bench::start(Setup::default()).await;
    let asked = "gzip, deflate";
    let expected = json!({
        "gzip": ["gzip", asked, "text"],
        "br": ["br", asked, "text"],
        "deflate": ["deflate", asked, "text"],
        "bare": ["deflate", asked, "text"],
        "twice": ["gzip, br", asked, "text"],
        "damaged": ["terminated", "Z_DATA_ERROR"],
        // As on Node: what came before the end is taken for the whole.
        "short": ["gzip", asked, "text"],
        "other": ["zip", asked, "text"],
    });
    assert_eq!(bench.json("/fetch").await, expected);
}
