//! The conversation of a check: Meta's handshake, a text message and a status, each as an event
//! reaches a bot, to a fresh instance.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Result, bail};
use bytes::Bytes;
use serde_json::{Value, json};

use super::stand_ins::{Record, StandIn};
use super::{CheckArgs, say};
use crate::capabilities::{DatabaseGrant, Grants};
use crate::deploys::handshake;
use crate::postgres::{
    Cell, Embedded, EmbeddedConfig, Limits, Pool, PoolConfig, TenantDatabase, TenantName,
};
use crate::projects::Secret;
use crate::sandbox::{BootReport, Bot, Budget, Instance, Share};

/// Who writes to the bot.
const CUSTOMER: &str = "16505551234";
pub(super) const NAME: &str = "Ana";

const PHONE_NUMBER_ID: &str = "106540352242922";
const WABA_ID: &str = "102290129340398";
const VERIFY_TOKEN: &str = "check-verify-token";
const APP_SECRET: &str = "check-app-secret";

/// What the events of a check are handled with.
struct Stage<'a> {
    bot: &'a Bot,
    record: Arc<Record>,
    environment: Arc<BTreeMap<String, String>>,
    database: Option<DatabaseGrant>,
}

/// Plays it. An error when the bot does not answer as one.
pub(super) async fn play(bot: &Bot, args: &CheckArgs) -> Result<()> {
    let server = match args.postgres.is_dir() {
        true => {
            std::fs::create_dir_all(&args.data)?;
            let data = args.data.canonicalize()?.join("check-postgres");
            Some(Embedded::start(EmbeddedConfig::new(&args.postgres, data)).await?)
        }
        false => {
            say(&format!(
                "no database: there are no PostgreSQL programs in `{}`; name them with --postgres",
                args.postgres.display()
            ))?;
            None
        }
    };
    let database = match &server {
        Some(server) => Some(database(server).await?),
        None => None,
    };
    let stage = Stage {
        bot,
        record: Arc::default(),
        environment: Arc::new(environment(args)),
        database,
    };
    let played = stage.play(args).await;
    if let Some(server) = server {
        server.stop().await?;
    }
    played
}

/// A schema of its own in a server of this machine, empty at each check.
async fn database(server: &Embedded) -> Result<DatabaseGrant> {
    let cell = Cell::ensure(&server.server(), "cell_check").await?;
    // Always the same: what the check before left is dropped.
    let name = TenantName::parse("t_checkcheckcheckcheckcheckc")?;
    cell.drop_tenant(&name).await?;
    Ok(DatabaseGrant {
        tenant: cell.provision_tenant(name).await?,
        database: TenantDatabase::new(Pool::new(PoolConfig::default())),
        limits: Limits::default(),
    })
}

/// What a host tells a bot, and what was given by hand.
pub(super) fn environment(args: &CheckArgs) -> BTreeMap<String, String> {
    let mut environment: BTreeMap<String, String> = [
        ("NODE_ENV", "production"),
        ("PORT", "3000"),
        ("VERIFY_TOKEN", VERIFY_TOKEN),
        ("APP_SECRET", APP_SECRET),
        ("WHATSAPP_TOKEN", "EAAroostPlaceholderToken"),
        ("PHONE_NUMBER_ID", PHONE_NUMBER_ID),
        ("WABA_ID", WABA_ID),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    environment.extend(args.env.iter().cloned());
    environment
}

impl Stage<'_> {
    async fn play(&self, args: &CheckArgs) -> Result<()> {
        let known = handshake::Known {
            verify_tokens: vec![self.environment["VERIFY_TOKEN"].clone()],
            wanted: args.path.as_deref(),
            project: "NAME",
            memory_bytes: Budget::default().memory_bytes,
            grants: &|| self.start_grants(),
        };
        let found = handshake::find(self.bot, &BootReport::default(), &known).await;
        self.tell()?;
        let found = found?;
        say(&format!("handshake: {}, {}", found.path, found.because))?;

        let text = json!({
            "messages": [{
                "from": CUSTOMER, "id": "wamid.CHECKIN", "timestamp": "1749416383",
                "type": "text", "text": { "body": args.text },
            }],
            "contacts": [{ "wa_id": CUSTOMER, "profile": { "name": NAME } }],
        });
        self.event("text message", &found.path, text).await?;
        if self.record.sends() == 0 {
            say("           it sent nothing")?;
        }
        let status = json!({
            "statuses": [{
                "id": "wamid.CHECK1", "status": "delivered", "timestamp": "1749416384",
                "recipient_id": CUSTOMER,
            }],
        });
        self.event("status", &found.path, status).await?;
        say("it is a bot")
    }

    /// As at a deploy: the environment and the log, and no way out.
    fn start_grants(&self) -> Grants {
        let stand_in = Arc::new(StandIn(self.record.clone()));
        Grants::none()
            .with_secrets(self.environment.clone())
            .with_log(stand_in)
    }

    fn grants(&self) -> Grants {
        let stand_in = Arc::new(StandIn(self.record.clone()));
        let mut grants = self
            .start_grants()
            .with_whatsapp(stand_in.clone())
            .with_conversations(stand_in.clone())
            .with_witness(stand_in.clone())
            .with_http(stand_in);
        if let Some(database) = &self.database {
            grants = grants.with_database(database.clone());
        }
        grants.with_budget(&Budget::default())
    }

    /// One event: what the bot did, and how it ended.
    async fn event(&self, what: &str, path: &str, value: Value) -> Result<()> {
        let mut value = value;
        value["messaging_product"] = "whatsapp".into();
        value["metadata"] = json!({
            "display_phone_number": "15550783881", "phone_number_id": PHONE_NUMBER_ID,
        });
        let payload = json!({
            "object": "whatsapp_business_account",
            "entry": [{ "id": WABA_ID, "changes": [{ "field": "messages", "value": value }] }],
        });
        let secret = Secret::new(self.environment["APP_SECRET"].clone());
        let request = crate::runs::signed_post(path, &secret, Bytes::from(payload.to_string()))?;
        let (bot, budget, grants) = (self.bot.clone(), Budget::default(), self.grants());
        let handling = async move {
            let mut instance = Instance::start(&bot, budget, grants).await?;
            let answer = instance.handle(request).await;
            let report = instance.report();
            answer.map(|answer| (answer, report))
        };
        let ended = self.bot.on_its_threads(Share::default(), handling).await;
        self.tell()?;
        match ended {
            Ok((answer, _)) if answer.failure.is_some() => {
                let failure = answer.failure.unwrap_or_default();
                bail!("the {what} failed: {failure}")
            }
            Ok((answer, report)) if answer.response.status().is_success() => say(&format!(
                "{what}: answered {} in {} ms, with {} MiB of memory",
                answer.response.status().as_u16(),
                report.wall.as_millis(),
                report.memory_bytes.div_ceil(1 << 20),
            )),
            Ok((answer, _)) => bail!(
                "the {what} was answered with {}: anything but 200 to 299 is a failure, and is tried again\n{}",
                answer.response.status(),
                String::from_utf8_lossy(answer.response.body()).trim()
            ),
            Err(error) => bail!("the {what} failed: {}", error.chain()),
        }
    }

    /// Prints what the bot did.
    fn tell(&self) -> Result<()> {
        for line in self.record.take() {
            say(&format!(
                "           {}",
                line.replace('\n', "\n             ")
            ))?;
        }
        Ok(())
    }
}
