//! OpenTelemetry's spans of an event, sent to a collector over OTLP/HTTP.
//!
//! A span is named by its `traceparent` (W3C Trace Context), which is text: it is kept on the event,
//! so that the webhook and the run are one trace though they may be on different hosts. While no
//! collector is named nothing is made, and a [`Span`] is an empty option.
//!
//! Never on a span: message text, phone numbers, tokens, SQL.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _, TraceFlags, TraceId,
    TraceState, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::trace::span_processor_with_async_runtime::BatchSpanProcessor;
use opentelemetry_sdk::trace::{BatchConfigBuilder, SdkTracer, SdkTracerProvider};
use opentelemetry_sdk::{Resource, runtime};

/// Where collectors take spans, unless the endpoint has a path of its own.
const TRACES: &str = "/v1/traces";

/// Spans that wait to be sent. What comes on top is dropped.
const QUEUE: usize = 16_384;

/// How long a collector may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How often spans are sent.
const EVERY: Duration = Duration::from_secs(1);

/// Makes spans, or nothing while tracing is off. Clones are the same tracer.
#[derive(Clone, Default)]
pub struct Tracer(Option<Arc<Exporting>>);

struct Exporting {
    tracer: SdkTracer,
    provider: SdkTracerProvider,
}

/// The collector's address is no use.
#[derive(Debug, thiserror::Error)]
#[error("`{endpoint}` is no address of an OTLP collector; give one like http://127.0.0.1:4318")]
pub struct TraceError {
    endpoint: String,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// One stage of an event. It ends when it is dropped.
#[must_use = "a span ends when it is dropped"]
#[derive(Default)]
pub struct Span(Option<Box<opentelemetry_sdk::trace::Span>>);

/// Makes spans below one that is open elsewhere.
#[derive(Clone, Default)]
pub struct TraceScope {
    tracer: Tracer,
    parent: Option<Arc<str>>,
}

impl Tracer {
    /// A tracer that sends spans to a collector, named by its base address. Must be called within a
    /// Tokio runtime. `OTEL_TRACES_SAMPLER` and `OTEL_EXPORTER_OTLP_HEADERS` are honoured.
    pub fn export(endpoint: &str, host: &str) -> Result<Self, TraceError> {
        let fail = |source| TraceError {
            endpoint: endpoint.to_owned(),
            source,
        };
        let address = address(endpoint).map_err(|error| fail(error.into()))?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(address)
            .with_timeout(TIMEOUT)
            .build()
            .map_err(|error| fail(error.into()))?;
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(QUEUE)
            .with_scheduled_delay(EVERY)
            .build();
        let processor = BatchSpanProcessor::builder(exporter, runtime::Tokio)
            .with_batch_config(batches)
            .build();
        let resource = Resource::builder()
            .with_service_name("roost")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .with_attribute(KeyValue::new("service.instance.id", host.to_owned()))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(processor)
            .with_resource(resource)
            .build();
        let tracer = provider.tracer("roost");
        Ok(Self(Some(Arc::new(Exporting { tracer, provider }))))
    }

    /// Whether spans are made at all.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The first span of a trace.
    pub fn root(&self, name: &'static str, kind: SpanKind) -> Span {
        self.open(name, kind, None, None)
    }

    /// A span below another one, which may be on another host. Without one it begins a trace.
    pub fn child(&self, name: &'static str, parent: Option<&str>) -> Span {
        self.open(name, SpanKind::Internal, parent, None)
    }

    /// As [`Tracer::child`], for what began earlier.
    pub fn since(&self, name: &'static str, parent: Option<&str>, start: SystemTime) -> Span {
        self.open(name, SpanKind::Internal, parent, Some(start))
    }

    /// The run of what another host may have stored.
    pub fn consumer(&self, name: &'static str, parent: Option<&str>) -> Span {
        self.open(name, SpanKind::Consumer, parent, None)
    }

    /// Makes spans below the given one.
    pub fn scope(&self, parent: Option<&str>) -> TraceScope {
        TraceScope {
            tracer: self.clone(),
            parent: parent.filter(|_| self.is_on()).map(Arc::from),
        }
    }

    /// Sends what waits, and ends.
    pub async fn stop(&self) {
        let Some(exporting) = self.0.clone() else {
            return;
        };
        // It waits for the exporter's task.
        let stopped =
            tokio::task::spawn_blocking(move || exporting.provider.shutdown_with_timeout(TIMEOUT));
        if let Ok(Err(error)) = stopped.await {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }

    fn open(
        &self,
        name: &'static str,
        kind: SpanKind,
        parent: Option<&str>,
        start: Option<SystemTime>,
    ) -> Span {
        let Some(exporting) = &self.0 else {
            return Span(None);
        };
        let mut builder = exporting.tracer.span_builder(name).with_kind(kind);
        builder.start_time = start;
        let around = match parent.and_then(parse) {
            Some(parent) => Context::new().with_remote_span_context(parent),
            None => Context::new(),
        };
        let span = builder.start_with_context(&exporting.tracer, &around);
        Span(Some(Box::new(span)))
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tracer({})", if self.is_on() { "on" } else { "off" })
    }
}

impl TraceScope {
    /// A span of this scope.
    pub fn span(&self, name: &'static str) -> Span {
        self.tracer.child(name, self.parent.as_deref())
    }
}

impl Span {
    /// What names it to other hosts; absent while tracing is off.
    pub fn traceparent(&self) -> Option<String> {
        let context = self.0.as_ref()?.span_context();
        Some(format!(
            "00-{}-{}-{:02x}",
            context.trace_id(),
            context.span_id(),
            context.trace_flags().to_u8()
        ))
    }

    /// Says something of it.
    pub fn set(&mut self, key: &'static str, value: impl Into<Value>) {
        if let Some(span) = &mut self.0 {
            span.set_attribute(KeyValue::new(key, value));
        }
    }

    /// As [`Span::set`]; the value is made only when tracing is on.
    pub fn set_with<V: Into<Value>>(&mut self, key: &'static str, value: impl FnOnce() -> V) {
        if let Some(span) = &mut self.0 {
            span.set_attribute(KeyValue::new(key, value()));
        }
    }

    /// Points to a span of another trace.
    pub fn link(&mut self, traceparent: Option<&str>) {
        if let (Some(span), Some(other)) = (&mut self.0, traceparent.and_then(parse)) {
            span.add_link(other, Vec::new());
        }
    }

    /// It did not end well.
    pub fn fail(&mut self, why: impl Into<Cow<'static, str>>) {
        if let Some(span) = &mut self.0 {
            span.set_status(Status::error(why));
        }
    }
}

/// The address that spans are posted to.
fn address(endpoint: &str) -> Result<String, http::Error> {
    let uri: http::Uri = endpoint.trim().parse()?;
    let mut parts = uri.into_parts();
    parts.scheme.get_or_insert(http::uri::Scheme::HTTP);
    let path = parts
        .path_and_query
        .as_ref()
        .map_or("/", |path| path.path());
    if path == "/" {
        parts.path_and_query = Some(http::uri::PathAndQuery::from_static(TRACES));
    }
    let uri = http::Uri::from_parts(parts)?;
    Ok(uri.to_string())
}

/// Reads `00-{trace}-{span}-{flags}`.
fn parse(traceparent: &str) -> Option<SpanContext> {
    let mut parts = traceparent.split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if version != "00" || trace.len() != 32 || span.len() != 16 {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
        true,
        TraceState::default(),
    );
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    //! What names a span, and what a collector's address may look like.

    use super::*;

    #[test]
    fn nothing_is_made_while_tracing_is_off() {
        let mut span = Tracer::default().root("webhook", SpanKind::Server);
        span.set_with("never", || -> i64 { panic!("the value was made") });
        assert_eq!(span.traceparent(), None);
    }

    #[test]
    fn what_is_no_traceparent_begins_a_trace() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert!(parse(good).is_some_and(|context| context.is_sampled()));
        let zeros = format!("00-{}-b7ad6b7169203331-01", "0".repeat(32));
        for bad in ["", "00", &good[3..], &good.replace("00-", "ff-"), &zeros] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_collector_is_named_by_its_base_address() {
        for (given, taken) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("https://otel.example/", "https://otel.example/v1/traces"),
            ("http://otel.example/custom", "http://otel.example/custom"),
            ("otel:4318", "http://otel:4318/v1/traces"),
        ] {
            assert_eq!(address(given).unwrap(), taken);
        }
        assert!(address("http://a b").is_err());
    }
}
