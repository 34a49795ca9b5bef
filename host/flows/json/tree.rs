//! JSON in which each value and each key knows its place: what serde reads does not.

/// How deep values may lie in one another: Flow JSON needs some twenty.
const DEEPEST: usize = 100;

/// Where something stands. Lines and columns count from 1, columns in characters; the end is the first column behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub line_start: usize,
    pub column_start: usize,
    pub line_end: usize,
    pub column_end: usize,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) place: Place,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Object(Vec<Member>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) at: Place,
    pub(super) node: Node,
}

/// Why a text is no JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) why: String,
    pub(super) place: Place,
}

impl Node {
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self.value {
            Value::Number(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn members(&self) -> Option<&[Member]> {
        match &self.value {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The value of a key, when this is an object that has it.
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.member(name).map(|member| &member.node)
    }

    pub(super) fn member(&self, name: &str) -> Option<&Member> {
        let mut members = self.members().unwrap_or_default().iter();
        members.find(|member| member.name == name)
    }

    /// What JSON calls it.
    pub(super) fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::Text(_) => "string",
            Value::List(_) => "array",
            Value::Object(_) => "object",
        }
    }
}

/// Reads a text.
pub(super) fn read(text: &str) -> Result<Node, Malformed> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        rest: text.chars().peekable(),
        line: 1,
        column: 1,
    };
    reader.space();
    let node = reader.value(0)?;
    reader.space();
    match reader.rest.peek() {
        None => Ok(node),
        Some(_) => Err(reader.malformed("something stands behind its end")),
    }
}

struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    line: usize,
    column: usize,
}

type Read<T> = Result<T, Malformed>;

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.next()?;
        match next {
            '\n' => (self.line, self.column) = (self.line + 1, 1),
            _ => self.column += 1,
        }
        Some(next)
    }

    fn here(&self) -> (usize, usize) {
        (self.line, self.column)
    }

    fn since(&self, (line_start, column_start): (usize, usize)) -> Place {
        Place {
            line_start,
            column_start,
            line_end: self.line,
            column_end: self.column,
        }
    }

    fn malformed(&self, why: impl Into<String>) -> Malformed {
        Malformed {
            why: why.into(),
            place: self.since(self.here()),
        }
    }

    fn space(&mut self) {
        while matches!(self.rest.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.next();
        }
    }

    /// Takes a sign, or says what stands there.
    fn sign(&mut self, sign: char, wanted: &str) -> Read<()> {
        match self.rest.peek().copied() {
            Some(next) if next == sign => {
                self.next();
                Ok(())
            }
            Some(next) => Err(self.malformed(format!("{wanted} is missing before `{next}`"))),
            None => Err(self.malformed(format!("it ends where {wanted} is missing"))),
        }
    }

    fn value(&mut self, depth: usize) -> Read<Node> {
        if depth > DEEPEST {
            return Err(self.malformed("its values lie too deep in one another"));
        }
        let start = self.here();
        let value = match self.rest.peek().copied() {
            None => return Err(self.malformed("it ends where a value is missing")),
            Some('{') => self.object(depth)?,
            Some('[') => self.list(depth)?,
            Some('"') => Value::Text(self.string()?),
            Some('-' | '0'..='9') => self.number()?,
            Some('a'..='z') => self.word()?,
            Some(other) => {
                let why = format!("no value begins with `{other}`");
                return Err(self.malformed(why));
            }
        };
        Ok(Node {
            value,
            place: self.since(start),
        })
    }

    fn object(&mut self, depth: usize) -> Read<Value> {
        self.next();
        let mut members = Vec::new();
        loop {
            self.space();
            if self.rest.peek() == Some(&'}') && members.is_empty() {
                break;
            }
            if self.rest.peek() != Some(&'"') {
                return Err(self.malformed("a key in double quotes is missing"));
            }
            let start = self.here();
            let name = self.string()?;
            let at = self.since(start);
            self.space();
            self.sign(':', "a colon")?;
            self.space();
            let node = self.value(depth + 1)?;
            members.push(Member { name, at, node });
            self.space();
            match self.rest.peek() {
                Some(',') => self.next(),
                Some('}') => break,
                _ => return self.sign(',', "a comma").map(|()| Value::Null),
            };
        }
        self.next();
        Ok(Value::Object(members))
    }

    fn list(&mut self, depth: usize) -> Read<Value> {
        self.next();
        let mut items = Vec::new();
        loop {
            self.space();
            if self.rest.peek() == Some(&']') && items.is_empty() {
                break;
            }
            items.push(self.value(depth + 1)?);
            self.space();
            match self.rest.peek() {
                Some(',') => self.next(),
                Some(']') => break,
                _ => return self.sign(',', "a comma").map(|()| Value::Null),
            };
        }
        self.next();
        Ok(Value::List(items))
    }

    fn word(&mut self) -> Read<Value> {
        let start = self.here();
        let mut word = String::new();
        while let Some(letter @ 'a'..='z') = self.rest.peek().copied() {
            self.next();
            word.push(letter);
        }
        match word.as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            "null" => Ok(Value::Null),
            _ => Err(Malformed {
                why: format!("`{word}` is no value"),
                place: self.since(start),
            }),
        }
    }

    fn number(&mut self) -> Read<Value> {
        let start = self.here();
        let mut digits = String::new();
        while let Some(sign @ ('0'..='9' | '-' | '+' | '.' | 'e' | 'E')) = self.rest.peek().copied()
        {
            self.next();
            digits.push(sign);
        }
        let unsigned = digits.strip_prefix('-').unwrap_or(&digits);
        let is_led_by_zero =
            unsigned.starts_with('0') && unsigned[1..].starts_with(|c: char| c.is_ascii_digit());
        let is_number = unsigned.starts_with(|c: char| c.is_ascii_digit())
            && !is_led_by_zero
            && !unsigned.ends_with('.')
            && !unsigned.contains(".e")
            && !unsigned.contains(".E");
        match digits.parse() {
            Ok(number) if is_number => Ok(Value::Number(number)),
            _ => Err(Malformed {
                why: format!("`{digits}` is no number"),
                place: self.since(start),
            }),
        }
    }

    fn string(&mut self) -> Read<String> {
        let start = self.here();
        self.next();
        let mut text = String::new();
        loop {
            let place = self.since(self.here());
            match self.next() {
                None | Some('\n') => {
                    return Err(Malformed {
                        why: "a string has no end".to_owned(),
                        place: self.since(start),
                    });
                }
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escaped(place)?),
                Some(control) if control < ' ' => {
                    return Err(Malformed {
                        why: "a string holds a control character: write it as `\\t` or `\\u0007`"
                            .to_owned(),
                        place,
                    });
                }
                Some(plain) => text.push(plain),
            }
        }
    }

    fn escaped(&mut self, place: Place) -> Read<char> {
        let unknown = |why: String| Malformed { why, place };
        Ok(match self.next() {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some(same @ ('"' | '\\' | '/')) => same,
            Some('u') => {
                let high = self.hex(place)?;
                if !(0xd800..0xdc00).contains(&high) {
                    return Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                if self.rest.peek() != Some(&'\\') {
                    return Ok(char::REPLACEMENT_CHARACTER);
                }
                self.next();
                if self.rest.peek() != Some(&'u') {
                    return self.escaped(place);
                }
                self.next();
                let low = self.hex(place)?;
                let both = 0x10000 + ((high - 0xd800) << 10) + (low.wrapping_sub(0xdc00) & 0x3ff);
                char::from_u32(both).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            Some(other) => return Err(unknown(format!("`\\{other}` is no escape of JSON"))),
            None => return Err(unknown("a string has no end".to_owned())),
        })
    }

    fn hex(&mut self, place: Place) -> Read<u32> {
        let mut value = 0;
        for _ in 0..4 {
            let digit = self.rest.peek().and_then(|digit| digit.to_digit(16));
            let digit = digit.ok_or_else(|| Malformed {
                why: "`\\u` wants four hexadecimal digits".to_owned(),
                place,
            })?;
            self.next();
            value = value * 16 + digit;
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_keys_know_where_they_stand() {
        let node = read("{\n  \"é\": [1, true],\n  \"b\": \"x\\u00e9\\ud83d\\ude00\"\n}").unwrap();
        let member = node.member("é").unwrap();
        assert_eq!((member.at.line_start, member.at.column_start), (2, 3));
        assert_eq!(member.at.column_end, 6);
        let list = member.node.list().unwrap();
        assert_eq!(
            (list[1].place.line_start, list[1].place.column_start),
            (2, 12)
        );
        assert_eq!(list[1].bool(), Some(true));
        let text = node.get("b").unwrap();
        assert_eq!(text.text(), Some("xé😀"));
        assert_eq!((node.place.line_end, node.place.column_end), (4, 2));
    }

    #[test]
    fn what_is_no_json_says_where_and_why() {
        for (text, line, column, why) in [
            ("", 1, 1, "ends where a value"),
            ("{\"a\": 1,}", 1, 9, "a key in double quotes"),
            ("{\"a\" 1}", 1, 6, "a colon is missing before `1`"),
            (
                "{\n\"a\": 1\n\"b\": 2}",
                3,
                1,
                "a comma is missing before `\"`",
            ),
            ("[1, 2", 1, 6, "ends where a comma"),
            ("[01]", 1, 2, "`01` is no number"),
            ("[1.]", 1, 2, "`1.` is no number"),
            ("[nul]", 1, 2, "`nul` is no value"),
            ("{'a': 1}", 1, 2, "a key in double quotes"),
            ("[\"a]", 1, 2, "a string has no end"),
            ("[\"\\x\"]", 1, 3, "`\\x` is no escape"),
            ("[] []", 1, 4, "behind its end"),
        ] {
            let malformed = read(text).unwrap_err();
            let place = malformed.place;
            assert!(malformed.why.contains(why), "{text}: {}", malformed.why);
            assert_eq!(
                (place.line_start, place.column_start),
                (line, column),
                "{text}"
            );
        }
        let deep = "[".repeat(5000);
        assert!(read(&deep).unwrap_err().why.contains("too deep"));
    }
}
