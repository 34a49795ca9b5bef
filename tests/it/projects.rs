//! Projects, their numbers, secrets and versions.

use roost::projects::{
    EnvironmentState, NewNumber, NewVersion, Placement, ProjectError, ProjectId, ProjectStore,
    Secret, Vault, VersionState,
};
use serde_json::json;
use std::sync::Arc;

use crate::support::bench::{Bench, NUMBER, WABA, deploy};

fn number(id: &str) -> NewNumber {
    NewNumber {
        phone_number_id: id.to_owned(),
        waba_id: WABA.to_owned(),
        display_phone_number: "15550783881".to_owned(),
        token: Secret::new("a new token"),
    }
}

#[tokio::test]
async fn a_project_that_is_created_twice_is_one() {
    let bench = Bench::start().await;
    let again = bench
        .projects
        .create(&"bot".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(again.project_id, bench.project);
    assert_eq!(bench.projects.list().await.unwrap().len(), 1);
    let keys = bench.projects.keys(bench.project).await.unwrap();
    assert_eq!(keys.app_secret.expose().len(), 32);
    assert_ne!(keys.app_secret, keys.verify_token);
}

#[tokio::test]
async fn a_number_belongs_to_one_project() {
    let bench = Bench::start().await;
    let other = deploy(&bench.projects, "other", "777").await;
    let taken = bench.projects.connect_number(other, &number(NUMBER)).await;
    assert!(matches!(taken, Err(ProjectError::NumberTaken(id)) if id == NUMBER));

    bench
        .projects
        .connect_number(bench.project, &number("888"))
        .await
        .unwrap();
    let now = bench.projects.number(bench.project).await.unwrap().unwrap();
    assert_eq!(
        (now.phone_number_id.as_str(), now.token.expose()),
        ("888", "a new token")
    );
    bench
        .projects
        .connect_number(other, &number(NUMBER))
        .await
        .unwrap();
    let routes = bench.projects.numbers(&[NUMBER], &[]).await.unwrap();
    assert_eq!(
        routes.iter().map(|r| r.project_id).collect::<Vec<_>>(),
        [other]
    );

    let nobody = bench
        .projects
        .connect_number(ProjectId::generate(), &number("1"))
        .await;
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
    bench
        .projects
        .place(bench.project, &at("t_a", "t_a"))
        .await
        .unwrap();
    for taken in [at("t_a", "t_b"), at("t_b", "t_a")] {
        let error = bench.projects.place(other, &taken).await;
        assert!(matches!(error, Err(ProjectError::PlacementTaken { .. })));
    }
    bench
        .projects
        .place(other, &at("t_b", "t_b"))
        .await
        .unwrap();
    let project = bench.projects.by_id(other).await.unwrap();
    assert_eq!(project.placement, Some(at("t_b", "t_b")));
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
    let new = NewVersion {
        component_sha256: "ab".repeat(32),
        entry: "bot.js".to_owned(),
        webhook_path: "/hook".to_owned(),
        notes: json!(["a \u{0} note"]),
    };
    let version = bench
        .projects
        .insert_version(bench.project, &new)
        .await
        .unwrap();
    assert_eq!(
        (version.state, &version.notes),
        (VersionState::Building, &new.notes)
    );
    let activate = |project| bench.projects.activate(project, version.version_id);
    assert!(matches!(
        activate(bench.project).await,
        Err(ProjectError::VersionNotReady { .. })
    ));

    bench
        .projects
        .set_version_state(bench.project, version.version_id, VersionState::Ready)
        .await
        .unwrap();
    assert!(matches!(
        activate(other).await,
        Err(ProjectError::VersionNotReady { .. })
    ));
    activate(bench.project).await.unwrap();
    let active = bench
        .projects
        .active_version(bench.project)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(active.version_id, version.version_id);
    let all = bench.projects.versions(bench.project).await.unwrap();
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
