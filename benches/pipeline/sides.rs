//! What is measured: one `roost serve` process, and beside it one Node process.

use anyhow::{Context, Result};
use roost::postgres::{Endpoint, Server, TenantAuth};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::common::{meta, postgres, serve};
use crate::measured::world::World;

/// A process that takes webhooks.
pub struct Side {
    pub name: &'static str,
    pub webhook_url: String,
    pub process: Child,
}

/// Deploys the bot with a host in this process, then starts one of its own.
pub async fn roost(world: &World) -> Result<Side> {
    let app = world.settings.deployer().await?;
    let bot = serve::bundle(&app, "bench/pipeline").await?;
    serve::deploy(&app, "pipeline", &world.numbers[0], bot).await?;
    app.stop().await;
    let settings = world.settings.clone().with("ROOST_LOG", "warn");
    let serving = settings.start(Stdio::inherit()).await?;
    Ok(Side {
        name: "roost",
        webhook_url: meta::webhook_url(serving.address),
        process: serving.process,
    })
}

/// Starts the same bot with a database of its own.
pub async fn node(world: &World) -> Result<Side> {
    const DATABASE: &str = "pipeline_node";
    let url = postgres::url(&world.postgres, DATABASE)?;
    let server = Server::from_url(&url, TenantAuth::Peer)?;
    server.ensure().await?;
    let Endpoint::Unix { folder, port } = server.endpoint() else {
        anyhow::bail!("the embedded server listens on a socket");
    };
    let number = &world.numbers[0];
    let http_port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let bot = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/bench/pipeline/peer.js");
    let mut process = Command::new("node")
        .arg(bot)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("NODE_ENV", "production")
        .env("PORT", http_port.to_string())
        .env("APP_SECRET", serve::APP_SECRET)
        .env("GRAPH_URL", world.emulator.graph_url())
        .env("PHONE_NUMBER_ID", &number.id)
        .env("WHATSAPP_TOKEN", &number.token)
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
        name: "node",
        webhook_url: format!("http://127.0.0.1:{http_port}/webhook"),
        process,
    })
}
