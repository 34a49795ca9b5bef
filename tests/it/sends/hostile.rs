//! Requests of bots to Meta that must not pass, each over a real gateway: none reaches the Graph API.
//!
//! A table for paths, one for parameters in every encoding, one for bodies that are something else
//! than they say, and answers that must teach the gateway nothing.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode};
use serde_json::Value;

use super::bench::{ACCOUNT, NUMBER};
use super::door::{Door, OTHER, OTHERS_ACCOUNT, OTHERS_OBJECT, json, request};
use crate::support::graph::Act;

/// An object that the project made.
const OWN_OBJECT: &str = "9001";
/// An upload that the project began.
const OWN_UPLOAD: &str = "upload:MTphdA==";

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const PARTS: &str = "multipart/form-data; boundary=b";

/// Paths, with `N` for the number, `A` for the account, `O` for an own object, and `X`, `Y`, `Z` for the
/// number, account and object of another project.
const PATHS: &[&str] = &[
    // Ids of others, and of nobody.
    "GET X",
    "GET v25.0/X",
    "GET Y",
    "GET Z",
    "DELETE Z",
    "POST X/messages",
    "POST v25.0/X/messages",
    "POST X/media",
    "POST X/whatsapp_business_profile",
    "GET X/whatsapp_business_profile",
    "GET Y/message_templates",
    "POST Y/message_templates",
    "DELETE Y/message_templates?name=a",
    "GET Y/phone_numbers",
    "GET Y/flows",
    "POST Z/publish",
    "POST Z/assets",
    "GET Z/assets",
    "POST 777",
    "DELETE 777",
    "GET 777/messages",
    "GET 777/assets",
    "POST 777/publish",
    "GET 0X",
    "GET 00X",
    "GET 0N",
    "GET +X",
    "GET X.0",
    "GET 1234567890123456789012345678901234567890",
    "GET upload:MTpvdGhlcnM=?sig=A",
    "POST upload:MTpvdGhlcnM=?sig=A",
    "POST UPLOAD:MTphdA==",
    "DELETE upload:MTphdA==",
    "POST upload:MTphdA==/x",
    "POST upload:MTphdA==?method=delete",
    // What is no id at all.
    "GET ",
    "GET /",
    "GET v25.0",
    "GET v25.0/",
    "GET me",
    "GET me/accounts",
    "GET me/permissions",
    "GET app",
    "GET app/subscriptions",
    "POST app/subscriptions",
    "GET App/uploads",
    "DELETE app/uploads",
    "GET search?q=a&type=place",
    "GET oauth/access_token",
    "POST oauth/access_token?grant_type=client_credentials",
    "GET debug_token?input_token=x",
    "GET dialog/oauth",
    "POST graphql",
    "POST ?batch=[]",
    "POST message_template_library",
    "GET message_template_library/1",
    // Several ids, and other methods.
    "GET ?ids=X",
    "GET ?ids=N,X",
    "GET N?ids=X",
    "GET N,X",
    "GET N%2CX",
    "GET N?batch=[]",
    "GET N?id=X",
    "GET N?method=delete",
    "GET N?METHOD=delete",
    "GET N?_method=delete",
    "GET N?method%5B0%5D=delete",
    "GET N?%20method=delete",
    "GET N?+method=delete",
    "GET N?method%00=delete",
    "GET N?metho%64=delete",
    "GET N?a=1;method=delete",
    "GET N?fields=id&method=delete",
    "GET N?callback=f",
    "GET N?include_headers=1",
    "GET A/message_templates?suppress_http_code=1",
    "POST N/messages?method=get",
    "POST N/messages?ids=X",
    "POST N/messages?batch=[]",
    "PUT N",
    "PATCH N",
    "HEAD N",
    "OPTIONS N",
    "post N/messages",
    "DELETED N",
    // Paths that climb, and other spellings of those that there are.
    "GET N/../X",
    "GET N/./../X",
    "GET N/%2e%2e/X",
    "GET N/%2E%2E/X",
    "GET N/..%2fX",
    "GET N%2f..%2fX",
    "GET N\\..\\X",
    "GET N/..;/X",
    "GET v25.0/v25.0/X",
    "GET v25.0/../X",
    "GET V25.0/N",
    "GET v25/N",
    "GET v25.0.1/N",
    "GET v1234567.0/N",
    "GET N//X",
    "GET N/X",
    "GET N/A",
    "GET N/messages/..",
    "POST N;a=1/messages",
    "POST N/messages;a=1",
    "POST N/messages/1",
    "POST N/messages.json",
    "POST N/Messages",
    "POST N/MESSAGES",
    "POST N/messages%20",
    "POST N/%6dessages",
    "POST N/messages%00",
    "POST N/mess\u{430}ges",
    "POST N/register#/messages",
    // The number and the account stay with the host, by whatever spelling.
    "POST N/register",
    "POST N/Register",
    "POST N/REGISTER",
    "POST N/register/",
    "POST v25.0/N/register",
    "POST N/re%67ister",
    "POST N/deregister",
    "POST N/request_code",
    "POST N/verify_code",
    "POST N/smb_app_data",
    "DELETE N",
    "DELETE v25.0/N/",
    "DELETE A",
    "POST A",
    "POST A/phone_numbers",
    "POST A/subscribed_apps",
    "DELETE A/subscribed_apps",
    "POST A/Subscribed_Apps",
    "GET A/assigned_users",
    "POST A/assigned_users",
    "DELETE A/assigned_users",
    "POST A/product_catalogs",
    "POST A/migrate_flows",
    "POST A/migrate_message_templates",
    "GET A/owner_business_info",
    "GET A/activities",
    "POST N/subscribed_apps",
    "POST N/settings/payload_encryption",
    "DELETE N/media",
    "DELETE N/whatsapp_business_profile",
    "DELETE O/assets",
    // Fields that rename, or lead on.
    "GET O?fields=name.as(id)",
    "GET 777?fields=verified_name.as(mime_type),display_phone_number.as(url)",
    "GET N?fields=verified_name.fields(x)",
    "GET N?fields=id,whatsapp_business_account{id,name}",
    "GET A?fields=owner_business{owned_whatsapp_business_accounts}",
    "GET A?fields=owner_business%7Bid%7D",
    "GET A?fields=phone_numbers.limit(1){id}",
    "GET A/message_templates?fields=name.as(id)",
    "GET A/message_templates?fields=name.as%28id%29",
    "GET A/message_templates?fields=id,name%2eas(id)",
    "GET A/message_templates?fields=name.AS(id)",
    "GET A/message_templates?fields=name+.as(id)",
    "GET A/message_templates?fields[]=name.as(id)",
    "GET A/message_templates?fields[0]=id",
    "GET A/message_templates?fields=id&fields=name.as(id)",
    "GET A/message_templates?Fields=name.as(id)",
    "GET A/flows?fields=name.as(id)",
    "GET A/flows?fields=preview.as(id)",
    "GET O?fields=health_status.phone_number(X)",
    "POST A/message_templates?fields=name.as(id)",
    "POST N/media?fields=id",
    // Ids of others in parameters.
    "GET O?phone_number_id=X",
    "DELETE O?phone_number_id=X",
    "GET O/compare?template_ids=[Z]",
    "GET O/compare?template_ids=O,Z",
    "GET O/compare?template_ids[0]=Z",
    "GET O/compare?template_ids=777",
    "POST A/flows?clone_flow_id=Z",
    "POST A/flows?clone_flow_id=777",
    "POST A/flows?clone_flow_id=0777",
    "POST O?application_id=Z",
    "POST O?application_id=X",
    "DELETE A/message_templates?name=a&hsm_id=Z",
    "DELETE A/message_templates?hsm_ids=[\"1\",\"Z\"]",
    "GET A/template_analytics?template_ids=[Z]",
];

/// Addresses at the host of media.
const MEDIA: &[&str] = &[
    "GET ",
    "GET admin",
    "GET whatsapp_business",
    "GET whatsapp_business/attachments/x",
    "GET whatsapp_business/attachments/../../admin",
    "GET whatsapp_business/attachments/%2e%2e/admin?mid=1",
    "GET whatsapp_business/attachments/..;/admin",
    "GET whatsapp_business/attachments;a=1/?mid=1",
    "GET whatsapp_business/Attachments/?mid=1",
    "GET whatsapp_business%2Fattachments/?mid=1",
    "POST whatsapp_business/attachments/?mid=1",
    "DELETE whatsapp_business/attachments/?mid=1",
    "HEAD whatsapp_business/attachments/?mid=1",
];

/// Where, and a parameter with a value that must not pass there, in any encoding.
const PARAMETERS: &[(&str, &str, &str)] = &[
    (
        "POST N",
        "webhook_configuration",
        r#"{"override_callback_uri":"https://x"}"#,
    ),
    ("POST N", "override_callback_uri", "https://x"),
    ("POST N", "pin", "123456"),
    ("POST N", "account_mode", "LIVE"),
    ("POST N/settings", "payload_encryption", "{}"),
    ("POST N/settings", "storage_configuration", "{}"),
    (
        "POST N/whatsapp_business_profile",
        "webhook_configuration",
        "{}",
    ),
    ("POST N/messages", "webhook_configuration", "{}"),
    ("POST N/messages", "method", "delete"),
    (
        "POST N/messages",
        "batch",
        r#"[{"method":"DELETE","relative_url":"X"}]"#,
    ),
    ("POST N/media", "relative_url", "X"),
    ("POST N", "ids", "X"),
    ("POST A/message_templates", "method", "delete"),
    ("POST A/message_templates", "id", "X"),
    ("POST A/flows", "clone_flow_id", "Z"),
    ("POST A/flows", "clone_flow_id", "777"),
    ("POST O", "application_id", "Z"),
    ("POST O", "webhook_configuration", "{}"),
    ("DELETE N/block_users", "method", "post"),
    ("DELETE A/message_templates", "hsm_id", "Z"),
];

fn filled(text: &str) -> String {
    // From the longest to the shortest, and only what stands for something.
    let ids = [
        ('N', NUMBER),
        ('A', ACCOUNT),
        ('O', OWN_OBJECT),
        ('X', OTHER),
        ('Y', OTHERS_ACCOUNT),
        ('Z', OTHERS_OBJECT),
    ];
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let letters: Vec<char> = text.chars().collect();
    let mut filled = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        // `%2C` ends with a letter, `%2CX` with an id.
        let is_escaped = at >= 3 && letters[at - 3] == '%';
        let is_alone = (is_escaped || !is_word(before)) && !is_word(letters.get(at + 1).copied());
        match ids.iter().find(|(name, _)| name == letter) {
            Some((_, id)) if is_alone => filled.push_str(id),
            _ => filled.push(*letter),
        }
    }
    filled
}

fn asked(host: &str, line: &str) -> Option<Request<Bytes>> {
    let (method, path) = line.split_once(' ').unwrap();
    let url = format!("https://{host}/{}", filled(path));
    // What is no address does not get as far as the gateway.
    let uri: http::Uri = url.parse().ok()?;
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut asked = request(method, "N", "");
    *asked.uri_mut() = uri;
    Some(asked)
}

fn with_body(line: &str, content_type: &str, body: impl Into<Bytes>) -> Request<Bytes> {
    let mut asked = asked("graph.facebook.com", line).unwrap();
    let content_type = HeaderValue::try_from(content_type).unwrap();
    asked.headers_mut().insert("content-type", content_type);
    *asked.body_mut() = body.into();
    asked
}

fn part(disposition: &str, value: &str) -> String {
    format!("--b\r\nContent-Disposition: {disposition}\r\n\r\n{value}\r\n--b--\r\n")
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// A parameter in each encoding that Meta reads.
fn encodings(line: &str, name: &str, value: &str) -> Vec<Request<Bytes>> {
    let value = filled(value);
    let json: Value = serde_json::from_str(&value).unwrap_or(Value::String(value.clone()));
    let escaped: String = name.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let object = format!("{{\"{name}\":{json}}}");
    let quoted = percent(&value);
    let data = format!("form-data; name=\"{name}\"");
    let mut all = vec![
        with_body(line, JSON, object.clone()),
        with_body(line, JSON, format!("{{\"{escaped}\":{json}}}")),
        with_body(line, JSON, format!("{{\"type\":\"a\",\"{name}\":{json}}}")),
        with_body(line, JSON, format!("{{\"{name}\":{json},\"{name}\":null}}")),
        with_body(line, JSON, format!("{{\"{name}\":null,\"{name}\":{json}}}")),
        with_body(line, "application/json; charset=utf-7", object.clone()),
        with_body(line, "APPLICATION/JSON;x", object.clone()),
        with_body(line, "text/plain", object.clone()),
        with_body(line, "text/plain", format!("{name}={quoted}")),
        with_body(line, "application/octet-stream", object.clone()),
        with_body(line, "application/xml", object.clone()),
        with_body(line, "application/json, text/plain", object.clone()),
        with_body(line, FORM, format!("{name}={quoted}")),
        with_body(line, FORM, format!("{}={quoted}", percent(name))),
        with_body(
            line,
            FORM,
            format!("messaging_product=whatsapp&{name}={quoted}"),
        ),
        with_body(line, FORM, format!("{name}={quoted}&{name}=")),
        with_body(line, FORM, format!("+{name}={quoted}")),
        with_body(line, FORM, format!("{name}%00={quoted}")),
        with_body(line, FORM, format!("{name}[]={quoted}")),
        with_body(
            line,
            "application/x-www-form-urlencoded; charset=utf-16",
            format!("{name}={quoted}"),
        ),
        with_body(line, PARTS, part(&data, &value)),
        with_body(
            line,
            "Multipart/Form-Data; Boundary=\"b\"",
            part(&data, &value),
        ),
        with_body(
            line,
            PARTS,
            part(&format!("form-data; name={name}"), &value),
        ),
        with_body(
            line,
            PARTS,
            part(
                &format!("form-data; filename=\"f\"; name=\"{name}\""),
                &value,
            ),
        ),
        with_body(
            line,
            PARTS,
            part(
                &format!("form-data; name=\"{name}\"; filename=\"f\""),
                &value,
            ),
        ),
        with_body(
            line,
            PARTS,
            part(
                &format!("form-data; name=\"{name}\"; name=\"type\""),
                &value,
            ),
        ),
        with_body(
            line,
            PARTS,
            part(
                &format!("form-data; NAME=\"type\"; name=\"{name}\""),
                &value,
            ),
        ),
        with_body(
            line,
            PARTS,
            part(&format!("form-data; name*=utf-8''{name}"), &value),
        ),
        with_body(
            line,
            PARTS,
            part(&format!("form-data; name=\"\\\"{name}\""), &value),
        ),
        with_body(
            line,
            PARTS,
            format!("preamble\r\n{}epilogue", part(&data, &value)),
        ),
        with_body(&format!("{line}?{name}={quoted}"), JSON, ""),
        with_body(&format!("{line}?{}={quoted}", percent(name)), JSON, "{}"),
        with_body(
            &format!("{line}?{name}={quoted}"),
            FORM,
            "messaging_product=whatsapp",
        ),
    ];
    // Meta's own spelling of a part of it.
    if json.is_object() {
        all.push(with_body(
            line,
            FORM,
            format!("{name}[override_callback_uri]=x"),
        ));
        all.push(with_body(
            line,
            FORM,
            format!("{name}%5Boverride_callback_uri%5D=x"),
        ));
    }
    all
}

/// Bodies that say something else than they are.
fn odd_bodies() -> Vec<Request<Bytes>> {
    let profile = "POST N/whatsapp_business_profile";
    let message = "POST N/messages";
    let about = r#"{"about":"a"}"#;
    let data = "form-data; name=\"about\"";
    let mut all = vec![
        // The same parameter twice.
        with_body(profile, JSON, r#"{"about":"a","about":"b"}"#),
        with_body(profile, JSON, r#"{"about":"a","abou\u0074":"b"}"#),
        with_body(
            message,
            JSON,
            r#"{"status":"read","message_id":"w","status":"x"}"#,
        ),
        with_body(message, JSON, r#"{"to":"1","type":"text","to":"2"}"#),
        with_body(profile, FORM, "about=a&about=b"),
        with_body(profile, FORM, "about=a&about[x]=b"),
        with_body(profile, FORM, "about[x]=a&about[x]=b"),
        with_body("POST N/whatsapp_business_profile?about=b", JSON, about),
        with_body("POST N/whatsapp_business_profile?about=b", FORM, "about=a"),
        with_body(
            profile,
            PARTS,
            part(data, "a").replace("--b--\r\n", &part(data, "b")),
        ),
        // No object.
        with_body(profile, JSON, "[]"),
        with_body(profile, JSON, r#"[{"about":"a"}]"#),
        with_body(profile, JSON, "\"about=a\""),
        with_body(profile, JSON, "about=a"),
        with_body(profile, JSON, format!("{about}{about}")),
        with_body(profile, JSON, format!("{about}\0")),
        with_body(profile, JSON, format!("\u{feff}{about}")),
        with_body(profile, JSON, "{'about':'a'}"),
        with_body(profile, JSON, r#"{"about":"a",}"#),
        with_body(profile, JSON, &b"{\"about\":\"\xff\"}"[..]),
        with_body(
            profile,
            JSON,
            "{\"a\":".repeat(500) + "1" + &"}".repeat(500),
        ),
        // Of another kind.
        with_body(profile, "text/html", about),
        with_body(profile, "image/png", about),
        with_body(profile, "application/vnd.api+json", about),
        with_body(profile, "application/json+x", about),
        with_body(profile, "multipart/mixed; boundary=b", part(data, "a")),
        with_body(profile, "multipart/related; boundary=b", part(data, "a")),
        with_body(profile, FORM, about),
        with_body(profile, FORM, &b"about=\xff"[..]),
        with_body(message, "text/plain", "messaging_product=whatsapp&to=1"),
        with_body(message, PARTS, part("form-data; name=\"to\"", "1")),
        // Parts that cannot be told apart.
        with_body(profile, "multipart/form-data", part(data, "a")),
        with_body(profile, "multipart/form-data; boundary=", part(data, "a")),
        with_body(profile, "multipart/form-data; boundary=c", part(data, "a")),
        with_body(profile, PARTS, part(data, "a").replace("\r\n", "\n")),
        with_body(profile, PARTS, "--b\r\n\r\na\r\n--b--\r\n"),
        with_body(profile, PARTS, part("form-data", "a")),
        with_body(profile, PARTS, part("form-data; filename=\"about\"", "a")),
        with_body(
            profile,
            PARTS,
            part("form-data; name=\"about\"; filename=\"f\"", "a"),
        ),
        with_body(profile, PARTS, part("form-data;\r\n name=\"about\"", "a")),
        with_body(
            profile,
            PARTS,
            part("form-data; name=\"about\r\nx: y\"", "a"),
        ),
        with_body(profile, PARTS, part("form-data; name=\" about\"", "a")),
        with_body(profile, PARTS, part("form-data; name=\"about\0\"", "a")),
        with_body(profile, PARTS, part(data, "a")[..40].to_owned()),
        // Names that other readers take for others.
        with_body(profile, FORM, "a.bout=a"),
        with_body(profile, FORM, "about.x=a"),
        with_body(profile, FORM, "about]=a"),
        with_body(profile, FORM, "about[=a"),
        with_body(profile, FORM, "about[a][=a"),
        with_body(profile, FORM, "about[%00]=a"),
        with_body(profile, FORM, "About=a"),
        with_body(profile, FORM, "=a"),
        with_body(profile, JSON, r#"{"about[x]":"a"}"#),
        with_body(profile, JSON, r#"{"":"a"}"#),
        with_body(profile, JSON, r#"{"about\u0000":"a"}"#),
        with_body(message, JSON, r#"{"webhook.configuration":{}}"#),
        with_body(message, JSON, r#"{"access.token":"x"}"#),
        with_body(message, JSON, r#"{" method":"delete"}"#),
        with_body(message, JSON, r#"{"to":"1","type":"method","method":{}}"#),
        with_body(message, JSON, r#"{"to":"1","type":"poll","poll":{}}"#),
    ];
    let endless = format!(
        r#"{{"to":"1","text":{{"body":"{}"}}}}"#,
        "a".repeat(1 << 20)
    );
    all.push(with_body(message, JSON, endless));
    // More than anything of Meta's has, in length and in number.
    let (name, long) = ("POST A/message_templates", "a".repeat(1 << 20));
    all.push(with_body(profile, FORM, format!("about={long}")));
    all.push(with_body(
        profile,
        JSON,
        format!("{{\"about\":\"{long}\"}}"),
    ));
    all.push(with_body(
        profile,
        "text/plain",
        format!("{{\"about\":\"{long}\"}}"),
    ));
    all.push(with_body(profile, PARTS, part(data, &format!("{long}a"))));
    all.push(with_body(
        name,
        JSON,
        format!("{{\"components\":[{}0]}}", "[],".repeat(20_000)),
    ));
    all.push(with_body(
        name,
        JSON,
        format!("{{\"components\":{}", "[".repeat(40_000)),
    ));
    all.push(with_body(
        name,
        FORM,
        format!("name=a{}", "&language=b".repeat(500)),
    ));
    all.push(with_body(
        &format!("{profile}?about={}", "a".repeat(17 << 10)),
        JSON,
        "",
    ));
    all.push(with_body(
        &format!("{profile}?a{}", "&a".repeat(600)),
        JSON,
        "",
    ));
    // Packed, or said to be.
    for coding in ["gzip", "identity", "br"] {
        let mut packed = with_body(profile, JSON, about);
        let coding = HeaderValue::from_static(coding);
        packed.headers_mut().insert("content-encoding", coding);
        all.push(packed);
    }
    all
}

async fn none_passes(door: &Door, requests: Vec<Request<Bytes>>) -> usize {
    let count = requests.len();
    for asked in requests {
        let shown = format!("{asked:?}");
        let run = door.bench.run();
        let answer = door.forward(&run, asked).await;
        assert_eq!(door.graph().count(), 0, "it reached Meta: {shown}");
        let malformed = answer.status() == StatusCode::BAD_REQUEST;
        assert!(
            malformed || answer.status() == StatusCode::FORBIDDEN,
            "{shown}"
        );
        // HEAD or not: the host answers with Meta's error, and says why.
        let error = &json(&answer)["error"];
        assert_eq!(error["code"], if malformed { 100 } else { 10 }, "{shown}");
        let why = error["error_data"]["details"].as_str().unwrap();
        assert!(why.len() > 20, "{shown}: {why}");
        assert_eq!(run.refusals().len(), 1, "{shown}");
        assert_eq!(run.sends(), 0, "{shown}");
    }
    count
}

async fn door() -> Door {
    let door = Door::new(vec![]).await;
    let own = [OWN_OBJECT.to_owned(), OWN_UPLOAD.to_owned()];
    let project = door.bench.run().attempt().project_id;
    door.gateway.remember(project, &own).await.unwrap();
    door
}

#[tokio::test]
async fn paths_that_are_not_offered_never_leave_the_host() {
    let door = door().await;
    let graph = PATHS
        .iter()
        .filter_map(|line| asked("graph.facebook.com", line));
    let media = MEDIA
        .iter()
        .filter_map(|line| asked("lookaside.fbsbx.com", line));
    let count = none_passes(&door, graph.chain(media).collect()).await;
    assert!(count >= 190, "{count}");
}

#[tokio::test]
async fn parameters_that_are_not_offered_pass_in_no_encoding() {
    let door = door().await;
    let all = PARAMETERS.iter();
    let all = all.flat_map(|(line, name, value)| encodings(line, name, value));
    let count = none_passes(&door, all.collect()).await;
    assert!(count >= 600, "{count}");
}

#[tokio::test]
async fn bodies_that_two_could_read_differently_never_leave_the_host() {
    let door = door().await;
    let count = none_passes(&door, odd_bodies()).await;
    assert!(count >= 60, "{count}");
}

#[tokio::test]
async fn a_granted_id_is_not_the_projects_number() {
    let mut door = door().await;
    door.scope.ids = vec!["4444".to_owned()];
    let lines = [
        "POST 4444",
        "DELETE 4444",
        "POST 4444/messages",
        "POST 4444/subscriptions",
        "GET 4444/subscriptions",
        "GET 4444/accounts",
        "GET 4444?fields=owner_business{id}",
    ];
    let all = lines
        .iter()
        .filter_map(|line| asked("graph.facebook.com", line));
    none_passes(&door, all.collect()).await;
}

/// Whether the project may now read an id as an object of its own.
async fn knows(door: &Door, id: &str) -> bool {
    let mark = format!("{{\"id\":\"{id}\",\"name\":\"anything\"}}");
    let before = door.graph().count();
    door.graph().then(Act::Answer(200, "", mark));
    let answer = door.get(id).await;
    if door.graph().count() == before {
        door.graph().forget();
    }
    answer.status() == StatusCode::OK
}

#[tokio::test]
async fn ids_are_learned_from_answers_that_no_bot_can_shape() {
    let door = door().await;
    let learns = async |line: &str, content_type: &str, body: &str, answer: &str| {
        door.graph().then(Act::Answer(200, "", answer.to_owned()));
        let asked = with_body(line, content_type, body.to_owned());
        let before = door.graph().count();
        let answer = door.forward(&door.bench.run(), asked).await;
        assert_eq!(answer.status(), StatusCode::OK, "{line}");
        assert_eq!(door.graph().count(), before + 1, "{line}");
    };
    learns("POST N/media", FORM, "type=a", r#"{"id":"1001"}"#).await;
    learns(
        "POST A/message_templates",
        JSON,
        r#"{"name":"a"}"#,
        r#"{"id":"1002"}"#,
    )
    .await;
    learns("POST A/flows", JSON, r#"{"name":"a"}"#, r#"{"id":"1003"}"#).await;
    let listed = r#"{"data":[{"id":"1004","name":"2001"},{"id":"1005","name":"a"}]}"#;
    learns("GET A/message_templates?fields=id,name", JSON, "", listed).await;
    for id in ["1001", "1002", "1003", "1004", "1005"] {
        assert!(knows(&door, id).await, "{id}");
    }

    // What only stands in an answer, and what belongs to somebody else.
    let nested = r#"{"id":"1006","data":[{"id":"2002"}],"paging":{"id":"2003"}}"#;
    learns("POST A/flows", JSON, r#"{"name":"2004"}"#, nested).await;
    let aside = r#"{"id":"2005","data":[{"items":[{"id":"2006"}],"name":"2007"}]}"#;
    learns("GET A/flows", JSON, "", aside).await;
    let another = r#"{"id":"2008","data":[{"id":"2009"}]}"#;
    learns("GET A/phone_numbers", JSON, "", another).await;
    learns("GET N", JSON, "", another).await;
    learns(
        "POST N/whatsapp_business_profile",
        JSON,
        r#"{"about":"2010"}"#,
        another,
    )
    .await;
    let theirs = format!(
        r#"{{"data":[{{"id":"{OTHER}","name":"a"}},{{"id":"{OTHERS_ACCOUNT}","name":"b"}},{{"id":"{OTHERS_OBJECT}","name":"c"}},{{"id":"02011","name":"d"}},{{"id":2012,"name":"e"}},{{"id":"x","name":"f"}}]}}"#
    );
    learns("GET A/message_templates", JSON, "", &theirs).await;
    learns(
        "POST N/media",
        FORM,
        "type=a",
        &format!(r#"{{"id":"{OTHER}"}}"#),
    )
    .await;
    for n in 2001..=2012 {
        assert!(!knows(&door, &n.to_string()).await, "{n}");
    }
    for id in [OTHER, OTHERS_ACCOUNT, OTHERS_OBJECT] {
        let before = door.graph().count();
        assert_eq!(door.get(id).await.status(), StatusCode::FORBIDDEN);
        assert_eq!(door.graph().count(), before, "{id}");
    }
}

#[tokio::test]
async fn a_number_is_nobodys_object_whatever_was_remembered() {
    let door = door().await;
    let project = door.bench.run().attempt().project_id;
    // As rows are that an earlier version learned.
    for id in [OTHER, OTHERS_ACCOUNT] {
        sqlx::query("insert into graph_object (object_id, project_id) values ($1, $2)")
            .bind(id)
            .bind(project)
            .execute(&door.bench.pool)
            .await
            .unwrap();
    }
    let lines = [
        "GET X",
        "POST X/messages",
        "DELETE X",
        "GET Y/flows",
        "POST Y",
    ];
    let all = lines
        .iter()
        .filter_map(|line| asked("graph.facebook.com", line));
    none_passes(&door, all.collect()).await;
    // The other project's own ids are its own.
    assert_ne!(door.other, project);
}
