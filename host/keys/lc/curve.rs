//! Elliptic curves.

use super::number::{self, Number};
use super::{Refused, good, owned};
use aws_lc_sys as lc;
use lc::point_conversion_form_t as Form;
use std::ffi::c_int;

owned!(
    /// The key itself.
    Raw,
    EC_KEY,
    EC_KEY_free
);

owned!(
    /// A point.
    Point,
    EC_POINT,
    EC_POINT_free
);

/// A curve.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Curve {
    /// OpenSSL's name.
    pub(crate) name: &'static str,
    pub(crate) oid: &'static [u8],
    /// The bytes of a coordinate, and of a private number.
    pub(crate) size: usize,
    number: c_int,
}

/// All of them.
pub(crate) const CURVES: [Curve; 5] = [
    Curve {
        name: "secp224r1",
        oid: &[0x2b, 0x81, 0x04, 0x00, 0x21],
        size: 28,
        number: lc::NID_secp224r1,
    },
    Curve {
        name: "prime256v1",
        oid: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        size: 32,
        number: lc::NID_X9_62_prime256v1,
    },
    Curve {
        name: "secp256k1",
        oid: &[0x2b, 0x81, 0x04, 0x00, 0x0a],
        size: 32,
        number: lc::NID_secp256k1,
    },
    Curve {
        name: "secp384r1",
        oid: &[0x2b, 0x81, 0x04, 0x00, 0x22],
        size: 48,
        number: lc::NID_secp384r1,
    },
    Curve {
        name: "secp521r1",
        oid: &[0x2b, 0x81, 0x04, 0x00, 0x23],
        size: 66,
        number: lc::NID_secp521r1,
    },
];

/// The curve of this name.
pub(crate) fn find_curve(name: &str) -> Option<&'static Curve> {
    CURVES.iter().find(|curve| curve.name == name)
}

/// The curve whose numbers DER writes out, where keys usually have its name (RFC 3279, `ECParameters`).
pub(crate) fn curve_of_numbers(der: &[u8]) -> Option<&'static Curve> {
    let mut rest = lc::CBS {
        data: der.as_ptr(),
        len: der.len(),
    };
    // SAFETY: pointer and length are those of a slice. What it gives are the library's own groups, which live for ever.
    let number = unsafe {
        let group = lc::EC_KEY_parse_parameters(&mut rest);
        good(c_int::from(!group.is_null())).ok()?;
        lc::EC_GROUP_get_curve_name(group)
    };
    CURVES
        .iter()
        .find(|curve| curve.number == number && rest.len == 0)
}

/// How a point is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PointForm {
    Compressed,
    Uncompressed,
    Hybrid,
}

impl Curve {
    fn group(&self) -> Result<*const lc::EC_GROUP, Refused> {
        // SAFETY: it reads its argument alone. What it gives for these curves lives for ever.
        let group = unsafe { lc::EC_GROUP_new_by_curve_name(self.number) };
        match group.is_null() {
            true => good(0).map(|()| std::ptr::null()),
            false => Ok(group),
        }
    }

    /// A point that is on the curve, and not infinity.
    fn point(&self, bytes: &[u8]) -> Result<Point, Refused> {
        let group = self.group()?;
        // SAFETY: pointer and length are those of a slice, the point is one of the group.
        unsafe {
            let point = Point::own(lc::EC_POINT_new(group))?;
            good(lc::EC_POINT_oct2point(
                group,
                point.raw(),
                bytes.as_ptr(),
                bytes.len(),
                std::ptr::null_mut(),
            ))?;
            match lc::EC_POINT_is_at_infinity(group, point.raw()) {
                0 => Ok(point),
                _ => Err(Refused),
            }
        }
    }
}

/// # Safety
///
/// `point` is a point of the curve.
unsafe fn written(
    curve: &Curve,
    point: *const lc::EC_POINT,
    form: PointForm,
) -> Result<Vec<u8>, Refused> {
    let group = curve.group()?;
    let raw_form = match form {
        PointForm::Compressed => Form::POINT_CONVERSION_COMPRESSED,
        PointForm::Uncompressed | PointForm::Hybrid => Form::POINT_CONVERSION_UNCOMPRESSED,
    };
    let mut bytes = vec![0; 1 + 2 * curve.size];
    // SAFETY: the point is one of the group, and pointer and length are those of a slice.
    let length = unsafe {
        lc::EC_POINT_point2oct(
            group,
            point,
            raw_form,
            bytes.as_mut_ptr(),
            bytes.len(),
            std::ptr::null_mut(),
        )
    };
    if length == 0 {
        good(0)?;
    }
    bytes.truncate(length);
    if let (PointForm::Hybrid, [first, .., last]) = (form, bytes.as_mut_slice()) {
        *first = 6 | (*last & 1);
    }
    Ok(bytes)
}

/// A key, public or private, which was checked.
pub(crate) struct Ec {
    raw: Raw,
    pub(crate) curve: &'static Curve,
}

impl Ec {
    fn empty(curve: &'static Curve) -> Result<Self, Refused> {
        curve.group()?;
        // SAFETY: it reads its argument alone.
        let raw = Raw::own(unsafe { lc::EC_KEY_new_by_curve_name(curve.number) })?;
        Ok(Self { raw, curve })
    }

    /// A public key. The point may be in any form.
    pub(crate) fn public(curve: &'static Curve, point: &[u8]) -> Result<Self, Refused> {
        let key = Self::empty(curve)?;
        let mut plain = point.to_vec();
        if let (true, [first @ (6 | 7), .., last]) =
            (point.len() == 1 + 2 * curve.size, plain.as_mut_slice())
        {
            if *first & 1 != *last & 1 {
                return Err(Refused);
            }
            *first = 4;
        }
        let point = curve.point(&plain)?;
        // SAFETY: the point is one of the key's group, and is copied.
        good(unsafe { lc::EC_KEY_set_public_key(key.raw.raw(), point.raw()) })?;
        Ok(key)
    }

    /// A private key, and its public one.
    pub(crate) fn private(curve: &'static Curve, number: &[u8]) -> Result<Self, Refused> {
        let key = Self::empty(curve)?;
        if number.len() > curve.size + 8 {
            return Err(Refused);
        }
        let number = Number::new(number)?;
        let group = curve.group()?;
        // SAFETY: number and point are alive and copied, the point is one of the group. Numbers out of range
        // are refused first.
        unsafe {
            good(lc::EC_KEY_set_private_key(key.raw.raw(), number.raw()))?;
            let point = Point::own(lc::EC_POINT_new(group))?;
            good(lc::EC_POINT_mul(
                group,
                point.raw(),
                number.raw(),
                std::ptr::null(),
                std::ptr::null(),
                std::ptr::null_mut(),
            ))?;
            if lc::EC_POINT_is_at_infinity(group, point.raw()) != 0 {
                return Err(Refused);
            }
            good(lc::EC_KEY_set_public_key(key.raw.raw(), point.raw()))?;
        }
        Ok(key)
    }

    pub(crate) fn generate(curve: &'static Curve) -> Result<Self, Refused> {
        let key = Self::empty(curve)?;
        // SAFETY: it is a key with a group.
        good(unsafe { lc::EC_KEY_generate_key(key.raw.raw()) })?;
        Ok(key)
    }

    /// The public key's point.
    pub(crate) fn point(&self, form: PointForm) -> Result<Vec<u8>, Refused> {
        // SAFETY: the point is the key's, and every key here has one.
        unsafe { written(self.curve, lc::EC_KEY_get0_public_key(self.raw.raw()), form) }
    }

    /// The private number, of the curve's length.
    pub(crate) fn number(&self) -> Option<Vec<u8>> {
        // SAFETY: the number is the key's, and is copied.
        let number = unsafe { number::bytes(lc::EC_KEY_get0_private_key(self.raw.raw())) };
        let missing = self.curve.size.checked_sub(number.len())?;
        (!number.is_empty()).then(|| [vec![0; missing], number].concat())
    }

    /// The signature of a digest, in DER.
    pub(crate) fn sign(&self, digest: &[u8]) -> Result<Vec<u8>, Refused> {
        // SAFETY: there is room for as much as is written at most.
        unsafe {
            let mut signature = vec![0; lc::ECDSA_size(self.raw.raw())];
            let mut length = 0;
            good(lc::ECDSA_sign(
                0,
                digest.as_ptr(),
                digest.len(),
                signature.as_mut_ptr(),
                &mut length,
                self.raw.raw(),
            ))?;
            signature.truncate(length as usize);
            Ok(signature)
        }
    }

    pub(crate) fn verify(&self, digest: &[u8], signature: &[u8]) -> bool {
        // SAFETY: pointers and lengths are those of slices.
        good(unsafe {
            lc::ECDSA_verify(
                0,
                digest.as_ptr(),
                digest.len(),
                signature.as_ptr(),
                signature.len(),
                self.raw.raw(),
            )
        })
        .is_ok()
    }

    /// The secret that this private key shares with another's public one.
    pub(crate) fn agree(&self, other: &Self) -> Result<Vec<u8>, Refused> {
        if self.curve != other.curve {
            return Err(Refused);
        }
        let mut secret = vec![0; self.curve.size];
        // SAFETY: the point is the other key's, and of the same group; there is room for the secret.
        let length = unsafe {
            lc::ECDH_compute_key(
                secret.as_mut_ptr().cast(),
                secret.len(),
                lc::EC_KEY_get0_public_key(other.raw.raw()),
                self.raw.raw(),
                None,
            )
        };
        match usize::try_from(length) {
            Ok(length) if length == secret.len() => Ok(secret),
            _ => good(0).map(|()| secret),
        }
    }
}
