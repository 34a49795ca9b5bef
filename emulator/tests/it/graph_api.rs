//! What all calls of the Graph API have in common: fields, pages, batches, proofs, versions.

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Method, Url};
use roost_emulator::control::Fault;
use roost_emulator::control::wire::{NewApp, NewTemplate, NewToken};
use serde_json::{Value, json};

use crate::support::{Answer, Scene, read};

impl Scene {
    /// A template that is there, by its name.
    pub(crate) async fn template(&self, name: &str, body: &str) -> String {
        let template = NewTemplate {
            waba_id: self.waba_id.clone(),
            name: name.to_owned(),
            language: "en_US".to_owned(),
            category: "UTILITY".to_owned(),
            status: None,
            parameter_format: None,
            components: vec![json!({"type": "BODY", "text": body})],
        };
        self.control.declare_template(&template).await.unwrap().id
    }

    async fn follow(&self, url: &Value) -> Answer {
        read(self.http.get(url.as_str().unwrap()).send().await.unwrap()).await
    }
}

fn names(list: &Value) -> Vec<String> {
    let items = list["data"].as_array().unwrap().iter();
    items
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_list_is_read_page_by_page_forwards_and_backwards() {
    let scene = Scene::start().await;
    for n in 0..5 {
        scene.template(&format!("t{n}"), "hello").await;
    }
    let path = format!("{}/message_templates?fields=name&limit=2", scene.waba_id);

    let first = scene.get(&path).await.body;
    let second = scene.follow(&first["paging"]["next"]).await.body;
    let third = scene.follow(&second["paging"]["next"]).await.body;

    let mut all = [&first, &second, &third].map(names).concat();
    all.sort();
    assert_eq!(all, ["t0", "t1", "t2", "t3", "t4"]);
    assert_eq!(names(&third).len(), 1);
    assert_eq!(third["paging"].get("next"), None);
    assert_eq!(first["paging"].get("previous"), None);
    let back = scene.follow(&third["paging"]["previous"]).await.body;
    assert_eq!(names(&back), names(&second));
    let after = &first["paging"]["cursors"]["after"];
    let by_cursor = scene
        .get(&format!("{path}&after={}", after.as_str().unwrap()))
        .await;
    assert_eq!(names(&by_cursor.body), names(&second));
}

#[tokio::test]
async fn a_cursor_that_is_none_has_a_code_by_version() {
    let scene = Scene::start().await;
    scene.template("t", "hello").await;
    for (version, code) in [("v23.0", 100), ("v25.0", 131059)] {
        let path = format!("{version}/{}/message_templates?after=XYZ", scene.waba_id);
        assert_eq!(scene.get(&path).await.code(), (400, code));
    }
    let numbers = format!("{}/phone_numbers?limit=many", scene.waba_id);
    assert_eq!(scene.get(&numbers).await.code(), (400, 100));
}

#[tokio::test]
async fn fields_can_be_lists_with_fields_of_their_own_and_other_names() {
    let scene = Scene::start().await;
    scene.template("first", "hello").await;

    let answer = scene
        .get(&format!(
            "v25.0/{}?fields=name.as(called),phone_numbers.limit(1){{display_phone_number,\
             throughput{{level.as(pace)}}}},message_templates{{name}},owner_business_info{{name}}",
            scene.waba_id
        ))
        .await;

    assert_eq!(
        answer.body["phone_numbers"]["data"],
        json!([{
            "display_phone_number": "+1 555-078-3881",
            "throughput": {"pace": "STANDARD"},
            "id": scene.number_id,
        }])
    );
    assert_eq!(answer.body["called"], "Business");
    assert_eq!(answer.body["message_templates"]["data"][0]["name"], "first");
    assert_eq!(
        answer.body["owner_business_info"],
        json!({"name": "Business"})
    );
    let broken = scene.get(&format!("{}?fields=name{{", scene.waba_id)).await;
    assert_eq!(broken.code(), (400, 2500));
}

async fn batch(scene: &Scene, calls: Value) -> Vec<Value> {
    let body = json!({"batch": calls, "include_headers": false});
    let answer = scene.graph(Method::POST, "v25.0", Some(body)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body.as_array().unwrap().clone()
}

fn body_of(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_batch_answers_each_call_and_later_ones_use_earlier_ones() {
    let scene = Scene::open().await;
    let message = format!(
        "messaging_product=whatsapp&to=16505551234&type=text&text={}",
        "%7B%22body%22%3A%22hi%22%7D"
    );

    let answers = batch(
        &scene,
        json!([
            {"method": "GET", "relative_url": format!("{}/phone_numbers", scene.waba_id),
             "name": "numbers", "omit_response_on_success": false},
            {"method": "POST", "relative_url": "{result=numbers:$.data.0.id}/messages", "body": message},
            {"method": "GET", "relative_url": "v23.0/17?fields=id", "name": "nothing"},
            {"method": "GET", "relative_url": "{result=nothing:$.id}"},
            {"method": "GET", "relative_url": "?x"},
        ]),
    )
    .await;

    assert_eq!(answers[0]["code"], 200);
    assert_eq!(answers[0].get("headers"), None);
    assert_eq!(answers[1]["code"], 200, "{answers:?}");
    assert!(body_of(&answers[1])["messages"][0]["id"].is_string());
    assert_eq!(answers[2]["code"], 400);
    assert_eq!(body_of(&answers[2])["error"]["error_subcode"], 33);
    assert_eq!(answers[3], Value::Null);
    assert_eq!(answers[4]["code"], 501);
    assert_eq!(scene.messages().await[0].text(), Some("hi"));
}

#[tokio::test]
async fn a_batch_is_bounded_and_carries_files() {
    let scene = Scene::start().await;
    let many = json!({"batch": vec![json!({"method": "GET", "relative_url": "app"}); 51]});
    let answer = scene.graph(Method::POST, "", Some(many)).await;
    assert_eq!(answer.code(), (400, 100));

    let call = json!([{
        "method": "POST",
        "relative_url": format!("{}/media", scene.number_id),
        "body": "messaging_product=whatsapp&type=image/png",
        "attached_files": "picture",
    }]);
    let picture = reqwest::multipart::Part::bytes(vec![1, 2])
        .file_name("a.png")
        .mime_str("image/png")
        .unwrap();
    let form = reqwest::multipart::Form::new()
        .text("batch", call.to_string())
        .text("access_token", scene.token.clone())
        .part("picture", picture);
    let url = format!("{}/v25.0/", scene.emulator.graph_url());
    let sent = scene.http.post(url).multipart(form).send().await.unwrap();
    let answer = read(sent).await.body;
    assert_eq!(answer[0]["code"], 200, "{answer}");
    assert!(body_of(&answer[0])["id"].is_string());
}

#[tokio::test]
async fn several_nodes_are_read_by_their_ids() {
    let scene = Scene::start().await;
    let ids = format!("?ids={},{}&fields=id", scene.number_id, scene.waba_id);

    let answer = scene.get(&ids).await.body;

    assert_eq!(
        answer[&scene.number_id],
        json!({"id": scene.number_id.as_str()})
    );
    assert_eq!(
        answer[&scene.waba_id],
        json!({"id": scene.waba_id.as_str()})
    );
}

#[tokio::test]
async fn a_proof_is_required_where_the_app_says_so() {
    let scene = Scene::start().await;
    let app = NewApp {
        requires_proof: true,
        ..NewApp::default()
    };
    let app = scene.control.create_app(&app).await.unwrap();
    let token = NewToken {
        app_id: app.id.clone(),
        ..NewToken::default()
    };
    let token = scene.control.create_token(&token).await.unwrap().token;
    let ask = |proof: Option<String>| {
        let mut url = Url::parse(scene.emulator.graph_url()).unwrap();
        url.set_path(&scene.waba_id);
        url.query_pairs_mut().append_pair("access_token", &token);
        if let Some(proof) = proof {
            url.query_pairs_mut().append_pair("appsecret_proof", &proof);
        }
        let request = scene.http.get(url);
        async move { read(request.send().await.unwrap()).await }
    };

    let without = ask(None).await;
    assert_eq!(without.code(), (400, 100));
    let message = &without.body["error"]["message"];
    assert_eq!(
        message,
        "API calls from the server require an appsecret_proof argument"
    );
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(app.secret.as_bytes()).unwrap();
    mac.update(token.as_bytes());
    let proof = hex::encode(mac.finalize().into_bytes());
    assert_eq!(ask(Some(proof)).await.status, 200);
}

#[tokio::test]
async fn what_the_emulator_does_not_know_is_not_metas_error() {
    let scene = Scene::start().await;
    let table = [
        (Method::GET, format!("{}/calls", scene.number_id)),
        (Method::DELETE, scene.number_id.clone()),
        (Method::GET, format!("v25.0/{}/a/b", scene.number_id)),
        (Method::POST, format!("{}/groups", scene.number_id)),
        (
            Method::GET,
            "oauth/access_token?grant_type=fb_exchange_token".to_owned(),
        ),
    ];
    for (method, path) in table {
        let answer = scene.graph(method, &path, None).await;
        assert_eq!(answer.code(), (501, 501), "{path}");
        let error = &answer.body["error"];
        assert_eq!(error["type"], "EmulatorLimitation");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("This is not Meta's answer"), "{message}");
    }
    let group = json!({"text": {"body": "hi"}, "recipient_type": "group"});
    assert_eq!(scene.send(group).await.code(), (501, 501));
}

#[tokio::test]
async fn a_version_is_told_and_an_old_one_is_served_by_the_oldest() {
    let scene = Scene::start().await;
    for (asked, served) in [("v25.0/", "v25.0"), ("v14.0/", "v21.0"), ("", "v21.0")] {
        let answer = scene.get(&format!("{asked}app")).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["facebook-api-version"], served, "{asked}");
    }
}

#[tokio::test]
async fn an_app_gets_its_own_token() {
    let scene = Scene::start().await;
    let path = |secret: &str| {
        format!(
            "oauth/access_token?grant_type=client_credentials&client_id={}&client_secret={secret}",
            scene.app.id
        )
    };

    let answer = scene
        .graph_as(None, Method::GET, &path(&scene.app.secret), None)
        .await;

    let token = answer.body["access_token"].as_str().unwrap().to_owned();
    assert_eq!(token, format!("{}|{}", scene.app.id, scene.app.secret));
    let debugged = format!("debug_token?input_token={token}");
    let debugged = scene
        .graph_as(Some(&token), Method::GET, &debugged, None)
        .await;
    assert_eq!(debugged.body["data"]["type"], "APP");
    let wrong = scene
        .graph_as(None, Method::GET, &path("wrong"), None)
        .await;
    assert_eq!(wrong.code(), (400, 1));
}

#[tokio::test]
async fn any_call_can_be_refused_on_request() {
    let scene = Scene::start().await;
    scene
        .fail_next(
            1,
            Fault::GraphError {
                method: Some("GET".to_owned()),
                edge: Some("message_templates".to_owned()),
                code: 80007,
                subcode: None,
            },
        )
        .await;
    let path = format!("{}/message_templates", scene.waba_id);

    assert_eq!(scene.get(&scene.waba_id).await.status, 200);
    assert_eq!(scene.get(&path).await.code(), (400, 80007));
    assert_eq!(scene.get(&path).await.status, 200);
}

#[test]
fn every_call_is_in_the_readme() {
    let readme = include_str!("../../README.md");
    let missing: Vec<String> = roost_emulator::calls()
        .into_iter()
        .map(|(method, path)| format!("{method} {path}"))
        .filter(|call| !readme.contains(&format!("`{call}`")))
        .collect();
    assert!(
        missing.is_empty(),
        "not in README.md:\n{}",
        missing.join("\n")
    );
}
