//! The side that is measured: one `roost serve` process.

use anyhow::{Context, Result};
use roost::app::{App, AppConfig};
use roost::deploys::BundlingSettings;
use roost::egress::EgressPolicy;
use roost::inbox::{DispatcherSettings, InboxLimits};
use roost::projects::{NewNumber, Secret};
use roost::sandbox::{Budget, Compiler, SandboxSettings};
use roost::whatsapp::GraphEndpoint;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::load::Side;
use super::world::{APP_SECRET, VERIFY_TOKEN, World, setting};

const DATABASE: &str = "pipeline_roost";
const MASTER_KEY: [u8; 32] = *b"the master key of pipeline bench";

/// Deploys the bot with a host in this process, then starts one of its own.
pub async fn start(world: &World) -> Result<Side> {
    let data = world.folder.path().join("host");
    deploy(world, &data).await?;
    let mut process = Command::new(env!("CARGO_BIN_EXE_roost"))
        .arg("serve")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("DATABASE_URL", world.database_url(DATABASE)?)
        .env("ROOST_TENANT_AUTH", "peer")
        .env("ROOST_DATA", &data)
        .env("ROOST_SDK", setting("ROOST_SDK", ".tools/sdk"))
        .env("ROOST_MASTER_KEY", hex::encode(MASTER_KEY))
        .env("ROOST_LISTEN", "127.0.0.1:0")
        .env("ROOST_ADMIN_LISTEN", "127.0.0.1:0")
        .env("ROOST_VERIFY_TOKEN", VERIFY_TOKEN)
        .env("ROOST_APP_SECRETS", APP_SECRET)
        .env("ROOST_GRAPH_URL", &world.graph_url)
        .env("ROOST_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let output = process.stdout.take().context("its output is piped")?;
    let mut lines = BufReader::new(output).lines();
    let address = loop {
        let line = lines.next_line().await?.context("`roost serve` ended")?;
        if let Some(address) = line.strip_prefix("listening on ") {
            break address.to_owned();
        }
    };
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(Side {
        webhook_url: format!("{address}/webhooks/whatsapp"),
        process,
    })
}

async fn deploy(world: &World, data: &Path) -> Result<()> {
    std::fs::create_dir_all(data)?;
    let app = App::start(AppConfig {
        server: world.database(DATABASE).await?,
        quotas: roost::postgres::Quotas::default(),
        data: data.to_owned(),
        sdk: setting("ROOST_SDK", ".tools/sdk"),
        master_key: MASTER_KEY,
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        admin_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        admin_token: None,
        verify_token: Secret::new(VERIFY_TOKEN),
        app_secrets: vec![Secret::new(APP_SECRET)],
        graph: GraphEndpoint::new(&world.graph_url, "v25.0")?,
        graph_answer: Duration::from_secs(30),
        budget: Budget::default(),
        instances: 10,
        bot_memory_max: SandboxSettings::default().max_memory_bytes,
        bot_memory_total: SandboxSettings::default().total_memory_bytes,
        compiler: Compiler::new(env!("CARGO_BIN_EXE_roost")),
        inbox: InboxLimits::default(),
        dispatcher: DispatcherSettings::new("deploy"),
        drain: Duration::ZERO,
        settle_after: Duration::from_secs(60),
        delete_grace: roost::lifecycle::DELETE_GRACE,
        observing: Default::default(),
        keep_versions: 20,
        bundling: BundlingSettings {
            program: env!("CARGO_BIN_EXE_roost").into(),
            ..BundlingSettings::of_this_program(None, EgressPolicy::default())
        },
        egress: EgressPolicy::default(),
        web: Default::default(),
        residents: Default::default(),
    })
    .await?;
    let project = app.create_project(&"pipeline".parse()?).await?;
    let number = NewNumber {
        phone_number_id: world.number_id.clone(),
        waba_id: world.waba_id.clone(),
        display_phone_number: "15550783881".to_owned(),
        token: Secret::new(&world.token),
    };
    app.connect_number(project.project_id, &number).await?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/bench/pipeline");
    let bundle = app.workshop().bundle(&folder, |_| {}).await?;
    app.deploy_folder(project.project_id, bundle).await?;
    app.stop().await;
    Ok(())
}
