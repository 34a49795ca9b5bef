//! SQL that Postgres wrote, as psql can be given it: nothing in it is a command or a variable of psql's, whatever
//! names and texts a tenant made, and whatever encoding whoever runs psql has set.

use std::fmt::Write as _;

/// What each script begins with: how what is below is meant.
pub(super) const HEAD: &str =
    "set client_encoding = 'UTF8';\nset standard_conforming_strings = on;\n";

/// The same SQL in printable ASCII and line ends. What else is in a quoted name or a text is escaped there: outside of
/// them Postgres writes nothing else.
///
/// Takes what the server's own functions give (`pg_get_viewdef`, `quote_literal`): no comments, no texts in dollars.
pub(super) fn plain(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = rest.find(['"', '\'', ':']) {
        let (before, quote) = rest.split_at(at);
        out.push_str(before);
        rest = match quote.as_bytes().first() {
            Some(b'"') => {
                let (name, behind) = unquoted(quote, '"', false);
                out.push_str(&identifier(&name));
                behind
            }
            Some(b'\'') => {
                let is_escaping = takes_escapes(&out);
                let (text, behind) = unquoted(quote, '\'', is_escaping);
                if is_escaping {
                    out.pop();
                }
                out.push_str(&literal(&text));
                behind
            }
            _ => colon(quote, &mut out),
        };
    }
    out.push_str(rest);
    out
}

/// A cast, an assignment, or the middle of `a[1:x]`, where psql would look for a variable `x`.
fn colon<'a>(sql: &'a str, out: &mut String) -> &'a str {
    out.push(':');
    let behind = &sql[1..];
    match behind.chars().next() {
        Some(next @ (':' | '=')) => {
            out.push(next);
            &behind[1..]
        }
        Some(c) if c.is_alphanumeric() || ['_', '"', '\'', '{'].contains(&c) => {
            out.push(' ');
            behind
        }
        _ => behind,
    }
}

/// Whether a quote that follows begins a text with escapes: `E'…'`.
fn takes_escapes(before: &str) -> bool {
    let mut last = before.chars().rev();
    last.next().is_some_and(|c| c.eq_ignore_ascii_case(&'e'))
        && !last
            .next()
            .is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$')
}

/// What is between the quotes at the start of `sql`, and what is behind them.
fn unquoted(sql: &str, quote: char, is_escaping: bool) -> (String, &str) {
    let mut text = String::new();
    let mut chars = sql.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && is_escaping {
            // Postgres escapes nothing but the backslash itself.
            text.extend(chars.next().map(|(_, escaped)| escaped));
        } else if c != quote {
            text.push(c);
        } else if chars.next_if(|(_, next)| *next == quote).is_some() {
            text.push(quote);
        } else {
            return (text, &sql[at + 1..]);
        }
    }
    (text, "")
}

fn is_plain(c: char) -> bool {
    c != '\\' && (c == ' ' || c.is_ascii_graphic())
}

/// A name in quotes.
pub(super) fn identifier(name: &str) -> String {
    if name.chars().all(is_plain) {
        return format!("\"{}\"", name.replace('"', "\"\""));
    }
    let mut escaped = String::from("U&\"");
    for c in name.chars() {
        match c {
            '"' => escaped.push_str("\"\""),
            '\\' => escaped.push_str("\\\\"),
            c if is_plain(c) => escaped.push(c),
            // Writing to a String cannot fail.
            c => {
                let _ = write!(escaped, "\\+{:06x}", u32::from(c));
            }
        }
    }
    escaped.push('"');
    escaped
}

/// A text in quotes.
pub(super) fn literal(text: &str) -> String {
    if text.chars().all(is_plain) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut escaped = String::from("E'");
    for c in text.chars() {
        match c {
            '\'' => escaped.push_str("''"),
            '\\' => escaped.push_str("\\\\"),
            c if is_plain(c) => escaped.push(c),
            c => {
                let _ = write!(escaped, "\\U{:08x}", u32::from(c));
            }
        }
    }
    escaped.push('\'');
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_stays_as_it_is() {
        for sql in [
            "create table \"a \"\"b\"\"\" (c text default 'it''s'::text, d int[])",
            "create view v as\n SELECT (a + 1)::bigint AS b,\n    B'101'::\"bit\", f(x => 1), g(y := 2)\n   FROM t",
            "select '{\"a\": \"\\b\"}' where false",
        ] {
            let is_escaped = sql.contains('\\');
            assert_eq!(plain(sql) == sql, !is_escaped, "{sql}");
        }
    }

    #[test]
    fn names_and_texts_are_escaped() {
        for (sql, expected) in [
            (
                "drop table \"x\n\\! id > f\n\"",
                "drop table U&\"x\\+00000a\\\\! id > f\\+00000a\"",
            ),
            (
                "default E'\\\\! ''id'''::text, E'b\\\\'",
                "default E'\\\\! ''id'''::text, E'b\\\\'",
            ),
            (
                "'gr\u{fc}n\r' \"\u{83}\u{1f600}\"",
                "E'gr\\U000000fcn\\U0000000d' U&\"\\+000083\\+01f600\"",
            ),
            // Not the E of a text: the end of a name.
            ("\"e\"'\\' a.note'\\'", "\"e\"E'\\\\' a.noteE'\\\\'"),
            (
                "a[1:x] b[1:\"USER\"] c[:'2'::int] d[2:]",
                "a[1: x] b[1: \"USER\"] c[: '2'::int] d[2:]",
            ),
            ("'unfinished", "'unfinished'"),
        ] {
            assert_eq!(plain(sql), expected, "{sql}");
        }
    }
}
