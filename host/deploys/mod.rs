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

use crate::egress::Egress;
use crate::grants::Say;
use crate::kept::Seal;
use crate::logs::LogWriter;
use crate::news::{Change, Newsroom};
use crate::postgres::{Cell, Tenant, TenantDatabase, TenantName};
use crate::projects::{
    Fingerprint, NewBuild, Placement, Project, ProjectError, ProjectId, ProjectStore, Secret,
    Version, VersionId,
};
use crate::sandbox::Bot;
use crate::telemetry::Metrics;
use crate::workshop::Workshop;
use bundling::{Bundling, Layers};
use files::Files;
use futures::future::BoxFuture;
use moka::future::Cache;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
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

/// How many bots stay compiled at once; each costs some MiB, an open file and three mappings. Its image is on disk.
const COMPILED_BOTS: u64 = 5_000;

/// How long a bot stays compiled for a version that is not asked for. Those that serve stay anyway.
const IDLE_BOT: Duration = Duration::from_secs(10 * 60);

/// Who speaks in a build's log.
#[derive(Clone)]
struct Voices {
    host: Say,
    /// What the bot prints while it starts: it may quote a customer.
    bot: Say,
}

/// Does what follows a change of a project that was made here (`changes`).
pub type Followers = Arc<dyn Fn(ProjectId, Change) -> BoxFuture<'static, ()> + Send + Sync>;

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
    news: Newsroom,
    /// Not there before [`Deploys::start`].
    followers: Arc<OnceLock<Followers>>,
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
    /// Tells when a build ended.
    pub news: Newsroom,
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
            news: parts.news,
            followers: Arc::default(),
            signals: Arc::default(),
            serving: Cache::new(COMPILED_BOTS),
            latest: Arc::default(),
            serving_of: Arc::default(),
            bots: bots.build(),
            local: Arc::default(),
        })
    }

    /// Starts building what is deployed, and renewing environments that change. What follows of
    /// that is the followers' from here on.
    pub fn start(&self, followers: Followers) -> DeployTasks {
        // A second start keeps those of the first.
        let _ = self.followers.set(followers);
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
        let project = self.projects.by_id(project_id).await?;
        if project.delete_after.is_some() {
            return Err(ProjectError::Going(project.name).into());
        }
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

    /// Fails on a host that has to confine the builds of what strangers upload, and cannot. On its
    /// author's own machine it is only found out for what has to be confined.
    async fn confines_builds(&self) -> Result<Option<Layers>, DeployError> {
        if self.settings.is_local {
            return Ok(None);
        }
        let layers = self.bundling.layers(&self.files.builds()).await?;
        Ok(Some(layers))
    }

    /// Waits until nothing more becomes of a version that was submitted, and what follows of that is
    /// done, whichever host builds it.
    ///
    /// *Cancel safety*: the build goes on.
    pub async fn ended(&self, version: &Version) -> Result<Version, ProjectError> {
        let (project_id, version_id) = (version.project_id, version.version_id);
        let mut news = self.news.listen();
        // Of a build that ended before nobody tells any more.
        let mut is_told = true;
        loop {
            let now = self.projects.version(project_id, version_id).await?;
            // Its project was deleted meanwhile, or it was one of many that failed.
            let now = now.ok_or(ProjectError::VersionNotReady {
                project_id,
                version_id,
            })?;
            let is_final = now.state.is_final();
            if is_final && is_told {
                return Ok(now);
            }
            // One that is final without news is being finished, or its host was killed just then.
            is_told = news.of(project_id, &[Change::Build]).await || is_final;
        }
    }

    /// Has done what follows a change that was made here.
    async fn followed(&self, project_id: ProjectId, change: Change) {
        if let Some(followers) = self.followers.get() {
            followers(project_id, change).await;
        }
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
