//! Locales and texts by ECMA-402: tags, which locale serves, order, pieces, and letters of either case.
//!
//! Unicode's algorithms and data as ICU4X has them, where Node has them of ICU. What differs: orders for
//! search (`usage: "search"`), which ICU4X has no data for, are made of those for sorting, and words of
//! Thai, Lao, Khmer and Burmese are at times cut at other places.

mod east_asian;
pub mod letters;
pub mod order;
pub mod pieces;
pub mod served;
pub mod tags;

/// What a call takes at most, in bytes of UTF-8.
pub const MOST: usize = 64 << 10;

/// Why there is nothing, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// An argument is none that there can be.
    Argument(String),
    /// More than is taken at once.
    TooMuch(String),
}

/// Whether texts are together no longer than is taken at once.
pub fn bounded<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<(), Refusal> {
    let mut bytes = 0usize;
    for text in texts {
        bytes = bytes.saturating_add(text.len());
        if bytes > MOST {
            let kib = MOST >> 10;
            return Err(Refusal::TooMuch(format!(
                "more than {kib} KiB of text at once"
            )));
        }
        // A list of nothing is no shorter than one of letters.
        bytes = bytes.saturating_add(1);
    }
    Ok(())
}
