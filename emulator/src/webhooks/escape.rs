//! JSON as Graph webhooks write it: ASCII only, with `/` escaped.

use std::fmt::Write as _;

use serde_json::Value;

/// Writes a value with every character outside ASCII as lowercase `\uXXXX` (two of them beyond
/// the basic plane) and every `/` as `\/`.
///
/// A receiver that parses the body and writes it anew gets other bytes, and so a signature that
/// does not match: it has to verify what it received.
pub(crate) fn to_escaped_json(value: &Value) -> String {
    let plain = value.to_string();
    let mut escaped = String::with_capacity(plain.len() + plain.len() / 8);
    let mut units = [0_u16; 2];
    // Both kinds of character occur only within strings of JSON text.
    for character in plain.chars() {
        match character {
            '/' => escaped.push_str("\\/"),
            c if c.is_ascii() => escaped.push(c),
            c => {
                for unit in c.encode_utf16(&mut units) {
                    // Writing to a string cannot fail.
                    let _ = write!(escaped, "\\u{unit:04x}");
                }
            }
        }
    }
    escaped
}
