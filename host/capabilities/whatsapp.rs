//! `roost:bot/whatsapp`: the project's own number.

use super::bindings::roost::bot::whatsapp::{
    self, ButtonsMessage, Error, GraphRequest, GraphResponse, ListMessage, MediaMessage, Sent,
    TemplateMessage, TextMessage,
};
use crate::sandbox::RunState;
use futures::future::BoxFuture;
use std::sync::Arc;
use wasmtime::component::{Accessor, HasSelf};

/// Sends from one project's number, for one event.
pub trait Messenger: Send + Sync {
    /// Sends a text message.
    fn send_text(&self, message: TextMessage) -> BoxFuture<'_, Result<Sent, Error>>;
    /// Sends a message with buttons.
    fn send_buttons(&self, message: ButtonsMessage) -> BoxFuture<'_, Result<Sent, Error>>;
    /// Sends a list.
    fn send_list(&self, message: ListMessage) -> BoxFuture<'_, Result<Sent, Error>>;
    /// Sends media.
    fn send_media(&self, message: MediaMessage) -> BoxFuture<'_, Result<Sent, Error>>;
    /// Sends a template.
    fn send_template(&self, message: TemplateMessage) -> BoxFuture<'_, Result<Sent, Error>>;
    /// Marks a message as read, and says with `typing` that an answer is coming.
    fn mark_read(&self, message_id: String, typing: bool) -> BoxFuture<'_, Result<(), Error>>;
    /// Any other request.
    fn request(&self, request: GraphRequest) -> BoxFuture<'_, Result<GraphResponse, Error>>;
}

fn granted<T>(accessor: &Accessor<T, HasSelf<RunState>>) -> Result<Arc<dyn Messenger>, Error> {
    accessor.with(|mut access| {
        let grants = &mut access.get().grants;
        grants.host_calls += 1;
        grants.whatsapp.clone().ok_or_else(|| {
            Error::Denied("nothing can be sent at deploy: send while an event is handled".to_owned())
        })
    })
}

impl<T: Send> whatsapp::HostWithStore<T> for HasSelf<RunState> {
    async fn send_text(
        accessor: &Accessor<T, Self>,
        message: TextMessage,
    ) -> Result<Sent, Error> {
        granted(accessor)?.send_text(message).await
    }

    async fn send_buttons(
        accessor: &Accessor<T, Self>,
        message: ButtonsMessage,
    ) -> Result<Sent, Error> {
        granted(accessor)?.send_buttons(message).await
    }

    async fn send_list(
        accessor: &Accessor<T, Self>,
        message: ListMessage,
    ) -> Result<Sent, Error> {
        granted(accessor)?.send_list(message).await
    }

    async fn send_media(
        accessor: &Accessor<T, Self>,
        message: MediaMessage,
    ) -> Result<Sent, Error> {
        granted(accessor)?.send_media(message).await
    }

    async fn send_template(
        accessor: &Accessor<T, Self>,
        message: TemplateMessage,
    ) -> Result<Sent, Error> {
        granted(accessor)?.send_template(message).await
    }

    async fn mark_read(accessor: &Accessor<T, Self>, message_id: String) -> Result<(), Error> {
        granted(accessor)?.mark_read(message_id, false).await
    }

    async fn show_typing(accessor: &Accessor<T, Self>, message_id: String) -> Result<(), Error> {
        granted(accessor)?.mark_read(message_id, true).await
    }

    async fn request(
        accessor: &Accessor<T, Self>,
        request: GraphRequest,
    ) -> Result<GraphResponse, Error> {
        granted(accessor)?.request(request).await
    }
}

impl whatsapp::Host for RunState {}
