//! A project's Flows: forms that open in WhatsApp.
//!
//! ```text
//!  flows/NAME.json ─▶ json     what Meta would refuse, before anything goes out
//!                      │
//!                    Flows     create, upload, publish … at Meta (`meta`), written down (`store`)
//!                      │
//!  Meta ──POST /.roost/flows/NAME──▶ web ─▶ keys, endpoint: opened; `tokens`: whose it is ─▶ the bot's route
//! ```
//!
//! A Flow has one owner among the projects of an account (`owners`). Whoever has a Flow's data endpoint kept by the
//! host gets plain JSON: the host has a key pair for each project, sealed as other secrets are. What Meta's webhooks tell
//! of a Flow's state is written down as it comes (`heard`).
//!
//! Not here: the HTTP of the endpoint (`web`), and what a bot may call (`capabilities`, `grants`). What people enter in a
//! Flow is in no error and in no log.

mod address;
mod endpoint;
mod heard;
pub mod json;
mod keys;
mod manage;
mod meta;
mod model;
mod owners;
mod store;
mod tokens;

use std::sync::Arc;

use sqlx::PgPool;

pub use address::Addresses;
pub use endpoint::{Asked, MOST_BYTES, NotOpened, Opened, own_answer};
pub use heard::FlowListener;
pub use manage::{Pushed, Synced};
pub use meta::{MetricQuery, Preview};
pub use model::{
    Endpoint, EndpointWish, Flow, FlowName, FlowNameError, KeyCard, KeyState, MetaProblem,
    SentFlow, Wanted,
};
pub use store::forget_tokens;
pub use tokens::{FlowTokens, MOST_SECONDS, Sending, Standing, USUAL_SECONDS};

use crate::accounts::Accounts;
use crate::projects::{ProjectError, ProjectId, ProjectName, ProjectStore, Vault, VaultError};
use crate::whatsapp::GraphClient;
use keys::Keys;
use store::Store;

/// Why something about a Flow could not be done.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    #[error("project `{0}` has no number: connect one first, because Flows belong to its account")]
    NoNumber(ProjectName),
    #[error("the project has no Flow `{0}`; `roost flows list` shows those that it has")]
    NotFound(String),
    #[error(transparent)]
    Name(#[from] FlowNameError),
    /// The local check found something.
    #[error("{}", listed(.0))]
    NotValid(json::Report),
    #[error("{0}")]
    Setting(String),
    #[error(
        "Meta cannot reach this host's endpoint for the Flow, because the host has no public name for its bots: start it with `--domain`, or give the Flow an endpoint of your own"
    )]
    NoAddress,
    /// Meta has a Flow of that name in the account already.
    #[error("{0}")]
    NameTaken(String),
    /// Somebody has to change something.
    #[error("{0}")]
    Refused(String),
    /// A later try may succeed.
    #[error("{0}")]
    Later(String),
    #[error(transparent)]
    NotOpened(#[from] NotOpened),
    #[error(transparent)]
    Project(#[from] ProjectError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("the control database failed")]
    Database(#[from] sqlx::Error),
}

/// So many problems are told in a sentence.
const MOST_LISTED: usize = 20;

fn listed(report: &json::Report) -> String {
    let errors: Vec<String> = report.errors().map(ToString::to_string).collect();
    let more = errors.len().saturating_sub(MOST_LISTED);
    let mut text = "the Flow's JSON would be refused:".to_owned();
    for error in errors.iter().take(MOST_LISTED) {
        text.push_str("\n  ");
        text.push_str(error);
    }
    if more > 0 {
        text.push_str(&format!("\n  and {more} more"));
    }
    text
}

/// What Flows are made of.
pub struct FlowParts {
    pub pool: PgPool,
    pub vault: Arc<Vault>,
    pub projects: ProjectStore,
    pub client: GraphClient,
    /// Where Meta finds the endpoints of this host.
    pub addresses: Addresses,
}

/// Everything that is done with Flows. Clones share it.
#[derive(Clone)]
pub struct Flows(Arc<Inner>);

struct Inner {
    store: Store,
    keys: Keys,
    tokens: FlowTokens,
    projects: ProjectStore,
    accounts: Accounts,
    client: GraphClient,
    addresses: Addresses,
}

impl Flows {
    /// From its parts.
    pub fn new(parts: FlowParts) -> Self {
        let store = Store {
            pool: parts.pool.clone(),
        };
        let keys = Keys {
            store: store.clone(),
            vault: parts.vault,
        };
        let tokens = FlowTokens {
            store: store.clone(),
            key: parts.projects.derived_key(b"flow tokens"),
        };
        Self(Arc::new(Inner {
            store,
            keys,
            tokens,
            projects: parts.projects,
            accounts: Accounts::new(parts.pool),
            client: parts.client,
            addresses: parts.addresses,
        }))
    }

    /// Tokens of Flows that are sent.
    pub fn tokens(&self) -> &FlowTokens {
        &self.0.tokens
    }

    /// A project's Flows after a name, by name.
    pub async fn page(
        &self,
        project: ProjectId,
        after: Option<&str>,
        rows: i64,
    ) -> Result<Vec<Flow>, FlowError> {
        Ok(self.0.store.page(project, after, rows).await?)
    }

    /// A Flow of a project.
    pub async fn find(&self, project: ProjectId, name: &str) -> Result<Flow, FlowError> {
        let found = self.0.store.find(project, name).await?;
        found.ok_or_else(|| FlowError::NotFound(name.chars().take(80).collect()))
    }

    /// Opens a data request that came for a project's Flow in an account.
    ///
    /// Fails with [`FlowError::NotOpened`] when no key of the project opens it.
    pub async fn open(
        &self,
        project: ProjectId,
        account: &str,
        body: &[u8],
    ) -> Result<Opened, FlowError> {
        self.0.keys.open(project, account, body).await
    }

    /// Takes down what a phone complained of, by Meta's word for it.
    pub async fn complained(
        &self,
        project: ProjectId,
        name: &FlowName,
        word: &str,
    ) -> Result<(), FlowError> {
        Ok(self.0.store.complained(project, name, word).await?)
    }

    /// The routes of a project's bot that get data requests of Flows: nobody but the host may ask them.
    pub async fn routes(&self, project: ProjectId) -> Result<Vec<String>, FlowError> {
        Ok(self.0.store.routes(project).await?)
    }
}
