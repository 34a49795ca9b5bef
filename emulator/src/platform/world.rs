//! Everything that the state file holds, and how its parts are found.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::ids;
use crate::platform::model::{App, Callback, Customer, Media, Number, Token, Waba};
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
    pub(crate) media: BTreeMap<String, Media>,
    /// By number id, then by the customer's phone.
    pub(crate) threads: BTreeMap<String, BTreeMap<String, Thread>>,
    pub(crate) last_seq: u64,
    /// Where a message id belongs: (number id, customer's phone). Rebuilt from the threads.
    #[serde(skip)]
    homes: HashMap<String, (String, String)>,
}

/// What an id of the Graph API's one namespace names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeKind {
    App,
    Waba,
    Number,
    Media,
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
        } else {
            None
        }
    }

    /// The account that a node belongs to; apps belong to none.
    pub(crate) fn waba_of(&self, kind: NodeKind, id: &str) -> Option<&Waba> {
        let waba_id = match kind {
            NodeKind::App => return None,
            NodeKind::Waba => id,
            NodeKind::Number => &self.numbers.get(id)?.waba_id,
            NodeKind::Media => &self.numbers.get(&self.media.get(id)?.number_id)?.waba_id,
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

    /// Where an app gets a number's webhooks: the number's override, else the account's, else the
    /// app's own. None when it gets none.
    pub(crate) fn callback_for(&self, app_id: &str, number_id: &str) -> Option<&Callback> {
        let number = self.numbers.get(number_id)?;
        let app = self.apps.get(app_id)?;
        let subscription = self.wabas.get(&number.waba_id)?.subscriptions.get(app_id)?;
        number
            .override_callbacks
            .get(app_id)
            .or(subscription.override_callback.as_ref())
            .or(app.callback.as_ref())
    }

    /// The apps that get a number's `messages` webhooks.
    pub(crate) fn listeners(&self, number_id: &str) -> Vec<String> {
        let Some(number) = self.numbers.get(number_id) else {
            return Vec::new();
        };
        let Some(waba) = self.wabas.get(&number.waba_id) else {
            return Vec::new();
        };
        waba.subscriptions
            .keys()
            .filter(|app_id| {
                self.apps
                    .get(*app_id)
                    .is_some_and(|app| app.fields.contains("messages"))
                    && self.callback_for(app_id, number_id).is_some()
            })
            .cloned()
            .collect()
    }
}
