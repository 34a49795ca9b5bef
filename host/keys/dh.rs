//! Keys for Diffie-Hellman (PKCS #3): a group, and numbers in it.

use super::error::{Error, OTHER_PARAMETERS, UNSUPPORTED};
use super::groups::{self, Group, agree_in_group, public_number};
use super::key::is_public;

/// A key, public or private.
pub(crate) struct Dh {
    pub(super) group: Group,
    pub(super) public: Vec<u8>,
    pub(super) private: Option<Vec<u8>>,
}

impl Dh {
    /// A public key. Whether its number is one of the group is looked at when a secret is agreed on.
    pub(super) fn public(group: Group, number: &[u8]) -> Result<Self, Error> {
        group.bounded()?;
        if number.len() > groups::MOST_BYTES {
            return Err(Error::TooMuch);
        }
        Ok(Self {
            group,
            public: number.to_vec(),
            private: None,
        })
    }

    /// A private key, and its public one.
    pub(super) fn private(group: Group, number: &[u8]) -> Result<Self, Error> {
        if group.bits() < groups::LEAST_BITS {
            return Err(Error::OpenSsl(UNSUPPORTED));
        }
        let public = public_number(&group, number).map_err(|error| match error {
            Error::Parameters(_) => Error::OpenSsl(UNSUPPORTED),
            other => other,
        })?;
        Ok(Self {
            group,
            public,
            private: Some(number.to_vec()),
        })
    }

    /// The secret that this private key shares with another's public one.
    pub(super) fn agree(&self, other: &Self) -> Result<Vec<u8>, Error> {
        if self.group != other.group {
            return Err(Error::OpenSsl(OTHER_PARAMETERS));
        }
        let private = self.private.as_deref().ok_or_else(is_public)?;
        agree_in_group(&self.group, private, &other.public)
    }
}
