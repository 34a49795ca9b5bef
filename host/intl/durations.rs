//! Durations: `1 hour, 2 minutes`, `1:02:03`.

use super::lists::{self, Separable};
use super::numbers::options::{Grouping, Notation, SignDisplay, Style, Width};
use super::numbers::{self, Decimal, Digits, Field, Options, RoundingMode};
use super::{Data, IntlError};

/// The units of a duration, from the largest.
pub const UNITS: [&str; 10] = [
    "years",
    "months",
    "weeks",
    "days",
    "hours",
    "minutes",
    "seconds",
    "milliseconds",
    "microseconds",
    "nanoseconds",
];

const HOURS: usize = 4;
const MINUTES: usize = 5;
const SECONDS: usize = 6;
const NANOSECONDS: usize = 9;

/// The greatest amount of a unit.
const MOST: i128 = 1 << 100;

/// How a unit is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitStyle {
    /// With its name.
    Named(Width),
    /// As digits.
    Numeric,
    /// As two digits at least.
    TwoDigit,
    /// As the fraction of the unit before.
    Fractional,
}

/// One unit of a duration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// How it is written.
    pub style: UnitStyle,
    /// Whether it is written though it is zero.
    pub always: bool,
    /// How many there are.
    pub value: i128,
}

impl Unit {
    /// A unit by what ECMA-402 calls its options.
    pub fn named(style: &str, display: &str, value: &str) -> Result<Self, IntlError> {
        let style = match style {
            "numeric" => UnitStyle::Numeric,
            "2-digit" => UnitStyle::TwoDigit,
            "fractional" => UnitStyle::Fractional,
            other => UnitStyle::Named(Width::named(other, "style")?),
        };
        let always = match display {
            "always" => true,
            "auto" => false,
            other => return Err(IntlError::option("display", other)),
        };
        let amount = value.parse::<i128>().ok();
        let amount = amount.filter(|amount| amount.abs() <= MOST);
        let amount = amount.ok_or_else(|| {
            let shown: String = value.chars().take(40).collect();
            IntlError::Argument(format!("`{shown}` is no amount of a unit"))
        })?;
        Ok(Self {
            style,
            always,
            value: amount,
        })
    }
}

/// What describes a formatter of durations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DurationOptions {
    /// The numbering system.
    pub system: String,
    /// How much room there is between the units.
    pub width: Width,
    /// Digits behind the point; none for as many as are needed.
    pub fractional_digits: Option<u8>,
}

/// A piece of a duration's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DurationPart {
    /// What it is.
    pub field: Field,
    /// What is written.
    pub text: String,
    /// The unit that it belongs to, in the singular.
    pub unit: Option<&'static str>,
}

impl Separable for DurationPart {
    fn between(text: &str) -> Self {
        Self {
            field: Field::Literal,
            text: text.to_owned(),
            unit: None,
        }
    }

    fn text(&self) -> &str {
        &self.text
    }
}

/// Writes a duration: the amounts of [`UNITS`].
pub fn format(
    data: &Data,
    locale: &str,
    options: &DurationOptions,
    units: &[Unit; 10],
) -> Result<Vec<DurationPart>, IntlError> {
    if options.fractional_digits.is_some_and(|digits| digits > 9) {
        return Err(IntlError::Argument(
            "a duration has up to 9 fractional digits".to_owned(),
        ));
    }
    let mut writer = Writer {
        data,
        locale,
        options,
        units,
        negative: units.iter().any(|unit| unit.value < 0),
        sign: true,
    };
    let mut items = Vec::new();
    for (place, unit) in units.iter().enumerate() {
        let width = match unit.style {
            UnitStyle::Named(width) => width,
            UnitStyle::Fractional => break,
            UnitStyle::Numeric | UnitStyle::TwoDigit if place > SECONDS => break,
            UnitStyle::Numeric | UnitStyle::TwoDigit => {
                let written = writer.digital(place)?;
                if !written.is_empty() {
                    items.push(written);
                }
                break;
            }
        };
        let fraction = writer.takes_fraction(place);
        let value = match fraction {
            true => writer.with_fraction(place),
            false => Amount::whole(unit.value),
        };
        if unit.always || value.value != 0 {
            let style = Style::Unit {
                unit: singular(place).to_owned(),
                width,
            };
            let digits = match fraction {
                true => writer.fraction_digits(),
                false => Digits::fraction(0, 0),
            };
            items.push(writer.number(place, value, style, digits, Grouping::Auto)?);
        }
        if fraction {
            break;
        }
    }
    lists::join(data, locale, "unit", options.width, items)
}

/// An amount, in units of ten to the power of -`scale`.
#[derive(Clone, Copy)]
struct Amount {
    value: i128,
    scale: i32,
}

impl Amount {
    fn whole(value: i128) -> Self {
        Self { value, scale: 0 }
    }
}

struct Writer<'a> {
    data: &'a Data,
    locale: &'a str,
    options: &'a DurationOptions,
    units: &'a [Unit; 10],
    /// Whether the duration is less than zero.
    negative: bool,
    /// Whether the next number has a sign.
    sign: bool,
}

impl Writer<'_> {
    /// Whether the units behind one are its fraction.
    fn takes_fraction(&self, place: usize) -> bool {
        let next = self.units.get(place + 1).map(|unit| unit.style);
        (SECONDS..NANOSECONDS).contains(&place)
            && matches!(next, Some(UnitStyle::Fractional | UnitStyle::Numeric))
    }

    /// A unit with those behind it as its fraction.
    fn with_fraction(&self, place: usize) -> Amount {
        let below = self.units.get(place..).unwrap_or(&[]);
        let value = below.iter().fold(0_i128, |sum, unit| {
            sum.saturating_mul(1000).saturating_add(unit.value)
        });
        let scale = i32::try_from(below.len()).unwrap_or(1) - 1;
        Amount {
            value,
            scale: scale * 3,
        }
    }

    fn fraction_digits(&self) -> Digits {
        let (least, most) = match self.options.fractional_digits {
            Some(digits) => (digits, digits),
            None => (0, 9),
        };
        Digits {
            mode: RoundingMode::Trunc,
            ..Digits::fraction(least, most)
        }
    }

    /// Hours, minutes and seconds with colons between them, from the unit at a place.
    fn digital(&mut self, first: usize) -> Result<Vec<DurationPart>, IntlError> {
        let at = |place: usize| self.units.get(place).filter(|_| first <= place);
        let shown = |unit: &Unit| unit.value != 0 || unit.always;
        let hours = at(HOURS).is_some_and(shown);
        let seconds = self.with_fraction(SECONDS).value != 0 || at(SECONDS).is_some_and(shown);
        let minutes = at(MINUTES).is_some_and(|unit| (hours && seconds) || shown(unit));
        let numbers = self.data.section(self.locale, "numbers")?;
        let symbols = |system: &str| {
            let symbols = numbers.get("systems")?.get(system)?.get("symbols")?;
            symbols.get("timeSeparator")?.as_str()
        };
        let separator = symbols(&self.options.system).or_else(|| symbols("latn"));
        let separator = separator.unwrap_or(":").to_owned();
        let mut parts = Vec::new();
        for (place, wanted) in [(HOURS, hours), (MINUTES, minutes), (SECONDS, seconds)] {
            let Some(unit) = self.units.get(place).filter(|_| wanted) else {
                continue;
            };
            let fraction = place == SECONDS && self.takes_fraction(place);
            let (value, digits) = match fraction {
                true => (self.with_fraction(place), self.fraction_digits()),
                false => (Amount::whole(unit.value), Digits::fraction(0, 0)),
            };
            let minimum_integer = if unit.style == UnitStyle::TwoDigit {
                2
            } else {
                1
            };
            let digits = Digits {
                minimum_integer,
                ..digits
            };
            if !parts.is_empty() {
                parts.push(DurationPart::between(&separator));
            }
            parts.extend(self.number(place, value, Style::Decimal, digits, Grouping::Never)?);
        }
        Ok(parts)
    }

    /// Writes the number of a unit. Only the first has a sign.
    fn number(
        &mut self,
        place: usize,
        amount: Amount,
        style: Style,
        digits: Digits,
        grouping: Grouping,
    ) -> Result<Vec<DurationPart>, IntlError> {
        let mut number = Decimal::of(amount.value);
        number.shift(-amount.scale);
        let sign = match self.sign {
            true => SignDisplay::Auto,
            false => SignDisplay::Never,
        };
        if self.sign && amount.value == 0 {
            number.negative = self.negative;
        }
        self.sign = false;
        let options = Options {
            system: self.options.system.clone(),
            style,
            digits,
            notation: Notation::Standard,
            grouping,
            sign,
        };
        let text = numbers::format(self.data, self.locale, &options, &number)?;
        let parts = text.parts().into_iter().map(|piece| DurationPart {
            field: piece.field,
            text: piece.text,
            unit: Some(singular(place)),
        });
        Ok(parts.collect())
    }
}

/// The unit at a place, in the singular.
fn singular(place: usize) -> &'static str {
    let name = UNITS.get(place).copied().unwrap_or_default();
    name.strip_suffix('s').unwrap_or(name)
}
