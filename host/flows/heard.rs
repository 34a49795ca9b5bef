//! What Meta's webhooks tell of Flows: that one was published, throttled, blocked.

use futures::future::BoxFuture;
use serde_json::Value;
use sqlx::PgPool;
use sqlx::types::chrono::{DateTime, Utc};

use super::store::Store;
use crate::inbox::AccountListener;

/// Takes down the state of a Flow as soon as Meta tells it, so that nobody has to compare first.
#[derive(Clone)]
pub struct FlowListener {
    store: Store,
}

impl FlowListener {
    pub fn new(pool: PgPool) -> Self {
        Self {
            store: Store { pool },
        }
    }
}

impl AccountListener for FlowListener {
    fn hear<'a>(
        &'a self,
        account: &'a str,
        field: &'a str,
        payload: &'a str,
        _key: &'a str,
    ) -> BoxFuture<'a, Result<(), sqlx::Error>> {
        Box::pin(async move {
            if field != "flows" {
                return Ok(());
            }
            let json: Value = serde_json::from_str(payload).unwrap_or_default();
            match StatusChange::read(&json) {
                Some(change) => self.store.heard(account, &change).await,
                None => Ok(()),
            }
        })
    }
}

/// A Flow's change of state.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StatusChange {
    pub(super) flow_id: String,
    pub(super) before: Option<String>,
    pub(super) after: String,
    /// When it happened.
    pub(super) at: Option<DateTime<Utc>>,
}

impl StatusChange {
    fn read(webhook: &Value) -> Option<Self> {
        let entry = &webhook["entry"][0];
        let value = &entry["changes"][0]["value"];
        if value["event"] != "FLOW_STATUS_CHANGE" {
            return None;
        }
        let word = |key: &str| {
            let word = value[key].as_str()?;
            let is_word = (1..=40).contains(&word.len())
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            is_word.then(|| word.to_owned())
        };
        let at = entry["time"].as_i64();
        // Some of Meta's have milliseconds.
        let at = at.map(|at| if at > 100_000_000_000 { at / 1000 } else { at });
        Some(Self {
            flow_id: word("flow_id")?,
            before: word("old_status"),
            after: word("new_status")?.to_ascii_uppercase(),
            at: at.and_then(|at| DateTime::from_timestamp(at, 0)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::StatusChange;
    use serde_json::json;

    #[test]
    fn a_change_of_state_is_read_and_nothing_else() {
        let webhook =
            |value| json!({"entry": [{"time": 1_700_000_000, "changes": [{"value": value}]}]});
        let change = json!({"event": "FLOW_STATUS_CHANGE", "flow_id": "7", "old_status": "DRAFT", "new_status": "PUBLISHED"});
        let read = StatusChange::read(&webhook(change)).unwrap();
        assert_eq!(read.flow_id, "7");
        assert_eq!(read.before.as_deref(), Some("DRAFT"));
        assert_eq!(read.after, "PUBLISHED");
        assert_eq!(read.at.unwrap().timestamp(), 1_700_000_000);
        for other in [
            json!({"event": "ENDPOINT_LATENCY", "flow_id": "7"}),
            json!({"event": "FLOW_STATUS_CHANGE", "flow_id": "7"}),
            json!({"event": "FLOW_STATUS_CHANGE", "flow_id": "7", "new_status": "<b>"}),
            json!({"event": "FLOW_STATUS_CHANGE", "flow_id": 7, "new_status": "PUBLISHED"}),
        ] {
            assert_eq!(StatusChange::read(&webhook(other)), None);
        }
    }
}
