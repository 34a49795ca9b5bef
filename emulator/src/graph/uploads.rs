//! Resumable uploads: of the samples of templates' headers, and of profiles' photos.

use std::sync::Arc;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::RngExt as _;
use serde_json::{Value, json};

use crate::clock::DAY_MS;
use crate::error::GraphError;
use crate::graph::Call;
use crate::graph::profile::photo_id;
use crate::platform::Platform;
use crate::platform::model::UploadSession;

/// The types that may be uploaded so.
const TYPES: [&str; 5] = [
    "application/pdf",
    "image/jpeg",
    "image/jpg",
    "image/png",
    "video/mp4",
];
const MOST_BYTES: usize = 100 << 20;
/// How long a session can be gone on with.
const SESSION_MS: i64 = DAY_MS;

/// `POST /{APP_ID}/uploads`.
pub(crate) fn begin(call: &Call<'_>, app_id: &str) -> Result<Value, GraphError> {
    let request = call.request;
    let file_type = request.text("file_type");
    let file_type = file_type.ok_or_else(|| GraphError::required("file_type"))?;
    if !TYPES.contains(&file_type.as_str()) {
        return Err(GraphError::managed(
            100,
            None,
            "File type is not supported",
            format!(
                "The type of file {file_type} is not supported. Upload one of: {}.",
                TYPES.join(", ")
            ),
        ));
    }
    let file_length = request.text("file_length");
    let file_length = file_length.ok_or_else(|| GraphError::required("file_length"))?;
    let file_length = file_length
        .parse::<usize>()
        .ok()
        .filter(|length| *length > 0);
    let Some(file_length) = file_length.filter(|length| *length <= MOST_BYTES) else {
        return Err(GraphError::parameter(format_args!(
            "Param file_length must be an integer between 1 and {MOST_BYTES}."
        )));
    };
    let id = format!(
        "MTphdHRhY2htZW50Oj{}",
        STANDARD
            .encode(rand::rng().random::<[u8; 18]>())
            .replace(['+', '/'], "x")
    );
    let session = UploadSession {
        id: id.clone(),
        app_id: app_id.to_owned(),
        file_name: request.text("file_name"),
        file_length,
        file_type,
        bytes: Default::default(),
        began_at_ms: call.platform.clock.now_ms(),
        handle: None,
    };
    call.platform
        .edit(|world| world.uploads.insert(id.clone(), session));
    Ok(json!({"id": format!("upload:{id}?sig={}", crate::ids::trace_id())}))
}

/// `POST /upload:…`: a piece of the file, from `file_offset` on.
pub(crate) fn continue_with(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let offset = call.request.headers.get("file_offset");
    let offset = offset.and_then(|value| value.to_str().ok()?.trim().parse::<usize>().ok());
    let Some(offset) = offset else {
        return Err(GraphError::managed(
            100,
            None,
            "Missing header",
            "The header file_offset is required.",
        ));
    };
    let now_ms = call.platform.clock.now_ms();
    let piece = call.request.raw.clone();
    call.platform.edit(|world| {
        let session = world.uploads.get_mut(id.trim_start_matches("upload:"));
        let session = session.filter(|session| now_ms - session.began_at_ms < SESSION_MS);
        let session = session.ok_or_else(|| call.unknown(id))?;
        if let Some(handle) = &session.handle {
            return Ok(json!({"h": handle}));
        }
        if offset != session.bytes.len() {
            return Err(GraphError::managed(
                100,
                None,
                "Wrong offset",
                format!("The upload goes on at file_offset {}.", session.bytes.len()),
            ));
        }
        let bytes = [&session.bytes[..], &piece[..]].concat();
        if bytes.len() > session.file_length {
            return Err(GraphError::managed(
                100,
                None,
                "File is too long",
                format!("The file was announced with {} bytes.", session.file_length),
            ));
        }
        session.bytes = bytes.into();
        if session.bytes.len() < session.file_length {
            return Ok(json!({"id": id, "file_offset": session.bytes.len()}));
        }
        let kind = STANDARD.encode(&session.file_type);
        let secret = crate::ids::trace_id();
        let handle = format!(
            "4::{kind}:ARY{secret}:e:{}:{}:{}",
            now_ms / 1000,
            session.app_id,
            crate::ids::object_id()
        );
        session.handle = Some(handle.clone());
        Ok(json!({"h": handle}))
    })
}

/// `GET /upload:…`: how far it has come.
pub(crate) fn describe(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let world = call.platform.world();
    let session = world.uploads.get(id.trim_start_matches("upload:"));
    let session = session.ok_or_else(|| call.unknown(id))?;
    Ok(json!({"id": id, "file_offset": session.bytes.len()}))
}

/// A profile's photo, at its public URL.
pub(crate) fn photo(platform: &Arc<Platform>, id: &str) -> Response {
    let world = platform.world();
    let mut uploads = world.uploads.values();
    let found = uploads.find(|upload| upload.handle.as_deref().is_some_and(|h| photo_id(h) == id));
    match found {
        Some(upload) => {
            let kind = [(header::CONTENT_TYPE, upload.file_type.clone())];
            (kind, upload.bytes.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
