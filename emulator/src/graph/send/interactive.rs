//! Interactive messages: reply buttons, lists, links, requests for a location.
//!
//! Flows, products, carousels and calls are not here.

use std::collections::HashSet;

use crate::graph::error::GraphError;
use crate::graph::send::content::check_source;
use crate::graph::send::object::{Object, check_interactive_length, invalid, is_web_url};
use crate::platform::thread::{Choice, ChoiceKind};

const MOST_BUTTONS: usize = 3;
const MOST_SECTIONS: usize = 10;
/// Rows of a list, over all its sections.
const MOST_ROWS: usize = 10;

/// What an interactive message contains, besides its looks.
#[derive(Debug, Default)]
pub(super) struct Interactive<'a> {
    pub(super) choices: Vec<Choice>,
    /// The media of its header, by id.
    pub(super) media_ids: Vec<&'a str>,
}

/// Checks `interactive`.
pub(super) fn check<'a>(interactive: &Object<'a>) -> Result<Interactive<'a>, GraphError> {
    let kind = interactive.text("type")?;
    let (longest_body, headers): (usize, &[&str]) = match kind {
        "button" | "cta_url" => (1024, &["text", "image", "video", "document"]),
        "list" => (4096, &["text"]),
        "location_request_message" => (1024, &[]),
        other => {
            return Err(GraphError::parameter(format!(
                "Param interactive['type'] must be one of {{BUTTON, CTA_URL, LIST, \
                 LOCATION_REQUEST_MESSAGE}} - got \"{other}\"."
            )));
        }
    };
    let body = interactive.object("body")?;
    check_interactive_length("Body text", body.text("text")?, 1, longest_body)?;
    if let Some(footer) = interactive.optional_object("footer")? {
        check_interactive_length("Footer text", footer.text("text")?, 1, 60)?;
    }
    let media_id = match interactive.optional_object("header")? {
        Some(header) => check_header(&header, headers)?,
        None => None,
    };
    let action = interactive.object("action")?;
    let choices = match kind {
        "button" => check_buttons(&action)?,
        "list" => check_sections(&action)?,
        "cta_url" => check_link(&action)?,
        _ => check_name(&action, "send_location")?,
    };
    Ok(Interactive {
        choices,
        media_ids: media_id.into_iter().collect(),
    })
}

fn check_header<'a>(header: &Object<'a>, allowed: &[&str]) -> Result<Option<&'a str>, GraphError> {
    let kind = header.text("type")?;
    if !allowed.contains(&kind) {
        return Err(invalid(format!(
            "Header type invalid. Allowed header types: {}",
            allowed.join(", ")
        )));
    }
    if kind == "text" {
        check_interactive_length("Header text", header.text("text")?, 1, 60)?;
        return Ok(None);
    }
    check_source(&header.object(kind)?)
}

fn check_buttons(action: &Object<'_>) -> Result<Vec<Choice>, GraphError> {
    let buttons = action.list("buttons")?;
    if buttons.is_empty() || buttons.len() > MOST_BUTTONS {
        return Err(invalid(format!(
            "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: {MOST_BUTTONS}"
        )));
    }
    let mut choices = Vec::new();
    let mut ids = HashSet::new();
    let mut titles = HashSet::new();
    for button in &buttons {
        if button.text("type")? != "reply" {
            return Err(invalid("Button type invalid. Allowed button types: reply"));
        }
        let reply = button.object("reply")?;
        let (id, title) = (reply.text("id")?, reply.text("title")?);
        check_interactive_length("Button id", id, 1, 256)?;
        check_interactive_length("Button title", title, 1, 20)?;
        if !ids.insert(id) {
            return Err(invalid(format!("Button ids must be unique, `{id}` is not")));
        }
        if !titles.insert(title) {
            return Err(invalid(format!(
                "Button titles must be unique, `{title}` is not"
            )));
        }
        choices.push(Choice {
            kind: ChoiceKind::Button,
            id: id.to_owned(),
            title: title.to_owned(),
            description: None,
        });
    }
    Ok(choices)
}

fn check_sections(action: &Object<'_>) -> Result<Vec<Choice>, GraphError> {
    check_interactive_length("List button text", action.text("button")?, 1, 20)?;
    let sections = action.list("sections")?;
    if sections.is_empty() || sections.len() > MOST_SECTIONS {
        return Err(invalid(format!(
            "Invalid sections count. Min allowed sections: 1, Max allowed sections: \
             {MOST_SECTIONS}"
        )));
    }
    let mut choices = Vec::new();
    for section in &sections {
        match section.optional_text("title")? {
            Some(title) => check_interactive_length("Section title", title, 1, 24)?,
            None if sections.len() > 1 => {
                return Err(GraphError::detailed(
                    131008,
                    "Section title is required when there is more than one section",
                ));
            }
            None => {}
        }
        for row in section.list("rows")? {
            choices.push(check_row(&row)?);
        }
    }
    if choices.is_empty() || choices.len() > MOST_ROWS {
        return Err(invalid(format!(
            "Total row count exceed max allowed count: {MOST_ROWS}. Min allowed rows: 1"
        )));
    }
    let mut ids = HashSet::new();
    match choices.iter().find(|choice| !ids.insert(&choice.id)) {
        Some(twin) => Err(invalid(format!(
            "Row ids must be unique, `{}` is not",
            twin.id
        ))),
        None => Ok(choices),
    }
}

fn check_row(row: &Object<'_>) -> Result<Choice, GraphError> {
    let (id, title) = (row.text("id")?, row.text("title")?);
    check_interactive_length("Row id", id, 1, 200)?;
    check_interactive_length("Row title", title, 1, 24)?;
    let description = row.optional_text("description")?;
    if let Some(description) = description {
        check_interactive_length("Row description", description, 0, 72)?;
    }
    Ok(Choice {
        kind: ChoiceKind::Row,
        id: id.to_owned(),
        title: title.to_owned(),
        description: description
            .filter(|text| !text.is_empty())
            .map(str::to_owned),
    })
}

fn check_link(action: &Object<'_>) -> Result<Vec<Choice>, GraphError> {
    check_name(action, "cta_url")?;
    let parameters = action.object("parameters")?;
    let display_text = parameters.text("display_text")?;
    check_interactive_length("Display text", display_text, 1, 20)?;
    if is_web_url(parameters.text("url")?) {
        Ok(Vec::new())
    } else {
        Err(invalid("Param url is not a valid http or https URL"))
    }
}

/// `action.name` must be the one of the type; a tap on the message is no choice.
fn check_name(action: &Object<'_>, name: &str) -> Result<Vec<Choice>, GraphError> {
    if action.text("name")? == name {
        Ok(Vec::new())
    } else {
        Err(invalid(format!(
            "Param interactive['action']['name'] must be {name}"
        )))
    }
}
