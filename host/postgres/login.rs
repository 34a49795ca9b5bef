//! How a connection begins: who logs in, and the exchange with the server until it is ready.

use std::fmt;
use std::io;

use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{AuthenticationSaslBody, ErrorResponseBody, Message};
use postgres_protocol::message::frontend;

use super::address::{Endpoint, Tenant};
use super::client::Client;
use super::error::DbError;
use super::wire::{Budget, ReadError, Wire, open, sql_error};

/// Who logs in where.
#[derive(Clone)]
pub struct Login {
    pub endpoint: Endpoint,
    pub database: String,
    pub role: String,
    /// Only ever used for SCRAM: it is never sent as it is.
    pub password: Option<String>,
}

impl Login {
    pub fn for_tenant(tenant: &Tenant) -> Self {
        Self {
            endpoint: tenant.cell.endpoint.clone(),
            database: tenant.cell.database.clone(),
            role: tenant.role().to_owned(),
            password: tenant.cell.auth.password(tenant.role()),
        }
    }
}

/// Without the password.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}/{}", self.role, self.endpoint, self.database)
    }
}

impl Client {
    /// Of everything that a server says until it is ready.
    const STARTUP_BYTES: usize = 256 << 10;

    /// Logs in. Has no deadline of its own.
    ///
    /// Fails with `Unavailable` when the server cannot be reached or does not take the login.
    pub async fn connect(login: &Login) -> Result<Self, DbError> {
        let unreachable = |err: io::Error| {
            DbError::Unavailable(format!("no answer at {}: {err}", login.endpoint))
        };
        let stream = open(&login.endpoint).await.map_err(unreachable)?;
        let mut client = Self::starting(Wire::new(stream), login);
        let parameters = [
            ("user", login.role.as_str()),
            ("database", login.database.as_str()),
            ("application_name", "roost"),
            ("client_encoding", "UTF8"),
        ];
        frontend::startup_message(parameters, &mut client.wire.outgoing).map_err(unreachable)?;
        client.wire.send().await.map_err(unreachable)?;
        client.start_up(login).await?;
        Ok(client)
    }

    async fn start_up(&mut self, login: &Login) -> Result<(), DbError> {
        let mut budget = Budget::new(Self::STARTUP_BYTES);
        loop {
            match self.receive(&mut budget).await? {
                Message::AuthenticationSasl(body) => {
                    self.authenticate(&body, login, &mut budget).await?;
                }
                Message::AuthenticationCleartextPassword
                | Message::AuthenticationMd5Password(_) => {
                    return Err(DbError::Unavailable(format!(
                        "the server at {} asks for a password that is not SCRAM; \
                         set `scram-sha-256` in its pg_hba.conf",
                        self.endpoint
                    )));
                }
                Message::BackendKeyData(body) => {
                    self.cancel_key = Some((body.process_id(), body.secret_key()));
                }
                Message::ParameterStatus(body) => self.watch(&body)?,
                Message::ErrorResponse(body) => return Err(self.refused(&body)),
                Message::ReadyForQuery(_) => {
                    self.is_in_flight = false;
                    return Ok(());
                }
                Message::AuthenticationOk | Message::NoticeResponse(_) => {}
                _ => return Err(self.confused("an unexpected message at start")),
            }
        }
    }

    async fn authenticate(
        &mut self,
        body: &AuthenticationSaslBody,
        login: &Login,
        budget: &mut Budget,
    ) -> Result<(), DbError> {
        let Some(password) = &login.password else {
            return Err(DbError::Unavailable(format!(
                "the server at {} asks role `{}` for a password, but tenants there have none",
                self.endpoint, self.role
            )));
        };
        let has_scram = body
            .mechanisms()
            .any(|name| Ok(name == SCRAM_SHA_256))
            .map_err(|err| self.lost(&err))?;
        if !has_scram {
            return Err(self.confused("no SCRAM-SHA-256"));
        }
        let mut scram = ScramSha256::new(password.as_bytes(), ChannelBinding::unsupported());
        let first = frontend::sasl_initial_response(
            SCRAM_SHA_256,
            scram.message(),
            &mut self.wire.outgoing,
        );
        self.send(first).await?;
        match self.receive(budget).await? {
            Message::AuthenticationSaslContinue(body) => {
                scram.update(body.data()).map_err(|err| self.lost(&err))?;
            }
            Message::ErrorResponse(body) => return Err(self.refused(&body)),
            _ => return Err(self.confused("no SCRAM challenge")),
        }
        let second = frontend::sasl_response(scram.message(), &mut self.wire.outgoing);
        self.send(second).await?;
        match self.receive(budget).await? {
            Message::AuthenticationSaslFinal(body) => {
                scram.finish(body.data()).map_err(|err| self.lost(&err))
            }
            Message::ErrorResponse(body) => Err(self.refused(&body)),
            _ => Err(self.confused("no SCRAM result")),
        }
    }

    fn refused(&mut self, body: &ErrorResponseBody) -> DbError {
        self.is_broken = true;
        match sql_error(body.fields()) {
            Ok(error) => {
                DbError::Unavailable(format!("role `{}` could not log in: {error}", self.role))
            }
            Err(err) => self.lost(&err),
        }
    }

    async fn receive(&mut self, budget: &mut Budget) -> Result<Message, DbError> {
        self.wire.receive(budget).await.map_err(|err| match err {
            ReadError::Io(err) => self.lost(&err),
            ReadError::TooLarge => self.confused("too much at start"),
        })
    }
}
