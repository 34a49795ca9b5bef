//! One spelling, wherever a word goes; and what the migrations let into the database.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{LogLevel, Told, Vocabulary, typed, words};

words! {
    /// A state that nothing else has.
    pub enum Lamp: "state of a lamp" {
        On = "on",
        /// The fuse did.
        BlownOut = "blown-out",
        Off = "off",
    }
}

/// Asserts that a constraint of the database lets in the words of a set, and no others but `former` ones.
#[track_caller]
pub(crate) fn assert_allowed<T: Vocabulary>(constraint: &str, former: &[&str]) {
    let known = T::WORDS.iter().map(|word| word.spelled());
    let known: BTreeSet<String> = known
        .chain(former.iter().copied())
        .map(str::to_owned)
        .collect();
    assert_eq!(allowed(constraint), known, "`{constraint}`");
}

/// The words that a constraint names, as the last migration has it that says what it is.
#[track_caller]
fn allowed(constraint: &str) -> BTreeSet<String> {
    let named = format!("constraint {constraint}");
    let checks = migrations();
    let check = checks.iter().rev().find_map(|text| {
        let (_, after) = text.rsplit_once(&named)?;
        after.trim_start().strip_prefix("check")
    });
    quoted(enclosed(check.unwrap_or_else(|| {
        panic!("no migration has the constraint `{constraint}`")
    })))
}

/// The texts of all migrations of the control database, in order.
pub(crate) fn migrations() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|end| end == "sql"));
    files.sort();
    let texts = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap());
    texts.collect()
}

/// What is in the first parentheses.
fn enclosed(text: &str) -> &str {
    let start = text.find('(').unwrap();
    let mut depth = 0;
    for (at, c) in text[start..].char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[start..start + at];
        }
    }
    panic!("it does not end: {text}");
}

/// The words in single quotes.
pub(crate) fn quoted(text: &str) -> BTreeSet<String> {
    text.split('\'')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_word_is_spelled_the_same_everywhere() {
    assert_eq!(Lamp::ALL.map(Lamp::word), ["on", "blown-out", "off"]);
    for lamp in Lamp::ALL {
        assert_eq!(lamp.to_string(), lamp.word());
        assert_eq!(lamp.word().parse(), Ok(lamp));
        assert_eq!(serde_json::to_value(lamp).unwrap(), lamp.word());
        assert_eq!(
            serde_json::from_value::<Lamp>(json!(lamp.word())).unwrap(),
            lamp
        );
    }
    let schema = serde_json::to_value(<Lamp as utoipa::PartialSchema>::schema()).unwrap();
    assert_eq!(schema["enum"], json!(["on", "blown-out", "off"]));
    assert_eq!(format!("{:>4}|", Lamp::On), "  on|");
}

#[test]
fn an_unknown_word_is_refused_with_those_that_there_are() {
    for wrong in ["ON", "", "blown_out"] {
        assert!(serde_json::from_value::<Lamp>(json!(wrong)).is_err());
    }
    let error = "loud".parse::<LogLevel>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`loud` is no level; use trace, debug, info, warn or error"
    );
}

#[test]
fn what_somebody_types_may_have_any_case() {
    for text in ["warn", "WARN", "Warn"] {
        assert_eq!(typed(text), Ok(LogLevel::Warn), "{text}");
    }
    assert_eq!(typed("Blown-Out"), Ok(Lamp::BlownOut));
    let error = typed::<LogLevel>("LOUD").unwrap_err().to_string();
    assert!(
        error.starts_with("`LOUD` is no level; use trace"),
        "{error}"
    );
    // Programs write the one spelling.
    assert!("WARN".parse::<LogLevel>().is_err());
}

#[test]
fn a_word_of_a_newer_host_is_kept_as_it_came() {
    let told: Vec<Told<Lamp>> = serde_json::from_value(json!(["off", "dimmed"])).unwrap();
    assert_eq!(
        told,
        [Told::Known(Lamp::Off), Told::New("dimmed".to_owned())]
    );
    assert_eq!(
        serde_json::to_value(&told).unwrap(),
        json!(["off", "dimmed"])
    );
    assert_eq!(told[1].to_string(), "dimmed");
    assert!(told[0].is(Lamp::Off) && told[1].known().is_none());
    assert!(serde_json::from_value::<Told<Lamp>>(json!(7)).is_err());
}

#[test]
fn levels_compare_and_are_stored_as_numbers() {
    assert!(LogLevel::Error > LogLevel::Info);
    for level in LogLevel::ALL {
        assert_eq!(LogLevel::of_number(level.number()), level);
        // `bot_log_level_known` lets in 0 to 4.
        assert!((0..=4).contains(&level.number()));
    }
}

#[test]
fn the_database_takes_the_levels_of_builds() {
    assert_allowed::<LogLevel>("version_log_level_known", &[]);
}
