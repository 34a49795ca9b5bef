//! Handlers that stand in for bots: they note what they are given and do what the test says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use roost::inbox::{
    ClaimedEvent, Dispatcher, DispatcherHandle, DispatcherSettings, EventHandler, FailureKind,
    Inbox, RetryPolicy, RunOutcome, RunReport,
};
use serde_json::Value;
use tokio::sync::{Semaphore, watch};

/// The longest that a test waits for anything.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// Notes what starts and what ends, by the messages' ids.
pub struct Bot {
    notes: watch::Sender<Vec<Note>>,
    /// Events that wait until they are let go.
    gates: Mutex<HashMap<String, Arc<Semaphore>>>,
    /// Events that fail, and how.
    failing: Mutex<HashMap<String, FailureKind>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    Started(String),
    Ended(String),
    /// Its future was dropped.
    Dropped(String),
}

impl Bot {
    pub fn new() -> Arc<Self> {
        let notes = watch::Sender::new(Vec::new());
        Arc::new(Self {
            notes,
            gates: Mutex::default(),
            failing: Mutex::default(),
        })
    }

    /// A dispatcher that looks often and fails fast.
    pub fn dispatch(self: &Arc<Self>, inbox: &Inbox, owner: &str) -> DispatcherHandle {
        Dispatcher::start(inbox.clone(), self.clone(), settings(owner))
    }

    pub fn holds(&self, id: &str) {
        self.gates
            .lock()
            .unwrap()
            .insert(id.to_owned(), Arc::new(Semaphore::new(0)));
    }

    pub fn lets_go(&self, id: &str) {
        self.gates.lock().unwrap()[id].add_permits(1);
    }

    pub fn fails(&self, id: &str, kind: FailureKind) {
        self.failing.lock().unwrap().insert(id.to_owned(), kind);
    }

    pub fn works_again(&self) {
        self.failing.lock().unwrap().clear();
    }

    pub fn notes(&self) -> Vec<Note> {
        self.notes.borrow().clone()
    }

    /// What was started, in order.
    pub fn started(&self) -> Vec<String> {
        let started = self.notes().into_iter().filter_map(|note| match note {
            Note::Started(id) => Some(id),
            Note::Ended(_) | Note::Dropped(_) => None,
        });
        started.collect()
    }

    pub async fn has_started(&self, id: &str) {
        self.until(&format!("`{id}` starts"), |notes| {
            notes.contains(&Note::Started(id.to_owned()))
        })
        .await;
    }

    pub async fn until(&self, what: &str, is_so: impl FnMut(&Vec<Note>) -> bool) {
        let mut notes = self.notes.subscribe();
        let waited = tokio::time::timeout(DEADLINE, notes.wait_for(is_so)).await;
        assert!(
            waited.is_ok(),
            "not within the deadline: {what}; so far: {:?}",
            self.notes()
        );
    }

    fn note(&self, note: Note) {
        self.notes.send_modify(|notes| notes.push(note));
    }
}

impl Note {
    pub fn id(&self) -> &str {
        let (Self::Started(id) | Self::Ended(id) | Self::Dropped(id)) = self;
        id
    }
}

/// Notes an end that is no end of its own.
struct Dropping<'a>(&'a Bot, Option<String>);

impl Drop for Dropping<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.1.take() {
            self.0.note(Note::Dropped(id));
        }
    }
}

impl EventHandler for Bot {
    fn handle(&self, event: ClaimedEvent) -> BoxFuture<'_, RunOutcome> {
        Box::pin(async move {
            let id = message_id(&event.payload);
            let mut dropping = Dropping(self, Some(id.clone()));
            self.note(Note::Started(id.clone()));
            let gate = self.gates.lock().unwrap().get(&id).cloned();
            if let Some(gate) = gate {
                gate.acquire().await.unwrap().forget();
            }
            dropping.1 = None;
            self.note(Note::Ended(id.clone()));
            let report = RunReport {
                sends: 1,
                ..RunReport::default()
            };
            match self.failing.lock().unwrap().get(&id) {
                Some(kind) => RunOutcome::Failed {
                    reason: format!("`{id}` is too much"),
                    kind: *kind,
                    report,
                },
                None => RunOutcome::Done(report),
            }
        })
    }
}

pub fn settings(owner: &str) -> DispatcherSettings {
    let ms = Duration::from_millis;
    DispatcherSettings {
        max_running: 4,
        heartbeat: ms(20),
        poll: ms(10),
        retry: RetryPolicy {
            base: ms(0),
            max_attempts: 3,
            max_lost: 3,
            ..RetryPolicy::default()
        },
        ..DispatcherSettings::new(owner)
    }
}

/// The id of the only message or status of a payload.
pub fn message_id(payload: &str) -> String {
    let payload: Value = serde_json::from_str(payload).unwrap();
    let value = &payload["entry"][0]["changes"][0]["value"];
    let item = value["messages"]
        .get(0)
        .or(value["statuses"].get(0))
        .unwrap();
    item["id"].as_str().unwrap().to_owned()
}
