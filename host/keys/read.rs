//! Keys in whatever form they come.

use super::certificates;
use super::encrypted::{self, Encrypted};
use super::error::{Error, NOT_ENOUGH_DATA, UNSUPPORTED};
use super::key::Key;
use super::pem::{self, Block};
use super::{MOST_KEY, cost, der};

/// What a key is written as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Pem(Vec<u8>),
    Spki(Vec<u8>),
    Pkcs8(Vec<u8>),
    Pkcs1(Vec<u8>),
    Sec1(Vec<u8>),
}

impl Source {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Pem(bytes)
            | Self::Spki(bytes)
            | Self::Pkcs8(bytes)
            | Self::Pkcs1(bytes)
            | Self::Sec1(bytes) => bytes,
        }
    }

    fn bounded(&self) -> Result<(), Error> {
        match self.bytes().len() <= MOST_KEY {
            true => Ok(()),
            false => Err(Error::TooMuch),
        }
    }

    /// About how long it takes to read it, in nanoseconds.
    pub(crate) fn nanos(&self) -> Result<u64, Error> {
        self.bounded()?;
        let (rounds, of_kind) = match self {
            // One of them is read, and which it is nobody knows yet.
            Self::Pem(text) => pem::blocks(text)
                .map(|block| effort_of_block(&block))
                .fold((0_u32, 0_u64), |(rounds, nanos), other| {
                    (rounds.max(other.0), nanos.max(other.1))
                }),
            Self::Pkcs8(der) if encrypted::is_encrypted(der) => effort_of_encrypted(der),
            Self::Spki(der) | Self::Pkcs8(der) => (0, cost::of_kind(der)),
            _ => (0, 0),
        };
        Ok(cost::of_reading(self.bytes().len(), rounds).saturating_add(of_kind))
    }
}

/// How often a passphrase is digested for what is encrypted, and how long the kind of the key takes, which nobody
/// knows before.
fn effort_of_encrypted(der: &[u8]) -> (u32, u64) {
    let rounds = Encrypted::read(der).map_or(0, |encrypted| encrypted.rounds());
    (rounds, cost::of_hidden_kind(der.len()))
}

/// The same of a block.
fn effort_of_block(block: &Block<'_>) -> (u32, u64) {
    let contents = &block.contents;
    match (block.label, block.encryption) {
        (ENCRYPTED, _) => effort_of_encrypted(contents),
        (PLAIN, Some(_)) => (0, cost::of_hidden_kind(contents.len())),
        (PLAIN, None) => (0, cost::of_kind(contents)),
        _ => (0, 0),
    }
}

const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
const PLAIN: &str = "PRIVATE KEY";

fn decrypted(der: &[u8], passphrase: Option<&[u8]>) -> Result<Key, Error> {
    let passphrase = passphrase.ok_or(Error::MissingPassphrase)?;
    let pkcs8 = Encrypted::read(der)?.decrypt(passphrase)?;
    Key::from_pkcs8(&pkcs8)
}

/// The private key of a block; none where the label says something else.
fn private_block(block: &Block<'_>, passphrase: Option<&[u8]>) -> Option<Result<Key, Error>> {
    let read = match block.label {
        ENCRYPTED => return Some(decrypted(&block.contents, passphrase)),
        PLAIN => Key::from_pkcs8,
        "RSA PRIVATE KEY" => Key::from_pkcs1,
        "EC PRIVATE KEY" => Key::from_sec1,
        "DSA PRIVATE KEY" => Key::from_dsa,
        _ => return None,
    };
    let key = match block.encryption {
        None => read(&block.contents),
        Some(info) => passphrase
            .ok_or(Error::MissingPassphrase)
            .and_then(|passphrase| encrypted::decrypt_pem(&block.contents, info, passphrase))
            .and_then(|der| read(&der)),
    };
    // What a private key's text holds is told as unsupported, whatever is wrong with it.
    Some(key.map_err(|error| match error {
        Error::OpenSsl(super::error::WRONG_TAG) => Error::OpenSsl(UNSUPPORTED),
        other => other,
    }))
}

/// Reads a private key.
pub(crate) fn read_private(source: &Source, passphrase: Option<&[u8]>) -> Result<Key, Error> {
    source.bounded()?;
    match source {
        Source::Pem(text) => {
            let mut found = pem::blocks(text).filter_map(|block| private_block(&block, passphrase));
            found.next().unwrap_or(Err(Error::OpenSsl(UNSUPPORTED)))
        }
        Source::Pkcs8(der) if encrypted::is_encrypted(der) => decrypted(der, passphrase),
        Source::Pkcs8(der) => Key::from_pkcs8(der).map_err(|error| told(error, der)),
        Source::Pkcs1(der) => Key::from_pkcs1(der).map_err(|error| told(error, der)),
        Source::Sec1(der) => Key::from_sec1(der).map_err(|error| told(error, der)),
        Source::Spki(_) => Err(Error::parameters("a private key has no such form")),
    }
}

/// What OpenSSL says of DER that is none, and of such that is something else.
fn told(error: Error, der: &[u8]) -> Error {
    match error {
        Error::OpenSsl(super::error::WRONG_TAG) => match der::Reader::of_sequence(der) {
            None => Error::OpenSsl(NOT_ENOUGH_DATA),
            Some(_) => Error::OpenSsl(UNSUPPORTED),
        },
        other => other,
    }
}

/// Reads a public key, or takes the public one out of a private key or a certificate.
pub(crate) fn read_public(source: &Source, passphrase: Option<&[u8]>) -> Result<Key, Error> {
    source.bounded()?;
    let key = match source {
        Source::Pem(text) => {
            let mut found = pem::blocks(text).filter_map(|block| match block.label {
                "PUBLIC KEY" => Some(Key::from_spki(&block.contents)),
                "RSA PUBLIC KEY" => Some(Key::from_pkcs1_public(&block.contents)),
                "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
                    Some(certificates::public_key(&block.contents))
                }
                _ => private_block(&block, passphrase),
            });
            found.next().unwrap_or(Err(Error::OpenSsl(UNSUPPORTED)))
        }
        Source::Spki(der) => Key::from_spki(der).or_else(|error| match error {
            Error::OpenSsl(_) => Key::from_pkcs8(der)
                .or_else(|_| certificates::public_key(der))
                .map_err(|_| error),
            other => Err(other),
        }),
        Source::Pkcs1(der) => {
            Key::from_pkcs1_public(der).or_else(|error| Key::from_pkcs1(der).map_err(|_| error))
        }
        Source::Pkcs8(_) | Source::Sec1(_) => read_private(source, passphrase),
    }?;
    match key.is_private() {
        true => Key::from_spki(&key.spki()?),
        false => Ok(key),
    }
}
