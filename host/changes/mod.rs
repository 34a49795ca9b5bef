//! What follows a change of a project: the one place through which every change of its number, its
//! secrets, its version, its settings and its status goes.
//!
//! | change | its bot | its resident instance | pauses of its number | events that wait |
//! |---|---|---|---|---|
//! | a number, or a new token for it | is booted again where it sees another one | ends | end | are tried at once |
//! | no number any more | is booted again, in the background | ends | | |
//! | a secret, a link | is booted again, in the background | | | |
//! | a version or an environment serves | | ends | | are tried at once |
//! | a setting | is booted again, in the background, where it sees another one | ends | | |
//! | paused, resumed, deleted, restored | | ends | | are tried at once |
//!
//! What is in the database, all hosts share: pauses, the times that events wait for, and the project's
//! generation, which triggers count, so that no claim after a change meets what was ready before it.
//! The host that made the change does that. What is in a process, each host does by itself when it
//! hears of the change (`news`). All of it may be done twice, and whatever fails only comes later: by
//! the next look at environments, or into the inbox.
//!
//! Not here: the change itself (`projects`), and steps that go on because of one (`lifecycle` listens).

use crate::deploys::{Deploys, Followers};
use crate::inbox::Inbox;
use crate::news::{Change, Heard, Newsroom, Told};
use crate::projects::{ProjectId, ProjectStore};
use crate::runs::Residents;
use crate::whatsapp::Outbox;
use std::sync::{Arc, Weak};
use tokio_util::sync::CancellationToken;

/// What changes are followed with.
pub struct ChangesParts {
    /// Projects and their numbers.
    pub projects: ProjectStore,
    /// Boots bots again.
    pub deploys: Deploys,
    /// The resident instances of this host.
    pub residents: Residents,
    /// Has the pauses.
    pub outbox: Outbox,
    /// Has what waits.
    pub inbox: Inbox,
    /// Tells other hosts.
    pub news: Newsroom,
}

/// Sees to what follows changes of projects. Cheap to clone.
#[derive(Clone)]
pub struct Changes {
    parts: Arc<ChangesParts>,
}

impl Changes {
    /// From its parts.
    pub fn new(parts: ChangesParts) -> Self {
        Self {
            parts: Arc::new(parts),
        }
    }

    /// Does on this host what follows a change that is committed, and has other hosts do their part.
    pub async fn follow(&self, project_id: ProjectId, change: Change) {
        let parts = &self.parts;
        match change {
            Change::Number => {
                self.end_pauses(project_id).await;
                self.renew(project_id).await;
            }
            Change::NumberGone | Change::Environment | Change::Settings => {
                parts.deploys.environment_changed();
            }
            Change::Version
            | Change::Status
            | Change::Build
            | Change::BuildLog
            | Change::Renewal
            | Change::Step
            | Change::Conversation
            | Change::Template
            | Change::Flow => {}
        }
        self.end_resident(project_id, change).await;
        if is_waited_for(change)
            && let Err(error) = parts.inbox.wake(project_id).await
        {
            tracing::warn!(%error, "waiting events are found at the next look into the inbox");
        }
        parts.news.tell(project_id, change);
    }

    /// For those below this folder, who may outlive it.
    pub fn followers(&self) -> Followers {
        let parts = Arc::downgrade(&self.parts);
        Arc::new(move |project_id, change| {
            let parts = parts.clone();
            Box::pin(async move {
                if let Some(changes) = Self::still(&parts) {
                    changes.follow(project_id, change).await;
                }
            })
        })
    }

    fn still(parts: &Weak<ChangesParts>) -> Option<Self> {
        parts.upgrade().map(|parts| Self { parts })
    }

    /// Does this host's part of what other hosts change, until `stop`.
    pub async fn follow_others(self, stop: CancellationToken) {
        let mut news = self.parts.news.listen();
        loop {
            let heard = tokio::select! {
                heard = news.next() => heard,
                () = stop.cancelled() => return,
            };
            match heard {
                Heard::Told(Told { is_here: true, .. }) => {}
                Heard::Told(told) => {
                    self.end_resident(told.project_id, told.change).await;
                    if is_waited_for(told.change) {
                        self.parts.inbox.nudge();
                    }
                }
                // Of instances that are behind, the next event finds out.
                Heard::Missed => self.parts.inbox.nudge(),
            }
        }
    }

    /// What Meta refused may be allowed with the number's token as it is now.
    async fn end_pauses(&self, project_id: ProjectId) {
        let number = match self.parts.projects.number_report(project_id).await {
            Ok(Some(number)) => number,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "pauses of a number go on until their time is over");
                return;
            }
        };
        if let Err(error) = self.parts.outbox.resume(&number.phone_number_id).await {
            tracing::warn!(%error, "pauses of a number go on until their time is over");
        }
    }

    /// Has the bot run with its number at once: whoever connected it may write to it next.
    async fn renew(&self, project_id: ProjectId) {
        if self.parts.deploys.renew(project_id).await.is_err() {
            self.parts.deploys.environment_changed();
        }
    }

    async fn end_resident(&self, project_id: ProjectId, change: Change) {
        let ends = match change {
            Change::Number
            | Change::NumberGone
            | Change::Version
            | Change::Settings
            | Change::Status => true,
            // Once the bot runs with another environment, that is told as a change of its own.
            Change::Environment
            | Change::Build
            | Change::BuildLog
            | Change::Renewal
            | Change::Step => false,
            // The bot is as it was.
            Change::Conversation | Change::Template | Change::Flow => false,
        };
        if ends {
            self.parts.residents.end(project_id).await;
        }
    }
}

/// Whether events that wait may run because of it.
fn is_waited_for(change: Change) -> bool {
    matches!(change, Change::Number | Change::Version | Change::Status)
}
