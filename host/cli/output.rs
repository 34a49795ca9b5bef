//! What a word prints: JSON for programs, tables and sentences for people.

use std::io::Write as _;

use comfy_table::{Table, presets};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Answer, CliError};
use crate::views::{Page, Time};

/// How answers are shown.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
}

impl Output {
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether the reader is a program.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// One JSON document.
    pub fn json(&self, value: &Value) -> Result<(), CliError> {
        let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
        text.push('\n');
        write(text.as_bytes())
    }

    /// What the API answered for programs, or a sentence for people.
    pub fn answer<T: DeserializeOwned>(
        &self,
        answer: &Answer<T>,
        sentence: impl FnOnce(T) -> String,
    ) -> Result<(), CliError> {
        match self.json {
            true => self.json(answer.json()),
            false => self.say(&sentence(answer.read()?)),
        }
    }

    /// A line.
    pub fn say(&self, line: &str) -> Result<(), CliError> {
        write(format!("{line}\n").as_bytes())
    }

    /// A list for programs, or a table for people: a row for each item, `nothing` when there is
    /// none, and a line when there are more.
    pub fn list<T: DeserializeOwned>(
        &self,
        list: &Answer<Page<T>>,
        header: &[&str],
        row: impl Fn(&T) -> Vec<String>,
        nothing: &str,
    ) -> Result<(), CliError> {
        if self.json {
            return self.json(list.json());
        }
        let Page { items, next_cursor } = list.read()?;
        if items.is_empty() {
            return self.say(nothing);
        }
        self.table(header, items.iter().map(row))?;
        if next_cursor.is_some() {
            self.say("there are more: `--limit` shows more of them")?;
        }
        Ok(())
    }

    /// A table.
    pub fn table(
        &self,
        header: &[&str],
        rows: impl IntoIterator<Item = Vec<String>>,
    ) -> Result<(), CliError> {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        table.set_header(header.iter().map(|name| name.to_uppercase()));
        for row in rows {
            table.add_row(row.iter().map(|cell| clean(cell)));
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for line in table.lines() {
            self.say(line.trim_end())?;
        }
        Ok(())
    }

    /// Names and values below each other.
    pub fn fields(&self, fields: &[(&str, String)]) -> Result<(), CliError> {
        let width = fields.iter().map(|(name, _)| name.len()).max();
        for (name, value) in fields {
            let width = width.unwrap_or_default() + 2;
            self.say(&format!("{name:width$}{}", clean(value)))?;
        }
        Ok(())
    }
}

/// Control characters of somebody else's text must not reach the terminal.
fn clean(text: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(shown).collect()
}

/// What there is, or `-`.
pub fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// A time, to the second.
pub fn time(time: Time) -> String {
    time.0.format("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// A time, to the second, or `-`.
pub(super) fn time_or_dash(time_if_any: Option<Time>) -> String {
    or_dash(time_if_any.map(time))
}

/// To standard output, at once.
pub(super) fn write(bytes: &[u8]) -> Result<(), CliError> {
    let mut stdout = std::io::stdout();
    let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
    written.map_err(CliError::Output)
}
