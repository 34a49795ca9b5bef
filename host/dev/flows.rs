//! The Flows of the bot's folder: each is published at the emulated Meta as it was saved.

use super::LocalBot;
use crate::cli::{FlowFile, flow_files};

/// Publishes those that changed, and says what became of them.
pub(super) async fn follow(bot: &LocalBot<'_>) -> Vec<String> {
    let files = match flow_files(&bot.folder) {
        Ok(files) => files,
        Err(error) => return vec![format!("warning: {error}")],
    };
    let mut lines = Vec::new();
    for file in &files {
        if !file.report.is_good() {
            let shown = file.shown();
            lines.extend(
                file.report
                    .errors()
                    .map(|problem| format!("{shown}:{problem}")),
            );
            continue;
        }
        match published(bot, file).await {
            Ok(true) => lines.push(format!(
                "Flow `{}` is published at the emulated Meta",
                file.name
            )),
            Ok(false) => {}
            Err(error) => lines.push(format!("warning: Flow `{}`: {error:#}", file.name)),
        }
    }
    lines
}

/// Says whether there was something to do.
async fn published(bot: &LocalBot<'_>, file: &FlowFile) -> anyhow::Result<bool> {
    let (flows, project) = (bot.setup.app.flows(), &bot.connected.project);
    let digest = Some(file.digest());
    if let Ok(before) = flows.find(project.project_id, file.name.as_str()).await
        && before.json_sha256 == digest
        && before.published_sha256 == digest
    {
        return Ok(false);
    }
    let pushed = flows.push(project, &file.name, &file.wanted()).await?;
    if let Some(problem) = pushed.flow.validation_errors.first() {
        anyhow::bail!("Meta has something against it: {}", problem.message);
    }
    flows.publish(project, file.name.as_str()).await?;
    Ok(true)
}
