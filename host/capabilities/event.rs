//! `roost:bot/event`: what a bot says of the event it handles.

use super::bindings::roost::bot::event;
use crate::sandbox::RunState;

impl event::Host for RunState {
    fn fail(&mut self, message: String) {
        self.grants.failure.get_or_insert(message);
    }
}
