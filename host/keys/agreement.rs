//! Secrets that two keys share.

use super::curve448;
use super::error::{DERIVATION, Error, NO_KEY_OPERATION, OTHER_PARAMETERS, UNSUPPORTED};
use super::key::{Key, is_public};
use super::lc::{self, Ec, PointForm};
use super::{curve, failed};

/// The secret of a private key and another's public one.
pub(crate) fn agree(private: &Key, public: &Key) -> Result<Vec<u8>, Error> {
    match (private, public) {
        (Key::Ec(private), Key::Ec(public)) if private.curve != public.curve => {
            Err(Error::OpenSsl(OTHER_PARAMETERS))
        }
        (Key::Ec(private), Key::Ec(public)) => private
            .agree(public)
            .map_err(|_| Error::OpenSsl(DERIVATION)),
        (Key::X25519(private), Key::X25519(public)) => {
            let private = private.private.ok_or_else(is_public)?;
            lc::x25519(&private, &public.public).map_err(|_| Error::OpenSsl(DERIVATION))
        }
        (Key::X448(private), Key::X448(public)) => {
            let private = private.private.ok_or_else(is_public)?;
            curve448::x448(&private, &public.public).map_err(|_| Error::OpenSsl(DERIVATION))
        }
        (Key::Dh(private), Key::Dh(public)) => private.agree(public),
        _ => Err(Error::OpenSsl(NO_KEY_OPERATION)),
    }
}

fn not_on_curve(_: lc::Refused) -> Error {
    Error::OpenSsl(UNSUPPORTED)
}

/// A point in another form.
pub(crate) fn convert_point(name: &str, point: &[u8], form: PointForm) -> Result<Vec<u8>, Error> {
    let key = Ec::public(curve(name)?, point).map_err(not_on_curve)?;
    key.point(form).map_err(failed)
}

/// The point of a private number.
pub(crate) fn point_of(name: &str, number: &[u8]) -> Result<Vec<u8>, Error> {
    let key = Ec::private(curve(name)?, number).map_err(not_on_curve)?;
    key.point(PointForm::Uncompressed).map_err(failed)
}

/// The secret of a private number and another's point.
pub(crate) fn agree_on_curve(name: &str, number: &[u8], point: &[u8]) -> Result<Vec<u8>, Error> {
    let curve = curve(name)?;
    let private = Ec::private(curve, number).map_err(not_on_curve)?;
    let public = Ec::public(curve, point).map_err(not_on_curve)?;
    private
        .agree(&public)
        .map_err(|_| Error::OpenSsl(DERIVATION))
}
