//! A PostgreSQL server for the tests, and tenants on it.
//!
//! `ROOST_TEST_PG_SOCKET` names the socket folder of a server that runs already; then all tests share
//! it. Otherwise the first test starts one from `ROOST_TEST_PG_BIN`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use roost::postgres::{
    Cell, Endpoint, Limits, Param, Pool, PoolConfig, Rows, Server, Tenant, TenantAuth,
    TenantDatabase, TenantName,
};
use tokio::sync::OnceCell;

pub(crate) const CELL: &str = "cell_test";

/// The folder with `initdb` and `postgres`.
pub(crate) fn bin_dir() -> PathBuf {
    PathBuf::from(std::env::var_os("ROOST_TEST_PG_BIN").expect(
        "ROOST_TEST_PG_BIN must name the folder of PostgreSQL 18's programs; \
         `cargo xtask test` sets it",
    ))
}

/// An empty folder that is gone when the value is dropped.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let random = TenantName::random();
        let path = std::env::temp_dir().join(format!("roost-{name}-{}", &random.as_str()[2..10]));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

static SERVER: OnceCell<Server> = OnceCell::const_new();

/// The server that tests share.
pub(crate) async fn server() -> Server {
    let server = SERVER.get_or_init(|| async {
        let socket = match std::env::var_os("ROOST_TEST_PG_SOCKET") {
            Some(socket) => PathBuf::from(socket),
            None => crate::postgres_keeper::socket().await,
        };
        let socket = socket.to_str().unwrap().replace('/', "%2F");
        let url = format!("postgres://roost_admin@{socket}:5432/roost");
        Server::from_url(&url, TenantAuth::Peer).unwrap()
    });
    server.await.clone()
}

/// Postgres' own program, as whoever loads an export runs it: in `folder`, as the administrator, with more of its
/// environment and arguments.
pub(crate) async fn psql(
    database: &str,
    folder: &Path,
    environment: &[(&str, &str)],
    arguments: &[&str],
) -> Output {
    let server = server().await;
    let Endpoint::Unix {
        folder: socket,
        port,
    } = server.endpoint()
    else {
        panic!("the server of the tests listens on a socket");
    };
    let mut command = Command::new(bin_dir().join("psql"));
    command
        .args(["-X", "-q", "-U", "roost_admin", "-d", database, "-h"])
        .arg(socket)
        .args(["-p", &port.to_string()])
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(folder);
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

/// The hardened cell that tests share.
pub(crate) async fn cell() -> Cell {
    Cell::ensure(&server().await, CELL)
        .await
        .unwrap_or_else(|err| panic!("no cell: {err:?}"))
}

pub(crate) fn pool() -> Pool {
    Pool::new(PoolConfig::default())
}

/// A new tenant, and what its statements are run with.
pub(crate) struct TestTenant {
    pub(crate) tenant: Tenant,
    pub(crate) database: Arc<TenantDatabase>,
}

impl TestTenant {
    pub(crate) async fn new() -> Self {
        Self::in_pool(&pool()).await
    }

    pub(crate) async fn in_pool(pool: &Pool) -> Self {
        let tenant = cell()
            .await
            .provision_tenant(TenantName::random())
            .await
            .unwrap();
        Self {
            tenant,
            database: Arc::new(TenantDatabase::new(pool.clone())),
        }
    }

    pub(crate) async fn query(&self, sql: &str) -> Result<Rows, roost::postgres::DbError> {
        self.database
            .query(&self.tenant, sql, &[], &Limits::default())
            .await
    }

    pub(crate) async fn query_with(
        &self,
        sql: &str,
        params: &[Param],
    ) -> Result<Rows, roost::postgres::DbError> {
        self.database
            .query(&self.tenant, sql, params, &Limits::default())
            .await
    }

    /// The only value of the only row.
    pub(crate) async fn value(&self, sql: &str) -> String {
        let rows = self
            .query(sql)
            .await
            .unwrap_or_else(|err| panic!("{sql}: {err}"));
        text(&rows, 0, 0)
    }
}

/// A value as text; NULL is `null`.
pub(crate) fn text(rows: &Rows, row: usize, column: usize) -> String {
    match &rows.rows[row][column] {
        Some(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        None => "null".to_owned(),
    }
}
