//! A server of others, over TCP.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use roost::postgres::{Cell, Client, Limits, Login, MasterKey, Server, TenantAuth, TenantName};
use rustix::process::Signal;
use tokio::time::sleep;

use crate::postgres_embedded::{admin, is_root, signal, start};
use crate::postgres_support::{Folder, bin_dir};

/// A server of others, over TCP: passwords derived from a master key.
#[tokio::test]
async fn tenants_of_a_distant_server_log_in_with_derived_passwords() {
    let folder = Folder::new("scram");
    let embedded = start(&folder).await;
    let mut connection = admin(&embedded).await;
    sqlx::raw_sql("create role boss superuser login password 'it''s'")
        .execute(&mut connection)
        .await
        .unwrap();
    embedded.stop().await.unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut distant = distant_server(&folder, port);
    let url = format!("postgres://boss:it's@127.0.0.1:{port}/plane");
    let with_key = |byte: u8, epoch| {
        let master_key = MasterKey::new(&[byte; 32]).unwrap();
        Server::from_url(&url, TenantAuth::Scram { master_key, epoch }).unwrap()
    };
    let server = with_key(7, 1);
    let deadline = Instant::now() + Duration::from_secs(20);
    while let Err(err) = server.ensure().await {
        assert!(Instant::now() < deadline, "{err:?}");
        sleep(Duration::from_millis(50)).await;
    }
    let cell = Cell::ensure(&server, "cell_1").await.unwrap();
    let tenant = cell.provision_tenant(TenantName::random()).await.unwrap();
    let mut client = Client::connect(&Login::for_tenant(&tenant)).await.unwrap();
    client
        .query("create table t (n int)", &[], &Limits::default())
        .await
        .unwrap();
    client.close().await;
    for other in [with_key(8, 1), with_key(7, 2)] {
        let stranger = Cell::at(&other, "cell_1").tenant(tenant.name.clone());
        let err = Client::connect(&Login::for_tenant(&stranger))
            .await
            .map(drop)
            .unwrap_err();
        assert!(err.to_string().contains("28P01"), "{err}");
    }
    // A new epoch: prepared and provisioned again.
    let renewed = Cell::ensure(&with_key(7, 2), "cell_1").await.unwrap();
    let tenant = renewed.provision_tenant(tenant.name.clone()).await.unwrap();
    let mut client = Client::connect(&Login::for_tenant(&tenant)).await.unwrap();
    client
        .query("select * from t", &[], &Limits::default())
        .await
        .unwrap();
    client.close().await;
    renewed.drop_tenant(&tenant.name).await.unwrap();
    signal(distant.id(), Signal::QUIT);
    distant.wait().unwrap();
}

fn distant_server(folder: &Folder, port: u16) -> std::process::Child {
    let rules = folder.0.join("rules");
    fs::write(&rules, "host all all 127.0.0.1/32 scram-sha-256\n").unwrap();
    let mut command = Command::new(bin_dir().join("postgres"));
    command
        .arg("-D")
        .arg(folder.0.join("data/cluster"))
        .args([
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
        ])
        .args([
            "-c",
            &format!("port={port}"),
            "-c",
            &format!("hba_file={}", rules.display()),
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if is_root() {
        command.uid(65_534).gid(65_534);
    }
    command.current_dir("/").spawn().unwrap()
}

#[test]
fn urls_that_cannot_be_used_are_refused() {
    let auth = || TenantAuth::Scram {
        master_key: MasterKey::new(&[1; 32]).unwrap(),
        epoch: 1,
    };
    for url in [
        "nonsense",
        "postgres://h/db?sslmode=verify-full",
        "postgres://h/db?sslmode=require",
    ] {
        let err = Server::from_url(url, auth()).unwrap_err();
        assert!(
            err.to_string()
                .starts_with("the database URL cannot be used"),
            "{err}"
        );
    }
    let server = Server::from_url("postgres://u@%2Ftmp%2Fx:6000/plane", auth()).unwrap();
    assert_eq!(server.endpoint().to_string(), "/tmp/x/.s.PGSQL.6000");
    assert_eq!(server.control_database(), "plane");
}
