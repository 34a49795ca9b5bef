//! A version that is ready to run.

use super::environment::PLACEHOLDER_TOKEN;
use super::making::{Code, Owner};
use super::needs::value_read;
use super::{DeployError, Deploys};
use crate::capabilities::BundleText;
use crate::causes::with_causes;
use crate::egress::Egress;
use crate::postgres::{Tenant, TenantName};
use crate::projects::{
    Environment, HostValue, ProjectError, ProjectId, Redactor, Secret, Version, VersionId,
};
use crate::sandbox::{Bot, Budget, Permit, Purpose};
use crate::whatsapp::{AccessToken, Scope, Sender};
use crate::words::Lifetime;
use crate::workshop::Positions;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, MutexGuard, PoisonError};

/// A version that is ready to run, with what its runs need.
pub struct Serving {
    /// Which version.
    pub version_id: VersionId,
    /// Counts changes of what is here; see [`Deploys::serving_at`].
    pub generation: i64,
    /// The bot.
    pub bot: Bot,
    /// The path that takes webhooks.
    pub webhook_path: String,
    /// What the bot checks signatures with, which signs what is delivered: the project's own app
    /// secret, or what its owner set under the name that the code reads.
    pub app_secret: Secret,
    /// What the bot reaches besides Meta.
    pub egress: Arc<Egress>,
    /// Hides what is secret in what the bot says.
    pub redactor: Redactor,
    /// What `roost:bot/secrets` shows.
    pub secrets: Arc<BTreeMap<String, String>>,
    /// The project's schema and role.
    pub tenant: Tenant,
    /// The project's number.
    pub number: Option<ServingNumber>,
    /// From the bundle to the author's files.
    pub positions: Positions,
    /// What logs call the project.
    pub project_name: Arc<str>,
    /// How long its instances live.
    pub lifetime: Lifetime,
    /// What an instance of it may use, in bytes.
    pub memory_bytes: usize,
    /// The bundle's text, for functions that are asked for theirs.
    pub source: Option<BundleText>,
}

/// The number that a bot sends from.
#[derive(Clone)]
pub struct ServingNumber {
    /// Meta's id of it.
    pub phone_number_id: String,
    /// Its business account.
    pub waba_id: String,
    /// What the host sends with.
    pub token: AccessToken,
}

impl ServingNumber {
    /// As sends want it.
    pub fn sender(&self) -> Sender {
        Sender {
            phone_number_id: self.phone_number_id.clone(),
            token: self.token.clone(),
        }
    }
}

impl Serving {
    /// An event's budget, with the memory of this project.
    pub fn budget(&self, budget: Budget) -> Budget {
        Budget {
            memory_bytes: self.memory_bytes,
            ..budget
        }
    }

    /// Whether one instance answers all.
    pub fn is_resident(&self) -> bool {
        self.lifetime == Lifetime::Resident
    }

    /// Waits until there may be one more instance of it.
    pub async fn permit(&self) -> Permit {
        self.bot.permit(Purpose::Event, self.memory_bytes).await
    }

    /// What the bot may name at Meta.
    pub fn scope(&self) -> Scope {
        Scope {
            waba_id: self.number.as_ref().map(|number| number.waba_id.clone()),
            ids: Vec::new(),
            placeholder: PLACEHOLDER_TOKEN.to_owned(),
        }
    }
}

/// Why a version cannot run on this host.
#[derive(Debug, thiserror::Error)]
pub enum ServingError {
    /// Another run found out first.
    #[error(transparent)]
    Shared(Arc<ServingError>),
    /// The control database refused.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The project has no schema.
    #[error("the project has no schema yet: deploy to it first")]
    NotProvisioned,
    /// There is no such version.
    #[error("the project has no version `{0}`")]
    NoVersion(VersionId),
    /// Its artifact is in no place where hosts look.
    #[error("the artifact of v{0} is gone: deploy it again")]
    Gone(i32),
    /// It was never built to its end.
    #[error("v{0} was not built")]
    NotBuilt(i32),
    /// Its files are damaged, or it fails to start now.
    #[error("version `{version_id}` cannot be made ready: {reason}")]
    Broken {
        /// Which version.
        version_id: VersionId,
        /// What is wrong.
        reason: String,
    },
}

impl ServingError {
    /// The error and its causes in one line.
    pub fn chain(&self) -> String {
        with_causes(self)
    }
}

impl Deploys {
    /// A version, ready to run, as it is now.
    pub async fn serving(
        &self,
        project_id: ProjectId,
        version_id: VersionId,
    ) -> Result<Arc<Serving>, ServingError> {
        let generation = self.projects.generation(project_id).await?;
        self.serving_at(project_id, version_id, generation).await
    }

    /// A version, ready to run: from the cache, from its image, or from its artifact.
    ///
    /// `generation` is that of the project when the version was looked up: what was made ready
    /// before a change of number, secrets or webhook path does not serve after it.
    pub async fn serving_at(
        &self,
        project_id: ProjectId,
        version_id: VersionId,
        generation: i64,
    ) -> Result<Arc<Serving>, ServingError> {
        let key = (version_id, generation);
        if let Some(serving) = self.serving.get(&key).await {
            return Ok(serving);
        }
        let made = self
            .serving
            .try_get_with(key, self.make_ready(project_id, version_id, generation));
        let made = made.await.map_err(ServingError::Shared)?;
        // What another host switched from goes too.
        let before = self.serving_of().insert(project_id, version_id);
        if let Some(before) = before.filter(|before| *before != version_id) {
            self.release(&[before], Some(version_id), None).await;
        }
        // Claims of an earlier generation are over soon; what they ran with goes.
        let before = {
            let mut latest = self.latest();
            let newest = latest.entry(version_id).or_insert(generation);
            let before = *newest;
            *newest = generation.max(before);
            before
        };
        if before < generation {
            self.serving.invalidate(&(version_id, before)).await;
        }
        Ok(made)
    }

    fn serving_of(&self) -> MutexGuard<'_, HashMap<ProjectId, VersionId>> {
        let versions = self.serving_of.lock();
        versions.unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn latest(&self) -> MutexGuard<'_, HashMap<VersionId, i64>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a version is made of.
    pub(super) async fn code_of(&self, version: &Version) -> Result<Code, ServingError> {
        let number = version.number;
        let digest = version.artifact_sha256.as_deref();
        let digest = digest.ok_or(ServingError::NotBuilt(number))?;
        let code = self.code(digest).await.map_err(|error| {
            let reason = error.chain();
            let version_id = version.version_id;
            ServingError::Broken { version_id, reason }
        })?;
        code.ok_or(ServingError::Gone(number))
    }

    async fn make_ready(
        &self,
        project_id: ProjectId,
        version_id: VersionId,
        generation: i64,
    ) -> Result<Arc<Serving>, ServingError> {
        let project = self.projects.by_id(project_id).await?;
        let version = self.projects.version(project_id, version_id).await?;
        let version = version.ok_or(ServingError::NoVersion(version_id))?;
        let placement = project
            .placement
            .as_ref()
            .ok_or(ServingError::NotProvisioned)?;
        let broken = |reason: String| ServingError::Broken { version_id, reason };
        let tenant = TenantName::parse(&placement.schema)
            .map(|name| self.cell.tenant(name))
            .map_err(|error| broken(error.to_string()))?;
        let code = self.code_of(&version).await?;
        let digest = version.artifact_sha256.as_deref().unwrap_or_default();
        let environment = self.environment_serving(project_id).await?;
        let owner = Owner {
            project: &project,
            tenant: &tenant,
        };
        let bot = self.bot(&owner, version_id, &code, &environment).await;
        let bot = bot.map_err(|error: DeployError| broken(error.chain()))?;
        self.files
            .forget_images(&[version_id], &environment.fingerprint);
        let number = self
            .projects
            .number(project_id)
            .await?
            .map(|number| ServingNumber {
                phone_number_id: number.phone_number_id,
                waba_id: number.waba_id,
                token: AccessToken::new(number.token.expose()),
            });
        let memory_bytes = self.memory_of(&project);
        let egress = self.way_out(&project);
        let app_secret = match app_secret(&code, &environment) {
            Some(secret) => secret,
            None => self.projects.keys(project_id).await?.app_secret,
        };
        let found = version
            .webhook_path
            .unwrap_or_else(|| "/webhook".to_owned());
        Ok(Arc::new(Serving {
            version_id,
            generation,
            bot,
            webhook_path: project.webhook_path.unwrap_or(found),
            egress,
            redactor: environment.redactor(hidden(&app_secret, number.as_ref())),
            app_secret,
            secrets: code.secrets(&environment),
            tenant,
            number,
            positions: code.positions().await,
            project_name: project.name.as_str().into(),
            lifetime: project
                .instance
                .or(code.instance())
                .unwrap_or(Lifetime::Fresh),
            memory_bytes,
            source: self.source_of(&code, digest),
        }))
    }
}

/// What is hidden beside the environment. Of its token the bot has a placeholder only, but Meta's
/// refusals may quote the real one.
fn hidden(app_secret: &Secret, number: Option<&ServingNumber>) -> Vec<(String, Secret)> {
    let mut hidden = vec![("APP_SECRET".to_owned(), app_secret.clone())];
    if let Some(number) = number {
        let token = Secret::new(number.token.reveal());
        hidden.push(("WHATSAPP_TOKEN".to_owned(), token));
    }
    hidden
}

/// What the bot has as its app's secret.
fn app_secret(code: &Code, environment: &Environment) -> Option<Secret> {
    let variables = &environment.variables;
    let read = value_read(code.variables(), variables, HostValue::AppSecret);
    let own = || {
        variables
            .get("APP_SECRET")
            .filter(|secret| !secret.is_empty())
    };
    read.or_else(|| own().map(Secret::new))
}
