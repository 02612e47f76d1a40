//! Tokens from their making to their end.

use std::num::NonZeroU32;

use futures_util::FutureExt as _;

use super::*;
use crate::store::SqliteStore;
use crate::tests::eventually;
use tidings_protocol::api::Role;

fn limits(events: u32, streams: usize) -> TokenLimits {
    TokenLimits { events_per_second: NonZeroU32::new(events).unwrap(), streams }
}

fn owner() -> User {
    User { id: "owner".to_owned(), name: "owner".to_owned(), role: Role::Admin }
}

fn row(user: &User, scopes: &[&str]) -> TokenRow {
    TokenRow {
        id: "id".to_owned(),
        name: "name".to_owned(),
        user_id: user.id.clone(),
        digest: Digested::of("x").to_hex(),
        scopes: scopes.iter().map(ToString::to_string).collect(),
        created_at: 1,
        expires_at: None,
    }
}

pub(in crate::auth) fn grant(user: &User, scopes: &[&str]) -> Arc<Grant> {
    Grant::new(&row(user, scopes), user, limits(2, 1)).unwrap().1
}

async fn load(dir: &tempfile::TempDir) -> Tokens {
    let store = SqliteStore::open(&dir.path().join("db"), false).await.unwrap();
    Tokens::load(Arc::new(store), &owner(), limits(2, 1)).await.unwrap()
}

async fn create(tokens: &Tokens, expires_in: Option<Duration>) -> (TokenInfo, Secret) {
    let scopes = ["read:app/*".parse().unwrap()];
    tokens.create(&owner(), "ci".to_owned(), &scopes, expires_in).await.unwrap()
}

fn find(tokens: &Tokens, secret: &Secret) -> Option<Arc<Grant>> {
    tokens.find(Digested::of(secret.expose()))
}

#[tokio::test]
async fn a_token_outlives_a_restart_and_ends_when_it_is_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let (info, secret) = create(&load(&dir).await, None).await;
    assert_eq!(secret.expose().len(), PREFIX.len() + 64);

    let tokens = load(&dir).await;
    assert_eq!(tokens.list().unwrap(), std::slice::from_ref(&info));
    let grant = find(&tokens, &secret).unwrap();
    assert!(grant.may_read(&"app/x".parse().unwrap()));
    let ended = tokio::spawn(grant.ended());
    assert!(!ended.is_finished());
    assert!(tokens.revoke(&info.id).await.unwrap());
    tokio::time::timeout(Duration::from_secs(5), ended).await.unwrap().unwrap();
    assert!(!tokens.revoke(&info.id).await.unwrap());
    for tokens in [tokens, load(&dir).await] {
        assert!(find(&tokens, &secret).is_none());
        assert_eq!(tokens.list().unwrap(), []);
    }
}

#[tokio::test]
async fn a_request_that_is_dropped_makes_or_revokes_its_token_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let tokens = load(&dir).await;
    let scopes = ["read:app/*".parse().unwrap()];
    let user = owner();
    assert!(tokens.create(&user, "ci".to_owned(), &scopes, None).now_or_never().is_none());
    eventually("it is made", || !tokens.list().unwrap().is_empty()).await;
    let (info, secret) = create(&tokens, None).await;
    let id = tokens.list().unwrap()[0].id.clone();
    for id in [&id, &info.id] {
        assert!(tokens.revoke(id).now_or_never().is_none());
    }
    eventually("they are revoked", || tokens.list().unwrap().is_empty()).await;
    for tokens in [&tokens, &load(&dir).await] {
        assert!(find(tokens, &secret).is_none());
    }
}

#[tokio::test]
async fn a_token_ends_when_it_expires() {
    let dir = tempfile::tempdir().unwrap();
    let tokens = load(&dir).await;
    let (info, _) = create(&tokens, Some(Duration::from_secs(60))).await;
    assert_eq!(info.expires_at, Some(info.created_at + 60_000));
    assert_eq!(tokens.list().unwrap().len(), 1);

    let expires_at = clock::now_ms() + 50;
    let row = TokenRow { expires_at: Some(expires_at), ..row(&owner(), &[]) };
    let (digest, grant) = Grant::new(&row, &owner(), limits(1, 1)).unwrap();
    tokens.grants_mut().insert(digest, Arc::clone(&grant));
    tokio::time::timeout(Duration::from_secs(5), grant.ended()).await.unwrap();
    assert!(clock::now_ms() >= expires_at);
    assert!(tokens.find(digest).is_none());
    assert_eq!(tokens.list().unwrap(), [info]);
}

#[tokio::test]
async fn neither_the_database_nor_a_log_holds_the_secret() {
    let dir = tempfile::tempdir().unwrap();
    let tokens = load(&dir).await;
    let (_, secret) = create(&tokens, None).await;
    let text = format!("{tokens:?} {secret:?}");
    assert!(!text.contains(secret.expose()));
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let secret = &secret.expose().as_bytes()[PREFIX.len()..];
        assert!(!bytes.windows(secret.len()).any(|part| part == secret));
    }
}

#[tokio::test]
async fn without_a_database_there_are_no_tokens() {
    let tokens = Tokens::none(limits(1, 1));
    assert!(matches!(tokens.list(), Err(TokenError::NoStore)));
    assert!(matches!(tokens.revoke("x").await, Err(TokenError::NoStore)));
}

#[test]
fn a_token_sends_no_more_than_its_rate() {
    let grant = grant(&owner(), &[]);
    assert!(grant.spend_event().is_ok() && grant.spend_event().is_ok());
    let over = grant.spend_event().unwrap_err();
    assert!(!over.wait.is_zero() && over.wait <= Duration::from_millis(500), "{over:?}");
    assert!(over.to_string().contains("2 events a second"), "{over}");
}
