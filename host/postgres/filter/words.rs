//! Splits the head of a statement into words, as Postgres' own lexer would.
//!
//! Where the two could differ, this one stops: an unknown byte is never skipped.

/// The next thing in a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A keyword or an unquoted name, as written.
    Word(&'a str),
    /// A quoted name, without its quotes.
    Quoted(String),
    /// Any other character, strings and numbers included.
    Other(char),
    /// Nothing but blanks and comments is left.
    End,
}

#[derive(Clone)]
pub(super) struct Words<'a> {
    rest: &'a str,
    /// Whether a comment that does not end was met: it is looked for once only.
    is_unended: bool,
    /// Whether a comment had more operator characters in a row than may be.
    has_long_run: bool,
}

/// Operator characters in a row. From each one on, Postgres' lexer reads them all and may put all but one back,
/// without looking at any interrupt: it takes the square of their number.
const MOST_OPERATORS: usize = 256;

impl<'a> Words<'a> {
    pub(super) fn new(sql: &'a str) -> Self {
        Self {
            rest: sql,
            is_unended: false,
            has_long_run: false,
        }
    }

    /// Whether a comment that was passed had more operator characters in a row than may be.
    pub(super) fn had_long_run(&self) -> bool {
        self.has_long_run
    }

    /// Whether more come next, after one that was taken.
    pub(super) fn is_in_long_run(&self) -> bool {
        let ahead = self.rest.bytes().take(MOST_OPERATORS);
        ahead.take_while(|byte| is_operator(*byte)).count() >= MOST_OPERATORS
    }

    pub(super) fn next(&mut self) -> Token<'a> {
        self.skip_blanks();
        let Some(first) = self.rest.chars().next() else {
            return Token::End;
        };
        if first == '"' {
            return self.quoted();
        }
        if is_word_start(first) {
            let end = self
                .rest
                .find(|c| !is_word_part(c))
                .unwrap_or(self.rest.len());
            let (word, rest) = self.rest.split_at(end);
            self.rest = rest;
            return Token::Word(word);
        }
        self.rest = &self.rest[first.len_utf8()..];
        Token::Other(first)
    }

    pub(super) fn peek(&self) -> Token<'a> {
        self.clone().next()
    }

    /// The next word in upper case, or an empty text when something else comes.
    pub(super) fn keyword(&mut self) -> String {
        match self.next() {
            Token::Word(word) => word.to_ascii_uppercase(),
            Token::Quoted(_) | Token::Other(_) | Token::End => String::new(),
        }
    }

    /// Takes the next word if it is `keyword`, which is in upper case.
    pub(super) fn take(&mut self, keyword: &str) -> bool {
        let is_next =
            matches!(self.peek(), Token::Word(word) if word.eq_ignore_ascii_case(keyword));
        if is_next {
            self.next();
        }
        is_next
    }

    /// Takes the next character if it is `wanted`.
    pub(super) fn take_char(&mut self, wanted: char) -> bool {
        let is_next = self.peek() == Token::Other(wanted);
        if is_next {
            self.next();
        }
        is_next
    }

    /// Whether `wanted` comes next, without a blank before it.
    pub(super) fn is_at(&self, wanted: char) -> bool {
        self.rest.starts_with(wanted)
    }

    /// Goes on behind a text of which the first quote was taken. Gives the text as it is written.
    pub(super) fn skip_text(&mut self, is_escaping: bool) -> &'a str {
        let whole = self.rest;
        let bytes = whole.as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'\\' if is_escaping => at += 2,
                b'\'' if bytes.get(at + 1) == Some(&b'\'') => at += 2,
                b'\'' => {
                    self.rest = &whole[at + 1..];
                    return &whole[..at];
                }
                _ => at += 1,
            }
        }
        self.rest = "";
        whole
    }

    /// Goes on behind a text in dollars, of which the first dollar was taken. Stays before what is no
    /// such text: `$1`. Gives the text as it is written.
    pub(super) fn skip_dollars(&mut self) -> Option<&'a str> {
        let end = self
            .rest
            .find(|c: char| c == '$' || !is_word_part(c))
            .unwrap_or(self.rest.len());
        let (tag, behind) = self.rest.split_at(end);
        let is_tag = tag.is_empty() || tag.starts_with(is_word_start);
        let text = behind.strip_prefix('$').filter(|_| is_tag)?;
        let mark = format!("${tag}$");
        let (text, rest) = match text.find(&mark) {
            Some(at) => (&text[..at], &text[at + mark.len()..]),
            None => (text, ""),
        };
        self.rest = rest;
        Some(text)
    }

    fn quoted(&mut self) -> Token<'a> {
        let mut name = String::new();
        let mut chars = self.rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if c != '"' {
                name.push(c);
                continue;
            }
            if chars.next_if(|(_, next)| *next == '"').is_none() {
                self.rest = &self.rest[at + 1..];
                return Token::Quoted(name);
            }
            name.push('"');
        }
        self.rest = "";
        Token::Other('"')
    }

    fn skip_blanks(&mut self) {
        loop {
            self.rest = self
                .rest
                .trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
            if let Some(comment) = self.rest.strip_prefix("--") {
                let end = comment.find(['\n', '\r']).unwrap_or(comment.len());
                self.rest = &comment[end..];
            } else if self.rest.starts_with("/*") && !self.is_unended {
                let Some(end) = block_comment_end(self.rest) else {
                    self.is_unended = true;
                    return;
                };
                let (comment, rest) = self.rest.split_at(end);
                // The server's lexer takes comments that touch for one run.
                self.has_long_run |= self.is_in_long_run() || has_long_run(comment);
                self.rest = rest;
            } else {
                return;
            }
        }
    }
}

/// Where the comment at the start of `text` ends. Block comments nest. `None` when it does not end.
fn block_comment_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => {
                depth += 1;
                at += 2;
            }
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
    None
}

/// Whether anywhere in it are more operator characters in a row than may be.
fn has_long_run(comment: &str) -> bool {
    let mut runs = comment.as_bytes().split(|byte| !is_operator(*byte));
    runs.any(|run| run.len() > MOST_OPERATORS)
}

pub(super) fn is_operator(byte: u8) -> bool {
    b"~!@#^&|`?+-*/%<>=".contains(&byte)
}

fn is_word_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

fn is_word_part(c: char) -> bool {
    is_word_start(c) || c.is_ascii_digit() || c == '$'
}
