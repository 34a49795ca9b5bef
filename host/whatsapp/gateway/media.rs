//! Media that a message names by their ids: those of the project's own number, and nobody else's.
//!
//! Most ids are known to the host: what customers sent and what was uploaded. Of one that nobody knows, in an account that
//! projects share, Meta says whether the number has it.

use bytes::Bytes;
use http::Method;
use serde_json::Value;

use super::access::{is_id, is_media_or_error};
use super::body::Parameter;
use super::refused::{Refused, shown};
use super::store::Whose;
use super::{Gateway, GatewayError, Scope, settled};
use crate::projects::ProjectId;
use crate::whatsapp::client::GraphRequest;
use crate::whatsapp::outbox::SendContext;

/// Below these names a message has its media.
const KINDS: [&str; 5] = ["audio", "document", "image", "sticker", "video"];

/// Whose values Meta also takes as texts that hold JSON.
const PARTS: [&str; 8] = [
    "action",
    "card",
    "cards",
    "components",
    "header",
    "interactive",
    "parameters",
    "template",
];

/// How deep parts lie in one another in what Meta takes.
const DEEPEST: usize = 12;

/// The ids that the parameters of a message name.
pub(super) fn named(parameters: &[Parameter<'_>]) -> Result<Vec<String>, Refused> {
    let mut found = Vec::new();
    for parameter in parameters.iter().filter(|parameter| !parameter.is_file) {
        let keys: Vec<&str> = parameter
            .name
            .split(['[', ']'])
            .filter(|key| !key.is_empty())
            .collect();
        match keys.as_slice() {
            [.., kind, "id"] if KINDS.contains(kind) => found.push(parameter.value.to_string()),
            [.., key] if KINDS.contains(key) || PARTS.contains(key) => {
                let value = serde_json::from_str(&parameter.value).unwrap_or_default();
                collect(key, &value, &mut found, 0)?;
            }
            _ => {}
        }
    }
    Ok(found)
}

fn collect(
    name: &str,
    value: &Value,
    found: &mut Vec<String>,
    depth: usize,
) -> Result<(), Refused> {
    if depth > DEEPEST {
        let too_deep = "its parts lie too deep in one another";
        return Err(Refused::Body(too_deep.to_owned()));
    }
    match value {
        Value::Array(items) => {
            for item in items {
                collect(name, item, found, depth + 1)?;
            }
        }
        Value::Object(fields) => {
            let is_medium = KINDS.contains(&name);
            for (key, value) in fields {
                match (key.as_str(), value) {
                    ("id", Value::String(id)) if is_medium => found.push(id.clone()),
                    ("id", Value::Number(id)) if is_medium => found.push(id.to_string()),
                    (key, Value::String(text)) if KINDS.contains(&key) || PARTS.contains(&key) => {
                        let value = serde_json::from_str(text).unwrap_or_default();
                        collect(key, &value, found, depth + 1)?;
                    }
                    (key, value) => collect(key, value, found, depth + 1)?,
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    Ok(())
}

/// The ids of media that a message names, given as Meta's JSON that the host made.
pub fn media_ids(message: &Value) -> Vec<String> {
    let mut found = Vec::new();
    // What is too deep the host does not make.
    let _ = collect("", message, &mut found, 0);
    found
}

impl Gateway {
    /// Looks whether the media that a message names by their ids, given as Meta's JSON, are the project's.
    ///
    /// Fails with [`GatewayError::Denied`] and [`GatewayError::Store`], and when Meta has to be asked and cannot.
    pub async fn has_media(
        &self,
        context: &SendContext,
        scope: &Scope,
        message: &Value,
    ) -> Result<(), GatewayError> {
        let mut found = Vec::new();
        collect("", message, &mut found, 0)?;
        for id in &found {
            self.medium_of(context, scope, id).await?;
        }
        Ok(())
    }

    /// Looks whether a medium is the project's.
    pub(super) async fn medium_of(
        &self,
        context: &SendContext,
        scope: &Scope,
        id: &str,
    ) -> Result<(), GatewayError> {
        let project = context.attempt().project_id;
        if !is_id(id) {
            // Meta has no such id, and says so.
            return Ok(());
        }
        match self.store.whose(project, id).await? {
            Whose::Object => return Ok(()),
            Whose::Nobody => {}
            _ => return Err(Refused::NotYours(shown(id)).into()),
        }
        // A token of one project alone reaches nothing of others.
        if scope.waba_id.is_none() || self.is_alone(scope, ProjectId(project)).await? {
            return Ok(());
        }
        let request = GraphRequest {
            method: Method::GET,
            version: None,
            path: format!("{id}?phone_number_id={}", context.phone_number_id()),
            headers: Default::default(),
            body: Bytes::new(),
        };
        let call = self
            .client
            .call_of(Some(project), context.token(), &request);
        let answer = settled(call.await)?;
        match answer.status.is_success() && is_media_or_error(&answer, id) {
            true => Ok(self.store.remember(project, &[id.to_owned()]).await?),
            false => Err(Refused::NotYours(shown(id)).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use serde_json::json;

    use super::*;

    fn of(pairs: &[(&'static str, String)]) -> Vec<String> {
        let parameter = |(name, value): &(&'static str, String)| Parameter {
            name,
            base: name.split('[').next().unwrap(),
            value: Cow::Owned(value.clone()),
            is_file: false,
        };
        let parameters: Vec<_> = pairs.iter().map(parameter).collect();
        named(&parameters).unwrap()
    }

    #[test]
    fn media_are_found_wherever_a_message_has_them() {
        let header =
            json!({ "type": "button", "header": { "type": "image", "image": { "id": "7" } } });
        let in_text =
            json!({ "header": json!({ "type": "image", "image": { "id": 7 } }).to_string() });
        let template = json!({ "name": "x", "components": [
            { "type": "header", "parameters": [{ "type": "video", "video": { "id": "7" } }] },
        ] });
        let card = json!({ "action": { "cards": [{ "header": { "image": { "id": "7" } } }] } });
        for pair in [
            ("image", json!({ "id": "7", "caption": "us" }).to_string()),
            ("image[id]", "7".to_owned()),
            ("interactive", header.to_string()),
            ("interactive", in_text.to_string()),
            ("interactive[header][image][id]", "7".to_owned()),
            ("interactive", card.to_string()),
            ("template", template.to_string()),
        ] {
            assert_eq!(of(std::slice::from_ref(&pair)), ["7"], "{pair:?}");
        }
        let others =
            json!({ "type": "button", "action": { "buttons": [{ "reply": { "id": "7" } }] } });
        assert_eq!(
            of(&[("interactive", others.to_string())]),
            Vec::<String>::new()
        );
        assert_eq!(
            of(&[(
                "text",
                r#"{"body":"{\"image\":{\"id\":\"7\"}}"}"#.to_owned()
            )]),
            Vec::<String>::new()
        );
    }
}
