//! Diffie-Hellman in groups of numbers.

use super::der;
use super::error::Error;
use super::generate::{late, patient};
use super::key::bits_of;
use super::lc::{self, More, Number};
use super::{cost, failed};

/// A prime, and what generates its group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) prime: Vec<u8>,
    pub(crate) generator: Vec<u8>,
}

/// The most bits of a prime, as OpenSSL has it.
const MOST_BITS: u32 = 10_000;

/// The most bytes of a number.
pub(super) const MOST_BYTES: usize = MOST_BITS as usize / 8;

/// The least bits of a prime.
pub(super) const LEAST_BITS: u32 = 512;

/// RFC 2409.
const MODP1: &str = "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd\
                     ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a63a3620ffffffffffffffff";
const MODP2: &str = "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd\
                     ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed\
                     ee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffff";

/// The groups that have names: the bits of the prime, and those of a private number that is as strong.
const NAMED: [(&str, u32, u32); 8] = [
    ("modp1", 768, 160),
    ("modp2", 1024, 160),
    ("modp5", 1536, 200),
    ("modp14", 2048, 225),
    ("modp15", 3072, 275),
    ("modp16", 4096, 325),
    ("modp17", 6144, 375),
    ("modp18", 8192, 400),
];

/// The group of this name.
pub(crate) fn named_group(name: &str) -> Option<Group> {
    let (_, bits, _) = NAMED.iter().find(|(known, ..)| *known == name)?;
    let prime = match bits {
        768 => hex::decode(MODP1).ok()?,
        1024 => hex::decode(MODP2).ok()?,
        bits => Number::rfc3526(*bits)?.bytes(),
    };
    Some(Group {
        prime,
        generator: vec![2],
    })
}

impl Group {
    /// Whether it may be calculated with.
    pub(super) fn bounded(&self) -> Result<(), Error> {
        // Zeros before a number count, too: they are read.
        match self.prime.len() > MOST_BYTES || self.generator.len() > MOST_BYTES {
            true => Err(Error::parameters("the prime has more than 10,000 bits")),
            false => Ok(()),
        }
    }

    /// The bits of the prime.
    pub(super) fn bits(&self) -> u32 {
        bits_of(der::stripped(&self.prime))
    }

    fn numbers(&self) -> Result<(Number, Number), Error> {
        self.bounded()?;
        let number = |bytes| Number::new(bytes).map_err(failed);
        Ok((number(&self.prime)?, number(&self.generator)?))
    }

    /// About how long a power takes in it, in nanoseconds.
    pub(crate) fn nanos(&self, exponent: &[u8]) -> u64 {
        cost::of_power(self.prime.len() as u64 * 8, exponent.len() as u64 * 8)
    }

    /// About how long a check takes.
    pub(crate) fn nanos_of_check(&self) -> u64 {
        cost::of_primality(self.prime.len() as u64 * 8, 0).saturating_mul(2)
    }

    fn named_bits(&self) -> Option<u32> {
        let bits = self.prime.len() as u32 * 8;
        let (name, _, private) = NAMED.iter().find(|(_, known, _)| *known == bits)?;
        (named_group(name)?.prime == self.prime).then_some(*private)
    }
}

const NOT_PRIME: u32 = 1;
const NOT_SAFE: u32 = 2;
const GENERATOR: u32 = 8;
const TOO_SMALL: u32 = 0x80;
const TOO_LARGE: u32 = 0x100;

/// What is wrong with a group, as OpenSSL counts it. What takes longer than was reckoned asks for more time.
pub(crate) fn check_group(group: &Group, more: More<'_>) -> Result<u32, Error> {
    if group.named_bits().is_some() && group.generator == [2] {
        return Ok(0);
    }
    let (prime, generator) = group.numbers()?;
    let one = Number::new(&[1]).map_err(failed)?;
    let mut wrong = 0;
    if prime.bits() < LEAST_BITS {
        wrong |= TOO_SMALL;
    }
    if prime.bits() > MOST_BITS {
        wrong |= TOO_LARGE;
    }
    let below = prime
        .minus(&one)
        .unwrap_or(Number::new(&[]).map_err(failed)?);
    if generator.compare(&one).is_le() || generator.compare(&below).is_ge() {
        wrong |= GENERATOR;
    }
    let deadline = patient(group.nanos_of_check(), more);
    if !prime.is_prime(0, &deadline).map_err(late)? {
        wrong |= NOT_PRIME;
    } else if !prime
        .half()
        .map_err(failed)?
        .is_prime(0, &deadline)
        .map_err(late)?
    {
        wrong |= NOT_SAFE;
    }
    Ok(wrong)
}

fn odd_modulus(prime: &Number) -> Result<(), Error> {
    match prime.bits() >= 2 && prime.rest_of_small(2) == 1 {
        true => Ok(()),
        false => Err(Error::parameters("the prime is not odd, or below 3")),
    }
}

/// A private number.
pub(crate) fn private_number(group: &Group) -> Result<Vec<u8>, Error> {
    let (prime, _) = group.numbers()?;
    odd_modulus(&prime)?;
    let number = match group.named_bits() {
        Some(bits) => Number::random_odd(bits),
        None => Number::random_below(
            &prime
                .half()
                .map_err(failed)?
                .plus(&Number::new(&[1]).map_err(failed)?)
                .map_err(failed)?,
        ),
    };
    Ok(number.map_err(failed)?.bytes())
}

fn power(group: &Group, base: &Number, exponent: &[u8]) -> Result<Number, Error> {
    let (prime, _) = group.numbers()?;
    odd_modulus(&prime)?;
    if exponent.len() > MOST_BYTES {
        return Err(Error::TooMuch);
    }
    let exponent = Number::new(exponent).map_err(failed)?;
    base.power(&exponent, &prime).map_err(failed)
}

/// The public number of a private one.
pub(crate) fn public_number(group: &Group, private: &[u8]) -> Result<Vec<u8>, Error> {
    let (_, generator) = group.numbers()?;
    power(group, &generator, private).map(|number| number.bytes())
}

/// The secret of a private number and another's public one.
pub(crate) fn agree_in_group(
    group: &Group,
    private: &[u8],
    other: &[u8],
) -> Result<Vec<u8>, Error> {
    let (prime, _) = group.numbers()?;
    if other.len() > MOST_BYTES {
        return Err(Error::TooMuch);
    }
    let number = |bytes: &[u8]| Number::new(bytes).map_err(failed);
    let (other, one) = (number(other)?, number(&[1])?);
    if other.compare(&one).is_le() {
        return Err(Error::parameters("the other's public number is too small"));
    }
    let last = prime
        .minus(&one)
        .map_err(|lc::Refused| Error::parameters("the prime is 0"))?;
    if other.compare(&last).is_ge() {
        return Err(Error::parameters("the other's public number is too large"));
    }
    let secret = power(group, &other, private)?.bytes();
    let size = prime.bits().div_ceil(8) as usize;
    Ok([vec![0; size.saturating_sub(secret.len())], secret].concat())
}
