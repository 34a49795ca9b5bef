//! What people of a locale prefer, by their region: calendars, hours, weeks.

use super::{Calendar, Dates, Error};
use crate::intl::Value;

/// How long a locale's name is at most.
const LONGEST: usize = 128;

/// A locale's name, taken apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Locale {
    pub(super) language: String,
    script: Option<String>,
    region: Option<String>,
    /// What its extension `u` says.
    keywords: Vec<(String, String)>,
}

impl Locale {
    pub(super) fn parse(name: &str) -> Result<Self, Error> {
        if name.len() > LONGEST
            || !name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            return Err(Error::Argument("this is no name of a locale".to_owned()));
        }
        let mut parts = name.split('-').peekable();
        let language = parts.next().unwrap_or_default().to_ascii_lowercase();
        let mut found = Self {
            language,
            ..Self::default()
        };
        let mut unicode = false;
        while let Some(part) = parts.next() {
            if part.len() == 1 {
                unicode = part.eq_ignore_ascii_case("u");
                if part.eq_ignore_ascii_case("x") {
                    break;
                }
                if unicode || !found.keywords.is_empty() {
                    continue;
                }
                continue;
            }
            if unicode {
                if part.len() == 2 {
                    let mut values = Vec::new();
                    while let Some(value) = parts.next_if(|next| next.len() > 2) {
                        values.push(value.to_ascii_lowercase());
                    }
                    found
                        .keywords
                        .push((part.to_ascii_lowercase(), values.join("-")));
                }
            } else if part.len() == 4 && part.bytes().all(|byte| byte.is_ascii_alphabetic()) {
                found.script.get_or_insert_with(|| part.to_owned());
            } else if part.len() == 2
                || (part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit()))
            {
                found
                    .region
                    .get_or_insert_with(|| part.to_ascii_uppercase());
            }
        }
        Ok(found)
    }

    pub(super) fn keyword(&self, key: &str) -> Option<&str> {
        self.keywords
            .iter()
            .find(|(its, _)| its == key)
            .map(|(_, value)| value.as_str())
    }

    /// The region whose habits count: that of the keyword `rg`, its own, or the likely one.
    pub(super) fn region(&self, plain: &Value) -> String {
        let other = self
            .keyword("rg")
            .filter(|rg| rg.len() == 6 && rg.ends_with("zzzz"));
        if let Some(other) = other.and_then(|rg| rg.get(..2)) {
            return other.to_ascii_uppercase();
        }
        self.own_region(plain)
    }

    /// Its own region, or the likely one.
    pub(super) fn own_region(&self, plain: &Value) -> String {
        if let Some(region) = &self.region {
            return region.clone();
        }
        let regions = &plain["regions"];
        let with_script = self
            .script
            .as_ref()
            .and_then(|script| regions.get(format!("{}-{script}", self.language)));
        let likely = with_script
            .or_else(|| regions.get(&self.language))
            .and_then(Value::as_str);
        likely.unwrap_or("001").to_owned()
    }

    /// The region that its name has.
    pub(super) fn named_region(&self) -> Option<&str> {
        self.region.as_deref()
    }
}

/// What a locale prefers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// Its calendars, by ECMA-402's names.
    pub calendars: Vec<String>,
    /// Its hour cycle.
    pub hour_cycles: Vec<String>,
    /// Its numbering system.
    pub numbering_system: String,
    /// The zones of its region, if its name has one.
    pub time_zones: Option<Vec<String>>,
}

/// How weeks are counted. Days are from 1, Monday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Week {
    /// The first day.
    pub first_day: u8,
    /// The weekend.
    pub weekend: Vec<u8>,
    /// How many days of a year its first week has at least.
    pub minimal_days: u8,
}

/// The letter of the hour that a locale prefers.
pub(super) fn hour(plain: &Value, locale: &Locale) -> u8 {
    let region = locale.region(plain);
    let hours = &plain["hours"];
    let of = hours
        .get(format!("{}-{region}", locale.language))
        .or_else(|| hours.get(&region));
    let preferred = of
        .or_else(|| hours.get("001"))
        .and_then(|of| of[0].as_str());
    let letter = preferred.and_then(|preferred| preferred.bytes().next());
    letter
        .filter(|letter| matches!(letter, b'h' | b'K' | b'k'))
        .unwrap_or(b'H')
}

pub(super) fn preferences(dates: &Dates, name: &str) -> Result<Preferences, Error> {
    let locale = Locale::parse(name)?;
    let plain = dates.plain()?;
    let region = locale.region(&plain);
    let calendars = match locale.keyword("ca").and_then(Calendar::named) {
        Some(calendar) => vec![calendar.name().to_owned()],
        None => {
            let of = &plain["preferences"];
            let list = of
                .get(&region)
                .or_else(|| of.get("001"))
                .and_then(Value::as_array);
            let names = list.into_iter().flatten().filter_map(Value::as_str);
            names.map(|name| ecma(name).to_owned()).collect()
        }
    };
    let hour_cycle = match locale.keyword("hc") {
        Some(cycle @ ("h11" | "h12" | "h23" | "h24")) => cycle,
        _ => super::pattern::cycle_of(hour(&plain, &locale)),
    };
    let numbers = dates.section(name, "numbers")?;
    let digits = &dates.numbers()?["digits"];
    let numbering_system = match locale
        .keyword("nu")
        .filter(|system| digits.get(*system).is_some())
    {
        Some(system) => system.to_owned(),
        None => numbers["system"].as_str().unwrap_or("latn").to_owned(),
    };
    let time_zones = match locale.named_region() {
        Some(region) => {
            let mut zones = dates.zone_names()?.of_region(region).to_vec();
            zones.sort_unstable();
            Some(zones)
        }
        None => None,
    };
    Ok(Preferences {
        calendars,
        hour_cycles: vec![hour_cycle.to_owned()],
        numbering_system,
        time_zones,
    })
}

/// CLDR's name of a calendar, in ECMA-402.
fn ecma(name: &str) -> &str {
    match name {
        "gregorian" => "gregory",
        "ethiopic-amete-alem" => "ethioaa",
        other => other,
    }
}

pub(super) fn week(dates: &Dates, name: &str) -> Result<Week, Error> {
    let locale = Locale::parse(name)?;
    let plain = dates.plain()?;
    let region = locale.region(&plain);
    let of = |what: &str| {
        plain[what]
            .get(&region)
            .or_else(|| plain[what].get("001"))
            .cloned()
    };
    let day = |what: &str| of(what).as_ref().and_then(Value::as_str).and_then(day_of);
    let first = locale
        .keyword("fw")
        .and_then(day_of)
        .or_else(|| day("firstDay"))
        .unwrap_or(1);
    let (start, end) = (
        day("weekendStart").unwrap_or(6),
        day("weekendEnd").unwrap_or(7),
    );
    let mut weekend = vec![start];
    let mut next = start;
    while next != end && weekend.len() < 7 {
        next = next % 7 + 1;
        weekend.push(next);
    }
    weekend.sort_unstable();
    let minimal = of("minimalDays")
        .and_then(|days| days.as_u64())
        .unwrap_or(1);
    Ok(Week {
        first_day: first,
        weekend,
        minimal_days: u8::try_from(minimal).unwrap_or(1),
    })
}

fn day_of(name: &str) -> Option<u8> {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let place = DAYS.iter().position(|day| *day == name)?;
    u8::try_from(place + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_has_a_region_or_a_likely_one() {
        let plain = r#"{"regions": {"en": "US", "zh-Hant": "TW", "zh": "CN"}}"#;
        let plain = Value::read(plain).unwrap();
        let of = |name| Locale::parse(name).unwrap().region(&plain);
        assert_eq!(of("en"), "US");
        assert_eq!(of("en-GB"), "GB");
        assert_eq!(of("en-US-u-ca-buddhist-rg-gbzzzz"), "GB");
        assert_eq!(of("zh-Hant"), "TW");
        assert_eq!(of("es-419"), "419");
        assert_eq!(of("xx"), "001");
        assert!(Locale::parse("en US").is_err());
        assert!(Locale::parse(&"e".repeat(200)).is_err());
    }
}
