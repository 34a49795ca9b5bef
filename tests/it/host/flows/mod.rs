//! Flows over real parts: pushed by the admin API, opened on the emulator's phones, and answered by bots that get plain
//! JSON, while two projects share an account.

mod phone;

use std::process::Stdio;
use std::time::Duration;

use http::Method;
use roost::http::sign;
use roost::projects::Secret;
use roost::web::WebSettings;
use serde_json::{Value, json};
use tokio::process::Command;

use super::support::{Operator, Setup, TestHost, TestProject, eventually, fixture};
use phone::Phone;

const ANA: &str = "16505551234";
const BEN: &str = "16505559876";
const BOOKING: &str = include_str!("../../../../guests/fixtures/books_tables/flows/booking.json");

/// The shop and its neighbour: two bots that book tables, with numbers in one account.
struct Scene {
    host: TestHost,
    shop: TestProject,
    other: TestProject,
    operator: Operator,
}

impl Scene {
    async fn set() -> Self {
        let setup = Setup {
            web: WebSettings {
                // Meta finds the endpoints at paths of the listener.
                is_dev: true,
                flow_answer: Duration::from_secs(3),
                ..WebSettings::default()
            },
            ..Setup::default()
        };
        let mut host = TestHost::start_with(setup).await;
        let shop = host.bot("shop", &fixture("books_tables")).await;
        let other = host.beside("other", &shop).await;
        let deployed = host.deploys(&other, &fixture("books_tables")).await;
        deployed.unwrap_or_else(|error| panic!("{error}"));
        let operator = host.operator();
        Self {
            host,
            shop,
            other,
            operator,
        }
    }

    async fn pushes(&self, project: &str) -> Value {
        let path = format!("/v1/projects/{project}/flows/booking");
        let body = json!({ "json": BOOKING, "categories": ["APPOINTMENT_BOOKING"] });
        self.operator.put(&path, &body).await.ok()
    }

    async fn publishes(&self, project: &str) -> Value {
        let path = format!("/v1/projects/{project}/flows/booking/publish");
        self.operator.post(&path, &json!({})).await.ok()
    }

    async fn key_of(&self, project: &str) -> String {
        let key = self
            .operator
            .get(&format!("/v1/projects/{project}/flow-key"))
            .await;
        key.ok()["public_key"].as_str().unwrap().to_owned()
    }

    /// A POST to the endpoint of a project's Flow.
    async fn asks(&self, project: &str, flow: &str, body: &str, secret: &str) -> (u16, String) {
        let url = format!(
            "http://{}/p/{project}/.roost/flows/{flow}",
            self.host.address()
        );
        let request = reqwest::Client::new()
            .post(url)
            .header("content-type", "application/json")
            .header(
                "x-hub-signature-256",
                sign(&Secret::new(secret), body.as_bytes()),
            );
        let answer = request.body(body.to_owned()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

/// What Meta signs with.
const META: &str = "meta's secret";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_of_three_screens_is_answered_and_neither_project_sees_the_others() {
    let scene = Scene::set().await;
    let pushed = scene.pushes("shop").await;
    assert_eq!(
        (&pushed["is_new"], &pushed["flow"]["status"]),
        (&json!(true), &json!("DRAFT"))
    );
    assert_eq!(pushed["flow"]["endpoint"], "host");
    assert_eq!(pushed["flow"]["route"], "/flows/booking");
    assert_eq!(pushed["flow"]["validation_errors"], json!([]));
    // Meta asks the endpoint whether it is there.
    assert_eq!(scene.publishes("shop").await["status"], "PUBLISHED");

    // The neighbour has one of that name, too: it is another, with a key of its own.
    let theirs = scene.pushes("other").await;
    assert_ne!(theirs["flow"]["flow_id"], pushed["flow"]["flow_id"]);
    assert_eq!(theirs["flow"]["meta_name"], "booking (other)");
    scene.publishes("other").await;
    assert_ne!(scene.key_of("shop").await, scene.key_of("other").await);
    for (project, own) in [("shop", &pushed), ("other", &theirs)] {
        let list = scene
            .operator
            .get(&format!("/v1/projects/{project}/flows"))
            .await;
        let list = list.ok();
        let ids: Vec<_> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|flow| &flow["flow_id"])
            .collect();
        assert_eq!(ids, [&own["flow"]["flow_id"]]);
        let synced = scene
            .operator
            .post(&format!("/v1/projects/{project}/flows/sync"), &json!({}))
            .await;
        assert_eq!(synced.ok(), json!({ "found": [], "gone": [], "seen": 1 }));
    }

    let mut ana = scene.shop.customer(ANA).await;
    let mut ben = scene.other.customer(BEN).await;
    ana.says("book").await;
    ana.gets().await;
    ben.says("book").await;
    ben.gets().await;
    let day = ana.phone().opens_flow(None).await.unwrap();
    let screen = day.screen.expect("a screen");
    assert_eq!(screen.id, "DAY");
    let dropdown = screen
        .components
        .iter()
        .find(|part| part["name"] == "day")
        .unwrap();
    assert_eq!(dropdown["data-source"][1]["title"], "Tuesday");
    let time = ana
        .phone()
        .submits(json!({ "day": "tue", "who": "Ana Quick" }))
        .await
        .unwrap();
    assert_eq!(time.screen.expect("a screen").id, "TIME");
    let done = ana.phone().submits(json!({ "time": "20" })).await.unwrap();
    assert_eq!(done.screen.expect("a screen").id, "DONE");
    let over = ana.phone().submits(json!({})).await.unwrap();
    assert!(over.message_id.is_some(), "{over:?}");
    assert_eq!(
        ana.hears().await,
        "booking: Ana Quick at 20, table 4, first: true"
    );

    // The answer of one is none of the other's, and none of anybody else's.
    ben.phone()
        .completes_flow(json!({ "flow_token": day.flow_token, "who": "Ben", "time": "20" }))
        .await
        .unwrap();
    assert_eq!(ben.hears().await, "Which form was that?");
    let mut carla = scene.shop.customer("16505550000").await;
    carla
        .phone()
        .completes_flow(json!({ "flow_token": day.flow_token, "who": "Carla", "time": "20" }))
        .await
        .unwrap();
    assert_eq!(carla.hears().await, "Which form was that?");
    // Asked about again it is not the first time.
    ana.phone()
        .completes_flow(json!({ "flow_token": day.flow_token, "who": "Ana", "time": "20" }))
        .await
        .unwrap();
    assert_eq!(
        ana.hears().await,
        "booking: Ana at 20, table 4, first: false"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_endpoint_answers_as_meta_documents() {
    let scene = Scene::set().await;
    scene.pushes("shop").await;
    scene.pushes("other").await;
    let (key, theirs) = (scene.key_of("shop").await, scene.key_of("other").await);
    let ping = Phone::seals(&key, r#"{"version":"3.0","action":"ping"}"#).await;

    let (status, answer) = scene.asks("shop", "booking", &ping.body, META).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(ping.opens(&answer).await, r#"{"data":{"status":"active"}}"#);
    let complaint = json!({
        "version": "3.0", "action": "data_exchange", "flow_token": "t", "screen": "DAY",
        "data": { "error": "invalid-screen-transition", "error_message": "Ana Secret went elsewhere" },
    });
    let complaint = Phone::seals(&key, &complaint.to_string()).await;
    let (status, answer) = scene.asks("shop", "booking", &complaint.body, META).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        complaint.opens(&answer).await,
        r#"{"data":{"acknowledged":true}}"#
    );
    let shown = scene
        .operator
        .get("/v1/projects/shop/flows/booking")
        .await
        .ok();
    assert_eq!(shown["complaint"], "invalid-screen-transition");

    // Not signed, or not by Meta: 432. With another project's key, or one that is none: 421.
    for secret in ["somebody else's", ""] {
        let (status, _) = scene.asks("shop", "booking", &ping.body, secret).await;
        assert_eq!(status, 432);
    }
    let data = r#"{"version":"3.0","action":"INIT","flow_token":"mine"}"#;
    let wrong = Phone::seals(&theirs, data).await;
    let (status, _) = scene.asks("shop", "booking", &wrong.body, META).await;
    assert_eq!(status, 421);
    let (status, _) = scene.asks("other", "booking", &wrong.body, META).await;
    assert_eq!(status, 200);
    // Whether the endpoint is there Meta asks with the key of any number of the account.
    let beside = Phone::seals(&theirs, r#"{"version":"3.0","action":"ping"}"#).await;
    let (status, answer) = scene.asks("shop", "booking", &beside.body, META).await;
    assert_eq!(status, 200);
    assert_eq!(
        beside.opens(&answer).await,
        r#"{"data":{"status":"active"}}"#
    );
    for body in [
        "",
        "{}",
        "[1]",
        r#"{"encrypted_flow_data":"x","encrypted_aes_key":"","initial_vector":""}"#,
    ] {
        assert_eq!(
            scene.asks("shop", "booking", body, META).await.0,
            400,
            "{body}"
        );
    }
    assert_eq!(scene.asks("shop", "nothing", &ping.body, META).await.0, 404);
    assert_eq!(
        scene.asks("nobody", "booking", &ping.body, META).await.0,
        404
    );
    let url = format!(
        "http://{}/p/shop/.roost/flows/booking",
        scene.host.address()
    );
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 405);

    // A token of the host's that is none of the project's, or of another Flow, is over: 427.
    let init = json!({ "version": "3.0", "action": "INIT", "flow_token": "rf1.never-made" });
    let init = Phone::seals(&key, &init.to_string()).await;
    let (status, answer) = scene.asks("shop", "booking", &init.body, META).await;
    assert_eq!(status, 427);
    assert!(answer.contains("error_msg"), "{answer}");
    // A bot's own is the bot's to judge.
    let init = json!({ "version": "3.0", "action": "INIT", "flow_token": "mine" });
    let init = Phone::seals(&key, &init.to_string()).await;
    let (status, answer) = scene.asks("shop", "booking", &init.body, META).await;
    assert_eq!(status, 200, "{answer}");
    assert!(init.opens(&answer).await.starts_with(r#"{"screen":"DAY""#));

    // Who the bot says is over, whom it throws at, and who waits.
    let asks = async |who: &str| {
        let request = json!({ "version": "3.0", "action": "data_exchange", "screen": "DAY",
            "data": { "day": "mon", "who": who }, "flow_token": "mine" });
        let sealed = Phone::seals(&key, &request.to_string()).await;
        scene.asks("shop", "booking", &sealed.body, META).await
    };
    let (status, answer) = asks("Ana Over").await;
    assert_eq!(
        (status, answer.as_str()),
        (427, r#"{"error_msg":"Too late, Ana Over"}"#)
    );
    assert_eq!(asks("Ana Throwing").await.0, 502);
    assert_eq!(asks("Ana Waiting").await.0, 504);
    let shown = scene
        .operator
        .get("/v1/projects/shop/flows/booking")
        .await
        .ok();
    assert_eq!(shown["complaint"], "bot-too-slow");

    // The bot's route is the host's alone.
    for path in ["/p/shop/flows/booking", "/p/shop/Flows/./book%69ng/"] {
        let url = format!("http://{}{path}", scene.host.address());
        let posted = reqwest::Client::new()
            .post(url)
            .json(&json!({ "action": "INIT" }));
        let refused = posted
            .header("x-roost-flow", "booking")
            .send()
            .await
            .unwrap();
        assert_eq!(refused.status(), 403, "{path}");
        assert!(
            refused.text().await.unwrap().contains("flow-route"),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_key_ends_the_one_before_and_phones_fetch_it() {
    let scene = Scene::set().await;
    scene.pushes("shop").await;
    scene.publishes("shop").await;
    let before = scene.key_of("shop").await;
    let rotated = scene
        .operator
        .post("/v1/projects/shop/flow-key", &json!({}))
        .await
        .ok();
    let after = scene.key_of("shop").await;
    assert_ne!(before, after);
    assert_eq!(rotated["public_key"], after);
    assert_eq!(rotated["phone_number_id"], scene.shop.number_id);
    let ping = r#"{"version":"3.0","action":"ping"}"#;
    let old = Phone::seals(&before, ping).await;
    assert_eq!(scene.asks("shop", "booking", &old.body, META).await.0, 421);
    let new = Phone::seals(&after, ping).await;
    assert_eq!(scene.asks("shop", "booking", &new.body, META).await.0, 200);

    let mut ana = scene.shop.customer(ANA).await;
    ana.says("book").await;
    ana.gets().await;
    let opened = ana.phone().opens_flow(None).await.unwrap();
    assert_eq!(opened.screen.expect("a screen").id, "DAY");

    // The private key is nowhere in the open.
    let mut control = scene.host.control_database().await;
    let rows: Vec<String> = sqlx::query_scalar("select row_to_json(k)::text from flow_key k")
        .fetch_all(&mut control)
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert!(!rows[0].contains("PRIVATE"), "{}", rows[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_the_same_in_another_run_and_end_when_the_bot_says_so() {
    let scene = Scene::set().await;
    scene.pushes("shop").await;
    scene.publishes("shop").await;
    let mut ana = scene.shop.customer(ANA).await;
    ana.says("twice").await;
    let (first, second) = (ana.gets().await, ana.gets().await);
    assert_ne!(format!("{first:?}"), format!("{second:?}"));
    assert_eq!(ana.hears().await, "differ: true");
    scene.host.settles(&scene.shop).await;
    // The event ran until it was given up, and nothing went out again.
    let events = scene.host.events(&scene.shop).await;
    assert!(
        events.iter().any(|event| event.state == "dead"),
        "{events:?}"
    );
    assert!(ana.unheard().await.is_empty());

    let mut ben = scene.shop.customer(BEN).await;
    ben.says("withdraw").await;
    ben.gets().await;
    assert_eq!(ben.hears().await, "withdrawn: true false");
    let refused = ben.phone().opens_flow(None).await.unwrap();
    let told = refused.error.clone().unwrap_or_default();
    assert!(told.contains("no longer available"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_entered_in_a_flow_is_in_a_log() {
    let scene = Scene::set().await;
    scene.pushes("shop").await;
    scene.publishes("shop").await;
    let mut ana = scene.shop.customer(ANA).await;
    for who in ["Ana Throwing", "Ana Waiting", "Ana Over", "Ana Marmalade"] {
        ana.says("book").await;
        ana.gets().await;
        let opened = ana.phone().opens_flow(None).await.unwrap();
        assert_eq!(opened.screen.expect("a screen").id, "DAY");
        ana.phone()
            .submits(json!({ "day": "tue", "who": who }))
            .await
            .unwrap();
    }
    scene.host.settles(&scene.shop).await;
    // The bot logs each request, and one of its errors says who it was.
    let mut control = scene.host.control_database().await;
    let lines = eventually("the bot's lines are stored", async || {
        let lines: Vec<String> = sqlx::query_scalar("select message from bot_log order by log_id")
            .fetch_all(&mut control)
            .await
            .unwrap();
        (lines.iter().filter(|line| line.contains("asked")).count() >= 8).then_some(lines)
    })
    .await;
    let told = format!("{}\n{}", scene.host.log(), lines.join("\n"));
    assert!(
        told.contains("data of a Flow: data 200") && told.contains("[secret Flow]"),
        "{told}"
    );
    for word in ["Throwing", "Waiting", "Over", "Marmalade", "rf1."] {
        assert!(!told.contains(word), "`{word}` is in\n{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_does_all_of_it() {
    let scene = Scene::set().await;
    let folder = tempfile::tempdir().unwrap();
    let flows = folder.path().join("flows");
    std::fs::create_dir(&flows).unwrap();
    std::fs::copy(
        fixture("books_tables").join("package.json"),
        folder.path().join("package.json"),
    )
    .unwrap();
    std::fs::write(flows.join("booking.json"), BOOKING).unwrap();
    std::fs::write(
        flows.join("broken.json"),
        BOOKING.replacen("TextHeading", "Heading", 1),
    )
    .unwrap();
    let roost = async |words: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_roost"))
            .args(words)
            .current_dir(folder.path())
            .env_clear()
            .env("ROOST_URL", &scene.operator.base)
            .env("ROOST_TOKEN", &scene.operator.token)
            .env("ROOST_PROJECT", "shop")
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        (
            output.status.code().unwrap(),
            said,
            String::from_utf8(output.stderr).unwrap(),
        )
    };

    let (code, said, error) = roost(&["flows", "check"]).await;
    assert_eq!(code, 1);
    assert!(
        said.contains("booking.json: nothing is wrong (3 screens)"),
        "{said}"
    );
    assert!(
        said.contains(
            "broken.json:20:21 screens[0].layout.children[0].type: there is no component `Heading`"
        ),
        "{said}"
    );
    assert!(error.contains("Meta would refuse it"), "{error}");
    let (code, said, error) = roost(&["flows", "push", "broken"]).await;
    assert_eq!(code, 1, "{said}{error}");
    assert!(error.contains("so it was not sent"), "{error}");
    let (_, said, _) = roost(&["flows"]).await;
    assert!(said.contains("there are no Flows yet"), "{said}");

    let (code, said, error) = roost(&["flows", "push", "booking"]).await;
    assert_eq!(code, 0, "{error}");
    assert!(
        said.contains("made `booking`") && said.contains("`roost flows publish booking`"),
        "{said}"
    );
    let (_, said, _) = roost(&["flows", "show", "booking", "--fresh"]).await;
    assert!(
        said.contains("DRAFT") && said.contains("APPOINTMENT_BOOKING"),
        "{said}"
    );
    let (_, said, error) = roost(&["flows", "preview", "booking"]).await;
    assert!(said.starts_with("http"), "{said}{error}");
    let (_, said, error) = roost(&["flows", "publish", "booking"]).await;
    assert!(said.contains("`booking` is PUBLISHED"), "{said}{error}");
    let (_, said, _) = roost(&["flows", "key"]).await;
    assert!(said.contains("-----BEGIN PUBLIC KEY-----"), "{said}");
    let (code, _, error) = roost(&["flows", "metrics", "booking"]).await;
    assert!(code == 1 && error.contains("250 requests"), "{error}");
    let (code, _, error) = roost(&["flows", "delete", "booking"]).await;
    assert!(
        code == 1 && error.contains("`roost flows deprecate`"),
        "{error}"
    );

    // What the folder says is what Meta has; another text is not written over.
    let (code, _, error) = roost(&["flows", "pull", "booking"]).await;
    assert_eq!(code, 0, "{error}");
    std::fs::write(flows.join("booking.json"), "{}").unwrap();
    let (code, _, error) = roost(&["flows", "pull", "booking"]).await;
    assert!(code == 1 && error.contains("--force"), "{error}");
    roost(&["flows", "pull", "booking", "--force"]).await;
    assert_eq!(
        std::fs::read_to_string(flows.join("booking.json")).unwrap(),
        BOOKING
    );

    let (_, said, error) = roost(&["flows", "deprecate", "booking"]).await;
    assert!(said.contains("DEPRECATED"), "{said}{error}");
    let (_, said, _) = roost(&["flows", "sync"]).await;
    assert!(said.contains("1 are as the project knows them"), "{said}");
    let (code, said, error) = roost(&["flows", "show", "nothing"]).await;
    assert!(
        code == 1 && said.is_empty() && error.contains("no Flow `nothing`"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_said_before_meta_is_asked() {
    let scene = Scene::set().await;
    let path = "/v1/projects/shop/flows/booking";
    let broken = BOOKING.replacen("\"label\": \"Day\", ", "", 1);
    let refused = scene.operator.put(path, &json!({ "json": broken })).await;
    assert_eq!(refused.refusal(), (422, "flow-not-valid".to_owned()));
    assert!(
        refused
            .detail()
            .contains("21:11 screens[0].layout.children[1]: `label` is missing"),
        "{}",
        refused.text
    );
    let checked = scene
        .operator
        .post("/v1/projects/shop/flows/check", &json!({ "json": broken }))
        .await;
    let checked = checked.ok();
    assert_eq!(checked["is_good"], false);
    assert_eq!(checked["problems"][0]["line_start"], 21);
    for (body, code) in [
        (
            json!({ "json": BOOKING, "categories": ["nonsense"] }),
            "bad-flow",
        ),
        (json!({ "json": BOOKING, "route": "no path" }), "bad-flow"),
        (
            json!({ "json": BOOKING, "endpoint": "ftp://x" }),
            "bad-flow",
        ),
    ] {
        assert_eq!(
            scene.operator.put(path, &body).await.refusal(),
            (422, code.to_owned()),
            "{body}"
        );
    }
    let named = scene
        .operator
        .put("/v1/projects/shop/flows/a.b", &json!({ "json": BOOKING }))
        .await;
    assert_eq!(named.refusal(), (422, "bad-flow-name".to_owned()));
    let nothing = scene.operator.get("/v1/projects/shop/flow-key").await;
    assert_eq!(nothing.refusal(), (404, "no-flow-key".to_owned()));
    scene.host.bare_project("bare").await;
    let bare = scene
        .operator
        .put(
            "/v1/projects/bare/flows/booking",
            &json!({ "json": BOOKING }),
        )
        .await;
    assert_eq!(bare.refusal(), (409, "no-number".to_owned()));

    // Whoever has an endpoint of their own gets what Meta sends, as it is.
    let own = json!({ "json": BOOKING, "endpoint": "https://flows.example.com/x" });
    let pushed = scene.operator.put(path, &own).await.ok();
    assert_eq!(pushed["flow"]["endpoint"], "own");
    assert_eq!(
        pushed["flow"]["endpoint_uri"],
        "https://flows.example.com/x"
    );
    assert_eq!(
        scene
            .operator
            .get("/v1/projects/shop/flow-key")
            .await
            .status,
        404
    );
    let url = format!("http://{}/p/shop/flows/booking", scene.host.address());
    let posted = reqwest::Client::new()
        .request(Method::POST, url)
        .json(&json!({ "action": "INIT" }));
    assert_eq!(posted.send().await.unwrap().status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_meta_makes_of_a_flow_is_known_as_soon_as_it_tells() {
    let scene = Scene::set().await;
    scene.host.hears_of(&["messages", "flows"]).await;
    let pushed = scene.pushes("shop").await;
    scene.pushes("other").await;
    assert_eq!(scene.publishes("shop").await["status"], "PUBLISHED");
    let flow_id = pushed["flow"]["flow_id"].as_str().unwrap();
    for status in ["THROTTLED", "PUBLISHED", "BLOCKED"] {
        let control = scene.host.emulator();
        control.set_flow_status(flow_id, status).await.unwrap();
        eventually("the status is told", async || {
            let flow = scene.operator.get("/v1/projects/shop/flows/booking").await;
            (flow.ok()["status"] == status).then_some(())
        })
        .await;
    }
    let theirs = scene.operator.get("/v1/projects/other/flows/booking").await;
    assert_eq!(theirs.ok()["status"], "DRAFT");
}
