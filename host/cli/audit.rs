//! `roost audit`.

use clap::Args;

use super::{ApiArgs, CliError, ProjectArgs, Session, text, time};

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
        let list = session
            .client
            .list(&["audit"], &query, Some(self.limit))
            .await?;
        session.output.list(
            &list,
            &["when", "who", "what", "project", "status", "changed"],
            |entry| {
                vec![
                    time(entry, "/at"),
                    text(entry, "/actor"),
                    text(entry, "/action"),
                    text(entry, "/project"),
                    text(entry, "/status"),
                    text(entry, "/changed"),
                ]
            },
            "nothing was changed yet",
        )
    }
}
