//! Why a message is not sent: the field, and what to do.

use std::borrow::Cow;

/// A message that Meta would refuse. Nothing that it says is in it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidMessage {
    /// A text that is empty.
    #[error(
        "`{field}` is empty, and Meta takes {min} to {max} characters: fill it in, or leave it out where it is optional"
    )]
    Empty {
        /// Which.
        field: String,
        /// The fewest characters.
        min: usize,
        /// The most.
        max: usize,
    },
    /// Too short or too long, counted in characters.
    #[error("`{field}` has {length} characters, and Meta takes {min} to {max}: {}", either(.length, .max, ["shorten it", "make it longer"]))]
    Length {
        /// Which.
        field: String,
        /// How many characters it has.
        length: usize,
        /// The fewest.
        min: usize,
        /// The most.
        max: usize,
    },
    /// Too few or too many entries.
    #[error("`{field}` has {count} entries, and Meta takes {min} to {max}: {}", either(.count, .max, ["leave some out", "add some"]))]
    Count {
        /// Which.
        field: String,
        /// How many entries it has.
        count: usize,
        /// The fewest.
        min: usize,
        /// The most.
        max: usize,
    },
    /// Two entries that must differ.
    #[error("`{field}` is the same as that of an earlier entry: give each its own")]
    Repeated {
        /// Which.
        field: String,
    },
    /// Anything else.
    #[error("`{field}` {problem}")]
    Field {
        /// Which.
        field: String,
        /// What is wrong with it, and what to do.
        problem: Cow<'static, str>,
    },
    /// No message of that name is declared.
    #[error("there is no type of message called `{0}`")]
    Unknown(String),
}

impl InvalidMessage {
    pub(super) fn field(field: impl Into<String>, problem: impl Into<Cow<'static, str>>) -> Self {
        Self::Field {
            field: field.into(),
            problem: problem.into(),
        }
    }
}

/// The first when there is more than the most.
fn either(is: &usize, most: &usize, [above, below]: [&'static str; 2]) -> &'static str {
    if is > most { above } else { below }
}
