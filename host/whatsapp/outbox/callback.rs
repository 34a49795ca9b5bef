//! The row's number in `biz_opaque_callback_data`: `r1.<send>.<mac>`.
//!
//! The code keeps whoever else sends with the same number from settling our rows.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

const PREFIX: &str = "r1";

/// 64 bits are plenty: a guess costs a message to Meta.
const MAC_BYTES: usize = 8;

/// The key of the code in callback data.
#[derive(Clone)]
pub struct CallbackKey([u8; 32]);

impl CallbackKey {
    /// Wraps a key, which should be derived from the host's master key for this use alone.
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// What goes to Meta for a row.
    pub(super) fn seal(&self, send_id: i64) -> String {
        format!("{PREFIX}.{send_id}.{}", hex::encode(self.mac(send_id)))
    }

    /// The row that a status names, when the text is of our making.
    pub(super) fn open(&self, text: &str) -> Option<i64> {
        let (send_id, mac) = text
            .strip_prefix(PREFIX)?
            .strip_prefix('.')?
            .split_once('.')?;
        let send_id = send_id.parse().ok()?;
        let mac = hex::decode(mac).ok()?;
        bool::from(mac.ct_eq(&self.mac(send_id))).then_some(send_id)
    }

    fn mac(&self, send_id: i64) -> [u8; MAC_BYTES] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any length of key will do");
        mac.update(b"send ");
        mac.update(&send_id.to_be_bytes());
        let full = mac.finalize().into_bytes();
        std::array::from_fn(|n| full[n])
    }
}

impl fmt::Debug for CallbackKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallbackKey(***)")
    }
}
