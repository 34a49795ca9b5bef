//! Views are read as they are written, and whatever a newer host has in them.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::events::{EventDetail, EventView};
use super::projects::{ProjectView, StandingView};
use super::versions::VersionLog;
use super::{Page, Time};
use crate::events::EventState;
use crate::inbox::Outcome;
use crate::lifecycle::StepName;
use crate::words::Told;

const NOON: &str = "2026-01-31T12:00:00.000000Z";

fn event() -> Value {
    json!({
        "id": "17", "kind": "message", "type": "text", "state": "dead", "from": "…1234",
        "conversation_id": null, "outcome": "bot-threw", "attempts": 8, "runs": 8, "sends": 0,
        "answer": "given-up", "why": "Not answered.", "last_error": "Error: no soup",
        "received_at": NOON, "finished_at": NOON,
    })
}

#[track_caller]
fn is_read_as_written<T: DeserializeOwned + Serialize>(written: &Value) -> T {
    let read: T = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), *written);
    read
}

#[test]
fn what_the_api_writes_is_read_again() {
    let page = json!({ "items": [event()], "next_cursor": null });
    let page: Page<EventView> = is_read_as_written(&page);
    assert_eq!(page.items[0].state, Told::Known(EventState::Dead));
    assert_eq!(page.items[0].outcome, Some(Told::Known(Outcome::BotThrew)));
    let detail = json!({
        "event": event(),
        "runs": [{
            "id": "1", "attempt": 1, "host": "one", "version": "2", "started_at": NOON,
            "ended_at": null, "outcome": null, "error": null, "wall_ms": 1.5, "cpu_ms": null,
            "memory_bytes": 7, "host_calls": null, "sends": null, "response_status": null,
            "refusal": null,
        }],
        "sends": [{
            "id": "1", "state": "sent", "type": "text", "is_to_customer": true,
            "message_id": "wamid.X", "error": null, "setback": null, "settle_by": null,
            "statuses": [{ "status": "warned", "at": NOON, "error": {
                "code": 7, "meaning": "no", "message": null, "details": null,
            } }],
            "created_at": NOON, "updated_at": NOON,
        }],
        "log": [],
        "payload": { "entry": [{ "id": "1" }] },
    });
    let detail: EventDetail = is_read_as_written(&detail);
    assert_eq!(detail.payload.unwrap().get(), r#"{"entry":[{"id":"1"}]}"#);
    is_read_as_written::<VersionLog>(&json!({
        "items": [{ "line": 1, "level": "warn", "text": "x", "at": NOON }],
        "next_after": 1, "state": "building", "error": null,
    }));
}

#[test]
fn a_newer_host_is_understood_as_far_as_that_goes() {
    let mut newer = event();
    newer["state"] = json!("frozen");
    newer["outcome"] = json!("melted");
    newer["mood"] = json!({ "is": "new" });
    let event: EventView = serde_json::from_value(newer).unwrap();
    assert_eq!(event.state, Told::New("frozen".to_owned()));
    assert_eq!(event.outcome.unwrap().to_string(), "melted");
    let standing: StandingView = serde_json::from_value(json!({
        "status": "hibernating", "step": "number-warm-up", "error": null, "delete_after": null,
        "steps": [{
            "step": "database", "state": "paused", "attempts": 1, "started_at": null,
            "ended_at": null, "error": null, "note": null, "next_try_at": null,
        }],
    }))
    .unwrap();
    assert_eq!(standing.status.to_string(), "hibernating");
    assert!(standing.steps[0].step.is(StepName::Database));
    let project: ProjectView = is_read_as_written(&json!({
        "id": "1", "name": "pizza", "status": "active", "number": null, "active_version": null,
        "settings": { "instance": "frozen", "colour": ["red"], "webhook_path": null },
        "created_at": NOON, "delete_after": null,
    }));
    assert_eq!(project.settings.0.len(), 3);
}

#[test]
fn times_are_read_in_any_zone_and_written_in_one() {
    let time: Time = serde_json::from_value(json!("2026-01-31T13:00:00+01:00")).unwrap();
    assert_eq!(serde_json::to_value(time).unwrap(), NOON);
    assert!(serde_json::from_value::<Time>(json!("noon")).is_err());
}
