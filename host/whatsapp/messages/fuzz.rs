//! Bodies of webhooks that a bot has typed, and messages that it sends.

use serde_json::Value;

use super::declared::DECLARED;
use super::{compose, read_messages, read_statuses};

/// Reads a body: nothing of it is lost. Makes Meta's JSON of a message of each type, or says what is wrong with it.
pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let (Ok(messages), Ok(statuses)) = (read_messages(text), read_statuses(text)) {
        let body: Value = serde_json::from_str(text).expect("it was read");
        for (name, read) in [("messages", messages), ("statuses", statuses)] {
            let all: Vec<_> = items(&body, name).collect();
            assert_eq!(read.len(), all.len(), "none is left out");
            for (read, item) in read.iter().zip(all) {
                let raw = read["raw"].as_str().expect("it is a text");
                assert_eq!(raw, item.to_string());
            }
        }
    }
    let Ok(message) = serde_json::from_str::<Value>(text) else {
        return;
    };
    for name in DECLARED.messages.keys() {
        let Ok(json) = compose(name, &message) else {
            continue;
        };
        let kind = json["type"].as_str().expect("it has a type");
        assert!(!json[kind].is_null(), "it has a content: {json}");
        let to = json["to"].as_str().or(json["recipient"].as_str());
        assert!(to.is_some_and(|to| !to.is_empty()), "it has a recipient");
        assert_eq!(compose(name, &message), Ok(json));
    }
}

fn items<'v>(body: &'v Value, name: &'v str) -> impl Iterator<Item = &'v Value> {
    let list = |value: &'v Value| value.as_array().into_iter().flatten();
    let changes = list(&body["entry"]).flat_map(move |entry| list(&entry["changes"]));
    let items = changes.flat_map(move |change| list(&change["value"][name]));
    items.filter(|item| item.is_object())
}
