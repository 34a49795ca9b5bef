//! Comparing accounts with Meta now and then: webhooks may be lost, and other hosts' are not ours.
//!
//! One host at a time does it, one account after the other.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{TemplateError, Templates};
use crate::leases::Turn;

/// Which host sweeps.
const TURN: i64 = 0x726f_6f73_745f_7470;

/// About how often.
const EVERY: Duration = Duration::from_secs(20 * 60);

impl Templates {
    /// Compares until it is stopped.
    pub fn start(self, stop: CancellationToken) -> JoinHandle<()> {
        tokio::spawn(async move {
            // Not while the host starts, nor together with others.
            let mut pause = EVERY.mul_f64(0.05 + 0.1 * rand::random::<f64>());
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(pause) => {}
                }
                tokio::select! {
                    () = stop.cancelled() => return,
                    swept = self.sweep() => if let Err(error) = swept {
                        tracing::warn!(%error, "templates could not be compared with Meta; trying again later");
                    },
                }
                pause = EVERY.mul_f64(0.8 + 0.4 * rand::random::<f64>());
            }
        })
    }

    /// Compares all accounts with Meta. `None`: another host does so now.
    ///
    /// *Cancel safety*: what was compared is written down.
    pub async fn sweep(&self) -> Result<Option<usize>, TemplateError> {
        let Some(turn) = Turn::take(&self.pool, TURN).await? else {
            return Ok(None);
        };
        let swept = self.sweep_all().await;
        turn.end().await?;
        swept.map(Some)
    }

    async fn sweep_all(&self) -> Result<usize, TemplateError> {
        self.forget_told().await?;
        let mut changed = 0;
        for (account, projects) in self.accounts_with_projects().await? {
            // Any of the tokens will do that Meta still takes.
            for project in projects {
                let Ok((now, token)) = self.reach(project).await else {
                    continue;
                };
                if now != account {
                    continue;
                }
                match self.refresh(&self.meta(&account, token), None).await {
                    Ok(different) => {
                        changed += different;
                        break;
                    }
                    Err(TemplateError::Database(error)) => return Err(error.into()),
                    // Kept for who asks.
                    Err(_) => {}
                }
            }
        }
        Ok(changed)
    }
}
