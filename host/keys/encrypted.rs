//! Private keys that are encrypted: PKCS #8 by PBES2 (RFC 8018), and PEM in OpenSSL's older way.

use super::der;
use super::error::{BAD_DECRYPT, Error, UNSUPPORTED};
use super::lc::{self, Digest};

const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d];
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c];
/// What HMAC is called with each digest.
const HMACS: [(&[u8], &str); 5] = [
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x07], "sha1"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x08], "sha224"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x09], "sha256"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x0a], "sha384"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x0b], "sha512"),
];

/// The ciphers: OpenSSL's name, its identifier, and the bytes of an IV.
const CIPHERS: [(&str, &[u8], usize); 7] = [
    (
        "aes-128-cbc",
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x02],
        16,
    ),
    (
        "aes-192-cbc",
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x16],
        16,
    ),
    (
        "aes-256-cbc",
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2a],
        16,
    ),
    (
        "des-ede3-cbc",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x03, 0x07],
        8,
    ),
    (
        "aes-128-ecb",
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x01],
        0,
    ),
    (
        "aes-192-ecb",
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x15],
        0,
    ),
    (
        "aes-256-ecb",
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x29],
        0,
    ),
];

/// How often OpenSSL's PBKDF2 goes round when it writes a key.
const ROUNDS: u32 = 2048;

/// The longest passphrase.
const MOST_PASSPHRASE: usize = 1024;

/// What is encrypted, and how.
pub(super) struct Encrypted<'a> {
    scheme: Scheme<'a>,
    data: &'a [u8],
    whole: &'a [u8],
}

enum Scheme<'a> {
    Pbes2 {
        hmac: Digest,
        salt: &'a [u8],
        rounds: u32,
        cipher: &'static str,
        iv: &'a [u8],
    },
    /// One of PKCS #12, or PBES1.
    Older { rounds: u32 },
}

/// Whether it has the form of what is encrypted.
pub(super) fn is_encrypted(der: &[u8]) -> bool {
    der::Reader::of_sequence(der).is_some_and(|reader| reader.peek() == Some(der::SEQUENCE))
}

impl<'a> Encrypted<'a> {
    /// Reads the frame of PKCS #8 that is encrypted.
    pub(super) fn read(der: &'a [u8]) -> Result<Self, Error> {
        let parts = || {
            let mut all = der::Reader::of_sequence(der)?;
            let mut algorithm = all.sequence()?;
            let data = all.take(der::OCTET_STRING)?;
            let oid = algorithm.take(der::OID)?;
            Some((oid, algorithm.sequence()?, data))
        };
        let (oid, parameters, data) = parts().ok_or(UNSUPPORTED)?;
        let scheme = match oid {
            PBES2 => pbes2(parameters)?,
            _ => older(parameters).ok_or(UNSUPPORTED)?,
        };
        Ok(Self {
            scheme,
            data,
            whole: der,
        })
    }

    /// How often the passphrase is digested.
    pub(super) fn rounds(&self) -> u32 {
        match self.scheme {
            Scheme::Pbes2 { rounds, .. } | Scheme::Older { rounds } => rounds,
        }
    }

    /// PKCS #8 as it is without encryption.
    pub(super) fn decrypt(&self, passphrase: &[u8]) -> Result<Vec<u8>, Error> {
        bounded(passphrase)?;
        let wrong = |_| Error::OpenSsl(BAD_DECRYPT);
        match self.scheme {
            Scheme::Older { .. } => {
                lc::pkcs8_of_older_encryption(self.whole, passphrase).map_err(wrong)
            }
            Scheme::Pbes2 {
                hmac,
                salt,
                rounds,
                cipher,
                iv,
            } => {
                let length = lc::key_length(cipher).map_err(wrong)?;
                let key = lc::pbkdf2(hmac, passphrase, salt, rounds, length).map_err(wrong)?;
                lc::cipher(cipher, &key, iv, self.data, false).map_err(wrong)
            }
        }
    }
}

fn bounded(passphrase: &[u8]) -> Result<(), Error> {
    match passphrase.len() <= MOST_PASSPHRASE {
        true => Ok(()),
        false => Err(Error::parameters(
            "the passphrase is longer than 1,024 bytes",
        )),
    }
}

fn pbes2(mut parameters: der::Reader<'_>) -> Result<Scheme<'_>, Error> {
    let mut frame = || {
        let mut derivation = parameters.sequence()?;
        let mut encryption = parameters.sequence()?;
        let kind = derivation.take(der::OID)?;
        let derivation = derivation.sequence()?;
        let cipher = encryption.take(der::OID)?;
        Some((kind, derivation, cipher, encryption.take(der::OCTET_STRING)))
    };
    let (kind, mut derivation, cipher, iv) = frame().ok_or(UNSUPPORTED)?;
    if kind != PBKDF2 {
        return Err(Error::unsupported(
            "the key is encrypted with a key derivation other than PBKDF2",
        ));
    }
    let mut derived = || {
        let salt = derivation.take(der::OCTET_STRING)?;
        let rounds = derivation.small().filter(|rounds| *rounds > 0)?;
        derivation.take(der::INTEGER);
        let hmac = match derivation.sequence() {
            None => "sha1",
            Some(mut algorithm) => {
                let oid = algorithm.take(der::OID)?;
                HMACS.iter().find(|(hmac, _)| *hmac == oid)?.1
            }
        };
        Some((salt, rounds, lc::find_digest(hmac)?))
    };
    let (salt, rounds, hmac) = derived().ok_or(UNSUPPORTED)?;
    let found = CIPHERS.iter().find(|(_, oid, _)| *oid == cipher);
    let (cipher, _, length) = found.ok_or_else(|| {
        let cipher = der::dotted(cipher).unwrap_or_default();
        Error::Unsupported(format!(
            "the key is encrypted with the cipher {cipher}, which is not supported"
        ))
    })?;
    let iv = match length {
        0 => &[],
        _ => iv.filter(|iv| iv.len() == *length).ok_or(UNSUPPORTED)?,
    };
    Ok(Scheme::Pbes2 {
        hmac,
        salt,
        rounds,
        cipher,
        iv,
    })
}

fn older(mut parameters: der::Reader<'_>) -> Option<Scheme<'_>> {
    parameters.take(der::OCTET_STRING)?;
    let rounds = parameters.small()?;
    Some(Scheme::Older { rounds })
}

/// The cipher that OpenSSL names so: its name here, its identifier, and the bytes of an IV.
fn find(cipher: &str) -> Result<(&'static str, &'static [u8], usize), Error> {
    let lower = cipher.to_ascii_lowercase();
    let name = match lower.as_str() {
        "aes128" => "aes-128-cbc",
        "aes192" => "aes-192-cbc",
        "aes256" => "aes-256-cbc",
        "des3" | "des-ede3" => "des-ede3-cbc",
        other => other,
    };
    let found = CIPHERS.iter().find(|(known, ..)| *known == name);
    found.copied().ok_or(Error::UnknownCipher)
}

/// Encrypts PKCS #8 by PBES2, as OpenSSL 3 does.
pub(super) fn encrypt(pkcs8: &[u8], cipher: &str, passphrase: &[u8]) -> Result<Vec<u8>, Error> {
    bounded(passphrase)?;
    let (cipher, oid, iv_length) = find(cipher)?;
    let failed = super::failed;
    let hmac = super::digest("sha256")?;
    let (mut salt, mut iv) = ([0; 16], vec![0; iv_length]);
    lc::random(&mut salt);
    lc::random(&mut iv);
    let length = lc::key_length(cipher).map_err(failed)?;
    let key = lc::pbkdf2(hmac, passphrase, &salt, ROUNDS, length).map_err(failed)?;
    let data = lc::cipher(cipher, &key, &iv, pkcs8, true).map_err(failed)?;
    let hmac = der::sequence(&[&der::oid(HMACS[2].0), &der::value(der::NULL, &[])]);
    let derivation = der::sequence(&[
        &der::octets(&salt),
        &der::unsigned(&ROUNDS.to_be_bytes()),
        &hmac,
    ]);
    let parameters = der::sequence(&[
        &der::sequence(&[&der::oid(PBKDF2), &derivation]),
        &der::sequence(&[&der::oid(oid), &der::octets(&iv)]),
    ]);
    let algorithm = der::sequence(&[&der::oid(PBES2), &parameters]);
    Ok(der::sequence(&[&algorithm, &der::octets(&data)]))
}

/// Encrypts what PEM holds, in OpenSSL's older way: `DEK-Info`, and the data.
pub(super) fn encrypt_pem(
    der: &[u8],
    cipher: &str,
    passphrase: &[u8],
) -> Result<(String, Vec<u8>), Error> {
    bounded(passphrase)?;
    let (cipher, _, iv_length) = find(cipher)?;
    // The salt is of the IV, which not every cipher has.
    if iv_length == 0 {
        return Err(Error::UnknownCipher);
    }
    let mut iv = vec![0; iv_length];
    lc::random(&mut iv);
    let key = pem_key(cipher, &iv, passphrase)?;
    let data = lc::cipher(cipher, &key, &iv, der, true).map_err(super::failed)?;
    let info = format!("{},{}", cipher.to_ascii_uppercase(), hex::encode_upper(&iv));
    Ok((info, data))
}

/// Decrypts such data.
pub(super) fn decrypt_pem(data: &[u8], info: &str, passphrase: &[u8]) -> Result<Vec<u8>, Error> {
    bounded(passphrase)?;
    let (cipher, iv) = info.split_once(',').ok_or(UNSUPPORTED)?;
    let (cipher, _, length) = find(cipher.trim()).map_err(|_| UNSUPPORTED)?;
    let iv = hex::decode(iv.trim()).map_err(|_| UNSUPPORTED)?;
    if iv.len() != length {
        return Err(Error::OpenSsl(UNSUPPORTED));
    }
    let key = pem_key(cipher, &iv, passphrase)?;
    lc::cipher(cipher, &key, &iv, data, false).map_err(|_| Error::OpenSsl(BAD_DECRYPT))
}

fn pem_key(cipher: &str, iv: &[u8], passphrase: &[u8]) -> Result<Vec<u8>, Error> {
    let salt = iv.first_chunk().ok_or(UNSUPPORTED)?;
    lc::bytes_to_key(cipher, salt, passphrase).map_err(super::failed)
}

/// The ciphers that keys are encrypted with.
pub(crate) fn names() -> Vec<String> {
    CIPHERS
        .iter()
        .map(|(name, ..)| (*name).to_owned())
        .collect()
}
