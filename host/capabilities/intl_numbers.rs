//! `roost:bot/intl-numbers`: numbers, plurals, relative times, durations, lists and names.
//!
//! What a call is given is bounded before any work (`crate::intl`). It takes some microseconds, and up to a
//! millisecond when it is the first of its locale.

use super::bindings::roost::bot::intl_numbers::{
    self, Digits, DisplayNameOptions, DurationOptions, DurationPart, DurationUnit, Error,
    ListOptions, NumberOptions, Part, PluralOptions, RangePart, RelativeTimeOptions,
};
use crate::intl::durations::{self, Unit};
use crate::intl::names::{self, Named};
use crate::intl::numbers::options::{
    CurrencyDisplay, Grouping, Notation, SignDisplay, Style, Width, currency_code,
    strips_if_integer,
};
use crate::intl::numbers::rounding::{self, Priority};
use crate::intl::numbers::{self, Decimal, Options, Piece, RoundingMode, Text};
use crate::intl::plurals::{self, PluralKind};
use crate::intl::relative::{self, RelativeOptions};
use crate::intl::{Data, IntlError, lists, supported};
use crate::sandbox::RunState;

/// How long the name of a locale is at most.
const LOCALE: usize = 255;

impl From<IntlError> for Error {
    fn from(error: IntlError) -> Self {
        match error {
            IntlError::Data(error) => Self::Unavailable(error.to_string()),
            IntlError::TooMuch(text) => Self::TooMuch(text),
            IntlError::Argument(text) => Self::Argument(text),
        }
    }
}

impl RunState {
    /// The data, for a locale that is worth looking up.
    fn words(&self, locale: &str) -> Result<&Data, Error> {
        if locale.len() > LOCALE {
            return Err(Error::Argument(
                "the name of a locale is too long".to_owned(),
            ));
        }
        self.locales.data().map_err(Error::Unavailable)
    }
}

/// An option that has to be there.
fn given<'a>(value: &'a Option<String>, name: &str) -> Result<&'a str, IntlError> {
    value
        .as_deref()
        .ok_or_else(|| IntlError::Argument(format!("{name} is missing")))
}

fn digits(given: &Digits) -> Result<rounding::Digits, IntlError> {
    rounding::Digits {
        minimum_integer: given.minimum_integer,
        fraction: given.minimum_fraction.zip(given.maximum_fraction),
        significant: given.minimum_significant.zip(given.maximum_significant),
        priority: Priority::named(&given.rounding_priority)?,
        increment: given.rounding_increment,
        mode: RoundingMode::named(&given.rounding_mode)?,
        strip_if_integer: strips_if_integer(&given.trailing_zero_display)?,
    }
    .checked()
}

fn style(options: &NumberOptions) -> Result<Style, IntlError> {
    Ok(match options.style.as_str() {
        "decimal" => Style::Decimal,
        "percent" => Style::Percent,
        "currency" => Style::Currency {
            code: currency_code(given(&options.currency, "currency")?)?,
            display: CurrencyDisplay::named(given(&options.currency_display, "currencyDisplay")?)?,
            accounting: match given(&options.currency_sign, "currencySign")? {
                "standard" => false,
                "accounting" => true,
                other => return Err(IntlError::option("currencySign", other)),
            },
        },
        "unit" => Style::Unit {
            unit: given(&options.unit, "unit")?.to_owned(),
            width: Width::named(given(&options.unit_display, "unitDisplay")?, "unitDisplay")?,
        },
        other => return Err(IntlError::option("style", other)),
    })
}

fn number_options(options: &NumberOptions) -> Result<Options, IntlError> {
    Ok(Options {
        style: style(options)?,
        digits: digits(&options.digits)?,
        notation: Notation::named(&options.notation, options.compact_display.as_deref())?,
        grouping: Grouping::named(&options.use_grouping)?,
        sign: SignDisplay::named(&options.sign_display)?,
        system: options.numbering_system.clone(),
    })
}

fn plural_kind(name: &str) -> Result<PluralKind, IntlError> {
    match name {
        "cardinal" => Ok(PluralKind::Cardinal),
        "ordinal" => Ok(PluralKind::Ordinal),
        other => Err(IntlError::option("type", other)),
    }
}

fn plural_of(
    data: &Data,
    locale: &str,
    options: &PluralOptions,
    value: &str,
) -> Result<&'static str, IntlError> {
    let number = Options {
        system: "latn".to_owned(),
        style: Style::Decimal,
        digits: digits(&options.digits)?,
        notation: Notation::named(&options.notation, options.compact_display.as_deref())?,
        grouping: Grouping::Never,
        sign: SignDisplay::Auto,
    };
    let kind = plural_kind(&options.type_)?;
    numbers::plural(data, locale, &number, kind, &Decimal::parse(value)?)
}

/// The start and the end of a range, which are numbers.
fn ends(start: &str, end: &str) -> Result<(Decimal, Decimal), IntlError> {
    let (start, end) = (Decimal::parse(start)?, Decimal::parse(end)?);
    match start.is_nan() || end.is_nan() {
        true => Err(IntlError::Argument("a range has two numbers".to_owned())),
        false => Ok((start, end)),
    }
}

fn parts(pieces: Vec<Piece>) -> Vec<Part> {
    let parts = pieces.into_iter().map(|piece| Part {
        type_: piece.field.name().to_owned(),
        value: piece.text,
    });
    parts.collect()
}

fn relative_time(
    data: &Data,
    locale: &str,
    options: &RelativeTimeOptions,
    value: &str,
    unit: &str,
) -> Result<Text, IntlError> {
    let options = RelativeOptions {
        system: options.numbering_system.clone(),
        width: Width::named(&options.style, "style")?,
        words: match options.numeric.as_str() {
            "auto" => true,
            "always" => false,
            other => return Err(IntlError::option("numeric", other)),
        },
    };
    relative::format(data, locale, &options, &Decimal::parse(value)?, unit)
}

fn duration(
    data: &Data,
    locale: &str,
    options: &DurationOptions,
    units: &[DurationUnit],
) -> Result<Vec<durations::DurationPart>, IntlError> {
    let incomplete = || {
        IntlError::Argument("a duration has its ten units, from years to nanoseconds".to_owned())
    };
    let mut found = Vec::new();
    for (unit, name) in units.iter().zip(durations::UNITS) {
        if unit.unit != name {
            return Err(incomplete());
        }
        found.push(Unit::named(&unit.style, &unit.display, &unit.value)?);
    }
    let units: [Unit; 10] = found.try_into().map_err(|_| incomplete())?;
    let width = match options.style.as_str() {
        "digital" => Width::Short,
        other => Width::named(other, "style")?,
    };
    let options = durations::DurationOptions {
        system: options.numbering_system.clone(),
        width,
        fractional_digits: options.fractional_digits,
    };
    durations::format(data, locale, &options, &units)
}

fn list(
    data: &Data,
    locale: &str,
    options: &ListOptions,
    items: &[String],
) -> Result<Vec<Piece>, IntlError> {
    let width = Width::named(&options.style, "style")?;
    lists::format(data, locale, &options.type_, width, items)
}

impl intl_numbers::Host for RunState {
    fn format_number(
        &mut self,
        locale: String,
        options: NumberOptions,
        value: String,
    ) -> Result<String, Error> {
        let (data, value) = (self.words(&locale)?, Decimal::parse(&value)?);
        Ok(numbers::format(data, &locale, &number_options(&options)?, &value)?.plain())
    }

    fn number_parts(
        &mut self,
        locale: String,
        options: NumberOptions,
        value: String,
    ) -> Result<Vec<Part>, Error> {
        let (data, value) = (self.words(&locale)?, Decimal::parse(&value)?);
        let text = numbers::format(data, &locale, &number_options(&options)?, &value)?;
        Ok(parts(text.parts()))
    }

    fn format_number_range(
        &mut self,
        locale: String,
        options: NumberOptions,
        start: String,
        end: String,
    ) -> Result<String, Error> {
        let parts = self.number_range_parts(locale, options, start, end)?;
        Ok(parts.into_iter().map(|part| part.value).collect())
    }

    fn number_range_parts(
        &mut self,
        locale: String,
        options: NumberOptions,
        start: String,
        end: String,
    ) -> Result<Vec<RangePart>, Error> {
        let (data, (start, end)) = (self.words(&locale)?, ends(&start, &end)?);
        let options = number_options(&options)?;
        let parts = numbers::format_range(data, &locale, &options, &start, &end)?;
        let parts = parts.into_iter().map(|part| RangePart {
            type_: part.field.name().to_owned(),
            value: part.text,
            source: part.source.name().to_owned(),
        });
        Ok(parts.collect())
    }

    fn select_plural(
        &mut self,
        locale: String,
        options: PluralOptions,
        value: String,
    ) -> Result<String, Error> {
        let data = self.words(&locale)?;
        Ok(plural_of(data, &locale, &options, &value)?.to_owned())
    }

    fn select_plural_range(
        &mut self,
        locale: String,
        options: PluralOptions,
        start: String,
        end: String,
    ) -> Result<String, Error> {
        let data = self.words(&locale)?;
        ends(&start, &end)?;
        let start = plural_of(data, &locale, &options, &start)?;
        let end = plural_of(data, &locale, &options, &end)?;
        let plain = data.section("und", "plain").map_err(IntlError::from)?;
        Ok(plurals::category_of_range(&plain, &locale, start, end).to_owned())
    }

    fn plural_categories(&mut self, locale: String, type_: String) -> Result<Vec<String>, Error> {
        let data = self.words(&locale)?;
        let categories = supported::plural_categories(data, &locale, plural_kind(&type_)?)?;
        Ok(categories.into_iter().map(str::to_owned).collect())
    }

    fn format_relative_time(
        &mut self,
        locale: String,
        options: RelativeTimeOptions,
        value: String,
        unit: String,
    ) -> Result<String, Error> {
        let data = self.words(&locale)?;
        Ok(relative_time(data, &locale, &options, &value, &unit)?.plain())
    }

    fn relative_time_parts(
        &mut self,
        locale: String,
        options: RelativeTimeOptions,
        value: String,
        unit: String,
    ) -> Result<Vec<Part>, Error> {
        let data = self.words(&locale)?;
        let text = relative_time(data, &locale, &options, &value, &unit)?;
        Ok(parts(text.parts()))
    }

    fn format_duration(
        &mut self,
        locale: String,
        options: DurationOptions,
        units: Vec<DurationUnit>,
    ) -> Result<String, Error> {
        let data = self.words(&locale)?;
        let parts = duration(data, &locale, &options, &units)?;
        Ok(parts.into_iter().map(|part| part.text).collect())
    }

    fn duration_parts(
        &mut self,
        locale: String,
        options: DurationOptions,
        units: Vec<DurationUnit>,
    ) -> Result<Vec<DurationPart>, Error> {
        let data = self.words(&locale)?;
        let parts = duration(data, &locale, &options, &units)?;
        let parts = parts.into_iter().map(|part| DurationPart {
            type_: part.field.name().to_owned(),
            value: part.text,
            unit: part.unit.map(str::to_owned),
        });
        Ok(parts.collect())
    }

    fn format_list(
        &mut self,
        locale: String,
        options: ListOptions,
        items: Vec<String>,
    ) -> Result<String, Error> {
        let pieces = list(self.words(&locale)?, &locale, &options, &items)?;
        Ok(pieces.into_iter().map(|piece| piece.text).collect())
    }

    fn list_parts(
        &mut self,
        locale: String,
        options: ListOptions,
        items: Vec<String>,
    ) -> Result<Vec<Part>, Error> {
        Ok(parts(list(
            self.words(&locale)?,
            &locale,
            &options,
            &items,
        )?))
    }

    fn display_name(
        &mut self,
        locale: String,
        options: DisplayNameOptions,
        code: String,
    ) -> Result<Option<String>, Error> {
        let data = self.words(&locale)?;
        let kind = Named::of(&options.type_, options.language_display.as_deref())?;
        let width = Width::named(&options.style, "style")?;
        Ok(names::name(data, &locale, kind, width, &code)?)
    }

    fn default_numbering_system(&mut self, locale: String) -> Result<String, Error> {
        let data = self.words(&locale)?;
        Ok(supported::default_numbering_system(data, &locale)?)
    }

    fn currency_digits(&mut self, currency: String) -> Result<u8, Error> {
        let code = currency_code(&currency)?;
        Ok(supported::currency_digits(self.words("")?, &code)?)
    }

    fn currencies(&mut self) -> Result<Vec<String>, Error> {
        Ok(supported::currencies(self.words("")?)?)
    }

    fn units(&mut self) -> Result<Vec<String>, Error> {
        Ok(supported::UNITS
            .iter()
            .map(|unit| (*unit).to_owned())
            .collect())
    }

    fn numbering_systems(&mut self) -> Result<Vec<String>, Error> {
        Ok(supported::numbering_systems(self.words("")?)?)
    }
}
