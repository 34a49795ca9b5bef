//! Digests and ciphers, as keys need them.

use super::{Refused, good, owned};
use aws_lc_sys as lc;
use std::ffi::{CString, c_int};

owned!(
    /// A cipher at work.
    CipherState,
    EVP_CIPHER_CTX,
    EVP_CIPHER_CTX_free
);

owned!(
    /// A key of any kind.
    AnyKey,
    EVP_PKEY,
    EVP_PKEY_free
);

/// A digest.
#[derive(Clone, Copy)]
pub(crate) struct Digest {
    name: &'static str,
    oid: &'static [u8],
    get: unsafe extern "C" fn() -> *const lc::EVP_MD,
}

/// An arc of NIST's, and of RSA's.
macro_rules! arc {
    (nist $last:literal) => {
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, $last]
    };
}

/// All of them, by the names that `roost:bot/digests` has, and their object identifiers.
pub(crate) const DIGESTS: [Digest; 13] = [
    Digest::new(
        "md5",
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05],
        lc::EVP_md5,
    ),
    Digest::new(
        "ripemd160",
        &[0x2b, 0x24, 0x03, 0x02, 0x01],
        lc::EVP_ripemd160,
    ),
    Digest::new("sha1", &[0x2b, 0x0e, 0x03, 0x02, 0x1a], lc::EVP_sha1),
    Digest::new("sha224", arc!(nist 4), lc::EVP_sha224),
    Digest::new("sha256", arc!(nist 1), lc::EVP_sha256),
    Digest::new("sha384", arc!(nist 2), lc::EVP_sha384),
    Digest::new("sha512", arc!(nist 3), lc::EVP_sha512),
    Digest::new("sha512-224", arc!(nist 5), lc::EVP_sha512_224),
    Digest::new("sha512-256", arc!(nist 6), lc::EVP_sha512_256),
    Digest::new("sha3-224", arc!(nist 7), lc::EVP_sha3_224),
    Digest::new("sha3-256", arc!(nist 8), lc::EVP_sha3_256),
    Digest::new("sha3-384", arc!(nist 9), lc::EVP_sha3_384),
    Digest::new("sha3-512", arc!(nist 10), lc::EVP_sha3_512),
];

/// The digest of this name.
pub(crate) fn find_digest(name: &str) -> Option<Digest> {
    DIGESTS.iter().find(|one| one.name == name).copied()
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Digest {}

impl Digest {
    const fn new(
        name: &'static str,
        oid: &'static [u8],
        get: unsafe extern "C" fn() -> *const lc::EVP_MD,
    ) -> Self {
        Self { name, oid, get }
    }

    pub(crate) fn name(self) -> &'static str {
        self.name
    }

    pub(crate) fn oid(self) -> &'static [u8] {
        self.oid
    }

    pub(super) fn raw(self) -> *const lc::EVP_MD {
        // SAFETY: it has no arguments, and gives what lives for ever.
        unsafe { (self.get)() }
    }

    pub(super) fn number(self) -> c_int {
        // SAFETY: it is a digest.
        unsafe { lc::EVP_MD_type(self.raw()) }
    }

    /// The bytes of a digest.
    pub(crate) fn size(self) -> usize {
        // SAFETY: it is a digest.
        unsafe { lc::EVP_MD_size(self.raw()) }
    }

    pub(crate) fn of(self, data: &[u8]) -> Vec<u8> {
        let mut digest = vec![0; self.size()];
        let mut length = 0;
        // SAFETY: pointer and length are those of a slice, and there is room for a digest. It cannot fail.
        unsafe {
            lc::EVP_Digest(
                data.as_ptr().cast(),
                data.len(),
                digest.as_mut_ptr(),
                &mut length,
                self.raw(),
                std::ptr::null_mut(),
            );
        }
        digest
    }
}

/// PBKDF2.
pub(crate) fn pbkdf2(
    digest: Digest,
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    length: usize,
) -> Result<Vec<u8>, Refused> {
    let mut derived = vec![0; length];
    // SAFETY: pointers and lengths are those of slices.
    good(unsafe {
        lc::PKCS5_PBKDF2_HMAC(
            password.as_ptr().cast(),
            password.len(),
            salt.as_ptr(),
            salt.len(),
            iterations,
            digest.raw(),
            derived.len(),
            derived.as_mut_ptr(),
        )
    })?;
    Ok(derived)
}

fn find_cipher(name: &str) -> Result<*const lc::EVP_CIPHER, Refused> {
    let name = CString::new(name).map_err(|_| Refused)?;
    // SAFETY: it is a string. What is given lives for ever.
    let cipher = unsafe { lc::EVP_get_cipherbyname(name.as_ptr()) };
    match cipher.is_null() {
        true => Err(Refused),
        false => Ok(cipher),
    }
}

/// The bytes of a cipher's key.
pub(crate) fn key_length(name: &str) -> Result<usize, Refused> {
    // SAFETY: it is a cipher.
    find_cipher(name).map(|cipher| unsafe { lc::EVP_CIPHER_key_length(cipher) as usize })
}

/// The key that OpenSSL's older encryption of PEM has: MD5 of passphrase and salt, over and over.
pub(crate) fn bytes_to_key(
    name: &str,
    salt: &[u8; 8],
    passphrase: &[u8],
) -> Result<Vec<u8>, Refused> {
    let cipher = find_cipher(name)?;
    let mut key = vec![0; lc::EVP_MAX_KEY_LENGTH as usize];
    // SAFETY: no key is longer than that, the salt has the length that is read, and no IV is written.
    let length = unsafe {
        lc::EVP_BytesToKey(
            cipher,
            lc::EVP_md5(),
            salt.as_ptr(),
            passphrase.as_ptr(),
            passphrase.len(),
            1,
            key.as_mut_ptr(),
            std::ptr::null_mut(),
        )
    };
    key.truncate(usize::try_from(length).unwrap_or_default());
    Ok(key)
}

/// Encrypts or decrypts with a cipher of blocks, padded.
pub(crate) fn cipher(
    name: &str,
    key: &[u8],
    iv: &[u8],
    data: &[u8],
    encrypts: bool,
) -> Result<Vec<u8>, Refused> {
    let cipher = find_cipher(name)?;
    let length = c_int::try_from(data.len()).map_err(|_| Refused)?;
    // SAFETY: key and IV have the lengths that are read. No more is written than was given and a block,
    // and no block is longer than 32 bytes.
    unsafe {
        if lc::EVP_CIPHER_key_length(cipher) as usize != key.len()
            || lc::EVP_CIPHER_iv_length(cipher) as usize != iv.len()
        {
            return Err(Refused);
        }
        let state = CipherState::own(lc::EVP_CIPHER_CTX_new())?;
        good(lc::EVP_CipherInit_ex(
            state.raw(),
            cipher,
            std::ptr::null_mut(),
            key.as_ptr(),
            iv.as_ptr(),
            c_int::from(encrypts),
        ))?;
        let mut output = vec![0; data.len() + 32];
        let (mut first, mut last) = (0, 0);
        good(lc::EVP_CipherUpdate(
            state.raw(),
            output.as_mut_ptr(),
            &mut first,
            data.as_ptr(),
            length,
        ))?;
        let first = usize::try_from(first).map_err(|_| Refused)?;
        let rest = output.get_mut(first..).ok_or(Refused)?;
        good(lc::EVP_CipherFinal_ex(
            state.raw(),
            rest.as_mut_ptr(),
            &mut last,
        ))?;
        output.truncate(first + usize::try_from(last).map_err(|_| Refused)?);
        Ok(output)
    }
}

/// Decrypts a PKCS #8 key that is encrypted in a way of PKCS #12, and gives it as it is without.
pub(crate) fn pkcs8_of_older_encryption(der: &[u8], passphrase: &[u8]) -> Result<Vec<u8>, Refused> {
    // SAFETY: pointers and lengths are those of slices. What is written is owned by the builder until it
    // is finished, copied, and freed.
    unsafe {
        let mut input = std::mem::zeroed();
        lc::CBS_init(&mut input, der.as_ptr(), der.len());
        let key = AnyKey::own(lc::PKCS8_parse_encrypted_private_key(
            &mut input,
            passphrase.as_ptr().cast(),
            passphrase.len(),
        ))?;
        let mut output = std::mem::zeroed();
        good(lc::CBB_init(&mut output, 0))?;
        let (mut bytes, mut length) = (std::ptr::null_mut(), 0);
        let is_written = lc::EVP_marshal_private_key(&mut output, key.raw()) == 1
            && lc::CBB_finish(&mut output, &mut bytes, &mut length) == 1;
        if !is_written {
            lc::CBB_cleanup(&mut output);
            good(0)?;
        }
        let copy = std::slice::from_raw_parts(bytes, length).to_vec();
        lc::OPENSSL_free(bytes.cast());
        Ok(copy)
    }
}
