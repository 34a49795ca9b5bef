//! Streams of zstd (RFC 8878), within bounds.
//!
//! What libzstd takes for a stream follows from its settings alone, so they are bounded before a stream
//! begins: no window, and no table, is larger than level 17 of it would have.

use zstd_safe::zstd_sys::ZSTD_EndDirective as End;
use zstd_safe::{
    CCtx, CParameter, DCtx, DParameter, ErrorCode, InBuffer, OutBuffer, Strategy, get_error_name,
};

/// The largest window that is compressed with, as a power of two.
const MOST_WINDOW: u32 = 23;

/// The largest window that is unpacked: what zstd's best levels write.
const MOST_WINDOW_READ: u32 = 25;

/// The largest table, as a power of two of four bytes each.
const MOST_TABLE: u32 = 22;

/// The smallest table of hashes, as a power of two: with fewer, every place is looked at for each byte.
const LEAST_HASH: u32 = 12;

/// How many places are looked at for each byte, as a power of two: as many as at the best level.
const MOST_SEARCH: u32 = 9;

/// The length of a repetition that is good enough, at most: that of the best level.
const MOST_TARGET: u32 = 999;

/// What zstd works on at one stretch.
const BLOCK: usize = 128 << 10;

/// The level from which on libzstd would take larger ones by itself.
const LARGE_LEVEL: i32 = 17;

/// About what a stream takes at most, before it has begun: two windows, two tables.
const COMPRESSOR_BYTES: usize = 52 << 20;

/// About what a stream takes at levels up to zstd's usual one, which is 3.
const USUAL_BYTES: usize = 4 << 20;

/// A fault of zstd's: its number (`ZSTD_error_…`) and its words.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Fault {
    pub(super) code: u32,
    pub(super) text: String,
}

impl Fault {
    fn of(code: ErrorCode) -> Self {
        Self {
            // libzstd gives errors as negative numbers of a size.
            code: u32::try_from(code.wrapping_neg()).unwrap_or(1),
            text: get_error_name(code).to_owned(),
        }
    }
}

/// What one call did.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Done {
    pub(super) taken: usize,
    pub(super) made: usize,
    /// Whether a frame has ended.
    pub(super) has_ended: bool,
    /// Whether there is more output than fitted.
    pub(super) is_full: bool,
}

/// What follows the bytes of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Follows {
    More,
    Flush,
    End,
}

/// A stream that compresses.
pub struct Compress {
    stream: CCtx<'static>,
    expected: usize,
    /// What a byte takes, in nanoseconds.
    of_byte: u64,
    /// What it works on at one stretch.
    block: usize,
    /// What was taken since a block was worked on.
    waiting: usize,
    /// The bytes of a dictionary that has not been read yet.
    unread: usize,
    has_begun: bool,
}

/// A stream that decompresses.
pub struct Decompress {
    stream: DCtx<'static>,
    has_ended: bool,
}

fn bounded(value: i32, most: u32) -> u32 {
    u32::try_from(value).unwrap_or(0).min(most)
}

/// A setting by its number (`ZSTD_c_…`); none for what concerns threads, which a bot's streams have none of.
fn setting(number: u32, value: i32) -> Result<Option<CParameter>, String> {
    let amount = u32::try_from(value).unwrap_or(0);
    Ok(Some(match number {
        100 => CParameter::CompressionLevel(value),
        101 => CParameter::WindowLog(bounded(value, MOST_WINDOW)),
        102 if value == 0 => return Ok(None),
        102 => CParameter::HashLog(bounded(value, MOST_TABLE).max(LEAST_HASH)),
        103 => CParameter::ChainLog(bounded(value, MOST_TABLE)),
        104 => CParameter::SearchLog(bounded(value, MOST_SEARCH)),
        105 => CParameter::MinMatch(amount),
        106 => CParameter::TargetLength(bounded(value, MOST_TARGET)),
        107 => CParameter::Strategy(match value {
            0 => return Ok(None),
            1 => Strategy::ZSTD_fast,
            2 => Strategy::ZSTD_dfast,
            3 => Strategy::ZSTD_greedy,
            4 => Strategy::ZSTD_lazy,
            5 => Strategy::ZSTD_lazy2,
            6 => Strategy::ZSTD_btlazy2,
            7 => Strategy::ZSTD_btopt,
            8 => Strategy::ZSTD_btultra,
            9 => Strategy::ZSTD_btultra2,
            _ => return Err(format!("zstd has no strategy {value}")),
        }),
        160 => CParameter::EnableLongDistanceMatching(value == 1),
        161 => CParameter::LdmHashLog(bounded(value, MOST_TABLE - 2)),
        162 => CParameter::LdmMinMatch(amount),
        163 => CParameter::LdmBucketSizeLog(amount),
        164 => CParameter::LdmHashRateLog(amount),
        200 => CParameter::ContentSizeFlag(value != 0),
        201 => CParameter::ChecksumFlag(value != 0),
        202 => CParameter::DictIdFlag(value != 0),
        400..=402 => return Ok(None),
        _ => return Err(format!("zstd has no setting {number}")),
    }))
}

impl Compress {
    /// What it takes; before it has begun, what it may take with its settings.
    pub(super) fn bytes(&self) -> usize {
        self.expected.max(self.stream.sizeof())
    }

    /// About what a stream with these settings takes.
    pub(super) fn expected(settings: &[(u32, i32)], dictionary: Option<&[u8]>) -> usize {
        let dictionary = dictionary.map_or(0, <[u8]>::len);
        Self::expected_without(settings).saturating_add(dictionary)
    }

    fn expected_without(settings: &[(u32, i32)]) -> usize {
        let is_usual = settings.iter().all(|&(number, value)| match number {
            100 => value <= 3,
            200..=202 => true,
            _ => false,
        });
        match is_usual {
            true => USUAL_BYTES,
            false => COMPRESSOR_BYTES,
        }
    }

    /// About how long a call takes, in nanoseconds; none when it only keeps what it is given.
    pub(super) fn nanos(&self, taken: usize, follows: Follows) -> Option<u64> {
        let worked = self.waiting + taken;
        if self.has_begun && follows == Follows::More && worked < self.block {
            return None;
        }
        // Before the first block, tables are cleared and the dictionary is read.
        let first = match self.has_begun {
            false if self.of_byte >= SLOW => 10_000_000,
            _ => 0,
        };
        Some(first + (worked + self.unread) as u64 * self.of_byte)
    }

    /// `pledged` is how long all of the input will be; it fails with other lengths.
    pub(super) fn open(
        settings: &[(u32, i32)],
        pledged: Option<u64>,
        dictionary: Option<&[u8]>,
    ) -> Result<Self, String> {
        let mut stream = CCtx::try_create().ok_or("there is no memory for a stream of zstd")?;
        let has = |number| settings.iter().any(|&(other, _)| other == number);
        let level = settings.iter().find(|(number, _)| *number == 100);
        let mut all = Vec::new();
        if level.is_some_and(|&(_, level)| level >= LARGE_LEVEL) {
            let bounds = [(101, MOST_WINDOW), (102, MOST_TABLE), (103, MOST_TABLE)];
            for (number, most) in bounds.into_iter().filter(|&(number, _)| !has(number)) {
                all.extend(setting(number, most as i32)?);
            }
        }
        for &(number, value) in settings {
            all.extend(setting(number, value)?);
        }
        let refused = |code| format!("zstd refuses its settings: {}", get_error_name(code));
        for parameter in all {
            stream.set_parameter(parameter).map_err(refused)?;
        }
        if pledged.is_some() {
            stream.set_pledged_src_size(pledged).map_err(refused)?;
        }
        if let Some(dictionary) = dictionary {
            stream.load_dictionary(dictionary).map_err(refused)?;
        }
        Ok(Self {
            stream,
            expected: Self::expected(settings, dictionary),
            of_byte: nanos_of_byte(settings),
            block: block_of(settings, pledged),
            waiting: 0,
            unread: dictionary.map_or(0, <[u8]>::len),
            has_begun: false,
        })
    }

    pub(super) fn write(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        follows: Follows,
    ) -> Result<Done, Fault> {
        let directive = match follows {
            Follows::More => End::ZSTD_e_continue,
            Follows::Flush => End::ZSTD_e_flush,
            Follows::End => End::ZSTD_e_end,
        };
        let room = output.len();
        let mut from = InBuffer::around(input);
        let mut to = OutBuffer::around(output);
        let left = self.stream.compress_stream2(&mut to, &mut from, directive);
        let left = left.map_err(Fault::of)?;
        let (taken, made) = (from.pos(), to.pos());
        self.note(taken, follows);
        let is_over = left == 0 && taken == input.len();
        // Another frame begins anew.
        self.has_begun = follows != Follows::End || !is_over;
        Ok(Done {
            taken,
            made,
            has_ended: follows == Follows::End && is_over,
            is_full: made == room || (follows != Follows::More && !is_over),
        })
    }
}

impl Compress {
    /// Counts what it has not worked on yet. The dictionary is read by the first call.
    fn note(&mut self, taken: usize, follows: Follows) {
        self.waiting = match follows {
            Follows::More => (self.waiting + taken) % self.block,
            Follows::Flush | Follows::End => 0,
        };
        self.unread = 0;
    }
}

/// What a byte takes from the levels on that look at many places, in nanoseconds.
const SLOW: u64 = 200;

/// What it takes at the best level.
const SLOWEST: u64 = 1000;

/// How much is worked on at one stretch: a window and a whole frame are no less.
fn block_of(settings: &[(u32, i32)], pledged: Option<u64>) -> usize {
    let window = settings.iter().find(|(number, _)| *number == 101);
    let window = window.map_or(0, |&(_, bits)| bounded(bits, MOST_WINDOW));
    let pledged = pledged.and_then(|bytes| usize::try_from(bytes).ok());
    let most = match window {
        0 => BLOCK,
        bits => BLOCK.min(1 << bits),
    };
    most.min(pledged.unwrap_or(BLOCK)).max(1)
}

/// About what a byte takes with these settings, in nanoseconds.
fn nanos_of_byte(settings: &[(u32, i32)]) -> u64 {
    let of_one = |&(number, value): &(u32, i32)| match (number, value) {
        (100, 20..) => SLOWEST,
        (100, 18..) => 600,
        (100, 16..) => 400,
        (100, 13..) => SLOW,
        (100, 10..) => 60,
        (100, 4..) => 30,
        // Its author decides how it searches, so it is taken for the slowest.
        (102..=107, 1..) | (160, 1) => SLOWEST,
        _ => 0,
    };
    settings.iter().map(of_one).max().unwrap_or(0).max(10)
}

impl Decompress {
    /// What it takes: a frame says how much that is.
    pub(super) fn bytes(&self) -> usize {
        self.stream.sizeof()
    }

    pub(super) fn open(settings: &[(u32, i32)], dictionary: Option<&[u8]>) -> Result<Self, String> {
        let mut stream = DCtx::try_create().ok_or("there is no memory for a stream of zstd")?;
        let mut most = MOST_WINDOW_READ;
        for &(number, value) in settings {
            match (number, value) {
                (100, 0) => {}
                (100, value) => most = bounded(value, MOST_WINDOW_READ),
                _ => return Err(format!("zstd has no setting {number} for what is unpacked")),
            }
        }
        let refused = |code| format!("zstd refuses its settings: {}", get_error_name(code));
        let set = stream.set_parameter(DParameter::WindowLogMax(most));
        set.map_err(refused)?;
        if let Some(dictionary) = dictionary {
            stream.load_dictionary(dictionary).map_err(refused)?;
        }
        Ok(Self {
            stream,
            has_ended: false,
        })
    }

    /// One frame; what follows it is not taken.
    pub(super) fn write(&mut self, input: &[u8], output: &mut [u8]) -> Result<Done, Fault> {
        if self.has_ended {
            return Ok(Done {
                taken: 0,
                made: 0,
                has_ended: true,
                is_full: false,
            });
        }
        let room = output.len();
        let mut from = InBuffer::around(input);
        let mut to = OutBuffer::around(output);
        let left = self.stream.decompress_stream(&mut to, &mut from);
        self.has_ended = left.map_err(Fault::of)? == 0;
        let (taken, made) = (from.pos(), to.pos());
        Ok(Done {
            taken,
            made,
            has_ended: self.has_ended,
            is_full: !self.has_ended && (made == room || taken < input.len()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(settings: &[(u32, i32)], data: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut stream = Compress::open(settings, None, None).expect("settings that are good");
        let (mut all, mut at) = (Vec::new(), 0);
        loop {
            let end = data.len().min(at + 65536);
            let follows = match end == data.len() {
                true => Follows::End,
                false => Follows::More,
            };
            let mut output = vec![0; 4096];
            let done = stream.write(&data[at..end], &mut output, follows)?;
            at += done.taken;
            all.extend_from_slice(&output[..done.made]);
            if done.has_ended {
                return Ok(all);
            }
        }
    }

    fn unpacked(settings: &[(u32, i32)], data: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut stream = Decompress::open(settings, None).expect("settings that are good");
        let (mut all, mut at) = (Vec::new(), 0);
        loop {
            let end = data.len().min(at + 1000);
            let mut output = vec![0; 4096];
            let done = stream.write(&data[at..end], &mut output)?;
            at += done.taken;
            all.extend_from_slice(&output[..done.made]);
            if done.has_ended || (at == data.len() && !done.is_full) {
                return Ok(all);
            }
        }
    }

    fn sample() -> Vec<u8> {
        (0..300_000u32)
            .flat_map(|n| (n % 977).to_le_bytes())
            .collect()
    }

    #[test]
    fn what_is_packed_is_unpacked_at_every_level() {
        let data = sample();
        for level in [-5, 0, 1, 3, 9, 16, 19, 22] {
            let packed = packed(&[(100, level), (201, 1)], &data).unwrap();
            assert!(packed.len() < data.len());
            assert_eq!(unpacked(&[], &packed).unwrap(), data, "level {level}");
        }
    }

    #[test]
    fn the_best_level_stays_within_what_is_counted() {
        let mut stream = Compress::open(&[(100, 22)], None, None).unwrap();
        let mut output = vec![0; 65536];
        stream.write(&sample(), &mut output, Follows::More).unwrap();
        assert!(stream.bytes() <= COMPRESSOR_BYTES, "{}", stream.bytes());
        let mut stream = Compress::open(&[(100, 3)], None, None).unwrap();
        stream.write(&sample(), &mut output, Follows::More).unwrap();
        assert!(stream.bytes() <= USUAL_BYTES, "{}", stream.bytes());
    }

    #[test]
    fn what_a_call_takes_follows_from_its_settings() {
        fn open(settings: &[(u32, i32)], dictionary: Option<&[u8]>) -> Compress {
            Compress::open(settings, None, dictionary).unwrap()
        }
        let nanos = |settings: &[(u32, i32)]| open(settings, None).nanos(65536, Follows::End);
        assert!(nanos(&[(100, 3)]) < Some(3_000_000));
        assert!(nanos(&[(100, 22)]) > Some(50_000_000));
        assert!(nanos(&[(102, 6), (104, 26)]) > Some(50_000_000));
        let text = vec![7; 1 << 20];
        let long = open(&[(100, 22)], Some(text.as_slice())).nanos(1, Follows::End);
        assert!(long > Some(1_000_000_000));
        let mut output = vec![0; 4096];
        let mut begun = |settings: &[(u32, i32)]| {
            let mut stream = open(settings, None);
            let done = stream.write(&text[..65536], &mut output, Follows::More);
            assert_eq!(done.unwrap().taken, 65536);
            stream
        };
        let long = begun(&[(100, 22)]);
        assert!(long.nanos(65535, Follows::More).is_none());
        assert!(long.nanos(65536, Follows::More).is_some());
        // With a short window, blocks are short, too.
        let short = begun(&[(100, 22), (101, 14)]);
        assert!(short.nanos(65535, Follows::More).is_some());
    }

    #[test]
    fn another_length_than_was_pledged_is_a_fault() {
        let code = |pledged, length: usize| {
            let mut stream = Compress::open(&[], Some(pledged), None).unwrap();
            let mut output = vec![0; 4096];
            let data = vec![0; length];
            let done = stream.write(&data, &mut output, Follows::More);
            let done = done.and_then(|_| stream.write(&[], &mut output, Follows::End));
            done.err().map(|fault| fault.code)
        };
        assert_eq!(code(13, 42), Some(72));
        assert_eq!(code(42, 13), Some(72));
        assert_eq!(code(42, 42), None);
    }

    #[test]
    fn settings_are_bounded_or_refused() {
        assert!(Compress::open(&[(107, 130)], None, None).is_err());
        assert!(Compress::open(&[(999, 1)], None, None).is_err());
        assert!(Compress::open(&[(101, 31), (102, 30), (103, 30), (400, 8)], None, None).is_ok());
        let search = setting(104, 26).unwrap();
        assert!(matches!(search, Some(CParameter::SearchLog(MOST_SEARCH))));
        let hash = setting(102, 6).unwrap();
        assert!(matches!(hash, Some(CParameter::HashLog(LEAST_HASH))));
        assert!(Decompress::open(&[(100, 1)], None).is_err());
        assert!(Decompress::open(&[(5, 1)], None).is_err());
    }

    #[test]
    fn damage_is_a_fault_with_its_number() {
        let mut data = packed(&[(201, 1)], &sample()).unwrap();
        assert_eq!(unpacked(&[], b"no zstd at all").unwrap_err().code, 10);
        let last = data.len() - 1;
        data[last] ^= 1;
        assert_eq!(unpacked(&[], &data).unwrap_err().code, 22);
    }

    #[test]
    fn a_dictionary_is_needed_on_both_sides() {
        let text = b"a text that both sides know, and that is sent";
        let mut stream = Compress::open(&[], None, Some(text)).unwrap();
        let mut output = vec![0; 100];
        let done = stream.write(text, &mut output, Follows::End).unwrap();
        assert!(done.has_ended && done.made < text.len() / 2);
        let packed = &output[..done.made];
        let mut again = vec![0; 100];
        let mut stream = Decompress::open(&[], Some(text)).unwrap();
        let done = stream.write(packed, &mut again).unwrap();
        assert_eq!(&again[..done.made], text);
        assert!(
            Decompress::open(&[], None)
                .unwrap()
                .write(packed, &mut again)
                .is_err()
        );
    }

    #[test]
    fn what_follows_a_frame_is_left() {
        let mut data = packed(&[], b"one").unwrap();
        let length = data.len();
        data.extend_from_slice(b"rest");
        let mut stream = Decompress::open(&[], None).unwrap();
        let mut output = vec![0; 100];
        let done = stream.write(&data, &mut output).unwrap();
        assert_eq!((done.taken, done.has_ended), (length, true));
        assert_eq!(stream.write(b"rest", &mut output).unwrap().taken, 0);
    }
}
