//! Uploads to Meta: of a file that is here, and of one at an address.

use std::time::Duration;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use sqlx::types::chrono::{DateTime, Utc};
use tokio::sync::OwnedSemaphorePermit;

use super::kinds::{Fit, Kind, Named, check, check_sample};
use super::{File, HELD_IN_ALL, HELD_OF_PROJECT, Media, MediaError, PATIENCE};
use crate::projects::ProjectId;

/// What was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploaded {
    /// Meta's id of it, for messages of this number.
    pub media_id: String,
    pub mime_type: String,
    pub kind: Kind,
    /// In hexadecimal.
    pub sha256: String,
    pub size: u64,
    /// Until when Meta has it.
    pub expires_at: DateTime<Utc>,
    /// It was there already, and is not uploaded anew.
    pub was_there: bool,
}

/// Memory that is counted until this is dropped.
pub struct Room {
    own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Media {
    /// Waits until a file of so many bytes may be held for a project, with what goes out of it.
    ///
    /// Fails with [`MediaError::Full`].
    pub async fn room(&self, project_id: ProjectId, bytes: usize) -> Result<Room, MediaError> {
        // The body of the request has it once more.
        let bytes = bytes.saturating_mul(2);
        let count = |most: usize| u32::try_from(bytes.min(most)).unwrap_or(u32::MAX);
        let taking = async {
            let own = self.rooms.of(project_id.0);
            let own = own.acquire_many_owned(count(HELD_OF_PROJECT)).await;
            let all = self.all.clone();
            let all = all.acquire_many_owned(count(HELD_IN_ALL)).await;
            own.ok().zip(all.ok())
        };
        match tokio::time::timeout(PATIENCE, taking).await {
            Ok(Some((own, all))) => Ok(Room { own, _all: all }),
            Ok(None) | Err(_) => Err(MediaError::Full),
        }
    }

    /// Uploads a file, unless Meta has it of this number already.
    pub async fn upload(
        &self,
        project_id: ProjectId,
        file: &File<'_>,
    ) -> Result<Uploaded, MediaError> {
        let Fit { mime_type, kind } = check(&file.bytes, &file.named).map_err(MediaError::Unfit)?;
        let meta = self.meta(project_id).await?;
        let sha256 = digest(file.bytes.clone()).await;
        let size = file.bytes.len() as u64;
        let is = (sha256.as_str(), mime_type);
        let uploaded = |media_id, expires_at, was_there| Uploaded {
            media_id,
            mime_type: mime_type.to_owned(),
            kind,
            sha256: sha256.clone(),
            size,
            expires_at,
            was_there,
        };
        let known = self.known_upload(project_id, &meta.number, is).await?;
        if let Some((id, expires_at, is_sure)) = known {
            let is_there = match is_sure {
                true => true,
                // A bot may have deleted it by plain HTTP.
                false => match meta.describe(&id).await {
                    Ok(_) => {
                        self.saw_upload(project_id, &id).await?;
                        true
                    }
                    Err(MediaError::NotFound(_)) => false,
                    Err(error) => return Err(error),
                },
            };
            if is_there {
                return Ok(uploaded(id, expires_at, true));
            }
        }
        let id = meta.upload(mime_type, file).await?;
        let is = (
            sha256.as_str(),
            mime_type,
            i64::try_from(size).unwrap_or(i64::MAX),
        );
        let expires_at = self
            .remember_upload(project_id, &meta.number, is, &id)
            .await?;
        self.parts.metrics.medium("uploaded");
        Ok(uploaded(id, expires_at, false))
    }

    /// Fetches a file by its address, as the project's bot might, and uploads it.
    pub async fn upload_from(
        &self,
        project_id: ProjectId,
        url: &str,
        named: &Named<'_>,
    ) -> Result<Uploaded, MediaError> {
        let (fetched, _room) = self.fetched(project_id, url).await?;
        self.upload(project_id, &fetched.file(named)).await
    }

    /// Uploads the sample of a template's header or the photo of a profile, and gives Meta's handle of it.
    pub async fn upload_sample(
        &self,
        project_id: ProjectId,
        file: &File<'_>,
    ) -> Result<String, MediaError> {
        let mime_type = check_sample(&file.bytes, &file.named).map_err(MediaError::Unfit)?;
        let meta = self.meta(project_id).await?;
        meta.upload_sample(mime_type, file).await
    }

    /// The same of a file at an address.
    pub async fn upload_sample_from(
        &self,
        project_id: ProjectId,
        url: &str,
        named: &Named<'_>,
    ) -> Result<String, MediaError> {
        let (fetched, _room) = self.fetched(project_id, url).await?;
        self.upload_sample(project_id, &fetched.file(named)).await
    }
}

impl Room {
    /// Gives back what is more than a file of so many bytes takes.
    pub fn keep(&mut self, bytes: usize) {
        let rest = self
            .own
            .num_permits()
            .saturating_sub(bytes.saturating_mul(2));
        drop(self.own.split(rest));
        let rest = self
            ._all
            .num_permits()
            .saturating_sub(bytes.saturating_mul(2));
        drop(self._all.split(rest));
    }
}

/// A large file takes some tenths of a second.
async fn digest(bytes: Bytes) -> String {
    let of = |bytes: &Bytes| hex::encode(Sha256::digest(bytes));
    if bytes.len() < 1 << 20 {
        return of(&bytes);
    }
    let kept = bytes.clone();
    let digest = tokio::task::spawn_blocking(move || of(&bytes)).await;
    digest.unwrap_or_else(|_| of(&kept))
}

/// How long a file may take to come.
pub(super) const COMING: Duration = Duration::from_secs(120);
