//! The database's clock is set, by hours even: its machine wakes up, or somebody mends its time.
//!
//! Leases, back-offs and deadlines are moments of that clock. When it was set back they are hours away, and
//! what waits would wait for them; when it was set ahead, what waits seems to be past its deadline. So hosts
//! look at it every few seconds, before they end what waited too long, and move those moments. That it was set
//! back the database knows itself (`clock`); that it was set ahead, and that no such time went by, a host
//! knows by a clock which nobody sets.
//!
//! What else ends early by a clock that was set ahead does no harm: a back-off is over; a lease gives its
//! event to another run, which sends nothing that was sent before.

mod store;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use sqlx::types::chrono::{DateTime, Utc};

use super::store::{Inbox, InboxError};

/// By less a clock is often set, and nothing waits for long because of it.
const NOTICED: Duration = Duration::from_secs(60);

/// What a host has seen of the database's clock, and when.
#[derive(Debug, Default)]
pub struct ClockWatch(Option<(Instant, DateTime<Utc>)>);

/// How the clock was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jump {
    Ahead(Duration),
    Back(Duration),
}

/// What a look found.
struct Look {
    now: DateTime<Utc>,
    jump: Option<Jump>,
}

impl ClockWatch {
    /// What the clock should say at a moment. Unknown before the first look.
    fn expected(&self, at: Instant) -> Option<DateTime<Utc>> {
        let (before, then) = self.0?;
        Some(then + at.saturating_duration_since(before))
    }
}

impl Inbox {
    /// Looks at the database's clock, at a moment of the host's own. When it was set, whoever sees it first
    /// moves what is due by it, and is told how: after a jump back that is due `soon`, after one ahead it keeps
    /// the time to its deadline.
    pub async fn look_at_clock(
        &self,
        watch: &mut ClockWatch,
        at: Instant,
        soon: Duration,
    ) -> Result<Option<Jump>, InboxError> {
        let look = self.look(watch.expected(at), soon).await?;
        watch.0 = Some((at, look.now));
        match look.jump {
            Some(Jump::Ahead(by)) => tracing::warn!(
                alert = "clock_set",
                clock.ahead_seconds = by.as_secs(),
                "the database's clock was set {} minutes ahead: what waits keeps the time to its deadline",
                by.as_secs() / 60
            ),
            Some(Jump::Back(by)) => {
                self.claimable.send_replace(());
                tracing::warn!(
                    alert = "clock_set",
                    clock.back_seconds = by.as_secs(),
                    "the database's clock was set {} minutes back: what waits is due within {soon:?}",
                    by.as_secs() / 60
                );
            }
            None => {}
        }
        Ok(look.jump)
    }
}

/// How the clock was set, if it was: `latest` is what any host saw before, `expected` what this one expects.
fn jump(
    latest: DateTime<Utc>,
    now: DateTime<Utc>,
    expected: Option<DateTime<Utc>>,
) -> Option<Jump> {
    let ahead_of = |other: DateTime<Utc>, this: DateTime<Utc>| -> Option<Duration> {
        let by = (other - this).to_std().ok()?;
        (by > NOTICED).then_some(by)
    };
    if let Some(by) = ahead_of(latest, now) {
        let more = expected.and_then(|expected| ahead_of(expected, now));
        return Some(Jump::Back(more.unwrap_or(by).max(by)));
    }
    let by = ahead_of(now, expected?)?;
    // Who looked after the jump has seen to it.
    let is_news = ahead_of(now, latest).is_some_and(|unseen| unseen > by / 2);
    is_news.then_some(Jump::Ahead(by))
}
