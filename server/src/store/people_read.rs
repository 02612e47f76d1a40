//! Users, tokens and sessions as SQL reads them, for every backend that speaks it: each compiles this file for its own
//! kind of connection.

use tidings_protocol::api::Role;

use super::{Connection, signed, unsigned};
use crate::store::{PasswordHash, People, SessionRow, StoreError, TokenRow, UserRow};

type UserColumns = (String, String, Option<String>, String, Option<String>, i64, Option<i64>);
type TokenColumns = (String, String, String, String, String, i64, Option<i64>, Option<i64>);
type SessionColumns = (String, String, i64, i64, Option<i64>);

/// What changed behind `since`. The counter is read first: what comes in between is read twice, and not lost.
pub(super) async fn read(on: &mut Connection, since: Option<u64>) -> Result<People, StoreError> {
    let version: i64 =
        sqlx::query_scalar("SELECT version FROM auth_changes").fetch_one(&mut *on).await?;
    let version = unsigned(version);
    // A database that was set back knows less than we do.
    let since = since.filter(|since| *since <= version);
    let mut people = People { version, is_whole: since.is_none(), ..People::default() };
    if since == Some(version) {
        return Ok(people);
    }
    let since = since.map_or(-1, signed);
    users(on, since, &mut people).await?;
    tokens(on, since, &mut people).await?;
    sessions(on, since, &mut people).await?;
    Ok(people)
}

async fn users(on: &mut Connection, since: i64, people: &mut People) -> Result<(), StoreError> {
    let rows: Vec<UserColumns> = sqlx::query_as(
        "SELECT id, name, folded, role, password, created_at, removed_at FROM users \
         WHERE changed > $1 AND ($1 >= 0 OR removed_at IS NULL) ORDER BY created_at, id",
    )
    .bind(since)
    .fetch_all(on)
    .await?;
    for (id, name, folded, role, password, created_at, removed_at) in rows {
        if removed_at.is_some() {
            people.removed.push(id);
            continue;
        }
        let role: Role = role.parse().map_err(|error| StoreError::Damaged(Box::new(error)))?;
        people.users.push(UserRow {
            id,
            name,
            folded: folded.unwrap_or_default(),
            role,
            password: password.map(PasswordHash::from),
            created_at: unsigned(created_at),
        });
    }
    Ok(())
}

async fn tokens(on: &mut Connection, since: i64, people: &mut People) -> Result<(), StoreError> {
    let rows: Vec<TokenColumns> = sqlx::query_as(
        "SELECT id, name, user_id, digest, scopes, created_at, expires_at, revoked_at FROM tokens \
         WHERE changed > $1 AND ($1 >= 0 OR revoked_at IS NULL) ORDER BY created_at, id",
    )
    .bind(since)
    .fetch_all(on)
    .await?;
    for (id, name, user_id, digest, scopes, created_at, expires_at, revoked_at) in rows {
        if revoked_at.is_some() {
            people.revoked.push(digest);
            continue;
        }
        people.tokens.push(TokenRow {
            id,
            name,
            user_id,
            digest,
            scopes: scopes.split_whitespace().map(str::to_owned).collect(),
            created_at: unsigned(created_at),
            expires_at: expires_at.map(unsigned),
        });
    }
    Ok(())
}

async fn sessions(on: &mut Connection, since: i64, people: &mut People) -> Result<(), StoreError> {
    let rows: Vec<SessionColumns> = sqlx::query_as(
        "SELECT digest, user_id, created_at, expires_at, ended_at FROM sessions \
         WHERE changed > $1 AND ($1 >= 0 OR ended_at IS NULL) ORDER BY created_at, digest",
    )
    .bind(since)
    .fetch_all(on)
    .await?;
    for (digest, user_id, created_at, expires_at, ended_at) in rows {
        if ended_at.is_some() {
            people.ended.push(digest);
            continue;
        }
        let (created_at, expires_at) = (unsigned(created_at), unsigned(expires_at));
        people.sessions.push(SessionRow { digest, user_id, created_at, expires_at });
    }
    Ok(())
}
