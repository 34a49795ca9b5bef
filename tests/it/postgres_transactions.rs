//! Transactions of tenants: kept or undone as a whole, and never left behind.

use std::time::Duration;

use roost::postgres::{
    Access, CommitOutcome, DbError, Isolation, Limits, TransactionOptions, TransactionStatus,
};

use crate::postgres_support::{TestTenant, text};

const SECOND: Duration = Duration::from_secs(1);

fn limits() -> Limits {
    Limits::default()
}

#[tokio::test]
async fn a_transaction_is_kept_or_undone_as_a_whole() {
    let tenant = TestTenant::new().await;
    tenant.query("create table t (n int)").await.unwrap();
    let mut transaction = begin(&tenant, TransactionOptions::default()).await;
    transaction
        .query("insert into t values (1)", &[], &limits())
        .await
        .unwrap();
    assert_eq!(tenant.value("select count(*) from t").await, "0");
    assert_eq!(
        transaction.commit(SECOND).await.unwrap(),
        CommitOutcome::Committed
    );
    assert_eq!(tenant.value("select count(*) from t").await, "1");

    let mut transaction = begin(&tenant, TransactionOptions::default()).await;
    transaction
        .query("delete from t", &[], &limits())
        .await
        .unwrap();
    transaction.rollback(SECOND).await.unwrap();
    assert_eq!(tenant.value("select count(*) from t").await, "1");

    let mut transaction = begin(&tenant, TransactionOptions::default()).await;
    transaction
        .query("delete from t", &[], &limits())
        .await
        .unwrap();
    drop(transaction);
    assert_eq!(tenant.value("select count(*) from t").await, "1");
    assert!(tenant.database.pool().metrics().total <= 2);
}

#[tokio::test]
async fn a_failed_transaction_takes_a_rollback_only() {
    let tenant = TestTenant::new().await;
    tenant.query("create table t (n int)").await.unwrap();
    let mut transaction = begin(&tenant, TransactionOptions::default()).await;
    transaction
        .query("insert into t values (1)", &[], &limits())
        .await
        .unwrap();
    transaction
        .query("savepoint \"Mixed Case\"", &[], &limits())
        .await
        .unwrap();
    transaction
        .query("insert into t values ('x')", &[], &limits())
        .await
        .unwrap_err();
    assert_eq!(transaction.status(), TransactionStatus::Failed);
    let Err(DbError::Sql(error)) = transaction.query("select 1", &[], &limits()).await else {
        panic!("a failed transaction took a statement")
    };
    assert_eq!(error.code, "25P02");
    transaction
        .query("rollback to \"Mixed Case\"", &[], &limits())
        .await
        .unwrap();
    assert_eq!(transaction.status(), TransactionStatus::InTransaction);
    transaction
        .query("release savepoint \"Mixed Case\"", &[], &limits())
        .await
        .unwrap();
    assert_eq!(
        transaction.commit(SECOND).await.unwrap(),
        CommitOutcome::Committed
    );
    assert_eq!(tenant.value("select count(*) from t").await, "1");

    let mut transaction = begin(&tenant, TransactionOptions::default()).await;
    transaction
        .query("nonsense", &[], &limits())
        .await
        .unwrap_err();
    transaction
        .query("select 1 / 0", &[], &limits())
        .await
        .unwrap_err();
    assert_eq!(
        transaction.commit(SECOND).await.unwrap(),
        CommitOutcome::RolledBack
    );
}

#[tokio::test]
async fn a_transaction_whose_answer_was_withheld_is_not_committed() {
    let tenant = TestTenant::new().await;
    tenant.query("create table t (n int)").await.unwrap();
    let mut transaction = begin(&tenant, TransactionOptions::default()).await;
    let few = Limits {
        max_rows: 1,
        ..limits()
    };
    let insert = "insert into t select generate_series(1, 5) returning n";
    let result = transaction.query(insert, &[], &few).await;
    assert!(
        matches!(result, Err(DbError::TooManyRows { .. })),
        "{result:?}"
    );
    assert!(matches!(
        transaction.query("select 1", &[], &limits()).await,
        Err(DbError::Denied(_))
    ));
    assert_eq!(
        transaction.commit(SECOND).await.unwrap(),
        CommitOutcome::RolledBack
    );
    assert_eq!(tenant.value("select count(*) from t").await, "0");
}

#[tokio::test]
async fn a_transaction_begins_as_asked() {
    let tenant = TestTenant::new().await;
    tenant.query("create table t (n int)").await.unwrap();
    let options = TransactionOptions {
        isolation: Some(Isolation::Serializable),
        access: Some(Access::ReadOnly),
        is_deferrable: true,
    };
    let mut transaction = begin(&tenant, options).await;
    let rows = transaction
        .query(
            "select current_setting('transaction_isolation')",
            &[],
            &limits(),
        )
        .await
        .unwrap();
    assert_eq!(text(&rows, 0, 0), "serializable");
    let Err(DbError::Sql(error)) = transaction
        .query("insert into t values (1)", &[], &limits())
        .await
    else {
        panic!("a read-only transaction wrote")
    };
    assert_eq!(error.code, "25006");
}

#[tokio::test]
async fn transactions_are_not_statements() {
    let tenant = TestTenant::new().await;
    for sql in ["begin", "commit", "rollback", "savepoint a", "set role x"] {
        let result = tenant.query(sql).await;
        assert!(
            matches!(result, Err(DbError::Denied(_))),
            "{sql}: {result:?}"
        );
    }
    let mut transaction = begin(&tenant, TransactionOptions::default()).await;
    let result = transaction.query("commit", &[], &limits()).await;
    assert!(matches!(result, Err(DbError::Denied(_))), "{result:?}");
}

async fn begin(
    tenant: &TestTenant,
    options: TransactionOptions,
) -> roost::postgres::TenantTransaction {
    tenant
        .database
        .begin(&tenant.tenant, options, SECOND)
        .await
        .unwrap()
}
