//! The words of units.

use super::locale::by_plural;
use super::text::{Around, Field, Text};
use crate::intl::{IntlError, Value};

/// What stands around a number by a pattern such as `{0} km`.
pub(super) fn words(pattern: &str, field: Field) -> Around {
    let (before, after) = pattern.split_once("{0}").unwrap_or((pattern, ""));
    let text = |words: &str| {
        let mut text = Text::default();
        text.push(field, &unquoted(words));
        text
    };
    Around {
        prefix: text(before),
        suffix: text(after),
        instead: !pattern.contains("{0}"),
        ..Around::default()
    }
}

/// Patterns write an apostrophe twice where it is one.
fn unquoted(words: &str) -> String {
    words.replace("''", "'")
}

/// The pattern of a unit, for a plural category.
pub(super) fn pattern(
    all: &Value,
    unit: &str,
    width: &str,
    plural: &str,
) -> Result<String, IntlError> {
    let unknown = || IntlError::option("unit", unit);
    let all = all.get(width).ok_or_else(unknown)?;
    let of = |unit: &str| all.get("units").and_then(|units| units.get(unit));
    if let Some(found) = of(unit) {
        let pattern = by_plural(found, plural).ok_or_else(unknown)?;
        return Ok(pattern.to_owned());
    }
    let (numerator, denominator) = unit.split_once("-per-").ok_or_else(unknown)?;
    let (numerator, denominator) = (
        of(numerator).ok_or_else(unknown)?,
        of(denominator).ok_or_else(unknown)?,
    );
    let amount = by_plural(numerator, plural).ok_or_else(unknown)?;
    if let Some(per) = denominator.get("per").and_then(Value::as_str) {
        return Ok(per.replacen("{0}", amount, 1));
    }
    let per = all.get("per").and_then(Value::as_str).ok_or_else(unknown)?;
    let one = by_plural(denominator, "one").ok_or_else(unknown)?;
    let one = one.replace("{0}", "");
    Ok(per
        .replacen("{1}", one.trim(), 1)
        .replacen("{0}", amount, 1))
}
