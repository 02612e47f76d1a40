//! The table of jobs.

use futures_util::future::BoxFuture;
use sqlx::SqliteConnection;

use super::{IMMEDIATE, SqliteStore, job_sql, signed};
use crate::store::inbox::milliseconds;
use crate::store::{JobBounds, JobLeft, JobQuery, JobRow, JobStore, Renewed, StoreError};

impl JobStore for SqliteStore {
    fn add_job<'a>(&'a self, row: &'a JobRow) -> BoxFuture<'a, Result<(), StoreError>> {
        let row = row.clone();
        Box::pin(self.change(move |on| Box::pin(async move { job_sql::add(on, &row).await })))
    }

    fn save_job<'a>(
        &'a self,
        row: &'a JobRow,
        left: Option<&'a JobLeft>,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let left = left.cloned().unwrap_or_default();
        if row.is_active {
            // Not through to the disk, as with all that is said of jobs that go on.
            return Box::pin(
                async move { job_sql::save(&mut *self.writer().await?, row, &left).await },
            );
        }
        let row = row.clone();
        Box::pin(
            self.change(move |on| Box::pin(async move { job_sql::save(on, &row, &left).await })),
        )
    }

    fn save_jobs<'a>(
        &'a self,
        holder: &'a str,
        rows: &'a [JobRow],
    ) -> BoxFuture<'a, Result<Renewed, StoreError>> {
        Box::pin(async move {
            let mut renewed = Renewed::default();
            for some in rows.chunks(job_sql::SAVED) {
                let mut on = self.writer.begin_with(IMMEDIATE).await?;
                renewed.extend(save_all(&mut on, holder, some).await?);
                on.commit().await?;
            }
            Ok(renewed)
        })
    }

    fn renew_jobs<'a>(
        &'a self,
        holder: &'a str,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<Renewed, StoreError>> {
        Box::pin(async move { job_sql::renew(&mut *self.writer().await?, holder, ids).await })
    }

    fn job<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<JobRow>, StoreError>> {
        Box::pin(async move { job_sql::find(&mut *self.read_aside().await?, id).await })
    }

    fn jobs<'a>(&'a self, query: &'a JobQuery) -> BoxFuture<'a, Result<Vec<JobRow>, StoreError>> {
        Box::pin(async move { job_sql::list(&mut *self.read_aside().await?, query).await })
    }

    fn job_left<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<JobLeft>, StoreError>> {
        Box::pin(async move { job_sql::left(&mut *self.read_aside().await?, id).await })
    }

    fn ask_to_cancel<'a>(
        &'a self,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<JobRow>, StoreError>> {
        let id = id.to_owned();
        Box::pin(
            self.change(move |on| Box::pin(async move { job_sql::ask_to_cancel(on, &id).await })),
        )
    }

    fn take_job<'a>(
        &'a self,
        id: &'a str,
        holder: &'a str,
    ) -> BoxFuture<'a, Result<Option<JobRow>, StoreError>> {
        let (id, holder) = (id.to_owned(), holder.to_owned());
        Box::pin(
            self.change(move |on| Box::pin(async move { job_sql::take(on, &id, &holder).await })),
        )
    }

    fn take_orphans<'a>(
        &'a self,
        holder: &'a str,
        alone: bool,
    ) -> BoxFuture<'a, Result<Vec<JobRow>, StoreError>> {
        let holder = holder.to_owned();
        Box::pin(self.change(move |on| {
            Box::pin(async move { job_sql::take_orphans(on, &holder, alone).await })
        }))
    }

    fn remove_job<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool, StoreError>> {
        let id = id.to_owned();
        Box::pin(self.change(move |on| Box::pin(async move { job_sql::remove(on, &id).await })))
    }

    fn trim_jobs(&self, bounds: JobBounds) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        Box::pin(self.change(move |on| Box::pin(job_sql::trim(on, bounds))))
    }
}

/// One by one: taken from a list in one statement they would take several times as long.
async fn save_all(
    on: &mut SqliteConnection,
    holder: &str,
    rows: &[JobRow],
) -> Result<Renewed, StoreError> {
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let saved: Option<bool> = sqlx::query_scalar(concat!(
            "UPDATE jobs SET version = $3, lease = $4, record = $5, renewed_at = ",
            now!(),
            " WHERE id = $1 AND holder = $2 AND is_active RETURNING cancel_requested"
        ))
        .bind(&row.id)
        .bind(holder)
        .bind(signed(row.version))
        .bind(milliseconds(row.lease))
        .bind(&row.record)
        .fetch_optional(&mut *on)
        .await?;
        found.extend(saved.map(|cancel| (row.id.clone(), cancel)));
    }
    Ok(job_sql::renewed(rows.iter().map(|row| row.id.as_str()), found.into_iter()))
}
