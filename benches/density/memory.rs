//! What memory is taken, as Linux tells it.

use anyhow::{Context, Result};

use crate::measured::usage::stat;
use crate::measured::world::World;

/// Bytes of memory.
#[derive(Clone, Copy, Default)]
pub struct Memory {
    /// The host's pages that are in memory, those that other processes have too among them.
    pub rss: i64,
    /// The same, each page divided by how many processes have it.
    pub pss: i64,
    /// Of `pss`, what is the host's own and in no file.
    pub anonymous: i64,
    /// Of `pss`, what is mapped from files on disk: programs and compiled code, which can be dropped and read again.
    pub files: i64,
    /// Of `pss`, what is mapped from files in memory: pages of images that are mapped now.
    pub mapped_images: i64,
    /// Files in memory on the whole machine, mapped or not: bots' images are among them, Postgres' buffers too.
    pub shared: i64,
    /// Of `pss` of Postgres, with all its processes; nothing where the kernel does not tell it this process.
    pub postgres: i64,
    /// What the machine could still give to programs.
    pub available: i64,
}

/// Takes what a host, its Postgres and the machine use now.
pub fn now(host: u32, world: &World) -> Result<Memory> {
    let host = std::fs::read_to_string(rollup(host)).context("the host's memory cannot be read")?;
    let machine = std::fs::read_to_string("/proc/meminfo")?;
    let of_host = |name: &str| kib(&host, name).with_context(|| format!("no `{name}` of the host"));
    let of_machine =
        |name: &str| kib(&machine, name).with_context(|| format!("no `{name}` in /proc/meminfo"));
    Ok(Memory {
        rss: of_host("Rss")?,
        pss: of_host("Pss")?,
        anonymous: of_host("Pss_Anon")?,
        files: of_host("Pss_File")?,
        mapped_images: of_host("Pss_Shmem")?,
        shared: of_machine("Shmem")?,
        postgres: of_postgres(world)?,
        available: of_machine("MemAvailable")?,
    })
}

/// What the page cache of the machine holds.
pub fn page_cache() -> Result<i64> {
    let machine = std::fs::read_to_string("/proc/meminfo")?;
    let cached = kib(&machine, "Cached").context("no `Cached` in /proc/meminfo")?;
    // Files in memory count among it.
    Ok(cached - kib(&machine, "Shmem").unwrap_or_default())
}

/// The server's main process, and those that it started.
fn of_postgres(world: &World) -> Result<i64> {
    let postmaster = world.postgres.process_id().context("Postgres has ended")?;
    let parent = postmaster.to_string();
    let mut sum = 0;
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let Ok(id) = entry.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        // It may have ended just now, or be another user's.
        let is_its = id == postmaster || stat(id).is_ok_and(|it| it.get(1) == Some(&parent));
        if is_its && let Ok(text) = std::fs::read_to_string(rollup(id)) {
            sum += kib(&text, "Pss").unwrap_or_default();
        }
    }
    Ok(sum)
}

fn rollup(id: u32) -> String {
    format!("/proc/{id}/smaps_rollup")
}

/// A line `Name:   123 kB`, in bytes.
fn kib(text: &str, name: &str) -> Option<i64> {
    let of_name = |line: &str| {
        let rest = line.strip_prefix(name)?.strip_prefix(':')?;
        rest.split_whitespace().next()?.parse::<i64>().ok()
    };
    Some(text.lines().find_map(of_name)? << 10)
}
