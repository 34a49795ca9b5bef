//! What one instance's store holds.

use super::limits::{Budget, CpuMeter, MemoryLimit};
use crate::capabilities::{Grants, Held};
use std::time::{Duration, Instant};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::clocks::{WasiClocksCtx, WasiClocksCtxView, WasiClocksView};
use wasmtime_wasi::random::{WasiRandomCtx, WasiRandomView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// What one instance's store holds: it lives as long as the instance.
pub struct RunState {
    pub(crate) table: ResourceTable,
    pub(crate) http: WasiHttpCtx,
    pub(crate) clocks: WasiClocksCtx,
    pub(crate) random: WasiRandomCtx,
    pub(crate) memory: MemoryLimit,
    /// What its compression streams hold outside of it.
    pub(crate) held: Held,
    pub(crate) cpu: CpuMeter,
    /// What `cpu` may come to.
    pub(crate) cpu_budget: Duration,
    /// When the event's time is up.
    pub(crate) ends_at: Instant,
    /// What the bot may do, and what it has done.
    pub(crate) grants: Grants,
}

impl RunState {
    pub(crate) fn new(grants: Grants, budget: &Budget) -> Self {
        Self {
            table: ResourceTable::new(),
            http: WasiHttpCtx::new(),
            clocks: WasiClocksCtx::default(),
            random: WasiRandomCtx::default(),
            memory: MemoryLimit::new(budget.memory_bytes),
            held: Held::default(),
            cpu: CpuMeter::new(),
            cpu_budget: budget.cpu,
            ends_at: Instant::now() + budget.wall,
            grants,
        }
    }

    /// For the next event of an instance that lives on: all counting begins anew.
    pub(crate) fn rearm(&mut self, grants: Grants, budget: &Budget) {
        self.memory.rearm(budget.memory_bytes);
        self.cpu = CpuMeter::new();
        self.cpu_budget = budget.cpu;
        self.ends_at = Instant::now() + budget.wall;
        self.grants = grants;
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

impl WasiClocksView for RunState {
    fn clocks(&mut self) -> WasiClocksCtxView<'_> {
        WasiClocksCtxView {
            ctx: &mut self.clocks,
            table: &mut self.table,
        }
    }
}

impl WasiRandomView for RunState {
    fn random(&mut self) -> &mut WasiRandomCtx {
        &mut self.random
    }
}
