//! Bodies and parameters of the admin API.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::contacts::ConsentGiven;
use super::conversations::{ChangedConversation, NewNote, SnoozedUntil, WantedTakeover};
use super::dead_events::DeadEvents;
use super::extract::RowId;
use super::messages::ReplyWanted;
use super::number::NewNumber;
use super::page::Window;
use super::projects::{NewProject, ProjectChange};
use super::secrets::SecretValue;
use super::strict::Strict;
use super::time::time_given;
use super::tokens::TokenWanted;
use super::versions::Rollback;
use crate::projects::{SecretError, dotenv};

/// Reads a body as each kind that there is, and a text as each kind of parameter.
pub(crate) fn run(input: &[u8]) {
    if let Ok(value) = serde_json::from_slice::<Value>(input) {
        let readers: [fn(&Value) -> bool; 13] = [
            reads::<NewProject>,
            reads::<ProjectChange>,
            reads::<NewNumber>,
            reads::<DeadEvents>,
            reads::<TokenWanted>,
            reads::<SecretValue>,
            reads::<Rollback>,
            reads::<ConsentGiven>,
            reads::<ChangedConversation>,
            reads::<NewNote>,
            reads::<SnoozedUntil>,
            reads::<WantedTakeover>,
            reads::<ReplyWanted>,
        ];
        let taken = readers.iter().filter(|reads| reads(&value)).count();
        // All of them are objects.
        assert!(value.is_object() || taken == 0, "{value}");
    }
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Some(RowId(id)) = RowId::parse(text) {
        assert!(id >= 0);
    }
    if let Ok(window) = Window::<i64>::read("events", None, Some(text)) {
        assert_eq!(window.after.is_none(), text.is_empty());
    }
    // What is read of it is compared by tests of their own.
    let _ = time_given("since", Some(text));
    // A file that is refused as a whole says where.
    let (entries, invalid, refused) = match dotenv::parse(text) {
        Ok((entries, invalid)) => (entries, invalid, None),
        Err(SecretError::KeyNotQuoted { line }) => (Vec::new(), Vec::new(), Some(line)),
        Err(error) => panic!("that is not what a file is refused for: {error}"),
    };
    let lines = text.matches(['\n', '\r']).count() + 1;
    for line in entries
        .iter()
        .map(|entry| entry.line)
        .chain(invalid.iter().map(|line| line.line))
        .chain(refused)
    {
        assert!((1..=lines).contains(&line), "there is no line {line}");
    }
}

fn reads<T: DeserializeOwned>(value: &Value) -> bool {
    serde_path_to_error::deserialize::<_, T>(Strict(value.clone())).is_ok()
}
