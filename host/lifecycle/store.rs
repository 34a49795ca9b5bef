//! The SQL of steps: adding, claiming, ending and following them.
//!
//! A change of a step and the row that followers read are one statement. Two changes of one project
//! are never made at once, because each locks the project's row first: so change ids are committed
//! in their order.

use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use std::time::Duration;

use super::steps::{ClaimedStep, Step, StepChange, StepEnd, StepName, StepState};
use crate::projects::ProjectId;

/// The first wait after an attempt that failed; doubled each time.
const BACK_OFF: Duration = Duration::from_secs(1);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(5 * 60);

/// Adds steps, or has them done again. From `at` on they may be claimed.
pub(super) async fn want(
    conn: &mut PgConnection,
    project_id: ProjectId,
    steps: &[StepName],
    at: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    lock(conn, project_id).await?;
    for step in steps {
        sqlx::query(
            "with wanted as (
               insert into step (project_id, step, chain, position, next_try_at)
               values ($1, $2, $3, $4, coalesce($5, now()))
               on conflict (project_id, step) do update
               set state = 'waiting', attempts = 0, started_at = null, ended_at = null,
                   error = null, note = null, next_try_at = excluded.next_try_at,
                   lease = null, lease_owner = null
               returning *)
             insert into step_change (project_id, step, state, attempts, next_try_at)
             select project_id, step, state, attempts, next_try_at from wanted",
        )
        .bind(project_id)
        .bind(step)
        .bind(step.chain())
        .bind(step.position())
        .bind(at)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Leaves out those of the steps that are not done.
pub(super) async fn skip(
    conn: &mut PgConnection,
    project_id: ProjectId,
    steps: &[StepName],
    note: &str,
) -> Result<(), sqlx::Error> {
    lock(conn, project_id).await?;
    for step in steps {
        sqlx::query(
            "with skipped as (
               insert into step (project_id, step, chain, position, state, note, ended_at)
               values ($1, $2, $3, $4, 'skipped', $5, now())
               on conflict (project_id, step) do update
               set state = 'skipped', error = null, note = excluded.note, ended_at = now(),
                   lease = null, lease_owner = null
               returning *)
             insert into step_change (project_id, step, state, attempts, note)
             select project_id, step, state, attempts, note from skipped",
        )
        .bind(project_id)
        .bind(step)
        .bind(step.chain())
        .bind(step.position())
        .bind(note)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Forgets steps that are not to be done after all.
pub(super) async fn unwant(
    conn: &mut PgConnection,
    project_id: ProjectId,
    steps: &[StepName],
) -> Result<(), sqlx::Error> {
    sqlx::query("delete from step where project_id = $1 and step = any($2)")
        .bind(project_id)
        .bind(steps)
        .execute(conn)
        .await?;
    Ok(())
}

/// Has failed steps tried again. Returns how many there were.
pub(super) async fn retry_failed(pool: &PgPool, project_id: ProjectId) -> Result<u64, sqlx::Error> {
    let mut tx = pool.begin().await?;
    lock(&mut tx, project_id).await?;
    let changed = sqlx::query(
        "with again as (
           update step
           set state = 'waiting', attempts = 0, ended_at = null, error = null, next_try_at = now()
           where project_id = $1 and state = 'failed'
           returning *)
         insert into step_change (project_id, step, state, attempts, next_try_at)
         select project_id, step, state, attempts, next_try_at from again order by position",
    )
    .bind(project_id)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(changed.rows_affected())
}

/// Has a first deploy that is waited for looked at now, also when somebody looks already: that look
/// may have been too early. Returns whether anybody waits.
pub(super) async fn look_for_deploy(
    pool: &PgPool,
    project_id: ProjectId,
) -> Result<bool, sqlx::Error> {
    let looked_for = sqlx::query(
        "update step
         set next_try_at = now(), state = 'waiting', error = null, note = null, ended_at = null,
             lease = null, lease_owner = null,
             attempts = attempts - case state when 'running' then 1 else 0 end
         where project_id = $1 and step = $2 and state in ('waiting', 'running', 'failed')",
    )
    .bind(project_id)
    .bind(StepName::FirstDeploy)
    .execute(pool)
    .await?;
    Ok(looked_for.rows_affected() == 1)
}

/// Takes a step that is due, if any is.
pub(super) async fn claim(
    pool: &PgPool,
    owner: &str,
    lease: Duration,
) -> Result<Option<ClaimedStep>, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let due: Option<(ProjectId, StepName)> = sqlx::query_as(
        "select s.project_id, s.step
         from step s join project p using (project_id)
         where s.state in ('waiting', 'running') and s.next_try_at <= now()
           and case s.chain
             when 'release' then true
             when 'provision' then p.delete_after is null and not exists (
               select from step e
               where e.project_id = s.project_id and e.chain = 'provision'
                 and e.position < s.position and e.state in ('waiting', 'running', 'failed'))
             else p.delete_after <= now() and not exists (
               select from step e
               where e.project_id = s.project_id and e.chain <> 'provision'
                 and e.position < s.position and e.state in ('waiting', 'running'))
           end
         order by s.next_try_at limit 1
         for no key update of p skip locked",
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some((project_id, step)) = due else {
        return Ok(None);
    };
    let claimed = sqlx::query_as(
        "with claimed as (
           update step
           set state = 'running', attempts = attempts + 1, lease = gen_random_uuid(),
               lease_owner = $3, started_at = coalesce(started_at, now()), ended_at = null,
               next_try_at = now() + make_interval(secs => $4)
           where project_id = $1 and step = $2 and state in ('waiting', 'running')
             and next_try_at <= now()
           returning *),
         told as (
           insert into step_change (project_id, step, state, attempts, error, note)
           select project_id, step, state, attempts, error, note from claimed
           -- What only looks again is no news.
           where note is null)
         select project_id, step, attempts, lease from claimed",
    )
    .bind(project_id)
    .bind(step)
    .bind(owner)
    .bind(lease.as_secs_f64())
    .fetch_optional(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(claimed)
}

/// Keeps a step for longer. Returns whether it is still this host's.
pub(super) async fn extend(
    pool: &PgPool,
    claimed: &ClaimedStep,
    lease: Duration,
) -> Result<bool, sqlx::Error> {
    let kept = sqlx::query(
        "update step set next_try_at = now() + make_interval(secs => $4)
         where project_id = $1 and step = $2 and lease = $3",
    )
    .bind(claimed.project_id)
    .bind(claimed.step)
    .bind(claimed.lease)
    .bind(lease.as_secs_f64())
    .execute(pool)
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// Writes down how an attempt ended, unless the step is another host's by now, or was asked for
/// anew. Returns whether it was written.
pub(super) async fn end(
    pool: &PgPool,
    claimed: &ClaimedStep,
    end: &StepEnd,
) -> Result<bool, sqlx::Error> {
    let mut tx = pool.begin().await?;
    lock(&mut tx, claimed.project_id).await?;
    let is_last = claimed.attempts >= claimed.step.max_attempts();
    let (state, error, note, wait, uncounted) = match end {
        StepEnd::Done(note) => (StepState::Done, None, note.clone(), None, 0),
        StepEnd::Skipped(note) => (StepState::Skipped, None, Some(note.clone()), None, 0),
        StepEnd::Later(wait, note) => {
            (StepState::Waiting, None, Some(note.clone()), Some(*wait), 1)
        }
        StepEnd::Failed(error) => (StepState::Failed, Some(error.clone()), None, None, 0),
        StepEnd::Retry(error, _) if is_last => {
            let given_up = format!("{error} (given up after {} attempts)", claimed.attempts);
            (StepState::Failed, Some(given_up), None, None, 0)
        }
        StepEnd::Retry(error, wait) => {
            let wait = wait.unwrap_or_else(|| back_off(claimed.attempts));
            (StepState::Waiting, Some(error.clone()), None, Some(wait), 0)
        }
    };
    let ended = sqlx::query(
        "with before as (
           select note from step where project_id = $1 and step = $2 and lease = $3),
         ended as (
           update step
           set state = $4, error = $5, note = $6, lease = null, lease_owner = null,
               attempts = attempts - $8,
               ended_at = case when $4 = 'waiting' then null else now() end,
               next_try_at = now() + make_interval(secs => $7)
           where project_id = $1 and step = $2 and lease = $3
           returning *),
         told as (
           insert into step_change (project_id, step, state, attempts, error, note, next_try_at)
           select e.project_id, e.step, e.state, e.attempts, e.error, e.note,
                  case when e.state = 'waiting' then e.next_try_at end
           from ended e, before b
           where e.state <> 'waiting' or e.note is null or b.note is distinct from e.note)
         select from ended",
    )
    .bind(claimed.project_id)
    .bind(claimed.step)
    .bind(claimed.lease)
    .bind(state)
    .bind(error)
    .bind(note)
    .bind(wait.unwrap_or_default().as_secs_f64())
    .bind(uncounted)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "update project p set provisioned_at = now()
         where project_id = $1 and provisioned_at is null and not exists (
           select from step s where s.project_id = $1 and s.chain = 'provision'
             and s.state in ('waiting', 'running', 'failed'))",
    )
    .bind(claimed.project_id)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(ended.rows_affected() == 1)
}

fn back_off(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(16);
    (BACK_OFF * 2_u32.pow(doublings)).min(LONGEST_BACK_OFF)
}

/// The steps of a project, in order.
pub(super) async fn steps(pool: &PgPool, project_id: ProjectId) -> Result<Vec<Step>, sqlx::Error> {
    sqlx::query_as(
        "select step, state, attempts, started_at, ended_at, error, note,
                case when state = 'waiting' and (error is not null or chain = 'removal')
                  then next_try_at end as next_try_at
         from step where project_id = $1 order by position",
    )
    .bind(project_id)
    .fetch_all(pool)
    .await
}

/// What changed after a change, in order.
pub(super) async fn changes(
    pool: &PgPool,
    project_id: ProjectId,
    after: i64,
) -> Result<Vec<StepChange>, sqlx::Error> {
    sqlx::query_as(
        "select change_id, step, state, attempts, error, note, next_try_at, at from step_change
         where project_id = $1 and change_id > $2 order by change_id limit 1000",
    )
    .bind(project_id)
    .bind(after)
    .fetch_all(pool)
    .await
}

/// Two changes of one project's steps take turns.
async fn lock(conn: &mut PgConnection, project_id: ProjectId) -> Result<(), sqlx::Error> {
    sqlx::query("select from project where project_id = $1 for no key update")
        .bind(project_id)
        .execute(conn)
        .await?;
    Ok(())
}
