//! Reading of parameters: each access names the parameter that is missing or wrong.

use serde_json::{Map, Value};

use crate::error::GraphError;

/// An object among the parameters, and its name, for example `interactive['action']`.
#[derive(Clone, Debug)]
pub(crate) struct Object<'a> {
    pub(crate) map: &'a Map<String, Value>,
    name: String,
}

impl<'a> Object<'a> {
    /// The parameters themselves.
    pub(crate) fn root(map: &'a Map<String, Value>) -> Self {
        Self {
            map,
            name: String::new(),
        }
    }

    /// How Meta names a member: `type` at the root, `text['body']` below.
    pub(crate) fn name_of(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}['{key}']", self.name)
        }
    }

    /// A member that is there; null counts as absent.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    pub(crate) fn text(&self, key: &str) -> Result<&'a str, GraphError> {
        self.optional_text(key)?.ok_or_else(|| self.missing(key))
    }

    pub(crate) fn optional_text(&self, key: &str) -> Result<Option<&'a str>, GraphError> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.mistyped(key, "a string")),
        }
    }

    pub(crate) fn object(&self, key: &str) -> Result<Object<'a>, GraphError> {
        self.optional_object(key)?.ok_or_else(|| self.missing(key))
    }

    pub(crate) fn optional_object(&self, key: &str) -> Result<Option<Object<'a>>, GraphError> {
        let name = self.name_of(key);
        match self.get(key) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(Object { map, name })),
            Some(_) => Err(self.mistyped(key, "a JSON object")),
        }
    }

    /// A member that is an array of objects.
    pub(crate) fn list(&self, key: &str) -> Result<Vec<Object<'a>>, GraphError> {
        let items = match self.get(key) {
            None => return Err(self.missing(key)),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(self.mistyped(key, "an array")),
        };
        items
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let name = format!("{}[{index}]", self.name_of(key));
                let map = item.as_object().ok_or_else(|| {
                    GraphError::parameter(format!("Param {name} must be a JSON object."))
                })?;
                Ok(Object { map, name })
            })
            .collect()
    }

    /// An array of objects, or nothing.
    pub(crate) fn optional_list(&self, key: &str) -> Result<Vec<Object<'a>>, GraphError> {
        match self.get(key) {
            None => Ok(Vec::new()),
            Some(_) => self.list(key),
        }
    }

    /// Fails on members that the object does not have.
    pub(crate) fn only(&self, keys: &[&str]) -> Result<(), GraphError> {
        match self.map.keys().find(|key| !keys.contains(&key.as_str())) {
            None => Ok(()),
            Some(key) => Err(GraphError::parameter(format!(
                "Unexpected key \"{key}\" on param \"{}\".",
                self.name
            ))),
        }
    }

    /// Fails unless a text is between `min` and `max` characters long, in the words of parameters.
    pub(crate) fn check_length(
        &self,
        key: &str,
        text: &str,
        min: usize,
        max: usize,
    ) -> Result<(), GraphError> {
        let length = text.chars().count();
        let name = self.name_of(key);
        if length < min {
            Err(GraphError::parameter(format!(
                "Param {name} must be at least {min} characters long."
            )))
        } else if length > max {
            Err(GraphError::parameter(format!(
                "Param {name} must be at most {max} characters long."
            )))
        } else {
            Ok(())
        }
    }

    pub(crate) fn missing(&self, key: &str) -> GraphError {
        let name = self.name_of(key);
        if self.name.is_empty() && key != "interactive" && key != "template" {
            // The members of every request: Meta checks them before anything else.
            return GraphError::parameter(format!("The parameter {name} is required."));
        }
        GraphError::detailed(131008, format!("The parameter {name} is required."))
    }

    fn mistyped(&self, key: &str, expected: &str) -> GraphError {
        GraphError::parameter(format!("Param {} must be {expected}.", self.name_of(key)))
    }
}

/// Fails unless a text of an interactive message is between `min` and `max` characters long.
pub(crate) fn check_interactive_length(
    what: &str,
    text: &str,
    min: usize,
    max: usize,
) -> Result<(), GraphError> {
    let length = text.chars().count();
    if (min..=max).contains(&length) {
        Ok(())
    } else {
        Err(invalid(format!(
            "{what} length invalid. Min length: {min}, Max length: {max}"
        )))
    }
}

/// Code 131009, with its details.
pub(crate) fn invalid(details: impl Into<String>) -> GraphError {
    GraphError::detailed(131009, details)
}
