//! `roost events`.

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::when::time_of;
use super::{ApiArgs, CliError, ProjectArgs, Session, text, time};

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
    #[arg(long)]
    state: Option<String>,
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
        #[arg(long)]
        state: Option<String>,
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
    #[arg(long)]
    kind: Option<String>,
    /// Of this customer or conversation: a phone number, a user id, a conversation's id.
    #[arg(long)]
    contact: Option<String>,
    /// How the last run ended, as in `timeout`.
    #[arg(long)]
    outcome: Option<String>,
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
            ("kind", self.kind.clone()),
            ("contact", self.contact.clone()),
            ("outcome", self.outcome.clone()),
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
                list(session, &project, &which, Some("dead".to_owned()), limit).await
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
    state: Option<String>,
    limit: usize,
) -> Result<(), CliError> {
    let mut pairs = which.pairs()?;
    pairs.extend(state.map(|state| ("state", state)));
    let query: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let path = ["projects", project, "events"];
    let list = session.client.list(&path, &query, Some(limit)).await?;
    session.output.list(
        &list,
        &["event", "received", "from", "type", "state", "why"],
        |event| {
            vec![
                text(event, "/id"),
                time(event, "/received_at"),
                text(event, "/from"),
                kind(event),
                text(event, "/state"),
                text(event, "/why"),
            ]
        },
        "there are no such events",
    )
}

/// `text`, or `status delivered`.
fn kind(event: &Value) -> String {
    let (kind, word) = (text(event, "/kind"), text(event, "/type"));
    match kind.as_str() {
        "message" => word,
        _ => format!("{kind} {word}"),
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
    let found = session.client.get(&path, query).await?;
    let output = &session.output;
    if output.is_json() {
        return output.json(&found);
    }
    let event = &found["event"];
    output.say(&text(event, "/why"))?;
    output.say("")?;
    output.fields(&[
        ("event", text(event, "/id")),
        ("type", kind(event)),
        ("state", text(event, "/state")),
        ("from", text(event, "/from")),
        ("conversation", text(event, "/conversation_id")),
        ("received", time(event, "/received_at")),
        ("finished", time(event, "/finished_at")),
    ])?;
    let items = |name: &str| found[name].as_array().cloned().unwrap_or_default();
    let runs = items("runs");
    if !runs.is_empty() {
        output.say("")?;
        let header = [
            "run", "host", "started", "outcome", "wall", "cpu", "memory", "calls", "sends",
            "status", "error",
        ];
        output.table(&header, runs.iter().map(run_row))?;
    }
    let sends = items("sends");
    if !sends.is_empty() {
        output.say("")?;
        output.table(
            &["send", "type", "state", "meta", "message"],
            sends.iter().map(send_row),
        )?;
    }
    let log = items("log");
    if !log.is_empty() {
        output.say("")?;
        for line in &log {
            output.say(&super::logs::line(line))?;
        }
    }
    if found["payload"].is_object() {
        output.say("")?;
        output.json(&found["payload"])?;
    }
    Ok(())
}

fn run_row(run: &Value) -> Vec<String> {
    let ms = |place: &str| match run.pointer(place).and_then(Value::as_f64) {
        Some(ms) => format!("{ms:.1} ms"),
        None => "-".to_owned(),
    };
    let memory = run["memory_bytes"].as_i64();
    vec![
        text(run, "/attempt"),
        text(run, "/host"),
        time(run, "/started_at"),
        match text(run, "/outcome").as_str() {
            "-" => "running".to_owned(),
            outcome => outcome.to_owned(),
        },
        ms("/wall_ms"),
        ms("/cpu_ms"),
        memory.map_or("-".to_owned(), |bytes| {
            format!("{} MiB", (bytes + (1 << 19)) >> 20)
        }),
        text(run, "/host_calls"),
        text(run, "/sends"),
        text(run, "/response_status"),
        match text(run, "/error").as_str() {
            "-" => text(run, "/refusal"),
            error => error.to_owned(),
        },
    ]
}

fn send_row(send: &Value) -> Vec<String> {
    let last = send["statuses"].as_array().and_then(|all| all.last());
    let error = last.map_or("-".to_owned(), |last| text(last, "/error/meaning"));
    let meta = match (text(send, "/error/meaning").as_str(), error.as_str()) {
        ("-", "-") => last.map_or_else(|| text(send, "/setback"), |last| text(last, "/status")),
        ("-", error) | (error, _) => error.to_owned(),
    };
    vec![
        text(send, "/id"),
        text(send, "/type"),
        text(send, "/state"),
        meta,
        text(send, "/message_id"),
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
            answers.push(session.client.post(&path, &Value::Null).await?);
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
    let answer = session.client.post(&path, &Value::Object(body)).await?;
    let sentence = match answer["events"].as_u64().unwrap_or(0) {
        0 => "there are no such dead events".to_owned(),
        1 => format!("1 event {one}"),
        n => format!("{n} events {many}"),
    };
    output.answer(&answer, &sentence)
}

async fn missed(session: &Session, project: &str, adopt: bool) -> Result<(), CliError> {
    let Session { client, output } = session;
    if adopt {
        let path = ["projects", project, "missed", "adopt"];
        let answer = client.post(&path, &Value::Null).await?;
        let events = text(&answer, "/events");
        return output.answer(&answer, &format!("{events} events go to the bot now"));
    }
    let missed = client.get(&["projects", project, "missed"], &[]).await?;
    let sentence = match missed["webhooks"].as_i64().unwrap_or(0) {
        0 => "Meta sent nothing before the number was connected".to_owned(),
        n => format!(
            "Meta sent {n} webhooks before the number was connected, the first at {}: \
             `roost events missed --adopt` gives them to the bot",
            time(&missed, "/oldest_received_at")
        ),
    };
    output.answer(&missed, &sentence)
}

fn event_number(text: &str) -> Result<String, &'static str> {
    let is_number =
        (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    match is_number {
        true => Ok(text.to_owned()),
        false => Err("an event's number has 1 to 18 digits; `roost events` lists them"),
    }
}
