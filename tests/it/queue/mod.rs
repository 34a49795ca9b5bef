//! Fairness: what runs first, what each project may use, what is not run at all, how hosts tell each
//! other, and what becomes of all that when the clock is set.

mod bounds;
mod jumps;
mod limits;
mod priority;

use std::time::Duration;

use roost::inbox::{ClaimLimits, ClaimedEvent};
use serde_json::{Value, json};

use crate::support::bench::{Bench, LEASE, NUMBER, envelope};
use crate::support::bot::message_id;

/// A status of a message that `wa_id` got, as Meta sends it.
fn status(number: &str, wa_id: &str, id: &str) -> Value {
    let status = json!({"id": id, "status": "read", "timestamp": "1749416383",
                        "recipient_id": wa_id});
    envelope(number, &json!({"statuses": [status]}))
}

fn ids(events: &[ClaimedEvent]) -> Vec<String> {
    let ids = events.iter().map(|event| message_id(&event.payload));
    ids.collect()
}

impl Bench {
    /// Puts a status of a message to `wa_id`.
    async fn hears_of(&self, wa_id: &str, id: &str) {
        self.put(&status(NUMBER, wa_id, id)).await;
    }

    /// Takes so many events; of these, so many bulk ones before live ones.
    async fn claim_with_bulk(&self, events: u32, bulk_first: u32) -> Vec<ClaimedEvent> {
        let limits = ClaimLimits {
            owner: "host",
            events,
            bulk_first,
            visits: 256,
            running_per_project: 99,
            only_idle: false,
            lease: LEASE,
            after: None,
        };
        self.inbox.claim(&limits).await.unwrap().events
    }

    async fn set(&self, setting: &str, value: i32) {
        // One of two words.
        let set = format!("update project set {setting} = $2 where project_id = $1");
        sqlx::query(sqlx::AssertSqlSafe(set))
            .bind(self.project)
            .bind(value)
            .execute(&self.pool)
            .await
            .unwrap();
    }
}

const SECOND: Duration = Duration::from_secs(1);
