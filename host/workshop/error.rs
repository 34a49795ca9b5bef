//! What can go wrong between a folder and a running bot, in words for its author.

use super::{ForeignImports, Positions};
use crate::build::BuildError;
use crate::build::artifact::ArtifactError;
use crate::sandbox::{BootFailure, ImageError};
use std::fmt;

/// Why no bot came of a folder or an artifact.
#[derive(Debug, thiserror::Error)]
pub enum WorkshopError {
    /// The folder does not become a bundle.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The bundle's top level threw.
    #[error(transparent)]
    TopLevel(#[from] TopLevel),
    /// The top level did not end, or the SDK is broken.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The component's sections cannot be used.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The component asks for what no bot has.
    #[error(transparent)]
    Imports(#[from] ForeignImports),
    /// The image cannot be compiled or imports what no bot may have.
    #[error("the bot's image cannot be used")]
    Load(#[source] wasmtime::Error),
}

/// An exception at a bot's top level, with positions of the author's files.
#[derive(Debug)]
pub struct TopLevel {
    /// What was thrown.
    pub message: String,
    /// Where, one frame a line.
    pub stack: Option<String>,
    /// Node's code for it, such as `MODULE_NOT_FOUND`.
    pub code: Option<String>,
}

impl std::error::Error for TopLevel {}

impl TopLevel {
    pub(super) fn new(positions: &Positions, failure: &BootFailure) -> Self {
        Self {
            message: positions.rewrite(&failure.message),
            stack: failure
                .stack
                .as_deref()
                .map(|stack| positions.rewrite(stack)),
            code: failure.code.clone(),
        }
    }

    fn advice(&self) -> Option<&'static str> {
        Some(match self.code.as_deref()? {
            "ERR_NOTHING_LISTENS" => {
                "call `app.listen(process.env.PORT)` in the file that starts the bot"
            }
            "ERR_PROCESS_EXIT" => {
                "the lines logged above say why; a missing variable is set as a secret of the project"
            }
            _ => return None,
        })
    }
}

impl fmt::Display for TopLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the bot failed while it started: {}", self.message)?;
        let frames = self.stack.iter().flat_map(|stack| stack.lines());
        for frame in frames
            .filter(|line| line.trim_start().starts_with("at "))
            .take(8)
        {
            write!(f, "\n  {}", frame.trim_start())?;
        }
        if let Some(advice) = self.advice() {
            write!(f, "\n  = {advice}")?;
        }
        Ok(())
    }
}
