//! Which requests are messages, which hosts are Meta's, and how the token is taken out.
//!
//! What bots may ask, and what not, is tested over the wire: `tests/it/sends`.

use super::access::Call;
use super::token::Filter;
use super::*;
use crate::whatsapp::client::AccessToken;

fn judged(method: Method, path: &str, body: &str) -> Result<(Gives, bool), Refused> {
    let content_type = HeaderValue::from_static("application/json");
    let request = GraphRequest {
        method,
        version: None,
        path: path.to_owned(),
        headers: HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]),
        body: Bytes::from(body.to_owned()),
    };
    let mut call = Call::read(request)?;
    let judged = call.judge(Node::Number, "1065403")?;
    Ok((judged.gives, call.is_receipt()))
}

#[test]
fn only_a_post_of_a_message_to_the_own_number_is_a_send() {
    let read = r#"{"messaging_product":"whatsapp","status":"read","message_id":"w"}"#;
    let hidden = r#"{"status":"read","message_id":"w","to":"1","type":"text"}"#;
    let typing = r#"{"status":"read","message_id":"w","typing_indicator":{"type":"text"}}"#;
    let idle = r#"{"status":"read","message_id":"w","comment":"not Meta's"}"#;
    let cases = [
        ("1065403/messages", "{}", Gives::Message, false),
        ("v21.0/1065403/messages/", "{}", Gives::Message, false),
        ("1065403/messages?to=1", read, Gives::Message, false),
        ("1065403/messages", hidden, Gives::Message, false),
        ("1065403/marketing_messages", "{}", Gives::Message, false),
        ("1065403/messages", read, Gives::Message, true),
        ("1065403/messages", typing, Gives::Message, true),
        ("1065403/messages", idle, Gives::Message, true),
        ("1065403/media", "{}", Gives::Made, false),
    ];
    for (path, body, gives, is_receipt) in cases {
        let judged = judged(Method::POST, path, body);
        assert_eq!(judged, Ok((gives, is_receipt)), "{path} {body}");
    }
}

#[test]
fn what_meta_would_not_read_in_a_message_is_left_out() {
    let request = GraphRequest {
        method: Method::POST,
        version: None,
        path: "1065403/messages?sender=2&to=1".to_owned(),
        headers: HeaderMap::new(),
        body: Bytes::from_static(br#"{"type":"text","from":"2","text":{"body":"x","from":3}}"#),
    };
    let mut call = Call::read(request).unwrap();
    call.judge(Node::Number, "1065403").unwrap();
    let request = call.into_request();
    assert_eq!(request.path, "1065403/messages?to=1");
    assert_eq!(
        request.body,
        r#"{"type":"text","text":{"body":"x","from":3}}"#
    );
    assert_eq!(request.headers[header::CONTENT_TYPE], "application/json");
    let unknown = r#"{"to":"1","type":"poll","poll":{}}"#;
    let refused = judged(Method::POST, "1065403/messages", unknown);
    assert_eq!(refused, Err(Refused::MessageType("poll".to_owned())));
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

fn multipart(content_type: &str, body: &str) -> Result<String, Refused> {
    let content_type = HeaderValue::try_from(content_type).unwrap();
    let request = GraphRequest {
        method: Method::POST,
        version: None,
        path: "1/media?access_token=PLACE".to_owned(),
        headers: HeaderMap::from_iter([(header::CONTENT_TYPE, content_type)]),
        body: Bytes::from(body.to_owned()),
    };
    let mut call = Call::read(request)?;
    call.judge(Node::Number, "1")?;
    let request = call.into_request();
    assert_eq!(request.path, "1/media");
    let content_type = request.headers[header::CONTENT_TYPE].to_str().unwrap();
    let (_, boundary) = content_type.split_once("boundary=").unwrap();
    Ok(String::from_utf8_lossy(&request.body).replace(boundary, "B"))
}

#[test]
fn of_a_multipart_body_only_the_parts_that_are_credentials_are_dropped() {
    let token = "content-disposition: form-data; name=\"access_token\"\r\n\r\nPLACE";
    let file = format!("tail of\r\n--a file\r\n{token}\r\n--");
    let part = "content-disposition: form-data; name=\"file\"; filename=\"f\"";
    let kept = format!("--B\r\n{part}\r\n\r\n{file}\r\n--B--\r\n");
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
        let body = format!("--b\r\n{part}\r\n\r\n{file}\r\n--b\r\n{credential}\r\n--b--\r\n");
        assert_eq!(
            multipart(content_type, &body),
            Ok(kept.clone()),
            "{credential}"
        );
    }
}

#[test]
fn the_headers_of_a_part_are_written_anew() {
    for (headers, written) in [
        (
            "Content-Disposition: form-data; name=\"file\"; name=\"pin\"; filename=\"a.png\"",
            "content-disposition: form-data; name=\"file\"; filename=\"a.png\"",
        ),
        (
            "Content-Disposition: form-data; name=file; filename*=UTF-8''a%22%3B%20name=pin",
            "content-disposition: form-data; name=\"file\"",
        ),
        (
            "Content-Disposition: form-data; filename=\"a\\\"; name=pin; x=\\\"\"; name=\"file\"",
            "content-disposition: form-data; name=\"pin\"; filename=\"a_; name=pin; x=_\"",
        ),
        (
            "Content-Type: image/png\r\nX-Other: 1\r\nContent-Disposition: form-data; name=\"file\"",
            "content-disposition: form-data; name=\"file\"\r\ncontent-type: image/png",
        ),
        (
            "Content-Disposition: form-data; name=\"file\"\r\n\
             Content-Disposition: form-data; name=\"pin\"",
            "content-disposition: form-data; name=\"pin\"",
        ),
    ] {
        let body = format!("--b\r\n{headers}\r\n\r\n1\r\n--b--\r\n");
        match multipart("multipart/form-data; boundary=b", &body) {
            Ok(sent) => assert_eq!(sent, format!("--B\r\n{written}\r\n\r\n1\r\n--B--\r\n")),
            Err(refused) => {
                assert!(written.contains("pin"), "{headers}: {refused}");
                assert_eq!(refused, Refused::Operator("pin".to_owned()));
            }
        }
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
        assert!(refused.is_malformed(), "{refused}");
        assert!(refused.to_string().contains("multipart body"), "{refused}");
    }
}

#[test]
fn a_token_that_goes_by_in_pieces_is_taken_out() {
    let token = "EAA/real|1";
    let escaped: String = token.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let percent: String = token.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let slashed = token.replace('/', "\\/");
    let begun = &token[..5];
    for quoted in [token, &escaped, &percent, &slashed] {
        let text = format!("PNG{begun}{quoted}{quoted}%4\\{begun}");
        let expected = format!("PNG{begun}PLACEPLACE%4\\{begun}");
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let mut filter = Filter::new(&AccessToken::new(token), "PLACE");
                let mut passed = Vec::new();
                for piece in [&text[..first], &text[first..second], &text[second..]] {
                    passed.extend(filter.pass(Bytes::from(piece.to_owned())));
                }
                passed.extend(filter.rest());
                assert_eq!(
                    String::from_utf8(passed).unwrap(),
                    expected,
                    "{first} {second}"
                );
            }
        }
    }
    let mut none = Filter::new(&AccessToken::new(""), "PLACE");
    assert_eq!(none.pass(Bytes::from_static(b"a%")), "a%");
}
