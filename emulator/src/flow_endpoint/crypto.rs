//! The cryptography between a customer's phone and a Flow's endpoint, the phone's side of it:
//! RSA-OAEP with SHA-256 for a key, AES-128-GCM under it for what is said.

use aes_gcm::aead::consts::U16;
use aes_gcm::aead::{Aead as _, KeyInit as _};
use aes_gcm::aes::cipher::BlockCipherEncrypt as _;
use aes_gcm::aes::{Aes128, Aes256};
use aes_gcm::{AesGcm, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use num_bigint::BigUint;
use rand::RngExt as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Bytes of the only size of key that Meta takes: 2048 bits.
const KEY_BYTES: usize = 256;
const HASH_BYTES: usize = 32;
/// The object identifier of RSA keys in DER.
const RSA_OID: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

type Aes128Gcm16 = AesGcm<Aes128, U16>;

/// An RSA public key of 2048 bits.
#[derive(Clone, Debug)]
pub(crate) struct PublicKey {
    modulus: BigUint,
    exponent: BigUint,
}

impl PublicKey {
    /// Reads a key in PEM, as SPKI; nothing when it is no such key.
    pub(crate) fn read(pem: &str) -> Option<Self> {
        let body = pem
            .split_once("-----BEGIN PUBLIC KEY-----")?
            .1
            .split_once("-----END PUBLIC KEY-----")?
            .0;
        let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
        let der = STANDARD.decode(body).ok()?;
        let (spki, _) = element(&der, 0x30)?;
        let (algorithm, key) = element(spki, 0x30)?;
        let (oid, _) = element(algorithm, 0x06)?;
        let (bits, _) = element(key, 0x03)?;
        let (numbers, _) = element(bits.strip_prefix(&[0])?, 0x30)?;
        let (modulus, rest) = element(numbers, 0x02)?;
        let (exponent, _) = element(rest, 0x02)?;
        let key = Self {
            modulus: BigUint::from_bytes_be(modulus),
            exponent: BigUint::from_bytes_be(exponent),
        };
        (oid == RSA_OID && key.modulus.bits() == 2048).then_some(key)
    }

    /// Encrypts a short message by OAEP with SHA-256, MGF1 with SHA-256 and no label.
    fn encrypt(&self, message: &[u8]) -> Vec<u8> {
        let seed: [u8; HASH_BYTES] = rand::rng().random();
        let mut block = Sha256::digest(b"").to_vec();
        block.resize(KEY_BYTES - HASH_BYTES - 2 - message.len(), 0);
        block.push(1);
        block.extend_from_slice(message);
        for (byte, mask) in block.iter_mut().zip(mask(&seed, KEY_BYTES)) {
            *byte ^= mask;
        }
        let masked: Vec<u8> = seed
            .iter()
            .zip(mask(&block, HASH_BYTES))
            .map(|(a, b)| a ^ b)
            .collect();
        let padded = [&[0_u8][..], &masked, &block].concat();
        let number = BigUint::from_bytes_be(&padded).modpow(&self.exponent, &self.modulus);
        let bytes = number.to_bytes_be();
        [vec![0; KEY_BYTES - bytes.len()], bytes].concat()
    }
}

/// MGF1 with SHA-256.
pub(crate) fn mask(seed: &[u8], length: usize) -> Vec<u8> {
    let rounds = (0_u32..).map(|round| Sha256::digest([seed, &round.to_be_bytes()].concat()));
    rounds.flatten().take(length).collect()
}

/// The content of a DER element, and what follows it; nothing when it is another one.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..0x80 => (usize::from(*length), rest),
        count => {
            let (bytes, rest) = rest.split_at_checked(usize::from(count & 0x7f))?;
            let length = bytes.iter().try_fold(0_usize, |all, byte| {
                all.checked_mul(256)?.checked_add(usize::from(*byte))
            })?;
            (length, rest)
        }
    };
    let (content, rest) = rest.split_at_checked(length)?;
    (*first == tag).then_some((content, rest))
}

/// What a request and its answer are encrypted with.
#[derive(Debug)]
pub(crate) struct Session {
    key: [u8; 16],
    iv: [u8; 16],
}

impl Session {
    pub(crate) fn new() -> Self {
        Self {
            key: rand::rng().random(),
            iv: rand::rng().random(),
        }
    }

    /// The body of a request.
    pub(crate) fn seal(&self, public_key: &PublicKey, request: &Value) -> Value {
        let sealed = self.cipher(self.iv, request.to_string().as_bytes());
        json!({
            "encrypted_flow_data": STANDARD.encode(sealed),
            "encrypted_aes_key": STANDARD.encode(public_key.encrypt(&self.key)),
            "initial_vector": STANDARD.encode(self.iv),
        })
    }

    /// What an answer says; nothing when it is not encrypted with this key and the flipped vector.
    pub(crate) fn open(&self, answer: &[u8]) -> Option<Value> {
        let text = std::str::from_utf8(answer).ok()?;
        let sealed = STANDARD.decode(text.trim().trim_matches('"')).ok()?;
        let flipped = self.iv.map(|byte| !byte);
        let nonce = Nonce::<U16>::from(flipped);
        let plain = Aes128Gcm16::new(&self.key.into())
            .decrypt(&nonce, &sealed[..])
            .ok()?;
        serde_json::from_slice(&plain).ok()
    }

    fn cipher(&self, iv: [u8; 16], plain: &[u8]) -> Vec<u8> {
        let nonce = Nonce::<U16>::from(iv);
        let cipher = Aes128Gcm16::new(&self.key.into());
        // It fails only on messages of many gigabytes.
        cipher.encrypt(&nonce, plain).unwrap_or_default()
    }
}

/// A file as it lies on WhatsApp's servers, and how to read it.
#[derive(Debug)]
pub(crate) struct SealedFile {
    pub(crate) bytes: Vec<u8>,
    /// `encryption_metadata`.
    pub(crate) metadata: Value,
}

/// Encrypts a file that a customer puts into a Flow: AES-256-CBC, and ten bytes of an HMAC.
pub(crate) fn seal_file(plain: &[u8]) -> SealedFile {
    let (key, hmac_key): ([u8; 32], [u8; 32]) = (rand::rng().random(), rand::rng().random());
    let iv: [u8; 16] = rand::rng().random();
    let cipher = Aes256::new(&key.into());
    let mut padded = plain.to_vec();
    let padding = 16 - plain.len() % 16;
    padded.extend(std::iter::repeat_n(
        u8::try_from(padding).unwrap_or(16),
        padding,
    ));
    let mut last = iv;
    let mut bytes = Vec::with_capacity(padded.len() + 10);
    for chunk in padded.chunks_exact(16) {
        let mut block = last;
        for (byte, plain) in block.iter_mut().zip(chunk) {
            *byte ^= plain;
        }
        let mut block = block.into();
        cipher.encrypt_block(&mut block);
        last = block.into();
        bytes.extend_from_slice(&last);
    }
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&hmac_key)
        .expect("HMAC takes keys of any length");
    mac.update(&iv);
    mac.update(&bytes);
    bytes.extend_from_slice(&mac.finalize().into_bytes()[..10]);
    let metadata = json!({
        "encrypted_hash": STANDARD.encode(Sha256::digest(&bytes)),
        "iv": STANDARD.encode(iv),
        "encryption_key": STANDARD.encode(key),
        "hmac_key": STANDARD.encode(hmac_key),
        "plaintext_hash": STANDARD.encode(Sha256::digest(plain)),
    });
    SealedFile { bytes, metadata }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A vector that another implementation was checked with.
    #[test]
    fn what_is_said_is_encrypted_as_the_known_answer_has_it() {
        let session = Session {
            key: std::array::from_fn(|n| u8::try_from(n).unwrap()),
            iv: std::array::from_fn(|n| u8::try_from(n + 16).unwrap()),
        };
        let sealed = session.cipher(session.iv, br#"{"version":"3.0","action":"ping"}"#);
        assert_eq!(
            STANDARD.encode(sealed),
            "vryB0w/BTee4OvmgkgEf9dnfQfwZb8iWi7yl5iotFMJeuQl749lOptdzv/L1T2V2PA=="
        );
        let answer = b"IHgL0mWXHJ6FDPLH6+aygF5BfT+mPzwvzktiKvlmYpg8eFKqJX/07YVStaI=";
        assert_eq!(
            session.open(answer),
            Some(json!({"data": {"status": "active"}}))
        );
        assert_eq!(session.open(b"IHgL0mWXHJ6FDPLH6+aygF5B"), None);
    }

    #[test]
    fn what_is_no_key_of_2048_bits_is_refused() {
        for pem in [
            "",
            "x",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        ] {
            assert!(PublicKey::read(pem).is_none(), "{pem}");
        }
    }
}
