//! Who gets a connection, when, and that it is always the tenant's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use roost::postgres::{
    DbError, Lease, Limits, Pool, PoolConfig, Rows, TenantName, TransactionOptions,
    TransactionStatus,
};
use sqlx::ConnectOptions as _;
use tokio::time::{sleep, timeout};

use crate::postgres_support::{TestTenant, cell, server, text};

const SECOND: Duration = Duration::from_secs(1);

fn config() -> PoolConfig {
    PoolConfig::default()
}

async fn run(lease: &mut Lease, sql: &str) -> Result<Rows, DbError> {
    lease.query(sql, &[], &Limits::default()).await
}

async fn run_value(lease: &mut Lease, sql: &str) -> String {
    text(&run(lease, sql).await.unwrap(), 0, 0)
}

/// Waits until `is_so`, which must happen soon.
async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + 5 * SECOND;
    while !is_so() {
        assert!(Instant::now() < deadline, "not within five seconds: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

async fn tenants(pool: &Pool, count: usize) -> Vec<TestTenant> {
    let mut tenants = Vec::new();
    for _ in 0..count {
        tenants.push(TestTenant::in_pool(pool).await);
    }
    tenants
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_checkout_is_the_tenants_own_whatever_happens() {
    let pool = Pool::new(PoolConfig {
        max_total: 5,
        acquire_deadline: 20 * SECOND,
        ..config()
    });
    let tenants = tenants(&pool, 4).await;
    for tenant in &tenants {
        tenant
            .query("create table sentinel (v text)")
            .await
            .unwrap();
        let role = tenant.tenant.role();
        tenant
            .query(&format!("insert into sentinel values ('{role}')"))
            .await
            .unwrap();
    }
    let tenants = Arc::new(tenants);
    let served = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    for task in 0..24_usize {
        let (pool, tenants, served) = (pool.clone(), Arc::clone(&tenants), Arc::clone(&served));
        tasks.push(tokio::spawn(async move {
            let mut admin = server().await.control_options().connect().await.unwrap();
            for round in 0..20_usize {
                let tenant = &tenants[(task * 7 + round * 3) % tenants.len()].tenant;
                let mut lease = pool.acquire(tenant).await.unwrap();
                let sql = "select current_user, session_user, (select v from sentinel)";
                let rows = match run(&mut lease, sql).await {
                    Ok(rows) => rows,
                    // Another task ended it in this very moment.
                    Err(DbError::Unavailable(_)) => continue,
                    Err(err) => panic!("{err}"),
                };
                served.fetch_add(1, Ordering::Relaxed);
                for column in 0..3 {
                    assert_eq!(text(&rows, 0, column), tenant.role());
                }
                assert_eq!(lease.status(), TransactionStatus::Idle);
                assert!(pool.metrics().total <= 5);
                misuse(lease, &mut admin, task + round).await;
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert!(
        served.load(Ordering::Relaxed) > 400,
        "{served:?} of 480 were served"
    );
    until("all connections are given back", || {
        pool.metrics().in_use == 0
    })
    .await;
    assert_eq!(pool.metrics().waiting, 0);
}

/// Ends the use of a connection in one of many ways.
async fn misuse(mut lease: Lease, admin: &mut sqlx::PgConnection, kind: usize) {
    match kind % 6 {
        // A future that is dropped in the middle.
        0 => {
            let query = run(&mut lease, "select pg_sleep(5)");
            let _ = timeout(
                Duration::from_millis(u64::try_from(kind % 5).unwrap()),
                query,
            )
            .await;
        }
        // Ended by somebody else, while idle in the pool or in use.
        1 => {
            let process = lease.process_id().unwrap();
            if kind.is_multiple_of(2) {
                drop(lease);
            }
            let _: bool = sqlx::query_scalar("select pg_terminate_backend($1)")
                .bind(process)
                .fetch_one(admin)
                .await
                .unwrap();
        }
        // A transaction that is left open, sound or failed.
        2 => {
            let _ = lease.begin(TransactionOptions::default(), SECOND).await;
            let _ = run(
                &mut lease,
                if kind.is_multiple_of(2) {
                    "select 1"
                } else {
                    "select 1/0"
                },
            )
            .await;
        }
        // Everything that a session without a filter can try to become somebody else.
        3 => {
            for sql in [
                "reset role",
                "set role none",
                "discard all",
                "set search_path = x",
            ] {
                let _ = run(&mut lease, sql).await;
            }
        }
        // An answer that is refused.
        4 => {
            let limits = Limits {
                max_bytes: 1_000,
                ..Limits::default()
            };
            let _ = lease
                .query("select repeat('x', 100000)", &[], &limits)
                .await;
        }
        _ => {}
    }
}

#[tokio::test]
async fn a_connection_is_used_again_by_its_tenant() {
    let pool = Pool::new(config());
    let tenants = tenants(&pool, 2).await;
    let first = tenants[0].value("select pg_backend_pid()").await;
    tenants[1].value("select 1").await;
    assert_eq!(tenants[0].value("select pg_backend_pid()").await, first);
    assert_eq!(pool.metrics().connects_total, 2);
    assert_eq!((pool.metrics().idle, pool.metrics().in_use), (2, 0));
}

#[tokio::test]
async fn the_one_idle_longest_makes_room() {
    let pool = Pool::new(PoolConfig {
        max_total: 2,
        ..config()
    });
    let tenants = tenants(&pool, 3).await;
    let first = tenants[0].value("select pg_backend_pid()").await;
    let second = tenants[1].value("select pg_backend_pid()").await;
    tenants[2].value("select 1").await;
    assert_eq!(pool.metrics().evictions_total, 1);
    assert_eq!(tenants[1].value("select pg_backend_pid()").await, second);
    assert_ne!(tenants[0].value("select pg_backend_pid()").await, first);
}

#[tokio::test]
async fn a_tenant_has_two_connections_and_then_waits() {
    let deadline = Duration::from_millis(200);
    let pool = Pool::new(PoolConfig {
        acquire_deadline: deadline,
        ..config()
    });
    let tenants = tenants(&pool, 2).await;
    let first = pool.acquire(&tenants[0].tenant).await.unwrap();
    let _second = pool.acquire(&tenants[0].tenant).await.unwrap();
    let started = Instant::now();
    let third = pool.acquire(&tenants[0].tenant).await;
    assert!(matches!(third, Err(DbError::PoolExhausted)));
    assert!(started.elapsed() >= deadline);
    // Others do not wait for it.
    let other = pool.acquire(&tenants[1].tenant).await.unwrap();
    drop(other);
    let process = first.process_id();
    drop(first);
    let third = pool.acquire(&tenants[0].tenant).await.unwrap();
    assert_eq!(third.process_id(), process);
    assert_eq!(pool.metrics().exhausted_total, 1);
}

#[tokio::test]
async fn a_busy_tenant_does_not_starve_another() {
    let pool = Pool::new(PoolConfig {
        max_total: 1,
        acquire_deadline: 20 * SECOND,
        ..config()
    });
    let tenants = tenants(&pool, 2).await;
    let (busy, quiet) = (tenants[0].tenant.clone(), tenants[1].tenant.clone());
    let held = pool.acquire(&busy).await.unwrap();
    let (sender, mut order) = tokio::sync::mpsc::unbounded_channel();
    let use_it = |tenant: roost::postgres::Tenant, name: &'static str| {
        let (pool, sender) = (pool.clone(), sender.clone());
        tokio::spawn(async move {
            let mut lease = pool.acquire(&tenant).await.unwrap();
            sender.send(name).unwrap();
            run(&mut lease, "select 1").await.unwrap();
        })
    };
    for _ in 0..20 {
        use_it(busy.clone(), "busy");
    }
    until("the busy one waits", || pool.metrics().waiting == 20).await;
    use_it(quiet, "quiet");
    until("both wait", || pool.metrics().waiting == 21).await;
    drop(held);
    let mut served = Vec::new();
    for _ in 0..21 {
        served.push(order.recv().await.unwrap());
    }
    let turn = served.iter().position(|name| *name == "quiet").unwrap();
    assert!(turn <= 2, "the quiet tenant was served as number {turn}");
}

#[tokio::test]
async fn idle_and_old_connections_are_closed() {
    let pool = Pool::new(PoolConfig {
        idle_time: Duration::from_millis(100),
        ..config()
    });
    let tenant = TestTenant::in_pool(&pool).await;
    tenant.value("select 1").await;
    until("the idle connection is closed", || {
        pool.metrics().total == 0
    })
    .await;

    let pool = Pool::new(PoolConfig {
        max_age: Duration::from_millis(50),
        ..config()
    });
    let tenant = TestTenant::in_pool(&pool).await;
    let mut lease = pool.acquire(&tenant.tenant).await.unwrap();
    run(&mut lease, "select pg_sleep(0.1)").await.unwrap();
    drop(lease);
    until("the old connection is closed", || pool.metrics().total == 0).await;
}

#[tokio::test]
async fn a_connection_that_died_while_idle_is_not_given_out() {
    let pool = Pool::new(config());
    let tenant = TestTenant::in_pool(&pool).await;
    let process: i32 = tenant
        .value("select pg_backend_pid()")
        .await
        .parse()
        .unwrap();
    let mut admin = server().await.control_options().connect().await.unwrap();
    let is_ended: bool = sqlx::query_scalar("select pg_terminate_backend($1, 2000)")
        .bind(process)
        .fetch_one(&mut admin)
        .await
        .unwrap();
    assert!(is_ended);
    assert_eq!(tenant.value("select 1").await, "1");
}

#[tokio::test]
async fn waiters_who_leave_take_nothing_with_them() {
    let pool = Pool::new(PoolConfig {
        max_total: 1,
        ..config()
    });
    let tenants = tenants(&pool, 2).await;
    let held = pool.acquire(&tenants[0].tenant).await.unwrap();
    for patience in 0..30 {
        let patience = Duration::from_micros(patience * 50);
        let _ = timeout(patience, pool.acquire(&tenants[1].tenant)).await;
    }
    drop(held);
    for patience in 0..60 {
        let tenant = &tenants[patience % 2].tenant;
        let patience = Duration::from_micros(u64::try_from(patience).unwrap() * 100);
        let _ = timeout(patience, pool.acquire(tenant)).await;
    }
    until("nothing is in use", || pool.metrics().in_use == 0).await;
    assert_eq!(tenants[0].value("select 1").await, "1");
}

#[tokio::test]
async fn what_a_session_was_set_to_does_not_last() {
    let pool = Pool::new(config());
    let tenant = TestTenant::in_pool(&pool).await;
    let mut lease = pool.acquire(&tenant.tenant).await.unwrap();
    let process = lease.process_id();
    run(&mut lease, "set work_mem = '10GB'").await.unwrap();
    run(&mut lease, "listen someone").await.unwrap();
    run(&mut lease, "prepare p as select 1").await.unwrap();
    drop(lease);
    until("it is given back", || pool.metrics().idle == 1).await;
    let mut lease = pool.acquire(&tenant.tenant).await.unwrap();
    assert_eq!(lease.process_id(), process);
    assert_eq!(
        run_value(&mut lease, "select current_setting('work_mem')").await,
        "4MB"
    );
    run(&mut lease, "execute p").await.unwrap_err();
}

#[tokio::test]
async fn a_forgotten_tenant_leaves_no_connection() {
    let pool = Pool::new(config());
    let tenant = TestTenant::in_pool(&pool).await;
    let held = pool.acquire(&tenant.tenant).await.unwrap();
    tenant.value("select 1").await;
    assert_eq!(pool.metrics().total, 2);
    pool.forget(&tenant.tenant).await;
    assert_eq!(pool.metrics().total, 1);
    drop(held);
    until("the last one is closed", || pool.metrics().total == 0).await;
}

#[tokio::test]
async fn a_tenant_that_does_not_exist_is_unavailable() {
    let pool = Pool::new(config());
    let stranger = cell().await.tenant(TenantName::random());
    let Err(DbError::Unavailable(reason)) = pool.acquire(&stranger).await.map(drop) else {
        panic!("a stranger logged in")
    };
    assert!(reason.contains(stranger.role()), "{reason}");
    assert_eq!(pool.metrics().total, 0);
}
