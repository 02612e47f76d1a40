//! Notifications: saved, then published. The only way one comes to be, is read or goes.
//!
//! A change of an inbox is committed together with a note that it is to be announced. Whoever made the change announces
//! it, in its turn, so that those of one user go out in the order of their versions. What the hub does not take stays
//! noted, and the `announcer` brings it to the hub as soon as that takes events again, or at the next start: never lost,
//! and what goes out twice is known by its version.

mod announcer;
mod id;
mod row;

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tidings_protocol::notification::{
    Arrival, InboxChange as Told, InvalidNotification, NOTIFICATION, NewNotification, Notification,
    UNREAD, Unread, topic,
};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use crate::store::{InboxQuery, Posting};

use crate::clock;
use crate::config::NotificationsConfig;
use crate::hub::{Hub, PublishError};
use crate::store::{
    Change, Changed, InboxBounds, InboxChange, InboxPage, InboxState, NotificationRow,
    NotificationStore, Store, StoreError,
};

/// Changes of this many users' inboxes are made and announced at once; those of one user one after the other.
const TURNS: usize = 64;

/// How long a change that was noted or taken is surely this server's to announce: well before others take it for forgotten.
const HELD: Duration = Duration::from_secs(5);

/// How long others' changes are waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no notification.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// It cannot be one.
    #[error(transparent)]
    Invalid(#[from] InvalidNotification),
    /// There is nowhere to keep any.
    #[error("this server keeps nothing on disk and has no notifications; `tidings serve` has them")]
    NoStore,
    /// The database failed; after [`StoreError::Lost`] it may be there all the same.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The notifications of a server; clones are the same.
#[derive(Clone, Debug)]
pub struct Notifications(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Option<Arc<dyn NotificationStore>>,
    hub: Hub,
    config: NotificationsConfig,
    /// Held while an inbox is changed and the change is announced; several users share one.
    turns: [tokio::sync::Mutex<()>; TURNS],
    pending: Mutex<Pending>,
    /// There is something that the announcer is to bring to the hub.
    wake: Notify,
    /// There is something that was announced.
    flush: Notify,
}

/// What the announcer has to do.
#[derive(Debug, Default)]
struct Pending {
    /// Users of whom the hub did not take something that is this server's to announce. What comes later has to wait for it.
    behind: BTreeSet<String>,
    /// Changes that were announced, and are noted still.
    done: BTreeSet<(String, u64)>,
}

/// A page of an inbox.
#[derive(Debug)]
pub struct Page {
    /// The newest first.
    pub notifications: Vec<Notification>,
    /// Where the inbox stands.
    pub unread: Unread,
    /// Whether more follow.
    pub has_more: bool,
}

impl Notifications {
    /// Those in `store`, announced to `hub`.
    #[must_use]
    pub fn new(store: Option<Arc<dyn Store>>, hub: Hub, config: NotificationsConfig) -> Self {
        Self::with(store.map(|store| store as _), hub, config)
    }

    fn with(
        store: Option<Arc<dyn NotificationStore>>,
        hub: Hub,
        config: NotificationsConfig,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            hub,
            config,
            turns: std::array::from_fn(|_| tokio::sync::Mutex::default()),
            pending: Mutex::default(),
            wake: Notify::new(),
            flush: Notify::new(),
        }))
    }

    /// Brings changes to the hub that it has not taken, and removes what is past its time, until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        announcer::run(self, stop).await;
    }

    /// Saves a notification for a user, who must exist, and publishes it. Where it has no title, `untitled` is one. One
    /// of the same key and content that is there already is returned as it is, and nothing is published; of other
    /// content it is replaced. An update of what is not there is not posted: [`Posting::Absent`]. Done once it is on the disk; whether the hub took it or will do so later is no
    /// difference. Must be called within a tokio runtime; a caller that goes away leaves nothing half done.
    ///
    /// # Errors
    ///
    /// If it is no notification, there is nowhere to keep it, or the database fails.
    pub async fn send_notification(
        &self,
        user_id: &str,
        new: NewNotification,
        untitled: &str,
    ) -> Result<(Notification, Posting), NotifyError> {
        new.check()?;
        let bounds = self.bounds();
        let row = row::new(user_id, new, untitled, bounds.now);
        let post = move |store: Arc<dyn NotificationStore>| -> BoxFuture<'static, _> {
            Box::pin(async move { store.post(&row, bounds).await })
        };
        let (row, posting) = self.change(user_id, post).await?.result;
        Ok((notification(row), posting))
    }

    /// How many of a user's notifications are unread now.
    ///
    /// # Errors
    ///
    /// If there is nowhere to keep any, or the database fails.
    pub async fn unread(&self, user_id: &str) -> Result<Unread, NotifyError> {
        let (state, has_expired) = self.store()?.inbox(user_id, clock::now_ms()).await?;
        if has_expired {
            return Ok(unread(self.trim(user_id).await?));
        }
        Ok(unread(state))
    }

    /// A page of a user's notifications.
    ///
    /// # Errors
    ///
    /// If there is nowhere to keep any, or the database fails.
    pub async fn page(&self, user_id: &str, query: &InboxQuery) -> Result<Page, NotifyError> {
        let store = self.store()?;
        let mut found = store.notifications(user_id, query, clock::now_ms()).await?;
        if found.has_expired {
            self.trim(user_id).await?;
            found = store.notifications(user_id, query, clock::now_ms()).await?;
        }
        let InboxPage { rows, state, has_more, .. } = found;
        let notifications = rows.into_iter().map(notification).collect();
        Ok(Page { notifications, unread: unread(state), has_more })
    }

    /// Marks one as read, and returns it; null if the user has none with this id. One that was read before stays as it is.
    ///
    /// # Errors
    ///
    /// If there is nowhere to keep any, or the database fails.
    pub async fn mark_read(
        &self,
        user_id: &str,
        id: &str,
    ) -> Result<Option<Notification>, NotifyError> {
        let (user, id) = (user_id.to_owned(), id.to_owned());
        let mark = move |store: Arc<dyn NotificationStore>| -> BoxFuture<'static, _> {
            Box::pin(async move { store.mark_read(&user, &id, clock::now_ms()).await })
        };
        Ok(self.change(user_id, mark).await?.result.map(notification))
    }

    /// Marks all as read that are of the version `upto` and below, or all.
    ///
    /// # Errors
    ///
    /// If there is nowhere to keep any, or the database fails.
    pub async fn mark_all_read(
        &self,
        user_id: &str,
        upto: Option<u64>,
    ) -> Result<Unread, NotifyError> {
        let user = user_id.to_owned();
        let mark = move |store: Arc<dyn NotificationStore>| -> BoxFuture<'static, _> {
            Box::pin(async move { store.mark_all_read(&user, upto, clock::now_ms()).await })
        };
        Ok(unread(self.change(user_id, mark).await?.state))
    }

    /// Removes one, and says whether the user had it.
    ///
    /// # Errors
    ///
    /// If there is nowhere to keep any, or the database fails.
    pub async fn remove(&self, user_id: &str, id: &str) -> Result<bool, NotifyError> {
        let (user, id) = (user_id.to_owned(), id.to_owned());
        let remove = move |store: Arc<dyn NotificationStore>| -> BoxFuture<'static, _> {
            Box::pin(async move { store.remove_notification(&user, &id, clock::now_ms()).await })
        };
        Ok(self.change(user_id, remove).await?.result)
    }

    /// Removes what is past its time or too much of a user's.
    async fn trim(&self, user_id: &str) -> Result<InboxState, NotifyError> {
        let (user, bounds) = (user_id.to_owned(), self.bounds());
        let trim = move |store: Arc<dyn NotificationStore>| -> BoxFuture<'static, _> {
            Box::pin(async move { store.trim_inbox(&user, bounds).await })
        };
        Ok(self.change(user_id, trim).await?.state)
    }

    /// Changes an inbox and announces that, on a task of its own: a request whose client hangs up is dropped wherever it
    /// stands.
    async fn change<T: Send + 'static>(
        &self,
        user: &str,
        change: impl FnOnce(
            Arc<dyn NotificationStore>,
        ) -> BoxFuture<'static, Result<Changed<T>, StoreError>>
        + Send
        + 'static,
    ) -> Result<Changed<T>, NotifyError> {
        let store = Arc::clone(self.store()?);
        let (this, user_id) = (self.clone(), user.to_owned());
        let changing = tokio::spawn(async move {
            let _turn = this.turn(&user_id).await?;
            let begun = Instant::now();
            let changed = change(store).await;
            match &changed {
                Ok(changed) => this.announce(&user_id, &changed.changes, begun).await,
                // It may have been committed.
                Err(StoreError::Lost(_)) => this.fall_behind(&user_id),
                Err(_) => {}
            }
            changed
        });
        changing
            .await
            .unwrap_or_else(|ended| {
                // It may have been committed.
                self.fall_behind(user);
                Err(ended.into())
            })
            .map_err(NotifyError::from)
    }

    /// Publishes changes of a user whose turn it is, none of which was noted before `begun`; what the hub does not take, or
    /// takes its time for, is left to the announcer.
    async fn announce(&self, user_id: &str, changes: &[InboxChange], begun: Instant) {
        if changes.is_empty() {
            return;
        }
        if self.pending().behind.contains(user_id) {
            self.fall_behind(user_id);
            return;
        }
        for change in changes {
            if begun.elapsed() > HELD {
                self.fall_behind(user_id);
                return;
            }
            if let Err(error) = self.publish(change).await {
                tracing::warn!(%error, "a notification is kept, and published later");
                self.fall_behind(user_id);
                return;
            }
        }
    }

    async fn publish(&self, change: &InboxChange) -> Result<(), PublishError> {
        let InboxChange { user_id, state, .. } = change;
        let (kind, payload) = told(change);
        if let (Some(topic), Ok(kind), Ok(payload)) = (topic(user_id), kind.parse(), payload) {
            // What the server itself says does not depend on how many topics others use.
            self.0.hub.reserve(&topic);
            self.0.hub.publish(&topic, kind, payload.into()).await?;
        } else {
            tracing::error!(user_id, "a notification of a user who can have no topic");
        }
        self.is_done(user_id, state.version);
        Ok(())
    }

    /// Has the announcer remove the note of a change.
    fn is_done(&self, user_id: &str, version: u64) {
        self.pending().done.insert((user_id.to_owned(), version));
        self.0.flush.notify_one();
    }

    /// Has the announcer look after a user, of whom something may wait to be announced.
    fn fall_behind(&self, user_id: &str) {
        self.pending().behind.insert(user_id.to_owned());
        self.0.wake.notify_one();
    }

    async fn turn(&self, user_id: &str) -> Result<tokio::sync::MutexGuard<'_, ()>, StoreError> {
        let mut hasher = DefaultHasher::new();
        user_id.hash(&mut hasher);
        let turn = &self.0.turns[hasher.finish() as usize % TURNS];
        tokio::time::timeout(PATIENCE, turn.lock()).await.map_err(|_| StoreError::Busy)
    }

    fn store(&self) -> Result<&Arc<dyn NotificationStore>, NotifyError> {
        self.0.store.as_ref().ok_or(NotifyError::NoStore)
    }

    fn bounds(&self) -> InboxBounds {
        let NotificationsConfig { max_per_user, max_age_days } = self.0.config;
        let now = clock::now_ms();
        let oldest = now.saturating_sub(max_age_days.saturating_mul(24 * 60 * 60 * 1_000));
        InboxBounds { most: max_per_user, oldest, now }
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.0.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn notification(row: NotificationRow) -> Notification {
    Notification {
        id: row.id,
        user_id: row.user_id,
        version: row.version,
        title: row.title,
        message: row.message,
        // What another release kept is worth showing.
        level: row.level.parse().unwrap_or_default(),
        link: row.link,
        source: row.source,
        dedupe_key: row.dedupe_key,
        created_at: row.created_at,
        expires_at: row.expires_at,
        read_at: row.read_at,
        update: row.is_update,
        news_version: row.is_update.then_some(row.news_version),
    }
}

fn unread(state: InboxState) -> Unread {
    Unread { unread_count: state.unread, version: state.version }
}

/// The event that announces a change: its type and its payload.
fn told(change: &InboxChange) -> (&'static str, serde_json::Result<Vec<u8>>) {
    let InboxState { version, unread } = change.state;
    let mut told = Told { unread_count: unread, version, ..Told::default() };
    match &change.what {
        Change::Posted(row) => {
            let arrival =
                Arrival { notification: notification((**row).clone()), unread_count: unread };
            return (NOTIFICATION, serde_json::to_vec(&arrival));
        }
        Change::Read(ids) => told.read.clone_from(ids),
        Change::ReadUpTo(version) => told.read_up_to = Some(*version),
        Change::Removed(ids) => told.removed.clone_from(ids),
        Change::Superseded => {}
    }
    (UNREAD, serde_json::to_vec(&told))
}

#[cfg(test)]
mod tests;
