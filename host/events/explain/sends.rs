//! What became of the messages of an event.

use super::words::{at, quoted};
use super::{Answer, Facts};
use crate::events::model::{DeliveryStatus, StoredSend};
use crate::whatsapp::SendState;
use crate::words::Told;

/// Messages by how far they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally<'a> {
    read: usize,
    delivered: usize,
    accepted: Vec<&'a StoredSend>,
    /// Meta took them, and could not deliver them.
    failed: Vec<&'a StoredSend>,
    rejected: Vec<&'a StoredSend>,
    unsettled: Vec<&'a StoredSend>,
    /// They certainly did not go out, or are being tried.
    unsent: Vec<&'a StoredSend>,
    /// To others than who wrote.
    pub(super) elsewhere: usize,
}

impl<'a> Tally<'a> {
    pub(super) fn of(facts: &Facts<'a>) -> Self {
        let mut tally = Self::default();
        for send in facts.sends {
            if send.is_to_customer == Some(false) {
                tally.elsewhere += 1;
                continue;
            }
            match send.state {
                SendState::Sent => match send.statuses.last().map(|last| &last.status) {
                    Some(Told::Known(DeliveryStatus::Read | DeliveryStatus::Played)) => {
                        tally.read += 1;
                    }
                    Some(Told::Known(DeliveryStatus::Delivered)) => tally.delivered += 1,
                    Some(Told::Known(DeliveryStatus::Failed)) => tally.failed.push(send),
                    Some(Told::Known(DeliveryStatus::Sent) | Told::New(_)) | None => {
                        tally.accepted.push(send);
                    }
                },
                SendState::Rejected => tally.rejected.push(send),
                SendState::Unsettled => tally.unsettled.push(send),
                SendState::Released | SendState::Prepared => tally.unsent.push(send),
            }
        }
        tally
    }

    fn total(&self) -> usize {
        self.reached()
            + self.failed.len()
            + self.rejected.len()
            + self.unsettled.len()
            + self.unsent.len()
    }

    /// Those that Meta has and did not give back.
    pub(super) fn reached(&self) -> usize {
        self.read + self.delivered + self.accepted.len()
    }

    fn best(&self) -> Answer {
        if self.read > 0 {
            Answer::Read
        } else if self.delivered > 0 {
            Answer::Delivered
        } else if !self.accepted.is_empty() {
            Answer::Accepted
        } else if !self.unsettled.is_empty() {
            Answer::Unsettled
        } else {
            Answer::Failed
        }
    }

    /// What became of the answer; `None` when nothing was sent to the customer.
    pub(super) fn sentence(&self, facts: &Facts<'_>) -> Option<(Answer, String)> {
        if self.total() == 0 {
            return None;
        }
        let answer = self.best();
        if self.total() > 1 {
            let parts = self.parts(facts).unwrap_or_default();
            let lead = match answer {
                Answer::Read | Answer::Delivered => "Answered",
                Answer::Accepted => "Sent, and not delivered yet",
                Answer::Unsettled => "Nobody knows yet whether the customer got an answer",
                _ => "Not answered",
            };
            let total = self.total();
            return Some((answer, format!("{lead}: of {total} messages {parts}.")));
        }
        let sentence = match answer {
            Answer::Read => "Answered: the customer has read the bot's message.".to_owned(),
            Answer::Delivered => {
                "Answered: the bot's message is on the customer's phone, and not read yet."
                    .to_owned()
            }
            Answer::Accepted => {
                let when = self
                    .accepted
                    .first()
                    .map(|send| at(send.updated_at, facts.now));
                format!(
                    "Sent, and not delivered yet: Meta took the bot's message at {} and reported no \
                     delivery so far, as when the phone is off.",
                    when.unwrap_or_default()
                )
            }
            Answer::Unsettled => format!(
                "Nobody knows yet whether the customer got an answer: Meta's answer to the bot's \
                 message was lost{}.",
                self.unsettled_until(facts)
            ),
            _ if !self.failed.is_empty() => format!(
                "Not answered: Meta took the bot's message and could not deliver it: {}.",
                undelivered(&self.failed)
            ),
            _ if !self.rejected.is_empty() => format!(
                "Not answered: Meta refused the bot's message: {}.",
                refused(&self.rejected)
            ),
            _ => format!(
                "Not answered: the bot's message did not go out{}, and the bot ended all the same.",
                held_back(&self.unsent).map_or_else(String::new, |why| format!(", because {why}"))
            ),
        };
        Some((answer, sentence))
    }

    /// How many came how far; `None` when there is none.
    pub(super) fn parts(&self, facts: &Facts<'_>) -> Option<String> {
        let mut parts = Vec::new();
        let mut part = |count: usize, what: String| {
            let verb = if count == 1 { "was" } else { "were" };
            if count > 0 {
                parts.push(format!("{count} {verb} {what}"));
            }
        };
        part(self.read, "read".to_owned());
        part(self.delivered, "delivered".to_owned());
        part(
            self.accepted.len(),
            "taken by Meta without a delivery so far".to_owned(),
        );
        part(
            self.failed.len(),
            format!("not delivered ({})", undelivered(&self.failed)),
        );
        part(
            self.rejected.len(),
            format!("refused by Meta ({})", refused(&self.rejected)),
        );
        let unsettled = self.unsettled_until(facts);
        part(self.unsettled.len(), format!("sent or not{unsettled}"));
        let why = held_back(&self.unsent);
        let why = why.map_or_else(String::new, |why| format!(" ({why})"));
        part(self.unsent.len(), format!("not sent{why}"));
        part(self.elsewhere, "for somebody else".to_owned());
        let last = parts.pop()?;
        Some(if parts.is_empty() {
            last
        } else {
            format!("{} and {last}", parts.join(", "))
        })
    }

    /// Until when nobody knows; empty when all is known.
    pub(super) fn unsettled_until(&self, facts: &Facts<'_>) -> String {
        let Some(latest) = self
            .unsettled
            .iter()
            .filter_map(|send| send.settle_by)
            .max()
        else {
            return String::new();
        };
        format!(
            "; a status of Meta may still tell, and at {} it counts as not sent",
            at(latest, facts.now)
        )
    }
}

fn undelivered(failed: &[&StoredSend]) -> String {
    let error = failed
        .first()
        .and_then(|send| send.statuses.last())
        .and_then(|last| last.error.as_ref());
    error.map_or_else(
        || "Meta gives no reason".to_owned(),
        |error| error.meaning(),
    )
}

fn refused(rejected: &[&StoredSend]) -> String {
    let error = rejected.first().and_then(|send| send.error.as_ref());
    error.map_or_else(
        || "Meta gives no reason".to_owned(),
        |error| error.meaning(),
    )
}

/// Why a message did not go out, when that is known.
fn held_back(unsent: &[&StoredSend]) -> Option<String> {
    let error = unsent.iter().find_map(|send| send.error.as_ref());
    let reason = || unsent.iter().find_map(|send| send.setback.as_deref());
    error
        .map(|error| error.meaning())
        .or_else(|| reason().map(quoted))
}
