//! Deleting projects, and thinking better of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use roost::lifecycle::{LifecycleError, State, StepName};
use roost::projects::{ProjectError, ProjectId, Secret};
use sqlx::{AssertSqlSafe, PgConnection};

use super::super::support::{Operator, TestHost, eventually, guest};
use super::{Business, new_project, test_project, waits_until_gone};

const ANA: &str = "16505551234";

/// How many rows each table has of a project, of those that have any.
async fn rows_of(conn: &mut PgConnection, project: ProjectId) -> BTreeMap<String, i64> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_attribute a join pg_class c on c.oid = a.attrelid
         where a.attname = 'project_id' and c.relkind = 'r'
           and c.relnamespace = 'public'::regnamespace
           -- The audit log outlives what it tells of.
           and c.relname <> 'audit'",
    )
    .fetch_all(&mut *conn)
    .await
    .unwrap();
    assert!(tables.len() > 10, "{tables:?}");
    let mut rows = BTreeMap::new();
    for table in tables {
        let sql = AssertSqlSafe(format!(
            "select count(*) from {table} where project_id = $1"
        ));
        let count: i64 = sqlx::query_scalar(sql)
            .bind(project)
            .fetch_one(&mut *conn)
            .await
            .unwrap();
        if count > 0 {
            rows.insert(table, count);
        }
    }
    rows
}

fn files(host: &TestHost, folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(host.data().join(folder));
    let entries = entries
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path());
    // The tag tells backups to leave the folder out.
    entries
        .filter(|path| !path.ends_with("CACHEDIR.TAG"))
        .collect()
}

/// Whether the schema and the role of a project are there.
async fn tenant_of(host: &TestHost, schema: &str) -> (bool, bool) {
    let mut conn = host.cell_database().await;
    sqlx::query_as("select to_regnamespace($1) is not null, to_regrole($1) is not null")
        .bind(schema)
        .fetch_one(&mut conn)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_of_a_project_goes_and_nothing_of_another() {
    let host = TestHost::start().await;
    let (gone, kept) = (Business::new(&host).await, Business::new(&host).await);
    let mut bots = Vec::new();
    for (name, business) in [("gone", &gone), ("kept", &kept)] {
        let mut new = new_project(name);
        new.number = Some(business.wish());
        new.secrets = vec![("API_KEY".to_owned(), Secret::new("hunter2"))];
        let (project, _) = host.provisioned(&new).await;
        let bot = test_project(&host, &project, business);
        // The same code: one artifact for both.
        host.deploys(&bot, &guest("starter")).await.unwrap();
        let mut ana = bot.customer(ANA).await;
        ana.says("hi").await;
        ana.hears().await;
        host.settles(&bot).await;
        let placement = host.app().projects().by_id(bot.id).await.unwrap().placement;
        bots.push((bot, placement.unwrap().schema));
    }
    let [(gone_bot, gone_schema), (kept_bot, kept_schema)] = &bots[..] else {
        panic!("two bots");
    };
    let mut control = host.control_database().await;
    let kept_before = rows_of(&mut control, kept_bot.id).await;
    assert!(rows_of(&mut control, gone_bot.id).await.len() > 8);
    let (artifacts, images) = (files(&host, "artifacts"), files(&host, "images"));

    host.app()
        .lifecycle()
        .delete(gone_bot.id, true)
        .await
        .unwrap();
    waits_until_gone(&host, gone_bot.id).await;

    assert_eq!(rows_of(&mut control, gone_bot.id).await, BTreeMap::new());
    assert_eq!(tenant_of(&host, gone_schema).await, (false, false));
    assert_eq!(gone.subscriptions(&host).await, 0);
    assert_eq!(files(&host, "images").len(), images.len() - 1);

    assert_eq!(rows_of(&mut control, kept_bot.id).await, kept_before);
    assert_eq!(tenant_of(&host, kept_schema).await, (true, true));
    assert_eq!(kept.subscriptions(&host).await, 1);
    assert_eq!(
        files(&host, "artifacts"),
        artifacts,
        "the other one has the same code"
    );
    let mut ana = kept_bot.customer(ANA).await;
    ana.unheard().await;
    ana.says("still there?").await;
    ana.hears().await;
    let error = host.app().projects().by_id(gone_bot.id).await.unwrap_err();
    assert!(matches!(error, ProjectError::NotFound(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_project_is_silent_at_once_and_can_be_restored() {
    let host = TestHost::start().await;
    let business = Business::new(&host).await;
    let mut new = new_project("pizza");
    new.number = Some(business.wish());
    let (project, _) = host.provisioned(&new).await;
    let id = project.project_id;
    let bot = test_project(&host, &project, &business);
    host.deploys(&bot, &guest("echo")).await.unwrap();
    let mut ana = bot.customer(ANA).await;
    ana.says("hi").await;
    ana.hears().await;

    let lifecycle = host.app().lifecycle();
    let at = lifecycle.delete(id, false).await.unwrap();
    assert!(
        at > sqlx::types::chrono::Utc::now() + std::time::Duration::from_secs(6 * 24 * 60 * 60)
    );
    let (_, standing) = host.followed(id).await;
    let standing = standing.unwrap();
    assert_eq!(standing.state, State::Deleting);
    assert_eq!(standing.delete_after, Some(at));
    assert_eq!(business.subscriptions(&host).await, 0);
    ana.says("anybody there?").await;
    host.emulator().idle(super::DEADLINE).await.unwrap();
    assert!(ana.unheard().await.is_empty());

    let going =
        |error: LifecycleError| matches!(error, LifecycleError::Project(ProjectError::Going(_)));
    assert!(going(lifecycle.resume(id).await.unwrap_err()));
    assert!(going(
        lifecycle
            .connect_number(id, &business.wish())
            .await
            .unwrap_err()
    ));
    let (other, settings) = ("other".parse().unwrap(), Default::default());
    let renamed = host.app().change_project(id, Some(&other), &settings);
    assert!(matches!(renamed.await.unwrap_err(), ProjectError::Going(_)));
    assert!(going(
        lifecycle.create(&new_project("pizza")).await.unwrap_err()
    ));
    assert!(
        host.deploys(&bot, &guest("echo"))
            .await
            .unwrap_err()
            .contains("being deleted")
    );

    assert!(lifecycle.restore(id).await.unwrap());
    let (_, standing) = host.followed(id).await;
    let standing = standing.unwrap();
    assert_eq!(standing.state, State::Active, "{standing:?}");
    assert!(
        standing
            .steps
            .iter()
            .all(|step| step.step != StepName::DropSchema)
    );
    assert_eq!(business.subscriptions(&host).await, 1);
    ana.says("hello again").await;
    assert_eq!(ana.hears().await, "You said: hello again");
    let again = lifecycle.restore(id).await.unwrap_err();
    assert_eq!(
        again.to_string(),
        "project `pizza` is not being deleted, so there is nothing to restore"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_free_for_another_project_as_soon_as_its_own_is_deleted() {
    let host = TestHost::start().await;
    let business = Business::new(&host).await;
    let mut new = new_project("old");
    new.number = Some(business.wish());
    let (old, _) = host.provisioned(&new).await;
    let lifecycle = host.app().lifecycle();
    lifecycle.delete(old.project_id, false).await.unwrap();
    let (young, _) = host.provisioned(&new_project("young")).await;
    host.connects(young.project_id, &business.wish())
        .await
        .unwrap();
    host.followed(old.project_id).await;
    assert_eq!(business.subscriptions(&host).await, 1);

    // It comes back without its number, and says so.
    lifecycle.restore(old.project_id).await.unwrap();
    let (_, standing) = host.followed(old.project_id).await;
    let standing = standing.unwrap();
    assert_eq!(standing.state, State::Active);
    let error = standing.error.unwrap();
    assert!(error.contains("belongs to another project"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_project_is_paused_when_it_comes_back() {
    let host = TestHost::start().await;
    let (project, _) = host.provisioned(&new_project("pizza")).await;
    let lifecycle = host.app().lifecycle();
    lifecycle.pause(project.project_id).await.unwrap();
    lifecycle.delete(project.project_id, false).await.unwrap();
    assert!(!lifecycle.restore(project.project_id).await.unwrap());
    let standing = lifecycle.standing(project.project_id).await.unwrap();
    assert_eq!(standing.state, State::Paused);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn images_of_versions_that_another_host_removed_are_deleted_at_the_next_start() {
    let mut host = TestHost::start().await;
    let bot = host.bot("echo", &guest("echo")).await;
    let images = files(&host, "images");
    let orphan = host
        .data()
        .join("images")
        .join(format!("{}.wasm", uuid::Uuid::now_v7()));
    std::fs::write(&orphan, "secrets").unwrap();
    host.stops().await;
    host.starts_again().await;
    eventually("the image goes", async || (!orphan.exists()).then_some(())).await;
    assert_eq!(files(&host, "images"), images);
    let mut ana = bot.customer(ANA).await;
    ana.says("hi").await;
    assert_eq!(ana.hears().await, "You said: hi");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_that_is_killed_half_way_is_ended_by_the_next_host() {
    let mut host = TestHost::start().await;
    let bot = host.bot("echo", &guest("echo")).await;
    let schema = host
        .app()
        .projects()
        .by_id(bot.id)
        .await
        .unwrap()
        .placement
        .unwrap()
        .schema;
    host.stops().await;
    // Whoever holds a table open holds up its drop.
    let mut holder = host.schema_of(&bot).await;
    sqlx::raw_sql("create table held (n int); begin; select * from held")
        .execute(&mut holder)
        .await
        .unwrap();
    let roost = host.starts_as_process().await;
    let path = format!("/v1/projects/{}?now=true", bot.id);
    Operator::of(&roost).delete(&path).await.ok();
    let mut control = host.control_database().await;
    eventually("the schema is being dropped", async || {
        let running =
            sqlx::query("select from step where step = 'drop-schema' and state = 'running'");
        running
            .fetch_optional(&mut control)
            .await
            .unwrap()
            .map(|_| ())
    })
    .await;
    roost.die().await;
    sqlx::raw_sql("rollback")
        .execute(&mut holder)
        .await
        .unwrap();
    assert!(!rows_of(&mut control, bot.id).await.is_empty());
    host.starts_again().await;

    eventually("the project is gone", async || {
        rows_of(&mut control, bot.id).await.is_empty().then_some(())
    })
    .await;
    assert_eq!(tenant_of(&host, &schema).await, (false, false));
    assert!(files(&host, "images").is_empty() && files(&host, "artifacts").is_empty());
}
