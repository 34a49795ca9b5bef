//! The embedded server in bad surroundings: each fault is coped with or named.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use roost::postgres::{Embedded, EmbeddedConfig};

use crate::postgres_embedded::{admin, config, is_root, refusal, start};
use crate::postgres_support::{Folder, bin_dir};

#[tokio::test]
async fn files_left_behind_do_not_matter() {
    let folder = Folder::new("stale");
    start(&folder).await.stop().await.unwrap();
    let data = folder.0.join("data");
    // The id of a process that lives and has nothing to do with it, as after a restart of a machine.
    let stale = format!(
        "{}\n{}\n1\n5432\n\n\n  0 0\nready\n",
        std::process::id(),
        data.display()
    );
    fs::write(data.join("cluster/postmaster.pid"), &stale).unwrap();
    fs::write(data.join("socket/.s.PGSQL.5432.lock"), &stale).unwrap();
    fs::create_dir(data.join("cluster.new")).unwrap();
    start(&folder).await.stop().await.unwrap();
    // A cluster that was never finished is made anew.
    fs::remove_dir_all(data.join("cluster")).unwrap();
    fs::create_dir_all(data.join("cluster.new/base")).unwrap();
    start(&folder).await.stop().await.unwrap();
}

#[tokio::test]
async fn files_that_say_nothing_do_not_matter() {
    let folder = Folder::new("nonsense");
    let data = folder.0.join("data");
    start(&folder).await.stop().await.unwrap();
    for nonsense in [
        Vec::new(),
        b"\xff\xfe\0nonsense".to_vec(),
        vec![b'9'; 100_000],
    ] {
        for file in [
            "lock",
            "postgres.log",
            "cluster/postmaster.pid",
            "cluster/postmaster.opts",
            "cluster/pg_hba.conf",
            "cluster/pg_ident.conf",
            "socket/.s.PGSQL.5432",
            "socket/.s.PGSQL.5432.lock",
        ] {
            fs::write(data.join(file), &nonsense).unwrap();
        }
        start(&folder).await.stop().await.unwrap();
    }
}

#[tokio::test]
async fn damaged_or_foreign_data_is_named() {
    let folder = Folder::new("damaged");
    start(&folder).await.stop().await.unwrap();
    let cluster = folder.0.join("data/cluster");
    let data = folder.0.join("data").canonicalize().unwrap();
    let begins = |what: &str| format!("the data in `{}` {what}", data.display());

    fs::write(cluster.join("PG_VERSION"), "17\n").unwrap();
    let said = refusal(config(&folder)).await;
    assert!(
        said.starts_with(&begins("was made by PostgreSQL 17, but this is 18")),
        "{said}"
    );

    fs::write(cluster.join("PG_VERSION"), "nonsense\n").unwrap();
    let said = refusal(config(&folder)).await;
    assert!(
        said.starts_with(&begins("is damaged (PG_VERSION holds `nonsense`)")),
        "{said}"
    );

    fs::write(cluster.join("PG_VERSION"), "").unwrap();
    let said = refusal(config(&folder)).await;
    assert!(
        said.starts_with(&begins("is damaged (PG_VERSION holds ``)")),
        "{said}"
    );

    fs::remove_file(cluster.join("PG_VERSION")).unwrap();
    let said = refusal(config(&folder)).await;
    assert!(
        said.starts_with(&begins("is damaged (PG_VERSION: ")),
        "{said}"
    );
    let advice = "restore the folder from a backup, or move it away to";
    assert!(said.contains(advice), "{said}");

    fs::write(cluster.join("PG_VERSION"), "18\n").unwrap();
    fs::rename(
        cluster.join("global/pg_control"),
        cluster.join("global/gone"),
    )
    .unwrap();
    let said = refusal(config(&folder)).await;
    assert!(
        said.starts_with(&begins("is damaged (`global/pg_control` is missing)")),
        "{said}"
    );

    fs::write(cluster.join("global/pg_control"), vec![7; 8192]).unwrap();
    let said = refusal(config(&folder)).await;
    assert!(said.starts_with("PostgreSQL does not start on"), "{said}");
    assert!(said.contains("FATAL") || said.contains("PANIC"), "{said}");

    fs::rename(
        cluster.join("global/gone"),
        cluster.join("global/pg_control"),
    )
    .unwrap();
    start(&folder).await.stop().await.unwrap();
}

#[tokio::test]
async fn missing_or_wrong_programs_are_named() {
    let folder = Folder::new("programs");
    let nowhere = EmbeddedConfig {
        bin_dir: folder.0.join("nowhere"),
        ..config(&folder)
    };
    let said = refusal(nowhere).await;
    assert!(
        said.contains("does not hold PostgreSQL's programs (`initdb` is missing)"),
        "{said}"
    );

    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o755)).unwrap();
    let old = folder.0.join("old");
    fs::create_dir(&old).unwrap();
    for name in ["initdb", "postgres"] {
        fs::write(
            old.join(name),
            "#!/bin/sh\necho 'postgres (PostgreSQL) 15.18 (Debian)'\n",
        )
        .unwrap();
        fs::set_permissions(old.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let said = refusal(EmbeddedConfig {
        bin_dir: old,
        ..config(&folder)
    })
    .await;
    assert!(said.contains("PostgreSQL 18 is needed"), "{said}");
}

#[tokio::test]
async fn a_long_path_gets_its_socket_elsewhere() {
    let folder = Folder::new("long");
    let long = folder.0.join("x".repeat(60)).join("y, 'z\"".repeat(8));
    fs::create_dir_all(&long).unwrap();
    for open in [&folder.0, long.parent().unwrap()] {
        fs::set_permissions(open, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let config = EmbeddedConfig {
        data_dir: long.join("data"),
        ..config(&folder)
    };
    let embedded = Embedded::start(config)
        .await
        .unwrap_or_else(|err| panic!("{err}"));
    let socket = embedded.endpoint().to_string();
    assert!(
        socket.len() <= 107 && socket.starts_with("/tmp/roost-"),
        "{socket}"
    );
    let mut connection = admin(&embedded).await;
    sqlx::raw_sql("select 1")
        .execute(&mut connection)
        .await
        .unwrap();
    embedded.stop().await.unwrap();
    fs::remove_dir_all(Path::new(&socket).parent().unwrap()).unwrap();
}

/// A checkout in `/root`: neither its programs nor its data can be reached by `nobody`.
#[tokio::test]
async fn what_nobody_cannot_reach_is_put_where_it_can() {
    if !is_root() {
        return;
    }
    let folder = Folder::new("closed");
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o755)).unwrap();
    let closed = folder.0.join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    // As the wheel lies: `<root>/<package>/<install>/bin`, with libraries in `<root>`.
    let bin = bin_dir();
    let root = bin.ancestors().nth(3).unwrap();
    let copied = closed.join("root");
    assert!(
        Command::new("cp")
            .arg("-r")
            .arg(root)
            .arg(&copied)
            .status()
            .unwrap()
            .success()
    );
    let config = EmbeddedConfig {
        bin_dir: copied.join(bin.strip_prefix(root).unwrap()),
        data_dir: closed.join("data"),
        ..config(&folder)
    };
    let embedded = Embedded::start(config.clone())
        .await
        .unwrap_or_else(|err| panic!("{err}"));
    assert!(
        embedded.data_dir().starts_with(folder.0.join("public")),
        "{:?}",
        embedded.data_dir()
    );
    assert_eq!(
        closed.join("data").canonicalize().unwrap(),
        embedded.data_dir()
    );
    let mut connection = admin(&embedded).await;
    sqlx::raw_sql("create table kept (n int)")
        .execute(&mut connection)
        .await
        .unwrap();
    embedded.stop().await.unwrap();
    let embedded = Embedded::start(config.clone())
        .await
        .unwrap_or_else(|err| panic!("{err}"));
    let mut connection = admin(&embedded).await;
    sqlx::raw_sql("select * from kept")
        .execute(&mut connection)
        .await
        .unwrap();
    embedded.stop().await.unwrap();
}

/// Data that is there already is not moved behind its owner's back.
#[tokio::test]
async fn data_that_nobody_cannot_reach_is_not_moved() {
    if !is_root() {
        return;
    }
    let folder = Folder::new("unmoved");
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o755)).unwrap();
    let closed = folder.0.join("closed");
    fs::create_dir_all(closed.join("data")).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(closed.join("data/file"), "").unwrap();
    let config = EmbeddedConfig {
        data_dir: closed.join("data"),
        ..config(&folder)
    };
    let said = refusal(config).await;
    assert!(
        said.contains(&format!("cannot get into `{}`", closed.display())),
        "{said}"
    );
    assert!(said.contains("chmod o+x"), "{said}");
}
