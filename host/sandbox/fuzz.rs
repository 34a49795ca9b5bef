//! Code that strangers made, before it is compiled.

use super::{check_bounds, split};

/// Looks at a component. What can be split gives two parts that can be read.
pub(crate) fn run(component: &[u8]) {
    if check_bounds(component).is_err() {
        return;
    }
    if let Some(parts) = split(component) {
        assert!(parts.code.starts_with(b"\0asm\x01\0\0\0"));
        assert!(parts.bot.starts_with(b"\0asm\x0d\0\x01\0"));
    }
}
