//! What is shared out among projects: as much for each, so that who takes all of its own takes nothing of others.
//!
//! `Rooms` is room of one kind. `Places` are for what keeps a socket open: a bound for each project, and one for all
//! of them, which follows from how many files the process may open. Who waits is served in order: first among its
//! own project's, then among all. Of one project no more wait for the second than it has places, so nobody
//! is behind more of another's than that.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

/// Of so many places one project may have one: ten projects leave some to others, also where files are few.
const SHARES: usize = 16;

/// What a project may have even so. A host with so few files is one of few projects.
const LEAST: usize = 16;

/// Room of one kind, as much for each project. A project has its own while something of it is taken or waited for.
/// Clones share it.
#[derive(Clone)]
pub struct Rooms {
    size: usize,
    projects: Arc<Mutex<HashMap<Uuid, Weak<Semaphore>>>>,
}

/// Places for what has an open file each. Clones are the same ones.
#[derive(Clone)]
pub struct Places {
    rooms: Rooms,
    all: Arc<Semaphore>,
}

/// A place, until it is dropped.
pub struct Place {
    _own: Option<OwnedSemaphorePermit>,
    _of_all: Option<OwnedSemaphorePermit>,
}

impl Rooms {
    /// So much for each project.
    pub fn new(size: usize) -> Self {
        Self {
            size: size.min(Semaphore::MAX_PERMITS),
            projects: Arc::default(),
        }
    }

    /// A project's, which is served in order.
    pub fn of(&self, project_id: Uuid) -> Arc<Semaphore> {
        let mut projects = self.projects.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(room) = projects.get(&project_id).and_then(Weak::upgrade) {
            return room;
        }
        projects.retain(|_, room| room.strong_count() > 0);
        let room = Arc::new(Semaphore::new(self.size));
        projects.insert(project_id, Arc::downgrade(&room));
        room
    }
}

impl Places {
    /// So many for each project, and for all together. Never none.
    pub fn new(each: usize, all: usize) -> Self {
        let all = all.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            rooms: Rooms::new(each.max(1)),
            all: Arc::new(Semaphore::new(all)),
        }
    }

    /// The same, and for all together no more than one in `part` of the files that the process may open. No project has
    /// more than a sixteenth of all, or 16 where that is more.
    pub fn of_files(each: usize, all: usize, part: usize) -> Self {
        let all = all.min(open_files() / part);
        Self::new(each.min((all / SHARES).max(LEAST)), all)
    }

    /// Waits for a place. Without a project it is the host's own business, which has bounds elsewhere and takes its
    /// part of all only.
    ///
    /// *Cancel safety*: who is dropped while waiting has nothing, and is not waited for.
    pub async fn take(&self, project_id: Option<Uuid>) -> Place {
        // They are never closed.
        let own = match project_id {
            Some(project_id) => self.rooms.of(project_id).acquire_owned().await.ok(),
            None => None,
        };
        let of_all = self.all.clone().acquire_owned().await.ok();
        Place {
            _own: own,
            _of_all: of_all,
        }
    }

    /// How many are free: of a project's, and of all.
    #[cfg(test)]
    pub(crate) fn free(&self, project_id: Uuid) -> (usize, usize) {
        let own = self.rooms.of(project_id).available_permits();
        (own, self.all.available_permits())
    }
}

/// Takes the files that the process may have: a shell gives it 1,024, and lets it take more. To be called once, when the
/// program starts. What it confines later has its own limits.
pub fn take_all_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    const MOST: u64 = 1 << 20;
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(MOST, |maximum| maximum.min(MOST));
    if limit.current.is_some_and(|current| current < wanted) {
        limit.current = Some(wanted);
        // Where the system does not let it, it goes with what it has.
        let _ = setrlimit(Resource::Nofile, limit);
    }
}

/// How many files the process may open.
pub fn open_files() -> usize {
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    files.map_or(usize::MAX, |files| {
        usize::try_from(files).unwrap_or(usize::MAX)
    })
}
