//! Seals what must not be readable in the database, and opens it again.
//!
//! A sealed value is `format | key | nonce | ciphertext and tag`: ChaCha20-Poly1305 under a master key,
//! which never enters the database as it is. The place a value is for is authenticated with it, so that a
//! row copied to another project, column or name does not open there.
//!
//! `key` is how the fingerprint of the key begins. In the first format it is left out: that is the first
//! master key of the database, and what hosts write until it is changed (`master_key`), so that older hosts
//! read it.
//!
//! Nonces are random. With 96 bits, one key is good for 2^32 seals, which is far more than the
//! secrets of all projects change.

use std::sync::{Arc, PoisonError, RwLock};

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

use super::model::{ProjectId, Secret};

/// By the first master key.
const FIRST: u8 = 1;
/// By the key that is named.
const NAMED: u8 = 2;

/// How much of a key's fingerprint names it.
const NAME_LEN: usize = 4;

/// What a key's fingerprint is of.
const WORDS: &[u8] = b"the master key of this database";

/// Seals under the master key, and opens what that and those before it sealed.
pub struct Vault {
    ring: RwLock<Ring>,
    /// Of the first key, as all that is made of a master key.
    fingerprints: ring::hmac::Key,
    random: SystemRandom,
}

#[derive(Clone)]
struct Ring {
    /// Oldest first; never empty.
    keys: Arc<[SealingKey]>,
    /// Which of them seals.
    sealing: usize,
}

/// A master key.
struct SealingKey {
    bytes: [u8; 32],
    fingerprint: [u8; 16],
    aead: LessSafeKey,
}

/// Where a sealed value is kept.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub table: &'static str,
    pub column: &'static str,
    pub project_id: ProjectId,
    /// What tells it from the project's other rows; empty when there is one.
    pub row: &'a str,
}

#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Another master key, or a changed row.
    #[error(
        "`{table}.{column}` of project `{project_id}` does not open; \
         check that the master key is the one it was sealed under"
    )]
    DoesNotOpen {
        table: &'static str,
        column: &'static str,
        project_id: ProjectId,
    },
    #[error("the operating system gave no random bytes")]
    NoRandom,
}

impl Vault {
    /// With the only key that there was.
    pub fn new(master_key: &[u8; 32]) -> Self {
        Self::with_keys(&[*master_key], 0)
    }

    /// With all keys that there were, oldest first, of which one seals. There must be one.
    pub(super) fn with_keys(keys: &[[u8; 32]], sealing: usize) -> Self {
        let ring = Ring::new(keys, sealing);
        let first = ring.keys.first().map_or([0; 32], |key| key.bytes);
        Self {
            ring: RwLock::new(ring),
            fingerprints: fingerprints(&first),
            random: SystemRandom::new(),
        }
    }

    /// From now on it has these keys, the first of which stays.
    pub(super) fn learn(&self, keys: &[[u8; 32]], sealing: usize) {
        let ring = self.ring();
        let is_known = ring.keys.iter().map(|key| &key.bytes).eq(keys);
        if is_known && ring.sealing == sealing {
            return;
        }
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        *ring = Ring::new(keys, sealing);
    }

    fn ring(&self) -> Ring {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        ring.clone()
    }

    /// All keys, oldest first.
    pub(super) fn keys(&self) -> Vec<[u8; 32]> {
        self.ring().keys.iter().map(|key| key.bytes).collect()
    }

    /// What passwords of roles and the like are made of: the first master key, also after a change.
    pub fn first_key(&self) -> [u8; 32] {
        let keys = self.ring().keys;
        keys.first().map_or([0; 32], |key| key.bytes)
    }

    /// How everything begins that the newest key sealed.
    pub(super) fn newest_mark(&self) -> Vec<u8> {
        let keys = self.ring().keys;
        match &*keys {
            [.., newest] if keys.len() > 1 => newest.mark(),
            _ => vec![FIRST],
        }
    }

    /// Whether the newest key seals, and not the one before it still.
    pub(super) fn seals_with_newest(&self) -> bool {
        let ring = self.ring();
        ring.sealing + 1 == ring.keys.len()
    }

    /// Fails with [`VaultError::NoRandom`] only.
    pub fn seal(&self, place: &Place<'_>, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let ring = self.ring();
        self.seal_by(&ring, ring.sealing, place, plain)
    }

    fn seal_by(
        &self,
        ring: &Ring,
        key: usize,
        place: &Place<'_>,
        plain: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let sealing = ring.keys.get(key).ok_or_else(|| place.does_not_open())?;
        let mark = match key {
            0 => vec![FIRST],
            _ => sealing.mark(),
        };
        sealing.seal(&self.random, mark, place, plain)
    }

    /// Fails with [`VaultError::DoesNotOpen`] only.
    pub fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let ring = self.ring();
        let (key, rest) = match sealed.split_first() {
            Some((&FIRST, rest)) => (ring.keys.first(), rest),
            Some((&NAMED, rest)) => {
                let named = rest.split_at_checked(NAME_LEN);
                let (name, rest) = named.ok_or_else(|| place.does_not_open())?;
                let mut keys = ring.keys.iter();
                (keys.find(|key| key.fingerprint.starts_with(name)), rest)
            }
            _ => (None, sealed),
        };
        let key = key.ok_or_else(|| place.does_not_open())?;
        key.open(place, rest)
    }

    /// The same sealed by the newest key; nothing when it is already.
    pub(super) fn reseal(
        &self,
        place: &Place<'_>,
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, VaultError> {
        if sealed.starts_with(&self.newest_mark()) {
            return Ok(None);
        }
        let plain = self.open(place, sealed)?;
        let ring = self.ring();
        let newest = ring.keys.len().saturating_sub(1);
        self.seal_by(&ring, newest, place, &plain).map(Some)
    }

    /// A key for one purpose, which tells nothing of the master key.
    pub(super) fn derived(&self, purpose: &[u8]) -> [u8; 32] {
        let key = ring::hmac::sign(&self.fingerprints, purpose);
        let mut derived = [0; 32];
        derived.copy_from_slice(key.as_ref());
        derived
    }

    /// Tells contents apart for whoever has no key: 32 hexadecimal digits.
    pub fn fingerprint(&self, plain: &[u8]) -> String {
        hex::encode(&ring::hmac::sign(&self.fingerprints, plain).as_ref()[..16])
    }

    pub(super) fn seal_text(
        &self,
        place: &Place<'_>,
        text: &Secret,
    ) -> Result<Vec<u8>, VaultError> {
        self.seal(place, text.expose().as_bytes())
    }

    pub(super) fn open_text(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Secret, VaultError> {
        let plain = self.open(place, sealed)?;
        let text = String::from_utf8(plain).map_err(|_| place.does_not_open())?;
        Ok(Secret::new(text))
    }
}

/// A key's fingerprint: 32 hexadecimal digits.
pub(super) fn key_fingerprint(master_key: &[u8; 32]) -> String {
    hex::encode(SealingKey::new(master_key).fingerprint)
}

/// Seals with one key, which is named.
pub(super) fn seal_with(
    master_key: &[u8; 32],
    place: &Place<'_>,
    plain: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let key = SealingKey::new(master_key);
    key.seal(&SystemRandom::new(), key.mark(), place, plain)
}

/// Opens what [`seal_with`] sealed with this key.
pub(super) fn open_with(
    master_key: &[u8; 32],
    place: &Place<'_>,
    sealed: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let key = SealingKey::new(master_key);
    let rest = sealed.strip_prefix(key.mark().as_slice());
    key.open(place, rest.ok_or_else(|| place.does_not_open())?)
}

fn fingerprints(master_key: &[u8; 32]) -> ring::hmac::Key {
    let master = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, master_key);
    let derived = ring::hmac::sign(&master, b"environment fingerprint");
    ring::hmac::Key::new(ring::hmac::HMAC_SHA256, derived.as_ref())
}

impl Ring {
    fn new(keys: &[[u8; 32]], sealing: usize) -> Self {
        Self {
            keys: keys.iter().map(SealingKey::new).collect(),
            sealing,
        }
    }
}

impl SealingKey {
    fn new(bytes: &[u8; 32]) -> Self {
        let aead = UnboundKey::new(&CHACHA20_POLY1305, bytes)
            .expect("ChaCha20-Poly1305 takes any 32 bytes as its key");
        let tag = ring::hmac::sign(&fingerprints(bytes), WORDS);
        let mut fingerprint = [0; 16];
        fingerprint.copy_from_slice(&tag.as_ref()[..16]);
        Self {
            bytes: *bytes,
            fingerprint,
            aead: LessSafeKey::new(aead),
        }
    }

    fn mark(&self) -> Vec<u8> {
        [[NAMED].as_slice(), &self.fingerprint[..NAME_LEN]].concat()
    }

    fn seal(
        &self,
        random: &SystemRandom,
        mark: Vec<u8>,
        place: &Place<'_>,
        plain: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce).map_err(|_| VaultError::NoRandom)?;
        let mut body = plain.to_vec();
        self.aead
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.bytes()),
                &mut body,
            )
            .map_err(|_| place.does_not_open())?;
        let mut sealed = mark;
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut body);
        Ok(sealed)
    }

    fn open(&self, place: &Place<'_>, rest: &[u8]) -> Result<Vec<u8>, VaultError> {
        let Some((nonce, body)) = rest.split_first_chunk::<NONCE_LEN>() else {
            return Err(place.does_not_open());
        };
        let mut body = body.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self
            .aead
            .open_in_place(nonce, Aad::from(place.bytes()), &mut body)
            .map_err(|_| place.does_not_open())?;
        Ok(plain.to_vec())
    }
}

impl Place<'_> {
    /// The names hold no `/`, and the row comes last, so that no two places give the same bytes.
    fn bytes(&self) -> Vec<u8> {
        let Self {
            table,
            column,
            project_id,
            row,
        } = self;
        format!("{table}/{column}/{project_id}/{row}").into_bytes()
    }

    pub(super) fn does_not_open(&self) -> VaultError {
        VaultError::DoesNotOpen {
            table: self.table,
            column: self.column,
            project_id: self.project_id,
        }
    }
}
