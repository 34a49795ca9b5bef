//! CLDR's number patterns: `¤#,##0.00;(¤#,##0.00)`.

use super::text::{Field, Text};

/// A pattern's parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern<'a> {
    positive: Affixes<'a>,
    negative: Option<Affixes<'a>>,
    /// Sizes of the first group and of the others, where it has groups.
    pub grouping: Option<(i32, i32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Affixes<'a> {
    prefix: &'a str,
    suffix: &'a str,
}

/// Which sign a number gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// None.
    None,
    /// A plus sign.
    Plus,
    /// A minus sign.
    Minus,
}

/// What the signs of a pattern become.
pub struct Symbols<'a> {
    /// `-`
    pub minus: &'a str,
    /// `+`
    pub plus: &'a str,
    /// `%`
    pub percent: &'a str,
    /// `‰`
    pub per_mille: &'a str,
    /// `~`
    pub approximately: &'a str,
    /// `¤`; none where the pattern's is dropped.
    pub currency: Option<&'a str>,
}

impl<'a> Pattern<'a> {
    /// Takes a pattern apart.
    pub fn parse(text: &'a str) -> Self {
        let cut = unquoted(text, |c| c == ';');
        let (positive, negative) = match cut {
            Some(cut) => (&text[..cut], Some(&text[cut + 1..])),
            None => (text, None),
        };
        let (affixes, body) = split(positive);
        Self {
            positive: affixes,
            negative: negative.map(|text| split(text).0),
            grouping: grouping(body),
        }
    }

    /// How many digits are asked for: the zeros of `00K`.
    pub fn zeros(text: &str) -> i32 {
        let (_, body) = split(text);
        i32::try_from(body.chars().take_while(|c| *c == '0').count()).unwrap_or(0)
    }

    /// Whether a currency is written.
    pub fn has_currency(&self) -> bool {
        let of = |affixes: &Affixes| affixes.prefix.contains('¤') || affixes.suffix.contains('¤');
        of(&self.positive)
    }

    /// What is before and after a number with such a sign. `literal` is what its own text is.
    pub fn around(
        &self,
        sign: Sign,
        approximately: bool,
        symbols: &Symbols,
        literal: Field,
    ) -> (Text, Text) {
        let negative_minus = self
            .negative
            .is_some_and(|affixes| has_sign(affixes.prefix, '-') || has_sign(affixes.suffix, '-'));
        let positive_plus =
            has_sign(self.positive.prefix, '+') || has_sign(self.positive.suffix, '+');
        let plus_for_minus = sign == Sign::Plus && !positive_plus;
        let use_negative =
            sign == Sign::Minus || (negative_minus && (plus_for_minus || approximately));
        let (affixes, own) = match self.negative {
            Some(negative) if use_negative => (negative, true),
            _ => (self.positive, false),
        };
        let prepend = !own && (sign == Sign::Minus || plus_for_minus || approximately);
        let signs: &[char] = match (approximately, plus_for_minus, sign) {
            (true, true, _) => &['~', '+'],
            (true, false, Sign::Minus) => &['~', '-'],
            (true, false, _) => &['~'],
            (false, true, _) => &['+'],
            (false, false, _) => &['-'],
        };
        let mut prefix = Text::default();
        if prepend {
            put_signs(&mut prefix, signs, symbols);
        }
        put(&mut prefix, affixes.prefix, signs, symbols, literal);
        let mut suffix = Text::default();
        put(&mut suffix, affixes.suffix, signs, symbols, literal);
        (prefix, suffix)
    }
}

fn put_signs(text: &mut Text, signs: &[char], symbols: &Symbols) {
    for sign in signs {
        match sign {
            '~' => text.push(Field::Approximately, symbols.approximately),
            '+' => text.push(Field::Plus, symbols.plus),
            _ => text.push(Field::Minus, symbols.minus),
        }
    }
}

/// Writes an affix: signs become symbols, quotes go.
fn put(text: &mut Text, affix: &str, signs: &[char], symbols: &Symbols, literal: Field) {
    let mut quoted = false;
    let mut characters = affix.chars().peekable();
    let mut bytes = [0; 4];
    while let Some(c) = characters.next() {
        if c == '\'' {
            if characters.peek() == Some(&'\'') {
                characters.next();
                text.push(literal, "'");
            } else {
                quoted = !quoted;
            }
            continue;
        }
        match c {
            _ if quoted => text.push(literal, c.encode_utf8(&mut bytes)),
            '-' => put_signs(text, signs, symbols),
            '+' => text.push(Field::Plus, symbols.plus),
            '%' => text.push(Field::Percent, symbols.percent),
            '‰' => text.push(Field::Percent, symbols.per_mille),
            '¤' => {
                while characters.peek() == Some(&'¤') {
                    characters.next();
                }
                if let Some(currency) = symbols.currency {
                    text.push(Field::Currency, currency);
                }
            }
            _ => text.push(literal, c.encode_utf8(&mut bytes)),
        }
    }
}

fn has_sign(affix: &str, sign: char) -> bool {
    unquoted(affix, |c| c == sign).is_some()
}

/// Where the first such character is that is not quoted.
fn unquoted(text: &str, wanted: impl Fn(char) -> bool) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(at, c)| {
        if c == '\'' {
            quoted = !quoted;
        }
        (!quoted && c != '\'' && wanted(c)).then_some(at)
    })
}

/// The affixes of one half of a pattern, and what is between them.
fn split(text: &str) -> (Affixes<'_>, &str) {
    let body = |c: char| matches!(c, '#' | '0'..='9' | '@' | ',' | '.' | 'E');
    let start = unquoted(text, |c| body(c) && c != 'E').unwrap_or(text.len());
    let (prefix, rest) = text.split_at(start);
    let end = rest.find(|c| !body(c)).unwrap_or(rest.len());
    let (body, suffix) = rest.split_at(end);
    (Affixes { prefix, suffix }, body)
}

/// The sizes of groups in `#,##,##0.00`.
fn grouping(body: &str) -> Option<(i32, i32)> {
    let whole = body.split('.').next()?;
    let mut groups = whole.rsplit(',');
    let size = |group: &str| i32::try_from(group.len()).unwrap_or(3);
    let first = size(groups.next()?);
    let second = groups.next()?;
    let other = match groups.next() {
        Some(_) => size(second),
        None => first,
    };
    Some((first, other))
}
