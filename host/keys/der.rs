//! DER: tags and lengths, read without recursion and written from the inside out.

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;

/// What is left to read. Nothing is copied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The one sequence that `bytes` are.
    pub(crate) fn of_sequence(bytes: &'a [u8]) -> Option<Self> {
        let mut all = Self(bytes);
        let inner = all.sequence()?;
        all.is_empty().then_some(inner)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The next value, whatever it is: tag and contents. Tags of several bytes are not read.
    pub(crate) fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x83 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let length = bytes
                    .iter()
                    .fold(0, |length, byte| length << 8 | usize::from(*byte));
                (length, rest)
            }
            _ => return None,
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, contents))
    }

    /// The next value, if it has this tag. Otherwise nothing is taken.
    pub(crate) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.peek()? != tag {
            return None;
        }
        self.any().map(|(_, contents)| contents)
    }

    pub(crate) fn sequence(&mut self) -> Option<Self> {
        self.take(SEQUENCE).map(Self)
    }

    /// A number that is not negative, without zeros before it.
    pub(crate) fn unsigned(&mut self) -> Option<&'a [u8]> {
        let bytes = self.take(INTEGER)?;
        if bytes.first()? & 0x80 != 0 {
            return None;
        }
        Some(stripped(bytes))
    }

    pub(crate) fn small(&mut self) -> Option<u32> {
        let bytes = self.unsigned()?;
        if bytes.len() > 4 {
            return None;
        }
        Some(
            bytes
                .iter()
                .fold(0, |all, byte| all << 8 | u32::from(*byte)),
        )
    }

    /// A string of whole bytes.
    pub(crate) fn bits(&mut self) -> Option<&'a [u8]> {
        let (unused, bytes) = self.take(BIT_STRING)?.split_first()?;
        (*unused == 0).then_some(bytes)
    }
}

/// A number without zeros before it.
pub(crate) fn stripped(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

/// A value: tag, length, and parts one after the other.
pub(crate) fn value(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut written = vec![tag];
    if length < 0x80 {
        written.push(length as u8);
    } else {
        let bytes = length.to_be_bytes();
        let bytes = stripped(&bytes);
        written.push(0x80 | bytes.len() as u8);
        written.extend_from_slice(bytes);
    }
    for part in parts {
        written.extend_from_slice(part);
    }
    written
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    value(SEQUENCE, parts)
}

pub(crate) fn oid(bytes: &[u8]) -> Vec<u8> {
    value(OID, &[bytes])
}

pub(crate) fn octets(bytes: &[u8]) -> Vec<u8> {
    value(OCTET_STRING, &[bytes])
}

pub(crate) fn bits(bytes: &[u8]) -> Vec<u8> {
    value(BIT_STRING, &[&[0], bytes])
}

/// A number that is not negative.
pub(crate) fn unsigned(number: &[u8]) -> Vec<u8> {
    let number = stripped(number);
    match number.first() {
        None => value(INTEGER, &[&[0]]),
        Some(0x80..) => value(INTEGER, &[&[0], number]),
        Some(_) => value(INTEGER, &[number]),
    }
}

/// An object identifier in dots.
pub(crate) fn dotted(oid: &[u8]) -> Option<String> {
    let mut numbers = Vec::new();
    let mut number = 0_u64;
    for byte in oid {
        number = number.checked_mul(128)? | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            numbers.push(number);
            number = 0;
        }
    }
    if oid.last()? & 0x80 != 0 {
        return None;
    }
    let (first, rest) = numbers.split_first()?;
    let top = (*first / 40).min(2);
    let mut text = format!("{top}.{}", first - top * 40);
    for number in rest {
        text.push('.');
        text.push_str(&number.to_string());
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let long = vec![7; 300];
        let written = sequence(&[
            &unsigned(&[0, 0x80]),
            &octets(&long),
            &bits(b"x"),
            &unsigned(&[]),
        ]);

        let mut reader = Reader::of_sequence(&written).unwrap();

        assert_eq!(reader.small(), Some(0x80));
        assert_eq!(reader.take(OCTET_STRING), Some(long.as_slice()));
        assert_eq!(reader.bits(), Some(b"x".as_slice()));
        assert_eq!(reader.small(), Some(0));
        assert!(reader.is_empty());
    }

    #[test]
    fn what_ends_too_early_is_not_read() {
        for bytes in [
            &[0x30][..],
            &[0x30, 2, 0],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x84, 1, 0, 0, 0],
            &[0x30, 0x82, 1],
            &[0x1f, 1, 0],
            &[],
        ] {
            assert!(Reader::new(bytes).any().is_none(), "{bytes:?}");
        }
        assert_eq!(Reader::new(&[2, 1, 0xff]).unsigned(), None);
        assert_eq!(Reader::new(&[2, 0]).unsigned(), None);
    }

    #[test]
    fn identifiers_have_dots() {
        assert_eq!(
            dotted(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]).unwrap(),
            "1.2.840.113549.1.1.1"
        );
        assert_eq!(dotted(&[0x55, 0x1d, 0x11]).unwrap(), "2.5.29.17");
        assert_eq!(dotted(&[0x88, 0x37]).unwrap(), "2.999");
        assert_eq!(dotted(&[0x88]), None);
        assert_eq!(dotted(&[0xff; 12]), None);
    }
}
