//! One statement's answer as it comes in.

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::{DataRowBody, Message, RowDescriptionBody};
use postgres_protocol::message::frontend;

use super::error::{DbError, SqlError};
use super::values::{Column, Limits, Rows};
use super::wire::{Budget, ReadError, command_tag, row_values, row_width, sql_error};

/// When the statement's implicit transaction is to be ended with `Sync`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settle {
    /// With the request: one round trip.
    AtOnce,
    /// Once the answer is known to be acceptable; else it is rolled back. For statements that
    /// write: a refused answer must mean that nothing was written.
    AfterAnswer,
}

impl Settle {
    pub(super) fn write_end(self, out: &mut BytesMut) {
        match self {
            Self::AtOnce => frontend::sync(out),
            Self::AfterAnswer => frontend::flush(out),
        }
    }
}

pub(super) struct Answer<'a> {
    limits: &'a Limits,
    settle: Settle,
    rows: Rows,
    error: Option<SqlError>,
    has_too_many_rows: bool,
}

impl<'a> Answer<'a> {
    const MAX_NOTICES: usize = 20;
    const MAX_NOTICE_CHARS: usize = 1_000;
    /// What the host holds for a value besides its bytes.
    const VALUE_BYTES: usize = size_of::<Option<bytes::Bytes>>();

    pub(super) fn new(limits: &'a Limits, settle: Settle) -> Self {
        Self {
            limits,
            settle,
            rows: Rows::default(),
            error: None,
            has_too_many_rows: false,
        }
    }

    /// Takes a message in, and writes to `out` what has to be said next.
    pub(super) fn take(
        &mut self,
        message: Message,
        budget: &mut Budget,
        out: &mut BytesMut,
    ) -> Result<(), ReadError> {
        match message {
            Message::RowDescription(body) => self.rows.columns = columns(&body)?,
            Message::DataRow(body) => self.take_row(&body, budget)?,
            Message::PortalSuspended => {
                self.has_too_many_rows = true;
                self.settle_with(Some("rollback"), out)?;
            }
            Message::CommandComplete(body) if !self.has_too_many_rows => {
                (self.rows.command, self.rows.affected) = command_tag(body.tag()?);
                self.settle_with(None, out)?;
            }
            Message::EmptyQueryResponse => self.settle_with(None, out)?,
            Message::ErrorResponse(body) => {
                self.error = Some(sql_error(body.fields())?);
                self.settle_with(None, out)?;
            }
            Message::NoticeResponse(body) if self.rows.notices.len() < Self::MAX_NOTICES => {
                let mut text = sql_error(body.fields())?.message;
                if let Some((end, _)) = text.char_indices().nth(Self::MAX_NOTICE_CHARS) {
                    text.truncate(end);
                }
                self.rows.notices.push(text);
            }
            // Completions of Parse and Bind, descriptions of nothing, notices past the cap,
            // notifications that nobody can have asked for.
            _ => {}
        }
        Ok(())
    }

    fn take_row(&mut self, body: &DataRowBody, budget: &mut Budget) -> Result<(), ReadError> {
        if self.rows.rows.len() >= self.limits.max_rows {
            self.has_too_many_rows = true;
            return Ok(());
        }
        // A NULL takes four bytes on the wire and many more here.
        budget.spend(row_width(body).saturating_mul(Self::VALUE_BYTES))?;
        self.rows.rows.push(row_values(body)?);
        Ok(())
    }

    fn settle_with(&mut self, command: Option<&str>, out: &mut BytesMut) -> Result<(), ReadError> {
        if self.settle == Settle::AtOnce {
            return Ok(());
        }
        // What follows is the answer to this, and settled by it.
        self.settle = Settle::AtOnce;
        if let Some(sql) = command {
            super::client::write_statement(sql, &[], 0, out)?;
        }
        frontend::sync(out);
        Ok(())
    }

    /// The error with which the server ended the session, if it did.
    pub(super) fn take_fatal(&mut self) -> Option<SqlError> {
        self.error.take_if(|error| error.is_fatal())
    }

    pub(super) fn finish(self) -> Result<Rows, DbError> {
        if let Some(error) = self.error {
            return Err(error.into_db_error());
        }
        if self.has_too_many_rows {
            return Err(DbError::TooManyRows {
                limit: self.limits.max_rows,
            });
        }
        Ok(self.rows)
    }
}

fn columns(body: &RowDescriptionBody) -> std::io::Result<Vec<Column>> {
    body.fields()
        .map(|field| {
            Ok(Column {
                name: field.name().to_owned(),
                oid: field.type_oid(),
            })
        })
        .collect()
}
