//! JSON as JSON Schema means it.
//!
//! serde takes an array in the place of an object, field by field, and does not take `5.0` as a
//! whole number. The OpenAPI document says otherwise, so bodies are read through this.

use serde::Deserializer;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Number, Value};

/// A value to read strictly.
pub(super) struct Strict(pub(super) Value);

impl<'de> IntoDeserializer<'de, Error> for Strict {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Strict {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
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
            Value::Number(number) => whole(number).deserialize_any(visitor),
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(_) => self.deserialize_any(visitor),
            Value::Array(_) => Err(Error::custom("invalid type: array, expected an object")),
            other => other.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
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

    fn read(value: Value) -> Result<Outer, Error> {
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
    fn a_whole_number_is_whole_however_it_is_written() {
        assert_eq!(read(json!({ "count": 5.0 })).unwrap().count, Some(5));
        assert_eq!(read(json!({ "count": 5 })).unwrap().count, Some(5));
        assert_eq!(read(json!({ "ratio": 5.0 })).unwrap().ratio, Some(5.0));
        for wrong in [json!(5.5), json!(-1.0), json!(1e30), json!("5")] {
            assert!(read(json!({ "count": wrong })).is_err(), "{wrong}");
        }
    }
}
