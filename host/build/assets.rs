//! Collects what a bot may read with `fs`: views, public files, code and data of its own, data of packages.
//!
//! Never files whose name begins with a dot, never `.env` files, never private keys (certificates and
//! public keys are no secret), never what a link points at, and of an upload nothing from outside its folder: what leaves the folder here is
//! part of an artifact that is copied about.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::diagnose::{is_env_file, package_name};
use super::error::{BuildError, Report};
use super::inspect::package_in;
use super::install::find_package;
use super::modules::Resolved;
use super::place::virtual_path;
use super::{BundledFile, ROOT};

const MAX_FILE_BYTES: u64 = 2 * 1024 * 1024;
const MAX_TOTAL_BYTES: u64 = 8 * 1024 * 1024;
const MAX_FILES: usize = 2000;

const SKIPPED_FOLDERS: [&str; 5] = ["node_modules", "coverage", "test", "tests", "__tests__"];
const LOCKFILES: [&str; 4] = [
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
];
const CODE: [&str; 9] = ["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "map"];
/// Files that are keys or certificates, of which only the content tells whether they are secret.
const KEYS: [&str; 2] = ["pem", "key"];
/// Files that hold private keys behind a password.
const KEY_STORES: [&str; 4] = ["p12", "pfx", "jks", "keystore"];

/// Folders whose code is for browsers: it is read, not run.
const SERVED_FOLDERS: [&str; 6] = ["public", "static", "assets", "www", "client", "views"];

/// Of a package's own files, these are for people.
const FOR_PEOPLE: [&str; 6] = ["flow", "lock", "markdown", "md", "node", "sh"];

/// The files, and the ones left out that may be missed.
#[derive(Debug, Default)]
pub(super) struct Assets {
    pub(super) files: Vec<BundledFile>,
    /// Where they are on disk, of the bot's own only.
    pub(super) paths: Vec<PathBuf>,
    pub(super) warnings: Vec<Report>,
    total_bytes: u64,
}

/// What is looked for, and where.
pub(super) struct Search<'a> {
    /// The bot's folder, canonical.
    pub(super) dir: &'a Path,
    /// The modules that use their own folder, by their paths from `dir`. The bundler read them: names
    /// in source maps, which a package can write as it likes, are not among them.
    pub(super) asked: &'a BTreeSet<String>,
    /// Whether somebody may read the bot's own code: it is in the bundle anyway, so it is no secret,
    /// but it takes room.
    pub(super) with_code: bool,
    pub(super) resolved: &'a Resolved,
    /// Nothing above this folder is collected; none for a folder of whoever builds.
    pub(super) boundary: Option<&'a Path>,
}

pub(super) fn collect(search: &Search<'_>) -> Result<Assets, BuildError> {
    let dir = search.dir;
    let mut assets = Assets::default();
    for path in walk(dir)? {
        let Some(name) = relative(&path, dir) else {
            continue;
        };
        if is_wanted(&name, search.with_code) {
            assets.add(&path, format!("{ROOT}/{name}"), &name)?;
            assets.paths.push(path);
        }
    }
    let asked = search.asked.iter().filter_map(|path| package_folder(path));
    let mut packages: BTreeSet<_> = asked.map(|folder| dir.join(folder)).collect();
    packages.extend(search.resolved.packages.iter().filter_map(|(file, name)| {
        let folder = find_package(Path::new(file), package_name(name), search.boundary)?;
        Some(folder)
    }));
    for folder in packages {
        let name = super::place::relative(&folder, dir);
        let Some(start) = name.find("node_modules/") else {
            continue;
        };
        let Ok(folder) = folder.canonicalize() else {
            continue;
        };
        if search
            .boundary
            .is_none_or(|boundary| folder.starts_with(boundary))
        {
            assets.add_package(&folder, &name[start..])?;
        }
    }
    for file in &search.resolved.files {
        assets.add_resolved(file, search)?;
    }
    Ok(assets)
}

impl Assets {
    fn add(&mut self, path: &Path, to: String, name: &str) -> Result<(), BuildError> {
        let bytes = std::fs::metadata(path)
            .map_err(BuildError::io(path, "read"))?
            .len();
        let too_much = self.total_bytes + bytes > MAX_TOTAL_BYTES || self.files.len() >= MAX_FILES;
        if bytes > MAX_FILE_BYTES || too_much {
            let limit = match bytes > MAX_FILE_BYTES {
                true => format!("files of more than {} KiB", MAX_FILE_BYTES / 1024),
                false => format!(
                    "more than {} MiB or {MAX_FILES} files",
                    MAX_TOTAL_BYTES / 1024 / 1024
                ),
            };
            let message = format!(
                "`{name}` ({} KiB) is left out: a bot takes no {limit} with it",
                bytes.div_ceil(1024)
            );
            self.warnings
                .push(Report::new(message).with_advice("keep it on a web server and fetch it"));
            return Ok(());
        }
        let content = std::fs::read(path).map_err(BuildError::io(path, "read"))?;
        let is_own = !to.contains("/node_modules/");
        if let Some((reason, advice)) = secret_in(name, &content, is_own) {
            let message = format!("`{name}` is left out: {reason}");
            self.warnings.push(Report::new(message).with_advice(advice));
            return Ok(());
        }
        self.total_bytes += bytes;
        self.files.push(BundledFile {
            path: to,
            bytes: content,
        });
        Ok(())
    }

    /// A file that a package asks for by its path: a worker's code, a page.
    fn add_resolved(&mut self, file: &str, search: &Search<'_>) -> Result<(), BuildError> {
        let name = super::place::relative(Path::new(file), search.dir);
        let (Some(start), Ok(path)) = (name.find("node_modules/"), Path::new(file).canonicalize())
        else {
            return Ok(());
        };
        let is_inside = search
            .boundary
            .is_none_or(|boundary| path.starts_with(boundary));
        let name = &name[start..];
        let to = virtual_path(name);
        let is_new = self.files.iter().all(|known| known.path != to);
        let is_secret = is_env_file(name) || is_among(&KEYS, name) || is_among(&KEY_STORES, name);
        match is_inside && is_new && !is_secret {
            true => self.add(&path, to, name),
            false => Ok(()),
        }
    }

    /// A package that asks where it is reads files beside its code: fonts, templates, pages.
    fn add_package(&mut self, folder: &Path, package: &str) -> Result<(), BuildError> {
        for path in walk(folder)? {
            let Some(name) = relative(&path, folder) else {
                continue;
            };
            if is_wanted_of_package(package, &name) {
                let name = format!("{package}/{name}");
                self.add(&path, virtual_path(&name), &name)?;
            }
        }
        Ok(())
    }
}

/// All regular files below a folder, in order, without the skipped and the hidden ones.
fn walk(folder: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(BuildError::io(&folder, "read"))?;
        for entry in entries {
            let entry = entry.map_err(BuildError::io(&folder, "read"))?;
            let kind = entry.file_type().map_err(BuildError::io(&folder, "read"))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') {
                continue;
            }
            if kind.is_dir() && !SKIPPED_FOLDERS.contains(&name.as_ref()) {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

fn is_wanted(name: &str, with_code: bool) -> bool {
    let extension = extension(name);
    let file = name.rsplit('/').next().unwrap_or(name);
    if is_env_file(name) || extension == "log" || LOCKFILES.contains(&file) {
        return false;
    }
    let is_served = name
        .split('/')
        .rev()
        .skip(1)
        .any(|part| SERVED_FOLDERS.contains(&part));
    with_code || !CODE.contains(&extension) || is_served
}

/// What a package reads is not its code, unless it serves code to browsers.
fn is_wanted_of_package(package: &str, name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let for_browsers = package.ends_with("-dist")
        || name
            .split('/')
            .any(|part| SERVED_FOLDERS.contains(&part) || part.ends_with("-dist"));
    let is_wanted = match extension(name) {
        "js" | "mjs" => for_browsers,
        extension => !CODE.contains(&extension) && !FOR_PEOPLE.contains(&extension),
    };
    let is_for_people = file.contains("license") || file.starts_with("tsconfig.");
    is_wanted && !is_for_people && !is_env_file(name)
}

const KEY: &str = "it holds a private key";
const STORE: &str = "such files hold private keys";
const UNKNOWN_KEY: &str =
    "it may be a private key, for it is no certificate and no public key in PEM form";

const AS_TEXT: &str = "store the key as a secret of the project and read process.env.NAME";
const AS_BASE64: &str = "store it in base64 as a secret of the project and read Buffer.from(process.env.NAME, 'base64')";

/// Why a file must not become part of a bot, and what to do instead. Of packages' files only those are
/// secret that hold a key for sure: what they call `.key` is their own business.
fn secret_in(name: &str, content: &[u8], is_own: bool) -> Option<(&'static str, &'static str)> {
    if holds_private_key(content) {
        return Some((KEY, AS_TEXT));
    }
    if is_own && is_among(&KEY_STORES, name) {
        return Some((STORE, AS_BASE64));
    }
    if !is_own || !is_among(&KEYS, name) {
        return None;
    }
    if contains(content, b"PRIVATE KEY") {
        return Some((KEY, AS_TEXT));
    }
    (!contains(content, b"-----BEGIN ")).then_some((UNKNOWN_KEY, AS_BASE64))
}

fn contains(content: &[u8], mark: &[u8]) -> bool {
    content.windows(mark.len()).any(|window| window == mark)
}

/// Whether a file's extension is one of these, however it is written.
fn is_among(extensions: &[&str], name: &str) -> bool {
    let extension = extension(name);
    extensions
        .iter()
        .any(|known| known.eq_ignore_ascii_case(extension))
}

/// A key in PEM form, as files of cloud accounts hold it; not the mere mention of one.
pub(super) fn holds_private_key(content: &[u8]) -> bool {
    let mark = b"PRIVATE KEY-----";
    let starts = content.windows(mark.len()).enumerate();
    let mut starts = starts.filter(|(_, window)| window == mark);
    starts.any(|(start, _)| {
        let after = &content[start + mark.len()..];
        let head = &after[..after.len().min(KEY_HEAD_BYTES)];
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
        head.split(|byte| !is_base64(byte))
            .any(|run| run.len() >= KEY_LINE_BYTES)
    })
}

/// Where a key's first full line ends at the latest, after the headers of an encrypted one.
const KEY_HEAD_BYTES: usize = 400;
/// PEM lines are 64 long.
const KEY_LINE_BYTES: usize = 60;

/// `node_modules/pdfkit/js/pdfkit.js` is in `node_modules/pdfkit`.
fn package_folder(source: &str) -> Option<&str> {
    let package = package_in(source)?;
    let start = source.rfind("node_modules/")? + "node_modules/".len();
    Some(&source[..start + package.len()])
}

fn relative(path: &Path, dir: &Path) -> Option<String> {
    path.strip_prefix(dir).ok()?.to_str().map(str::to_owned)
}

fn extension(name: &str) -> &str {
    Path::new(name)
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or("")
}
