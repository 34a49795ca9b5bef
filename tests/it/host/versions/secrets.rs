//! Secrets: a change reaches the bot by itself, and nothing of them is left lying about.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use roost::news::Change;
use roost::projects::{EnvironmentState, ProjectId, Secret};

use super::{ANA, app, bot, deploy, try_deploy};
use crate::host::support::{DEADLINE, TestHost, eventually};

/// Answers with a secret.
fn teller() -> String {
    bot(
        "const seen = process.env.MOTTO",
        "`${seen} ${process.env.EXTRA ?? '-'}`",
    )
}

async fn set(host: &TestHost, project: ProjectId, name: &str, value: &str) -> bool {
    let secret = Secret::new(value);
    let changed = host
        .app()
        .projects()
        .set_secret(project, name, &secret)
        .await
        .unwrap();
    follows(host, project).await;
    changed
}

/// Has done what follows a change of secrets, as the admin API does.
async fn follows(host: &TestHost, project: ProjectId) {
    let changes = host.app().changes();
    changes.follow(project, Change::Environment).await;
}

/// Waits until a change was tried, and gives what became of it.
async fn applied(host: &TestHost, project: ProjectId) -> EnvironmentState {
    eventually("the environment is tried", async || {
        let state = host
            .app()
            .projects()
            .environment_state(project)
            .await
            .unwrap();
        (state != EnvironmentState::Applying).then_some(state)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_secret_reaches_the_bot_without_a_deploy() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let mut ana = project.customer(ANA).await;
    assert!(set(&host, project.id, "MOTTO", "first").await);
    deploy(&host, &project, &app(&teller())).await;
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "first -");

    set(&host, project.id, "MOTTO", "second").await;
    assert_eq!(applied(&host, project.id).await, EnvironmentState::Current);
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "second -");

    let text = "# of the shop\nexport MOTTO=\"third\"\nEXTRA='more'\nPORT=8080\nnonsense\n";
    let report = host
        .app()
        .projects()
        .import_secrets(project.id, text, false)
        .await
        .unwrap();
    follows(&host, project.id).await;
    assert_eq!(report.set, ["MOTTO", "EXTRA"]);
    assert_eq!(report.left_out, ["PORT"]);
    assert_eq!(report.invalid[0].line, 5);
    assert_eq!(applied(&host, project.id).await, EnvironmentState::Current);
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "third more");

    assert!(
        host.app()
            .projects()
            .remove_secret(project.id, "EXTRA")
            .await
            .unwrap()
    );
    follows(&host, project.id).await;
    assert_eq!(applied(&host, project.id).await, EnvironmentState::Current);
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "third -");

    // A version made before sees what the secrets are now.
    deploy(&host, &project, &app(&super::named("other"))).await;
    set(&host, project.id, "MOTTO", "fourth").await;
    assert_eq!(applied(&host, project.id).await, EnvironmentState::Current);
    host.app()
        .deploys()
        .roll_back(project.id, None)
        .await
        .unwrap();
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "fourth -");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_the_bot_cannot_start_with_changes_nothing() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let mut ana = project.customer(ANA).await;
    set(&host, project.id, "MOTTO", "good").await;
    let picky = teller().replace(
        "const seen",
        "if (process.env.MOTTO === 'bad') throw new Error('no such motto')\nconst seen",
    );
    deploy(&host, &project, &app(&picky)).await;

    set(&host, project.id, "MOTTO", "bad").await;

    let EnvironmentState::Failed(error) = applied(&host, project.id).await else {
        panic!("it started with it");
    };
    assert!(
        error.contains("no such motto") && error.contains("app.js:3:"),
        "{error}"
    );
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "good -");
    // Also after a start, on a host that has no image of it.
    host.stops().await;
    std::fs::remove_dir_all(host.data().join("images")).unwrap();
    host.starts_again().await;
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "good -");
    // A deploy takes what the secrets are now: both or none of it.
    let refused = try_deploy(&host, &project, &app(&picky)).await.unwrap_err();
    assert!(refused.contains("no such motto"), "{refused}");
    deploy(&host, &project, &app(&teller())).await;
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "bad -");
    assert_eq!(applied(&host, project.id).await, EnvironmentState::Current);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_a_secret_is_told_once_it_was_tried_whatever_came_of_it() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let picky = teller().replace(
        "const seen",
        "if (process.env.MOTTO === 'bad') throw new Error('no such motto')\nconst seen",
    );
    deploy(&host, &project, &app(&picky)).await;
    for (value, starts) in [("good", true), ("bad", false), ("good", true)] {
        let mut news = host.app().news().listen();
        set(&host, project.id, "MOTTO", value).await;
        let told = tokio::time::timeout(DEADLINE, async {
            while !news.of(project.id, &[Change::Renewal]).await {}
        });
        assert!(told.await.is_ok(), "nobody tells of `{value}`");
        let projects = host.app().projects();
        let state = projects.environment_state(project.id).await.unwrap();
        match starts {
            true => assert_eq!(state, EnvironmentState::Current),
            false => assert!(matches!(state, EnvironmentState::Failed(_)), "{state:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_stays_as_it_is_makes_no_new_image() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    set(&host, project.id, "MOTTO", "same").await;
    deploy(&host, &project, &app(&teller())).await;
    let before = images(host.data());

    assert!(!set(&host, project.id, "MOTTO", "same").await);

    let generation = host.app().projects().generation(project.id).await.unwrap();
    assert_eq!(applied(&host, project.id).await, EnvironmentState::Current);
    assert_eq!(
        host.app().projects().generation(project.id).await.unwrap(),
        generation
    );
    assert_eq!(images(host.data()), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_with_secrets_are_for_the_hosts_user_and_in_no_backup() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    set(&host, project.id, "MOTTO", "hunter2-of-the-shop").await;
    deploy(&host, &project, &app(&teller())).await;
    let first = images(host.data());
    assert_eq!(first.len(), 1, "{first:?}");
    assert!(holds(
        &host.data().join("images").join(&first[0]),
        "hunter2-of-the-shop"
    ));

    for folder in ["images", "cache", "artifacts", "builds"] {
        let folder = host.data().join(folder);
        let tag = std::fs::read_to_string(folder.join("CACHEDIR.TAG")).unwrap();
        assert!(tag.starts_with("Signature: 8a477f597d28d172789f06886806bc55"));
        let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{}", folder.display());
        for entry in std::fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{}", entry.path().display());
        }
    }
    // What leaves this host by its artifacts has seen no secret.
    for entry in std::fs::read_dir(host.data().join("artifacts")).unwrap() {
        assert!(!holds(&entry.unwrap().path(), "hunter2"));
    }
    let mut control = host.control_database().await;
    let stored: Vec<Vec<u8>> = sqlx::query_scalar(
        "select sealed from environment union all select value_sealed from secret
         union all select bytes from artifact",
    )
    .fetch_all(&mut control)
    .await
    .unwrap();
    assert_eq!(stored.len(), 3);
    for bytes in stored {
        assert!(!bytes.windows(7).any(|window| window == b"hunter2"));
    }

    // What held the old value goes with it.
    set(&host, project.id, "MOTTO", "another").await;
    applied(&host, project.id).await;
    eventually("the old image is gone", async || {
        let now = images(host.data());
        (now.len() == 1 && now != first).then_some(())
    })
    .await;
    let environments: i64 = sqlx::query_scalar("select count(*) from environment")
        .fetch_one(&mut control)
        .await
        .unwrap();
    assert_eq!(environments, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_a_secret_says_why() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let projects = host.app().projects();
    let long = "x".repeat((64 << 10) + 1);
    for (name, value, says) in [
        ("2FAST", "x", "cannot name a secret"),
        ("A-B", "x", "cannot name a secret"),
        ("", "x", "cannot name a secret"),
        ("LONG", long.as_str(), "65537 bytes"),
        ("NUL", "a\0b", "NUL"),
    ] {
        let error = projects
            .set_secret(project.id, name, &Secret::new(value))
            .await
            .unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    let many: String = (0..300).map(|n| format!("NAME_{n}=x\n")).collect();
    let report = projects
        .import_secrets(project.id, &many, false)
        .await
        .unwrap();
    assert_eq!((report.set.len(), report.invalid.len()), (256, 44));
    assert_eq!(report.invalid[0].line, 257);
    let names = projects
        .secret_entries(project.id, Some("NAME_254"), 3)
        .await
        .unwrap();
    let names: Vec<_> = names.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["NAME_255", "NAME_26", "NAME_27"]);
}

fn images(data: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(data.join("images")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".image")).collect()
}

fn holds(file: &Path, text: &str) -> bool {
    let bytes = std::fs::read(file).unwrap();
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}
