//! Envelopes taken apart: payload files in, pieces out.

use serde_json::{Value, json};

use super::{Content, InboundMessage, NotSplit, Piece, split, with_callback_data};
use crate::conversations::{Party, Person, PersonIds, StatusUpdate};

const TEXT: &str = include_str!("../../../tests/it/payloads/text.json");
const BATCH: &str = include_str!("../../../tests/it/payloads/batch.json");
const STATUS: &str = include_str!("../../../tests/it/payloads/status.json");
const CHANGED_NUMBER: &str = include_str!("../../../tests/it/payloads/changed_number.json");
const GROUP_TEXT: &str = include_str!("../../../tests/it/payloads/group_text.json");
const HOSTILE_TEXT: &str = include_str!("../../../tests/it/payloads/hostile_text.json");

fn ids(wa_id: Option<&str>, user_id: Option<&str>) -> PersonIds {
    PersonIds {
        wa_id: wa_id.map(str::to_owned),
        user_id: user_id.map(str::to_owned),
    }
}

fn only(body: &str) -> Piece {
    let mut pieces = split(body).unwrap();
    assert_eq!(pieces.len(), 1);
    pieces.remove(0)
}

fn message(piece: &Piece) -> &InboundMessage {
    match &piece.content {
        Content::Message(message) => message,
        other => panic!("{other:?} is no message"),
    }
}

fn sender(piece: &Piece) -> &Person {
    match &message(piece).from {
        Party::Person(person) => person,
        other => panic!("{other:?} is no person"),
    }
}

#[test]
fn a_body_with_one_message_is_delivered_byte_for_byte() {
    let piece = only(TEXT);
    assert_eq!(piece.payload, TEXT);
    assert_eq!(
        piece.dedupe_key,
        "m:wamid.HBgLMTY1MDU1NTEyMzQVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA="
    );
    assert_eq!(
        piece.route.phone_number_id.as_deref(),
        Some("106540352242922")
    );
    let person = sender(&piece);
    assert_eq!(
        person.ids,
        ids(Some("16505551234"), Some("US.13491208655302741918"))
    );
    assert_eq!(person.name.as_deref(), Some("Sheena Nelson"));
    assert_eq!(message(&piece).message_type, "text");
    assert!(
        message(&piece).body.contains(r"caf\u00e9 \/ \ud83d\ude00"),
        "escapes are kept"
    );
}

#[test]
fn a_batch_becomes_one_piece_for_each_message_status_and_change() {
    let keys: Vec<String> = split(BATCH)
        .unwrap()
        .into_iter()
        .map(|p| p.dedupe_key)
        .collect();
    assert_eq!(
        keys[..5],
        [
            "m:wamid.a1",
            "m:wamid.b1",
            "m:wamid.a2",
            "s:wamid.out1:sent:",
            "s:wamid.out1:failed:"
        ]
    );
    assert!(
        keys[5].starts_with("o:102290129340398:1739321024:message_template_status_update:"),
        "{}",
        keys[5]
    );
    assert_eq!(keys.len(), 6);
}

#[test]
fn a_piece_of_a_batch_is_the_envelope_with_that_item_alone() {
    let pieces = split(BATCH).unwrap();
    let expected = concat!(
        r#"{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"#,
        r#""field":"messages","value":{"messaging_product":"whatsapp","metadata":"#,
        r#"{"display_phone_number": "15550783881", "phone_number_id": "106540352242922"},"#,
        r#""contacts":[{"profile": {"name": "Bo"}, "user_id": "SE.2"}],"messages":["#,
        r#"{"from_user_id": "SE.2", "id": "wamid.b1", "timestamp": "1749416384", "#,
        r#""type": "location", "location": {"latitude": 37.4833070, "longitude": -122.14}}],"#,
        r#""future_member":{"kept": true}}}]}]}"#,
    );
    assert_eq!(pieces[1].payload, expected);
    assert_eq!(sender(&pieces[1]).ids, ids(None, Some("SE.2")));

    let change: Value = serde_json::from_str(&pieces[5].payload).unwrap();
    assert_eq!(change["entry"][0]["time"], json!(1739321024));
    assert_eq!(
        change["entry"][0]["changes"][0]["value"]["reason"],
        Value::Null
    );
}

#[test]
fn a_failed_status_keeps_its_errors_and_needs_no_contact() {
    let pieces = split(BATCH).unwrap();
    let Content::Status(update) = &pieces[4].content else {
        panic!("no status")
    };
    let person = Person {
        ids: ids(Some("34600000001"), None),
        ..Person::default()
    };
    assert_eq!(
        *update,
        StatusUpdate {
            to: Party::Person(person),
            wamid: "wamid.out1".to_owned(),
            status: "failed".to_owned(),
            participant: String::new(),
            at: sqlx::types::chrono::DateTime::from_timestamp(1_750_030_074, 0),
            errors: Some(r#"[{"code": 131049, "title": "not delivered"}]"#.to_owned()),
            callback_data: None,
        }
    );
    assert!(!pieces[4].payload.contains("contacts"));
}

#[test]
fn a_changed_number_names_the_old_and_the_new_ids() {
    let piece = only(CHANGED_NUMBER);
    let person = sender(&piece);
    assert_eq!(
        person.ids,
        ids(Some("16505551234"), Some("US.13491208655302741918"))
    );
    assert_eq!(
        person.becomes,
        Some(ids(Some("12195555358"), Some("US.new")))
    );
}

#[test]
fn a_message_in_a_group_belongs_to_the_group() {
    let piece = only(GROUP_TEXT);
    let Party::Group { group_id, sender } = &message(&piece).from else {
        panic!("no group")
    };
    assert_eq!(group_id, "Y2FwaV9ncm91cDox");
    assert_eq!(
        sender.as_ref().unwrap().ids.wa_id.as_deref(),
        Some("16505551234")
    );
}

#[test]
fn text_that_the_database_cannot_hold_is_kept_in_the_payload_only() {
    let piece = only(HOSTILE_TEXT);
    assert_eq!(piece.payload, HOSTILE_TEXT);
    assert_eq!(sender(&piece).name.as_deref(), Some("a\u{fffd}b"));
}

#[test]
fn a_message_without_an_id_is_told_by_its_content() {
    let body = |text: &str| {
        json!({"entry": [{"changes": [{"field": "messages",
            "value": {"messages": [{"type": "text", "text": {"body": text}}]}}]}]})
        .to_string()
    };
    assert_eq!(only(&body("a")).dedupe_key, only(&body("a")).dedupe_key);
    assert_ne!(only(&body("a")).dedupe_key, only(&body("b")).dedupe_key);
}

#[test]
fn members_of_a_group_have_statuses_of_their_own() {
    let body = |member: &str| {
        json!({"entry": [{"changes": [{"field": "messages", "value": {"statuses": [{
            "id": "wamid.g", "status": "read", "recipient_type": "group", "recipient_id": "G",
            "recipient_participant_id": member}]}}]}]})
        .to_string()
    };
    assert_eq!(only(&body("1")).dedupe_key, "s:wamid.g:read:1");
    assert_eq!(only(&body("2")).dedupe_key, "s:wamid.g:read:2");
}

#[test]
fn what_is_not_understood_is_kept_whole() {
    for body in [
        "[]",
        "3",
        "{}",
        r#"{"entry":[]}"#,
        r#"{"entry":{}}"#,
        r#"{"entry":[7]}"#,
    ] {
        let piece = only(body);
        assert_eq!(piece.payload, body);
        assert!(matches!(piece.content, Content::Other { .. }), "`{body}`");
    }
    let odd = r#"{"entry":[{"id":"1","changes":[{"field":"messages","value":{"messages":"x"}}]}]}"#;
    assert!(matches!(&only(odd).content, Content::Other { field } if field == "messages"));
    let no_id = r#"{"entry":[{"changes":[{"field":"messages","value":{"statuses":[{}]}}]}]}"#;
    assert!(matches!(only(no_id).content, Content::Other { .. }));
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    let error = split("{\"entry\":\n oops}").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the body is not JSON: it fails at line 2, column 2"
    );
}

#[test]
fn a_long_key_is_shortened_and_still_its_own() {
    let body = |ending: &str| {
        let word = "x".repeat(190);
        json!({"entry": [{"changes": [{"field": "messages", "value": {"statuses": [{
            "id": format!("{word}{ending}"), "status": word, "recipient_type": "group",
            "recipient_participant_id": word}]}}]}]})
        .to_string()
    };
    assert!(only(&body("a")).dedupe_key.len() < 100);
    assert_ne!(only(&body("a")).dedupe_key, only(&body("b")).dedupe_key);
}

#[test]
fn the_callback_data_of_a_status_can_be_replaced_and_removed() {
    let replaced = with_callback_data(STATUS, Some("the bot's"));
    assert_eq!(replaced, STATUS.trim_end().replace("r1.7.mac", "the bot's"));
    let removed = with_callback_data(STATUS, None);
    assert_eq!(
        removed,
        STATUS
            .trim_end()
            .replace(r#""biz_opaque_callback_data":"r1.7.mac","#, "")
    );
}

/// The most that Meta posts at once.
const METAS_MOST: usize = 3 * 1024 * 1024;

fn change(value: &str) -> String {
    let metadata = r#"{"display_phone_number":"15550783881","phone_number_id":"106540352242922"}"#;
    format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","time":1739321024,"changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","metadata":{metadata},{value}}}}}]}}]}}"#
    )
}

#[test]
fn a_thousand_updates_in_the_longest_body_are_taken_apart() {
    let list = |item: &dyn Fn(usize) -> String| (0..1000).map(item).collect::<Vec<_>>().join(",");
    let name = "n".repeat(100);
    let contacts = list(&|n| {
        format!(r#"{{"profile":{{"name":"{name}"}},"wa_id":"1650{n:07}","user_id":"US.{n}"}}"#)
    });
    let text = "x".repeat(2850);
    let messages = list(&|n| {
        format!(
            r#"{{"from":"1650{n:07}","id":"wamid.{n}","type":"text","text":{{"body":"{text}"}}}}"#
        )
    });
    let body = change(&format!(
        r#""contacts":[{contacts}],"messages":[{messages}]"#
    ));
    assert!(
        (METAS_MOST - 100_000..METAS_MOST).contains(&body.len()),
        "{}",
        body.len()
    );
    let pieces = split(&body).unwrap();
    assert_eq!(pieces.len(), 1000);
    assert_eq!(sender(&pieces[999]).name, Some(name));
    let weight: usize = pieces.iter().map(|piece| piece.payload.len()).sum();
    assert!(weight + (pieces.len() << 11) < super::MOST / 2, "{weight}");
}

#[test]
fn what_would_grow_to_its_square_is_refused() {
    let many = |item: &str, count: usize| vec![item; count].join(",");
    let (filler, empty) = ("x".repeat(1 << 20), many("{}", 100_000));
    let status = r#"{"id":"wamid.1","status":"sent","recipient_id":"1"}"#;
    let (statuses, contacts) = (many(status, 5_000), many(r#"{"wa_id":"2"}"#, 50_000));
    let repeated = many(r#""messages":0"#, 50_000);
    for value in [
        // Much around many.
        format!(r#""messages":[{empty}],"future_member":"{filler}""#),
        // Little around too many.
        format!(r#""messages":[{empty}]"#),
        // Nothing of it is around an item, but all is looked through for each.
        format!(r#""statuses":[{statuses}],"contacts":[{contacts}]"#),
        format!(r#""statuses":[{statuses}],{repeated}"#),
    ] {
        let body = change(&value);
        assert!(body.len() < METAS_MOST, "{}", body.len());
        let refused = split(&body).unwrap_err();
        assert!(matches!(refused, NotSplit::TooMuch), "{refused}");
    }
    let changes = many(r#"{"field":"other"}"#, 100_000);
    let refused = split(&format!(r#"{{"entry":[{{"changes":[{changes}]}}]}}"#)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the body's updates, each with what is around it, are more than 16 MiB"
    );
    // One thing, however long, is itself.
    let long = change(&format!(
        r#""messages":[{{"id":"wamid.1","x":"{filler}"}}]"#
    ));
    assert_eq!(only(&long).payload, long);
}
