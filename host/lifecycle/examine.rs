//! What Meta says of a project's number, and what is changed of it there: its profile, its name, its PIN.

use super::number::{WEBHOOK_PATH, applied};
use super::{Lifecycle, LifecycleError};
use crate::projects::{Number, ProjectId};
use crate::whatsapp::AccessToken;
use crate::whatsapp::onboarding::{Finding, NumberDetails, Profile, ProfileChange, Trouble};

impl From<Trouble> for LifecycleError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(why) => Self::Refused(why),
            Trouble::Later(why, _) => Self::Later(why),
        }
    }
}

impl Lifecycle {
    /// All that Meta says of a project's number, now.
    pub async fn number_details(
        &self,
        project: ProjectId,
    ) -> Result<NumberDetails, LifecycleError> {
        let (number, token) = self.reach(project).await?;
        let onboarding = &self.parts().onboarding;
        let details = onboarding.details(&token, &number.phone_number_id).await?;
        self.saw(project, &details).await?;
        Ok(details)
    }

    /// Looks whether a project's number works.
    pub async fn examine_number(&self, project: ProjectId) -> Result<Vec<Finding>, LifecycleError> {
        let (number, token) = self.reach(project).await?;
        let ids = (number.phone_number_id.as_str(), number.waba_id.as_str());
        let onboarding = &self.parts().onboarding;
        let (found, details) = onboarding.examine(&token, ids, WEBHOOK_PATH).await;
        if let Some(details) = details {
            self.saw(project, &details).await?;
        }
        Ok(found)
    }

    /// Sets the PIN of two-step verification, and turns that on.
    pub async fn set_pin(&self, project: ProjectId, pin: &str) -> Result<(), LifecycleError> {
        if pin.len() != 6 || !pin.bytes().all(|b| b.is_ascii_digit()) {
            return Err(LifecycleError::NoPin);
        }
        let (number, token) = self.reach(project).await?;
        let onboarding = &self.parts().onboarding;
        let id = &number.phone_number_id;
        Ok(onboarding.set_pin(&token, id, pin).await?)
    }

    /// Asks Meta for another display name, and gives what it says of it now.
    pub async fn rename_number(
        &self,
        project: ProjectId,
        name: &str,
    ) -> Result<NumberDetails, LifecycleError> {
        let (number, token) = self.reach(project).await?;
        let onboarding = &self.parts().onboarding;
        let id = &number.phone_number_id;
        onboarding.rename(&token, id, name).await?;
        Ok(onboarding.details(&token, id).await?)
    }

    /// What customers see of a project's number.
    pub async fn profile(&self, project: ProjectId) -> Result<Profile, LifecycleError> {
        let (number, token) = self.reach(project).await?;
        let onboarding = &self.parts().onboarding;
        let id = &number.phone_number_id;
        Ok(onboarding.profile(&token, id).await?)
    }

    /// Changes it, and gives what it is then.
    pub async fn change_profile(
        &self,
        project: ProjectId,
        change: &ProfileChange,
    ) -> Result<Profile, LifecycleError> {
        let json = change.json().map_err(LifecycleError::BadProfile)?;
        let (number, token) = self.reach(project).await?;
        let onboarding = &self.parts().onboarding;
        let id = &number.phone_number_id;
        onboarding.set_profile(&token, id, json).await?;
        Ok(onboarding.profile(&token, id).await?)
    }

    async fn reach(&self, project: ProjectId) -> Result<(Number, AccessToken), LifecycleError> {
        let projects = &self.parts().projects;
        let Some(number) = projects.number(project).await? else {
            return Err(LifecycleError::NoNumber(
                projects.by_id(project).await?.name,
            ));
        };
        let token = AccessToken::new(number.token.expose());
        Ok((number, token))
    }

    async fn saw(&self, project: ProjectId, details: &NumberDetails) -> Result<(), LifecycleError> {
        let seen = applied(&details.number);
        Ok(self.parts().projects.number_seen(project, &seen).await?)
    }
}
