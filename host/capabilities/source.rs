//! `roost:engine/source`: the text of a bot's functions, which its image does not hold.

use crate::sandbox::RunState;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Mutex as Waiting;
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

/// The interface's name. Only components that hold the SDK's engine import it.
const INTERFACE: &str = "roost:engine/source@0.1.0";

/// The text of the function at these bytes of a bundle.
pub type TextAt = Box<dyn Fn(u32, u32) -> Option<String> + Send + Sync>;

/// A bundle's text, read when a function is first asked for its own. Clones share it.
#[derive(Clone)]
pub struct BundleText(Arc<Text>);

struct Text {
    read: Box<dyn Fn() -> Option<TextAt> + Send + Sync>,
    /// Once it was read: what that gave.
    found: Mutex<Option<Option<Arc<TextAt>>>>,
    /// One is asked at a time: others wait without a thread.
    turn: Arc<Waiting<()>>,
}

impl BundleText {
    /// Of what can be read; it is read once, and while an instance waits.
    pub fn new(read: impl Fn() -> Option<TextAt> + Send + Sync + 'static) -> Self {
        Self(Arc::new(Text {
            read: Box::new(read),
            found: Mutex::default(),
            turn: Arc::default(),
        }))
    }

    /// Reading and asking may take seconds, which no thread of bots waits for.
    async fn part(self, start: u32, end: u32) -> Option<String> {
        let turn = self.0.turn.clone().lock_owned().await;
        let asked = tokio::task::spawn_blocking(move || {
            let part = self.at_once(start, end);
            drop(turn);
            part
        });
        // What panicked has no text.
        asked.await.ok().flatten()
    }

    fn at_once(&self, start: u32, end: u32) -> Option<String> {
        let text = {
            let mut found = self.0.found.lock().unwrap_or_else(PoisonError::into_inner);
            found
                .get_or_insert_with(|| (self.0.read)().map(Arc::new))
                .clone()?
        };
        text(start, end)
    }
}

pub(super) fn link(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    linker.instance(INTERFACE)?.func_wrap_async(
        "text",
        |store: StoreContextMut<'_, RunState>, (start, end): (u32, u32)| {
            let source = store.data().grants.source.clone();
            Box::new(async move {
                let part = match source {
                    Some(text) => text.part(start, end).await,
                    None => None,
                };
                wasmtime::Result::Ok((part,))
            })
        },
    )
}
