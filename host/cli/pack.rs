//! A bot's folder as the `tar.gz` that a host takes.
//!
//! A bot that is a package of a workspace is packed with the packages of it that the bot needs, where
//! they are, and with the workspace's lock file.
//!
//! What `.gitignore` and `.roostignore` name stays here, and whatever they say so do `.env` files,
//! `.git`, `.roost` and `node_modules`. The same files make the same bytes.

use std::io;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use ignore::WalkBuilder;
use tar::{Builder, Header};

use super::CliError;
use crate::build::workspace::{self, Workspace};
use crate::deploys::upload::{MAX_FILES, MAX_UNPACKED_BYTES, is_left_out, is_name};

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
    let (files, package_json) = match workspace::around(&root) {
        Some(workspace) => of_workspace(&workspace, &mut packed.warnings)?,
        None => (files(&root, true, &mut packed.warnings)?, None),
    };
    for (name, path) in files {
        let content = match &package_json {
            Some(content) if name == PACKAGE_JSON => content.clone(),
            _ => std::fs::read(&path).map_err(|error| unreadable(&path, &error))?,
        };
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

const PACKAGE_JSON: &str = "package.json";

/// What of a workspace's own folder a build needs.
const OF_ROOT: [&str; 8] = [
    ".npmrc",
    "npm-shrinkwrap.json",
    "package-lock.json",
    PACKAGE_JSON,
    "pnpm-lock.yaml",
    "pnpm-workspace.yaml",
    "tsconfig.base.json",
    "tsconfig.json",
];

type Files = Vec<(String, PathBuf)>;

/// The files of a workspace that a bot in it needs, and its package.json, which names the bot's folder.
fn of_workspace(
    workspace: &Workspace,
    warnings: &mut Vec<String>,
) -> Result<(Files, Option<Vec<u8>>), CliError> {
    let Workspace {
        root,
        folder,
        needed,
    } = workspace;
    let locks = OF_ROOT
        .iter()
        .chain(&["yarn.lock"])
        .map(|name| (*name, root.join(name)));
    let of_root: Files = locks
        .filter(|(_, path)| path.is_file())
        .map(|(name, path)| (name.to_owned(), path))
        .collect();
    let has_lock = of_root
        .iter()
        .any(|(name, _)| name.contains("lock") || name.contains("shrinkwrap"));
    let bot = root.join(folder);
    let has_own_lock = OF_ROOT
        .iter()
        .any(|name| name.contains("lock") && bot.join(name).is_file());
    if needed.is_empty() && (!has_lock || has_own_lock) {
        return Ok((files(&bot, true, warnings)?, None));
    }
    let text = std::fs::read_to_string(root.join(PACKAGE_JSON)).unwrap_or_else(|_| "{}".to_owned());
    let mut package: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text)
        .map_err(|error| {
            let path = root.join(PACKAGE_JSON);
            CliError::File(format!("`{}` is not valid: {error}", path.display()))
        })?;
    package.insert("roost".to_owned(), serde_json::json!({ "folder": folder }));
    let mut all = of_root;
    if !root.join(PACKAGE_JSON).is_file() {
        all.push((PACKAGE_JSON.to_owned(), root.join(PACKAGE_JSON)));
    }
    for (part, minds_git) in
        std::iter::once((folder, true)).chain(needed.iter().map(|part| (part, false)))
    {
        // What packages of a workspace are compiled to is seldom in a repository, and what the bot loads.
        let found = files(&root.join(part), minds_git, warnings)?;
        all.extend(
            found
                .into_iter()
                .map(|(name, path)| (format!("{part}/{name}"), path)),
        );
    }
    all.sort();
    all.dedup();
    if !needed.is_empty() {
        let names: Vec<_> = needed.iter().map(|part| format!("`{part}`")).collect();
        warnings.push(format!("packed with {} of its workspace", names.join(", ")));
    }
    Ok((
        all,
        Some(serde_json::Value::Object(package).to_string().into_bytes()),
    ))
}

/// The files to pack, by their names, in order.
fn files(root: &Path, minds_git: bool, warnings: &mut Vec<String>) -> Result<Files, CliError> {
    let top = root.to_owned();
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .git_global(false)
        .git_ignore(minds_git)
        .git_exclude(minds_git)
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
        if !kind.is_dir() && !is_name(name) {
            warnings.push(format!(
                "`{}` is left out: its name has control characters or more than 512 bytes",
                name.escape_debug().take(120).collect::<String>()
            ));
            continue;
        }
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
            (".roost/keys.json", "x"),
            ("mine/data/.gitignore", "*\n"),
            ("mine/data/keys.json", "x"),
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
    fn a_file_whose_name_no_host_takes_stays_at_home() {
        let dir = folder(&[
            ("package.json", "{}"),
            ("app.js", "app"),
            ("print \"x\"\n}\n", ""),
        ]);

        let packed = pack(dir.path()).unwrap();

        let into = tempfile::tempdir().unwrap();
        let source = upload::unpack(&packed.archive, into.path()).unwrap();
        let names: Vec<_> = source.files.keys().map(String::as_str).collect();
        assert_eq!(names, ["app.js", "package.json"]);
        let told = r#"`print \"x\"\n}\n` is left out: its name has control characters or more than 512 bytes"#;
        assert_eq!(packed.warnings, [told]);
    }

    #[test]
    fn a_bot_of_a_workspace_brings_what_it_needs() {
        let dir = folder(&[
            (
                "package.json",
                r#"{"name":"ws","workspaces":["apps/*","packages/*"]}"#,
            ),
            ("package-lock.json", "{}"),
            (".gitignore", "dist\n"),
            (
                "apps/bot/package.json",
                r#"{"name":"bot","dependencies":{"ms":"*"}}"#,
            ),
            ("apps/bot/app.js", "app"),
            ("apps/bot/dist/old.js", "x"),
            ("apps/other/package.json", r#"{"name":"other"}"#),
            (
                "packages/ms/package.json",
                r#"{"name":"ms","dependencies":{"deep":"workspace:*"}}"#,
            ),
            ("packages/ms/dist/index.js", "compiled"),
            ("packages/deep/package.json", r#"{"name":"deep"}"#),
            ("packages/unused/package.json", r#"{"name":"unused"}"#),
        ]);

        let packed = pack(&dir.path().join("apps/bot")).unwrap();

        let into = tempfile::tempdir().unwrap();
        let source = upload::unpack(&packed.archive, into.path()).unwrap();
        let names: Vec<_> = source.files.keys().map(String::as_str).collect();
        let expected = [
            "apps/bot/app.js",
            "apps/bot/package.json",
            "package-lock.json",
            "package.json",
            "packages/deep/package.json",
            "packages/ms/dist/index.js",
            "packages/ms/package.json",
        ];
        assert_eq!(names, expected);
        let package = std::fs::read_to_string(into.path().join("package.json")).unwrap();
        assert!(
            package.contains(r#""roost":{"folder":"apps/bot"}"#),
            "{package}"
        );

        // One that needs nothing of it is packed alone.
        std::fs::remove_file(dir.path().join("package-lock.json")).unwrap();
        let packed = pack(&dir.path().join("apps/other")).unwrap();
        assert_eq!(packed.files, 1);
    }

    #[test]
    fn a_folder_without_files_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let error = pack(dir.path()).unwrap_err();
        assert!(error.to_string().contains("holds no file to deploy"));
    }
}
