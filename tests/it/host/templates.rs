//! Templates over a host, its database and an emulator of Meta: made, told of, sent, and shared between projects.

use http::Method;
use roost_emulator::control::wire::{TemplateCategory, TemplateDecision};
use serde_json::{Value, json};

use super::api::cli::{complains, prints};
use super::support::{Contact, Operator, TestHost, TestProject, eventually, fixture};
use crate::postgres_support::Folder;

const ANA: &str = "16505551234";

/// The fields of webhooks that these tests are about.
const FIELDS: [&str; 6] = [
    "messages",
    "message_template_status_update",
    "message_template_quality_update",
    "message_template_components_update",
    "template_category_update",
    "account_update",
];

fn order_ready() -> Value {
    json!({
        "name": "order_ready", "language": "en_US", "category": "UTILITY",
        "components": [
            { "type": "BODY", "text": "Hello {{1}}, your order {{2}} is ready.", "example": { "body_text": [["Ana", "17"]] } },
        ],
    })
}

async fn start() -> TestHost {
    let host = TestHost::start().await;
    host.hears_of(&FIELDS).await;
    host
}

/// Makes a template by the API, and gives Meta's id of it.
async fn made(operator: &Operator, project: &str, template: &Value) -> String {
    let made = operator
        .post(&format!("/v1/projects/{project}/templates"), template)
        .await
        .ok();
    made["id"].as_str().unwrap().to_owned()
}

/// A template that Meta has approved, and the host knows so.
async fn approved(host: &TestHost, project: &str, template: &Value) -> String {
    let operator = host.operator();
    let id = made(&operator, project, template).await;
    host.emulator().approve_template(&id).await.unwrap();
    let path = format!(
        "/v1/projects/{project}/templates/{}/{}",
        template["name"].as_str().unwrap(),
        template["language"].as_str().unwrap()
    );
    has_status(&operator, &path, "APPROVED").await;
    id
}

async fn has_status(operator: &Operator, path: &str, status: &str) -> Value {
    eventually(status, async || {
        let template = operator.get(path).await.ok();
        (template["status"] == status).then_some(template)
    })
    .await
}

const READY: &str = "/v1/projects/pizza/templates/order_ready/en_US";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_is_submitted_and_what_meta_decides_is_told() {
    let mut host = start().await;
    host.project("pizza").await;
    let operator = host.operator();
    let id = made(&operator, "pizza", &order_ready()).await;
    let pending = operator.get(READY).await.ok();
    assert_eq!(pending["status"], "PENDING");
    assert!(
        pending["told"].as_str().unwrap().contains("reviews"),
        "{pending}"
    );

    let rejection = TemplateDecision {
        event: "REJECTED".to_owned(),
        reason: Some("ABUSIVE_CONTENT".to_owned()),
        ..TemplateDecision::default()
    };
    host.emulator()
        .decide_template(&id, &rejection)
        .await
        .unwrap();
    let rejected = has_status(&operator, READY, "REJECTED").await;
    assert_eq!(rejected["rejected_reason"], "ABUSIVE_CONTENT");
    assert!(
        rejected["told"].as_str().unwrap().contains("take that out"),
        "{rejected}"
    );

    host.emulator().approve_template(&id).await.unwrap();
    has_status(&operator, READY, "APPROVED").await;
    host.emulator().grade_template(&id, "RED").await.unwrap();
    let red = eventually("the quality", async || {
        let template = operator.get(READY).await.ok();
        (template["quality"] == "RED").then_some(template)
    });
    red.await;
    let category = TemplateCategory {
        category: "MARKETING".to_owned(),
        is_announced: false,
    };
    host.emulator()
        .recategorize_template(&id, &category)
        .await
        .unwrap();
    let marketing = eventually("the category", async || {
        let template = operator.get(READY).await.ok();
        (template["category"] == "MARKETING").then_some(template)
    });
    assert_eq!(marketing.await["previous_category"], "UTILITY");

    let changes = operator
        .get("/v1/projects/pizza/template-changes")
        .await
        .ok();
    let told: Vec<&str> = changes["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["what"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["category", "quality", "status", "status", "made"]);
    let metrics = operator.get("/metrics").await.text;
    assert!(
        metrics.contains("roost_template_changes_total{what=\"status\"} 2"),
        "{metrics}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_webhook_did_not_tell_is_found_by_comparing() {
    let mut host = TestHost::start().await;
    // The app does not hear of templates.
    host.project("pizza").await;
    let operator = host.operator();
    let id = made(&operator, "pizza", &order_ready()).await;
    host.emulator().approve_template(&id).await.unwrap();
    assert_eq!(operator.get(READY).await.ok()["status"], "PENDING");
    let synced = operator
        .post("/v1/projects/pizza/template-sync", &json!({}))
        .await
        .ok();
    assert_eq!(synced, json!({ "templates": 1, "changed": 1 }));
    assert_eq!(operator.get(READY).await.ok()["status"], "APPROVED");
    let templates = host.app().templates();
    assert_eq!(templates.sweep().await.unwrap(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_meta_would_refuse_is_refused_with_its_place_and_asks_nobody() {
    let mut host = start().await;
    host.project("pizza").await;
    let operator = host.operator();
    let wrong = json!({ "name": "x", "language": "en_US", "category": "UTILITY", "components": [
        { "type": "BODY", "text": "{{1}} is ready" },
    ] });
    let refused = operator.post("/v1/projects/pizza/templates", &wrong).await;
    assert_eq!(refused.refusal(), (422, "bad-template".to_owned()));
    assert!(
        refused
            .detail()
            .contains("the body: a variable must not be at its beginning"),
        "{}",
        refused.detail()
    );
    assert!(host.emulator().templates().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_is_edited_and_deleted() {
    let mut host = start().await;
    host.project("pizza").await;
    let operator = host.operator();
    approved(&host, "pizza", &order_ready()).await;
    let mut other = order_ready();
    other["components"][0]["text"] = "Dear {{1}}, your order {{2}} is ready.".into();
    let edited = operator.put(READY, &other).await.ok();
    assert_eq!(
        edited["components"][0]["text"],
        other["components"][0]["text"]
    );
    let deleted = operator
        .delete("/v1/projects/pizza/templates/order_ready")
        .await
        .ok();
    assert_eq!(deleted["deleted"], 1);
    assert_eq!(
        operator.get(READY).await.refusal(),
        (404, "template-not-found".to_owned())
    );
    let audit = operator.get("/v1/audit").await.text;
    for action in ["create_template", "edit_template", "delete_template_name"] {
        assert!(audit.contains(action), "{action}");
    }
}

/// What the bot says to a call: of a template its text.
async fn says(ana: &mut Contact, call: &Value) -> String {
    ana.says(&call.to_string()).await;
    ana.hears().await
}

fn typed(name: &str, language: &str, texts: &[&str]) -> Value {
    json!({ "how": "typed", "template": { "name": name, "language": language,
        "components": [{ "type": "body", "parameters": texts }] } })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_does_not_fit_its_template_goes_nowhere_and_says_why() {
    let mut host = start().await;
    let bot = host.bot("pizza", &fixture("sends_templates")).await;
    let id = approved(&host, "pizza", &order_ready()).await;
    let mut ana = bot.customer(ANA).await;
    for (call, why) in [
        (
            typed("order_ready", "en_US", &["Ana"]),
            "the body: it has 2 variables ({{1}}, {{2}}), and 1 is given",
        ),
        (
            typed("order_ready", "de", &["Ana", "17"]),
            "is not there in `de`; it is in en_US",
        ),
        (
            typed("order_redy", "en_US", &[]),
            "the project has no template `order_redy`; it has order_ready",
        ),
        (typed("Order Ready", "en_US", &[]), "cannot name a template"),
    ] {
        let reply = says(&mut ana, &call).await;
        assert!(
            reply.starts_with("invalid: ") && reply.contains(why),
            "{reply}"
        );
    }
    // It goes out once it fits.
    let fits = typed("order_ready", "en_US", &["Ana", "17"]);
    assert_eq!(
        says(&mut ana, &fits).await,
        "Hello Ana, your order 17 is ready."
    );

    let pause = TemplateDecision {
        event: "PAUSED".to_owned(),
        ..TemplateDecision::default()
    };
    host.emulator().decide_template(&id, &pause).await.unwrap();
    has_status(&host.operator(), READY, "PAUSED").await;
    let reply = says(&mut ana, &fits).await;
    assert!(reply.contains("cannot be sent: Meta paused"), "{reply}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_projects_of_one_account_have_each_their_own_templates() {
    let mut host = start().await;
    let pizza = host.bot("pizza", &fixture("sends_templates")).await;
    let pasta = host.shares("pasta", &pizza).await;
    host.deploys(&pasta, &fixture("sends_templates"))
        .await
        .unwrap();
    let operator = host.operator();
    let id = approved(&host, "pizza", &order_ready()).await;
    let mut menu = order_ready();
    menu["name"] = "menu".into();
    approved(&host, "pasta", &menu).await;
    let account = host.account_of(&pizza).await;

    // Over the API and the command line.
    let list = operator.get("/v1/projects/pasta/templates").await.ok();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["name"], "menu");
    for (method, path) in [
        (Method::GET, "order_ready/en_US"),
        (Method::DELETE, "order_ready/en_US"),
        (Method::DELETE, "order_ready"),
    ] {
        let path = format!("/v1/projects/pasta/templates/{path}");
        let asked = super::support::answered(operator.request(method, &path)).await;
        assert_eq!(
            asked.refusal(),
            (404, "template-not-found".to_owned()),
            "{path}"
        );
    }
    let path = "/v1/projects/pasta/templates/order_ready/en_US";
    let edited = operator.put(path, &order_ready()).await;
    assert_eq!(edited.refusal(), (404, "template-not-found".to_owned()));
    let mut german = order_ready();
    german["language"] = "de".into();
    let taken = operator.post("/v1/projects/pasta/templates", &german).await;
    assert_eq!(taken.refusal(), (409, "template-taken".to_owned()));
    let shown = complains(
        &operator,
        &["templates", "show", "order_ready", "-p", "pasta"],
    )
    .await;
    assert!(
        shown.1.contains("has no template `order_ready`"),
        "{}",
        shown.1
    );

    // By its bot.
    let mut to_pizza = pizza.customer(ANA).await;
    let mut to_pasta = pasta.customer(ANA).await;
    let http = |method: &str, ask: &str| json!({ "how": method, "ask": ask });
    let refused = [
        typed("order_ready", "en_US", &["Ana", "17"]),
        json!({ "how": "POST", "template": { "name": "order_ready", "language": "en_US" } }),
        http("GET", &id),
        http("POST", &id),
        http("DELETE", &id),
        http(
            "DELETE",
            &format!("{account}/message_templates?name=order_ready"),
        ),
        http(
            "DELETE",
            &format!("{account}/message_templates?name=menu&hsm_id={id}"),
        ),
        http("GET", &format!("{account}?fields=message_templates")),
        http(
            "GET",
            &format!("{account}/message_templates?fields=language.as(name)"),
        ),
    ];
    for call in refused {
        let said = says(&mut to_pasta, &call).await;
        assert!(
            said.starts_with("invalid:") || said.starts_with("403"),
            "{call}: {said}"
        );
    }
    let list = says(
        &mut to_pasta,
        &http("GET", &format!("{account}/message_templates")),
    )
    .await;
    assert_eq!(list, "200 menu");
    assert_eq!(
        says(
            &mut to_pizza,
            &http("GET", &format!("{account}/message_templates"))
        )
        .await,
        "200 order_ready"
    );

    // And it hears nothing of it.
    host.emulator().grade_template(&id, "RED").await.unwrap();
    host.settles(&pizza).await;
    host.settles(&pasta).await;
    let heard = async |project: &TestProject| -> Vec<String> {
        let mut schema = host.schema_of(project).await;
        sqlx::query_scalar("select distinct name from heard")
            .fetch_all(&mut schema)
            .await
            .unwrap()
    };
    assert_eq!(heard(&pizza).await, ["order_ready"]);
    assert_eq!(heard(&pasta).await, ["menu"]);
    let changes = operator
        .get("/v1/projects/pasta/template-changes")
        .await
        .text;
    assert!(!changes.contains("order_ready"), "{changes}");
    assert_eq!(host.emulator().templates().await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_sends_a_template_by_hand_and_nobody_advertises_to_who_opted_out() {
    let mut host = start().await;
    let pizza = host.bot("pizza", &fixture("sends_templates")).await;
    let operator = host.operator();
    approved(&host, "pizza", &order_ready()).await;
    let mut offer = order_ready();
    offer["name"] = "offer".into();
    offer["category"] = "MARKETING".into();
    approved(&host, "pizza", &offer).await;
    let mut ana = pizza.customer(ANA).await;
    assert_eq!(
        says(&mut ana, &json!({ "how": "GET", "ask": pizza.number_id })).await,
        "200"
    );

    let messages = format!("/v1/projects/pizza/conversations/{ANA}/messages");
    let reply = |name: &str| json!({ "template": { "name": name, "body": ["Ana", "17"] } });
    operator.post(&messages, &reply("order_ready")).await.ok();
    assert_eq!(ana.hears().await, "Hello Ana, your order 17 is ready.");
    let unfit = json!({ "template": { "name": "order_ready", "body": ["Ana"] } });
    let refused = operator.post(&messages, &unfit).await;
    assert_eq!(refused.refusal(), (422, "template-unfit".to_owned()));

    host.settles(&pizza).await;
    prints(
        &operator,
        &[
            "contacts", "opt-out", ANA, "-p", "pizza", "--source", "STOP",
        ],
    )
    .await;
    let refused = operator.post(&messages, &reply("offer")).await;
    assert!(
        refused.detail().contains("opted out"),
        "{}",
        refused.detail()
    );
    let said = says(&mut ana, &typed("offer", "en_US", &["Ana", "17"])).await;
    assert!(said.contains("opted out"), "{said}");
    operator.post(&messages, &reply("order_ready")).await.ok();
    assert_eq!(ana.hears().await, "Hello Ana, your order 17 is ready.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_made_here_is_the_operators_to_give() {
    let mut host = start().await;
    let pizza = host.project("pizza").await;
    host.shares("pasta", &pizza).await;
    let operator = host.operator();
    let account = host.account_of(&pizza).await;
    host.declares_template(&account, "older").await;
    for project in ["pizza", "pasta"] {
        let path = format!("/v1/projects/{project}/template-sync");
        assert_eq!(operator.post(&path, &json!({})).await.ok()["templates"], 0);
    }
    let shown = prints(&operator, &["accounts", "show", &account]).await;
    assert!(shown.contains("older"), "{shown}");
    prints(
        &operator,
        &[
            "accounts", "give", &account, "template", "older", "--to", "pasta",
        ],
    )
    .await;
    let list = operator.get("/v1/projects/pasta/templates").await.ok();
    assert_eq!(list["items"][0]["name"], "older");
    let list = operator.get("/v1/projects/pizza/templates").await.ok();
    assert_eq!(list["items"], json!([]));

    // A token of a project sees no accounts.
    let token = operator
        .post(
            "/v1/tokens",
            &json!({ "name": "pizza's", "scope": "admin", "project": "pizza" }),
        )
        .await
        .ok();
    let bound = operator.with_token(token["token"].as_str().unwrap());
    assert_eq!(bound.get("/v1/accounts").await.refusal().0, 403);
    let give = format!("/v1/accounts/{account}/things/template/older");
    assert_eq!(
        bound
            .put(&give, &json!({ "project": "pizza" }))
            .await
            .refusal()
            .0,
        403
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_a_folder_are_pushed_and_pulled() {
    let mut host = start().await;
    host.project("pizza").await;
    let operator = host.operator();
    let folder = Folder::new("templates");
    let files = folder.0.join("templates");
    std::fs::create_dir_all(&files).unwrap();
    std::fs::write(files.join("ready.json"), order_ready().to_string()).unwrap();
    let path = folder.0.to_str().unwrap();

    let plan = prints(
        &operator,
        &["templates", "push", path, "--dry-run", "-p", "pizza"],
    )
    .await;
    assert_eq!(plan, "templates/ready.json (en_US): is not at Meta\n");
    assert!(host.emulator().templates().await.unwrap().is_empty());
    let pushed = prints(&operator, &["templates", "push", path, "-p", "pizza"]).await;
    assert_eq!(pushed, "templates/ready.json (en_US): submitted, pending\n");
    let again = prints(&operator, &["templates", "push", path, "-p", "pizza"]).await;
    assert_eq!(again, "Meta has all of them as they are written\n");

    std::fs::remove_file(files.join("ready.json")).unwrap();
    let pulled = prints(&operator, &["templates", "pull", path, "-p", "pizza"]).await;
    assert_eq!(
        pulled,
        "wrote templates/order_ready.en_US.json\n1 files are written\n"
    );
    let text = std::fs::read_to_string(files.join("order_ready.en_US.json")).unwrap();
    let written: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        written["components"][0]["text"],
        order_ready()["components"][0]["text"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deploy_says_which_templates_meta_does_not_have_and_submits_them_when_told() {
    let mut host = start().await;
    host.project("pizza").await;
    let operator = host.operator();
    let folder = Folder::new("bot");
    let app = "require('http').createServer((req, res) => {
      const asked = new URL(req.url, 'http://bot')
      res.statusCode = asked.pathname === '/webhook' ? 200 : 404
      res.end(asked.searchParams.get('hub.challenge'))
    }).listen(3000)";
    std::fs::write(folder.0.join("app.js"), app).unwrap();
    std::fs::create_dir_all(folder.0.join("templates")).unwrap();
    std::fs::write(
        folder.0.join("templates/ready.json"),
        order_ready().to_string(),
    )
    .unwrap();
    let path = folder.0.to_str().unwrap();

    let said = prints(&operator, &["deploy", path, "-p", "pizza"]).await;
    assert!(
        said.contains("templates/ready.json (en_US): is not at Meta"),
        "{said}"
    );
    assert!(said.contains("roost templates push"), "{said}");
    assert!(host.emulator().templates().await.unwrap().is_empty());
    let said = prints(&operator, &["deploy", path, "-p", "pizza", "--templates"]).await;
    assert!(
        said.contains("templates/ready.json (en_US): submitted, pending"),
        "{said}"
    );
    assert_eq!(host.emulator().templates().await.unwrap().len(), 1);
}
