//! `roost:bot/certificates`: X.509, read and compared.
//!
//! A call takes no more than a certificate of 256 KiB: it lasts a millisecond or two.

use super::bindings::roost::bot::certificates::{self, Attribute, Certificate, Error, Matching};
use super::public_keys::{described, told};
use crate::keys::certificates as read;
use crate::sandbox::RunState;

fn attributes(parts: Vec<(String, String)>) -> Vec<Attribute> {
    let attribute = |(name, value)| Attribute { name, value };
    parts.into_iter().map(attribute).collect()
}

fn certificate(contents: read::Contents) -> Certificate {
    Certificate {
        der: contents.der,
        subject: attributes(contents.subject),
        issuer: attributes(contents.issuer),
        subject_text: contents.subject_text,
        issuer_text: contents.issuer_text,
        subject_alt_name: contents.subject_alt_name,
        info_access: contents.info_access,
        valid_from: contents.valid_from,
        valid_to: contents.valid_to,
        valid_from_seconds: contents.valid_from_seconds,
        valid_to_seconds: contents.valid_to_seconds,
        serial_number: contents.serial_number,
        ca: contents.is_authority,
        extended_key_usage: contents.extended_key_usage,
        signature_algorithm: contents.signature_algorithm,
        signature_algorithm_oid: contents.signature_algorithm_oid,
        public_key: described(contents.spki),
    }
}

fn matching(matching: Matching) -> read::Matching {
    read::Matching {
        subject: matching.subject,
        wildcards: matching.wildcards,
        partial_wildcards: matching.partial_wildcards,
        multi_label_wildcards: matching.multi_label_wildcards,
        single_label_subdomains: matching.single_label_subdomains,
    }
}

impl certificates::Host for RunState {
    fn read(&mut self, data: Vec<u8>) -> Result<Certificate, Error> {
        read::read(&data).map(certificate).map_err(told)
    }

    fn verify(&mut self, certificate: Vec<u8>, public_key: Vec<u8>) -> Result<bool, Error> {
        read::verify(&certificate, &public_key).map_err(told)
    }

    fn is_issued_by(&mut self, certificate: Vec<u8>, issuer: Vec<u8>) -> Result<bool, Error> {
        read::is_issued_by(&certificate, &issuer).map_err(told)
    }

    fn match_host(
        &mut self,
        certificate: Vec<u8>,
        host: String,
        how: Matching,
    ) -> Result<Option<String>, Error> {
        read::match_host(&certificate, &host, matching(how)).map_err(told)
    }

    fn match_email(
        &mut self,
        certificate: Vec<u8>,
        address: String,
        how: Matching,
    ) -> Result<bool, Error> {
        read::match_email(&certificate, &address, matching(how)).map_err(told)
    }

    fn match_ip(&mut self, certificate: Vec<u8>, address: String) -> Result<bool, Error> {
        read::match_ip(&certificate, &address).map_err(told)
    }
}
