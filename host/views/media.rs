//! Media: what customers sent, and what was uploaded.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Time;
use crate::media::{Kind, State};
use crate::words::Told;

/// What a customer sent.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = Medium)]
pub struct MediumView {
    /// Meta's id of it.
    pub id: String,
    #[schema(value_type = Kind)]
    pub kind: Told<Kind>,
    pub mime_type: Option<String>,
    pub filename: Option<String>,
    /// In hexadecimal.
    pub sha256: Option<String>,
    /// In bytes.
    pub size: Option<i64>,
    /// Whether the host has it.
    #[schema(value_type = State)]
    pub state: Told<State>,
    /// Why it is not here, and what to do; of one that is being fetched why that failed last.
    pub told: Option<String>,
    /// The message that it came with.
    pub message_id: String,
    pub received_at: Time,
    pub kept_at: Option<Time>,
}

/// A page of media.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct MediaPage {
    pub items: Vec<MediumView>,
    /// The `cursor` of the next page; null: this is the last one.
    pub next_cursor: Option<String>,
    pub usage: MediaUsage,
}

/// How much a project keeps, and may.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct MediaUsage {
    pub files: i64,
    pub bytes: i64,
    pub quota_bytes: i64,
    /// For how many days.
    pub retention_days: u32,
}

/// A file that Meta has.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = UploadedMedia)]
pub struct UploadedView {
    /// Meta's id of it, for messages of this number.
    pub id: String,
    #[schema(value_type = Kind)]
    pub kind: Told<Kind>,
    pub mime_type: String,
    /// In hexadecimal.
    pub sha256: String,
    /// In bytes.
    pub size: u64,
    /// Until when Meta has it.
    pub expires_at: Time,
    /// Meta had it already: it was not uploaded anew.
    pub was_there: bool,
}

/// A sample for a template's header, or a photo for a profile.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = MediaSample)]
pub struct SampleView {
    /// Meta's handle of it, for `example.header_handle` of a template.
    pub handle: String,
}

/// That it is deleted.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct MediaDeleted {
    pub deleted: bool,
}
