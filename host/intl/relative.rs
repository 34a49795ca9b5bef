//! Relative times: `in 3 days`, `yesterday`.

use super::numbers::decimal::{Kind, RoundingMode};
use super::numbers::options::{Grouping, Notation, SignDisplay, Style, Width};
use super::numbers::{self, Decimal, Digits, Field, Options, Text};
use super::plurals::PluralKind;
use super::{Data, IntlError, Value};

/// The units that relative times have.
const UNITS: [&str; 8] = [
    "second", "minute", "hour", "day", "week", "month", "quarter", "year",
];

/// What describes a formatter of relative times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelativeOptions {
    /// The numbering system.
    pub system: String,
    /// How much room there is.
    pub width: Width,
    /// Whether near times have words of their own.
    pub words: bool,
}

/// Writes how far away a time is. What belongs to the unit is no literal.
pub fn format(
    data: &Data,
    locale: &str,
    options: &RelativeOptions,
    value: &Decimal,
    unit: &str,
) -> Result<Text, IntlError> {
    if !UNITS.contains(&unit) {
        return Err(IntlError::option("unit", unit));
    }
    if value.kind != Kind::Finite {
        return Err(IntlError::Argument(
            "a relative time is a finite number".to_owned(),
        ));
    }
    let fields = data.section(locale, "fields")?;
    let key = match unit {
        "week" => "weekOfYear",
        other => other,
    };
    let field = fields.get(options.width.key()).and_then(|all| all.get(key));
    let field = field.ok_or_else(|| IntlError::option("unit", unit))?;
    if options.words
        && let Some(near) = near(value)
        && let Some(words) = field
            .get("relative")
            .and_then(|all| all.get(near.to_string()))
            .and_then(Value::as_str)
    {
        let mut text = Text::default();
        text.push(Field::Literal, words);
        return Ok(text);
    }
    let (direction, mut amount) = match value.negative {
        true => ("past", value.clone()),
        false => ("future", value.clone()),
    };
    amount.negative = false;
    let digits = Digits {
        mode: RoundingMode::HalfEven,
        ..Digits::fraction(0, 3)
    };
    let number = Options {
        system: options.system.clone(),
        style: Style::Decimal,
        digits,
        notation: Notation::Standard,
        grouping: Grouping::Auto,
        sign: SignDisplay::Auto,
    };
    let plural = numbers::plural(data, locale, &number, PluralKind::Cardinal, &amount)?;
    let written = numbers::format(data, locale, &number, &amount)?;
    let patterns = field.get(direction);
    let pattern = patterns
        .and_then(|all| all.get(plural).or_else(|| all.get("other")))
        .and_then(Value::as_str)
        .ok_or_else(|| IntlError::option("unit", unit))?;
    let mut text = Text::default();
    match pattern.split_once("{0}") {
        Some((before, after)) => {
            text.push(Field::Literal, before);
            text.append(written);
            text.push(Field::Literal, after);
        }
        // Some have a word for one or two.
        None => text.push(Field::Literal, pattern),
    }
    Ok(text)
}

/// The whole number that a near time is, within a hundredth.
fn near(value: &Decimal) -> Option<i32> {
    let hundreds = value.to_f64() * 100.0;
    (-2_i32..=2).find(|near| {
        let rounded = match hundreds < 0.0 {
            true => (hundreds - 0.5).trunc(),
            false => (hundreds + 0.5).trunc(),
        };
        rounded == f64::from(near * 100)
    })
}
