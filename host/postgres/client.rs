//! One connection to Postgres that bounds what a statement may cost the host.
//!
//! Only the extended protocol, one statement per `Parse`: the server then refuses `a; b`. Values go
//! and come as text, so no type is ever looked up, which a hardened cell would deny.
//!
//! A connection is used again only when the server's last word was `ReadyForQuery` and nothing was
//! unusual: a dropped future, a deadline, a refused message each leave it unusable for ever.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use postgres_protocol::IsNull;
use postgres_protocol::message::backend::{Message, ParameterStatusBody};
use postgres_protocol::message::frontend;
use tokio::time::timeout;

use super::address::Endpoint;
use super::answer::{Answer, Settle};
use super::error::DbError;
use super::filter;
use super::login::Login;
use super::values::{Limits, Param, Rows, TransactionOptions};
use super::wire::{Budget, ReadError, Wire, send_alone};

/// What the server's last `ReadyForQuery` said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionStatus {
    Idle,
    InTransaction,
    /// In a transaction that takes nothing but a rollback.
    Failed,
}

pub struct Client {
    pub(super) wire: Wire,
    pub(super) endpoint: Endpoint,
    pub(super) role: String,
    pub(super) cancel_key: Option<(i32, i32)>,
    status: TransactionStatus,
    /// From the first byte of a request to its `ReadyForQuery`. Stays set when a future is dropped.
    pub(super) is_in_flight: bool,
    pub(super) is_broken: bool,
    may_have_state: bool,
}

impl Client {
    /// A larger statement with its parameters is not sent.
    const MAX_REQUEST_BYTES: usize = 16 << 20;
    /// How long `close` waits for the server to stop a statement.
    const CLOSE_DEADLINE: Duration = Duration::from_secs(1);

    /// A connection whose server has not said yet that it is ready.
    pub(super) fn starting(wire: Wire, login: &Login) -> Self {
        Self {
            wire,
            endpoint: login.endpoint.clone(),
            role: login.role.clone(),
            cancel_key: None,
            status: TransactionStatus::Idle,
            is_in_flight: true,
            is_broken: false,
            may_have_state: false,
        }
    }

    /// Runs one statement.
    ///
    /// A statement that gives too many rows outside a transaction is rolled back.
    ///
    /// Cancel safety: dropping the future leaves the connection unusable, and `close` then cancels
    /// the statement on the server. The same holds after `Timeout` and `TooManyBytes`.
    pub async fn query(
        &mut self,
        sql: &str,
        params: &[Param],
        limits: &Limits,
    ) -> Result<Rows, DbError> {
        // Nothing that a tenant may send outlives its statement or transaction.
        self.may_have_state |= matches!(filter::classify_head(sql), filter::Statement::Denied(_));
        let may_need_rollback = self.status == TransactionStatus::Idle && !filter::only_reads(sql);
        let settle = if may_need_rollback {
            Settle::AfterAnswer
        } else {
            Settle::AtOnce
        };
        self.run(sql, params, limits, settle).await
    }

    pub async fn begin(
        &mut self,
        options: TransactionOptions,
        deadline: Duration,
    ) -> Result<(), DbError> {
        self.control(&options.begin_statement(), deadline)
            .await
            .map(drop)
    }

    /// The answer's command is `ROLLBACK` when the transaction had failed.
    pub async fn commit(&mut self, deadline: Duration) -> Result<Rows, DbError> {
        self.control("commit", deadline).await
    }

    pub async fn rollback(&mut self, deadline: Duration) -> Result<(), DbError> {
        self.control("rollback", deadline).await.map(drop)
    }

    /// Runs a statement of the host's own that returns next to nothing.
    pub(super) async fn control(&mut self, sql: &str, deadline: Duration) -> Result<Rows, DbError> {
        let limits = Limits {
            max_rows: 100,
            max_bytes: 256 << 10,
            deadline,
        };
        self.run(sql, &[], &limits, Settle::AtOnce).await
    }

    async fn run(
        &mut self,
        sql: &str,
        params: &[Param],
        limits: &Limits,
        settle: Settle,
    ) -> Result<Rows, DbError> {
        if !self.is_reusable() {
            return Err(DbError::Unavailable(
                "this connection was given up".to_owned(),
            ));
        }
        self.write_request(sql, params, limits, settle)?;
        self.is_in_flight = true;
        timeout(limits.deadline, self.finish_request(limits, settle))
            .await
            .unwrap_or(Err(DbError::Timeout))
    }

    fn write_request(
        &mut self,
        sql: &str,
        params: &[Param],
        limits: &Limits,
        settle: Settle,
    ) -> Result<(), DbError> {
        let size = params
            .iter()
            .fold(sql.len(), |sum, param| sum.saturating_add(param.size()));
        if size > Self::MAX_REQUEST_BYTES {
            return Err(DbError::Denied(format!(
                "the statement and its parameters take {size} bytes, more than {}: send the data \
                 in several statements",
                Self::MAX_REQUEST_BYTES
            )));
        }
        let out = &mut self.wire.outgoing;
        out.clear();
        write_statement(sql, params, limits.max_rows, out)
            .map_err(|err| DbError::Denied(format!("the statement cannot be sent: {err}")))?;
        settle.write_end(out);
        Ok(())
    }

    async fn finish_request(&mut self, limits: &Limits, settle: Settle) -> Result<Rows, DbError> {
        self.send(Ok(())).await?;
        let mut budget = Budget::new(limits.max_bytes);
        let mut answer = Answer::new(limits, settle);
        loop {
            let message = match self.wire.receive(&mut budget).await {
                Ok(message) => message,
                Err(err) => return Err(self.unreadable(err, limits)),
            };
            match message {
                Message::ParameterStatus(body) => self.watch(&body)?,
                Message::ReadyForQuery(body) => {
                    self.status = match body.status() {
                        b'I' => TransactionStatus::Idle,
                        b'T' => TransactionStatus::InTransaction,
                        _ => TransactionStatus::Failed,
                    };
                    self.is_in_flight = false;
                    return answer.finish();
                }
                Message::CopyInResponse(_) | Message::CopyOutResponse(_) => {
                    self.is_broken = true;
                    return Err(DbError::Denied(
                        "COPY is not available: insert several rows in one statement".to_owned(),
                    ));
                }
                message => match answer.take(message, &mut budget, &mut self.wire.outgoing) {
                    Ok(()) => self.send(Ok(())).await?,
                    Err(err) => return Err(self.unreadable(err, limits)),
                },
            }
            if let Some(error) = answer.take_fatal() {
                self.is_broken = true;
                return Err(error.into_db_error());
            }
        }
    }

    /// Whether another statement may be run: nothing is in flight, nothing was unusual.
    pub fn is_reusable(&self) -> bool {
        !self.is_in_flight && !self.is_broken
    }

    /// Whether the server has said nothing since the last answer; it does when it closes.
    pub fn is_alive(&mut self) -> bool {
        self.is_reusable() && self.wire.is_quiet()
    }

    pub fn status(&self) -> TransactionStatus {
        self.status
    }

    /// Whether a statement was run that can leave something in the session. The filter lets none
    /// through.
    pub(super) fn may_have_state(&self) -> bool {
        self.may_have_state
    }

    /// After `DISCARD ALL`.
    pub(super) fn forget_state(&mut self) {
        self.may_have_state = false;
    }

    /// The role that logged in. The server was seen to report no other.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// The server's process, as `pg_backend_pid()` gives it.
    pub fn process_id(&self) -> Option<i32> {
        self.cancel_key.map(|(process_id, _)| process_id)
    }

    /// Ends the session, cancels what it may be running, and waits a moment until the server is
    /// done, so that its slot is free.
    pub async fn close(mut self) {
        let work = async {
            if self.is_in_flight {
                self.cancel().await;
            }
            // Never `Sync`, which would commit a statement whose answer was refused. Where the server
            // waits for one, or for the rest of a request, the end of the stream ends the session.
            self.wire.outgoing.clear();
            frontend::terminate(&mut self.wire.outgoing);
            if self.wire.send_last().await.is_ok() {
                self.wire.drain().await;
            }
        };
        // Past the deadline the socket is closed and the server's own timers end the statement.
        let _ = timeout(Self::CLOSE_DEADLINE, work).await;
    }

    async fn cancel(&self) {
        let Some((process_id, secret_key)) = self.cancel_key else {
            return;
        };
        let mut request = BytesMut::new();
        frontend::cancel_request(process_id, secret_key, &mut request);
        if let Err(err) = send_alone(&self.endpoint, request).await {
            tracing::debug!(db.endpoint = %self.endpoint, "a statement was not cancelled: {err}");
        }
    }

    /// Breaks the connection when the server reports another user than the one that logged in:
    /// whatever the way there, it must not serve this tenant.
    pub(super) fn watch(&mut self, body: &ParameterStatusBody) -> Result<(), DbError> {
        let is_identity = body
            .name()
            .is_ok_and(|name| name == "session_authorization");
        if is_identity && body.value().is_ok_and(|value| value != self.role) {
            tracing::error!(db.role = %self.role, "a session reported another user than its own");
            return Err(self.confused("another user"));
        }
        Ok(())
    }

    pub(super) async fn send(&mut self, written: io::Result<()>) -> Result<(), DbError> {
        let sent = match written {
            Ok(()) if self.wire.outgoing.is_empty() => Ok(()),
            Ok(()) => self.wire.send().await,
            Err(err) => Err(err),
        };
        sent.map_err(|err| self.lost(&err))
    }

    fn unreadable(&mut self, err: ReadError, limits: &Limits) -> DbError {
        match err {
            ReadError::Io(err) => self.lost(&err),
            ReadError::TooLarge => {
                self.is_broken = true;
                DbError::TooManyBytes {
                    limit: limits.max_bytes,
                }
            }
        }
    }

    pub(super) fn lost(&mut self, err: &io::Error) -> DbError {
        self.is_broken = true;
        if err.kind() == io::ErrorKind::UnexpectedEof {
            return DbError::Unavailable("the server closed the connection".to_owned());
        }
        DbError::Unavailable(format!("the connection failed: {err}"))
    }

    pub(super) fn confused(&mut self, what: &str) -> DbError {
        self.is_broken = true;
        DbError::Unavailable(format!("the server at {} sent {what}", self.endpoint))
    }
}

/// Writes Parse, Bind, Describe and Execute of the unnamed statement.
pub(super) fn write_statement(
    sql: &str,
    params: &[Param],
    max_rows: usize,
    out: &mut BytesMut,
) -> io::Result<()> {
    const TEXT: i16 = 0;
    frontend::parse("", sql, params.iter().map(Param::oid), out)?;
    let write_value = |param: &Param, out: &mut BytesMut| match param.text() {
        None => Ok(IsNull::Yes),
        Some(text) => {
            out.extend_from_slice(text.as_bytes());
            Ok(IsNull::No)
        }
    };
    frontend::bind("", "", [TEXT], params, write_value, [TEXT], out).map_err(|err| match err {
        frontend::BindError::Conversion(err) => io::Error::other(err),
        frontend::BindError::Serialization(err) => err,
    })?;
    frontend::describe(b'P', "", out)?;
    // One more than allowed, to tell "all of them" from "too many". 0 has no limit.
    let fetch = max_rows
        .checked_add(1)
        .and_then(|rows| i32::try_from(rows).ok())
        .unwrap_or(0);
    frontend::execute("", fetch, out)
}
