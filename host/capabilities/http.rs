//! `wasi:http/client`: requests to the outside.

use futures::future::BoxFuture;
use std::sync::Arc;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

/// Why a request got no response, in the words of `wasi:http`.
pub use wasmtime_wasi_http::Error as OutboundError;

/// Sends a bot's requests, after the policy of the host.
pub trait HttpClient: Send + Sync {
    /// Sends one request; the response's body may still be coming.
    fn send(
        &self,
        request: http::Request<WasiBody>,
    ) -> BoxFuture<'static, Result<http::Response<WasiBody>, Error>>;
}

/// Outbound HTTP of one run.
pub struct Outbound {
    client: Option<Arc<dyn HttpClient>>,
    requests: u32,
}

impl Outbound {
    pub(super) fn denied() -> Self {
        Self { client: None, requests: 0 }
    }

    pub(super) fn through(client: Arc<dyn HttpClient>) -> Self {
        Self { client: Some(client), requests: 0 }
    }

    pub(super) fn requests(&self) -> u32 {
        self.requests
    }
}

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Sent = Box<dyn Future<Output = Result<(http::Response<WasiBody>, Io), Error>> + Send>;

impl WasiHttpHooks for Outbound {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _ended: Io,
    ) -> Sent {
        self.requests += 1;
        let Some(client) = self.client.clone() else {
            return Box::new(async { Err(Error::HttpRequestDenied) });
        };
        Box::new(async move {
            let response = client.send(request).await?;
            Ok((response, Box::new(async { Ok(()) }) as Io))
        })
    }
}
