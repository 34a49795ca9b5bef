//! The places that instances have in the memory of this process, as the kernel shows it: no interface of the host says where
//! they are.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

use aho_corasick::AhoCorasick;

use super::snoops::{LEFT, MARK, SIZE};

/// What a memory is hidden or shown by.
const PIECE: usize = 64 << 10;
const PAGE: usize = 4 << 10;
const EMPTY: [u8; PAGE] = [0; PAGE];

/// The addresses of some places.
pub(super) struct Places(Vec<Range<u64>>);

impl Places {
    /// Those that snoops have now: in front of address space that is hidden lies what they leave.
    pub(super) fn snooped() -> Self {
        let memory = File::open("/proc/self/mem").unwrap();
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let hidden = maps.lines().filter_map(|line| line.split_once(" ---p "));
        let ends = hidden.map(|(range, _)| {
            let (start, _) = range.split_once('-').unwrap();
            u64::from_str_radix(start, 16).unwrap()
        });
        let snooped = ends.filter(|end| is_left(&memory, *end));
        Self(snooped.map(|end| end - SIZE..end).collect())
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn hold(&self, addresses: &[u64]) -> bool {
        let is_held = |address: &u64| self.0.iter().any(|place| place.contains(address));
        addresses.iter().all(is_held)
    }

    /// The addresses of the pages that a text stands in.
    pub(super) fn pages_with(&self, text: &str) -> Vec<u64> {
        let finder = AhoCorasick::new([text]).unwrap();
        let memory = File::open("/proc/self/mem").unwrap();
        let mut piece = vec![0; PIECE];
        let mut found = Vec::new();
        for address in self.0.iter().flat_map(|place| place.clone().step_by(PIECE)) {
            // What is hidden belongs to nobody.
            if memory.read_exact_at(&mut piece, address).is_err() {
                continue;
            }
            let pages = piece.chunks(PAGE).zip((address..).step_by(PAGE));
            let with_text = pages.filter(|(page, _)| *page != EMPTY && finder.is_match(*page));
            found.extend(with_text.map(|(_, address)| address));
        }
        found
    }
}

/// Whether what lies before an address is what a snoop leaves.
fn is_left(memory: &File, end: u64) -> bool {
    let has_marks = |count: usize| {
        let mut bytes = vec![0; count];
        let read = memory.read_exact_at(&mut bytes, end - count as u64);
        read.is_ok() && bytes == vec![MARK; count]
    };
    has_marks(1) && has_marks(LEFT)
}
