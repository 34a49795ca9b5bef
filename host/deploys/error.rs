//! Why a deploy did not lead to a version that serves.

use super::bundling::BundlingError;
use super::handshake::HandshakeError;
use super::serving::ServingError;
use super::upload::UploadError;
use crate::build::artifact::ArtifactError;
use crate::causes::with_causes;
use crate::projects::{ProjectError, Redactor, VersionState};
use crate::sandbox::ImageError;
use crate::workshop::WorkshopError;
use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

/// Why a deploy did not lead to a new version.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The upload cannot be unpacked.
    #[error(transparent)]
    Upload(#[from] UploadError),
    /// The upload does not become an artifact.
    #[error(transparent)]
    Bundling(#[from] BundlingError),
    /// The code does not become a bot.
    #[error(transparent)]
    Workshop(#[from] WorkshopError),
    /// Nothing answers Meta's webhooks.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// The control database refused.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The tenant's schema could not be made.
    #[error("the project's schema could not be made")]
    Provision(#[from] crate::postgres::CellError),
    /// The image or the artifact could not be written.
    #[error("`{file}` could not be written", file = .0.display())]
    Write(PathBuf, #[source] std::io::Error),
    /// The new version does not run.
    #[error("the new version does not run")]
    Serving(#[from] ServingError),
    /// Another task found out first.
    #[error(transparent)]
    Shared(Arc<DeployError>),
    /// The bot fails, and variables that its code reads are not there.
    #[error("{}\n{complaint}", with_causes(fails))]
    Lacking {
        /// How it fails. No source to who walks causes: it is in the text.
        fails: Box<DeployError>,
        /// What is not there.
        complaint: String,
    },
    /// The same, after something secret was taken out of its text.
    #[error("{text}")]
    Redacted {
        /// The error and its causes.
        text: String,
        /// Whether the bot's author has to act.
        is_authors: bool,
        /// Whether it has words of the bot.
        quotes_bot: bool,
    },
}

/// Why another version cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    #[error("the project has no version v{0}: `roost versions list` shows those it has")]
    NoVersion(i32),
    #[error("v{number} is {state}: only a version that is ready can serve")]
    NotReady { number: i32, state: VersionState },
    #[error("v{0} serves already")]
    Serves(i32),
    #[error("there is no version to go back to: {0}")]
    NothingBefore(&'static str),
    /// The version does not start now; the one before goes on.
    #[error("v{number} does not start any more, so nothing was switched")]
    DoesNotStart {
        number: i32,
        #[source]
        source: DeployError,
    },
    #[error(transparent)]
    Project(#[from] ProjectError),
}

impl DeployError {
    /// Whether the bot's author has to act, rather than whoever runs the host.
    pub fn is_authors(&self) -> bool {
        match self {
            Self::Upload(UploadError::Write { .. }) => false,
            Self::Upload(_) | Self::Handshake(_) => true,
            Self::Bundling(error) => error.is_authors(),
            Self::Workshop(WorkshopError::Image(error)) => {
                matches!(
                    error,
                    ImageError::Boot(_)
                        | ImageError::Timeout(_)
                        | ImageError::Memory(_)
                        | ImageError::TooLarge(_)
                )
            }
            Self::Workshop(_) => true,
            Self::Shared(error) => error.is_authors(),
            Self::Lacking { .. } => true,
            Self::Redacted { is_authors, .. } => *is_authors,
            Self::Project(_) | Self::Provision(_) | Self::Write(..) | Self::Serving(_) => false,
        }
    }

    /// The error and its causes.
    pub fn chain(&self) -> String {
        with_causes(self)
    }

    /// Whether its text has what the bot threw or how its code ended: it may quote a customer.
    pub fn quotes_bot(&self) -> bool {
        match self {
            Self::Workshop(WorkshopError::TopLevel(_)) => true,
            Self::Workshop(WorkshopError::Image(error)) => matches!(error, ImageError::Boot(_)),
            Self::Shared(error) => error.quotes_bot(),
            Self::Lacking { fails, .. } => fails.quotes_bot(),
            Self::Redacted { quotes_bot, .. } => *quotes_bot,
            _ => false,
        }
    }

    /// The same error; only its text, when there is something secret in it.
    pub(super) fn without_secrets(self, redactor: &Redactor) -> Self {
        let text = self.chain();
        match redactor.redact(&text) {
            Cow::Borrowed(_) => self,
            Cow::Owned(text) => Self::Redacted {
                text,
                is_authors: self.is_authors(),
                quotes_bot: self.quotes_bot(),
            },
        }
    }
}

impl SwitchError {
    /// The error and its causes.
    pub fn chain(&self) -> String {
        with_causes(self)
    }
}

impl From<ArtifactError> for DeployError {
    fn from(error: ArtifactError) -> Self {
        Self::Workshop(error.into())
    }
}
