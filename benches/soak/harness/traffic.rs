//! Webhooks as Meta sends them: signed, and again and again until they are taken.
//!
//! What one customer wrote is posted one after the other, so that the order in which it came in is
//! known; customers do not wait for each other.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Options;
use super::common::meta;
use super::plan::{Kind, Lane, Post};
use super::world::{World, phone};

/// How long one attempt may take; Meta waits some ten seconds.
const ATTEMPT: Duration = Duration::from_secs(10);

/// The waits between attempts. Meta's are longer.
const FIRST_PAUSE: Duration = Duration::from_millis(30);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Posts, in the background.
pub(super) struct Traffic {
    courier: Arc<Courier>,
    lanes: Mutex<HashMap<Lane, mpsc::UnboundedSender<Post>>>,
    posting: Mutex<JoinSet<(Lane, Vec<u32>)>>,
}

/// What was posted, and taken.
pub(super) struct Posted {
    /// The messages of each customer, in the order in which they were first taken.
    pub(super) taken: HashMap<Lane, Vec<u32>>,
    pub(super) counts: Counts,
}

/// How often what happened.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) posts: AtomicUsize,
    pub(super) again: AtomicUsize,
    pub(super) repeated: AtomicUsize,
    pub(super) doubled: AtomicUsize,
    pub(super) swapped: AtomicUsize,
}

struct Courier {
    client: reqwest::Client,
    url: String,
    /// The id and the account of each project's number.
    numbers: Vec<(String, String)>,
    seed: u64,
    counts: Counts,
}

/// Meta's id of a customer's message.
pub(super) fn wamid(seed: u64, lane: Lane, n: u32) -> String {
    format!("wamid.{seed:x}.{}.{}.{n}", lane.project, lane.person)
}

impl Traffic {
    pub(super) fn new(options: &Options, world: &World, to: SocketAddr) -> Result<Self> {
        let numbers = world.projects.iter();
        let courier = Courier {
            // Each POST on a connection of its own, so that the forwarder has a choice.
            client: reqwest::Client::builder()
                .pool_max_idle_per_host(0)
                .timeout(ATTEMPT)
                .build()?,
            url: meta::webhook_url(to),
            numbers: numbers
                .map(|project| (project.number_id.clone(), project.waba_id.clone()))
                .collect(),
            seed: options.seed,
            counts: Counts::default(),
        };
        Ok(Self {
            courier: Arc::new(courier),
            lanes: Mutex::default(),
            posting: Mutex::default(),
        })
    }

    /// Hands a POST to its customer's lane.
    pub(super) fn post(&self, post: Post) {
        let mut lanes = lock(&self.lanes);
        let lane = lanes.entry(post.lane).or_insert_with(|| {
            let (sender, receiver) = mpsc::unbounded_channel();
            lock(&self.posting).spawn(serve(self.courier.clone(), post.lane, receiver));
            sender
        });
        // A lane ends when its sender is dropped, not before.
        let _ = lane.send(post);
    }

    pub(super) fn progress(&self) -> String {
        let counts = &self.courier.counts;
        format!(
            "{} POSTs taken, {} not at once",
            counts.posts.load(Ordering::Relaxed),
            counts.again.load(Ordering::Relaxed)
        )
    }

    /// Waits until everything was taken.
    pub(super) async fn end(self, patience: Duration) -> Result<Posted> {
        lock(&self.lanes).clear();
        let mut posting = std::mem::take(&mut *lock(&self.posting));
        let mut taken = HashMap::new();
        let all = async {
            while let Some(lane) = posting.join_next().await {
                let (lane, messages) = lane?;
                taken.insert(lane, messages);
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(patience, all)
            .await
            .context("not every webhook was taken in time")??;
        drop((self.lanes, self.posting));
        let courier = Arc::into_inner(self.courier).context("every lane has ended")?;
        Ok(Posted {
            taken,
            counts: courier.counts,
        })
    }
}

/// Posts what one customer wrote, and gives it in the order in which it was taken.
async fn serve(
    courier: Arc<Courier>,
    lane: Lane,
    mut posts: mpsc::UnboundedReceiver<Post>,
) -> (Lane, Vec<u32>) {
    let mut taken = Vec::new();
    while let Some(post) = posts.recv().await {
        let body = courier.body(&post);
        let counts = &courier.counts;
        match post.kind {
            Kind::Doubled => {
                counts.doubled.fetch_add(1, Ordering::Relaxed);
                tokio::join!(courier.deliver(&body), courier.deliver(&body));
            }
            Kind::Fresh | Kind::Swapped | Kind::Repeated => courier.deliver(&body).await,
        }
        match post.kind {
            Kind::Swapped => counts.swapped.fetch_add(1, Ordering::Relaxed),
            Kind::Repeated => counts.repeated.fetch_add(1, Ordering::Relaxed),
            Kind::Fresh | Kind::Doubled => 0,
        };
        for message in post.messages {
            if !taken.contains(&message) {
                taken.push(message);
            }
        }
    }
    (lane, taken)
}

impl Courier {
    /// Posts until there is a 200.
    async fn deliver(&self, body: &str) {
        let mut pause = FIRST_PAUSE;
        loop {
            let request = meta::signed(&self.client, &self.url, body.to_owned());
            if let Ok(answer) = request.send().await
                && answer.status() == http::StatusCode::OK
            {
                self.counts.posts.fetch_add(1, Ordering::Relaxed);
                return;
            }
            self.counts.again.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn body(&self, post: &Post) -> String {
        let (number_id, waba_id) = &self.numbers[post.lane.project];
        let text = |n: &u32| (wamid(self.seed, post.lane, *n), format!("message {n}"));
        let texts = post.messages.iter().map(text);
        meta::written(number_id, waba_id, &phone(post.lane.person), texts)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
