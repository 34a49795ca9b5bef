//! What a bot may do: one file for each interface of `wit/`.
//!
//! Every run gets its own [`Grants`]. What they lead to is behind the traits of
//! this folder (`Messenger`, `Conversations`, ...), which the host's features
//! implement: nothing here knows of tables or of Meta. A grant that is absent
//! denies with a sentence that says why, as at deploy time.

pub(crate) mod bindings;
mod calculation;
mod certificates;
mod ciphers;
mod compression;
mod conversations;
mod database;
mod digests;
mod event;
mod flows;
mod http;
mod intl_dates;
mod intl_numbers;
mod intl_text;
mod key_derivation;
mod locales;
mod log;
mod media;
mod public_keys;
mod secrets;
mod source;
mod templates;
mod under_way;
pub(crate) mod wasi;
mod webhooks;
mod whatsapp;
mod zstd;

use crate::sandbox::{Budget, RunState, Share};
use crate::telemetry::TraceScope;
use std::collections::BTreeMap;
use std::sync::Arc;
use wasmtime::component::{HasSelf, Linker};

pub use bindings::roost::bot::conversations::{
    Consent, Conversation, Error as ConversationError, Overview, Session, Takeover,
};
pub use bindings::roost::bot::flows as wit_flows;
pub use bindings::roost::bot::log::Level;
pub use bindings::roost::bot::media as wit_media;
pub use bindings::roost::bot::templates as wit_templates;
pub use bindings::roost::bot::whatsapp as wit_whatsapp;
pub(crate) use compression::Held;
pub use conversations::{Change as ConversationChange, Conversations};
pub use database::{DatabaseGrant, Witness};
pub use flows::FlowSender;
pub use http::{HttpClient, Outbound, OutboundBody, OutboundError};
pub use locales::Locales;
pub use log::{LogSink, NoLog, SharedLog};
pub use media::MediaStore;
pub use source::{BundleText, TextAt};
pub use templates::TemplateBook;
pub(crate) use under_way::UnderWay;
pub use whatsapp::Messenger;

/// What one run may do, and what it has done.
pub struct Grants {
    pub(crate) database: Option<DatabaseGrant>,
    pub(crate) whatsapp: Option<Arc<dyn Messenger>>,
    pub(crate) templates: Option<Arc<dyn TemplateBook>>,
    pub(crate) conversations: Option<Arc<dyn Conversations>>,
    pub(crate) flows: Option<Arc<dyn FlowSender>>,
    pub(crate) media: Option<Arc<dyn MediaStore>>,
    pub(crate) secrets: Arc<BTreeMap<String, String>>,
    pub(crate) log: SharedLog,
    pub(crate) http: Outbound,
    /// Transactions that the event began.
    pub(crate) transactions: database::Begun,
    pub(crate) trace: TraceScope,
    /// The text of the bot's functions.
    pub(crate) source: Option<BundleText>,
    pub(crate) witness: Option<Arc<dyn Witness>>,
    /// The project's part in the processors.
    pub(crate) share: Share,
    failure: Option<String>,
    /// How many calls of host functions were made.
    host_calls: u32,
    max_host_calls: u32,
}

impl Grants {
    /// No power but clocks and random numbers.
    pub fn none() -> Self {
        Self {
            database: None,
            whatsapp: None,
            templates: None,
            conversations: None,
            flows: None,
            media: None,
            secrets: Arc::default(),
            log: SharedLog::new(Arc::new(NoLog)),
            http: Outbound::denied(),
            transactions: database::Begun::default(),
            trace: TraceScope::default(),
            source: None,
            witness: None,
            share: Share::default(),
            failure: None,
            host_calls: 0,
            max_host_calls: Budget::default().host_calls,
        }
    }

    /// With the project's schema.
    pub fn with_database(mut self, database: DatabaseGrant) -> Self {
        self.database = Some(database);
        self
    }

    /// With the project's number.
    pub fn with_whatsapp(mut self, messenger: Arc<dyn Messenger>) -> Self {
        self.whatsapp = Some(messenger);
        self
    }

    /// With the project's templates.
    pub fn with_templates(mut self, templates: Arc<dyn TemplateBook>) -> Self {
        self.templates = Some(templates);
        self
    }

    /// With the project's conversations.
    pub fn with_conversations(mut self, conversations: Arc<dyn Conversations>) -> Self {
        self.conversations = Some(conversations);
        self
    }

    /// With the project's Flows.
    pub fn with_flows(mut self, flows: Arc<dyn FlowSender>) -> Self {
        self.flows = Some(flows);
        self
    }

    /// With the project's media.
    pub fn with_media(mut self, media: Arc<dyn MediaStore>) -> Self {
        self.media = Some(media);
        self
    }

    /// With the project's secrets.
    pub fn with_secrets(mut self, secrets: Arc<BTreeMap<String, String>>) -> Self {
        self.secrets = secrets;
        self
    }

    /// With the project's log.
    pub fn with_log(mut self, sink: Arc<dyn LogSink>) -> Self {
        self.log = SharedLog::new(sink);
        self
    }

    /// With HTTP to the outside.
    pub fn with_http(mut self, client: Arc<dyn HttpClient>) -> Self {
        self.http = Outbound::through(client);
        self
    }

    /// With the text of the bot's functions, where the host has it.
    pub fn with_source(mut self, source: Option<BundleText>) -> Self {
        self.source = source;
        self
    }

    /// With an event's budget of calls and requests. After [`Self::with_http`].
    pub fn with_budget(mut self, budget: &Budget) -> Self {
        self.max_host_calls = budget.host_calls;
        self.http.limit(budget.requests);
        self
    }

    /// Counts a call of a host function. Fails, with a text for the bot's author, when there were
    /// too many.
    fn count_call(&mut self) -> Result<(), String> {
        if self.host_calls() >= self.max_host_calls {
            return Err(format!(
                "this event has made {} calls of the host, which is all it may make: do less in one \
                 event, or ask the operator for a higher limit",
                self.max_host_calls
            ));
        }
        self.host_calls += 1;
        Ok(())
    }

    /// With a trace for what it does.
    pub fn with_trace(mut self, trace: TraceScope) -> Self {
        self.trace = trace;
        self
    }

    /// With somebody who sees the statements that it runs.
    pub fn with_witness(mut self, witness: Arc<dyn Witness>) -> Self {
        self.witness = Some(witness);
        self
    }

    /// With the part in the processors that the project's other runs have, too.
    pub(crate) fn with_share(mut self, share: Share) -> Self {
        self.share = share;
        self
    }

    /// How many calls of host functions the run made.
    pub fn host_calls(&self) -> u32 {
        self.host_calls + self.http.requests()
    }

    /// Rolls back what the event began and did not end: an instance that lives
    /// on must not hold a connection, or locks, until its next event.
    pub(crate) fn end_transactions(&self) {
        self.transactions.end();
    }

    pub(crate) fn take_failure(&mut self) -> Option<String> {
        self.failure.take()
    }
}

/// Links everything that a bot may import. This is the whole list: `wit/` and what [`wasi`] says.
pub(crate) fn link(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    wasi::link(linker)?;
    bindings::Capabilities::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    source::link(linker)?;
    Ok(())
}
