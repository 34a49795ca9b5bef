//! What describes a number formatter, in the words of ECMA-402.

use super::decimal::RoundingMode;
use super::rounding::{Digits, Priority};
use crate::intl::IntlError;

/// What a number is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Style {
    /// A number.
    Decimal,
    /// A share.
    Percent,
    /// An amount of money.
    Currency {
        /// Its code, in capital letters.
        code: String,
        /// How it is called.
        display: CurrencyDisplay,
        /// Whether negative amounts are as accountants write them.
        accounting: bool,
    },
    /// An amount of something.
    Unit {
        /// Of what.
        unit: String,
        /// How it is called.
        width: Width,
    },
}

/// How a currency is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CurrencyDisplay {
    /// By its code.
    Code,
    /// By its symbol.
    Symbol,
    /// By its symbol, though others have the same.
    Narrow,
    /// By its name.
    Name,
}

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// For words.
    Long,
    /// For abbreviations.
    Short,
    /// For next to nothing.
    Narrow,
}

/// How large numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// With all digits.
    Standard,
    /// With a power of ten.
    Scientific,
    /// With a power of a thousand.
    Engineering,
    /// With words.
    CompactLong,
    /// With abbreviations.
    CompactShort,
}

/// When digits are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// Never.
    Never,
    /// With two digits before a group at least.
    MinimumTwo,
    /// As the locale likes it.
    Auto,
    /// Always.
    Always,
}

/// When signs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignDisplay {
    /// Minus signs, also of zero.
    Auto,
    /// Never.
    Never,
    /// Always.
    Always,
    /// Always, but for zero.
    ExceptZero,
    /// Minus signs, but for zero.
    Negative,
}

/// What describes a number formatter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The numbering system.
    pub system: String,
    /// What a number is.
    pub style: Style,
    /// How many digits are written.
    pub digits: Digits,
    /// How large numbers are written.
    pub notation: Notation,
    /// When digits are grouped.
    pub grouping: Grouping,
    /// When signs are written.
    pub sign: SignDisplay,
}

impl Options {
    /// Whether large numbers are written with words or abbreviations.
    pub fn is_compact(&self) -> bool {
        matches!(
            self.notation,
            Notation::CompactLong | Notation::CompactShort
        )
    }

    /// Whether a percent sign is part of the number's pattern. It is a unit where there is room for
    /// the word, and in compact forms.
    pub fn has_percent_sign(&self) -> bool {
        match &self.style {
            _ if self.is_compact() => false,
            Style::Percent => true,
            Style::Unit { unit, width } => {
                let percent = unit == "percent" || unit.starts_with("percent-per-");
                percent && *width != Width::Long
            }
            Style::Decimal | Style::Currency { .. } => false,
        }
    }
}

impl CurrencyDisplay {
    /// By its name in ECMA-402.
    pub fn named(name: &str) -> Result<Self, IntlError> {
        Ok(match name {
            "code" => Self::Code,
            "symbol" => Self::Symbol,
            "narrowSymbol" => Self::Narrow,
            "name" => Self::Name,
            other => return Err(IntlError::option("currencyDisplay", other)),
        })
    }
}

impl Width {
    /// By its name in ECMA-402; `option` is what has it.
    pub fn named(name: &str, option: &str) -> Result<Self, IntlError> {
        Ok(match name {
            "long" => Self::Long,
            "short" => Self::Short,
            "narrow" => Self::Narrow,
            other => return Err(IntlError::option(option, other)),
        })
    }

    /// The name that the data have for it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Short => "short",
            Self::Narrow => "narrow",
        }
    }
}

impl Notation {
    /// By its name in ECMA-402 and, for compact numbers, that of their width.
    pub fn named(name: &str, compact: Option<&str>) -> Result<Self, IntlError> {
        Ok(match (name, compact) {
            ("standard", _) => Self::Standard,
            ("scientific", _) => Self::Scientific,
            ("engineering", _) => Self::Engineering,
            ("compact", Some("long")) => Self::CompactLong,
            ("compact", Some("short") | None) => Self::CompactShort,
            ("compact", Some(other)) => return Err(IntlError::option("compactDisplay", other)),
            (other, _) => return Err(IntlError::option("notation", other)),
        })
    }
}

impl Grouping {
    /// By its name in ECMA-402.
    pub fn named(name: &str) -> Result<Self, IntlError> {
        Ok(match name {
            "false" => Self::Never,
            "min2" => Self::MinimumTwo,
            "auto" => Self::Auto,
            "always" => Self::Always,
            other => return Err(IntlError::option("useGrouping", other)),
        })
    }
}

impl SignDisplay {
    /// By its name in ECMA-402.
    pub fn named(name: &str) -> Result<Self, IntlError> {
        Ok(match name {
            "auto" => Self::Auto,
            "never" => Self::Never,
            "always" => Self::Always,
            "exceptZero" => Self::ExceptZero,
            "negative" => Self::Negative,
            other => return Err(IntlError::option("signDisplay", other)),
        })
    }
}

impl RoundingMode {
    /// By its name in ECMA-402.
    pub fn named(name: &str) -> Result<Self, IntlError> {
        Ok(match name {
            "ceil" => Self::Ceil,
            "floor" => Self::Floor,
            "expand" => Self::Expand,
            "trunc" => Self::Trunc,
            "halfCeil" => Self::HalfCeil,
            "halfFloor" => Self::HalfFloor,
            "halfExpand" => Self::HalfExpand,
            "halfTrunc" => Self::HalfTrunc,
            "halfEven" => Self::HalfEven,
            other => return Err(IntlError::option("roundingMode", other)),
        })
    }
}

impl Priority {
    /// By its name in ECMA-402.
    pub fn named(name: &str) -> Result<Self, IntlError> {
        Ok(match name {
            "auto" => Self::Auto,
            "morePrecision" => Self::More,
            "lessPrecision" => Self::Less,
            other => return Err(IntlError::option("roundingPriority", other)),
        })
    }
}

/// Whether whole numbers lose their zeros behind the point.
pub fn strips_if_integer(name: &str) -> Result<bool, IntlError> {
    match name {
        "auto" => Ok(false),
        "stripIfInteger" => Ok(true),
        other => Err(IntlError::option("trailingZeroDisplay", other)),
    }
}

/// Refuses a currency's code that is none.
pub fn currency_code(code: &str) -> Result<String, IntlError> {
    match code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        true => Ok(code.to_ascii_uppercase()),
        false => Err(IntlError::option("currency", code)),
    }
}
