//! Which version serves, and that nothing is lost when it changes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use roost::deploys::NewDeploy;
use roost::projects::VersionState;

use super::{ANA, app, bot, deploy, ended, named, submit};
use crate::host::support::{Setup, TestHost};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_is_lost_or_run_twice_while_versions_are_switched() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    deploy(&host, &project, &app(&named("v1"))).await;
    let mut people = Vec::new();
    for n in 0..6 {
        people.push(project.customer(&format!("1650555{n:04}")).await);
    }
    // They write, and are answered, for as long as versions are switched, and once more.
    let switched = AtomicBool::new(false);
    let mut by_version: BTreeMap<String, usize> = BTreeMap::new();

    let last = tokio::join!(
        async {
            for n in 0.. {
                let is_last = switched.load(Ordering::Relaxed);
                for person in &people {
                    person.says(&format!("{n}")).await;
                    person.says(&format!("{n} again")).await;
                }
                for person in &mut people {
                    for wanted in [format!("{n}"), format!("{n} again")] {
                        let answer = person.hears().await;
                        let (version, text) = answer.split_once(": ").unwrap();
                        assert_eq!(text, wanted, "{answer}");
                        *by_version.entry(version.to_owned()).or_default() += 1;
                    }
                }
                if is_last {
                    break;
                }
            }
        },
        async {
            for n in 2..=4 {
                deploy(&host, &project, &app(&named(&format!("v{n}")))).await;
            }
            let last = host.app().deploys().roll_back(project.id, None).await;
            switched.store(true, Ordering::Relaxed);
            last.unwrap()
        }
    )
    .1;

    assert_eq!((last.from.unwrap().number, last.to.number), (4, 3));
    host.settles(&project).await;
    for person in &mut people {
        assert!(person.unheard().await.is_empty());
    }
    let events = host.events(&project).await;
    assert!(
        events
            .iter()
            .all(|event| event.state == "done" && event.attempts == 1),
        "{events:?}"
    );
    assert!(
        by_version.len() > 1,
        "nothing was switched meanwhile: {by_version:?}"
    );
    people[0].says("last").await;
    assert_eq!(people[0].hears().await, "v3: last");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rolling_back_has_the_version_before_serve() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let mut ana = project.customer(ANA).await;
    let deploys = host.app().deploys().clone();
    let refused = deploys.roll_back(project.id, None).await.unwrap_err();
    assert!(refused.to_string().contains("serves none yet"), "{refused}");
    for n in 1..=3 {
        deploy(&host, &project, &app(&named(&format!("v{n}")))).await;
    }
    // In between, one that failed: nothing to go back to.
    let failed = submit(&host, project.id, &app("const x = (")).await;
    ended(&host, &failed).await;

    let steps = [(None, 2), (None, 1), (Some(3), 3)];
    for (to, number) in steps {
        let switched = deploys.roll_back(project.id, to).await.unwrap();
        assert_eq!(switched.to.number, number);
        ana.says("hi").await;
        assert_eq!(ana.hears().await, format!("v{number}: hi"));
    }
    for (to, says) in [
        (3, "v3 serves already"),
        (4, "v4 is failed"),
        (9, "no version v9"),
    ] {
        let refused = deploys.activate(project.id, to).await.unwrap_err();
        assert!(refused.to_string().contains(says), "{refused}");
    }
    deploys.roll_back(project.id, Some(1)).await.unwrap();
    let refused = deploys.roll_back(project.id, None).await.unwrap_err();
    assert!(
        refused.to_string().contains("no older one is ready"),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_wins_over_a_build_that_was_under_way() {
    let mut host = TestHost::start().await;
    let project = host.project("shop").await;
    let mut ana = project.customer(ANA).await;
    for n in 1..=2 {
        deploy(&host, &project, &app(&named(&format!("v{n}")))).await;
    }
    let slow = bot("setTimeout(() => server, 1_500)", "'slow'").replace(
        "http.createServer",
        "const server = 1\nsetTimeout(() => http.createServer",
    );
    let slow = slow.replace(
        ".listen(process.env.PORT)",
        ".listen(process.env.PORT), 1_500)",
    );
    let building = submit(&host, project.id, &app(&slow)).await;

    host.app()
        .deploys()
        .roll_back(project.id, None)
        .await
        .unwrap();

    let built = ended(&host, &building).await;
    assert_eq!(built.state, VersionState::Ready, "{:?}", built.error);
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "v1: hi");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_versions_go_and_the_one_that_serves_stays() {
    let setup = Setup {
        keep_versions: 2,
        ..Setup::default()
    };
    let mut host = TestHost::start_with(setup).await;
    let project = host.project("shop").await;
    let mut ana = project.customer(ANA).await;
    deploy(&host, &project, &app(&named("v1"))).await;
    deploy(&host, &project, &app(&named("v2"))).await;
    host.app()
        .deploys()
        .roll_back(project.id, None)
        .await
        .unwrap();
    // Built and not wanted: v1 goes on.
    for n in 3..=5 {
        let upload = app(&named(&format!("v{n}")));
        let only_built = NewDeploy {
            upload: &upload,
            created_by: "ci",
            message: None,
            serves_when_ready: false,
            takes_links: false,
        };
        let version = host.app().deploys().submit(project.id, &only_built).await;
        let version = ended(&host, &version.unwrap()).await;
        assert_eq!(version.state, VersionState::Ready, "{:?}", version.error);
    }
    let last = submit(&host, project.id, &app("const x = (")).await;
    ended(&host, &last).await;

    crate::host::support::eventually("old versions are gone", async || {
        let versions = host.app().projects().versions(project.id).await.unwrap();
        let numbers: Vec<_> = versions.iter().map(|version| version.number).collect();
        (numbers == [6, 5, 4, 1]).then_some(())
    })
    .await;
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "v1: hi");
}
