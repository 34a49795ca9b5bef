//! One live instance of a bot, and the event it handles.
//!
//! What ends an instance's life: the end of its event when it is fresh; for a
//! resident one its owner, and always a trap, a timeout or an overrun, after
//! which its state is worth nothing.

use super::engine::TICK;
use super::limits::Budget;
use super::outcome::{Answer, Report, RunError};
use super::permits::{Permit, Purpose};
use super::{Bot, RunState};
use crate::capabilities::Grants;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use std::time::Instant;
use wasmtime::component::Accessor;
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi_http::p3::Request;
use wasmtime_wasi_http::p3::bindings::Service;

/// One live instance.
pub struct Instance {
    store: Store<RunState>,
    service: Service,
    budget: Budget,
    started: Instant,
    /// After the store: its memory is given back before another instance may have it.
    _permit: Permit,
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
        let permit = bot.permit(Purpose::Event).await;
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
        let state = RunState::new(grants, budget.memory_bytes);
        let mut store = Store::new(&bot.sandbox.engine, state);
        store.limiter(|state| &mut state.memory);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |context| {
            if context.data().cpu.used() + TICK > budget.cpu {
                return Err(CpuSpent.into());
            }
            Ok(UpdateDeadline::Yield(1))
        });
        let service = bot
            .service
            .instantiate_async(&mut store)
            .await
            .map_err(RunError::Start)?;
        Ok(Self {
            store,
            service,
            budget,
            started,
            _permit: permit,
        })
    }

    /// Handles one event: the response, and the end of the work it started.
    ///
    /// After an error the instance must not be used again.
    pub async fn handle(&mut self, request: http::Request<Bytes>) -> Result<Answer, RunError> {
        let budget = self.budget;
        let cpu = self.store.data().cpu.clone();
        let (service, store) = (&self.service, &mut self.store);
        let (request, _sent) =
            Request::from_http(&mut store.data_mut().grants.http, request.map(Full::new));
        let running = store.run_concurrent(async |accessor| {
            let handled = answer(service, accessor, request, budget).await?;
            std::future::poll_fn(|context| accessor.poll_no_interesting_tasks(context)).await;
            Ok(handled)
        });
        // Timers inside `run_concurrent` cannot be relied on: the limit is out
        // here, and dropping the store is what stops the work.
        let ended = tokio::time::timeout(budget.wall, cpu.measure(running)).await;
        match ended {
            Err(_) => Err(RunError::Timeout(budget.wall)),
            Ok(Err(trap) | Ok(Err(trap))) => Err(self.why(trap)),
            Ok(Ok(Ok(Handled::TooLarge))) => Err(RunError::ResponseTooLarge(budget.response_bytes)),
            Ok(Ok(Ok(Handled::Refused(reason)))) => {
                let failure = self.store.data_mut().grants.take_failure();
                Err(RunError::NoAnswer(failure.unwrap_or(reason)))
            }
            Ok(Ok(Ok(Handled::Answered(response)))) => {
                let failure = self.store.data_mut().grants.take_failure();
                Ok(Answer { response, failure })
            }
        }
    }

    /// What the instance has used since its start.
    pub fn report(&self) -> Report {
        let state = self.store.data();
        Report {
            wall: self.started.elapsed(),
            cpu: state.cpu.used(),
            memory_bytes: state.memory.peak,
        }
    }

    /// What the bot may do, and has done.
    pub fn grants(&self) -> &Grants {
        &self.store.data().grants
    }

    fn why(&self, trap: wasmtime::Error) -> RunError {
        if trap.downcast_ref::<CpuSpent>().is_some() {
            RunError::Cpu(self.budget.cpu)
        } else if self.store.data().memory.refused {
            RunError::Memory(self.budget.memory_bytes)
        } else {
            RunError::Trap(trap)
        }
    }
}

async fn answer(
    service: &Service,
    accessor: &Accessor<RunState>,
    request: Request,
    budget: Budget,
) -> wasmtime::Result<Handled> {
    use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;
    let response = match service.handle(accessor, request).await? {
        Ok(response) => response,
        Err(ErrorCode::InternalError(Some(reason))) => return Ok(Handled::Refused(reason)),
        Err(code) => return Ok(Handled::Refused(format!("{code:?}"))),
    };
    let response = accessor.with(|store| response.into_http(store, async { Ok(()) }))?;
    let (parts, body) = response.into_parts();
    match Limited::new(body, budget.response_bytes).collect().await {
        Ok(body) => Ok(Handled::Answered(http::Response::from_parts(
            parts,
            body.to_bytes(),
        ))),
        Err(error) if error.is::<LengthLimitError>() => Ok(Handled::TooLarge),
        Err(error) => Ok(Handled::Refused(format!("its response broke off: {error}"))),
    }
}
