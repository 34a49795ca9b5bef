//! What tenants may call: each function of the server is decided about, and none outlives its deadline.

use std::collections::BTreeSet;
use std::time::Duration;

use roost::postgres::{Client, DbError, Limits, Login, Rows};
use sqlx::ConnectOptions as _;

use crate::postgres_support::{CELL, TestTenant, cell, server, text};

const LIST: &str = include_str!("../../migrations/cell/functions.sql");

/// Which functions are closed, and why: expressions that match the whole name.
const CLOSED: [(&str, &str); 10] = [
    (
        "they tell of the server or change it, and a later PostgreSQL brings more; but for `OPEN`",
        "pg_.*",
    ),
    (
        "they tell of another's objects by number",
        "has_.*_privilege|row_security_active|format_type|oidvectortypes|acldefault|amvalidate|.*_validator|(obj|col|shobj)_description",
    ),
    ("they store what no limit covers", "lo_.*|loread|lowrite"),
    (
        "they run SQL that is given as text",
        "(query|cursor|table|schema|database)_to_xml.*|ts_stat|ts_rewrite",
    ),
    ("it changes settings", "set_config"),
    (
        "they tell of the network",
        "inet_(server|client)_(addr|port)",
    ),
    (
        "they tell of others' transactions",
        "txid_current_snapshot|txid_snapshot_.*|txid_visible_in_snapshot|txid_status",
    ),
    (
        "they are for whoever keeps the server",
        "currtid2|makeaclitem|brin_.*|gin_clean_pending_list|binary_upgrade_.*",
    ),
    (
        "they take time as the square and look at no interrupts, and nobody misses them",
        "normalize|is_normalized|tsqueryin|path_inter|path_distance|poly_(overlap|contain|contained|same|distance)",
    ),
    ("libxml2 looks at no interrupts", "xml.*|xpath.*"),
];

/// Of the names that begin with `pg_`, those that are open.
const OPEN: &str = "\
    pg_backend_pid pg_char_to_encoding pg_client_encoding pg_collation_for pg_column_size \
    pg_encoding_max_length pg_encoding_to_char pg_function_is_visible pg_get_keywords \
    pg_get_serial_sequence pg_is_other_temp_schema \
    pg_my_temp_schema pg_size_bytes pg_size_pretty pg_sleep \
    pg_table_is_visible pg_timezone_abbrevs pg_timezone_abbrevs_abbrevs pg_timezone_abbrevs_zone \
    pg_timezone_names pg_type_is_visible pg_typeof";

/// What SQL has no values of. Who takes or gives it is called by the server only.
const INTERNAL: &str = "internal trigger event_trigger language_handler fdw_handler index_am_handler \
    table_am_handler tsm_handler";

async fn admin() -> sqlx::PgConnection {
    cell().await;
    let options = server().await.control_options().database(CELL);
    options.connect().await.unwrap()
}

/// All functions in `pg_catalog`: with their types, and whether a rule closes them.
async fn walk(admin: &mut sqlx::PgConnection) -> Vec<(String, bool)> {
    let closed: Vec<&str> = CLOSED.iter().map(|(_, names)| *names).collect();
    sqlx::query_as(
        "select format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)),
           p.proargtypes::oid[] || p.prorettype && string_to_array($3, ' ')::regtype[]::oid[]
           or p.proname <> all (string_to_array($2, ' '))
             and exists (select from unnest($1) as closed where p.proname ~ format('^(%s)$', closed))
         from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace",
    )
    .bind(closed)
    .bind(OPEN)
    .bind(INTERNAL)
    .fetch_all(admin)
    .await
    .unwrap()
}

fn listed() -> BTreeSet<&'static str> {
    LIST.split("$list$")
        .nth(1)
        .unwrap()
        .trim()
        .lines()
        .collect()
}

/// After an upgrade of PostgreSQL a new function is closed, and shows here: it belongs on the list of
/// `functions.sql`, or under a rule of `CLOSED`.
#[tokio::test]
async fn every_function_is_decided() {
    let listed = listed();
    let walked = walk(&mut admin().await).await;
    assert!(walked.len() > 3000, "{}", walked.len());
    let undecided: Vec<_> = walked
        .iter()
        .filter(|(signature, is_closed)| *is_closed == listed.contains(signature.as_str()))
        .collect();
    assert!(
        undecided.is_empty(),
        "on the list and closed by a rule, or neither: {undecided:#?}"
    );
}

#[tokio::test]
async fn tenants_may_call_what_is_listed_and_nothing_else() {
    let listed = listed();
    let open: Vec<String> = sqlx::query_scalar(
        "select format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)) from pg_proc p
         where p.pronamespace = 'pg_catalog'::regnamespace
           and has_function_privilege('tenants', p.oid, 'execute')",
    )
    .fetch_all(&mut admin().await)
    .await
    .unwrap();
    let unlisted: Vec<_> = open
        .iter()
        .filter(|signature| !listed.contains(signature.as_str()))
        .collect();
    assert!(unlisted.is_empty(), "{unlisted:?}");
    // The server has most of them: some are of other versions.
    assert!(open.len() + 100 > listed.len(), "{} are open", open.len());
}

/// A view calls functions in the name of who reads it: those of `information_schema` need all that they
/// call, or must not be asked. Where one is missing it is of those that ask about foreign servers, which tenants have not.
#[tokio::test]
async fn information_schema_works() {
    let tenant = TestTenant::new().await;
    for sql in [
        "create type mood as enum ('ok')",
        "create domain email as text check (value like '%@%')",
        "create table o (id serial primary key, m mood, e email, v varchar(9) default 'x', parent int references o)",
        "create view v as select * from o",
    ] {
        tenant.query(sql).await.unwrap();
    }
    let views: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class
         where relnamespace = 'information_schema'::regnamespace and relkind = 'v'
           and relname !~ '^_pg_' order by 1",
    )
    .fetch_all(&mut admin().await)
    .await
    .unwrap();
    let mut failed = Vec::new();
    for view in views {
        let sql = format!("select * from information_schema.{view}");
        if tenant.query(&sql).await.is_err() {
            failed.push(view);
        }
    }
    // Each column alone: the planner leaves out what is not asked for.
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select format('%I.%I', n.nspname, c.relname), a.attname::text
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
           join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
         where n.nspname in ('catalog', 'information_schema') and c.relkind = 'v' and c.relname !~ '^_pg_'
           and c.relname <> all ($1)
         order by 1, a.attnum",
    )
    .bind(&failed)
    .fetch_all(&mut admin().await)
    .await
    .unwrap();
    assert!(columns.len() > 900, "{}", columns.len());
    let mut unreadable = Vec::new();
    for (view, column) in columns {
        let sql = format!("select count((x.\"{column}\")::text) from {view} x");
        if let Err(error) = tenant.query(&sql).await {
            unreadable.push(format!("{view}.{column}: {error}"));
        }
    }
    assert!(unreadable.is_empty(), "{}", unreadable.join("\n"));
    let owner = "select distinct tableowner from catalog.pg_tables where schemaname = current_user";
    assert_eq!(tenant.value(owner).await, tenant.tenant.role());
    assert_eq!(
        failed.join(" "),
        "column_options foreign_data_wrapper_options foreign_server_options foreign_table_options \
         transforms user_mapping_options"
    );
    for (sql, shown) in [
        (
            "select string_agg(table_name, ' ' order by table_name) from information_schema.tables",
            "o v",
        ),
        (
            "select column_default from information_schema.columns where table_name = 'o' and column_name = 'v'",
            "'x'::character varying",
        ),
        (
            "select count(*) from information_schema.referential_constraints",
            "1",
        ),
        ("select count(*) from information_schema.domains", "1"),
        (
            "select view_definition is not null from information_schema.views",
            "t",
        ),
    ] {
        assert_eq!(tenant.value(sql).await, shown, "{sql}");
    }
}

/// Whatever a neighbour has, no view tells of it: neither by its rows, nor by errors of a condition that sees them. Nor
/// does a number become the name of what a neighbour has.
#[tokio::test]
async fn information_schema_tells_of_nobody_else() {
    let neighbour = TestTenant::new().await;
    for sql in [
        "create type zz_mood as enum ('zz_ok')",
        "create domain zz_email as text constraint zz_valid check (value <> 'zz_x')",
        "create type zz_range as range (subtype = float8)",
        "create type zz_pair as (zz_left int, zz_right zz_mood)",
        "create table zz_t (zz_id serial primary key, zz_m zz_mood default 'zz_ok', zz_e zz_email, zz_p zz_pair[], \
         zz_n int generated always as identity, constraint zz_positive check (zz_id > 0))",
        "create table zz_u (zz_id int references zz_t)",
        "create view zz_v as select * from zz_t",
        "create materialized view zz_w as select 1 as zz_one",
        "create sequence zz_s",
        "create index zz_i on zz_t (zz_e)",
        "create statistics zz_x on zz_m, zz_e from zz_t",
        "comment on table zz_t is 'zz_comment'",
    ] {
        neighbour.query(sql).await.unwrap();
    }
    let tenant = TestTenant::new().await;
    let views: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname in ('information_schema', 'catalog') and c.relkind = 'v' order by 1",
    )
    .fetch_all(&mut admin().await)
    .await
    .unwrap();
    assert!(views.len() > 80, "{views:?}");
    let names = format!("zz_|{}", neighbour.tenant.role());
    let mut client = Client::connect(&Login::for_tenant(&tenant.tenant))
        .await
        .unwrap();
    let mut told = Vec::new();
    for view in views {
        for sql in [
            format!("select x::text from {view} x where x::text ~ '{names}' limit 1"),
            format!(
                "select 1 from {view} x where 1 / (case when x::text ~ '{names}' then 0 else 1 end) = 0"
            ),
        ] {
            match client.query(&sql, &[], &Limits::default()).await {
                Ok(rows) if rows.rows.is_empty() => {}
                Ok(rows) => told.push(format!("{view}: {}", text(&rows, 0, 0))),
                Err(DbError::Sql(error)) if error.code == "42501" => {}
                Err(error) => told.push(format!("{view}: {error}")),
            }
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
    let numbers: String = sqlx::query_scalar(
        "select string_agg(o.oid::text, ',') from pg_namespace n cross join lateral (
           select c.oid from pg_class c where c.relnamespace = n.oid
           union all select t.oid from pg_type t where t.typnamespace = n.oid
           union all select p.oid from pg_proc p where p.pronamespace = n.oid) as o
         where n.nspname = $1",
    )
    .bind(neighbour.tenant.role())
    .fetch_one(&mut admin().await)
    .await
    .unwrap();
    for kind in ["regclass", "regtype", "regproc", "regprocedure"] {
        for number in [
            "g",
            "g::int8",
            "g::int8::int4",
            "g::text",
            "g::text::varchar",
            "g::text::bpchar",
            "g::text::name",
        ] {
            let sql = format!(
                "select string_agg(({number})::{kind}::text, ' ') from unnest('{{{numbers}}}'::oid[]) g"
            );
            assert_eq!(tenant.value(&sql).await, "null", "{sql}");
        }
        let sql = format!(
            "select string_agg(to_{kind}(g::text)::text, ' ') from unnest('{{{numbers}}}'::oid[]) g"
        );
        assert_eq!(tenant.value(&sql).await, "null", "{sql}");
    }
    for (sql, name) in [
        (
            "select 23::regtype || '23'::text::regtype::text",
            "integerinteger",
        ),
        ("select 'zz_t'::regclass::oid::regclass::text", "zz_t"),
        (
            "select ('zz_' || 't')::varchar::regclass::oid::regclass::text",
            "zz_t",
        ),
        (
            "select string_agg(a.atttypid::regtype::text, ' ' order by a.attnum) from catalog.pg_attribute a \
             where a.attrelid = 'zz_pair'::regclass",
            "integer zz_mood",
        ),
    ] {
        assert_eq!(neighbour.value(sql).await, name, "{sql}");
    }
    let shown = "select string_agg(distinct udt_name, ' ' order by udt_name) from information_schema.udt_privileges \
                 where udt_schema = current_user";
    assert_eq!(neighbour.value(shown).await, "zz_pair zz_t zz_u zz_v zz_w");
}

/// A session whose statements have 300 ms.
async fn hurried(tenant: &TestTenant) -> Client {
    let mut client = Client::connect(&Login::for_tenant(&tenant.tenant))
        .await
        .unwrap();
    let limits = Limits::default();
    client
        .query("set statement_timeout = 300", &[], &limits)
        .await
        .unwrap();
    client
}

/// How much of the processors a statement took, and what came of it. Not how long, because that is for whatever else
/// the machine does to say.
async fn took(client: &mut Client, sql: &str) -> (Duration, Result<Rows, DbError>) {
    let limits = Limits {
        deadline: Duration::from_secs(60),
        ..Limits::default()
    };
    let process = client.process_id().unwrap();
    let before = processor_time(process).unwrap();
    let result = client.query(sql, &[], &limits).await;
    // Whoever goes past the deadline has its connection closed, and its process may go on.
    match processor_time(process) {
        Some(after) => (after - before, result),
        None => (Duration::ZERO, result),
    }
}

/// What a process had of the processors so far; `None` when it is gone.
fn processor_time(process: impl std::fmt::Display) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // Behind its name, which may have spaces.
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().ok()? + fields[12].parse::<u64>().ok()?;
    // The kernel tells them in hundredths of a second, everywhere.
    Some(Duration::from_millis(10 * ticks))
}

/// What the server may do until it notices that 300 ms are over.
const PATIENCE: Duration = Duration::from_secs(2);

/// Each ran for tens of seconds at least, whatever was sent to end it.
const ENDLESS: [&str; 34] = [
    "select replace(t, 'b' || repeat('a', 20000), '') from large",
    "select position('b' || repeat('a', 20000) in t) from large",
    "select strpos(t, 'b' || repeat('a', 20000)) from large",
    "select split_part(t, 'b' || repeat('a', 20000), 2) from large",
    "select string_to_array(t, 'b' || repeat('a', 20000)) from large",
    "select string_to_array(t, 'b' || repeat('a', 20000), 'x') from large",
    "select string_to_table(t, 'b' || repeat('a', 20000)) from large",
    "select t like '%' || repeat('a', 20000) || 'b%' from large",
    "select t not like '%' || repeat('a', 20000) || 'b%' from large",
    "select t ilike '%' || repeat('a', 20000) || 'b%' from large",
    "select textlike(t, '%' || repeat('a', 20000) || 'b%') from large",
    "select \"like\"(t, '%' || repeat('a', 20000) || 'b%') from large",
    "select 1 from large where t like any (array['%' || repeat('a', 20000) || 'b%'])",
    "select translate(t, repeat('b', 200000), 'x') from large",
    "select btrim(t, repeat('b', 200000) || 'a') from large",
    "select trim(leading repeat('b', 200000) || 'a' from t) from large",
    "select rtrim(b, convert_to(repeat('b', 200000) || 'a', 'UTF8')) from large",
    "select a && c from large",
    "select a @> a from large",
    "select a <@ a from large",
    "select j @> j from large",
    "select j <@ j from large",
    "select jsonb_path_exists(k, '$ ? (@[*] == $[*])') from large",
    "select jsonb_path_query_first(j, '$[*] ? (@.a < $x[*])', k) from large",
    "select k @? '$ ? (@[*] > $[*])' from large",
    "select k @@ '$[*] == \"x\"[0,0,0]' from large",
    "select k @@ '$[*] == -$[*]' from large",
    "select k ?| l from large",
    "select k - l from large",
    "select plainto_tsquery('simple', t2) from large",
    "select to_tsvector('simple', 'a') @@ plainto_tsquery(t2) from large",
    "select 'a' @@ t2 from large",
    "select to_timestamp(t2, t2) from large",
    "select to_char(now(), t) from large",
];

async fn with_large(tenant: &TestTenant) {
    tenant
        .query(
            "create table large as select
               repeat('a', 4000000) as t,
               repeat('2026 ', 100000) as t2,
               convert_to(repeat('a', 4000000), 'UTF8') as b,
               (select array_agg(n) from generate_series(1, 100000) n) as a,
               (select array_agg(-n) from generate_series(1, 100000) n) as c,
               (select jsonb_agg(jsonb_build_object('a', n)) from generate_series(1, 30000) n) as j,
               (select jsonb_agg(n::text) from generate_series(1, 50000) n) as k,
               (select array_agg('x' || n) from generate_series(1, 50000) n) as l",
        )
        .await
        .unwrap();
}

#[tokio::test]
async fn what_looks_at_no_interrupts_is_refused_where_it_would_take_long() {
    let tenant = TestTenant::new().await;
    with_large(&tenant).await;
    let mut client = hurried(&tenant).await;
    for sql in ENDLESS {
        let (took, result) = took(&mut client, sql).await;
        assert!(took < PATIENCE, "{sql}: {took:?}");
        let Err(DbError::Sql(error)) = result else {
            panic!("{sql}: {result:?}")
        };
        assert_eq!(error.code, "54000", "{sql}: {error:?}");
        assert!(
            error
                .message
                .contains("takes too long for values this large")
        );
        assert!(error.hint.is_some());
    }
    for closed in [
        "select normalize(t) from large",
        // They read text as any type, and no cast bounds it.
        "select pg_input_is_valid(t, 'json') from large",
        "select pg_input_error_info(t, 'path') from large",
        "select t is normalized from large",
        "select t2::tsquery from large",
        "select path '((0,0),(1,1))' <-> path '((0,0),(1,1))'",
        "select polygon '((0,0),(1,1))' && polygon '((0,0),(1,1))'",
        "select tsqueryin('a')",
        "select bounded.replace('a', 'b', 'c')",
        "select jsonb_in('1')",
        "select bounded.jsonb_in('1')",
        "select bounded.to_regclass('pg_class')",
        "select satisfies_hash_partition(1259::oid, 2, 0, 1)",
        "select bounded.satisfies_hash_partition(1259::oid, 2, 0, 1)",
    ] {
        assert!(tenant.query(closed).await.is_err(), "{closed}");
    }
}

/// The same functions, with what bots give them: as Postgres has it, also by an index.
#[tokio::test]
async fn what_is_bounded_works_as_before() {
    let tenant = TestTenant::new().await;
    for (sql, value) in [
        ("select replace('abcabc', 'b', 'x')", "axcaxc"),
        ("select position('b' in 'abc') + strpos('abc', 'c')", "5"),
        (
            "select split_part('a,b', ',', 2) || split_part('a,b', ',', -2)",
            "ba",
        ),
        ("select string_to_array('a,b,c', ',', 'b')", "{a,NULL,c}"),
        ("select string_to_array('ab', null)", "{a,b}"),
        (
            "select string_agg(x, '-') from string_to_table('a,b', ',') x",
            "a-b",
        ),
        (
            "select 'abc' like 'a%' and 'abc' not like 'b%' and 'ABC' ilike 'a%'",
            "t",
        ),
        ("select 'abc' like any (array['b', 'a%'])", "t"),
        ("select replace(null, 'a', 'b') is null", "t"),
        (
            "select translate('abc', 'bc', 'x') || btrim('xxax', 'x') || ltrim('  a') || rpad('a', 3, 'x')",
            "axaaaxx",
        ),
        (
            "select array[1, 2] && array[2] and array['a', 'b'] @> array['b'] and array[2] <@ array[1, 2]",
            "t",
        ),
        (
            "select '{\"a\": 1}'::jsonb @> '{\"a\": 1}' and '{\"a\": 1}'::jsonb ?| array['a']",
            "t",
        ),
        (
            "select count(*) from generate_series(1, 9) n where jsonb_build_object('a', n, 'b', 5) @@ '$.a > $.b'",
            "4",
        ),
        (
            "select jsonb_path_query_array((select jsonb_agg(jsonb_build_object('a', n, 'b', 'x, y')) from generate_series(1, 20000) n), \
             '$[*] ? (@.a == $x && @.b == \"x, y\" && 1 < @.a).a', '{\"x\": 7}')",
            "[7]",
        ),
        (
            "select '{\"a\": 1, \"b\": 2}'::jsonb - array['a']",
            "{\"b\": 2}",
        ),
        (
            "select to_char(date '2026-01-02', 'YYYY-MM-DD') || to_char(5, '99')",
            "2026-01-02  5",
        ),
        ("select to_date('2026-01-02', 'YYYY-MM-DD')", "2026-01-02"),
        (
            "select to_tsvector('english', 'running dogs') @@ websearch_to_tsquery('english', 'run dog')",
            "t",
        ),
        ("select initcap('ab') || lpad('a', 3)", "Ab  a"),
        (
            "select ts_rank(d, q) > 0 and ts_rank_cd('{0.1, 0.2, 0.4, 1}', d, q, 1) > 0
             from (select to_tsvector('english', 'running dogs') as d, to_tsquery('english', 'run:* & dog') && to_tsquery('run') as q) s",
            "t",
        ),
        (
            "select ('{\"a\": [1, 2]}'::json #>> '{a,1}') || json_array_length('[1]') || ('[3]'::json -> 0) || json_typeof('4')",
            "213number",
        ),
        (
            "select string_agg(k || v, ',') from (select * from json_each_text('{\"a\": 1}') union all select * from jsonb_each_text('{\"b\": 2}')) x (k, v)",
            "a1,b2",
        ),
        (
            "select jsonb_set('{}', '{a}', '1') || '{\"b\": 2}' || jsonb_insert('{\"c\": [1]}', '{c,0}', '0') - 'b'",
            "{\"a\": 1, \"b\": 2, \"c\": [0, 1]}",
        ),
        (
            "select (('{\"a\"' || ': 1}')::jsonb ->> 'a') || ('[' || '2]')::varchar::json || ('((1,' || '2))')::path",
            "1[2]((1,2))",
        ),
        ("select 10.0 / 4 * 2 + mod(7, 4.0) + div(9.0, 2)", "12.0000000000000000"),
        (
            "select (to_regclass('pg_' || 'class')::text, ('pg_' || 'type')::regclass, to_regtype('int4'), to_regclass('no.such'))::text",
            "(pg_class,pg_type,integer,)",
        ),
        // Text that becomes a value of any type while the statement is planned.
        (
            "select count(*) from (select '{1,2}'::text::int[] as a) t where a = '{1,2}'::text::int[]",
            "1",
        ),
    ] {
        assert_eq!(tenant.value(sql).await, value, "{sql}");
    }
    for sql in [
        "create type mood as enum ('ok')",
        "create table t (v text collate \"C\", tags text[], d jsonb, m mood)",
        "insert into t select 'v' || n, array['t' || n], jsonb_build_object('n', n), 'ok' from generate_series(1, 5000) n",
        "create index on t (v)",
        "create index on t using gin (tags)",
        "create index on t using gin (d)",
        "create index on t (replace(v, 'v', ''))",
    ] {
        tenant.query(sql).await.unwrap();
    }
    for filter in [
        "v like 'v77%'",
        "tags && array['t5']",
        "d @> '{\"n\": 5}'",
        "replace(v, 'v', '') = '5'",
    ] {
        let rows = tenant
            .query(&format!("explain select 1 from t where {filter}"))
            .await
            .unwrap();
        let plan: String = (0..rows.rows.len())
            .map(|row| text(&rows, row, 0))
            .collect();
        assert!(plan.contains("Index"), "{filter}: {plan}");
    }
    assert_eq!(
        tenant
            .value("select count(*) from t where m = 'ok'::text::mood and v like 'v77%' and d @> '{\"n\": 77}'")
            .await,
        "1"
    );
}

/// Minutes: calls all that tenants may call, with much.
mod long {
    use super::*;

    /// What a function is given for an argument of a type: columns of `large`, and plain values.
    fn given(kind: &str) -> &'static [&'static str] {
        match kind {
            "text" | "character varying" | "\"any\"" => &["t", "t2", "('b' || repeat('a', 20000))"],
            "character" => &["t::bpchar", "('b' || repeat('a', 20000))::bpchar"],
            "bytea" => &["b", "convert_to('b' || repeat('a', 20000), 'UTF8')"],
            "anyarray" | "anycompatiblearray" => &["a", "c"],
            "text[]" => &["l"],
            "jsonb" => &["j", "k"],
            "json" => &["s"],
            "numeric" => &["n", "n2", "5::numeric"],
            "bit" | "bit varying" => &["v", "(repeat('0', 20000) || '1')::varbit"],
            "path" => &["p"],
            "polygon" => &["g"],
            "tsvector" => &["w", "w2"],
            "tsquery" => &[
                "plainto_tsquery('simple', (select string_agg('w' || n, ' ') from generate_series(1, 2000) n))",
            ],
            "anymultirange" | "anycompatiblemultirange" => &["m"],
            "jsonpath" => &[
                "'$[*] ? (@ > 5)'::jsonpath",
                "('$' || repeat('[*]', 2000))::jsonpath",
            ],
            "smallint" => &["3::int2"],
            "integer" => &["2", "1000000"],
            "bigint" => &["5::int8", "100000000000"],
            "boolean" => &["true"],
            "real" => &["1.5::real"],
            "double precision" => &["1.5::float8"],
            "anyelement" | "anynonarray" | "anycompatible" | "anycompatiblenonarray" => &["5"],
            "anyrange" | "anycompatiblerange" => &["int4range(1, 1000000)"],
            "regconfig" => &["'english'::regconfig"],
            "name" => &["'abc'::name"],
            "\"char\"" => &["'a'::\"char\""],
            "date" => &["date '2026-01-01'"],
            "timestamp without time zone" => &["timestamp '2026-01-01'"],
            "timestamp with time zone" => &["timestamptz '2026-01-01'"],
            "interval" => &["interval '1 day'"],
            "point" => &["point(1, 2)"],
            "circle" => &["circle(point(1, 2), 3)"],
            "box" => &["box(point(1, 2), point(3, 4))"],
            "integer[]" => &["a"],
            _ => &[],
        }
    }

    const LARGE: [&str; 17] = [
        "text",
        "character varying",
        "character",
        "bytea",
        "anyarray",
        "anycompatiblearray",
        "text[]",
        "jsonb",
        "json",
        "numeric",
        "bit",
        "bit varying",
        "path",
        "polygon",
        "tsvector",
        "tsquery",
        "anymultirange",
    ];

    /// All ways to fill the arguments, up to 16.
    fn calls(arguments: &[&str]) -> Vec<String> {
        let mut calls = vec![String::new()];
        for argument in arguments {
            let longer = calls.iter().flat_map(|call| {
                let values = given(argument).iter();
                values.map(move |value| match call.is_empty() {
                    true => (*value).to_owned(),
                    false => format!("{call}, {value}"),
                })
            });
            calls = longer.take(16).collect();
        }
        calls
    }

    #[tokio::test]
    async fn no_function_outlives_its_deadline() {
        let tenant = TestTenant::new().await;
        with_large(&tenant).await;
        for sql in [
            "create table larger as select l.*,
               (select json_agg(n::text) from generate_series(1, 200000) n) as s,
               repeat('9', 130000)::numeric as n,
               ('0.' || repeat('7', 16000))::numeric as n2,
               repeat('0', 4000000)::varbit as v,
               (select string_agg(format('(%s,%s)', n, n % 7), ',') from generate_series(1, 30000) n)::path as p,
               (select string_agg(format('(%s,%s)', n, n % 7), ',') from generate_series(1, 30000) n)::polygon as g,
               to_tsvector('simple', (select string_agg('w' || n, ' ') from generate_series(1, 50000) n)) as w,
               (select string_agg('w' || n || ':' || (select string_agg((1 + k * 60 + n % 60)::text, ',') from generate_series(1, 255) k), ' ')
                from generate_series(1, 1700) n)::tsvector as w2,
               (select range_agg(int4range(n * 3, n * 3 + 1)) from generate_series(1, 100000) n) as m
             from large l",
        ] {
            tenant.query(sql).await.unwrap();
        }
        let functions: Vec<(String, Vec<String>)> = sqlx::query_as(
            "select p.proname::text, array(
               select format_type(t.oid, null) from unnest(p.proargtypes::oid[]) with ordinality as t (oid, n) order by n)
             from pg_proc p
             where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind = 'f' and p.pronargs between 1 and 4
               and p.proname <> 'pg_sleep' and has_function_privilege('tenants', p.oid, 'execute')
             order by 1, 2",
        )
        .fetch_all(&mut admin().await)
        .await
        .unwrap();
        let mut client = hurried(&tenant).await;
        let (mut called, mut slow) = (0, Vec::new());
        for (name, arguments) in &functions {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            if !arguments.iter().any(|kind| LARGE.contains(kind)) {
                continue;
            }
            for call in calls(&arguments) {
                let sql = format!(
                    "select count(x::text) from (select pg_catalog.\"{name}\"({call}) as x from larger offset 0) s"
                );
                let (took, _) = took(&mut client, &sql).await;
                called += 1;
                if took > PATIENCE {
                    slow.push(format!("{took:?}: {name}({call})"));
                }
                if !client.is_reusable() {
                    client = hurried(&tenant).await;
                }
            }
        }
        assert!(called > 800, "{called} calls");
        assert!(slow.is_empty(), "{}", slow.join("\n"));
    }
}

/// Their rows are checked by a function that nobody may name.
#[tokio::test]
async fn tables_are_partitioned_by_a_hash() {
    let tenant = TestTenant::new().await;
    for sql in [
        "create table p (id int primary key, v text) partition by hash (id)",
        "create table p0 partition of p for values with (modulus 2, remainder 0)",
        "create table p1 partition of p for values with (modulus 2, remainder 1)",
        "insert into p select n, 'v' from generate_series(1, 100) n",
        "alter table p detach partition p0",
        "alter table p attach partition p0 for values with (modulus 2, remainder 0)",
        "update p set id = id + 1000",
        "update p0 set v = 'w'",
    ] {
        tenant.query(sql).await.unwrap();
    }
    assert_eq!(tenant.value("select count(*) from p").await, "100");
    // Straight into a partition: what belongs there, and what does not.
    let moved = "with x as (delete from p0 returning *) insert into p0 select * from x";
    assert!(tenant.query(moved).await.is_ok());
    let Err(DbError::Sql(error)) = tenant.query("insert into p0 select id from p1").await else {
        panic!("a row was put into the wrong partition")
    };
    assert_eq!(error.code, "23514", "{error:?}");
}
