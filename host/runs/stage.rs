//! Where an event runs: in a fresh instance, or in its project's resident one.

use super::residents::{AtWork, NoTurn, Residents, Turn};
use crate::capabilities::Grants;
use crate::deploys::Serving;
use crate::projects::ProjectId;
use crate::sandbox::{Budget, Instance, Permit, RunError};
use crate::words::Lifetime;
use std::sync::Arc;
use std::time::Duration;

/// The right to an instance, waited for before the clock of the event starts.
pub(super) enum Place {
    Fresh(Permit),
    /// With a permit when the seat is empty.
    Resident(Box<Turn>, Option<Permit>),
}

/// An instance that is armed for one event.
pub(super) enum Stage {
    Fresh(Box<Instance>),
    Resident(Box<AtWork>),
}

impl Place {
    /// Waits until there may be one more instance, or until the project's resident one is free,
    /// for that no longer than `patience`.
    pub(super) async fn find(
        residents: &Residents,
        project: ProjectId,
        serving: &Arc<Serving>,
        patience: Duration,
    ) -> Result<Self, NoTurn> {
        if serving.lifetime == Lifetime::Fresh {
            return Ok(Self::Fresh(serving.permit().await));
        }
        let mut turn = residents.turn(project, patience).await?;
        let permit = match turn.is_live(serving) {
            true => None,
            false => Some(serving.permit().await),
        };
        Ok(Self::Resident(Box::new(turn), permit))
    }

    /// The instance, armed for an event.
    pub(super) async fn begin(
        self,
        serving: &Arc<Serving>,
        budget: Budget,
        grants: Grants,
    ) -> Result<Stage, RunError> {
        let budget = serving.budget(budget);
        Ok(match self {
            Self::Fresh(permit) => {
                let instance = Instance::start_with(permit, &serving.bot, budget, grants).await?;
                Stage::Fresh(Box::new(instance))
            }
            Self::Resident(turn, permit) => {
                let at_work = turn.begin(serving, permit, budget, grants).await?;
                Stage::Resident(Box::new(at_work))
            }
        })
    }
}

impl Stage {
    pub(super) fn instance(&mut self) -> &mut Instance {
        match self {
            Self::Fresh(instance) => instance,
            Self::Resident(at_work) => at_work.instance(),
        }
    }

    /// After an event that ended well: a resident instance goes back into its seat.
    pub(super) fn leave(self) {
        if let Self::Resident(at_work) = self {
            at_work.leave();
        }
    }
}
