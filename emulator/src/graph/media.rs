//! Media: uploads, what an id tells, and the URL from which its bytes come.

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
use crate::ids;
use crate::platform::Platform;
use crate::platform::model::Media;
use crate::platform::world::{NodeKind, World};
use crate::webhooks::signature::hex_hmac;

/// How long a download URL is good for.
const URL_LIFETIME_MS: i64 = 5 * 60 * SECOND_MS;
/// How long an upload can be sent and fetched.
const UPLOAD_MS: i64 = 30 * 24 * 3600 * SECOND_MS;

const KB: usize = 1 << 10;
const MB: usize = 1 << 20;
/// What may be uploaded, and the most bytes of it.
const TYPES: [(&str, usize); 18] = [
    ("audio/aac", 16 * MB),
    ("audio/mp4", 16 * MB),
    ("audio/mpeg", 16 * MB),
    ("audio/amr", 16 * MB),
    ("audio/ogg", 16 * MB),
    ("application/vnd.ms-powerpoint", 100 * MB),
    ("application/msword", 100 * MB),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        100 * MB,
    ),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        100 * MB,
    ),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        100 * MB,
    ),
    ("application/vnd.ms-excel", 100 * MB),
    ("application/pdf", 100 * MB),
    ("text/plain", 100 * MB),
    ("image/jpeg", 5 * MB),
    ("image/png", 5 * MB),
    // An animated sticker; others may have 100 KB.
    ("image/webp", 500 * KB),
    ("video/mp4", 16 * MB),
    ("video/3gpp", 16 * MB),
];

/// `POST /{PHONE_NUMBER_ID}/media`.
pub(crate) fn upload(
    platform: &Platform,
    request: &GraphRequest,
    number_id: &str,
) -> Result<Value, GraphError> {
    if request.text("messaging_product").as_deref() != Some("whatsapp") {
        return Err(GraphError::parameter(
            "The parameter messaging_product is required.",
        ));
    }
    let file = request
        .file
        .as_ref()
        .ok_or_else(|| GraphError::parameter("The parameter file is required."))?;
    let declared = file.mime_type.clone().or_else(|| request.text("type"));
    let mime_type = declared.unwrap_or_else(|| "application/octet-stream".to_owned());
    let essence = mime_type.split(';').next().unwrap_or_default().trim();
    let Some((_, most)) = TYPES.iter().find(|(known, _)| *known == essence) else {
        let known: Vec<&str> = TYPES.iter().map(|(known, _)| *known).collect();
        return Err(GraphError::parameter(format!(
            "Param file must be a file with one of the following types: {}. Received file of type \
             '{essence}'.",
            known.join(", ")
        )));
    };
    if file.bytes.len() > *most {
        return Err(GraphError::detailed(
            131053,
            format!("The file is larger than the {most} bytes that {essence} may have."),
        ));
    }
    let now_ms = platform.clock.now_ms();
    let media = Media {
        id: ids::object_id(),
        number_id: number_id.to_owned(),
        mime_type: essence.to_owned(),
        bytes: file.bytes.clone(),
        expires_at_ms: now_ms + UPLOAD_MS,
    };
    let id = media.id.clone();
    platform.edit(|world| {
        world.media.retain(|_, known| now_ms < known.expires_at_ms);
        world.media.insert(media.id.clone(), media);
    });
    Ok(json!({"id": id}))
}

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
