//! Media: what an id tells, and the URL from which its bytes come.
//!
//! Not here: uploads. Media exists because a customer sent it.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::clock::SECOND_MS;
use crate::graph::auth::{self, Caller};
use crate::graph::error::GraphError;
use crate::graph::request::GraphRequest;
use crate::platform::Platform;
use crate::platform::world::{NodeKind, World};
use crate::webhooks::signature::hex_hmac;

/// How long a download URL is good for.
const URL_LIFETIME_MS: i64 = 5 * 60 * SECOND_MS;

/// `GET /{MEDIA_ID}`.
pub(crate) fn describe(
    platform: &Platform,
    request: &GraphRequest,
    id: &str,
) -> Result<Value, GraphError> {
    let now_ms = platform.clock.now_ms();
    let world = platform.world();
    let media = world
        .media
        .get(id)
        .filter(|media| now_ms < media.expires_at_ms)
        .ok_or_else(|| GraphError::unknown_object(request.method.as_str(), id))?;
    let owner = request.text("phone_number_id");
    if owner.is_some_and(|owner| owner != media.number_id) {
        return Err(GraphError::parameter(
            "Param phone_number_id is not the phone number that owns this media",
        ));
    }
    Ok(json!({
        "messaging_product": "whatsapp",
        "url": download_url(platform, id),
        "mime_type": media.mime_type,
        "sha256": hex::encode(Sha256::digest(&media.bytes)),
        "file_size": media.bytes.len(),
        "id": id,
    }))
}

/// `DELETE /{MEDIA_ID}`.
pub(crate) fn delete(platform: &Platform, id: &str) -> Value {
    platform.edit(|world| world.media.remove(id));
    json!({"success": true})
}

/// The URL of a media object's bytes, good for five minutes from now.
pub(crate) fn download_url(platform: &Platform, id: &str) -> String {
    let expires_s = (platform.clock.now_ms() + URL_LIFETIME_MS).div_euclid(SECOND_MS);
    format!(
        "{}/whatsapp_business/attachments/?mid={id}&ext={expires_s}&hash={}",
        platform.graph_url,
        url_hash(platform, id, &expires_s.to_string()),
    )
}

/// `GET` of a download URL: 401 without a good token, 404 when the URL is not, or no longer, good.
pub(crate) fn download(platform: &Arc<Platform>, request: &GraphRequest) -> Response {
    let caller = match auth::authenticate(platform, request) {
        Ok(caller) => caller,
        Err(error) => return error.into_response(),
    };
    let id = request.text("mid").unwrap_or_default();
    let expires_s = request.text("ext").unwrap_or_default();
    let hash = request.text("hash").unwrap_or_default();
    let is_genuine: bool = url_hash(platform, &id, &expires_s)
        .as_bytes()
        .ct_eq(hash.as_bytes())
        .into();
    let now_ms = platform.clock.now_ms();
    let is_fresh = expires_s
        .parse::<i64>()
        .is_ok_and(|expires_s| now_ms < expires_s.saturating_mul(SECOND_MS));
    let world = platform.world();
    if !(is_genuine && is_fresh && is_visible(&world, &caller, &id)) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Some(media) = world.media.get(&id).filter(|m| now_ms < m.expires_at_ms) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut headers = HeaderMap::new();
    if let Ok(mime_type) = media.mime_type.parse() {
        headers.insert(header::CONTENT_TYPE, mime_type);
    }
    (headers, media.bytes.clone()).into_response()
}

fn is_visible(world: &World, caller: &Caller, id: &str) -> bool {
    let waba = world.waba_of(NodeKind::Media, id);
    waba.is_some_and(|waba| caller.reaches(&waba.id))
}

/// Ties a URL to its media and its expiry. Kept in the process: URLs end with it.
fn url_hash(platform: &Platform, id: &str, expires_s: &str) -> String {
    hex_hmac(&platform.media_key, format!("{id}:{expires_s}").as_bytes())
}
