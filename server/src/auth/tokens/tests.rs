//! Tokens from their making to their end.

use std::num::NonZeroU32;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tidings_protocol::api::users::OWNER;

use super::*;
use crate::auth::Limits;
use crate::store::{Refused, SqliteStore};
use crate::tests::eventually;

fn limits(events: u32, streams: usize) -> TokenLimits {
    TokenLimits { events_per_second: NonZeroU32::new(events).unwrap(), streams }
}

fn both(limits: TokenLimits) -> Limits {
    Limits { token: limits, user: limits }
}

fn row(scopes: &[&str]) -> TokenRow {
    TokenRow {
        id: "id".to_owned(),
        name: "name".to_owned(),
        user_id: OWNER.to_owned(),
        digest: Digested::of("x").to_hex(),
        scopes: scopes.iter().map(ToString::to_string).collect(),
        created_at: 1,
        expires_at: None,
    }
}

pub(in crate::auth) fn grant(scopes: &[&str]) -> Arc<Grant> {
    Grant::new(&row(scopes), limits(2, 1)).unwrap().1
}

async fn load(dir: &tempfile::TempDir) -> Directory {
    let store = SqliteStore::open(&dir.path().join("db"), false).await.unwrap();
    Directory::load(Arc::new(store), both(limits(2, 1))).await.unwrap()
}

fn scopes() -> [Scope; 1] {
    ["read:app/*".parse().unwrap()]
}

async fn create(directory: &Directory, expires_in: Option<Duration>) -> (TokenInfo, Secret) {
    let name = "ci".to_owned();
    directory.create_token(OWNER, name, &scopes(), expires_in, MOST).await.unwrap()
}

fn find(directory: &Directory, secret: &Secret) -> Option<Arc<Grant>> {
    let known = directory.known();
    let grant = known.tokens.get(&Digested::of(secret.expose()))?;
    (!grant.is_expired()).then(|| Arc::clone(grant))
}

fn is_none<T>(done: &Result<T, PeopleError>) -> bool {
    matches!(done, Err(PeopleError::Refused(Refused::NoSuch)))
}

#[tokio::test]
async fn a_token_outlives_a_restart_and_ends_when_it_is_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let (info, secret) = create(&load(&dir).await, None).await;
    assert_eq!(secret.expose().len(), PREFIX.len() + 64);

    let directory = load(&dir).await;
    assert_eq!(directory.tokens(None).unwrap(), std::slice::from_ref(&info));
    let grant = find(&directory, &secret).unwrap();
    assert!(grant.may_read(&"app/x".parse().unwrap()));
    let ended = tokio::spawn(async move { grant.ended().await });
    tokio::task::yield_now().await;
    assert!(!ended.is_finished());
    directory.revoke_token(&info.id).await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), ended).await.unwrap().unwrap();
    assert!(is_none(&directory.revoke_token(&info.id).await));
    for directory in [directory, load(&dir).await] {
        assert!(find(&directory, &secret).is_none());
        assert_eq!(directory.tokens(None).unwrap(), []);
    }
}

#[tokio::test]
async fn a_request_that_is_dropped_makes_or_revokes_its_token_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let directory = load(&dir).await;
    let scopes = scopes();
    let dropped = directory.create_token(OWNER, "ci".to_owned(), &scopes, None, MOST);
    assert!(dropped.now_or_never().is_none());
    eventually("it is made", || !directory.tokens(None).unwrap().is_empty()).await;
    let (info, secret) = create(&directory, None).await;
    let id = directory.tokens(None).unwrap()[0].id.clone();
    for id in [&id, &info.id] {
        assert!(directory.revoke_token(id).now_or_never().is_none());
    }
    eventually("they are revoked", || directory.tokens(None).unwrap().is_empty()).await;
    for directory in [&directory, &load(&dir).await] {
        assert!(find(directory, &secret).is_none());
    }
}

#[tokio::test]
async fn a_token_ends_when_it_expires() {
    let dir = tempfile::tempdir().unwrap();
    let directory = load(&dir).await;
    let (_, secret) = create(&directory, Some(Duration::from_millis(300))).await;
    let (info, _) = create(&directory, None).await;
    let grant = find(&directory, &secret).unwrap();
    let expires_at = grant.info.expires_at.unwrap();
    tokio::time::timeout(Duration::from_secs(5), grant.ended()).await.unwrap();
    assert!(clock::now_ms() >= expires_at);
    assert!(find(&directory, &secret).is_none());
    assert_eq!(directory.tokens(None).unwrap(), [info]);
}

#[tokio::test]
async fn tokens_are_listed_by_their_user_and_bounded_for_each() {
    let dir = tempfile::tempdir().unwrap();
    let directory = load(&dir).await;
    let (info, _) = create(&directory, None).await;
    assert_eq!(directory.tokens(Some(OWNER)).unwrap(), std::slice::from_ref(&info));
    assert_eq!(directory.tokens(Some("x")).unwrap(), []);
    assert_eq!(directory.user_of_token(&info.id).as_deref(), Some(OWNER));
    assert_eq!(directory.user_of_token("x"), None);
    let second = directory.create_token(OWNER, "ci".to_owned(), &scopes(), None, 1).await;
    assert!(matches!(second, Err(PeopleError::Refused(Refused::TooMany))), "{second:?}");
    let of_nobody = directory.create_token("x", "ci".to_owned(), &scopes(), None, 1).await;
    assert!(is_none(&of_nobody), "{of_nobody:?}");
}

#[tokio::test]
async fn neither_the_database_nor_a_log_holds_the_secret() {
    let dir = tempfile::tempdir().unwrap();
    let directory = load(&dir).await;
    let (_, secret) = create(&directory, None).await;
    let text = format!("{directory:?} {secret:?}");
    assert!(!text.contains(secret.expose()));
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let secret = &secret.expose().as_bytes()[PREFIX.len()..];
        assert!(!bytes.windows(secret.len()).any(|part| part == secret));
    }
}

#[tokio::test]
async fn without_a_database_there_are_no_tokens() {
    let directory = Directory::in_memory(both(limits(1, 1)));
    assert!(matches!(directory.tokens(None), Err(PeopleError::NoStore)));
    assert!(matches!(directory.revoke_token("x").await, Err(PeopleError::NoStore)));
}

#[test]
fn a_token_sends_no_more_than_its_rate() {
    let grant = grant(&[]);
    assert!(grant.allowance.spend_event().is_ok() && grant.allowance.spend_event().is_ok());
    let over = grant.allowance.spend_event().unwrap_err();
    assert!(!over.wait.is_zero() && over.wait <= Duration::from_millis(500), "{over:?}");
    assert!(over.to_string().contains("2 events a second"), "{over}");
}
