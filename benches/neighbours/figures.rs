//! What the victim's customers felt, what that took of processors, and what it is held to.

use std::time::Duration;

use anyhow::{Context, Result};

use super::attack::Attack;
use super::host::Host;
use super::seen::Samples;
use crate::measured::latency::Percentiles;
use crate::measured::load::Message;
use crate::measured::usage::{of_server, processor_time};
use crate::measured::world::World;

/// How much later the slowest messages may be answered, whatever twice as late is.
const MORE: Duration = Duration::from_millis(100);

/// A time for which the victim was measured.
pub struct Stretch {
    pub seconds: f64,
    /// In the order in which they were due, at a steady rate.
    pub messages: Vec<Message>,
    pub processors: Processors,
    pub samples: Samples,
    /// Its runs that did not end well, whether or not the message was answered in the end.
    pub failed_runs: i64,
}

/// The victim's figures.
pub struct Figures {
    pub answered: usize,
    /// Messages without a 200, or without a reply.
    pub failed: usize,
    pub failed_runs: i64,
    pub reply: Percentiles,
    /// How late this program posted.
    pub late: Percentiles,
    pub processors: Processors,
}

impl Figures {
    /// Of all messages of these stretches, which are equally long.
    pub fn of(stretches: &[&Stretch]) -> Self {
        let messages = || stretches.iter().flat_map(|stretch| &stretch.messages);
        let replies: Vec<Duration> = messages().filter_map(Message::answered).collect();
        let late = messages().map(|message| message.posted);
        Self {
            answered: replies.len(),
            failed: messages().count() - replies.len(),
            failed_runs: stretches.iter().map(|stretch| stretch.failed_runs).sum(),
            reply: Percentiles::of(replies),
            late: Percentiles::of(late.collect()),
            processors: Processors::mean(stretches.iter().map(|stretch| stretch.processors)),
        }
    }

    /// What of the target was missed: that nothing fails, and that messages take at most twice as long, or for the
    /// slowest in a hundred 100 ms longer.
    pub fn missed(&self, alone: &Self, attack: Attack) -> Vec<&'static str> {
        let (now, then) = (self.reply, alone.reply);
        let is_held = attack.is_the_hosts_to_share_out();
        let aims = [
            ("failures", self.failed == 0 && self.failed_runs == 0),
            ("p50", !is_held || now.p50 <= then.p50 * 2),
            (
                "p99",
                !is_held || now.p99 <= (then.p99 * 2).max(then.p99 + MORE),
            ),
        ];
        let missed = aims.iter().filter(|(_, is_met)| !is_met);
        missed.map(|(aim, _)| *aim).collect()
    }
}

/// Seconds of processors so far; or, as a difference, in each second.
#[derive(Clone, Copy, Default)]
pub struct Processors {
    pub host: f64,
    pub postgres: f64,
    /// This process: the load, the emulator, and the service that is called.
    pub bench: f64,
}

impl Processors {
    pub fn so_far(host: &Host, world: &World) -> Result<Self> {
        let postmaster = world.postgres.process_id().context("Postgres has ended")?;
        Ok(Self {
            host: processor_time(host.id()?)?.as_secs_f64(),
            postgres: of_server(postmaster)?.as_secs_f64(),
            bench: processor_time(std::process::id())?.as_secs_f64(),
        })
    }

    #[must_use]
    pub fn since(self, before: Self, took: Duration) -> Self {
        let each_second = |now: f64, then: f64| (now - then) / took.as_secs_f64();
        Self {
            host: each_second(self.host, before.host),
            postgres: each_second(self.postgres, before.postgres),
            bench: each_second(self.bench, before.bench),
        }
    }

    fn mean(all: impl ExactSizeIterator<Item = Self>) -> Self {
        let count = all.len().max(1) as f64;
        all.fold(Self::default(), |sum, one| Self {
            host: sum.host + one.host / count,
            postgres: sum.postgres + one.postgres / count,
            bench: sum.bench + one.bench / count,
        })
    }
}
