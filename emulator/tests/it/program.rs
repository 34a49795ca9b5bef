//! The emulator as a program of its own.

use std::process::Stdio;

use roost_emulator::ControlClient;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::support::DEADLINE;

#[tokio::test]
async fn the_program_says_where_it_listens_and_ends_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    let mut program = Command::new(env!("CARGO_BIN_EXE_roost-emulator"))
        .args([
            "--graph-addr",
            "127.0.0.1:0",
            "--control-addr",
            "127.0.0.1:0",
        ])
        .args(["--control-token", "secret", "--state-file"])
        .arg(&state)
        .env_clear()
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let mut said = Vec::new();
    for name in ["graph", "control", "token"] {
        let line = tokio::time::timeout(DEADLINE, lines.next_line()).await;
        let line = line.unwrap().unwrap().unwrap();
        let (key, value) = line.split_once(' ').unwrap();
        assert_eq!(key, name);
        said.push(value.trim().to_owned());
    }
    assert_eq!(said[2], "secret");
    let control = ControlClient::new(&said[1], "secret").unwrap();
    control.create_app(&Default::default()).await.unwrap();

    let id = program.id().unwrap().to_string();
    assert!(
        std::process::Command::new("kill")
            .arg(id)
            .status()
            .unwrap()
            .success()
    );

    let ended = tokio::time::timeout(DEADLINE, program.wait())
        .await
        .unwrap();
    assert!(ended.unwrap().success());
    assert!(std::fs::read_to_string(state).unwrap().contains("\"apps\""));
}
