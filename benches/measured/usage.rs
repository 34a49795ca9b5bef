//! What a process has used of processors, as Linux tells it.

use std::ops::RangeInclusive;
use std::time::Duration;

use anyhow::{Context, Result};

/// What a process has used so far, itself and not its children.
pub fn processor_time(id: u32) -> Result<Duration> {
    ticks(&stat(id)?, 11..=12)
}

/// What a server has used: its main process, those that it started, and those of them that have ended.
pub fn of_server(postmaster: u32) -> Result<Duration> {
    let mut sum = ticks(&stat(postmaster)?, 11..=14)?;
    let parent = postmaster.to_string();
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let Ok(id) = entry.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        // It may have ended just now: then the next look finds it among those that have.
        if let Ok(fields) = stat(id)
            && fields.get(1) == Some(&parent)
        {
            sum += ticks(&fields, 11..=12)?;
        }
    }
    Ok(sum)
}

/// The fields of `/proc/ID/stat` after the name, which may hold anything.
pub fn stat(id: u32) -> Result<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))
        .with_context(|| format!("process {id} has ended"))?;
    let (_, fields) = stat.rsplit_once(')').context("no name in /proc/…/stat")?;
    Ok(fields.split_whitespace().map(str::to_owned).collect())
}

/// The sum of fields that are times.
pub fn ticks(stat: &[String], fields: RangeInclusive<usize>) -> Result<Duration> {
    let fields = stat.get(fields).context("/proc/…/stat is too short")?;
    let ticks = fields.iter().map(|field| field.parse::<u64>());
    let ticks = ticks.sum::<Result<u64, _>>()?;
    // Linux counts in hundredths of a second for all programs.
    Ok(Duration::from_millis(ticks * 10))
}
