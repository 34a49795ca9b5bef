//! Meta's two rate limits on sends: per business number, and per number and customer.

use std::collections::{HashMap, VecDeque};

use crate::clock::SECOND_MS;
use crate::config::{PairRate, Settings};

/// Which limit a send hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exceeded {
    Throughput,
    PairRate,
}

/// What was sent lately.
#[derive(Debug, Default)]
pub(crate) struct RateLimits {
    /// Times of the sends of the last second, by number.
    last_second: HashMap<String, VecDeque<i64>>,
    pairs: HashMap<(String, String), Pair>,
}

/// One number and customer.
#[derive(Debug)]
struct Pair {
    /// When everything that was sent has been paid for with time.
    free_at_ms: i64,
    burst_began_at_ms: i64,
    burst_count: u32,
}

impl RateLimits {
    /// Counts one send, unless it exceeds a limit.
    pub(crate) fn admit(
        &mut self,
        settings: &Settings,
        number_id: &str,
        phone: &str,
        now_ms: i64,
    ) -> Result<(), Exceeded> {
        if let Some(limit) = settings.throughput_per_second {
            let sends = self.last_second.entry(number_id.to_owned()).or_default();
            while sends.front().is_some_and(|at| now_ms - at >= SECOND_MS) {
                sends.pop_front();
            }
            if sends.len() >= limit as usize {
                return Err(Exceeded::Throughput);
            }
            sends.push_back(now_ms);
        }
        if let Some(rate) = settings.pair_rate {
            self.admit_to_pair(rate, (number_id.to_owned(), phone.to_owned()), now_ms)?;
        }
        Ok(())
    }

    fn admit_to_pair(
        &mut self,
        rate: PairRate,
        key: (String, String),
        now_ms: i64,
    ) -> Result<(), Exceeded> {
        let interval_ms = i64::try_from(rate.interval_ms).unwrap_or(i64::MAX);
        let pair = self.pairs.entry(key).or_insert(Pair {
            free_at_ms: now_ms,
            burst_began_at_ms: now_ms,
            burst_count: 0,
        });
        if now_ms >= pair.free_at_ms {
            pair.free_at_ms = now_ms;
            pair.burst_began_at_ms = now_ms;
            pair.burst_count = 0;
        }
        let is_in_burst = now_ms - pair.burst_began_at_ms < interval_ms;
        if pair.burst_count > 0 && !(is_in_burst && pair.burst_count < rate.burst) {
            return Err(Exceeded::PairRate);
        }
        pair.burst_count += 1;
        pair.free_at_ms = pair.free_at_ms.saturating_add(interval_ms);
        Ok(())
    }
}
