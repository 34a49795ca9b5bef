//! Messages and statuses of a webhook, typed by what is declared of them.
//!
//! They become plain values, whose members are called as records of `wit/webhooks.wit` are in Rust. Nothing is left out: what
//! has no type, or is not as its type says, is `content` of the case `Unknown`, and `raw` has all of it.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::declared::{Case, DECLARED, Fields, Type};

/// The longest body that Meta posts, and how many values may be in it.
const MOST_BYTES: usize = 3 << 20;
const MOST_VALUES: usize = 200_000;

/// Why a body is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not JSON.
    #[error("the body is not JSON: it fails at line {line}, column {column}")]
    Malformed {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// It is larger than anything of Meta's.
    #[error("the body is larger than anything that Meta posts, which is 3 MiB")]
    TooLarge,
}

/// The messages in the body of a webhook, in order.
pub fn read_messages(body: &str) -> Result<Vec<Value>, Unreadable> {
    read(body, "messages", |around| {
        let mut message = fields(&DECLARED.inbound.message, around, true).unwrap_or_default();
        message.insert("content".to_owned(), content(around.item));
        Value::Object(message)
    })
}

/// The statuses in the body of a webhook, in order.
pub fn read_statuses(body: &str) -> Result<Vec<Value>, Unreadable> {
    read(body, "statuses", |around| {
        fields(&DECLARED.inbound.status, around, true)
            .unwrap_or_default()
            .into()
    })
}

/// An item, and what the webhook says around it.
#[derive(Clone, Copy)]
struct Around<'v> {
    item: &'v Value,
    contact: &'v Value,
    metadata: &'v Value,
}

/// Who wrote, by both of their ids.
struct Contacts<'v> {
    by_id: HashMap<&'v str, &'v Value>,
    only: Option<&'v Value>,
}

fn read(
    body: &str,
    name: &str,
    item: impl Fn(Around<'_>) -> Value,
) -> Result<Vec<Value>, Unreadable> {
    let values = body
        .bytes()
        .filter(|b| matches!(b, b',' | b'[' | b'{'))
        .count();
    if body.len() > MOST_BYTES || values > MOST_VALUES {
        return Err(Unreadable::TooLarge);
    }
    let root: Value = serde_json::from_str(body).map_err(|error| Unreadable::Malformed {
        line: error.line(),
        column: error.column(),
    })?;
    let mut out = Vec::new();
    for change in list(&root["entry"]).flat_map(|entry| list(&entry["changes"])) {
        let value = &change["value"];
        let contacts = Contacts::of(&value["contacts"]);
        for of in list(&value[name]).filter(|of| of.is_object()) {
            out.push(item(Around {
                item: of,
                contact: contacts.of_item(of),
                metadata: &value["metadata"],
            }));
        }
    }
    Ok(out)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

impl<'v> Contacts<'v> {
    fn of(contacts: &'v Value) -> Self {
        let mut by_id = HashMap::new();
        for contact in list(contacts) {
            for id in ["wa_id", "user_id"] {
                if let Some(id) = contact[id].as_str() {
                    by_id.entry(id).or_insert(contact);
                }
            }
        }
        let all = contacts.as_array().map_or(&[][..], Vec::as_slice);
        let only = if let [only] = all { Some(only) } else { None };
        Self { by_id, only }
    }

    fn of_item(&self, item: &Value) -> &'v Value {
        let ids = ["from", "from_user_id"].into_iter();
        let mut found = ids.filter_map(|id| self.by_id.get(item[id].as_str()?).copied());
        found.next().or(self.only).unwrap_or(&Value::Null)
    }
}

/// The case of `content`, as Rust calls it, and what it holds.
fn content(item: &Value) -> Value {
    let fits = |case: &&Case| {
        let mut when = case.when.iter();
        when.all(|(path, word)| walk(item, path).is_some_and(|value| value == word.as_str()))
    };
    let known = DECLARED.inbound.content.iter().find(fits);
    known.and_then(|case| typed(item, case)).unwrap_or_else(|| {
        let raw = Value::String(item.to_string());
        Value::Object(Map::from_iter([("Unknown".to_owned(), raw)]))
    })
}

fn typed(item: &Value, case: &Case) -> Option<Value> {
    let name = pascal(&case.name);
    let Some(of) = &case.of else {
        return Some(Value::String(name));
    };
    let from = walk(item, &case.at)?;
    let lacks = |list: &String| !from[list.as_str()].is_array();
    if !from.is_object() || case.needs.as_ref().is_some_and(lacks) {
        return None;
    }
    let held = record(of, from)?;
    Some(Value::Object(Map::from_iter([(name, held)])))
}

fn record(name: &str, from: &Value) -> Option<Value> {
    let of = DECLARED.inbound.types.get(name)?;
    let around = Around {
        item: from,
        contact: &Value::Null,
        metadata: &Value::Null,
    };
    fields(&of.record, around, false).map(Value::Object)
}

/// The fields of a record. Of a whole message what must be there and is not is empty; else there is no record.
fn fields(of: &Fields, around: Around<'_>, is_whole: bool) -> Option<Map<String, Value>> {
    let mut out = Map::new();
    for (name, field) in &of.0 {
        if field.ty == Type::Named("content".to_owned()) {
            continue;
        }
        let is_optional = field.first.is_some() || matches!(field.ty, Type::Option(_));
        let own = [field.at.clone().unwrap_or_else(|| name.replace('-', "_"))];
        let paths = field.first.as_deref().unwrap_or(&own);
        let mut found = paths.iter().filter_map(|path| {
            let value = around.at(path)?;
            let is_there =
                value.as_value() != &Value::Null && !(is_optional && value.as_value() == "");
            is_there.then_some(value)
        });
        let found = found.next();
        let value = found.and_then(|found| shaped(&field.ty, found.as_value()));
        let value = match (value, &field.ty) {
            (Some(value), _) => value,
            (None, Type::Option(_)) => Value::Null,
            (None, Type::List(_)) => Value::Array(Vec::new()),
            (None, Type::Bool) => Value::Bool(false),
            (None, Type::Text | Type::JsonText | Type::JsonValue) if is_whole => "".into(),
            (None, _) if is_whole => 0.into(),
            (None, _) => return None,
        };
        out.insert(name.replace('-', "_"), value);
    }
    Some(out)
}

fn shaped(ty: &Type, value: &Value) -> Option<Value> {
    match ty {
        Type::Option(inner) => shaped(inner, value),
        Type::List(inner) => {
            let entries = list(value).filter_map(|entry| shaped(inner, entry));
            Some(entries.collect())
        }
        Type::Text => match value {
            Value::String(_) => Some(value.clone()),
            Value::Number(number) => Some(number.to_string().into()),
            _ => None,
        },
        Type::JsonText => value.is_string().then(|| value.clone()),
        Type::JsonValue => Some(value.to_string().into()),
        Type::Bool => Some(Value::Bool(value == true)),
        Type::Float => number(value).map(Value::from),
        Type::Whole(most) => {
            let number = match value {
                Value::String(text) => text.trim().parse::<u64>().ok(),
                value => value.as_u64(),
            };
            number.filter(|number| number <= most).map(Value::from)
        }
        Type::Named(name) => value.is_object().then(|| record(name, value)).flatten(),
        Type::Object | Type::Tuple => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_f64(),
    };
    number.filter(|number: &f64| number.is_finite())
}

/// A value of the webhook, or of JSON within one.
enum Found<'v> {
    There(&'v Value),
    Within(Value),
}

impl Found<'_> {
    fn as_value(&self) -> &Value {
        match self {
            Self::There(value) => value,
            Self::Within(value) => value,
        }
    }
}

impl<'v> Around<'v> {
    fn at(&self, path: &str) -> Option<Found<'v>> {
        let (root, path) = match path.split_once(':') {
            Some(("contact", rest)) => (self.contact, rest),
            Some(("metadata", rest)) => (self.metadata, rest),
            _ => (self.item, path),
        };
        let Some((text, within)) = path.split_once('>') else {
            return walk(root, path).map(Found::There);
        };
        let text = walk(root, text)?.as_str()?;
        let inner: Value = serde_json::from_str(text).ok()?;
        walk(&inner, within).cloned().map(Found::Within)
    }
}

fn walk<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let steps = path.split('.').filter(|step| !step.is_empty());
    let mut at = value;
    for step in steps {
        at = match at {
            Value::Array(list) => list.get(step.parse::<usize>().ok()?)?,
            at => at.get(step)?,
        };
    }
    Some(at)
}

/// `button-reply` as Rust calls it: `ButtonReply`.
fn pascal(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters).collect::<String>()
    });
    words.collect()
}
