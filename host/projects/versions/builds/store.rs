//! The SQL of the queue of builds, and of their logs.

use std::time::Duration;

use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::{BuildJob, Built, ClaimedBuild, LogLine, MAX_ATTEMPTS, NewBuild};
use crate::projects::environments::Environment;
use crate::projects::model::{ProjectId, VersionId};
use crate::projects::store::{ProjectError, ProjectStore};
use crate::projects::versions::model::{Changes, SourceFiles, Switched, Version};
use crate::projects::versions::store::{columns, keep_artifact, no_project};
use crate::words::LogLevel;

impl ProjectStore {
    /// Records a deploy; some host builds it.
    pub async fn enqueue_version(
        &self,
        project_id: ProjectId,
        build: &NewBuild<'_>,
    ) -> Result<Version, ProjectError> {
        let changes = match build.source_files {
            Some(files) => self.changes_since_active(project_id, files).await?,
            None => None,
        };
        let mut tx = self.pool.begin().await?;
        let version: Version = sqlx::query_as(concat!(
            "insert into version as v
               (project_id, version_id, kind, state, created_by, message, source_sha256,
                source_bytes, source_files, changes, serves_when_ready, takes_links)
             values ($1, $2, $3, 'queued', $4, $5, $6, $7, $8, $9, $10, $11)
             returning ",
            columns!()
        ))
        .bind(project_id)
        .bind(VersionId::generate())
        .bind(build.kind)
        .bind(build.created_by)
        .bind(build.message)
        .bind(build.source_sha256)
        .bind(i64::try_from(build.upload.len()).unwrap_or(i64::MAX))
        .bind(build.source_files.map(Json))
        .bind(changes.map(Json))
        .bind(build.serves_when_ready)
        .bind(build.takes_links)
        .fetch_one(&mut *tx)
        .await
        .map_err(|error| no_project(error, project_id))?;
        sqlx::query("insert into upload (project_id, version_id, bytes) values ($1, $2, $3)")
            .bind(project_id)
            .bind(version.version_id)
            .bind(build.upload)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(version)
    }

    /// What is different from the files of the version that serves.
    async fn changes_since_active(
        &self,
        project_id: ProjectId,
        files: &SourceFiles,
    ) -> Result<Option<Changes>, ProjectError> {
        let before: Option<(i32, Json<SourceFiles>)> = sqlx::query_as(
            "select v.number, v.source_files from version v
             join project p on p.project_id = v.project_id and p.active_version_id = v.version_id
             where p.project_id = $1 and v.source_files is not null",
        )
        .bind(project_id)
        .fetch_optional(&self.pool)
        .await?;
        Ok(before.map(|(since, before)| Changes::between(since, &before, files)))
    }

    /// Takes the lease of the newest build of a project that has one waiting. Older ones that wait
    /// are not built any more.
    pub async fn claim_build(
        &self,
        owner: &str,
        lease: Duration,
    ) -> Result<ClaimedBuild, ProjectError> {
        let mut tx = self.pool.begin().await?;
        let project_id: Option<ProjectId> = sqlx::query_scalar(
            "select v.project_id from version v
             where (v.state = 'queued'
                    or (v.state in ('building', 'checking') and v.lease_until < now()))
               and not exists (
                 select from version b where b.project_id = v.project_id
                   and b.state in ('building', 'checking') and b.lease_until >= now())
             order by v.created_at limit 1",
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(project_id) = project_id else {
            return Ok(ClaimedBuild::default());
        };
        // Two hosts that found the same project: the second sees what the first did.
        sqlx::query("select from project where project_id = $1 for no key update")
            .bind(project_id)
            .execute(&mut *tx)
            .await?;
        let gave_up = match give_up_old(&mut tx, project_id).await? {
            0 => None,
            _ => Some(project_id),
        };
        let token = Uuid::new_v4();
        let version: Option<Version> = sqlx::query_as(concat!(
            "update version v
             set state = 'building', attempts = v.attempts + 1, lease = $2, lease_owner = $3,
                 lease_until = now() + make_interval(secs => $4),
                 started_at = coalesce(v.started_at, now())
             where v.project_id = $1
               and (v.state = 'queued'
                    or (v.state in ('building', 'checking') and v.lease_until < now()))
               and not exists (
                 select from version b where b.project_id = $1
                   and b.state in ('building', 'checking') and b.lease_until >= now())
             returning ",
            columns!()
        ))
        .bind(project_id)
        .bind(token)
        .bind(owner)
        .bind(lease.as_secs_f64())
        .fetch_optional(&mut *tx)
        .await?;
        let Some(version) = version else {
            tx.commit().await?;
            return Ok(ClaimedBuild { job: None, gave_up });
        };
        let upload: Option<Vec<u8>> = sqlx::query_scalar(
            "select bytes from upload where project_id = $1 and version_id = $2",
        )
        .bind(project_id)
        .bind(version.version_id)
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        let job = BuildJob {
            version,
            upload: upload.unwrap_or_default(),
            lease: token,
        };
        Ok(ClaimedBuild {
            job: Some(job),
            gave_up,
        })
    }

    /// Extends the lease; `false` when it was lost. A build that came to its good end needs none: what follows from that
    /// is still to be done.
    pub async fn extend_build(
        &self,
        job: &BuildJob,
        lease: Duration,
    ) -> Result<bool, ProjectError> {
        let done = sqlx::query(
            "update version
             set lease_until = case when lease = $3 then now() + make_interval(secs => $4) end
             where project_id = $1 and version_id = $2
               and (lease = $3 or lease is null and state = 'ready')",
        )
        .bind(job.version.project_id)
        .bind(job.version.version_id)
        .bind(job.lease)
        .bind(lease.as_secs_f64())
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// The bundle is made; from now on it is checked.
    pub async fn begin_checks(&self, job: &BuildJob) -> Result<(), ProjectError> {
        sqlx::query(
            "update version set state = 'checking'
             where project_id = $1 and version_id = $2 and lease = $3 and state = 'building'",
        )
        .bind(job.version.project_id)
        .bind(job.version.version_id)
        .bind(job.lease)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Gives the build back, for another host to begin anew.
    pub async fn release_build(&self, job: &BuildJob) -> Result<(), ProjectError> {
        sqlx::query(
            "update version
             set state = 'queued', lease = null, lease_until = null, attempts = attempts - 1
             where project_id = $1 and version_id = $2 and lease = $3",
        )
        .bind(job.version.project_id)
        .bind(job.version.version_id)
        .bind(job.lease)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Has the build begin anew after a pause, here or on another host.
    pub async fn retry_build(&self, job: &BuildJob, pause: Duration) -> Result<(), ProjectError> {
        sqlx::query(
            "update version
             set state = 'building', lease = null, lease_until = now() + make_interval(secs => $4)
             where project_id = $1 and version_id = $2 and lease = $3",
        )
        .bind(job.version.project_id)
        .bind(job.version.version_id)
        .bind(job.lease)
        .bind(pause.as_secs_f64())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Records why nothing came of the build.
    pub async fn fail_build(
        &self,
        job: &BuildJob,
        error: &str,
        is_hosts: bool,
    ) -> Result<(), ProjectError> {
        sqlx::query(
            "with failed as (
               update version
               set state = 'failed', error = $4, error_is_hosts = $5, finished_at = now(), lease = null,
                   lease_until = null
               where project_id = $1 and version_id = $2 and lease = $3
               returning version_id)
             delete from upload u using failed f
             where u.project_id = $1 and u.version_id = f.version_id",
        )
        .bind(job.version.project_id)
        .bind(job.version.version_id)
        .bind(job.lease)
        .bind(storable(error))
        .bind(is_hosts)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Records what the build led to, and has it serve if that is still wanted: all of it, or
    /// nothing when the lease was lost.
    pub async fn finish_build(
        &self,
        job: &BuildJob,
        built: &Built<'_>,
        environment: &Environment,
    ) -> Result<Switched, ProjectError> {
        let (project_id, version_id) = (job.version.project_id, job.version.version_id);
        let mut tx = self.pool.begin().await?;
        keep_artifact(&mut tx, built.artifact_sha256, built.artifact).await?;
        let serves: Option<bool> = sqlx::query_scalar(
            "update version
             set state = 'ready', component_sha256 = $4, entry = $5, webhook_path = $6,
                 notes = $7::text::json, finished_at = now(), lease = null, lease_until = null
             where project_id = $1 and version_id = $2 and lease = $3
             returning serves_when_ready",
        )
        .bind(project_id)
        .bind(version_id)
        .bind(job.lease)
        .bind(built.artifact_sha256)
        .bind(built.entry)
        .bind(built.webhook_path)
        .bind(built.notes.to_string())
        .fetch_optional(&mut *tx)
        .await?;
        let Some(serves) = serves else {
            return Ok(Switched::LeaseLost);
        };
        sqlx::query("delete from upload where project_id = $1 and version_id = $2")
            .bind(project_id)
            .bind(version_id)
            .execute(&mut *tx)
            .await?;
        if serves {
            sqlx::query("update project set active_version_id = $2 where project_id = $1")
                .bind(project_id)
                .bind(version_id)
                .execute(&mut *tx)
                .await?;
            self.switch_to(&mut tx, project_id, environment).await?;
        }
        tx.commit().await?;
        Ok(match serves {
            true => Switched::Serves,
            false => Switched::Waits,
        })
    }

    /// Adds lines to a build's log. Of each: whether the host says it, and not the bot.
    pub async fn add_build_log(
        &self,
        project_id: ProjectId,
        version_id: VersionId,
        lines: &[(LogLevel, String, bool)],
    ) -> Result<(), ProjectError> {
        let levels: Vec<LogLevel> = lines.iter().map(|(level, ..)| *level).collect();
        let texts: Vec<String> = lines.iter().map(|(_, text, _)| storable(text)).collect();
        let are_hosts: Vec<bool> = lines.iter().map(|(.., is_hosts)| *is_hosts).collect();
        let done = sqlx::query(
            "insert into version_log (project_id, version_id, line, level, text, is_hosts)
             select $1, $2, coalesce(last.line, 0) + new.nth, new.level, new.text, new.is_hosts
             from unnest($3::text[], $4::text[], $5::boolean[]) with ordinality as new (level, text, is_hosts, nth)
             cross join (select max(line) as line from version_log
                         where project_id = $1 and version_id = $2) last",
        )
        .bind(project_id)
        .bind(version_id)
        .bind(levels)
        .bind(texts)
        .bind(are_hosts)
        .execute(&self.pool)
        .await;
        match done {
            // The project was deleted meanwhile: nobody will read it.
            Err(error)
                if error
                    .as_database_error()
                    .is_some_and(|e| e.is_foreign_key_violation()) =>
            {
                Ok(())
            }
            other => Ok(other.map(drop)?),
        }
    }

    /// Lines of a build's log after line `after`, in order: all, or those that the host says.
    pub async fn build_log(
        &self,
        project_id: ProjectId,
        version_id: VersionId,
        after: i32,
        limit: i64,
        with_bots: bool,
    ) -> Result<Vec<LogLine>, ProjectError> {
        let lines = sqlx::query_as(
            "select line, level, text, at from version_log
             where project_id = $1 and version_id = $2 and line > $3 and (is_hosts or $5)
             order by line limit $4",
        )
        .bind(project_id)
        .bind(version_id)
        .bind(after)
        .bind(limit)
        .bind(with_bots)
        .fetch_all(&self.pool)
        .await?;
        Ok(lines)
    }
}

/// Of the builds that wait all but the newest fail, and that one too when it was begun too often. Gives how many.
async fn give_up_old(conn: &mut PgConnection, project_id: ProjectId) -> Result<u64, sqlx::Error> {
    let given_up = sqlx::query(
        "with waiting as (
           select version_id, number, attempts, max(number) over () as newest from version
           where project_id = $1
             and (state = 'queued' or (state in ('building', 'checking') and lease_until < now()))),
         failed as (
           update version v
           set state = 'failed', finished_at = now(), lease = null, lease_until = null, error_is_hosts = true,
               error = case
                 when w.number < w.newest then
                   'v' || w.newest || ' was deployed before this one was built, and takes its place'
                 else 'the host that built this version stopped ' || w.attempts
                      || ' times in the middle of it: deploy it again, and see the host''s log if that does not help'
               end
           from waiting w
           where v.project_id = $1 and v.version_id = w.version_id
             and (w.number < w.newest or w.attempts >= $2)
           returning v.version_id)
         delete from upload u using failed f where u.project_id = $1 and u.version_id = f.version_id",
    )
    .bind(project_id)
    .bind(MAX_ATTEMPTS)
    .execute(conn)
    .await?;
    Ok(given_up.rows_affected())
}

/// Postgres has no place for NUL in a text.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
