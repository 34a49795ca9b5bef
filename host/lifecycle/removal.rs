//! The end of a project: its schema and role, its files, its rows, in this order, because the rows
//! tell where the rest is. And what a host does about files of projects that other hosts removed.

use super::steps::{ClaimedStep, StepEnd};
use super::work::ended_by;
use super::{Lifecycle, LifecycleParts};
use crate::causes::with_causes;
use crate::postgres::{CellError, TenantName};
use crate::projects::{ProjectError, ProjectId};
use crate::whatsapp::outbox;
use crate::{conversations, inbox, media};
use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long it is waited until a statement that did not end is looked for again.
const GOES_ON_FOR: Duration = Duration::from_secs(15);

pub(super) async fn drop_schema(lifecycle: &Lifecycle, claimed: &ClaimedStep) -> StepEnd {
    let parts = lifecycle.parts();
    let placement = match parts.projects.by_id(claimed.project_id).await {
        Ok(project) => project.placement,
        Err(error) => return gone_or(&error),
    };
    let Some(placement) = placement else {
        return StepEnd::Done(None);
    };
    let dropped = match TenantName::parse(&placement.schema) {
        Ok(name) => parts.cell.drop_tenant(&name).await,
        Err(error) => Err(error),
    };
    match dropped {
        Ok(()) => StepEnd::Done(None),
        // However long that takes: what is removed by halves nobody would see.
        Err(CellError::GoesOn) => StepEnd::Later(
            GOES_ON_FOR,
            "a statement of the project does not end though it was told to: its database is dropped once it has"
                .to_owned(),
        ),
        Err(error) => {
            tracing::warn!(error = %with_causes(&error), "a project's schema could not be dropped");
            StepEnd::Retry("the project's schema could not be dropped".to_owned(), None)
        }
    }
}

pub(super) async fn drop_files(lifecycle: &Lifecycle, claimed: &ClaimedStep) -> StepEnd {
    let parts = lifecycle.parts();
    let found = async {
        let artifacts = parts.projects.own_artifacts(claimed.project_id).await?;
        let versions = parts.projects.versions(claimed.project_id).await?;
        let versions = versions.into_iter().map(|version| version.version_id.0);
        Ok::<_, ProjectError>((artifacts, versions.collect::<HashSet<_>>()))
    };
    let (artifacts, versions) = match found.await {
        Ok(found) => found,
        Err(error) => return gone_or(&error),
    };
    let data = parts.data.clone();
    let removed = tokio::task::spawn_blocking(move || {
        for digest in &artifacts {
            remove(&data.join("artifacts").join(digest))?;
        }
        remove_images(&data, |version| versions.contains(&version))
    });
    match removed.await {
        Ok(Ok(_)) => StepEnd::Done(None),
        Ok(Err(error)) => StepEnd::Retry(format!("files could not be deleted: {error}"), None),
        Err(error) => StepEnd::Retry(format!("files could not be deleted: {error}"), None),
    }
}

pub(super) async fn forget(lifecycle: &Lifecycle, claimed: &ClaimedStep) -> StepEnd {
    match forget_rows(lifecycle.parts(), claimed.project_id).await {
        Ok(()) => StepEnd::Done(None),
        Err(error) => gone_or(&error),
    }
}

/// Those of which there are many first, so that the project's own row takes little along.
async fn forget_rows(parts: &LifecycleParts, project_id: ProjectId) -> Result<(), ProjectError> {
    let pool = &parts.pool;
    media::forget_project(pool, project_id).await?;
    conversations::forget_project(pool, project_id).await?;
    inbox::forget_project(pool, project_id).await?;
    outbox::forget_project(pool, project_id.0).await?;
    parts.projects.forget(project_id).await
}

/// Another host was faster.
fn gone_or(error: &ProjectError) -> StepEnd {
    match error {
        ProjectError::NotFound(_) => StepEnd::Done(None),
        error => ended_by(error),
    }
}

/// Deletes images whose versions are gone: they hold secrets, and only the host that has them can.
pub(super) async fn tidy_until_stopped(
    lifecycle: Lifecycle,
    every: Duration,
    stop: CancellationToken,
) {
    loop {
        match tidy(lifecycle.parts()).await {
            Ok(0) => {}
            Ok(n) => tracing::info!(images = n, "deleted images of versions that are gone"),
            Err(error) => tracing::warn!(%error, "images of versions that are gone stay for now"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// Returns how many images it deleted. A version's row is written before its image.
pub(super) async fn tidy(parts: &LifecycleParts) -> anyhow::Result<usize> {
    let data = parts.data.clone();
    let (data, versions) = tokio::task::spawn_blocking(move || {
        let versions = images(&data).map(|images| {
            let versions = images.into_iter().map(|(version, _)| version);
            versions.collect::<Vec<Uuid>>()
        });
        versions.map(|versions| (data, versions))
    })
    .await??;
    if versions.is_empty() {
        return Ok(0);
    }
    let existing = parts.projects.existing_versions(&versions).await?;
    let existing: HashSet<Uuid> = existing.into_iter().collect();
    let listed: HashSet<Uuid> = versions.into_iter().collect();
    let removed = tokio::task::spawn_blocking(move || {
        // Only what was listed before: a newer one may be of a version that was not there then.
        remove_images(&data, |version| {
            listed.contains(&version) && !existing.contains(&version)
        })
    });
    Ok(removed.await??)
}

/// The images of a data folder, with the version that begins each name.
fn images(data: &Path) -> std::io::Result<Vec<(Uuid, std::path::PathBuf)>> {
    let entries = match std::fs::read_dir(data.join("images")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let version = name.and_then(|name| Uuid::try_parse(name.get(..36)?).ok());
        found.extend(version.map(|version| (version, path)));
    }
    Ok(found)
}

fn remove_images(data: &Path, which: impl Fn(Uuid) -> bool) -> std::io::Result<usize> {
    let mut removed = 0;
    for (version, path) in images(data)? {
        if which(version) {
            remove(&path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

fn remove(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
