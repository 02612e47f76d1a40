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
    /// Tells the users of these names, or every admin. Done once each of them has it; to do it again changes nothing for those
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

impl Inboxes {
    fn admins(&self) -> Vec<User> {
        self.auth.users().into_iter().filter(|user| user.role == Role::Admin).collect()
    }
}

impl Outlet for Inboxes {
    fn tell<'a>(
        &'a self,
        users: Option<&'a [String]>,
        notification: &'a NewNotification,
    ) -> BoxFuture<'a, Result<(), NotifyError>> {
        Box::pin(async move {
            let users = match users {
                None => self.admins(),
                Some(names) => names.iter().filter_map(|name| self.auth.user_named(name)).collect(),
            };
            let title = notification.title.as_deref();
            if users.is_empty() {
                tracing::warn!(title, "an alert is for nobody: there is no user of these names");
            }
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
