//! Where a conversation stands for those who look after it: its session, who it is assigned to, labels, notes; and
//! what its contact said to messages of marketing.

mod store;

use sqlx::types::chrono::{DateTime, Utc};

use super::model::{Consent, ConversationId, Session};
use super::party::PersonIds;
use super::store::MAX_STATE_CHARS;

pub use store::{keep_preferences, open_snoozed, set_consent};

/// The longest name of somebody: an assignee, who took a conversation, who wrote a note.
pub const MAX_NAME_CHARS: usize = 100;

/// The longest label.
pub const MAX_LABEL_CHARS: usize = 50;

/// Labels of one conversation.
pub const MAX_LABELS: i64 = 50;

/// The longest note.
pub const MAX_NOTE_CHARS: usize = 4_000;

/// Notes beside one conversation.
pub const MAX_NOTES: i64 = 1_000;

/// The longest text about where a contact agreed, and why a bot hands a conversation off.
pub const MAX_REASON_CHARS: usize = 500;

/// What is to be changed of a conversation; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversationChange {
    pub state: Option<Option<String>>,
    pub assignee: Option<Option<String>>,
}

/// What somebody said to messages of marketing in WhatsApp itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preference {
    pub ids: PersonIds,
    pub consent: Consent,
}

/// Where a session goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionChange {
    Open,
    Snoozed(DateTime<Utc>),
    Resolved,
}

/// Why something of a conversation cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error("the project has no conversation `{0}`")]
    NoConversation(ConversationId),
    #[error("`{field}` {problem}")]
    Invalid {
        field: &'static str,
        problem: String,
    },
    #[error("the conversation has {0} {1}, which is all that one may have; remove some first")]
    TooMany(i64, &'static str),
    #[error("the control database failed")]
    Database(#[from] sqlx::Error),
}

impl SessionChange {
    pub fn session(self) -> Session {
        match self {
            Self::Open => Session::Open,
            Self::Snoozed(_) => Session::Snoozed,
            Self::Resolved => Session::Resolved,
        }
    }

    fn until(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Snoozed(until) => Some(until),
            Self::Open | Self::Resolved => None,
        }
    }
}

/// A text that people wrote, without space around it, which has 1 to `most` characters and no control characters
/// but line ends where there may be `lines`.
pub fn checked(
    field: &'static str,
    text: &str,
    most: usize,
    lines: bool,
) -> Result<String, ChangeError> {
    let text = text.trim();
    let invalid = |problem: String| ChangeError::Invalid { field, problem };
    match text.chars().count() {
        0 => return Err(invalid("is empty; say something".to_owned())),
        count if count > most => {
            return Err(invalid(format!(
                "has {count} characters, and takes up to {most}"
            )));
        }
        _ => {}
    }
    let is_bad = |c: char| c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t'));
    match text.contains(is_bad) {
        true => Err(invalid(
            "has a control character, such as a line end or NUL; remove it".to_owned(),
        )),
        false => Ok(text.to_owned()),
    }
}

impl ConversationChange {
    /// Checks what people wrote.
    fn checked(&self) -> Result<Self, ChangeError> {
        let name = |field, most, text: &Option<Option<String>>| match text {
            Some(Some(text)) => checked(field, text, most, false).map(|text| Some(Some(text))),
            other => Ok(other.clone()),
        };
        Ok(Self {
            state: name("state", MAX_STATE_CHARS, &self.state)?,
            assignee: name("assignee", MAX_NAME_CHARS, &self.assignee)?,
        })
    }
}
