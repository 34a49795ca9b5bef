//! Keys of the host itself, changed while hosts run.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::error::{conflict, database, forbidden, not_found, unprocessable};
use super::{Api, ApiJson, ApiPath, Caller};
use crate::access::{HostKeyError, KeyKind, Scope};
use crate::http::ApiError;
use crate::projects::MasterKeyError;
use crate::views::Time;
use crate::views::keys::{KeyView, Keys, MasterKeyView, TakenKey};
use crate::words::UnknownWord;

/// What the master key is called in paths.
const MASTER_KEY: &str = "master-key";

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(show_keys))
        .routes(routes!(change_key))
        .routes(routes!(finish_key))
}

/// Which keys are being changed
///
/// While one is, the old and the new are taken. Needs the scope `admin`, and a token for all projects.
#[utoipa::path(get, path = "/v1/keys", tag = "keys",
    responses((status = 200, description = "The keys, without their text", body = Keys)))]
async fn show_keys(State(api): State<Api>, caller: Caller) -> Result<Json<Keys>, ApiError> {
    may_change(&caller)?;
    keys(&api).await.map(Json)
}

async fn keys(api: &Api) -> Result<Keys, ApiError> {
    let master = api.host.sealed().standing().await?;
    Ok(Keys {
        master_key: MasterKeyView {
            changing_since: master.map(|change| Time(change.since)),
            left: master.map_or(0, |change| change.left),
        },
        admin_key: view(api, KeyKind::AdminKey).await?,
        verify_token: view(api, KeyKind::VerifyToken).await?,
        app_secret: view(api, KeyKind::AppSecret).await?,
    })
}

async fn view(api: &Api, kind: KeyKind) -> Result<KeyView, ApiError> {
    let since = api.access.keys().changing(kind).await?;
    Ok(KeyView {
        changing_since: since.map(Time),
    })
}

#[derive(Deserialize)]
struct KeyPath {
    key: String,
}

/// A key to take.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKey {
    /// The new key: of the master key 64 hexadecimal digits. Left out of an admin key or a verify token: one is
    /// made, and is in the answer.
    #[schema(write_only)]
    value: Option<String>,
}

/// Takes another key beside the one that hosts were started with
///
/// `key` is `master-key`, `admin-key`, `verify-token` or `app-secret`. Every host takes both within some seconds,
/// until the change is finished. Needs the scope `admin`, and a token for all projects.
#[utoipa::path(post, path = "/v1/keys/{key}", tag = "keys", request_body = NewKey,
    responses((status = 201, description = "It is taken", body = TakenKey)))]
async fn change_key(
    State(api): State<Api>,
    caller: Caller,
    ApiPath(KeyPath { key }): ApiPath<KeyPath>,
    ApiJson(new): ApiJson<NewKey>,
) -> Result<(StatusCode, Json<TakenKey>), ApiError> {
    may_change(&caller)?;
    let value = if key == MASTER_KEY {
        let text = new.value.unwrap_or_default();
        let bytes = hex::decode(text.trim()).ok();
        let bytes: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.try_into().ok());
        let bytes = bytes.ok_or_else(|| {
            unprocessable(
                "bad-key",
                "a master key has 64 hexadecimal digits: make one with `openssl rand -hex 32`",
            )
        })?;
        api.host.sealed().change(&bytes).await?;
        None
    } else {
        let kind = kind(&key)?;
        let is_made = new.value.is_none();
        if is_made && kind == KeyKind::AppSecret {
            return Err(unprocessable(
                "bad-key",
                "Meta makes the app's secret: give the one that it shows",
            ));
        }
        let taken = api.access.keys().begin(kind, new.value).await?;
        is_made.then(|| taken.expose().to_owned())
    };
    caller.note(json!({ "changing": true }));
    let keys = keys(&api).await?;
    Ok((StatusCode::CREATED, Json(TakenKey { value, keys })))
}

/// Ends a change: from here on only the new key is taken
///
/// Of an admin key only for who asks with the new one. A master key when all is sealed with the new one; from then
/// on the old one starts no host. Needs the scope `admin`, and a token for all projects.
#[utoipa::path(post, path = "/v1/keys/{key}/finish", tag = "keys",
    responses((status = 200, description = "The keys as they are now", body = Keys)))]
async fn finish_key(
    State(api): State<Api>,
    caller: Caller,
    ApiPath(KeyPath { key }): ApiPath<KeyPath>,
) -> Result<Json<Keys>, ApiError> {
    may_change(&caller)?;
    if key == MASTER_KEY {
        api.host.sealed().finish().await?;
    } else {
        let by = caller.identity().root;
        api.access.keys().finish(kind(&key)?, by.as_ref()).await?;
    }
    caller.note(json!({ "changing": false }));
    keys(&api).await.map(Json)
}

fn may_change(caller: &Caller) -> Result<(), ApiError> {
    caller.require(Scope::Admin)?;
    caller.require_unbound()
}

fn kind(text: &str) -> Result<KeyKind, ApiError> {
    text.parse()
        .map_err(|error: UnknownWord| not_found("key-not-found", error))
}

impl From<HostKeyError> for ApiError {
    fn from(error: HostKeyError) -> Self {
        match error {
            HostKeyError::Text => unprocessable("bad-key", error),
            HostKeyError::Used => conflict("key-used-before", error),
            HostKeyError::NotChanging(_) => conflict("key-not-changing", error),
            HostKeyError::NotWithTheNew => forbidden("not-with-the-new-key", error),
            HostKeyError::Access(error) => error.into(),
        }
    }
}

impl From<MasterKeyError> for ApiError {
    fn from(error: MasterKeyError) -> Self {
        match error {
            MasterKeyError::Former => conflict("key-used-before", error),
            MasterKeyError::Changing => conflict("key-changing", error),
            MasterKeyError::NotChanging => conflict("key-not-changing", error),
            MasterKeyError::Early | MasterKeyError::Left(_) => conflict("key-in-use", error),
            MasterKeyError::Another | MasterKeyError::Vault(_) => Self::Internal(error.into()),
            MasterKeyError::Database(error) => database(error),
        }
    }
}
