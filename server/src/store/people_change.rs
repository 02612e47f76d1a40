//! Users, tokens and sessions as SQL changes them, for every backend that speaks it: each compiles this file for its own
//! kind of connection.

use tidings_protocol::api::Role;

use super::{Connection, inbox_change, job_sql, signed, unsigned};
use crate::store::{
    MayKeep, PasswordHash, PeopleChange, Refused, SessionRow, StoreError, TokenRow, UserRow,
};

/// How long a session that was ended is remembered, in ms: whoever has not looked for longer reads everything.
const REMEMBERED: u64 = 24 * 60 * 60 * 1_000;

/// Carries a change out, within a transaction of its caller's that is given up if it was refused.
pub(super) async fn change(
    on: &mut Connection,
    change: &PeopleChange,
) -> Result<Result<(), Refused>, StoreError> {
    // First of all: from here on nobody else changes anything, and what is counted stays true.
    let version: i64 =
        sqlx::query_scalar("UPDATE auth_changes SET version = version + 1 RETURNING version")
            .fetch_one(&mut *on)
            .await?;
    match change {
        PeopleChange::AddUser { user, most } => add_user(on, version, user, *most).await,
        PeopleChange::ChangeUser { id, name, role, may_keep, password, keep, at } => {
            let change = UserChange {
                name: name.as_ref(),
                role: *role,
                may_keep: *may_keep,
                password: password.as_ref(),
                keep: keep.as_deref(),
                at: signed(*at),
            };
            change_user(on, version, id, change).await
        }
        PeopleChange::Rehash { id, old, new } => {
            let rehashed = sqlx::query(
                "UPDATE users SET password = $1, changed = $2 WHERE id = $3 AND password = $4",
            )
            .bind(new.expose())
            .bind(version)
            .bind(id)
            .bind(old.expose())
            .execute(on)
            .await?;
            Ok(one_of(rehashed.rows_affected()))
        }
        PeopleChange::RemoveUser { id, at } => remove_user(on, version, id, signed(*at)).await,
        PeopleChange::AddToken { token, most_of_user, most, forget } => {
            forget_tokens(on, *forget).await?;
            if !has_room(on, token, *most_of_user, *most).await? {
                return Ok(Err(Refused::TooMany));
            }
            add_token(on, version, token).await
        }
        PeopleChange::RevokeToken { id, at } => {
            let revoked = sqlx::query(
                "UPDATE tokens SET revoked_at = $1, changed = $2 WHERE id = $3 AND revoked_at IS NULL",
            )
            .bind(signed(*at))
            .bind(version)
            .bind(id)
            .execute(on)
            .await?;
            Ok(one_of(revoked.rows_affected()))
        }
        PeopleChange::AddSessions { sessions, proven_by, in_place_of, most, at } => {
            if let Some(digest) = in_place_of {
                let _ = end_session(on, version, digest, signed(*at)).await?;
            }
            forget_sessions(on, *at).await?;
            let mut added = Err(Refused::NoSuch);
            for session in sessions {
                added = added.or(add_session(on, version, session, proven_by.as_ref()).await?);
                give_way(on, version, &session.user_id, *most, signed(*at)).await?;
            }
            Ok(added)
        }
        PeopleChange::EndSession { digest, at } => {
            end_session(on, version, digest, signed(*at)).await
        }
    }
}

fn one_of(rows: u64) -> Result<(), Refused> {
    if rows == 0 { Err(Refused::NoSuch) } else { Ok(()) }
}

async fn is_taken(on: &mut Connection, folded: &str, but_by: &str) -> Result<bool, StoreError> {
    let others: i64 =
        sqlx::query_scalar("SELECT count(*) FROM users WHERE folded = $1 AND id <> $2")
            .bind(folded)
            .bind(but_by)
            .fetch_one(on)
            .await?;
    Ok(others > 0)
}

async fn is_user(on: &mut Connection, id: &str) -> Result<bool, StoreError> {
    let users: i64 =
        sqlx::query_scalar("SELECT count(*) FROM users WHERE id = $1 AND removed_at IS NULL")
            .bind(id)
            .fetch_one(on)
            .await?;
    Ok(users > 0)
}

async fn add_user(
    on: &mut Connection,
    version: i64,
    user: &UserRow,
    most: usize,
) -> Result<Result<(), Refused>, StoreError> {
    let users: i64 = sqlx::query_scalar("SELECT count(*) FROM users WHERE removed_at IS NULL")
        .fetch_one(&mut *on)
        .await?;
    if unsigned(users) >= most as u64 {
        return Ok(Err(Refused::TooMany));
    }
    if is_taken(on, &user.folded, "").await? {
        return Ok(Err(Refused::NameTaken));
    }
    sqlx::query(
        "INSERT INTO users (id, name, folded, role, password, created_at, changed) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&user.id)
    .bind(&user.name)
    .bind(&user.folded)
    .bind(user.role.as_str())
    .bind(user.password.as_ref().map(PasswordHash::expose))
    .bind(signed(user.created_at))
    .bind(version)
    .execute(on)
    .await?;
    Ok(Ok(()))
}

struct UserChange<'a> {
    name: Option<&'a (String, String)>,
    role: Option<Role>,
    may_keep: MayKeep,
    password: Option<&'a PasswordHash>,
    keep: Option<&'a str>,
    at: i64,
}

async fn change_user(
    on: &mut Connection,
    version: i64,
    id: &str,
    change: UserChange<'_>,
) -> Result<Result<(), Refused>, StoreError> {
    let UserChange { name, role, may_keep, password, keep, at } = change;
    if let Some((_, folded)) = name
        && is_taken(on, folded, id).await?
    {
        return Ok(Err(Refused::NameTaken));
    }
    if let Some(role) = role
        && is_lower(on, id, role).await?
    {
        revoke_beyond(on, version, id, |scopes| may_keep(id, role, scopes), at).await?;
    }
    let changed = sqlx::query(
        "UPDATE users SET name = coalesce($1, name), folded = coalesce($2, folded), \
         role = coalesce($3, role), password = coalesce($4, password), changed = $5 \
         WHERE id = $6 AND removed_at IS NULL",
    )
    .bind(name.map(|(name, _)| name.as_str()))
    .bind(name.map(|(_, folded)| folded.as_str()))
    .bind(role.map(Role::as_str))
    .bind(password.map(PasswordHash::expose))
    .bind(version)
    .bind(id)
    .execute(&mut *on)
    .await?;
    if password.is_some() {
        end_sessions(on, version, id, keep.unwrap_or_default(), at).await?;
    }
    Ok(one_of(changed.rows_affected()))
}

async fn is_lower(on: &mut Connection, id: &str, role: Role) -> Result<bool, StoreError> {
    let so_far: Option<String> = sqlx::query_scalar("SELECT role FROM users WHERE id = $1")
        .bind(id)
        .fetch_optional(on)
        .await?;
    Ok(so_far.and_then(|so_far| so_far.parse().ok()).is_some_and(|so_far: Role| role < so_far))
}

/// Revokes the tokens of a user that may not be kept.
async fn revoke_beyond(
    on: &mut Connection,
    version: i64,
    user_id: &str,
    may_keep: impl Fn(&[&str]) -> bool,
    at: i64,
) -> Result<(), StoreError> {
    let tokens: Vec<(String, String)> =
        sqlx::query_as("SELECT id, scopes FROM tokens WHERE user_id = $1 AND revoked_at IS NULL")
            .bind(user_id)
            .fetch_all(&mut *on)
            .await?;
    for (id, scopes) in tokens {
        let scopes: Vec<&str> = scopes.split_whitespace().collect();
        if !may_keep(&scopes) {
            sqlx::query("UPDATE tokens SET revoked_at = $1, changed = $2 WHERE id = $3")
                .bind(at)
                .bind(version)
                .bind(id)
                .execute(&mut *on)
                .await?;
        }
    }
    Ok(())
}

async fn remove_user(
    on: &mut Connection,
    version: i64,
    id: &str,
    at: i64,
) -> Result<Result<(), Refused>, StoreError> {
    let removed = sqlx::query(
        "UPDATE users SET name = '', folded = NULL, password = NULL, removed_at = $1, changed = $2 \
         WHERE id = $3 AND removed_at IS NULL",
    )
    .bind(at)
    .bind(version)
    .bind(id)
    .execute(&mut *on)
    .await?;
    sqlx::query(
        "UPDATE tokens SET revoked_at = $1, changed = $2 WHERE user_id = $3 AND revoked_at IS NULL",
    )
    .bind(at)
    .bind(version)
    .bind(id)
    .execute(&mut *on)
    .await?;
    end_sessions(on, version, id, "", at).await?;
    inbox_change::remove_inbox(on, id).await?;
    job_sql::remove_of_user(on, id).await?;
    Ok(one_of(removed.rows_affected()))
}

async fn forget_tokens(on: &mut Connection, before: u64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM tokens WHERE coalesce(revoked_at, expires_at) < $1")
        .bind(signed(before))
        .execute(on)
        .await?;
    Ok(())
}

/// Whether there may be another token of that user, when it is made.
async fn has_room(
    on: &mut Connection,
    token: &TokenRow,
    most_of_user: usize,
    most: usize,
) -> Result<bool, StoreError> {
    let (all, own): (i64, i64) = sqlx::query_as(
        "SELECT count(*), count(CASE WHEN user_id = $1 THEN 1 END) FROM tokens \
         WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)",
    )
    .bind(&token.user_id)
    .bind(signed(token.created_at))
    .fetch_one(on)
    .await?;
    Ok(unsigned(all) < most as u64 && unsigned(own) < most_of_user as u64)
}

async fn add_token(
    on: &mut Connection,
    version: i64,
    token: &TokenRow,
) -> Result<Result<(), Refused>, StoreError> {
    if !is_user(on, &token.user_id).await? {
        return Ok(Err(Refused::NoSuch));
    }
    sqlx::query(
        "INSERT INTO tokens (id, name, user_id, digest, scopes, created_at, expires_at, changed) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&token.id)
    .bind(&token.name)
    .bind(&token.user_id)
    .bind(&token.digest)
    .bind(token.scopes.join(" "))
    .bind(signed(token.created_at))
    .bind(token.expires_at.map(signed))
    .bind(version)
    .execute(on)
    .await?;
    Ok(Ok(()))
}

/// Forgets sessions that are past their time, and those that were ended so long ago that everybody has heard of it.
async fn forget_sessions(on: &mut Connection, at: u64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE expires_at <= $1 OR ended_at < $2")
        .bind(signed(at))
        .bind(signed(at.saturating_sub(REMEMBERED)))
        .execute(on)
        .await?;
    Ok(())
}

async fn add_session(
    on: &mut Connection,
    version: i64,
    session: &SessionRow,
    proven_by: Option<&PasswordHash>,
) -> Result<Result<(), Refused>, StoreError> {
    let added = sqlx::query(
        "INSERT INTO sessions (digest, user_id, created_at, expires_at, changed) \
         SELECT $1, id, $2, $3, $4 FROM users \
         WHERE id = $5 AND removed_at IS NULL AND (CAST($6 AS TEXT) IS NULL OR password = $6) \
         ON CONFLICT (digest) DO NOTHING",
    )
    .bind(&session.digest)
    .bind(signed(session.created_at))
    .bind(signed(session.expires_at))
    .bind(version)
    .bind(&session.user_id)
    .bind(proven_by.map(PasswordHash::expose))
    .execute(on)
    .await?;
    Ok(one_of(added.rows_affected()))
}

/// Ends what a user has of sessions beyond `most`.
async fn give_way(
    on: &mut Connection,
    version: i64,
    user_id: &str,
    most: usize,
    at: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE sessions SET ended_at = $1, changed = $2 WHERE digest IN \
         (SELECT digest FROM sessions WHERE user_id = $3 AND ended_at IS NULL \
          ORDER BY expires_at DESC, created_at DESC, digest LIMIT 1000000 OFFSET $4)",
    )
    .bind(at)
    .bind(version)
    .bind(user_id)
    .bind(signed(most as u64))
    .execute(on)
    .await?;
    Ok(())
}

/// Ends the sessions of a user but for the one of `keep`.
async fn end_sessions(
    on: &mut Connection,
    version: i64,
    user_id: &str,
    keep: &str,
    at: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE sessions SET ended_at = $1, changed = $2 \
         WHERE user_id = $3 AND ended_at IS NULL AND digest <> $4",
    )
    .bind(at)
    .bind(version)
    .bind(user_id)
    .bind(keep)
    .execute(on)
    .await?;
    Ok(())
}

async fn end_session(
    on: &mut Connection,
    version: i64,
    digest: &str,
    at: i64,
) -> Result<Result<(), Refused>, StoreError> {
    let ended = sqlx::query(
        "UPDATE sessions SET ended_at = $1, changed = $2 WHERE digest = $3 AND ended_at IS NULL",
    )
    .bind(at)
    .bind(version)
    .bind(digest)
    .execute(on)
    .await?;
    Ok(one_of(ended.rows_affected()))
}
