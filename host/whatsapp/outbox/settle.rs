//! Status webhooks: they settle sends whose answer was lost, and lose our mark on the way to the bot.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::Outbox;
use super::row::Origin;
use crate::whatsapp::client::GraphResponse;

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
        /// Whether this status settled a send whose outcome was not recorded yet.
        has_settled: bool,
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
        })
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
                has_settled: false,
            });
        };
        let has_settled = match row.is_sent {
            true => false,
            false => {
                let answer = answer(status, row.recipient.as_deref());
                self.store
                    .record_sent(send_id, &answer, Origin::Status)
                    .await?
            }
        };
        Ok(Settlement::Ours {
            callback_data: row.callback_data,
            has_settled,
        })
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
