//! Which topics a user may read.

use tidings_protocol::api::{Role, User};
use tidings_protocol::topic::{Selector, Topic};

/// First segments of the topics that belong to the one user named behind them.
const PERSONAL: [&str; 2] = ["users", "notifications"];

/// What a user gets who asks for nothing in particular: every machine, and what is the user's own.
#[must_use]
pub fn default_selectors(user: &User) -> Vec<Selector> {
    let own = PERSONAL.iter().filter_map(|kind| format!("{kind}/{}", user.id).parse().ok());
    "metrics/*".parse().into_iter().chain(own).collect()
}

/// Whether `user` may read everything that `selector` matches.
#[must_use]
pub fn may_read(user: &User, selector: &Selector) -> bool {
    match selector {
        Selector::Exact(topic) => may_read_topic(user, topic),
        // A prefix of personal topics would take in those of others.
        Selector::Prefix(Some(prefix)) => match first_segment(prefix) {
            "metrics" => true,
            kind if PERSONAL.contains(&kind) => may_read_topic(user, prefix),
            _ => user.role == Role::Admin,
        },
        Selector::Prefix(None) => false,
    }
}

/// Whether `user` may publish to `topic`.
#[must_use]
pub fn may_publish(user: &User, topic: &Topic) -> bool {
    user.role >= Role::Publisher && may_read_topic(user, topic)
}

fn may_read_topic(user: &User, topic: &Topic) -> bool {
    let segments: Vec<_> = topic.as_str().split('/').collect();
    match segments.as_slice() {
        ["metrics", ..] => true,
        [kind, id, ..] if PERSONAL.contains(kind) => *id == user.id,
        [kind] if PERSONAL.contains(kind) => false,
        _ => user.role == Role::Admin,
    }
}

fn first_segment(topic: &Topic) -> &str {
    topic.as_str().split('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(role: Role) -> User {
        User { id: "u1".to_owned(), name: "Ada".to_owned(), role }
    }

    #[test]
    fn each_selector_is_granted_to_whom_it_belongs() {
        let table = [
            ("metrics/*", true, true),
            ("metrics/box", true, true),
            ("users/u1", true, true),
            ("users/u2", false, false),
            ("users/*", false, false),
            ("users/u1/*", true, true),
            ("notifications/u1", true, true),
            ("notifications/u2", false, false),
            ("app/x", false, true),
            ("app/*", false, true),
            ("*", false, false),
        ];
        for (selector, viewer, admin) in table {
            let parsed = selector.parse().unwrap();
            assert_eq!(may_read(&user(Role::Viewer), &parsed), viewer, "viewer of {selector}");
            assert_eq!(may_read(&user(Role::Admin), &parsed), admin, "admin of {selector}");
        }
    }

    #[test]
    fn what_is_given_unasked_may_be_read() {
        let user = user(Role::Viewer);
        let selectors = default_selectors(&user);
        assert_eq!(selectors.len(), 3);
        assert!(selectors.iter().all(|selector| may_read(&user, selector)));
    }
}
