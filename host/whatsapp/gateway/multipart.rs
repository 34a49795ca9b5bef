//! Bodies of `multipart/form-data`: taken apart by their boundary, and put together again.
//!
//! What was judged is what Meta gets: parts are written anew, below a boundary that was drawn here,
//! so no content can be one part to the host and several to Meta.

use std::convert::Infallible;

use bytes::{BufMut, Bytes, BytesMut};
use futures::FutureExt;
use futures::stream;
use http::{HeaderMap, HeaderValue, header};
use uuid::Uuid;

use crate::whatsapp::client::GraphRequest;

/// One part of a form.
#[derive(Debug)]
pub(super) struct Part {
    /// Empty when the part does not say.
    pub(super) name: String,
    headers: HeaderMap,
    pub(super) content: Bytes,
}

/// The parts of a request's body. Fails with a text for the bot's author.
pub(super) fn read(request: &GraphRequest) -> Result<Vec<Part>, String> {
    let content_type = request.headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(content_type.unwrap_or_default());
    let boundary = boundary.map_err(|error| {
        format!(
            "the content type of the multipart body names no boundary that can be used: {error}"
        )
    })?;
    let whole = stream::once(std::future::ready(Ok::<_, Infallible>(
        request.body.clone(),
    )));
    let parts = parts(multer::Multipart::new(whole, boundary)).now_or_never();
    let parts = parts.unwrap_or(Err(multer::Error::IncompleteStream));
    parts.map_err(|error| {
        format!(
            "the multipart body cannot be read: {error}; lines end with CR LF, a header is one line, \
             and the boundary is the one that the content type names"
        )
    })
}

async fn parts(mut form: multer::Multipart<'static>) -> multer::Result<Vec<Part>> {
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await? {
        parts.push(Part {
            name: field.name().unwrap_or_default().to_owned(),
            headers: field.headers().clone(),
            content: field.bytes().await?,
        });
    }
    Ok(parts)
}

/// The same request with these parts.
pub(super) fn write(request: GraphRequest, parts: &[Part]) -> GraphRequest {
    let boundary = format!("roost-{}", Uuid::new_v4().simple());
    let mut body = BytesMut::new();
    for part in parts {
        body.put_slice(format!("--{boundary}\r\n").as_bytes());
        for name in part.headers.keys() {
            // One value of each: a second one might be what Meta reads.
            let value = &part.headers[name];
            body.put_slice(name.as_str().as_bytes());
            body.put_slice(b": ");
            body.put_slice(value.as_bytes());
            body.put_slice(b"\r\n");
        }
        body.put_slice(b"\r\n");
        body.put_slice(&part.content);
        body.put_slice(b"\r\n");
    }
    body.put_slice(format!("--{boundary}--\r\n").as_bytes());
    let content_type = format!("multipart/form-data; boundary={boundary}");
    let content_type = HeaderValue::try_from(content_type).expect("a boundary is plain text");
    let mut headers = request.headers.clone();
    headers.insert(header::CONTENT_TYPE, content_type);
    GraphRequest {
        headers,
        body: body.freeze(),
        ..request
    }
}
