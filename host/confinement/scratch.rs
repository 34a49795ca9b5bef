//! A folder that a confined process writes in: measured while it does, and removed whatever it left there.

use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// A folder of its own. Dropped, it is removed.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
}

/// What is in a folder.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Usage {
    pub bytes: u64,
    pub files: u64,
}

impl Scratch {
    /// Makes the folder, for this user only.
    pub fn new(path: PathBuf) -> io::Result<Self> {
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self { path })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Counts what is below it, until it is more than `most`. No link is followed.
    ///
    /// Fails where paths are too long for the kernel, which is more than any build needs.
    pub fn usage(&self, most: Usage) -> io::Result<Usage> {
        let mut usage = Usage::default();
        let mut open = vec![self.path.clone()];
        while let Some(folder) = open.pop() {
            let entries = match std::fs::read_dir(&folder) {
                // Another program works here.
                Err(error) if is_gone(&error) => continue,
                entries => entries?,
            };
            for entry in entries.flatten() {
                let found = match entry.metadata() {
                    Err(error) if is_gone(&error) => continue,
                    found => found?,
                };
                usage.files += 1;
                usage.bytes += std::os::unix::fs::MetadataExt::blocks(&found) * 512;
                if found.is_dir() {
                    open.push(entry.path());
                }
                if usage.files > most.files || usage.bytes > most.bytes {
                    return Ok(usage);
                }
            }
        }
        Ok(usage)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path) {
            tracing::warn!(folder = %self.path.display(), %error, "a build's folder could not be removed yet");
        }
    }
}

fn is_gone(error: &io::Error) -> bool {
    [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory].contains(&error.kind())
}

/// Removes a folder, however deep it is and whatever rights it lacks. Nobody may work there any more.
///
/// Folders inside of folders are moved up first: no path gets long, and nothing calls itself.
pub fn remove(folder: &Path) -> io::Result<()> {
    open_up(folder);
    let mut moved = 0_u64;
    loop {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => found.push(entry.path()),
                false => std::fs::remove_file(entry.path())?,
            }
        }
        if found.is_empty() {
            return std::fs::remove_dir(folder);
        }
        for inner in found {
            open_up(&inner);
            for entry in std::fs::read_dir(&inner)? {
                let entry = entry?;
                if !entry.file_type()?.is_dir() {
                    std::fs::remove_file(entry.path())?;
                    continue;
                }
                open_up(&entry.path());
                std::fs::rename(entry.path(), free_name(folder, &mut moved))?;
            }
            std::fs::remove_dir(&inner)?;
        }
    }
}

fn free_name(folder: &Path, moved: &mut u64) -> PathBuf {
    loop {
        *moved += 1;
        let name = folder.join(format!("moved-{moved}"));
        if std::fs::symlink_metadata(&name).is_err() {
            return name;
        }
    }
}

/// A folder that nobody may read or write is its owner's all the same.
fn open_up(folder: &Path) {
    // Where it fails, what comes next says why.
    let _ = std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_in_it_is_removed() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("stays"), "x").unwrap();
        let scratch = Scratch::new(outside.path().join("scratch")).unwrap();
        let path = scratch.path().to_owned();
        // Deeper than any path can say: a chain is put below another, again and again.
        let chain = ["d"; 900].join("/");
        for _ in 0..3 {
            std::fs::create_dir_all(path.join("next").join(&chain)).unwrap();
            if path.join("tall").exists() {
                std::fs::rename(path.join("tall"), path.join("next").join(&chain).join("d"))
                    .unwrap();
            }
            std::fs::rename(path.join("next"), path.join("tall")).unwrap();
        }
        std::fs::create_dir_all(path.join("moved-1/locked/in")).unwrap();
        std::os::unix::fs::symlink(outside.path(), path.join("moved-1/out")).unwrap();
        let locked = std::fs::Permissions::from_mode(0o000);
        std::fs::set_permissions(path.join("moved-1/locked"), locked).unwrap();
        drop(scratch);
        assert!(!path.exists());
        assert!(outside.path().join("stays").exists());
    }

    #[test]
    fn what_is_in_it_is_counted_and_no_link_followed() {
        let outside = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(outside.path().join("scratch")).unwrap();
        std::fs::create_dir(scratch.path().join("a")).unwrap();
        std::fs::write(scratch.path().join("a/b"), vec![1; 100_000]).unwrap();
        std::os::unix::fs::symlink("/usr", scratch.path().join("usr")).unwrap();
        let most = Usage {
            bytes: 1 << 30,
            files: 1_000,
        };
        let usage = scratch.usage(most).unwrap();
        assert_eq!(usage.files, 3);
        assert!((100_000..300_000).contains(&usage.bytes), "{usage:?}");
        let few = Usage { files: 1, ..most };
        assert_eq!(scratch.usage(few).unwrap().files, 2);
    }
}
