//! A project with a number, in a database of its own, that sends to a scripted Graph API.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use roost::inbox::envelope::{Content, Piece, split};
use roost::inbox::{EventId, Settled, StatusSink};
use roost::projects::ProjectId;
use roost::runs::SendSettler;
use roost::whatsapp::outbox::{
    Attempt, CallbackKey, OutboundMessage, OutboundSink, Outbox, OutboxSettings, SendContext,
    Sender, Sent,
};
use roost::whatsapp::{AccessToken, GraphClient, GraphEndpoint, GraphLimits, SendError};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use tokio::time::Instant;
use uuid::Uuid;

use crate::support::bench::envelope;
use crate::support::db;
use crate::support::graph::{Act, Graph};

pub(super) const NUMBER: &str = "1065403";
pub(super) const ACCOUNT: &str = "5550001";
pub(super) const TOKEN: &str = "EAAreal/token|1";
pub(super) const EVENT: i64 = 7;

/// A project with a number, and an outbox that sends to a scripted Graph API.
pub(super) struct Bench {
    pub(super) pool: PgPool,
    pub(super) graph: Graph,
    project_id: Uuid,
    pub(super) outbox: Outbox,
}

/// Writes messages to a table; or fails, as a broken store would.
pub(super) struct Sink {
    pub(super) is_broken: bool,
}

impl OutboundSink for Sink {
    fn record<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        message: &'a OutboundMessage,
    ) -> BoxFuture<'a, Result<(), sqlx::Error>> {
        Box::pin(async move {
            if self.is_broken {
                sqlx::query("select 1 / 0").execute(connection).await?;
                return Ok(());
            }
            sqlx::query("insert into sunk (wamid, recipient, kind, text) values ($1, $2, $3, $4)")
                .bind(&message.wamid)
                .bind(&message.recipient)
                .bind(&message.kind)
                .bind(message.body["text"]["body"].as_str())
                .execute(connection)
                .await
                .map(drop)
        })
    }
}

impl Bench {
    pub(super) async fn new(script: Vec<Act>) -> Self {
        // Installed by `main` otherwise; a second time is no harm.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let pool = db::fresh().await;
        let project_id = project(&pool, "own", NUMBER, ACCOUNT).await;
        sqlx::query("create table sunk (wamid text, recipient text, kind text, text text)")
            .execute(&pool)
            .await
            .unwrap();
        let graph = Graph::start(script).await;
        let outbox = outbox(pool.clone(), &graph, Sink { is_broken: false });
        Self {
            pool,
            graph,
            project_id,
            outbox,
        }
    }

    /// Whose event it is.
    pub(super) fn project(&self) -> ProjectId {
        ProjectId(self.project_id)
    }

    /// The next run of the event, with a deadline far away.
    pub(super) fn run(&self) -> SendContext {
        self.context(Duration::from_secs(30), 100)
    }

    /// A run that may send so many messages.
    pub(super) fn run_with(&self, max_sends: u32) -> SendContext {
        self.context(Duration::from_secs(30), max_sends)
    }

    /// The outbox of another host on the same database.
    pub(super) fn another_host(&self) -> Outbox {
        outbox(self.pool.clone(), &self.graph, Sink { is_broken: false })
    }

    fn context(&self, time: Duration, max_sends: u32) -> SendContext {
        let (project_id, deadline) = (self.project_id, Instant::now() + time);
        let attempt = Attempt {
            project_id,
            event_id: EVENT,
            attempt: 1,
            deadline,
            max_sends,
        };
        let token = AccessToken::new(TOKEN);
        SendContext::new(
            attempt,
            Sender {
                phone_number_id: NUMBER.to_owned(),
                token,
            },
        )
    }

    pub(super) async fn send(&self, run: &SendContext, text: &str) -> Result<Sent, SendError> {
        self.outbox.send(run, &message(text)).await
    }

    pub(super) async fn wamid(&self, run: &SendContext, text: &str) -> String {
        self.send(run, text).await.unwrap().message_id
    }

    /// The status that Meta would send for its n-th request.
    pub(super) fn status(&self, request: usize, wamid: &str) -> Value {
        let sent = self.graph.seen()[request].json();
        json!({
            "id": wamid, "status": "sent", "timestamp": "1750030073", "recipient_id": "16505550100",
            "biz_opaque_callback_data": sent["biz_opaque_callback_data"],
        })
    }

    /// What becomes of a status, as the host reads it of a webhook.
    pub(super) async fn settle(&self, status: &Value) -> Settled {
        let pieces = self.webhook(&json!([status]));
        let Content::Status(update) = &pieces[0].content else {
            panic!("no status: {pieces:?}")
        };
        let settler = SendSettler::new(self.outbox.clone());
        let project_id = ProjectId(self.project_id);
        settler.settle(project_id, update).await.unwrap()
    }

    /// The pieces of a webhook with these statuses.
    pub(super) fn webhook(&self, statuses: &Value) -> Vec<Piece> {
        let body = envelope(NUMBER, &json!({ "statuses": statuses }));
        split(&body.to_string()).unwrap()
    }

    /// By every clock, what is unsettled has been so for long enough.
    pub(super) async fn minutes_pass(&self) {
        sqlx::query(
            "update send set settle_by = now(), doubted_at = now() - interval '1 hour'
             where state = 'unsettled'",
        )
        .execute(&self.pool)
        .await
        .unwrap();
    }

    pub(super) async fn states(&self) -> Vec<String> {
        sqlx::query_scalar("select state from send order by send_id")
            .fetch_all(&self.pool)
            .await
            .unwrap()
    }

    pub(super) async fn sunk(&self) -> Vec<(String, Option<String>)> {
        sqlx::query_as("select wamid, text from sunk")
            .fetch_all(&self.pool)
            .await
            .unwrap()
    }
}

/// What is said of a status of the outbox's, without callback data of the bot's own.
pub(super) fn ours(waiting: Option<i64>) -> Settled {
    Settled::Ours {
        callback_data: None,
        waiting: waiting.map(EventId),
    }
}

pub(super) fn outbox(pool: PgPool, graph: &Graph, sink: Sink) -> Outbox {
    outbox_with(pool, client(graph), sink)
}

pub(super) fn outbox_with(pool: PgPool, client: GraphClient, sink: Sink) -> Outbox {
    let key = CallbackKey::new([7; 32]);
    let settings = OutboxSettings {
        first_delay: Duration::from_millis(1),
        ..OutboxSettings::new(key)
    };
    Outbox::new(pool, client, settings, Arc::new(sink)).unwrap()
}

pub(super) fn client(graph: &Graph) -> GraphClient {
    client_with(graph, GraphLimits::default())
}

pub(super) fn client_with(graph: &Graph, limits: GraphLimits) -> GraphClient {
    let endpoint = GraphEndpoint::new(&format!("http://{}", graph.address), "v25.0").unwrap();
    GraphClient::new(endpoint, limits).unwrap()
}

pub(super) async fn project(pool: &PgPool, name: &str, number: &str, account: &str) -> Uuid {
    let project_id = Uuid::now_v7();
    sqlx::query(
        "insert into project (project_id, name, verify_token_sealed, app_secret_sealed)
         values ($1, $2, '', '')",
    )
    .bind(project_id)
    .bind(name)
    .execute(pool)
    .await
    .unwrap();
    sqlx::query(
        "insert into number (phone_number_id, project_id, waba_id, display_phone_number, token_sealed)
         values ($1, $2, $3, '15550783881', '')",
    )
    .bind(number)
    .bind(project_id)
    .bind(account)
    .execute(pool)
    .await
    .unwrap();
    project_id
}

pub(super) fn message(text: &str) -> Value {
    json!({ "messaging_product": "whatsapp", "to": "16505550100", "type": "text", "text": { "body": text } })
}
