//! Typed messages, as `wit/whatsapp.wit` has them, and the JSON that Meta takes for them.
//!
//! Every message is checked before it becomes JSON, so that a bot reads which field is wrong and
//! what the limit is. Not checked here: what only Meta knows, such as a template's parameters.

mod flow;
mod json;
mod limits;
mod recipient;
#[cfg(test)]
mod tests;

pub use flow::FlowMessage;
pub use limits::InvalidMessage;

use serde_json::Value;

/// What can be sent: it knows its checks and its JSON.
pub trait Message {
    /// Meta's JSON of the message.
    ///
    /// Fails with the first field that breaks a limit.
    fn to_json(&self) -> Result<Value, InvalidMessage>;
}

/// Where media comes from.
#[derive(Debug, Clone)]
pub enum MediaSource {
    /// The id of media that was uploaded to, or received by, the number.
    Id(String),
    /// A public https address that Meta fetches.
    Link(String),
}

/// A text message.
#[derive(Debug, Clone)]
pub struct TextMessage {
    /// A phone number with country code, or a business-scoped user id (`US.1349…`).
    pub to: String,
    /// 1 to 4096 characters.
    pub body: String,
    /// Whether WhatsApp shows a preview of the first link.
    pub preview_url: bool,
    /// The id of a message to quote.
    pub reply_to: Option<String>,
}

/// What stands above an interactive message.
#[derive(Debug, Clone)]
pub enum Header {
    /// At most 60 characters.
    Text(String),
    /// An image.
    Image(MediaSource),
    /// A video.
    Video(MediaSource),
    /// A document.
    Document(MediaSource),
}

/// A reply button.
#[derive(Debug, Clone)]
pub struct Button {
    /// Comes back when it is tapped; at most 256 characters.
    pub id: String,
    /// What people see; at most 20 characters.
    pub title: String,
}

/// A message with one to three reply buttons.
#[derive(Debug, Clone)]
pub struct ButtonsMessage {
    /// As in [`TextMessage::to`].
    pub to: String,
    /// Above the text.
    pub header: Option<Header>,
    /// At most 1024 characters.
    pub body: String,
    /// Below the text, at most 60 characters.
    pub footer: Option<String>,
    /// One to three.
    pub buttons: Vec<Button>,
    /// The id of a message to quote.
    pub reply_to: Option<String>,
}

/// A row of a list.
#[derive(Debug, Clone)]
pub struct ListRow {
    /// Comes back when it is chosen; at most 200 characters.
    pub id: String,
    /// What people see; at most 24 characters.
    pub title: String,
    /// A second line; at most 72 characters.
    pub description: Option<String>,
}

/// A group of rows.
#[derive(Debug, Clone)]
pub struct ListSection {
    /// Needed when there is more than one section; at most 24 characters.
    pub title: Option<String>,
    /// Ten rows at most in all sections together.
    pub rows: Vec<ListRow>,
}

/// A message that opens a list to choose from.
#[derive(Debug, Clone)]
pub struct ListMessage {
    /// As in [`TextMessage::to`].
    pub to: String,
    /// A text above, at most 60 characters.
    pub header: Option<String>,
    /// At most 4096 characters.
    pub body: String,
    /// Below the text, at most 60 characters.
    pub footer: Option<String>,
    /// The label that opens the list, at most 20 characters.
    pub button: String,
    /// One to ten.
    pub sections: Vec<ListSection>,
    /// The id of a message to quote.
    pub reply_to: Option<String>,
}

/// Kinds of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaKind {
    /// JPEG or PNG.
    Image,
    /// MP4 or 3GPP.
    Video,
    /// Takes no caption.
    Audio,
    /// Any file.
    Document,
    /// WebP; takes no caption.
    Sticker,
}

/// A message that is an image, video, sound, document or sticker.
#[derive(Debug, Clone)]
pub struct MediaMessage {
    /// As in [`TextMessage::to`].
    pub to: String,
    /// What it is.
    pub kind: MediaKind,
    /// Where it comes from.
    pub source: MediaSource,
    /// At most 1024 characters; not for audio and stickers.
    pub caption: Option<String>,
    /// The name a document is shown under.
    pub filename: Option<String>,
    /// The id of a message to quote.
    pub reply_to: Option<String>,
}

/// One parameter of a template.
#[derive(Debug, Clone)]
pub enum TemplateParameter {
    /// The next positional text.
    Text(String),
    /// A text by the name it has in the template.
    NamedText(String, String),
    /// The image of a header.
    Image(MediaSource),
    /// The video of a header.
    Video(MediaSource),
    /// The document of a header.
    Document(MediaSource),
    /// What a quick-reply button sends back.
    Payload(String),
    /// Any other parameter, as Meta's JSON.
    Json(String),
}

/// One part of a template that takes parameters.
#[derive(Debug, Clone)]
pub struct TemplateComponent {
    /// `header`, `body` or `button`.
    pub kind: String,
    /// For a button: `quick_reply`, `url`, `copy_code`, `flow` and so on.
    pub sub_type: Option<String>,
    /// For a button: its place, from 0.
    pub index: Option<u32>,
    /// The parameters, in order.
    pub parameters: Vec<TemplateParameter>,
}

/// A message made from an approved template.
#[derive(Debug, Clone)]
pub struct TemplateMessage {
    /// As in [`TextMessage::to`].
    pub to: String,
    /// The template's name.
    pub name: String,
    /// The language code, for instance `en_US`.
    pub language: String,
    /// The parts that take parameters.
    pub components: Vec<TemplateComponent>,
}

/// What is told about a received message besides a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// It, and those before it, were read.
    Read,
    /// As `Read`, and an answer is being written.
    Typing,
}

/// The JSON that marks a received message as read, and shows typing if so asked.
///
/// Fails when the id is empty. This is no message: it may be repeated, and nothing records it.
pub fn receipt(message_id: &str, receipt: Receipt) -> Result<Value, InvalidMessage> {
    limits::length("message-id", message_id, 1..=limits::ID)?;
    let mut body = serde_json::json!({
        "messaging_product": "whatsapp",
        "status": "read",
        "message_id": message_id,
    });
    if receipt == Receipt::Typing {
        body["typing_indicator"] = serde_json::json!({ "type": "text" });
    }
    Ok(body)
}
