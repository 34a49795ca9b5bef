//! The `.env` files of a bot's folder, for `roost dev` alone.
//!
//! As those expect who know dotenv: `.env.local` wins over `.env`, and what is in the environment
//! already (the project's secrets) wins over both. The emulated number is what there is to send
//! from, so its ids win as well. Whatever is not taken as written is said, by name or line and never by value.

use crate::deploys::{Source, Variables};
use crate::projects::{Secret, dotenv};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What is read when no other file is named; later ones win.
const USUAL: [&str; 2] = [".env", ".env.local"];

/// The files to read.
#[derive(Clone, Debug)]
pub(super) struct EnvFiles {
    /// Later ones win.
    files: Vec<PathBuf>,
    /// Whether somebody named them: one that is missing is an error then.
    named: bool,
    folder: PathBuf,
}

/// What the files hold.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) variables: BTreeMap<String, Secret>,
    /// The file of each.
    from: BTreeMap<String, String>,
    /// What could not be taken.
    pub(super) problems: Vec<String>,
}

impl EnvFiles {
    /// Those that are named, else the usual ones of the folder.
    pub(super) fn of(folder: &Path, named: &[PathBuf]) -> Result<Self> {
        let absolute = |file: &PathBuf| {
            std::path::absolute(file).with_context(|| format!("`{}` is no path", file.display()))
        };
        let files = match named {
            [] => USUAL.map(|name| folder.join(name)).into(),
            named => named.iter().map(absolute).collect::<Result<_>>()?,
        };
        Ok(Self {
            files,
            named: !named.is_empty(),
            folder: folder.to_owned(),
        })
    }

    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.files
    }

    /// Reads them as they are now.
    pub(super) fn read(&self) -> Result<Held> {
        let mut held = Held::default();
        for file in &self.files {
            let shown = file.strip_prefix(&self.folder).unwrap_or(file);
            let shown = shown.display().to_string();
            let text = match std::fs::read_to_string(file) {
                Ok(text) => text,
                Err(error) if error.kind() == ErrorKind::NotFound && !self.named => continue,
                Err(error) => {
                    return Err(error).with_context(|| format!("`{shown}` cannot be read"));
                }
            };
            let (entries, invalid) = match dotenv::parse(&text) {
                Ok(read) => read,
                Err(error) => {
                    held.problems.push(format!("{shown}: {error}"));
                    continue;
                }
            };
            for line in invalid {
                held.problems
                    .push(format!("{shown}:{}: {}", line.line, line.reason));
            }
            for entry in entries {
                if let Err(refused) = entry.secret_name() {
                    held.problems
                        .push(format!("{shown}:{}: {}", refused.line, refused.reason));
                    continue;
                }
                held.from.insert(entry.name.clone(), shown.clone());
                held.variables.insert(entry.name, entry.value);
            }
        }
        Ok(held)
    }
}

impl Held {
    /// Which names were taken, and which not and why: a line for each file.
    pub(super) fn lines(&self, found: &Variables) -> Vec<String> {
        let mut files: BTreeMap<&str, [Vec<String>; 3]> = BTreeMap::new();
        for (name, file) in &self.from {
            let [taken, secrets, known] = files.entry(file).or_default();
            match found.source(name) {
                Some(Source::Secret) => secrets.push(name.clone()),
                Some(source @ (Source::Host(_) | Source::Link(_))) => {
                    let value = source.host_value().map(|value| format!(" ({value})"));
                    known.push(format!("{name}{}", value.unwrap_or_default()));
                }
                Some(Source::File) | None => taken.push(name.clone()),
            }
        }
        files
            .into_iter()
            .map(|(file, [taken, secrets, known])| {
                let mut line = match taken.as_slice() {
                    [] => format!("{file}: nothing of it is taken"),
                    taken => format!("{file}: {}", taken.join(", ")),
                };
                if !secrets.is_empty() {
                    line.push_str(&format!(
                        "; the project's secrets win over its {}",
                        secrets.join(", ")
                    ));
                }
                if !known.is_empty() {
                    line.push_str(&format!(
                        "; the emulated number's own in the place of its {}",
                        known.join(", ")
                    ));
                }
                line
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projects::HostValue;

    #[test]
    fn the_usual_files_are_read_and_what_is_not_taken_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let files = EnvFiles::of(folder.path(), &[]).unwrap();
        assert!(files.read().unwrap().variables.is_empty());

        write(".env", "A=1\nB=1\nPHONE_NUMBER_ID=1\nno variable\n");
        write(".env.local", "B=2\nKEY=3\n");
        let held = files.read().unwrap();
        assert_eq!(held.variables["B"].expose(), "2");
        assert_eq!(held.problems, [".env:4: there is no `=` after the name"]);

        let of = |source| (Secret::new("x"), source);
        let found = Variables {
            all: [
                ("A", of(Source::File)),
                ("B", of(Source::File)),
                ("KEY", of(Source::Secret)),
                (
                    "PHONE_NUMBER_ID",
                    of(Source::Host(Some(HostValue::PhoneNumberId))),
                ),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
            empty_links: Vec::new(),
        };
        assert_eq!(
            held.lines(&found),
            [
                ".env: A; the emulated number's own in the place of its PHONE_NUMBER_ID (phone-number-id)",
                ".env.local: B; the project's secrets win over its KEY",
            ]
        );
    }

    #[test]
    fn a_key_that_is_not_in_quotes_is_said_and_nothing_of_it_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let key = "-----BEGIN PRIVATE KEY-----\nMIIS3CR3T==\n-----END PRIVATE KEY-----\n";
        write(".env", &format!("A=1\nKEY={key}"));
        write(".env.local", "B=2\n9S3CR3T=\n");
        let held = EnvFiles::of(folder.path(), &[]).unwrap().read().unwrap();
        let names: Vec<&str> = held.variables.keys().map(String::as_str).collect();
        assert_eq!(names, ["B"]);
        let [refused, no_name] = held.problems.as_slice() else {
            panic!("{:?}", held.problems);
        };
        assert!(
            refused.starts_with(".env: line 2 lies in a PEM that is not in quotes"),
            "{refused}"
        );
        assert!(no_name.starts_with(".env.local:2: its name"), "{no_name}");
        assert!(held.problems.iter().all(|line| !line.contains("S3CR3T")));
    }

    #[test]
    fn a_file_that_is_named_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.env");
        let files = EnvFiles::of(folder.path(), std::slice::from_ref(&file)).unwrap();
        let error = format!("{:#}", files.read().unwrap_err());
        assert!(error.contains("`mine.env` cannot be read"), "{error}");
        std::fs::write(&file, "A=1").unwrap();
        assert_eq!(files.read().unwrap().variables.len(), 1);
    }
}
