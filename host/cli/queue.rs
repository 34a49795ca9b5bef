//! `roost queue`.

use clap::Args;
use serde_json::Value;

use super::{ApiArgs, CliError, ProjectArgs, Session, text};

/// Shows what waits to run, for how long, and whose it is.
#[derive(Args)]
pub struct QueueArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(flatten)]
    pub project: ProjectArgs,
    /// How many projects to show, those with the most waiting first.
    #[arg(long, default_value_t = 10)]
    limit: u32,
}

impl QueueArgs {
    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        let Session { client, output } = session;
        let limit = self.limit.to_string();
        let queue = match self.project.project.as_deref() {
            Some(project) => client.get(&["projects", project, "queue"], &[]).await?,
            None => client.get(&["queue"], &[("limit", &limit)]).await?,
        };
        if output.is_json() {
            return output.json(&queue);
        }
        output.say(&format!(
            "{} waiting or running ({} of them live), {} running, {} dead; the oldest has waited {}",
            text(&queue, "/pending"),
            text(&queue, "/live"),
            text(&queue, "/running"),
            text(&queue, "/dead"),
            age(&queue["oldest_age_ms"]),
        ))?;
        let projects = queue["projects"].as_array().into_iter().flatten();
        let rows: Vec<Vec<String>> = projects
            .map(|project| {
                vec![
                    text(project, "/name"),
                    text(project, "/pending"),
                    text(project, "/live"),
                    text(project, "/running"),
                    text(project, "/held"),
                    age(&project["oldest_age_ms"]),
                ]
            })
            .collect();
        match rows.is_empty() {
            true => Ok(()),
            false => output.table(
                &["project", "pending", "live", "running", "held", "oldest"],
                rows,
            ),
        }
    }
}

/// A time in one unit, as in `90 s`; `-` when there is none.
fn age(ms: &Value) -> String {
    let Some(ms) = ms.as_i64() else {
        return "-".to_owned();
    };
    match ms {
        ..10_000 => format!("{ms} ms"),
        10_000..600_000 => format!("{} s", ms / 1_000),
        600_000..36_000_000 => format!("{} min", ms / 60_000),
        _ => format!("{} h", ms / 3_600_000),
    }
}
