//! Skeletons: which fields a pattern has, and how each is written.
//!
//! A pattern is text in which letters stand for fields (`d MMM y`), as UTS 35 has them. What matters of it
//! to whoever looks for one with certain fields is its skeleton: of each field the letter and how often it
//! is repeated, and a number that tells how near two ways of writing the field are.

/// How many fields there are.
pub(super) const FIELDS: usize = 16;

pub(super) const ERA: usize = 0;
pub(super) const YEAR: usize = 1;
pub(super) const MONTH: usize = 3;
pub(super) const WEEKDAY: usize = 6;
pub(super) const DAY_PERIOD: usize = 10;
pub(super) const HOUR: usize = 11;
pub(super) const MINUTE: usize = 12;
pub(super) const SECOND: usize = 13;
pub(super) const FRACTION: usize = 14;
pub(super) const ZONE: usize = 15;

const NARROW: i32 = -0x101;
const SHORTER: i32 = -0x102;
const SHORT: i32 = -0x103;
const LONG: i32 = -0x104;
const NUMERIC: i32 = 0x100;
const DELTA: i32 = 0x10;

/// A way to write a field: letter, field, number, least repetitions.
struct Row(u8, usize, i32, usize);

/// The rows of a letter are together, and those with more repetitions come later.
const ROWS: &[Row] = &[
    Row(b'G', ERA, SHORT, 1),
    Row(b'G', ERA, LONG, 4),
    Row(b'G', ERA, NARROW, 5),
    Row(b'y', YEAR, NUMERIC, 1),
    Row(b'Y', YEAR, NUMERIC + DELTA, 1),
    Row(b'u', YEAR, NUMERIC + 2 * DELTA, 1),
    Row(b'r', YEAR, NUMERIC + 3 * DELTA, 1),
    Row(b'U', YEAR, SHORT, 1),
    Row(b'U', YEAR, LONG, 4),
    Row(b'U', YEAR, NARROW, 5),
    Row(b'Q', 2, NUMERIC, 1),
    Row(b'Q', 2, SHORT, 3),
    Row(b'Q', 2, LONG, 4),
    Row(b'Q', 2, NARROW, 5),
    Row(b'q', 2, NUMERIC + DELTA, 1),
    Row(b'q', 2, SHORT - DELTA, 3),
    Row(b'q', 2, LONG - DELTA, 4),
    Row(b'q', 2, NARROW - DELTA, 5),
    Row(b'M', MONTH, NUMERIC, 1),
    Row(b'M', MONTH, SHORT, 3),
    Row(b'M', MONTH, LONG, 4),
    Row(b'M', MONTH, NARROW, 5),
    Row(b'L', MONTH, NUMERIC + DELTA, 1),
    Row(b'L', MONTH, SHORT - DELTA, 3),
    Row(b'L', MONTH, LONG - DELTA, 4),
    Row(b'L', MONTH, NARROW - DELTA, 5),
    Row(b'l', MONTH, NUMERIC + DELTA, 1),
    Row(b'w', 4, NUMERIC, 1),
    Row(b'W', 5, NUMERIC, 1),
    Row(b'E', WEEKDAY, SHORT, 1),
    Row(b'E', WEEKDAY, LONG, 4),
    Row(b'E', WEEKDAY, NARROW, 5),
    Row(b'E', WEEKDAY, SHORTER, 6),
    Row(b'c', WEEKDAY, NUMERIC + 2 * DELTA, 1),
    Row(b'c', WEEKDAY, SHORT - 2 * DELTA, 3),
    Row(b'c', WEEKDAY, LONG - 2 * DELTA, 4),
    Row(b'c', WEEKDAY, NARROW - 2 * DELTA, 5),
    Row(b'c', WEEKDAY, SHORTER - 2 * DELTA, 6),
    Row(b'e', WEEKDAY, NUMERIC + DELTA, 1),
    Row(b'e', WEEKDAY, SHORT - DELTA, 3),
    Row(b'e', WEEKDAY, LONG - DELTA, 4),
    Row(b'e', WEEKDAY, NARROW - DELTA, 5),
    Row(b'e', WEEKDAY, SHORTER - DELTA, 6),
    Row(b'd', 9, NUMERIC, 1),
    Row(b'g', 9, NUMERIC + DELTA, 1),
    Row(b'D', 7, NUMERIC, 1),
    Row(b'F', 8, NUMERIC, 1),
    Row(b'a', DAY_PERIOD, SHORT, 1),
    Row(b'a', DAY_PERIOD, LONG, 4),
    Row(b'a', DAY_PERIOD, NARROW, 5),
    Row(b'b', DAY_PERIOD, SHORT - DELTA, 1),
    Row(b'b', DAY_PERIOD, LONG - DELTA, 4),
    Row(b'b', DAY_PERIOD, NARROW - DELTA, 5),
    Row(b'B', DAY_PERIOD, SHORT - 3 * DELTA, 1),
    Row(b'B', DAY_PERIOD, LONG - 3 * DELTA, 4),
    Row(b'B', DAY_PERIOD, NARROW - 3 * DELTA, 5),
    Row(b'H', HOUR, NUMERIC + 10 * DELTA, 1),
    Row(b'k', HOUR, NUMERIC + 11 * DELTA, 1),
    Row(b'h', HOUR, NUMERIC, 1),
    Row(b'K', HOUR, NUMERIC + DELTA, 1),
    Row(b'm', MINUTE, NUMERIC, 1),
    Row(b's', SECOND, NUMERIC, 1),
    Row(b'A', SECOND, NUMERIC + DELTA, 1),
    Row(b'S', FRACTION, NUMERIC, 1),
    Row(b'v', ZONE, SHORT - 2 * DELTA, 1),
    Row(b'v', ZONE, LONG - 2 * DELTA, 4),
    Row(b'z', ZONE, SHORT, 1),
    Row(b'z', ZONE, LONG, 4),
    Row(b'Z', ZONE, NARROW - DELTA, 1),
    Row(b'Z', ZONE, LONG - DELTA, 4),
    Row(b'Z', ZONE, SHORT - DELTA, 5),
    Row(b'O', ZONE, SHORT - DELTA, 1),
    Row(b'O', ZONE, LONG - DELTA, 4),
    Row(b'V', ZONE, SHORT - DELTA, 1),
    Row(b'V', ZONE, LONG - DELTA, 2),
    Row(b'V', ZONE, LONG - 1 - DELTA, 3),
    Row(b'V', ZONE, LONG - 2 - DELTA, 4),
];

/// How a letter that is repeated so often writes which field; none where the letter stands for none.
pub(super) struct Way {
    /// The field.
    pub(super) field: usize,
    /// How it is written: numbers are above zero, texts below.
    pub(super) kind: i32,
    least: usize,
}

pub(super) fn way(letter: u8, length: usize) -> Option<Way> {
    let mut best: Option<&Row> = None;
    for row in ROWS.iter().filter(|row| row.0 == letter) {
        if best.is_none() || row.3 <= length {
            best = Some(row);
        }
    }
    best.map(|row| Way {
        field: row.1,
        kind: row.2,
        least: row.3,
    })
}

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A letter, repeated.
    Field(u8, usize),
    /// What stands as it is: with its quotes.
    Text(String),
}

/// The pieces of a pattern.
pub(super) fn tokens(pattern: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = pattern;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_alphabetic() {
            let length = rest.len() - rest.trim_start_matches(first).len();
            // A letter is one byte.
            found.push(Token::Field(rest.as_bytes()[0], length));
            length
        } else if first == '\'' {
            let length = quoted(rest);
            push_text(&mut found, &rest[..length]);
            length
        } else {
            push_text(&mut found, &rest[..first.len_utf8()]);
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    found
}

/// How long the quoted text is that begins here. Two quotes are one, within it and without.
fn quoted(text: &str) -> usize {
    let bytes = text.as_bytes();
    if bytes.get(1) == Some(&b'\'') {
        return 2;
    }
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        if *byte == b'\'' {
            if bytes.get(at + 1) != Some(&b'\'') {
                return at + 1;
            }
            at += 1;
        }
        at += 1;
    }
    bytes.len()
}

fn push_text(found: &mut Vec<Token>, text: &str) {
    if let Some(Token::Text(last)) = found.last_mut() {
        last.push_str(text);
    } else {
        found.push(Token::Text(text.to_owned()));
    }
}

/// What text of a pattern stands for, its quotes taken away.
pub(super) fn unquoted(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '\'' {
            plain.push(letter);
        } else if letters.peek() == Some(&'\'') {
            letters.next();
            plain.push('\'');
        }
    }
    plain
}

/// The letter of each field and how often it is repeated; never where there is no such field.
pub(super) type Letters = [(u8, usize); FIELDS];

/// What fields a pattern has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Skeleton {
    /// How each field is written; zero where it is not.
    pub(super) kinds: [i32; FIELDS],
    /// As the pattern has them.
    pub(super) letters: Letters,
    /// As the pattern has them, with no more repetitions than tell how it is written.
    pub(super) base: Letters,
    /// The day period is not the pattern's: it goes with its hour.
    added_day_period: bool,
}

impl Skeleton {
    pub(super) fn of(pattern: &str) -> Self {
        let mut found = Self {
            kinds: [0; FIELDS],
            letters: [(0, 0); FIELDS],
            base: [(0, 0); FIELDS],
            added_day_period: false,
        };
        for token in tokens(pattern) {
            if let Token::Field(letter, length) = token {
                found.add(letter, length);
            }
        }
        if found.has(MINUTE) && found.has(FRACTION) && !found.has(SECOND) {
            found.add(b's', 1);
        }
        match found.letters[HOUR].0 {
            0 => {}
            b'h' | b'K' => {
                if !found.has(DAY_PERIOD) {
                    found.add(b'a', 1);
                    found.added_day_period = true;
                }
            }
            _ => {
                found.letters[DAY_PERIOD] = (0, 0);
                found.base[DAY_PERIOD] = (0, 0);
                found.kinds[DAY_PERIOD] = 0;
            }
        }
        found
    }

    fn add(&mut self, letter: u8, length: usize) {
        let Some(way) = way(letter, length) else {
            return;
        };
        self.letters[way.field] = (letter, length);
        self.base[way.field] = (letter, way.least);
        let repeated = i32::try_from(length).unwrap_or(0x40);
        self.kinds[way.field] = if way.kind > 0 {
            way.kind + repeated
        } else {
            way.kind
        };
    }

    pub(super) fn has(&self, field: usize) -> bool {
        self.kinds[field] != 0
    }

    /// The fields as bits.
    pub(super) fn mask(&self) -> u32 {
        (0..FIELDS)
            .filter(|field| self.has(*field))
            .map(|field| 1 << field)
            .sum()
    }

    /// The skeleton as text, its fields in their order.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (field, (letter, length)) in self.letters.iter().enumerate() {
            if field == DAY_PERIOD && self.added_day_period {
                continue;
            }
            text.extend(std::iter::repeat_n(char::from(*letter), *length));
        }
        text
    }

    /// The first letter, by which patterns are in order.
    pub(super) fn first(&self) -> u8 {
        self.base
            .iter()
            .find(|(_, length)| *length > 0)
            .map_or(0, |(letter, _)| *letter)
    }

    /// How far `other` is from the fields of `mask` of this one.
    pub(super) fn distance(&self, other: &Self, mask: u32) -> Distance {
        let mut found = Distance::default();
        for field in 0..FIELDS {
            let bit = 1 << field;
            let mine = if mask & bit == 0 {
                0
            } else {
                self.kinds[field]
            };
            let its = other.kinds[field];
            if mine == its {
                continue;
            }
            if mine == 0 {
                found.far += 0x1_0000;
                found.extra |= bit;
            } else if its == 0 {
                found.far += 0x1000;
                found.missing |= bit;
            } else {
                found.far += mine.abs_diff(its);
            }
        }
        found
    }
}

/// How far a pattern is from what is asked for.
#[derive(Clone, Copy, Default)]
pub(super) struct Distance {
    pub(super) far: u32,
    /// The fields that it lacks, as bits.
    pub(super) missing: u32,
    /// The fields that it has and should not.
    pub(super) extra: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_fields_and_text() {
        assert_eq!(
            tokens("d 'de' MMM 'o''clock' ''y"),
            [
                Token::Field(b'd', 1),
                Token::Text(" 'de' ".into()),
                Token::Field(b'M', 3),
                Token::Text(" 'o''clock' ''".into()),
                Token::Field(b'y', 1),
            ]
        );
        assert_eq!(unquoted(" 'o''clock' ''"), " o'clock '");
        assert_eq!(
            tokens("h 'never ends"),
            [Token::Field(b'h', 1), Token::Text(" 'never ends".into())]
        );
    }

    #[test]
    fn a_skeleton_is_in_the_order_of_fields() {
        assert_eq!(Skeleton::of("d. MMMM y 'um' HH:mm").text(), "yMMMMdHHmm");
        assert_eq!(Skeleton::of("h:mm").text(), "hmm");
        assert_eq!(Skeleton::of("h:mm a").text(), "ahmm");
        assert_eq!(Skeleton::of("HH:mm a").text(), "HHmm");
        assert_eq!(Skeleton::of("m S").text(), "msS");
    }
}
