//! The SDK's files that the host works with: engine, runtime and bundler.
//!
//! `cargo xtask` puts them into one folder. A packaged `roost` has the same
//! folder beside it, and the bundler where npm installed it.

use crate::intl::{Data, DataError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The version of the SDK that this host was built with.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Why the SDK cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SdkError {
    /// A file of it cannot be read.
    #[error("the SDK's file `{file}` cannot be read: install the package again, or in a checkout run `cargo xtask setup`; ROOST_SDK names the SDK's folder where it is elsewhere", file = .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// The list of builtin modules is malformed.
    #[error("`{file}` is not a list of names: run `cargo xtask setup`", file = .0.display())]
    Malformed(PathBuf, #[source] serde_json::Error),
    /// The data of locales are none that this host can use.
    #[error(transparent)]
    Locales(#[from] DataError),
}

/// The SDK's files.
#[derive(Clone, Debug)]
pub struct Sdk {
    /// The engine's component.
    pub engine: Vec<u8>,
    /// The runtime: one script.
    pub runtime: String,
    /// The names of Node's modules that the runtime has.
    pub builtins: Vec<String>,
    /// esbuild's native binary.
    pub esbuild: PathBuf,
    /// CLDR's data, of which a part is read when a bot asks for it.
    pub locales: Arc<Data>,
}

impl Sdk {
    /// Reads the SDK from its folder.
    pub fn open(folder: &Path) -> Result<Self, SdkError> {
        // The bundler is started in the bot's folder, where a relative path means another file.
        let folder = std::path::absolute(installed(folder))
            .map_err(|error| SdkError::Unreadable(folder.to_owned(), error))?;
        let file = |name: &str| folder.join(name);
        let read = |name: &str| {
            std::fs::read(file(name)).map_err(|error| SdkError::Unreadable(file(name), error))
        };
        let text = |name: &str| {
            std::fs::read_to_string(file(name))
                .map_err(|error| SdkError::Unreadable(file(name), error))
        };
        let builtins = serde_json::from_str(&text("builtins.json")?)
            .map_err(|error| SdkError::Malformed(file("builtins.json"), error))?;
        let esbuild = esbuild(&folder);
        if let Err(error) = std::fs::metadata(&esbuild) {
            return Err(SdkError::Unreadable(esbuild, error));
        }
        Ok(Self {
            engine: read("engine.wasm")?,
            runtime: text("runtime.js")?,
            builtins,
            esbuild,
            locales: Arc::new(locales(&folder)?),
        })
    }
}

/// The data of locales in the SDK's folder.
pub fn locales(folder: &Path) -> Result<Data, DataError> {
    Data::open(&installed(folder).join("locales.bin"))
}

/// A folder of what `cargo xtask` installs, as the defaults of flags name it: where it is not below
/// the working directory, that of the checkout that this program was built in.
pub fn installed(folder: &Path) -> PathBuf {
    if folder.is_absolute() || folder.exists() {
        return folder.to_owned();
    }
    let program = std::env::current_exe().unwrap_or_default();
    let found = program
        .ancestors()
        .skip(1)
        .map(|above| above.join(folder))
        .find(|found| found.exists());
    found.unwrap_or_else(|| folder.to_owned())
}

/// The bundler's native binary: in the folder, else as the npm package that is
/// nearest above it.
fn esbuild(folder: &Path) -> PathBuf {
    let own = folder.join("esbuild");
    let arch = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    let package = format!(
        "node_modules/@esbuild/{}-{arch}/bin/esbuild",
        std::env::consts::OS
    );
    let installed = || {
        folder
            .ancestors()
            .map(|above| above.join(&package))
            .find(|file| file.is_file())
    };
    match own.is_file() {
        true => own,
        false => installed().unwrap_or(own),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn data_of_locales_that_cannot_be_used_are_told_when_the_sdk_is_opened() {
        let real = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.tools/sdk"));
        let folder = tempfile::tempdir().unwrap();
        for entry in real.read_dir().unwrap() {
            let entry = entry.unwrap();
            if entry.file_name() != "locales.bin" {
                let here = folder.path().join(entry.file_name());
                std::os::unix::fs::symlink(entry.path(), here).unwrap();
            }
        }
        let told = || match Sdk::open(folder.path()) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        };
        let file = folder.path().join("locales.bin");
        assert!(
            told().contains("locales.bin`, cannot be read"),
            "{}",
            told()
        );
        fs::write(&file, b"roost locales 1\n\0\0\0\0").unwrap();
        assert!(told().contains("is of another version"), "{}", told());
        let whole = fs::read(real.join("locales.bin")).unwrap();
        fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        assert!(told().contains("is damaged"), "{}", told());
        assert!(told().contains("install the package again"), "{}", told());
        fs::write(&file, &whole).unwrap();
        assert_eq!(told(), "");
    }
}
