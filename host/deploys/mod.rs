//! Deploys: from a bot's code to the version that serves its project.
//!
//! A deploy is written down with what was uploaded (`projects::versions`), and some host builds it:
//! it boots the code with the project's environment and database, finds the path that takes
//! webhooks, keeps the artifact, and only then switches. What fails leaves the version before it
//! serving. A change of a secret boots the serving version again (`renewal`).
//!
//! Artifacts, the code as it came, are in the control database, where every host finds them.
//! `files` are what this host keeps of them, and the images it made; those hold secrets.
//!
//! Not here: making bundles and images (`workshop`).

mod builder;
mod bundling;
mod checks;
mod environment;
mod error;
mod files;
pub(crate) mod handshake;
mod making;
mod needs;
mod renewal;
mod serving;
mod switch;
pub mod upload;

use crate::build::artifact::Artifact;
use crate::egress::Egress;
use crate::kept::Seal;
use crate::logs::LogWriter;
use crate::postgres::{Cell, Tenant, TenantDatabase, TenantName};
use crate::projects::{
    Fingerprint, NewBuild, NewVersion, Placement, Project, ProjectError, ProjectId, ProjectStore,
    Secret, Version, VersionId, VersionState,
};
use crate::sandbox::{BootReport, Bot};
use crate::telemetry::Metrics;
use crate::words::LogLevel;
use crate::workshop::Workshop;
use bundling::{Bundling, Layers};
use checks::Care;
use files::Files;
use futures::future::BoxFuture;
use making::{Code, Owner};
use moka::future::Cache;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use bundling::{BundleUploadArgs, BundlingError, BundlingSettings, layers_here};
pub use environment::{Source, Variables};
pub use error::{DeployError, SwitchError};
pub use handshake::{Found, HandshakeError};
pub use needs::{Advice, Needs, meaning};
pub use serving::{Serving, ServingError, ServingNumber};
pub use switch::SwitchedTo;
pub use upload::UploadError;
use upload::Uploaded;

/// What the key of kept images is for.
const IMAGES: &[u8] = b"images of a host";

/// How many bots stay compiled at once; each costs its image and three mappings.
const COMPILED_BOTS: u64 = 5_000;

/// How long a bot stays compiled for a version that is not asked for. Those that serve stay anyway.
const IDLE_BOT: Duration = Duration::from_secs(10 * 60);

/// Hears what a build does.
pub(crate) type Say = Arc<dyn Fn(LogLevel, &str) + Send + Sync>;

/// Who speaks in a build's log.
#[derive(Clone)]
struct Voices {
    host: Say,
    /// What the bot prints while it starts: it may quote a customer.
    bot: Say,
}

/// Told which project another version serves, so that what waited for it runs.
pub type Awaken = Arc<dyn Fn(ProjectId) -> BoxFuture<'static, ()> + Send + Sync>;

/// What a deploy did.
#[derive(Clone, Debug)]
pub struct Deployed {
    /// The version that serves now.
    pub version_id: VersionId,
    /// 3 of v3.
    pub number: i32,
    /// The path that takes webhooks, and why that one.
    pub webhook: Found,
    /// What the top level did.
    pub report: BootReport,
    /// What the code reads and does not find.
    pub needs: Needs,
}

/// A deploy that is to be built.
#[derive(Clone, Debug)]
pub struct NewDeploy<'a> {
    /// A `tar.gz` of a bot's folder, or a component.
    pub upload: &'a [u8],
    /// Who deploys, as they call their token.
    pub created_by: &'a str,
    /// What they say of it.
    pub message: Option<&'a str>,
    /// Whether it is to serve as soon as it is ready.
    pub serves_when_ready: bool,
    /// Whether what its code reads by other names is linked to what the host knows.
    pub takes_links: bool,
}

/// How a host deploys.
#[derive(Clone, Debug)]
pub struct DeploySettings {
    /// Names this host to operators.
    pub owner: String,
    /// How many versions of a project are kept.
    pub keep_versions: u32,
    /// The version of the Graph API that bots are told, such as `v25.0`.
    pub graph_version: String,
    /// Whether the bots' author sits at this machine: names that the host knows by others are
    /// linked without a question, and variables come from a `.env`, too.
    pub is_local: bool,
    /// How uploads are bundled.
    pub bundling: BundlingSettings,
}

/// Deploys bots, and has them ready to run.
#[derive(Clone)]
pub struct Deploys {
    projects: ProjectStore,
    workshop: Workshop,
    cell: Cell,
    database: TenantDatabase,
    egress: Arc<Egress>,
    logs: LogWriter,
    metrics: Metrics,
    files: Files,
    bundling: Arc<Bundling>,
    /// What builds take turns at.
    processors: Arc<Semaphore>,
    settings: Arc<DeploySettings>,
    awaken: Awaken,
    signals: Arc<Signals>,
    /// By version and generation.
    serving: Cache<(VersionId, i64), Arc<Serving>>,
    /// The generation that each version was last asked for in.
    latest: Arc<Mutex<HashMap<VersionId, i64>>>,
    /// The version of each project that was last asked for.
    serving_of: Arc<Mutex<HashMap<ProjectId, VersionId>>>,
    bots: Cache<(VersionId, Fingerprint), Bot>,
    /// What a `.env` on the author's machine holds.
    local: Arc<Mutex<HashMap<ProjectId, BTreeMap<String, Secret>>>>,
}

/// What the background tasks are woken by.
#[derive(Default)]
struct Signals {
    builds: Notify,
    environments: Notify,
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
    /// How this host deploys.
    pub settings: DeploySettings,
    /// Told of switches.
    pub awaken: Awaken,
}

/// The background tasks of a host.
pub struct DeployTasks {
    stop: CancellationToken,
    tasks: [JoinHandle<()>; 2],
}

impl Deploys {
    /// From its parts.
    pub fn new(parts: DeployParts) -> std::io::Result<Self> {
        let seal = Seal::new(&parts.projects.derived_key(IMAGES));
        let files = Files::open(&parts.folder, seal)?;
        let bots = Cache::builder()
            .max_capacity(COMPILED_BOTS)
            .time_to_idle(IDLE_BOT);
        let bundling = Bundling::new(parts.settings.bundling.clone(), parts.workshop.sdk());
        Ok(Self {
            bundling: Arc::new(bundling),
            processors: Arc::new(Semaphore::new(builder::AT_ONCE)),
            projects: parts.projects,
            workshop: parts.workshop,
            cell: parts.cell,
            database: parts.database,
            egress: parts.egress,
            files,
            logs: parts.logs,
            metrics: parts.metrics,
            settings: Arc::new(parts.settings),
            awaken: parts.awaken,
            signals: Arc::default(),
            serving: Cache::new(COMPILED_BOTS),
            latest: Arc::default(),
            serving_of: Arc::default(),
            bots: bots.build(),
            local: Arc::default(),
        })
    }

    /// Starts building what is deployed, and renewing environments that change.
    pub fn start(&self) -> DeployTasks {
        let stop = CancellationToken::new();
        let tasks = [
            tokio::spawn(builder::run(self.clone(), stop.clone())),
            tokio::spawn(renewal::run(self.clone(), stop.clone())),
        ];
        DeployTasks { stop, tasks }
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

    /// Where the project's schema is; made if it has none.
    async fn tenant(&self, project: &Project) -> Result<Tenant, DeployError> {
        match &project.placement {
            Some(placement) => Ok(self.cell.tenant(TenantName::parse(&placement.schema)?)),
            None => self.provision(project).await,
        }
    }

    /// Takes an upload, and gives the version that some host will build of it.
    pub async fn submit(
        &self,
        project_id: ProjectId,
        deploy: &NewDeploy<'_>,
    ) -> Result<Version, DeployError> {
        self.confines_builds().await?;
        let bytes = deploy.upload.to_vec();
        let looking = tokio::task::spawn_blocking(move || {
            let digest = hex::encode(Sha256::digest(&bytes));
            (upload::inspect(&bytes), digest)
        });
        let (uploaded, digest) = match looking.await {
            Ok(found) => found,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        };
        let uploaded = match uploaded {
            Ok(uploaded) => uploaded,
            Err(error @ UploadError::TooLong(_)) => return Err(error.into()),
            // Its build says what is wrong with it, as of all that cannot be deployed.
            Err(_) => Uploaded::unknown(),
        };
        let build = NewBuild {
            kind: uploaded.kind,
            created_by: deploy.created_by,
            message: deploy.message,
            upload: deploy.upload,
            source_sha256: &digest,
            source_files: uploaded.files.as_ref(),
            serves_when_ready: deploy.serves_when_ready,
            takes_links: deploy.takes_links,
        };
        let version = self.projects.enqueue_version(project_id, &build).await?;
        self.signals.builds.notify_one();
        Ok(version)
    }

    /// Fails on a host that has to confine the builds of what strangers upload, and cannot.
    async fn confines_builds(&self) -> Result<Option<Layers>, DeployError> {
        match self.bundling.layers(&self.files.builds()).await {
            Ok(layers) => Ok(Some(layers)),
            Err(_) if self.settings.is_local => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Deploys an artifact to a project at once, as `roost dev` does at each save.
    pub async fn deploy(
        &self,
        project: &Project,
        artifact: Artifact,
    ) -> Result<Deployed, DeployError> {
        let deployed = self.deploy_now(project, artifact).await;
        let result = if deployed.is_ok() { "done" } else { "failed" };
        self.metrics.deploy(result);
        deployed
    }

    async fn deploy_now(
        &self,
        project: &Project,
        artifact: Artifact,
    ) -> Result<Deployed, DeployError> {
        let tenant = self.provision(project).await?;
        let owner = Owner {
            project,
            tenant: &tenant,
        };
        let code = Code::Bundle(Arc::new(artifact));
        if self.settings.is_local {
            self.take_offers(project.project_id, &code).await?;
        }
        let environment = self.environment_now(project.project_id).await?;
        let checked = self
            .check(&owner, &code, &environment, Care::Quick, None)
            .await?;
        let bytes = code.artifact().await?;
        let digest = hex::encode(Sha256::digest(&bytes));
        self.files.keep_artifact(&digest, &bytes);
        self.projects.keep_artifact(&digest, &bytes).await?;
        let version = NewVersion {
            component_sha256: digest,
            entry: code.entry().to_owned(),
            webhook_path: checked.webhook.path.clone(),
            notes: checked.notes(&code),
        };
        let (project_id, projects) = (project.project_id, &self.projects);
        let version = projects.insert_version(project_id, &version).await?;
        let version_id = version.version_id;
        if let Some(image) = &checked.image {
            self.files
                .keep_image(version_id, &environment.fingerprint, image);
        }
        projects
            .set_version_state(project_id, version_id, VersionState::Ready)
            .await?;
        // Ready before it serves: the first event does not wait for the compiler.
        let key = (version_id, environment.fingerprint.clone());
        self.bots.insert(key, checked.bot.clone()).await;
        projects
            .activate_with(project_id, version_id, Some(&environment))
            .await?;
        self.after_switch(project_id, &environment.fingerprint)
            .await;
        self.tidy_up(project_id).await;
        Ok(Deployed {
            version_id,
            number: version.number,
            webhook: checked.webhook,
            report: checked.report,
            needs: checked.needs,
        })
    }

    /// Forgets what was made ready for a project.
    pub async fn forget(&self, project_id: ProjectId) -> Result<(), ProjectError> {
        for version in self.projects.versions(project_id).await? {
            let generation = self.latest().get(&version.version_id).copied();
            if let Some(generation) = generation {
                let key = (version.version_id, generation);
                self.serving.invalidate(&key).await;
            }
        }
        Ok(())
    }

    /// The code of a version, as it was deployed; `None` when it is not there.
    pub async fn artifact(&self, digest: &str) -> Option<Vec<u8>> {
        if let Some(bytes) = self.files.artifact(digest) {
            return Some(bytes);
        }
        self.projects.artifact(digest).await.ok().flatten()
    }
}

impl DeployTasks {
    /// Stops: what is being built goes back into the queue.
    pub async fn stop(self) {
        self.stop.cancel();
        for task in self.tasks {
            // A panic is logged where it happened.
            let _ = task.await;
        }
    }
}
