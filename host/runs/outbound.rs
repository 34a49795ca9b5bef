//! A bot's plain HTTP: to Meta by the gateway, to everywhere else by the egress policy.

use crate::capabilities::{HttpClient, OutboundBody, OutboundError};
use crate::egress::{Egress, EgressError};
use crate::telemetry::TraceScope;
use crate::whatsapp::{Gateway, GatewayError, Scope, SendContext};
use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use std::sync::Arc;

/// Uploads to Meta are held in memory on their way.
const META_BODY_BYTES: usize = 32 << 20;

/// The client of one run.
pub(super) struct RunClient {
    pub(super) egress: Arc<Egress>,
    pub(super) gateway: Gateway,
    /// Absent when the project has no number.
    pub(super) meta: Option<(SendContext, Scope)>,
    pub(super) trace: TraceScope,
}

impl HttpClient for RunClient {
    fn send(
        &self,
        request: http::Request<OutboundBody>,
    ) -> BoxFuture<'static, Result<http::Response<OutboundBody>, OutboundError>> {
        let (egress, gateway, meta) =
            (self.egress.clone(), self.gateway.clone(), self.meta.clone());
        let is_meta = Gateway::serves(request.uri().host().unwrap_or_default());
        let mut span = self
            .trace
            .span(if is_meta { "http.meta" } else { "http.request" });
        span.set_with("http.request.method", || request.method().to_string());
        span.set_with("server.address", || {
            request.uri().host().unwrap_or_default().to_owned()
        });
        Box::pin(async move {
            let answer = match meta {
                _ if !is_meta => elsewhere(&egress, request).await,
                Some((context, scope)) => to_meta(&gateway, &context, &scope, request).await,
                None => Err(OutboundError::HttpRequestDenied),
            };
            match &answer {
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    span.set("http.response.status_code", i64::from(status));
                }
                Err(error) => span.fail(format!("{error:?}")),
            }
            answer
        })
    }
}

/// The client of a bot that starts: nothing reaches Meta.
pub struct BootClient(pub Arc<Egress>);

impl HttpClient for BootClient {
    fn send(
        &self,
        request: http::Request<OutboundBody>,
    ) -> BoxFuture<'static, Result<http::Response<OutboundBody>, OutboundError>> {
        let egress = self.0.clone();
        Box::pin(async move {
            if Gateway::serves(request.uri().host().unwrap_or_default()) {
                return Err(OutboundError::HttpRequestDenied);
            }
            elsewhere(&egress, request).await
        })
    }
}

async fn to_meta(
    gateway: &Gateway,
    context: &SendContext,
    scope: &Scope,
    request: http::Request<OutboundBody>,
) -> Result<http::Response<OutboundBody>, OutboundError> {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, META_BODY_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Err(OutboundError::HttpRequestBodySize(Some(
                META_BODY_BYTES as u64,
            )));
        }
        Err(_) => return Err(OutboundError::ConnectionTerminated),
    };
    let request = http::Request::from_parts(parts, body);
    match gateway.forward(context, scope, request).await {
        Ok(response) => Ok(response.map(whole)),
        Err(error) => {
            tracing::info!(%error, "a request of a bot to Meta has no answer");
            Err(match error {
                GatewayError::NoAnswer(_) | GatewayError::Send(_) => {
                    OutboundError::ConnectionTerminated
                }
                GatewayError::Unreachable(_) | GatewayError::Store(_) => {
                    OutboundError::DestinationUnavailable
                }
                GatewayError::NotMeta(_) | GatewayError::Denied(_) => {
                    OutboundError::HttpRequestDenied
                }
            })
        }
    }
}

async fn elsewhere(
    egress: &Egress,
    request: http::Request<OutboundBody>,
) -> Result<http::Response<OutboundBody>, OutboundError> {
    let request = request.map(|body| {
        body.map_err(|error| Box::<dyn std::error::Error + Send + Sync>::from(error.to_string()))
    });
    let response = egress.send(request).await.map_err(wasi_error)?;
    Ok(response.map(|body| body.map_err(wasi_error).boxed_unsync()))
}

fn whole(body: Bytes) -> OutboundBody {
    Full::new(body)
        .map_err(|never| match never {})
        .boxed_unsync()
}

fn wasi_error(error: EgressError) -> OutboundError {
    match error {
        EgressError::InvalidUri => OutboundError::HttpRequestUriInvalid,
        EgressError::Scheme(_) | EgressError::PortDenied(_) => OutboundError::HttpRequestDenied,
        EgressError::Method(_) => OutboundError::HttpRequestMethodInvalid,
        EgressError::AddressDenied(_) => OutboundError::DestinationIpProhibited,
        EgressError::Dns(_) => OutboundError::DnsError {
            rcode: None,
            info_code: None,
        },
        EgressError::DnsTimeout(_) => OutboundError::DnsTimeout,
        EgressError::ConnectionRefused => OutboundError::ConnectionRefused,
        EgressError::Unreachable => OutboundError::DestinationUnavailable,
        EgressError::ConnectTimeout => OutboundError::ConnectionTimeout,
        EgressError::Certificate => OutboundError::TlsCertificateError,
        EgressError::Tls => OutboundError::TlsProtocolError,
        EgressError::ConnectionCut | EgressError::RequestBody(_) => {
            OutboundError::ConnectionTerminated
        }
        EgressError::ResponseTimeout(_) => OutboundError::HttpResponseTimeout,
        EgressError::ReadTimeout => OutboundError::ConnectionReadTimeout,
        EgressError::RequestTooLong(limit) => OutboundError::HttpRequestBodySize(Some(limit)),
        EgressError::ResponseTooLong(limit) => OutboundError::HttpResponseBodySize(Some(limit)),
    }
}
