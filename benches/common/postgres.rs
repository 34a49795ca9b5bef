//! A Postgres of a bench's own.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Result, bail};
use roost::postgres::{Embedded, EmbeddedConfig, Endpoint};

/// Starts one below a folder that nobody else uses.
pub async fn start(programs: &Path, folder: &Path) -> Result<Embedded> {
    // The server may have to run as another user.
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))?;
    let config = EmbeddedConfig {
        public_dir: folder.join("public"),
        ..EmbeddedConfig::new(programs, folder.join("pg"))
    };
    Ok(Embedded::start(config).await?)
}

/// The administrator's URL of one of its databases.
pub fn url(postgres: &Embedded, database: &str) -> Result<String> {
    let Endpoint::Unix { folder, port } = postgres.endpoint() else {
        bail!("the embedded server listens on a socket");
    };
    let folder = folder.display().to_string().replace('/', "%2F");
    Ok(format!("postgres://roost_admin@{folder}:{port}/{database}"))
}
