//! What a message says, read from its JSON: the text that people see, and the media in it.

use serde_json::Value;

/// What people see of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Its text, caption, title or name.
    pub text: Option<String>,
    pub media: Option<Media>,
}

/// An image, a video, a sound, a document or a sticker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Media {
    /// Meta's id, by which it can be fetched for some days.
    pub id: Option<String>,
    /// Where Meta got it, of a message that was sent by address.
    pub link: Option<String>,
    pub mime_type: Option<String>,
    pub sha256: Option<String>,
    pub filename: Option<String>,
}

/// Types of messages that are media.
const MEDIA: [&str; 5] = ["image", "video", "audio", "document", "sticker"];

/// Where else a message has a text, first come first.
const TEXTS: [&str; 13] = [
    "/text/body",
    "/text",
    "/button/text",
    "/interactive/button_reply/title",
    "/interactive/list_reply/title",
    "/interactive/nfm_reply/body",
    "/interactive/body/text",
    "/reaction/emoji",
    "/location/name",
    "/location/address",
    "/order/text",
    "/system/body",
    "/template/name",
];

impl Content {
    /// Of a message of this type. What cannot be read says nothing.
    pub fn of(message_type: &str, body: &str) -> Self {
        let Ok(body) = serde_json::from_str::<Value>(body) else {
            return Self::default();
        };
        let text = |value: &Value, path: &str| {
            let found = value.pointer(path).and_then(Value::as_str);
            found.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        if !MEDIA.contains(&message_type) {
            return Self {
                text: TEXTS.iter().find_map(|path| text(&body, path)),
                media: None,
            };
        }
        let Some(media) = body.get(message_type) else {
            return Self::default();
        };
        Self {
            text: text(media, "/caption"),
            media: Some(Media {
                id: text(media, "/id"),
                link: text(media, "/link"),
                mime_type: text(media, "/mime_type"),
                sha256: text(media, "/sha256"),
                filename: text(media, "/filename"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_what_people_see_of_it() {
        let text = |kind, body| Content::of(kind, body).text;
        let said = |text: &str| Some(text.to_owned());
        assert_eq!(
            text("text", r#"{"text":{"body":"caf\u00e9"}}"#),
            said("café")
        );
        assert_eq!(
            text("button", r#"{"button":{"payload":"p","text":"Yes"}}"#),
            said("Yes")
        );
        let reply =
            r#"{"interactive":{"type":"list_reply","list_reply":{"id":"1","title":"Soup"}}}"#;
        assert_eq!(text("interactive", reply), said("Soup"));
        let asked = r#"{"interactive":{"type":"button","body":{"text":"Ok?"}}}"#;
        assert_eq!(text("interactive", asked), said("Ok?"));
        assert_eq!(text("text", "not json"), None);
        assert_eq!(text("unsupported", r#"{"errors":[]}"#), None);
    }

    #[test]
    fn media_is_known_by_its_id_or_its_link() {
        let body = r#"{"image":{"id":"7","mime_type":"image/jpeg","sha256":"x","caption":"us"}}"#;
        let Content { text, media } = Content::of("image", body);
        assert_eq!(text.as_deref(), Some("us"));
        let media = media.unwrap();
        assert_eq!((media.id.as_deref(), media.link), (Some("7"), None));
        assert_eq!(media.mime_type.as_deref(), Some("image/jpeg"));
        let body = r#"{"document":{"link":"https://a/b.pdf","filename":"b.pdf"}}"#;
        let media = Content::of("document", body).media.unwrap();
        assert_eq!(media.link.as_deref(), Some("https://a/b.pdf"));
        assert_eq!(media.filename.as_deref(), Some("b.pdf"));
        assert_eq!(Content::of("video", "{}"), Content::default());
    }
}
