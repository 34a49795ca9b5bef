//! What people say to marketing in WhatsApp itself: the field `user_preferences`.

use serde_json::Value;

use crate::conversations::{Consent, PersonIds, Preference};

/// The field of such a change.
pub(in crate::inbox) const FIELD: &str = "user_preferences";

/// What the payload of such a change says of messages of marketing. What cannot be read says nothing.
pub(in crate::inbox) fn preferences(payload: &str) -> Vec<Preference> {
    let Ok(envelope) = serde_json::from_str::<Value>(payload) else {
        return Vec::new();
    };
    let said = envelope.pointer("/entry/0/changes/0/value/user_preferences");
    let said = said.and_then(Value::as_array);
    said.into_iter().flatten().filter_map(preference).collect()
}

fn preference(said: &Value) -> Option<Preference> {
    let text = |name: &str| said.get(name).and_then(Value::as_str).map(str::to_owned);
    let ids = PersonIds {
        wa_id: text("wa_id"),
        user_id: text("user_id"),
    };
    let is_marketing = text("category").as_deref() == Some("marketing_messages");
    let consent = match said.get("value").and_then(Value::as_str)? {
        "stop" => Consent::OptedOut,
        "resume" | "signup" => Consent::OptedIn,
        _ => return None,
    };
    (is_marketing && !ids.is_empty()).then_some(Preference { ids, consent })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_said_of_marketing_is_read_and_nothing_else() {
        let said = |value: &Value| {
            json!({ "entry": [{ "changes": [{ "field": FIELD, "value": value }] }] }).to_string()
        };
        let one = |category: &str, value: &str| json!({ "wa_id": "34600", "user_id": "ES.1", "category": category, "value": value });
        let all = json!({ "user_preferences": [
            one("marketing_messages", "stop"), one("marketing_messages", "resume"),
            one("marketing_messages", "later"), one("calls", "stop"),
            { "category": "marketing_messages", "value": "stop" }, 7,
        ] });
        let read = preferences(&said(&all));
        let consents: Vec<Consent> = read.iter().map(|one| one.consent).collect();
        assert_eq!(consents, [Consent::OptedOut, Consent::OptedIn]);
        assert_eq!(read[0].ids.wa_id.as_deref(), Some("34600"));
        for nothing in ["{", "{}", &said(&json!({ "user_preferences": {} }))] {
            assert_eq!(preferences(nothing), [], "{nothing}");
        }
    }
}
