//! What a run may do: the host's services, narrowed to one project and one event.

use crate::capabilities::{DatabaseGrant, Grants};
use crate::deploys::Serving;
use crate::flows::FlowTokens;
use crate::grants::{
    BotLog, LastComplaint, LogOf, ProjectConversations, ProjectFlows, ProjectMedia,
    ProjectMessenger, ProjectTemplates, RunClient,
};
use crate::logs::{LogWriter, Origin};
use crate::media::Media;
use crate::people::People;
use crate::postgres::{Limits, TenantDatabase};
use crate::projects::Redactor;
use crate::telemetry::Telemetry;
use crate::templates::Templates;
use crate::whatsapp::{Gateway, GraphEndpoint, Outbox, SendContext};
use std::sync::Arc;

/// What all runs share.
pub struct Services {
    /// Connections of tenants.
    pub database: TenantDatabase,
    /// Conversations, and the people who look after them.
    pub people: People,
    /// Tokens of Flows that are sent.
    pub flows: FlowTokens,
    /// The way by which messages leave.
    pub outbox: Outbox,
    /// The way to Meta for everything else.
    pub gateway: Gateway,
    /// Templates, which messages are compared with.
    pub templates: Templates,
    /// What customers sent, and uploads.
    pub media: Media,
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
        redactor: &Redactor,
        origin: Origin,
        event_id: i64,
        complaint: &LastComplaint,
    ) -> BotLog {
        BotLog::new(LogOf {
            project: serving.project_name.clone(),
            event_id,
            positions: serving.positions.clone(),
            redactor: redactor.clone(),
            complaint: complaint.clone(),
            kept: self.logs.clone(),
            origin,
            say: None,
        })
    }

    pub(super) fn grants(
        &self,
        serving: &Serving,
        redactor: &Redactor,
        log: BotLog,
        traceparent: Option<&str>,
        context: Option<&SendContext>,
    ) -> Grants {
        let origin = log.origin();
        let trace = self.telemetry.tracer.scope(traceparent);
        let client = RunClient {
            egress: serving.egress.clone(),
            gateway: self.gateway.clone(),
            meta: context.map(|context| (context.clone(), serving.scope())),
            redactor: redactor.clone(),
            trace: trace.clone(),
        };
        let mut grants = Grants::none()
            .with_database(DatabaseGrant {
                database: self.database.clone(),
                tenant: serving.tenant.clone(),
                limits: Limits::default(),
            })
            .with_conversations(Arc::new(ProjectConversations {
                people: self.people.clone(),
                project_id: origin.project_id,
            }))
            .with_secrets(serving.secrets.clone())
            .with_log(Arc::new(log))
            .with_trace(trace.clone())
            .with_source(serving.source.clone())
            .with_http(Arc::new(client));
        if let Some(context) = context {
            let messenger = Arc::new(ProjectMessenger {
                outbox: self.outbox.clone(),
                gateway: self.gateway.clone(),
                templates: self.templates.clone(),
                context: context.clone(),
                scope: serving.scope(),
                redactor: redactor.clone(),
                trace: trace.clone(),
            });
            grants = grants.with_flows(Arc::new(ProjectFlows::new(
                self.flows.clone(),
                self.people.conversations().clone(),
                messenger.clone(),
            )));
            grants = grants
                .with_media(Arc::new(ProjectMedia::new(
                    self.media.clone(),
                    origin.project_id,
                )))
                .with_templates(Arc::new(ProjectTemplates {
                    templates: self.templates.clone(),
                    project_id: origin.project_id,
                    messenger: messenger.clone(),
                }))
                .with_whatsapp(messenger);
        }
        grants
    }
}
