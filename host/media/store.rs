//! The SQL of media.

use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::kinds::Kind;
use super::{Filter, Media, MediaError, MediaSettings, Medium};
use crate::conversations::Content;
use crate::plans::by_values;
use crate::projects::ProjectId;

/// Media that are forgotten at once: each may have many pieces.
const PORTION: i64 = 200;

/// A message that may carry a medium.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    pub wamid: &'a str,
    pub message_type: &'a str,
    pub body: &'a str,
}

/// Notes the media of messages that are stored in the same transaction: they are to be fetched. Returns how many there
/// are.
pub async fn expect(
    conn: &mut PgConnection,
    project_id: ProjectId,
    messages: &[Expected<'_>],
    now: DateTime<Utc>,
) -> Result<usize, sqlx::Error> {
    let (mut ids, mut wamids, mut kinds) = (Vec::new(), Vec::new(), Vec::new());
    let (mut types, mut names, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
    for message in messages {
        let Ok(kind) = message.message_type.parse::<Kind>() else {
            continue;
        };
        let media = Content::of(message.message_type, message.body).media;
        let Some((id, media)) = media.and_then(|media| Some((media.id.clone()?, media))) else {
            continue;
        };
        ids.push(id);
        wamids.push(message.wamid);
        kinds.push(kind);
        types.push(plain(media.mime_type));
        names.push(plain(media.filename));
        hashes.push(media.sha256.as_deref().and_then(in_hex));
    }
    if ids.is_empty() {
        return Ok(0);
    }
    // A message that was known before is there already, or is not kept.
    let expected = sqlx::query(
        "insert into media
           (project_id, media_id, wamid, kind, mime_type, filename, sha256, next_try_at, received_at)
         select $1, n.media_id, n.wamid, n.kind, n.mime_type, n.filename, n.sha256, $8, $8
         from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
              as n (media_id, wamid, kind, mime_type, filename, sha256)
         join message m on m.project_id = $1 and m.wamid = n.wamid
         on conflict (project_id, media_id) do nothing",
    )
    .bind(project_id)
    .bind(&ids)
    .bind(&wamids)
    .bind(&kinds)
    .bind(&types)
    .bind(&names)
    .bind(&hashes)
    .bind(now)
    .execute(conn)
    .await?;
    Ok(usize::try_from(expected.rows_affected()).unwrap_or(usize::MAX))
}

/// What somebody else wrote, as columns of text take it.
fn plain(text: Option<String>) -> Option<String> {
    text.map(|text| text.chars().filter(|c| *c != '\0').take(500).collect())
}

/// Webhooks have a hash in base64.
fn in_hex(base64: &str) -> Option<String> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(base64)
        .ok()?;
    (bytes.len() == 32).then(|| hex::encode(bytes))
}

/// Deletes the bytes of media that are older than they are to be kept. Returns how many media that were.
pub async fn forget_old(pool: &PgPool, settings: &MediaSettings) -> Result<u64, sqlx::Error> {
    let own: Vec<(i32, Vec<Uuid>)> = sqlx::query_as(
        "select media_retention_days, array_agg(project_id) from project
         where media_retention_days is not null group by media_retention_days",
    )
    .fetch_all(pool)
    .await?;
    let all: Vec<Uuid> = own.iter().flat_map(|(_, ids)| ids).copied().collect();
    let days = i32::try_from(settings.days).unwrap_or(i32::MAX);
    let groups = own.into_iter().map(|(days, ids)| (days, ids, true));
    let mut gone = 0;
    for (days, projects, are_theirs) in groups.chain([(days, all, false)]) {
        let told = match days {
            0 => "the project keeps no media (`media_retention_days`)".to_owned(),
            1 => "it was kept for a day, which is over".to_owned(),
            days => format!("it was kept for {days} days, which are over"),
        };
        loop {
            let mut tx = by_values(pool).await?;
            let some = sqlx::query(
                "with old as (
                   select project_id, media_id from media
                   where state = 'kept' and (project_id = any($1)) = $2
                     and kept_at < statement_timestamp() - make_interval(days => $3)
                   order by kept_at limit $4 for update skip locked),
                 gone as (
                   delete from media_chunk c using old
                   where c.project_id = old.project_id and c.media_id = old.media_id)
                 update media m set state = 'not-kept', told = $5 from old
                 where m.project_id = old.project_id and m.media_id = old.media_id",
            )
            .bind(&projects)
            .bind(are_theirs)
            .bind(days)
            .bind(PORTION)
            .bind(&told)
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
            gone += some.rows_affected();
            if some.rows_affected() < PORTION.unsigned_abs() {
                break;
            }
        }
    }
    sqlx::query("delete from media_upload where expires_at < statement_timestamp()")
        .execute(pool)
        .await?;
    Ok(gone)
}

/// Forgets what was uploaded for messages that are about to be erased. What came with them goes with them.
pub async fn forget_contact(
    conn: &mut PgConnection,
    project_id: ProjectId,
    wamids: &[String],
) -> Result<(), sqlx::Error> {
    let sent: Vec<(String, String)> = sqlx::query_as(
        "select type, body::text from message
         where project_id = $1 and wamid = any($2) and direction = 'out'
           and type in ('image', 'video', 'audio', 'document', 'sticker')",
    )
    .bind(project_id)
    .bind(wamids)
    .fetch_all(&mut *conn)
    .await?;
    let ids: Vec<String> = sent
        .iter()
        .filter_map(|(kind, body)| Content::of(kind, body).media?.id)
        .collect();
    sqlx::query("delete from media_upload where project_id = $1 and media_id = any($2)")
        .bind(project_id)
        .bind(ids)
        .execute(conn)
        .await
        .map(drop)
}

/// Deletes all media of a project that is going, in portions.
pub async fn forget_project(pool: &PgPool, project_id: ProjectId) -> Result<(), sqlx::Error> {
    loop {
        let mut tx = by_values(pool).await?;
        let gone = sqlx::query(
            "delete from media where project_id = $1 and media_id in (
               select media_id from media where project_id = $1 limit $2)",
        )
        .bind(project_id)
        .bind(PORTION)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        if gone.rows_affected() < PORTION.unsigned_abs() {
            return Ok(());
        }
    }
}

/// What a project may keep.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) days: u32,
    pub(super) quota_bytes: i64,
}

/// A medium that this host is to fetch.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct Claim {
    pub(super) project_id: ProjectId,
    pub(super) media_id: String,
    /// Whoever claims it later has another.
    pub(super) tries: i32,
    pub(super) received_at: DateTime<Utc>,
}

impl Media {
    pub(super) async fn of_project(
        &self,
        project_id: ProjectId,
        filter: &Filter,
        before: Option<i64>,
        rows: i64,
    ) -> Result<Vec<Medium>, sqlx::Error> {
        sqlx::query_as(
            "select * from media
             where project_id = $1 and position < coalesce($2, 9223372036854775807)
               and ($3::text is null or state = $3) and ($4::text is null or kind = $4)
             order by position desc limit $5",
        )
        .bind(project_id)
        .bind(before)
        .bind(filter.state)
        .bind(filter.kind)
        .bind(rows)
        .fetch_all(&self.parts.pool)
        .await
    }

    pub(super) async fn find(
        &self,
        project_id: ProjectId,
        id: &str,
    ) -> Result<Option<Medium>, sqlx::Error> {
        sqlx::query_as("select * from media where project_id = $1 and media_id = $2")
            .bind(project_id)
            .bind(id)
            .fetch_optional(&self.parts.pool)
            .await
    }

    pub(super) async fn with_wamids(
        &self,
        project_id: ProjectId,
        wamids: &[String],
    ) -> Result<Vec<Medium>, sqlx::Error> {
        sqlx::query_as("select * from media where project_id = $1 and wamid = any($2)")
            .bind(project_id)
            .bind(wamids)
            .fetch_all(&self.parts.pool)
            .await
    }

    /// Whether an id is known to be the project's.
    pub(super) async fn is_known(
        &self,
        project_id: ProjectId,
        id: &str,
    ) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar(
            "select exists (
               select from media where media_id = $2 and project_id = $1
               union all
               select from media_upload where media_id = $2 and project_id = $1
               union all
               select from graph_object where object_id = $2 and project_id = $1)",
        )
        .bind(project_id)
        .bind(id)
        .fetch_one(&self.parts.pool)
        .await
    }

    /// Whether an id is known to be another project's, and not this one's.
    pub(super) async fn is_others(
        &self,
        project_id: ProjectId,
        id: &str,
    ) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar(
            "with owners as (
               select project_id from media where media_id = $2
               union all select project_id from media_upload where media_id = $2
               union all select project_id from graph_object where object_id = $2)
             select exists (select from owners)
               and not exists (select from owners where project_id = $1)",
        )
        .bind(project_id)
        .bind(id)
        .fetch_one(&self.parts.pool)
        .await
    }

    pub(super) async fn limits(&self, project_id: ProjectId) -> Result<Limits, MediaError> {
        let settings = self.parts.projects.settings(project_id).await?;
        let own = |number: Option<i32>, of_host: u32| {
            number.map_or(of_host, |number| u32::try_from(number).unwrap_or_default())
        };
        let MediaSettings { days, quota_mib } = self.parts.settings;
        let mib = own(settings.media_quota, quota_mib);
        Ok(Limits {
            days: own(settings.media_retention_days, days),
            quota_bytes: i64::from(mib) << 20,
        })
    }

    /// How many media a project has, and how many bytes.
    pub(super) async fn kept(&self, project_id: ProjectId) -> Result<(i64, i64), sqlx::Error> {
        sqlx::query_as(
            "select count(*), coalesce(sum(size), 0)::bigint from media
             where project_id = $1 and state = 'kept'",
        )
        .bind(project_id)
        .fetch_one(&self.parts.pool)
        .await
    }

    /// Claims what is due, of each project a few: no project's many hold up another's.
    pub(super) async fn claim(&self, most: i64, each: i64) -> Result<Vec<Claim>, sqlx::Error> {
        sqlx::query_as(
            "with recursive walk (project_id) as (
               (select project_id from media where state = 'fetching' order by project_id limit 1)
               union all
               select (select m.project_id from media m
                       where m.state = 'fetching' and m.project_id > walk.project_id
                       order by m.project_id limit 1)
               from walk where walk.project_id is not null),
             due as (
               select d.project_id, d.media_id
               from walk cross join lateral (
                 select m.project_id, m.media_id from media m
                 where m.state = 'fetching' and m.project_id = walk.project_id
                   and m.next_try_at <= statement_timestamp()
                 order by m.next_try_at limit $2 for update skip locked) d
               order by random() limit $1)
             update media m
             set tries = m.tries + 1,
                 next_try_at = statement_timestamp() + make_interval(secs => $3)
             from due
             where m.project_id = due.project_id and m.media_id = due.media_id
             returning m.project_id, m.media_id, m.tries, m.received_at",
        )
        .bind(most)
        .bind(each)
        .bind(super::fetch::CLAIMED.as_secs_f64())
        .fetch_all(&self.parts.pool)
        .await
    }

    /// Claims one medium, if it is due.
    pub(super) async fn claim_one(
        &self,
        project_id: ProjectId,
        id: &str,
    ) -> Result<Option<Claim>, sqlx::Error> {
        sqlx::query_as(
            "update media
             set tries = tries + 1,
                 next_try_at = statement_timestamp() + make_interval(secs => $3)
             where project_id = $1 and media_id = $2 and state = 'fetching'
               and next_try_at <= statement_timestamp()
             returning project_id, media_id, tries, received_at",
        )
        .bind(project_id)
        .bind(id)
        .bind(super::fetch::CLAIMED.as_secs_f64())
        .fetch_optional(&self.parts.pool)
        .await
    }

    /// Removes what an earlier try left. Whether the claim still holds.
    pub(super) async fn begin(&self, claim: &Claim) -> Result<bool, sqlx::Error> {
        let mut tx = self.parts.pool.begin().await?;
        let holds: Option<i32> = sqlx::query_scalar(
            "select 1 from media
             where project_id = $1 and media_id = $2 and tries = $3 and state = 'fetching'
             for update",
        )
        .bind(claim.project_id)
        .bind(&claim.media_id)
        .bind(claim.tries)
        .fetch_optional(&mut *tx)
        .await?;
        if holds.is_none() {
            return Ok(false);
        }
        sqlx::query("delete from media_chunk where project_id = $1 and media_id = $2")
            .bind(claim.project_id)
            .bind(&claim.media_id)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Stores a piece, while the claim holds.
    pub(super) async fn put_chunk(
        &self,
        claim: &Claim,
        position: i32,
        bytes: &[u8],
    ) -> Result<bool, sqlx::Error> {
        let put = sqlx::query(
            "insert into media_chunk (project_id, media_id, position, bytes)
             select project_id, media_id, $4, $5 from media
             where project_id = $1 and media_id = $2 and tries = $3 and state = 'fetching'
             for key share",
        )
        .bind(claim.project_id)
        .bind(&claim.media_id)
        .bind(claim.tries)
        .bind(position)
        .bind(bytes)
        .execute(&self.parts.pool)
        .await?;
        Ok(put.rows_affected() > 0)
    }

    /// It is here, if it still fits into the quota. `None`: the claim is lost.
    pub(super) async fn have_kept(
        &self,
        claim: &Claim,
        (mime_type, sha256, size): (&str, &str, i64),
        quota_bytes: i64,
    ) -> Result<Option<bool>, sqlx::Error> {
        let mut tx = self.parts.pool.begin().await?;
        // Two that are kept at once do not pass the quota together.
        sqlx::query("select pg_advisory_xact_lock(hashtextextended('media ' || $1::text, 0))")
            .bind(claim.project_id)
            .execute(&mut *tx)
            .await?;
        let used: i64 = sqlx::query_scalar(
            "select coalesce(sum(size), 0)::bigint from media
             where project_id = $1 and state = 'kept'",
        )
        .bind(claim.project_id)
        .fetch_one(&mut *tx)
        .await?;
        if used.saturating_add(size) > quota_bytes {
            return Ok(Some(false));
        }
        let kept = sqlx::query(
            "update media
             set state = 'kept', told = null, kept_at = statement_timestamp(),
                 mime_type = coalesce(nullif($4, ''), mime_type), sha256 = $5, size = $6
             where project_id = $1 and media_id = $2 and tries = $3 and state = 'fetching'",
        )
        .bind(claim.project_id)
        .bind(&claim.media_id)
        .bind(claim.tries)
        .bind(mime_type)
        .bind(sha256)
        .bind(size)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok((kept.rows_affected() > 0).then_some(true))
    }

    /// It will not be here.
    pub(super) async fn give_up(&self, claim: &Claim, told: &str) -> Result<(), sqlx::Error> {
        sqlx::query(
            "with given_up as (
               update media set state = 'not-kept', told = $4
               where project_id = $1 and media_id = $2 and tries = $3 and state = 'fetching'
               returning project_id, media_id)
             delete from media_chunk c using given_up g
             where c.project_id = g.project_id and c.media_id = g.media_id",
        )
        .bind(claim.project_id)
        .bind(&claim.media_id)
        .bind(claim.tries)
        .bind(told)
        .execute(&self.parts.pool)
        .await
        .map(drop)
    }

    /// It is tried again after a while.
    pub(super) async fn postpone(
        &self,
        claim: &Claim,
        told: &str,
        wait: std::time::Duration,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update media
             set told = $4, next_try_at = statement_timestamp() + make_interval(secs => $5)
             where project_id = $1 and media_id = $2 and tries = $3 and state = 'fetching'",
        )
        .bind(claim.project_id)
        .bind(&claim.media_id)
        .bind(claim.tries)
        .bind(told)
        .bind(wait.as_secs_f64())
        .execute(&self.parts.pool)
        .await
        .map(drop)
    }

    /// Has a medium fetched again that is not here. Whether there is one.
    pub(super) async fn want_again(
        &self,
        project_id: ProjectId,
        id: &str,
    ) -> Result<bool, sqlx::Error> {
        let wanted = sqlx::query(
            "update media
             set state = 'fetching', told = null, next_try_at = statement_timestamp()
             where project_id = $1 and media_id = $2
               and (state = 'not-kept' or state = 'fetching' and told is not null)",
        )
        .bind(project_id)
        .bind(id)
        .execute(&self.parts.pool)
        .await?;
        Ok(wanted.rows_affected() > 0)
    }

    /// Deletes the bytes of a medium, and says why. Whether there were any.
    pub(super) async fn drop_bytes(
        &self,
        project_id: ProjectId,
        id: &str,
        told: &str,
    ) -> Result<bool, sqlx::Error> {
        let mut tx = self.parts.pool.begin().await?;
        // Whoever fetches it has lost its claim.
        let dropped = sqlx::query(
            "update media set state = 'not-kept', told = $3, tries = tries + 1
             where project_id = $1 and media_id = $2 and state <> 'not-kept'",
        )
        .bind(project_id)
        .bind(id)
        .bind(told)
        .execute(&mut *tx)
        .await?;
        sqlx::query("delete from media_chunk where project_id = $1 and media_id = $2")
            .bind(project_id)
            .bind(id)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(dropped.rows_affected() > 0)
    }

    pub(super) async fn chunk(
        &self,
        project_id: ProjectId,
        id: &str,
        position: i32,
    ) -> Result<Option<Vec<u8>>, sqlx::Error> {
        sqlx::query_scalar(
            "select bytes from media_chunk
             where project_id = $1 and media_id = $2 and position = $3",
        )
        .bind(project_id)
        .bind(id)
        .bind(position)
        .fetch_optional(&self.parts.pool)
        .await
    }

    /// A file that the number has uploaded already: Meta's id of it, how long that is good for, and whether it was
    /// seen lately.
    pub(super) async fn known_upload(
        &self,
        project_id: ProjectId,
        number: &str,
        (sha256, mime_type): (&str, &str),
    ) -> Result<Option<(String, DateTime<Utc>, bool)>, sqlx::Error> {
        sqlx::query_as(
            "select media_id, expires_at,
                    seen_at > statement_timestamp() - interval '1 hour' as is_sure
             from media_upload
             where project_id = $1 and phone_number_id = $2 and sha256 = $3 and mime_type = $4
               and expires_at > statement_timestamp() + interval '1 day'",
        )
        .bind(project_id)
        .bind(number)
        .bind(sha256)
        .bind(mime_type)
        .fetch_optional(&self.parts.pool)
        .await
    }

    pub(super) async fn saw_upload(
        &self,
        project_id: ProjectId,
        id: &str,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update media_upload set seen_at = statement_timestamp()
             where project_id = $1 and media_id = $2",
        )
        .bind(project_id)
        .bind(id)
        .execute(&self.parts.pool)
        .await
        .map(drop)
    }

    /// Remembers an upload for as long as Meta keeps it.
    pub(super) async fn remember_upload(
        &self,
        project_id: ProjectId,
        number: &str,
        (sha256, mime_type, size): (&str, &str, i64),
        id: &str,
    ) -> Result<DateTime<Utc>, sqlx::Error> {
        sqlx::query_scalar(
            "insert into media_upload
               (project_id, phone_number_id, sha256, mime_type, media_id, size, expires_at)
             values ($1, $2, $3, $4, $5, $6, statement_timestamp() + interval '30 days')
             on conflict (project_id, phone_number_id, sha256, mime_type) do update
             set media_id = excluded.media_id, uploaded_at = excluded.uploaded_at,
                 expires_at = excluded.expires_at, seen_at = excluded.seen_at
             returning expires_at",
        )
        .bind(project_id)
        .bind(number)
        .bind(sha256)
        .bind(mime_type)
        .bind(id)
        .bind(size)
        .fetch_one(&self.parts.pool)
        .await
    }

    pub(super) async fn forget_upload(
        &self,
        project_id: ProjectId,
        id: &str,
    ) -> Result<bool, sqlx::Error> {
        let gone = sqlx::query("delete from media_upload where project_id = $1 and media_id = $2")
            .bind(project_id)
            .bind(id)
            .execute(&self.parts.pool)
            .await?;
        Ok(gone.rows_affected() > 0)
    }
}
