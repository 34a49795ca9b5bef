//! One live instance of a bot, and the event it handles.
//!
//! What ends an instance's life: the end of its event when it is fresh; for a
//! resident one its owner, and always a trap, a timeout or an overrun, after
//! which its state is worth nothing.

use super::engine::{Living, TICK};
use super::limits::{Budget, CpuMeter, hold};
use super::outcome::{Answer, Report, RunError};
use super::permits::{Permit, Purpose};
use super::service::{self, Begun, Door, DoorPre};
use super::{Bot, RunState};
use crate::capabilities::{Grants, OutboundBody};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use std::time::Instant;
use tokio::sync::oneshot;
use wasmtime::component::Accessor;
use wasmtime::{Store, Trap, UpdateDeadline};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi_http::p2::bindings::Proxy;
use wasmtime_wasi_http::p3::Request;
use wasmtime_wasi_http::p3::bindings::Service;

/// One live instance.
pub struct Instance {
    store: Store<RunState>,
    door: Door,
    budget: Budget,
    started: Instant,
    /// After the store: its memory is given back before another instance may have it.
    _permit: Permit,
    _living: Living,
}

/// The epoch callback's error when the budget of processor time is used up.
#[derive(Debug, thiserror::Error)]
#[error("the budget of processor time is used up")]
struct CpuSpent;

/// What the response's body and the wait for the rest of the work gave.
enum Handled {
    Answered(http::Response<Bytes>),
    Refused(String),
    TooLarge,
}

impl Instance {
    /// Makes a fresh instance from the bot's image, when there may be one more.
    pub async fn start(bot: &Bot, budget: Budget, grants: Grants) -> Result<Self, RunError> {
        let permit = bot.permit(Purpose::Event, budget.memory_bytes).await;
        Self::start_with(permit, bot, budget, grants).await
    }

    /// Makes a fresh instance with a permit that was waited for already.
    pub async fn start_with(
        permit: Permit,
        bot: &Bot,
        budget: Budget,
        grants: Grants,
    ) -> Result<Self, RunError> {
        let started = Instant::now();
        let state = RunState::new(
            grants,
            &budget,
            bot.sandbox.threads.clone(),
            bot.sandbox.locales(),
        );
        let mut store = Store::new(&bot.sandbox.engine, state);
        hold(&mut store);
        store.epoch_deadline_callback(|context| {
            let state = context.data();
            if state.cpu.used() + TICK > state.cpu_budget {
                return Err(CpuSpent.into());
            }
            Ok(UpdateDeadline::Yield(1))
        });
        // A component of another tool may have a start function: it runs in the event's time.
        let cpu = store.data().cpu.clone();
        let opening = cpu.measure(open(&mut store, bot, &budget));
        let opened = tokio::time::timeout(budget.wall, opening).await;
        let door = match opened {
            Err(_) => return Err(RunError::Timeout(budget.wall)),
            Ok(door) => door.map_err(|error| why_not(store.data(), &budget, error))?,
        };
        Ok(Self {
            store,
            door,
            budget,
            started,
            _permit: permit,
            _living: Living::one(&bot.sandbox),
        })
    }

    /// Gives an instance that lives on what its next event may use and do.
    pub fn rearm(&mut self, budget: Budget, grants: Grants) {
        self.store.data_mut().rearm(grants, &budget);
        self.budget = budget;
        self.started = Instant::now();
    }

    /// Takes back what the event might do, and gives what it did. Between
    /// events an instance may do nothing, and nothing of it runs.
    pub fn disarm(&mut self) -> Grants {
        let grants = self.store.data_mut().exchange(Grants::none());
        grants.end_transactions();
        grants
    }

    /// Handles one event: the response, and the end of the work it started.
    ///
    /// After an error the instance must not be used again.
    pub async fn handle(&mut self, request: http::Request<Bytes>) -> Result<Answer, RunError> {
        let budget = self.budget;
        let cpu = self.store.data().cpu.clone();
        let store = &mut self.store;
        // Timers inside `run_concurrent` cannot be relied on: the limit is out
        // here, and dropping the store is what stops the work.
        let ended = match &self.door {
            Door::Handler(service) => {
                let (request, _sent) =
                    Request::from_http(&mut store.data_mut().grants.http, request.map(Full::new));
                let running = store.run_concurrent(async |accessor| {
                    let handled = match respond(service, accessor, request).await? {
                        Ok(response) => whole(response, budget.response_bytes).await,
                        Err(reason) => Handled::Refused(reason),
                    };
                    std::future::poll_fn(|context| accessor.poll_no_interesting_tasks(context))
                        .await;
                    Ok(handled)
                });
                tokio::time::timeout(budget.wall, cpu.measure(running)).await
            }
            Door::Incoming(proxy) => {
                let request = request.map(|body| {
                    Full::new(body)
                        .map_err(|never| match never {})
                        .boxed_unsync()
                });
                let running = incoming_whole(proxy, store, &cpu, request, budget.response_bytes);
                tokio::time::timeout(budget.wall, running).await
            }
        };
        match self.judge(ended)? {
            Handled::TooLarge => Err(RunError::ResponseTooLarge(budget.response_bytes)),
            Handled::Refused(reason) => Err(self.no_answer(reason)),
            Handled::Answered(response) => {
                let failure = self.store.data_mut().grants.take_failure();
                Ok(Answer { response, failure })
            }
        }
    }

    /// Handles one event whose bodies are streams: the response goes to
    /// `answered` as soon as it begins, and its body comes while this runs.
    /// Ends with the work that the event started, and gives what
    /// `roost:bot/event.fail` said.
    ///
    /// When nobody takes the response the bot finds its stream closed, and goes
    /// on. After an error the instance must not be used again.
    pub async fn serve(
        &mut self,
        request: http::Request<OutboundBody>,
        answered: oneshot::Sender<http::Response<OutboundBody>>,
    ) -> Result<Option<String>, RunError> {
        let wall = self.budget.wall;
        let cpu = self.store.data().cpu.clone();
        let store = &mut self.store;
        let ended = match &self.door {
            Door::Handler(service) => {
                let (request, _sent) =
                    Request::from_http(&mut store.data_mut().grants.http, request);
                let running = store.run_concurrent(async |accessor| {
                    let refused = match respond(service, accessor, request).await? {
                        Ok(response) => {
                            // It is dropped, and its stream closed, when nobody waits for it.
                            let _ = answered.send(response);
                            None
                        }
                        Err(reason) => Some(reason),
                    };
                    std::future::poll_fn(|context| accessor.poll_no_interesting_tasks(context))
                        .await;
                    Ok(refused)
                });
                tokio::time::timeout(wall, cpu.measure(running)).await
            }
            Door::Incoming(proxy) => {
                let running = incoming_streamed(proxy, store, &cpu, request, answered);
                tokio::time::timeout(wall, running).await
            }
        };
        match self.judge(ended)? {
            Some(reason) => Err(self.no_answer(reason)),
            None => Ok(self.store.data_mut().grants.take_failure()),
        }
    }

    /// What the event has used, from the instance's start or since it was armed again.
    pub fn report(&self) -> Report {
        let state = self.store.data();
        Report {
            wall: self.started.elapsed(),
            cpu: state.cpu.used(),
            memory_bytes: state.memory.peak,
        }
    }

    /// The instance's linear memory now, in bytes.
    pub fn memory_bytes(&self) -> usize {
        self.store.data().memory.now
    }

    /// What the bot may do, and has done.
    pub fn grants(&self) -> &Grants {
        &self.store.data().grants
    }

    /// What the limits out here, and those within, say of how it ended.
    fn judge<T>(
        &self,
        ended: Result<wasmtime::Result<wasmtime::Result<T>>, tokio::time::error::Elapsed>,
    ) -> Result<T, RunError> {
        match ended {
            Err(_) => Err(RunError::Timeout(self.budget.wall)),
            Ok(Err(trap) | Ok(Err(trap))) => Err(self.why(trap)),
            Ok(Ok(Ok(value))) => Ok(value),
        }
    }

    fn no_answer(&mut self, reason: String) -> RunError {
        let failure = self.store.data_mut().grants.take_failure();
        RunError::NoAnswer(failure.unwrap_or(reason))
    }

    fn why(&self, trap: wasmtime::Error) -> RunError {
        why(self.store.data(), &self.budget, trap)
    }
}

/// Why a bot's work ended.
fn why(state: &RunState, budget: &Budget, trap: wasmtime::Error) -> RunError {
    if trap.downcast_ref::<CpuSpent>().is_some() {
        RunError::Cpu(budget.cpu)
    } else if let Some(I32Exit(code)) = trap.downcast_ref::<I32Exit>() {
        RunError::NoAnswer(format!("it ended itself with exit code {code}"))
    } else if state.memory.refused {
        RunError::Memory(budget.memory_bytes)
    } else {
        RunError::Trap(trap)
    }
}

/// Why there is no instance: the bot's doing, or the host's.
fn why_not(state: &RunState, budget: &Budget, error: wasmtime::Error) -> RunError {
    let is_bots = state.memory.refused
        || error.is::<Trap>()
        || error.is::<CpuSpent>()
        || error.is::<I32Exit>();
    match is_bots {
        true => why(state, budget, error),
        false => RunError::Start(error),
    }
}

/// An instance's door, with what its engine may use.
async fn open(store: &mut Store<RunState>, bot: &Bot, budget: &Budget) -> wasmtime::Result<Door> {
    match bot.memory_bytes {
        Some(made_with) if made_with != budget.memory_bytes => with_limit(store, bot, budget).await,
        _ => bot.door.open(store).await,
    }
}

/// An instance of a bot whose image was made for another amount of memory.
async fn with_limit(
    store: &mut Store<RunState>,
    bot: &Bot,
    budget: &Budget,
) -> wasmtime::Result<Door> {
    let DoorPre::Handler(service) = &bot.door else {
        // The engine has the other door: such a bot holds no limit of its own.
        return bot.door.open(store).await;
    };
    let instance = service
        .instance_pre()
        .instantiate_async(&mut *store)
        .await?;
    set_limit(store, &instance, budget).await?;
    Ok(Door::Handler(Service::new(store, &instance)?))
}

/// Tells the engine what JavaScript may use.
pub(super) async fn set_limit(
    store: &mut Store<RunState>,
    instance: &wasmtime::component::Instance,
    budget: &Budget,
) -> wasmtime::Result<()> {
    let limit = instance.get_typed_func::<(u32,), ()>(&mut *store, "limit")?;
    limit.call_async(store, (budget.javascript_bytes(),)).await
}

/// The bot's response, or why there is none.
async fn respond(
    service: &Service,
    accessor: &Accessor<RunState>,
    request: Request,
) -> wasmtime::Result<Result<http::Response<OutboundBody>, String>> {
    use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;
    let response = match service.handle(accessor, request).await? {
        Ok(response) => response,
        Err(ErrorCode::InternalError(Some(reason))) => return Ok(Err(reason)),
        Err(code) => return Ok(Err(format!("{code:?}"))),
    };
    let response = accessor.with(|store| response.into_http(store, async { Ok(()) }))?;
    Ok(Ok(response))
}

/// A 0.2 handler's whole response, and the end of its work.
async fn incoming_whole(
    proxy: &Proxy,
    store: &mut Store<RunState>,
    cpu: &CpuMeter,
    request: http::Request<OutboundBody>,
    limit: usize,
) -> wasmtime::Result<wasmtime::Result<Handled>> {
    let begun = Begun::default();
    let (answered, response) = oneshot::channel();
    let taking = async {
        match response.await {
            Ok(Ok(response)) => {
                begun.note();
                whole(response, limit).await
            }
            Ok(Err(reason)) => Handled::Refused(reason),
            Err(_dropped) => Handled::Refused(begun.why_not()),
        }
    };
    let running = service::incoming(proxy, store, request, |response| {
        // Nobody waits for it any more when the event has ended.
        let _ = answered.send(response);
    });
    let ended = service::beside(cpu.measure(running), taking).await?;
    Ok(ended.map(|taken| taken.unwrap_or_else(|| Handled::Refused(begun.why_not()))))
}

/// A 0.2 handler's response as soon as it begins, and the end of its work: why there was none.
async fn incoming_streamed(
    proxy: &Proxy,
    store: &mut Store<RunState>,
    cpu: &CpuMeter,
    request: http::Request<OutboundBody>,
    answered: oneshot::Sender<http::Response<OutboundBody>>,
) -> wasmtime::Result<wasmtime::Result<Option<String>>> {
    let (refused, reason) = oneshot::channel();
    let running = service::incoming(proxy, store, request, |response| match response {
        Ok(response) => {
            let _ = answered.send(response);
            let _ = refused.send(None);
        }
        Err(reason) => {
            let _ = refused.send(Some(reason));
        }
    });
    let ended = service::beside(cpu.measure(running), reason).await?;
    Ok(ended.map(|taken| match taken {
        Some(Ok(refused)) => refused,
        _ => Some(Begun::default().why_not()),
    }))
}

async fn whole(response: http::Response<OutboundBody>, limit: usize) -> Handled {
    let (parts, body) = response.into_parts();
    match Limited::new(body, limit).collect().await {
        Ok(body) => Handled::Answered(http::Response::from_parts(parts, body.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Handled::TooLarge,
        Err(error) => Handled::Refused(format!("its response broke off: {error}")),
    }
}
