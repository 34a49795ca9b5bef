//! The Graph side: what a business's software talks to.
//!
//! All ids share one namespace, so a path says little: what `/{id}` is decides what it can do.
//! [`answer`] holds the whole list of what is understood. Templates, Flows, profiles and onboarding are
//! further arms of it.

pub(crate) mod auth;
pub(crate) mod error;
pub(crate) mod fields;
mod form;
pub(crate) mod listener;
pub(crate) mod media;
pub(crate) mod numbers;
pub(crate) mod request;
pub(crate) mod send;
pub(crate) mod subscriptions;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use crate::faults::{AssetCall, Fault};
use crate::graph::auth::{Caller, MANAGEMENT, MESSAGING};
use crate::graph::error::GraphError;
use crate::graph::listener::Cut;
use crate::graph::request::GraphRequest;
use crate::ids;
use crate::platform::Platform;
use crate::platform::world::NodeKind;

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 3 * 1024 * 1024;
/// The largest upload: a document of 100 MB, and the form around it.
const LARGEST_UPLOAD: usize = 101 * 1024 * 1024;

/// The Graph API as a service.
pub(crate) fn router(platform: Arc<Platform>) -> Router {
    Router::new().fallback(handle).with_state(platform)
}

/// A request with everything that its handling needs.
pub(crate) struct Call<'a> {
    pub(crate) platform: &'a Arc<Platform>,
    pub(crate) request: &'a GraphRequest,
    pub(crate) caller: Caller,
    /// Closes the connection instead of answering.
    pub(crate) cut: Cut,
}

async fn handle(
    State(platform): State<Arc<Platform>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let most = match parts.uri.path().trim_end_matches('/').ends_with("/media") {
        true => LARGEST_UPLOAD,
        false => LARGEST_BODY,
    };
    let Ok(body) = axum::body::to_bytes(body, most).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let mut response = match GraphRequest::read(&parts, &body) {
        Ok(request) => respond(&platform, &request, cut).await,
        Err(error) => error.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert("facebook-api-version", HeaderValue::from_static("v26.0"));
    if let Ok(trace) = ids::trace_id().parse() {
        headers.insert("x-fb-trace-id", trace);
    }
    response
}

async fn respond(platform: &Arc<Platform>, request: &GraphRequest, cut: Cut) -> Response {
    if request.segments == ["whatsapp_business", "attachments"] && request.method == Method::GET {
        return media::download(platform, request);
    }
    match answer(platform, request, cut).await {
        Ok(value) => axum::Json(value).into_response(),
        Err(error) => error.into_response(),
    }
}

/// Everything that the Graph API understands.
async fn answer(
    platform: &Arc<Platform>,
    request: &GraphRequest,
    cut: Cut,
) -> Result<Value, GraphError> {
    let path: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let (id, edge) = match path.as_slice() {
        ["debug_token"] => return auth::debug(platform, request),
        [id] => (*id, ""),
        [id, edge] => (*id, *edge),
        _ => return Err(GraphError::unknown_path(&format!("/{}", path.join("/")))),
    };
    let call = Call {
        platform,
        request,
        caller: auth::authenticate(platform, request)?,
        cut,
    };
    // The app that the token is of has a name of its own.
    let app_id = call.caller.app_id.clone();
    let id = if id == "app" { app_id.as_str() } else { id };
    let kind = find(&call, id)?;
    let scope = match (kind, edge) {
        (NodeKind::Number, "messages" | "media") | (NodeKind::Media, _) => MESSAGING,
        _ => MANAGEMENT,
    };
    // Which app it is of, any token may know.
    if (kind, edge) != (NodeKind::App, "") {
        call.caller.require(scope)?;
    }
    if let Some(error) = refusal(&call, kind, edge, id) {
        return Err(error);
    }
    match (kind, request.method.as_str(), edge) {
        (NodeKind::Number, "POST", "messages") => send::handle(&call, id).await,
        (NodeKind::Number, "POST", "media") => media::upload(platform, request, id),
        (NodeKind::Number, "POST", "register") => numbers::register(&call, id),
        (NodeKind::Number, "POST", "deregister") => numbers::deregister(&call, id),
        (NodeKind::Number, "GET", "") => numbers::describe(&call, id),
        (NodeKind::Number, "POST", "") => subscriptions::override_number(&call, id).await,
        (NodeKind::Waba, "GET", "") => numbers::describe_waba(&call, id),
        (NodeKind::Waba, "GET", "phone_numbers") => numbers::list(&call, id),
        (NodeKind::Waba, "POST", "subscribed_apps") => subscriptions::subscribe(&call, id).await,
        (NodeKind::Waba, "GET", "subscribed_apps") => subscriptions::list(&call, id),
        (NodeKind::Waba, "DELETE", "subscribed_apps") => subscriptions::unsubscribe(&call, id),
        (NodeKind::App, "GET", "") => numbers::describe_app(&call, id),
        (NodeKind::App, "POST", "subscriptions") => {
            subscriptions::set_app_callback(&call, id).await
        }
        (NodeKind::App, "GET", "subscriptions") => subscriptions::app_callback(&call, id),
        (NodeKind::App, "DELETE", "subscriptions") => subscriptions::remove_app_callback(&call, id),
        (NodeKind::Media, "GET", "") => media::describe(platform, request, id),
        (NodeKind::Media, "DELETE", "") => Ok(media::delete(platform, id)),
        (_, _, "") => Err(GraphError::unknown_object(request.method.as_str(), id)),
        (_, _, edge) => Err(GraphError::unknown_path(&format!("/{edge}"))),
    }
}

/// What a fault makes of a call about a number or an account.
fn refusal(call: &Call<'_>, kind: NodeKind, edge: &str, id: &str) -> Option<GraphError> {
    let method = call.request.method.as_str();
    let asked = match (kind, method, edge) {
        (NodeKind::Number, "GET", "") => AssetCall::ReadNumber,
        (NodeKind::Number, "POST", "register") => AssetCall::Register,
        (NodeKind::Number, "POST", "deregister") => AssetCall::Deregister,
        (NodeKind::Waba, "GET", "phone_numbers") => AssetCall::ListNumbers,
        (NodeKind::Waba, "POST", "subscribed_apps") => AssetCall::Subscribe,
        (NodeKind::Waba, "GET", "subscribed_apps") => AssetCall::ListSubscriptions,
        (NodeKind::Waba, "DELETE", "subscribed_apps") => AssetCall::Unsubscribe,
        _ => return None,
    };
    let applies = |fault: &Fault| matches!(fault, Fault::Refused { call, .. } if *call == asked);
    let struck = call
        .platform
        .faults()
        .strike(&mut call.platform.rng(), applies);
    match struck {
        Some(Fault::Refused { code, subcode, .. }) => {
            Some(GraphError::on_request(code, subcode, method, id))
        }
        _ => None,
    }
}

/// What an id is; nothing at all when the token does not reach it.
fn find(call: &Call<'_>, id: &str) -> Result<NodeKind, GraphError> {
    let world = call.platform.world();
    let unknown = || GraphError::unknown_object(call.request.method.as_str(), id);
    let kind = world.node_kind(id).ok_or_else(unknown)?;
    let is_visible = match world.waba_of(kind, id) {
        Some(waba) => call.caller.reaches(&waba.id),
        None => kind == NodeKind::App && call.caller.app_id == id,
    };
    is_visible.then_some(kind).ok_or_else(unknown)
}
