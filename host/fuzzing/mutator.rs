//! Inputs made of others. The same seed makes the same ones, on every machine.

/// What is often at an edge.
const EDGES: [u64; 12] = [
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    u64::MAX,
];

/// Numbers that follow from a seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// With this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of so many; 0 when there are none.
    pub fn below(&mut self, count: usize) -> usize {
        match count {
            0 => 0,
            _ => usize::try_from(self.draw() % count as u64).unwrap_or_default(),
        }
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    fn byte(&mut self) -> u8 {
        self.draw().to_le_bytes()[0]
    }

    /// A stretch of so many bytes: most are short.
    fn stretch(&mut self, bytes: usize) -> std::ops::Range<usize> {
        let start = self.below(bytes + 1);
        let most = 1 << self.below(11);
        let length = (1 + self.below(most)).min(bytes - start);
        start..start + length
    }
}

/// Another input, made of `input` by a few changes: with parts of `other`, and with words.
pub fn changed(
    input: &[u8],
    other: &[u8],
    words: &[Vec<u8>],
    most: usize,
    random: &mut Random,
) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..1 << random.below(5) {
        change(&mut bytes, other, words, random);
    }
    bytes.truncate(most);
    bytes
}

fn change(bytes: &mut Vec<u8>, other: &[u8], words: &[Vec<u8>], random: &mut Random) {
    let at = random.below(bytes.len());
    match random.below(14) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
        1 if !bytes.is_empty() => bytes[at] = random.byte(),
        2 if !bytes.is_empty() => {
            let step = u8::try_from(1 + random.below(16)).unwrap_or(1);
            let sign = random.below(2) == 0;
            bytes[at] = match sign {
                true => bytes[at].wrapping_add(step),
                false => bytes[at].wrapping_sub(step),
            };
        }
        3 => bytes.insert(at, random.byte()),
        4 => drop(bytes.drain(random.stretch(bytes.len()))),
        5 => {
            let copy = bytes[random.stretch(bytes.len())].to_vec();
            put(bytes, &copy, random);
        }
        6 => {
            let copy = other[random.stretch(other.len())].to_vec();
            put(bytes, &copy, random);
        }
        // The beginning of one and the end of the other.
        7 => {
            bytes.truncate(random.below(bytes.len() + 1));
            bytes.extend_from_slice(&other[random.below(other.len() + 1)..]);
        }
        8 => number(bytes, random),
        9 => digits(bytes, random),
        // The same many times, where a reader goes deeper with each.
        10 => {
            let unit = bytes[random.stretch(bytes.len())].to_vec();
            let times = 1 << random.below(8);
            if unit.len() * times <= 4096 {
                put(bytes, &unit.repeat(times), random);
            }
        }
        _ => {
            if let Some(word) = random.pick(words) {
                put(bytes, word, random);
            }
        }
    }
}

/// Puts bytes between others, or over them.
fn put(bytes: &mut Vec<u8>, what: &[u8], random: &mut Random) {
    let at = random.below(bytes.len() + 1);
    let over = match random.below(2) {
        0 => 0,
        _ => what.len().min(bytes.len() - at),
    };
    bytes.splice(at..at + over, what.iter().copied());
}

/// A number of one to eight bytes, at an edge or near what it was.
fn number(bytes: &mut [u8], random: &mut Random) {
    let width = 1 << random.below(4);
    let Some(last) = bytes.len().checked_sub(width) else {
        return;
    };
    let at = random.below(last + 1);
    let value = random.pick(&EDGES).copied().unwrap_or_default();
    let value = value.wrapping_add(random.draw() % 5).wrapping_sub(2);
    let place = &mut bytes[at..at + width];
    match random.below(2) {
        0 => place.copy_from_slice(&value.to_le_bytes()[..width]),
        _ => place.copy_from_slice(&value.to_be_bytes()[8 - width..]),
    }
}

/// A number in digits becomes another one.
fn digits(bytes: &mut Vec<u8>, random: &mut Random) {
    let from = random.below(bytes.len());
    let Some(start) = bytes[from..].iter().position(u8::is_ascii_digit) else {
        return;
    };
    let start = from + start;
    let end = bytes[start..]
        .iter()
        .position(|byte| !byte.is_ascii_digit());
    let end = end.map_or(bytes.len(), |end| start + end);
    let value = match random.below(3) {
        0 => random.draw() % 300,
        _ => random.pick(&EDGES).copied().unwrap_or_default(),
    };
    bytes.splice(start..end, value.to_string().into_bytes());
}
