//! What may be created as a template: names, languages, components, samples, limits.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::codes::subcodes;
use crate::error::GraphError;
use crate::platform::world::World;
use crate::urls::is_web_url;

/// The languages that templates have.
pub(crate) const LANGUAGES: [&str; 73] = [
    "af", "sq", "ar", "ar_EG", "ar_AE", "ar_LB", "ar_MA", "ar_QA", "az", "be_BY", "bn", "bn_IN",
    "bg", "ca", "zh_CN", "zh_HK", "zh_TW", "hr", "cs", "da", "prs_AF", "nl", "nl_BE", "en",
    "en_GB", "en_US", "en_AE", "en_AU", "en_CA", "en_GH", "en_IE", "en_IN", "en_JM", "en_MY",
    "en_NZ", "en_QA", "en_SG", "en_UG", "en_ZA", "et", "fil", "fi", "fr", "fr_BE", "fr_CA",
    "fr_CH", "fr_CI", "fr_MA", "ka", "de", "de_AT", "de_CH", "el", "gu", "ha", "he", "hi", "hu",
    "id", "ga", "it", "ja", "kn", "kk", "rw_RW", "ko", "ky_KG", "lo", "lv", "lt", "mk", "ms", "ml",
];
/// The rest of them.
const MORE_LANGUAGES: [&str; 46] = [
    "mr", "nb", "ps_AF", "fa", "pl", "pt_BR", "pt_PT", "pa", "ro", "ru", "sr", "si_LK", "sk", "sl",
    "es", "es_AR", "es_CL", "es_CO", "es_CR", "es_DO", "es_EC", "es_HN", "es_MX", "es_PA", "es_PE",
    "es_ES", "es_UY", "sw", "sv", "ta", "te", "th", "tr", "uk", "ur", "uz", "vi", "zu", "ne", "am",
    "my", "km", "mn", "so", "cy", "eu",
];

pub(crate) const CATEGORIES: [&str; 3] = ["AUTHENTICATION", "MARKETING", "UTILITY"];

const LONGEST_NAME: usize = 512;
const LONGEST_HEADER: usize = 60;
const LONGEST_BODY: usize = 1024;
const LONGEST_OFFER_BODY: usize = 600;
const LONGEST_CARD_BODY: usize = 160;
const LONGEST_FOOTER: usize = 60;
const LONGEST_BUTTON: usize = 25;
const LONGEST_URL: usize = 2000;
const LONGEST_COUPON: usize = 20;
const LONGEST_PHONE: usize = 20;
const LONGEST_OFFER: usize = 16;
const MOST_BUTTONS: usize = 10;
const MOST_APPS: usize = 5;
const CARDS: std::ops::RangeInclusive<usize> = 2..=10;

/// A template as it was asked for.
#[derive(Debug)]
pub(crate) struct Wish<'a> {
    pub(crate) category: &'a str,
    /// `POSITIONAL` or `NAMED`.
    pub(crate) parameter_format: &'a str,
    pub(crate) waba_id: &'a str,
}

/// An error of what was declared, with what people are told.
fn wrong(subcode: Option<u32>, title: &str, message: impl Into<String>) -> GraphError {
    GraphError::managed(100, subcode, title, message)
}

fn too_long(what: &str, most: usize) -> GraphError {
    wrong(
        Some(subcodes::TOO_LONG),
        "Character limit exceeded",
        format!("The {what} has more characters than the {most} that it may have."),
    )
}

/// Checks a template's name.
pub(crate) fn check_name(name: &str) -> Result<(), GraphError> {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || name.chars().count() > LONGEST_NAME || !name.chars().all(is_part) {
        return Err(wrong(
            None,
            "Template name is not valid",
            "A template name has lowercase letters, digits and underscores only, and at most 512 \
             of them.",
        ));
    }
    Ok(())
}

/// Checks a template's language.
pub(crate) fn check_language(language: &str) -> Result<(), GraphError> {
    if LANGUAGES.contains(&language) || MORE_LANGUAGES.contains(&language) {
        return Ok(());
    }
    Err(GraphError::parameter(format_args!(
        "Param language must be one of Meta's template languages, for example en_US - got \
         \"{language}\"."
    )))
}

/// Checks the components; gives them as templates read back.
pub(crate) fn check(
    world: &World,
    wish: &Wish<'_>,
    components: &Value,
) -> Result<Vec<Value>, GraphError> {
    let Some(list) = components.as_array() else {
        return Err(GraphError::parameter("Param components must be an array."));
    };
    let mut by_kind: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let mut order = Vec::new();
    for (index, component) in list.iter().enumerate() {
        let Some(component) = component.as_object() else {
            return Err(GraphError::parameter(format_args!(
                "Param components[{index}] must be a JSON object."
            )));
        };
        let kind = word(component, "type");
        let known = [
            "HEADER",
            "BODY",
            "FOOTER",
            "BUTTONS",
            "CAROUSEL",
            "LIMITED_TIME_OFFER",
            "CALL_PERMISSION_REQUEST",
        ];
        if !known.contains(&kind.as_str()) {
            return Err(GraphError::parameter(format_args!(
                "Param components[{index}]['type'] must be one of {{{}}} - got \"{kind}\".",
                known.join(", ")
            )));
        }
        if by_kind.insert(kind.clone(), component.clone()).is_some() {
            return Err(wrong(
                None,
                "Component is given twice",
                format!("A template has one component of the type {kind}."),
            ));
        }
        order.push(kind);
    }
    if !by_kind.contains_key("BODY") {
        return Err(wrong(
            Some(subcodes::BODY),
            "Message body is missing",
            "A template needs a component of the type BODY.",
        ));
    }
    if wish.category == "AUTHENTICATION" {
        return authentication(&by_kind);
    }
    let has_offer = by_kind.contains_key("LIMITED_TIME_OFFER");
    let mut checked = Vec::new();
    for kind in order {
        let component = &by_kind[&kind];
        checked.push(match kind.as_str() {
            "HEADER" => header(world, wish, component)?,
            "BODY" => {
                let most = if has_offer {
                    LONGEST_OFFER_BODY
                } else {
                    LONGEST_BODY
                };
                body(wish, component, most)?
            }
            "FOOTER" if has_offer => {
                return Err(wrong(
                    None,
                    "Footer is not allowed",
                    "A template with a limited-time offer has no footer.",
                ));
            }
            "FOOTER" => footer(component)?,
            "BUTTONS" => buttons(world, wish, component)?,
            "CAROUSEL" => carousel(world, wish, component)?,
            "LIMITED_TIME_OFFER" => offer(wish, component, &by_kind)?,
            _ => json!({"type": kind}),
        });
    }
    Ok(checked)
}

fn header(
    world: &World,
    wish: &Wish<'_>,
    component: &Map<String, Value>,
) -> Result<Value, GraphError> {
    let format = match word(component, "format") {
        format if format.is_empty() => "TEXT".to_owned(),
        format => format,
    };
    let mut made = json!({"type": "HEADER", "format": format});
    match format.as_str() {
        "TEXT" => {
            let text = text_of(component, "header")?;
            if text.chars().count() > LONGEST_HEADER {
                return Err(too_long("header", LONGEST_HEADER));
            }
            if text.contains(['\n', '*', '_', '~']) && !text.contains("{{") || text.contains('\n') {
                return Err(wrong(
                    Some(subcodes::HEADER),
                    "Message header format is incorrect",
                    "The header can have no new lines, no formatting characters and no emojis.",
                ));
            }
            let variables = variables(wish, text, "header", subcodes::HEADER)?;
            if variables.len() > 1 {
                return Err(wrong(
                    Some(subcodes::HEADER),
                    "Message header format is incorrect",
                    "The header can have one variable.",
                ));
            }
            check_samples(wish, component, "header", &variables)?;
            made["text"] = text.into();
        }
        "IMAGE" | "VIDEO" | "DOCUMENT" | "GIF" => {
            let handle = component
                .get("example")
                .map_or(&Value::Null, |example| &example["header_handle"]);
            // Some clients send the handle without its list.
            let handle = handle.as_str().or_else(|| handle[0].as_str());
            let handle = handle.ok_or_else(|| missing_sample("header"))?;
            check_handle(world, handle, &format)?;
        }
        "LOCATION" | "PRODUCT" => {}
        other => {
            return Err(GraphError::parameter(format_args!(
                "Param components['format'] must be one of {{TEXT, IMAGE, VIDEO, DOCUMENT, GIF, \
                 LOCATION, PRODUCT}} - got \"{other}\"."
            )));
        }
    }
    if let Some(example) = component.get("example") {
        made["example"] = example.clone();
    }
    Ok(made)
}

/// A handle is one of an upload, of the type that the header shows.
fn check_handle(world: &World, handle: &str, format: &str) -> Result<(), GraphError> {
    let mut uploads = world.uploads.values();
    let upload = uploads.find(|upload| upload.handle.as_deref() == Some(handle));
    let invalid = |message: String| wrong(None, "Invalid header sample", message);
    let upload = upload.ok_or_else(|| {
        invalid(format!(
            "The handle `{handle}` is not one of a file that was uploaded with the Resumable \
             Upload API."
        ))
    })?;
    let fits = match format {
        "IMAGE" => upload.file_type.starts_with("image/"),
        "DOCUMENT" => upload.file_type == "application/pdf",
        _ => upload.file_type == "video/mp4",
    };
    if fits {
        return Ok(());
    }
    Err(invalid(format!(
        "The sample of a header of the format {format} cannot be of the type {}.",
        upload.file_type
    )))
}

fn body(wish: &Wish<'_>, component: &Map<String, Value>, most: usize) -> Result<Value, GraphError> {
    let text = text_of(component, "body")?;
    if text.chars().count() > most {
        return Err(too_long("body", most));
    }
    let variables = variables(wish, text, "body", subcodes::BODY)?;
    let trimmed = text.trim();
    if trimmed.starts_with("{{") || trimmed.ends_with("}}") {
        return Err(wrong(
            Some(subcodes::VARIABLES_AT_THE_EDGE),
            "Leading or trailing variables are not allowed",
            "Variables can't be at the start or end of the template.",
        ));
    }
    let words = plain_words(text);
    if !variables.is_empty() && words < 2 * variables.len() + 1 {
        return Err(wrong(
            Some(subcodes::TOO_MANY_VARIABLES),
            "Too many variables for the length of the message",
            "This template has too many variables for its length. Reduce the number of variables \
             or increase the message length.",
        ));
    }
    check_samples(wish, component, "body", &variables)?;
    let mut made = json!({"type": "BODY", "text": text});
    if let Some(example) = component.get("example") {
        made["example"] = example.clone();
    }
    Ok(made)
}

/// How many words a text has besides its variables.
fn plain_words(text: &str) -> usize {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        plain.push_str(before);
        plain.push(' ');
        rest = after.split_once("}}").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    let words = plain.split_whitespace();
    words
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .count()
}

fn footer(component: &Map<String, Value>) -> Result<Value, GraphError> {
    let text = text_of(component, "footer")?;
    if text.chars().count() > LONGEST_FOOTER {
        return Err(too_long("footer", LONGEST_FOOTER));
    }
    if text.contains("{{") || text.contains('\n') {
        return Err(wrong(
            Some(subcodes::FOOTER),
            "Message footer format is incorrect",
            "The footer can have no variables and no new lines.",
        ));
    }
    Ok(json!({"type": "FOOTER", "text": text}))
}

/// The variables of a text: sequential numbers, or names, as the template has them.
fn variables(
    wish: &Wish<'_>,
    text: &str,
    part: &str,
    subcode: u32,
) -> Result<Vec<String>, GraphError> {
    let malformed = |message: &str| {
        let title = format!("Message {part} format is incorrect");
        wrong(Some(subcode), &title, message)
    };
    let mut found: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        if !found.is_empty() && before.is_empty() {
            return Err(malformed("Variables can't stand next to each other."));
        }
        let Some((name, after)) = after.split_once("}}") else {
            return Err(malformed("A variable begins with {{ and ends with }}."));
        };
        let name = name.trim();
        let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        let is_name = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        match wish.parameter_format {
            "NAMED" if !is_name => {
                return Err(malformed(
                    "The names of variables have lowercase letters, digits and underscores.",
                ));
            }
            "POSITIONAL" if !is_number => {
                return Err(malformed(
                    "Variables are numbers in double braces, for example {{1}}. For names, set \
                     parameter_format to NAMED.",
                ));
            }
            _ => {}
        }
        if !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
        rest = after;
    }
    if wish.parameter_format == "POSITIONAL" {
        let expected: BTreeSet<String> = (1..=found.len()).map(|n| n.to_string()).collect();
        if found.iter().cloned().collect::<BTreeSet<_>>() != expected {
            return Err(malformed(
                "Variables are numbered from {{1}} on, without gaps.",
            ));
        }
    }
    Ok(found)
}

/// A sample for each variable.
fn check_samples(
    wish: &Wish<'_>,
    component: &Map<String, Value>,
    part: &str,
    variables: &[String],
) -> Result<(), GraphError> {
    if variables.is_empty() {
        return Ok(());
    }
    let none = Value::Null;
    let example = component.get("example").unwrap_or(&none);
    if wish.parameter_format == "NAMED" {
        let samples = example[format!("{part}_text_named_params")].as_array();
        let named = samples.into_iter().flatten();
        let names: BTreeSet<&str> = named
            .filter(|sample| {
                sample["example"]
                    .as_str()
                    .is_some_and(|text| !text.is_empty())
            })
            .filter_map(|sample| sample["param_name"].as_str())
            .collect();
        return match variables.iter().all(|name| names.contains(name.as_str())) {
            true => Ok(()),
            false => Err(missing_sample(part)),
        };
    }
    // A header has a list of samples, a body a list of such lists.
    let samples = match part {
        "body" if example["body_text"][0].is_array() => &example["body_text"][0],
        "body" => &example["body_text"],
        _ => &example["header_text"],
    };
    let count = match samples {
        Value::Array(samples) => samples.len(),
        Value::String(_) => 1,
        _ => 0,
    };
    match count == variables.len() {
        true => Ok(()),
        false => Err(missing_sample(part)),
    }
}

fn missing_sample(part: &str) -> GraphError {
    wrong(
        Some(subcodes::SAMPLE_IS_MISSING),
        "Sample is missing",
        format!(
            "Component of type {} is missing expected field(s) (example).",
            part.to_uppercase()
        ),
    )
}

fn buttons(
    world: &World,
    wish: &Wish<'_>,
    component: &Map<String, Value>,
) -> Result<Value, GraphError> {
    let list = component.get("buttons").and_then(Value::as_array);
    let list = list.filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| {
        wrong(
            None,
            "Buttons are missing",
            "A component of the type BUTTONS needs its list `buttons`.",
        )
    })?;
    if list.len() > MOST_BUTTONS {
        return Err(wrong(
            None,
            "Too many buttons",
            format!("A template can have {MOST_BUTTONS} buttons."),
        ));
    }
    let mut made = Vec::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut texts = BTreeSet::new();
    for button in list {
        let button = button.as_object().cloned().unwrap_or_default();
        let button = self::button(world, wish, &button)?;
        let kind = button["type"].as_str().unwrap_or_default().to_owned();
        *counts.entry(kind).or_default() += 1;
        if let Some(text) = button["text"].as_str()
            && !texts.insert(text.to_owned())
        {
            return Err(wrong(
                None,
                "Buttons have the same text",
                "Each button of a template needs a text of its own.",
            ));
        }
        made.push(button);
    }
    let count = |kind: &str| counts.get(kind).copied().unwrap_or_default();
    for (kind, most) in [
        ("URL", 2),
        ("PHONE_NUMBER", 1),
        ("COPY_CODE", 1),
        ("FLOW", 1),
        ("VOICE_CALL", 1),
    ] {
        if count(kind) > most {
            return Err(wrong(
                None,
                "Too many buttons of a type",
                format!("A template can have {most} of the buttons of the type {kind}."),
            ));
        }
    }
    for alone in ["CATALOG", "MPM", "SPM"] {
        if count(alone) > 0 && made.len() > 1 {
            return Err(wrong(
                None,
                "Buttons cannot be combined",
                format!("A button of the type {alone} is the only one of its template."),
            ));
        }
    }
    // Quick replies are together: all first, or all last.
    let is_quick = |button: &Value| button["type"] == "QUICK_REPLY";
    let changes = made
        .windows(2)
        .filter(|pair| is_quick(&pair[0]) != is_quick(&pair[1]))
        .count();
    if changes > 1 {
        return Err(wrong(
            None,
            "Buttons are not grouped",
            "Quick replies and other buttons can't take turns: put the quick replies together.",
        ));
    }
    Ok(json!({"type": "BUTTONS", "buttons": made}))
}

fn button(
    world: &World,
    wish: &Wish<'_>,
    button: &Map<String, Value>,
) -> Result<Value, GraphError> {
    let kind = word(button, "type");
    let mut made = json!({"type": kind});
    let needs_text =
        !["COPY_CODE", "MPM", "SPM", "CATALOG", "REQUEST_CONTACT_INFO"].contains(&kind.as_str());
    match button.get("text").and_then(Value::as_str) {
        Some(text) => {
            if text.is_empty() || text.chars().count() > LONGEST_BUTTON {
                return Err(too_long("text of a button", LONGEST_BUTTON));
            }
            if text.contains("{{") || text.contains('\n') {
                return Err(wrong(
                    None,
                    "Buttons cannot have variables",
                    "The text of a button can have no variables, new lines, emojis or formatting.",
                ));
            }
            made["text"] = text.into();
        }
        None if needs_text => {
            return Err(wrong(
                None,
                "Button text is missing",
                format!("A button of the type {kind} needs its `text`."),
            ));
        }
        // Meta has texts of its own for these.
        None => {
            let own = match kind.as_str() {
                "COPY_CODE" => "Copy offer code",
                "CATALOG" => "View catalog",
                "MPM" => "View items",
                "SPM" => "View",
                _ => "Share phone number",
            };
            made["text"] = own.into();
        }
    }
    match kind.as_str() {
        "QUICK_REPLY" | "CATALOG" | "MPM" | "SPM" | "REQUEST_CONTACT_INFO" => {}
        "URL" => url_button(button, &mut made)?,
        "PHONE_NUMBER" => {
            let phone = button.get("phone_number").and_then(Value::as_str);
            let phone = phone.filter(|phone| (1..=LONGEST_PHONE).contains(&phone.chars().count()));
            let phone = phone.ok_or_else(|| {
                wrong(
                    None,
                    "Phone number is not valid",
                    "A button of the type PHONE_NUMBER needs its `phone_number`, with at most 20 \
                     characters.",
                )
            })?;
            made["phone_number"] = phone.into();
        }
        "COPY_CODE" => {
            let example = button.get("example").unwrap_or(&Value::Null);
            let example = example.as_str().or_else(|| example[0].as_str());
            let example = example.ok_or_else(|| missing_sample("buttons"))?;
            if example.chars().count() > LONGEST_COUPON {
                return Err(too_long("sample of the code", LONGEST_COUPON));
            }
            made["example"] = json!([example]);
        }
        "FLOW" => flow_button(world, wish, button, &mut made)?,
        "VOICE_CALL" => {
            if let Some(ttl) = button.get("ttl_minutes") {
                made["ttl_minutes"] = ttl.clone();
            }
        }
        "OTP" => {
            return Err(wrong(
                None,
                "Button type is not allowed",
                "Buttons of the type OTP are for templates of the category AUTHENTICATION.",
            ));
        }
        other => {
            return Err(GraphError::parameter(format_args!(
                "Param components['buttons']['type'] must be one of {{QUICK_REPLY, URL, \
                 PHONE_NUMBER, COPY_CODE, OTP, FLOW, CATALOG, MPM, SPM, VOICE_CALL, \
                 REQUEST_CONTACT_INFO}} - got \"{other}\"."
            )));
        }
    }
    Ok(made)
}

fn url_button(button: &Map<String, Value>, made: &mut Value) -> Result<(), GraphError> {
    let invalid = |message: &str| wrong(None, "Button URL is not valid", message);
    let url = button
        .get("url")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if url.chars().count() > LONGEST_URL {
        return Err(too_long("URL of a button", LONGEST_URL));
    }
    let plain = match url.split_once("{{") {
        None => url.to_owned(),
        Some((start, rest)) => match rest.split_once("}}") {
            Some((_, "")) => format!("{start}x"),
            _ => {
                return Err(invalid(
                    "A variable stands at the end of a button's URL, and alone.",
                ));
            }
        },
    };
    if !is_web_url(&plain) {
        return Err(invalid("The URL of a button is not an http or https URL."));
    }
    if plain.contains("wa.me/") || plain.contains("whatsapp.com/") {
        return Err(invalid("The URL of a button can't be a link to WhatsApp."));
    }
    made["url"] = url.into();
    if let Some(link) = button.get("app_deep_link") {
        made["app_deep_link"] = link.clone();
    }
    if url.contains("{{") {
        let example = button.get("example").unwrap_or(&Value::Null);
        let example = example.as_str().or_else(|| example[0].as_str());
        let example = example.ok_or_else(|| missing_sample("buttons"))?;
        made["example"] = json!([example]);
    }
    Ok(())
}

fn flow_button(
    world: &World,
    wish: &Wish<'_>,
    button: &Map<String, Value>,
    made: &mut Value,
) -> Result<(), GraphError> {
    let invalid = |message: String| wrong(None, "Flow is not valid", message);
    let text = |key: &str| match button.get(key) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let flow = match (text("flow_id"), text("flow_name"), button.get("flow_json")) {
        (Some(id), None, None) => world
            .flows
            .get(&id)
            .filter(|flow| flow.waba_id == wish.waba_id),
        (None, Some(name), None) => world.flow_by_name(wish.waba_id, &name),
        (None, None, Some(_)) => {
            return Err(GraphError::not_known_here("templates with `flow_json`"));
        }
        _ => {
            return Err(invalid(
                "A button of the type FLOW needs one of flow_id, flow_name and flow_json.".into(),
            ));
        }
    };
    let flow = flow.ok_or_else(|| invalid("The account has no such Flow.".to_owned()))?;
    made["flow_id"] = crate::templates::number_of(&flow.id);
    let action = text("flow_action")
        .unwrap_or_else(|| "navigate".to_owned())
        .to_uppercase();
    if !["NAVIGATE", "DATA_EXCHANGE"].contains(&action.as_str()) {
        return Err(invalid(
            "flow_action is one of navigate and data_exchange.".to_owned(),
        ));
    }
    made["flow_action"] = action.as_str().into();
    if let Some(screen) = text("navigate_screen") {
        let known = crate::flow_json::screen_ids(flow.json.as_deref().unwrap_or_default());
        if !known.contains(&screen) {
            return Err(invalid(format!("The Flow has no screen {screen}.")));
        }
        made["navigate_screen"] = screen.into();
    }
    if let Some(icon) = text("icon") {
        made["icon"] = icon.into();
    }
    Ok(())
}

fn carousel(
    world: &World,
    wish: &Wish<'_>,
    component: &Map<String, Value>,
) -> Result<Value, GraphError> {
    let cards = component.get("cards").and_then(Value::as_array);
    let cards = cards.map_or(&[][..], Vec::as_slice);
    if !CARDS.contains(&cards.len()) {
        return Err(wrong(
            None,
            "Number of cards is not valid",
            format!("A carousel has {} to {} cards.", CARDS.start(), CARDS.end()),
        ));
    }
    let mut made = Vec::new();
    let mut shapes = BTreeSet::new();
    for card in cards {
        let components = card["components"].as_array();
        let mut checked = Vec::new();
        let mut shape = Vec::new();
        for component in components.into_iter().flatten() {
            let component = component.as_object().cloned().unwrap_or_default();
            let kind = word(&component, "type");
            let part = match kind.as_str() {
                "HEADER" => {
                    let header = header(world, wish, &component)?;
                    let format = header["format"].as_str().unwrap_or_default();
                    if !["IMAGE", "VIDEO", "PRODUCT"].contains(&format) {
                        return Err(wrong(
                            None,
                            "Card header is not valid",
                            "The header of a card is an image, a video or a product.",
                        ));
                    }
                    shape.push(format.to_owned());
                    header
                }
                "BODY" => body_of_card(wish, &component)?,
                "BUTTONS" => {
                    let buttons = buttons(world, wish, &component)?;
                    let list = buttons["buttons"].as_array().map_or(&[][..], Vec::as_slice);
                    if list.len() > 2 {
                        return Err(wrong(
                            None,
                            "Too many buttons",
                            "A card can have two buttons.",
                        ));
                    }
                    shape.extend(list.iter().map(|button| button["type"].to_string()));
                    buttons
                }
                other => {
                    return Err(GraphError::parameter(format_args!(
                        "Param cards['components']['type'] must be one of {{HEADER, BODY, \
                         BUTTONS}} - got \"{other}\"."
                    )));
                }
            };
            shape.push(kind);
            checked.push(part);
        }
        if !shape.iter().any(|part| part == "HEADER") || !shape.iter().any(|part| part == "BUTTONS")
        {
            return Err(wrong(
                None,
                "Card is not complete",
                "Each card of a carousel needs a header and at least one button.",
            ));
        }
        shapes.insert(shape);
        made.push(json!({"components": checked}));
    }
    if shapes.len() > 1 {
        return Err(wrong(
            None,
            "Cards differ",
            "All cards of a carousel have the same components in the same order.",
        ));
    }
    Ok(json!({"type": "CAROUSEL", "cards": made}))
}

fn body_of_card(wish: &Wish<'_>, component: &Map<String, Value>) -> Result<Value, GraphError> {
    let text = text_of(component, "body")?;
    if text.chars().count() > LONGEST_CARD_BODY {
        return Err(too_long("body of a card", LONGEST_CARD_BODY));
    }
    let variables = variables(wish, text, "body", subcodes::BODY)?;
    check_samples(wish, component, "body", &variables)?;
    let mut made = json!({"type": "BODY", "text": text});
    if let Some(example) = component.get("example") {
        made["example"] = example.clone();
    }
    Ok(made)
}

fn offer(
    wish: &Wish<'_>,
    component: &Map<String, Value>,
    all: &BTreeMap<String, Map<String, Value>>,
) -> Result<Value, GraphError> {
    if wish.category != "MARKETING" {
        return Err(wrong(
            None,
            "Limited-time offer is not allowed",
            "Limited-time offers are for templates of the category MARKETING.",
        ));
    }
    let none = Value::Null;
    let offer = component.get("limited_time_offer").unwrap_or(&none);
    let text = offer["text"].as_str().unwrap_or_default();
    if text.is_empty() || text.chars().count() > LONGEST_OFFER {
        return Err(too_long("text of the limited-time offer", LONGEST_OFFER));
    }
    let expires = offer["has_expiration"].as_bool().unwrap_or(false);
    let buttons = all
        .get("BUTTONS")
        .and_then(|component| component.get("buttons"));
    let has_code = buttons
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .any(|button| {
            button["type"]
                .as_str()
                .is_some_and(|kind| kind.eq_ignore_ascii_case("COPY_CODE"))
        });
    if expires && !has_code {
        return Err(wrong(
            None,
            "Limited-time offer is not complete",
            "An offer that expires needs a button of the type COPY_CODE.",
        ));
    }
    Ok(json!({
        "type": "LIMITED_TIME_OFFER",
        "limited_time_offer": {"text": text, "has_expiration": expires},
    }))
}

/// Templates of one-time codes: Meta writes their texts.
fn authentication(all: &BTreeMap<String, Map<String, Value>>) -> Result<Vec<Value>, GraphError> {
    let not_allowed = |message: &str| wrong(None, "Component is not allowed", message);
    if let Some(kind) = all
        .keys()
        .find(|kind| !["BODY", "FOOTER", "BUTTONS"].contains(&kind.as_str()))
    {
        return Err(not_allowed(&format!(
            "A template of the category AUTHENTICATION has no component of the type {kind}."
        )));
    }
    let recommends = all["BODY"]
        .get("add_security_recommendation")
        .and_then(Value::as_bool);
    let recommends = recommends.unwrap_or(false);
    if all["BODY"].contains_key("text") {
        return Err(not_allowed(
            "The body of a template of the category AUTHENTICATION is Meta's own and has no text.",
        ));
    }
    let advice = if recommends {
        " For your security, do not share this code."
    } else {
        ""
    };
    let mut made = vec![json!({
        "type": "BODY",
        "text": format!("*{{{{1}}}}* is your verification code.{advice}"),
        "add_security_recommendation": recommends,
        "example": {"body_text": [["123456"]]},
    })];
    let mut minutes = None;
    if let Some(footer) = all.get("FOOTER") {
        let given = footer
            .get("code_expiration_minutes")
            .and_then(Value::as_u64);
        let given = given
            .filter(|minutes| (1..=90).contains(minutes))
            .ok_or_else(|| {
                GraphError::parameter("Param code_expiration_minutes must be between 1 and 90.")
            })?;
        minutes = Some(given);
        made.push(json!({
            "type": "FOOTER",
            "text": format!("This code expires in {given} minutes."),
            "code_expiration_minutes": given,
        }));
    }
    let buttons = all
        .get("BUTTONS")
        .and_then(|component| component.get("buttons"));
    let buttons = buttons
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let [button] = buttons else {
        return Err(not_allowed(
            "A template of the category AUTHENTICATION has one button, of the type OTP.",
        ));
    };
    made.push(json!({"type": "BUTTONS", "buttons": [otp_button(button, minutes)?]}));
    Ok(made)
}

fn otp_button(button: &Value, minutes: Option<u64>) -> Result<Value, GraphError> {
    let none = Map::new();
    let members = button.as_object().unwrap_or(&none);
    if word(members, "type") != "OTP" {
        return Err(wrong(
            None,
            "Component is not allowed",
            "A template of the category AUTHENTICATION has one button, of the type OTP.",
        ));
    }
    let kind = word(members, "otp_type");
    if !["COPY_CODE", "ONE_TAP", "ZERO_TAP"].contains(&kind.as_str()) {
        return Err(GraphError::parameter(format_args!(
            "Param components['buttons']['otp_type'] must be one of {{COPY_CODE, ONE_TAP, \
             ZERO_TAP}} - got \"{kind}\"."
        )));
    }
    let mut url = format!("https://www.whatsapp.com/otp/code/?otp_type={kind}");
    if let Some(minutes) = minutes {
        url.push_str(&format!("&code_expiration_minutes={minutes}"));
    }
    let mut apps = Vec::new();
    if kind != "COPY_CODE" {
        // Older requests have one app, beside the other members.
        let own = json!([{
            "package_name": button["package_name"],
            "signature_hash": button["signature_hash"],
        }]);
        let given = match &button["supported_apps"] {
            Value::Array(apps) => apps.clone(),
            _ if button["package_name"].is_string() => own.as_array().cloned().unwrap_or_default(),
            _ => Vec::new(),
        };
        if given.is_empty() || given.len() > MOST_APPS {
            return Err(wrong(
                None,
                "Apps are missing",
                format!("A button of the type {kind} needs 1 to {MOST_APPS} supported_apps."),
            ));
        }
        for app in &given {
            let hash = app["signature_hash"].as_str().unwrap_or_default();
            if !app["package_name"]
                .as_str()
                .is_some_and(|name| name.contains('.'))
                || hash.chars().count() != 11
            {
                return Err(wrong(
                    None,
                    "App is not valid",
                    "Each of the supported_apps needs a package_name with a period, and a \
                     signature_hash of 11 characters.",
                ));
            }
        }
        if kind == "ZERO_TAP" && button["zero_tap_terms_accepted"] != true {
            return Err(wrong(
                None,
                "Terms are not accepted",
                "A button of the type ZERO_TAP needs zero_tap_terms_accepted to be true.",
            ));
        }
        let encode = |text: &Value| -> String {
            form_urlencoded::byte_serialize(text.as_str().unwrap_or_default().as_bytes()).collect()
        };
        for app in &given {
            url.push_str(&format!(
                "&cta_display_name=Autofill&package_name={}&signature_hash={}",
                encode(&app["package_name"]),
                encode(&app["signature_hash"]),
            ));
        }
        apps = given;
    }
    url.push_str("&code=otp{{1}}");
    let text = button["text"].as_str().unwrap_or("Copy code");
    if text.chars().count() > LONGEST_BUTTON {
        return Err(too_long("text of a button", LONGEST_BUTTON));
    }
    let mut made = json!({
        "type": "URL",
        "text": text,
        "url": url.clone(),
        "example": [url.replace("{{1}}", "123456")],
    });
    if !apps.is_empty() {
        made["autofill_text"] = button["autofill_text"]
            .as_str()
            .unwrap_or("Autofill")
            .into();
    }
    Ok(made)
}

fn text_of<'a>(component: &'a Map<String, Value>, part: &str) -> Result<&'a str, GraphError> {
    let text = component.get("text").and_then(Value::as_str);
    text.filter(|text| !text.trim().is_empty()).ok_or_else(|| {
        let subcode = match part {
            "header" => subcodes::HEADER,
            "body" => subcodes::BODY,
            _ => subcodes::FOOTER,
        };
        let title = format!("Message {part} format is incorrect");
        wrong(
            Some(subcode),
            &title,
            format!("The {part} needs its `text`."),
        )
    })
}

/// A member in capitals, as templates read back.
fn word(component: &Map<String, Value>, key: &str) -> String {
    let word = component.get(key).and_then(Value::as_str);
    word.unwrap_or_default().to_uppercase()
}
