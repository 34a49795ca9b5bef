//! The environment of a bot: what its project is, and its secrets.
//!
//! Later ones win: what the host sets by names of its own, what a project links, what a `.env`
//! holds where the host runs on its author's machine, and secrets, which somebody set on purpose.
//! A `.env` says nothing of number and account: those of another place lead nowhere here.

use super::Deploys;
use crate::projects::{
    Environment, HostValue, ProjectError, ProjectId, ProjectStore, Secret, set_by_host,
};
use std::collections::BTreeMap;
use std::sync::PoisonError;

/// What a bot believes to be its token: the host puts the real one in its place.
pub(super) const PLACEHOLDER_TOKEN: &str = "EAAroostPlaceholderToken";

/// Bots listen on any port; this is the one they are told.
const PORT: &str = "3000";

/// Where a variable of a bot comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The host sets it by itself.
    Host(Option<HostValue>),
    /// The project links it to what the host knows.
    Link(HostValue),
    /// A `.env` on the author's machine holds it.
    File,
    /// It is a secret of the project.
    Secret,
}

impl Source {
    /// Which value of the host's it is.
    pub fn host_value(self) -> Option<HostValue> {
        match self {
            Self::Host(value) => value,
            Self::Link(value) => Some(value),
            Self::File | Self::Secret => None,
        }
    }
}

/// A project's variables with their sources, as they are now.
pub struct Variables {
    /// By name.
    pub all: BTreeMap<String, (Secret, Source)>,
    /// What a link cannot show yet, because the project has no number.
    pub empty_links: Vec<(String, HostValue)>,
}

impl Deploys {
    /// What a project's environment is with its settings, its secrets and its number now.
    pub(super) async fn environment_now(
        &self,
        project_id: ProjectId,
    ) -> Result<Environment, ProjectError> {
        // Before the rest is read: what changes meanwhile counts as not seen.
        let seen = self.projects.environment_wanted(project_id).await?;
        let all = self.variables(project_id).await?.all;
        let secrets = all.iter().filter(|(_, (_, source))| {
            // A component reads those of the file as secrets, too.
            matches!(source, Source::Secret | Source::File)
        });
        let plain = |(name, (value, _)): (&String, &(Secret, Source))| {
            (name.clone(), value.expose().to_owned())
        };
        let secrets = secrets.map(plain).collect();
        let variables = all.iter().map(plain).collect();
        let projects = &self.projects;
        Ok(projects.environment_of(project_id, variables, secrets, seen))
    }

    /// What a project's bot finds in `process.env`, and where each comes from.
    pub async fn variables(&self, project_id: ProjectId) -> Result<Variables, ProjectError> {
        let keys = self.projects.keys(project_id).await?;
        let number = self.projects.number(project_id).await?;
        let known = |value| match value {
            HostValue::VerifyToken => Some(keys.verify_token.clone()),
            HostValue::AppSecret => Some(keys.app_secret.clone()),
            HostValue::AccessToken => Some(Secret::new(PLACEHOLDER_TOKEN)),
            HostValue::PhoneNumberId => Some(Secret::new(number.as_ref()?.phone_number_id.clone())),
            HostValue::AccountId => Some(Secret::new(number.as_ref()?.waba_id.clone())),
            HostValue::PhoneNumber => {
                Some(Secret::new(number.as_ref()?.display_phone_number.clone()))
            }
            HostValue::GraphVersion => Some(Secret::new(self.settings.graph_version.clone())),
        };
        let mut all: BTreeMap<String, (Secret, Source)> =
            [("NODE_ENV", "production"), ("PORT", PORT)]
                .map(|(name, value)| (name.to_owned(), (Secret::new(value), Source::Host(None))))
                .into();
        for name in crate::projects::SET_BY_HOST {
            if let Some(value) = set_by_host(name)
                && let Some(is) = known(value)
            {
                all.insert(name.to_owned(), (is, Source::Host(Some(value))));
            }
        }
        let mut empty_links = Vec::new();
        for (name, value) in self.projects.settings(project_id).await?.links {
            match known(value) {
                Some(is) => {
                    all.insert(name, (is, Source::Link(value)));
                }
                None => empty_links.push((name, value)),
            }
        }
        let of_number = |source: Source| source.host_value().is_some_and(HostValue::is_of_number);
        for (name, value) in self.local(project_id) {
            let is_taken = all.get(&name).is_some_and(|(_, source)| of_number(*source));
            if !is_taken {
                all.insert(name, (value, Source::File));
            }
        }
        for (name, secret) in self.projects.secrets(project_id).await? {
            all.insert(name, (secret, Source::Secret));
        }
        Ok(Variables { all, empty_links })
    }

    /// Has a project's bot find these, too: what a `.env` on its author's machine holds.
    pub fn set_local(&self, project_id: ProjectId, variables: BTreeMap<String, Secret>) {
        let mut local = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        local.insert(project_id, variables);
    }

    fn local(&self, project_id: ProjectId) -> BTreeMap<String, Secret> {
        let local = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        local.get(&project_id).cloned().unwrap_or_default()
    }

    /// The environment that serves. A project that never had one gets what it has now.
    pub(super) async fn environment_serving(
        &self,
        project_id: ProjectId,
    ) -> Result<Environment, ProjectError> {
        let projects: &ProjectStore = &self.projects;
        if let Some(environment) = projects.environment(project_id).await? {
            return Ok(environment);
        }
        let first = self.environment_now(project_id).await?;
        projects.first_environment(project_id, &first).await?;
        // Another host may have been first.
        Ok(projects.environment(project_id).await?.unwrap_or(first))
    }
}
