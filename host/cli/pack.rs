//! A bot's folder as the `tar.gz` that a host takes.
//!
//! What `.gitignore` and `.roostignore` name stays here, and whatever they say so do `.env` files,
//! `.git` and `node_modules`. The same files make the same bytes.

use std::io;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use ignore::WalkBuilder;
use tar::{Builder, Header};

use super::CliError;
use crate::deploys::upload::{MAX_FILES, MAX_UNPACKED_BYTES, is_left_out};

/// A folder, packed.
#[derive(Debug)]
pub struct Packed {
    pub archive: Vec<u8>,
    pub files: usize,
    pub bytes: u64,
    /// What is not in it that may be missed.
    pub warnings: Vec<String>,
}

/// Packs a folder.
pub fn pack(folder: &Path) -> Result<Packed, CliError> {
    let unreadable = |path: &Path, error: &dyn std::fmt::Display| {
        CliError::File(format!("`{}` cannot be read: {error}", path.display()))
    };
    let root = folder
        .canonicalize()
        .map_err(|error| unreadable(folder, &error))?;
    let mut packed = Packed {
        archive: Vec::new(),
        files: 0,
        bytes: 0,
        warnings: Vec::new(),
    };
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (name, path) in files(&root, &mut packed.warnings)? {
        let content = std::fs::read(&path).map_err(|error| unreadable(&path, &error))?;
        packed.files += 1;
        packed.bytes += content.len() as u64;
        if packed.bytes > MAX_UNPACKED_BYTES || packed.files > MAX_FILES {
            return Err(CliError::File(format!(
                "`{}` holds more than {} MiB or {MAX_FILES} files, which is more than a host takes: \
                 list what the bot does not need in .gitignore or .roostignore",
                folder.display(),
                MAX_UNPACKED_BYTES >> 20
            )));
        }
        append(&mut builder, &name, &content).map_err(|error| unreadable(&path, &error))?;
    }
    if packed.files == 0 {
        return Err(CliError::File(format!(
            "`{}` holds no file to deploy: name the folder of the bot, as in `roost deploy ./bot`",
            folder.display()
        )));
    }
    let compressed = builder.into_inner().and_then(GzEncoder::finish);
    packed.archive = compressed.map_err(|error| unreadable(folder, &error))?;
    Ok(packed)
}

fn append(builder: &mut Builder<GzEncoder<Vec<u8>>>, name: &str, content: &[u8]) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(0);
    builder.append_data(&mut header, name, content)
}

/// The files to pack, by their names, in order.
fn files(root: &Path, warnings: &mut Vec<String>) -> Result<Vec<(String, PathBuf)>, CliError> {
    let top = root.to_owned();
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .git_global(false)
        // A folder that is no repository may have a .gitignore all the same.
        .require_git(false)
        .add_custom_ignore_filename(".roostignore")
        .filter_entry(move |entry| {
            let name = entry.path().strip_prefix(&top).ok().and_then(Path::to_str);
            name.is_none_or(|name| name.is_empty() || is_left_out(name).is_none())
        })
        .build();
    let mut files = Vec::new();
    for entry in walk {
        let entry =
            entry.map_err(|error| CliError::File(format!("the folder cannot be read: {error}")))?;
        let Some(kind) = entry.file_type() else {
            continue;
        };
        let path = entry.path();
        let Some(name) = path.strip_prefix(root).ok().and_then(Path::to_str) else {
            warnings.push(format!(
                "`{}` is left out: its name is not UTF-8",
                path.display()
            ));
            continue;
        };
        if kind.is_file() {
            files.push((name.to_owned(), path.to_owned()));
        } else if kind.is_symlink() {
            match linked_file(root, path) {
                Some(file) => files.push((name.to_owned(), file)),
                None => warnings.push(format!(
                    "`{name}` is left out: it is a link to something that is no file of this folder"
                )),
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The file of the folder that a link leads to.
fn linked_file(root: &Path, link: &Path) -> Option<PathBuf> {
    let target = link.canonicalize().ok()?;
    let name = target.strip_prefix(root).ok()?.to_str()?;
    (target.is_file() && is_left_out(name).is_none()).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deploys::upload;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        dir
    }

    #[test]
    fn what_is_ignored_or_secret_stays_at_home() {
        let dir = folder(&[
            ("package.json", "{}"),
            ("src/app.js", "app"),
            (".env", "KEY=1"),
            (".env.production", "KEY=1"),
            (".env.example", "KEY="),
            (".git/config", "x"),
            ("node_modules/express/index.js", "x"),
            (".gitignore", "*.log\n/dist\n"),
            ("debug.log", "x"),
            ("dist/app.js", "x"),
            (".roostignore", "drafts\n"),
            ("drafts/x.md", "x"),
        ]);
        let link = dir.path().join("link.js");
        std::os::unix::fs::symlink(dir.path().join("src/app.js"), link).unwrap();
        std::os::unix::fs::symlink("/etc/hostname", dir.path().join("host")).unwrap();
        std::os::unix::fs::symlink(dir.path().join(".env"), dir.path().join("env.txt")).unwrap();

        let packed = pack(dir.path()).unwrap();

        let into = tempfile::tempdir().unwrap();
        let source = upload::unpack(&packed.archive, into.path()).unwrap();
        let names: Vec<_> = source.files.keys().map(String::as_str).collect();
        let expected = [
            ".env.example",
            ".gitignore",
            ".roostignore",
            "link.js",
            "package.json",
            "src/app.js",
        ];
        assert_eq!(names, expected);
        assert_eq!(packed.warnings.len(), 2, "{:?}", packed.warnings);
        assert!(source.left_out.is_empty());
        assert_eq!(pack(dir.path()).unwrap().archive, packed.archive);
    }

    #[test]
    fn a_folder_without_files_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let error = pack(dir.path()).unwrap_err();
        assert!(error.to_string().contains("holds no file to deploy"));
    }
}
