//! The accounts: what was posted, against what the inbox has and what Meta got.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Result;
use roost_emulator::control::wire::Cursor;
use roost_emulator::control::{SentItem, SentKind};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Options;
use super::hosts::Fleet;
use super::plan::Lane;
use super::traffic::{Posted, wamid};
use super::world::{Bot, Project, World, phone};

/// Violations of one kind that are told one by one.
const TOLD: usize = 20;

/// What a soak came to.
#[derive(Debug, Default)]
pub struct Verdict {
    pub seed: u64,
    /// Messages of customers and statuses of Meta, each once.
    pub events: i64,
    pub messages: usize,
    pub kills: u32,
    /// POSTs that were answered 200 and are no event, events without an end, and answers that
    /// never went out.
    pub lost: Vec<String>,
    /// The same content twice for one event.
    pub twice: Vec<String>,
    pub disordered: Vec<String>,
    /// What Meta got and no event explains.
    pub unexplained: Vec<String>,
    /// Events that ended as dead, with the reason: accounted for, and told.
    pub dead: Vec<String>,
    /// Lines for people, in order.
    figures: Vec<(&'static str, String)>,
}

#[derive(sqlx::FromRow)]
struct EventRow {
    project_id: Uuid,
    dedupe_key: String,
    state: String,
    last_error: Option<String>,
    /// It failed so often that later ones of its conversation passed it.
    stood_aside: bool,
}

/// The runs of an event that count against its bot, two of which let later ones pass; of those that
/// used up their time one does.
const EVENTS: &str = "
    select project_id, dedupe_key, state, last_error,
      (select count(*) filter (where outcome in ('bot-threw', 'bad-status', 'trap', 'out-of-memory')) > 1
         or bool_or(outcome = 'timeout')
       from run where run.project_id = event.project_id and run.event_id = event.event_id) is true
      as stood_aside
    from event";

/// What Meta got, by number and customer, in order.
type Outbox = HashMap<(String, String), Vec<String>>;

impl Verdict {
    pub fn is_clean(&self) -> bool {
        let all = [&self.lost, &self.twice, &self.disordered, &self.unexplained];
        all.iter().all(|problems| problems.is_empty())
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "seed": self.seed, "events": self.events, "messages": self.messages,
            "lost": self.lost.len(), "sent_twice": self.twice.len(),
            "out_of_order": self.disordered.len(), "unexplained": self.unexplained.len(),
            "dead": self.dead.len(), "kills": self.kills,
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, figure) in &self.figures {
            writeln!(f, "  {name:<10} {figure}")?;
        }
        let kinds = [
            ("lost", &self.lost),
            ("sent twice", &self.twice),
            ("out of order", &self.disordered),
            ("unexplained", &self.unexplained),
            ("dead", &self.dead),
        ];
        for (kind, problems) in kinds.iter().filter(|(_, problems)| !problems.is_empty()) {
            for problem in problems.iter().take(TOLD) {
                writeln!(f, "  {kind}: {problem}")?;
            }
            let rest = problems.len().saturating_sub(TOLD);
            if rest > 0 {
                writeln!(f, "  {kind}: and {rest} more")?;
            }
        }
        if !self.is_clean() {
            writeln!(f, "  have it again with --seed {}", self.seed)?;
        }
        let (lost, twice) = (self.lost.len(), self.twice.len());
        write!(
            f,
            "soak: {} events, {lost} lost, {twice} sent twice, {} kills",
            self.events, self.kills
        )
    }
}

/// Compares.
pub(super) async fn account(
    options: &Options,
    world: &World,
    posted: &Posted,
    fleet: &Fleet,
    lasted: Duration,
    at_rest: bool,
) -> Result<Verdict> {
    let mut database = world.database().await?;
    let rows: Vec<EventRow> = sqlx::query_as(EVENTS).fetch_all(&mut database).await?;
    let mut verdict = Verdict {
        seed: options.seed,
        events: i64::try_from(rows.len())?,
        kills: fleet.kills(),
        ..Verdict::default()
    };
    if !at_rest {
        let text = format!("not at rest after {:?}", options.quiet);
        verdict.lost.push(text);
    }
    let events: HashMap<(Uuid, &str), &EventRow> = rows
        .iter()
        .map(|row| ((row.project_id, row.dedupe_key.as_str()), row))
        .collect();
    let sent = sent(world).await?;
    let accepted: usize = sent.values().map(Vec::len).sum();
    let mut outbox = sent.clone();
    for (lane, messages) in &posted.taken {
        verdict.messages += messages.len();
        let project = &world.projects[lane.project];
        let key = (project.number_id.clone(), phone(lane.person));
        let went_out = outbox.remove(&key).unwrap_or_default();
        let done = |wamid: &str| {
            let key = format!("m:{wamid}");
            let row = events.get(&(project.id.0, key.as_str()));
            row.copied()
        };
        let mut lane_account = LaneAccount {
            verdict: &mut verdict,
            project,
            went_out: &went_out,
        };
        lane_account.check(options.seed, *lane, messages, done);
    }
    for ((number, customer), texts) in &outbox {
        let text = format!("{} messages from {number} to {customer}", texts.len());
        verdict.unexplained.push(text);
    }
    let statuses = statuses(world, &events, &mut verdict).await?;
    for row in rows.iter().filter(|row| row.state == "pending") {
        verdict.lost.push(format!("{} is pending", row.dedupe_key));
    }
    for row in rows.iter().filter(|row| row.state == "dead") {
        let reason = row.last_error.as_deref().unwrap_or("no reason");
        verdict.dead.push(format!("{}: {reason}", row.dedupe_key));
    }
    let mut figure = |name, text| verdict.figures.push((name, text));
    let count = |counter: &std::sync::atomic::AtomicUsize| counter.load(Ordering::Relaxed);
    let counts = &posted.counts;
    figure(
        "soak",
        format!(
            "seed {}, {} projects, {} hosts, {:.1} messages/s for {:.0} s",
            options.seed,
            options.projects,
            options.hosts,
            options.rate,
            lasted.as_secs_f64()
        ),
    );
    figure(
        "webhooks",
        format!(
            "{} POSTs taken ({} repeated, {} doubled, {} overtaken), {} more attempts had no 200",
            count(&counts.posts),
            count(&counts.repeated),
            count(&counts.doubled),
            count(&counts.swapped),
            count(&counts.again)
        ),
    );
    let (runs, retried): (i64, i64) = sqlx::query_as(
        "select count(*), count(*) filter (where outcome is distinct from 'done') from run",
    )
    .fetch_one(&mut database)
    .await?;
    let outcomes: Vec<(String, i64)> = sqlx::query_as(
        "select coalesce(outcome, 'running'), count(*) from run
         where outcome is distinct from 'done' group by 1 order by 2 desc",
    )
    .fetch_all(&mut database)
    .await?;
    let outcomes: Vec<String> = outcomes
        .iter()
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    figure(
        "runs",
        format!(
            "{runs}, of which {retried} were not the last: {}",
            outcomes.join(", ")
        ),
    );
    let states: Vec<(String, i64)> = sqlx::query_as(
        "select coalesce(known_by, state), count(*) from send group by 1 order by 2 desc",
    )
    .fetch_all(&mut database)
    .await?;
    let states: Vec<String> = states
        .iter()
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    figure(
        "sends",
        format!(
            "{accepted} taken by Meta; known by or left as: {}",
            states.join(", ")
        ),
    );
    let passed = rows.iter().filter(|row| row.stood_aside).count();
    figure(
        "passed",
        format!("{passed} events that failed let later ones pass"),
    );
    figure("statuses", format!("{statuses} delivered by Meta"));
    let restarts = fleet.restarts();
    let middle = restarts
        .get(restarts.len() / 2)
        .copied()
        .unwrap_or_default();
    figure(
        "kills",
        format!(
            "{} of hosts, which listened again after {:.1} s (median); Postgres crashed once",
            fleet.kills(),
            middle.as_secs_f64()
        ),
    );
    Ok(verdict)
}

/// One customer of one project.
struct LaneAccount<'a> {
    verdict: &'a mut Verdict,
    project: &'a Project,
    /// The texts that Meta got for it, in order.
    went_out: &'a [String],
}

impl LaneAccount<'_> {
    fn check<'e>(
        &mut self,
        seed: u64,
        lane: Lane,
        messages: &[u32],
        event: impl Fn(&str) -> Option<&'e EventRow>,
    ) {
        let ids: Vec<String> = messages.iter().map(|n| wamid(seed, lane, *n)).collect();
        let place: HashMap<&str, usize> = ids
            .iter()
            .enumerate()
            .map(|(n, id)| (id.as_str(), n))
            .collect();
        let mut counts: BTreeMap<&str, BTreeMap<&str, u32>> = BTreeMap::new();
        let mut furthest = 0;
        let mut ordinals: HashMap<usize, usize> = HashMap::new();
        for text in self.went_out {
            let Some((id, content)) = text.split_once('|') else {
                self.verdict.unexplained.push(text.clone());
                continue;
            };
            let Some(n) = place.get(id).copied() else {
                self.verdict.unexplained.push(text.clone());
                continue;
            };
            *counts.entry(id).or_default().entry(content).or_default() += 1;
            // The random bot has no order within an event.
            let ordinal = content.parse::<usize>().unwrap_or(0);
            let before = ordinals.entry(n).or_default();
            let is_passed = n < furthest && !event(id).is_some_and(|event| event.stood_aside);
            if is_passed || ordinal < *before {
                self.verdict.disordered.push(text.clone());
            }
            furthest = furthest.max(n);
            *before = ordinal.max(*before);
        }
        for id in &ids {
            let none = BTreeMap::new();
            let got = counts.get(id.as_str()).unwrap_or(&none);
            for (content, count) in got.iter().filter(|(_, count)| **count > 1) {
                let text = format!("{id}|{content}: {count} times");
                self.verdict.twice.push(text);
            }
            let Some(event) = event(id) else {
                self.verdict.lost.push(format!("{id} is no event"));
                continue;
            };
            if event.state == "done" {
                self.check_answers(id, got);
            }
        }
    }

    /// What must have gone out for an event that is done.
    fn check_answers(&mut self, id: &str, got: &BTreeMap<&str, u32>) {
        let always: &[&str] = match self.project.bot {
            Bot::Steady(_) => &["0", "1"],
            Bot::Random => &["a", "b"],
        };
        let mut missing: Vec<&str> = always
            .iter()
            .copied()
            .filter(|content| !got.contains_key(content))
            .collect();
        let chosen = got
            .keys()
            .filter(|content| content.starts_with('r'))
            .count();
        match self.project.bot {
            Bot::Random if chosen == 0 => missing.push("r?"),
            Bot::Steady(_) if chosen > 0 => self.verdict.unexplained.push(id.to_owned()),
            _ => {}
        }
        if !missing.is_empty() {
            let text = format!("{id}|{}: the event is done", missing.join(","));
            self.verdict.lost.push(text);
        }
    }
}

/// The texts that Meta took.
async fn sent(world: &World) -> Result<Outbox> {
    let mut outbox = Outbox::new();
    let mut cursor = Cursor::default();
    loop {
        let page = world.control().sent(&cursor).await?;
        if page.items.is_empty() {
            return Ok(outbox);
        }
        cursor.after = page.next;
        for item in page.items {
            let SentItem {
                number_id,
                customer,
                kind: SentKind::Message(message),
                ..
            } = item
            else {
                continue;
            };
            let text = message.text().unwrap_or_default().to_owned();
            outbox.entry((number_id, customer)).or_default().push(text);
        }
    }
}

/// Statuses that were answered 200 are events too.
async fn statuses(
    world: &World,
    events: &HashMap<(Uuid, &str), &EventRow>,
    verdict: &mut Verdict,
) -> Result<usize> {
    let projects: HashMap<&str, Uuid> = world
        .projects
        .iter()
        .map(|project| (project.number_id.as_str(), project.id.0))
        .collect();
    let mut seen = std::collections::HashSet::new();
    let mut cursor = Cursor::default();
    loop {
        let page = world.control().deliveries(&cursor).await?;
        if page.items.is_empty() {
            return Ok(seen.len());
        }
        cursor.after = page.next;
        for attempt in page.items.iter().filter(|a| a.status == Some(200)) {
            let Some(project) = projects.get(attempt.number_id.as_str()) else {
                continue;
            };
            let body: Value = serde_json::from_str(&attempt.body)?;
            let statuses = body.pointer("/entry/0/changes/0/value/statuses");
            for status in statuses.and_then(Value::as_array).into_iter().flatten() {
                let word = |key: &str| status[key].as_str().unwrap_or_default().to_owned();
                let key = format!("s:{}:{}:", word("id"), word("status"));
                if !events.contains_key(&(*project, key.as_str())) {
                    verdict.lost.push(format!("{key} is no event"));
                }
                seen.insert(key);
            }
        }
    }
}
