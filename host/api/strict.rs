//! JSON as JSON Schema means it.
//!
//! serde takes an array in the place of an object, field by field, and does not take `5.0` as a
//! whole number. The OpenAPI document says otherwise, so bodies are read through this.

use std::fmt;

use serde::Deserializer;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Error as _, Expected, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Number, Value};

/// A value to read strictly.
pub(super) struct Strict(pub(super) Value);

/// Why a value is not what a field takes.
///
/// It says types, names of fields and what is expected, and never quotes a text, a number or a boolean
/// that came: who sends a secret as a number must not find it in an answer, or in the log that keeps it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Mismatch(String);

impl serde::de::Error for Mismatch {
    /// What a type says by itself. Those of bodies say nothing of what came.
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }

    fn invalid_type(came: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let (came, expected) = (kind(came), wanted(expected));
        match came == NUMBER && expected.starts_with(WHOLE) {
            true => out_of(came, &expected),
            false => Self(format!("expected {expected}, not {came}")),
        }
    }

    fn invalid_value(came: Unexpected<'_>, expected: &dyn Expected) -> Self {
        out_of(kind(came), &wanted(expected))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        let known: Vec<String> = expected.iter().map(|word| format!("`{word}`")).collect();
        Self(format!(
            "unknown word, expected one of {}",
            known.join(", ")
        ))
    }
}

const NUMBER: &str = "a number";
const WHOLE: &str = "a whole number";

/// It has the right type.
fn out_of(came: &str, expected: &str) -> Mismatch {
    Mismatch(format!(
        "expected {expected}: it is {came}, but not such a one"
    ))
}

/// The type of what came.
fn kind(came: Unexpected<'_>) -> &'static str {
    match came {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => NUMBER,
        Unexpected::Char(_) | Unexpected::Str(_) => "a string",
        Unexpected::Unit => "null",
        Unexpected::Seq => "an array",
        Unexpected::Map => "an object",
        // None of them comes of JSON.
        _ => "something else",
    }
}

/// What is expected, in words of JSON.
fn wanted(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    match text.as_str() {
        "i32" => format!("{WHOLE} from {} to {}", i32::MIN, i32::MAX),
        "u32" => format!("{WHOLE} from 0 to {}", u32::MAX),
        "i8" | "i16" | "i64" | "u8" | "u16" | "u64" | "usize" => format!("{WHOLE} ({text})"),
        "a map" => "an object".to_owned(),
        "a sequence" => "an array".to_owned(),
        text if text.starts_with("struct ") => "an object".to_owned(),
        text if text.starts_with("enum ") => "a string".to_owned(),
        text => text.to_owned(),
    }
}

impl<'de> IntoDeserializer<'de, Mismatch> for Strict {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Strict {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::Array(items) => {
                let mut items = SeqDeserializer::new(items.into_iter().map(Strict));
                let value = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(value)
            }
            Value::Object(fields) => {
                let fields = fields
                    .into_iter()
                    .map(|(name, value)| (name, Strict(value)));
                let mut fields = MapDeserializer::new(fields);
                let value = visitor.visit_map(&mut fields)?;
                fields.end()?;
                Ok(value)
            }
            Value::Number(number) => read_number(&whole(number), visitor),
            Value::String(text) => visitor.visit_string(text),
            Value::Bool(is) => visitor.visit_bool(is),
            Value::Null => visitor.visit_unit(),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::Array(_) => Err(Mismatch::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    /// A word of a set: enums of bodies have no other variants.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::String(word) => visitor.visit_enum(word.into_deserializer()),
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

/// Gives a number to a visitor as what it is.
fn read_number<'de, V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value, Mismatch> {
    if let Some(number) = number.as_u64() {
        visitor.visit_u64(number)
    } else if let Some(number) = number.as_i64() {
        visitor.visit_i64(number)
    } else {
        // Every number of JSON has a float, and be it a rounded one.
        visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
    }
}

/// `5.0` is the whole number 5.
fn whole(number: Number) -> Number {
    /// From here on not every whole number has a float of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "it is whole, and small enough"
            )]
            let integer = float as i64;
            integer.into()
        }
        _ => number,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        count: Option<u32>,
        ratio: Option<f64>,
        #[serde(default)]
        inner: Inner,
        word: Option<Word>,
        list: Option<Vec<Inner>>,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    struct Inner {
        text: Option<String>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        Yes,
    }

    fn read(value: Value) -> Result<Outer, Mismatch> {
        Outer::deserialize(Strict(value))
    }

    #[test]
    fn an_object_is_no_array_at_any_depth() {
        assert!(read(json!([])).is_err());
        assert!(read(json!({ "inner": [null] })).is_err());
        assert!(read(json!({ "list": [["a"]] })).is_err());
        assert!(read(json!({ "inner": "a" })).is_err());
        assert!(read(json!({ "other": 1 })).is_err());
        let read = read(json!({
            "inner": { "text": "a" }, "word": "yes", "list": [{ "text": null }], "ratio": 2
        }));
        let read = read.unwrap();
        assert_eq!(read.inner.text.as_deref(), Some("a"));
        assert_eq!(read.word, Some(Word::Yes));
        assert_eq!(read.list.map(|list| list.len()), Some(1));
        assert_eq!(read.ratio, Some(2.0));
    }

    #[test]
    fn what_does_not_fit_is_told_by_its_type_alone() {
        for (value, said) in [
            (
                json!({ "inner": { "text": 4111 } }),
                "expected a string, not a number",
            ),
            (
                json!({ "inner": { "text": true } }),
                "expected a string, not a boolean",
            ),
            (
                json!({ "inner": { "text": ["s3cret"] } }),
                "expected a string, not an array",
            ),
            (
                json!({ "inner": "s3cret" }),
                "expected an object, not a string",
            ),
            (json!([]), "expected an object, not an array"),
            (
                json!({ "count": "s3cret" }),
                "expected a whole number from 0 to 4294967295, not a string",
            ),
            (
                json!({ "count": -4111 }),
                "expected a whole number from 0 to 4294967295: it is a number, but not such a one",
            ),
            (
                json!({ "count": 4111.5 }),
                "expected a whole number from 0 to 4294967295: it is a number, but not such a one",
            ),
            (
                json!({ "word": "s3cret" }),
                "unknown word, expected one of `yes`",
            ),
            (json!({ "word": 4111 }), "expected a string, not a number"),
            (
                json!({ "word": { "yes": null } }),
                "expected a string, not an object",
            ),
        ] {
            assert_eq!(
                read(value.clone()).unwrap_err().to_string(),
                said,
                "{value}"
            );
        }
        let misspelt = read(json!({ "cuont": 4111 })).unwrap_err().to_string();
        assert!(misspelt.starts_with("unknown field `cuont`, expected one of `count`"));
    }

    #[test]
    fn a_whole_number_is_whole_however_it_is_written() {
        assert_eq!(read(json!({ "count": 5.0 })).unwrap().count, Some(5));
        assert_eq!(read(json!({ "count": 5 })).unwrap().count, Some(5));
        assert_eq!(read(json!({ "ratio": 5.0 })).unwrap().ratio, Some(5.0));
        for wrong in [json!(5.5), json!(-1.0), json!(1e30), json!("5")] {
            assert!(read(json!({ "count": wrong })).is_err(), "{wrong}");
        }
    }
}
