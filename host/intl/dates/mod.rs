//! Dates in words, as ICU writes them and V8 asks ICU for them.
//!
//! A formatter's options come to a pattern ([`pattern`], [`generator`], [`intervals`]), an instant to a moment
//! in a calendar and a zone ([`moment`], [`zones`]), and both to text in parts ([`write`]). What was made of a
//! locale and of options is kept for the next call, up to a number.

mod cache;
mod generator;
mod intervals;
mod locale;
mod moment;
mod moon;
mod pattern;
mod skeleton;
mod words;
mod write;
mod zone_names;
mod zones;

use super::data::{Data, DataError};
use super::value::Value;
use cache::Cache;
use intervals::{Differs, Intervals, Piece, Search};
use moment::Moment;
use pattern::Chosen;
use std::sync::{Arc, OnceLock};
use words::{Counting, Words};
use write::{Instant, Written};

pub use locale::{Preferences, Week};
pub use write::Part;
pub use zone_names::ZoneStyle;
pub use zones::{Change, Zone};

/// The largest distance of an instant from 1970, in milliseconds.
const FARTHEST: i64 = 8_640_000_000_000_000;

/// How many formatters are kept, and how many calendars of locales.
const FORMATS: usize = 400;
const LOCALES: usize = 64;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value that is not allowed.
    #[error("{0}")]
    Argument(String),
    /// More than a call gives.
    #[error("{0}")]
    TooMuch(String),
    /// No data.
    #[error(transparent)]
    Data(#[from] DataError),
}

/// The calendars, in the order of their names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Calendar {
    Buddhist,
    Chinese,
    Coptic,
    Dangi,
    Ethioaa,
    Ethiopic,
    Gregory,
    Hebrew,
    Indian,
    Islamic,
    IslamicCivil,
    IslamicRgsa,
    IslamicTbla,
    IslamicUmalqura,
    Iso8601,
    Japanese,
    Persian,
    Roc,
}

impl Calendar {
    const ALL: [(&'static str, Self); 18] = [
        ("buddhist", Self::Buddhist),
        ("chinese", Self::Chinese),
        ("coptic", Self::Coptic),
        ("dangi", Self::Dangi),
        ("ethioaa", Self::Ethioaa),
        ("ethiopic", Self::Ethiopic),
        ("gregory", Self::Gregory),
        ("hebrew", Self::Hebrew),
        ("indian", Self::Indian),
        ("islamic", Self::Islamic),
        ("islamic-civil", Self::IslamicCivil),
        ("islamic-rgsa", Self::IslamicRgsa),
        ("islamic-tbla", Self::IslamicTbla),
        ("islamic-umalqura", Self::IslamicUmalqura),
        ("iso8601", Self::Iso8601),
        ("japanese", Self::Japanese),
        ("persian", Self::Persian),
        ("roc", Self::Roc),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|(its, _)| *its == name)
            .map(|(_, calendar)| calendar)
    }

    fn name(self) -> &'static str {
        Self::ALL
            .into_iter()
            .find(|(_, its)| *its == self)
            .map_or("gregory", |(name, _)| name)
    }
}

/// The names of the calendars.
pub fn calendars() -> Vec<&'static str> {
    Calendar::ALL.into_iter().map(|(name, _)| name).collect()
}

/// How dates are written: options by their names and values in ECMA-402.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DateFormat {
    pub locale: String,
    pub calendar: String,
    pub numbering_system: String,
    pub time_zone: String,
    pub hour_cycle: Option<String>,
    pub hour12: Option<bool>,
    pub weekday: Option<String>,
    pub era: Option<String>,
    pub year: Option<String>,
    pub month: Option<String>,
    pub day: Option<String>,
    pub day_period: Option<String>,
    pub hour: Option<String>,
    pub minute: Option<String>,
    pub second: Option<String>,
    pub fractional_second_digits: Option<u8>,
    pub time_zone_name: Option<String>,
    pub date_style: Option<String>,
    pub time_style: Option<String>,
}

impl DateFormat {
    /// How long its texts are, together.
    fn size(&self) -> usize {
        let options = [
            &self.hour_cycle,
            &self.weekday,
            &self.era,
            &self.year,
            &self.month,
            &self.day,
            &self.day_period,
            &self.hour,
            &self.minute,
            &self.second,
            &self.time_zone_name,
            &self.date_style,
            &self.time_style,
        ];
        let options: usize = options.into_iter().flatten().map(String::len).sum();
        self.locale.len()
            + self.calendar.len()
            + self.numbering_system.len()
            + self.time_zone.len()
            + options
    }
}

/// What came of options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The hours, where they are asked for.
    pub hour_cycle: Option<&'static str>,
    /// The fields that are written.
    pub fields: Vec<(&'static str, String)>,
}

/// Which instant a part is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Of both.
    Shared,
    /// Of the first.
    Start,
    /// Of the second.
    End,
}

/// What is kept of a locale, a calendar and a numbering system.
type WordsKey = (String, Calendar, String);

/// Dates in the words of all locales.
pub struct Dates {
    data: Arc<Data>,
    zone_names: OnceLock<zones::Names>,
    words: Cache<WordsKey, Words>,
    formatters: Cache<DateFormat, Formatter>,
}

/// A formatter, ready.
struct Formatter {
    words: Arc<Words>,
    zone: Zone,
    chosen: Chosen,
    counting: Counting,
    intervals: OnceLock<Intervals>,
}

impl Dates {
    /// From CLDR's data.
    pub fn new(data: Arc<Data>) -> Self {
        Self {
            data,
            zone_names: OnceLock::new(),
            words: Cache::new(LOCALES),
            formatters: Cache::new(FORMATS),
        }
    }

    /// Makes what all locales need: the sections of the root, and the names of the zones.
    pub fn warm(&self) -> Result<(), Error> {
        self.data.warm()?;
        self.zone_names()?;
        Ok(())
    }

    fn section(&self, locale: &str, name: &str) -> Result<Arc<Value>, Error> {
        Ok(self.data.section(locale, name)?)
    }

    /// What belongs to no locale, of calendars.
    fn plain(&self) -> Result<Arc<Value>, Error> {
        self.section("und", "calendars")
    }

    /// What belongs to no locale, of numbers.
    fn numbers(&self) -> Result<Arc<Value>, Error> {
        self.section("und", "plain")
    }

    fn zone_names(&self) -> Result<&zones::Names, Error> {
        if let Some(names) = self.zone_names.get() {
            return Ok(names);
        }
        let names = zones::Names::of(&*self.section("und", "zone-names")?);
        Ok(self.zone_names.get_or_init(|| names))
    }

    fn words(&self, key: &WordsKey) -> Result<Arc<Words>, Error> {
        self.words
            .get(key, || Words::new(self, &key.0, key.1, &key.2))
    }

    fn formatter(&self, format: &DateFormat) -> Result<Arc<Formatter>, Error> {
        if format.size() > 512 {
            return Err(Error::TooMuch("the options are too long".to_owned()));
        }
        self.formatters.get(format, || {
            let calendar = Calendar::named(&format.calendar);
            let calendar = calendar.ok_or_else(|| pattern::wrong("calendar", &format.calendar))?;
            let words = self.words(&(
                format.locale.clone(),
                calendar,
                format.numbering_system.clone(),
            ))?;
            let zone = self.zone(&format.time_zone)?;
            let chosen = pattern::choose(format, words.of(), &words.generator, words.japanese)?;
            Ok(Formatter {
                counting: words.counting(&chosen),
                words,
                zone,
                chosen,
                intervals: OnceLock::new(),
            })
        })
    }

    /// What comes of options.
    pub fn resolve(&self, format: &DateFormat) -> Result<Resolved, Error> {
        let formatter = self.formatter(format)?;
        Ok(Resolved {
            hour_cycle: formatter.chosen.cycle.map(pattern::Cycle::name),
            fields: pattern::fields(&formatter.chosen.pattern),
        })
    }

    /// An instant in words.
    pub fn format(&self, format: &DateFormat, at: f64) -> Result<String, Error> {
        let parts = self.format_to_parts(format, at)?;
        let text: String = parts.into_iter().map(|part| part.value).collect();
        // As V8 does, for code that takes times apart.
        Ok(text.replace('\u{202f}', " "))
    }

    /// An instant in words, by parts.
    pub fn format_to_parts(&self, format: &DateFormat, at: f64) -> Result<Vec<Part>, Error> {
        let at = instant(at)?;
        let formatter = self.formatter(format)?;
        let moment = formatter.moment(at);
        let written = formatter.write(
            self,
            &formatter.chosen.pattern,
            &formatter.counting,
            at,
            &moment,
        )?;
        Ok(written.into_iter().map(Written::part).collect())
    }

    /// Two instants in words.
    pub fn format_range(&self, format: &DateFormat, start: f64, end: f64) -> Result<String, Error> {
        match self.range(format, instant(start)?, instant(end)?)? {
            Some(parts) => Ok(parts.into_iter().map(|(part, _)| part.value).collect()),
            None => self.format(format, start),
        }
    }

    /// Two instants in words, by parts, with which of them each is of.
    pub fn format_range_to_parts(
        &self,
        format: &DateFormat,
        start: f64,
        end: f64,
    ) -> Result<Vec<(Part, Of)>, Error> {
        match self.range(format, instant(start)?, instant(end)?)? {
            Some(parts) => Ok(parts),
            None => {
                let parts = self.format_to_parts(format, start)?;
                Ok(parts.into_iter().map(|part| (part, Of::Shared)).collect())
            }
        }
    }

    /// None where both are written the same.
    fn range(
        &self,
        format: &DateFormat,
        start: i64,
        end: i64,
    ) -> Result<Option<Vec<(Part, Of)>>, Error> {
        let formatter = self.formatter(format)?;
        let (from, to) = (formatter.moment(start), formatter.moment(end));
        let Some(field) = Differs::between(&from, &to) else {
            return Ok(None);
        };
        let Some((pieces, later_first)) = formatter.intervals().pieces(field) else {
            return Ok(None);
        };
        // What a style counts otherwise does not count here.
        let counting = |pattern: &str| formatter.words.plain_counting(pattern);
        let mut written = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => write::push(&mut written, 0, &text),
                Piece::From(pattern) => {
                    for one in formatter.write(self, &pattern, &counting(&pattern), start, &from)? {
                        write::push(&mut written, one.letter, &one.value);
                    }
                }
                Piece::To(pattern) => {
                    for one in formatter.write(self, &pattern, &counting(&pattern), end, &to)? {
                        write::push(&mut written, one.letter, &one.value);
                    }
                }
            }
        }
        Ok(write::with_sources(written, later_first))
    }

    /// What a locale prefers.
    pub fn preferences(&self, locale: &str) -> Result<Preferences, Error> {
        locale::preferences(self, locale)
    }

    /// How a locale counts weeks.
    pub fn week(&self, locale: &str) -> Result<Week, Error> {
        locale::week(self, locale)
    }

    /// The primary names of the zones.
    pub fn zones(&self) -> Result<&[String], Error> {
        Ok(self.zone_names()?.all())
    }

    /// A zone by any of its names, in any case.
    pub fn zone(&self, name: &str) -> Result<Zone, Error> {
        zones::zone(self, name)
    }

    /// The name of a zone at an instant.
    pub fn zone_name(
        &self,
        zone: &str,
        at: f64,
        locale: &str,
        style: &str,
    ) -> Result<String, Error> {
        let style =
            ZoneStyle::named(style).ok_or_else(|| pattern::wrong("name of a time zone", style))?;
        let (zone, at) = (self.zone(zone)?, instant(at)?);
        let words = self.words(&(locale.to_owned(), Calendar::Gregory, String::new()))?;
        words.zones.name(self, &zone, at, style)
    }
}

impl Formatter {
    fn moment(&self, at: i64) -> Moment {
        let offset = self.zone.clock(at).offset;
        moment::moment(self.words.calendar, at, offset, &self.words.eras)
    }

    fn write(
        &self,
        dates: &Dates,
        pattern: &str,
        counting: &Counting,
        at: i64,
        moment: &Moment,
    ) -> Result<Vec<Written>, Error> {
        let zone = &self.zone;
        self.words
            .write(dates, pattern, counting, &Instant { moment, zone, at })
    }

    fn intervals(&self) -> &Intervals {
        self.intervals.get_or_init(|| {
            let search = Search {
                generator: &self.words.generator,
                hour: self.chosen.cycle.map(|cycle| cycle.0),
                data: &self.words.of()["intervals"],
                glue: self.words.gregory()["glue"]["medium"]
                    .as_str()
                    .unwrap_or("{1} {0}"),
            };
            let skeleton = skeleton::Skeleton::of(&self.chosen.pattern).text();
            search.intervals(&skeleton)
        })
    }
}

/// An instant, if it is one that a `Date` has.
pub fn instant(at: f64) -> Result<i64, Error> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "within 2⁵³"
    )]
    if at.abs() <= FARTHEST as f64 {
        return Ok(at.trunc() as i64);
    }
    Err(Error::Argument("this is no instant of a date".to_owned()))
}
