//! A confined process and all that came of it, as one thing that can be ended.

use std::process::Child;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

/// How often it is looked whether the last one has gone.
const LOOK: Duration = Duration::from_millis(5);

/// The group of a child that was started as the first of one. Dropped, it ends all of them.
#[derive(Debug)]
pub struct Group {
    leader: Child,
    /// While the leader is not waited for, its id is nobody else's.
    id: Option<Pid>,
}

impl Group {
    /// Of a child that was started with a group of its own.
    pub fn of(leader: Child) -> Self {
        let id = Some(Pid::from_child(&leader));
        Self { leader, id }
    }

    /// The child itself.
    pub fn leader(&mut self) -> &mut Child {
        &mut self.leader
    }

    /// Ends all of them, and waits until they are gone. Blocks, and not for long.
    pub fn end(&mut self) -> Option<std::process::ExitStatus> {
        let id = self.id.take()?;
        // Who has ended already is as good.
        let _ = kill_process_group(id, Signal::KILL);
        let status = self.leader.wait().ok();
        // Others are waited for by whoever inherited them.
        for _ in 0..200 {
            if test_kill_process_group(id).is_err() {
                break;
            }
            std::thread::sleep(LOOK);
        }
        status
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}
