//! Primes.

use super::error::{Error, TOO_FEW_BITS};
use super::generate::{late, patient};
use super::lc::{Deadline, More, Number};
use super::{cost, failed};
use std::time::Duration;

/// Which prime is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PrimeRequest {
    pub(crate) bits: u32,
    pub(crate) is_safe: bool,
    pub(crate) add: Option<Vec<u8>>,
    pub(crate) rem: Option<Vec<u8>>,
}

/// The most bits of a prime that is made.
const MOST_BITS: u32 = 4096;

/// The most bits of a number that is looked at.
const MOST_CANDIDATE_BITS: usize = 16_384;

/// How much longer than usual is set aside for a prime of a class, which may have few primes of this length, or none.
/// It is searched no longer.
const PATIENCE: u64 = 4;

/// What that is at most, in nanoseconds.
const MOST_PATIENCE: u64 = 4_000_000_000;

/// Candidates with such a factor are passed over at once.
const SMALL_PRIMES: [u16; 53] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193,
    197, 199, 211, 223, 227, 229, 233, 239, 241, 251,
];

impl PrimeRequest {
    /// About how long it takes, in nanoseconds. What cannot be made is refused.
    pub(crate) fn nanos(&self) -> Result<u64, Error> {
        let least = if self.is_safe { 6 } else { 2 };
        if self.bits < least {
            return Err(Error::OpenSsl(TOO_FEW_BITS));
        }
        if self.bits > MOST_BITS {
            return Err(Error::parameters("a prime is made with at most 4,096 bits"));
        }
        for number in [&self.add, &self.rem].into_iter().flatten() {
            if number.len() > MOST_BITS as usize / 8 {
                return Err(Error::TooMuch);
            }
        }
        let usual = cost::of_making_prime(self.bits.into(), self.is_safe);
        match &self.add {
            Some(_) => Ok(usual.max(usual.saturating_mul(PATIENCE).min(MOST_PATIENCE))),
            None => Ok(usual),
        }
    }
}

/// Whether a candidate has a small factor, or half of it has.
fn has_small_factor(candidate: &Number, is_safe: bool) -> bool {
    candidate.bits() > 16
        && SMALL_PRIMES.iter().any(|prime| {
            let rest = candidate.rest_of_small(*prime);
            rest == 0 || (is_safe && rest == 1)
        })
}

/// Fails where all numbers of a class have a factor in common: none of them is prime, or the factor alone.
fn has_primes(add: &Number, rem: &Number) -> Result<(), Error> {
    match add.has_common_factor(rem).map_err(failed)? {
        false => Ok(()),
        true => Err(Error::parameters(
            "what is added and the remainder have a common factor, so no such number is prime: take others",
        )),
    }
}

/// Makes a prime. What takes longer than was reckoned asks for more time.
pub(crate) fn generate_prime(request: &PrimeRequest, more: More<'_>) -> Result<Vec<u8>, Error> {
    let nanos = request.nanos()?;
    let reckoned = Duration::from_nanos(nanos);
    let deadline = match request.add {
        Some(_) => Deadline::after(reckoned, reckoned, more),
        None => patient(nanos, more),
    };
    let number = |bytes: &[u8]| Number::new(bytes).map_err(failed);
    let classes = match &request.add {
        None => None,
        Some(add) => {
            let usual: &[u8] = if request.is_safe { &[3] } else { &[1] };
            let (add, rem) = (
                number(add)?,
                number(request.rem.as_deref().unwrap_or(usual))?,
            );
            if add.bits() == 0 || add.bits() > request.bits {
                return Err(Error::parameters(
                    "what is added is 0, or has more bits than the prime",
                ));
            }
            if rem.compare(&add).is_ge() {
                return Err(Error::parameters(
                    "the remainder is not below what is added",
                ));
            }
            has_primes(&add, &rem)?;
            Some((add, rem))
        }
    };
    loop {
        deadline.check().map_err(late)?;
        let mut candidate = Number::random_odd(request.bits).map_err(failed)?;
        if let Some((add, rem)) = &classes {
            let rest = candidate.rest_of(add).map_err(failed)?;
            candidate = candidate
                .minus(&rest)
                .and_then(|start| start.plus(rem))
                .map_err(failed)?;
        } else if request.is_safe && candidate.rest_of_small(4) == 1 {
            // Half of it would be even.
            continue;
        }
        if candidate.bits() != request.bits || has_small_factor(&candidate, request.is_safe) {
            continue;
        }
        let is_prime = |candidate: &Number| candidate.is_prime(0, &deadline).map_err(late);
        if is_prime(&candidate)?
            && (!request.is_safe || is_prime(&candidate.half().map_err(failed)?)?)
        {
            return Ok(candidate.bytes());
        }
    }
}

/// About how long it takes to look at a candidate.
pub(crate) fn nanos_of_check(candidate: &[u8], rounds: u32) -> Result<u64, Error> {
    if candidate.len() > MOST_CANDIDATE_BITS / 8 {
        return Err(Error::TooMuch);
    }
    Ok(cost::of_primality(candidate.len() as u64 * 8, rounds))
}

/// Whether a number is prime. What takes longer than was reckoned asks for more time.
pub(crate) fn check_prime(candidate: &[u8], rounds: u32, more: More<'_>) -> Result<bool, Error> {
    let nanos = nanos_of_check(candidate, rounds)?;
    let candidate = Number::new(candidate).map_err(failed)?;
    candidate
        .is_prime(rounds, &patient(nanos, more))
        .map_err(late)
}
