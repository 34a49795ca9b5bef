//! Secrets of a host of which several hold at once while they are changed. Clones see the same.

use std::sync::{Arc, PoisonError, RwLock};

use super::model::Secret;

/// What is accepted now.
#[derive(Clone, Debug, Default)]
pub struct Accepted(Arc<RwLock<Arc<[Secret]>>>);

impl Accepted {
    /// These, until others are set.
    pub fn new(secrets: impl Into<Arc<[Secret]>>) -> Self {
        Self(Arc::new(RwLock::new(secrets.into())))
    }

    /// All of them.
    pub fn now(&self) -> Arc<[Secret]> {
        let now = self.0.read().unwrap_or_else(PoisonError::into_inner);
        now.clone()
    }

    /// From now on these.
    pub fn set(&self, secrets: impl Into<Arc<[Secret]>>) {
        let mut now = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *now = secrets.into();
    }
}
