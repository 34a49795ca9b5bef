//! An error or a warning of esbuild's.

use super::esbuild::Value;

/// One error or warning.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Message {
    pub(super) text: String,
    pub(super) place: Option<Location>,
    pub(super) notes: Vec<String>,
}

/// Where a message is about. The line counts from 1; the column is in bytes, from 0.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Location {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) column: usize,
    /// The length that is underlined; 1 where there is only a mark.
    pub(super) length: usize,
}

impl Message {
    /// Reads what esbuild sent.
    pub(super) fn read(value: &Value) -> Self {
        let text = |value: &Value| value.text("text").to_owned();
        let place = value.get("location").filter(|place| **place != Value::Null);
        Self {
            text: text(value),
            place: place.map(|place| Location {
                file: place.text("file").to_owned(),
                line: place.number("line") as usize,
                column: place.number("column") as usize,
                length: (place.number("length") as usize).max(1),
            }),
            notes: value.list("notes").iter().map(text).collect(),
        }
    }
}
