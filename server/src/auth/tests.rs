//! Who is who, from the first start to the last change.

mod shared;
mod users;

use std::num::NonZeroU32;
use std::sync::Arc;

use tidings_protocol::api::{Role, User};

use super::member::Member;
use super::session::LIFETIME;
use super::*;
use crate::clock;
use crate::store::{SqliteStore, UserRow};

fn limits() -> Limits {
    let most = |events, streams| TokenLimits {
        events_per_second: NonZeroU32::new(events).unwrap(),
        streams,
    };
    Limits { token: most(2, 1), user: most(3, 2) }
}

/// Somebody of the id `u1` who acts by a session's rights, or by a token of these scopes.
pub(super) fn caller(role: Role, scopes: Option<&[&str]>) -> Caller {
    let user = User { id: "u1".to_owned(), name: "Ada".to_owned(), role };
    let row = UserRow {
        id: user.id,
        name: user.name,
        folded: "ada".to_owned(),
        role,
        password: None,
        created_at: 0,
    };
    let via = match scopes {
        Some(scopes) => Via::Token(tokens::tests::grant(scopes)),
        None => Via::OwnersToken,
    };
    Caller::new(Arc::new(Member::new(row, limits().user)), via)
}

async fn store(dir: &tempfile::TempDir) -> Arc<SqliteStore> {
    Arc::new(SqliteStore::open(&dir.path().join("db"), false).await.unwrap())
}

async fn open(dir: &tempfile::TempDir) -> Auth {
    let mut auth = Auth::in_memory(&Secret::from("right".to_owned()), limits());
    auth.load(store(dir).await, dir.path()).await.unwrap();
    auth
}

async fn who(auth: &Auth, session: &Secret) -> Option<String> {
    let caller = auth.caller_of_session(session.expose()).await.unwrap();
    caller.map(|caller| caller.user.id)
}

#[tokio::test]
async fn only_the_owners_token_names_the_owner() {
    let auth = Auth::in_memory(&Secret::from("right".to_owned()), limits());
    let is_admin = |caller: Option<Caller>| caller.is_some_and(|caller| caller.is_admin());
    assert!(is_admin(auth.caller_of_token("right").await.unwrap()));
    for wrong in ["", "righ", "rightt", "wrong"] {
        assert!(auth.caller_of_token(wrong).await.unwrap().is_none(), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_session_outlives_a_restart_and_ends_on_sign_out() {
    let dir = tempfile::tempdir().unwrap();
    let (owner, session) = open(&dir).await.sign_owner_in(None).await.unwrap();
    assert_eq!((owner.id.as_str(), owner.role), ("owner", Role::Admin));

    let auth = open(&dir).await;
    assert_eq!(who(&auth, &session).await.as_deref(), Some("owner"));
    let caller = auth.caller_of_session(session.expose()).await.unwrap().unwrap();
    let ended = tokio::spawn(caller.ended(&[]).unwrap());
    auth.directory.end_session(session.expose()).await.unwrap();
    tokio::time::timeout(Duration::from_secs(1), ended).await.expect("its streams end").unwrap();
    auth.directory
        .end_session(session.expose())
        .await
        .expect("there is none, and that is no error");
    for auth in [auth, open(&dir).await] {
        assert_eq!(who(&auth, &session).await, None);
    }
}

#[tokio::test]
async fn who_signs_in_anew_leaves_no_session_behind() {
    let dir = tempfile::tempdir().unwrap();
    for auth in [open(&dir).await, Auth::in_memory(&Secret::generate(), limits())] {
        let (_, old) = auth.sign_owner_in(None).await.unwrap();
        let (_, new) = auth.sign_owner_in(Some(old.expose())).await.unwrap();
        assert_eq!(who(&auth, &old).await, None);
        assert!(who(&auth, &new).await.is_some());
    }
}

#[tokio::test]
async fn sessions_of_a_server_without_a_database_are_bounded() {
    let auth = Auth::in_memory(&Secret::generate(), limits());
    for _ in 0..session::MOST + 5 {
        auth.sign_owner_in(None).await.unwrap();
    }
    assert_eq!(auth.directory.known().sessions.len(), session::MOST);
}

#[tokio::test(start_paused = true)]
async fn sessions_that_are_past_their_time_are_forgotten() {
    let auth = Auth::in_memory(&Secret::generate(), limits());
    auth.sign_owner_in(None).await.unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    let following = tokio::spawn(auth.directory.clone().follow(stop.clone()));
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(auth.directory.known().sessions.len(), 1);
    clock::fix(clock::now_ms() + millis(LIFETIME));
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(auth.directory.known().sessions.len(), 0);
    stop.cancel();
    following.await.unwrap();
}

#[tokio::test]
async fn sessions_of_an_earlier_release_are_taken_over_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("sessions.json");
    let (good, old) = (Secret::generate(), Secret::generate());
    let ends = clock::now_ms() + millis(LIFETIME) / 2;
    let saved = serde_json::json!({
        Digested::of(good.expose()).to_hex(): ends,
        Digested::of(old.expose()).to_hex(): 1,
        "no digest": ends,
    });
    std::fs::write(&file, saved.to_string()).unwrap();
    let auth = open(&dir).await;
    assert!(!file.exists());
    for auth in [auth, open(&dir).await] {
        assert_eq!(who(&auth, &good).await.as_deref(), Some("owner"));
        assert_eq!(who(&auth, &old).await, None);
    }

    // The file comes back, as after a crash: nothing is taken over twice, and who has signed out stays so.
    std::fs::write(&file, saved.to_string()).unwrap();
    let auth = open(&dir).await;
    assert!(who(&auth, &good).await.is_some() && !file.exists());
    auth.directory.end_session(good.expose()).await.unwrap();
    std::fs::write(&file, saved.to_string()).unwrap();
    assert_eq!(who(&open(&dir).await, &good).await, None);

    std::fs::write(&file, "{").unwrap();
    let auth = open(&dir).await;
    assert!(!file.exists(), "one that cannot be read is of no use");
    assert_eq!(who(&auth, &good).await, None);
}
