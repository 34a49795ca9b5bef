//! Warns of variables at a module's level that handlers change: in a fresh instance they begin anew
//! with each event.
//!
//! The author's own files are parsed as they are, TypeScript too; packages are not looked at. It is
//! a guess from the text, on the side of silence: a handler is a function that does not certainly run
//! while the bot starts (`start`, and over all files `uses`), and a change is an assignment or what fills
//! a container (`change`; of objects' own fields `fields`). A value that is made at its first use and kept is no change worth a word.

mod change;
mod fields;
mod origin;
mod start;
#[cfg(test)]
mod tests;
mod uses;

use super::error::{Place, Report};
use crate::build::parsed;
use change::{Change, Owner};
pub(super) use start::{Starts, When};
use std::path::Path;
use uses::Uses;

/// Variables that are shown with their lines; of more there is a count.
const SHOWN: usize = 5;

/// What to do about it.
const ADVICE: &str = "keep it in a table; or keep one instance between events, one event at a time: \
                      `roost projects set NAME instance=resident`, or \"roost\": { \"instance\": \
                      \"resident\" } in package.json";

/// A variable or a field that handlers change.
#[derive(Debug, PartialEq, Eq)]
struct Kept {
    variable: String,
    owner: Option<Owner>,
    /// Where it is changed first, in bytes.
    offset: usize,
    /// At how many places.
    places: usize,
}

impl Kept {
    /// `sessions`, or `this.users` of `Flow`, in backticks.
    fn shown(&self) -> String {
        let of = match &self.owner {
            None | Some(Owner::Instances(None)) => String::new(),
            Some(Owner::Object(name) | Owner::Instances(Some(name))) => format!(" of `{name}`"),
        };
        format!("`{}`{of}", self.variable)
    }
}

/// The variables that handlers change, in the order of the files, which are relative to `dir`.
pub(super) fn warnings<'a>(dir: &Path, files: impl Iterator<Item = &'a str>) -> Vec<Report> {
    let sources: Vec<(&str, String)> = files
        .filter_map(|file| Some((file, std::fs::read_to_string(dir.join(file)).ok()?)))
        .collect();
    let mut found: Vec<(Kept, Place)> = kept(&sources)
        .into_iter()
        .map(|(at, kept)| {
            let (file, source) = &sources[at];
            let place = place(file, source, &kept);
            (kept, place)
        })
        .collect();
    let rest = found.split_off(found.len().min(SHOWN));
    let mut reports: Vec<Report> = found.into_iter().map(report).collect();
    if !rest.is_empty() {
        let names: Vec<String> = rest
            .iter()
            .take(SHOWN)
            .map(|(kept, place)| format!("{} at {}:{}", kept.shown(), place.file, place.line))
            .collect();
        let (count, more) = (rest.len(), if rest.len() > SHOWN { " ..." } else { "" });
        let message = format!(
            "{count} more variables are changed by handlers: {}{more}",
            names.join(", ")
        );
        reports.push(Report::new(message));
    }
    reports
}

fn report((kept, place): (Kept, Place)) -> Report {
    let more = match kept.places {
        1 => String::new(),
        2 => ", and at one more place".to_owned(),
        n => format!(", and at {} more places", n - 1),
    };
    Report::new(format!(
        "{} keeps what handlers put into it only until the event ends: each event begins with what \
         the top level left (changed here{more})",
        kept.shown()
    ))
    .with_place(Some(place))
    .with_advice(ADVICE)
}

/// What handlers change in these files, with the number of the file.
fn kept(sources: &[(&str, String)]) -> Vec<(usize, Kept)> {
    let mut uses = Uses::default();
    let mut changes = Vec::new();
    for (at, (file, source)) in sources.iter().enumerate() {
        let of_file = changes_in(file, source, &mut uses);
        changes.extend(of_file.into_iter().map(|change| (at, change)));
    }
    let solved = uses.solved();
    let lasting = changes.into_iter().filter_map(|(at, change)| {
        if change
            .owner
            .as_ref()
            .is_some_and(|owner| !solved.lasts(owner))
        {
            return None;
        }
        let places = change.places.iter();
        let places: Vec<usize> = places
            .filter(|(_, when)| solved.is_of_event(when))
            .map(|(offset, _)| *offset)
            .collect();
        let kept = Kept {
            variable: change.variable,
            owner: change.owner,
            offset: *places.iter().min()?,
            places: places.len(),
        };
        Some((at, kept))
    });
    let mut lasting: Vec<_> = lasting.collect();
    lasting.sort_by_key(|(at, kept)| (*at, kept.offset));
    lasting
}

/// The changes in one file; none when it is of another kind or does not parse.
fn changes_in(file: &str, source: &str, uses: &mut Uses) -> Vec<Change> {
    parsed::look_at(file, source, |semantic| {
        let starts = Starts::new(semantic);
        uses.add(semantic, &starts);
        let mut found = change::changes(semantic, &starts);
        found.extend(fields::changes(semantic, &starts));
        found
    })
    .unwrap_or_default()
}

fn place(file: &str, source: &str, kept: &Kept) -> Place {
    let before = &source[..kept.offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let text = source[line_start..].lines().next().unwrap_or_default();
    Place {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        column: source[line_start..kept.offset].chars().count() + 1,
        length: kept.variable.chars().count(),
        text: text.to_owned(),
    }
}
