//! What a locale says of numbers.

use super::options::{CurrencyDisplay, Notation, Options, SignDisplay, Style, Width};
use super::pattern::{Pattern, Symbols};
use super::text::{Around, DigitStyle, Field, Text};
use super::{Decimal, Formatter, units};
use crate::intl::{Data, IntlError, Value};
use std::sync::Arc;

/// The data by which numbers are written in one way.
pub(super) struct Locale {
    name: String,
    system: String,
    numbers: Arc<Value>,
    plain: Arc<Value>,
    currencies: Option<Arc<Value>>,
    units: Option<Arc<Value>>,
    digits: [char; 10],
}

/// The patterns by which numbers are written in one way.
pub(super) struct Patterns<'a> {
    pub(super) standard: Pattern<'a>,
    compact: Option<&'a Value>,
}

impl Locale {
    pub(super) fn new(data: &Data, name: &str, options: &Options) -> Result<Self, IntlError> {
        let plain = data.section("und", "plain")?;
        let digits = digits(&plain, &options.system)?;
        let (currencies, units) = match &options.style {
            Style::Currency { .. } => (Some(data.section(name, "currencies")?), None),
            Style::Unit { .. } => (None, Some(data.section(name, "units")?)),
            Style::Percent if options.is_compact() => (None, Some(data.section(name, "units")?)),
            Style::Decimal | Style::Percent => (None, None),
        };
        Ok(Self {
            name: name.to_owned(),
            system: options.system.clone(),
            numbers: data.section(name, "numbers")?,
            plain,
            currencies,
            units,
            digits,
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn plain(&self) -> &Value {
        &self.plain
    }

    /// What the locale has of its numbering system, or else of Latin digits.
    fn at(&self, path: &[&str]) -> Option<&Value> {
        let systems = self.numbers.get("systems")?;
        let of = |system: &str| {
            path.iter()
                .try_fold(systems.get(system)?, |value, key| value.get(key))
                .filter(|found| found.as_object().is_none_or(|members| !members.is_empty()))
        };
        of(&self.system).or_else(|| of("latn"))
    }

    fn text(&self, path: &[&str]) -> &str {
        self.at(path).and_then(Value::as_str).unwrap_or_default()
    }

    /// The patterns that a formatter needs.
    pub(super) fn patterns(&self, options: &Options) -> Result<Patterns<'_>, IntlError> {
        let is_compact = options.is_compact();
        let own = match &options.style {
            Style::Currency { code, .. } => self.of_currency(code, "pattern"),
            _ => None,
        };
        let standard = match &options.style {
            _ if own.is_some() => own.unwrap_or_default(),
            _ if options.has_percent_sign() => self.text(&["percent"]),
            Style::Currency {
                display: CurrencyDisplay::Name,
                ..
            } => self.text(&["decimal"]),
            // Accountants' brackets are a sign: without one their pattern is not taken, either.
            Style::Currency { accounting, .. } => {
                match *accounting && options.sign != SignDisplay::Never {
                    true => self.text(&["currency", "accounting"]),
                    false => self.text(&["currency", "standard"]),
                }
            }
            Style::Decimal | Style::Percent | Style::Unit { .. } => self.text(&["decimal"]),
        };
        let compact = match (&options.style, options.notation) {
            _ if !is_compact => None,
            (Style::Currency { display, .. }, _) if *display != CurrencyDisplay::Name => {
                self.at(&["currency", "short", "plain"])
            }
            (_, Notation::CompactLong) => self.at(&["long", "plain"]),
            _ => self.at(&["short", "plain"]),
        };
        Ok(Patterns {
            standard: Pattern::parse(standard),
            compact,
        })
    }

    pub(super) fn digit_style(&self, patterns: &Patterns, options: &Options) -> DigitStyle<'_> {
        let minimum = self.numbers.get("minimumGrouping").and_then(Value::as_i64);
        let minimum = minimum.and_then(|minimum| i32::try_from(minimum).ok());
        let (grouping, minimum_grouping) =
            Formatter::grouping(options, patterns.standard.grouping, minimum.unwrap_or(1));
        let separator = |own: &str, of_currency: &str, usual: &str| match &options.style {
            Style::Currency { code, .. } => self
                .of_currency(code, own)
                .or_else(|| self.at(&["symbols", of_currency]).and_then(Value::as_str))
                .unwrap_or_else(|| self.text(&["symbols", usual])),
            _ => self.text(&["symbols", usual]),
        };
        DigitStyle {
            digits: self.digits,
            decimal: separator("decimal", "currencyDecimal", "decimal"),
            group: separator("group", "currencyGroup", "group"),
            infinity: self.text(&["symbols", "infinity"]),
            nan: self.text(&["symbols", "nan"]),
            grouping,
            minimum_grouping,
        }
    }

    pub(super) fn symbols<'a>(&'a self, currency: Option<&'a str>) -> Symbols<'a> {
        Symbols {
            minus: self.text(&["symbols", "minusSign"]),
            plus: self.text(&["symbols", "plusSign"]),
            percent: self.text(&["symbols", "percentSign"]),
            per_mille: self.text(&["symbols", "perMille"]),
            approximately: self.text(&["symbols", "approximatelySign"]),
            currency,
        }
    }

    /// What comes before an exponent.
    pub(super) fn exponential(&self) -> &str {
        self.text(&["symbols", "exponential"])
    }

    /// How a range is written.
    pub(super) fn range(&self) -> &str {
        self.text(&["range"])
    }

    fn of_currency(&self, code: &str, what: &str) -> Option<&str> {
        self.currencies.as_ref()?.get(code)?.get(what)?.as_str()
    }

    /// Whether a currency has a pattern of its own in the locale.
    pub(super) fn has_pattern(&self, code: &str) -> bool {
        self.of_currency(code, "pattern").is_some()
    }

    /// What a currency is called.
    pub(super) fn currency<'a>(&'a self, code: &'a str, display: CurrencyDisplay) -> &'a str {
        let symbol = || self.of_currency(code, "symbol");
        let found = match display {
            CurrencyDisplay::Code | CurrencyDisplay::Name => None,
            CurrencyDisplay::Symbol => symbol(),
            CurrencyDisplay::Narrow => self.of_currency(code, "narrow").or_else(symbol),
        };
        found.unwrap_or(code)
    }

    /// What comes between a currency and digits, before and after them.
    pub(super) fn spacing(&self, prefix: &Text, suffix: &Text) -> (&str, &str) {
        let space = |field: Option<Field>, edge: Option<char>, side: &str| {
            let wanted =
                field == Some(Field::Currency) && !edge.is_some_and(is_symbol_or_separator);
            match wanted {
                true => self.text(&["currency", side, "insertBetween"]),
                false => "",
            }
        };
        (
            space(prefix.last_field(), prefix.last(), "after"),
            space(suffix.first_field(), suffix.first(), "before"),
        )
    }

    /// The words around a number that has a unit or a currency by its name.
    pub(super) fn around(
        &self,
        options: &Options,
        plural: &str,
    ) -> Result<Option<Around>, IntlError> {
        match &options.style {
            Style::Currency {
                code,
                display: CurrencyDisplay::Name,
                ..
            } => {
                let patterns = self.numbers.get("named");
                let pattern = patterns.and_then(|all| by_plural(all, plural));
                let name = self.currencies.as_ref().and_then(|all| {
                    let of = all.get(code)?;
                    by_plural(of, plural).or_else(|| of.get("name")?.as_str())
                });
                let pattern = pattern.unwrap_or("{0} {1}");
                let pattern = pattern.replace("{1}", name.unwrap_or(code));
                Ok(Some(units::words(&pattern, Field::Currency)))
            }
            _ if options.has_percent_sign() => Ok(None),
            Style::Unit { unit, width } => self.unit(unit, *width, plural).map(Some),
            Style::Percent => self.unit("percent", Width::Short, plural).map(Some),
            Style::Currency { .. } | Style::Decimal => Ok(None),
        }
    }

    fn unit(&self, unit: &str, width: Width, plural: &str) -> Result<Around, IntlError> {
        let all = self.units.as_deref().unwrap_or(&Value::Null);
        let pattern = units::pattern(all, unit, width.key(), plural)?;
        Ok(units::words(&pattern, Field::Unit))
    }
}

/// A pattern of a plural category, or else of `other`.
pub(super) fn by_plural<'a>(patterns: &'a Value, plural: &str) -> Option<&'a str> {
    let found = patterns.get(plural).or_else(|| patterns.get("other"))?;
    found.as_str()
}

impl Patterns<'_> {
    /// The greatest power of ten that compact forms know.
    fn largest(&self) -> Option<i32> {
        let powers = self.compact?.as_object()?;
        let lengths = powers
            .keys()
            .filter_map(|key| i32::try_from(key.len()).ok());
        lengths.max().map(|length| length - 1)
    }

    fn of_power(&self, power: i32) -> Option<&Value> {
        let key = format!("1{}", "0".repeat(usize::try_from(power).ok()?));
        self.compact?.get(key)
    }

    /// How many powers of ten a compact form of such a number adds: less than 0.
    pub(super) fn multiplier(&self, magnitude: i32) -> i32 {
        let Some(largest) = self.largest().filter(|_| magnitude >= 0) else {
            return 0;
        };
        let magnitude = magnitude.min(largest);
        let patterns = self.of_power(magnitude).and_then(Value::as_object);
        let zeros = patterns.and_then(|all| {
            let patterns = all.values().filter_map(Value::as_str);
            let zeros = patterns.filter(|text| *text != "0").map(Pattern::zeros);
            zeros.into_iter().find(|zeros| *zeros > 0)
        });
        zeros.map_or(0, |zeros| zeros - magnitude - 1)
    }

    /// The compact form of a number with such a first digit's power.
    pub(super) fn compact_at(
        &self,
        magnitude: i32,
        number: &Decimal,
        plural: &str,
    ) -> Option<&str> {
        if magnitude < 0 {
            return None;
        }
        let patterns = self.of_power(magnitude.min(self.largest()?))?;
        let exact = match number.is_whole().then(|| number.to_u64(0)).flatten() {
            Some(0) => patterns.get("0"),
            Some(1) => patterns.get("1"),
            _ => None,
        };
        let found = match exact {
            Some(found) => found.as_str(),
            None => by_plural(patterns, plural),
        };
        found.filter(|text| *text != "0")
    }
}

/// The ten digits of a numbering system.
fn digits(plain: &Value, system: &str) -> Result<[char; 10], IntlError> {
    let found = plain.get("digits").and_then(|all| all.get(system));
    let digits: Option<Vec<char>> = found
        .and_then(Value::as_str)
        .map(|text| text.chars().collect());
    digits
        .and_then(|digits| digits.try_into().ok())
        .ok_or_else(|| IntlError::option("numberingSystem", system))
}

/// Whether a character is a symbol, such as those of currencies, or a space.
fn is_symbol_or_separator(c: char) -> bool {
    matches!(c,
        '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~'
        | '\u{a2}'..='\u{a6}' | '\u{a8}' | '\u{a9}' | '\u{ac}' | '\u{ae}'..='\u{b1}' | '\u{b4}' | '\u{b8}' | '\u{d7}' | '\u{f7}'
        | '\u{58f}' | '\u{60b}' | '\u{7fe}' | '\u{7ff}' | '\u{9f2}' | '\u{9f3}' | '\u{9fb}' | '\u{af1}' | '\u{bf9}' | '\u{e3f}'
        | '\u{17db}' | '\u{20a0}'..='\u{20c1}' | '\u{a838}' | '\u{fdfc}' | '\u{fe69}' | '\u{ff04}' | '\u{ffe0}' | '\u{ffe1}'
        | '\u{ffe5}' | '\u{ffe6}' | '\u{11fdd}'..='\u{11fe0}' | '\u{1e2ff}' | '\u{1ecb0}'
        | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}
