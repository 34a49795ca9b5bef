//! `roost:bot/whatsapp`: the project's own number.
//!
//! Typed messages become Meta's JSON here; from there on they are sends like
//! any other, by the same [`Messenger`] that a bot's plain HTTP to Meta reaches.

use super::bindings::roost::bot::whatsapp::{
    self, ButtonsMessage, Error, GraphRequest, GraphResponse, Header, ListMessage, MediaKind,
    MediaMessage, MediaSource, Sent, TemplateMessage, TemplateParameter, TextMessage,
};
use crate::sandbox::RunState;
use crate::whatsapp::messages::{self, Message, Receipt};
use futures::future::BoxFuture;
use serde_json::Value;
use std::sync::Arc;
use wasmtime::component::{Accessor, HasSelf};

/// Sends from one project's number, for one event.
pub trait Messenger: Send + Sync {
    /// Sends a message, given as Meta's JSON.
    fn send(&self, message: Value) -> BoxFuture<'_, Result<Sent, Error>>;
    /// Marks a received message as read.
    fn mark_read(&self, message_id: String, receipt: Receipt) -> BoxFuture<'_, Result<(), Error>>;
    /// Makes any other request.
    fn request(&self, request: GraphRequest) -> BoxFuture<'_, Result<GraphResponse, Error>>;
}

fn granted<T>(accessor: &Accessor<T, HasSelf<RunState>>) -> Result<Arc<dyn Messenger>, Error> {
    accessor.with(|mut access| {
        let grants = &mut access.get().grants;
        grants.count_call().map_err(Error::Denied)?;
        grants.whatsapp.clone().ok_or_else(|| {
            Error::Denied(
                "nothing can be sent while a bot starts: send while an event is handled".to_owned(),
            )
        })
    })
}

async fn send<T>(
    accessor: &Accessor<T, HasSelf<RunState>>,
    message: impl Message,
) -> Result<Sent, Error> {
    let messenger = granted(accessor)?;
    let message = message
        .to_json()
        .map_err(|error| Error::Invalid(error.to_string()))?;
    messenger.send(message).await
}

impl<T: Send> whatsapp::HostWithStore<T> for HasSelf<RunState> {
    async fn send_text(accessor: &Accessor<T, Self>, message: TextMessage) -> Result<Sent, Error> {
        send(accessor, messages::TextMessage::from(message)).await
    }

    async fn send_buttons(
        accessor: &Accessor<T, Self>,
        message: ButtonsMessage,
    ) -> Result<Sent, Error> {
        send(accessor, messages::ButtonsMessage::from(message)).await
    }

    async fn send_list(accessor: &Accessor<T, Self>, message: ListMessage) -> Result<Sent, Error> {
        send(accessor, messages::ListMessage::from(message)).await
    }

    async fn send_media(
        accessor: &Accessor<T, Self>,
        message: MediaMessage,
    ) -> Result<Sent, Error> {
        send(accessor, messages::MediaMessage::from(message)).await
    }

    async fn send_template(
        accessor: &Accessor<T, Self>,
        message: TemplateMessage,
    ) -> Result<Sent, Error> {
        send(accessor, messages::TemplateMessage::from(message)).await
    }

    async fn mark_read(accessor: &Accessor<T, Self>, message_id: String) -> Result<(), Error> {
        granted(accessor)?
            .mark_read(message_id, Receipt::Read)
            .await
    }

    async fn show_typing(accessor: &Accessor<T, Self>, message_id: String) -> Result<(), Error> {
        granted(accessor)?
            .mark_read(message_id, Receipt::Typing)
            .await
    }

    async fn request(
        accessor: &Accessor<T, Self>,
        request: GraphRequest,
    ) -> Result<GraphResponse, Error> {
        let messenger = granted(accessor)?;
        let bytes = request.path.len() + request.body.as_ref().map_or(0, String::len);
        let load = accessor.with(|mut access| access.get().under_way.take(bytes));
        let _load = load.map_err(Error::Denied)?;
        messenger.request(request).await
    }
}

impl whatsapp::Host for RunState {}

impl From<TextMessage> for messages::TextMessage {
    fn from(message: TextMessage) -> Self {
        let TextMessage {
            to,
            body,
            preview_url,
            reply_to,
        } = message;
        Self {
            to,
            body,
            preview_url,
            reply_to,
        }
    }
}

impl From<MediaSource> for messages::MediaSource {
    fn from(source: MediaSource) -> Self {
        match source {
            MediaSource::Id(id) => Self::Id(id),
            MediaSource::Link(link) => Self::Link(link),
        }
    }
}

impl From<Header> for messages::Header {
    fn from(header: Header) -> Self {
        match header {
            Header::Text(text) => Self::Text(text),
            Header::Image(source) => Self::Image(source.into()),
            Header::Video(source) => Self::Video(source.into()),
            Header::Document(source) => Self::Document(source.into()),
        }
    }
}

impl From<ButtonsMessage> for messages::ButtonsMessage {
    fn from(message: ButtonsMessage) -> Self {
        let buttons = message.buttons.into_iter();
        Self {
            to: message.to,
            header: message.header.map(Into::into),
            body: message.body,
            footer: message.footer,
            buttons: buttons
                .map(|b| messages::Button {
                    id: b.id,
                    title: b.title,
                })
                .collect(),
            reply_to: message.reply_to,
        }
    }
}

impl From<ListMessage> for messages::ListMessage {
    fn from(message: ListMessage) -> Self {
        let row = |row: whatsapp::ListRow| messages::ListRow {
            id: row.id,
            title: row.title,
            description: row.description,
        };
        let section = |section: whatsapp::ListSection| messages::ListSection {
            title: section.title,
            rows: section.rows.into_iter().map(row).collect(),
        };
        Self {
            to: message.to,
            header: message.header,
            body: message.body,
            footer: message.footer,
            button: message.button,
            sections: message.sections.into_iter().map(section).collect(),
            reply_to: message.reply_to,
        }
    }
}

impl From<MediaMessage> for messages::MediaMessage {
    fn from(message: MediaMessage) -> Self {
        Self {
            to: message.to,
            kind: match message.kind {
                MediaKind::Image => messages::MediaKind::Image,
                MediaKind::Video => messages::MediaKind::Video,
                MediaKind::Audio => messages::MediaKind::Audio,
                MediaKind::Document => messages::MediaKind::Document,
                MediaKind::Sticker => messages::MediaKind::Sticker,
            },
            source: message.source.into(),
            caption: message.caption,
            filename: message.filename,
            reply_to: message.reply_to,
        }
    }
}

impl From<TemplateMessage> for messages::TemplateMessage {
    fn from(message: TemplateMessage) -> Self {
        let component = |component: whatsapp::TemplateComponent| messages::TemplateComponent {
            kind: component.kind,
            sub_type: component.sub_type,
            index: component.index,
            parameters: component.parameters.into_iter().map(Into::into).collect(),
        };
        Self {
            to: message.to,
            name: message.name,
            language: message.language,
            components: message.components.into_iter().map(component).collect(),
        }
    }
}

impl From<TemplateParameter> for messages::TemplateParameter {
    fn from(parameter: TemplateParameter) -> Self {
        match parameter {
            TemplateParameter::Text(text) => Self::Text(text),
            TemplateParameter::NamedText((name, text)) => Self::NamedText(name, text),
            TemplateParameter::Image(source) => Self::Image(source.into()),
            TemplateParameter::Video(source) => Self::Video(source.into()),
            TemplateParameter::Document(source) => Self::Document(source.into()),
            TemplateParameter::Payload(payload) => Self::Payload(payload),
            TemplateParameter::Json(json) => Self::Json(json),
        }
    }
}
