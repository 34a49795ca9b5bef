//! The figures: tables, a line for each, and JSON.

use serde_json::{Map, Value, json};
use std::time::Duration;

use super::disk::{Bytes, Disk, since};
use super::hold::{End, Held};
use super::load::{Flow, Spread, Times};
use super::memory::Memory;
use crate::measured::latency::ms;

/// Everything that was measured.
pub struct Figures {
    pub projects: usize,
    /// How long they took to make.
    pub made_in: Duration,
    pub disk: Disk,
    /// Before any project was made.
    pub disk_before: Disk,
    /// A host without projects.
    pub without: Memory,
    /// The host that made them, just after.
    pub made: Memory,
    /// A host that has just started.
    pub idle: Memory,
    /// The same, once each project was woken.
    pub woken: Memory,
    /// How far the page cache of the machine shrank when what may be dropped was.
    pub dropped: i64,
    /// The first message to each project of a host that has just started, with what could be dropped of its files.
    pub from_disk: Times,
    /// The second one.
    pub awake: Times,
    /// The first message on the next host, with the page cache as it is.
    pub from_cache: Times,
    pub flow: Flow,
    pub held: Held,
}

impl Figures {
    pub fn table(&self) {
        println!("\nmade {} projects in {}", self.projects, self.made());
        self.memory_table();
        self.disk_table();
        self.times_table();
        self.flow_line();
        self.held_table();
        println!();
        self.lines();
    }

    fn made(&self) -> String {
        let seconds = self.made_in.as_secs_f64();
        let each = seconds / self.projects as f64;
        format!("{seconds:.0} s: {each:.2} s for each")
    }

    /// Rows of memory, with their names.
    fn memories(&self) -> [(&'static str, Memory); 4] {
        [
            ("no projects", self.without),
            ("just made", self.made),
            ("idle, not run", self.idle),
            ("each woken once", self.woken),
        ]
    }

    fn memory_table(&self) {
        println!(
            "\nmemory, MiB         rss      pss  anonymous    files  mapped images  machine's files in memory  postgres  machine's available"
        );
        for (name, memory) in self.memories() {
            println!(
                "{name:<15} {:>7} {:>8} {:>10} {:>8} {:>14} {:>26} {:>9} {:>20}",
                mib(memory.rss),
                mib(memory.pss),
                mib(memory.anonymous),
                mib(memory.files),
                mib(memory.mapped_images),
                mib(memory.shared),
                mib(memory.postgres),
                mib(memory.available),
            );
        }
    }

    fn disk_table(&self) {
        println!("\ndisk                       MiB   KiB for each project");
        for (name, bytes) in self.disk_grown() {
            println!("{name:<20} {:>9} {:>22}", mib(bytes), self.kib_each(bytes));
        }
    }

    /// What came to disk, all of it.
    fn disk_grown(&self) -> Bytes {
        let (now, then) = (&self.disk, &self.disk_before);
        let mut all = since(&now.folders, &then.folders);
        all.extend(named("database", since(&now.databases, &then.databases)));
        all.extend(named("- table", since(&now.tables, &then.tables)));
        all
    }

    fn times_table(&self) {
        println!(
            "\none message at a time, ms    200 p50   p99   max   reply p50    p99    max  failed"
        );
        let rows = [
            ("from disk", self.from_disk),
            ("from the page cache", self.from_cache),
            ("awake", self.awake),
        ];
        for (name, times) in rows {
            let (taken, replied) = (times.taken, times.replied);
            println!(
                "{name:<28} {:>7.1} {:>5.1} {:>5.1} {:>11.0} {:>6.0} {:>6.0} {:>7}",
                ms(taken.p50),
                ms(taken.p99),
                ms(taken.max),
                ms(replied.p50),
                ms(replied.p99),
                ms(replied.max),
                times.failed,
            );
        }
        println!(
            "before `from disk` the page cache gave up {} MiB",
            mib(self.dropped)
        );
    }

    /// Messages, one at a time, that were not answered.
    pub fn failed(&self) -> usize {
        let all = [self.from_disk, self.from_cache, self.awake];
        all.iter().map(|times| times.failed).sum()
    }

    fn flow_line(&self) {
        let flow = &self.flow;
        println!(
            "\nwebhooks over all projects: {:.1} a second for {:.0} s, {} answered, {} refused, {} lost; 200 p50 {:.1} and p99 {:.1} ms, reply p50 {:.0} and p99 {:.0} ms",
            flow.rate(),
            flow.took.as_secs_f64(),
            flow.answered,
            flow.refused,
            flow.lost,
            ms(flow.times.taken.p50),
            ms(flow.times.taken.p99),
            ms(flow.times.replied.p50),
            ms(flow.times.replied.p99),
        );
        if let Some(why) = &flow.why {
            println!("  {why}");
        }
    }

    fn held_table(&self) {
        println!(
            "\nevents that last  instances  host's pss, MiB  KiB for each  machine's KiB for each"
        );
        for level in &self.held.levels {
            println!(
                "{:>16} {:>10} {:>16} {:>13} {:>23}",
                level.held,
                level.live,
                mib(level.memory.pss),
                (level.memory.pss - self.held.before.pss) / 1024 / count(level.held),
                (self.held.before.available - level.memory.available) / 1024 / count(level.held),
            );
        }
        println!("{}", self.held.end);
    }

    /// One for each figure.
    fn lines(&self) {
        let over = |memory: Memory, part: fn(&Memory) -> i64| {
            self.kib_each(part(&memory) - part(&self.without))
        };
        for (name, memory) in &self.memories()[1..] {
            println!(
                "density: memory for each of {} projects, {name}: {} KiB rss, {} KiB pss, {} KiB of files in memory, {} KiB of the machine's",
                self.projects,
                over(*memory, |memory| memory.rss),
                over(*memory, |memory| memory.pss),
                over(*memory, |memory| memory.shared),
                -over(*memory, |memory| memory.available),
            );
        }
        let (now, then) = (&self.disk, &self.disk_before);
        let sum = |now: &Bytes, then: &Bytes| {
            let more = since(now, then);
            self.kib_each(more.iter().map(|(_, bytes)| bytes).sum())
        };
        println!(
            "density: disk for each project: {} KiB of the host's folder, {} KiB of databases",
            sum(&now.folders, &then.folders),
            sum(&now.databases, &then.databases),
        );
        println!(
            "density: woken from disk: {}; awake: {}",
            spread(self.from_disk.replied),
            spread(self.awake.replied)
        );
        println!(
            "density: {} live instances at once; {}",
            self.held.most(),
            self.held.end.to_string().replace('\n', ";")
        );
        println!(
            "density: {:.1} webhooks a second over {} projects, {} lost",
            self.flow.rate(),
            self.projects,
            self.flow.lost
        );
        println!(
            "density: {} projects made in {}",
            self.projects,
            self.made()
        );
    }

    fn kib_each(&self, bytes: i64) -> i64 {
        bytes / 1024 / count(self.projects)
    }

    /// All in bytes, milliseconds and seconds.
    pub fn json(&self) {
        let memories = self.memories().into_iter();
        let memories: Map<String, Value> = memories
            .map(|(name, memory)| (word(name), memory_json(&memory)))
            .collect();
        let disk: Map<String, Value> = self
            .disk_grown()
            .into_iter()
            .map(|(name, bytes)| (word(&name), json!(bytes)))
            .collect();
        let levels = self.held.levels.iter().map(|level| {
            json!({
                "events": level.held,
                "instances": level.live,
                "memory": memory_json(&level.memory),
            })
        });
        let levels: Vec<Value> = levels.collect();
        let all = json!({
            "projects": self.projects,
            "made_in_s": self.made_in.as_secs_f64(),
            "memory": memories,
            "disk": disk,
            "page_cache_dropped": self.dropped,
            "from_disk": times_json(&self.from_disk),
            "from_page_cache": times_json(&self.from_cache),
            "awake": times_json(&self.awake),
            "webhooks": {
                "per_s": self.flow.rate(),
                "answered": self.flow.answered,
                "refused": self.flow.refused,
                "lost": self.flow.lost,
                "times": times_json(&self.flow.times),
            },
            "held": {
                "before": memory_json(&self.held.before),
                "most": self.held.most(),
                "levels": levels,
                "is_refused": matches!(self.held.end, End::Refused { .. }),
                "end": self.held.end.to_string(),
            },
        });
        println!("{all}");
    }
}

fn named(kind: &str, all: Bytes) -> Bytes {
    all.into_iter()
        .map(|(name, bytes)| (format!("{kind} {name}"), bytes))
        .collect()
}

fn mib(bytes: i64) -> i64 {
    bytes >> 20
}

/// To divide by.
fn count(things: usize) -> i64 {
    i64::try_from(things).unwrap_or(i64::MAX).max(1)
}

fn spread(times: Spread) -> String {
    format!(
        "p50 {:.0}, p99 {:.0}, max {:.0} ms",
        ms(times.p50),
        ms(times.p99),
        ms(times.max)
    )
}

/// A name as JSON's keys are.
fn word(name: &str) -> String {
    let letters = name.chars().filter(|c| !matches!(c, ',' | '-' | '/'));
    let letters: String = letters.collect();
    letters.trim().replace(' ', "_")
}

fn memory_json(memory: &Memory) -> Value {
    json!({
        "rss": memory.rss,
        "pss": memory.pss,
        "anonymous": memory.anonymous,
        "files": memory.files,
        "mapped_images": memory.mapped_images,
        "machine_files_in_memory": memory.shared,
        "postgres": memory.postgres,
        "machine_available": memory.available,
    })
}

fn times_json(times: &Times) -> Value {
    let spread =
        |of: &Spread| json!({ "p50_ms": ms(of.p50), "p99_ms": ms(of.p99), "max_ms": ms(of.max) });
    json!({
        "ok_200": spread(&times.taken),
        "reply": spread(&times.replied),
        "failed": times.failed,
    })
}
