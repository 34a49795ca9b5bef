//! The SQL of templates, and of what Meta said of them.
//!
//! `offset 0` keeps what an index answers for one account from being read for all of them.

use std::collections::HashMap;

use sqlx::PgConnection;
use sqlx::types::chrono::{DateTime, Utc};

use super::changes::{Change, What};
use super::{Filter, Stored, Templates, Told};
use crate::accounts::Kind;
use crate::projects::ProjectId;

/// When Meta told something, by its own clock; else now.
pub(super) type At = Option<DateTime<Utc>>;

impl Templates {
    /// What is known of an account's templates, or of one name's.
    pub(super) async fn known(
        &self,
        account: &str,
        name: Option<&str>,
    ) -> Result<Vec<Stored>, sqlx::Error> {
        let mut conn = self.pool.acquire().await?;
        known(&mut conn, account, name).await
    }

    /// A project's own templates, in the order of name and language.
    pub(super) async fn of_project(
        &self,
        project: ProjectId,
        filter: &Filter,
        after: Option<(&str, &str)>,
        rows: i64,
    ) -> Result<Vec<Stored>, sqlx::Error> {
        let (after_name, after_language) = after.unzip();
        sqlx::query_as(
            "select t.waba_id, t.template_id, t.name, t.language, t.category, t.status,
                    t.parameter_format, t.components, t.send_ttl_seconds, t.sub_category,
                    t.previous_category, t.correct_category, t.quality, t.rejected_reason, t.said,
                    t.status_at, t.seen_at
             from number n join template t on t.waba_id = n.waba_id
             left join account_object o
               on o.waba_id = t.waba_id and o.kind = $2 and o.object_id = t.name
             where n.project_id = $1
               and (o.project_id = $1
                    or o.object_id is null
                       and not exists (select from number others
                                       where others.waba_id = n.waba_id and others.project_id <> $1
                                       offset 0)
                       and not exists (select from number_leaving others
                                       where others.waba_id = n.waba_id and others.project_id <> $1
                                         and others.comes_back))
               and ($3::text is null or t.name = $3)
               and ($4::text is null or t.language = $4)
               and ($5::text is null or t.status = $5)
               and ($6::text is null or t.category = $6)
               and ($7::text is null or (t.name, t.language) > ($7, $8))
             order by t.name, t.language limit $9",
        )
        .bind(project)
        .bind(Kind::Template)
        .bind(&filter.name)
        .bind(&filter.language)
        .bind(&filter.status)
        .bind(&filter.category)
        .bind(after_name)
        .bind(after_language)
        .bind(rows)
        .fetch_all(&self.pool)
        .await
    }

    /// Writes down what Meta lists of an account, or of one name, and what is different from before.
    /// `asked` is when it was asked: what was told since then is newer.
    pub(super) async fn keep(
        &self,
        account: &str,
        name: Option<&str>,
        listed: &[Stored],
        asked: DateTime<Utc>,
    ) -> Result<Vec<Change>, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        lock(&mut tx, account).await?;
        let known: HashMap<String, Stored> = known(&mut tx, account, name)
            .await?
            .into_iter()
            .map(|row| (row.template_id.clone(), row))
            .collect();
        let mut changes = Vec::new();
        let gone: Vec<&Stored> = known
            .values()
            .filter(|row| {
                listed
                    .iter()
                    .all(|there| there.template_id != row.template_id)
            })
            .filter(|row| row.seen_at < asked)
            .collect();
        let ids: Vec<&str> = gone.iter().map(|row| row.template_id.as_str()).collect();
        delete(&mut tx, account, &ids).await?;
        changes.extend(gone.iter().map(|row| Change::gone(row)));
        for there in listed {
            let before = known.get(&there.template_id);
            let mut there = there.clone();
            if let Some(before) = before {
                let is_newer = |at: At| at.is_some_and(|at| at > asked);
                if is_newer(before.status_at) {
                    there.status.clone_from(&before.status);
                    there.rejected_reason.clone_from(&before.rejected_reason);
                }
                if there.status == before.status {
                    there.said.clone_from(&before.said);
                }
                there.status_at = before.status_at;
                if before.is_as(&there) {
                    continue;
                }
            }
            upsert(&mut tx, &there).await?;
            changes.extend(Change::between(before, &there));
        }
        let ids: Vec<&str> = listed.iter().map(|row| row.template_id.as_str()).collect();
        sqlx::query(
            "update template set seen_at = now() where waba_id = $1 and template_id = any($2)",
        )
        .bind(account)
        .bind(&ids)
        .execute(&mut *tx)
        .await?;
        let mut fresh = Vec::new();
        for change in changes {
            if tell(&mut tx, account, &change, None).await? {
                fresh.push(change);
            }
        }
        tx.commit().await?;
        Ok(fresh)
    }

    /// Writes down a template that was just made. Meta's webhook may have come before its answer.
    pub(super) async fn keep_made(&self, made: &Stored) -> Result<Stored, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        lock(&mut tx, &made.waba_id).await?;
        upsert(&mut tx, made).await?;
        tell(&mut tx, &made.waba_id, &Change::made(made), None).await?;
        sqlx::query(
            "update template t set status = heard.after, said = heard.told, status_at = heard.at
             from (select after, told, at from template_change
                   where waba_id = $1 and template_id = $2 and what = $3 and after is not null
                   order by at desc, change_id desc limit 1) as heard
             where t.waba_id = $1 and t.template_id = $2",
        )
        .bind(&made.waba_id)
        .bind(&made.template_id)
        .bind(What::Status)
        .execute(&mut *tx)
        .await?;
        let kept = known(&mut tx, &made.waba_id, Some(&made.name)).await?;
        tx.commit().await?;
        let is_it = |row: &Stored| row.template_id == made.template_id;
        Ok(kept.into_iter().find(is_it).unwrap_or_else(|| made.clone()))
    }

    /// Forgets templates that are deleted.
    pub(super) async fn forget(&self, gone: &[&Stored]) -> Result<(), sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        for row in gone {
            lock(&mut tx, &row.waba_id).await?;
            delete(&mut tx, &row.waba_id, &[&row.template_id]).await?;
            tell(&mut tx, &row.waba_id, &Change::gone(row), None).await?;
        }
        tx.commit().await
    }

    /// Has what Meta's webhook told replace what is older. Whether it is news.
    pub(super) async fn keep_heard(
        &self,
        account: &str,
        change: &Change,
        at: At,
        key: &str,
    ) -> Result<bool, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        // What no project has a number in is no account of this host's.
        let is_ours: bool =
            sqlx::query_scalar("select exists (select from number where waba_id = $1)")
                .bind(account)
                .fetch_one(&mut *tx)
                .await?;
        if !is_ours {
            return Ok(false);
        }
        lock(&mut tx, account).await?;
        let is_news = tell(&mut tx, account, change, Some((at, key))).await?;
        if is_news {
            apply(&mut tx, account, change, at).await?;
        }
        tx.commit().await?;
        Ok(is_news)
    }

    /// What was told of a project's templates, the newest first.
    pub(super) async fn told(
        &self,
        project: ProjectId,
        name: Option<&str>,
        before: Option<i64>,
        rows: i64,
    ) -> Result<Vec<Told>, sqlx::Error> {
        sqlx::query_as(
            "select c.change_id, c.name, c.language, c.what, c.before, c.after, c.told, c.at
             from number n join template_change c on c.waba_id = n.waba_id
             left join account_object o
               on o.waba_id = c.waba_id and o.kind = $2 and o.object_id = c.name
             where n.project_id = $1
               and (o.project_id = $1
                    or o.object_id is null
                       and not exists (select from number others
                                       where others.waba_id = n.waba_id and others.project_id <> $1
                                       offset 0)
                       and not exists (select from number_leaving others
                                       where others.waba_id = n.waba_id and others.project_id <> $1
                                         and others.comes_back))
               and ($3::text is null or c.name = $3)
               and ($4::bigint is null or c.change_id < $4)
             order by c.change_id desc limit $5",
        )
        .bind(project)
        .bind(Kind::Template)
        .bind(name)
        .bind(before)
        .bind(rows)
        .fetch_all(&self.pool)
        .await
    }

    /// What was told of an account's templates that no project owns, the newest first.
    pub(super) async fn told_to_nobody(
        &self,
        account: &str,
        rows: i64,
    ) -> Result<Vec<Told>, sqlx::Error> {
        sqlx::query_as(
            "select c.change_id, c.name, c.language, c.what, c.before, c.after, c.told, c.at
             from template_change c
             left join account_object o
               on o.waba_id = c.waba_id and o.kind = $2 and o.object_id = c.name
             where c.waba_id = $1 and o.project_id is null
             order by c.change_id desc limit $3",
        )
        .bind(account)
        .bind(Kind::Template)
        .bind(rows)
        .fetch_all(&self.pool)
        .await
    }

    /// Forgets what was told long ago.
    pub(super) async fn forget_told(&self) -> Result<(), sqlx::Error> {
        sqlx::query("delete from template_change where at < now() - interval '400 days'")
            .execute(&self.pool)
            .await
            .map(drop)
    }

    /// The names of an account's templates, whoever owns them.
    pub(super) async fn names_of(&self, account: &str) -> Result<Vec<String>, sqlx::Error> {
        sqlx::query_scalar("select distinct name from template where waba_id = $1 order by name")
            .bind(account)
            .fetch_all(&self.pool)
            .await
    }

    /// The projects with numbers in each account, for their tokens.
    pub(super) async fn accounts_with_projects(
        &self,
    ) -> Result<Vec<(String, Vec<ProjectId>)>, sqlx::Error> {
        sqlx::query_as(
            "select n.waba_id, array_agg(n.project_id order by n.created_at)
             from number n join project p on p.project_id = n.project_id
             where p.delete_after is null and n.connected_at is not null
             group by n.waba_id order by n.waba_id",
        )
        .fetch_all(&self.pool)
        .await
    }

    /// How a comparison with Meta ended.
    pub(super) async fn synced(
        &self,
        account: &str,
        error: Option<&str>,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into template_sync (waba_id, synced_at, tried_at, error)
             values ($1, case when $2::text is null then now() end, now(), $2)
             on conflict (waba_id) do update
             set synced_at = coalesce(excluded.synced_at, template_sync.synced_at),
                 tried_at = excluded.tried_at, error = excluded.error",
        )
        .bind(account)
        .bind(error)
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// When an account was compared with Meta, and why not since.
    pub(super) async fn sync_of(
        &self,
        account: &str,
    ) -> Result<Option<(At, Option<String>)>, sqlx::Error> {
        sqlx::query_as("select synced_at, error from template_sync where waba_id = $1")
            .bind(account)
            .fetch_optional(&self.pool)
            .await
    }

    pub(super) async fn now(&self) -> Result<DateTime<Utc>, sqlx::Error> {
        sqlx::query_scalar("select statement_timestamp()")
            .fetch_one(&self.pool)
            .await
    }
}

/// One at a time for an account: what Meta lists and what it tells must not cross.
async fn lock(conn: &mut PgConnection, account: &str) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('templates of ' || $1, 0))")
        .bind(account)
        .execute(conn)
        .await
        .map(drop)
}

async fn known(
    conn: &mut PgConnection,
    account: &str,
    name: Option<&str>,
) -> Result<Vec<Stored>, sqlx::Error> {
    let Some(name) = name else {
        return sqlx::query_as(
            "select waba_id, template_id, name, language, category, status, parameter_format,
                    components, send_ttl_seconds, sub_category, previous_category,
                    correct_category, quality, rejected_reason, said, status_at, seen_at
             from template where waba_id = $1 order by name, language",
        )
        .bind(account)
        .fetch_all(conn)
        .await;
    };
    sqlx::query_as(
        "select waba_id, template_id, name, language, category, status, parameter_format,
                components, send_ttl_seconds, sub_category, previous_category, correct_category,
                quality, rejected_reason, said, status_at, seen_at
         from template where waba_id = $1 and name = $2 order by name, language",
    )
    .bind(account)
    .bind(name)
    .fetch_all(conn)
    .await
}

async fn delete(conn: &mut PgConnection, account: &str, ids: &[&str]) -> Result<(), sqlx::Error> {
    sqlx::query("delete from template where waba_id = $1 and template_id = any($2)")
        .bind(account)
        .bind(ids)
        .execute(conn)
        .await
        .map(drop)
}

async fn upsert(conn: &mut PgConnection, row: &Stored) -> Result<(), sqlx::Error> {
    // One of the same name and language that was made anew has another id.
    sqlx::query(
        "delete from template
         where waba_id = $1 and name = $2 and language = $3 and template_id <> $4",
    )
    .bind(&row.waba_id)
    .bind(&row.name)
    .bind(&row.language)
    .bind(&row.template_id)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "insert into template
           (waba_id, template_id, name, language, category, status, parameter_format, components,
            send_ttl_seconds, sub_category, previous_category, correct_category, quality,
            rejected_reason, said, status_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         on conflict (waba_id, template_id) do update
         set name = excluded.name, language = excluded.language, category = excluded.category,
             status = excluded.status, parameter_format = excluded.parameter_format,
             components = excluded.components, send_ttl_seconds = excluded.send_ttl_seconds,
             sub_category = excluded.sub_category,
             previous_category = excluded.previous_category,
             correct_category = excluded.correct_category, quality = excluded.quality,
             rejected_reason = excluded.rejected_reason, said = excluded.said,
             status_at = excluded.status_at, seen_at = now()",
    )
    .bind(&row.waba_id)
    .bind(&row.template_id)
    .bind(&row.name)
    .bind(&row.language)
    .bind(&row.category)
    .bind(&row.status)
    .bind(&row.parameter_format)
    .bind(&row.components)
    .bind(row.send_ttl_seconds)
    .bind(&row.sub_category)
    .bind(&row.previous_category)
    .bind(&row.correct_category)
    .bind(&row.quality)
    .bind(&row.rejected_reason)
    .bind(&row.said)
    .bind(row.status_at)
    .execute(conn)
    .await
    .map(drop)
}

/// Writes a change down; whether it is a new one.
async fn tell(
    conn: &mut PgConnection,
    account: &str,
    change: &Change,
    heard: Option<(At, &str)>,
) -> Result<bool, sqlx::Error> {
    let (at, key) = heard.unzip();
    let told = sqlx::query(
        "insert into template_change
           (waba_id, template_id, name, language, what, before, after, told, at, dedupe_key)
         values ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9, now()),
                 coalesce($10, gen_random_uuid()::text))
         on conflict on constraint template_change_is_new do nothing",
    )
    .bind(account)
    .bind(&change.template_id)
    .bind(&change.name)
    .bind(&change.language)
    .bind(change.what)
    .bind(&change.before)
    .bind(&change.after)
    .bind(&change.told)
    .bind(at.flatten())
    .bind(key)
    .execute(conn)
    .await?;
    Ok(told.rows_affected() > 0)
}

/// What a webhook says of a template that is known, unless something newer was said.
async fn apply(
    conn: &mut PgConnection,
    account: &str,
    change: &Change,
    at: At,
) -> Result<(), sqlx::Error> {
    let id = &change.template_id;
    match change.what {
        What::Made => return Ok(()),
        What::Gone => return delete(conn, account, &[id]).await,
        What::Status => {
            let status = sqlx::query(
                "update template
                 set status = coalesce($3, status), said = $4, status_at = coalesce($5, now()),
                     rejected_reason = case when $3 = 'REJECTED' then $6 end
                 where waba_id = $1 and template_id = $2
                   and (status_at is null or $5::timestamptz is null or status_at <= $5)",
            );
            let status = status.bind(account).bind(id).bind(&change.after);
            let status = status.bind(&change.told).bind(at).bind(&change.reason);
            status.execute(conn).await?;
        }
        What::Quality => {
            let quality = sqlx::query(
                "update template set quality = $3, quality_at = coalesce($4, now())
                 where waba_id = $1 and template_id = $2
                   and (quality_at is null or $4::timestamptz is null or quality_at <= $4)",
            );
            let quality = quality.bind(account).bind(id).bind(&change.after).bind(at);
            quality.execute(conn).await?;
        }
        What::Category => {
            let category = sqlx::query(
                "update template
                 set previous_category = case when $4::text is null and category <> $3
                                              then category else previous_category end,
                     category = case when $4::text is null then coalesce($3, category)
                                     else category end,
                     correct_category = $4
                 where waba_id = $1 and template_id = $2",
            );
            let category = category.bind(account).bind(id);
            let category = category.bind(&change.after).bind(&change.reason);
            category.execute(conn).await?;
        }
        // What Meta tells of these is not all of them: it is asked again before they are used.
        What::Components => {
            let stale = sqlx::query(
                "update template set seen_at = to_timestamp(0)
                 where waba_id = $1 and template_id = $2",
            );
            stale.bind(account).bind(id).execute(conn).await?;
        }
    }
    Ok(())
}
