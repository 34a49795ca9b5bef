//! What is on disk: the host's folder, and the database's.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::fs::{Advice, fadvise};
use sqlx::{ConnectOptions as _, PgConnection};

use crate::measured::world::World;

/// Folders of a host's data.
const FOLDERS: [&str; 4] = ["images", "artifacts", "cache", "builds"];

/// A block of `stat`, whatever the file system's own are.
const BLOCK: u64 = 512;

const DATABASES: &str = "
    select datname::text, pg_database_size(oid) from pg_database
    where not datistemplate order by datname";

/// The largest tables of the control database, with their indexes and what is stored beside them.
const TABLES: &str = "
    select relname::text, pg_total_relation_size(oid) from pg_class
    where relkind = 'r' and relnamespace = 'public'::regnamespace order by 2 desc limit 4";

/// Where bytes are, with a name.
pub type Bytes = Vec<(String, i64)>;

/// What is taken on disk.
pub struct Disk {
    /// Of the host's folder.
    pub folders: Bytes,
    /// The databases of the server, without its log of what is to be written.
    pub databases: Bytes,
    /// Parts of the control database.
    pub tables: Bytes,
}

/// What a host's folder and its server have now.
pub async fn now(data: &Path, world: &World) -> Result<Disk> {
    let mut folders = Bytes::new();
    for name in FOLDERS {
        let files = files_below(&data.join(name))?;
        let bytes: u64 = files.iter().map(|file| file.bytes).sum();
        folders.push((format!("{name}/"), i64::try_from(bytes)?));
    }
    let mut database = world.postgres.admin_options().connect().await?;
    // What is written late would be counted late.
    sqlx::query("checkpoint").execute(&mut database).await?;
    Ok(Disk {
        folders,
        databases: sizes(&mut database, DATABASES).await?,
        tables: sizes(&mut database, TABLES).await?,
    })
}

async fn sizes(database: &mut PgConnection, statement: &'static str) -> Result<Bytes> {
    Ok(sqlx::query_as(statement).fetch_all(database).await?)
}

/// Drops what the page cache has of a folder's files, as far as a program may: no file that is mapped, and nothing of
/// Postgres'.
pub fn drop_pages(data: &Path) -> Result<()> {
    for name in FOLDERS {
        for file in files_below(&data.join(name))? {
            let open = File::open(&file.path)?;
            // Only pages that are on the disk can be dropped.
            open.sync_all()?;
            fadvise(&open, 0, None, Advice::DontNeed)?;
        }
    }
    Ok(())
}

struct Found {
    path: PathBuf,
    /// That it takes on the disk.
    bytes: u64,
}

fn files_below(folder: &Path) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    let entries = std::fs::read_dir(folder);
    for entry in entries.with_context(|| format!("`{}` cannot be read", folder.display()))? {
        let entry = entry?;
        let (path, metadata) = (entry.path(), entry.metadata()?);
        if metadata.is_dir() {
            found.extend(files_below(&path)?);
        } else if metadata.is_file() {
            let bytes = metadata.blocks() * BLOCK;
            found.push(Found { path, bytes });
        }
    }
    Ok(found)
}

/// What came to each since then.
pub fn since(now: &[(String, i64)], then: &[(String, i64)]) -> Bytes {
    let bytes_then = |name: &str| {
        let found = then.iter().find(|one| one.0 == name);
        found.map_or(0, |one| one.1)
    };
    let more = now.iter();
    more.map(|(name, bytes)| (name.clone(), bytes - bytes_then(name)))
        .collect()
}
