//! A calculation that a bot asks for: a call that makes sense, and one that fits into what its event has left.

use super::bindings::roost::bot::{key_derivation, public_keys};
use super::under_way::Load;
use crate::keys::More;
use crate::sandbox::{Booking, Effort, RunState, Shortage};
use std::time::Duration;
use wasmtime::component::{Accessor, HasSelf};

/// An interface's error, which says why a calculation does not begin.
pub(super) trait Refusal: Send + 'static {
    fn shortage(shortage: Shortage) -> Self;
    fn other(text: String) -> Self;
}

/// Each interface has a `shortage` of its own, which says the same in all of them.
macro_rules! refusal {
    ($($interface:ident),*) => {$(
        impl Refusal for $interface::Error {
            fn shortage(shortage: Shortage) -> Self {
                match shortage {
                    Shortage::Time { needs, left } => Self::Time($interface::Shortage {
                        needs: millis(needs),
                        left: millis(left),
                    }),
                    Shortage::Memory { needs, left } => Self::Memory($interface::Shortage {
                        needs: needs as u64,
                        left: left as u64,
                    }),
                }
            }

            fn other(text: String) -> Self {
                Self::Other(text)
            }
        }
    )*};
}

refusal!(key_derivation, public_keys);

type Work<T, E> = Box<dyn FnOnce(More<'_>) -> Result<T, E> + Send>;

/// What a call takes, what it was given, and how it is done.
pub(super) struct Call<T, E> {
    pub(super) effort: Effort,
    /// What it holds while it waits.
    given: usize,
    pub(super) work: Work<T, E>,
}

impl<T, E> Call<T, E> {
    pub(super) fn new(
        nanos: u64,
        bytes: u64,
        given: usize,
        work: impl FnOnce() -> Result<T, E> + Send + 'static,
    ) -> Self {
        Self::search(nanos, bytes, given, move |_| work())
    }

    /// The same for what goes by luck, and asks for more time when that takes longer.
    pub(super) fn search(
        nanos: u64,
        bytes: u64,
        given: usize,
        work: impl FnOnce(More<'_>) -> Result<T, E> + Send + 'static,
    ) -> Self {
        Self {
            effort: Effort {
                time: Duration::from_nanos(nanos),
                bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
            },
            given,
            work: Box::new(work),
        }
    }
}

/// A call that fits.
pub(super) struct Ready<T, E> {
    load: Load,
    booking: Booking,
    work: Work<T, E>,
}

impl<T: Send + 'static, E: Refusal> Ready<T, E> {
    pub(super) async fn run(self) -> Result<T, E> {
        let Self {
            load: _load,
            booking,
            work,
        } = self;
        booking.search(work).await.map_err(E::shortage)?
    }
}

/// Sets aside what a call takes, for who waits for it.
pub(super) fn now<T, E: Refusal>(
    state: &RunState,
    call: Result<Call<T, E>, E>,
) -> Result<Ready<T, E>, E> {
    let Call {
        effort,
        given,
        work,
    } = call?;
    Ok(Ready {
        load: state.under_way.take(given).map_err(E::other)?,
        booking: state.book(effort).map_err(E::shortage)?,
        work,
    })
}

/// The same, for who goes on meanwhile.
pub(super) fn beside<S, T, E: Refusal>(
    accessor: &Accessor<S, HasSelf<RunState>>,
    call: Result<Call<T, E>, E>,
) -> Result<Ready<T, E>, E> {
    accessor.with(|mut access| now(access.get(), call))
}

/// Whole milliseconds of it, as the interfaces count them.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
