//! The table of tokens.

use std::path::Path;

use futures_util::future::BoxFuture;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::{IMMEDIATE, SqliteStore, signed, unsigned};
use crate::store::{StoreError, TokenRow, TokenStore};

impl SqliteStore {
    /// Whether the file at `path` holds tokens that are good at `now`, in ms since the epoch. Leaves it as it is; one that
    /// cannot be read has none.
    pub async fn has_tokens(path: &Path, now: u64) -> bool {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        // Without a log nothing need be made beside the file to read it.
        let is_whole = !Path::new(&log).exists();
        let options = SqliteConnectOptions::new().filename(path).read_only(true);
        let look = async {
            let mut on = options.immutable(is_whole).disable_statement_logging().connect().await?;
            let any = "SELECT EXISTS (SELECT 1 FROM tokens \
                       WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?))";
            let any = sqlx::query_scalar(any).bind(signed(now)).fetch_one(&mut on).await?;
            on.close().await?;
            Ok::<bool, sqlx::Error>(any)
        };
        look.await.unwrap_or_default()
    }
}

impl TokenStore for SqliteStore {
    fn tokens(&self, now: u64) -> BoxFuture<'_, Result<Vec<TokenRow>, StoreError>> {
        Box::pin(async move {
            type Row = (String, String, String, String, String, i64, Option<i64>);
            let rows: Vec<Row> = sqlx::query_as(
                "SELECT id, name, user_id, digest, scopes, created_at, expires_at FROM tokens \
                 WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?) \
                 ORDER BY created_at, id",
            )
            .bind(signed(now))
            .fetch_all(&mut *self.read_aside().await?)
            .await?;
            let token =
                |(id, name, user_id, digest, scopes, created_at, expires_at): Row| TokenRow {
                    id,
                    name,
                    user_id,
                    digest,
                    scopes: scopes.split_whitespace().map(str::to_owned).collect(),
                    created_at: unsigned(created_at),
                    expires_at: expires_at.map(unsigned),
                };
            Ok(rows.into_iter().map(token).collect())
        })
    }

    fn add_token<'a>(
        &'a self,
        token: &'a TokenRow,
        forget: u64,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let token = token.clone();
        Box::pin(self.through(move |writer| Box::pin(add(writer, token, forget))))
    }

    fn revoke_token<'a>(&'a self, id: &'a str, at: u64) -> BoxFuture<'a, Result<bool, StoreError>> {
        let id = id.to_owned();
        Box::pin(self.through(move |writer| {
            Box::pin(async move {
                let revoked = sqlx::query(
                    "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                )
                .bind(signed(at))
                .bind(id)
                .execute(writer)
                .await?;
                Ok(revoked.rows_affected() > 0)
            })
        }))
    }
}

async fn add(
    writer: &mut SqliteConnection,
    token: TokenRow,
    forget: u64,
) -> Result<(), StoreError> {
    let mut transaction = writer.begin_with(IMMEDIATE).await?;
    sqlx::query("DELETE FROM tokens WHERE coalesce(revoked_at, expires_at) < ?")
        .bind(signed(forget))
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "INSERT INTO tokens (id, name, user_id, digest, scopes, created_at, expires_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
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
