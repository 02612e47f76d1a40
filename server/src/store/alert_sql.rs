//! Alerts as SQL has them, for every backend that speaks it: each compiles this file for its own kind of connection. What changes
//! something runs in a transaction of its caller's.

use super::{Connection, signed, unsigned};
use crate::store::{AlertRuleRow, AlertStateRow, Saved, StoreError};

type Result<T> = std::result::Result<T, StoreError>;

pub(super) async fn rules(on: &mut Connection) -> Result<Vec<AlertRuleRow>> {
    let rows: Vec<(String, String, String, i64)> = sqlx::query_as(
        "SELECT id, name, rule, created_at FROM alert_rules ORDER BY created_at, id",
    )
    .fetch_all(on)
    .await?;
    let row = |(id, name, rule, at)| AlertRuleRow { id, name, rule, created_at: unsigned(at) };
    Ok(rows.into_iter().map(row).collect())
}

pub(super) async fn save(
    on: &mut Connection,
    row: AlertRuleRow,
    was: Option<String>,
) -> Result<Saved> {
    let other: Option<(i32,)> =
        sqlx::query_as("SELECT 1 FROM alert_rules WHERE name = $1 AND id <> $2")
            .bind(&row.name)
            .bind(&row.id)
            .fetch_optional(&mut *on)
            .await?;
    if other.is_some() {
        return Ok(Saved::NameTaken);
    }
    let query = match &was {
        None => sqlx::query(
            "INSERT INTO alert_rules (id, name, rule, created_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(&row.id)
        .bind(&row.name)
        .bind(&row.rule)
        .bind(signed(row.created_at)),
        Some(was) => {
            sqlx::query("UPDATE alert_rules SET name = $2, rule = $3 WHERE id = $1 AND rule = $4")
                .bind(&row.id)
                .bind(&row.name)
                .bind(&row.rule)
                .bind(was)
        }
    };
    match query.execute(on).await {
        Ok(done) if done.rows_affected() > 0 => Ok(Saved::Yes),
        Ok(_) => Ok(Saved::NotAsItWas),
        // Another server took the name since it was looked for.
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(Saved::NameTaken),
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn remove(on: &mut Connection, id: &str) -> Result<bool> {
    sqlx::query("DELETE FROM alert_states WHERE rule_id = $1").bind(id).execute(&mut *on).await?;
    let removed = sqlx::query("DELETE FROM alert_rules WHERE id = $1").bind(id).execute(on).await?;
    Ok(removed.rows_affected() > 0)
}

pub(super) async fn states(on: &mut Connection, host: &str) -> Result<Vec<AlertStateRow>> {
    type Row = (String, String, String, String, Option<f64>, String, i64, i64, Option<f64>, String);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT rule_id, host, series, side, threshold, state, since, fired, value, told \
         FROM alert_states WHERE host = $1 ORDER BY rule_id, series",
    )
    .bind(host)
    .fetch_all(on)
    .await?;
    let row = |(rule_id, host, series, side, threshold, state, since, fired, value, told): Row| {
        let (since, fired) = (unsigned(since), unsigned(fired));
        AlertStateRow { rule_id, host, series, side, threshold, state, since, fired, value, told }
    };
    Ok(rows.into_iter().map(row).collect())
}

pub(super) async fn keep(
    on: &mut Connection,
    host: &str,
    kept: &[AlertStateRow],
    gone: &[(String, String)],
) -> Result<()> {
    for (rule_id, series) in gone {
        sqlx::query("DELETE FROM alert_states WHERE rule_id = $1 AND host = $2 AND series = $3")
            .bind(rule_id)
            .bind(host)
            .bind(series)
            .execute(&mut *on)
            .await?;
    }
    for row in kept {
        sqlx::query(
            "INSERT INTO alert_states \
             (rule_id, host, series, side, threshold, state, since, fired, value, told) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             ON CONFLICT (rule_id, host, series) DO UPDATE SET side = excluded.side, \
             threshold = excluded.threshold, state = excluded.state, since = excluded.since, fired = excluded.fired, value = excluded.value, \
             told = excluded.told",
        )
        .bind(&row.rule_id)
        .bind(host)
        .bind(&row.series)
        .bind(&row.side)
        .bind(row.threshold)
        .bind(&row.state)
        .bind(signed(row.since))
        .bind(signed(row.fired))
        .bind(row.value)
        .bind(&row.told)
        .execute(&mut *on)
        .await?;
    }
    Ok(())
}
