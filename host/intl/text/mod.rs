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

/// What a call takes at most, in bytes of UTF-8: what is read in less than five milliseconds, whatever it is.
pub const MOST: usize = 64 << 10;

/// What a call takes that cuts a text into words or orders it: those are looked up in dictionaries and tables.
pub const MOST_LOOKED_UP: usize = MOST / 2;

/// What each text of a list counts besides its letters.
const EACH: usize = 8;

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
    bounded_by(MOST, texts)
}

/// Whether texts are together no longer than so many bytes.
pub fn bounded_by<'a>(
    most: usize,
    texts: impl IntoIterator<Item = &'a str>,
) -> Result<(), Refusal> {
    let mut bytes = 0usize;
    for text in texts {
        bytes = bytes.saturating_add(text.len());
        if bytes > most {
            let kib = most >> 10;
            return Err(Refusal::TooMuch(format!(
                "more than {kib} KiB of text at once"
            )));
        }
        // A list of nothing is work, too.
        bytes = bytes.saturating_add(EACH);
    }
    Ok(())
}
