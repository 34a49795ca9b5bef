//! All outbound HTTP of bots, except that to Meta (`whatsapp::gateway`).
//!
//! A bot reaches public addresses and nothing else, of those none of the machine's own (`own`), and what
//! lists say (`lists`). The name is resolved here, each address is
//! checked, and the connection goes to a checked one, so that a name that changes its mind between
//! check and connection gains nothing. Literal addresses are checked in whatever form they are
//! written. Redirects are not followed: the bot's own client does that, and each hop comes back
//! here. No proxy is taken from the environment but for registries (`registries`), and connections are shared by requests to the
//! same host only.
//!
//! Bodies stream both ways, under limits on bytes and time. A request has a place from its beginning until its exchange
//! is over: so many of a project are under way at once, and so many of all, which follows from how many files the process
//! may open. What is above waits its turn, within its own time. Not here: how many requests a run may make, which its
//! budget counts.

mod answers;
mod body;
mod connect;
mod connections;
mod error;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod headers;
mod lists;
mod own;
mod policy;
mod registries;
mod resolve;
mod settings;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Uri};
use http_body::Body;
use http_body_util::BodyExt;
use tokio::time::Instant;
use uuid::Uuid;

pub use self::body::StreamingBody;
pub use self::error::EgressError;
pub use self::lists::{Lists, NoRule, Rule};
pub use self::own::OwnAddresses;
pub use self::policy::EgressPolicy;
pub(crate) use self::policy::is_public;
pub use self::registries::{Registries, RegistryError};
pub use self::settings::{
    Allowed, Authorities, EgressArgs, NoAuthorities, NotAllowed, NotResolved, Resolved,
};

use self::body::RequestBody;
use self::connect::Connector;
use self::connections::{Connections, Outgoing};
use crate::rooms::Places;

/// Requests may have one of so many files that the process may open: webhooks and Postgres need the others.
const PART_OF_FILES: usize = 4;

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
    /// Connections to one host that are kept for the next request. Thousands of bots call thousands of hosts:
    /// few are worth it.
    pub idle_connections: usize,
    /// Connections that are kept, to all hosts. It is lowered to a thirty-second of the files that the process may open.
    pub idle_in_all: usize,
    /// Requests of a project that are under way at once. It is lowered to a sixteenth of those of all, but not below 16.
    pub requests_of_project: usize,
    /// Requests of all that are under way at once. It is lowered to a quarter of the files that the process may open.
    pub requests_in_all: usize,
}

/// The way out.
pub struct Egress {
    policy: Arc<EgressPolicy>,
    limits: EgressLimits,
    connections: Connections,
    places: Places,
    /// Whose requests go this way; the host's own, if nobody's.
    project_id: Option<Uuid>,
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
            idle_connections: 2,
            idle_in_all: 256,
            requests_of_project: 64,
            requests_in_all: 8192,
        }
    }
}

impl Egress {
    /// The process must have installed a rustls provider.
    ///
    /// Fails when the TLS configuration cannot be built.
    pub fn new(policy: EgressPolicy, limits: EgressLimits) -> Result<Self, rustls::Error> {
        let policy = Arc::new(policy);
        let connector = Connector::new(&policy, &limits)?;
        let (each, all) = (limits.requests_of_project, limits.requests_in_all);
        Ok(Self {
            policy,
            connections: Connections::new(connector, &limits),
            places: Places::of_files(each, all, PART_OF_FILES),
            limits,
            project_id: None,
        })
    }

    /// The same way out with lists beside those that it has. It shares no connection with the first: one
    /// that was made there may lead to where this one does not go. Places are those of the first.
    pub fn with_lists(&self, lists: Lists) -> Self {
        let mut policy = EgressPolicy::clone(&self.policy);
        policy.lists.push(lists);
        let policy = Arc::new(policy);
        let connector = self.connections.connector().with_policy(&policy);
        Self {
            policy,
            limits: self.limits.clone(),
            connections: self.connections.with_connector(connector),
            places: self.places.clone(),
            project_id: self.project_id,
        }
    }

    /// The same way out for one project: its requests have the project's places, by whichever of its ways they go.
    pub fn of(&self, project_id: Uuid) -> Self {
        Self {
            policy: self.policy.clone(),
            limits: self.limits.clone(),
            connections: self.connections.of(project_id),
            places: self.places.clone(),
            project_id: Some(project_id),
        }
    }

    /// The same way out for one project with the lists that its owner set. Those of projects without lists share their
    /// connections. A list that cannot be read lets nothing pass.
    pub fn of_project(&self, project_id: Uuid, deny: &[String], only: &[String]) -> Self {
        let own = self.of(project_id);
        if deny.is_empty() && only.is_empty() {
            return own;
        }
        let lists = Lists::parse(deny, only).unwrap_or_else(|error| {
            tracing::error!(
                project.id = %project_id,
                %error,
                "a list of a project cannot be read: its bot reaches nothing until it is set anew"
            );
            Lists::closed()
        });
        own.with_lists(lists)
    }

    /// Sends a request and returns the answer as soon as its headers are there.
    ///
    /// Hop-by-hop headers are dropped both ways, and `Host` is made from the address. Waiting for a place is time of
    /// the request. Fails as [`EgressError`] says; the answer's body fails with it too.
    ///
    /// *Cancel safety*: dropping the call or the body closes the connection, and gives the place back.
    pub async fn send<B>(
        &self,
        request: http::Request<B>,
    ) -> Result<http::Response<StreamingBody>, EgressError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let begins_at = Instant::now();
        let ends_at = begins_at + self.limits.total;
        let (parts, body) = request.into_parts();
        if [Method::CONNECT, Method::TRACE].contains(&parts.method) {
            return Err(EgressError::Method(parts.method));
        }
        let url = self.policy.check(&parts.uri)?;
        let uri: Uri = url.as_str().parse().map_err(|_| EgressError::InvalidUri)?;
        let headers = headers::outgoing(parts.headers, &body.size_hint());
        let limited = RequestBody::new(body, self.limits.max_request_bytes)?;
        let mut outgoing: Outgoing = http::Request::new(limited.boxed_unsync());
        *outgoing.method_mut() = parts.method;
        *outgoing.uri_mut() = uri;
        *outgoing.headers_mut() = headers;
        let wait = self.limits.first_byte.min(self.limits.total);
        let late = begins_at + wait;
        let place = tokio::time::timeout_at(late, self.places.take(self.project_id)).await;
        let place = place.map_err(|_| EgressError::Full(wait))?;
        let answer = tokio::time::timeout_at(late, self.connections.send(outgoing, place)).await;
        let (answer, reading) = answer.map_err(|_| EgressError::ResponseTimeout(wait))??;
        let (mut parts, body) = answer.into_parts();
        parts.headers = headers::incoming(parts.headers);
        let body = StreamingBody::new(body, reading, &self.limits, ends_at)?;
        Ok(http::Response::from_parts(parts, body))
    }
}
