//! What package.json says that matters to a host.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::error::BuildError;
use crate::words::Lifetime;

/// The key `roost`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Settings {
    pub(super) entry: Option<String>,
    pub(super) webhook_path: Option<String>,
    /// Where the bot asks for one or the other.
    pub(super) instance: Option<Lifetime>,
    /// Where the bot is, in a workspace's package.json.
    pub(super) folder: Option<String>,
}

// `flows` is for `roost flows` and `roost deploy`.
const SETTINGS: [&str; 6] = [
    "entry",
    "webhookPath",
    "webhook",
    "instance",
    "folder",
    "flows",
];

/// A folder without a package.json has an empty one.
#[derive(Debug, Default)]
pub(super) struct PackageJson {
    pub(super) scripts: BTreeMap<String, String>,
    pub(super) main: Option<String>,
    pub(super) dependencies: BTreeMap<String, Value>,
    pub(super) optional_dependencies: BTreeMap<String, Value>,
    pub(super) dev_dependencies: BTreeMap<String, Value>,
    pub(super) settings: Settings,
}

impl PackageJson {
    pub(super) fn read(dir: &Path) -> Result<Self, BuildError> {
        let path = dir.join("package.json");
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = std::fs::read_to_string(&path).map_err(BuildError::io(&path, "read"))?;
        Self::parse(text.trim_start_matches('\u{feff}')).map_err(|error| match error {
            Wrong::Json(problem) => BuildError::PackageJson { path, problem },
            Wrong::Setting(error) => *error,
        })
    }

    fn parse(text: &str) -> Result<Self, Wrong> {
        let value: Value = serde_json::from_str(text).map_err(|e| Wrong::Json(e.to_string()))?;
        let Value::Object(mut fields) = value else {
            return Err(Wrong::Json("it must hold an object".to_owned()));
        };
        let mut map = |key: &str| match fields.remove(key) {
            Some(Value::Object(map)) => map.into_iter().collect(),
            _ => BTreeMap::new(),
        };
        let dependencies = map("dependencies");
        let optional_dependencies = map("optionalDependencies");
        let dev_dependencies = map("devDependencies");
        let scripts = map("scripts")
            .into_iter()
            .filter_map(|(name, script)| Some((name, script.as_str()?.to_owned())))
            .collect();
        Ok(Self {
            scripts,
            main: fields
                .get("main")
                .and_then(Value::as_str)
                .map(str::to_owned),
            dependencies,
            optional_dependencies,
            dev_dependencies,
            settings: Settings::read(fields.remove("roost"))
                .map_err(|error| Wrong::Setting(Box::new(error)))?,
        })
    }
}

/// What a file of JSON holds, as an object; none where there is no file.
pub(super) fn read_object(path: &Path) -> Result<Option<Map<String, Value>>, BuildError> {
    if !path.is_file() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).map_err(BuildError::io(path, "read"))?;
    serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map(Some)
        .map_err(|error| BuildError::PackageJson {
            path: path.to_path_buf(),
            problem: error.to_string(),
        })
}

enum Wrong {
    Json(String),
    Setting(Box<BuildError>),
}

impl Settings {
    fn read(value: Option<Value>) -> Result<Self, BuildError> {
        let fields = match value {
            None => return Ok(Self::default()),
            Some(Value::Object(fields)) => fields,
            Some(other) => {
                return Err(bad(
                    "",
                    &other,
                    r#"write an object, such as { "entry": "app.js" }"#,
                ));
            }
        };
        let is_unknown = |key: &&String| !SETTINGS.contains(&key.as_str());
        let unknown: Vec<_> = fields.keys().filter(is_unknown).cloned().collect();
        if !unknown.is_empty() {
            let known = SETTINGS.map(str::to_owned).to_vec();
            return Err(BuildError::UnknownSetting { unknown, known });
        }
        let webhook_path = match text(&fields, "webhookPath")? {
            None => text(&fields, "webhook")?,
            path => path,
        };
        if let Some(path) = webhook_path
            .as_deref()
            .filter(|path| !path.starts_with('/'))
        {
            let problem = r#"it must start with `/`, such as "/webhook""#;
            return Err(bad("webhookPath", &Value::from(path), problem));
        }
        let instance: Option<Lifetime> = match text(&fields, "instance")? {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| {
                let problem = "it must be `fresh` (a new one for each event) or `resident` (one that keeps its memory)";
                bad("instance", &Value::from(text.as_str()), problem)
            })?),
        };
        Ok(Self {
            entry: text(&fields, "entry")?,
            folder: text(&fields, "folder")?,
            webhook_path,
            instance,
        })
    }
}

fn text(
    fields: &serde_json::Map<String, Value>,
    key: &'static str,
) -> Result<Option<String>, BuildError> {
    match fields.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(bad(key, other, "it must be a text between quotes")),
    }
}

fn bad(key: &'static str, value: &Value, problem: &str) -> BuildError {
    let value = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let problem = problem.to_owned();
    BuildError::BadSetting {
        key,
        value,
        problem,
    }
}
