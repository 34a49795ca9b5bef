//! Tags of locales: Unicode BCP 47 locale identifiers (UTS #35), and their canonical form.

use super::{Refusal, bounded};
use icu_locale::extensions::unicode::{Value, key};
use icu_locale::extensions::{transform, unicode};
use icu_locale::subtags::{Language, Variants, language, region, script, variant};
use icu_locale::{
    LanguageIdentifier, Locale, LocaleCanonicalizer, LocaleDirectionality, LocaleExpander,
};

/// Types that have a newer name, by their key: CLDR's aliases (`common/bcp47`), which ICU4X has no data for.
const UNICODE_TYPES: &[(&str, &str, &str)] = &[
    ("ca", "ethiopic-amete-alem", "ethioaa"),
    ("ca", "islamicc", "islamic-civil"),
    ("kb", "yes", "true"),
    ("kc", "yes", "true"),
    ("kh", "yes", "true"),
    ("kk", "yes", "true"),
    ("kn", "yes", "true"),
    ("ks", "primary", "level1"),
    ("ks", "tertiary", "level3"),
    ("ms", "imperial", "uksystem"),
    ("tz", "aqams", "aqmcm"),
    ("tz", "aukns", "auhba"),
    ("tz", "caffs", "cawnp"),
    ("tz", "camtr", "cator"),
    ("tz", "canpg", "cator"),
    ("tz", "capnt", "caiql"),
    ("tz", "cathu", "cator"),
    ("tz", "cayzf", "caedm"),
    ("tz", "cet", "bebru"),
    ("tz", "cnckg", "cnsha"),
    ("tz", "cnhrb", "cnsha"),
    ("tz", "cnkhg", "cnurc"),
    ("tz", "cuba", "cuhav"),
    ("tz", "eet", "grath"),
    ("tz", "egypt", "egcai"),
    ("tz", "eire", "iedub"),
    ("tz", "est", "papty"),
    ("tz", "factory", "unk"),
    ("tz", "gaza", "gazastrp"),
    ("tz", "gmt0", "gmt"),
    ("tz", "hongkong", "hkhkg"),
    ("tz", "hst", "ushnl"),
    ("tz", "iceland", "isrey"),
    ("tz", "iran", "irthr"),
    ("tz", "israel", "jeruslm"),
    ("tz", "jamaica", "jmkin"),
    ("tz", "japan", "jptyo"),
    ("tz", "libya", "lytip"),
    ("tz", "met", "bebru"),
    ("tz", "mncoq", "mnuln"),
    ("tz", "mst", "usphx"),
    ("tz", "mxstis", "mxtij"),
    ("tz", "navajo", "usden"),
    ("tz", "poland", "plwaw"),
    ("tz", "portugal", "ptlis"),
    ("tz", "prc", "cnsha"),
    ("tz", "roc", "twtpe"),
    ("tz", "rok", "krsel"),
    ("tz", "turkey", "trist"),
    ("tz", "uaozh", "uaiev"),
    ("tz", "uauzh", "uaiev"),
    ("tz", "uct", "utc"),
    ("tz", "umjon", "ushnl"),
    ("tz", "usnavajo", "usden"),
    ("tz", "wet", "ptlis"),
    ("tz", "zulu", "utc"),
];

/// Likewise of transformed content.
const TRANSFORM_TYPES: &[(&str, &str, &str)] = &[
    ("d0", "name", "charname"),
    ("m0", "beta-metsehaf", "betamets"),
    ("m0", "ies-jes", "iesjes"),
    ("m0", "names", "prprname"),
    ("m0", "tekie-alibekit", "tekieali"),
];

/// A tag as it is, in canonical form.
pub fn read(tag: &str) -> Result<Locale, Refusal> {
    bounded([tag])?;
    let mut locale = Locale::try_from_str(tag)
        .map_err(|_| Refusal::Argument(format!("Invalid language tag: {tag}")))?;
    LocaleCanonicalizer::new_extended().canonicalize(&mut locale);
    posix_by_keyword(&mut locale);
    rename_types(&mut locale);
    Ok(locale)
}

/// The variant of ICU's locale `en_US_POSIX` is a keyword in BCP 47.
fn posix_by_keyword(locale: &mut Locale) {
    let posix = variant!("posix");
    if !locale.id.variants.contains(&posix) {
        return;
    }
    let rest = locale.id.variants.iter().filter(|one| **one != posix);
    locale.id.variants = Variants::from_vec_unchecked(rest.copied().collect());
    let keywords = &mut locale.extensions.unicode.keywords;
    if let (false, Ok(value)) = (
        keywords.contains_key(&key!("va")),
        Value::try_from_str("posix"),
    ) {
        keywords.set(key!("va"), value);
    }
}

fn rename_types(locale: &mut Locale) {
    let keywords = &mut locale.extensions.unicode.keywords;
    let renamed: Vec<(unicode::Key, Value)> = keywords
        .iter()
        .filter_map(|(key, value)| {
            let value = value.to_string();
            let (_, _, name) = UNICODE_TYPES
                .iter()
                .find(|(of, old, _)| *of == key.as_str() && *old == value)?;
            Some((*key, Value::try_from_str(name).ok()?))
        })
        .collect();
    for (key, value) in renamed {
        keywords.set(key, value);
    }
    let fields = &mut locale.extensions.transform.fields;
    for (key, old, name) in TRANSFORM_TYPES {
        let (Ok(key), Ok(name)) = (key.parse::<transform::Key>(), name.parse()) else {
            continue;
        };
        if fields
            .get(&key)
            .is_some_and(|value| value.to_string() == *old)
        {
            fields.set(key, name);
        }
    }
}

/// The canonical form of a tag.
pub fn canonicalize(tag: &str) -> Result<String, Refusal> {
    Ok(read(tag)?.to_string())
}

/// The canonical forms of many, each once.
pub fn canonicalize_all(tags: &[String]) -> Result<Vec<String>, Refusal> {
    bounded(tags.iter().map(String::as_str))?;
    let mut seen = std::collections::HashSet::new();
    let mut all = Vec::new();
    for tag in tags {
        let tag = canonicalize(tag)?;
        if seen.insert(tag.clone()) {
            all.push(tag);
        }
    }
    Ok(all)
}

/// With likely script and region.
pub fn maximize(tag: &str) -> Result<String, Refusal> {
    let mut locale = read(tag)?;
    let id = &mut locale.id;
    let is_whole = id.language != Language::UNKNOWN && id.script.is_some() && id.region.is_some();
    // ICU4X takes `Zzzz` and `ZZ` of a whole tag for nothing.
    if !is_whole {
        LocaleExpander::new_extended().maximize(id);
    }
    if is_root(id) {
        id.language = language!("en");
        id.script = Some(script!("Latn"));
        id.region = Some(region!("US"));
    }
    Ok(locale.to_string())
}

fn is_root(id: &LanguageIdentifier) -> bool {
    id.language == Language::UNKNOWN && id.script.is_none() && id.region.is_none()
}

/// Without script and region where they are the likely ones.
pub fn minimize(tag: &str) -> Result<String, Refusal> {
    let mut locale = read(tag)?;
    LocaleExpander::new_extended().minimize(&mut locale.id);
    if is_root(&locale.id) {
        locale.id.language = language!("en");
    }
    Ok(locale.to_string())
}

/// Whether the locale's script runs from right to left.
pub fn is_right_to_left(tag: &str) -> Result<bool, Refusal> {
    let locale = read(tag)?;
    Ok(LocaleDirectionality::new_extended().is_right_to_left(&locale.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_become_canonical() {
        for (tag, canonical) in [
            ("EN-us", "en-US"),
            ("iw", "he"),
            ("sh-RS", "sr-Latn-RS"),
            ("en-u-ca-islamicc-kn-true", "en-u-ca-islamic-civil-kn"),
            ("und-u-rg-no23", "und-u-rg-no50"),
            ("de-1996-1901", "de-1901-1996"),
        ] {
            assert_eq!(canonicalize(tag).as_deref(), Ok(canonical), "{tag}");
        }
        for tag in [
            "",
            "a",
            "en_US",
            "en-u",
            "root",
            "de-1996-1996",
            "en-a-bb-a-cc",
        ] {
            assert!(canonicalize(tag).is_err(), "{tag}");
        }
    }

    #[test]
    fn subtags_are_added_and_taken_away() {
        assert_eq!(maximize("zh-TW").as_deref(), Ok("zh-Hant-TW"));
        assert_eq!(
            minimize("en-Latn-US-u-nu-latn").as_deref(),
            Ok("en-u-nu-latn")
        );
        assert_eq!(is_right_to_left("ar-EG"), Ok(true));
        assert_eq!(is_right_to_left("uz-Latn"), Ok(false));
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let long = format!("en-x{}", "-a".repeat(40_000));
        assert!(matches!(canonicalize(&long), Err(Refusal::TooMuch(_))));
    }
}
