//! Flows of one run: sent by way of the outbox, each with a token of its own.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::messenger::{ProjectMessenger, send_error};
use crate::capabilities::FlowSender;
use crate::capabilities::wit_flows::{Asked, FlowMessage, SentFlow};
use crate::capabilities::wit_whatsapp::Error;
use crate::conversations::ConversationStore;
use crate::flows::{self, Endpoint, Flow, FlowTokens, MOST_SECONDS, Sending, USUAL_SECONDS};
use crate::projects::{ProjectId, Redactor};
use crate::telemetry::TraceScope;
use crate::whatsapp::messages;
use crate::whatsapp::{Outbox, SendContext};
use futures::future::BoxFuture;
use serde_json::{Value, json};

/// What `wit/messages.json` calls a message that opens a Flow.
const MESSAGE: &str = "flow-message";

/// The longest that a bot may know a Flow by.
const MOST_REFERENCE: usize = 200;
/// A token is shorter, and so is whoever sends one.
const MOST_TOKEN: usize = 512;

/// The Flows of one run.
pub(crate) struct ProjectFlows {
    tokens: FlowTokens,
    conversations: ConversationStore,
    outbox: Outbox,
    context: SendContext,
    redactor: Redactor,
    trace: TraceScope,
    messenger: Arc<ProjectMessenger>,
    /// How often the same was sent in this run: another run of the event counts alike, and finds the same tokens.
    sent: Mutex<HashMap<String, u32>>,
}

impl ProjectFlows {
    pub(crate) fn new(
        tokens: FlowTokens,
        conversations: ConversationStore,
        messenger: Arc<ProjectMessenger>,
    ) -> Self {
        Self {
            tokens,
            conversations,
            outbox: messenger.outbox.clone(),
            context: messenger.context.clone(),
            redactor: messenger.redactor.clone(),
            trace: messenger.trace.clone(),
            messenger,
            sent: Mutex::default(),
        }
    }

    fn project(&self) -> ProjectId {
        ProjectId(self.context.attempt().project_id)
    }

    async fn sent(&self, message: FlowMessage) -> Result<SentFlow, Error> {
        let project = self.project();
        let name: String = message.name.chars().take(100).collect();
        let flow = self.tokens.flow(project, &name).await.map_err(store)?;
        let flow = flow.ok_or_else(|| {
            Error::Invalid(format!(
                "the project has no Flow `{name}`: `roost flows list` shows those that it has"
            ))
        })?;
        let reference = message.reference.as_deref();
        if reference.is_some_and(|text| text.chars().count() > MOST_REFERENCE) {
            return Err(Error::Invalid(format!(
                "`reference` has more than {MOST_REFERENCE} characters"
            )));
        }
        let mut ready = composed(&flow, &message);
        let json = messages::compose(MESSAGE, &ready);
        let json = json.map_err(|error| Error::Invalid(error.to_string()))?;
        self.messenger.has_media(&json).await?;
        let content = json.to_string();
        let sending = Sending {
            project,
            event: self.context.attempt().event_id,
            occurrence: self.occurrence(&content, reference),
            flow: flow.name.as_str(),
            recipient: &message.to,
            content: &content,
            reference,
            seconds: message.seconds.unwrap_or(USUAL_SECONDS).min(MOST_SECONDS),
        };
        let token = self.tokens.token(&sending).await.map_err(store)?;
        ready["token"] = token.as_str().into();
        let json = messages::compose(MESSAGE, &ready);
        let json = json.map_err(|error| Error::Invalid(error.to_string()))?;
        let sent = self.outbox.send(&self.context, &json).await;
        let sent = sent.map_err(send_error)?;
        if let Some(wa_id) = &sent.wa_id {
            // The message is out: it can be answered without that, too.
            if let Err(error) = self.tokens.reached(project, &token, wa_id).await {
                tracing::warn!(%error, "whom a Flow reached could not be taken down");
            }
        }
        Ok(SentFlow {
            message_id: sent.message_id,
            wa_id: sent.wa_id,
            token,
        })
    }

    /// Which of the same it is, in this run.
    fn occurrence(&self, content: &str, reference: Option<&str>) -> u32 {
        let key = format!("{content}\n{}", reference.unwrap_or_default());
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let count = sent.entry(key).or_default();
        *count += 1;
        *count
    }

    async fn asked(&self, token: &str, sender: &str) -> Result<Option<Asked>, Error> {
        if token.len() > MOST_TOKEN || sender.len() > MOST_TOKEN {
            return Ok(None);
        }
        let project = self.project();
        let Some(sent) = self.tokens.sent(project, token).await.map_err(store)? else {
            return Ok(None);
        };
        if !self.is_from(&sent, sender).await {
            return Ok(None);
        }
        self.tokens.answered(project, token).await.map_err(store)?;
        let seconds = |time: i64| u64::try_from(time).unwrap_or_default();
        Ok(Some(Asked {
            name: sent.flow,
            contact: sent.wa_id.unwrap_or(sent.recipient),
            reference: sent.reference,
            sent_at: seconds(sent.created_at.timestamp()),
            answered_at: sent.answered_at.map(|time| seconds(time.timestamp())),
        }))
    }

    /// Whether a contact is the one that a Flow was sent to: by what it is called, or by its conversation, since one
    /// may have a phone number and a user id.
    async fn is_from(&self, sent: &flows::SentFlow, sender: &str) -> bool {
        let plain = |id: &str| id.trim_start_matches('+').to_owned();
        let sender = plain(sender);
        let names = [Some(&sent.recipient), sent.wa_id.as_ref()];
        let names: Vec<String> = names.into_iter().flatten().map(|id| plain(id)).collect();
        if names.contains(&sender) {
            return true;
        }
        let project = self.project();
        let Ok(theirs) = self.conversations.find(project, &sender).await else {
            return false;
        };
        for name in names {
            let found = self.conversations.find(project, &name).await;
            if found.is_ok_and(|found| found.conversation_id == theirs.conversation_id) {
                return true;
            }
        }
        false
    }
}

impl FlowSender for ProjectFlows {
    fn send(&self, message: FlowMessage) -> BoxFuture<'_, Result<SentFlow, Error>> {
        Box::pin(async move {
            let mut span = self.trace.span("whatsapp.send-flow");
            let sent = self.sent(message).await;
            if let Err(error) = &sent {
                span.fail(self.redactor.redact(&format!("{error:?}")).into_owned());
            }
            sent
        })
    }

    fn asked_by(
        &self,
        token: String,
        sender: String,
    ) -> BoxFuture<'_, Result<Option<Asked>, Error>> {
        Box::pin(async move { self.asked(&token, &sender).await })
    }

    fn withdraw(&self, token: String) -> BoxFuture<'_, Result<bool, Error>> {
        Box::pin(async move {
            if token.len() > MOST_TOKEN {
                return Ok(false);
            }
            let withdrawn = self.tokens.withdraw(self.project(), &token).await;
            withdrawn.map_err(store)
        })
    }
}

/// The message of Meta's that a bot's is, still without a token.
fn composed(flow: &Flow, message: &FlowMessage) -> Value {
    let asks_endpoint = message.screen.is_none() && flow.endpoint != Endpoint::None;
    json!({
        "to": message.to,
        "flow": { "id": flow.flow_id },
        "header": message.header,
        "body": message.body,
        "footer": message.footer,
        "cta": message.button,
        "action": if asks_endpoint { "data-exchange" } else { "navigate" },
        "screen": message.screen,
        "data": message.data,
        "mode": message.draft.then_some("draft"),
        "reply-to": message.reply_to,
    })
}

fn store(error: sqlx::Error) -> Error {
    tracing::warn!(%error, "a bot's Flow could not be looked up");
    Error::Unreachable("the host's database cannot be reached now; try again later".to_owned())
}
