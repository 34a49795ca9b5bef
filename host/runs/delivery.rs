//! The request by which an event reaches its bot: the POST that Meta would make.

use crate::deploys::Serving;
use crate::projects::Secret;
use crate::sandbox::{BOT_HOST, META_USER_AGENT};
use bytes::Bytes;

/// The POST of one event, signed over these very bytes with what the bot has as its app's secret.
///
/// Fails when the webhook's path is no path.
pub(super) fn request(
    serving: &Serving,
    payload: String,
) -> Result<http::Request<Bytes>, http::Error> {
    signed_post(
        &serving.webhook_path,
        &serving.app_secret,
        Bytes::from(payload),
    )
}

/// A POST as Meta makes it, signed over these very bytes with the project's own app secret.
pub(crate) fn signed_post(
    path: &str,
    app_secret: &Secret,
    payload: Bytes,
) -> Result<http::Request<Bytes>, http::Error> {
    http::Request::post(format!("http://{BOT_HOST}{path}"))
        .header("host", BOT_HOST)
        .header("content-type", "application/json")
        .header("content-length", payload.len())
        .header("user-agent", META_USER_AGENT)
        .header("accept", "*/*")
        .header(
            "x-hub-signature-256",
            crate::http::sign(app_secret, &payload),
        )
        .header(
            "x-hub-signature",
            crate::http::sign_as_before(app_secret, &payload),
        )
        .body(payload)
}
