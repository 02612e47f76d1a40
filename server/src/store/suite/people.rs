//! What every backend does with users, tokens and sessions.

use std::collections::HashSet;
use std::sync::Arc;

use tidings_protocol::api::Role;

use super::Backend;
use crate::store::{
    PasswordHash, People, PeopleChange, Refused, SessionRow, Store, StoreError, TokenRow, UserRow,
};

/// Makes a test of each function here, on the backend that the expression makes.
macro_rules! people_suite {
    ($backend:expr) => {
        $crate::store::suite::suite!($backend;
            a_new_store_has_its_owner,
            a_user_is_kept_changed_and_removed_and_leaves_the_id_behind,
            a_name_is_one_users_whatever_its_case,
            there_are_no_more_users_than_there_may_be,
            a_lower_role_revokes_what_may_not_be_kept_in_it,
            there_are_no_more_tokens_than_there_may_be,
            a_token_is_kept_until_it_is_revoked,
            a_second_token_of_the_same_secret_is_refused,
            a_session_is_kept_until_it_ends_and_the_one_that_ends_first_gives_way,
            a_new_password_ends_all_other_sessions,
            a_password_that_was_changed_meanwhile_begins_no_session,
            what_changed_behind_a_number_is_all_that_is_read,
            changes_at_once_take_a_number_each,
        );
    };
}
pub(in crate::store) use people_suite;

fn hash(text: &str) -> PasswordHash {
    PasswordHash::from(format!("$argon2id$'{text}'"))
}

fn user(id: &str, name: &str) -> UserRow {
    UserRow {
        id: id.to_owned(),
        name: name.to_owned(),
        folded: name.to_lowercase(),
        role: Role::Publisher,
        password: Some(hash(id)),
        created_at: u64::from(u32::MAX) * 1_000,
    }
}

fn token(id: &str, user_id: &str, expires_at: Option<u64>) -> TokenRow {
    TokenRow {
        id: id.to_owned(),
        name: format!("{id} 'of' ∞"),
        user_id: user_id.to_owned(),
        digest: format!("digest of {id}"),
        scopes: vec!["read:a/*".to_owned(), "inbox".to_owned()],
        created_at: 5,
        expires_at,
    }
}

fn session(digest: &str, user_id: &str, expires_at: u64) -> SessionRow {
    SessionRow { digest: digest.to_owned(), user_id: user_id.to_owned(), created_at: 5, expires_at }
}

fn add(user: &UserRow) -> PeopleChange {
    PeopleChange::AddUser { user: user.clone(), most: 100 }
}

fn add_token(token: &TokenRow, forget: u64) -> PeopleChange {
    let token = token.clone();
    PeopleChange::AddToken { token, most_of_user: 10, most: 10, forget }
}

fn rename(id: &str, name: &str) -> PeopleChange {
    PeopleChange::ChangeUser {
        id: id.to_owned(),
        name: Some((name.to_owned(), name.to_lowercase())),
        role: None,
        may_keep: |_, _, _| false,
        password: None,
        keep: None,
        at: 7,
    }
}

fn sign_in(sessions: &[SessionRow]) -> PeopleChange {
    PeopleChange::AddSessions {
        sessions: sessions.to_vec(),
        proven_by: None,
        in_place_of: None,
        most: 2,
        at: 10,
    }
}

async fn try_change(store: &Arc<dyn Store>, change: PeopleChange) -> Result<People, Refused> {
    store.change_people(&change, 0).await.unwrap()
}

async fn change(store: &Arc<dyn Store>, change: PeopleChange) {
    try_change(store, change).await.unwrap();
}

async fn all(store: &Arc<dyn Store>) -> People {
    let people = store.people(None).await.unwrap();
    assert!(people.is_whole && people.removed.is_empty() && people.ended.is_empty());
    people
}

fn digests(sessions: &[SessionRow]) -> Vec<&str> {
    sessions.iter().map(|session| session.digest.as_str()).collect()
}

pub(in crate::store) async fn a_new_store_has_its_owner(backend: &impl Backend) {
    let store = backend.open().await;
    let people = all(&store).await;
    let [owner] = &people.users[..] else { panic!("{people:?}") };
    assert_eq!((owner.id.as_str(), owner.name.as_str()), ("owner", "owner"));
    assert_eq!((owner.role, &owner.password), (Role::Admin, &None));
    assert!(people.tokens.is_empty() && people.sessions.is_empty());
    assert!(store.people(Some(people.version)).await.unwrap().users.is_empty());
}

pub(in crate::store) async fn a_user_is_kept_changed_and_removed_and_leaves_the_id_behind(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    let ada = user("a", "Ada 'of' ∞");
    change(&store, add(&ada)).await;
    drop(store);

    let store = backend.open().await;
    assert_eq!(all(&store).await.users[1..], std::slice::from_ref(&ada)[..]);
    let changed = PeopleChange::ChangeUser {
        id: "a".to_owned(),
        name: None,
        role: Some(Role::Viewer),
        may_keep: |_, _, _| false,
        password: None,
        keep: None,
        at: 7,
    };
    change(&store, changed).await;
    change(&store, rename("a", "Ada L.")).await;
    let expected = UserRow {
        name: "Ada L.".to_owned(),
        folded: "ada l.".to_owned(),
        role: Role::Viewer,
        ..ada.clone()
    };
    assert_eq!(all(&store).await.users[1..], [expected]);
    assert_eq!(try_change(&store, rename("none", "x")).await, Err(Refused::NoSuch));

    change(&store, add_token(&token("t", "a", None), 0)).await;
    change(&store, sign_in(&[session("s", "a", 100)])).await;
    let since = all(&store).await.version;
    let gone = || PeopleChange::RemoveUser { id: "a".to_owned(), at: 8 };
    change(&store, gone()).await;
    let told = store.people(Some(since)).await.unwrap();
    assert_eq!((&told.removed[..], told.users.len()), (&["a".to_owned()][..], 0));
    assert_eq!((&*told.revoked[0], &*told.ended[0]), ("digest of t", "s"));
    let left = all(&store).await;
    assert_eq!((left.users.len(), left.tokens.len(), left.sessions.len()), (1, 0, 0));
    assert_eq!(try_change(&store, gone()).await, Err(Refused::NoSuch));
    // The name is free again, the id is not.
    assert!(store.change_people(&add(&ada), 0).await.is_err());
    change(&store, add(&UserRow { id: "b".to_owned(), ..ada })).await;
    let of_nobody = add_token(&token("t2", "a", None), 0);
    assert_eq!(try_change(&store, of_nobody).await, Err(Refused::NoSuch));
    let of_nobody = sign_in(&[session("s2", "a", 100)]);
    assert_eq!(try_change(&store, of_nobody).await, Err(Refused::NoSuch));
}

pub(in crate::store) async fn a_lower_role_revokes_what_may_not_be_kept_in_it(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    change(&store, add(&UserRow { role: Role::Publisher, ..user("a", "Ada") })).await;
    let of = |id: &str, user: &str, scope: &str| {
        let scopes = vec![scope.to_owned(), "inbox".to_owned()];
        add_token(&TokenRow { scopes, ..token(id, user, None) }, 0)
    };
    change(&store, of("1", "a", "read:a")).await;
    change(&store, of("2", "a", "read:b")).await;
    change(&store, of("3", "owner", "read:b")).await;
    let role = |role| PeopleChange::ChangeUser {
        id: "a".to_owned(),
        name: None,
        role: Some(role),
        may_keep: |id, role, scopes| {
            assert_eq!((id, scopes[1]), ("a", "inbox"));
            role > Role::Viewer || scopes[0] == "read:a"
        },
        password: None,
        keep: None,
        at: 7,
    };
    for same_or_more in [Role::Publisher, Role::Admin, Role::Publisher] {
        change(&store, role(same_or_more)).await;
        assert_eq!(all(&store).await.tokens.len(), 3);
    }
    let since = all(&store).await.version;
    change(&store, role(Role::Viewer)).await;
    let told = store.people(Some(since)).await.unwrap();
    assert_eq!((&told.revoked[..], told.users.len()), (&["digest of 2".to_owned()][..], 1));
    let left: Vec<_> = all(&store).await.tokens.into_iter().map(|token| token.id).collect();
    assert_eq!(left, ["1", "3"]);
}

pub(in crate::store) async fn a_name_is_one_users_whatever_its_case(backend: &impl Backend) {
    let store = backend.open().await;
    change(&store, add(&user("a", "Ada"))).await;
    change(&store, add(&user("b", "Bob"))).await;
    let before = all(&store).await;
    assert_eq!(try_change(&store, add(&user("c", "ADA"))).await, Err(Refused::NameTaken));
    assert_eq!(try_change(&store, rename("b", "aDa")).await, Err(Refused::NameTaken));
    assert_eq!(try_change(&store, add(&user("c", "Owner"))).await, Err(Refused::NameTaken));
    assert_eq!(all(&store).await, before, "what is refused changes nothing");
    change(&store, rename("a", "ADA")).await;
}

pub(in crate::store) async fn there_are_no_more_users_than_there_may_be(backend: &impl Backend) {
    let store = backend.open().await;
    let add = |id| PeopleChange::AddUser { user: user(id, id), most: 2 };
    change(&store, add("a")).await;
    assert_eq!(try_change(&store, add("b")).await, Err(Refused::TooMany));
    change(&store, PeopleChange::RemoveUser { id: "a".to_owned(), at: 1 }).await;
    change(&store, add("b")).await;
}

pub(in crate::store) async fn there_are_no_more_tokens_than_there_may_be(backend: &impl Backend) {
    let store = backend.open().await;
    change(&store, add(&user("a", "Ada"))).await;
    // Made at 10: the second has expired by then.
    let add = |id, of, expires_at| PeopleChange::AddToken {
        token: TokenRow { created_at: 10, ..token(id, of, expires_at) },
        most_of_user: 2,
        most: 3,
        forget: 0,
    };
    change(&store, add("1", "a", None)).await;
    change(&store, add("2", "a", Some(10))).await;
    change(&store, add("3", "a", Some(11))).await;
    assert_eq!(try_change(&store, add("4", "a", None)).await, Err(Refused::TooMany));
    change(&store, add("5", "owner", None)).await;
    assert_eq!(try_change(&store, add("6", "owner", None)).await, Err(Refused::TooMany));
    change(&store, PeopleChange::RevokeToken { id: "1".to_owned(), at: 10 }).await;
    change(&store, add("4", "a", None)).await;
}

pub(in crate::store) async fn a_token_is_kept_until_it_is_revoked(backend: &impl Backend) {
    let store = backend.open().await;
    let add = add_token;
    let revoke = |id: &str| PeopleChange::RevokeToken { id: id.to_owned(), at: 200 };
    let (brief, long) = (token("a", "owner", Some(100)), token("b", "owner", None));
    change(&store, add(&brief, 0)).await;
    change(&store, add(&long, 0)).await;
    drop(store);

    let store = backend.open().await;
    assert_eq!(all(&store).await.tokens, [brief.clone(), long.clone()]);
    change(&store, revoke("b")).await;
    assert_eq!(try_change(&store, revoke("b")).await, Err(Refused::NoSuch), "it was before");
    assert_eq!(try_change(&store, revoke("none")).await, Err(Refused::NoSuch));
    assert_eq!(all(&store).await.tokens, [brief]);

    // Both are over by then; the one that expired long ago is forgotten, and its id is free.
    change(&store, add(&token("c", "owner", None), 150)).await;
    change(&store, add(&token("a", "owner", None), 150)).await;
    assert!(store.change_people(&add(&long, 150), 0).await.is_err());
    let left: Vec<_> = all(&store).await.tokens.into_iter().map(|token| token.id).collect();
    assert_eq!(left, ["a", "c"]);
}

pub(in crate::store) async fn a_second_token_of_the_same_secret_is_refused(backend: &impl Backend) {
    let store = backend.open().await;
    let first = token("a", "owner", None);
    change(&store, add_token(&first, 0)).await;
    let second = TokenRow { id: "b".to_owned(), ..first.clone() };
    let second = add_token(&second, 0);
    assert!(store.change_people(&second, 0).await.is_err());
    assert_eq!(all(&store).await.tokens, [first]);
}

pub(in crate::store) async fn a_session_is_kept_until_it_ends_and_the_one_that_ends_first_gives_way(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    change(&store, add(&user("a", "Ada"))).await;
    // Two of each user may be.
    let mine = [session("1", "a", 100), session("2", "a", 300), session("3", "a", 200)];
    change(&store, sign_in(&mine)).await;
    change(&store, sign_in(&[session("4", "owner", 50)])).await;
    drop(store);

    let store = backend.open().await;
    assert_eq!(digests(&all(&store).await.sessions), ["2", "3", "4"]);
    let anew = PeopleChange::AddSessions {
        sessions: vec![session("5", "a", 400)],
        proven_by: None,
        in_place_of: Some("2".to_owned()),
        most: 2,
        at: 50,
    };
    change(&store, anew).await;
    assert_eq!(digests(&all(&store).await.sessions), ["3", "5"], "4 is past its time");
    let end = || PeopleChange::EndSession { digest: "5".to_owned(), at: 60 };
    change(&store, end()).await;
    assert_eq!(try_change(&store, end()).await, Err(Refused::NoSuch));
    assert_eq!(digests(&all(&store).await.sessions), ["3"]);
}

pub(in crate::store) async fn a_new_password_ends_all_other_sessions(backend: &impl Backend) {
    let store = backend.open().await;
    change(&store, add(&user("a", "Ada"))).await;
    change(&store, sign_in(&[session("1", "a", 100), session("2", "a", 100)])).await;
    change(&store, sign_in(&[session("3", "owner", 100)])).await;
    let new = |keep: Option<&str>| PeopleChange::ChangeUser {
        id: "a".to_owned(),
        name: None,
        role: None,
        may_keep: |_, _, _| false,
        password: Some(hash("new")),
        keep: keep.map(str::to_owned),
        at: 7,
    };
    change(&store, new(Some("2"))).await;
    assert_eq!(digests(&all(&store).await.sessions), ["2", "3"]);
    change(&store, new(None)).await;
    assert_eq!(digests(&all(&store).await.sessions), ["3"]);
    assert_eq!(all(&store).await.users[1].password, Some(hash("new")));
}

pub(in crate::store) async fn a_password_that_was_changed_meanwhile_begins_no_session(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    let ada = user("a", "Ada");
    change(&store, add(&ada)).await;
    let sign_in = |digest: &str, by: &PasswordHash| PeopleChange::AddSessions {
        sessions: vec![session(digest, "a", 100)],
        proven_by: Some(by.clone()),
        in_place_of: None,
        most: 2,
        at: 10,
    };
    let (old, new) = (ada.password.unwrap(), hash("new"));
    change(&store, sign_in("1", &old)).await;
    let id = || "a".to_owned();
    let rehash = |old: &PasswordHash, new: &PasswordHash| PeopleChange::Rehash {
        id: id(),
        old: old.clone(),
        new: new.clone(),
    };
    change(&store, rehash(&old, &new)).await;
    assert_eq!(try_change(&store, sign_in("2", &old)).await, Err(Refused::NoSuch));
    assert_eq!(try_change(&store, rehash(&old, &new)).await, Err(Refused::NoSuch));
    change(&store, sign_in("2", &new)).await;
    assert_eq!(digests(&all(&store).await.sessions), ["1", "2"], "it is the same password");
}

pub(in crate::store) async fn what_changed_behind_a_number_is_all_that_is_read(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    change(&store, add(&user("a", "Ada"))).await;
    let since = all(&store).await.version;
    let told = store.change_people(&add(&user("b", "Bob")), since).await.unwrap().unwrap();
    assert_eq!((told.version, told.is_whole), (since + 1, false));
    assert_eq!(told.users, [user("b", "Bob")]);
    assert_eq!(store.people(Some(since)).await.unwrap(), told);
    let nothing = store.people(Some(since + 1)).await.unwrap();
    assert_eq!(nothing, People { version: since + 1, ..People::default() });
    // A database that was restored from a copy knows less than we do.
    assert!(store.people(Some(since + 2)).await.unwrap().is_whole);
}

pub(in crate::store) async fn changes_at_once_take_a_number_each(backend: &impl Backend) {
    let store = backend.open().await;
    let first = all(&store).await.version;
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let store = Arc::clone(&store);
            let change = add(&user(&format!("{n}"), &format!("user {n}")));
            tokio::spawn(async move { try_change(&store, change).await.unwrap().version })
        })
        .collect();
    let mut versions = HashSet::new();
    for task in tasks {
        versions.insert(task.await.unwrap());
    }
    assert_eq!(versions, (first + 1..=first + 20).collect());
    assert_eq!(all(&store).await.users.len(), 21);
    store.close().await;
    assert!(matches!(store.people(None).await, Err(StoreError::Closed)));
}
