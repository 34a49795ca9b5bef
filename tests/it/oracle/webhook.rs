//! Webhooks as Meta sends them: bytes and the signature over them.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// What the bots of these tests check signatures with.
pub(crate) const APP_SECRET: &str = "an-app-secret-for-tests";

/// The number that the bots of these tests answer from.
pub(crate) const PHONE_NUMBER_ID: &str = "106540352242922";

/// One POST of Meta's.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    pub(crate) body: Vec<u8>,
    pub(crate) signature: String,
}

impl Webhook {
    /// `id` is the message's; it must differ between messages.
    pub(crate) fn text(from: &str, id: &str, text: &str) -> Self {
        Self::message(
            from,
            id,
            json!({ "type": "text", "text": { "body": text } }),
        )
    }

    pub(crate) fn button(from: &str, id: &str, button: &str, title: &str) -> Self {
        let reply =
            json!({ "type": "button_reply", "button_reply": { "id": button, "title": title } });
        Self::message(
            from,
            id,
            json!({ "type": "interactive", "interactive": reply }),
        )
    }

    pub(crate) fn list(from: &str, id: &str, row: &str, title: &str) -> Self {
        let reply = json!({ "type": "list_reply", "list_reply": { "id": row, "title": title } });
        Self::message(
            from,
            id,
            json!({ "type": "interactive", "interactive": reply }),
        )
    }

    /// Any kind of message: `content` is its `type` and the object of that name.
    pub(crate) fn message(from: &str, id: &str, content: Value) -> Self {
        let mut message =
            json!({ "from": from, "id": format!("wamid.{id}"), "timestamp": "1749416383" });
        for (key, value) in content.as_object().into_iter().flatten() {
            message[key] = value.clone();
        }
        let value = json!({
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "15550783881", "phone_number_id": PHONE_NUMBER_ID },
            "contacts": [{ "profile": { "name": "Ana" }, "wa_id": from }],
            "messages": [message],
        });
        let changes = json!([{ "field": "messages", "value": value }]);
        let entry = json!([{ "id": "102290129340398", "changes": changes }]);
        Self::signed(&json!({ "object": "whatsapp_business_account", "entry": entry }))
    }

    /// Escapes as Meta does, so that who prints the body again gets other bytes than were signed.
    fn signed(body: &Value) -> Self {
        let mut text = String::new();
        for letter in body.to_string().chars() {
            match letter {
                '/' => text.push_str("\\/"),
                letter if letter.is_ascii() => text.push(letter),
                letter => {
                    let mut units = [0; 2];
                    for unit in letter.encode_utf16(&mut units) {
                        text.push_str(&format!("\\u{unit:04x}"));
                    }
                }
            }
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).unwrap();
        mac.update(text.as_bytes());
        let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        Self {
            body: text.into_bytes(),
            signature,
        }
    }
}
