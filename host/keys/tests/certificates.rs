//! Certificates that OpenSSL made, as Node reads them: `certificates.mjs` writes `certificates.json`.

use crate::keys::certificates::{
    Matching, is_issued_by, match_email, match_host, match_ip, read, verify,
};
use crate::keys::lc::find_digest;
use crate::keys::{Error, Source, read_public};
use serde_json::{Value, json};

const FILES: [(&str, &[u8]); 2] = [
    ("names.crt", include_bytes!("names.crt")),
    ("plain.crt", include_bytes!("plain.crt")),
];

const MATCHING: Matching = Matching {
    subject: None,
    wildcards: true,
    partial_wildcards: true,
    multi_label_wildcards: false,
    single_label_subdomains: false,
};

#[test]
fn what_certificates_say_is_what_node_says_of_them() {
    let node: Vec<Value> = serde_json::from_str(include_str!("certificates.json")).unwrap();
    for ((file, text), node) in FILES.into_iter().zip(&node) {
        let contents = read(text).unwrap();
        let der = &contents.der;
        let hosts = [
            "example.com",
            "www.example.org",
            "example.net",
            "plain",
            "agent1",
        ];
        let digest = find_digest("sha256").unwrap().of(der);
        let pairs: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        let matched = hosts.map(|host| match_host(der, host, MATCHING).unwrap());
        let mail = ["a@example.com", "ry@tinyclouds.org"];
        let mail = mail.map(|address| match_email(der, address, MATCHING).unwrap());
        let ip = ["127.0.0.1", "::1", "8.8.8.8"].map(|address| match_ip(der, address).unwrap());
        let ours = json!({
            "file": file,
            "subject": contents.subject_text,
            "issuer": contents.issuer_text,
            "san": contents.subject_alt_name,
            "info": contents.info_access,
            "from": contents.valid_from,
            "to": contents.valid_to,
            "from_seconds": contents.valid_from_seconds,
            "serial": contents.serial_number,
            "ca": contents.is_authority,
            "usage": contents.extended_key_usage,
            "spki": hex::encode(&contents.spki),
            "fingerprint": pairs.join(":"),
            "self": verify(der, &contents.spki).unwrap(),
            "issued": is_issued_by(der, der).unwrap(),
            "hosts": matched,
            "email": mail,
            "ip": ip,
        });
        assert_eq!(&ours, node);
        assert_eq!(read(der), Ok(contents.clone()));
        let public = read_public(&Source::Pem(text.to_vec()), None).unwrap();
        assert_eq!(public.spki().as_ref(), Ok(&contents.spki));
    }
    let [names, plain] = FILES.map(|(_, text)| read(text).unwrap());
    assert_eq!(names.subject[0], ("C".to_owned(), "DE".to_owned()));
    assert_eq!(names.signature_algorithm, "ecdsa-with-SHA256");
    assert_eq!(names.signature_algorithm_oid, "1.2.840.10045.4.3.2");
    assert!(!verify(&names.der, &plain.spki).unwrap());
    assert!(!is_issued_by(&names.der, &plain.der).unwrap());
}

#[test]
fn what_is_no_certificate_is_told_as_node_tells_it() {
    let code = |data: &[u8]| match read(data) {
        Err(Error::OpenSsl(error)) => error.code(),
        other => format!("{other:?}"),
    };
    assert_eq!(code(b"foo"), "ERR_OSSL_PEM_NO_START_LINE");
    assert_eq!(code(&[0x30, 1, 2]), "ERR_OSSL_PEM_NO_START_LINE");
    let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
    assert_eq!(code(broken), "ERR_OSSL_ASN1_WRONG_TAG");
    let contents = read(FILES[0].1).unwrap();
    for host in ["", "a\0b"] {
        assert!(match_host(&contents.der, host, MATCHING).is_err());
    }
    assert!(match_ip(&contents.der, "nope").is_err());
    for end in (0..contents.der.len()).step_by(7) {
        assert!(read(&contents.der[..end]).is_err());
    }
}
