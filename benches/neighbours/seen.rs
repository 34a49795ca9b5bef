//! What was seen of an attack, and whether it was one.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use sqlx::{ConnectOptions as _, PgConnection};
use tokio::time::MissedTickBehavior;

use super::attack::{Attack, Posts};
use super::service::Service;
use crate::measured::world::World;

/// How long sessions of a host that was killed may last.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ends the sessions of others, and counts them.
const END_SESSIONS: &str = "
    select count(pg_terminate_backend(pid)) from pg_stat_activity
    where backend_type = 'client backend' and pid <> pg_backend_pid()";

/// Everything that events leave. Who wrote is forgotten too, and with them what they wrote.
const FORGET: &str = "truncate event, conversation_queue, send, bot_log, contact cascade";

/// Statements of projects that run now.
const STATEMENTS: &str = r"
    select count(*) from pg_stat_activity where state = 'active' and usename like 't\_%'";

/// How the runs of attackers ended.
const RUNS: &str = "
    select coalesce(outcome, 'running'), count(*) from run join project using (project_id)
    where name like 'attacker-%' group by 1";

/// Runs of the victim that did not end well, whatever came later.
const FAILED_RUNS: &str = "
    select count(*) from run join project using (project_id)
    where name = 'victim' and outcome <> 'done'";

/// Statements of busy projects that a host runs at once, at least: two for a processor.
const BUSY: i64 = 2;

/// Events whose log was cut.
const LINES_LEFT_OUT: &str = "
    select count(*) from bot_log where message like '%more bytes were logged and left out%'";

/// The control database, to read what became of events.
pub struct Records(PgConnection);

impl Records {
    pub async fn open(world: &World) -> Result<Self> {
        Ok(Self(world.postgres.admin_options().connect().await?))
    }

    /// Leaves nothing of an earlier host: no session, no event, and nothing that has yet to be written to the disk.
    pub async fn begin_anew(&mut self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while self.count(END_SESSIONS).await? > 0 {
            let is_early = Instant::now() < deadline;
            ensure!(is_early, "sessions of an earlier host do not end");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        for statement in [FORGET, "checkpoint"] {
            sqlx::query(statement).execute(&mut self.0).await?;
        }
        Ok(())
    }

    pub async fn attackers_runs(&mut self) -> Result<BTreeMap<String, i64>> {
        let runs: Vec<(String, i64)> = sqlx::query_as(RUNS).fetch_all(&mut self.0).await?;
        Ok(runs.into_iter().collect())
    }

    pub async fn failed_runs(&mut self) -> Result<i64> {
        self.count(FAILED_RUNS).await
    }

    pub async fn lines_left_out(&mut self) -> Result<i64> {
        self.count(LINES_LEFT_OUT).await
    }

    async fn count(&mut self, statement: &'static str) -> Result<i64> {
        let count: i64 = sqlx::query_scalar(statement).fetch_one(&mut self.0).await?;
        Ok(count)
    }
}

/// What was under way, second by second.
#[derive(Default)]
pub struct Samples {
    statements: Vec<i64>,
    requests: Vec<usize>,
}

impl Samples {
    /// The median.
    pub fn statements(&self) -> i64 {
        median(&self.statements)
    }

    /// The median.
    pub fn requests(&self) -> usize {
        median(&self.requests)
    }
}

/// In the middle; of none, nothing.
fn median<T: Copy + Default + Ord>(samples: &[T]) -> T {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// Takes samples until it is dropped.
pub async fn watch(world: &World, service: &Service, samples: &mut Samples) -> Result<Infallible> {
    let mut database = world.postgres.admin_options().connect().await?;
    let mut second = tokio::time::interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        second.tick().await;
        let statements: i64 = sqlx::query_scalar(STATEMENTS)
            .fetch_one(&mut database)
            .await?;
        samples.statements.push(statements);
        samples.requests.push(service.under_way());
    }
}

/// What was seen of an attack.
pub struct Seen {
    pub posts: Posts,
    /// Attackers' runs by how they ended.
    pub runs: BTreeMap<String, i64>,
    /// Attackers' runs of whose log a part was left out.
    pub lines_left_out: i64,
    /// Statements of projects that ran at once, in the median.
    pub statements: i64,
    /// Requests of attackers that were under way at once, in the median.
    pub requests: usize,
}

impl Seen {
    /// What is missing for an attack of that class, if anything is.
    pub fn doubt(&self, attack: Attack, attackers: usize) -> Option<String> {
        let Posts {
            due,
            posted,
            taken,
            refused,
        } = self.posts;
        // A hundredth may have been due just when it ended.
        if posted < due - due / 100 {
            return Some(format!("{posted} of {due} messages were posted"));
        }
        if taken == 0 || taken + refused < posted / 2 {
            return Some("most messages had no answer".to_owned());
        }
        let ran = |outcome: &str| self.runs.get(outcome).copied().unwrap_or_default();
        let each = i64::try_from(attackers).unwrap_or(i64::MAX);
        let (is_seen, wanted) = match attack {
            Attack::Cpu => (
                ran("timeout") >= each && ran("done") == 0,
                "a run for each attacker that used up its time, and none that is done",
            ),
            Attack::Memory => (
                ran("out-of-memory") >= each && ran("done") == 0,
                "a run for each attacker that used up its memory, and none that is done",
            ),
            Attack::Sql => (
                self.statements >= BUSY && ran("done") == 0,
                "statements at any time, as many as busy projects may run at once, and no run that is done",
            ),
            Attack::Outbound => (
                self.requests >= attackers,
                "a request under way at any time for each attacker",
            ),
            Attack::Log => (
                self.lines_left_out >= each,
                "a run for each attacker of whose log a part was left out",
            ),
            Attack::Webhooks => (ran("done") >= each, "a run for each attacker that is done"),
        };
        (!is_seen).then(|| format!("not seen: {wanted}"))
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let posts = self.posts;
        write!(
            f,
            "{} of {} messages posted, {} taken, {} refused; runs:",
            posts.posted, posts.due, posts.taken, posts.refused
        )?;
        for (outcome, count) in &self.runs {
            write!(f, " {count} {outcome}")?;
        }
        write!(
            f,
            "; {} statements and {} requests at once; {} logs cut",
            self.statements, self.requests, self.lines_left_out
        )
    }
}
