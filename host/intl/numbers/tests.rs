//! Numbers over CLDR's data. What is expected is what Node 22 writes.

use super::options::{CurrencyDisplay, Grouping, Notation, SignDisplay, Style, Width};
use super::*;
use std::path::Path;

fn data() -> Data {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/.tools/sdk/locales.bin");
    Data::open(Path::new(file)).unwrap()
}

fn options(style: Style) -> Options {
    let digits = match &style {
        Style::Currency { .. } => Digits::fraction(2, 2),
        Style::Percent => Digits::fraction(0, 0),
        Style::Decimal | Style::Unit { .. } => Digits::fraction(0, 3),
    };
    Options {
        system: "latn".to_owned(),
        style,
        digits,
        notation: Notation::Standard,
        grouping: Grouping::Auto,
        sign: SignDisplay::Auto,
    }
}

fn currency(code: &str, display: CurrencyDisplay, accounting: bool) -> Options {
    options(Style::Currency {
        code: code.to_owned(),
        display,
        accounting,
    })
}

fn unit(unit: &str, width: Width) -> Options {
    options(Style::Unit {
        unit: unit.to_owned(),
        width,
    })
}

fn compact(notation: Notation) -> Options {
    Options {
        notation,
        digits: Digits {
            significant: Some((1, 2)),
            priority: rounding::Priority::More,
            ..Digits::fraction(0, 0)
        },
        ..options(Style::Decimal)
    }
}

#[track_caller]
fn writes(data: &Data, locale: &str, options: &Options, value: &str, expected: &str) {
    let number = Decimal::parse(value).unwrap();
    let text = format(data, locale, options, &number).unwrap().plain();
    assert_eq!(text, expected, "{locale} {options:?}");
}

#[test]
fn numbers_are_written_as_their_locale_has_them() {
    let data = data();
    let plain = options(Style::Decimal);
    writes(&data, "en-US", &plain, "1234567.891", "1,234,567.891");
    writes(&data, "de-DE", &plain, "-1234.5", "-1.234,5");
    writes(&data, "hi-IN", &plain, "12345678", "1,23,45,678");
    writes(&data, "es-ES", &plain, "1234", "1234");
    writes(&data, "fr-FR", &plain, "1234.5", "1\u{202f}234,5");
    writes(&data, "tlh", &plain, "1234.5", "1,234.5");
    writes(&data, "en", &plain, "-0", "-0");
    writes(&data, "en", &plain, "NaN", "NaN");
    let arabic = Options {
        system: "arab".to_owned(),
        ..plain
    };
    writes(&data, "ar-EG", &arabic, "1234.5", "١٬٢٣٤٫٥");
}

#[test]
fn currencies_are_written_with_their_space() {
    use CurrencyDisplay::{Code, Name, Narrow, Symbol};
    let data = data();
    writes(&data, "en", &currency("USD", Symbol, false), "-5", "-$5.00");
    writes(&data, "en", &currency("USD", Symbol, true), "-5", "($5.00)");
    writes(
        &data,
        "en",
        &currency("USD", Code, false),
        "5",
        "USD\u{a0}5.00",
    );
    writes(
        &data,
        "de",
        &currency("EUR", Symbol, false),
        "5",
        "5,00\u{a0}€",
    );
    writes(
        &data,
        "pt-BR",
        &currency("BRL", Symbol, false),
        "1234.5",
        "R$\u{a0}1.234,50",
    );
    writes(
        &data,
        "zh-TW",
        &currency("USD", Narrow, false),
        "5",
        "$5.00",
    );
    writes(
        &data,
        "ru",
        &currency("RUB", Name, false),
        "5",
        "5,00 российского рубля",
    );
}

#[test]
fn units_follow_the_plural() {
    let data = data();
    let hours = unit("hour", Width::Long);
    writes(&data, "en", &hours, "1", "1 hour");
    writes(&data, "ru", &hours, "3", "3 часа");
    writes(&data, "ru", &hours, "5", "5 часов");
    writes(&data, "ar", &unit("day", Width::Long), "2", "يومان");
    writes(
        &data,
        "de",
        &unit("kilometer-per-hour", Width::Short),
        "5",
        "5 km/h",
    );
    writes(
        &data,
        "en",
        &unit("liter-per-day", Width::Long),
        "2",
        "2 liters per day",
    );
    let number = Decimal::of(1);
    let unknown = format(&data, "en", &unit("furlong", Width::Long), &number);
    assert!(matches!(unknown, Err(IntlError::Argument(_))));
}

#[test]
fn large_numbers_have_short_forms() {
    let data = data();
    let (short, long) = (
        compact(Notation::CompactShort),
        compact(Notation::CompactLong),
    );
    writes(&data, "en", &short, "999950", "1M");
    writes(&data, "en", &short, "1234", "1.2K");
    writes(&data, "de", &short, "1234567", "1,2\u{a0}Mio.");
    writes(&data, "ja", &short, "12345", "1.2万");
    writes(&data, "es", &long, "1000000", "1 millón");
    writes(&data, "fr", &long, "1000", "mille");
    let scientific = Options {
        notation: Notation::Scientific,
        ..options(Style::Decimal)
    };
    writes(&data, "en", &scientific, "0.00012", "1.2E-4");
}

#[test]
fn parts_say_what_they_are() {
    let number = Decimal::parse("-1234.5").unwrap();
    let options = currency("EUR", CurrencyDisplay::Symbol, false);
    let text = format(&data(), "de", &options, &number).unwrap();
    let parts: Vec<(&str, String)> = text
        .parts()
        .into_iter()
        .map(|piece| (piece.field.name(), piece.text))
        .collect();
    let parts: Vec<(&str, &str)> = parts
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    assert_eq!(
        parts,
        [
            ("minusSign", "-"),
            ("integer", "1"),
            ("group", "."),
            ("integer", "234"),
            ("decimal", ","),
            ("fraction", "50"),
            ("literal", "\u{a0}"),
            ("currency", "€"),
        ]
    );
}

#[test]
fn ranges_share_what_is_long_enough() {
    let data = data();
    let written = |locale: &str, options: &Options, start: &str, end: &str| -> String {
        let (start, end) = (Decimal::parse(start).unwrap(), Decimal::parse(end).unwrap());
        let parts = format_range(&data, locale, options, &start, &end).unwrap();
        parts.into_iter().map(|part| part.text).collect()
    };
    let plain = options(Style::Decimal);
    assert_eq!(written("en", &plain, "3", "5"), "3–5");
    assert_eq!(written("en", &plain, "-3", "5"), "-3 – 5");
    assert_eq!(written("en", &plain, "3", "3.0001"), "~3");
    let euros = currency("EUR", CurrencyDisplay::Symbol, false);
    assert_eq!(written("de", &euros, "3", "5"), "3,00–5,00\u{a0}€");
    assert_eq!(written("en", &euros, "3", "5"), "€3.00 – €5.00");
    let days = unit("day", Width::Long);
    assert_eq!(written("ru", &days, "1", "3"), "1–3 дня");
}

#[test]
fn digits_that_there_are_not_are_refused() {
    let wrong = [
        Digits::fraction(3, 2),
        Digits::fraction(0, 101),
        Digits {
            increment: 3,
            ..Digits::fraction(0, 0)
        },
        Digits {
            minimum_integer: 0,
            ..Digits::fraction(0, 0)
        },
        Digits {
            significant: Some((0, 3)),
            ..Digits::fraction(0, 0)
        },
    ];
    for digits in wrong {
        assert!(matches!(digits.checked(), Err(IntlError::Argument(_))));
    }
}

#[test]
fn who_wants_no_sign_gets_no_accountants_pattern() {
    let data = data();
    let options = Options {
        sign: SignDisplay::Never,
        ..currency("XDR", CurrencyDisplay::Symbol, true)
    };
    let number = Decimal::parse("-2").unwrap();
    let text = format(&data, "ar-AE", &options, &number).unwrap().plain();
    assert_eq!(text, "\u{200f}2.00\u{a0}XDR");
}
