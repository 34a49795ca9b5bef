//! Flows that a request names in what it says: a message that opens one, the button of a template.
//!
//! They are looked up as ids of paths are: whoever shares an account sends the project's own. What a bot hands to a screen
//! (`flow_action_payload`, `flow_action_data`) is its own business, and so are texts.

use serde_json::Value;

use super::access::is_id;
use super::body::Parameter;
use super::offers::Node;
use super::refused::{Refused, shown};
use super::{Gateway, GatewayError, Scope};
use crate::accounts::Kind;
use crate::projects::ProjectId;
use crate::whatsapp::outbox::SendContext;

const ID: &str = "flow_id";
const NAME: &str = "flow_name";

/// What is in these, no Flow is named by.
const HANDED_OVER: [&str; 3] = ["flow_action_data", "flow_action_payload", "flow_json"];

/// Whose values Meta also takes as texts that hold JSON.
const PARTS: [&str; 9] = [
    "action",
    "button",
    "buttons",
    "card",
    "cards",
    "components",
    "interactive",
    "parameters",
    "template",
];

/// How deep parts lie in one another in what Meta takes.
const DEEPEST: usize = 12;

/// A Flow, as a request names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NamedFlow {
    Id(String),
    /// Meta's name of it, which is unique in an account.
    Name(String),
}

/// The Flows that parameters name.
///
/// Fails when something stands there that names none.
pub(super) fn named(parameters: &[Parameter<'_>]) -> Result<Vec<NamedFlow>, Refused> {
    let mut found = Vec::new();
    for parameter in parameters.iter().filter(|parameter| !parameter.is_file) {
        let mut keys = parameter
            .name
            .split(['[', ']'])
            .filter(|key| !key.is_empty());
        if keys.clone().any(|key| HANDED_OVER.contains(&key)) {
            continue;
        }
        match keys.next_back() {
            Some(ID) => found.push(id(&Value::String(parameter.value.to_string()))?),
            Some(NAME) => found.push(NamedFlow::Name(parameter.value.to_string())),
            Some(key) if PARTS.contains(&key) => {
                let value = serde_json::from_str(&parameter.value).unwrap_or_default();
                collect(&value, &mut found, 0)?;
            }
            _ => {}
        }
    }
    Ok(found)
}

fn collect(value: &Value, found: &mut Vec<NamedFlow>, depth: usize) -> Result<(), Refused> {
    if depth > DEEPEST {
        return Err(Refused::Body(
            "its parts lie too deep in one another".to_owned(),
        ));
    }
    match value {
        Value::Array(items) => {
            for item in items {
                collect(item, found, depth + 1)?;
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                match (key.as_str(), value) {
                    (ID, value) => found.push(id(value)?),
                    (NAME, Value::String(name)) => found.push(NamedFlow::Name(name.clone())),
                    (NAME, _) => return Err(no_flow(NAME)),
                    (key, _) if HANDED_OVER.contains(&key) => {}
                    (key, Value::String(text)) if PARTS.contains(&key) => {
                        let value = serde_json::from_str(text).unwrap_or_default();
                        collect(&value, found, depth + 1)?;
                    }
                    (_, value) => collect(value, found, depth + 1)?,
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    Ok(())
}

fn id(value: &Value) -> Result<NamedFlow, Refused> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return Err(no_flow(ID)),
    };
    match is_id(&text) {
        true => Ok(NamedFlow::Id(text)),
        false => Err(Refused::NotYours(shown(&text))),
    }
}

fn no_flow(name: &str) -> Refused {
    Refused::Value {
        name: name.to_owned(),
        why: "it names a Flow",
    }
}

impl Gateway {
    /// Looks whether the Flows that a message names, given as Meta's JSON, are the project's.
    ///
    /// Fails with [`GatewayError::Denied`] and [`GatewayError::Store`].
    pub async fn has_flows(
        &self,
        context: &SendContext,
        scope: &Scope,
        message: &Value,
    ) -> Result<(), GatewayError> {
        let mut found = Vec::new();
        collect(message, &mut found, 0)?;
        for named in &found {
            self.flow(context, scope, named).await?;
        }
        Ok(())
    }

    /// Looks whether a Flow is the project's.
    pub(super) async fn flow(
        &self,
        context: &SendContext,
        scope: &Scope,
        named: &NamedFlow,
    ) -> Result<(), GatewayError> {
        let (own, text) = match named {
            NamedFlow::Id(id) => {
                let node = self.node(context, scope, id).await?;
                (matches!(node, Node::Object | Node::Granted), id)
            }
            NamedFlow::Name(name) => {
                let project = ProjectId(context.attempt().project_id);
                let own = self.store.has_flow_called(project.0, name).await?
                    || self.is_alone(scope, project).await?;
                (own, name)
            }
        };
        match own {
            true => Ok(()),
            false => Err(Refused::NotYours(shown(text)).into()),
        }
    }

    /// Whether what nobody owns in the project's account is the project's.
    pub(super) async fn is_alone(
        &self,
        scope: &Scope,
        project: ProjectId,
    ) -> Result<bool, GatewayError> {
        let Some(account) = &scope.waba_id else {
            return Ok(false);
        };
        // Nothing has this id.
        let owner = self.accounts.owner_of(account, Kind::Flow, "").await?;
        Ok(owner.is(project))
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use serde_json::json;

    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Result<Vec<NamedFlow>, Refused> {
        let parameter = |(name, value): &(&'static str, &'static str)| Parameter {
            name,
            base: name.split('[').next().unwrap(),
            value: Cow::Borrowed(*value),
            is_file: false,
        };
        let pairs: Vec<(&'static str, &'static str)> = pairs
            .iter()
            .map(|(name, value)| {
                let leak =
                    |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
                (leak(name), leak(value))
            })
            .collect();
        let parameters: Vec<_> = pairs.iter().map(parameter).collect();
        named(&parameters)
    }

    #[test]
    fn flows_are_found_in_every_form_that_meta_reads() {
        let seven = [NamedFlow::Id("7".to_owned())];
        let object =
            json!({ "type": "flow", "action": { "parameters": { "flow_id": "7" } } }).to_string();
        let number = json!({ "action": { "parameters": { "flow_id": 7 } } }).to_string();
        let text =
            json!({ "action": "{\"parameters\":\"{\\\"flow_id\\\":\\\"7\\\"}\"}" }).to_string();
        let button =
            json!([{ "type": "BUTTONS", "buttons": [{ "type": "FLOW", "flow_id": "7" }] }])
                .to_string();
        let card = json!([{ "type": "CAROUSEL", "cards": [{ "components": [{ "buttons": [{ "flow_id": "7" }] }] }] }]);
        for pairs in [
            [("interactive", object.as_str())],
            [("interactive", &number)],
            [("interactive", &text)],
            [("interactive[action][parameters][flow_id]", "7")],
            [("interactive[action][parameters]", r#"{"flow_id":"7"}"#)],
            [("components", &button)],
            [("components", &card.to_string())],
            [("components[0][buttons][0][flow_id]", "7")],
        ] {
            assert_eq!(of(&pairs).unwrap(), seven, "{pairs:?}");
        }
        let name = json!({ "action": { "parameters": { "flow_name": "x" } } }).to_string();
        assert_eq!(
            of(&[("interactive", &name)]).unwrap(),
            [NamedFlow::Name("x".to_owned())]
        );
    }

    #[test]
    fn what_is_handed_over_names_none_and_what_is_no_name_is_refused() {
        let handed = json!({ "action": { "parameters": { "flow_action_payload": { "data": { "flow_id": "9" } } } } });
        for pairs in [
            [("interactive", handed.to_string().as_str())],
            [("text", r#"{"body":"{\"flow_id\":\"9\"}"}"#)],
            [(
                "template[components][0][parameters][0][action][flow_action_data][flow_id]",
                "9",
            )],
        ] {
            assert_eq!(of(&pairs).unwrap(), [], "{pairs:?}");
        }
        for odd in [
            json!({ "flow_id": ["7"] }),
            json!({ "flow_id": "07" }),
            json!({ "flow_name": 1 }),
        ] {
            assert!(of(&[("interactive", &odd.to_string())]).is_err(), "{odd}");
        }
        let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
        assert!(of(&[("interactive", &deep)]).is_err());
    }
}
