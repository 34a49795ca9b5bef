//! Words of Chinese and Japanese, as ICU finds them: by the cheapest way through a dictionary that says what
//! each word costs.
//!
//! ICU4X has the dictionary, costs included, but takes the longest word at each place.

use icu_properties::CodePointMapData;
use icu_properties::props::Script;
use icu_provider::prelude::*;
use icu_segmenter::provider::{Baked, DictionaryBreakData, SegmenterDictionaryAutoV2};

/// The longest word that is looked up.
const LONGEST_WORD: usize = 20;
/// What a character costs that is no word by itself.
const UNKNOWN_COST: u32 = 255;
/// What a run of Katakana costs that is in no dictionary, by its length.
const KATAKANA_COSTS: [u32; 9] = [8192, 984, 408, 240, 204, 252, 300, 372, 480];
const LONG_KATAKANA_COST: u32 = 8192;
const LONGEST_KATAKANA: usize = 20;

fn dictionary() -> Option<&'static DictionaryBreakData<'static>> {
    let attributes = DataMarkerAttributes::try_from_str("cjdict").ok()?;
    let request = DataRequest {
        id: DataIdentifierBorrowed::for_marker_attributes(attributes),
        metadata: DataRequestMetadata::default(),
    };
    let response = DataProvider::<SegmenterDictionaryAutoV2>::load(&Baked, request).ok()?;
    response.payload.get_static()
}

fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{30fc}' | '\u{ff70}' | '\u{ff9e}' | '\u{ff9f}')
        || [Script::Han, Script::Hiragana, Script::Katakana]
            .contains(&CodePointMapData::<Script>::new().get(c))
}

fn is_katakana(c: char) -> bool {
    matches!(c, '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30fe}' | '\u{ff66}'..='\u{ff9f}')
}

/// Ends of words, in UTF-16 code units, where a text's Chinese and Japanese is cut by its dictionary and the rest
/// as it was.
pub(super) fn recut(units: &[u16], ends: Vec<usize>) -> Vec<usize> {
    let has_any = units
        .iter()
        .any(|unit| (0x2e80..0xa4d0).contains(unit) || *unit >= 0xd800);
    let Some(dictionary) = has_any.then(dictionary).flatten() else {
        return ends;
    };
    let mut all = Vec::with_capacity(ends.len());
    let mut old = ends.into_iter().peekable();
    let mut run = Vec::new();
    let mut at = 0;
    let characters = char::decode_utf16(units.iter().copied())
        .map(|c| c.unwrap_or('\u{fffd}'))
        .chain(['\n']);
    for c in characters {
        if is_east_asian(c) {
            run.push(c);
        } else if !run.is_empty() {
            let length = |run: &[char]| run.iter().map(|c| c.len_utf16()).sum::<usize>();
            let mut end = at - length(&run);
            while let Some(kept) = old.next_if(|old| *old <= end) {
                all.push(kept);
            }
            let mut from = 0;
            for to in words(dictionary, &run) {
                end += length(run.get(from..to).unwrap_or_default());
                from = to;
                // The end of the run is one of a word only if the rules say so.
                if end < at {
                    all.push(end);
                }
            }
            while old.next_if(|old| *old < at).is_some() {}
            run.clear();
        }
        at += c.len_utf16();
    }
    all.extend(old);
    all
}

/// Where the words of a run end, the last of them its end.
fn words(dictionary: &DictionaryBreakData<'_>, run: &[char]) -> Vec<usize> {
    // By place: what the cheapest way to it costs, and where its last word begins.
    let mut best: Vec<(u32, usize)> = vec![(u32::MAX, 0); run.len() + 1];
    if let Some(first) = best.first_mut() {
        first.0 = 0;
    }
    let mut was_katakana = false;
    for (i, c) in run.iter().enumerate() {
        let cost = best.get(i).map_or(u32::MAX, |best| best.0);
        if cost == u32::MAX {
            continue;
        }
        let mut offer = |length: usize, of: u32| {
            let sum = cost.saturating_add(of);
            if let Some(place) = best.get_mut(i + length)
                && sum < place.0
            {
                *place = (sum, i);
            }
        };
        let rest = run.get(i..).unwrap_or_default();
        let mut is_word = false;
        if let DictionaryBreakData::Char16Trie(trie) = dictionary {
            let mut cursor = trie.cursor();
            for (n, c) in rest.iter().take(LONGEST_WORD).enumerate() {
                cursor.step(*c);
                if let Some(of) = cursor.value() {
                    is_word |= n == 0;
                    offer(n + 1, u32::try_from(of).unwrap_or(UNKNOWN_COST));
                }
                if cursor.is_empty() {
                    break;
                }
            }
        }
        if !is_word {
            offer(1, UNKNOWN_COST);
        }
        let katakana = is_katakana(*c);
        if katakana && !was_katakana {
            let length = rest
                .iter()
                .take(LONGEST_KATAKANA)
                .take_while(|c| is_katakana(**c))
                .count();
            if length < LONGEST_KATAKANA {
                offer(
                    length,
                    KATAKANA_COSTS
                        .get(length)
                        .copied()
                        .unwrap_or(LONG_KATAKANA_COST),
                );
            }
        }
        was_katakana = katakana;
    }
    let mut ends = Vec::new();
    let mut end = run.len();
    while end > 0 {
        ends.push(end);
        end = best.get(end).map_or(0, |best| best.1).min(end - 1);
    }
    ends.reverse();
    ends
}

#[cfg(test)]
mod tests {
    use super::super::pieces::{Granularity, pieces};

    #[test]
    fn words_are_those_of_icu() {
        for (text, ends) in [
            ("きました。カタカナ", &[1, 2, 4, 5, 9][..]),
            ("私は学生です。", &[1, 2, 4, 6, 7]),
            ("我是中国人。", &[2, 5, 6]),
            ("Tシャツ", &[1, 4]),
        ] {
            let found = pieces("ja", Granularity::Word, text).unwrap();
            let found: Vec<_> = found.iter().map(|piece| piece.end).collect();
            assert_eq!(found, ends, "{text}");
        }
    }
}
