//! Every limit of a plain message at its edge, and the errors beyond it.

use serde_json::{Value, json};

use crate::support::{Scene, quick};

/// A text of so many characters, each of which is more than one byte.
pub(crate) fn long(length: usize) -> String {
    "ñ".repeat(length)
}

fn media(kind: &str, object: Value) -> Value {
    json!({"type": kind, kind: object})
}

/// Sends each message and compares the answer's code: 0 for accepted.
pub(crate) async fn check(table: Vec<(&str, Value, u64)>) {
    let mut config = quick();
    config.settings.closed_window = roost_emulator::control::ClosedWindow::Ignored;
    let scene = Scene::with(config).await;
    for (what, message, code) in table {
        let answer = scene.send(message).await;
        let status = if code == 0 { 200 } else { 400 };
        assert_eq!(answer.code(), (status, code), "{what}: {answer:?}");
    }
}

#[tokio::test]
async fn texts() {
    let text = |object: Value| json!({"type": "text", "text": object});
    check(vec![
        ("the longest body", text(json!({"body": long(4096)})), 0),
        ("a body too long", text(json!({"body": long(4097)})), 100),
        ("an empty body", text(json!({"body": ""})), 100),
        ("no body", text(json!({})), 131008),
        ("a body that is no text", text(json!({"body": 7})), 100),
        (
            "an unknown member",
            text(json!({"body": "hi", "x": 1})),
            100,
        ),
        ("no text object", json!({"type": "text"}), 100),
        ("no type", json!({"text": {"body": "hi"}}), 0),
        ("an unknown type", json!({"type": "hologram"}), 131051),
        (
            "the longest callback data",
            json!({"text": {"body": "hi"}, "biz_opaque_callback_data": long(512)}),
            0,
        ),
        (
            "callback data too long",
            json!({"text": {"body": "hi"}, "biz_opaque_callback_data": long(513)}),
            100,
        ),
        (
            "no phone",
            json!({"text": {"body": "hi"}, "to": "Sheena"}),
            131009,
        ),
        (
            "an absent phone",
            json!({"text": {"body": "hi"}, "to": null}),
            100,
        ),
        (
            "another product",
            json!({"text": {"body": "hi"}, "messaging_product": "sms"}),
            100,
        ),
    ])
    .await;
}

#[tokio::test]
async fn media_messages() {
    let link = "https://example.com/a.jpg";
    check(vec![
        (
            "an image",
            media("image", json!({"link": link, "caption": long(1024)})),
            0,
        ),
        (
            "a caption too long",
            media("image", json!({"link": link, "caption": long(1025)})),
            100,
        ),
        (
            "a video",
            media("video", json!({"link": link, "caption": "x"})),
            0,
        ),
        (
            "an audio",
            media("audio", json!({"link": link, "voice": true})),
            0,
        ),
        (
            "an audio with a caption",
            media("audio", json!({"link": link, "caption": "x"})),
            100,
        ),
        (
            "a document",
            media("document", json!({"link": link, "filename": "a.pdf"})),
            0,
        ),
        ("a sticker", media("sticker", json!({"link": link})), 0),
        ("neither id nor link", media("image", json!({})), 131008),
        (
            "both",
            media("image", json!({"link": link, "id": "1"})),
            100,
        ),
        (
            "a link that is none",
            media("image", json!({"link": "a.jpg"})),
            100,
        ),
        (
            "an id of nothing",
            media("image", json!({"id": "123"})),
            100,
        ),
    ])
    .await;
}

#[tokio::test]
async fn locations_contacts_and_reactions() {
    let location = |object: Value| json!({"type": "location", "location": object});
    let contacts = |list: Value| json!({"type": "contacts", "contacts": list});
    let named = json!({"name": {"formatted_name": "Ann Lee", "first_name": "Ann"}});
    let reaction = |object: Value| json!({"type": "reaction", "reaction": object});
    let target = "wamid.x";
    check(vec![
        (
            "a location",
            location(json!({"latitude": -90, "longitude": "180"})),
            0,
        ),
        (
            "beyond the pole",
            location(json!({"latitude": 90.1, "longitude": 0})),
            131009,
        ),
        ("no longitude", location(json!({"latitude": 1})), 131008),
        ("contacts", contacts(json!(vec![named.clone(); 257])), 0),
        (
            "too many contacts",
            contacts(json!(vec![named; 258])),
            131009,
        ),
        ("no contacts", contacts(json!([])), 131009),
        (
            "a contact without name",
            contacts(json!([{"phones": []}])),
            131008,
        ),
        (
            "half a name",
            contacts(json!([{"name": {"formatted_name": "A"}}])),
            131008,
        ),
        (
            "a reaction",
            reaction(json!({"message_id": target, "emoji": "👍🏽"})),
            0,
        ),
        (
            "no more reaction",
            reaction(json!({"message_id": target, "emoji": ""})),
            0,
        ),
        (
            "letters",
            reaction(json!({"message_id": target, "emoji": "ok"})),
            131009,
        ),
        (
            "a reaction to nothing",
            reaction(json!({"emoji": "👍"})),
            131008,
        ),
    ])
    .await;
}

#[tokio::test]
async fn errors_say_what_is_wrong_in_metas_words() {
    let scene = Scene::open().await;
    let table = [
        (
            json!({"type": "text", "text": {}}),
            "(#131008) Required parameter is missing",
            "The parameter text['body'] is required.",
        ),
        (
            json!({"type": "text", "text": {"body": long(4097)}}),
            "(#100) Param text['body'] must be at most 4096 characters long.",
            "",
        ),
    ];
    for (body, message, details) in table {
        let answer = scene.send(body).await;
        assert_eq!(answer.body["error"]["message"], message);
        assert_eq!(answer.details(), details);
    }
}
