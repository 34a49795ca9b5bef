//! The control API: what a test, or a person at a simulated phone, does with the emulator.
//!
//! It has a listener and a token of its own, so that software under test, which reaches the
//! Graph side, does not reach it.

pub(crate) mod assets;
pub mod client;
pub(crate) mod conduct;
pub(crate) mod decisions;
pub(crate) mod error;
pub(crate) mod people;
pub(crate) mod reads;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Request, State};
use axum::http::{HeaderMap, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use subtle::ConstantTimeEq as _;

use crate::control::error::ControlError;
use crate::platform::Platform;

pub use crate::config::{ClosedWindow, DelayRange, PairRate, Settings, WebhookOrder};
pub use crate::control::client::{ClientError, ControlClient, CustomerClient};
pub use crate::faults::{ArmedFault, AssetCall, Fault, Often};
pub use crate::outbox::ReleaseOrder;
pub use crate::outbox::log::{Attempt, AttemptOutcome};
pub use crate::outstanding::Outstanding;
pub use crate::platform::kinds::{InteractiveType, MediaKind, MessageType};
pub use crate::platform::model::{
    App, Automation, Callback, CatalogSettings, Command, Customer, Encryption, Flow, FlowStatus,
    NameRequest, Number, Profile, QrCode, Quality, Subscription, Template, Token, Waba,
};
pub use crate::platform::thread::{
    AddressedBy, Choice, ChoiceKind, MessageStatus, OfferedFlow, Rendered, SentItem, SentKind,
    SentMessage,
};
pub use crate::wire;

/// The largest body that is read, in bytes: media comes in base64 and may have 100 MB.
const LARGEST_BODY: usize = 140 * 1024 * 1024;

/// Every route of the control API.
pub(crate) fn router(platform: Arc<Platform>, control_token: String) -> Router {
    let guard = middleware::from_fn_with_state(Arc::<str>::from(control_token), authorize);
    Router::new()
        .route("/apps", get(assets::list_apps).post(assets::put_app))
        .route("/wabas", get(assets::list_wabas).post(assets::put_waba))
        .route(
            "/numbers",
            get(assets::list_numbers).post(assets::put_number),
        )
        .route("/tokens", get(assets::list_tokens).post(assets::put_token))
        .route(
            "/numbers/{id}",
            get(decisions::show_number).patch(decisions::change_number),
        )
        .route("/numbers/{id}/name", post(decisions::decide_name))
        .route(
            "/templates",
            get(decisions::templates).post(assets::put_template),
        )
        .route(
            "/templates/{id}/decisions",
            post(decisions::decide_template),
        )
        .route("/templates/{id}/quality", post(decisions::grade_template))
        .route(
            "/templates/{id}/category",
            post(decisions::recategorize_template),
        )
        .route("/flows", get(decisions::flows))
        .route("/flows/{id}/status", post(decisions::change_flow))
        .route("/flows/{id}/ping", post(decisions::ping_flow))
        .route("/customers", get(people::list).post(people::put))
        .route(
            "/customers/{phone}",
            patch(people::change).get(people::show),
        )
        .route("/customers/{phone}/acts", post(people::act))
        .route("/customers/{phone}/read", post(people::read))
        .route("/customers/{phone}/play", post(people::play))
        .route("/customers/{phone}/preference", post(people::prefer))
        .route(
            "/customers/{phone}/flow",
            get(people::show_flow).post(people::open_flow),
        )
        .route("/customers/{phone}/flow/steps", post(people::step_flow))
        .route("/sent", get(reads::sent))
        .route("/deliveries", get(reads::deliveries))
        .route("/media/{id}", get(reads::media))
        .route("/idle", get(reads::idle))
        .route(
            "/settings",
            get(conduct::settings).patch(conduct::change_settings),
        )
        .route("/clock", get(conduct::clock).put(conduct::set_clock))
        .route(
            "/faults",
            get(conduct::faults)
                .post(conduct::arm)
                .delete(conduct::disarm),
        )
        .route("/webhooks", post(decisions::tell))
        .route("/webhooks/hold", post(conduct::hold))
        .route("/webhooks/release", post(conduct::release))
        .route("/webhooks/retry", post(conduct::retry))
        .route("/reset", post(conduct::reset))
        .fallback(no_route)
        .layer(guard)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(platform)
}

async fn authorize(
    State(token): State<Arc<str>>,
    headers: HeaderMap,
    request: Request,
    next: Next,
) -> Response {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    if bool::from(given.as_bytes().ct_eq(token.as_bytes())) {
        next.run(request).await
    } else {
        ControlError::Unauthorized.into_response()
    }
}

async fn no_route(uri: Uri) -> ControlError {
    ControlError::NoRoute(uri.path().to_owned())
}

/// A JSON body whose rejection is a [`ControlError`].
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(ControlError))]
pub(crate) struct Body<T>(pub(crate) T);

/// Query parameters whose rejection is a [`ControlError`].
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ControlError))]
pub(crate) struct Query<T>(pub(crate) T);
