//! The Graph side: what a business's software talks to.
//!
//! All ids share one namespace, so a path says little: what `/{id}` is decides what it can do.
//! [`routes`] holds the whole list of what is understood, and a file each what a resource does.

pub(crate) mod accounts;
pub(crate) mod auth;
mod automation;
mod batch;
mod blocks;
mod commerce;
pub(crate) mod fields;
mod flows;
mod form;
mod health;
pub(crate) mod listener;
pub(crate) mod media;
pub(crate) mod numbers;
mod paging;
pub(crate) mod params;
mod profile;
mod qr_codes;
mod qr_image;
mod registration;
pub(crate) mod request;
pub(crate) mod routes;
pub(crate) mod send;
mod settings;
pub(crate) mod subscriptions;
pub(crate) mod templates;
#[cfg(test)]
mod tests;
pub(crate) mod uploads;

use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use crate::error::GraphError;
use crate::faults::{AssetCall, Fault};
use crate::graph::auth::Caller;
use crate::graph::fields::Ask;
use crate::graph::listener::Cut;
use crate::graph::request::GraphRequest;
use crate::graph::routes::{Op, Route};
use crate::ids;
use crate::platform::Platform;
use crate::platform::world::NodeKind;

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 12 * 1024 * 1024;
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

impl Call<'_> {
    /// What the request asks for of a node or a list.
    pub(crate) fn ask(&self) -> Result<Ask, GraphError> {
        Ask::of(&self.request.params)
    }

    /// An id that names nothing which this token can see.
    pub(crate) fn unknown(&self, id: &str) -> GraphError {
        GraphError::unknown_object(self.request.method.as_str(), id)
    }
}

async fn handle(
    State(platform): State<Arc<Platform>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().trim_end_matches('/');
    let is_upload = path.ends_with("/media") || path.contains("/upload:") || path.is_empty();
    let most = match is_upload {
        true => LARGEST_UPLOAD,
        false => LARGEST_BODY,
    };
    let Ok(body) = axum::body::to_bytes(body, most).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let mut version = crate::config::NEWEST_VERSION;
    let mut response = match GraphRequest::read(&parts, &body) {
        Ok(request) => {
            version = request.version;
            respond(&platform, &request, cut).await
        }
        Err(error) => error.into_response(),
    };
    let headers = response.headers_mut();
    if let Ok(version) = HeaderValue::from_str(&format!("v{version}.0")) {
        headers.insert("facebook-api-version", version);
    }
    if let Ok(trace) = ids::trace_id().parse() {
        headers.insert("x-fb-trace-id", trace);
    }
    response
}

async fn respond(platform: &Arc<Platform>, request: &GraphRequest, cut: Cut) -> Response {
    let path: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    match (request.method.clone(), path.as_slice()) {
        (Method::GET, ["whatsapp_business", "attachments"]) => {
            return media::download(platform, request);
        }
        (Method::GET, ["flow_assets", id]) => return flows::download(platform, request, id),
        (Method::GET, ["flow_preview", id]) => return flows::preview_page(platform, request, id),
        (Method::GET, ["qr", file]) => return qr_image::image(platform, file),
        (Method::GET, ["flow_media", id]) => return media::public(platform, id),
        (Method::GET, ["profile_photos", id]) => return uploads::photo(platform, id),
        _ => {}
    }
    let answered = match (request.method.clone(), path.is_empty()) {
        (Method::POST, true) => batch::run(platform, request, &cut).await,
        (Method::GET, true) => batch::nodes(platform, request, &cut).await,
        _ => answer(platform, request, cut).await,
    };
    match answered {
        Ok(value) => axum::Json(value).into_response(),
        Err(error) => error.into_response(),
    }
}

/// Answers one call.
pub(crate) async fn answer(
    platform: &Arc<Platform>,
    request: &GraphRequest,
    cut: Cut,
) -> Result<Value, GraphError> {
    let path: Vec<&str> = request.segments.iter().map(String::as_str).collect();
    let (id, edge) = match path.as_slice() {
        ["debug_token"] => return auth::debug(platform, request),
        ["oauth", "access_token"] => return auth::app_token(platform, request),
        [id, edge @ ..] => (*id, edge.join("/")),
        [] => return Err(GraphError::not_known_here("an empty path in a batch")),
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
    let kind = find(&call, id).map_err(|error| match routes::may_be_unknown(id, &edge) {
        true => GraphError::not_known_here(format_args!("`{} /{id}/{edge}`", request.method)),
        false => error,
    })?;
    let Some(route) = routes::route(kind, request.method.as_str(), &edge) else {
        let node = routes::placeholder(kind);
        let slash = if edge.is_empty() { "" } else { "/" };
        return Err(GraphError::not_known_here(format_args!(
            "`{} /{node}{slash}{edge}`",
            request.method
        )));
    };
    if let Some(scope) = route.scope {
        call.caller.require(scope)?;
    }
    if let Some(error) = refusal(&call, route, &edge, id) {
        return Err(error);
    }
    run(&call, route.op, id).await
}

async fn run(call: &Call<'_>, op: Op, id: &str) -> Result<Value, GraphError> {
    let part = call.request.segments.last().map_or("", String::as_str);
    match op {
        Op::ReadApp => accounts::describe_app(call, id),
        Op::SetAppCallback => subscriptions::set_app_callback(call, id).await,
        Op::ReadAppCallback => subscriptions::app_callback(call, id),
        Op::RemoveAppCallback => subscriptions::remove_app_callback(call, id),
        Op::BeginUpload => uploads::begin(call, id),
        Op::Upload => uploads::continue_with(call, id),
        Op::ReadUpload => uploads::describe(call, id),
        Op::ListOwnedAccounts => accounts::list_owned(call, id, "owned_whatsapp_business_accounts"),
        Op::ListClientAccounts => accounts::list_clients(call, id),
        Op::ReadAccount => accounts::describe(call, id),
        Op::ChangeAccount => accounts::change(call, id),
        Op::ListNumbers => numbers::list(call, id, &call.ask()?),
        Op::AddNumber => registration::add(call, id),
        Op::Subscribe => subscriptions::subscribe(call, id).await,
        Op::ListSubscriptions => subscriptions::list(call, id),
        Op::Unsubscribe => subscriptions::unsubscribe(call, id),
        Op::ListUsers => accounts::users(call, id),
        Op::AssignUser => accounts::assign_user(call, id),
        Op::DismissUser => accounts::dismiss_user(call, id),
        Op::CreateTemplate => templates::create(call, id),
        Op::ListTemplates => templates::list(call, id, &call.ask()?),
        Op::DeleteTemplates => templates::delete(call, id),
        Op::ArchiveTemplates => templates::archive(call, id, true),
        Op::UnarchiveTemplates => templates::archive(call, id, false),
        Op::UpsertTemplates => templates::upsert(call, id),
        Op::MigrateTemplates => templates::migrate(call, id),
        Op::TemplateAnalytics => templates::analytics(call, id),
        Op::ReadTemplate => templates::describe(call, id),
        Op::EditTemplate => templates::edit(call, id),
        Op::UnpauseTemplate => templates::unpause(call, id),
        Op::CompareTemplates => templates::compare(call, id),
        Op::CreateFlow => flows::create(call, id),
        Op::ListFlows => flows::list(call, id, &call.ask()?),
        Op::MigrateFlows => flows::migrate(call, id),
        Op::ReadFlow => flows::describe(call, id),
        Op::ChangeFlow => flows::change(call, id),
        Op::DeleteFlow => flows::delete(call, id),
        Op::UploadFlowJson => flows::upload(call, id),
        Op::ListFlowAssets => flows::assets(call, id),
        Op::PublishFlow => flows::publish(call, id).await,
        Op::DeprecateFlow => flows::deprecate(call, id),
        Op::Send => send::handle(call, id).await,
        Op::UploadMedia => media::upload(call, id),
        Op::ReadMedia => media::describe(call, id),
        Op::DeleteMedia => media::delete(call, id),
        Op::ReadNumber => numbers::describe(call, id),
        Op::ChangeNumber => numbers::change(call, id).await,
        Op::RequestCode => registration::request_code(call, id),
        Op::VerifyCode => registration::verify_code(call, id),
        Op::Register => registration::register(call, id),
        Op::Deregister => registration::deregister(call, id),
        Op::ReadSettings => settings::describe(call, id),
        Op::ChangeSettings => settings::change(call, id),
        Op::ReadProfile => profile::describe(call, id),
        Op::ChangeProfile => profile::change(call, id),
        Op::ReadEncryption => flows::encryption::describe(call, id),
        Op::SetEncryption => flows::encryption::set(call, id),
        Op::ReadCommerce => commerce::describe(call, id),
        Op::ChangeCommerce => commerce::change(call, id),
        Op::SetAutomation => automation::change(call, id),
        Op::ListQrCodes => qr_codes::list(call, id),
        Op::WriteQrCode => qr_codes::write(call, id, call.request.text("code")),
        Op::ChangeQrCode => qr_codes::write(call, id, Some(part.to_owned())),
        Op::ReadQrCode => qr_codes::describe(call, id, part),
        Op::DeleteQrCode => qr_codes::delete(call, id, part),
        Op::ListBlocked => blocks::list(call, id),
        Op::BlockUsers => blocks::block(call, id),
        Op::UnblockUsers => blocks::unblock(call, id),
        Op::ReadUsername => settings::username(call, id),
        Op::SuggestUsernames => settings::suggestions(call, id),
        Op::SetUsername => settings::set_username(call, id),
        Op::DeleteUsername => settings::delete_username(call, id),
    }
}

/// What a fault makes of a call.
fn refusal(call: &Call<'_>, route: Route, edge: &str, id: &str) -> Option<GraphError> {
    let method = call.request.method.as_str();
    let asset_call = match route.op {
        Op::ReadNumber => Some(AssetCall::ReadNumber),
        Op::Register => Some(AssetCall::Register),
        Op::Deregister => Some(AssetCall::Deregister),
        Op::ListNumbers => Some(AssetCall::ListNumbers),
        Op::Subscribe => Some(AssetCall::Subscribe),
        Op::ListSubscriptions => Some(AssetCall::ListSubscriptions),
        Op::Unsubscribe => Some(AssetCall::Unsubscribe),
        _ => None,
    };
    let applies = |fault: &Fault| match fault {
        Fault::Refused { call, .. } => Some(*call) == asset_call,
        Fault::GraphError {
            method: wanted,
            edge: wanted_edge,
            ..
        } => {
            let is_method = |wanted: &String| wanted.eq_ignore_ascii_case(method);
            wanted.as_ref().is_none_or(is_method)
                && wanted_edge.as_ref().is_none_or(|wanted| wanted == edge)
        }
        _ => false,
    };
    let struck = call
        .platform
        .faults()
        .strike(&mut call.platform.rng(), applies);
    match struck {
        Some(Fault::Refused { code, subcode, .. } | Fault::GraphError { code, subcode, .. }) => {
            Some(GraphError::on_request(code, subcode, method, id))
        }
        _ => None,
    }
}

/// What an id is; nothing at all when the token does not reach it.
fn find(call: &Call<'_>, id: &str) -> Result<NodeKind, GraphError> {
    let world = call.platform.world();
    let kind = world.node_kind(id).ok_or_else(|| call.unknown(id))?;
    let caller = &call.caller;
    let is_visible = match kind {
        NodeKind::App => caller.app_id == id,
        NodeKind::Upload => {
            let upload = world.uploads.get(id.trim_start_matches("upload:"));
            upload.is_some_and(|upload| upload.app_id == caller.app_id)
        }
        NodeKind::Business => {
            let mut wabas = world.wabas.values();
            wabas.any(|waba| waba.business_id == id && caller.reaches(&waba.id))
        }
        _ => {
            let waba = world.waba_of(kind, id);
            waba.is_some_and(|waba| caller.reaches(&waba.id))
        }
    };
    is_visible.then_some(kind).ok_or_else(|| call.unknown(id))
}
