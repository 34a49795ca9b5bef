//! What options come to: a pattern. As V8 reads them.

use super::generator::Generator;
use super::skeleton::{Skeleton, Token, tokens};
use super::{DateFormat, Error};
use crate::intl::Value;

/// The options that are fields, with the letters of each value. In the order of `resolvedOptions`; where one
/// value's letters are the beginning of another's, the longer ones come first.
const WORDS: &[(&str, &str)] = &[("narrow", "5"), ("long", "4"), ("short", "3")];

/// A formatter's hours: `h11`, `h12`, `h23`, `h24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cycle(pub(super) u8);

impl Cycle {
    fn named(name: &str) -> Option<Self> {
        Some(Self(match name {
            "h11" => b'K',
            "h12" => b'h',
            "h23" => b'H',
            "h24" => b'k',
            _ => return None,
        }))
    }

    pub(super) fn name(self) -> &'static str {
        cycle_of(self.0)
    }
}

pub(super) fn cycle_of(letter: u8) -> &'static str {
    match letter {
        b'K' => "h11",
        b'h' => "h12",
        b'k' => "h24",
        _ => "h23",
    }
}

/// What came of a formatter's options.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub(super) pattern: String,
    /// The style that the pattern is of, where nothing of it was changed.
    pub(super) style: Option<&'static str>,
    /// The hours, where they are asked for.
    pub(super) cycle: Option<Cycle>,
}

/// Chooses the pattern. `of` is the calendar's data; `japanese` locales have their own twelve hours.
pub(super) fn choose(
    format: &DateFormat,
    of: &Value,
    generator: &Generator,
    japanese: bool,
) -> Result<Chosen, Error> {
    let cycle = cycle(format, generator.hour(), japanese)?;
    let date = format.date_style.as_deref().map(style).transpose()?;
    let time = format.time_style.as_deref().map(style).transpose()?;
    if date.is_some() || time.is_some() {
        return Ok(of_styles(date, time, of, generator, cycle));
    }
    let skeleton = skeleton(format, cycle)?;
    let cycle = format.hour.as_ref().map(|_| cycle);
    let pattern = with_cycle(&generator.best(&skeleton, true, None), cycle);
    Ok(Chosen {
        pattern,
        style: None,
        cycle,
    })
}

fn style(name: &str) -> Result<&'static str, Error> {
    ["full", "long", "medium", "short"]
        .into_iter()
        .find(|known| *known == name)
        .ok_or_else(|| wrong("style", name))
}

pub(super) fn wrong(what: &str, value: &str) -> Error {
    let shown: String = value.chars().take(40).collect();
    Error::Argument(format!("`{shown}` is no {what}"))
}

/// The hours that are asked for, or that the locale prefers.
fn cycle(format: &DateFormat, preferred: u8, japanese: bool) -> Result<Cycle, Error> {
    let asked = match format.hour_cycle.as_deref() {
        Some(name) => Some(Cycle::named(name).ok_or_else(|| wrong("hour cycle", name))?),
        None => None,
    };
    Ok(match format.hour12 {
        Some(true) => match preferred {
            b'K' | b'h' => Cycle(preferred),
            _ if japanese => Cycle(b'K'),
            _ => Cycle(b'h'),
        },
        Some(false) => match preferred {
            b'H' | b'k' => Cycle(preferred),
            _ => Cycle(b'H'),
        },
        None => asked.unwrap_or(Cycle(preferred)),
    })
}

fn of_styles(
    date: Option<&'static str>,
    time: Option<&'static str>,
    of: &Value,
    generator: &Generator,
    cycle: Cycle,
) -> Chosen {
    let text = |kind: &str, style: &str| of[kind][style].as_str().unwrap_or_default().to_owned();
    let pattern = match (date, time) {
        (Some(date), Some(time)) => {
            let glue = text("atTime", date);
            super::generator::fill(&glue, &[&text("time", time), &text("date", date)])
        }
        (Some(date), None) => text("date", date),
        (_, time) => text("time", time.unwrap_or("short")),
    };
    if time.is_none() {
        return Chosen {
            pattern,
            style: date,
            cycle: None,
        };
    }
    if hour_of(&pattern) == Some(cycle.0) {
        return Chosen {
            pattern,
            style: date,
            cycle: Some(cycle),
        };
    }
    let skeleton = Skeleton::of(&pattern).text();
    let skeleton: String = skeleton
        .chars()
        .filter(|letter| !matches!(letter, 'a' | 'b' | 'B'))
        .map(|letter| {
            if matches!(letter, 'h' | 'H' | 'K' | 'k') {
                char::from(cycle.0)
            } else {
                letter
            }
        })
        .collect();
    Chosen {
        pattern: with_cycle(&generator.best(&skeleton, true, None), Some(cycle)),
        style: None,
        cycle: Some(cycle),
    }
}

/// The letter of a pattern's first hour.
fn hour_of(pattern: &str) -> Option<u8> {
    tokens(pattern).into_iter().find_map(|token| match token {
        Token::Field(letter @ (b'K' | b'h' | b'H' | b'k'), _) => Some(letter),
        _ => None,
    })
}

/// A pattern with the hours that are asked for. Where the hour is right behind the day, a space is put between.
fn with_cycle(pattern: &str, cycle: Option<Cycle>) -> String {
    let Some(Cycle(letter)) = cycle else {
        return pattern.to_owned();
    };
    let mut made = String::with_capacity(pattern.len());
    let mut day = false;
    for token in tokens(pattern) {
        match token {
            Token::Text(text) => {
                made.push_str(&text);
                day = false;
            }
            Token::Field(its, length) => {
                let is_hour = matches!(its, b'K' | b'h' | b'H' | b'k');
                if is_hour && day {
                    made.push(' ');
                }
                let its = if is_hour { letter } else { its };
                made.extend(std::iter::repeat_n(char::from(its), length));
                day = its == b'd';
            }
        }
    }
    made
}

/// The skeleton of the fields.
fn skeleton(format: &DateFormat, cycle: Cycle) -> Result<String, Error> {
    let mut made = String::new();
    let mut words = |what: &str, value: Option<&String>, letter: char, short: usize| {
        let Some(value) = value else {
            return Ok(());
        };
        let length = match value.as_str() {
            "narrow" => 5,
            "long" => 4,
            "short" => short,
            other => return Err(wrong(what, other)),
        };
        made.extend(std::iter::repeat_n(letter, length));
        Ok(())
    };
    words("weekday", format.weekday.as_ref(), 'E', 3)?;
    words("era", format.era.as_ref(), 'G', 3)?;
    let is_number = |value: &&String| matches!(value.as_str(), "numeric" | "2-digit");
    words(
        "month",
        format.month.as_ref().filter(|month| !is_number(month)),
        'M',
        3,
    )?;
    words("day period", format.day_period.as_ref(), 'B', 1)?;
    let mut numbers = |what: &str, value: Option<&String>, letter: char| {
        let Some(value) = value else {
            return Ok(());
        };
        let length = match value.as_str() {
            "numeric" => 1,
            "2-digit" => 2,
            other => return Err(wrong(what, other)),
        };
        made.extend(std::iter::repeat_n(letter, length));
        Ok(())
    };
    numbers("year", format.year.as_ref(), 'y')?;
    numbers("month", format.month.as_ref().filter(is_number), 'M')?;
    numbers("day", format.day.as_ref(), 'd')?;
    numbers("hour", format.hour.as_ref(), char::from(cycle.0))?;
    numbers("minute", format.minute.as_ref(), 'm')?;
    numbers("second", format.second.as_ref(), 's')?;
    match format.fractional_second_digits {
        None => {}
        Some(digits @ 1..=3) => made.extend(std::iter::repeat_n('S', digits.into())),
        Some(_) => {
            return Err(Error::Argument(
                "fractionalSecondDigits is from 1 to 3".to_owned(),
            ));
        }
    }
    if let Some(name) = &format.time_zone_name {
        made.push_str(match name.as_str() {
            "short" => "z",
            "long" => "zzzz",
            "shortOffset" => "O",
            "longOffset" => "OOOO",
            "shortGeneric" => "v",
            "longGeneric" => "vvvv",
            other => return Err(wrong("name of a time zone", other)),
        });
    }
    Ok(made)
}

/// The fields of a pattern, as `resolvedOptions` shows them.
pub(super) fn fields(pattern: &str) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut add = |name: &'static str, letters: &[&str], values: &[(&str, &str)]| {
        for letter in letters {
            for (value, length) in values {
                let length: usize = length.parse().unwrap_or(1);
                if pattern.contains(&letter.repeat(length)) {
                    found.push((name, (*value).to_owned()));
                    return;
                }
            }
        }
    };
    let numbers = &[("2-digit", "2"), ("numeric", "1")];
    let months: Vec<_> = WORDS.iter().chain(numbers).copied().collect();
    add("weekday", &["E", "c"], WORDS);
    add("era", &["G"], WORDS);
    add("year", &["y"], numbers);
    add("month", &["M", "L"], &months);
    add("day", &["d"], numbers);
    let periods: Vec<_> = [("narrow", "5"), ("long", "4"), ("short", "1")]
        .into_iter()
        .flat_map(|(value, length)| {
            ["B", "b"].map(|letter| (value, letter.repeat(length.parse().unwrap_or(1))))
        })
        .collect();
    if let Some((value, _)) = periods
        .iter()
        .find(|(_, letters)| pattern.contains(letters))
    {
        found.push(("dayPeriod", (*value).to_owned()));
    }
    let mut add = |name: &'static str, values: &[(&str, &str)]| {
        if let Some((value, _)) = values.iter().find(|(_, letters)| pattern.contains(letters)) {
            found.push((name, (*value).to_owned()));
        }
    };
    let hours: Vec<(&str, &str)> = ["HH", "H", "hh", "h", "kk", "k", "KK", "K"]
        .into_iter()
        .map(|letters| {
            (
                if letters.len() == 2 {
                    "2-digit"
                } else {
                    "numeric"
                },
                letters,
            )
        })
        .collect();
    add("hour", &hours);
    add("minute", &[("2-digit", "mm"), ("numeric", "m")]);
    add("second", &[("2-digit", "ss"), ("numeric", "s")]);
    let digits = pattern.matches('S').count().min(3);
    if digits > 0 {
        found.push(("fractionalSecondDigits", digits.to_string()));
    }
    let zones = [
        ("long", "zzzz"),
        ("short", "z"),
        ("longOffset", "OOOO"),
        ("shortOffset", "O"),
        ("longGeneric", "vvvv"),
        ("shortGeneric", "v"),
    ];
    if let Some((value, _)) = zones.iter().find(|(_, letters)| pattern.contains(letters)) {
        found.push(("timeZoneName", (*value).to_owned()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_told_by_their_letters() {
        let of = |pattern: &str| {
            fields(pattern)
                .into_iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(
            of("EEE, d MMMM y"),
            "weekday=short year=numeric month=long day=numeric"
        );
        assert_eq!(
            of("hh:mm:ss.SSS B z"),
            "dayPeriod=short hour=2-digit minute=2-digit second=2-digit fractionalSecondDigits=3 timeZoneName=short"
        );
    }

    #[test]
    fn hours_are_those_that_are_asked_for() {
        assert_eq!(with_cycle("d 'h' h:mm", Some(Cycle(b'H'))), "d 'h' H:mm");
        assert_eq!(with_cycle("dHH", Some(Cycle(b'k'))), "d kk");
        assert_eq!(hour_of("d 'h' KK"), Some(b'K'));
    }
}
