//! What operators do with a host: the part of it that the admin API, `dev` and tests work with.
//!
//! It is made by `app`, and knows no listener. Whoever changes something of a project has done here what
//! follows of it ([`Host::changes`]).

mod keys;

use crate::changes::Changes;
use crate::deploys::Deploys;
use crate::egress::Rule;
use crate::events::Events;
use crate::flows::Flows;
use crate::inbox::Inbox;
use crate::lifecycle::Lifecycle;
use crate::logs::{LogStore, LogWriter};
use crate::media::Media;
use crate::news::{Change, Newsroom};
use crate::observing::Scrape;
use crate::people::People;
use crate::projects::{
    ProjectError, ProjectId, ProjectName, ProjectSettings, ProjectStore, SettingError,
    SettingsChange,
};
use crate::templates::Templates;
use crate::workshop::Workshop;
use anyhow::Result;
use sqlx::PgPool;

pub use keys::Sealed;
pub(crate) use keys::keep as keep_keys;

/// A host without its listeners.
pub struct Host {
    pub(crate) projects: ProjectStore,
    pub(crate) templates: Templates,
    pub(crate) deploys: Deploys,
    pub(crate) inbox: Inbox,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) changes: Changes,
    pub(crate) flows: Flows,
    pub(crate) news: Newsroom,
    pub(crate) events: Events,
    pub(crate) people: People,
    pub(crate) media: Media,
    pub(crate) logs: LogStore,
    pub(crate) log_writer: LogWriter,
    pub(crate) scrape: Scrape,
    pub(crate) pool: PgPool,
    pub(crate) sealed: Sealed,
}

impl Host {
    /// Projects and their versions.
    pub fn projects(&self) -> &ProjectStore {
        &self.projects
    }

    /// Templates, and whose things of accounts are.
    pub fn templates(&self) -> &Templates {
        &self.templates
    }

    /// How projects come and go, and their numbers at Meta.
    pub fn lifecycle(&self) -> &Lifecycle {
        &self.lifecycle
    }

    /// What deploys bots.
    pub fn deploys(&self) -> &Deploys {
        &self.deploys
    }

    /// The workshop that bundles folders.
    pub fn workshop(&self) -> &Workshop {
        self.deploys.workshop()
    }

    /// The inbox.
    pub fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    /// What follows changes of projects.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Projects' Flows.
    pub fn flows(&self) -> &Flows {
        &self.flows
    }

    /// News of projects.
    pub fn news(&self) -> &Newsroom {
        &self.news
    }

    /// Events as people see them.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// Conversations, and what people do with them.
    pub fn people(&self) -> &People {
        &self.people
    }

    /// Media that customers sent, and uploads.
    pub fn media(&self) -> &Media {
        &self.media
    }

    /// What bots logged.
    pub fn logs(&self) -> &LogStore {
        &self.logs
    }

    /// Takes what bots log.
    pub fn log_writer(&self) -> &LogWriter {
        &self.log_writer
    }

    /// The host's numbers.
    pub fn scrape(&self) -> &Scrape {
        &self.scrape
    }

    /// The control database.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// What the master key seals.
    pub fn sealed(&self) -> &Sealed {
        &self.sealed
    }

    /// Renames a project and changes its settings.
    pub async fn change_project(
        &self,
        project: ProjectId,
        name: Option<&ProjectName>,
        change: &SettingsChange,
    ) -> Result<ProjectSettings, ProjectError> {
        self.check_memory(change)?;
        check_lists(change)?;
        let settings = self.projects.change(project, name, change).await?;
        self.changes.follow(project, Change::Settings).await;
        Ok(settings)
    }

    /// No instance gets more than this host allows any.
    fn check_memory(&self, change: &SettingsChange) -> Result<(), SettingError> {
        let sandbox = self.deploys.workshop().sandbox();
        let most = sandbox.memory_for(Some(usize::MAX)) >> 20;
        match change.memory.flatten() {
            Some(mib) if usize::try_from(mib).is_ok_and(|mib| mib > most) => {
                Err(SettingError::above("memory", mib, most))
            }
            _ => Ok(()),
        }
    }

    /// Waits until no event of a project is pending or running.
    pub async fn idle(&self, project: ProjectId) -> Result<()> {
        Ok(self.inbox.idle(project).await?)
    }
}

/// What a list of names and addresses may hold is for `egress` to say.
fn check_lists(change: &SettingsChange) -> Result<(), SettingError> {
    for (setting, list) in [
        ("egress_deny", &change.egress_deny),
        ("egress_only", &change.egress_only),
    ] {
        for text in list.iter().flatten().flatten() {
            if let Err(error) = text.parse::<Rule>() {
                return Err(SettingError::listed(setting, text, &error));
            }
        }
    }
    Ok(())
}
