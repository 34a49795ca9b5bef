//! Bytes and signatures of webhooks.

use serde_json::json;

use super::escape::to_escaped_json;
use super::signature::header_value;

#[track_caller]
fn check(value: serde_json::Value, expected: &str) {
    let escaped = to_escaped_json(&value);
    assert_eq!(escaped, expected);
    let read: serde_json::Value = serde_json::from_str(&escaped).unwrap();
    assert_eq!(read, value);
}

#[test]
fn characters_outside_ascii_are_lowercase_escapes() {
    check(json!("Ñandú"), r#""\u00d1and\u00fa""#);
}

#[test]
fn characters_beyond_the_basic_plane_are_two_escapes() {
    check(json!("ok 👍🏽"), r#""ok \ud83d\udc4d\ud83c\udffd""#);
}

#[test]
fn slashes_are_escaped_in_keys_and_values() {
    check(
        json!({"a/b": "https://x/y"}),
        r#"{"a\/b":"https:\/\/x\/y"}"#,
    );
}

#[test]
fn quotes_backslashes_and_control_characters_stay_as_json_has_them() {
    check(json!("\"\\\n\u{1}"), r#""\"\\\n\u0001""#);
}

#[test]
fn the_signature_is_the_one_of_rfc_4231() {
    assert_eq!(
        header_value("Jefe", b"what do ya want for nothing?"),
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
}
