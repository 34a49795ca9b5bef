//! `roost:bot/event`: what a bot says of the event it handles.

use super::bindings::roost::bot::event;
use crate::sandbox::RunState;
use std::time::Instant;

impl event::Host for RunState {
    fn fail(&mut self, message: String) {
        self.grants.failure.get_or_insert(message);
    }

    fn time_left(&mut self) -> u64 {
        let left = self.ends_at.saturating_duration_since(Instant::now());
        u64::try_from(left.as_nanos()).unwrap_or(u64::MAX)
    }
}
