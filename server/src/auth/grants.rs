//! What a caller may do: what the user's role allows and, where the user acts by a token of limited scope, that too.
//!
//! Viewers read machines and what is their own; publishers send there, too; everything that is nobody's own is for
//! admins, and for tokens that have a scope for it. Such a scope is an admin's to give: see [`may_give`].

use tidings_protocol::api::{Role, User};
use tidings_protocol::scope::Scope;
use tidings_protocol::topic::{METRICS, NOTIFICATIONS, PERSONAL, Selector, Topic};

use super::caller::Caller;

/// What a caller gets who asks for nothing in particular: every machine, and what is the user's own.
#[must_use]
pub fn default_selectors(caller: &Caller) -> Vec<Selector> {
    let own = PERSONAL.iter().filter_map(|kind| format!("{kind}/{}", caller.user.id).parse().ok());
    let all = format!("{METRICS}/*").parse().into_iter().chain(own);
    all.filter(|selector| may_read(caller, selector)).collect()
}

/// Whether `caller` may read everything that `selector` matches.
#[must_use]
pub fn may_read(caller: &Caller, selector: &Selector) -> bool {
    let user = &caller.user;
    let owned = match selector {
        Selector::Prefix(None) => Owned::Scope,
        Selector::Exact(topic) | Selector::Prefix(Some(topic)) => owned(user, topic),
    };
    match (owned, caller.grant()) {
        (Owned::All, _) => true,
        (Owned::Other, _) => false,
        (_, Some(grant)) => grant.may_read(selector),
        (Owned::User, None) => true,
        (Owned::Scope, None) => user.role == Role::Admin,
    }
}

/// Whether `caller` may publish to `topic`. Nobody may to those of notifications: what is on them was saved before.
#[must_use]
pub fn may_publish(caller: &Caller, topic: &Topic) -> bool {
    let user = &caller.user;
    user.role >= Role::Publisher
        && takes_events(topic)
        && match (owned(user, topic), caller.grant()) {
            (Owned::Other, _) => false,
            (_, Some(grant)) => grant.may_publish(topic),
            (Owned::All | Owned::User, None) => true,
            (Owned::Scope, None) => user.role == Role::Admin,
        }
}

fn takes_events(topic: &Topic) -> bool {
    topic.as_str().split('/').next() != Some(NOTIFICATIONS)
}

/// Whether `caller` may post notifications to the user `id`: publishers to everybody, viewers to themselves.
#[must_use]
pub fn may_notify(caller: &Caller, id: &str) -> bool {
    let has_scope = caller.grant().is_none_or(|grant| grant.has(&Scope::Notify));
    has_scope && (caller.user.id == id || may_notify_others(caller))
}

/// Whether `caller` may post notifications to every user, and so learns who there is.
#[must_use]
pub fn may_notify_others(caller: &Caller) -> bool {
    let has_scope = caller.grant().is_none_or(|grant| grant.has(&Scope::Notify));
    has_scope && caller.user.role >= Role::Publisher
}

/// Whether `caller` may read and mark the notifications of the user it acts for.
#[must_use]
pub fn may_use_inbox(caller: &Caller) -> bool {
    caller.grant().is_none_or(|grant| grant.has(&Scope::Inbox))
}

/// Whether `caller` may make a token of this scope: no more than the caller may do without one, or anything by an admin.
#[must_use]
pub fn may_give(caller: &Caller, scope: &Scope) -> bool {
    caller.grant().is_none() && may_have(&caller.user, scope)
}

/// Whether `caller` may make a token of this scope for the user `id`. What is a user's own nobody else gives away, no
/// admin either, who may not read it.
#[must_use]
pub fn may_give_to(caller: &Caller, id: &str, scope: &Scope) -> bool {
    may_give(caller, scope) && (caller.user.id == id || !is_personal(scope))
}

/// Whether a scope is for what is one user's own.
#[must_use]
pub fn is_personal(scope: &Scope) -> bool {
    match scope {
        Scope::Read(topics) | Scope::Publish(topics) => match topics {
            Selector::Prefix(None) => false,
            Selector::Exact(topic) | Selector::Prefix(Some(topic)) => topic.is_personal(),
        },
        Scope::Inbox => true,
        Scope::Notify => false,
    }
}

/// Whether `user` may have a token of this scope without a gift of an admin's: no more than the role allows without a token.
#[must_use]
pub fn may_have(user: &User, scope: &Scope) -> bool {
    let has = |topic| matches!(owned(user, topic), Owned::All | Owned::User);
    match scope {
        _ if user.role == Role::Admin => true,
        Scope::Read(Selector::Prefix(None)) | Scope::Publish(Selector::Prefix(None)) => false,
        // What lies below a topic is whose the topic is.
        Scope::Read(Selector::Exact(topic) | Selector::Prefix(Some(topic))) => has(topic),
        Scope::Publish(Selector::Exact(topic) | Selector::Prefix(Some(topic))) => {
            user.role >= Role::Publisher && takes_events(topic) && has(topic)
        }
        Scope::Notify | Scope::Inbox => true,
    }
}

/// What `caller` may do with the user `id`, and with the tokens of that user. Nobody else learns whether there is such
/// a user.
#[must_use]
pub fn over_user(caller: &Caller, id: &str) -> Power {
    match caller.grant() {
        Some(_) => Power::Nothing,
        None if caller.user.role == Role::Admin => Power::All,
        None if caller.user.id == id => Power::Own,
        None => Power::Nothing,
    }
}

/// What somebody may do with a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Power {
    /// Nothing, and not know either.
    Nothing,
    /// What users may do with themselves: look, set a password by the one so far, have tokens.
    Own,
    /// Everything.
    All,
}

/// Who may have to do with a topic and with what lies below it.
enum Owned {
    /// Everybody who is signed in.
    All,
    /// The user in question.
    User,
    /// Another user, or several.
    Other,
    /// Whoever has a scope for it; admins.
    Scope,
}

fn owned(user: &User, topic: &Topic) -> Owned {
    let mut segments = topic.as_str().split('/');
    match (segments.next().unwrap_or_default(), segments.next()) {
        (METRICS, _) => Owned::All,
        (kind, Some(id)) if PERSONAL.contains(&kind) && id == user.id => Owned::User,
        (kind, _) if PERSONAL.contains(&kind) => Owned::Other,
        _ => Owned::Scope,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::tests::caller;

    #[test]
    fn each_selector_is_granted_to_whom_it_belongs() {
        let all: Option<&[&str]> = Some(&["read:*"]);
        let some: Option<&[&str]> =
            Some(&["read:app/*", "read:users/u1", "read:users/u2", "publish:b"]);
        // By a viewer, an admin, an admin's token for all, and one for some.
        let callers = [
            caller(Role::Viewer, None),
            caller(Role::Admin, None),
            caller(Role::Admin, all),
            caller(Role::Admin, some),
        ];
        for (selector, granted) in [
            ("metrics/*", [true, true, true, true]),
            ("metrics/box", [true, true, true, true]),
            ("users/u1", [true, true, false, true]),
            ("users/u2", [false, false, false, false]),
            ("users/*", [false, false, false, false]),
            ("users", [false, false, false, false]),
            ("users/u1/*", [true, true, false, false]),
            ("notifications/u1", [true, true, false, false]),
            ("notifications/u2", [false, false, false, false]),
            ("app/x", [false, true, true, true]),
            ("app/*", [false, true, true, true]),
            ("app/x/*", [false, true, true, true]),
            ("app", [false, true, true, false]),
            ("apple/x", [false, true, true, false]),
            ("b", [false, true, true, false]),
            ("*", [false, true, true, false]),
        ] {
            let parsed = selector.parse().unwrap();
            let found = callers.each_ref().map(|caller| may_read(caller, &parsed));
            assert_eq!(found, granted, "{selector}");
        }
        let viewers = caller(Role::Viewer, all);
        assert!(may_read(&viewers, &"*".parse().unwrap()), "nothing personal is in it");
    }

    #[test]
    fn each_topic_takes_events_of_whom_it_belongs_to() {
        let callers = [
            caller(Role::Viewer, None),
            caller(Role::Publisher, None),
            caller(Role::Admin, None),
            caller(Role::Admin, Some(&["publish:*"])),
            caller(Role::Admin, Some(&["publish:app/*", "publish:users/u2", "read:b"])),
            caller(Role::Viewer, Some(&["publish:*"])),
        ];
        for (topic, granted) in [
            ("app/x", [false, false, true, true, true, false]),
            ("app", [false, false, true, true, false, false]),
            ("b", [false, false, true, true, false, false]),
            ("metrics/box", [false, true, true, true, false, false]),
            ("users/u1", [false, true, true, false, false, false]),
            ("users/u2", [false; 6]),
            ("users", [false; 6]),
            ("notifications/u1", [false; 6]),
            ("notifications/u2", [false; 6]),
        ] {
            let parsed = topic.parse().unwrap();
            let found = callers.each_ref().map(|caller| may_publish(caller, &parsed));
            assert_eq!(found, granted, "{topic}");
        }
    }

    #[test]
    fn what_is_given_unasked_may_be_read() {
        for (scopes, count) in [(None, 3), (Some(&["read:app/*"][..]), 1), (Some(&["read:*"]), 1)] {
            let caller = caller(Role::Viewer, scopes);
            let selectors = default_selectors(&caller);
            assert_eq!(selectors.len(), count);
            assert!(selectors.iter().all(|selector| may_read(&caller, selector)));
        }
    }

    #[test]
    fn nobody_gives_a_token_more_than_the_own_role_but_an_admin() {
        let callers = [
            caller(Role::Viewer, None),
            caller(Role::Publisher, None),
            caller(Role::Admin, None),
            caller(Role::Admin, Some(&["read:*", "publish:*", "notify", "inbox"])),
        ];
        for (scope, granted) in [
            ("read:metrics/*", [true, true, true, false]),
            ("read:users/u1", [true, true, true, false]),
            ("read:users/u2", [false, false, true, false]),
            ("read:app/x", [false, false, true, false]),
            ("read:*", [false, false, true, false]),
            ("publish:metrics/box", [false, true, true, false]),
            ("publish:metrics/*", [false, true, true, false]),
            ("publish:users/u1/*", [false, true, true, false]),
            ("publish:users/u2/*", [false, false, true, false]),
            ("publish:users/*", [false, false, true, false]),
            ("publish:notifications/u1", [false, false, true, false]),
            ("publish:app/*", [false, false, true, false]),
            ("publish:*", [false, false, true, false]),
            ("notify", [true, true, true, false]),
            ("inbox", [true, true, true, false]),
        ] {
            let parsed = scope.parse().unwrap();
            let found = callers.each_ref().map(|caller| may_give(caller, &parsed));
            assert_eq!(found, granted, "{scope}");
        }
    }

    #[test]
    fn what_is_a_users_own_nobody_gives_away_for_them() {
        let admin = caller(Role::Admin, None);
        for (scope, to_others) in [
            ("read:*", true),
            ("read:app/*", true),
            ("read:metrics/box", true),
            ("publish:*", true),
            ("notify", true),
            ("inbox", false),
            ("read:users/u2", false),
            ("read:users/*", false),
            ("read:notifications/u2/*", false),
            ("publish:users/u2", false),
        ] {
            let scope: Scope = scope.parse().unwrap();
            let may_give = |id| may_give_to(&admin, id, &scope);
            assert_eq!((may_give("u1"), may_give("u2")), (true, to_others), "{scope}");
        }
    }

    #[test]
    fn notifications_take_a_scope_and_those_to_others_a_publisher() {
        for (role, scopes, own, others, inbox) in [
            (Role::Viewer, None, true, false, true),
            (Role::Publisher, None, true, true, true),
            (Role::Viewer, Some(&["notify"][..]), true, false, false),
            (Role::Publisher, Some(&["notify"]), true, true, false),
            (Role::Admin, Some(&["inbox", "read:*"]), false, false, true),
            (Role::Admin, Some(&["read:*", "publish:*"]), false, false, false),
        ] {
            let caller = caller(role, scopes);
            let found =
                (may_notify(&caller, "u1"), may_notify(&caller, "u2"), may_use_inbox(&caller));
            assert_eq!(found, (own, others, inbox), "{role} {scopes:?}");
        }
    }

    #[test]
    fn a_user_is_administered_by_admins_and_by_no_token() {
        for (role, scopes, own, other) in [
            (Role::Viewer, None, Power::Own, Power::Nothing),
            (Role::Publisher, None, Power::Own, Power::Nothing),
            (Role::Admin, None, Power::All, Power::All),
            (Role::Admin, Some(&["read:*"][..]), Power::Nothing, Power::Nothing),
        ] {
            let caller = caller(role, scopes);
            assert_eq!((over_user(&caller, "u1"), over_user(&caller, "u2")), (own, other));
        }
    }
}
