//! Status webhooks: they settle sends whose answer was lost, and lose our mark on the way to the bot.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::Outbox;
use super::pauses::Refused;
use super::row::{Origin, Watched};
use crate::whatsapp::client::GraphResponse;
use crate::whatsapp::codes::Paused;
use crate::whatsapp::error::Verdict;

const CALLBACK_DATA: &str = "biz_opaque_callback_data";

/// What a status says of a message.
#[derive(Debug, Clone)]
pub struct StatusNotice {
    /// Meta's id of the message.
    pub wamid: String,
    /// `sent`, `delivered`, `read`, `failed` or `played`. Any of them means that Meta had taken
    /// the message; `failed` too, which comes after an accepted send.
    pub status: String,
    /// The recipient's WhatsApp id, when the status names it.
    pub wa_id: Option<String>,
    /// `biz_opaque_callback_data` as it came.
    pub callback_data: Option<String>,
    /// Why it failed: the first of its errors.
    pub error_code: Option<i32>,
}

/// What became of a status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// Its message was not sent through an outbox: leave its callback data alone.
    Foreign,
    /// Its message was.
    Ours {
        /// The bot's own callback data, which takes the place of ours.
        callback_data: Option<String>,
        /// The event of a send that this status settled: it need wait no longer.
        settled_event: Option<i64>,
    },
}

impl StatusNotice {
    /// Reads one entry of `statuses`.
    pub fn read(status: &Value) -> Option<Self> {
        let text = |key| status.get(key).and_then(Value::as_str).map(str::to_owned);
        // Of a group the recipient is the group, which is nobody's WhatsApp id.
        let is_group = status.get("recipient_type").and_then(Value::as_str) == Some("group");
        Some(Self {
            wamid: text("id")?,
            status: text("status")?,
            wa_id: text("recipient_id").filter(|_| !is_group),
            callback_data: text(CALLBACK_DATA),
            error_code: status
                .get("errors")
                .and_then(|errors| Self::code_of(Some(&errors.to_string()))),
        })
    }

    /// The code of the first of a status' errors, given as JSON.
    pub fn code_of(errors: Option<&str>) -> Option<i32> {
        let errors: Value = serde_json::from_str(errors?).ok()?;
        errors.get(0)?.get("code")?.as_i64()?.try_into().ok()
    }
}

impl Outbox {
    /// Marks the send that a status names as sent, with the status' id of the message.
    ///
    /// Statuses may come in any order, more than once, and before the answer to the send.
    pub async fn settle(&self, status: &StatusNotice) -> Result<Settlement, sqlx::Error> {
        let key = &self.settings.callback_key;
        let Some(send_id) = status
            .callback_data
            .as_deref()
            .and_then(|text| key.open(text))
        else {
            return Ok(Settlement::Foreign);
        };
        let Some(row) = self.store.watched(send_id).await? else {
            return Ok(Settlement::Ours {
                callback_data: None,
                settled_event: None,
            });
        };
        let settled_event = match row.is_sent {
            true => None,
            false => {
                let answer = answer(status, row.recipient.as_deref());
                self.store
                    .record_sent(send_id, &answer, Origin::Status)
                    .await?
            }
        };
        self.slow_down(status, &row).await;
        Ok(Settlement::Ours {
            callback_data: row.callback_data,
            settled_event,
        })
    }

    /// Meta takes some messages before it finds that a limit is reached: the status says so then.
    async fn slow_down(&self, status: &StatusNotice, row: &Watched) {
        let Some(code) = status.error_code else {
            return;
        };
        let body = json!({ "error": { "message": "Rate limit hit", "code": code } });
        let answer = GraphResponse {
            status: StatusCode::BAD_REQUEST,
            headers: HeaderMap::new(),
            body: Bytes::from(body.to_string()),
        };
        let Some(pause) = Verdict::of(&answer).pause(&answer) else {
            return;
        };
        let refused = Refused {
            project_id: row.project_id,
            number: &row.phone_number_id,
            recipient: status.wa_id.as_deref().unwrap_or_default(),
        };
        // A pair without a recipient would be the whole number.
        if pause.of == Paused::Pair && refused.recipient.is_empty() {
            return;
        }
        if let Err(error) = self.store.pause(&refused, pause, &answer).await {
            tracing::error!(%error, "a limit of Meta could not be written down");
        }
    }

    /// Settles by one entry of `statuses`, and gives it the callback data that the bot had set.
    pub async fn receive_status(&self, status: &mut Value) -> Result<Settlement, sqlx::Error> {
        let Some(notice) = StatusNotice::read(status) else {
            return Ok(Settlement::Foreign);
        };
        let settlement = self.settle(&notice).await?;
        if let (Settlement::Ours { callback_data, .. }, Some(fields)) =
            (&settlement, status.as_object_mut())
        {
            match callback_data {
                Some(text) => fields.insert(CALLBACK_DATA.to_owned(), text.clone().into()),
                None => fields.shift_remove(CALLBACK_DATA),
            };
        }
        Ok(settlement)
    }

    /// As [`Outbox::receive_status`], for every status of a webhook's body. Returns whether the
    /// body was changed.
    pub async fn receive_statuses(&self, webhook: &mut Value) -> Result<bool, sqlx::Error> {
        let mut has_changed = false;
        let entries = webhook.get_mut("entry").and_then(Value::as_array_mut);
        let changes = entries.into_iter().flatten();
        let changes = changes
            .filter_map(|entry| entry.get_mut("changes")?.as_array_mut())
            .flatten();
        for change in changes {
            let statuses = change
                .pointer_mut("/value/statuses")
                .and_then(Value::as_array_mut);
            for status in statuses.into_iter().flatten() {
                has_changed |= self.receive_status(status).await? != Settlement::Foreign;
            }
        }
        Ok(has_changed)
    }
}

/// What Meta would have answered.
fn answer(status: &StatusNotice, recipient: Option<&str>) -> GraphResponse {
    let mut contact = json!({ "input": recipient.or(status.wa_id.as_deref()).unwrap_or_default() });
    if let Some(wa_id) = &status.wa_id {
        contact["wa_id"] = json!(wa_id);
    }
    let body = json!({
        "messaging_product": "whatsapp",
        "contacts": [contact],
        "messages": [{ "id": status.wamid }],
    });
    let body = Bytes::from(body.to_string());
    GraphResponse {
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body,
    }
}
