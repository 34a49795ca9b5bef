//! Events for who looks after the queue and may not read what people wrote.
//!
//! A bot's errors may quote its customers, so none of its words are left, nor Meta's about a message. How
//! a run ended, with which status and when, says nothing of them; what the host says of itself neither.

use std::collections::HashMap;

use super::model::{Head, StoredEvent, StoredRun, StoredSend};
use crate::inbox::{EventId, Outcome};
use crate::words::Told;

/// Stands in the place of words where their absence would say something else.
const HIDDEN: &str = "its words are not shown to this token";

/// Takes everything out that people or bots said.
pub(super) fn hide(
    events: &mut [StoredEvent],
    runs: &mut [StoredRun],
    sends: &mut [StoredSend],
    heads: &mut [Head],
) {
    let mut last: HashMap<EventId, bool> = HashMap::new();
    for run in runs {
        let outcome = run.outcome.as_ref().and_then(Told::known);
        let is_hosts = outcome.is_some_and(is_hosts);
        last.insert(run.event_id, is_hosts);
        if !is_hosts {
            run.error = None;
        }
        run.refusal = None;
    }
    for event in events {
        // Without a run nobody but the host has said anything.
        if last.get(&event.event_id) == Some(&false) {
            event.last_error = None;
        }
        event.wa_id = None;
        event.user_id = None;
        event.group_id = None;
        event.name = None;
    }
    for send in sends {
        // Meta's ids of messages hold the number that they are for.
        send.wamid = None;
        let statuses = send.statuses.iter_mut();
        let errors = statuses.filter_map(|status| status.error.as_mut());
        for error in errors.chain(send.error.as_mut()) {
            replace(&mut error.message);
            replace(&mut error.details);
        }
    }
    for head in heads {
        replace(&mut head.last_error);
    }
}

/// Whether only the host speaks of a run that ended so.
fn is_hosts(outcome: Outcome) -> bool {
    match outcome {
        Outcome::HostUnavailable
        | Outcome::NotDeployed
        | Outcome::Expired
        | Outcome::Person
        | Outcome::Released
        | Outcome::Lost => true,
        Outcome::Done
        | Outcome::Declined
        | Outcome::BotThrew
        | Outcome::BadStatus
        | Outcome::Trap
        | Outcome::Timeout
        | Outcome::OutOfMemory
        | Outcome::Rejected
        | Outcome::SendWaits => false,
    }
}

fn replace(words: &mut Option<String>) {
    if words.is_some() {
        *words = Some(HIDDEN.to_owned());
    }
}
