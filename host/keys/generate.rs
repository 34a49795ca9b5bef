//! New keys.

use super::error::{EXPONENT_OUT_OF_RANGE, Error, KEY_TOO_SMALL};
use super::key::{Key, Pair};
use super::lc::{self, Deadline, Dsa, Ec, More, OutOfTime, Rsa};
use super::pss::Pss;
use super::{cost, curve, digest, failed};
use std::time::Duration;

/// Which key is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Rsa(RsaRequest),
    RsaPss {
        rsa: RsaRequest,
        digest: Option<String>,
        mask: Option<String>,
        salt: Option<u32>,
    },
    Ec(String),
    Ed25519,
    X25519,
    Dsa {
        bits: u32,
        order_bits: Option<u32>,
    },
}

/// An RSA key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RsaRequest {
    pub(crate) bits: u32,
    pub(crate) exponent: u32,
}

/// The most bits that an RSA key is made with.
const MOST_BITS: u32 = 8192;

/// How much longer than usual a search may take before it is given up, as long as there is time for it.
const PATIENCE: u32 = 8;

impl RsaRequest {
    fn check(self) -> Result<(), Error> {
        if self.bits < 512 {
            return Err(Error::OpenSsl(KEY_TOO_SMALL));
        }
        if self.bits > MOST_BITS || !self.bits.is_multiple_of(128) {
            return Err(Error::parameters(
                "an RSA key is made with 512 to 8,192 bits, a multiple of 128",
            ));
        }
        if self.exponent < 3 || self.exponent.is_multiple_of(2) {
            return Err(Error::OpenSsl(EXPONENT_OUT_OF_RANGE));
        }
        Ok(())
    }

    fn make(self, nanos: u64, more: More<'_>) -> Result<Rsa, Error> {
        Rsa::generate(self.bits, self.exponent, &patient(nanos, more))
            .map_err(failed)?
            .map_err(late)
    }
}

/// When a search is given up that usually takes so long, and asks for more when it takes longer.
pub(super) fn patient(nanos: u64, more: More<'_>) -> Deadline<'_> {
    let usual = Duration::from_nanos(nanos);
    let most = usual.saturating_mul(PATIENCE);
    Deadline::after(usual, most.max(Duration::from_millis(250)), more)
}

pub(super) fn late(_: OutOfTime) -> Error {
    Error::Other("the search for a prime had no luck and was given up, or there was no time left for it: try again".to_owned())
}

impl Request {
    /// About how long it takes, in nanoseconds. What cannot be made is refused.
    pub(crate) fn nanos(&self) -> Result<u64, Error> {
        match self {
            Self::Rsa(rsa) => rsa.check().map(|()| cost::of_making_rsa(rsa.bits)),
            Self::RsaPss { rsa, .. } => {
                self.pss()?;
                rsa.check().map(|()| cost::of_making_rsa(rsa.bits))
            }
            Self::Ec(name) => curve(name).map(|_| cost::OF_CURVE),
            Self::Ed25519 | Self::X25519 => Ok(cost::OF_CURVE),
            Self::Dsa { bits, order_bits } => {
                let usual = if *bits < 2048 { 160 } else { 256 };
                if !(512..=3072).contains(bits) || !bits.is_multiple_of(64) {
                    return Err(Error::parameters(
                        "a DSA key is made with 512 to 3,072 bits, a multiple of 64",
                    ));
                }
                if order_bits.is_some_and(|bits| bits != usual) {
                    return Err(Error::parameters(
                        "the divisor of a DSA key has 160 bits below a modulus of 2,048 bits, and 256 from there on",
                    ));
                }
                Ok(cost::of_making_dsa(*bits))
            }
        }
    }

    /// What an RSA-PSS key is bound to.
    fn pss(&self) -> Result<Option<Pss>, Error> {
        let Self::RsaPss {
            digest: name,
            mask,
            salt,
            rsa,
        } = self
        else {
            return Ok(None);
        };
        if name.is_none() && mask.is_none() && salt.is_none() {
            return Ok(None);
        }
        let named = digest(name.as_deref().unwrap_or("sha1"))?;
        let mask = mask.as_deref().map_or(Ok(named), digest)?;
        let salt = salt.unwrap_or(named.size() as u32);
        if salt > rsa.bits / 8 {
            return Err(Error::parameters("the salt is longer than the modulus"));
        }
        Ok(Some(Pss {
            digest: named,
            mask,
            salt,
        }))
    }
}

/// Makes a key. What takes longer than was reckoned asks for more time.
pub(crate) fn generate(request: &Request, more: More<'_>) -> Result<Key, Error> {
    let nanos = request.nanos()?;
    match request {
        Request::Rsa(rsa) => rsa.make(nanos, more).map(Key::Rsa),
        Request::RsaPss { rsa, .. } => Ok(Key::RsaPss(rsa.make(nanos, more)?, request.pss()?)),
        Request::Ec(name) => Ec::generate(curve(name)?).map(Key::Ec).map_err(failed),
        Request::Ed25519 => Ok(Key::Ed25519(Pair::ed25519(random()))),
        Request::X25519 => Ok(Key::X25519(Pair::x25519(random()))),
        Request::Dsa { bits, .. } => Dsa::generate(*bits, &patient(nanos, more))
            .map_err(failed)?
            .map(Key::Dsa)
            .map_err(late),
    }
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    lc::random(&mut bytes);
    bytes
}
