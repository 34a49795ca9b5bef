//! The figures of one side, as a table and as JSON.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::time::Duration;

use crate::measured::latency::{Percentiles, ms};
use crate::measured::load::Message;
use crate::measured::usage::processor_time;

pub struct Figures {
    events_per_s: f64,
    ack: Percentiles,
    reply: Percentiles,
    cpu_per_event: Duration,
    memory_mib: f64,
    /// How late webhooks were posted.
    late: Percentiles,
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
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|text| text.split_whitespace().next());
        Ok(Self {
            cpu: processor_time(id)?,
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

impl Figures {
    /// Fails when a message had no 200 or no reply.
    pub fn of(name: &str, messages: &[Message], took: Duration, used: Used) -> Result<Self> {
        let reply: Vec<Duration> = messages.iter().filter_map(Message::answered).collect();
        let ack = messages.iter().filter_map(|message| message.acknowledged);
        let late = messages.iter().map(|message| message.posted);
        let events = reply.len();
        if events < messages.len() {
            let missing = messages.len() - events;
            bail!("{name} did not answer {missing} of {}", messages.len());
        }
        Ok(Self {
            events_per_s: events as f64 / took.as_secs_f64(),
            ack: Percentiles::of(ack.collect()),
            reply: Percentiles::of(reply),
            cpu_per_event: used.cpu / u32::try_from(events.max(1)).unwrap_or(u32::MAX),
            memory_mib: used.peak_kib as f64 / 1024.0,
            late: Percentiles::of(late.collect()),
        })
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
            "late_p99_ms": ms(self.late.p99),
        })
    }
}

pub fn table(roost: &Figures, node: &Figures) {
    println!(
        "        events/s  200 p50  200 p99  reply p50  reply p99  CPU/event  peak MiB  late p99"
    );
    for (name, side) in [("roost", roost), ("node", node)] {
        println!(
            "{name:<6} {:>9.1} {:>8.1} {:>8.1} {:>10.1} {:>10.1} {:>10.2} {:>9.0} {:>9.1}",
            side.events_per_s,
            ms(side.ack.p50),
            ms(side.ack.p99),
            ms(side.reply.p50),
            ms(side.reply.p99),
            ms(side.cpu_per_event),
            side.memory_mib,
            ms(side.late.p99),
        );
    }
}

/// Roost's figures, and Node's in `node`.
pub fn json(roost: &Figures, node: &Figures) {
    let mut all = roost.json();
    all["node"] = node.json();
    println!("{all}");
}

fn round(figure: f64) -> f64 {
    (figure * 10.0).round() / 10.0
}
