//! What customers say to the bots that are run on both sides.

use super::Webhook;

const CUSTOMER: &str = "16505551234";

/// For `guests/echo`.
pub(crate) fn echo() -> Vec<Webhook> {
    vec![
        Webhook::text(CUSTOMER, "IN1", "hi"),
        Webhook::text(CUSTOMER, "IN2", "¿qué tal? 👋 a/b"),
        Webhook::button(CUSTOMER, "IN3", "book", "Book"),
    ]
}

/// For `guests/starter`: every state, every question, a wrong email, an unknown word, a message
/// that Meta delivers twice.
pub(crate) fn starter() -> Vec<Webhook> {
    vec![
        Webhook::text(CUSTOMER, "IN1", "hi"),
        Webhook::button(CUSTOMER, "IN2", "details", "My details"),
        Webhook::text(CUSTOMER, "IN3", "what?"),
        Webhook::button(CUSTOMER, "IN4", "book", "Book"),
        Webhook::text(CUSTOMER, "IN5", "Ana Núñez"),
        Webhook::text(CUSTOMER, "IN6", "ana at example"),
        Webhook::text(CUSTOMER, "IN7", "Ana@Example.com"),
        Webhook::text(CUSTOMER, "IN8", "a demo"),
        Webhook::list(CUSTOMER, "IN9", "demo", "Demo"),
        Webhook::button(CUSTOMER, "IN10", "details", "My details"),
        Webhook::button(CUSTOMER, "IN11", "support", "Support"),
        Webhook::text(CUSTOMER, "IN12", "when are you open?"),
        Webhook::text(CUSTOMER, "IN12", "when are you open?"),
        Webhook::text(CUSTOMER, "IN13", "tell me a joke"),
        Webhook::text(CUSTOMER, "IN14", "menu"),
    ]
}
