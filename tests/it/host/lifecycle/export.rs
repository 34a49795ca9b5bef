//! Exports, read back.

use std::collections::BTreeMap;
use std::io::Read as _;

use flate2::read::GzDecoder;
use futures::TryStreamExt as _;
use roost::projects::Secret;
use serde_json::Value;
use sqlx::{ConnectOptions as _, PgConnection};

use super::super::support::{TestHost, TestProject, guest, scratch_database};
use super::{Business, new_project, test_project};
use crate::postgres_support::{Folder, psql};

const ANA: &str = "16505551234";

/// Tables with what makes exports hard.
const TABLES: &str = r#"
create type mood as enum ('good', 'it''s bad');
create domain price as numeric(10, 2) check (value >= 0);
create table "Odd ""name""/x" (
  id serial primary key,
  "select" text not null default 'a',
  twice integer generated always as (7 * 2) stored,
  mood mood,
  cost price);
create table child (
  id bigint generated always as identity primary key,
  parent integer references "Odd ""name""/x" (id) on delete cascade,
  data jsonb, bytes bytea, at timestamptz, tags text[],
  constraint tags_few check (cardinality(tags) < 9));
create index child_data on child using gin (data);
create unique index child_at on child (at) where at is not null;
create view cheap as select id, cost from "Odd ""name""/x" where cost < 5;
create view cheapest as select min(cost) as cost from cheap;
create table parts (id int, day date) partition by range (day);
create table parts_2026 partition of parts for values from ('2026-01-01') to ('2027-01-01');
insert into "Odd ""name""/x" ("select", mood, cost) values
  (E'line\nend, "quotes" and \\.', 'good', 1.50), ('', 'it''s bad', null), (E'\t ünï', null, 12345678.99);
insert into child (parent, data, bytes, at, tags) values
  (1, '{"a": [1, "x"]}', '\x00ff0a', '2026-01-02 03:04:05.678+00', '{a,"b,c"}'),
  (null, null, '', null, '{}');
insert into parts values (1, '2026-05-05');
"#;

const READ: [&str; 5] = [
    r#"select coalesce(json_agg(t order by id), '[]')::text from "Odd ""name""/x" t"#,
    "select coalesce(json_agg(t order by id), '[]')::text from child t",
    "select coalesce(json_agg(t), '[]')::text from cheapest t",
    "select coalesce(json_agg(t), '[]')::text from parts t",
    "select json_agg(i order by i)::text from (
       select regexp_replace(indexdef, 't_[a-z2-7]{26}|public', 'S', 'g') as i from pg_indexes
       where schemaname = current_schema()) i",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_can_be_read_back_and_holds_no_secret() {
    let host = TestHost::start().await;
    let business = Business::new(&host).await;
    let mut new = new_project("pizza");
    new.number = Some(business.wish());
    new.secrets = vec![("API_KEY".to_owned(), Secret::new("hunter2-hunter2"))];
    let (project, _) = host.provisioned(&new).await;
    let bot = test_project(&host, &project, &business);
    host.deploys(&bot, &guest("echo")).await.unwrap();
    let mut ana = bot.customer(ANA).await;
    ana.says("hi\nthere").await;
    ana.hears().await;
    host.settles(&bot).await;
    let mut schema = host.schema_of(&bot).await;
    sqlx::raw_sql(TABLES).execute(&mut schema).await.unwrap();

    let files = exported(&host, &bot).await;

    let text = |path: &str| String::from_utf8(files[path].clone()).unwrap();
    let about: Value = serde_json::from_str(&text("project.json")).unwrap();
    assert_eq!(about["project"]["name"], "pizza");
    assert_eq!(
        about["number"]["phone_number_id"],
        business.number_id.as_str()
    );
    assert_eq!(about["secrets"], serde_json::json!(["API_KEY"]));
    let messages = text("messages.jsonl");
    let messages: Vec<Value> = messages
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let said: Vec<&str> = messages
        .iter()
        .map(|m| m["direction"].as_str().unwrap())
        .collect();
    assert_eq!(said, ["in", "out"]);
    assert!(messages[0]["body"].to_string().contains("hi\\nthere"));
    assert_eq!(text("contacts.jsonl").lines().count(), 1);
    assert_eq!(text("events.jsonl"), "", "all events are done");
    let version: Value = serde_json::from_str(text("versions.jsonl").trim()).unwrap();
    let artifact = format!(
        "artifacts/{}",
        version["component_sha256"].as_str().unwrap()
    );
    assert!(files[&artifact].starts_with(b"\0asm"));
    let manifest: Value = serde_json::from_str(&text("manifest.json")).unwrap();
    assert_eq!(manifest["complete"], true);
    let schema_name = host
        .app()
        .projects()
        .by_id(bot.id)
        .await
        .unwrap()
        .placement
        .unwrap()
        .schema;
    for (path, content) in &files {
        let holds = |word: &str| {
            content
                .windows(word.len())
                .any(|part| part == word.as_bytes())
        };
        assert!(!holds("hunter2-hunter2"), "{path} holds a secret");
        assert!(!holds(&business.token), "{path} holds the token");
        assert!(!holds(&schema_name), "{path} names the schema");
    }

    let mut loaded = load(&files).await;
    for sql in READ {
        assert_eq!(
            value(&mut loaded, sql).await,
            value(&mut schema, sql).await,
            "{sql}"
        );
    }
    // Counters go on, and constraints hold.
    let next: i32 =
        sqlx::query_scalar(r#"insert into "Odd ""name""/x" default values returning id"#)
            .fetch_one(&mut loaded)
            .await
            .unwrap();
    assert_eq!(next, 4);
    let next: i64 = sqlx::query_scalar("insert into child default values returning id")
        .fetch_one(&mut loaded)
        .await
        .unwrap();
    assert_eq!(next, 3);
    let broken = sqlx::raw_sql("insert into child (parent) values (99)")
        .execute(&mut loaded)
        .await;
    assert!(
        broken
            .unwrap_err()
            .to_string()
            .contains("child_parent_fkey")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_nobody_reads_ends() {
    let mut host = TestHost::start().await;
    let bot = host.project("pizza").await;
    let mut schema = host.schema_of(&bot).await;
    let rows = "create table big as
        select n, md5(n::text) || md5((n + 1)::text) as text from generate_series(1, 200000) n";
    sqlx::raw_sql(rows).execute(&mut schema).await.unwrap();

    let mut export = Box::pin(host.app().lifecycle().export(bot.id).await.unwrap());
    export.try_next().await.unwrap().unwrap();
    drop(export);
    // Its snapshot is closed.
    super::super::support::eventually("the export's session ends", async || {
        let open: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity where query ilike 'copy t\\_%'",
        )
        .fetch_one(&mut schema)
        .await
        .unwrap();
        (open == 0).then_some(())
    })
    .await;
    let whole = exported(&host, &bot).await;
    let rows = whole
        .iter()
        .find(|(path, _)| path.ends_with("-big.csv"))
        .unwrap()
        .1;
    assert_eq!(rows.iter().filter(|byte| **byte == b'\n').count(), 200_001);
}

async fn exported(host: &TestHost, bot: &TestProject) -> BTreeMap<String, Vec<u8>> {
    let export = host.app().lifecycle().export(bot.id).await.unwrap();
    let pieces: Vec<bytes::Bytes> = export.try_collect().await.unwrap();
    let mut tar = tar::Archive::new(GzDecoder::new(std::io::Cursor::new(pieces.concat())));
    let mut files = BTreeMap::new();
    let mut last = String::new();
    for entry in tar.entries().unwrap() {
        let mut entry = entry.unwrap();
        last = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        files.insert(last.clone(), content);
    }
    assert_eq!(last, "manifest.json");
    files
}

/// An empty database with what the export has of the schema, loaded as its README says.
async fn load(files: &BTreeMap<String, Vec<u8>>) -> PgConnection {
    let folder = Folder::new("export");
    for (path, content) in files {
        let path = folder.0.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let readme = std::str::from_utf8(&files["README.txt"]).unwrap();
    let line = readme.lines().find(|line| line.contains("psql ")).unwrap();
    let arguments: Vec<&str> = line.split_whitespace().skip(1).collect();
    let server = scratch_database().await;
    let options = server.control_options();
    let database = options.get_database().unwrap();
    let output = psql(database, &folder.0, &[], &arguments).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    options.connect().await.unwrap()
}

async fn value(conn: &mut PgConnection, sql: &'static str) -> Option<String> {
    let value = sqlx::query_scalar(sql).fetch_one(conn).await;
    value.unwrap_or_else(|error| panic!("{error}: {sql}"))
}
