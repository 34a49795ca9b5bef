//! `wit/messages.json` as the host reads it: once, when the first message is sent or read.
//!
//! What its words mean is said in `xtask/src/messages`, which writes of it what is needed before.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::{Map, Value};

/// The declaration.
pub(super) static DECLARED: LazyLock<Declaration> = LazyLock::new(|| {
    let text = include_str!("../../../wit/messages.json");
    serde_json::from_str(text).expect("a test reads it")
});

#[derive(Debug, Deserialize)]
pub(super) struct Declaration {
    pub(super) types: HashMap<String, TypeDeclared>,
    #[serde(deserialize_with = "by_name")]
    pub(super) messages: HashMap<String, MessageDeclared>,
    pub(super) inbound: Inbound,
}

/// A type of what is sent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Parts {
    Record(Fields),
    Variant(Fields),
    Enum(Map<String, Value>),
}

#[derive(Debug, Deserialize)]
pub(super) struct TypeDeclared {
    #[serde(flatten)]
    pub(super) parts: Parts,
    /// Meta's JSON of a record.
    #[serde(default)]
    pub(super) json: Value,
    #[serde(default)]
    pub(super) rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
pub(super) struct MessageDeclared {
    name: String,
    pub(super) fields: Fields,
    /// What Meta calls it; `$kind` when a field says so.
    #[serde(rename = "type")]
    pub(super) meta_type: String,
    pub(super) json: Value,
    #[serde(default)]
    pub(super) rules: Vec<Rule>,
}

/// Fields in their order.
#[derive(Debug, Default)]
pub(super) struct Fields(pub(super) Vec<(String, Field)>);

#[derive(Debug, Deserialize)]
pub(super) struct Field {
    #[serde(rename = "type", default)]
    pub(super) ty: Type,
    pub(super) chars: Option<(usize, usize)>,
    pub(super) count: Option<(usize, usize)>,
    pub(super) range: Option<(f64, f64)>,
    pub(super) lines: Option<usize>,
    pub(super) pattern: Option<Pattern>,
    #[serde(default)]
    pub(super) url: bool,
    #[serde(default)]
    pub(super) unique: bool,
    /// An object of JSON with something in it.
    #[serde(default)]
    pub(super) filled: bool,
    /// An empty list goes out.
    #[serde(default)]
    pub(super) empty: bool,
    /// What goes out in place of nothing.
    pub(super) absent: Option<Value>,
    /// `text`: a number goes out as text.
    #[serde(rename = "as")]
    pub(super) form: Option<String>,
    /// Meta's JSON of a case.
    #[serde(default)]
    pub(super) json: Value,
    /// Where it is in what comes in.
    pub(super) at: Option<String>,
    /// Where it is in what comes in: the first that has something.
    pub(super) first: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Pattern {
    Date,
    Emoji,
}

/// The type of a field.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Type {
    #[default]
    Text,
    Bool,
    Float,
    /// A whole number, and the largest.
    Whole(u64),
    Object,
    /// JSON within a text.
    JsonText,
    /// Any JSON.
    JsonValue,
    Tuple,
    List(Box<Type>),
    Option(Box<Type>),
    Named(String),
}

/// What holds of several fields together.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Rule {
    Total {
        total: String,
        count: (usize, usize),
    },
    Several {
        several: String,
        need: String,
    },
    Forbids {
        forbids: String,
        when: Map<String, Value>,
    },
    Needs {
        needs: String,
        when: Map<String, Value>,
    },
    Beside {
        field: String,
        #[serde(rename = "needs-field")]
        needs: String,
    },
    OneOf {
        #[serde(rename = "one-of")]
        of: Vec<String>,
    },
    Alike {
        alike: String,
    },
}

/// What comes in.
#[derive(Debug, Deserialize)]
pub(super) struct Inbound {
    pub(super) types: HashMap<String, InboundType>,
    pub(super) message: Fields,
    pub(super) content: Vec<Case>,
    pub(super) status: Fields,
}

#[derive(Debug, Deserialize)]
pub(super) struct InboundType {
    pub(super) record: Fields,
}

/// A type of message that comes in.
#[derive(Debug, Deserialize)]
pub(super) struct Case {
    #[serde(rename = "case")]
    pub(super) name: String,
    pub(super) of: Option<String>,
    pub(super) when: HashMap<String, String>,
    #[serde(default)]
    pub(super) at: String,
    pub(super) needs: Option<String>,
}

impl Declaration {
    pub(super) fn type_named(&self, name: &str) -> &TypeDeclared {
        let found = self.types.get(name);
        found.unwrap_or_else(|| panic!("no type is declared as `{name}`"))
    }
}

fn by_name<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<HashMap<String, MessageDeclared>, D::Error> {
    let mut all: Vec<MessageDeclared> = Vec::deserialize(deserializer)?;
    for message in &mut all {
        // `to` is looked at apart; the others may quote.
        let reply = Field {
            ty: Type::Option(Box::new(Type::Text)),
            chars: Some((1, 512)),
            ..Field::default()
        };
        message.fields.0.push(("reply-to".to_owned(), reply));
    }
    Ok(all
        .into_iter()
        .map(|message| (message.name.clone(), message))
        .collect())
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let all = Map::deserialize(deserializer)?;
        let fields = all
            .into_iter()
            .map(|(name, value)| Ok((name, serde_json::from_value(value)?)));
        let fields: Result<_, serde_json::Error> = fields.collect();
        fields.map(Self).map_err(D::Error::custom)
    }
}

impl Default for Field {
    fn default() -> Self {
        serde_json::from_value(Value::Object(Map::new())).expect("each part has a default")
    }
}

impl Type {
    fn named(text: &str) -> Self {
        if let Some((outer, inner)) = text.strip_suffix('>').and_then(|t| t.split_once('<')) {
            return match outer {
                "list" => Self::List(Box::new(Self::named(inner))),
                "option" => Self::Option(Box::new(Self::named(inner))),
                _ => Self::Tuple,
            };
        }
        match text {
            "string" => Self::Text,
            "bool" => Self::Bool,
            "f64" => Self::Float,
            "u32" => Self::Whole(u32::MAX.into()),
            "u64" => Self::Whole(u64::MAX),
            "json-object" => Self::Object,
            "json-text" => Self::JsonText,
            "json-value" => Self::JsonValue,
            name => Self::Named(name.to_owned()),
        }
    }

    /// What there is when it is there.
    pub(super) fn present(&self) -> &Self {
        match self {
            Self::Option(inner) => inner,
            other => other,
        }
    }
}

impl<'de> Deserialize<'de> for Type {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::named(&String::deserialize(deserializer)?))
    }
}
