//! The JSON of each message.

use serde_json::{Map, Value, json};

use super::{
    ButtonsMessage, Header, InvalidMessage, ListMessage, MediaKind, MediaMessage, MediaSource,
    Message, TemplateComponent, TemplateMessage, TemplateParameter, TextMessage, limits, recipient,
};

impl Message for TextMessage {
    fn to_json(&self) -> Result<Value, InvalidMessage> {
        limits::length("body", &self.body, 1..=limits::TEXT_BODY)?;
        let mut text = json!({ "body": self.body });
        if self.preview_url {
            text["preview_url"] = json!(true);
        }
        envelope(&self.to, self.reply_to.as_deref(), "text", text)
    }
}

impl Message for ButtonsMessage {
    fn to_json(&self) -> Result<Value, InvalidMessage> {
        limits::buttons(self)?;
        let header = self.header.as_ref().map(header).transpose()?;
        let buttons = self.buttons.iter().map(
            |button| json!({ "type": "reply", "reply": { "id": button.id, "title": button.title } }),
        );
        let action = json!({ "buttons": buttons.collect::<Vec<_>>() });
        let parts = Parts {
            header,
            body: &self.body,
            footer: self.footer.as_deref(),
            action,
        };
        envelope(
            &self.to,
            self.reply_to.as_deref(),
            "interactive",
            parts.json("button"),
        )
    }
}

impl Message for ListMessage {
    fn to_json(&self) -> Result<Value, InvalidMessage> {
        limits::list(self)?;
        let header = self
            .header
            .as_ref()
            .map(|text| json!({ "type": "text", "text": text }));
        let sections = self.sections.iter().map(|section| {
            let rows = section.rows.iter().map(|row| {
                let row_json = json!({ "id": row.id, "title": row.title });
                with(row_json, "description", row.description.clone())
            });
            let mut fields = Map::new();
            if let Some(title) = &section.title {
                fields.insert("title".to_owned(), json!(title));
            }
            fields.insert("rows".to_owned(), rows.collect());
            Value::Object(fields)
        });
        let action = json!({ "button": self.button, "sections": sections.collect::<Vec<_>>() });
        let parts = Parts {
            header,
            body: &self.body,
            footer: self.footer.as_deref(),
            action,
        };
        envelope(
            &self.to,
            self.reply_to.as_deref(),
            "interactive",
            parts.json("list"),
        )
    }
}

impl Message for MediaMessage {
    fn to_json(&self) -> Result<Value, InvalidMessage> {
        let kind = self.kind.name();
        let has_caption = !matches!(self.kind, MediaKind::Audio | MediaKind::Sticker);
        if self.caption.is_some() && !has_caption {
            return Err(InvalidMessage::field(
                "caption",
                "is not for audio and stickers",
            ));
        }
        if self.filename.is_some() && self.kind != MediaKind::Document {
            return Err(InvalidMessage::field("filename", "is for documents only"));
        }
        limits::optional("caption", self.caption.as_deref(), limits::CAPTION)?;
        let media = with(
            media("source", &self.source)?,
            "caption",
            self.caption.clone(),
        );
        let media = with(media, "filename", self.filename.clone());
        envelope(&self.to, self.reply_to.as_deref(), kind, media)
    }
}

impl Message for TemplateMessage {
    fn to_json(&self) -> Result<Value, InvalidMessage> {
        limits::length("name", &self.name, 1..=limits::TEMPLATE_NAME)?;
        limits::length("language", &self.language, 1..=limits::ID)?;
        let components = self.components.iter().enumerate();
        let components = components.map(|(n, part)| component(n, part));
        let components: Vec<_> = components.collect::<Result<_, _>>()?;
        let mut template = json!({ "name": self.name, "language": { "code": self.language } });
        if !components.is_empty() {
            template["components"] = Value::Array(components);
        }
        envelope(&self.to, None, "template", template)
    }
}

impl MediaKind {
    fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Document => "document",
            Self::Sticker => "sticker",
        }
    }
}

/// What interactive messages have in common.
pub(super) struct Parts<'a> {
    pub(super) header: Option<Value>,
    pub(super) body: &'a str,
    pub(super) footer: Option<&'a str>,
    pub(super) action: Value,
}

impl Parts<'_> {
    pub(super) fn json(self, kind: &str) -> Value {
        let mut fields = Map::new();
        fields.insert("type".to_owned(), json!(kind));
        if let Some(header) = self.header {
            fields.insert("header".to_owned(), header);
        }
        fields.insert("body".to_owned(), json!({ "text": self.body }));
        if let Some(footer) = self.footer {
            fields.insert("footer".to_owned(), json!({ "text": footer }));
        }
        fields.insert("action".to_owned(), self.action);
        Value::Object(fields)
    }
}

pub(super) fn envelope(
    to: &str,
    reply_to: Option<&str>,
    kind: &str,
    content: Value,
) -> Result<Value, InvalidMessage> {
    limits::optional("reply-to", reply_to, limits::ID)?;
    let (field, address) = recipient::field(to)?;
    let mut message = Map::new();
    message.insert("messaging_product".to_owned(), json!("whatsapp"));
    message.insert("recipient_type".to_owned(), json!("individual"));
    message.insert(field.to_owned(), json!(address));
    if let Some(id) = reply_to {
        message.insert("context".to_owned(), json!({ "message_id": id }));
    }
    message.insert("type".to_owned(), json!(kind));
    message.insert(kind.to_owned(), content);
    Ok(Value::Object(message))
}

pub(super) fn header(header: &Header) -> Result<Value, InvalidMessage> {
    let (kind, source) = match header {
        Header::Text(text) => {
            limits::length("header", text, 1..=limits::HEADER)?;
            return Ok(json!({ "type": "text", "text": text }));
        }
        Header::Image(source) => ("image", source),
        Header::Video(source) => ("video", source),
        Header::Document(source) => ("document", source),
    };
    let media = media("header", source)?;
    Ok(json!({ "type": kind, kind: media }))
}

fn media(field: &str, source: &MediaSource) -> Result<Value, InvalidMessage> {
    match source {
        MediaSource::Id(id) => {
            limits::length(field, id, 1..=limits::ID)?;
            Ok(json!({ "id": id }))
        }
        MediaSource::Link(link) => {
            limits::length(field, link, 1..=limits::LINK)?;
            match link.starts_with("https://") || link.starts_with("http://") {
                true => Ok(json!({ "link": link })),
                false => Err(InvalidMessage::field(field, "is not an http(s) address")),
            }
        }
    }
}

fn component(n: usize, part: &TemplateComponent) -> Result<Value, InvalidMessage> {
    limits::length(&format!("components[{n}].kind"), &part.kind, 1..=limits::ID)?;
    let parameters = part.parameters.iter().enumerate();
    let parameters =
        parameters.map(|(m, value)| parameter(&format!("components[{n}].parameters[{m}]"), value));
    let parameters: Vec<_> = parameters.collect::<Result<_, _>>()?;
    let component = with(
        json!({ "type": part.kind }),
        "sub_type",
        part.sub_type.clone(),
    );
    let component = with(
        component,
        "index",
        part.index.map(|index| index.to_string()),
    );
    Ok(with(component, "parameters", Some(parameters)))
}

fn parameter(field: &str, parameter: &TemplateParameter) -> Result<Value, InvalidMessage> {
    let media =
        |kind: &str, source| media(field, source).map(|media| json!({ "type": kind, kind: media }));
    match parameter {
        TemplateParameter::Text(text) => Ok(json!({ "type": "text", "text": text })),
        TemplateParameter::NamedText(name, text) => {
            Ok(json!({ "type": "text", "parameter_name": name, "text": text }))
        }
        TemplateParameter::Image(source) => media("image", source),
        TemplateParameter::Video(source) => media("video", source),
        TemplateParameter::Document(source) => media("document", source),
        TemplateParameter::Payload(payload) => Ok(json!({ "type": "payload", "payload": payload })),
        TemplateParameter::Json(text) => match serde_json::from_str(text) {
            Ok(value @ Value::Object(_)) => Ok(value),
            Ok(_) | Err(_) => Err(InvalidMessage::field(field, "is not a JSON object")),
        },
    }
}

fn with<T: Into<Value>>(mut object: Value, key: &str, value: Option<T>) -> Value {
    if let Some(value) = value {
        object[key] = value.into();
    }
    object
}
