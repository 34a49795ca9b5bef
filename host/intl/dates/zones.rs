//! Time zones: which there are, and what their clocks say.
//!
//! The rules are those of the IANA database that `jiff` brings, never the machine's. What is primary among
//! names of one zone, CLDR says: it keeps the oldest (`Asia/Calcutta`), so that a name once given stays.

use super::{Dates, Error};
use crate::intl::Value;
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

/// The rules of all zones.
static RULES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Clocks that show UTC and whose zone nobody knows: what a bot is in whose `TZ` means nothing.
const UNKNOWN: &str = "Etc/Unknown";

/// How long a name is at most.
const LONGEST: usize = 64;

/// How many changes of clocks a call gives at most.
const MOST_CHANGES: usize = 1000;

/// After as many seconds the Gregorian calendar, and with it any rule of clocks, begins anew: 400 years.
const CYCLE: i64 = 146_097 * 86_400;

/// A zone.
#[derive(Clone, Debug)]
pub struct Zone {
    /// Its primary name, or `+01:00`.
    pub name: String,
    /// The name that CLDR has it by. None for an offset that is no zone.
    pub(super) cldr: Option<String>,
    rules: Rules,
}

#[derive(Clone, Debug)]
enum Rules {
    Fixed(i32),
    Named(TimeZone),
}

/// A change of clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The first instant, in milliseconds, at which the offset holds.
    pub at: i64,
    /// The offset from then on, in milliseconds.
    pub offset: i32,
}

/// What the clocks of a zone say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Clock {
    /// Added to UTC, in seconds.
    pub(super) offset: i32,
    /// It is summer time.
    pub(super) summer: bool,
}

/// The names of zones.
pub(super) struct Names {
    /// By any name in lower case, the name that CLDR has the zone by and the primary one.
    known: HashMap<String, (String, String)>,
    /// The zones of each region, by CLDR's names.
    regions: BTreeMap<String, Vec<String>>,
    /// The region of each zone.
    region: HashMap<String, String>,
    primary: Vec<String>,
}

impl Names {
    pub(super) fn of(data: &Value) -> Self {
        let mut found = Self {
            known: HashMap::new(),
            regions: BTreeMap::new(),
            region: HashMap::new(),
            primary: Vec::new(),
        };
        let rules: HashSet<String> = RULES
            .available()
            .map(|name| name.as_str().to_owned())
            .collect();
        for of in data["same"]
            .as_object()
            .into_iter()
            .flat_map(|same| same.values())
        {
            let names: Vec<&str> = strings(&of["names"]).collect();
            let (Some(cldr), Some(region)) = (names.first(), of["region"].as_str()) else {
                continue;
            };
            let primary = if matches!(*cldr, "Etc/UTC" | "Etc/GMT") {
                "UTC"
            } else {
                cldr
            };
            for name in &names {
                let both = ((*cldr).to_owned(), primary.to_owned());
                found.known.insert(name.to_ascii_lowercase(), both);
            }
            if !rules.contains(*cldr) {
                continue;
            }
            // Those of no region are not listed, nor UTC, as in V8.
            if !cldr.starts_with("Etc/") && cldr.contains('/') {
                found
                    .regions
                    .entry(region.to_owned())
                    .or_default()
                    .push((*cldr).to_owned());
                found.region.insert((*cldr).to_owned(), region.to_owned());
                found.primary.push(primary.to_owned());
            }
        }
        for name in rules {
            let key = name.to_ascii_lowercase();
            found
                .known
                .entry(key)
                .or_insert_with(|| (name.clone(), name));
        }
        // Stand-ins for where there is no zone.
        for name in ["etc/unknown", "factory"] {
            found.known.remove(name);
        }
        for zones in found.regions.values_mut() {
            zones.sort_unstable();
        }
        found.primary.sort_unstable();
        found
    }

    /// The zones of a region.
    pub(super) fn of_region(&self, region: &str) -> &[String] {
        self.regions.get(region).map_or(&[], Vec::as_slice)
    }

    /// The region of a zone, by CLDR's name.
    pub(super) fn region_of(&self, cldr: &str) -> Option<&str> {
        self.region.get(cldr).map(String::as_str)
    }

    /// The primary names of all zones of a region, in order.
    pub(super) fn all(&self) -> &[String] {
        &self.primary
    }

    pub(super) fn zone(&self, name: &str) -> Option<Zone> {
        if name.len() > LONGEST {
            return None;
        }
        if name == UNKNOWN {
            return Some(Zone {
                name: UNKNOWN.to_owned(),
                cldr: None,
                rules: Rules::Fixed(0),
            });
        }
        if let Some(seconds) = fixed(name) {
            let name = offset_name(seconds);
            return Some(Zone {
                cldr: (seconds == 0).then(|| "Etc/GMT".to_owned()),
                name,
                rules: Rules::Fixed(seconds),
            });
        }
        let (cldr, primary) = self.known.get(&name.to_ascii_lowercase())?;
        let rules = RULES.get(cldr).or_else(|_| RULES.get(name)).ok()?;
        Some(Zone {
            name: primary.clone(),
            cldr: Some(cldr.clone()),
            rules: Rules::Named(rules),
        })
    }
}

fn strings(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// The offset that a name is: `+01`, `+0100`, `+01:00`.
fn fixed(name: &str) -> Option<i32> {
    let bytes = name.as_bytes();
    let sign = match bytes.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: Vec<i32> = match bytes {
        [_, a, b] => vec![*a, *b],
        [_, a, b, c, d] | [_, a, b, b':', c, d] => vec![*a, *b, *c, *d],
        _ => return None,
    }
    .into_iter()
    .map(|byte| byte.is_ascii_digit().then(|| i32::from(byte - b'0')))
    .collect::<Option<_>>()?;
    let hours = digits[0] * 10 + digits[1];
    let minutes = if digits.len() == 4 {
        digits[2] * 10 + digits[3]
    } else {
        0
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn offset_name(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// A zone by any of its names, in any case.
pub(super) fn zone(dates: &Dates, name: &str) -> Result<Zone, Error> {
    let names = dates.zone_names()?;
    let shown: String = name.chars().take(LONGEST).collect();
    names
        .zone(name)
        .ok_or_else(|| Error::Argument(format!("there is no time zone `{shown}`")))
}

impl Zone {
    /// Whether it is a zone at all, and no stand-in for one.
    pub fn is_known(&self) -> bool {
        self.name != UNKNOWN
    }

    pub(super) fn clock(&self, at: i64) -> Clock {
        match &self.rules {
            Rules::Fixed(offset) => Clock {
                offset: *offset,
                summer: false,
            },
            Rules::Named(rules) => {
                let info = rules.to_offset_info(timestamp(at).0);
                Clock {
                    offset: info.offset().seconds(),
                    summer: info.dst().is_dst(),
                }
            }
        }
    }

    /// The clock that the first change after an instant leads to, and when; the same before it.
    pub(super) fn next_change(&self, at: i64) -> Option<(i64, Clock)> {
        let Rules::Named(rules) = &self.rules else {
            return None;
        };
        let (from, shift) = timestamp(at);
        let change = rules.following(from).next()?;
        let at = (change.timestamp().as_second() + shift) * 1000;
        let clock = Clock {
            offset: change.offset().seconds(),
            summer: change.dst().is_dst(),
        };
        Some((at, clock))
    }

    /// When the clocks changed last, at an instant or before it.
    pub(super) fn last_change(&self, at: i64) -> Option<i64> {
        let Rules::Named(rules) = &self.rules else {
            return None;
        };
        let (from, shift) = timestamp(at.saturating_add(1));
        let change = rules.preceding(from).next()?;
        Some((change.timestamp().as_second() + shift) * 1000)
    }

    /// Added to UTC at an instant, in milliseconds.
    pub fn offset(&self, at: i64) -> i32 {
        self.clock(at).offset * 1000
    }

    /// The changes of the offset after an instant and before another.
    pub fn changes(&self, start: i64, end: i64) -> Result<Vec<Change>, Error> {
        let mut found = Vec::new();
        let mut at = start;
        let mut offset = self.offset(start);
        // Some changes leave the offset as it is.
        let mut seen = 0;
        while let Some((next, clock)) = self.next_change(at) {
            if next >= end || next <= at {
                break;
            }
            at = next;
            seen += 1;
            if clock.offset * 1000 != offset {
                offset = clock.offset * 1000;
                found.push(Change { at, offset });
            }
            if seen > MOST_CHANGES {
                return Err(Error::TooMuch(format!(
                    "between the two instants the clocks of {} change more than {MOST_CHANGES} times",
                    self.name
                )));
            }
        }
        Ok(found)
    }
}

/// An instant as jiff has them. Far in the future it is the same instant of an earlier cycle, with the
/// seconds between the two; far in the past the earliest that there is.
fn timestamp(at: i64) -> (Timestamp, i64) {
    let seconds = at.div_euclid(1000);
    let most = Timestamp::MAX.as_second() - CYCLE;
    let over = seconds - most;
    let shift = if over > 0 {
        (over / CYCLE + 1) * CYCLE
    } else {
        0
    };
    let within = (seconds - shift).max(Timestamp::MIN.as_second());
    (
        Timestamp::from_second(within).unwrap_or(Timestamp::MIN),
        shift,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_names() {
        assert_eq!(fixed("+01"), Some(3600));
        assert_eq!(fixed("-0530"), Some(-19800));
        assert_eq!(fixed("+05:45"), Some(20700));
        assert_eq!(fixed("+24:00"), None);
        assert_eq!(fixed("+1:00"), None);
        assert_eq!(fixed("UTC"), None);
        assert_eq!(offset_name(-19800), "-05:30");
    }

    fn names() -> Names {
        let data = r#"{"same": {
            "inccu": {"names": ["Asia/Calcutta", "Asia/Kolkata"], "region": "IN"},
            "usnyc": {"names": ["America/New_York", "US/Eastern"], "region": "US"},
            "utc": {"names": ["Etc/UTC", "UTC", "Zulu"], "region": "UT"}
        }}"#;
        Names::of(&Value::read(data).unwrap())
    }

    #[test]
    fn a_zone_has_one_primary_name() {
        let names = names();
        let of = |name: &str| names.zone(name).map(|zone| zone.name);
        assert_eq!(of("asia/kolkata").as_deref(), Some("Asia/Calcutta"));
        assert_eq!(of("us/EASTERN").as_deref(), Some("America/New_York"));
        assert_eq!(of("zulu").as_deref(), Some("UTC"));
        assert_eq!(of("europe/berlin").as_deref(), Some("Europe/Berlin"));
        assert_eq!(of("+0130").as_deref(), Some("+01:30"));
        assert_eq!(of("Factory"), None);
        let unknown = names.zone("Etc/Unknown").unwrap();
        assert!(!unknown.is_known());
        assert_eq!(unknown.offset(1_700_000_000_000), 0);
        assert_eq!(of("Mars/Olympus"), None);
        assert_eq!(of(&"x".repeat(1000)), None);
        assert_eq!(names.all(), ["America/New_York", "Asia/Calcutta"]);
    }

    #[test]
    fn clocks_change_also_far_from_now() {
        let zone = names().zone("America/New_York").unwrap();
        assert_eq!(zone.offset(1_700_000_000_000), -5 * 3_600_000);
        assert_eq!(zone.offset(1_690_000_000_000), -4 * 3_600_000);
        assert_eq!(zone.offset(-8_640_000_000_000_000), -17_762_000);
        assert_eq!(zone.offset(8_640_000_000_000_000), -4 * 3_600_000);
        let year = zone.changes(1_704_067_200_000, 1_735_689_600_000).unwrap();
        let at: Vec<i64> = year.iter().map(|change| change.at).collect();
        assert_eq!(at, [1_710_054_000_000, 1_730_613_600_000]);
        assert!(zone.changes(0, 8_640_000_000_000_000).is_err());
        assert!(
            names()
                .zone("+01")
                .unwrap()
                .changes(0, 1000)
                .unwrap()
                .is_empty()
        );
    }
}
