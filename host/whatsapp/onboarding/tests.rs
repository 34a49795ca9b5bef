//! What people read of Meta's refusals.

use super::refusal::{About, Asked, explain, quoted, wait};
use super::{MetaNumber, Trouble};
use crate::whatsapp::error::GraphError;

fn error(code: i32, subcode: Option<i32>, message: &str) -> GraphError {
    GraphError {
        code,
        subcode,
        status: 400,
        message: message.to_owned(),
        details: None,
        trace_id: None,
        is_transient: false,
    }
}

#[track_caller]
fn words(asked: Asked, about: &About, error: &GraphError) -> String {
    match explain(asked, about, error) {
        Trouble::Refused(words) => words,
        later => panic!("{later:?}"),
    }
}

#[test]
fn a_refusal_says_what_why_and_what_to_do() {
    let expired = error(
        190,
        Some(463),
        "Error validating access token: Session has expired.",
    );
    assert_eq!(
        words(Asked::Read, &About::number("123"), &expired),
        "Meta refused to show number 123: the token has expired. Meta said “Error validating access \
         token: Session has expired” (code 190, subcode 463). What to do: make a token of a system \
         user in Business settings (System users, Generate token, no expiry) and connect the number \
         again with it."
    );
}

#[test]
fn each_known_refusal_has_words_of_its_own() {
    let table = [
        (190, Some(460), Asked::Read, "made invalid"),
        (190, None, Asked::Read, "copied whole"),
        (10, None, Asked::Subscribe, "whatsapp_business_management"),
        (200, None, Asked::Subscribe, "does not permit it"),
        (100, Some(33), Asked::Read, "no number with the id 123"),
        (33, None, Asked::Read, "deleted"),
        (368, None, Asked::Register, "policies"),
        (131031, None, Asked::Register, "locked"),
        (131045, None, Asked::Register, "certificate"),
        (133005, None, Asked::Register, "another PIN"),
        (133006, None, Asked::Register, "verified by a code"),
        (133008, None, Asked::Register, "too often"),
        (133009, None, Asked::Register, "too often"),
        (133016, None, Asked::Register, "72 hours"),
        (100, None, Asked::Register, "six digits"),
        (100, None, Asked::Deregister, "WhatsApp Business app"),
        (424_242, None, Asked::Subscribe, "list of error codes"),
    ];
    for (code, subcode, asked, part) in table {
        let text = words(asked, &About::number("123"), &error(code, subcode, "no"));
        assert!(text.contains(part), "{code}: {text}");
        assert!(text.contains(&format!("code {code}")), "{text}");
    }
    let account = words(
        Asked::Subscribe,
        &About::account("77"),
        &error(100, Some(33), "no"),
    );
    assert!(account.contains("no account with the id 77"), "{account}");
}

#[test]
fn what_passes_by_itself_is_no_refusal() {
    for code in [1, 2, 4, 80007, 130429, 131000, 131016, 133004, 133015] {
        assert!(wait(&error(code, None, "")).is_some(), "{code}");
    }
    for code in [10, 100, 190, 133005, 133016] {
        assert!(wait(&error(code, None, "")).is_none(), "{code}");
    }
    let mut said = error(131000, None, "Something went wrong.");
    said.details = Some("Try again".to_owned());
    assert_eq!(
        quoted(&said),
        "Meta said “Something went wrong.: Try again” (code 131000)"
    );
}

#[test]
fn a_number_is_registered_when_it_is_connected_to_the_cloud_api() {
    let number = |platform: &str, status: &str| MetaNumber {
        platform_type: Some(platform.to_owned()),
        status: Some(status.to_owned()),
        ..MetaNumber::default()
    };
    assert!(number("CLOUD_API", "CONNECTED").is_registered());
    assert!(number("CLOUD_API", "FLAGGED").is_registered());
    assert!(!number("NOT_APPLICABLE", "PENDING").is_registered());
    assert!(!number("CLOUD_API", "DISCONNECTED").is_registered());
    assert!(!number("ON_PREMISE", "CONNECTED").is_registered());
}
