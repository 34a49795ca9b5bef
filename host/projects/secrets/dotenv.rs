//! Reads a `.env` as the npm package `dotenv` does, which is what bots' authors wrote it for.
//!
//! No library: the crates of this name put other variables in the place of `$NAME`, as shells do
//! and `dotenv` does not, and take them from the environment of the process. That is the host's
//! own, master key included, and whoever imports a file must not be able to ask for it.

use super::InvalidLine;
use crate::projects::model::Secret;

/// One variable.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it begins, from 1.
    pub line: usize,
    pub name: String,
    pub value: Secret,
}

/// The variables of a file, and the lines that are none. Of a name that comes twice the last counts.
pub fn parse(text: &str) -> (Vec<Entry>, Vec<InvalidLine>) {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let text = text.replace('\r', "\n");
    let (mut entries, mut invalid): (Vec<Entry>, Vec<InvalidLine>) = (Vec::new(), Vec::new());
    let (mut rest, mut line) = (text.as_str(), 1);
    while !rest.is_empty() {
        let (taken, found) = statement(rest);
        match found {
            Ok(None) => {}
            Ok(Some((name, value))) => {
                entries.retain(|entry| entry.name != name);
                entries.push(Entry {
                    line,
                    name: name.to_owned(),
                    value: Secret::new(value),
                });
            }
            Err(reason) => invalid.push(InvalidLine {
                line,
                reason: reason.to_owned(),
            }),
        }
        line += rest[..taken].matches('\n').count();
        rest = &rest[taken..];
    }
    (entries, invalid)
}

type Statement<'a> = Result<Option<(&'a str, String)>, &'static str>;

/// The first statement, and how much of the text it is, its line's end included.
fn statement(text: &str) -> (usize, Statement<'_>) {
    let line_end = text.find('\n').map_or(text.len(), |at| at + 1);
    let line = text[..line_end].trim();
    if line.is_empty() || line.starts_with('#') {
        return (line_end, Ok(None));
    }
    let line = match line.strip_prefix("export") {
        Some(rest) if rest.starts_with([' ', '\t']) => rest.trim_start(),
        _ => line,
    };
    let name_end = line.find(|c: char| !(c.is_alphanumeric() || "_.-".contains(c)));
    let name = &line[..name_end.unwrap_or(line.len())];
    if name.is_empty() {
        return (line_end, Err("it begins with no name"));
    }
    let after = line[name.len()..].trim_start();
    // `NAME: value` too, as `dotenv` has it.
    let Some(value) = after.strip_prefix('=').or_else(|| after.strip_prefix(": ")) else {
        return (line_end, Err("there is no `=` after the name"));
    };
    // Where the value begins in the text: the rest of the line is the end of both.
    let trimmed_end = text[..line_end].trim_end().len();
    let start = trimmed_end - value.len();
    let value_start = start + (value.len() - value.trim_start().len());
    if let Some(quote) = value.trim_start().chars().next()
        && ['"', '\'', '`'].contains(&quote)
        && let Some(quoted) = quoted(&text[value_start + 1..], quote)
    {
        let end = value_start + 1 + quoted.len() + 1;
        let last_end = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
        let behind = text[end..last_end].trim();
        if behind.is_empty() || behind.starts_with('#') {
            return (last_end, Ok(Some((name, unescaped(quoted, quote)))));
        }
        if !quoted.contains('\n') {
            return (line_end, Err("something follows the closing quote"));
        }
    }
    let bare = value.split('#').next().unwrap_or_default().trim();
    if bare.starts_with(['"', '\'', '`']) {
        return (line_end, Err("its quote is never closed"));
    }
    (line_end, Ok(Some((name, bare.to_owned()))))
}

/// What is before the closing quote; `\"` closes nothing.
fn quoted(text: &str, quote: char) -> Option<&str> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if c == quote && !escaped {
            return Some(&text[..at]);
        }
        escaped = c == '\\' && !escaped;
    }
    None
}

/// Only double quotes know line ends that are written out.
fn unescaped(text: &str, quote: char) -> String {
    match quote {
        '"' => text.replace("\\n", "\n").replace("\\r", "\r"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(usize, String, String)> {
        let (entries, invalid) = parse(text);
        assert_eq!(invalid, [], "{text}");
        let plain = |entry: Entry| (entry.line, entry.name, entry.value.expose().to_owned());
        entries.into_iter().map(plain).collect()
    }

    #[track_caller]
    fn one(text: &str, value: &str) {
        assert_eq!(
            read(text),
            [(1, "A".to_owned(), value.to_owned())],
            "{text}"
        );
    }

    #[test]
    fn values_are_read_as_npms_dotenv_reads_them() {
        one("A=plain", "plain");
        one("A = spaced out \n", "spaced out");
        one("export A=exported", "exported");
        one("A=", "");
        one("A=\"\"", "");
        one("A=with=equals", "with=equals");
        one("A=cost $HOME ${PATH}", "cost $HOME ${PATH}");
        one("A=value # a comment", "value");
        one("A=\"kept # here\" # not here", "kept # here");
        one("A='single $x \\n'", "single $x \\n");
        one("A=\"two\\nlines\"", "two\nlines");
        one("A=`it's \"both\"`", "it's \"both\"");
        one("A=\"two\nlines\"", "two\nlines");
        one("A: yaml", "yaml");
        one("\u{feff}A=bom\r\n", "bom");
        one("A=it's", "it's");
    }

    #[test]
    fn lines_are_counted_through_values_of_several_lines() {
        let text = "# keys\n\nKEY=\"-----BEGIN\nabc\n-----END\"\nLAST='x'\nKEY=again\n";
        assert_eq!(
            read(text),
            [
                (6, "LAST".to_owned(), "x".to_owned()),
                (7, "KEY".to_owned(), "again".to_owned())
            ]
        );
    }

    #[test]
    fn what_is_no_variable_is_told_by_its_line_without_its_text() {
        let text = "GOOD=1\njust words\n=nameless\nOPEN=\"never closed\nNEXT=2\nA=\"x\" y\n";
        let (entries, invalid) = parse(text);
        let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["GOOD", "NEXT"]);
        let lines: Vec<_> = invalid.iter().map(|line| line.line).collect();
        assert_eq!(lines, [2, 3, 4, 6]);
        assert!(invalid.iter().all(|line| !line.reason.contains("words")));
    }
}
