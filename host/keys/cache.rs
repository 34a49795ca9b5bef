//! Keys that were read lately, ready for use.
//!
//! An event's instance is a fresh one, and a key lies in it as bytes: to sign with it again it need not be read and checked
//! again. What is kept is found by a digest of the bytes, and nothing of it is seen by who does not have them.

use super::MOST_KEY;
use super::error::Error;
use super::key::{Key, is_public};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// How many are kept: a few MiB, however long they are.
const KEPT: usize = 256;

type Id = [u8; 32];

/// What is kept, and when each was used last.
#[derive(Default)]
struct Kept {
    keys: HashMap<Id, (Arc<Key>, u64)>,
    now: u64,
}

static CACHE: LazyLock<Mutex<Kept>> = LazyLock::new(Mutex::default);

impl Kept {
    fn find(&mut self, id: &Id) -> Option<Arc<Key>> {
        self.now += 1;
        let (key, used) = self.keys.get_mut(id)?;
        *used = self.now;
        Some(key.clone())
    }

    fn put(&mut self, id: Id, key: Arc<Key>) {
        self.now += 1;
        if self.keys.len() >= KEPT {
            // One of each eight goes, so that this is not done each time.
            let mut times: Vec<u64> = self.keys.values().map(|(_, used)| *used).collect();
            let (_, oldest, _) = times.select_nth_unstable(KEPT / 8);
            let oldest = *oldest;
            self.keys.retain(|_, (_, used)| *used > oldest);
        }
        self.keys.insert(id, (key, self.now));
    }
}

fn cached(
    kind: u8,
    der: &[u8],
    read: impl FnOnce(&[u8]) -> Result<Key, Error>,
) -> Result<Arc<Key>, Error> {
    if der.len() > MOST_KEY {
        return Err(Error::TooMuch);
    }
    let id: Id = Sha256::new()
        .chain_update([kind])
        .chain_update(der)
        .finalize()
        .into();
    let cache = || CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(key) = cache().find(&id) {
        return Ok(key);
    }
    let key = Arc::new(read(der)?);
    cache().put(id, key.clone());
    Ok(key)
}

/// The public key of SPKI.
pub(crate) fn public(spki: &[u8]) -> Result<Arc<Key>, Error> {
    cached(0, spki, Key::from_spki)
}

/// The private key of PKCS #8.
pub(crate) fn private(pkcs8: &[u8]) -> Result<Arc<Key>, Error> {
    let key = cached(1, pkcs8, Key::from_pkcs8)?;
    match key.is_private() {
        true => Ok(key),
        false => Err(is_public()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::generate::{Request, generate};

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let key = Arc::new(generate(&Request::Ed25519, &|_| true).unwrap());
        let mut kept = Kept::default();
        let id = |number: usize| {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&number.to_be_bytes());
            id
        };
        kept.put(id(0), key.clone());
        for number in 1..1000 {
            assert!(kept.find(&id(0)).is_some(), "{number}");
            kept.put(id(number), key.clone());
            assert!(kept.keys.len() <= KEPT);
            assert!(kept.find(&id(number)).is_some());
        }
        assert!(kept.find(&id(1)).is_none());
    }

    #[test]
    fn a_key_that_was_read_is_not_read_again() {
        let key = generate(&Request::X25519, &|_| true).unwrap();
        let (pkcs8, spki) = (key.pkcs8().unwrap(), key.spki().unwrap());
        let first = private(&pkcs8).unwrap();
        assert!(Arc::ptr_eq(&first, &private(&pkcs8).unwrap()));
        assert!(!public(&spki).unwrap().is_private());
        assert!(private(&spki).is_err());
        assert!(public(&pkcs8).is_err());
    }
}
