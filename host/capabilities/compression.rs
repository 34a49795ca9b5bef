//! `roost:bot/compression`: deflate, gzip, Brotli and zstd, a piece at a time.
//!
//! A call takes and gives no more than a piece, and what it gives goes into the bot's own memory. Most calls last
//! milliseconds, between which the event's processor time is looked at. What takes longer, such as a block of
//! Brotli's best levels, is a calculation as any other: it has to fit into what the event has left, and it is
//! computed away from the threads that bots run on. What streams hold here is counted for each instance.

use super::bindings::roost::bot::compression::{
    self, BrotliFault, Content, Error, Flush, Format, Piece, Progress, Settings, Source, Strategy,
    ZstdError, ZstdFault, ZstdSettings,
};
use super::zstd::{Compress, Decompress, Done, Fault, Follows};
use crate::sandbox::{Booking, Effort, RunState, SHORT, Shortage};
use brotli::enc::BrotliAlloc;
use brotli::enc::encode::{
    BrotliEncoderOperation, BrotliEncoderParameter, BrotliEncoderStateStruct,
};
use brotli::{
    Allocator, BrotliDecompressStream, BrotliResult, BrotliState, SliceWrapper, SliceWrapperMut,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wasmtime::component::Resource;
use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Inflate, InflateError, InflateFlush, Status};

/// What a call takes at most.
const MOST_IN: usize = 64 << 10;

/// What a call of zlib's most thorough levels takes at most: they may look at thousands of places for each byte.
const MOST_IN_THOROUGH: usize = 16 << 10;

/// What a call gives at most.
const MOST_OUT: usize = 64 << 10;

/// The largest blocks of Brotli, as a power of two: a block is worked on at one stretch.
const MOST_BLOCK_BITS: u8 = 18;

/// Those of its two best levels, which take about a second for each mebibyte.
const MOST_BEST_BLOCK_BITS: u8 = 16;

/// The levels of Brotli that look for the best of all ways.
const BEST: u8 = 10;

/// How much Brotli gathers before it writes, which is a stretch of work and of memory, too.
const MOST_GATHERED: usize = 512 << 10;

/// The same for its two best levels, for which writing is slow: a quarter of the stretch, for about one per cent more output.
/// A block cannot be smaller, so one of them is what a stretch takes.
const MOST_BEST_GATHERED: usize = 128 << 10;

/// What an instance's streams may hold when one begins. Brotli at its best takes 46 MiB.
const MOST_TO_BEGIN: usize = 64 << 20;

/// What they may hold when one goes on.
const MOST_TO_GO_ON: usize = 2 * MOST_TO_BEGIN;

/// About what zlib allocates for a stream of each kind.
const DEFLATE_BYTES: usize = 512 << 10;
const INFLATE_BYTES: usize = 64 << 10;

/// How many bytes the streams and ciphers of an instance hold.
#[derive(Clone, Default)]
pub struct Held(Arc<AtomicUsize>);

impl Held {
    /// Fails, with a text for the bot's author, when they hold too much.
    pub(super) fn check(&self, has_begun: bool) -> Result<(), String> {
        let most = match has_begun {
            false => MOST_TO_BEGIN,
            true => MOST_TO_GO_ON,
        };
        match self.now() > most {
            false => Ok(()),
            true => Err(too_much(most)),
        }
    }

    /// The same before one begins that may come to hold so much.
    fn check_for(&self, bytes: usize) -> Result<(), String> {
        self.check(false)?;
        match self.now().saturating_add(bytes) > MOST_TO_GO_ON {
            false => Ok(()),
            true => Err(too_much(MOST_TO_GO_ON)),
        }
    }

    fn now(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn take(&self, bytes: usize) -> Share {
        self.0.fetch_add(bytes, Ordering::Relaxed);
        Share {
            held: self.clone(),
            bytes,
        }
    }
}

fn too_much(most: usize) -> String {
    format!(
        "the bot's open streams and ciphers hold more than {} MiB: end some before others begin",
        most >> 20
    )
}

/// A part of what is held, given back when it is dropped.
#[derive(Default)]
pub struct Share {
    held: Held,
    bytes: usize,
}

impl Share {
    /// Makes it another size.
    fn set(&mut self, bytes: usize) {
        *self = self.held.take(bytes);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.held.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Where a stream of Brotli has its memory from, which counts as the instance's and as its own.
#[derive(Clone)]
pub struct Memory {
    all: Held,
    own: Held,
    /// The most that was its own.
    peak: Arc<AtomicUsize>,
}

impl Memory {
    fn of(held: &Held) -> Self {
        Self {
            all: held.clone(),
            own: Held::default(),
            peak: Arc::default(),
        }
    }
}

/// Memory of Brotli's, which counts.
pub struct Counted<T> {
    items: Box<[T]>,
    _shares: [Share; 2],
}

impl<T> Default for Counted<T> {
    fn default() -> Self {
        Self {
            items: Box::default(),
            _shares: Default::default(),
        }
    }
}

impl<T> SliceWrapper<T> for Counted<T> {
    fn slice(&self) -> &[T] {
        &self.items
    }
}

impl<T> SliceWrapperMut<T> for Counted<T> {
    fn slice_mut(&mut self) -> &mut [T] {
        &mut self.items
    }
}

impl<T: Clone + Default> Allocator<T> for Memory {
    type AllocatedMemory = Counted<T>;

    fn alloc_cell(&mut self, length: usize) -> Counted<T> {
        let bytes = length * size_of::<T>();
        let shares = [self.all.take(bytes), self.own.take(bytes)];
        self.peak.fetch_max(self.own.now(), Ordering::Relaxed);
        Counted {
            items: vec![T::default(); length].into_boxed_slice(),
            _shares: shares,
        }
    }

    fn free_cell(&mut self, memory: Counted<T>) {
        drop(memory);
    }
}

impl BrotliAlloc for Memory {}

/// A stream that compresses. A call that is computed elsewhere has it meanwhile.
pub struct Compressor(Arc<Mutex<Packing>>);

/// Compression of some format.
enum Packing {
    Deflate {
        stream: Box<Deflate>,
        level: u8,
        _share: Share,
    },
    Brotli(Box<BrotliPacking>),
}

/// A stream that decompresses.
pub enum Decompressor {
    Inflate { stream: Inflating, _share: Share },
    Brotli(Brotli<BrotliState<Memory, Memory, Memory>>),
}

/// Decompression of Brotli, which takes its memory when it is first written to.
pub struct Brotli<T> {
    state: Box<T>,
    held: Held,
    has_begun: bool,
}

impl<T> Brotli<T> {
    fn new(state: T, held: &Held) -> Self {
        Self {
            state: Box::new(state),
            held: held.clone(),
            has_begun: false,
        }
    }

    fn begin(&mut self) -> Result<&mut T, Error> {
        self.held.check(self.has_begun).map_err(Error::Memory)?;
        self.has_begun = true;
        Ok(&mut self.state)
    }
}

/// Compression by Brotli, which takes its memory when it is first written to.
struct BrotliPacking {
    state: BrotliEncoderStateStruct<Memory>,
    memory: Memory,
    level: u8,
    window_bits: u8,
    /// A block of so many bytes is worked on when it is full.
    block: usize,
    has_begun: bool,
    /// Whether it has worked on a block.
    has_worked: bool,
    /// What was taken since a block was worked on, and since the last was written.
    waiting: usize,
    gathered: usize,
    /// Whether it writes what it has gathered, for which nobody asked.
    is_writing: bool,
}

pub struct Inflating {
    stream: Box<Inflate>,
    /// Gzip: how another member's stream is made.
    members: Option<u8>,
    /// The whole of it: zlib's data has a checksum of all.
    dictionary: Option<(Vec<u8>, Share)>,
    has_ended: bool,
}

/// A setting within its range, or what zlib and Brotli take when it is absent.
fn within(name: &str, value: Option<u8>, least: u8, most: u8, otherwise: u8) -> Result<u8, Error> {
    let value = value.unwrap_or(otherwise);
    match (least..=most).contains(&value) {
        true => Ok(value),
        false => Err(Error::Settings(format!(
            "{name} is {value}, it takes {least} to {most}"
        ))),
    }
}

impl Packing {
    fn open(settings: Settings, held: &Held) -> Result<Self, Error> {
        held.check(false).map_err(Error::Memory)?;
        match settings.format {
            Format::Brotli => BrotliPacking::open(&settings, held)
                .map(Box::new)
                .map(Self::Brotli),
            _ => Self::open_deflate(&settings, held),
        }
    }

    fn open_deflate(settings: &Settings, held: &Held) -> Result<Self, Error> {
        let bits = i32::from(within("window-bits", settings.window_bits, 9, 15, 15)?);
        let level = within("level", settings.level, 0, 9, 6)?;
        let config = DeflateConfig {
            level: level.into(),
            window_bits: match settings.format {
                Format::Deflate => -bits,
                Format::Gzip => bits + 16,
                Format::Zlib | Format::Brotli => bits,
            },
            mem_level: within("memory-level", settings.memory_level, 1, 9, 8)?.into(),
            strategy: match settings.strategy.unwrap_or(Strategy::Normal) {
                Strategy::Normal => zlib_rs::Strategy::Default,
                Strategy::Filtered => zlib_rs::Strategy::Filtered,
                Strategy::HuffmanOnly => zlib_rs::Strategy::HuffmanOnly,
                Strategy::Rle => zlib_rs::Strategy::Rle,
                Strategy::Fixed => zlib_rs::Strategy::Fixed,
            },
            ..DeflateConfig::default()
        };
        let mut stream = Box::new(Deflate::new_with_config(config));
        if let (Some(dictionary), true) = (&settings.dictionary, settings.format != Format::Gzip) {
            let set = stream.set_dictionary(dictionary);
            set.map_err(|_| Error::Settings("the dictionary cannot be used".to_owned()))?;
        }
        Ok(Self::Deflate {
            stream,
            level,
            _share: held.take(DEFLATE_BYTES),
        })
    }

    fn set_level(&mut self, new: u8) -> Result<(), Error> {
        let Self::Deflate { stream, level, .. } = self else {
            return Err(Error::Settings(
                "a stream of Brotli keeps its level".to_owned(),
            ));
        };
        let new = within("level", Some(new), 0, 9, 6)?;
        // zlib-rs refuses what would end a block, for want of room to write its end; the stream is as it was.
        let _ = stream.set_level(new.into());
        *level = new.max(*level);
        Ok(())
    }
}

impl BrotliPacking {
    fn open(settings: &Settings, held: &Held) -> Result<Self, Error> {
        use BrotliEncoderParameter as Parameter;
        let memory = Memory::of(held);
        let mut state = BrotliEncoderStateStruct::new(memory.clone());
        let content = match settings.content.unwrap_or(Content::Generic) {
            Content::Generic => 0,
            Content::Text => 1,
            Content::Font => 2,
        };
        let level = within("level", settings.level, 0, 11, 11)?;
        let window_bits = within("window-bits", settings.window_bits, 10, 24, 22)?;
        let wanted = within("block-bits", settings.block_bits, 16, 24, 16)?;
        // The two best levels keep eight bytes for each of the window.
        let (window_bits, block_bits) = match level {
            BEST.. => (window_bits.min(22), MOST_BEST_BLOCK_BITS),
            _ => (window_bits, wanted.min(MOST_BLOCK_BITS)),
        };
        state.set_parameter(Parameter::BROTLI_PARAM_MODE, content);
        state.set_parameter(Parameter::BROTLI_PARAM_QUALITY, level.into());
        state.set_parameter(Parameter::BROTLI_PARAM_LGWIN, window_bits.into());
        if let Some(bytes) = settings.size_hint {
            state.set_parameter(Parameter::BROTLI_PARAM_SIZE_HINT, bytes);
        }
        // Level 9 would take larger ones by itself.
        if level >= 9 || settings.block_bits.is_some() {
            state.set_parameter(Parameter::BROTLI_PARAM_LGBLOCK, block_bits.into());
        }
        Ok(Self {
            state,
            memory,
            level,
            window_bits,
            block: 1 << block_bits,
            has_begun: false,
            has_worked: false,
            waiting: 0,
            gathered: 0,
            is_writing: false,
        })
    }

    /// The most that it comes to hold: the window twice, what finds repetitions, and what a block and all that is
    /// gathered take.
    fn most_bytes(&self) -> usize {
        let window = 2 << self.window_bits.max(MOST_BLOCK_BITS);
        let (finder, gathered) = match self.level {
            BEST.. => ((8 << self.window_bits) + (1 << 20), 32 << 20),
            5.. => ((4 << (14 + self.level)) + (1 << 20), 24 << 20),
            _ => (4 << 20, 12 << 20),
        };
        window + finder + gathered
    }

    /// Fails when there would be too much held, whatever it is given.
    fn check(&self) -> Result<(), String> {
        let held = &self.memory.all;
        held.check(self.has_begun)?;
        let others = held.now().saturating_sub(self.memory.own.now());
        match others.saturating_add(self.most_bytes()) > MOST_TO_GO_ON {
            false => Ok(()),
            true => Err(too_much(MOST_TO_GO_ON)),
        }
    }

    /// Whether it writes what it has, after so many bytes more.
    fn writes(&self, taken: usize, flush: Flush) -> bool {
        let most = match self.level {
            BEST.. => MOST_BEST_GATHERED,
            _ => MOST_GATHERED,
        };
        flush != Flush::None || self.is_writing || self.gathered + taken >= most
    }

    fn nanos(&self, taken: usize, flush: Flush) -> u64 {
        let (of_byte, of_gathered) = match self.level {
            0 | 1 => (10, 0),
            2..=4 => (30, 10),
            5..=8 => (100, 50),
            9 => (250, 50),
            BEST => (1000, 200),
            _ => (1500, 200),
        };
        // It takes nothing while it writes.
        let taken = if self.is_writing { 0 } else { taken };
        let worked = self.waiting + taken;
        let writes = self.writes(taken, flush);
        if !writes && worked < self.block {
            return OF_COPYING;
        }
        let gathered = match writes {
            true => self.gathered + taken,
            false => 0,
        };
        // Tables are cleared before the first block.
        let first = match self.has_worked {
            false if self.level >= 9 => 8_000_000,
            _ => 0,
        };
        first + worked as u64 * of_byte + gathered as u64 * of_gathered
    }

    /// How many bytes it took and made, and whether it has ended, and has more output.
    fn write(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        flush: Flush,
    ) -> Result<(usize, usize, bool, bool), Error> {
        self.check().map_err(Error::Memory)?;
        self.has_begun = true;
        let is_unasked = flush == Flush::None && self.writes(input.len(), flush);
        // It takes nothing while it writes.
        let (input, operation) = match flush {
            _ if self.is_writing => (&input[..0], BrotliEncoderOperation::BROTLI_OPERATION_FLUSH),
            Flush::None if is_unasked => (input, BrotliEncoderOperation::BROTLI_OPERATION_FLUSH),
            Flush::None => (input, BrotliEncoderOperation::BROTLI_OPERATION_PROCESS),
            Flush::Finish => (input, BrotliEncoderOperation::BROTLI_OPERATION_FINISH),
            _ => (input, BrotliEncoderOperation::BROTLI_OPERATION_FLUSH),
        };
        let was_writing = self.is_writing;
        let (mut left, mut taken) = (input.len(), 0);
        let (mut room, mut made) = (output.len(), 0);
        let is_good = self.state.compress_stream(
            operation,
            &mut left,
            input,
            &mut taken,
            &mut room,
            output,
            &mut made,
            &mut None,
            &mut |_, _, _, _| (),
        );
        if !is_good {
            return Err(Error::Other("the compressor refused the data".to_owned()));
        }
        if self.memory.peak.load(Ordering::Relaxed) > self.most_bytes() {
            return Err(Error::Memory(
                "the compressor needs more memory for this data than it may have: take a lower quality".to_owned(),
            ));
        }
        let has_more = self.state.has_more_output();
        let is_all = taken == input.len() && !has_more;
        self.note(
            taken,
            operation != BrotliEncoderOperation::BROTLI_OPERATION_PROCESS,
            is_all,
        );
        self.is_writing = (is_unasked || was_writing) && has_more;
        // What was asked for is done by the next call.
        let is_kept = was_writing && !has_more && flush != Flush::None;
        Ok((taken, made, self.state.is_finished(), has_more || is_kept))
    }

    /// Counts what it may not have worked on yet: with more output than fitted, a block waits.
    fn note(&mut self, taken: usize, writes: bool, is_all: bool) {
        self.waiting += taken;
        self.gathered += taken;
        self.has_worked |= writes || self.waiting >= self.block;
        match is_all {
            true if writes => (self.waiting, self.gathered) = (0, 0),
            true => self.waiting %= self.block,
            false => {
                self.waiting = self.waiting.min(2 * self.block);
                self.gathered = self.gathered.min(2 * MOST_GATHERED);
            }
        }
    }
}

impl Pack for Packing {
    type Error = Error;

    fn most(&self) -> usize {
        match self {
            Self::Deflate { level: 8.., .. } => MOST_IN_THOROUGH,
            _ => MOST_IN,
        }
    }

    fn nanos(&self, taken: usize, flush: Flush) -> u64 {
        match self {
            Self::Brotli(stream) => stream.nanos(taken, flush),
            Self::Deflate { level, .. } => {
                let of_byte = match level {
                    0..=6 => 40,
                    7 => 100,
                    8 => 400,
                    _ => 800,
                };
                taken as u64 * of_byte
            }
        }
    }

    fn write(&mut self, input: &[u8], flush: Flush) -> Result<Piece, Error> {
        let mut output = vec![0; MOST_OUT];
        let (taken, made, has_ended, is_full) = match self {
            Self::Deflate { stream, .. } => {
                let before = (stream.total_in(), stream.total_out());
                let status = stream.compress(input, &mut output, zlib_flush(flush));
                let status = status.map_err(|error| Error::Other(error.as_str().to_owned()))?;
                let made = (stream.total_out() - before.1) as usize;
                let taken = (stream.total_in() - before.0) as usize;
                (taken, made, status == Status::StreamEnd, made == MOST_OUT)
            }
            Self::Brotli(stream) => stream.write(input, &mut output, flush)?,
        };
        output.truncate(made);
        Ok(Piece {
            taken: taken as u32,
            output,
            progress: match () {
                () if has_ended => Progress::Ended,
                () if is_full || taken < input.len() => Progress::Full,
                () => Progress::Hungry,
            },
        })
    }

    fn no_time(text: String) -> Error {
        Error::Other(text)
    }

    fn no_memory(text: String) -> Error {
        Error::Memory(text)
    }
}

/// What a call takes that only keeps what it is given.
const OF_COPYING: u64 = 50_000;

/// A stream that compresses, and knows what that takes.
trait Pack: Send + 'static {
    type Error: Send + 'static;

    /// What a call takes at most.
    fn most(&self) -> usize;

    /// About how long a call takes with so many bytes, in nanoseconds.
    fn nanos(&self, taken: usize, flush: Flush) -> u64;

    fn write(&mut self, input: &[u8], flush: Flush) -> Result<Piece, Self::Error>;

    fn no_time(text: String) -> Self::Error;

    fn no_memory(text: String) -> Self::Error;
}

fn locked<S>(stream: &Mutex<S>) -> MutexGuard<'_, S> {
    stream.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A call that compresses.
struct Step<S> {
    stream: Arc<Mutex<S>>,
    input: Vec<u8>,
    flush: Flush,
    /// None: it is short, and computed where the bot runs.
    booking: Option<Booking>,
}

fn told<E: Pack>(shortage: Shortage) -> E::Error {
    match shortage {
        Shortage::Time { needs, left } => E::no_time(format!(
            "the compression takes about {} ms of processor time, and the event has {} ms left: give it less at once, \
             or take a lower level",
            needs.as_millis(),
            left.as_millis()
        )),
        Shortage::Memory { needs, left } => E::no_memory(format!(
            "the compression takes {needs} bytes of memory, and the bot has {left} left"
        )),
    }
}

impl<S: Pack> Step<S> {
    /// Sets aside what a call takes.
    fn new(
        state: &RunState,
        stream: Arc<Mutex<S>>,
        mut input: Vec<u8>,
        mut flush: Flush,
    ) -> Result<Self, S::Error> {
        let time = {
            let stream = locked(&stream);
            if input.len() > stream.most() {
                input.truncate(stream.most());
                flush = Flush::None;
            }
            Duration::from_nanos(stream.nanos(input.len(), flush))
        };
        let booking = match time <= SHORT {
            true => None,
            // What streams hold is counted apart.
            false => Some(state.book(Effort { time, bytes: 0 }).map_err(told::<S>)?),
        };
        Ok(Self {
            stream,
            input,
            flush,
            booking,
        })
    }

    async fn run(self) -> Result<Piece, S::Error> {
        let Self {
            stream,
            input,
            flush,
            booking,
        } = self;
        let work = move || locked(&stream).write(&input, flush);
        match booking {
            None => work(),
            Some(booking) => booking.run(work).await.map_err(told::<S>)?,
        }
    }
}

fn zlib_flush(flush: Flush) -> DeflateFlush {
    match flush {
        Flush::None => DeflateFlush::NoFlush,
        Flush::Partial => DeflateFlush::PartialFlush,
        Flush::Sync => DeflateFlush::SyncFlush,
        Flush::Full => DeflateFlush::FullFlush,
        Flush::Finish => DeflateFlush::Finish,
        Flush::Block => DeflateFlush::Block,
    }
}

impl Decompressor {
    fn open(source: Source, held: &Held) -> Result<Self, Error> {
        held.check(false).map_err(Error::Memory)?;
        if source.format == Format::Brotli {
            let memory = Memory::of(held);
            // Windows of more than 24 bits are none of the format's.
            let state = BrotliState::new_strict(memory.clone(), memory.clone(), memory);
            return Ok(Self::Brotli(Brotli::new(state, held)));
        }
        let bits = within("window-bits", source.window_bits, 8, 15, 15)?;
        let mut dictionary = source.dictionary;
        let (mut stream, members) = match source.format {
            Format::Deflate => (Inflate::new(false, bits), None),
            Format::Gzip => (Inflate::new(true, bits + 16), Some(bits + 16)),
            Format::Zlib | Format::Brotli => (Inflate::new(true, bits), None),
        };
        // Only zlib's header says when a dictionary is due.
        if source.format == Format::Deflate
            && let Some(dictionary) = dictionary.take()
        {
            let set = stream.set_dictionary(&dictionary);
            set.map_err(|_| Error::Settings("the dictionary cannot be used".to_owned()))?;
        }
        let bytes = dictionary.as_ref().map_or(0, Vec::len);
        held.check_for(bytes).map_err(Error::Memory)?;
        let inflating = Inflating {
            stream: Box::new(stream),
            members,
            dictionary: dictionary.map(|dictionary| (dictionary, held.take(bytes))),
            has_ended: false,
        };
        Ok(Self::Inflate {
            stream: inflating,
            _share: held.take(INFLATE_BYTES),
        })
    }

    fn write(&mut self, input: &[u8]) -> Result<Piece, Error> {
        let input = &input[..input.len().min(MOST_IN)];
        match self {
            Self::Inflate { stream, .. } => stream.write(input),
            Self::Brotli(stream) => write_brotli(stream.begin()?, input),
        }
    }
}

impl Inflating {
    fn write(&mut self, input: &[u8]) -> Result<Piece, Error> {
        let mut output = vec![0; MOST_OUT];
        let (mut taken, mut made) = (0, 0);
        loop {
            if self.has_ended {
                // Zeros pad an archive; anything else is another member, or damage.
                let follows = input.get(taken).is_some_and(|byte| *byte != 0);
                let (Some(bits), true) = (self.members, follows) else {
                    break;
                };
                *self.stream = Inflate::new(true, bits);
                self.has_ended = false;
            }
            let before = (self.stream.total_in(), self.stream.total_out());
            let flush = InflateFlush::NoFlush;
            let result = self
                .stream
                .decompress(&input[taken..], &mut output[made..], flush);
            taken += (self.stream.total_in() - before.0) as usize;
            made += (self.stream.total_out() - before.1) as usize;
            match result {
                Ok(Status::StreamEnd) => self.has_ended = true,
                Ok(Status::Ok | Status::BufError) => break,
                Err(InflateError::NeedDict { .. }) => {
                    let (dictionary, _share) = self.dictionary.take().ok_or(Error::Dictionary)?;
                    let set = self.stream.set_dictionary(&dictionary);
                    set.map_err(|_| Error::Dictionary)?;
                }
                Err(error) => {
                    let message = self.stream.error_message();
                    let message = message.unwrap_or(error.as_str());
                    return Err(Error::Data(message.to_owned()));
                }
            }
        }
        output.truncate(made);
        Ok(Piece {
            taken: taken as u32,
            output,
            progress: match () {
                () if self.has_ended => Progress::Ended,
                () if made == MOST_OUT || taken < input.len() => Progress::Full,
                () => Progress::Hungry,
            },
        })
    }
}

fn write_brotli(
    state: &mut BrotliState<Memory, Memory, Memory>,
    input: &[u8],
) -> Result<Piece, Error> {
    let mut output = vec![0; MOST_OUT];
    let (mut left, mut taken) = (input.len(), 0);
    let (mut room, mut made, mut all) = (output.len(), 0, 0);
    let result = BrotliDecompressStream(
        &mut left,
        &mut taken,
        input,
        &mut room,
        &mut made,
        &mut output,
        &mut all,
        state,
    );
    let progress = match result {
        BrotliResult::ResultSuccess => Progress::Ended,
        BrotliResult::NeedsMoreInput => Progress::Hungry,
        BrotliResult::NeedsMoreOutput => Progress::Full,
        BrotliResult::ResultFailure => {
            let name = format!("{:?}", state.error_code);
            let name = name.trim_start_matches("BROTLI_DECODER_ERROR_");
            return Err(Error::Brotli(BrotliFault {
                code: state.error_code as i32,
                name: name.trim_start_matches('_').to_owned(),
            }));
        }
    };
    output.truncate(made);
    Ok(Piece {
        taken: taken as u32,
        output,
        progress,
    })
}

/// A stream that compresses by zstd. A call that is computed elsewhere has it meanwhile.
pub struct ZstdCompressor(Arc<Mutex<ZstdPacking>>);

struct ZstdPacking {
    stream: Box<Compress>,
    share: Share,
}

/// A stream that decompresses by zstd.
pub struct ZstdDecompressor {
    stream: Box<Decompress>,
    share: Share,
}

fn zstd_fault(Fault { code, text }: Fault) -> ZstdError {
    ZstdError::Fault(ZstdFault { code, text })
}

/// What a call of zstd's gives; `output` has room for more than it made.
fn zstd_piece(done: &Done, mut output: Vec<u8>) -> Piece {
    output.truncate(done.made);
    Piece {
        taken: done.taken as u32,
        output,
        progress: match () {
            () if done.has_ended => Progress::Ended,
            () if done.is_full => Progress::Full,
            () => Progress::Hungry,
        },
    }
}

impl ZstdPacking {
    fn open(settings: &ZstdSettings, held: &Held) -> Result<Self, ZstdError> {
        let dictionary = settings.dictionary.as_deref();
        let expected = Compress::expected(&settings.parameters, dictionary);
        held.check_for(expected).map_err(ZstdError::Memory)?;
        let stream = Compress::open(&settings.parameters, settings.pledged_size, dictionary);
        let stream = Box::new(stream.map_err(ZstdError::Settings)?);
        Ok(Self {
            share: held.take(stream.bytes()),
            stream,
        })
    }
}

fn following(flush: Flush) -> Follows {
    match flush {
        Flush::None => Follows::More,
        Flush::Finish => Follows::End,
        _ => Follows::Flush,
    }
}

impl Pack for ZstdPacking {
    type Error = ZstdError;

    fn most(&self) -> usize {
        MOST_IN
    }

    fn nanos(&self, taken: usize, flush: Flush) -> u64 {
        let nanos = self.stream.nanos(taken, following(flush));
        nanos.unwrap_or(OF_COPYING)
    }

    fn write(&mut self, input: &[u8], flush: Flush) -> Result<Piece, ZstdError> {
        self.share.held.check(true).map_err(ZstdError::Memory)?;
        let mut output = vec![0; MOST_OUT];
        let done = self.stream.write(input, &mut output, following(flush));
        let mut done = done.map_err(zstd_fault)?;
        done.is_full |= done.taken < input.len();
        self.share.set(self.stream.bytes());
        Ok(zstd_piece(&done, output))
    }

    fn no_time(text: String) -> ZstdError {
        ZstdError::Other(text)
    }

    fn no_memory(text: String) -> ZstdError {
        ZstdError::Memory(text)
    }
}

impl ZstdDecompressor {
    fn open(settings: &ZstdSettings, held: &Held) -> Result<Self, ZstdError> {
        let dictionary = settings.dictionary.as_deref();
        let expected = dictionary.map_or(0, <[u8]>::len);
        held.check_for(expected).map_err(ZstdError::Memory)?;
        let stream = Decompress::open(&settings.parameters, dictionary);
        let stream = Box::new(stream.map_err(ZstdError::Settings)?);
        Ok(Self {
            share: held.take(stream.bytes()),
            stream,
        })
    }

    fn write(&mut self, input: &[u8]) -> Result<Piece, ZstdError> {
        self.share.held.check(true).map_err(ZstdError::Memory)?;
        let input = &input[..input.len().min(MOST_IN)];
        let mut output = vec![0; MOST_OUT];
        let done = self.stream.write(input, &mut output).map_err(zstd_fault)?;
        self.share.set(self.stream.bytes());
        Ok(zstd_piece(&done, output))
    }
}

fn lost(error: impl std::fmt::Display) -> ZstdError {
    ZstdError::Other(error.to_string())
}

fn gone(error: impl std::fmt::Display) -> Error {
    Error::Other(error.to_string())
}

impl compression::HostCompressor for RunState {
    fn open(&mut self, settings: Settings) -> Result<Resource<Compressor>, Error> {
        let stream = Packing::open(settings, &self.held)?;
        let stream = Compressor(Arc::new(Mutex::new(stream)));
        self.table.push(stream).map_err(gone)
    }

    async fn write(
        &mut self,
        stream: Resource<Compressor>,
        input: Vec<u8>,
        flush: Flush,
    ) -> Result<Piece, Error> {
        let stream = self.table.get(&stream).map_err(gone)?.0.clone();
        Step::new(self, stream, input, flush)?.run().await
    }

    fn set_level(&mut self, stream: Resource<Compressor>, level: u8) -> Result<(), Error> {
        let stream = self.table.get(&stream).map_err(gone)?;
        locked(&stream.0).set_level(level)
    }

    fn drop(&mut self, stream: Resource<Compressor>) -> wasmtime::Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}

impl compression::HostDecompressor for RunState {
    fn open(&mut self, source: Source) -> Result<Resource<Decompressor>, Error> {
        let stream = Decompressor::open(source, &self.held)?;
        self.table.push(stream).map_err(gone)
    }

    fn write(&mut self, stream: Resource<Decompressor>, input: Vec<u8>) -> Result<Piece, Error> {
        let stream = self.table.get_mut(&stream).map_err(gone)?;
        stream.write(&input)
    }

    fn drop(&mut self, stream: Resource<Decompressor>) -> wasmtime::Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}

impl compression::HostZstdCompressor for RunState {
    fn open(&mut self, settings: ZstdSettings) -> Result<Resource<ZstdCompressor>, ZstdError> {
        let stream = ZstdPacking::open(&settings, &self.held)?;
        let stream = ZstdCompressor(Arc::new(Mutex::new(stream)));
        self.table.push(stream).map_err(lost)
    }

    async fn write(
        &mut self,
        stream: Resource<ZstdCompressor>,
        input: Vec<u8>,
        flush: Flush,
    ) -> Result<Piece, ZstdError> {
        let stream = self.table.get(&stream).map_err(lost)?.0.clone();
        Step::new(self, stream, input, flush)?.run().await
    }

    fn drop(&mut self, stream: Resource<ZstdCompressor>) -> wasmtime::Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}

impl compression::HostZstdDecompressor for RunState {
    fn open(&mut self, settings: ZstdSettings) -> Result<Resource<ZstdDecompressor>, ZstdError> {
        let stream = ZstdDecompressor::open(&settings, &self.held)?;
        self.table.push(stream).map_err(lost)
    }

    fn write(
        &mut self,
        stream: Resource<ZstdDecompressor>,
        input: Vec<u8>,
    ) -> Result<Piece, ZstdError> {
        let stream = self.table.get_mut(&stream).map_err(lost)?;
        stream.write(&input)
    }

    fn drop(&mut self, stream: Resource<ZstdDecompressor>) -> wasmtime::Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}

impl compression::Host for RunState {
    fn crc32(&mut self, bytes: Vec<u8>, before: u32) -> u32 {
        zlib_rs::crc32::crc32(before, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(format: Format, level: u8) -> Settings {
        Settings {
            format,
            level: Some(level),
            window_bits: None,
            memory_level: None,
            strategy: None,
            content: None,
            size_hint: None,
            block_bits: None,
            dictionary: None,
        }
    }

    fn source(dictionary: Vec<u8>) -> Source {
        Source {
            format: Format::Zlib,
            window_bits: None,
            dictionary: Some(dictionary),
        }
    }

    fn zstd(parameters: Vec<(u32, i32)>, dictionary: Option<Vec<u8>>) -> ZstdSettings {
        ZstdSettings {
            parameters,
            dictionary,
            pledged_size: None,
        }
    }

    /// Digits that no pattern has.
    fn noise(bytes: usize) -> Vec<u8> {
        let mut state = 1u32;
        std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            b"0123456789abcdef"[(state >> 28) as usize]
        })
        .take(bytes)
        .collect()
    }

    /// What comes out, and how much had been taken when the first of it did.
    fn packed(stream: &mut Packing, data: &[u8]) -> Result<(Vec<u8>, usize), Error> {
        let (mut all, mut at, mut first) = (Vec::new(), 0, None);
        loop {
            let end = data.len().min(at + stream.most());
            let flush = match end == data.len() {
                true => Flush::Finish,
                false => Flush::None,
            };
            let piece = stream.write(&data[at..end], flush)?;
            at += piece.taken as usize;
            all.extend(piece.output);
            if !all.is_empty() {
                first.get_or_insert(at);
            }
            if piece.progress == Progress::Ended {
                return Ok((all, first.unwrap()));
            }
        }
    }

    fn unpacked(data: &[u8]) -> Vec<u8> {
        let mut all = Vec::new();
        let mut reader = brotli::Decompressor::new(data, 4096);
        std::io::Read::read_to_end(&mut reader, &mut all).unwrap();
        all
    }

    #[test]
    fn brotli_works_on_no_more_than_a_bounded_stretch_whatever_its_settings() {
        let data = noise(1 << 20);
        let largest = Settings {
            block_bits: Some(24),
            window_bits: Some(24),
            ..settings(Format::Brotli, 11)
        };
        for settings in [largest, settings(Format::Brotli, 5)] {
            let level = settings.level;
            let mut stream = Packing::open(settings, &Held::default()).unwrap();
            let (packed, first) = packed(&mut stream, &data).unwrap();
            let most = match level {
                Some(BEST..) => MOST_BEST_GATHERED,
                _ => MOST_GATHERED,
            };
            assert!(first <= most, "{first} at level {level:?}");
            assert!(unpacked(&packed) == data);
            let Packing::Brotli(stream) = stream else {
                panic!("it is of Brotli");
            };
            let peak = stream.memory.peak.load(Ordering::Relaxed);
            assert!(peak <= stream.most_bytes(), "{peak} at level {level:?}");
        }
    }

    #[test]
    fn a_stream_of_brotli_begins_where_all_that_it_may_need_is_left() {
        let held = Held::default();
        let mut stream = Packing::open(settings(Format::Brotli, 11), &held).unwrap();
        let others = held.take(MOST_TO_BEGIN);
        let refused = stream.write(b"some", Flush::Finish);
        assert!(matches!(refused, Err(Error::Memory(_))));
        drop(others);
        // Two at once are usual.
        let mut other = Packing::open(settings(Format::Brotli, 11), &held).unwrap();
        for data in noise(1 << 20).chunks(MOST_IN) {
            while stream.write(data, Flush::None).unwrap().taken == 0 {}
            while other.write(data, Flush::None).unwrap().taken == 0 {}
        }
    }

    #[test]
    fn dictionaries_count_as_long_as_they_are_kept() {
        let held = Held::default();
        let dictionary = vec![7; 24 << 20];
        let mut open = Vec::new();
        let refused = loop {
            match Decompressor::open(source(dictionary.clone()), &held) {
                Ok(stream) => open.push(stream),
                Err(error) => break error,
            }
            assert!(open.len() < 10);
        };
        assert!(matches!(refused, Error::Memory(_)));
        let zstd = zstd(vec![], Some(dictionary));
        assert!(matches!(
            ZstdDecompressor::open(&zstd, &held),
            Err(ZstdError::Memory(_))
        ));
        assert!(matches!(
            ZstdPacking::open(&zstd, &held),
            Err(ZstdError::Memory(_))
        ));
        drop(open);
        assert_eq!(held.now(), 0);
    }

    #[tokio::test]
    async fn what_takes_long_is_set_aside_and_refused_when_too_little_is_left() {
        let stream = |level| {
            let stream = Packing::open(settings(Format::Brotli, level), &Held::default());
            Arc::new(Mutex::new(stream.unwrap()))
        };
        let data = noise(64 << 10);
        let step =
            |state: &RunState, level| Step::new(state, stream(level), data.clone(), Flush::Finish);
        let ample = RunState::with_room(Duration::from_secs(5), 64 << 20);
        assert!(step(&ample, 1).ok().unwrap().booking.is_none());
        let long = step(&ample, 11).ok().unwrap();
        assert!(long.booking.is_some());
        let piece = long.run().await.unwrap();
        assert_eq!(piece.taken as usize, data.len());
        assert!(unpacked(&piece.output) == data);

        let scarce = RunState::with_room(Duration::from_millis(60), 64 << 20);
        match step(&scarce, 11).err() {
            Some(Error::Other(text)) => assert!(text.contains("processor time"), "{text}"),
            other => panic!("{other:?}"),
        }
        let best = ZstdPacking::open(&zstd(vec![(100, 22)], None), &Held::default()).unwrap();
        let best = Arc::new(Mutex::new(best));
        let refused = Step::new(&scarce, best, data.clone(), Flush::Finish).err();
        assert!(matches!(refused, Some(ZstdError::Other(_))));
    }
}
