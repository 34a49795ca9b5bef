//! 3DES with three keys, a piece at a time.

use super::{Refused, good, owned};
use aws_lc_sys as lc;
use std::ffi::c_int;

owned!(
    /// A cipher at work.
    State,
    EVP_CIPHER_CTX,
    EVP_CIPHER_CTX_free
);

/// What a block has.
pub(crate) const BLOCK: usize = 8;

/// The bytes of the three keys.
pub(crate) const KEY: usize = 24;

/// A cipher that goes on. Its blocks are chained if there is an IV.
pub(crate) struct TripleDes {
    state: State,
    /// How much came.
    length: u64,
}

impl TripleDes {
    pub(crate) fn new(
        key: &[u8; KEY],
        iv: Option<&[u8; BLOCK]>,
        encrypts: bool,
    ) -> Result<Self, Refused> {
        // SAFETY: key and IV have the lengths that are read; without an IV none is.
        unsafe {
            let state = State::own(lc::EVP_CIPHER_CTX_new())?;
            let cipher = match iv {
                Some(_) => lc::EVP_des_ede3_cbc(),
                None => lc::EVP_des_ede3_ecb(),
            };
            good(lc::EVP_CipherInit_ex(
                state.raw(),
                cipher,
                std::ptr::null_mut(),
                key.as_ptr(),
                iv.map_or(std::ptr::null(), |iv| iv.as_ptr()),
                c_int::from(encrypts),
            ))?;
            Ok(Self { state, length: 0 })
        }
    }

    /// Whether the last block is padded.
    pub(crate) fn set_padding(&mut self, pads: bool) {
        // SAFETY: the cipher was begun.
        unsafe { lc::EVP_CIPHER_CTX_set_padding(self.state.raw(), c_int::from(pads)) };
    }

    pub(crate) fn update(&mut self, data: &[u8]) -> Result<Vec<u8>, Refused> {
        let length = c_int::try_from(data.len()).map_err(|_| Refused)?;
        self.length += data.len() as u64;
        let mut output = vec![0; data.len() + BLOCK];
        let mut written = 0;
        // SAFETY: no more is written than was given and a block.
        good(unsafe {
            lc::EVP_CipherUpdate(
                self.state.raw(),
                output.as_mut_ptr(),
                &mut written,
                data.as_ptr(),
                length,
            )
        })?;
        output.truncate(usize::try_from(written).map_err(|_| Refused)?);
        Ok(output)
    }

    /// Whether what came is whole blocks.
    pub(crate) fn is_whole(&self) -> bool {
        self.length.is_multiple_of(BLOCK as u64)
    }

    /// Whether nothing came.
    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The last of the output.
    pub(crate) fn finish(self) -> Result<Vec<u8>, Refused> {
        let mut output = vec![0; BLOCK];
        let mut written = 0;
        // SAFETY: no more than a block is written.
        good(unsafe {
            lc::EVP_CipherFinal_ex(self.state.raw(), output.as_mut_ptr(), &mut written)
        })?;
        output.truncate(usize::try_from(written).map_err(|_| Refused)?);
        Ok(output)
    }
}
