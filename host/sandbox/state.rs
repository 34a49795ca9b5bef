//! What one instance's store holds.

use super::limits::{Budget, CpuMeter, FIELDS_BYTES, HANDLES, MemoryLimit};
use super::threads::{Share, Statements, Threads};
use crate::capabilities::{Grants, Held, Locales, UnderWay, wasi};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// What one instance's store holds: it lives as long as the instance.
pub struct RunState {
    pub(crate) table: ResourceTable,
    pub(crate) http: WasiHttpCtx,
    pub(crate) wasi: WasiCtx,
    stdio: wasi::Stdio,
    pub(crate) memory: MemoryLimit,
    /// What its streams and ciphers hold outside of it.
    pub(crate) held: Held,
    /// What its calls of the host hold until they end.
    pub(crate) under_way: UnderWay,
    pub(crate) cpu: CpuMeter,
    /// What `cpu` may come to.
    pub(crate) cpu_budget: Duration,
    /// When the event's time is up.
    pub(crate) ends_at: Instant,
    /// What the bot may do, and what it has done.
    pub(crate) grants: Grants,
    /// Where long calculations are done.
    pub(super) threads: Threads,
    /// What the host knows of locales.
    pub(crate) locales: Arc<Locales>,
}

impl RunState {
    pub(super) fn new(
        grants: Grants,
        budget: &Budget,
        threads: Threads,
        locales: Arc<Locales>,
    ) -> Self {
        let stdio = wasi::Stdio::new(&grants.log);
        let (mut table, mut http) = (ResourceTable::new(), WasiHttpCtx::new());
        table.set_max_capacity(HANDLES);
        http.set_field_size_limit(FIELDS_BYTES);
        Self {
            table,
            http,
            wasi: wasi::context(&stdio),
            stdio,
            memory: MemoryLimit::new(budget.memory_bytes),
            held: Held::default(),
            under_way: UnderWay::default(),
            cpu: CpuMeter::new(),
            cpu_budget: budget.cpu,
            ends_at: Instant::now() + budget.wall,
            grants,
            threads,
            locales,
        }
    }

    /// For the next event of an instance that lives on: all counting begins anew.
    pub(crate) fn rearm(&mut self, grants: Grants, budget: &Budget) {
        self.memory.rearm(budget.memory_bytes);
        self.cpu = CpuMeter::new();
        self.cpu_budget = budget.cpu;
        self.ends_at = Instant::now() + budget.wall;
        self.exchange(grants);
    }

    /// Who may run a statement, and whose this instance's are.
    pub(crate) fn statements(&self) -> (Statements, Share) {
        (self.threads.statements().clone(), self.grants.share.clone())
    }

    /// Gives it other grants, and returns those that it had.
    pub(crate) fn exchange(&mut self, grants: Grants) -> Grants {
        self.stdio.follow(&grants.log);
        std::mem::replace(&mut self.grants, grants)
    }
}

impl WasiHttpView for RunState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.grants.http,
        }
    }
}

impl WasiView for RunState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}
