//! What tenants made before something was bounded: after a host hardened their cell anew, it asks what asks today.

use std::sync::Arc;

use roost::postgres::{Cell, DbError, TenantDatabase, TenantName};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};

use crate::postgres_support::{TestTenant, pool, server};

/// Leads the types and casts of a cell back to what Postgres has, as cells were once. What was moved is found by its name,
/// where `bounded` is searched first.
const EARLIER: &str = "
    update pg_type t set typinput = p.oid from pg_proc p
    where t.typname like 'reg%' and t.typtype = 'b' and p.pronamespace = 'bounded'::regnamespace and p.proname = t.typname || 'in';
    update pg_cast set castfunc = 0, castmethod = 'b'
    where castsource in ('oid'::regtype, 'int4'::regtype) and casttarget::regtype::text like 'reg%';
    update pg_cast set castfunc = 1287 where castsource = 'int8'::regtype and casttarget::regtype::text like 'reg%';
    update pg_cast set castfunc = 313 where castsource = 'int2'::regtype and casttarget::regtype::text like 'reg%';
    drop cast (text as json);
    drop cast (varchar as json);
    drop cast (text as jsonb);
    drop cast (text as path);
    set search_path = bounded, pg_catalog;
";

/// What a tenant has from then.
const MADE: &str = r#"
    create table {role}.documents (d jsonb, s text, n oid);
    create view {role}.paths as select jsonb_path_exists(d, '$ ? (@.a[*] == @.b[*])') as x from {role}.documents;
    create view {role}.found as select 1 as x from {role}.documents where replace(s, s, 'x') <> '' order by strpos(s, s);
    create view {role}.items as select x from {role}.documents, jsonb_path_query(d, '$ ? (@.a[*] == @.b[*])') as x;
    create view {role}.nested as with "a\" as (select string_to_array(s, s) as "x} {y\" from {role}.documents)
      select (select count("x} {y\") from "a\") as x;
    create view {role}.read as select s::json as a, (s || '')::jsonb as b, s::varchar::json as c, array[s]::jsonb[] as d
      from {role}.documents;
    create materialized view {role}.kept as select replace(s, s, 'x') as x from {role}.documents;
    create table {role}.checked (s text, check (replace(s, s, '') <> 'x'));
    create table {role}.generated (s text, g text generated always as (replace(s, s, 'x')) stored);
    create table {role}.defaults (s text default replace(repeat('a', 100000), repeat('a', 100000), 'x'), n int);
    create table {role}.indexed (s text);
    create index on {role}.indexed (replace(s, s, 'x'));
    create table {role}.cast_index (s text, n int);
    create index cast_index_s on {role}.cast_index ((s::jsonb));
    create table {role}.partial (s text);
    create index on {role}.partial (s) where replace(s, s, 'x') <> '';
    create table {role}.parted (s text) partition by hash (replace(s, s, 'x'));
    create table {role}.parted_0 partition of {role}.parted for values with (modulus 1, remainder 0);
    create domain {role}.word as text check (replace(value, value, '') <> 'x');
    create domain {role}.long as text default replace(repeat('a', 100000), repeat('a', 100000), 'x');
    create table {role}.of_long (l {role}.long, n int);
    create view {role}.names as select n::regclass::text as a, n::int4::regrole::text as b, n::int8::regtype::text as c,
        row(n::regclass)::text as d, array[n]::regclass[]::text as e, array_remove(array[n], 0)::regclass[]::text as f,
        format('%s', n::regnamespace) as g
      from {role}.documents;
    create table {role}.named (n oid, c text generated always as (n::regclass::oid::text) stored);
"#;

/// What each of it says to values that are large.
const LARGE: [&str; 15] = [
    "select * from paths",
    "select * from found",
    "select * from items",
    "select * from nested",
    "select a from read",
    "select b from read",
    "select c from read",
    "select d from read",
    "refresh materialized view kept",
    "insert into checked select s from documents",
    "insert into generated select s from documents",
    "insert into defaults (n) values (1)",
    "insert into indexed select s from documents",
    "insert into partial select s from documents",
    "insert into parted select s from documents",
];

async fn run(admin: &mut PgConnection, sql: String) {
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(admin).await;
    done.unwrap();
}

#[tokio::test]
async fn what_was_made_before_is_bounded_when_its_cell_is_hardened_anew() {
    let database = "cell_older";
    let cell = Cell::ensure(&server().await, database).await.unwrap();
    let tenant = TestTenant {
        tenant: cell.provision_tenant(TenantName::random()).await.unwrap(),
        database: Arc::new(TenantDatabase::new(pool())),
    };
    let role = tenant.tenant.role();
    let options = server().await.control_options().database(database);
    let mut admin = options.connect().await.unwrap();
    run(&mut admin, EARLIER.to_owned()).await;
    run(&mut admin, MADE.replace("{role}", role)).await;
    let owned = "do $$ declare made record; begin
          for made in select oid::regclass as name from pg_class where relnamespace = '{role}'::regnamespace and relkind in ('r', 'p', 'v', 'm')
          loop execute format('alter table %s owner to {role}', made.name); end loop;
          alter domain {role}.word owner to {role};
          alter domain {role}.long owner to {role};
        end $$;
        comment on database cell_older is 'an earlier one'";
    run(&mut admin, owned.replace("{role}", role)).await;
    assert!(calls_what_was_moved(&mut admin, role).await > 10);

    Cell::ensure(&server().await, database).await.unwrap();
    assert_eq!(calls_what_was_moved(&mut admin, role).await, 0);

    // Small values are as they were.
    let small =
        "insert into documents values ('{\"a\": [1], \"b\": [1]}', '[5]', 'documents'::regclass)";
    tenant.query(small).await.unwrap();
    for (sql, value) in [
        ("select x from paths", "t"),
        ("select x from found", "1"),
        ("select x from items", "{\"a\": [1], \"b\": [1]}"),
        ("select x from nested", "1"),
        ("select (a, b, c, d)::text from read", "([5],[5],[5],{[5]})"),
        (
            "insert into checked select s from documents returning s",
            "[5]",
        ),
        (
            "insert into generated select s from documents returning g",
            "x",
        ),
        (
            "insert into indexed select s from documents returning s",
            "[5]",
        ),
        (
            "insert into partial select s from documents returning s",
            "[5]",
        ),
        (
            "insert into parted select s from documents returning s",
            "[5]",
        ),
        ("insert into cast_index values ('[5]', 1) returning n", "1"),
        ("select 'w'::word", "w"),
        (
            "select concat_ws(' ', a, d, e, f) from names",
            "documents (documents) {documents} {documents}",
        ),
    ] {
        assert_eq!(tenant.value(sql).await, value, "{sql}");
    }
    // What they ask is found by their indexes.
    for sql in [
        "create table filled as select 'x' || n as s from generate_series(1, 5000) n",
        "insert into indexed select s from filled",
    ] {
        tenant.query(sql).await.unwrap();
    }
    let plan = tenant
        .query("explain select * from indexed where replace(s, s, 'x') = 'y'")
        .await;
    assert!(format!("{:?}", plan.unwrap()).contains("Index"));

    let large = "update documents set
        d = (select jsonb_build_object('a', jsonb_agg(n), 'b', jsonb_agg(-n)) from generate_series(1, 30000) n),
        s = repeat('[1,2,3,4', 3000000)";
    tenant.query(large).await.unwrap();
    let more = [
        "select (select s from documents)::word",
        "insert into of_long (n) values (1)",
        "insert into cast_index select s, 1 from documents",
    ];
    for sql in LARGE.into_iter().chain(more) {
        let Err(DbError::Sql(error)) = tenant.query(sql).await else {
            panic!("{sql} worked")
        };
        assert_eq!(error.code, "54000", "{sql}: {error:?}");
    }

    // Numbers of what is a neighbour's, and of the neighbour.
    let neighbour = cell.provision_tenant(TenantName::random()).await.unwrap();
    let name = neighbour.role();
    run(&mut admin, format!("create table {name}.zz_secret (n int)")).await;
    let numbers = format!(
        "select array['{name}.zz_secret'::regclass::oid, '{name}'::regnamespace::oid, '{name}'::regrole::oid,
           (select t.oid from pg_type t where t.typname = 'zz_secret')]::text[]"
    );
    let numbers: Vec<String> = sqlx::query_scalar(AssertSqlSafe(numbers))
        .fetch_one(&mut admin)
        .await
        .unwrap();
    for number in numbers {
        let set = format!("update documents set n = {number}, d = '1', s = '1'");
        tenant.query(&set).await.unwrap();
        let told = tenant.value("select names::text from names").await;
        assert!(
            !told.contains("zz_secret") && !told.contains(name),
            "{told}"
        );
    }
}

/// How many expressions of a tenant's call a function that was moved, or make a name or a document without one.
async fn calls_what_was_moved(admin: &mut PgConnection, role: &str) -> i64 {
    let sql = "with tree (of) as (
            select ev_action::text from pg_rewrite r join pg_class c on c.oid = r.ev_class where c.relnamespace = '{role}'::regnamespace
            union all
            select unnest(array[indexprs::text, indpred::text]) from pg_index i join pg_class c on c.oid = i.indrelid
            where c.relnamespace = '{role}'::regnamespace
            union all
            select partexprs::text from pg_partitioned_table p join pg_class c on c.oid = p.partrelid where c.relnamespace = '{role}'::regnamespace
            union all
            select adbin::text from pg_attrdef a join pg_class c on c.oid = a.adrelid where c.relnamespace = '{role}'::regnamespace
            union all
            select conbin::text from pg_constraint where connamespace = '{role}'::regnamespace
            union all
            select typdefaultbin::text from pg_type where typnamespace = '{role}'::regnamespace
          )
          select count(*) from tree
          where exists (
              select from regexp_matches(of, ':funcid (\\d+) ', 'g') as called (number)
                join pg_proc p on p.oid = called.number[1]::oid
              where p.pronamespace = 'bounded'::regnamespace and p.oid < 16384 and p.proname !~ 'in$')
            or of ~ 'RELABELTYPE .*:resulttype (2205|2206|4089|4096|2210) .*:relabelformat'
            or of ~ 'COERCEVIAIO .*:resulttype (114|3802) '";
    let sql = sql.replace("{role}", role);
    sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_one(admin)
        .await
        .unwrap()
}
