//! What a process has used of processors, as Linux tells it.

use std::ops::RangeInclusive;
use std::time::Duration;

use anyhow::{Context, Result};

/// What a process has used so far, itself and not its children.
pub fn processor_time(id: u32) -> Result<Duration> {
    ticks(&stat(id)?, 11..=12)
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
