//! Status webhooks: they settle sends whose answer was lost, and tell of limits that Meta found late.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::Outbox;
use super::effect::one_name;
use super::pauses::Refused;
use super::row::{Origin, Watched};
use crate::whatsapp::client::GraphResponse;
use crate::whatsapp::codes::Paused;
use crate::whatsapp::error::Verdict;

/// What a status says of a message, as far as its send needs it. Whatever it is, `sent`,
/// `delivered`, `read`, `played` or `failed`, it means that Meta had taken the message: `failed` comes
/// after an accepted send too.
#[derive(Debug, Clone, Copy)]
pub struct StatusNotice<'a> {
    /// Meta's id of the message.
    pub wamid: &'a str,
    /// The WhatsApp id of the person whom it went to, when the status names it.
    pub wa_id: Option<&'a str>,
    /// That person's user id, likewise.
    pub user_id: Option<&'a str>,
    /// `biz_opaque_callback_data` as it came.
    pub callback_data: Option<&'a str>,
    /// `errors` as it came, in JSON: why it failed.
    pub errors: Option<&'a str>,
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

impl StatusNotice<'_> {
    /// Its errors, each as an answer of Meta's to the send would have said it.
    fn refusals(&self) -> Vec<GraphResponse> {
        let errors: Option<Vec<Value>> = self
            .errors
            .and_then(|errors| serde_json::from_str(errors).ok());
        errors.iter().flatten().filter_map(refusal).collect()
    }

    /// All names by which bots may address the person.
    fn names(&self, row: &Watched) -> Vec<String> {
        let named = [row.recipient.as_deref(), self.wa_id, self.user_id];
        let names = named.into_iter().flatten().map(one_name);
        let mut names: Vec<String> = names.filter(|name| !name.is_empty()).collect();
        names.sort();
        names.dedup();
        names
    }
}

impl Outbox {
    /// Marks the send that a status names as sent, with the status' id of the message.
    ///
    /// Statuses may come in any order, more than once, and before the answer to the send.
    pub async fn settle(&self, status: &StatusNotice<'_>) -> Result<Settlement, sqlx::Error> {
        let key = &self.settings.callback_key;
        let Some(send_id) = status.callback_data.and_then(|text| key.open(text)) else {
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

    /// Whether it is known by now of one of these sends whether it went out.
    pub async fn is_any_settled(&self, sends: &[i64]) -> Result<bool, sqlx::Error> {
        self.store.is_any_decided(sends).await
    }

    /// Meta takes some messages before it finds that a limit is reached: the status says so then.
    async fn slow_down(&self, status: &StatusNotice<'_>, row: &Watched) {
        for answer in status.refusals() {
            let Some(pause) = Verdict::of(&answer).pause(&answer) else {
                continue;
            };
            // A pair without a recipient would be the whole number.
            let recipients = match pause.of {
                Paused::Pair => status.names(row),
                Paused::Number => vec![String::new()],
            };
            for recipient in &recipients {
                let refused = Refused {
                    project_id: row.project_id,
                    number: &row.phone_number_id,
                    recipient,
                };
                if let Err(error) = self.store.pause(&refused, pause, &answer).await {
                    tracing::error!(%error, "a limit of Meta could not be written down");
                }
            }
        }
    }
}

/// One of a status' errors as the answer to a send: it has a title where an answer has a message.
fn refusal(error: &Value) -> Option<GraphResponse> {
    let code = error.get("code")?.as_i64()?;
    let message = error.get("message").or_else(|| error.get("title"));
    let body = json!({ "error": {
        "message": message.unwrap_or(&Value::Null),
        "code": code,
        "error_data": error.get("error_data").unwrap_or(&Value::Null),
    } });
    Some(response(StatusCode::BAD_REQUEST, &body))
}

/// What Meta would have answered.
fn answer(status: &StatusNotice<'_>, recipient: Option<&str>) -> GraphResponse {
    let named = recipient.or(status.wa_id).or(status.user_id);
    let mut contact = json!({ "input": named.unwrap_or_default() });
    for (key, id) in [("wa_id", status.wa_id), ("user_id", status.user_id)] {
        if let Some(id) = id {
            contact[key] = json!(id);
        }
    }
    let body = json!({
        "messaging_product": "whatsapp",
        "contacts": [contact],
        "messages": [{ "id": status.wamid }],
    });
    response(StatusCode::OK, &body)
}

fn response(status: StatusCode, body: &Value) -> GraphResponse {
    GraphResponse {
        status,
        headers: HeaderMap::new(),
        body: Bytes::from(body.to_string()),
    }
}
