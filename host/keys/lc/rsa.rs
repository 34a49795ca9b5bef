//! RSA.

use super::number::{self, Deadline, Number, OutOfTime};
use super::symmetric::Digest;
use super::{Refused, good, owned};
use aws_lc_sys as lc;
use std::ffi::c_int;

owned!(
    /// The key itself.
    Raw,
    RSA,
    RSA_free
);

owned!(
    /// A key of any kind.
    AnyKey,
    EVP_PKEY,
    EVP_PKEY_free
);

owned!(
    /// Something to be done with a key.
    Operation,
    EVP_PKEY_CTX,
    EVP_PKEY_CTX_free
);

/// A key, public or private, which was checked.
pub(crate) struct Rsa(Raw);

/// What a private key has beside modulus and public exponent: `d`, `p`, `q`, `dp`, `dq` and `qi`.
pub(crate) type RsaParts = [Vec<u8>; 6];

/// The length of a salt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SaltLength {
    Digest,
    /// As long as there is room for; when verifying: any.
    Auto,
    Bytes(u32),
}

impl SaltLength {
    fn raw(self) -> Result<c_int, Refused> {
        match self {
            Self::Digest => Ok(lc::RSA_PSS_SALTLEN_DIGEST),
            Self::Auto => Ok(lc::RSA_PSS_SALTLEN_AUTO),
            Self::Bytes(bytes) => c_int::try_from(bytes).map_err(|_| Refused),
        }
    }
}

/// `RSA_encrypt` and its like: a power of data, which is written with how long it is where there is room for it.
type Power = unsafe extern "C" fn(
    *mut lc::RSA,
    *mut usize,
    *mut u8,
    usize,
    *const u8,
    usize,
    c_int,
) -> c_int;

/// What writes as much as there is room for, and how much that was.
type Write<'a> = &'a dyn Fn(*mut usize, *mut u8, usize) -> c_int;

impl Rsa {
    pub(crate) fn public(modulus: &[u8], exponent: &[u8]) -> Result<Self, Refused> {
        let (modulus, exponent) = (Number::new(modulus)?, Number::new(exponent)?);
        // SAFETY: both are numbers, which are copied.
        Raw::own(unsafe { lc::RSA_new_public_key(modulus.raw(), exponent.raw()) }).map(Self)
    }

    pub(crate) fn private(
        modulus: &[u8],
        exponent: &[u8],
        parts: &[&[u8]; 6],
    ) -> Result<Self, Refused> {
        let (modulus, exponent) = (Number::new(modulus)?, Number::new(exponent)?);
        let [d, p, q, dp, dq, qi] = parts.map(Number::new);
        let (d, p, q, dp, dq, qi) = (d?, p?, q?, dp?, dq?, qi?);
        // SAFETY: all of them are numbers, which are copied.
        Raw::own(unsafe {
            lc::RSA_new_private_key(
                modulus.raw(),
                exponent.raw(),
                d.raw(),
                p.raw(),
                q.raw(),
                dp.raw(),
                dq.raw(),
                qi.raw(),
            )
        })
        .map(Self)
    }

    /// Makes a key. How long that takes goes by luck.
    pub(crate) fn generate(
        bits: u32,
        exponent: u32,
        deadline: &Deadline<'_>,
    ) -> Result<Result<Self, OutOfTime>, Refused> {
        // SAFETY: it has no arguments.
        let rsa = Raw::own(unsafe { lc::RSA_new() })?;
        let exponent = Number::new(&exponent.to_be_bytes())?;
        let bits = c_int::try_from(bits).map_err(|_| Refused)?;
        // SAFETY: key and number are alive.
        let made = deadline.watch(|callback| {
            good(unsafe { lc::RSA_generate_key_ex(rsa.raw(), bits, exponent.raw(), callback) })
        });
        match (made, deadline.check()) {
            (Ok(()), _) => Ok(Ok(Self(rsa))),
            (Err(_), Err(late)) => Ok(Err(late)),
            (Err(refused), Ok(())) => Err(refused),
        }
    }

    pub(crate) fn is_private(&self) -> bool {
        // SAFETY: it is a key.
        unsafe { !lc::RSA_get0_d(self.0.raw()).is_null() }
    }

    pub(crate) fn modulus(&self) -> Vec<u8> {
        // SAFETY: the number is the key's, and is copied.
        unsafe { number::bytes(lc::RSA_get0_n(self.0.raw())) }
    }

    pub(crate) fn exponent(&self) -> Vec<u8> {
        // SAFETY: the number is the key's, and is copied.
        unsafe { number::bytes(lc::RSA_get0_e(self.0.raw())) }
    }

    /// What only a private key has.
    pub(crate) fn parts(&self) -> Option<RsaParts> {
        let rsa = self.0.raw();
        // SAFETY: the numbers are the key's, and are copied.
        self.is_private().then(|| unsafe {
            [
                lc::RSA_get0_d(rsa),
                lc::RSA_get0_p(rsa),
                lc::RSA_get0_q(rsa),
                lc::RSA_get0_dmp1(rsa),
                lc::RSA_get0_dmq1(rsa),
                lc::RSA_get0_iqmp(rsa),
            ]
            .map(|part| number::bytes(part))
        })
    }

    /// The bytes of the modulus.
    pub(crate) fn size(&self) -> usize {
        // SAFETY: it is a key.
        unsafe { lc::RSA_size(self.0.raw()) as usize }
    }

    pub(crate) fn bits(&self) -> u32 {
        // SAFETY: it is a key.
        unsafe { lc::RSA_bits(self.0.raw()) }
    }

    fn written(&self, write: Write<'_>) -> Result<Vec<u8>, Refused> {
        let mut output = vec![0; self.size()];
        let mut length = 0;
        good(write(&mut length, output.as_mut_ptr(), output.len()))?;
        output.truncate(length);
        Ok(output)
    }

    /// The signature of a digest. For a digest that has no name with PKCS #1, see `sign_raw`.
    pub(crate) fn sign_pkcs1(&self, digest: Digest, bytes: &[u8]) -> Result<Vec<u8>, Refused> {
        self.written(&|length, output, _| {
            let mut written = 0;
            // SAFETY: there is room for as many bytes as the modulus has, which no signature is longer than.
            let result = unsafe {
                lc::RSA_sign(
                    digest.number(),
                    bytes.as_ptr(),
                    bytes.len(),
                    output,
                    &mut written,
                    self.0.raw(),
                )
            };
            // SAFETY: `written` gave it.
            unsafe { *length = written as usize };
            result
        })
    }

    pub(crate) fn verify_pkcs1(&self, digest: Digest, bytes: &[u8], signature: &[u8]) -> bool {
        // SAFETY: pointers and lengths are those of slices.
        good(unsafe {
            lc::RSA_verify(
                digest.number(),
                bytes.as_ptr(),
                bytes.len(),
                signature.as_ptr(),
                signature.len(),
                self.0.raw(),
            )
        })
        .is_ok()
    }

    pub(crate) fn sign_pss(
        &self,
        digest: Digest,
        mask: Digest,
        salt: SaltLength,
        bytes: &[u8],
    ) -> Result<Vec<u8>, Refused> {
        let salt = salt.raw()?;
        self.written(&|length, output, room| {
            // SAFETY: pointers and lengths are those of slices; a digest of another length is refused.
            unsafe {
                lc::RSA_sign_pss_mgf1(
                    self.0.raw(),
                    length,
                    output,
                    room,
                    bytes.as_ptr(),
                    bytes.len(),
                    digest.raw(),
                    mask.raw(),
                    salt,
                )
            }
        })
    }

    pub(crate) fn verify_pss(
        &self,
        digest: Digest,
        mask: Digest,
        salt: SaltLength,
        bytes: &[u8],
        signature: &[u8],
    ) -> bool {
        let Ok(salt) = salt.raw() else {
            return false;
        };
        // SAFETY: pointers and lengths are those of slices; a digest of another length is refused.
        good(unsafe {
            lc::RSA_verify_pss_mgf1(
                self.0.raw(),
                bytes.as_ptr(),
                bytes.len(),
                digest.raw(),
                mask.raw(),
                salt,
                signature.as_ptr(),
                signature.len(),
            )
        })
        .is_ok()
    }

    /// # Safety
    ///
    /// `power` keeps to the pointers and lengths that it is given.
    unsafe fn power(&self, power: Power, data: &[u8], pads: bool) -> Result<Vec<u8>, Refused> {
        let padding = match pads {
            true => lc::RSA_PKCS1_PADDING,
            false => lc::RSA_NO_PADDING,
        };
        self.written(&|length, output, room| {
            // SAFETY: pointers and lengths are those of slices.
            unsafe {
                power(
                    self.0.raw(),
                    length,
                    output,
                    room,
                    data.as_ptr(),
                    data.len(),
                    padding,
                )
            }
        })
    }

    /// The private key's power of data, padded as a signature or not at all.
    pub(crate) fn sign_raw(&self, data: &[u8], pads: bool) -> Result<Vec<u8>, Refused> {
        // SAFETY: a function of the library's.
        unsafe { self.power(lc::RSA_sign_raw, data, pads) }
    }

    /// The public key's power of data, out of which the padding of a signature is taken or nothing.
    pub(crate) fn recover(&self, data: &[u8], pads: bool) -> Result<Vec<u8>, Refused> {
        // SAFETY: a function of the library's.
        unsafe { self.power(lc::RSA_verify_raw, data, pads) }
    }

    /// Encrypts with the padding of PKCS #1 v1.5, or without any.
    pub(crate) fn encrypt(&self, data: &[u8], pads: bool) -> Result<Vec<u8>, Refused> {
        // SAFETY: a function of the library's.
        unsafe { self.power(lc::RSA_encrypt, data, pads) }
    }

    /// Decrypts, and leaves what was padded as it is.
    pub(crate) fn decrypt(&self, data: &[u8]) -> Result<Vec<u8>, Refused> {
        // SAFETY: a function of the library's.
        unsafe { self.power(lc::RSA_decrypt, data, false) }
    }

    /// Encrypts with OAEP.
    pub(crate) fn encrypt_oaep(
        &self,
        digest: Digest,
        mask: Digest,
        label: &[u8],
        data: &[u8],
    ) -> Result<Vec<u8>, Refused> {
        let mut padded = vec![0; self.size()];
        // SAFETY: pointers and lengths are those of slices.
        good(unsafe {
            lc::RSA_padding_add_PKCS1_OAEP_mgf1(
                padded.as_mut_ptr(),
                padded.len(),
                data.as_ptr(),
                data.len(),
                label.as_ptr(),
                label.len(),
                digest.raw(),
                mask.raw(),
            )
        })?;
        self.encrypt(&padded, false)
    }

    /// Decrypts with OAEP.
    pub(crate) fn decrypt_oaep(
        &self,
        digest: Digest,
        mask: Digest,
        label: &[u8],
        data: &[u8],
    ) -> Result<Vec<u8>, Refused> {
        // SAFETY: key and operation live until the end; the label is copied into memory that the operation
        // then owns; there is room for as many bytes as the modulus has.
        unsafe {
            let key = AnyKey::own(lc::EVP_PKEY_new())?;
            good(lc::EVP_PKEY_set1_RSA(key.raw(), self.0.raw()))?;
            let operation = Operation::own(lc::EVP_PKEY_CTX_new(key.raw(), std::ptr::null_mut()))?;
            good(lc::EVP_PKEY_decrypt_init(operation.raw()))?;
            good(lc::EVP_PKEY_CTX_set_rsa_padding(
                operation.raw(),
                lc::RSA_PKCS1_OAEP_PADDING,
            ))?;
            good(lc::EVP_PKEY_CTX_set_rsa_oaep_md(
                operation.raw(),
                digest.raw(),
            ))?;
            good(lc::EVP_PKEY_CTX_set_rsa_mgf1_md(
                operation.raw(),
                mask.raw(),
            ))?;
            if !label.is_empty() {
                let copy = lc::OPENSSL_memdup(label.as_ptr().cast(), label.len()).cast::<u8>();
                if copy.is_null() {
                    return Err(Refused);
                }
                if let Err(refused) = good(lc::EVP_PKEY_CTX_set0_rsa_oaep_label(
                    operation.raw(),
                    copy,
                    label.len(),
                )) {
                    lc::OPENSSL_free(copy.cast());
                    return Err(refused);
                }
            }
            self.written(&|length, output, room| {
                *length = room;
                lc::EVP_PKEY_decrypt(operation.raw(), output, length, data.as_ptr(), data.len())
            })
        }
    }
}
