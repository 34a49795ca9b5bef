//! JSON with the places where its values stand, so that errors can point at them.

use serde_json::{Number, Value};

/// From where to where something stands: lines and columns from 1, the end included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) line_start: usize,
    pub(crate) column_start: usize,
    pub(crate) line_end: usize,
    pub(crate) column_end: usize,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Object(Vec<Member>),
    Array(Vec<Node>),
    Plain(Value),
}

/// A member of an object: the place is that of its key.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) key: String,
    pub(crate) span: Span,
    pub(crate) node: Node,
}

impl Node {
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        let found = self.members().iter().find(|member| member.key == key);
        found.map(|member| &member.node)
    }

    pub(crate) fn members(&self) -> &[Member] {
        match &self.kind {
            Kind::Object(members) => members,
            _ => &[],
        }
    }

    pub(crate) fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::Array(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Plain(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The text of a member.
    pub(crate) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    pub(crate) fn is_true(&self) -> bool {
        matches!(self.kind, Kind::Plain(Value::Bool(true)))
    }

    /// What JSON Schema calls its type.
    pub(crate) fn type_name(&self) -> &'static str {
        match &self.kind {
            Kind::Object(_) => "object",
            Kind::Array(_) => "array",
            Kind::Plain(Value::String(_)) => "string",
            Kind::Plain(Value::Bool(_)) => "boolean",
            Kind::Plain(Value::Number(_)) => "number",
            Kind::Plain(_) => "null",
        }
    }
}

/// Reads JSON; where and why not, when it is none.
pub(crate) fn read(text: &str) -> Result<Node, (Span, String)> {
    let mut reader = Reader {
        characters: text.chars().collect(),
        at: 0,
        line: 1,
        column: 1,
        depth: 0,
    };
    reader.skip_space();
    let node = reader.value()?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(node),
        Some(_) => Err(reader.wrong("unexpected text after the end of the JSON")),
    }
}

/// Values within values that are read.
const DEEPEST: usize = 100;

struct Reader {
    characters: Vec<char>,
    at: usize,
    line: usize,
    column: usize,
    depth: usize,
}

type Read<T> = Result<T, (Span, String)>;

impl Reader {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        if c == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(c)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.next();
        }
    }

    fn wrong(&self, message: &str) -> (Span, String) {
        let span = Span {
            line_start: self.line,
            column_start: self.column,
            line_end: self.line,
            column_end: self.column,
        };
        (span, message.to_owned())
    }

    /// The span from a place up to the last character that was read.
    fn since(&self, line_start: usize, column_start: usize) -> Span {
        Span {
            line_start,
            column_start,
            line_end: self.line,
            column_end: self.column.saturating_sub(1).max(1),
        }
    }

    fn value(&mut self) -> Read<Node> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.wrong("the JSON is nested too deeply"));
        }
        let (line, column) = (self.line, self.column);
        let kind = match self.peek() {
            Some('{') => self.object()?,
            Some('[') => self.array()?,
            Some('"') => Kind::Plain(Value::String(self.string()?)),
            Some(c) if c == '-' || c.is_ascii_digit() => Kind::Plain(self.number()?),
            Some('t' | 'f' | 'n') => Kind::Plain(self.word()?),
            Some(c) => return Err(self.wrong(&format!("unexpected character `{c}`"))),
            None => return Err(self.wrong("unexpected end")),
        };
        self.depth -= 1;
        Ok(Node {
            kind,
            span: self.since(line, column),
        })
    }

    fn object(&mut self) -> Read<Kind> {
        self.next();
        let mut members: Vec<Member> = Vec::new();
        self.skip_space();
        if self.peek() == Some('}') {
            self.next();
            return Ok(Kind::Object(members));
        }
        loop {
            self.skip_space();
            if self.peek() != Some('"') {
                return Err(self.wrong("a key in quotes is expected"));
            }
            let (line, column) = (self.line, self.column);
            let key = self.string()?;
            let span = self.since(line, column);
            self.skip_space();
            if self.next() != Some(':') {
                return Err(self.wrong("`:` is expected after a key"));
            }
            self.skip_space();
            let node = self.value()?;
            // The last one of a key counts, as everywhere.
            members.retain(|member| member.key != key);
            members.push(Member { key, span, node });
            self.skip_space();
            match self.next() {
                Some(',') => {}
                Some('}') => return Ok(Kind::Object(members)),
                _ => return Err(self.wrong("`,` or `}` is expected")),
            }
        }
    }

    fn array(&mut self) -> Read<Kind> {
        self.next();
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() == Some(']') {
            self.next();
            return Ok(Kind::Array(items));
        }
        loop {
            self.skip_space();
            items.push(self.value()?);
            self.skip_space();
            match self.next() {
                Some(',') => {}
                Some(']') => return Ok(Kind::Array(items)),
                _ => return Err(self.wrong("`,` or `]` is expected")),
            }
        }
    }

    /// A string is read by serde_json: only its end has to be found.
    fn string(&mut self) -> Read<String> {
        let start = self.at;
        self.next();
        loop {
            match self.next() {
                Some('"') => break,
                Some('\\') => {
                    self.next();
                }
                Some('\n') | None => return Err(self.wrong("a string has no end")),
                Some(_) => {}
            }
        }
        let text: String = self.characters[start..self.at].iter().collect();
        serde_json::from_str(&text).map_err(|_| self.wrong("a string has a wrong escape"))
    }

    fn number(&mut self) -> Read<Value> {
        let start = self.at;
        while matches!(self.peek(), Some('-' | '+' | '.' | 'e' | 'E' | '0'..='9')) {
            self.next();
        }
        let text: String = self.characters[start..self.at].iter().collect();
        let number = text.parse::<Number>();
        number
            .map(Value::Number)
            .map_err(|_| self.wrong("a number is malformed"))
    }

    fn word(&mut self) -> Read<Value> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_alphabetic()) {
            self.next();
        }
        let text: String = self.characters[start..self.at].iter().collect();
        match text.as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            "null" => Ok(Value::Null),
            _ => Err(self.wrong(&format!("unexpected word `{text}`"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_where_they_stand() {
        let node = read("{\n  \"a\": [1, {\"b\": \"x\\n\"}]\n}").unwrap();

        let list = node.get("a").unwrap();
        let b = list.items()[1].get("b").unwrap();
        assert_eq!(b.text(), Some("x\n"));
        let span = |line_start, column_start, line_end, column_end| Span {
            line_start,
            column_start,
            line_end,
            column_end,
        };
        assert_eq!(node.span, span(1, 1, 3, 1));
        assert_eq!(list.span, span(2, 8, 2, 24));
        assert_eq!(b.span, span(2, 18, 2, 22));
        assert_eq!(node.members()[0].span, span(2, 3, 2, 5));
    }

    #[test]
    fn what_is_no_json_says_where() {
        for (text, line, column) in [("", 1, 1), ("{\"a\": 1,}", 1, 9), ("[1\n2]", 2, 2)] {
            let (span, _) = read(text).unwrap_err();
            assert_eq!(
                (span.line_start, span.column_start),
                (line, column),
                "{text}"
            );
        }
        assert!(read(&"[".repeat(200)).is_err());
    }
}
