//! Flows by plain HTTP, of two projects whose numbers are in one account: the other's is as if it were not there.

use http::{HeaderValue, Method, StatusCode};
use roost::accounts::{Accounts, Kind};
use roost::projects::ProjectId;
use serde_json::{Value, json};

use super::bench::{ACCOUNT, NUMBER, project};
use super::door::{Door, json, request};
use crate::support::graph::Act;

/// The number of the project that shares the account.
const NEIGHBOUR: &str = "3065403";
/// The Flow of each.
const MINE: &str = "311";
const THEIRS: &str = "322";

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// A door to an account that another project has a number in, with a Flow of each.
async fn shared() -> Door {
    let door = Door::new(vec![]).await;
    let pool = &door.bench.pool;
    let neighbour = ProjectId(project(pool, "neighbour", NEIGHBOUR, ACCOUNT).await);
    let accounts = Accounts::new(pool.clone());
    for (name, id, owner) in [
        ("mine", MINE, door.bench.project()),
        ("theirs", THEIRS, neighbour),
    ] {
        sqlx::query(
            "insert into flow (project_id, name, waba_id, flow_id, meta_name, status, categories)
             values ($1, $2, $3, $4, $2, 'PUBLISHED', '{OTHER}')",
        )
        .bind(owner)
        .bind(name)
        .bind(ACCOUNT)
        .bind(id)
        .execute(pool)
        .await
        .unwrap();
        let ids = [id.to_owned()];
        accounts
            .claim(ACCOUNT, Kind::Flow, &ids, owner)
            .await
            .unwrap();
    }
    // As it was learned by lists that named everything of the account.
    let learned = [MINE, THEIRS].map(str::to_owned);
    let own = door.bench.project();
    door.gateway.remember(own.0, &learned).await.unwrap();
    door
}

/// A message that opens a Flow by these parameters.
fn message(parameters: &Value) -> String {
    json!({ "messaging_product": "whatsapp", "to": "16505550100", "type": "interactive", "interactive": {
        "type": "flow", "body": { "text": "Book?" }, "action": { "name": "flow", "parameters": parameters },
    }})
    .to_string()
}

/// Method, path with `N` for the number and `A` for the account, content type, body.
fn attempts() -> Vec<(Method, String, &'static str, String)> {
    let flow = |id: &Value| message(&json!({ "flow_cta": "x", "flow_id": id }));
    let text = |parameters: &str| {
        let action = json!({ "name": "flow", "parameters": parameters }).to_string();
        let interactive = json!({ "type": "flow", "body": { "text": "x" }, "action": action });
        json!({ "to": "1", "type": "interactive", "interactive": interactive.to_string() })
            .to_string()
    };
    let template = |button: &Value| {
        json!({ "name": "fresh", "language": "en_US", "category": "UTILITY",
            "components": [{ "type": "BUTTONS", "buttons": [button] }] })
        .to_string()
    };
    let post = |path: &str, body: String| (Method::POST, path.to_owned(), JSON, body);
    let form = |path: &str, body: &str| (Method::POST, path.to_owned(), FORM, body.to_owned());
    let get = |path: &str| (Method::GET, path.to_owned(), JSON, String::new());
    vec![
        // Sent by id and by name, in every form in which Meta reads it.
        post("N/messages", flow(&json!(THEIRS))),
        post("v20.0/N/messages", flow(&json!(322))),
        post("N/messages", flow(&json!("0322"))),
        post("N/messages", flow(&json!([THEIRS]))),
        post("N/messages", flow(&json!({ "id": THEIRS }))),
        post("N/messages", message(&json!({ "flow_name": "theirs" }))),
        post("N/messages", message(&json!({ "flow_name": ["theirs"] }))),
        post("N/messages", message(&json!({ "flow_name": "nobody's" }))),
        post(
            "N/messages",
            message(&json!({ "flow_id": MINE, "flow_name": "theirs" })),
        ),
        post(
            "N/messages",
            message(&json!({ "mode": "draft", "flow_id": THEIRS })),
        ),
        post("N/messages", text(&format!("{{\"flow_id\":\"{THEIRS}\"}}"))),
        post("N/messages", text("{\"flow\\u005fid\":\"322\"}")),
        post(
            "N/messages",
            flow(&json!(THEIRS)).replace("flow_id", "flow\\u005fid"),
        ),
        post("N/marketing_messages", flow(&json!(THEIRS))),
        form(
            "N/messages",
            "type=interactive&to=1&interactive[type]=flow&interactive[action][parameters][flow_id]=322",
        ),
        form(
            "N/messages",
            "type=interactive&to=1&interactive[action][parameters]=%7B%22flow_name%22%3A%22theirs%22%7D",
        ),
        post(
            "N/messages?interactive[action][parameters][flow_id]=322",
            json!({ "type": "interactive", "to": "1" }).to_string(),
        ),
        // In a template's button.
        post(
            "A/message_templates",
            template(&json!({ "type": "FLOW", "text": "x", "flow_id": THEIRS })),
        ),
        post(
            "A/message_templates",
            template(&json!({ "type": "FLOW", "text": "x", "flow_name": "theirs" })),
        ),
        form(
            "A/message_templates",
            "name=fresh&language=en_US&category=UTILITY&components[0][buttons][0][flow_id]=322",
        ),
        // By id.
        get("322"),
        get("v25.0/322?fields=name,preview.invalidate(true)"),
        get("322/assets"),
        get("?ids=322"),
        get("311?ids=322"),
        get("322?fields=metric.name(ENDPOINT_REQUEST_COUNT).granularity(DAY)"),
        post("322", json!({ "name": "mine now" }).to_string()),
        post(
            "322/assets",
            json!({ "asset_type": "FLOW_JSON" }).to_string(),
        ),
        post("322/publish", String::new()),
        post("322/deprecate", String::new()),
        (Method::DELETE, "322".to_owned(), JSON, String::new()),
        post(
            "A/flows",
            json!({ "name": "copy", "categories": ["OTHER"], "clone_flow_id": THEIRS }).to_string(),
        ),
        post(
            "A/migrate_flows",
            json!({ "source_flow_names": ["theirs"] }).to_string(),
        ),
        // As a field, and by another name.
        get("A?fields=flows"),
        get("A?fields=flows{id,name}"),
        get("A?fields=flows.limit(3)"),
        get("A/flows?fields=name.as(id)"),
        get("311?fields=whatsapp_business_account{flows}"),
        // The neighbour's key.
        get(&format!("{NEIGHBOUR}/whatsapp_business_encryption")),
        post(
            &format!("{NEIGHBOUR}/whatsapp_business_encryption"),
            json!({ "business_public_key": "x" }).to_string(),
        ),
    ]
}

#[tokio::test]
async fn flows_of_others_are_not_sent_read_listed_or_changed() {
    let door = shared().await;
    for (method, path, kind, body) in attempts() {
        let path = path.replace("N/", &format!("{NUMBER}/"));
        let path = match path.strip_prefix('A') {
            Some(rest) => format!("{ACCOUNT}{rest}"),
            None => path,
        };
        let mut asked = request(method.clone(), &path, &body);
        asked
            .headers_mut()
            .insert("content-type", HeaderValue::from_static(kind));
        let answer = door.forward(&door.bench.run(), asked).await;
        let said = format!("{method} {path} {body}");
        assert!(
            answer.status().is_client_error(),
            "{said}: {}",
            answer.status()
        );
        assert_eq!(json(&answer)["error"]["fbtrace_id"], "roost", "{said}");
    }
    assert_eq!(door.graph().count(), 0, "something left the host");

    // Of a list the project gets its own.
    let listed = json!({ "data": [{ "id": MINE, "name": "mine" }, { "id": THEIRS, "name": "theirs" }, { "id": "999" }] });
    door.graph().then(Act::Answer(200, "", listed.to_string()));
    let answer = json(&door.get(&format!("{ACCOUNT}/flows")).await);
    assert_eq!(answer["data"], json!([{ "id": MINE, "name": "mine" }]));
}

#[tokio::test]
async fn an_own_flow_goes_out_by_id_and_by_name_and_hands_over_what_it_likes() {
    let door = shared().await;
    for parameters in [
        json!({ "flow_id": MINE }),
        json!({ "flow_id": 311 }),
        json!({ "flow_name": "mine" }),
        json!({ "flow_id": MINE, "flow_action_payload": { "screen": "A", "data": { "flow_id": THEIRS } } }),
    ] {
        let path = format!("{NUMBER}/messages");
        let post = request(Method::POST, &path, &message(&parameters));
        let answer = door.forward(&door.bench.run(), post).await;
        assert_eq!(
            answer.status(),
            StatusCode::OK,
            "{parameters}: {:?}",
            answer.body()
        );
    }
    assert_eq!(door.graph().count(), 4);
}
