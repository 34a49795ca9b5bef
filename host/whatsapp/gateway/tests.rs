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

#[test]
fn a_placeholder_in_a_file_is_left_alone() {
    let scope = Scope {
        waba_id: None,
        ids: vec![],
        placeholder: "PLACE".to_owned(),
    };
    let multipart = |body: &str| {
        let content_type = HeaderValue::from_static("multipart/form-data; boundary=b");
        let request = GraphRequest {
            method: Method::POST,
            version: None,
            path: "1/media?access_token=PLACE".to_owned(),
            headers: HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]),
            body: Bytes::from(body.to_owned()),
        };
        let token = crate::whatsapp::AccessToken::new("REAL");
        let stripped = token::strip(request, &scope, &token);
        assert_eq!(stripped.path, "1/media");
        String::from_utf8(stripped.body.to_vec()).unwrap()
    };
    let file = "--b\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\nPLACE\r\n--b--";
    assert_eq!(multipart(file), file);
    let token =
        "--b\r\ncontent-disposition: form-data; name=\"access_token\"\r\n\r\nPLACE\r\n--b--";
    assert_eq!(multipart(token), token.replace("PLACE", "REAL"));
    let longer = token.replace("PLACE", "PLACEX");
    assert_eq!(multipart(&longer), longer);
}
