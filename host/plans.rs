//! How Postgres plans the statements of the control database: each once for a connection, and then the plan is kept.
//!
//! A message asks some twenty statements, and to plan one of the large ones takes longer than to run it. Left to
//! itself Postgres plans most of those anew for each message: it takes an array for ten elements before it sees it, and
//! believes that a plan for the one that came must be cheaper. So connections say that plans are made for no values in
//! particular, and statements are written for it:
//!
//! - what an index leads to is a condition by itself, and what a partial index is of stands in the statement: `$1 is
//!   null or …` uses no index, and neither does a word that is a parameter;
//! - `limit $1` counts as a tenth of the rows, and `any($1)` as ten: a join with many of either is a hash of the
//!   whole table.
//!
//! A statement that cannot be written so is asked in a transaction [`by_values`]. A plan is made anew when a table of
//! it was analyzed: autovacuum does that soon after a table has grown, and until then a table that was empty must not
//! be read from end to end because of that, so where an index leads to what is asked, it is used.

use sqlx::{PgPool, Postgres, Transaction};

/// Settings of each connection to the control database.
pub const KEPT: [(&str, &str); 3] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    // Before version 18 a table that must be read from end to end all the same costs so much that the plan would be
    // compiled.
    ("jit", "off"),
];

const BY_VALUES: &str =
    "begin; set local plan_cache_mode = force_custom_plan; set local enable_seqscan = on";

/// A transaction whose statements are planned for the values that they come with. It costs two round trips and a plan:
/// nothing that a message asks is worth that.
pub async fn by_values(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    pool.begin_with(BY_VALUES).await
}
