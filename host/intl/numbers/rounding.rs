//! How many digits of a number are written.

use super::decimal::{Decimal, RoundingMode};
use crate::intl::IntlError;

/// Which of two limits counts where both are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Significant digits.
    Auto,
    /// The one that leaves more digits.
    More,
    /// The one that leaves fewer.
    Less,
}

/// How many digits are written, and how the rest is rounded away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digits {
    /// Digits before the point at least.
    pub minimum_integer: u8,
    /// Fewest and most digits behind it.
    pub fraction: Option<(u8, u8)>,
    /// Fewest and most significant digits.
    pub significant: Option<(u8, u8)>,
    /// Which of the two counts.
    pub priority: Priority,
    /// What the last digit is a multiple of.
    pub increment: u16,
    /// What happens to the rest.
    pub mode: RoundingMode,
    /// Whether whole numbers have no digits behind the point.
    pub strip_if_integer: bool,
}

impl Digits {
    /// No more than so many digits behind the point, and no fewer.
    pub fn fraction(least: u8, most: u8) -> Self {
        Self {
            minimum_integer: 1,
            fraction: Some((least, most)),
            significant: None,
            priority: Priority::Auto,
            increment: 1,
            mode: RoundingMode::HalfExpand,
            strip_if_integer: false,
        }
    }

    /// Refuses what ECMA-402 does not have.
    pub fn checked(self) -> Result<Self, IntlError> {
        let wrong = |what: &str| Err(IntlError::Argument(what.to_owned()));
        if !(1..=21).contains(&self.minimum_integer) {
            return wrong("there are from 1 to 21 digits before the point");
        }
        if let Some((least, most)) = self.fraction
            && (least > most || most > 100)
        {
            return wrong("there are up to 100 fraction digits, the fewest no more than the most");
        }
        if let Some((least, most)) = self.significant
            && (least > most || most > 21 || least == 0)
        {
            return wrong(
                "there are from 1 to 21 significant digits, the fewest no more than the most",
            );
        }
        if self.fraction.is_none() && self.significant.is_none() {
            return wrong("either fraction digits or significant digits are limited");
        }
        const INCREMENTS: [u16; 15] = [
            1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 2500, 5000,
        ];
        if !INCREMENTS.contains(&self.increment) {
            return wrong("a rounding increment is 1, 2, 5, 10, 20, 25, 50 … or 5000");
        }
        Ok(self)
    }

    /// Rounds a number, and says how many digits it has behind the point at least.
    pub fn apply(&self, number: &mut Decimal) -> i32 {
        let most_significant =
            |most: u8, number: &Decimal| number.magnitude() + 1 - i32::from(most);
        let by_fraction = match (self.fraction, self.significant) {
            (fraction, None) => fraction,
            (None, Some(_)) => None,
            (Some((least, most)), Some((_, significant))) => {
                // Of 9.999 to three digits, the last is a tenth: it becomes 10.0.
                let mut rounded = number.clone();
                rounded.round(most_significant(significant, number), 1, self.mode);
                let significant = most_significant(significant, &rounded);
                let wins = match self.priority {
                    Priority::Auto => false,
                    Priority::More => significant > -i32::from(most),
                    Priority::Less => significant <= -i32::from(most),
                };
                wins.then_some((least, most))
            }
        };
        let least = match (by_fraction, self.significant) {
            (Some((least, most)), _) => {
                number.round(-i32::from(most), self.increment, self.mode);
                i32::from(least)
            }
            (None, Some((least, most))) => {
                number.round(most_significant(most, number), 1, self.mode);
                (i32::from(least) - 1 - number.magnitude()).max(0)
            }
            (None, None) => 0,
        };
        match self.strip_if_integer && number.is_whole() {
            true => 0,
            false => least,
        }
    }
}
