//! How the embedded server is set up: who may log in, and its settings.

use std::fs;

use super::folders::Folders;
use super::{ADMIN, EmbeddedConfig, EmbeddedError, PORT};
use crate::postgres::server::PROVISIONER;

/// Writes `pg_hba.conf` and `pg_ident.conf`. Each start writes them anew, because the host may run as
/// another OS user than last time.
pub(super) fn write_access_rules(folders: &Folders) -> Result<(), EmbeddedError> {
    let user = folders.host_user.replace('"', "\"\"");
    // `+tenants` stands for each member of the role, unless it is quoted.
    let rules = format!(
        "# Written at each start of the host; changes are lost.\n\
         local all {ADMIN} peer map=admin\n\
         local all {PROVISIONER} peer map=admin\n\
         local all +tenants peer map=tenants\n\
         local all all reject\n"
    );
    let users = format!(
        "# Written at each start of the host; changes are lost.\n\
         admin \"{user}\" {ADMIN}\n\
         admin \"{user}\" {PROVISIONER}\n\
         tenants \"{user}\" +tenants\n"
    );
    for (name, text) in [("pg_hba.conf", rules), ("pg_ident.conf", users)] {
        let path = folders.cluster.join(name);
        fs::write(&path, text).map_err(EmbeddedError::io("write", &path))?;
        folders.give(&path)?;
    }
    Ok(())
}

/// The server's command line. It wins over `postgresql.conf`, so what a cell's safety needs cannot be
/// edited away by accident.
pub(super) fn arguments(config: &EmbeddedConfig, folders: &Folders) -> Vec<String> {
    let mut arguments = vec!["-D".to_owned(), folders.cluster.display().to_string()];
    for (name, value) in [
        ("port", PORT.to_string()),
        ("listen_addresses", String::new()),
        (
            "unix_socket_directories",
            folders.socket.display().to_string(),
        ),
        // The folder is what keeps others out; the host may be another user than the server.
        ("unix_socket_permissions", "0777".to_owned()),
        ("max_connections", config.max_connections.to_string()),
        ("shared_buffers", format!("{}MB", config.shared_buffers_mib)),
        // A tenant's query over a table with thousands of partitions takes as many locks.
        ("max_locks_per_transaction", "256".to_owned()),
        // What SERIALIZABLE notes of rows that were read: all sessions share the room, and none takes
        // more than a few for each relation. What is more is noted for the whole relation.
        ("max_pred_locks_per_transaction", "256".to_owned()),
        ("max_pred_locks_per_relation", "8".to_owned()),
        ("jit", "off".to_owned()),
        ("max_parallel_workers", "0".to_owned()),
        // Worker processes for reads would idle beside thousands of small bots.
        ("io_method", "sync".to_owned()),
        // A plan made for an empty table reads all of a project's rows for one: it goes when the table was analyzed.
        ("autovacuum_naptime", "15s".to_owned()),
        ("max_wal_size", "256MB".to_owned()),
        ("min_wal_size", "64MB".to_owned()),
        ("client_connection_check_interval", "1s".to_owned()),
        ("cluster_name", "roost".to_owned()),
        ("timezone", "UTC".to_owned()),
        ("log_timezone", "UTC".to_owned()),
        // Errors of statements belong to the tenants, and their text holds customers' data.
        ("log_min_messages", "log".to_owned()),
        ("log_min_error_statement", "panic".to_owned()),
        ("log_error_verbosity", "terse".to_owned()),
        ("log_checkpoints", "off".to_owned()),
    ] {
        arguments.push("-c".to_owned());
        arguments.push(format!("{name}={value}"));
    }
    arguments
}
