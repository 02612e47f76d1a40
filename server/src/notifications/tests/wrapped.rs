//! A database that does what a test needs of it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

type Asked<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// Notifications in a file, and what was asked of it.
#[derive(Debug)]
pub(super) struct Wrapped {
    pub(super) store: Arc<dyn Store>,
    /// How many notes were removed at once, each time; more than 500 are refused.
    pub(super) forgotten: Mutex<Vec<usize>>,
    /// The next change is committed, and its task ends by a panic.
    pub(super) panics: AtomicBool,
}

impl Wrapped {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, forgotten: Mutex::default(), panics: AtomicBool::default() }
    }
}

impl NotificationStore for Wrapped {
    fn is_alone(&self) -> bool {
        false
    }

    fn post<'a>(
        &'a self,
        row: &'a NotificationRow,
        bounds: InboxBounds,
    ) -> Asked<'a, Changed<(NotificationRow, Posting)>> {
        Box::pin(async move {
            let posted = self.store.post(row, bounds).await;
            assert!(!self.panics.swap(false, Ordering::SeqCst), "as the test wants it");
            posted
        })
    }

    fn inbox<'a>(&'a self, user_id: &'a str, now: u64) -> Asked<'a, (InboxState, bool)> {
        self.store.inbox(user_id, now)
    }

    fn notifications<'a>(
        &'a self,
        user_id: &'a str,
        query: &'a InboxQuery,
        now: u64,
    ) -> Asked<'a, InboxPage> {
        self.store.notifications(user_id, query, now)
    }

    fn mark_read<'a>(
        &'a self,
        user_id: &'a str,
        id: &'a str,
        at: u64,
    ) -> Asked<'a, Changed<Option<NotificationRow>>> {
        self.store.mark_read(user_id, id, at)
    }

    fn mark_all_read<'a>(
        &'a self,
        user_id: &'a str,
        upto: Option<u64>,
        at: u64,
    ) -> Asked<'a, Changed<()>> {
        self.store.mark_all_read(user_id, upto, at)
    }

    fn remove_notification<'a>(
        &'a self,
        user_id: &'a str,
        id: &'a str,
        now: u64,
    ) -> Asked<'a, Changed<bool>> {
        self.store.remove_notification(user_id, id, now)
    }

    fn trim_inbox<'a>(&'a self, user_id: &'a str, bounds: InboxBounds) -> Asked<'a, Changed<()>> {
        self.store.trim_inbox(user_id, bounds)
    }

    fn inboxes_to_trim(&self, bounds: InboxBounds) -> Asked<'_, Vec<String>> {
        self.store.inboxes_to_trim(bounds)
    }

    fn unannounced_users(&self, age: Option<Duration>) -> Asked<'_, Vec<String>> {
        self.store.unannounced_users(age)
    }

    fn take_unannounced<'a>(
        &'a self,
        user_id: &'a str,
        after: u64,
        age: Option<Duration>,
    ) -> Asked<'a, Vec<InboxChange>> {
        self.store.take_unannounced(user_id, after, age)
    }

    fn announced<'a>(&'a self, changes: &'a [(String, u64)]) -> Asked<'a, ()> {
        self.forgotten.lock().unwrap().push(changes.len());
        if changes.len() > 500 {
            return Box::pin(async { Err(StoreError::Busy) });
        }
        self.store.announced(changes)
    }

    fn inboxes_of_nobody(&self) -> Asked<'_, Vec<String>> {
        self.store.inboxes_of_nobody()
    }

    fn remove_inbox<'a>(&'a self, user_id: &'a str) -> Asked<'a, ()> {
        self.store.remove_inbox(user_id)
    }
}
