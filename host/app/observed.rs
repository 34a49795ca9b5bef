//! What operators can see of a host.

use super::Host;
use crate::events::Events;
use crate::logs::{LogStore, LogWriter};
use crate::observing::Scrape;

impl Host {
    /// Events as people see them.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// What bots logged.
    pub fn logs(&self) -> &LogStore {
        &self.logs
    }

    /// Takes what bots log.
    pub fn log_writer(&self) -> &LogWriter {
        &self.log_writer
    }

    /// The host's numbers.
    pub fn scrape(&self) -> &Scrape {
        &self.scrape
    }
}
