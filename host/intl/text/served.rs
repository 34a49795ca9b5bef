//! Which locale serves a request, by service: those that ICU has of each.

use super::{Refusal, bounded, tags};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Who serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    Collator,
    DateTimeFormat,
    DisplayNames,
    DurationFormat,
    ListFormat,
    NumberFormat,
    PluralRules,
    RelativeTimeFormat,
    Segmenter,
}

impl Service {
    /// The letter of `locales.txt`.
    fn letter(self) -> u8 {
        match self {
            Self::Collator => b'c',
            Self::DateTimeFormat | Self::DisplayNames | Self::RelativeTimeFormat => b'd',
            Self::ListFormat => b'l',
            Self::DurationFormat | Self::NumberFormat => b'n',
            Self::PluralRules => b'p',
            Self::Segmenter => b's',
        }
    }
}

/// The locale that serves, and the keywords of who asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    pub locale: String,
    pub keywords: Vec<(String, String)>,
}

/// Made by `sdk/cldr/available.js`: a locale a line, and the letters of who has it.
static LOCALES: LazyLock<HashMap<&str, &[u8]>> = LazyLock::new(|| {
    include_str!("locales.txt")
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(tag, letters)| (tag, letters.as_bytes()))
        .collect()
});

/// The longest name of a locale is shorter.
const LONGEST: usize = 35;

/// The longest beginning of a tag that a service has a locale for.
fn best_available(service: Service, tag: &str) -> Option<&str> {
    let mut candidate = tag;
    loop {
        let letters = (candidate.len() <= LONGEST)
            .then(|| LOCALES.get(candidate))
            .flatten();
        if letters.is_some_and(|letters| letters.contains(&service.letter())) {
            return Some(candidate);
        }
        let mut end = candidate.rfind('-')?;
        if end >= 2 && candidate.as_bytes().get(end - 2) == Some(&b'-') {
            end -= 2;
        }
        candidate = candidate.get(..end)?;
    }
}

/// Which locale serves the first of the requests that any serves.
pub fn serve(service: Service, requested: &[String]) -> Result<Option<Served>, Refusal> {
    bounded(requested.iter().map(String::as_str))?;
    for tag in requested {
        let mut locale = tags::read(tag)?;
        let unicode = std::mem::take(&mut locale.extensions.unicode);
        let plain = locale.to_string();
        let Some(found) = best_available(service, &plain) else {
            continue;
        };
        let keywords = unicode
            .keywords
            .iter()
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect();
        let locale = found.to_owned();
        return Ok(Some(Served { locale, keywords }));
    }
    Ok(None)
}

/// Those of the requests that the service has a locale for.
pub fn supported(service: Service, requested: &[String]) -> Result<Vec<String>, Refusal> {
    bounded(requested.iter().map(String::as_str))?;
    let mut all = Vec::new();
    for tag in requested {
        let mut locale = tags::read(tag)?;
        locale.extensions.unicode.clear();
        if best_available(service, &locale.to_string()).is_some() {
            all.push(tag.clone());
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(service: Service, tag: &str) -> Option<String> {
        serve(service, &[tag.to_owned()])
            .unwrap()
            .map(|served| served.locale)
    }

    #[test]
    fn a_locale_is_found_by_the_beginning_of_the_tag() {
        use Service::{Collator, NumberFormat, PluralRules};
        assert_eq!(served(NumberFormat, "pt-AO").as_deref(), Some("pt-AO"));
        assert_eq!(served(PluralRules, "pt-AO").as_deref(), Some("pt"));
        assert_eq!(served(NumberFormat, "zh-TW").as_deref(), Some("zh-TW"));
        assert_eq!(served(Collator, "es-MX").as_deref(), Some("es"));
        assert_eq!(served(NumberFormat, "en-XX-x-y").as_deref(), Some("en"));
        assert_eq!(served(NumberFormat, "tlh"), None);
    }

    #[test]
    fn no_locale_has_a_name_that_is_not_looked_up() {
        assert!(LOCALES.keys().all(|name| name.len() <= LONGEST));
        let long = format!("de-AT{}", "-abcde1".repeat(500));
        assert_eq!(best_available(Service::NumberFormat, &long), Some("de-AT"));
    }

    #[test]
    fn keywords_come_along() {
        let served = serve(
            Service::NumberFormat,
            &["xx".into(), "ar-EG-u-kn-nu-latn".into()],
        );
        let Ok(Some(served)) = served else {
            panic!("{served:?}");
        };
        assert_eq!(served.locale, "ar-EG");
        let keyword = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(served.keywords, [keyword("kn", ""), keyword("nu", "latn")]);
    }
}
