//! A bot's plain HTTP: to Meta by the gateway, to everywhere else by the egress policy.

use crate::capabilities::{HttpClient, OutboundBody, OutboundError};
use crate::egress::{Egress, EgressError};
use crate::projects::Redactor;
use crate::telemetry::TraceScope;
use crate::whatsapp::{BodyBound, Gateway, GatewayError, Held, MediaError, Scope, SendContext};
use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use http::header;
use http::request::Parts;
use http_body_util::BodyExt;
use std::sync::Arc;

/// What a body that does not say how long it is takes until it is longer.
const SHORT_BODY_BYTES: usize = 256 << 10;

/// The client of one run.
pub(crate) struct RunClient {
    pub(crate) egress: Arc<Egress>,
    pub(crate) gateway: Gateway,
    /// Absent when the project has no number.
    pub(crate) meta: Option<(SendContext, Scope)>,
    pub(crate) redactor: Redactor,
    pub(crate) trace: TraceScope,
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
        let redactor = self.redactor.clone();
        let shown = |text: &str| redactor.redact(text).into_owned();
        span.set_with("http.request.method", || shown(request.method().as_str()));
        span.set_with("server.address", || {
            shown(request.uri().host().unwrap_or_default())
        });
        Box::pin(async move {
            let answer = match meta {
                _ if !is_meta => elsewhere(&egress, request).await,
                Some((context, scope)) => {
                    to_meta(&gateway, &context, &scope, &redactor, request).await
                }
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
    redactor: &Redactor,
    request: http::Request<OutboundBody>,
) -> Result<http::Response<OutboundBody>, OutboundError> {
    let (parts, body) = request.into_parts();
    let (body, _held) = held(gateway, context, &parts, body).await?;
    let request = http::Request::from_parts(parts, body);
    match gateway.forward(context, scope, request).await {
        Ok(response) => Ok(response.map(|body| body.map_err(media_error).boxed_unsync())),
        Err(error) => {
            let shown = error.to_string();
            let shown = redactor.redact(&shown);
            tracing::info!(error = %shown, "a request of a bot to Meta has no answer");
            Err(match error {
                GatewayError::NoAnswer(_) | GatewayError::Send(_) => {
                    OutboundError::ConnectionTerminated
                }
                GatewayError::Unreachable(_) | GatewayError::Store(_) => {
                    OutboundError::DestinationUnavailable
                }
                GatewayError::NotMeta(_) | GatewayError::Denied(_) | GatewayError::Full => {
                    OutboundError::HttpRequestDenied
                }
            })
        }
    }
}

/// The whole body of a request to Meta, within what its kind and the project may hold.
async fn held(
    gateway: &Gateway,
    context: &SendContext,
    parts: &Parts,
    mut body: OutboundBody,
) -> Result<(Bytes, Held), OutboundError> {
    let BodyBound { most, copies } = Gateway::body_bound(parts);
    let too_long = || {
        gateway.too_long(context, parts, most);
        OutboundError::HttpRequestBodySize(Some(most as u64))
    };
    let admit = async |bytes: usize| {
        let admitted = gateway.admit(context, bytes * copies).await;
        admitted.map_err(|_| OutboundError::ConnectionLimitReached)
    };
    let length = parts.headers.get(header::CONTENT_LENGTH);
    let length: Option<usize> = length.and_then(|length| length.to_str().ok()?.parse().ok());
    let mut admitted = length.unwrap_or(SHORT_BODY_BYTES.min(most));
    if admitted > most {
        return Err(too_long());
    }
    let mut held = admit(admitted).await?;
    let mut bytes = BytesMut::with_capacity(length.unwrap_or_default());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| OutboundError::ConnectionTerminated)?;
        let piece = frame.into_data().unwrap_or_default();
        if bytes.len() + piece.len() > admitted {
            if length.is_some() || bytes.len() + piece.len() > most {
                return Err(too_long());
            }
            // It did not say how long it is: as long as it may be, then, and all of it at once, so that
            // no two bodies wait for what the other has.
            admitted = most;
            drop(held);
            held = admit(admitted).await?;
        }
        bytes.extend_from_slice(&piece);
    }
    held.keep(bytes.len() * copies);
    Ok((bytes.freeze(), held))
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

fn media_error(error: MediaError) -> OutboundError {
    match error {
        MediaError::TooLong(limit) => OutboundError::HttpResponseBodySize(Some(limit as u64)),
        MediaError::Late => OutboundError::ConnectionReadTimeout,
        MediaError::Cut => OutboundError::ConnectionTerminated,
    }
}

fn wasi_error(error: EgressError) -> OutboundError {
    match error {
        EgressError::InvalidUri => OutboundError::HttpRequestUriInvalid,
        EgressError::Scheme(_) | EgressError::PortDenied(_) | EgressError::NotListed(_) => {
            OutboundError::HttpRequestDenied
        }
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
        EgressError::Full(_) => OutboundError::ConnectionLimitReached,
        EgressError::ResponseTimeout(_) => OutboundError::HttpResponseTimeout,
        EgressError::ReadTimeout => OutboundError::ConnectionReadTimeout,
        EgressError::RequestTooLong(limit) => OutboundError::HttpRequestBodySize(Some(limit)),
        EgressError::ResponseTooLong(limit) => OutboundError::HttpResponseBodySize(Some(limit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_full_host_and_a_body_of_the_bots_own_that_fails_have_their_names() {
        let full = wasi_error(EgressError::Full(Duration::from_secs(1)));
        assert!(
            matches!(full, OutboundError::ConnectionLimitReached),
            "{full:?}"
        );
        let own = wasi_error(EgressError::RequestBody("the bot gave up".to_owned()));
        assert!(
            matches!(own, OutboundError::ConnectionTerminated),
            "{own:?}"
        );
    }
}
