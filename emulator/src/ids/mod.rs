//! Minting of the ids that the platform gives out: objects, messages, users, traces.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rand::RngExt as _;
use sha2::{Digest as _, Sha256};

#[cfg(test)]
mod tests;

/// Which way a message went, as its id tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Inbound,
    Outbound,
}

/// A new object id: fifteen decimal digits, as apps, accounts, numbers and media have.
pub(crate) fn object_id() -> String {
    rand::rng()
        .random_range(100_000_000_000_000_u64..1_000_000_000_000_000)
        .to_string()
}

/// A new app secret: 32 hexadecimal digits.
pub(crate) fn app_secret() -> String {
    hex::encode(rand::rng().random::<[u8; 16]>())
}

/// A new access token, with the prefix that Meta's tokens have.
pub(crate) fn access_token() -> String {
    let bytes: [u8; 48] = rand::rng().random();
    format!("EAA{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// A new `fbtrace_id`.
pub(crate) fn trace_id() -> String {
    format!(
        "A{}",
        URL_SAFE_NO_PAD.encode(rand::rng().random::<[u8; 16]>())
    )
}

/// A new challenge of the verification handshake: a decimal number.
pub(crate) fn challenge() -> String {
    rand::rng()
        .random_range(100_000_000_u32..2_000_000_000)
        .to_string()
}

/// A new message id.
///
/// The layout is the one that ids seen in the wild decode to. Clients must treat it as opaque,
/// but some look at its prefix and its length.
pub(crate) fn wamid(phone: &str, direction: Direction) -> String {
    let serial = hex::encode_upper(rand::rng().random::<[u8; 9]>());
    let mut bytes = vec![0x1c, 0x18, length_byte(phone)];
    bytes.extend_from_slice(phone.as_bytes());
    bytes.extend_from_slice(&[0x15, 0x02, 0x00]);
    bytes.push(match direction {
        Direction::Outbound => 0x11,
        Direction::Inbound => 0x12,
    });
    bytes.extend_from_slice(&[0x18, length_byte(&serial)]);
    bytes.extend_from_slice(serial.as_bytes());
    bytes.push(0x00);
    format!("wamid.{}", STANDARD.encode(bytes))
}

/// The business-scoped user id of a customer: the same for all numbers of one portfolio, another
/// for every other portfolio.
pub(crate) fn user_id(country: &str, business_id: &str, phone: &str) -> String {
    let digest = Sha256::digest(format!("{business_id}:{phone}"));
    let mut head = [0_u8; 8];
    head.copy_from_slice(&digest[..8]);
    // Seventeen digits without a leading zero, so that the length is the same for everybody.
    let digits = 10_000_000_000_000_000 + u64::from_be_bytes(head) % 90_000_000_000_000_000;
    format!("{country}.{digits}")
}

/// The ISO 3166 code of the country that a full international number belongs to.
///
/// Only the calling codes that tests and demonstrations use are known; any other number counts as
/// North American. A customer's country can be set by hand.
pub(crate) fn country_of(phone: &str) -> &'static str {
    calling_code(phone).map_or("US", |(_, country)| country)
}

/// The calling code of that country.
pub(crate) fn calling_code_of(phone: &str) -> &'static str {
    calling_code(phone).map_or("1", |(code, _)| code)
}

fn calling_code(phone: &str) -> Option<(&'static str, &'static str)> {
    const CALLING_CODES: &[(&str, &str)] = &[
        ("1", "US"),
        ("20", "EG"),
        ("27", "ZA"),
        ("31", "NL"),
        ("33", "FR"),
        ("34", "ES"),
        ("351", "PT"),
        ("39", "IT"),
        ("41", "CH"),
        ("43", "AT"),
        ("44", "GB"),
        ("49", "DE"),
        ("51", "PE"),
        ("52", "MX"),
        ("54", "AR"),
        ("55", "BR"),
        ("56", "CL"),
        ("57", "CO"),
        ("593", "EC"),
        ("61", "AU"),
        ("62", "ID"),
        ("65", "SG"),
        ("81", "JP"),
        ("90", "TR"),
        ("91", "IN"),
        ("92", "PK"),
        ("234", "NG"),
        ("254", "KE"),
        ("966", "SA"),
        ("971", "AE"),
        ("972", "IL"),
    ];
    CALLING_CODES
        .iter()
        .filter(|(code, _)| phone.starts_with(code))
        .max_by_key(|(code, _)| code.len())
        .copied()
}

/// Phone numbers have at most fifteen digits and serials eighteen characters.
fn length_byte(text: &str) -> u8 {
    u8::try_from(text.len()).unwrap_or(u8::MAX)
}
