//! The keys of a development setup: made once, kept beside its data.

use anyhow::{Context, Result};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What the parts of a development setup know each other by.
#[derive(Clone, Deserialize, Serialize)]
pub(super) struct Keys {
    /// Seals what the control database holds; 64 hexadecimal digits.
    pub(super) master_key: String,
    /// Of the emulated app.
    pub(super) verify_token: String,
    /// Of the emulated app.
    pub(super) app_secret: String,
    /// Of the emulated account.
    pub(super) access_token: String,
    /// Of the emulator's control API.
    pub(super) control_token: String,
    /// Of the admin API. Folders of older versions have none.
    #[serde(default)]
    pub(super) admin_token: String,
}

impl Keys {
    /// Reads the keys, or makes them.
    pub(super) fn open(file: &Path) -> Result<Self> {
        if file.exists() {
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("cannot read `{}`", file.display()))?;
            let keys = serde_json::from_str(&text).ok().filter(Self::are_whole);
            let keys = keys.with_context(|| {
                let folder = file.parent().unwrap_or(file).display();
                format!(
                    "the keys in `{}` are damaged: delete the folder `{folder}` to begin anew, \
                     which also deletes the data of your local bots",
                    file.display()
                )
            })?;
            if !keys.admin_token.is_empty() {
                return Ok(keys);
            }
            let admin_token = admin_token();
            let keys = Self {
                admin_token,
                ..keys
            };
            keys.write(file)?;
            return Ok(keys);
        }
        let keys = Self {
            master_key: random_hex(),
            verify_token: random_hex(),
            app_secret: random_hex(),
            access_token: format!("EAA{}", random_hex()),
            control_token: random_hex(),
            admin_token: admin_token(),
        };
        keys.write(file)?;
        Ok(keys)
    }

    fn are_whole(&self) -> bool {
        hex::decode(&self.master_key).is_ok_and(|key| key.len() == 32)
    }

    fn write(&self, file: &Path) -> Result<()> {
        crate::kept::write_private(file, serde_json::to_string_pretty(self)?.as_bytes())
            .with_context(|| format!("cannot write `{}`", file.display()))
    }
}

fn admin_token() -> String {
    format!("roost_{}", random_hex())
}

fn random_hex() -> String {
    hex::encode(rand::rng().random::<[u8; 32]>())
}
