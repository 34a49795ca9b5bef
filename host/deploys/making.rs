//! From an artifact and an environment to a bot.

use super::{DeployError, Deploys, Say};
use crate::build::Variable;
use crate::build::artifact::{self, Artifact};
use crate::capabilities::{BundleText, DatabaseGrant, Grants};
use crate::egress::Egress;
use crate::grants::{BootClient, BotLog, LogOf};
use crate::logs::Origin;
use crate::postgres::{Limits, Tenant};
use crate::projects::{Environment, Project, VersionId};
use crate::sandbox::Bot;
use crate::words::Lifetime;
use crate::workshop::{Image, Positions, WorkshopError, apart, check_imports, text_of};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How many artifacts are read or written at once: one may take some hundred MiB.
static TURNS: Semaphore = Semaphore::const_new(2);

/// Does what takes long with a foreign artifact, in turn.
async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let turn = TURNS.acquire().await;
    apart(move || {
        let done = work();
        drop(turn);
        done
    })
    .await
}

/// What a bot is made of.
pub(super) enum Code {
    /// Source: this host boots it, with the project's environment.
    Bundle(Arc<Artifact>),
    /// A component of another tool. It runs as it is, and finds its environment in
    /// `roost:bot/secrets` and in WASI's.
    Component(Vec<u8>),
}

impl Code {
    /// Of an artifact's bytes, or of a component that was uploaded.
    pub(super) async fn read(bytes: Vec<u8>) -> Result<Self, DeployError> {
        in_turn(move || Self::read_here(bytes)).await
    }

    fn read_here(bytes: Vec<u8>) -> Result<Self, DeployError> {
        match artifact::read(&bytes)? {
            Some(artifact) => Ok(Self::Bundle(Arc::new(artifact))),
            None => {
                check_imports(&bytes).map_err(WorkshopError::Imports)?;
                Ok(Self::Component(bytes))
            }
        }
    }

    /// What is kept of it. The engine around a bundle is not: every host has its own.
    pub(super) async fn artifact(&self) -> Result<Vec<u8>, DeployError> {
        match self {
            Self::Bundle(artifact) => {
                let artifact = artifact.clone();
                let written = in_turn(move || artifact::alone(&artifact));
                Ok(written.await?)
            }
            Self::Component(bytes) => Ok(bytes.clone()),
        }
    }

    pub(super) fn entry(&self) -> &str {
        match self {
            Self::Bundle(artifact) => &artifact.manifest.entry,
            Self::Component(_) => "component",
        }
    }

    pub(super) fn webhook_path(&self) -> Option<&str> {
        match self {
            Self::Bundle(artifact) => artifact.manifest.webhook_path.as_deref(),
            Self::Component(_) => None,
        }
    }

    /// How long instances live, where the bot says.
    pub(super) fn instance(&self) -> Option<Lifetime> {
        match self {
            Self::Bundle(artifact) => artifact.manifest.instance,
            Self::Component(_) => None,
        }
    }

    /// What its code reads of the environment, where that is known.
    pub(super) fn variables(&self) -> &[Variable] {
        match self {
            Self::Bundle(artifact) => &artifact.manifest.variables,
            Self::Component(_) => &[],
        }
    }

    /// What the build had to say.
    pub(super) fn warnings(&self) -> &[String] {
        match self {
            Self::Bundle(artifact) => &artifact.manifest.warnings,
            Self::Component(_) => &[],
        }
    }

    pub(super) async fn positions(&self) -> Positions {
        match self {
            Self::Bundle(artifact) => positions_of(artifact).await,
            Self::Component(_) => Positions::none(),
        }
    }

    /// What `roost:bot/secrets` and WASI's environment show. A component has no image with the rest.
    pub(super) fn secrets(&self, environment: &Environment) -> Arc<BTreeMap<String, String>> {
        match self {
            Self::Bundle(_) => environment.secrets.clone(),
            Self::Component(_) => environment.variables.clone(),
        }
    }
}

async fn positions_of(artifact: &Arc<Artifact>) -> Positions {
    let artifact = artifact.clone();
    in_turn(move || Positions::of(&artifact)).await
}

/// For whom a bot is made.
pub(super) struct Owner<'a> {
    pub(super) project: &'a Project,
    pub(super) tenant: &'a Tenant,
}

impl Deploys {
    /// Runs a bundle's top level as the project. What it logs, `say` hears too.
    pub(super) async fn boot(
        &self,
        owner: &Owner<'_>,
        artifact: &Arc<Artifact>,
        environment: &Environment,
        say: Option<&Say>,
    ) -> Result<Image, DeployError> {
        let database = DatabaseGrant {
            database: self.database.clone(),
            tenant: owner.tenant.clone(),
            limits: Limits::default(),
        };
        let egress = self.way_out(owner.project);
        let positions = positions_of(artifact).await;
        let log = self.log_of_start(owner, positions, environment, say);
        let secrets = environment.secrets.clone();
        let grants = move || {
            Grants::none()
                .with_database(database.clone())
                .with_secrets(secrets.clone())
                .with_http(Arc::new(BootClient(egress.clone())))
                .with_log(log.clone())
        };
        let variables = (*environment.variables).clone();
        Ok(self
            .workshop
            .boot(
                artifact,
                variables,
                grants,
                true,
                self.memory_of(owner.project),
            )
            .await?)
    }

    /// What the project's bot reaches. Those of projects without lists share their connections.
    pub(super) fn way_out(&self, project: &Project) -> Arc<Egress> {
        let (deny, only) = (&project.egress_deny, &project.egress_only);
        Arc::new(self.egress.of_project(project.project_id.0, deny, only))
    }

    /// What an instance of the project's bot may use.
    pub(super) fn memory_of(&self, project: &Project) -> usize {
        let wanted = project.memory.and_then(|mib| usize::try_from(mib).ok());
        self.workshop
            .sandbox()
            .memory_for(wanted.map(|mib| mib << 20))
    }

    /// The text of a bundle, where this host has its artifact at hand when it is asked.
    pub(super) fn source_of(&self, code: &Code, digest: &str) -> Option<BundleText> {
        let Code::Bundle(_) = code else { return None };
        let (files, digest) = (self.files.clone(), digest.to_owned());
        let program = self.workshop.sandbox().program();
        Some(BundleText::new(move || {
            let bytes = files.artifact(&digest)?;
            let artifact = artifact::read(&bytes).ok()??;
            Some(text_of(
                program.clone(),
                artifact.code,
                &artifact.source_map,
            ))
        }))
    }

    /// Where a bot's log goes before it has any event: the host's, and the build's.
    pub(super) fn log_of_start(
        &self,
        owner: &Owner<'_>,
        positions: Positions,
        environment: &Environment,
        say: Option<&Say>,
    ) -> Arc<BotLog> {
        Arc::new(BotLog::new(LogOf {
            project: owner.project.name.as_str().into(),
            event_id: 0,
            positions,
            redactor: environment.redactor([]),
            complaint: Default::default(),
            kept: self.logs.clone(),
            origin: Origin {
                project_id: owner.project.project_id,
                event_id: None,
                run_id: None,
                version_id: None,
            },
            say: say.cloned(),
        }))
    }

    /// A version's bot with an environment: from memory, from its image, or booted again.
    pub(super) async fn bot(
        &self,
        owner: &Owner<'_>,
        version_id: VersionId,
        code: &Code,
        environment: &Environment,
    ) -> Result<Bot, DeployError> {
        let key = (version_id, environment.fingerprint.clone());
        let made = self.bots.try_get_with(key, async {
            let artifact = match code {
                Code::Component(bytes) => return self.load(bytes).await,
                Code::Bundle(artifact) => artifact,
            };
            let kept = self.files.image(version_id, &environment.fingerprint);
            let image = match kept {
                Some(image) => image,
                None => {
                    let booted = self.boot(owner, artifact, environment, None).await?;
                    let image = booted.component;
                    self.files
                        .keep_image(version_id, &environment.fingerprint, &image);
                    image
                }
            };
            self.load_image(&image).await
        });
        let made = made.await.map_err(DeployError::Shared);
        made.map_err(|error| error.without_secrets(&environment.redactor([])))
    }

    /// Of an image that this host made.
    pub(super) async fn load_image(&self, image: &[u8]) -> Result<Bot, DeployError> {
        let loaded = self.workshop.load_image(image).await;
        Ok(loaded.map_err(WorkshopError::Load)?)
    }

    /// Of a component that somebody uploaded.
    pub(super) async fn load(&self, component: &[u8]) -> Result<Bot, DeployError> {
        let loaded = self.workshop.load(component).await;
        Ok(loaded.map_err(WorkshopError::Load)?)
    }

    /// An artifact's code: from this host's folder, or from the database where all hosts find it.
    pub(super) async fn code(&self, digest: &str) -> Result<Option<Code>, DeployError> {
        if let Some(bytes) = self.files.artifact(digest) {
            return Code::read(bytes).await.map(Some);
        }
        let Some(bytes) = self.projects.artifact(digest).await? else {
            return Ok(None);
        };
        self.files.keep_artifact(digest, &bytes);
        Code::read(bytes).await.map(Some)
    }
}
