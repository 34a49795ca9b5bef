//! The embedded server: made, used again, taken over, and clear about what is wrong.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use roost::postgres::{Cell, Client, Embedded, EmbeddedConfig, Login, TenantName};
use rustix::process::{Pid, Signal};
use sqlx::ConnectOptions as _;
use tokio::time::sleep;

use crate::postgres_support::{Folder, bin_dir};

pub(crate) fn config(folder: &Folder) -> EmbeddedConfig {
    EmbeddedConfig {
        public_dir: folder.0.join("public"),
        ..EmbeddedConfig::new(bin_dir(), folder.0.join("data"))
    }
}

pub(crate) async fn start(folder: &Folder) -> Embedded {
    // Others must be able to pass: what they cannot is a test of its own.
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o755)).unwrap();
    Embedded::start(config(folder))
        .await
        .unwrap_or_else(|err| panic!("{err}"))
}

pub(crate) async fn refusal(config: EmbeddedConfig) -> String {
    match Embedded::start(config).await {
        Ok(_) => panic!("it started"),
        Err(err) => err.to_string(),
    }
}

pub(crate) async fn admin(embedded: &Embedded) -> sqlx::PgConnection {
    embedded
        .admin_options()
        .database("postgres")
        .connect()
        .await
        .unwrap()
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn is_alive(process: u32) -> bool {
    let process = Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    // A zombie is not alive, though it can be signalled.
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero()));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

pub(crate) fn signal(process: u32, signal: Signal) {
    let process = Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    rustix::process::kill_process(process, signal).unwrap();
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "not within 20 seconds: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn data_outlives_a_stop_and_a_drop() {
    let folder = Folder::new("reuse");
    let embedded = start(&folder).await;
    let mut connection = admin(&embedded).await;
    sqlx::raw_sql("create table kept (n int)")
        .execute(&mut connection)
        .await
        .unwrap();
    embedded.stop().await.unwrap();
    let embedded = start(&folder).await;
    let process = embedded.process_id().unwrap();
    let mut connection = admin(&embedded).await;
    sqlx::raw_sql("insert into kept values (1)")
        .execute(&mut connection)
        .await
        .unwrap();
    drop(embedded);
    assert!(!is_alive(process));
    let embedded = start(&folder).await;
    let mut connection = admin(&embedded).await;
    let kept: i32 = sqlx::query_scalar("select n from kept")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(kept, 1);
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_serves_one_host() {
    let folder = Folder::new("one");
    let first = start(&folder).await;
    let said = refusal(config(&folder)).await;
    let own = std::process::id();
    assert!(
        said.contains(&format!("another Roost (process {own}) uses the data")),
        "{said}"
    );
    first.stop().await.unwrap();
    start(&folder).await.stop().await.unwrap();
}

#[tokio::test]
async fn each_process_of_the_server_has_a_limit_of_memory() {
    let folder = Folder::new("memory");
    let embedded = start(&folder).await;
    let limits =
        fs::read_to_string(format!("/proc/{}/limits", embedded.process_id().unwrap())).unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max address space"))
        .unwrap();
    let bytes = (1024_u64 + 64) << 20;
    assert!(line.contains(&bytes.to_string()), "{line}");
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn only_the_host_gets_in_and_only_over_the_socket() {
    let folder = Folder::new("access");
    let embedded = start(&folder).await;
    let cell = Cell::ensure(&embedded.server(), "cell_1").await.unwrap();
    let tenant = cell.provision_tenant(TenantName::random()).await.unwrap();
    Client::connect(&Login::for_tenant(&tenant))
        .await
        .unwrap()
        .close()
        .await;
    for stranger in ["nosuchrole", "pg_monitor", "tenants"] {
        let login = Login {
            role: stranger.to_owned(),
            ..Login::for_tenant(&tenant)
        };
        assert!(Client::connect(&login).await.is_err(), "{stranger} got in");
    }
    let mut connection = admin(&embedded).await;
    let setting = async |connection: &mut sqlx::PgConnection, name: &str| -> String {
        sqlx::query_scalar("select current_setting($1)")
            .bind(name)
            .fetch_one(connection)
            .await
            .unwrap()
    };
    for (name, value) in [
        ("listen_addresses", ""),
        ("max_locks_per_transaction", "256"),
        ("max_pred_locks_per_transaction", "256"),
        ("max_pred_locks_per_relation", "8"),
        ("jit", "off"),
        ("max_connections", "130"),
        ("server_encoding", "UTF8"),
        ("is_superuser", "on"),
    ] {
        assert_eq!(setting(&mut connection, name).await, value, "{name}");
    }
    let socket = match embedded.endpoint() {
        roost::postgres::Endpoint::Unix { folder, .. } => folder,
        other => panic!("{other}"),
    };
    let found = fs::metadata(&socket).unwrap();
    assert_eq!(found.mode() & 0o777, 0o700);
    if is_root() {
        assert_eq!(found.uid(), 65_534);
        let process = embedded.process_id().unwrap();
        assert_eq!(
            fs::metadata(format!("/proc/{process}")).unwrap().uid(),
            65_534
        );
        other_user_is_rejected(&socket, tenant.role());
    }
    embedded.stop().await.unwrap();
}

/// The account of the server passes the folder, but is not the host.
fn other_user_is_rejected(socket: &Path, role: &str) {
    for role in [role, "roost_admin", "provisioner"] {
        let output = Command::new(bin_dir().join("psql"))
            .args([
                "-h",
                socket.to_str().unwrap(),
                "-U",
                role,
                "-d",
                "cell_1",
                "-c",
                "select 1",
            ])
            .current_dir("/")
            .uid(65_534)
            .gid(65_534)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "`nobody` got in as {role}");
        assert!(said.contains("Peer authentication failed"), "{said}");
    }
}

#[tokio::test]
async fn a_server_that_is_killed_is_started_again() {
    let folder = Folder::new("again");
    let embedded = start(&folder).await;
    let first = embedded.process_id().unwrap();
    signal(first, Signal::KILL);
    until("another server runs", || {
        embedded.process_id().is_some_and(|now| now != first)
    })
    .await;
    let mut connection = admin(&embedded).await;
    sqlx::raw_sql("select 1")
        .execute(&mut connection)
        .await
        .unwrap();
    let second = embedded.process_id().unwrap();
    embedded.stop().await.unwrap();
    assert!(!is_alive(second));
}

/// Runs in a process of its own, for the test below.
#[tokio::test]
async fn a_host_that_is_about_to_be_killed() {
    let Some(folder) = std::env::var_os("ROOST_TEST_HOST_FOLDER") else {
        return;
    };
    let folder = PathBuf::from(folder);
    let embedded = Embedded::start(EmbeddedConfig::new(bin_dir(), folder.join("data")))
        .await
        .unwrap();
    fs::write(
        folder.join("ready"),
        embedded.process_id().unwrap().to_string(),
    )
    .unwrap();
    sleep(Duration::from_secs(60)).await;
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn the_server_ends_with_its_host_and_is_taken_over() {
    let folder = Folder::new("killed");
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o755)).unwrap();
    let mut host = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "postgres_embedded::a_host_that_is_about_to_be_killed",
            "--nocapture",
        ])
        .env("ROOST_TEST_HOST_FOLDER", &folder.0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("the host is ready", || folder.0.join("ready").exists()).await;
    until("it wrote the id", || {
        fs::read_to_string(folder.0.join("ready")).is_ok_and(|id| !id.is_empty())
    })
    .await;
    let server: u32 = fs::read_to_string(folder.0.join("ready"))
        .unwrap()
        .parse()
        .unwrap();
    host.kill().unwrap();
    host.wait().unwrap();
    // At once: the old server is still on its way out.
    let embedded = start(&folder).await;
    assert!(!is_alive(server));
    assert_ne!(embedded.process_id(), Some(server));
    embedded.stop().await.unwrap();
}
