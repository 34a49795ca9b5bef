//! Meta's refusals, what they mean for a send, and why a send did not go out.
//!
//! What decides between the classes is one question: may the same request be sent again without
//! sending a message twice? `codes` has the codes.

use std::time::Duration;

use serde_json::Value;

use super::client::GraphResponse;
pub use super::codes::Verdict;
use super::codes::{self, Pause};
use super::messages::InvalidMessage;

/// What Meta said of a request that it refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphError {
    /// Meta's error code, for instance 131047; 0 when it gave none.
    pub code: i32,
    /// Meta's subcode.
    pub subcode: Option<i32>,
    /// The HTTP status.
    pub status: u16,
    /// One line for people.
    pub message: String,
    /// More about the cause.
    pub details: Option<String>,
    /// Meta's id of the request, for its support.
    pub trace_id: Option<String>,
    /// Meta says that a later try may succeed.
    pub is_transient: bool,
}

/// Why a send has no answer of Meta, or what its answer was when that is a refusal.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Meta refused it.
    #[error("Meta refused the request with code {}", .0.code)]
    Rejected(GraphError),
    /// A limit of Meta is reached.
    #[error("Meta's rate limit is reached (code {})", error.code)]
    RateLimited {
        /// What Meta said.
        error: GraphError,
        /// How long Meta asks to wait.
        retry_after: Option<Duration>,
    },
    /// Meta could not be reached or failed, and has not taken the message.
    #[error("Meta has not taken the message: {0}; try again later")]
    Unreachable(String),
    /// Nobody knows yet whether the message went out.
    #[error(
        "nobody knows yet whether the message went out; a status from Meta may tell, and after \
         {retry_in:?} the event may send it again"
    )]
    Unsettled {
        /// When an attempt at the same event may send it again.
        retry_in: Duration,
    },
    /// An earlier message of this run to the same recipient is not decided. Messages to a person go
    /// out in order, so this one was not sent.
    #[error(
        "an earlier message to the same recipient has to be sent first, and waits; the event will \
         be tried again"
    )]
    Behind,
    /// The event has made all the sends that it may make.
    #[error(
        "this event has made {0} sends, which is all it may make: send fewer messages for one \
         event, or ask the operator for a higher limit"
    )]
    TooMany(u32),
    /// The request is malformed.
    #[error("{0}")]
    Invalid(String),
    /// The send could not be written down, so it was not made.
    #[error("the send could not be recorded, so nothing was sent; try again later")]
    Store(#[from] sqlx::Error),
}

impl From<InvalidMessage> for SendError {
    fn from(error: InvalidMessage) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl GraphError {
    /// Reads the error object of an answer, when it has one.
    pub fn read(response: &GraphResponse) -> Option<Self> {
        let body: Value = serde_json::from_slice(&response.body).ok()?;
        let error = body.get("error")?.as_object()?;
        let number = |key| {
            error
                .get(key)
                .and_then(Value::as_i64)
                .and_then(|n| n.try_into().ok())
        };
        let text = |key| error.get(key).and_then(Value::as_str).map(str::to_owned);
        // Template and Flow endpoints send a string here.
        let details = error.get("error_data").and_then(|data| match data {
            Value::String(text) => Some(text.clone()),
            data => data
                .get("details")
                .and_then(Value::as_str)
                .map(str::to_owned),
        });
        Some(Self {
            code: number("code").unwrap_or(0),
            subcode: number("error_subcode"),
            status: response.status.as_u16(),
            message: text("message").unwrap_or_default(),
            details: details.or_else(|| text("error_user_msg")),
            trace_id: text("fbtrace_id"),
            is_transient: error
                .get("is_transient")
                .and_then(Value::as_bool)
                .unwrap_or(false),
        })
    }

    /// The error of an answer, made up from the status when the body has none.
    pub fn of(response: &GraphResponse) -> Self {
        Self::read(response).unwrap_or_else(|| Self {
            code: 0,
            subcode: None,
            status: response.status.as_u16(),
            message: format!(
                "HTTP status {} without an error of Meta",
                response.status.as_u16()
            ),
            details: None,
            trace_id: None,
            is_transient: false,
        })
    }
}

impl Verdict {
    /// Judges the answer to a send.
    ///
    /// A 5xx that carries Meta's error object comes from the application, which says that the
    /// message was not taken (131000, 131016 and their like), except code 1, `unknown`. A 5xx
    /// without one comes from something in front, which cannot know. A success that carries an
    /// error object is a refusal: that is what `suppress_http_code` does.
    pub fn of(response: &GraphResponse) -> Self {
        let status = response.status;
        match GraphError::read(response) {
            Some(error) => Self::of_error(&error),
            None if status.is_success() => Self::Accepted,
            None if status.as_u16() == 429 => Self::RateLimited,
            None if status.is_server_error() => Self::Unknown,
            None => Self::Blocked,
        }
    }

    /// Who else has to wait after this answer.
    pub fn pause(self, response: &GraphResponse) -> Option<Pause> {
        match self {
            Self::Accepted | Self::Refused | Self::Unknown => None,
            Self::Blocked | Self::RateLimited | Self::Failed => {
                codes::pause_of(GraphError::of(response).code, self)
            }
        }
    }

    fn of_error(error: &GraphError) -> Self {
        if error.status == 429 {
            return Self::RateLimited;
        }
        match codes::verdict(error.code) {
            Some(verdict) => verdict,
            // `unknown`: with a 5xx nobody knows, with a 4xx Meta read and refused it.
            None if error.code == 1 && error.status >= 500 => Self::Unknown,
            None if error.code == 1 || error.status >= 500 || error.is_transient => Self::Failed,
            None => Self::Refused,
        }
    }
}
