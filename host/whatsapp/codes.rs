//! Meta's error codes, as far as they decide about a send: whether it may have gone out, who has to
//! wait, and for how long.
//!
//! A code that is not here is a refusal for good, unless its status says otherwise ([`Verdict`]).

use std::time::Duration;

/// What an answer of Meta means for a send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Taken: it will go out.
    Accepted,
    /// Refused for good: the same request would be refused again.
    Refused,
    /// Refused for a reason outside the message; it may be tried again.
    Blocked,
    /// Not taken because a limit is reached.
    RateLimited,
    /// Not taken because Meta failed, and said so.
    Failed,
    /// Something between here and Meta answered, or Meta does not know: it may have gone out.
    Unknown,
}

/// Whom a limit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paused {
    /// What the number sends to this recipient.
    Pair,
    /// Whatever the number sends.
    Number,
}

/// A wait that other sends share: `first`, then `factor` times as long at each further refusal.
/// A longer `Retry-After` wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    pub of: Paused,
    pub first: Duration,
    pub factor: u32,
    pub longest: Duration,
}

/// What a code means.
struct Code {
    code: i32,
    verdict: Verdict,
    pause: Option<Pause>,
}

const fn code(code: i32, verdict: Verdict) -> Code {
    Code {
        code,
        verdict,
        pause: None,
    }
}

const fn pausing(code: i32, verdict: Verdict, pause: Pause) -> Code {
    Code {
        code,
        verdict,
        pause: Some(pause),
    }
}

const fn pause(of: Paused, first_s: u64, factor: u32, longest_s: u64) -> Pause {
    Pause {
        of,
        first: Duration::from_secs(first_s),
        factor,
        longest: Duration::from_secs(longest_s),
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// What Meta calls a limit without saying which one: so many messages per second.
const THROUGHPUT: Pause = pause(Paused::Number, 1, 2, MINUTE);

/// Meta's advice is 4^n seconds; 45 messages at once cost 45 times six seconds.
const PAIR: Pause = pause(Paused::Pair, 1, 4, 5 * MINUTE);

/// Windows of an hour.
const CALLS: Pause = pause(Paused::Number, MINUTE, 2, HOUR);

/// Meta lifts these by itself, later.
const SPAM: Pause = pause(Paused::Number, 10 * MINUTE, 2, 6 * HOUR);
const POLICY: Pause = pause(Paused::Number, HOUR, 2, 24 * HOUR);

/// While a number is moved to a higher throughput: up to a minute.
const UPGRADE: Pause = pause(Paused::Number, 5, 2, MINUTE);

#[rustfmt::skip]
const CODES: &[Code] = &[
    // Limits: Meta has not taken the message.
    pausing(4, Verdict::RateLimited, CALLS),            // the app's calls
    pausing(80007, Verdict::RateLimited, CALLS),        // the account's calls
    pausing(130429, Verdict::RateLimited, THROUGHPUT),  // the number's messages per second
    pausing(131048, Verdict::RateLimited, SPAM),        // people block or report the number
    pausing(131056, Verdict::RateLimited, PAIR),        // number and recipient
    // Meta failed, and says that it has not taken the message.
    code(2, Verdict::Failed),
    code(131000, Verdict::Failed),
    code(131016, Verdict::Failed),
    code(133004, Verdict::Failed),
    pausing(131057, Verdict::Failed, UPGRADE),
    // What an operator repairs, or Meta lifts, without a change of the message: token, permission,
    // payment, registration or standing of the account.
    code(0, Verdict::Blocked),
    code(3, Verdict::Blocked),
    code(10, Verdict::Blocked),
    code(33, Verdict::Blocked),
    code(190, Verdict::Blocked),
    code(131005, Verdict::Blocked),
    code(131031, Verdict::Blocked),
    code(131037, Verdict::Blocked),
    code(131042, Verdict::Blocked),
    code(131045, Verdict::Blocked),
    code(133006, Verdict::Blocked),
    code(133010, Verdict::Blocked),
    code(134011, Verdict::Blocked),
    pausing(368, Verdict::Blocked, POLICY),             // blocked for a breach of policy
    pausing(133016, Verdict::Blocked, POLICY),          // registered too often: up to 72 hours
];

/// What a code means for the send that got it, when it is known.
pub(super) fn verdict(code: i32) -> Option<Verdict> {
    let found = find(code).map(|known| known.verdict);
    found.or((200..300).contains(&code).then_some(Verdict::Blocked))
}

/// Who else waits after an answer with this code and verdict.
pub(super) fn pause_of(code: i32, verdict: Verdict) -> Option<Pause> {
    match find(code) {
        Some(known) => known.pause,
        None => (verdict == Verdict::RateLimited).then_some(THROUGHPUT),
    }
}

fn find(code: i32) -> Option<&'static Code> {
    CODES.iter().find(|known| known.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_pauses_somebody_and_no_code_is_listed_twice() {
        for known in CODES {
            let same = CODES.iter().filter(|other| other.code == known.code);
            assert_eq!(same.count(), 1, "{}", known.code);
            if known.verdict == Verdict::RateLimited {
                let pause = pause_of(known.code, known.verdict).unwrap();
                assert!(pause.first <= pause.longest && pause.factor > 1);
            }
        }
    }

    #[test]
    fn a_pair_is_paused_alone_and_a_limit_without_a_code_is_the_numbers() {
        let of = |code, verdict| pause_of(code, verdict).map(|pause| pause.of);
        assert_eq!(of(131056, Verdict::RateLimited), Some(Paused::Pair));
        assert_eq!(of(130429, Verdict::RateLimited), Some(Paused::Number));
        assert_eq!(of(0, Verdict::Blocked), None);
        assert_eq!(of(999_999, Verdict::RateLimited), Some(Paused::Number));
        assert_eq!(of(131009, Verdict::Refused), None);
        assert_eq!(verdict(131009), None);
        assert_eq!(verdict(294), Some(Verdict::Blocked));
    }
}
