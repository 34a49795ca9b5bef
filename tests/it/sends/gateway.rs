//! A bot's plain HTTP to Meta: whose ids, which token, and the outbox behind it.

use http::{Method, StatusCode};
use roost::whatsapp::messages::Receipt;
use roost::whatsapp::{GatewayError, SendError};
use serde_json::json;

use super::bench::{ACCOUNT, NUMBER, TOKEN, message};
use super::door::{Door, PLACEHOLDER, json, request};
use crate::support::graph::{Act, error};

#[tokio::test]
async fn raw_and_typed_sends_are_the_same_sends() {
    let door = Door::new(vec![]).await;
    let run = door.bench.run();
    let post = request(
        Method::POST,
        "v23.0/1065403/messages",
        &message("hi").to_string(),
    );
    let first = door.forward(&run, post).await;
    assert_eq!(json(&first)["messages"][0]["id"], "wamid.1");
    assert!(
        door.graph().seen()[0]
            .line
            .starts_with("POST /v23.0/1065403/messages ")
    );
    assert_eq!(run.sends(), 1);
    assert_eq!(door.bench.wamid(&door.bench.run(), "hi").await, "wamid.1");
    assert_eq!(door.graph().count(), 1);
}

#[tokio::test]
async fn an_unknown_id_can_be_read_when_it_is_media_only() {
    let door = Door::new(vec![]).await;
    let url = format!(
        "http://{}/whatsapp_business/attachments/?mid=9&ext=1&hash=h",
        door.graph().address
    );
    let media = json!({ "url": url, "mime_type": "image/png", "id": "777", "file_size": 1 });
    door.graph()
        .then(Act::Answer(200, "", media.to_string().replace('/', "\\/")));
    let answer = json(&door.get("777").await);
    let shown = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=9&ext=1&hash=h";
    assert_eq!(answer["url"], shown);
    // Meta is asked whether the number has it.
    let line = format!("GET /v25.0/777?phone_number_id={NUMBER} HTTP/1.1");
    assert_eq!(door.graph().seen()[0].line, line);

    // What the bot was shown leads back, with the token.
    door.graph().then(Act::Answer(200, "", "bytes".into()));
    assert_eq!(door.get(shown).await.body(), "bytes");
    let seen = &door.graph().seen()[1];
    assert!(
        seen.line
            .contains("/whatsapp_business/attachments/?mid=9&ext=1&hash=h ")
    );
    assert!(seen.head.contains(TOKEN));

    for other in [
        r#"{"id":"778","name":"a business"}"#,
        r#"{"id":"779","mime_type":"image/png","url":"x"}"#,
        r#"{"mime_type":"image/png","url":"x"}"#,
        "no JSON",
    ] {
        door.graph().then(Act::Answer(200, "", other.into()));
        assert_eq!(door.get("778").await.status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(door.graph().count(), 6);
}

#[tokio::test]
async fn what_a_project_uploads_is_its_own() {
    let door = Door::new(vec![Act::Answer(200, "", r#"{"id":"900"}"#.into())]).await;
    let ask = async |method, path: &str| {
        let asked = request(method, path, "");
        door.forward(&door.bench.run(), asked).await
    };
    let upload = ask(Method::POST, &format!("{NUMBER}/media")).await;
    assert_eq!(upload.status(), StatusCode::OK);
    door.graph()
        .then(Act::Answer(200, "", r#"{"success":true}"#.into()));
    assert_eq!(json(&ask(Method::DELETE, "900").await)["success"], true);

    // A session of an upload, too, with what follows its name.
    let session = r#"{"id":"upload:MTphdA==?sig=ARZ"}"#;
    door.graph().then(Act::Answer(200, "", session.into()));
    ask(
        Method::POST,
        "app/uploads?file_length=3&file_type=image/png",
    )
    .await;
    let mut piece = request(Method::POST, "upload:MTphdA==?sig=ARZ", "method=delete");
    let headers = piece.headers_mut();
    let form = "application/x-www-form-urlencoded".parse().unwrap();
    headers.insert("content-type", form);
    headers.insert("file_offset", "0".parse().unwrap());
    door.forward(&door.bench.run(), piece).await;
    let seen = door.graph().seen().pop().unwrap();
    assert_eq!(seen.line, "POST /v25.0/upload:MTphdA==?sig=ARZ HTTP/1.1");
    assert!(seen.head.contains("file_offset: 0"), "{}", seen.head);
    assert!(
        seen.head.contains("application/octet-stream"),
        "{}",
        seen.head
    );
    assert_eq!(seen.body, "method=delete");
}

#[tokio::test]
async fn the_token_goes_out_and_never_comes_back() {
    let quoted = json!({ "paging": { "next": format!("https://graph.facebook.com/x?access_token={TOKEN}") } });
    let encoded = r#"{"next":"x?access_token=EAAreal%2Ftoken%7C1","raw":"EAAreal\/token|1"}"#;
    let leak = "www-authenticate: Bearer EAAreal/token|1\r\n";
    let door = Door::new(vec![
        Act::Answer(200, "", quoted.to_string()),
        Act::Answer(200, leak, encoded.into()),
    ])
    .await;
    let path =
        format!("{ACCOUNT}/message_templates?access_token={PLACEHOLDER}&appsecret_proof=x&limit=2");
    let answers = [door.get(&path).await, door.get(&path).await];
    for (answer, seen) in answers.iter().zip(door.graph().seen()) {
        let text = format!(
            "{:?} {}",
            answer.headers(),
            String::from_utf8_lossy(answer.body())
        );
        assert!(text.contains(PLACEHOLDER), "{text}");
        assert!(!text.contains("EAAreal"), "{text}");
        assert!(
            seen.line.contains("message_templates?limit=2 "),
            "{}",
            seen.line
        );
        assert!(
            seen.head
                .contains(&format!("authorization: Bearer {TOKEN}"))
        );
        assert!(!seen.head.contains("mine"));
    }
}

#[tokio::test]
async fn answers_of_every_type_lose_the_token() {
    let escaped: String = TOKEN.bytes().map(|byte| format!("\\u{byte:04X}")).collect();
    let percent: String = TOKEN.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let encoded = TOKEN.replace('/', "%2f").replace('|', "%7c");
    for content_type in [
        "image/png",
        "application/pdf",
        "application/octet-stream",
        "text/plain",
        "",
    ] {
        let quotes = [TOKEN, &escaped, &percent, &encoded];
        let body = format!("PNG\u{0}{}END", quotes.join("\u{0}"));
        let header: &'static str = format!("content-type: {content_type}\r\n").leak();
        let door = Door::new(vec![Act::Answer(200, header, body)]).await;
        let url = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=9";
        let answer = door.get(url).await;
        let expected = format!("PNG\u{0}{}END", [PLACEHOLDER; 4].join("\u{0}"));
        assert_eq!(answer.body(), &expected, "{content_type}");
    }
    let packed = "content-encoding: gzip\r\n";
    let door = Door::new(vec![Act::Answer(200, packed, TOKEN.into())]).await;
    let run = door.bench.run();
    let read = request(Method::GET, NUMBER, "");
    let failed = door.gateway.forward(&run, &door.scope, read).await;
    assert!(matches!(failed, Err(GatewayError::NoAnswer(_))));
    assert!(
        door.graph().seen()[0]
            .head
            .contains("accept-encoding: identity")
    );
}

#[tokio::test]
async fn a_token_in_the_body_is_taken_out_in_every_form() {
    let door = Door::new(vec![]).await;
    let bodies = [
        (
            "application/json",
            json!({ "type": 1, "access_token": PLACEHOLDER }).to_string(),
            r#"{"type":1}"#.to_owned(),
        ),
        (
            "application/json",
            format!(r#"{{"access\u005ftoken":"{PLACEHOLDER}","type":1,"access_token":"x"}}"#),
            r#"{"type":1}"#.to_owned(),
        ),
        (
            "application/x-www-form-urlencoded",
            format!("access_token={PLACEHOLDER}&type=1&access%5Ftoken={PLACEHOLDER}"),
            "type=1".to_owned(),
        ),
        (
            "application/json",
            r#"{ "type" : 1 }"#.to_owned(),
            r#"{"type":1}"#.to_owned(),
        ),
    ];
    for (n, (content_type, body, expected)) in bodies.into_iter().enumerate() {
        let mut post = request(Method::POST, &format!("{NUMBER}/media"), &body);
        post.headers_mut()
            .insert("content-type", content_type.parse().unwrap());
        door.forward(&door.bench.run(), post).await;
        assert_eq!(door.graph().seen()[n].body, expected);
    }
}

#[tokio::test]
async fn the_token_goes_into_no_body() {
    let part = format!("name=\"access_token\"\r\n\r\n{PLACEHOLDER}\r\n--");
    let disposition = "Content-Disposition: form-data; name=\"file\"; filename=\"f.png\"";
    let file = |boundary: &str, headers: &str, content: &str| {
        format!("--{boundary}\r\n{disposition}{headers}\r\n\r\n{content}\r\n--{boundary}--\r\n")
    };
    let png = "\r\nContent-Type: image/png";
    let nested = format!(
        "--in\r\nContent-Disposition: form-data; {part}in\r\n{disposition}\r\n\r\nx\r\n--in--"
    );
    let whole = format!(
        "--QQ\r\nContent-Disposition: form-data; {part}QQ\r\n{disposition}\r\n\r\nPNG\r\n--QQ--\r\n"
    );
    let mixed = "\r\nContent-Type: multipart/mixed; boundary=in";
    let base64 = "\r\nContent-Transfer-Encoding: base64";
    let printable = "\r\nContent-Transfer-Encoding: quoted-printable";
    let plain = "multipart/form-data; boundary=QQ";
    let cases = [
        (
            plain,
            file("QQ", png, &format!("PNG....{part}tail")),
            "PNG....",
        ),
        (
            "multipart/form-data; boundary=\"Q Q\"",
            file("Q Q", png, &part),
            "image/png",
        ),
        (plain, file("QQ", mixed, &nested), "multipart/mixed"),
        (
            plain,
            file("QQ", base64, "RUFBcGxhY2Vob2xkZXI="),
            "RUFBcGxhY2Vob2xkZXI=",
        ),
        (
            plain,
            file("QQ", printable, &part.replace('=', "=3D")),
            "=3D",
        ),
        (plain, whole, "PNG"),
        (
            "application/json",
            json!({ "type": { "access_token": PLACEHOLDER } }).to_string(),
            "{",
        ),
        (
            "application/x-www-form-urlencoded",
            format!("type={PLACEHOLDER}"),
            "type=",
        ),
    ];
    let door = Door::new(vec![]).await;
    for (n, (content_type, body, kept)) in cases.into_iter().enumerate() {
        let mut post = request(Method::POST, &format!("{NUMBER}/media"), &body);
        let content_type = content_type.parse().unwrap();
        post.headers_mut().insert("content-type", content_type);
        let answer = door.forward(&door.bench.run(), post).await;
        assert_eq!(answer.status(), StatusCode::OK, "{body}");
        let seen = &door.graph().seen()[n];
        assert!(!seen.body.contains("EAAreal"), "{}", seen.body);
        assert!(seen.body.contains(kept), "{} in {}", kept, seen.body);
        let bearer = format!("authorization: Bearer {TOKEN}");
        assert_eq!(seen.head.matches("EAAreal").count(), 1, "{}", seen.head);
        assert!(seen.head.contains(&bearer), "{}", seen.head);
    }
}

#[tokio::test]
async fn receipts_are_no_sends_and_may_be_repeated() {
    let door = Door::new(vec![]).await;
    let receipt =
        json!({ "messaging_product": "whatsapp", "status": "read", "message_id": "wamid.A" });
    for _ in 0..2 {
        let post = request(
            Method::POST,
            &format!("{NUMBER}/messages"),
            &receipt.to_string(),
        );
        door.forward(&door.bench.run(), post).await;
    }
    let run = door.bench.run();
    door.gateway
        .mark_read(&run, "wamid.A", Receipt::Typing)
        .await
        .unwrap();
    assert_eq!(
        door.graph().seen()[2].json()["typing_indicator"]["type"],
        "text"
    );
    door.graph().then(Act::Answer(400, "", error(131009)));
    let refused = door.gateway.mark_read(&run, "wamid.A", Receipt::Read).await;
    assert!(
        matches!(refused, Err(GatewayError::Send(SendError::Rejected(error))) if error.code == 131009)
    );
    assert_eq!(door.graph().count(), 4);
    assert!(door.bench.states().await.is_empty());
}

#[tokio::test]
async fn metas_refusals_come_back_as_they_are() {
    let refusal = r#"{ "error": { "code": 131009, "message": "(#131009) no" } }"#;
    let door = Door::new(vec![Act::Answer(
        400,
        "x-fb-trace-id: T\r\nset-cookie: a=b\r\n",
        refusal.into(),
    )])
    .await;
    let post = request(
        Method::POST,
        &format!("{NUMBER}/messages"),
        &message("hi").to_string(),
    );
    let answer = door.forward(&door.bench.run(), post).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert_eq!(answer.body(), refusal);
    assert_eq!(answer.headers()["x-fb-trace-id"], "T");
    assert!(!answer.headers().contains_key("set-cookie"));
}

#[tokio::test]
async fn other_hosts_and_lost_answers_are_errors() {
    let door = Door::new(vec![Act::Cut]).await;
    let run = door.bench.run();
    for host in [
        "https://example.com/",
        "https://graph.facebook.com:8080/",
        "https://graph.facebook.com.evil.example/",
    ] {
        let failed = door
            .gateway
            .forward(&run, &door.scope, request(Method::GET, host, ""))
            .await;
        assert!(matches!(failed, Err(GatewayError::NotMeta(_))), "{host}");
    }
    let read = request(Method::GET, NUMBER, "");
    let failed = door.gateway.forward(&run, &door.scope, read).await;
    assert!(matches!(failed, Err(GatewayError::NoAnswer(_))));
}

#[tokio::test]
async fn of_the_ids_that_a_project_learned_the_newest_are_kept() {
    let door = Door::new(vec![]).await;
    let pool = &door.bench.pool;
    let project = door.bench.run().attempt().project_id;
    let learn = async |ids: &[&str]| {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        door.gateway.remember(project, &ids).await.unwrap();
    };
    let known = async |id: &str| {
        let own =
            "select exists (select from graph_object where object_id = $1 and project_id = $2)";
        let known: bool = sqlx::query_scalar(own)
            .bind(id)
            .bind(project)
            .fetch_one(pool)
            .await
            .unwrap();
        known
    };
    learn(&["501", "502"]).await;
    for earlier in [
        "update graph_object set created_at = now() - interval '2 days' where object_id in ('501', '502')",
        "insert into graph_object (object_id, project_id, created_at)
         select 600000 + n, project_id, now() - interval '1 day' + n * interval '1 second'
         from generate_series(1, 19999) as n, project where name = 'own'",
    ] {
        sqlx::query(earlier).execute(pool).await.unwrap();
    }
    // What is listed or made again is as good as new.
    learn(&["502"]).await;
    assert!(!known("501").await);
    assert!(known("502").await && known("600001").await);
    learn(&["503", "504"]).await;
    assert!(!known("600001").await && !known("600002").await);
    assert!(known("502").await && known("503").await && known("504").await);
    let count: i64 = sqlx::query_scalar("select count(*) from graph_object where project_id = $1")
        .bind(project)
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(count, 20_000);
    // The other project's have nothing to do with it.
    let theirs: i64 =
        sqlx::query_scalar("select count(*) from graph_object where project_id <> $1")
            .bind(project)
            .fetch_one(pool)
            .await
            .unwrap();
    assert_eq!(theirs, 1);
}
