//! Who may do what, cell by cell.

use super::*;
use crate::auth::tests::caller;

#[test]
fn each_selector_is_granted_to_whom_it_belongs() {
    let all: Option<&[&str]> = Some(&["read:*"]);
    let some: Option<&[&str]> =
        Some(&["read:app/*", "read:users/u1", "read:users/u2", "publish:b", "jobs"]);
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
        ("metrics/a~*", [true, true, true, true]),
        ("metrics~*", [false, true, true, false]),
        ("users/u1~*", [false, false, false, false]),
        ("users/~*", [false, false, false, false]),
        ("app/a~*", [false, true, true, true]),
        ("jobs/u1~*", [true, true, false, true]),
        ("jobs/u1~5", [true, true, false, true]),
        ("jobs/u1~5~*", [true, true, false, true]),
        ("jobs/u1~5/*", [true, true, false, true]),
        ("jobs/u2~*", [false, true, false, false]),
        ("jobs/u2~5", [false, true, false, false]),
        ("jobs/u11~5", [false, true, false, false]),
        ("jobs/~*", [false, true, false, false]),
        ("jobs/u1", [false, true, false, false]),
        ("jobs/u1/*", [false, true, false, false]),
        ("jobs/*", [false, true, false, false]),
        ("jobs", [false, true, false, false]),
        ("*", [false, true, true, false]),
    ] {
        let parsed = selector.parse().unwrap();
        let found = callers.each_ref().map(|caller| may_read(caller, &parsed));
        assert_eq!(found, granted, "{selector}");
    }
    let viewers = caller(Role::Viewer, all);
    assert!(may_read(&viewers, &"*".parse().unwrap()), "nothing personal is in it");
    let of_jobs: Option<&[&str]> = Some(&["read:jobs/u1~*", "read:jobs/u2~5"]);
    let reader = caller(Role::Viewer, of_jobs);
    for (selector, granted) in [
        ("jobs/u1~*", true),
        ("jobs/u1~5", true),
        ("jobs/u2~5", true),
        ("jobs/u2~*", false),
        ("jobs/*", false),
    ] {
        assert_eq!(may_read(&reader, &selector.parse().unwrap()), granted, "{selector}");
    }
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
        ("jobs", [false; 6]),
        ("jobs/u1~5", [false; 6]),
    ] {
        let parsed = topic.parse().unwrap();
        let found = callers.each_ref().map(|caller| may_publish(caller, &parsed));
        assert_eq!(found, granted, "{topic}");
    }
}

#[test]
fn what_is_given_unasked_may_be_read() {
    for (scopes, count) in
        [(None, 4), (Some(&["read:app/*"][..]), 1), (Some(&["read:*"]), 1), (Some(&["jobs"]), 2)]
    {
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
        caller(Role::Admin, Some(&["read:*", "publish:*", "notify", "inbox", "jobs"])),
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
        ("jobs", [true, true, true, false]),
        ("process", [true, true, true, false]),
        ("read:jobs/u1~*", [true, true, true, false]),
        ("read:jobs/u1~5", [true, true, true, false]),
        ("read:jobs/u2~*", [false, false, true, false]),
        ("read:jobs/*", [false, false, true, false]),
        ("publish:jobs/u1~*", [false, false, true, false]),
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
        ("jobs", false),
        ("process", false),
        ("read:jobs/u2~*", true),
        ("read:users/u2", false),
        ("read:users/u2~*", false),
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
        let found = (may_notify(&caller, "u1"), may_notify(&caller, "u2"), may_use_inbox(&caller));
        assert_eq!(found, (own, others, inbox), "{role} {scopes:?}");
    }
}

#[test]
fn jobs_are_their_users_and_admins_and_take_a_scope() {
    for (role, scopes, uses, starts, own, others) in [
        (Role::Viewer, None, true, true, true, false),
        (Role::Publisher, None, true, true, true, false),
        (Role::Admin, None, true, true, true, true),
        (Role::Admin, Some(&["jobs", "process"][..]), true, true, true, false),
        (Role::Viewer, Some(&["jobs"]), true, false, true, false),
        (Role::Viewer, Some(&["process"]), false, false, false, false),
        (Role::Admin, Some(&["read:*", "read:jobs/*"]), false, false, false, false),
    ] {
        let caller = caller(role, scopes);
        let found = (may_use_jobs(&caller), may_start(&caller));
        assert_eq!(found, (uses, starts), "{role} {scopes:?}");
        let found = (over_job(&caller, "u1"), over_job(&caller, "u2"));
        assert_eq!(found, (own, others), "{role} {scopes:?}");
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

#[test]
fn processes_are_for_admins_and_for_tokens_that_one_of_them_gave_the_scope() {
    for (role, scopes, sees) in [
        (Role::Viewer, None, false),
        (Role::Publisher, None, false),
        (Role::Admin, None, true),
        (Role::Admin, Some(&["read:*", "process"][..]), false),
        (Role::Admin, Some(&["processes"]), true),
        (Role::Viewer, Some(&["processes"]), true),
    ] {
        assert_eq!(may_see_processes(&caller(role, scopes)), sees, "{role} {scopes:?}");
    }
    for (role, gives) in [(Role::Viewer, false), (Role::Publisher, false), (Role::Admin, true)] {
        assert_eq!(may_give(&caller(role, None), &Scope::Processes), gives, "{role}");
    }
    assert!(may_give_to(&caller(Role::Admin, None), "u2", &Scope::Processes));
}
