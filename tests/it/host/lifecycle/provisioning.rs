//! From asking for a project to a bot that answers.

use roost::lifecycle::{LifecycleError, State, StepName, StepState};
use roost::projects::{ProjectError, ProjectId, Secret};
use roost_emulator::control::{AssetCall, Fault};
use serde_json::json;

use super::super::support::{Operator, Setup, TestHost, eventually, guest};
use super::{Business, new_project, step, test_project};

const ANA: &str = "16505551234";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_is_there_at_once_and_becomes_ready_step_by_step() {
    let host = TestHost::start().await;
    let business = Business::new(&host).await;
    let mut new = new_project("pizza");
    new.number = Some(business.wish());
    new.secrets = vec![("API_KEY".to_owned(), Secret::new("hunter2"))];
    new.wants_deploy = true;

    let project = host.app().lifecycle().create(&new).await.unwrap();
    let begun = host
        .app()
        .lifecycle()
        .standing(project.project_id)
        .await
        .unwrap();
    assert_eq!(begun.state, State::Provisioning);
    assert!(begun.step.is_some());
    let bot = test_project(&host, &project, &business);
    // It waits for the deploy, which does not wait for it.
    host.deploys(&bot, &guest("echo")).await.unwrap();

    let (changes, standing) = host.followed(project.project_id).await;
    let standing = standing.unwrap();
    assert_eq!(standing.state, State::Active, "{standing:?}");
    let done: Vec<StepName> = changes
        .iter()
        .filter(|change| matches!(change.state, StepState::Done | StepState::Skipped))
        .map(|change| change.step)
        .collect();
    assert_eq!(
        done,
        [
            StepName::Database,
            StepName::NumberCheck,
            StepName::NumberSubscribe,
            StepName::NumberRegister,
            StepName::NumberVerify,
            StepName::Secrets,
            StepName::FirstDeploy,
        ]
    );
    let steps = standing.steps.iter();
    assert!(steps.clone().all(|step| step.started_at <= step.ended_at));
    let registered = step(&standing, StepName::NumberRegister);
    assert_eq!(
        registered.note.as_deref(),
        Some("the number is registered already")
    );
    assert_eq!(
        step(&standing, StepName::Secrets).note.as_deref(),
        Some("1 secret is sealed")
    );

    let mut ana = bot.customer(ANA).await;
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "You said: hi");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provisioning_that_waits_for_a_deploy_learns_of_it_at_once() {
    let host = TestHost::start().await;
    let business = Business::new(&host).await;
    let mut new = new_project("pizza");
    new.number = Some(business.wish());
    new.wants_deploy = true;
    let (project, standing) = host.provisioned(&new).await;
    assert_eq!(standing.state, State::Provisioning, "{standing:?}");
    // Nobody looks by themselves.
    let mut control = host.control_database().await;
    eventually("it waits for as long as it takes", async || {
        let waits = sqlx::query(
            "update step set next_try_at = now() + interval '1 day'
             where project_id = $1 and step = 'first-deploy' and state = 'waiting'",
        )
        .bind(project.project_id)
        .execute(&mut control)
        .await
        .unwrap();
        (waits.rows_affected() == 1).then_some(())
    })
    .await;

    let bot = test_project(&host, &project, &business);
    host.deploys(&bot, &guest("echo")).await.unwrap();

    let (_, standing) = host.followed(project.project_id).await;
    let standing = standing.unwrap();
    assert_eq!(standing.state, State::Active, "{standing:?}");
    let deployed = step(&standing, StepName::FirstDeploy);
    assert_eq!(deployed.state, StepState::Done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_given_is_left_out_and_said() {
    let host = TestHost::start().await;
    let (project, standing) = host.provisioned(&new_project("bare")).await;
    assert_eq!(standing.state, State::Active);
    assert_eq!(step(&standing, StepName::Database).state, StepState::Done);
    for name in [
        StepName::NumberCheck,
        StepName::Secrets,
        StepName::FirstDeploy,
    ] {
        let step = step(&standing, name);
        assert_eq!(step.state, StepState::Skipped);
        assert!(
            step.note.as_ref().unwrap().contains("at any time"),
            "{step:?}"
        );
    }
    let made = host
        .app()
        .projects()
        .by_id(project.project_id)
        .await
        .unwrap();
    assert!(made.placement.is_some() && made.provisioned_at.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_said_before_anything_is_made() {
    let host = TestHost::start().await;
    let business = Business::new(&host).await;
    let lifecycle = host.app().lifecycle();
    let mut new = new_project("pizza");
    new.number = Some(business.wish());
    new.number.as_mut().unwrap().phone_number_id = "+1 555 0100".to_owned();
    let refused = lifecycle.create(&new).await;
    assert!(matches!(refused, Err(LifecycleError::NoMetaId(id)) if id == "+1 555 0100"));
    new.number = None;
    new.secrets = vec![("2 BAD".to_owned(), Secret::new("x"))];
    let refused = lifecycle.create(&new).await;
    assert!(matches!(
        refused,
        Err(LifecycleError::Project(ProjectError::Secret(_)))
    ));
    assert!(host.app().projects().list().await.unwrap().is_empty());

    lifecycle.create(&new_project("pizza")).await.unwrap();
    let taken = lifecycle.create(&new_project("pizza")).await;
    assert!(matches!(
        taken,
        Err(LifecycleError::Project(ProjectError::NameTaken(_)))
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_fails_for_now_is_tried_again_by_itself() {
    let host = TestHost::start().await;
    let business = Business::new(&host).await;
    let fault = Fault::Refused {
        call: AssetCall::Subscribe,
        code: 131016,
        subcode: None,
    };
    host.emulator().fail_next(2, fault).await.unwrap();
    let mut new = new_project("pizza");
    new.number = Some(business.wish());
    let project = host.app().lifecycle().create(&new).await.unwrap();

    let (changes, standing) = host.followed(project.project_id).await;
    let standing = standing.unwrap();
    assert_eq!(standing.state, State::Active, "{standing:?}");
    let subscribed = step(&standing, StepName::NumberSubscribe);
    assert_eq!(
        (subscribed.state, subscribed.attempts),
        (StepState::Done, 3)
    );
    let told = changes
        .iter()
        .find(|change| change.error.is_some())
        .unwrap();
    assert!(
        told.error.as_ref().unwrap().contains("code 131016"),
        "{told:?}"
    );
    assert_eq!(told.state, StepState::Waiting);
    assert!(told.next_try_at.unwrap() > told.at);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_failed_for_good_waits_for_somebody_and_goes_on_from_there() {
    let host = TestHost::start().await;
    let business = Business::new(&host).await;
    let fault = Fault::Refused {
        call: AssetCall::Subscribe,
        code: 200,
        subcode: None,
    };
    host.emulator().fail_next(1, fault).await.unwrap();
    let mut new = new_project("pizza");
    new.number = Some(business.wish());
    let (project, standing) = host.provisioned(&new).await;
    assert_eq!(standing.state, State::Failed);
    assert_eq!(standing.step, Some(StepName::NumberSubscribe));
    assert!(
        standing
            .error
            .unwrap()
            .contains("Meta refused to subscribe the app")
    );
    let id = project.project_id;

    assert_eq!(host.app().lifecycle().retry(id).await.unwrap(), 1);
    let (changes, standing) = host.followed(id).await;
    assert_eq!(standing.unwrap().state, State::Active);
    let checks = changes
        .iter()
        .filter(|c| c.step == StepName::NumberCheck && c.state == StepState::Done);
    assert_eq!(checks.count(), 1, "what was done is done again");

    // Who was away hears the rest only.
    let middle = changes[changes.len() / 2].change_id;
    let rest = {
        use futures::StreamExt as _;
        let news = host.app().lifecycle().follow(id, middle).await.unwrap();
        news.count().await
    };
    assert_eq!(
        rest,
        changes.iter().filter(|c| c.change_id > middle).count() + 1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_host_goes_on_where_a_killed_one_was() {
    let setup = Setup {
        is_proxied: true,
        ..Setup::default()
    };
    let mut host = TestHost::start_with(setup).await;
    let business = Business::new(&host).await;
    host.stops().await;
    let roost = host.starts_as_process().await;
    host.proxy().keeps_answers();
    let new = json!({
        "name": "pizza",
        "number": {
            "phone_number_id": business.number_id, "waba_id": business.waba_id,
            "token": business.token,
        },
    });
    let made = Operator::of(&roost).post("/v1/projects", &new).await.ok();
    assert_eq!(made["status"], "provisioning");
    host.proxy().has_kept_an_answer().await;
    let mut control = host.control_database().await;
    let running: Vec<String> = sqlx::query_scalar("select step from step where state = 'running'")
        .fetch_all(&mut control)
        .await
        .unwrap();
    assert_eq!(running, ["number-check"]);
    roost.die().await;
    host.proxy().lets_answers_pass();
    host.starts_again().await;

    let project = ProjectId(made["id"].as_str().unwrap().parse().unwrap());
    let (changes, standing) = host.followed(project).await;
    assert_eq!(standing.unwrap().state, State::Active);
    let starts = |name: StepName| {
        let started = changes
            .iter()
            .filter(|c| c.step == name && c.state == StepState::Running);
        started.count()
    };
    assert_eq!(starts(StepName::Database), 1, "{changes:?}");
    assert_eq!(starts(StepName::NumberCheck), 2, "{changes:?}");
    assert_eq!(business.subscriptions(&host).await, 1);
}
