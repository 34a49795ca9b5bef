//! Why a customer did or did not get an answer, in one sentence.
//!
//! A pure function of what is stored: the event, its runs, its sends with Meta's statuses, the
//! project, and who is ahead of it in the conversation. It says what is certain and no more: that
//! Meta took a message is not that the customer has it.

mod meta;
mod sends;
#[cfg(test)]
mod tests;
mod words;

use sqlx::types::chrono::{DateTime, Utc};

use super::model::{
    DeliveryStatus, EventState, Head, ProjectFacts, StoredEvent, StoredRun, StoredSend,
};
use crate::inbox::{EventKind, Outcome, PERSON};
use crate::words::{Told, words};

pub use meta::MetaError;

use sends::Tally;
use words::{at, quoted, took};

/// All that is known of an event.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub now: DateTime<Utc>,
    pub event: &'a StoredEvent,
    /// In order.
    pub runs: &'a [StoredRun],
    /// In order.
    pub sends: &'a [StoredSend],
    /// The last error that the bot logged.
    pub complaint: Option<&'a str>,
    pub project: ProjectFacts,
    /// The oldest pending event of the conversation, which may be this one.
    pub head: Option<&'a Head>,
    /// Whether the oldest one runs now.
    pub is_head_running: bool,
}

/// What became of the customer's message, in short and in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    pub answer: Answer,
    /// One sentence.
    pub sentence: String,
}

words! {
    /// Whether the customer has an answer.
    #[derive(PartialOrd, Ord)]
    pub enum Answer: "answer" {
        /// None was due: the event is no message.
        NotDue = "not-due",
        /// None was due of the bot: a person had the conversation.
        Person = "person",
        /// The bot ran to its end and sent nothing to the customer.
        None = "none",
        /// Nothing that the bot sent reached the customer.
        Failed = "failed",
        /// Given up after too many failed runs, or by a person.
        GivenUp = "given-up",
        /// Not run yet, or to be run again.
        Waiting = "waiting",
        /// The bot works on it.
        Running = "running",
        /// Nobody knows whether it went out.
        Unsettled = "unsettled",
        /// Meta took it, and reported no delivery yet.
        Accepted = "accepted",
        /// It is on the customer's phone.
        Delivered = "delivered",
        /// The customer saw it.
        Read = "read",
    }
}

/// Says what became of an event.
pub fn explain(facts: &Facts<'_>) -> Explanation {
    with_token(facts, without_token(facts))
}

/// Adds that nothing goes out, where that may be why there is no answer.
fn with_token(facts: &Facts<'_>, mut explanation: Explanation) -> Explanation {
    let has_none = matches!(
        explanation.answer,
        Answer::None | Answer::Failed | Answer::GivenUp | Answer::Waiting
    );
    if let Some(since) = facts.project.token_refused_at.filter(|_| has_none) {
        let sentence = explanation.sentence.trim_end_matches('.');
        explanation.sentence = format!(
            "{sentence}; Meta refuses the number's token since {}: connect the number with a new one.",
            at(since, facts.now)
        );
    }
    explanation
}

fn without_token(facts: &Facts<'_>) -> Explanation {
    match facts.event.state(facts.runs, facts.now) {
        EventState::Running => running(facts),
        EventState::Pending => pending(facts),
        EventState::Dead => dead(facts),
        EventState::Discarded => discarded(facts),
        EventState::Done if is_a_persons(facts) => a_persons(facts),
        EventState::Done if has_expired(facts) => expired(facts),
        EventState::Done if facts.event.kind == EventKind::Message => answered(facts),
        EventState::Done => handled(facts),
    }
}

fn said(answer: Answer, sentence: String) -> Explanation {
    Explanation { answer, sentence }
}

/// A person had the conversation, so it was not run, or not again.
fn is_a_persons(facts: &Facts<'_>) -> bool {
    let is_ended_so = |run: &StoredRun| run.ended_as(Outcome::Person);
    // No version served when there is no such run.
    facts.runs.last().is_some_and(is_ended_so) || facts.event.last_error.as_deref() == Some(PERSON)
}

fn a_persons(facts: &Facts<'_>) -> Explanation {
    let until = facts.event.finished_at.unwrap_or(facts.now);
    let until = at(until, facts.now);
    let before = facts
        .runs
        .iter()
        .filter(|run| !run.ended_as(Outcome::Person));
    let before = match before.count() {
        0 => "the bot did not get it",
        1 => "the bot got it once, and did not get it again",
        _ => "the bot got it several times, and did not get it again",
    };
    let tally = Tally::of(facts).parts(facts);
    let sent = tally.map(|parts| format!("; of what it sent before, {parts}"));
    said(
        Answer::Person,
        format!(
            "Not for the bot: a person had the conversation at {until}, so {before}{}.",
            sent.unwrap_or_default()
        ),
    )
}

/// It waited past its deadline, and was not run.
fn has_expired(facts: &Facts<'_>) -> bool {
    match facts.runs.last() {
        Some(run) => run.ended_as(Outcome::Expired),
        // No version served then.
        None => facts.event.last_error.is_some(),
    }
}

fn expired(facts: &Facts<'_>) -> Explanation {
    let from = at(facts.event.received_at, facts.now);
    let until = facts.event.finished_at.unwrap_or(facts.now);
    let until = at(until, facts.now);
    let waited = format!("it waited from {from} to {until}, past its deadline, and was not run");
    match facts.event.kind {
        EventKind::Message => said(Answer::GivenUp, format!("Not answered: {waited}.")),
        EventKind::Status | EventKind::Other => said(
            Answer::NotDue,
            format!("No answer is due, and the bot heard nothing of it: {waited}."),
        ),
    }
}

fn answered(facts: &Facts<'_>) -> Explanation {
    let tally = Tally::of(facts);
    if let Some((answer, sentence)) = tally.sentence(facts) {
        return said(answer, sentence);
    }
    let run = facts.runs.last();
    let took = run.and_then(|run| run.wall_us).map(took);
    let took = took
        .map(|took| format!(" after {took}"))
        .unwrap_or_default();
    let status = run.and_then(|run| run.response_status).unwrap_or(200);
    let has_declined = run.is_some_and(|run| run.ended_as(Outcome::Declined));
    let mut sentence = match has_declined {
        true => format!("Not answered: the bot declined it with status {status}{took} and "),
        false => format!("Not answered: the bot ended with status {status}{took} and "),
    };
    sentence += &match tally.elsewhere {
        0 => "sent nothing".to_owned(),
        1 => "sent one message, but not to this customer".to_owned(),
        n => format!("sent {n} messages, but none to this customer"),
    };
    if !facts.project.has_number {
        sentence += "; the project has no number to send from";
    }
    if let Some(refusal) = run.and_then(|run| run.refusal.as_deref()) {
        sentence += &format!("; {}", quoted(refusal));
    }
    if let Some(complaint) = facts.complaint {
        sentence += &format!("; it logged an error: {}", quoted(complaint));
    }
    said(Answer::None, sentence + ".")
}

/// No message: nobody waits for an answer.
fn handled(facts: &Facts<'_>) -> Explanation {
    let mut sentence = format!("No answer is due: {}", told(facts.event));
    if let Some(run) = facts
        .runs
        .last()
        .filter(|run| run.ended_as(Outcome::Declined))
    {
        let status = run.response_status.unwrap_or_default();
        sentence += &format!(", which declined it with status {status}");
    }
    if let Some(parts) = Tally::of(facts).parts(facts) {
        sentence += &format!("; of what the bot sent because of it, {parts}");
    }
    said(Answer::NotDue, sentence + ".")
}

fn told(event: &StoredEvent) -> String {
    let word = event.type_word();
    match (event.kind, word.as_deref()) {
        (EventKind::Status, Some(status)) => match Told::of(status) {
            Told::Known(DeliveryStatus::Failed) => {
                "it told the bot that a message could not be delivered".to_owned()
            }
            status => format!("it told the bot that a message was {status}"),
        },
        (EventKind::Status, None) => "it told the bot of a message's status".to_owned(),
        (_, Some(field)) => format!("it told the bot of a change of `{field}`"),
        (_, None) => "it told the bot of something that is no message".to_owned(),
    }
}

fn running(facts: &Facts<'_>) -> Explanation {
    let Some(run) = facts.event.running(facts.runs) else {
        return said(Answer::Running, "Running now.".to_owned());
    };
    let host = &run.owner;
    let since = at(run.started_at, facts.now);
    let nth = facts.runs.len();
    let nth = if nth > 1 {
        format!(", as run {nth} of it")
    } else {
        String::new()
    };
    said(
        Answer::Running,
        format!("Running now on host {host} since {since}{nth}."),
    )
}

fn pending(facts: &Facts<'_>) -> Explanation {
    let sentence = waits_outside(facts)
        .or_else(|| waits_for_other(facts))
        .unwrap_or_else(|| waits_for_run(facts));
    said(Answer::Waiting, sentence)
}

/// What keeps all events of the project waiting.
fn waits_outside(facts: &Facts<'_>) -> Option<String> {
    if !facts.project.is_active {
        let text = "Waiting: the project is paused; it is run when the project is resumed.";
        return Some(text.to_owned());
    }
    if !facts.project.has_version {
        let text =
            "Waiting: the project has no version to run it with; it is run when one is deployed.";
        return Some(text.to_owned());
    }
    None
}

/// The conversation's order.
fn waits_for_other(facts: &Facts<'_>) -> Option<String> {
    let head = facts
        .head
        .filter(|head| head.event_id < facts.event.event_id)?;
    let noun = match head.kind {
        EventKind::Message => "message",
        EventKind::Status => "status",
        EventKind::Other => "change",
    };
    let other = format!(
        "Waiting for an earlier {noun} of the conversation, event {}, ",
        head.event_id
    );
    Some(if facts.is_head_running {
        format!("{other}which runs now.")
    } else if let Some(error) = &head.last_error {
        let next = facts.event.ready_at.filter(|at| *at > facts.now);
        let next = next.map_or_else(
            || "as soon as a host is free".to_owned(),
            |next| format!("at {}", at(next, facts.now)),
        );
        format!(
            "{other}which failed and is tried again {next}: {}.",
            quoted(error)
        )
    } else {
        format!("{other}which waits for its turn.")
    })
}

fn waits_for_run(facts: &Facts<'_>) -> String {
    let next = facts.event.not_before.or(facts.event.ready_at);
    let next = next.filter(|at| *at > facts.now);
    let Some(last) = facts.runs.last() else {
        let since = at(facts.event.received_at, facts.now);
        return match next {
            Some(next) => format!(
                "Waiting since {since}; it may run at {}.",
                at(next, facts.now)
            ),
            None => format!(
                "Waiting for its turn since {since}: no host has taken it yet{}.",
                limits(facts)
            ),
        };
    };
    let next = next.map_or_else(
        || "as soon as a host is free".to_owned(),
        |next| format!("at {}", at(next, facts.now)),
    );
    if last.ended_at.is_none() {
        let host = &last.owner;
        return format!(
            "Not answered yet: host {host} stopped answering while it ran this; it is run again {next}."
        );
    }
    if last.ended_as(Outcome::Released) {
        let host = &last.owner;
        return format!(
            "Waiting for its turn again: host {host} was stopped and gave it back; it is run {next}."
        );
    }
    // A replay begins to count anew.
    if facts.event.attempts == 0 && facts.event.deferrals == 0 {
        return format!("Waiting to be replayed: it is run {next}.");
    }
    let unsettled = Tally::of(facts).unsettled_until(facts);
    let passing = match facts.event.not_before {
        Some(_) => ", and later messages do not wait for it",
        None => "",
    };
    format!(
        "Not answered yet: {}; next try {next}{passing}{unsettled}.",
        why(last)
    )
}

/// What may hold up a project that has much to do.
fn limits(facts: &Facts<'_>) -> String {
    let ProjectFacts {
        max_running,
        events_per_minute,
        ..
    } = facts.project;
    match (max_running, events_per_minute) {
        (None, None) => String::new(),
        (Some(runs), None) => format!("; the project may run {runs} at once"),
        (None, Some(events)) => format!("; the project may begin {events} in a minute"),
        (Some(runs), Some(events)) => {
            format!("; the project may run {runs} at once, and begin {events} in a minute")
        }
    }
}

fn dead(facts: &Facts<'_>) -> Explanation {
    let runs = match facts.event.attempts {
        1 => "one run".to_owned(),
        n if n > 1 => format!("{n} runs"),
        _ => "its last run".to_owned(),
    };
    let because = match (facts.runs.last(), &facts.event.last_error) {
        (Some(run), None) => why(run),
        (Some(run), Some(_)) if run.error.is_some() => why(run),
        (_, Some(error)) => quoted(error),
        (None, None) => "no reason is recorded".to_owned(),
    };
    let tally = Tally::of(facts);
    let lead = match facts.event.kind {
        EventKind::Message if tally.reached() > 0 => "Answered in part only",
        EventKind::Message => "Not answered",
        EventKind::Status | EventKind::Other => "Not handled",
    };
    let sent = tally.parts(facts);
    let sent = sent.map(|parts| format!("; of what it sent before, {parts}"));
    said(
        Answer::GivenUp,
        format!(
            "{lead}: given up after {runs}, because {because}{}.",
            sent.unwrap_or_default()
        ),
    )
}

fn discarded(facts: &Facts<'_>) -> Explanation {
    let when = facts.event.discarded_at.unwrap_or(facts.now);
    let when = at(when, facts.now);
    let because = match (&facts.event.last_error, facts.runs.last()) {
        (Some(error), _) => format!(", after it had failed: {}", quoted(error)),
        (None, _) => String::new(),
    };
    let lead = match facts.event.kind {
        EventKind::Message if Tally::of(facts).reached() > 0 => "Answered in part only",
        EventKind::Message => "Not answered",
        EventKind::Status | EventKind::Other => "Not handled",
    };
    said(
        Answer::GivenUp,
        format!("{lead}: it was given up by hand at {when}{because}."),
    )
}

/// How a run failed.
fn why(run: &StoredRun) -> String {
    // What has no lead here is an error that is a clause of its own.
    let lead = match &run.outcome {
        Some(Told::Known(outcome)) => match outcome {
            Outcome::BotThrew => "the bot threw",
            Outcome::Timeout => "it ran out of time",
            Outcome::OutOfMemory => "it ran out of memory",
            Outcome::HostUnavailable => "the host could not run it",
            Outcome::Lost => return format!("host {} stopped while it ran this", run.owner),
            Outcome::NotDeployed => return "there was no version to run it with".to_owned(),
            Outcome::Done
            | Outcome::Declined
            | Outcome::BadStatus
            | Outcome::Trap
            | Outcome::Rejected
            | Outcome::SendWaits
            | Outcome::Expired
            | Outcome::Person
            | Outcome::Released => return bare(run, outcome.word()),
        },
        Some(Told::New(word)) => return bare(run, word),
        None => {
            let unknown = || "nobody recorded how the run ended".to_owned();
            return run.error.as_deref().map_or_else(unknown, quoted);
        }
    };
    match run.error.as_deref() {
        Some(error) => format!("{lead}: {}", quoted(error)),
        None => lead.to_owned(),
    }
}

/// The error of a run, else the word that its end was recorded with.
fn bare(run: &StoredRun, outcome: &str) -> String {
    let error = run.error.as_deref().map(quoted);
    error.unwrap_or_else(|| format!("the run ended as `{outcome}`"))
}
