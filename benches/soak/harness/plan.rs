//! What is posted and when a host dies: all of it from the seed, so that a failure can be had again.

use std::collections::HashMap;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::Options;

/// Messages that Meta sends again although they were taken.
const REPEATED: f64 = 0.05;
/// Messages that two connections bring at once.
const DOUBLED: f64 = 0.03;
/// Messages that come before the one that was written before them.
const SWAPPED: f64 = 0.04;
/// POSTs with two messages.
const BATCHED: f64 = 0.05;
/// How much later a repetition comes, at most.
const REPEATED_WITHIN: f64 = 10.0;

/// A customer of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Lane {
    pub(super) project: usize,
    pub(super) person: usize,
}

/// One POST, which is sent until it is answered with 200.
#[derive(Clone, Debug)]
pub(super) struct Post {
    pub(super) at: Duration,
    pub(super) lane: Lane,
    /// Which messages of the customer, counted from 0.
    pub(super) messages: Vec<u32>,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Fresh,
    /// Fresh, and swapped with the message that was written before it.
    Swapped,
    /// On two connections at once.
    Doubled,
    /// What was taken before.
    Repeated,
}

/// A kill: when, and which of the hosts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kill {
    pub(super) at: Duration,
    pub(super) host: usize,
}

pub(super) struct Plan {
    seed: u64,
    options: Options,
}

impl Plan {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            seed: options.seed,
            options: options.clone(),
        }
    }

    /// The kills, spread over the time: each somewhere in its own part of it.
    pub(super) fn kills(&self) -> Vec<Kill> {
        let mut rng = StdRng::seed_from_u64(self.seed ^ 0x6b69_6c6c);
        let part = self.options.duration.as_secs_f64() / f64::from(self.options.kills.max(1));
        let kill = |n: u32| Kill {
            at: Duration::from_secs_f64(part * (f64::from(n) + rng.random::<f64>())),
            host: rng.random_range(0..self.options.hosts),
        };
        (0..self.options.kills).map(kill).collect()
    }

    /// The POSTs in the order of their times, without end.
    pub(super) fn posts(&self) -> impl Iterator<Item = Post> + use<> {
        Posts {
            rng: StdRng::seed_from_u64(self.seed),
            options: self.options.clone(),
            at: 0.0,
            written: HashMap::new(),
            waiting: Vec::new(),
        }
    }
}

struct Posts {
    rng: StdRng,
    options: Options,
    at: f64,
    /// Messages of each customer so far.
    written: HashMap<Lane, u32>,
    /// What comes later: repetitions, and what was overtaken.
    waiting: Vec<Post>,
}

impl Iterator for Posts {
    type Item = Post;

    fn next(&mut self) -> Option<Post> {
        let due = self.waiting.iter().enumerate();
        let due = due.min_by_key(|(_, post)| post.at).map(|(n, _)| n);
        if let Some(n) = due
            && self.waiting[n].at.as_secs_f64() <= self.at
        {
            return Some(self.waiting.swap_remove(n));
        }
        // Exponential gaps: arrivals know nothing of each other.
        let luck: f64 = self.rng.random();
        self.at += -(1.0 - luck).ln() / self.options.rate;
        Some(self.fresh())
    }
}

impl Posts {
    fn fresh(&mut self) -> Post {
        let lane = Lane {
            project: self.rng.random_range(0..self.options.projects),
            person: self.rng.random_range(0..self.options.people),
        };
        let written = self.written.entry(lane).or_default();
        let n = *written;
        let at = Duration::from_secs_f64(self.at);
        let post = |messages: Vec<u32>, kind| Post {
            at,
            lane,
            messages,
            kind,
        };
        let post = match self.rng.random::<f64>() {
            luck if luck < BATCHED => {
                *written += 2;
                post(vec![n, n + 1], Kind::Fresh)
            }
            luck if luck < BATCHED + SWAPPED => {
                *written += 2;
                // The overtaken one comes right behind.
                self.waiting.push(post(vec![n], Kind::Fresh));
                post(vec![n + 1], Kind::Swapped)
            }
            luck if luck < BATCHED + SWAPPED + DOUBLED => {
                *written += 1;
                post(vec![n], Kind::Doubled)
            }
            _ => {
                *written += 1;
                post(vec![n], Kind::Fresh)
            }
        };
        if self.rng.random_bool(REPEATED) {
            let later = self.at + REPEATED_WITHIN * self.rng.random::<f64>();
            self.waiting.push(Post {
                at: Duration::from_secs_f64(later),
                kind: Kind::Repeated,
                ..post.clone()
            });
        }
        post
    }
}
