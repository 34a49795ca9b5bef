//! Seals what must not be readable in the database, and opens it again.
//!
//! A sealed value is `format | nonce | ciphertext and tag`: ChaCha20-Poly1305 under the master key,
//! which never enters the database. The place a value is for is authenticated with it, so that a
//! row copied to another project, column or name does not open there.
//!
//! Nonces are random. With 96 bits, one key is good for 2^32 seals, which is far more than the
//! secrets of all projects change.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

use super::model::{ProjectId, Secret};

/// The layout described above. Another one, or another key, gets another number.
const FORMAT: u8 = 1;

/// Seals and opens under one master key.
pub struct Vault {
    key: LessSafeKey,
    fingerprints: ring::hmac::Key,
    random: SystemRandom,
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
    pub fn new(master_key: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&CHACHA20_POLY1305, master_key)
            .expect("ChaCha20-Poly1305 takes any 32 bytes as its key");
        let master = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, master_key);
        let derived = ring::hmac::sign(&master, b"environment fingerprint");
        Self {
            key: LessSafeKey::new(key),
            fingerprints: ring::hmac::Key::new(ring::hmac::HMAC_SHA256, derived.as_ref()),
            random: SystemRandom::new(),
        }
    }

    /// Fails with [`VaultError::NoRandom`] only.
    pub fn seal(&self, place: &Place<'_>, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE_LEN];
        self.random
            .fill(&mut nonce)
            .map_err(|_| VaultError::NoRandom)?;
        let mut body = plain.to_vec();
        self.key
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place.bytes()),
                &mut body,
            )
            .map_err(|_| place.does_not_open())?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + body.len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Fails with [`VaultError::DoesNotOpen`] only.
    pub fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let Some((&FORMAT, rest)) = sealed.split_first() else {
            return Err(place.does_not_open());
        };
        let Some((nonce, body)) = rest.split_first_chunk::<NONCE_LEN>() else {
            return Err(place.does_not_open());
        };
        let mut body = body.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self
            .key
            .open_in_place(nonce, Aad::from(place.bytes()), &mut body)
            .map_err(|_| place.does_not_open())?;
        Ok(plain.to_vec())
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
