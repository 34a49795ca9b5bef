//! All outbound HTTP of bots, except that to Meta (`whatsapp::gateway`).
//!
//! A bot reaches public addresses and nothing else. The name is resolved here, each address is
//! checked, and the connection goes to a checked one, so that a name that changes its mind between
//! check and connection gains nothing. Literal addresses are checked in whatever form they are
//! written. Redirects are not followed: the bot's own client does that, and each hop comes back
//! here. No proxy is taken from the environment, and connections are shared by requests to the
//! same host only.
//!
//! Bodies stream both ways, under limits on bytes and time. Not here: how many requests a run may
//! make and at once, which its budget counts.

mod body;
mod error;
mod headers;
mod policy;
mod resolve;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http_body::Body;
use reqwest::Url;
use tokio::time::Instant;

pub use self::body::StreamingBody;
pub use self::error::EgressError;
pub use self::policy::EgressPolicy;
pub use self::settings::{
    Allowed, Authorities, EgressArgs, NoAuthorities, NotAllowed, NotResolved, Resolved,
};

use self::body::RequestBody;
use self::resolve::CheckedResolver;

/// How long a request may take and how much it may carry.
#[derive(Debug, Clone)]
pub struct EgressLimits {
    /// Finding the name's addresses.
    pub resolve: Duration,
    /// The same, then connecting, with TLS.
    pub connect: Duration,
    /// Until the answer's headers are there; sending the body counts.
    pub first_byte: Duration,
    /// Between two pieces of the answer's body.
    pub between_bytes: Duration,
    /// From the first moment to the last byte.
    pub total: Duration,
    /// The longest body of a request.
    pub max_request_bytes: u64,
    /// The longest body of an answer.
    pub max_response_bytes: u64,
}

/// The way out.
pub struct Egress {
    policy: Arc<EgressPolicy>,
    limits: EgressLimits,
    public: reqwest::Client,
    /// One for each port that the policy makes exceptions for: a resolver does not learn the port.
    exceptions: HashMap<u16, reqwest::Client>,
}

impl Default for EgressLimits {
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(5),
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(30),
            between_bytes: Duration::from_secs(15),
            total: Duration::from_secs(60),
            max_request_bytes: 16 * 1024 * 1024,
            max_response_bytes: 16 * 1024 * 1024,
        }
    }
}

impl Egress {
    /// The process must have installed a rustls provider.
    ///
    /// Fails when the TLS configuration cannot be built.
    pub fn new(policy: EgressPolicy, limits: EgressLimits) -> Result<Self, reqwest::Error> {
        let policy = Arc::new(policy);
        let client = |port| {
            let resolver = CheckedResolver::new(&policy, port, limits.resolve);
            client(resolver, &limits, &policy.authorities)
        };
        let ports = policy.allow.iter().filter_map(|allowed| allowed.port);
        let exceptions = ports.map(|port| Ok((port, client(Some(port))?)));
        let exceptions = exceptions.collect::<Result<_, reqwest::Error>>()?;
        let public = client(None)?;
        Ok(Self {
            policy,
            limits,
            public,
            exceptions,
        })
    }

    /// Sends a request and returns the answer as soon as its headers are there.
    ///
    /// Hop-by-hop headers are dropped both ways, and `Host` is made from the address. Fails as
    /// [`EgressError`] says; the answer's body fails with it too.
    ///
    /// *Cancel safety*: dropping the call or the body closes the connection.
    pub async fn send<B>(
        &self,
        request: http::Request<B>,
    ) -> Result<http::Response<StreamingBody>, EgressError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let ends_at = Instant::now() + self.limits.total;
        let (parts, body) = request.into_parts();
        if [Method::CONNECT, Method::TRACE].contains(&parts.method) {
            return Err(EgressError::Method(parts.method));
        }
        let url = self.policy.check(&parts.uri)?;
        let client = self.client_for(&url);
        let mut outgoing = reqwest::Request::new(parts.method, url);
        *outgoing.headers_mut() = headers::outgoing(parts.headers, &body.size_hint());
        if !body.is_end_stream() {
            let limited = RequestBody::new(body, self.limits.max_request_bytes)?;
            *outgoing.body_mut() = Some(reqwest::Body::wrap(limited));
        }
        let wait = self.limits.first_byte.min(self.limits.total);
        let answer = match tokio::time::timeout(wait, client.execute(outgoing)).await {
            Ok(answer) => answer.map_err(EgressError::from_client)?,
            Err(_) => return Err(EgressError::ResponseTimeout(wait)),
        };
        let (mut parts, body) = http::Response::<reqwest::Body>::from(answer).into_parts();
        parts.headers = headers::incoming(parts.headers);
        let body = StreamingBody::new(body, &self.limits, ends_at)?;
        Ok(http::Response::from_parts(parts, body))
    }

    fn client_for(&self, url: &Url) -> &reqwest::Client {
        let port = url.port_or_known_default();
        port.and_then(|port| self.exceptions.get(&port))
            .unwrap_or(&self.public)
    }
}

fn client(
    resolver: CheckedResolver,
    limits: &EgressLimits,
    authorities: &Authorities,
) -> Result<reqwest::Client, reqwest::Error> {
    let builder = match authorities.0.is_empty() {
        true => reqwest::Client::builder(),
        false => reqwest::Client::builder().tls_certs_merge(authorities.0.iter().cloned()),
    };
    builder
        .dns_resolver(Arc::new(resolver))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .connect_timeout(limits.connect)
        // Thousands of bots call thousands of hosts: few connections are worth keeping for long.
        .pool_idle_timeout(Duration::from_secs(15))
        .pool_max_idle_per_host(2)
        .build()
}
