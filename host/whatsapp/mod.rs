//! Meta's WhatsApp Cloud API as bots and the host use it.
//!
//! `client` speaks HTTP to the Graph API and says what is certain about the outcome. `messages`
//! turns typed messages into Meta's JSON. `outbox` writes every send down before it goes out, so
//! that an event that is tried again sends nothing twice. `gateway` lets a bot's plain HTTP to
//! Meta through, with the project's token and for the project's own ids only; `media` goes by in pieces,
//! and `inflight` counts what is held.
//!
//! Not here: how a webhook reaches a bot (`http`, `inbox`), and what a bot may call
//! (`capabilities`). Message text, phone numbers and tokens are never logged.

pub mod client;
pub mod codes;
pub mod error;
pub mod gateway;
mod inflight;
pub mod media;
pub mod messages;
pub mod onboarding;
pub mod outbox;
#[cfg(test)]
mod tests;
mod watch;

/// The webhook fields that a Meta app must be subscribed to: what the host and its bots are told by.
pub const WEBHOOK_FIELDS: [&str; 6] = [
    "flows",
    "message_template_components_update",
    "message_template_quality_update",
    "message_template_status_update",
    "messages",
    "template_category_update",
];

pub use client::{
    AccessToken, GraphClient, GraphEndpoint, GraphLimits, GraphRequest, GraphResponse, GraphStream,
    Outcome,
};
pub use error::{GraphError, SendError, Verdict};
pub use gateway::{AnswerBody, BodyBound, Gateway, GatewayError, Refused, Scope, media_ids};
pub use inflight::{Held, InFlightLimits};
pub use media::MediaError;
pub use outbox::{
    Attempt, CallbackKey, OutboundMessage, OutboundSink, Outbox, OutboxSettings, Refusal,
    SendContext, SendState, Sender, Sent, Settlement, StatusNotice,
};
pub use watch::{RefusedToken, TokenWatch};
