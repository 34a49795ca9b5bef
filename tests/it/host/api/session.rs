//! The session in the README, as a new user would have it: every command is run, and must print
//! what the page says.
//!
//! `export` is what the reader's own host says: the test has another one. Comments say what happens elsewhere: `# Ana writes: …` is a customer's message,
//! `# … answers: …` what must come back, and be read.

use std::path::Path;

use roost_emulator::control::wire::{NewNumber, NewToken, NewWaba};
use tokio::process::Command;

use crate::host::support::{APP_ID, Contact, Operator, TestHost, TestProject, sdk};
use crate::support::transcript::steps;

const HEADING: &str = "## Run a host";

/// The number of the page, and what its owner has at Meta.
const NUMBER: &str = "106540352242922";
const ACCOUNT: &str = "102290129340398";
const META_TOKEN: &str = "EAAJB-a-token-for-tests";
const PROJECT: &str = "pizza";

/// Runs a command where the reader would be: in a folder with `guests`, and with `roost` at hand.
async fn run(command: &str, host: &TestHost, folder: &Path) -> (bool, String) {
    let Operator { base, token, .. } = host.operator();
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("bash")
        .args(["-c", &format!("exec 2>&1; {command}")])
        .current_dir(folder)
        .env_clear()
        .env("PATH", format!("{}:{path}", folder.display()))
        .env("ROOST_URL", base)
        .env("ROOST_TOKEN", token)
        .env("ROOST_META_TOKEN", META_TOKEN)
        .env("ROOST_PROJECT", PROJECT)
        .env("ROOST_SDK", sdk())
        .env("ROOST_DATA", host.data())
        .output()
        .await
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    (output.status.success(), printed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_session_in_the_readme_goes_as_it_says() {
    let host = TestHost::start().await;
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let link = |from: &Path, name: &str| {
        std::os::unix::fs::symlink(from, folder.path().join(name)).unwrap();
    };
    link(Path::new(env!("CARGO_BIN_EXE_roost")), "roost");
    link(&checkout.join("guests"), "guests");
    let readme = std::fs::read_to_string(checkout.join("README.md")).unwrap();
    let steps = steps(&readme, HEADING);
    let has = |word: &str| steps.iter().any(|step| step.command.starts_with(word));
    assert!(has("roost deploy") && has("# Ana writes") && has("roost events"));
    let mut ana = ana(&host).await;
    for step in steps {
        if step.command.starts_with("export ") {
            continue;
        }
        if let Some(comment) = step.command.strip_prefix("# ") {
            happens(comment, &host, &mut ana).await;
            continue;
        }
        let (done, printed) = run(&step.command, &host, folder.path()).await;
        step.went_as_said(done, &printed);
    }
}

/// The number that the page connects, at Meta, and a customer who may write to it.
async fn ana(host: &TestHost) -> Contact {
    let meta = host.emulator();
    let account = NewWaba {
        id: Some(ACCOUNT.to_owned()),
        ..NewWaba::default()
    };
    meta.create_waba(&account).await.unwrap();
    let mut number = NewNumber::new(ACCOUNT, "+1 555 078 3881");
    number.id = Some(NUMBER.to_owned());
    meta.create_number(&number).await.unwrap();
    let token = NewToken {
        app_id: APP_ID.to_owned(),
        token: Some(META_TOKEN.to_owned()),
        ..NewToken::default()
    };
    meta.create_token(&token).await.unwrap();
    host.customer_of(NUMBER, "+15550001111").await
}

/// What a comment says.
async fn happens(comment: &str, host: &TestHost, ana: &mut Contact) {
    if let Some(text) = comment.strip_prefix("Ana writes: ") {
        ana.says(text).await;
    } else if let Some((_, text)) = comment.split_once(" answers: ") {
        assert_eq!(ana.hears().await, text);
        let projects = host.app().projects();
        let project = projects.by_name(&PROJECT.parse().unwrap()).await.unwrap();
        let project_id = project.unwrap().project_id;
        host.settles(&TestProject::of(host, project_id, NUMBER, META_TOKEN))
            .await;
    } else {
        panic!("nobody knows how `{comment}` happens");
    }
}
