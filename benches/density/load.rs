//! What customers do: one writes to each project in turn, or many to all of them at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::task::JoinSet;

use super::customers::{Answered, Customers, Unanswered};
use super::projects::Project;
use crate::measured::latency::Percentiles;

/// Projects after which it is said how far it is.
const PROGRESS: usize = 250;

/// After so many messages without an answer nothing more is tried.
const ENOUGH: usize = 16;

/// How long something took, over all projects.
#[derive(Clone, Copy)]
pub struct Spread {
    pub p50: Duration,
    pub p99: Duration,
    pub max: Duration,
}

/// What messages took that were answered.
#[derive(Clone, Copy)]
pub struct Times {
    pub taken: Spread,
    pub replied: Spread,
    /// How many others were not answered.
    pub failed: usize,
}

/// Messages to all projects at once, for some seconds.
pub struct Flow {
    /// Answered by their bots.
    pub answered: usize,
    /// Without a 200: Meta would come again.
    pub refused: usize,
    /// With a 200, and without an answer.
    pub lost: usize,
    /// The first reason of these.
    pub why: Option<String>,
    /// From the first POST to the last reply.
    pub took: Duration,
    pub times: Times,
}

impl Spread {
    fn of(times: impl Iterator<Item = Duration> + Clone) -> Self {
        let max = times.clone().max().unwrap_or_default();
        let Percentiles { p50, p99 } = Percentiles::of(times.collect());
        Self { p50, p99, max }
    }
}

impl Times {
    fn of(answered: &[Answered], failed: usize) -> Self {
        Self {
            failed,
            taken: Spread::of(answered.iter().map(|one| one.taken)),
            replied: Spread::of(answered.iter().map(|one| one.replied)),
        }
    }
}

/// A customer writes to one project after the other, each when the one before has answered.
pub async fn each_in_turn(
    customers: &Customers,
    projects: &[Project],
    name: &str,
    customer: u32,
) -> Result<Times> {
    let (mut answered, mut failed) = (Vec::with_capacity(projects.len()), 0);
    for (n, project) in projects.iter().enumerate() {
        let text = format!("{name} {n}");
        match customers.write(project, customer, &text).await {
            Ok(times) => answered.push(times),
            Err(why) => {
                println!("  {why}");
                failed += 1;
                ensure!(
                    failed < ENOUGH,
                    "too much failed while projects were {name}"
                );
            }
        }
        let done = n + 1;
        if done % PROGRESS == 0 && done < projects.len() {
            println!("  {done} projects {name}");
        }
    }
    Ok(Times::of(&answered, failed))
}

/// So many customers write for some seconds, each to one project after the other and as fast as it is answered.
pub async fn all_at_once(
    customers: &Customers,
    projects: &Arc<[Project]>,
    clients: u32,
    seconds: u32,
) -> Flow {
    let began = Instant::now();
    let end = began + Duration::from_secs(seconds.into());
    let next = Arc::new(AtomicUsize::new(0));
    let mut writing = JoinSet::new();
    for client in 0..clients {
        let (customers, projects, next) = (customers.clone(), projects.clone(), next.clone());
        writing.spawn(async move {
            let mut written = Vec::new();
            while Instant::now() < end {
                let n = next.fetch_add(1, Ordering::Relaxed);
                let project = &projects[n % projects.len()];
                let text = format!("flow {n}");
                written.push(customers.write(project, client, &text).await);
            }
            written
        });
    }
    let written = writing.join_all().await;
    let took = began.elapsed();
    let mut flow = Flow {
        answered: 0,
        refused: 0,
        lost: 0,
        why: None,
        took,
        times: Times::of(&[], 0),
    };
    let mut answered = Vec::new();
    for one in written.into_iter().flatten() {
        match one {
            Ok(times) => answered.push(times),
            Err(why) => flow.count(&why),
        }
    }
    flow.answered = answered.len();
    flow.times = Times::of(&answered, flow.refused + flow.lost);
    flow
}

impl Flow {
    fn count(&mut self, why: &Unanswered) {
        match why {
            Unanswered::Refused(_) => self.refused += 1,
            Unanswered::Lost(_) => self.lost += 1,
        }
        self.why.get_or_insert_with(|| why.to_string());
    }

    /// Answered in a second.
    pub fn rate(&self) -> f64 {
        self.answered as f64 / self.took.as_secs_f64().max(1e-3)
    }
}
