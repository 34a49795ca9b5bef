//! Reads the archive of a bot's folder.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use tar::EntryType;

use super::UploadError;
use crate::build::npmrc;
use crate::projects::SourceFiles;

/// The most that an archive unpacks to.
pub const MAX_UNPACKED_BYTES: u64 = 128 << 20;
/// The most files that an archive has.
pub const MAX_FILES: usize = 20_000;
const MAX_NAME_BYTES: usize = 512;

/// What an archive holds.
#[derive(Debug, Default)]
pub struct Source {
    /// Names below the bot's folder, with a digest of each file.
    pub files: SourceFiles,
    /// How much they are.
    pub bytes: u64,
    /// What is no part of the bot, and how many files of it there are.
    pub left_out: BTreeMap<&'static str, usize>,
    /// The folder around all of them, with its `/`; empty when there is none.
    prefix: String,
}

/// Reads an archive through, and writes nothing.
pub(super) fn inspect(archive: &[u8]) -> Result<Source, UploadError> {
    let mut source = Source::default();
    let mut left_out = BTreeMap::new();
    walk(archive, &mut left_out, |name, content| {
        let mut digest = Sha256::new();
        let mut counted = Counted {
            digest: &mut digest,
            bytes: 0,
        };
        io::copy(content, &mut counted).map_err(broken)?;
        source.bytes += counted.bytes;
        let digest = hex::encode(&digest.finalize()[..16]);
        source.files.insert(name.to_owned(), digest);
        match source.files.len() > MAX_FILES {
            true => Err(UploadError::TooMany(MAX_FILES)),
            false => Ok(()),
        }
    })?;
    source.left_out = left_out;
    for name in source.files.keys() {
        let above = name.match_indices('/').map(|(at, _)| &name[..at]);
        if let Some(clash) = above
            .into_iter()
            .find(|above| source.files.contains_key(*above))
        {
            return Err(UploadError::Clash(clash.to_owned()));
        }
    }
    if source.files.is_empty() {
        return Err(UploadError::NoFiles);
    }
    source.unwrap_folder();
    Ok(source)
}

/// Writes an archive's files below a folder, for this user only.
pub fn unpack(archive: &[u8], into: &Path) -> Result<Source, UploadError> {
    let source = inspect(archive)?;
    walk(archive, &mut BTreeMap::new(), |name, content| {
        let name = name.strip_prefix(&source.prefix).unwrap_or(name);
        let failed = |source| UploadError::Write {
            file: name.to_owned(),
            source,
        };
        let file = into.join(name);
        if let Some(folder) = file.parent() {
            let mut builder = std::fs::DirBuilder::new();
            builder.recursive(true).mode(0o700);
            builder.create(folder).map_err(failed)?;
        }
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).map_err(broken)?;
        if name.rsplit('/').next() == Some(".npmrc") {
            bytes = npmrc::written(&npmrc::settings(&bytes));
        }
        let mut out = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&file)
            .map_err(failed)?;
        out.write_all(&bytes).map_err(failed)
    })?;
    Ok(source)
}

impl Source {
    /// Archives such as `npm pack` makes have one folder around everything.
    fn unwrap_folder(&mut self) {
        let Some((folder, _)) = self
            .files
            .keys()
            .next()
            .and_then(|name| name.split_once('/'))
        else {
            return;
        };
        let prefix = format!("{folder}/");
        let is_around = self.files.keys().all(|name| name.starts_with(&prefix))
            && self.files.contains_key(&format!("{prefix}package.json"));
        if is_around {
            let files = std::mem::take(&mut self.files);
            let without =
                |(name, digest): (String, String)| (name[prefix.len()..].to_owned(), digest);
            self.files = files.into_iter().map(without).collect();
            self.prefix = prefix;
        }
    }
}

/// Goes through the files of an archive that are the bot's.
fn walk(
    archive: &[u8],
    left_out: &mut BTreeMap<&'static str, usize>,
    mut visit: impl FnMut(&str, &mut dyn Read) -> Result<(), UploadError>,
) -> Result<(), UploadError> {
    let unpacked = Bounded {
        inner: MultiGzDecoder::new(archive),
        left: MAX_UNPACKED_BYTES,
    };
    let mut archive = tar::Archive::new(unpacked);
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let raw = entry.path_bytes().into_owned();
        let shown = String::from_utf8_lossy(&raw)
            .chars()
            .take(120)
            .collect::<String>();
        let kind = match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => None,
            EntryType::Directory | EntryType::XGlobalHeader => continue,
            EntryType::Symlink => Some("a symbolic link"),
            EntryType::Link => Some("a hard link"),
            EntryType::GNUSparse => Some("a sparse file"),
            _ => Some("a device or a pipe"),
        };
        let name = normal(&raw).map_err(|wrong| match wrong {
            Wrong::Outside => UploadError::Outside(shown.clone()),
            Wrong::Name => UploadError::Name(shown.clone()),
        })?;
        if let Some(what) = is_left_out(&name) {
            *left_out.entry(what).or_default() += 1;
            continue;
        }
        if let Some(kind) = kind {
            return Err(UploadError::Link { name: shown, kind });
        }
        visit(&name, &mut entry)?;
    }
    Ok(())
}

/// What of a folder is never part of a deploy: the name of what it belongs to.
pub fn is_left_out(name: &str) -> Option<&'static str> {
    let file = name.rsplit('/').next().unwrap_or(name);
    for part in name.split('/') {
        match part {
            ".git" => return Some(".git"),
            ".roost" => return Some(".roost"),
            "node_modules" => return Some("node_modules"),
            "__MACOSX" => return Some("files of macOS"),
            _ => {}
        }
    }
    let is_sample = ["example", "sample", "template", "dist"]
        .iter()
        .any(|end| file.ends_with(&format!(".{end}")));
    match file {
        ".DS_Store" => Some("files of macOS"),
        _ if file.starts_with("._") => Some("files of macOS"),
        _ if (file == ".env" || file.starts_with(".env.")) && !is_sample => Some(".env"),
        _ => None,
    }
}

enum Wrong {
    Outside,
    Name,
}

/// Whether a file of a deploy may have this name, which has no part that leads elsewhere.
pub fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_NAME_BYTES
        && name.split('/').all(|part| part.len() <= 255)
        && !name.chars().any(char::is_control)
}

/// The name without `./`, checked part by part.
fn normal(raw: &[u8]) -> Result<String, Wrong> {
    let name = std::str::from_utf8(raw).map_err(|_| Wrong::Name)?;
    if name.starts_with('/') {
        return Err(Wrong::Outside);
    }
    let parts: Vec<&str> = name
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    if parts.contains(&"..") {
        return Err(Wrong::Outside);
    }
    let name = parts.join("/");
    match is_name(&name) {
        true => Ok(name),
        false => Err(Wrong::Name),
    }
}

fn broken(error: io::Error) -> UploadError {
    match error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Overrun>())
    {
        Some(Overrun) => UploadError::TooLarge(MAX_UNPACKED_BYTES),
        // tar wraps what the reader said.
        None if error.to_string().contains(OVERRUN) => UploadError::TooLarge(MAX_UNPACKED_BYTES),
        None => UploadError::Broken(error.to_string()),
    }
}

const OVERRUN: &str = "more than an archive may unpack to";

#[derive(Debug, thiserror::Error)]
#[error("more than an archive may unpack to")]
struct Overrun;

/// Fails once more was read than there is room for, whatever the headers said.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other(Overrun))?;
        Ok(read)
    }
}

struct Counted<'a> {
    digest: &'a mut Sha256,
    bytes: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
