//! Lists: `a, b and c`.

use super::numbers::options::Width;
use super::numbers::{Field, Piece};
use super::{Data, IntlError, Value};

/// How many items a list has at most.
const ITEMS: usize = 10_000;

/// How long they are together at most.
const BYTES: usize = 1 << 20;

/// Writes a list; `kind` is `conjunction`, `disjunction` or `unit`. Its items are elements, one piece
/// each; an empty one has none.
pub fn format(
    data: &Data,
    locale: &str,
    kind: &str,
    width: Width,
    items: &[impl AsRef<str>],
) -> Result<Vec<Piece>, IntlError> {
    let elements = items.iter().map(|item| vec![element(item.as_ref())]);
    let joined = join(data, locale, kind, width, elements.collect())?;
    let mut parts: Vec<Piece> = Vec::new();
    for piece in joined.into_iter().filter(|piece| !piece.text.is_empty()) {
        match parts.last_mut() {
            Some(last) if last.field == Field::Literal && piece.field == Field::Literal => {
                last.text.push_str(&piece.text);
            }
            _ => parts.push(piece),
        }
    }
    Ok(parts)
}

fn element(text: &str) -> Piece {
    Piece {
        field: Field::Element,
        text: text.to_owned(),
    }
}

/// Writes a list of texts that have pieces already. What lies between them is literal.
pub fn join<P: Separable>(
    data: &Data,
    locale: &str,
    kind: &str,
    width: Width,
    mut items: Vec<Vec<P>>,
) -> Result<Vec<P>, IntlError> {
    let size = |item: &Vec<P>| item.iter().map(|piece| piece.text().len()).sum::<usize>();
    if items.len() > ITEMS || items.iter().map(size).sum::<usize>() > BYTES {
        return Err(IntlError::TooMuch(format!(
            "a list has {ITEMS} items and {BYTES} bytes at most"
        )));
    }
    let lists = data.section(locale, "lists")?;
    let patterns = lists.get(kind).and_then(|all| all.get(width.key()));
    let patterns = patterns.ok_or_else(|| IntlError::option("type", kind))?;
    let pattern = |name: &str| {
        let found = patterns.get(name).and_then(Value::as_str);
        found.unwrap_or("{0}, {1}").to_owned()
    };
    let (Some(last), count) = (items.pop(), items.len()) else {
        return Ok(Vec::new());
    };
    let mut items = items.into_iter();
    let Some(mut text) = items.next() else {
        return Ok(last);
    };
    for (place, item) in items.enumerate() {
        let name = if place == 0 { "start" } else { "middle" };
        text = joined(&pattern(name), text, item);
    }
    let end = pattern(if count == 1 { "two" } else { "end" });
    let spoken: String = last.iter().map(Separable::text).collect();
    let end = euphonic(locale, end, &spoken);
    Ok(joined(&end, text, last))
}

/// A piece that lists are made of.
pub trait Separable {
    /// What lies between items.
    fn between(text: &str) -> Self;
    /// What is written.
    fn text(&self) -> &str;
}

impl Separable for Piece {
    fn between(text: &str) -> Self {
        Self {
            field: Field::Literal,
            text: text.to_owned(),
        }
    }

    fn text(&self) -> &str {
        &self.text
    }
}

/// Puts two texts where a pattern has `{0}` and `{1}`.
fn joined<P: Separable>(pattern: &str, first: Vec<P>, second: Vec<P>) -> Vec<P> {
    let (before, rest) = pattern.split_once("{0}").unwrap_or(("", pattern));
    let (between, after) = rest.split_once("{1}").unwrap_or((", ", ""));
    let mut whole = match before.is_empty() {
        true => first,
        false => {
            let mut whole = vec![P::between(before)];
            whole.extend(first);
            whole
        }
    };
    if !between.is_empty() {
        whole.push(P::between(between));
    }
    whole.extend(second);
    if !after.is_empty() {
        whole.push(P::between(after));
    }
    whole
}

/// The words for `and` and `or` that go better with what follows: `e hijo`, `u ocho`, a dash after a
/// Hebrew `and` before other letters.
fn euphonic(locale: &str, pattern: String, next: &str) -> String {
    let language = locale.split('-').next().unwrap_or_default();
    let mut letters = next.chars().map(|c| c.to_ascii_lowercase());
    let (first, second, third) = (letters.next(), letters.next(), letters.next());
    let better = match (language, pattern.as_str()) {
        ("es", "{0} y {1}") => {
            let hi = first == Some('h') && second == Some('i');
            let glides = matches!(third, Some('a' | 'e'));
            (first == Some('i') || (hi && !glides)).then_some("{0} e {1}")
        }
        ("es", "{0} o {1}") => {
            let ho = first == Some('h') && second == Some('o');
            let eleven = first == Some('1') && second == Some('1');
            let eleven = eleven && matches!(third, None | Some(' '));
            (matches!(first, Some('o' | '8')) || ho || eleven).then_some("{0} u {1}")
        }
        ("he", "{0} \u{5d5}{1}") => {
            let hebrew = |c| matches!(c, '\u{591}'..='\u{5f4}' | '\u{fb1d}'..='\u{fb4f}');
            first
                .is_some_and(|first| !hebrew(first))
                .then_some("{0} \u{5d5}-{1}")
        }
        _ => None,
    };
    better.map_or(pattern, str::to_owned)
}
