//! `roost:bot/conversations`: the state of a contact's conversation.

use super::bindings::roost::bot::conversations::{self, Conversation, Error};
use super::under_way::Load;
use crate::sandbox::RunState;
use futures::future::BoxFuture;
use std::sync::Arc;
use wasmtime::component::{Accessor, HasSelf};

/// Reads and changes the conversations of one project.
pub trait Conversations: Send + Sync {
    /// The conversation with a contact, by WhatsApp id or business-scoped user id.
    fn get(&self, contact: String) -> BoxFuture<'_, Result<Conversation, Error>>;
    /// Sets its state, or removes it.
    fn set_state(&self, contact: String, state: Option<String>)
    -> BoxFuture<'_, Result<(), Error>>;
}

fn granted<T>(accessor: &Accessor<T, HasSelf<RunState>>) -> Result<Arc<dyn Conversations>, Error> {
    accessor.with(|mut access| {
        let grants = &mut access.get().grants;
        grants.count_call().map_err(Error::Other)?;
        grants.conversations.clone().ok_or_else(|| {
            Error::Unavailable(
                "conversations exist while an event is handled, not at deploy".to_owned(),
            )
        })
    })
}

/// What a call holds until it ends.
fn load<T>(accessor: &Accessor<T, HasSelf<RunState>>, bytes: usize) -> Result<Load, Error> {
    accessor
        .with(|mut access| access.get().under_way.take(bytes))
        .map_err(Error::Other)
}

impl<T: Send> conversations::HostWithStore<T> for HasSelf<RunState> {
    async fn get(accessor: &Accessor<T, Self>, contact: String) -> Result<Conversation, Error> {
        let conversations = granted(accessor)?;
        let _load = load(accessor, contact.len())?;
        conversations.get(contact).await
    }

    async fn set_state(
        accessor: &Accessor<T, Self>,
        contact: String,
        state: String,
    ) -> Result<(), Error> {
        let conversations = granted(accessor)?;
        let _load = load(accessor, contact.len() + state.len())?;
        conversations.set_state(contact, Some(state)).await
    }

    async fn clear_state(accessor: &Accessor<T, Self>, contact: String) -> Result<(), Error> {
        let conversations = granted(accessor)?;
        let _load = load(accessor, contact.len())?;
        conversations.set_state(contact, None).await
    }
}

impl conversations::Host for RunState {}
