//! Certificates: what they say, and how they are compared.

mod names;

pub(crate) use super::lc::Matching;

use super::error::{Error, NO_START_LINE, WRONG_TAG};
use super::key::Key;
use super::lc::{self, Name, Time};
use super::{der, pem};
use std::net::IpAddr;

/// The longest certificate.
pub(crate) const MOST: usize = 256 << 10;

const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const INFO_ACCESS: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01];

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) der: Vec<u8>,
    pub(crate) subject: Vec<(String, String)>,
    pub(crate) issuer: Vec<(String, String)>,
    pub(crate) subject_text: String,
    pub(crate) issuer_text: String,
    pub(crate) subject_alt_name: Option<String>,
    pub(crate) info_access: Option<String>,
    pub(crate) valid_from: String,
    pub(crate) valid_to: String,
    pub(crate) valid_from_seconds: i64,
    pub(crate) valid_to_seconds: i64,
    pub(crate) serial_number: String,
    pub(crate) is_authority: bool,
    pub(crate) extended_key_usage: Option<Vec<String>>,
    pub(crate) signature_algorithm: String,
    pub(crate) signature_algorithm_oid: String,
    /// SPKI as it stands there.
    pub(crate) spki: Vec<u8>,
}

/// What is read of the certificate here, and not by the library.
struct Parts<'a> {
    spki: Vec<u8>,
    extensions: Option<der::Reader<'a>>,
}

fn parts(certificate: &[u8]) -> Option<Parts<'_>> {
    let mut whole = der::Reader::of_sequence(certificate)?;
    let mut signed = whole.sequence()?;
    // The version, which is not there when it is the first.
    signed.take(0xa0);
    signed.take(der::INTEGER)?;
    // How it is signed, issuer, validity, subject.
    for _ in 0..4 {
        signed.sequence()?;
    }
    let spki = der::value(der::SEQUENCE, &[signed.take(der::SEQUENCE)?]);
    signed.take(0x81);
    signed.take(0x82);
    let extensions = signed
        .take(0xa3)
        .and_then(|all| der::Reader::new(all).sequence());
    Some(Parts { spki, extensions })
}

impl<'a> Parts<'a> {
    fn extension(&self, oid: &[u8]) -> Option<&'a [u8]> {
        let mut all = self.extensions?;
        while let Some(mut one) = all.sequence() {
            let is_it = one.take(der::OID)? == oid;
            // Whether it is critical.
            one.take(0x01);
            let contents = one.take(der::OCTET_STRING)?;
            if is_it {
                return Some(contents);
            }
        }
        None
    }
}

/// The public key of a certificate in DER.
pub(super) fn public_key(certificate: &[u8]) -> Result<Key, Error> {
    let parts = parts(certificate).ok_or(WRONG_TAG)?;
    Key::from_spki(&parts.spki)
}

fn open(der: &[u8]) -> Result<lc::Certificate, Error> {
    if der.len() > MOST {
        return Err(Error::TooMuch);
    }
    lc::Certificate::new(der).map_err(|_| Error::OpenSsl(WRONG_TAG))
}

/// Reads the first certificate of PEM, or DER.
pub(crate) fn read(data: &[u8]) -> Result<Contents, Error> {
    if data.len() > MOST {
        return Err(Error::TooMuch);
    }
    let is_labelled = |label: &str| {
        matches!(
            label,
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE"
        )
    };
    let der = match pem::blocks(data).find(|block| is_labelled(block.label)) {
        Some(block) => block.contents,
        None => data.to_vec(),
    };
    let certificate = open(&der).map_err(|error| match der.len() == data.len() {
        true => Error::OpenSsl(NO_START_LINE),
        false => error,
    })?;
    let contents = || {
        let parts = parts(&der)?;
        let alternatives = parts.extension(SUBJECT_ALT_NAME);
        let access = parts.extension(INFO_ACCESS);
        let usage = parts.extension(EXTENDED_KEY_USAGE);
        let (signature_algorithm, signature_algorithm_oid) = certificate.signature_algorithm();
        Some(Contents {
            subject: certificate.attributes(Name::Subject),
            issuer: certificate.attributes(Name::Issuer),
            subject_text: certificate.name_text(Name::Subject).ok()?,
            issuer_text: certificate.name_text(Name::Issuer).ok()?,
            subject_alt_name: alternatives.and_then(names::alternatives),
            info_access: access.and_then(names::access),
            valid_from: certificate.time_text(Time::NotBefore).ok()?,
            valid_to: certificate.time_text(Time::NotAfter).ok()?,
            valid_from_seconds: certificate.seconds(Time::NotBefore).ok()?,
            valid_to_seconds: certificate.seconds(Time::NotAfter).ok()?,
            serial_number: serial(&certificate.serial().ok()?),
            is_authority: certificate.is_authority(),
            extended_key_usage: usage.and_then(identifiers),
            signature_algorithm,
            signature_algorithm_oid,
            spki: parts.spki,
            der: der.clone(),
        })
    };
    contents().ok_or(Error::OpenSsl(WRONG_TAG))
}

fn serial(bytes: &[u8]) -> String {
    match bytes.is_empty() {
        true => "0".to_owned(),
        false => hex::encode_upper(bytes),
    }
}

fn identifiers(extension: &[u8]) -> Option<Vec<String>> {
    let mut all = der::Reader::of_sequence(extension)?;
    let mut found = Vec::new();
    while !all.is_empty() {
        found.push(der::dotted(all.take(der::OID)?)?);
    }
    Some(found)
}

/// Whether a certificate is signed with this key, in SPKI.
pub(crate) fn verify(certificate: &[u8], spki: &[u8]) -> Result<bool, Error> {
    // A key that is too long to work with is refused here.
    super::public(spki)?;
    let certificate = open(certificate)?;
    certificate.is_signed_with(spki).map_err(super::failed)
}

/// Whether a certificate says that the other one's owner made it.
pub(crate) fn is_issued_by(certificate: &[u8], issuer: &[u8]) -> Result<bool, Error> {
    Ok(open(certificate)?.is_issued_by(&open(issuer)?))
}

/// What is compared with names: not empty, of a sane length, and without zeros.
fn asked(name: &str) -> Result<&str, Error> {
    match name.is_empty() || name.len() > 1024 || name.contains('\0') {
        true => Err(Error::parameters(
            "the name is empty, longer than 1,024 bytes, or has a zero",
        )),
        false => Ok(name),
    }
}

/// The name in a certificate that a host's is.
pub(crate) fn match_host(
    certificate: &[u8],
    host: &str,
    matching: Matching,
) -> Result<Option<String>, Error> {
    Ok(open(certificate)?.match_host(asked(host)?, matching))
}

/// Whether an address of mail is in a certificate.
pub(crate) fn match_email(
    certificate: &[u8],
    address: &str,
    matching: Matching,
) -> Result<bool, Error> {
    Ok(open(certificate)?.match_email(asked(address)?, matching))
}

/// Whether an IP address is in a certificate.
pub(crate) fn match_ip(certificate: &[u8], address: &str) -> Result<bool, Error> {
    let address = address
        .parse()
        .map_err(|_| Error::parameters("the address is none of IP"))?;
    let certificate = open(certificate)?;
    Ok(match address {
        IpAddr::V4(address) => certificate.match_ip(&address.octets()),
        IpAddr::V6(address) => certificate.match_ip(&address.octets()),
    })
}
