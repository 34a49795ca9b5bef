//! What a bot logged last as an error: it says where in the author's files a run failed.
//!
//! Express catches what handlers throw, logs it, and answers 500: of that the answer says nothing.

use crate::inbox::FailureKind;
use std::sync::{Arc, Mutex, PoisonError};

/// The longest part of a line that is kept.
const MAX_CHARS: usize = 300;

/// The last error of one run's log.
#[derive(Clone, Default)]
pub(crate) struct LastComplaint(Arc<Mutex<Option<Complaint>>>);

#[derive(Clone)]
struct Complaint {
    headline: String,
    /// Where, when the error came with a stack.
    place: Option<String>,
}

impl LastComplaint {
    /// Keeps the first line of an error, and of its stack the first in a file of the author's own.
    pub(super) fn note(&self, message: &str) {
        let kept = |line: &str| line.trim().chars().take(MAX_CHARS).collect();
        let mut frames = message
            .lines()
            .filter(|line| line.trim_start().starts_with("at "));
        let first = frames.next();
        let place = first
            .into_iter()
            .chain(frames)
            .find(|frame| !frame.contains("node_modules/"))
            .or(first)
            .map(kept);
        let headline = message.lines().next().map(kept).unwrap_or_default();
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(Complaint { headline, place });
    }

    /// The reason of a failed run, with what the log adds to it.
    pub(crate) fn explain(&self, kind: FailureKind, reason: String) -> String {
        let last = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let Some(Complaint { headline, place }) = last else {
            return reason;
        };
        let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
        match kind {
            FailureKind::BotThrew if headline.contains(&reason) => format!("{reason}{place}"),
            FailureKind::BotThrew | FailureKind::BadStatus | FailureKind::SendWaits(_) => {
                format!("{reason}; its last error: {headline}{place}")
            }
            FailureKind::Trap
            | FailureKind::Timeout
            | FailureKind::OutOfMemory
            | FailureKind::Rejected
            | FailureKind::HostUnavailable
            | FailureKind::NotDeployed => reason,
        }
    }
}
