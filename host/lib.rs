//! Roost: a high-density host for WhatsApp bots.

pub mod access;
pub mod api;
pub mod app;
pub mod build;
pub mod capabilities;
pub mod cli;
pub mod config;
pub mod confinement;
pub mod conversations;
pub mod deploys;
pub mod dev;
pub mod egress;
pub mod events;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod http;
pub mod inbox;
pub(crate) mod kept;
pub mod lifecycle;
pub mod logs;
pub mod memory;
pub mod near;
pub mod observing;
pub mod postgres;
pub mod projects;
pub mod retention;
pub mod rooms;
pub mod runs;
pub mod sandbox;
pub mod sdk;
pub mod shutdown;
pub mod starter;
pub mod telemetry;
pub mod web;
pub mod whatsapp;
pub mod workshop;
