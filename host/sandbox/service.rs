//! The doors by which a request reaches a bot: `wasi:http/handler@0.3` of the world, or
//! `wasi:http/incoming-handler@0.2`, which is what most toolchains know today.
//!
//! A 0.2 handler blocks: while it waits for the host, nothing else of its store runs, and what
//! waits inside `run_concurrent` for its response would never be asked. So its response is taken
//! out here, beside the store, while the handler goes on.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use futures::FutureExt as _;
use wasmtime::component::InstancePre;
use wasmtime::{Result, Store};
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::p2::bindings::{Proxy, ProxyPre};
use wasmtime_wasi_http::p3::bindings::{Service, ServicePre};

use super::RunState;
use crate::capabilities::OutboundBody;

/// A bot's door, before there is an instance.
#[derive(Clone)]
pub(crate) enum DoorPre {
    /// `wasi:http/handler@0.3`.
    Handler(ServicePre<RunState>),
    /// `wasi:http/incoming-handler@0.2`.
    Incoming(ProxyPre<RunState>),
}

/// An instance's door.
pub(crate) enum Door {
    Handler(Service),
    Incoming(Proxy),
}

impl DoorPre {
    /// A component with both is asked by the newer one.
    pub(crate) fn new(component: InstancePre<RunState>) -> Result<Self> {
        match ServicePre::new(component.clone()) {
            Ok(service) => Ok(Self::Handler(service)),
            Err(error) => match ProxyPre::new(component) {
                Ok(proxy) => Ok(Self::Incoming(proxy)),
                Err(_) => Err(error),
            },
        }
    }

    pub(crate) async fn open(&self, store: &mut Store<RunState>) -> Result<Door> {
        Ok(match self {
            Self::Handler(service) => Door::Handler(service.instantiate_async(store).await?),
            Self::Incoming(proxy) => Door::Incoming(proxy.instantiate_async(store).await?),
        })
    }
}

/// What a 0.2 handler gives for a response, or why there is none.
type Answered = Result<http::Response<OutboundBody>, String>;

/// Runs a 0.2 handler to the end of its work. `answered` gets the response as soon as it begins.
pub(super) async fn incoming(
    proxy: &Proxy,
    store: &mut Store<RunState>,
    request: http::Request<OutboundBody>,
    answered: impl FnOnce(Answered) + Send + Sync + 'static,
) -> Result<Result<()>> {
    let mut http = store.data_mut().http();
    let request = http.new_incoming_request(Scheme::Http, request)?;
    let out = http.new_response_outparam_from_callback(|response| {
        answered(response.map_err(|code| format!("{code:?}")));
    })?;
    let handle = proxy.wasi_http_incoming_handler().func_handle();
    store
        .run_concurrent(async |accessor| {
            handle.call_concurrent(accessor, (request, out)).await?;
            std::future::poll_fn(|context| accessor.poll_no_interesting_tasks(context)).await;
            Ok(())
        })
        .await
}

/// Runs a handler, and beside it what takes its response. `None`: the handler has ended, and has
/// not given all that the other waits for.
pub(super) async fn beside<T>(
    running: impl Future<Output = Result<Result<()>>>,
    taking: impl Future<Output = T>,
) -> Result<Result<Option<T>>> {
    let (mut running, mut taking) = (pin!(running), pin!(taking));
    let mut taken = None;
    let ended = std::future::poll_fn(|context| {
        if taken.is_none()
            && let Poll::Ready(all) = taking.as_mut().poll(context)
        {
            taken = Some(all);
        }
        running.as_mut().poll(context)
    });
    if let error @ (Err(_) | Ok(Err(_))) = ended.await {
        return error.map(|inner| inner.map(|()| None));
    }
    Ok(Ok(taken.or_else(|| {
        // What the handler wrote last lies ready; nothing more will come.
        tokio::task::coop::unconstrained(taking).now_or_never()
    })))
}

/// Whether a response has begun, for those who tell why there is none.
#[derive(Default)]
pub(super) struct Begun(AtomicBool);

impl Begun {
    pub(super) fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Why there is no whole response, when the handler has ended.
    pub(super) fn why_not(&self) -> String {
        match self.0.load(Ordering::Relaxed) {
            true => "its response broke off: the bot ended before its body did".to_owned(),
            false => "the bot ended its work on the request without answering it".to_owned(),
        }
    }
}
