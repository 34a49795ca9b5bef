//! Files that a host keeps because making them takes long: compiled code, images.
//!
//! Each has a mark that only who has the key can make. What is damaged, or put there by somebody else, counts as not
//! there: it is made again, and never mapped or run.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

/// The file in a folder that has a key of its own.
const KEY_FILE: &str = "key";
const MARK_BYTES: usize = 32;

/// Marks files and knows its own marks.
pub(crate) struct Seal(hmac::Key);

impl Seal {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// With the folder's own key, which is made if there is none: for what hosts with several master keys share.
    pub(crate) fn of_folder(folder: &Path) -> io::Result<Self> {
        let file = folder.join(KEY_FILE);
        let read = || -> io::Result<Self> {
            let key = fs::read(&file)?;
            let key = <&[u8; 32]>::try_from(key.as_slice());
            Ok(Self::new(key.map_err(|_| ErrorKind::InvalidData)?))
        };
        match read() {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::InvalidData => fs::remove_file(&file)?,
            found => return found,
        }
        let mut key = [0; 32];
        let random = SystemRandom::new().fill(&mut key);
        random.map_err(|_| io::Error::other("no random bytes"))?;
        private_folder(folder)?;
        let mut draft = tempfile::NamedTempFile::new_in(folder)?;
        draft.write_all(&key)?;
        draft.as_file().sync_all()?;
        match draft.persist_noclobber(&file) {
            // Another process was first.
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => read(),
            Err(error) => Err(error.error),
            Ok(_) => Ok(Self::new(&key)),
        }
    }

    /// Writes a file with its mark at the end.
    pub(crate) fn write(&self, file: &Path, content: &[u8]) -> io::Result<()> {
        let mark = self.mark(file, content);
        write_private(file, &[content, mark.as_ref()].concat())
    }

    /// What was written; nothing if it is not there or not whole.
    pub(crate) fn read(&self, file: &Path) -> Option<Vec<u8>> {
        let mut bytes = fs::read(file).ok()?;
        let Some((content, mark)) = bytes.split_last_chunk::<MARK_BYTES>() else {
            return damaged(file);
        };
        if !self.fits(file, content, mark) {
            return damaged(file);
        }
        bytes.truncate(bytes.len() - MARK_BYTES);
        Some(bytes)
    }

    /// Writes a file as it is, for who maps it, with its mark in another beside it.
    pub(crate) fn write_beside(&self, file: &Path, content: &[u8]) -> io::Result<()> {
        // A mark without its file says nothing, a file without its mark is not there.
        write_private(&mark_of(file), self.mark(file, content).as_ref())?;
        write_private(file, content)
    }

    /// Whether a file that `write_beside` wrote is there and whole.
    pub(crate) fn is_whole(&self, file: &Path) -> bool {
        let (Ok(content), Ok(mark)) = (fs::read(file), fs::read(mark_of(file))) else {
            return false;
        };
        self.fits(file, &content, &mark) || damaged::<()>(file).is_some()
    }

    fn context(&self, file: &Path, content: &[u8]) -> hmac::Context {
        let mut context = hmac::Context::with_key(&self.0);
        // Under its own name only: a file in another's place is as good as damaged. Names have no zero byte.
        let name = file.file_name().unwrap_or_default();
        context.update(name.as_encoded_bytes());
        context.update(&[0]);
        context.update(content);
        context
    }

    fn mark(&self, file: &Path, content: &[u8]) -> hmac::Tag {
        self.context(file, content).sign()
    }

    fn fits(&self, file: &Path, content: &[u8], mark: &[u8]) -> bool {
        use subtle::ConstantTimeEq;
        self.mark(file, content).as_ref().ct_eq(mark).into()
    }
}

/// Nothing, and says why.
pub(crate) fn damaged<T>(file: &Path) -> Option<T> {
    tracing::warn!(file = %file.display(), "the file is damaged, and is made again");
    None
}

/// Where the mark of a file is.
pub(crate) fn mark_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".mark");
    name.into()
}

/// Makes a folder that only this user can look into, and what is missing above it.
pub(crate) fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder)
}

/// Writes a file that only this user can read, and that is there wholly or not at all.
pub(crate) fn write_private(file: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        private_folder(folder)?;
    }
    let mut partial = file.as_os_str().to_owned();
    partial.push(format!(".{}.partial", std::process::id()));
    let partial = PathBuf::from(partial);
    let mut out = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&partial)?;
    out.write_all(content)?;
    out.sync_all()?;
    fs::rename(&partial, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("image");
        let seal = Seal::new(&[1; 32]);
        seal.write(&file, b"content").unwrap();
        assert_eq!(seal.read(&file).as_deref(), Some(&b"content"[..]));
        assert!(Seal::new(&[2; 32]).read(&file).is_none(), "another's key");

        let whole = fs::read(&file).unwrap();
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            fs::write(&file, changed).unwrap();
            assert!(seal.read(&file).is_none(), "byte {place}");
        }
        for length in [0, 5, 31, 32, whole.len() - 1] {
            fs::write(&file, &whole[..length]).unwrap();
            assert!(seal.read(&file).is_none(), "{length} bytes");
        }
        let other = folder.path().join("other");
        fs::write(&other, &whole).unwrap();
        assert!(seal.read(&other).is_none(), "it is in another's place");
        fs::write(&file, &whole).unwrap();
        assert!(seal.read(&file).is_some());
    }

    #[test]
    fn a_file_that_is_mapped_is_whole_only_with_its_mark() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("cache");
        let file = folder.join("code");
        let seal = Seal::of_folder(&folder).unwrap();
        assert!(!seal.is_whole(&file));
        seal.write_beside(&file, b"code").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"code");
        assert!(Seal::of_folder(&folder).unwrap().is_whole(&file));

        fs::write(&file, b"evil").unwrap();
        assert!(!seal.is_whole(&file));
        seal.write_beside(&file, b"code").unwrap();
        fs::remove_file(mark_of(&file)).unwrap();
        assert!(!seal.is_whole(&file));

        seal.write_beside(&file, b"code").unwrap();
        fs::write(folder.join(KEY_FILE), b"short").unwrap();
        assert!(!Seal::of_folder(&folder).unwrap().is_whole(&file));
    }
}
