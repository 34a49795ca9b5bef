//! Words that another host told, which may be of a later version than this program.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sqlx::Postgres;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgTypeInfo, PgValueRef};

use super::{Vocabulary, find};

/// A word of a set, or one that the set has got since this program was built.
///
/// What is read from an answer of the API, or from a row that a newer host may have written, is never
/// refused for such a word: it is shown as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told<T> {
    Known(T),
    New(String),
}

impl<T: Vocabulary> Told<T> {
    /// What a text says.
    pub fn of(text: &str) -> Self {
        match find(text) {
            Ok(word) => Self::Known(word),
            Err(_) => Self::New(text.to_owned()),
        }
    }

    /// The word, if this program knows it.
    pub fn known(&self) -> Option<T> {
        match self {
            Self::Known(word) => Some(*word),
            Self::New(_) => None,
        }
    }

    /// Whether it is this one.
    pub fn is(&self, word: T) -> bool {
        self.known() == Some(word)
    }

    /// As it was told.
    pub fn word(&self) -> &str {
        match self {
            Self::Known(word) => word.spelled(),
            Self::New(text) => text,
        }
    }
}

impl<T: Vocabulary> From<T> for Told<T> {
    fn from(word: T) -> Self {
        Self::Known(word)
    }
}

impl<T: Vocabulary> fmt::Display for Told<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl<T: Vocabulary> Serialize for Told<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl<'de, T: Vocabulary> Deserialize<'de> for Told<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self::of(&text))
    }
}

impl<T: Vocabulary> sqlx::Type<Postgres> for Told<T> {
    fn type_info() -> PgTypeInfo {
        <str as sqlx::Type<Postgres>>::type_info()
    }

    fn compatible(other: &PgTypeInfo) -> bool {
        <str as sqlx::Type<Postgres>>::compatible(other)
    }
}

impl<'r, T: Vocabulary> sqlx::Decode<'r, Postgres> for Told<T> {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let text = <&str as sqlx::Decode<'r, Postgres>>::decode(value)?;
        Ok(Self::of(text))
    }
}
