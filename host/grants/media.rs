//! A project's media: what customers sent, and files that its bot uploads in pieces.

use std::collections::HashMap;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use tokio::sync::Mutex;

use crate::capabilities::MediaStore;
use crate::capabilities::wit_media::{self as wit, Refusal};
use crate::media::{
    File, Kind, MOST_BYTES, Media, MediaError, Medium, Named, Room, State, Uploaded, in_words,
};
use crate::projects::ProjectId;

/// How long a bot waits for a medium: less than an event may take.
const PATIENCE: Duration = Duration::from_secs(40);

/// Files that are begun and not uploaded.
const MOST_BEGUN: usize = 16;

/// A file is let in with so much, and grows by as much.
const STEP: usize = 1 << 20;

/// The media of one run.
pub(crate) struct ProjectMedia {
    media: Media,
    project_id: ProjectId,
    begun: Mutex<Begun>,
}

/// Files that come in pieces; they are gone with the run.
#[derive(Default)]
struct Begun {
    last: u32,
    files: HashMap<u32, Growing>,
}

struct Growing {
    bytes: BytesMut,
    /// For each step of it.
    rooms: Vec<Room>,
}

impl ProjectMedia {
    pub(crate) fn new(media: Media, project_id: ProjectId) -> Self {
        Self {
            media,
            project_id,
            begun: Mutex::default(),
        }
    }

    /// Adds to a file, in order.
    async fn grow(&self, begun: u32, piece: &[u8]) -> Result<(), Refusal> {
        let mut all = self.begun.lock().await;
        let file = all.files.get_mut(&begun).ok_or_else(no_such)?;
        let length = file.bytes.len() + piece.len();
        if length > MOST_BYTES {
            return Err(Refusal::Unfit(format!(
                "the file has more than {}, which is the most that Meta takes",
                in_words(MOST_BYTES)
            )));
        }
        while file.rooms.len() * STEP < length {
            let room = self.media.room(self.project_id, STEP).await;
            file.rooms.push(room.map_err(refusal)?);
        }
        file.bytes.extend_from_slice(piece);
        Ok(())
    }

    async fn take(&self, begun: u32) -> Result<(Bytes, Vec<Room>), Refusal> {
        let file = self.begun.lock().await.files.remove(&begun);
        let file = file.ok_or_else(no_such)?;
        Ok((file.bytes.freeze(), file.rooms))
    }
}

impl MediaStore for ProjectMedia {
    fn describe(&self, id: String) -> BoxFuture<'_, Result<wit::Medium, Refusal>> {
        Box::pin(async move {
            let medium = self.media.show(self.project_id, &id).await;
            Ok(shown(medium.map_err(refusal)?))
        })
    }

    fn wait_for(&self, id: String) -> BoxFuture<'_, Result<wit::Medium, Refusal>> {
        Box::pin(async move {
            let medium = self.media.ensure(self.project_id, &id, PATIENCE).await;
            Ok(shown(medium.map_err(refusal)?))
        })
    }

    fn read(&self, id: String, offset: u64) -> BoxFuture<'_, Result<Bytes, Refusal>> {
        Box::pin(async move {
            let piece = self.media.piece(self.project_id, &id, offset).await;
            piece.map_err(refusal)
        })
    }

    fn delete(&self, id: String) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async move {
            let deleted = self.media.delete(self.project_id, &id).await;
            deleted.map_err(refusal)
        })
    }

    fn begin(&self) -> BoxFuture<'_, Result<u32, Refusal>> {
        Box::pin(async move {
            let mut all = self.begun.lock().await;
            if all.files.len() >= MOST_BEGUN {
                return Err(Refusal::Denied(format!(
                    "{MOST_BEGUN} files are begun and not uploaded, which is all that may be: upload some first"
                )));
            }
            all.last = all.last.wrapping_add(1);
            let begun = all.last;
            let file = Growing {
                bytes: BytesMut::new(),
                rooms: Vec::new(),
            };
            all.files.insert(begun, file);
            Ok(begun)
        })
    }

    fn add(&self, begun: u32, piece: Vec<u8>) -> BoxFuture<'_, Result<(), Refusal>> {
        Box::pin(async move {
            let grown = self.grow(begun, &piece).await;
            if grown.is_err() {
                // Nobody can go on with it.
                self.begun.lock().await.files.remove(&begun);
            }
            grown
        })
    }

    fn upload(&self, begun: u32, file: wit::File) -> BoxFuture<'_, Result<wit::Uploaded, Refusal>> {
        Box::pin(async move {
            let (bytes, _rooms) = self.take(begun).await?;
            let file = File {
                bytes,
                named: named(&file),
            };
            let uploaded = self.media.upload(self.project_id, &file).await;
            Ok(told(uploaded.map_err(refusal)?))
        })
    }

    fn upload_from(
        &self,
        url: String,
        file: wit::File,
    ) -> BoxFuture<'_, Result<wit::Uploaded, Refusal>> {
        Box::pin(async move {
            let named = named(&file);
            let uploaded = self.media.upload_from(self.project_id, &url, &named).await;
            Ok(told(uploaded.map_err(refusal)?))
        })
    }

    fn upload_sample(&self, begun: u32, file: wit::File) -> BoxFuture<'_, Result<String, Refusal>> {
        Box::pin(async move {
            let (bytes, _rooms) = self.take(begun).await?;
            let file = File {
                bytes,
                named: named(&file),
            };
            let handle = self.media.upload_sample(self.project_id, &file).await;
            handle.map_err(refusal)
        })
    }
}

fn no_such() -> Refusal {
    Refusal::Other("no such file is begun in this event, or it is uploaded already".to_owned())
}

fn refusal(error: MediaError) -> Refusal {
    let text = error.to_string();
    match error {
        MediaError::Unfit(_) => Refusal::Unfit(text),
        MediaError::NotFound(_) => Refusal::NotFound(text),
        MediaError::NotKept(_) => Refusal::NotKept(text),
        MediaError::Refused(_) | MediaError::Token(_) => Refusal::Rejected(text),
        MediaError::NoNumber | MediaError::Address(_) => Refusal::Denied(text),
        MediaError::Later(_) | MediaError::Full => Refusal::Unavailable(text),
        MediaError::Project(_) | MediaError::Database(_) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "media could not be looked up"
            );
            Refusal::Unavailable("the control database failed; try again".to_owned())
        }
    }
}

fn kind(kind: Kind) -> wit::Kind {
    match kind {
        Kind::Image => wit::Kind::Image,
        Kind::Video => wit::Kind::Video,
        Kind::Audio => wit::Kind::Audio,
        Kind::Document => wit::Kind::Document,
        Kind::Sticker => wit::Kind::Sticker,
    }
}

fn named(file: &wit::File) -> Named<'_> {
    let kind = file.kind.map(|kind| match kind {
        wit::Kind::Image => Kind::Image,
        wit::Kind::Video => Kind::Video,
        wit::Kind::Audio => Kind::Audio,
        wit::Kind::Document => Kind::Document,
        wit::Kind::Sticker => Kind::Sticker,
    });
    Named {
        mime_type: file.mime_type.as_deref(),
        filename: file.filename.as_deref(),
        kind,
    }
}

fn shown(medium: Medium) -> wit::Medium {
    wit::Medium {
        id: medium.media_id,
        kind: kind(medium.kind),
        mime_type: medium.mime_type,
        filename: medium.filename,
        sha256: medium.sha256,
        size: medium.size.and_then(|size| size.try_into().ok()),
        is_here: medium.state == State::Kept,
        told: medium.told.filter(|_| medium.state == State::NotKept),
        message_id: medium.wamid,
    }
}

fn told(uploaded: Uploaded) -> wit::Uploaded {
    wit::Uploaded {
        id: uploaded.media_id,
        kind: kind(uploaded.kind),
        mime_type: uploaded.mime_type,
        sha256: uploaded.sha256,
        size: uploaded.size,
        expires_at: u64::try_from(uploaded.expires_at.timestamp()).unwrap_or_default(),
        was_there: uploaded.was_there,
    }
}
