//! What `roost serve` says about its settings: every mistake at once, and what is unsafe by name.

use std::io::Write as _;
use std::process::Command;

/// What it says and its exit code, with these variables and flags.
fn says(variables: &[(&str, &str)], flags: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_roost"))
        .arg("serve")
        .args(flags)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), said)
}

const KEY: &str = "6f1c0b9d5e2a7f8843c1d0e9b6a5f4c3e2d1b0a99f8e7d6c5b4a392817065f4e";
const SECRET: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";

/// Settings that are right but for the database, at which nothing listens.
fn right() -> Vec<(&'static str, &'static str)> {
    vec![
        ("DATABASE_URL", "postgres://roost@127.0.0.1:1/roost"),
        ("ROOST_MASTER_KEY", KEY),
        ("ROOST_VERIFY_TOKEN", "a-long-and-random-word"),
        ("ROOST_APP_SECRETS", SECRET),
        (
            "ROOST_ADMIN_TOKEN",
            "roost_1f0e2d3c4b5a69788796a5b4c3d2e1f0",
        ),
        ("ROOST_LISTEN", "127.0.0.1:0"),
        ("ROOST_ADMIN_LISTEN", "127.0.0.1:0"),
    ]
}

#[test]
fn every_mistake_is_told_at_once() {
    let wrong = [
        ("DATABASE_URL", "mysql://somewhere"),
        ("ROOST_MASTER_KEY", "hunter2"),
        ("ROOST_LISTEN", "localhost"),
        ("ROOST_INSTANCES", "many"),
        ("ROOST_SETTLE_SECONDS", "5"),
        ("ROOST_LOG_FORMAT", "xml"),
        ("ROOST_ADMIN_LISTNE", "127.0.0.1:1"),
    ];
    let (code, said) = says(&wrong, &["--graph-url", "graph.facebook.com"]);
    assert_eq!(code, 2, "{said}");
    for told in [
        "--database-url (DATABASE_URL) ",
        "--master-key (ROOST_MASTER_KEY) it must be 64 hexadecimal digits",
        "openssl rand -hex 32",
        "--verify-token (ROOST_VERIFY_TOKEN) is missing: what Meta says",
        "--app-secrets (ROOST_APP_SECRETS) is missing",
        "--listen (ROOST_LISTEN) is `localhost`: invalid socket address",
        "--instances (ROOST_INSTANCES) is `many`",
        "--settle-seconds (ROOST_SETTLE_SECONDS) is `5`",
        "--log-format (ROOST_LOG_FORMAT) is `xml`: use one of `text`, `json`",
        "--graph-url (ROOST_GRAPH_URL) is `graph.facebook.com`",
        "ROOST_ADMIN_LISTNE there is no such setting; did you mean ROOST_ADMIN_LISTEN?",
    ] {
        assert!(said.contains(told), "`{told}` is not in:\n{said}");
    }
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn unsafe_settings_are_refused_by_name_where_customers_write() {
    let mut unsafe_ones = right();
    for (name, value) in [
        (
            "ROOST_MASTER_KEY",
            "7777777777777777777777777777777777777777777777777777777777777777",
        ),
        ("ROOST_VERIFY_TOKEN", "verify"),
        ("ROOST_APP_SECRETS", "secret"),
        ("ROOST_ADMIN_TOKEN", "admin"),
        ("ROOST_ADMIN_LISTEN", "0.0.0.0:0"),
    ] {
        unsafe_ones.retain(|(other, _)| *other != name);
        unsafe_ones.push((name, value));
    }
    let names = [
        "weak-master-key",
        "weak-verify-token",
        "weak-app-secret",
        "weak-admin-token",
        "public-admin",
    ];
    let (code, said) = says(&unsafe_ones, &[]);
    assert_eq!(code, 2);
    assert!(said.contains("Meta is the real one"), "{said}");
    for name in names {
        assert!(
            said.contains(&format!("--allow-unsafe={name}")),
            "{name}: {said}"
        );
    }
    // Allowed, and on a desk, it goes on to the database, which is not there.
    let allowed = format!("--allow-unsafe={}", names.join(","));
    for flags in [[allowed.as_str()], ["--graph-url=http://127.0.0.1:9"]] {
        let (code, said) = says(&unsafe_ones, &flags);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("control database"), "{said}");
    }
    let flags = ["--graph-url=http://127.0.0.1:9", "--production"];
    let (_, said) = says(&unsafe_ones, &flags);
    assert!(said.contains("--allow-unsafe=plain-graph"), "{said}");
}

#[test]
fn secrets_may_be_in_files() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "{KEY}").unwrap();
    let path = file.path().to_str().unwrap();
    let mut settings = right();
    settings.retain(|(name, _)| *name != "ROOST_MASTER_KEY");
    settings.push(("ROOST_MASTER_KEY_FILE", path));
    let (code, said) = says(&settings, &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("control database"), "{said}");

    settings.push(("ROOST_MASTER_KEY", KEY));
    settings.push(("ROOST_ADMIN_TOKEN", ""));
    settings.push(("ROOST_ADMIN_TOKEN_FILE", "/nowhere"));
    let (code, said) = says(&settings, &[]);
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains("and so is ROOST_MASTER_KEY_FILE: keep one"),
        "{said}"
    );
    assert!(
        said.contains("ROOST_ADMIN_TOKEN_FILE names the file `/nowhere`"),
        "{said}"
    );
}
