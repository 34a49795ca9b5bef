//! `roost:bot/media`: what customers sent, and files that messages are to carry.

use super::bindings::roost::bot::media::{self, File, Medium, Refusal, Uploaded};
use crate::sandbox::RunState;
use bytes::Bytes;
use futures::future::BoxFuture;
use std::sync::Arc;
use wasmtime::component::{Accessor, HasSelf};

/// The media of one project, for one event.
pub trait MediaStore: Send + Sync {
    /// What a customer sent.
    fn describe(&self, id: String) -> BoxFuture<'_, Result<Medium, Refusal>>;
    /// The same, once the host has it.
    fn wait_for(&self, id: String) -> BoxFuture<'_, Result<Medium, Refusal>>;
    /// Some bytes of it.
    fn read(&self, id: String, offset: u64) -> BoxFuture<'_, Result<Bytes, Refusal>>;
    /// Deletes it, here and at Meta.
    fn delete(&self, id: String) -> BoxFuture<'_, Result<(), Refusal>>;
    /// Begins a file.
    fn begin(&self) -> BoxFuture<'_, Result<u32, Refusal>>;
    /// Adds to one.
    fn add(&self, begun: u32, piece: Vec<u8>) -> BoxFuture<'_, Result<(), Refusal>>;
    /// Uploads one.
    fn upload(&self, begun: u32, file: File) -> BoxFuture<'_, Result<Uploaded, Refusal>>;
    /// Uploads what is at an address.
    fn upload_from(&self, url: String, file: File) -> BoxFuture<'_, Result<Uploaded, Refusal>>;
    /// Uploads one as a sample.
    fn upload_sample(&self, begun: u32, file: File) -> BoxFuture<'_, Result<String, Refusal>>;
}

fn granted<T>(accessor: &Accessor<T, HasSelf<RunState>>) -> Result<Arc<dyn MediaStore>, Refusal> {
    accessor.with(|mut access| {
        let grants = &mut access.get().grants;
        grants.count_call().map_err(Refusal::Denied)?;
        grants.media.clone().ok_or_else(|| {
            Refusal::Denied(
                "there are no media while a bot starts, or without a number: use them while an event is handled"
                    .to_owned(),
            )
        })
    })
}

impl<T: Send> media::HostWithStore<T> for HasSelf<RunState> {
    async fn describe(accessor: &Accessor<T, Self>, id: String) -> Result<Medium, Refusal> {
        granted(accessor)?.describe(id).await
    }

    async fn wait_for(accessor: &Accessor<T, Self>, id: String) -> Result<Medium, Refusal> {
        granted(accessor)?.wait_for(id).await
    }

    async fn read(
        accessor: &Accessor<T, Self>,
        id: String,
        offset: u64,
    ) -> Result<Vec<u8>, Refusal> {
        let piece = granted(accessor)?.read(id, offset).await?;
        Ok(piece.into())
    }

    async fn delete(accessor: &Accessor<T, Self>, id: String) -> Result<(), Refusal> {
        granted(accessor)?.delete(id).await
    }

    async fn begin(accessor: &Accessor<T, Self>) -> Result<u32, Refusal> {
        granted(accessor)?.begin().await
    }

    async fn add(accessor: &Accessor<T, Self>, begun: u32, piece: Vec<u8>) -> Result<(), Refusal> {
        granted(accessor)?.add(begun, piece).await
    }

    async fn upload(
        accessor: &Accessor<T, Self>,
        begun: u32,
        file: File,
    ) -> Result<Uploaded, Refusal> {
        granted(accessor)?.upload(begun, file).await
    }

    async fn upload_from(
        accessor: &Accessor<T, Self>,
        url: String,
        file: File,
    ) -> Result<Uploaded, Refusal> {
        granted(accessor)?.upload_from(url, file).await
    }

    async fn upload_sample(
        accessor: &Accessor<T, Self>,
        begun: u32,
        file: File,
    ) -> Result<String, Refusal> {
        granted(accessor)?.upload_sample(begun, file).await
    }
}

impl media::Host for RunState {}
