//! The contacts that a batch may touch, and what the batch changes in them.

use uuid::Uuid;

use crate::conversations::model::ContactId;
use crate::conversations::party::{Person, PersonIds};

/// A contact as the database has it, or will.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Entry {
    pub(super) contact_id: ContactId,
    pub(super) wa_id: Option<String>,
    pub(super) user_id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) username: Option<String>,
}

/// Contacts with the changes that people brought.
#[derive(Debug, Default)]
pub(super) struct Book {
    entries: Vec<(Entry, Fate)>,
}

/// What has to be written of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Kept,
    Renamed,
    /// The ids changed too.
    Changed,
    New,
    MergedInto(ContactId),
}

impl Book {
    pub(super) fn new(known: Vec<Entry>) -> Self {
        Self {
            entries: known.into_iter().map(|entry| (entry, Fate::Kept)).collect(),
        }
    }

    /// What has to be written.
    pub(super) fn entries(&self) -> &[(Entry, Fate)] {
        &self.entries
    }

    /// Whether the ids of all contacts are as the database has them.
    pub(super) fn ids_are_kept(&self) -> bool {
        self.entries
            .iter()
            .all(|(_, fate)| matches!(fate, Fate::Kept | Fate::Renamed))
    }

    /// The contact that a person is; `None` for nobody.
    pub(super) fn place(&mut self, person: &Person) -> Option<ContactId> {
        if person.ids.is_empty() {
            return None;
        }
        let at = match &person.becomes {
            // The change is known already: the old ids are nobody's, or somebody else's by now.
            Some(becomes) if !self.knows(&person.ids) && self.knows(becomes) => {
                self.find_or_add(becomes)
            }
            Some(becomes) => {
                let at = self.find_or_add(&person.ids);
                self.change_ids(at, becomes);
                at
            }
            None => self.find_or_add(&person.ids),
        };
        self.name(at, person);
        Some(self.entries[at].0.contact_id)
    }

    fn find_or_add(&mut self, ids: &PersonIds) -> usize {
        let by_user = self.find(|e| is_some_and_same(&e.user_id, &ids.user_id));
        let by_wa = self.find(|e| is_some_and_same(&e.wa_id, &ids.wa_id));
        match (by_user, by_wa) {
            (Some(user), Some(wa)) if user == wa => user,
            (Some(user), Some(wa)) => {
                self.take_wa_id(user, wa);
                user
            }
            (Some(user), None) => {
                if ids.wa_id.is_some() {
                    self.entries[user].0.wa_id.clone_from(&ids.wa_id);
                    self.changed(user);
                }
                user
            }
            (None, Some(wa)) if ids.user_id.is_none() => wa,
            (None, Some(wa)) if self.entries[wa].0.user_id.is_none() => {
                self.entries[wa].0.user_id.clone_from(&ids.user_id);
                self.changed(wa);
                wa
            }
            // The number went to somebody else.
            (None, Some(wa)) => {
                self.entries[wa].0.wa_id = None;
                self.changed(wa);
                self.add(ids)
            }
            (None, None) => self.add(ids),
        }
    }

    /// Gives `to` the WhatsApp id of `from`, and all of `from` when nothing tells the two apart.
    fn take_wa_id(&mut self, to: usize, from: usize) {
        let wa_id = self.entries[from].0.wa_id.take();
        self.changed(from);
        if self.entries[from].0.user_id.is_none() {
            self.merge(from, to);
        }
        self.entries[to].0.wa_id = wa_id;
        self.changed(to);
    }

    /// Gives an entry the ids that its person has from now on. A user id that is not told is kept:
    /// webhooks from before there were user ids tell the number only.
    fn change_ids(&mut self, at: usize, becomes: &PersonIds) {
        if becomes.is_empty() {
            return;
        }
        if let Some(other) = self.find(|e| is_some_and_same(&e.user_id, &becomes.user_id))
            && other != at
        {
            self.merge(other, at);
        }
        if let Some(other) = self.find(|e| is_some_and_same(&e.wa_id, &becomes.wa_id))
            && other != at
        {
            self.take_wa_id(at, other);
        }
        let entry = &mut self.entries[at].0;
        entry.wa_id.clone_from(&becomes.wa_id);
        if becomes.user_id.is_some() {
            entry.user_id.clone_from(&becomes.user_id);
        }
        self.changed(at);
    }

    fn knows(&self, ids: &PersonIds) -> bool {
        self.find(|e| {
            is_some_and_same(&e.user_id, &ids.user_id) || is_some_and_same(&e.wa_id, &ids.wa_id)
        })
        .is_some()
    }

    fn merge(&mut self, from: usize, into: usize) {
        let target = self.entries[into].0.contact_id;
        let gone = self.entries[from].0.contact_id;
        let (entry, fate) = &mut self.entries[from];
        entry.wa_id = None;
        entry.user_id = None;
        *fate = Fate::MergedInto(target);
        for (_, fate) in &mut self.entries {
            if *fate == Fate::MergedInto(gone) {
                *fate = Fate::MergedInto(target);
            }
        }
    }

    fn add(&mut self, ids: &PersonIds) -> usize {
        let entry = Entry {
            contact_id: ContactId(Uuid::now_v7()),
            wa_id: ids.wa_id.clone(),
            user_id: ids.user_id.clone(),
            name: None,
            username: None,
        };
        self.entries.push((entry, Fate::New));
        self.entries.len() - 1
    }

    fn name(&mut self, at: usize, person: &Person) {
        let (entry, fate) = &mut self.entries[at];
        let mut news = false;
        if person.name.is_some() && entry.name != person.name {
            entry.name.clone_from(&person.name);
            news = true;
        }
        if person.username.is_some() && entry.username != person.username {
            entry.username.clone_from(&person.username);
            news = true;
        }
        if news && *fate == Fate::Kept {
            *fate = Fate::Renamed;
        }
    }

    fn changed(&mut self, at: usize) {
        let fate = &mut self.entries[at].1;
        if matches!(fate, Fate::Kept | Fate::Renamed) {
            *fate = Fate::Changed;
        }
    }

    fn find(&self, is_it: impl Fn(&Entry) -> bool) -> Option<usize> {
        self.entries
            .iter()
            .position(|(entry, fate)| !matches!(fate, Fate::MergedInto(_)) && is_it(entry))
    }
}

fn is_some_and_same(one: &Option<String>, other: &Option<String>) -> bool {
    one.is_some() && one == other
}
