//! Why a bot's request did not succeed.

use std::error::Error;
use std::io;
use std::time::Duration;

use http::Method;

/// Why a request failed; `runs` has the name under which bots see it.
///
/// No text names an address that a name resolved to: that would show the inner network.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EgressError {
    /// No host, a login in the address, or not an address at all.
    #[error("the address is not a plain http(s) address")]
    InvalidUri,
    /// Neither http nor https.
    #[error("`{0}` is not a scheme that bots can use; use https")]
    Scheme(String),
    /// `CONNECT` or `TRACE`.
    #[error("bots cannot use the method `{0}`")]
    Method(Method),
    /// A port on which nothing is sent.
    #[error("bots cannot reach port {0}")]
    PortDenied(u16),
    /// The host is, or resolves to, what is not public.
    #[error("`{0}` is not on the public Internet, and bots reach nothing else")]
    AddressDenied(String),
    /// A list refuses it, or has others only.
    #[error("bots may not reach `{0}`: a list of the host's or of the project's says so")]
    NotListed(String),
    /// The name does not exist, or the resolver failed.
    #[error("the name `{0}` does not resolve")]
    Dns(String),
    /// The resolver did not answer.
    #[error("the name `{0}` took too long to resolve")]
    DnsTimeout(String),
    /// Nobody listens.
    #[error("the connection was refused")]
    ConnectionRefused,
    /// The network has no way there.
    #[error("no connection could be made")]
    Unreachable,
    /// Connecting, with TLS, took too long.
    #[error("connecting took too long")]
    ConnectTimeout,
    /// The certificate is not trusted or not for this host.
    #[error("the server's certificate is not valid")]
    Certificate,
    /// TLS failed otherwise.
    #[error("TLS with the server failed")]
    Tls,
    /// The connection broke, or what came over it is not HTTP.
    #[error("the connection was cut, or the server does not speak HTTP")]
    ConnectionCut,
    /// No place among the requests that are under way, in time.
    #[error(
        "as many requests are under way as there may be, and none ended within {0:?}: read each answer, or \
         cancel it, and make fewer at once"
    )]
    Full(Duration),
    /// No headers of an answer in time.
    #[error("no answer within {0:?}")]
    ResponseTimeout(Duration),
    /// The answer's body stopped, or lasted too long.
    #[error("the answer did not end in time")]
    ReadTimeout,
    /// The request's body is too long.
    #[error("the request's body is longer than {0} bytes")]
    RequestTooLong(u64),
    /// The answer's body is too long.
    #[error("the answer's body is longer than {0} bytes")]
    ResponseTooLong(u64),
    /// The bot's own body failed.
    #[error("the request's body could not be read: {0}")]
    RequestBody(String),
}

impl EgressError {
    /// Finds the cause below the error of the client, or of a body that it reads.
    pub(super) fn from_client(error: &(dyn Error + 'static)) -> Self {
        Self::known(error).unwrap_or(Self::ConnectionCut)
    }

    /// The same where no connection was made.
    pub(super) fn from_connecting(error: &(dyn Error + 'static)) -> Self {
        Self::known(error).unwrap_or_else(|| match find::<io::Error>(error).map(io::Error::kind) {
            Some(io::ErrorKind::TimedOut) => Self::ConnectTimeout,
            _ => Self::Unreachable,
        })
    }

    fn known(error: &(dyn Error + 'static)) -> Option<Self> {
        tracing::debug!(?error, "a request of a bot failed");
        if let Some(own) = find::<Self>(error) {
            return Some(own.clone());
        }
        match find::<rustls::Error>(error) {
            Some(rustls::Error::InvalidCertificate(_)) => return Some(Self::Certificate),
            Some(_) => return Some(Self::Tls),
            None => {}
        }
        let kind = find::<io::Error>(error).map(io::Error::kind);
        (kind == Some(io::ErrorKind::ConnectionRefused)).then_some(Self::ConnectionRefused)
    }
}

/// The first error of a type in a chain of causes. An `io::Error` hides the error that it wraps
/// from the chain, and shows only that one's causes.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    let wrapped = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    let wrapped = wrapped.and_then(|inner| find(inner as &(dyn Error + 'static)));
    wrapped.or_else(|| error.source().and_then(find))
}
