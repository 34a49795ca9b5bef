//! What an operator may set of a project.
//!
//! To add a setting: a column of `project` in a migration, a field of [`ProjectSettings`] with its
//! check in [`ProjectSettings::apply`], the same field of [`SettingsChange`], and its column in
//! `store.rs`. API, CLI and the OpenAPI document follow.

mod store;

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use utoipa::ToSchema;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{Object, Type};

use super::known::{HostValue, Links};
use super::secrets::SecretName;
use crate::words::Lifetime;

/// The settings of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema, sqlx::FromRow)]
pub struct ProjectSettings {
    /// The route that gets events; null: the one that the version answers the handshake at.
    pub webhook_path: Option<String>,
    /// Events that run at once, on all hosts together; null: what the hosts say.
    #[schema(minimum = 1, maximum = 10000)]
    pub max_running: Option<i32>,
    /// Events that begin in a minute; null: no limit. Above it they wait.
    #[schema(minimum = 1, maximum = 1000000)]
    pub events_per_minute: Option<i32>,
    /// How long instances live; null: what the version's package.json says, else fresh.
    pub instance: Option<Lifetime>,
    /// What an instance may use of memory, in MiB; null: 128.
    #[schema(minimum = 32, maximum = 4000)]
    pub memory: Option<i32>,
    /// How many days events and messages are kept; null: as the host says.
    pub retention_days: Option<i32>,
    /// How many days the bot's log is kept; null: as the host says.
    pub log_retention_days: Option<i32>,
    /// How many days media of customers is kept, 0: none is; null: as the host says.
    pub media_retention_days: Option<i32>,
    /// How much of it is kept, in MiB; null: as the host says.
    pub media_quota: Option<i32>,
    /// What the bot does not reach: names, addresses and networks.
    pub egress_deny: Vec<String>,
    /// What alone the bot reaches, beside Meta; empty: all that the host lets it.
    pub egress_only: Vec<String>,
    /// Names under which the bot finds what the host knows of the project.
    #[sqlx(json)]
    pub links: Links,
}

/// Settings to change. One that is left out stays; null sets it back to its default.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsChange {
    /// A path of the bot, as in `/webhook`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, pattern = r"^/[!-~]{0,199}$", example = "/webhook")]
    pub webhook_path: Option<Option<String>>,
    /// Events that run at once, on all hosts together.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 10000, example = 16)]
    pub max_running: Option<Option<i32>>,
    /// Events that begin in a minute. Above it they wait.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 1000000, example = 600)]
    pub events_per_minute: Option<Option<i32>>,
    /// A new instance for each event, or one that keeps its memory.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Lifetime>)]
    pub instance: Option<Option<Lifetime>>,
    /// What an instance may use of memory, in MiB, up to what the host gives a bot.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i32>, minimum = 32, maximum = 4000, example = 256)]
    pub memory: Option<Option<i32>>,
    /// How many days events and messages are kept: Meta repeats webhooks for seven.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i32>, minimum = 8, maximum = 3650)]
    pub retention_days: Option<Option<i32>>,
    /// How many days the bot's log is kept.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 3650)]
    pub log_retention_days: Option<Option<i32>>,
    /// How many days media of customers is kept; 0: none is.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i32>, minimum = 0, maximum = 3650)]
    pub media_retention_days: Option<Option<i32>>,
    /// How much media of customers is kept, in MiB. What comes above it is not.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i32>, minimum = 1, maximum = 1048576, example = 2048)]
    pub media_quota: Option<Option<i32>>,
    /// What the bot does not reach: names, all names below one, addresses and networks, with a port or without
    /// one. Needs the scope `admin`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>, max_items = 100, example = json!(["ads.example.com", "*.example.org:443"]))]
    pub egress_deny: Option<Option<Vec<String>>>,
    /// What alone the bot reaches, beside Meta; empty: all that the host lets it. Needs the scope `admin`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>, max_items = 100, example = json!(["api.example.com"]))]
    pub egress_only: Option<Option<Vec<String>>>,
    /// Names under which the bot finds what the host knows: `{ "META_APP_SECRET": "app-secret" }`.
    /// Those that are left out stay; null removes a name, or in the place of the object all of them.
    #[serde(default, deserialize_with = "given")]
    #[schema(schema_with = links_schema, required = false)]
    pub links: Option<Option<BTreeMap<String, Option<HostValue>>>>,
}

/// The most names that a project may link.
const MAX_LINKS: usize = 64;

/// The most that a list of a project names.
const MAX_LISTED: usize = 100;

/// Why a setting is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{setting}` cannot be {value}: {wanted}")]
pub struct SettingError {
    pub setting: &'static str,
    /// As in the request, shortened.
    pub value: String,
    /// What would be right.
    pub wanted: Cow<'static, str>,
}

impl SettingError {
    /// A list that holds what cannot be one of it.
    pub fn listed(setting: &'static str, value: &str, error: &dyn std::error::Error) -> Self {
        Self {
            setting,
            value: format!("{value:?}").chars().take(60).collect(),
            wanted: error.to_string().into(),
        }
    }

    /// A number above what this host allows.
    pub fn above(setting: &'static str, value: i32, most: usize) -> Self {
        Self {
            setting,
            value: value.to_string(),
            wanted: format!("this host gives a bot at most {most} MiB (`--bot-memory-max`)").into(),
        }
    }
}

impl ProjectSettings {
    fn link(&mut self, links: &BTreeMap<String, Option<HostValue>>) -> Result<(), SettingError> {
        for (name, value) in links {
            let is_name = name.parse::<SecretName>().is_ok();
            let wanted =
                "use names of up to 128 letters, digits and `_`, not beginning with a digit";
            check("links", name, is_name, wanted)?;
            match value {
                Some(value) => self.links.insert(name.clone(), *value),
                None => self.links.remove(name),
            };
        }
        let count = self.links.len();
        let wanted = "a project links 64 names at most";
        check("links", &count, count <= MAX_LINKS, wanted)
    }

    /// Takes over what is given. After an error nothing of it counts.
    pub fn apply(&mut self, change: &SettingsChange) -> Result<(), SettingError> {
        if let Some(path) = &change.webhook_path {
            if let Some(path) = path {
                let is_path = path.starts_with('/')
                    && path.len() <= 200
                    && path.bytes().all(|byte| byte.is_ascii_graphic());
                check(
                    "webhook_path",
                    path,
                    is_path,
                    "use a path such as `/webhook`, of at most 200 visible ASCII characters",
                )?;
            }
            self.webhook_path.clone_from(path);
        }
        if let Some(runs) = change.max_running {
            let is_good = runs.is_none_or(|runs| (1..=10_000).contains(&runs));
            let wanted = "use a number from 1 to 10000, or null for what the hosts say";
            check("max_running", &Given(runs), is_good, wanted)?;
            self.max_running = runs;
        }
        if let Some(events) = change.events_per_minute {
            let is_good = events.is_none_or(|events| (1..=1_000_000).contains(&events));
            let wanted = "use a number from 1 to 1000000, or null for no limit";
            check("events_per_minute", &Given(events), is_good, wanted)?;
            self.events_per_minute = events;
        }
        if let Some(instance) = change.instance {
            self.instance = instance;
        }
        if let Some(mib) = change.memory {
            let is_good = mib.is_none_or(|mib| (32..=4000).contains(&mib));
            let wanted = "use a number of MiB from 32 to 4000, or null for 128";
            check("memory", &Given(mib), is_good, wanted)?;
            self.memory = mib;
        }
        if let Some(days) = change.retention_days {
            let is_good = days.is_none_or(|days| (8..=3650).contains(&days));
            let wanted = "use a number from 8 to 3650, or null for what the host says: Meta repeats \
                          webhooks for seven days, and events are what tells a repeat";
            check("retention_days", &Given(days), is_good, wanted)?;
            self.retention_days = days;
        }
        if let Some(days) = change.log_retention_days {
            let is_good = days.is_none_or(|days| (1..=3650).contains(&days));
            let wanted = "use a number from 1 to 3650, or null for what the host says";
            check("log_retention_days", &Given(days), is_good, wanted)?;
            self.log_retention_days = days;
        }
        if let Some(days) = change.media_retention_days {
            let is_good = days.is_none_or(|days| (0..=3650).contains(&days));
            let wanted =
                "use a number from 0, which keeps none, to 3650, or null for what the host says";
            check("media_retention_days", &Given(days), is_good, wanted)?;
            self.media_retention_days = days;
        }
        if let Some(mib) = change.media_quota {
            let is_good = mib.is_none_or(|mib| (1..=1_048_576).contains(&mib));
            let wanted = "use a number of MiB from 1 to 1048576, or null for what the host says";
            check("media_quota", &Given(mib), is_good, wanted)?;
            self.media_quota = mib;
        }
        for (setting, list, given) in [
            ("egress_deny", &mut self.egress_deny, &change.egress_deny),
            ("egress_only", &mut self.egress_only, &change.egress_only),
        ] {
            let Some(given) = given else { continue };
            let given = given.clone().unwrap_or_default();
            let wanted = "a list names 100 of them at most";
            check(setting, &given.len(), given.len() <= MAX_LISTED, wanted)?;
            *list = given;
        }
        match &change.links {
            Some(Some(links)) => self.link(links)?,
            Some(None) => self.links.clear(),
            None => {}
        }
        Ok(())
    }
}

impl SettingsChange {
    /// Whether what the bot reaches is to be changed.
    pub fn changes_egress(&self) -> bool {
        self.egress_deny.is_some() || self.egress_only.is_some()
    }

    /// Whether nothing is to be changed.
    pub fn is_empty(&self) -> bool {
        let Self {
            webhook_path,
            max_running,
            events_per_minute,
            instance,
            memory,
            retention_days,
            log_retention_days,
            media_retention_days,
            media_quota,
            egress_deny: _,
            egress_only: _,
            links,
        } = self;
        webhook_path.is_none()
            && max_running.is_none()
            && events_per_minute.is_none()
            && instance.is_none()
            && memory.is_none()
            && retention_days.is_none()
            && log_retention_days.is_none()
            && media_retention_days.is_none()
            && media_quota.is_none()
            && links.is_none()
            && !self.changes_egress()
    }
}

fn links_schema() -> Object {
    let values = HostValue::ALL.map(|value| serde_json::Value::from(value.word()));
    let values = values.into_iter().chain([serde_json::Value::Null]);
    let value = Object::builder()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .enum_values(Some(values));
    let name = Object::builder()
        .schema_type(Type::String)
        .pattern(Some("^[A-Za-z_][A-Za-z0-9_]{0,127}$"));
    Object::builder()
        .schema_type(SchemaType::from_iter([Type::Object, Type::Null]))
        .description(Some(
            "Names under which the bot finds what the host knows: `{ \"META_APP_SECRET\": \"app-secret\" }`. \
             Those that are left out stay; null removes a name, or in the place of the object all of them.",
        ))
        .property_names(Some(name))
        .additional_properties(Some(value))
        .max_properties(Some(MAX_LINKS))
        .build()
}

/// A number, as it came.
struct Given(Option<i32>);

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(number) => number.fmt(f),
            None => f.write_str("null"),
        }
    }
}

fn check(
    setting: &'static str,
    value: &dyn std::fmt::Debug,
    is_good: bool,
    wanted: &'static str,
) -> Result<(), SettingError> {
    if is_good {
        return Ok(());
    }
    Err(SettingError {
        setting,
        value: format!("{value:?}").chars().take(60).collect(),
        wanted: wanted.into(),
    })
}

/// Tells a field that is null from one that is left out.
fn given<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}
