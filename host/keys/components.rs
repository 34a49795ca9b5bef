//! What keys are of, as JWK has it.

use super::error::{Error, UNSUPPORTED};
use super::key::{Key, Pair, bounded};
use super::lc::{self, Ec, PointForm, Rsa};
use super::{MOST_KEY, cost, curve, failed};

/// A key's parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Components {
    Rsa(RsaComponents),
    Ec(EcComponents),
    Raw(RawComponents),
}

/// RSA's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RsaComponents {
    pub(crate) n: Vec<u8>,
    pub(crate) e: Vec<u8>,
    /// `d`, `p`, `q`, `dp`, `dq` and `qi`.
    pub(crate) private: Option<[Vec<u8>; 6]>,
}

/// Those of a curve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EcComponents {
    pub(crate) curve: String,
    pub(crate) x: Vec<u8>,
    pub(crate) y: Vec<u8>,
    pub(crate) d: Option<Vec<u8>>,
}

/// Those of Ed25519, X25519, Ed448 and X448.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawComponents {
    pub(crate) kind: String,
    pub(crate) x: Vec<u8>,
    pub(crate) d: Option<Vec<u8>>,
}

fn malformed(_: lc::Refused) -> Error {
    Error::OpenSsl(UNSUPPORTED)
}

impl Components {
    /// How many bytes they have.
    pub(crate) fn size(&self) -> usize {
        let of = |part: &Option<Vec<u8>>| part.as_ref().map_or(0, Vec::len);
        match self {
            Self::Rsa(RsaComponents { n, e, private }) => {
                n.len() + e.len() + private.iter().flatten().map(Vec::len).sum::<usize>()
            }
            Self::Ec(EcComponents { x, y, d, .. }) => x.len() + y.len() + of(d),
            Self::Raw(RawComponents { x, d, .. }) => x.len() + of(d),
        }
    }

    /// About how long it takes to make the key, in nanoseconds.
    pub(crate) fn nanos(&self) -> u64 {
        let is_on_curve448 = match self {
            Self::Raw(RawComponents { kind, .. }) => kind == "ed448" || kind == "x448",
            Self::Rsa(_) | Self::Ec(_) => false,
        };
        cost::of_parts(self.size(), is_on_curve448)
    }

    /// The key of these parts.
    pub(crate) fn key(&self) -> Result<Key, Error> {
        if self.size() > MOST_KEY {
            return Err(Error::TooMuch);
        }
        match self {
            Self::Rsa(RsaComponents { n, e, private }) => {
                let n = bounded(n)?;
                let rsa = match private {
                    None => Rsa::public(n, e),
                    Some(parts) => Rsa::private(n, e, &parts.each_ref().map(Vec::as_slice)),
                };
                rsa.map(Key::Rsa).map_err(malformed)
            }
            Self::Ec(components) => components.key(),
            Self::Raw(components) => components.key(),
        }
    }

    /// The parts of a key, those of a private one among them.
    pub(crate) fn of(key: &Key) -> Result<Self, Error> {
        match key {
            Key::Rsa(rsa) => Ok(Self::Rsa(RsaComponents {
                n: rsa.modulus(),
                e: rsa.exponent(),
                private: rsa.parts(),
            })),
            Key::Ec(ec) => {
                let point = ec.point(PointForm::Uncompressed).map_err(failed)?;
                let (x, y) = point[1..].split_at(ec.curve.size);
                Ok(Self::Ec(EcComponents {
                    curve: ec.curve.name.to_owned(),
                    x: x.to_vec(),
                    y: y.to_vec(),
                    d: ec.number(),
                }))
            }
            Key::Ed25519(pair) => Ok(Self::Raw(RawComponents::of("ed25519", pair))),
            Key::X25519(pair) => Ok(Self::Raw(RawComponents::of("x25519", pair))),
            Key::Ed448(pair) => Ok(Self::Raw(RawComponents::of("ed448", pair))),
            Key::X448(pair) => Ok(Self::Raw(RawComponents::of("x448", pair))),
            Key::RsaPss(..) | Key::Dsa(_) | Key::Dh(_) => {
                Err(Error::unsupported("JWK has no such keys"))
            }
        }
    }
}

impl EcComponents {
    fn key(&self) -> Result<Key, Error> {
        let curve = curve(&self.curve)?;
        let wrong = || Error::OpenSsl(UNSUPPORTED);
        // Some leave out the zeros before a number.
        let padded = |number: &[u8]| {
            let missing = curve.size.checked_sub(number.len()).ok_or_else(wrong)?;
            Ok::<_, Error>([vec![0; missing], number.to_vec()].concat())
        };
        let point = [vec![4], padded(&self.x)?, padded(&self.y)?].concat();
        let public = Ec::public(curve, &point).map_err(malformed)?;
        let Some(d) = &self.d else {
            return Ok(Key::Ec(public));
        };
        let key = Ec::private(curve, d).map_err(malformed)?;
        match key.point(PointForm::Uncompressed) == public.point(PointForm::Uncompressed) {
            true => Ok(Key::Ec(key)),
            false => Err(wrong()),
        }
    }
}

impl RawComponents {
    fn of<const N: usize>(kind: &str, pair: &Pair<N>) -> Self {
        Self {
            kind: kind.to_owned(),
            x: pair.public.to_vec(),
            d: pair.private.map(Vec::from),
        }
    }

    fn pair<const N: usize>(&self, of_private: fn([u8; N]) -> Pair<N>) -> Result<Pair<N>, Error> {
        let bytes = |bytes: &[u8]| {
            let bytes = <[u8; N]>::try_from(bytes);
            bytes.map_err(|_| Error::OpenSsl(UNSUPPORTED))
        };
        match &self.d {
            // Node takes whatever public key stands beside a private one; it is made again here.
            Some(private) => bytes(private).map(of_private),
            None => bytes(&self.x).map(|public| Pair {
                public,
                private: None,
            }),
        }
    }

    fn key(&self) -> Result<Key, Error> {
        match self.kind.as_str() {
            "ed25519" => self.pair(Pair::ed25519).map(Key::Ed25519),
            "x25519" => self.pair(Pair::x25519).map(Key::X25519),
            "ed448" => self.pair(Pair::ed448).map(Key::Ed448),
            "x448" => self.pair(Pair::x448).map(Key::X448),
            kind => Err(Error::Unsupported(format!(
                "keys of the kind {kind} are not supported"
            ))),
        }
    }
}
