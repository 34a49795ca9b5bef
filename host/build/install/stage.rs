//! Installs an upload's packages in a folder beside it, which holds nothing of the upload but names
//! and versions.
//!
//! npm reads settings, lock files and links from where it works, and some of them start programs or
//! lead out of the folder. So what it works with is written anew here, what it made is looked through,
//! and then the packages are moved to the bot.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::foreign::{self, Converted};
use super::members::{Members, below, refused};
use super::{npm_lock, registries, run};
use crate::build::Tools;
use crate::build::error::{BuildError, Report};
use crate::build::npmrc;

/// Nothing of a repository, of an address or of this machine's disk is installed, whatever a package
/// of a registry says that it depends on. Versions of npm that do not know an option go by the git
/// that is none, and by what is looked through afterwards.
const ONLY_REGISTRIES: [&str; 3] = [
    "--allow-git=none",
    "--allow-remote=none",
    "--git=/bin/false",
];

/// Installs what the packages of `root` need into their `node_modules`.
///
/// Gives what of the lock file could not be followed.
pub(super) fn install(
    root: &Path,
    npm: &Path,
    tools: &Tools<'_>,
) -> Result<Vec<Report>, BuildError> {
    let mut members = Members::read(root)?;
    let (lock, is_foreign, stale) = match npm_lock::read(root, &members)? {
        Some(lock) => (Some(lock), false, Vec::new()),
        None => match foreign::read(root, &mut members)? {
            Some(Converted { lock, stale }) => (Some(lock), true, stale),
            None => (None, false, Vec::new()),
        },
    };
    let allowed = tools.confined.and_then(|held| held.registries.as_deref());
    let lock = lock.map(|lock| registries::only_allowed(lock, allowed));
    let beside = root.parent().unwrap_or(root);
    let stage = tempfile::tempdir_in(beside).map_err(BuildError::io(beside, "used for npm"))?;
    let stage = Stage {
        path: stage.path(),
        root,
    };
    stage.write(&members, lock.as_ref(), tools)?;
    stage.npm(lock.is_some() && stale.is_empty(), is_foreign, npm, tools)?;
    stage.look_at_sources(&members)?;
    for (folder, _) in members.manifests() {
        stage.look_through(&stage.path.join(folder).join("node_modules"))?;
    }
    stage.move_packages(&members)?;
    Ok(stale)
}

struct Stage<'a> {
    path: &'a Path,
    root: &'a Path,
}

impl Stage<'_> {
    fn write(
        &self,
        members: &Members,
        lock: Option<&Value>,
        tools: &Tools<'_>,
    ) -> Result<(), BuildError> {
        // First, so that nothing of the upload replaces what is written here.
        for archive in &members.archives {
            let (from, to) = (self.root.join(archive), self.path.join(archive));
            if let Some(folder) = to.parent() {
                std::fs::create_dir_all(folder).map_err(BuildError::io(folder, "made"))?;
            }
            std::fs::copy(&from, &to).map_err(BuildError::io(&from, "copied"))?;
        }
        for (folder, manifest) in members.manifests() {
            let folder = self.path.join(folder);
            std::fs::create_dir_all(&folder).map_err(BuildError::io(&folder, "made"))?;
            let manifest = Value::Object(manifest.clone());
            write(
                &folder.join("package.json"),
                manifest.to_string().as_bytes(),
            )?;
        }
        if let Some(lock) = lock {
            write(
                &self.path.join("package-lock.json"),
                lock.to_string().as_bytes(),
            )?;
        }
        // Only registries are left in an upload's.
        let file = self.root.join(".npmrc");
        if file.is_file() {
            let content = std::fs::read(&file).map_err(BuildError::io(&file, "read"))?;
            let allowed = tools.confined.and_then(|held| held.registries.as_deref());
            let settings = npmrc::settings(&content);
            registries::check(&settings, allowed)?;
            write(&self.path.join(".npmrc"), &npmrc::written(&settings))?;
        }
        Ok(())
    }

    /// Installs what the lock file says; one that is out of step gives way.
    fn npm(
        &self,
        has_lock: bool,
        is_foreign: bool,
        npm: &Path,
        tools: &Tools<'_>,
    ) -> Result<(), BuildError> {
        let mut options = ONLY_REGISTRIES.to_vec();
        if is_foreign {
            // Peers are where the lock file has them, whatever npm thinks of it.
            options.push("--legacy-peer-deps");
        }
        if has_lock {
            match run(self.path, npm, "ci", &options, tools) {
                Err(BuildError::Install { output, .. }) if output.contains(super::OUT_OF_STEP) => {}
                other => return other,
            }
            (tools.progress)(super::STALE);
        }
        run(self.path, npm, "install", &options, tools)
    }

    /// Refuses what npm says that it took from elsewhere: a folder of the host, which it copies, or an address.
    fn look_at_sources(&self, members: &Members) -> Result<(), BuildError> {
        let file = self.path.join("node_modules/.package-lock.json");
        let Ok(text) = std::fs::read(&file) else {
            return Ok(());
        };
        let installed: Value = serde_json::from_slice(&text).unwrap_or_default();
        let packages = installed["packages"].as_object();
        for (path, package) in packages.into_iter().flatten() {
            let resolved = package["resolved"].as_str().unwrap_or_default();
            let is_member = package["link"] == true && members.has(resolved);
            let inner = resolved.strip_prefix("file:");
            let is_inner = inner
                .and_then(|path| below("", path))
                .is_some_and(|path| members.archives.contains(&path));
            let is_remote = resolved.starts_with("https://") || resolved.starts_with("http://");
            if !(resolved.is_empty() || is_member || is_inner || is_remote) {
                let name = crate::build::inspect::package_in(path).unwrap_or(path);
                let message = format!(
                    "`{name}` is `{resolved}`: a host installs packages of a registry only"
                );
                return Err(BuildError::Code(vec![refused(name, message, None)]));
            }
        }
        Ok(())
    }

    /// Refuses links that lead out of the folder, and what else no registry gave.
    fn look_through(&self, modules: &Path) -> Result<(), BuildError> {
        // Programs of packages: no bot starts one, and they are links.
        let _ = std::fs::remove_dir_all(modules.join(".bin"));
        let stage = self
            .path
            .canonicalize()
            .map_err(BuildError::io(self.path, "read"))?;
        let mut open = vec![modules.to_path_buf()];
        while let Some(folder) = open.pop() {
            let Ok(entries) = std::fs::read_dir(&folder) else {
                continue;
            };
            for entry in entries {
                let entry = entry.map_err(BuildError::io(&folder, "read"))?;
                let path = entry.path();
                let kind = entry.file_type().map_err(BuildError::io(&path, "read"))?;
                if kind.is_dir() && entry.file_name() == ".bin" {
                    std::fs::remove_dir_all(&path).map_err(BuildError::io(&path, "removed"))?;
                } else if kind.is_dir() {
                    open.push(path);
                } else {
                    let is_inside = match kind.is_symlink() {
                        true => path.canonicalize().is_ok_and(|to| to.starts_with(&stage)),
                        false => kind.is_file(),
                    };
                    if !is_inside {
                        return Err(self.leads_out(&path));
                    }
                }
            }
        }
        Ok(())
    }

    fn leads_out(&self, path: &Path) -> BuildError {
        let name = path
            .strip_prefix(self.path)
            .unwrap_or(path)
            .to_string_lossy()
            .into_owned();
        let package = crate::build::inspect::package_in(&name)
            .unwrap_or(&name)
            .to_owned();
        let message = format!("`{name}` is a link that leads out of the bot's folder");
        BuildError::Code(vec![refused(&package, message, None)])
    }

    fn move_packages(&self, members: &Members) -> Result<(), BuildError> {
        for (folder, _) in members.manifests() {
            let from: PathBuf = self.path.join(folder).join("node_modules");
            let to = self.root.join(folder).join("node_modules");
            if from.is_dir() {
                std::fs::rename(&from, &to).map_err(BuildError::io(&to, "written"))?;
            }
        }
        Ok(())
    }
}

fn write(path: &Path, content: &[u8]) -> Result<(), BuildError> {
    std::fs::write(path, content).map_err(BuildError::io(path, "written"))
}
