//! What a bot asked of Meta in vain, told in its log: many never look at the answer.

use crate::capabilities::{Level, LogSink};
use crate::events::MetaError;
use crate::grants::BotLog;
use crate::inbox::{ClaimedEvent, EventKind, RunOutcome};
use crate::whatsapp::{GraphError, Refusal};

/// Writes a line for each refusal. Gives the last of those that are no messages, for the run's record:
/// messages have rows of their own.
pub(super) fn tell(log: &BotLog, refusals: &[Refusal]) -> Option<String> {
    let mut last = None;
    for refusal in refusals {
        let text = log.redact(&words(refusal));
        log.write(Level::Warn, &text);
        if matches!(refusal, Refusal::Request(..) | Refusal::Denied(..)) {
            last = Some(text);
        }
    }
    last
}

/// Says of a message that the bot was done with it, and that the customer heard nothing.
pub(super) fn tell_end(log: &BotLog, event: &ClaimedEvent, outcome: &RunOutcome) {
    let (RunOutcome::Done(report) | RunOutcome::Declined(report)) = outcome else {
        return;
    };
    let status = report.response_status.unwrap_or_default();
    let text = match (outcome, report.sends) {
        (RunOutcome::Declined(_), _) => {
            format!("the bot declined the event with status {status}: it is not run again")
        }
        (_, 0) if event.kind == EventKind::Message => {
            format!("the bot ended with status {status} and asked for no message to be sent")
        }
        _ => return,
    };
    log.write(Level::Info, &text);
}

fn words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Message(error) => {
            format!("Meta refused a message of the bot: {}", meaning(error))
        }
        Refusal::Unsent(reason) => format!("a message of the bot did not go out: {reason}"),
        Refusal::Request(what, error) => {
            format!("Meta refused the bot's request {what}: {}", meaning(error))
        }
        Refusal::Denied(what, reason) => {
            format!("Roost refused the bot's request {what} to Meta: {reason}")
        }
    }
}

fn meaning(error: &GraphError) -> String {
    let error = MetaError {
        code: i64::from(error.code),
        message: Some(error.message.clone()).filter(|text| !text.is_empty()),
        details: error.details.clone(),
    };
    error.meaning()
}
