//! The key pair of a project's data endpoint: made here, sealed, and registered at Meta for the number.

use std::sync::Arc;

use uuid::Uuid;

use super::FlowError;
use super::endpoint::{Asked, NotOpened, Opened, Sealed};
use super::meta::Meta;
use super::model::KeyState;
use super::store::{SealedKey, Store};
use crate::keys::{
    Encoding, Key, Request, RsaRequest, export_private, export_public, generate, private,
};
use crate::projects::{Place, ProjectId, Vault};

/// As Meta wants it.
const BITS: u32 = 2048;

/// The keys of projects.
#[derive(Clone)]
pub(super) struct Keys {
    pub(super) store: Store,
    pub(super) vault: Arc<Vault>,
}

impl Keys {
    /// Opens a request with whichever key of the project Meta has.
    ///
    /// Meta asks whether an endpoint is there with the key of any number of the account, which may be another
    /// project's. Such a question, and nothing else, is opened with that one's key.
    pub(super) async fn open(
        &self,
        project: ProjectId,
        account: &str,
        body: &[u8],
    ) -> Result<Opened, FlowError> {
        let sealed = Arc::new(Sealed::read(body)?);
        let mut own = Vec::new();
        for key in self.store.keys(project).await? {
            own.push(self.private(project, &key)?);
        }
        match opened(sealed.clone(), own).await? {
            Err(NotOpened::WrongKey) => {}
            opened => return Ok(opened?),
        }
        let mut others = Vec::new();
        for (owner, key) in self.store.keys_beside(project, account).await? {
            others.push(self.private(owner, &key)?);
        }
        let opened = opened(sealed, others).await??;
        match opened.asked() {
            Asked::Ping => Ok(opened),
            Asked::Complaint(_) | Asked::Data => Err(NotOpened::WrongKey.into()),
        }
    }

    /// Sees to it that Meta has a key of this project for its number. Says whether there was something to do.
    pub(super) async fn ensure(
        &self,
        project: ProjectId,
        meta: &Meta<'_>,
        number: &str,
    ) -> Result<bool, FlowError> {
        let keys = self.store.keys(project).await?;
        let is_registered = |key: &&SealedKey| {
            key.state == KeyState::Active && key.phone_number_id.as_deref() == Some(number)
        };
        if let Some(key) = keys.iter().find(is_registered) {
            // Registering the number again ends its key.
            let theirs = meta.key(number).await?;
            let is_good = theirs.is_some_and(|theirs| {
                same_key(&theirs.business_public_key, &key.public_key)
                    && theirs.business_public_key_signature_status.as_deref() != Some("MISMATCH")
            });
            if is_good {
                return Ok(false);
            }
        }
        let key = match keys.into_iter().next() {
            Some(key) => key,
            None => self.make(project).await?,
        };
        self.register(project, meta, number, &key).await?;
        Ok(true)
    }

    /// A new key in the place of the one that there is.
    pub(super) async fn rotate(
        &self,
        project: ProjectId,
        meta: &Meta<'_>,
        number: &str,
    ) -> Result<(), FlowError> {
        let key = self.make(project).await?;
        self.register(project, meta, number, &key).await
    }

    /// Until Meta has answered both open requests: nobody knows which one it has.
    async fn register(
        &self,
        project: ProjectId,
        meta: &Meta<'_>,
        number: &str,
        key: &SealedKey,
    ) -> Result<(), FlowError> {
        meta.set_key(number, &key.public_key).await?;
        let registered = self.store.key_registered(project, key.key_id, number);
        Ok(registered.await?)
    }

    async fn make(&self, project: ProjectId) -> Result<SealedKey, FlowError> {
        let made = tokio::task::spawn_blocking(|| {
            let rsa = RsaRequest {
                bits: BITS,
                exponent: 65_537,
            };
            let key = generate(&Request::Rsa(rsa), &|_| true)?;
            let public = export_public(&key, Encoding::Usual, true)?;
            let private = export_private(&key, Encoding::Usual, false, None)?;
            Ok::<_, crate::keys::Error>((public, private))
        });
        let made = made
            .await
            .map_err(|error| FlowError::Later(error.to_string()))?;
        let (public, private) =
            made.map_err(|error| FlowError::Later(format!("no key could be made: {error}")))?;
        let key_id = Uuid::now_v7();
        let private_key_sealed = self
            .vault
            .seal(&place(project, &key_id.to_string()), &private)?;
        let key = SealedKey {
            key_id,
            private_key_sealed,
            public_key: String::from_utf8_lossy(&public).into_owned(),
            state: KeyState::New,
            phone_number_id: None,
        };
        self.store.new_key(project, &key).await?;
        Ok(key)
    }

    fn private(&self, project: ProjectId, key: &SealedKey) -> Result<Arc<Key>, FlowError> {
        let row = key.key_id.to_string();
        let opened = self
            .vault
            .open(&place(project, &row), &key.private_key_sealed)?;
        private(&opened).map_err(|_| FlowError::Later("a key of the project is damaged".to_owned()))
    }
}

/// What the first of the keys that fits opens. It takes about a millisecond for each.
async fn opened(
    sealed: Arc<Sealed>,
    keys: Vec<Arc<Key>>,
) -> Result<Result<Opened, NotOpened>, FlowError> {
    let opened = tokio::task::spawn_blocking(move || {
        let opened = keys.iter().map(|key| sealed.open(key));
        let mut opened = opened.filter(|opened| !matches!(opened, Err(NotOpened::WrongKey)));
        opened.next().unwrap_or(Err(NotOpened::WrongKey))
    });
    opened
        .await
        .map_err(|error| FlowError::Later(error.to_string()))
}

fn place(project_id: ProjectId, row: &str) -> Place<'_> {
    Place {
        table: "flow_key",
        column: "private_key_sealed",
        project_id,
        row,
    }
}

/// Whether two texts hold the same key, however their lines are broken.
pub(super) fn same_key(a: &str, b: &str) -> bool {
    let bare = |text: &str| -> String { text.split_whitespace().collect() };
    bare(a) == bare(b)
}
