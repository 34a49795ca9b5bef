//! Whether the process lives, and whether it may get work.

use std::time::Duration;

use axum::extract::State;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::HttpState;
use super::error::ApiError;
use super::store;

/// A load balancer that waits longer has given up.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);

/// What readiness is told by.
#[derive(Clone, Debug)]
pub struct Health {
    pub pool: PgPool,
    /// The migration that this build needs.
    pub needed_migration: i64,
    /// Cancelled when the host begins to stop.
    pub draining: CancellationToken,
}

pub(super) async fn live() -> &'static str {
    "ok"
}

pub(super) async fn ready(State(state): State<HttpState>) -> Result<&'static str, ApiError> {
    let health = &state.health;
    if health.draining.is_cancelled() {
        return Err(ApiError::NotReady("the host is stopping"));
    }
    let newest = store::newest_migration(&health.pool);
    match tokio::time::timeout(DATABASE_TIMEOUT, newest).await {
        Ok(Ok(Some(version))) if version >= health.needed_migration => Ok("ok"),
        Ok(Ok(_)) => Err(ApiError::NotReady("the database's migrations are not done")),
        Ok(Err(error)) => Err(ApiError::Unavailable(error.into())),
        Err(elapsed) => Err(ApiError::Unavailable(elapsed.into())),
    }
}
