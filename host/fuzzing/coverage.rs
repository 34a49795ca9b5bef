//! What the compiler counts in this library (LLVM's SanitizerCoverage): a byte for each edge between
//! blocks of code, and the constants that values were compared with.
//!
//! The functions here are called by every comparison, and what they do is compiled with them: they compare
//! nothing with a constant, or they would call themselves for ever.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many constants are remembered.
const MOST_SEEN: usize = 1024;

/// The counters of each part of the library: where they are, and how many.
static REGIONS: Mutex<Vec<(usize, usize)>> = Mutex::new(Vec::new());

static SEEN: [AtomicUsize; MOST_SEEN] = [const { AtomicUsize::new(0) }; MOST_SEEN];
static SEEN_AT: AtomicUsize = AtomicUsize::new(0);

/// How often an edge was taken, in classes: once and twice are two things, 40 times and 41 are one.
fn class(count: u8) -> u8 {
    match count {
        0 => 0,
        1 => 1,
        2 => 2,
        3 => 4,
        4..=7 => 8,
        8..=15 => 16,
        16..=31 => 32,
        32..=127 => 64,
        128..=255 => 128,
    }
}

/// What was seen of the library so far: the classes of each edge.
#[derive(Debug, Default)]
pub struct Map {
    edges: Vec<u8>,
    /// How many classes of edges there are in it.
    pub features: usize,
}

impl Map {
    /// Adds what was counted since [`reset`], and says how much of it is new.
    pub fn add(&mut self) -> usize {
        let regions = REGIONS.lock().unwrap_or_else(PoisonError::into_inner);
        let edges = regions.iter().map(|(_, length)| length).sum();
        self.edges.resize(edges, 0);
        let (mut rest, mut new) = (self.edges.as_mut_slice(), 0);
        for &(start, length) in regions.iter() {
            let known;
            (known, rest) = std::mem::take(&mut rest).split_at_mut(length);
            // The counters live as long as the program.
            let counters = unsafe { std::slice::from_raw_parts(start as *const u8, length) };
            for (known, counters) in known.chunks_mut(64).zip(counters.chunks(64)) {
                if counters.iter().all(|count| *count == 0) {
                    continue;
                }
                for (known, count) in known.iter_mut().zip(counters) {
                    let class = class(*count);
                    new += usize::from(class & !*known != 0);
                    *known |= class;
                }
            }
        }
        self.features += new;
        new
    }
}

/// Counts from zero again.
pub fn reset() {
    for &(start, length) in REGIONS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .iter()
    {
        unsafe { std::ptr::write_bytes(start as *mut u8, 0, length) };
    }
}

/// How many edges the library has.
pub fn edges() -> usize {
    let regions = REGIONS.lock().unwrap_or_else(PoisonError::into_inner);
    regions.iter().map(|(_, length)| length).sum()
}

/// Constants that something was compared with lately, as bytes and as digits.
pub fn constants() -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for seen in &SEEN {
        let value = seen.swap(0, Ordering::Relaxed) as u64;
        if value > 0xff {
            let used = 8 - value.leading_zeros() as usize / 8;
            found.push(value.to_le_bytes()[..used].to_vec());
            found.push(value.to_be_bytes()[8 - used..].to_vec());
            found.push(value.to_string().into_bytes());
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Called once for each part of the library, before `main`.
#[unsafe(no_mangle)]
extern "C" fn __sanitizer_cov_8bit_counters_init(start: *mut u8, stop: *mut u8) {
    let mut regions = REGIONS.lock().unwrap_or_else(PoisonError::into_inner);
    let region = (start as usize, stop as usize - start as usize);
    if region.1 > 0 && !regions.contains(&region) {
        regions.push(region);
    }
}

#[inline(always)]
fn note(constant: u64) {
    let at = SEEN_AT.fetch_add(1, Ordering::Relaxed) % MOST_SEEN;
    // The remainder is within the array.
    let place = unsafe { SEEN.get_unchecked(at) };
    place.store(constant as usize, Ordering::Relaxed);
}

macro_rules! comparisons {
    ($($name:ident $constant:ident $type:ty),*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name(_: $type, _: $type) {}

        #[unsafe(no_mangle)]
        extern "C" fn $constant(constant: $type, _: $type) {
            note(constant.into());
        }
    )*};
}

comparisons!(
    __sanitizer_cov_trace_cmp1 __sanitizer_cov_trace_const_cmp1 u8,
    __sanitizer_cov_trace_cmp2 __sanitizer_cov_trace_const_cmp2 u16,
    __sanitizer_cov_trace_cmp4 __sanitizer_cov_trace_const_cmp4 u32,
    __sanitizer_cov_trace_cmp8 __sanitizer_cov_trace_const_cmp8 u64
);

/// The number of cases, the width of the value in bits, and the cases.
#[unsafe(no_mangle)]
extern "C" fn __sanitizer_cov_trace_switch(_: u64, cases: *const u64) {
    // One of them, each time the next.
    let count = unsafe { *cases };
    let at = SEEN_AT.load(Ordering::Relaxed) as u64 % count.max(1);
    note(unsafe { *cases.add(2 + at as usize) });
}
