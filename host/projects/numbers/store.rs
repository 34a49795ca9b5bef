//! The SQL of numbers that come and go.

use sqlx::PgConnection;

use super::{AppliedNumber, LeavingNumber, NumberReport, WishedNumber};
use crate::projects::model::{ProjectId, Secret};
use crate::projects::store::{ProjectError, ProjectStore, broken_constraint, token_of};
use crate::projects::vault::Place;

/// Id, account, sealed token, sealed PIN.
type WishRow = (String, String, Vec<u8>, Option<Vec<u8>>);

impl ProjectStore {
    /// Writes down which number a project is to have. `also` runs in the same transaction.
    pub async fn wish_number(
        &self,
        project_id: ProjectId,
        number: &WishedNumber,
        also: impl AsyncFnOnce(&mut PgConnection) -> Result<(), sqlx::Error>,
    ) -> Result<(), ProjectError> {
        let mut tx = self.pool.begin().await?;
        still_stays(&mut tx, project_id).await?;
        self.wish_in(&mut tx, project_id, number).await?;
        also(&mut tx).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(in crate::projects) async fn wish_in(
        &self,
        conn: &mut PgConnection,
        project_id: ProjectId,
        number: &WishedNumber,
    ) -> Result<(), ProjectError> {
        let token = self
            .vault
            .seal_text(&wish_of("token_sealed", project_id), &number.token)?;
        let pin = number.pin.as_ref().map(|pin| {
            self.vault
                .seal_text(&wish_of("pin_sealed", project_id), pin)
        });
        sqlx::query(
            "insert into number_wish (project_id, phone_number_id, waba_id, token_sealed, pin_sealed)
             values ($1, $2, $3, $4, $5)
             on conflict (project_id) do update
             set phone_number_id = excluded.phone_number_id, waba_id = excluded.waba_id,
                 token_sealed = excluded.token_sealed, pin_sealed = excluded.pin_sealed,
                 requested_at = now()",
        )
        .bind(project_id)
        .bind(&number.phone_number_id)
        .bind(&number.waba_id)
        .bind(token)
        .bind(pin.transpose()?)
        .execute(conn)
        .await?;
        Ok(())
    }

    /// The number that a project is to have, if that is not done.
    pub async fn wished_number(
        &self,
        project_id: ProjectId,
    ) -> Result<Option<WishedNumber>, ProjectError> {
        let row: Option<WishRow> = sqlx::query_as(
            "select phone_number_id, waba_id, token_sealed, pin_sealed
             from number_wish where project_id = $1",
        )
        .bind(project_id)
        .fetch_optional(&self.pool)
        .await?;
        let Some((phone_number_id, waba_id, token, pin)) = row else {
            return Ok(None);
        };
        let open =
            |column, sealed: &[u8]| self.vault.open_text(&wish_of(column, project_id), sealed);
        Ok(Some(WishedNumber {
            phone_number_id,
            waba_id,
            token: open("token_sealed", &token)?,
            pin: pin.map(|pin| open("pin_sealed", &pin)).transpose()?,
        }))
    }

    /// Makes the wished number the project's own: from now on its webhooks are the project's. The
    /// one that it had before is leaving, which `also` is told.
    ///
    /// Fails with [`ProjectError::NumberTaken`] when another project has it.
    pub async fn apply_number(
        &self,
        project_id: ProjectId,
        wish: &WishedNumber,
        meta: &AppliedNumber,
        also: impl AsyncFnOnce(&mut PgConnection, bool) -> Result<(), sqlx::Error>,
    ) -> Result<(), ProjectError> {
        let token = self.vault.seal_text(&token_of(project_id), &wish.token)?;
        let mut tx = self.pool.begin().await?;
        still_stays(&mut tx, project_id).await?;
        let before: Option<String> =
            sqlx::query_scalar("select phone_number_id from number where project_id = $1")
                .bind(project_id)
                .fetch_optional(&mut *tx)
                .await?;
        let is_replaced = before.is_some_and(|before| before != wish.phone_number_id);
        if is_replaced {
            self.let_go_in(&mut tx, project_id, false, false).await?;
        }
        sqlx::query(
            "insert into number (phone_number_id, project_id, waba_id, display_phone_number,
                                 token_sealed, verified_name, quality_rating, meta_status)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict on constraint number_one_per_project do update
             set waba_id = excluded.waba_id, display_phone_number = excluded.display_phone_number,
                 token_sealed = excluded.token_sealed, verified_name = excluded.verified_name,
                 quality_rating = excluded.quality_rating, meta_status = excluded.meta_status,
                 connected_at = null, token_refused_at = null, token_refused = null",
        )
        .bind(&wish.phone_number_id)
        .bind(project_id)
        .bind(&wish.waba_id)
        .bind(&meta.display_phone_number)
        .bind(token)
        .bind(&meta.verified_name)
        .bind(&meta.quality_rating)
        .bind(&meta.status)
        .execute(&mut *tx)
        .await
        .map_err(|e| match broken_constraint(&e) {
            Some("number_pkey") => ProjectError::NumberTaken(wish.phone_number_id.clone()),
            Some("number_project_id_fkey") => ProjectError::NotFound(project_id),
            _ => ProjectError::Database(e),
        })?;
        // It is back: Meta must not be told that it left.
        sqlx::query("delete from number_leaving where project_id = $1 and phone_number_id = $2")
            .bind(project_id)
            .bind(&wish.phone_number_id)
            .execute(&mut *tx)
            .await?;
        also(&mut tx, is_replaced).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Notes that Meta agreed to everything, and what it says of the number now.
    pub async fn number_connected(
        &self,
        project_id: ProjectId,
        meta: &AppliedNumber,
    ) -> Result<(), ProjectError> {
        sqlx::query(
            "with wished as (delete from number_wish where project_id = $1)
             update number set connected_at = now(), verified_name = $2, quality_rating = $3,
                               meta_status = $4
             where project_id = $1",
        )
        .bind(project_id)
        .bind(&meta.verified_name)
        .bind(&meta.quality_rating)
        .bind(&meta.status)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// A project's number, as people see it.
    pub async fn number_report(
        &self,
        project_id: ProjectId,
    ) -> Result<Option<NumberReport>, ProjectError> {
        let report = sqlx::query_as(
            "select phone_number_id, waba_id, display_phone_number, verified_name, quality_rating,
                    meta_status, connected_at, token_refused_at, token_refused
             from number where project_id = $1",
        )
        .bind(project_id)
        .fetch_optional(&self.pool)
        .await?;
        Ok(report)
    }

    /// Notes what Meta says of a project's number now.
    pub async fn number_seen(
        &self,
        project_id: ProjectId,
        meta: &AppliedNumber,
    ) -> Result<(), ProjectError> {
        sqlx::query(
            "update number set verified_name = $2, quality_rating = $3, meta_status = $4
             where project_id = $1
               and (verified_name, quality_rating, meta_status) is distinct from ($2, $3, $4)",
        )
        .bind(project_id)
        .bind(&meta.verified_name)
        .bind(&meta.quality_rating)
        .bind(&meta.status)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Notes that Meta refuses a token, of the numbers that have it among those that a call may have been about: a
    /// number, all of an account, a project's. Returns whose they are.
    pub async fn token_refused(
        &self,
        (node, project_id): (&str, Option<ProjectId>),
        token: &str,
        told: &str,
    ) -> Result<Vec<ProjectId>, ProjectError> {
        let rows: Vec<(ProjectId, Vec<u8>)> = sqlx::query_as(
            "select project_id, token_sealed from number
             where phone_number_id = $1 or waba_id = $1 or project_id = $2",
        )
        .bind(node)
        .bind(project_id)
        .fetch_all(&self.pool)
        .await?;
        let theirs = self.with_token(rows, token);
        sqlx::query(
            "update number
             set token_refused_at = coalesce(token_refused_at, statement_timestamp()),
                 token_refused = $2
             where project_id = any($1)",
        )
        .bind(&theirs)
        .bind(told)
        .execute(&self.pool)
        .await?;
        Ok(theirs)
    }

    /// Notes that Meta takes a token again.
    pub async fn token_taken(&self, token: &str) -> Result<Vec<ProjectId>, ProjectError> {
        let rows: Vec<(ProjectId, Vec<u8>)> = sqlx::query_as(
            "select project_id, token_sealed from number where token_refused_at is not null",
        )
        .fetch_all(&self.pool)
        .await?;
        let theirs = self.with_token(rows, token);
        sqlx::query(
            "update number set token_refused_at = null, token_refused = null
             where project_id = any($1)",
        )
        .bind(&theirs)
        .execute(&self.pool)
        .await?;
        Ok(theirs)
    }

    /// The tokens that Meta refuses.
    pub async fn refused_tokens(&self) -> Result<Vec<Secret>, ProjectError> {
        let rows: Vec<(ProjectId, Vec<u8>)> = sqlx::query_as(
            "select project_id, token_sealed from number where token_refused_at is not null",
        )
        .fetch_all(&self.pool)
        .await?;
        let open = |(project_id, sealed): &(ProjectId, Vec<u8>)| {
            self.vault.open_text(&token_of(*project_id), sealed).ok()
        };
        Ok(rows.iter().filter_map(open).collect())
    }

    /// How many numbers there are whose token Meta refuses.
    pub async fn count_refused_tokens(&self) -> Result<i64, sqlx::Error> {
        sqlx::query_scalar("select count(*) from number where token_refused_at is not null")
            .fetch_one(&self.pool)
            .await
    }

    /// Of numbers those that have this token. One that does not open has another.
    fn with_token(&self, rows: Vec<(ProjectId, Vec<u8>)>, token: &str) -> Vec<ProjectId> {
        let has_it = |(project_id, sealed): &(ProjectId, Vec<u8>)| {
            let own = self.vault.open_text(&token_of(*project_id), sealed);
            own.is_ok_and(|own| own.expose() == token)
        };
        let theirs = rows.into_iter().filter(has_it);
        theirs.map(|(project_id, _)| project_id).collect()
    }

    /// Takes a project's number and its wish away. Returns whether it had a number. `also` runs in
    /// the same transaction.
    pub async fn let_number_go(
        &self,
        project_id: ProjectId,
        deregister: bool,
        also: impl AsyncFnOnce(&mut PgConnection, bool) -> Result<(), sqlx::Error>,
    ) -> Result<bool, ProjectError> {
        let mut tx = self.pool.begin().await?;
        still_stays(&mut tx, project_id).await?;
        let wished = sqlx::query("delete from number_wish where project_id = $1")
            .bind(project_id)
            .execute(&mut *tx)
            .await?;
        let had_number = self
            .let_go_in(&mut tx, project_id, deregister, false)
            .await?;
        also(&mut tx, had_number).await?;
        tx.commit().await?;
        Ok(had_number || wished.rows_affected() > 0)
    }

    pub(in crate::projects) async fn let_go_in(
        &self,
        conn: &mut PgConnection,
        project_id: ProjectId,
        deregister: bool,
        comes_back: bool,
    ) -> Result<bool, ProjectError> {
        let moved: Option<(String, String, Vec<u8>)> = sqlx::query_as(
            "delete from number where project_id = $1
             returning phone_number_id, waba_id, token_sealed",
        )
        .bind(project_id)
        .fetch_optional(&mut *conn)
        .await?;
        let Some((phone_number_id, waba_id, token)) = moved else {
            return Ok(false);
        };
        // Sealed for the same project and purpose, so it stays as it is.
        sqlx::query(
            "insert into number_leaving
               (project_id, phone_number_id, waba_id, token_sealed, deregister, comes_back)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (project_id, phone_number_id) do update
             set waba_id = excluded.waba_id, token_sealed = excluded.token_sealed,
                 deregister = excluded.deregister, comes_back = excluded.comes_back, told_at = null",
        )
        .bind(project_id)
        .bind(phone_number_id)
        .bind(waba_id)
        .bind(token)
        .bind(deregister)
        .bind(comes_back)
        .execute(conn)
        .await?;
        Ok(true)
    }

    /// Wishes for the number that a project had when it was deleted. Returns whether it had one.
    pub(in crate::projects) async fn take_back_in(
        &self,
        conn: &mut PgConnection,
        project_id: ProjectId,
    ) -> Result<bool, ProjectError> {
        let row: Option<(String, String, Vec<u8>)> = sqlx::query_as(
            "delete from number_leaving where project_id = $1 and comes_back
             returning phone_number_id, waba_id, token_sealed",
        )
        .bind(project_id)
        .fetch_optional(&mut *conn)
        .await?;
        let Some((phone_number_id, waba_id, token)) = row else {
            return Ok(false);
        };
        let token: Secret = self.vault.open_text(&token_of(project_id), &token)?;
        // Whoever asked for another number meanwhile gets that one.
        let is_wished: bool =
            sqlx::query_scalar("select exists (select from number_wish where project_id = $1)")
                .bind(project_id)
                .fetch_one(&mut *conn)
                .await?;
        if !is_wished {
            let wish = WishedNumber {
                phone_number_id,
                waba_id,
                token,
                pin: None,
            };
            self.wish_in(conn, project_id, &wish).await?;
        }
        Ok(true)
    }

    /// The numbers that a project had and Meta was not told of.
    pub async fn leaving_numbers(
        &self,
        project_id: ProjectId,
    ) -> Result<Vec<LeavingNumber>, ProjectError> {
        let rows: Vec<(String, String, Vec<u8>, bool, bool)> = sqlx::query_as(
            "select phone_number_id, waba_id, token_sealed, deregister, told_at is not null
             from number_leaving where project_id = $1 and told_at is null order by left_at",
        )
        .bind(project_id)
        .fetch_all(&self.pool)
        .await?;
        let leaving =
            |(phone_number_id, waba_id, token, deregister, is_told): (_, _, Vec<u8>, _, _)| {
                Ok(LeavingNumber {
                    phone_number_id,
                    waba_id,
                    token: self.vault.open_text(&token_of(project_id), &token)?,
                    deregister,
                    is_told,
                })
            };
        rows.into_iter().map(leaving).collect()
    }

    /// Meta was told, or never will be.
    pub async fn number_left(
        &self,
        project_id: ProjectId,
        phone_number_id: &str,
    ) -> Result<(), ProjectError> {
        sqlx::query(
            "with gone as (
               delete from number_leaving
               where project_id = $1 and phone_number_id = $2 and not comes_back)
             update number_leaving set told_at = now()
             where project_id = $1 and phone_number_id = $2 and comes_back",
        )
        .bind(project_id)
        .bind(phone_number_id)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Whether any project has a number on an account.
    pub async fn is_account_used(&self, waba_id: &str) -> Result<bool, ProjectError> {
        let used = sqlx::query_scalar("select exists (select from number where waba_id = $1)")
            .bind(waba_id)
            .fetch_one(&self.pool)
            .await?;
        Ok(used)
    }

    /// The right to change who is subscribed to an account, until the transaction ends; none when
    /// another project's steps have it.
    pub async fn lock_account(
        &self,
        waba_id: &str,
    ) -> Result<Option<sqlx::Transaction<'static, sqlx::Postgres>>, ProjectError> {
        let mut tx = self.pool.begin().await?;
        let has_lock: bool = sqlx::query_scalar(
            "select pg_try_advisory_xact_lock(hashtextextended('waba ' || $1, 0))",
        )
        .bind(waba_id)
        .fetch_one(&mut *tx)
        .await?;
        Ok(has_lock.then_some(tx))
    }
}

/// Locks the project. Fails when it is not there, or going.
async fn still_stays(conn: &mut PgConnection, project_id: ProjectId) -> Result<(), ProjectError> {
    let row: Option<(crate::projects::model::ProjectName, bool)> = sqlx::query_as(
        "select name, delete_after is not null from project where project_id = $1
         for no key update",
    )
    .bind(project_id)
    .fetch_optional(conn)
    .await?;
    match row {
        None => Err(ProjectError::NotFound(project_id)),
        Some((name, true)) => Err(ProjectError::Going(name)),
        Some((_, false)) => Ok(()),
    }
}

fn wish_of(column: &'static str, project_id: ProjectId) -> Place<'static> {
    Place {
        table: "number_wish",
        column,
        project_id,
        row: "",
    }
}
