//! Writes a moment by a pattern, in parts.

use super::moment::Moment;
use super::skeleton::{Token, tokens, unquoted};
use super::words::{Counting, Words};
use super::zone_names::ZoneStyle;
use super::zones::Zone;
use super::{Dates, Error, Of};

/// A part of what is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The kind, by ECMA-402's name.
    pub kind: &'static str,
    /// The text.
    pub value: String,
}

/// A part, with the letter that it is written by; zero for text of the pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) letter: u8,
    pub(super) value: String,
}

impl Written {
    pub(super) fn part(self) -> Part {
        Part {
            kind: kind(self.letter),
            value: self.value,
        }
    }
}

/// An instant, as it is written.
pub(super) struct Instant<'a> {
    pub(super) moment: &'a Moment,
    pub(super) zone: &'a Zone,
    pub(super) at: i64,
}

impl Words {
    /// Writes an instant by a pattern.
    pub(super) fn write(
        &self,
        dates: &Dates,
        pattern: &str,
        counting: &Counting,
        instant: &Instant<'_>,
    ) -> Result<Vec<Written>, Error> {
        let tokens = tokens(pattern);
        let has = |letter| {
            tokens
                .iter()
                .any(|token| matches!(token, Token::Field(its, _) if *its == letter))
        };
        let precise = (has(b'm'), has(b's'));
        let mut written = Vec::new();
        for token in &tokens {
            match token {
                Token::Text(text) => push(&mut written, 0, &unquoted(text)),
                Token::Field(letter, length) => {
                    let text = if kind(*letter) == "timeZoneName" {
                        let style = zone_style(*letter, *length);
                        self.zones.name(dates, instant.zone, instant.at, style)?
                    } else {
                        self.field(*letter, *length, instant.moment, precise, counting)
                    };
                    push(&mut written, *letter, &text);
                }
            }
        }
        Ok(written)
    }
}

/// Adds what is written; text to the text before it. Nothing where it is empty.
pub(super) fn push(written: &mut Vec<Written>, letter: u8, text: &str) {
    if text.is_empty() {
        return;
    }
    match written.last_mut() {
        Some(last) if letter == 0 && last.letter == 0 => last.value.push_str(text),
        _ => written.push(Written {
            letter,
            value: text.to_owned(),
        }),
    }
}

/// From which part to which.
type Span = Option<(usize, usize)>;

/// Of which instant each part is: from the first to the last of the fields that are written twice, of the
/// one, and of the other. None where no field is written twice.
pub(super) fn with_sources(written: Vec<Written>, later_first: bool) -> Option<Vec<(Part, Of)>> {
    let (mut first, mut second): (Span, Span) = (None, None);
    let widen = |span: &mut Span, place: usize| {
        let (from, to) = span.unwrap_or((place, place));
        *span = Some((from.min(place), to.max(place)));
    };
    for (place, one) in written.iter().enumerate() {
        if one.letter == 0 {
            continue;
        }
        let again = written
            .iter()
            .skip(place + 1)
            .position(|other| other.letter == one.letter);
        if let Some(again) = again {
            widen(&mut first, place);
            widen(&mut second, place + 1 + again);
        }
    }
    let (first, second) = (first?, second?);
    let (start, end) = if later_first {
        (second, first)
    } else {
        (first, second)
    };
    let within = |(from, to): (usize, usize), place: usize| (from..=to).contains(&place);
    let parts = written.into_iter().enumerate().map(|(place, one)| {
        let of = if within(start, place) {
            Of::Start
        } else if within(end, place) {
            Of::End
        } else {
            Of::Shared
        };
        (one.part(), of)
    });
    Some(parts.collect())
}

/// Writes a number in digits, with zeros before it up to a width.
pub(super) fn push_number(
    made: &mut String,
    value: i64,
    least: usize,
    digits: &[char],
    minus: &str,
) {
    if value < 0 {
        made.push_str(minus);
    }
    for digit in format!("{:0least$}", value.unsigned_abs()).bytes() {
        made.push(
            digits
                .get(usize::from(digit - b'0'))
                .copied()
                .unwrap_or(char::from(digit)),
        );
    }
}

fn kind(letter: u8) -> &'static str {
    match letter {
        b'G' => "era",
        b'y' | b'Y' | b'u' => "year",
        b'r' => "relatedYear",
        b'U' => "yearName",
        b'M' | b'L' => "month",
        b'd' => "day",
        b'E' | b'e' | b'c' => "weekday",
        b'a' | b'b' | b'B' => "dayPeriod",
        b'h' | b'H' | b'k' | b'K' => "hour",
        b'm' => "minute",
        b's' => "second",
        b'S' => "fractionalSecond",
        b'z' | b'Z' | b'v' | b'V' | b'O' | b'X' | b'x' => "timeZoneName",
        0 => "literal",
        _ => "unknown",
    }
}

fn zone_style(letter: u8, length: usize) -> ZoneStyle {
    match (letter, length < 4) {
        (b'z', true) => ZoneStyle::Short,
        (b'z', false) => ZoneStyle::Long,
        (b'v', true) => ZoneStyle::ShortGeneric,
        (b'v', false) => ZoneStyle::LongGeneric,
        (_, true) => ZoneStyle::ShortOffset,
        (_, false) => ZoneStyle::LongOffset,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_as_wide_as_asked_for() {
        let mut made = String::new();
        push_number(&mut made, -7, 3, &['0', '1'], "−");
        assert_eq!(made, "−007");
    }

    #[test]
    fn what_is_written_twice_has_a_source() {
        let mut written = Vec::new();
        for (letter, text) in [
            (b'M', "Mar"),
            (0, " "),
            (b'd', "5"),
            (0, " – "),
            (b'd', "7"),
            (0, ", "),
            (b'y', "2024"),
        ] {
            push(&mut written, letter, text);
        }
        let of: Vec<Of> = with_sources(written, false)
            .unwrap()
            .into_iter()
            .map(|(_, of)| of)
            .collect();
        assert_eq!(
            of,
            [
                Of::Shared,
                Of::Shared,
                Of::Start,
                Of::Shared,
                Of::End,
                Of::Shared,
                Of::Shared
            ]
        );
        assert_eq!(with_sources(Vec::new(), false), None);
    }
}
