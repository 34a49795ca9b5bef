//! Messages that a person writes in a conversation, by the way that a bot's go: written down before they go out, and
//! sent once.

use std::time::Duration;

use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use uuid::Uuid;

use super::{People, PeopleError};
use crate::conversations::{ConversationCard, Direction, MAX_NAME_CHARS, StoredMessage, checked};
use crate::media::MediaError;
use crate::projects::ProjectId;
use crate::templates::Filling;
use crate::whatsapp::messages::compose;
use crate::whatsapp::{AccessToken, Attempt, SendContext, Sender, media_ids};

/// How long a message may take to go out, tries included.
const PATIENCE: Duration = Duration::from_secs(30);

/// Kinds of media.
#[derive(Clone, Copy, Debug)]
pub enum MediaKind {
    Image,
    Video,
    Audio,
    Document,
    Sticker,
}

impl MediaKind {
    /// As `wit/messages.json` calls it.
    fn word(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Sticker => "sticker",
        }
    }
}

/// Where media comes from.
#[derive(Clone, Debug)]
pub enum MediaSource {
    /// The id that Meta gave it.
    Id(String),
    /// A public address that Meta fetches.
    Link(String),
}

/// What a person writes.
#[derive(Clone, Debug)]
pub enum Reply {
    Text {
        body: String,
        preview_url: bool,
    },
    Media {
        kind: MediaKind,
        source: MediaSource,
        caption: Option<String>,
        filename: Option<String>,
    },
    /// Outside of the window Meta takes nothing else.
    Template {
        name: String,
        /// Needed when the template is there in several.
        language: Option<String>,
        values: Filling,
    },
}

/// A message that a person writes.
#[derive(Clone, Debug)]
pub struct NewReply<'a> {
    pub message: &'a Reply,
    /// The message that it quotes.
    pub reply_to: Option<&'a str>,
    pub author: &'a str,
    /// What makes it the same message when it is asked for again: who asks, and by which key.
    pub key: Option<(Uuid, &'a str)>,
}

impl People {
    /// Sends a message to a conversation's contact, and gives it as it is in the history.
    ///
    /// *Cancel safety*: what is dropped is finished in the background.
    pub async fn reply(
        &self,
        project_id: ProjectId,
        conversation: &ConversationCard,
        new: &NewReply<'_>,
    ) -> Result<StoredMessage, PeopleError> {
        let author = checked("author", new.author, MAX_NAME_CHARS, false)?;
        if conversation.group_id.is_some() {
            return Err(PeopleError::NoGroups);
        }
        let to = conversation.recipient().ok_or(PeopleError::NoContact)?;
        let json = match new.message {
            Reply::Template {
                name,
                language,
                values,
            } => {
                let language = language.as_deref();
                let template = self
                    .templates
                    .message(project_id, to, name, language, values)
                    .await?;
                json!({
                    "messaging_product": "whatsapp",
                    "recipient_type": "individual",
                    "to": to,
                    "type": "template",
                    "template": template,
                })
            }
            message => message.to_json(to, new.reply_to)?,
        };
        for id in media_ids(&json) {
            if !self.media.belongs(project_id, &id).await? {
                return Err(PeopleError::Media(MediaError::NotFound(id)));
            }
        }
        let is_template = matches!(new.message, Reply::Template { .. });
        match conversation.last_inbound_at {
            _ if is_template => {}
            None => return Err(PeopleError::NeverWrote),
            Some(_) if !conversation.is_window_open => return Err(PeopleError::WindowClosed),
            Some(_) => {}
        }
        let number = self.projects.number(project_id).await?;
        let number = number.ok_or(PeopleError::NoNumber)?;
        if number.phone_number_id != conversation.phone_number_id {
            return Err(PeopleError::OtherNumber);
        }
        let attempt = Attempt {
            project_id: project_id.0,
            event_id: number_of(new.key),
            attempt: 1,
            deadline: Instant::now() + PATIENCE,
            max_sends: 1,
        };
        let sender = Sender {
            phone_number_id: number.phone_number_id,
            token: AccessToken::new(number.token.expose()),
        };
        let event_id = attempt.event_id;
        let context = SendContext::new(attempt, sender).written_by(&author);
        let sent = self.outbox.send(&context, &json).await?;
        let recorded = self.conversations.message(project_id, &sent.message_id);
        if let Some(message) = recorded.await? {
            return Ok(message);
        }
        // It went out, and the log says why it is not in the history.
        let kind = json["type"].as_str().unwrap_or("text").to_owned();
        Ok(StoredMessage {
            position: 0,
            wamid: sent.message_id,
            direction: Direction::Out,
            message_type: kind,
            body: json.to_string(),
            event_id: Some(event_id),
            written_by: Some(author),
            sent_at: sqlx::types::chrono::Utc::now(),
            status: None,
            status_at: None,
            errors: None,
        })
    }
}

impl Reply {
    fn to_json(&self, to: &str, reply_to: Option<&str>) -> Result<serde_json::Value, PeopleError> {
        let json = match self {
            Self::Text { body, preview_url } => compose(
                "text-message",
                &json!({ "to": to, "body": body, "preview-url": preview_url, "reply-to": reply_to }),
            ),
            Self::Media {
                kind,
                source,
                caption,
                filename,
            } => {
                let source = match source {
                    MediaSource::Id(id) => json!({ "id": id }),
                    MediaSource::Link(link) => json!({ "link": link }),
                };
                compose(
                    "media-message",
                    &json!({
                        "to": to,
                        "kind": kind.word(),
                        "source": source,
                        "caption": caption,
                        "filename": filename,
                        "reply-to": reply_to,
                    }),
                )
            }
            // It is made of what the host knows of it.
            Self::Template { name, .. } => return Err(PeopleError::Unfit(name.clone())),
        };
        Ok(json?)
    }
}

/// Stands where an event's number is: below zero, where no event is, and the same for the same key.
fn number_of(key: Option<(Uuid, &str)>) -> i64 {
    let bytes: [u8; 8] = match key {
        None => rand::random(),
        Some((owner, key)) => {
            let mut hash = Sha256::new();
            hash.update(b"reply ");
            hash.update(owner.as_bytes());
            hash.update(key.as_bytes());
            let full: [u8; 32] = hash.finalize().into();
            std::array::from_fn(|n| full[n])
        }
    };
    -1 - (i64::from_be_bytes(bytes) & i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_key_is_the_same_message_and_no_event() {
        let (ana, bea) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let first = number_of(Some((ana, "k")));
        assert!(first < 0);
        assert_eq!(first, number_of(Some((ana, "k"))));
        assert_ne!(first, number_of(Some((ana, "l"))));
        assert_ne!(first, number_of(Some((bea, "k"))));
        assert_ne!(number_of(None), number_of(None));
    }
}
