//! Signatures.

use super::curve448;
use super::der;
use super::encryption;
use super::error::{
    DIGEST_NOT_ALLOWED, DIGEST_TOO_BIG, Error, ILLEGAL_PADDING, INVALID_DIGEST,
    INVALID_DIGEST_LENGTH, INVALID_PADDING_MODE, NO_KEY_OPERATION, SALT_TOO_SMALL,
    TOO_LARGE_FOR_KEY,
};
use super::key::{Key, is_public};
use super::lc::{self, Digest, Rsa, SaltLength};
use super::pss::Pss;
use super::{MOST_SIGNED, digest, failed};

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    Data(Vec<u8>),
    Digest(Vec<u8>),
}

/// How RSA signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignaturePadding {
    Pkcs1,
    Pss,
    None,
}

/// The length of a salt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Salt {
    Digest,
    Auto,
    Max,
    Bytes(u32),
}

/// How something is signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signing {
    pub(crate) digest: Option<String>,
    pub(crate) padding: Option<SignaturePadding>,
    pub(crate) salt: Option<Salt>,
    pub(crate) mask: Option<String>,
    /// Whether both numbers of a signature stand one after the other, and not in DER.
    pub(crate) is_p1363: bool,
}

impl Message {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Data(bytes) | Self::Digest(bytes) => bytes,
        }
    }

    fn digested(&self, digest: Digest) -> Result<Vec<u8>, Error> {
        match self {
            Self::Data(data) => Ok(digest.of(data)),
            Self::Digest(bytes) if bytes.len() == digest.size() => Ok(bytes.clone()),
            Self::Digest(_) => Err(Error::OpenSsl(INVALID_DIGEST_LENGTH)),
        }
    }

    fn bounded(&self) -> Result<(), Error> {
        match self.bytes().len() <= MOST_SIGNED {
            true => Ok(()),
            false => Err(Error::TooMuch),
        }
    }
}

/// How an RSA key signs, once all is known.
enum RsaScheme {
    Pkcs1(Digest),
    Pss {
        digest: Digest,
        mask: Digest,
        salt: SaltLength,
    },
    None,
}

impl Signing {
    fn digest(&self) -> Result<Digest, Error> {
        digest(self.digest.as_deref().unwrap_or("sha256"))
    }

    /// What to do with a key that is bound to nothing.
    fn rsa(&self, rsa: &Rsa, verifies: bool) -> Result<RsaScheme, Error> {
        match self.padding.unwrap_or(SignaturePadding::Pkcs1) {
            SignaturePadding::Pkcs1 => self.digest().map(RsaScheme::Pkcs1),
            SignaturePadding::Pss => self.pss(rsa, None, verifies),
            SignaturePadding::None if self.digest.is_none() => Ok(RsaScheme::None),
            SignaturePadding::None => Err(Error::OpenSsl(INVALID_PADDING_MODE)),
        }
    }

    fn pss(&self, rsa: &Rsa, bounds: Option<&Pss>, verifies: bool) -> Result<RsaScheme, Error> {
        if !matches!(self.padding, None | Some(SignaturePadding::Pss)) {
            return Err(Error::OpenSsl(ILLEGAL_PADDING));
        }
        let digest = match (&self.digest, bounds) {
            (None, Some(bounds)) => bounds.digest,
            _ => self.digest()?,
        };
        let mask = match (&self.mask, bounds) {
            (Some(name), _) => super::digest(name)?,
            (None, Some(bounds)) => bounds.mask,
            (None, None) => digest,
        };
        if bounds.is_some_and(|bounds| bounds.digest != digest || bounds.mask != mask) {
            return Err(Error::OpenSsl(DIGEST_NOT_ALLOWED));
        }
        let padded = (rsa.bits() as usize).saturating_sub(1).div_ceil(8);
        let most = padded.checked_sub(digest.size() + 2);
        let salt = match self.salt {
            None | Some(Salt::Auto) => SaltLength::Auto,
            Some(Salt::Digest) => SaltLength::Digest,
            Some(Salt::Max) => SaltLength::Bytes(most.unwrap_or_default() as u32),
            Some(Salt::Bytes(bytes)) => SaltLength::Bytes(bytes),
        };
        let least = bounds.map_or(0, |bounds| bounds.salt as usize);
        let wanted = match salt {
            SaltLength::Auto => None,
            SaltLength::Digest => Some(digest.size()),
            SaltLength::Bytes(bytes) => Some(bytes as usize),
        };
        if wanted.is_some_and(|wanted| wanted < least) {
            return Err(Error::OpenSsl(SALT_TOO_SMALL));
        }
        if !verifies && most.is_none_or(|most| wanted.unwrap_or(least) > most) {
            return Err(Error::OpenSsl(TOO_LARGE_FOR_KEY));
        }
        Ok(RsaScheme::Pss { digest, mask, salt })
    }
}

/// The digest with its name, as PKCS #1 signs it.
fn named(digest: Digest, bytes: &[u8]) -> Vec<u8> {
    let algorithm = der::sequence(&[&der::oid(digest.oid()), &der::value(der::NULL, &[])]);
    der::sequence(&[&algorithm, &der::octets(bytes)])
}

/// Whether the library itself knows the digest's name.
fn is_known(digest: Digest) -> bool {
    digest.name() != "ripemd160"
}

fn sign_rsa(rsa: &Rsa, scheme: RsaScheme, message: &Message) -> Result<Vec<u8>, Error> {
    match scheme {
        RsaScheme::Pkcs1(digest) => {
            let bytes = message.digested(digest)?;
            if named(digest, &bytes).len() + 11 > rsa.size() {
                return Err(Error::OpenSsl(DIGEST_TOO_BIG));
            }
            match is_known(digest) {
                true => rsa.sign_pkcs1(digest, &bytes).map_err(failed),
                false => rsa.sign_raw(&named(digest, &bytes), true).map_err(failed),
            }
        }
        RsaScheme::Pss { digest, mask, salt } => {
            let bytes = message.digested(digest)?;
            rsa.sign_pss(digest, mask, salt, &bytes).map_err(failed)
        }
        RsaScheme::None => encryption::raw(rsa, message.bytes(), false),
    }
}

fn verify_rsa(
    rsa: &Rsa,
    scheme: &RsaScheme,
    message: &Message,
    signature: &[u8],
) -> Result<bool, Error> {
    Ok(match scheme {
        RsaScheme::Pkcs1(digest) => {
            let bytes = message.digested(*digest)?;
            match is_known(*digest) {
                true => rsa.verify_pkcs1(*digest, &bytes, signature),
                false => rsa.recover(signature, true) == Ok(named(*digest, &bytes)),
            }
        }
        RsaScheme::Pss { digest, mask, salt } => rsa.verify_pss(
            *digest,
            *mask,
            *salt,
            &message.digested(*digest)?,
            signature,
        ),
        RsaScheme::None => rsa
            .recover(signature, false)
            .is_ok_and(|data| data == message.bytes()),
    })
}

/// The two numbers of a signature in DER, one after the other.
fn p1363(signature: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut both = der::Reader::of_sequence(signature)?;
    let mut written = Vec::with_capacity(2 * size);
    for _ in 0..2 {
        let number = both.unsigned()?;
        let missing = size.checked_sub(number.len())?;
        written.resize(written.len() + missing, 0);
        written.extend_from_slice(number);
    }
    Some(written)
}

/// The DER of two numbers that stand one after the other.
fn der_of(signature: &[u8], size: usize) -> Option<Vec<u8>> {
    if signature.len() != 2 * size {
        return None;
    }
    let (r, s) = signature.split_at(size);
    Some(der::sequence(&[&der::unsigned(r), &der::unsigned(s)]))
}

/// The bytes of each number in a signature; none for other keys.
fn number_size(key: &Key) -> Option<usize> {
    match key {
        // The order of each of these curves is as long as its coordinates.
        Key::Ec(ec) => Some(ec.curve.size),
        Key::Dsa(dsa) => Some(dsa.group()[1].len()),
        _ => None,
    }
}

/// What Ed25519 and Ed448 sign.
fn whole<'a>(message: &'a Message, signing: &Signing) -> Result<&'a [u8], Error> {
    match message {
        _ if signing.digest.is_some() => Err(Error::OpenSsl(INVALID_DIGEST)),
        Message::Data(data) => Ok(data),
        Message::Digest(_) => Err(Error::unsupported(
            "Ed25519 and Ed448 sign no digest, but the data itself",
        )),
    }
}

/// Signs with a private key.
pub(crate) fn sign(key: &Key, message: &Message, signing: &Signing) -> Result<Vec<u8>, Error> {
    message.bounded()?;
    if !key.is_private() {
        return Err(is_public());
    }
    let signature = match key {
        Key::Rsa(rsa) => return sign_rsa(rsa, signing.rsa(rsa, false)?, message),
        Key::RsaPss(rsa, bounds) => {
            return sign_rsa(rsa, signing.pss(rsa, bounds.as_ref(), false)?, message);
        }
        Key::Ed25519(pair) => {
            let private = pair.private.ok_or_else(is_public)?;
            return lc::ed25519_sign(&private, &pair.public, whole(message, signing)?)
                .map_err(failed);
        }
        Key::Ed448(pair) => {
            let private = pair.private.ok_or_else(is_public)?;
            return Ok(curve448::ed448_sign(&private, whole(message, signing)?));
        }
        Key::X25519(_) | Key::X448(_) | Key::Dh(_) => {
            return Err(Error::OpenSsl(NO_KEY_OPERATION));
        }
        Key::Ec(ec) => ec
            .sign(&message.digested(signing.digest()?)?)
            .map_err(failed)?,
        Key::Dsa(dsa) => dsa
            .sign(&message.digested(signing.digest()?)?)
            .map_err(failed)?,
    };
    match number_size(key) {
        Some(size) if signing.is_p1363 => {
            p1363(&signature, size).ok_or_else(|| failed(lc::Refused))
        }
        _ => Ok(signature),
    }
}

/// Whether a signature is good.
pub(crate) fn verify(
    key: &Key,
    message: &Message,
    signature: &[u8],
    signing: &Signing,
) -> Result<bool, Error> {
    message.bounded()?;
    if signature.len() > super::MOST {
        return Err(Error::TooMuch);
    }
    let rewritten = match number_size(key) {
        Some(size) if signing.is_p1363 => match der_of(signature, size) {
            Some(signature) => Some(signature),
            None => return Ok(false),
        },
        _ => None,
    };
    let signature = rewritten.as_deref().unwrap_or(signature);
    match key {
        Key::Rsa(rsa) => verify_rsa(rsa, &signing.rsa(rsa, true)?, message, signature),
        Key::RsaPss(rsa, bounds) => verify_rsa(
            rsa,
            &signing.pss(rsa, bounds.as_ref(), true)?,
            message,
            signature,
        ),
        Key::Ed25519(pair) => Ok(lc::ed25519_verify(
            &pair.public,
            whole(message, signing)?,
            signature,
        )),
        Key::Ed448(pair) => Ok(curve448::ed448_verify(
            &pair.public,
            whole(message, signing)?,
            signature,
        )),
        Key::X25519(_) | Key::X448(_) | Key::Dh(_) => Err(Error::OpenSsl(NO_KEY_OPERATION)),
        Key::Ec(ec) => Ok(ec.verify(&message.digested(signing.digest()?)?, signature)),
        Key::Dsa(dsa) => Ok(dsa.verify(&message.digested(signing.digest()?)?, signature)),
    }
}
