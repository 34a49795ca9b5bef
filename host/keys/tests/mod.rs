//! What Node made, read and compared: `vectors.mjs` writes `vectors.json`.

mod certificates;
mod parameters;

use super::lc::{Deadline, Number};
use super::*;
use crate::keys::error::Error;
use serde_json::Value;
use std::cell::Cell;
use std::sync::LazyLock;
use std::time::Duration;

/// There is as much time as a search takes.
const ENOUGH: More<'static> = &|_| true;

static VECTORS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("vectors.json")).unwrap());

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn all(name: &str) -> &'static [Value] {
    VECTORS[name].as_array().unwrap()
}

fn named(name: &str) -> &'static Value {
    all("keys").iter().find(|key| key["name"] == name).unwrap()
}

fn private_key(name: &str) -> Key {
    Key::from_pkcs8(&bytes(&named(name)["pkcs8"])).unwrap()
}

fn public_key(name: &str) -> Key {
    Key::from_spki(&bytes(&named(name)["spki"])).unwrap()
}

fn source(form: &Value) -> Source {
    let bytes = bytes(&form["bytes"]);
    match (text(&form["format"]), text(&form["type"])) {
        ("pem", _) => Source::Pem(bytes),
        (_, "pkcs1") => Source::Pkcs1(bytes),
        (_, "sec1") => Source::Sec1(bytes),
        _ => Source::Pkcs8(bytes),
    }
}

fn code<T>(result: Result<T, Error>) -> String {
    match result.err().expect("it is refused") {
        Error::OpenSsl(error) => error.code(),
        other => format!("{other:?}"),
    }
}

#[test]
fn every_form_of_every_key_is_read() {
    let pass = text(&VECTORS["pass"]).as_bytes();
    for key in all("keys") {
        let (pkcs8, spki) = (bytes(&key["pkcs8"]), bytes(&key["spki"]));
        for form in key["forms"].as_array().unwrap() {
            let source = source(form);
            let about = format!("{} {} {}", key["name"], form["type"], form["format"]);
            let read = read_private(&source, Some(pass)).expect(&about);
            assert_eq!(read.pkcs8().unwrap(), pkcs8, "{about}");
            assert_eq!(read.spki().unwrap(), spki, "{about}");
            let public = read_public(&source, Some(pass));
            if form["format"] == "pem" {
                assert_eq!(public.unwrap().spki().unwrap(), spki, "{about}");
            }
            if form["encrypted"] == true {
                assert_eq!(
                    read_private(&source, None).err(),
                    Some(Error::MissingPassphrase)
                );
                let wrong = code(read_private(&source, Some(b"another")));
                // Padding may be good by luck; what comes of it is no key.
                assert!(
                    wrong == "ERR_OSSL_BAD_DECRYPT"
                        || wrong == "ERR_OSSL_UNSUPPORTED"
                        || wrong == "ERR_OSSL_ASN1_WRONG_TAG",
                    "{wrong}"
                );
            }
        }
        let sources = [
            Some(Source::Pem(text(&key["public_pem"]).into())),
            Some(Source::Spki(spki.clone())),
            key["public_pkcs1"]
                .is_string()
                .then(|| Source::Pkcs1(bytes(&key["public_pkcs1"]))),
        ];
        for source in sources.iter().flatten() {
            assert_eq!(read_public(source, None).unwrap().spki().unwrap(), spki);
        }
    }
}

#[test]
fn keys_are_written_as_node_writes_them() {
    let pass = text(&VECTORS["pass"]).as_bytes();
    for key in all("keys") {
        let private = Key::from_pkcs8(&bytes(&key["pkcs8"])).unwrap();
        let public = Key::from_spki(&bytes(&key["spki"])).unwrap();
        assert_eq!(
            export_public(&public, Encoding::Usual, true).unwrap(),
            text(&key["public_pem"]).as_bytes()
        );
        for form in key["forms"].as_array().unwrap() {
            let encoding = match text(&form["type"]) {
                "pkcs1" => Encoding::Pkcs1,
                "sec1" => Encoding::Sec1,
                _ => Encoding::Usual,
            };
            let as_text = form["format"] == "pem";
            if form["encrypted"] == false {
                let written = export_private(&private, encoding, as_text, None).unwrap();
                assert_eq!(
                    written,
                    bytes(&form["bytes"]),
                    "{} {encoding:?}",
                    key["name"]
                );
                continue;
            }
            for cipher in ciphers()
                .into_iter()
                .chain(["AES-256-CBC".to_owned(), "aes128".to_owned()])
            {
                // Without an IV there is no salt for PEM's older way.
                let is_older = as_text && !matches!(encoding, Encoding::Usual);
                if is_older && cipher.ends_with("ecb") {
                    continue;
                }
                let encryption = Encryption {
                    cipher,
                    passphrase: pass.to_vec(),
                };
                let written =
                    export_private(&private, encoding, as_text, Some(&encryption)).unwrap();
                let source = match as_text {
                    true => Source::Pem(written),
                    false => Source::Pkcs8(written),
                };
                assert!(source.nanos().unwrap() > 0);
                let again = read_private(&source, Some(pass)).unwrap();
                assert_eq!(again.pkcs8(), private.pkcs8());
            }
        }
    }
}

#[test]
fn a_key_that_node_encrypted_without_an_iv_is_read() {
    let node = "308193304f06092a864886f70d01050d3042303106092a864886f70d01050c30240410086d68750408e29461e670d0d055bc41020208\
                00300c06082a864886f70d02090500300d060960864801650304010104000440186c0f0814bea02d85acf1228941d92aa10be7700c5\
                30a93cf2e76d3f83394bca10be7700c530a93cf2e76d3f83394bc5d89dc5625b11de25c61b423d23e3714";
    let read = |passphrase: &[u8]| {
        let source = Source::Pkcs8(hex::decode(node).unwrap());
        read_private(&source, Some(passphrase))
    };
    assert!(
        read(b"abcdef")
            .unwrap()
            .pkcs8()
            .unwrap()
            .ends_with(&[7; 32])
    );
    assert_eq!(code(read(b"abcdeg")), "ERR_OSSL_BAD_DECRYPT");
    let encryption = Encryption {
        cipher: "aes-128-ecb".to_owned(),
        passphrase: b"abcdef".to_vec(),
    };
    let key = private_key("prime256v1");
    let older = export_private(&key, Encoding::Sec1, true, Some(&encryption));
    assert_eq!(older.err(), Some(Error::UnknownCipher));
}

#[test]
fn details_are_those_of_node() {
    for key in all("keys") {
        let details = public_key(text(&key["name"])).details();
        let node = &key["details"];
        assert_eq!(details.kind, text(&key["kind"]));
        assert_eq!(
            details.modulus_length.map(u64::from),
            node["modulusLength"].as_u64()
        );
        assert_eq!(
            details.divisor_length.map(u64::from),
            node["divisorLength"].as_u64()
        );
        assert_eq!(details.named_curve, node["namedCurve"].as_str());
        let exponent = details.public_exponent.map(|bytes| {
            bytes
                .iter()
                .fold(0, |all, byte| all << 8 | u64::from(*byte))
        });
        assert_eq!(exponent, node["publicExponent"].as_u64());
        assert_eq!(details.pss.map(|pss| pss.0), node["hashAlgorithm"].as_str());
        assert_eq!(
            details.pss.map(|pss| pss.1),
            node["mgf1HashAlgorithm"].as_str()
        );
        assert_eq!(
            details.pss.map(|pss| u64::from(pss.2)),
            node["saltLength"].as_u64()
        );
    }
}

#[test]
fn parts_are_those_of_jwk() {
    for key in all("keys") {
        let private = private_key(text(&key["name"]));
        let jwk = &key["jwk"];
        let parts = match Components::of(&private) {
            Ok(parts) => parts,
            Err(error) => {
                assert!(matches!(error, Error::Unsupported(_)) && jwk.is_null());
                continue;
            }
        };
        assert_eq!(parts.key().unwrap().pkcs8(), private.pkcs8());
        if jwk.is_null() {
            continue;
        }
        match parts {
            Components::Rsa(rsa) => {
                assert_eq!((rsa.n, rsa.e), (bytes(&jwk["n"]), bytes(&jwk["e"])));
                let names = ["d", "p", "q", "dp", "dq", "qi"];
                assert_eq!(rsa.private.unwrap(), names.map(|name| bytes(&jwk[name])));
            }
            Components::Ec(ec) => {
                assert_eq!((ec.x, ec.y), (bytes(&jwk["x"]), bytes(&jwk["y"])));
                assert_eq!(ec.d.unwrap(), bytes(&jwk["d"]));
            }
            Components::Raw(raw) => {
                assert_eq!(raw.x, bytes(&jwk["x"]));
                assert_eq!(raw.d.unwrap(), bytes(&jwk["d"]));
            }
        }
    }
    let wrong = Components::Ec(EcComponents {
        curve: "prime256v1".to_owned(),
        x: vec![1; 32],
        y: vec![1; 32],
        d: None,
    });
    assert_eq!(code(wrong.key()), "ERR_OSSL_UNSUPPORTED");
}

fn signing_of(vector: &Value) -> Signing {
    Signing {
        digest: vector["digest"].as_str().map(str::to_owned),
        padding: vector["padding"].as_str().map(|padding| match padding {
            "pss" => SignaturePadding::Pss,
            _ => SignaturePadding::Pkcs1,
        }),
        salt: vector["salt"].as_i64().map(|salt| match salt {
            -1 => Salt::Digest,
            -2 => Salt::Auto,
            bytes => Salt::Bytes(bytes as u32),
        }),
        mask: None,
        is_p1363: vector["p1363"] == true,
    }
}

#[test]
fn signatures_of_node_are_good_and_those_of_others_are_not() {
    let data = Message::Data(bytes(&VECTORS["data"]));
    for vector in all("signatures") {
        let name = text(&vector["key"]);
        let (private, public) = (private_key(name), public_key(name));
        let (signing, signature) = (signing_of(vector), bytes(&vector["signature"]));
        let is_good = |message: &Message, signature: &[u8]| {
            verify(&public, message, signature, &signing).unwrap()
        };
        assert!(is_good(&data, &signature), "{vector}");
        let other = Message::Data(b"other".to_vec());
        assert!(!is_good(&other, &signature), "{vector}");
        assert!(!is_good(&data, &signature[1..]), "{vector}");
        assert!(!is_good(&data, &[]), "{vector}");

        let ours = sign(&private, &data, &signing).unwrap();
        assert!(is_good(&data, &ours), "{vector}");
        let is_the_same = signing.padding == Some(SignaturePadding::Pkcs1)
            || signing.salt == Some(Salt::Bytes(0))
            || name == "ed25519"
            || name == "ed448";
        assert!(!is_the_same || ours == signature, "{vector}");
        if let Some(digest) = &signing.digest {
            let digested = Message::Digest(super::digest(digest).unwrap().of(data.bytes()));
            assert!(is_good(&digested, &signature), "{vector}");
            assert!(is_good(
                &data,
                &sign(&private, &digested, &signing).unwrap()
            ));
        }
    }
}

#[test]
fn what_does_not_fit_a_key_is_told_as_node_tells_it() {
    let data = Message::Data(b"data".to_vec());
    let of = |key: &str, signing: Signing| code(sign(&private_key(key), &data, &signing));
    let named = |digest: &str| Signing {
        digest: Some(digest.to_owned()),
        ..Signing::default()
    };
    let pss = |salt| Signing {
        padding: Some(SignaturePadding::Pss),
        salt: Some(salt),
        ..named("sha256")
    };
    assert_eq!(
        of("x25519", Signing::default()),
        "ERR_OSSL_EVP_OPERATION_NOT_SUPPORTED_FOR_THIS_KEYTYPE"
    );
    assert_eq!(
        of("x448", Signing::default()),
        "ERR_OSSL_EVP_OPERATION_NOT_SUPPORTED_FOR_THIS_KEYTYPE"
    );
    assert_eq!(of("ed25519", named("sha256")), "ERR_OSSL_INVALID_DIGEST");
    assert_eq!(of("ed448", named("sha256")), "ERR_OSSL_INVALID_DIGEST");
    assert_eq!(
        of("pss-bound", named("sha1")),
        "ERR_OSSL_DIGEST_NOT_ALLOWED"
    );
    assert_eq!(
        of("pss-bound", pss(Salt::Bytes(19))),
        "ERR_OSSL_PSS_SALTLEN_TOO_SMALL"
    );
    assert_eq!(
        of("rsa", pss(Salt::Bytes(95))),
        "ERR_OSSL_RSA_DATA_TOO_LARGE_FOR_KEY_SIZE"
    );
    let pkcs1 = Signing {
        padding: Some(SignaturePadding::Pkcs1),
        ..named("sha256")
    };
    assert_eq!(
        of("pss", pkcs1),
        "ERR_OSSL_ILLEGAL_OR_UNSUPPORTED_PADDING_MODE"
    );
    let none = Signing {
        padding: Some(SignaturePadding::None),
        ..named("sha256")
    };
    assert_eq!(of("rsa", none), "ERR_OSSL_INVALID_PADDING_MODE");
    assert_eq!(of("rsa", named("nope")), "UnknownDigest");
    assert!(sign(&public_key("rsa"), &data, &named("sha256")).is_err());
    let short = Message::Digest(vec![0; 31]);
    assert_eq!(
        code(sign(&private_key("rsa"), &short, &named("sha256"))),
        "ERR_OSSL_INVALID_DIGEST_LENGTH"
    );
}

#[test]
fn node_decrypts_and_we_do_the_same() {
    for vector in all("encrypted") {
        let padding = match text(&vector["padding"]) {
            "oaep" => EncryptionPadding::Oaep {
                digest: text(&vector["digest"]).to_owned(),
                mask: Some(text(&vector["mask"]).to_owned()),
                label: bytes(&vector["label"]),
            },
            "pkcs1" => EncryptionPadding::Pkcs1,
            _ => EncryptionPadding::None,
        };
        let key = private_key(text(&vector["key"]));
        let ours = decrypt(&key, &bytes(&vector["bytes"]), &padding);
        match vector["error"].is_null() {
            true => assert_eq!(
                hex::encode(ours.unwrap()),
                text(&vector["data"]),
                "{vector}"
            ),
            false => {
                let Err(Error::OpenSsl(error)) = ours else {
                    panic!("{vector} {ours:?}");
                };
                // Of data that is too long OpenSSL has several words.
                assert_eq!(error.code(), text(&vector["error"]["code"]), "{vector}");
                assert_eq!(error.message(), text(&vector["error"]["message"]));
            }
        }
        if let (Some(data), EncryptionPadding::Oaep { .. }) = (vector["data"].as_str(), &padding) {
            let public = public_key(text(&vector["key"]));
            let encrypted = encrypt(&public, &hex::decode(data).unwrap(), &padding).unwrap();
            assert_eq!(
                hex::encode(decrypt(&key, &encrypted, &padding).unwrap()),
                data
            );
        }
    }
}

#[test]
fn what_cannot_be_encrypted_is_refused() {
    let public = public_key("rsa");
    let oaep = |digest: &str| EncryptionPadding::Oaep {
        digest: digest.to_owned(),
        mask: None,
        label: Vec::new(),
    };
    let of = |length, padding| code(encrypt(&public, &vec![255; length], &padding));
    let too_large = "ERR_OSSL_RSA_DATA_TOO_LARGE_FOR_KEY_SIZE";
    assert_eq!(of(87, oaep("sha1")), too_large);
    assert!(encrypt(&public, &[0; 86], &oaep("sha1")).is_ok());
    assert_eq!(of(118, EncryptionPadding::Pkcs1), too_large);
    assert!(encrypt(&public, &[0; 117], &EncryptionPadding::Pkcs1).is_ok());
    assert_eq!(
        of(127, EncryptionPadding::None),
        "ERR_OSSL_RSA_DATA_TOO_SMALL_FOR_KEY_SIZE"
    );
    assert_eq!(
        of(128, EncryptionPadding::None),
        "ERR_OSSL_RSA_DATA_TOO_LARGE_FOR_MODULUS"
    );
    assert_eq!(of(129, EncryptionPadding::None), too_large);
    assert_eq!(of(1, oaep("nope")), "UnknownDigest");
    for (key, wanted) in [
        (
            "prime256v1",
            "ERR_OSSL_EVP_OPERATION_NOT_SUPPORTED_FOR_THIS_KEYTYPE",
        ),
        ("pss", "ERR_OSSL_OPERATION_NOT_SUPPORTED_FOR_THIS_KEYTYPE"),
    ] {
        assert_eq!(
            code(encrypt(&public_key(key), b"", &EncryptionPadding::Pkcs1)),
            wanted
        );
    }
}

#[test]
fn what_is_signed_raw_is_recovered() {
    let (private, public) = (private_key("rsa"), public_key("rsa"));
    let signed = sign_raw(&private, b"hello", true).unwrap();
    assert_eq!(recover(&public, &signed, true).unwrap(), b"hello");
    assert_eq!(recover(&public, &signed, false).unwrap()[..3], [0, 1, 255]);
    assert_eq!(
        code(recover(&public, &[1; 128], true)),
        "ERR_OSSL_RSA_INVALID_PADDING"
    );
    assert_eq!(
        code(recover(&public, &[255; 128], true)),
        "ERR_OSSL_RSA_DATA_TOO_LARGE_FOR_MODULUS"
    );
    assert_eq!(
        code(sign_raw(&private, &[0; 120], true)),
        "ERR_OSSL_RSA_DATA_TOO_LARGE_FOR_KEY_SIZE"
    );
    assert_eq!(
        code(sign_raw(&private, &[0; 120], false)),
        "ERR_OSSL_RSA_DATA_TOO_SMALL_FOR_KEY_SIZE"
    );
}

#[test]
fn secrets_are_those_of_node() {
    for vector in all("agreements") {
        let private = private_key(text(&vector["key"]));
        let other = Key::from_spki(&bytes(&vector["other"])).unwrap();
        assert_eq!(
            agree(&private, &other).unwrap(),
            bytes(&vector["secret"]),
            "{vector}"
        );
    }
    let mismatch = agree(&private_key("prime256v1"), &public_key("secp384r1"));
    assert_eq!(code(mismatch), "ERR_OSSL_MISMATCHING_DOMAIN_PARAMETERS");
    for (kind, size) in [("x25519", 32), ("x448", 56)] {
        let zero = Components::Raw(RawComponents {
            kind: kind.to_owned(),
            x: vec![0; size],
            d: None,
        });
        assert_eq!(
            code(agree(&private_key(kind), &zero.key().unwrap())),
            "ERR_OSSL_FAILED_DURING_DERIVATION"
        );
    }
    let other_curve = agree(&private_key("x25519"), &public_key("x448"));
    assert_eq!(
        code(other_curve),
        "ERR_OSSL_EVP_OPERATION_NOT_SUPPORTED_FOR_THIS_KEYTYPE"
    );
    for vector in all("points") {
        let curve = text(&vector["curve"]);
        let form = |name: &str| bytes(&vector[name]);
        assert_eq!(
            point_of(curve, &form("private")).unwrap(),
            form("uncompressed")
        );
        for from in ["compressed", "uncompressed", "hybrid"] {
            let to = |to| convert_point(curve, &form(from), to).unwrap();
            assert_eq!(to(PointForm::Compressed), form("compressed"));
            assert_eq!(to(PointForm::Uncompressed), form("uncompressed"));
            assert_eq!(to(PointForm::Hybrid), form("hybrid"));
        }
        let same = agree_on_curve(curve, &form("private"), &form("compressed"));
        assert!(same.is_ok());
        for wrong in [&[4; 65][..], &[0], &[], &[2; 40]] {
            assert!(convert_point(curve, wrong, PointForm::Compressed).is_err());
        }
        for wrong in [&[0; 32][..], &[255; 66], &[]] {
            assert!(point_of(curve, wrong).is_err());
        }
    }
}

#[test]
fn groups_are_those_of_node() {
    for vector in all("groups") {
        let group = named_group(text(&vector["name"])).unwrap();
        let digest = super::digest("sha256").unwrap().of(&group.prime);
        assert_eq!(hex::encode(digest), text(&vector["prime"]));
        assert_eq!(
            u64::from(check_group(&group, ENOUGH).unwrap()),
            vector["error"].as_u64().unwrap()
        );
    }
    assert_eq!(named_group("modp3"), None);
    for vector in all("exchanges") {
        let group = named_group(text(&vector["name"])).unwrap();
        let private = bytes(&vector["private"]);
        assert_eq!(
            public_number(&group, &private).unwrap(),
            bytes(&vector["public"])
        );
        assert_eq!(
            agree_in_group(&group, &private, &bytes(&vector["other"])).unwrap(),
            bytes(&vector["secret"])
        );
        let other = private_number(&group).unwrap();
        let public = public_number(&group, &other).unwrap();
        assert_eq!(
            agree_in_group(&group, &other, &bytes(&vector["public"])),
            agree_in_group(&group, &private, &public)
        );
        for wrong in [vec![], vec![0], vec![1], group.prime.clone()] {
            assert!(matches!(
                agree_in_group(&group, &private, &wrong),
                Err(Error::Parameters(_))
            ));
        }
    }
    for vector in all("checks") {
        let group = Group {
            prime: bytes(&vector["prime"]),
            generator: vec![vector["generator"].as_u64().unwrap() as u8],
        };
        assert_eq!(
            u64::from(check_group(&group, ENOUGH).unwrap()),
            vector["error"].as_u64().unwrap(),
            "{vector}"
        );
    }
    for prime in [vec![], vec![0], vec![1], vec![2], vec![4]] {
        let group = Group {
            prime,
            generator: vec![2],
        };
        assert!(check_group(&group, ENOUGH).is_ok());
        assert!(public_number(&group, &[1]).is_err());
        assert!(private_number(&group).is_err());
        assert!(agree_in_group(&group, &[1], &[2]).is_err());
    }
}

#[test]
fn keys_are_made() {
    let rsa = RsaRequest {
        bits: 1024,
        exponent: 65_537,
    };
    let requests = [
        Request::Rsa(rsa),
        Request::RsaPss {
            rsa,
            digest: Some("sha256".to_owned()),
            mask: None,
            salt: None,
        },
        Request::RsaPss {
            rsa,
            digest: None,
            mask: None,
            salt: None,
        },
        Request::Ed25519,
        Request::X25519,
        Request::Dsa {
            bits: 512,
            order_bits: None,
        },
    ];
    let curves = curves().into_iter().map(Request::Ec);
    for request in requests.into_iter().chain(curves) {
        assert!(request.nanos().unwrap() > 0);
        let key = generate(&request, ENOUGH).unwrap();
        let again = Key::from_pkcs8(&key.pkcs8().unwrap()).unwrap();
        assert_eq!(again.details(), key.details(), "{request:?}");
        assert_eq!(again.spki(), key.spki());
    }
    let refused = |bits, exponent| Request::Rsa(RsaRequest { bits, exponent }).nanos();
    assert_eq!(code(refused(256, 3)), "ERR_OSSL_KEY_SIZE_TOO_SMALL");
    assert_eq!(
        code(refused(1024, 2)),
        "ERR_OSSL_RSA_PUB_EXPONENT_OUT_OF_RANGE"
    );
    assert!(refused(1 << 20, 3).is_err());
    assert!(refused(1000, 3).is_err());
    assert_eq!(code(Request::Ec("nope".to_owned()).nanos()), "UnknownCurve");
}

#[test]
fn primes_are_made_and_looked_at() {
    let request = |bits| PrimeRequest {
        bits,
        is_safe: false,
        add: None,
        rem: None,
    };
    for bits in [2, 3, 8, 17, 64, 300] {
        let prime = generate_prime(&request(bits), ENOUGH).unwrap();
        assert!(check_prime(&prime, 0, ENOUGH).unwrap());
        assert!(prime.len() as u32 == bits.div_ceil(8));
    }
    let safe = PrimeRequest {
        is_safe: true,
        ..request(64)
    };
    let prime = u64::from_be_bytes(generate_prime(&safe, ENOUGH).unwrap().try_into().unwrap());
    assert!(check_prime(&(prime / 2).to_be_bytes(), 10, ENOUGH).unwrap());
    let classes = PrimeRequest {
        add: Some(vec![12]),
        rem: Some(vec![11]),
        ..request(32)
    };
    let prime = generate_prime(&classes, ENOUGH).unwrap();
    assert_eq!(u32::from_be_bytes(prime.try_into().unwrap()) % 12, 11);
    // There is none, and nothing is searched.
    let class = |add: &[u8], rem: &[u8]| PrimeRequest {
        add: Some(add.to_vec()),
        rem: Some(rem.to_vec()),
        ..request(32)
    };
    for (add, rem) in [(12, 4), (12, 3), (12, 0)] {
        let refused = generate_prime(&class(&[add], &[rem]), ENOUGH).unwrap_err();
        let Error::Parameters(text) = refused else {
            panic!("{refused:?}");
        };
        assert!(text.contains("common factor"), "{text}");
    }
    // Nor is one of this length, for another reason: the search ends with what was set aside.
    let none = class(&[0xf0, 0, 0, 0], &[1]);
    assert!(matches!(
        generate_prime(&none, ENOUGH),
        Err(Error::Other(_))
    ));
    assert!(none.nanos().unwrap() > 3 * request(32).nanos().unwrap());
    // One that takes longer than was reckoned has what there is, and no more.
    let long = PrimeRequest {
        is_safe: true,
        ..request(4096)
    };
    let reckoned = Duration::from_nanos(long.nanos().unwrap());
    let asked = Cell::new(Duration::ZERO);
    let few = |time: Duration| {
        asked.set(asked.get() + time);
        asked.get() <= Duration::from_millis(20)
    };
    assert!(reckoned > Duration::from_secs(60));
    let deadline = Deadline::after(Duration::ZERO, reckoned, &few);
    while deadline.check().is_ok() {
        std::hint::black_box(Number::random_odd(512).unwrap());
    }
    // Who was refused does not ask again.
    assert!(deadline.check().is_err());
    assert_eq!(asked.get(), Duration::from_millis(25));
    let none = |_: Duration| false;
    let deadline = Deadline::after(Duration::ZERO, reckoned, &none);
    let number = Number::rfc3526(2048).unwrap();
    assert!(number.is_prime(1000, &deadline).is_err());
    let rsa = lc::Rsa::generate(2048, 65_537, &deadline).unwrap();
    assert!(rsa.is_err());
    assert_eq!(
        code(generate_prime(&request(1), ENOUGH)),
        "ERR_OSSL_BN_BITS_TOO_SMALL"
    );
    for (number, is_prime) in [
        (0, false),
        (1, false),
        (2, true),
        (3, true),
        (4, false),
        (97, true),
        (91, false),
    ] {
        assert_eq!(check_prime(&[number], 0, ENOUGH), Ok(is_prime), "{number}");
    }
    assert_eq!(check_prime(&[], 0, ENOUGH), Ok(false));
    assert_eq!(check_prime(&[1; 3000], 0, ENOUGH), Err(Error::TooMuch));
}

#[test]
fn what_is_no_key_is_told_as_node_tells_it() {
    let pem = |label: &str| {
        Source::Pem(format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----").into())
    };
    for label in [
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "EC PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "X",
    ] {
        assert_eq!(
            code(read_private(&pem(label), Some(b""))),
            "ERR_OSSL_UNSUPPORTED",
            "{label}"
        );
    }
    for label in ["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE"] {
        assert_eq!(
            code(read_public(&pem(label), None)),
            "ERR_OSSL_ASN1_WRONG_TAG",
            "{label}"
        );
    }
    for source in [Source::Pem(b"foo".to_vec()), Source::Pem(Vec::new())] {
        assert_eq!(code(read_private(&source, None)), "ERR_OSSL_UNSUPPORTED");
        assert_eq!(code(read_public(&source, None)), "ERR_OSSL_UNSUPPORTED");
    }
    for source in [
        Source::Pkcs8(vec![1, 2, 3]),
        Source::Pkcs1(vec![1, 2, 3]),
        Source::Sec1(vec![1, 2, 3]),
    ] {
        assert_eq!(
            code(read_private(&source, None)),
            "ERR_OSSL_ASN1_NOT_ENOUGH_DATA"
        );
    }
    let public = public_key("rsa").pkcs1_public().unwrap();
    assert_eq!(
        code(read_private(&Source::Pkcs1(public), None)),
        "ERR_OSSL_UNSUPPORTED"
    );
    let long = Source::Pem(vec![b'-'; MOST_KEY + 1]);
    assert_eq!(read_private(&long, None).err(), Some(Error::TooMuch));
    assert_eq!(long.nanos(), Err(Error::TooMuch));
}

#[test]
fn rounds_are_counted_before_they_are_done() {
    let form = named("rsa")["forms"].as_array().unwrap();
    let encrypted = form
        .iter()
        .find(|form| form["encrypted"] == true && form["format"] == "der")
        .unwrap();
    let mut der = bytes(&encrypted["bytes"]);
    // OpenSSL's 2,048.
    let rounds = [0x02, 0x02, 0x08, 0x00];
    let at = der.windows(4).position(|bytes| bytes == rounds).unwrap();
    der[at + 2] = 0x7f;
    der[at + 3] = 0xff;
    let more = Source::Pkcs8(der).nanos().unwrap();
    let fewer = source(encrypted).nanos().unwrap();
    assert!(more > fewer + 30_000 * 300, "{more} {fewer}");
}

#[test]
fn any_bytes_are_no_crash() {
    for key in all("keys") {
        for form in key["forms"].as_array().unwrap().iter().take(6) {
            let bytes = bytes(&form["bytes"]);
            for at in (0..bytes.len()).step_by(97) {
                let mut changed = bytes.clone();
                changed[at] ^= 0x21;
                fuzz::run(&changed);
                fuzz::run(&bytes[..at]);
            }
        }
    }
}

/// The kinds of all private and public keys that the fuzzer begins with.
fn kinds_in_the_corpus() -> [Vec<&'static str>; 2] {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/keys");
    let mut kinds = [Vec::new(), Vec::new()];
    for entry in std::fs::read_dir(folder).unwrap() {
        let input = std::fs::read(entry.unwrap().path()).unwrap();
        for form in [
            Source::Pem as fn(Vec<u8>) -> Source,
            Source::Pkcs8,
            Source::Pkcs1,
            Source::Sec1,
            Source::Spki,
        ] {
            let source = form(input.clone());
            for (kinds, key) in kinds.iter_mut().zip([
                read_private(&source, Some(b"pass")),
                read_public(&source, Some(b"pass")),
            ]) {
                kinds.extend(key.map(|key| key.details().kind));
            }
        }
    }
    kinds
}

#[test]
fn the_fuzzer_begins_with_keys_of_every_kind() {
    let kinds = kinds_in_the_corpus();
    for kind in [
        "rsa", "rsa-pss", "ec", "ed25519", "x25519", "ed448", "x448", "dsa", "dh",
    ] {
        for kinds in &kinds {
            assert!(kinds.contains(&kind), "{kind}");
        }
    }
}
