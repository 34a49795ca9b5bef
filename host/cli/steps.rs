//! Steps of projects, for people: as a table, and line by line as they change.

use serde_json::Value;

use super::sse::{self, ServerEvent};
use super::{CliError, Session, text, time};

/// A table of the steps at `/steps`, and what went wrong below it.
pub(super) fn table(session: &Session, standing: &Value) -> Result<(), CliError> {
    let steps = standing["steps"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let output = &session.output;
    output.table(
        &["step", "state", "tries", "ended", "note"],
        steps.iter().map(|step| {
            vec![
                text(step, "/step"),
                text(step, "/state"),
                text(step, "/attempts"),
                time(step, "/ended_at"),
                text(step, "/note"),
            ]
        }),
    )?;
    for step in steps {
        if let Some(error) = step["error"].as_str() {
            output.say(&format!("{}: {error}", text(step, "/step")))?;
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
    let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
    let output = &session.output;
    if output.is_json() {
        let line = serde_json::json!({ "event": event.name, "data": data });
        output.say(&line.to_string())?;
    }
    match event.name.as_str() {
        "step" => {
            // That a step has yet to begin is no news.
            let is_news = data["state"] != "waiting" || data["error"].is_string();
            if !output.is_json() && is_news {
                output.say(&line(&data))?;
            }
            Ok(false)
        }
        "end" => {
            let status = text(&data, "/status");
            if let Some(error) = data["error"].as_str() {
                *failed = Some(format!("step `{}`: {error}", text(&data, "/step")));
            }
            if !output.is_json() {
                output.say(&format!("the project is {status}"))?;
            }
            Ok(true)
        }
        "gone" => {
            if !output.is_json() {
                output.say("the project is gone")?;
            }
            Ok(true)
        }
        _ => Ok(false),
    }
}

fn line(change: &Value) -> String {
    let mut line = format!("{:<18}{}", text(change, "/step"), text(change, "/state"));
    for (place, before) in [("/note", ": "), ("/error", ": ")] {
        if let Some(said) = change.pointer(place).and_then(Value::as_str) {
            line.push_str(before);
            line.push_str(said);
        }
    }
    if change["next_try_at"].is_string() && change["error"].is_string() {
        line.push_str(&format!(" (again at {})", time(change, "/next_try_at")));
    }
    line
}
