//! The gateway of one project, with another project beside it, in front of a scripted Graph API.

use bytes::Bytes;
use http::{Method, Request, Response};
use roost::whatsapp::{
    AnswerBody, Gateway, GatewayError, GraphLimits, InFlightLimits, Scope, SendContext,
};
use serde_json::Value;
use uuid::Uuid;

use super::bench::{ACCOUNT, Bench, client_with, project};
use crate::support::graph::{Act, Graph};

pub(super) const PLACEHOLDER: &str = "EAAplaceholder";
/// The number of the other project, its account, and media that it uploaded.
pub(super) const OTHER: &str = "2065403";
pub(super) const OTHERS_ACCOUNT: &str = "5550002";
pub(super) const OTHERS_OBJECT: &str = "9090";

pub(super) struct Door {
    pub(super) bench: Bench,
    pub(super) gateway: Gateway,
    pub(super) other: Uuid,
    pub(super) scope: Scope,
}

impl Door {
    pub(super) async fn new(script: Vec<Act>) -> Self {
        Self::with_limits(script, GraphLimits::default(), InFlightLimits::default()).await
    }

    pub(super) async fn with_limits(
        script: Vec<Act>,
        graph: GraphLimits,
        in_flight: InFlightLimits,
    ) -> Self {
        let bench = Bench::new(script).await;
        let other = project(&bench.pool, "other", OTHER, OTHERS_ACCOUNT).await;
        let (client, outbox) = (client_with(&bench.graph, graph), bench.outbox.clone());
        let gateway = Gateway::with_limits(bench.pool.clone(), client, outbox, &in_flight, || {});
        let theirs = [OTHERS_OBJECT.to_owned()];
        gateway.remember(other, &theirs).await.unwrap();
        let placeholder = PLACEHOLDER.to_owned();
        let scope = Scope {
            waba_id: Some(ACCOUNT.to_owned()),
            ids: vec![],
            placeholder,
        };
        Self {
            bench,
            gateway,
            other,
            scope,
        }
    }

    /// The answer as soon as it begins.
    pub(super) async fn open(
        &self,
        run: &SendContext,
        request: Request<Bytes>,
    ) -> Result<Response<AnswerBody>, GatewayError> {
        self.gateway.forward(run, &self.scope, request).await
    }

    /// The whole answer.
    pub(super) async fn forward(
        &self,
        run: &SendContext,
        request: Request<Bytes>,
    ) -> Response<Bytes> {
        let (head, body) = self.open(run, request).await.unwrap().into_parts();
        Response::from_parts(head, body.bytes().await.unwrap())
    }

    pub(super) async fn get(&self, url: &str) -> Response<Bytes> {
        self.forward(&self.bench.run(), request(Method::GET, url, ""))
            .await
    }

    pub(super) fn graph(&self) -> &Graph {
        &self.bench.graph
    }
}

/// A request of the Graph API, or of another host when it is a whole address, with JSON.
pub(super) fn request(method: Method, url: &str, body: &str) -> Request<Bytes> {
    let url = match url.starts_with("http") {
        true => url.to_owned(),
        false => format!("https://graph.facebook.com/{url}"),
    };
    let builder = Request::builder().method(method).uri(url);
    let builder = builder.header("content-type", "application/json");
    builder
        .header("authorization", "Bearer mine")
        .body(Bytes::from(body.to_owned()))
        .unwrap()
}

pub(super) fn json(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}
