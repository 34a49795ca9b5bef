//! How two instants are written: what they share once, what differs twice.
//!
//! The way of ICU's `DateIntervalFormat`: for the largest field in which the instants differ, the locale's
//! pattern of the nearest skeleton, its fields made as wide as asked for, cut where the second instant begins.
//! Where there is none, both are written whole.

use super::generator::{Generator, fill};
use super::moment::Moment;
use super::skeleton::{Token, tokens};
use crate::intl::Value;
use std::collections::BTreeMap;

/// The fields in which instants may differ, the largest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Differs {
    Era,
    Year,
    Month,
    Day,
    Half,
    Hour,
    Minute,
    Second,
    Millisecond,
}

use Differs::{Day, Era, Half, Hour, Minute, Month, Year};

impl Differs {
    /// The largest field in which two instants differ.
    pub(super) fn between(from: &Moment, to: &Moment) -> Option<Self> {
        let pairs = [
            (Era, from.era == to.era),
            (Year, from.year == to.year && from.related == to.related),
            (Month, from.named == to.named),
            (Day, from.day == to.day),
            (Half, from.hour / 12 == to.hour / 12),
            (Hour, from.hour % 12 == to.hour % 12),
            (Minute, from.minute == to.minute),
            (Self::Second, from.second == to.second),
            (Self::Millisecond, from.millisecond == to.millisecond),
        ];
        pairs
            .into_iter()
            .find(|(_, same)| !same)
            .map(|(field, _)| field)
    }

    /// How small the field is.
    fn level(self) -> i32 {
        match self {
            Era => 0,
            Year => 10,
            Month => 20,
            Day => 30,
            Half => 40,
            Hour => 50,
            Minute => 60,
            Self::Second => 70,
            Self::Millisecond => 80,
        }
    }

    fn letter(self) -> char {
        match self {
            Era => 'G',
            Year => 'y',
            Month => 'M',
            Day => 'd',
            Half => 'a',
            Hour => 'h',
            Minute => 'm',
            Self::Second => 's',
            Self::Millisecond => 'S',
        }
    }

    /// CLDR's keys of it.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Era => &["G"],
            Year => &["y"],
            Month => &["M"],
            Day => &["d"],
            Half => &["B", "a"],
            Hour => &["H", "h"],
            Minute => &["m"],
            _ => &[],
        }
    }
}

fn level(letter: u8) -> i32 {
    match letter {
        b'G' | b'O' | b'V' | b'X' | b'Z' | b'g' | b'l' | b'v' | b'x' | b'z' => 0,
        b'U' | b'Y' | b'u' | b'y' | b'r' => 10,
        b'D' | b'L' | b'M' | b'Q' | b'q' | b'w' => 20,
        b'E' | b'F' | b'W' | b'c' | b'd' | b'e' => 30,
        b'A' | b'a' => 40,
        b'H' | b'K' | b'h' | b'k' => 50,
        b'm' => 60,
        b's' => 70,
        b'S' => 80,
        _ => -1,
    }
}

/// All fields of a pattern are larger than the one in which the instants differ.
fn ignores(pattern: &str, field: Differs) -> bool {
    tokens(pattern).iter().all(|token| match token {
        Token::Field(letter, _) => field.level() > level(*letter),
        Token::Text(_) => true,
    })
}

/// A pattern for two instants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Cut {
    /// What writes the one; empty where `second` is to write both, whole.
    first: String,
    second: String,
    later_first: bool,
}

/// What to write, and of which instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text.
    Text(String),
    /// The first instant by a pattern.
    From(String),
    /// The second one.
    To(String),
}

/// How a formatter writes two instants.
#[derive(Debug)]
pub(super) struct Intervals {
    /// The pattern of a single one.
    pattern: String,
    cuts: [Cut; 7],
    fallback: String,
    /// The patterns of the date and the time, and how they are joined.
    date: Option<String>,
    time: Option<String>,
    glue: String,
}

/// What an interval's patterns are looked for with.
pub(super) struct Search<'a> {
    pub(super) generator: &'a Generator,
    /// The letter of the hour, where it is not the locale's.
    pub(super) hour: Option<u8>,
    /// CLDR's `intervalFormats`.
    pub(super) data: &'a Value,
    /// How date and time are joined.
    pub(super) glue: &'a str,
}

impl Search<'_> {
    fn best(&self, skeleton: &str) -> String {
        self.generator.best(skeleton, false, self.hour)
    }

    fn pattern(&self, skeleton: &str, field: Differs) -> Option<&str> {
        let of = self.data["patterns"].get(skeleton)?;
        field
            .keys()
            .iter()
            .find_map(|key| of.get(key)?.as_str())
            .filter(|pattern| !pattern.is_empty())
    }

    pub(super) fn intervals(&self, skeleton: &str) -> Intervals {
        let mut made = Intervals {
            pattern: self.best(skeleton),
            cuts: Default::default(),
            fallback: self.data["fallback"]
                .as_str()
                .unwrap_or("{0} – {1}")
                .to_owned(),
            date: None,
            time: None,
            glue: self.glue.to_owned(),
        };
        let split = Split::of(&self.with_hour(skeleton));
        let found = self.own(&mut made, &split);
        if split.time.is_empty() {
            return made;
        }
        if split.date.is_empty() {
            let whole = self.best(&format!("yMd{}", split.time));
            for field in [Day, Month, Year] {
                made.whole(field, &whole);
            }
            let whole = self.best(&format!("GyMd{}", split.time));
            made.whole(Era, &whole);
            return made;
        }
        if !found {
            return made;
        }
        let mut longer = skeleton.to_owned();
        for field in [Day, Month, Year, Era] {
            if !split.date.contains(field.letter()) {
                longer.insert(0, field.letter());
                made.whole(field, &self.best(&longer));
            }
        }
        let date = self.best(&split.date);
        for field in [Half, Hour, Minute] {
            let cut = made.cuts[field as usize].clone();
            if !cut.first.is_empty() {
                let joined = fill(self.glue, &[&format!("{}{}", cut.first, cut.second), &date]);
                made.cuts[field as usize] = cut_of(&joined, cut.later_first);
            }
        }
        made
    }

    /// The hour as the locale, or the formatter, has it, with its half of the day behind it.
    fn with_hour(&self, skeleton: &str) -> String {
        let is_hour = |letter: char| matches!(letter, 'j' | 'J' | 'C' | 'h' | 'H' | 'k' | 'K');
        let is_half = |letter: char| matches!(letter, 'a' | 'b' | 'B');
        let Some(hour) = skeleton.chars().find(|letter| is_hour(*letter)) else {
            return skeleton.to_owned();
        };
        let pattern = self.best(&hour.to_string());
        let has = |letter| {
            tokens(&pattern)
                .iter()
                .any(|token| matches!(token, Token::Field(its, _) if *its == letter))
        };
        let written = [b'h', b'K', b'k']
            .into_iter()
            .find(|letter| has(*letter))
            .unwrap_or(b'H');
        let own = skeleton.chars().find(|letter| is_half(*letter));
        let half = if has(b'b') {
            'b'
        } else if has(b'B') {
            'B'
        } else {
            own.unwrap_or('a')
        };
        let halves = skeleton.chars().filter(|letter| is_half(*letter)).count();
        let hours = skeleton.chars().filter(|letter| is_hour(*letter)).count();
        let mut made = String::new();
        let mut done = false;
        for letter in skeleton.chars() {
            if is_half(letter) {
                continue;
            }
            if !is_hour(letter) {
                made.push(letter);
            } else if !done {
                done = true;
                made.push(char::from(written));
                if matches!(written, b'h' | b'K') {
                    let length = match halves.max(hours) {
                        0..3 => 1,
                        3..5 => 3,
                        _ => 5,
                    };
                    made.extend(std::iter::repeat_n(half, length));
                }
            }
        }
        made
    }

    /// The locale's patterns; whether there are some for these fields.
    fn own(&self, made: &mut Intervals, split: &Split) -> bool {
        let date = &split.plain_date;
        let time = &split.plain_time;
        let skeleton = if time.is_empty() { date } else { time };
        let Some((best, difference)) = self.nearest(skeleton) else {
            return false;
        };
        if !date.is_empty() {
            made.date = Some(self.best(date));
        }
        if !time.is_empty() {
            made.time = Some(self.best(time));
        }
        if difference == Difference::Fields {
            return false;
        }
        if time.is_empty() {
            self.set(made, Day, skeleton, &best, difference, true);
            let longer = self.set(made, Month, skeleton, &best, difference, true);
            let (skeleton, best) = longer.unwrap_or((skeleton.clone(), best));
            self.set(made, Year, &skeleton, &best, difference, true);
            self.set(made, Era, &skeleton, &best, difference, true);
        } else {
            self.set(made, Minute, skeleton, &best, difference, false);
            self.set(made, Hour, skeleton, &best, difference, false);
            self.set(made, Half, skeleton, &best, difference, false);
        }
        true
    }

    /// Sets the pattern of a field; gives the longer skeletons where only by those there was one.
    fn set(
        &self,
        made: &mut Intervals,
        field: Differs,
        skeleton: &str,
        best: &str,
        mut difference: Difference,
        extend: bool,
    ) -> Option<(String, String)> {
        let mut found = self.pattern(best, field).map(str::to_owned);
        let mut used = best.to_owned();
        let mut longer = None;
        let mut asked = skeleton.to_owned();
        if found.is_none() {
            if ignores(best, field) {
                return None;
            }
            if field == Half {
                if let Some(pattern) = self.pattern(best, Hour) {
                    made.cut(field, &adjusted(skeleton, best, pattern, difference));
                }
                return None;
            }
            if extend {
                let long_skeleton = format!("{}{skeleton}", field.letter());
                let long_best = format!("{}{best}", field.letter());
                found = self.pattern(&long_best, field).map(str::to_owned);
                if found.is_none()
                    && difference == Difference::None
                    && let Some((nearest, its)) = self.nearest(&long_best)
                {
                    difference = its;
                    if its != Difference::Fields {
                        found = self.pattern(&nearest, field).map(str::to_owned);
                        used = nearest;
                    }
                }
                skeleton.clone_into(&mut asked);
                longer = Some((long_skeleton, long_best));
            }
        }
        let pattern = found?;
        if difference == Difference::None {
            made.cut(field, &pattern);
        } else {
            made.cut(field, &adjusted(&asked, &used, &pattern, difference));
        }
        longer
    }

    /// The skeleton with interval patterns that is nearest.
    fn nearest(&self, skeleton: &str) -> Option<(String, Difference)> {
        let plain: String = skeleton
            .chars()
            .filter_map(|letter| match letter {
                'z' => Some('v'),
                'k' => Some('H'),
                'K' => Some('h'),
                'a' | 'b' => None,
                other => Some(other),
            })
            .collect();
        let replaced = skeleton.contains(['z', 'k', 'K', 'a', 'b']);
        let wanted = widths(&plain);
        let mut best: Option<(i32, &str, Difference)> = None;
        for known in self.data["patterns"].as_object()?.keys() {
            let has = widths(known);
            let mut far = 0;
            let mut difference = Difference::Widths;
            let letters = wanted
                .keys()
                .chain(has.keys().filter(|letter| !wanted.contains_key(letter)));
            for letter in letters {
                let mine = wanted.get(letter).copied().unwrap_or(0);
                let its = has.get(letter).copied().unwrap_or(0);
                if mine == its {
                    continue;
                }
                if mine == 0 || its == 0 {
                    difference = Difference::Fields;
                    far += 0x1000;
                } else if *letter == 'M' && (mine <= 2) != (its <= 2) {
                    far += 0x100;
                } else {
                    far += i32::try_from(mine.abs_diff(its)).unwrap_or(0);
                }
            }
            if best.is_none_or(|(so_far, ..)| far < so_far) {
                best = Some((
                    far,
                    known,
                    if far == 0 {
                        Difference::None
                    } else {
                        difference
                    },
                ));
            }
        }
        let (_, known, difference) = best?;
        let difference = if replaced && difference != Difference::Fields {
            Difference::Letters
        } else {
            difference
        };
        Some((known.to_owned(), difference))
    }
}

/// What a skeleton and the nearest one differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Difference {
    None,
    Widths,
    /// Letters that stand for nearly the same.
    Letters,
    Fields,
}

fn widths(skeleton: &str) -> BTreeMap<char, usize> {
    let mut found = BTreeMap::new();
    for letter in skeleton.chars() {
        *found.entry(letter).or_insert(0) += 1;
    }
    found
}

/// A pattern with the widths that are asked for.
fn adjusted(skeleton: &str, best: &str, pattern: &str, difference: Difference) -> String {
    let wanted = widths(skeleton);
    let mut has = widths(best);
    let mut pieces = tokens(pattern);
    if difference == Difference::Letters {
        for (from, to) in [(b'v', b'z'), (b'h', b'K'), (b'H', b'k'), (b'a', b'b')] {
            if !wanted.contains_key(&char::from(to)) {
                continue;
            }
            for piece in &mut pieces {
                if let Token::Field(letter, _) = piece
                    && *letter == from
                {
                    *letter = to;
                }
            }
        }
    }
    for half in [b'a', b'b'] {
        if pieces
            .iter()
            .any(|piece| matches!(piece, Token::Field(letter, _) if *letter == half))
        {
            has.entry(char::from(half)).or_insert(1);
        }
    }
    let mut made = String::new();
    for piece in pieces {
        match piece {
            Token::Text(text) => made.push_str(&text),
            Token::Field(letter, length) => {
                let by = if letter == b'L' {
                    'M'
                } else {
                    char::from(letter)
                };
                let its = has.get(&by).copied().unwrap_or(0);
                let asked = wanted.get(&by).copied().unwrap_or(0);
                let width = if its == length && asked > its {
                    asked
                } else {
                    length
                };
                made.extend(std::iter::repeat_n(char::from(letter), width));
            }
        }
    }
    made
}

/// Cuts a pattern before the first field that comes again.
fn cut_of(pattern: &str, later_first: bool) -> Cut {
    let (pattern, later_first) = match pattern.strip_prefix("latestFirst:") {
        Some(rest) => (rest, true),
        None => match pattern.strip_prefix("earliestFirst:") {
            Some(rest) => (rest, false),
            None => (pattern, later_first),
        },
    };
    let mut seen = Vec::new();
    let mut place = 0;
    for token in tokens(pattern) {
        match token {
            Token::Text(text) => place += text.len(),
            Token::Field(letter, _) if seen.contains(&letter) => break,
            Token::Field(letter, length) => {
                seen.push(letter);
                place += length;
            }
        }
    }
    Cut {
        first: pattern[..place].to_owned(),
        second: pattern[place..].to_owned(),
        later_first,
    }
}

/// A skeleton's date and time, as they are and as skeletons of intervals are.
#[derive(Default)]
struct Split {
    date: String,
    time: String,
    plain_date: String,
    plain_time: String,
}

impl Split {
    fn of(skeleton: &str) -> Self {
        let mut made = Self::default();
        let mut counts: BTreeMap<char, usize> = BTreeMap::new();
        let mut hour = None;
        for letter in skeleton.chars() {
            match letter {
                'E' | 'd' | 'M' | 'y' => {
                    made.date.push(letter);
                    *counts.entry(letter).or_insert(0) += 1;
                }
                'G' | 'Y' | 'u' | 'Q' | 'q' | 'L' | 'l' | 'W' | 'w' | 'D' | 'F' | 'g' | 'e'
                | 'c' | 'U' | 'r' => {
                    made.date.push(letter);
                    made.plain_date.push(letter);
                }
                'h' | 'H' | 'k' | 'K' => {
                    made.time.push(letter);
                    hour = hour.or(Some(letter));
                }
                'm' | 'z' | 'v' => {
                    made.time.push(letter);
                    *counts.entry(letter).or_insert(0) += 1;
                }
                'a' | 'V' | 'Z' | 'j' | 's' | 'S' | 'A' | 'b' | 'B' => {
                    made.time.push(letter);
                    made.plain_time.push(letter);
                }
                _ => {}
            }
        }
        let count = |letter| counts.get(&letter).copied().unwrap_or(0);
        let narrowed = |count: usize, texts: usize| match count {
            0 => 0,
            count if count < texts => 1,
            count => count.min(5),
        };
        let mut push = |letter, times| made.plain_date.extend(std::iter::repeat_n(letter, times));
        push('y', count('y'));
        push('M', narrowed(count('M'), 3));
        push('E', narrowed(count('E'), 4));
        push('d', count('d').min(1));
        made.plain_time.extend(hour);
        for letter in ['m', 'z', 'v'] {
            made.plain_time
                .extend(std::iter::repeat_n(letter, count(letter).min(1)));
        }
        made
    }
}

impl Intervals {
    fn cut(&mut self, field: Differs, pattern: &str) {
        self.cuts[field as usize] = cut_of(pattern, false);
    }

    /// Both are written whole, by a pattern that has the field.
    fn whole(&mut self, field: Differs, pattern: &str) {
        let cut = &mut self.cuts[field as usize];
        cut.first.clear();
        pattern.clone_into(&mut cut.second);
        cut.later_first = false;
    }

    /// What to write where the instants differ in a field, and whether the later is written first. None
    /// where nothing that is written differs.
    pub(super) fn pieces(&self, field: Differs) -> Option<(Vec<Piece>, bool)> {
        let cut = self.cuts.get(field as usize).cloned().unwrap_or_default();
        if cut.first.is_empty() && cut.second.is_empty() {
            if ignores(&self.pattern, field) {
                return None;
            }
            return Some(self.fallback(field, &self.pattern));
        }
        if cut.first.is_empty() {
            return Some(self.fallback(field, &cut.second));
        }
        let pieces = if cut.later_first {
            vec![Piece::To(cut.first), Piece::From(cut.second)]
        } else {
            vec![Piece::From(cut.first), Piece::To(cut.second)]
        };
        Some((pieces, cut.later_first))
    }

    fn fallback(&self, field: Differs, pattern: &str) -> (Vec<Piece>, bool) {
        let same_day = field.level() >= Half.level();
        let (Some(date), Some(time), true) = (&self.date, &self.time, same_day) else {
            return self.both(pattern);
        };
        let (times, later_first) = self.both(time);
        let mut pieces = Vec::new();
        for place in places(&self.glue) {
            match place {
                Place::Text(text) => pieces.push(Piece::Text(text.to_owned())),
                Place::Value(0) => pieces.extend(times.iter().cloned()),
                Place::Value(_) => pieces.push(Piece::From(date.clone())),
            }
        }
        (pieces, later_first)
    }

    fn both(&self, pattern: &str) -> (Vec<Piece>, bool) {
        let places = places(&self.fallback);
        let later_first = places.iter().find_map(|place| match place {
            Place::Value(number) => Some(*number == 1),
            Place::Text(_) => None,
        });
        let pieces = places.into_iter().map(|place| match place {
            Place::Text(text) => Piece::Text(text.to_owned()),
            Place::Value(0) => Piece::From(pattern.to_owned()),
            Place::Value(_) => Piece::To(pattern.to_owned()),
        });
        (pieces.collect(), later_first.unwrap_or(false))
    }
}

enum Place<'a> {
    Text(&'a str),
    Value(u8),
}

/// The pieces of a text with places: `{1} – {0}`.
fn places(text: &str) -> Vec<Place<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let number = match rest.get(at..at + 3) {
            Some("{0}") => 0,
            Some("{1}") => 1,
            _ => break,
        };
        if at > 0 {
            found.push(Place::Text(&rest[..at]));
        }
        found.push(Place::Value(number));
        rest = &rest[at + 3..];
    }
    if !rest.is_empty() {
        found.push(Place::Text(rest));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_cut_where_a_field_comes_again() {
        let cut = cut_of("MMM d – d, y", false);
        assert_eq!(
            (cut.first.as_str(), cut.second.as_str()),
            ("MMM d – ", "d, y")
        );
        let cut = cut_of("y", false);
        assert_eq!((cut.first.as_str(), cut.second.as_str()), ("y", ""));
        assert!(cut_of("latestFirst:d – d", false).later_first);
    }

    #[test]
    fn fields_are_made_wider() {
        assert_eq!(
            adjusted("yMMMMd", "yMMMd", "MMM d – d, y", Difference::Widths),
            "MMMM d – d, y"
        );
        assert_eq!(
            adjusted("hmz", "hmv", "h:mm – h:mm a v", Difference::Letters),
            "h:mm – h:mm a z"
        );
    }

    #[test]
    fn a_pattern_ignores_what_is_smaller_than_its_fields() {
        assert!(ignores("d MMM y", Half));
        assert!(!ignores("d MMM y", Day));
        assert!(ignores("'h'", Hour));
    }

    #[test]
    fn a_skeleton_has_a_date_and_a_time() {
        let split = Split::of("yMMEEdhammz");
        assert_eq!(
            (split.date.as_str(), split.time.as_str()),
            ("yMMEEd", "hammz")
        );
        assert_eq!(
            (split.plain_date.as_str(), split.plain_time.as_str()),
            ("yMEd", "ahmz")
        );
    }
}
