//! Bodies of `multipart/form-data`: taken apart by their boundary, and put together again.
//!
//! What was judged is what Meta gets: parts are written anew, below a boundary that was drawn here,
//! so no content can be one part to the host and several to Meta. So are their headers: the name and
//! the file's name as they were read here, and the content type. Others say nothing to Meta.

use std::convert::Infallible;

use bytes::{BufMut, Bytes, BytesMut};
use futures::FutureExt;
use futures::stream;
use http::{HeaderValue, header};
use uuid::Uuid;

use super::bounds;
use super::refused::Refused;
use crate::whatsapp::client::GraphRequest;

/// One part of a form.
#[derive(Debug)]
pub(super) struct Part {
    /// Empty when the part does not say.
    pub(super) name: String,
    /// Of a file.
    pub(super) file_name: Option<String>,
    content_type: Option<HeaderValue>,
    pub(super) content: Bytes,
}

/// The parts of a request's body.
pub(super) fn read(request: &GraphRequest) -> Result<Vec<Part>, Refused> {
    let content_type = request.headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(content_type.unwrap_or_default());
    let boundary = boundary.map_err(|error| {
        Refused::Body(format!(
            "the content type of the multipart body names no boundary that can be used: {error}"
        ))
    })?;
    let whole = stream::once(std::future::ready(Ok::<_, Infallible>(
        request.body.clone(),
    )));
    let parts = parts(multer::Multipart::new(whole, boundary)).now_or_never();
    parts.unwrap_or_else(|| Err(unreadable(multer::Error::IncompleteStream)))
}

async fn parts(mut form: multer::Multipart<'static>) -> Result<Vec<Part>, Refused> {
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        let part = Part {
            name: field.name().unwrap_or_default().to_owned(),
            file_name: field.file_name().map(str::to_owned),
            content_type: field.headers().get(header::CONTENT_TYPE).cloned(),
            content: field.bytes().await.map_err(unreadable)?,
        };
        bounds::check_part(parts.len(), part.file_name.is_some(), part.content.len())?;
        parts.push(part);
    }
    Ok(parts)
}

fn unreadable(error: multer::Error) -> Refused {
    Refused::Body(format!(
        "the multipart body cannot be read: {error}; lines end with CR LF, a header is one \
         line, and the boundary is the one that the content type names"
    ))
}

/// A body of these parts, and its content type. Names are those of parameters, which are plain.
pub(super) fn write(parts: &[Part]) -> (HeaderValue, Bytes) {
    let boundary = format!("roost-{}", Uuid::new_v4().simple());
    let mut body = BytesMut::new();
    for part in parts {
        body.put_slice(b"--");
        body.put_slice(boundary.as_bytes());
        body.put_slice(b"\r\ncontent-disposition: form-data; name=\"");
        body.put_slice(part.name.as_bytes());
        body.put_slice(b"\"");
        if let Some(name) = &part.file_name {
            body.put_slice(b"; filename=\"");
            body.put_slice(plain(name).as_bytes());
            body.put_slice(b"\"");
        }
        if let Some(content_type) = &part.content_type {
            body.put_slice(b"\r\ncontent-type: ");
            body.put_slice(content_type.as_bytes());
        }
        body.put_slice(b"\r\n\r\n");
        body.put_slice(&part.content);
        body.put_slice(b"\r\n");
    }
    body.put_slice(format!("--{boundary}--\r\n").as_bytes());
    let content_type = format!("multipart/form-data; boundary={boundary}");
    let content_type = HeaderValue::try_from(content_type).expect("a boundary is plain text");
    (content_type, body.freeze())
}

/// A file's name without what could end it.
fn plain(name: &str) -> String {
    name.replace(['"', '\\'], "_")
        .replace(char::is_control, "_")
}
