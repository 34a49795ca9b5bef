//! Reads what esbuild prints.
//!
//! ```text
//! ✘ [ERROR] Could not resolve "axios" [id]
//!
//!     app.js:3:22:
//!       3 │ const axios = require('axios')
//!         ╵                       ~~~~~~~
//!
//!   A note, which may be followed by a place of its own.
//! ```

/// One error or warning.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Message {
    pub(super) is_error: bool,
    /// Without the identifier that esbuild adds to warnings.
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

const MARKS: [(&str, bool); 2] = [("✘ [ERROR] ", true), ("▲ [WARNING] ", false)];

pub(super) fn parse(output: &str) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    for line in output.lines() {
        if let Some((text, is_error)) = head(line) {
            messages.push(Message {
                is_error,
                text: without_id(text).to_owned(),
                ..Message::default()
            });
            continue;
        }
        let Some(message) = messages.last_mut() else {
            continue;
        };
        if let Some(location) = location(line) {
            // Places of notes come later and are left out.
            if message.notes.is_empty() && message.place.is_none() {
                message.place = Some(location);
            }
        } else if let Some(underline) = underline(line) {
            if message.notes.is_empty()
                && let Some(place) = &mut message.place
            {
                place.length = underline;
            }
        } else if line.starts_with("  ") && !line.starts_with("   ") {
            message.notes.push(line.trim().to_owned());
        }
    }
    messages
}

fn head(line: &str) -> Option<(&str, bool)> {
    MARKS
        .iter()
        .find_map(|(mark, is_error)| Some((line.strip_prefix(mark)?, *is_error)))
}

/// `Some text [some-id]` is `Some text`.
fn without_id(text: &str) -> &str {
    let id = |id: &str| id.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    match text
        .strip_suffix(']')
        .and_then(|rest| rest.rsplit_once(" ["))
    {
        Some((text, last)) if id(last) => text,
        _ => text,
    }
}

/// `    routes/x.js:3:22:`
fn location(line: &str) -> Option<Location> {
    let rest = line.strip_prefix("    ")?.strip_suffix(':')?;
    if rest.starts_with(' ') {
        return None;
    }
    let (rest, column) = rest.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some(Location {
        file: file.to_owned(),
        line: line.parse().ok()?,
        column: column.parse().ok()?,
        length: 1,
    })
}

/// `        ╵       ~~~~~~~`: only the line of the marks, not the one of a suggested text.
fn underline(line: &str) -> Option<usize> {
    let marks = line.trim_start().strip_prefix(['╵', '│'])?.trim();
    let is_mark = !marks.is_empty() && marks.chars().all(|c| matches!(c, '~' | '^'));
    is_mark.then(|| marks.chars().count())
}
