//! Meta's error object, and the HTTP response that carries it.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::codes;
use crate::ids;

/// The code of what is the emulator's own shortcoming; no code of Meta's.
pub(crate) const NOT_KNOWN_HERE: u32 = 501;

/// An error of the Graph API.
#[derive(Clone, Debug)]
pub(crate) struct GraphError {
    pub(crate) status: StatusCode,
    pub(crate) code: u32,
    subcode: Option<u32>,
    message: String,
    kind: &'static str,
    /// `error_data.details`.
    details: Option<String>,
    /// What people are told, on calls that manage something: a title and a sentence.
    user: Option<Box<(String, String)>>,
    retry_after_s: Option<u32>,
    /// What the answer has beside the error.
    beside: Option<Box<Value>>,
}

impl GraphError {
    /// An error of the Cloud API: title and status come from the code.
    pub(crate) fn cloud(code: u32) -> Self {
        let known = codes::lookup(code);
        Self {
            status: StatusCode::from_u16(known.http_status).unwrap_or(StatusCode::BAD_REQUEST),
            code,
            subcode: None,
            message: format!("(#{code}) {}", known.title),
            kind: "OAuthException",
            details: Some(known.details.to_owned()),
            user: None,
            retry_after_s: None,
            beside: None,
        }
    }

    /// A Cloud API error that says what exactly is wrong.
    pub(crate) fn detailed(code: u32, details: impl Into<String>) -> Self {
        Self {
            details: Some(details.into()),
            ..Self::cloud(code)
        }
    }

    /// Code 100 in its generic form: the message says it all.
    pub(crate) fn parameter(message: impl std::fmt::Display) -> Self {
        Self::generic(StatusCode::BAD_REQUEST, 100, format!("(#100) {message}"))
    }

    /// An error of a call that manages something, with what people are told of it.
    pub(crate) fn managed(
        code: u32,
        subcode: Option<u32>,
        title: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let said = match code {
            100 => "Invalid parameter".to_owned(),
            code => format!("(#{code}) {}", codes::lookup(code).title),
        };
        Self {
            subcode,
            user: Some(Box::new((title.into(), message.into()))),
            ..Self::generic(StatusCode::BAD_REQUEST, code, said)
        }
    }

    /// A call that the emulator does not know. Meta has no such error: it may know the call.
    pub(crate) fn not_known_here(what: impl std::fmt::Display) -> Self {
        let message = format!(
            "Roost's emulator does not know {what}. This is not Meta's answer: the Cloud API may \
             well know it. What the emulator knows is listed in its README."
        );
        Self {
            kind: "EmulatorLimitation",
            ..Self::generic(StatusCode::NOT_IMPLEMENTED, NOT_KNOWN_HERE, message)
        }
    }

    /// A field that a node does not have.
    pub(crate) fn unknown_field(name: &str, node_type: &str) -> Self {
        Self::parameter(format_args!(
            "Tried accessing nonexisting field ({name}) on node type ({node_type})"
        ))
    }

    /// A parameter that is missing, as the Graph API says it.
    pub(crate) fn required(name: &str) -> Self {
        Self::parameter(format_args!("The parameter {name} is required."))
    }

    /// An id that names nothing which this token can see.
    pub(crate) fn unknown_object(method: &str, id: &str) -> Self {
        let method = method.to_lowercase();
        let message = format!(
            "Unsupported {method} request. Object with ID '{id}' does not exist, cannot be loaded \
             due to missing permissions, or does not support this operation. Please read the \
             Graph API documentation at https://developers.facebook.com/docs/graph-api"
        );
        Self {
            subcode: Some(33),
            kind: "GraphMethodException",
            ..Self::generic(StatusCode::BAD_REQUEST, 100, message)
        }
    }

    /// A path that no node has.
    pub(crate) fn unknown_path(path: &str) -> Self {
        let message = format!("Unknown path components: {path}");
        Self::generic(StatusCode::BAD_REQUEST, 2500, message)
    }

    /// Code 190: the token is no good.
    pub(crate) fn token(subcode: Option<u32>, message: impl Into<String>) -> Self {
        Self {
            subcode,
            ..Self::generic(StatusCode::UNAUTHORIZED, 190, message.into())
        }
    }

    /// An error of the Graph API as such, without `error_data`.
    pub(crate) fn generic(status: StatusCode, code: u32, message: String) -> Self {
        Self {
            status,
            code,
            subcode: None,
            message,
            kind: "OAuthException",
            details: None,
            user: None,
            retry_after_s: None,
            beside: None,
        }
    }

    /// The same error with another HTTP status, and when to try again.
    pub(crate) fn answered(self, status: StatusCode, retry_after_s: Option<u32>) -> Self {
        Self {
            status,
            retry_after_s,
            ..self
        }
    }

    /// The same error of another type.
    pub(crate) fn of_kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    /// The same error in an answer that has more members than it.
    pub(crate) fn beside(self, members: Value) -> Self {
        Self {
            beside: Some(Box::new(members)),
            ..self
        }
    }

    /// The error that a fault asks for, in the form that Meta gives its code.
    pub(crate) fn on_request(code: u32, subcode: Option<u32>, method: &str, id: &str) -> Self {
        match (code, subcode) {
            (190, _) => Self::token(
                subcode,
                "Error validating access token: Session has expired.",
            ),
            (100, Some(33)) => Self::unknown_object(method, id),
            _ => Self {
                subcode,
                ..Self::cloud(code)
            },
        }
    }

    /// The body.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = json!({
            "message": self.message,
            "type": self.kind,
            "code": self.code,
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = subcode.into();
        }
        if let Some(details) = &self.details {
            error["error_data"] = json!({"messaging_product": "whatsapp", "details": details});
        }
        if let Some((title, message)) = self.user.as_deref() {
            error["is_transient"] = false.into();
            error["error_user_title"] = title.as_str().into();
            error["error_user_msg"] = message.as_str().into();
        }
        error["fbtrace_id"] = ids::trace_id().into();
        let mut body = self.beside.as_deref().cloned().unwrap_or_else(|| json!({}));
        body["error"] = error;
        body
    }
}

impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.to_json())).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(
                    "OAuth \"Facebook Platform\" \"invalid_token\" \"Invalid OAuth access token.\"",
                ),
            );
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
