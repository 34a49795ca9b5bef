//! Where the chat is printed, and the prompt under it.

use std::io::IsTerminal as _;

use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::ChatError;
use super::render::labelled;

const PROMPT: &str = "you> ";
/// Takes the cursor to the start of the line and clears it.
const CLEAR_LINE: &str = "\r\x1b[K";
/// Before what neither side says.
const NOTICE: &str = "* ";

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A person at a terminal: there is a prompt, and the terminal shows what is typed.
    Interactive,
    /// A pipe or a file: lines are echoed, and each waits for the replies to the one before.
    Scripted,
}

impl Style {
    /// Interactive when both standard input and standard output are a terminal.
    pub fn of_stdio() -> Self {
        if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
            Self::Interactive
        } else {
            Self::Scripted
        }
    }
}

/// The output of a chat.
#[derive(Debug)]
pub(super) struct Screen<W> {
    output: W,
    style: Style,
    /// Whether the cursor is behind a prompt.
    is_prompting: bool,
}

impl<W: AsyncWrite + Unpin> Screen<W> {
    pub(super) fn new(output: W, style: Style) -> Self {
        Self {
            output,
            style,
            is_prompting: false,
        }
    }

    /// Prints lines. A prompt is moved below them; what was typed behind it still counts, but only
    /// the terminal knows it, so it is no longer shown.
    pub(super) async fn print(&mut self, lines: &[String]) -> Result<(), ChatError> {
        if lines.is_empty() {
            return Ok(());
        }
        let (before, after) = if self.is_prompting {
            (CLEAR_LINE, PROMPT)
        } else {
            ("", "")
        };
        self.write(&format!("{before}{}\n{after}", lines.join("\n")))
            .await
    }

    /// Prints what neither side says.
    pub(super) async fn notice(&mut self, text: &str) -> Result<(), ChatError> {
        self.print(&labelled(NOTICE, text)).await
    }

    /// Shows the prompt, if it is not shown and there is a person to see it.
    pub(super) async fn prompt(&mut self) -> Result<(), ChatError> {
        if self.style == Style::Scripted || self.is_prompting {
            return Ok(());
        }
        self.is_prompting = true;
        self.write(PROMPT).await
    }

    /// Takes note of a line that came in: a terminal has shown it, a pipe has not.
    pub(super) async fn came_in(&mut self, line: &str) -> Result<(), ChatError> {
        self.is_prompting = false;
        match self.style {
            Style::Interactive => Ok(()),
            Style::Scripted => self.print(&labelled(PROMPT, line)).await,
        }
    }

    /// Leaves the line of the prompt, at the end of the input.
    pub(super) async fn leave_prompt(&mut self) -> Result<(), ChatError> {
        if !self.is_prompting {
            return Ok(());
        }
        self.is_prompting = false;
        self.write("\n").await
    }

    async fn write(&mut self, text: &str) -> Result<(), ChatError> {
        let written = self.output.write_all(text.as_bytes()).await;
        written.map_err(ChatError::Output)?;
        self.output.flush().await.map_err(ChatError::Output)
    }
}
