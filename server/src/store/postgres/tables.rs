//! The tables: whether the database can have them, and bringing them up to date.

use std::time::Duration;

use sqlx::PgConnection;
use sqlx::migrate::Migrator;

use super::error::{self, within};
use crate::store::StoreError;

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("./migrations/postgres");

/// Oldest Postgres that has all that is used here.
const OLDEST: u32 = 12_00_00;

/// How long a look may take.
const LOOK: Duration = Duration::from_secs(12);

/// How long tables may take to be brought up to date: they may be large, and who ends it in between begins anew.
const MIGRATE: Duration = Duration::from_secs(3_600);

/// Tables of others where ours would be made; those of extensions lie there by habit.
const FOREIGN: &str = "SELECT count(*) FROM pg_class \
     WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') \
         AND relname <> '_sqlx_migrations' AND NOT EXISTS ( \
             SELECT 1 FROM pg_depend WHERE classid = 'pg_class'::regclass \
                 AND objid = pg_class.oid AND deptype = 'e' \
         )";

/// Looks whether the database can be used, and brings its tables up to date.
pub(super) async fn prepare(on: &mut PgConnection, database: &str) -> Result<(), StoreError> {
    within(LOOK, look(on, database)).await?;
    let migrating = async {
        sqlx::query("SET statement_timeout = 0").execute(&mut *on).await?;
        // As `run` does: the compiler cannot prove of that one that its future may go to another thread.
        let migrated = MIGRATIONS.run_direct(None, &mut *on, false).await;
        migrated.map_err(|error| error::of_migration(error, database))?;
        sqlx::query("SET statement_timeout = '10s'").execute(on).await?;
        Ok(())
    };
    within(MIGRATE, migrating).await
}

async fn look(on: &mut PgConnection, database: &str) -> Result<(), StoreError> {
    let unsuitable = |reason| Err(StoreError::Unsuitable { database: database.to_owned(), reason });
    if on.server_version_num().is_some_and(|version| version < OLDEST) {
        return unsuitable("its Postgres is older than 12");
    }
    let encoding: String =
        sqlx::query_scalar("SELECT current_setting('server_encoding')").fetch_one(&mut *on).await?;
    if encoding != "UTF8" {
        return unsuitable("its encoding is not UTF8; make one with `createdb --encoding=UTF8`");
    }
    // Before any table is made: half of ours in a database of somebody else's would stay there.
    let foreign: i64 = sqlx::query_scalar(FOREIGN).fetch_one(&mut *on).await?;
    // In this order: another server that shares the database may be making them.
    if foreign > 0 && !has_ours(on).await? {
        return unsuitable("it has tables of something else; name a database of its own");
    }
    Ok(())
}

/// Whether tables were made here before; if not by us, the first of them says so.
async fn has_ours(on: &mut PgConnection) -> Result<bool, StoreError> {
    let is_there =
        "SELECT to_regclass(quote_ident(current_schema()) || '._sqlx_migrations') IS NOT NULL";
    if !sqlx::query_scalar::<_, bool>(is_there).fetch_one(&mut *on).await? {
        return Ok(false);
    }
    let any = "SELECT EXISTS (SELECT 1 FROM _sqlx_migrations)";
    Ok(sqlx::query_scalar(any).fetch_one(on).await?)
}
