//! The host's end of a build's way to registries: HTTP/1.1 over sockets that the process was given.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use futures::StreamExt as _;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;

use crate::egress::{Registries, RegistryError};

/// The longest line that says where a connection leads.
const MAX_LINE_BYTES: usize = 512;

/// What all packages of one build may come to on the way.
const MAX_BYTES: u64 = 1 << 30;

/// Answers on one socket until the process closes it.
pub(super) async fn serve(
    mut stream: UnixStream,
    registries: Arc<Registries>,
    taken: Arc<AtomicU64>,
) {
    let Ok(origin) = line(&mut stream).await else {
        return;
    };
    let service = service_fn(move |request| {
        let (registries, taken, origin) = (registries.clone(), taken.clone(), origin.clone());
        async move { Ok::<_, Infallible>(answer(&registries, &taken, &origin, request).await) }
    });
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // Who hangs up in the middle has ended.
    let _ = connection.await;
}

/// Where the connection leads, such as `https://registry.npmjs.org:443`.
async fn line(stream: &mut UnixStream) -> io::Result<String> {
    let mut line = Vec::new();
    while line.len() < MAX_LINE_BYTES {
        match stream.read_u8().await? {
            b'\n' => return String::from_utf8(line).map_err(io::Error::other),
            byte => line.push(byte),
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

async fn answer(
    registries: &Registries,
    taken: &Arc<AtomicU64>,
    origin: &str,
    request: Request<Incoming>,
) -> Response<Body> {
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    if taken.load(Ordering::Relaxed) > MAX_BYTES {
        let text = format!(
            "the packages of one build come to more than {} MiB",
            MAX_BYTES >> 20
        );
        return refused(StatusCode::FORBIDDEN, &text);
    }
    let url = format!("{origin}{path}");
    match registries
        .get(request.method(), &url, request.headers())
        .await
    {
        Ok(answer) => {
            let taken = taken.clone();
            let (parts, body) = answer.into_parts();
            let pieces = body.into_data_stream().inspect(move |piece| {
                let length = piece.as_ref().map_or(0, |piece| piece.len() as u64);
                taken.fetch_add(length, Ordering::Relaxed);
            });
            Response::from_parts(parts, Body::from_stream(pieces))
        }
        Err(error) => {
            let status = match error {
                RegistryError::Method(_) | RegistryError::NotAllowed(_) => StatusCode::FORBIDDEN,
                RegistryError::TooManyHops => StatusCode::BAD_GATEWAY,
                // Not one that npm tries again: it would wait as long once more.
                RegistryError::Failed(_) => StatusCode::FAILED_DEPENDENCY,
            };
            refused(status, &error.to_string())
        }
    }
}

/// What npm shows of an answer that it does not like.
fn refused(status: StatusCode, why: &str) -> Response<Body> {
    let body = serde_json::json!({ "error": why }).to_string();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let json = http::HeaderValue::from_static("application/json");
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, json);
    response
}
