//! The side that it is measured beside: one Node process.

use anyhow::{Context, Result};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::load::Side;
use super::world::{APP_SECRET, World};

const DATABASE: &str = "pipeline_node";

pub async fn start(world: &World) -> Result<Side> {
    let server = world.database(DATABASE).await?;
    let roost::postgres::Endpoint::Unix { folder, port } = server.endpoint() else {
        anyhow::bail!("the embedded server listens on a socket");
    };
    let http_port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let bot = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/bench/pipeline/peer.js");
    let mut process = Command::new("node")
        .arg(bot)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("NODE_ENV", "production")
        .env("PORT", http_port.to_string())
        .env("APP_SECRET", APP_SECRET)
        .env("GRAPH_URL", &world.graph_url)
        .env("PHONE_NUMBER_ID", &world.number_id)
        .env("WHATSAPP_TOKEN", &world.token)
        .env("PGHOST", folder)
        .env("PGPORT", port.to_string())
        .env("PGUSER", "roost_admin")
        .env("PGDATABASE", DATABASE)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("Node.js cannot be started")?;
    let output = process.stdout.take().context("its output is piped")?;
    let mut lines = BufReader::new(output).lines();
    lines.next_line().await?.context("the Node process ended")?;
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(Side {
        webhook_url: format!("http://127.0.0.1:{http_port}/webhook"),
        process,
    })
}
