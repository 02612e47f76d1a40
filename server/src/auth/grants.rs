//! Which topics a caller may read and publish to.

use tidings_protocol::api::{Role, User};
use tidings_protocol::topic::{METRICS, PERSONAL, Selector, Topic};

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
    match (owned, &caller.token) {
        (Owned::All, _) => true,
        (Owned::Other, _) => false,
        (_, Some(grant)) => grant.may_read(selector),
        (Owned::User, None) => true,
        (Owned::Scope, None) => user.role == Role::Admin,
    }
}

/// Whether `caller` may publish to `topic`.
#[must_use]
pub fn may_publish(caller: &Caller, topic: &Topic) -> bool {
    let user = &caller.user;
    user.role >= Role::Publisher
        && match (owned(user, topic), &caller.token) {
            (Owned::Other, _) => false,
            (_, Some(grant)) => grant.may_publish(topic),
            (Owned::All | Owned::User, None) => true,
            (Owned::Scope, None) => user.role == Role::Admin,
        }
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
    use crate::auth::tokens::tests::grant;

    fn caller(role: Role, scopes: Option<&[&str]>) -> Caller {
        let user = User { id: "u1".to_owned(), name: "Ada".to_owned(), role };
        let token = scopes.map(|scopes| grant(&user, scopes));
        Caller { user, token }
    }

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
}
