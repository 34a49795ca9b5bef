//! What the host tells of itself: its log, its metrics, and traces of events.
//!
//! `log` is the host's own log; `metrics` are numbers for Prometheus, kept in memory and read by a
//! scrape; `trace` are OpenTelemetry's spans of an event, from the webhook to its verdict, made
//! only when a collector was named. Nothing here knows the rest of the host: who has something to
//! tell is given a [`Telemetry`].

mod log;
mod metrics;
mod trace;

pub use log::{LogFormat, start};
pub use metrics::{Metrics, PoolSample, Sample};
pub use opentelemetry::trace::SpanKind;
pub use trace::{Span, TraceError, TraceScope, Tracer};

/// Where numbers and spans go. Clones share both.
#[derive(Clone, Debug, Default)]
pub struct Telemetry {
    pub metrics: Metrics,
    pub tracer: Tracer,
}
