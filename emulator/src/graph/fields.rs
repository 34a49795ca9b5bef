//! The `fields` parameter: which fields of a node are answered, under which names.

use serde_json::{Map, Value};

use crate::error::GraphError;

/// A type of node.
#[derive(Debug)]
pub(crate) struct NodeType {
    /// As errors name it.
    pub(crate) name: &'static str,
    /// The fields that are answered when none are asked for.
    pub(crate) defaults: &'static [&'static str],
    /// Fields that such nodes have, but that nothing here sets.
    pub(crate) unset: &'static [&'static str],
}

/// A field that was asked for: `name.modifier(argument){inner}.as(alias)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// What it is called in the answer; its name when absent.
    alias: Option<String>,
    pub(crate) modifiers: Vec<(String, String)>,
    /// What was asked for of the field itself.
    pub(crate) inner: Option<Vec<Field>>,
}

impl Field {
    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// What it is called in the answer.
    pub(crate) fn label(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }

    /// The argument of a modifier.
    pub(crate) fn modifier(&self, name: &str) -> Option<&str> {
        let mut modifiers = self.modifiers.iter();
        let (_, argument) = modifiers.find(|(known, _)| known == name)?;
        Some(argument)
    }
}

/// What is asked for: fields and the parameters of a list, of the request itself or of a field
/// that is a list.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// The default fields when absent.
    pub(crate) fields: Option<Vec<Field>>,
    pub(crate) params: Map<String, Value>,
}

impl Ask {
    /// What a request asks for.
    pub(crate) fn of(params: &Map<String, Value>) -> Result<Self, GraphError> {
        let text = match params.get("fields") {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(names)) => names
                .iter()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(","),
            _ => String::new(),
        };
        let fields = (!text.trim().is_empty())
            .then(|| parse(&text))
            .transpose()?;
        Ok(Self {
            fields,
            params: params.clone(),
        })
    }

    /// What a field that is a list or a node asks for.
    pub(crate) fn within(field: &Field) -> Self {
        let modifiers = field.modifiers.iter();
        let params = modifiers.map(|(name, argument)| (name.clone(), argument.as_str().into()));
        Self {
            fields: field.inner.clone(),
            params: params.collect(),
        }
    }

    /// A parameter as text.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        match self.params.get(key)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            _ => None,
        }
    }
}

/// Keeps the asked-for fields of a node, and its id; its default fields when none are asked for.
///
/// A field that is not set (null) is left out. Fails on fields that the node does not have.
pub(crate) fn project(node: &Value, node_type: &NodeType, ask: &Ask) -> Result<Value, GraphError> {
    project_with(node, node_type, ask, |_| None)
}

/// The same, with fields that have to be made for what is asked of them: lists, and what takes
/// arguments.
pub(crate) fn project_with(
    node: &Value,
    node_type: &NodeType,
    ask: &Ask,
    mut made: impl FnMut(&Field) -> Option<Result<Value, GraphError>>,
) -> Result<Value, GraphError> {
    let defaults;
    let fields = match &ask.fields {
        Some(fields) => fields,
        None => {
            defaults = node_type
                .defaults
                .iter()
                .map(|name| Field::named(name))
                .collect::<Vec<_>>();
            &defaults
        }
    };
    let mut kept = Map::new();
    for field in fields {
        let name = field.name.as_str();
        if (name == "id" && field.alias.is_none()) || node_type.unset.contains(&name) {
            continue;
        }
        let value = match (made(field), node.get(name)) {
            (Some(made), _) => made?,
            (None, Some(value)) => narrowed(value, field.inner.as_deref()),
            (None, None) => return Err(GraphError::unknown_field(name, node_type.name)),
        };
        if !value.is_null() {
            kept.insert(field.label().to_owned(), value);
        }
    }
    if let Some(id) = node.get("id") {
        kept.insert("id".to_owned(), id.clone());
    }
    Ok(Value::Object(kept))
}

/// The inner fields of a value; the value itself when none were asked for.
fn narrowed(value: &Value, inner: Option<&[Field]>) -> Value {
    let Some(inner) = inner else {
        return value.clone();
    };
    match value {
        Value::Object(object) => {
            let pairs = inner.iter().filter_map(|field| {
                let value = object.get(&field.name)?;
                let value = narrowed(value, field.inner.as_deref());
                Some((field.label().to_owned(), value))
            });
            Value::Object(pairs.collect())
        }
        Value::Array(items) => items
            .iter()
            .map(|item| narrowed(item, Some(inner)))
            .collect(),
        plain => plain.clone(),
    }
}

/// Reads a list of fields.
pub(crate) fn parse(text: &str) -> Result<Vec<Field>, GraphError> {
    let mut reader = Reader {
        text,
        rest: text.trim_start(),
    };
    let fields = reader.fields()?;
    if reader.rest.is_empty() {
        Ok(fields)
    } else {
        Err(reader.wrong("end of string"))
    }
}

struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn fields(&mut self) -> Result<Vec<Field>, GraphError> {
        let mut fields = Vec::new();
        loop {
            let is_over = self.rest.is_empty() || self.rest.starts_with('}');
            // A comma at the end is no field, and Graph does not mind it.
            if is_over && !fields.is_empty() {
                return Ok(fields);
            }
            fields.push(self.field()?);
            if !self.eat(',') {
                return Ok(fields);
            }
        }
    }

    fn field(&mut self) -> Result<Field, GraphError> {
        let mut field = Field {
            name: self.name()?.to_owned(),
            ..Field::default()
        };
        loop {
            if self.eat('.') {
                let modifier = self.name()?;
                let argument = self.argument()?;
                if modifier == "as" {
                    field.alias = Some(argument);
                } else {
                    field.modifiers.push((modifier.to_owned(), argument));
                }
            } else if self.eat('{') {
                field.inner = Some(self.fields()?);
                if !self.eat('}') {
                    return Err(self.wrong("\"}\""));
                }
            } else {
                return Ok(field);
            }
        }
    }

    fn name(&mut self) -> Result<&'a str, GraphError> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':');
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        if end == 0 {
            return Err(self.wrong("a field name"));
        }
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        Ok(name)
    }

    /// What is between the parentheses of a modifier, which may have more of them in it.
    fn argument(&mut self) -> Result<String, GraphError> {
        if !self.rest.starts_with('(') {
            return Err(self.wrong("\"(\""));
        }
        let mut depth = 0_usize;
        for (at, c) in self.rest.char_indices() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                let argument = self.rest[1..at].trim();
                self.rest = self.rest[at + 1..].trim_start();
                return Ok(argument.trim_matches(['"', '\'']).to_owned());
            }
        }
        self.rest = "";
        Err(self.wrong("\")\""))
    }

    fn eat(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn wrong(&self, expected: &str) -> GraphError {
        let found = self
            .rest
            .chars()
            .next()
            .map_or_else(|| "end of string".to_owned(), |c| format!("\"{c}\""));
        let at = self.text.chars().count() - self.rest.chars().count();
        GraphError::generic(
            axum::http::StatusCode::BAD_REQUEST,
            2500,
            format!(
                "Syntax error \"Expected {expected} instead of {found}.\" at character {at}: {}",
                self.text
            ),
        )
    }
}
