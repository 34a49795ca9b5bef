//! Media: what customers send, kept by the host, and what goes up to Meta.
//!
//! A message that carries a medium comes with Meta's id of it, by which Meta gives it out for seven days. [`expect`]
//! writes that down in the transaction that stores the message, and `fetch` brings the bytes into the database in the
//! background, up to the project's quota. They go with the message, and earlier by retention. Why one is not here, its
//! row says.
//!
//! Uploads are looked at first (`kinds`), held in memory under a bound, and known again by their hash for as long as
//! Meta keeps them (`upload`). `url` gets files from elsewhere by the project's egress policy; `meta` speaks to Meta.
//!
//! Not here: messages (`whatsapp::outbox`), and bots' plain HTTP to Meta (`whatsapp::gateway`).

mod fetch;
mod kinds;
mod meta;
mod store;
mod upload;
mod url;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sqlx::PgPool;
use sqlx::types::chrono::{DateTime, Utc};
use tokio::sync::{Notify, Semaphore};

use crate::egress::Egress;
use crate::projects::{ProjectError, ProjectId, ProjectStore};
use crate::rooms::Rooms;
use crate::telemetry::Metrics;
use crate::whatsapp::{AccessToken, GraphClient};
use meta::Meta;

pub use kinds::{Kind, MOST_BYTES, Named, ending, in_words};
pub use store::{Expected, expect, forget_contact, forget_old, forget_project};
pub use upload::{Room, Uploaded};

/// The bytes of a piece of what is kept.
pub const PIECE: usize = 256 << 10;

/// What uploads of a project may hold in memory, and those of all.
const HELD_OF_PROJECT: usize = 2 * MOST_BYTES;
const HELD_IN_ALL: usize = 3 * MOST_BYTES;

/// How long an upload waits for others to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is kept of projects that say nothing of it.
#[derive(Clone, Debug)]
pub struct MediaSettings {
    /// For how many days; 0: nothing is kept.
    pub days: u32,
    /// How much, in MiB.
    pub quota_mib: u32,
}

impl Default for MediaSettings {
    fn default() -> Self {
        Self {
            days: 30,
            quota_mib: 1024,
        }
    }
}

crate::words::words! {
    /// Whether the host has a medium.
    pub enum State: "state of a medium" {
        /// It is being fetched from Meta.
        Fetching = "fetching",
        /// The host has it.
        Kept = "kept",
        /// The host has it not; Meta may.
        NotKept = "not-kept",
    }
}

/// What a customer sent.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Medium {
    pub media_id: String,
    /// The message that it came with.
    pub wamid: String,
    pub kind: Kind,
    pub mime_type: Option<String>,
    pub filename: Option<String>,
    /// In hexadecimal.
    pub sha256: Option<String>,
    pub size: Option<i64>,
    pub state: State,
    /// Why it is not here, or why fetching it failed last.
    pub told: Option<String>,
    pub received_at: DateTime<Utc>,
    pub kept_at: Option<DateTime<Utc>>,
    pub position: i64,
}

/// Which media are listed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    pub state: Option<State>,
    pub kind: Option<Kind>,
}

/// How much a project keeps, and may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    pub files: i64,
    pub bytes: i64,
    pub quota_bytes: i64,
    /// For how many days.
    pub days: u32,
}

/// A file to upload.
#[derive(Clone, Debug)]
pub struct File<'a> {
    pub bytes: Bytes,
    pub named: Named<'a>,
}

/// A medium that is read: what it is, and its bytes piece by piece.
pub struct Opened {
    pub mime_type: String,
    pub filename: Option<String>,
    pub size: Option<u64>,
    source: Source,
}

enum Source {
    Kept {
        media: Media,
        project_id: ProjectId,
        media_id: String,
        next: i32,
    },
    AtMeta(Box<crate::whatsapp::GraphStream>),
}

/// Why something was not done with media.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    #[error("the project has no number, so it has no media at Meta: connect one")]
    NoNumber,
    /// Meta would refuse it.
    #[error("{0}")]
    Unfit(String),
    /// The same for what is not there and for what is another's.
    #[error(
        "the project has no media `{0}`: ids are those of what its number got in the last 7 days or uploaded in the last \
         30, and of what the host keeps"
    )]
    NotFound(String),
    #[error("the host does not have it: {0}")]
    NotKept(String),
    /// An address from which no file comes.
    #[error("{0}")]
    Address(String),
    #[error("too much is being uploaded now: try again when that is done")]
    Full,
    /// The token is not good for it.
    #[error("{0}")]
    Token(String),
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Later(String),
    #[error(transparent)]
    Project(#[from] ProjectError),
    #[error("the media cannot be looked up")]
    Database(#[from] sqlx::Error),
}

/// Rung when there is something to fetch.
#[derive(Clone, Debug, Default)]
pub struct Doorbell(Arc<Notify>);

impl Doorbell {
    pub fn ring(&self) {
        self.0.notify_one();
    }

    async fn rung(&self) {
        self.0.notified().await;
    }
}

/// What media are made of.
pub struct MediaParts {
    pub pool: PgPool,
    pub projects: ProjectStore,
    pub client: GraphClient,
    /// The way out, for files that come by their address: without any project's lists.
    pub egress: Arc<Egress>,
    pub metrics: Metrics,
    pub settings: MediaSettings,
}

/// Media of all projects. Clones share the pool.
#[derive(Clone)]
pub struct Media {
    parts: Arc<MediaParts>,
    doorbell: Doorbell,
    /// What uploads hold.
    rooms: Rooms,
    all: Arc<Semaphore>,
}

impl File<'_> {
    /// A name that a header of HTTP can have.
    fn name(&self) -> String {
        let name = self.named.filename.unwrap_or("file");
        let plain = |c: char| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' | ' ' => c,
            _ => '_',
        };
        name.chars().take(100).map(plain).collect()
    }
}

impl Media {
    /// Over the control database (tables of migration 0040).
    pub fn new(parts: MediaParts) -> Self {
        Self {
            parts: Arc::new(parts),
            doorbell: Doorbell::default(),
            rooms: Rooms::new(HELD_OF_PROJECT),
            all: Arc::new(Semaphore::new(HELD_IN_ALL)),
        }
    }

    /// What is rung when media is expected.
    pub fn doorbell(&self) -> &Doorbell {
        &self.doorbell
    }

    /// How long media is kept where a project says nothing.
    pub fn settings(&self) -> &MediaSettings {
        &self.parts.settings
    }

    /// What customers sent, the newest first.
    pub async fn list(
        &self,
        project_id: ProjectId,
        filter: &Filter,
        before: Option<i64>,
        rows: i64,
    ) -> Result<Vec<Medium>, MediaError> {
        Ok(self.of_project(project_id, filter, before, rows).await?)
    }

    /// A medium that a customer sent.
    pub async fn show(&self, project_id: ProjectId, id: &str) -> Result<Medium, MediaError> {
        let found = self.find(project_id, id).await?;
        found.ok_or_else(|| MediaError::NotFound(id.to_owned()))
    }

    /// Those of some messages, for a history.
    pub async fn of_messages(
        &self,
        project_id: ProjectId,
        wamids: &[String],
    ) -> Result<Vec<Medium>, MediaError> {
        Ok(self.with_wamids(project_id, wamids).await?)
    }

    /// How much a project keeps, and may.
    pub async fn usage(&self, project_id: ProjectId) -> Result<Usage, MediaError> {
        let limits = self.limits(project_id).await?;
        let (files, bytes) = self.kept(project_id).await?;
        Ok(Usage {
            files,
            bytes,
            quota_bytes: limits.quota_bytes,
            days: limits.days,
        })
    }

    /// Opens a medium for reading: what the host has, else what Meta gives out.
    pub async fn open(&self, project_id: ProjectId, id: &str) -> Result<Opened, MediaError> {
        let found = self.find(project_id, id).await?;
        if let Some(medium) = &found
            && medium.state == State::Kept
        {
            return Ok(Opened {
                mime_type: medium.mime_type.clone().unwrap_or_default(),
                filename: medium.filename.clone(),
                size: medium.size.and_then(|size| size.try_into().ok()),
                source: Source::Kept {
                    media: self.clone(),
                    project_id,
                    media_id: id.to_owned(),
                    next: 0,
                },
            });
        }
        let meta = self.meta_for(project_id, id).await?;
        let described = meta.describe(id).await;
        let described = match (described, &found) {
            (Ok(described), _) => described,
            (
                Err(MediaError::NotFound(_)),
                Some(Medium {
                    told: Some(told), ..
                }),
            ) => {
                return Err(MediaError::NotKept(told.clone()));
            }
            (Err(error), _) => return Err(error),
        };
        let stream = meta.stream(&described, MOST_BYTES).await?;
        Ok(Opened {
            mime_type: described.mime_type,
            filename: found.and_then(|medium| medium.filename),
            size: described.size,
            source: Source::AtMeta(Box::new(stream)),
        })
    }

    /// A piece of what is kept, from a place on; empty at its end.
    pub async fn piece(
        &self,
        project_id: ProjectId,
        id: &str,
        offset: u64,
    ) -> Result<Bytes, MediaError> {
        let size = PIECE as u64;
        let Ok(position) = i32::try_from(offset / size) else {
            return Ok(Bytes::new());
        };
        let piece = self.chunk(project_id, id, position).await?;
        let begin = usize::try_from(offset % size).unwrap_or_default();
        Ok(match piece {
            Some(piece) if begin < piece.len() => Bytes::from(piece).slice(begin..),
            _ => Bytes::new(),
        })
    }

    /// Whether a medium is the project's, as far as the host knows, and Meta says of the rest.
    pub async fn belongs(&self, project_id: ProjectId, id: &str) -> Result<bool, MediaError> {
        if self.is_known(project_id, id).await? {
            return Ok(true);
        }
        match self.meta_for(project_id, id).await {
            Ok(meta) => match meta.describe(id).await {
                Ok(_) => Ok(true),
                Err(MediaError::NotFound(_)) => Ok(false),
                Err(error) => Err(error),
            },
            Err(MediaError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Deletes a medium here and at Meta. Fails when neither has it.
    pub async fn delete(&self, project_id: ProjectId, id: &str) -> Result<(), MediaError> {
        let meta = self.meta_for(project_id, id).await;
        let at_meta = match &meta {
            Ok(meta) => meta.delete(id).await,
            Err(MediaError::NoNumber) => Err(MediaError::NoNumber),
            Err(MediaError::NotFound(_)) => Err(MediaError::NotFound(id.to_owned())),
            Err(_) => return meta.map(drop),
        };
        match at_meta {
            // Meta keeps what came for seven days, and what went for thirty.
            Ok(()) | Err(MediaError::NotFound(_) | MediaError::NoNumber) => {}
            Err(error) => return Err(error),
        }
        let was_here = self
            .drop_bytes(project_id, id, "somebody deleted it")
            .await?;
        let was_uploaded = self.forget_upload(project_id, id).await?;
        match was_here || was_uploaded || at_meta.is_ok() {
            true => Ok(()),
            false => Err(MediaError::NotFound(id.to_owned())),
        }
    }

    /// The way to Meta for an id that is the project's, as far as the host knows: Meta says the rest.
    async fn meta_for(&self, project_id: ProjectId, id: &str) -> Result<Meta<'_>, MediaError> {
        let is_id = (1..=32).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_digit())
            && !id.starts_with('0');
        if !is_id || self.is_others(project_id, id).await? {
            return Err(MediaError::NotFound(id.to_owned()));
        }
        self.meta(project_id).await
    }

    async fn meta(&self, project_id: ProjectId) -> Result<Meta<'_>, MediaError> {
        let number = self.parts.projects.number(project_id).await?;
        let number = number.ok_or(MediaError::NoNumber)?;
        Ok(Meta {
            client: &self.parts.client,
            number: number.phone_number_id,
            token: AccessToken::new(number.token.expose()),
        })
    }
}

impl Opened {
    /// The next piece; none at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, MediaError>> {
        match &mut self.source {
            Source::Kept {
                media,
                project_id,
                media_id,
                next,
            } => {
                let piece = media.chunk(*project_id, media_id, *next).await;
                *next += 1;
                match piece {
                    Ok(piece) => piece.map(|piece| Ok(Bytes::from(piece))),
                    Err(error) => Some(Err(error.into())),
                }
            }
            Source::AtMeta(stream) => {
                let piece = stream.next().await?;
                Some(piece.map_err(|error| MediaError::Later(error.to_string())))
            }
        }
    }
}
