//! The parts of a development setup: Postgres, the emulator, the host.

use super::keys::Keys;
use super::progress::step;
use crate::app::{App, AppConfig};
use crate::deploys::BundlingSettings;
use crate::egress::EgressPolicy;
use crate::inbox::{DispatcherSettings, InboxLimits};
use crate::lifecycle::StepName;
use crate::postgres::{Embedded, EmbeddedConfig};
use crate::projects::{NewProject, Project, ProjectName, Secret, WishedNumber};
use crate::runs::ResidentSettings;
use crate::sandbox::{Budget, Compiler, SandboxSettings};
use crate::web::WebSettings;
use crate::whatsapp::{GraphEndpoint, GraphLimits, WEBHOOK_FIELDS};
use anyhow::{Context, Result, bail};
use roost_emulator::control::wire::{
    NewApp, NewCustomer, NewNumber as EmulatedNumber, NewToken, NewWaba,
};
use roost_emulator::{Config, ControlClient, Emulator, Running};
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The customer that the chat speaks as.
pub(super) const CUSTOMER: &str = "15550001111";

/// The emulated app; there is one for all local bots.
const APP_ID: &str = "100000000000001";

/// Where everything is.
pub(super) struct Places {
    pub(super) data: PathBuf,
    pub(super) sdk: PathBuf,
    pub(super) postgres: PathBuf,
    pub(super) listen: SocketAddr,
    pub(super) admin_listen: SocketAddr,
    pub(super) egress: EgressPolicy,
}

/// A running development setup.
pub(super) struct Setup {
    pub(super) app: App,
    pub(super) emulator: Running,
    pub(super) control: ControlClient,
    /// Where its data is kept.
    pub(super) data: PathBuf,
    pub(super) keys: Keys,
    postgres: Embedded,
}

/// A project and its emulated number.
pub(super) struct Connected {
    pub(super) project: Project,
    pub(super) number_id: String,
}

impl Setup {
    /// Starts everything, and reuses what an earlier start left.
    pub(super) async fn start(places: &Places) -> Result<Self> {
        let keys = Keys::open(&places.data.join("keys.json"))?;
        let config = EmbeddedConfig::new(places.postgres.clone(), places.data.join("postgres"));
        let postgres = step("starting Postgres", Embedded::start(config)).await?;
        let emulator = Emulator::start(Config {
            control_token: keys.control_token.clone(),
            state_file: Some(places.data.join("emulator.json")),
            ..Config::default()
        })
        .await
        .context("the WhatsApp emulator cannot start")?;
        let control = emulator
            .control()
            .context("the WhatsApp emulator cannot be reached")?;
        let app = step(
            "starting the host",
            App::start(app_config(places, &keys, &postgres, &emulator)?),
        );
        Ok(Self {
            app: app.await?,
            emulator,
            control,
            data: places.data.clone(),
            keys,
            postgres,
        })
    }

    /// Makes the project, and an emulated number for it.
    pub(super) async fn connect(&self, name: &ProjectName) -> Result<Connected> {
        let number_id = digits("number", name);
        let waba_id = digits("account", name);
        self.emulate(&number_id, &waba_id, digits("business", name))
            .await
            .context("the emulated number cannot be made")?;
        let number = WishedNumber {
            phone_number_id: number_id.clone(),
            waba_id,
            token: Secret::new(self.keys.access_token.clone()),
            pin: None,
        };
        let made = self.made(name, number);
        let project = step("connecting the emulated number", made).await?;
        Ok(Connected { project, number_id })
    }

    /// The project of that name, with that number.
    async fn made(&self, name: &ProjectName, number: WishedNumber) -> Result<Project> {
        let (projects, lifecycle) = (self.app.projects(), self.app.lifecycle());
        let project = match projects.by_name(name).await? {
            Some(project) => {
                // Where it listens, and the number's token, may be others than at the last start.
                lifecycle
                    .connect_number(project.project_id, &number)
                    .await?;
                project
            }
            None => {
                let new = NewProject {
                    name: name.clone(),
                    number: Some(number),
                    secrets: Vec::new(),
                    wants_deploy: false,
                };
                lifecycle.create(&new).await?
            }
        };
        let standing = lifecycle.settles(project.project_id).await?;
        // Whatever became of the last deploy, the next one is about to be made.
        let failed = standing
            .failed()
            .filter(|step| step.step != StepName::FirstDeploy);
        if let Some(step) = failed {
            let why = step.error.as_deref().unwrap_or("it failed");
            bail!(
                "the project cannot be made: step `{}`: {why}",
                step.step.word()
            );
        }
        Ok(projects.by_id(project.project_id).await?)
    }

    /// `business_id`: what people's user ids hang on.
    async fn emulate(&self, number_id: &str, waba_id: &str, business_id: String) -> Result<()> {
        let callback = format!("http://{}/webhooks/whatsapp", self.app.address());
        self.control
            .create_app(&NewApp {
                id: Some(APP_ID.to_owned()),
                secret: Some(self.keys.app_secret.clone()),
                callback_url: Some(callback),
                verify_token: Some(self.keys.verify_token.clone()),
                fields: Some(WEBHOOK_FIELDS.map(str::to_owned).into()),
                ..NewApp::default()
            })
            .await?;
        self.control
            .create_waba(&NewWaba {
                id: Some(waba_id.to_owned()),
                business_id: Some(business_id),
                app_ids: [APP_ID.to_owned()].into(),
                ..NewWaba::default()
            })
            .await?;
        let mut number = EmulatedNumber::new(waba_id, display_number(number_id));
        number.id = Some(number_id.to_owned());
        self.control.create_number(&number).await?;
        self.control
            .create_token(&NewToken {
                token: Some(self.keys.access_token.clone()),
                app_id: APP_ID.to_owned(),
                ..NewToken::default()
            })
            .await?;
        let known = self.control.customers().await?;
        if !known.iter().any(|customer| customer.phone == CUSTOMER) {
            self.control.create_customer(&customer()).await?;
        }
        Ok(())
    }

    /// Stops everything, in order.
    pub(super) async fn stop(self) -> Result<()> {
        step("stopping the host", self.app.stop()).await;
        self.emulator.shutdown().await;
        step("stopping Postgres", self.postgres.stop()).await?;
        Ok(())
    }
}

fn app_config(
    places: &Places,
    keys: &Keys,
    postgres: &Embedded,
    emulator: &Running,
) -> Result<AppConfig> {
    let master_key = hex::decode(&keys.master_key)
        .ok()
        .and_then(|key| key.try_into().ok());
    Ok(AppConfig {
        server: postgres.server(),
        quotas: crate::postgres::Quotas::default(),
        data: places.data.clone(),
        sdk: places.sdk.clone(),
        master_key: master_key.context("the master key is damaged")?,
        listen: places.listen,
        admin_listen: places.admin_listen,
        admin_token: Some(Secret::new(keys.admin_token.clone())),
        verify_token: Secret::new(keys.verify_token.clone()),
        app_secrets: vec![Secret::new(keys.app_secret.clone())],
        graph: GraphEndpoint::new(emulator.graph_url(), "v25.0")?,
        graph_answer: GraphLimits::default().answer,
        budget: Budget::default(),
        instances: 100,
        bot_memory_max: SandboxSettings::default().max_memory_bytes,
        bot_memory_total: SandboxSettings::default().total_memory_bytes,
        compiler: Compiler::of_this_program(),
        inbox: InboxLimits::default(),
        dispatcher: DispatcherSettings::new("dev"),
        drain: Duration::ZERO,
        settle_after: Duration::from_secs(60),
        observing: Default::default(),
        egress: places.egress.clone(),
        web: WebSettings {
            // Browsers know that every name below it is this machine.
            domain: Some("localhost".parse()?),
            is_dev: true,
            ..WebSettings::default()
        },
        residents: ResidentSettings::default(),
        delete_grace: crate::lifecycle::DELETE_GRACE,
        keep_versions: 20,
        bundling: BundlingSettings::of_this_program(None, places.egress.clone()),
    })
}

fn customer() -> NewCustomer {
    NewCustomer {
        phone: CUSTOMER.to_owned(),
        name: Some("You".to_owned()),
        ..NewCustomer::default()
    }
}

/// An id that a bot keeps from one start to the next.
fn digits(kind: &str, name: &ProjectName) -> String {
    let hash = Sha256::digest(format!("{kind} {}", name.as_str()));
    let number = hash
        .iter()
        .take(6)
        .fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
    format!("1{number:014}").chars().take(15).collect()
}

fn display_number(number_id: &str) -> String {
    format!(
        "1555{}",
        number_id.chars().skip(1).take(7).collect::<String>()
    )
}

/// A project's name, made of its folder's: `09-Bot` gives `bot-09-bot`, because a name begins with a
/// letter.
pub(super) fn project_name(folder: &Path) -> Result<ProjectName> {
    let folder = folder
        .file_name()
        .map(|name| name.to_string_lossy().to_lowercase());
    let mut slug = String::new();
    for c in folder.unwrap_or_default().chars() {
        match c {
            '0'..='9' if slug.is_empty() => slug.push_str(&format!("bot-{c}")),
            'a'..='z' | '0'..='9' => slug.push(c),
            _ if slug.ends_with('-') || slug.is_empty() => {}
            _ => slug.push('-'),
        }
    }
    let slug: String = slug.chars().take(40).collect();
    let slug = slug.trim_end_matches('-');
    Ok(if slug.is_empty() { "bot" } else { slug }.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_names_a_project() {
        let long = "x".repeat(60);
        for (folder, name) in [
            ("pizza", "pizza"),
            ("My Bot_2", "my-bot-2"),
            ("09-bot", "bot-09-bot"),
            ("--9", "bot-9"),
            ("ボット", "bot"),
            (&long, &long[..40]),
        ] {
            let named = project_name(&Path::new("/x").join(folder)).unwrap();
            assert_eq!(named.as_str(), name, "{folder}");
        }
        assert_eq!(project_name(Path::new("/")).unwrap().as_str(), "bot");
    }
}
