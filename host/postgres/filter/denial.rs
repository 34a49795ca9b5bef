//! What a tenant is told when a statement is not allowed.

/// `keywords` are the first words of the statement, in upper case.
pub(super) fn sentence(keywords: &str) -> String {
    let shown: String = keywords.chars().take(60).collect();
    format!("{shown} is not available here: {}", advice(keywords))
}

fn advice(keywords: &str) -> &'static str {
    let mut words = keywords.split(' ');
    let first = words.next().unwrap_or_default();
    let kind = words.next().unwrap_or_default();
    match (first, kind) {
        ("SET" | "RESET" | "SHOW" | "DISCARD" | "LOAD", _) => {
            "a session's settings are fixed; qualify names and cast values in the statement instead"
        }
        ("DO" | "CALL", _)
        | ("CREATE" | "ALTER" | "DROP", "FUNCTION" | "PROCEDURE" | "TRIGGER" | "RULE") => {
            "code does not run inside the database; do it in the bot"
        }
        ("LISTEN" | "NOTIFY" | "UNLISTEN", _) => "poll a table, or let the bot call itself",
        ("COPY", _) => "insert several rows in one statement, or select them",
        ("PREPARE" | "EXECUTE" | "DEALLOCATE", _) => "pass parameters with each statement",
        ("DECLARE" | "FETCH" | "MOVE" | "CLOSE", _) => "read in pages, with LIMIT and a key",
        ("LOCK", _) => "lock rows with SELECT ... FOR UPDATE",
        ("VACUUM" | "ANALYZE" | "ANALYSE" | "CLUSTER" | "REINDEX" | "CHECKPOINT", _) => {
            "the database maintains itself"
        }
        ("GRANT" | "REVOKE" | "REASSIGN" | "SECURITY", _)
        | (
            "CREATE" | "ALTER" | "DROP",
            "ROLE" | "USER" | "GROUP" | "POLICY" | "DEFAULT" | "OWNED",
        ) => "a project has one role, which already owns its tables",
        ("CREATE" | "ALTER" | "DROP", "SCHEMA" | "DATABASE") => {
            "a project has one schema; leave schema names out, or give tables a prefix"
        }
        ("CREATE", "EXTENSION") => "extensions are installed by the operator, for all projects",
        ("CREATE", "TEMP" | "TEMPORARY" | "GLOBAL" | "LOCAL") => {
            "use a subquery, a WITH clause or an UNLOGGED table that you drop"
        }
        ("EXPLAIN", _) => {
            "EXPLAIN takes SELECT, INSERT, UPDATE, DELETE, MERGE, WITH or VALUES, without parentheses around it"
        }
        ("COMMENT", _) => {
            "comments go on tables, columns, indexes, views, sequences, types, domains and constraints"
        }
        ("CREATE" | "ALTER" | "DROP", _) => {
            "tables, indexes, views, sequences, types, domains and statistics can be made and changed"
        }
        _ => {
            "statements begin with SELECT, INSERT, UPDATE, DELETE, MERGE, WITH, VALUES, TABLE, TRUNCATE, CREATE, \
             ALTER, DROP, REFRESH, COMMENT or EXPLAIN"
        }
    }
}
