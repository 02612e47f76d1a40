//! Which of the servers that share the database speaks for a machine: the one with a row whose time has not run out, by the
//! clock of the database. In a transaction of the caller's.

use std::time::Duration;

use super::{Connection, signed};
use crate::store::{Speaks, StoreError};

type Result<T> = std::result::Result<T, StoreError>;

/// Has `server` speak for `host` for so long from now, unless another does.
pub(super) async fn claim(
    on: &mut Connection,
    host: &str,
    server: &str,
    time: Duration,
) -> Result<Speaks> {
    let time = signed(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    let still = concat!(
        "UPDATE alert_speakers SET until = $3 + ",
        now!(),
        " WHERE host = $1 AND server = $2"
    );
    let anew = concat!(
        "INSERT INTO alert_speakers (host, server, until) VALUES ($1, $2, $3 + ",
        now!(),
        ") ON CONFLICT (host) DO UPDATE SET server = excluded.server, until = excluded.until \
         WHERE alert_speakers.until < ",
        now!()
    );
    for (claim, speaks) in [(still, Speaks::Still), (anew, Speaks::Anew)] {
        let claim = sqlx::query(claim).bind(host).bind(server).bind(time);
        if claim.execute(&mut *on).await?.rows_affected() > 0 {
            return Ok(speaks);
        }
    }
    Ok(Speaks::No)
}

/// Whether `server` speaks for `host`, which stays so until the transaction ends.
pub(super) async fn hold(on: &mut Connection, host: &str, server: &str) -> Result<bool> {
    let row: Option<(i32,)> =
        sqlx::query_as("SELECT 1 FROM alert_speakers WHERE host = $1 AND server = $2 FOR UPDATE")
            .bind(host)
            .bind(server)
            .fetch_optional(on)
            .await?;
    Ok(row.is_some())
}

/// Lets another speak for `host`, if `server` does.
pub(super) async fn leave(on: &mut Connection, host: &str, server: &str) -> Result<()> {
    sqlx::query("DELETE FROM alert_speakers WHERE host = $1 AND server = $2")
        .bind(host)
        .bind(server)
        .execute(on)
        .await?;
    Ok(())
}
