//! Requests of bots to Meta that pass: what the clients that people use ask for.

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode};

use super::bench::{ACCOUNT, NUMBER};
use super::door::{Door, request};
use crate::support::graph::Act;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const PARTS: &str = "multipart/form-data; boundary=b";

/// An object that the project made.
const OBJECT: &str = "9001";

/// Method and path, with `{N}` for the number, `{A}` for the account and `{O}` for an own object; content
/// type and body; and the path that Meta sees, when it is another.
const REQUESTS: &[(&str, &str, &str, &str)] = &[
    // Messages and receipts.
    (
        "POST v25.0/{N}/messages",
        JSON,
        r#"{"messaging_product":"whatsapp","recipient_type":"individual","to":"1","type":"text","text":{"preview_url":false,"body":"a"}}"#,
        "",
    ),
    (
        "POST {N}/messages",
        "application/json; charset=UTF-8",
        r#"{"messaging_product":"whatsapp","to":"1","type":"template","template":{"name":"a","language":{"code":"en_US"}},"biz_opaque_callback_data":"x"}"#,
        "",
    ),
    (
        "POST {N}/messages/",
        JSON,
        r#"{"messaging_product":"whatsapp","to":"2","type":"interactive","interactive":{},"context":{"message_id":"w"}}"#,
        "{N}/messages",
    ),
    (
        "POST {N}/messages",
        "",
        r#"{"messaging_product":"whatsapp","to":"3","text":{"body":"b"},"preview_url":false}"#,
        "",
    ),
    (
        "POST {N}/messages",
        "text/plain;charset=UTF-8",
        r#"{"messaging_product":"whatsapp","to":"4","text":{"body":"b"}}"#,
        "",
    ),
    (
        "POST {N}/messages",
        FORM,
        "messaging_product=whatsapp&to=5&type=text&text=%7B%22body%22%3A%22hi%22%7D",
        "",
    ),
    (
        "POST {N}/messages",
        FORM,
        "messaging_product=whatsapp&to=6&type=text&text[body]=hi",
        "",
    ),
    (
        "POST {N}/messages",
        JSON,
        r#"{"messaging_product":"whatsapp","recipient":"US.1","type":"image","image":{"id":"1"}}"#,
        "",
    ),
    (
        "POST {N}/messages",
        JSON,
        r#"{"messaging_product":"whatsapp","to":"7","type":"reaction","reaction":{"message_id":"w","emoji":"a"},"from":"9"}"#,
        "",
    ),
    (
        "POST {N}/marketing_messages",
        JSON,
        r#"{"messaging_product":"whatsapp","to":"8","type":"template","template":{"name":"offer","language":{"code":"en"}},"message_activity_sharing":true}"#,
        "",
    ),
    (
        "POST {N}/messages",
        JSON,
        r#"{"messaging_product":"whatsapp","status":"read","message_id":"w"}"#,
        "",
    ),
    (
        "POST {N}/messages",
        JSON,
        r#"{"messaging_product":"whatsapp","status":"read","message_id":"w","typing_indicator":{"type":"text"}}"#,
        "",
    ),
    // Media.
    (
        "POST {N}/media",
        PARTS,
        "--b\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.png\"\r\nContent-Type: image/png\r\n\r\nPNG\r\n--b\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nimage/png\r\n--b--\r\n",
        "",
    ),
    ("GET {O}", "", "", ""),
    ("GET {O}?phone_number_id={N}", "", "", ""),
    (
        "GET v25.0/777?fields=url",
        "",
        "",
        "v25.0/777?phone_number_id={N}",
    ),
    ("DELETE {O}?phone_number_id={N}", "", "", ""),
    // The number and its profile.
    ("GET {N}", "", "", ""),
    (
        "GET {N}?fields=id,verified_name,quality_rating,throughput,name_status",
        "",
        "",
        "{N}?fields=id%2Cverified_name%2Cquality_rating%2Cthroughput%2Cname_status",
    ),
    (
        "GET {N}?fields=webhook_configuration,health_status&access_token=x",
        "",
        "",
        "{N}?fields=webhook_configuration%2Chealth_status",
    ),
    (
        "GET {N}/whatsapp_business_profile?fields=about,address,vertical",
        "",
        "",
        "{N}/whatsapp_business_profile?fields=about%2Caddress%2Cvertical",
    ),
    (
        "POST {N}/whatsapp_business_profile",
        JSON,
        r#"{"messaging_product":"whatsapp","about":"a","websites":["https://a"],"vertical":"RETAIL"}"#,
        "",
    ),
    (
        "POST {N}/whatsapp_business_profile",
        FORM,
        "messaging_product=whatsapp&websites[0]=a&websites[1]=b",
        "",
    ),
    (
        "POST {N}/whatsapp_business_profile",
        FORM,
        "messaging_product=whatsapp&websites[]=a&websites[]=b",
        "",
    ),
    (
        "POST {N}",
        PARTS,
        "--b\r\nContent-Disposition: form-data; name=\"new_display_name\"\r\n\r\nLucky\r\n--b--\r\n",
        "",
    ),
    ("GET {N}/whatsapp_commerce_settings", "", "", ""),
    (
        "POST {N}/whatsapp_commerce_settings?is_cart_enabled=true",
        "",
        "",
        "",
    ),
    ("GET {N}/whatsapp_business_encryption", "", "", ""),
    (
        "POST {N}/whatsapp_business_encryption",
        FORM,
        "business_public_key=-----BEGIN+PUBLIC+KEY-----",
        "",
    ),
    ("GET {N}/block_users?limit=10&after=x", "", "", ""),
    (
        "POST {N}/block_users",
        JSON,
        r#"{"messaging_product":"whatsapp","block_users":[{"user":"1"}]}"#,
        "",
    ),
    (
        "DELETE {N}/block_users",
        JSON,
        r#"{"messaging_product":"whatsapp","block_users":[{"user":"1"}]}"#,
        "",
    ),
    (
        "GET {N}/message_qrdls?fields=code,qr_image_url.format(SVG)",
        "",
        "",
        "{N}/message_qrdls?fields=code%2Cqr_image_url.format%28SVG%29",
    ),
    (
        "POST {N}/message_qrdls?prefilled_message=hi&generate_qr_image=SVG",
        "",
        "",
        "",
    ),
    ("GET {N}/message_qrdls/4O4YGZEG3RIVE1", "", "", ""),
    ("DELETE {N}/message_qrdls/4O4YGZEG3RIVE1", "", "", ""),
    (
        "POST {N}/conversational_automation",
        JSON,
        r#"{"enable_welcome_message":true,"commands":[]}"#,
        "",
    ),
    ("GET {N}/settings", "", "", ""),
    (
        "POST {N}/settings",
        JSON,
        r#"{"calling":{"status":"ENABLED"}}"#,
        "",
    ),
    (
        "POST {N}/calls",
        JSON,
        r#"{"messaging_product":"whatsapp","call_id":"c","action":"reject"}"#,
        "",
    ),
    // The account, templates and flows.
    (
        "GET {A}?fields=id,name,timezone_id",
        "",
        "",
        "{A}?fields=id%2Cname%2Ctimezone_id",
    ),
    (
        "GET {A}?fields=analytics.start(1).end(2).granularity(DAY).phone_numbers([])",
        "",
        "",
        "{A}?fields=analytics.start%281%29.end%282%29.granularity%28DAY%29.phone_numbers%28%5B%5D%29",
    ),
    ("GET {A}/phone_numbers", "", "", ""),
    ("GET {A}/subscribed_apps", "", "", ""),
    (
        "GET {A}/message_templates?limit=25&after=MjQZD&pretty=0",
        "",
        "",
        "",
    ),
    (
        "GET {A}/message_templates?name=a&status=APPROVED",
        "",
        "",
        "",
    ),
    (
        "POST {A}/message_templates",
        JSON,
        r#"{"name":"a","language":"en_US","category":"UTILITY","components":[{"type":"BODY","text":"a"}],"allow_category_change":true}"#,
        "",
    ),
    (
        "POST {A}/message_templates",
        FORM,
        "name=a&language=en_US&category=UTILITY&components[0][type]=BODY&components[0][text]=a",
        "",
    ),
    (
        "DELETE {A}/message_templates?name=a&hsm_id=1627019861106475",
        "",
        "",
        "",
    ),
    (
        "DELETE {A}/message_templates?hsm_ids=[1,2]&name=a",
        "",
        "",
        "{A}/message_templates?hsm_ids=%5B1%2C2%5D&name=a",
    ),
    (
        "GET {A}/template_analytics?start=1&end=2&granularity=daily&metric_types=sent&template_ids=[1,{O}]",
        "",
        "",
        "{A}/template_analytics?start=1&end=2&granularity=daily&metric_types=sent&template_ids=%5B1%2C{O}%5D",
    ),
    ("GET message_template_library?search=payment", "", "", ""),
    (
        "POST {O}",
        JSON,
        r#"{"category":"UTILITY","components":[]}"#,
        "",
    ),
    ("GET {A}/flows", "", "", ""),
    (
        "POST {A}/flows",
        JSON,
        r#"{"name":"a","categories":["OTHER"],"flow_json":"{}","publish":true,"clone_flow_id":"{O}"}"#,
        "",
    ),
    (
        "POST {A}/flows",
        PARTS,
        "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\na\r\n--b\r\nContent-Disposition: form-data; name=\"categories\"\r\n\r\n[\"OTHER\"]\r\n--b--\r\n",
        "",
    ),
    (
        "GET {O}?fields=id,name,preview.invalidate(false)",
        "",
        "",
        "{O}?fields=id%2Cname%2Cpreview.invalidate%28false%29",
    ),
    (
        "POST {O}/assets",
        PARTS,
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"flow.json\"\r\nContent-Type: application/json\r\n\r\n{}\r\n--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nflow.json\r\n--b\r\nContent-Disposition: form-data; name=\"asset_type\"\r\n\r\nFLOW_JSON\r\n--b--\r\n",
        "",
    ),
    ("GET {O}/assets", "", "", ""),
    ("POST {O}/publish", JSON, "", ""),
    ("POST {O}/deprecate", JSON, "{}", ""),
    ("POST {O}/unpause", JSON, "null", ""),
    // Uploads in pieces.
    (
        "POST v19.0/app/uploads?file_length=3&file_type=image/png",
        "",
        "",
        "v19.0/app/uploads?file_length=3&file_type=image%2Fpng",
    ),
    (
        "POST app/uploads/",
        JSON,
        r#"{"file_length":3,"file_type":"image/png","file_name":"a.png"}"#,
        "app/uploads",
    ),
    ("GET upload:MTphdA==?sig=ARZ", "", "", ""),
    ("POST upload:MTphdA==?sig=ARZ", "image/png", "PNG", ""),
    // As addresses are put together.
    ("GET /v25.0/{N}", "", "", "v25.0/{N}"),
];

#[tokio::test]
async fn what_bots_ask_of_meta_passes() {
    let door = Door::new(vec![]).await;
    let own = [OBJECT, "upload:MTphdA==", "1627019861106475", "1", "2"].map(str::to_owned);
    let project = door.bench.run().attempt().project_id;
    door.gateway.remember(project, &own).await.unwrap();
    let filled = |text: &str| {
        let text = text.replace("{N}", NUMBER).replace("{A}", ACCOUNT);
        text.replace("{O}", OBJECT)
    };
    let described = r#"{"id":"777","mime_type":"image/png","url":"x"}"#;
    assert!(REQUESTS.len() >= 60);
    for (n, (line, content_type, body, seen)) in REQUESTS.iter().enumerate() {
        let (method, path) = line.split_once(' ').unwrap();
        let mut asked = request(method.parse::<Method>().unwrap(), "", "");
        *asked.uri_mut() = format!("https://graph.facebook.com/{}", filled(path))
            .parse()
            .unwrap();
        *asked.body_mut() = Bytes::from(filled(body));
        asked.headers_mut().remove("content-type");
        if !content_type.is_empty() {
            let content_type = HeaderValue::from_static(content_type);
            asked.headers_mut().insert("content-type", content_type);
        }
        let answer = if path.contains("777") {
            described
        } else {
            "{}"
        };
        door.graph().then(Act::Answer(200, "", answer.to_owned()));
        let answer = door.forward(&door.bench.run(), asked).await;
        assert_eq!(
            answer.status(),
            StatusCode::OK,
            "{line} {:?}",
            answer.body()
        );
        assert_eq!(door.graph().count(), n + 1, "{line}");
        let at_meta = filled(if seen.is_empty() { path } else { seen });
        let version = if at_meta.starts_with('v') {
            ""
        } else {
            "v25.0/"
        };
        let expected = format!("{method} /{version}{at_meta} HTTP/1.1");
        assert_eq!(door.graph().seen()[n].line, expected);
    }
    let all = door.graph().seen();
    let about = |words: &str| all.iter().find(|seen| seen.body.contains(words)).unwrap();
    assert!(about("\"emoji\"").body.find("\"from\"").is_none());
    assert!(
        about("a b.png")
            .body
            .contains("content-type: image/png\r\n\r\nPNG\r\n")
    );
    let text = about("\"to\":\"4\"");
    assert!(
        text.head.contains("content-type: application/json"),
        "{}",
        text.head
    );
}
