//! Plain HTTP from bots to Meta: what npm clients of WhatsApp do.
//!
//! Requests to `graph.facebook.com` go out with the project's token in the `Authorization` header,
//! and nowhere else. Whatever the bot put there, or in an `access_token` of the query or body, is
//! dropped first: that is the placeholder of its environment, or something that must not reach Meta
//! with our token. In answers of any type the token, should Meta quote it (paging links do), becomes
//! the placeholder.
//!
//! Allowed are the project's own ids; `access` has the rules. What is not allowed is answered in
//! Meta's shape, code 10, with the reason, and never leaves the host. A POST that sends a message
//! goes through the outbox and shares its keys with typed sends. Everything else goes to Meta
//! directly, once; bots that retry it do so themselves.
//!
//! Media: metadata and webhooks name addresses at `lookaside.fbsbx.com`, below
//! `/whatsapp_business/attachments/`, signed and short-lived. A GET below that path gets the token,
//! nothing else at that host is reachable. When an emulator stands for Meta, the addresses it hands
//! out are rewritten to that host in answers ([`super::GraphEndpoint::conceal`] does the same for
//! webhooks) and mapped back here, so that its own address stays unknown and unreachable. Answers
//! that redirect go to the bot as they are: its next request is judged like any other, and gets a
//! token only if it comes back here.

mod access;
mod multipart;
mod store;
#[cfg(test)]
mod tests;
mod token;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use self::access::{Answer, Call, Owner, Route};
use self::store::Store;
use super::client::{GraphClient, GraphRequest, GraphResponse, Outcome};
use super::error::{GraphError, SendError};
use super::messages::{self, Receipt};
use super::outbox::{Outbox, Refusal, SendContext, Sent};

const GRAPH_HOST: &str = "graph.facebook.com";
const MEDIA_HOST: &str = "lookaside.fbsbx.com";
const MEDIA_PATH: &str = "/whatsapp_business/attachments/";
/// As much of a path as people are shown.
const MOST_PATH_CHARS: usize = 100;

/// What a project may name besides its number, and what its environment holds for a token.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The business account of the number.
    pub waba_id: Option<String>,
    /// Further ids that the operator grants, for instance of an app, for resumable uploads.
    pub ids: Vec<String>,
    /// What the bot believes to be its token. Empty: answers that quote the token lose it.
    pub placeholder: String,
}

/// Why a request has no answer of Meta.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The request is not one to Meta; the egress policy decides about it.
    #[error("`{0}` is not a host of Meta's that bots reach with their token")]
    NotMeta(String),
    /// The project may not do this. [`Gateway::forward`] answers in Meta's shape instead.
    #[error("{0}")]
    Denied(String),
    /// A send has no answer.
    #[error(transparent)]
    Send(#[from] SendError),
    /// Meta could not be reached.
    #[error("Meta could not be reached: {0}; try again later")]
    Unreachable(String),
    /// The request may have reached Meta, and no answer came.
    #[error("Meta's answer was lost: {0}")]
    NoAnswer(String),
    /// The table of known ids could not be read.
    #[error("the ids of the project could not be looked up; try again later")]
    Store(#[from] sqlx::Error),
}

/// The way to Meta for everything that is not a typed send.
#[derive(Clone)]
pub struct Gateway {
    client: GraphClient,
    outbox: Outbox,
    store: Store,
}

impl Gateway {
    /// A gateway that knows the ids in `pool` (tables of migrations 0001 and 0004).
    pub fn new(pool: PgPool, client: GraphClient, outbox: Outbox) -> Self {
        Self {
            client,
            outbox,
            store: Store::new(pool),
        }
    }

    /// Whether requests to this host belong here and not to the egress policy.
    pub fn serves(host: &str) -> bool {
        let host = host.trim_end_matches('.');
        host.eq_ignore_ascii_case(GRAPH_HOST) || host.eq_ignore_ascii_case(MEDIA_HOST)
    }

    /// Records that an object of Meta is a project's, for instance a flow made by an operator.
    pub async fn remember(
        &self,
        project_id: Uuid,
        object_ids: &[String],
    ) -> Result<(), sqlx::Error> {
        self.store.remember(project_id, object_ids).await
    }

    /// Forwards a bot's HTTP request. Refusals, the host's too, are answers in Meta's shape.
    ///
    /// Fails with every [`GatewayError`] but `Denied`.
    pub async fn forward(
        &self,
        context: &SendContext,
        scope: &Scope,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, GatewayError> {
        let host = host(&request).unwrap_or_default();
        let (parts, body) = request.into_parts();
        let target = parts
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        let answer = match host.as_str() {
            MEDIA_HOST => self.media(context, scope, &parts.method, target).await,
            GRAPH_HOST => {
                let path = target.trim_start_matches('/').to_owned();
                let (method, headers) = (parts.method, parts.headers);
                let request = GraphRequest {
                    method,
                    version: None,
                    path,
                    headers,
                    body,
                };
                self.request(context, scope, request).await
            }
            _ => return Err(GatewayError::NotMeta(host)),
        };
        match answer {
            Ok(answer) => Ok(into_http(answer)),
            Err(GatewayError::Denied(reason)) => Ok(into_http(denial(&reason))),
            Err(GatewayError::Send(SendError::Invalid(reason))) => Ok(into_http(invalid(&reason))),
            Err(GatewayError::Send(error @ SendError::TooMany(_))) => {
                Ok(into_http(denial(&error.to_string())))
            }
            Err(GatewayError::Send(error @ SendError::Behind)) => {
                Ok(into_http(unavailable(&error.to_string())))
            }
            Err(error) => Err(error),
        }
    }

    /// Makes a request of the Graph API for a bot. Meta's refusals are answers.
    ///
    /// The path may begin with a version, which is kept.
    pub async fn request(
        &self,
        context: &SendContext,
        scope: &Scope,
        request: GraphRequest,
    ) -> Result<GraphResponse, GatewayError> {
        let what = named(&request.method, &request.path);
        let answer = self.routed(context, scope, request, &what).await;
        if let Err(GatewayError::Denied(reason) | GatewayError::Send(SendError::Invalid(reason))) =
            &answer
        {
            context.was_refused(Refusal::Denied(what, reason.clone()));
        } else if let Err(GatewayError::Send(error @ SendError::TooMany(_))) = &answer {
            context.was_refused(Refusal::Denied(what, error.to_string()));
        }
        answer
    }

    async fn routed(
        &self,
        context: &SendContext,
        scope: &Scope,
        request: GraphRequest,
        what: &str,
    ) -> Result<GraphResponse, GatewayError> {
        if request.headers.contains_key(header::CONTENT_ENCODING) {
            return Err(GatewayError::Denied(
                "a compressed body cannot be checked".to_owned(),
            ));
        }
        let request = token::strip(request).map_err(SendError::Invalid)?;
        let call = Call::read(request).map_err(GatewayError::Denied)?;
        let owner = self.owner(context, scope, call.id()).await?;
        let route = call.route(owner).map_err(GatewayError::Denied)?;
        let answer = match route {
            Route::Send => self.outbox.perform(context, call.into_request()).await?,
            Route::Direct(expected) => {
                let answer = self.direct(context, call, expected).await?;
                let answer = self.cleaned(answer, context, scope);
                self.note(context, what, &answer);
                return Ok(answer);
            }
        };
        Ok(self.cleaned(answer, context, scope))
    }

    /// Marks a received message as read, and shows typing if so asked. It may be repeated.
    ///
    /// Fails with Meta's refusal as [`SendError::Rejected`].
    pub async fn mark_read(
        &self,
        context: &SendContext,
        message_id: &str,
        receipt: Receipt,
    ) -> Result<(), GatewayError> {
        let body = messages::receipt(message_id, receipt).map_err(SendError::from)?;
        let path = format!("{}/messages", context.phone_number_id());
        let request = GraphRequest::json(Method::POST, path, &body);
        let answer = settled(self.client.call(context.token(), &request).await)?;
        Sent::read(&answer)?;
        Ok(())
    }

    async fn direct(
        &self,
        context: &SendContext,
        call: Call,
        expected: Answer,
    ) -> Result<GraphResponse, GatewayError> {
        let answer = settled(self.client.call(context.token(), call.request()).await)?;
        if expected == Answer::Media && !access::is_media_or_error(&answer) {
            return Err(GatewayError::Denied(access::not_yours(call.id())));
        }
        let learned = call.learns(&answer);
        if !learned.is_empty() {
            self.store
                .remember(context.attempt().project_id, &learned)
                .await?;
        }
        Ok(answer)
    }

    async fn media(
        &self,
        context: &SendContext,
        scope: &Scope,
        method: &Method,
        target: &str,
    ) -> Result<GraphResponse, GatewayError> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        // Nothing that could climb out of the path, in whatever way it is written.
        let is_plain = !path.contains("..") && !path.contains(['\\', '%']);
        if method != Method::GET || !path.starts_with(MEDIA_PATH) || !is_plain {
            let reason = format!("only a GET of media below {MEDIA_PATH} is possible at this host");
            return Err(GatewayError::Denied(reason));
        }
        let target = match token::strip_query(query) {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        };
        let answer = settled(self.client.media(context.token(), &target).await)?;
        let answer = self.cleaned(answer, context, scope);
        self.note(context, &named(method, path), &answer);
        Ok(answer)
    }

    /// Takes down what Meta refused of a request that is no message.
    fn note(&self, context: &SendContext, what: &str, answer: &GraphResponse) {
        if let Some(error) = GraphError::read(answer) {
            self.outbox.metrics().refused(error.code);
            context.was_refused(Refusal::Request(what.to_owned(), error));
        }
    }

    async fn owner(
        &self,
        context: &SendContext,
        scope: &Scope,
        id: &str,
    ) -> Result<Owner, sqlx::Error> {
        let is_own = id == context.phone_number_id()
            || scope.waba_id.as_deref() == Some(id)
            || scope.ids.iter().any(|own| own == id);
        match is_own {
            true => Ok(Owner::Project),
            false => self.store.owner(context.attempt().project_id, id).await,
        }
    }

    fn cleaned(
        &self,
        answer: GraphResponse,
        context: &SendContext,
        scope: &Scope,
    ) -> GraphResponse {
        let conceal = |text: &str| self.client.endpoint().conceal(text);
        token::clean(answer, context.token(), &scope.placeholder, &conceal)
    }
}

/// A request as people are told of it: no parameters, because a token may be among them.
fn named(method: &Method, path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let path: String = path.chars().take(MOST_PATH_CHARS).collect();
    format!("{method} /{}", path.trim_start_matches('/'))
}

fn settled(outcome: Outcome) -> Result<GraphResponse, GatewayError> {
    match outcome {
        Outcome::Answered(answer) => Ok(answer),
        Outcome::NotSent(reason) => Err(GatewayError::Unreachable(reason)),
        Outcome::Unknown(reason) => Err(GatewayError::NoAnswer(reason)),
    }
}

/// The host that a request names, in lower case; with the port when it is not the usual one.
fn host(request: &http::Request<Bytes>) -> Option<String> {
    let named = match request.uri().authority() {
        Some(authority) => authority.as_str(),
        None => request.headers().get(header::HOST)?.to_str().ok()?,
    };
    let host = named.to_ascii_lowercase();
    let host = host
        .strip_suffix(":443")
        .or(host.strip_suffix(":80"))
        .unwrap_or(&host);
    Some(host.trim_end_matches('.').to_owned())
}

fn into_http(answer: GraphResponse) -> http::Response<Bytes> {
    let mut response = http::Response::new(answer.body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

/// What Meta says when a permission is missing.
fn denial(reason: &str) -> GraphResponse {
    let message = format!("(#10) {reason}");
    graph_error(StatusCode::FORBIDDEN, 10, &message, reason)
}

/// What Meta says when it cannot take a message now.
fn unavailable(reason: &str) -> GraphResponse {
    let message = "(#131016) Service unavailable";
    graph_error(StatusCode::SERVICE_UNAVAILABLE, 131016, message, reason)
}

/// What Meta says of a malformed request.
fn invalid(reason: &str) -> GraphResponse {
    graph_error(
        StatusCode::BAD_REQUEST,
        100,
        "(#100) Invalid parameter",
        reason,
    )
}

fn graph_error(status: StatusCode, code: i32, message: &str, details: &str) -> GraphResponse {
    let body = json!({ "error": {
        "message": message,
        "type": "OAuthException",
        "code": code,
        "error_data": { "messaging_product": "whatsapp", "details": details },
        "fbtrace_id": "roost",
    }});
    let content_type = HeaderValue::from_static("application/json");
    GraphResponse {
        status,
        headers: HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]),
        body: Bytes::from(body.to_string()),
    }
}
