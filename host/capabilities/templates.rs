//! `roost:bot/templates`: the project's templates, and messages that are made of them by name.

use super::bindings::roost::bot::templates::{self, Message, Refusal, Template};
use super::bindings::roost::bot::whatsapp::Sent;
use crate::sandbox::RunState;
use futures::future::BoxFuture;
use std::sync::Arc;
use wasmtime::component::{Accessor, HasSelf};

/// The templates of one project, for one event.
pub trait TemplateBook: Send + Sync {
    /// All of them.
    fn list(&self) -> BoxFuture<'_, Result<Vec<Template>, Refusal>>;
    /// Sends one.
    fn send(&self, message: Message) -> BoxFuture<'_, Result<Sent, Refusal>>;
}

fn granted<T>(accessor: &Accessor<T, HasSelf<RunState>>) -> Result<Arc<dyn TemplateBook>, Refusal> {
    accessor.with(|mut access| {
        let grants = &mut access.get().grants;
        grants.count_call().map_err(Refusal::Denied)?;
        grants.templates.clone().ok_or_else(|| {
            Refusal::Denied(
                "there are no templates while a bot starts, or without a number: use them while an \
                 event is handled"
                    .to_owned(),
            )
        })
    })
}

impl<T: Send> templates::HostWithStore<T> for HasSelf<RunState> {
    async fn list(accessor: &Accessor<T, Self>) -> Result<Vec<Template>, Refusal> {
        granted(accessor)?.list().await
    }

    async fn send(accessor: &Accessor<T, Self>, message: Message) -> Result<Sent, Refusal> {
        granted(accessor)?.send(message).await
    }
}

impl templates::Host for RunState {}
