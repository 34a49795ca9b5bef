//! Meta's JSON of a message, with all checks, by what is declared of it.
//!
//! A message comes as plain values. Names of fields and cases may be spelled as anybody spells them (`reply-to`,
//! `reply_to`, `replyTo`), and a variant as `{"case": …}` or `{"tag": "case", "val": …}`.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::declared::{
    DECLARED, Declaration, Field, Fields, MessageDeclared, Parts, Pattern, Rule, Type,
};
use super::invalid::InvalidMessage;
use super::recipient;

/// The longest object of JSON in a message, and how many values may be in it: what a Flow's screen gets.
const OBJECT_BYTES: usize = 1 << 20;
const OBJECT_VALUES: usize = 20_000;

/// Code points of one emoji: families and flags are long sequences.
const EMOJI: usize = 16;

/// Meta's JSON of a message. `name` is what `wit/messages.json` calls it, for instance `text-message`.
///
/// Fails with the first field that breaks a limit.
pub fn compose(name: &str, message: &Value) -> Result<Value, InvalidMessage> {
    let declared = &*DECLARED;
    let found = declared.messages.get(name);
    let of = found.ok_or_else(|| InvalidMessage::Unknown(name.to_owned()))?;
    Composer {
        declared,
        seen: HashSet::new(),
    }
    .message(of, message)
}

/// What fields are in Meta's JSON, by their names.
type Values<'a> = HashMap<&'a str, Value>;

struct Composer<'a> {
    declared: &'a Declaration,
    /// What is unique, by its path without places.
    seen: HashSet<(String, String)>,
}

impl<'a> Composer<'a> {
    fn message(&mut self, of: &'a MessageDeclared, given: &Value) -> Result<Value, InvalidMessage> {
        let mut values = self.fields(&of.fields, given, "", 0)?;
        check_rules(&of.rules, given, "")?;
        let to = member(given, "to")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let (recipient_type, field, to) = recipient::field(to)?;
        let mut message = Map::new();
        message.insert("messaging_product".to_owned(), json!("whatsapp"));
        message.insert("recipient_type".to_owned(), json!(recipient_type));
        message.insert(field.to_owned(), json!(to));
        if let Some(quoted) = values.remove("reply-to") {
            message.insert("context".to_owned(), json!({ "message_id": quoted }));
        }
        let meta_type = match of.meta_type.strip_prefix('$') {
            Some(field) => values
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            None => of.meta_type.clone(),
        };
        let content = fill(&of.json, &values).unwrap_or_else(|| json!({}));
        message.insert("type".to_owned(), json!(meta_type));
        message.insert(meta_type, content);
        Ok(Value::Object(message))
    }

    fn fields(
        &mut self,
        fields: &'a Fields,
        given: &Value,
        at: &str,
        place: usize,
    ) -> Result<Values<'a>, InvalidMessage> {
        let mut values = Values::from([("#", json!(place))]);
        for (name, field) in &fields.0 {
            let path = below(at, name);
            let value = match member(given, name) {
                Some(value) => self.value(field, value, &path)?,
                None => match &field.ty {
                    Type::Option(_) | Type::Bool => field.absent.clone(),
                    Type::List(_) if field.count.is_none() => field.absent.clone(),
                    _ => return Err(InvalidMessage::field(path, "is missing: give it")),
                },
            };
            if let Some(value) = value {
                values.insert(name.as_str(), value);
            }
        }
        Ok(values)
    }

    fn value(
        &mut self,
        field: &'a Field,
        value: &Value,
        path: &str,
    ) -> Result<Option<Value>, InvalidMessage> {
        let ty = field.ty.present();
        self.check(field, value, path)?;
        let Some(shaped) = self.shaped(ty, value, path, 0)? else {
            return Ok(None);
        };
        Ok(match &shaped {
            Value::Bool(false) => None,
            Value::Array(list) if list.is_empty() && !field.empty => None,
            Value::Number(number) if field.form.is_some() => Some(number.to_string().into()),
            _ => Some(shaped),
        })
    }

    fn shaped(
        &mut self,
        ty: &'a Type,
        value: &Value,
        path: &str,
        place: usize,
    ) -> Result<Option<Value>, InvalidMessage> {
        let wrong = |what: &'static str| InvalidMessage::field(path, what);
        Ok(Some(match ty {
            Type::List(inner) => {
                let list = value.as_array().ok_or_else(|| wrong("must be a list"))?;
                let mut out = Vec::with_capacity(list.len());
                for (n, entry) in list.iter().enumerate() {
                    out.extend(self.shaped(inner, entry, &format!("{path}[{n}]"), n)?);
                }
                Value::Array(out)
            }
            Type::Object => object(value, path)?,
            Type::Text if !value.is_string() => return Err(wrong("must be a text")),
            Type::Bool if !value.is_boolean() => return Err(wrong("must be true or false")),
            Type::Float if !value.is_number() => return Err(wrong("must be a number")),
            Type::Whole(_) if !value.is_u64() => return Err(wrong("must be a whole number")),
            Type::Named(name) => return self.declared_type(name, value, path, place),
            _ => value.clone(),
        }))
    }

    fn declared_type(
        &mut self,
        name: &str,
        value: &Value,
        path: &str,
        place: usize,
    ) -> Result<Option<Value>, InvalidMessage> {
        let of = self.declared.type_named(name);
        match &of.parts {
            Parts::Record(fields) => {
                let values = self.fields(fields, value, path, place)?;
                check_rules(&of.rules, value, path)?;
                Ok(fill(&of.json, &values))
            }
            Parts::Enum(words) => {
                let given = value.as_str().unwrap_or_default();
                let word = words.keys().find(|word| is_same(word, given));
                let word = word.ok_or_else(|| {
                    InvalidMessage::field(path, format!("must be {}", listed(words.keys())))
                })?;
                Ok(Some(word.replace('-', "_").into()))
            }
            Parts::Variant(cases) => {
                let (name, given) = chosen(value).unwrap_or(("", &Value::Null));
                let found = cases.0.iter().find(|(case, _)| is_same(case, name));
                let (case, part) = found.ok_or_else(|| {
                    let names = cases.0.iter().map(|(case, _)| case);
                    InvalidMessage::field(path, format!("must be one of {}", listed(names)))
                })?;
                let is_within = match part.ty.present() {
                    Type::List(_) => true,
                    Type::Named(name) => {
                        matches!(self.declared.type_named(name).parts, Parts::Record(_))
                    }
                    _ => false,
                };
                let path = match is_within {
                    true => below(path, case),
                    false => path.to_owned(),
                };
                let held = self.value(part, given, &path)?;
                let mut values = Values::new();
                if let (Type::Tuple, Some(Value::Array(parts))) = (&part.ty, &held) {
                    let names = ["0", "1", "2", "3"].into_iter();
                    values.extend(names.zip(parts.iter().cloned()));
                }
                values.extend(held.map(|held| ("", held)));
                Ok(fill(&part.json, &values))
            }
        }
    }

    fn check(&mut self, field: &Field, value: &Value, path: &str) -> Result<(), InvalidMessage> {
        let wrong = |what: &'static str| Err(InvalidMessage::field(path, what));
        let text = value.as_str().unwrap_or_default();
        if let (Some((min, max)), Value::String(text)) = (field.chars, value) {
            length(path, text, min, max)?;
        }
        if let (Some(bounds), Value::Array(list)) = (field.count, value) {
            count(path, list.len(), bounds)?;
        }
        if let (Some((min, max)), Some(number)) = (field.range, value.as_f64())
            && !(min..=max).contains(&number)
        {
            let problem =
                format!("is a number that Meta does not take: give one from {min} to {max}");
            return Err(InvalidMessage::field(path, problem));
        }
        if field.url && !is_address(text) {
            return wrong(
                "is not an http(s) address: write all of it, like `https://example.com/page`",
            );
        }
        match field.pattern {
            Some(Pattern::Date) if !is_date(text) => {
                return wrong("is not a date: write it like `1999-12-31`");
            }
            Some(Pattern::Emoji) if text.is_ascii() || text.chars().count() > EMOJI => {
                return wrong("is not one emoji: give one, like `👍`");
            }
            _ => {}
        }
        if let Some(most) = field.lines {
            let lines = text.split('\n').count();
            if lines > most {
                let problem =
                    format!("has {lines} lines, and Meta takes {most}: put it on fewer lines");
                return Err(InvalidMessage::field(path, problem));
            }
        }
        if field.filled && object(value, path)?.as_object().is_none_or(Map::is_empty) {
            return wrong("is an empty object: put something into it, or leave it out");
        }
        if field.unique && !self.seen.insert((without_places(path), text.to_owned())) {
            return Err(InvalidMessage::Repeated {
                field: path.to_owned(),
            });
        }
        Ok(())
    }
}

/// Puts values into Meta's JSON. `None` when nothing that it names is there.
fn fill(json: &Value, values: &Values<'_>) -> Option<Value> {
    match json {
        Value::String(text) => match text.strip_prefix('$') {
            Some(name) => values.get(name).cloned(),
            None => Some(json.clone()),
        },
        Value::Object(map) => match map.get("[]") {
            Some(parts) => Some(joined(parts, values)),
            None => filled(map, values),
        },
        other => Some(other.clone()),
    }
}

fn filled(map: &Map<String, Value>, values: &Values<'_>) -> Option<Value> {
    let mut out = Map::new();
    let (mut named, mut there) = (0, 0);
    for (key, part) in map {
        let is_reference = part.as_str().is_some_and(|text| text.starts_with('$'));
        named += usize::from(is_reference);
        let Some(value) = fill(part, values) else {
            continue;
        };
        there += usize::from(is_reference || part.is_object());
        match (key.as_str(), value) {
            ("...", Value::Object(members)) => out.extend(members),
            (_, value) => {
                out.insert(key.clone(), value);
            }
        }
    }
    (named == 0 || there > 0).then_some(Value::Object(out))
}

fn joined(parts: &Value, values: &Values<'_>) -> Value {
    let parts = parts.as_array().into_iter().flatten();
    let mut out = Vec::new();
    for value in parts.filter_map(|part| fill(part, values)) {
        match value {
            Value::Array(list) => out.extend(list),
            other => out.push(other),
        }
    }
    Value::Array(out)
}

fn check_rules(rules: &[Rule], given: &Value, at: &str) -> Result<(), InvalidMessage> {
    let has = |name: &str| member(given, name).is_some();
    let missing = |name: &str, why: String| {
        Err(InvalidMessage::field(
            below(at, name),
            format!("is missing: {why}"),
        ))
    };
    for rule in rules {
        match rule {
            Rule::Total {
                total,
                count: bounds,
            } => {
                let (list, inner) = total.split_once("[].").unwrap_or((total.as_str(), ""));
                let sum = entries(given, list)
                    .map(|entry| entries(entry, inner).count())
                    .sum();
                count(total, sum, *bounds)?;
            }
            Rule::Several { several, need } => {
                let bare = entries(given, several).position(|entry| member(entry, need).is_none());
                if let Some(bare) = bare
                    && entries(given, several).count() > 1
                {
                    let path = format!("{several}[{bare}].{need}");
                    let why = "is missing: each entry needs one when there are several";
                    return Err(InvalidMessage::field(path, why));
                }
            }
            Rule::Forbids { forbids, when } if has(forbids) && is_now(given, when) => {
                let problem = format!("is not taken when {}: leave it out", words(when));
                return Err(InvalidMessage::field(below(at, forbids), problem));
            }
            Rule::Needs { needs, when } if !has(needs) && is_now(given, when) => {
                return missing(needs, format!("it is needed when {}", words(when)));
            }
            Rule::Beside { field, needs } if has(field) && !has(needs) => {
                return missing(needs, format!("`{field}` needs it"));
            }
            Rule::OneOf { of } if !of.iter().any(|name| has(name)) => {
                let all = of
                    .iter()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>();
                return missing(&of[0], format!("Meta needs one of {}", all.join(", ")));
            }
            Rule::Alike { alike } => {
                let mut forms = entries(given, alike).map(form);
                let first = forms.next();
                if let Some(other) = forms.position(|form| Some(form) != first) {
                    let problem = "is of another form than the first: all have the same kind of header, a text or \
                                   none, as many buttons, and one catalog";
                    return Err(InvalidMessage::field(
                        format!("{alike}[{}]", other + 1),
                        problem,
                    ));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// What cards of one carousel have in common.
fn form(card: &Value) -> (Option<String>, String, usize, String, bool) {
    let lower = |name: &str| name.to_lowercase();
    let header = member(card, "header")
        .and_then(chosen)
        .map(|(case, _)| lower(case));
    let (action, held) = member(card, "action")
        .and_then(chosen)
        .unwrap_or(("", &Value::Null));
    let catalog = member(held, "catalog-id")
        .and_then(Value::as_str)
        .unwrap_or_default();
    (
        header,
        lower(action),
        held.as_array().map_or(0, Vec::len),
        catalog.to_owned(),
        member(card, "body").is_some(),
    )
}

/// Whether fields are what a rule goes by.
fn is_now(given: &Value, when: &Map<String, Value>) -> bool {
    when.iter().all(|(name, words)| {
        let value = member(given, name);
        let word = value.and_then(|value| value.as_str().or(chosen(value).map(|(case, _)| case)));
        let words = words
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        word.is_some_and(|word| words.into_iter().any(|known| is_same(known, word)))
    })
}

fn words(when: &Map<String, Value>) -> String {
    let all = when.iter().map(|(name, words)| {
        let words = words
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        let words = words.map(|word| format!("`{word}`")).collect::<Vec<_>>();
        format!("`{name}` is {}", words.join(" or "))
    });
    all.collect::<Vec<_>>().join(" and ")
}

fn listed<'a>(names: impl Iterator<Item = &'a String>) -> String {
    let names = names.map(|name| format!("`{name}`"));
    names.collect::<Vec<_>>().join(", ")
}

/// A member, however its name is spelled. What is null is not there.
fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let map = value.as_object()?;
    let exact = map.get(&name.replace('-', "_"));
    let found = exact.or_else(|| {
        let mut all = map.iter();
        all.find_map(|(own, value)| is_same(own, name).then_some(value))
    });
    found.filter(|value| !value.is_null())
}

fn entries<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    member(value, name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// The case of a variant, and what it holds.
fn chosen(value: &Value) -> Option<(&str, &Value)> {
    let map = value.as_object()?;
    if let (Some(Value::String(tag)), Some(held)) = (map.get("tag"), map.get("val")) {
        return Some((tag, held));
    }
    let mut all = map.iter();
    match (all.next(), all.next()) {
        (Some((case, held)), None) => Some((case, held)),
        _ => None,
    }
}

fn is_same(one: &str, other: &str) -> bool {
    let letters = |name: &str| {
        let kept = name.chars().filter(|c| !matches!(c, '-' | '_'));
        kept.map(|c| c.to_ascii_lowercase()).collect::<String>()
    };
    one == other || letters(one) == letters(other)
}

fn below(at: &str, name: &str) -> String {
    match at {
        "" => name.to_owned(),
        at => format!("{at}.{name}"),
    }
}

/// `cards[2].title` as `cards[].title`.
fn without_places(path: &str) -> String {
    path.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// An object of JSON, as a text or as it is.
fn object(value: &Value, path: &str) -> Result<Value, InvalidMessage> {
    let problem = "is not a JSON object: write one, like `{\"key\": \"value\"}`";
    let not_one = || InvalidMessage::field(path, problem);
    match value {
        Value::Object(_) => Ok(value.clone()),
        Value::String(text) => {
            let commas = text
                .bytes()
                .filter(|b| matches!(b, b',' | b'[' | b'{'))
                .count();
            if text.len() > OBJECT_BYTES || commas > OBJECT_VALUES {
                let problem = "is larger than anything that Meta takes there: put less into it";
                return Err(InvalidMessage::field(path, problem));
            }
            match serde_json::from_str(text) {
                Ok(object @ Value::Object(_)) => Ok(object),
                _ => Err(not_one()),
            }
        }
        _ => Err(not_one()),
    }
}

/// Meta counts characters, not bytes.
pub(super) fn length(path: &str, text: &str, min: usize, max: usize) -> Result<(), InvalidMessage> {
    let length = text.chars().count();
    let field = || path.to_owned();
    match length {
        0 if min > 0 => Err(InvalidMessage::Empty {
            field: field(),
            min,
            max,
        }),
        _ if (min..=max).contains(&length) => Ok(()),
        _ => Err(InvalidMessage::Length {
            field: field(),
            length,
            min,
            max,
        }),
    }
}

fn count(path: &str, count: usize, (min, max): (usize, usize)) -> Result<(), InvalidMessage> {
    match (min..=max).contains(&count) {
        true => Ok(()),
        false => Err(InvalidMessage::Count {
            field: path.to_owned(),
            count,
            min,
            max,
        }),
    }
}

fn is_address(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.starts_with(|c: char| c == '/' || c.is_whitespace()) && !rest.is_empty()
    })
}

fn is_date(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').map(str::len).collect();
    parts == [4, 2, 2] && text.chars().all(|c| c.is_ascii_digit() || c == '-')
}
