//! What each step does.

use super::steps::{ClaimedStep, StepEnd, StepName};
use super::{Lifecycle, number, removal};
use crate::causes::with_causes;
use crate::deploys::DeployError;
use crate::projects::{EnvironmentState, ProjectError, VaultError, VersionState};
use std::time::Duration;

/// How often a deploy is looked for that somebody promised, and whether the version has what was connected
/// while it was built, should news of it have been missed.
const LOOK_FOR_DEPLOY: Duration = Duration::from_secs(5);

/// What only a person can end.
pub(super) const NO_DEPLOY: &str = "waits for the first deploy";

pub(super) async fn run(lifecycle: &Lifecycle, claimed: &ClaimedStep) -> StepEnd {
    match claimed.step {
        StepName::Database => database(lifecycle, claimed).await,
        StepName::NumberCheck => number::check(lifecycle, claimed).await,
        StepName::NumberSubscribe => number::subscribe(lifecycle, claimed).await,
        StepName::NumberRegister => number::register(lifecycle, claimed).await,
        StepName::NumberVerify => number::verify(lifecycle, claimed).await,
        StepName::Secrets => secrets(lifecycle, claimed).await,
        StepName::FirstDeploy => first_deploy(lifecycle, claimed).await,
        StepName::NumberRelease => number::release(lifecycle, claimed).await,
        StepName::DropSchema => removal::drop_schema(lifecycle, claimed).await,
        StepName::DropFiles => removal::drop_files(lifecycle, claimed).await,
        StepName::Forget => removal::forget(lifecycle, claimed).await,
    }
}

/// Role and schema: placed first and made then, so that a crash between leaves nothing unowned.
async fn database(lifecycle: &Lifecycle, claimed: &ClaimedStep) -> StepEnd {
    let parts = lifecycle.parts();
    let project = match parts.projects.by_id(claimed.project_id).await {
        Ok(project) => project,
        Err(error) => return ended_by(&error),
    };
    match parts.deploys.provision(&project).await {
        Ok(_) => StepEnd::Done(None),
        Err(DeployError::Project(error)) => ended_by(&error),
        Err(error) => {
            tracing::warn!(error = %with_causes(&error), "a project's schema could not be made");
            StepEnd::Retry(
                "the project's role and schema could not be made: Postgres refused, or is away"
                    .to_owned(),
                None,
            )
        }
    }
}

/// They were sealed when the project was made; a host with another master key finds that out here,
/// and not at the first event.
async fn secrets(lifecycle: &Lifecycle, claimed: &ClaimedStep) -> StepEnd {
    match lifecycle.parts().projects.secrets(claimed.project_id).await {
        Ok(secrets) if secrets.is_empty() => {
            StepEnd::Skipped("no secrets were given; set them at any time".to_owned())
        }
        Ok(secrets) => StepEnd::Done(Some(match secrets.len() {
            1 => "1 secret is sealed".to_owned(),
            n => format!("{n} secrets are sealed"),
        })),
        Err(error) => ended_by(&error),
    }
}

async fn first_deploy(lifecycle: &Lifecycle, claimed: &ClaimedStep) -> StepEnd {
    let (projects, id) = (&lifecycle.parts().projects, claimed.project_id);
    let looked = async {
        let is_active = projects.by_id(id).await?.active_version.is_some();
        let wants = projects.wants_deploy(id).await?;
        let newest = projects.versions(id).await?.into_iter().next();
        Ok::<_, ProjectError>((is_active, wants, newest.map(|version| version.state)))
    };
    match looked.await {
        Ok((true, _, _)) => match projects.environment_state(id).await {
            // Without its number's id a bot fails at the first message.
            Ok(EnvironmentState::Applying) => StepEnd::Later(
                LOOK_FOR_DEPLOY,
                "the bot starts again, with its number and its secrets".to_owned(),
            ),
            Ok(_) => StepEnd::Done(None),
            Err(error) => ended_by(&error),
        },
        Ok((false, false, _)) => {
            StepEnd::Skipped("nothing was given to deploy; deploy at any time".to_owned())
        }
        Ok((false, true, Some(VersionState::Failed))) => StepEnd::Failed(
            "the first deploy failed: see the version's log, mend the code, and deploy again"
                .to_owned(),
        ),
        Ok((false, true, Some(_))) => StepEnd::Later(
            LOOK_FOR_DEPLOY,
            "the first version is being built".to_owned(),
        ),
        Ok((false, true, None)) => StepEnd::Later(LOOK_FOR_DEPLOY, NO_DEPLOY.to_owned()),
        Err(error) => ended_by(&error),
    }
}

/// What a failure of the control database means for a step.
pub(super) fn ended_by(error: &ProjectError) -> StepEnd {
    match error {
        ProjectError::Database(source) => {
            tracing::warn!(error = %source, "a step could not use the control database");
            StepEnd::Retry("the control database refused, or is away".to_owned(), None)
        }
        ProjectError::Vault(VaultError::NoRandom) => StepEnd::Retry(error.to_string(), None),
        error => StepEnd::Failed(error.to_string()),
    }
}
