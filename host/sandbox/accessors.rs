//! How wizer reads an instance's memory and globals: by the functions that it put into the component.
//!
//! Its own way of calling them, which is the same, comes with a cache of compiled code and two parsers.

use wasmtime::component::{Instance, Lift, WasmList};
use wasmtime::{Result, Store};
use wasmtime_wizer::ComponentInstanceState;

/// An instance whose top level is done.
pub(super) struct Accessors<'a, T: 'static> {
    pub(super) store: &'a mut Store<T>,
    pub(super) instance: Instance,
}

impl<T: Send> Accessors<'_, T> {
    /// Panics when the call fails: wizer leaves no way to tell it so.
    async fn call<R: Lift + 'static>(&mut self, instance: &str, function: &str) -> R {
        match self.try_call(instance, function).await {
            Ok(value) => value,
            Err(error) => std::panic::panic_any(format!("{instance}#{function}: {error:#}")),
        }
    }

    async fn try_call<R: Lift + 'static>(&mut self, instance: &str, function: &str) -> Result<R> {
        let (store, missing) = (&mut *self.store, || {
            wasmtime::format_err!("there is no such function")
        });
        let exports = self.instance.get_export_index(&mut *store, None, instance);
        let exports = exports.ok_or_else(missing)?;
        let export = self
            .instance
            .get_export_index(&mut *store, Some(&exports), function)
            .ok_or_else(missing)?;
        let function = self
            .instance
            .get_typed_func::<(), (R,)>(&mut *store, export)?;
        Ok(function.call_async(&mut *store, ()).await?.0)
    }
}

impl<T: Send> ComponentInstanceState for Accessors<'_, T> {
    async fn call_func_ret_list_u8(
        &mut self,
        instance: &str,
        func: &str,
        contents: impl FnOnce(&[u8]) + Send,
    ) {
        let list: WasmList<u8> = self.call(instance, func).await;
        contents(list.as_le_slice(&*self.store));
    }

    async fn call_func_ret_s32(&mut self, instance: &str, func: &str) -> i32 {
        self.call(instance, func).await
    }

    async fn call_func_ret_s64(&mut self, instance: &str, func: &str) -> i64 {
        self.call(instance, func).await
    }

    async fn call_func_ret_f32(&mut self, instance: &str, func: &str) -> u32 {
        self.call::<f32>(instance, func).await.to_bits()
    }

    async fn call_func_ret_f64(&mut self, instance: &str, func: &str) -> u64 {
        self.call::<f64>(instance, func).await.to_bits()
    }
}
