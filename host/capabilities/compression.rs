//! `roost:bot/compression`: deflate, gzip, Brotli and zstd, a piece at a time.
//!
//! A call takes and gives no more than a piece: it lasts milliseconds, between which the event's
//! processor time is looked at, and what it gives goes into the bot's own memory. What streams hold
//! here is counted for each instance.

use super::bindings::roost::bot::compression::{
    self, BrotliFault, Content, Error, Flush, Format, Piece, Progress, Settings, Source, Strategy,
    ZstdError, ZstdFault, ZstdSettings,
};
use super::zstd::{Compress, Decompress, Done, Fault, Follows};
use crate::sandbox::RunState;
use brotli::enc::BrotliAlloc;
use brotli::enc::encode::{
    BrotliEncoderOperation, BrotliEncoderParameter, BrotliEncoderStateStruct,
};
use brotli::{
    Allocator, BrotliDecompressStream, BrotliResult, BrotliState, SliceWrapper, SliceWrapperMut,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use wasmtime::component::Resource;
use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Inflate, InflateError, InflateFlush, Status};

/// What a call takes at most.
const MOST_IN: usize = 256 << 10;

/// What a call gives at most.
const MOST_OUT: usize = 64 << 10;

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
        match self.0.load(Ordering::Relaxed) > most {
            false => Ok(()),
            true => Err(format!(
                "the bot's open streams and ciphers hold more than {} MiB: end some before others begin",
                most >> 20
            )),
        }
    }

    pub(super) fn take(&self, bytes: usize) -> Share {
        self.0.fetch_add(bytes, Ordering::Relaxed);
        Share {
            held: self.clone(),
            bytes,
        }
    }
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

/// Memory of Brotli's, which counts.
pub struct Counted<T> {
    items: Box<[T]>,
    _share: Share,
}

impl<T> Default for Counted<T> {
    fn default() -> Self {
        Self {
            items: Box::default(),
            _share: Share::default(),
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

impl<T: Clone + Default> Allocator<T> for Held {
    type AllocatedMemory = Counted<T>;

    fn alloc_cell(&mut self, length: usize) -> Counted<T> {
        Counted {
            items: vec![T::default(); length].into_boxed_slice(),
            _share: self.take(length * size_of::<T>()),
        }
    }

    fn free_cell(&mut self, memory: Counted<T>) {
        drop(memory);
    }
}

impl BrotliAlloc for Held {}

/// A stream that compresses.
pub enum Compressor {
    Deflate { stream: Box<Deflate>, _share: Share },
    Brotli(Brotli<BrotliEncoderStateStruct<Held>>),
}

/// A stream that decompresses.
pub enum Decompressor {
    Inflate { stream: Inflating, _share: Share },
    Brotli(Brotli<BrotliState<Held, Held, Held>>),
}

/// A stream of Brotli, which takes its memory when it is first written to.
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

pub struct Inflating {
    stream: Box<Inflate>,
    /// Gzip: how another member's stream is made.
    members: Option<u8>,
    dictionary: Option<Vec<u8>>,
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

impl Compressor {
    fn open(settings: Settings, held: &Held) -> Result<Self, Error> {
        held.check(false).map_err(Error::Memory)?;
        match settings.format {
            Format::Brotli => Self::open_brotli(&settings, held),
            _ => Self::open_deflate(&settings, held),
        }
    }

    fn open_deflate(settings: &Settings, held: &Held) -> Result<Self, Error> {
        let bits = i32::from(within("window-bits", settings.window_bits, 9, 15, 15)?);
        let config = DeflateConfig {
            level: within("level", settings.level, 0, 9, 6)?.into(),
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
            _share: held.take(DEFLATE_BYTES),
        })
    }

    fn open_brotli(settings: &Settings, held: &Held) -> Result<Self, Error> {
        use BrotliEncoderParameter as Parameter;
        let mut stream = BrotliEncoderStateStruct::new(held.clone());
        let content = match settings.content.unwrap_or(Content::Generic) {
            Content::Generic => 0,
            Content::Text => 1,
            Content::Font => 2,
        };
        let level = within("level", settings.level, 0, 11, 11)?;
        let bits = within("window-bits", settings.window_bits, 10, 24, 22)?;
        // The two best levels keep eight bytes for each of the window.
        let bits = match level {
            10.. => bits.min(22),
            _ => bits,
        };
        stream.set_parameter(Parameter::BROTLI_PARAM_MODE, content);
        stream.set_parameter(Parameter::BROTLI_PARAM_QUALITY, level.into());
        stream.set_parameter(Parameter::BROTLI_PARAM_LGWIN, bits.into());
        if let Some(bytes) = settings.size_hint {
            stream.set_parameter(Parameter::BROTLI_PARAM_SIZE_HINT, bytes);
        }
        if settings.block_bits.is_some() {
            let bits = within("block-bits", settings.block_bits, 16, 24, 16)?;
            stream.set_parameter(Parameter::BROTLI_PARAM_LGBLOCK, bits.into());
        }
        Ok(Self::Brotli(Brotli::new(stream, held)))
    }

    fn write(&mut self, input: &[u8], flush: Flush) -> Result<Piece, Error> {
        let (input, flush) = match input.len() <= MOST_IN {
            true => (input, flush),
            false => (&input[..MOST_IN], Flush::None),
        };
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
            Self::Brotli(stream) => {
                let stream = stream.begin()?;
                let operation = match flush {
                    Flush::None => BrotliEncoderOperation::BROTLI_OPERATION_PROCESS,
                    Flush::Finish => BrotliEncoderOperation::BROTLI_OPERATION_FINISH,
                    _ => BrotliEncoderOperation::BROTLI_OPERATION_FLUSH,
                };
                let (mut left, mut taken) = (input.len(), 0);
                let (mut room, mut made) = (output.len(), 0);
                let is_good = stream.compress_stream(
                    operation,
                    &mut left,
                    input,
                    &mut taken,
                    &mut room,
                    &mut output,
                    &mut made,
                    &mut None,
                    &mut |_, _, _, _| (),
                );
                if !is_good {
                    return Err(Error::Other("the compressor refused the data".to_owned()));
                }
                (taken, made, stream.is_finished(), stream.has_more_output())
            }
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

    fn set_level(&mut self, level: u8) -> Result<(), Error> {
        let Self::Deflate { stream, .. } = self else {
            return Err(Error::Settings(
                "a stream of Brotli keeps its level".to_owned(),
            ));
        };
        let level = within("level", Some(level), 0, 9, 6)?;
        // zlib-rs refuses what would end a block, for want of room to write its end; the stream is as it was.
        let _ = stream.set_level(level.into());
        Ok(())
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
            let state = BrotliState::new(held.clone(), held.clone(), held.clone());
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
        let inflating = Inflating {
            stream: Box::new(stream),
            members,
            dictionary,
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
                    let dictionary = self.dictionary.take().ok_or(Error::Dictionary)?;
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

fn write_brotli(state: &mut BrotliState<Held, Held, Held>, input: &[u8]) -> Result<Piece, Error> {
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

/// A stream that compresses by zstd.
pub struct ZstdCompressor {
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

impl ZstdCompressor {
    fn open(settings: &ZstdSettings, held: &Held) -> Result<Self, ZstdError> {
        held.check(false).map_err(ZstdError::Memory)?;
        let dictionary = settings.dictionary.as_deref();
        let stream = Compress::open(&settings.parameters, settings.pledged_size, dictionary);
        let stream = Box::new(stream.map_err(ZstdError::Settings)?);
        Ok(Self {
            share: held.take(stream.bytes()),
            stream,
        })
    }

    fn write(&mut self, input: &[u8], flush: Flush) -> Result<Piece, ZstdError> {
        self.share.held.check(true).map_err(ZstdError::Memory)?;
        let (input, flush) = match input.len() <= MOST_IN {
            true => (input, flush),
            false => (&input[..MOST_IN], Flush::None),
        };
        let follows = match flush {
            Flush::None => Follows::More,
            Flush::Finish => Follows::End,
            _ => Follows::Flush,
        };
        let mut output = vec![0; MOST_OUT];
        let done = self.stream.write(input, &mut output, follows);
        let mut done = done.map_err(zstd_fault)?;
        done.is_full |= done.taken < input.len();
        self.share.set(self.stream.bytes());
        Ok(zstd_piece(&done, output))
    }
}

impl ZstdDecompressor {
    fn open(settings: &ZstdSettings, held: &Held) -> Result<Self, ZstdError> {
        held.check(false).map_err(ZstdError::Memory)?;
        let stream = Decompress::open(&settings.parameters, settings.dictionary.as_deref());
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
        let stream = Compressor::open(settings, &self.held)?;
        self.table.push(stream).map_err(gone)
    }

    fn write(
        &mut self,
        stream: Resource<Compressor>,
        input: Vec<u8>,
        flush: Flush,
    ) -> Result<Piece, Error> {
        let stream = self.table.get_mut(&stream).map_err(gone)?;
        stream.write(&input, flush)
    }

    fn set_level(&mut self, stream: Resource<Compressor>, level: u8) -> Result<(), Error> {
        let stream = self.table.get_mut(&stream).map_err(gone)?;
        stream.set_level(level)
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
        let stream = ZstdCompressor::open(&settings, &self.held)?;
        self.table.push(stream).map_err(lost)
    }

    fn write(
        &mut self,
        stream: Resource<ZstdCompressor>,
        input: Vec<u8>,
        flush: Flush,
    ) -> Result<Piece, ZstdError> {
        let stream = self.table.get_mut(&stream).map_err(lost)?;
        stream.write(&input, flush)
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
