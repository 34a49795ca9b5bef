//! The rehearsal: a bot answers two made-up requests before its image is kept.
//!
//! Much of what a framework does it does at its first request: it loads the
//! tables of text encodings, makes its routers' matchers, learns the shapes of
//! its objects. Done before the image is made, no instance does it again.
//!
//! The requests go to a path that no bot has, so that nothing but middleware
//! for all paths sees them. They are the host's own: no customer is in them.
//! A bot that does anything outward meanwhile, or fails, is booted again and
//! kept as its top level left it.

use super::image::BootReport;
use super::permits::Permit;
use super::{BOT_HOST, META_USER_AGENT, RunState};
use crate::capabilities::Grants;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use std::time::Duration;
use wasmtime::Store;
use wasmtime::component::Instance;
use wasmtime_wasi_http::p3::Request;
use wasmtime_wasi_http::p3::bindings::Service;

/// A path that no bot has.
const PATH: &str = "/.well-known/roost-rehearsal";

/// A rehearsal that takes longer is given up.
const PATIENCE: Duration = Duration::from_secs(2);

/// An instance whose top level is done, before it becomes an image.
pub(super) struct Booted {
    pub(super) store: Store<RunState>,
    pub(super) instance: Instance,
    pub(super) report: BootReport,
    pub(super) permit: Permit,
}

impl Booted {
    /// Lets the bot answer; gives whether it did nothing else.
    pub(super) async fn rehearse(&mut self) -> bool {
        let source = self.store.data_mut().grants.source.take();
        self.store
            .data_mut()
            .exchange(Grants::none().with_source(source));
        let json = ("application/json", r#"{"object":"rehearsal","entry":[]}"#);
        let form = ("application/x-www-form-urlencoded", "object=rehearsal");
        for (content_type, body) in [json, form] {
            let answered = tokio::time::timeout(PATIENCE, self.answer(content_type, body)).await;
            if !matches!(answered, Ok(Ok(true))) {
                return false;
            }
        }
        let grants = &mut self.store.data_mut().grants;
        grants.host_calls() == 0 && grants.take_failure().is_none()
    }

    async fn answer(&mut self, content_type: &str, body: &'static str) -> wasmtime::Result<bool> {
        let service = Service::new(&mut self.store, &self.instance)?;
        let request = http::Request::post(format!("http://{BOT_HOST}{PATH}"))
            .header("host", BOT_HOST)
            .header("content-type", content_type)
            .header("content-length", body.len())
            .header("user-agent", META_USER_AGENT)
            .header("accept", "*/*")
            .body(Full::new(Bytes::from_static(body.as_bytes())))?;
        let cpu = self.store.data().cpu.clone();
        let (request, _sent) = Request::from_http(&mut self.store.data_mut().grants.http, request);
        let running = self.store.run_concurrent(async |accessor| {
            let Ok(response) = service.handle(accessor, request).await? else {
                return Ok(false);
            };
            let response = accessor.with(|store| response.into_http(store, async { Ok(()) }))?;
            let answered = response.status().as_u16() < 500;
            let whole = response.into_body().collect().await.is_ok();
            std::future::poll_fn(|context| accessor.poll_no_interesting_tasks(context)).await;
            wasmtime::Result::Ok(answered && whole)
        });
        cpu.measure(running).await?
    }

    /// Ends the making of the image.
    pub(super) async fn seal(&mut self) -> wasmtime::Result<()> {
        let seal = self
            .instance
            .get_typed_func::<(), ()>(&mut self.store, "seal")?;
        seal.call_async(&mut self.store, ()).await
    }
}
