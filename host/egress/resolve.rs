//! Name to checked addresses: what a connection is made to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::Semaphore;

use super::error::EgressError;
use super::policy::EgressPolicy;

/// Lookups at once. Each occupies a thread, for as long as the system's resolver likes.
const LOOKUPS: usize = 64;

/// Resolves names and leaves out what the policy does not permit.
pub(super) struct CheckedResolver {
    policy: Arc<EgressPolicy>,
    /// Of the requests that come here, when the policy has exceptions for it.
    port: Option<u16>,
    limit: Duration,
    lookups: Arc<Semaphore>,
}

impl CheckedResolver {
    pub(super) fn new(policy: &Arc<EgressPolicy>, port: Option<u16>, limit: Duration) -> Self {
        let lookups = Arc::new(Semaphore::new(LOOKUPS));
        Self {
            policy: policy.clone(),
            port,
            limit,
            lookups,
        }
    }
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, port, limit) = (self.policy.clone(), self.port, self.limit);
        let lookups = self.lookups.clone();
        let host = name.as_str().to_owned();
        Box::pin(async move {
            let given: Vec<_> = policy
                .resolve
                .iter()
                .filter(|resolved| resolved.is_for(&host))
                .map(|resolved| resolved.address)
                .collect();
            if !given.is_empty() {
                return Ok(Box::new(given.into_iter()) as Addrs);
            }
            let found = tokio::time::timeout(limit, lookup(host.clone(), lookups)).await;
            let found = found.map_err(|_| EgressError::DnsTimeout(host.clone()))?;
            let found = found.map_err(|_| EgressError::Dns(host.clone()))?;
            let permitted: Vec<_> = found
                .into_iter()
                .filter(|address| policy.permits(address.ip(), port))
                .collect();
            match permitted.is_empty() {
                true => Err(EgressError::AddressDenied(host).into()),
                false => Ok(Box::new(permitted.into_iter()) as Addrs),
            }
        })
    }
}

/// In a task of its own: the thread goes on when nobody waits any more, and so must the permit.
async fn lookup(host: String, lookups: Arc<Semaphore>) -> std::io::Result<Vec<SocketAddr>> {
    let permit = lookups
        .acquire_owned()
        .await
        .map_err(std::io::Error::other)?;
    let task = tokio::spawn(async move {
        let found = tokio::net::lookup_host((host, 0))
            .await
            .map(Iterator::collect);
        drop(permit);
        found
    });
    task.await.map_err(std::io::Error::other)?
}
