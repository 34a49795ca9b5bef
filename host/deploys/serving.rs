//! A version that is ready to run.

use super::environment::{self, PLACEHOLDER_TOKEN};
use super::{Deploys, write};
use crate::build::{Instance as Lifetime, artifact};
use crate::postgres::{Tenant, TenantName};
use crate::projects::{InstanceLife, ProjectError, ProjectId, Secret, VersionId};
use crate::sandbox::Bot;
use crate::whatsapp::{AccessToken, Scope, Sender};
use crate::workshop::Positions;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A version that is ready to run, with what its runs need.
pub struct Serving {
    /// The bot.
    pub bot: Bot,
    /// The path that takes webhooks.
    pub webhook_path: String,
    /// The project's own app secret, which signs what is delivered.
    pub app_secret: Secret,
    /// The project's secrets.
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
    /// Its files are gone.
    #[error("version `{version_id}` cannot be read from `{file}`: deploy it again")]
    Gone {
        /// Which version.
        version_id: VersionId,
        /// Where it should be.
        file: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
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
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            let next = error.to_string();
            if !text.ends_with(&next) {
                text.push_str(": ");
                text.push_str(&next);
            }
            source = error.source();
        }
        text
    }
}

impl Deploys {
    pub(super) async fn make_ready(
        &self,
        project_id: ProjectId,
        version_id: VersionId,
    ) -> Result<Arc<Serving>, ServingError> {
        let project = self.projects.by_id(project_id).await?;
        let versions = self.projects.versions(project_id).await?;
        let version = versions
            .into_iter()
            .find(|version| version.version_id == version_id)
            .ok_or(ServingError::NoVersion(version_id))?;
        let placement = project
            .placement
            .as_ref()
            .ok_or(ServingError::NotProvisioned)?;
        let broken = |reason: String| ServingError::Broken { version_id, reason };
        let tenant = TenantName::parse(&placement.schema)
            .map(|name| self.cell.tenant(name))
            .map_err(|error| broken(error.to_string()))?;
        let artifact_file = self.artifact_file(&version.component_sha256);
        let artifact = std::fs::read(&artifact_file).map_err(|source| ServingError::Gone {
            version_id,
            file: artifact_file.display().to_string(),
            source,
        })?;
        let artifact = artifact::read(&artifact)
            .map_err(|error| broken(error.to_string()))?
            .ok_or_else(|| broken("its artifact holds no bundle".to_owned()))?;
        let image = match std::fs::read(self.image_file(version_id)) {
            Ok(image) => image,
            Err(_) => {
                let booted = self.boot(&project, &artifact, &tenant).await;
                let image = booted.map_err(|error| broken(error.to_string()))?.component;
                write(&self.image_file(version_id), &image)
                    .map_err(|error| broken(error.to_string()))?;
                image
            }
        };
        let loaded = self.workshop.load(&image).await;
        let environment = environment::of(&self.projects, project_id).await?;
        let number = self
            .projects
            .number(project_id)
            .await?
            .map(|number| ServingNumber {
                phone_number_id: number.phone_number_id,
                waba_id: number.waba_id,
                token: AccessToken::new(number.token.expose()),
            });
        Ok(Arc::new(Serving {
            bot: loaded.map_err(|error| broken(format!("{error:#}")))?,
            webhook_path: project.webhook_path.unwrap_or(version.webhook_path),
            app_secret: self.projects.keys(project_id).await?.app_secret,
            secrets: environment.secrets,
            tenant,
            number,
            positions: Positions::of(&artifact),
            project_name: project.name.as_str().into(),
            lifetime: match project.instance {
                Some(InstanceLife::Resident) => Lifetime::Resident,
                Some(InstanceLife::Fresh) => Lifetime::Fresh,
                None => artifact.manifest.instance.unwrap_or(Lifetime::Fresh),
            },
        }))
    }
}
