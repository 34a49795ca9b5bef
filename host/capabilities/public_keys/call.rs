//! Calls with public keys, which are calculations.

use super::super::bindings::roost::bot::public_keys::Error;
use super::super::calculation;
use super::forms::told;
use crate::keys;

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

/// The same for what goes by luck: it usually takes so long, and asks for more time when it takes longer.
pub(super) fn search<T>(
    nanos: u64,
    given: usize,
    work: impl FnOnce(keys::More<'_>) -> Result<T, keys::Error> + Send + 'static,
) -> Call<T> {
    let bytes = given.saturating_add(ROOM) as u64;
    Call::search(nanos, bytes, given, move |more| work(more).map_err(told))
}
