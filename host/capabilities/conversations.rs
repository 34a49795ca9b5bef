//! `roost:bot/conversations`: the state of a contact's conversation, and the people who look after it.

use super::bindings::roost::bot::conversations::{self, Consent, Conversation, Error, Overview};
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
    /// What people see of it.
    fn overview(&self, contact: String) -> BoxFuture<'_, Result<Overview, Error>>;
    /// Changes what people see of it.
    fn change(&self, contact: String, change: Change) -> BoxFuture<'_, Result<(), Error>>;
}

/// What a bot does for the people who look after conversations.
#[derive(Clone, Debug)]
pub enum Change {
    /// Hands the conversation to a person, for this reason.
    HandOff(String),
    Release,
    Assign(Option<String>),
    AddLabel(String),
    RemoveLabel(String),
    AddNote(String),
    Resolve,
    /// With where it was said.
    Consent(Consent, String),
}

impl Change {
    /// What it holds of the instance's texts.
    fn bytes(&self) -> usize {
        match self {
            Self::Release | Self::Resolve | Self::Assign(None) => 0,
            Self::HandOff(text)
            | Self::Assign(Some(text))
            | Self::AddLabel(text)
            | Self::RemoveLabel(text)
            | Self::AddNote(text)
            | Self::Consent(_, text) => text.len(),
        }
    }
}

async fn change<T>(
    accessor: &Accessor<T, HasSelf<RunState>>,
    contact: String,
    change: Change,
) -> Result<(), Error> {
    let conversations = granted(accessor)?;
    let _load = load(accessor, contact.len() + change.bytes())?;
    conversations.change(contact, change).await
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

    async fn overview_of(accessor: &Accessor<T, Self>, contact: String) -> Result<Overview, Error> {
        let conversations = granted(accessor)?;
        let _load = load(accessor, contact.len())?;
        conversations.overview(contact).await
    }

    async fn hand_off(
        accessor: &Accessor<T, Self>,
        contact: String,
        reason: String,
    ) -> Result<(), Error> {
        change(accessor, contact, Change::HandOff(reason)).await
    }

    async fn release(accessor: &Accessor<T, Self>, contact: String) -> Result<(), Error> {
        change(accessor, contact, Change::Release).await
    }

    async fn assign(
        accessor: &Accessor<T, Self>,
        contact: String,
        assignee: Option<String>,
    ) -> Result<(), Error> {
        change(accessor, contact, Change::Assign(assignee)).await
    }

    async fn add_label(
        accessor: &Accessor<T, Self>,
        contact: String,
        label: String,
    ) -> Result<(), Error> {
        change(accessor, contact, Change::AddLabel(label)).await
    }

    async fn remove_label(
        accessor: &Accessor<T, Self>,
        contact: String,
        label: String,
    ) -> Result<(), Error> {
        change(accessor, contact, Change::RemoveLabel(label)).await
    }

    async fn add_note(
        accessor: &Accessor<T, Self>,
        contact: String,
        text: String,
    ) -> Result<(), Error> {
        change(accessor, contact, Change::AddNote(text)).await
    }

    async fn resolve(accessor: &Accessor<T, Self>, contact: String) -> Result<(), Error> {
        change(accessor, contact, Change::Resolve).await
    }

    async fn set_consent(
        accessor: &Accessor<T, Self>,
        contact: String,
        consent: Consent,
        source: String,
    ) -> Result<(), Error> {
        change(accessor, contact, Change::Consent(consent, source)).await
    }
}

impl conversations::Host for RunState {}
