//! The verification handshake: a callback proves that it knows the verify token.

use std::time::Duration;

use reqwest::Url;

use crate::ids;
use crate::platform::Platform;
use crate::platform::model::Callback;

/// The longest callback URL that Meta takes, in characters.
const LONGEST_URL: usize = 200;

/// Why a callback was not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeError {
    #[error("the callback `{0}` is not an http or https URL of at most 200 characters")]
    BadUrl(String),
    #[error("the callback answered {status} instead of 200")]
    BadStatus { status: reqwest::StatusCode },
    #[error("the callback answered 200, but not with the challenge alone")]
    BadAnswer,
    #[error("the callback did not answer")]
    Unreachable(#[source] reqwest::Error),
}

/// Checks that a callback is a URL that webhooks can go to.
pub(crate) fn check_url(url: &str) -> Result<Url, HandshakeError> {
    let bad = || HandshakeError::BadUrl(url.to_owned());
    let parsed = Url::parse(url).map_err(|_| bad())?;
    let is_http = matches!(parsed.scheme(), "http" | "https");
    if !is_http || url.chars().count() > LONGEST_URL {
        return Err(bad());
    }
    Ok(parsed)
}

/// Asks the callback to repeat a challenge.
pub(crate) async fn verify(platform: &Platform, callback: &Callback) -> Result<(), HandshakeError> {
    let challenge = ids::challenge();
    let mut url = check_url(&callback.url)?;
    url.query_pairs_mut()
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.challenge", &challenge)
        .append_pair(
            "hub.verify_token",
            callback.verify_token.as_deref().unwrap_or_default(),
        );
    let timeout = Duration::from_millis(platform.settings().webhook_timeout_ms);
    let request = platform.http.get(url).timeout(timeout).send();
    let unreachable = |error: reqwest::Error| HandshakeError::Unreachable(error.without_url());
    let response = request.await.map_err(unreachable)?;
    let status = response.status();
    if status != reqwest::StatusCode::OK {
        return Err(HandshakeError::BadStatus { status });
    }
    let answer = response.bytes().await.map_err(unreachable)?;
    if answer == challenge.as_bytes() {
        Ok(())
    } else {
        Err(HandshakeError::BadAnswer)
    }
}
