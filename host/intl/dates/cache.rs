//! Keeps what was made, up to a number: those that were used last.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

pub(super) struct Cache<K, V> {
    most: usize,
    kept: Mutex<Kept<K, V>>,
}

/// The values, each with when it was used last, and how many uses there were.
type Kept<K, V> = (HashMap<K, (Arc<V>, u64)>, u64);

impl<K: Clone + Eq + Hash, V> Cache<K, V> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            kept: Mutex::new((HashMap::new(), 0)),
        }
    }

    /// What is kept by a key; otherwise it is made, which may fail.
    pub(super) fn get<E>(&self, key: &K, make: impl FnOnce() -> Result<V, E>) -> Result<Arc<V>, E> {
        if let Some(found) = self.find(key) {
            return Ok(found);
        }
        // Two may make the same at once; the latter stays.
        let made = Arc::new(make()?);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (values, uses) = &mut *kept;
        if values.len() >= self.most {
            let mut used: Vec<u64> = values.values().map(|(_, used)| *used).collect();
            used.sort_unstable();
            let old = used.get(used.len() / 4).copied().unwrap_or(u64::MAX);
            values.retain(|_, (_, used)| *used > old);
        }
        *uses += 1;
        values.insert(key.clone(), (Arc::clone(&made), *uses));
        Ok(made)
    }

    fn find(&self, key: &K) -> Option<Arc<V>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (values, uses) = &mut *kept;
        let (value, used) = values.get_mut(key)?;
        *uses += 1;
        *used = *uses;
        Some(Arc::clone(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go() {
        let cache: Cache<u32, u32> = Cache::new(8);
        for key in 0..8 {
            cache.get::<()>(&key, || Ok(key)).unwrap();
        }
        cache.get::<()>(&0, || Err(())).unwrap();
        cache.get::<()>(&8, || Ok(8)).unwrap();
        assert!(cache.find(&0).is_some() && cache.find(&8).is_some());
        assert!(cache.find(&1).is_none() && cache.find(&7).is_some());
        assert_eq!(cache.get(&9, || Err("no")).unwrap_err(), "no");
    }
}
