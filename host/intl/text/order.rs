//! The order of texts (UTS #10), as CLDR's locales have it.
//!
//! Nothing is kept but the order of the last call: its data is in the program, and what is left to do is to find it.

use super::{MOST_LOOKED_UP, Refusal, bounded_by, tags};
use icu_collator::options::{AlternateHandling, CaseLevel, CollatorOptions, Strength};
use icu_collator::preferences::{CollationCaseFirst, CollationNumericOrdering, CollationType};
use icu_collator::{CollatorBorrowed, CollatorPreferences};
use icu_locale::extensions::unicode::{Value, key};
use icu_locale::{Locale, LocaleExpander};
use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};
use std::borrow::Cow;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::rc::Rc;

/// What makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensitivity {
    Base,
    Accent,
    Case,
    Variant,
}

/// What comes first of words that differ in case only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseFirst {
    Upper,
    Lower,
    Off,
}

/// What texts are compared letter by letter, in bytes.
const SHORT: usize = 1 << 10;

/// How many marks in a row are looked at together: of more no language makes a letter, and what they take of time
/// grows with the square of their number.
const MARKS: usize = 64;

/// What parts them: U+034F COMBINING GRAPHEME JOINER, which counts for nothing in any order.
const JOINER: char = '\u{34f}';

/// An order; what is none is as in the locale.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    pub locale: String,
    pub search: bool,
    pub kind: Option<String>,
    pub sensitivity: Option<Sensitivity>,
    pub numeric: Option<bool>,
    pub case_first: Option<CaseFirst>,
    pub ignore_punctuation: Option<bool>,
}

/// All types of collation but `standard` and `search`.
pub const KINDS: [&str; 12] = [
    "compat", "dict", "emoji", "eor", "phonebk", "phonetic", "pinyin", "searchjl", "stroke",
    "trad", "unihan", "zhuyin",
];

/// The types that a locale has, in alphabetical order.
pub fn kinds(tag: &str) -> Result<Vec<String>, Refusal> {
    let locale = tags::read(tag)?;
    Ok(match locale.extensions.unicode.keywords.get(&key!("co")) {
        Some(asked) => vec![asked.to_string()],
        None => kinds_of(&locale).into_iter().map(str::to_owned).collect(),
    })
}

fn kinds_of(locale: &Locale) -> Vec<&'static str> {
    let (own, scripts): (&[&str], &[&str]) = match locale.id.language.as_str() {
        "ar" | "ars" => (&["compat"], &["Arab"]),
        "bn" => (&["trad"], &["Beng"]),
        "de" => (&["phonebk"], &["Latn"]),
        "es" | "fi" | "sv" | "vi" => (&["trad"], &["Latn"]),
        "ja" => (&["unihan"], &["Jpan"]),
        "kn" => (&["trad"], &["Knda"]),
        "ko" => (&["searchjl", "unihan"], &["Kore"]),
        "ln" => (&["phonetic"], &["Latn"]),
        "si" => (&["dict"], &["Sinh"]),
        "yue" | "zh" => (&["pinyin", "stroke", "unihan", "zhuyin"], &["Hans", "Hant"]),
        _ => (&[], &[]),
    };
    let mut kinds = ["emoji", "eor"].to_vec();
    if locale
        .id
        .script
        .is_none_or(|script| scripts.contains(&script.as_str()))
    {
        kinds.extend(own);
    }
    kinds.sort_unstable();
    kinds
}

/// Languages that search by letters of their own. ICU4X has no orders for search: others get the root's, in which
/// no script goes before others.
const OWN_SEARCH: [&str; 14] = [
    "az", "bs", "da", "fi", "fo", "hr", "is", "kl", "nb", "nn", "no", "se", "sv", "tr",
];

/// Whether a type is what the locale has anyway.
fn is_usual(locale: &Locale, kind: &str) -> bool {
    if locale.id.language.as_str() != "zh" {
        return false;
    }
    let mut id = locale.id.clone();
    LocaleExpander::new_extended().maximize(&mut id);
    kind == match id.script {
        Some(script) if script.as_str() == "Hant" => "stroke",
        _ => "pinyin",
    }
}

/// An order that is ready, and how it is described with all that its locale says.
struct Made {
    collator: CollatorBorrowed<'static>,
    described: Order,
}

thread_local! {
    /// The order of the call before, which mostly is that of the next.
    static LAST: RefCell<Option<(Order, Rc<Made>)>> = const { RefCell::new(None) };
}

fn made(order: &Order) -> Result<Rc<Made>, Refusal> {
    LAST.with_borrow_mut(|last| {
        if let Some((_, made)) = last.as_ref().filter(|(of, _)| of == order) {
            return Ok(made.clone());
        }
        let made = Rc::new(make(order)?);
        *last = Some((order.clone(), made.clone()));
        Ok(made)
    })
}

fn make(order: &Order) -> Result<Made, Refusal> {
    let locale = tags::read(&order.locale)?;
    let kind = order
        .kind
        .as_deref()
        .and_then(|kind| kinds_of(&locale).into_iter().find(|known| *known == kind));
    let is_root = order.search && !OWN_SEARCH.contains(&locale.id.language.as_str());
    let mut preferences = match is_root {
        true => CollatorPreferences::default(),
        false => CollatorPreferences::from(&locale),
    };
    preferences.collation_type = match kind {
        Some(kind) if !order.search => Value::try_from_str(kind)
            .ok()
            .and_then(|value| CollationType::try_from(&value).ok()),
        _ => None,
    };
    preferences.numeric_ordering = order.numeric.map(|numeric| match numeric {
        true => CollationNumericOrdering::True,
        false => CollationNumericOrdering::False,
    });
    preferences.case_first = order.case_first.map(|first| match first {
        CaseFirst::Upper => CollationCaseFirst::Upper,
        CaseFirst::Lower => CollationCaseFirst::Lower,
        CaseFirst::Off => CollationCaseFirst::False,
    });
    if order.search {
        preferences
            .case_first
            .get_or_insert(CollationCaseFirst::False);
    }
    let sensitivity = order.sensitivity.unwrap_or(Sensitivity::Variant);
    let mut options = CollatorOptions::default();
    options.strength = Some(match sensitivity {
        Sensitivity::Base | Sensitivity::Case => Strength::Primary,
        Sensitivity::Accent => Strength::Secondary,
        Sensitivity::Variant => Strength::Tertiary,
    });
    options.case_level = Some(match sensitivity {
        Sensitivity::Case => CaseLevel::On,
        _ => CaseLevel::Off,
    });
    options.alternate_handling = order.ignore_punctuation.map(|ignore| match ignore {
        true => AlternateHandling::Shifted,
        false => AlternateHandling::NonIgnorable,
    });
    let collator = CollatorBorrowed::try_new(preferences, options)
        .map_err(|error| Refusal::Argument(format!("there is no such order: {error}")))?;
    let found = collator.resolved_options();
    let described = Order {
        locale: order.locale.clone(),
        search: order.search,
        kind: kind
            .filter(|kind| !order.search && !is_usual(&locale, kind))
            .map(str::to_owned),
        sensitivity: Some(sensitivity),
        numeric: Some(found.numeric == CollationNumericOrdering::True),
        case_first: Some(match found.case_first {
            CollationCaseFirst::Upper => CaseFirst::Upper,
            CollationCaseFirst::Lower => CaseFirst::Lower,
            _ => CaseFirst::Off,
        }),
        ignore_punctuation: Some(found.alternate_handling == AlternateHandling::Shifted),
    };
    Ok(Made {
        collator,
        described,
    })
}

/// The order with all that the locale says.
pub fn resolve(order: &Order) -> Result<Order, Refusal> {
    Ok(made(order)?.described.clone())
}

/// Which of two texts comes first.
pub fn compare(order: &Order, a: &str, b: &str) -> Result<Ordering, Refusal> {
    bounded_by(MOST_LOOKED_UP, [a, b])?;
    let made = made(order)?;
    let (a, b) = (&*with_few_marks(a), &*with_few_marks(b));
    if a.len() + b.len() <= SHORT {
        return Ok(made.collator.compare(a, b));
    }
    // In a long row of marks, comparing would go back over and over.
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let Ok(()) = made.collator.write_sort_key_to(a, &mut first);
    let Ok(()) = made.collator.write_sort_key_to(b, &mut second);
    Ok(first.cmp(&second))
}

/// Keys that are in the order of the texts: a character from U+0000 to U+00FF for each byte.
pub fn sort_keys(order: &Order, texts: &[String]) -> Result<Vec<String>, Refusal> {
    bounded_by(MOST_LOOKED_UP, texts.iter().map(String::as_str))?;
    let made = made(order)?;
    let mut key = Vec::new();
    Ok(texts
        .iter()
        .map(|text| {
            key.clear();
            let text = with_few_marks(text);
            let Ok(()) = made.collator.write_sort_key_to(&text, &mut key);
            key.iter().map(|byte| char::from(*byte)).collect()
        })
        .collect())
}

/// A text in which long rows of marks are parted.
fn with_few_marks(text: &str) -> Cow<'_, str> {
    if text.len() <= MARKS {
        return Cow::Borrowed(text);
    }
    let categories = CodePointMapData::<GeneralCategory>::new();
    let mut parted = String::new();
    let (mut from, mut marks) = (0, 0);
    for (at, c) in text.char_indices() {
        marks = match GeneralCategoryGroup::Mark.contains(categories.get(c)) {
            true => marks + 1,
            false => 0,
        };
        if marks > MARKS {
            parted.push_str(&text[from..at]);
            parted.push(JOINER);
            (from, marks) = (at, 1);
        }
    }
    match from {
        0 => Cow::Borrowed(text),
        _ => Cow::Owned(parted + &text[from..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(locale: &str) -> Order {
        Order {
            locale: locale.into(),
            ..Order::default()
        }
    }

    fn sorted(order: &Order, text: &str) -> String {
        let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        let keys = sort_keys(order, &words).unwrap();
        let mut keyed: Vec<_> = keys.into_iter().zip(words.clone()).collect();
        keyed.sort();
        words.sort_by(|a, b| compare(order, a, b).unwrap());
        assert_eq!(
            keyed
                .iter()
                .map(|(_, word)| word.clone())
                .collect::<Vec<_>>(),
            words
        );
        words.join(" ")
    }

    #[test]
    fn texts_are_in_the_order_of_their_language() {
        assert_eq!(sorted(&of("de"), "zoo äpfel apfel"), "apfel äpfel zoo");
        assert_eq!(sorted(&of("sv"), "zoo äpfel apfel"), "apfel zoo äpfel");
        let phonebook = Order {
            kind: Some("phonebk".into()),
            ..of("de")
        };
        assert_eq!(sorted(&phonebook, "ad ä af"), "ad ä af");
        let numeric = Order {
            numeric: Some(true),
            ..of("en")
        };
        assert_eq!(sorted(&numeric, "a10 a9 a1"), "a1 a9 a10");
        let upper = Order {
            case_first: Some(CaseFirst::Upper),
            ..of("en")
        };
        assert_eq!(sorted(&upper, "a A b"), "A a b");
    }

    #[test]
    fn long_rows_of_marks_are_parted_and_ordered_all_the_same() {
        let marks = "\u{f71}\u{f72}".repeat(2000);
        let texts = [marks.clone(), format!("{marks}a"), format!("{marks}b")];
        let started = std::time::Instant::now();
        let keys = sort_keys(&of("en"), &texts[..1]).unwrap();
        assert_eq!(keys.len(), 1);
        // In one row it is a hundred times as much.
        assert!(started.elapsed().as_millis() < 1000);
        assert_eq!(compare(&of("en"), &texts[1], &texts[2]), Ok(Ordering::Less));
        let few = format!("a{}", "\u{301}".repeat(MARKS));
        assert!(matches!(with_few_marks(&few), Cow::Borrowed(_)));
        assert_eq!(
            with_few_marks(&format!("{few}\u{301}")),
            format!("{few}{JOINER}\u{301}")
        );
    }

    #[test]
    fn an_order_says_what_its_locale_has() {
        let found = resolve(&of("th")).unwrap();
        assert_eq!(found.ignore_punctuation, Some(true));
        assert_eq!(
            resolve(&of("da")).unwrap().case_first,
            Some(CaseFirst::Upper)
        );
        let none = Order {
            kind: Some("phonebk".into()),
            ..of("en")
        };
        assert_eq!(resolve(&none).unwrap().kind, None);
        assert_eq!(
            kinds("zh").unwrap(),
            ["emoji", "eor", "pinyin", "stroke", "unihan", "zhuyin"]
        );
    }

    #[test]
    fn differences_count_as_asked() {
        let base = Order {
            sensitivity: Some(Sensitivity::Base),
            ..of("en")
        };
        assert_eq!(compare(&base, "Résumé", "resume"), Ok(Ordering::Equal));
        let case = Order {
            sensitivity: Some(Sensitivity::Case),
            ..of("en")
        };
        assert_eq!(compare(&case, "é", "e"), Ok(Ordering::Equal));
        assert_eq!(compare(&case, "e", "E"), Ok(Ordering::Less));
        let loose = Order {
            ignore_punctuation: Some(true),
            ..of("en")
        };
        assert_eq!(compare(&loose, "a-b", "ab"), Ok(Ordering::Equal));
    }
}
