//! Where a tenant's database is, who logs in, and how.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use rand::RngExt;

use super::error::CellError;

/// How a server is reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// The folder that holds the socket `.s.PGSQL.<port>`.
    Unix { folder: PathBuf, port: u16 },
    /// Without TLS: only for loopback and networks that are private by other means.
    Tcp { host: String, port: u16 },
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix { folder, port } => write!(f, "{}/.s.PGSQL.{port}", folder.display()),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

/// A secret from which each role's password is derived, so that none is stored.
#[derive(Clone)]
pub struct MasterKey(Arc<[u8]>);

impl MasterKey {
    /// Fails with `ShortMasterKey` below 32 bytes: the low iteration count of the verifiers relies
    /// on passwords that cannot be guessed.
    pub fn new(bytes: &[u8]) -> Result<Self, CellError> {
        if bytes.len() < 32 {
            return Err(CellError::ShortMasterKey(bytes.len()));
        }
        Ok(Self(bytes.into()))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(***)")
    }
}

/// How a tenant's role proves who it is.
#[derive(Debug, Clone)]
pub enum TenantAuth {
    /// The server trusts the host's OS user to log in as any tenant, over the socket.
    Peer,
    /// Password = HMAC-SHA256(master key, role, epoch). A new epoch renews all passwords; each
    /// tenant is provisioned again to take it.
    Scram { master_key: MasterKey, epoch: u32 },
}

/// A cell as its tenants see it.
#[derive(Debug, Clone)]
pub struct CellAddress {
    pub endpoint: Endpoint,
    pub database: String,
    pub auth: TenantAuth,
}

/// The name of a tenant, at once its role and its schema: `t_` and 26 characters of base32.
///
/// Random, because a tenant can find out that a *name* exists (`'x'::regrole`), never what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantName(String);

impl TenantName {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    const RANDOM_CHARS: usize = 26;

    /// A new name of 130 random bits.
    pub fn random() -> Self {
        let mut rng = rand::rng();
        let chars = (0..Self::RANDOM_CHARS)
            .map(|_| char::from(Self::ALPHABET[usize::from(rng.random::<u8>() & 31)]));
        Self("t_".chars().chain(chars).collect())
    }

    /// Fails with `BadTenantName`. What passes needs no quotes in SQL.
    pub fn parse(name: &str) -> Result<Self, CellError> {
        let random = name.strip_prefix("t_").unwrap_or_default().as_bytes();
        let is_valid = random.len() == Self::RANDOM_CHARS
            && random.iter().all(|byte| Self::ALPHABET.contains(byte));
        if is_valid {
            Ok(Self(name.to_owned()))
        } else {
            Err(CellError::BadTenantName(name.to_owned()))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A project's place in Postgres. Making this value asks no server: see `Cell::provision_tenant`.
#[derive(Debug, Clone)]
pub struct Tenant {
    pub name: TenantName,
    pub cell: Arc<CellAddress>,
}

impl Tenant {
    pub fn role(&self) -> &str {
        self.name.as_str()
    }

    pub fn schema(&self) -> &str {
        self.name.as_str()
    }

    pub fn database(&self) -> &str {
        &self.cell.database
    }
}
