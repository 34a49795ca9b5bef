//! Tokens: who may use the API.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::caller::{find_visible, uuid};
use super::error::{forbidden, not_found, unprocessable};
use super::{Api, ApiJson, ApiPath, ApiQuery, Caller, PageQuery, Window};
use crate::access::{NewToken, Scope, Token, TokenId};
use crate::http::ApiError;
use crate::views::tokens::{MadeToken, TokenView};
use crate::views::{Page, Time};

/// Ten years: a longer one is meant to have no end.
const LONGEST_LIFE_DAYS: u32 = 3650;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_tokens, create_token))
        .routes(routes!(remove_token))
}

impl From<Token> for TokenView {
    fn from(token: Token) -> Self {
        Self {
            id: token.token_id.to_string(),
            name: token.name,
            prefix: token.prefix,
            scope: token.scope.into(),
            people: token.people,
            project_id: token.project_id.map(|project| project.to_string()),
            created_at: Time(token.created_at),
            expires_at: token.expires_at.map(Time),
            last_used_at: token.last_used_at.map(Time),
        }
    }
}

/// The tokens, oldest first
///
/// Needs the scope `admin`. A token for one project sees those of that project.
#[utoipa::path(get, path = "/v1/tokens", tag = "tokens", params(PageQuery),
    responses((status = 200, description = "A page of tokens", body = Page<TokenView>)))]
async fn list_tokens(
    State(api): State<Api>,
    caller: Caller,
    ApiQuery(query): ApiQuery<PageQuery>,
) -> Result<Json<Page<TokenView>>, ApiError> {
    caller.require(Scope::Admin)?;
    let window = Window::<Uuid>::read("tokens", query.limit, query.cursor.as_deref())?;
    let after = window.after.map(TokenId);
    let rows = api.access.tokens(caller.bound_to(), after, window.rows());
    let page = window.page(rows.await?, |token| token.token_id.0, TokenView::from);
    Ok(Json(page))
}

/// A token to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenWanted {
    /// Who or what uses it.
    #[schema(
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]{1,100}$",
        example = "deploys of pizza"
    )]
    name: String,
    scope: Scope,
    /// Whether it shows what people wrote, who they are, and what bots log; left out: it does not.
    people: Option<bool>,
    /// The name or id of the only project it is for; left out: all projects.
    project: Option<String>,
    /// When it ends by itself; left out: never.
    #[schema(minimum = 1, maximum = 3650)]
    expires_in_days: Option<u32>,
}

/// Makes a token
///
/// Its text is in the answer, and nowhere else. Needs the scope `admin`, and `people` for one that has it.
#[utoipa::path(post, path = "/v1/tokens", tag = "tokens", request_body = TokenWanted,
    responses(
        (status = 201, description = "The token, with its text", body = MadeToken),
        (status = 404, description = "There is no such project"),
    ))]
async fn create_token(
    State(api): State<Api>,
    caller: Caller,
    ApiJson(wanted): ApiJson<TokenWanted>,
) -> Result<(StatusCode, Json<MadeToken>), ApiError> {
    caller.require(Scope::Admin)?;
    let length = wanted.name.chars().count();
    if !(1..=100).contains(&length) || wanted.name.chars().any(char::is_control) {
        return Err(unprocessable(
            "bad-token-name",
            "a token's name has 1 to 100 characters, none of them a control character",
        ));
    }
    let days = wanted.expires_in_days;
    if days.is_some_and(|days| !(1..=LONGEST_LIFE_DAYS).contains(&days)) {
        return Err(unprocessable(
            "bad-expiry",
            format!(
                "`expires_in_days` must be 1 to {LONGEST_LIFE_DAYS}; leave it out for a token without an end"
            ),
        ));
    }
    let project = match &wanted.project {
        Some(text) => Some(find_visible(&api, &caller, text).await?),
        None => None,
    };
    if let Some(project) = &project {
        caller.concerns(project);
    } else if caller.bound_to().is_some() {
        return Err(forbidden(
            "token-of-one-project",
            "a token for one project can make tokens for that project only: name it in `project`",
        ));
    }
    let people = wanted.people.unwrap_or(false);
    if people {
        caller.require_people("a token with `people`")?;
    }
    let new = NewToken {
        name: wanted.name,
        scope: wanted.scope,
        people,
        project_id: project.map(|project| project.project_id),
        expires_in_days: days,
    };
    let (token, text) = api.access.create_token(&new).await?;
    caller.note(
        json!({ "id": token.token_id.to_string(), "name": token.name, "scope": token.scope, "people": token.people }),
    );
    let made = MadeToken {
        view: token.into(),
        token: text.expose().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(made)))
}

#[derive(Deserialize)]
struct TokenInPath {
    token_id: String,
}

/// Removes a token
///
/// From then on it opens nothing. Needs the scope `admin`.
#[utoipa::path(delete, path = "/v1/tokens/{token_id}", tag = "tokens",
    responses((status = 204, description = "It is gone")))]
async fn remove_token(
    State(api): State<Api>,
    caller: Caller,
    ApiPath(TokenInPath { token_id }): ApiPath<TokenInPath>,
) -> Result<StatusCode, ApiError> {
    caller.require(Scope::Admin)?;
    let id =
        uuid(&token_id).ok_or_else(|| not_found("token-not-found", "there is no such token"))?;
    let removed = api
        .access
        .remove_token(TokenId(id), caller.bound_to())
        .await?;
    caller.note(json!({ "name": removed.name, "scope": removed.scope }));
    Ok(StatusCode::NO_CONTENT)
}
