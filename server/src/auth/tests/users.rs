//! Users, their passwords, and what becomes of what they have open.

use std::net::IpAddr;
use std::time::Duration;

use tidings_protocol::api::{ChangedUser, NewUser, Password};
use tidings_protocol::topic::Selector;

use super::*;
use crate::auth::attempts::TooOften;
use crate::auth::sign_in::SignInError;
use crate::auth::users::UserError;
use crate::limits::{NoSlot, StreamSlots};
use crate::store::{PeopleStore as _, Refused};

const PASSWORD: &str = "correct horse";

pub(super) fn password(text: &str) -> Password {
    Password::from(text.to_owned())
}

pub(super) async fn add(auth: &Auth, name: &str, role: Role) -> User {
    let new = NewUser { name: name.to_owned(), role, password: Some(password(PASSWORD)) };
    auth.add_user(new).await.unwrap()
}

fn from(last: u8) -> IpAddr {
    [192, 0, 2, last].into()
}

pub(super) async fn sign_in(auth: &Auth, name: &str, text: &str) -> Result<Secret, SignInError> {
    // From somewhere else each time: attempts per address are not what these tests are about.
    let address = IpAddr::from(rand::random::<[u8; 4]>());
    let signed_in = auth.sign_in(address, name, &password(text), None).await;
    signed_in.map(|(_, session)| session)
}

async fn of_session(auth: &Auth, session: &Secret) -> Caller {
    auth.caller_of_session(session.expose()).await.unwrap().unwrap()
}

fn role(role: Role) -> ChangedUser {
    ChangedUser { role: Some(role), ..ChangedUser::default() }
}

fn new_password(new: &str, current: Option<&str>) -> ChangedUser {
    let (new, current_password) = (Some(password(new)), current.map(password));
    ChangedUser { password: new, current_password, ..ChangedUser::default() }
}

async fn by_owner(auth: &Auth) -> Caller {
    auth.caller_of_token("right").await.unwrap().unwrap()
}

#[tokio::test]
async fn a_user_signs_in_by_name_and_password_whatever_the_case_of_the_name() {
    let dir = tempfile::tempdir().unwrap();
    let ada = add(&open(&dir).await, " Ada Lovelace ", Role::Viewer).await;
    assert_eq!((ada.name.as_str(), ada.id.len()), ("Ada Lovelace", 12));

    let auth = open(&dir).await;
    assert_eq!(auth.users().iter().map(|user| &*user.id).collect::<Vec<_>>(), ["owner", &ada.id]);
    let session = sign_in(&auth, "ada LOVELACE ", PASSWORD).await.unwrap();
    let caller = of_session(&auth, &session).await;
    assert_eq!((&caller.user, caller.is_admin()), (&ada, false));
}

#[tokio::test]
async fn who_does_not_get_in_learns_nothing_and_takes_the_same_work() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir).await;
    add(&auth, "Ada", Role::Viewer).await;
    let none = NewUser { name: "Bob".to_owned(), role: Role::Viewer, password: None };
    auth.add_user(none).await.unwrap();
    let mut told = Vec::new();
    for (n, name) in ["ada", "bob", "owner", "nobody", "", "x/y\u{0}"].into_iter().enumerate() {
        let refused = sign_in(&auth, name, "something else").await.unwrap_err();
        assert!(matches!(refused, SignInError::Wrong), "{name}: {refused}");
        told.push(refused.to_string());
        assert_eq!(auth.passwords.checks(), n as u64 + 1, "{name}: one each");
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
}

#[tokio::test]
async fn attempts_are_counted_before_anything_is_computed() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir).await;
    add(&auth, "Ada", Role::Viewer).await;
    let attempt =
        async |address, name| auth.sign_in(address, name, &password(PASSWORD), None).await;
    for name in ["ada", "ADA", "nobody", "nobody", "ada"] {
        // One that succeeds counts, too, and gives none back.
        drop(attempt(from(1), name).await);
    }
    let checks = auth.passwords.checks();
    let refused = attempt(from(1), "somebody").await.unwrap_err();
    assert!(matches!(refused, SignInError::TooOften(TooOften { .. })), "{refused}");
    assert_eq!(auth.passwords.checks(), checks);
    attempt(from(2), "ada").await.unwrap();
}

#[tokio::test]
async fn a_password_of_less_work_is_hashed_anew_when_its_user_signs_in() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir).await;
    let ada = add(&auth, "Ada", Role::Viewer).await;
    let params = argon2::Params::new(8, 1, 1, None).unwrap();
    let weak =
        argon2::PasswordHasher::hash_password(&argon2::Argon2::from(params), PASSWORD.as_bytes());
    let weak = crate::store::PasswordHash::from(weak.unwrap().to_string());
    let hash = |auth: &Auth| auth.directory.known().users[&ada.id].password.clone().unwrap();
    let (id, old) = (ada.id.clone(), hash(&auth));
    auth.directory
        .change(crate::store::PeopleChange::Rehash { id, old, new: weak.clone() })
        .await
        .unwrap();
    assert_eq!(hash(&auth), weak);

    let session = sign_in(&auth, "ada", PASSWORD).await.unwrap();
    assert!(hash(&auth).expose().contains("m=19456,t=2"), "{}", hash(&auth).expose());
    let again = sign_in(&auth, "ada", PASSWORD).await.unwrap();
    for session in [session, again] {
        assert!(who(&auth, &session).await.is_some(), "nobody is signed out by it");
    }
}

#[tokio::test]
async fn a_new_password_ends_all_sessions_but_the_one_that_sets_it() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir).await;
    let ada = add(&auth, "Ada", Role::Viewer).await;
    let (here, there) = (
        sign_in(&auth, "ada", PASSWORD).await.unwrap(),
        sign_in(&auth, "ada", PASSWORD).await.unwrap(),
    );
    let caller = of_session(&auth, &here).await;
    let ended = tokio::spawn(of_session(&auth, &there).await.ended(&[]).unwrap());
    for current in [None, Some("something else")] {
        let refused =
            auth.change_user(&caller, &ada.id, new_password("another horse", current)).await;
        assert!(matches!(refused, Err(UserError::WrongPassword)), "{refused:?}");
    }
    let weak = auth.change_user(&caller, &ada.id, new_password("short", Some(PASSWORD))).await;
    assert!(matches!(weak, Err(UserError::Weak(_))), "{weak:?}");

    let new = new_password("another horse", Some(PASSWORD));
    auth.change_user(&caller, &ada.id, new).await.unwrap();
    tokio::time::timeout(Duration::from_secs(1), ended).await.expect("its streams end").unwrap();
    assert_eq!(who(&auth, &there).await, None);
    assert_eq!(who(&auth, &here).await.as_deref(), Some(ada.id.as_str()));

    // An admin need not know it.
    auth.change_user(&by_owner(&auth).await, &ada.id, new_password("third horse", None))
        .await
        .unwrap();
    assert_eq!(who(&auth, &here).await, None);
    sign_in(&auth, "ada", "third horse").await.unwrap();
}

#[tokio::test]
async fn guesses_at_the_current_password_are_counted_apart_from_sign_ins() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir).await;
    let ada = add(&auth, "Ada", Role::Viewer).await;
    let caller = of_session(&auth, &sign_in(&auth, "ada", PASSWORD).await.unwrap()).await;
    // A stranger does so meanwhile.
    for _ in 0..100 {
        drop(auth.sign_in(from(9), "ada", &password("something else"), None).await);
    }
    for n in 1.. {
        let guess = new_password("another horse", Some(&format!("guess {n}")));
        match auth.change_user(&caller, &ada.id, guess).await {
            Err(UserError::WrongPassword) => assert!(n <= 5, "there is no end to it"),
            Err(UserError::TooOften(_)) => break,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn another_role_ends_the_streams_that_it_does_not_allow_and_no_others() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir).await;
    let ada = add(&auth, "Ada", Role::Admin).await;
    let session = sign_in(&auth, "ada", PASSWORD).await.unwrap();
    let caller = of_session(&auth, &session).await;
    let selectors = |text: &str| [text.parse::<Selector>().unwrap()];
    let all = tokio::spawn(caller.ended(&selectors("*")).unwrap());
    let machines = tokio::spawn(caller.ended(&selectors("metrics/*")).unwrap());
    let owner = by_owner(&auth).await;
    assert!(owner.ended(&selectors("*")).is_none());

    auth.change_user(&owner, &ada.id, role(Role::Viewer)).await.unwrap();
    tokio::time::timeout(Duration::from_secs(1), all).await.expect("it ends").unwrap();
    assert!(!machines.is_finished());
    let late = caller.ended(&selectors("*")).unwrap();
    tokio::time::timeout(Duration::from_secs(1), late).await.expect("a change is not missed");
    assert_eq!(of_session(&auth, &session).await.user.role, Role::Viewer);

    auth.remove_user(&ada.id).await.unwrap();
    tokio::time::timeout(Duration::from_secs(1), machines).await.expect("it ends").unwrap();
    assert_eq!(who(&auth, &session).await, None);
    assert_eq!(auth.user(&ada.id), None);
    assert!(matches!(sign_in(&auth, "ada", PASSWORD).await, Err(SignInError::Wrong)));
    let again = auth.remove_user(&ada.id).await;
    assert!(matches!(again, Err(UserError::People(PeopleError::Refused(Refused::NoSuch)))));
}

#[tokio::test]
async fn a_removed_users_tokens_end_too() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir).await;
    let ada = add(&auth, "Ada", Role::Viewer).await;
    let scopes = ["read:app/*".parse().unwrap()];
    let create = auth.directory.create_token(&ada.id, "ci".to_owned(), &scopes, None, 10);
    let (_, secret) = create.await.unwrap();
    let caller = auth.caller_of_token(secret.expose()).await.unwrap().unwrap();
    assert_eq!(caller.user, ada);
    let ended = tokio::spawn(caller.ended(&[]).unwrap());
    auth.remove_user(&ada.id).await.unwrap();
    tokio::time::timeout(Duration::from_secs(1), ended).await.expect("it ends").unwrap();
    for auth in [auth, open(&dir).await] {
        assert!(auth.caller_of_token(secret.expose()).await.unwrap().is_none());
        assert_eq!(auth.directory.tokens(None).unwrap(), []);
    }
}

#[tokio::test]
async fn a_user_has_so_much_by_all_sessions_and_tokens_together() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir).await;
    let ada = add(&auth, "Ada", Role::Viewer).await;
    let server = StreamSlots::new(100);
    let here = of_session(&auth, &sign_in(&auth, "ada", PASSWORD).await.unwrap()).await;
    let first = here.take_stream(&server).unwrap();
    // Whatever changes about the user.
    auth.change_user(&by_owner(&auth).await, &ada.id, role(Role::Publisher)).await.unwrap();
    let there = of_session(&auth, &sign_in(&auth, "ada", PASSWORD).await.unwrap()).await;
    let scopes = ["read:app/*".parse().unwrap()];
    let create = auth.directory.create_token(&ada.id, "ci".to_owned(), &scopes, None, 10);
    let (_, secret) = create.await.unwrap();
    let token = auth.caller_of_token(secret.expose()).await.unwrap().unwrap();
    let second = token.take_stream(&server).unwrap();
    assert_eq!(there.take_stream(&server).unwrap_err(), NoSlot::OfUser);
    drop(second);
    let _third = there.take_stream(&server).unwrap();
    assert_eq!(token.take_stream(&server).unwrap_err(), NoSlot::OfUser);
    drop(first);
    let _fourth = token.take_stream(&server).unwrap();
    assert_eq!(token.take_stream(&server).unwrap_err(), NoSlot::OfToken);

    for caller in [&here, &there, &token] {
        caller.spend_event().unwrap();
    }
    let over = here.spend_event().unwrap_err();
    assert_eq!(over.to_string(), "this user may send 3 events a second; send the rest later");

    // Others have their own, and the owner's token has no bounds.
    add(&auth, "Bob", Role::Viewer).await;
    let bob = of_session(&auth, &sign_in(&auth, "bob", PASSWORD).await.unwrap()).await;
    bob.spend_event().unwrap();
    let _fifth = bob.take_stream(&server).unwrap();
    let owner = by_owner(&auth).await;
    let slots: Vec<_> = (0..10).map(|_| owner.take_stream(&server).unwrap()).collect();
    assert_eq!(slots.len(), 10);
    assert!((0..10).all(|_| owner.spend_event().is_ok()));
}

#[tokio::test]
async fn a_lower_role_takes_the_tokens_that_may_do_more() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir).await;
    let ada = add(&auth, "Ada", Role::Admin).await;
    let mut ended = Vec::new();
    let mut secrets = Vec::new();
    for scopes in [&["read:*"][..], &["inbox", "publish:app/*"], &["read:metrics/*", "inbox"]] {
        let scopes: Vec<_> = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
        let create = auth.directory.create_token(&ada.id, "ci".to_owned(), &scopes, None, 10);
        let (_, secret) = create.await.unwrap();
        let caller = auth.caller_of_token(secret.expose()).await.unwrap().unwrap();
        ended.push(tokio::spawn(caller.ended(&[]).unwrap()));
        secrets.push(secret);
    }
    let owner = by_owner(&auth).await;
    let after = auth.change_user(&owner, &ada.id, role(Role::Viewer)).await.unwrap();
    assert_eq!((after.user.role, after.revoked_tokens), (Role::Viewer, 2));
    for ended in ended.drain(..2) {
        tokio::time::timeout(Duration::from_secs(1), ended).await.expect("it ends").unwrap();
    }
    assert!(!ended[0].is_finished());
    for auth in [&auth, &open(&dir).await] {
        for (n, secret) in secrets.iter().enumerate() {
            let caller = auth.caller_of_token(secret.expose()).await.unwrap();
            assert_eq!(caller.is_some(), n == 2);
        }
    }
    let again = auth.change_user(&owner, &ada.id, role(Role::Viewer)).await.unwrap();
    assert_eq!(again.revoked_tokens, 0);
}

#[tokio::test]
async fn tokens_are_bounded_however_many_are_asked_for_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir).await;
    let ada = add(&auth, "Ada", Role::Viewer).await;
    let scopes = ["read:metrics/*".parse().unwrap()];
    let create = || auth.directory.create_token(&ada.id, "ci".to_owned(), &scopes, None, 3);
    let made = futures_util::future::join_all((0..20).map(|_| create())).await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 3);
    let refused =
        |made: &&Result<_, _>| matches!(made, Err(PeopleError::Refused(Refused::TooMany)));
    assert_eq!(made.iter().filter(refused).count(), 17);
}

#[tokio::test]
async fn the_owner_stays_who_it_is_and_may_be_called_otherwise() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir).await;
    let owner = by_owner(&auth).await;
    assert!(matches!(auth.remove_user("owner").await, Err(UserError::OwnerStays)));
    let less = auth.change_user(&owner, "owner", role(Role::Publisher)).await;
    assert!(matches!(less, Err(UserError::OwnerStays)), "{less:?}");
    let name = ChangedUser { name: Some("Eve".to_owned()), ..role(Role::Admin) };
    add(&auth, "Mallory", Role::Admin).await;
    let admin = of_session(&auth, &sign_in(&auth, "mallory", PASSWORD).await.unwrap()).await;
    for change in [new_password(PASSWORD, None), name.clone()] {
        let refused = auth.change_user(&admin, "owner", change).await;
        assert!(matches!(refused, Err(UserError::OwnersOwn)), "{refused:?}");
    }
    assert_eq!(auth.change_user(&owner, "owner", name).await.unwrap().user.name, "Eve");
    auth.change_user(&owner, "owner", new_password(PASSWORD, None)).await.unwrap();
    sign_in(&auth, "eve", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn what_may_not_be_a_user_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir).await;
    let add = async |name: &str, text: &str| {
        let (name, password) = (name.to_owned(), Some(password(text)));
        auth.add_user(NewUser { name, role: Role::Viewer, password }).await
    };
    assert!(matches!(add("a/b", PASSWORD).await, Err(UserError::Name(_))));
    assert!(matches!(add("Ada Lovelace", "ADA lovelace").await, Err(UserError::Weak(_))));
    let taken = add("OWNER", PASSWORD).await;
    assert!(matches!(taken, Err(UserError::People(PeopleError::Refused(Refused::NameTaken)))));
    let auth = Auth::in_memory(&Secret::generate(), limits());
    let new = NewUser { name: "Ada".to_owned(), role: Role::Viewer, password: None };
    assert!(matches!(auth.add_user(new).await, Err(UserError::People(PeopleError::NoStore))));
    assert_eq!(auth.users().len(), 1);
}

#[tokio::test]
async fn neither_the_database_nor_a_log_holds_a_password() {
    let dir = tempfile::tempdir().unwrap();
    let auth = open(&dir).await;
    let ada = add(&auth, "Ada", Role::Viewer).await;
    let session = sign_in(&auth, "ada", PASSWORD).await.unwrap();
    let shown = format!("{auth:?} {session:?} {:?}", store(&dir).await.people(None).await.unwrap());
    let hash = auth.directory.known().users[&ada.id].password.clone().unwrap();
    for secret in [PASSWORD, session.expose(), hash.expose()] {
        assert!(!shown.contains(secret), "{secret}");
    }
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for secret in [PASSWORD.as_bytes(), session.expose().as_bytes()] {
            assert!(!bytes.windows(secret.len()).any(|part| part == secret));
        }
    }
}
