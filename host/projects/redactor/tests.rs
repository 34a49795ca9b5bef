//! What is hidden, in which forms, and what is not.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::{Redactor, Seam};
use crate::projects::Secret;

/// With all that encodings change.
const VALUE: &str = "hü/7 \"x\"\\y+z=&ß'";

fn redactor(values: &[(&str, &str)]) -> Redactor {
    let values = values.iter();
    Redactor::new(values.map(|(name, value)| ((*name).to_owned(), Secret::new(*value))))
}

#[track_caller]
fn hides(redactor: &Redactor, text: &str, shown: &str) {
    assert_eq!(redactor.redact(text), shown, "{text}");
}

#[test]
fn values_are_hidden_wherever_they_are_in_a_text() {
    let it = redactor(&[
        ("KEY", "hunter2-of-the-shop"),
        ("PIN", "1234567"),
        ("SAME", "hunter2-of-the-shop"),
    ]);
    hides(&it, "hunter2-of-the-shop", "[secret KEY]");
    hides(
        &it,
        "a hunter2-of-the-shophunter2-of-the-shop, b",
        "a [secret KEY][secret KEY], b",
    );
    hides(&it, "hunter2-of-the-sho", "hunter2-of-the-sho");
    // Too short.
    hides(&it, "1234567", "1234567");
    hides(
        &Redactor::default(),
        "hunter2-of-the-shop",
        "hunter2-of-the-shop",
    );
    let both = redactor(&[("SHORT", "abcdefgh"), ("LONG", "abcdefgh-ijkl")]);
    hides(
        &both,
        "abcdefgh abcdefgh-ijkl",
        "[secret SHORT] [secret LONG]",
    );
    let trimmed = redactor(&[("LINE", " of a file1\n")]);
    hides(&trimmed, "<of a file1>", "<[secret LINE]>");
}

#[test]
fn values_are_hidden_in_their_usual_encodings() {
    let it = redactor(&[("KEY", VALUE)]);
    let json = serde_json::to_string(VALUE).unwrap();
    let json = json.trim_matches('"');
    let percent: String = VALUE
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    for form in [
        json.to_owned(),
        serde_json::to_string(json)
            .unwrap()
            .trim_matches('"')
            .to_owned(),
        // Node's for an object in an array: between single quotes.
        VALUE.replace('\\', "\\\\"),
        percent.clone(),
        percent.replace("%20", "+"),
        "h%C3%BC%2F7%20%22x%22%5Cy%2Bz%3D%26%C3%9F'".to_owned(),
        "h%c3%bc%2f7%20%22x%22%5cy%2bz%3d%26%c3%9f'".to_owned(),
        "h%C3%BC/7%20%22x%22%5Cy+z=&%C3%9F'".to_owned(),
        hex::encode(VALUE),
        hex::encode_upper(VALUE),
    ] {
        hides(&it, &format!("<{form}>"), "<[secret KEY]>");
    }
}

#[test]
fn base64_is_known_alone_and_within_what_is_longer() {
    let it = redactor(&[("KEY", "s3cret?>of~the?>shop")]);
    for before in ["", "a", "ab", "abc", "user:", "some user:"] {
        for after in ["", "x", "xy", "xyz"] {
            let text = format!("{before}s3cret?>of~the?>shop{after}");
            for encoded in [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                let shown = it.redact(&encoded).into_owned();
                assert!(shown.contains("[secret KEY]"), "{text}: {shown}");
                let rest = shown.replace("[secret KEY]", "");
                let most = (before.len() + after.len()) * 4 / 3 + 4;
                assert!(rest.len() <= most, "{text}: {shown}");
            }
        }
    }
    hides(
        &it,
        &format!("Basic {}", STANDARD.encode("s3cret?>of~the?>shop")),
        "Basic [secret KEY]",
    );
}

#[test]
fn lines_of_a_key_are_hidden_one_by_one() {
    let key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END PRIVATE KEY-----\n";
    for value in [key.to_owned(), key.trim().replace('\n', "\\n")] {
        let it = redactor(&[("KEY", value.as_str())]);
        hides(&it, key.trim(), "[secret KEY]");
        hides(&it, &key.trim().replace('\n', "\\n"), "[secret KEY]");
        hides(
            &it,
            "  '-----BEGIN PRIVATE KEY-----\\n' +\n  'MIIEvQIBADANBgkqhkiG9w0B\\n'",
            "  '-----BEGIN PRIVATE KEY-----\\n' +\n  '[secret KEY]\\n'",
        );
    }
}

#[test]
fn a_long_value_is_hidden_as_far_as_it_goes() {
    let long: String = (0..9_000)
        .map(|n| char::from(b'a' + (n * n % 26) as u8))
        .collect();
    let it = redactor(&[("LONG", &long)]);
    hides(&it, &format!("<{long}>"), "<[secret LONG]>");
    hides(&it, &format!("{}…", &long[..500]), "[secret LONG]…");
    let many: Vec<(String, String)> = (0..256)
        .map(|n| (format!("N{n}"), format!("{long}{n}")))
        .collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    hides(&redactor(&many), &format!("{long}77."), "[secret N77].");
}

#[test]
fn what_everybody_may_see_is_no_secret() {
    let map = |entries: &[(&str, &str)]| -> BTreeMap<String, String> {
        entries
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    };
    let variables = map(&[
        ("APP_SECRET", "of-the-project"),
        ("VERIFY_TOKEN", "of-the-handshake"),
        ("PHONE_NUMBER_ID", "106540352242922"),
        ("PLAIN", "plain-variable"),
    ]);
    let secrets = map(&[
        ("NODE_ENV", "production"),
        ("WA_PHONE_NUMBER_ID", "106540352242922"),
        ("WHATSAPP_TOKEN", "EAAmyown"),
        ("DB", "postgres://x"),
    ]);
    let more = [("OTHER".to_owned(), Secret::new("of-the-other"))];
    let it = Redactor::of(&variables, &secrets, more);
    hides(
        &it,
        "of-the-project of-the-handshake 106540352242922 plain-variable production EAAmyown postgres://x of-the-other",
        "[secret APP_SECRET] of-the-handshake 106540352242922 plain-variable production [secret WHATSAPP_TOKEN] [secret DB] [secret OTHER]",
    );
}

/// What comes out when texts are written one after the other.
fn written(redactor: &Redactor, texts: &[&str]) -> Vec<String> {
    let mut seam = Seam::default();
    let mut out: Vec<String> = Vec::new();
    for text in texts {
        out.extend(
            seam.push(redactor, (), (*text).to_owned())
                .into_iter()
                .map(|(_, text)| text),
        );
    }
    out.extend(seam.end().into_iter().map(|(_, text)| text));
    out
}

#[test]
fn a_value_that_is_written_in_pieces_is_hidden() {
    let it = redactor(&[("KEY", "hunter2-of-the-shop")]);
    assert_eq!(
        written(&it, &["a hunter2", "-of-the-shop b"]),
        ["a [secret KEY]", " b"]
    );
    let letters: Vec<String> = "a hunter2-of-the-shop b"
        .chars()
        .map(String::from)
        .collect();
    let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
    assert_eq!(written(&it, &letters).concat(), "a [secret KEY] b");
    assert_eq!(
        written(&it, &["a h", "b", "hunter2", "", "-of-the-shop"]),
        ["a h", "b", "hunter2", "", "-of-the-shop"]
    );
    assert_eq!(
        written(&it, &["hunt", "hunter2-of-the-shop", "hunt"]),
        ["hunt", "[secret KEY]", "hunt"]
    );
    // What cannot be a beginning does not wait.
    let mut seam = Seam::default();
    assert_eq!(seam.push(&it, (), "a line".to_owned()).len(), 1);
    assert_eq!(seam.push(&it, (), "a line with h".to_owned()).len(), 0);
    assert_eq!(seam.push(&it, (), "another".to_owned()).len(), 2);
    let long = "0123456789abcdefghijklmnopqrstuvwxyz".repeat(30);
    let it = redactor(&[("LONG", &long)]);
    let pieces = [
        &long[..400],
        &long[400..700],
        &format!("{} and more", &long[700..]),
    ];
    assert_eq!(written(&it, &pieces), ["[secret LONG]", " and more"]);
}
