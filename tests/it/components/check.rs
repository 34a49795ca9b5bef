//! `roost check`, as a program.

use std::path::Path;
use std::process::Output;

use tokio::process::Command;

use super::path;

/// A folder that Postgres' own user reaches too.
pub(super) fn folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// `roost check` with these words, in a folder of its own.
pub(super) async fn check(
    folder: &Path,
    file: &Path,
    words: &[&str],
) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_roost"))
        .arg("check")
        .arg(file)
        .args(words)
        .current_dir(folder)
        .env("ROOST_DATA", folder.join("data"))
        .env("ROOST_POSTGRES", crate::postgres_support::bin_dir())
        .env("ROOST_SDK", crate::support::sdk())
        .output()
        .await
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[tokio::test]
async fn a_check_tells_the_imports_and_plays_a_conversation() {
    let folder = folder();

    let (code, out, err) = check(folder.path(), &path("c"), &["--run", "--text", "hello"]).await;

    assert_eq!(code, Some(0), "{out}{err}");
    for line in [
        "asked by wasi:http/incoming-handler@0.2.12",
        "given    wasi:http/outgoing-handler@0.2.12",
        "handshake: /webhook, it answers Meta's handshake",
        r#""body":"You said: hello""#,
        "log info: Meta answered 200",
        "text message: answered 200 in",
        "status: answered 200 in",
        "it is a bot",
    ] {
        assert!(out.contains(line), "`{line}` is not in\n{out}");
    }
    let empty = out
        .lines()
        .find(|line| line.starts_with("empty    wasi:filesystem/types@"));
    assert!(
        empty.is_some_and(|line| line.contains("keep data in `roost:bot/database`")),
        "{out}"
    );
}

#[tokio::test]
async fn a_check_says_what_is_wrong() {
    let folder = folder();
    let file = folder.path().join("bot.wasm");
    for (bytes, why) in [
        (&b"\0asm\x01\0\0\0"[..], "it is a core module"),
        (b"\0asm\x0d\0\x01\0", "exports no `wasi:http/handler@0.3.0`"),
        (b"#!/bin/sh", "is no component"),
    ] {
        std::fs::write(&file, bytes).unwrap();

        let (code, out, err) = check(folder.path(), &file, &[]).await;

        assert_eq!(code, Some(1), "{out}");
        assert!(err.contains(why), "{err}");
    }
    // A bot that answers nothing but the handshake is found out by the conversation.
    let (code, out, err) = check(
        folder.path(),
        &path("probes_wasi"),
        &["--run", "--path", "/nothing"],
    )
    .await;
    assert_eq!(code, Some(1), "{out}");
    assert!(err.contains("the text message failed"), "{err}");
}

#[tokio::test]
async fn what_roost_build_makes_is_booted_with_the_environment_of_the_check() {
    let folder = folder();
    let file = folder.path().join("bot.wasm");
    let built = Command::new(env!("CARGO_BIN_EXE_roost"))
        .arg("build")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/guests/echo"))
        .arg("-o")
        .arg(&file)
        .env("ROOST_DATA", folder.path().join("data"))
        .output()
        .await
        .unwrap();
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );

    let (code, out, err) = check(folder.path(), &file, &["--run", "--text", "hello"]).await;

    assert_eq!(code, Some(0), "{out}{err}");
    for line in [
        "booted with a project's environment",
        "handshake: /webhook, it answers Meta's handshake",
        r#""body":"You said: hello""#,
        "106540352242922/messages",
        "it is a bot",
    ] {
        assert!(out.contains(line), "`{line}` is not in\n{out}");
    }
}
