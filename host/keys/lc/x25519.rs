//! Ed25519 and X25519.

use super::{Refused, good};
use aws_lc_sys as lc;

/// The public key of a private one.
pub(crate) fn ed25519_public(private: &[u8; 32]) -> [u8; 32] {
    let (mut public, mut both) = ([0; 32], [0; 64]);
    // SAFETY: the arrays have the lengths that are read and written.
    unsafe {
        lc::ED25519_keypair_from_seed(public.as_mut_ptr(), both.as_mut_ptr(), private.as_ptr())
    };
    public
}

pub(crate) fn ed25519_sign(
    private: &[u8; 32],
    public: &[u8; 32],
    message: &[u8],
) -> Result<Vec<u8>, Refused> {
    let mut both = [0; 64];
    both[..32].copy_from_slice(private);
    both[32..].copy_from_slice(public);
    let mut signature = vec![0; 64];
    // SAFETY: the arrays have the lengths that are read and written.
    good(unsafe {
        lc::ED25519_sign(
            signature.as_mut_ptr(),
            message.as_ptr(),
            message.len(),
            both.as_ptr(),
        )
    })?;
    Ok(signature)
}

pub(crate) fn ed25519_verify(public: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    if signature.len() != 64 {
        return false;
    }
    // SAFETY: the arrays have the lengths that are read.
    good(unsafe {
        lc::ED25519_verify(
            message.as_ptr(),
            message.len(),
            signature.as_ptr(),
            public.as_ptr(),
        )
    })
    .is_ok()
}

/// The public key of a private one.
pub(crate) fn x25519_public(private: &[u8; 32]) -> [u8; 32] {
    let mut public = [0; 32];
    // SAFETY: the arrays have the lengths that are read and written.
    unsafe { lc::X25519_public_from_private(public.as_mut_ptr(), private.as_ptr()) };
    public
}

/// The secret of two keys; none where it would be zero.
pub(crate) fn x25519(private: &[u8; 32], public: &[u8; 32]) -> Result<Vec<u8>, Refused> {
    let mut secret = vec![0; 32];
    // SAFETY: the arrays have the lengths that are read and written.
    good(unsafe { lc::X25519(secret.as_mut_ptr(), private.as_ptr(), public.as_ptr()) })?;
    Ok(secret)
}
