//! How numbers are written.

pub mod decimal;
mod locale;
mod pattern;
mod range;
#[cfg(test)]
mod tests;
mod text;
mod units;

pub mod options;
pub mod rounding;

pub use decimal::{Decimal, RoundingMode};
pub use options::Options;
pub use pattern::Sign;
pub use range::{RangePart, Source, format_range};
pub use rounding::Digits;
pub use text::{Field, Piece, Text};

use super::plurals::{self, Operands, PluralKind};
use super::{Data, IntlError};
use decimal::Kind;
use locale::{Locale, Patterns};
use options::{CurrencyDisplay, Grouping, Notation, SignDisplay, Style};
use pattern::Pattern;
use text::Around;

/// Writes a number.
pub fn format(
    data: &Data,
    locale: &str,
    options: &Options,
    number: &Decimal,
) -> Result<Text, IntlError> {
    let formatter = Formatter::new(data, locale, options)?;
    Ok(formatter.written(number, false)?.whole())
}

/// The plural category of a number as it would be written.
pub fn plural(
    data: &Data,
    locale: &str,
    options: &Options,
    kind: PluralKind,
    number: &Decimal,
) -> Result<&'static str, IntlError> {
    let formatter = Formatter::new(data, locale, options)?;
    let written = formatter.written(number, false)?;
    Ok(plurals::category_of(
        formatter.locale.plain(),
        locale,
        kind,
        &written.operands(),
    ))
}

/// What is needed to write numbers in one way.
struct Formatter<'a> {
    locale: Locale,
    options: &'a Options,
}

/// A number with what is written around it.
struct Written {
    number: Decimal,
    /// How many digits are written behind the point at least.
    fraction: i32,
    /// The power of ten that compact and scientific forms leave out.
    exponent: i32,
    digits: Text,
    /// The exponent as it is written.
    inner: Text,
    /// Sign, currency, what stands for a power of ten.
    middle: Around,
    /// Words for a unit or currency.
    outer: Option<Around>,
    plural: &'static str,
}

impl Written {
    fn whole(self) -> Text {
        let mut text = self.digits;
        text.append(self.inner);
        let text = self.middle.apply(text);
        match self.outer {
            Some(outer) => outer.apply(text),
            None => text,
        }
    }

    fn operands(&self) -> Operands {
        Operands::of(&self.number, self.fraction, self.exponent)
    }
}

impl<'a> Formatter<'a> {
    fn new(data: &Data, locale: &str, options: &'a Options) -> Result<Self, IntlError> {
        let locale = Locale::new(data, locale, options)?;
        Ok(Self { locale, options })
    }

    /// Writes a number; `approximately` says that it is not exact.
    fn written(&self, value: &Decimal, approximately: bool) -> Result<Written, IntlError> {
        let options = self.options;
        let patterns = self.locale.patterns(options)?;
        let mut number = value.clone();
        self.scale(&mut number);
        let (fraction, power) = self.scaled(&mut number, &patterns);
        let compact = match options.is_compact() {
            true => {
                let magnitude = number.magnitude() + power;
                // Before it stands for more, as the number that is written.
                let plural = self.plural(&Operands::of(&number, fraction, 0));
                patterns.compact_at(magnitude, &number, plural)
            }
            false => None,
        };
        let plural = match options.is_compact() {
            // Words follow the number that the compact form stands for, before it is shortened.
            true => {
                let mut whole = value.clone();
                self.scale(&mut whole);
                let fraction = options.digits.apply(&mut whole);
                self.plural(&Operands::of(&whole, fraction, 0))
            }
            false => self.plural(&Operands::of(&number, fraction, power)),
        };
        let middle = self.middle(&patterns, compact, &number, approximately);
        let style = self.locale.digit_style(&patterns, options);
        let integer = i32::from(options.digits.minimum_integer);
        // A word may stand for the number itself: `mille`.
        let digits = match compact {
            Some(text) if Pattern::zeros(text) == 0 => Text::default(),
            _ => style.write(&number, integer, fraction),
        };
        Ok(Written {
            inner: self.exponent(&number, power, &style.digits),
            outer: self.locale.around(options, plural)?,
            number,
            fraction,
            exponent: power,
            digits,
            middle,
            plural,
        })
    }

    /// Makes a share a percentage.
    fn scale(&self, number: &mut Decimal) {
        if self.options.style == Style::Percent {
            number.shift(2);
        }
    }

    /// Rounds a number, once the power of ten is taken away that its notation leaves out.
    fn scaled(&self, number: &mut Decimal, patterns: &Patterns) -> (i32, i32) {
        let digits = &self.options.digits;
        let multiplier: &dyn Fn(i32) -> i32 = match self.options.notation {
            Notation::Standard => return (digits.apply(number), 0),
            Notation::Scientific => &|magnitude| -magnitude,
            Notation::Engineering => &|magnitude| magnitude.rem_euclid(3) - magnitude,
            Notation::CompactLong | Notation::CompactShort => {
                &|magnitude| patterns.multiplier(magnitude)
            }
        };
        if number.is_zeroish() {
            return (digits.apply(number), 0);
        }
        let magnitude = number.magnitude();
        let first = multiplier(magnitude);
        let mut rounded = number.clone();
        rounded.shift(first);
        let fraction = digits.apply(&mut rounded);
        let same = rounded.is_zeroish() || rounded.magnitude() == magnitude + first;
        let second = multiplier(magnitude + 1);
        if same || first == second {
            *number = rounded;
            return (fraction, -first);
        }
        // 999.9 has become 1000, which is 1K.
        rounded.shift(second - first);
        let fraction = digits.apply(&mut rounded);
        *number = rounded;
        (fraction, -second)
    }

    fn plural(&self, operands: &Operands) -> &'static str {
        let (plain, name) = (self.locale.plain(), self.locale.name());
        plurals::category_of(plain, name, PluralKind::Cardinal, operands)
    }

    fn sign(&self, number: &Decimal) -> Sign {
        let (zero, negative) = (number.is_zero(), number.negative);
        match (self.options.sign, negative) {
            (SignDisplay::Never, _) => Sign::None,
            (SignDisplay::ExceptZero | SignDisplay::Negative, _) if zero => Sign::None,
            (_, true) => Sign::Minus,
            (SignDisplay::Always | SignDisplay::ExceptZero, false) => Sign::Plus,
            (SignDisplay::Auto | SignDisplay::Negative, false) => Sign::None,
        }
    }

    /// Sign and currency, or what a compact form has instead.
    fn middle(
        &self,
        patterns: &Patterns,
        compact: Option<&str>,
        number: &Decimal,
        approximately: bool,
    ) -> Around {
        let (pattern, literal) = match compact {
            Some(text) => (Pattern::parse(text), Field::Compact),
            None => (patterns.standard.clone(), Field::Literal),
        };
        let currency = match &self.options.style {
            Style::Currency { code, display, .. } => match display {
                // A pattern of its own has the symbol, too: `₺5,00 Türk lirası`.
                CurrencyDisplay::Name if self.locale.has_pattern(code) => {
                    Some(self.locale.currency(code, CurrencyDisplay::Symbol))
                }
                CurrencyDisplay::Name => None,
                shown => Some(self.locale.currency(code, *shown)),
            },
            _ => None,
        };
        let symbols = self.locale.symbols(currency);
        let sign = self.sign(number);
        let (mut prefix, mut suffix) = pattern.around(sign, approximately, &symbols, literal);
        if matches!(self.options.style, Style::Unit { .. }) {
            prefix.rename(Field::Percent, Field::Unit);
            suffix.rename(Field::Percent, Field::Unit);
        }
        let (after, before) = match pattern.has_currency() && currency.is_some() {
            true => self.locale.spacing(&prefix, &suffix),
            false => ("", ""),
        };
        Around {
            after_prefix: after.to_owned(),
            before_suffix: before.to_owned(),
            instead: false,
            prefix,
            suffix,
        }
    }

    /// The exponent of a scientific form.
    fn exponent(&self, number: &Decimal, power: i32, digits: &[char; 10]) -> Text {
        let mut text = Text::default();
        let scientific = matches!(
            self.options.notation,
            Notation::Scientific | Notation::Engineering
        );
        if !scientific || number.kind != Kind::Finite {
            return text;
        }
        let symbols = self.locale.symbols(None);
        text.push(Field::ExponentSeparator, self.locale.exponential());
        if power < 0 {
            text.push(Field::ExponentMinus, symbols.minus);
        }
        let mut bytes = [0; 4];
        for digit in power.unsigned_abs().to_string().bytes() {
            let digit = digits[usize::from((digit - b'0') % 10)];
            text.push(Field::Exponent, digit.encode_utf8(&mut bytes));
        }
        text
    }

    /// Sizes of groups, and how many digits come before one at least.
    fn grouping(
        options: &Options,
        pattern: Option<(i32, i32)>,
        minimum: i32,
    ) -> (Option<(i32, i32)>, i32) {
        match options.grouping {
            Grouping::Never => (None, 1),
            Grouping::MinimumTwo => (pattern, minimum.max(2)),
            Grouping::Auto if options.is_compact() => (pattern, minimum.max(2)),
            Grouping::Auto => (pattern, minimum),
            Grouping::Always => (pattern.or(Some((3, 3))), 1),
        }
    }
}
