//! Two projects whose numbers are in one account, over real gateways: what of the account is the other's is as if it
//! were not there.

use http::{HeaderValue, Method, StatusCode};
use roost::accounts::{Accounts, Kind};
use roost::projects::ProjectId;
use serde_json::{Value, json};

use super::bench::{ACCOUNT, NUMBER, project};
use super::door::{Door, json, request};
use crate::support::graph::{Act, Graph};

/// The number of the project that shares the account.
const NEIGHBOUR: &str = "3065403";
/// Ids of the templates `mine` and `theirs`, and of the other's Flow.
const MINE: &str = "101";
const THEIRS: &str = "202";
const FLOW: &str = "303";

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const PARTS: &str = "multipart/form-data; boundary=b";

/// A door to an account that another project has a number in, with a template of each.
async fn shared() -> (Door, ProjectId) {
    let door = Door::new(vec![]).await;
    let pool = &door.bench.pool;
    let neighbour = ProjectId(project(pool, "neighbour", NEIGHBOUR, ACCOUNT).await);
    let accounts = Accounts::new(pool.clone());
    let own = door.bench.project();
    for (name, id, owner) in [("mine", MINE, own), ("theirs", THEIRS, neighbour)] {
        sqlx::query(
            "insert into template
               (waba_id, template_id, name, language, category, status, components)
             values ($1, $2, $3, 'en_US', 'UTILITY', 'APPROVED', '[]')",
        )
        .bind(ACCOUNT)
        .bind(id)
        .bind(name)
        .execute(pool)
        .await
        .unwrap();
        let names = [name.to_owned()];
        accounts
            .claim(ACCOUNT, Kind::Template, &names, owner)
            .await
            .unwrap();
    }
    let flows = [FLOW.to_owned()];
    accounts
        .claim(ACCOUNT, Kind::Flow, &flows, neighbour)
        .await
        .unwrap();
    // As it was learned by lists that named everything of the account.
    let learned = [MINE, THEIRS, FLOW].map(str::to_owned);
    door.gateway.remember(own.0, &learned).await.unwrap();
    (door, neighbour)
}

/// Method, path with `N` for the number and `A` for the account, content type, body.
const ATTEMPTS: &[(&str, &str, &str, &str)] = &[
    // Sent by name, in every form in which Meta reads it.
    (
        "POST",
        "N/messages",
        JSON,
        r#"{"type":"template","to":"1","template":{"name":"theirs","language":{"code":"en_US"}}}"#,
    ),
    (
        "POST",
        "v20.0/N/messages",
        JSON,
        r#"{"type":"template","to":"1","template":"{\"name\":\"theirs\"}"}"#,
    ),
    (
        "POST",
        "N/messages",
        JSON,
        r#"{"type":"template","to":"1","template":{"name":"mine","name":"theirs"}}"#,
    ),
    (
        "POST",
        "N/messages",
        JSON,
        r#"{"type":"template","to":"1","template":{"n\u0061me":"their\u0073"}}"#,
    ),
    (
        "POST",
        "N/messages",
        JSON,
        r#"{"type":"template","to":"1","template":{"name":"mine"},"template":{"name":"theirs"}}"#,
    ),
    (
        "POST",
        "N/messages",
        JSON,
        r#"{"type":"template","to":"1","template":[{"name":"theirs"}]}"#,
    ),
    (
        "POST",
        "N/messages",
        JSON,
        r#"{"type":"template","to":"1","template":{"name":["theirs"]}}"#,
    ),
    (
        "POST",
        "N/messages",
        JSON,
        r#"{"type":"template","to":"1","template":{"name":"THEIRS"}}"#,
    ),
    (
        "POST",
        "N/messages",
        JSON,
        r#"{"type":"template","to":"1","template":{"name":" theirs"}}"#,
    ),
    (
        "POST",
        "N/messages",
        JSON,
        r#"{"type":"template","to":"1","template":{"name":"theirs\u0000"}}"#,
    ),
    (
        "POST",
        "N/messages",
        JSON,
        r#"{"type":"template","to":"1","template":{"name":"ｔheirs"}}"#,
    ),
    (
        "POST",
        "N/messages",
        JSON,
        r#"{"type":"template","to":"1","template":{"id":"202"}}"#,
    ),
    (
        "POST",
        "N/marketing_messages",
        JSON,
        r#"{"type":"template","to":"1","template":{"name":"theirs"}}"#,
    ),
    (
        "POST",
        "N/messages",
        FORM,
        "type=template&to=1&template%5Bname%5D=theirs&template[language][code]=en_US",
    ),
    (
        "POST",
        "N/messages",
        FORM,
        "type=template&to=1&template=%7B%22name%22%3A%22theirs%22%7D",
    ),
    (
        "POST",
        "N/messages",
        FORM,
        "type=template&to=1&template[name]=mine&template[name]=theirs",
    ),
    (
        "POST",
        "N/messages",
        FORM,
        "type=template&to=1&template[name][]=theirs",
    ),
    (
        "POST",
        "N/messages",
        PARTS,
        "--b\r\nContent-Disposition: form-data; name=\"template\"\r\n\r\n{\"name\":\"theirs\"}\r\n--b--\r\n",
    ),
    (
        "POST",
        "N/messages?template=%7B%22name%22%3A%22theirs%22%7D",
        JSON,
        r#"{"type":"template","to":"1"}"#,
    ),
    (
        "POST",
        "N/messages?template[name]=theirs",
        JSON,
        r#"{"type":"template","to":"1"}"#,
    ),
    // By id.
    ("GET", "202", JSON, ""),
    ("GET", "v25.0/202?fields=name,components", JSON, ""),
    ("GET", "0202", JSON, ""),
    ("GET", "202/", JSON, ""),
    ("GET", "?ids=202", JSON, ""),
    ("GET", "?id=202", JSON, ""),
    ("GET", "A?ids=202", JSON, ""),
    ("GET", "101?ids=202", JSON, ""),
    ("GET", "101,202", JSON, ""),
    ("POST", "202", JSON, r#"{"components":[]}"#),
    ("POST", "101?id=202", JSON, r#"{"components":[]}"#),
    ("POST", "202/unpause", JSON, ""),
    ("DELETE", "202", JSON, ""),
    ("POST", "202?method=delete", JSON, ""),
    ("GET", "202/compare?template_ids=101", JSON, ""),
    ("GET", "101/compare?template_ids=202", JSON, ""),
    ("GET", "101/compare?template_ids=[101,\"202\"]", JSON, ""),
    (
        "DELETE",
        "A/message_templates?hsm_id=202&name=mine",
        JSON,
        "",
    ),
    (
        "DELETE",
        "A/message_templates?hsm_id=0202&name=mine",
        JSON,
        "",
    ),
    (
        "DELETE",
        "A/message_templates?hsm_ids=[\"101\",\"202\"]",
        JSON,
        "",
    ),
    ("DELETE", "A/message_templates?hsm_ids[]=202", JSON, ""),
    (
        "DELETE",
        "A/message_templates",
        JSON,
        r#"{"name":"mine","hsm_id":202}"#,
    ),
    ("GET", "A/template_analytics?template_ids=[202]", JSON, ""),
    (
        "GET",
        "A?fields=template_analytics.start(1).template_ids([101,202]).end(2)",
        JSON,
        "",
    ),
    // By name, in what is made, changed and deleted.
    ("DELETE", "A/message_templates?name=theirs", JSON, ""),
    (
        "DELETE",
        "A/message_templates?name=mine&name=theirs",
        JSON,
        "",
    ),
    (
        "DELETE",
        "A/message_templates?name=mine",
        JSON,
        r#"{"name":"theirs"}"#,
    ),
    ("DELETE", "A/message_templates?name[]=theirs", JSON, ""),
    ("DELETE", "A/message_templates", FORM, "name=theirs"),
    (
        "POST",
        "A/message_templates",
        JSON,
        r#"{"name":"theirs","language":"de","category":"UTILITY","components":[]}"#,
    ),
    (
        "POST",
        "A/message_templates?name=theirs",
        JSON,
        r#"{"language":"de"}"#,
    ),
    (
        "POST",
        "A/message_templates",
        FORM,
        "name=theirs&language=de",
    ),
    (
        "POST",
        "A/message_templates?method=delete&name=theirs",
        JSON,
        "",
    ),
    (
        "POST",
        "A/upsert_message_templates",
        JSON,
        r#"{"name":"theirs","languages":["en_US"],"category":"AUTHENTICATION"}"#,
    ),
    (
        "POST",
        "A/migrate_message_templates?source_waba_id=1",
        JSON,
        "",
    ),
    // As a field of the account, and by another name.
    ("GET", "A?fields=message_templates", JSON, ""),
    (
        "GET",
        "A?fields=id,message_templates{name,components}",
        JSON,
        "",
    ),
    ("GET", "A?fields=message_templates.limit(3)", JSON, ""),
    ("GET", "A?fields=flows", JSON, ""),
    (
        "GET",
        "A/message_templates?fields=language.as(name)",
        JSON,
        "",
    ),
    (
        "GET",
        "A/message_templates?fields=id.as(name),components",
        JSON,
        "",
    ),
    // Several in one.
    (
        "POST",
        "?batch=[{\"method\":\"GET\",\"relative_url\":\"202\"}]",
        JSON,
        "",
    ),
    ("POST", "A/message_templates?batch=[]", JSON, ""),
    // The other's Flow.
    ("GET", "303", JSON, ""),
    ("GET", "303/assets", JSON, ""),
    ("POST", "303/publish", JSON, ""),
    ("DELETE", "303", JSON, ""),
    (
        "POST",
        "A/flows",
        JSON,
        r#"{"name":"copy","clone_flow_id":"303"}"#,
    ),
];

#[tokio::test]
async fn no_attempt_at_anothers_template_leaves_the_host() {
    let (door, _) = shared().await;
    for (method, path, content_type, body) in ATTEMPTS {
        let path = path
            .replace("N/", &format!("{NUMBER}/"))
            .replace("A/", &format!("{ACCOUNT}/"))
            .replace("A?", &format!("{ACCOUNT}?"));
        // Braces and quotes as a client writes them into an address.
        let path = path
            .replace('{', "%7B")
            .replace('}', "%7D")
            .replace('"', "%22");
        let mut asked = request(method.parse().unwrap(), &path, body);
        let kind = HeaderValue::from_static(content_type);
        asked.headers_mut().insert("content-type", kind);
        let answer = door.forward(&door.bench.run(), asked).await;
        let what = format!("{method} {path} {body}");
        assert!(
            answer.status().is_client_error(),
            "{what}: {}",
            answer.status()
        );
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(!text.contains("neighbour"), "{what}: {text}");
        let seen = door.graph().seen();
        assert!(seen.is_empty(), "{what}: {seen:?}");
    }
}

#[tokio::test]
async fn a_list_has_the_projects_own_only() {
    let (door, _) = shared().await;
    let listed = json!({
        "data": [
            { "id": MINE, "name": "mine", "status": "APPROVED" },
            { "id": THEIRS, "name": "theirs", "status": "APPROVED" },
            { "id": "404", "name": "nobodys" },
            { "id": "405" },
        ],
        "paging": { "cursors": { "after": "x" } },
        "summary": { "total_count": 4 },
    });
    door.graph().then(Act::Answer(200, "", listed.to_string()));
    let path = format!("{ACCOUNT}/message_templates?fields=status");
    let answer = json(&door.get(&path).await);
    assert_eq!(
        answer,
        json!({
            "data": [{ "id": MINE, "name": "mine", "status": "APPROVED" }],
            "paging": { "cursors": { "after": "x" } },
        })
    );
    // Meta is asked what each is called, whatever the bot wants to know.
    let line = &door.graph().seen()[0].line;
    assert!(line.contains("fields=status%2Cid%2Cname"), "{line}");

    let flows = json!({ "data": [{ "id": FLOW, "name": "a" }, { "id": "304", "name": "b" }] });
    door.graph().then(Act::Answer(200, "", flows.to_string()));
    let answer = json(&door.get(&format!("{ACCOUNT}/flows")).await);
    assert_eq!(answer["data"], json!([]));
}

#[tokio::test]
async fn an_id_that_nobody_knows_is_the_projects_if_meta_calls_it_so() {
    let (door, _) = shared().await;
    let delete = async |id: &str| {
        let path = format!("{ACCOUNT}/message_templates?name=mine&hsm_id={id}");
        let asked = request(Method::DELETE, &path, "");
        door.forward(&door.bench.run(), asked).await.status()
    };
    let found = |name: &str| json!({ "id": "500", "name": name, "language": "de" }).to_string();
    door.graph().then(Act::Answer(200, "", found("theirs")));
    assert_eq!(delete("500").await, StatusCode::FORBIDDEN);
    assert_eq!(door.graph().count(), 1);

    door.graph().then(Act::Answer(200, "", found("mine")));
    door.graph()
        .then(Act::Answer(200, "", r#"{"success":true}"#.into()));
    assert_eq!(delete("500").await, StatusCode::OK);
    assert_eq!(door.graph().count(), 3);
}

/// Meta's list of what has this name.
fn of_name(graph: &Graph, found: &Value) {
    graph.then(Act::Answer(200, "", json!({ "data": found }).to_string()));
}

#[tokio::test]
async fn who_makes_a_template_owns_it_and_what_was_there_is_nobodys() {
    let (door, neighbour) = shared().await;
    let make = async |name: &str| {
        let body =
            json!({ "name": name, "language": "en_US", "category": "UTILITY", "components": [] });
        let asked = request(
            Method::POST,
            &format!("{ACCOUNT}/message_templates"),
            &body.to_string(),
        );
        door.forward(&door.bench.run(), asked).await.status()
    };
    let accounts = Accounts::new(door.bench.pool.clone());
    let owner = async |name: &str| {
        accounts
            .owner_of(ACCOUNT, Kind::Template, name)
            .await
            .unwrap()
    };

    of_name(
        door.graph(),
        &json!([{ "id": "1", "name": "fresh_and_more" }]),
    );
    door.graph().then(Act::Answer(
        200,
        "",
        r#"{"id":"600","status":"PENDING"}"#.into(),
    ));
    assert_eq!(make("fresh").await, StatusCode::OK);
    assert!(owner("fresh").await.is(door.bench.project()));

    // Meta has it, and nobody made it here.
    of_name(door.graph(), &json!([{ "id": "2", "name": "older" }]));
    assert_eq!(make("older").await, StatusCode::FORBIDDEN);
    assert!(!owner("older").await.is(door.bench.project()));

    // Meta refuses it: the name is free again.
    of_name(door.graph(), &json!([]));
    door.graph().then(Act::Answer(
        400,
        "",
        r#"{"error":{"code":100,"message":"no"}}"#.into(),
    ));
    assert_eq!(make("wrong").await, StatusCode::BAD_REQUEST);
    let names = ["wrong".to_owned()];
    let theirs = accounts
        .claim(ACCOUNT, Kind::Template, &names, neighbour)
        .await;
    assert_eq!(theirs.unwrap(), names);
    assert_eq!(door.graph().count(), 5);
}

#[tokio::test]
async fn an_own_template_goes_out_by_plain_http() {
    let (door, _) = shared().await;
    let body = json!({ "messaging_product": "whatsapp", "type": "template", "to": "16505550100",
        "template": { "name": "mine", "language": { "code": "en_US" } } });
    let post = request(
        Method::POST,
        &format!("{NUMBER}/messages"),
        &body.to_string(),
    );
    let answer = door.forward(&door.bench.run(), post).await;
    assert_eq!(json(&answer)["messages"][0]["id"], "wamid.1");
}
