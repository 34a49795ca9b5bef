//! Which projects exist: their number, their secrets, their versions, where their schema is.
//!
//! `model` has the words, `store` the SQL, `vault` seals what must not be read in the database. A
//! project is found by its number for every webhook ([`ProjectStore::numbers`]), and that answer is
//! not cached: a stale one would hand a person's messages to another project.
//!
//! Not here: making the schema and the role (provisioning), and building versions (deploying).

mod accepted;
mod environments;
mod known;
pub(crate) mod lifecycle;
mod master_key;
mod model;
pub(crate) mod numbers;
mod redactor;
mod roster;
mod secrets;
mod settings;
mod store;
#[cfg(test)]
mod tests;
mod vault;
mod versions;

pub use accepted::Accepted;
pub use environments::{Environment, EnvironmentState, Fingerprint};
pub use known::{HostValue, Links, recognize, set_by_host};
pub use lifecycle::{Going, NewProject};
pub use master_key::{
    MasterKeyChange, MasterKeyError, SEALED, SealedColumn, change_master_key, finish_master_key,
    master_key_change, open_vault, refresh_master_key, remember_master_key, seal_anew,
};
pub use model::{
    NameError, Number, NumberRoute, Placement, Project, ProjectId, ProjectKeys, ProjectName,
    ProjectStatus, Secret, VersionId,
};
pub use numbers::{AppliedNumber, LeavingNumber, NumberReport, WishedNumber};
pub use redactor::{MIN_CHARS as MIN_HIDDEN_CHARS, Redactor, Seam};
pub use roster::ProjectCard;
pub use secrets::{
    Imported, InvalidLine, MAX_SECRET_BYTES, MAX_SECRETS, SET_BY_HOST, SecretEntry, SecretError,
    SecretName, dotenv,
};
pub use settings::{ProjectSettings, SettingError, SettingsChange};
pub use store::{ProjectError, ProjectStore};
pub use vault::{Place, Vault, VaultError};
pub use versions::{
    BuildJob, Built, Changes, ClaimedBuild, LogLine, NewBuild, SourceFiles, Switched, Version,
    VersionKind, VersionState,
};
