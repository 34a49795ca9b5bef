//! Certificates.

use super::{Refused, good, number, owned};
use aws_lc_sys as lc;
use std::ffi::{CStr, c_int, c_long, c_uint, c_ulong};

owned!(
    /// The certificate itself.
    Raw,
    X509,
    X509_free
);

owned!(
    /// What text is written to.
    Text,
    BIO,
    BIO_free
);

owned!(
    /// A key of any kind.
    AnyKey,
    EVP_PKEY,
    EVP_PKEY_free
);

/// How Node has names printed.
const NAME_FLAGS: c_int = lc::ASN1_STRFLGS_ESC_2253
    | lc::ASN1_STRFLGS_ESC_CTRL
    | lc::ASN1_STRFLGS_UTF8_CONVERT
    | lc::XN_FLAG_SEP_MULTILINE
    | lc::XN_FLAG_FN_SN;

/// A certificate.
pub(crate) struct Certificate(Raw);

/// How names are compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matching {
    /// Whether the common name counts; none: where there are no other names.
    pub(crate) subject: Option<bool>,
    pub(crate) wildcards: bool,
    pub(crate) partial_wildcards: bool,
    pub(crate) multi_label_wildcards: bool,
    pub(crate) single_label_subdomains: bool,
}

impl Matching {
    fn flags(self) -> c_uint {
        let flags = [
            (
                self.subject == Some(true),
                lc::X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT,
            ),
            (
                self.subject == Some(false),
                lc::X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
            ),
            (!self.wildcards, lc::X509_CHECK_FLAG_NO_WILDCARDS),
            (
                !self.partial_wildcards,
                lc::X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
            ),
            (
                self.multi_label_wildcards,
                lc::X509_CHECK_FLAG_MULTI_LABEL_WILDCARDS,
            ),
            (
                self.single_label_subdomains,
                lc::X509_CHECK_FLAG_SINGLE_LABEL_SUBDOMAINS,
            ),
        ];
        let set = flags.iter().filter(|(is_set, _)| *is_set);
        set.fold(0, |all, (_, flag)| all | flag.unsigned_abs())
    }
}

/// One of the two times.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Time {
    NotBefore,
    NotAfter,
}

/// One of the two names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Name {
    Subject,
    Issuer,
}

/// What is written to memory by `write`.
fn text(write: impl FnOnce(*mut lc::BIO) -> c_int) -> Result<String, Refused> {
    // SAFETY: what was written belongs to the BIO, and is copied before that is freed.
    unsafe {
        let bio = Text::own(lc::BIO_new(lc::BIO_s_mem()))?;
        if write(bio.raw()) < 0 {
            return Err(Refused);
        }
        let (mut bytes, mut length) = (std::ptr::null(), 0);
        good(lc::BIO_mem_contents(bio.raw(), &mut bytes, &mut length))?;
        if length == 0 {
            return Ok(String::new());
        }
        let bytes = std::slice::from_raw_parts(bytes, length);
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

/// # Safety
///
/// `object` is an object of a certificate that is alive.
unsafe fn dotted(object: *const lc::ASN1_OBJECT) -> String {
    let mut buffer = [0; 256];
    // SAFETY: pointer and length are those of an array, which ends with a zero whatever is written.
    unsafe {
        lc::OBJ_obj2txt(buffer.as_mut_ptr(), buffer.len() as c_int, object, 1);
        CStr::from_ptr(buffer.as_ptr())
            .to_string_lossy()
            .into_owned()
    }
}

impl Certificate {
    pub(crate) fn new(der: &[u8]) -> Result<Self, Refused> {
        let length = c_long::try_from(der.len()).map_err(|_| Refused)?;
        let mut position = der.as_ptr();
        // SAFETY: pointer and length are those of a slice.
        let raw = Raw::own(unsafe { lc::d2i_X509(std::ptr::null_mut(), &mut position, length) })?;
        // What comes after it is no part of it.
        match position == der.as_ptr_range().end {
            true => Ok(Self(raw)),
            false => Err(Refused),
        }
    }

    fn name(&self, name: Name) -> *mut lc::X509_NAME {
        // SAFETY: it is a certificate.
        unsafe {
            match name {
                Name::Subject => lc::X509_get_subject_name(self.0.raw()),
                Name::Issuer => lc::X509_get_issuer_name(self.0.raw()),
            }
        }
    }

    /// A name's parts: short name, or identifier, and text.
    pub(crate) fn attributes(&self, name: Name) -> Vec<(String, String)> {
        let name = self.name(name);
        let mut attributes = Vec::new();
        // SAFETY: what is read belongs to the certificate; the text is freed once it was copied.
        unsafe {
            for index in 0..lc::X509_NAME_entry_count(name) {
                let entry = lc::X509_NAME_get_entry(name, index);
                let object = lc::X509_NAME_ENTRY_get_object(entry);
                let mut bytes = std::ptr::null_mut();
                let length =
                    lc::ASN1_STRING_to_UTF8(&mut bytes, lc::X509_NAME_ENTRY_get_data(entry));
                let Ok(length) = usize::try_from(length) else {
                    continue;
                };
                let text =
                    String::from_utf8_lossy(std::slice::from_raw_parts(bytes, length)).into_owned();
                lc::OPENSSL_free(bytes.cast());
                let number = lc::OBJ_obj2nid(object);
                let short = match number {
                    0 => dotted(object),
                    _ => CStr::from_ptr(lc::OBJ_nid2sn(number))
                        .to_string_lossy()
                        .into_owned(),
                };
                attributes.push((short, text));
            }
            lc::ERR_clear_error();
        }
        attributes
    }

    /// A name, a line for each part.
    pub(crate) fn name_text(&self, name: Name) -> Result<String, Refused> {
        let name = self.name(name);
        // SAFETY: the name is the certificate's.
        text(|bio| unsafe { lc::X509_NAME_print_ex(bio, name, 0, NAME_FLAGS as c_ulong) })
    }

    fn time(&self, time: Time) -> *const lc::ASN1_TIME {
        // SAFETY: it is a certificate.
        unsafe {
            match time {
                Time::NotBefore => lc::X509_get0_notBefore(self.0.raw()),
                Time::NotAfter => lc::X509_get0_notAfter(self.0.raw()),
            }
        }
    }

    pub(crate) fn time_text(&self, time: Time) -> Result<String, Refused> {
        let time = self.time(time);
        // SAFETY: the time is the certificate's.
        text(|bio| unsafe { lc::ASN1_TIME_print(bio, time) })
    }

    /// In seconds since 1970.
    pub(crate) fn seconds(&self, time: Time) -> Result<i64, Refused> {
        let mut seconds = 0;
        // SAFETY: the time is the certificate's.
        good(unsafe { lc::ASN1_TIME_to_posix(self.time(time), &mut seconds) })?;
        Ok(seconds)
    }

    /// The serial number's bytes, without a sign.
    pub(crate) fn serial(&self) -> Result<Vec<u8>, Refused> {
        let serial = number::Number::new(&[])?;
        // SAFETY: the number is the certificate's, and is copied.
        unsafe {
            if lc::ASN1_INTEGER_to_BN(lc::X509_get0_serialNumber(self.0.raw()), serial.raw())
                .is_null()
            {
                good(0)?;
            }
        }
        Ok(serial.bytes())
    }

    pub(crate) fn is_authority(&self) -> bool {
        // SAFETY: it is a certificate.
        unsafe {
            let is_authority = lc::X509_check_ca(self.0.raw()) == 1;
            lc::ERR_clear_error();
            is_authority
        }
    }

    /// How it is signed: a name where there is one, and an identifier.
    pub(crate) fn signature_algorithm(&self) -> (String, String) {
        // SAFETY: what is read belongs to the certificate.
        unsafe {
            let (mut signature, mut algorithm) = (std::ptr::null(), std::ptr::null());
            lc::X509_get0_signature(&mut signature, &mut algorithm, self.0.raw());
            let mut object = std::ptr::null();
            lc::X509_ALGOR_get0(
                &mut object,
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                algorithm,
            );
            let oid = dotted(object);
            let name = match lc::OBJ_obj2nid(object) {
                0 => oid.clone(),
                number => CStr::from_ptr(lc::OBJ_nid2ln(number))
                    .to_string_lossy()
                    .into_owned(),
            };
            (name, oid)
        }
    }

    /// Whether it is signed with this key, in SPKI.
    pub(crate) fn is_signed_with(&self, spki: &[u8]) -> Result<bool, Refused> {
        // SAFETY: pointer and length are those of a slice; the key lives until the end.
        unsafe {
            let mut input = std::mem::zeroed();
            lc::CBS_init(&mut input, spki.as_ptr(), spki.len());
            let key = AnyKey::own(lc::EVP_parse_public_key(&mut input))?;
            Ok(good(lc::X509_verify(self.0.raw(), key.raw())).is_ok())
        }
    }

    /// Whether it says that the other one's owner made it.
    pub(crate) fn is_issued_by(&self, issuer: &Self) -> bool {
        // SAFETY: both are certificates.
        unsafe {
            let result = lc::X509_check_issued(issuer.0.raw(), self.0.raw());
            lc::ERR_clear_error();
            result == lc::X509_V_OK
        }
    }

    /// The name in it that a host's is.
    pub(crate) fn match_host(&self, host: &str, matching: Matching) -> Option<String> {
        let mut name = std::ptr::null_mut();
        // SAFETY: pointer and length are those of a string; the name is freed once it was copied.
        unsafe {
            let result = lc::X509_check_host(
                self.0.raw(),
                host.as_ptr().cast(),
                host.len(),
                matching.flags(),
                &mut name,
            );
            lc::ERR_clear_error();
            if name.is_null() {
                return (result == 1).then(|| host.to_owned());
            }
            let text = CStr::from_ptr(name).to_string_lossy().into_owned();
            lc::OPENSSL_free(name.cast());
            (result == 1).then_some(text)
        }
    }

    pub(crate) fn match_email(&self, address: &str, matching: Matching) -> bool {
        // SAFETY: pointer and length are those of a string.
        good(unsafe {
            lc::X509_check_email(
                self.0.raw(),
                address.as_ptr().cast(),
                address.len(),
                matching.flags(),
            )
        })
        .is_ok()
    }

    /// Whether an address of 4 or 16 bytes is in it.
    pub(crate) fn match_ip(&self, address: &[u8]) -> bool {
        // SAFETY: pointer and length are those of a slice.
        good(unsafe { lc::X509_check_ip(self.0.raw(), address.as_ptr(), address.len(), 0) }).is_ok()
    }
}

/// A name in DER as a line (RFC 2253), letters of any script as they are.
pub(crate) fn name_line(der: &[u8]) -> Result<String, Refused> {
    owned!(
        /// A name of its own.
        OwnName,
        X509_NAME,
        X509_NAME_free
    );
    let flags = lc::XN_FLAG_RFC2253 & !lc::ASN1_STRFLGS_ESC_MSB & !lc::ASN1_STRFLGS_ESC_CTRL;
    let length = c_long::try_from(der.len()).map_err(|_| Refused)?;
    let mut position = der.as_ptr();
    // SAFETY: pointer and length are those of a slice.
    let name =
        OwnName::own(unsafe { lc::d2i_X509_NAME(std::ptr::null_mut(), &mut position, length) })?;
    // SAFETY: the name is alive.
    text(|bio| unsafe { lc::X509_NAME_print_ex(bio, name.raw(), 0, flags as c_ulong) })
}
