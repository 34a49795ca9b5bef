//! The data endpoints of Flows: Meta's encrypted requests, as plain JSON for the bot.
//!
//! ```text
//!  POST /.roost/flows/NAME ─▶ signed by Meta? ─▶ opened ─▶ ping, complaint: answered here
//!                               432               421       data ─▶ its token good? ─▶ the bot's route
//!                                                                    427
//! ```
//!
//! The statuses are those that WhatsApp's phones know. The bot is asked as by Meta, with its own signature, and its
//! answer goes back encrypted. Nothing of what is in between is in a log.

use super::Web;
use super::bodies::{self, Ahead, Stopped};
use super::refusal::Refusal;
use super::serve::{Privacy, SIGNATURE, Visit};
use crate::flows::{
    Asked, Flow, FlowError, FlowName, MOST_BYTES, NotOpened, Opened, Standing, own_answer,
};
use crate::projects::{Project, ProjectStatus};
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::net::IpAddr;
use tokio::time::Instant;

/// Tells the bot which Flow asks, and whom it was sent to. Nobody outside can set them.
const FLOW: HeaderName = HeaderName::from_static("x-roost-flow");
const CONTACT: HeaderName = HeaderName::from_static("x-roost-flow-contact");
const REFERENCE: HeaderName = HeaderName::from_static("x-roost-flow-reference");

/// Shorter texts of a Flow are in too much that says something else.
const LEAST_HIDDEN: usize = 3;

/// What people read when a Flow that was sent to them is over, unless the bot says it.
const OVER: &str = "This form is no longer available. Please ask for a new one.";

/// Why a data request gets no encrypted answer.
enum Unanswered {
    /// Meta asks by POST.
    Method,
    /// The project has no such Flow whose endpoint the host keeps.
    NoFlow,
    /// Meta did not sign it.
    Unsigned,
    NotOpened(NotOpened),
    /// Its token is no longer good. What the bot says about that, if it says something.
    Over(Option<String>),
    /// The bot took too long.
    Late,
    /// The bot's answer is none.
    Useless(&'static str),
    Refused(Refusal),
}

impl From<Refusal> for Unanswered {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<FlowError> for Unanswered {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::NotOpened(why) => Self::NotOpened(why),
            FlowError::NotFound(_) | FlowError::Name(_) => Self::NoFlow,
            error => Self::Refused(error.into()),
        }
    }
}

impl From<sqlx::Error> for Unanswered {
    fn from(error: sqlx::Error) -> Self {
        FlowError::from(error).into()
    }
}

impl Unanswered {
    fn status(&self) -> StatusCode {
        let metas = |code| StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_REQUEST);
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoFlow => StatusCode::NOT_FOUND,
            Self::Unsigned => metas(432),
            Self::NotOpened(NotOpened::WrongKey) => metas(421),
            Self::NotOpened(NotOpened::Malformed) => StatusCode::BAD_REQUEST,
            Self::Over(_) => metas(427),
            Self::Late => StatusCode::GATEWAY_TIMEOUT,
            Self::Useless(_) => StatusCode::BAD_GATEWAY,
            Self::Refused(refusal) => refusal.status(),
        }
    }

    /// A word that does not change.
    fn code(&self) -> &'static str {
        match self {
            Self::Method => "wrong-method",
            Self::NoFlow => "no-such-flow",
            Self::Unsigned => "unsigned-flow-request",
            Self::NotOpened(NotOpened::WrongKey) => "wrong-flow-key",
            Self::NotOpened(NotOpened::Malformed) => "malformed-flow-request",
            Self::Over(_) => "flow-token-over",
            Self::Late => "bot-too-slow",
            Self::Useless(_) => "useless-flow-answer",
            Self::Refused(refusal) => refusal.code(),
        }
    }

    fn respond(&self) -> Response {
        let body = match self {
            Self::Over(said) => json!({ "error_msg": said.as_deref().unwrap_or(OVER) }),
            Self::Useless(why) => json!({ "code": self.code(), "detail": why }),
            _ => json!({ "code": self.code() }),
        };
        let kind = [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        (self.status(), kind, body.to_string()).into_response()
    }
}

/// Takes off what only the host says.
pub(super) fn forget_marks(headers: &mut HeaderMap) {
    for name in [FLOW, CONTACT, REFERENCE] {
        headers.remove(name);
    }
}

impl Web {
    /// A data request, from its checks to its answer.
    pub(super) async fn flow(
        &self,
        visit: &Visit,
        project: &Project,
        peer: IpAddr,
        name: &str,
        request: Request,
    ) -> Response {
        let mut told = "";
        let answered = self.opened(project, peer, name, request, visit, &mut told);
        let answered = answered.await;
        let (status, code) = match &answered {
            Ok(_) => (StatusCode::OK, None),
            Err(why) => (why.status(), Some(why.code())),
        };
        tracing::info!(
            request.id = visit.asked.request_id,
            project = visit.project.as_str(),
            status = status.as_u16(),
            duration_ms = visit.started.elapsed().as_millis() as u64,
            asked = told,
            error.code = code,
            "data of a Flow: {} {}",
            if told.is_empty() { "not opened," } else { told },
            status.as_u16(),
        );
        match answered {
            Ok(sealed) => {
                let kind = [
                    (header::CONTENT_TYPE, "text/plain"),
                    (header::CACHE_CONTROL, "no-store"),
                ];
                (kind, sealed).into_response()
            }
            Err(why) => why.respond(),
        }
    }

    async fn opened(
        &self,
        project: &Project,
        peer: IpAddr,
        name: &str,
        request: Request,
        visit: &Visit,
        told: &mut &'static str,
    ) -> Result<String, Unanswered> {
        let ends_at = Instant::from_std(visit.started) + self.0.settings.flow_answer;
        let (parts, body) = request.into_parts();
        if parts.method != Method::POST {
            return Err(Unanswered::Method);
        }
        let patience = self.0.settings.flow_answer / 2;
        let body = Ahead::of(body).whole(MOST_BYTES, patience).await?;
        let signature = parts.headers.get(SIGNATURE);
        let signature = signature.and_then(|value| value.to_str().ok());
        let secrets = self.0.settings.app_secrets.now();
        if !crate::http::is_signed(&secrets, signature.unwrap_or_default(), &body) {
            return Err(Unanswered::Unsigned);
        }
        let flow = self.0.flows.find(project.project_id, name).await?;
        if flow.endpoint != crate::flows::Endpoint::Host {
            return Err(Unanswered::NoFlow);
        }
        let flows = &self.0.flows;
        let opened = flows.open(project.project_id, &flow.waba_id, &body).await?;
        let asked = opened.asked();
        *told = match asked {
            Asked::Ping => "ping",
            Asked::Complaint(_) => "complaint",
            Asked::Data => "data",
        };
        if let Asked::Complaint(word) = &asked {
            self.complain(project, &flow.name, word).await;
        }
        if let Some(answer) = own_answer(&asked) {
            return Ok(opened
                .seal(answer.to_string().as_bytes())
                .map_err(FlowError::from)?);
        }
        if !opened.is_token_signed(&secrets) {
            return Err(Unanswered::Unsigned);
        }
        let client = self.0.settings.trusted_proxies.client(peer, &parts.headers);
        let asking = self.ask_bot(visit, project, client.address, &flow, &opened);
        let answer = match tokio::time::timeout_at(ends_at, asking).await {
            Ok(answer) => answer,
            Err(_) => Err(Unanswered::Late),
        };
        if let Err(why @ (Unanswered::Late | Unanswered::Useless(_))) = &answer {
            self.complain(project, &flow.name, why.code()).await;
        }
        Ok(opened.seal(&answer?).map_err(FlowError::from)?)
    }

    /// The bot's answer, which is JSON.
    async fn ask_bot(
        &self,
        visit: &Visit,
        project: &Project,
        client: IpAddr,
        flow: &Flow,
        opened: &Opened,
    ) -> Result<Vec<u8>, Unanswered> {
        let project_id = project.project_id;
        let tokens = self.0.flows.tokens();
        let standing = tokens.at_endpoint(project_id, &flow.name, opened.token());
        let sent = match standing.await? {
            Standing::Over => return Err(Unanswered::Over(None)),
            Standing::Good(sent) => Some(sent),
            Standing::Foreign => None,
        };
        if project.status != ProjectStatus::Active {
            return Err(Refusal::Paused.into());
        }
        let version = project.active_version.ok_or(Refusal::NoVersion)?;
        let serving = self.0.deploys.serving(project_id, version).await;
        let serving = serving.map_err(Refusal::from)?;
        let payload = bytes::Bytes::copy_from_slice(opened.text().as_bytes());
        let request = crate::runs::signed_post(&flow.route(), &serving.app_secret, payload);
        let request = request.map_err(|error| Refusal::Malformed(error.to_string()))?;
        let mut request = request.map(bodies::whole);
        let headers = request.headers_mut();
        let contact = sent.as_ref();
        let contact = contact.map(|sent| sent.wa_id.as_deref().unwrap_or(&sent.recipient));
        let reference = sent.as_ref().and_then(|sent| sent.reference.as_deref());
        for (name, value) in [
            (FLOW, Some(flow.name.as_str())),
            (CONTACT, contact),
            (REFERENCE, reference),
        ] {
            let value = value.and_then(|value| HeaderValue::from_str(value).ok());
            if let Some(value) = value {
                headers.insert(name, value);
            }
        }
        let privacy = Privacy {
            redactor: serving
                .redactor
                .and("Flow", opened.plaintexts(), LEAST_HIDDEN),
            hides_failures: true,
        };
        let place = self.place(project_id, client).await?;
        let stopped = Stopped::default();
        let answer = self
            .run(
                visit,
                project_id,
                (serving, privacy),
                request,
                (false, stopped),
                place,
            )
            .await?;
        read(answer).await
    }

    /// Takes something down that the owner of a Flow should know. That it cannot be is no reason to fail.
    async fn complain(&self, project: &Project, flow: &FlowName, word: &str) {
        let complained = self.0.flows.complained(project.project_id, flow, word);
        if let Err(error) = complained.await {
            tracing::warn!(%error, "what went wrong with a Flow could not be taken down");
        }
    }
}

/// What the bot says: an object of JSON, or that the token is no longer good.
async fn read(answer: Response) -> Result<Vec<u8>, Unanswered> {
    let status = answer.status();
    let body = axum::body::to_bytes(Body::new(answer.into_body()), MOST_BYTES).await;
    let body =
        body.map_err(|_| Unanswered::Useless("the bot's answer is too long, or was cut off"))?;
    let json = serde_json::from_slice::<Value>(&body).ok();
    if status.as_u16() == 427 {
        let said = json.as_ref().and_then(|json| json["error_msg"].as_str());
        return Err(Unanswered::Over(said.map(str::to_owned)));
    }
    if !status.is_success() {
        return Err(Unanswered::Useless(
            "the bot answered with a status that is no success",
        ));
    }
    match json {
        Some(Value::Object(_)) => Ok(body.to_vec()),
        _ => Err(Unanswered::Useless(
            "the bot's answer is no JSON object, such as {\"screen\": \"NEXT\", \"data\": {}}",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn said(status: u16, body: &str) -> Result<Vec<u8>, Unanswered> {
        let answer = Response::builder()
            .status(status)
            .body(Body::from(body.to_owned()));
        read(answer.unwrap()).await
    }

    #[tokio::test]
    async fn the_bots_answer_is_an_object_or_the_end_of_a_token() {
        let good = r#"{"screen":"A","data":{}}"#;
        assert_eq!(said(200, good).await.ok().unwrap(), good.as_bytes());
        for (status, body) in [
            (200, "[]"),
            (200, ""),
            (200, "ok"),
            (500, good),
            (404, good),
        ] {
            let refused = said(status, body).await.err().unwrap();
            assert!(matches!(refused, Unanswered::Useless(_)), "{status} {body}");
            assert_eq!(refused.status(), StatusCode::BAD_GATEWAY);
        }
        let over = said(427, r#"{"error_msg":"Too late"}"#)
            .await
            .err()
            .unwrap();
        assert_eq!(over.status().as_u16(), 427);
        assert!(matches!(&over, Unanswered::Over(Some(text)) if text == "Too late"));
        let body = axum::body::to_bytes(over.respond().into_body(), 1000)
            .await
            .unwrap();
        assert_eq!(body, r#"{"error_msg":"Too late"}"#);
        let silent = said(427, "").await.err().unwrap().respond();
        let body = axum::body::to_bytes(silent.into_body(), 1000)
            .await
            .unwrap();
        assert!(String::from_utf8_lossy(&body).contains("no longer available"));
    }
}
