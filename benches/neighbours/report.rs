//! The victim's figures beside each class, as a table and as JSON.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

use super::attack::Attack;
use super::load::Load;
use super::world::World;

/// What the victim's customers felt.
pub struct Figures {
    answered: usize,
    failed: usize,
    p50: Duration,
    p99: Duration,
    used: Used,
}

/// Processor time so far; or, as a difference, of each second.
#[derive(Clone, Copy)]
pub struct Used {
    host: f64,
    postgres: f64,
}

impl Used {
    pub fn of(process: &tokio::process::Child, world: &World) -> Result<Self> {
        let id = process.id().context("the process has ended")?;
        let file = world.folder.path().join("postgres");
        Ok(Self {
            host: seconds(id, false).context("the host's process is gone")?,
            postgres: of_server(&file).context("no postmaster.pid below the server's folder")?,
        })
    }

    pub fn since(self, before: Self, took: Duration) -> Self {
        Self {
            host: (self.host - before.host) / took.as_secs_f64(),
            postgres: (self.postgres - before.postgres) / took.as_secs_f64(),
        }
    }
}

/// The seconds that a process has used, with its ended children or without.
fn seconds(id: u32, with_children: bool) -> Option<f64> {
    let fields = stat(id)?;
    let ticks = |n: usize| fields.get(n)?.parse::<f64>().ok();
    let own = ticks(11)? + ticks(12)?;
    let children = if with_children {
        ticks(13)? + ticks(14)?
    } else {
        0.0
    };
    // Linux counts in hundredths of a second for all programs.
    Some((own + children) / 100.0)
}

/// What follows the name, which may hold anything.
fn stat(id: u32) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some(fields.map(str::to_owned).collect())
}

/// The seconds of a server and of all its backends.
fn of_server(folder: &Path) -> Option<f64> {
    let postmaster: u32 = postmaster(folder, 3)?;
    let mut sum = seconds(postmaster, true)?;
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let id = entry.file_name().to_string_lossy().parse::<u32>();
        if let Ok(id) = id
            && stat(id).is_some_and(|fields| fields.get(1) == Some(&postmaster.to_string()))
        {
            sum += seconds(id, false).unwrap_or_default();
        }
    }
    Some(sum)
}

/// The id in the first `postmaster.pid` below a folder.
fn postmaster(folder: &Path, depth: u32) -> Option<u32> {
    if let Ok(text) = std::fs::read_to_string(folder.join("postmaster.pid")) {
        return text.lines().next()?.trim().parse().ok();
    }
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    let mut folders = entries.filter(|entry| depth > 0 && entry.path().is_dir());
    folders.find_map(|entry| postmaster(&entry.path(), depth - 1))
}

impl Figures {
    /// From sorted latencies.
    pub fn new(latencies: Vec<Duration>, failed: usize, used: Used) -> Self {
        let at = |part: f64| {
            let last = latencies.len().saturating_sub(1) as f64;
            let found = latencies.get((last * part).round() as usize);
            found.copied().unwrap_or_default()
        };
        Self {
            answered: latencies.len(),
            failed,
            p50: at(0.5),
            p99: at(0.99),
            used,
        }
    }

    fn json(&self) -> Value {
        json!({
            "answered": self.answered,
            "failed": self.failed,
            "p50_ms": ms(self.p50),
            "p99_ms": ms(self.p99),
            "host_cpu": self.used.host,
            "postgres_cpu": self.used.postgres,
        })
    }
}

pub fn table(load: &Load, attackers: u32, alone: &Figures, rows: &[(Attack, Figures)]) {
    println!(
        "a victim with {} messages a second for {} s, alone and beside {attackers} attackers of each class; ms",
        load.rate, load.seconds
    );
    println!(
        "class      answered  failed     p50     p99  p50 ratio  p99 ratio  p99 more  host cpu  postgres cpu"
    );
    let rows = rows
        .iter()
        .map(|(attack, figures)| (attack.word(), figures));
    for (name, figures) in std::iter::once(("alone", alone)).chain(rows) {
        let ratio = |of: Duration, to: Duration| of.as_secs_f64() / to.as_secs_f64().max(1e-3);
        println!(
            "{name:<10} {:>8} {:>7} {:>7.0} {:>7.0} {:>10.2} {:>10.2} {:>9.0} {:>9.2} {:>13.2}",
            figures.answered,
            figures.failed,
            ms(figures.p50),
            ms(figures.p99),
            ratio(figures.p50, alone.p50),
            ratio(figures.p99, alone.p99),
            ms(figures.p99) - ms(alone.p99),
            figures.used.host,
            figures.used.postgres,
        );
    }
}

pub fn json(alone: &Figures, rows: &[(Attack, Figures)]) {
    let mut all = json!({ "alone": alone.json() });
    for (attack, figures) in rows {
        all[attack.word()] = figures.json();
    }
    println!("{all}");
}

fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
