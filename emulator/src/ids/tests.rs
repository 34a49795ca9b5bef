//! The shapes of ids.

use super::*;

#[test]
fn a_message_id_has_the_layout_of_those_in_the_wild() {
    let id = wamid("16505551234", Direction::Outbound);

    let encoded = id.strip_prefix("wamid.").unwrap();
    assert!(encoded.starts_with("HBgLMTY1MDU1NTEyMzQVAgAR"), "{encoded}");
    let bytes = STANDARD.decode(encoded).unwrap();
    assert_eq!(bytes.len(), 3 + 11 + 4 + 2 + 18 + 1);
    assert_eq!(bytes.last(), Some(&0));
    assert!(wamid("16505551234", Direction::Inbound).contains("VAgAS"));
}

#[test]
fn a_user_id_is_the_same_within_a_portfolio_only() {
    let id = user_id("ES", "1", "34600000001");

    assert_eq!(id, user_id("ES", "1", "34600000001"));
    assert_ne!(id, user_id("ES", "2", "34600000001"));
    let digits = id.strip_prefix("ES.").unwrap();
    assert_eq!(digits.len(), 17);
    assert!(digits.bytes().all(|byte| byte.is_ascii_digit()));
}

#[test]
fn the_longest_calling_code_decides_the_country() {
    for (phone, country) in [
        ("16505551234", "US"),
        ("34600000001", "ES"),
        ("351910000001", "PT"),
        ("593990000001", "EC"),
        ("99999999", "US"),
    ] {
        assert_eq!(country_of(phone), country);
    }
}
