//! The admin API: what operators, the command line and the dashboard use, on a listener of its own.
//!
//! Every route but `/livez`, `/metrics` and `/openapi.json` is under `/v1` and wants a token. A request passes
//! the request log, `caller` (who asks), `idempotency` (was it answered already), `audit` (every
//! change is written down), and the resource. The OpenAPI document is made of the code; `document`
//! adds what all operations share.
//!
//! # How to add a resource
//!
//! 1. Copy `projects.rs` to a file of your own. `routes()` lists its handlers; add it to
//!    [`routes`] below. Nothing else is shared.
//! 2. A handler takes [`Caller`], [`ProjectPath`] (for `{project}` in its path; checks that the
//!    caller may see it), [`ApiQuery`], [`ApiPath`] and last [`ApiJson`], and returns
//!    `Result<_, ApiError>`. GET needs the scope `read`, all others `write`; for `admin` call
//!    [`Caller::require`]. A path without `{project}` must look at [`Caller::bound_to`] itself.
//! 3. `#[utoipa::path]` names the method, the path, `params(TheQuery)`, the body and what is
//!    answered when all is well. Refusals that come of extractors, tokens and keys are documented by
//!    `document`; add a status that your handler gives itself, as `(status = 409, description = …)`,
//!    without a body: `document` adds the problem's. The function's name is the operation's id, and
//!    the action in the audit log. The first line of its comment is the summary.
//! 4. Errors: `impl From<YourError> for ApiError` in your file, with the helpers of [`error`].
//! 5. What is answered is a view in [`crate::views`], which the command line reads too: a file for the
//!    resource. Lists: [`Window::read`], then [`Window::page`]. Times: [`Time`](crate::views::Time). Ids are
//!    strings, words of closed sets [`Told`](crate::words::Told).
//! 6. What was changed goes into the audit log by [`Caller::note`]: never a secret.
//! 7. A stream must end when [`Api::draining`] is cancelled.

mod audit;
mod caller;
mod contacts;
mod conversations;
mod dead_events;
mod document;
mod environment;
pub mod error;
mod event_view;
mod events;
mod extract;
mod flows;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod idempotency;
mod keys;
mod lifecycle;
mod logs;
mod media;
mod messages;
mod metrics;
mod number;
mod page;
mod profile;
mod projects;
mod queue;
mod secrets;
mod strict;
mod templates;
mod time;
mod tokens;
mod versions;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, header};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;

pub use caller::{Caller, ProjectPath};
pub use extract::{
    ApiJson, ApiPath, ApiQuery, Bytes, RowId, bytes, not_null, too_large, typed_word,
};
pub use page::{PageQuery, Window};
pub use time::time_given;

use crate::access::Access;
use crate::http::{ApiError, request_log};
use crate::operator::Host;

/// Bodies of JSON. A route that takes more has a `DefaultBodyLimit` of its own.
const LONGEST_BODY: usize = 1024 * 1024;

/// What the handlers share.
#[derive(Clone)]
pub struct Api {
    /// Everything that operators do with a host.
    pub host: Arc<Host>,
    /// Tokens, audit log, answered requests.
    pub access: Access,
    /// Cancelled when the host begins to stop.
    pub draining: CancellationToken,
    actions: Arc<HashMap<(String, String), String>>,
}

/// Every resource.
fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(document::beginning())
        .merge(projects::routes())
        .merge(queue::routes())
        .merge(lifecycle::routes())
        .merge(number::routes())
        .merge(profile::routes())
        .merge(flows::routes())
        .merge(events::routes())
        .merge(logs::routes())
        .merge(media::routes())
        .merge(contacts::routes())
        .merge(conversations::routes())
        .merge(versions::routes())
        .merge(secrets::routes())
        .merge(templates::routes())
        .merge(environment::routes())
        .merge(tokens::routes())
        .merge(keys::routes())
        .merge(audit::routes())
}

/// The OpenAPI document.
pub fn openapi() -> Value {
    document::complete(&routes().into_openapi())
}

/// The whole admin API.
pub fn router(host: Arc<Host>, access: Access, draining: CancellationToken) -> Router {
    let (routes, document) = routes().split_for_parts();
    let document = document::complete(&document);
    let api = Api {
        host,
        access,
        draining,
        actions: Arc::new(document::operations(&document)),
    };
    let document: Arc<str> = document.to_string().into();
    let kind = [(header::CONTENT_TYPE, "application/json")];
    routes
        .route_layer(from_fn_with_state(api.clone(), audit::write_down))
        .route_layer(from_fn_with_state(api.clone(), idempotency::once))
        .route_layer(from_fn_with_state(api.clone(), caller::authenticate))
        .route(
            "/openapi.json",
            get(move || async move { (kind, document.to_string()) }),
        )
        .route("/livez", get(async || "ok"))
        .route("/metrics", get(metrics::scrape))
        .fallback(async || ApiError::NoSuchRoute)
        .method_not_allowed_fallback(async || ApiError::WrongMethod)
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .layer(from_fn(request_log))
        .with_state(api)
}

impl Api {
    /// The id of an operation, for the audit log.
    fn action(&self, method: &Method, path: &str) -> Cow<'_, str> {
        let key = (method.as_str().to_lowercase(), path.to_owned());
        match self.actions.get(&key) {
            Some(action) => Cow::Borrowed(action),
            None => Cow::Owned(format!("{method} {path}")),
        }
    }
}
