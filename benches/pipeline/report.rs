//! The figures of one side, as a table and as JSON.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::time::Duration;

use super::load::Load;

pub struct Figures {
    events_per_s: f64,
    ack: Percentiles,
    reply: Percentiles,
    cpu_per_event: Duration,
    memory_mib: f64,
}

struct Percentiles {
    p50: Duration,
    p99: Duration,
}

/// What a process has used so far.
#[derive(Clone, Copy)]
pub struct Used {
    cpu: Duration,
    peak_kib: u64,
}

impl Used {
    pub fn of(process: &tokio::process::Child) -> Result<Self> {
        let id = process.id().context("the process has ended")?;
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        // What follows the name, which may hold anything.
        let fields: Vec<&str> = stat
            .rsplit_once(')')
            .context("no name in /proc/…/stat")?
            .1
            .split_whitespace()
            .collect();
        let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|text| text.split_whitespace().next());
        Ok(Self {
            // Linux counts in hundredths of a second for all programs.
            cpu: Duration::from_millis(ticks * 10),
            peak_kib: peak.context("no VmHWM in /proc/…/status")?.parse()?,
        })
    }

    pub fn since(self, before: Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(before.cpu),
            peak_kib: self.peak_kib,
        }
    }
}

impl Percentiles {
    fn of(sorted: &[Duration]) -> Self {
        let at = |part: f64| sorted[((sorted.len() - 1) as f64 * part).round() as usize];
        Self {
            p50: at(0.5),
            p99: at(0.99),
        }
    }
}

impl Figures {
    /// From sorted latencies.
    pub fn new(ack: Vec<Duration>, reply: Vec<Duration>, took: Duration, used: Used) -> Self {
        let events = reply.len();
        Self {
            events_per_s: events as f64 / took.as_secs_f64(),
            ack: Percentiles::of(&ack),
            reply: Percentiles::of(&reply),
            cpu_per_event: used.cpu / u32::try_from(events.max(1)).unwrap_or(u32::MAX),
            memory_mib: used.peak_kib as f64 / 1024.0,
        }
    }

    fn json(&self) -> Value {
        json!({
            "events_per_s": round(self.events_per_s),
            "ack_p50_ms": ms(self.ack.p50),
            "ack_p99_ms": ms(self.ack.p99),
            "reply_p50_ms": ms(self.reply.p50),
            "reply_p99_ms": ms(self.reply.p99),
            "cpu_ms_per_event": ms(self.cpu_per_event),
            "peak_memory_mib": round(self.memory_mib),
        })
    }
}

pub fn table(load: &Load, roost: &Figures, node: &Figures) {
    println!(
        "{} webhooks a second for {} s, {} customers; ms",
        load.rate, load.seconds, load.customers
    );
    println!("        events/s  200 p50  200 p99  reply p50  reply p99  CPU/event  peak MiB");
    for (name, side) in [("roost", roost), ("node", node)] {
        println!(
            "{name:<6} {:>9.1} {:>8.1} {:>8.1} {:>10.1} {:>10.1} {:>10.2} {:>9.0}",
            side.events_per_s,
            ms(side.ack.p50),
            ms(side.ack.p99),
            ms(side.reply.p50),
            ms(side.reply.p99),
            ms(side.cpu_per_event),
            side.memory_mib
        );
    }
}

/// Roost's figures, and Node's in `node`.
pub fn json(roost: &Figures, node: &Figures) {
    let mut all = roost.json();
    all["node"] = node.json();
    println!("{all}");
}

fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

fn round(figure: f64) -> f64 {
    (figure * 10.0).round() / 10.0
}
