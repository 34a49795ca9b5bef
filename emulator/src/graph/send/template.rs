//! Template messages: the template must exist, and the parameters must be those that it has.
//!
//! Not here: how templates come to exist.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::graph::error::GraphError;
use crate::graph::send::content::check_source;
use crate::graph::send::object::Object;
use crate::platform::model::{Template, Waba};
use crate::platform::thread::{Choice, ChoiceKind};

/// Characters of a body with its parameters filled in.
const LONGEST_BODY: usize = 1024;
/// Characters of a one-time code.
const LONGEST_CODE: usize = 15;

/// The approved template that `template` names.
pub(super) fn find<'w>(waba: &'w Waba, sent: &Object<'_>) -> Result<&'w Template, GraphError> {
    let name = sent.text("name")?;
    let language = sent.object("language")?.text("code")?.to_owned();
    let unknown = || {
        let details = format!("template name ({name}) does not exist in {language}");
        GraphError::detailed(132001, details)
    };
    let template = waba
        .templates
        .iter()
        .find(|template| template.name == name && template.language == language)
        .ok_or_else(unknown)?;
    match template.status.as_str() {
        "APPROVED" => Ok(template),
        "PAUSED" => Err(GraphError::cloud(132015)),
        "DISABLED" => Err(GraphError::cloud(132016)),
        _ => Err(unknown()),
    }
}

/// Checks the parameters; gives what the customer can tap.
pub(super) fn check(template: &Template, sent: &Object<'_>) -> Result<Vec<Choice>, GraphError> {
    let components = sent.optional_list("components")?;
    let given = |wanted: &str| {
        components
            .iter()
            .find(|component| is_type(component, wanted))
    };
    for component in &template.components {
        match word(component, "type").as_str() {
            "HEADER" => check_header(template, component, given("header"))?,
            "BODY" => check_body(template, component, given("body"))?,
            _ => {}
        }
    }
    check_buttons(template, &components)
}

fn check_header(
    template: &Template,
    declared: &Value,
    given: Option<&Object<'_>>,
) -> Result<(), GraphError> {
    let format = word(declared, "format");
    if format == "TEXT" {
        return check_texts(template, "header", declared, given);
    }
    let parameters = parameters_of(given)?;
    let received = match parameters.first() {
        Some(parameter) => parameter.text("type")?.to_uppercase(),
        None => "UNKNOWN".to_owned(),
    };
    if received != format {
        return Err(GraphError::detailed(
            132012,
            format!("header: Format mismatch, expected {format}, received {received}"),
        ));
    }
    if let (Some(parameter), "IMAGE" | "VIDEO" | "DOCUMENT") = (parameters.first(), &*format) {
        check_source(&parameter.object(&format.to_lowercase())?)?;
    }
    Ok(())
}

fn check_body(
    template: &Template,
    declared: &Value,
    given: Option<&Object<'_>>,
) -> Result<(), GraphError> {
    if template.category == "AUTHENTICATION" {
        return check_code(given);
    }
    check_texts(template, "body", declared, given)?;
    let mut length = declared["text"]
        .as_str()
        .unwrap_or_default()
        .chars()
        .count();
    for parameter in parameters_of(given)? {
        length += parameter
            .optional_text("text")?
            .map_or(0, |text| text.chars().count());
    }
    for placeholder in placeholders(declared) {
        length = length.saturating_sub(placeholder.chars().count() + "{{}}".len());
    }
    if length > LONGEST_BODY {
        let details = format!("body: the text is longer than {LONGEST_BODY} characters");
        return Err(GraphError::detailed(132005, details));
    }
    Ok(())
}

/// The body of an authentication template is Meta's own; its one parameter is the code.
fn check_code(given: Option<&Object<'_>>) -> Result<(), GraphError> {
    let parameters = parameters_of(given)?;
    check_count("body", parameters.len(), 1)?;
    let code = parameters[0].text("text")?;
    if code.chars().count() > LONGEST_CODE {
        let details = format!("body: the code is longer than {LONGEST_CODE} characters");
        return Err(GraphError::detailed(132018, details));
    }
    Ok(())
}

/// Checks the parameters of a text with placeholders.
fn check_texts(
    template: &Template,
    part: &str,
    declared: &Value,
    given: Option<&Object<'_>>,
) -> Result<(), GraphError> {
    let expected = placeholders(declared);
    let parameters = parameters_of(given)?;
    check_count(part, parameters.len(), expected.len())?;
    for parameter in &parameters {
        if let Some(text) = parameter.optional_text("text")? {
            check_parameter_text(part, text)?;
        }
        if template.parameter_format != "NAMED" {
            continue;
        }
        let name = parameter.text("parameter_name")?;
        if !expected.contains(name) {
            let details = format!("{part}: the template has no parameter named `{name}`");
            return Err(GraphError::detailed(132000, details));
        }
    }
    Ok(())
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

fn check_buttons(
    template: &Template,
    components: &[Object<'_>],
) -> Result<Vec<Choice>, GraphError> {
    let mut choices = Vec::new();
    let declared = template
        .components
        .iter()
        .filter(|component| word(component, "type") == "BUTTONS")
        .filter_map(|component| component["buttons"].as_array())
        .flatten();
    for (index, button) in declared.enumerate() {
        let given = components
            .iter()
            .find(|component| is_type(component, "button") && index_of(component) == Some(index));
        let parameters = parameters_of(given)?;
        match word(button, "type").as_str() {
            "QUICK_REPLY" => {
                let title = button["text"].as_str().unwrap_or_default();
                let payload = match parameters.first() {
                    Some(parameter) => parameter.text("payload")?,
                    None => title,
                };
                choices.push(Choice {
                    kind: ChoiceKind::QuickReply,
                    id: payload.to_owned(),
                    title: title.to_owned(),
                    description: None,
                });
            }
            "URL" if has_placeholder(&button["url"]) && parameters.is_empty() => {
                return Err(GraphError::detailed(
                    131008,
                    format!("buttons: Button at index {index} of type Url requires a parameter"),
                ));
            }
            _ => {}
        }
    }
    Ok(choices)
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
fn placeholders(declared: &Value) -> BTreeSet<&str> {
    let text = declared["text"].as_str().unwrap_or_default();
    text.split("{{")
        .skip(1)
        .filter_map(|rest| rest.split_once("}}"))
        .map(|(name, _)| name.trim())
        .collect()
}
