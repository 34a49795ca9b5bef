//! Projects, their numbers, secrets and versions.

use roost::projects::{
    EnvironmentState, Placement, ProjectError, ProjectId, ProjectStore, Secret, Switched, Vault,
    VersionState,
};
use serde_json::json;
use std::sync::Arc;

use crate::support::bench::{
    Bench, LEASE, NUMBER, claimed_build, connect, deploy, finished, new_project,
};

#[tokio::test]
async fn a_name_is_one_projects_and_each_has_keys_of_its_own() {
    let bench = Bench::start().await;
    let same = new_project("bot");
    let again = bench.projects.make(&same, async |_, _| Ok(())).await;
    assert!(matches!(again, Err(ProjectError::NameTaken(_))));
    assert_eq!(bench.projects.list().await.unwrap().len(), 1);
    let keys = bench.projects.keys(bench.project).await.unwrap();
    assert_eq!(keys.app_secret.expose().len(), 32);
    assert_ne!(keys.app_secret, keys.verify_token);
}

#[tokio::test]
async fn a_number_belongs_to_one_project() {
    let bench = Bench::start().await;
    let projects = &bench.projects;
    let other = deploy(projects, "other", "777").await;
    let taken = connect(projects, other, NUMBER).await;
    assert!(matches!(taken, Err(ProjectError::NumberTaken(id)) if id == NUMBER));

    connect(projects, bench.project, "888").await.unwrap();
    let now = projects.number(bench.project).await.unwrap().unwrap();
    assert_eq!(
        (now.phone_number_id.as_str(), now.token.expose()),
        ("888", "a token")
    );
    connect(projects, other, NUMBER).await.unwrap();
    let routes = projects.numbers(&[NUMBER], &[]).await.unwrap();
    assert_eq!(
        routes.iter().map(|r| r.project_id).collect::<Vec<_>>(),
        [other]
    );

    let nobody = connect(projects, ProjectId::generate(), "1").await;
    assert!(matches!(nobody, Err(ProjectError::NotFound(_))));
}

#[tokio::test]
async fn two_projects_cannot_have_one_schema_or_role() {
    let bench = Bench::start().await;
    let other = deploy(&bench.projects, "other", "777").await;
    let at = |schema: &str, role: &str| Placement {
        database: "cell".to_owned(),
        schema: schema.to_owned(),
        role: role.to_owned(),
    };
    let place = async |project, wanted: Placement| bench.projects.placed(project, &wanted).await;
    let first = place(bench.project, at("t_a", "t_a")).await.unwrap();
    assert_eq!(first, at("t_a", "t_a"));
    for taken in [at("t_a", "t_b"), at("t_b", "t_a")] {
        let error = place(other, taken).await;
        assert!(matches!(error, Err(ProjectError::PlacementTaken { .. })));
    }
    place(other, at("t_b", "t_b")).await.unwrap();
    // It stays where it is, whatever is wanted later.
    let later = place(other, at("t_c", "t_c")).await.unwrap();
    assert_eq!(later, at("t_b", "t_b"));
    let project = bench.projects.by_id(other).await.unwrap();
    assert_eq!(project.placement, Some(later));
}

#[tokio::test]
async fn secrets_are_sealed_in_the_database_and_open_with_the_key_only() {
    let bench = Bench::start().await;
    let value = Secret::new("hunter2");
    bench
        .projects
        .set_secret(bench.project, "API_KEY", &Secret::new("old"))
        .await
        .unwrap();
    bench
        .projects
        .set_secret(bench.project, "API_KEY", &value)
        .await
        .unwrap();
    let error = bench
        .projects
        .set_secret(bench.project, "2 BAD", &value)
        .await;
    assert!(matches!(error, Err(ProjectError::Secret(_))));
    let secrets = bench.projects.secrets(bench.project).await.unwrap();
    assert_eq!(secrets, [("API_KEY".to_owned(), value)]);

    let stored: Vec<u8> = sqlx::query_scalar("select value_sealed from secret")
        .fetch_one(&bench.pool)
        .await
        .unwrap();
    assert!(!stored.windows(7).any(|bytes| bytes == b"hunter2"));
    let other_key = ProjectStore::new(bench.pool.clone(), Arc::new(Vault::new(&[8; 32])));
    assert!(matches!(
        other_key.secrets(bench.project).await,
        Err(ProjectError::Vault(_))
    ));

    assert!(
        bench
            .projects
            .remove_secret(bench.project, "API_KEY")
            .await
            .unwrap()
    );
    assert!(
        !bench
            .projects
            .remove_secret(bench.project, "API_KEY")
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn only_a_version_of_its_own_that_is_ready_can_serve() {
    let bench = Bench::start().await;
    let other = deploy(&bench.projects, "other", "777").await;
    let before = bench
        .projects
        .active_version(bench.project)
        .await
        .unwrap()
        .unwrap();
    let projects = &bench.projects;
    let job = claimed_build(projects, bench.project, false).await;
    let version = &job.version;
    assert_eq!(version.state, VersionState::Building);
    let serves = projects.environment(bench.project).await.unwrap().unwrap();
    let activate = |project| projects.activate(project, version.version_id, &serves);
    assert!(matches!(
        activate(bench.project).await,
        Err(ProjectError::VersionNotReady { .. })
    ));

    assert!(projects.extend_build(&job, LEASE).await.unwrap());
    assert_eq!(finished(projects, &job).await, Switched::Waits);
    // What follows the end of a build goes on, whoever asks for its lease meanwhile.
    assert!(projects.extend_build(&job, LEASE).await.unwrap());
    assert!(matches!(
        activate(other).await,
        Err(ProjectError::VersionNotReady { .. })
    ));
    let active = async || {
        let active = projects.active_version(bench.project).await.unwrap();
        active.unwrap()
    };
    assert_eq!(active().await.version_id, before.version_id);
    activate(bench.project).await.unwrap();
    let now = active().await;
    assert_eq!(now.version_id, version.version_id);
    assert_eq!(
        (now.state, now.notes),
        (VersionState::Ready, json!(["a \u{0} note"]))
    );
    let all = projects.versions(bench.project).await.unwrap();
    let ids: Vec<_> = all.iter().map(|v| v.version_id).collect();
    assert_eq!(ids, [version.version_id, before.version_id]);
}

#[tokio::test]
async fn an_environment_that_took_long_to_try_replaces_no_later_one() {
    let bench = Bench::start().await;
    let (projects, id) = (&bench.projects, bench.project);
    let version = projects.active_version(id).await.unwrap().unwrap();
    let of = |key: &str, seen| {
        let variables = [("KEY".to_owned(), key.to_owned())].into();
        projects.environment_of(id, variables, Default::default(), seen)
    };
    let (early, late) = (of("early", 3), of("late", 4));
    let renew = async |environment| {
        let renewed = projects.renew_environment(id, version.version_id, environment);
        renewed.await.unwrap()
    };

    assert!(renew(&late).await);
    assert!(!renew(&early).await);
    projects
        .refuse_environment(id, &early, "KEY is no key")
        .await
        .unwrap();

    let serves = projects.environment(id).await.unwrap().unwrap();
    assert_eq!(serves.fingerprint, late.fingerprint);
    let state = projects.environment_state(id).await.unwrap();
    assert!(!matches!(state, EnvironmentState::Failed(_)), "{state:?}");
}
