//! The SQL of rooms.

use sqlx::PgConnection;
use sqlx::types::chrono::{DateTime, Utc};

use super::{Claiming, Share};
use crate::projects::ProjectId;

/// Those that serve, locked until the claim is committed. Always in the same order, against
/// deadlocks. A project whose resident instance lives on another host is served there.
pub(super) async fn lock_serving(
    tx: &mut PgConnection,
    owner: &str,
    projects: &[ProjectId],
) -> Result<Vec<ProjectId>, sqlx::Error> {
    sqlx::query_scalar(
        "select project_id from project
         where project_id = any($1) and status = 'active' and active_version_id is not null
           and not exists (
             select from residency r
             where r.project_id = project.project_id and r.owner <> $2 and r.until > now())
         order by project_id for no key update",
    )
    .bind(projects)
    .bind(owner)
    .fetch_all(tx)
    .await
}

/// A statement of its own, after the lock: what a statement sees is as old as its beginning.
///
/// A resident instance handles one event at a time: others of its project would wait in a slot.
pub(super) async fn shares(
    tx: &mut PgConnection,
    claiming: &Claiming<'_, '_>,
    projects: &[ProjectId],
) -> Result<Vec<Share>, sqlx::Error> {
    sqlx::query_as(
        "select p.project_id, r.running,
                case when $4 or exists (select from residency s
                                        where s.project_id = p.project_id and s.until > now())
                     then 1 else coalesce(p.max_running, $2) end::bigint as cap,
                p.events_per_minute, t.tokens, n.now,
                extract(epoch from n.now - t.refilled_at)::double precision as seconds
         from (select coalesce($3, statement_timestamp()) as now) n
         cross join project p
         cross join lateral (
           select count(*) as running from conversation_queue c
           where c.project_id = p.project_id and c.lease is not null and c.ready_at > n.now) r
         left join project_pace t on t.project_id = p.project_id
         where p.project_id = any($1)",
    )
    .bind(projects)
    .bind(i64::from(claiming.limits.running_per_project))
    .bind(claiming.told)
    .bind(claiming.limits.only_idle)
    .fetch_all(tx)
    .await
}

pub(super) async fn keep_tokens(
    tx: &mut PgConnection,
    spenders: &[(ProjectId, f64, DateTime<Utc>)],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into project_pace (project_id, tokens, refilled_at)
         select * from unnest($1::uuid[], $2::double precision[], $3::timestamptz[])
         on conflict (project_id) do update
         set tokens = excluded.tokens, refilled_at = excluded.refilled_at",
    )
    .bind(spenders.iter().map(|(id, ..)| *id).collect::<Vec<_>>())
    .bind(
        spenders
            .iter()
            .map(|(_, tokens, _)| *tokens)
            .collect::<Vec<_>>(),
    )
    .bind(spenders.iter().map(|(.., now)| *now).collect::<Vec<_>>())
    .execute(tx)
    .await?;
    Ok(())
}
