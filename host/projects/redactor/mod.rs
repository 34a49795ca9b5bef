//! Takes values of a project's secrets out of what its bot says: logs, errors, refusals.
//!
//! It keeps accidents from spreading, such as a configuration that is logged whole or a token in the
//! text of an error. A bot that wants to say a secret can say it in some way of its own.
//!
//! Looked for is a value of [`MIN_CHARS`] characters or more as it is, percent-encoded, in Base64 also
//! within something longer, in hexadecimal, escaped as in JSON; and the long lines of one that has
//! several. Of a long value [`NEEDLE`] bytes are enough to know it by.

mod forms;
mod seam;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

use super::known::{HostValue, recognize, set_by_host};
use super::model::Secret;
use forms::{Form, forms_of};

pub use seam::Seam;

/// Shorter values are not hidden: they are in too much that is no secret.
pub const MIN_CHARS: usize = 8;

/// By how many bytes a form is known.
const NEEDLE: usize = 64;

/// Knows values, and hides them. Clones share what they know.
#[derive(Clone, Default)]
pub struct Redactor(Arc<Known>);

#[derive(Default)]
struct Known {
    /// With what each is called.
    values: Vec<(String, Secret)>,
    /// Made at the first text: most bots say little.
    search: OnceLock<Search>,
}

struct Search {
    automaton: AhoCorasick,
    /// In order.
    needles: Vec<Vec<u8>>,
    /// The forms that begin with each needle, by its number.
    begins: Vec<Vec<usize>>,
    /// Each with the number of its value.
    forms: Vec<(usize, Form)>,
}

/// Where a value is in a text.
#[derive(Debug)]
struct Found {
    at: Range<usize>,
    form: usize,
    /// How much of the form is there.
    length: usize,
}

impl Redactor {
    /// Of values, each with what is shown in its place. Short ones are left out.
    pub fn new(values: impl IntoIterator<Item = (String, Secret)>) -> Self {
        let mut known: Vec<(String, Secret)> = Vec::new();
        for (name, value) in values {
            let value = value.expose().trim();
            let is_new = known.iter().all(|(_, other)| other.expose() != value);
            if is_new && value.chars().count() >= MIN_CHARS {
                known.push((name, Secret::new(value)));
            }
        }
        Self(Arc::new(Known {
            values: known,
            search: OnceLock::new(),
        }))
    }

    /// The same, which hides also these texts, of `least` characters or more, all by one name.
    pub fn and(&self, name: &str, texts: impl IntoIterator<Item = String>, least: usize) -> Self {
        let mut known = self.0.values.clone();
        for text in texts {
            let value = text.trim();
            let is_new = known.iter().all(|(_, other)| other.expose() != value);
            if is_new && value.chars().count() >= least.max(1) {
                known.push((name.to_owned(), Secret::new(value)));
            }
        }
        Self(Arc::new(Known {
            values: known,
            search: OnceLock::new(),
        }))
    }

    /// Of what is secret in a project's environment, and more.
    pub(super) fn of(
        variables: &BTreeMap<String, String>,
        secrets: &BTreeMap<String, String>,
        more: impl IntoIterator<Item = (String, Secret)>,
    ) -> Self {
        let secrets = secrets.iter().filter(|(name, _)| may_be_secret(name));
        let variables = variables.iter().filter(|(name, _)| {
            let value = set_by_host(name).or_else(|| recognize(name));
            value.is_some_and(|value| !value.is_public())
        });
        let all = secrets.chain(variables);
        let all = all.map(|(name, value)| (name.clone(), Secret::new(value.as_str())));
        Self::new(all.chain(more))
    }

    /// Whether it knows nothing to hide.
    pub fn is_idle(&self) -> bool {
        self.0.values.is_empty()
    }

    /// The text, with `[secret NAME]` in the place of each value.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let found = self.find(text);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let (mut out, mut after) = (String::with_capacity(text.len()), 0);
        for Found { at, form, .. } in found {
            out.push_str(text.get(after..at.start).unwrap_or_default());
            out.push_str(&self.mark(form));
            after = at.end;
        }
        out.push_str(text.get(after..).unwrap_or_default());
        Cow::Owned(out)
    }

    /// What is shown in the place of a form.
    fn mark(&self, form: usize) -> String {
        let name = self.form(form).map(|(value, _)| *value);
        let name = name.and_then(|value| self.0.values.get(value));
        format!("[secret {}]", name.map_or("", |(name, _)| name))
    }

    fn form(&self, form: usize) -> Option<&(usize, Form)> {
        self.search()?.forms.get(form)
    }

    fn search(&self) -> Option<&Search> {
        match self.is_idle() {
            true => None,
            false => Some(self.0.search.get_or_init(|| Search::new(&self.0.values))),
        }
    }

    /// Where values are, in order; none lies over another.
    fn find(&self, text: &str) -> Vec<Found> {
        let Some(search) = self.search() else {
            return Vec::new();
        };
        let (bytes, mut found, mut from) = (text.as_bytes(), Vec::new(), 0);
        while let Some(hit) = search.automaton.find(Input::new(bytes).range(from..)) {
            let rest = bytes.get(hit.start()..).unwrap_or_default();
            let begins = search.begins.get(hit.pattern().as_usize());
            let longest = begins.into_iter().flatten().filter_map(|form| {
                let (_, known) = search.forms.get(*form)?;
                Some((common(&known.text, rest), *form, known.is_base64))
            });
            let Some((length, form, is_base64)) = longest.max() else {
                break;
            };
            let (mut start, mut end) = (hit.start(), hit.start() + length);
            if is_base64 {
                (start, end) = with_halves(bytes, start..end);
            }
            // A form may have been cut within a character.
            while !text.is_char_boundary(end) {
                end += 1;
            }
            let at = start.max(from)..end;
            from = end;
            found.push(Found { at, form, length });
        }
        found
    }

    /// From where on a text may be the beginning of a value that goes on in the next one.
    fn open_end(&self, text: &str, from: usize) -> usize {
        let Some(search) = self.search() else {
            return text.len();
        };
        let bytes = text.as_bytes();
        let nearest = bytes.len().saturating_sub(NEEDLE - 1).max(from);
        (nearest..bytes.len())
            .filter(|at| text.is_char_boundary(*at))
            .find(|at| search.begins_with(&bytes[*at..]))
            .unwrap_or(bytes.len())
    }
}

impl Search {
    fn new(values: &[(String, Secret)]) -> Self {
        let mut forms = Vec::new();
        let mut by_needle: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
        for (value, (_, text)) in values.iter().enumerate() {
            for form in forms_of(text.expose()) {
                let needle = &form.text[..form.text.len().min(NEEDLE)];
                let begins = by_needle.entry(needle.to_vec()).or_default();
                begins.push(forms.len());
                forms.push((value, form));
            }
        }
        let (needles, begins): (Vec<_>, Vec<_>) = by_needle.into_iter().unzip();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&needles)
            .expect("the needles of a project's secrets are a few MiB at most");
        Self {
            automaton,
            needles,
            begins,
            forms,
        }
    }

    /// Whether a needle begins with this, and goes on.
    fn begins_with(&self, text: &[u8]) -> bool {
        let at = self
            .needles
            .partition_point(|needle| needle.as_slice() <= text);
        let next = self.needles.get(at);
        next.is_some_and(|needle| needle.starts_with(text))
    }
}

/// How many bytes two texts have in common at their beginning.
fn common(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

/// A form of Base64, with the characters beside it that hold some of its bits.
fn with_halves(text: &[u8], at: Range<usize>) -> (usize, usize) {
    let is_of_it = |at: usize| {
        let byte = text.get(at);
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte))
    };
    let before = at.start.checked_sub(1).filter(|before| is_of_it(*before));
    let mut end = at.end + usize::from(is_of_it(at.end));
    while text.get(end) == Some(&b'=') {
        end += 1;
    }
    (before.unwrap_or(at.start), end)
}

/// Whether a variable that somebody set as a secret may be one. Number, account and the like are in
/// logs everywhere.
fn may_be_secret(name: &str) -> bool {
    let is_usual = ["NODE_ENV", "PORT"].contains(&name);
    let value = set_by_host(name).or_else(|| recognize(name));
    let is_shown = matches!(
        value,
        Some(
            HostValue::PhoneNumberId
                | HostValue::AccountId
                | HostValue::PhoneNumber
                | HostValue::GraphVersion
        )
    );
    !is_usual && !is_shown
}
