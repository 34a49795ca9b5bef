//! `roost:bot/secrets`: the project's secrets, as they were when the image was made.

use super::bindings::roost::bot::secrets;
use crate::sandbox::RunState;

impl secrets::Host for RunState {
    fn get(&mut self, name: String) -> Option<String> {
        self.grants.secrets.get(&name).cloned()
    }

    fn names(&mut self) -> Vec<String> {
        self.grants.secrets.keys().cloned().collect()
    }
}
