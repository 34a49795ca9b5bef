//! Reads a `.env` as the npm package `dotenv` does, which is what bots' authors wrote it for.
//!
//! No library: the crates of this name put other variables in the place of `$NAME`, as shells do
//! and `dotenv` does not, and take them from the environment of the process. That is the host's
//! own, master key included, and whoever imports a file must not be able to ask for it.

use super::{InvalidLine, SecretError, SecretName};
use crate::projects::model::Secret;

/// One variable.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it begins, from 1.
    pub line: usize,
    pub name: String,
    pub value: Secret,
}

impl Entry {
    /// Its name, if a secret can have it. What is no such name may be a part of a value that should have
    /// been in quotes: the reason does not quote it.
    pub fn secret_name(&self) -> Result<SecretName, InvalidLine> {
        self.name.parse().map_err(|_: SecretError| InvalidLine {
            line: self.line,
            reason: "its name cannot be a secret's; use up to 128 letters, digits and `_`, \
                     not beginning with a digit"
                .to_owned(),
        })
    }
}

/// The variables of a file, and the lines that are none. Of a name that comes twice the last counts.
///
/// A key of several lines that is not in quotes spoils the whole file: each of its lines would be read
/// as a name, and names are shown.
pub fn parse(text: &str) -> Result<(Vec<Entry>, Vec<InvalidLine>), SecretError> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let text = text.replace('\r', "\n");
    let (mut entries, mut invalid): (Vec<Entry>, Vec<InvalidLine>) = (Vec::new(), Vec::new());
    let (mut rest, mut line) = (text.as_str(), 1);
    while !rest.is_empty() {
        let (taken, found) = statement(rest);
        if !is_whole(&rest[..taken]) {
            return Err(SecretError::KeyNotQuoted { line });
        }
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
    Ok((entries, invalid))
}

/// Whether a key that begins in a statement also ends there: in quotes, or on one line.
fn is_whole(statement: &str) -> bool {
    if statement.trim_start().starts_with('#') {
        return true;
    }
    let (begins, ends) = (marks(statement, "BEGIN"), marks(statement, "END"));
    begins.len() == ends.len() && begins.iter().zip(&ends).all(|(begin, end)| begin < end)
}

/// Where the lines around keys have this word: `-----BEGIN` in a PEM, `---- BEGIN` in SSH's own format.
fn marks(text: &str, word: &str) -> Vec<usize> {
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(|at| text[..*at].trim_end_matches(' ').ends_with("----"))
        .collect()
}

type Statement<'a> = Result<Option<(&'a str, String)>, &'static str>;

/// `dotenv` takes it, with the value `=`; nobody means that.
const END_OF_BASE64: &str =
    "it looks like the end of a value of several lines: put all of it in quotes";

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
    if bare == "=" {
        return (line_end, Err(END_OF_BASE64));
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
        let (entries, invalid) = parse(text).unwrap();
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
        let (entries, invalid) = parse(text).unwrap();
        let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["GOOD", "NEXT"]);
        let lines: Vec<_> = invalid.iter().map(|line| line.line).collect();
        assert_eq!(lines, [2, 3, 4, 6]);
        assert!(invalid.iter().all(|line| !line.reason.contains("words")));
    }

    #[test]
    fn a_key_that_is_not_in_quotes_spoils_the_file_and_is_not_quoted() {
        let key = "-----BEGIN PRIVATE KEY-----\nMIIS3CR3T\nMIIS3CR3Tbase64==\n-----END PRIVATE KEY-----\n";
        for (text, at) in [
            (key.to_owned(), 1),
            (format!("A=1\nKEY={key}B=2\n"), 2),
            (format!("A=1\r\nKEY: {}", key.replace('\n', "\r\n")), 2),
            (format!("export KEY = {key}"), 1),
            // A quote that is never closed, and one that is closed elsewhere.
            (format!("KEY=\"{key}"), 1),
            (format!("KEY='{key}B='x'\n"), 1),
            (
                "KEY=\"-----BEGIN KEY-----\" and\nMIIS3CR3T=\n".to_owned(),
                1,
            ),
            // Its begin, or its end, is elsewhere.
            (format!("#KEY={key}"), 4),
            ("MIIS3CR3T=\n-----END PRIVATE KEY-----\n".to_owned(), 2),
            (
                "A=1\n-----BEGIN PRIVATE KEY-----\nMIIS3CR3T=\n".to_owned(),
                2,
            ),
            (
                "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nMIIS3CR3T==\n".to_owned(),
                1,
            ),
        ] {
            let error = parse(&text).unwrap_err();
            assert_eq!(error, SecretError::KeyNotQuoted { line: at }, "{text}");
            let said = error.to_string();
            assert!(
                said.starts_with(&format!("line {at} lies in a PEM")),
                "{said}"
            );
            assert!(!said.contains("MII"), "{said}");
        }
    }

    #[test]
    fn a_key_in_quotes_on_one_line_or_in_comments_is_taken() {
        for quote in ['"', '\'', '`'] {
            let text = format!("A={quote}-----BEGIN KEY-----\nabc==\n-----END KEY-----{quote}\n");
            one(&text, "-----BEGIN KEY-----\nabc==\n-----END KEY-----");
        }
        let line = r"-----BEGIN KEY-----\nabc==\n-----END KEY-----\n";
        one(&format!("A={line}"), line);
        let commented = "# -----BEGIN KEY-----\n# abc==\n# -----END KEY-----\nA=x\n";
        assert_eq!(read(commented), [(4, "A".to_owned(), "x".to_owned())]);
    }

    #[test]
    fn what_may_be_a_part_of_a_value_is_no_name_and_not_quoted() {
        let (entries, invalid) = parse("KEY=MIIa\nMIIS3CR3T==\n9S3CR3T=\n").unwrap();
        assert_eq!(invalid.len(), 1);
        assert_eq!(
            (invalid[0].line, invalid[0].reason.as_str()),
            (2, END_OF_BASE64)
        );
        let refused = entries[1].secret_name().unwrap_err();
        assert_eq!(refused.line, 3);
        assert!(!refused.reason.contains("S3CR3T"), "{}", refused.reason);
        assert_eq!(entries[0].secret_name().unwrap().as_str(), "KEY");
    }
}
