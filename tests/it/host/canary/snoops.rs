//! Components that look through whatever they can read, and crash at what they find.

use crate::components::wat::Wat;

/// What they leave behind, and find again.
pub(super) const MARK: u8 = b'Z';

/// How much of it they leave at the end of their memory.
pub(super) const LEFT: usize = 16 << 20;

/// How much memory they have: all that there is.
pub(super) const SIZE: u64 = 128 << 20;

/// Looks through all memory and all tables that it may have, crashes at whatever it finds there that is not nothing, and
/// leaves something that the next one would find.
pub(super) const SNOOPS: Wat<'static> = Wat {
    limits: "1",
    items: "(table 1 funcref) (func $left) (elem declare func $left)",
    handle: "
      (if (i32.eq (memory.size) (i32.const 1)) (then (drop (memory.grow (i32.const 2047)))))
      (local.set $j (i32.mul (memory.size) (i32.const 65536)))
      (if (i32.ne (local.get $j) (i32.const 0x8000000)) (then unreachable))
      (loop $next
        (if (i64.ne (i64.load (local.get $i)) (i64.const 0)) (then unreachable))
        (local.set $i (i32.add (local.get $i) (i32.const 8)))
        (br_if $next (i32.lt_u (local.get $i) (local.get $j))))
      (if (i32.eq (table.size) (i32.const 1)) (then (drop (table.grow (ref.null func) (i32.const 19999)))))
      (local.set $i (i32.const 0))
      (loop $entry
        (if (i32.eqz (ref.is_null (table.get (local.get $i)))) (then unreachable))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $entry (i32.lt_u (local.get $i) (table.size))))
      (memory.fill (i32.const 0x7000000) (i32.const 90) (i32.const 0x1000000))
      (table.fill (i32.const 0) (ref.func $left) (table.size))",
    rest: "",
};

/// Stays, and has 255 pages more with each request: after the eighth all that there are. Crashes when one of them was not
/// empty, or when those that it had are not as it left them. Answers with how often it has looked, added to 210.
pub(super) const STAYS: Wat<'static> = Wat {
    limits: "8",
    items: "(global $looked (mut i32) (i32.const 0))",
    handle: "
      (local.set $j (i32.mul (memory.size) (i32.const 65536)))
      (if (global.get $looked) (then
        (loop $own
          (if (i64.ne (i64.load (local.get $i)) (i64.const 0x5a5a5a5a5a5a5a5a)) (then unreachable))
          (local.set $i (i32.add (local.get $i) (i32.const 8)))
          (br_if $own (i32.lt_u (local.get $i) (local.get $j))))))
      (if (i32.eq (memory.grow (i32.const 255)) (i32.const -1)) (then unreachable))
      (local.set $j (i32.mul (memory.size) (i32.const 65536)))
      (loop $new
        (if (i64.ne (i64.load (local.get $i)) (i64.const 0)) (then unreachable))
        (local.set $i (i32.add (local.get $i) (i32.const 8)))
        (br_if $new (i32.lt_u (local.get $i) (local.get $j))))
      (memory.fill (i32.const 0) (i32.const 90) (local.get $j))
      (global.set $looked (i32.add (global.get $looked) (i32.const 1)))
      (call $answer (local.get $out) (i32.add (i32.const 210) (global.get $looked)))",
    rest: "",
};

/// Fills all memory that it may have.
pub(super) const FILLS: Wat<'static> = Wat {
    limits: "2048",
    items: "",
    handle: "(memory.fill (i32.const 0) (i32.const 90) (i32.const 0x8000000))",
    rest: "",
};

/// Takes a place.
pub(super) const SITS: Wat<'static> = Wat {
    limits: "1",
    items: "",
    handle: "",
    rest: "",
};
