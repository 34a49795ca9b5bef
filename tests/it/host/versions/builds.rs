//! From an upload to a version that serves, or to what is wrong with it.

use std::time::Duration;

use roost::deploys::NewDeploy;
use roost::news::Change;
use roost::projects::{ProjectStore, Vault, VersionKind, VersionState};

use super::{ANA, app, bot, deploy, ended, heard, log_of, named, packed, submit, try_deploy};
use crate::host::support::{Disk, Setup, TestHost, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_built_in_the_background_and_serves() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let mut ana = project.customer(ANA).await;
    let first = [
        ("package.json", "{}"),
        ("app.js", &named("one")),
        ("old.txt", "x"),
    ];
    let upload = packed(&first);
    let deploy = NewDeploy {
        upload: &upload,
        created_by: "ci of the shop",
        message: Some("the first"),
        serves_when_ready: true,
        takes_links: false,
    };

    let version = host
        .app()
        .deploys()
        .submit(project.id, &deploy)
        .await
        .unwrap();
    assert_eq!(version.number, 1);
    assert!(!version.state.is_final());
    let version = ended(&host, &version).await;

    assert_eq!(version.state, VersionState::Ready, "{:?}", version.error);
    assert_eq!(version.kind, VersionKind::Folder);
    assert_eq!(version.created_by, "ci of the shop");
    assert_eq!(version.message.as_deref(), Some("the first"));
    assert_eq!(version.webhook_path.as_deref(), Some("/webhook"));
    let log = log_of(&host, &version).await;
    assert_eq!(version.notes["same_twice"], true, "{log}");
    assert_eq!(version.changes, None);
    for says in [
        "a folder of 3 files",
        "entry app.js",
        "booted twice to the same image",
        "webhook /webhook (it answers Meta's handshake)",
    ] {
        assert!(log.contains(says), "`{says}` is not in: {log}");
    }
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "one: hi");

    let second = [
        ("package.json", "{}"),
        ("app.js", &named("two")),
        ("new.txt", "x"),
    ];
    let version = super::deploy(&host, &project, &packed(&second)).await;
    let changes = version.changes.unwrap();
    assert_eq!((version.number, changes.since), (2, 1));
    assert_eq!(changes.added, ["new.txt"]);
    assert_eq!(changes.changed, ["app.js"]);
    assert_eq!(changes.removed, ["old.txt"]);
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "two: hi");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_fails_says_where_and_leaves_the_version_before_it_serving() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let mut ana = project.customer(ANA).await;
    deploy(&host, &project, &app(&named("one"))).await;

    for (files, says) in [
        (
            packed(&[("app.js", "const x = (")]),
            vec!["syntax error", "app.js:1:"],
        ),
        (
            packed(&[("app.js", "\nconst a = require('axios')\n")]),
            vec!["`axios` is not installed", "app.js:2:"],
        ),
        (
            packed(&[("app.js", &bot("\nthrow new Error('no soup today')", "''"))]),
            vec!["no soup today", "app.js:4:"],
        ),
        (
            packed(&[("app.js", "console.log('hi')")]),
            vec!["call `app.listen"],
        ),
        (
            packed(&[(
                "app.js",
                "require('node:http').createServer((q, s) => s.writeHead(404).end()).listen(3)",
            )]),
            vec!["no route of the bot answers Meta's webhook handshake"],
        ),
        (
            packed(&[("package.json", "{ nonsense"), ("app.js", "")]),
            vec!["`package.json` is not valid"],
        ),
        (
            packed(&[("readme.md", "a bot")]),
            vec!["no file to start the bot with was found"],
        ),
    ] {
        let error = try_deploy(&host, &project, &files).await.unwrap_err();
        for text in says {
            assert!(error.contains(text), "`{text}` is not in: {error}");
        }
        assert!(
            !error.contains("/build-"),
            "names the host's folder: {error}"
        );
        ana.says("hi").await;
        assert_eq!(ana.hears().await, "one: hi");
    }
    let versions = host.app().projects().versions(project.id).await.unwrap();
    assert_eq!(versions.len(), 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_cannot_take_files_of_the_host_with_it() {
    let mut host = TestHost::start().await;
    let project = host.project("spy").await;
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("keys.json");
    std::fs::write(&secret, "{\"master\": \"hunter2\"}").unwrap();
    let broken = folder.path().join("broken.json");
    std::fs::write(&broken, "hunter2 = {").unwrap();
    let up = "../".repeat(20);

    for file in [&secret, &broken] {
        for path in [
            file.display().to_string(),
            format!("{up}{}", file.display()).replace("//", "/"),
        ] {
            let source = bot(
                &format!("const taken = require('{path}')"),
                "JSON.stringify(taken)",
            );
            let error = try_deploy(&host, &project, &app(&source))
                .await
                .unwrap_err();
            // The bundler cannot even look there; of what is found, nothing outside is taken.
            let is_refused = ["outside of the bot's folder", "permission denied"];
            assert!(
                is_refused.iter().any(|text| error.contains(text)),
                "{error}"
            );
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_follows_a_build_hears_of_its_lines_before_it_hears_of_its_end() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let mut news = host.app().news().listen();
    deploy(&host, &project, &app(&named("one"))).await;
    let told = heard(&mut news, project.id);
    let nth = |wanted| told.iter().position(|change| *change == wanted);
    let (line, end) = (nth(Change::BuildLog), nth(Change::Build));
    assert!(line.is_some() && line < end, "{told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_deploys_that_come_at_once_the_newest_serves() {
    let mut host = TestHost::start().await;
    let project = host.project("busy").await;
    let mut ana = project.customer(ANA).await;
    let mut news = host.app().news().listen();

    let mut versions = Vec::new();
    for n in 1..=6 {
        versions.push(submit(&host, project.id, &app(&named(&format!("v{n}")))).await);
    }
    let last = ended(&host, versions.last().unwrap()).await;
    assert_eq!(last.state, VersionState::Ready, "{:?}", last.error);
    let mut replaced = 0;
    for version in &versions {
        let version = ended(&host, version).await;
        if let Some(error) = version.error {
            assert!(error.contains("takes its place"), "{error}");
            replaced += 1;
        }
    }
    assert!(replaced > 0, "all six were built");
    // Who waits for one that is not built is told, and not only who waits for those that are.
    let told = heard(&mut news, project.id);
    let ends = told.iter().filter(|change| **change == Change::Build);
    assert!(ends.count() > versions.len() - replaced, "{told:?}");
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "v6: hi");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_goes_on_after_the_host_stopped_in_the_middle_of_it() {
    let mut host = TestHost::start().await;
    let project = host.project("slow").await;
    let slow = bot(
        "setTimeout(() => {}, 0); await new Promise((r) => setTimeout(r, 2_000))",
        "'up'",
    );
    let version = submit(
        &host,
        project.id,
        &packed(&[
            ("app.mjs", &slow),
            ("package.json", r#"{"main":"app.mjs"}"#),
        ]),
    )
    .await;
    eventually("the build is under way", async || {
        let projects = host.app().projects();
        let now = projects
            .version(project.id, version.version_id)
            .await
            .unwrap();
        now.filter(|now| now.state != VersionState::Queued)
    })
    .await;

    host.stops().await;
    host.starts_again().await;

    let version = ended(&host, &version).await;
    assert_eq!(version.state, VersionState::Ready, "{:?}", version.error);
    let log = log_of(&host, &version).await;
    assert!(log.contains("this host stops"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_whose_host_died_is_taken_up_and_given_up_after_three_times() {
    let mut host = TestHost::start().await;
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (name, kept) in [("good", &mut good), ("bad", &mut bad)] {
        kept.push(host.project(name).await);
    }
    let (good, bad) = (good.remove(0), bad.remove(0));
    host.stops().await;
    // Another host, that dies in each build it begins.
    let pool = sqlx::PgPool::connect_with(host.control_options())
        .await
        .unwrap();
    let other = ProjectStore::new(pool, std::sync::Arc::new(Vault::new(&[7; 32])));
    let upload = app(&named("here"));
    let build = |upload| roost::projects::NewBuild {
        kind: VersionKind::Folder,
        created_by: "ci",
        message: None,
        upload,
        source_sha256: "",
        source_files: None,
        serves_when_ready: true,
        takes_links: false,
    };
    let dying = Duration::from_millis(1);
    let lost = other
        .enqueue_version(bad.id, &build(&upload))
        .await
        .unwrap();
    for n in 1..=3 {
        let job = eventually("the build is claimed", async || {
            let claim = other.claim_build("a host that dies", dying).await;
            claim.unwrap().job
        })
        .await;
        assert_eq!(
            (job.version.version_id, job.version.attempts),
            (lost.version_id, n)
        );
    }
    let saved = other
        .enqueue_version(good.id, &build(&upload))
        .await
        .unwrap();
    eventually("the build is claimed", async || {
        let claim = other.claim_build("a host that dies", dying).await;
        let job = claim.unwrap().job?;
        (job.version.version_id == saved.version_id).then_some(())
    })
    .await;

    host.starts_again().await;

    let saved = ended(&host, &saved).await;
    assert_eq!(saved.state, VersionState::Ready, "{:?}", saved.error);
    assert_eq!(saved.attempts, 2);
    let lost = ended(&host, &lost).await;
    assert_eq!(lost.state, VersionState::Failed);
    let error = lost.error.unwrap();
    assert!(
        error.contains("stopped 3 times in the middle of it"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_has_no_files_serves_what_another_built() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let mut ana = project.customer(ANA).await;
    deploy(&host, &project, &app(&named("one"))).await;
    host.stops().await;
    for folder in ["artifacts", "images"] {
        std::fs::remove_dir_all(host.data().join(folder)).unwrap();
    }
    host.starts_again().await;

    ana.says("hi").await;

    assert_eq!(ana.hears().await, "one: hi");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_files_are_made_again() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let mut ana = project.customer(ANA).await;
    deploy(&host, &project, &app(&named("one"))).await;
    let damages: [fn(&mut Vec<u8>); 3] = [
        |bytes| bytes.clear(),
        |bytes| bytes.truncate(bytes.len() / 2),
        |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle..middle + 8192].fill(0);
        },
    ];
    for damage in damages {
        host.stops().await;
        for folder in ["artifacts", "images"] {
            for entry in std::fs::read_dir(host.data().join(folder)).unwrap() {
                let file = entry.unwrap().path();
                if file.file_name().is_some_and(|name| name != "CACHEDIR.TAG") {
                    let mut bytes = std::fs::read(&file).unwrap();
                    // An artifact of a few lines is shorter than the hole.
                    bytes.resize(bytes.len().max(20_000), 0);
                    damage(&mut bytes);
                    std::fs::write(&file, bytes).unwrap();
                }
            }
        }
        host.starts_again().await;

        ana.says("hi").await;

        assert_eq!(ana.hears().await, "one: hi");
    }
    host.settles(&project).await;
    assert!(ana.unheard().await.is_empty());
    let log = host.log();
    for folder in ["artifacts", "images"] {
        let is_told = |line: &str| {
            let is_of_it = line.contains(&format!("/{folder}/"));
            is_of_it && line.contains("the file is damaged, and is made again")
        };
        assert!(log.lines().any(is_told), "nobody is told of {folder}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_where_a_folder_of_the_hosts_should_be_is_named() {
    let mut host = TestHost::start().await;
    host.stops().await;
    let images = host.data().join("images");
    std::fs::remove_dir_all(&images).unwrap();
    std::fs::write(&images, "in the way").unwrap();

    let started = roost::app::App::start(host.config()).await;

    let error = format!("{:#}", started.err().expect("it starts"));
    let named = format!("`{}`: ", images.display());
    assert!(error.contains(&named) && !error.contains('\n'), "{error}");
    std::fs::remove_file(&images).unwrap();
    host.starts_again().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_costs_at_most_a_deploy_which_says_so() {
    let Some(disk) = Disk::of(512, "a_full_disk_costs_at_most_a_deploy_which_says_so") else {
        return;
    };
    let mut host = TestHost::start_with(Setup {
        data_at: Some(disk.path().to_owned()),
        ..Setup::default()
    })
    .await;
    let project = host.project("shop").await;
    let mut ana = project.customer(ANA).await;
    deploy(&host, &project, &app(&named("one"))).await;

    disk.fills();
    let serves = match try_deploy(&host, &project, &app(&named("two"))).await {
        Ok(_) => "two",
        Err(said) => {
            assert!(said.contains("No space left on device"), "{said}");
            "one"
        }
    };
    ana.says("hi").await;
    assert_eq!(ana.hears().await, format!("{serves}: hi"));
    // Nothing of what serves has to be read from the disk, or what has is still there.
    host.stops().await;
    host.starts_again().await;
    ana.says("again").await;
    assert_eq!(ana.hears().await, format!("{serves}: again"));

    disk.frees();
    deploy(&host, &project, &app(&named("three"))).await;
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "three: hi");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_can_keep_no_files_serves_and_deploys() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let mut ana = project.customer(ANA).await;
    // Not even root can write below a file.
    for folder in ["artifacts", "images"] {
        let folder = host.data().join(folder);
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::write(&folder, "in the way").unwrap();
    }

    deploy(&host, &project, &app(&named("one"))).await;
    ana.says("hi").await;

    assert_eq!(ana.hears().await, "one: hi");
    assert!(host.log().contains("a file could not be kept"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_top_level_keeps_of_time_and_chance_is_said() {
    let mut host = TestHost::start().await;
    let project = host.project("lucky").await;
    let source = bot("const id = require('node:crypto').randomUUID()", "id");

    let version = deploy(&host, &project, &app(&source)).await;

    assert_eq!(version.notes["same_twice"], false);
    let log = log_of(&host, &version).await;
    assert!(log.contains("booted twice to two images"), "{log}");
    assert!(log.contains("read them in the handler"), "{log}");
}
