//! What a word prints: JSON for programs, tables and sentences for people.

use std::io::Write as _;

use comfy_table::{Table, presets};
use serde_json::Value;

use super::CliError;

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
    pub fn answer(&self, answer: &Value, sentence: &str) -> Result<(), CliError> {
        match self.json {
            true => self.json(answer),
            false => self.say(sentence),
        }
    }

    /// A line.
    pub fn say(&self, line: &str) -> Result<(), CliError> {
        write(format!("{line}\n").as_bytes())
    }

    /// A list for programs, or a table for people: a row for each item, `nothing` when there is
    /// none, and a line when there are more.
    pub fn list(
        &self,
        list: &Value,
        header: &[&str],
        row: impl Fn(&Value) -> Vec<String>,
        nothing: &str,
    ) -> Result<(), CliError> {
        if self.json {
            return self.json(list);
        }
        let items = list["items"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        if items.is_empty() {
            return self.say(nothing);
        }
        self.table(header, items.iter().map(row))?;
        if list["next_cursor"].is_string() {
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

/// Text at a place such as `/settings/webhook_path`; `-` when there is none.
pub fn text(value: &Value, place: &str) -> String {
    match value.pointer(place) {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A time at a place, to the second.
pub fn time(value: &Value, place: &str) -> String {
    let text = text(value, place);
    match text.split_once('.') {
        Some((seconds, _)) => format!("{}Z", seconds.replace('T', " ")),
        None => text,
    }
}

/// To standard output, at once.
pub(super) fn write(bytes: &[u8]) -> Result<(), CliError> {
    let mut stdout = std::io::stdout();
    let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
    written.map_err(CliError::Output)
}
