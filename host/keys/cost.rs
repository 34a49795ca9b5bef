//! About how long calls take, a little too low rather than too high, in nanoseconds.

use super::groups;
use super::key::Slow;

/// What is done on a curve.
pub(crate) const OF_CURVE: u64 = 100_000;

/// What is done with a key of Ed448 or X448, beside what its length says.
const OF_CURVE448: u64 = 500_000;

/// What a search for a prime takes at least.
const SEARCH: u64 = 2_000_000;

/// As many rounds of Miller and Rabin are done of whatever may be prime.
const LEAST_ROUNDS: u32 = 16;

/// About how long a calculation takes that takes `nanos` at 2,048 bits, and grows with a power of them.
fn grown(nanos: u64, bits: u64, power: u32) -> u64 {
    let bits = u128::from(bits.min(1 << 16));
    let grown = u128::from(nanos) * bits.pow(power) / 2048_u128.pow(power);
    u64::try_from(grown).unwrap_or(u64::MAX)
}

/// What a byte takes to be digested or copied.
pub(crate) fn of_data(bytes: usize) -> u64 {
    bytes as u64 * 2
}

/// What is done with a private key of so many bytes in DER. RSA's has nine numbers of half its modulus or more, so it
/// has about five times the bytes of that.
fn of_private(der: usize) -> u64 {
    let bits = der as u64 * 8 / 5 + 1;
    OF_CURVE / 2 + grown(450_000, bits, 3)
}

/// What is done with a public key of so many bytes in DER.
fn of_public(der: usize) -> u64 {
    let bits = der as u64 * 8;
    OF_CURVE / 2 + grown(15_000, bits, 2)
}

/// What is done with a private key in DER.
pub(crate) fn of_private_key(der: &[u8]) -> u64 {
    of_private(der.len()) + of_kind(der)
}

/// What is done with a public key in DER.
pub(crate) fn of_public_key(der: &[u8]) -> u64 {
    of_public(der.len()) + of_kind(der)
}

/// Making a key of parts with so many bytes.
pub(crate) fn of_parts(bytes: usize, are_on_curve448: bool) -> u64 {
    let more = match are_on_curve448 {
        true => OF_CURVE448,
        false => 0,
    };
    of_private(bytes) + more
}

/// What a key's kind takes beside what its length says.
pub(crate) fn of_kind(der: &[u8]) -> u64 {
    match Slow::of(der) {
        Some(Slow::Curve448) => OF_CURVE448,
        Some(Slow::DiffieHellman { prime, number }) => {
            of_power(prime as u64 * 8, number as u64 * 8)
        }
        None => 0,
    }
}

/// What the kind of a key takes at most that is encrypted: only who reads it knows which it is. The costliest is a
/// private key for Diffie-Hellman whose prime has two thirds of the bytes, and its number the rest.
pub(crate) fn of_hidden_kind(bytes: usize) -> u64 {
    let prime = (bytes * 2 / 3 + 1).min(groups::MOST_BYTES);
    let number = bytes.saturating_sub(prime).min(prime);
    of_power(prime as u64 * 8, number as u64 * 8)
}

/// Reading a key, with so many rounds of PBKDF2.
pub(crate) fn of_reading(bytes: usize, rounds: u32) -> u64 {
    // As many rounds of two blocks each, twice for the longest keys.
    let rounds = u64::from(rounds).saturating_mul(400);
    of_private(bytes * 3 / 4).saturating_add(rounds)
}

/// Making an RSA key.
pub(crate) fn of_making_rsa(bits: u32) -> u64 {
    SEARCH + grown(65_000_000, bits.into(), 4)
}

/// Making a DSA key, and its group.
pub(crate) fn of_making_dsa(bits: u32) -> u64 {
    SEARCH + grown(150_000_000, bits.into(), 4)
}

/// A power modulo a number.
pub(crate) fn of_power(bits: u64, exponent_bits: u64) -> u64 {
    let whole = grown(2_000_000, bits, 2);
    whole.saturating_mul(exponent_bits.min(bits).max(64)) / 2048
}

/// Looking whether a number is prime. A round of Miller and Rabin is a power.
pub(crate) fn of_primality(bits: u64, rounds: u32) -> u64 {
    of_power(bits, bits).saturating_mul(rounds.max(LEAST_ROUNDS).into())
}

/// Making a prime.
pub(crate) fn of_making_prime(bits: u64, is_safe: bool) -> u64 {
    let one = SEARCH + grown(150_000_000, bits, 4);
    match is_safe {
        false => one,
        // As many times as primes are rare among halves of primes.
        true => one.saturating_mul(bits.max(32) / 16),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_fits_and_what_never_ends_does_not() {
        let seconds = |nanos: u64| nanos / 1_000_000_000;
        assert_eq!(seconds(of_making_rsa(2048)), 0);
        assert!((1..3).contains(&seconds(of_making_rsa(4096))));
        assert!(seconds(of_making_rsa(8192)) > 5);
        assert!(seconds(of_reading(2000, u32::MAX)) > 60);
        assert!(seconds(of_making_prime(4096, true)) > 60);
        assert!(seconds(of_primality(16_384, u32::MAX)) > 60);
        assert_eq!(seconds(of_private(1218)), 0);
        assert!(of_private(64 << 10) > of_private(2400));
    }
}
