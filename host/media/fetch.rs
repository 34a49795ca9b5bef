//! Bringing what customers sent into the database, in the background and when somebody waits for it.

use std::time::Duration;

use bytes::BytesMut;
use sha2::{Digest as _, Sha256};
use sqlx::types::chrono::Utc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::store::Claim;
use super::{Kind, MOST_BYTES, Media, MediaError, Medium, PIECE, State, in_words};
use crate::projects::ProjectId;

/// Media that this host fetches at once, and of them of one project in a claim.
const AT_ONCE: usize = 8;
const OF_PROJECT: i64 = 2;

/// How often is looked without being called: other hosts' bells are not heard here.
const ANYWAY: Duration = Duration::from_secs(5);

/// After so long a fetch is another host's.
pub(super) const CLAIMED: Duration = Duration::from_secs(150);

/// How long one may take.
const LASTS: Duration = Duration::from_secs(120);

/// Meta gives out what came for so long.
const AT_META: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Waits between tries.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// How often somebody who waits for one looks.
const LOOKS: Duration = Duration::from_millis(50);

/// Why a medium did not come.
enum Fault {
    /// It never will.
    Never(String),
    /// It may later.
    Later(String),
    /// Somebody else has it, or nobody wants it any more.
    Lost,
}

impl From<MediaError> for Fault {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::NotFound(_) => {
                Self::Never("Meta does not have it, or no longer".to_owned())
            }
            MediaError::Refused(said) => Self::Never(said),
            MediaError::Database(error) => {
                tracing::warn!(%error, "a medium could not be stored; trying again later");
                Self::Later("the control database failed".to_owned())
            }
            error => Self::Later(error.to_string()),
        }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        MediaError::Database(error).into()
    }
}

impl Media {
    /// Fetches what comes, until it is stopped.
    pub fn start(self, stop: CancellationToken) -> JoinHandle<()> {
        tokio::spawn(async move {
            let mut running = JoinSet::new();
            loop {
                let room = AT_ONCE - running.len();
                let claimed = match room {
                    0 => Ok(Vec::new()),
                    room => {
                        self.claim(i64::try_from(room).unwrap_or(1), OF_PROJECT)
                            .await
                    }
                };
                let claimed = claimed.unwrap_or_else(|error| {
                    tracing::warn!(%error, "what media is to be fetched cannot be looked up; trying again later");
                    Vec::new()
                });
                let is_more = !claimed.is_empty() && claimed.len() < room;
                for claim in claimed {
                    let media = self.clone();
                    running.spawn(async move { media.fetch(&claim).await });
                }
                // Of a project with many there are more.
                if is_more {
                    continue;
                }
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = self.doorbell.rung() => {}
                    () = tokio::time::sleep(ANYWAY) => {}
                    Some(_) = running.join_next(), if !running.is_empty() => {}
                }
            }
        })
    }

    /// Waits until the host has a medium that a customer sent, and fetches it at once when nobody does.
    pub async fn ensure(
        &self,
        project_id: ProjectId,
        id: &str,
        patience: Duration,
    ) -> Result<Medium, MediaError> {
        let ends_at = Instant::now() + patience;
        loop {
            let medium = self.show(project_id, id).await?;
            match medium.state {
                State::Kept => return Ok(medium),
                State::NotKept => return Err(MediaError::NotKept(medium.told.unwrap_or_default())),
                State::Fetching => {}
            }
            if let Some(claim) = self.claim_one(project_id, id).await? {
                let media = self.clone();
                // Who waits may go away.
                let fetching = tokio::spawn(async move { media.fetch(&claim).await });
                // A panic is told by the row that stays as it is.
                let _ = tokio::time::timeout_at(ends_at, fetching).await;
                continue;
            }
            match medium.told {
                Some(told) => return Err(MediaError::Later(told)),
                None if Instant::now() >= ends_at => {
                    let told = "it is still being fetched from Meta: try again later";
                    return Err(MediaError::Later(told.to_owned()));
                }
                None => tokio::time::sleep(LOOKS).await,
            }
        }
    }

    /// Has a medium fetched again that is not here, for instance because there was no room.
    pub async fn again(&self, project_id: ProjectId, id: &str) -> Result<Medium, MediaError> {
        self.want_again(project_id, id).await?;
        self.ensure(project_id, id, LASTS).await
    }

    async fn fetch(&self, claim: &Claim) {
        let fetched = tokio::time::timeout(LASTS, self.try_to_fetch(claim)).await;
        let fetched =
            fetched.unwrap_or_else(|_| Err(Fault::Later("Meta gave it out too slowly".to_owned())));
        let is_over = (Utc::now() - claim.received_at)
            .to_std()
            .is_ok_and(|age| age > AT_META);
        let (what, done) = match fetched {
            Ok(()) => ("kept", Ok(())),
            Err(Fault::Lost) => return,
            Err(Fault::Later(told)) if is_over => (
                "not-kept",
                self.give_up(claim, &format!("{told}; Meta gives it out for seven days"))
                    .await,
            ),
            Err(Fault::Later(told)) => (
                "postponed",
                self.postpone(claim, &told, wait(claim.tries)).await,
            ),
            Err(Fault::Never(told)) => ("not-kept", self.give_up(claim, &told).await),
        };
        if let Err(error) = done {
            tracing::warn!(%error, "what became of a medium could not be stored");
        }
        self.parts.metrics.medium(what);
    }

    async fn try_to_fetch(&self, claim: &Claim) -> Result<(), Fault> {
        let limits = self.limits(claim.project_id).await?;
        if limits.days == 0 {
            let told = "the project keeps no media (`media_retention_days`)";
            return Err(Fault::Never(told.to_owned()));
        }
        let meta = self.meta(claim.project_id).await?;
        let described = meta.describe(&claim.media_id).await?;
        let size = described.size.unwrap_or_default();
        self.has_room(claim, size, limits.quota_bytes).await?;
        if !self.begin(claim).await? {
            return Err(Fault::Lost);
        }
        let mut stream = meta.stream(&described, MOST_BYTES).await?;
        let (mut hash, mut length, mut position) = (Sha256::new(), 0_u64, 0);
        let mut piece = BytesMut::with_capacity(PIECE);
        while let Some(bytes) = stream.next().await {
            let mut bytes = bytes.map_err(|error| Fault::Later(error.to_string()))?;
            hash.update(&bytes);
            length += bytes.len() as u64;
            while !bytes.is_empty() {
                let part = bytes.split_to(bytes.len().min(PIECE - piece.len()));
                piece.extend_from_slice(&part);
                if piece.len() == PIECE {
                    self.put(claim, &mut position, &mut piece).await?;
                }
            }
        }
        if !piece.is_empty() {
            self.put(claim, &mut position, &mut piece).await?;
        }
        let sha256 = hex::encode(hash.finalize());
        if described.sha256.is_some_and(|told| told != sha256) {
            return Err(Fault::Later("what came is not what Meta has".to_owned()));
        }
        let size = i64::try_from(length).unwrap_or(i64::MAX);
        let is = (described.mime_type.as_str(), sha256.as_str(), size);
        match self.have_kept(claim, is, limits.quota_bytes).await? {
            Some(true) => Ok(()),
            Some(false) => Err(self.no_room(claim, length, limits.quota_bytes).await?),
            None => Err(Fault::Lost),
        }
    }

    async fn put(
        &self,
        claim: &Claim,
        position: &mut i32,
        piece: &mut BytesMut,
    ) -> Result<(), Fault> {
        if !self.put_chunk(claim, *position, piece).await? {
            return Err(Fault::Lost);
        }
        *position += 1;
        piece.clear();
        Ok(())
    }

    async fn has_room(&self, claim: &Claim, size: u64, quota: i64) -> Result<(), Fault> {
        let (_, used) = self.kept(claim.project_id).await?;
        let size_there = i64::try_from(size).unwrap_or(i64::MAX);
        match used.saturating_add(size_there) > quota {
            true => Err(self.no_room(claim, size, quota).await?),
            false => Ok(()),
        }
    }

    async fn no_room(&self, claim: &Claim, size: u64, quota: i64) -> Result<Fault, Fault> {
        let (_, used) = self.kept(claim.project_id).await?;
        let words = |bytes: i64| in_words(usize::try_from(bytes).unwrap_or_default());
        Ok(Fault::Never(format!(
            "it has {}, and the project keeps {} of {} already: delete some, or raise `media_quota`; then \
             `roost media fetch {}` gets it while Meta has it, for seven days",
            in_words(usize::try_from(size).unwrap_or_default()),
            words(used),
            words(quota),
            claim.media_id
        )))
    }
}

impl Medium {
    /// A name for a file of it.
    pub fn file_name(&self) -> String {
        let named = self.filename.as_deref().filter(|name| !name.is_empty());
        let ending = self.mime_type.as_deref().and_then(super::ending);
        match (named, ending, self.kind) {
            (Some(name), _, _) => name.to_owned(),
            (None, Some(ending), _) => format!("{}.{ending}", self.media_id),
            (None, None, Kind::Document) => self.media_id.clone(),
            (None, None, kind) => format!("{}.{}", self.media_id, kind.word()),
        }
    }
}

/// Twice as long after each try, and not the same for all.
fn wait(tries: i32) -> Duration {
    let doubled =
        FIRST_WAIT.saturating_mul(1 << tries.clamp(1, 16).cast_unsigned().saturating_sub(1));
    doubled
        .min(LONGEST_WAIT)
        .mul_f64(0.8 + 0.4 * rand::random::<f64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        for (tries, least, most) in [(1, 4, 6), (3, 16, 24), (30, 2880, 4320)] {
            let seconds = wait(tries).as_secs();
            assert!((least..=most).contains(&seconds), "{tries}: {seconds}");
        }
    }
}
