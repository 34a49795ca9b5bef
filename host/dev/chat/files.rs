//! Files: what the customer sends of theirs, and what the bot sends, kept where it can be opened.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use roost_emulator::ControlClient;
use roost_emulator::control::wire::{Act, MediaAct};
use roost_emulator::control::{SentItem, SentKind};
use serde_json::Value;

/// The largest file that WhatsApp takes, a document.
const LARGEST_BYTES: usize = 100 * 1024 * 1024;

/// A PNG of one grey pixel, for when any picture will do.
const TINY_PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg==";

/// What kind of message a file becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Image,
    Video,
    Audio,
    Sticker,
    Document,
}

/// What WhatsApp takes, by the end of a file's name: its kind, its type, and the most bytes.
const TYPES: [(&str, Kind, &str, usize); 17] = [
    ("png", Kind::Image, "image/png", 5 << 20),
    ("jpg", Kind::Image, "image/jpeg", 5 << 20),
    ("jpeg", Kind::Image, "image/jpeg", 5 << 20),
    ("webp", Kind::Sticker, "image/webp", 500 << 10),
    ("mp4", Kind::Video, "video/mp4", 16 << 20),
    ("3gp", Kind::Video, "video/3gpp", 16 << 20),
    ("mp3", Kind::Audio, "audio/mpeg", 16 << 20),
    ("m4a", Kind::Audio, "audio/mp4", 16 << 20),
    ("aac", Kind::Audio, "audio/aac", 16 << 20),
    ("amr", Kind::Audio, "audio/amr", 16 << 20),
    ("ogg", Kind::Audio, "audio/ogg; codecs=opus", 16 << 20),
    ("opus", Kind::Audio, "audio/ogg; codecs=opus", 16 << 20),
    ("pdf", Kind::Document, "application/pdf", LARGEST_BYTES),
    ("txt", Kind::Document, "text/plain", LARGEST_BYTES),
    ("csv", Kind::Document, "text/csv", LARGEST_BYTES),
    (
        "docx",
        Kind::Document,
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        LARGEST_BYTES,
    ),
    (
        "xlsx",
        Kind::Document,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        LARGEST_BYTES,
    ),
];

fn end_of(path: &Path) -> String {
    let end = path.extension().and_then(|end| end.to_str());
    end.unwrap_or_default().to_ascii_lowercase()
}

/// A file's bytes in base64, and its type. Fails with what to tell the person.
pub(super) async fn read(path: &Path) -> Result<(String, &'static str), String> {
    let (_, mime_type, data) = read_as(path).await?;
    Ok((data, mime_type))
}

async fn read_as(path: &Path) -> Result<(Kind, &'static str, String), String> {
    let shown = path.display();
    let end = end_of(path);
    let known = TYPES.iter().find(|(known, ..)| *known == end);
    let Some((_, kind, mime_type, most)) = known else {
        let known: Vec<&str> = TYPES.iter().map(|(known, ..)| *known).collect();
        return Err(format!(
            "`{shown}` is no file that WhatsApp takes: its name has to end in one of {}",
            known.join(", ")
        ));
    };
    let bytes = tokio::fs::read(path)
        .await
        .map_err(|error| format!("`{shown}` cannot be read ({error}): check the path"))?;
    if bytes.len() > *most {
        return Err(format!(
            "`{shown}` has {} bytes, and WhatsApp takes up to {most} of its kind: make it smaller",
            bytes.len()
        ));
    }
    Ok((*kind, mime_type, STANDARD.encode(bytes)))
}

/// A picture from a file, or a tiny one. Fails with what to tell the person.
pub(super) async fn picture(path: Option<&Path>) -> Result<Act, String> {
    let Some(path) = path else {
        return Ok(Act::Image(MediaAct {
            mime_type: "image/png".to_owned(),
            data: TINY_PNG.to_owned(),
            ..MediaAct::default()
        }));
    };
    match TYPES.iter().find(|(known, ..)| *known == end_of(path)) {
        Some((_, Kind::Image, ..)) => file(path).await,
        _ => Err(format!(
            "`{}` is not a picture that WhatsApp takes: name a .png or .jpg file",
            path.display()
        )),
    }
}

/// A file as the message that it becomes: a picture, a video, a sticker, a recording or a document. Fails with what to
/// tell the person.
pub(super) async fn file(path: &Path) -> Result<Act, String> {
    let (kind, mime_type, data) = read_as(path).await?;
    let filename = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let media = MediaAct {
        mime_type: mime_type.to_owned(),
        data,
        ..MediaAct::default()
    };
    Ok(match kind {
        Kind::Image => Act::Image(media),
        Kind::Video => Act::Video(media),
        Kind::Sticker => Act::Sticker(media),
        Kind::Document => Act::Document(MediaAct { filename, ..media }),
        Kind::Audio => Act::Audio(MediaAct {
            voice: mime_type.starts_with("audio/ogg"),
            ..media
        }),
    })
}

/// Where files that the bot sends are put.
#[derive(Clone, Debug)]
pub(super) struct Files(pub(super) Option<PathBuf>);

impl Files {
    /// The same message with what it has by Meta's id as a file, and its path in the place of a link. What cannot be
    /// had or written stays an id.
    pub(super) async fn kept(&self, control: &ControlClient, item: &SentItem) -> SentItem {
        let mut item = item.clone();
        let (Some(folder), SentKind::Message(message)) = (&self.0, &mut item.kind) else {
            return item;
        };
        let mut found = Vec::new();
        let kind = message.message_type.as_str();
        collect(kind, &mut message.body, &mut found);
        for media in found {
            let Some(id) = media["id"].as_str().map(str::to_owned) else {
                continue;
            };
            if let Some(path) = keep(control, folder, &id).await {
                media["link"] = path.display().to_string().into();
            }
        }
        item
    }
}

/// Every object of media in a message: it has an `id`, and stands below the word of its kind.
fn collect<'v>(key: &str, value: &'v mut Value, found: &mut Vec<&'v mut Value>) {
    const KINDS: [&str; 5] = ["image", "video", "audio", "document", "sticker"];
    if KINDS.contains(&key) && value["id"].is_string() {
        found.push(value);
        return;
    }
    match value {
        Value::Object(members) => {
            for (key, member) in members.iter_mut() {
                collect(key, member, found);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| collect("", item, found)),
        _ => {}
    }
}

async fn keep(control: &ControlClient, folder: &Path, id: &str) -> Option<PathBuf> {
    if !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let media = control.media(id).await.ok()?;
    let essence = media.mime_type.split(';').next().unwrap_or_default().trim();
    let known = TYPES.iter().find(|(_, _, known, _)| {
        let known = known.split(';').next().unwrap_or_default();
        known == essence
    });
    let end = known.map_or("bin", |(end, ..)| *end);
    let path = folder.join(format!("{id}.{end}"));
    let bytes = STANDARD.decode(media.data).ok()?;
    tokio::fs::create_dir_all(folder).await.ok()?;
    tokio::fs::write(&path, bytes).await.ok()?;
    Some(path)
}
