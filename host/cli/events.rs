//! `roost events`.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::output::time_or_dash;
use super::when::time_of;
use super::{Answer, ApiArgs, CliError, ProjectArgs, Session, or_dash, time};
use crate::events::EventState;
use crate::inbox::{EventKind, Outcome};
use crate::views::Page;
use crate::views::events::{
    AdoptedView, EventCount, EventDetail, EventView, MissedView, RunView, SendView,
};
use crate::words::{Told, typed};

/// Shows what came in, what became of it and why; runs dead events again.
#[derive(Args)]
pub struct EventsArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(flatten)]
    pub project: ProjectArgs,
    #[command(subcommand)]
    word: Option<EventsWord>,
    #[command(flatten)]
    which: Which,
    /// Where they are in their life: pending, running, done, dead or discarded.
    #[arg(long, value_parser = typed::<EventState>)]
    state: Option<EventState>,
    /// How many events to show.
    #[arg(long, default_value_t = 20)]
    limit: usize,
}

#[derive(Subcommand)]
enum EventsWord {
    /// Lists events, newest first (what `roost events` does by itself).
    List {
        #[command(flatten)]
        which: Which,
        /// Where they are in their life: pending, running, done, dead or discarded.
        #[arg(long, value_parser = typed::<EventState>)]
        state: Option<EventState>,
        /// How many events to show.
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Shows an event with its runs, its sends and its log.
    Show {
        /// Its number, as `roost events` lists it.
        #[arg(value_parser = event_number)]
        event: String,
        /// Shows what came in too: the customer's words and number.
        #[arg(long)]
        payload: bool,
    },
    /// Lists the events that were given up.
    Dead {
        #[command(flatten)]
        which: Which,
        /// How many events to show.
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Runs dead events again: those named, those with something in common, or all.
    Replay(Several),
    /// Gives events up for good: those named, dead or failed and waiting; dead ones with something in
    /// common; or all dead ones.
    Discard(Several),
    /// Shows what Meta sent for the number before it was connected.
    Missed {
        /// Gives it to the bot, as if it came now.
        #[arg(long)]
        adopt: bool,
    },
}

/// What events have in common.
#[derive(Args, Clone, Default)]
struct Which {
    /// message, status or other.
    #[arg(long, value_parser = typed::<EventKind>)]
    kind: Option<EventKind>,
    /// Of this customer or conversation: a phone number, a user id, a conversation's id.
    #[arg(long)]
    contact: Option<String>,
    /// How the last run ended, as in `timeout`.
    #[arg(long, value_parser = typed::<Outcome>)]
    outcome: Option<Outcome>,
    /// What the last error contains.
    #[arg(long)]
    error: Option<String>,
    /// Received since then: `10m`, `2h`, `3d`, or a time as in 2026-01-31T09:30:00Z.
    #[arg(long)]
    since: Option<String>,
    /// Received before then.
    #[arg(long)]
    until: Option<String>,
}

#[derive(Args)]
struct Several {
    /// The events, by their ids.
    events: Vec<String>,
    /// All dead events of the project.
    #[arg(long, conflicts_with = "events")]
    all: bool,
    #[command(flatten)]
    which: Which,
}

impl Which {
    /// Names and values, as the API has them.
    fn pairs(&self) -> Result<Vec<(&'static str, String)>, CliError> {
        let since = self.since.as_deref().map(time_of).transpose()?;
        let until = self.until.as_deref().map(time_of).transpose()?;
        let all = [
            ("kind", self.kind.map(|kind| kind.to_string())),
            ("contact", self.contact.clone()),
            ("outcome", self.outcome.map(|outcome| outcome.to_string())),
            ("error", self.error.clone()),
            ("since", since),
            ("until", until),
        ];
        let given = all
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        Ok(given.collect())
    }
}

impl EventsArgs {
    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        let project = self.project.required()?.to_owned();
        let word = self.word.unwrap_or(EventsWord::List {
            which: self.which,
            state: self.state,
            limit: self.limit,
        });
        match word {
            EventsWord::List {
                which,
                state,
                limit,
            } => list(session, &project, &which, state, limit).await,
            EventsWord::Dead { which, limit } => {
                list(session, &project, &which, Some(EventState::Dead), limit).await
            }
            EventsWord::Show { event, payload } => show(session, &project, &event, payload).await,
            EventsWord::Replay(several) => {
                change(
                    session,
                    &project,
                    &several,
                    "replay",
                    ["is run again", "are run again"],
                )
                .await
            }
            EventsWord::Discard(several) => {
                change(
                    session,
                    &project,
                    &several,
                    "discard",
                    ["is given up", "are given up"],
                )
                .await
            }
            EventsWord::Missed { adopt } => missed(session, &project, adopt).await,
        }
    }
}

async fn list(
    session: &Session,
    project: &str,
    which: &Which,
    state: Option<EventState>,
    limit: usize,
) -> Result<(), CliError> {
    let mut pairs = which.pairs()?;
    pairs.extend(state.map(|state| ("state", state.to_string())));
    let query: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let path = ["projects", project, "events"];
    let list: Answer<Page<EventView>> = session.client.list(&path, &query, Some(limit)).await?;
    session.output.list(
        &list,
        &["event", "received", "from", "type", "state", "why"],
        |event| {
            vec![
                event.id.clone(),
                time(event.received_at),
                or_dash(event.from.as_deref()),
                kind(event),
                event.state.to_string(),
                event.why.clone(),
            ]
        },
        "there are no such events",
    )
}

/// `text`, or `status delivered`.
fn kind(event: &EventView) -> String {
    let word = or_dash(event.r#type.as_deref());
    match &event.kind {
        Told::Known(EventKind::Message) => word,
        Told::Known(kind @ (EventKind::Status | EventKind::Other)) => format!("{kind} {word}"),
        Told::New(kind) => format!("{kind} {word}"),
    }
}

async fn show(
    session: &Session,
    project: &str,
    event: &str,
    payload: bool,
) -> Result<(), CliError> {
    let query: &[(&str, &str)] = if payload { &[("payload", "true")] } else { &[] };
    let path = ["projects", project, "events", event];
    let answer: Answer<EventDetail> = session.client.get(&path, query).await?;
    let output = &session.output;
    if output.is_json() {
        return output.json(answer.json());
    }
    let found = answer.read()?;
    let event = &found.event;
    output.say(&event.why)?;
    output.say("")?;
    output.fields(&[
        ("event", event.id.clone()),
        ("type", kind(event)),
        ("state", event.state.to_string()),
        ("from", or_dash(event.from.as_deref())),
        ("conversation", or_dash(event.conversation_id.as_deref())),
        ("received", time(event.received_at)),
        ("finished", time_or_dash(event.finished_at)),
    ])?;
    if !found.runs.is_empty() {
        output.say("")?;
        let header = [
            "run", "host", "started", "outcome", "wall", "cpu", "memory", "calls", "sends",
            "status", "error",
        ];
        output.table(&header, found.runs.iter().map(run_row))?;
    }
    if !found.sends.is_empty() {
        output.say("")?;
        output.table(
            &["send", "type", "state", "meta", "message"],
            found.sends.iter().map(send_row),
        )?;
    }
    if !found.log.is_empty() {
        output.say("")?;
        for line in &found.log {
            output.say(&super::logs::line(line))?;
        }
    }
    if let Some(payload) = &found.payload {
        output.say("")?;
        let payload = serde_json::from_str(payload.get()).map_err(CliError::unreadable)?;
        output.json(&payload)?;
    }
    Ok(())
}

fn run_row(run: &RunView) -> Vec<String> {
    let ms = |ms: Option<f64>| or_dash(ms.map(|ms| format!("{ms:.1} ms")));
    let mib = |bytes: i64| format!("{} MiB", (bytes + (1 << 19)) >> 20);
    vec![
        run.attempt.to_string(),
        run.host.clone(),
        time(run.started_at),
        match &run.outcome {
            None => "running".to_owned(),
            Some(outcome) => outcome.to_string(),
        },
        ms(run.wall_ms),
        ms(run.cpu_ms),
        or_dash(run.memory_bytes.map(mib)),
        or_dash(run.host_calls),
        or_dash(run.sends),
        or_dash(run.response_status),
        or_dash(run.error.as_deref().or(run.refusal.as_deref())),
    ]
}

fn send_row(send: &SendView) -> Vec<String> {
    let last = send.statuses.last();
    // Why Meta refused it, else why it could not be delivered, else how far it came.
    let error = send.error.as_ref();
    let error = error.or_else(|| last.and_then(|last| last.error.as_ref()));
    let meta = match (error, last) {
        (Some(error), _) => error.meaning.clone(),
        (None, Some(last)) => last.status.to_string(),
        (None, None) => or_dash(send.setback.as_deref()),
    };
    vec![
        send.id.clone(),
        or_dash(send.r#type.as_deref()),
        send.state.to_string(),
        meta,
        or_dash(send.message_id.as_deref()),
    ]
}

async fn change(
    session: &Session,
    project: &str,
    several: &Several,
    word: &str,
    [one, many]: [&str; 2],
) -> Result<(), CliError> {
    let output = &session.output;
    let pairs = several.which.pairs()?;
    if !several.events.is_empty() && !pairs.is_empty() {
        return Err(CliError::Usage(
            "name the events, or say what they have in common, not both".to_owned(),
        ));
    }
    if several.events.is_empty() && pairs.is_empty() && !several.all {
        return Err(CliError::Usage(format!(
            "which events? Name them, as in `roost events {word} 17 18`; say what they have in common, \
             as in `--outcome timeout`; or say `--all`. `roost events dead` lists them"
        )));
    }
    if !several.events.is_empty() {
        let mut answers = Vec::new();
        for event in &several.events {
            let path = ["projects", project, "events", event, word];
            let answer: Answer<EventView> = session.client.post(&path, &Value::Null).await?;
            answers.push(answer.into_json());
            if !output.is_json() {
                output.say(&format!("event {event} {one}"))?;
            }
        }
        return match output.is_json() {
            true => output.json(&json!({ "items": answers })),
            false => Ok(()),
        };
    }
    let mut body: Map<String, Value> = pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::String(value)))
        .collect();
    if several.all {
        body.insert("all".to_owned(), Value::Bool(true));
    }
    let path = ["projects", project, "events", word];
    let answer: Answer<EventCount> = session.client.post(&path, &Value::Object(body)).await?;
    output.answer(&answer, |count| match count.events {
        0 => "there are no such dead events".to_owned(),
        1 => format!("1 event {one}"),
        n => format!("{n} events {many}"),
    })
}

async fn missed(session: &Session, project: &str, adopt: bool) -> Result<(), CliError> {
    let Session { client, output } = session;
    if adopt {
        let path = ["projects", project, "missed", "adopt"];
        let answer: Answer<AdoptedView> = client.post(&path, &Value::Null).await?;
        return output.answer(&answer, |adopted| {
            format!("{} events go to the bot now", adopted.events)
        });
    }
    let missed: Answer<MissedView> = client.get(&["projects", project, "missed"], &[]).await?;
    output.answer(&missed, |missed| match missed.webhooks {
        0 => "Meta sent nothing before the number was connected".to_owned(),
        n => format!(
            "Meta sent {n} webhooks before the number was connected, the first at {}: \
             `roost events missed --adopt` gives them to the bot",
            time_or_dash(missed.oldest_received_at)
        ),
    })
}

fn event_number(text: &str) -> Result<String, &'static str> {
    let is_number =
        (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    match is_number {
        true => Ok(text.to_owned()),
        false => Err("an event's number has 1 to 18 digits; `roost events` lists them"),
    }
}
