//! What is printed: a line as soon as a class is through, the table, and JSON.

use serde_json::{Value, json};
use std::time::Duration;

use super::attack::Attack;
use super::figures::{Figures, Stretch};
use super::seen::Seen;
use crate::measured::latency::ms;

/// How many of the slowest messages are shown.
const SLOWEST: usize = 8;

/// The victim beside one class.
pub struct Row {
    pub attack: Attack,
    /// On the same host, before the attack.
    pub alone: Stretch,
    pub beside: Stretch,
    pub seen: Seen,
    /// What is missing for an attack.
    pub doubt: Option<String>,
}

/// One class, with what was seen of its attackers.
pub fn progress(row: &Row) {
    let (alone, beside) = (Figures::of(&[&row.alone]), Figures::of(&[&row.beside]));
    println!(
        "{}: p50 {:.0} and p99 {:.0} ms, {:.0} and {:.0} before it; {} failed",
        row.attack.word(),
        ms(beside.reply.p50),
        ms(beside.reply.p99),
        ms(alone.reply.p50),
        ms(alone.reply.p99),
        beside.failed,
    );
    println!("  the slowest: {}", slowest(&row.beside));
    println!("  attackers: {}", row.seen);
    if let Some(doubt) = &row.doubt {
        println!("  no attack: {doubt}");
    }
}

/// The slowest messages, and when each was due.
fn slowest(stretch: &Stretch) -> String {
    let each = stretch.seconds / stretch.messages.len().max(1) as f64;
    let messages = stretch.messages.iter().enumerate();
    let mut took: Vec<(Duration, f64)> = messages
        .filter_map(|(n, message)| Some((message.answered()?, n as f64 * each)))
        .collect();
    took.sort_unstable_by_key(|(took, _)| std::cmp::Reverse(*took));
    let shown = took.iter().take(SLOWEST);
    let shown: Vec<String> = shown
        .map(|(took, due)| format!("{:.0} ms at {due:.1} s", ms(*took)))
        .collect();
    shown.join(", ")
}

/// The victim alone, before all classes together, and beside each.
pub fn table(rows: &[Row]) {
    let alone = alone(rows);
    println!(
        "class      answered  failed  failed runs     p50     p99  late p99  host cpu  postgres cpu  bench cpu  p50 ratio  p99 ratio  p99 more  target"
    );
    println!("{}", line("alone", &alone));
    for row in rows {
        let beside = Figures::of(&[&row.beside]);
        let ratio = |of: Duration, to: Duration| of.as_secs_f64() / to.as_secs_f64().max(1e-3);
        println!(
            "{} {:>10.2} {:>10.2} {:>9.0}  {}",
            line(row.attack.word(), &beside),
            ratio(beside.reply.p50, alone.reply.p50),
            ratio(beside.reply.p99, alone.reply.p99),
            ms(beside.reply.p99) - ms(alone.reply.p99),
            target(row, &beside.missed(&alone, row.attack)),
        );
    }
}

fn alone(rows: &[Row]) -> Figures {
    let stretches: Vec<&Stretch> = rows.iter().map(|row| &row.alone).collect();
    Figures::of(&stretches)
}

fn line(name: &str, figures: &Figures) -> String {
    format!(
        "{name:<10} {:>8} {:>7} {:>12} {:>7.0} {:>7.0} {:>9.0} {:>9.2} {:>13.2} {:>10.2}",
        figures.answered,
        figures.failed,
        figures.failed_runs,
        ms(figures.reply.p50),
        ms(figures.reply.p99),
        ms(figures.late.p99),
        figures.processors.host,
        figures.processors.postgres,
        figures.processors.bench,
    )
}

fn target(row: &Row, missed: &[&str]) -> String {
    let scope = match row.attack.is_the_hosts_to_share_out() {
        true => "",
        false => " (of failures only)",
    };
    match (&row.doubt, missed) {
        (Some(_), _) => "no attack".to_owned(),
        (None, []) => format!("met{scope}"),
        (None, missed) => format!("missed{scope}: {}", missed.join(", ")),
    }
}

pub fn json(rows: &[Row]) {
    let alone = alone(rows);
    let mut all = json!({ "alone": figures(&alone) });
    for row in rows {
        let beside = Figures::of(&[&row.beside]);
        let before = Figures::of(&[&row.alone]);
        let missed = beside.missed(&alone, row.attack);
        let mut class = figures(&beside);
        class["alone_before_p50_ms"] = json!(ms(before.reply.p50));
        class["alone_before_p99_ms"] = json!(ms(before.reply.p99));
        class["target"] = json!({
            "is_met": missed.is_empty() && row.doubt.is_none(),
            "missed": missed,
            "is_for_latency": row.attack.is_the_hosts_to_share_out(),
        });
        class["attack"] = attack(row);
        all[row.attack.word()] = class;
    }
    println!("{all}");
}

fn figures(figures: &Figures) -> Value {
    json!({
        "answered": figures.answered,
        "failed": figures.failed,
        "failed_runs": figures.failed_runs,
        "p50_ms": ms(figures.reply.p50),
        "p99_ms": ms(figures.reply.p99),
        "late_p99_ms": ms(figures.late.p99),
        "host_cpu": figures.processors.host,
        "postgres_cpu": figures.processors.postgres,
        "bench_cpu": figures.processors.bench,
    })
}

fn attack(row: &Row) -> Value {
    let (seen, posts) = (&row.seen, row.seen.posts);
    json!({
        "doubt": row.doubt,
        "due": posts.due,
        "posted": posts.posted,
        "taken": posts.taken,
        "refused": posts.refused,
        "runs": seen.runs,
        "statements_at_once": seen.statements,
        "requests_at_once": seen.requests,
        "logs_cut": seen.lines_left_out,
    })
}
