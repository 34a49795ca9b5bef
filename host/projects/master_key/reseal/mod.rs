//! Every value that is sealed, and sealing it anew under the newest key.
//!
//! A column that is not listed here would keep an old key alive: `tests/it/host/rotation.rs` compares the
//! list with the columns of the database.

mod store;

pub(super) use store::left;
pub use store::seal_anew;

/// A column of sealed values.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub table: &'static str,
    pub column: &'static str,
    /// As what it is sealed: a leaving number's token as the number's.
    sealed_as: &'static str,
    /// Whose it is, as SQL.
    owner: &'static str,
    /// Which of the owner's, as SQL.
    row: &'static str,
}

const fn column(
    table: &'static str,
    column: &'static str,
    owner: &'static str,
    row: &'static str,
) -> Column {
    Column {
        table,
        column,
        sealed_as: table,
        owner,
        row,
    }
}

/// All of them, but for the keys themselves.
pub const SEALED: [Column; 11] = [
    column("project", "verify_token_sealed", "project_id", "''"),
    column("project", "app_secret_sealed", "project_id", "''"),
    column("number", "token_sealed", "project_id", "''"),
    column("number_wish", "token_sealed", "project_id", "''"),
    column("number_wish", "pin_sealed", "project_id", "''"),
    Column {
        sealed_as: "number",
        ..column("number_leaving", "token_sealed", "project_id", "''")
    },
    column("secret", "value_sealed", "project_id", "name"),
    column("environment", "sealed", "project_id", "fingerprint"),
    column(
        "flow_key",
        "private_key_sealed",
        "project_id",
        "key_id::text",
    ),
    column("idempotency", "body_sealed", "owner", "key"),
    column("host_key", "sealed", NOBODYS, "encode(hash, 'hex')"),
];

/// The owner of what is no project's.
const NOBODYS: &str = "'00000000-0000-0000-0000-000000000000'::uuid";
