//! Public keys and certificates, over AWS-LC, and Ed448 and X448 beside it: what bots' calls of `roost:bot/public-keys` and
//! `certificates` do. And AES, which is AWS-LC's too.
//!
//! Nothing here knows of bots. What strangers wrote is read by [`der`] and [`pem`] first, and bounded; a key that was
//! read was checked. `cost` says about how long each call takes, before it starts.

mod agreement;
mod cache;
pub(crate) mod certificates;
mod components;
pub(crate) mod cost;
mod curve448;
mod der;
mod dh;
mod encrypted;
mod encryption;
mod error;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod generate;
mod groups;
mod key;
mod lc;
mod pem;
mod primes;
mod pss;
mod read;
mod signatures;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use agreement::{agree, agree_on_curve, convert_point, point_of};
pub(crate) use cache::{private, public};
pub(crate) use components::{Components, EcComponents, RawComponents, RsaComponents};
pub(crate) use encryption::{EncryptionPadding, decrypt, encrypt, recover, sign_raw};
pub(crate) use error::Error;
pub(crate) use generate::{Request, RsaRequest, generate};
pub(crate) use groups::{
    Group, agree_in_group, check_group, named_group, private_number, public_number,
};
pub(crate) use key::{Details, Key};
pub(crate) use lc::{Aes, AesGcm, AesMode, More, PointForm, Refused, TripleDes};
pub(crate) use primes::{
    PrimeRequest, check_prime, generate_prime, nanos_of_check as nanos_of_prime_check,
};
pub(crate) use read::{Source, read_private, read_public};
pub(crate) use signatures::{Message, Salt, SignaturePadding, Signing, sign, verify};
pub(crate) use write::{Encoding, Encryption, ciphers, export_private, export_public};

/// The longest encoded key.
pub(crate) const MOST_KEY: usize = 64 << 10;

/// The longest data that is signed.
pub(crate) const MOST_SIGNED: usize = 16 << 20;

/// The longest of anything else.
pub(crate) const MOST: usize = 1 << 20;

/// The most bits that an RSA key has.
const MOST_RSA_BITS: u32 = 16_384;

/// The digests, by their names.
pub(crate) fn digests() -> Vec<String> {
    lc::DIGESTS
        .iter()
        .map(|digest| digest.name().to_owned())
        .collect()
}

/// The curves, by their names.
pub(crate) fn curves() -> Vec<String> {
    lc::CURVES
        .iter()
        .map(|curve| curve.name.to_owned())
        .collect()
}

fn digest(name: &str) -> Result<lc::Digest, Error> {
    lc::find_digest(name).ok_or(Error::UnknownDigest)
}

fn curve(name: &str) -> Result<&'static lc::Curve, Error> {
    lc::find_curve(name).ok_or(Error::UnknownCurve)
}

/// What is said of a padding that a call does not have.
pub(crate) fn illegal_padding() -> Error {
    Error::OpenSsl(error::ILLEGAL_PADDING)
}

/// What no caller can do anything about.
fn failed(_: lc::Refused) -> Error {
    Error::Other("the host's library refused it".to_owned())
}
