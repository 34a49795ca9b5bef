//! What goes into a statement and what comes out of it.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;

/// One parameter of a statement, sent as text.
///
/// Only `Bytes` and `Typed` name a type. For all others Postgres infers it from the place where the
/// parameter stands, so that the number 5 fits `int`, `numeric` and `text` columns alike.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Bytes(Bytes),
    /// A JSON document, already written as text; fits `json`, `jsonb` and `text`.
    Json(String),
    /// Text with the OID of its type: one of Postgres' plain ones, or of the tenant's own; 0 leaves it to Postgres.
    Typed {
        oid: u32,
        text: String,
    },
}

impl Param {
    const BYTEA: u32 = 17;

    pub(super) fn oid(&self) -> u32 {
        match self {
            Self::Bytes(_) => Self::BYTEA,
            Self::Typed { oid, .. } => *oid,
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Float(_)
            | Self::Text(_)
            | Self::Json(_) => 0,
        }
    }

    /// The text on the wire; `None` is NULL.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Null => return None,
            Self::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
            Self::Int(value) => Cow::Owned(value.to_string()),
            Self::Float(value) if value.is_infinite() => Cow::Borrowed(if *value > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            }),
            // `Display` writes 5.0 as `5`, which an integer column takes, and NaN as `NaN`.
            Self::Float(value) => Cow::Owned(value.to_string()),
            Self::Bytes(bytes) => Cow::Owned(hex(bytes)),
            Self::Text(text) | Self::Json(text) | Self::Typed { text, .. } => Cow::Borrowed(text),
        })
    }

    /// An upper bound of the text's length, known without writing it.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) => 8,
            Self::Int(_) => 24,
            Self::Float(_) => 400,
            Self::Bytes(bytes) => 2 + 2 * bytes.len(),
            Self::Text(text) | Self::Json(text) | Self::Typed { text, .. } => text.len(),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("\\x");
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// The OID of its type in `pg_type`.
    pub oid: u32,
}

/// The answer to one statement. Values are in Postgres' text format; `None` is NULL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Option<Bytes>>>,
    /// The first word or words of the command tag: `SELECT`, `INSERT`, `CREATE TABLE`.
    pub command: String,
    /// Rows that the command read or changed, as its tag says.
    pub affected: u64,
    /// Messages of notices and warnings, the first few only.
    pub notices: Vec<String>,
}

/// What one statement may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    pub max_rows: usize,
    /// Of the answer as the host holds it: what arrives plus 32 bytes for each value.
    pub max_bytes: usize,
    /// From the call to the last byte of the answer.
    pub deadline: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_rows: 10_000,
            max_bytes: 8 << 20,
            deadline: Duration::from_secs(5),
        }
    }
}

/// How a transaction begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TransactionOptions {
    pub isolation: Option<Isolation>,
    pub access: Option<Access>,
    pub is_deferrable: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    ReadUncommitted,
    ReadCommitted,
    RepeatableRead,
    Serializable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    ReadWrite,
    ReadOnly,
}

impl TransactionOptions {
    /// The statement that begins such a transaction.
    pub(super) fn begin_statement(self) -> String {
        let mut sql = String::from("begin");
        if let Some(isolation) = self.isolation {
            sql.push_str(match isolation {
                Isolation::ReadUncommitted => " isolation level read uncommitted",
                Isolation::ReadCommitted => " isolation level read committed",
                Isolation::RepeatableRead => " isolation level repeatable read",
                Isolation::Serializable => " isolation level serializable",
            });
        }
        match self.access {
            Some(Access::ReadOnly) => sql.push_str(" read only"),
            Some(Access::ReadWrite) => sql.push_str(" read write"),
            None => {}
        }
        if self.is_deferrable {
            sql.push_str(" deferrable");
        }
        sql
    }
}
