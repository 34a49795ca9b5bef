//! Texts in pieces: what a reader takes for one character, words, sentences (UAX #29).

use super::{MOST, MOST_LOOKED_UP, Refusal, bounded_by, east_asian, tags};
use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, LineBreak, Script, WordBreak};
use icu_segmenter::options::{
    SentenceBreakInvariantOptions, SentenceBreakOptions, WordBreakInvariantOptions,
    WordBreakOptions,
};
use icu_segmenter::{
    GraphemeClusterSegmenter, SentenceSegmenter, WordSegmenter, WordSegmenterBorrowed,
};

/// What a text is cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Granularity {
    Grapheme,
    Word,
    Sentence,
}

/// A piece, by its end in UTF-16 code units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    pub end: u32,
    pub is_word: bool,
}

/// The pieces of a text.
pub fn pieces(tag: &str, granularity: Granularity, text: &str) -> Result<Vec<Piece>, Refusal> {
    let most = match granularity {
        Granularity::Word => MOST_LOOKED_UP,
        Granularity::Grapheme | Granularity::Sentence => MOST,
    };
    bounded_by(most, [text])?;
    let locale = tags::read(tag)?;
    let units: Vec<u16> = text.encode_utf16().collect();
    let language = locale.id.language;
    let mut ends = Vec::new();
    match granularity {
        Granularity::Grapheme => ends.extend(GraphemeClusterSegmenter::new().segment_utf16(&units)),
        Granularity::Word if ["fi", "sv"].contains(&language.as_str()) => {
            let mut options = WordBreakOptions::default();
            options.content_locale = Some(&locale.id);
            let segmenter = WordSegmenter::try_new_dictionary(options).map_err(no_data)?;
            ends = word_ends(segmenter.as_borrowed(), &units);
        }
        Granularity::Word => {
            let segmenter = WordSegmenter::new_dictionary(WordBreakInvariantOptions::default());
            ends = word_ends(segmenter, &units);
        }
        Granularity::Sentence if language.as_str() == "el" => {
            let mut options = SentenceBreakOptions::default();
            options.content_locale = Some(&locale.id);
            let segmenter = SentenceSegmenter::try_new(options).map_err(no_data)?;
            ends.extend(segmenter.as_borrowed().segment_utf16(&units));
        }
        Granularity::Sentence => {
            let segmenter = SentenceSegmenter::new(SentenceBreakInvariantOptions::default());
            ends.extend(segmenter.segment_utf16(&units));
        }
    }
    let mut pieces = Vec::with_capacity(ends.len());
    let mut start = 0;
    for end in ends {
        let Some(piece) = units.get(start..end).filter(|piece| !piece.is_empty()) else {
            continue;
        };
        let is_word = granularity == Granularity::Word && is_word(piece);
        pieces.push(Piece {
            end: u32::try_from(end).unwrap_or(u32::MAX),
            is_word,
        });
        start = end;
    }
    Ok(pieces)
}

/// Ends of words. ICU leaves Hangul to a dictionary, so that it never is a word together with other letters.
fn word_ends(segmenter: WordSegmenterBorrowed<'_>, units: &[u16]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut start = 0;
    let mut was_hangul = false;
    let mut cut = |end: usize| {
        let part = units.get(start..end).unwrap_or_default();
        ends.extend(segmenter.segment_utf16(part).map(|end| start + end));
        start = end;
    };
    for (at, unit) in units.iter().enumerate() {
        let is_hangul = (0xac00..=0xd7a3).contains(unit) || (was_hangul && is_added(*unit));
        if is_hangul != was_hangul && at > 0 {
            cut(at);
        }
        was_hangul = is_hangul;
    }
    cut(units.len());
    east_asian::recut(units, ends)
}

/// Whether a character belongs to the one before.
fn is_added(unit: u16) -> bool {
    matches!(
        CodePointMapData::<WordBreak>::new().get32(unit.into()),
        WordBreak::Extend | WordBreak::Format | WordBreak::ZWJ
    )
}

/// Whether ICU takes a piece for a word: it has a letter, a number, or two marks that join words.
///
/// ICU4X says so of a piece only by its last character.
fn is_word(piece: &[u16]) -> bool {
    let mut joining = 0;
    char::decode_utf16(piece.iter().copied())
        .flatten()
        .any(|c| match CodePointMapData::<WordBreak>::new().get(c) {
            WordBreak::ALetter
            | WordBreak::HebrewLetter
            | WordBreak::Numeric
            | WordBreak::Katakana => true,
            WordBreak::ExtendNumLet => {
                joining += 1;
                joining > 1
            }
            WordBreak::Other => is_letter_of_no_class(c),
            _ => false,
        })
}

/// Letters of scripts without spaces, which the rules of words leave to dictionaries.
fn is_letter_of_no_class(c: char) -> bool {
    let script = CodePointMapData::<Script>::new().get(c);
    let is_letter = matches!(
        CodePointMapData::<GeneralCategory>::new().get(c),
        GeneralCategory::OtherLetter
            | GeneralCategory::ModifierLetter
            | GeneralCategory::LetterNumber
    );
    is_letter
        && ([Script::Han, Script::Hiragana, Script::Katakana].contains(&script)
            || CodePointMapData::<LineBreak>::new().get(c) == LineBreak::ComplexContext)
}

fn no_data(error: impl std::fmt::Display) -> Refusal {
    Refusal::Argument(format!("there is no data to cut texts by: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(granularity: Granularity, text: &str) -> Vec<(u32, bool)> {
        let pieces = pieces("en", granularity, text).unwrap();
        pieces
            .iter()
            .map(|piece| (piece.end, piece.is_word))
            .collect()
    }

    #[test]
    fn a_text_is_cut_where_its_reader_would() {
        assert_eq!(
            cut(Granularity::Grapheme, "e\u{301}👩‍👩‍👦!"),
            [(2, false), (10, false), (11, false)]
        );
        assert_eq!(
            cut(Granularity::Word, "can't 3."),
            [(5, true), (6, false), (7, true), (8, false)]
        );
        assert_eq!(cut(Granularity::Word, "สวัสดีชาวโลก").len(), 3);
        assert_eq!(
            cut(Granularity::Sentence, "One. Two? Three"),
            [(5, false), (10, false), (15, false)]
        );
        assert_eq!(cut(Granularity::Word, ""), []);
    }

    #[test]
    fn long_texts_are_refused() {
        let of = |granularity, bytes: usize| pieces("en", granularity, &"a".repeat(bytes));
        assert!(of(Granularity::Word, MOST_LOOKED_UP).is_ok());
        assert!(of(Granularity::Sentence, MOST).is_ok());
        for (granularity, most) in [
            (Granularity::Word, MOST_LOOKED_UP),
            (Granularity::Sentence, MOST),
        ] {
            assert!(matches!(
                of(granularity, most + 1),
                Err(Refusal::TooMuch(_))
            ));
        }
    }
}
