//! The SQL of what accounts have.

use std::collections::HashMap;

use super::{Account, Accounts, GiveError, Kind, Owned, Owner};
use crate::projects::ProjectId;

impl Accounts {
    /// Whose several things of one kind are, by their ids.
    pub async fn owners_of(
        &self,
        account: &str,
        kind: Kind,
        ids: &[String],
    ) -> Result<HashMap<String, Owner>, sqlx::Error> {
        let rows: Vec<(String, bool, Option<ProjectId>, Option<ProjectId>)> = sqlx::query_as(
            "select wanted.id, o.object_id is not null, o.project_id, alone.project_id
             from (select distinct id from unnest($3::text[]) as given (id)) as wanted
             left join account_object o
               on o.waba_id = $1 and o.kind = $2 and o.object_id = wanted.id
             cross join (
               select case when count(*) = 1 then (array_agg(there.project_id))[1] end as project_id
               from (select project_id from number where waba_id = $1
                     union
                     select project_id from number_leaving where waba_id = $1 and comes_back)
                    as there) as alone",
        )
        .bind(account)
        .bind(kind)
        .bind(ids)
        .fetch_all(&self.pool)
        .await?;
        let mut owners = HashMap::new();
        for (id, is_written, owner, alone) in rows {
            let project = if is_written { owner } else { alone };
            owners.insert(id, project.map_or(Owner::Operator, Owner::Project));
        }
        Ok(owners)
    }

    /// Has a project own what nobody owns yet, and says which of these are its own now. What was there before
    /// at Meta is for the caller to look at: in an account of several projects that is the operator's.
    pub async fn claim(
        &self,
        account: &str,
        kind: Kind,
        ids: &[String],
        project: ProjectId,
    ) -> Result<Vec<String>, sqlx::Error> {
        sqlx::query(
            "insert into account_object (waba_id, kind, object_id, project_id)
             select distinct $1, $2, id, $4::uuid from unnest($3::text[]) as claimed (id)
             order by 3
             on conflict (waba_id, kind, object_id) do nothing",
        )
        .bind(account)
        .bind(kind)
        .bind(ids)
        .bind(project)
        .execute(&self.pool)
        .await?;
        sqlx::query_scalar(
            "select object_id from account_object
             where waba_id = $1 and kind = $2 and object_id = any($3) and project_id = $4
             order by object_id",
        )
        .bind(account)
        .bind(kind)
        .bind(ids)
        .bind(project)
        .fetch_all(&self.pool)
        .await
    }

    /// Writes down for good what is the only project's of an account, before another one comes.
    pub async fn settle(
        &self,
        account: &str,
        kind: Kind,
        ids: &[String],
    ) -> Result<(), sqlx::Error> {
        let owners = self.owners_of(account, kind, ids).await?;
        let mut by_project: HashMap<ProjectId, Vec<String>> = HashMap::new();
        for (id, owner) in owners {
            if let Owner::Project(project) = owner {
                by_project.entry(project).or_default().push(id);
            }
        }
        for (project, ids) in by_project {
            self.claim(account, kind, &ids, project).await?;
        }
        Ok(())
    }

    /// Ends what a project owns: what was to be made was not, or is gone.
    pub async fn release(
        &self,
        account: &str,
        kind: Kind,
        id: &str,
        project: ProjectId,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "delete from account_object
             where waba_id = $1 and kind = $2 and object_id = $3 and project_id = $4",
        )
        .bind(account)
        .bind(kind)
        .bind(id)
        .bind(project)
        .execute(&self.pool)
        .await
        .map(drop)
    }

    /// Gives something to a project, or to nobody but the operator, whoever had it.
    ///
    /// Fails with [`GiveError::NotThere`] when the project has no number in the account.
    pub async fn give(
        &self,
        account: &str,
        kind: Kind,
        id: &str,
        to: Option<(ProjectId, &str)>,
    ) -> Result<(), GiveError> {
        let given = sqlx::query(
            "insert into account_object (waba_id, kind, object_id, project_id)
             select $1, $2, $3, $4::uuid
             where $4::uuid is null
                or exists (select from number where waba_id = $1 and project_id = $4)
             on conflict (waba_id, kind, object_id)
             do update set project_id = excluded.project_id, since = now()",
        )
        .bind(account)
        .bind(kind)
        .bind(id)
        .bind(to.map(|(project, _)| project))
        .execute(&self.pool)
        .await?;
        match to {
            Some((_, name)) if given.rows_affected() == 0 => Err(GiveError::NotThere {
                project: name.to_owned(),
                account: account.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// The accounts of which projects have numbers, after the one with this id.
    pub async fn list(&self, after: Option<&str>, rows: i64) -> Result<Vec<Account>, sqlx::Error> {
        sqlx::query_as(
            "select n.waba_id, array_agg(p.name order by p.name) as projects,
                    (select count(*) from account_object o
                     where o.waba_id = n.waba_id and o.project_id is not null) as owned
             from number n join project p on p.project_id = n.project_id
             where ($1::text is null or n.waba_id > $1)
             group by n.waba_id order by n.waba_id limit $2",
        )
        .bind(after)
        .bind(rows)
        .fetch_all(&self.pool)
        .await
    }

    /// One account; `None` when no project has a number in it.
    pub async fn find(&self, account: &str) -> Result<Option<Account>, sqlx::Error> {
        sqlx::query_as(
            "select n.waba_id, array_agg(p.name order by p.name) as projects,
                    (select count(*) from account_object o
                     where o.waba_id = n.waba_id and o.project_id is not null) as owned
             from number n join project p on p.project_id = n.project_id
             where n.waba_id = $1 group by n.waba_id",
        )
        .bind(account)
        .fetch_optional(&self.pool)
        .await
    }

    /// What of an account has an owner, or was given to the operator.
    pub async fn owned(&self, account: &str) -> Result<Vec<Owned>, sqlx::Error> {
        sqlx::query_as(
            "select o.kind, o.object_id, p.name as project, o.since
             from account_object o left join project p on p.project_id = o.project_id
             where o.waba_id = $1 order by o.kind, o.object_id",
        )
        .bind(account)
        .fetch_all(&self.pool)
        .await
    }

    /// The account that a project's number is in.
    pub async fn of(&self, project: ProjectId) -> Result<Option<String>, sqlx::Error> {
        sqlx::query_scalar("select waba_id from number where project_id = $1")
            .bind(project)
            .fetch_optional(&self.pool)
            .await
    }
}
