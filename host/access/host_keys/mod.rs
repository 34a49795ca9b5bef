//! Keys that a host is started with, and how each is changed while hosts run: the admin key, the verify token
//! and the Meta app's secrets.
//!
//! What hosts were given is accepted unless it was retired; what the database has is accepted beside it. A
//! change adds one, its end retires all others. Every host looks each second.

mod store;

use std::sync::Arc;

use rand::RngExt as _;
use sqlx::PgPool;
use sqlx::types::chrono::{DateTime, Utc};

use super::AccessError;
use super::tokens::{BEGINNING, hash};
use crate::projects::{Accepted, Secret, Vault};
use crate::words::words;

words! {
    /// Which key.
    pub enum KeyKind: "key" {
        /// The token that a host is started with, which may do everything.
        AdminKey = "admin-key",
        /// What Meta says at the webhook's handshake.
        VerifyToken = "verify-token",
        /// What Meta signs webhooks with.
        AppSecret = "app-secret",
    }
}

/// What a host was started with.
#[derive(Clone, Debug, Default)]
pub struct GivenKeys {
    pub admin: Option<Secret>,
    pub verify_token: Option<Secret>,
    pub app_secrets: Vec<Secret>,
}

/// What hosts accept. Clones are the same.
#[derive(Clone)]
pub struct HostKeys {
    pool: PgPool,
    vault: Arc<Vault>,
    given: Arc<GivenKeys>,
    admin: Accepted,
    verify_tokens: Accepted,
    app_secrets: Accepted,
}

/// Why a key is not changed.
#[derive(Debug, thiserror::Error)]
pub enum HostKeyError {
    #[error("a key has 8 to 500 characters, none of them a blank, a comma or a control character")]
    Text,
    #[error("that key was in use before: take another")]
    Used,
    #[error("the {} is not being changed", .0.noun())]
    NotChanging(KeyKind),
    #[error("finish this with the new admin key: that shows that it is in good hands")]
    NotWithTheNew,
    #[error(transparent)]
    Access(#[from] AccessError),
}

impl KeyKind {
    /// In a sentence.
    fn noun(self) -> String {
        self.word().replace('-', " ")
    }
}

impl HostKeys {
    /// With what the host was started with, and what the database has.
    pub async fn open(
        pool: PgPool,
        vault: Arc<Vault>,
        given: GivenKeys,
    ) -> Result<Self, AccessError> {
        let keys = Self {
            pool,
            vault,
            given: Arc::new(given),
            admin: Accepted::default(),
            verify_tokens: Accepted::default(),
            app_secrets: Accepted::default(),
        };
        for kind in keys.refresh().await? {
            tracing::warn!(
                "the {} that this host was started with was changed, and is not accepted: start it with the new one",
                kind.noun()
            );
        }
        Ok(keys)
    }

    /// Tokens that may do everything.
    pub fn admin(&self) -> &Accepted {
        &self.admin
    }

    /// What the handshake accepts.
    pub fn verify_tokens(&self) -> &Accepted {
        &self.verify_tokens
    }

    /// What signs webhooks.
    pub fn app_secrets(&self) -> &Accepted {
        &self.app_secrets
    }

    fn accepted(&self, kind: KeyKind) -> &Accepted {
        match kind {
            KeyKind::AdminKey => &self.admin,
            KeyKind::VerifyToken => &self.verify_tokens,
            KeyKind::AppSecret => &self.app_secrets,
        }
    }

    fn given(&self, kind: KeyKind) -> Vec<Secret> {
        match kind {
            KeyKind::AdminKey => self.given.admin.iter().cloned().collect(),
            KeyKind::VerifyToken => self.given.verify_token.iter().cloned().collect(),
            KeyKind::AppSecret => self.given.app_secrets.clone(),
        }
    }

    /// Reads what the database has. Gives of which kinds nothing that was given is accepted any more.
    pub async fn refresh(&self) -> Result<Vec<KeyKind>, AccessError> {
        let rows = self.rows().await?;
        let mut stale = Vec::new();
        for kind in KeyKind::ALL {
            let is_retired = |secret: &Secret| {
                let hash = hash(secret.expose());
                let mut of_kind = rows.iter().filter(|row| row.kind.is(kind));
                of_kind.any(|row| row.hash == hash && row.retired_at.is_some())
            };
            let given = self.given(kind);
            let mut accepted: Vec<Secret> = given
                .iter()
                .filter(|key| !is_retired(key))
                .cloned()
                .collect();
            if accepted.is_empty() && !given.is_empty() {
                stale.push(kind);
            }
            for row in rows.iter().filter(|row| row.kind.is(kind)) {
                if let Some(secret) = row.open(&self.vault)?
                    && !accepted.contains(&secret)
                {
                    accepted.push(secret);
                }
            }
            self.accepted(kind).set(accepted);
        }
        Ok(stale)
    }

    /// Accepts one more key: the given one, or one that is made here. It is in the answer, and sealed in the
    /// database.
    pub async fn begin(&self, kind: KeyKind, text: Option<String>) -> Result<Secret, HostKeyError> {
        let secret = match text {
            Some(text) => Secret::new(checked(text)?),
            None => Secret::new(made(kind)),
        };
        if !self.add(kind, &secret).await? {
            return Err(HostKeyError::Used);
        }
        self.refresh().await?;
        Ok(secret)
    }

    /// From here on only the key that was added last is accepted. An admin key only for who has the new one.
    pub async fn finish(&self, kind: KeyKind, by: Option<&[u8; 32]>) -> Result<(), HostKeyError> {
        let newest = self.newest(kind).await?;
        let newest = newest.ok_or(HostKeyError::NotChanging(kind))?;
        if kind == KeyKind::AdminKey && by != Some(&newest) {
            return Err(HostKeyError::NotWithTheNew);
        }
        let given: Vec<Vec<u8>> = (self.given(kind).iter())
            .map(|secret| hash(secret.expose()))
            .filter(|hash| *hash != newest)
            .map(Vec::from)
            .collect();
        if !self.retire_others(kind, &newest, &given).await? {
            return Err(HostKeyError::NotChanging(kind));
        }
        self.refresh().await?;
        Ok(())
    }

    /// Since when each kind is being changed.
    pub async fn changing(&self, kind: KeyKind) -> Result<Option<DateTime<Utc>>, AccessError> {
        self.since(kind).await
    }
}

/// A key that is made here.
fn made(kind: KeyKind) -> String {
    let random = hex::encode(rand::rng().random::<[u8; 32]>());
    match kind {
        KeyKind::AdminKey => format!("{BEGINNING}{random}"),
        KeyKind::VerifyToken | KeyKind::AppSecret => random,
    }
}

fn checked(text: String) -> Result<String, HostKeyError> {
    let text = text.trim();
    let is_good = (8..=500).contains(&text.chars().count())
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || c == ',');
    match is_good {
        true => Ok(text.to_owned()),
        false => Err(HostKeyError::Text),
    }
}

#[cfg(test)]
mod tests {
    use super::KeyKind;
    use crate::words::tests::assert_allowed;

    #[test]
    fn the_database_takes_the_kinds_of_keys() {
        assert_allowed::<KeyKind>("host_key_kind_known", &[]);
    }
}
