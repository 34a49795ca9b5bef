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
