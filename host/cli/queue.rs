//! `roost queue`.

use clap::Args;

use super::{Answer, ApiArgs, CliError, ProjectArgs, Session};
use crate::views::queue::QueueView;

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
        let answer: Answer<QueueView> = match self.project.project.as_deref() {
            Some(project) => client.get(&["projects", project, "queue"], &[]).await?,
            None => client.get(&["queue"], &[("limit", &limit)]).await?,
        };
        if output.is_json() {
            return output.json(answer.json());
        }
        let queue = answer.read()?;
        output.say(&format!(
            "{} waiting or running ({} of them live), {} running, {} dead; the oldest has waited {}",
            queue.pending,
            queue.live,
            queue.running,
            queue.dead,
            age(queue.oldest_age_ms),
        ))?;
        let projects = queue.projects.iter();
        let rows: Vec<Vec<String>> = projects
            .map(|project| {
                vec![
                    project.name.clone(),
                    project.pending.to_string(),
                    project.live.to_string(),
                    project.running.to_string(),
                    project.held.to_string(),
                    age(project.oldest_age_ms),
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
fn age(ms: Option<i64>) -> String {
    let Some(ms) = ms else {
        return "-".to_owned();
    };
    match ms {
        ..10_000 => format!("{ms} ms"),
        10_000..600_000 => format!("{} s", ms / 1_000),
        600_000..36_000_000 => format!("{} min", ms / 60_000),
        _ => format!("{} h", ms / 3_600_000),
    }
}
