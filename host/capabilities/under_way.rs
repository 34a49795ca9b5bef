//! What an event's calls of the host hold while they are under way.
//!
//! What a bot gives to a call is the host's until the call ends: a statement waits for a connection, a
//! request for room. A bot may make thousands of calls at once, each with the same text of its memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the calls of an instance may hold together. One statement may have 16 MiB.
const MOST: usize = 64 << 20;

/// How many bytes an instance's calls hold.
#[derive(Clone, Default)]
pub(crate) struct UnderWay(Arc<AtomicUsize>);

/// What one call holds, given back when it is dropped.
pub(super) struct Load {
    under_way: UnderWay,
    bytes: usize,
}

impl UnderWay {
    /// Fails, with a text for the bot's author, when the calls that have not ended hold too much.
    pub(super) fn take(&self, bytes: usize) -> Result<Load, String> {
        let before = self.0.fetch_add(bytes, Ordering::Relaxed);
        let load = Load {
            under_way: self.clone(),
            bytes,
        };
        match before.saturating_add(bytes) > MOST {
            false => Ok(load),
            true => Err(format!(
                "this event's calls of the host that have not ended hold more than {} MiB: wait for some before \
                 others begin",
                MOST >> 20
            )),
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.under_way.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_makes_room_and_what_was_refused_takes_none() {
        let under_way = UnderWay::default();
        let first = under_way.take(MOST).ok().unwrap();

        let refusal = under_way.take(1).err().unwrap();

        assert!(refusal.contains("more than 64 MiB"), "{refusal}");
        assert!(under_way.take(0).is_ok());
        drop(first);
        assert!(under_way.take(MOST).is_ok());
    }
}
