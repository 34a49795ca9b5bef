//! Looks a Flow's JSON through before anything goes out: what Meta would refuse, with its place, in words.
//!
//! `tree` reads JSON with places, `table` says what each component has, `model` and `expressions` what is looked up
//! where, `routing` which screens follow which, `check` walks through all of it. The rules are those of the versions
//! that Meta takes now ([`PUBLISHED`]); what is not known here, Meta's own check says.
//!
//! It knows nothing of a host: `roost flows check` works without one.

mod check;
mod components;
mod expressions;
mod model;
mod routing;
mod screens;
mod table;
#[cfg(test)]
mod tests;
mod tree;
mod version;

pub use tree::Place;
pub use version::{NEWEST, PUBLISHED, Version};

/// The longest Flow JSON that Meta takes.
pub const MOST_BYTES: usize = 10 << 20;

/// More problems than anybody mends at once.
const MOST_PROBLEMS: usize = 100;

/// Something that is wrong with a Flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Meta's word for it, where it has one.
    pub error: &'static str,
    /// One sentence for people.
    pub message: String,
    /// Where in the JSON, as in `screens[0].layout.children[2].text`; empty for all of it.
    pub path: String,
    pub place: Place,
    /// Meta takes it, but it is hardly meant.
    pub is_warning: bool,
}

/// What was found in a Flow.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// As it is written.
    pub version: Option<String>,
    /// Set when it has a data endpoint.
    pub data_api_version: Option<String>,
    /// Its screens, in their order.
    pub screens: Vec<String>,
    /// In the order of their places.
    pub problems: Vec<Problem>,
}

impl Report {
    /// Whether nothing is wrong that Meta would refuse.
    pub fn is_good(&self) -> bool {
        self.problems.iter().all(|problem| problem.is_warning)
    }

    /// What Meta would refuse.
    pub fn errors(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| !problem.is_warning)
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Place {
            line_start,
            column_start,
            ..
        } = self.place;
        write!(f, "{line_start}:{column_start}")?;
        if !self.path.is_empty() {
            write!(f, " {}", self.path)?;
        }
        write!(f, ": {} ({})", self.message, self.error)
    }
}

/// Looks a Flow's JSON through.
pub fn check(text: &str) -> Report {
    check::check(text)
}
