//! Each type of message that is declared: a bot sends it, Meta gets its JSON, the conversation has it. And what customers
//! send is typed.

use std::time::Duration;

use roost_emulator::control::wire::{Act, MediaAct, NewTemplate};
use serde_json::{Value, json};

use super::support::{Contact, TestHost, TestProject, fixture};
use crate::support::conversations::messages;
use crate::support::source::text;

const ANA: &str = "16505551234";

/// What the emulator does not take: it has no groups.
const OF_GROUPS: [&str; 3] = ["sendPin", "pin", "unpin"];

/// A Flow of one screen, which is given two values.
const FLOW: &str = r#"{"version":"7.1","screens":[{"id":"FIRST_SCREEN","title":"Book","terminal":true,
"data":{"product_name":{"type":"string","__example__":"name"},"product_price":{"type":"number","__example__":100}},
"layout":{"type":"SingleColumnLayout","children":[{"type":"TextBody","text":"Hello"},
{"type":"Footer","label":"Done","on-click-action":{"name":"complete","payload":{}}}]}}]}"#;

/// A helper of the npm package with the example that its documentation shows, and Meta's JSON of it.
struct Example {
    name: String,
    args: Value,
    json: Value,
}

fn examples() -> Vec<Example> {
    let declared: Value = serde_json::from_str(&text("wit/messages.json")).unwrap();
    let mut all = Vec::new();
    for message in declared["messages"].as_array().unwrap() {
        let npm = &message["npm"];
        let name = npm["name"].as_str().or(npm["via"].as_str()).unwrap();
        let presets = npm["presets"].as_array().into_iter().flatten();
        let presets = presets.map(|preset| (preset["name"].as_str().unwrap(), &preset["example"]));
        for (name, example) in [(name, &message["example"])].into_iter().chain(presets) {
            all.push(Example {
                name: name.to_owned(),
                args: linked(example["args"].clone()),
                json: linked(example["json"].clone()),
            });
        }
    }
    all
}

/// Media by links in place of ids: nothing was uploaded.
fn linked(value: Value) -> Value {
    const LINK: &str = "https://example.com/file";
    let is_id = |text: &str| text.len() >= 12 && text.bytes().all(|b| b.is_ascii_digit());
    match value {
        Value::Object(map) => {
            let members = map.into_iter().map(|(name, value)| match &value {
                Value::String(id) if name == "id" && is_id(id) => ("link".to_owned(), json!(LINK)),
                Value::String(_) => (name, value),
                _ => (name, linked(value)),
            });
            Value::Object(members.collect())
        }
        Value::Array(list) => list
            .into_iter()
            .map(|entry| match &entry {
                Value::String(id) if is_id(id) => json!(LINK),
                _ => linked(entry),
            })
            .collect(),
        other => other,
    }
}

/// Quoted messages and those that are reacted to are the one that was just written.
fn about(value: Value, message_id: &str) -> Value {
    match value {
        Value::String(text) if text.starts_with("wamid.") => json!(message_id),
        Value::Object(map) => {
            let members = map
                .into_iter()
                .map(|(name, value)| (name, about(value, message_id)));
            Value::Object(members.collect())
        }
        Value::Array(list) => list
            .into_iter()
            .map(|entry| about(entry, message_id))
            .collect(),
        other => other,
    }
}

/// The business account of a bot's number.
async fn account(host: &TestHost, bot: &TestProject) -> String {
    let numbers = host.emulator().numbers().await.unwrap();
    let mut numbers = numbers.into_iter();
    let number = numbers.find(|number| number.id == bot.number_id);
    number.unwrap().waba_id
}

/// Has the bot make a Flow and publish it; gives its id.
async fn make_flow(account: &str, ana: &mut Contact) -> String {
    let flow =
        json!({ "name": "booking", "categories": ["OTHER"], "flow_json": FLOW, "publish": true });
    let request = json!({ "name": "request", "args": ["POST", format!("{account}/flows"), flow] });
    ana.says(&request.to_string()).await;
    let answer = ana.hears().await;
    let made: Value = serde_json::from_str(&answer).unwrap();
    let id = made["id"].as_str();
    id.unwrap_or_else(|| panic!("{answer}")).to_owned()
}

async fn declare_templates(host: &TestHost, account: &str) {
    let card = |button: &[Value]| {
        json!({ "components": [
            { "type": "HEADER", "format": "IMAGE", "example": { "header_handle": ["4::a"] } },
            { "type": "BODY", "text": "A plant" },
            { "type": "BUTTONS", "buttons": button },
        ]})
    };
    let quick = [json!({ "type": "QUICK_REPLY", "text": "More" })];
    let templates = [
        (
            "order_confirmation",
            json!([
                { "type": "BODY", "text": "Thanks {{1}}, your order is {{2}}.", "example": { "body_text": [["Pablo", "1"]] } },
                { "type": "BUTTONS", "buttons": [{ "type": "URL", "text": "Track", "url": "https://example.com/{{1}}", "example": ["1"] }] },
            ]),
        ),
        (
            "carousel_template_media_cards_v1",
            json!([
                { "type": "BODY", "text": "Use {{1}} for {{2}} off.", "example": { "body_text": [["20OFF", "20%"]] } },
                { "type": "CAROUSEL", "cards": [card(&quick), card(&quick)] },
            ]),
        ),
    ];
    for (name, components) in templates {
        let template = NewTemplate {
            waba_id: account.to_owned(),
            name: name.to_owned(),
            language: "en_US".to_owned(),
            category: "MARKETING".to_owned(),
            status: None,
            parameter_format: None,
            components: components.as_array().unwrap().clone(),
        };
        host.emulator().declare_template(&template).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_type_reaches_meta_as_documented_and_is_in_the_conversation() {
    let mut host = TestHost::start().await;
    let bot = host.bot("types", &fixture("every_message")).await;
    let mut ana = bot.customer(ANA).await;
    let account = account(&host, &bot).await;
    declare_templates(&host, &account).await;
    let flow = make_flow(&account, &mut ana).await;
    let mut sent = Vec::new();

    for Example {
        name,
        mut args,
        mut json,
    } in examples()
    {
        if OF_GROUPS.contains(&name.as_str()) {
            continue;
        }
        if name == "sendFlow" {
            args[0]["flow"] = json!(flow);
            json["interactive"]["action"]["parameters"]["flow_id"] = json!(flow);
        }
        let asked = ana
            .says(&json!({ "name": name, "args": args }).to_string())
            .await;
        let message = ana.gets().await;
        let json = about(json, &asked);
        let kind = json["type"].as_str().unwrap();
        assert_eq!(message.message_type, kind, "{name}: {:?}", message.text());
        assert_eq!(message.body, json[kind], "{name}");
        let quoted = json.pointer("/context/message_id").and_then(Value::as_str);
        assert_eq!(message.reply_to.as_deref(), quoted, "{name}");
        sent.push((name, message.id.clone(), kind.to_owned()));
    }

    host.settles(&bot).await;
    let recorded = messages(&mut host.control_database().await, bot.id, ANA).await;
    for (name, id, kind) in sent {
        let found = recorded.iter().find(|message| message.wamid == id);
        let found = found.unwrap_or_else(|| panic!("{name} is not in the conversation"));
        assert_eq!(
            (found.direction.as_str(), found.message_type.as_str()),
            ("out", kind.as_str()),
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_meta_would_refuse_never_leaves_the_host() {
    let mut host = TestHost::start().await;
    let bot = host.bot("types", &fixture("every_message")).await;
    let mut ana = bot.customer(ANA).await;
    let refused = [
        (
            json!({ "name": "sendButtons", "args": [{ "body": "b", "buttons": ["a", "b", "c", "d"] }] }),
            "invalid: `buttons` has 4 entries, and Meta takes 1 to 3: leave some out",
        ),
        (
            json!({ "name": "sendCta", "args": [{ "body": "b", "displayText": "Open", "url": "/shop" }] }),
            "invalid: `url` is not an http(s) address: write all of it, like `https://example.com/page`",
        ),
        (
            json!({ "name": "sendLocation", "args": [{ "latitude": 91, "longitude": 0 }] }),
            "invalid: `latitude` is a number that Meta does not take: give one from -90 to 90",
        ),
    ];

    for (asked, answer) in refused {
        ana.says(&asked.to_string()).await;
        assert_eq!(ana.hears().await, answer);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_customers_send_is_typed() {
    let mut host = TestHost::start().await;
    let bot = host.bot("types", &fixture("every_message")).await;
    let mut ana = bot.customer(ANA).await;
    let customer = host.emulator().customer(&bot.number_id, ANA);

    let buttons = json!({ "name": "sendButtons", "args": [{ "body": "b", "buttons": [{ "id": "y", "title": "Yes" }] }] });
    ana.says(&buttons.to_string()).await;
    let question = ana.gets().await.id;
    ana.taps("Yes").await;
    assert_eq!(
        ana.hears().await,
        r#"button_reply y {"id":"y","title":"Yes"}"#
    );

    let list = json!({ "name": "sendList", "args": [{ "body": "b", "button": "o", "rows": [{ "id": "r", "title": "Row", "description": "more" }] }] });
    ana.says(&list.to_string()).await;
    ana.gets().await;
    ana.chooses("Row").await;
    assert_eq!(
        ana.hears().await,
        r#"list_reply r {"id":"r","title":"Row","description":"more"}"#
    );

    customer.sends_location(12.5, -3.25).await.unwrap();
    assert_eq!(
        ana.hears().await,
        r#"location - {"latitude":12.5,"longitude":-3.25}"#
    );

    customer.reacts(&question, "👍").await.unwrap();
    let reaction = ana.hears().await;
    assert!(
        reaction.starts_with("reaction - {\"messageId\":\"wamid."),
        "{reaction}"
    );
    assert!(reaction.contains("👍"), "{reaction}");

    let voice = MediaAct {
        mime_type: "audio/ogg; codecs=opus".to_owned(),
        data: "T2dnUw==".to_owned(),
        voice: true,
        ..MediaAct::default()
    };
    customer.does(Act::Audio(voice)).await.unwrap();
    let heard = ana.hears().await;
    assert!(heard.starts_with("audio - "), "{heard}");
    assert!(heard.contains(r#""voice":true"#), "{heard}");

    ana.shows("image/png", b"\x89PNG").await;
    let seen = ana.hears().await;
    assert!(seen.contains(r#""mimeType":"image/png""#), "{seen}");
    host.emulator().idle(Duration::from_secs(5)).await.unwrap();
}
