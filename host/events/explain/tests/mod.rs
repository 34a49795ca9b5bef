//! One sentence for each thing that can become of an event: `answers` has what was sent or was not,
//! `waits` all that is not over or was given up.

mod answers;
mod waits;

use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Answer, Facts, MetaError, explain};
use crate::events::model::{Head, ProjectFacts, SendStatus, StoredEvent, StoredRun, StoredSend};
use crate::inbox::{EventId, EventKind, RunId};
use crate::whatsapp::SendState;
use crate::words::Told;

/// 2026-11-26, 12:00:00.
fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_694_400, 0).unwrap()
}

fn after(seconds: i64) -> DateTime<Utc> {
    let noon = noon().timestamp();
    DateTime::from_timestamp(noon + seconds, 0).unwrap()
}

/// What a test says of an event; [`Story::told`] explains it at noon and ten seconds.
struct Story {
    event: StoredEvent,
    runs: Vec<StoredRun>,
    sends: Vec<StoredSend>,
    complaint: Option<String>,
    project: ProjectFacts,
    head: Option<Head>,
    is_head_running: bool,
}

impl Story {
    fn of(state: &str) -> Self {
        let event = StoredEvent {
            event_id: EventId(17),
            kind: EventKind::Message,
            state: state.parse().unwrap(),
            dedupe_key: "m:wamid.X".to_owned(),
            queue: "queue".to_owned(),
            attempts: 0,
            deferrals: 0,
            last_error: None,
            received_at: noon(),
            finished_at: None,
            discarded_at: None,
            message_type: Some("text".to_owned()),
            conversation_id: None,
            wa_id: Some("16505551234".to_owned()),
            user_id: None,
            group_id: None,
            name: None,
            lease: None,
            ready_at: None,
            not_before: None,
        };
        Self {
            event,
            runs: Vec::new(),
            sends: Vec::new(),
            complaint: None,
            project: ProjectFacts {
                is_active: true,
                has_version: true,
                has_number: true,
                token_refused_at: None,
                max_running: None,
                events_per_minute: None,
            },
            head: None,
            is_head_running: false,
        }
    }

    fn done() -> Self {
        let mut story = Self::of("done").ran("done", None);
        story.runs[0].response_status = Some(200);
        story
    }

    /// A run that ended.
    fn ran(mut self, outcome: &str, error: Option<&str>) -> Self {
        let n = self.runs.len() as i64;
        self.event.attempts += 1;
        self.event.last_error = error.map(str::to_owned).or(self.event.last_error);
        self.runs.push(StoredRun {
            run_id: RunId(Uuid::from_u128(n as u128 + 1)),
            event_id: self.event.event_id,
            attempt: self.event.attempts,
            owner: "one".to_owned(),
            version_id: Uuid::nil(),
            started_at: after(n),
            ended_at: Some(after(n + 1)),
            outcome: Some(Told::of(outcome)),
            error: error.map(str::to_owned),
            wall_us: Some(12_345),
            cpu_us: None,
            memory_bytes: None,
            host_calls: None,
            sends: None,
            response_status: None,
            refusal: None,
        });
        self
    }

    /// The last run goes on, under a lease until then.
    fn runs_until(mut self, until: DateTime<Utc>) -> Self {
        self = self.ran("", None);
        let run = self.runs.last_mut().unwrap();
        (run.ended_at, run.outcome) = (None, None);
        self.event.lease = Some(run.run_id);
        self.event.ready_at = Some(until);
        self
    }

    fn next_try(mut self, at: DateTime<Utc>) -> Self {
        self.event.ready_at = Some(at);
        self
    }

    fn sent(mut self, state: SendState, statuses: &[&str]) -> Self {
        let statuses = statuses.iter().map(|status| SendStatus {
            status: Told::of(status),
            at: after(3),
            error: (*status == "failed").then(|| error(131_026)),
        });
        self.sends.push(StoredSend {
            send_id: 1,
            event_id: self.event.event_id,
            attempt: 1,
            state,
            message_type: Some("text".to_owned()),
            is_to_customer: Some(true),
            response_status: Some(200),
            error: (state == SendState::Rejected).then(|| error(131_056)),
            setback: None,
            wamid: Some("wamid.Y".to_owned()),
            settle_by: (state == SendState::Unsettled).then(|| after(61)),
            created_at: after(1),
            updated_at: after(2),
            statuses: statuses.collect(),
        });
        self
    }

    fn elsewhere(mut self) -> Self {
        self = self.sent(SendState::Sent, &["read"]);
        self.sends.last_mut().unwrap().is_to_customer = Some(false);
        self
    }

    fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn behind(self, error: Option<&str>, is_running: bool) -> Self {
        self.but(|story| {
            story.head = Some(Head {
                queue: "queue".to_owned(),
                event_id: EventId(12),
                kind: EventKind::Message,
                last_error: error.map(str::to_owned),
            });
            story.is_head_running = is_running;
        })
    }

    #[track_caller]
    fn told(&self, answer: Answer, sentence: &str) {
        let explanation = explain(&Facts {
            now: after(10),
            event: &self.event,
            runs: &self.runs,
            sends: &self.sends,
            complaint: self.complaint.as_deref(),
            project: self.project,
            head: self.head.as_ref(),
            is_head_running: self.is_head_running,
        });
        assert_eq!(explanation.sentence, sentence);
        assert_eq!(explanation.answer, answer);
    }
}

fn error(code: i64) -> MetaError {
    MetaError {
        code,
        message: None,
        details: None,
    }
}
