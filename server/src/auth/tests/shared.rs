//! Two servers that share one database.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use tokio_util::sync::CancellationToken;

use super::users::{add, sign_in};
use super::*;
use crate::store::{People, PeopleChange, PeopleStore, Refused, StoreError};
use crate::tests::eventually;

/// A database that says that it is shared, counts who looks and who changes, and may be away.
#[derive(Debug)]
struct SharedStore {
    store: SqliteStore,
    looks: AtomicU64,
    changes: AtomicU64,
    whole_looks: AtomicU64,
    is_away: AtomicBool,
}

impl PeopleStore for SharedStore {
    fn is_shared(&self) -> bool {
        true
    }

    fn people(&self, since: Option<u64>) -> BoxFuture<'_, Result<People, StoreError>> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        self.whole_looks.fetch_add(u64::from(since.is_none()), Ordering::Relaxed);
        if self.is_away.load(Ordering::Relaxed) {
            return Box::pin(async { Err(StoreError::Busy) });
        }
        self.store.people(since)
    }

    fn change_people<'a>(
        &'a self,
        change: &'a PeopleChange,
        since: u64,
    ) -> BoxFuture<'a, Result<Result<People, Refused>, StoreError>> {
        self.changes.fetch_add(1, Ordering::Relaxed);
        self.store.change_people(change, since)
    }
}

struct Servers {
    a: Auth,
    b: Auth,
    store: Arc<SharedStore>,
    _dir: tempfile::TempDir,
}

async fn servers() -> Servers {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&dir.path().join("db"), false).await.unwrap();
    let [looks, changes, whole_looks] = [0; 3].map(AtomicU64::new);
    let is_away = AtomicBool::new(false);
    let store = Arc::new(SharedStore { store, looks, changes, whole_looks, is_away });
    let server = async || {
        let mut auth = Auth::in_memory(&Secret::generate(), limits());
        auth.load(Arc::<SharedStore>::clone(&store), dir.path()).await.unwrap();
        auth
    };
    let (a, b) = (server().await, server().await);
    store.looks.store(0, Ordering::Relaxed);
    Servers { a, b, store, _dir: dir }
}

const PASSWORD: &str = "correct horse";

#[tokio::test]
async fn who_signs_in_on_one_server_is_signed_in_on_the_other_at_once() {
    let Servers { a, b, .. } = servers().await;
    let ada = add(&a, "Ada", Role::Viewer).await;
    let session = sign_in(&b, "ada", PASSWORD).await.expect("a user of the other's");
    assert_eq!(who(&a, &session).await, Some(ada.id.clone()));
    let scopes = ["read:app/*".parse().unwrap()];
    let created = a.directory.create_token(&ada.id, "ci".to_owned(), &scopes, None, 10).await;
    let token = created.unwrap().1;
    assert!(b.caller_of_token(token.expose()).await.unwrap().is_some());
    assert_eq!(who(&b, &Secret::generate()).await, None);
}

#[tokio::test]
async fn what_ends_on_one_server_ends_on_the_other_within_a_second() {
    let Servers { a, b, .. } = servers().await;
    let ada = add(&a, "Ada", Role::Viewer).await;
    let session = sign_in(&a, "ada", PASSWORD).await.unwrap();
    let caller = b.caller_of_session(session.expose()).await.unwrap().unwrap();
    let stop = CancellationToken::new();
    let following = tokio::spawn(b.directory.clone().follow(stop.clone()));
    let ended = tokio::spawn(caller.ended(&["metrics/*".parse().unwrap()]).unwrap());
    a.remove_user(&ada.id).await.unwrap();
    tokio::time::timeout(Duration::from_secs(1), ended).await.expect("in time").unwrap();
    assert_eq!(who(&b, &session).await, None);
    stop.cancel();
    following.await.unwrap();
}

#[tokio::test]
async fn those_who_ask_for_what_is_not_known_share_one_look() {
    let Servers { b, store, .. } = servers().await;
    let unknown: Vec<_> = (0..100).map(|_| Secret::generate()).collect();
    let found = join_all(unknown.iter().map(|session| who(&b, session))).await;
    assert!(found.iter().all(Option::is_none));
    // Who came while the first was under way has a look of the next.
    assert!(store.looks.load(Ordering::Relaxed) <= 2);
    for text in ["", "x", &"X".repeat(64), &"a".repeat(63)] {
        assert!(b.caller_of_session(text).await.unwrap().is_none());
        assert!(b.caller_of_token(&format!("tdg_{text}")).await.unwrap().is_none());
    }
    assert!(store.looks.load(Ordering::Relaxed) <= 2, "what can be none is not looked for");
}

#[tokio::test]
async fn there_are_at_most_twenty_looks_a_second() {
    let Servers { b, store, .. } = servers().await;
    let begun = tokio::time::Instant::now();
    for _ in 0..5 {
        assert_eq!(who(&b, &Secret::generate()).await, None);
    }
    assert_eq!(store.looks.load(Ordering::Relaxed), 5);
    assert!(begun.elapsed() >= Duration::from_millis(4 * 50));
}

#[tokio::test]
async fn who_asks_and_hangs_up_keeps_nobody_else_out() {
    let Servers { a, b, .. } = servers().await;
    add(&a, "Ada", Role::Viewer).await;
    let token = format!("tdg_{}", Secret::generate().expose());
    for _ in 0..3 {
        let mut asking = Box::pin(b.caller_of_token(&token));
        assert!(futures_util::poll!(asking.as_mut()).is_pending(), "the database is asked");
        drop(asking);
        sign_in(&b, "ada", PASSWORD).await.expect("nobody waits for what was dropped");
    }
}

#[tokio::test]
async fn who_has_slept_or_was_set_back_reads_everything_anew() {
    let Servers { b, store, .. } = servers().await;
    let whole_looks = || store.whole_looks.load(Ordering::Relaxed);
    let (before, now) = (whole_looks(), clock::now_ms());
    for (at, looks) in [(now, 0), (now + 3_000_000, 0), (now + 7_000_000, 1), (now, 2), (now, 2)] {
        clock::fix(at);
        assert_eq!(who(&b, &Secret::generate()).await, None);
        assert_eq!(whole_looks() - before, looks, "{at}");
    }
}

#[tokio::test]
async fn who_signs_out_without_a_session_changes_nothing() {
    let Servers { a, b, store, .. } = servers().await;
    add(&a, "Ada", Role::Viewer).await;
    let session = sign_in(&a, "ada", PASSWORD).await.unwrap();
    let changes = store.changes.load(Ordering::Relaxed);
    for text in ["", "x", Secret::generate().expose()] {
        b.directory.end_session(text).await.unwrap();
    }
    assert_eq!(store.changes.load(Ordering::Relaxed), changes, "the database is left alone");
    b.directory.end_session(session.expose()).await.expect("a session of the other's");
    assert_eq!(store.changes.load(Ordering::Relaxed), changes + 1);
    b.directory.end_session(session.expose()).await.unwrap();
    assert_eq!(store.changes.load(Ordering::Relaxed), changes + 1, "it has ended");
    assert_eq!(who(&b, &session).await, None);
}

#[tokio::test]
async fn changes_that_wait_are_bounded_and_leave_room_again() {
    let Servers { a, .. } = servers().await;
    let begin = || a.directory.begin_session("owner", None, None);
    let begun = join_all((0..100).map(|_| begin())).await;
    let refused = begun.iter().filter(|begun| matches!(begun, Err(PeopleError::Crowded)));
    assert_eq!(refused.count(), 100 - 64);
    assert_eq!(begun.iter().filter(|begun| begun.is_ok()).count(), 64);
    begin().await.unwrap();
}

#[tokio::test]
async fn while_the_database_is_away_what_is_known_goes_on_and_nobody_else_is_refused() {
    let Servers { a, b, store, .. } = servers().await;
    let ada = add(&a, "Ada", Role::Viewer).await;
    let session = sign_in(&b, "ada", PASSWORD).await.unwrap();
    let other = sign_in(&a, "ada", PASSWORD).await.unwrap();
    let stop = CancellationToken::new();
    let following = tokio::spawn(b.directory.clone().follow(stop.clone()));
    // So that it is the follower that finds out.
    eventually("it is known", || b.directory.known().sessions.len() == 2).await;
    store.is_away.store(true, Ordering::Relaxed);
    let third = sign_in_behind(&a, &ada.id).await;

    assert_eq!(who(&b, &session).await, Some(ada.id.clone()));
    assert_eq!(who(&b, &other).await, Some(ada.id.clone()));
    // 401 would tell a client that it need not come back.
    assert!(b.caller_of_session(third.expose()).await.is_err());
    store.is_away.store(false, Ordering::Relaxed);
    eventually("it is found", || b.directory.known().sessions.len() == 3).await;
    assert_eq!(who(&b, &third).await, Some(ada.id));
    stop.cancel();
    following.await.unwrap();
}

/// A session that `auth` makes without a look.
async fn sign_in_behind(auth: &Auth, user_id: &str) -> Secret {
    auth.directory.begin_session(user_id, None, None).await.unwrap()
}
