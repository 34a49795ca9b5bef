//! The plain kinds of message: text, media, location, contacts, reaction.

use serde_json::Value;

use crate::error::GraphError;
use crate::graph::params::{Object, invalid};
use crate::platform::kinds::MediaKind;
use crate::urls::is_web_url;

/// Characters of a text.
const LONGEST_TEXT: usize = 4096;
/// Characters of a caption.
const LONGEST_CAPTION: usize = 1024;
/// Contact cards in a message.
const MOST_CONTACTS: usize = 257;
/// Code points of one emoji: families and flags are long sequences.
const LONGEST_EMOJI: usize = 16;

/// Checks `text`.
pub(super) fn check_text(text: &Object<'_>) -> Result<(), GraphError> {
    text.only(&["body", "preview_url"])?;
    let body = text.text("body")?;
    text.check_length("body", body, 1, LONGEST_TEXT)
}

/// Media that a message refers to by id.
#[derive(Clone, Copy, Debug)]
pub(super) struct MediaRef<'a> {
    pub(super) kind: MediaKind,
    pub(super) id: &'a str,
}

/// Checks the object of a kind of media; gives the media, if it is named by its id.
pub(super) fn check_media<'a>(
    kind: MediaKind,
    media: &Object<'a>,
) -> Result<Option<MediaRef<'a>>, GraphError> {
    let members = kind.facts().members;
    media.only(&[&["id", "link", "provider"], members].concat())?;
    if let Some(caption) = media.optional_text("caption")? {
        media.check_length("caption", caption, 0, LONGEST_CAPTION)?;
    }
    media.optional_text("filename")?;
    let id = check_source(media)?;
    Ok(id.map(|id| MediaRef { kind, id }))
}

/// Exactly one of `id` and `link`.
pub(super) fn check_source<'a>(media: &Object<'a>) -> Result<Option<&'a str>, GraphError> {
    match (media.optional_text("id")?, media.optional_text("link")?) {
        (Some(_), Some(_)) => Err(GraphError::parameter(format!(
            "Only one of {} and {} can be given.",
            media.name_of("id"),
            media.name_of("link"),
        ))),
        (Some(id), None) => Ok(Some(id)),
        (None, Some(link)) if is_web_url(link) => Ok(None),
        (None, Some(_)) => Err(GraphError::parameter(format!(
            "Param {} is not a valid URI.",
            media.name_of("link"),
        ))),
        (None, None) => Err(GraphError::detailed(
            131008,
            format!(
                "One of the parameters {} and {} is required.",
                media.name_of("id"),
                media.name_of("link"),
            ),
        )),
    }
}

/// Checks `location`.
pub(super) fn check_location(location: &Object<'_>) -> Result<(), GraphError> {
    location.only(&["latitude", "longitude", "name", "address"])?;
    for (key, bound) in [("latitude", 90.0), ("longitude", 180.0)] {
        let degrees = match location.get(key) {
            None => return Err(location.missing(key)),
            Some(Value::Number(number)) => number.as_f64(),
            Some(Value::String(text)) => text.parse().ok(),
            Some(_) => None,
        };
        if !degrees.is_some_and(|degrees: f64| degrees.abs() <= bound) {
            let name = location.name_of(key);
            return Err(invalid(format!("Param {name} is not a valid {key}.")));
        }
    }
    location.optional_text("name")?;
    location.optional_text("address")?;
    Ok(())
}

/// Checks `contacts`.
pub(super) fn check_contacts(root: &Object<'_>) -> Result<(), GraphError> {
    let contacts = root.list("contacts")?;
    if contacts.is_empty() || contacts.len() > MOST_CONTACTS {
        return Err(invalid(format!(
            "Invalid contacts count. Min allowed contacts: 1, Max allowed contacts: \
             {MOST_CONTACTS}"
        )));
    }
    for contact in &contacts {
        let name = contact.object("name")?;
        name.text("formatted_name")?;
        let parts = ["first_name", "last_name", "middle_name", "suffix", "prefix"];
        if !parts.iter().any(|part| name.get(part).is_some()) {
            return Err(GraphError::detailed(
                131008,
                format!("At least one of {} is required.", parts.join(", ")),
            ));
        }
        for list in ["phones", "emails", "addresses", "urls"] {
            contact.optional_list(list)?;
        }
        contact.optional_object("org")?;
        if let Some(birthday) = contact.optional_text("birthday")?
            && !is_date(birthday)
        {
            return Err(invalid(format!(
                "Param {} must be a date in the form YYYY-MM-DD.",
                contact.name_of("birthday")
            )));
        }
    }
    Ok(())
}

/// Checks `reaction`; gives the id of the message that it is about.
pub(super) fn check_reaction<'a>(reaction: &Object<'a>) -> Result<&'a str, GraphError> {
    reaction.only(&["message_id", "emoji"])?;
    let message_id = reaction.text("message_id")?;
    let emoji = reaction.text("emoji")?;
    let is_emoji = emoji.chars().count() <= LONGEST_EMOJI && !emoji.is_ascii();
    // An empty one takes the reaction away.
    if emoji.is_empty() || is_emoji {
        Ok(message_id)
    } else {
        Err(invalid("Param reaction['emoji'] is not a valid emoji."))
    }
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_number = |part: &&str, length: usize| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    matches!(parts.as_slice(), [year, month, day]
        if is_number(year, 4) && is_number(month, 2) && is_number(day, 2))
}
