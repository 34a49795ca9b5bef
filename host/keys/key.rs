//! A key that was read, and how it is written in DER.

use super::curve448;
use super::der;
use super::dh::Dh;
use super::error::{Error, UNSUPPORTED, WRONG_TAG};
use super::groups::Group;
use super::lc::{self, CURVES, Dsa, Ec, PointForm, Rsa};
use super::pss::Pss;
use super::{MOST_RSA_BITS, failed};

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01];
const DH: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x03, 0x01];
const X25519: &[u8] = &[0x2b, 0x65, 0x6e];
const X448: &[u8] = &[0x2b, 0x65, 0x6f];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const ED448: &[u8] = &[0x2b, 0x65, 0x71];

/// A key, public or private.
pub(crate) enum Key {
    Rsa(Rsa),
    RsaPss(Rsa, Option<Pss>),
    Ec(Ec),
    Ed25519(Pair<32>),
    X25519(Pair<32>),
    Ed448(Pair<57>),
    X448(Pair<56>),
    Dsa(Dsa),
    Dh(Dh),
}

/// A key of so many bytes, and its private one.
#[derive(Clone, Copy)]
pub(crate) struct Pair<const N: usize> {
    pub(super) public: [u8; N],
    pub(super) private: Option<[u8; N]>,
}

/// What holds of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) kind: &'static str,
    pub(crate) modulus_length: Option<u32>,
    pub(crate) public_exponent: Option<Vec<u8>>,
    pub(crate) named_curve: Option<&'static str>,
    pub(crate) divisor_length: Option<u32>,
    /// Digest, digest of the mask, and least length of a salt.
    pub(crate) pss: Option<(&'static str, &'static str, u32)>,
}

/// Kinds of keys whose calculations take longer than the key's length says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slow {
    Curve448,
    /// A private key for Diffie-Hellman: the bytes of the prime, and of its number.
    DiffieHellman {
        prime: usize,
        number: usize,
    },
}

impl Slow {
    /// The kind of SPKI or PKCS #8, if it is one of them.
    pub(super) fn of(der: &[u8]) -> Option<Self> {
        let mut key = der::Reader::of_sequence(der)?;
        // The version, which PKCS #8 has.
        key.take(der::INTEGER);
        let algorithm = Algorithm::read(&mut key)?;
        match algorithm.oid {
            ED448 | X448 => Some(Self::Curve448),
            DH => Some(Self::DiffieHellman {
                prime: algorithm.dh_group()?.prime.len(),
                number: key.take(der::OCTET_STRING)?.len(),
            }),
            _ => None,
        }
    }
}

/// An algorithm's identifier and parameters.
struct Algorithm<'a> {
    oid: &'a [u8],
    parameters: der::Reader<'a>,
}

impl<'a> Algorithm<'a> {
    fn read(reader: &mut der::Reader<'a>) -> Option<Self> {
        let mut parameters = reader.sequence()?;
        let oid = parameters.take(der::OID)?;
        Some(Self { oid, parameters })
    }

    fn curve(self) -> Result<&'static lc::Curve, Error> {
        curve_of(self.parameters)
    }

    /// DSA's prime, order and generator.
    fn group(mut self) -> Option<[&'a [u8]; 3]> {
        let mut group = self.parameters.sequence()?;
        Some([group.unsigned()?, group.unsigned()?, group.unsigned()?])
    }

    /// Diffie-Hellman's prime and generator. How long a private number should be, which may stand behind them, is
    /// only asked for by who makes one.
    fn dh_group(mut self) -> Option<Group> {
        let mut group = self.parameters.sequence()?;
        Some(Group {
            prime: group.unsigned()?.to_vec(),
            generator: group.unsigned()?.to_vec(),
        })
    }
}

/// The curve that is named; or whose numbers are written out, as some older tools do.
fn curve_of(mut parameters: der::Reader<'_>) -> Result<&'static lc::Curve, Error> {
    match parameters.any() {
        Some((der::OID, oid)) => named_curve(oid),
        Some((der::SEQUENCE, numbers)) => lc::curve_of_numbers(&der::sequence(&[numbers]))
            .ok_or_else(|| {
                Error::unsupported(
                    "the numbers of the curve are those of no curve that is supported",
                )
            }),
        _ => Err(Error::unsupported("the curve has no name")),
    }
}

fn named_curve(oid: &[u8]) -> Result<&'static lc::Curve, Error> {
    let found = CURVES.iter().find(|curve| curve.oid == oid);
    found.ok_or_else(|| {
        let name = der::dotted(oid).unwrap_or_default();
        Error::Unsupported(format!("the curve {name} is not supported"))
    })
}

fn malformed<T>(read: Option<T>) -> Result<T, Error> {
    read.ok_or(Error::OpenSsl(WRONG_TAG))
}

fn unsupported(_: lc::Refused) -> Error {
    Error::OpenSsl(UNSUPPORTED)
}

impl Key {
    /// Reads SPKI.
    pub(super) fn from_spki(der: &[u8]) -> Result<Self, Error> {
        let mut spki = malformed(der::Reader::of_sequence(der))?;
        let algorithm = malformed(Algorithm::read(&mut spki))?;
        let bits = malformed(spki.bits())?;
        match algorithm.oid {
            RSA => rsa_public(bits).map(Self::Rsa),
            RSA_PSS => Ok(Self::RsaPss(
                rsa_public(bits)?,
                Pss::read(algorithm.parameters)?,
            )),
            EC => Ec::public(algorithm.curve()?, bits)
                .map(Self::Ec)
                .map_err(unsupported),
            ED25519 => Ok(Self::Ed25519(Pair::public(bits)?)),
            X25519 => Ok(Self::X25519(Pair::public(bits)?)),
            ED448 => Ok(Self::Ed448(Pair::public(bits)?)),
            X448 => Ok(Self::X448(Pair::public(bits)?)),
            DSA => {
                let number = malformed(der::Reader::new(bits).unsigned())?;
                let group = malformed(algorithm.group())?;
                Dsa::new(group, number, None)
                    .map(Self::Dsa)
                    .map_err(unsupported)
            }
            DH => {
                let number = malformed(der::Reader::new(bits).unsigned())?;
                let group = malformed(algorithm.dh_group())?;
                Dh::public(group, number).map(Self::Dh)
            }
            _ => Err(Error::OpenSsl(UNSUPPORTED)),
        }
    }

    /// Reads PKCS #8 that is not encrypted.
    pub(super) fn from_pkcs8(der: &[u8]) -> Result<Self, Error> {
        let mut pkcs8 = malformed(der::Reader::of_sequence(der))?;
        malformed(pkcs8.small())?;
        let algorithm = malformed(Algorithm::read(&mut pkcs8))?;
        let octets = malformed(pkcs8.take(der::OCTET_STRING))?;
        match algorithm.oid {
            RSA => rsa_private(octets).map(Self::Rsa),
            RSA_PSS => Ok(Self::RsaPss(
                rsa_private(octets)?,
                Pss::read(algorithm.parameters)?,
            )),
            EC => ec_private(octets, Some(algorithm.curve()?)).map(Self::Ec),
            ED25519 => Ok(Self::Ed25519(Pair::ed25519(octets_of_key(octets)?))),
            X25519 => Ok(Self::X25519(Pair::x25519(octets_of_key(octets)?))),
            ED448 => Ok(Self::Ed448(Pair::ed448(octets_of_key(octets)?))),
            X448 => Ok(Self::X448(Pair::x448(octets_of_key(octets)?))),
            DSA => {
                let private = malformed(der::Reader::new(octets).unsigned())?;
                let group = malformed(algorithm.group())?;
                dsa_private(group, private)
            }
            DH => {
                let private = malformed(der::Reader::new(octets).unsigned())?;
                let group = malformed(algorithm.dh_group())?;
                Dh::private(group, private).map(Self::Dh)
            }
            _ => Err(Error::OpenSsl(UNSUPPORTED)),
        }
    }

    /// Reads a public key in PKCS #1.
    pub(super) fn from_pkcs1_public(der: &[u8]) -> Result<Self, Error> {
        rsa_public(der).map(Self::Rsa)
    }

    /// Reads a private key in PKCS #1.
    pub(super) fn from_pkcs1(der: &[u8]) -> Result<Self, Error> {
        rsa_private(der).map(Self::Rsa)
    }

    /// Reads SEC 1.
    pub(super) fn from_sec1(der: &[u8]) -> Result<Self, Error> {
        ec_private(der, None).map(Self::Ec)
    }

    /// Reads DSA's own form.
    pub(super) fn from_dsa(der: &[u8]) -> Result<Self, Error> {
        let mut dsa = malformed(der::Reader::of_sequence(der))?;
        let mut next = || malformed(dsa.unsigned());
        let (_version, p, q, g, _public, private) =
            (next()?, next()?, next()?, next()?, next()?, next()?);
        dsa_private([p, q, g], private)
    }

    pub(crate) fn is_private(&self) -> bool {
        match self {
            Self::Rsa(rsa) | Self::RsaPss(rsa, _) => rsa.is_private(),
            Self::Ec(ec) => ec.number().is_some(),
            Self::Ed25519(pair) | Self::X25519(pair) => pair.private.is_some(),
            Self::Ed448(pair) => pair.private.is_some(),
            Self::X448(pair) => pair.private.is_some(),
            Self::Dsa(dsa) => dsa.private().is_some(),
            Self::Dh(dh) => dh.private.is_some(),
        }
    }

    pub(crate) fn details(&self) -> Details {
        let of_rsa = |kind, rsa: &Rsa| Details {
            kind,
            modulus_length: Some(rsa.bits()),
            public_exponent: Some(rsa.exponent()),
            ..Details::default()
        };
        let of = |kind| Details {
            kind,
            ..Details::default()
        };
        match self {
            Self::Rsa(rsa) => of_rsa("rsa", rsa),
            Self::RsaPss(rsa, pss) => Details {
                pss: pss
                    .as_ref()
                    .map(|pss| (pss.digest.name(), pss.mask.name(), pss.salt)),
                ..of_rsa("rsa-pss", rsa)
            },
            Self::Ec(ec) => Details {
                named_curve: Some(ec.curve.name),
                ..of("ec")
            },
            Self::Ed25519(_) => of("ed25519"),
            Self::X25519(_) => of("x25519"),
            Self::Ed448(_) => of("ed448"),
            Self::X448(_) => of("x448"),
            Self::Dh(_) => of("dh"),
            Self::Dsa(dsa) => {
                let [p, q, _] = dsa.group().map(|number| bits_of(&number));
                Details {
                    modulus_length: Some(p),
                    divisor_length: Some(q),
                    ..of("dsa")
                }
            }
        }
    }

    /// The algorithm's identifier with its parameters.
    fn algorithm(&self) -> Vec<u8> {
        match self {
            Self::Rsa(_) => der::sequence(&[&der::oid(RSA), &der::value(der::NULL, &[])]),
            Self::RsaPss(_, None) => der::sequence(&[&der::oid(RSA_PSS)]),
            Self::RsaPss(_, Some(pss)) => der::sequence(&[&der::oid(RSA_PSS), &pss.written()]),
            Self::Ec(ec) => der::sequence(&[&der::oid(EC), &der::oid(ec.curve.oid)]),
            Self::Ed25519(_) => der::sequence(&[&der::oid(ED25519)]),
            Self::X25519(_) => der::sequence(&[&der::oid(X25519)]),
            Self::Ed448(_) => der::sequence(&[&der::oid(ED448)]),
            Self::X448(_) => der::sequence(&[&der::oid(X448)]),
            Self::Dsa(dsa) => {
                let [p, q, g] = dsa.group().map(|number| der::unsigned(&number));
                der::sequence(&[&der::oid(DSA), &der::sequence(&[&p, &q, &g])])
            }
            Self::Dh(dh) => {
                let Group { prime, generator } = &dh.group;
                let group = der::sequence(&[&der::unsigned(prime), &der::unsigned(generator)]);
                der::sequence(&[&der::oid(DH), &group])
            }
        }
    }

    /// SPKI.
    pub(crate) fn spki(&self) -> Result<Vec<u8>, Error> {
        let bits = match self {
            Self::Rsa(rsa) | Self::RsaPss(rsa, _) => pkcs1_public_of(rsa),
            Self::Ec(ec) => ec.point(PointForm::Uncompressed).map_err(failed)?,
            Self::Ed25519(pair) | Self::X25519(pair) => pair.public.to_vec(),
            Self::Ed448(pair) => pair.public.to_vec(),
            Self::X448(pair) => pair.public.to_vec(),
            Self::Dsa(dsa) => der::unsigned(&dsa.public()),
            Self::Dh(dh) => der::unsigned(&dh.public),
        };
        Ok(der::sequence(&[&self.algorithm(), &der::bits(&bits)]))
    }

    /// PKCS #8, of a private key.
    pub(crate) fn pkcs8(&self) -> Result<Vec<u8>, Error> {
        let octets = match self {
            Self::Rsa(rsa) | Self::RsaPss(rsa, _) => pkcs1_of(rsa),
            Self::Ec(ec) => sec1_of(ec, false),
            Self::Ed25519(pair) | Self::X25519(pair) => pair.octets(),
            Self::Ed448(pair) => pair.octets(),
            Self::X448(pair) => pair.octets(),
            Self::Dsa(dsa) => dsa.private().map(|private| der::unsigned(&private)),
            Self::Dh(dh) => dh.private.as_deref().map(der::unsigned),
        };
        let octets = octets.ok_or_else(is_public)?;
        Ok(der::sequence(&[
            &der::unsigned(&[]),
            &self.algorithm(),
            &der::octets(&octets),
        ]))
    }

    /// PKCS #1, of a public RSA key.
    pub(super) fn pkcs1_public(&self) -> Result<Vec<u8>, Error> {
        match self {
            Self::Rsa(rsa) => Ok(pkcs1_public_of(rsa)),
            _ => Err(Error::unsupported("PKCS #1 is for RSA keys only")),
        }
    }

    /// PKCS #1, of a private RSA key.
    pub(super) fn pkcs1(&self) -> Result<Vec<u8>, Error> {
        match self {
            Self::Rsa(rsa) => pkcs1_of(rsa).ok_or_else(is_public),
            _ => Err(Error::unsupported("PKCS #1 is for RSA keys only")),
        }
    }

    /// SEC 1, of a private EC key.
    pub(super) fn sec1(&self) -> Result<Vec<u8>, Error> {
        match self {
            Self::Ec(ec) => sec1_of(ec, true).ok_or_else(is_public),
            _ => Err(Error::unsupported("SEC 1 is for EC keys only")),
        }
    }
}

pub(super) fn is_public() -> Error {
    Error::parameters("the key is not private")
}

impl<const N: usize> Pair<N> {
    fn public(bytes: &[u8]) -> Result<Self, Error> {
        let public = bytes.try_into().map_err(|_| UNSUPPORTED)?;
        Ok(Self {
            public,
            private: None,
        })
    }

    /// What PKCS #8 holds of it.
    fn octets(&self) -> Option<Vec<u8>> {
        self.private.map(|private| der::octets(&private))
    }
}

impl Pair<32> {
    pub(super) fn ed25519(private: [u8; 32]) -> Self {
        Self {
            public: lc::ed25519_public(&private),
            private: Some(private),
        }
    }

    pub(super) fn x25519(private: [u8; 32]) -> Self {
        Self {
            public: lc::x25519_public(&private),
            private: Some(private),
        }
    }
}

impl Pair<57> {
    pub(super) fn ed448(private: [u8; 57]) -> Self {
        Self {
            public: curve448::ed448_public(&private),
            private: Some(private),
        }
    }
}

impl Pair<56> {
    pub(super) fn x448(private: [u8; 56]) -> Self {
        Self {
            public: curve448::x448_public(&private),
            private: Some(private),
        }
    }
}

/// The bits of a number that has no zeros before it.
pub(super) fn bits_of(number: &[u8]) -> u32 {
    match number.first() {
        None => 0,
        Some(first) => number.len() as u32 * 8 - first.leading_zeros(),
    }
}

fn octets_of_key<const N: usize>(octets: &[u8]) -> Result<[u8; N], Error> {
    let key = malformed(der::Reader::new(octets).take(der::OCTET_STRING))?;
    key.try_into().map_err(|_| Error::OpenSsl(UNSUPPORTED))
}

/// A modulus that is not too long to be worked with.
pub(super) fn bounded(modulus: &[u8]) -> Result<&[u8], Error> {
    match bits_of(der::stripped(modulus)) <= MOST_RSA_BITS {
        true => Ok(modulus),
        false => Err(Error::parameters("the modulus has more than 16,384 bits")),
    }
}

fn rsa_public(der: &[u8]) -> Result<Rsa, Error> {
    let mut rsa = malformed(der::Reader::of_sequence(der))?;
    let (modulus, exponent) = (malformed(rsa.unsigned())?, malformed(rsa.unsigned())?);
    Rsa::public(bounded(modulus)?, exponent).map_err(unsupported)
}

fn rsa_private(der: &[u8]) -> Result<Rsa, Error> {
    let mut rsa = malformed(der::Reader::of_sequence(der))?;
    if malformed(rsa.small())? != 0 {
        return Err(Error::unsupported("an RSA key has more than two primes"));
    }
    let mut next = || malformed(rsa.unsigned());
    let (modulus, exponent) = (next()?, next()?);
    let parts = [next()?, next()?, next()?, next()?, next()?, next()?];
    Rsa::private(bounded(modulus)?, exponent, &parts).map_err(unsupported)
}

/// SEC 1, whose curve may be named around it.
fn ec_private(der: &[u8], curve: Option<&'static lc::Curve>) -> Result<Ec, Error> {
    let mut sec1 = malformed(der::Reader::of_sequence(der))?;
    malformed(sec1.small())?;
    let number = malformed(sec1.take(der::OCTET_STRING))?;
    let named = sec1.take(0xa0).map(der::Reader::new);
    let curve = match (named.map(curve_of).transpose()?, curve) {
        (Some(named), Some(curve)) if named != curve => return Err(Error::OpenSsl(UNSUPPORTED)),
        (named, curve) => named.or(curve),
    };
    let curve = curve.ok_or_else(|| Error::unsupported("the curve has no name"))?;
    let key = Ec::private(curve, number).map_err(unsupported)?;
    if let Some(point) = sec1
        .take(0xa1)
        .and_then(|point| der::Reader::new(point).bits())
    {
        let public = Ec::public(curve, point).map_err(unsupported)?;
        if public.point(PointForm::Uncompressed) != key.point(PointForm::Uncompressed) {
            return Err(Error::OpenSsl(UNSUPPORTED));
        }
    }
    Ok(key)
}

fn dsa_private(group: [&[u8]; 3], private: &[u8]) -> Result<Key, Error> {
    let numbers = |bytes| lc::Number::new(bytes).map_err(failed);
    let (p, g) = (numbers(group[0])?, numbers(group[2])?);
    if p.bits() > 10_000 {
        return Err(Error::parameters("the prime has more than 10,000 bits"));
    }
    let public = g.power(&numbers(private)?, &p).map_err(unsupported)?;
    Dsa::new(group, &public.bytes(), Some(private))
        .map(Key::Dsa)
        .map_err(unsupported)
}

fn pkcs1_public_of(rsa: &Rsa) -> Vec<u8> {
    der::sequence(&[
        &der::unsigned(&rsa.modulus()),
        &der::unsigned(&rsa.exponent()),
    ])
}

fn pkcs1_of(rsa: &Rsa) -> Option<Vec<u8>> {
    let parts = rsa.parts()?.map(|part| der::unsigned(&part)).concat();
    Some(der::sequence(&[
        &der::unsigned(&[]),
        &der::unsigned(&rsa.modulus()),
        &der::unsigned(&rsa.exponent()),
        &parts,
    ]))
}

fn sec1_of(ec: &Ec, names_curve: bool) -> Option<Vec<u8>> {
    let point = ec.point(PointForm::Uncompressed).ok()?;
    let curve = match names_curve {
        true => der::value(0xa0, &[&der::oid(ec.curve.oid)]),
        false => Vec::new(),
    };
    Some(der::sequence(&[
        &der::unsigned(&[1]),
        &der::octets(&ec.number()?),
        &curve,
        &der::value(0xa1, &[&der::bits(&point)]),
    ]))
}
