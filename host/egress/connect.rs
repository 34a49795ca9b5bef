//! Connections to checked addresses, with TLS where the address asks for it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tower_service::Service;
use uuid::Uuid;

use super::EgressLimits;
use super::error::EgressError;
use super::policy::EgressPolicy;
use super::resolve::{Addresses, Lookups};
use super::settings::Authorities;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// Makes a connection to where a name leads, if that is permitted.
#[derive(Clone)]
pub(super) struct Connector {
    policy: Arc<EgressPolicy>,
    lookups: Lookups,
    tls: Arc<ClientConfig>,
    limit: Duration,
    /// The operator's own, for what is its own business.
    proxies: Option<Arc<Matcher>>,
}

impl Connector {
    /// Fails when the TLS configuration cannot be made: no provider, no store of authorities.
    pub(super) fn new(
        policy: &Arc<EgressPolicy>,
        limits: &EgressLimits,
    ) -> Result<Self, rustls::Error> {
        Ok(Self {
            policy: policy.clone(),
            lookups: Lookups::new(limits.resolve),
            tls: Arc::new(tls(&policy.authorities)?),
            limit: limits.connect,
            proxies: policy.goes_by_proxy.then(|| Arc::new(Matcher::from_env())),
        })
    }

    /// The same for one project.
    pub(super) fn of(&self, project_id: Uuid) -> Self {
        Self {
            lookups: self.lookups.of(project_id),
            ..self.clone()
        }
    }

    /// The same under another policy, whose authorities are the same.
    pub(super) fn with_policy(&self, policy: &Arc<EgressPolicy>) -> Self {
        Self {
            policy: policy.clone(),
            ..self.clone()
        }
    }
}

/// The system's authorities are believed, and the given ones.
fn tls(authorities: &Authorities) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder();
    let provider = CryptoProvider::get_default().cloned();
    let provider = provider.ok_or_else(|| rustls::Error::General("no provider".to_owned()))?;
    let verifier = match authorities.0.is_empty() {
        true => Verifier::new(provider)?,
        false => Verifier::new_with_extra_roots(authorities.0.iter().cloned(), provider)?,
    };
    let mut config = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let limit = self.limit;
        let proxy = self
            .proxies
            .as_ref()
            .and_then(|proxies| proxies.intercept(&uri));
        if let Some(proxy) = proxy {
            let mut tcp = HttpConnector::new();
            tcp.enforce_http(false);
            let mut tunnel = Tunnel::new(proxy.uri().clone(), tcp);
            if let Some(login) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(login.clone());
            }
            return within(
                limit,
                HttpsConnector::from((tunnel, self.tls.clone())).call(uri),
            );
        }
        let default = match uri.scheme_str() {
            Some("https") => 443,
            _ => 80,
        };
        let addresses = Addresses {
            policy: self.policy.clone(),
            port: uri.port_u16().unwrap_or(default),
            is_port_named: uri.port().is_some(),
            lookups: self.lookups.clone(),
        };
        let mut tcp = HttpConnector::new_with_resolver(addresses);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        within(
            limit,
            HttpsConnector::from((tcp, self.tls.clone())).call(uri),
        )
    }
}

fn within<T: 'static>(
    limit: Duration,
    connecting: impl Future<Output = Result<T, BoxError>> + Send + 'static,
) -> Connecting<T> {
    Box::pin(async move {
        let connected = tokio::time::timeout(limit, connecting).await;
        connected.map_err(|_| EgressError::ConnectTimeout)?
    })
}
