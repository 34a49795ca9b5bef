//! What stands for values in Flow JSON: `${data.x}`, and expressions in back-ticks.

use serde_json::{Value, json};

/// A reference: `${data.name}`, `${form.name}`, `${screen.SCREEN.form.name}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The screen, when it is another one's.
    pub(crate) screen: Option<String>,
    /// `data` or `form`.
    pub(crate) source: String,
    /// The name, and what follows it.
    pub(crate) path: Vec<String>,
}

/// The reference that a text is, if it is one and nothing else.
pub(crate) fn reference(text: &str) -> Option<Reference> {
    let inner = text.trim().strip_prefix("${")?.strip_suffix('}')?;
    if inner.contains(['$', '{', '}']) {
        return None;
    }
    let mut parts = inner.trim().split('.').map(str::to_owned);
    let mut source = parts.next()?;
    let mut screen = None;
    if source == "screen" {
        screen = Some(parts.next()?);
        source = parts.next()?;
    }
    let path: Vec<String> = parts.collect();
    let is_known = source == "data" || source == "form";
    (is_known && !path.is_empty()).then_some(Reference {
        screen,
        source,
        path,
    })
}

/// Whether a text is an expression: it stands in back-ticks.
pub(crate) fn is_expression(text: &str) -> bool {
    let text = text.trim();
    text.len() >= 2 && text.starts_with('`') && text.ends_with('`')
}

/// Whether something is filled in when the text is shown.
pub(crate) fn is_dynamic(text: &str) -> bool {
    reference(text).is_some() || is_expression(text)
}

/// Every reference in a text, be it one, an expression or a condition.
pub(crate) fn references(text: &str) -> Vec<Reference> {
    let pieces = text.match_indices("${").filter_map(|(at, _)| {
        let end = text[at..].find('}')?;
        reference(&text[at..=at + end])
    });
    pieces.collect()
}

/// The value of a text: what it refers to, what its expression comes to, or itself.
pub(crate) fn evaluate(text: &str, resolve: &dyn Fn(&Reference) -> Value) -> Value {
    if let Some(reference) = reference(text) {
        return resolve(&reference);
    }
    if is_expression(text) {
        let text = text.trim();
        return condition(&text[1..text.len() - 1], resolve).unwrap_or(Value::Null);
    }
    Value::String(text.to_owned())
}

/// What an expression comes to; why it is none, when it is none.
pub(crate) fn condition(
    text: &str,
    resolve: &dyn Fn(&Reference) -> Value,
) -> Result<Value, String> {
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: &tokens,
        at: 0,
        resolve,
    };
    let value = parser.either()?;
    match parser.tokens.get(parser.at) {
        None => Ok(value),
        Some(token) => Err(format!("unexpected {token:?}")),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Reference(Reference),
    Plain(Value),
    Operator(&'static str),
}

const OPERATORS: [&str; 15] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "+", "-", "/", "%", "(", ")",
];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if let Some(inner) = rest.strip_prefix("${") {
            let end = inner.find('}').ok_or("`${` has no `}`")?;
            let whole = &rest[..end + 3];
            let found = reference(whole).ok_or_else(|| format!("`{whole}` is no reference"))?;
            tokens.push(Token::Reference(found));
            rest = &inner[end + 1..];
        } else if first == '\'' || first == '"' {
            let inner = &rest[1..];
            let end = inner.find(first).ok_or("a quotation mark has no partner")?;
            tokens.push(Token::Plain(inner[..end].into()));
            rest = &inner[end + 1..];
        } else if let Some(operator) = OPERATORS.iter().find(|op| rest.starts_with(**op)) {
            tokens.push(Token::Operator(operator));
            rest = &rest[operator.len()..];
        } else if first.is_ascii_digit() {
            let end = rest
                .find(|c: char| !c.is_ascii_digit() && c != '.')
                .unwrap_or(rest.len());
            let number = rest[..end]
                .parse::<f64>()
                .map_err(|_| "a number is malformed")?;
            tokens.push(Token::Plain(number_value(number)));
            rest = &rest[end..];
        } else if first.is_ascii_alphabetic() {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric())
                .unwrap_or(rest.len());
            tokens.push(match &rest[..end] {
                "true" => Token::Plain(Value::Bool(true)),
                "false" => Token::Plain(Value::Bool(false)),
                word => return Err(format!("unexpected word `{word}`")),
            });
            rest = &rest[end..];
        } else {
            return Err(format!("unexpected character `{first}`"));
        }
        rest = rest.trim_start();
    }
    if tokens.is_empty() {
        return Err("the expression is empty".to_owned());
    }
    Ok(tokens)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    resolve: &'a dyn Fn(&Reference) -> Value,
}

impl Parser<'_> {
    fn eat(&mut self, operators: &[&'static str]) -> Option<&'static str> {
        match self.tokens.get(self.at) {
            Some(Token::Operator(operator)) if operators.contains(operator) => {
                self.at += 1;
                Some(operator)
            }
            _ => None,
        }
    }

    fn either(&mut self) -> Result<Value, String> {
        let mut left = self.both()?;
        while self.eat(&["||"]).is_some() {
            let right = self.both()?;
            left = Value::Bool(is_true(&left) || is_true(&right));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Value, String> {
        let mut left = self.compared()?;
        while self.eat(&["&&"]).is_some() {
            let right = self.compared()?;
            left = Value::Bool(is_true(&left) && is_true(&right));
        }
        Ok(left)
    }

    fn compared(&mut self) -> Result<Value, String> {
        let left = self.sum()?;
        let Some(operator) = self.eat(&["==", "!=", "<=", ">=", "<", ">"]) else {
            return Ok(left);
        };
        let right = self.sum()?;
        let order = match (left.as_f64(), right.as_f64()) {
            (Some(left), Some(right)) => left.partial_cmp(&right),
            _ => left.as_str().partial_cmp(&right.as_str()),
        };
        let is_equal = left == right
            || (left.is_number() && right.is_number() && left.as_f64() == right.as_f64());
        Ok(Value::Bool(match operator {
            "==" => is_equal,
            "!=" => !is_equal,
            "<" => order.is_some_and(|order| order.is_lt()),
            ">" => order.is_some_and(|order| order.is_gt()),
            "<=" => order.is_some_and(|order| order.is_le()),
            _ => order.is_some_and(|order| order.is_ge()),
        }))
    }

    fn sum(&mut self) -> Result<Value, String> {
        let mut left = self.part()?;
        loop {
            if let Some(operator) = self.eat(&["+", "-"]) {
                let right = self.part()?;
                left = match (operator, left.as_f64(), right.as_f64()) {
                    ("+", Some(left), Some(right)) => number_value(left + right),
                    ("+", ..) => json!(format!("{}{}", plain(&left), plain(&right))),
                    (_, Some(left), Some(right)) => number_value(left - right),
                    _ => Value::Null,
                };
            } else if matches!(
                self.tokens.get(self.at),
                Some(Token::Plain(_) | Token::Reference(_))
            ) {
                // What stands side by side is one text: `'Hello ' ${form.name}`.
                let right = self.part()?;
                left = json!(format!("{}{}", plain(&left), plain(&right)));
            } else {
                return Ok(left);
            }
        }
    }

    fn part(&mut self) -> Result<Value, String> {
        let mut left = self.single()?;
        while let Some(operator) = self.eat(&["/", "%"]) {
            let right = self.single()?;
            left = match (left.as_f64(), right.as_f64()) {
                (Some(left), Some(right)) if right != 0.0 => number_value(match operator {
                    "/" => left / right,
                    _ => left % right,
                }),
                _ => Value::Null,
            };
        }
        Ok(left)
    }

    fn single(&mut self) -> Result<Value, String> {
        if self.eat(&["!"]).is_some() {
            return Ok(Value::Bool(!is_true(&self.single()?)));
        }
        if self.eat(&["-"]).is_some() {
            let value = self.single()?;
            return Ok(value
                .as_f64()
                .map_or(Value::Null, |number| number_value(-number)));
        }
        if self.eat(&["("]).is_some() {
            let value = self.either()?;
            return match self.eat(&[")"]) {
                Some(_) => Ok(value),
                None => Err("a parenthesis has no partner".to_owned()),
            };
        }
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        match token {
            Some(Token::Reference(reference)) => Ok((self.resolve)(&reference)),
            Some(Token::Plain(value)) => Ok(value),
            Some(Token::Operator(operator)) => Err(format!("unexpected `{operator}`")),
            None => Err("the expression breaks off".to_owned()),
        }
    }
}

/// Whether a value counts as true.
pub(crate) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// A value within a text.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn number_value(number: f64) -> Value {
    // Whole numbers have no decimal point.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "checked to be whole and small"
    )]
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return json!(number as i64);
    }
    json!(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_come_to_values() {
        let resolve = |reference: &Reference| match reference.path[0].as_str() {
            "n" => json!(3),
            "name" => json!("Ana"),
            "yes" => json!(true),
            _ => Value::Null,
        };
        for (text, expected) in [
            ("${data.n}", json!(3)),
            ("`'Hi ' + ${data.name} + '!'`", json!("Hi Ana!")),
            ("`'Hi ' ${data.name} '!'`", json!("Hi Ana!")),
            ("`(${data.n} + 1) / 2 >= 2 && !(${form.no})`", json!(true)),
            ("`${data.n} % 2 == 1 || false`", json!(true)),
            ("plain ${data.n}", json!("plain ${data.n}")),
        ] {
            assert_eq!(evaluate(text, &resolve), expected, "{text}");
        }
        for wrong in ["(${data.n}", "${data.n} ==", "'a", "yes", ""] {
            assert!(condition(wrong, &resolve).is_err(), "{wrong}");
        }
    }

    #[test]
    fn references_have_a_source_and_a_path() {
        let found = reference("${screen.FIRST.form.name}").unwrap();
        assert_eq!(found.screen.as_deref(), Some("FIRST"));
        assert_eq!(
            (found.source.as_str(), found.path[0].as_str()),
            ("form", "name")
        );
        assert_eq!(references("`${data.a} + ${form.b}`").len(), 2);
        for none in ["${x.y}", "${data}", "data.x", "a ${data.x}"] {
            assert_eq!(reference(none), None, "{none}");
        }
    }
}
