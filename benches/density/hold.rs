//! How many instances live at once: events that last are added until something refuses.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use anyhow::Result;
use futures::StreamExt as _;
use sqlx::ConnectOptions as _;

use super::admin::Admin;
use super::customers::{Answered, Customers, Unanswered};
use super::host::Host;
use super::memory::{self, Memory};
use super::projects::Project;
use crate::common::serve::Settings;
use crate::measured::world::World;

/// How many last at first; then it is twice as many, again and again.
const FIRST: usize = 125;

/// Messages that are under way at once.
const AT_ONCE: usize = 32;

/// After so many that are not held nothing more is tried.
const ENOUGH: usize = 16;

/// How long an event lasts: longer than all of this takes.
const LASTS: Duration = Duration::from_secs(5_400);

/// How long the host may give an event.
const WALL_SECONDS: u32 = 7_200;

/// What is left for the machine itself.
const RESERVE: i64 = 1 << 30;

/// Before memory is looked at, so that what belongs to single messages is gone.
const REST: Duration = Duration::from_secs(3);

/// How runs ended that did not end well.
const FAILED: &str = "
    select outcome::text, coalesce(left(error, 200), ''), count(*) from run
    where outcome is not null and outcome <> 'done' group by 1, 2 order by 3 desc limit 3";

/// The settings of a host on which so many events of so many projects may last at once. One slot in eight is for
/// projects of which nothing runs.
pub fn settings(settings: &Settings, wanted: usize, projects: usize) -> Settings {
    let slots = (wanted + wanted / 6 + 16).to_string();
    settings
        .clone()
        .with("ROOST_INSTANCES", slots.clone())
        .with("ROOST_MAX_RUNNING", slots)
        .with(
            "ROOST_RUNNING_PER_PROJECT",
            rounds(wanted, projects).to_string(),
        )
        .with("ROOST_WALL_SECONDS", WALL_SECONDS.to_string())
}

/// How many events of a project are to last at once.
pub fn rounds(wanted: usize, projects: usize) -> usize {
    wanted.div_ceil(projects.max(1)).max(1)
}

/// So many events that last, and what that took.
pub struct Level {
    /// Events whose bots said that they hold.
    pub held: usize,
    /// What the host counts.
    pub live: u64,
    pub memory: Memory,
}

/// What was reached, and what ended it.
pub struct Held {
    /// With every project loaded, and no event.
    pub before: Memory,
    pub levels: Vec<Level>,
    pub end: End,
}

/// Why there are no more.
pub enum End {
    /// That is all that was asked for.
    AsAsked,
    /// The machine would be without memory.
    MachineIsFull { available: i64 },
    /// Something refused.
    Refused {
        held: usize,
        /// How many were to last next.
        until: usize,
        /// What the bench, the host and the runs say of it.
        said: Vec<String>,
    },
}

/// A host that has loaded every project, and who writes to it.
pub struct Holding<'a> {
    pub world: &'a World,
    pub host: &'a mut Host,
    pub admin: &'a Admin,
    pub customers: &'a Customers,
    pub projects: &'a [Project],
    /// Who holds the first event of each project; the next ones are held by those after.
    pub first_customer: u32,
}

impl Holding<'_> {
    /// Adds events until so many last, or something refuses. They last on: the host has to be killed.
    pub async fn grow(mut self, wanted: usize) -> Result<Held> {
        tokio::time::sleep(REST).await;
        let before = memory::now(self.host.id()?, self.world)?;
        let (mut levels, mut held, mut next) = (Vec::new(), 0, FIRST);
        let end = loop {
            if held == wanted {
                break End::AsAsked;
            }
            let until = next.min(wanted);
            let (added, failed) = self.add(held..until).await;
            if !failed.is_empty() {
                let held = held + added;
                let said = self.reasons(&failed).await?;
                break End::Refused { held, until, said };
            }
            (held, next) = (until, next * 2);
            let level = self.level(held).await?;
            println!("  {held} events last, {} instances live", level.live);
            let available = level.memory.available;
            levels.push(level);
            if available < RESERVE {
                break End::MachineIsFull { available };
            }
        };
        Ok(Held {
            before,
            levels,
            end,
        })
    }

    /// Posts these messages, and waits until their bots say that they hold. Gives how many did, and why others did not.
    async fn add(&self, events: Range<usize>) -> (usize, Vec<Unanswered>) {
        let mut writing =
            futures::stream::iter(events.map(|n| self.hold(n))).buffer_unordered(AT_ONCE);
        let (mut held, mut failed) = (0, Vec::new());
        while let Some(written) = writing.next().await {
            match written {
                Ok(_) => held += 1,
                Err(why) => failed.push(why),
            }
            if failed.len() == ENOUGH {
                break;
            }
        }
        (held, failed)
    }

    /// The n-th event: each project has one before any has two.
    async fn hold(&self, n: usize) -> Result<Answered, Unanswered> {
        let project = &self.projects[n % self.projects.len()];
        let round = u32::try_from(n / self.projects.len()).unwrap_or(u32::MAX);
        let text = format!("hold {} {n}", LASTS.as_millis());
        let customer = self.first_customer.saturating_add(round);
        self.customers.write(project, customer, &text).await
    }

    async fn level(&self, held: usize) -> Result<Level> {
        tokio::time::sleep(REST).await;
        Ok(Level {
            held,
            live: self.admin.instances().await?,
            memory: memory::now(self.host.id()?, self.world)?,
        })
    }

    /// What everybody says of what was refused.
    async fn reasons(&mut self, failed: &[Unanswered]) -> Result<Vec<String>> {
        let mut said: Vec<String> = failed.iter().take(1).map(Unanswered::to_string).collect();
        said.extend(self.host.ended()?);
        let mut database = self.world.postgres.admin_options().connect().await?;
        let runs: Vec<(String, String, i64)> =
            sqlx::query_as(FAILED).fetch_all(&mut database).await?;
        let runs = runs.into_iter();
        said.extend(
            runs.map(|(outcome, error, count)| {
                format!("{count} runs ended as `{outcome}`: {error}")
            }),
        );
        let complaints = self.host.complaints().into_iter();
        said.extend(complaints.map(|line| format!("the host's log: {line}")));
        Ok(said)
    }
}

impl Held {
    /// Events that lasted at once, at most.
    pub fn most(&self) -> usize {
        match self.end {
            End::Refused { held, .. } => held,
            End::AsAsked | End::MachineIsFull { .. } => {
                self.levels.last().map_or(0, |level| level.held)
            }
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AsAsked => write!(
                f,
                "nothing refused: that is all that was asked for (`--hold`)"
            ),
            Self::MachineIsFull { available } => write!(
                f,
                "nothing refused, but only {} MiB of the machine's memory are left",
                available >> 20
            ),
            Self::Refused { held, until, said } => {
                write!(f, "refused after {held}, on the way to {until}")?;
                said.iter().try_for_each(|line| write!(f, "\n  {line}"))
            }
        }
    }
}
