//! `roost:bot/database`: the project's own schema, as the project's own role.

#![expect(
    clippy::result_large_err,
    reason = "the error's type is made from the WIT, and goes straight to the bot"
)]

use super::bindings::roost::bot::database::{
    self, Column, Error, Isolation, Rows, SqlError, TransactionOptions, TypedText, Value,
};
use super::under_way::Load;
use crate::postgres::{self, DbError, Limits, Param, Tenant, TenantDatabase, TenantTransaction};
use crate::sandbox::{RunState, Turn};
use crate::telemetry::Span;
use std::sync::Arc;
use tokio::sync::Mutex;
use wasmtime::component::{Accessor, HasSelf, Resource};

/// Access to one tenant's schema.
#[derive(Clone)]
pub struct DatabaseGrant {
    /// The host's connections.
    pub database: TenantDatabase,
    /// Whose schema.
    pub tenant: Tenant,
    /// What one statement may take.
    pub limits: Limits,
}

/// Is told of what a bot asks of its database.
pub trait Witness: Send + Sync {
    /// One statement, before it runs.
    fn statement(&self, sql: &str);
}

/// A transaction that the bot holds. Statements of one transaction wait for each other.
#[derive(Clone)]
pub struct OpenTransaction {
    transaction: Arc<Mutex<Option<TenantTransaction>>>,
    limits: Limits,
}

/// The transactions that an event began.
#[derive(Default)]
pub(crate) struct Begun(Vec<std::sync::Weak<Mutex<Option<TenantTransaction>>>>);

impl Begun {
    fn add(&mut self, open: &OpenTransaction) {
        self.0.retain(|known| known.strong_count() > 0);
        self.0.push(Arc::downgrade(&open.transaction));
    }

    /// Ends those that are open. A transaction that is dropped is rolled back.
    pub(super) fn end(&self) {
        for open in self.0.iter().filter_map(std::sync::Weak::upgrade) {
            // Nothing of the event runs any more, so nobody holds the lock.
            if let Ok(mut transaction) = open.try_lock() {
                transaction.take();
            }
        }
    }
}

/// What a statement holds until it ends.
fn load<T>(
    accessor: &Accessor<T, HasSelf<RunState>>,
    sql: &str,
    parameters: &[Value],
) -> Result<Load, Error> {
    let sizes = parameters.iter().map(|value| match value {
        Value::Text(text) | Value::Json(text) => text.len(),
        Value::Typed(typed) => typed.text.len(),
        Value::Binary(bytes) => bytes.len(),
        Value::Null | Value::Boolean(_) | Value::Int64(_) | Value::Float64(_) => 0,
    });
    let bytes = sql.len() + size_of_val(parameters) + sizes.sum::<usize>();
    accessor
        .with(|mut access| access.get().under_way.take(bytes))
        .map_err(Error::TooLarge)
}

fn granted<T>(accessor: &Accessor<T, HasSelf<RunState>>) -> Result<DatabaseGrant, Error> {
    accessor.with(|mut access| {
        let grants = &mut access.get().grants;
        grants.count_call().map_err(Error::Denied)?;
        grants.database.clone().ok_or_else(|| {
            Error::Unavailable(
                "this build has no database: it is there when the bot is deployed".to_owned(),
            )
        })
    })
}

fn saw<T>(accessor: &Accessor<T, HasSelf<RunState>>, sql: &str) {
    accessor.with(|mut access| {
        if let Some(witness) = &access.get().grants.witness {
            witness.statement(sql);
        }
    });
}

/// Waits until the project may run a statement; the right ends with what this gives.
async fn turn<T>(accessor: &Accessor<T, HasSelf<RunState>>) -> Turn {
    let (statements, share) = accessor.with(|mut access| access.get().statements());
    statements.turn(&share).await
}

fn traced<T>(accessor: &Accessor<T, HasSelf<RunState>>, name: &'static str) -> Span {
    accessor.with(|mut access| access.get().grants.trace.span(name))
}

/// Of what the server said only the code: its words may quote what is in the tables.
fn failed(span: &mut Span, error: Option<&DbError>) {
    match error {
        None => {}
        Some(DbError::Sql(error)) => span.fail(error.code.clone()),
        Some(error) => span.fail(error.to_string()),
    }
}

fn open<T>(
    accessor: &Accessor<T, HasSelf<RunState>>,
    handle: &Resource<OpenTransaction>,
) -> Result<OpenTransaction, Error> {
    accessor.with(|mut access| {
        let state = access.get();
        state.grants.count_call().map_err(Error::Denied)?;
        state
            .table
            .get(handle)
            .cloned()
            .map_err(|error| Error::Other(error.to_string()))
    })
}

/// Takes a transaction out of the bot's hands, to end it.
async fn close<T>(
    accessor: &Accessor<T, HasSelf<RunState>>,
    handle: Resource<OpenTransaction>,
) -> Result<(TenantTransaction, Limits), Error> {
    let open = accessor.with(|mut access| {
        let state = access.get();
        // Never refused: what is open would stay so.
        state.grants.host_calls += 1;
        state
            .table
            .delete(handle)
            .map_err(|error| Error::Other(error.to_string()))
    })?;
    let transaction = open.transaction.lock().await.take();
    Ok((transaction.ok_or_else(ended)?, open.limits))
}

fn ended() -> Error {
    Error::Other("the transaction has ended".to_owned())
}

impl<T: Send> database::HostWithStore<T> for HasSelf<RunState> {
    async fn query(
        accessor: &Accessor<T, Self>,
        sql: String,
        parameters: Vec<Value>,
    ) -> Result<Rows, Error> {
        let grant = granted(accessor)?;
        let _load = load(accessor, &sql, &parameters)?;
        saw(accessor, &sql);
        let mut span = traced(accessor, "database.query");
        let parameters: Vec<Param> = parameters.into_iter().map(param).collect();
        let _turn = turn(accessor).await;
        let rows = grant
            .database
            .query(&grant.tenant, &sql, &parameters, &grant.limits)
            .await;
        failed(&mut span, rows.as_ref().err());
        rows.map(rows_of).map_err(error_of)
    }

    async fn begin(
        accessor: &Accessor<T, Self>,
        options: TransactionOptions,
    ) -> Result<Resource<OpenTransaction>, Error> {
        let grant = granted(accessor)?;
        let _span = traced(accessor, "database.begin");
        let begun = grant
            .database
            .begin(&grant.tenant, options_of(options), grant.limits.deadline);
        let open = OpenTransaction {
            transaction: Arc::new(Mutex::new(Some(begun.await.map_err(error_of)?))),
            limits: grant.limits,
        };
        accessor.with(|mut access| {
            let state = access.get();
            state.grants.transactions.add(&open);
            state
                .table
                .push(open)
                .map_err(|error| Error::Other(error.to_string()))
        })
    }
}

impl<T: Send> database::HostTransactionWithStore<T> for HasSelf<RunState> {
    async fn query(
        accessor: &Accessor<T, Self>,
        handle: Resource<OpenTransaction>,
        sql: String,
        parameters: Vec<Value>,
    ) -> Result<Rows, Error> {
        let open = open(accessor, &handle)?;
        let _load = load(accessor, &sql, &parameters)?;
        saw(accessor, &sql);
        let mut span = traced(accessor, "database.query");
        let parameters: Vec<Param> = parameters.into_iter().map(param).collect();
        let mut transaction = open.transaction.lock().await;
        let transaction = transaction.as_mut().ok_or_else(ended)?;
        let _turn = turn(accessor).await;
        let rows = transaction.query(&sql, &parameters, &open.limits).await;
        failed(&mut span, rows.as_ref().err());
        rows.map(rows_of).map_err(error_of)
    }

    async fn commit(
        accessor: &Accessor<T, Self>,
        handle: Resource<OpenTransaction>,
    ) -> Result<(), Error> {
        let _span = traced(accessor, "database.commit");
        let (transaction, limits) = close(accessor, handle).await?;
        match transaction
            .commit(limits.deadline)
            .await
            .map_err(error_of)?
        {
            postgres::CommitOutcome::Committed => Ok(()),
            postgres::CommitOutcome::RolledBack => Err(Error::Sql(SqlError {
                sqlstate: "25P02".to_owned(),
                severity: "ERROR".to_owned(),
                message: "a statement had failed before: the transaction was rolled back"
                    .to_owned(),
                detail: None,
                hint: None,
                position: None,
                table: None,
                column: None,
                data_type: None,
                constraint: None,
            })),
        }
    }

    async fn rollback(
        accessor: &Accessor<T, Self>,
        handle: Resource<OpenTransaction>,
    ) -> Result<(), Error> {
        let _span = traced(accessor, "database.rollback");
        let (transaction, limits) = close(accessor, handle).await?;
        transaction
            .rollback(limits.deadline)
            .await
            .map_err(error_of)
    }
}

impl database::HostTransaction for RunState {
    fn drop(&mut self, handle: Resource<OpenTransaction>) -> wasmtime::Result<()> {
        // Dropping the last clone rolls back.
        self.table.delete(handle)?;
        Ok(())
    }
}

impl database::Host for RunState {}

fn param(value: Value) -> Param {
    match value {
        Value::Null => Param::Null,
        Value::Boolean(value) => Param::Bool(value),
        Value::Int64(value) => Param::Int(value),
        Value::Float64(value) => Param::Float(value),
        Value::Text(text) => Param::Text(text),
        Value::Binary(bytes) => Param::Bytes(bytes.into()),
        Value::Json(text) => Param::Json(text),
        Value::Typed(typed) => Param::Typed {
            oid: typed.type_oid,
            text: typed.text,
        },
    }
}

fn options_of(options: TransactionOptions) -> postgres::TransactionOptions {
    postgres::TransactionOptions {
        isolation: options.isolation.map(|isolation| match isolation {
            Isolation::ReadCommitted => postgres::Isolation::ReadCommitted,
            Isolation::RepeatableRead => postgres::Isolation::RepeatableRead,
            Isolation::Serializable => postgres::Isolation::Serializable,
        }),
        access: options.read_only.then_some(postgres::Access::ReadOnly),
        is_deferrable: false,
    }
}

fn rows_of(rows: postgres::Rows) -> Rows {
    let values = |row: Vec<Option<bytes::Bytes>>| {
        let cells = row.iter().zip(&rows.columns);
        cells
            .map(|(cell, column)| value_of(cell.as_deref(), column.oid))
            .collect()
    };
    let values = rows.rows.into_iter().map(values).collect();
    let columns = rows.columns.iter();
    Rows {
        columns: columns
            .map(|c| Column {
                name: c.name.clone(),
                type_oid: c.oid,
            })
            .collect(),
        rows: values,
        command: rows.command,
        affected: rows.affected,
    }
}

/// Object ids of the types that have a case of their own, from `pg_type.dat`.
mod oid {
    pub(super) const BOOL: u32 = 16;
    pub(super) const BYTEA: u32 = 17;
    pub(super) const NAME: u32 = 19;
    pub(super) const INT8: u32 = 20;
    pub(super) const INT2: u32 = 21;
    pub(super) const INT4: u32 = 23;
    pub(super) const TEXT: u32 = 25;
    pub(super) const JSON: u32 = 114;
    pub(super) const FLOAT4: u32 = 700;
    pub(super) const FLOAT8: u32 = 701;
    pub(super) const BPCHAR: u32 = 1042;
    pub(super) const VARCHAR: u32 = 1043;
    pub(super) const JSONB: u32 = 3802;
}

fn value_of(cell: Option<&[u8]>, type_oid: u32) -> Value {
    let Some(bytes) = cell else {
        return Value::Null;
    };
    // The cell's database is UTF-8, so nothing is lost here.
    let text = String::from_utf8_lossy(bytes).into_owned();
    let parsed = match type_oid {
        oid::BOOL => Some(Value::Boolean(text == "t")),
        oid::INT2 | oid::INT4 | oid::INT8 => text.parse().ok().map(Value::Int64),
        oid::FLOAT4 | oid::FLOAT8 => text.parse().ok().map(Value::Float64),
        oid::BYTEA => text
            .strip_prefix("\\x")
            .and_then(|hex| hex::decode(hex).ok())
            .map(Value::Binary),
        oid::TEXT | oid::VARCHAR | oid::BPCHAR | oid::NAME => return Value::Text(text),
        oid::JSON | oid::JSONB => return Value::Json(text),
        _ => None,
    };
    parsed.unwrap_or(Value::Typed(TypedText { type_oid, text }))
}

fn error_of(error: DbError) -> Error {
    match error {
        DbError::Sql(error) => Error::Sql(SqlError {
            sqlstate: error.code,
            severity: error.severity,
            message: error.message,
            detail: error.detail,
            hint: error.hint,
            position: error.position,
            table: error.table,
            column: error.column,
            data_type: error.data_type,
            constraint: error.constraint,
        }),
        DbError::Denied(reason) => Error::Denied(reason),
        DbError::Timeout => Error::Timeout,
        DbError::TooManyRows { .. } | DbError::TooManyBytes { .. } => {
            Error::TooLarge(error.to_string())
        }
        DbError::Unavailable(_) | DbError::PoolExhausted => Error::Unavailable(error.to_string()),
    }
}
