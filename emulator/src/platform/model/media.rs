//! Media objects, and uploads that come in pieces.

use serde::{Deserialize, Serialize};

/// A media object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Media {
    pub(crate) id: String,
    /// The number that it belongs to.
    pub(crate) number_id: String,
    pub(crate) mime_type: String,
    #[serde(with = "base64_bytes")]
    pub(crate) bytes: bytes::Bytes,
    pub(crate) expires_at_ms: i64,
    #[serde(default)]
    pub(crate) file_name: Option<String>,
}

/// A resumable upload: of a header's sample or of a profile's photo.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UploadSession {
    /// Without `upload:`.
    pub(crate) id: String,
    pub(crate) app_id: String,
    pub(crate) file_name: Option<String>,
    pub(crate) file_length: usize,
    pub(crate) file_type: String,
    #[serde(with = "base64_bytes")]
    pub(crate) bytes: bytes::Bytes,
    pub(crate) began_at_ms: i64,
    /// The handle of the whole file, once it is there.
    pub(crate) handle: Option<String>,
}

/// Bytes as base64 text in the state file.
mod base64_bytes {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use bytes::Bytes;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = STANDARD.decode(text).map_err(serde::de::Error::custom)?;
        Ok(bytes.into())
    }
}
