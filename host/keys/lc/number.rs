//! Numbers of any size.

use super::{Refused, good, owned};
use aws_lc_sys as lc;
use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::time::Duration;

owned!(
    /// The number itself.
    Raw,
    BIGNUM,
    BN_free
);

owned!(
    /// Room for calculations.
    Room,
    BN_CTX,
    BN_CTX_free
);

/// What is asked for at least, when there is more to do.
const LEAST_SLICE: Duration = Duration::from_millis(5);

/// A number that is not negative.
pub(crate) struct Number(Raw);

/// Asks for so much time more, and hears whether it may be had.
pub(crate) type More<'a> = &'a dyn Fn(Duration) -> bool;

/// When a search that goes by luck is given up, by the processor time of this thread: when its time is over and there is
/// no more, or when it was tried for long enough.
pub(crate) struct Deadline<'a> {
    until: Cell<Duration>,
    slice: Duration,
    last: Duration,
    more: More<'a>,
    is_over: Cell<bool>,
}

/// It was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfTime;

impl<'a> Deadline<'a> {
    /// For a search that has so much time, and asks for as much again whenever that is over, up to the most.
    pub(crate) fn after(time: Duration, most: Duration, more: More<'a>) -> Self {
        let now = Self::now();
        Self {
            until: Cell::new(now.saturating_add(time)),
            slice: time.max(LEAST_SLICE),
            last: now.saturating_add(most.max(time)),
            more,
            is_over: Cell::new(false),
        }
    }

    pub(crate) fn check(&self) -> Result<(), OutOfTime> {
        let now = Self::now();
        while now >= self.until.get() && !self.is_over.get() {
            // For good: who asks again hears the same.
            self.is_over
                .set(now >= self.last || !(self.more)(self.slice));
            self.until.set(self.until.get().saturating_add(self.slice));
        }
        match self.is_over.get() {
            false => Ok(()),
            true => Err(OutOfTime),
        }
    }

    fn now() -> Duration {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::new(
            time.tv_sec.unsigned_abs(),
            time.tv_nsec.unsigned_abs() as u32,
        )
    }

    /// Calls `search` with what it has to call now and then.
    pub(super) fn watch<T>(&self, search: impl FnOnce(*mut lc::BN_GENCB) -> T) -> T {
        unsafe extern "C" fn look(_event: c_int, _n: c_int, callback: *mut lc::BN_GENCB) -> c_int {
            // SAFETY: the argument is the deadline below, which lives as long as the search.
            let deadline = unsafe { &*lc::BN_GENCB_get_arg(callback).cast::<Deadline<'_>>() };
            c_int::from(deadline.check().is_ok())
        }
        // SAFETY: all zeros is what the library makes, too; `BN_GENCB_set` sets the rest.
        let mut callback: lc::BN_GENCB = unsafe { std::mem::zeroed() };
        let argument: *mut c_void = std::ptr::from_ref(self).cast_mut().cast();
        // SAFETY: both live until the search has ended.
        unsafe { lc::BN_GENCB_set(&mut callback, Some(look), argument) };
        search(&mut callback)
    }
}

impl Number {
    pub(crate) fn new(bytes: &[u8]) -> Result<Self, Refused> {
        // SAFETY: pointer and length are those of a slice.
        Raw::own(unsafe { lc::BN_bin2bn(bytes.as_ptr(), bytes.len(), std::ptr::null_mut()) })
            .map(Self)
    }

    pub(super) fn zero() -> Result<Self, Refused> {
        Self::new(&[])
    }

    pub(super) fn raw(&self) -> *mut lc::BIGNUM {
        self.0.raw()
    }

    /// Gives it away to who frees it.
    pub(super) fn into_raw(self) -> *mut lc::BIGNUM {
        let raw = self.raw();
        std::mem::forget(self);
        raw
    }

    pub(crate) fn bits(&self) -> u32 {
        // SAFETY: it is a number.
        unsafe { lc::BN_num_bits(self.raw()) }
    }

    /// Its bytes, none before it that is zero.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        // SAFETY: it is a number.
        unsafe { bytes(self.raw()) }
    }

    /// The number to the power of another, modulo an odd one. The time does not depend on the exponent's value.
    pub(crate) fn power(&self, exponent: &Self, modulus: &Self) -> Result<Self, Refused> {
        let result = Self::zero()?;
        // SAFETY: it has no arguments.
        let room = Room::own(unsafe { lc::BN_CTX_new() })?;
        let base = Self::zero()?;
        // SAFETY: all of them are numbers, and the results are no operands. An even modulus is refused.
        unsafe {
            good(lc::BN_nnmod(
                base.raw(),
                self.raw(),
                modulus.raw(),
                room.raw(),
            ))?;
            good(lc::BN_mod_exp_mont_consttime(
                result.raw(),
                base.raw(),
                exponent.raw(),
                modulus.raw(),
                room.raw(),
                std::ptr::null(),
            ))?;
        }
        Ok(result)
    }

    /// The rest of a division.
    pub(crate) fn rest_of(&self, divisor: &Self) -> Result<Self, Refused> {
        let rest = Self::zero()?;
        // SAFETY: all of them are numbers, and the rest is no operand. A division by zero is refused.
        unsafe {
            let room = Room::own(lc::BN_CTX_new())?;
            good(lc::BN_nnmod(
                rest.raw(),
                self.raw(),
                divisor.raw(),
                room.raw(),
            ))?;
        }
        Ok(rest)
    }

    /// Whether something but 1 divides both.
    pub(crate) fn has_common_factor(&self, other: &Self) -> Result<bool, Refused> {
        let factor = Self::zero()?;
        // SAFETY: all of them are numbers, and the result is no operand.
        unsafe {
            let room = Room::own(lc::BN_CTX_new())?;
            good(lc::BN_gcd(
                factor.raw(),
                self.raw(),
                other.raw(),
                room.raw(),
            ))?;
        }
        Ok(factor.bits() > 1)
    }

    /// The sum of two.
    pub(crate) fn plus(&self, other: &Self) -> Result<Self, Refused> {
        let sum = Self::zero()?;
        // SAFETY: all of them are numbers.
        good(unsafe { lc::BN_add(sum.raw(), self.raw(), other.raw()) })?;
        Ok(sum)
    }

    /// The difference; none below zero.
    pub(crate) fn minus(&self, other: &Self) -> Result<Self, Refused> {
        if self.compare(other).is_lt() {
            return Err(Refused);
        }
        let difference = Self::zero()?;
        // SAFETY: all of them are numbers.
        good(unsafe { lc::BN_sub(difference.raw(), self.raw(), other.raw()) })?;
        Ok(difference)
    }

    /// Half of it, rounded down.
    pub(crate) fn half(&self) -> Result<Self, Refused> {
        let half = Self::zero()?;
        // SAFETY: both are numbers.
        good(unsafe { lc::BN_rshift1(half.raw(), self.raw()) })?;
        Ok(half)
    }

    pub(crate) fn compare(&self, other: &Self) -> std::cmp::Ordering {
        // SAFETY: both are numbers.
        unsafe { lc::BN_cmp(self.raw(), other.raw()) }.cmp(&0)
    }

    /// The rest of a division by a small number.
    pub(crate) fn rest_of_small(&self, divisor: u16) -> u64 {
        // SAFETY: it is a number. Divided by zero, all bits are set.
        unsafe { lc::BN_mod_word(self.raw(), divisor.into()) }
    }

    /// Whether it is prime, by so many rounds of Miller and Rabin; 0: as many as are needed.
    pub(crate) fn is_prime(&self, rounds: u32, deadline: &Deadline<'_>) -> Result<bool, OutOfTime> {
        let rounds = c_int::try_from(rounds).unwrap_or(c_int::MAX);
        let mut is_prime = 0;
        let result = deadline.watch(|callback| {
            // SAFETY: it is a number, and what is written to lives on.
            unsafe {
                let room = Room::own(lc::BN_CTX_new())?;
                good(lc::BN_primality_test(
                    &mut is_prime,
                    self.raw(),
                    rounds,
                    room.raw(),
                    1,
                    callback,
                ))
            }
        });
        match result {
            Ok(()) => Ok(is_prime == 1),
            Err(Refused) => deadline.check().map(|()| false).and(Err(OutOfTime)),
        }
    }

    /// One of so many bits, at random, of which the two highest are set, and the lowest.
    pub(crate) fn random_odd(bits: u32) -> Result<Self, Refused> {
        let number = Self::zero()?;
        let bits = c_int::try_from(bits).map_err(|_| Refused)?;
        // SAFETY: it is a number. 1 and 1: the two highest bits, and the lowest.
        good(unsafe { lc::BN_rand(number.raw(), bits, 1, 1) })?;
        Ok(number)
    }

    /// One below another, at random, and at least 1.
    pub(crate) fn random_below(most: &Self) -> Result<Self, Refused> {
        let number = Self::zero()?;
        // SAFETY: both are numbers. A range that is empty is refused.
        good(unsafe { lc::BN_rand_range_ex(number.raw(), 1, most.raw()) })?;
        Ok(number)
    }

    /// A prime of RFC 3526.
    pub(crate) fn rfc3526(bits: u32) -> Option<Self> {
        let number = Self::zero().ok()?;
        let raw = number.raw();
        // SAFETY: each sets the number that it is given.
        let set = unsafe {
            match bits {
                1536 => lc::BN_get_rfc3526_prime_1536(raw),
                2048 => lc::BN_get_rfc3526_prime_2048(raw),
                3072 => lc::BN_get_rfc3526_prime_3072(raw),
                4096 => lc::BN_get_rfc3526_prime_4096(raw),
                6144 => lc::BN_get_rfc3526_prime_6144(raw),
                8192 => lc::BN_get_rfc3526_prime_8192(raw),
                _ => return None,
            }
        };
        (!set.is_null()).then_some(number)
    }
}

/// # Safety
///
/// `raw` is null, or a number.
pub(super) unsafe fn bytes(raw: *const lc::BIGNUM) -> Vec<u8> {
    if raw.is_null() {
        return Vec::new();
    }
    // SAFETY: it is a number, and as many bytes are written as there are.
    unsafe {
        let mut bytes = vec![0; lc::BN_num_bytes(raw) as usize];
        lc::BN_bn2bin(raw, bytes.as_mut_ptr());
        bytes
    }
}
