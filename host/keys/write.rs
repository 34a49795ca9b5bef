//! Keys in the form that is asked for.

use super::encrypted;
use super::error::Error;
use super::key::Key;
use super::pem;

pub(crate) use super::encrypted::names as ciphers;

/// What a key is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// SPKI of a public key, PKCS #8 of a private one.
    Usual,
    Pkcs1,
    Sec1,
}

/// How a private key is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Encryption {
    pub(crate) cipher: String,
    pub(crate) passphrase: Vec<u8>,
}

/// Writes a public key.
pub(crate) fn export_public(
    key: &Key,
    encoding: Encoding,
    as_text: bool,
) -> Result<Vec<u8>, Error> {
    let (label, der) = match encoding {
        Encoding::Usual => ("PUBLIC KEY", key.spki()?),
        Encoding::Pkcs1 => ("RSA PUBLIC KEY", key.pkcs1_public()?),
        Encoding::Sec1 => return Err(Error::parameters("a public key has no such form")),
    };
    match as_text {
        true => Ok(pem::written(label, None, &der)),
        false => Ok(der),
    }
}

/// Writes a private key.
pub(crate) fn export_private(
    key: &Key,
    encoding: Encoding,
    as_text: bool,
    encryption: Option<&Encryption>,
) -> Result<Vec<u8>, Error> {
    let (label, der) = match encoding {
        Encoding::Usual => ("PRIVATE KEY", key.pkcs8()?),
        Encoding::Pkcs1 => ("RSA PRIVATE KEY", key.pkcs1()?),
        Encoding::Sec1 => ("EC PRIVATE KEY", key.sec1()?),
    };
    let Some(Encryption { cipher, passphrase }) = encryption else {
        return Ok(match as_text {
            true => pem::written(label, None, &der),
            false => der,
        });
    };
    if encoding == Encoding::Usual {
        let der = encrypted::encrypt(&der, cipher, passphrase)?;
        return Ok(match as_text {
            true => pem::written("ENCRYPTED PRIVATE KEY", None, &der),
            false => der,
        });
    }
    if !as_text {
        return Err(Error::unsupported(
            "PKCS #1 and SEC 1 are encrypted as PEM only",
        ));
    }
    let (info, data) = encrypted::encrypt_pem(&der, cipher, passphrase)?;
    Ok(pem::written(label, Some(&info), &data))
}
