//! How ranges of numbers are written.

use super::text::{Around, Field, Text};
use super::{Decimal, Formatter, Options, Written, plurals};
use crate::intl::{Data, IntlError};

/// What a piece of a range's text belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The range's start.
    Start,
    /// Its end.
    End,
    /// Both.
    Shared,
}

impl Source {
    /// The name that ECMA-402 has for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Start => "startRange",
            Self::End => "endRange",
            Self::Shared => "shared",
        }
    }
}

/// A piece of a range's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangePart {
    /// What it is.
    pub field: Field,
    /// What is written.
    pub text: String,
    /// What it belongs to.
    pub source: Source,
}

/// Writes a range.
pub fn format_range(
    data: &Data,
    locale: &str,
    options: &Options,
    start: &Decimal,
    end: &Decimal,
) -> Result<Vec<RangePart>, IntlError> {
    let formatter = Formatter::new(data, locale, options)?;
    let first = formatter.written(start, false)?;
    let second = formatter.written(end, false)?;
    let alike =
        first.inner == second.inner && first.middle == second.middle && first.outer == second.outer;
    if alike && (first.number == second.number || (start.is_zero() && end.is_zero())) {
        let text = formatter.written(start, true)?.whole();
        return Ok(sourced(text, &[(usize::MAX, 0); 2]));
    }
    Ok(joined(&formatter, first, second))
}

/// Writes one number, a dash and the other. What both have around them is written once, where it is
/// long enough.
fn joined(formatter: &Formatter, first: Written, second: Written) -> Vec<RangePart> {
    let locale = &formatter.locale;
    // Words of one unit are the same, whatever their plural.
    let share_outer = first.outer.is_some() == second.outer.is_some();
    let share_middle = share_outer && first.middle == second.middle && first.middle.count() > 1;
    let length = |outer: &Option<Around>| outer.as_ref().map_or(0, Around::count);
    let spaced = first.inner.count() > 0
        || (!share_middle && first.middle.count() > 0)
        || (!share_outer && length(&first.outer) > 0);

    let (mut before, mut after) = (Text::default(), Text::default());
    let mut inserted = String::new();
    let (first_text, second_text) = {
        let own = |written: &Written| {
            let mut text = written.digits.clone();
            text.append(written.inner.clone());
            if !share_middle {
                text = written.middle.clone().apply(text);
            }
            match &written.outer {
                Some(outer) if !share_outer => outer.clone().apply(text),
                _ => text,
            }
        };
        (own(&first), own(&second))
    };
    let mut outer_prefix = Text::default();
    if share_outer {
        let name = locale.name();
        let plural = plurals::category_of_range(locale.plain(), name, first.plural, second.plural);
        if let Ok(Some(outer)) = locale.around(formatter.options, plural) {
            outer_prefix = outer.prefix;
            after.append(outer.suffix);
        }
    }
    if share_middle {
        let middle = first.middle;
        let digit = |text: &Text, last: bool| {
            let edge = if last { text.last() } else { text.first() };
            edge.is_some_and(super::text::is_digit)
        };
        before.append(middle.prefix);
        if digit(&first_text, false) {
            before.push(Field::Literal, &middle.after_prefix);
            inserted = middle.after_prefix;
        }
        let mut suffix = Text::default();
        if digit(&second_text, true) {
            suffix.push(Field::Literal, &middle.before_suffix);
        }
        suffix.append(middle.suffix);
        suffix.append(after);
        after = suffix;
    }

    // Behind what the numbers have before them, as ICU has it.
    before.append(outer_prefix);
    let mut infix = infix(locale.range());
    if spaced {
        if !infix.starts_with(is_space) {
            infix.insert(0, ' ');
        }
        if !infix.ends_with(is_space) {
            infix.push(' ');
        }
    }
    // ICU counts what it inserts between currency and digits neither to the prefix nor to the numbers.
    let start = units(&before) - units_of(&inserted);
    let end = start + units(&first_text);
    let second_start = end + units_of(&infix);
    let spans = [
        (start, end),
        (second_start, second_start + units(&second_text)),
    ];
    let mut whole = before;
    whole.append(first_text);
    whole.push(Field::Literal, &infix);
    whole.append(second_text);
    whole.append(after);
    sourced(whole, &spans)
}

/// How many units of UTF-16 a text has.
fn units(text: &Text) -> usize {
    units_of(&text.plain())
}

fn units_of(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Says of each part which of the two numbers it lies in.
fn sourced(text: Text, spans: &[(usize, usize); 2]) -> Vec<RangePart> {
    let mut at = 0;
    let mut parts = Vec::new();
    for piece in text.parts() {
        let end = at + units_of(&piece.text);
        let within = |(from, to): (usize, usize)| from <= at && end <= to;
        let source = match spans {
            [first, _] if within(*first) => Source::Start,
            [_, second] if within(*second) => Source::End,
            _ => Source::Shared,
        };
        parts.push(RangePart {
            field: piece.field,
            text: piece.text,
            source,
        });
        at = end;
    }
    parts
}

/// White space as patterns have it, of which a space that does not break is none.
fn is_space(c: char) -> bool {
    matches!(
        c,
        '\t'..='\r' | ' ' | '\u{85}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}'
    )
}

/// What is between the two numbers of `{0}–{1}`.
fn infix(pattern: &str) -> String {
    let between = pattern
        .split_once("{0}")
        .and_then(|(_, rest)| rest.split_once("{1}"));
    between.map_or("–", |(between, _)| between).to_owned()
}
