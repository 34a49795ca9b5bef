//! Messages in, Meta's JSON or the offending field out.

use serde_json::json;

use super::*;

const PHONE: &str = "16505550100";

fn text(to: &str, body: &str) -> TextMessage {
    TextMessage {
        to: to.into(),
        body: body.into(),
        preview_url: false,
        reply_to: None,
    }
}

fn buttons(titles: &[&str]) -> ButtonsMessage {
    let button = |title: &&str| Button {
        id: format!("id-{title}"),
        title: (*title).into(),
    };
    ButtonsMessage {
        to: PHONE.into(),
        header: None,
        body: "pick".into(),
        footer: None,
        buttons: titles.iter().map(button).collect(),
        reply_to: None,
    }
}

fn row(id: &str) -> ListRow {
    ListRow {
        id: id.into(),
        title: "row".into(),
        description: None,
    }
}

fn list(sections: Vec<ListSection>) -> ListMessage {
    ListMessage {
        to: PHONE.into(),
        header: Some("head".into()),
        body: "pick".into(),
        footer: Some("foot".into()),
        button: "open".into(),
        sections,
        reply_to: None,
    }
}

fn media(kind: MediaKind) -> MediaMessage {
    MediaMessage {
        to: PHONE.into(),
        kind,
        source: MediaSource::Id("123".into()),
        caption: None,
        filename: None,
        reply_to: None,
    }
}

#[track_caller]
fn refused(message: &dyn Message, field: &str) {
    let error = message.to_json().unwrap_err().to_string();
    assert!(error.starts_with(&format!("`{field}`")), "{error}");
}

#[test]
fn a_text_with_a_quote_and_a_preview() {
    let message = TextMessage {
        preview_url: true,
        reply_to: Some("wamid.Q".into()),
        ..text(PHONE, "see https://example.com")
    };
    let expected = json!({
        "messaging_product": "whatsapp", "recipient_type": "individual", "to": PHONE,
        "context": { "message_id": "wamid.Q" },
        "type": "text", "text": { "body": "see https://example.com", "preview_url": true },
    });
    assert_eq!(message.to_json().unwrap(), expected);
}

#[test]
fn recipients_go_into_the_field_that_is_theirs() {
    let cases = [
        ("+1 (650) 555-0100", Some("to")),
        ("34600000001", Some("to")),
        ("US.13491208655302741918", Some("recipient")),
        ("US.ENT.11815799212886844830", Some("recipient")),
        ("us.1349", None),
        ("USA.1349", None),
        ("US.", None),
        ("US.ENT.", None),
        ("US.13-49", None),
        ("hello", None),
        ("12", None),
        ("", None),
        ("16505550100;drop", None),
    ];
    for (to, field) in cases {
        let json = text(to, "hi").to_json();
        match field {
            Some(field) => {
                let json = json.unwrap();
                let other = if field == "to" { "recipient" } else { "to" };
                assert_eq!(json[field], to);
                assert!(json.get(other).is_none(), "{to}");
            }
            None => assert!(json.unwrap_err().to_string().starts_with("`to`"), "{to}"),
        }
    }
}

#[test]
fn limits_hold_at_their_edges_and_count_characters() {
    assert!(text(PHONE, &"é".repeat(4096)).to_json().is_ok());
    refused(&text(PHONE, &"é".repeat(4097)), "body");
    refused(&text(PHONE, ""), "body");
    assert!(buttons(&["a", "b", "c"]).to_json().is_ok());
    refused(&buttons(&[]), "buttons");
    refused(&buttons(&["a", "b", "c", "d"]), "buttons");
    refused(&buttons(&["a", &"b".repeat(21)]), "buttons[1].title");
    refused(&buttons(&["a", "a"]), "buttons[1].id");
    refused(
        &ButtonsMessage {
            body: "b".repeat(1025),
            ..buttons(&["a"])
        },
        "body",
    );
    refused(
        &ButtonsMessage {
            footer: Some("f".repeat(61)),
            ..buttons(&["a"])
        },
        "footer",
    );
    let header = Some(Header::Text("h".repeat(61)));
    refused(
        &ButtonsMessage {
            header,
            ..buttons(&["a"])
        },
        "header",
    );
}

#[test]
fn lists_take_ten_rows_in_all_and_titles_for_several_sections() {
    let section = |title: Option<&str>, ids: std::ops::Range<usize>| ListSection {
        title: title.map(str::to_owned),
        rows: ids.map(|id| row(&id.to_string())).collect(),
    };
    assert!(list(vec![section(None, 0..10)]).to_json().is_ok());
    refused(&list(vec![section(None, 0..11)]), "sections[].rows");
    refused(
        &list(vec![section(Some("a"), 0..6), section(Some("b"), 6..11)]),
        "sections[].rows",
    );
    refused(
        &list(vec![section(Some("a"), 0..1), section(None, 1..2)]),
        "sections[1].title",
    );
    refused(
        &list(vec![section(Some("a"), 0..1), section(Some("b"), 0..1)]),
        "sections[1].rows[0].id",
    );
    refused(&list(vec![]), "sections");
}

#[test]
fn a_list_whole() {
    let described = ListRow {
        description: Some("more".into()),
        ..row("r1")
    };
    let message = list(vec![ListSection {
        title: None,
        rows: vec![described],
    }]);
    let expected = json!({
        "type": "list",
        "header": { "type": "text", "text": "head" },
        "body": { "text": "pick" },
        "footer": { "text": "foot" },
        "action": { "button": "open", "sections": [
            { "rows": [{ "id": "r1", "title": "row", "description": "more" }] }
        ]},
    });
    assert_eq!(message.to_json().unwrap()["interactive"], expected);
}

#[test]
fn buttons_whole() {
    let source = MediaSource::Link("https://example.com/a.png".into());
    let message = ButtonsMessage {
        header: Some(Header::Image(source)),
        ..buttons(&["Yes"])
    };
    let expected = json!({
        "type": "button",
        "header": { "type": "image", "image": { "link": "https://example.com/a.png" } },
        "body": { "text": "pick" },
        "action": { "buttons": [{ "type": "reply", "reply": { "id": "id-Yes", "title": "Yes" } }] },
    });
    assert_eq!(message.to_json().unwrap()["interactive"], expected);
}

#[test]
fn media_takes_captions_and_names_only_where_meta_does() {
    let caption = Some("c".to_owned());
    let document = MediaMessage {
        caption: caption.clone(),
        filename: Some("a.pdf".into()),
        ..media(MediaKind::Document)
    };
    let expected = json!({ "id": "123", "caption": "c", "filename": "a.pdf" });
    assert_eq!(document.to_json().unwrap()["document"], expected);
    refused(
        &MediaMessage {
            caption: caption.clone(),
            ..media(MediaKind::Audio)
        },
        "caption",
    );
    refused(
        &MediaMessage {
            caption,
            ..media(MediaKind::Sticker)
        },
        "caption",
    );
    refused(
        &MediaMessage {
            filename: Some("a".into()),
            ..media(MediaKind::Image)
        },
        "filename",
    );
    let source = MediaSource::Link("file:///etc/passwd".into());
    refused(
        &MediaMessage {
            source,
            ..media(MediaKind::Image)
        },
        "source",
    );
}

#[test]
fn a_template_with_every_parameter() {
    let part = |kind: &str, parameters| TemplateComponent {
        kind: kind.into(),
        sub_type: None,
        index: None,
        parameters,
    };
    let named = TemplateParameter::NamedText("first_name".into(), "Ana".into());
    let json_parameter = TemplateParameter::Json(r#"{"type":"date_time"}"#.into());
    let image = TemplateParameter::Image(MediaSource::Id("9".into()));
    let button = TemplateComponent {
        sub_type: Some("quick_reply".into()),
        index: Some(0),
        ..part("button", vec![TemplateParameter::Payload("p".into())])
    };
    let message = TemplateMessage {
        to: PHONE.into(),
        name: "order".into(),
        language: "en_US".into(),
        components: vec![
            part("header", vec![image]),
            part("body", vec![named, json_parameter]),
            button,
        ],
    };
    let expected = json!({
        "name": "order", "language": { "code": "en_US" },
        "components": [
            { "type": "header", "parameters": [{ "type": "image", "image": { "id": "9" } }] },
            { "type": "body", "parameters": [
                { "type": "text", "parameter_name": "first_name", "text": "Ana" },
                { "type": "date_time" },
            ]},
            { "type": "button", "sub_type": "quick_reply", "index": "0",
              "parameters": [{ "type": "payload", "payload": "p" }] },
        ],
    });
    assert_eq!(message.to_json().unwrap()["template"], expected);
    let broken = part("body", vec![TemplateParameter::Json("[1]".into())]);
    refused(
        &TemplateMessage {
            components: vec![broken],
            ..message
        },
        "components[0].parameters[0]",
    );
}

#[test]
fn receipts() {
    let read = receipt("wamid.A", Receipt::Read).unwrap();
    assert!(read.get("typing_indicator").is_none());
    let typing = receipt("wamid.A", Receipt::Typing).unwrap();
    assert_eq!(typing["typing_indicator"]["type"], "text");
    assert_eq!(typing["status"], "read");
    assert!(receipt("", Receipt::Read).is_err());
}
