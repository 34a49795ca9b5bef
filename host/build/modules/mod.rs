//! What a module asks of where it runs: its own folder, and other modules by names that are made
//! while it runs.
//!
//! ```text
//!  a file ─▶ scan ─▶ its markers ─▶ the bundler ─▶ markers are numbered, a first line answers them
//!              └───▶ its calls ───▶ table: what they may load is in the bundle too, and waits
//! ```
//!
//! In one file there would be one `__dirname` for all, and a `require(name)` would not know from
//! where to look. So before the bundler sees a module, each such word is replaced by a marker of that
//! module, which is as long: no column moves.

mod lazy;
mod metadata;
mod names;
mod scan;
mod table;

pub(super) use lazy::{Load, loads};
use names::Name;
use scan::Kind;
pub(super) use scan::{CONSTANT, Module, Scan, scan};
pub(super) use table::{Resolved, Table, table};

/// What a marker stands for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Question {
    Folder,
    File,
    Url,
    /// `require.main`
    Main,
    Require,
    Import,
    /// `import.meta.resolve`
    Resolver,
}

impl Question {
    const ALL: [Self; 7] = [
        Self::Folder,
        Self::File,
        Self::Url,
        Self::Main,
        Self::Require,
        Self::Import,
        Self::Resolver,
    ];

    fn letter(self) -> char {
        match self {
            Self::Folder => 'd',
            Self::File => 'f',
            Self::Url => 'u',
            Self::Main => 'm',
            Self::Require => 'r',
            Self::Import => 'i',
            Self::Resolver => 's',
        }
    }

    fn of_letter(letter: char) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|question| question.letter() == letter)
    }
}

const START: &str = "$_";
const DIGITS: usize = 3;
/// The shortest marker: `import` is what it has to stand for.
const LENGTH: usize = START.len() + 1 + DIGITS;
/// How many modules can have markers.
pub(super) const MAX_MODULES: usize = 36 * 36 * 36;

/// A marker of this length: `$_d00f___`.
pub(super) fn marker(question: Question, module: usize, length: usize) -> String {
    let digit = |place: u32| {
        let digit = module / 36_usize.pow(place) % 36;
        char::from_digit(u32::try_from(digit).unwrap_or(0), 36).unwrap_or('0')
    };
    let digits: String = (0..3).rev().map(digit).collect();
    let name = format!("{START}{}{digits}", question.letter());
    format!("{name:_<length$}")
}

/// A marker that was found in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) length: usize,
    pub(super) question: Question,
    pub(super) module: usize,
}

/// The markers in a bundle, in order.
pub(super) fn markers(code: &str) -> impl Iterator<Item = Found> + '_ {
    let bytes = code.as_bytes();
    code.match_indices(START).filter_map(move |(start, _)| {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$';
        if start > 0 && is_name(bytes[start - 1]) {
            return None;
        }
        let question = Question::of_letter(char::from(*bytes.get(start + START.len())?))?;
        let digits = code.get(start + START.len() + 1..start + LENGTH)?;
        if digits.bytes().any(|digit| digit.is_ascii_uppercase()) {
            return None;
        }
        let module = usize::from_str_radix(digits, 36).ok()?;
        let rest = &bytes[start + LENGTH..];
        let padding = rest.iter().take_while(|byte| **byte == b'_').count();
        if rest.get(padding).is_some_and(|byte| is_name(*byte)) {
            return None;
        }
        Some(Found {
            start,
            length: LENGTH + padding,
            question,
            module,
        })
    })
}

#[cfg(test)]
mod tests;
