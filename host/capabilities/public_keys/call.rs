//! Calls with public keys, which are calculations.

use super::super::bindings::roost::bot::public_keys::{self, Error};
use super::super::calculation::{self, Refusal, millis};
use super::forms::told;
use crate::keys;
use crate::sandbox::Shortage;

/// What a call needs of memory beside what it was given, at most: an RSA key of the longest kind, and what is calculated with it.
const ROOM: usize = 256 << 10;

pub(super) type Call<T> = calculation::Call<T, Error>;

/// A call that takes so long, and was given so much.
pub(super) fn call<T>(
    nanos: u64,
    given: usize,
    work: impl FnOnce() -> Result<T, keys::Error> + Send + 'static,
) -> Call<T> {
    let bytes = given.saturating_add(ROOM) as u64;
    Call::new(nanos, bytes, given, move || work().map_err(told))
}

impl Refusal for Error {
    fn shortage(shortage: Shortage) -> Self {
        match shortage {
            Shortage::Time { needs, left } => Self::Time(public_keys::Shortage {
                needs: millis(needs),
                left: millis(left),
            }),
            Shortage::Memory { needs, left } => Self::Memory(public_keys::Shortage {
                needs: needs as u64,
                left: left as u64,
            }),
        }
    }

    fn other(text: String) -> Self {
        Self::Other(text)
    }
}
