//! The SQL of tokens.

use super::{Identified, Identity, NewToken, Scope, Token, TokenId};
use crate::access::{Access, AccessError};
use crate::projects::ProjectId;

#[derive(sqlx::FromRow)]
struct Found {
    token_id: TokenId,
    name: String,
    scope: Scope,
    people: bool,
    project_id: Option<ProjectId>,
    is_expired: bool,
    is_used_again: bool,
}

impl Access {
    pub(super) async fn find(&self, hash: &[u8; 32]) -> Result<Identified, AccessError> {
        let found: Option<Found> = sqlx::query_as(
            "select token_id, name, scope, people, project_id,
                    coalesce(expires_at <= now(), false) as is_expired,
                    coalesce(last_used_at <= now() - interval '1 minute', true) as is_used_again
             from token where hash = $1",
        )
        .bind(hash.as_slice())
        .fetch_optional(&self.pool)
        .await?;
        let Some(found) = found else {
            return Ok(Identified::Unknown);
        };
        if found.is_expired {
            return Ok(Identified::Expired);
        }
        if found.is_used_again {
            sqlx::query("update token set last_used_at = now() where token_id = $1")
                .bind(found.token_id)
                .execute(&self.pool)
                .await?;
        }
        Ok(Identified::Known(Identity {
            name: found.name,
            token_id: Some(found.token_id),
            scope: found.scope,
            root: None,
            people: found.people,
            project_id: found.project_id,
        }))
    }

    pub(super) async fn insert_token(
        &self,
        new: &NewToken,
        hash: &[u8; 32],
        prefix: &str,
    ) -> Result<Token, AccessError> {
        sqlx::query_as(
            "insert into token (token_id, name, hash, prefix, scope, people, project_id, expires_at)
             values ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(days => $8))
             returning *",
        )
        .bind(TokenId::generate())
        .bind(&new.name)
        .bind(hash.as_slice())
        .bind(prefix)
        .bind(new.scope)
        .bind(new.people)
        .bind(new.project_id)
        .bind(
            new.expires_in_days
                .map(|days| i32::try_from(days).unwrap_or(i32::MAX)),
        )
        .fetch_one(&self.pool)
        .await
        .map_err(
            |e| match e.as_database_error().and_then(|e| e.constraint()) {
                Some("token_project_id_fkey") => AccessError::ProjectGone,
                _ => AccessError::Database(e),
            },
        )
    }

    /// Tokens in the order they were made, after one; those of one project, or all.
    pub async fn tokens(
        &self,
        project: Option<ProjectId>,
        after: Option<TokenId>,
        limit: i64,
    ) -> Result<Vec<Token>, AccessError> {
        let tokens = sqlx::query_as(
            "select * from token
             where ($1::uuid is null or project_id = $1) and ($2::uuid is null or token_id > $2)
             order by token_id limit $3",
        )
        .bind(project)
        .bind(after)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        Ok(tokens)
    }

    /// From here on the token opens nothing. `project`: only if it is that project's.
    pub async fn remove_token(
        &self,
        token_id: TokenId,
        project: Option<ProjectId>,
    ) -> Result<Token, AccessError> {
        let removed: Option<Token> = sqlx::query_as(
            "delete from token where token_id = $1 and ($2::uuid is null or project_id = $2)
             returning *",
        )
        .bind(token_id)
        .bind(project)
        .fetch_optional(&self.pool)
        .await?;
        removed.ok_or(AccessError::NoSuchToken(token_id))
    }

    /// Whether there is a token that can make others.
    pub async fn has_admin(&self) -> Result<bool, AccessError> {
        let stored = sqlx::query_scalar(
            "select exists (select from token where scope = 'admin' and project_id is null
                            and (expires_at is null or expires_at > now()))",
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(!self.keys.admin().now().is_empty() || stored)
    }
}
