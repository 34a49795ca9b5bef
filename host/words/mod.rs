//! Closed sets of words: enums whose variants have one spelling each, wherever they go.
//!
//! How a run ended is a column of the database, a field of the admin API, a label of a metric and an
//! argument of the command line. [`words!`] declares such a set: an enum with `word()` and `ALL`, and with
//! that same spelling for SQL, JSON, OpenAPI, `Display` and `FromStr`. So nobody compares texts, and a match
//! says at compile time when a word has come to it.
//!
//! What another host says may have words of a later version: [`Told`] keeps them.
//!
//! The sets of a feature are declared there. Here are the two that folders share which know nothing of each
//! other: [`LogLevel`] and [`Lifetime`].

mod level;
mod lifetime;
#[cfg(test)]
pub(crate) mod tests;
mod told;

use std::fmt;

pub use level::LogLevel;
pub use lifetime::Lifetime;
pub use told::Told;

/// Declares an enum whose variants have one spelling each.
///
/// The text after the name says what one of its words is, for the error of a text that is none of them:
///
/// ```text
/// words! {
///     /// Where a lamp is in its life.
///     pub enum Lamp: "state of a lamp" {
///         /// It gives light.
///         On = "on",
///         Off = "off",
///     }
/// }
/// ```
macro_rules! words {
    (
        $(#[$of_all:meta])*
        $visibility:vis enum $name:ident: $what:literal {
            $($(#[$of_one:meta])* $variant:ident = $word:tt,)+
        }
    ) => {
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash,
            ::serde::Serialize, ::serde::Deserialize, ::utoipa::ToSchema,
        )]
        $(#[$of_all])*
        $visibility enum $name {
            $($(#[$of_one])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them, in their order.
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];

            /// As the database, the API and the command line write it.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl $crate::words::Vocabulary for $name {
            const WHAT: &'static str = $what;
            const WORDS: &'static [Self] = &Self::ALL;

            fn spelled(self) -> &'static str {
                self.word()
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.word())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::words::UnknownWord;

            fn from_str(text: &str) -> Result<Self, $crate::words::UnknownWord> {
                $crate::words::find(text)
            }
        }

        impl ::sqlx::Type<::sqlx::Postgres> for $name {
            fn type_info() -> ::sqlx::postgres::PgTypeInfo {
                <str as ::sqlx::Type<::sqlx::Postgres>>::type_info()
            }

            fn compatible(other: &::sqlx::postgres::PgTypeInfo) -> bool {
                <str as ::sqlx::Type<::sqlx::Postgres>>::compatible(other)
            }
        }

        impl ::sqlx::postgres::PgHasArrayType for $name {
            fn array_type_info() -> ::sqlx::postgres::PgTypeInfo {
                <&str as ::sqlx::postgres::PgHasArrayType>::array_type_info()
            }
        }

        impl ::sqlx::Encode<'_, ::sqlx::Postgres> for $name {
            fn encode_by_ref(
                &self,
                buffer: &mut ::sqlx::postgres::PgArgumentBuffer,
            ) -> Result<::sqlx::encode::IsNull, ::sqlx::error::BoxDynError> {
                <&str as ::sqlx::Encode<'_, ::sqlx::Postgres>>::encode_by_ref(&self.word(), buffer)
            }
        }

        impl<'r> ::sqlx::Decode<'r, ::sqlx::Postgres> for $name {
            fn decode(
                value: ::sqlx::postgres::PgValueRef<'r>,
            ) -> Result<Self, ::sqlx::error::BoxDynError> {
                let text = <&str as ::sqlx::Decode<'r, ::sqlx::Postgres>>::decode(value)?;
                Ok($crate::words::find(text)?)
            }
        }
    };
}

pub(crate) use words;

/// An enum that [`words!`] has declared.
pub trait Vocabulary: Copy + PartialEq + 'static {
    /// What one of its words is, as in "`loud` is no level".
    const WHAT: &'static str;
    /// All of them, in their order.
    const WORDS: &'static [Self];

    /// The one spelling.
    fn spelled(self) -> &'static str;
}

/// A text that is none of the words of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    given: String,
    what: &'static str,
    known: Vec<&'static str>,
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { given, what, known } = self;
        write!(f, "`{given}` is no {what}; use ")?;
        match known.as_slice() {
            [before @ .., last] if !before.is_empty() => {
                write!(f, "{} or {last}", before.join(", "))
            }
            all => f.write_str(&all.join(", ")),
        }
    }
}

impl std::error::Error for UnknownWord {}

/// The word of a set that a text spells.
pub(crate) fn find<T: Vocabulary>(text: &str) -> Result<T, UnknownWord> {
    find_by(text, |word| word == text)
}

/// The word of a set that somebody typed, in a flag or a query: in any case.
pub(crate) fn typed<T: Vocabulary>(text: &str) -> Result<T, UnknownWord> {
    find_by(text, |word| word.eq_ignore_ascii_case(text))
}

fn find_by<T: Vocabulary>(text: &str, is_it: impl Fn(&str) -> bool) -> Result<T, UnknownWord> {
    /// Of a text that somebody gave: enough to recognize it.
    const SHOWN: usize = 60;
    let mut words = T::WORDS.iter().copied();
    words
        .find(|word| is_it(word.spelled()))
        .ok_or_else(|| UnknownWord {
            given: text.chars().take(SHOWN).collect(),
            what: T::WHAT,
            known: T::WORDS.iter().map(|word| word.spelled()).collect(),
        })
}
