//! Keys and certificates of strangers.

use super::certificates;
use super::read::{Source, read_private, read_public};
use super::{
    Components, EcComponents, Encoding, Key, RawComponents, RsaComponents, export_private,
    export_public,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// More rounds of PBKDF2 than a run has time for.
const MOST_NANOS: u64 = 500_000_000;

/// Reads a key, a key's parts and a certificate in each form: what was read can be written, and is read as the same again.
pub(crate) fn run(input: &[u8]) {
    let of = |form: fn(Vec<u8>) -> Source| form(input.to_vec());
    for source in [
        of(Source::Pem),
        of(Source::Pkcs8),
        of(Source::Pkcs1),
        of(Source::Sec1),
        of(Source::Spki),
    ] {
        if source.nanos().is_ok_and(|nanos| nanos > MOST_NANOS) {
            continue;
        }
        if let Ok(key) = read_private(&source, Some(b"pass")) {
            written_again(&key);
        }
        if let Ok(key) = read_public(&source, Some(b"pass")) {
            public_again(&key);
        }
    }
    if let Some(parts) = jwk(input).filter(|parts| parts.nanos() <= MOST_NANOS)
        && let Ok(key) = parts.key()
    {
        match key.is_private() {
            true => written_again(&key),
            false => public_again(&key),
        }
    }
    if let Ok(contents) = certificates::read(input) {
        let again = certificates::read(&contents.der).expect("what was read is read again");
        assert_eq!(contents, again);
        assert!(input.len() >= contents.der.len());
        let _ = certificates::verify(&contents.der, &contents.spki);
        let _ = certificates::is_issued_by(&contents.der, &contents.der);
    }
}

/// The parts that the runtime gives the host of a JWK.
fn jwk(input: &[u8]) -> Option<Components> {
    let jwk: Value = serde_json::from_slice(input).ok()?;
    let text = |name: &str| jwk.get(name)?.as_str();
    let part = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
    let parts = match text("kty")? {
        "RSA" => Components::Rsa(RsaComponents {
            n: part("n")?,
            e: part("e")?,
            private: match ["d", "p", "q", "dp", "dq", "qi"].map(part) {
                [Some(d), Some(p), Some(q), Some(dp), Some(dq), Some(qi)] => {
                    Some([d, p, q, dp, dq, qi])
                }
                _ => None,
            },
        }),
        "EC" => Components::Ec(EcComponents {
            curve: match text("crv")? {
                "P-256" => "prime256v1".to_owned(),
                "P-384" => "secp384r1".to_owned(),
                "P-521" => "secp521r1".to_owned(),
                other => other.to_owned(),
            },
            x: part("x")?,
            y: part("y")?,
            d: part("d"),
        }),
        _ => Components::Raw(RawComponents {
            kind: text("crv")?.to_ascii_lowercase(),
            x: part("x")?,
            d: part("d"),
        }),
    };
    Some(parts)
}

fn written_again(key: &Key) {
    assert!(key.is_private());
    let pkcs8 = key.pkcs8().expect("a private key has its form");
    let again = Key::from_pkcs8(&pkcs8).expect("what was written is read");
    assert_eq!(again.pkcs8().as_ref(), Ok(&pkcs8));
    assert_eq!(again.details(), key.details());
    for (encoding, form) in [
        (Encoding::Pkcs1, Source::Pkcs1 as fn(Vec<u8>) -> Source),
        (Encoding::Sec1, Source::Sec1),
        (Encoding::Usual, Source::Pkcs8),
    ] {
        if let Ok(der) = export_private(key, encoding, false, None) {
            let again = read_private(&form(der), None).expect("what was written is read");
            assert_eq!(again.pkcs8().as_ref(), Ok(&pkcs8));
        }
    }
    if let Ok(parts) = Components::of(key) {
        let again = parts.key().expect("parts of a key make a key");
        assert_eq!(again.pkcs8(), Ok(pkcs8));
    }
    let spki = key.spki().expect("a private key has a public one");
    public_again(&Key::from_spki(&spki).expect("what was written is read"));
}

fn public_again(key: &Key) {
    assert!(!key.is_private());
    let spki = key.spki().expect("a public key has its form");
    let text = export_public(key, Encoding::Usual, true).expect("a public key has its text");
    let again = read_public(&Source::Pem(text), None).expect("what was written is read");
    assert_eq!(again.spki(), Ok(spki));
    assert_eq!(again.details(), key.details());
}
