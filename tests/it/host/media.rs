//! Media over a host, its database and an emulator of Meta: what customers send is kept, files are uploaded, and two
//! projects of one account reach nothing of each other's.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use roost::egress::{EgressArgs, EgressPolicy};
use roost_emulator::control::Fault;
use roost_emulator::control::wire::{Act, MediaAct};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::api::cli::{complains, prints};
use super::support::{
    Contact, Operator, Setup, TestHost, TestProject, answered, eventually, fixture,
};
use crate::postgres_support::Folder;

const ANA: &str = "16505551234";
const BEA: &str = "16505554321";

/// A JPEG of so many bytes, as far as its beginning goes.
fn picture(size: usize, of: u8) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xe0".to_vec();
    bytes.resize(size, of);
    bytes
}

/// As the bot says what it read.
fn told(bytes: &[u8]) -> String {
    format!("{} {}", bytes.len(), hex::encode(Sha256::digest(bytes)))
}

/// What a customer sent is here, or will not come.
async fn settled(operator: &Operator, project: &str, count: usize) -> Vec<Value> {
    let path = format!("/v1/projects/{project}/media");
    eventually("the media are settled", async || {
        let page = operator.get(&path).await.ok();
        let items = page["items"].as_array().unwrap().clone();
        let is_settled = |medium: &Value| medium["state"] != "fetching";
        (items.len() == count && items.iter().all(is_settled)).then_some(items)
    })
    .await
}

async fn content(operator: &Operator, project: &str, id: &str) -> Vec<u8> {
    let path = format!("/v1/projects/{project}/media/{id}/content");
    let answer = operator.request(Method::GET, &path).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    answer.bytes().await.unwrap().to_vec()
}

fn id_of(medium: &Value) -> String {
    medium["id"].as_str().unwrap().to_owned()
}

/// What the bot says to a call.
async fn says(customer: &mut Contact, call: &Value) -> String {
    customer.says(&call.to_string()).await;
    customer.hears().await
}

async fn set(operator: &Operator, project: &str, settings: Value) {
    let path = format!("/v1/projects/{project}");
    operator
        .patch(&path, &json!({ "settings": settings }))
        .await
        .ok();
}

async fn upload(
    operator: &Operator,
    project: &str,
    kind: &str,
    bytes: Vec<u8>,
) -> super::support::Answered {
    let path = format!("/v1/projects/{project}/media");
    let request = operator.request(Method::POST, &path);
    answered(request.header("content-type", kind).body(bytes)).await
}

async fn start() -> (TestHost, TestProject, Operator) {
    let mut host = TestHost::start().await;
    let bot = host.bot("pizza", &fixture("media")).await;
    let operator = host.operator();
    (host, bot, operator)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_customer_sends_is_kept_and_read_by_bot_api_and_command_line() {
    let (host, bot, operator) = start().await;
    let mut ana = bot.customer(ANA).await;
    // More than a piece.
    let bytes = picture(700_001, 7);
    ana.shows("image/jpeg", &bytes).await;
    assert_eq!(ana.hears().await, told(&bytes));
    let [medium] = settled(&operator, "pizza", 1).await.try_into().unwrap();
    let id = id_of(&medium);
    assert_eq!(medium["state"], "kept", "{medium}");
    assert_eq!(medium["size"], 700_001);
    assert_eq!(medium["mime_type"], "image/jpeg");
    assert_eq!(content(&operator, "pizza", &id).await, bytes);

    // Meta has it no longer.
    let week = Duration::from_secs(8 * 24 * 60 * 60);
    host.emulator().advance_clock(week).await.unwrap();
    assert_eq!(content(&operator, "pizza", &id).await, bytes);
    let mut bea = bot.customer(BEA).await;
    assert_eq!(
        says(&mut bea, &json!({ "make": "read", "id": id })).await,
        told(&bytes)
    );
    let shown = says(&mut bea, &json!({ "make": "get", "id": id })).await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(
        (&shown["isHere"], &shown["kind"]),
        (&json!(true), &json!("image"))
    );

    let history = format!("/v1/projects/pizza/conversations/{ANA}/messages");
    let history = operator.get(&history).await.ok();
    let with_media = history["items"].as_array().unwrap();
    let with_media = with_media
        .iter()
        .find(|message| message["media"].is_object());
    assert_eq!(with_media.unwrap()["media"]["state"], "kept", "{history}");

    let table = prints(&operator, &["media", "-p", "pizza"]).await;
    assert!(
        table.contains(&id) && table.contains("kept: 684 KB in 1 files, of 1024 MB"),
        "{table}"
    );
    let folder = Folder::new("media");
    std::fs::create_dir_all(&folder.0).unwrap();
    let file = folder.0.join("a.jpg");
    let words = [
        "media",
        "get",
        &id,
        "-p",
        "pizza",
        "-o",
        file.to_str().unwrap(),
    ];
    prints(&operator, &words).await;
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
    let metrics = operator.get("/metrics").await.text;
    assert!(
        metrics.contains("roost_media_total{what=\"kept\"} 1"),
        "{metrics}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_no_room_is_not_kept_and_says_so_until_there_is_room() {
    let (host, bot, operator) = start().await;
    set(&operator, "pizza", json!({ "media_quota": 1 })).await;
    let mut ana = bot.customer(ANA).await;
    let (first, second) = (picture(600_000, 1), picture(600_000, 2));
    for bytes in [&first, &second] {
        ana.shows("image/jpeg", bytes).await;
        // What is not kept the bot gets of Meta.
        assert_eq!(ana.hears().await, told(bytes));
    }
    let [new, old] = settled(&operator, "pizza", 2).await.try_into().unwrap();
    assert_eq!(old["state"], "kept");
    assert_eq!(new["state"], "not-kept");
    let why = new["told"].as_str().unwrap();
    assert!(
        why.contains("of 1 MB already") && why.contains("media_quota"),
        "{why}"
    );
    let id = id_of(&new);
    // As long as Meta has it, it can be read all the same.
    assert_eq!(content(&operator, "pizza", &id).await, second);
    let history = prints(&operator, &["conversations", "history", ANA, "-p", "pizza"]).await;
    assert!(
        history.contains(&format!("(image {id}, not kept)")),
        "{history}"
    );
    let again = complains(&operator, &["media", "fetch", &id, "-p", "pizza"]).await;
    assert!(again.1.contains("media_quota"), "{}", again.1);

    set(&operator, "pizza", json!({ "media_quota": 2 })).await;
    let fetched = prints(&operator, &["media", "fetch", &id, "-p", "pizza"]).await;
    assert!(fetched.contains("is here: 586 KB"), "{fetched}");
    let week = Duration::from_secs(8 * 24 * 60 * 60);
    host.emulator().advance_clock(week).await.unwrap();
    assert_eq!(content(&operator, "pizza", &id).await, second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_may_keep_nothing_and_what_is_kept_goes_by_age() {
    let (host, bot, operator) = start().await;
    let mut ana = bot.customer(ANA).await;
    ana.shows("image/jpeg", &picture(100, 1)).await;
    ana.hears().await;
    settled(&operator, "pizza", 1).await;
    set(&operator, "pizza", json!({ "media_retention_days": 0 })).await;
    ana.shows("image/jpeg", &picture(100, 2)).await;
    ana.hears().await;
    let [new, old] = settled(&operator, "pizza", 2).await.try_into().unwrap();
    assert_eq!(
        (&old["state"], &new["state"]),
        (&json!("kept"), &json!("not-kept"))
    );
    let settings = roost::media::MediaSettings::default();
    let gone = roost::media::forget_old(host.app().pool(), &settings)
        .await
        .unwrap();
    assert_eq!(gone, 1);
    let path = format!("/v1/projects/pizza/media/{}", id_of(&old));
    let old = operator.get(&path).await.ok();
    assert_eq!(old["state"], "not-kept");
    assert!(
        old["told"]
            .as_str()
            .unwrap()
            .contains("media_retention_days"),
        "{old}"
    );
    let mut database = host.control_database().await;
    let chunks: i64 = sqlx::query_scalar("select count(*) from media_chunk")
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!(chunks, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_medium_that_meta_does_not_give_out_now_is_fetched_later_and_says_why() {
    let (host, bot, operator) = start().await;
    let mut ana = bot.customer(ANA).await;
    let failing = Fault::GraphError {
        method: Some("GET".to_owned()),
        edge: None,
        code: 131_000,
        subcode: None,
    };
    host.emulator().fail_next(1, failing).await.unwrap();
    let bytes = picture(1000, 3);
    ana.shows("image/jpeg", &bytes).await;
    ana.hears().await;
    let [medium] = settled(&operator, "pizza", 1).await.try_into().unwrap();
    assert_eq!(medium["state"], "kept", "{medium}");
    assert_eq!(content(&operator, "pizza", &id_of(&medium)).await, bytes);
    let metrics = operator.get("/metrics").await.text;
    assert!(
        metrics.contains("roost_media_total{what=\"postponed\"} 1"),
        "{metrics}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_looked_at_uploaded_once_sent_and_deleted() {
    let (host, bot, operator) = start().await;
    let mut ana = bot.customer(ANA).await;
    let bytes = picture(2000, 4);
    let made = upload(
        &operator,
        "pizza",
        "application/octet-stream",
        bytes.clone(),
    )
    .await;
    let made = made.ok();
    assert_eq!(
        (&made["kind"], &made["mime_type"]),
        (&json!("image"), &json!("image/jpeg"))
    );
    assert_eq!(made["was_there"], false);
    let id = id_of(&made);
    let again = upload(&operator, "pizza", "image/jpg", bytes.clone())
        .await
        .ok();
    assert_eq!(
        (id_of(&again), &again["was_there"]),
        (id.clone(), &json!(true))
    );
    assert_eq!(content(&operator, "pizza", &id).await, bytes);

    // What Meta would refuse goes nowhere.
    for (kind, bytes, why) in [
        ("image/png", picture(10, 0), "the file is image/jpeg"),
        ("image/gif", b"GIF89a".to_vec(), "video/mp4"),
        ("image/jpeg", picture((5 << 20) + 1, 0), "may have 5 MB"),
        ("audio/ogg", b"OggS vorbis".to_vec(), "Opus only"),
    ] {
        let refused = upload(&operator, "pizza", kind, bytes).await;
        assert_eq!(refused.refusal(), (422, "media-unfit".to_owned()));
        assert!(refused.detail().contains(why), "{}", refused.detail());
    }

    // The bot: from memory, from a stream, from a file that it was deployed with.
    let png = says(
        &mut ana,
        &json!({ "make": "upload", "of": "png", "size": 1000 }),
    )
    .await;
    assert!(png.ends_with("image image/png false"), "{png}");
    let same = says(
        &mut ana,
        &json!({ "make": "stream", "of": "png", "size": 1000, "filename": "x.png" }),
    )
    .await;
    assert_eq!(same, png.replace("false", "true"));
    let unfit = says(
        &mut ana,
        &json!({ "make": "upload", "of": "png", "kind": "sticker" }),
    )
    .await;
    assert!(
        unfit.starts_with("unfit: image/png cannot be sent as sticker"),
        "{unfit}"
    );
    let large = says(
        &mut ana,
        &json!({ "make": "stream", "of": "png", "size": 6_000_000 }),
    )
    .await;
    assert!(large.starts_with("unfit: the file has 5.7 MB"), "{large}");
    let own = json!({ "make": "from", "path": "./menu.txt" });
    let own = says(&mut ana, &own).await;
    assert!(own.ends_with("document text/plain false"), "{own}");
    let png_id = png.split(' ').next().unwrap().to_owned();
    ana.says(&json!({ "make": "send", "id": png_id }).to_string())
        .await;
    assert_eq!(ana.gets().await.body["image"]["id"], png_id);
    assert!(ana.hears().await.starts_with("wamid."));

    // A person sends it by hand.
    let path = format!("/v1/projects/pizza/conversations/{ANA}/messages");
    let by_hand = json!({ "media": { "kind": "image", "id": id } });
    operator.post(&path, &by_hand).await.ok();
    assert_eq!(ana.gets().await.body["image"]["id"], id);

    let gone = prints(&operator, &["media", "delete", &id, "-p", "pizza"]).await;
    assert!(gone.contains("is deleted"), "{gone}");
    let path = format!("/v1/projects/pizza/media/{id}/content");
    assert_eq!(
        operator.get(&path).await.refusal(),
        (404, "media-not-found".to_owned())
    );
    // It is uploaded anew.
    let anew = upload(&operator, "pizza", "image/jpeg", bytes).await.ok();
    assert_eq!(anew["was_there"], false);
    host.settles(&bot).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_is_made_anew_when_meta_has_it_no_longer() {
    let (host, _bot, operator) = start().await;
    let bytes = picture(300, 9);
    let first = upload(&operator, "pizza", "image/jpeg", bytes.clone())
        .await
        .ok();
    let month = Duration::from_secs(31 * 24 * 60 * 60);
    host.emulator().advance_clock(month).await.unwrap();
    // An hour later the host asks whether Meta has it.
    let mut database = host.control_database().await;
    sqlx::query("update media_upload set seen_at = seen_at - interval '2 hours'")
        .execute(&mut database)
        .await
        .unwrap();
    let second = upload(&operator, "pizza", "image/jpeg", bytes).await.ok();
    assert_eq!(second["was_there"], false);
    assert_ne!(first["id"], second["id"]);
}

/// Serves a picture, and leads to it.
async fn pictures(bytes: Vec<u8>) -> SocketAddr {
    let kind = [(header::CONTENT_TYPE, "image/jpeg")];
    let picture = get(move || async move { (kind, bytes) });
    let elsewhere = get(async || axum::response::Redirect::temporary("/us.jpg"));
    let routes = Router::new()
        .route("/us.jpg", picture)
        .route("/old", elsewhere);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_at_an_address_passes_the_egress_policy_and_the_projects_lists() {
    let bytes = picture(5000, 5);
    let address = pictures(bytes.clone()).await;
    let setup = Setup {
        egress: EgressPolicy::from(EgressArgs {
            egress_allow: vec![address.into()],
            ..EgressArgs::default()
        }),
        ..Setup::default()
    };
    let mut host = TestHost::start_with(setup).await;
    let bot = host.bot("pizza", &fixture("media")).await;
    let operator = host.operator();
    let from = |path: &str| json!({ "url": format!("http://{address}/{path}") });
    let url = "/v1/projects/pizza/media-from-url";
    let made = operator.post(url, &from("old")).await.ok();
    assert_eq!(content(&operator, "pizza", &id_of(&made)).await, bytes);
    let mut ana = bot.customer(ANA).await;
    let call = json!({ "make": "from", "path": format!("http://{address}/us.jpg") });
    assert_eq!(
        says(&mut ana, &call).await,
        format!("{} image image/jpeg true", id_of(&made))
    );
    let missing = operator.post(url, &from("none")).await;
    assert_eq!(missing.refusal(), (422, "bad-address".to_owned()));
    assert!(
        missing.detail().contains("status 404"),
        "{}",
        missing.detail()
    );

    // The emulator is on this machine, too, and nobody made an exception for it.
    let (control, _) = host.control_address();
    let private = operator
        .post(url, &json!({ "url": format!("{control}/clock") }))
        .await;
    assert_eq!(private.refusal(), (422, "bad-address".to_owned()));
    let why = private.detail();
    assert!(why.contains("not on the public Internet"), "{why}");

    let deny = json!({ "egress_deny": [address.to_string()] });
    set(&operator, "pizza", deny).await;
    let denied = operator.post(url, &from("us.jpg")).await;
    assert_eq!(denied.refusal(), (422, "bad-address".to_owned()));
    let reply = says(&mut ana, &call).await;
    assert!(reply.starts_with("denied: "), "{reply}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sample_of_a_templates_header_is_uploaded_in_pieces() {
    let (_host, bot, operator) = start().await;
    let bytes = picture(3000, 6);
    let request = operator.request(
        Method::POST,
        "/v1/projects/pizza/media-samples?filename=us.jpg",
    );
    let made = answered(request.body(bytes.clone())).await.ok();
    let handle = made["handle"].as_str().unwrap();
    assert!(handle.starts_with("4::"), "{handle}");
    let template = json!({
        "name": "summer", "language": "en_US", "category": "MARKETING",
        "components": [
            { "type": "HEADER", "format": "IMAGE", "example": { "header_handle": [handle] } },
            { "type": "BODY", "text": "It is summer." },
        ],
    });
    operator
        .post("/v1/projects/pizza/templates", &template)
        .await
        .ok();
    let mut ana = bot.customer(ANA).await;
    let handle = says(&mut ana, &json!({ "make": "sample", "of": "png" })).await;
    assert!(handle.starts_with("4::"), "{handle}");
    let unfit = answered(
        operator
            .request(
                Method::POST,
                "/v1/projects/pizza/media-samples?filename=a.txt",
            )
            .body("hello"),
    )
    .await;
    assert_eq!(unfit.refusal(), (422, "media-unfit".to_owned()));

    // A template in a folder names its sample as a file.
    let folder = Folder::new("samples");
    let templates = folder.0.join("templates");
    std::fs::create_dir_all(&templates).unwrap();
    std::fs::write(templates.join("winter.jpg"), &bytes).unwrap();
    let mut winter = template;
    winter["name"] = "winter".into();
    winter["components"][0]["example"]["header_handle"] = json!(["./winter.jpg"]);
    std::fs::write(templates.join("winter.json"), winter.to_string()).unwrap();
    let pushed = prints(
        &operator,
        &[
            "templates",
            "push",
            folder.0.to_str().unwrap(),
            "-p",
            "pizza",
        ],
    )
    .await;
    assert!(
        pushed.contains("winter.json (en_US): submitted"),
        "{pushed}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_projects_of_one_account_reach_nothing_of_each_others_media() {
    let mut host = TestHost::start().await;
    let pizza = host.bot("pizza", &fixture("media")).await;
    let pasta = host.shares("pasta", &pizza).await;
    host.deploys(&pasta, &fixture("media")).await.unwrap();
    let operator = host.operator();
    let mut ana = pizza.customer(ANA).await;
    let mut bea = pasta.customer(BEA).await;
    let bytes = picture(4000, 8);
    ana.shows("image/jpeg", &bytes).await;
    ana.hears().await;
    let [came] = settled(&operator, "pizza", 1).await.try_into().unwrap();
    let went = upload(&operator, "pizza", "image/jpeg", bytes.clone())
        .await
        .ok();
    let by_bot = says(&mut ana, &json!({ "make": "upload", "of": "png" })).await;
    let by_bot = by_bot.split(' ').next().unwrap().to_owned();

    for id in [id_of(&came), id_of(&went), by_bot] {
        for (method, path) in [
            (Method::GET, format!("media/{id}")),
            (Method::GET, format!("media/{id}/content")),
            (Method::POST, format!("media/{id}/fetch")),
            (Method::DELETE, format!("media/{id}")),
        ] {
            let path = format!("/v1/projects/pasta/{path}");
            let asked = answered(operator.request(method, &path)).await;
            assert_eq!(
                asked.refusal(),
                (404, "media-not-found".to_owned()),
                "{path}"
            );
        }
        let path = format!("/v1/projects/pasta/conversations/{BEA}/messages");
        for call in [
            json!({ "make": "read", "id": id }),
            json!({ "make": "get", "id": id }),
            json!({ "make": "delete", "id": id }),
        ] {
            let reply = says(&mut bea, &call).await;
            assert!(reply.starts_with("not-found: "), "{call}: {reply}");
        }
        for call in [
            json!({ "make": "send", "id": id }),
            json!({ "make": "header", "id": id }),
        ] {
            let reply = says(&mut bea, &call).await;
            assert!(reply.starts_with("denied: "), "{call}: {reply}");
        }
        for method in ["GET", "DELETE", "POST"] {
            let call = json!({ "make": "plain", "plain": method, "id": id });
            assert_eq!(says(&mut bea, &call).await, "403", "{method}");
        }
        let by_hand = json!({ "media": { "kind": "image", "id": id } });
        let by_hand = operator.post(&path, &by_hand).await;
        assert_eq!(by_hand.refusal(), (404, "media-not-found".to_owned()));
        // It is there all the same.
        content(&operator, "pizza", &id).await;
    }
    let list = operator.get("/v1/projects/pasta/media").await.ok();
    assert_eq!(list["items"], json!([]));
    assert_eq!(list["usage"]["files"], 0);
    // The same file of another number is another upload.
    let own = upload(&operator, "pasta", "image/jpeg", bytes).await.ok();
    assert_eq!(own["was_there"], false);
    assert_ne!(own["id"], went["id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_contact_has_left_no_media_and_an_export_has_it() {
    let (host, bot, operator) = start().await;
    let mut ana = bot.customer(ANA).await;
    let mut bea = bot.customer(BEA).await;
    let (anas, beas) = (picture(300_000, 1), picture(1000, 2));
    let document = MediaAct {
        mime_type: "application/pdf".to_owned(),
        data: STANDARD.encode(&anas),
        filename: Some("my letter.pdf".to_owned()),
        ..MediaAct::default()
    };
    ana.phone().does(Act::Document(document)).await.unwrap();
    ana.hears().await;
    bea.shows("image/jpeg", &beas).await;
    bea.hears().await;
    let media = settled(&operator, "pizza", 2).await;
    let letter = media
        .iter()
        .find(|medium| medium["kind"] == "document")
        .unwrap();
    assert_eq!(letter["filename"], "my letter.pdf");

    let path = format!("/v1/projects/pizza/contacts/{ANA}/export");
    let export = answered(operator.request(Method::POST, &path)).await.text;
    let rows: Vec<Value> = export
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let chunks = rows.iter().filter(|row| row["table"] == "media_chunk");
    let bytes: Vec<u8> = chunks
        .flat_map(|row| {
            STANDARD
                .decode(row["row"]["bytes"].as_str().unwrap())
                .unwrap()
        })
        .collect();
    assert_eq!(bytes, anas);

    let contact = format!("/v1/projects/pizza/contacts/{ANA}");
    operator.delete(&contact).await.ok();
    let left = settled(&operator, "pizza", 1).await;
    assert_eq!(left[0]["kind"], "image");
    let path = format!("/v1/projects/pizza/media/{}", id_of(letter));
    assert_eq!(operator.get(&path).await.status, 404);
    let mut database = host.control_database().await;
    let bytes: i64 = sqlx::query_scalar("select sum(length(bytes))::bigint from media_chunk")
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!(usize::try_from(bytes).unwrap(), beas.len());
    host.settles(&bot).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_without_people_sees_no_media_and_may_upload() {
    let (_host, bot, operator) = start().await;
    let mut ana = bot.customer(ANA).await;
    ana.shows("image/jpeg", &picture(100, 1)).await;
    ana.hears().await;
    let id = id_of(&settled(&operator, "pizza", 1).await[0]);
    let words = ["tokens", "create", "ci", "--scope", "write", "-p", "pizza"];
    let token = prints(&operator, &words).await;
    let ci = operator.with_token(token.trim_end());
    for path in [
        "media".to_owned(),
        format!("media/{id}"),
        format!("media/{id}/content"),
    ] {
        let refused = ci.get(&format!("/v1/projects/pizza/{path}")).await;
        assert_eq!(
            refused.refusal(),
            (403, "people-not-shown".to_owned()),
            "{path}"
        );
    }
    upload(&ci, "pizza", "image/jpeg", picture(100, 2))
        .await
        .ok();
}
