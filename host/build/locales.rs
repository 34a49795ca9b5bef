//! Warns of code whose dates, numbers and order of texts come out otherwise than on Node: the engine
//! has no Intl.

use std::path::Path;

use oxc_ast::AstKind;
use oxc_span::GetSpan;

use super::error::{Place, Report};
use crate::build::parsed;

/// Methods that answer in a language, and how many arguments make them do so.
const METHODS: [(&str, usize); 6] = [
    ("localeCompare", 2),
    ("toLocaleDateString", 0),
    ("toLocaleLowerCase", 1),
    ("toLocaleString", 0),
    ("toLocaleTimeString", 0),
    ("toLocaleUpperCase", 1),
];

/// One warning, at the first place, for the bot's own files, which are relative to `dir`.
pub(super) fn warning<'a>(dir: &Path, files: impl Iterator<Item = &'a str>) -> Option<Report> {
    let mut places = files.flat_map(|file| {
        let source = std::fs::read_to_string(dir.join(file)).unwrap_or_default();
        let found = match METHODS.iter().any(|(name, _)| source.contains(name))
            || source.contains("Intl")
            || source.contains("TZ")
        {
            true => uses(file, &source),
            false => Vec::new(),
        };
        found
            .into_iter()
            .map(|(name, offset)| (name, place(file, &source, offset)))
            .collect::<Vec<_>>()
    });
    let (name, place) = places.next()?;
    let more = match places.count() {
        0 => String::new(),
        1 => ", as at one more place".to_owned(),
        count => format!(", as at {count} more places"),
    };
    let message = format!(
        "`{name}` answers otherwise than on Node{more}: Roost has no Intl yet, so languages, currencies and time zones \
         are left out of it"
    );
    let advice = "write out what customers read, such as `${day}/${month}/${year}`; for time zones take a package with \
                  data of its own, such as moment-timezone";
    Some(
        Report::new(message)
            .with_place(Some(place))
            .with_advice(advice),
    )
}

fn uses(file: &str, source: &str) -> Vec<(String, usize)> {
    parsed::look_at(file, source, |semantic| {
        let found = semantic
            .nodes()
            .iter()
            .filter_map(|node| match node.kind() {
                AstKind::CallExpression(call) => {
                    let member = call.callee.get_inner_expression().as_member_expression()?;
                    let name = member.static_property_name()?;
                    let (_, least) = METHODS.iter().find(|(method, _)| *method == name)?;
                    (call.arguments.len() >= *least)
                        .then(|| (name.to_string(), member.span().end as usize - name.len()))
                }
                AstKind::IdentifierReference(name) if name.name == "Intl" => {
                    let is_asked = matches!(
                        semantic.nodes().parent_kind(node.id()),
                        AstKind::UnaryExpression(_)
                    );
                    (!is_asked).then(|| ("Intl".to_owned(), name.span.start as usize))
                }
                AstKind::AssignmentExpression(assignment) => {
                    let left = assignment.left.span();
                    let text = &source[left.start as usize..left.end as usize];
                    (text == "process.env.TZ").then(|| (text.to_owned(), left.start as usize))
                }
                _ => None,
            });
        found.collect()
    })
    .unwrap_or_default()
}

fn place(file: &str, source: &str, offset: usize) -> Place {
    let before = &source[..offset];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let word = source[offset..].find(|c: char| !c.is_alphanumeric() && c != '.');
    Place {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        column: source[line_start..offset].chars().count() + 1,
        length: word.unwrap_or(1).max(1),
        text: source[line_start..]
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned(),
    }
}
