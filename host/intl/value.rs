//! A value of CLDR's data: JSON whose texts stay where they were read, and that shares what it does not change.
//!
//! A section has thousands of texts, of which a call needs a few, and is merged with what its parents have. So
//! reading makes no copy of a text, and merging none of what stays as it was.

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use std::ops::{Deref, Index};
use std::sync::{Arc, OnceLock};

/// Objects of up to so many members are looked through one by one.
const FEW: usize = 12;

/// JSON without fractions.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Nothing. As a change, it takes a member away.
    #[default]
    Null,
    /// A whole number.
    Number(i64),
    /// Text.
    Text(Text),
    /// A list.
    List(Arc<[Value]>),
    /// An object.
    Object(Arc<Object>),
}

static NULL: Value = Value::Null;

impl Value {
    /// Reads JSON.
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        let whole: Arc<str> = text.into();
        let mut reader = serde_json::Deserializer::from_str(&whole);
        let value = Reader(&whole).deserialize(&mut reader)?;
        reader.end()?;
        Ok(value)
    }

    /// An object of other values.
    pub fn of<const N: usize>(members: [(&str, Self); N]) -> Self {
        let members = members.map(|(name, value)| (Text::from(name), value));
        Self::object(members.into())
    }

    fn object(members: Vec<(Text, Self)>) -> Self {
        let order = OnceLock::new();
        Self::Object(Arc::new(Object { members, order }))
    }

    /// A member of an object.
    pub fn get(&self, name: impl AsRef<str>) -> Option<&Self> {
        self.as_object()?.get(name.as_ref())
    }

    /// What it is as text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What it is as a whole number.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// What it is as a number that is not below zero.
    pub fn as_u64(&self) -> Option<u64> {
        self.as_i64()?.try_into().ok()
    }

    /// What it is as a list.
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// What it is as an object.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// What a change makes of it: objects are merged, a member whose change `removes` it goes, and anything
    /// else is in the place of what was there. As deep as JSON goes that was read, which is 128 at most.
    pub fn changed(&self, change: &Self, removes: fn(&Self) -> bool) -> Self {
        let (Self::Object(object), Self::Object(changes)) = (self, change) else {
            return change.clone();
        };
        let mut members = object.members.clone();
        let mut gone = Vec::new();
        for (name, change) in &changes.members {
            match object.place(name) {
                Some(place) if removes(change) => gone.push(place),
                Some(place) => {
                    if let Some((_, member)) = members.get_mut(place) {
                        *member = member.changed(change, removes);
                    }
                }
                None if removes(change) => {}
                None => members.push((name.clone(), change.clone())),
            }
        }
        if !gone.is_empty() {
            let mut place = 0;
            members.retain(|_| {
                place += 1;
                !gone.contains(&(place - 1))
            });
        }
        Self::object(members)
    }

    /// An object in which a member is another.
    #[must_use]
    pub fn with(&self, name: &str, value: Self) -> Self {
        let object = self.as_object();
        let mut members = object.map_or_else(Vec::new, |object| object.members.clone());
        match members.iter_mut().find(|(its, _)| **its == *name) {
            Some((_, member)) => *member = value,
            None => members.push((name.into(), value)),
        }
        Self::object(members)
    }

    /// An object in which texts are what `made` gives for them.
    #[must_use]
    pub fn with_texts(&self, made: impl Fn(&str) -> String) -> Self {
        let members = self.as_object().into_iter().flatten();
        let members = members.map(|(name, value)| {
            let value = match value.as_str() {
                Some(text) => Self::from(made(text)),
                None => value.clone(),
            };
            (Text::from(name), value)
        });
        Self::object(members.collect())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Text::from(text.as_str()))
    }
}

impl Index<&str> for Value {
    type Output = Self;

    /// A member; nothing where there is none.
    fn index(&self, name: &str) -> &Self {
        self.get(name).unwrap_or(&NULL)
    }
}

impl Index<usize> for Value {
    type Output = Self;

    /// An item; nothing where there is none.
    fn index(&self, place: usize) -> &Self {
        let item = self.as_array().and_then(|list| list.get(place));
        item.unwrap_or(&NULL)
    }
}

/// A part of a text that many share.
#[derive(Clone)]
pub struct Text {
    whole: Arc<str>,
    start: u32,
    end: u32,
}

impl Text {
    /// A part of `whole`, if it is one: where it lies in memory says so.
    fn within(whole: &Arc<str>, part: &str) -> Option<Self> {
        let start = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
        let end = start.checked_add(part.len())?;
        whole.get(start..end)?;
        Some(Self {
            whole: Arc::clone(whole),
            start: start.try_into().ok()?,
            end: end.try_into().ok()?,
        })
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self {
            whole: text.into(),
            start: 0,
            end: u32::try_from(text.len()).unwrap_or(0),
        }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        let part = self.start as usize..self.end as usize;
        self.whole.get(part).unwrap_or_default()
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}

/// Members by name, in the order in which they came.
#[derive(Debug)]
pub struct Object {
    members: Vec<(Text, Value)>,
    /// Their places in the order of the names, made when one is first looked for among many.
    order: OnceLock<Box<[u32]>>,
}

impl Object {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// A member.
    pub fn get(&self, name: &str) -> Option<&Value> {
        Some(&self.members.get(self.place(name)?)?.1)
    }

    /// Whether there is such a member.
    pub fn contains_key(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// The names.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.into_iter().map(|(name, _)| name)
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.into_iter().map(|(_, value)| value)
    }

    fn place(&self, name: &str) -> Option<usize> {
        if self.members.len() <= FEW {
            return self.members.iter().position(|(its, _)| **its == *name);
        }
        let at = |place: u32| self.members.get(place as usize).map(|(name, _)| &**name);
        let order = self.order.get_or_init(|| {
            let all = u32::try_from(self.members.len()).unwrap_or(0);
            let mut order: Vec<u32> = (0..all).collect();
            order.sort_by_key(|place| at(*place));
            order.into()
        });
        let found = order.binary_search_by_key(&Some(name), |place| at(*place));
        order.get(found.ok()?).map(|place| *place as usize)
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.members == other.members
    }
}

impl<'a> IntoIterator for &'a Object {
    type Item = (&'a str, &'a Value);
    type IntoIter =
        std::iter::Map<std::slice::Iter<'a, (Text, Value)>, fn(&(Text, Value)) -> (&str, &Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.iter().map(|(name, value)| (name, value))
    }
}

/// Reads a value of a text.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a Arc<str>);

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("text, a whole number, a list or an object")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        let number = number.try_into();
        number.map(Value::Number).map_err(E::custom)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value, E> {
        let part = Text::within(self.0, text);
        Ok(Value::Text(part.unwrap_or_else(|| text.into())))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::List(list.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = all.next_key_seed(self)? {
            let Value::Text(name) = name else {
                return Err(A::Error::custom("a name is text"));
            };
            members.push((name, all.next_value_seed(self)?));
        }
        Ok(Value::object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Value {
        Value::read(text).unwrap()
    }

    #[test]
    fn json_is_read_as_it_is() {
        let value = read(r#" {"a": "é", "b\n": ["x", -7, null, {}], "c": {"d": 12}} "#);
        assert_eq!(value["a"].as_str(), Some("é"));
        assert_eq!(value["b\n"][0].as_str(), Some("x"));
        assert_eq!(value["b\n"][1].as_i64(), Some(-7));
        assert_eq!(value["b\n"][1].as_u64(), None);
        assert_eq!(value["c"]["d"].as_u64(), Some(12));
        assert_eq!(value["c"]["e"]["f"][3], Value::Null);
        assert!(value.get("e").is_none() && value["a"].get("b").is_none());
        let names: Vec<_> = value.as_object().unwrap().keys().collect();
        assert_eq!(names, ["a", "b\n", "c"]);
        let deep = "[".repeat(10_000);
        for wrong in ["", "{", "{} {}", "1.5", "true", r#"{1: 2}"#, deep.as_str()] {
            assert!(Value::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn any_member_of_many_is_found() {
        let names = (0..1000).map(|n| format!("\"{}\": {n}", n * 7919 % 1000));
        let value = read(&format!("{{{}}}", names.collect::<Vec<_>>().join(",")));
        for n in 0..1000 {
            let place = format!("{}", n * 7919 % 1000);
            assert_eq!(value[place.as_str()].as_i64(), Some(n));
        }
        assert!(value.get("1000").is_none() && value.get("").is_none());
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let whole = read(r#"{"a": {"x": 1, "y": 2}, "b": [1, 2], "c": "C", "d": {"z": 0}}"#);
        let change =
            read(r#"{"e": "E", "a": {"y": 3, "z": null, "x": null}, "b": [5], "c": null}"#);
        let changed = whole.changed(&change, |value| *value == Value::Null);
        let wanted = read(r#"{"a": {"y": 3}, "b": [5], "d": {"z": 0}, "e": "E"}"#);
        assert_eq!(changed, wanted);
        // What stays is the same, and no copy of it.
        let (Value::Object(before), Value::Object(after)) = (&whole["d"], &changed["d"]) else {
            panic!("{changed:?}");
        };
        assert!(Arc::ptr_eq(before, after));
    }

    #[test]
    fn objects_are_made_of_others() {
        let whole = read(r#"{"a": "h a", "n": 1}"#);
        let shouted = whole.with_texts(str::to_uppercase);
        let wanted = read(r#"{"a": "H A", "n": 1, "m": {"x": "H A"}}"#);
        let member = Value::of([("x", shouted["a"].clone())]);
        assert_eq!(shouted.with("m", member), wanted);
        let other = wanted.with("m", Value::of([("y", Value::Null)]));
        assert_eq!(other["m"], read(r#"{"y": null}"#));
    }
}
