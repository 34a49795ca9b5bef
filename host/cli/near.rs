//! "There is no such project": those that it could have been.

use super::{Answer, CliError, Session};
use crate::near::near;
use crate::views::Page;
use crate::views::projects::ProjectView;

/// Adds to "there is no such project" the projects that it could have been.
pub(super) async fn with_near_names(
    error: CliError,
    project: Option<&str>,
    session: &Session,
) -> CliError {
    let (
        CliError::Refused {
            problem,
            hint: None,
        },
        Some(wanted),
    ) = (&error, project)
    else {
        return error;
    };
    if problem.code != "project-not-found" {
        return error;
    }
    let list = session.client.list(&["projects"], &[], Some(1000)).await;
    let list = list.and_then(|list: Answer<Page<ProjectView>>| list.read());
    let Ok(list) = list else {
        return error;
    };
    let names: Vec<&str> = list.items.iter().map(|item| item.name.as_str()).collect();
    let hint = match near(wanted, names.iter().copied()).as_slice() {
        [] if names.is_empty() => {
            "there are no projects yet: `roost projects create NAME` makes one".to_owned()
        }
        [] => "`roost projects` lists those that this token may see".to_owned(),
        near => format!("did you mean `{}`?", near.join("`, `")),
    };
    match error {
        CliError::Refused { problem, .. } => CliError::Refused {
            problem,
            hint: Some(hint),
        },
        other => other,
    }
}
