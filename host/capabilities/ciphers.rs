//! `roost:bot/ciphers`: AES, ChaCha20 and 3DES, a piece at a time.
//!
//! A call takes no more than a mebibyte: it lasts milliseconds, between which the event's processor time is
//! looked at. GCM and ChaCha20-Poly1305 are put together here, of keystream and universal hash, because the
//! crates that have them whole want all data at once.

use super::bindings::roost::bot::ciphers::{self, Direction, End, Error, Settings};
use super::compression::{Held, Share};
use crate::sandbox::RunState;
use aes::cipher::consts::U16;
use aes::cipher::{
    Array, BlockCipherDecClosure, BlockCipherDecrypt, BlockCipherEncClosure, BlockCipherEncrypt,
    BlockModeDecrypt as _, BlockModeEncrypt as _, BlockSizeUser, InnerIvInit as _, KeyInit as _,
    KeyIvInit as _, StreamCipher, StreamCipherSeek as _,
};
use aes::{Aes128, Aes192, Aes256};
use chacha20::ChaCha20;
use ctr::{Ctr32BE, Ctr128BE, CtrCore};
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use poly1305::Poly1305;
use subtle::ConstantTimeEq as _;
use wasmtime::component::Resource;

/// What a call takes at most.
const MOST: usize = 1 << 20;

/// What a block of AES has.
const BLOCK: usize = 16;

/// About what is held for a cipher.
const CIPHER_BYTES: usize = 3 << 10;

type Block = Array<u8, U16>;
type Counter32 = Ctr32BE<Aes>;
type Counter128 = Ctr128BE<Aes>;

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

/// AES with a key of any of its lengths.
enum Aes {
    Short(Aes128),
    Middle(Aes192),
    Long(Aes256),
}

impl Aes {
    fn new(key: &[u8]) -> Option<Self> {
        match key.len() {
            16 => Aes128::new_from_slice(key).ok().map(Self::Short),
            24 => Aes192::new_from_slice(key).ok().map(Self::Middle),
            _ => Aes256::new_from_slice(key).ok().map(Self::Long),
        }
    }
}

impl BlockSizeUser for Aes {
    type BlockSize = U16;
}

impl BlockCipherEncrypt for Aes {
    fn encrypt_with_backend(&self, f: impl BlockCipherEncClosure<BlockSize = U16>) {
        match self {
            Self::Short(aes) => aes.encrypt_with_backend(f),
            Self::Middle(aes) => aes.encrypt_with_backend(f),
            Self::Long(aes) => aes.encrypt_with_backend(f),
        }
    }
}

impl BlockCipherDecrypt for Aes {
    fn decrypt_with_backend(&self, f: impl BlockCipherDecClosure<BlockSize = U16>) {
        match self {
            Self::Short(aes) => aes.decrypt_with_backend(f),
            Self::Middle(aes) => aes.decrypt_with_backend(f),
            Self::Long(aes) => aes.decrypt_with_backend(f),
        }
    }
}

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

/// The end of what makes no tag.
fn without_tag(output: Vec<u8>) -> End {
    End {
        output,
        tag: Vec::new(),
    }
}

/// A keystream that the data is combined with, and nothing more.
struct Keystream<K>(K);

impl<K: StreamCipher + Send> Work for Keystream<K> {
    fn update(&mut self, mut data: Vec<u8>) -> Result<Vec<u8>, Error> {
        self.0.try_apply_keystream(&mut data).map_err(exhausted)?;
        Ok(data)
    }

    fn finish(self: Box<Self>, _tag: Option<&[u8]>) -> Result<End, Error> {
        Ok(without_tag(Vec::new()))
    }
}

/// Whole blocks, and what is left of them.
struct Blocks {
    chain: Chain,
    rest: Vec<u8>,
    pads: bool,
}

enum Chain {
    CbcEncrypt(cbc::Encryptor<Aes>),
    CbcDecrypt(cbc::Decryptor<Aes>),
    EcbEncrypt(Aes),
    EcbDecrypt(Aes),
}

impl Chain {
    fn encrypts(&self) -> bool {
        matches!(self, Self::CbcEncrypt(_) | Self::EcbEncrypt(_))
    }

    fn run(&mut self, data: &mut [u8]) {
        let (blocks, _) = Block::slice_as_chunks_mut(data);
        match self {
            Self::CbcEncrypt(cbc) => cbc.encrypt_blocks(blocks),
            Self::CbcDecrypt(cbc) => cbc.decrypt_blocks(blocks),
            Self::EcbEncrypt(aes) => aes.encrypt_blocks(blocks),
            Self::EcbDecrypt(aes) => aes.decrypt_blocks(blocks),
        }
    }
}

impl Blocks {
    fn new(chain: Chain) -> Self {
        Self {
            chain,
            rest: Vec::new(),
            pads: true,
        }
    }

    /// The last block when encrypting: all that is left, and its padding.
    fn padded(mut self) -> Result<Vec<u8>, Error> {
        let missing = BLOCK - self.rest.len() % BLOCK;
        if self.pads {
            self.rest.resize(self.rest.len() + missing, missing as u8);
        } else if !self.rest.is_empty() {
            return Err(Error::BlockLength);
        }
        self.chain.run(&mut self.rest);
        Ok(self.rest)
    }

    /// The last block when decrypting, which was kept for its padding.
    fn stripped(mut self) -> Result<Vec<u8>, Error> {
        let is_whole = self.rest.len() == BLOCK || (self.rest.is_empty() && !self.pads);
        if !is_whole {
            return Err(Error::BlockLength);
        }
        self.chain.run(&mut self.rest);
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
        let keeps_whole = self.pads && !self.chain.encrypts() && !all.is_empty();
        let kept = match all.len() % BLOCK {
            0 if keeps_whole => BLOCK,
            rest => rest,
        };
        self.rest = all.split_off(all.len() - kept);
        self.chain.run(&mut all);
        Ok(all)
    }

    fn finish(self: Box<Self>, _tag: Option<&[u8]>) -> Result<End, Error> {
        let output = match self.chain.encrypts() {
            true => self.padded(),
            false => self.stripped(),
        };
        output.map(without_tag)
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

/// A universal hash over data in pieces, whose parts are padded with zeros to whole blocks.
struct Parts<H> {
    hash: H,
    rest: [u8; BLOCK],
    filled: usize,
}

impl<H: UniversalHash<BlockSize = U16>> Parts<H> {
    fn new(hash: H) -> Self {
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

/// A keystream, and a tag over what it made and what only is authenticated.
struct Sealed<K, H> {
    direction: Direction,
    keystream: K,
    parts: Parts<H>,
    /// What the hash is combined with.
    mask: [u8; BLOCK],
    /// How the lengths of both parts are written.
    lengths: fn(u64, u64) -> [u8; BLOCK],
    authenticated: u64,
    /// How much data there was, once there was any.
    data: Option<u64>,
}

impl<K: StreamCipher + Send, H: UniversalHash<BlockSize = U16> + Send> Sealed<K, H> {
    /// Ends the part that only is authenticated, if that goes on, and counts data.
    fn count(&mut self, bytes: usize) {
        if self.data.is_none() {
            self.parts.end_part();
        }
        self.data = Some(self.data.unwrap_or_default() + bytes as u64);
    }
}

impl<K: StreamCipher + Send, H: UniversalHash<BlockSize = U16> + Send> Work for Sealed<K, H> {
    fn authenticate(&mut self, data: &[u8]) -> Result<(), Error> {
        if self.data.is_some() {
            return Err(state("what only is authenticated comes before the data"));
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
        let lengths = (self.lengths)(self.authenticated, self.data.unwrap_or_default());
        let (direction, mask) = (self.direction, self.mask);
        let mut made = self.parts.finish(lengths);
        for (byte, mask) in made.iter_mut().zip(mask) {
            *byte ^= mask;
        }
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

/// GCM counts bits, the highest byte first.
fn lengths_of_gcm(authenticated: u64, data: u64) -> [u8; BLOCK] {
    let bits = (u128::from(authenticated * 8) << 64) | u128::from(data * 8);
    bits.to_be_bytes()
}

/// RFC 8439 counts bytes, the lowest byte first.
fn lengths_of_rfc8439(authenticated: u64, data: u64) -> [u8; BLOCK] {
    let bytes = (u128::from(data) << 64) | u128::from(authenticated);
    bytes.to_le_bytes()
}

fn gcm(aes: Aes, iv: &[u8], direction: Direction) -> Result<Box<dyn Work>, Error> {
    let mut key = Block::default();
    aes.encrypt_block(&mut key);
    let hash = GHash::new(&key);
    let first = match <[u8; 12]>::try_from(iv) {
        Ok(iv) => {
            let mut first = [0; BLOCK];
            first[..12].copy_from_slice(&iv);
            first[15] = 1;
            first
        }
        Err(_) => {
            let mut parts = Parts::new(hash.clone());
            parts.update(iv);
            parts.finish(lengths_of_gcm(0, iv.len() as u64))
        }
    };
    let mut keystream = Counter32::from_core(CtrCore::inner_iv_init(aes, &Block::from(first)));
    let mut mask = [0; BLOCK];
    keystream
        .try_apply_keystream(&mut mask)
        .map_err(exhausted)?;
    Ok(Box::new(Sealed {
        direction,
        keystream,
        parts: Parts::new(hash),
        mask,
        lengths: lengths_of_gcm,
        authenticated: 0,
        data: None,
    }))
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
        mask: [0; BLOCK],
        lengths: lengths_of_rfc8439,
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
    let aes = || Aes::new(key).ok_or_else(wrong_key);
    let block = || <[u8; BLOCK]>::try_from(iv.as_slice()).map_err(|_| Error::IvLength(Some(16)));
    let first = || block().map(Block::from);
    let encrypts = *direction == Direction::Encrypt;
    Ok(match mode {
        Mode::Gcm if iv.is_empty() => return Err(Error::IvLength(None)),
        Mode::Gcm => gcm(aes()?, iv, *direction)?,
        Mode::Cbc if encrypts => {
            let cbc = cbc::Encryptor::inner_iv_init(aes()?, &first()?);
            Box::new(Blocks::new(Chain::CbcEncrypt(cbc)))
        }
        Mode::Cbc => {
            let cbc = cbc::Decryptor::inner_iv_init(aes()?, &first()?);
            Box::new(Blocks::new(Chain::CbcDecrypt(cbc)))
        }
        Mode::Ecb if !iv.is_empty() => return Err(Error::IvLength(Some(0))),
        Mode::Ecb if encrypts => Box::new(Blocks::new(Chain::EcbEncrypt(aes()?))),
        Mode::Ecb => Box::new(Blocks::new(Chain::EcbDecrypt(aes()?))),
        Mode::Ctr => {
            let core = CtrCore::inner_iv_init(aes()?, &first()?);
            Box::new(Keystream(Counter128::from_core(core)))
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
            _share: held.take(CIPHER_BYTES),
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
        assert!(opened(b"with", &sealed, Some(&tag[..12])).is_ok());
        let mut other = sealed.clone();
        other[0] ^= 1;
        for refused in [
            opened(b"With", &sealed, Some(&tag)),
            opened(b"with", &other, Some(&tag)),
            opened(b"with", &sealed, Some(&tag[1..])),
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
