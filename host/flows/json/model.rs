//! The data model of a screen, and what kind of value stands behind a reference.

use std::collections::BTreeMap;

use super::tree::{Node, Value};

/// What kind of value something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Number,
    Flag,
    List(Box<Type>),
    Object(BTreeMap<String, Type>),
    /// It cannot be told.
    Unknown,
}

/// The fields of a screen's data, or of its form.
pub(super) type Fields = BTreeMap<String, Type>;

impl Type {
    /// As JSON Schema calls it.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Number => "number",
            Self::Flag => "boolean",
            Self::List(_) => "array",
            Self::Object(_) => "object",
            Self::Unknown => "unknown",
        }
    }

    /// Of a schema, as far as it can be read.
    pub(super) fn of_schema(schema: &Node) -> Self {
        match schema.get("type").and_then(Node::text) {
            Some("string") => Self::Text,
            Some("number" | "integer") => Self::Number,
            Some("boolean") => Self::Flag,
            Some("array") => {
                let items = schema.get("items").map_or(Self::Unknown, Self::of_schema);
                Self::List(Box::new(items))
            }
            Some("object") => {
                let fields = schema.get("properties").and_then(Node::members);
                let fields = fields.unwrap_or_default().iter();
                let field = |member: &super::tree::Member| {
                    (member.name.clone(), Self::of_schema(&member.node))
                };
                Self::Object(fields.map(field).collect())
            }
            _ => Self::Unknown,
        }
    }

    /// Of a value that is written out.
    pub(super) fn of_value(value: &Node) -> Self {
        match &value.value {
            Value::Text(_) => Self::Text,
            Value::Number(_) => Self::Number,
            Value::Bool(_) => Self::Flag,
            Value::List(_) => Self::List(Box::new(Self::Unknown)),
            Value::Object(_) => Self::Object(BTreeMap::new()),
            Value::Null => Self::Unknown,
        }
    }

    /// What stands behind a path; `None` when nothing does.
    pub(super) fn behind(&self, path: &[String]) -> Option<&Self> {
        const UNKNOWN: &Type = &Type::Unknown;
        let Some((first, rest)) = path.split_first() else {
            return Some(self);
        };
        match self {
            Self::Object(fields) if !fields.is_empty() => fields.get(first)?.behind(rest),
            Self::Object(_) | Self::List(_) | Self::Unknown => Some(UNKNOWN),
            Self::Text | Self::Number | Self::Flag => None,
        }
    }

    /// Whether a value of this kind may stand where the other is wanted.
    pub(super) fn fits(&self, wanted: &Self) -> bool {
        match (self, wanted) {
            (Self::Unknown, _) | (_, Self::Unknown) => true,
            (Self::List(_), Self::List(_)) | (Self::Object(_), Self::Object(_)) => true,
            (a, b) => a == b,
        }
    }
}

/// What is wrong with a schema's example: a value of another kind.
pub(super) fn example_differs(example: &Node, schema: &Node) -> Option<(&'static str, String)> {
    let wanted = Type::of_schema(schema);
    let given = Type::of_value(example);
    if given.fits(&wanted) {
        return None;
    }
    Some((example.kind(), wanted.word().to_owned()))
}
