//! What a run may do: the host's services, narrowed to one project and one event.

use super::complaint::LastComplaint;
use super::messenger::ProjectMessenger;
use super::outbound::RunClient;
use crate::capabilities::{
    Conversation, ConversationError, Conversations, DatabaseGrant, Grants, Level, LogSink,
};
use crate::conversations::{self, ConversationStore};
use crate::deploys::{Say, Serving};
use crate::logs::{LogWriter, Origin};
use crate::postgres::{Limits, TenantDatabase};
use crate::projects::{ProjectId, Redactor, Seam};
use crate::telemetry::Telemetry;
use crate::whatsapp::{Gateway, GraphEndpoint, Outbox, SendContext};
use crate::words::LogLevel;
use crate::workshop::Positions;
use futures::future::BoxFuture;
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

/// What all runs share.
pub struct Services {
    /// Connections of tenants.
    pub database: TenantDatabase,
    /// Conversations in the control database.
    pub conversations: ConversationStore,
    /// The way by which messages leave.
    pub outbox: Outbox,
    /// The way to Meta for everything else.
    pub gateway: Gateway,
    /// Where Meta is.
    pub endpoint: GraphEndpoint,
    /// Where what bots log is kept.
    pub logs: LogWriter,
    /// Where numbers and spans go.
    pub telemetry: Telemetry,
}

impl Services {
    /// The log of one run.
    pub(super) fn log(
        &self,
        serving: &Serving,
        origin: Origin,
        event_id: i64,
        complaint: &LastComplaint,
    ) -> BotLog {
        BotLog::new(LogOf {
            project: serving.project_name.clone(),
            event_id,
            positions: serving.positions.clone(),
            redactor: serving.redactor.clone(),
            complaint: complaint.clone(),
            kept: self.logs.clone(),
            origin,
            say: None,
        })
    }

    pub(super) fn grants(
        &self,
        serving: &Serving,
        log: BotLog,
        traceparent: Option<&str>,
        context: Option<&SendContext>,
    ) -> Grants {
        let origin = log.0.into.origin;
        let trace = self.telemetry.tracer.scope(traceparent);
        let client = RunClient {
            egress: serving.egress.clone(),
            gateway: self.gateway.clone(),
            meta: context.map(|context| (context.clone(), serving.scope())),
            redactor: serving.redactor.clone(),
            trace: trace.clone(),
        };
        let mut grants = Grants::none()
            .with_database(DatabaseGrant {
                database: self.database.clone(),
                tenant: serving.tenant.clone(),
                limits: Limits::default(),
            })
            .with_conversations(Arc::new(ProjectConversations {
                store: self.conversations.clone(),
                project_id: origin.project_id,
            }))
            .with_secrets(serving.secrets.clone())
            .with_log(Arc::new(log))
            .with_trace(trace.clone())
            .with_source(serving.source.clone())
            .with_http(Arc::new(client));
        if let Some(context) = context {
            grants = grants.with_whatsapp(Arc::new(ProjectMessenger {
                outbox: self.outbox.clone(),
                gateway: self.gateway.clone(),
                context: context.clone(),
                scope: serving.scope(),
                redactor: serving.redactor.clone(),
                trace,
            }));
        }
        grants
    }
}

/// A bot's log: kept for the project, and lines of the host's own log under the target `bot`. Clones
/// write one log.
#[derive(Clone)]
pub(crate) struct BotLog(Arc<Writing>);

struct Writing {
    into: LogOf,
    seam: Mutex<Seam<LogLevel>>,
}

/// Whose log that is, and where it goes.
pub(crate) struct LogOf {
    pub(crate) project: Arc<str>,
    pub(crate) event_id: i64,
    pub(crate) positions: Positions,
    pub(crate) redactor: Redactor,
    pub(crate) complaint: LastComplaint,
    pub(crate) kept: LogWriter,
    pub(crate) origin: Origin,
    /// Hears every line, too.
    pub(crate) say: Option<Say>,
}

impl BotLog {
    pub(crate) fn new(into: LogOf) -> Self {
        Self(Arc::new(Writing {
            into,
            seam: Mutex::default(),
        }))
    }

    /// The text without what is secret.
    pub(super) fn redact(&self, text: &str) -> String {
        self.0.into.redactor.redact(text).into_owned()
    }

    /// Writes what was held back: nothing follows that it could be the beginning of.
    pub(super) fn end(&self) {
        self.0.end();
    }
}

impl LogSink for BotLog {
    fn worded<'a>(&self, message: &'a str) -> Cow<'a, str> {
        Cow::Owned(self.0.into.positions.rewrite(message))
    }

    fn write(&self, level: Level, message: &str) {
        let into = &self.0.into;
        // Held while they are written: lines stay in order.
        let mut seam = self.0.seam.lock().unwrap_or_else(PoisonError::into_inner);
        for (level, line) in seam.push(&into.redactor, level.into(), message.to_owned()) {
            into.line(level, &line);
        }
    }
}

impl Writing {
    fn end(&self) {
        let mut seam = self.seam.lock().unwrap_or_else(PoisonError::into_inner);
        for (level, line) in seam.end() {
            self.into.line(level, &line);
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.end();
    }
}

impl LogOf {
    fn line(&self, level: LogLevel, message: &str) {
        let (project, event) = (&*self.project, self.event_id);
        if level == LogLevel::Error {
            self.complaint.note(message);
        }
        self.kept.write(self.origin, level, message);
        if let Some(say) = &self.say {
            say(level, &format!("bot: {message}"));
        }
        // A line that begins at the margin would look like the host's own.
        let message = message.replace('\r', "").replace('\n', "\n    ");
        match level {
            LogLevel::Trace => tracing::trace!(target: "bot", project, event, "{message}"),
            LogLevel::Debug => tracing::debug!(target: "bot", project, event, "{message}"),
            LogLevel::Info => tracing::info!(target: "bot", project, event, "{message}"),
            LogLevel::Warn => tracing::warn!(target: "bot", project, event, "{message}"),
            LogLevel::Error => tracing::error!(target: "bot", project, event, "{message}"),
        }
    }
}

/// One project's conversations.
struct ProjectConversations {
    store: ConversationStore,
    project_id: ProjectId,
}

impl Conversations for ProjectConversations {
    fn get(&self, contact: String) -> BoxFuture<'_, Result<Conversation, ConversationError>> {
        Box::pin(async move {
            let found = self.store.find(self.project_id, &contact).await;
            let found = found.map_err(|error| refused(error, &contact))?;
            Ok(Conversation {
                id: found.conversation_id.0.to_string(),
                wa_id: found.wa_id,
                user_id: found.user_id,
                name: found.name,
                state: found.state,
            })
        })
    }

    fn set_state(
        &self,
        contact: String,
        state: Option<String>,
    ) -> BoxFuture<'_, Result<(), ConversationError>> {
        Box::pin(async move {
            let set = self
                .store
                .set_state(self.project_id, &contact, state.as_deref())
                .await;
            set.map(|_| ()).map_err(|error| refused(error, &contact))
        })
    }
}

fn refused(error: conversations::ConversationError, contact: &str) -> ConversationError {
    match error {
        conversations::ConversationError::UnknownContact => {
            ConversationError::UnknownContact(contact.to_owned())
        }
        conversations::ConversationError::StateTooLong(_) => ConversationError::TooLong,
        conversations::ConversationError::Database(source) => {
            tracing::error!(error = %source, "a conversation could not be read or changed");
            ConversationError::Unavailable("the control database failed; try again".to_owned())
        }
    }
}
