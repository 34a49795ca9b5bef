//! Connecting a project's number at Meta, and letting one go.
//!
//! `check` shows that the token is good before anything changes; with it the number is the project's,
//! so that no webhook comes before there is somebody to take it. An account is unsubscribed when no
//! project has a number on it, and who subscribes or unsubscribes one holds its lock.

use super::steps::{ClaimedStep, StepEnd, StepName};
use super::work::ended_by;
use super::{Lifecycle, store};
use crate::news::Change;
use crate::projects::{AppliedNumber, LeavingNumber, Number, ProjectError, Secret, WishedNumber};
use crate::whatsapp::AccessToken;
use crate::whatsapp::onboarding::{MetaNumber, Onboarding, Trouble};
use std::time::Duration;

/// How long another project's step may take that changes the same account.
const LOCK_WAIT: Duration = Duration::from_secs(1);

/// Where Meta's webhooks must go.
pub(super) const WEBHOOK_PATH: &str = "/webhooks/whatsapp";

/// Why a step ends early.
enum Halt {
    Meta(Trouble),
    Store(ProjectError),
    End(StepEnd),
}

impl From<Trouble> for Halt {
    fn from(trouble: Trouble) -> Self {
        Self::Meta(trouble)
    }
}

impl From<ProjectError> for Halt {
    fn from(error: ProjectError) -> Self {
        Self::Store(error)
    }
}

type Halted = Result<StepEnd, Halt>;

fn end(halted: Halted) -> StepEnd {
    match halted {
        Ok(end) | Err(Halt::End(end)) => end,
        Err(Halt::Meta(Trouble::Refused(why))) => StepEnd::Failed(why),
        Err(Halt::Meta(Trouble::Later(why, wait))) => StepEnd::Retry(why, wait),
        Err(Halt::Store(error)) => ended_by(&error),
    }
}

pub(super) async fn check(lifecycle: &Lifecycle, claimed: &ClaimedStep) -> StepEnd {
    end(checked(lifecycle, claimed).await)
}

async fn checked(lifecycle: &Lifecycle, claimed: &ClaimedStep) -> Halted {
    let parts = lifecycle.parts();
    let wish = wished(lifecycle, claimed).await?;
    let token = access(&wish.token);
    let number = parts
        .onboarding
        .number(&token, &wish.phone_number_id)
        .await?;
    let (account, id) = (&wish.waba_id, &wish.phone_number_id);
    if !parts.onboarding.is_of_account(&token, account, id).await? {
        return Ok(StepEnd::Failed(format!(
            "number {id} is not one of account {account}. What to do: take both ids from the same page \
             of WhatsApp Manager, and connect the number again."
        )));
    }
    let seen = applied(&number);
    let applied = parts.projects.apply_number(
        claimed.project_id,
        &wish,
        &seen,
        async |conn, is_replaced| match is_replaced {
            true => store::want(conn, claimed.project_id, &[StepName::NumberRelease], None).await,
            false => Ok(()),
        },
    );
    applied.await?;
    lifecycle.changed(claimed.project_id, Change::Number).await;
    Ok(StepEnd::Done(Some(described(&number))))
}

pub(super) async fn subscribe(lifecycle: &Lifecycle, claimed: &ClaimedStep) -> StepEnd {
    end(subscribed(lifecycle, claimed).await)
}

async fn subscribed(lifecycle: &Lifecycle, claimed: &ClaimedStep) -> Halted {
    let parts = lifecycle.parts();
    let number = connected(lifecycle, claimed).await?;
    let Some(lock) = parts.projects.lock_account(&number.waba_id).await? else {
        return Ok(locked());
    };
    let token = access(&number.token);
    parts.onboarding.subscribe(&token, &number.waba_id).await?;
    drop(lock);
    Ok(StepEnd::Done(None))
}

pub(super) async fn register(lifecycle: &Lifecycle, claimed: &ClaimedStep) -> StepEnd {
    end(registered(lifecycle, claimed).await)
}

async fn registered(lifecycle: &Lifecycle, claimed: &ClaimedStep) -> Halted {
    let parts = lifecycle.parts();
    let number = connected(lifecycle, claimed).await?;
    let token = access(&number.token);
    // Meta counts registrations, so one that is not needed is not made.
    let meta = parts
        .onboarding
        .number(&token, &number.phone_number_id)
        .await?;
    if meta.is_registered() {
        return Ok(StepEnd::Skipped(
            "the number is registered already".to_owned(),
        ));
    }
    let wish = parts.projects.wished_number(claimed.project_id).await?;
    let Some(pin) = wish.and_then(|wish| wish.pin) else {
        return Ok(StepEnd::Failed(
            "the number is not registered for the Cloud API yet, and that takes a PIN. What to do: \
             connect it again with `pin`: the PIN of its two-step verification if that is on, else six \
             digits of your choice, which become that PIN; keep them."
                .to_owned(),
        ));
    };
    let id = &number.phone_number_id;
    parts.onboarding.register(&token, id, pin.expose()).await?;
    Ok(StepEnd::Done(None))
}

pub(super) async fn verify(lifecycle: &Lifecycle, claimed: &ClaimedStep) -> StepEnd {
    end(verified(lifecycle, claimed).await)
}

async fn verified(lifecycle: &Lifecycle, claimed: &ClaimedStep) -> Halted {
    let parts = lifecycle.parts();
    let number = connected(lifecycle, claimed).await?;
    let token = access(&number.token);
    let meta = parts
        .onboarding
        .number(&token, &number.phone_number_id)
        .await?;
    if !parts
        .onboarding
        .is_subscribed(&token, &number.waba_id)
        .await?
    {
        return Ok(StepEnd::Failed(format!(
            "the app is not subscribed to account {} although Meta took the subscription: somebody \
             ended it. What to do: connect the number again.",
            number.waba_id
        )));
    }
    if !meta.is_registered() {
        let status = meta.status.as_deref().unwrap_or("unknown");
        return Ok(StepEnd::Failed(format!(
            "number {} is not ready: its status at Meta is {status}. What to do: see the number in \
             WhatsApp Manager, then connect it again.",
            number.phone_number_id
        )));
    }
    let projects = &parts.projects;
    projects
        .number_connected(claimed.project_id, &applied(&meta))
        .await?;
    // Its environment counts as changed, by what Meta says of the number now.
    lifecycle
        .changed(claimed.project_id, Change::Environment)
        .await;
    Ok(StepEnd::Done(Some(
        doubts(&meta).unwrap_or_else(|| described(&meta)),
    )))
}

/// What keeps customers' messages away although Meta refused nothing.
fn doubts(meta: &MetaNumber) -> Option<String> {
    let places = meta.webhook_configuration.clone().unwrap_or_default();
    match places.used() {
        None => Some(format!(
            "connected, but the Meta app has no callback URL, so no message will come: set it to this \
             host's public address and {WEBHOOK_PATH} in the app's WhatsApp settings"
        )),
        Some(url) if !url.split('?').next().unwrap_or(url).ends_with(WEBHOOK_PATH) => {
            Some(format!(
                "connected, but its webhooks go to {url}, which does not look like this host's \
             {WEBHOOK_PATH}: change the app's callback URL, or take the override away"
            ))
        }
        Some(_) => None,
    }
}

pub(super) async fn release(lifecycle: &Lifecycle, claimed: &ClaimedStep) -> StepEnd {
    end(released(lifecycle, claimed).await)
}

/// What Meta refuses here does not keep anything else from going on: it is noted.
async fn released(lifecycle: &Lifecycle, claimed: &ClaimedStep) -> Halted {
    let parts = lifecycle.parts();
    let leaving = parts.projects.leaving_numbers(claimed.project_id).await?;
    if leaving.is_empty() {
        return Ok(StepEnd::Done(None));
    }
    let is_last = claimed.attempts >= claimed.step.max_attempts();
    let mut notes = Vec::new();
    for number in leaving {
        match told(lifecycle, &number).await {
            Ok(Some(note)) => notes.push(note),
            Ok(None) => {}
            Err(Halt::Meta(Trouble::Refused(why))) => notes.push(left_over(&number, &why)),
            Err(Halt::Meta(Trouble::Later(why, _))) if is_last => {
                notes.push(left_over(&number, &why));
            }
            Err(halt) => return Err(halt),
        }
        let projects = &parts.projects;
        projects
            .number_left(claimed.project_id, &number.phone_number_id)
            .await?;
    }
    Ok(StepEnd::Done((!notes.is_empty()).then(|| notes.join(" "))))
}

async fn told(lifecycle: &Lifecycle, number: &LeavingNumber) -> Result<Option<String>, Halt> {
    let (projects, onboarding) = (&lifecycle.parts().projects, &lifecycle.parts().onboarding);
    let token = access(&number.token);
    if number.deregister {
        deregister(onboarding, &token, number).await?;
    }
    let Some(lock) = projects.lock_account(&number.waba_id).await? else {
        return Err(Halt::End(locked()));
    };
    if projects.is_account_used(&number.waba_id).await? {
        return Ok(Some(format!(
            "account {} stays subscribed: another number of it is connected here",
            number.waba_id
        )));
    }
    onboarding.unsubscribe(&token, &number.waba_id).await?;
    drop(lock);
    Ok(None)
}

async fn deregister(
    onboarding: &Onboarding,
    token: &AccessToken,
    number: &LeavingNumber,
) -> Result<(), Trouble> {
    let id = &number.phone_number_id;
    match onboarding.number(token, id).await {
        // Done before, by a step that crashed then.
        Ok(meta) if !meta.is_registered() => Ok(()),
        Ok(_) => onboarding.deregister(token, id).await,
        Err(trouble) => Err(trouble),
    }
}

fn left_over(number: &LeavingNumber, why: &str) -> String {
    format!(
        "Meta could not be told that number {} left: {why} The app may still be subscribed to account \
         {}; what comes for it is kept as unrouted.",
        number.phone_number_id, number.waba_id
    )
}

async fn wished(lifecycle: &Lifecycle, claimed: &ClaimedStep) -> Result<WishedNumber, Halt> {
    let wished = lifecycle.parts().projects.wished_number(claimed.project_id);
    wished.await?.ok_or_else(no_number)
}

/// The number that `check` made the project's.
async fn connected(lifecycle: &Lifecycle, claimed: &ClaimedStep) -> Result<Number, Halt> {
    let number = lifecycle.parts().projects.number(claimed.project_id);
    number.await?.ok_or_else(no_number)
}

fn no_number() -> Halt {
    Halt::End(StepEnd::Skipped("the number was disconnected".to_owned()))
}

fn locked() -> StepEnd {
    StepEnd::Later(
        LOCK_WAIT,
        "another number of the account is being changed".to_owned(),
    )
}

fn access(token: &Secret) -> AccessToken {
    AccessToken::new(token.expose())
}

pub(super) fn applied(number: &MetaNumber) -> AppliedNumber {
    AppliedNumber {
        display_phone_number: number.digits(),
        verified_name: number.verified_name.clone(),
        quality_rating: number.quality_rating.clone(),
        status: number.status.clone(),
    }
}

/// The name and standing, without the phone number: notes are logged and followed.
fn described(number: &MetaNumber) -> String {
    let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
    let mut text = format!(
        "“{}”, quality {}, status {}",
        word(&number.verified_name),
        word(&number.quality_rating),
        word(&number.status)
    );
    if let Some(name_status) = number.name_status.as_deref().filter(|s| *s != "APPROVED") {
        text.push_str(&format!(", display name {name_status}"));
    }
    text
}
