//! Putting what Meta sent into the inbox: once each, and all of it or nothing.
//!
//! Each project's pieces are one transaction. If one of several fails, Meta gets an error and
//! repeats the POST, and what was stored is found to be a duplicate then. So it does when a project
//! has too much waiting (`bound`): Meta keeps what we cannot, for a week.

mod bound;
mod store;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::Ordering;

use futures::future::{BoxFuture, FutureExt};
use futures::stream::{self, StreamExt, TryStreamExt};

use super::envelope::{Content, Piece, Route, Subject, with_callback_data};
use super::model::Settled;
use super::queues::ConversationQueues;
use super::store::{Inbox, InboxError};
use crate::accounts::{Kind, Owner};
use crate::conversations::Enrolment;
use crate::projects::ProjectId;

pub(super) use bound::Waiting;
use store::Addressed;

/// How often a transaction is tried that another one made fail.
const TRIES: u32 = 4;

/// Statuses of one POST that are settled at once.
const SETTLING: usize = 8;

/// What became of the pieces of a POST.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PutReport {
    pub stored: usize,
    pub duplicates: usize,
    /// Pieces for numbers that no project has.
    pub unrouted: usize,
}

/// The pieces of one number of one project, in order.
type Batch<'a> = Vec<&'a Piece>;

impl Inbox {
    /// Stores pieces. When it returns, they are committed.
    ///
    /// Events that are new wake the dispatchers of this process; others find them by polling.
    pub async fn put(&self, pieces: &[Piece]) -> Result<PutReport, InboxError> {
        self.tell_of_accounts(pieces).await?;
        let addressed = self.addresses_of(pieces).await?;
        let mut report = PutReport::default();
        let owned = self.owners_of(pieces).await?;
        let (batches, unrouted) = route_all(pieces, &addressed, &owned);
        let mut full = None;
        for (to, batch) in batches.into_values() {
            match self.put_batch(to, &batch).await {
                Ok(stored) => {
                    report.stored += stored;
                    report.duplicates += batch.len() - stored;
                }
                // The others' pieces are none the worse for it.
                Err(error @ InboxError::Full { .. }) => full = Some(error),
                Err(error) => return Err(error),
            }
        }
        if !unrouted.is_empty() {
            report.unrouted = unrouted.len();
            self.keep_unrouted(&unrouted).await?;
        }
        if report.stored > 0 {
            self.news.store(true, Ordering::Relaxed);
            self.claimable.send_replace(());
        }
        match full {
            Some(error) => Err(error),
            None => Ok(report),
        }
    }

    /// Has the listeners hear what is about accounts.
    async fn tell_of_accounts(&self, pieces: &[Piece]) -> Result<(), sqlx::Error> {
        for piece in pieces {
            let (Content::Other { field }, Some(account)) =
                (&piece.content, &piece.route.account_id)
            else {
                continue;
            };
            for listener in &self.listeners {
                listener
                    .hear(account, field, &piece.payload, &piece.dedupe_key)
                    .await?;
            }
        }
        Ok(())
    }

    /// Whose the things of accounts are that pieces are about.
    async fn owners_of(&self, pieces: &[Piece]) -> Result<Owned, sqlx::Error> {
        let mut wanted: BTreeMap<(&str, &'static str), (Kind, Vec<String>)> = BTreeMap::new();
        for Route {
            account_id,
            subject,
            phone_number_id,
            ..
        } in pieces.iter().map(|piece| &piece.route)
        {
            if let (Some(account), Some(subject), None) = (account_id, subject, phone_number_id) {
                let key = (account.as_str(), subject.kind.word());
                let (_, ids) = wanted.entry(key).or_insert((subject.kind, Vec::new()));
                ids.push(subject.id.clone());
            }
        }
        let mut owned = Owned::new();
        for ((account, _), (kind, ids)) in wanted {
            for (id, owner) in self.accounts.owners_of(account, kind, &ids).await? {
                owned.insert((account.to_owned(), Subject { kind, id }), owner);
            }
        }
        Ok(owned)
    }

    async fn put_batch(&self, to: &Addressed, batch: &[&Piece]) -> Result<usize, InboxError> {
        let project_id = to.number.project_id;
        let settling: Vec<BoxFuture<'_, _>> = without(batch, &to.known)
            .into_iter()
            .map(|piece| self.settled(project_id, piece).boxed())
            .collect();
        let news: Vec<Cow<'_, Piece>> = stream::iter(settling)
            .buffered(SETTLING)
            .try_collect()
            .await?;
        if news.is_empty() {
            return Ok(0);
        }
        self.has_room(project_id).await?;
        let at = Enrolment {
            project_id,
            phone_number_id: &to.number.phone_number_id,
            now: to.now,
            queues: &ConversationQueues,
        };
        let mut tries = 1;
        let stored = loop {
            match self.store_news(&at, &news).await {
                Ok(Some(stored)) => break stored,
                Ok(None) if tries < TRIES => tries += 1,
                Ok(None) => return Err(InboxError::Unavailable(merged_over_and_over())),
                Err(error) if tries < TRIES && is_worth_trying_again(&error) => tries += 1,
                Err(error) => return Err(error.into()),
            }
        };
        self.waiting.add(project_id, stored);
        // Of statuses there are many, and nobody follows them.
        let is_followed = |piece: &Cow<'_, Piece>| !matches!(piece.content, Content::Status(_));
        if stored > 0 && news.iter().any(is_followed) {
            self.tell(project_id);
        }
        Ok(stored)
    }

    /// The piece, with the bot's own callback data where the host's was.
    async fn settled<'a>(
        &self,
        project_id: ProjectId,
        piece: &'a Piece,
    ) -> Result<Cow<'a, Piece>, sqlx::Error> {
        let Content::Status(update) = &piece.content else {
            return Ok(Cow::Borrowed(piece));
        };
        if update.callback_data.is_none() {
            return Ok(Cow::Borrowed(piece));
        }
        Ok(match self.sink.settle(project_id, update).await? {
            Settled::Foreign => Cow::Borrowed(piece),
            Settled::Ours {
                callback_data,
                waiting,
            } => {
                if let Some(event_id) = waiting {
                    self.wait_is_over(project_id, event_id).await;
                }
                let payload = with_callback_data(&piece.payload, callback_data.as_deref());
                Cow::Owned(Piece {
                    payload,
                    ..piece.clone()
                })
            }
        })
    }
}

/// Deadlock, serialization failure, a row that another transaction made first, and a conversation that
/// another one merged meanwhile.
fn is_worth_trying_again(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|e| e.code());
    matches!(code.as_deref(), Some("40P01" | "40001" | "23505" | "23503"))
}

/// Nobody has so many ids: it is for the log.
fn merged_over_and_over() -> sqlx::Error {
    sqlx::Error::Protocol(
        "conversations were merged each time that events were to be stored".to_owned(),
    )
}

/// What is for each number, in the order of projects.
type Batches<'a> = BTreeMap<(ProjectId, &'a str), (&'a Addressed, Batch<'a>)>;

/// The owners of things of accounts.
type Owned = HashMap<(String, Subject), Owner>;

fn route_all<'a>(
    pieces: &'a [Piece],
    addressed: &'a [Addressed],
    owned: &Owned,
) -> (Batches<'a>, Vec<&'a Piece>) {
    let mut batches = Batches::new();
    let mut unrouted = Vec::new();
    for piece in pieces {
        let owners = owners(&piece.route, addressed, owned);
        if owners.is_empty() {
            unrouted.push(piece);
        }
        for owner in owners {
            let key = (
                owner.number.project_id,
                owner.number.phone_number_id.as_str(),
            );
            let (_, batch) = batches.entry(key).or_insert((owner, Vec::new()));
            batch.push(piece);
        }
    }
    (batches, unrouted)
}

/// Whose piece it is: the number's that it names, else the owner's of what it is about, else everybody's on the
/// account, who share it. What has no owner is nobody's.
fn owners<'a>(route: &Route, addressed: &'a [Addressed], owned: &Owned) -> Vec<&'a Addressed> {
    if let Some(id) = &route.phone_number_id {
        return addressed
            .iter()
            .filter(|to| to.number.phone_number_id == *id)
            .collect();
    }
    let Some(account) = &route.account_id else {
        return Vec::new();
    };
    let of_account: Vec<_> = addressed
        .iter()
        .filter(|to| to.number.waba_id == *account)
        .collect();
    if let Some(display) = &route.display_phone_number {
        let wanted = digits(display);
        let named: Vec<_> = of_account
            .iter()
            .copied()
            .filter(|to| digits(&to.number.display_phone_number) == wanted)
            .collect();
        // Of another number of the account the others need not know.
        if !named.is_empty() || of_account.len() > 1 {
            return named;
        }
    }
    let Some(subject) = &route.subject else {
        return of_account;
    };
    let owner = owned.get(&(account.clone(), subject.clone()));
    of_account
        .into_iter()
        .filter(|to| owner.is_some_and(|owner| owner.is(to.number.project_id)))
        .collect()
}

/// Meta writes display numbers with and without signs and spaces.
fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

/// The pieces of a batch that are not in `known`, the first of each key.
fn without<'a>(batch: &[&'a Piece], known: &[String]) -> Vec<&'a Piece> {
    let mut seen: HashSet<&str> = known.iter().map(String::as_str).collect();
    batch
        .iter()
        .copied()
        .filter(|piece| seen.insert(&piece.dedupe_key))
        .collect()
}
