//! HMAC-SHA256 as Meta uses it: webhook signatures and `appsecret_proof`.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The value of `X-Hub-Signature-256` for these exact bytes.
pub(crate) fn header_value(app_secret: &str, body: &[u8]) -> String {
    format!("sha256={}", hex_hmac(app_secret, body))
}

/// The MAC of a message in lowercase hexadecimal.
pub(crate) fn hex_hmac(key: &str, message: &[u8]) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(message);
    hex::encode(mac.finalize().into_bytes())
}
