//! Times as people say them.

use std::time::Duration;

use sqlx::types::chrono::{DateTime, Utc};

use super::CliError;

/// A time for the API: of `10m`, `2h` or `3d` ago, or as it is.
pub(super) fn time_of(text: &str) -> Result<String, CliError> {
    let bad = || {
        CliError::Usage(format!(
            "`{text}` is no time; say `30s`, `10m`, `2h` or `3d` for so long ago, or a time as in \
             2026-01-31T09:30:00Z"
        ))
    };
    if let Some(ago) = ago(text) {
        let ago = i64::try_from(ago.as_secs()).map_err(|_| bad())?;
        let then = Utc::now().timestamp().checked_sub(ago);
        let time = then
            .and_then(|then| DateTime::from_timestamp(then, 0))
            .ok_or_else(bad)?;
        return Ok(time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string());
    }
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => Ok(time.to_utc().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()),
        Err(_) => Err(bad()),
    }
}

/// A time for the API: in `10m`, `2h` or `3d`, or as it is.
pub(super) fn time_to_come(text: &str) -> Result<String, CliError> {
    let bad = || {
        CliError::Usage(format!(
            "`{text}` is no time; say `10m`, `2h` or `3d` for in so long, or a time as in \
             2030-01-31T09:30:00Z"
        ))
    };
    let Some(wait) = ago(text) else {
        return DateTime::parse_from_rfc3339(text)
            .map(|time| time.to_utc().format("%Y-%m-%dT%H:%M:%SZ").to_string())
            .map_err(|_| bad());
    };
    let then = i64::try_from(wait.as_secs())
        .ok()
        .and_then(|wait| Utc::now().timestamp().checked_add(wait))
        .and_then(|then| DateTime::from_timestamp(then, 0))
        .ok_or_else(bad)?;
    Ok(then.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// `10m` and so on.
fn ago(text: &str) -> Option<Duration> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return None,
    };
    let count: u64 = text.get(..text.len() - 1)?.parse().ok()?;
    count.checked_mul(unit).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_in_two_ways() {
        assert_eq!(ago("90s"), Some(Duration::from_secs(90)));
        assert_eq!(ago("2h"), Some(Duration::from_secs(7_200)));
        let same = "2026-01-31T09:30:00.000000Z";
        assert_eq!(time_of("2026-01-31T10:30:00+01:00").unwrap(), same);
        assert!(time_of("10m").unwrap() < time_of("5m").unwrap());
        assert!(time_to_come("10m").unwrap() > time_to_come("5m").unwrap());
        assert_eq!(
            time_to_come("2026-01-31T10:30:00+01:00").unwrap(),
            "2026-01-31T09:30:00Z"
        );
        assert!(time_to_come("9999999999999999d").is_err());
        for bad in [
            "",
            "m",
            "tomorrow",
            "10",
            "é",
            "99999999999999999999d",
            "9999999999999999d",
        ] {
            assert!(time_of(bad).is_err(), "{bad}");
        }
    }
}
