//! A number becomes the name of what is the tenant's own, and of nothing else: whatever the form, and whatever the number
//! is of.

use std::time::Duration;

use roost::postgres::{Client, DbError, Limits, Login, Param, Rows};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};

use crate::postgres_support::{CELL, TestTenant, cell, server, text};

const FORMS: &str = include_str!("postgres_numbers.sql");

/// Types that show the name of what has a number; what that is called which `made_for` makes; and where its number is.
const KINDS: [(&str, &str, &str); 11] = [
    (
        "regclass",
        "own_table",
        "pg_class where relname = 'own_table' and relnamespace",
    ),
    (
        "regtype",
        "own_table",
        "pg_type where typname = 'own_table' and typnamespace",
    ),
    (
        "regproc",
        "own_function",
        "pg_proc where proname = 'own_function' and pronamespace",
    ),
    (
        "regprocedure",
        "own_function(",
        "pg_proc where proname = 'own_function' and pronamespace",
    ),
    ("regoper", "@#@", "pg_operator where oprnamespace"),
    ("regoperator", "@#@(", "pg_operator where oprnamespace"),
    (
        "regcollation",
        "own_collation",
        "pg_collation where collnamespace",
    ),
    ("regconfig", "own_config", "pg_ts_config where cfgnamespace"),
    (
        "regdictionary",
        "own_dictionary",
        "pg_ts_dict where dictnamespace",
    ),
    ("regnamespace", "{role}", "pg_namespace where oid"),
    (
        "regrole",
        "{role}",
        "pg_authid where rolname = '{role}' and '{role}'::regnamespace",
    ),
];

/// What else is asked by number. It shows no name of anybody's, whether or not it works for what is one's own.
const ASKED: [&str; 40] = [
    "select acldefault('r', {n})",
    "select acldefault('n', {n})::text",
    "select (aclexplode(acldefault('f', {n}))).*",
    "select catalog.acldefault('r', {n})",
    "select pg_sequence_parameters({n})",
    "select (pg_sequence_parameters({n})).*",
    "select regclassin('{n}')",
    "select regtypein('{n}')",
    "select regrolein('{n}')",
    "select regnamespacein('{n}')",
    "select pg_catalog.regprocedurein('{n}')",
    "select bounded.regclassin('{n}')",
    "select bounded.name_of_regclass({n}::oid)",
    "select bounded.number_as_regrole('{n}')",
    "select bounded.read_as_regclass('{n}', 0, -1)",
    "select to_regclass('{n}')",
    "select to_regtype('{n}')",
    "select to_regrole('{n}')",
    "select to_regnamespace('{n}')",
    "select to_regproc('{n}')",
    "select nextval('{n}')",
    "select nextval({n})",
    "select nextval({n}::oid)",
    "select currval('{n}')",
    "select currval({n}::oid::regclass)",
    "select setval('{n}', 1)",
    "select setval({n}, 1)",
    "select pg_get_serial_sequence('{n}', 'i')",
    "select catalog.pg_get_userbyid({n})",
    "select catalog.format_type({n}, -1)",
    "select catalog.col_description({n}, 1), catalog.obj_description({n}, 'pg_class')",
    "select catalog.pg_get_viewdef({n}), catalog.pg_get_indexdef({n}), catalog.pg_get_constraintdef({n})",
    "select pg_describe_object(1259, {n}, 0)",
    "select pg_identify_object(1259, {n}, 0)",
    "select pg_relation_filepath({n})",
    "select pg_get_userbyid({n})",
    "select regclassout({n}), regroleout({n}), regtypeout({n})",
    "select regclasssend({n}), regrolesend({n})",
    "select ts_debug({n}::regconfig, 'a')",
    "select to_tsvector('{n}', 'a'), to_tsvector({n}::regconfig, 'a')",
];

struct Form {
    /// The version of PostgreSQL that brought it.
    since: i32,
    statements: Vec<&'static str>,
}

fn forms() -> Vec<Form> {
    // The first block is the file's own head.
    FORMS
        .split("\n\n")
        .skip(1)
        .map(|block| {
            let mut statements: Vec<&str> = block.trim().lines().collect();
            let since = statements[0].strip_prefix("-- ").map(str::to_owned);
            if since.is_some() {
                statements.remove(0);
            }
            Form {
                since: since.map_or(16, |version| version.parse().unwrap()),
                statements,
            }
        })
        .collect()
}

async fn admin() -> PgConnection {
    cell().await;
    let options = server().await.control_options().database(CELL);
    options.connect().await.unwrap()
}

/// A tenant with one thing of each kind. Most of them only an administrator can make.
async fn made_for(admin: &mut PgConnection) -> TestTenant {
    let tenant = TestTenant::new().await;
    tenant
        .query("create table own_table (i int)")
        .await
        .unwrap();
    let sql = "create function {role}.own_function(int, int) returns int language sql immutable as 'select 1';
        create operator {role}.@#@ (function = {role}.own_function, leftarg = int, rightarg = int);
        create collation {role}.own_collation from \"C\";
        create text search configuration {role}.own_config (copy = english);
        create text search dictionary {role}.own_dictionary (template = simple)";
    let sql = sql.replace("{role}", tenant.tenant.role());
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(admin)
        .await
        .unwrap();
    tenant
}

async fn number_of(admin: &mut PgConnection, place: &str, tenant: &TestTenant) -> String {
    let sql = format!("select oid::text from {place} = '{{role}}'::regnamespace");
    let sql = sql.replace("{role}", tenant.tenant.role());
    let number = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(admin);
    number.await.unwrap()
}

fn shown(rows: &Rows) -> String {
    let cells = (0..rows.rows.len())
        .flat_map(|row| (0..rows.columns.len()).map(move |column| text(rows, row, column)));
    cells.collect::<Vec<_>>().join(" ")
}

/// All that the statements of a form say, of which nothing stays.
async fn say(client: &mut Client, statements: &[&str], kind: &str, number: &str) -> String {
    let (limits, deadline) = (Limits::default(), Duration::from_secs(20));
    client.begin(Default::default(), deadline).await.unwrap();
    let mut said = String::new();
    for statement in statements {
        let params = match statement.contains("$1") {
            true => vec![Param::Text(number.to_owned())],
            false => Vec::new(),
        };
        let sql = statement.replace("{k}", kind).replace("{n}", number);
        said.push_str(&match client.query(&sql, &params, &limits).await {
            Ok(rows) => shown(&rows),
            Err(DbError::Sql(error)) => format!("{error:?}"),
            Err(error) => panic!("{sql}: {error:?}"),
        });
    }
    client.rollback(deadline).await.unwrap();
    said
}

#[tokio::test]
async fn no_form_of_a_number_becomes_a_neighbours_name() {
    let mut admin = admin().await;
    let neighbour = made_for(&mut admin).await;
    let version: i32 =
        sqlx::query_scalar("select current_setting('server_version_num')::int / 10000")
            .fetch_one(&mut admin)
            .await
            .unwrap();
    let forms = forms();
    assert!(forms.len() >= 150, "{}", forms.len());
    let mut wrong = Vec::new();
    for (kind, own, place) in KINDS {
        // A new one each time: what is refused is charged to its account of definitions.
        let tenant = made_for(&mut admin).await;
        let login = Login::for_tenant(&tenant.tenant);
        let mut client = Client::connect(&login).await.unwrap();
        let own = own.replace("{role}", tenant.tenant.role());
        for sql in [
            "create domain {k}_domain as {k}",
            "create domain {k}_domains as {k}[]",
            "create type {k}_row as (v {k})",
            "create type {k}_range as range (subtype = {k}, multirange_type_name = {k}_range_many)",
            "create table {k}_held (v {k})",
        ] {
            tenant.query(&sql.replace("{k}", kind)).await.unwrap();
        }
        let numbers = [
            number_of(&mut admin, place, &tenant).await,
            number_of(&mut admin, place, &neighbour).await,
        ];
        for form in forms.iter().filter(|form| form.since <= version) {
            let said = say(&mut client, &form.statements, kind, &numbers[0]).await;
            // Postgres stores no constant of it, whoever's it is.
            let is_refused = kind == "regrole" && said.contains("constant of the type regrole");
            if !said.contains(&own) && !is_refused {
                wrong.push(format!("{kind}, of its own: {:?}: {said}", form.statements));
            }
            let said = say(&mut client, &form.statements, kind, &numbers[1]).await;
            if said.contains(neighbour.tenant.role())
                || said.contains("own_")
                || said.contains("@#@")
            {
                wrong.push(format!(
                    "{kind}, a neighbour's: {:?}: {said}",
                    form.statements
                ));
            }
        }
        for statement in ASKED {
            let said = say(&mut client, &[statement], kind, &numbers[1]).await;
            if said.contains(neighbour.tenant.role()) || said.contains("own_") {
                wrong.push(format!("{kind}, a neighbour's: {statement}: {said}"));
            }
        }
        client.close().await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What libraries write: names as they are, numbers of what every database has, and what they find in the catalogs.
#[tokio::test]
async fn names_and_ones_own_numbers_work_as_before() {
    let tenant = TestTenant::new().await;
    tenant
        .query("create table t (id serial primary key, v text)")
        .await
        .unwrap();
    for (sql, shown) in [
        ("select 't'::regclass || '|' || 'T'::regclass", "t|t"),
        (
            "select '1259'::regclass || '|' || 23::regtype",
            "pg_class|integer",
        ),
        ("select '-'::regclass || '|' || 0::regproc", "-|-"),
        ("select '{t,t_pkey}'::regclass[]", "{t,t_pkey}"),
        ("select 'integer[]'::regtype", "integer[]"),
        ("select 'now()'::regprocedure", "now()"),
        (
            "select '+(integer,integer)'::regoperator",
            "+(integer,integer)",
        ),
        ("select '\"C\"'::regcollation", "\"C\""),
        (
            "select 'english'::regconfig || '|' || 'simple'::regdictionary",
            "english|simple",
        ),
        (
            "select current_schema()::regnamespace = session_user::text::regnamespace",
            "t",
        ),
        ("select current_user::regrole::text = session_user", "t"),
        ("select to_tsvector('english', 'dogs')", "'dog':1"),
        ("select nextval('t_id_seq')", "1"),
        (
            "select pg_get_serial_sequence('t', 'id')::regclass",
            "t_id_seq",
        ),
        (
            "select string_agg(a.attrelid::regclass || '.' || a.attname, ' ' order by a.attnum) from catalog.pg_attribute a \
             where a.attrelid = 't'::regclass and a.attnum > 0",
            "t.id t.v",
        ),
        (
            "select column_default ~ '^nextval\\(.*t_id_seq.*::regclass\\)$' from information_schema.columns \
             where table_name = 't' and column_name = 'id'",
            "t",
        ),
        (
            "select string_agg(distinct privilege_type, ' ') from information_schema.table_privileges \
             where table_name = 't' and privilege_type in ('INSERT', 'SELECT')",
            "INSERT SELECT",
        ),
    ] {
        assert_eq!(tenant.value(sql).await, shown, "{sql}");
    }
    // A parameter that the statement takes for a name.
    let params = [Param::Text("t".to_owned())];
    let rows = tenant.query_with("select $1::regclass", &params).await;
    assert_eq!(text(&rows.unwrap(), 0, 0), "t");
    let long = format!("select '{}'::regclass", "x".repeat(1001));
    for (sql, code) in [
        ("select 'nothing'::regclass", "42P01"),
        ("select '4000000000'::regclass", "42704"),
        (long.as_str(), "54000"),
    ] {
        let Err(DbError::Sql(error)) = tenant.query(sql).await else {
            panic!("{sql} worked")
        };
        assert_eq!(error.code, code, "{sql}: {error:?}");
    }
}
