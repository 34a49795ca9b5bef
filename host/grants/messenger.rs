//! Sends of one run, typed and raw, by way of the outbox.

use crate::capabilities::Messenger;
use crate::capabilities::wit_whatsapp::{Error, GraphError, GraphRequest, GraphResponse, Sent};
use crate::projects::{ProjectId, Redactor};
use crate::telemetry::TraceScope;
use crate::templates::{NotSendable, Templates};
use crate::whatsapp::{
    self, Gateway, GatewayError, Outbox, Scope, SendContext, SendError, messages::Receipt,
};
use futures::future::BoxFuture;
use http::{HeaderValue, header};
use serde::de::IgnoredAny;
use serde_json::Value;

/// The messages of one run, from its project's number.
pub(crate) struct ProjectMessenger {
    pub(crate) outbox: Outbox,
    pub(crate) gateway: Gateway,
    pub(crate) templates: Templates,
    pub(crate) context: SendContext,
    pub(crate) scope: Scope,
    pub(crate) redactor: Redactor,
    pub(crate) trace: TraceScope,
}

impl ProjectMessenger {
    /// Looks whether the media of a message are the project's.
    pub(crate) async fn has_media(&self, message: &Value) -> Result<(), Error> {
        let own = self
            .gateway
            .has_media(&self.context, &self.scope, message)
            .await;
        own.map_err(gateway_error)
    }

    /// Sends a message of which is known that its template fits, if it has one.
    pub(crate) async fn send_fitted(&self, message: Value) -> Result<Sent, Error> {
        let mut span = self.trace.span("whatsapp.send");
        let sent = self.outbox.send(&self.context, &message).await;
        if let Err(error) = &sent {
            span.fail(self.redactor.redact(&error.to_string()).into_owned());
        }
        let sent = sent.map_err(send_error)?;
        Ok(Sent {
            message_id: sent.message_id,
            wa_id: sent.wa_id,
        })
    }
}

impl Messenger for ProjectMessenger {
    fn send(&self, message: Value) -> BoxFuture<'_, Result<Sent, Error>> {
        Box::pin(async move {
            let own = self.gateway.has_flows(&self.context, &self.scope, &message);
            own.await.map_err(gateway_error)?;
            self.has_media(&message).await?;
            let project = ProjectId(self.context.attempt().project_id);
            match self.templates.admit(project, &message).await {
                Ok(()) => self.send_fitted(message).await,
                Err(NotSendable::Unfit(why)) => Err(Error::Invalid(why)),
                Err(error @ NotSendable::Database(_)) => Err(Error::Unreachable(error.to_string())),
            }
        })
    }

    fn mark_read(&self, message_id: String, receipt: Receipt) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            let _span = self.trace.span("whatsapp.mark-read");
            let marked = self
                .gateway
                .mark_read(&self.context, &message_id, receipt)
                .await;
            marked.map_err(gateway_error)
        })
    }

    fn request(&self, request: GraphRequest) -> BoxFuture<'_, Result<GraphResponse, Error>> {
        Box::pin(async move {
            let request = graph_request(request)?;
            let mut span = self.trace.span("whatsapp.request");
            span.set_with("http.request.method", || request.method.to_string());
            let held = self.gateway.admit(&self.context, request.body.len()).await;
            let _held = held.map_err(gateway_error)?;
            let answer = self
                .gateway
                .request(&self.context, &self.scope, request)
                .await;
            let (answer, _held) = answer.map_err(gateway_error)?;
            span.set(
                "http.response.status_code",
                i64::from(answer.status.as_u16()),
            );
            Ok(GraphResponse {
                status: answer.status.as_u16(),
                body: String::from_utf8_lossy(&answer.body).into_owned(),
            })
        })
    }
}

fn graph_request(request: GraphRequest) -> Result<whatsapp::GraphRequest, Error> {
    let method = request.method.parse().map_err(|_| {
        Error::Invalid(format!(
            "`{}` is not a method; use GET, POST or DELETE",
            request.method
        ))
    })?;
    let path = request.path.trim_start_matches('/').to_owned();
    let is_there = request.body.is_some();
    let body = request.body.unwrap_or_default();
    if is_there && let Err(error) = serde_json::from_str::<IgnoredAny>(&body) {
        return Err(Error::Invalid(format!("the body is not JSON: {error}")));
    }
    let content_type = HeaderValue::from_static("application/json");
    let headers = [(header::CONTENT_TYPE, content_type)].into_iter();
    Ok(whatsapp::GraphRequest {
        method,
        version: None,
        path,
        headers: headers.take(usize::from(is_there)).collect(),
        body: body.into(),
    })
}

fn graph_error(error: whatsapp::GraphError) -> GraphError {
    GraphError {
        code: error.code,
        subcode: error.subcode,
        status: error.status,
        message: error.message,
        details: error.details,
        trace_id: error.trace_id,
    }
}

pub(super) fn send_error(error: SendError) -> Error {
    let text = error.to_string();
    match error {
        SendError::Rejected(error) => Error::Rejected(graph_error(error)),
        SendError::RateLimited { error, .. } => Error::RateLimited(graph_error(error)),
        SendError::Unreachable(_) | SendError::Store(_) | SendError::Behind => {
            Error::Unreachable(text)
        }
        SendError::TooMany(_) => Error::Denied(text),
        SendError::Unsettled { .. } => Error::Unsettled(text),
        SendError::Invalid(reason) => Error::Invalid(reason),
    }
}

fn gateway_error(error: GatewayError) -> Error {
    let text = error.to_string();
    match error {
        GatewayError::Send(error) => send_error(error),
        GatewayError::Denied(_) | GatewayError::Full => Error::Denied(text),
        GatewayError::Unreachable(_) | GatewayError::NoAnswer(_) | GatewayError::Store(_) => {
            Error::Unreachable(text)
        }
        GatewayError::NotMeta(_) => Error::Invalid(text),
    }
}
