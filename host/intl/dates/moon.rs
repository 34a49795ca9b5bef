//! The Islamic calendar by the new moon, as ICU reckons it.
//!
//! Where sun and moon stand is computed as in "Practical Astronomy with your Calculator" by Peter
//! Duffett-Smith, third edition; a month begins on the day after the moon is new.

use std::f64::consts::{PI, TAU};

const DAY: f64 = 86_400_000.0;

/// How long the moon takes from new to new, on average, in days.
const MONTH: f64 = 29.530_588_853;

/// The first day of the calendar, 622-07-16 in the Julian one, in milliseconds from 1970.
const FIRST: f64 = -42_521_587_200_000.0;

/// The same in days.
const FIRST_DAY: i64 = -492_148;

/// The instant for which the elements of the orbits are given, 1990-01-00, in days from 1970.
const ELEMENTS: f64 = 7304.0;

/// How many months are searched at most for the one that has a day.
const SEARCHED: usize = 100;

fn degrees(value: f64) -> f64 {
    value * PI / 180.0
}

fn turned(angle: f64) -> f64 {
    angle - TAU * (angle / TAU).floor()
}

/// How far the moon is ahead of the sun, in radians from -π to π.
fn age(at: f64) -> f64 {
    let day = at / DAY - ELEMENTS;
    let perigee = degrees(282.768_422);
    let sun_anomaly = turned(turned(TAU / 365.242_191 * day) + degrees(279.403_303) - perigee);
    let sun = turned(true_anomaly(sun_anomaly, 0.016_713) + perigee);

    let mean = turned(degrees(13.176_396_6) * day + degrees(318.351_648));
    let anomaly = turned(mean - degrees(0.111_404_1) * day - degrees(36.340_410));
    let evection = degrees(1.2739) * (2.0 * (mean - sun) - anomaly).sin();
    let annual = degrees(0.1858) * sun_anomaly.sin();
    let third = degrees(0.3700) * sun_anomaly.sin();
    let anomaly = anomaly + evection - annual - third;
    let center = degrees(6.2886) * anomaly.sin();
    let fourth = degrees(0.2140) * (2.0 * anomaly).sin();
    let orbital = mean + evection + center - annual + fourth;
    let orbital = orbital + degrees(0.6583) * (2.0 * (orbital - sun)).sin();
    let node = turned(degrees(318.510_107) - degrees(0.052_953_9) * day)
        - degrees(0.16) * sun_anomaly.sin();
    let (y, x) = (orbital - node).sin_cos();
    let moon = (y * degrees(5.145_366).cos()).atan2(x) + node;
    let ahead = turned(moon - sun);
    if ahead > PI { ahead - TAU } else { ahead }
}

/// Solves Kepler's equation.
fn true_anomaly(mean: f64, eccentricity: f64) -> f64 {
    let mut eccentric = mean;
    for _ in 0..100 {
        let off = eccentric - eccentricity * eccentric.sin() - mean;
        eccentric -= off / (1.0 - eccentricity * eccentric.cos());
        if off.abs() <= 1e-5 {
            break;
        }
    }
    2.0 * ((eccentric / 2.0).tan() * ((1.0 + eccentricity) / (1.0 - eccentricity)).sqrt()).atan()
}

/// The day that a month begins on, both counted from the first of the calendar.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "days of a few hundred thousand years"
)]
fn begins(month: i64) -> i64 {
    let mut at = FIRST + (month as f64 * MONTH).floor() * DAY;
    if age(at) >= 0.0 {
        for _ in 0..40 {
            at -= DAY;
            if age(at) < 0.0 {
                break;
            }
        }
    } else {
        for _ in 0..40 {
            at += DAY;
            if age(at) >= 0.0 {
                break;
            }
        }
    }
    ((at - FIRST) / DAY).floor() as i64 + 1
}

/// Year, month and day, by the days from 1970.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "days of a few hundred thousand years"
)]
pub(super) fn islamic(day: i64) -> (i64, u8, u8) {
    let days = day - FIRST_DAY;
    let mut month = (days as f64 / MONTH).floor() as i64;
    if days - (month as f64 * MONTH).floor() as i64 >= 25 && age(day as f64 * DAY) > 0.0 {
        month += 1;
    }
    let mut begun = begins(month);
    for _ in 0..SEARCHED {
        if begun <= days {
            break;
        }
        month -= 1;
        begun = begins(month);
    }
    let year = if month >= 0 {
        month / 12 + 1
    } else {
        (month + 1) / 12
    };
    let of_year = u8::try_from(month.rem_euclid(12) + 1).unwrap_or(1);
    (year, of_year, u8::try_from(days - begun + 1).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_begin_after_the_new_moon() {
        assert_eq!(islamic(19_787), (1445, 8, 25));
        assert_eq!(islamic(-40_113), (1276, 8, 13));
        assert_eq!(islamic(FIRST_DAY).0, 1);
        for day in [-100_000_000, 100_000_000] {
            let (_, month, of_month) = islamic(day);
            assert!((1..=12).contains(&month) && of_month >= 1);
        }
    }
}
