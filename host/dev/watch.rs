//! Notices when a bot's files change, by looking at their times and sizes.
//!
//! Looking needs nothing of the system, sees folders on any file system, and costs a `stat` for
//! each file a few times a second. A change is told once the files have rested for a moment, so
//! that an editor that saves in several steps, or a checkout, is one change.
//!
//! Not here: which files matter to a build, and what is done when they change.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_millis(300);
/// How long they must have rested, at the shortest.
const REST: Duration = Duration::from_millis(100);
/// How long a change waits for files that never rest.
const LONGEST_UNREST: Duration = Duration::from_secs(3);

/// Holds a bot's environment; the one file with a dot that is looked at.
const ENVIRONMENT: &str = ".env";
/// Never looked into.
const PACKAGES: &str = "node_modules";

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// These files were changed, made or removed, in order of their paths.
    Files(Vec<PathBuf>),
    /// The `.env` of a watched folder, or another file that holds its environment.
    Environment,
}

/// Files and folders that are watched.
#[derive(Debug)]
pub struct Watch {
    places: Arc<Places>,
    interval: Duration,
    /// As they were when a change was last told.
    known: Snapshot,
    /// A change to the files that came together with one to the environment.
    next: Option<Change>,
}

/// Where to look.
#[derive(Clone, Debug)]
struct Places {
    roots: Vec<PathBuf>,
    ignored: Vec<PathBuf>,
    /// Files that hold a bot's environment, besides the `.env` of each folder.
    environment: Vec<PathBuf>,
}

type Snapshot = BTreeMap<PathBuf, Stamp>;

/// By what a file's change is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
}

impl Watch {
    /// Watches files, and folders with everything in them, from now on.
    ///
    /// Not looked at: names with a dot in front (but see [`Change::Environment`]), `node_modules`,
    /// and the paths in `ignored` with what is in them. Links to folders are not followed. What
    /// does not exist yet is noticed once it does. A build's inputs can be given as they are: the
    /// packages' files among them are left out.
    pub fn new(
        roots: impl IntoIterator<Item = impl Into<PathBuf>>,
        ignored: impl IntoIterator<Item = impl Into<PathBuf>>,
    ) -> Self {
        let places = Places {
            roots: roots.into_iter().map(Into::into).collect(),
            ignored: ignored.into_iter().map(Into::into).collect(),
            environment: Vec::new(),
        };
        Self {
            known: places.look(),
            places: Arc::new(places),
            interval: INTERVAL,
            next: None,
        }
    }

    /// Watches these files too: a change of one is [`Change::Environment`].
    pub fn with_environment(mut self, files: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        let places = Arc::make_mut(&mut self.places);
        places.environment = files.into_iter().map(Into::into).collect();
        self.known = places.look();
        self
    }

    /// Watches these too, as they are now: for files that a build turned out to read.
    pub fn add(&mut self, roots: impl IntoIterator<Item = impl Into<PathBuf>>) {
        let mut added = Places {
            roots: roots.into_iter().map(Into::into).collect(),
            ignored: self.places.ignored.clone(),
            environment: Vec::new(),
        };
        added.roots.retain(|root| !self.places.roots.contains(root));
        if added.roots.is_empty() {
            return;
        }
        for (path, stamp) in added.look() {
            self.known.entry(path).or_insert(stamp);
        }
        Arc::make_mut(&mut self.places).roots.extend(added.roots);
    }

    /// Takes these files as they are now: not somebody who works on the bot wrote them.
    pub fn accept(&mut self, files: impl IntoIterator<Item = PathBuf>) {
        for file in files {
            self.known.remove(&file);
            note(file, &mut self.known);
        }
    }

    /// Waits for the next change since the one before, or since the watch began.
    ///
    /// Cancel safety: nothing is lost; the next call tells what this one would have.
    pub async fn next(&mut self) -> Change {
        loop {
            if let Some(change) = self.next.take() {
                return change;
            }
            let seen = self.look().await;
            if seen == self.known {
                tokio::time::sleep(self.interval).await;
                continue;
            }
            let rested = self.rested(seen).await;
            let changed = difference(&self.known, &rested);
            self.known = rested;
            let (environment, files): (Vec<_>, Vec<_>) = changed
                .into_iter()
                .partition(|path| self.places.is_environment(path));
            // Neither when all is again as it was known.
            self.next = (!files.is_empty()).then_some(Change::Files(files));
            if !environment.is_empty() {
                return Change::Environment;
            }
        }
    }

    /// Waits until the files stay as they are, but not for ever.
    async fn rested(&self, mut seen: Snapshot) -> Snapshot {
        let deadline = Instant::now() + LONGEST_UNREST;
        loop {
            tokio::time::sleep(self.interval.min(REST)).await;
            let now = self.look().await;
            if now == seen || deadline <= Instant::now() {
                return now;
            }
            seen = now;
        }
    }

    async fn look(&self) -> Snapshot {
        let places = self.places.clone();
        let looked = tokio::task::spawn_blocking(move || places.look()).await;
        // Fails only while the runtime stops.
        looked.unwrap_or_else(|_| self.known.clone())
    }
}

impl Places {
    fn is_environment(&self, path: &Path) -> bool {
        path.file_name().is_some_and(|name| name == ENVIRONMENT)
            || self.environment.iter().any(|file| file == path)
    }

    fn look(&self) -> Snapshot {
        let mut seen = Snapshot::new();
        for root in &self.roots {
            if root.is_dir() {
                self.look_into(root, &mut seen);
                note(root.join(ENVIRONMENT), &mut seen);
            } else if !is_packaged(root) {
                note(root.clone(), &mut seen);
            }
        }
        for file in &self.environment {
            note(file.clone(), &mut seen);
        }
        seen
    }

    /// What cannot be read is as if it were not there.
    fn look_into(&self, folder: &Path, seen: &mut Snapshot) {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        for entry in entries.flatten() {
            let path = entry.path();
            let name = entry.file_name();
            let is_hidden = name.as_encoded_bytes().starts_with(b".");
            if is_hidden || name == PACKAGES || self.ignored.contains(&path) {
                continue;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => self.look_into(&path, seen),
                Ok(_) => note(path, seen),
                Err(_) => {}
            }
        }
    }
}

/// Notes a file, following links to it; folders and what does not exist are left out.
fn note(path: PathBuf, seen: &mut Snapshot) {
    let Ok(metadata) = std::fs::metadata(&path) else {
        return;
    };
    if metadata.is_dir() {
        return;
    }
    let stamp = Stamp {
        modified: metadata.modified().ok(),
        bytes: metadata.len(),
    };
    seen.insert(path, stamp);
}

/// The paths that differ, in order.
fn difference(before: &Snapshot, now: &Snapshot) -> Vec<PathBuf> {
    let gone = before.keys().filter(|path| !now.contains_key(*path));
    let other = now
        .iter()
        .filter(|(path, stamp)| before.get(*path) != Some(stamp));
    let mut paths: Vec<PathBuf> = gone.chain(other.map(|(path, _)| path)).cloned().collect();
    paths.sort();
    paths
}

fn is_packaged(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == PACKAGES)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(10);

    /// A bot's folder, and a watch that looks often.
    struct Scene {
        folder: TempDir,
        watch: Watch,
    }

    impl Scene {
        fn with(files: &[&str]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            for file in files {
                write(&folder.path().join(file), "before");
            }
            let watch = Watch {
                interval: Duration::from_millis(5),
                ..Watch::new([folder.path()], [folder.path().join("dist")])
            };
            Self { folder, watch }
        }

        fn path(&self, file: &str) -> PathBuf {
            self.folder.path().join(file)
        }

        fn save(&self, file: &str) {
            write(&self.path(file), "after it was saved");
        }

        async fn next(&mut self) -> Change {
            let change = tokio::time::timeout(DEADLINE, self.watch.next()).await;
            change.expect("a change should have been noticed")
        }

        fn files(&self, files: &[&str]) -> Change {
            Change::Files(files.iter().map(|file| self.path(file)).collect())
        }
    }

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[tokio::test]
    async fn changed_new_and_removed_files_are_one_change() {
        let mut scene = Scene::with(&["app.js", "routes/menu.js", "same.js"]);

        scene.save("app.js");
        scene.save("states/new.js");
        fs::remove_file(scene.path("routes/menu.js")).unwrap();

        let expected = scene.files(&["app.js", "routes/menu.js", "states/new.js"]);
        assert_eq!(scene.next().await, expected);
    }

    #[tokio::test]
    async fn a_save_that_keeps_the_size_is_noticed_by_its_time() {
        let mut scene = Scene::with(&["app.js"]);

        let file = fs::File::options().append(true).open(scene.path("app.js"));
        let later = SystemTime::now() + Duration::from_secs(5);
        file.unwrap().set_modified(later).unwrap();

        assert_eq!(scene.next().await, scene.files(&["app.js"]));
    }

    #[tokio::test]
    async fn packages_dotfiles_and_ignored_paths_are_not_looked_at() {
        let mut scene = Scene::with(&["app.js"]);

        for file in [
            "node_modules/express/index.js",
            "lib/node_modules/a.js",
            ".git/HEAD",
            ".cache",
            "lib/.env",
            "dist/app.js",
        ] {
            scene.save(file);
        }
        scene.save("last.js");

        assert_eq!(scene.next().await, scene.files(&["last.js"]));
    }

    #[tokio::test]
    async fn the_environment_is_told_apart_from_the_files() {
        let mut scene = Scene::with(&["app.js", ".env"]);

        scene.save(".env");
        scene.save("app.js");

        assert_eq!(scene.next().await, Change::Environment);
        assert_eq!(scene.next().await, scene.files(&["app.js"]));
    }

    #[tokio::test]
    async fn other_files_of_the_environment_are_told_apart_too() {
        let mut scene = Scene::with(&["app.js"]);
        let file = scene.path(".env.local");
        scene.watch = scene.watch.with_environment([file.clone()]);

        write(&file, "KEY=1");
        assert_eq!(scene.next().await, Change::Environment);
        fs::remove_file(&file).unwrap();
        assert_eq!(scene.next().await, Change::Environment);
    }

    #[tokio::test]
    async fn a_change_while_nobody_waits_is_told_later() {
        let mut scene = Scene::with(&["app.js"]);

        let waiting = tokio::time::timeout(Duration::ZERO, scene.watch.next()).await;
        assert_eq!(waiting.ok(), None);
        scene.save("app.js");

        assert_eq!(scene.next().await, scene.files(&["app.js"]));
    }

    #[tokio::test]
    async fn what_a_build_wrote_itself_is_no_change() {
        let mut scene = Scene::with(&["app.js", "npm-shrinkwrap.json"]);

        for lock in ["package-lock.json", "npm-shrinkwrap.json"] {
            scene.save(lock);
            scene.watch.accept([scene.path(lock)]);
        }
        scene.save("app.js");
        assert_eq!(scene.next().await, scene.files(&["app.js"]));

        // Who works on the bot may write it later.
        write(&scene.path("package-lock.json"), "of a newer package");
        assert_eq!(scene.next().await, scene.files(&["package-lock.json"]));
    }

    #[tokio::test]
    async fn files_elsewhere_are_watched_once_added() {
        let mut scene = Scene::with(&["app.js"]);
        let elsewhere = tempfile::tempdir().unwrap();
        let shared = elsewhere.path().join("shared.js");
        write(&shared, "before");

        let packaged = elsewhere.path().join("node_modules/a/index.js");
        scene.watch.add([shared.clone(), packaged.clone()]);
        write(&packaged, "after it was saved");
        write(&shared, "after it was saved");

        assert_eq!(scene.next().await, Change::Files(vec![shared]));
    }
}
