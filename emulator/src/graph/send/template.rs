//! Template messages: the template must exist, and the parameters must be those that it has.
//!
//! Not here: how templates come to exist (`templates`).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::GraphError;
use crate::graph::params::Object;
use crate::graph::send::content::{MediaRef, check_source};
use crate::platform::kinds::MediaKind;
use crate::platform::model::Template;
use crate::platform::thread::{Choice, ChoiceKind, OfferedFlow, Rendered};
use crate::platform::world::World;

/// Characters of a body with its parameters filled in.
const LONGEST_BODY: usize = 1024;
/// Characters of a one-time code.
const LONGEST_CODE: usize = 15;
/// Characters of a code that is copied.
const LONGEST_COUPON: usize = 20;

/// A template message that can go out.
#[derive(Debug, Default)]
pub(super) struct Checked<'a> {
    /// What the customer can tap.
    pub(super) choices: Vec<Choice>,
    pub(super) rendered: Rendered,
    /// Media in its headers, by id.
    pub(super) media: Vec<MediaRef<'a>>,
    pub(super) flow: Option<OfferedFlow>,
}

/// The template that `template` names, if it can be sent.
pub(super) fn find<'w>(
    world: &'w World,
    waba_id: &str,
    sent: &Object<'_>,
) -> Result<&'w Template, GraphError> {
    let name = sent.text("name")?;
    let language = sent.object("language")?.text("code")?.to_owned();
    let unknown = || {
        let details = format!("template name ({name}) does not exist in {language}");
        GraphError::detailed(132001, details)
    };
    let template = world
        .template(waba_id, name, &language)
        .ok_or_else(unknown)?;
    match template.status.as_str() {
        "APPROVED" | "FLAGGED" | "LIMIT_EXCEEDED" => Ok(template),
        "PAUSED" => Err(GraphError::cloud(132015)),
        "DISABLED" => Err(GraphError::cloud(132016)),
        _ => Err(unknown()),
    }
}

/// Checks the parameters; gives what the customer gets.
pub(super) fn check<'a>(template: &Template, sent: &Object<'a>) -> Result<Checked<'a>, GraphError> {
    let components = sent.optional_list("components")?;
    let known = [
        "header",
        "body",
        "button",
        "carousel",
        "limited_time_offer",
        "footer",
        "buttons",
    ];
    for component in &components {
        let kind = component.text("type")?;
        if !known.iter().any(|known| known.eq_ignore_ascii_case(kind)) {
            return Err(GraphError::parameter(format!(
                "Param {} must be one of {{HEADER, BODY, BUTTON, CAROUSEL, LIMITED_TIME_OFFER}} - \
                 got \"{kind}\".",
                component.name_of("type")
            )));
        }
    }
    let mut checked = Checked::default();
    let is_code = template.category == "AUTHENTICATION";
    check_parts(
        template,
        &template.components,
        &components,
        is_code,
        &mut checked,
    )?;
    for declared in template.components_of("LIMITED_TIME_OFFER") {
        check_offer(declared, given(&components, "limited_time_offer"))?;
    }
    for declared in template.components_of("CAROUSEL") {
        check_carousel(
            template,
            declared,
            given(&components, "carousel"),
            &mut checked,
        )?;
    }
    Ok(checked)
}

fn given<'c, 'a>(components: &'c [Object<'a>], wanted: &str) -> Option<&'c Object<'a>> {
    components
        .iter()
        .find(|component| is_type(component, wanted))
}

/// Header, body, footer and buttons: of the message itself, or of a card.
fn check_parts<'a>(
    template: &Template,
    declared: &[Value],
    components: &[Object<'a>],
    is_code: bool,
    checked: &mut Checked<'a>,
) -> Result<(), GraphError> {
    let has_header = declared
        .iter()
        .any(|component| word(component, "type") == "HEADER");
    if let Some(header) = given(components, "header")
        && !has_header
        && !parameters_of(Some(header))?.is_empty()
    {
        return Err(GraphError::detailed(
            132012,
            "header: Format mismatch, expected UNKNOWN: the template has no header",
        ));
    }
    let mut rendered = Rendered::default();
    for component in declared {
        match word(component, "type").as_str() {
            "HEADER" => {
                let given = given(components, "header");
                rendered.header = Some(check_header(template, component, given, checked)?);
            }
            "BODY" => {
                let given = given(components, "body");
                rendered.body = check_body(template, component, given, is_code)?;
            }
            "FOOTER" => rendered.footer = component["text"].as_str().map(str::to_owned),
            "BUTTONS" => check_buttons(component, components, &mut rendered, checked)?,
            _ => {}
        }
    }
    if !declared
        .iter()
        .any(|component| word(component, "type") == "BUTTONS")
        && components
            .iter()
            .any(|component| is_type(component, "button"))
    {
        return Err(GraphError::detailed(
            132012,
            "buttons: the template has no buttons",
        ));
    }
    checked.rendered = rendered;
    Ok(())
}

fn check_header<'a>(
    template: &Template,
    declared: &Value,
    given: Option<&Object<'a>>,
    checked: &mut Checked<'a>,
) -> Result<String, GraphError> {
    let format = word(declared, "format");
    if format.is_empty() || format == "TEXT" {
        let values = check_texts(template, "header", declared, given)?;
        return Ok(filled(
            declared["text"].as_str().unwrap_or_default(),
            &values,
        ));
    }
    let parameters = parameters_of(given)?;
    let received = match parameters.first() {
        Some(parameter) => parameter.text("type")?.to_uppercase(),
        None => "UNKNOWN".to_owned(),
    };
    // The product of a product header may be named by the carousel's card.
    if received != format && format != "PRODUCT" {
        return Err(GraphError::detailed(
            132012,
            format!("header: Format mismatch, expected {format}, received {received}"),
        ));
    }
    let Some(parameter) = parameters.first() else {
        return Ok(format!("[{}]", format.to_lowercase()));
    };
    match format.as_str() {
        "IMAGE" | "VIDEO" | "DOCUMENT" | "GIF" => {
            let kind = format.to_lowercase();
            let id = check_source(&parameter.object(&kind)?)?;
            let kind = MediaKind::of(if kind == "gif" { "video" } else { &kind });
            checked
                .media
                .extend(id.zip(kind).map(|(id, kind)| MediaRef { kind, id }));
        }
        "LOCATION" => {
            let location = parameter.object("location")?;
            for key in ["latitude", "longitude", "name", "address"] {
                if location.get(key).is_none() {
                    return Err(location.missing(key));
                }
            }
        }
        _ => {}
    }
    Ok(format!("[{}]", format.to_lowercase()))
}

fn check_body(
    template: &Template,
    declared: &Value,
    given: Option<&Object<'_>>,
    is_code: bool,
) -> Result<String, GraphError> {
    let text = declared["text"].as_str().unwrap_or_default();
    if is_code {
        let code = check_code(given)?;
        let text = if text.is_empty() {
            "*{{1}}* is your verification code."
        } else {
            text
        };
        return Ok(filled(text, &[("1".to_owned(), code)].into()));
    }
    let values = check_texts(template, "body", declared, given)?;
    let made = filled(text, &values);
    if made.chars().count() > LONGEST_BODY {
        let details = format!("body: the text is longer than {LONGEST_BODY} characters");
        return Err(GraphError::detailed(132005, details));
    }
    Ok(made)
}

/// The body of an authentication template is Meta's own; its one parameter is the code.
fn check_code(given: Option<&Object<'_>>) -> Result<String, GraphError> {
    let parameters = parameters_of(given)?;
    check_count("body", parameters.len(), 1)?;
    let code = parameters[0].text("text")?;
    if code.chars().count() > LONGEST_CODE {
        let details = format!("body: the code is longer than {LONGEST_CODE} characters");
        return Err(GraphError::detailed(132018, details));
    }
    Ok(code.to_owned())
}

/// Checks the parameters of a text with placeholders; gives the values by name or number.
fn check_texts(
    template: &Template,
    part: &str,
    declared: &Value,
    given: Option<&Object<'_>>,
) -> Result<BTreeMap<String, String>, GraphError> {
    let expected = placeholders(declared);
    let parameters = parameters_of(given)?;
    check_count(part, parameters.len(), expected.len())?;
    let is_named = template.parameter_format == "NAMED";
    let mut values = BTreeMap::new();
    for (index, parameter) in parameters.iter().enumerate() {
        let value = value_of(part, parameter)?;
        check_parameter_text(part, &value)?;
        if !is_named {
            values.insert((index + 1).to_string(), value);
            continue;
        }
        let name = parameter.text("parameter_name")?;
        if !expected.contains(&name) {
            let details = format!("{part}: the template has no parameter named `{name}`");
            return Err(GraphError::detailed(132000, details));
        }
        if values.insert(name.to_owned(), value).is_some() {
            let details = format!("{part}: the parameter `{name}` is given twice");
            return Err(GraphError::detailed(132000, details));
        }
    }
    Ok(values)
}

/// The text of a parameter: a text, an amount of money, a date.
fn value_of(part: &str, parameter: &Object<'_>) -> Result<String, GraphError> {
    let kind = parameter.optional_text("type")?.unwrap_or("text");
    let value = match kind.to_lowercase().as_str() {
        "text" => parameter.text("text")?,
        "currency" => {
            let currency = parameter.object("currency")?;
            currency.text("code")?;
            if !currency.get("amount_1000").is_some_and(Value::is_number) {
                return Err(currency.missing("amount_1000"));
            }
            currency.text("fallback_value")?
        }
        "date_time" => parameter.object("date_time")?.text("fallback_value")?,
        other => {
            return Err(GraphError::detailed(
                132012,
                format!(
                    "{part}: Format mismatch, expected TEXT, received {}",
                    other.to_uppercase()
                ),
            ));
        }
    };
    Ok(value.to_owned())
}

fn check_count(part: &str, received: usize, expected: usize) -> Result<(), GraphError> {
    if received == expected {
        return Ok(());
    }
    Err(GraphError::detailed(
        132000,
        format!(
            "{part}: number of localizable_params ({received}) does not match the expected number \
             of params ({expected})"
        ),
    ))
}

fn check_parameter_text(part: &str, text: &str) -> Result<(), GraphError> {
    if text.contains(['\n', '\t']) || text.contains("     ") {
        return Err(GraphError::detailed(
            132018,
            format!(
                "{part}: Param text cannot have new-line/tab characters or more than 4 \
                 consecutive spaces"
            ),
        ));
    }
    Ok(())
}

fn check_buttons<'a>(
    declared: &Value,
    components: &[Object<'a>],
    rendered: &mut Rendered,
    checked: &mut Checked<'a>,
) -> Result<(), GraphError> {
    let buttons = declared["buttons"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    for component in components.iter().filter(|c| is_type(c, "button")) {
        let index = index_of(component);
        let button = index.and_then(|index| buttons.get(index));
        let Some(button) = button else {
            let index = index.map_or_else(|| "unknown".to_owned(), |index| index.to_string());
            return Err(GraphError::detailed(
                132012,
                format!("buttons: the template has no button at index {index}"),
            ));
        };
        let kind = component.text("sub_type")?.to_uppercase();
        let expected = word(button, "type");
        // A one-time code's button is a URL, however it was declared.
        if kind != expected && !(kind == "URL" && expected == "OTP") {
            return Err(GraphError::detailed(
                132012,
                format!("buttons: Format mismatch, expected {expected}, received {kind}"),
            ));
        }
    }
    for (index, button) in buttons.iter().enumerate() {
        let given = components
            .iter()
            .find(|component| is_type(component, "button") && index_of(component) == Some(index));
        let parameters = parameters_of(given)?;
        let first = parameters.first();
        let title = button["text"].as_str().unwrap_or_default();
        let required = |kind: &str| {
            GraphError::detailed(
                131008,
                format!("buttons: Button at index {index} of type {kind} requires a parameter"),
            )
        };
        let mut shown = title.to_owned();
        match word(button, "type").as_str() {
            "QUICK_REPLY" => {
                let payload = match first {
                    Some(parameter) => parameter.text("payload")?,
                    None => title,
                };
                checked.choices.push(Choice {
                    kind: ChoiceKind::QuickReply,
                    id: payload.to_owned(),
                    title: title.to_owned(),
                    description: None,
                });
            }
            "URL" => {
                let url = button["url"].as_str().unwrap_or_default();
                let url = if has_placeholder(&button["url"]) {
                    let parameter = first.ok_or_else(|| required("Url"))?;
                    let text = parameter.text("text")?;
                    let start = url.split("{{").next().unwrap_or_default();
                    format!("{start}{text}")
                } else {
                    url.to_owned()
                };
                shown = format!("{title}: {url}");
            }
            "OTP" if first.is_none() => return Err(required("Url")),
            "COPY_CODE" => {
                let parameter = first.ok_or_else(|| required("CopyCode"))?;
                let code = parameter.text("coupon_code")?;
                if code.is_empty() || code.chars().count() > LONGEST_COUPON {
                    return Err(GraphError::detailed(
                        132018,
                        format!("buttons: the coupon code has 1 to {LONGEST_COUPON} characters"),
                    ));
                }
                shown = format!("{title}: {code}");
            }
            "FLOW" => checked.flow = Some(offered_flow(button, first)?),
            "MPM" => {
                let parameter = first.ok_or_else(|| required("Mpm"))?;
                let action = parameter.object("action")?;
                action.text("thumbnail_product_retailer_id")?;
                for section in action.list("sections")? {
                    section.text("title")?;
                    for product in section.list("product_items")? {
                        product.text("product_retailer_id")?;
                    }
                }
            }
            "CATALOG" => {
                if let Some(parameter) = first {
                    parameter.object("action")?;
                }
            }
            "PHONE_NUMBER" => {
                let phone = button["phone_number"].as_str().unwrap_or_default();
                shown = format!("{title}: {phone}");
            }
            _ => {}
        }
        rendered.buttons.push(shown);
    }
    Ok(())
}

fn offered_flow(button: &Value, parameter: Option<&Object<'_>>) -> Result<OfferedFlow, GraphError> {
    let action = parameter
        .map(|parameter| parameter.object("action"))
        .transpose()?;
    let token = action
        .as_ref()
        .map(|action| action.optional_text("flow_token"))
        .transpose()?
        .flatten();
    let data = action
        .as_ref()
        .and_then(|action| action.get("flow_action_data"));
    let flow_id = match &button["flow_id"] {
        Value::String(id) => id.clone(),
        other => other.to_string(),
    };
    Ok(OfferedFlow {
        flow_id,
        flow_token: token.unwrap_or("unused").to_owned(),
        is_draft: false,
        asks_endpoint: word(button, "flow_action") == "DATA_EXCHANGE",
        screen: button["navigate_screen"].as_str().map(str::to_owned),
        data: data.cloned(),
    })
}

fn check_offer(declared: &Value, given: Option<&Object<'_>>) -> Result<(), GraphError> {
    if declared["limited_time_offer"]["has_expiration"] != true {
        return Ok(());
    }
    let required = || {
        GraphError::detailed(
            131008,
            "limited_time_offer: the parameter expiration_time_ms is required",
        )
    };
    let parameters = parameters_of(given)?;
    let parameter = parameters.first().ok_or_else(required)?;
    let offer = parameter.object("limited_time_offer")?;
    let at_ms: Option<i64> = match offer.get("expiration_time_ms") {
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_i64(),
        None => None,
    };
    match at_ms {
        None => Err(required()),
        // Nothing is said of a time that is past: the offer has ended then.
        Some(_) => Ok(()),
    }
}

fn check_carousel<'a>(
    template: &Template,
    declared: &Value,
    given: Option<&Object<'a>>,
    checked: &mut Checked<'a>,
) -> Result<(), GraphError> {
    let declared = declared["cards"].as_array().map_or(&[][..], Vec::as_slice);
    let given = given.map_or(Ok(Vec::new()), |carousel| carousel.list("cards"))?;
    if given.len() != declared.len() {
        return Err(GraphError::detailed(
            132012,
            format!(
                "carousel: number of cards ({}) does not match the expected number of cards ({})",
                given.len(),
                declared.len()
            ),
        ));
    }
    let mut cards = Vec::new();
    for (index, (declared, card)) in declared.iter().zip(&given).enumerate() {
        let at = match card.get("card_index") {
            Some(Value::String(text)) => text.parse().ok(),
            Some(value) => value.as_u64().and_then(|at| usize::try_from(at).ok()),
            None => return Err(card.missing("card_index")),
        };
        if at != Some(index) {
            return Err(GraphError::detailed(
                132012,
                format!("carousel: the card at {index} has another card_index"),
            ));
        }
        let components = card.optional_list("components")?;
        let parts = declared["components"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let mut inner = Checked::default();
        check_parts(template, parts, &components, false, &mut inner)?;
        checked.choices.extend(inner.choices);
        checked.media.extend(inner.media);
        checked.flow = checked.flow.take().or(inner.flow);
        cards.push(inner.rendered);
    }
    checked.rendered.cards = cards;
    Ok(())
}

fn parameters_of<'a>(component: Option<&Object<'a>>) -> Result<Vec<Object<'a>>, GraphError> {
    component.map_or(Ok(Vec::new()), |component| {
        component.optional_list("parameters")
    })
}

fn is_type(component: &Object<'_>, wanted: &str) -> bool {
    component
        .get("type")
        .and_then(Value::as_str)
        .is_some_and(|kind| kind.eq_ignore_ascii_case(wanted))
}

/// The `index` of a button, which clients send as a number or as text.
fn index_of(component: &Object<'_>) -> Option<usize> {
    match component.get("index")? {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => usize::try_from(number.as_u64()?).ok(),
        _ => None,
    }
}

/// A member of a declared component in capitals, as templates read back.
fn word(component: &Value, key: &str) -> String {
    component[key].as_str().unwrap_or_default().to_uppercase()
}

fn has_placeholder(text: &Value) -> bool {
    text.as_str().is_some_and(|text| text.contains("{{"))
}

/// The different placeholders of a declared text: `1` of `{{1}}`, `name` of `{{name}}`.
fn placeholders(declared: &Value) -> Vec<&str> {
    let text = declared["text"].as_str().unwrap_or_default();
    let mut names: Vec<&str> = Vec::new();
    let found = text
        .split("{{")
        .skip(1)
        .filter_map(|rest| rest.split_once("}}"));
    for (name, _) in found {
        let name = name.trim();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A text with the values in place of its placeholders.
fn filled(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut made = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        made.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            rest = after;
            break;
        };
        made.push_str(values.get(name.trim()).map_or("", String::as_str));
        rest = after;
    }
    made.push_str(rest);
    made
}
