//! Where alerts go: users' inboxes.

use std::fmt::Debug;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tidings_protocol::api::{Role, User};
use tidings_protocol::notification::NewNotification;

use crate::auth::Auth;
use crate::notifications::{Notifications, NotifyError};

/// Takes what users are to be told. One function, so that the engine can be tested without inboxes.
pub(crate) trait Outlet: Debug + Send + Sync {
    /// Tells the users of these names, or every admin where there are none, not even of one of the names. Done once each of them has it; to do it again changes nothing for those
    /// who have it.
    fn tell<'a>(
        &'a self,
        users: Option<&'a [String]>,
        notification: &'a NewNotification,
    ) -> BoxFuture<'a, Result<(), NotifyError>>;

    /// The first of these names that nobody has.
    fn unknown<'a>(&self, users: &'a [String]) -> Option<&'a str>;
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
        users: Option<&'a [String]>,
        notification: &'a NewNotification,
    ) -> BoxFuture<'a, Result<(), NotifyError>> {
        Box::pin(async move {
            let title = notification.title.as_deref();
            let names = users.unwrap_or_default().iter();
            let named: Vec<_> = names.filter_map(|name| self.auth.user_named(name)).collect();
            if users.is_some() && named.is_empty() {
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

    fn unknown<'a>(&self, users: &'a [String]) -> Option<&'a str> {
        users.iter().map(String::as_str).find(|name| self.auth.user_named(name).is_none())
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
