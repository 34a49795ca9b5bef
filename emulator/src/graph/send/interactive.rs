//! Interactive messages of every kind, checked by what `platform::kinds` says of the kind.

use std::collections::HashSet;

use serde_json::Value;

use crate::error::GraphError;
use crate::graph::params::{Object, check_interactive_length, invalid};
use crate::graph::send::content::{MediaRef, check_source};
use crate::platform::kinds::{Action, InteractiveType, MediaKind};
use crate::platform::thread::{Choice, ChoiceKind};
use crate::urls::is_web_url;

const MOST_BUTTONS: usize = 3;
const MOST_SECTIONS: usize = 10;
/// Rows of a list, over all its sections.
const MOST_ROWS: usize = 10;
/// Products of a list, over all its sections.
const MOST_PRODUCTS: usize = 30;
const CARDS: std::ops::RangeInclusive<usize> = 2..=10;
const LONGEST_CARD: usize = 160;
/// Countries whose addresses can be asked for.
const ADDRESS_COUNTRIES: [&str; 2] = ["IN", "SG"];

/// What an interactive message contains, besides its looks.
#[derive(Debug, Default)]
pub(super) struct Interactive<'a> {
    pub(super) choices: Vec<Choice>,
    /// Media in it, by id.
    pub(super) media: Vec<MediaRef<'a>>,
    pub(super) flow: Option<FlowWish<'a>>,
}

/// The Flow that a message opens.
#[derive(Clone, Debug)]
pub(super) struct FlowWish<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) name: Option<&'a str>,
    pub(super) token: &'a str,
    pub(super) is_draft: bool,
    /// Whether its endpoint says which screen is first.
    pub(super) asks_endpoint: bool,
    pub(super) screen: Option<&'a str>,
    pub(super) data: Option<Value>,
}

/// Checks `interactive`.
pub(super) fn check<'a>(interactive: &Object<'a>) -> Result<Interactive<'a>, GraphError> {
    let word = interactive.text("type")?;
    let Some(kind) = InteractiveType::of(word) else {
        let known: Vec<String> = InteractiveType::ALL
            .iter()
            .map(|kind| kind.as_str().to_uppercase())
            .collect();
        return Err(GraphError::parameter(format!(
            "Param interactive['type'] must be one of {{{}}} - got \"{word}\".",
            known.join(", ")
        )));
    };
    let facts = kind.facts();
    let mut found = Interactive::default();
    match interactive.optional_object("body")? {
        Some(body) => {
            let longest = facts.longest_body;
            check_interactive_length("Body text", body.text("text")?, 1, longest)?;
        }
        None if facts.needs_body => return Err(interactive.missing("body")),
        None => {}
    }
    match interactive.optional_object("footer")? {
        Some(_) if !facts.has_footer => {
            return Err(invalid(format!("Footer is not allowed for type {kind}")));
        }
        Some(footer) => check_interactive_length("Footer text", footer.text("text")?, 1, 60)?,
        None => {}
    }
    match interactive.optional_object("header")? {
        Some(header) => found.media.extend(check_header(&header, facts.headers)?),
        None if facts.needs_header => return Err(interactive.missing("header")),
        None => {}
    }
    let action = interactive.object("action")?;
    match facts.action {
        Action::Buttons => found.choices = check_buttons(&action)?,
        Action::Sections => found.choices = check_sections(&action)?,
        Action::Link => check_link(&action)?,
        Action::Flow => found.flow = Some(check_flow(&action)?),
        Action::Product => {
            action.text("catalog_id")?;
            action.text("product_retailer_id")?;
        }
        Action::Products => check_products(&action)?,
        Action::Catalog => {
            check_name(&action, "catalog_message")?;
            if let Some(parameters) = action.optional_object("parameters")? {
                parameters.optional_text("thumbnail_product_retailer_id")?;
            }
        }
        Action::Cards => check_cards(&action, &mut found)?,
        Action::Address => check_address(&action)?,
        Action::VoiceCall => check_call(&action)?,
        Action::Named(name) => check_name(&action, name)?,
    }
    Ok(found)
}

fn check_header<'a>(
    header: &Object<'a>,
    allowed: &[&str],
) -> Result<Option<MediaRef<'a>>, GraphError> {
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
    let id = check_source(&header.object(kind)?)?;
    let kind = MediaKind::of(kind);
    Ok(id.zip(kind).map(|(id, kind)| MediaRef { kind, id }))
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
        choices.push(button_choice(id, title));
    }
    Ok(choices)
}

fn button_choice(id: &str, title: &str) -> Choice {
    Choice {
        kind: ChoiceKind::Button,
        id: id.to_owned(),
        title: title.to_owned(),
        description: None,
    }
}

fn check_sections(action: &Object<'_>) -> Result<Vec<Choice>, GraphError> {
    check_interactive_length("List button text", action.text("button")?, 1, 20)?;
    let sections = sections_of(action)?;
    let mut choices = Vec::new();
    for section in &sections {
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

/// The sections of a list, of rows or of products.
fn sections_of<'a>(action: &Object<'a>) -> Result<Vec<Object<'a>>, GraphError> {
    let sections = action.list("sections")?;
    if sections.is_empty() || sections.len() > MOST_SECTIONS {
        return Err(invalid(format!(
            "Invalid sections count. Min allowed sections: 1, Max allowed sections: \
             {MOST_SECTIONS}"
        )));
    }
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
    }
    Ok(sections)
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

fn check_products(action: &Object<'_>) -> Result<(), GraphError> {
    action.text("catalog_id")?;
    let mut count = 0;
    for section in sections_of(action)? {
        for product in section.list("product_items")? {
            product.text("product_retailer_id")?;
            count += 1;
        }
    }
    if (1..=MOST_PRODUCTS).contains(&count) {
        return Ok(());
    }
    Err(invalid(format!(
        "Invalid product items count. Min allowed products: 1, Max allowed products: \
         {MOST_PRODUCTS}"
    )))
}

fn check_link(action: &Object<'_>) -> Result<(), GraphError> {
    check_name(action, "cta_url")?;
    let parameters = action.object("parameters")?;
    let display_text = parameters.text("display_text")?;
    check_interactive_length("Display text", display_text, 1, 20)?;
    if is_web_url(parameters.text("url")?) {
        Ok(())
    } else {
        Err(invalid("Param url is not a valid http or https URL"))
    }
}

fn check_flow<'a>(action: &Object<'a>) -> Result<FlowWish<'a>, GraphError> {
    check_name(action, "flow")?;
    let parameters = action.object("parameters")?;
    if parameters.text("flow_message_version")? != "3" {
        return Err(invalid("Param flow_message_version must be 3"));
    }
    let (id, name) = (
        parameters.optional_text("flow_id")?,
        parameters.optional_text("flow_name")?,
    );
    if id.is_some() == name.is_some() {
        return Err(match id {
            Some(_) => invalid("Only one of flow_id and flow_name can be given."),
            None => parameters.missing("flow_id"),
        });
    }
    let cta = parameters.text("flow_cta")?;
    check_interactive_length("Flow CTA", cta, 1, 30)?;
    let is_draft = match parameters.optional_text("mode")? {
        None | Some("published") => false,
        Some("draft") => true,
        Some(_) => return Err(invalid("Param mode must be one of {draft, published}")),
    };
    let asks_endpoint = match parameters.optional_text("flow_action")? {
        None | Some("navigate") => false,
        Some("data_exchange") => true,
        Some(_) => {
            return Err(invalid(
                "Param flow_action must be one of {navigate, data_exchange}",
            ));
        }
    };
    let payload = parameters.optional_object("flow_action_payload")?;
    if payload.is_some() && asks_endpoint {
        return Err(invalid(
            "Param flow_action_payload can only be given with the flow_action navigate",
        ));
    }
    let (mut screen, mut data) = (None, None);
    if let Some(payload) = &payload {
        screen = Some(payload.text("screen")?);
        data = match payload.get("data") {
            None => None,
            Some(Value::Object(members)) if !members.is_empty() => {
                Some(Value::Object(members.clone()))
            }
            // The documentation's sample has it as text.
            Some(Value::String(text)) => match serde_json::from_str(text) {
                Ok(Value::Object(members)) if !members.is_empty() => Some(Value::Object(members)),
                _ => return Err(empty_data()),
            },
            Some(_) => return Err(empty_data()),
        };
    }
    Ok(FlowWish {
        id,
        name,
        token: parameters.optional_text("flow_token")?.unwrap_or("unused"),
        is_draft,
        asks_endpoint,
        screen,
        data,
    })
}

fn empty_data() -> GraphError {
    invalid("Param flow_action_payload['data'] must be an object that is not empty")
}

fn check_cards<'a>(action: &Object<'a>, found: &mut Interactive<'a>) -> Result<(), GraphError> {
    let cards = action.list("cards")?;
    if !CARDS.contains(&cards.len()) {
        return Err(invalid(format!(
            "Invalid cards count. Min allowed cards: {}, Max allowed cards: {}",
            CARDS.start(),
            CARDS.end()
        )));
    }
    let mut shapes = HashSet::new();
    for (index, card) in cards.iter().enumerate() {
        let at = card.get("card_index").and_then(Value::as_u64);
        if at != u64::try_from(index).ok() {
            return Err(invalid(format!(
                "Param {} must be {index}",
                card.name_of("card_index")
            )));
        }
        if let Some(body) = card.optional_object("body")? {
            let text = body.text("text")?;
            check_interactive_length("Card body text", text, 1, LONGEST_CARD)?;
            if text.matches('\n').count() > 2 {
                return Err(invalid("Card body text can have at most 2 line breaks"));
            }
        }
        let kind = card.text("type")?;
        let card_action = card.object("action")?;
        let has_buttons = card_action.get("buttons").is_some();
        match kind {
            "cta_url" => {
                let header = card.object("header")?;
                found
                    .media
                    .extend(check_header(&header, &["image", "video"])?);
                if has_buttons {
                    check_card_buttons(&card_action, &mut found.choices)?;
                } else {
                    check_link(&card_action)?;
                }
            }
            "product" => {
                card_action.text("catalog_id")?;
                card_action.text("product_retailer_id")?;
            }
            _ => {
                return Err(invalid(
                    "Card type invalid. Allowed card types: cta_url, product",
                ));
            }
        }
        let header = card.optional_object("header")?;
        let header = header
            .map(|header| header.text("type").map(str::to_owned))
            .transpose()?;
        shapes.insert((kind, header, card.get("body").is_some(), has_buttons));
    }
    if shapes.len() > 1 {
        return Err(invalid(
            "All cards of a carousel must have the same type, header and components",
        ));
    }
    Ok(())
}

fn check_card_buttons(action: &Object<'_>, choices: &mut Vec<Choice>) -> Result<(), GraphError> {
    let buttons = action.list("buttons")?;
    if buttons.is_empty() || buttons.len() > MOST_BUTTONS {
        return Err(invalid(format!(
            "Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: {MOST_BUTTONS}"
        )));
    }
    for button in buttons {
        if button.text("type")? != "quick_reply" {
            return Err(invalid(
                "Button type invalid. Allowed button types: quick_reply",
            ));
        }
        let reply = button.object("quick_reply")?;
        let (id, title) = (reply.text("id")?, reply.text("title")?);
        check_interactive_length("Button id", id, 1, 256)?;
        check_interactive_length("Button title", title, 1, 20)?;
        choices.push(button_choice(id, title));
    }
    Ok(())
}

fn check_address(action: &Object<'_>) -> Result<(), GraphError> {
    check_name(action, "address_message")?;
    let parameters = action.object("parameters")?;
    let country = parameters.text("country")?;
    if !ADDRESS_COUNTRIES.contains(&country) {
        return Err(invalid(format!(
            "Address messages are not supported for the country {country}"
        )));
    }
    parameters.optional_object("values")?;
    parameters.optional_object("validation_errors")?;
    for saved in parameters.optional_list("saved_addresses")? {
        saved.text("id")?;
        saved.object("value")?;
    }
    Ok(())
}

fn check_call(action: &Object<'_>) -> Result<(), GraphError> {
    check_name(action, "voice_call")?;
    let Some(parameters) = action.optional_object("parameters")? else {
        return Ok(());
    };
    if let Some(text) = parameters.optional_text("display_text")? {
        check_interactive_length("Display text", text, 1, 20)?;
    }
    let ttl = match parameters.get("ttl_minutes") {
        None => return Ok(()),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64(),
    };
    match ttl {
        Some(1..=43_200) => Ok(()),
        _ => Err(invalid("Param ttl_minutes must be between 1 and 43200")),
    }
}

/// `action.name` must be the one of the type.
fn check_name(action: &Object<'_>, name: &str) -> Result<(), GraphError> {
    if action.text("name")? == name {
        Ok(())
    } else {
        Err(invalid(format!(
            "Param interactive['action']['name'] must be {name}"
        )))
    }
}
