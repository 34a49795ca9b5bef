//! Why a request did not get the bot's own answer, and what is said instead.

use crate::deploys::ServingError;
use crate::flows::FlowError;
use crate::http::Problem;
use crate::projects::{ProjectError, Redactor};
use crate::runs::{NoTurn, WebRunError};
use crate::sandbox::RunError;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use std::time::Duration;

#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("there is no bot at this address")]
    NoSuchProject,
    #[error("this bot is paused")]
    Paused,
    #[error("nothing is deployed here yet")]
    NoVersion,
    #[error("the request cannot be read: {0}")]
    Malformed(String),
    #[error("bots do not answer {0} requests")]
    Method(axum::http::Method),
    #[error(
        "bots have no WebSockets; stream the answer instead, for instance as server-sent events"
    )]
    WebSocket,
    #[error(
        "this is for Meta's webhooks, which reach the bot through the host; such a request from outside \
         must carry an X-Hub-Signature-256 made with the project's own app secret"
    )]
    UnsignedWebhook,
    #[error(
        "this is a webhook of Meta's: give Meta the host's own path for it, /webhooks/whatsapp, where it is \
         kept until the bot has handled it"
    )]
    MisplacedWebhook,
    #[error(
        "this is for a Flow's data, which reaches the bot through the host's endpoint of the Flow, and from nobody else"
    )]
    FlowRoute,
    #[error(
        "the body cannot be looked into: send it as UTF-8, and packed by gzip, deflate or br at most"
    )]
    Encoding,
    #[error("the body has more than {0} bytes")]
    TooLarge(usize),
    #[error("the body could not be read to its end")]
    CutOff,
    #[error("the body did not come within {0:?}")]
    SlowBody(Duration),
    #[error("the body came too slowly while others waited for their turn; try again")]
    Crowded,
    #[error("this bot answers as many requests as it may; try again")]
    Busy,
    #[error("the bot's memory is on another host; send all requests of this name to one host")]
    Elsewhere,
    #[error("the host cannot run this bot now; try again")]
    Unavailable(#[source] anyhow::Error),
    #[error("the bot did not begin its answer within {0:?}")]
    TooSlow(Duration),
    #[error("the bot failed; its log says why")]
    Failed(String),
}

impl Refusal {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchProject => StatusCode::NOT_FOUND,
            Self::Malformed(_) | Self::CutOff => StatusCode::BAD_REQUEST,
            Self::SlowBody(_) | Self::Crowded => StatusCode::REQUEST_TIMEOUT,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::WebSocket => StatusCode::NOT_IMPLEMENTED,
            Self::UnsignedWebhook | Self::MisplacedWebhook | Self::FlowRoute => {
                StatusCode::FORBIDDEN
            }
            Self::Encoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Paused
            | Self::NoVersion
            | Self::Busy
            | Self::Elsewhere
            | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooSlow(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::Failed(_) => StatusCode::BAD_GATEWAY,
        }
    }

    /// A word that does not change.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::NoSuchProject => "no-such-bot",
            Self::Paused => "bot-paused",
            Self::NoVersion => "nothing-deployed",
            Self::Malformed(_) => "malformed-request",
            Self::Method(_) => "wrong-method",
            Self::WebSocket => "no-websockets",
            Self::UnsignedWebhook => "unsigned-webhook",
            Self::MisplacedWebhook => "misplaced-webhook",
            Self::FlowRoute => "flow-route",
            Self::Encoding => "body-encoding",
            Self::TooLarge(_) => "body-too-large",
            Self::CutOff => "body-cut-off",
            Self::SlowBody(_) | Self::Crowded => "body-too-slow",
            Self::Busy => "bot-busy",
            Self::Elsewhere => "bot-on-another-host",
            Self::Unavailable(_) => "unavailable",
            Self::TooSlow(_) => "bot-too-slow",
            Self::Failed(_) => "bot-failed",
        }
    }

    /// What the host's log says beyond what the client reads.
    pub(super) fn reason(&self) -> Option<String> {
        match self {
            Self::Unavailable(error) => Some(format!("{error:#}")),
            Self::Failed(reason) => Some(reason.clone()),
            _ => None,
        }
    }

    /// The same, with nothing secret in what a bot said.
    pub(super) fn without_secrets(self, redactor: &Redactor) -> Self {
        match self {
            Self::Failed(reason) => Self::Failed(redactor.redact(&reason).into_owned()),
            Self::Unavailable(error) => {
                let chain = format!("{error:#}");
                Self::Unavailable(anyhow::anyhow!(redactor.redact(&chain).into_owned()))
            }
            other => other,
        }
    }

    fn retry_after(&self) -> Option<&'static str> {
        match self {
            Self::Busy | Self::Elsewhere | Self::Unavailable(_) => Some("1"),
            Self::NoVersion => Some("10"),
            Self::Paused => Some("60"),
            _ => None,
        }
    }

    /// A page for people, a problem for programs. `shows_reasons` is for the bot's author alone.
    pub(super) fn respond(&self, asked: &Asked, shows_reasons: bool) -> Response {
        let status = self.status();
        let title = status.canonical_reason().unwrap_or("Error");
        let mut detail = self.to_string();
        if let (true, Self::Failed(reason)) = (shows_reasons, self) {
            detail = format!("the bot failed: {reason}");
        }
        let mut response = if asked.wants_html {
            let page = format!(
                "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
                 <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
                 <body style=\"font: 1rem/1.5 system-ui, sans-serif; margin: 15vh auto; max-width: 32rem; padding: 0 1rem\">\n\
                 <h1>{title}</h1>\n<p>{}</p>\n<p><small>{}</small></p>\n",
                escaped(&detail),
                asked.request_id
            );
            let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
            (status, kind, page).into_response()
        } else {
            let problem = Problem {
                title: title.to_owned(),
                status: status.as_u16(),
                code: self.code().to_owned(),
                detail,
                request_id: Some(asked.request_id.clone()),
            };
            let kind = [(header::CONTENT_TYPE, "application/problem+json")];
            (status, kind, axum::Json(problem)).into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        if let Self::Method(_) = self {
            let allowed = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
            headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
        }
        response
    }
}

/// What an answer of the host's needs to know of the request.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) request_id: String,
    pub(super) wants_html: bool,
}

impl Asked {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let accept = headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok());
        Self {
            request_id: uuid::Uuid::now_v7().to_string(),
            wants_html: accept.is_some_and(|accept| accept.contains("text/html")),
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

impl From<ProjectError> for Refusal {
    fn from(error: ProjectError) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<FlowError> for Refusal {
    fn from(error: FlowError) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<ServingError> for Refusal {
    fn from(error: ServingError) -> Self {
        Self::Unavailable(anyhow::anyhow!(error.chain()))
    }
}

impl From<WebRunError> for Refusal {
    fn from(error: WebRunError) -> Self {
        match error {
            WebRunError::NoTurn(NoTurn::Busy(_)) => Self::Busy,
            WebRunError::NoTurn(NoTurn::Elsewhere) => Self::Elsewhere,
            WebRunError::NoTurn(error) => Self::Unavailable(error.into()),
            WebRunError::Run(RunError::Start(error)) => {
                Self::Unavailable(anyhow::anyhow!("{error:#}"))
            }
            WebRunError::FirstByte(limit) | WebRunError::Run(RunError::Timeout(limit)) => {
                Self::TooSlow(limit)
            }
            WebRunError::Run(error) => Self::Failed(error.chain()),
            error @ WebRunError::Ended => Self::Failed(error.to_string()),
            WebRunError::Gone => Self::Failed("whoever asked has gone".to_owned()),
        }
    }
}
