//! What can go wrong between the host and Postgres.

use std::fmt;

/// Why a tenant's statement gave no rows.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// Postgres refused the statement; a bot sees every field.
    #[error(transparent)]
    Sql(#[from] Box<SqlError>),
    /// The host refused the statement before it was sent.
    #[error("{0}")]
    Denied(String),
    #[error("the statement took too long and was stopped")]
    Timeout,
    #[error(
        "the statement gives more than {limit} rows: add a LIMIT, or read it in pages by a key"
    )]
    TooManyRows { limit: usize },
    #[error(
        "the answer is larger than {limit} bytes: select fewer or smaller columns, or read it in pages"
    )]
    TooManyBytes { limit: usize },
    /// The database could not be reached, or went away. Whether the statement was carried out is
    /// unknown.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    #[error(
        "all database connections are busy: try again, or hold each transaction for a shorter time"
    )]
    PoolExhausted,
}

/// An error that Postgres reported, with every field it sent.
///
/// <https://www.postgresql.org/docs/18/protocol-error-fields.html>
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SqlError {
    pub severity: String,
    /// The SQLSTATE, five characters.
    pub code: String,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
    /// Where in the statement, in characters from 1.
    pub position: Option<u32>,
    pub context: Option<String>,
    pub schema: Option<String>,
    pub table: Option<String>,
    pub column: Option<String>,
    pub data_type: Option<String>,
    pub constraint: Option<String>,
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (SQLSTATE {})", self.message, self.code)
    }
}

impl std::error::Error for SqlError {}

impl SqlError {
    /// Whether the server ended the session with this error.
    pub(super) fn is_fatal(&self) -> bool {
        matches!(self.severity.as_str(), "FATAL" | "PANIC")
    }

    /// The error as a caller acts on it.
    pub(super) fn into_db_error(self) -> DbError {
        match self.code.as_str() {
            // `query_canceled`: only the host and the server's own timers cancel statements.
            // `25P0x`: the timers for idle and for whole transactions.
            "57014" | "25P03" | "25P04" => DbError::Timeout,
            // Shutdown, crash of another backend, start-up, too many connections, idle session.
            "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "53300" => {
                DbError::Unavailable(self.message)
            }
            // A protocol violation is the statement's own fault: values and parameters do not match.
            code if code.starts_with("08") && code != "08P01" => DbError::Unavailable(self.message),
            _ => DbError::Sql(Box::new(self)),
        }
    }
}

/// Why a server or a cell could not be prepared, or a tenant not made.
#[derive(Debug, thiserror::Error)]
pub enum CellError {
    #[error("the database URL cannot be used: {0}")]
    Url(String),
    #[error(
        "role `{0}` is not a superuser: hardening a cell revokes rights on system catalogs, which only a \
         superuser can; name one in the database URL"
    )]
    NotSuperuser(String),
    #[error("PostgreSQL {found} is too old: tenants need 16 or newer, 18 is recommended")]
    TooOld { found: String },
    #[error(
        "`{0}` is not the name of a database Roost can make: use lower-case letters, digits and `_`"
    )]
    BadDatabaseName(String),
    #[error(
        "database `{0}` is no cell and holds tables in its schema `public`, which making it one would \
         drop: choose another name for the cell"
    )]
    NotEmpty(String),
    #[error(
        "`{0}` is not a tenant's name: it must be `t_` and 26 characters of `a`-`z` and `2`-`7`"
    )]
    BadTenantName(String),
    #[error("a statement of the tenant goes on though its session was ended")]
    GoesOn,
    #[error("a master key must have at least 32 bytes, this one has {0}")]
    ShortMasterKey(usize),
    #[error("Postgres failed while {doing}")]
    Admin {
        doing: &'static str,
        #[source]
        source: sqlx::Error,
    },
    #[error("Postgres failed while {doing}")]
    Provisioner {
        doing: &'static str,
        #[source]
        source: DbError,
    },
}
