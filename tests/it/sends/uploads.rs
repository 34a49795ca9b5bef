//! Uploads of bots, hostile ones too, through the gateway to the emulator: what arrives is the file.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use roost::whatsapp::outbox::{Attempt, SendContext, Sender};
use roost::whatsapp::{AccessToken, Gateway, GraphClient, GraphEndpoint, GraphLimits, Scope};
use roost_emulator::control::wire::{NewApp, NewNumber, NewToken, NewWaba};
use roost_emulator::{Config, Emulator, Running};
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

use super::bench::{Sink, outbox_with, project};
use super::door::{PLACEHOLDER, json};
use crate::support::db;

/// A project with a number at an emulator.
struct Business {
    _emulator: Running,
    gateway: Gateway,
    scope: Scope,
    project_id: Uuid,
    number: String,
    token: String,
}

impl Business {
    async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let emulator = Emulator::start(Config::default()).await.unwrap();
        let control = emulator.control().unwrap();
        let app = control.create_app(&NewApp::default()).await.unwrap();
        let waba = NewWaba {
            app_ids: [app.id.clone()].into(),
            ..NewWaba::default()
        };
        let waba = control.create_waba(&waba).await.unwrap();
        let number = NewNumber::new(&waba.id, "+1 555-078-3881");
        let number = control.create_number(&number).await.unwrap().id;
        let token = NewToken {
            app_id: app.id,
            ..NewToken::default()
        };
        let token = control.create_token(&token).await.unwrap().token;

        let pool = db::fresh().await;
        let project_id = project(&pool, "own", &number, &waba.id).await;
        let endpoint = GraphEndpoint::new(emulator.graph_url(), "v25.0").unwrap();
        let client = GraphClient::new(endpoint, GraphLimits::default()).unwrap();
        let outbox = outbox_with(pool.clone(), client.clone(), Sink { is_broken: false });
        Self {
            _emulator: emulator,
            gateway: Gateway::new(pool, client, outbox),
            scope: Scope {
                waba_id: Some(waba.id),
                ids: vec![],
                placeholder: PLACEHOLDER.to_owned(),
            },
            project_id,
            number,
            token,
        }
    }

    async fn ask(
        &self,
        method: Method,
        url: &str,
        content_type: &str,
        body: &[u8],
    ) -> Response<Bytes> {
        let attempt = Attempt {
            project_id: self.project_id,
            event_id: 7,
            attempt: 1,
            deadline: Instant::now() + Duration::from_secs(30),
            max_sends: 100,
        };
        let token = AccessToken::new(self.token.as_str());
        let phone_number_id = self.number.clone();
        let run = SendContext::new(
            attempt,
            Sender {
                phone_number_id,
                token,
            },
        );
        let url = match url.starts_with("https:") {
            true => url.to_owned(),
            false => format!("https://graph.facebook.com/v25.0/{url}"),
        };
        let request = Request::builder().method(method).uri(url);
        let request = request.header("content-type", content_type);
        let request = request.body(Bytes::copy_from_slice(body)).unwrap();
        let answer = self.gateway.forward(&run, &self.scope, request).await;
        let (head, body) = answer.unwrap().into_parts();
        Response::from_parts(head, body.bytes().await.unwrap())
    }

    async fn upload(&self, content_type: &str, body: &[u8]) -> Response<Bytes> {
        let path = format!("{}/media", self.number);
        self.ask(Method::POST, &path, content_type, body).await
    }

    /// What Meta keeps under an id: the type and the bytes, as a bot gets them.
    async fn kept(&self, uploaded: &Response<Bytes>) -> (Value, Bytes) {
        let id = json(uploaded)["id"].as_str().unwrap().to_owned();
        let described = json(&self.ask(Method::GET, &id, "", b"").await);
        let url = described["url"].as_str().unwrap();
        let bytes = self.ask(Method::GET, url, "", b"").await.into_body();
        (described["mime_type"].clone(), bytes)
    }
}

/// A form with the boundary `b`: `whatsapp`, and these parts.
fn form(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let product = "content-disposition: form-data; name=\"messaging_product\"";
    let mut body = format!("--b\r\n{product}\r\n\r\nwhatsapp\r\n").into_bytes();
    for (headers, content) in parts {
        body.extend_from_slice(format!("--b\r\n{headers}\r\n\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--b--\r\n");
    body
}

const PARTS: &str = "multipart/form-data; boundary=b";
const FILE: &str =
    "content-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\ncontent-type: image/png";

#[tokio::test]
async fn files_arrive_as_they_are_whatever_is_in_them() {
    let business = Business::start().await;
    let inner = format!("name=\"access_token\"\r\n\r\n{PLACEHOLDER}\r\n--");
    let other = format!(
        "\r\n--c\r\ncontent-disposition: form-data; name=\"access_token\"\r\n\r\n{PLACEHOLDER}\r\n--c--\r\n"
    );
    let every_byte: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let files: [&[u8]; 6] = [
        b"PNG",
        inner.as_bytes(),
        other.as_bytes(),
        b"x--b\n\r\n--B\r\n-b\r\n--",
        b"\r\n--roost-\r\n",
        &every_byte,
    ];
    for file in files {
        let uploaded = business.upload(PARTS, &form(&[(FILE, file)])).await;
        assert_eq!(uploaded.status(), StatusCode::OK, "{:?}", uploaded.body());
        let (mime_type, kept) = business.kept(&uploaded).await;
        assert_eq!(mime_type, "image/png");
        assert_eq!(kept, file);
    }
    let empty = business.upload(PARTS, &form(&[(FILE, b"")])).await;
    let message = json(&empty)["error"]["message"].to_string();
    assert!(message.contains("must not be empty"), "{message}");
}

#[tokio::test]
async fn what_two_readers_of_a_form_could_read_differently_is_one_thing_or_refused() {
    let business = Business::start().await;
    let token = format!(
        "content-disposition: form-data; name=\"access_token\"\r\n\r\n{PLACEHOLDER}\r\n--b\r\n{FILE}"
    );
    let typed = FILE.replace("image/png", "image/png; name=\"access_token\"");
    let renamed = FILE.replace("a.png", "a\\\"; name=\\\"type\\\"; x=\\\"");
    let encoded = format!("{FILE}\r\ncontent-transfer-encoding: base64");
    let cases = [
        (PARTS, form(&[(&token, b"PNG")])),
        (PARTS, form(&[(&typed, b"PNG")])),
        (PARTS, form(&[(&renamed, b"PNG")])),
        (PARTS, form(&[(&encoded, b"PNG")])),
        (
            "multipart/form-data; boundary=b; boundary=c",
            form(&[(FILE, b"PNG")]),
        ),
        (
            "multipart/form-data; boundary=\"b\"",
            form(&[(FILE, b"PNG")]),
        ),
        (
            PARTS,
            [&b"preamble\r\n"[..], &form(&[(FILE, b"PNG")])].concat(),
        ),
        (
            PARTS,
            [&form(&[(FILE, b"PNG")])[..], &b"--b\r\nepilogue"[..]].concat(),
        ),
    ];
    for (n, (content_type, body)) in cases.iter().enumerate() {
        let uploaded = business.upload(content_type, body).await;
        if uploaded.status() == StatusCode::OK {
            let (mime_type, kept) = business.kept(&uploaded).await;
            assert_eq!(
                (mime_type, &*kept),
                ("image/png".into(), &b"PNG"[..]),
                "{n}"
            );
        } else {
            let refused = json(&uploaded);
            // By the host, or by Meta: its list of types has none with parameters.
            let is_type = refused["error"]["message"]
                .as_str()
                .is_some_and(|message| message.contains("one of the following types"));
            let is_hosts = refused["error"]["fbtrace_id"] == "roost";
            assert!(is_hosts || is_type, "{n}: {refused}");
        }
    }
    // Meta's own refusal is seen as it is.
    let page = FILE.replace("image/png", "text/html");
    let refused = business.upload(PARTS, &form(&[(&page, b"<p>")])).await;
    let message = json(&refused)["error"]["message"].to_string();
    assert!(
        message.contains("Received file of type 'text/html'"),
        "{message}"
    );
}

#[tokio::test]
async fn a_form_may_be_long_by_its_file_and_by_nothing_else() {
    let business = Business::start().await;
    let part = |n: usize| format!("content-disposition: form-data; name=\"p{n}\"");
    let many: Vec<String> = (0..500).map(part).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|part| (part.as_str(), &b""[..])).collect();
    let field = vec![b'a'; (1 << 20) + 1];
    let video = FILE.replace("image/png", "video/mp4");
    for (body, why) in [
        (form(&many), "500 parts or more"),
        (form(&[(&part(1), &field)]), "more than 1048576 bytes"),
        (
            form(&[(&video, &vec![0; 32 << 20])]),
            "more than 33554432 bytes",
        ),
    ] {
        let refused = business.upload(PARTS, &body).await;
        assert!(!refused.status().is_success());
        let details = json(&refused)["error"]["error_data"]["details"].to_string();
        assert!(details.contains(why), "{details}");
    }
    let uploaded = business
        .upload(PARTS, &form(&[(&video, &vec![7; 15 << 20])]))
        .await;
    let (mime_type, kept) = business.kept(&uploaded).await;
    assert_eq!((mime_type, kept.len()), ("video/mp4".into(), 15 << 20));
}
