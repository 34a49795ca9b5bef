//! `roost:bot/intl-dates`: dates in words, time zones and weeks.
//!
//! What a call asks for is bounded before any work (`crate::intl::dates`). It takes well below a millisecond,
//! and about one when it is the first of its locale.

use super::bindings::roost::bot::intl_dates::{
    self, Clocks, DateFormat, Error, LocalePreferences, Part, RangePart, ResolvedFormat,
    Transition, Week,
};
use super::bindings::roost::bot::log::Level;
use crate::intl::dates::{self, Dates, Of};
use crate::sandbox::RunState;

impl RunState {
    fn dates(&self) -> Result<&Dates, Error> {
        self.locales.dates().map_err(Error::Unavailable)
    }

    /// Tells the event's log why dates are in UTC where who asked shows nothing of an error.
    fn told<T>(&self, found: Result<T, Error>) -> Result<T, Error> {
        if let Err(Error::Unavailable(why)) = &found {
            let line = format!("dates are in UTC, whatever TZ says: {why}");
            self.grants.log.write(Level::Error, &line);
        }
        found
    }

    fn zone(&self, name: &str) -> Result<dates::Zone, Error> {
        Ok(self.dates()?.zone(name)?)
    }

    fn clocks(&self, time_zone: &str, start: f64, end: f64) -> Result<Clocks, Error> {
        let (start, end) = (dates::instant(start)?, dates::instant(end)?);
        let zone = self.zone(time_zone)?;
        let changes = zone
            .changes(start, end)?
            .into_iter()
            .map(|change| Transition {
                at: at(change.at),
                offset: change.offset,
            });
        Ok(Clocks {
            first: zone.offset(start),
            changes: changes.collect(),
        })
    }
}

impl From<dates::Error> for Error {
    fn from(error: dates::Error) -> Self {
        match error {
            dates::Error::Argument(text) => Self::Argument(text),
            dates::Error::TooMuch(text) => Self::TooMuch(text),
            dates::Error::Data(error) => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<DateFormat> for dates::DateFormat {
    fn from(format: DateFormat) -> Self {
        Self {
            locale: format.locale,
            calendar: format.calendar,
            numbering_system: format.numbering_system,
            time_zone: format.time_zone,
            hour_cycle: format.hour_cycle,
            hour12: format.hour12,
            weekday: format.weekday,
            era: format.era,
            year: format.year,
            month: format.month,
            day: format.day,
            day_period: format.day_period,
            hour: format.hour,
            minute: format.minute,
            second: format.second,
            fractional_second_digits: format.fractional_second_digits,
            time_zone_name: format.time_zone_name,
            date_style: format.date_style,
            time_style: format.time_style,
        }
    }
}

impl intl_dates::Host for RunState {
    fn resolve(&mut self, format: DateFormat) -> Result<ResolvedFormat, Error> {
        let resolved = self.dates()?.resolve(&format.into())?;
        let fields = resolved.fields.into_iter();
        Ok(ResolvedFormat {
            hour_cycle: resolved.hour_cycle.map(str::to_owned),
            fields: fields
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        })
    }

    fn format(&mut self, format: DateFormat, at: f64) -> Result<String, Error> {
        Ok(self.dates()?.format(&format.into(), at)?)
    }

    fn format_to_parts(&mut self, format: DateFormat, at: f64) -> Result<Vec<Part>, Error> {
        let parts = self.dates()?.format_to_parts(&format.into(), at)?;
        let parts = parts.into_iter().map(|part| Part {
            kind: part.kind.to_owned(),
            value: part.value,
        });
        Ok(parts.collect())
    }

    fn format_range(&mut self, format: DateFormat, start: f64, end: f64) -> Result<String, Error> {
        Ok(self.dates()?.format_range(&format.into(), start, end)?)
    }

    fn format_range_to_parts(
        &mut self,
        format: DateFormat,
        start: f64,
        end: f64,
    ) -> Result<Vec<RangePart>, Error> {
        let parts = self
            .dates()?
            .format_range_to_parts(&format.into(), start, end)?;
        let parts = parts.into_iter().map(|(part, of)| RangePart {
            kind: part.kind.to_owned(),
            value: part.value,
            source: source(of).to_owned(),
        });
        Ok(parts.collect())
    }

    fn preferences(&mut self, locale: String) -> Result<LocalePreferences, Error> {
        let preferences = self.dates()?.preferences(&locale)?;
        Ok(LocalePreferences {
            calendars: preferences.calendars,
            hour_cycles: preferences.hour_cycles,
            numbering_system: preferences.numbering_system,
            time_zones: preferences.time_zones,
        })
    }

    fn week_of(&mut self, locale: String) -> Result<Week, Error> {
        let week = self.dates()?.week(&locale)?;
        Ok(Week {
            first_day: week.first_day,
            weekend: week.weekend,
            minimal_days: week.minimal_days,
        })
    }

    fn calendars(&mut self) -> Vec<String> {
        dates::calendars().into_iter().map(str::to_owned).collect()
    }

    fn time_zones(&mut self) -> Vec<String> {
        let zones = self.dates().ok().and_then(|dates| dates.zones().ok());
        zones.map(<[String]>::to_vec).unwrap_or_default()
    }

    fn canonical_time_zone(&mut self, name: String) -> Option<String> {
        let zone = self.told(self.zone(&name)).ok()?;
        zone.is_known().then_some(zone.name)
    }

    fn offset_at(&mut self, time_zone: String, at: f64) -> Result<i32, Error> {
        let at = dates::instant(at)?;
        Ok(self.zone(&time_zone)?.offset(at))
    }

    fn clocks_between(&mut self, time_zone: String, start: f64, end: f64) -> Result<Clocks, Error> {
        self.told(self.clocks(&time_zone, start, end))
    }

    fn time_zone_name(
        &mut self,
        time_zone: String,
        at: f64,
        locale: String,
        style: String,
    ) -> Result<String, Error> {
        Ok(self.dates()?.zone_name(&time_zone, at, &locale, &style)?)
    }
}

/// An instant as JavaScript has it.
#[expect(
    clippy::cast_precision_loss,
    reason = "instants of dates are within 2⁵³"
)]
fn at(instant: i64) -> f64 {
    instant as f64
}

fn source(of: Of) -> &'static str {
    match of {
        Of::Shared => "shared",
        Of::Start => "startRange",
        Of::End => "endRange",
    }
}
