//! A Postgres server that holds the control database and cells, as its administrator sees it.

use std::fmt;
use std::str::FromStr as _;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use super::address::{Endpoint, MasterKey, TenantAuth};
use super::error::CellError;
use crate::plans::KEPT;

/// The database of the control plane on an embedded server.
pub const CONTROL_DATABASE: &str = "roost";

pub(super) const PROVISIONER: &str = "provisioner";

const ROLES: &str = include_str!("../../migrations/cell/roles.sql");

/// Where the server is, who administers it, and how tenants log in to it.
#[derive(Clone)]
pub struct Server {
    /// The administrator, connected to the database in which the control plane lives.
    control: PgConnectOptions,
    /// A database that is certain to exist, to make others from.
    maintenance: PgConnectOptions,
    pub(super) endpoint: Endpoint,
    pub(super) auth: TenantAuth,
    /// Whether the host started it, with limits of its own.
    pub(super) is_own: bool,
}

impl Server {
    /// `admin` names a superuser; tenants log in over the socket in `endpoint` by peer map.
    pub(super) fn embedded(admin: PgConnectOptions, endpoint: Endpoint) -> Self {
        Self {
            control: admin.clone().database(CONTROL_DATABASE),
            maintenance: admin.database("postgres"),
            endpoint,
            auth: TenantAuth::Peer,
            is_own: true,
        }
    }

    /// A server that others run. The URL names a superuser and the control database, which is made
    /// when it does not exist; tenants log in by SCRAM with passwords derived from `auth`.
    ///
    /// Fails with `Url` when the URL is malformed or asks for TLS, which tenants' connections do not
    /// speak yet.
    pub fn from_url(url: &str, auth: TenantAuth) -> Result<Self, CellError> {
        let control = PgConnectOptions::from_str(url)
            .map_err(|err| CellError::Url(err.to_string()))?
            .disable_statement_logging();
        if !matches!(
            control.get_ssl_mode(),
            PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer
        ) {
            return Err(CellError::Url(
                "it asks for TLS, which tenants' connections do not speak yet: use a private network \
                 and `sslmode=prefer`"
                    .to_owned(),
            ));
        }
        let port = control.get_port();
        let folder = control.get_socket().cloned();
        let folder = folder.or_else(|| {
            control
                .get_host()
                .starts_with('/')
                .then(|| control.get_host().into())
        });
        let endpoint = match folder {
            Some(folder) => Endpoint::Unix { folder, port },
            None => Endpoint::Tcp {
                host: control.get_host().to_owned(),
                port,
            },
        };
        let maintenance = control.clone().database("postgres");
        Ok(Self {
            control,
            maintenance,
            endpoint,
            auth,
            is_own: false,
        })
    }

    /// Convenience for [`TenantAuth::Scram`] with the first epoch.
    pub fn from_url_with_key(url: &str, master_key: MasterKey) -> Result<Self, CellError> {
        Self::from_url(
            url,
            TenantAuth::Scram {
                master_key,
                epoch: 1,
            },
        )
    }

    /// The same with passwords made of another key, where there are any.
    pub fn with_master_key(self, key: MasterKey) -> Self {
        let auth = match self.auth {
            TenantAuth::Peer => TenantAuth::Peer,
            TenantAuth::Scram { epoch, .. } => TenantAuth::Scram {
                master_key: key,
                epoch,
            },
        };
        Self { auth, ..self }
    }

    /// For the control plane's own pool: the administrator in the control database, with plans that are kept.
    pub fn control_options(&self) -> PgConnectOptions {
        self.control.clone().options(KEPT)
    }

    /// A connection to the control database; none when there is no such database yet.
    pub async fn control_if_there(&self) -> Result<Option<PgConnection>, CellError> {
        match PgConnection::connect_with(&self.control).await {
            Ok(connection) => Ok(Some(connection)),
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("3D000") => {
                Ok(None)
            }
            Err(source) => Err(admin_error("reaching the control database", source)),
        }
    }

    pub fn control_database(&self) -> &str {
        self.control.get_database().unwrap_or("postgres")
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Makes the shared roles and the control database, if they are missing.
    pub async fn ensure(&self) -> Result<(), CellError> {
        let mut admin = self.connect_for_maintenance().await?;
        self.ensure_with(&mut admin).await?;
        close(admin).await;
        Ok(())
    }

    pub(super) async fn ensure_with(&self, admin: &mut PgConnection) -> Result<(), CellError> {
        check(admin).await?;
        let doing = "making the roles that cells share";
        let mut transaction = admin
            .begin()
            .await
            .map_err(|source| admin_error(doing, source))?;
        run(&mut transaction, ROLES, doing).await?;
        if let Some(verifier) = self.auth.verifier(PROVISIONER) {
            // A verifier holds no quote. It is no secret that would help to log in.
            let sql = format!("alter role {PROVISIONER} password '{verifier}'");
            run(
                &mut transaction,
                &sql,
                "giving the provisioner its password",
            )
            .await?;
        }
        transaction
            .commit()
            .await
            .map_err(|source| admin_error(doing, source))?;
        let control = self.control_database().to_owned();
        create_database(admin, &control).await?;
        let sql = format!("revoke all on database {} from public", quoted(&control));
        run(admin, &sql, "closing the control database to tenants").await
    }

    /// The administrator, alone: concurrent hosts take turns until the connection is closed.
    pub(super) async fn connect_for_maintenance(&self) -> Result<PgConnection, CellError> {
        let mut admin = connect(&self.maintenance).await?;
        let lock = "select pg_advisory_lock(hashtextextended('roost.maintenance', 0))";
        run(&mut admin, lock, "waiting for another host to finish").await?;
        Ok(admin)
    }

    pub(super) async fn connect_for_asking(&self) -> Result<PgConnection, CellError> {
        connect(&self.maintenance).await
    }

    pub(super) async fn connect_to(&self, database: &str) -> Result<PgConnection, CellError> {
        connect(&self.maintenance.clone().database(database)).await
    }
}

/// Without the options, which hold the administrator's password.
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("endpoint", &self.endpoint)
            .field("control_database", &self.control_database())
            .field("auth", &self.auth)
            .finish_non_exhaustive()
    }
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, CellError> {
    options
        .connect()
        .await
        .map_err(|source| admin_error("connecting as administrator", source))
}

/// Says goodbye. Nothing depends on whether the server hears it.
pub(super) async fn close(connection: PgConnection) {
    if let Err(err) = connection.close().await {
        tracing::debug!("an administrator's connection did not close in order: {err}");
    }
}

async fn check(admin: &mut PgConnection) -> Result<(), CellError> {
    let doing = "asking for the server's version";
    let (found, number, role, is_superuser): (String, i32, String, bool) = sqlx::query_as(
        "select current_setting('server_version'), current_setting('server_version_num')::int,
           current_user::text, current_setting('is_superuser')::bool",
    )
    .fetch_one(admin)
    .await
    .map_err(|source| admin_error(doing, source))?;
    // `pg_ident.conf` with groups, and CREATEROLE that is not nearly superuser: both came with 16.
    if number < 160_000 {
        return Err(CellError::TooOld { found });
    }
    if !is_superuser {
        return Err(CellError::NotSuperuser(role));
    }
    Ok(())
}

/// Makes `database` unless it exists. Its text is UTF-8 whatever the server's default, compared byte
/// by byte, with the case rules of Unicode where the server has them built in.
pub(super) async fn create_database(
    admin: &mut PgConnection,
    database: &str,
) -> Result<(), CellError> {
    let doing = "making a database";
    let (exists, has_builtin_locale): (bool, bool) = sqlx::query_as(
        "select exists (select from pg_database where datname = $1),
           current_setting('server_version_num')::int >= 170000",
    )
    .bind(database)
    .fetch_one(&mut *admin)
    .await
    .map_err(|source| admin_error(doing, source))?;
    if exists {
        return Ok(());
    }
    let locale = if has_builtin_locale {
        "locale_provider builtin builtin_locale 'C.UTF-8'"
    } else {
        ""
    };
    let sql = format!(
        "create database {} template template0 encoding 'UTF8' locale 'C' {locale}",
        quoted(database)
    );
    match sqlx::raw_sql(AssertSqlSafe(sql)).execute(admin).await {
        Ok(_) => Ok(()),
        // Another host was faster: `duplicate_database`, or its unique index.
        Err(sqlx::Error::Database(err))
            if matches!(err.code().as_deref(), Some("42P04" | "23505")) =>
        {
            Ok(())
        }
        Err(source) => Err(admin_error(doing, source)),
    }
}

/// Runs statements that hold no input from outside.
pub(super) async fn run(
    admin: &mut PgConnection,
    sql: &str,
    doing: &'static str,
) -> Result<(), CellError> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(admin)
        .await
        .map_err(|source| admin_error(doing, source))?;
    Ok(())
}

pub(super) fn admin_error(doing: &'static str, source: sqlx::Error) -> CellError {
    CellError::Admin { doing, source }
}

pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
