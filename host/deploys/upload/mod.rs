//! What is uploaded to be deployed: a bot's folder as `tar.gz`, or a component.
//!
//! Uploads come from anywhere: a name that leads out of the folder, a link, and more than there is
//! room for are refused before anything is written. Secrets that came along by mistake are left out.

mod archive;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;

use crate::projects::{SourceFiles, VersionKind};

pub use archive::{MAX_FILES, MAX_UNPACKED_BYTES, Source, is_left_out, is_name, unpack};

/// The longest upload.
pub const MAX_UPLOAD_BYTES: usize = 64 << 20;

/// Why an upload is not taken.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    #[error("the upload is empty: send a tar.gz of the bot's folder, or a component")]
    Empty,
    #[error(
        "the upload is neither a tar.gz nor a WebAssembly component: pack the bot's folder with \
         `tar -czf bot.tgz -C DIR .`, or build a component with `roost build DIR`"
    )]
    Unknown,
    #[error(
        "the upload is a WebAssembly module, not a component: build one with `roost build DIR`, or \
         make one of the module with `wasm-tools component new`"
    )]
    Module,
    #[error("the upload has more than {} MiB: leave out what the bot does not need, or list it in .gitignore", .0 >> 20)]
    TooLong(usize),
    #[error("the archive cannot be read: {0}: pack the folder again")]
    Broken(String),
    #[error("the archive unpacks to more than {} MiB: leave out what the bot does not need, or list it in .gitignore", .0 >> 20)]
    TooLarge(u64),
    #[error(
        "the archive has more than {0} files: leave out what the bot does not need, or list it in .gitignore"
    )]
    TooMany(usize),
    #[error(
        "`{0}` leads out of the bot's folder: pack the folder from inside, as `tar -czf bot.tgz -C DIR .` does"
    )]
    Outside(String),
    #[error(
        "`{name}` is {kind}: a bot's folder holds files and folders only; put the file itself in its place"
    )]
    Link { name: String, kind: &'static str },
    #[error(
        "`{0}` is no name for a file: use UTF-8 of at most 512 bytes without control characters"
    )]
    Name(String),
    #[error("`{0}` is a file and a folder at once: pack the folder again")]
    Clash(String),
    #[error("the archive holds no file of a bot: pack the folder that has its package.json")]
    NoFiles,
    #[error("`{file}` could not be written")]
    Write {
        file: String,
        #[source]
        source: std::io::Error,
    },
}

/// An upload that was looked at.
#[derive(Debug)]
pub struct Uploaded {
    pub kind: VersionKind,
    /// The files of a folder, with their digests.
    pub files: Option<SourceFiles>,
}

impl Uploaded {
    /// What cannot be built: [`kind`] or [`unpack`] says why.
    pub fn unknown() -> Self {
        Self {
            kind: VersionKind::Folder,
            files: None,
        }
    }
}

/// The first bytes of what gzip makes.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const WASM: [u8; 4] = *b"\0asm";
/// What tells a component from a module: version 13, layer 1.
const COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";

/// Says what an upload is, and refuses what could not be built.
pub fn inspect(bytes: &[u8]) -> Result<Uploaded, UploadError> {
    let kind = kind(bytes)?;
    let files = match kind {
        VersionKind::Folder => Some(archive::inspect(bytes)?.files),
        VersionKind::Component => None,
    };
    Ok(Uploaded { kind, files })
}

/// What an upload is by its first bytes.
pub fn kind(bytes: &[u8]) -> Result<VersionKind, UploadError> {
    match bytes {
        _ if bytes.len() > MAX_UPLOAD_BYTES => Err(UploadError::TooLong(MAX_UPLOAD_BYTES)),
        [] => Err(UploadError::Empty),
        _ if bytes.starts_with(&GZIP) => Ok(VersionKind::Folder),
        _ if bytes.starts_with(&COMPONENT) => Ok(VersionKind::Component),
        _ if bytes.starts_with(&WASM) => Err(UploadError::Module),
        _ => Err(UploadError::Unknown),
    }
}

#[cfg(test)]
mod tests;
