//! Where the parts of an embedded server lie, and as whom it runs.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, Gid, Uid};
use sha2::{Digest, Sha256};

use super::{EmbeddedConfig, EmbeddedError, PORT, programs};

const NOBODY: Account = Account {
    uid: 65_534,
    gid: 65_534,
};
/// A fresh cluster takes 40 MiB, its write-ahead log up to 256.
const NEEDED_MIB: u64 = 128;
/// `sun_path` has 108 bytes, the last one is zero.
const MAX_SOCKET_PATH: usize = 107;

/// As whom the server runs when the host is root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

#[derive(Debug)]
pub(super) struct Folders {
    pub(super) bin: PathBuf,
    /// Holds all that follows, except a socket folder that had to be shorter.
    pub(super) base: PathBuf,
    pub(super) cluster: PathBuf,
    pub(super) log: PathBuf,
    pub(super) socket: PathBuf,
    /// `None`: as the host itself.
    pub(super) account: Option<Account>,
    /// The host's OS user, whom the server trusts.
    pub(super) host_user: String,
}

/// Keeps a second host off the data. The kernel releases it with the process.
pub(super) struct FolderLock(
    #[expect(dead_code, reason = "closing the file releases the lock")] File,
);

/// Blocking: makes and checks all folders.
pub(super) fn prepare(config: &EmbeddedConfig) -> Result<(Folders, FolderLock), EmbeddedError> {
    let user = rustix::process::geteuid().as_raw();
    fs::create_dir_all(&config.data_dir)
        .map_err(EmbeddedError::io("make the data folder", &config.data_dir))?;
    let mut base = canonical(&config.data_dir)?;
    let account = account(user, &base.join("cluster"))?;
    let mut bin = programs::find(&config.bin_dir)?;
    if let Some(account) = account {
        base = reachable_base(config, base, account)?;
        bin = programs::reachable(config, bin, account)?;
    }
    let host_user = user_name(user)?;
    let lock = lock(&base)?;
    check_space(&base)?;
    // The account has to pass through, and nothing more.
    set_mode(&base, if account.is_some() { 0o711 } else { 0o700 })?;
    let socket = socket_folder(config, &base, account)?;
    let folders = Folders {
        cluster: base.join("cluster"),
        log: base.join("postgres.log"),
        bin,
        base,
        socket,
        account,
        host_user,
    };
    Ok((folders, lock))
}

impl Folders {
    /// Gives `path` to the server's account.
    pub(super) fn give(&self, path: &Path) -> Result<(), EmbeddedError> {
        give(path, self.account)
    }
}

/// The owner of a cluster that exists, so that it can be used by its owner and by root in turns.
fn account(user: u32, cluster: &Path) -> Result<Option<Account>, EmbeddedError> {
    let owner = fs::metadata(cluster).ok().map(|found| Account {
        uid: found.uid(),
        gid: found.gid(),
    });
    match (user, owner) {
        (0, Some(owner)) if owner.uid != 0 => Ok(Some(owner)),
        (0, _) => {
            user_name(NOBODY.uid)?;
            Ok(Some(NOBODY))
        }
        (_, Some(owner)) if owner.uid != user => Err(EmbeddedError::NotOurs {
            folder: cluster.to_owned(),
            owner: owner.uid,
            user,
        }),
        (_, _) => {
            user_name(user)?;
            Ok(None)
        }
    }
}

/// `base`, or a folder of its own below `public_dir` to which `data_dir` then links.
fn reachable_base(
    config: &EmbeddedConfig,
    base: PathBuf,
    account: Account,
) -> Result<PathBuf, EmbeddedError> {
    let Some(closed) = base.parent().and_then(|parent| closed_to(parent, account)) else {
        return Ok(base);
    };
    // Fails unless the folder is empty: data that exists is never moved.
    if fs::remove_dir(&base).is_err() {
        return Err(EmbeddedError::Unreachable {
            folder: closed,
            uid: account.uid,
        });
    }
    let moved = public_folder(config, "data", &base.to_string_lossy())?;
    std::os::unix::fs::symlink(&moved, &base).map_err(EmbeddedError::io("link", &base))?;
    tracing::warn!(
        "the database server runs as user {} and cannot get into `{}`: its data is in `{}`",
        account.uid,
        closed.display(),
        moved.display()
    );
    if let Some(folder) = closed_to(&moved, account) {
        return Err(EmbeddedError::Unreachable {
            folder,
            uid: account.uid,
        });
    }
    canonical(&moved)
}

pub(super) fn public_folder(
    config: &EmbeddedConfig,
    kind: &str,
    identity: &str,
) -> Result<PathBuf, EmbeddedError> {
    let public = config
        .public_dir
        .join(format!("{kind}-{}", short_hash(identity)));
    fs::create_dir_all(&public).map_err(EmbeddedError::io("make", &public))?;
    for folder in [&config.public_dir, &public] {
        set_mode(folder, 0o755)?;
    }
    Ok(public)
}

/// The first folder on the way to `path`, itself included, that `account` cannot enter.
pub(super) fn closed_to(path: &Path, account: Account) -> Option<PathBuf> {
    let mut folders: Vec<&Path> = path.ancestors().collect();
    folders.reverse();
    folders
        .into_iter()
        .find(|folder| !can_enter(folder, account))
        .map(Path::to_owned)
}

fn can_enter(folder: &Path, account: Account) -> bool {
    let Ok(found) = fs::metadata(folder) else {
        return false;
    };
    let bit = if found.uid() == account.uid {
        0o100
    } else if found.gid() == account.gid {
        0o010
    } else {
        0o001
    };
    found.mode() & bit != 0
}

fn lock(base: &Path) -> Result<FolderLock, EmbeddedError> {
    let path = base.join("lock");
    let mut file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(EmbeddedError::io("open", &path))?;
    // One that is older may be open to others.
    set_mode(&path, 0o600)?;
    if rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        let mut owner = String::new();
        let process = file
            .read_to_string(&mut owner)
            .ok()
            .and_then(|_| owner.trim().parse().ok());
        return Err(EmbeddedError::InUse {
            data_dir: base.to_owned(),
            process,
        });
    }
    file.set_len(0)
        .and_then(|()| write!(file, "{}", std::process::id()))
        .map_err(EmbeddedError::io("write", &path))?;
    Ok(FolderLock(file))
}

fn check_space(base: &Path) -> Result<(), EmbeddedError> {
    let found =
        rustix::fs::statvfs(base).map_err(|err| EmbeddedError::io("measure", base)(err.into()))?;
    let free_mib = found.f_bavail.saturating_mul(found.f_frsize) >> 20;
    if free_mib < NEEDED_MIB {
        return Err(EmbeddedError::DiskFull {
            folder: base.to_owned(),
            free_mib,
            needed_mib: NEEDED_MIB,
        });
    }
    Ok(())
}

/// `base/socket`, or a folder below `runtime_dir` when that is too long for a socket.
fn socket_folder(
    config: &EmbeddedConfig,
    base: &Path,
    account: Option<Account>,
) -> Result<PathBuf, EmbeddedError> {
    let beside = base.join("socket");
    let short = config
        .runtime_dir
        .join(format!("roost-{}", short_hash(&base.to_string_lossy())));
    let fits = |folder: &Path| {
        let text = folder.to_string_lossy();
        // The server takes a list, so a comma or a quote would be read as part of that.
        format!("{text}/.s.PGSQL.{PORT}").len() <= MAX_SOCKET_PATH
            && !text.contains([',', '"', '\''])
    };
    let is_closed = |folder: &Path| {
        let parent = folder.parent().unwrap_or(folder);
        account.is_some_and(|account| closed_to(parent, account).is_some())
    };
    let folder = if fits(&beside) { beside } else { short };
    if !fits(&folder) || is_closed(&folder) {
        return Err(EmbeddedError::NoSocketFolder { folder });
    }
    if let Err(err) = fs::create_dir(&folder)
        && err.kind() != std::io::ErrorKind::AlreadyExists
    {
        return Err(EmbeddedError::io("make", &folder)(err));
    }
    // Below /tmp somebody else may have been first.
    let user = rustix::process::geteuid().as_raw();
    let found = fs::symlink_metadata(&folder).map_err(EmbeddedError::io("read", &folder))?;
    let is_ours = found.uid() == user || account.is_some_and(|account| found.uid() == account.uid);
    if !found.is_dir() || !is_ours {
        return Err(EmbeddedError::NoSocketFolder { folder });
    }
    give(&folder, account)?;
    set_mode(&folder, 0o700)?;
    Ok(folder)
}

fn give(path: &Path, account: Option<Account>) -> Result<(), EmbeddedError> {
    let Some(Account { uid, gid }) = account else {
        return Ok(());
    };
    rustix::fs::chown(path, Some(Uid::from_raw(uid)), Some(Gid::from_raw(gid)))
        .map_err(|err| EmbeddedError::io("change the owner of", path)(err.into()))
}

pub(super) fn set_mode(path: &Path, mode: u32) -> Result<(), EmbeddedError> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(EmbeddedError::io("change the mode of", path))
}

pub(super) fn canonical(path: &Path) -> Result<PathBuf, EmbeddedError> {
    path.canonicalize().map_err(EmbeddedError::io("find", path))
}

fn user_name(uid: u32) -> Result<String, EmbeddedError> {
    let path = Path::new("/etc/passwd");
    let users = fs::read_to_string(path).map_err(EmbeddedError::io("read", path))?;
    let entry = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    });
    // Users of a directory service are in no file.
    entry
        .or_else(|| name_from_directory(uid))
        .ok_or(EmbeddedError::NoSuchUser { uid })
}

fn name_from_directory(uid: u32) -> Option<String> {
    let asked = std::process::Command::new("getent")
        .args(["passwd", &uid.to_string()])
        .output()
        .ok()?;
    let line = String::from_utf8(asked.stdout).ok()?;
    line.split_once(':').map(|(name, _)| name.to_owned())
}

fn short_hash(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..8])
}
