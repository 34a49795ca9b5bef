//! The same by the command line, which uses the admin API and nothing else.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::{ANA, bot, named};
use crate::host::support::{Operator, TestHost};

/// `roost` with these words, in a folder.
pub(super) async fn roost(
    operator: &Operator,
    folder: &Path,
    words: &[&str],
    input: &str,
) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_roost"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .env("ROOST_URL", &operator.base)
        .env("ROOST_TOKEN", &operator.token)
        .env("ROOST_PROJECT", "shop")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A word that reads nothing may have ended.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    child.wait_with_output().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_deploys_a_folder_and_follows_it() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let mut ana = project.customer(ANA).await;
    let operator = host.operator();
    let folder = tempfile::tempdir().unwrap();
    let write =
        |name: &str, content: &str| std::fs::write(folder.path().join(name), content).unwrap();
    let run = async |words: &[&str], input: &str| {
        let output = roost(&operator, folder.path(), words, input).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    };
    write("app.js", &bot("const motto = process.env.MOTTO", "motto"));
    write(".env", "MOTTO=from the file\nPORT=1\n");

    let (code, out, err) = run(&["secrets", "import"], "").await;
    assert_eq!(code, Some(0), "{err}");
    assert!(
        out.contains("1 set, 0 unchanged") && out.contains("PORT is left out"),
        "{out}"
    );
    let (code, out, err) = run(&["deploy", "-m", "the first"], "").await;
    assert_eq!(code, Some(0), "{err}");
    for says in [
        "packed this folder: 1 files",
        "v1:",
        "webhook /webhook",
        "v1 serves `shop`",
    ] {
        assert!(out.contains(says), "`{says}` is not in: {out}");
    }
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "from the file");

    let (code, out, err) = run(&["secrets", "set", "MOTTO"], "from a pipe\n").await;
    assert_eq!((code, out.as_str()), (Some(0), "MOTTO is set\n"), "{err}");
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "from a pipe");
    let (_, out, _) = run(&["secrets"], "").await;
    assert!(out.contains("MOTTO") && !out.contains("pipe"), "{out}");

    write("app.js", "require('./menu.js'\n");
    let (code, out, err) = run(&["deploy"], "").await;
    assert_eq!(code, Some(1), "{out}");
    assert!(
        err.contains("v2 was not deployed") && err.contains("app.js:"),
        "{err}"
    );
    write("app.js", &named("three"));
    let (code, out, err) = run(&["deploy", "--json"], "").await;
    assert_eq!(code, Some(0), "{err}");
    let version: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&version["name"], &version["state"]),
        (&json!("v3"), &json!("ready"))
    );

    let (_, out, _) = run(&["versions"], "").await;
    let lines: Vec<&str> = out.lines().collect();
    assert!(
        lines[1].starts_with("v3") && lines[1].contains("serves") && lines[1].contains("+0 ~1 -0"),
        "{out}"
    );
    assert!(
        lines[2].starts_with("v2") && lines[2].contains("failed"),
        "{out}"
    );
    let (_, out, _) = run(&["versions", "log", "v2"], "").await;
    assert!(out.contains("app.js:"), "{out}");
    let (_, out, _) = run(&["versions", "show", "v3"], "").await;
    assert!(out.contains("~ app.js"), "{out}");
    let (code, out, err) = run(&["rollback"], "").await;
    assert_eq!(
        (code, out.as_str()),
        (Some(0), "v1 serves, in place of v3\n"),
        "{err}"
    );
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "from a pipe");
    let (code, _, err) = run(&["rollback"], "").await;
    assert_eq!(code, Some(1));
    assert!(err.contains("there is no version to go back to"), "{err}");

    // A bot that cannot start with a secret goes on, and the word says why.
    write(
        "app.js",
        &bot(
            "if (!process.env.MOTTO) throw new Error('no motto')",
            "'fine'",
        ),
    );
    run(&["deploy"], "").await;
    let (code, _, err) = run(&["secrets", "remove", "MOTTO"], "").await;
    assert_eq!(code, Some(1));
    assert!(
        err.contains("no motto") && err.contains("runs with those before"),
        "{err}"
    );
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "fine");
}
