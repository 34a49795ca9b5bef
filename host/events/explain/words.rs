//! Errors, times and durations as parts of a sentence.

use sqlx::types::chrono::{DateTime, Utc};

/// The longest part of an error that is quoted.
const MAX_CHARS: usize = 300;

/// An error as a part of a sentence.
pub(super) fn quoted(error: &str) -> String {
    let words: Vec<&str> = error.split_whitespace().collect();
    let text = words.join(" ");
    let mut short: String = text.chars().take(MAX_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short.trim_end_matches('.').to_owned()
}

/// A time; the day only when it is another.
pub(super) fn at(time: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let format = if time.date_naive() == now.date_naive() {
        "%H:%M:%S UTC"
    } else {
        "%Y-%m-%d %H:%M:%S UTC"
    };
    time.format(format).to_string()
}

pub(super) fn took(micros: i64) -> String {
    match micros {
        ..1_000 => format!("{micros} µs"),
        1_000..10_000_000 => format!("{} ms", micros / 1_000),
        _ => format!("{} s", micros / 1_000_000),
    }
}
