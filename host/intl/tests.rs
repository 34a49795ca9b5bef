//! Plurals, relative times, durations, lists and names. What is expected is what Node writes.

use super::durations::{DurationOptions, Unit};
use super::names::Named;
use super::numbers::options::Width;
use super::numbers::{Decimal, Piece};
use super::relative::RelativeOptions;
use super::*;
use std::path::Path;

fn data() -> Data {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/.tools/sdk/locales.bin");
    Data::open(Path::new(file)).unwrap()
}

#[test]
fn near_times_have_words_where_they_are_wanted() {
    let data = data();
    let written = |locale: &str, words: bool, value: &str, unit: &str| {
        let options = RelativeOptions {
            system: "latn".to_owned(),
            width: Width::Long,
            words,
        };
        let value = Decimal::parse(value).unwrap();
        relative::format(&data, locale, &options, &value, unit).map(|text| text.plain())
    };
    assert_eq!(written("en", true, "-1", "day").unwrap(), "yesterday");
    assert_eq!(written("en", false, "-1", "day").unwrap(), "1 day ago");
    assert_eq!(written("de", true, "2", "day").unwrap(), "übermorgen");
    assert_eq!(written("ru", false, "5", "hour").unwrap(), "через 5 часов");
    assert_eq!(written("en", false, "-0", "day").unwrap(), "0 days ago");
    assert!(written("en", false, "1", "fortnight").is_err());
    assert!(written("en", false, "Infinity", "day").is_err());
}

#[test]
fn lists_mind_what_follows() {
    let data = data();
    let written = |locale: &str, kind: &str, items: &[&str]| -> String {
        let pieces = lists::format(&data, locale, kind, Width::Long, items).unwrap();
        pieces.into_iter().map(|piece: Piece| piece.text).collect()
    };
    assert_eq!(
        written("en", "conjunction", &["a", "b", "c"]),
        "a, b, and c"
    );
    assert_eq!(written("en", "disjunction", &["a", "b"]), "a or b");
    assert_eq!(
        written("es", "conjunction", &["padre", "hijo"]),
        "padre e hijo"
    );
    assert_eq!(
        written("es", "disjunction", &["siete", "ocho"]),
        "siete u ocho"
    );
    assert_eq!(
        written("es", "conjunction", &["agua", "hielo"]),
        "agua y hielo"
    );
    assert_eq!(written("en", "conjunction", &["{0}", "{1}"]), "{0} and {1}");
    assert_eq!(written("en", "conjunction", &[]), "");
    let many = vec!["x"; 10_001];
    let refused = lists::format(&data, "en", "unit", Width::Long, &many);
    assert!(matches!(refused, Err(IntlError::TooMuch(_))));
}

#[test]
fn durations_have_one_sign() {
    let data = data();
    let written = |locale: &str, style: &str, values: [i64; 10]| -> String {
        let units = values.iter().enumerate().map(|(place, value)| {
            let (style, display) = match (style, place) {
                ("digital", 4) => ("numeric", "always"),
                ("digital", 5 | 6) => ("2-digit", "always"),
                ("digital", 7..) => ("fractional", "auto"),
                ("digital", _) => ("short", "auto"),
                (other, _) => (other, "auto"),
            };
            Unit::named(style, display, &value.to_string()).unwrap()
        });
        let units: Vec<Unit> = units.collect();
        let options = DurationOptions {
            system: "latn".to_owned(),
            width: match style {
                "digital" => Width::Short,
                other => Width::named(other, "style").unwrap(),
            },
            fractional_digits: None,
        };
        let parts = durations::format(&data, locale, &options, &units.try_into().unwrap());
        parts.unwrap().into_iter().map(|part| part.text).collect()
    };
    let some = [0, 0, 0, 1, 2, 3, 4, 56, 0, 0];
    assert_eq!(
        written("en", "long", some),
        "1 day, 2 hours, 3 minutes, 4 seconds, 56 milliseconds"
    );
    assert_eq!(written("en", "digital", some), "1 day, 2:03:04.056");
    assert_eq!(
        written("en", "short", [-1, 0, 0, -2, 0, 0, 0, 0, 0, 0]),
        "-1 yr, 2 days"
    );
    assert!(Unit::named("long", "auto", "1.5").is_err());
}

#[test]
fn names_are_those_of_the_locale() {
    let data = data();
    let name = |locale: &str, kind: Named, code: &str| {
        names::name(&data, locale, kind, Width::Long, code).unwrap()
    };
    let dialect = Named::Language { dialect: true };
    let standard = Named::Language { dialect: false };
    let is = |found: Option<String>, expected: &str| assert_eq!(found.as_deref(), Some(expected));
    is(name("en", dialect, "pt-BR"), "Brazilian Portuguese");
    is(name("en", standard, "pt-BR"), "Portuguese (Brazil)");
    is(name("de", Named::Region, "US"), "Vereinigte Staaten");
    is(name("es", Named::Currency, "USD"), "dólar estadounidense");
    is(name("fr", Named::Script, "Arab"), "arabe");
    is(name("en", Named::Calendar, "gregory"), "Gregorian Calendar");
    is(name("it", Named::DateTimeField, "weekOfYear"), "settimana");
    is(name("en", Named::Region, "SU"), "Russia");
    is(name("en", dialect, "und-US"), "root (United States)");
    assert_eq!(name("en", dialect, "und"), None);
    assert_eq!(name("en", Named::Region, "us"), None);
    assert_eq!(name("en", Named::Region, "QQ"), None);
    assert!(names::name(&data, "en", dialect, Width::Long, &"x".repeat(1000)).is_err());
}

#[test]
fn what_there_is_is_listed() {
    let data = data();
    assert!(
        supported::currencies(&data)
            .unwrap()
            .contains(&"BRL".to_owned())
    );
    assert!(
        supported::numbering_systems(&data)
            .unwrap()
            .contains(&"arab".to_owned())
    );
    assert_eq!(
        supported::default_numbering_system(&data, "ar-EG").unwrap(),
        "arab"
    );
    assert_eq!(
        supported::default_numbering_system(&data, "ar-AE").unwrap(),
        "latn"
    );
    assert_eq!(supported::currency_digits(&data, "JPY").unwrap(), 0);
    assert_eq!(supported::currency_digits(&data, "KWD").unwrap(), 3);
    assert_eq!(supported::currency_digits(&data, "XYZ").unwrap(), 2);
    let categories = supported::plural_categories(&data, "ar", plurals::PluralKind::Cardinal);
    assert_eq!(categories.unwrap().len(), 6);
}
