//! Reading and configuring nodes of the Graph API: numbers, media, subscriptions, tokens.

use reqwest::{Method, Url};
use roost_emulator::control::wire::NewApp;
use serde_json::{Value, json};

use crate::support::receiver::VERIFY_TOKEN;
use crate::support::{Answer, Scene, read};

impl Scene {
    async fn post(&self, path: &str, body: Value) -> Answer {
        self.graph(Method::POST, path, Some(body)).await
    }

    /// The app's own token.
    fn app_token(&self) -> String {
        format!("{}|{}", self.app.id, self.app.secret)
    }
}

fn override_to(url: String) -> Value {
    json!({"override_callback_uri": url, "verify_token": VERIFY_TOKEN})
}

#[tokio::test]
async fn a_number_shows_the_fields_that_are_asked_for() {
    let scene = Scene::start().await;

    let answer = scene
        .get(&format!(
            "{}?fields=display_phone_number,status,throughput{{level}}",
            scene.number_id
        ))
        .await;

    assert_eq!(
        answer.body,
        json!({
            "display_phone_number": "+1 555-078-3881",
            "status": "CONNECTED",
            "throughput": {"level": "STANDARD"},
            "id": scene.number_id,
        })
    );
    let unknown = scene
        .get(&format!("{}?fields=colour", scene.number_id))
        .await;
    assert_eq!(unknown.code(), (400, 100));
    let message = unknown.body["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("(#100) Tried accessing nonexisting field (colour)"));
}

#[tokio::test]
async fn an_account_lists_its_numbers() {
    let scene = Scene::start().await;

    let answer = scene
        .get(&format!("v25.0/{}/phone_numbers", scene.waba_id))
        .await;

    let number = &answer.body["data"][0];
    assert_eq!(number["id"], scene.number_id.as_str());
    assert_eq!(number["verified_name"], "Business");
    assert_eq!(
        number["webhook_configuration"]["application"],
        scene.receiver.url()
    );
    assert!(answer.body["paging"]["cursors"]["before"].is_string());
}

#[tokio::test]
async fn ids_and_versions_that_nothing_has_are_errors_of_metas() {
    let scene = Scene::start().await;
    let table = [
        ("v25.0/nothing".to_owned(), 100),
        (format!("v99.0/{}", scene.number_id), 2500),
    ];
    for (path, code) in table {
        let answer = scene.get(&path).await;
        assert_eq!(answer.code(), (400, code), "{path}");
        assert!(answer.headers.contains_key("x-fb-trace-id"));
    }
}

#[tokio::test]
async fn overrides_go_from_number_to_account_to_app() {
    let scene = Scene::start().await;
    let subscribed_apps = format!("{}/subscribed_apps", scene.waba_id);
    let at_waba = scene.receiver.at("waba");
    let at_number = scene.receiver.at("number");
    let number = |url: &str| json!({"webhook_configuration": override_to(url.to_owned())});

    let answer = scene
        .post(&subscribed_apps, override_to(at_waba.clone()))
        .await;
    assert_eq!(answer.body, json!({"success": true}));
    scene.sheena().says("hi").await.unwrap();
    assert_eq!(scene.receiver.next().await.path, "/waba");
    let listed = scene.get(&subscribed_apps).await.body;
    assert_eq!(listed["data"][0]["override_callback_uri"], at_waba);
    assert_eq!(
        listed["data"][0]["whatsapp_business_api_data"]["id"],
        scene.app.id.as_str()
    );

    scene.post(&scene.number_id, number(&at_number)).await;
    scene.sheena().says("hi").await.unwrap();
    assert_eq!(scene.receiver.next().await.path, "/number");
    let fields = format!("{}?fields=webhook_configuration", scene.number_id);
    let configuration = scene.get(&fields).await.body["webhook_configuration"].clone();
    assert_eq!(
        configuration,
        json!({
            "phone_number": at_number,
            "whatsapp_business_account": at_waba,
            "application": scene.receiver.url(),
        })
    );

    scene.post(&scene.number_id, number("")).await;
    scene.post(&subscribed_apps, json!({})).await;
    scene.sheena().says("hi").await.unwrap();
    assert_eq!(scene.receiver.next().await.path, "/hook");
}

#[tokio::test]
async fn a_callback_that_fails_the_handshake_is_not_saved() {
    let scene = Scene::start().await;
    let subscribed_apps = format!("{}/subscribed_apps", scene.waba_id);
    for path in ["refuses", "babbles"] {
        let answer = scene
            .post(&subscribed_apps, override_to(scene.receiver.at(path)))
            .await;
        assert_eq!(answer.code(), (400, 2200), "{path}");
    }
    let wrong = json!({"override_callback_uri": scene.receiver.at("x"), "verify_token": "wrong"});
    assert_eq!(
        scene.post(&subscribed_apps, wrong).await.code(),
        (400, 2200)
    );

    scene.sheena().says("hi").await.unwrap();
    assert_eq!(scene.receiver.next().await.path, "/hook");
}

#[tokio::test]
async fn an_app_sets_its_callback_with_its_own_token() {
    let scene = Scene::start().await;
    let path = format!("{}/subscriptions", scene.app.id);
    let mut url = Url::parse(&format!("{}/{path}", scene.emulator.graph_url())).unwrap();
    url.query_pairs_mut()
        .append_pair("access_token", &scene.app_token())
        .append_pair("object", "whatsapp_business_account")
        .append_pair("callback_url", &scene.receiver.at("new"))
        .append_pair("verify_token", VERIFY_TOKEN)
        .append_pair("fields", "messages,account_update");

    let answer = read(scene.http.post(url).send().await.unwrap()).await;

    assert_eq!(answer.body, json!({"success": true}));
    scene.sheena().says("hi").await.unwrap();
    assert_eq!(scene.receiver.next().await.path, "/new");
    let token = scene.app_token();
    let listed = scene.graph_as(Some(&token), Method::GET, &path, None).await;
    assert_eq!(
        listed.body["data"][0]["callback_url"],
        scene.receiver.at("new")
    );
    assert_eq!(
        listed.body["data"][0]["fields"].as_array().unwrap().len(),
        2
    );
    let with_user_token = scene.get(&path).await;
    assert_eq!(with_user_token.code(), (400, 15));
}

#[tokio::test]
async fn an_app_that_is_not_subscribed_hears_nothing() {
    let scene = Scene::start().await;
    let path = format!("{}/subscribed_apps", scene.waba_id);

    scene.graph(Method::DELETE, &path, None).await;
    scene.sheena().says("hi").await.unwrap();
    scene.settle().await;
    assert_eq!(scene.receiver.all().len(), 0);

    scene.post(&path, json!({})).await;
    scene.sheena().says("hi").await.unwrap();
    scene.receiver.next().await;
}

#[tokio::test]
async fn the_control_api_shakes_hands_when_it_is_given_a_verify_token() {
    let scene = Scene::start().await;
    let app = |path: &str| NewApp {
        callback_url: Some(scene.receiver.at(path)),
        verify_token: Some(VERIFY_TOKEN.to_owned()),
        ..NewApp::default()
    };

    assert!(scene.control.create_app(&app("hook")).await.is_ok());
    let error = scene.control.create_app(&app("refuses")).await.unwrap_err();
    assert_eq!(error.code(), Some("callback-not-verified"));
}

#[tokio::test]
async fn a_token_can_be_debugged_by_its_app() {
    let scene = Scene::start().await;
    let debug = |input: &str| format!("debug_token?input_token={input}");
    let token = scene.app_token();
    let ask = |path: String| {
        let token = token.clone();
        let scene = &scene;
        async move {
            let answer = scene.graph_as(Some(&token), Method::GET, &path, None).await;
            answer.body["data"].clone()
        }
    };

    let good = ask(debug(&scene.token)).await;
    assert_eq!(
        (&good["is_valid"], &good["app_id"]),
        (&json!(true), &json!(scene.app.id))
    );
    let targets = &good["granular_scopes"][0]["target_ids"];
    assert_eq!(*targets, json!([scene.waba_id]));
    assert_eq!(ask(debug("nonsense")).await["is_valid"], false);
}

#[tokio::test]
async fn a_wrong_appsecret_proof_is_refused() {
    let scene = Scene::start().await;

    let answer = scene
        .get(&format!("{}?appsecret_proof=00", scene.number_id))
        .await;

    assert_eq!(answer.code(), (400, 100));
    assert_eq!(
        answer.body["error"]["message"],
        "Invalid appsecret_proof provided in the API argument"
    );
}

/// What an upload of a PDF has in its form.
fn pdf(bytes: Vec<u8>) -> reqwest::multipart::Form {
    upload("application/pdf", bytes).text("messaging_product", "whatsapp")
}

fn upload(mime_type: &str, bytes: Vec<u8>) -> reqwest::multipart::Form {
    let file = reqwest::multipart::Part::bytes(bytes).file_name("file");
    let file = file.mime_str(mime_type).unwrap();
    reqwest::multipart::Form::new().part("file", file)
}

impl Scene {
    async fn upload(&self, form: reqwest::multipart::Form) -> Answer {
        let url = format!(
            "{}/v25.0/{}/media",
            self.emulator.graph_url(),
            self.number_id
        );
        let request = self.http.post(url).bearer_auth(&self.token).multipart(form);
        read(request.send().await.unwrap()).await
    }
}

#[tokio::test]
async fn what_is_uploaded_is_described_fetched_sent_and_deleted() {
    let scene = Scene::open().await;
    let bytes = vec![7; 4 << 20];
    let uploaded = scene.upload(pdf(bytes.clone())).await;
    assert_eq!(uploaded.status, 200, "{uploaded:?}");
    let id = uploaded.body["id"].as_str().unwrap().to_owned();
    assert_eq!(uploaded.body, json!({"id": id}));

    let described = scene.get(&id).await.body;
    assert_eq!(described["mime_type"], "application/pdf");
    assert_eq!(described["file_size"], bytes.len());
    let url = described["url"].as_str().unwrap();
    let fetched = scene.http.get(url).bearer_auth(&scene.token);
    assert_eq!(fetched.send().await.unwrap().bytes().await.unwrap(), bytes);

    let document = json!({"type": "document", "document": {"id": id, "filename": "a.pdf"}});
    assert_eq!(scene.send(document).await.status, 200);
    let deleted = scene.graph(Method::DELETE, &id, None).await;
    assert_eq!(deleted.body, json!({"success": true}));
    assert_eq!(scene.get(&id).await.code(), (400, 100));
}

#[tokio::test]
async fn an_upload_that_meta_would_refuse_is_refused() {
    let scene = Scene::start().await;
    let whatsapp = |form: reqwest::multipart::Form| form.text("messaging_product", "whatsapp");
    let message = async |form| {
        let answer = scene.upload(form).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        answer.body["error"]["message"].as_str().unwrap().to_owned()
    };
    let required = message(upload("image/png", vec![1])).await;
    assert_eq!(
        required,
        "(#100) The parameter messaging_product is required."
    );
    let no_file = whatsapp(reqwest::multipart::Form::new()).text("file", "PNG");
    let required = message(no_file).await;
    assert_eq!(required, "(#100) The parameter file is required.");
    let of_a_kind = message(whatsapp(upload("text/html", vec![1]))).await;
    assert!(of_a_kind.starts_with("(#100) Param file must be a file with one of"));
    assert!(of_a_kind.ends_with("Received file of type 'text/html'."));
    for (mime_type, most) in [("image/png", 5 << 20), ("image/webp", 500 << 10)] {
        let longer = message(whatsapp(upload(mime_type, vec![0; most + 1]))).await;
        assert_eq!(longer, "(#131053) Media upload error");
        assert_eq!(
            scene
                .upload(whatsapp(upload(mime_type, vec![0; most])))
                .await
                .status,
            200
        );
    }
}
