//! How projects come, pause and go, as rows. What is done about it is in `lifecycle`.

mod store;

use super::model::{ProjectName, Secret};
use super::numbers::WishedNumber;
use sqlx::types::chrono::{DateTime, Utc};

/// A project to make.
#[derive(Clone, Debug)]
pub struct NewProject {
    pub name: ProjectName,
    /// The number that it is to have.
    pub number: Option<WishedNumber>,
    /// Its secrets, by name.
    pub secrets: Vec<(String, Secret)>,
    /// Whether its provisioning goes on until something was deployed.
    pub wants_deploy: bool,
}

/// A project whose deletion was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Going {
    /// When everything of it goes.
    pub delete_after: DateTime<Utc>,
    /// Whether Meta is to be told that its number left.
    pub had_number: bool,
}
