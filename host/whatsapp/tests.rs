//! What Meta's answers mean, and where the Graph API is.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::*;

fn answer(status: u16, body: &str) -> GraphResponse {
    GraphResponse {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::from(body.to_owned()),
    }
}

fn error(status: u16, code: i32) -> GraphResponse {
    answer(
        status,
        &json!({ "error": { "message": "no", "code": code } }).to_string(),
    )
}

#[test]
fn a_verdict_says_whether_a_message_may_be_sent_again() {
    let transient = json!({ "error": { "code": 100, "is_transient": true } }).to_string();
    let cases = [
        (
            answer(200, r#"{"messages":[{"id":"wamid.1"}]}"#),
            Verdict::Accepted,
        ),
        (answer(200, ""), Verdict::Accepted),
        (error(200, 131009), Verdict::Refused),
        (error(400, 100), Verdict::Refused),
        (error(400, 131047), Verdict::Refused),
        (error(404, 132001), Verdict::Refused),
        (error(400, 130429), Verdict::RateLimited),
        (error(400, 131056), Verdict::RateLimited),
        (error(400, 80007), Verdict::RateLimited),
        (error(429, 9999), Verdict::RateLimited),
        (answer(429, "slow down"), Verdict::RateLimited),
        (error(401, 190), Verdict::Blocked),
        (error(403, 10), Verdict::Blocked),
        (error(403, 200), Verdict::Blocked),
        (error(403, 131031), Verdict::Blocked),
        (answer(400, "<html>"), Verdict::Blocked),
        (answer(302, ""), Verdict::Blocked),
        (error(500, 131000), Verdict::Failed),
        (error(503, 2), Verdict::Failed),
        (error(500, 131057), Verdict::Failed),
        (error(500, 77777), Verdict::Failed),
        (answer(400, &transient), Verdict::Failed),
        (error(500, 1), Verdict::Unknown),
        (answer(502, "<html>bad gateway</html>"), Verdict::Unknown),
        (answer(504, ""), Verdict::Unknown),
    ];
    for (answer, expected) in cases {
        assert_eq!(Verdict::of(&answer), expected, "{answer:?}");
    }
}

#[test]
fn errors_are_read_whole() {
    let body = json!({ "error": {
        "message": "(#131030) Recipient phone number not in allowed list", "code": 131030,
        "error_data": { "messaging_product": "whatsapp", "details": "Add it" },
        "error_subcode": 2494055, "fbtrace_id": "Az8",
    }});
    let expected = GraphError {
        code: 131030,
        subcode: Some(2494055),
        status: 400,
        message: "(#131030) Recipient phone number not in allowed list".to_owned(),
        details: Some("Add it".to_owned()),
        trace_id: Some("Az8".to_owned()),
        is_transient: false,
    };
    assert_eq!(
        GraphError::read(&answer(400, &body.to_string())),
        Some(expected)
    );
    let text = json!({ "error": { "error_data": "as text" } }).to_string();
    assert_eq!(
        GraphError::of(&answer(400, &text)).details.as_deref(),
        Some("as text")
    );
    for none in ["", "[]", "{}", r#"{"error":"text"}"#] {
        assert_eq!(GraphError::read(&answer(400, none)), None, "{none}");
    }
    assert_eq!(GraphError::of(&answer(404, "")).status, 404);
}

#[test]
fn typed_results_say_which_error_it_was() {
    let read = |answer| Sent::read(&answer).unwrap_err();
    assert!(matches!(read(error(400, 131009)), SendError::Rejected(_)));
    assert!(matches!(read(error(401, 190)), SendError::Rejected(_)));
    assert!(matches!(
        read(error(500, 131000)),
        SendError::Unreachable(_)
    ));
    let mut limited = error(429, 130429);
    limited
        .headers
        .insert(header::RETRY_AFTER, HeaderValue::from_static("12"));
    let SendError::RateLimited { retry_after, .. } = read(limited) else {
        panic!("not limited")
    };
    assert_eq!(retry_after, Some(std::time::Duration::from_secs(12)));
}

#[test]
fn endpoints_are_checked() {
    for base in [
        "graph.facebook.com",
        "ftp://graph.facebook.com",
        "",
        "https://",
    ] {
        assert!(GraphEndpoint::new(base, "v25.0").is_err(), "{base}");
    }
    for version in ["25.0", "v25", "v25.", "v.0", "", "v25.0/x", "vx.y"] {
        assert!(
            GraphEndpoint::new("https://graph.facebook.com", version).is_err(),
            "{version}"
        );
    }
    assert!(GraphEndpoint::default().is_meta());
}

#[test]
fn an_emulators_address_is_concealed_and_metas_is_not() {
    let emulator = GraphEndpoint::new("http://127.0.0.1:4004/", "v25.0").unwrap();
    let shown =
        emulator.conceal(r#"{"a":"http://127.0.0.1:4004/m?x","b":"http:\/\/127.0.0.1:4004\/m"}"#);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["a"], "https://lookaside.fbsbx.com/m?x");
    assert_eq!(shown["b"], "https://lookaside.fbsbx.com/m");
    let text = "https://graph.facebook.com/v25.0/1/x?after=y";
    assert_eq!(GraphEndpoint::default().conceal(text), text);
}

#[test]
fn a_token_is_not_shown() {
    assert_eq!(
        format!("{:?}", AccessToken::new("EAAsecret")),
        "AccessToken(***)"
    );
}

#[test]
fn meta_may_ask_to_wait_in_seconds_or_until_a_date() {
    let wait = |retry_after: &str, date: &str| {
        let value = |text: &str| http::HeaderValue::from_str(text).unwrap();
        let headers = [
            (http::header::RETRY_AFTER, value(retry_after)),
            (http::header::DATE, value(date)),
        ];
        let response = GraphResponse {
            status: http::StatusCode::TOO_MANY_REQUESTS,
            headers: headers.into_iter().collect(),
            body: Bytes::new(),
        };
        response.retry_after()
    };
    let seconds = Duration::from_secs;
    // Long ago by this machine's clock, which is not asked.
    let now = "Wed, 21 Oct 2015 07:28:00 GMT";
    assert_eq!(wait("120", now), Some(seconds(120)));
    assert_eq!(
        wait("Wed, 21 Oct 2015 07:29:30 GMT", now),
        Some(seconds(90))
    );
    assert_eq!(wait("Wed, 21 Oct 2015 07:00:00 GMT", now), Some(seconds(0)));
    assert_eq!(
        wait("18446744073709551615", now),
        Some(super::client::LONGEST_WAIT)
    );
    for nonsense in ["soon", "-1", "1.5", ""] {
        assert_eq!(wait(nonsense, now), None, "{nonsense}");
    }
}
