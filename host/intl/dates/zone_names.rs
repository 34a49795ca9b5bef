//! What time zones are called: by name, by city, or by how far they are from Greenwich.
//!
//! Zones whose clocks have been the same for a while share the names of their group (CLDR's metazone).
//! The way of ICU's `TimeZoneFormat` and `TimeZoneGenericNames`.

use super::generator::fill;
use super::moment::gregorian;
use super::zones::{Clock, Zone};
use super::{Dates, Error};
use crate::intl::Value;
use std::sync::{Arc, OnceLock};

/// Clocks that change within half a year are those of a zone with summer time.
const HALF_A_YEAR: i64 = 184 * 86_400_000;

/// A way to name a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ZoneStyle {
    /// `CET`.
    Short,
    /// `Central European Standard Time`.
    Long,
    /// `GMT+1`.
    ShortOffset,
    /// `GMT+01:00`.
    LongOffset,
    /// `PT`.
    ShortGeneric,
    /// `Pacific Time`.
    LongGeneric,
}

impl ZoneStyle {
    /// By ECMA-402's name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "short" => Self::Short,
            "long" => Self::Long,
            "shortOffset" => Self::ShortOffset,
            "longOffset" => Self::LongOffset,
            "shortGeneric" => Self::ShortGeneric,
            "longGeneric" => Self::LongGeneric,
            _ => return None,
        })
    }

    fn width(self) -> &'static str {
        match self {
            Self::Short | Self::ShortOffset | Self::ShortGeneric => "short",
            Self::Long | Self::LongOffset | Self::LongGeneric => "long",
        }
    }
}

/// The names of a locale, which are read when the first of them is asked for: most dates have none.
pub(super) struct ZoneNames {
    locale: String,
    region: String,
    digits: Vec<char>,
    texts: OnceLock<Texts>,
}

impl ZoneNames {
    /// `region` is the locale's, to which groups look.
    pub(super) fn new(locale: &str, region: String, digits: Vec<char>) -> Self {
        Self {
            locale: locale.to_owned(),
            region,
            digits,
            texts: OnceLock::new(),
        }
    }

    /// The name of a zone at an instant.
    pub(super) fn name(
        &self,
        dates: &Dates,
        zone: &Zone,
        at: i64,
        style: ZoneStyle,
    ) -> Result<String, Error> {
        self.texts(dates)?.name(dates, zone, at, style)
    }

    fn texts(&self, dates: &Dates) -> Result<&Texts, Error> {
        if let Some(texts) = self.texts.get() {
            return Ok(texts);
        }
        let texts = Texts {
            locale: self.locale.clone(),
            names: dates.section(&self.locale, "zones")?,
            plain: dates.section("und", "zone-names")?,
            region: self.region.clone(),
            digits: self.digits.clone(),
        };
        Ok(self.texts.get_or_init(|| texts))
    }
}

/// What names are made of.
struct Texts {
    locale: String,
    names: Arc<Value>,
    /// Of no locale.
    plain: Arc<Value>,
    /// The locale's region, to which groups look.
    region: String,
    /// What the digits are.
    digits: Vec<char>,
}

impl Texts {
    fn name(&self, dates: &Dates, zone: &Zone, at: i64, style: ZoneStyle) -> Result<String, Error> {
        let clock = zone.clock(at);
        let named = match style {
            ZoneStyle::Short | ZoneStyle::Long => self.specific(zone, at, clock, style),
            ZoneStyle::ShortGeneric | ZoneStyle::LongGeneric => {
                self.generic(dates, zone, at, clock, style)?
            }
            ZoneStyle::ShortOffset | ZoneStyle::LongOffset => None,
        };
        Ok(named.unwrap_or_else(|| self.offset(clock.offset, style.width() == "short")))
    }

    /// A name of the zone itself.
    fn own(&self, zone: &str, kind: &str) -> Option<&str> {
        self.names["zones"].get(zone)?.get(kind)?.as_str()
    }

    /// A name of a group.
    fn of_group(&self, group: &str, kind: &str) -> Option<&str> {
        self.names["groups"].get(group)?.get(kind)?.as_str()
    }

    /// The group that a zone is in at an instant.
    fn group(&self, zone: &str, at: i64) -> Option<&str> {
        // Groups begin with 1970.
        if at < 0 {
            return None;
        }
        let at = minute(at);
        let times = self.plain["times"].get(zone)?.as_array()?;
        times.iter().find_map(|time| {
            let from = time[1].as_str()?;
            let to = time[2].as_str()?;
            let within =
                (from.is_empty() || from <= at.as_str()) && (to.is_empty() || at.as_str() < to);
            within.then(|| time[0].as_str())?
        })
    }

    fn specific(&self, zone: &Zone, at: i64, clock: Clock, style: ZoneStyle) -> Option<String> {
        let zone = zone.cldr.as_deref()?;
        let kind = format!(
            "{} {}",
            style.width(),
            if clock.summer { "daylight" } else { "standard" }
        );
        let own = self.own(zone, &kind);
        own.or_else(|| self.of_group(self.group(zone, at)?, &kind))
            .map(str::to_owned)
    }

    fn generic(
        &self,
        dates: &Dates,
        zone: &Zone,
        at: i64,
        clock: Clock,
        style: ZoneStyle,
    ) -> Result<Option<String>, Error> {
        let Some(cldr) = zone.cldr.as_deref() else {
            return Ok(None);
        };
        let kind = format!("{} generic", style.width());
        if let Some(own) = self.own(cldr, &kind) {
            return Ok(Some(own.to_owned()));
        }
        if let Some(group) = self.group(cldr, at)
            && let Some(name) = self.generic_of_group(dates, zone, cldr, group, at, clock, style)?
        {
            return Ok(Some(name));
        }
        self.by_place(dates, cldr)
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one search, by all that it knows"
    )]
    fn generic_of_group(
        &self,
        dates: &Dates,
        zone: &Zone,
        cldr: &str,
        group: &str,
        at: i64,
        clock: Clock,
        style: ZoneStyle,
    ) -> Result<Option<String>, Error> {
        let generic = self.of_group(group, &format!("{} generic", style.width()));
        if !clock.summer && !summer_is_near(zone, at) {
            let kind = format!("{} standard", style.width());
            let standard = self
                .own(cldr, &kind)
                .or_else(|| self.of_group(group, &kind));
            if let Some(standard) = standard
                && generic.is_none_or(|generic| generic.to_lowercase() != standard.to_lowercase())
            {
                return Ok(Some(standard.to_owned()));
            }
        }
        let Some(generic) = generic else {
            return Ok(None);
        };
        let model = self.model(group, &self.region);
        if let Some(model) = model.filter(|model| *model != cldr) {
            let other = super::zones::zone(dates, model)?;
            // At the same time by the clock on the wall.
            let there = at_wall(&other, at + i64::from(clock.offset) * 1000);
            if there != clock {
                return Ok(Some(self.at_place(dates, cldr, group, generic)?));
            }
        }
        Ok(Some(generic.to_owned()))
    }

    /// The zone that a group's clocks go by in a region.
    fn model(&self, group: &str, region: &str) -> Option<&str> {
        let of = self.plain["groups"].get(group)?;
        of.get(region).or_else(|| of.get("001"))?.as_str()
    }

    /// `Pacific Time (Whitehorse)`.
    fn at_place(
        &self,
        dates: &Dates,
        zone: &str,
        group: &str,
        generic: &str,
    ) -> Result<String, Error> {
        let names = dates.zone_names()?;
        let region = names.region_of(zone);
        let model =
            region.and_then(|region| self.plain["groups"].get(group)?.get(region)?.as_str());
        let place = match region {
            Some(region) if model.or_else(|| self.model(group, "001")) == Some(zone) => {
                self.region(dates, region)?
            }
            _ => self.city(dates, zone)?.unwrap_or_else(|| zone.to_owned()),
        };
        let pattern = self.names["fallback"].as_str().unwrap_or("{1} ({0})");
        Ok(fill(pattern, &[&place, generic]))
    }

    /// `France Time`, `Los Angeles Time`.
    fn by_place(&self, dates: &Dates, zone: &str) -> Result<Option<String>, Error> {
        let names = dates.zone_names()?;
        let Some(region) = names.region_of(zone) else {
            return Ok(None);
        };
        let alone = names.of_region(region).len() == 1;
        let place =
            if alone || self.plain["primary"].get(region).and_then(Value::as_str) == Some(zone) {
                self.region(dates, region)?
            } else {
                let Some(city) = self.city(dates, zone)? else {
                    return Ok(None);
                };
                city
            };
        let pattern = self.names["region"].as_str().unwrap_or("{0}");
        Ok(Some(fill(pattern, &[&place])))
    }

    fn region(&self, dates: &Dates, code: &str) -> Result<String, Error> {
        let regions = dates.section(&self.locale, "regions")?;
        Ok(regions[code].as_str().unwrap_or(code).to_owned())
    }

    fn city(&self, dates: &Dates, zone: &str) -> Result<Option<String>, Error> {
        let cities = dates.section(&self.locale, "cities")?;
        if let Some(city) = cities[zone].as_str() {
            return Ok(Some(city.to_owned()));
        }
        if zone.starts_with("Etc/") {
            return Ok(None);
        }
        let last = zone.rsplit_once('/');
        Ok(last.map(|(_, city)| city.replace('_', " ")))
    }

    /// `GMT+1`, `GMT+01:00`.
    fn offset(&self, seconds: i32, short: bool) -> String {
        let text = |name: &str, otherwise: &'static str| {
            self.names[name].as_str().unwrap_or(otherwise).to_owned()
        };
        let formats = text("hours", "+HH:mm;-HH:mm");
        let (plus, minus) = formats.split_once(';').unwrap_or((&formats, "-HH:mm"));
        let format = if seconds < 0 { minus } else { plus };
        let hour = format.find('H').unwrap_or(0);
        let before = &format[..hour];
        let rest = format[hour..].trim_start_matches('H');
        let minute = rest.find('m').unwrap_or(rest.len());
        let (between, after) = (&rest[..minute], rest[minute..].trim_start_matches('m'));
        let all = seconds.unsigned_abs();
        let (hours, minutes, seconds) = (all / 3600, all / 60 % 60, all % 60);
        let mut made = before.to_owned();
        self.push(&mut made, hours, if short { 1 } else { 2 });
        if minutes > 0 || seconds > 0 || !short {
            made.push_str(between);
            self.push(&mut made, minutes, 2);
            if seconds > 0 {
                made.push_str(between);
                self.push(&mut made, seconds, 2);
            }
            made.push_str(after);
        }
        fill(&text("gmt", "GMT{0}"), &[&made])
    }

    fn push(&self, made: &mut String, number: u32, least: usize) {
        super::write::push_number(made, i64::from(number), least, &self.digits, "-");
    }
}

/// What a zone's clocks are when they show a time.
fn at_wall(zone: &Zone, wall: i64) -> Clock {
    let guess = zone.clock(wall);
    let early = zone.clock(wall - i64::from(guess.offset) * 1000);
    zone.clock(wall - i64::from(early.offset) * 1000)
}

fn summer_is_near(zone: &Zone, at: i64) -> bool {
    let before = zone
        .last_change(at)
        .is_some_and(|last| at - last < HALF_A_YEAR && zone.clock(last - 1).summer);
    before
        || zone
            .next_change(at)
            .is_some_and(|(next, clock)| next - at < HALF_A_YEAR && clock.summer)
}

/// An instant as CLDR writes them, to the minute.
fn minute(at: i64) -> String {
    let (year, month, day) = gregorian(at.div_euclid(86_400_000));
    let minutes = at.rem_euclid(86_400_000) / 60_000;
    format!(
        "{:04}-{month:02}-{day:02} {:02}:{:02}",
        year.clamp(0, 9999),
        minutes / 60,
        minutes % 60
    )
}
