//! Warns of variables at a module's level that handlers change: in a fresh instance they begin anew
//! with each event.
//!
//! The author's own files are parsed as they are, TypeScript too; packages are not looked at. It is
//! a guess from the text, on the side of silence: a handler is a function that does not certainly run
//! while the bot starts (`start`), and a change is an assignment or what fills a container
//! (`change`). A value that is made at its first use and kept is no change worth a word.

mod change;
mod origin;
mod start;
#[cfg(test)]
mod tests;

use super::error::{Place, Report};
use change::{Change, changes};
use oxc_allocator::Allocator;
use oxc_parser::Parser;
use oxc_semantic::SemanticBuilder;
use oxc_span::SourceType;
use std::path::Path;

/// Variables that are shown with their lines; of more there is a count.
const SHOWN: usize = 5;

/// What to do about it.
const ADVICE: &str = "keep it in a table; or keep one instance between events, one event at a time: \
                      `roost projects set NAME instance=resident`, or \"roost\": { \"instance\": \
                      \"resident\" } in package.json";

/// The variables that handlers change, in the order of the files, which are relative to `dir`.
pub(super) fn warnings<'a>(dir: &Path, files: impl Iterator<Item = &'a str>) -> Vec<Report> {
    let mut found = Vec::new();
    for file in files {
        let Ok(source) = std::fs::read_to_string(dir.join(file)) else {
            continue;
        };
        for change in changes_in(file, &source) {
            let place = place(file, &source, &change);
            found.push((change, place));
        }
    }
    let rest = found.split_off(found.len().min(SHOWN));
    let mut reports: Vec<Report> = found.into_iter().map(report).collect();
    if !rest.is_empty() {
        let names: Vec<String> = rest
            .iter()
            .take(SHOWN)
            .map(|(change, place)| {
                format!("`{}` at {}:{}", change.variable, place.file, place.line)
            })
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

fn report((change, place): (Change, Place)) -> Report {
    let more = match change.places {
        1 => String::new(),
        2 => ", and at one more place".to_owned(),
        n => format!(", and at {} more places", n - 1),
    };
    Report::new(format!(
        "`{}` keeps what handlers put into it only until the event ends: each event begins with what \
         the top level left (changed here{more})",
        change.variable
    ))
    .with_place(Some(place))
    .with_advice(ADVICE)
}

/// The changes in one file; none when it is of another kind or does not parse.
fn changes_in(file: &str, source: &str) -> Vec<Change> {
    let Ok(kind) = SourceType::from_path(file) else {
        return Vec::new();
    };
    // What only old scripts may write is tried second.
    for kind in [kind, kind.with_commonjs(true)] {
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, source, kind).parse();
        if parsed.panicked {
            continue;
        }
        let built = SemanticBuilder::new()
            .with_build_nodes(true)
            .build(&parsed.program);
        return changes(&built.semantic);
    }
    Vec::new()
}

fn place(file: &str, source: &str, change: &Change) -> Place {
    let before = &source[..change.offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let text = source[line_start..].lines().next().unwrap_or_default();
    Place {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        column: source[line_start..change.offset].chars().count() + 1,
        length: change.variable.chars().count(),
        text: text.to_owned(),
    }
}
