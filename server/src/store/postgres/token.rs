//! The table of tokens.

use futures_util::future::BoxFuture;
use sqlx::{Connection as _, PgConnection};

use super::error::within;
use super::reader::READ;
use super::{PostgresStore, signed, unsigned};
use crate::store::{StoreError, TokenRow, TokenStore};

type Row = (String, String, String, String, String, i64, Option<i64>);

impl TokenStore for PostgresStore {
    fn tokens(&self, now: u64) -> BoxFuture<'_, Result<Vec<TokenRow>, StoreError>> {
        Box::pin(async move {
            let mut reading = self.read_aside().await?;
            let read = within(READ, all(&mut reading.on, now)).await;
            reading.end(read).await
        })
    }

    fn add_token<'a>(
        &'a self,
        token: &'a TokenRow,
        forget: u64,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let token = token.clone();
        Box::pin(
            self.writer.run(move |writing| {
                Box::pin(async move { add(writing.on(), &token, forget).await })
            }),
        )
    }

    fn revoke_token<'a>(&'a self, id: &'a str, at: u64) -> BoxFuture<'a, Result<bool, StoreError>> {
        let id = id.to_owned();
        Box::pin(
            self.writer
                .run(move |writing| Box::pin(async move { revoke(writing.on(), &id, at).await })),
        )
    }
}

async fn all(on: &mut PgConnection, now: u64) -> Result<Vec<TokenRow>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, name, user_id, digest, scopes, created_at, expires_at FROM tokens \
         WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $1) \
         ORDER BY created_at, id",
    )
    .bind(signed(now))
    .fetch_all(on)
    .await?;
    let token = |(id, name, user_id, digest, scopes, created_at, expires_at): Row| TokenRow {
        id,
        name,
        user_id,
        digest,
        scopes: scopes.split_whitespace().map(str::to_owned).collect(),
        created_at: unsigned(created_at),
        expires_at: expires_at.map(unsigned),
    };
    Ok(rows.into_iter().map(token).collect())
}

async fn add(on: &mut PgConnection, token: &TokenRow, forget: u64) -> Result<(), StoreError> {
    let mut transaction = on.begin().await?;
    sqlx::query("DELETE FROM tokens WHERE coalesce(revoked_at, expires_at) < $1")
        .bind(signed(forget))
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "INSERT INTO tokens (id, name, user_id, digest, scopes, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&token.id)
    .bind(&token.name)
    .bind(&token.user_id)
    .bind(&token.digest)
    .bind(token.scopes.join(" "))
    .bind(signed(token.created_at))
    .bind(token.expires_at.map(signed))
    .execute(&mut *transaction)
    .await?;
    Ok(transaction.commit().await?)
}

async fn revoke(on: &mut PgConnection, id: &str, at: u64) -> Result<bool, StoreError> {
    let revoked =
        sqlx::query("UPDATE tokens SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL")
            .bind(signed(at))
            .bind(id)
            .execute(on)
            .await?;
    Ok(revoked.rows_affected() > 0)
}
