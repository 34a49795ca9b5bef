//! Packages for builds: what a registry answers, for a process that has no network itself.
//!
//! An operator's registry may be anywhere, also on an inner network; what it leads on to has to be public, unless
//! it is allowed, too.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full};
use reqwest::Url;

use super::answers::Answers;
use super::error::EgressError;
use super::lists::Lists;
use super::policy::EgressPolicy;
use super::settings::{Allowed, Authorities};
use super::{Egress, EgressLimits};

/// How many times an answer may send on to elsewhere.
const HOPS: usize = 5;

/// Connections of builds to one registry that are kept for the next.
const IDLE_CONNECTIONS: usize = 16;

/// What is sent on of a request. Its body is not: only reading is done.
const SENT_ON: [HeaderName; 5] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::AUTHORIZATION,
    header::IF_NONE_MATCH,
    header::USER_AGENT,
];

/// What an answer keeps.
const GIVEN_BACK: [HeaderName; 7] = [
    header::CACHE_CONTROL,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::ETAG,
    header::LAST_MODIFIED,
    header::WWW_AUTHENTICATE,
];

/// The registries that a host takes packages from.
pub struct Registries {
    /// `None` allows all.
    allowed: Option<Vec<Url>>,
    /// For those that are allowed.
    own: Egress,
    /// For where they lead.
    others: Egress,
    kept: Answers,
}

/// What a registry gives.
pub type RegistryBody = UnsyncBoxBody<Bytes, EgressError>;

/// Why a registry gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error("builds only read from registries: the method `{0}` is not sent on")]
    Method(Method),
    #[error("`{0}` is not an address of a registry that this host takes packages from")]
    NotAllowed(String),
    #[error("the registry leads on too often")]
    TooManyHops,
    #[error(transparent)]
    Failed(#[from] EgressError),
}

impl Registries {
    /// With an operator's list, or with all where there is none.
    ///
    /// Fails when the TLS configuration cannot be built.
    pub fn new(
        allowed: Option<&[String]>,
        policy: &EgressPolicy,
        limits: &EgressLimits,
    ) -> Result<Self, rustls::Error> {
        let limits = EgressLimits {
            idle_connections: IDLE_CONNECTIONS,
            ..limits.clone()
        };
        let others = EgressPolicy {
            authorities: with_nodes(&policy.authorities),
            goes_by_proxy: true,
            // What alone bots reach says nothing of packages, which an operator allows by themselves.
            lists: (policy.lists.iter().cloned())
                .map(|lists| Lists {
                    only: Vec::new(),
                    ..lists
                })
                .collect(),
            ..policy.clone()
        };
        let everywhere = ["0.0.0.0/0", "::/0"].into_iter();
        let everywhere = everywhere.filter_map(|network| network.parse::<Allowed>().ok());
        let own = EgressPolicy {
            allow: everywhere.collect(),
            denied_ports: Vec::new(),
            ..others.clone()
        };
        let urls = |allowed: &[String]| {
            allowed
                .iter()
                .filter_map(|url| Url::parse(url).ok())
                .collect()
        };
        Ok(Self {
            allowed: allowed.map(urls),
            own: Egress::new(own, limits.clone())?,
            others: Egress::new(others, limits)?,
            kept: Answers::new(),
        })
    }

    /// Limits that suit packages: some are large, and no build waits for long.
    pub fn limits() -> EgressLimits {
        EgressLimits {
            first_byte: Duration::from_secs(30),
            total: Duration::from_secs(120),
            max_response_bytes: 256 << 20,
            ..EgressLimits::default()
        }
    }

    /// Gets what is at an address below an allowed registry, and follows where that leads.
    pub async fn get(
        &self,
        method: &Method,
        url: &str,
        headers: &HeaderMap,
    ) -> Result<http::Response<RegistryBody>, RegistryError> {
        if method != Method::GET {
            return Err(RegistryError::Method(method.clone()));
        }
        let first = Url::parse(url).ok().filter(|url| self.allows(url));
        let mut url =
            first.ok_or_else(|| RegistryError::NotAllowed(url.chars().take(200).collect()))?;
        let mut headers = only(headers, &SENT_ON);
        let key = Answers::key(url.as_str(), &headers);
        if let Some(key) = &key
            && let Some(kept) = self.kept.find(key).await
        {
            let mut answer = http::Response::new(whole(kept.body));
            *answer.headers_mut() = kept.headers;
            return Ok(answer);
        }
        for _ in 0..HOPS {
            let mut request = http::Request::new(Empty::<Bytes>::new());
            *request.uri_mut() = url
                .as_str()
                .parse::<Uri>()
                .map_err(|_| EgressError::InvalidUri)?;
            *request.headers_mut() = headers.clone();
            let client = match self.allows(&url) {
                true => &self.own,
                false => &self.others,
            };
            let answer = client.send(request).await?;
            let Some(next) = next(&url, &answer) else {
                let (mut parts, body) = answer.into_parts();
                parts.headers = only(&parts.headers, &GIVEN_BACK);
                let lasts = Answers::lasts(parts.status, &parts.headers);
                let (Some(key), Some(lasts)) = (key, lasts) else {
                    return Ok(http::Response::from_parts(parts, body.boxed_unsync()));
                };
                let body = body.collect().await?.to_bytes();
                self.kept
                    .keep(key, parts.headers.clone(), body.clone(), lasts)
                    .await;
                return Ok(http::Response::from_parts(parts, whole(body)));
            };
            if next.origin() != url.origin() {
                // What it was logged in with is no business of another's.
                headers.remove(header::AUTHORIZATION);
            }
            url = next;
        }
        Err(RegistryError::TooManyHops)
    }

    fn allows(&self, url: &Url) -> bool {
        let has_login = !url.username().is_empty() || url.password().is_some();
        let is_web = matches!(url.scheme(), "http" | "https");
        let allowed = self.allowed.as_deref();
        is_web && !has_login && allowed.is_none_or(|all| all.iter().any(|one| is_below(url, one)))
    }
}

fn whole(body: Bytes) -> RegistryBody {
    Full::new(body)
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// The operator's authorities for bots, and those that it gave Node.
fn with_nodes(authorities: &Authorities) -> Authorities {
    let given = std::env::var("NODE_EXTRA_CA_CERTS").unwrap_or_default();
    let more = given.parse::<Authorities>().unwrap_or_default();
    Authorities([authorities.0.clone(), more.0].concat())
}

fn only(headers: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    let kept = headers.iter().filter(|(name, _)| names.contains(name));
    kept.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn next<B>(at: &Url, answer: &http::Response<B>) -> Option<Url> {
    if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = answer
        .headers()
        .get(header::LOCATION)
        .map(HeaderValue::to_str)?;
    at.join(location.ok()?).ok()
}

/// Whether an address is an allowed one, or below it.
fn is_below(url: &Url, allowed: &Url) -> bool {
    let root = allowed.path().trim_end_matches('/');
    let rest = url.path().strip_prefix(root);
    url.origin() == allowed.origin()
        && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        && !leads_up(url.path())
}

/// Whether a server that takes `%2f` for a slash would see a way up.
fn leads_up(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let path = path
        .replace("%2f", "/")
        .replace("%5c", "/")
        .replace("%2e", ".");
    // An escape of an escape is no name of a package either.
    path.contains("%25")
        || path
            .split(['/', '\\'])
            .any(|part| part == ".." || part == ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_below_an_allowed_registry_is_asked_for() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let allowed = [
            "https://registry.npmjs.org".to_owned(),
            "http://npm.example:81/own/".to_owned(),
        ];
        let limits = Registries::limits();
        let registries =
            Registries::new(Some(&allowed), &EgressPolicy::default(), &limits).unwrap();
        let allows = |url: &str| Url::parse(url).is_ok_and(|url| registries.allows(&url));
        for good in [
            "https://registry.npmjs.org/express",
            "https://registry.npmjs.org:443/@scope%2fname",
            "http://npm.example:81/own/ms/-/ms-2.1.3.tgz",
            "http://npm.example:81/own",
        ] {
            assert!(allows(good), "{good}");
        }
        for bad in [
            "http://registry.npmjs.org/express",
            "https://registry.npmjs.org:444/express",
            "https://registry.npmjs.org.evil.example/x",
            "https://a@registry.npmjs.org/x",
            "http://npm.example:81/",
            "http://npm.example:81/owner",
            "http://npm.example:81/own/../admin",
            "http://npm.example:81/own/%2e%2e/admin",
            "http://npm.example:81/own/..%2fadmin",
            "http://npm.example:81/own/x%2f..%2f..%2fadmin",
            "http://npm.example:81/own/%252e%252e/admin",
            "http://npm.example/own/x",
            "http://127.0.0.1/",
            "file:///etc/passwd",
        ] {
            assert!(!allows(bad), "{bad}");
        }
    }
}
