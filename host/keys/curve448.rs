//! Ed448 and X448, which AWS-LC does not have.

use super::lc::Refused;
use ed448_goldilocks::{Signature, SigningKey, VerifyingKey};
use x448::{PublicKey, StaticSecret};

/// The public key of a private one.
pub(super) fn ed448_public(private: &[u8; 57]) -> [u8; 57] {
    *signing(private).verifying_key().as_bytes()
}

/// Signs with an empty context.
pub(super) fn ed448_sign(private: &[u8; 57], message: &[u8]) -> Vec<u8> {
    signing(private).sign_raw(message).to_bytes().to_vec()
}

pub(super) fn ed448_verify(public: &[u8; 57], message: &[u8], signature: &[u8]) -> bool {
    // Of the last byte of a point, which both begin with, one bit alone says something.
    let is_point = |bytes: &[u8]| bytes.get(56).is_some_and(|last| last & 0x7f == 0);
    if !is_point(public) || !is_point(signature) {
        return false;
    }
    let (Ok(key), Ok(signature)) = (
        VerifyingKey::from_bytes(public),
        Signature::from_slice(signature),
    ) else {
        return false;
    };
    key.verify_raw(&signature, message).is_ok()
}

/// The public key of a private one.
pub(super) fn x448_public(private: &[u8; 56]) -> [u8; 56] {
    *PublicKey::from(&StaticSecret::from(*private)).as_bytes()
}

/// The secret of two keys; none where it would be zero.
pub(super) fn x448(private: &[u8; 56], public: &[u8; 56]) -> Result<Vec<u8>, Refused> {
    let public = PublicKey::from_bytes_unchecked(public).ok_or(Refused)?;
    let secret = StaticSecret::from(*private).diffie_hellman(&public);
    let any = secret.as_bytes().iter().fold(0, |any, byte| any | byte);
    match any {
        0 => Err(Refused),
        _ => Ok(secret.as_bytes().to_vec()),
    }
}

fn signing(private: &[u8; 57]) -> SigningKey {
    SigningKey::from(ed448_goldilocks::SecretKey::from(*private))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &[u8] = b"what is signed";

    #[test]
    fn a_signature_is_good_as_it_was_made_alone() {
        let private = [7; 57];
        let public = ed448_public(&private);
        let signature = ed448_sign(&private, MESSAGE);
        assert!(ed448_verify(&public, MESSAGE, &signature));
        for at in 0..signature.len() {
            let mut other = signature.clone();
            other[at] ^= 1 << (at % 8);
            assert!(!ed448_verify(&public, MESSAGE, &other), "{at}");
        }
        for at in 0..public.len() {
            let mut other = public;
            other[at] ^= 1 << (at % 8);
            assert!(!ed448_verify(&other, MESSAGE, &signature), "{at}");
        }
        assert!(!ed448_verify(&public, MESSAGE, &signature[..113]));
        let longer = [&signature[..], &[0]].concat();
        assert!(!ed448_verify(&public, MESSAGE, &longer));
    }

    #[test]
    fn what_is_no_point_or_the_neutral_one_verifies_nothing() {
        let neutral: [u8; 57] = std::array::from_fn(|at| u8::from(at == 0));
        let of_zero = [&neutral[..], &[0; 57]].concat();
        for public in [neutral, [0; 57], [2; 57], [0xff; 57]] {
            for signature in [&of_zero[..], &[0; 114], &[0xff; 114]] {
                assert!(!ed448_verify(&public, MESSAGE, signature));
            }
        }
    }

    #[test]
    fn points_of_low_order_share_no_secret_however_they_are_written() {
        // 0 and 1; and the prime, which is 2^448 - 2^224 - 1, less one, itself and more one.
        let zero = [0; 56];
        let mut one = zero;
        one[0] = 1;
        let mut prime = [0xff; 56];
        prime[28] = 0xfe;
        let mut less_one = prime;
        less_one[0] = 0xfe;
        let mut more_one = [0xff; 56];
        more_one[..28].fill(0);
        for public in [zero, one, less_one, prime, more_one] {
            assert_eq!(x448(&[7; 56], &public), Err(Refused));
        }
        let shared = x448(&[7; 56], &x448_public(&[9; 56]));
        assert_eq!(shared, x448(&[9; 56], &x448_public(&[7; 56])));
        assert!(shared.is_ok());
    }
}
