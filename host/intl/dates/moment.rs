//! What an instant is in a calendar, by the clocks of a zone.

use super::Calendar;
use icu_calendar::cal::hijri::{
    TabularAlgorithm, TabularAlgorithmEpoch, TabularAlgorithmLeapYears,
};
use icu_calendar::cal::{
    ChineseTraditional, Coptic, Ethiopian, EthiopianEraStyle, Hebrew, Hijri, Indian,
    KoreanTraditional, Persian,
};
use icu_calendar::types::RataDie;
use icu_calendar::{AsCalendar, Date};

const DAY: i64 = 86_400_000;

/// The day 1970-01-01, counted as `icu_calendar` does.
const EPOCH: i64 = 719_163;

/// The first day of the Gregorian calendar, 1582-10-15, in days from 1970.
const GREGORIAN: i64 = -141_427;

/// An instant in a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// The era, by CLDR's number.
    pub(super) era: i32,
    /// The year in the era.
    pub(super) year: i32,
    /// The year of the Gregorian calendar that the calendar's year begins in, where years have names.
    pub(super) related: i32,
    /// The year of the cycle, from 1.
    pub(super) cyclic: usize,
    /// The month, as numbers show it.
    pub(super) month: u8,
    /// The month, as names go by it.
    pub(super) named: u8,
    /// The month is a second one of its number.
    pub(super) leap: bool,
    /// The year has a month more than others.
    pub(super) leap_year: bool,
    pub(super) day: u8,
    /// From 0, Sunday.
    pub(super) weekday: usize,
    pub(super) hour: u8,
    pub(super) minute: u8,
    pub(super) second: u8,
    pub(super) millisecond: u16,
}

/// When each era begins: by year, month and day.
pub(super) type Eras = [(i32, (i64, u8, u8))];

/// `at` is an instant in milliseconds, `offset` what the clocks add, in seconds.
pub(super) fn moment(calendar: Calendar, at: i64, offset: i32, eras: &Eras) -> Moment {
    let local = at + i64::from(offset) * 1000;
    let day = local.div_euclid(DAY);
    let time = local.rem_euclid(DAY);
    let date = date(calendar, day, eras);
    Moment {
        weekday: usize::try_from((day + 4).rem_euclid(7)).unwrap_or(0),
        hour: small(time / 3_600_000),
        minute: small(time / 60_000 % 60),
        second: small(time / 1000 % 60),
        millisecond: u16::try_from(time % 1000).unwrap_or(0),
        ..date
    }
}

fn small(value: i64) -> u8 {
    u8::try_from(value).unwrap_or(0)
}

fn date(calendar: Calendar, day: i64, eras: &Eras) -> Moment {
    match calendar {
        Calendar::Gregory | Calendar::Iso8601 => {
            let (year, month, day) = gregorian(day);
            if year > 0 {
                plain(1, year, month, day)
            } else {
                plain(0, 1 - year, month, day)
            }
        }
        Calendar::Buddhist => {
            let (year, month, day) = civil(day);
            plain(0, year + 543, month, day)
        }
        Calendar::Roc => {
            let (year, month, day) = civil(day);
            if year > 1911 {
                plain(1, year - 1911, month, day)
            } else {
                plain(0, 1912 - year, month, day)
            }
        }
        Calendar::Japanese => {
            let (year, month, day) = civil(day);
            let begun = eras
                .iter()
                .rev()
                .find(|(_, start)| *start <= (year, month, day));
            let (era, start) = begun
                .or(eras.first())
                .map_or((0, 645), |(era, (year, ..))| (*era, *year));
            plain(era, year - start + 1, month, day)
        }
        Calendar::Coptic => {
            let date = Fields::of(day, Coptic);
            if date.year > 0 {
                date.moment(1, date.year)
            } else {
                date.moment(0, 1 - date.year)
            }
        }
        Calendar::Ethiopic | Calendar::Ethioaa => {
            let style = Ethiopian::new_with_era_style(EthiopianEraStyle::AmeteAlem);
            let date = Fields::of(day, style);
            if calendar == Calendar::Ethioaa || date.year <= 5500 {
                date.moment(0, date.year)
            } else {
                date.moment(1, date.year - 5500)
            }
        }
        Calendar::Hebrew => {
            let date = Fields::of(day, Hebrew);
            let named = match (date.month, date.leap) {
                (month, false) if month <= 5 => month,
                (5, true) => 6,
                (month, _) => month + 1,
            };
            Moment {
                month: date.ordinal,
                named,
                leap: false,
                ..date.moment(0, date.year)
            }
        }
        Calendar::Indian => Fields::of(day, Indian).own(),
        Calendar::Persian => Fields::of(day, Persian).own(),
        Calendar::Islamic | Calendar::IslamicRgsa => Fields::observed(day).own(),
        Calendar::IslamicCivil => Fields::of(day, tabular(TabularAlgorithmEpoch::Friday)).own(),
        Calendar::IslamicTbla => Fields::of(day, tabular(TabularAlgorithmEpoch::Thursday)).own(),
        Calendar::IslamicUmalqura => Fields::of(day, Hijri::new_umm_al_qura()).own(),
        Calendar::Chinese => Fields::of(day, ChineseTraditional::new()).cyclic(),
        Calendar::Dangi => Fields::of(day, KoreanTraditional::new()).cyclic(),
    }
}

fn tabular(epoch: TabularAlgorithmEpoch) -> Hijri<TabularAlgorithm> {
    Hijri(TabularAlgorithm::new(
        TabularAlgorithmLeapYears::TypeII,
        epoch,
    ))
}

fn plain(era: i32, year: i64, month: u8, day: u8) -> Moment {
    let year = i32::try_from(year).unwrap_or(0);
    Moment {
        era,
        year,
        related: year,
        cyclic: 0,
        month,
        named: month,
        leap: false,
        leap_year: false,
        day,
        weekday: 0,
        hour: 0,
        minute: 0,
        second: 0,
        millisecond: 0,
    }
}

/// A day of a calendar.
struct Fields {
    year: i64,
    month: u8,
    ordinal: u8,
    leap: bool,
    leap_year: bool,
    day: u8,
    related: i32,
    in_cycle: usize,
}

impl Fields {
    fn of<C: AsCalendar>(day: i64, calendar: C) -> Self {
        let date = Date::from_rata_die(RataDie::new(day + EPOCH), calendar);
        let year = date.year();
        let cyclic = year.cyclic();
        let month = date.month();
        let written = month.to_input();
        Self {
            year: year.extended_year().into(),
            month: written.number(),
            ordinal: month.ordinal,
            leap: written.is_leap(),
            leap_year: date.is_in_leap_year(),
            day: date.day_of_month().0,
            related: cyclic.map_or(0, |year| year.related_iso),
            in_cycle: cyclic.map_or(0, |year| year.year.into()),
        }
    }

    /// The Islamic calendar by the moon as it is seen.
    fn observed(day: i64) -> Self {
        let (year, month, in_month) = super::moon::islamic(day);
        Self {
            year,
            month,
            ordinal: month,
            leap: false,
            leap_year: false,
            day: in_month,
            related: 0,
            in_cycle: 0,
        }
    }

    fn moment(&self, era: i32, year: i64) -> Moment {
        Moment {
            leap: self.leap,
            leap_year: self.leap_year,
            ..plain(era, year, self.month, self.day)
        }
    }

    fn own(&self) -> Moment {
        self.moment(0, self.year)
    }

    fn cyclic(&self) -> Moment {
        Moment {
            related: self.related,
            cyclic: self.in_cycle,
            ..self.moment(0, i64::try_from(self.in_cycle).unwrap_or(0))
        }
    }
}

/// The Julian calendar before the Gregorian one.
fn civil(day: i64) -> (i64, u8, u8) {
    if day < GREGORIAN {
        julian(day)
    } else {
        gregorian(day)
    }
}

/// Year, month and day by the days from 1970.
pub(super) fn gregorian(day: i64) -> (i64, u8, u8) {
    // From the first of March of the year 0, so that leap days end the years.
    let shifted = day + 719_468;
    let century = shifted.div_euclid(146_097);
    let rest = shifted.rem_euclid(146_097);
    let year = (rest - rest / 1460 + rest / 36_524 - rest / 146_096) / 365;
    let of_year = rest - (365 * year + year / 4 - year / 100);
    from_march(year + century * 400, of_year)
}

fn julian(day: i64) -> (i64, u8, u8) {
    let shifted = day + 719_470;
    let years = shifted.div_euclid(1461);
    let rest = shifted.rem_euclid(1461);
    let year = (rest - rest / 1460) / 365;
    from_march(years * 4 + year, rest - 365 * year)
}

/// By the year that began in March, and the day of it from 0.
fn from_march(year: i64, day: i64) -> (i64, u8, u8) {
    let month = (5 * day + 2) / 153;
    let of_month = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 {
        (year, month + 3)
    } else {
        (year + 1, month - 9)
    };
    (year, small(month), small(of_month))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        assert_eq!(gregorian(0), (1970, 1, 1));
        assert_eq!(gregorian(19_787), (2024, 3, 5));
        assert_eq!(gregorian(-719_468), (0, 3, 1));
        assert_eq!(gregorian(-719_469), (0, 2, 29));
        assert_eq!(civil(GREGORIAN), (1582, 10, 15));
        assert_eq!(civil(GREGORIAN - 1), (1582, 10, 4));
        assert_eq!(gregorian(100_000_000), (275_760, 9, 13));
    }

    #[test]
    fn calendars_have_their_own_years() {
        let at = 1_709_596_800_000;
        let of = |calendar| {
            let moment = moment(calendar, at, 0, &[(235, (1989, 1, 8)), (236, (2019, 5, 1))]);
            (moment.era, moment.year, moment.month, moment.day)
        };
        assert_eq!(of(Calendar::Gregory), (1, 2024, 3, 5));
        assert_eq!(of(Calendar::Buddhist), (0, 2567, 3, 5));
        assert_eq!(of(Calendar::Japanese), (236, 6, 3, 5));
        assert_eq!(of(Calendar::Roc), (1, 113, 3, 5));
        assert_eq!(of(Calendar::Coptic), (1, 1740, 6, 26));
        assert_eq!(of(Calendar::Ethiopic), (1, 2016, 6, 26));
        assert_eq!(of(Calendar::Ethioaa), (0, 7516, 6, 26));
        assert_eq!(of(Calendar::Hebrew), (0, 5784, 6, 25));
        assert_eq!(of(Calendar::Indian), (0, 1945, 12, 15));
        assert_eq!(of(Calendar::Persian), (0, 1402, 12, 15));
        assert_eq!(of(Calendar::IslamicCivil), (0, 1445, 8, 24));
        assert_eq!(of(Calendar::IslamicTbla), (0, 1445, 8, 25));
        assert_eq!(of(Calendar::IslamicUmalqura), (0, 1445, 8, 24));
        assert_eq!(of(Calendar::Islamic), (0, 1445, 8, 25));
        assert_eq!(of(Calendar::Chinese), (0, 41, 1, 25));
    }
}
