//! The table of jobs.

use futures_util::future::BoxFuture;
use sqlx::PgConnection;

use super::{PostgresStore, job_sql, signed};
use crate::store::inbox::milliseconds;
use crate::store::{JobBounds, JobLeft, JobQuery, JobRow, JobStore, Renewed, StoreError};

impl PostgresStore {
    /// Runs `change`, of which each statement is a transaction.
    async fn say<T: Send + 'static>(
        &self,
        change: impl for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, StoreError>>
        + Send
        + 'static,
    ) -> Result<T, StoreError> {
        self.writer.run(|writing| change(writing.on())).await
    }
}

impl JobStore for PostgresStore {
    fn add_job<'a>(&'a self, row: &'a JobRow) -> BoxFuture<'a, Result<(), StoreError>> {
        let row = row.clone();
        Box::pin(self.say(move |on| Box::pin(async move { job_sql::add(on, &row).await })))
    }

    fn save_job<'a>(
        &'a self,
        row: &'a JobRow,
        left: Option<&'a JobLeft>,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let (row, left) = (row.clone(), left.cloned().unwrap_or_default());
        Box::pin(self.say(move |on| Box::pin(async move { job_sql::save(on, &row, &left).await })))
    }

    fn save_jobs<'a>(
        &'a self,
        holder: &'a str,
        rows: &'a [JobRow],
    ) -> BoxFuture<'a, Result<Renewed, StoreError>> {
        Box::pin(async move {
            let mut renewed = Renewed::default();
            for some in rows.chunks(job_sql::SAVED) {
                let (holder, some) = (holder.to_owned(), some.to_vec());
                let save =
                    self.say(move |on| Box::pin(async move { save_all(on, &holder, &some).await }));
                renewed.extend(save.await?);
            }
            Ok(renewed)
        })
    }

    fn renew_jobs<'a>(
        &'a self,
        holder: &'a str,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<Renewed, StoreError>> {
        let (holder, ids) = (holder.to_owned(), ids.to_vec());
        Box::pin(
            self.say(move |on| Box::pin(async move { job_sql::renew(on, &holder, &ids).await })),
        )
    }

    fn job<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<JobRow>, StoreError>> {
        let id = id.to_owned();
        Box::pin(self.look(move |on| Box::pin(async move { job_sql::find(on, &id).await })))
    }

    fn jobs<'a>(&'a self, query: &'a JobQuery) -> BoxFuture<'a, Result<Vec<JobRow>, StoreError>> {
        let query = query.clone();
        Box::pin(self.look(move |on| Box::pin(async move { job_sql::list(on, &query).await })))
    }

    fn job_left<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<JobLeft>, StoreError>> {
        let id = id.to_owned();
        Box::pin(self.look(move |on| Box::pin(async move { job_sql::left(on, &id).await })))
    }

    fn ask_to_cancel<'a>(
        &'a self,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<JobRow>, StoreError>> {
        let id = id.to_owned();
        Box::pin(self.say(move |on| Box::pin(async move { job_sql::ask_to_cancel(on, &id).await })))
    }

    fn take_job<'a>(
        &'a self,
        id: &'a str,
        holder: &'a str,
    ) -> BoxFuture<'a, Result<Option<JobRow>, StoreError>> {
        let (id, holder) = (id.to_owned(), holder.to_owned());
        Box::pin(self.say(move |on| Box::pin(async move { job_sql::take(on, &id, &holder).await })))
    }

    fn take_orphans<'a>(
        &'a self,
        holder: &'a str,
        alone: bool,
    ) -> BoxFuture<'a, Result<Vec<JobRow>, StoreError>> {
        let holder = holder.to_owned();
        Box::pin(self.say(move |on| {
            Box::pin(async move { job_sql::take_orphans(on, &holder, alone).await })
        }))
    }

    fn remove_job<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool, StoreError>> {
        let id = id.to_owned();
        Box::pin(self.say(move |on| Box::pin(async move { job_sql::remove(on, &id).await })))
    }

    fn trim_jobs(&self, bounds: JobBounds) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        Box::pin(self.say(move |on| Box::pin(job_sql::trim(on, bounds))))
    }
}

/// In one round trip, however many they are.
pub(super) async fn save_all(
    on: &mut PgConnection,
    holder: &str,
    rows: &[JobRow],
) -> Result<Renewed, StoreError> {
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let versions: Vec<i64> = rows.iter().map(|row| signed(row.version)).collect();
    let leases: Vec<i64> = rows.iter().map(|row| milliseconds(row.lease)).collect();
    let records: Vec<&str> = rows.iter().map(|row| row.record.as_str()).collect();
    let found: Vec<(String, bool, String)> = sqlx::query_as(concat!(
        "WITH own AS ( \
             SELECT id FROM jobs WHERE id = ANY ($2) AND holder = $1 AND is_active \
             ORDER BY id ",
        locked!(),
        ") UPDATE jobs SET version = new.version, lease = new.lease, record = new.record, \
             renewed_at = ",
        now!(),
        " FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[]) \
             AS new (id, version, lease, record) \
         WHERE jobs.id = new.id AND jobs.id IN (SELECT id FROM own) \
         RETURNING jobs.id, jobs.cancel_requested, ",
        unflushed!()
    ))
    .bind(holder)
    .bind(&ids)
    .bind(versions)
    .bind(leases)
    .bind(records)
    .fetch_all(on)
    .await?;
    let found = found.into_iter().map(|(id, cancel, _)| (id, cancel));
    Ok(job_sql::renewed(ids.into_iter(), found))
}
