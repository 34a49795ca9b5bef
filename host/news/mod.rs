//! News of projects: what changed just now, told to all who wait for it, on every host.
//!
//! Who changed something of a project tells it here once the change is committed. In this process it
//! is heard at once. Other hosts hear it by a NOTIFY, which one task sends for all that was told
//! meanwhile. News say where to look and never what is there: who hears of a change reads it from the
//! database. So nothing breaks when one is heard twice or late. One that was missed is told as
//! [`Heard::Missed`] when the host knows of it; a host that is killed before it could tell is the
//! reason why nobody waits for news alone ([`Listener::of`]).
//!
//! Not here: what follows a change (`changes`).

mod store;
#[cfg(test)]
mod tests;

use crate::projects::ProjectId;
use crate::words::words;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

/// News that a listener may leave waiting before it misses some.
const WAITING: usize = 1024;

/// After so long who waits looks without news: a host may have been killed before it told them.
const ANYWAY: Duration = Duration::from_secs(2);

/// For so long news of conversations, of which there are many, are gathered before other hosts are told. Other news
/// do not wait for them.
const GATHERED: Duration = Duration::from_millis(50);

/// How long a host that lost its connection waits before it listens again.
const AGAIN: Duration = Duration::from_secs(5);

words! {
    /// What of a project is not as it was.
    pub enum Change: "change of a project" {
        /// It has another number, or a new token for the one it had.
        Number = "number",
        /// It has its number no longer.
        NumberGone = "number-gone",
        /// A secret, or what is linked: what the bot's environment is made of.
        Environment = "environment",
        /// Another version serves, or the same one with another environment.
        Version = "version",
        /// Its name, or what is set for it.
        Settings = "settings",
        /// It was paused, resumed, deleted or restored.
        Status = "status",
        /// A build of it ended, whatever came of it.
        Build = "build",
        /// The log of one of its builds has more lines.
        BuildLog = "build-log",
        /// Its bot was tried with its environment as it is now, whatever came of it.
        Renewal = "renewal",
        /// A step of its life changed, or is to be done.
        Step = "step",
        /// A person, the bot or a customer changed a conversation of it.
        Conversation = "conversation",
        /// A template of it is not as it was, here or at Meta.
        Template = "template",
        /// A Flow of it is not as it was, here or at Meta.
        Flow = "flow",
    }
}

/// A change of a project that is in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    pub project_id: ProjectId,
    pub change: Change,
    /// Whether this host made it.
    pub is_here: bool,
}

/// What a listener hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    Told(Told),
    /// There was more: anything may have changed.
    Missed,
}

/// Tells news and lets others listen. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Newsroom {
    heard: broadcast::Sender<Heard>,
    calls: mpsc::UnboundedSender<Call>,
}

/// Hears all news from its making on.
pub struct Listener {
    heard: broadcast::Receiver<Heard>,
}

/// The tasks between hosts. They end when this is dropped.
pub struct NewsTasks {
    stop: CancellationToken,
    calling: JoinHandle<()>,
    listening: JoinHandle<()>,
    _guard: DropGuard,
}

/// A change that other hosts are to hear of.
type Call = (ProjectId, Change);

impl Newsroom {
    /// Begins to tell other hosts of the database, and to hear them.
    pub fn start(pool: PgPool) -> (Self, NewsTasks) {
        let (calls, waiting) = mpsc::unbounded_channel();
        let news = Self {
            heard: broadcast::Sender::new(WAITING),
            calls,
        };
        let stop = CancellationToken::new();
        // Not the host's name, because two may have the same.
        let own = Uuid::new_v4();
        let tasks = NewsTasks {
            calling: tokio::spawn(call(pool.clone(), own, waiting, stop.clone())),
            listening: tokio::spawn(listen(pool, own, news.heard.clone(), stop.clone())),
            _guard: stop.clone().drop_guard(),
            stop,
        };
        (news, tasks)
    }

    /// Tells of a change that is committed.
    pub fn tell(&self, project_id: ProjectId, change: Change) {
        // Nobody may be listening, and at the host's end nobody calls others.
        let _ = self.heard.send(Heard::Told(Told {
            project_id,
            change,
            is_here: true,
        }));
        let _ = self.calls.send((project_id, change));
    }

    /// Listens from now on.
    pub fn listen(&self) -> Listener {
        Listener {
            heard: self.heard.subscribe(),
        }
    }
}

impl Listener {
    /// The next news.
    ///
    /// *Cancel safety*: nothing is lost.
    pub async fn next(&mut self) -> Heard {
        match self.heard.recv().await {
            Ok(heard) => heard,
            Err(RecvError::Lagged(_)) => Heard::Missed,
            // Nobody tells anything any more.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }

    /// News that were told already.
    pub fn waiting(&mut self) -> Option<Heard> {
        match self.heard.try_recv() {
            Ok(heard) => Some(heard),
            Err(TryRecvError::Lagged(_)) => Some(Heard::Missed),
            Err(TryRecvError::Empty | TryRecvError::Closed) => None,
        }
    }

    /// Waits until one of these changes may have been made of a project, and says whether it was told
    /// of one. To be called in a loop that looks first: it also returns when news may be missing.
    pub async fn of(&mut self, project_id: ProjectId, changes: &[Change]) -> bool {
        let told = async {
            loop {
                match self.next().await {
                    Heard::Missed => return false,
                    Heard::Told(told)
                        if told.project_id == project_id && changes.contains(&told.change) =>
                    {
                        return true;
                    }
                    Heard::Told(_) => {}
                }
            }
        };
        tokio::time::timeout(ANYWAY, told).await.unwrap_or(false)
    }
}

impl NewsTasks {
    /// Tells other hosts the last news, and ends.
    pub async fn stop(self) {
        self.stop.cancel();
        // A panic is logged where it happened.
        let _ = self.calling.await;
        let _ = self.listening.await;
    }
}

/// Tells other hosts what was told here, until `stop`.
async fn call(
    pool: PgPool,
    own: Uuid,
    mut waiting: mpsc::UnboundedReceiver<Call>,
    stop: CancellationToken,
) {
    loop {
        let first = tokio::select! {
            first = waiting.recv() => first,
            () = stop.cancelled() => None,
        };
        let is_last = first.is_none();
        let mut calls = BTreeSet::new();
        let mut is_urgent = first.is_none_or(is_urgent_call);
        calls.extend(first.map(|call| written(own, call)));
        let gathered = tokio::time::Instant::now() + GATHERED;
        while !is_urgent {
            let next = tokio::select! {
                next = waiting.recv() => next,
                () = tokio::time::sleep_until(gathered) => None,
                () = stop.cancelled() => None,
            };
            is_urgent = next.is_none_or(is_urgent_call);
            calls.extend(next.map(|call| written(own, call)));
        }
        while let Ok(call) = waiting.try_recv() {
            calls.insert(written(own, call));
        }
        let calls: Vec<String> = calls.into_iter().collect();
        if !calls.is_empty()
            && let Err(error) = store::notify(&pool, &calls).await
        {
            tracing::debug!(%error, "other hosts could not be told news: they look by themselves");
        }
        if is_last {
            return;
        }
    }
}

/// Whether somebody may be waiting for just that.
fn is_urgent_call((_, change): Call) -> bool {
    change != Change::Conversation
}

/// Hears other hosts until `stop`.
async fn listen(pool: PgPool, own: Uuid, heard: broadcast::Sender<Heard>, stop: CancellationToken) {
    loop {
        let ended = tokio::select! {
            () = stop.cancelled() => return,
            ended = listen_once(&pool, own, &heard) => ended,
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "news of other hosts are not heard; listening again in {AGAIN:?}");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
}

async fn listen_once(
    pool: &PgPool,
    own: Uuid,
    heard: &broadcast::Sender<Heard>,
) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(store::CHANNEL).await?;
    // What was told before was not heard.
    let _ = heard.send(Heard::Missed);
    loop {
        let news = match listener.try_recv().await? {
            Some(call) => read(own, call.payload()).map(Heard::Told),
            // The connection was lost, and there is another one.
            None => Some(Heard::Missed),
        };
        if let Some(news) = news {
            // Nobody may be listening.
            let _ = heard.send(news);
        }
    }
}

/// A change as hosts tell it to each other.
fn written(own: Uuid, (project_id, change): Call) -> String {
    format!("{own} {project_id} {change}")
}

/// What another host told; `None`: it was this one, or one of a later release with words of its own.
fn read(own: Uuid, call: &str) -> Option<Told> {
    let mut parts = call.split(' ');
    let from: Uuid = parts.next()?.parse().ok()?;
    let project_id: Uuid = parts.next()?.parse().ok()?;
    let change: Change = parts.next()?.parse().ok()?;
    (from != own).then_some(Told {
        project_id: ProjectId(project_id),
        change,
        is_here: false,
    })
}
