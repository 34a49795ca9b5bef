//! `roost:engine/source`: the text of a bot's functions, which its image does not hold.

use crate::sandbox::RunState;
use std::sync::{Arc, Mutex, PoisonError};
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
}

impl BundleText {
    /// Of what can be read; it is read once, and while an instance waits.
    pub fn new(read: impl Fn() -> Option<TextAt> + Send + Sync + 'static) -> Self {
        Self(Arc::new(Text {
            read: Box::new(read),
            found: Mutex::default(),
        }))
    }

    fn part(&self, start: u32, end: u32) -> Option<String> {
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
    linker.instance(INTERFACE)?.func_wrap(
        "text",
        |store: StoreContextMut<'_, RunState>, (start, end): (u32, u32)| {
            let source = &store.data().grants.source;
            Ok((source.as_ref().and_then(|text| text.part(start, end)),))
        },
    )
}
