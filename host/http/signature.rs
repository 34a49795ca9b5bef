//! `X-Hub-Signature-256`: made and checked over the bytes as they are on the wire.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use crate::projects::Secret;

/// The header that carries the signature.
pub(super) const HEADER: &str = "x-hub-signature-256";

/// The value of the header for a body.
pub fn sign(secret: &Secret, body: &[u8]) -> String {
    format!("sha256={}", hex::encode(mac(secret, body)))
}

/// The value of `X-Hub-Signature`, which Meta sends beside it and older bots check.
pub fn sign_as_before(secret: &Secret, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.expose().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(body);
    format!("sha1={}", hex::encode(mac.finalize().into_bytes()))
}

/// Whether the header's value was made with one of the secrets.
///
/// Takes as long for a wrong value as for a right one, whichever secret it was made with.
pub fn is_signed(secrets: &[Secret], header: &str, body: &[u8]) -> bool {
    let mut claimed = [0; 32];
    let is_hex = header
        .strip_prefix("sha256=")
        .is_some_and(|text| hex::decode_to_slice(text, &mut claimed).is_ok());
    let matches = secrets.iter().fold(Choice::from(0), |any, secret| {
        any | mac(secret, body).ct_eq(&claimed)
    });
    is_hex && bool::from(matches)
}

fn mac(secret: &Secret, body: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(body);
    mac.finalize().into_bytes().into()
}
