//! What there is: currencies, units, numbering systems.

use super::plurals::{self, PluralKind};
use super::{Data, IntlError, Value};

/// The simple units of ECMA-402.
pub const UNITS: [&str; 45] = [
    "acre",
    "bit",
    "byte",
    "celsius",
    "centimeter",
    "day",
    "degree",
    "fahrenheit",
    "fluid-ounce",
    "foot",
    "gallon",
    "gigabit",
    "gigabyte",
    "gram",
    "hectare",
    "hour",
    "inch",
    "kilobit",
    "kilobyte",
    "kilogram",
    "kilometer",
    "liter",
    "megabit",
    "megabyte",
    "meter",
    "microsecond",
    "mile",
    "mile-scandinavian",
    "milliliter",
    "millimeter",
    "millisecond",
    "minute",
    "month",
    "nanosecond",
    "ounce",
    "percent",
    "petabyte",
    "pound",
    "second",
    "stone",
    "terabit",
    "terabyte",
    "week",
    "yard",
    "year",
];

/// The currencies.
pub fn currencies(data: &Data) -> Result<Vec<String>, IntlError> {
    let plain = data.section("und", "plain")?;
    let all = plain.get("currencies").and_then(Value::as_array);
    let names = all.into_iter().flatten().filter_map(Value::as_str);
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    Ok(names)
}

/// The numbering systems that have ten digits.
pub fn numbering_systems(data: &Data) -> Result<Vec<String>, IntlError> {
    let plain = data.section("und", "plain")?;
    let all = plain.get("digits").and_then(Value::as_object);
    let names = all.into_iter().flat_map(|all| all.keys());
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    Ok(names)
}

/// The numbering system of a locale where nobody asks for another.
pub fn default_numbering_system(data: &Data, locale: &str) -> Result<String, IntlError> {
    let numbers = data.section(locale, "numbers")?;
    let system = numbers.get("system").and_then(Value::as_str);
    Ok(system.unwrap_or("latn").to_owned())
}

/// How many digits amounts of a currency have behind the point.
pub fn currency_digits(data: &Data, code: &str) -> Result<u8, IntlError> {
    let plain = data.section("und", "plain")?;
    let all = plain.get("fractions");
    let of = |code: &str| all.and_then(|all| all.get(code)).and_then(Value::as_u64);
    let digits = of(code).or_else(|| of("DEFAULT")).unwrap_or(2);
    Ok(u8::try_from(digits).unwrap_or(2))
}

/// The plural categories of a locale.
pub fn plural_categories(
    data: &Data,
    locale: &str,
    kind: PluralKind,
) -> Result<Vec<&'static str>, IntlError> {
    let plain = data.section("und", "plain")?;
    Ok(plurals::categories(&plain, locale, kind))
}
