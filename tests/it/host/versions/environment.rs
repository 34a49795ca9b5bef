//! What bots read by other names than the host's, and what nobody set.

use http::StatusCode;
use roost::http::sign;
use roost::projects::Secret;
use serde_json::{Value, json};

use super::by_cli::roost;
use super::{ANA, bot, deploy, packed};
use crate::host::support::{Setup, TestHost};

/// Answers only what is signed with what it reads as its app's secret.
fn strict(secret: &str) -> String {
    let top = format!(
        "const {{ createHmac }} = require('node:crypto')
const sign = (body) => 'sha256=' + createHmac('sha256', process.env.{secret} ?? '').update(body).digest('hex')"
    );
    bot(&top, "`${process.env.WA_PHONE_NUMBER_ID} ${message.text.body}`").replace(
        "const [message]",
        "if (req.headers['x-hub-signature-256'] !== sign(body)) return res.writeHead(403).end('not mine')
  if (!JSON.parse(body).entry) return res.end(`a flow for ${body}`)
  const [message]",
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_host_knows_by_another_name_is_offered_and_taken_by_one_flag() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let mut ana = project.customer(ANA).await;
    let operator = host.operator();
    let folder = tempfile::tempdir().unwrap();
    let run = async |words: &[&str]| {
        let output = roost(&operator, folder.path(), words, "").await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.code(),
            text(&output.stdout) + &text(&output.stderr),
        )
    };
    let source = strict("META_APP_SECRET") + "if (process.argv[9]) use(process.env.STRIPE_KEY)\n";
    std::fs::write(folder.path().join("app.js"), source).unwrap();

    let (code, said) = run(&["deploy"]).await;
    assert_eq!(code, Some(0), "{said}");
    for says in [
        "warning: nobody set META_APP_SECRET (app.js:4) and WA_PHONE_NUMBER_ID (app.js:",
        "`roost secrets link META_APP_SECRET=app-secret WA_PHONE_NUMBER_ID=phone-number-id --project shop`",
        "warning: the code reads STRIPE_KEY (app.js:",
        "`roost secrets set STRIPE_KEY --project shop`",
    ] {
        assert!(said.contains(says), "`{says}` is not in: {said}");
    }
    let (code, said) = run(&["deploy", "--link"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("linked to what this host knows: META_APP_SECRET=app-secret, WA_PHONE_NUMBER_ID=phone-number-id")
            && !said.contains("nobody set META_APP_SECRET"),
        "{said}"
    );
    ana.says("hi").await;
    assert!(ana.hears().await.ends_with(" hi"));

    let (_, said) = run(&["secrets"]).await;
    let row = |name: &str| {
        let line = said.lines().find(|line| line.starts_with(name));
        line.unwrap_or_default()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        row("META_APP_SECRET"),
        "META_APP_SECRET a link: app-secret -"
    );
    assert_eq!(row("VERIFY_TOKEN"), "VERIFY_TOKEN the host: verify-token -");
    assert!(
        row("STRIPE_KEY").contains("is not set: `roost secrets set STRIPE_KEY -p shop`"),
        "{said}"
    );
    let (_, said) = run(&["projects", "show", "shop"]).await;
    assert!(said.contains("META_APP_SECRET=app-secret"), "{said}");

    let (code, said) = run(&["secrets", "unlink", "META_APP_SECRET"]).await;
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "META_APP_SECRET is linked no longer\n")
    );
    let (code, said) = run(&["secrets", "link"]).await;
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "META_APP_SECRET is the host's app-secret\n")
    );
    ana.says("again").await;
    assert!(ana.hears().await.ends_with(" again"));
    let env = "META_APP_SECRET=from-a-sample\nSTRIPE_KEY=sk_1\n";
    std::fs::write(folder.path().join("sample.env"), env).unwrap();
    let (code, said) = run(&["secrets", "import", "sample.env"]).await;
    assert!(
        code == Some(0)
            && said.contains("META_APP_SECRET of the file is used now in place of the host's own")
            && said.contains("`roost secrets remove META_APP_SECRET --project shop`"),
        "{said}"
    );
    let (code, said) = run(&["secrets", "remove", "META_APP_SECRET"]).await;
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = run(&["secrets", "link", "A=app_secret"]).await;
    assert!(
        code == Some(2) && said.contains("use verify-token, app-secret"),
        "{said}"
    );

    // What may be seen of it, and what not.
    let own = host.app().projects().keys(project.id).await.unwrap();
    let (_, said) = run(&["secrets", "show", "VERIFY_TOKEN"]).await;
    assert!(said.contains(own.verify_token.expose()), "{said}");
    let (_, said) = run(&["secrets", "show", "META_APP_SECRET"]).await;
    assert!(
        said.contains("(never shown)") && !said.contains(own.app_secret.expose()),
        "{said}"
    );
    let (_, said) = run(&["audit"]).await;
    assert!(
        said.contains("META_APP_SECRET") && said.contains("app-secret"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_with_its_own_copy_of_the_app_secret_gets_what_is_signed_with_it() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let mut ana = project.customer(ANA).await;
    let projects = host.app().projects();
    let metas = Secret::new(Setup::default().app_secret);
    projects
        .set_secret(project.id, "FB_APP_SECRET", &metas)
        .await
        .unwrap();
    deploy(
        &host,
        &project,
        &packed(&[("app.js", &strict("FB_APP_SECRET"))]),
    )
    .await;
    ana.says("hi").await;
    assert!(ana.hears().await.ends_with(" hi"));

    // Any other value does as well: the host signs with what the bot has.
    projects
        .set_secret(project.id, "FB_APP_SECRET", &Secret::new("of another app"))
        .await
        .unwrap();
    host.app().deploys().renew(project.id).await.unwrap();
    ana.says("again").await;
    assert!(ana.hears().await.ends_with(" again"));

    // A Flow's data request comes from Meta to the bot's own route, at the webhook's path or not.
    let client = reqwest::Client::new();
    let post = async |path: &str, body: &str, secret: &Secret| {
        let url = format!("http://{}{path}", host.address());
        let request = client.post(url).header("host", "shop.bots.test");
        let request = request.header("x-hub-signature-256", sign(secret, body.as_bytes()));
        let response = request.body(body.to_owned()).send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    };
    let flow = r#"{"encrypted_flow_data":"x"}"#;
    for path in ["/webhook", "/webhook?a=b"] {
        let answered = post(path, flow, &metas).await;
        assert_eq!(
            answered,
            (StatusCode::OK, format!("a flow for {flow}")),
            "{path}"
        );
    }
    let (status, _) = post("/webhook", flow, &Secret::new("of nobody")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let envelope = json!({ "object": "whatsapp_business_account", "entry": [] }).to_string();
    let (status, text) = post("/webhook", &envelope, &metas).await;
    let problem: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (status, problem["code"].as_str()),
        (StatusCode::FORBIDDEN, Some("misplaced-webhook"))
    );
    // What somebody else signed goes to other routes as it is.
    let (status, _) = post("/elsewhere", flow, &Secret::new("of nobody")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_does_not_start_without_a_number_is_told_to_connect_it() {
    let host = TestHost::start().await;
    host.bare_project("shop").await;
    let folder = tempfile::tempdir().unwrap();
    let source = strict("META_APP_SECRET")
        + "if (!process.env.WA_PHONE_NUMBER_ID) throw new Error('no id')\n";
    std::fs::write(folder.path().join("app.js"), source).unwrap();

    let output = roost(&host.operator(), folder.path(), &["deploy", "--link"], "").await;

    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let said = said + &String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("no id")
            && said.contains("is empty until the project has a number")
            && said.contains("`roost number connect --project shop"),
        "{said}"
    );
}
