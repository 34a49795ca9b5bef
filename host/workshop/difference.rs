//! What two boots of one bot left differently.

use std::fmt;

/// How two images differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Bytes that differ, of those that both have.
    pub bytes: usize,
    /// The sizes, when they are not the same.
    pub sizes: Option<(usize, usize)>,
}

impl Difference {
    /// `None` when the images are the same.
    pub fn between(one: &[u8], other: &[u8]) -> Option<Self> {
        let bytes = one.iter().zip(other).filter(|(a, b)| a != b).count();
        let sizes = (one.len() != other.len()).then_some((one.len(), other.len()));
        (bytes > 0 || sizes.is_some()).then_some(Self { bytes, sizes })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("booted twice to two images")?;
        match self.sizes {
            Some((one, other)) => write!(f, " of {one} and {other} bytes")?,
            None => write!(f, ": {} bytes differ", self.bytes)?,
        }
        f.write_str(
            "\n  = what was loaded keeps the time, a random value or an answer of the deploy, as packages \
             do: every event sees that one; where the bot's own code does it, read them in the handler instead",
        )
    }
}
