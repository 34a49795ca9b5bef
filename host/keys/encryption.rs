//! RSA encryption.
//!
//! A ciphertext of PKCS #1 v1.5 that is not padded as it should be is decrypted to bytes that follow from it and the
//! key, as OpenSSL does: who may ask for many decryptions learns nothing from what comes of them.

use super::digest;
use super::error::{
    Error, ILLEGAL_PADDING, INVALID_PADDING, LONGER_THAN_MODULUS, NO_KEY_OPERATION,
    NO_PSS_OPERATION, OAEP_DECODING, TOO_LARGE_FOR_KEY, TOO_LARGE_FOR_MODULUS, TOO_SMALL_FOR_KEY,
};
use super::key::{Key, is_public};
use super::lc::{Digest, Rsa};
use super::{MOST, der, failed};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::{
    Choice, ConditionallySelectable as _, ConstantTimeEq as _, ConstantTimeGreater as _,
    ConstantTimeLess as _,
};

/// How what is encrypted is padded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EncryptionPadding {
    Oaep {
        digest: String,
        mask: Option<String>,
        label: Vec<u8>,
    },
    Pkcs1,
    None,
}

/// What PKCS #1 takes of the modulus.
const PKCS1_PADDING: usize = 11;

fn rsa_of(key: &Key) -> Result<&Rsa, Error> {
    match key {
        Key::Rsa(rsa) => Ok(rsa),
        Key::RsaPss(..) => Err(Error::OpenSsl(NO_PSS_OPERATION)),
        _ => Err(Error::OpenSsl(NO_KEY_OPERATION)),
    }
}

fn digests(name: &str, mask: Option<&str>) -> Result<(Digest, Digest), Error> {
    let digest_of_label = digest(name)?;
    Ok((digest_of_label, mask.map_or(Ok(digest_of_label), digest)?))
}

/// Whether a number that is as long as the modulus is below it.
fn below_modulus(rsa: &Rsa, data: &[u8]) -> Result<(), Error> {
    let modulus = rsa.modulus();
    let data = der::stripped(data);
    let is_below = (data.len(), data) < (modulus.len(), modulus.as_slice());
    is_below
        .then_some(())
        .ok_or(Error::OpenSsl(TOO_LARGE_FOR_MODULUS))
}

/// Data that is not padded: as long as the modulus, and below it.
fn fits(rsa: &Rsa, data: &[u8]) -> Result<(), Error> {
    match data.len().cmp(&rsa.size()) {
        std::cmp::Ordering::Less => Err(Error::OpenSsl(TOO_SMALL_FOR_KEY)),
        std::cmp::Ordering::Greater => Err(Error::OpenSsl(TOO_LARGE_FOR_KEY)),
        std::cmp::Ordering::Equal => below_modulus(rsa, data),
    }
}

/// Encrypts with a public key.
pub(crate) fn encrypt(
    key: &Key,
    data: &[u8],
    padding: &EncryptionPadding,
) -> Result<Vec<u8>, Error> {
    let rsa = rsa_of(key)?;
    match padding {
        EncryptionPadding::Oaep {
            digest,
            mask,
            label,
        } => {
            let (digest, mask) = digests(digest, mask.as_deref())?;
            if label.len() > MOST {
                return Err(Error::TooMuch);
            }
            if data.len() + 2 * digest.size() + 2 > rsa.size() {
                return Err(Error::OpenSsl(TOO_LARGE_FOR_KEY));
            }
            rsa.encrypt_oaep(digest, mask, label, data).map_err(failed)
        }
        EncryptionPadding::Pkcs1 if data.len() + PKCS1_PADDING > rsa.size() => {
            Err(Error::OpenSsl(TOO_LARGE_FOR_KEY))
        }
        EncryptionPadding::Pkcs1 => rsa.encrypt(data, true).map_err(failed),
        EncryptionPadding::None => {
            fits(rsa, data)?;
            rsa.encrypt(data, false).map_err(failed)
        }
    }
}

/// Decrypts with a private key.
pub(crate) fn decrypt(
    key: &Key,
    data: &[u8],
    padding: &EncryptionPadding,
) -> Result<Vec<u8>, Error> {
    let rsa = rsa_of(key)?;
    if !rsa.is_private() {
        return Err(is_public());
    }
    if data.len() > rsa.size() {
        return Err(Error::OpenSsl(LONGER_THAN_MODULUS));
    }
    let data = [vec![0; rsa.size() - data.len()], data.to_vec()].concat();
    below_modulus(rsa, &data)?;
    match padding {
        EncryptionPadding::Oaep {
            digest,
            mask,
            label,
        } => {
            let (digest, mask) = digests(digest, mask.as_deref())?;
            if label.len() > MOST {
                return Err(Error::TooMuch);
            }
            let decrypted = rsa.decrypt_oaep(digest, mask, label, &data);
            decrypted.map_err(|_| Error::OpenSsl(OAEP_DECODING))
        }
        EncryptionPadding::Pkcs1 => {
            let padded = rsa.decrypt(&data).map_err(failed)?;
            let [private, ..] = rsa.parts().ok_or_else(is_public)?;
            Ok(unpadded(&padded, &private, &data))
        }
        EncryptionPadding::None => rsa.decrypt(&data).map_err(failed),
    }
}

/// What was padded, or what follows from the key and the ciphertext. Which of them, the time does not tell.
fn unpadded(padded: &[u8], private: &[u8], ciphertext: &[u8]) -> Vec<u8> {
    let size = padded.len();
    let secret = Derived::new(private, ciphertext);
    let instead = secret.bytes(b"message", size);
    let (length, longest) = (secret.length(size), size as u32);

    let mut is_good = padded[0].ct_eq(&0) & padded[1].ct_eq(&2);
    let mut is_found = Choice::from(0);
    let mut zero = 0_u32;
    for (index, byte) in padded.iter().enumerate().skip(2) {
        let is_first = byte.ct_eq(&0) & !is_found;
        zero.conditional_assign(&(index as u32), is_first);
        is_found |= is_first;
    }
    is_good &= is_found & !zero.ct_lt(&10);
    let start = u32::conditional_select(&(longest - length), &(zero + 1), is_good);
    let chosen: Vec<u8> = instead
        .iter()
        .zip(padded)
        .map(|(instead, padded)| u8::conditional_select(instead, padded, is_good))
        .collect();
    // How long it is, the caller sees anyway.
    chosen[start as usize..].to_vec()
}

/// What follows from a key and a ciphertext.
struct Derived(Hmac<Sha256>);

impl Derived {
    fn new(private: &[u8], ciphertext: &[u8]) -> Self {
        let missing = ciphertext.len().saturating_sub(private.len());
        let key = Sha256::new()
            .chain_update(vec![0; missing])
            .chain_update(private)
            .finalize();
        let secret = hmac(&key).chain_update(ciphertext).finalize().into_bytes();
        Self(hmac(&secret))
    }

    fn bytes(&self, label: &[u8], length: usize) -> Vec<u8> {
        let bits = (length as u16).wrapping_mul(8).to_be_bytes();
        let mut bytes = Vec::with_capacity(length + 32);
        for index in 0..length.div_ceil(32) as u16 {
            let part = self
                .0
                .clone()
                .chain_update(index.to_be_bytes())
                .chain_update(label)
                .chain_update(bits);
            bytes.extend_from_slice(&part.finalize().into_bytes());
        }
        bytes.truncate(length);
        bytes
    }

    /// A length that a message may have: the last of many candidates that is not too much.
    fn length(&self, size: usize) -> u32 {
        let most = size.saturating_sub(10) as u32;
        let mut mask = most;
        for shift in [1, 2, 4, 8] {
            mask |= mask >> shift;
        }
        let mut length = 0_u32;
        for pair in self.bytes(b"length", 256).chunks_exact(2) {
            let candidate = (u32::from(pair[0]) << 8 | u32::from(pair[1])) & mask;
            length.conditional_assign(&candidate, most.ct_gt(&candidate));
        }
        length
    }
}

fn hmac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

/// Data to the power of the private key, padded as a signature or not at all.
pub(crate) fn sign_raw(key: &Key, data: &[u8], pads: bool) -> Result<Vec<u8>, Error> {
    let rsa = match key {
        Key::RsaPss(..) => return Err(Error::OpenSsl(ILLEGAL_PADDING)),
        key => rsa_of(key)?,
    };
    raw(rsa, data, pads)
}

/// The same, of RSA's key itself.
pub(super) fn raw(rsa: &Rsa, data: &[u8], pads: bool) -> Result<Vec<u8>, Error> {
    if !rsa.is_private() {
        return Err(is_public());
    }
    match pads {
        true if data.len() + PKCS1_PADDING > rsa.size() => {
            return Err(Error::OpenSsl(TOO_LARGE_FOR_KEY));
        }
        true => {}
        false => fits(rsa, data)?,
    }
    rsa.sign_raw(data, pads).map_err(failed)
}

/// Data to the power of the public key, out of which the padding is taken, or nothing.
pub(crate) fn recover(key: &Key, data: &[u8], pads: bool) -> Result<Vec<u8>, Error> {
    let rsa = match key {
        Key::RsaPss(..) => return Err(Error::OpenSsl(ILLEGAL_PADDING)),
        key => rsa_of(key)?,
    };
    if data.len() > rsa.size() {
        return Err(Error::OpenSsl(LONGER_THAN_MODULUS));
    }
    let data = [vec![0; rsa.size() - data.len()], data.to_vec()].concat();
    below_modulus(rsa, &data)?;
    rsa.recover(&data, pads)
        .map_err(|_| Error::OpenSsl(INVALID_PADDING))
}
