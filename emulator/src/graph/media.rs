//! Media: uploads, what an id tells, and the URL from which its bytes come.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::clock::SECOND_MS;
use crate::error::GraphError;
use crate::graph::Call;
use crate::graph::auth::{self, Caller};
use crate::graph::fields::{NodeType, project};
use crate::graph::request::GraphRequest;
use crate::ids;
use crate::platform::Platform;
use crate::platform::kinds::MediaKind;
use crate::platform::model::Media;
use crate::platform::world::{NodeKind, World};
use crate::urls::{download_url, url_hash};

/// How long an upload can be sent and fetched.
const UPLOAD_MS: i64 = 30 * 24 * 3600 * SECOND_MS;

/// Bytes of a sticker that does not move.
const STILL_STICKER: usize = 100 << 10;

/// `POST /{PHONE_NUMBER_ID}/media`.
pub(crate) fn upload(call: &Call<'_>, number_id: &str) -> Result<Value, GraphError> {
    let (platform, request) = (call.platform, call.request);
    if request.text("messaging_product").as_deref() != Some("whatsapp") {
        return Err(GraphError::required("messaging_product"));
    }
    let file = request.files.get("file");
    let file = file.ok_or_else(|| GraphError::required("file"))?;
    let is_registered = {
        let world = platform.world();
        world
            .numbers
            .get(number_id)
            .is_some_and(|n| n.is_registered)
    };
    if !is_registered {
        return Err(GraphError::cloud(133010));
    }
    let declared = file.mime_type.clone().or_else(|| request.text("type"));
    let mime_type = declared.unwrap_or_else(|| "application/octet-stream".to_owned());
    // A type with parameters is none of the list: `audio/ogg; codecs=opus` is refused.
    let essence = mime_type.trim();
    let Some((_, most)) = MediaKind::all_types().find(|(known, _)| *known == essence) else {
        let known: Vec<&str> = MediaKind::all_types().map(|(known, _)| known).collect();
        return Err(GraphError::parameter(format!(
            "Param file must be a file with one of the following types: {}. Received file of type \
             '{essence}'.",
            known.join(", ")
        )));
    };
    if file.bytes.is_empty() {
        return Err(GraphError::parameter("Param file must not be empty."));
    }
    let is_still = essence == "image/webp" && !is_animated(&file.bytes);
    let most = if is_still && is_webp(&file.bytes) {
        STILL_STICKER
    } else {
        most
    };
    if file.bytes.len() > most {
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
        file_name: file.file_name.clone(),
    };
    let id = media.id.clone();
    platform.edit(|world| {
        world.media.retain(|_, known| now_ms < known.expires_at_ms);
        world.media.insert(media.id.clone(), media);
    });
    Ok(json!({"id": id}))
}

fn is_webp(bytes: &[u8]) -> bool {
    bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP")
}

/// Whether a WebP image has more than one frame.
fn is_animated(bytes: &[u8]) -> bool {
    bytes.get(12..16) == Some(b"VP8X") && bytes.get(20).is_some_and(|flags| flags & 2 != 0)
}

/// `GET /{MEDIA_ID}`.
pub(crate) fn describe(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let media = owned(call, id)?;
    let node = json!({
        "messaging_product": "whatsapp",
        "url": download_url(call.platform, id),
        "mime_type": media.mime_type,
        "sha256": hex::encode(Sha256::digest(&media.bytes)),
        "file_size": media.bytes.len(),
        "id": id,
    });
    let ask = call.ask()?;
    match ask.fields {
        None => Ok(node),
        Some(_) => project(&node, &MEDIA, &ask),
    }
}

const MEDIA: NodeType = NodeType {
    name: "WhatsAppMediaAttachment",
    defaults: &[],
    unset: &[],
};

/// `DELETE /{MEDIA_ID}`.
pub(crate) fn delete(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    owned(call, id)?;
    call.platform.edit(|world| world.media.remove(id));
    Ok(json!({"success": true}))
}

/// Media that has not expired, and is the number's that the request names, if it names one.
fn owned(call: &Call<'_>, id: &str) -> Result<Media, GraphError> {
    let now_ms = call.platform.clock.now_ms();
    let world = call.platform.world();
    let media = world.media.get(id);
    let media = media.filter(|media| now_ms < media.expires_at_ms);
    let media = media.ok_or_else(|| call.unknown(id))?;
    let owner = call.request.text("phone_number_id");
    if owner.is_some_and(|owner| owner != media.number_id) {
        return Err(GraphError::parameter(
            "Param phone_number_id is not the phone number that owns this media",
        ));
    }
    Ok(media.clone())
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

/// An encrypted file of a Flow, which anybody may fetch.
pub(crate) fn public(platform: &Platform, id: &str) -> Response {
    let now_ms = platform.clock.now_ms();
    let world = platform.world();
    let media = world.media.get(id);
    let media =
        media.filter(|m| now_ms < m.expires_at_ms && m.mime_type == "application/octet-stream");
    match media {
        Some(media) => media.bytes.clone().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn is_visible(world: &World, caller: &Caller, id: &str) -> bool {
    let waba = world.waba_of(NodeKind::Media, id);
    waba.is_some_and(|waba| caller.reaches(&waba.id))
}
