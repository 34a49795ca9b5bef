//! JSON objects whose values stay as they were written: escapes, numbers, order and all.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Longer ids are not Meta's, and would not fit an index.
const MAX_ID_BYTES: usize = 200;

/// The members of an object, in order.
#[derive(Debug, Default)]
pub(super) struct RawObject<'a>(Vec<(String, &'a RawValue)>);

impl<'a> RawObject<'a> {
    /// `None` when it is something else than an object.
    pub(super) fn parse(raw: &'a RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok()
    }

    /// How many it has.
    pub(super) fn members(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| *value)
    }

    pub(super) fn object(&self, key: &str) -> Option<RawObject<'a>> {
        self.get(key).and_then(RawObject::parse)
    }

    /// The elements of a member that is an array.
    pub(super) fn array(&self, key: &str) -> Option<Vec<&'a RawValue>> {
        self.get(key)
            .and_then(|raw| serde_json::from_str(raw.get()).ok())
    }

    /// A member that is text; what the database cannot hold (U+0000) is replaced.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        let text: String = serde_json::from_str(self.get(key)?.get()).ok()?;
        Some(text.replace('\0', "\u{fffd}"))
    }

    /// A member that can be an id: text that is neither empty nor too long.
    pub(super) fn id(&self, key: &str) -> Option<String> {
        self.text(key)
            .filter(|id| (1..=MAX_ID_BYTES).contains(&id.len()))
    }

    /// A member that is a count of seconds, as a number or as text.
    pub(super) fn seconds(&self, key: &str) -> Option<i64> {
        let raw = self.get(key)?.get();
        raw.trim_matches('"').parse().ok()
    }

    /// Writes the object with some members' values put in place of theirs, or left out.
    pub(super) fn rewrite(&self, changes: &[(&str, Option<&str>)]) -> String {
        let members = self.0.iter().filter_map(|(name, value)| {
            let change = changes.iter().find(|(changed, _)| changed == name);
            let value = change.map_or(Some(value.get()), |(_, new)| *new)?;
            Some(format!(
                "{}:{value}",
                serde_json::Value::from(name.as_str())
            ))
        });
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }
}

impl<'de> Deserialize<'de> for RawObject<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = RawObject<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(RawObject(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}
