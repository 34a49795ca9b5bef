//! Passwords that nobody stores, and the verifiers that servers hold of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::address::{MasterKey, TenantAuth};

/// The password has 256 bits, so stretching adds nothing; with 4096 iterations `CREATE ROLE` takes
/// 14 ms instead of one, because the server tries the empty password.
const ITERATIONS: u32 = 1;

impl TenantAuth {
    /// The password of `role`, or `None` where none is needed.
    pub(super) fn password(&self, role: &str) -> Option<String> {
        match self {
            Self::Peer => None,
            Self::Scram { master_key, epoch } => Some(password(master_key, role, *epoch)),
        }
    }

    /// What the server stores of that password. Safe in SQL between single quotes.
    pub(super) fn verifier(&self, role: &str) -> Option<String> {
        match self {
            Self::Peer => None,
            Self::Scram { master_key, epoch } => Some(verifier(master_key, role, *epoch)),
        }
    }
}

fn password(master_key: &MasterKey, role: &str, epoch: u32) -> String {
    let epoch = epoch.to_be_bytes();
    let mac = hmac(
        master_key.bytes(),
        &[b"password", b"\0", role.as_bytes(), b"\0", &epoch],
    );
    hex::encode(mac)
}

/// RFC 5802 with one iteration. The salt is derived too: the same input gives the same verifier.
fn verifier(master_key: &MasterKey, role: &str, epoch: u32) -> String {
    let epoch_bytes = epoch.to_be_bytes();
    let salt = hmac(
        master_key.bytes(),
        &[b"salt", b"\0", role.as_bytes(), b"\0", &epoch_bytes],
    );
    let salt = &salt[..16];
    let password = password(master_key, role, epoch);
    let salted = hmac(password.as_bytes(), &[salt, &1_u32.to_be_bytes()]);
    let client_key = hmac(&salted, &[b"Client Key"]);
    let stored_key = Sha256::digest(client_key);
    let server_key = hmac(&salted, &[b"Server Key"]);
    format!(
        "SCRAM-SHA-256${ITERATIONS}:{}${}:{}",
        STANDARD.encode(salt),
        STANDARD.encode(stored_key),
        STANDARD.encode(server_key)
    )
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
