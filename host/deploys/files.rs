//! The files of this host: artifacts as other hosts have them too, and images.
//!
//! Everything here can be made again. Images hold a project's environment: they are readable by the
//! host's user only, marked so that backups leave them out, and removed once the environment in
//! them serves no more.

use super::DeployError;
use crate::kept::Seal;
use crate::projects::{Fingerprint, VersionId};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// What backup programs look for; see <https://bford.info/cachedir/>.
const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # Made again by Roost at any time. What is here may hold secrets: keep it out of backups.\n";

/// Younger files may belong to a build that is not done yet.
const AGE_OF_LEFTOVERS: Duration = Duration::from_secs(15 * 60);

#[derive(Clone)]
pub(super) struct Files {
    folder: Arc<Path>,
    seal: Arc<Seal>,
}

impl Files {
    /// Makes the folders, for this user only.
    pub(super) fn open(folder: &Path, seal: Seal) -> io::Result<Self> {
        for name in ["artifacts", "images", "cache", "builds"] {
            let folder = folder.join(name);
            open_folder(&folder).map_err(|error| {
                io::Error::new(error.kind(), format!("`{}`: {error}", folder.display()))
            })?;
        }
        let (folder, seal) = (folder.into(), Arc::new(seal));
        Ok(Self { folder, seal })
    }

    /// Where each build has a folder of its own.
    pub(super) fn builds(&self) -> PathBuf {
        self.folder.join("builds")
    }

    /// A new folder to unpack and build in. It is gone when it is dropped.
    pub(super) fn build_folder(&self) -> Result<tempfile::TempDir, DeployError> {
        let folder = self.builds();
        let made = tempfile::Builder::new()
            .prefix("build-")
            .tempdir_in(&folder);
        made.map_err(|error| DeployError::Write(folder, error))
    }

    /// An artifact, if this host has it whole.
    pub(super) fn artifact(&self, digest: &str) -> Option<Vec<u8>> {
        let file = self.artifact_file(digest);
        let bytes = std::fs::read(&file).ok()?;
        match hex::encode(Sha256::digest(&bytes)) == digest {
            true => Some(bytes),
            false => crate::kept::damaged(&file),
        }
    }

    /// On a full disk it is not kept, and fetched again.
    pub(super) fn keep_artifact(&self, digest: &str, bytes: &[u8]) {
        let file = self.artifact_file(digest);
        let written = crate::kept::write_private(&file, bytes);
        told(&file, written);
    }

    pub(super) fn image(&self, version_id: VersionId, with: &Fingerprint) -> Option<Vec<u8>> {
        self.seal.read(&self.image_file(version_id, with))
    }

    /// On a full disk it is not kept, and made again.
    pub(super) fn keep_image(&self, version_id: VersionId, with: &Fingerprint, bytes: &[u8]) {
        let file = self.image_file(version_id, with);
        told(&file, self.seal.write(&file, bytes));
    }

    /// Removes images of these versions that hold another environment.
    pub(super) fn forget_images(&self, versions: &[VersionId], keep: &Fingerprint) {
        self.remove_images(|version_id, fingerprint, _| {
            versions.contains(&version_id) && fingerprint != keep.as_str()
        });
    }

    /// Removes images that no version needs.
    pub(super) fn sweep_images(&self, needed: &[(VersionId, Fingerprint)]) {
        let needed: HashSet<(VersionId, &str)> = needed
            .iter()
            .map(|(version_id, fingerprint)| (*version_id, fingerprint.as_str()))
            .collect();
        self.remove_images(|version_id, fingerprint, is_old| {
            is_old && !needed.contains(&(version_id, fingerprint))
        });
        for entry in entries(&self.builds()) {
            if is_old(&entry) && entry.file_name() != "CACHEDIR.TAG" {
                let _ = crate::confinement::remove(&entry.path());
            }
        }
    }

    /// The artifacts that this host has.
    pub(super) fn artifacts(&self) -> Vec<String> {
        let names = entries(&self.folder.join("artifacts"))
            .filter(is_old)
            .map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.len() == 64).collect()
    }

    pub(super) fn remove_artifact(&self, digest: &str) {
        // Gone already is as good.
        let _ = std::fs::remove_file(self.artifact_file(digest));
    }

    fn remove_images(&self, goes: impl Fn(VersionId, &str, bool) -> bool) {
        for entry in entries(&self.folder.join("images")) {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_old = is_old(&entry);
            let goes = match image_of(&name) {
                Some((version_id, fingerprint)) => goes(version_id, fingerprint, is_old),
                // Of an earlier version of the host, or half written by one that was killed.
                None => is_old && name != "CACHEDIR.TAG",
            };
            if goes && let Err(error) = std::fs::remove_file(entry.path()) {
                tracing::warn!(file = %entry.path().display(), %error, "an image that nobody needs could not be removed");
            }
        }
    }

    fn artifact_file(&self, digest: &str) -> PathBuf {
        self.folder.join("artifacts").join(digest)
    }

    fn image_file(&self, version_id: VersionId, with: &Fingerprint) -> PathBuf {
        let name = format!("{}_{}.image", version_id.0, with.as_str());
        self.folder.join("images").join(name)
    }
}

fn open_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder)?;
    // One that was there already may be open to others.
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    let tag = folder.join("CACHEDIR.TAG");
    match tag.exists() {
        true => Ok(()),
        false => crate::kept::write_private(&tag, TAG.as_bytes()),
    }
}

/// What an image's name says.
fn image_of(name: &str) -> Option<(VersionId, &str)> {
    let (version_id, fingerprint) = name.strip_suffix(".image")?.split_once('_')?;
    Some((VersionId(Uuid::parse_str(version_id).ok()?), fingerprint))
}

fn entries(folder: &Path) -> impl Iterator<Item = std::fs::DirEntry> + use<> {
    std::fs::read_dir(folder).into_iter().flatten().flatten()
}

fn is_old(entry: &std::fs::DirEntry) -> bool {
    let modified = entry.metadata().and_then(|metadata| metadata.modified());
    modified.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > AGE_OF_LEFTOVERS))
}

fn told(file: &Path, written: io::Result<()>) {
    if let Err(error) = written {
        tracing::warn!(file = %file.display(), %error, "a file could not be kept; it costs time at the next start only");
    }
}
