//! `roost audit`.

use clap::Args;

use super::{Answer, ApiArgs, CliError, ProjectArgs, Session, or_dash, time};
use crate::views::Page;
use crate::views::audit::AuditRecord;

/// Shows what was changed, and by whom; newest first.
#[derive(Args)]
pub struct AuditArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(flatten)]
    pub project: ProjectArgs,
    /// How many changes to show.
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

impl AuditArgs {
    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        let project = self.project.project.as_deref();
        let query: Vec<(&str, &str)> = project.map(|name| ("project", name)).into_iter().collect();
        let list: Answer<Page<AuditRecord>> = session
            .client
            .list(&["audit"], &query, Some(self.limit))
            .await?;
        session.output.list(
            &list,
            &["when", "who", "what", "project", "status", "changed"],
            |entry| {
                vec![
                    time(entry.at),
                    entry.actor.clone(),
                    entry.action.clone(),
                    or_dash(entry.project.as_deref()),
                    or_dash(entry.status),
                    or_dash(entry.changed.as_ref()),
                ]
            },
            "nothing was changed yet",
        )
    }
}
