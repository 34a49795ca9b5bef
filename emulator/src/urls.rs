//! URLs: which texts are some, and those by which media is fetched.

use crate::clock::SECOND_MS;
use crate::platform::Platform;
use crate::webhooks::signature::hex_hmac;

/// How long a download URL is good for.
const URL_LIFETIME_MS: i64 = 5 * 60 * SECOND_MS;

/// The URL of a media object's bytes, good for five minutes from now.
pub(crate) fn download_url(platform: &Platform, id: &str) -> String {
    let expires_s = (platform.clock.now_ms() + URL_LIFETIME_MS).div_euclid(SECOND_MS);
    format!(
        "{}/whatsapp_business/attachments/?mid={id}&ext={expires_s}&hash={}",
        platform.graph_url,
        url_hash(platform, id, &expires_s.to_string()),
    )
}

/// Ties a URL to its media and its expiry. Kept in the process: URLs end with it.
pub(crate) fn url_hash(platform: &Platform, id: &str, expires_s: &str) -> String {
    hex_hmac(&platform.media_key, format!("{id}:{expires_s}").as_bytes())
}

/// Whether a text is an http or https URL.
pub(crate) fn is_web_url(text: &str) -> bool {
    reqwest::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}
