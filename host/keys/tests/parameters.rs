//! Keys whose parameters stand in them number by number, as OpenSSL and Node write them: `parameters.mjs` writes
//! `parameters.json`.

use super::{bytes, code, text};
use crate::keys::{
    Components, Encoding, Error, Key, Message, Signing, Source, agree, cost, der, export_private,
    export_public, fuzz, pem, read_private, read_public, sign, verify,
};
use serde_json::Value;
use std::sync::LazyLock;

static VECTORS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("parameters.json")).unwrap());

fn all(name: &str) -> &'static [Value] {
    VECTORS[name].as_array().unwrap()
}

/// A key whose prime ends with another byte.
fn with_other_prime(der: &[u8], last: u8) -> Vec<u8> {
    let mut changed = der.to_vec();
    // The primes of RFC 2409 end with eight such bytes.
    let end = der
        .windows(8)
        .rposition(|bytes| bytes == [0xff; 8])
        .unwrap()
        + 7;
    changed[end] = last;
    changed
}

#[test]
fn curves_whose_numbers_are_written_out_are_known_by_them() {
    for vector in all("curves") {
        let form = |name: &str| bytes(&vector["explicit"][name]);
        let (pkcs8, spki) = (bytes(&vector["pkcs8"]), bytes(&vector["spki"]));
        let pem = text(&vector["explicit"]["pem"]).as_bytes().to_vec();
        for source in [
            Source::Pkcs8(form("pkcs8")),
            Source::Sec1(form("sec1")),
            Source::Pem(pem.clone()),
        ] {
            let key = read_private(&source, None).unwrap();
            assert_eq!(key.pkcs8().unwrap(), pkcs8, "{source:?}");
            assert_eq!(key.details().named_curve, vector["name"].as_str());
        }
        for source in [Source::Spki(form("spki")), Source::Pem(pem)] {
            let key = read_public(&source, None).unwrap();
            assert_eq!(key.spki().unwrap(), spki, "{source:?}");
        }
        for name in ["pkcs8", "sec1", "spki"] {
            fuzz::run(&form(name));
        }
    }
}

#[test]
fn a_curve_with_another_number_is_no_known_one() {
    let vector = &all("curves")[1];
    let spki = bytes(&vector["explicit"]["spki"]);
    let curve = Source::Spki(spki.clone());
    let read = read_public(&curve, None).unwrap();
    let mut refused = 0;
    for at in 0..spki.len() {
        let mut changed = spki.clone();
        changed[at] ^= 1;
        match read_public(&Source::Spki(changed), None) {
            // The seed says where a curve comes from, and nothing of it.
            Ok(key) => assert_eq!(key.spki(), read.spki()),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > spki.len() - 30, "{refused}");
}

#[test]
fn keys_for_diffie_hellman_are_read_and_written() {
    for vector in all("groups") {
        let (pkcs8, spki) = (bytes(&vector["pkcs8"]), bytes(&vector["spki"]));
        let private = read_private(&Source::Pkcs8(pkcs8.clone()), None).unwrap();
        let public = read_public(&Source::Spki(spki.clone()), None).unwrap();
        assert_eq!(
            (private.details().kind, public.details().kind),
            ("dh", "dh")
        );
        assert_eq!(private.pkcs8().unwrap(), pkcs8);
        assert_eq!(private.spki().unwrap(), spki);
        assert_eq!(public.spki().unwrap(), spki);
        let pem = export_private(&private, Encoding::Usual, true, None).unwrap();
        let again = read_private(&Source::Pem(pem), None).unwrap();
        assert_eq!(again.pkcs8().unwrap(), pkcs8);
        let pem = export_public(&public, Encoding::Usual, true).unwrap();
        assert_eq!(
            read_public(&Source::Pem(pem), None).unwrap().spki(),
            Ok(spki)
        );
        let other = Key::from_spki(&bytes(&vector["other"])).unwrap();
        assert_eq!(agree(&private, &other).unwrap(), bytes(&vector["secret"]));
        assert!(matches!(agree(&public, &other), Err(Error::Parameters(_))));
        assert!(matches!(
            Components::of(&private),
            Err(Error::Unsupported(_))
        ));
        fuzz::run(&pkcs8);
    }
    let encrypted = &VECTORS["encrypted"];
    let pem = Source::Pem(text(&encrypted["pem"]).into());
    let key = read_private(&pem, Some(b"pass phrase")).unwrap();
    assert_eq!(key.pkcs8().unwrap(), bytes(&encrypted["pkcs8"]));
}

#[test]
fn what_keys_for_diffie_hellman_cannot_do_is_refused() {
    let [small, large, ..] = all("groups") else {
        unreachable!("there are two")
    };
    let private = Key::from_pkcs8(&bytes(&small["pkcs8"])).unwrap();
    let public = Key::from_spki(&bytes(&small["spki"])).unwrap();
    let elsewhere = Key::from_spki(&bytes(&large["spki"])).unwrap();
    assert_eq!(
        code(agree(&private, &elsewhere)),
        "ERR_OSSL_MISMATCHING_DOMAIN_PARAMETERS"
    );
    let (message, signing) = (Message::Digest(vec![0; 32]), Signing::default());
    let unable = "ERR_OSSL_EVP_OPERATION_NOT_SUPPORTED_FOR_THIS_KEYTYPE";
    assert_eq!(code(sign(&private, &message, &signing)), unable);
    assert_eq!(code(verify(&public, &message, &[], &signing)), unable);
    // An even prime is none.
    let even = with_other_prime(&bytes(&small["pkcs8"]), 0xfe);
    assert_eq!(
        code(read_private(&Source::Pkcs8(even), None)),
        "ERR_OSSL_UNSUPPORTED"
    );
    // 23, and 2 to the power of 5.
    let tiny =
        hex::decode("301d020100301306092a864886f70d01030130060201170201020403020105").unwrap();
    assert_eq!(
        code(read_private(&Source::Pkcs8(tiny), None)),
        "ERR_OSSL_UNSUPPORTED"
    );
}

#[test]
fn a_power_in_a_long_group_is_reckoned_before_it_is_calculated() {
    let with_prime_of = |bytes: usize| {
        let number = der::unsigned(&vec![0x7f; bytes]);
        let parameters = der::sequence(&[&number, &der::unsigned(&[2])]);
        let oid = hex::decode("06092a864886f70d010301").unwrap();
        let algorithm = der::sequence(&[&oid, &parameters]);
        der::sequence(&[&[2, 1, 0], &algorithm, &der::octets(&number)])
    };
    let millis = |nanos: u64| nanos / 1_000_000;
    assert!(millis(cost::of_private_key(&with_prime_of(128))) < 3);
    assert!(millis(cost::of_private_key(&with_prime_of(1250))) > 50);
    let long = Source::Pkcs8(with_prime_of(1250));
    assert!(millis(long.nanos().unwrap()) > 50);
    // Encrypted, nobody sees what it is.
    let hidden = vec![0; with_prime_of(1250).len()];
    let algorithm =
        hex::decode("301a06092a864886f70d010503300d04080102030405060708020101").unwrap();
    let encrypted = der::sequence(&[&algorithm, &der::octets(&hidden)]);
    assert!(millis(Source::Pkcs8(encrypted.clone()).nanos().unwrap()) > 50);
    let text = pem::written("ENCRYPTED PRIVATE KEY", None, &encrypted);
    assert!(millis(Source::Pem(text).nanos().unwrap()) > 50);
    let text = pem::written("PRIVATE KEY", Some("AES-128-CBC,00"), &hidden);
    assert!(millis(Source::Pem(text).nanos().unwrap()) > 50);
}
