//! Keys of sends, callback data, and the waits between tries.

use http::header::CONTENT_TYPE;
use serde_json::json;

use super::effect::{Effect, form, pairs};
use super::row::KnownBy;
use super::*;
use crate::words::tests::assert_allowed;

fn request(body: &Value) -> GraphRequest {
    GraphRequest::json(http::Method::POST, "1065403/messages", body)
}

fn hash(request: GraphRequest) -> [u8; 32] {
    Effect::read(request).unwrap().hash
}

#[test]
fn a_key_covers_what_the_recipient_would_notice() {
    let base = json!({ "to": "1", "type": "text", "text": { "body": "hi", "preview_url": true } });
    let of = |body: Value| hash(request(&body));
    let same = [
        json!({ "type": "text", "text": { "preview_url": true, "body": "hi" }, "to": "1" }),
        json!({ "biz_opaque_callback_data": "x", "to": "1", "type": "text",
                "text": { "body": "hi", "preview_url": true } }),
    ];
    for body in same {
        assert_eq!(of(body), of(base.clone()));
    }
    let other = [
        json!({ "to": "2", "type": "text", "text": { "body": "hi", "preview_url": true } }),
        json!({ "to": "1", "type": "text", "text": { "body": "hi!", "preview_url": true } }),
        json!({ "to": "1", "type": "text", "text": { "body": "hi" } }),
        json!({ "to": "1", "type": "text", "text": { "body": "hi", "preview_url": true }, "context": {} }),
    ];
    for body in other {
        assert_ne!(of(body.clone()), of(base.clone()), "{body}");
    }
    let versioned = GraphRequest {
        version: Some("v20.0".to_owned()),
        ..request(&base)
    };
    assert_eq!(hash(versioned), of(base.clone()));
    let elsewhere = GraphRequest {
        path: "1065403/marketing_messages".to_owned(),
        ..request(&base)
    };
    assert_ne!(hash(elsewhere), of(base.clone()));
    let queried = |path: &str| {
        hash(GraphRequest {
            path: path.to_owned(),
            ..request(&base)
        })
    };
    assert_eq!(queried("1/messages?a=1&b=2"), queried("1/messages?b=2&a=1"));
    assert_ne!(queried("1/messages?a=1"), queried("1/messages?a=2"));
}

#[test]
fn the_bots_callback_data_is_kept_and_ours_goes_out() {
    let body = json!({ "to": "1", "biz_opaque_callback_data": "order-17", "type": "text" });
    let effect = Effect::read(request(&body)).unwrap();
    assert_eq!(effect.callback_data.as_deref(), Some("order-17"));
    assert_eq!(effect.message(), json!({ "to": "1", "type": "text" }));
    let outgoing: Value = serde_json::from_slice(&effect.outgoing("r1.9.aa").body).unwrap();
    assert_eq!(
        outgoing,
        json!({ "to": "1", "type": "text", "biz_opaque_callback_data": "r1.9.aa" })
    );
}

#[test]
fn requests_that_are_no_message_are_refused_with_the_reason() {
    let with = |content_type: &str, body: &'static str| {
        let mut request = request(&json!({}));
        request
            .headers
            .insert(CONTENT_TYPE, content_type.parse().unwrap());
        request.body = body.into();
        request
    };
    let data = |value: Value| request(&json!({ "biz_opaque_callback_data": value }));
    let queried = GraphRequest {
        path: "1/messages?biz_opaque_callback_data=x".to_owned(),
        ..data(json!(null))
    };
    let cases = [
        (with("application/json", "[1]"), "not an object"),
        (with("application/json", "{"), "not JSON"),
        (
            with("multipart/form-data; boundary=b", "--b--"),
            "multipart",
        ),
        (data(json!("x".repeat(513))), "513 characters"),
        (data(json!("a\0b")), "NUL"),
        (data(json!(7)), "not a string"),
        (queried, "query"),
    ];
    for (request, words) in cases {
        let reason = Effect::read(request).unwrap_err();
        assert!(reason.contains(words), "{reason}");
    }
    assert!(Effect::read(data(json!("é".repeat(512)))).is_ok());
}

#[test]
fn forms_survive_reading_and_writing() {
    let fields = vec![
        ("a b".to_owned(), "1&2=3#4+5%é".to_owned()),
        (String::new(), String::new()),
    ];
    assert_eq!(pairs(&form(&fields)), fields);
    assert!(pairs("").is_empty());
}

#[test]
fn callback_data_opens_only_with_the_key_and_unchanged() {
    let key = CallbackKey::new([1; 32]);
    let sealed = key.seal(123_456_789_012);
    assert!(
        sealed.starts_with("r1.123456789012.") && sealed.len() < 40,
        "{sealed}"
    );
    assert_eq!(key.open(&sealed), Some(123_456_789_012));
    assert_eq!(CallbackKey::new([2; 32]).open(&sealed), None);
    let forged = sealed.replace("123456789012", "123456789013");
    for text in [
        forged.as_str(),
        "",
        "r1",
        "r1.1",
        "r1.1.",
        "r1.x.00",
        "order-17",
        &sealed[..sealed.len() - 2],
    ] {
        assert_eq!(key.open(text), None, "{text}");
    }
}

#[test]
fn waits_grow_and_honour_meta_and_end() {
    let settings = OutboxSettings::new(CallbackKey::new([0; 32]));
    let seconds = Duration::from_secs;
    let cases = [
        (0, None, Some(seconds(1))),
        (1, None, Some(seconds(4))),
        (2, None, None),
        (0, Some(seconds(9)), Some(seconds(9))),
        (1, Some(seconds(2)), Some(seconds(4))),
        (2, Some(seconds(2)), None),
    ];
    for (tried, retry_after, expected) in cases {
        assert_eq!(
            settings.delay(tried, retry_after),
            expected,
            "{tried} {retry_after:?}"
        );
    }
}

#[test]
fn nothing_secret_is_shown() {
    let shown = format!("{:?}", OutboxSettings::new(CallbackKey::new([77; 32])));
    assert!(shown.contains("***") && !shown.contains("77"), "{shown}");
}

#[test]
fn the_database_takes_the_words_of_sends() {
    assert_allowed::<SendState>("send_state_known", &[]);
    assert_allowed::<KnownBy>("send_known_by_known", &[]);
}
