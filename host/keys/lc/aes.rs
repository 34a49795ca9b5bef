//! AES, a piece at a time and in place.

use super::{Refused, good, owned};
use aws_lc_sys as lc;
use std::ffi::c_int;
use std::ptr::{null, null_mut};

/// How blocks hang together, where no tag is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AesMode {
    Cbc,
    Ctr,
    Ecb,
}

/// AES without a tag. It pads nothing.
pub(crate) struct Aes(State);

/// AES in GCM.
pub(crate) struct AesGcm(State);

owned!(
    /// A cipher at work.
    State,
    EVP_CIPHER_CTX,
    EVP_CIPHER_CTX_free
);

/// What gives a cipher that lives for ever.
type Get = unsafe extern "C" fn() -> *const lc::EVP_CIPHER;

impl State {
    /// Begins, with that of the ciphers for keys of 16, 24 and 32 bytes which the key is for.
    fn begin(ciphers: [Get; 3], key: &[u8], iv: &[u8], encrypts: bool) -> Result<Self, Refused> {
        let get = match key.len() {
            16 => ciphers[0],
            24 => ciphers[1],
            32 => ciphers[2],
            _ => return Err(Refused),
        };
        let iv_length = c_int::try_from(iv.len()).map_err(|_| Refused)?;
        let encrypts = c_int::from(encrypts);
        // SAFETY: the key has the cipher's length. So has the IV, or the cipher takes one of its length.
        unsafe {
            let state = Self::own(lc::EVP_CIPHER_CTX_new())?;
            let raw = state.raw();
            good(lc::EVP_CipherInit_ex(
                raw,
                get(),
                null_mut(),
                null(),
                null(),
                encrypts,
            ))?;
            good(lc::EVP_CIPHER_CTX_set_padding(raw, 0))?;
            if lc::EVP_CIPHER_CTX_iv_length(raw) as usize != iv.len() {
                // All but GCM refuse it, and that an IV of no bytes.
                good(lc::EVP_CIPHER_CTX_ctrl(
                    raw,
                    lc::EVP_CTRL_AEAD_SET_IVLEN,
                    iv_length,
                    null_mut(),
                ))?;
            }
            good(lc::EVP_CipherInit_ex(
                raw,
                null(),
                null_mut(),
                key.as_ptr(),
                iv.as_ptr(),
                encrypts,
            ))?;
            Ok(state)
        }
    }

    /// Encrypts or decrypts whole blocks, or with a keystream anything.
    fn update(&mut self, data: &mut [u8]) -> Result<(), Refused> {
        // SAFETY: it has its cipher.
        let block = unsafe { lc::EVP_CIPHER_CTX_block_size(self.raw()) } as usize;
        let length = c_int::try_from(data.len()).map_err(|_| Refused)?;
        if !data.len().is_multiple_of(block) {
            return Err(Refused);
        }
        if data.is_empty() {
            return Ok(());
        }
        let (data, mut written) = (data.as_mut_ptr(), 0);
        // SAFETY: pointer and length are those of a slice. Of whole blocks nothing is kept for later without
        // padding, so as much is written as is read, and to the same place.
        good(unsafe {
            lc::EVP_CipherUpdate(self.raw(), data, &mut written, data.cast_const(), length)
        })
    }
}

impl Aes {
    pub(crate) fn new(
        mode: AesMode,
        key: &[u8],
        iv: &[u8],
        encrypts: bool,
    ) -> Result<Self, Refused> {
        let ciphers: [Get; 3] = match mode {
            AesMode::Cbc => [
                lc::EVP_aes_128_cbc,
                lc::EVP_aes_192_cbc,
                lc::EVP_aes_256_cbc,
            ],
            AesMode::Ctr => [
                lc::EVP_aes_128_ctr,
                lc::EVP_aes_192_ctr,
                lc::EVP_aes_256_ctr,
            ],
            AesMode::Ecb => [
                lc::EVP_aes_128_ecb,
                lc::EVP_aes_192_ecb,
                lc::EVP_aes_256_ecb,
            ],
        };
        State::begin(ciphers, key, iv, encrypts).map(Self)
    }

    /// Goes on: with whole blocks, or in `Ctr` with anything.
    pub(crate) fn update(&mut self, data: &mut [u8]) -> Result<(), Refused> {
        self.0.update(data)
    }
}

impl AesGcm {
    /// Begins, with an IV of any length but none.
    pub(crate) fn new(key: &[u8], iv: &[u8], encrypts: bool) -> Result<Self, Refused> {
        let ciphers: [Get; 3] = [
            lc::EVP_aes_128_gcm,
            lc::EVP_aes_192_gcm,
            lc::EVP_aes_256_gcm,
        ];
        State::begin(ciphers, key, iv, encrypts).map(Self)
    }

    /// Takes what only is authenticated. It is refused after data.
    pub(crate) fn authenticate(&mut self, data: &[u8]) -> Result<(), Refused> {
        let length = c_int::try_from(data.len()).map_err(|_| Refused)?;
        let mut taken = 0;
        // SAFETY: pointer and length are those of a slice. GCM writes nothing where there is no output.
        good(unsafe {
            lc::EVP_CipherUpdate(self.0.raw(), null_mut(), &mut taken, data.as_ptr(), length)
        })
    }

    pub(crate) fn update(&mut self, data: &mut [u8]) -> Result<(), Refused> {
        self.0.update(data)
    }

    /// The tag, when encrypting.
    pub(crate) fn tag(mut self) -> Result<[u8; 16], Refused> {
        let mut tag = [0; 16];
        self.end()?;
        // SAFETY: the array has the length that is told.
        good(unsafe {
            lc::EVP_CIPHER_CTX_ctrl(
                self.0.raw(),
                lc::EVP_CTRL_AEAD_GET_TAG,
                16,
                tag.as_mut_ptr().cast(),
            )
        })?;
        Ok(tag)
    }

    /// Compares the tag, or as much as there is of it, when decrypting. One of 1 to 16 bytes may be right.
    pub(crate) fn check(mut self, tag: &[u8]) -> Result<(), Refused> {
        let length = c_int::try_from(tag.len()).map_err(|_| Refused)?;
        // SAFETY: pointer and length are those of a slice, which is only read.
        good(unsafe {
            lc::EVP_CIPHER_CTX_ctrl(
                self.0.raw(),
                lc::EVP_CTRL_AEAD_SET_TAG,
                length,
                tag.as_ptr().cast_mut().cast(),
            )
        })?;
        self.end()
    }

    fn end(&mut self) -> Result<(), Refused> {
        let (mut nothing, mut length) = ([0; 16], 0);
        // SAFETY: GCM writes nothing at its end, and there is room for a block.
        good(unsafe { lc::EVP_CipherFinal_ex(self.0.raw(), nothing.as_mut_ptr(), &mut length) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_lengths_are_refused() {
        for (mode, key, iv) in [
            (AesMode::Cbc, 15, 16),
            (AesMode::Cbc, 16, 15),
            (AesMode::Ctr, 24, 12),
            (AesMode::Ctr, 32, 17),
            (AesMode::Ecb, 32, 16),
            (AesMode::Ecb, 0, 0),
        ] {
            let made = Aes::new(mode, &vec![0; key], &vec![0; iv], true);
            assert_eq!(made.err(), Some(Refused), "{mode:?} {key} {iv}");
        }
        assert!(AesGcm::new(&[0; 16], &[], true).is_err());
        assert!(AesGcm::new(&[0; 31], &[0; 12], true).is_err());
    }

    #[test]
    fn only_whole_blocks_are_taken_where_there_are_blocks() {
        for (mode, iv) in [(AesMode::Cbc, 16), (AesMode::Ecb, 0)] {
            for encrypts in [true, false] {
                let mut aes = Aes::new(mode, &[1; 32], &vec![2; iv], encrypts).unwrap();
                for length in [1, 15, 17, 31] {
                    assert!(
                        aes.update(&mut vec![0; length]).is_err(),
                        "{mode:?} {length}"
                    );
                }
                for length in [0, 16, 160] {
                    assert!(
                        aes.update(&mut vec![0; length]).is_ok(),
                        "{mode:?} {length}"
                    );
                }
            }
        }
    }

    #[test]
    fn gcm_authenticates_before_data_and_makes_tags_one_way() {
        let open = |encrypts| AesGcm::new(&[1; 16], &[2; 12], encrypts).unwrap();
        let mut sealing = open(true);
        let mut data = *b"a text";
        sealing.authenticate(b"").unwrap();
        sealing.authenticate(b"with").unwrap();
        sealing.update(&mut data).unwrap();
        assert!(sealing.authenticate(b"more").is_err());

        assert!(open(true).check(&[0; 16]).is_err());
        assert!(open(false).tag().is_err());
        let tag = open(true).tag().unwrap();
        assert!(open(false).check(&tag).is_ok());
        for wrong in [&[][..], &tag[1..], &[tag, tag].concat()] {
            assert!(open(false).check(wrong).is_err());
        }
    }
}
