//! Answers of registries that are kept for the next build: what anybody gets, for as long as the registry says.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use moka::Expiry;
use moka::future::Cache;

/// What all of them come to, and the longest that is kept.
const MOST_BYTES: u64 = 64 << 20;
pub(super) const LONGEST: u64 = 4 << 20;

/// However long a registry says.
const MOST_SECONDS: u64 = 24 * 60 * 60;

/// One that is kept, whole.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    lasts: Duration,
}

/// Answers by address and by what was accepted.
#[derive(Clone)]
pub(super) struct Answers(Cache<String, Kept>);

struct AsTheySay;

impl Expiry<String, Kept> for AsTheySay {
    fn expire_after_create(&self, _: &String, kept: &Kept, _: Instant) -> Option<Duration> {
        Some(kept.lasts)
    }
}

impl Answers {
    pub(super) fn new() -> Self {
        let weight = |key: &String, kept: &Kept| {
            (key.len() + kept.body.len()).try_into().unwrap_or(u32::MAX)
        };
        let cache = Cache::builder().max_capacity(MOST_BYTES).weigher(weight);
        Self(cache.expire_after(AsTheySay).build())
    }

    /// Under which an answer to a request is kept; none for who logs in.
    pub(super) fn key(url: &str, request: &HeaderMap) -> Option<String> {
        if request.contains_key(header::AUTHORIZATION)
            || request.contains_key(header::IF_NONE_MATCH)
        {
            return None;
        }
        let accepted = [header::ACCEPT, header::ACCEPT_ENCODING];
        let accepted = accepted.map(|name| {
            request
                .get(name)
                .map_or(&b""[..], |value| value.as_bytes())
                .to_vec()
        });
        Some(format!(
            "{url} {}",
            String::from_utf8_lossy(&accepted.join(&b' '))
        ))
    }

    /// How long an answer may be kept, when it may.
    pub(super) fn lasts(status: StatusCode, answer: &HeaderMap) -> Option<Duration> {
        let says = answer
            .get(header::CACHE_CONTROL)?
            .to_str()
            .ok()?
            .to_ascii_lowercase();
        let length: u64 = answer
            .get(header::CONTENT_LENGTH)?
            .to_str()
            .ok()?
            .parse()
            .ok()?;
        let words: Vec<&str> = says.split(',').map(str::trim).collect();
        let is_anybodys = !["no-store", "no-cache", "private"]
            .iter()
            .any(|word| words.contains(word));
        let age = words
            .iter()
            .find_map(|word| word.strip_prefix("max-age="))?;
        let age: u64 = age.parse().ok().filter(|age| *age > 0)?;
        let is_kept = status == StatusCode::OK && is_anybodys && length <= LONGEST;
        is_kept.then(|| Duration::from_secs(age.min(MOST_SECONDS)))
    }

    pub(super) async fn find(&self, key: &str) -> Option<Kept> {
        self.0.get(key).await
    }

    pub(super) async fn keep(&self, key: String, headers: HeaderMap, body: Bytes, lasts: Duration) {
        let kept = Kept {
            headers,
            body,
            lasts,
        };
        self.0.insert(key, kept).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn only_what_anybody_gets_is_kept_and_only_for_as_long_as_it_lasts() {
        let lasts = |says| {
            Answers::lasts(
                StatusCode::OK,
                &headers(&[("cache-control", says), ("content-length", "9")]),
            )
        };
        assert_eq!(lasts("public, max-age=300"), Some(Duration::from_secs(300)));
        assert_eq!(
            lasts("public, immutable, max-age=31557600"),
            Some(Duration::from_secs(86_400))
        );
        for says in [
            "",
            "public",
            "private, max-age=9",
            "max-age=9, no-store",
            "max-age=0",
            "max-age=x",
        ] {
            assert_eq!(lasts(says), None, "{says}");
        }
        let long = headers(&[
            ("cache-control", "max-age=9"),
            ("content-length", "9000000"),
        ]);
        assert_eq!(Answers::lasts(StatusCode::OK, &long), None);
        let missing = headers(&[("cache-control", "max-age=9"), ("content-length", "9")]);
        assert_eq!(Answers::lasts(StatusCode::NOT_FOUND, &missing), None);
        assert!(Answers::key("https://a/b", &headers(&[("accept", "x")])).is_some());
        assert_eq!(
            Answers::key("https://a/b", &headers(&[("authorization", "x")])),
            None
        );
    }
}
