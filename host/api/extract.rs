//! Extractors whose refusals are problems with stable codes.

use std::time::Duration;

use axum::body;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Json, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::ToSchema;

use super::error::{bad_request, not_found, other, unprocessable};
use super::strict::Strict;
use crate::http::ApiError;
use crate::words::{self, Vocabulary};

/// How long a body of JSON may take to arrive.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// The body, as JSON. Derive `deny_unknown_fields` on what is in it: a field that is misspelt must
/// not be passed over.
#[derive(Clone, Copy, Debug)]
pub struct ApiJson<T>(pub T);

/// The query. Derive `deny_unknown_fields` on it, too.
#[derive(Clone, Copy, Debug)]
pub struct ApiQuery<T>(pub T);

/// Parts of the path: a struct with a field for each that the handler wants.
#[derive(Clone, Copy, Debug)]
pub struct ApiPath<T>(pub T);

/// A body of bytes.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "it says what a body is")]
pub struct Bytes(Vec<u8>);

/// The id of an event or of a line, in a query or a path: [`ROW_ID`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowId(pub i64);

/// What a [`RowId`] looks like. Its parameters say so.
pub const ROW_ID: &str = "^[0-9]{1,18}$";

impl RowId {
    pub fn parse(text: &str) -> Option<Self> {
        let is_id = (1..=18).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        is_id.then(|| text.parse().ok()).flatten().map(Self)
    }
}

impl<'de> Deserialize<'de> for RowId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("an id has 1 to 18 digits"))
    }
}

/// Reads a field that may be left out, but is not null.
pub fn not_null<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Reads a word of a set that a query may leave out: in any case, as people type it.
pub fn typed_word<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Vocabulary,
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    words::typed(&text).map(Some).map_err(D::Error::custom)
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for ApiJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let json = Json::<Value>::from_request(request, state);
        let value = match tokio::time::timeout(READ_TIMEOUT, json).await {
            Ok(Ok(Json(value))) => value,
            Ok(Err(rejection)) => return Err(json_refused(&rejection)),
            Err(_) => return Err(ApiError::BodyTooSlow),
        };
        read(value).map(Self)
    }
}

/// What a body says. Its error names fields and types, and no value: any of them may be a secret.
fn read<T: DeserializeOwned>(body: Value) -> Result<T, ApiError> {
    serde_path_to_error::deserialize(Strict(body)).map_err(|error| unprocessable("bad-body", error))
}

fn json_refused(rejection: &JsonRejection) -> ApiError {
    match rejection {
        JsonRejection::JsonSyntaxError(_) | JsonRejection::JsonDataError(_) => bad_request(
            "not-json",
            format!("the body is not JSON: {}", reason(&rejection.body_text())),
        ),
        JsonRejection::MissingJsonContentType(_) => other(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not-json-type",
            "the body must be JSON: send it with `Content-Type: application/json`",
        ),
        rejection if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => ApiError::BodyCutOff,
    }
}

/// What serde said, without what axum puts before it.
fn reason(text: &str) -> &str {
    text.split_once(": ").map_or(text, |(_, reason)| reason)
}

/// 413.
pub fn too_large() -> ApiError {
    other(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body-too-large",
        "the body has more bytes than this address takes",
    )
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(QueryRejection::FailedToDeserializeQueryString(error)) => Err(bad_request(
                "bad-query",
                format!("the query cannot be read: {}", reason(&error.body_text())),
            )),
            Err(rejection) => Err(bad_request("bad-query", rejection.body_text())),
        }
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ApiPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            // An id that is none names nothing.
            Err(PathRejection::FailedToDeserializePathParams(error)) => {
                Err(not_found("not-found", reason(&error.body_text())))
            }
            Err(rejection) => Err(ApiError::Internal(anyhow::anyhow!(rejection.body_text()))),
        }
    }
}

/// Any body, bounded by the route's limit.
pub async fn bytes(request: Request, timeout: Duration) -> Result<body::Bytes, ApiError> {
    match tokio::time::timeout(timeout, body::Bytes::from_request(request, &())).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(too_large()),
        Ok(Err(_)) => Err(ApiError::BodyCutOff),
        Err(_) => Err(ApiError::BodyTooSlow),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::api::keys::NewKey;
    use crate::api::number::{NewNumber, NewPin};
    use crate::api::projects::NewProject;
    use crate::api::secrets::SecretValue;

    /// What a secret is in these tests, in whatever JSON it comes.
    const SECRET: &str = "1234567812345678";

    /// A field for secrets: where the document has it, and a body with a value in it.
    struct Field {
        schema: &'static str,
        name: &'static str,
        body: fn(Value) -> Value,
        refusal: fn(Value) -> Option<ApiError>,
    }

    fn refusal<T: DeserializeOwned>(body: Value) -> Option<ApiError> {
        read::<T>(body).err()
    }

    /// All of them; the document must have no other.
    const FIELDS: [Field; 8] = [
        Field {
            schema: "SecretValue",
            name: "value",
            body: |value| json!({ "value": value }),
            refusal: refusal::<SecretValue>,
        },
        Field {
            schema: "NewKey",
            name: "value",
            body: |value| json!({ "value": value }),
            refusal: refusal::<NewKey>,
        },
        Field {
            schema: "NewNumber",
            name: "token",
            body: |value| json!({ "phone_number_id": "1", "waba_id": "2", "token": value }),
            refusal: refusal::<NewNumber>,
        },
        Field {
            schema: "NewNumber",
            name: "pin",
            body: |value| json!({ "phone_number_id": "1", "waba_id": "2", "token": "t", "pin": value }),
            refusal: refusal::<NewNumber>,
        },
        Field {
            schema: "NewPin",
            name: "pin",
            body: |value| json!({ "pin": value }),
            refusal: refusal::<NewPin>,
        },
        Field {
            schema: "NewProject",
            name: "secrets",
            body: |value| json!({ "name": "pizza", "secrets": value }),
            refusal: refusal::<NewProject>,
        },
        Field {
            schema: "NewProject",
            name: "secrets",
            body: |value| json!({ "name": "pizza", "secrets": { "KEY": value } }),
            refusal: refusal::<NewProject>,
        },
        Field {
            // Within a project that is made.
            schema: "NewNumber",
            name: "pin",
            body: |value| {
                json!({ "name": "pizza", "number":
                    { "phone_number_id": "1", "waba_id": "2", "token": "t", "pin": value } })
            },
            refusal: refusal::<NewProject>,
        },
    ];

    #[test]
    fn no_error_quotes_what_came_for_a_secret() {
        let number: u64 = SECRET.parse().unwrap();
        for Field {
            schema,
            name,
            body,
            refusal,
        } in FIELDS
        {
            for value in [
                json!(number),
                json!(-i64::try_from(number).unwrap()),
                json!(12_345_678.125),
                json!(true),
                json!([SECRET]),
                json!([number]),
                json!({ "a": [SECRET] }),
                json!({ "a": number }),
                // Some fields take these, and there is no error.
                json!(null),
                json!(SECRET),
            ] {
                let Some(error) = refusal(body(value.clone())) else {
                    assert!(
                        value.is_null() || value.is_string(),
                        "{schema}.{name}: {value}"
                    );
                    continue;
                };
                let said = error.to_string();
                for part in [SECRET, "12345678", "true"] {
                    assert!(!said.contains(part), "{schema}.{name}: {value}: {said}");
                }
            }
        }
        let error = refusal::<SecretValue>(json!({ "value": number })).unwrap();
        assert_eq!(error.to_string(), "value: expected a string, not a number");
    }

    #[test]
    fn the_fields_for_secrets_are_those_that_the_document_never_shows() {
        let document = crate::api::openapi();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let marked: BTreeSet<(&str, &str)> = schemas
            .iter()
            .filter_map(|(schema, it)| Some((schema.as_str(), it["properties"].as_object()?)))
            .flat_map(|(schema, properties)| {
                let hidden = properties.iter().filter(|(_, it)| it["writeOnly"] == true);
                hidden.map(move |(name, _)| (schema, name.as_str()))
            })
            .collect();
        let tested: BTreeSet<(&str, &str)> = FIELDS
            .iter()
            .map(|field| (field.schema, field.name))
            .collect();
        assert_eq!(marked, tested);
    }
}
