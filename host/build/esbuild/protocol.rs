//! What esbuild's programs and their hosts say to each other: packets of values over a pipe.
//!
//! It is what esbuild's npm package speaks with the binary beside it. It may change with each
//! version; the binary says its version first, and the SDK pins it.
//!
//! ```text
//! length (u32) | number and direction (u32) | value
//! ```

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

/// No packet of a build is longer: its outputs are files.
const MAX_BYTES: u32 = 256 << 20;
/// Values lie in one another only so deep.
const MAX_DEPTH: u8 = 32;

#[derive(Clone, Debug, PartialEq)]
pub(in crate::build) enum Value {
    Null,
    Bool(bool),
    Number(u32),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Value>),
    Map(BTreeMap<String, Value>),
}

impl Value {
    pub(in crate::build) fn map<const N: usize>(entries: [(&str, Value); N]) -> Self {
        Self::Map(entries.map(|(key, value)| (key.to_owned(), value)).into())
    }

    pub(in crate::build) fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Self::Map(map) => map.get(key),
            _ => None,
        }
    }

    pub(in crate::build) fn text(&self, key: &str) -> &str {
        match self.get(key) {
            Some(Self::Text(text)) => text,
            _ => "",
        }
    }

    pub(in crate::build) fn number(&self, key: &str) -> u32 {
        match self.get(key) {
            Some(Self::Number(number)) => *number,
            _ => 0,
        }
    }

    pub(in crate::build) fn list(&self, key: &str) -> &[Value] {
        match self.get(key) {
            Some(Self::List(list)) => list,
            _ => &[],
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// One message, of either side.
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) id: u32,
    pub(super) is_request: bool,
    pub(super) value: Value,
}

impl Packet {
    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let mut bytes = vec![0; 4];
        number(&mut bytes, self.id << 1 | u32::from(!self.is_request));
        encode(&mut bytes, &self.value);
        let length = u32::try_from(bytes.len() - 4).map_err(|_| wrong("a packet is too long"))?;
        bytes[..4].copy_from_slice(&length.to_le_bytes());
        to.write_all(&bytes)?;
        to.flush()
    }

    /// Reads the next packet; none when the other side has closed its end.
    pub(super) fn read(from: &mut impl Read) -> io::Result<Option<Self>> {
        let Some(bytes) = read_bytes(from)? else {
            return Ok(None);
        };
        let mut rest = bytes.as_slice();
        let id = take_number(&mut rest)?;
        let value = decode(&mut rest, 0)?;
        Ok(Some(Self {
            id: id >> 1,
            is_request: id & 1 == 0,
            value,
        }))
    }
}

/// Reads the bytes of one packet. The first one that esbuild sends is its version, as it is.
pub(super) fn read_bytes(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let length = u32::from_le_bytes(length);
    if length > MAX_BYTES {
        return Err(wrong("a packet is too long"));
    }
    let mut bytes = Vec::new();
    from.take(length.into()).read_to_end(&mut bytes)?;
    match bytes.len() == length as usize {
        true => Ok(Some(bytes)),
        false => Err(wrong("a packet breaks off")),
    }
}

fn number(bytes: &mut Vec<u8>, number: u32) {
    bytes.extend_from_slice(&number.to_le_bytes());
}

fn sized(bytes: &mut Vec<u8>, content: &[u8]) {
    // What is longer than this does not get past the length of the packet.
    number(bytes, u32::try_from(content.len()).unwrap_or(u32::MAX));
    bytes.extend_from_slice(content);
}

fn encode(bytes: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => bytes.push(0),
        Value::Bool(is) => bytes.extend([1, u8::from(*is)]),
        Value::Number(value) => {
            bytes.push(2);
            number(bytes, *value);
        }
        Value::Text(text) => {
            bytes.push(3);
            sized(bytes, text.as_bytes());
        }
        Value::Bytes(content) => {
            bytes.push(4);
            sized(bytes, content);
        }
        Value::List(list) => {
            bytes.push(5);
            number(bytes, u32::try_from(list.len()).unwrap_or(u32::MAX));
            list.iter().for_each(|value| encode(bytes, value));
        }
        Value::Map(map) => {
            bytes.push(6);
            number(bytes, u32::try_from(map.len()).unwrap_or(u32::MAX));
            for (key, value) in map {
                sized(bytes, key.as_bytes());
                encode(bytes, value);
            }
        }
    }
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> io::Result<&'a [u8]> {
    let (taken, left) = rest
        .split_at_checked(count)
        .ok_or_else(|| wrong("a packet breaks off"))?;
    *rest = left;
    Ok(taken)
}

fn take_number(rest: &mut &[u8]) -> io::Result<u32> {
    let bytes = take(rest, 4)?;
    Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

fn take_text(rest: &mut &[u8]) -> io::Result<String> {
    let length = take_number(rest)?;
    Ok(String::from_utf8_lossy(take(rest, length as usize)?).into_owned())
}

fn decode(rest: &mut &[u8], depth: u8) -> io::Result<Value> {
    if depth > MAX_DEPTH {
        return Err(wrong("a packet is too deep"));
    }
    Ok(match take(rest, 1)?[0] {
        0 => Value::Null,
        1 => Value::Bool(take(rest, 1)?[0] != 0),
        2 => Value::Number(take_number(rest)?),
        3 => Value::Text(take_text(rest)?),
        4 => {
            let length = take_number(rest)?;
            Value::Bytes(take(rest, length as usize)?.to_vec())
        }
        5 => {
            let count = take_number(rest)?;
            Value::List(
                (0..count)
                    .map(|_| decode(rest, depth + 1))
                    .collect::<io::Result<_>>()?,
            )
        }
        6 => {
            let count = take_number(rest)?;
            let entries = (0..count).map(|_| Ok((take_text(rest)?, decode(rest, depth + 1)?)));
            Value::Map(entries.collect::<io::Result<_>>()?)
        }
        kind => return Err(wrong(&format!("a value is of kind {kind}"))),
    })
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let value = Value::map([
            ("null", Value::Null),
            (
                "list",
                Value::List(vec![Value::Bool(true), Value::Number(7), "text".into()]),
            ),
            ("bytes", Value::Bytes(vec![0, 255])),
        ]);
        let mut written = Vec::new();
        let packet = Packet {
            id: 5,
            is_request: false,
            value: value.clone(),
        };
        packet.write(&mut written).unwrap();
        let read = Packet::read(&mut written.as_slice()).unwrap().unwrap();
        assert_eq!((read.id, read.is_request, read.value), (5, false, value));

        assert!(Packet::read(&mut [].as_slice()).unwrap().is_none());
        for end in 5..written.len() {
            assert!(Packet::read(&mut &written[..end]).is_err(), "cut at {end}");
        }
    }
}
