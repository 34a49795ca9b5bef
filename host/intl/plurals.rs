//! Plural categories, by the rules of CLDR (UTS #35, part 3).

use super::Value;
use super::numbers::decimal::{Decimal, Kind};

/// A number as the rules look at it: with the digits that are written of it.
pub struct Operands {
    /// None for what is no finite number.
    number: Option<Finite>,
}

struct Finite {
    /// Its value.
    n: f64,
    /// Its integer digits, the lowest eighteen.
    i: u64,
    /// Fraction digits that are written, and without zeros at the end.
    v: u64,
    w: u64,
    /// The fraction as an integer, and without zeros at the end.
    f: u64,
    t: u64,
    /// The power of ten that the written form leaves out.
    e: i32,
}

impl Operands {
    /// Of a number of which `least` fraction digits are written at least, and which stands for ten to
    /// the power of `exponent` as much.
    pub fn of(number: &Decimal, least: i32, exponent: i32) -> Self {
        if number.kind != Kind::Finite {
            return Self { number: None };
        }
        let lowest = number.lowest().min(-least);
        let mut whole = number.clone();
        whole.shift(exponent);
        let digits = |from: i32, to: i32| {
            let powers = (to..=from.min(to.saturating_add(17))).rev();
            powers.fold(0, |value: u64, power| {
                value * 10 + u64::from(whole.digit(power))
            })
        };
        let trailing = (-(lowest + exponent)).max(0);
        let own = match whole.is_zeroish() {
            true => 0,
            false => (-whole.lowest()).max(0),
        };
        let count = |digits: i32| u64::try_from(digits).unwrap_or(0);
        Self {
            number: Some(Finite {
                n: whole.to_f64().abs(),
                i: digits(whole.magnitude().max(0), 0),
                v: count(trailing),
                w: count(own),
                f: digits(-1, -trailing),
                t: digits(-1, -own),
                e: exponent,
            }),
        }
    }
}

/// Whether an amount meets a rule such as `v = 0 and i % 10 = 2..4 and i % 100 != 12..14`.
fn meets(rule: &str, number: &Finite) -> bool {
    rule.split(" or ")
        .any(|all| all.split(" and ").all(|one| relation(one, number)))
}

fn relation(text: &str, number: &Finite) -> bool {
    let (left, right, wanted) = match text.split_once("!=") {
        Some((left, right)) => (left, right, false),
        None => match text.split_once('=') {
            Some((left, right)) => (left, right, true),
            None => return false,
        },
    };
    let (name, modulus) = match left.split_once('%') {
        Some((name, modulus)) => (name.trim(), modulus.trim().parse::<u32>().ok()),
        None => (left.trim(), None),
    };
    let value = match name {
        "n" => number.n,
        "e" | "c" => f64::from(number.e),
        #[expect(clippy::cast_precision_loss, reason = "as ICU compares them")]
        other => {
            (match other {
                "i" => number.i,
                "v" => number.v,
                "w" => number.w,
                "f" => number.f,
                "t" => number.t,
                _ => return false,
            }) as f64
        }
    };
    let value = match modulus {
        Some(modulus) if modulus > 0 => value % f64::from(modulus),
        _ => value,
    };
    let within = right.split(',').any(|range| {
        let (low, high) = range.split_once("..").unwrap_or((range, range));
        match (low.trim().parse::<u32>(), high.trim().parse::<u32>()) {
            (Ok(low), Ok(high)) => {
                value.fract() == 0.0 && f64::from(low) <= value && value <= f64::from(high)
            }
            _ => false,
        }
    });
    within == wanted
}

/// Whether plurals count or order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PluralKind {
    /// One, two, three.
    Cardinal,
    /// First, second, third.
    Ordinal,
}

impl PluralKind {
    fn key(self) -> &'static str {
        match self {
            Self::Cardinal => "cardinal",
            Self::Ordinal => "ordinal",
        }
    }
}

/// The categories, in ICU's order: the first whose rule is met is a number's.
pub const CATEGORIES: [&str; 6] = ["few", "many", "one", "two", "zero", "other"];

/// A category by its name.
fn category(name: &str) -> &'static str {
    let found = CATEGORIES.iter().find(|category| **category == name);
    found.copied().unwrap_or("other")
}

/// What `plain` has for a locale, by ever fewer of its subtags.
fn of_locale<'a>(plain: &'a Value, kind: &str, locale: &str) -> Option<&'a Value> {
    let all = plain.get(kind)?;
    let mut name = locale;
    loop {
        if let Some(found) = all.get(name) {
            return Some(found);
        }
        name = &name[..name.rfind('-')?];
    }
}

/// The plural category of a number; `plain` is the section of that name.
pub fn category_of(
    plain: &Value,
    locale: &str,
    kind: PluralKind,
    operands: &Operands,
) -> &'static str {
    let rules = of_locale(plain, kind.key(), locale).and_then(Value::as_object);
    let (Some(rules), Some(number)) = (rules, &operands.number) else {
        return "other";
    };
    let met = |category: &&str| {
        let rule = rules.get(category).and_then(Value::as_str);
        rule.is_some_and(|rule| !rule.is_empty() && meets(rule, number))
    };
    CATEGORIES.into_iter().find(met).unwrap_or("other")
}

/// The plural category of a range from one category to another.
pub fn category_of_range(plain: &Value, locale: &str, start: &str, end: &str) -> &'static str {
    let ranges = of_locale(plain, "ranges", locale);
    let found = ranges.and_then(|all| all.get(format!("{start} {end}")));
    found.and_then(Value::as_str).map_or("other", category)
}

/// The categories that a locale has.
pub fn categories(plain: &Value, locale: &str, kind: PluralKind) -> Vec<&'static str> {
    let rules = of_locale(plain, kind.key(), locale).and_then(Value::as_object);
    match rules {
        Some(rules) => CATEGORIES
            .into_iter()
            .filter(|category| rules.contains_key(category))
            .collect(),
        None => vec!["other"],
    }
}
