//! AWS-LC's functions, made safe: whatever is given, nothing is read or written beyond it.
//!
//! The only folder with its raw names, and each `unsafe` is a call of one of them. A value of this folder owns
//! what it points to, and only functions that leave it as it is are called through a shared one, so
//! it may be used on several threads at once, as AWS-LC says of keys.

mod aes;
mod curve;
mod dsa;
mod number;
mod rsa;
mod symmetric;
mod triple_des;
mod x25519;
mod x509;

pub(crate) use aes::{Aes, AesGcm, AesMode};
pub(crate) use curve::{CURVES, Curve, Ec, PointForm, curve_of_numbers, find_curve};
pub(crate) use dsa::Dsa;
pub(crate) use number::{Deadline, More, Number, OutOfTime};
pub(crate) use rsa::{Rsa, SaltLength};
pub(crate) use symmetric::{
    DIGESTS, Digest, bytes_to_key, cipher, find_digest, key_length, pbkdf2,
    pkcs8_of_older_encryption,
};
pub(crate) use triple_des::TripleDes;
pub(crate) use x509::{Certificate, Matching, Name, Time, name_line};
pub(crate) use x25519::{ed25519_public, ed25519_sign, ed25519_verify, x25519, x25519_public};

use std::ffi::c_int;

/// The library says no. Why is known from what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused;

/// What a call gave: 1 is good. What it wrote down about the rest is forgotten.
fn good(result: c_int) -> Result<(), Refused> {
    if result == 1 {
        return Ok(());
    }
    // SAFETY: it has no arguments, and belongs to this thread.
    unsafe { aws_lc_sys::ERR_clear_error() };
    Err(Refused)
}

/// Random bytes.
pub(crate) fn random(bytes: &mut [u8]) {
    // SAFETY: pointer and length are those of a slice. It ends the process before it fails.
    unsafe { aws_lc_sys::RAND_bytes(bytes.as_mut_ptr(), bytes.len()) };
}

/// Something of the library's, which is freed with its owner.
macro_rules! owned {
    ($(#[$doc:meta])* $name:ident, $raw:ident, $free:ident) => {
        $(#[$doc])*
        struct $name(std::ptr::NonNull<aws_lc_sys::$raw>);

        impl $name {
            fn own(raw: *mut aws_lc_sys::$raw) -> Result<Self, Refused> {
                match std::ptr::NonNull::new(raw) {
                    Some(raw) => Ok(Self(raw)),
                    None => good(0).map(|()| unreachable!()),
                }
            }

            fn raw(&self) -> *mut aws_lc_sys::$raw {
                self.0.as_ptr()
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                // SAFETY: it is owned, and nobody has it any more.
                unsafe { aws_lc_sys::$free(self.raw()) };
            }
        }

        // SAFETY: see the module.
        unsafe impl Send for $name {}
        // SAFETY: see the module.
        unsafe impl Sync for $name {}
    };
}
use owned;
