//! Flow JSON: reading it, and what Meta would find wrong with it.
//!
//! Not here: what a customer sees of it (`flow_player`).

pub(crate) mod check;
pub(crate) mod components;
pub(crate) mod expression;
mod routes;
pub(crate) mod source;
#[cfg(test)]
mod tests;

use serde_json::Value;

use components::Version;

/// Versions with which Flows can be published.
const PUBLISHABLE: [Version; 9] = [
    (5, 1),
    (6, 0),
    (6, 1),
    (6, 2),
    (6, 3),
    (7, 0),
    (7, 1),
    (7, 2),
    (7, 3),
];
/// Versions with which Flows can still be sent.
const FROZEN: [Version; 5] = [(2, 1), (3, 0), (3, 1), (4, 0), (5, 0)];

/// What Meta finds wrong, in the form in which it says so.
pub(crate) fn validation_errors(text: &str) -> Vec<Value> {
    check::check(text)
}

/// The ids of the screens, as far as there are some.
pub(crate) fn screen_ids(text: &str) -> Vec<String> {
    let read: Value = serde_json::from_str(text).unwrap_or_default();
    let screens = read["screens"].as_array().into_iter().flatten();
    screens
        .filter_map(|screen| screen["id"].as_str().map(str::to_owned))
        .collect()
}

/// A text of the top level, for example `version`.
pub(crate) fn top_level(text: &str, key: &str) -> Option<String> {
    let read: Value = serde_json::from_str(text).ok()?;
    read[key].as_str().map(str::to_owned)
}

pub(crate) fn version_of(text: &str) -> Option<Version> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Whether a Flow of this version can be published: older ones can only be sent.
pub(crate) fn can_be_published(text: &str) -> bool {
    let version = top_level(text, "version");
    version
        .and_then(|version| version_of(&version))
        .is_some_and(|version| PUBLISHABLE.contains(&version))
}
