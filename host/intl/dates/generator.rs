//! Finds the pattern that writes certain fields, among those that a locale has.
//!
//! The way of ICU's `DateTimePatternGenerator`: the nearest pattern, its fields made as wide as asked for;
//! where none has all fields, one for the date and one for the time, joined, and what still lacks appended.

use super::skeleton::{
    DAY_PERIOD, Distance, ERA, FRACTION, HOUR, MINUTE, MONTH, SECOND, Skeleton, Token, WEEKDAY,
    YEAR, ZONE, tokens, way,
};

/// One letter for each field: a pattern of last resort.
const LETTERS: [&str; 16] = [
    "G", "y", "Q", "M", "w", "W", "E", "D", "F", "d", "a", "H", "m", "s", "S", "v",
];

const DATES: u32 = (1 << DAY_PERIOD) - 1;
const TIMES: u32 = 0xffff & !DATES;

struct Known {
    skeleton: Skeleton,
    pattern: String,
    /// The locale names the skeleton; otherwise it is the pattern's.
    named: bool,
}

/// What a locale has for a calendar.
pub(super) struct Generator {
    known: Vec<Known>,
    /// How a field is appended: `{0}` is the pattern, `{1}` the field, `{2}` its name.
    append: [String; 16],
    /// How time (`{0}`) and date (`{1}`) are joined: full, long, medium, short.
    glue: [String; 4],
    /// The letter of the hour that the locale prefers.
    hour: u8,
    /// The mark before fractions of a second.
    decimal: String,
}

/// What a generator is made of.
pub(super) struct Material<'a> {
    /// Patterns of the styles: of times, then of dates.
    pub(super) styles: Vec<&'a str>,
    /// By skeleton. Of two that are as near, the first counts.
    pub(super) available: Vec<(&'a str, &'a str)>,
    /// By field, the field's name put in.
    pub(super) append: [String; 16],
    pub(super) glue: [String; 4],
    pub(super) hour: u8,
    pub(super) decimal: String,
}

impl Generator {
    pub(super) fn new(material: Material<'_>) -> Self {
        let mut made = Self {
            known: Vec::new(),
            append: material.append,
            glue: material.glue,
            hour: material.hour,
            decimal: material.decimal,
        };
        for letter in LETTERS {
            made.add(letter, None);
        }
        for pattern in material.styles {
            made.add(pattern, None);
        }
        for (skeleton, pattern) in material.available {
            made.add(pattern, Some(skeleton));
        }
        // They are in the order of their first letters, capitals first.
        made.known.sort_by_key(|known| known.skeleton.first());
        made
    }

    fn add(&mut self, pattern: &str, named: Option<&str>) {
        let skeleton = Skeleton::of(named.unwrap_or(pattern));
        if skeleton.mask() == 0 {
            return;
        }
        if named.is_none()
            && self
                .known
                .iter()
                .any(|known| !known.named && known.skeleton.base == skeleton.base)
        {
            return;
        }
        let same = self
            .known
            .iter()
            .find(|known| known.skeleton.letters == skeleton.letters);
        if same.is_some_and(|known| named.is_none() || known.named) {
            return;
        }
        let old = self.known.iter_mut().find(|known| {
            known.skeleton.base == skeleton.base && known.skeleton.kinds == skeleton.kinds
        });
        if let Some(old) = old {
            pattern.clone_into(&mut old.pattern);
            old.named = named.is_some();
            return;
        }
        self.known.push(Known {
            skeleton,
            pattern: pattern.to_owned(),
            named: named.is_some(),
        });
    }

    /// The letter of the hour that the locale prefers.
    pub(super) fn hour(&self) -> u8 {
        self.hour
    }

    /// The pattern that writes the fields of a skeleton. With `widths`, the hour is as wide as asked for;
    /// otherwise as the locale has it. `hour` is the letter that is preferred, where it is not the locale's.
    pub(super) fn best(&self, skeleton: &str, widths: bool, hour: Option<u8>) -> String {
        let asked = Asked {
            generator: self,
            wanted: Skeleton::of(skeleton),
            widths,
            preferred: hour.unwrap_or(self.hour),
        };
        asked.best()
    }
}

/// One search.
struct Asked<'a> {
    generator: &'a Generator,
    wanted: Skeleton,
    widths: bool,
    /// The letter of the hour that is preferred.
    preferred: u8,
}

impl Asked<'_> {
    fn best(&self) -> String {
        let Some((known, distance)) = self.nearest(u32::MAX) else {
            return String::new();
        };
        if distance.missing == 0 && distance.extra == 0 {
            return self.adjusted(
                &known.pattern,
                known.named.then_some(&known.skeleton),
                false,
            );
        }
        let needed = self.wanted.mask();
        let date = self.appended(needed & DATES);
        let time = self.appended(needed & TIMES);
        if date.is_empty() {
            return time;
        }
        if time.is_empty() {
            return date;
        }
        let style = match self.wanted.base[MONTH].1 {
            4 if self.wanted.base[WEEKDAY].1 > 0 => 0,
            4 => 1,
            3 => 2,
            _ => 3,
        };
        fill(&self.generator.glue[style], &[&time, &date])
    }

    fn nearest(&self, mask: u32) -> Option<(&Known, Distance)> {
        let mut best: Option<(&Known, Distance)> = None;
        for known in &self.generator.known {
            let distance = self.wanted.distance(&known.skeleton, mask);
            let better = best.as_ref().is_none_or(|(_, so_far)| {
                distance.far < so_far.far
                    || (distance.far == so_far.far && so_far.missing < distance.missing)
            });
            if better {
                best = Some((known, distance));
                if distance.far == 0 {
                    break;
                }
            }
        }
        best
    }

    /// A pattern with all fields of `wanted`, put together if need be.
    fn appended(&self, wanted: u32) -> String {
        if wanted == 0 {
            return String::new();
        }
        let Some((known, distance)) = self.nearest(wanted) else {
            return String::new();
        };
        let mut named = known.named.then_some(&known.skeleton);
        let mut pattern = self.adjusted(&known.pattern, named, false);
        let mut missing = distance.missing;
        let seconds = (1 << SECOND) | (1 << FRACTION);
        let mut last = 0;
        while missing != 0 && missing != last {
            if missing & seconds == 1 << FRACTION && wanted & seconds == seconds {
                pattern = self.adjusted(&pattern, named, true);
                missing &= !(1 << FRACTION);
                continue;
            }
            let Some((known, distance)) = self.nearest(missing) else {
                break;
            };
            named = known.named.then_some(&known.skeleton);
            let more = self.adjusted(&known.pattern, named, false);
            let found = missing & !distance.missing;
            let top = (31 - found.max(1).leading_zeros() as usize).min(ZONE);
            pattern = fill(&self.generator.append[top], &[&pattern, &more]);
            last = distance.missing;
            missing = distance.missing;
            if found == 0 {
                break;
            }
        }
        pattern
    }

    /// A pattern with its fields written as asked for.
    fn adjusted(&self, pattern: &str, named: Option<&Skeleton>, fraction: bool) -> String {
        let mut made = String::with_capacity(pattern.len() + 8);
        for token in tokens(pattern) {
            let (letter, length) = match token {
                Token::Text(text) => {
                    made.push_str(&text);
                    continue;
                }
                Token::Field(letter, length) => (letter, length),
            };
            let (letter, length) = match way(letter, length) {
                Some(way) if fraction && way.field == SECOND => {
                    push(&mut made, letter, length);
                    made.push_str(&self.generator.decimal);
                    self.wanted.letters[FRACTION]
                }
                Some(way) if self.wanted.has(way.field) => {
                    self.as_wanted(&way, letter, length, named)
                }
                _ => (letter, length),
            };
            push(&mut made, letter, length);
        }
        made
    }

    fn as_wanted(
        &self,
        way: &super::skeleton::Way,
        letter: u8,
        length: usize,
        named: Option<&Skeleton>,
    ) -> (u8, usize) {
        let field = way.field;
        let (asked_letter, mut asked) = self.wanted.letters[field];
        if asked_letter == b'E' && asked < 3 {
            asked = 3;
        }
        let mut width = asked;
        if (field == HOUR && !self.widths) || field == MINUTE || field == SECOND {
            width = length;
        } else if let Some(named) = named
            && asked_letter != b'c'
            && asked_letter != b'e'
        {
            let numeric = way.kind > 0;
            let asked_numeric = self.wanted.kinds[field] > 0;
            if named.letters[field].1 == asked || numeric != asked_numeric {
                width = length;
            }
        }
        let kept =
            matches!(field, HOUR | MONTH | WEEKDAY) || (field == YEAR && asked_letter != b'Y');
        let mut used = if kept { letter } else { asked_letter };
        if used == b'E' && width < 3 {
            used = b'e';
        }
        if field == HOUR {
            used = self.hour(asked_letter, used);
        }
        (used, width)
    }

    /// The cycle that the locale prefers, where it is of the same hours.
    fn hour(&self, asked: u8, used: u8) -> u8 {
        let preferred = self.preferred;
        match (asked, preferred) {
            _ if asked == preferred => preferred,
            (b'h', b'K') | (b'K', b'h') | (b'H', b'k') | (b'k', b'H') => preferred,
            _ => used,
        }
    }
}

fn push(made: &mut String, letter: u8, length: usize) {
    made.extend(std::iter::repeat_n(char::from(letter), length));
}

/// Puts values in the places of a text: `{0}`, `{1}`. Quotes in it stay, since it is part of a pattern.
pub(super) fn fill(text: &str, values: &[&str]) -> String {
    let mut made =
        String::with_capacity(text.len() + values.iter().map(|value| value.len()).sum::<usize>());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        made.push_str(&rest[..at]);
        let place = rest[at + 1..]
            .find('}')
            .map(|end| &rest[at + 1..at + 1 + end]);
        match place.and_then(|place| Some((place.len(), values.get(place.parse::<usize>().ok()?)?)))
        {
            Some((length, value)) => {
                made.push_str(value);
                rest = &rest[at + length + 2..];
            }
            None => {
                made.push('{');
                rest = &rest[at + 1..];
            }
        }
    }
    made.push_str(rest);
    made
}

/// The fields that can be appended, by CLDR's names.
pub(super) const APPENDED: [(&str, usize, &str); 9] = [
    ("Era", ERA, "era"),
    ("Year", YEAR, "year"),
    ("Month", MONTH, "month"),
    ("Day-Of-Week", WEEKDAY, "weekday"),
    ("Day", 9, "day"),
    ("Hour", HOUR, "hour"),
    ("Minute", MINUTE, "minute"),
    ("Second", SECOND, "second"),
    ("Timezone", ZONE, "zone"),
];
