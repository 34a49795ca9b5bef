//! `roost logs`.

use std::time::Duration;

use clap::Args;
use reqwest::Method;
use serde_json::Value;

use super::client::with_query;
use super::when::time_of;
use super::{Answer, ApiArgs, CliError, ProjectArgs, Session, time};
use crate::views::Page;
use crate::views::logs::LogView;
use crate::words::{LogLevel, typed};

/// How long one waits before a stream that broke is taken up again.
const PAUSE: Duration = Duration::from_secs(1);

/// Tries in a row that may fail, after a stream was there.
const TRIES: u32 = 30;

/// Shows what a bot logs.
#[derive(Args)]
pub struct LogsArgs {
    #[command(flatten)]
    pub api: ApiArgs,
    #[command(flatten)]
    pub project: ProjectArgs,
    /// Goes on with what comes.
    #[arg(long, short)]
    follow: bool,
    /// This level and those above it: trace, debug, info, warn or error.
    #[arg(long, value_parser = typed::<LogLevel>)]
    level: Option<LogLevel>,
    /// What one event logged.
    #[arg(long)]
    event: Option<String>,
    /// What the line contains.
    #[arg(long)]
    text: Option<String>,
    /// Logged since then: `10m`, `2h`, `3d`, or a time as in 2026-01-31T09:30:00Z.
    #[arg(long)]
    since: Option<String>,
    /// Logged before then.
    #[arg(long, conflicts_with = "follow")]
    until: Option<String>,
    /// How many lines to begin with; 100, and with `--since` 1000.
    #[arg(long)]
    limit: Option<usize>,
}

impl LogsArgs {
    pub(super) async fn run(self, session: &Session) -> Result<(), CliError> {
        let project = self.project.required()?;
        let since = self.since.as_deref().map(time_of).transpose()?;
        let until = self.until.as_deref().map(time_of).transpose()?;
        let limit = self
            .limit
            .unwrap_or(if since.is_some() { 1_000 } else { 100 });
        let filter = [
            ("level", self.level.map(LogLevel::word)),
            ("event", self.event.as_deref()),
            ("text", self.text.as_deref()),
        ];
        let filter = filter
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        let filter: Vec<(&str, &str)> = filter.collect();
        let mut query = filter.clone();
        query.extend(since.as_deref().map(|since| ("since", since)));
        query.extend(until.as_deref().map(|until| ("until", until)));
        let path = ["projects", project, "logs"];
        let list: Answer<Page<Value>> = session.client.list(&path, &query, Some(limit)).await?;
        let output = &session.output;
        if output.is_json() && !self.follow {
            return output.json(list.json());
        }
        let lines: Vec<Answer<LogView>> = list.read()?.items.into_iter().map(Answer::of).collect();
        for line in lines.iter().rev() {
            print(session, line)?;
        }
        if self.follow {
            let last = lines.first().map(Answer::read).transpose()?;
            return follow(session, project, &filter, last.map(|line| line.id)).await;
        }
        if lines.is_empty() {
            output.say("nothing was logged")?;
        }
        Ok(())
    }
}

/// A line as people read it.
pub(super) fn line(line: &LogView) -> String {
    let event = match &line.event_id {
        None => String::new(),
        Some(event) => format!("event {event}  "),
    };
    let level = line.level.word().to_uppercase();
    // What follows a line of several is shown as a part of it, whatever it looks like.
    let message: String = line
        .message
        .replace('\n', "\n    ")
        .chars()
        .map(|c| if c.is_control() && c != '\n' { ' ' } else { c })
        .collect();
    format!("{}  {level:5}  {event}{message}", time(line.at))
}

/// For programs: one JSON object a line.
fn print(session: &Session, entry: &Answer<LogView>) -> Result<(), CliError> {
    match session.output.is_json() {
        true => session.output.say(&entry.json().to_string()),
        false => session.output.say(&line(&entry.read()?)),
    }
}

/// Shows lines as they come, until it is interrupted. A host that stops and starts again is waited
/// for, and no line is missed.
async fn follow(
    session: &Session,
    project: &str,
    filter: &[(&str, &str)],
    mut last: Option<String>,
) -> Result<(), CliError> {
    let path = ["projects", project, "logs", "stream"];
    let mut failures = None;
    loop {
        let mut query = filter.to_vec();
        query.extend(last.as_deref().map(|last| ("after", last)));
        let request = session.client.request(Method::GET, &path)?;
        let request = with_query(request, &query)?;
        match session.client.send(request).await {
            Ok(mut response) => {
                failures = Some(0);
                let mut buffer = Vec::new();
                while let Ok(Some(chunk)) = response.chunk().await {
                    buffer.extend_from_slice(&chunk);
                    for entry in take_lines(&mut buffer) {
                        let entry: Answer<LogView> = Answer::of(entry);
                        last = Some(entry.read()?.id);
                        print(session, &entry)?;
                    }
                }
            }
            // Not when it never worked.
            Err(CliError::Unreachable { .. }) if failures.is_some_and(|n| n < TRIES) => {
                failures = failures.map(|n| n + 1);
            }
            Err(error) => return Err(error),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The whole events at the front of what has arrived.
fn take_lines(buffer: &mut Vec<u8>) -> Vec<Value> {
    let mut entries = Vec::new();
    while let Some(end) = buffer.windows(2).position(|two| two == b"\n\n") {
        let event: Vec<u8> = buffer.drain(..end + 2).collect();
        let event = String::from_utf8_lossy(&event);
        let data: Vec<&str> = event
            .lines()
            .filter_map(|line| line.strip_prefix("data:"))
            .map(str::trim_start)
            .collect();
        entries.extend(serde_json::from_str::<Value>(&data.join("\n")).ok());
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn events_of_a_stream_are_taken_when_they_are_whole() {
        let mut buffer =
            b": keep-alive\n\nevent: line\nid: 7\ndata: {\"id\":\"7\"}\n\nevent: li".to_vec();
        assert_eq!(take_lines(&mut buffer), [json!({"id": "7"})]);
        buffer.extend_from_slice(b"ne\ndata: {\"id\":\n");
        assert!(take_lines(&mut buffer).is_empty());
        buffer.extend_from_slice(b"data: \"8\"}\n\n");
        assert_eq!(take_lines(&mut buffer), [json!({"id": "8"})]);
    }

    #[test]
    fn a_level_may_have_any_case() {
        use clap::FromArgMatches;
        let level = |given: &str| {
            let command = LogsArgs::augment_args(clap::Command::new("logs"));
            let matches = command.try_get_matches_from(["logs", "--level", given])?;
            LogsArgs::from_arg_matches(&matches).map(|args| args.level)
        };
        for given in ["warn", "WARN", "Warn"] {
            assert_eq!(level(given).unwrap(), Some(LogLevel::Warn), "{given}");
        }
        let refused = level("loud").unwrap_err().to_string();
        assert!(refused.contains("`loud` is no level"), "{refused}");
    }

    #[test]
    fn a_line_cannot_look_like_two() {
        let entry = json!({"id": "9", "at": "2026-01-31T09:30:00.000000Z", "level": "warn",
                           "event_id": "17", "message": "cold\n2026 ERROR \u{1b}[31mred"});
        let entry: LogView = serde_json::from_value(entry).unwrap();
        assert_eq!(
            line(&entry),
            "2026-01-31 09:30:00Z  WARN   event 17  cold\n    2026 ERROR  [31mred"
        );
    }
}
