//! `Intl`: how people of a locale write numbers, dates and lists, and order texts. Pure logic over CLDR's data.
//!
//! Nothing here knows of bots or of the host. What a function is given is the caller's, bounded
//! before any work; what it gives is as ICU gives it, to the byte.

pub mod data;
pub mod dates;
pub mod durations;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
pub mod lists;
pub mod names;
pub mod numbers;
pub mod plurals;
pub mod relative;
pub mod supported;
#[cfg(test)]
mod tests;
pub mod text;
pub mod value;

pub use data::{Data, DataError};
pub use value::Value;

/// Why there is no text.
#[derive(Debug, thiserror::Error)]
pub enum IntlError {
    /// The data of locales cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// What is given is longer or more than is taken.
    #[error("{0}")]
    TooMuch(String),
    /// An option, code or number that is none.
    #[error("{0}")]
    Argument(String),
}

impl IntlError {
    /// Says that an option has no such value.
    pub fn option(name: &str, value: &str) -> Self {
        let shown: String = value.chars().take(40).collect();
        Self::Argument(format!("`{shown}` is no value of {name}"))
    }
}
