//! Leases: the right of one host to do something, which another may take when the host was silent.
//!
//! A lease is columns of the row that it is about: what fences off whoever lost it (a token, or the host's
//! name), and until when it holds. To take one is a part of each feature's own claim, which also says
//! what is due. What is the same for all is here: the work of a step, of a build and of a request with an
//! idempotency key goes on while its lease is extended ([`hold`], [`lost`]); after the database's clock was
//! set back no step, build or residency is held for longer than it was meant to be ([`be_due_soon`]). What
//! one host at a time does, and nobody has to take over in the midst, has a [`Turn`].
//!
//! Events have leases of their own (`inbox::lease`): thousands are extended at once.

mod store;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::time::Duration;

use tokio::time::Instant;

pub use store::{Turn, be_due_soon};

/// How often a lease is extended while it lasts.
const EXTENSIONS: u32 = 5;

/// Works while a lease is held. `None`: it was lost, and the work was dropped.
///
/// `extend` says whether the lease is still this host's.
pub async fn hold<T, E, F>(
    lasts: Duration,
    extend: impl FnMut() -> F,
    work: impl Future<Output = T>,
) -> Option<T>
where
    F: Future<Output = Result<bool, E>>,
    E: Error + 'static,
{
    tokio::select! {
        done = work => Some(done),
        () = lost(lasts, extend) => None,
    }
}

/// Extends a lease, and ends when it is lost: it is another's, or could not be extended for as long as
/// it lasts.
///
/// *Cancel safety*: the lease is held for as long as it was extended last.
pub async fn lost<E, F>(lasts: Duration, mut extend: impl FnMut() -> F)
where
    F: Future<Output = Result<bool, E>>,
    E: Error + 'static,
{
    // From before it was asked for, because nobody knows when that was done.
    let mut since = Instant::now();
    loop {
        tokio::time::sleep(lasts / EXTENSIONS).await;
        let asked = Instant::now();
        match tokio::time::timeout_at(since + lasts, extend()).await {
            Ok(Ok(true)) => since = asked,
            Ok(Ok(false)) | Err(_) => return,
            Ok(Err(_)) if since.elapsed() >= lasts => return,
            Ok(Err(error)) => tracing::warn!(
                error = &error as &dyn Error,
                "a lease could not be extended; trying again"
            ),
        }
    }
}
