//! Everything that the state file holds, and how its parts are found.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::ids;
use crate::outbox::update::Update;
use crate::platform::agenda::Due;
use crate::platform::model::{
    App, Callback, Customer, Flow, Media, Number, Template, Token, UploadSession, Waba,
};
use crate::platform::thread::{ReceivedMessage, SentItem, SentKind, Thread};

/// The platform's data.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct World {
    pub(crate) apps: BTreeMap<String, App>,
    pub(crate) wabas: BTreeMap<String, Waba>,
    pub(crate) numbers: BTreeMap<String, Number>,
    pub(crate) tokens: BTreeMap<String, Token>,
    pub(crate) customers: BTreeMap<String, Customer>,
    pub(crate) templates: BTreeMap<String, Template>,
    /// Templates that were approved, and whose names are not free yet.
    pub(crate) deleted_templates: Vec<DeletedTemplate>,
    pub(crate) flows: BTreeMap<String, Flow>,
    pub(crate) media: BTreeMap<String, Media>,
    /// Uploads in pieces, by id.
    pub(crate) uploads: BTreeMap<String, UploadSession>,
    /// What happens by itself, when its time has come.
    pub(crate) agenda: Vec<Due>,
    /// By number id, then by the customer's phone.
    pub(crate) threads: BTreeMap<String, BTreeMap<String, Thread>>,
    pub(crate) last_seq: u64,
    /// Where a message id belongs: (number id, customer's phone). Rebuilt from the threads.
    #[serde(skip)]
    homes: HashMap<String, (String, String)>,
}

/// A template that was deleted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DeletedTemplate {
    pub(crate) waba_id: String,
    pub(crate) name: String,
    pub(crate) language: String,
    pub(crate) at_ms: i64,
}

/// What an id of the Graph API's one namespace names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeKind {
    App,
    Waba,
    Number,
    Media,
    Template,
    Flow,
    /// A resumable upload: `upload:…`.
    Upload,
    /// A business portfolio.
    Business,
}

impl World {
    /// Rebuilds what the state file leaves out.
    pub(crate) fn index(&mut self) {
        let homes = &mut self.homes;
        for (number_id, threads) in &self.threads {
            for (phone, thread) in threads {
                let sent = thread.messages().map(|message| &message.id);
                for id in sent.chain(thread.received.iter().map(|message| &message.id)) {
                    homes.insert(id.clone(), (number_id.clone(), phone.clone()));
                }
            }
        }
    }

    pub(crate) fn node_kind(&self, id: &str) -> Option<NodeKind> {
        if self.numbers.contains_key(id) {
            Some(NodeKind::Number)
        } else if self.wabas.contains_key(id) {
            Some(NodeKind::Waba)
        } else if self.apps.contains_key(id) {
            Some(NodeKind::App)
        } else if self.media.contains_key(id) {
            Some(NodeKind::Media)
        } else if self.templates.contains_key(id) {
            Some(NodeKind::Template)
        } else if self.flows.contains_key(id) {
            Some(NodeKind::Flow)
        } else if id.starts_with("upload:") {
            let upload = id.strip_prefix("upload:").unwrap_or_default();
            self.uploads.get(upload).map(|_| NodeKind::Upload)
        } else if self.wabas.values().any(|waba| waba.business_id == id) {
            Some(NodeKind::Business)
        } else {
            None
        }
    }

    /// The account that a node belongs to; apps belong to none.
    pub(crate) fn waba_of(&self, kind: NodeKind, id: &str) -> Option<&Waba> {
        let waba_id = match kind {
            NodeKind::App | NodeKind::Upload | NodeKind::Business => return None,
            NodeKind::Waba => id,
            NodeKind::Number => &self.numbers.get(id)?.waba_id,
            NodeKind::Media => &self.numbers.get(&self.media.get(id)?.number_id)?.waba_id,
            NodeKind::Template => &self.templates.get(id)?.waba_id,
            NodeKind::Flow => &self.flows.get(id)?.waba_id,
        };
        self.wabas.get(waba_id)
    }

    pub(crate) fn thread(&self, number_id: &str, phone: &str) -> Option<&Thread> {
        self.threads.get(number_id)?.get(phone)
    }

    pub(crate) fn thread_mut(&mut self, number_id: &str, phone: &str) -> &mut Thread {
        self.threads
            .entry(number_id.to_owned())
            .or_default()
            .entry(phone.to_owned())
            .or_default()
    }

    /// Forgets the conversations and their media; gives how many conversations there were.
    /// Cursors go on growing, so that one from before does not skip what comes after.
    pub(crate) fn forget_conversations(&mut self) -> usize {
        let threads = std::mem::take(&mut self.threads);
        self.media.clear();
        self.homes.clear();
        threads.values().map(BTreeMap::len).sum()
    }

    /// The conversation of a message, as (number id, customer's phone).
    pub(crate) fn home_of(&self, message_id: &str) -> Option<(String, String)> {
        self.homes.get(message_id).cloned()
    }

    /// The user id that a customer has for the portfolio of an account.
    pub(crate) fn user_id(&self, waba_id: &str, customer: &Customer) -> String {
        let business_id = self
            .wabas
            .get(waba_id)
            .map_or("", |waba| waba.business_id.as_str());
        ids::user_id(&customer.country, business_id, &customer.phone)
    }

    /// The customer whom a user id names in the portfolio of an account.
    pub(crate) fn customer_by_user_id(&self, waba_id: &str, user_id: &str) -> Option<&Customer> {
        self.customers
            .values()
            .find(|customer| self.user_id(waba_id, customer) == user_id)
    }

    /// Notes what the business did, keeping at most `history` items of the conversation.
    pub(crate) fn push_sent(&mut self, mut item: SentItem, history: usize) {
        self.last_seq += 1;
        item.seq = self.last_seq;
        let home = (item.number_id.clone(), item.customer.clone());
        if let SentKind::Message(message) = &item.kind {
            self.homes.insert(message.id.clone(), home.clone());
        }
        let sent = &mut self.thread_mut(&home.0, &home.1).sent;
        sent.push_back(item);
        let dropped = (sent.len() > history).then(|| sent.pop_front()).flatten();
        if let Some(SentKind::Message(message)) = dropped.map(|item| item.kind) {
            self.homes.remove(&message.id);
        }
    }

    /// Notes a customer's message, keeping at most `history` of the conversation.
    pub(crate) fn push_received(
        &mut self,
        number_id: &str,
        phone: &str,
        message: ReceivedMessage,
        history: usize,
    ) {
        self.homes
            .insert(message.id.clone(), (number_id.to_owned(), phone.to_owned()));
        let received = &mut self.thread_mut(number_id, phone).received;
        received.push_back(message);
        let dropped = (received.len() > history).then(|| received.pop_front());
        if let Some(message) = dropped.flatten() {
            self.homes.remove(&message.id);
        }
    }

    /// Where an app gets an update: by the number's override, else the account's, else its own.
    /// None when it gets none.
    pub(crate) fn callback_for(&self, app_id: &str, update: &Update) -> Option<&Callback> {
        let app = self.apps.get(app_id)?;
        let subscription = self.wabas.get(&update.waba_id)?.subscriptions.get(app_id)?;
        let number = self.numbers.get(&update.number_id);
        let overridden = number
            .and_then(|number| number.override_callbacks.get(app_id))
            .or(subscription.override_callback.as_ref())
            .filter(|_| update.content.is_overridden());
        overridden.or(app.callback.as_ref())
    }

    /// The apps that get an update.
    pub(crate) fn listeners(&self, update: &Update) -> Vec<String> {
        let Some(waba) = self.wabas.get(&update.waba_id) else {
            return Vec::new();
        };
        let field = update.content.field();
        let listens = |app_id: &&String| {
            let app = self.apps.get(*app_id);
            app.is_some_and(|app| app.fields.contains(field))
                && self.callback_for(app_id, update).is_some()
        };
        waba.subscriptions.keys().filter(listens).cloned().collect()
    }

    /// The account of a number; nothing when there is no such number.
    pub(crate) fn waba_id_of(&self, number_id: &str) -> String {
        let number = self.numbers.get(number_id);
        number.map_or_else(String::new, |number| number.waba_id.clone())
    }

    /// The template of an account by name and language.
    pub(crate) fn template(&self, waba_id: &str, name: &str, language: &str) -> Option<&Template> {
        self.templates.values().find(|template| {
            template.waba_id == waba_id && template.name == name && template.language == language
        })
    }

    /// The Flow of an account by name.
    pub(crate) fn flow_by_name(&self, waba_id: &str, name: &str) -> Option<&Flow> {
        let mut flows = self.flows.values();
        flows.find(|flow| flow.waba_id == waba_id && flow.name == name)
    }
}
