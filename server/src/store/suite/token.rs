//! What every backend does with tokens.

use super::Backend;
use crate::store::TokenRow;

fn token(id: &str, expires_at: Option<u64>) -> TokenRow {
    TokenRow {
        id: id.to_owned(),
        name: format!("{id} 'of' ∞"),
        user_id: "owner".to_owned(),
        digest: format!("digest of {id}"),
        scopes: vec!["read:a/*".to_owned(), "publish:b".to_owned()],
        created_at: 5,
        expires_at,
    }
}

pub(in crate::store) async fn a_token_is_kept_until_it_expires_or_is_revoked(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    let (brief, long) = (token("a", Some(100)), token("b", None));
    store.add_token(&brief, 0).await.unwrap();
    store.add_token(&long, 0).await.unwrap();
    drop(store);

    let store = backend.open().await;
    assert_eq!(store.tokens(99).await.unwrap(), [brief, long.clone()]);
    assert_eq!(store.tokens(100).await.unwrap(), [long]);
    assert!(store.revoke_token("b", 200).await.unwrap());
    assert!(!store.revoke_token("b", 201).await.unwrap(), "it was revoked before");
    assert!(!store.revoke_token("none", 201).await.unwrap());
    assert_eq!(store.tokens(100).await.unwrap(), []);

    // Both are over by then; the one that was is forgotten, and its id is free.
    store.add_token(&token("c", None), 150).await.unwrap();
    store.add_token(&token("a", None), 150).await.unwrap();
    assert!(store.add_token(&token("b", None), 150).await.is_err());
    let left: Vec<_> = store.tokens(0).await.unwrap().into_iter().map(|token| token.id).collect();
    assert_eq!(left, ["a", "c"]);
}

pub(in crate::store) async fn a_second_token_of_the_same_secret_is_refused(backend: &impl Backend) {
    let store = backend.open().await;
    let first = token("a", None);
    store.add_token(&first, 0).await.unwrap();
    let second = TokenRow { id: "b".to_owned(), ..first.clone() };
    assert!(store.add_token(&second, 0).await.is_err());
    assert_eq!(store.tokens(0).await.unwrap(), [first]);
}
