//! Decimal numbers of any length, as they are written: `-0`, `NaN` and `Infinity` too.

use crate::intl::IntlError;

/// How many digits a number has at most, written out.
const DIGITS: usize = 10_000;

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It has digits.
    Finite,
    /// It is infinite.
    Infinite,
    /// It is none.
    Nan,
}

/// How what is not written is rounded away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundingMode {
    /// Up.
    Ceil,
    /// Down.
    Floor,
    /// Away from zero.
    Expand,
    /// Towards zero.
    Trunc,
    /// To the nearest; a half up.
    HalfCeil,
    /// To the nearest; a half down.
    HalfFloor,
    /// To the nearest; a half away from zero.
    HalfExpand,
    /// To the nearest; a half towards zero.
    HalfTrunc,
    /// To the nearest; a half to the even neighbour.
    HalfEven,
}

/// A number: 0.`digits` times ten to the power of `point`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// What it is.
    pub kind: Kind,
    /// Whether it has a minus sign. Zero may have one.
    pub negative: bool,
    /// Without zeros at either end; none for zero.
    digits: Vec<u8>,
    /// How many digits are before the point; 0 for zero.
    point: i32,
}

impl Decimal {
    /// Reads a number as JavaScript's `String` writes it.
    pub fn parse(text: &str) -> Result<Self, IntlError> {
        let malformed = || {
            let shown: String = text.chars().take(40).collect();
            IntlError::Argument(format!("`{shown}` is not a decimal number"))
        };
        if text.len() > DIGITS + 40 {
            return Err(IntlError::TooMuch(format!(
                "a number of {} characters is longer than the {DIGITS} digits that are taken",
                text.len()
            )));
        }
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        match rest {
            "NaN" => return Ok(Self::special(Kind::Nan, false)),
            "Infinity" => return Ok(Self::special(Kind::Infinite, negative)),
            _ => {}
        }
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => {
                let sign = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
                if sign.is_empty() || !sign.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(malformed());
                }
                let most = IntlError::TooMuch(format!("the exponent {exponent} is too large"));
                (mantissa, exponent.parse::<i32>().map_err(|_| most)?)
            }
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = || whole.bytes().chain(fraction.bytes());
        if all().next().is_none() || !all().all(|byte| byte.is_ascii_digit()) {
            return Err(malformed());
        }
        let digits: Vec<u8> = all().map(|byte| byte - b'0').collect();
        let whole = i32::try_from(whole.len()).unwrap_or(i32::MAX);
        let number = Self {
            kind: Kind::Finite,
            negative,
            digits,
            point: exponent.saturating_add(whole),
        }
        .trimmed();
        if number.point.unsigned_abs() as usize > DIGITS
            || number.point.abs_diff(number.lowest()) as usize > DIGITS
            || number.lowest().unsigned_abs() as usize > DIGITS
        {
            return Err(IntlError::TooMuch(format!(
                "written out, the number has more than the {DIGITS} digits that are taken"
            )));
        }
        Ok(number)
    }

    fn special(kind: Kind, negative: bool) -> Self {
        Self {
            kind,
            negative,
            digits: Vec::new(),
            point: 0,
        }
    }

    /// A whole number.
    pub fn of(value: i128) -> Self {
        let digits = value.unsigned_abs().to_string();
        Self {
            kind: Kind::Finite,
            negative: value < 0,
            point: i32::try_from(digits.len()).unwrap_or(0),
            digits: digits.bytes().map(|byte| byte - b'0').collect(),
        }
        .trimmed()
    }

    fn trimmed(mut self) -> Self {
        let zeros = self.digits.iter().take_while(|digit| **digit == 0).count();
        self.digits.drain(..zeros);
        self.point = self
            .point
            .saturating_sub(i32::try_from(zeros).unwrap_or(i32::MAX));
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        if self.digits.is_empty() {
            self.point = 0;
        }
        self
    }

    /// Whether it has no digits: zero, and what is no number.
    pub fn is_zeroish(&self) -> bool {
        self.digits.is_empty()
    }

    /// Whether it is no number.
    pub fn is_nan(&self) -> bool {
        self.kind == Kind::Nan
    }

    /// Whether it is zero, with either sign, or no number.
    pub fn is_zero(&self) -> bool {
        self.digits.is_empty() && self.kind != Kind::Infinite
    }

    /// The power of ten of its first digit; 0 for zero.
    pub fn magnitude(&self) -> i32 {
        match self.digits.is_empty() {
            true => 0,
            false => self.point - 1,
        }
    }

    /// The power of ten of its last digit; 0 for zero.
    pub fn lowest(&self) -> i32 {
        let length = i32::try_from(self.digits.len()).unwrap_or(i32::MAX);
        self.point.saturating_sub(length)
    }

    /// The digit at a power of ten.
    pub fn digit(&self, power: i32) -> u8 {
        let place = usize::try_from(self.point - 1 - power);
        let digit = place.ok().and_then(|place| self.digits.get(place));
        digit.copied().unwrap_or(0)
    }

    /// Multiplies it by a power of ten.
    pub fn shift(&mut self, powers: i32) {
        if !self.digits.is_empty() {
            self.point += powers;
        }
    }

    /// Whether nothing is behind the point.
    pub fn is_whole(&self) -> bool {
        self.lowest() >= 0 || self.digits.is_empty()
    }

    /// Its digits as an integer of some power of ten, if they are few: `12` for 1.2 at -1.
    pub fn to_u64(&self, power: i32) -> Option<u64> {
        if self.digits.is_empty() {
            return Some(0);
        }
        let mut value: u64 = 0;
        let mut at = self.magnitude();
        while at >= power {
            value = value.checked_mul(10)?.checked_add(self.digit(at).into())?;
            at -= 1;
        }
        Some(value)
    }

    /// As a floating point number, for what needs no more.
    pub fn to_f64(&self) -> f64 {
        let sign = if self.negative { "-" } else { "" };
        let digits: String = self
            .digits
            .iter()
            .map(|digit| char::from(b'0' + digit))
            .collect();
        match self.kind {
            Kind::Nan => f64::NAN,
            Kind::Infinite if self.negative => f64::NEG_INFINITY,
            Kind::Infinite => f64::INFINITY,
            Kind::Finite => format!("{sign}0.{digits}0e{}", self.point)
                .parse()
                .unwrap_or(f64::NAN),
        }
    }

    /// Rounds it to a multiple of `increment` times ten to the power of `power`.
    pub fn round(&mut self, power: i32, increment: u16, mode: RoundingMode) {
        if self.digits.is_empty() || (increment == 1 && self.lowest() >= power) {
            return;
        }
        let kept = usize::try_from(self.point - power).unwrap_or(0);
        let tail = match usize::try_from(power - self.point) {
            // All of it lies behind the first digit that is dropped.
            Ok(gap) if gap > 0 => Tail::Low,
            _ => tail(self.digits.get(kept..).unwrap_or(&[])),
        };
        let mut whole: Vec<u8> = self.digits.iter().copied().take(kept).collect();
        // Zeros between its last digit and the power: few, since numbers are bounded.
        whole.resize(kept, 0);
        let (increment, mut remainder) = (u32::from(increment), 0);
        for digit in &whole {
            remainder = (remainder * 10 + u32::from(*digit)) % (2 * increment);
        }
        let odd = remainder >= increment;
        let remainder = remainder % increment;
        if remainder == 0 && tail == Tail::Nothing {
            return;
        }
        let up = match mode {
            RoundingMode::Ceil => !self.negative,
            RoundingMode::Floor => self.negative,
            RoundingMode::Expand => true,
            RoundingMode::Trunc => false,
            half => match near(remainder, increment, tail) {
                std::cmp::Ordering::Less => false,
                std::cmp::Ordering::Greater => true,
                std::cmp::Ordering::Equal => match half {
                    RoundingMode::HalfCeil => !self.negative,
                    RoundingMode::HalfFloor => self.negative,
                    RoundingMode::HalfTrunc => false,
                    RoundingMode::HalfEven => odd,
                    _ => true,
                },
            },
        };
        let below = subtracted(whole, remainder);
        let rounded = match up {
            true => added(below, increment),
            false => below,
        };
        self.point = power + i32::try_from(rounded.len()).unwrap_or(0);
        self.digits = rounded;
        let (negative, kind) = (self.negative, self.kind);
        let value = std::mem::replace(self, Self::special(kind, negative));
        *self = value.trimmed();
    }
}

/// What is dropped, measured by its first digit's unit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tail {
    Nothing,
    Low,
    Half,
    High,
}

fn tail(dropped: &[u8]) -> Tail {
    let more = dropped.iter().skip(1).any(|digit| *digit != 0);
    match dropped.first() {
        None => Tail::Nothing,
        Some(0) if !more => Tail::Nothing,
        Some(0..=4) => Tail::Low,
        Some(5) if !more => Tail::Half,
        Some(_) => Tail::High,
    }
}

/// How a remainder with what is behind it compares with half of the increment.
fn near(remainder: u32, increment: u32, tail: Tail) -> std::cmp::Ordering {
    let half = increment / 2;
    remainder.cmp(&half).then(match (increment % 2, tail) {
        (0, Tail::Nothing) | (1, Tail::Half) => std::cmp::Ordering::Equal,
        (0, _) | (1, Tail::High) => std::cmp::Ordering::Greater,
        _ => std::cmp::Ordering::Less,
    })
}

/// Digits less a small number, which is no more than they are.
fn subtracted(mut digits: Vec<u8>, mut less: u32) -> Vec<u8> {
    for digit in digits.iter_mut().rev() {
        if less == 0 {
            break;
        }
        let own = u32::from(*digit);
        let take = less % 10;
        less /= 10;
        if own >= take {
            *digit = u8::try_from(own - take).unwrap_or(0);
        } else {
            *digit = u8::try_from(own + 10 - take).unwrap_or(0);
            less += 1;
        }
    }
    digits
}

/// Digits and a small number.
fn added(mut digits: Vec<u8>, mut more: u32) -> Vec<u8> {
    for digit in digits.iter_mut().rev() {
        if more == 0 {
            break;
        }
        let sum = u32::from(*digit) + more;
        *digit = u8::try_from(sum % 10).unwrap_or(0);
        more = sum / 10;
    }
    while more > 0 {
        digits.insert(0, u8::try_from(more % 10).unwrap_or(0));
        more /= 10;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(number: &Decimal) -> String {
        let sign = if number.negative { "-" } else { "" };
        let mut text = sign.to_owned();
        for power in (number.lowest().min(0)..=number.magnitude().max(0)).rev() {
            if power == -1 {
                text.push('.');
            }
            text.push(char::from(b'0' + number.digit(power)));
        }
        text
    }

    fn rounded(text: &str, power: i32, increment: u16, mode: RoundingMode) -> String {
        let mut number = Decimal::parse(text).unwrap();
        number.round(power, increment, mode);
        written(&number)
    }

    #[test]
    fn numbers_are_read_as_javascript_writes_them() {
        for (text, as_written) in [
            ("0", "0"),
            ("-0", "-0"),
            ("1.5e-7", "0.00000015"),
            ("1e+21", "1000000000000000000000"),
            ("12345678901234567890.10", "12345678901234567890.1"),
            ("007", "7"),
        ] {
            assert_eq!(written(&Decimal::parse(text).unwrap()), as_written);
        }
        assert_eq!(Decimal::parse("NaN").unwrap().kind, Kind::Nan);
        assert!(Decimal::parse("-Infinity").unwrap().negative);
        for text in ["", "-", "1e", "0x1", "1.2.3", ".", "e5", "１"] {
            assert!(
                matches!(Decimal::parse(text), Err(IntlError::Argument(_))),
                "{text}"
            );
        }
        for text in [
            "1e20000",
            "1e-99999999999",
            &"9".repeat(20_000),
            "1e2147483647",
        ] {
            assert!(
                matches!(Decimal::parse(text), Err(IntlError::TooMuch(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn halves_go_where_the_mode_says() {
        use RoundingMode::*;
        for (mode, up, down) in [
            (Ceil, "3", "-2"),
            (Floor, "2", "-3"),
            (Expand, "3", "-3"),
            (Trunc, "2", "-2"),
            (HalfCeil, "3", "-2"),
            (HalfFloor, "2", "-3"),
            (HalfExpand, "3", "-3"),
            (HalfTrunc, "2", "-2"),
            (HalfEven, "2", "-2"),
        ] {
            assert_eq!(rounded("2.5", 0, 1, mode), up, "{mode:?}");
            assert_eq!(rounded("-2.5", 0, 1, mode), down, "{mode:?}");
        }
    }

    #[test]
    fn increments_are_kept() {
        let half = RoundingMode::HalfExpand;
        assert_eq!(rounded("1.12", -2, 5, half), "1.1");
        assert_eq!(rounded("1.13", -2, 5, half), "1.15");
        assert_eq!(rounded("1.125", -2, 25, half), "1.25");
        assert_eq!(rounded("9987", 0, 5000, half), "10000");
        assert_eq!(rounded("0.3", 0, 1, RoundingMode::Ceil), "1");
        assert_eq!(rounded("0.0003", 0, 1, RoundingMode::Expand), "1");
        assert_eq!(rounded("-0.4", 0, 1, half), "-0");
        assert_eq!(rounded("99.95", -1, 1, half), "100");
        assert_eq!(rounded("0.5", 0, 1, RoundingMode::HalfEven), "0");
        assert_eq!(rounded("0.05", 0, 1, half), "0");
        assert_eq!(rounded("1200", 3, 1, half), "1000");
    }
}
