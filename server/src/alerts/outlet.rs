//! Where alerts go: users' inboxes.

use std::fmt::Debug;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tidings_protocol::api::{Role, User};
use tidings_protocol::notification::NewNotification;

use crate::auth::Auth;
use crate::notifications::{Notifications, NotifyError};

/// Whom a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whom<'a> {
    /// Every admin.
    Admins,
    /// Who has these names, as the configuration has them.
    Named(&'a [String]),
    /// The users of these ids: whoever has the name of one of them later is somebody else.
    Users(&'a [String]),
}

/// Takes what users are to be told. One function, so that the engine can be tested without inboxes.
pub(crate) trait Outlet: Debug + Send + Sync {
    /// Tells them, or every admin where none of them is there. Done once each of them has it; to do it again changes nothing
    /// for those who have it.
    fn tell<'a>(
        &'a self,
        whom: Whom<'a>,
        notification: &'a NewNotification,
    ) -> BoxFuture<'a, Result<(), NotifyError>>;

    /// The ids of the users of these names, or the first name that nobody has.
    fn ids(&self, names: &[String]) -> Result<Vec<String>, String>;

    /// The names that the users of these ids have by now; those who were removed have none.
    fn names(&self, ids: &[String]) -> Vec<String>;
}

/// The inboxes of a server's users.
#[derive(Debug)]
pub(crate) struct Inboxes {
    pub(crate) auth: Arc<Auth>,
    pub(crate) notifications: Notifications,
}

/// Those who are told: who is `named`, and where that is nobody every admin. An alert that nobody hears is worse than one
/// too many.
fn recipients(named: Vec<User>, all: Vec<User>) -> Vec<User> {
    if named.is_empty() {
        return all.into_iter().filter(|user| user.role == Role::Admin).collect();
    }
    named
}

impl Outlet for Inboxes {
    fn tell<'a>(
        &'a self,
        whom: Whom<'a>,
        notification: &'a NewNotification,
    ) -> BoxFuture<'a, Result<(), NotifyError>> {
        Box::pin(async move {
            let title = notification.title.as_deref();
            let named: Vec<_> = match whom {
                Whom::Admins => Vec::new(),
                Whom::Named(names) => {
                    names.iter().filter_map(|name| self.auth.user_named(name)).collect()
                }
                Whom::Users(ids) => ids.iter().filter_map(|id| self.auth.user(id)).collect(),
            };
            if whom != Whom::Admins && named.is_empty() {
                tracing::warn!(
                    title,
                    "an alert is for users there are not any more; admins are told"
                );
            }
            let users = recipients(named, self.auth.users());
            for user in users {
                self.notifications
                    .send_notification(&user.id, notification.clone(), "Alert")
                    .await?;
            }
            tracing::info!(title, "users were told of an alert");
            Ok(())
        })
    }

    fn ids(&self, names: &[String]) -> Result<Vec<String>, String> {
        let mut ids = Vec::new();
        for name in names {
            let user = self.auth.user_named(name).ok_or_else(|| name.clone())?;
            if !ids.contains(&user.id) {
                ids.push(user.id);
            }
        }
        Ok(ids)
    }

    fn names(&self, ids: &[String]) -> Vec<String> {
        ids.iter().filter_map(|id| self.auth.user(id)).map(|user| user.name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nobody_has_the_names_admins_are_told() {
        let user = |name: &str, role| User { id: name.to_owned(), name: name.to_owned(), role };
        let (ada, bob) = (user("ada", Role::Admin), user("bob", Role::Viewer));
        let all = vec![ada.clone(), bob.clone()];
        assert_eq!(recipients(vec![bob.clone()], all.clone()), [bob]);
        assert_eq!(recipients(vec![], all), [ada]);
    }
}
