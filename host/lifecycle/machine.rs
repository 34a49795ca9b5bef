//! Runs steps: claims what is due, keeps its lease, writes down how it ended.
//!
//! One task claims, at news of a project and at a steady pace otherwise, for back-offs that are over and
//! leases that ran out. Each step runs in a task of its own.

use super::steps::{ClaimedStep, StepEnd};
use super::{Lifecycle, removal, store, work};
use crate::leases;
use crate::news::{Change, Heard, Listener, Told};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// Steps that run at once on a host: fewer than the control database has connections, because some
/// hold one while they wait for Meta.
const MAX_RUNNING: usize = 8;
/// How often what is due is looked for.
const POLL: Duration = Duration::from_millis(500);
/// How often files of projects that are gone are looked for.
const TIDY: Duration = Duration::from_secs(60 * 60);

/// Steps at work. Dropping it stops claiming.
pub struct MachineHandle {
    stop: CancellationToken,
    claiming: JoinHandle<()>,
    running: TaskTracker,
    _guard: DropGuard,
}

impl Lifecycle {
    /// Begins to run steps. `owner` names this host; another host takes its steps over when it was
    /// silent for `lease`.
    pub fn start(&self, owner: &str, lease: Duration) -> MachineHandle {
        let stop = CancellationToken::new();
        let running = TaskTracker::new();
        let machine = Machine {
            lifecycle: self.clone(),
            owner: owner.to_owned(),
            lease,
            slots: Arc::new(Semaphore::new(MAX_RUNNING)),
            running: running.clone(),
            stop: stop.clone(),
        };
        running.spawn(removal::tidy_until_stopped(
            self.clone(),
            TIDY,
            stop.clone(),
        ));
        MachineHandle {
            claiming: tokio::spawn(machine.claim_until_stopped()),
            running,
            _guard: stop.clone().drop_guard(),
            stop,
        }
    }
}

impl MachineHandle {
    /// Claims nothing more and waits for what runs, but no longer than `patience`: what does not end
    /// is taken over by another host, or done at the next start.
    pub async fn drain(self, patience: Duration) {
        self.stop.cancel();
        let _ = self.claiming.await;
        self.running.close();
        let _ = tokio::time::timeout(patience, self.running.wait()).await;
    }
}

struct Machine {
    lifecycle: Lifecycle,
    owner: String,
    lease: Duration,
    slots: Arc<Semaphore>,
    running: TaskTracker,
    stop: CancellationToken,
}

impl Machine {
    async fn claim_until_stopped(self) {
        let mut news = self.lifecycle.parts().news.listen();
        loop {
            self.claim_all().await;
            let mut heard = tokio::select! {
                () = self.stop.cancelled() => return,
                heard = next_but_lines(&mut news) => Some(heard),
                () = tokio::time::sleep(POLL) => None,
            };
            // One look is enough for all that was told by now.
            while let Some(one) = heard {
                self.hear(one).await;
                heard = news.waiting();
            }
        }
    }

    /// What this host deployed may be what a provisioning waits for.
    async fn hear(&self, heard: Heard) {
        if let Heard::Told(told) = heard
            && told.is_here
            && matches!(
                told.change,
                Change::Build | Change::Version | Change::Renewal
            )
        {
            self.lifecycle.look_for_deploy(told.project_id).await;
        }
    }

    async fn claim_all(&self) {
        let pool = &self.lifecycle.parts().pool;
        while !self.stop.is_cancelled() {
            let Ok(slot) = self.slots.clone().try_acquire_owned() else {
                return;
            };
            let claimed = match store::claim(pool, &self.owner, self.lease).await {
                Ok(Some(claimed)) => claimed,
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(%error, "no step can be claimed now");
                    return;
                }
            };
            let (lifecycle, lease) = (self.lifecycle.clone(), self.lease);
            self.running.spawn(async move {
                run(&lifecycle, &claimed, lease).await;
                drop(slot);
                lifecycle.tell(claimed.project_id);
            });
        }
    }
}

/// The next news but of lines in a log: these make no step due.
///
/// *Cancel safety*: no other news are lost.
async fn next_but_lines(news: &mut Listener) -> Heard {
    loop {
        match news.next().await {
            Heard::Told(Told {
                change: Change::BuildLog,
                ..
            }) => {}
            heard => return heard,
        }
    }
}

async fn run(lifecycle: &Lifecycle, claimed: &ClaimedStep, lease: Duration) {
    let step = claimed.step.word();
    lifecycle.tell(claimed.project_id);
    let work = AssertUnwindSafe(work::run(lifecycle, claimed)).catch_unwind();
    let extend = || store::extend(&lifecycle.parts().pool, claimed, lease);
    let Some(end) = leases::hold(lease, extend, work).await else {
        tracing::info!(project.id = %claimed.project_id, step, "the step is another host's now");
        return;
    };
    let end = end.unwrap_or_else(|_| {
        StepEnd::Retry(
            "the host failed in this step; its log says more".to_owned(),
            None,
        )
    });
    match &end {
        StepEnd::Done(_) | StepEnd::Skipped(_) => {
            tracing::info!(project.id = %claimed.project_id, step, "step done");
        }
        StepEnd::Later(..) => {}
        // Sentences about Meta hold ids, never tokens or phone numbers.
        StepEnd::Retry(why, _) | StepEnd::Failed(why) => {
            tracing::warn!(project.id = %claimed.project_id, step, error = %why, "step failed");
        }
    }
    if let Err(error) = store::end(&lifecycle.parts().pool, claimed, &end).await {
        tracing::warn!(%error, step, "how the step ended cannot be written down: it is done again");
    }
}
