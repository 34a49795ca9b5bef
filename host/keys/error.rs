//! Why something with a key gives nothing, in the words that OpenSSL has for it.
//!
//! Programs look at Node's codes and messages, which are OpenSSL's. The library here is another one, so what
//! it refuses is told by what was asked of it.

/// Why a call gives nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    #[error("{}", .0.message())]
    OpenSsl(OpenSsl),
    #[error("the key is encrypted, and there is no passphrase")]
    MissingPassphrase,
    #[error("there is no such digest")]
    UnknownDigest,
    #[error("there is no such curve")]
    UnknownCurve,
    #[error("there is no such cipher")]
    UnknownCipher,
    #[error("{0}")]
    Unsupported(String),
    #[error("{0}")]
    Parameters(String),
    #[error("an input is too long")]
    TooMuch,
    #[error("{0}")]
    Other(String),
}

impl Error {
    pub(crate) fn parameters(text: &str) -> Self {
        Self::Parameters(text.to_owned())
    }

    pub(crate) fn unsupported(text: &str) -> Self {
        Self::Unsupported(text.to_owned())
    }
}

impl From<OpenSsl> for Error {
    fn from(error: OpenSsl) -> Self {
        Self::OpenSsl(error)
    }
}

/// An error as OpenSSL 3 has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenSsl {
    number: u32,
    part: Part,
    reason: &'static str,
}

/// A part of OpenSSL: its name, and what Node's codes call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part(&'static str, &'static str);

const RSA: Part = Part("rsa routines", "RSA_");
const EVP: Part = Part("digital envelope routines", "EVP_");
const ASN1: Part = Part("asn1 encoding routines", "ASN1_");
const PEM: Part = Part("PEM routines", "PEM_");
const PROVIDER: Part = Part("Provider routines", "");
const DECODER: Part = Part("DECODER routines", "");
const BIGNUM: Part = Part("bignum routines", "BN_");

impl OpenSsl {
    const fn new(number: u32, part: Part, reason: &'static str) -> Self {
        Self {
            number,
            part,
            reason,
        }
    }

    pub(crate) fn library(&self) -> &'static str {
        self.part.0
    }

    pub(crate) fn reason(&self) -> &'static str {
        self.reason
    }

    /// Node's code.
    pub(crate) fn code(&self) -> String {
        let reason = self.reason.to_ascii_uppercase().replace(' ', "_");
        format!("ERR_OSSL_{}{reason}", self.part.1)
    }

    /// Node's message.
    pub(crate) fn message(&self) -> String {
        format!("error:{:08X}:{}::{}", self.number, self.part.0, self.reason)
    }
}

pub(crate) const UNSUPPORTED: OpenSsl = OpenSsl::new(0x1E08_010C, DECODER, "unsupported");
pub(crate) const WRONG_TAG: OpenSsl = OpenSsl::new(0x0680_00A8, ASN1, "wrong tag");
pub(crate) const NOT_ENOUGH_DATA: OpenSsl = OpenSsl::new(0x0680_008E, ASN1, "not enough data");
pub(crate) const NO_START_LINE: OpenSsl = OpenSsl::new(0x0480_006C, PEM, "no start line");
pub(crate) const BAD_DECRYPT: OpenSsl = OpenSsl::new(0x1C80_0064, PROVIDER, "bad decrypt");
pub(crate) const NO_KEY_OPERATION: OpenSsl =
    OpenSsl::new(0x0300_0096, EVP, "operation not supported for this keytype");
pub(crate) const NO_PSS_OPERATION: OpenSsl = OpenSsl::new(
    0x1C80_00B2,
    PROVIDER,
    "operation not supported for this keytype",
);
pub(crate) const ILLEGAL_PADDING: OpenSsl =
    OpenSsl::new(0x1C80_00A5, PROVIDER, "illegal or unsupported padding mode");
pub(crate) const INVALID_PADDING_MODE: OpenSsl =
    OpenSsl::new(0x1C80_00A8, PROVIDER, "invalid padding mode");
pub(crate) const INVALID_DIGEST: OpenSsl = OpenSsl::new(0x1C80_007A, PROVIDER, "invalid digest");
pub(crate) const INVALID_DIGEST_LENGTH: OpenSsl =
    OpenSsl::new(0x1C80_00A6, PROVIDER, "invalid digest length");
pub(crate) const DIGEST_NOT_ALLOWED: OpenSsl =
    OpenSsl::new(0x1C80_00AE, PROVIDER, "digest not allowed");
pub(crate) const SALT_TOO_SMALL: OpenSsl =
    OpenSsl::new(0x1C80_00AC, PROVIDER, "pss saltlen too small");
pub(crate) const KEY_TOO_SMALL: OpenSsl = OpenSsl::new(0x1C80_00AB, PROVIDER, "key size too small");
pub(crate) const OTHER_PARAMETERS: OpenSsl =
    OpenSsl::new(0x1C80_00CB, PROVIDER, "mismatching domain parameters");
pub(crate) const DERIVATION: OpenSsl =
    OpenSsl::new(0x1C80_00A4, PROVIDER, "failed during derivation");
pub(crate) const TOO_LARGE_FOR_KEY: OpenSsl =
    OpenSsl::new(0x0200_006E, RSA, "data too large for key size");
pub(crate) const TOO_SMALL_FOR_KEY: OpenSsl =
    OpenSsl::new(0x0200_007A, RSA, "data too small for key size");
pub(crate) const TOO_LARGE_FOR_MODULUS: OpenSsl =
    OpenSsl::new(0x0200_0084, RSA, "data too large for modulus");
pub(crate) const LONGER_THAN_MODULUS: OpenSsl =
    OpenSsl::new(0x0200_006C, RSA, "data greater than mod len");
pub(crate) const OAEP_DECODING: OpenSsl = OpenSsl::new(0x0200_0079, RSA, "oaep decoding error");
pub(crate) const INVALID_PADDING: OpenSsl = OpenSsl::new(0x0200_008A, RSA, "invalid padding");
pub(crate) const DIGEST_TOO_BIG: OpenSsl =
    OpenSsl::new(0x0200_0070, RSA, "digest too big for rsa key");
pub(crate) const EXPONENT_OUT_OF_RANGE: OpenSsl =
    OpenSsl::new(0x0200_00B2, RSA, "pub exponent out of range");
pub(crate) const TOO_FEW_BITS: OpenSsl = OpenSsl::new(0x0180_0076, BIGNUM, "bits too small");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_messages_are_those_of_node() {
        assert_eq!(BAD_DECRYPT.code(), "ERR_OSSL_BAD_DECRYPT");
        assert_eq!(
            BAD_DECRYPT.message(),
            "error:1C800064:Provider routines::bad decrypt"
        );
        assert_eq!(OAEP_DECODING.code(), "ERR_OSSL_RSA_OAEP_DECODING_ERROR");
        assert_eq!(UNSUPPORTED.code(), "ERR_OSSL_UNSUPPORTED");
        assert_eq!(
            NO_KEY_OPERATION.code(),
            "ERR_OSSL_EVP_OPERATION_NOT_SUPPORTED_FOR_THIS_KEYTYPE"
        );
    }
}
