//! What becomes of an event after a run.

use std::time::Duration;

use sqlx::types::chrono::DateTime;
use uuid::Uuid;

use super::model::{
    ClaimedEvent, EventId, EventKind, FailureKind, Lane, Outcome, Priority, RowState, RunId,
    RunOutcome, RunReport,
};
use super::retry::{Next, RetryPolicy};
use crate::projects::{ProjectId, VersionId};
use crate::words::tests::{assert_allowed, migrations};

fn policy() -> RetryPolicy {
    RetryPolicy {
        base: Duration::from_secs(1),
        ceiling: Duration::from_secs(600),
        jitter: 0.2,
        max_attempts: 3,
        max_deferrals: 2,
        max_lost: 3,
        patience: 2,
    }
}

fn event(attempt: i32, deferrals: i32) -> ClaimedEvent {
    ClaimedEvent {
        project_id: ProjectId(Uuid::nil()),
        event_id: EventId(1),
        run_id: RunId(Uuid::nil()),
        version_id: VersionId(Uuid::nil()),
        generation: 1,
        queue: "queue".to_owned(),
        kind: EventKind::Message,
        payload: String::new(),
        attempt,
        deferrals,
        lost: 0,
        received_at: DateTime::UNIX_EPOCH,
        traceparent: None,
    }
}

fn failed(kind: FailureKind) -> RunOutcome {
    RunOutcome::Failed {
        reason: "it\0 broke".to_owned(),
        kind,
        report: RunReport::default(),
    }
}

fn pause(next: Next) -> Option<Duration> {
    match next {
        Next::Again(pause) => Some(pause),
        Next::Done | Next::Dead => None,
    }
}

#[test]
fn runs_whose_host_disappeared_are_not_held_against_the_bot() {
    let judge = |attempt, lost| {
        let event = ClaimedEvent {
            lost,
            ..event(attempt, 0)
        };
        policy().judge(&event, failed(FailureKind::BotThrew)).next
    };
    assert!(matches!(judge(9, 7), Next::Again(_)));
    assert_eq!(judge(9, 6), Next::Dead);
}

#[test]
fn back_offs_double_up_to_the_ceiling() {
    let seconds = |n| policy().back_off(n, 0.5).as_secs();
    let all: Vec<u64> = (1..=10).map(seconds).collect();
    assert_eq!(all, [2, 4, 8, 16, 32, 64, 128, 256, 512, 600]);
    assert_eq!(policy().back_off(u32::MAX, 0.5).as_secs(), 600);
}

#[test]
fn a_back_off_is_off_by_the_jitter_and_no_more() {
    assert_eq!(policy().back_off(1, 0.0), Duration::from_millis(1_600));
    assert_eq!(policy().back_off(1, 1.0), Duration::from_millis(2_400));
}

#[test]
fn what_the_bot_did_is_tried_again_and_dead_in_the_end() {
    use FailureKind::{BadStatus, BotThrew, OutOfMemory, Timeout, Trap};
    for kind in [BotThrew, BadStatus, Trap, Timeout, OutOfMemory] {
        let first = policy().judge(&event(1, 0), failed(kind));
        let wait = pause(first.next).unwrap().as_millis();
        assert!((1_600..=2_400).contains(&wait), "{kind:?} waits {wait} ms");
        assert!(!first.is_deferral);
        assert_eq!(first.error.as_deref(), Some("it broke"));
        let last = policy().judge(&event(3, 0), failed(kind));
        assert_eq!((last.next, last.outcome), (Next::Dead, kind.outcome()));
    }
}

#[test]
fn later_events_wait_for_a_second_run_and_for_no_third() {
    use FailureKind::{BotThrew, HostUnavailable, SendWaits, Timeout};
    let judge = |attempt, kind| policy().judge(&event(attempt, 0), failed(kind)).is_aside;
    assert!(!judge(1, BotThrew));
    assert!(judge(2, BotThrew));
    assert!(judge(1, Timeout), "it took long enough");
    assert!(!judge(2, HostUnavailable), "others would fare no better");
    assert!(
        !judge(2, SendWaits(Duration::ZERO)),
        "messages go out in order"
    );
    assert!(!judge(3, BotThrew), "it is dead");
}

#[test]
fn what_the_bot_declines_is_done() {
    let report = RunReport {
        response_status: Some(404),
        ..RunReport::default()
    };
    let verdict = policy().judge(&event(1, 0), RunOutcome::Declined(report));
    assert_eq!(
        (verdict.next, verdict.outcome),
        (Next::Done, Outcome::Declined)
    );
    assert_eq!(
        verdict.error.as_deref(),
        Some("the bot declined: status 404")
    );
}

#[test]
fn what_cannot_succeed_is_dead_at_once() {
    let verdict = policy().judge(&event(1, 0), failed(FailureKind::Rejected));
    assert_eq!(verdict.next, Next::Dead);
}

#[test]
fn the_hosts_failures_count_against_the_bot_only_when_there_were_many() {
    let judge = |attempt, deferrals| {
        let outcome = failed(FailureKind::HostUnavailable);
        policy().judge(&event(attempt, deferrals), outcome)
    };
    assert!(judge(3, 1).is_deferral);
    assert!(pause(judge(3, 1).next).is_some());
    assert!(!judge(1, 2).is_deferral);
    assert_eq!(judge(3, 2).next, Next::Dead);
}

#[test]
fn an_event_whose_message_waits_runs_exactly_when_the_wait_is_over() {
    let judge = |attempt, deferrals, wait| {
        let outcome = failed(FailureKind::SendWaits(wait));
        policy().judge(&event(attempt, deferrals), outcome)
    };
    let hour = Duration::from_secs(3600);
    let verdict = judge(3, 0, hour);
    assert!(verdict.is_deferral);
    assert_eq!(pause(verdict.next), Some(hour));
    // Nobody knows how long: a back-off like any other.
    let wait = pause(judge(3, 0, Duration::ZERO).next).unwrap().as_millis();
    assert!((1_600..=2_400).contains(&wait), "{wait} ms");
    // It ends, however long Meta says no.
    assert_eq!(judge(3, 2, hour).next, Next::Dead);
}

#[test]
fn an_event_without_a_version_waits() {
    let outcome = failed(FailureKind::NotDeployed);
    let verdict = policy().judge(&event(3, 99), outcome);
    assert!(verdict.is_deferral);
    assert_eq!(pause(verdict.next), Some(Duration::from_secs(600)));
}

#[test]
fn done_is_done() {
    let report = RunReport {
        sends: 2,
        ..RunReport::default()
    };
    let verdict = policy().judge(&event(1, 0), RunOutcome::Done(report.clone()));
    assert_eq!((verdict.next, verdict.outcome), (Next::Done, Outcome::Done));
    assert_eq!(verdict.report, report);
}

#[test]
fn the_database_takes_the_words_of_events() {
    assert_allowed::<EventKind>("event_kind_known", &[]);
    assert_allowed::<RowState>("event_state_known", &[]);
    assert_allowed::<Lane>("event_lane_known", &[]);
}

#[test]
fn the_database_takes_both_priorities_and_the_lower_one_is_more_urgent() {
    let taken = "conversation_queue_priority_known check (priority in (0, 1))";
    assert!(migrations().iter().any(|text| text.contains(taken)));
    assert_eq!([Priority::Live as i16, Priority::Bulk as i16], [0, 1]);
}
