//! Whose a Flow of an account is. Names are unique in an account, and ids say nothing of projects, so this is asked
//! before anything is done with a Flow that the project's own rows do not have.

use super::FlowError;
use crate::accounts::{Accounts, Kind};
use crate::projects::ProjectId;

/// Those of these Flows that are the project's.
pub(super) async fn own(
    accounts: &Accounts,
    account: &str,
    ids: &[String],
    project: ProjectId,
) -> Result<Vec<String>, FlowError> {
    let owners = accounts.owners_of(account, Kind::Flow, ids).await?;
    let is_own = |id: &&String| owners.get(*id).is_some_and(|owner| owner.is(project));
    Ok(ids.iter().filter(is_own).cloned().collect())
}

/// Has the project own a Flow that it made. Says whether it does.
pub(super) async fn claim(
    accounts: &Accounts,
    account: &str,
    id: &str,
    project: ProjectId,
) -> Result<bool, FlowError> {
    let ids = [id.to_owned()];
    let own = accounts.claim(account, Kind::Flow, &ids, project).await?;
    Ok(!own.is_empty())
}

/// Ends what the project owns of a Flow that is gone.
pub(super) async fn release(
    accounts: &Accounts,
    account: &str,
    id: &str,
    project: ProjectId,
) -> Result<(), FlowError> {
    Ok(accounts.release(account, Kind::Flow, id, project).await?)
}
