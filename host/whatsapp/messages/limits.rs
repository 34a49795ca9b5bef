//! Meta's limits on messages, and the error that names the field that breaks one.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use super::{ButtonsMessage, ListMessage, ListSection};

pub(super) const TEXT_BODY: usize = 4096;
pub(super) const BUTTONS_BODY: usize = 1024;
pub(super) const LIST_BODY: usize = 4096;
pub(super) const CAPTION: usize = 1024;
pub(super) const HEADER: usize = 60;
pub(super) const FOOTER: usize = 60;
pub(super) const LIST_BUTTON: usize = 20;
pub(super) const FLOW_BODY: usize = 1024;
pub(super) const FLOW_BUTTON: usize = 30;
pub(super) const TEMPLATE_NAME: usize = 512;
/// Of message ids, media ids and language codes. Meta states none; this only stops nonsense.
pub(super) const ID: usize = 512;
pub(super) const LINK: usize = 2048;

const BUTTONS: usize = 3;
const BUTTON_ID: usize = 256;
const BUTTON_TITLE: usize = 20;
const SECTIONS: usize = 10;
const SECTION_TITLE: usize = 24;
const ROWS: usize = 10;
const ROW_ID: usize = 200;
const ROW_TITLE: usize = 24;
const ROW_DESCRIPTION: usize = 72;

/// A message that Meta would refuse. No text of the message is in it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidMessage {
    /// Too short or too long, counted in characters.
    #[error("`{field}` has {length} characters, it takes {min} to {max}")]
    Length {
        field: String,
        length: usize,
        min: usize,
        max: usize,
    },
    /// Too few or too many entries.
    #[error("`{field}` has {count} entries, it takes {min} to {max}")]
    Count {
        field: String,
        count: usize,
        min: usize,
        max: usize,
    },
    /// Two entries that must differ.
    #[error("`{field}` is the same as that of an earlier entry, each needs its own")]
    Repeated { field: String },
    /// Anything else.
    #[error("`{field}` {problem}")]
    Field {
        field: String,
        problem: &'static str,
    },
}

impl InvalidMessage {
    pub(super) fn field(field: impl Into<String>, problem: &'static str) -> Self {
        Self::Field {
            field: field.into(),
            problem,
        }
    }
}

/// Meta counts characters, not bytes.
pub(super) fn length(
    field: &str,
    text: &str,
    range: RangeInclusive<usize>,
) -> Result<(), InvalidMessage> {
    let length = text.chars().count();
    if range.contains(&length) {
        return Ok(());
    }
    let (min, max) = range.into_inner();
    Err(InvalidMessage::Length {
        field: field.to_owned(),
        length,
        min,
        max,
    })
}

pub(super) fn optional(field: &str, text: Option<&str>, max: usize) -> Result<(), InvalidMessage> {
    text.map_or(Ok(()), |text| length(field, text, 1..=max))
}

fn count(field: &str, count: usize, max: usize) -> Result<(), InvalidMessage> {
    match (1..=max).contains(&count) {
        true => Ok(()),
        false => Err(InvalidMessage::Count {
            field: field.to_owned(),
            count,
            min: 1,
            max,
        }),
    }
}

fn unique<'a>(
    seen: &mut HashSet<&'a str>,
    field: String,
    text: &'a str,
) -> Result<(), InvalidMessage> {
    match seen.insert(text) {
        true => Ok(()),
        false => Err(InvalidMessage::Repeated { field }),
    }
}

pub(super) fn buttons(message: &ButtonsMessage) -> Result<(), InvalidMessage> {
    length("body", &message.body, 1..=BUTTONS_BODY)?;
    optional("footer", message.footer.as_deref(), FOOTER)?;
    count("buttons", message.buttons.len(), BUTTONS)?;
    let (mut ids, mut titles) = (HashSet::new(), HashSet::new());
    for (n, button) in message.buttons.iter().enumerate() {
        length(&format!("buttons[{n}].id"), &button.id, 1..=BUTTON_ID)?;
        length(
            &format!("buttons[{n}].title"),
            &button.title,
            1..=BUTTON_TITLE,
        )?;
        unique(&mut ids, format!("buttons[{n}].id"), &button.id)?;
        unique(&mut titles, format!("buttons[{n}].title"), &button.title)?;
    }
    Ok(())
}

pub(super) fn list(message: &ListMessage) -> Result<(), InvalidMessage> {
    optional("header", message.header.as_deref(), HEADER)?;
    length("body", &message.body, 1..=LIST_BODY)?;
    optional("footer", message.footer.as_deref(), FOOTER)?;
    length("button", &message.button, 1..=LIST_BUTTON)?;
    count("sections", message.sections.len(), SECTIONS)?;
    let total = message
        .sections
        .iter()
        .map(|section| section.rows.len())
        .sum();
    count("sections[].rows", total, ROWS)?;
    let mut ids = HashSet::new();
    for (n, section) in message.sections.iter().enumerate() {
        let title = format!("sections[{n}].title");
        if message.sections.len() > 1 && section.title.is_none() {
            return Err(InvalidMessage::field(
                title,
                "is needed when there is more than one section",
            ));
        }
        optional(&title, section.title.as_deref(), SECTION_TITLE)?;
        rows(n, section, &mut ids)?;
    }
    Ok(())
}

fn rows<'a>(
    n: usize,
    section: &'a ListSection,
    ids: &mut HashSet<&'a str>,
) -> Result<(), InvalidMessage> {
    for (m, row) in section.rows.iter().enumerate() {
        let at = format!("sections[{n}].rows[{m}]");
        length(&format!("{at}.id"), &row.id, 1..=ROW_ID)?;
        length(&format!("{at}.title"), &row.title, 1..=ROW_TITLE)?;
        optional(
            &format!("{at}.description"),
            row.description.as_deref(),
            ROW_DESCRIPTION,
        )?;
        unique(ids, format!("{at}.id"), &row.id)?;
    }
    Ok(())
}
