//! Snoozed conversations whose time comes: whoever reads them finds them open, and followers are told.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::People;
use crate::conversations::open_snoozed;

/// How often it is looked for conversations whose time has come.
const EVERY: Duration = Duration::from_secs(2);

impl People {
    /// Opens snoozed conversations at their time, until it is stopped.
    pub fn open_snoozed(&self, stop: CancellationToken) -> JoinHandle<()> {
        let people = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(EVERY) => {}
                }
                match open_snoozed(&people.pool).await {
                    Ok(projects) => {
                        for project_id in BTreeSet::from_iter(projects) {
                            people.conversations.tell(project_id);
                        }
                    }
                    Err(error) => {
                        tracing::debug!(%error, "snoozed conversations could not be opened; trying again");
                    }
                }
            }
        })
    }
}
