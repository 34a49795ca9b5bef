//! Name to checked addresses: what a connection is made to.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;
use uuid::Uuid;

use super::error::EgressError;
use super::policy::EgressPolicy;
use super::settings::Resolved;
use crate::rooms::Places;

/// Lookups at once. Each occupies a thread, for as long as the system's resolver likes.
const LOOKUPS: usize = 64;

/// Those of one project. Names whose servers do not answer must not hold up others' names.
const LOOKUPS_OF_PROJECT: usize = 4;

/// The system's resolver.
#[derive(Clone)]
pub(super) struct Lookups {
    running: Places,
    project_id: Option<Uuid>,
    limit: Duration,
}

impl Lookups {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            running: Places::new(LOOKUPS_OF_PROJECT, LOOKUPS),
            project_id: None,
            limit,
        }
    }

    /// The same for one project.
    pub(super) fn of(&self, project_id: Uuid) -> Self {
        Self {
            project_id: Some(project_id),
            ..self.clone()
        }
    }

    async fn find(&self, host: &str) -> Result<Vec<SocketAddr>, EgressError> {
        let found = self.look_up(host.to_owned());
        let found = tokio::time::timeout(self.limit, found).await;
        let found = found.map_err(|_| EgressError::DnsTimeout(host.to_owned()))?;
        found.map_err(|_| EgressError::Dns(host.to_owned()))
    }

    /// In a task of its own: the thread goes on when nobody waits any more, and so must its place.
    async fn look_up(&self, host: String) -> std::io::Result<Vec<SocketAddr>> {
        let place = self.running.take(self.project_id).await;
        let task = tokio::spawn(async move {
            let found = tokio::net::lookup_host((host, 0))
                .await
                .map(Iterator::collect);
            drop(place);
            found
        });
        task.await.map_err(std::io::Error::other)?
    }
}

/// Resolves a name for a connection to one port, and leaves out what the policy does not permit.
#[derive(Clone)]
pub(super) struct Addresses {
    pub(super) policy: Arc<EgressPolicy>,
    pub(super) port: u16,
    /// Whether the URL names a port that is not its scheme's own.
    pub(super) is_port_named: bool,
    pub(super) lookups: Lookups,
}

impl Addresses {
    /// Whether the connection is to what a given address stands for. One with a port is one service: what is beside it on
    /// its machine is not given.
    fn leads_to(&self, given: &Resolved) -> bool {
        let port = given.address.port();
        port == 0 || !self.is_port_named || port == self.port
    }

    async fn of(&self, host: &str) -> Result<Vec<SocketAddr>, EgressError> {
        let given = self.policy.resolve.iter();
        let given = given.filter(|resolved| resolved.is_for(host) && self.leads_to(resolved));
        let given: Vec<_> = given.map(|resolved| resolved.address).collect();
        let is_given = !given.is_empty();
        let found = match is_given {
            true => given,
            false => self.lookups.find(host).await?,
        };
        let mut refused = None;
        let mut kept = Vec::with_capacity(found.len());
        for address in found {
            let judged = match is_given {
                true => self.policy.is_listed(host, address.ip(), self.port),
                false => self.policy.judge(host, address.ip(), self.port),
            };
            match judged {
                Ok(()) => kept.push(address),
                Err(error) => refused = Some(error),
            }
        }
        match kept.is_empty() {
            true => Err(refused.unwrap_or_else(|| EgressError::AddressDenied(host.to_owned()))),
            false => Ok(kept),
        }
    }
}

impl Service<Name> for Addresses {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = EgressError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, EgressError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), EgressError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let this = self.clone();
        Box::pin(async move { Ok(this.of(name.as_str()).await?.into_iter()) })
    }
}
