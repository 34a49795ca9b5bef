//! Paths of SQL's own JSON functions, `JSON_EXISTS` and its like: the server carries them out itself, so that no function
//! of the cell bounds what they compare. A condition compares each item of one side with each of the other, and
//! looks at no interrupt in between; so the path is written in the statement, and its conditions compare with one value.

const WRITTEN: &str = "the path of JSON_EXISTS, JSON_QUERY, JSON_VALUE and JSON_TABLE is one text in the statement, without \
     E'...', U&'...' and parts: use jsonb_path_exists, jsonb_path_query or ->>";
const COMPARES: &str = "in a statement with JSON_EXISTS, JSON_QUERY, JSON_VALUE or JSON_TABLE, a condition in a text compares \
     with a number, \"text\", true, false or null on its right: use jsonb_path_exists, and give other texts as parameters";

/// What is expected of the next token.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Next {
    #[default]
    Anything,
    /// The path.
    Path,
    /// What does not go on with the path.
    End,
}

#[derive(Default)]
pub(super) struct Paths {
    /// How deep there are calls whose path is still to come.
    calls: Vec<u32>,
    /// Whether there was such a call: from then on each text may be a path.
    is_there: bool,
    next: Next,
    /// Whether the token before was a text.
    was_text: bool,
    /// Whether the tokens before were `U&`.
    is_unicode: bool,
}

impl Paths {
    /// Whether a statement has any of the words.
    fn are_in(sql: &str) -> bool {
        sql.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .any(|word| is_call(&word.to_ascii_uppercase()))
    }

    pub(super) fn new(sql: &str) -> Self {
        Self {
            is_there: Self::are_in(sql),
            ..Self::default()
        }
    }

    /// A word or a quoted name.
    pub(super) fn word(&mut self) -> Result<(), &'static str> {
        (self.was_text, self.is_unicode) = (false, false);
        match self.next {
            Next::Path => Err(WRITTEN),
            Next::End | Next::Anything => {
                self.next = Next::Anything;
                Ok(())
            }
        }
    }

    /// `before` is the word before it; `depth` is how many parentheses are open, without this one.
    pub(super) fn character(
        &mut self,
        before: &str,
        character: char,
        depth: u32,
    ) -> Result<(), &'static str> {
        self.was_text = false;
        self.is_unicode = character == '&' && before == "U";
        let is_end = [',', ')'].contains(&character);
        match (self.next, is_end) {
            (Next::End, true) => self.next = Next::Anything,
            (Next::End | Next::Path, _) => return Err(WRITTEN),
            (Next::Anything, _) => {}
        }
        match character {
            '(' if is_call(before) => self.calls.push(depth + 1),
            ',' if self.calls.last() == Some(&depth) => {
                self.calls.pop();
                self.next = Next::Path;
            }
            ')' => self.calls.retain(|call| *call < depth),
            _ => {}
        }
        Ok(())
    }

    /// A text as it stands in the statement, without its quotes.
    pub(super) fn text(&mut self, text: &str, is_escaping: bool) -> Result<(), &'static str> {
        if !self.is_there {
            return Ok(());
        }
        if self.was_text || self.is_unicode || is_escaping && text.contains('\\') {
            return Err(WRITTEN);
        }
        self.was_text = true;
        self.next = match self.next {
            Next::Path => Next::End,
            Next::End => return Err(WRITTEN),
            Next::Anything => Next::Anything,
        };
        match compares_with_values(text) {
            true => Ok(()),
            false => Err(COMPARES),
        }
    }
}

fn is_call(word: &str) -> bool {
    ["JSON_EXISTS", "JSON_QUERY", "JSON_VALUE", "JSON_TABLE"].contains(&word)
}

/// Whether each `=`, `<` and `>` outside of quotes stands before one value, which nothing makes several of.
fn compares_with_values(text: &str) -> bool {
    if !text.contains(['=', '<', '>']) {
        return true;
    }
    let mut rest = text;
    while let Some(at) = rest.find(['"', '=', '<', '>', '/', '\\']) {
        rest = &rest[at..];
        // A comment, or a sign by its number: a quote in them is none.
        if rest.starts_with("/*") || rest.starts_with('\\') {
            return false;
        }
        if let Some(divided) = rest.strip_prefix('/') {
            rest = divided;
            continue;
        }
        if rest.starts_with('"') {
            let Some(behind) = behind_quotes(rest) else {
                // No path ends so.
                return true;
            };
            rest = behind;
            continue;
        }
        rest = rest.trim_start_matches(['=', '<', '>']).trim_start();
        let Some(behind) = behind_value(rest) else {
            return false;
        };
        rest = behind;
        // `"a"[0, 0]` is several, `1.type()` is none of its own.
        let next = rest.trim_start().chars().next();
        if next.is_some_and(|next| !")&|?".contains(next)) {
            return false;
        }
    }
    true
}

/// What stands behind the quotes at the start.
fn behind_quotes(text: &str) -> Option<&str> {
    let mut is_escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return text.get(at + 1..),
            _ => {}
        }
    }
    None
}

/// What stands behind the value at the start.
fn behind_value(text: &str) -> Option<&str> {
    if text.starts_with('"') {
        return behind_quotes(text);
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_.+-".contains(c);
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (value, behind) = text.split_at(end);
    let is_number = value
        .trim_start_matches(['-', '+'])
        .starts_with(|c: char| c.is_ascii_digit())
        && value.parse::<f64>().is_ok();
    (is_number || ["true", "false", "null"].contains(&value)).then_some(behind)
}

#[cfg(test)]
mod tests {
    use super::super::whole::check;

    #[test]
    fn paths_that_compare_lists_are_refused() {
        for sql in [
            "select json_exists(a, '$ ? (@.a[*] == @.b[*])')",
            "select JSON_EXISTS (a, $$ $ ? (@.a[*] == @.b[*]) $$)",
            "select json_exists(a, '$ ? (@.a[*] /* = */ < /* */ @.b[*])')",
            "select json_exists(a, '$ ? (@.a == $x)' passing b as x)",
            "select json_exists(a, '$ ? (@.a[*] == \"x\"[0,0,0])')",
            "select json_exists(a, '$ ? (@.a[*] == 1[0,0,0])')",
            "select json_exists(a, '$ ? (@.a[*] == (1)[0,0,0])')",
            "select json_exists(a, '$ ? (@.a[*] == -@.b[*])')",
            "select json_exists(a, '$.a ? (1 == @.b[*])')",
            "select json_exists(a, '$ ? (/* \" */ @.a[*] == @.b[*] /* \" */)')",
            "select json_exists(a, '$.a\\\" ? (@.a[*] == @.b[*]) ? (@.\\\" == 1)')",
            "select json_query(coalesce(a, b), $1)",
            "select json_value(a, b::jsonpath)",
            "select json_value(a, '$ ? (@.a' || '= 1)')",
            "select json_value(a, '$.a ? (@ == 1'\n'[0,0,0])')",
            "select json_value(a, e'$ ? (@.a \\x3d= @.b)')",
            "select json_value(a, u&'$ ? (@.a \\003d= @.b)')",
            "select json_value(a, ('$'))",
            "select 1 from json_table(a, '$' columns (nested path '$ ? (@.b > @.c)' columns (d int path '$')))",
            "select 1 from json_table(a, '$' columns (d int path '$ ? (@.b > @.c)'))",
            "select 1 from json_table(a, '$' columns (d int path u&'$ ? (@.b !003e @.c)' uescape '!'))",
        ] {
            assert!(check(sql).is_err(), "{sql}");
        }
    }

    #[test]
    fn paths_that_compare_with_values_pass() {
        for sql in [
            "select json_exists(a, '$.b')",
            "select json_exists(a, '$[*] ? (@.a == 1 && @.b <> \"x = y\" || @.c <= -1.5e3)')",
            "select json_value(coalesce(a, b), 'strict $.a' returning int default 5 on error), json_query(a, '$.\"a b\"' with wrapper)",
            "select json_exists(a format json, '$[$i] ? (@ starts with \"b\")' passing 1 as i)",
            "select json_value(a, '$.b') from c where d = 'x' and e = $1 and f like '%y%'",
            "select 1 from json_table(a, '$[*]' as b columns (c for ordinality, d int path '$.d', nested path '$.e[*]' columns (f text path '$')))",
            "select json_value, a = 'b' from b where jsonb_path_exists(c, $1)",
            "select jsonb_path_exists(a, '$ ? (@.a[*] == @.b[*])')",
        ] {
            assert_eq!(check(sql), Ok(()), "{sql}");
        }
    }
}
