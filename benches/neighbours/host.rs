//! The host: a victim and its neighbours, deployed once, and a process for each class.

use anyhow::{Context, Result};
use roost::app::{App, AppConfig};
use roost::build::Bundle;
use roost::deploys::BundlingSettings;
use roost::egress::EgressPolicy;
use roost::inbox::{DispatcherSettings, InboxLimits};
use roost::projects::{NewNumber, Secret};
use roost::sandbox::{Budget, Compiler, SandboxSettings};
use roost::whatsapp::GraphEndpoint;
use roost_emulator::control::wire;
use sqlx::ConnectOptions as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::attack::Service;
use super::load::Side;
use super::world::{APP_SECRET, VERIFY_TOKEN, World, setting};

const DATABASE: &str = "neighbours";
const MASTER_KEY: [u8; 32] = *b"the master key of that one bench";

/// Starts a host of its own on what was deployed.
pub async fn start(world: &World, service: &Service) -> Result<Side> {
    let mut process = Command::new(env!("CARGO_BIN_EXE_roost"))
        .arg("serve")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("DATABASE_URL", world.database_url(DATABASE)?)
        .env("ROOST_TENANT_AUTH", "peer")
        .env("ROOST_DATA", world.folder.path().join("host"))
        .env("ROOST_SDK", setting("ROOST_SDK", ".tools/sdk"))
        .env("ROOST_MASTER_KEY", hex::encode(MASTER_KEY))
        .env("ROOST_LISTEN", "127.0.0.1:0")
        .env("ROOST_ADMIN_LISTEN", "127.0.0.1:0")
        .env("ROOST_VERIFY_TOKEN", VERIFY_TOKEN)
        .env("ROOST_APP_SECRETS", APP_SECRET)
        .env("ROOST_GRAPH_URL", &world.graph_url)
        .env("ROOST_LOG", "warn")
        .arg("--egress-resolve")
        .arg(format!("service.test=127.0.0.1:{}", service.port))
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

/// What the attackers of one class left is not the next one's.
pub async fn forget_events(world: &World) -> Result<()> {
    let server = world.database(DATABASE).await?;
    let mut conn = server.control_options().connect().await?;
    sqlx::query("truncate event, conversation_queue cascade")
        .execute(&mut conn)
        .await?;
    Ok(())
}

/// Deploys the victim, and the same bot for each attacker; gives the attackers' numbers.
pub async fn deploy(world: &World, attackers: u32) -> Result<Vec<String>> {
    let data = world.folder.path().join("host");
    std::fs::create_dir_all(&data)?;
    let app = App::start(config(world, &data).await?).await?;
    let victim = bundle(&app, "guests/bench/pipeline").await?;
    project(&app, world, "victim", &world.number_id, victim).await?;
    let hostile = bundle(&app, "guests/bench/neighbour").await?;
    let mut numbers = Vec::new();
    for n in 0..attackers {
        let phone = format!("+1 555 079 {n:04}");
        let number = wire::NewNumber::new(&world.waba_id, &phone);
        let number = world.control.create_number(&number).await?.id;
        project(
            &app,
            world,
            &format!("hostile-{n}"),
            &number,
            hostile.clone(),
        )
        .await?;
        numbers.push(number);
    }
    app.stop().await;
    Ok(numbers)
}

async fn bundle(app: &App, folder: &str) -> Result<Bundle> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    Ok(app.workshop().bundle(&folder, |_| {}).await?)
}

async fn project(
    app: &App,
    world: &World,
    name: &str,
    number_id: &str,
    bundle: Bundle,
) -> Result<()> {
    let project = app.create_project(&name.parse()?).await?;
    let number = NewNumber {
        phone_number_id: number_id.to_owned(),
        waba_id: world.waba_id.clone(),
        display_phone_number: "15550783881".to_owned(),
        token: Secret::new(&world.token),
    };
    app.connect_number(project.project_id, &number).await?;
    app.deploy_folder(project.project_id, bundle).await?;
    Ok(())
}

async fn config(world: &World, data: &Path) -> Result<AppConfig> {
    Ok(AppConfig {
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
}
