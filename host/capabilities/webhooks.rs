//! `roost:bot/webhooks`: what Meta's webhooks say, typed. It keeps nothing and reaches nothing.

use super::bindings::roost::bot::webhooks::{self, Error, Message, Status};
use crate::sandbox::RunState;
use crate::whatsapp::messages::{Unreadable, read_messages, read_statuses};
use serde::de::DeserializeOwned;
use serde_json::Value;

impl webhooks::Host for RunState {
    fn read_messages(&mut self, body: String) -> Result<Vec<Message>, Error> {
        typed(read_messages(&body))
    }

    fn read_statuses(&mut self, body: String) -> Result<Vec<Status>, Error> {
        typed(read_statuses(&body))
    }
}

/// Plain values as records; both follow from one declaration.
fn typed<T: DeserializeOwned>(read: Result<Vec<Value>, Unreadable>) -> Result<Vec<T>, Error> {
    let values = read.map_err(|error| match error {
        Unreadable::Malformed { .. } => Error::Malformed(error.to_string()),
        Unreadable::TooLarge => Error::TooLarge(error.to_string()),
    })?;
    let items = values.into_iter().map(serde_json::from_value);
    items
        .collect::<Result<_, _>>()
        .map_err(|error| Error::Other(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capabilities::bindings::roost::bot::webhooks::Content;

    const CASES: &str = include_str!("../../sdk/test/messages/inbound.json");

    #[test]
    fn whatever_is_declared_of_what_comes_in_fits_the_records_of_the_wit() {
        let cases: Vec<Value> = serde_json::from_str(CASES).unwrap();
        let mut known = 0;
        for case in &cases {
            let body = case["body"].to_string();
            let messages: Vec<Message> = typed(read_messages(&body)).unwrap();
            let statuses: Vec<Status> = typed(read_statuses(&body)).unwrap();
            assert_eq!(messages.len(), case["messages"].as_array().unwrap().len());
            assert_eq!(statuses.len(), case["statuses"].as_array().unwrap().len());
            let is_known = |message: &&Message| !matches!(message.content, Content::Unknown(_));
            known += messages.iter().filter(is_known).count();
        }
        assert!(known > 35, "{known}");
    }

    #[test]
    fn a_body_that_is_no_json_says_where() {
        let error = typed::<Message>(read_messages("{\n}}")).unwrap_err();
        assert!(
            matches!(&error, Error::Malformed(text) if text.contains("line 2")),
            "{error:?}"
        );
    }
}
