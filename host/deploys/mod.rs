//! Deploys: from a bot's code to the version that serves its project.
//!
//! A deploy boots the code with the project's environment and database, finds
//! the path that takes webhooks, writes the artifact and the image, and only
//! then switches. What fails leaves the version before it serving.
//!
//! Files, below one folder: `artifacts/{sha256}`, the code as it came, and
//! `images/{version}.wasm`, which holds the project's secrets and can be made
//! again from the artifact at any time.
//!
//! Not here: making bundles and images (`workshop`).

mod environment;
mod handshake;
mod serving;

use crate::build::artifact::{self, Artifact};
use crate::capabilities::{DatabaseGrant, Grants};
use crate::egress::Egress;
use crate::logs::{LogWriter, Origin};
use crate::postgres::{Cell, Limits, Tenant, TenantDatabase, TenantName};
use crate::projects::{
    NewVersion, Placement, Project, ProjectError, ProjectId, ProjectStore, VersionId, VersionState,
};
use crate::runs::BootClient;
use crate::sandbox::BootReport;
use crate::telemetry::Metrics;
use crate::workshop::{Image, Positions, Workshop, WorkshopError};
use moka::future::Cache;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use handshake::{Found, HandshakeError};
pub use serving::{Serving, ServingError, ServingNumber};

/// How many bots stay compiled at once; each costs its image and three mappings.
const COMPILED_BOTS: u64 = 5_000;

/// A component with nothing in it: what an artifact's sections hang on when only they are wanted.
const EMPTY_COMPONENT: [u8; 8] = [0x00, b'a', b's', b'm', 0x0d, 0x00, 0x01, 0x00];

/// Why a deploy did not lead to a new version.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The code does not become a bot.
    #[error(transparent)]
    Workshop(#[from] WorkshopError),
    /// Nothing answers Meta's webhooks.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// The control database refused.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The tenant's schema could not be made.
    #[error("the project's schema could not be made")]
    Provision(#[from] crate::postgres::CellError),
    /// The image or the artifact could not be written.
    #[error("`{file}` could not be written", file = .0.display())]
    Write(PathBuf, #[source] std::io::Error),
    /// The new version does not run.
    #[error("the new version does not run")]
    Serving(#[from] ServingError),
}

/// What a deploy did.
#[derive(Clone, Debug)]
pub struct Deployed {
    /// The version that serves now.
    pub version_id: VersionId,
    /// The path that takes webhooks, and why that one.
    pub webhook: Found,
    /// What the top level did.
    pub report: BootReport,
}

/// Deploys bots, and has them ready to run.
#[derive(Clone)]
pub struct Deploys {
    projects: ProjectStore,
    workshop: Workshop,
    cell: Cell,
    database: TenantDatabase,
    egress: Arc<Egress>,
    folder: PathBuf,
    logs: LogWriter,
    metrics: Metrics,
    serving: Cache<VersionId, Arc<Serving>>,
}

/// What deploys are made of.
pub struct DeployParts {
    /// Projects and their versions.
    pub projects: ProjectStore,
    /// Makes bots.
    pub workshop: Workshop,
    /// Where new projects' schemas go.
    pub cell: Cell,
    /// Connections of tenants.
    pub database: TenantDatabase,
    /// What a top level may reach.
    pub egress: Arc<Egress>,
    /// Where artifacts and images are kept.
    pub folder: PathBuf,
    /// Where what bots log is kept.
    pub logs: LogWriter,
    /// Where numbers go.
    pub metrics: Metrics,
}

impl Deploys {
    /// From its parts.
    pub fn new(parts: DeployParts) -> Self {
        let DeployParts {
            projects,
            workshop,
            cell,
            database,
            egress,
            folder,
            logs,
            metrics,
        } = parts;
        let serving = Cache::new(COMPILED_BOTS);
        Self {
            projects,
            workshop,
            cell,
            database,
            egress,
            folder,
            logs,
            metrics,
            serving,
        }
    }

    /// The workshop that this deploys with.
    pub fn workshop(&self) -> &Workshop {
        &self.workshop
    }

    /// Makes the project's schema and role, if it has none.
    pub async fn provision(&self, project: &Project) -> Result<Tenant, DeployError> {
        // Placed first and made then: a crash between leaves nothing that nobody owns.
        let wanted = TenantName::random();
        let placement = Placement {
            database: self.cell.address().database.clone(),
            schema: wanted.as_str().to_owned(),
            role: wanted.as_str().to_owned(),
        };
        let placed = self.projects.placed(project.project_id, &placement).await?;
        let name = TenantName::parse(&placed.schema)?;
        Ok(self.cell.provision_tenant(name).await?)
    }

    /// Deploys an artifact to a project.
    pub async fn deploy(
        &self,
        project: &Project,
        artifact: &Artifact,
    ) -> Result<Deployed, DeployError> {
        let deployed = self.deploy_now(project, artifact).await;
        let result = if deployed.is_ok() { "done" } else { "failed" };
        self.metrics.deploy(result);
        deployed
    }

    async fn deploy_now(
        &self,
        project: &Project,
        artifact: &Artifact,
    ) -> Result<Deployed, DeployError> {
        let tenant = self.provision(project).await?;
        let image = self.boot(project, artifact, &tenant).await?;
        let bot = self
            .workshop
            .load(&image.component)
            .await
            .map_err(WorkshopError::Load)?;
        let keys = self.projects.keys(project.project_id).await?;
        let wanted = project
            .webhook_path
            .as_deref()
            .or(artifact.manifest.webhook_path.as_deref());
        let webhook =
            handshake::find(&bot, &image.report, keys.verify_token.expose(), wanted).await?;
        let bytes =
            artifact::attach(&EMPTY_COMPONENT, artifact).map_err(WorkshopError::Artifact)?;
        let digest = hex::encode(Sha256::digest(&bytes));
        write(&self.artifact_file(&digest), &bytes)?;
        let version = NewVersion {
            component_sha256: digest,
            entry: artifact.manifest.entry.clone(),
            webhook_path: webhook.path.clone(),
            notes: serde_json::json!({
                "webhook": webhook.because,
                "parked": image.report.parked,
                "warnings": artifact.manifest.warnings,
            }),
        };
        let version = self
            .projects
            .insert_version(project.project_id, &version)
            .await?;
        let version_id = version.version_id;
        write(&self.image_file(version_id), &image.component)?;
        self.projects
            .set_version_state(project.project_id, version_id, VersionState::Ready)
            .await?;
        // Ready before it serves: the first event does not wait for the compiler.
        self.serving(project.project_id, version_id).await?;
        self.projects
            .activate(project.project_id, version_id)
            .await?;
        Ok(Deployed {
            version_id,
            webhook,
            report: image.report,
        })
    }

    /// Runs an artifact's top level as the project.
    async fn boot(
        &self,
        project: &Project,
        artifact: &Artifact,
        tenant: &Tenant,
    ) -> Result<Image, DeployError> {
        let environment = environment::of(&self.projects, project.project_id).await?;
        let database = DatabaseGrant {
            database: self.database.clone(),
            tenant: tenant.clone(),
            limits: Limits::default(),
        };
        let log = Arc::new(crate::runs::BotLog {
            project: project.name.as_str().into(),
            event_id: 0,
            positions: Positions::of(artifact),
            complaint: Default::default(),
            kept: self.logs.clone(),
            origin: Origin {
                project_id: project.project_id,
                event_id: None,
                run_id: None,
                version_id: None,
            },
        });
        let grants = || {
            Grants::none()
                .with_database(database.clone())
                .with_secrets(environment.secrets.clone())
                .with_http(Arc::new(BootClient(self.egress.clone())))
                .with_log(log.clone())
        };
        Ok(self
            .workshop
            .boot(artifact, environment.variables.clone(), grants, true)
            .await?)
    }

    /// A version, ready to run: from the cache, from its image, or from its artifact.
    pub async fn serving(
        &self,
        project_id: ProjectId,
        version_id: VersionId,
    ) -> Result<Arc<Serving>, ServingError> {
        let made = self
            .serving
            .try_get_with(version_id, self.make_ready(project_id, version_id));
        made.await.map_err(ServingError::Shared)
    }

    /// Forgets what was made ready for a project, after something of it changed.
    pub async fn forget(&self, project_id: ProjectId) -> Result<(), ProjectError> {
        for version in self.projects.versions(project_id).await? {
            self.serving.invalidate(&version.version_id).await;
        }
        Ok(())
    }

    /// Forgets what was made ready for a project, and its images too: they hold the environment that
    /// was, and the artifact gives another.
    pub async fn renew(&self, project_id: ProjectId) -> Result<(), ProjectError> {
        for version in self.projects.versions(project_id).await? {
            let image = self.image_file(version.version_id);
            if let Err(error) = tokio::fs::remove_file(image).await
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(%error, "an image with an old environment cannot be deleted");
            }
        }
        self.forget(project_id).await
    }

    /// The code of a version, as it was deployed; `None` when it is not there.
    pub async fn artifact(&self, digest: &str) -> Option<Vec<u8>> {
        tokio::fs::read(self.artifact_file(digest)).await.ok()
    }

    fn artifact_file(&self, digest: &str) -> PathBuf {
        self.folder.join("artifacts").join(digest)
    }

    fn image_file(&self, version_id: VersionId) -> PathBuf {
        self.folder
            .join("images")
            .join(format!("{}.wasm", version_id.0))
    }
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), DeployError> {
    crate::sandbox::write_private(file, bytes)
        .map_err(|error| DeployError::Write(file.to_owned(), error))
}
