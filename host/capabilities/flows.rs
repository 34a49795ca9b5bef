//! `roost:bot/flows`: the project's Flows.

use super::bindings::roost::bot::flows::{self, Asked, FlowMessage, SentFlow};
use super::bindings::roost::bot::whatsapp::Error;
use crate::sandbox::RunState;
use futures::future::BoxFuture;
use std::sync::Arc;
use wasmtime::component::{Accessor, HasSelf};

/// Sends Flows of one project, and knows what is an answer to which.
pub trait FlowSender: Send + Sync {
    /// Sends one.
    fn send(&self, message: FlowMessage) -> BoxFuture<'_, Result<SentFlow, Error>>;
    /// What an answer from a contact is an answer to.
    fn asked_by(
        &self,
        token: String,
        sender: String,
    ) -> BoxFuture<'_, Result<Option<Asked>, Error>>;
    /// Ends a token.
    fn withdraw(&self, token: String) -> BoxFuture<'_, Result<bool, Error>>;
}

fn granted<T>(accessor: &Accessor<T, HasSelf<RunState>>) -> Result<Arc<dyn FlowSender>, Error> {
    accessor.with(|mut access| {
        let grants = &mut access.get().grants;
        grants.count_call().map_err(Error::Denied)?;
        grants.flows.clone().ok_or_else(|| {
            Error::Denied(
                "there are no Flows while a bot starts: send while an event is handled".to_owned(),
            )
        })
    })
}

impl<T: Send> flows::HostWithStore<T> for HasSelf<RunState> {
    async fn send(accessor: &Accessor<T, Self>, message: FlowMessage) -> Result<SentFlow, Error> {
        let sender = granted(accessor)?;
        let bytes = message.body.len() + message.data.as_ref().map_or(0, String::len);
        let load = accessor.with(|mut access| access.get().under_way.take(bytes));
        let _load = load.map_err(Error::Denied)?;
        sender.send(message).await
    }

    async fn asked_by(
        accessor: &Accessor<T, Self>,
        token: String,
        sender: String,
    ) -> Result<Option<Asked>, Error> {
        granted(accessor)?.asked_by(token, sender).await
    }

    async fn withdraw(accessor: &Accessor<T, Self>, token: String) -> Result<bool, Error> {
        granted(accessor)?.withdraw(token).await
    }
}

impl flows::Host for RunState {}
