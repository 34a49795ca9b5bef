//! `wasi:http/client`: requests to the outside.

use crate::sandbox::Budget;
use futures::future::BoxFuture;
use std::sync::Arc;
use wasmtime_wasi_http::{RequestOptions, WasiHttpHooks};

/// A body on its way out of or into a bot, and why a request got no response,
/// in the words of `wasi:http`.
pub use wasmtime_wasi_http::{Error as OutboundError, WasiBody as OutboundBody};

/// Sends a bot's requests, after the policy of the host.
pub trait HttpClient: Send + Sync {
    /// Sends one request; the response's body may still be coming.
    fn send(
        &self,
        request: http::Request<OutboundBody>,
    ) -> BoxFuture<'static, Result<http::Response<OutboundBody>, OutboundError>>;
}

/// Outbound HTTP of one run.
pub struct Outbound {
    client: Option<Arc<dyn HttpClient>>,
    requests: u32,
    max_requests: u32,
}

impl Outbound {
    pub(super) fn denied() -> Self {
        Self {
            client: None,
            requests: 0,
            max_requests: Budget::default().requests,
        }
    }

    pub(super) fn through(client: Arc<dyn HttpClient>) -> Self {
        Self {
            client: Some(client),
            ..Self::denied()
        }
    }

    pub(super) fn limit(&mut self, requests: u32) {
        self.max_requests = requests;
    }

    pub(super) fn requests(&self) -> u32 {
        self.requests
    }
}

type Io = Box<dyn Future<Output = Result<(), OutboundError>> + Send>;
type Response = http::Response<OutboundBody>;

impl WasiHttpHooks for Outbound {
    fn send_request(
        &mut self,
        request: http::Request<OutboundBody>,
        _options: Option<RequestOptions>,
        _ended: Io,
    ) -> Box<dyn Future<Output = Result<(Response, Io), OutboundError>> + Send> {
        if self.requests >= self.max_requests {
            let error = format!(
                "this event has made {} requests, which is all it may make: make fewer in one \
                 event, or ask the operator for a higher limit",
                self.max_requests
            );
            return Box::new(async { Err(OutboundError::InternalError(Some(error))) });
        }
        self.requests += 1;
        let Some(client) = self.client.clone() else {
            return Box::new(async { Err(OutboundError::HttpRequestDenied) });
        };
        Box::new(async move {
            let response = client.send(request).await?;
            Ok((response, Box::new(async { Ok(()) }) as Io))
        })
    }
}
