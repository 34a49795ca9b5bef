//! `roost:bot/ciphers`: AES, ChaCha20 and 3DES, a piece at a time.
//!
//! A call takes no more than a mebibyte: it lasts milliseconds, between which the event's processor time is
//! looked at. AES is AWS-LC's. ChaCha20-Poly1305 is put together here, of keystream and universal hash, because
//! the crate that has it whole wants all data at once.

use super::bindings::roost::bot::ciphers::{self, Direction, End, Error, Settings};
use super::compression::{Held, Share};
use crate::keys::{Aes, AesGcm, AesMode, Refused};
use crate::sandbox::RunState;
use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit as _, StreamCipher as _, StreamCipherSeek as _};
use poly1305::Poly1305;
use poly1305::universal_hash::{KeyInit as _, UniversalHash as _};
use subtle::ConstantTimeEq as _;
use wasmtime::component::Resource;

/// What a call takes at most.
const MOST: usize = 1 << 20;

/// What a block of AES has, and of Poly1305.
const BLOCK: usize = 16;

/// About what is held for a cipher, without its IV.
const CIPHER_BYTES: usize = 3 << 10;

/// What becomes of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Gcm,
    Cbc,
    Ecb,
    Ctr,
    ChaCha20,
    ChaCha20Poly1305,
    TripleDesCbc,
    TripleDesEcb,
}

/// The algorithms: name, mode, and the bytes of the key.
const ALGORITHMS: [(&str, Mode, usize); 16] = [
    ("aes-128-gcm", Mode::Gcm, 16),
    ("aes-192-gcm", Mode::Gcm, 24),
    ("aes-256-gcm", Mode::Gcm, 32),
    ("aes-128-cbc", Mode::Cbc, 16),
    ("aes-192-cbc", Mode::Cbc, 24),
    ("aes-256-cbc", Mode::Cbc, 32),
    ("aes-128-ecb", Mode::Ecb, 16),
    ("aes-192-ecb", Mode::Ecb, 24),
    ("aes-256-ecb", Mode::Ecb, 32),
    ("aes-128-ctr", Mode::Ctr, 16),
    ("aes-192-ctr", Mode::Ctr, 24),
    ("aes-256-ctr", Mode::Ctr, 32),
    ("chacha20", Mode::ChaCha20, 32),
    ("chacha20-poly1305", Mode::ChaCha20Poly1305, 32),
    ("des-ede3-cbc", Mode::TripleDesCbc, 24),
    ("des-ede3-ecb", Mode::TripleDesEcb, 24),
];

/// What goes on, of whatever mode.
trait Work: Send {
    fn authenticate(&mut self, _data: &[u8]) -> Result<(), Error> {
        Err(state("the algorithm authenticates nothing"))
    }

    fn set_padding(&mut self, _pads: bool) {}

    fn update(&mut self, data: Vec<u8>) -> Result<Vec<u8>, Error>;

    fn finish(self: Box<Self>, tag: Option<&[u8]>) -> Result<End, Error>;
}

/// A cipher, until it is finished.
pub struct Cipher {
    work: Option<Box<dyn Work>>,
    _share: Share,
}

fn state(text: &str) -> Error {
    Error::State(text.to_owned())
}

fn exhausted(_: impl std::fmt::Debug) -> Error {
    Error::Other("the algorithm takes no more data with this IV".to_owned())
}

fn failed(_: Refused) -> Error {
    Error::Other("the host's library refused it".to_owned())
}

fn too_late() -> Error {
    state("what only is authenticated comes before the data")
}

/// The end of what makes no tag.
fn without_tag(output: Vec<u8>) -> End {
    End {
        output,
        tag: Vec::new(),
    }
}

/// ChaCha20 and nothing more.
struct Keystream(ChaCha20);

impl Work for Keystream {
    fn update(&mut self, mut data: Vec<u8>) -> Result<Vec<u8>, Error> {
        self.0.try_apply_keystream(&mut data).map_err(exhausted)?;
        Ok(data)
    }

    fn finish(self: Box<Self>, _tag: Option<&[u8]>) -> Result<End, Error> {
        Ok(without_tag(Vec::new()))
    }
}

/// AES in counter mode, which is a keystream too.
struct Counter(Aes);

impl Work for Counter {
    fn update(&mut self, mut data: Vec<u8>) -> Result<Vec<u8>, Error> {
        self.0.update(&mut data).map_err(failed)?;
        Ok(data)
    }

    fn finish(self: Box<Self>, _tag: Option<&[u8]>) -> Result<End, Error> {
        Ok(without_tag(Vec::new()))
    }
}

/// Whole blocks, and what is left of them.
struct Blocks {
    aes: Aes,
    encrypts: bool,
    rest: Vec<u8>,
    pads: bool,
}

impl Blocks {
    /// The last block when encrypting: all that is left, and its padding.
    fn padded(mut self) -> Result<Vec<u8>, Error> {
        let missing = BLOCK - self.rest.len() % BLOCK;
        if self.pads {
            self.rest.resize(self.rest.len() + missing, missing as u8);
        } else if !self.rest.is_empty() {
            return Err(Error::BlockLength);
        }
        self.aes.update(&mut self.rest).map_err(failed)?;
        Ok(self.rest)
    }

    /// The last block when decrypting, which was kept for its padding.
    fn stripped(mut self) -> Result<Vec<u8>, Error> {
        let is_whole = self.rest.len() == BLOCK || (self.rest.is_empty() && !self.pads);
        if !is_whole {
            return Err(Error::BlockLength);
        }
        self.aes.update(&mut self.rest).map_err(failed)?;
        if self.pads {
            let padding = self.rest.last().copied().unwrap_or_default();
            let length = usize::from(padding);
            let is_good = (1..=BLOCK).contains(&length)
                && self.rest[BLOCK - length..]
                    .iter()
                    .all(|byte| *byte == padding);
            if !is_good {
                return Err(Error::Padding);
            }
            self.rest.truncate(BLOCK - length);
        }
        Ok(self.rest)
    }
}

impl Work for Blocks {
    fn set_padding(&mut self, pads: bool) {
        self.pads = pads;
    }

    fn update(&mut self, data: Vec<u8>) -> Result<Vec<u8>, Error> {
        let mut all = std::mem::take(&mut self.rest);
        if all.is_empty() {
            all = data;
        } else {
            all.extend_from_slice(&data);
        }
        let keeps_whole = self.pads && !self.encrypts && !all.is_empty();
        let kept = match all.len() % BLOCK {
            0 if keeps_whole => BLOCK,
            rest => rest,
        };
        self.rest = all.split_off(all.len() - kept);
        self.aes.update(&mut all).map_err(failed)?;
        Ok(all)
    }

    fn finish(self: Box<Self>, _tag: Option<&[u8]>) -> Result<End, Error> {
        let output = match self.encrypts {
            true => self.padded(),
            false => self.stripped(),
        };
        output.map(without_tag)
    }
}

/// AES in GCM, with its tag.
struct Gcm {
    aes: AesGcm,
    direction: Direction,
    has_data: bool,
}

impl Work for Gcm {
    fn authenticate(&mut self, data: &[u8]) -> Result<(), Error> {
        if self.has_data {
            return Err(too_late());
        }
        self.aes.authenticate(data).map_err(exhausted)
    }

    fn update(&mut self, mut data: Vec<u8>) -> Result<Vec<u8>, Error> {
        self.has_data = true;
        self.aes.update(&mut data).map_err(exhausted)?;
        Ok(data)
    }

    fn finish(self: Box<Self>, tag: Option<&[u8]>) -> Result<End, Error> {
        if self.direction == Direction::Encrypt {
            return Ok(End {
                output: Vec::new(),
                tag: self.aes.tag().map_err(failed)?.to_vec(),
            });
        }
        match self.aes.check(tag.unwrap_or_default()) {
            Ok(()) => Ok(without_tag(Vec::new())),
            Err(Refused) => Err(Error::NotAuthentic),
        }
    }
}

/// 3DES, whose blocks the library holds.
struct TripleDes {
    cipher: crate::keys::TripleDes,
    encrypts: bool,
    pads: bool,
}

impl TripleDes {
    /// By blocks on their own, or chained by an IV.
    fn begin(key: &[u8], iv: Option<[u8; 8]>, encrypts: bool) -> Option<Box<dyn Work>> {
        let key = key.try_into().ok()?;
        let cipher = crate::keys::TripleDes::new(key, iv.as_ref(), encrypts).ok()?;
        Some(Box::new(Self {
            cipher,
            encrypts,
            pads: true,
        }))
    }
}

impl Work for TripleDes {
    fn set_padding(&mut self, pads: bool) {
        self.pads = pads;
        self.cipher.set_padding(pads);
    }

    fn update(&mut self, data: Vec<u8>) -> Result<Vec<u8>, Error> {
        self.cipher.update(&data).map_err(exhausted)
    }

    fn finish(self: Box<Self>, _tag: Option<&[u8]>) -> Result<End, Error> {
        let is_padded_here = self.encrypts && self.pads;
        let lacks_padding = self.pads && self.cipher.is_empty();
        if !is_padded_here && (!self.cipher.is_whole() || lacks_padding) {
            return Err(Error::BlockLength);
        }
        let output = self.cipher.finish().map_err(|_| Error::Padding)?;
        Ok(without_tag(output))
    }
}

/// Poly1305 over data in pieces, whose parts are padded with zeros to whole blocks.
struct Parts {
    hash: Poly1305,
    rest: [u8; BLOCK],
    filled: usize,
}

impl Parts {
    fn new(hash: Poly1305) -> Self {
        Self {
            hash,
            rest: [0; BLOCK],
            filled: 0,
        }
    }

    fn update(&mut self, mut data: &[u8]) {
        if self.filled > 0 {
            let taken = data.len().min(BLOCK - self.filled);
            self.rest[self.filled..][..taken].copy_from_slice(&data[..taken]);
            self.filled += taken;
            data = &data[taken..];
            if self.filled < BLOCK {
                return;
            }
            self.end_part();
        }
        let (whole, rest) = data.split_at(data.len() - data.len() % BLOCK);
        self.hash.update_padded(whole);
        self.rest[..rest.len()].copy_from_slice(rest);
        self.filled = rest.len();
    }

    fn end_part(&mut self) {
        self.hash.update_padded(&self.rest[..self.filled]);
        self.filled = 0;
    }

    fn finish(mut self, lengths: [u8; BLOCK]) -> [u8; BLOCK] {
        self.end_part();
        self.hash.update_padded(&lengths);
        self.hash.finalize().into()
    }
}

/// ChaCha20, and a tag over what it made and what only is authenticated.
struct Sealed {
    direction: Direction,
    keystream: ChaCha20,
    parts: Parts,
    authenticated: u64,
    /// How much data there was, once there was any.
    data: Option<u64>,
}

impl Sealed {
    /// Ends the part that only is authenticated, if that goes on, and counts data.
    fn count(&mut self, bytes: usize) {
        if self.data.is_none() {
            self.parts.end_part();
        }
        self.data = Some(self.data.unwrap_or_default() + bytes as u64);
    }
}

impl Work for Sealed {
    fn authenticate(&mut self, data: &[u8]) -> Result<(), Error> {
        if self.data.is_some() {
            return Err(too_late());
        }
        self.authenticated += data.len() as u64;
        self.parts.update(data);
        Ok(())
    }

    fn update(&mut self, mut data: Vec<u8>) -> Result<Vec<u8>, Error> {
        self.count(data.len());
        if self.direction == Direction::Decrypt {
            self.parts.update(&data);
        }
        self.keystream
            .try_apply_keystream(&mut data)
            .map_err(exhausted)?;
        if self.direction == Direction::Encrypt {
            self.parts.update(&data);
        }
        Ok(data)
    }

    fn finish(mut self: Box<Self>, tag: Option<&[u8]>) -> Result<End, Error> {
        self.count(0);
        let lengths = lengths(self.authenticated, self.data.unwrap_or_default());
        let direction = self.direction;
        let made = self.parts.finish(lengths);
        if direction == Direction::Encrypt {
            return Ok(End {
                output: Vec::new(),
                tag: made.to_vec(),
            });
        }
        let tag = tag.unwrap_or_default();
        let is_authentic =
            (1..=BLOCK).contains(&tag.len()) && bool::from(made[..tag.len()].ct_eq(tag));
        match is_authentic {
            true => Ok(without_tag(Vec::new())),
            false => Err(Error::NotAuthentic),
        }
    }
}

/// How RFC 8439 writes the lengths of both parts: it counts bytes, the lowest byte first.
fn lengths(authenticated: u64, data: u64) -> [u8; BLOCK] {
    let bytes = (u128::from(data) << 64) | u128::from(authenticated);
    bytes.to_le_bytes()
}

fn chacha20_poly1305(
    mut keystream: ChaCha20,
    direction: Direction,
) -> Result<Box<dyn Work>, Error> {
    // The first block is the hash's key, and half of it is left over.
    let mut first = [0; 64];
    keystream
        .try_apply_keystream(&mut first)
        .map_err(exhausted)?;
    let hash = Poly1305::new_from_slice(&first[..32]).map_err(exhausted)?;
    Ok(Box::new(Sealed {
        direction,
        keystream,
        parts: Parts::new(hash),
        authenticated: 0,
        data: None,
    }))
}

/// The stream cipher of OpenSSL's name: its IV begins with the counter.
fn chacha20(key: &[u8], iv: [u8; BLOCK]) -> Option<Box<dyn Work>> {
    let [a, b, c, d, nonce @ ..] = iv;
    let counter = u32::from_le_bytes([a, b, c, d]);
    let mut keystream = ChaCha20::new_from_slices(key, &nonce).ok()?;
    keystream.try_seek(u64::from(counter) * 64).ok()?;
    Some(Box::new(Keystream(keystream)))
}

fn begin(settings: &Settings) -> Result<Box<dyn Work>, Error> {
    let Settings {
        algorithm,
        direction,
        key,
        iv,
    } = settings;
    let mut all = ALGORITHMS.iter();
    let Some((_, mode, key_length)) = all.find(|(name, ..)| name == algorithm) else {
        return Err(Error::UnknownAlgorithm(names()));
    };
    let wrong_key = || Error::KeyLength(*key_length as u32);
    if key.len() != *key_length {
        return Err(wrong_key());
    }
    let block = || <[u8; BLOCK]>::try_from(iv.as_slice()).map_err(|_| Error::IvLength(Some(16)));
    let encrypts = *direction == Direction::Encrypt;
    let aes = |mode| Aes::new(mode, key, iv, encrypts).map_err(failed);
    let blocks = |mode| {
        Ok(Box::new(Blocks {
            aes: aes(mode)?,
            encrypts,
            rest: Vec::new(),
            pads: true,
        }))
    };
    Ok(match mode {
        Mode::Gcm if iv.is_empty() => return Err(Error::IvLength(None)),
        Mode::Gcm => Box::new(Gcm {
            aes: AesGcm::new(key, iv, encrypts).map_err(failed)?,
            direction: *direction,
            has_data: false,
        }),
        Mode::Cbc => {
            block()?;
            blocks(AesMode::Cbc)?
        }
        Mode::Ecb if !iv.is_empty() => return Err(Error::IvLength(Some(0))),
        Mode::Ecb => blocks(AesMode::Ecb)?,
        Mode::Ctr => {
            block()?;
            Box::new(Counter(aes(AesMode::Ctr)?))
        }
        Mode::TripleDesCbc => {
            let iv = iv.as_slice().try_into();
            let iv = iv.map_err(|_| Error::IvLength(Some(8)))?;
            TripleDes::begin(key, Some(iv), encrypts).ok_or_else(wrong_key)?
        }
        Mode::TripleDesEcb if !iv.is_empty() => return Err(Error::IvLength(Some(0))),
        Mode::TripleDesEcb => TripleDes::begin(key, None, encrypts).ok_or_else(wrong_key)?,
        Mode::ChaCha20 => chacha20(key, block()?).ok_or_else(wrong_key)?,
        Mode::ChaCha20Poly1305 => {
            let keystream =
                ChaCha20::new_from_slices(key, iv).map_err(|_| Error::IvLength(Some(12)))?;
            chacha20_poly1305(keystream, *direction)?
        }
    })
}

fn names() -> Vec<String> {
    ALGORITHMS
        .iter()
        .map(|(name, ..)| (*name).to_owned())
        .collect()
}

impl Cipher {
    fn open(settings: &Settings, held: &Held) -> Result<Self, Error> {
        if settings.iv.len() > MOST {
            return Err(Error::TooMuch);
        }
        held.check(false).map_err(Error::Memory)?;
        Ok(Self {
            work: Some(begin(settings)?),
            _share: held.take(CIPHER_BYTES + settings.iv.len()),
        })
    }

    fn work(&mut self) -> Result<&mut dyn Work, Error> {
        match &mut self.work {
            Some(work) => Ok(work.as_mut()),
            None => Err(state("the cipher is finished")),
        }
    }
}

fn gone(error: impl std::fmt::Display) -> Error {
    Error::Other(error.to_string())
}

fn one_piece(data: &[u8]) -> Result<(), Error> {
    match data.len() <= MOST {
        true => Ok(()),
        false => Err(Error::TooMuch),
    }
}

impl ciphers::HostCipher for RunState {
    fn open(&mut self, settings: Settings) -> Result<Resource<Cipher>, Error> {
        let cipher = Cipher::open(&settings, &self.held)?;
        self.table.push(cipher).map_err(gone)
    }

    fn authenticate(&mut self, cipher: Resource<Cipher>, data: Vec<u8>) -> Result<(), Error> {
        one_piece(&data)?;
        let cipher = self.table.get_mut(&cipher).map_err(gone)?;
        cipher.work()?.authenticate(&data)
    }

    fn set_padding(&mut self, cipher: Resource<Cipher>, pads: bool) -> Result<(), Error> {
        let cipher = self.table.get_mut(&cipher).map_err(gone)?;
        cipher.work()?.set_padding(pads);
        Ok(())
    }

    fn update(&mut self, cipher: Resource<Cipher>, data: Vec<u8>) -> Result<Vec<u8>, Error> {
        one_piece(&data)?;
        let cipher = self.table.get_mut(&cipher).map_err(gone)?;
        cipher.work()?.update(data)
    }

    fn finish(&mut self, cipher: Resource<Cipher>, tag: Option<Vec<u8>>) -> Result<End, Error> {
        let cipher = self.table.get_mut(&cipher).map_err(gone)?;
        let work = cipher.work.take();
        let work = work.ok_or_else(|| state("the cipher is finished"))?;
        work.finish(tag.as_deref())
    }

    fn drop(&mut self, cipher: Resource<Cipher>) -> wasmtime::Result<()> {
        self.table.delete(cipher)?;
        Ok(())
    }
}

impl ciphers::Host for RunState {
    fn algorithms(&mut self) -> Vec<String> {
        names()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a cipher in pieces of so many bytes.
    fn run(
        cipher: &mut Cipher,
        authenticated: &[u8],
        data: &[u8],
        piece: usize,
        tag: Option<&[u8]>,
    ) -> Result<(Vec<u8>, Vec<u8>), Error> {
        for part in authenticated.chunks(piece) {
            cipher.work()?.authenticate(part)?;
        }
        let mut output = Vec::new();
        for part in data.chunks(piece) {
            output.extend(cipher.work()?.update(part.to_vec())?);
        }
        let end = cipher.work.take().unwrap().finish(tag)?;
        output.extend(end.output);
        Ok((output, end.tag))
    }

    fn open(algorithm: &str, direction: Direction, key: &[u8], iv: &[u8]) -> Result<Cipher, Error> {
        let settings = Settings {
            algorithm: algorithm.to_owned(),
            direction,
            key: key.to_vec(),
            iv: iv.to_vec(),
        };
        Cipher::open(&settings, &Held::default())
    }

    fn bytes(hex: &str) -> Vec<u8> {
        hex::decode(hex).unwrap()
    }

    /// Both ways and in pieces of all kinds.
    fn is(algorithm: &str, [key, iv, authenticated, plain, sealed, tag]: [&str; 6], pads: bool) {
        let [key, iv, authenticated, plain, sealed, tag] =
            [key, iv, authenticated, plain, sealed, tag].map(bytes);
        for piece in [1, 5, 15, 16, 17, 64, 1000] {
            let mut cipher = open(algorithm, Direction::Encrypt, &key, &iv).unwrap();
            cipher.work().unwrap().set_padding(pads);
            let made = run(&mut cipher, &authenticated, &plain, piece, None).unwrap();
            assert_eq!(hex::encode(made.0), hex::encode(&sealed), "{algorithm}");
            assert_eq!(hex::encode(made.1), hex::encode(&tag), "{algorithm}");

            let mut cipher = open(algorithm, Direction::Decrypt, &key, &iv).unwrap();
            cipher.work().unwrap().set_padding(pads);
            let made = run(&mut cipher, &authenticated, &sealed, piece, Some(&tag)).unwrap();
            assert_eq!(hex::encode(made.0), hex::encode(&plain), "{algorithm}");
        }
    }

    const KEY: &str = "2b7e151628aed2a6abf7158809cf4f3c";
    const FIRST: &str = "000102030405060708090a0b0c0d0e0f";
    const PLAIN: &str = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51";
    const SUNSCREEN: &str = "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f\
        756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73637265656e20\
        776f756c642062652069742e";

    #[test]
    fn blocks_of_three_keys_are_those_of_nist() {
        const KEYS: &str = "0123456789abcdef23456789abcdef01456789abcdef0123";
        // Of SP 800-67, whose last block was not whole.
        const FOX: &str = "54686520717569636b2062726f776e20666f78206a756d706564";
        is(
            "des-ede3-ecb",
            [
                KEYS,
                "",
                "",
                FOX,
                "1ccf23869d09333ecce21c8112256fe668d5c05dd9b6b9006f2d1918126c3246",
                "",
            ],
            true,
        );
        is(
            "des-ede3-cbc",
            [
                KEYS,
                "fedcba9876543210",
                "",
                FOX,
                "5911530a7bf8de87d6f56b09ddcd5acf8956cc210e18ddcc20da48dc2958283e",
                "",
            ],
            true,
        );
        is(
            "des-ede3-ecb",
            [
                KEYS,
                "",
                "",
                &FOX[..48],
                "1ccf23869d09333ecce21c8112256fe668d5c05dd9b6b900",
                "",
            ],
            false,
        );
        let run = |direction, data: &[u8], pads| {
            let mut cipher = open("des-ede3-cbc", direction, &[1; 24], &[2; 8]).unwrap();
            cipher.work().unwrap().set_padding(pads);
            run(&mut cipher, b"", data, 7, None)
        };
        let padding = run(Direction::Decrypt, &[3; 16], true);
        assert!(matches!(padding, Err(Error::Padding)));
        for (direction, size, pads) in [
            (Direction::Decrypt, 15, true),
            (Direction::Decrypt, 0, true),
            (Direction::Decrypt, 9, false),
            (Direction::Encrypt, 9, false),
        ] {
            let refused = run(direction, &vec![3; size], pads);
            assert!(matches!(refused, Err(Error::BlockLength)));
        }
        assert_eq!(run(Direction::Decrypt, b"", false).unwrap().0, b"");
    }

    #[test]
    fn blocks_and_counters_are_those_of_nist() {
        let none = "";
        is(
            "aes-128-cbc",
            [
                KEY,
                FIRST,
                none,
                PLAIN,
                "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2",
                none,
            ],
            false,
        );
        is(
            "aes-128-cbc",
            [
                KEY,
                FIRST,
                none,
                PLAIN,
                "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b255e21d7100b988ffec32feeafaf23538",
                none,
            ],
            true,
        );
        is(
            "aes-256-cbc",
            [
                "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
                FIRST,
                none,
                PLAIN,
                "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d",
                none,
            ],
            false,
        );
        is(
            "aes-192-ecb",
            [
                "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
                none,
                none,
                PLAIN,
                "bd334f1d6e45f25ff712a214571fa5cc974104846d0ad3ad7734ecb3ecee4eef",
                none,
            ],
            false,
        );
        is(
            "aes-128-ctr",
            [
                KEY,
                "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
                none,
                PLAIN,
                "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff",
                none,
            ],
            true,
        );
        // The counter goes on at zero.
        is(
            "aes-128-ctr",
            [
                KEY,
                "ffffffffffffffffffffffffffffffff",
                none,
                PLAIN,
                "e13338e36cb71962e00d020b4cedbd86d3dae15b04bb352fa0f59febfcb4da3e",
                none,
            ],
            true,
        );
    }

    #[test]
    fn gcm_is_that_of_nist_with_ivs_of_any_length() {
        let (key, authenticated) = (
            "feffe9928665731c6d6a8f9467308308",
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        );
        let plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5\
            aa0de657ba637b39";
        for (iv, sealed, tag) in [
            (
                "cafebabefacedbaddecaf888",
                "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b39\
                 6a0aac973d58e091",
                "5bc94fbc3221a5db94fae95ae7121a47",
            ),
            (
                "cafebabefacedbad",
                "61353b4c2806934a777ff51fa22a4755699b2a714fcdc6f83766e5f97b6c742373806900e49f24b22b097544d4896b424989b5e1\
                 ebac0f07c23f4598",
                "3612d2e79e3b0785561be14aaca2fccb",
            ),
            (
                "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728c3c0c95156809539fcf0e2429a6b525416aedbf5\
                 a0de6a57a637b39b",
                "8ce24998625615b603a033aca13fb894be9112a5c3a211a8ba262a3cca7e2ca701e4a9a4fba43c90ccdcb281d48c7c6fd62875d2\
                 aca417034c34aee5",
                "619cc5aefffe0bfa462af43c1699d050",
            ),
        ] {
            is(
                "aes-128-gcm",
                [key, iv, authenticated, plain, sealed, tag],
                true,
            );
        }
    }

    /// What Node makes of repeated bytes.
    #[test]
    fn gcm_is_that_of_node_with_keys_of_any_length() {
        for (algorithm, key, [iv, authenticated, plain], sealed, tag) in [
            (
                "aes-192-gcm",
                24,
                [1, 20, 33],
                "c888b4899763bd77e99dd5ff2595ec60daff8a7483104c6cb13aa04a0cc28e158a",
                "192e7985faa933929c34b5c3e24d36d4",
            ),
            (
                "aes-256-gcm",
                32,
                [128, 0, 40],
                "40ebc2583b98d210f15d8c629fcef0d0d6c40868176945d7a3b226aa8d0066c0bee915f4f0ac54b0",
                "0f20ba88c6ace4c140d6f52c84ae1069",
            ),
            (
                "aes-256-gcm",
                32,
                [12, 17, 0],
                "",
                "ce1d95396d79b3ee4a2a1fa9851b166e",
            ),
        ] {
            let [key, iv, authenticated, plain] = [
                ("01", key),
                ("02", iv),
                ("03", authenticated),
                ("04", plain),
            ]
            .map(|(byte, times)| byte.repeat(times));
            is(
                algorithm,
                [&key, &iv, &authenticated, &plain, sealed, tag],
                true,
            );
        }
    }

    #[test]
    fn ivs_are_held_with_the_cipher() {
        let held = Held::default();
        let settings = Settings {
            algorithm: "aes-128-gcm".to_owned(),
            direction: Direction::Encrypt,
            key: vec![0; 16],
            iv: vec![0; MOST],
        };
        let mut open = Vec::new();
        let refused = loop {
            match Cipher::open(&settings, &held) {
                Ok(cipher) => open.push(cipher),
                Err(refused) => break refused,
            }
            assert!(open.len() < 1000);
        };
        assert!(matches!(refused, Error::Memory(_)), "{refused:?}");
        open.clear();
        assert!(Cipher::open(&settings, &held).is_ok());
    }

    #[test]
    fn chacha20_is_that_of_its_standard() {
        is(
            "chacha20",
            [
                "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
                "01000000000000000000004a00000000",
                "",
                SUNSCREEN,
                "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0bf91b65c5524733ab8f593dabcd62b3571639d624\
                 e65152ab8f530c359f0861d807ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab77937365af90bbf74a35be6\
                 b40b8eedf2785e42874d",
                "",
            ],
            true,
        );
        is(
            "chacha20-poly1305",
            [
                "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
                "070000004041424344454647",
                "50515253c0c1c2c3c4c5c6c7",
                SUNSCREEN,
                "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a\
                 9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9d\
                 e576d26586cec64b6116",
                "1ae10b594f09e26a7e902ecbd0600691",
            ],
            true,
        );
    }

    #[test]
    fn what_is_forged_or_cut_is_refused() {
        let (key, iv) = ([1; 16], [2; 12]);
        let of = |direction| open("aes-128-gcm", direction, &key, &iv).unwrap();
        let (sealed, tag) = run(&mut of(Direction::Encrypt), b"with", b"a text", 16, None).unwrap();
        let opened = |authenticated: &[u8], data: &[u8], tag: Option<&[u8]>| {
            run(&mut of(Direction::Decrypt), authenticated, data, 16, tag)
        };
        assert_eq!(opened(b"with", &sealed, Some(&tag)).unwrap().0, b"a text");
        for length in 1..=16 {
            let mut tag = tag[..length].to_vec();
            assert!(opened(b"with", &sealed, Some(&tag)).is_ok());
            tag[length - 1] ^= 1;
            let refused = opened(b"with", &sealed, Some(&tag));
            assert!(matches!(refused, Err(Error::NotAuthentic)), "{refused:?}");
        }
        let long = [&tag[..], &[0]].concat();
        let mut other = sealed.clone();
        other[0] ^= 1;
        for refused in [
            opened(b"With", &sealed, Some(&tag)),
            opened(b"with", &other, Some(&tag)),
            opened(b"with", &sealed, Some(&tag[1..])),
            opened(b"with", &sealed, Some(&long)),
            opened(b"with", &sealed, Some(&[])),
            opened(b"with", &sealed, None),
        ] {
            assert!(matches!(refused, Err(Error::NotAuthentic)), "{refused:?}");
        }

        let cbc = |data: &[u8]| {
            let mut cipher = open("aes-128-cbc", Direction::Decrypt, &key, &[2; 16]).unwrap();
            run(&mut cipher, b"", data, 7, None)
        };
        assert!(matches!(cbc(&[3; 16]), Err(Error::Padding)));
        assert!(matches!(cbc(&[3; 15]), Err(Error::BlockLength)));
        assert!(matches!(cbc(&[]), Err(Error::BlockLength)));
    }

    #[test]
    fn wrong_lengths_and_turns_are_told() {
        let open = |algorithm, key: usize, iv: usize| {
            open(algorithm, Direction::Encrypt, &vec![0; key], &vec![0; iv]).map(|_| ())
        };
        assert!(matches!(
            open("aes-128-xts", 16, 16),
            Err(Error::UnknownAlgorithm(names)) if names.len() == 16
        ));
        assert!(matches!(
            open("aes-192-gcm", 16, 12),
            Err(Error::KeyLength(24))
        ));
        assert!(matches!(
            open("aes-128-gcm", 16, 0),
            Err(Error::IvLength(None))
        ));
        for (algorithm, key, length) in [
            ("aes-128-cbc", 16, 16),
            ("aes-256-ctr", 32, 16),
            ("aes-256-ecb", 32, 0),
            ("chacha20", 32, 16),
            ("chacha20-poly1305", 32, 12),
            ("des-ede3-cbc", 24, 8),
            ("des-ede3-ecb", 24, 0),
        ] {
            let refused = open(algorithm, key, 13);
            assert!(
                matches!(refused, Err(Error::IvLength(Some(told))) if told == length),
                "{algorithm}: {refused:?}"
            );
            assert!(open(algorithm, key, length as usize).is_ok());
        }

        let (key, iv) = ([0; 16], [0; 16]);
        let mut cbc = super::tests::open("aes-128-cbc", Direction::Encrypt, &key, &iv).unwrap();
        let refused = cbc.work().unwrap().authenticate(b"x");
        assert!(matches!(refused, Err(Error::State(_))));
        let mut gcm = super::tests::open("aes-128-gcm", Direction::Encrypt, &key, &iv).unwrap();
        gcm.work().unwrap().update(b"x".to_vec()).unwrap();
        let refused = gcm.work().unwrap().authenticate(b"x");
        assert!(matches!(refused, Err(Error::State(_))));
        gcm.work = None;
        assert!(matches!(gcm.work().err(), Some(Error::State(_))));
    }
}
