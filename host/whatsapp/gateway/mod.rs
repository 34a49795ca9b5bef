//! Plain HTTP from bots to Meta: what npm clients of WhatsApp do.
//!
//! Requests to `graph.facebook.com` go out with the project's token in the `Authorization` header,
//! and nowhere else. Whatever the bot put there, or in an `access_token` of the query or body, is
//! dropped first: that is the placeholder of its environment, or something that must not reach Meta
//! with our token. In answers of any type the token, should Meta quote it (paging links do), becomes
//! the placeholder.
//!
//! `offers` is the table of what bots may ask, `access` judges a request by it. What the table does not
//! have is answered in Meta's shape, code 10, with the reason, and never leaves the host. A POST that
//! sends a message goes through the outbox and shares its keys with typed sends. Everything else
//! goes to Meta directly, once; bots that retry it do so themselves.
//!
//! Media: metadata and webhooks name addresses at `lookaside.fbsbx.com`,
//! `/whatsapp_business/attachments/`, signed and short-lived. A GET of that path gets the token, and
//! its answer goes by in pieces; nothing else at that host is reachable. When an emulator stands for
//! Meta, the addresses it hands out are rewritten to that host in answers
//! ([`super::GraphEndpoint::conceal`] does the same for webhooks) and mapped back here, so that its own
//! address stays unknown and unreachable. Answers that redirect go to the bot as they are: its next
//! request is judged like any other, and gets a token only if it comes back here.
//!
//! Whatever is held in memory for a request or its answer is within a budget of the project, and so many of its
//! requests are under way at once (`client`), a medium until it was read.

mod access;
mod answer;
mod body;
mod bounds;
mod fields;
mod flows;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod media;
mod multipart;
mod offers;
mod refused;
mod store;
#[cfg(test)]
mod tests;
mod things;
mod token;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

pub use self::answer::AnswerBody;
pub use self::bounds::BodyBound;
pub use self::media::media_ids;
pub use self::refused::Refused;

use self::access::{Call, Named};
use self::offers::{Gives, Node};
use self::refused::shown;
use self::store::{Store, Whose};
use self::token::Filter;
use super::client::{GraphClient, GraphRequest, GraphResponse, MEDIA_PATH, Outcome};
use super::error::{GraphError, SendError};
use super::inflight::{Full, Held, InFlight, InFlightLimits};
use super::messages::{self, Receipt};
use super::outbox::{Outbox, Refusal, SendContext, Sent};
use crate::accounts::Accounts;

const GRAPH_HOST: &str = "graph.facebook.com";
const MEDIA_HOST: &str = "lookaside.fbsbx.com";
/// As much of a path as people are shown.
const MOST_PATH_CHARS: usize = 100;
/// What counts for an answer that goes by in pieces: those that are under way.
const PIECES_BYTES: usize = 512 << 10;

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
    #[error(transparent)]
    Denied(#[from] Refused),
    /// A send has no answer.
    #[error(transparent)]
    Send(#[from] SendError),
    /// Meta could not be reached.
    #[error("Meta could not be reached: {0}; try again later")]
    Unreachable(String),
    /// The request may have reached Meta, and no answer came.
    #[error("Meta's answer was lost: {0}")]
    NoAnswer(String),
    /// The project holds as much as it may, or has as many calls under way. [`Gateway::forward`] answers in Meta's
    /// shape instead.
    #[error(
        "requests to Meta and unread answers take all the room that the project has for them: read \
         each answer, or cancel it, and make fewer requests at once"
    )]
    Full,
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
    accounts: Accounts,
    in_flight: InFlight,
}

impl From<Full> for GatewayError {
    fn from(Full: Full) -> Self {
        Self::Full
    }
}

impl Gateway {
    /// A gateway that knows the ids in `pool` (tables of migrations 0001, 0004 and 0006).
    pub fn new(pool: PgPool, client: GraphClient, outbox: Outbox) -> Self {
        let limits = InFlightLimits::default();
        Self::with_limits(pool, client, outbox, &limits, || {})
    }

    /// The same with these limits. `after_peaks` is called when much was held and is free again.
    pub fn with_limits(
        pool: PgPool,
        client: GraphClient,
        outbox: Outbox,
        limits: &InFlightLimits,
        after_peaks: fn(),
    ) -> Self {
        Self {
            client,
            outbox,
            accounts: Accounts::new(pool.clone()),
            store: Store::new(pool),
            in_flight: InFlight::new(limits, after_peaks),
        }
    }

    /// Waits until the body of a request may be held, of so many bytes.
    ///
    /// Fails with [`GatewayError::Full`].
    pub async fn admit(&self, context: &SendContext, bytes: usize) -> Result<Held, GatewayError> {
        let room = self.in_flight.requests(context.attempt().project_id);
        Ok(room.take(bytes).await?)
    }

    /// Takes down that a request of a bot was not read, because its body is longer than it may be.
    pub fn too_long(&self, context: &SendContext, parts: &http::request::Parts, most: usize) {
        let what = named(&parts.method, parts.uri.path());
        self.tell(context, what, &Refused::Long(most).into());
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
    /// Fails with every [`GatewayError`] but `Denied` and `Full`.
    pub async fn forward(
        &self,
        context: &SendContext,
        scope: &Scope,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<AnswerBody>, GatewayError> {
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
                let answer = self.request(context, scope, request).await;
                answer.map(|(answer, held)| AnswerBody::whole(answer, held))
            }
            _ => return Err(GatewayError::NotMeta(host)),
        };
        let answer = match answer {
            Ok(answer) => return Ok(answer),
            Err(GatewayError::Denied(refused)) if refused.is_malformed() => {
                invalid(&refused.to_string())
            }
            Err(GatewayError::Denied(refused)) => denial(&refused.to_string()),
            Err(GatewayError::Send(SendError::Invalid(reason))) => invalid(&reason),
            Err(GatewayError::Send(error @ SendError::TooMany(_))) => denial(&error.to_string()),
            Err(GatewayError::Send(error @ SendError::Behind)) => unavailable(&error.to_string()),
            Err(error @ GatewayError::Full) => too_many(&error.to_string()),
            Err(error) => return Err(error),
        };
        Ok(AnswerBody::whole(answer, None))
    }

    /// Makes a request of the Graph API for a bot. Meta's refusals are answers. What is held for the
    /// answer is counted as long as what comes with it.
    ///
    /// The path may begin with a version, which is kept.
    pub async fn request(
        &self,
        context: &SendContext,
        scope: &Scope,
        request: GraphRequest,
    ) -> Result<(GraphResponse, Option<Held>), GatewayError> {
        let what = named(&request.method, &request.path);
        let answer = self.routed(context, scope, request, &what).await;
        if let Err(error) = &answer {
            self.tell(context, what, error);
        }
        answer
    }

    async fn routed(
        &self,
        context: &SendContext,
        scope: &Scope,
        request: GraphRequest,
        what: &str,
    ) -> Result<(GraphResponse, Option<Held>), GatewayError> {
        if request.headers.contains_key(header::CONTENT_ENCODING) {
            return Err(Refused::Compressed.into());
        }
        bounds::check(&request)?;
        let mut call = Call::read(request)?;
        let node = self.node(context, scope, call.id()).await?;
        let judged = call.judge(node, context.phone_number_id())?;
        for named in &judged.ids {
            self.check(context, scope, named).await?;
        }
        for named in &judged.flows {
            self.flow(context, scope, named).await?;
        }
        for id in &judged.media {
            self.medium_of(context, scope, id).await?;
        }
        let mut claimed = Vec::new();
        for named in &judged.names {
            claimed.extend(self.template_name(context, scope, named).await?);
        }
        if judged.gives == Gives::Message && !call.is_receipt() {
            let answer = self.outbox.perform(context, call.into_request()).await?;
            return Ok((self.cleaned(answer, context, scope), None));
        }
        let (answer, held) = self.direct(context, call, judged.gives).await?;
        if answer.status.is_client_error() {
            for claimed in &claimed {
                self.give_back(context, claimed).await?;
            }
        }
        let answer = self.cleaned(answer, context, scope);
        self.note(context, what, &answer);
        Ok((answer, held))
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
        let project_id = Some(context.attempt().project_id);
        let call = self.client.call_of(project_id, context.token(), &request);
        let answer = settled(call.await)?;
        Sent::read(&answer)?;
        Ok(())
    }

    async fn direct(
        &self,
        context: &SendContext,
        call: Call,
        gives: Gives,
    ) -> Result<(GraphResponse, Option<Held>), GatewayError> {
        let project_id = context.attempt().project_id;
        let id = call.id().to_owned();
        let room = self.in_flight.answers(project_id);
        let request = call.into_request();
        let call = self
            .client
            .call_within(project_id, context.token(), &request, &room);
        let (outcome, held) = call.await?;
        let answer = settled(outcome)?;
        if gives == Gives::Media && !access::is_media_or_error(&answer, &id) {
            return Err(Refused::NotYours(id).into());
        }
        let answer = match gives {
            Gives::List(kind) => self.narrowed(context, &id, kind, answer).await?,
            _ => answer,
        };
        let learned = access::learned(gives, &answer);
        if let Gives::Makes(kind) = gives {
            self.made(context, &id, kind, &learned).await?;
        }
        if !learned.is_empty() {
            self.store.remember(project_id, &learned).await?;
        }
        Ok((answer, held))
    }

    async fn media(
        &self,
        context: &SendContext,
        scope: &Scope,
        method: &Method,
        target: &str,
    ) -> Result<http::Response<AnswerBody>, GatewayError> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let what = named(method, path);
        let answer = self
            .medium(context, scope, method, path, query, &what)
            .await;
        if let Err(error) = &answer {
            self.tell(context, what, error);
        }
        answer
    }

    async fn medium(
        &self,
        context: &SendContext,
        scope: &Scope,
        method: &Method,
        path: &str,
        query: &str,
        what: &str,
    ) -> Result<http::Response<AnswerBody>, GatewayError> {
        let is_it = path.trim_end_matches('/') == MEDIA_PATH && query.is_ascii();
        if method != Method::GET || !is_it {
            return Err(Refused::MediaHost.into());
        }
        let target = match token::strip_query(query) {
            query if query.is_empty() => format!("{MEDIA_PATH}/"),
            query => format!("{MEDIA_PATH}/?{query}"),
        };
        let project_id = context.attempt().project_id;
        let place = self.client.place(project_id).await?;
        let held = self
            .in_flight
            .answers(project_id)
            .take(PIECES_BYTES)
            .await?;
        let media = self.client.media(context.token(), &target).await;
        let mut media = media.map_err(unsettled)?;
        if !media.status.is_success() {
            let answer = media.whole(PIECES_BYTES).await;
            let answer = answer.map_err(|error| GatewayError::NoAnswer(error.to_string()))?;
            let answer = self.cleaned(answer, context, scope);
            self.note(context, what, &answer);
            return Ok(AnswerBody::whole(answer, Some(held)));
        }
        let conceal = |text: &str| self.client.endpoint().conceal(text);
        let (token, placeholder) = (context.token(), &*scope.placeholder);
        token::clean_headers(&mut media.headers, token, placeholder, &conceal);
        let filter = Filter::new(token, placeholder);
        let mut response =
            http::Response::new(AnswerBody::pieces(media.body, filter, (held, place)));
        *response.status_mut() = media.status;
        *response.headers_mut() = media.headers;
        Ok(response)
    }

    /// Takes down what the host refused: for the bot's people with all that is wrong, for the host's
    /// without a word of the bot's.
    fn tell(&self, context: &SendContext, what: String, error: &GatewayError) {
        let why = match error {
            GatewayError::Denied(refused) => refused.word(),
            GatewayError::Send(SendError::Invalid(_)) => "invalid",
            GatewayError::Send(SendError::TooMany(_)) => "too-many",
            GatewayError::Full => "full",
            _ => return,
        };
        let project = context.attempt().project_id;
        tracing::info!(%project, why, "a request of a bot to Meta was refused");
        context.was_refused(Refusal::Denied(what, error.to_string()));
    }

    /// Takes down what Meta refused of a request that is no message.
    fn note(&self, context: &SendContext, what: &str, answer: &GraphResponse) {
        if let Some(error) = GraphError::read(answer) {
            self.outbox.metrics().refused(error.code);
            context.was_refused(Refusal::Request(what.to_owned(), error));
        }
    }

    /// What the first segment of a path is. Fails when it is not the project's.
    async fn node(
        &self,
        context: &SendContext,
        scope: &Scope,
        id: &str,
    ) -> Result<Node, GatewayError> {
        match id {
            "app" => return Ok(Node::App),
            "message_template_library" => return Ok(Node::Library),
            _ if id == context.phone_number_id() => return Ok(Node::Number),
            _ if scope.waba_id.as_deref() == Some(id) => return Ok(Node::Account),
            _ if scope.ids.iter().any(|own| own == id) => return Ok(Node::Granted),
            _ => {}
        }
        let is_session = access::is_session(id);
        let whose = match is_session || access::is_id(id) {
            true => self.store.whose(context.attempt().project_id, id).await?,
            false => Whose::Others,
        };
        match whose {
            Whose::Object if is_session => Ok(Node::Upload),
            Whose::Number => Ok(Node::Number),
            Whose::Account => Ok(Node::Account),
            Whose::Object => Ok(Node::Object),
            Whose::Thing => self.thing(context, id).await,
            Whose::Nobody if !is_session => Ok(Node::Anyone),
            Whose::Nobody | Whose::Others => Err(Refused::NotYours(shown(id)).into()),
        }
    }

    /// Looks up an id of a parameter.
    async fn check(
        &self,
        context: &SendContext,
        scope: &Scope,
        named: &Named,
    ) -> Result<(), GatewayError> {
        match self.node(context, scope, &named.id).await? {
            Node::Anyone if named.is_template => self.template_id(context, scope, named).await,
            Node::Anyone => Err(Refused::NotYours(named.id.clone()).into()),
            _ => Ok(()),
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
        other => Err(unsettled(other)),
    }
}

fn unsettled(outcome: Outcome) -> GatewayError {
    match outcome {
        Outcome::NotSent(reason) => GatewayError::Unreachable(reason),
        Outcome::Unknown(reason) => GatewayError::NoAnswer(reason),
        Outcome::Answered(_) => GatewayError::NoAnswer("the answer came too early".to_owned()),
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

/// What Meta says when there are too many requests.
fn too_many(reason: &str) -> GraphResponse {
    let message = "(#4) Application request limit reached";
    graph_error(StatusCode::TOO_MANY_REQUESTS, 4, message, reason)
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
