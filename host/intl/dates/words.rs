//! The words and digits of a locale for a calendar, and what a letter of a pattern writes with them.

use super::generator::{APPENDED, Generator, Material, fill};
use super::locale::{Locale, hour};
use super::moment::Moment;
use super::pattern::Chosen;
use super::write::push_number;
use super::zone_names::ZoneNames;
use super::{Calendar, Dates, Error};
use crate::intl::Value;
use std::cmp::Reverse;
use std::sync::Arc;

/// What a pattern is written with.
pub(super) struct Words {
    section: Arc<Value>,
    /// The calendar's data where it is not the Gregorian calendar's.
    other: Option<Value>,
    pub(super) calendar: Calendar,
    language: String,
    /// The locale's name has the region Japan.
    pub(super) japanese: bool,
    digits: Vec<char>,
    minus: String,
    /// When the periods of a day begin, where the language has them.
    day_periods: Option<Value>,
    /// The codes of eras that have no name.
    era_codes: Value,
    /// The digits of Chinese numbers.
    han: Vec<char>,
    pub(super) eras: Vec<(i32, (i64, u8, u8))>,
    pub(super) zones: ZoneNames,
    pub(super) generator: Generator,
}

/// How years and days are counted where it is not by the locale's digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Counting {
    Digits,
    /// Hebrew letters.
    Hebrew,
    /// The first year of an era has a name of its own, in Japanese.
    FirstYear,
    /// Days are in Chinese words.
    HanDays,
    /// Days are in other digits.
    Days(Vec<char>),
}

impl Words {
    /// `numbers` is a numbering system; the locale's where there is no such.
    pub(super) fn new(
        dates: &Dates,
        locale: &str,
        calendar: Calendar,
        numbers: &str,
    ) -> Result<Self, Error> {
        let section = dates.section(locale, "dates")?;
        let plain = dates.plain()?;
        let parsed = Locale::parse(locale)?;
        let systems = dates.numbers()?;
        let of_numbers = dates.section(locale, "numbers")?;
        let own = of_numbers["system"].as_str().unwrap_or("latn");
        let digits_of = |system: &str| -> Option<Vec<char>> {
            let digits: Vec<char> = systems["digits"].get(system)?.as_str()?.chars().collect();
            (digits.len() == 10).then_some(digits)
        };
        let system = if digits_of(numbers).is_some() {
            numbers
        } else {
            own
        };
        let digits = digits_of(system).unwrap_or_else(|| ('0'..='9').collect());
        let symbols = [system, own, "latn"]
            .into_iter()
            .find_map(|system| of_numbers["systems"].get(system)?.get("symbols"))
            .unwrap_or(&Value::Null);
        let symbol =
            |name: &str, otherwise: &str| symbols[name].as_str().unwrap_or(otherwise).to_owned();
        let other = other(dates, locale, &section, calendar)?;
        let of = other.as_ref().unwrap_or(&section["gregory"]);
        let generator = Generator::new(material(
            of,
            &section["fields"],
            hour(&plain, &parsed),
            symbol("decimal", "."),
        ));
        let eras = match calendar {
            Calendar::Japanese => japanese_eras(&plain["eras"]["japanese"]),
            _ => Vec::new(),
        };
        let era_codes = &plain["eras"][cldr_name(calendar)];
        let named = matches!(calendar, Calendar::Japanese | Calendar::Iso8601);
        Ok(Self {
            zones: ZoneNames::new(locale, parsed.own_region(&plain), digits.clone()),
            minus: symbol("minusSign", "-"),
            day_periods: day_periods(&plain["dayPeriods"], locale).cloned(),
            era_codes: if named {
                Value::Null
            } else {
                era_codes.clone()
            },
            han: digits_of("hanidec").unwrap_or_default(),
            language: parsed.language.clone(),
            japanese: parsed.named_region() == Some("JP"),
            section: Arc::clone(&section),
            other,
            calendar,
            digits,
            eras,
            generator,
        })
    }

    /// The calendar's data.
    pub(super) fn of(&self) -> &Value {
        self.other.as_ref().unwrap_or_else(|| self.gregory())
    }

    /// The Gregorian calendar's data, from which others have the days and some the months.
    pub(super) fn gregory(&self) -> &Value {
        &self.section["gregory"]
    }

    /// How a pattern that was chosen counts.
    pub(super) fn counting(&self, chosen: &Chosen) -> Counting {
        let style = chosen
            .style
            .and_then(|style| self.of()["numbers"].get(style))
            .and_then(Value::as_str);
        match style {
            Some("hebr") => Counting::Hebrew,
            Some("d=hanidays") => Counting::HanDays,
            Some("hanidec" | "d=hanidec") => Counting::Days(self.han.clone()),
            _ => self.plain_counting(&chosen.pattern),
        }
    }

    /// How any other pattern counts.
    pub(super) fn plain_counting(&self, pattern: &str) -> Counting {
        if self.calendar == Calendar::Japanese && self.language == "ja" && pattern.contains('年') {
            Counting::FirstYear
        } else {
            Counting::Digits
        }
    }

    pub(super) fn field(
        &self,
        letter: u8,
        length: usize,
        moment: &Moment,
        precise: (bool, bool),
        counting: &Counting,
    ) -> String {
        let width = match length {
            5 => "narrow",
            4 => "long",
            _ => "short",
        };
        match letter {
            b'G' => self.era(moment, width),
            b'y' | b'Y' => self.year(moment.year, length, counting),
            b'u' => self.year(moment.year, length, counting),
            b'r' => self.number(moment.related.into(), length, *counting == Counting::Hebrew),
            b'U' => match self.of()["years"]
                .get(moment.cyclic.to_string())
                .and_then(Value::as_str)
            {
                Some(name) => name.to_owned(),
                None => self.year(moment.year, length, counting),
            },
            b'M' => self.month(moment, length, "format", width, counting),
            b'L' => self.month(moment, length, "alone", width, counting),
            b'd' => match counting {
                Counting::HanDays => han_day(moment.day),
                Counting::Days(digits) => {
                    let mut made = String::new();
                    push_number(&mut made, moment.day.into(), length, digits, &self.minus);
                    made
                }
                _ => self.number(moment.day.into(), length, *counting == Counting::Hebrew),
            },
            b'E' | b'e' => self.weekday(moment, "format", width),
            b'c' => self.weekday(moment, "alone", width),
            b'a' => self.half(moment, width),
            b'b' => self.noon(moment, width, precise),
            b'B' => self.day_period(moment, width, precise),
            b'h' => self.plain((moment.hour + 11) % 12 + 1, length),
            b'H' => self.plain(moment.hour, length),
            b'K' => self.plain(moment.hour % 12, length),
            b'k' => self.plain((moment.hour + 23) % 24 + 1, length),
            b'm' => self.plain(moment.minute, length),
            b's' => self.plain(moment.second, length),
            b'S' => {
                let digits = length.min(3);
                let divisor = [1000, 100, 10, 1][digits];
                self.number((moment.millisecond / divisor).into(), digits, false)
            }
            _ => String::new(),
        }
    }

    fn plain(&self, value: u8, least: usize) -> String {
        self.number(value.into(), least, false)
    }

    fn number(&self, value: i64, least: usize, hebrew: bool) -> String {
        if hebrew && let Some(letters) = hebrew_letters(value) {
            return letters;
        }
        let mut made = String::new();
        push_number(&mut made, value, least, &self.digits, &self.minus);
        made
    }

    fn year(&self, year: i32, length: usize, counting: &Counting) -> String {
        match counting {
            Counting::FirstYear if year == 1 => "元".to_owned(),
            Counting::FirstYear => self.number(year.into(), 1, false),
            Counting::Hebrew if (5001..6000).contains(&year) => {
                self.number(i64::from(year) - 5000, 1, true)
            }
            Counting::Hebrew => self.number(year.into(), length, true),
            _ if length == 2 => self.number(i64::from(year).rem_euclid(100), 2, false),
            _ => self.number(year.into(), length, false),
        }
    }

    fn era(&self, moment: &Moment, width: &str) -> String {
        if matches!(self.calendar, Calendar::Chinese | Calendar::Dangi) {
            // Cycles, which are counted.
            let cycle = (i64::from(moment.related) + 2636).div_euclid(60) + 1;
            return self.number(cycle, 1, false);
        }
        let name = self.of()["eras"][width]
            .get(moment.era.to_string())
            .and_then(Value::as_str);
        match name {
            // The root's stand-in.
            Some(name) if !name.starts_with("ERA") => name.to_owned(),
            _ => {
                let code = self
                    .era_codes
                    .get(moment.era.to_string())
                    .and_then(|era| era["code"].as_str());
                code.unwrap_or_default().to_ascii_uppercase()
            }
        }
    }

    fn month(
        &self,
        moment: &Moment,
        length: usize,
        context: &str,
        width: &str,
        counting: &Counting,
    ) -> String {
        let leap = |text: String, key: &str| match self.of()["monthPatterns"]
            .get(key)
            .and_then(Value::as_str)
        {
            Some(pattern) if moment.leap => fill(pattern, &[&text]),
            _ => text,
        };
        if length < 3 {
            return leap(
                self.number(moment.month.into(), length, *counting == Counting::Hebrew),
                "numeric",
            );
        }
        let own = !matches!(
            self.calendar,
            Calendar::Gregory | Calendar::Buddhist | Calendar::Japanese | Calendar::Roc
        );
        let of = if own { self.of() } else { self.gregory() };
        let names = &of["months"][context][width];
        let second = (moment.leap_year && moment.named == 7)
            .then(|| names.get("7-yeartype-leap"))
            .flatten();
        let name = second.or_else(|| names.get(moment.named.to_string()));
        let name = name.and_then(Value::as_str).unwrap_or_default().to_owned();
        leap(name, &format!("{context} {width}"))
    }

    fn weekday(&self, moment: &Moment, context: &str, width: &str) -> String {
        const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
        let day = DAYS[moment.weekday % 7];
        self.gregory()["days"][context][width][day]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    fn period(&self, name: &str, width: &str) -> Option<String> {
        self.gregory()["dayPeriods"]["format"][width]
            .get(name)?
            .as_str()
            .map(str::to_owned)
    }

    fn half(&self, moment: &Moment, width: &str) -> String {
        let name = if moment.hour < 12 { "am" } else { "pm" };
        self.period(name, width).unwrap_or_default()
    }

    fn noon(&self, moment: &Moment, width: &str, (minutes, seconds): (bool, bool)) -> String {
        let noon = moment.hour == 12
            && (!minutes || moment.minute == 0)
            && (!seconds || moment.second == 0);
        let name = noon.then(|| self.period("noon", width)).flatten();
        name.unwrap_or_else(|| self.half(moment, width))
    }

    fn day_period(&self, moment: &Moment, width: &str, (minutes, seconds): (bool, bool)) -> String {
        let Some(periods) = self.day_periods.as_ref().and_then(Value::as_object) else {
            return self.half(moment, width);
        };
        let sharp = (!minutes || moment.minute == 0) && (!seconds || moment.second == 0);
        if moment.hour == 12
            && sharp
            && periods.contains_key("noon")
            && let Some(noon) = self.period("noon", width)
        {
            return noon;
        }
        let hour = u64::from(moment.hour);
        let now = periods.into_iter().find(|(_, times)| {
            let (Some(from), Some(before)) = (times[0].as_u64(), times[1].as_u64()) else {
                return false;
            };
            if from < before {
                (from..before).contains(&hour)
            } else {
                hour >= from || hour < before
            }
        });
        let name = now.and_then(|(name, _)| self.period(name, width));
        name.unwrap_or_else(|| self.half(moment, width))
    }
}

/// The data of a calendar that is not the Gregorian one: that of any calendar, with what is its own.
fn other(
    dates: &Dates,
    locale: &str,
    section: &Value,
    calendar: Calendar,
) -> Result<Option<Value>, Error> {
    let name = match calendar {
        Calendar::Gregory => return Ok(None),
        Calendar::Iso8601 => {
            let root = dates.section("und", "dates")?;
            return Ok(Some(iso8601(&root, &section["gregory"])));
        }
        Calendar::Ethioaa => "ethiopic",
        Calendar::IslamicCivil
        | Calendar::IslamicRgsa
        | Calendar::IslamicTbla
        | Calendar::IslamicUmalqura => "islamic",
        other => other.name(),
    };
    let any = dates.section(locale, "any-calendar")?;
    let own = dates.section(locale, &format!("calendar-{name}"))?;
    // Empty text takes a member away.
    Ok(Some(
        any.changed(&own, |change| change.as_str() == Some("")),
    ))
}

/// ISO 8601 has the root's patterns in every locale, and of months and eras only the narrow names.
fn iso8601(root: &Value, gregory: &Value) -> Value {
    let narrow = |of: &Value| Value::of([("narrow", of["narrow"].clone())]);
    let months = &gregory["months"];
    let whole = &root["gregory"];
    // CLDR's packages have a plain space in the root, where its data have a narrow one.
    let available = whole["available"].with_texts(|text| text.replace(" a", "\u{202f}a"));
    let months = Value::of([
        ("format", narrow(&months["format"])),
        ("alone", narrow(&months["alone"])),
    ]);
    whole
        .with("available", available)
        .with("months", months)
        .with("eras", narrow(&gregory["eras"]))
        .with("atTime", gregory["atTime"].clone())
}

/// CLDR's name of a calendar.
fn cldr_name(calendar: Calendar) -> &'static str {
    match calendar {
        Calendar::Gregory | Calendar::Iso8601 => "gregorian",
        Calendar::Ethioaa => "ethiopic",
        other => other.name(),
    }
}

fn material<'a>(of: &'a Value, fields: &Value, hour: u8, decimal: String) -> Material<'a> {
    let text = |kind: &str, style: &str| of[kind][style].as_str();
    let styles = ["full", "long", "medium", "short"];
    let all = styles
        .map(|style| text("time", style))
        .into_iter()
        .chain(styles.map(|style| text("date", style)));
    // Where CLDR has no pattern and no name, there are stand-ins.
    let mut append: [String; 16] =
        std::array::from_fn(|field| format!("{{0}} ├'F{field}': {{1}}┤"));
    for (name, field, called) in APPENDED {
        let pattern = of["append"][name].as_str().unwrap_or("{0} ├{2}: {1}┤");
        // A name is text of the pattern.
        let quoted = format!("'{}'", fields[called].as_str().unwrap_or_default());
        append[field] = pattern.replace("{2}", &quoted);
    }
    let period = format!(
        "{{0}} ├'{}': {{1}}┤",
        fields["dayperiod"].as_str().unwrap_or_default()
    );
    append[super::skeleton::DAY_PERIOD] = period;
    Material {
        styles: all.flatten().collect(),
        available: available(of),
        append,
        glue: styles.map(|style| text("atTime", style).unwrap_or("{1} {0}").to_owned()),
        hour,
        decimal,
    }
}

/// The patterns by skeleton: the locale's own, then those that it inherits.
fn available(of: &Value) -> Vec<(&str, &str)> {
    let all = of["available"].as_object().into_iter().flatten();
    let ranks = &of["ranks"];
    let mut found: Vec<_> = all
        .filter_map(|(skeleton, pattern)| {
            let rank = ranks[skeleton].as_u64().unwrap_or(0);
            Some((Reverse(rank), skeleton, pattern.as_str()?))
        })
        .collect();
    found.sort_unstable();
    let found = found.into_iter();
    found
        .map(|(_, skeleton, pattern)| (skeleton, pattern))
        .collect()
}

/// The periods of the day of a locale, or of the nearest of its parents.
fn day_periods<'a>(all: &'a Value, locale: &str) -> Option<&'a Value> {
    let mut name = locale;
    loop {
        if let Some(found) = all.get(name) {
            return Some(found);
        }
        name = &name[..name.rfind('-')?];
    }
}

/// When the Japanese eras begin, in order.
fn japanese_eras(eras: &Value) -> Vec<(i32, (i64, u8, u8))> {
    let mut found: Vec<_> = eras
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(era, of)| {
            let mut parts = of["start"].as_str()?.split('-');
            let year = parts.next()?.parse().ok()?;
            let month = parts.next()?.parse().ok()?;
            let day = parts.next()?.parse().ok()?;
            Some((era.parse().ok()?, (year, month, day)))
        })
        .collect();
    found.sort_unstable_by_key(|(_, start)| *start);
    found
}

/// A number in Hebrew letters, below 10,000.
fn hebrew_letters(value: i64) -> Option<String> {
    const HUNDREDS: [&str; 10] = ["", "ק", "ר", "ש", "ת", "תק", "תר", "תש", "תת", "תתק"];
    const TENS: [&str; 10] = ["", "י", "כ", "ל", "מ", "נ", "ס", "ע", "פ", "צ"];
    const ONES: [&str; 10] = ["", "א", "ב", "ג", "ד", "ה", "ו", "ז", "ח", "ט"];
    let value = usize::try_from(value)
        .ok()
        .filter(|value| (1..10_000).contains(value))?;
    let (thousands, rest) = (value / 1000, value % 1000);
    let mut letters = String::from(HUNDREDS[rest / 100]);
    match rest % 100 {
        // Not the letters of a name of God.
        15 => letters.push_str("טו"),
        16 => letters.push_str("טז"),
        tens => {
            letters.push_str(TENS[tens / 10]);
            letters.push_str(ONES[tens % 10]);
        }
    }
    let mut made = String::new();
    if thousands > 0 {
        made.push_str(ONES[thousands]);
        made.push('׳');
    }
    match letters.chars().count() {
        0 => {}
        1 => {
            made.push_str(&letters);
            made.push('׳');
        }
        count => {
            for (place, letter) in letters.chars().enumerate() {
                if place + 1 == count {
                    made.push('״');
                }
                made.push(letter);
            }
        }
    }
    Some(made)
}

/// A day of a Chinese month.
fn han_day(day: u8) -> String {
    const DIGITS: [&str; 11] = [
        "", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十",
    ];
    let ones = DIGITS[usize::from(day % 10)];
    match day {
        0..=10 => format!("初{}", DIGITS[usize::from(day)]),
        11..=19 => format!("十{ones}"),
        20 => "二十".to_owned(),
        21..=29 => format!("廿{ones}"),
        _ => format!("三十{ones}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_letters_where_they_are() {
        assert_eq!(hebrew_letters(784).as_deref(), Some("תשפ״ד"));
        assert_eq!(hebrew_letters(25).as_deref(), Some("כ״ה"));
        assert_eq!(hebrew_letters(15).as_deref(), Some("ט״ו"));
        assert_eq!(hebrew_letters(3710).as_deref(), Some("ג׳תש״י"));
        assert_eq!(hebrew_letters(0), None);
        assert_eq!(han_day(10), "初十");
        assert_eq!(han_day(25), "廿五");
    }
}
