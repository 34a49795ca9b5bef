//! Upper and lower case as a language writes them.

use super::{Refusal, bounded, tags};
use icu_casemap::CaseMapper;
use icu_locale::subtags::{Language, language};

/// In lower case.
pub fn to_lower_case(tag: &str, text: &str) -> Result<String, Refusal> {
    bounded([text])?;
    let locale = tags::read(tag)?;
    Ok(CaseMapper::new()
        .lowercase_to_string(text, &locale.id)
        .into_owned())
}

/// In upper case.
pub fn to_upper_case(tag: &str, text: &str) -> Result<String, Refusal> {
    bounded([text])?;
    let mut locale = tags::read(tag)?;
    // ICU4X writes the ligature U+0587 by the spelling of today, ICU by the former.
    if locale.id.language == language!("hy") {
        locale.id.language = Language::UNKNOWN;
    }
    Ok(CaseMapper::new()
        .uppercase_to_string(text, &locale.id)
        .into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_have_letters_of_their_own() {
        assert_eq!(
            to_upper_case("tr", "istanbul ı").as_deref(),
            Ok("İSTANBUL I")
        );
        assert_eq!(to_lower_case("az-Latn", "IĞDIR").as_deref(), Ok("ığdır"));
        assert_eq!(to_upper_case("el", "Άδης").as_deref(), Ok("ΑΔΗΣ"));
        assert_eq!(to_upper_case("en", "straße").as_deref(), Ok("STRASSE"));
    }
}
