//! `roost:bot/digests`: digests and HMAC, a piece at a time.
//!
//! A call takes no more than a mebibyte: it lasts milliseconds, between which the event's processor time is
//! looked at. What is carried from call to call is with the bot.

use super::bindings::roost::bot::digests::{self, Error};
use crate::sandbox::RunState;
use hkdf::Hkdf;
use hmac::digest::block_api::EagerHash;
use hmac::digest::common::hazmat::SerializableState;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use ripemd::Ripemd160;
use sha1::Sha1;
use sha2::digest::Digest;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use sha3::digest::{ExtendableOutput, XofReader as _};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512, Shake128, Shake256};

/// What a call takes at most.
const MOST: usize = 1 << 20;

/// Takes a state and a piece.
type OnePiece = fn(Option<&[u8]>, &[u8]) -> Result<Vec<u8>, Error>;

/// By key, salt and info; says whether so much may be asked for.
type Derive = fn(&[u8], &[u8], &[u8], &mut [u8]) -> Option<()>;

/// Of a state and further data, as many bytes as there is room for.
type Extend = fn(Option<&[u8]>, &[u8], &mut [u8]) -> Result<(), Error>;

/// An algorithm, for who knows it by name only.
pub(super) struct Algorithm {
    name: &'static str,
    update: OnePiece,
    finish: OnePiece,
    hmac: fn(&[u8], &[u8]) -> Vec<u8>,
    /// By password, salt and iterations.
    pub(super) pbkdf2: fn(&[u8], &[u8], u32, &mut [u8]),
    pub(super) hkdf: Derive,
    /// The bytes of a digest.
    pub(super) size: fn() -> usize,
    /// About how long a block takes.
    pub(super) block_nanos: u64,
}

impl Algorithm {
    const fn of<D: Digest + EagerHash + SerializableState>(
        name: &'static str,
        block_nanos: u64,
    ) -> Self {
        Self {
            name,
            update: update::<D>,
            finish: finish::<D>,
            hmac: hmac_of::<D>,
            pbkdf2: pbkdf2::pbkdf2_hmac::<D>,
            hkdf: hkdf_of::<D>,
            size: <D as Digest>::output_size,
            block_nanos,
        }
    }
}

const ALGORITHMS: [Algorithm; 13] = [
    Algorithm::of::<Md5>("md5", 120),
    Algorithm::of::<Ripemd160>("ripemd160", 250),
    Algorithm::of::<Sha1>("sha1", 60),
    Algorithm::of::<Sha224>("sha224", 60),
    Algorithm::of::<Sha256>("sha256", 60),
    Algorithm::of::<Sha384>("sha384", 250),
    Algorithm::of::<Sha512>("sha512", 250),
    Algorithm::of::<Sha512_224>("sha512-224", 250),
    Algorithm::of::<Sha512_256>("sha512-256", 250),
    Algorithm::of::<Sha3_224>("sha3-224", 300),
    Algorithm::of::<Sha3_256>("sha3-256", 300),
    Algorithm::of::<Sha3_384>("sha3-384", 300),
    Algorithm::of::<Sha3_512>("sha3-512", 300),
];

/// An algorithm that gives as many bytes as are asked for.
struct Extendable {
    name: &'static str,
    update: OnePiece,
    extend: Extend,
}

const EXTENDABLE: [Extendable; 2] = [
    Extendable::of::<Shake128>("shake128"),
    Extendable::of::<Shake256>("shake256"),
];

impl Extendable {
    const fn of<X: ExtendableOutput + sha3::digest::Update + Default + SerializableState>(
        name: &'static str,
    ) -> Self {
        Self {
            name,
            update: update_extendable::<X>,
            extend: extend::<X>,
        }
    }

    fn find(name: &str) -> Option<&'static Self> {
        EXTENDABLE.iter().find(|one| one.name == name)
    }

    fn names() -> Vec<String> {
        EXTENDABLE.iter().map(|one| one.name.to_owned()).collect()
    }
}

fn resumed_extendable<X: Default + SerializableState>(state: Option<&[u8]>) -> Result<X, Error> {
    let Some(state) = state else {
        return Ok(X::default());
    };
    let state = state.try_into().map_err(|_| Error::MalformedState)?;
    X::deserialize(state).map_err(|_| Error::MalformedState)
}

fn update_extendable<X: sha3::digest::Update + Default + SerializableState>(
    state: Option<&[u8]>,
    data: &[u8],
) -> Result<Vec<u8>, Error> {
    let mut digest = resumed_extendable::<X>(state)?;
    digest.update(data);
    Ok(digest.serialize().to_vec())
}

fn extend<X: ExtendableOutput + sha3::digest::Update + Default + SerializableState>(
    state: Option<&[u8]>,
    data: &[u8],
    output: &mut [u8],
) -> Result<(), Error> {
    let mut digest = resumed_extendable::<X>(state)?;
    digest.update(data);
    digest.finalize_xof().read(output);
    Ok(())
}

fn resumed<D: Digest + SerializableState>(state: Option<&[u8]>) -> Result<D, Error> {
    let Some(state) = state else {
        return Ok(D::new());
    };
    let state = state.try_into().map_err(|_| Error::MalformedState)?;
    D::deserialize(state).map_err(|_| Error::MalformedState)
}

fn update<D: Digest + SerializableState>(
    state: Option<&[u8]>,
    data: &[u8],
) -> Result<Vec<u8>, Error> {
    let mut digest = resumed::<D>(state)?;
    digest.update(data);
    Ok(digest.serialize().to_vec())
}

fn finish<D: Digest + SerializableState>(
    state: Option<&[u8]>,
    data: &[u8],
) -> Result<Vec<u8>, Error> {
    let mut digest = resumed::<D>(state)?;
    digest.update(data);
    Ok(digest.finalize().to_vec())
}

fn hmac_of<D: EagerHash>(key: &[u8], data: &[u8]) -> Vec<u8> {
    // Of any length: longer keys than a block are digested first.
    let Ok(mut mac) = Hmac::<D>::new_from_slice(key) else {
        return Vec::new();
    };
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

fn hkdf_of<D: EagerHash>(key: &[u8], salt: &[u8], info: &[u8], output: &mut [u8]) -> Option<()> {
    Hkdf::<D>::new(Some(salt), key).expand(info, output).ok()
}

fn extended(
    algorithm: &str,
    state: Option<&[u8]>,
    data: &[u8],
    length: usize,
) -> Result<Vec<u8>, Error> {
    if data.len() > MOST || length > MOST {
        return Err(Error::TooMuch);
    }
    let found = Extendable::find(algorithm);
    let found = found.ok_or_else(|| Error::UnknownAlgorithm(Extendable::names()))?;
    let mut output = vec![0; length];
    (found.extend)(state, data, &mut output)?;
    Ok(output)
}

fn named(algorithm: &str, data: &[u8]) -> Result<&'static Algorithm, Error> {
    if data.len() > MOST {
        return Err(Error::TooMuch);
    }
    find(algorithm).ok_or_else(|| Error::UnknownAlgorithm(names()))
}

pub(super) fn find(algorithm: &str) -> Option<&'static Algorithm> {
    ALGORITHMS.iter().find(|one| one.name == algorithm)
}

pub(super) fn names() -> Vec<String> {
    ALGORITHMS.iter().map(|one| one.name.to_owned()).collect()
}

impl digests::Host for RunState {
    fn algorithms(&mut self) -> Vec<String> {
        names()
    }

    fn extendable(&mut self) -> Vec<String> {
        Extendable::names()
    }

    fn update(
        &mut self,
        algorithm: String,
        state: Option<Vec<u8>>,
        data: Vec<u8>,
    ) -> Result<Vec<u8>, Error> {
        let update = match Extendable::find(&algorithm) {
            Some(_) if data.len() > MOST => return Err(Error::TooMuch),
            Some(extendable) => extendable.update,
            None => named(&algorithm, &data)?.update,
        };
        update(state.as_deref(), &data)
    }

    fn extend(
        &mut self,
        algorithm: String,
        state: Option<Vec<u8>>,
        data: Vec<u8>,
        length: u32,
    ) -> Result<Vec<u8>, Error> {
        extended(&algorithm, state.as_deref(), &data, length as usize)
    }

    fn finish(
        &mut self,
        algorithm: String,
        state: Option<Vec<u8>>,
        data: Vec<u8>,
    ) -> Result<Vec<u8>, Error> {
        (named(&algorithm, &data)?.finish)(state.as_deref(), &data)
    }

    fn hmac(&mut self, algorithm: String, key: Vec<u8>, data: Vec<u8>) -> Result<Vec<u8>, Error> {
        if key.len() > MOST {
            return Err(Error::TooMuch);
        }
        Ok((named(&algorithm, &data)?.hmac)(&key, &data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn a_digest_goes_on_from_its_state() {
        for one in &ALGORITHMS {
            let whole = (one.finish)(None, b"one and two").unwrap();
            let state = (one.update)(None, b"one and").unwrap();
            let state = (one.update)(Some(&state), b"").unwrap();
            assert_eq!(
                (one.finish)(Some(&state), b" two").unwrap(),
                whole,
                "{}",
                one.name
            );
            assert!(matches!(
                (one.finish)(Some(&state[1..]), b""),
                Err(Error::MalformedState)
            ));
        }
    }

    #[test]
    fn digests_are_those_of_the_standards() {
        let of = |name, data: &[u8]| hex(&(named(name, data).unwrap().finish)(None, data).unwrap());
        assert_eq!(of("md5", b"abc"), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(
            of("ripemd160", b"abc"),
            "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"
        );
        assert_eq!(
            of("sha3-256", b""),
            "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"
        );
        assert_eq!(
            of("sha1", b"abc"),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
        assert_eq!(
            of("sha512-256", b""),
            "c672b8d1ef56ed28ab87c3622c5114069bdd3ad7b8f9737498d0c01ecef0967a"
        );
        let mac = (named("sha256", b"").unwrap().hmac)(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(
            hex(&mac),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn extendable_digests_are_as_long_as_is_asked_for() {
        assert_eq!(
            hex(&extended("shake128", None, b"", 16).unwrap()),
            "7f9c2ba4e88f827d616045507605853e"
        );
        assert_eq!(extended("shake256", None, b"", 0).unwrap(), b"");
        for one in &EXTENDABLE {
            let whole = extended(one.name, None, b"one and two", 300).unwrap();
            let state = (one.update)(None, b"one and").unwrap();
            assert_eq!(
                extended(one.name, Some(&state), b" two", 300).unwrap(),
                whole,
                "{}",
                one.name
            );
            for state in [&state[1..], &vec![0xff; state.len()]] {
                let refused = extended(one.name, Some(state), b"", 1);
                assert!(matches!(refused, Err(Error::MalformedState)));
            }
        }
        let refused = extended("shake128", None, b"", MOST + 1);
        assert!(matches!(refused, Err(Error::TooMuch)));
        let refused = extended("sha256", None, b"", 1);
        assert!(matches!(refused, Err(Error::UnknownAlgorithm(_))));
    }

    #[test]
    fn what_is_too_much_or_unknown_is_refused() {
        assert!(matches!(
            named("sha256", &vec![0; MOST + 1]),
            Err(Error::TooMuch)
        ));
        let Err(Error::UnknownAlgorithm(names)) = named("whirlpool", b"") else {
            panic!("it is known");
        };
        assert!(names.contains(&"sha256".to_owned()));
    }

    #[test]
    fn a_state_of_any_bytes_is_no_crash() {
        for one in &ALGORITHMS {
            let state = (one.update)(None, b"x").unwrap();
            for byte in [0, 0x7f, 0xff] {
                let _ = (one.finish)(Some(&vec![byte; state.len()]), b"more");
            }
        }
    }
}
