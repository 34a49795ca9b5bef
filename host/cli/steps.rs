//! Steps of projects, for people: as a table, and line by line as they change.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::output::time_or_dash;
use super::sse::{self, ServerEvent};
use super::{CliError, Session, or_dash, time};
use crate::lifecycle::StepState;
use crate::views::projects::{ChangeView, StandingView, StepNews, StepView};
use crate::words::Told;

/// A table of steps, and what went wrong below it.
pub(super) fn table(session: &Session, steps: &[StepView]) -> Result<(), CliError> {
    let output = &session.output;
    output.table(
        &["step", "state", "tries", "ended", "note"],
        steps.iter().map(|step| {
            vec![
                step.step.to_string(),
                step.state.to_string(),
                step.attempts.to_string(),
                time_or_dash(step.ended_at),
                or_dash(step.note.as_deref()),
            ]
        }),
    )?;
    for step in steps {
        if let Some(error) = &step.error {
            output.say(&format!("{}: {error}", step.step))?;
        }
    }
    Ok(())
}

/// Says each change until nothing more happens by itself; fails when a step did.
pub(super) async fn follow(session: &Session, project: &str) -> Result<(), CliError> {
    let mut failed = None;
    sse::follow(
        session,
        &["projects", project, "provisioning", "stream"],
        |event| tell(session, event, &mut failed),
    )
    .await?;
    match failed {
        Some(sentence) => Err(CliError::File(sentence)),
        None => Ok(()),
    }
}

/// Returns whether it was the last.
fn tell(
    session: &Session,
    event: &ServerEvent,
    failed: &mut Option<String>,
) -> Result<bool, CliError> {
    let output = &session.output;
    if output.is_json() {
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        let line = serde_json::json!({ "event": event.name, "data": data });
        output.say(&line.to_string())?;
    }
    match Told::of(&event.name) {
        Told::Known(StepNews::Step) => {
            if !output.is_json() {
                let change: ChangeView = read(event)?;
                // That a step has yet to begin is no news.
                if !change.state.is(StepState::Waiting) || change.error.is_some() {
                    output.say(&line(&change))?;
                }
            }
            Ok(false)
        }
        Told::Known(StepNews::End) => {
            let standing: StandingView = read(event)?;
            if let Some(error) = standing.error {
                *failed = Some(format!("step `{}`: {error}", or_dash(standing.step)));
            }
            if !output.is_json() {
                output.say(&format!("the project is {}", standing.status))?;
            }
            Ok(true)
        }
        Told::Known(StepNews::Gone) => {
            if !output.is_json() {
                output.say("the project is gone")?;
            }
            Ok(true)
        }
        Told::New(_) => Ok(false),
    }
}

fn read<T: DeserializeOwned>(event: &ServerEvent) -> Result<T, CliError> {
    serde_json::from_str(&event.data).map_err(CliError::unreadable)
}

fn line(change: &ChangeView) -> String {
    let mut line = format!("{:<18}{}", change.step, change.state);
    for said in [&change.note, &change.error].into_iter().flatten() {
        line.push_str(": ");
        line.push_str(said);
    }
    if let (Some(again), Some(_)) = (change.next_try_at, &change.error) {
        line.push_str(&format!(" (again at {})", time(again)));
    }
    line
}
