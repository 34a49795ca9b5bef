//! What a hardened cell leaves open, and that ordinary SQL still works in it.

use roost::postgres::{DbError, Limits, Param};

use crate::postgres_support::TestTenant;

#[tokio::test]
async fn ordinary_sql_works() {
    let tenant = TestTenant::new().await;
    for sql in ORDINARY {
        tenant
            .query(sql)
            .await
            .unwrap_or_else(|err| panic!("{sql}: {err}"));
    }
    // PostgreSQL 16 has no case rules of its own but those of ASCII.
    let version = tenant.value("select current_setting('server_version_num')");
    if version.await.as_str() >= "170000" {
        let upper = tenant.value("select upper('\u{e9}t\u{e9}')").await;
        assert_eq!(upper, "\u{c9}T\u{c9}");
    }
    let params = [Param::Json("{\"a\": [1, 2]}".to_owned())];
    tenant
        .query_with("insert into o (data) values ($1)", &params)
        .await
        .unwrap();
    assert_eq!(
        tenant
            .value("select data -> 'a' ->> 1 from o where data ? 'a'")
            .await,
        "2"
    );
    assert_eq!(
        tenant.value("select string_agg(table_name, ' ' order by table_name) from information_schema.tables where table_schema = current_schema() and table_name in ('o', 'c')").await,
        "c o"
    );
    assert_ne!(
        tenant
            .value("select count(*) from information_schema.columns where table_name = 'o'")
            .await,
        "0"
    );
}

/// What ORMs ask the catalogs is there, of the tenant's own objects only; Postgres's catalogs stay closed.
#[tokio::test]
async fn the_catalogs_show_a_tenant_what_is_its_own() {
    let tenant = TestTenant::new().await;
    let other = TestTenant::new().await;
    for (tenant, name) in [(&tenant, "mine"), (&other, "hidden")] {
        for sql in [
            format!("create table {name} (id serial primary key, name text unique)"),
            format!("create type {name}_mood as enum ('{name}')"),
            format!("create view {name}_view as select * from {name}"),
            format!("comment on column {name}.id is 'of {name}'"),
        ] {
            tenant.query(&sql).await.unwrap();
        }
    }
    for (sql, shown) in [
        (
            "select string_agg(relname, ' ' order by relname) from catalog.pg_class \
             where relname like '%mine%' or relname like '%hidden%'",
            "mine mine_id_seq mine_name_key mine_pkey mine_view",
        ),
        (
            "select string_agg(enumlabel, ' ') from catalog.pg_enum",
            "mine",
        ),
        (
            "select string_agg(description, ' ') from catalog.pg_description",
            "of mine",
        ),
        (
            "select string_agg(indexname, ' ' order by indexname) from catalog.pg_indexes",
            "mine_name_key mine_pkey",
        ),
        (
            "select string_agg(catalog.pg_get_constraintdef(oid), ' ' order by contype) \
             from catalog.pg_constraint where conname like 'mine%key'",
            "PRIMARY KEY (id) UNIQUE (name)",
        ),
        (
            "select count(*) from catalog.pg_attribute where attname = 'rolpassword' and attrelid::bigint > 16383",
            "0",
        ),
        (
            "select sum(c.reltuples + c.relpages)::int from catalog.pg_class c \
             join catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = 'pg_catalog'",
            "0",
        ),
    ] {
        assert_eq!(tenant.value(sql).await, shown, "{sql}");
    }
    // A column with a length is one for which Postgres itself would read more.
    tenant
        .query("create table sized (name varchar(40))")
        .await
        .unwrap();
    let octets =
        "select character_octet_length from information_schema.columns where table_name = 'sized'";
    assert_eq!(tenant.value(octets).await, "160");
    // By number, what is another's has no definition.
    let number = other
        .value("select oid::bigint from catalog.pg_class where relname = 'hidden_view'")
        .await;
    let definition = format!("select catalog.pg_get_viewdef({number}::oid) is null");
    assert_eq!(tenant.value(&definition).await, "t");
    assert_eq!(other.value(&definition).await, "f");
    for sql in [
        "select 1 from pg_class",
        "select 1 from pg_catalog.pg_type",
        "select pg_get_expr(adbin, adrelid) from catalog.pg_attrdef",
        "select format_type(23, -1)",
        "create table catalog.t ()",
        "select pg_get_viewdef(1::oid)",
    ] {
        assert!(tenant.query(sql).await.is_err(), "{sql}");
    }
}

const ORDINARY: [&str; 45] = [
    "create type mood as enum ('sad', 'ok')",
    "alter type mood add value 'happy'",
    "create domain email as text check (value like '%@%')",
    "create sequence s start 10",
    "create table o (id bigserial primary key, m mood default 'ok', data jsonb, tags text[], at timestamptz default now(), e email)",
    "create table c (id int generated always as identity, o bigint references o on delete cascade, n numeric(10,2) check (n > 0), d numeric generated always as (n * 2) stored, unique (o, n))",
    "create index on o using gin (data)",
    "create index on o (lower(e))",
    "create unique index concurrently u on o (e)",
    "create statistics st on id, m from o",
    "insert into o (tags, e) values ('{a,b}', 'x@y') on conflict (e) do update set m = 'sad' returning id",
    "insert into o (tags, e) values ('{a,b}', 'x@y') on conflict (e) do update set m = 'sad' returning id",
    "insert into c (o, n) select id, 1.5 from o",
    "update o set m = 'happy' where 'a' = any (tags)",
    "with recursive r as (select 1 as n union all select n + 1 from r where n < 5) select sum(n) from r",
    "with d as (delete from c returning *) select * from d",
    "select row_number() over (partition by m order by id) from o",
    "select * from o cross join lateral (select 1) l for update of o",
    "merge into c using o on c.o = o.id when not matched then insert (o, n) values (o.id, 1)",
    "create view v as select * from o where m = 'happy'",
    "create or replace view v as select * from o",
    "create materialized view mv as select count(*) from o",
    "create unique index on mv (count)",
    "refresh materialized view mv",
    "create table p (k int, at date) partition by range (at)",
    "create table p1 partition of p for values from ('2026-01-01') to ('2027-01-01')",
    "insert into p values (1, '2026-05-05')",
    "select nextval('s'), currval('s'), lastval(), setval('s', 20)",
    "select to_tsvector('english', 'running dogs') @@ to_tsquery('english', 'run & dog')",
    "select gen_random_uuid(), random(), now(), clock_timestamp(), md5('x'), sha256('x')",
    "select jsonb_agg(o), json_build_object('a', 1), jsonb_path_query_array('[1,2]', '$[*]') from o",
    "select * from json_to_recordset('[{\"a\":1}]') as x (a int)",
    "select regexp_replace('abc', 'b', 'x'), format('%I %L', 'a', 'b'), '1 day'::interval + now()",
    "select date_trunc('day', now() at time zone 'Europe/Madrid'), age(now()), extract(epoch from now())",
    "select greatest(1, 2), width_bucket(5, 0, 10, 5), percentile_cont(0.5) within group (order by id) from o",
    "explain (analyze, costs off) select * from o",
    "alter table o add column extra text, alter column extra set default 'x'",
    "comment on table o is 'orders'",
    "create unlogged table un (n int)",
    "create table copied as table o with no data",
    "select check_clause from information_schema.check_constraints where constraint_schema = current_schema()",
    "select constraint_name from information_schema.table_constraints join information_schema.key_column_usage using (constraint_name)",
    "select table_name, is_updatable from information_schema.views",
    "select sequence_name, start_value from information_schema.sequences",
    "truncate c, o restart identity",
];

/// The counts of a plan are of all rows that a view looks through, also of others' ones.
#[tokio::test]
async fn no_plan_tells_how_much_others_have() {
    let tenant = TestTenant::new().await;
    for sql in [
        "create table own (id int primary key)",
        "create view indirect as select relname from catalog.pg_class",
    ] {
        tenant.query(sql).await.unwrap();
    }
    for queried in [
        "select 1 from catalog.pg_class where relname = 'x'",
        "select 1 from own where exists (select from information_schema.tables)",
        "select 1 from indirect",
        "select 1 from catalog.pg_namespace",
    ] {
        assert!(tenant.query(queried).await.is_ok(), "{queried}");
        for options in [
            "",
            "analyze",
            "(verbose)",
            "(format json)",
            "(analyze, format yaml)",
            "(format xml)",
        ] {
            let sql = format!("/* x */ explain {options} {queried}");
            let Err(DbError::Denied(sentence)) = tenant.query(&sql).await else {
                panic!("{sql} was shown")
            };
            assert!(sentence.starts_with("EXPLAIN shows no plan that reads"));
        }
    }
    let deadline = std::time::Duration::from_secs(5);
    let begin = tenant
        .database
        .begin(&tenant.tenant, Default::default(), deadline);
    let mut transaction = begin.await.unwrap();
    let explain = "explain analyze select 1 from indirect";
    let shown = transaction.query(explain, &[], &Limits::default()).await;
    assert!(matches!(shown, Err(DbError::Denied(_))), "{shown:?}");
    for own in [
        "explain analyze select * from own where id = 1",
        "explain (format json) insert into own values (1)",
    ] {
        assert!(tenant.query(own).await.is_ok(), "{own}");
    }
}
