//! A customer's phone, as the endpoint of a Flow meets it: encrypted requests, signed with the
//! secret of the Flow's app, and what comes of the answers.

pub(crate) mod crypto;
pub(crate) mod watch;

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{StatusCode, header};
use serde_json::{Value, json};

use crate::flow_json;
use crate::platform::Platform;
use crate::platform::model::flow::EndpointRequest;
use crate::webhooks::{post_all, signature};

use crypto::{PublicKey, Session};

/// Bytes of an answer.
const LARGEST_ANSWER: usize = 1 << 20;
/// Requests of a Flow that are remembered.
const REMEMBERED: usize = 5_000;

/// What a phone tells an endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) flow_id: String,
    pub(crate) number_id: String,
    /// `ping`, `INIT`, `data_exchange` or `BACK`.
    pub(crate) action: &'static str,
    pub(crate) screen: Option<String>,
    pub(crate) data: Value,
    pub(crate) flow_token: Option<String>,
}

/// Why there is no answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct EndpointError {
    /// Meta's word for it.
    pub(crate) kind: &'static str,
    /// What happened.
    pub(crate) message: String,
    /// What the customer is told.
    pub(crate) shown: String,
}

const GENERIC: &str = "Something went wrong. Please try again later.";

impl EndpointError {
    pub(crate) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            shown: GENERIC.to_owned(),
        }
    }
}

/// What is needed for a request.
struct Target {
    url: String,
    secret: String,
    key: PublicKey,
    version: String,
    signs_token: bool,
}

/// Makes a request; the answer is decrypted, but not judged.
pub(crate) async fn exchange(
    platform: &Arc<Platform>,
    exchange: &Exchange,
) -> Result<Value, EndpointError> {
    let began = Instant::now();
    let mut outcome = attempt(platform, exchange).await;
    // The phone gets the public key again, which may be another one, and tries once more.
    if outcome
        .as_ref()
        .is_err_and(|error| error.kind == "business-decryption-error")
    {
        outcome = attempt(platform, exchange).await;
    }
    let error = outcome.as_ref().err();
    note(platform, exchange, began, error.map(|error| error.kind));
    outcome
}

/// Tells the endpoint that the phone could not use its answer.
pub(crate) async fn notify(
    platform: &Arc<Platform>,
    about: &Exchange,
    error: &EndpointError,
) -> Result<(), EndpointError> {
    let mut notice = about.clone();
    notice.data = json!({"error": error.kind, "error_message": error.message});
    let answer = exchange(platform, &notice).await?;
    if answer["data"]["acknowledged"] == true {
        return Ok(());
    }
    Err(EndpointError::new(
        "payload-schema-error",
        "the endpoint did not acknowledge the error",
    ))
}

/// Asks the endpoint whether it is there.
pub(crate) async fn ping(
    platform: &Arc<Platform>,
    flow_id: &str,
    number_id: &str,
) -> Result<(), EndpointError> {
    let answer = exchange(
        platform,
        &Exchange {
            flow_id: flow_id.to_owned(),
            number_id: number_id.to_owned(),
            action: "ping",
            screen: None,
            data: Value::Null,
            flow_token: None,
        },
    )
    .await?;
    if answer["data"]["status"] == "active" {
        return Ok(());
    }
    Err(EndpointError::new(
        "payload-schema-error",
        "the endpoint did not answer the ping with the status active",
    ))
}

fn target(platform: &Platform, exchange: &Exchange) -> Result<Target, EndpointError> {
    let world = platform.world();
    let gone = || EndpointError::new("cannot_be_served", "the Flow or its number is gone");
    let flow = world.flows.get(&exchange.flow_id).ok_or_else(gone)?;
    let number = world.numbers.get(&exchange.number_id).ok_or_else(gone)?;
    let url = flow
        .endpoint_uri
        .clone()
        .ok_or_else(|| EndpointError::new("cannot_be_served", "the Flow has no endpoint_uri"))?;
    let key = number.encryption.as_ref().ok_or_else(|| {
        EndpointError::new(
            "public-key-missing",
            "the number has no public key: set it with whatsapp_business_encryption",
        )
    })?;
    let key = PublicKey::read(&key.business_public_key).ok_or_else(|| {
        EndpointError::new(
            "public-key-signature-verification",
            "the public key cannot be read",
        )
    })?;
    let app = world.apps.get(&flow.application_id);
    let json = flow.json.as_deref().unwrap_or_default();
    let version = flow_json::top_level(json, "data_api_version");
    let json_version = flow_json::top_level(json, "version");
    let json_version = json_version.and_then(|version| flow_json::version_of(&version));
    Ok(Target {
        url,
        secret: app.map_or_else(String::new, |app| app.secret.clone()),
        key,
        signs_token: version.as_deref() == Some("4.0") && json_version >= Some((7, 3)),
        version: version.unwrap_or_else(|| "3.0".to_owned()),
    })
}

async fn attempt(platform: &Arc<Platform>, exchange: &Exchange) -> Result<Value, EndpointError> {
    let target = target(platform, exchange)?;
    let session = Session::new();
    let body = session
        .seal(&target.key, &request_of(exchange, &target))
        .to_string();
    let timeout_ms = platform.settings().flow_timeout_ms;
    let sent = platform
        .http
        .post(&target.url)
        .header(header::CONTENT_TYPE, "application/json")
        .header(
            "X-Hub-Signature-256",
            signature::header_value(&target.secret, body.as_bytes()),
        )
        .body(body)
        .timeout(Duration::from_millis(timeout_ms))
        .send()
        .await;
    let late = || {
        EndpointError::new(
            "timeout_error",
            format!("the endpoint did not answer within {timeout_ms} ms"),
        )
    };
    let response = sent.map_err(|error| match error.is_timeout() {
        true => late(),
        false => EndpointError::new("no_http_response_error", "the endpoint cannot be reached"),
    })?;
    let status = response.status();
    let bytes = response
        .bytes()
        .await
        .map_err(|error| match error.is_timeout() {
            true => late(),
            false => EndpointError::new("no_http_response_error", "the answer broke off"),
        })?;
    match status {
        StatusCode::OK if bytes.len() > LARGEST_ANSWER => Err(EndpointError::new(
            "payload-schema-error",
            "the answer is larger than 1 MB",
        )),
        StatusCode::OK => session.open(&bytes).ok_or_else(|| {
            EndpointError::new(
                "response-decryption-error",
                "the answer cannot be decrypted: it is not base64 of AES-128-GCM under the key of \
                 the request, with its vector flipped",
            )
        }),
        StatusCode::MISDIRECTED_REQUEST => Err(EndpointError::new(
            "business-decryption-error",
            "the endpoint answered 421: it cannot decrypt the request",
        )),
        status if status.as_u16() == 427 => {
            let said: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let mut error = EndpointError::new(
                "flow-token-invalid",
                "the endpoint answered 427: the flow token is not valid any more",
            );
            if let Some(text) = said["error_msg"].as_str() {
                error.shown = text.to_owned();
            }
            Err(error)
        }
        status if status.as_u16() == 432 => Err(EndpointError::new(
            "unexpected_http_status_code",
            "the endpoint answered 432: the signature of the request is wrong",
        )),
        status => Err(EndpointError::new(
            "unexpected_http_status_code",
            format!("the endpoint answered {status}"),
        )),
    }
}

fn request_of(exchange: &Exchange, target: &Target) -> Value {
    let mut request = json!({"version": target.version, "action": exchange.action});
    if exchange.action == "ping" {
        return request;
    }
    if let Some(screen) = &exchange.screen {
        request["screen"] = screen.as_str().into();
    }
    if !exchange.data.is_null() {
        request["data"] = exchange.data.clone();
    }
    if let Some(token) = &exchange.flow_token {
        request["flow_token"] = token.as_str().into();
        if target.signs_token {
            request["flow_token_signature"] = token_signature(&target.secret, token).into();
        }
    }
    request
}

/// A JWT by the app's secret, which says that the token is the one that the message had.
fn token_signature(secret: &str, token: &str) -> String {
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = encode(json!({"alg": "HS256", "typ": "JWT"}));
    let signed = format!("{head}.{}", encode(json!({"flow_token": token})));
    let mac = hex::decode(signature::hex_hmac(secret, signed.as_bytes())).unwrap_or_default();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac))
}

/// Remembers a request, and tells the account when its endpoint gets worse or better.
fn note(
    platform: &Arc<Platform>,
    exchange: &Exchange,
    began: Instant,
    error: Option<&'static str>,
) {
    let at_ms = platform.clock.now_ms();
    let updates = platform.edit(|world| {
        let Some(flow) = world.flows.get_mut(&exchange.flow_id) else {
            return Vec::new();
        };
        flow.requests.push(EndpointRequest {
            at_ms,
            duration_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            error: error.map(str::to_owned),
            is_ping: exchange.action == "ping",
        });
        if flow.requests.len() > REMEMBERED {
            flow.requests.remove(0);
        }
        watch::changes(flow, at_ms)
    });
    post_all(platform, updates);
}
