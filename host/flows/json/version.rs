//! Versions of Flow JSON, of its data API, and what Meta still takes.

use std::fmt;

/// A version of Flow JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u8, pub u8);

/// What Meta publishes. A later one is read by the rules of the last.
pub const PUBLISHED: [Version; 9] = [
    Version(5, 1),
    Version(6, 0),
    Version(6, 1),
    Version(6, 2),
    Version(6, 3),
    Version(7, 0),
    Version(7, 1),
    Version(7, 2),
    NEWEST,
];

/// What is sent still, and published no more.
pub(super) const FROZEN: [Version; 5] = [
    Version(2, 1),
    Version(3, 0),
    Version(3, 1),
    Version(4, 0),
    Version(5, 0),
];

/// What Meta recommends.
pub const NEWEST: Version = Version(7, 3);

/// Versions of the data API.
pub(super) const DATA_API: [&str; 2] = ["3.0", "4.0"];

impl Version {
    pub(super) fn read(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        let number = |digits: &str| {
            let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            is_plain.then(|| digits.parse().ok()).flatten()
        };
        Some(Self(number(major)?, number(minor)?))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}
