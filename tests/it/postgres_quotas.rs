//! What a project may have of the database, and that nobody else is short of it.

use std::sync::Arc;
use std::time::Duration;

use roost::postgres::{
    Capacity, Cell, Client, CommitOutcome, DbError, Embedded, EmbeddedConfig, Guard, Isolation,
    Limits, Login, Pool, PoolConfig, Quotas, Share, TenantDatabase, TenantName, TransactionOptions,
};
use sqlx::ConnectOptions as _;

use crate::postgres_support::{Folder, TestTenant, bin_dir, pool, server, text};

/// A tenant in a cell of its own, where a project may have 30 relations, 600 columns and a mebibyte.
async fn small(cell: &str) -> (Cell, TestTenant, Quotas) {
    let quotas = Quotas {
        bytes: 1 << 20,
        relations: 30,
        ..Quotas::default()
    };
    let cell = Cell::ensure(&server().await, cell).await.unwrap();
    cell.set_quotas(&quotas).await.unwrap();
    let tenant = TestTenant {
        tenant: cell.provision_tenant(TenantName::random()).await.unwrap(),
        database: Arc::new(TenantDatabase::new(pool())),
    };
    (cell, tenant, quotas)
}

type Statement = fn(usize) -> String;

/// Sends until it is refused: how often it worked, and what was said.
async fn until_refused(
    tenant: &TestTenant,
    statement: impl Fn(usize) -> String,
) -> (usize, roost::postgres::SqlError) {
    for n in 0..200 {
        match tenant.query(&statement(n)).await {
            Ok(_) => {}
            Err(DbError::Sql(error)) => return (n, *error),
            Err(error) => panic!("{}: {error}", statement(n)),
        }
    }
    panic!("200 times: {}", statement(0))
}

#[tokio::test]
async fn what_a_project_has_is_limited() {
    let (cell, tenant, _) = small("cell_quotas").await;
    let wide: Vec<_> = (0..50).map(|n| format!("c{n} int")).collect();
    let wide = wide.join(", ");
    tenant
        .query("create table t (id serial primary key, v text)")
        .await
        .unwrap();
    // The table, its key and its sequence are there already.
    let kinds: [(&str, usize, Statement); 7] = [
        ("table", 27, |n| format!("create table x{n} ()")),
        ("index", 27, |n| format!("create index x{n} on t (v)")),
        ("index", 27, |n| {
            format!("create index concurrently x{n} on t (v)")
        }),
        ("view", 27, |n| format!("create view x{n} as select 1 as a")),
        ("sequence", 27, |n| format!("create sequence x{n}")),
        ("type", 27, |n| format!("create type x{n} as enum ('a')")),
        ("table", 13, |n| {
            format!("create table x{n} (id int primary key)")
        }),
    ];
    for (kind, most, statement) in kinds {
        let (made, error) = until_refused(&tenant, statement).await;
        assert_eq!(
            (made, error.code.as_str()),
            (most, "53400"),
            "{kind}: {error:?}"
        );
        assert!(
            error
                .message
                .starts_with("a project may have 30 tables, indexes"),
            "{error:?}"
        );
        assert_eq!(error.hint.as_deref(), Some("Drop what is not needed."));
        for n in 0..made {
            tenant.query(&format!("drop {kind} x{n}")).await.unwrap();
        }
    }
    let (made, error) = until_refused(&tenant, |n| format!("create table x{n} ({wide})")).await;
    assert_eq!(made, 11, "{error:?}");
    assert!(
        error.message.starts_with("a project may have 600 columns"),
        "{error:?}"
    );
    let (_, error) =
        until_refused(&tenant, |n| format!("alter table t add column y{n} text")).await;
    assert!(
        error.message.starts_with("a project may have 600 columns"),
        "{error:?}"
    );
    for n in 0..made {
        tenant.query(&format!("drop table x{n}")).await.unwrap();
    }
    for large in [
        format!("comment on table t is '{}'", random_text(5 << 20)),
        format!("create view l as select '{}' as a", random_text(5 << 20)),
        format!(
            "alter table t add constraint l check (v <> '{}')",
            random_text(5 << 20)
        ),
        format!(
            "alter table t alter column v set default '{}'",
            random_text(5 << 20)
        ),
    ] {
        // Five megabytes take a busy machine longer than a bot's statement may.
        let limits = Limits {
            deadline: Duration::from_secs(60),
            ..Limits::default()
        };
        let database = &tenant.database;
        let refused = database.query(&tenant.tenant, &large, &[], &limits).await;
        let Err(DbError::Sql(error)) = refused else {
            panic!("{}: {refused:?}", &large[..60])
        };
        assert!(
            error
                .message
                .starts_with("a project may have 4194304 bytes of definitions"),
            "{error:?}"
        );
    }
    assert_eq!(cell.usage(&tenant.tenant.name).await.unwrap().relations, 3);
    cell.drop_tenant(&tenant.tenant.name).await.unwrap();
}

/// What one transaction has made the other does not see.
#[tokio::test]
async fn two_sessions_find_no_room_for_what_only_one_may_make() {
    let (cell, tenant, _) = small("cell_beside").await;
    let relations = async || cell.usage(&tenant.tenant.name).await.unwrap().relations;
    let deadline = Duration::from_secs(5);
    let begin = async |options| {
        let transaction = tenant.database.begin(&tenant.tenant, options, deadline);
        transaction.await.unwrap()
    };
    let limits = Limits::default();
    let mut one = begin(TransactionOptions::default()).await;
    let mut other = begin(TransactionOptions::default()).await;
    for n in 0..20 {
        let sql = format!("create table a{n} ()");
        one.query(&sql, &[], &limits).await.unwrap();
        let sql = format!("create table b{n} ()");
        other.query(&sql, &[], &limits).await.unwrap();
    }
    assert_eq!(
        one.commit(deadline).await.unwrap(),
        CommitOutcome::Committed
    );
    let Err(DbError::Sql(error)) = other.commit(deadline).await else {
        panic!("both found room")
    };
    assert_eq!(error.code, "53400");
    let says = "a project may have 30 tables, indexes, views, sequences and types, and this";
    assert!(error.message.starts_with(says), "{error:?}");
    assert_eq!(relations().await, 20);

    // Who looks at an older state cannot count.
    let mut older = begin(TransactionOptions {
        isolation: Some(Isolation::RepeatableRead),
        ..TransactionOptions::default()
    })
    .await;
    let look = older.query("select count(*) from a0", &[], &limits);
    look.await.unwrap();
    tenant.query("create table meanwhile ()").await.unwrap();
    let make = older.query("create table late ()", &[], &limits);
    make.await.unwrap();
    let Err(DbError::Sql(error)) = older.commit(deadline).await else {
        panic!("it counted what it did not see")
    };
    assert_eq!(error.code, "40001", "{error:?}");

    // Each statement for itself, until nothing is left.
    let sessions = ["c", "d"].map(|name| {
        let (database, tenant) = (tenant.database.clone(), tenant.tenant.clone());
        tokio::spawn(async move {
            for n in 0..20 {
                let sql = format!("create table {name}{n} ()");
                let made = database.query(&tenant, &sql, &[], &Limits::default()).await;
                let is_refused = matches!(&made, Err(DbError::Sql(error)) if error.code == "53400");
                assert!(made.is_ok() || is_refused, "{made:?}");
            }
        })
    });
    for session in sessions {
        session.await.unwrap();
    }
    assert_eq!(relations().await, 30);
}

/// Letters that no compression makes fewer.
pub(crate) fn random_text(length: usize) -> String {
    let mut state = 0x9e37_79b9_u64;
    let next = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from(b'a' + u8::try_from((state >> 40) % 26).unwrap())
    };
    (0..length).map(next).collect()
}

/// Each view names the one before twice: the planner would write out as many tables as 2 to the power
/// of their number.
#[tokio::test]
async fn views_do_not_double_without_end() {
    let (_, tenant, _) = small("cell_views").await;
    tenant
        .query("create view v0 as select 1 as a")
        .await
        .unwrap();
    let (made, error) = until_refused(&tenant, |n| {
        format!("create view v{} as select x.a from v{n} x, v{n} y", n + 1)
    })
    .await;
    assert_eq!(made, 9, "{error:?}");
    assert!(
        error
            .message
            .starts_with("a project may have 1000 tables that a view comes to"),
        "{error:?}"
    );
    let sql = format!("create or replace view v0 as select a from v{made}");
    assert!(tenant.query(&sql).await.is_err());
    assert_eq!(
        tenant.value(&format!("select count(*) from v{made}")).await,
        "1"
    );
}

#[tokio::test]
async fn a_full_project_reads_and_deletes() {
    let (cell, tenant, quotas) = small("cell_full").await;
    let guard = Guard::new(cell.clone(), &tenant.database, &quotas);
    tenant
        .query("create table t (id serial primary key, v text)")
        .await
        .unwrap();
    let fill = "insert into t (v) select string_agg(md5((n * m)::text), '') from generate_series(1, 800) n, generate_series(1, 100) m group by n";
    tenant.query(fill).await.unwrap();
    assert!(cell.usage(&tenant.tenant.name).await.unwrap().bytes > quotas.bytes);
    tenant
        .query("insert into t (v) values ('nobody looked yet')")
        .await
        .unwrap();
    guard.look().await.unwrap();
    for sql in [
        "insert into t (v) values ('x')",
        "update t set v = v || v",
        "with x as (insert into t (v) values ('x') returning v) select * from x",
        "create table other as select * from t",
        "select * into other from t",
        "create index on t (v)",
        "merge into t using (select 1) x on false when not matched then insert (v) values ('x')",
        "comment on table t is 'x'",
    ] {
        let Err(DbError::Sql(error)) = tenant.query(sql).await else {
            panic!("{sql} wrote")
        };
        assert_eq!(error.code, "53100", "{sql}: {error:?}");
        assert!(
            error
                .message
                .starts_with("the project's database is full: it stores "),
            "{error:?}"
        );
        assert!(
            error
                .hint
                .unwrap()
                .starts_with("Free some of it with DELETE")
        );
    }
    let deadline = Duration::from_secs(5);
    let mut transaction = tenant
        .database
        .begin(&tenant.tenant, Default::default(), deadline)
        .await
        .unwrap();
    let written = transaction
        .query("insert into t (v) values ('x')", &[], &Limits::default())
        .await;
    assert!(matches!(written, Err(DbError::Sql(error)) if error.code == "53100"));
    assert_eq!(
        transaction.commit(deadline).await.unwrap(),
        CommitOutcome::RolledBack
    );
    assert_eq!(tenant.value("select count(*) from t").await, "801");
    // Rows that are deleted leave their place behind, which is given back as soon as nobody's
    // transaction is older than their end.
    let is_free = async || {
        tenant.query("delete from t where id > 10").await.unwrap();
        guard.look().await.unwrap();
        let insert = "insert into t (v) values ('there is room again')";
        tenant.query(insert).await.is_ok()
    };
    let mut tries = 0;
    while !is_free().await {
        tries += 1;
        assert!(tries < 500, "nothing was given back");
    }
    assert!(cell.usage(&tenant.tenant.name).await.unwrap().bytes < quotas.bytes);
}

/// Another session of the tenant's, which nobody's quotas hold back.
async fn session(tenant: &TestTenant) -> Client {
    Client::connect(&Login::for_tenant(&tenant.tenant))
        .await
        .unwrap()
}

/// A table is locked by a transaction that changes it: neither its own project nor another's goes
/// unmeasured.
#[tokio::test]
async fn a_lock_of_one_project_keeps_no_project_from_being_measured() {
    let (cell, locked, quotas) = small("cell_locked").await;
    let other = TestTenant {
        tenant: cell.provision_tenant(TenantName::random()).await.unwrap(),
        database: locked.database.clone(),
    };
    let fill = "create table t as select string_agg(md5((n * m)::text), '') as v from generate_series(1, 800) n, generate_series(1, 100) m group by n";
    for tenant in [&locked, &other] {
        tenant.query(fill).await.unwrap();
    }
    let mut holder = session(&locked).await;
    let limits = Limits::default();
    for sql in ["begin", "alter table t add column w int"] {
        holder.query(sql, &[], &limits).await.unwrap();
    }
    let guard = Guard::new(cell, &locked.database, &quotas);
    guard.look().await.unwrap();
    assert_eq!(locked.database.held().full, 2);
    holder.close().await;
}

/// Once may be chance.
#[tokio::test]
async fn who_cannot_be_measured_twice_is_held_back_until_it_can_be() {
    let (cell, tenant, quotas) = small("cell_unmeasured").await;
    let other = TestTenant {
        tenant: cell.provision_tenant(TenantName::random()).await.unwrap(),
        database: tenant.database.clone(),
    };
    let guard = Guard::new(cell, &tenant.database, &quotas);
    tenant.query("create table t (v text)").await.unwrap();
    let fill = "create table t as select string_agg(md5((n * m)::text), '') as v from generate_series(1, 800) n, generate_series(1, 100) m group by n";
    other.query(fill).await.unwrap();
    let options = server().await.control_options().database("cell_unmeasured");
    let mut admin = options.connect().await.unwrap();
    let role = tenant.tenant.role();
    // Whatever it is that fails for one of them.
    let fail = format!(
        "alter function quota.measure(name) rename to measure_it;
        create function quota.measure(tenant name, out relations bigint, out bytes bigint)
          language plpgsql security definer set search_path = pg_catalog as $$
        begin
          if tenant = '{role}' then
            raise exception using errcode = '55P03', message = 'locked';
          end if;
          select m.relations, m.bytes into relations, bytes from quota.measure_it(tenant) m;
        end $$;
        grant execute on function quota.measure(name) to provisioner"
    );
    let fail = sqlx::AssertSqlSafe(fail);
    sqlx::raw_sql(fail).execute(&mut admin).await.unwrap();
    guard.look().await.unwrap();
    assert_eq!(tenant.database.held().full, 1, "the other one alone");
    tenant.query("insert into t values ('x')").await.unwrap();
    guard.look().await.unwrap();
    let Err(DbError::Sql(error)) = tenant.query("insert into t values ('x')").await else {
        panic!("it wrote")
    };
    assert_eq!(error.code, "53100");
    assert!(
        error
            .message
            .starts_with("how much the project's database stores could not be measured"),
        "{error:?}"
    );
    assert_eq!(tenant.value("select count(*) from t").await, "1");

    let mend = "drop function quota.measure(name); alter function quota.measure_it(name) rename to measure";
    sqlx::raw_sql(mend).execute(&mut admin).await.unwrap();
    guard.look().await.unwrap();
    tenant.query("insert into t values ('x')").await.unwrap();
}

/// Each row of `ch` would be written anew for one row of `par`.
#[tokio::test]
async fn a_full_project_does_not_grow_by_what_it_deletes() {
    let (cell, tenant, quotas) = small("cell_deletes").await;
    let guard = Guard::new(cell, &tenant.database, &quotas);
    for sql in [
        "create table par (id int primary key)",
        "create table mid (id int primary key, p int references par on delete cascade)",
        "create table ch (p int references mid on delete set null, v text)",
        "create table other (p int default 1 references par on delete set default)",
        "create table plain (id int primary key)",
        "create table \"Kept\" (id int references plain on delete cascade)",
        "create view w as select * from par",
        "insert into par values (1)",
        "insert into mid values (1, 1)",
        "insert into plain values (1), (2), (3)",
        "insert into ch select 1, string_agg(md5((n * m)::text), '') from generate_series(1, 800) n, generate_series(1, 100) m group by n",
    ] {
        tenant.query(sql).await.unwrap();
    }
    guard.look().await.unwrap();
    for sql in [
        "delete from par",
        "delete from mid where id = 1",
        "DELETE FROM ONLY \"par\" USING plain",
        "delete /* x */ from w",
        "delete from U&\"par\"",
    ] {
        let Err(DbError::Sql(error)) = tenant.query(sql).await else {
            panic!("{sql} was let through")
        };
        assert_eq!(error.code, "53100", "{sql}: {error:?}");
        assert!(
            error
                .hint
                .unwrap()
                .starts_with("This DELETE may write as well")
        );
    }
    let schema = tenant.tenant.schema();
    for sql in [
        "delete from \"Kept\" k where k.id = 1".to_owned(),
        "delete from PLAIN where id = 1".to_owned(),
        format!("delete from only {schema}.plain where id = 2 returning id"),
        "truncate ch".to_owned(),
    ] {
        assert!(tenant.query(&sql).await.is_ok(), "{sql}");
    }
}

/// A table that cannot be written anew keeps neither the others nor the measurement from being done.
#[tokio::test]
async fn a_table_that_is_locked_keeps_no_other_from_giving_back() {
    let (cell, tenant, quotas) = small("cell_give_back").await;
    let guard = Guard::new(cell, &tenant.database, &quotas);
    // In this order they are written anew.
    for name in ["locked", "t"] {
        let fill = format!(
            "create table {name} as select string_agg(md5((n * m)::text), '') as v from generate_series(1, 800) n, generate_series(1, 100) m group by n"
        );
        tenant.query(&fill).await.unwrap();
    }
    guard.look().await.unwrap();
    assert_eq!(tenant.database.held().full, 1);
    let mut holder = session(&tenant).await;
    let limits = Limits::default();
    for sql in ["begin", "select 1 from locked limit 1"] {
        holder.query(sql, &[], &limits).await.unwrap();
    }
    tenant.query("truncate t").await.unwrap();
    let options = server().await.control_options().database("cell_give_back");
    let mut admin = options.connect().await.unwrap();
    let file = format!(
        "select pg_relation_filenode('{}.t'::regclass)::bigint",
        tenant.tenant.schema()
    );
    let mut file = async || -> i64 {
        let sql = sqlx::AssertSqlSafe(file.clone());
        sqlx::query_scalar(sql).fetch_one(&mut admin).await.unwrap()
    };
    let before = file().await;
    let mut looks = 0;
    while file().await == before {
        guard.look().await.unwrap();
        // It is waited for the lock of the other table; the transaction that has it is kept open.
        holder.query("select 1", &[], &limits).await.unwrap();
        looks += 1;
        assert!(looks < 2000, "the other table was not written anew");
    }
    holder.close().await;
}

/// What could not be: a statement that goes on past all deadlines. A session that has none stands for it.
#[tokio::test]
async fn who_has_a_statement_without_end_is_held_back() {
    let (cell, tenant, quotas) = small("cell_endless").await;
    let guard =
        Guard::new(cell, &tenant.database, &quotas).with_patience(Duration::from_millis(200));
    assert_eq!(tenant.value("select 1").await, "1");
    let mut endless = Client::connect(&Login::for_tenant(&tenant.tenant))
        .await
        .unwrap();
    let limits = Limits {
        deadline: Duration::from_secs(60),
        ..Limits::default()
    };
    endless
        .query("set statement_timeout = 0", &[], &limits)
        .await
        .unwrap();
    let process = endless.process_id().unwrap();
    // PostgreSQL 16 has none.
    let _ = endless
        .query("set transaction_timeout = 0", &[], &limits)
        .await;
    let running = tokio::spawn(async move {
        let result = endless.query("select pg_sleep(3)", &[], &limits).await;
        endless.close().await;
        result
    });
    let refusal = loop {
        guard.look().await.unwrap();
        if let Err(error) = tenant.query("select 1").await {
            break error;
        }
        assert!(!running.is_finished());
    };
    assert!(
        refusal
            .to_string()
            .contains("a statement of this project does not end"),
        "{refusal}"
    );
    // It takes what others leave.
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let priority = stat.rsplit(')').next().unwrap().split_whitespace().nth(16);
    assert_eq!(priority, Some("19"), "{stat}");
    assert!(
        tenant
            .database
            .begin(&tenant.tenant, Default::default(), Duration::from_secs(1))
            .await
            .is_err()
    );
    running.await.unwrap().unwrap();
    guard.look().await.unwrap();
    assert_eq!(tenant.value("select 1").await, "1");
}

async fn embedded(folder: &Folder, max_connections: u16) -> Embedded {
    let config = EmbeddedConfig {
        public_dir: folder.0.join("public"),
        max_connections,
        ..EmbeddedConfig::new(bin_dir(), folder.0.join("data"))
    };
    Embedded::start(config)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test]
async fn a_tenant_is_dropped_though_hardly_a_lock_is_free() {
    let folder = Folder::new("locks");
    let embedded = embedded(&folder, 20).await;
    let server = embedded.server();
    let cell = Cell::ensure(&server, "cell_1").await.unwrap();
    let tenant = cell.provision_tenant(TenantName::random()).await.unwrap();
    let mut client = Client::connect(&Login::for_tenant(&tenant)).await.unwrap();
    let limits = Limits::default();
    let mut make = async |sql: &str| client.query(sql, &[], &limits).await.map(drop).unwrap();
    make("create table p (id int, v text) partition by list (id)").await;
    for n in 0..120 {
        make(&format!(
            "create table p{n} partition of p for values in ({n})"
        ))
        .await;
    }
    make("create table t (v text)").await;
    for _ in 0..120 {
        make("create index on t (v)").await;
    }
    make("create view w as select * from p").await;
    client.close().await;
    let mut admin = server
        .control_options()
        .database("cell_1")
        .connect()
        .await
        .unwrap();
    let mut greedy = server
        .control_options()
        .database("cell_1")
        .connect()
        .await
        .unwrap();
    // Session locks stay when the statement fails that could not have all.
    sqlx::raw_sql("set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = 0")
        .execute(&mut greedy)
        .await
        .unwrap();
    let all = sqlx::query("select count(pg_advisory_lock(n)) from generate_series(1, 100000) n")
        .execute(&mut greedy)
        .await;
    assert!(all.is_err());
    sqlx::query("select count(pg_advisory_unlock(n)) from generate_series(1, 400) n")
        .execute(&mut greedy)
        .await
        .unwrap();
    let whole = format!("drop schema {} cascade", tenant.schema());
    let at_once = sqlx::raw_sql(sqlx::AssertSqlSafe(whole))
        .execute(&mut admin)
        .await;
    let Err(sqlx::Error::Database(error)) = at_once else {
        panic!("there were locks enough: {at_once:?}")
    };
    assert_eq!(error.code().as_deref(), Some("53200"), "{error}");
    // A login needs locks, too. Who finds none is told so, and whoever removes a project goes on later.
    let mut tries = 0;
    while let Err(error) = cell.drop_tenant(&tenant.name).await {
        tries += 1;
        assert!(
            format!("{error:?}").contains("out of shared memory") && tries < 100,
            "{error:?}"
        );
    }
    let is_gone: bool =
        sqlx::query_scalar("select to_regrole($1) is null and to_regnamespace($1) is null")
            .bind(tenant.role())
            .fetch_one(&mut admin)
            .await
            .unwrap();
    assert!(is_gone);
    embedded.stop().await.unwrap();
}

/// More projects than the server has connections, all at once: each waits for its turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_wait_where_connections_are_few() {
    let folder = Folder::new("connections");
    let embedded = embedded(&folder, 24).await;
    let server = embedded.server();
    let cell = Cell::ensure(&server, "cell_1").await.unwrap();
    let capacity = server.capacity().await.unwrap();
    assert_eq!(
        capacity,
        Capacity {
            connections: 24,
            reserved: 3,
            taken: capacity.taken,
            locks: 24 * 256
        }
    );
    let share = server.share(&Quotas::default()).await.unwrap();
    assert!(share.control + share.tenants <= 24 - 3, "{share:?}");
    let few = Quotas {
        connections: Some(10),
        ..Quotas::default()
    };
    assert_eq!(
        server.share(&few).await.unwrap(),
        Share {
            control: 5,
            tenants: 5
        }
    );
    let pool = Pool::new(PoolConfig {
        max_total: share.tenants as usize,
        ..PoolConfig::default()
    });
    let database = TenantDatabase::new(pool.clone());
    let mut tasks = Vec::new();
    for _ in 0..24 {
        let tenant = cell.provision_tenant(TenantName::random()).await.unwrap();
        for _ in 0..2 {
            let (database, tenant) = (database.clone(), tenant.clone());
            tasks.push(tokio::spawn(async move {
                let sql = "select current_user, pg_sleep(0.1)";
                let rows = database
                    .query(&tenant, sql, &[], &Limits::default())
                    .await?;
                assert_eq!(text(&rows, 0, 0), tenant.role());
                Ok::<_, DbError>(())
            }));
        }
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert!(pool.metrics().connects_total >= 24);
    embedded.stop().await.unwrap();
}
