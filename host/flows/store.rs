//! The SQL of Flows, of the keys of their endpoints, and of those that were sent.

use sqlx::PgPool;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

use super::heard::StatusChange;
use super::model::{Flow, FlowName, KeyCard, KeyState, MetaProblem, SentFlow};
use crate::projects::ProjectId;

/// Tokens that are over stay so long: answers still come.
const KEPT_DAYS: i32 = 30;

/// As many keys of others are tried for a question of Meta's.
const MOST_BESIDE: i64 = 20;

#[derive(Clone)]
pub(super) struct Store {
    pub(super) pool: PgPool,
}

/// A private key, still sealed.
#[derive(Debug, sqlx::FromRow)]
pub(super) struct SealedKey {
    pub(super) key_id: Uuid,
    pub(super) private_key_sealed: Vec<u8>,
    pub(super) public_key: String,
    pub(super) state: KeyState,
    pub(super) phone_number_id: Option<String>,
}

/// A key of another project.
#[derive(Debug, sqlx::FromRow)]
struct KeyBeside {
    project_id: ProjectId,
    #[sqlx(flatten)]
    key: SealedKey,
}

/// A Flow as it is to be written.
pub(super) struct Row<'a> {
    pub(super) name: &'a FlowName,
    pub(super) waba_id: &'a str,
    pub(super) flow_id: &'a str,
    pub(super) meta_name: &'a str,
    pub(super) status: &'a str,
    pub(super) categories: &'a [String],
    pub(super) json_version: Option<&'a str>,
    pub(super) data_api_version: Option<&'a str>,
    pub(super) endpoint: super::Endpoint,
    pub(super) endpoint_uri: Option<&'a str>,
    pub(super) route: Option<&'a str>,
    /// Absent: as it was.
    pub(super) json: Option<(&'a str, &'a str)>,
    pub(super) validation_errors: &'a [MetaProblem],
}

impl Store {
    /// A project's Flows after a name, by name.
    pub(super) async fn page(
        &self,
        project: ProjectId,
        after: Option<&str>,
        rows: i64,
    ) -> Result<Vec<Flow>, sqlx::Error> {
        sqlx::query_as(
            "select * from flow where project_id = $1 and ($2::text is null or name > $2)
             order by name limit $3",
        )
        .bind(project)
        .bind(after)
        .bind(rows)
        .fetch_all(&self.pool)
        .await
    }

    pub(super) async fn find(
        &self,
        project: ProjectId,
        name: &str,
    ) -> Result<Option<Flow>, sqlx::Error> {
        sqlx::query_as("select * from flow where project_id = $1 and name = $2")
            .bind(project)
            .bind(name)
            .fetch_optional(&self.pool)
            .await
    }

    pub(super) async fn json(
        &self,
        project: ProjectId,
        name: &FlowName,
    ) -> Result<Option<String>, sqlx::Error> {
        let json: Option<Option<String>> =
            sqlx::query_scalar("select json from flow where project_id = $1 and name = $2")
                .bind(project)
                .bind(name)
                .fetch_optional(&self.pool)
                .await?;
        Ok(json.flatten())
    }

    /// Writes a Flow down. Says nothing when Meta's id is another project's already.
    pub(super) async fn save(
        &self,
        project: ProjectId,
        row: &Row<'_>,
    ) -> Result<Option<Flow>, sqlx::Error> {
        let problems = serde_json::to_string(row.validation_errors).unwrap_or_default();
        sqlx::query_as(
            "insert into flow (project_id, name, waba_id, flow_id, meta_name, status, categories,
                               json_version, data_api_version, endpoint, endpoint_uri, route,
                               json, json_sha256, validation_errors)
             select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::text::json
             where not exists (
               select from flow where flow_id = $4 and (project_id, name) <> ($1, $2))
             on conflict (project_id, name) do update
             set waba_id = excluded.waba_id, flow_id = excluded.flow_id,
                 meta_name = excluded.meta_name, status = excluded.status,
                 categories = excluded.categories, json_version = excluded.json_version,
                 data_api_version = excluded.data_api_version, endpoint = excluded.endpoint,
                 endpoint_uri = excluded.endpoint_uri, route = excluded.route,
                 json = coalesce(excluded.json, flow.json),
                 json_sha256 = coalesce(excluded.json_sha256, flow.json_sha256),
                 validation_errors = excluded.validation_errors,
                 updated_at = now(), seen_at = now()
             returning *",
        )
        .bind(project)
        .bind(row.name)
        .bind(row.waba_id)
        .bind(row.flow_id)
        .bind(row.meta_name)
        .bind(row.status)
        .bind(row.categories)
        .bind(row.json_version)
        .bind(row.data_api_version)
        .bind(row.endpoint)
        .bind(row.endpoint_uri)
        .bind(row.route)
        .bind(row.json.map(|(json, _)| json))
        .bind(row.json.map(|(_, digest)| digest))
        .bind(problems)
        .fetch_optional(&self.pool)
        .await
    }

    /// What is uploaded now is what is published.
    pub(super) async fn published(
        &self,
        project: ProjectId,
        name: &FlowName,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update flow set published_sha256 = json_sha256 where project_id = $1 and name = $2",
        )
        .bind(project)
        .bind(name)
        .execute(&self.pool)
        .await
        .map(drop)
    }

    pub(super) async fn forget(
        &self,
        project: ProjectId,
        name: &FlowName,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("delete from flow where project_id = $1 and name = $2")
            .bind(project)
            .bind(name)
            .execute(&self.pool)
            .await
            .map(drop)
    }

    /// Takes down the state that Meta tells of a Flow. What was seen since it happened is newer, unless it is the very
    /// state that the Flow is said to have left.
    pub(super) async fn heard(
        &self,
        account: &str,
        change: &StatusChange,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update flow set status = $3, seen_at = now()
             where waba_id = $1 and flow_id = $2 and status <> $3
               and (status = $4 or seen_at < $5)",
        )
        .bind(account)
        .bind(&change.flow_id)
        .bind(&change.after)
        .bind(&change.before)
        .bind(change.at)
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// Takes down what a phone complained of.
    pub(super) async fn complained(
        &self,
        project: ProjectId,
        name: &FlowName,
        word: &str,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update flow set complaint = $3, complained_at = now()
             where project_id = $1 and name = $2",
        )
        .bind(project)
        .bind(name)
        .bind(word)
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// The routes of a project's bot that the host alone asks.
    pub(super) async fn routes(&self, project: ProjectId) -> Result<Vec<String>, sqlx::Error> {
        sqlx::query_scalar(
            "select coalesce(route, '/flows/' || name) from flow
             where project_id = $1 and endpoint = 'host'",
        )
        .bind(project)
        .fetch_all(&self.pool)
        .await
    }

    /// A project's keys, the one that Meta has first.
    pub(super) async fn keys(&self, project: ProjectId) -> Result<Vec<SealedKey>, sqlx::Error> {
        sqlx::query_as(
            "select key_id, private_key_sealed, public_key, state, phone_number_id
             from flow_key where project_id = $1
             order by state = 'active' desc, created_at desc, key_id desc",
        )
        .bind(project)
        .fetch_all(&self.pool)
        .await
    }

    /// The keys that Meta has of other projects whose numbers are in an account.
    pub(super) async fn keys_beside(
        &self,
        project: ProjectId,
        account: &str,
    ) -> Result<Vec<(ProjectId, SealedKey)>, sqlx::Error> {
        let found: Vec<KeyBeside> = sqlx::query_as(
            "select k.project_id, k.key_id, k.private_key_sealed, k.public_key, k.state, k.phone_number_id
             from flow_key k join number n on n.project_id = k.project_id
             where n.waba_id = $2 and k.project_id <> $1 and k.state = 'active'
             order by k.registered_at desc limit $3",
        )
        .bind(project)
        .bind(account)
        .bind(MOST_BESIDE)
        .fetch_all(&self.pool)
        .await?;
        let parted = |found: KeyBeside| (found.project_id, found.key);
        Ok(found.into_iter().map(parted).collect())
    }

    pub(super) async fn key_card(
        &self,
        project: ProjectId,
    ) -> Result<Option<KeyCard>, sqlx::Error> {
        sqlx::query_as(
            "select public_key, state, phone_number_id, created_at, registered_at
             from flow_key where project_id = $1
             order by state = 'active' desc, created_at desc limit 1",
        )
        .bind(project)
        .fetch_optional(&self.pool)
        .await
    }

    /// A key that Meta is to have. Others that it never had go.
    pub(super) async fn new_key(
        &self,
        project: ProjectId,
        key: &SealedKey,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into flow_key (project_id, key_id, public_key, private_key_sealed, state)
             values ($1, $2, $3, $4, 'new')",
        )
        .bind(project)
        .bind(key.key_id)
        .bind(&key.public_key)
        .bind(&key.private_key_sealed)
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// Meta has this key now, and no other opens anything any more.
    pub(super) async fn key_registered(
        &self,
        project: ProjectId,
        key_id: Uuid,
        number: &str,
    ) -> Result<(), sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        sqlx::query("delete from flow_key where project_id = $1 and key_id <> $2")
            .bind(project)
            .bind(key_id)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "update flow_key set state = 'active', phone_number_id = $3, registered_at = now()
             where project_id = $1 and key_id = $2",
        )
        .bind(project)
        .bind(key_id)
        .bind(number)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    /// A Flow that is about to be sent. A run of the same event finds its token again.
    pub(super) async fn put_token(
        &self,
        project: ProjectId,
        token: &str,
        sent: &NewToken<'_>,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into flow_token (project_id, token, flow, recipient, reference, expires_at)
             values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
             on conflict (project_id, token) do nothing",
        )
        .bind(project)
        .bind(token)
        .bind(sent.flow)
        .bind(sent.recipient)
        .bind(sent.reference)
        .bind(sent.seconds)
        .execute(&self.pool)
        .await
        .map(drop)
    }

    pub(super) async fn token_reached(
        &self,
        project: ProjectId,
        token: &str,
        wa_id: &str,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("update flow_token set wa_id = $3 where project_id = $1 and token = $2")
            .bind(project)
            .bind(token)
            .bind(wa_id)
            .execute(&self.pool)
            .await
            .map(drop)
    }

    /// A Flow that was sent, and whether its time is over by the database's clock.
    pub(super) async fn token(
        &self,
        project: ProjectId,
        token: &str,
    ) -> Result<Option<(SentFlow, DateTime<Utc>)>, sqlx::Error> {
        let sent: Option<SentFlow> = sqlx::query_as(
            "select flow, recipient, wa_id, reference, created_at, expires_at, answered_at, withdrawn_at
             from flow_token where project_id = $1 and token = $2",
        )
        .bind(project)
        .bind(token)
        .fetch_optional(&self.pool)
        .await?;
        let Some(sent) = sent else { return Ok(None) };
        let now = sqlx::query_scalar("select now()")
            .fetch_one(&self.pool)
            .await?;
        Ok(Some((sent, now)))
    }

    pub(super) async fn answered(
        &self,
        project: ProjectId,
        token: &str,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update flow_token set answered_at = coalesce(answered_at, now())
             where project_id = $1 and token = $2",
        )
        .bind(project)
        .bind(token)
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// Says whether there is such a token.
    pub(super) async fn withdraw(
        &self,
        project: ProjectId,
        token: &str,
    ) -> Result<bool, sqlx::Error> {
        let withdrawn = sqlx::query(
            "update flow_token set withdrawn_at = coalesce(withdrawn_at, now())
             where project_id = $1 and token = $2",
        )
        .bind(project)
        .bind(token)
        .execute(&self.pool)
        .await?;
        Ok(withdrawn.rows_affected() > 0)
    }
}

/// What a token is for.
pub(super) struct NewToken<'a> {
    pub(super) flow: &'a str,
    pub(super) recipient: &'a str,
    pub(super) reference: Option<&'a str>,
    /// Until it is over.
    pub(super) seconds: f64,
}

/// Forgets Flows that were sent and are over for long. Returns how many.
pub async fn forget_tokens(pool: &PgPool) -> Result<u64, sqlx::Error> {
    let forgotten =
        sqlx::query("delete from flow_token where expires_at < now() - make_interval(days => $1)")
            .bind(KEPT_DAYS)
            .execute(pool)
            .await?;
    Ok(forgotten.rows_affected())
}
