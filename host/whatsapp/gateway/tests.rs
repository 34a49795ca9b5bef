//! Which requests a project may make, and what they turn into.

use super::access::{Answer, Call, Owner, Route};
use super::*;

fn route(method: Method, path: &str, body: &str, owner: Owner) -> Result<Route, String> {
    let content_type = HeaderValue::from_static("application/json");
    let request = GraphRequest {
        method,
        version: None,
        path: path.to_owned(),
        headers: HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]),
        body: Bytes::from(body.to_owned()),
    };
    Call::read(request)?.route(owner)
}

#[test]
fn only_a_post_of_a_message_to_the_own_number_is_a_send() {
    let direct = Route::Direct(Answer::Anything);
    let read = r#"{"messaging_product":"whatsapp","status":"read","message_id":"w"}"#;
    let hidden = r#"{"status":"read","message_id":"w","to":"1","type":"text"}"#;
    let typing = r#"{"status":"read","message_id":"w","typing_indicator":{"type":"text"}}"#;
    let cases = [
        (Method::POST, "1065403/messages", "{}", Route::Send),
        (Method::POST, "v21.0/1065403/messages/", "{}", Route::Send),
        (Method::POST, "1065403/messages?to=1", read, Route::Send),
        (Method::POST, "1065403/messages", hidden, Route::Send),
        (
            Method::POST,
            "1065403/marketing_messages",
            "{}",
            Route::Send,
        ),
        (
            Method::POST,
            "1065403/messages",
            read,
            Route::Direct(Answer::Anything),
        ),
        (
            Method::POST,
            "1065403/messages",
            typing,
            Route::Direct(Answer::Anything),
        ),
        (
            Method::POST,
            "1065403/media",
            "{}",
            Route::Direct(Answer::Anything),
        ),
        (Method::GET, "1065403/messages", "", direct),
    ];
    for (method, path, body, expected) in cases {
        assert_eq!(
            route(method, path, body, Owner::Project),
            Ok(expected),
            "{path} {body}"
        );
    }
}

#[test]
fn unknown_ids_are_read_as_media_and_nothing_else() {
    let unknown = |method, path| route(method, path, "", Owner::Unknown);
    assert_eq!(
        unknown(Method::GET, "777"),
        Ok(Route::Direct(Answer::Media))
    );
    assert_eq!(
        unknown(Method::GET, "777?phone_number_id=1065403"),
        Ok(Route::Direct(Answer::Media))
    );
    assert_eq!(
        unknown(Method::POST, "upload:MTp?sig=A"),
        Ok(Route::Direct(Answer::Anything))
    );
    for path in ["777/x", "me", "search", "oauth/access_token"] {
        assert!(unknown(Method::GET, path).is_err(), "{path}");
    }
    assert!(unknown(Method::DELETE, "777").is_err());
    assert!(route(Method::GET, "777", "", Owner::Other).is_err());
}

#[test]
fn refusals_of_others_and_of_nobody_read_the_same() {
    let other = route(Method::GET, "777/x", "", Owner::Other);
    assert_eq!(other, route(Method::GET, "777/x", "", Owner::Unknown));
}

#[test]
fn hosts_of_meta_are_known_by_their_whole_name() {
    for host in [
        "graph.facebook.com",
        "GRAPH.facebook.com",
        "lookaside.fbsbx.com",
        "graph.facebook.com.",
    ] {
        assert!(Gateway::serves(host), "{host}");
    }
    for host in [
        "facebook.com",
        "www.facebook.com",
        "graph.facebook.com.evil.example",
        "xgraph.facebook.com",
        "",
    ] {
        assert!(!Gateway::serves(host), "{host}");
    }
}

fn multipart(content_type: &str, body: &str) -> Result<Vec<(String, String)>, String> {
    let content_type = HeaderValue::try_from(content_type).unwrap();
    let request = GraphRequest {
        method: Method::POST,
        version: None,
        path: "1/media?access_token=PLACE".to_owned(),
        headers: HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]),
        body: Bytes::from(body.to_owned()),
    };
    let stripped = token::strip(request)?;
    assert_eq!(stripped.path, "1/media");
    let text = |content| String::from_utf8(Vec::from(content)).unwrap();
    let parts = super::multipart::read(&stripped)?.into_iter();
    Ok(parts.map(|part| (part.name, text(part.content))).collect())
}

#[test]
fn of_a_multipart_body_only_the_parts_that_are_credentials_are_dropped() {
    let token = "content-disposition: form-data; name=\"access_token\"\r\n\r\nPLACE";
    let file = format!("tail of\r\n--a file\r\n{token}\r\n--");
    let kept = vec![("file".to_owned(), file.clone())];
    let plain = "multipart/form-data; boundary=b";
    for (content_type, credential) in [
        (plain, token.to_owned()),
        (
            "Multipart/Form-Data;  Boundary=\"b\"; charset=utf-8",
            token.to_owned(),
        ),
        (plain, token.replace("\"access_token\"", "access_token")),
        (
            plain,
            token
                .replace("content-disp", "Content-Disp")
                .replace("name=", "filename=\"x\"; name="),
        ),
        (
            plain,
            token.replace("\r\n\r\n", "\r\ncontent-transfer-encoding: base64\r\n\r\n"),
        ),
        (plain, token.replace("access_token", "appsecret_proof")),
    ] {
        let part = "content-disposition: form-data; name=\"file\"; filename=\"f\"";
        let body = format!("--b\r\n{part}\r\n\r\n{file}\r\n--b\r\n{credential}\r\n--b--\r\n");
        assert_eq!(
            multipart(content_type, &body),
            Ok(kept.clone()),
            "{credential}"
        );
    }
}

#[test]
fn a_multipart_body_that_is_none_is_refused() {
    let folded = "--b\r\ncontent-disposition: form-data;\r\n name=\"a\"\r\n\r\n1\r\n--b--\r\n";
    for (content_type, body) in [
        ("multipart/form-data", "--b--\r\n"),
        (
            "multipart/form-data; boundary=c",
            "--b\r\n\r\n\r\n--b--\r\n",
        ),
        (
            "multipart/form-data; boundary=b",
            "--b\r\ncontent-disposition: form-data\r\n\r\n1",
        ),
        ("multipart/form-data; boundary=b", folded),
    ] {
        let refused = multipart(content_type, body).unwrap_err();
        assert!(refused.contains("multipart body"), "{refused}");
    }
}
