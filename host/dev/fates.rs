//! What became of the customer's messages, for the chat: of those only that got no answer, or wait for
//! a reason that somebody should know. Who chats would otherwise see silence.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc};

use crate::events::{Answer, EventFilter, EventReport, EventState, Events, SendState};
use crate::inbox::{EventId, EventKind};
use crate::projects::ProjectId;

/// How often it looks by itself.
const PAUSE: Duration = Duration::from_millis(700);
/// Messages it looks back at: more than anybody types before the first is decided.
const MOST: i64 = 30;
/// Failed runs of one message that are told before its end is.
const TOLD_RUNS: usize = 2;

/// Watches the messages that come from now on.
pub(super) struct Fates {
    events: Events,
    project: ProjectId,
    notices: mpsc::UnboundedSender<String>,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    /// What came before the chat is nobody's question.
    after: Option<EventId>,
    messages: BTreeMap<EventId, Fate>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Fate {
    is_decided: bool,
    failures: usize,
    is_behind: bool,
}

impl Fates {
    /// Tells by `notices`.
    pub(super) async fn new(
        events: Events,
        project: ProjectId,
        notices: mpsc::UnboundedSender<String>,
    ) -> Self {
        let newest = events.list(project, &messages(), None, 1).await;
        let newest = newest.ok().and_then(|list| list.into_iter().next());
        let told = Told {
            after: newest.map(|report| report.event.event_id),
            messages: BTreeMap::new(),
        };
        Self {
            events,
            project,
            notices,
            told: Mutex::new(told),
        }
    }

    /// Looks now and then.
    pub(super) async fn watch(&self) -> std::convert::Infallible {
        loop {
            self.look().await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Tells what is new.
    pub(super) async fn look(&self) {
        let mut told = self.told.lock().await;
        // A host that stops has no more to tell.
        let Ok(mut reports) = self
            .events
            .list(self.project, &messages(), None, MOST)
            .await
        else {
            return;
        };
        reports.reverse();
        let after = told.after;
        reports.retain(|report| Some(report.event.event_id) > after);
        for report in &reports {
            let id = report.event.event_id;
            let before = told.messages.get(&id).copied().unwrap_or_default();
            if before.is_decided {
                continue;
            }
            let (now, text) = fate(report, before, &reports);
            told.messages.insert(id, now);
            if let Some(text) = text {
                // The chat is over: so is this.
                let _ = self.notices.send(text);
            }
        }
    }
}

fn messages() -> EventFilter {
    EventFilter {
        kind: Some(EventKind::Message),
        ..EventFilter::default()
    }
}

/// Where a message stands, and what there is to say of it.
fn fate(report: &EventReport, before: Fate, all: &[EventReport]) -> (Fate, Option<String>) {
    let (id, why) = (report.event.event_id, &report.explanation.sentence);
    match report.state {
        EventState::Running => (before, None),
        EventState::Done | EventState::Dead | EventState::Discarded => {
            let now = Fate {
                is_decided: true,
                ..before
            };
            let text = is_amiss(report).then(|| format!("event {id}: {why}"));
            (now, text)
        }
        EventState::Pending => {
            let failures = report.runs.iter().filter(|r| r.error.is_some()).count();
            let ahead = all.iter().find(|other| {
                other.event.queue == report.event.queue
                    && other.event.event_id < id
                    && other.state == EventState::Pending
                    && !other.runs.is_empty()
                    && other.event.not_before.is_none()
            });
            let is_behind = failures == 0 && ahead.is_some();
            let now = Fate {
                is_decided: false,
                failures,
                is_behind: before.is_behind || is_behind,
            };
            let is_news = failures > before.failures && failures <= TOLD_RUNS
                || is_behind && !before.is_behind;
            let hint = match ahead.filter(|_| is_behind) {
                Some(ahead) => format!(
                    " `roost events discard {}` lets it go.",
                    ahead.event.event_id
                ),
                None => String::new(),
            };
            let text = is_news.then(|| format!("event {id}: {why}{hint}"));
            (now, text)
        }
    }
}

/// Whether the customer has less than the bot meant to say, or nothing at all.
fn is_amiss(report: &EventReport) -> bool {
    let is_lost = |state| matches!(state, SendState::Rejected | SendState::Released);
    matches!(
        report.explanation.answer,
        Answer::None | Answer::Failed | Answer::GivenUp | Answer::Unsettled
    ) || report.sends.iter().any(|send| is_lost(send.state))
}
