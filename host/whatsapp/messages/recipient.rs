//! To whom a message goes: a phone number, a user id that is scoped to the business, or a group.

use super::InvalidMessage;

/// The longest number of E.164, with room for a prefix.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 5..=20;

/// The longest part after the country of a business-scoped user id.
const USER_ID: usize = 128;

/// How ids of groups begin: `capi_group:` in base64.
const GROUP: &str = "Y2FwaV9ncm91cDo";
/// The longest id of a group.
const GROUP_ID: usize = 256;

/// What kind of recipient it is, and which of Meta's fields it belongs in, with the text as the bot gave it.
pub(super) fn field(to: &str) -> Result<(&'static str, &'static str, &str), InvalidMessage> {
    match () {
        () if is_group(to) => Ok(("group", "to", to)),
        () if is_user_id(to) => Ok(("individual", "recipient", to)),
        () if is_phone(to) => Ok(("individual", "to", to)),
        () => Err(InvalidMessage::field(
            "to",
            "is neither a phone number with country code (`16505551234`), nor a user id \
             (`US.13491208655302741918`), nor a group's id",
        )),
    }
}

fn is_group(to: &str) -> bool {
    to.starts_with(GROUP)
        && to.len() <= GROUP_ID
        && to
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_'))
}

/// `US.1349…`, and the form of a parent, `US.ENT.1181…`.
fn is_user_id(to: &str) -> bool {
    let Some((country, id)) = to.split_once('.') else {
        return false;
    };
    let id = id.strip_prefix("ENT.").unwrap_or(id);
    country.len() == 2
        && country.bytes().all(|b| b.is_ascii_uppercase())
        && (1..=USER_ID).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Meta tolerates a plus, spaces, hyphens and parentheses.
fn is_phone(to: &str) -> bool {
    let rest = to.trim().strip_prefix('+').unwrap_or(to.trim());
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    PHONE_DIGITS.contains(&digits)
        && rest
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b' ' | b'-' | b'(' | b')'))
}
