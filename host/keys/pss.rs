//! What an RSA-PSS key is bound to (RFC 4055).

use super::der;
use super::error::{Error, UNSUPPORTED};
use super::lc::{self, DIGESTS, Digest};

const MGF1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08];

/// The digests and the least length of a salt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pss {
    pub(super) digest: Digest,
    pub(super) mask: Digest,
    pub(super) salt: u32,
}

/// A digest as an algorithm.
fn digest(reader: &mut der::Reader<'_>) -> Option<Digest> {
    let oid = reader.sequence()?.take(der::OID)?;
    DIGESTS.iter().find(|digest| digest.oid() == oid).copied()
}

fn written(digest: Digest) -> Vec<u8> {
    der::sequence(&[&der::oid(digest.oid()), &der::value(der::NULL, &[])])
}

impl Pss {
    /// Reads the parameters of an algorithm; none, where there are none.
    pub(super) fn read(mut parameters: der::Reader<'_>) -> Result<Option<Self>, Error> {
        if parameters.is_empty() {
            return Ok(None);
        }
        let read = || {
            let mut all = parameters.sequence()?;
            let sha1 = lc::find_digest("sha1")?;
            let (mut pss, mut part) = (
                Self {
                    digest: sha1,
                    mask: sha1,
                    salt: 20,
                },
                |tag| all.take(tag).map(der::Reader::new),
            );
            if let Some(mut one) = part(0xa0) {
                pss.digest = digest(&mut one)?;
            }
            if let Some(mut one) = part(0xa1) {
                let mut mask = one.sequence()?;
                if mask.take(der::OID)? != MGF1 {
                    return None;
                }
                pss.mask = digest(&mut mask)?;
            }
            if let Some(mut one) = part(0xa2) {
                pss.salt = one.small()?;
            }
            Some(pss)
        };
        let mut read = read;
        read().map(Some).ok_or(Error::OpenSsl(UNSUPPORTED))
    }

    /// The parameters. What is usual is left out.
    pub(super) fn written(&self) -> Vec<u8> {
        let is_sha1 = |digest: Digest| digest.name() == "sha1";
        let part = |tag, is_usual, contents: Vec<u8>| match is_usual {
            true => Vec::new(),
            false => der::value(tag, &[&contents]),
        };
        der::sequence(&[
            &part(0xa0, is_sha1(self.digest), written(self.digest)),
            &part(
                0xa1,
                is_sha1(self.mask),
                der::sequence(&[&der::oid(MGF1), &written(self.mask)]),
            ),
            &part(
                0xa2,
                self.salt == 20,
                der::unsigned(&self.salt.to_be_bytes()),
            ),
        ])
    }
}
