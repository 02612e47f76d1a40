//! What a caller may do: what the user's role allows and, where the user acts by a token of limited scope, that too.
//!
//! Viewers read machines and what is their own; publishers send there, too; everything that is nobody's own is for
//! admins, and for tokens that have a scope for it. Such a scope is an admin's to give: see [`may_give`]. Jobs are their
//! users' own, and admins' business as well.

use tidings_protocol::api::{Role, User};
use tidings_protocol::job;
use tidings_protocol::scope::Scope;
use tidings_protocol::topic::{JOBS, METRICS, NOTIFICATIONS, PERSONAL, Selector, Topic};

use super::caller::Caller;

/// What a caller gets who asks for nothing in particular: every machine, and what is the user's own.
#[must_use]
pub fn default_selectors(caller: &Caller) -> Vec<Selector> {
    let id = &caller.user.id;
    let own = PERSONAL.iter().filter_map(|kind| format!("{kind}/{id}").parse().ok());
    let jobs = format!("{JOBS}/{id}~*").parse();
    let all = format!("{METRICS}/*").parse().into_iter().chain(own).chain(jobs);
    all.filter(|selector| may_read(caller, selector)).collect()
}

/// Whether `caller` may read everything that `selector` matches.
#[must_use]
pub fn may_read(caller: &Caller, selector: &Selector) -> bool {
    let user = &caller.user;
    let owned = selector.start().map_or(Owned::Scope, |start| owned(user, start));
    match (owned, caller.grant()) {
        (Owned::All, _) => true,
        (Owned::Other, _) => false,
        (Owned::Job, Some(grant)) => grant.may_read(selector) || grant.has(&Scope::Jobs),
        (_, Some(grant)) => grant.may_read(selector),
        (Owned::User | Owned::Job, None) => true,
        (Owned::Scope, None) => user.role == Role::Admin,
    }
}

/// Whether `caller` may publish to `topic`. Nobody may to those of notifications and of jobs: what is on them was saved
/// before.
#[must_use]
pub fn may_publish(caller: &Caller, topic: &Topic) -> bool {
    let user = &caller.user;
    user.role >= Role::Publisher
        && takes_events(topic)
        && match (owned(user, topic), caller.grant()) {
            (Owned::Other, _) => false,
            (_, Some(grant)) => grant.may_publish(topic),
            (Owned::All | Owned::User | Owned::Job, None) => true,
            (Owned::Scope, None) => user.role == Role::Admin,
        }
}

fn takes_events(topic: &Topic) -> bool {
    !matches!(topic.as_str().split('/').next(), Some(NOTIFICATIONS | JOBS))
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

/// Whether `caller` may list jobs, and see, cancel and report those of the user it acts for.
#[must_use]
pub fn may_use_jobs(caller: &Caller) -> bool {
    caller.grant().is_none_or(|grant| grant.has(&Scope::Jobs))
}

/// Whether `caller` may start jobs on the server; which kinds, they say by themselves.
#[must_use]
pub fn may_start(caller: &Caller) -> bool {
    may_use_jobs(caller) && caller.grant().is_none_or(|grant| grant.has(&Scope::Process))
}

/// Whether `caller` may see every process of the machine. Their command lines may hold what is nobody's business: admins may, and
/// tokens that one of them gave the scope for it.
#[must_use]
pub fn may_see_processes(caller: &Caller) -> bool {
    match caller.grant() {
        Some(grant) => grant.has(&Scope::Processes),
        None => caller.is_admin(),
    }
}

/// Whether `caller` may see, cancel and remove the jobs of the user `owner_id`: one's own, and by admins everybody's. Nobody
/// else learns whether there are any.
#[must_use]
pub fn over_job(caller: &Caller, owner_id: &str) -> bool {
    may_use_jobs(caller) && (caller.user.id == owner_id || caller.is_admin())
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
        Scope::Read(topics) | Scope::Publish(topics) => {
            topics.start().is_some_and(Topic::is_personal)
        }
        // Nobody starts a job in another's name.
        Scope::Inbox | Scope::Jobs | Scope::Process => true,
        Scope::Notify | Scope::Processes => false,
    }
}

/// Whether `user` may have a token of this scope without a gift of an admin's: no more than the role allows without a token.
#[must_use]
pub fn may_have(user: &User, scope: &Scope) -> bool {
    let has = |topic| matches!(owned(user, topic), Owned::All | Owned::User | Owned::Job);
    match scope {
        _ if user.role == Role::Admin => true,
        // What lies below a topic is whose the topic is.
        Scope::Read(topics) => topics.start().is_some_and(has),
        Scope::Publish(topics) => {
            let has = |start| takes_events(start) && has(start);
            user.role >= Role::Publisher && topics.start().is_some_and(has)
        }
        Scope::Notify | Scope::Inbox | Scope::Jobs | Scope::Process => true,
        Scope::Processes => false,
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
    /// The user in question, and admins.
    Job,
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
        (JOBS, Some(id)) if job::owner(id) == Some(&user.id) => Owned::Job,
        _ => Owned::Scope,
    }
}

#[cfg(test)]
mod tests;
