//! Roost: a high-density host for WhatsApp bots.

pub mod capabilities;
pub mod postgres;
pub mod sandbox;
