//! Hostile SQL: nothing of another tenant is read, guessed or changed, and nobody is held up for long.

use std::time::Duration;

use roost::postgres::filter::{Statement, classify};
use roost::postgres::{Client, DbError, Limits, Login, Rows};
use sqlx::ConnectOptions as _;

use crate::postgres_support::{CELL, TestTenant, cell, server, text};

const ATTACKS: &str = include_str!("postgres_attacks.sql");

struct Attack {
    name: &'static str,
    is_refused: bool,
    is_denied: bool,
    statements: Vec<&'static str>,
}

fn attacks() -> Vec<Attack> {
    // The first block is the file's own head.
    ATTACKS
        .split("\n\n")
        .skip(1)
        .map(|block| attack(block.trim()))
        .collect()
}

fn attack(block: &'static str) -> Attack {
    let (head, statements) = block.split_once('\n').unwrap();
    let (name, verdicts) = head.strip_prefix("-- ").unwrap().rsplit_once(": ").unwrap();
    let (server, filter) = verdicts.split_once(", ").unwrap();
    assert!(
        ["refused", "works"].contains(&server) && ["denied", "passes"].contains(&filter),
        "{head}"
    );
    Attack {
        name,
        is_refused: server == "refused",
        is_denied: filter == "denied",
        statements: statements.lines().collect(),
    }
}

async fn victim() -> TestTenant {
    let victim = TestTenant::new().await;
    let schema = victim.tenant.schema();
    victim
        .query("create table secret (id serial primary key, v text)")
        .await
        .unwrap();
    victim
        .query("insert into secret (v) values ('B-SECRET')")
        .await
        .unwrap();
    victim
        .query("create view vsecret as select 'B-SECRET hidden-view-text'::text as x")
        .await
        .unwrap();
    victim
        .query("comment on table secret is 'B-SECRET comment'")
        .await
        .unwrap();
    let mut admin = server()
        .await
        .control_options()
        .database(CELL)
        .connect()
        .await
        .unwrap();
    let sql = format!(
        "create function {schema}.fsecret() returns text language sql as $$ select 'B-SECRET' $$;
         alter function {schema}.fsecret() owner to {schema}"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
        .execute(&mut admin)
        .await
        .unwrap();
    victim
}

async fn attacker() -> TestTenant {
    let attacker = TestTenant::new().await;
    attacker.query("create table mine (v text)").await.unwrap();
    attacker
}

fn all_text(rows: &Rows) -> String {
    let cells = (0..rows.rows.len())
        .flat_map(|row| (0..rows.columns.len()).map(move |column| text(rows, row, column)));
    cells.collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn no_attack_gains_anything() {
    let victim = victim().await;
    let mut admin = server().await.control_options().connect().await.unwrap();
    let backend: i32 = sqlx::query_scalar("select pg_backend_pid()")
        .fetch_one(&mut admin)
        .await
        .unwrap();
    let limits = Limits {
        deadline: Duration::from_secs(20),
        ..Limits::default()
    };
    let mut wrong = Vec::new();
    assert!(attacks().len() >= 335);
    for attack in attacks() {
        // A new one each time: some attacks change what their own role is.
        let attacker = attacker().await;
        let mut client = Client::connect(&Login::for_tenant(&attacker.tenant))
            .await
            .unwrap();
        let mut given = Vec::new();
        for statement in &attack.statements {
            let sql = statement
                .replace("{a}", attacker.tenant.role())
                .replace("{b}", victim.tenant.role())
                .replace("{db}", CELL)
                .replace("{backend}", &backend.to_string());
            let result = client.query(&sql, &[], &limits).await;
            let said = match &result {
                Ok(rows) => all_text(rows),
                Err(err) => format!("{err:?}"),
            };
            assert!(!said.contains("B-SECRET"), "{}: {sql}: {said}", attack.name);
            given.push(result.map(drop));
        }
        if given.iter().any(Result::is_err) != attack.is_refused {
            wrong.push(format!("{}: the server gave {given:?}", attack.name));
        }
        let is_denied = matches!(
            classify(attack.statements[0]),
            Statement::Denied(_) | Statement::Begin(_)
        );
        if is_denied != attack.is_denied {
            wrong.push(format!(
                "{}: the filter gave {:?}",
                attack.name,
                classify(attack.statements[0])
            ));
        }
        still_nobody_else(&mut client, &attacker, attack.name).await;
        client.close().await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        victim.value("select string_agg(v, ',') from secret").await,
        "B-SECRET"
    );
    let alive: i32 = sqlx::query_scalar("select pg_backend_pid()")
        .fetch_one(&mut admin)
        .await
        .unwrap();
    assert_eq!(alive, backend);
}

async fn still_nobody_else(client: &mut Client, attacker: &TestTenant, name: &str) {
    let _ = client.rollback(Duration::from_secs(5)).await;
    let sql = "select current_user, session_user, current_setting('is_superuser')";
    let rows = client.query(sql, &[], &Limits::default()).await.unwrap();
    let role = attacker.tenant.role();
    assert_eq!(all_text(&rows), format!("{role} {role} off"), "{name}");
}

#[tokio::test]
async fn a_tenant_has_few_sessions() {
    let tenant = TestTenant::new().await;
    let login = Login::for_tenant(&tenant.tenant);
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(Client::connect(&login).await.unwrap());
    }
    let Err(DbError::Unavailable(reason)) = Client::connect(&login).await.map(drop) else {
        panic!("a fifth session")
    };
    assert!(reason.contains("53300"), "{reason}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn greedy_statements_end_while_others_are_served() {
    let quiet = TestTenant::new().await;
    quiet
        .query("create table t as select generate_series(1, 1000) as n")
        .await
        .unwrap();
    let process = postmaster().await;
    let bombs = [
        "select length(array_agg(repeat('x', 1000) || n)::text) from generate_series(1, 3000000) n",
        "select length(string_agg(repeat('x', 1000), '')) from generate_series(1, 3000000) n",
        "select repeat('x', 1000000000)",
        "select n from generate_series(1, 1000000000) n",
        "select count(*) from generate_series(1, 1000000000) a, generate_series(1, 1000000) b",
        "select n from generate_series(1, 100000000) n order by n desc",
        "select 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!' ~ '^(a|a|aa|aaa)*(b|a*)*$'",
        "with recursive r as (select 1 as n union all select n from r) select count(*) from r",
        "select pg_sleep(1000)",
        "select jsonb_agg(n) from generate_series(1, 20000000) n",
    ];
    let mut tasks = Vec::new();
    for bomb in bombs {
        let greedy = TestTenant::new().await;
        tasks.push(tokio::spawn(async move {
            let limits = Limits {
                deadline: Duration::from_secs(6),
                ..Limits::default()
            };
            let result = greedy
                .database
                .query(&greedy.tenant, bomb, &[], &limits)
                .await;
            let result = result
                .map(|rows| rows.rows.len())
                .map_err(|err| err.to_string());
            (greedy, result)
        }));
    }
    let mut served = 0;
    while tasks.iter().any(|task| !task.is_finished()) {
        assert_eq!(
            quiet.value("select count(*) from t where n > 500").await,
            "500"
        );
        served += 1;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // One that waits for them to be over is served once, or twice with luck.
    assert!(served > 3, "a quiet tenant was served {served} times");
    for (task, bomb) in tasks.into_iter().zip(bombs) {
        let (greedy, result) = task.await.unwrap();
        // A regular expression that is too clever may be answered; all else must not.
        assert!(result.is_err() || bomb.contains('~'), "{bomb}: {result:?}");
        ends_at_the_server(&greedy, bomb).await;
    }
    assert_eq!(postmaster().await, process, "the server was started again");
}

/// Waits until the server does nothing for a tenant any more.
async fn ends_at_the_server(tenant: &TestTenant, bomb: &str) {
    let mut admin = server().await.control_options().connect().await.unwrap();
    let mut looks = 0;
    loop {
        let runs: bool = sqlx::query_scalar(
            "select exists (select from pg_stat_activity where usename = $1 and state = 'active')",
        )
        .bind(tenant.tenant.role())
        .fetch_one(&mut admin)
        .await
        .unwrap();
        if !runs {
            return;
        }
        looks += 1;
        assert!(looks < 600, "the server goes on with {bomb}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The start time changes when any process of the server crashes: all start anew then.
async fn postmaster() -> String {
    let mut admin = server().await.control_options().connect().await.unwrap();
    sqlx::query_scalar(
        "select backend_start::text from pg_stat_activity where backend_type = 'checkpointer'",
    )
    .fetch_one(&mut admin)
    .await
    .unwrap()
}

#[tokio::test]
async fn memory_of_one_statement_is_bounded() {
    let tenant = TestTenant::new().await;
    let sql =
        "select length(array_agg(repeat('x', 100000) || n)::text) from generate_series(1, 30000) n";
    match tenant.query(sql).await {
        Err(DbError::Sql(error)) => assert!(
            ["53200", "54000"].contains(&error.code.as_str()),
            "{error:?}"
        ),
        // A busy machine takes longer to fill the memory than a statement may take.
        Err(DbError::Timeout) => {}
        other => panic!("three gigabytes were taken: {other:?}"),
    }
    assert_eq!(tenant.value("select 1").await, "1");
}

#[tokio::test]
async fn files_for_sorting_are_bounded() {
    let tenant = TestTenant::new().await;
    let sql =
        "select count(*) from (select n from generate_series(1, 6000000) n order by n desc) s";
    let limits = Limits {
        deadline: Duration::from_secs(30),
        ..Limits::default()
    };
    match tenant
        .database
        .query(&tenant.tenant, sql, &[], &limits)
        .await
    {
        Err(DbError::Sql(error)) => assert_eq!(error.code, "53400", "{error:?}"),
        Err(DbError::Timeout) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_not_available_is_said() {
    let tenant = TestTenant::new().await;
    for (sql, said) in [
        (
            "listen x",
            "LISTEN is not available here: poll a table, or let the bot call itself",
        ),
        (
            "create temp table t ()",
            "CREATE TEMP is not available here: use a subquery",
        ),
        (
            "set search_path = x",
            "SET is not available here: a session's settings are fixed",
        ),
    ] {
        let Err(DbError::Denied(sentence)) = tenant.query(sql).await else {
            panic!("{sql} passed")
        };
        assert!(sentence.starts_with(said), "{sentence}");
    }
    let _ = cell().await;
}

/// Over each of these the server's lexer or parser goes on for minutes, heeds no cancellation, or crashes.
#[tokio::test]
async fn what_the_servers_parser_never_ends_with_is_not_sent() {
    let tenant = TestTenant::new().await;
    tenant.query("create table t (a int)").await.unwrap();
    tenant
        .query("create table p (a int) partition by list (a)")
        .await
        .unwrap();
    let many = |item: fn(usize) -> String| {
        let items: Vec<String> = (0..100_000).map(item).collect();
        items.join(",")
    };
    for sql in [
        format!("select 1 {}{}", "/*".repeat(300_000), "*/".repeat(300_000)),
        format!("select 1 {}", "/**/".repeat(250_000)),
        format!("select {}1", "+-".repeat(500_000)),
        format!(
            "with {} select 1",
            many(|n| format!("a{n} as (values (1))"))
        ),
        format!("select 1 from {}", many(|n| format!("t a{n}"))),
        format!("select distinct {}", many(|n| n.to_string())),
        format!("select distinct on ({}) 1", many(|n| format!("1 + {n}"))),
        format!("select 1 window {}", many(|n| format!("w{n} as ()"))),
        format!(
            "select 1 from json_table(jsonb '1', '$' columns ({}))",
            many(|n| format!("c{n} int"))
        ),
        format!(
            "create table q partition of p for values in ({})",
            many(|n| n.to_string())
        ),
        format!("update t set a = 1 returning {}", many(|_| "a".to_owned())),
        format!("update t set {}", many(|_| "a = 1".to_owned())),
        format!("create type e as enum ({})", many(|n| format!("'l{n}'"))),
        format!("alter table t {}", many(|n| format!("add c{n} int"))),
        format!("truncate {}", many(|_| "t".to_owned())),
        format!(
            "select cardinality(array[{}]) from t",
            many(|n| format!("sum(a + {n})"))
        ),
        format!(
            "select cardinality(array[{}]) from t x, t y limit 0",
            many(|_| "a".to_owned())
        ),
        "select json_exists('[1]', '$ ? (@[*] == $[*])')".to_owned(),
    ] {
        let result = tenant.query(&sql).await;
        let shown = &sql[..sql.len().min(60)];
        assert!(
            matches!(result, Err(DbError::Denied(_))),
            "{shown}: {result:?}"
        );
    }
    assert_eq!(tenant.value("select 1").await, "1");
}
