//! Telling the changes of a project's steps as they happen, whichever host makes them.

use super::steps::{Step, StepChange, StepName, StepState};
use super::work::NO_DEPLOY;
use super::{Lifecycle, LifecycleError, Standing, State, store};
use crate::news::{Change, Listener};
use crate::projects::{ProjectError, ProjectId};
use futures::Stream;
use futures::stream;
use std::collections::VecDeque;

/// What a follower hears.
#[derive(Clone, Debug)]
pub enum News {
    /// A step changed.
    Changed(StepChange),
    /// Nothing more happens by itself. The last news; the project is gone when it holds nothing.
    Ended(Option<Box<Standing>>),
}

struct Follower {
    lifecycle: Lifecycle,
    project_id: ProjectId,
    after: i64,
    waiting: VecDeque<StepChange>,
    news: Listener,
    is_over: bool,
}

impl Lifecycle {
    /// Every change after `after` (0: from the beginning), those to come too, until nothing more
    /// happens by itself.
    ///
    /// Fails at once when there is no such project; later only when the database is away.
    pub async fn follow(
        &self,
        project_id: ProjectId,
        after: i64,
    ) -> Result<impl Stream<Item = Result<News, LifecycleError>> + Send + use<>, LifecycleError>
    {
        self.parts().projects.by_id(project_id).await?;
        let follower = Follower {
            lifecycle: self.clone(),
            project_id,
            after,
            waiting: VecDeque::new(),
            news: self.parts().news.listen(),
            is_over: false,
        };
        Ok(stream::try_unfold(follower, next))
    }
}

async fn next(mut follower: Follower) -> Result<Option<(News, Follower)>, LifecycleError> {
    if follower.is_over {
        return Ok(None);
    }
    loop {
        if let Some(change) = follower.waiting.pop_front() {
            follower.after = change.change_id;
            return Ok(Some((News::Changed(change), follower)));
        }
        let standing = match follower.lifecycle.standing(follower.project_id).await {
            Ok(standing) => Some(Box::new(standing)),
            Err(LifecycleError::Project(ProjectError::NotFound(_))) => None,
            Err(error) => return Err(error),
        };
        // After the standing: what it says has ended is among the changes then.
        let pool = &follower.lifecycle.parts().pool;
        let changes = store::changes(pool, follower.project_id, follower.after).await;
        follower.waiting = changes.map_err(ProjectError::from)?.into();
        if !follower.waiting.is_empty() {
            continue;
        }
        if standing.as_ref().is_none_or(|standing| is_over(standing)) {
            follower.is_over = true;
            return Ok(Some((News::Ended(standing), follower)));
        }
        let project_id = follower.project_id;
        follower.news.of(project_id, &[Change::Step]).await;
    }
}

/// Whether nothing happens before somebody does something, or before a grace period is over.
pub(super) fn is_over(standing: &Standing) -> bool {
    let open = |step: StepName| {
        let mut steps = standing.steps.iter();
        steps.any(|found| found.step == step && !found.state.is_over())
    };
    if open(StepName::NumberRelease) {
        return false;
    }
    match (standing.state, standing.delete_after) {
        (State::Deleting, Some(at)) => at > sqlx::types::chrono::Utc::now(),
        _ => {
            let mut steps = standing.steps.iter();
            let failed = standing
                .steps
                .iter()
                .any(|step| step.state == StepState::Failed);
            // With a version that serves the wait is over, and somebody is about to see that.
            let waits = |step: &Step| !standing.serves && step.note.as_deref() == Some(NO_DEPLOY);
            failed || steps.all(|step| step.state.is_over() || waits(step))
        }
    }
}
