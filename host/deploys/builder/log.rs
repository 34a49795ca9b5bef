//! The log of one build: written as it comes, so that it can be followed, and bounded.

use super::super::Voices;
use crate::news::{Change, Newsroom};
use crate::projects::{BuildJob, ProjectId, ProjectStore, VersionId};
use crate::words::LogLevel;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// How much a build may say. A build that fails says why in its error, whatever it said before.
const MAX_LINES: usize = 2_000;
const MAX_LINE_CHARS: usize = 4_000;
/// Lines that come together are written together.
const PAUSE: Duration = Duration::from_millis(50);

/// Takes lines of one build.
#[derive(Clone)]
pub(super) struct BuildLog {
    lines: mpsc::UnboundedSender<Item>,
    said: Arc<AtomicUsize>,
    writer: Arc<tokio::sync::Mutex<Option<JoinHandle<()>>>>,
}

/// Writes the lines down, and tells of them.
struct Writer {
    projects: ProjectStore,
    news: Newsroom,
    project_id: ProjectId,
    version_id: VersionId,
}

enum Item {
    /// And whether the host says it.
    Line(LogLevel, String, bool),
    Flushed(oneshot::Sender<()>),
    End,
}

impl BuildLog {
    pub(super) fn start(projects: ProjectStore, news: Newsroom, job: &BuildJob) -> Self {
        let (lines, incoming) = mpsc::unbounded_channel();
        let writer = Writer {
            projects,
            news,
            project_id: job.version.project_id,
            version_id: job.version.version_id,
        };
        let writer = tokio::spawn(writer.write(incoming));
        Self {
            lines,
            said: Arc::default(),
            writer: Arc::new(tokio::sync::Mutex::new(Some(writer))),
        }
    }

    /// The host says it.
    pub(super) fn say(&self, level: LogLevel, text: &str) {
        self.add(level, text, true);
    }

    /// The bot said it.
    pub(super) fn hear(&self, level: LogLevel, text: &str) {
        self.add(level, text, false);
    }

    /// For who speaks from elsewhere.
    pub(super) fn voices(&self) -> Voices {
        let (host, bot) = (self.clone(), self.clone());
        Voices {
            host: Arc::new(move |level, text| host.say(level, text)),
            bot: Arc::new(move |level, text| bot.hear(level, text)),
        }
    }

    fn add(&self, level: LogLevel, text: &str, is_hosts: bool) {
        let text = match self.said.fetch_add(1, Ordering::Relaxed) {
            n if n < MAX_LINES => text.chars().take(MAX_LINE_CHARS).collect(),
            n if n == MAX_LINES => {
                format!("more than {MAX_LINES} lines were logged: the rest is left out")
            }
            _ => return,
        };
        // The writer ends after everybody who speaks.
        let _ = self.lines.send(Item::Line(level, text, is_hosts));
    }

    /// Waits until what was said is written.
    pub(super) async fn flush(&self) {
        let (written, waits) = oneshot::channel();
        if self.lines.send(Item::Flushed(written)).is_ok() {
            let _ = waits.await;
        }
    }

    pub(super) async fn end(self) {
        let _ = self.lines.send(Item::End);
        if let Some(writer) = self.writer.lock().await.take() {
            // It cannot be cancelled; a panic in it is logged by the runtime.
            let _ = writer.await;
        }
    }
}

impl Writer {
    async fn write(self, mut incoming: mpsc::UnboundedReceiver<Item>) {
        let mut is_open = true;
        while is_open {
            let Some(first) = incoming.recv().await else {
                return;
            };
            let (mut lines, mut waiting) = (Vec::new(), Vec::new());
            let mut take = |item, is_open: &mut bool| match item {
                Item::Line(level, text, is_hosts) => {
                    lines.push((level, text, is_hosts));
                    true
                }
                Item::Flushed(written) => {
                    waiting.push(written);
                    false
                }
                Item::End => {
                    *is_open = false;
                    false
                }
            };
            let mut goes_on = take(first, &mut is_open);
            let pause = tokio::time::sleep(PAUSE);
            tokio::pin!(pause);
            while goes_on {
                tokio::select! {
                    item = incoming.recv() => match item {
                        Some(item) => goes_on = take(item, &mut is_open),
                        None => goes_on = false,
                    },
                    () = &mut pause => goes_on = false,
                }
            }
            if !lines.is_empty() {
                self.keep(&lines).await;
            }
            for written in waiting {
                let _ = written.send(());
            }
        }
    }

    async fn keep(&self, lines: &[(LogLevel, String, bool)]) {
        let kept = self
            .projects
            .add_build_log(self.project_id, self.version_id, lines);
        match kept.await {
            Ok(()) => self.news.tell(self.project_id, Change::BuildLog),
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                lines = lines.len(),
                "lines of a build's log were lost"
            ),
        }
    }
}
