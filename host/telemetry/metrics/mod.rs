//! Numbers for Prometheus. Recording one is a few atomic operations; nothing is stored.
//!
//! What can be counted is counted where it happens. What has to be asked for, such as the depth of
//! the queue, is a [`Sample`] that a scrape brings along. Labels have few values: those of projects
//! are off unless a number of projects is named, and the ones above it share the label `other`.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

/// From a millisecond to Meta's patience.
const ACK_SECONDS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// From a fast bot to the last retry.
const REPLY_SECONDS: [f64; 14] = [
    0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0,
];
/// Up to the default budget of an event.
const RUN_SECONDS: [f64; 15] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0,
];
/// What projects above the limit are counted as.
const OTHER: &str = "other";

/// The host's numbers. Clones are the same numbers.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    numbers: Arc<Numbers>,
}

/// What a scrape asks for and nobody counts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    pub pending: u64,
    pub running: u64,
    pub dead: u64,
    /// Numbers whose token Meta refuses.
    pub refused_tokens: u64,
    /// How long the oldest pending event has waited.
    pub oldest: Duration,
    pub instances: u64,
    pub instances_max: u64,
    pub tenants: PoolSample,
    pub control: PoolSample,
    /// Projects that are held back in their database: which are full, and which have a statement that
    /// does not end.
    pub held_full: u64,
    pub held_endless: u64,
}

/// A pool of database connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolSample {
    pub in_use: u64,
    pub idle: u64,
    pub waiting: u64,
    pub waits_total: u64,
    pub exhausted_total: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeOfProject {
    project: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct In {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PoolState {
    pool: &'static str,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PoolName {
    pool: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Coded {
    code: i32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Because {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfKind {
    what: &'static str,
}

type SecondsGauge = Gauge<f64, AtomicU64>;

struct Numbers {
    webhooks: Family<Of, Counter>,
    webhook_seconds: Histogram,
    pieces: Family<Of, Counter>,
    runs: Family<Outcome, Counter>,
    runs_of_project: Family<OutcomeOfProject, Counter>,
    run_seconds: Histogram,
    cpu_seconds: Histogram,
    reply_seconds: Histogram,
    sends: Family<Of, Counter>,
    refusals: Family<Coded, Counter>,
    deploys: Family<Of, Counter>,
    templates: Family<OfKind, Counter>,
    media: Family<OfKind, Counter>,
    log_lines: Counter,
    log_dropped: Family<Because, Counter>,
    events: Family<In, Gauge>,
    oldest: SecondsGauge,
    instances: Gauge,
    instances_max: Gauge,
    connections: Family<PoolState, Gauge>,
    waits: Family<PoolName, Counter>,
    exhausted: Family<PoolName, Counter>,
    held: Family<Because, Gauge>,
    refused_tokens: Gauge,
    projects: Mutex<HashSet<String>>,
    max_projects: usize,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new(0)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// Numbers that name up to so many projects; 0 names none.
    pub fn new(max_projects: usize) -> Self {
        let mut r = Registry::with_prefix("roost");
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        r.register("build", "This build of Roost", Info::new(version.to_vec()));
        let numbers = Numbers {
            webhooks: counted(
                &mut r,
                "webhook_requests",
                "POSTs of Meta by result: ok, or the error's code",
            ),
            webhook_seconds: timed(
                &mut r,
                "webhook_seconds",
                "From Meta's POST to its answer",
                &ACK_SECONDS,
            ),
            pieces: counted(
                &mut r,
                "events_received",
                "Messages, statuses and changes in those POSTs by what became of them",
            ),
            runs: counted(&mut r, "runs", "Runs by outcome"),
            run_seconds: timed(&mut r, "run_seconds", "How long runs took", &RUN_SECONDS),
            cpu_seconds: timed(
                &mut r,
                "run_cpu_seconds",
                "Processor time of runs",
                &RUN_SECONDS,
            ),
            reply_seconds: timed(
                &mut r,
                "reply_seconds",
                "From the arrival of a message to the first message that Meta took in answer",
                &REPLY_SECONDS,
            ),
            sends: counted(&mut r, "sends", "Requests to send a message by result"),
            refusals: counted(
                &mut r,
                "meta_refusals",
                "Requests of bots that Meta refused, by Meta's code: 190 is a token that is not valid any more",
            ),
            deploys: counted(&mut r, "deploys", "Deploys by result"),
            templates: counted(
                &mut r,
                "template_changes",
                "Changes of templates by what changed: status, quality, category and so on",
            ),
            media: counted(
                &mut r,
                "media",
                "Media by what became of it: kept, not-kept, postponed, and uploaded to Meta",
            ),
            log_lines: one(
                &mut r,
                "bot_log_lines",
                "Lines of bots' logs that were stored",
            ),
            log_dropped: counted(
                &mut r,
                "bot_log_lines_dropped",
                "Lines of bots' logs that were left out",
            ),
            events: counted(
                &mut r,
                "queue_events",
                "Events in the inbox by state, on all hosts",
            ),
            oldest: one(
                &mut r,
                "queue_oldest_seconds",
                "How long the oldest pending event has waited",
            ),
            instances: one(&mut r, "instances", "Instances of bots that live now"),
            instances_max: one(&mut r, "instances_max", "How many may live at once"),
            connections: counted(
                &mut r,
                "pool_connections",
                "Database connections by pool and state",
            ),
            waits: counted(
                &mut r,
                "pool_waits",
                "Times that a connection was waited for",
            ),
            exhausted: counted(
                &mut r,
                "pool_exhausted",
                "Times that no connection was free in time",
            ),
            held: counted(
                &mut r,
                "database_held",
                "Projects that are held back in their database, and why",
            ),
            refused_tokens: one(
                &mut r,
                "numbers_refused",
                "Numbers whose token Meta refuses",
            ),
            runs_of_project: Family::default(),
            projects: Mutex::default(),
            max_projects,
        };
        if max_projects > 0 {
            r.register(
                "project_runs",
                "Runs by project and outcome",
                numbers.runs_of_project.clone(),
            );
        }
        Self {
            registry: Arc::new(r),
            numbers: Arc::new(numbers),
        }
    }

    /// A POST of Meta was answered: `ok`, or with an error's code.
    pub fn webhook(&self, result: &'static str, took: Duration) {
        self.numbers.webhooks.get_or_create(&Of { result }).inc();
        self.numbers.webhook_seconds.observe(took.as_secs_f64());
    }

    /// What became of the pieces of a POST.
    pub fn pieces(&self, result: &'static str, count: usize) {
        if count > 0 {
            let counter = self.numbers.pieces.get_or_create(&Of { result });
            counter.inc_by(count as u64);
        }
    }

    /// A run ended.
    pub fn run(
        &self,
        project: impl fmt::Display,
        outcome: &'static str,
        wall: Duration,
        cpu: Duration,
    ) {
        self.numbers.runs.get_or_create(&Outcome { outcome }).inc();
        self.numbers.run_seconds.observe(wall.as_secs_f64());
        self.numbers.cpu_seconds.observe(cpu.as_secs_f64());
        if self.numbers.max_projects > 0 {
            let project = self.named(project.to_string());
            let labels = OutcomeOfProject { project, outcome };
            self.numbers.runs_of_project.get_or_create(&labels).inc();
        }
    }

    /// Meta took the first message of an event, so long after the event came.
    pub fn reply(&self, took: Duration) {
        self.numbers.reply_seconds.observe(took.as_secs_f64());
    }

    /// How a request to send ended.
    pub fn send(&self, result: &'static str) {
        self.numbers.sends.get_or_create(&Of { result }).inc();
    }

    /// Meta refused something that a bot asked for, with this code.
    pub fn refused(&self, code: i32) {
        self.numbers.refusals.get_or_create(&Coded { code }).inc();
    }

    /// How a deploy ended.
    pub fn deploy(&self, result: &'static str) {
        self.numbers.deploys.get_or_create(&Of { result }).inc();
    }

    /// Something of a template changed.
    pub fn template(&self, what: &'static str) {
        self.numbers.templates.get_or_create(&OfKind { what }).inc();
    }

    /// Something became of a medium.
    pub fn medium(&self, what: &'static str) {
        self.numbers.media.get_or_create(&OfKind { what }).inc();
    }

    /// Lines of bots' logs were stored.
    pub fn log_stored(&self, lines: usize) {
        self.numbers.log_lines.inc_by(lines as u64);
    }

    /// Lines of bots' logs were left out.
    pub fn log_dropped(&self, reason: &'static str, lines: u64) {
        let counter = self.numbers.log_dropped.get_or_create(&Because { reason });
        counter.inc_by(lines);
    }

    /// Everything, as Prometheus reads it.
    pub fn render(&self, sample: &Sample) -> Result<String, fmt::Error> {
        self.take(sample);
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// What [`Metrics::render`] gives is of this type.
    pub const CONTENT_TYPE: &'static str = prometheus_text::CONTENT_TYPE;

    fn take(&self, sample: &Sample) {
        let numbers = &*self.numbers;
        let gauge = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        for (state, value) in [
            ("pending", sample.pending),
            ("running", sample.running),
            ("dead", sample.dead),
        ] {
            numbers
                .events
                .get_or_create(&In { state })
                .set(gauge(value));
        }
        numbers.oldest.set(sample.oldest.as_secs_f64());
        numbers.instances.set(gauge(sample.instances));
        numbers.instances_max.set(gauge(sample.instances_max));
        for (pool, counts) in [("tenants", &sample.tenants), ("control", &sample.control)] {
            for (state, value) in [
                ("in-use", counts.in_use),
                ("idle", counts.idle),
                ("waiting", counts.waiting),
            ] {
                let labels = PoolState { pool, state };
                numbers.connections.get_or_create(&labels).set(gauge(value));
            }
        }
        // The control database's pool does not count these.
        let tenants = PoolName { pool: "tenants" };
        let set = |family: &Family<PoolName, Counter>, value| {
            let counter = family.get_or_create(&tenants);
            counter.inner().store(value, Ordering::Relaxed);
        };
        set(&numbers.waits, sample.tenants.waits_total);
        set(&numbers.exhausted, sample.tenants.exhausted_total);
        numbers.refused_tokens.set(gauge(sample.refused_tokens));
        for (reason, value) in [("full", sample.held_full), ("endless", sample.held_endless)] {
            let labels = Because { reason };
            numbers.held.get_or_create(&labels).set(gauge(value));
        }
    }

    /// The label of a project.
    fn named(&self, project: String) -> String {
        let mut known = self
            .numbers
            .projects
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if known.contains(&project) {
            return project;
        }
        if known.len() >= self.numbers.max_projects {
            return OTHER.to_owned();
        }
        known.insert(project.clone());
        project
    }
}

fn one<M>(registry: &mut Registry, name: &str, help: &str) -> M
where
    M: prometheus_client::registry::Metric + Default + Clone,
{
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

fn counted<S, M>(registry: &mut Registry, name: &str, help: &str) -> Family<S, M>
where
    Family<S, M>: prometheus_client::registry::Metric + Default,
    S: Clone + std::hash::Hash + Eq,
{
    let family = Family::default();
    registry.register(name, help, family.clone());
    family
}

fn timed(registry: &mut Registry, name: &str, help: &str, buckets: &[f64]) -> Histogram {
    let histogram = Histogram::new(buckets.iter().copied());
    registry.register(name, help, histogram.clone());
    histogram
}
