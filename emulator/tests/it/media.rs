//! Media: types and sizes, lives of ids and URLs, uploads in pieces.

use std::time::Duration;

use reqwest::Method;
use roost_emulator::control::ClosedWindow;
use serde_json::{Value, json};

use crate::support::{Answer, Scene, quick, read};

const DAY: Duration = Duration::from_secs(24 * 3600);

impl Scene {
    async fn uploads(&self, mime_type: &str, bytes: Vec<u8>) -> Answer {
        let file = reqwest::multipart::Part::bytes(bytes).file_name("file");
        let form = reqwest::multipart::Form::new()
            .text("messaging_product", "whatsapp")
            .text("type", mime_type.to_owned())
            .part("file", file.mime_str(mime_type).unwrap());
        let url = format!(
            "{}/v25.0/{}/media",
            self.emulator.graph_url(),
            self.number_id
        );
        let request = self.http.post(url).bearer_auth(&self.token).multipart(form);
        read(request.send().await.unwrap()).await
    }

    async fn media(&self, mime_type: &str) -> String {
        let answer = self.uploads(mime_type, vec![1, 2, 3]).await;
        answer.body["id"].as_str().unwrap().to_owned()
    }

    /// Uploads a file in one piece, for a header or a photo; gives its handle.
    pub(crate) async fn handle(&self, file_type: &str, bytes: &[u8]) -> String {
        let path = format!(
            "v25.0/{}/uploads?file_name=a&file_length={}&file_type={file_type}",
            self.app.id,
            bytes.len()
        );
        let session = self.graph(Method::POST, &path, None).await;
        let session = session.body["id"].as_str().unwrap().to_owned();
        let answer = self.piece(&session, 0, bytes).await;
        answer.body["h"].as_str().unwrap().to_owned()
    }

    async fn piece(&self, session: &str, offset: usize, bytes: &[u8]) -> Answer {
        let url = format!("{}/v25.0/{session}", self.emulator.graph_url());
        let request = self.http.post(url);
        let request = request.header("Authorization", format!("OAuth {}", self.token));
        let request = request.header("file_offset", offset).body(bytes.to_vec());
        read(request.send().await.unwrap()).await
    }
}

#[tokio::test]
async fn an_id_lives_thirty_days_and_its_url_five_minutes() {
    let scene = Scene::start().await;
    let id = scene.media("image/png").await;
    let url = scene.get(&id).await.body["url"]
        .as_str()
        .unwrap()
        .to_owned();
    let fetch = || {
        let request = scene.http.get(&url).bearer_auth(&scene.token);
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(fetch().await, 200);
    assert_eq!(scene.http.get(&url).send().await.unwrap().status(), 401);

    scene
        .control
        .advance_clock(Duration::from_secs(301))
        .await
        .unwrap();
    assert_eq!(fetch().await, 404);
    scene.control.advance_clock(DAY * 29).await.unwrap();
    assert_eq!(scene.get(&id).await.status, 200);
    scene.control.advance_clock(DAY).await.unwrap();
    assert_eq!(scene.get(&id).await.code(), (400, 100));
    let image = json!({"type": "image", "image": {"id": id}});
    assert_eq!(scene.send(image).await.code(), (400, 100));
}

#[tokio::test]
async fn media_of_another_type_is_found_out_later() {
    let mut config = quick();
    config.settings.closed_window = ClosedWindow::Ignored;
    let scene = Scene::with(config).await;
    let pdf = scene.media("application/pdf").await;
    let png = scene.media("image/png").await;
    for (kind, id, code) in [
        ("image", &png, None),
        ("image", &pdf, Some(131053)),
        ("document", &png, None),
        ("sticker", &png, Some(131053)),
    ] {
        let answer = scene.send(json!({"type": kind, kind: {"id": id}})).await;
        assert_eq!(answer.status, 200);
        scene.settle().await;
        assert_eq!(
            scene.messages().await.last().unwrap().error_code,
            code,
            "{kind}"
        );
    }
}

#[tokio::test]
async fn each_type_has_its_size() {
    let scene = Scene::start().await;
    let mut still = b"RIFF....WEBPVP8 ".to_vec();
    still.resize(100 << 10, 0);
    assert_eq!(scene.uploads("image/webp", still.clone()).await.status, 200);
    still.push(0);
    assert_eq!(
        scene.uploads("image/webp", still).await.code(),
        (400, 131053)
    );
    let mut moving = b"RIFF....WEBPVP8X....\x02".to_vec();
    moving.resize(500 << 10, 0);
    assert_eq!(scene.uploads("image/webp", moving).await.status, 200);
    assert_eq!(scene.uploads("audio/ogg", vec![1]).await.status, 200);
    // A type with parameters is none of the list.
    let opus = scene.uploads("audio/ogg; codecs=opus", vec![1]).await;
    assert_eq!(opus.code(), (400, 100));
    assert_eq!(scene.uploads("image/gif", vec![1]).await.code(), (400, 100));
    assert_eq!(scene.uploads("image/png", vec![]).await.code(), (400, 100));
}

#[tokio::test]
async fn media_is_the_numbers_that_it_was_uploaded_for() {
    let scene = Scene::start().await;
    let id = scene.media("image/png").await;
    let with = |number: &str| format!("{id}?phone_number_id={number}");
    assert_eq!(scene.get(&with(&scene.number_id)).await.status, 200);
    assert_eq!(scene.get(&with("1")).await.code(), (400, 100));
    let deleted = scene.graph(Method::DELETE, &with("1"), None).await;
    assert_eq!(deleted.code(), (400, 100));
    let deleted = scene
        .graph(Method::DELETE, &with(&scene.number_id), None)
        .await;
    assert_eq!(deleted.body, json!({"success": true}));
}

#[tokio::test]
async fn an_upload_goes_on_where_it_broke_off() {
    let scene = Scene::start().await;
    let begin = |query: &str| {
        let path = format!("v25.0/{}/uploads?{query}", scene.app.id);
        let scene = &scene;
        async move { scene.graph(Method::POST, &path, None).await }
    };
    let session = begin("file_name=a.png&file_length=6&file_type=image/png").await;
    let session = session.body["id"].as_str().unwrap().to_owned();
    assert!(session.starts_with("upload:"), "{session}");

    let first = scene.piece(&session, 0, b"abc").await;
    assert_eq!(first.body["file_offset"], 3);
    assert_eq!(scene.get(&session).await.body["file_offset"], 3);
    assert_eq!(scene.piece(&session, 0, b"abc").await.code(), (400, 100));
    assert_eq!(scene.piece(&session, 3, b"defg").await.code(), (400, 100));
    let handle = scene.piece(&session, 3, b"def").await.body["h"].clone();
    assert!(
        handle.as_str().unwrap().starts_with("4::aW1hZ2UvcG5n:"),
        "{handle}"
    );

    let gif = begin("file_length=6&file_type=image/gif").await;
    assert_eq!(gif.code(), (400, 100));
    assert!(gif.body["error"]["error_user_msg"].is_string());
    assert_eq!(begin("file_type=image/png").await.code(), (400, 100));
}

#[tokio::test]
async fn a_photo_is_shown_at_its_url() {
    let scene = Scene::start().await;
    let handle = scene.handle("image/png", b"PNG").await;
    let path = format!("{}/whatsapp_business_profile", scene.number_id);
    let body = json!({"messaging_product": "whatsapp", "profile_picture_handle": handle});
    assert_eq!(
        scene.graph(Method::POST, &path, Some(body)).await.status,
        200
    );

    let shown = scene
        .get(&format!("{path}?fields=profile_picture_url"))
        .await
        .body;

    let url = shown["data"][0]["profile_picture_url"].as_str().unwrap();
    let photo = scene.http.get(url).send().await.unwrap();
    assert_eq!(photo.headers()["content-type"], "image/png");
    assert_eq!(photo.bytes().await.unwrap(), "PNG");
    let pdf: Value = scene.handle("application/pdf", b"PDF").await.into();
    let body = json!({"messaging_product": "whatsapp", "profile_picture_handle": pdf});
    assert_eq!(
        scene.graph(Method::POST, &path, Some(body)).await.code(),
        (400, 100)
    );
}
