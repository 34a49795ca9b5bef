//! Texts made of pieces, each of which is something: digits, a sign, a unit.

use super::decimal::Decimal;

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// Nothing in particular.
    Literal,
    /// Digits before the point.
    Integer,
    /// What parts groups of them.
    Group,
    /// The point.
    Decimal,
    /// Digits behind it.
    Fraction,
    /// A minus sign.
    Minus,
    /// A plus sign.
    Plus,
    /// What says that a number is not exact.
    Approximately,
    /// A percent sign.
    Percent,
    /// A currency.
    Currency,
    /// A unit.
    Unit,
    /// What stands for a power of ten.
    Compact,
    /// What comes before an exponent.
    ExponentSeparator,
    /// The sign of an exponent.
    ExponentMinus,
    /// The exponent.
    Exponent,
    /// No number.
    Nan,
    /// An infinite number.
    Infinity,
    /// An item of a list.
    Element,
}

impl Field {
    /// The name that ECMA-402 has for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Literal => "literal",
            Self::Integer => "integer",
            Self::Group => "group",
            Self::Decimal => "decimal",
            Self::Fraction => "fraction",
            Self::Minus => "minusSign",
            Self::Plus => "plusSign",
            Self::Approximately => "approximatelySign",
            Self::Percent => "percentSign",
            Self::Currency => "currency",
            Self::Unit => "unit",
            Self::Compact => "compact",
            Self::ExponentSeparator => "exponentSeparator",
            Self::ExponentMinus => "exponentMinusSign",
            Self::Exponent => "exponentInteger",
            Self::Nan => "nan",
            Self::Infinity => "infinity",
            Self::Element => "element",
        }
    }
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it is.
    pub field: Field,
    /// What is written.
    pub text: String,
}

/// A text by its pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(Vec<Piece>);

impl Text {
    /// Adds a piece; it becomes one with the last where that is the same.
    pub fn push(&mut self, field: Field, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.0.last_mut() {
            Some(last) if last.field == field => last.text.push_str(text),
            _ => self.0.push(Piece {
                field,
                text: text.to_owned(),
            }),
        }
    }

    /// Adds a text.
    pub fn append(&mut self, other: Self) {
        for piece in other.0 {
            self.push(piece.field, &piece.text);
        }
    }

    /// Has pieces be something else.
    pub fn rename(&mut self, from: Field, to: Field) {
        for piece in &mut self.0 {
            if piece.field == from {
                piece.field = to;
            }
        }
    }

    /// The first character.
    pub fn first(&self) -> Option<char> {
        self.0.first()?.text.chars().next()
    }

    /// The last character.
    pub fn last(&self) -> Option<char> {
        self.0.last()?.text.chars().next_back()
    }

    /// What the last piece is.
    pub fn last_field(&self) -> Option<Field> {
        Some(self.0.last()?.field)
    }

    /// What the first piece is.
    pub fn first_field(&self) -> Option<Field> {
        Some(self.0.first()?.field)
    }

    /// How many characters there are.
    pub fn count(&self) -> usize {
        self.0.iter().map(|piece| piece.text.chars().count()).sum()
    }

    /// The text alone.
    pub fn plain(&self) -> String {
        self.0.iter().map(|piece| piece.text.as_str()).collect()
    }

    /// Its pieces, as ICU tells of them: spaces and marks of direction at a piece's ends do not belong
    /// to it.
    pub fn parts(self) -> Vec<Piece> {
        let mut parts = Self::default();
        for piece in self.0 {
            if matches!(piece.field, Field::Group | Field::Literal | Field::Element) {
                parts.push(piece.field, &piece.text);
                continue;
            }
            let inside = piece.text.trim_matches(is_ignorable);
            let start = match inside.is_empty() {
                true => piece.text.len(),
                false => piece.text.find(inside).unwrap_or(0),
            };
            let (before, rest) = piece.text.split_at(start);
            let (inside, after) = rest.split_at(inside.len());
            parts.push(Field::Literal, before);
            parts.push(piece.field, inside);
            parts.push(Field::Literal, after);
        }
        parts.0
    }
}

/// A space, a mark of direction or a variation selector.
fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\t' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
        | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// What stands around a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// Before it.
    pub prefix: Text,
    /// After it.
    pub suffix: Text,
    /// What comes between the prefix and a digit.
    pub after_prefix: String,
    /// What comes between a digit and the suffix.
    pub before_suffix: String,
    /// Whether it stands for the number itself: a word for two days.
    pub instead: bool,
}

impl Around {
    /// Puts it around a text.
    pub fn apply(self, inner: Text) -> Text {
        if self.instead {
            return self.prefix;
        }
        let digit = |c: Option<char>| c.is_some_and(is_digit);
        let (first, last) = (digit(inner.first()), digit(inner.last()));
        let mut whole = self.prefix;
        if first {
            whole.push(Field::Literal, &self.after_prefix);
        }
        whole.append(inner);
        if last {
            whole.push(Field::Literal, &self.before_suffix);
        }
        whole.append(self.suffix);
        whole
    }

    /// How many characters there are.
    pub fn count(&self) -> usize {
        self.prefix.count() + self.suffix.count()
    }
}

/// A decimal digit of any script.
pub(super) fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || (!c.is_ascii() && c.is_numeric() && !c.is_alphabetic())
}

/// How the digits of numbers are written.
pub struct DigitStyle<'a> {
    /// The ten digits.
    pub digits: [char; 10],
    /// The point.
    pub decimal: &'a str,
    /// What parts groups.
    pub group: &'a str,
    /// What is written for an infinite number.
    pub infinity: &'a str,
    /// What is written for what is no number.
    pub nan: &'a str,
    /// Sizes of the first group and of the others; none for no groups.
    pub grouping: Option<(i32, i32)>,
    /// How many digits come before a group at least.
    pub minimum_grouping: i32,
}

impl DigitStyle<'_> {
    /// Writes a number without its sign, with so many digits at least.
    pub fn write(&self, number: &Decimal, minimum_integer: i32, minimum_fraction: i32) -> Text {
        use super::decimal::Kind;
        let mut text = Text::default();
        match number.kind {
            Kind::Nan => text.push(Field::Nan, self.nan),
            Kind::Infinite => text.push(Field::Infinity, self.infinity),
            Kind::Finite => self.write_digits(&mut text, number, minimum_integer, minimum_fraction),
        }
        text
    }

    fn write_digits(&self, text: &mut Text, number: &Decimal, integer: i32, fraction: i32) {
        let mut bytes = [0; 4];
        let upper = number.magnitude().max(integer - 1);
        for power in (0..=upper).rev() {
            let digit = self.digits[usize::from(number.digit(power) % 10)];
            text.push(Field::Integer, digit.encode_utf8(&mut bytes));
            if let Some((first, other)) = self.grouping
                && power >= first
                && (power - first) % other.max(1) == 0
                && upper - first + 1 >= self.minimum_grouping
            {
                text.push(Field::Group, self.group);
            }
        }
        let lowest = number.lowest().min(-fraction);
        if lowest >= 0 {
            return;
        }
        text.push(Field::Decimal, self.decimal);
        for power in (lowest..0).rev() {
            let digit = self.digits[usize::from(number.digit(power) % 10)];
            text.push(Field::Fraction, digit.encode_utf8(&mut bytes));
        }
    }
}
