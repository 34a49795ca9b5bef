//! A call that makes sense, and one that fits into what its event has left.

use super::super::bindings::roost::bot::public_keys::{self, Error};
use super::super::under_way::Load;
use super::forms::told;
use crate::keys;
use crate::sandbox::{Booking, Effort, RunState, Shortage};
use std::time::Duration;
use wasmtime::component::{Accessor, HasSelf};

/// What a call needs of memory beside what it was given, at most: an RSA key of the longest kind, and what is calculated with it.
const ROOM: usize = 256 << 10;

type Work<T> = Box<dyn FnOnce() -> Result<T, keys::Error> + Send>;

/// What a call takes, what it was given, and how it is done.
pub(super) struct Call<T> {
    effort: Effort,
    given: usize,
    work: Work<T>,
}

impl<T> Call<T> {
    pub(super) fn new(
        nanos: u64,
        given: usize,
        work: impl FnOnce() -> Result<T, keys::Error> + Send + 'static,
    ) -> Self {
        Self {
            effort: Effort {
                time: Duration::from_nanos(nanos),
                bytes: given.saturating_add(ROOM),
            },
            given,
            work: Box::new(work),
        }
    }
}

/// A call that fits.
pub(super) struct Ready<T> {
    load: Load,
    booking: Booking,
    work: Work<T>,
}

impl<T: Send + 'static> Ready<T> {
    pub(super) async fn run(self) -> Result<T, Error> {
        let Self {
            load: _load,
            booking,
            work,
        } = self;
        booking.run(work).await.map_err(refused)?.map_err(told)
    }
}

/// Sets aside what a call takes, for who waits for it.
pub(super) fn now<T>(state: &RunState, call: Result<Call<T>, Error>) -> Result<Ready<T>, Error> {
    let Call {
        effort,
        given,
        work,
    } = call?;
    Ok(Ready {
        load: state.under_way.take(given).map_err(Error::Other)?,
        booking: state.book(effort).map_err(refused)?,
        work,
    })
}

/// The same, for who goes on meanwhile.
pub(super) fn beside<S, T>(
    accessor: &Accessor<S, HasSelf<RunState>>,
    call: Result<Call<T>, Error>,
) -> Result<Ready<T>, Error> {
    accessor.with(|mut access| now(access.get(), call))
}

fn refused(shortage: Shortage) -> Error {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    match shortage {
        Shortage::Time { needs, left } => Error::Time(public_keys::Shortage {
            needs: millis(needs),
            left: millis(left),
        }),
        Shortage::Memory { needs, left } => Error::Memory(public_keys::Shortage {
            needs: needs as u64,
            left: left as u64,
        }),
    }
}
