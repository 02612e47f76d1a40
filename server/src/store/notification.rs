//! What notifications need of a database.
//!
//! Each user has an inbox, which counts what is unread and has a version that grows with each change. Whoever changes an
//! inbox locks its row first, so that the count is right whoever else writes, by this server or another. What was changed
//! is noted in the same transaction and stays noted until it was announced: a crash between the two loses nothing. A note
//! is one server's, by a name that each store gives itself: of several that share a database one announces it.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::StoreError;

/// Most notifications that one change tells as removed; what is more is further changes.
pub(super) const MOST_REMOVED: usize = 200;

/// A notification as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotificationRow {
    /// Never changes; no two are alike.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// Version of the inbox that brought it.
    pub version: u64,
    /// What happened.
    pub title: String,
    /// More of it.
    pub message: String,
    /// How much it matters.
    pub level: String,
    /// Where to read on.
    pub link: Option<String>,
    /// What it comes from.
    pub source: Option<String>,
    /// A user has one notification of a key.
    pub dedupe_key: Option<String>,
    /// When it came, in ms since the epoch.
    pub created_at: u64,
    /// When it goes by itself, in ms since the epoch.
    pub expires_at: Option<u64>,
    /// When it was read, in ms since the epoch.
    pub read_at: Option<u64>,
    /// Whether it only changes the one of its key, which stays read if it was.
    pub is_update: bool,
    /// Of an update: version of the inbox that brought what was news last; else 0.
    pub news_version: u64,
}

/// How much of an inbox is kept.
#[derive(Clone, Copy, Debug)]
pub struct InboxBounds {
    /// Most notifications.
    pub most: u64,
    /// What came before this time goes, in ms since the epoch.
    pub oldest: u64,
    /// The time now, in ms since the epoch: what expires by then is gone.
    pub now: u64,
}

/// Where an inbox stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InboxState {
    /// Of the last change; 0 if there was none.
    pub version: u64,
    /// How many are unread.
    pub unread: u64,
}

/// Which notifications to read.
#[derive(Clone, Debug, Default)]
pub struct InboxQuery {
    /// Only those that are unread, or only those that are read.
    pub unread: Option<bool>,
    /// Only those below this version.
    pub before: Option<u64>,
    /// How many at most.
    pub limit: usize,
}

/// Notifications of one user, as of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxPage {
    /// The newest first.
    pub rows: Vec<NotificationRow>,
    /// Where the inbox stands.
    pub state: InboxState,
    /// Whether more follow.
    pub has_more: bool,
    /// Whether some have expired and still count; they are among neither the rows nor those that follow.
    pub has_expired: bool,
}

/// A change of an inbox that is to be announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxChange {
    /// Whose inbox.
    pub user_id: String,
    /// Where it stands since.
    pub state: InboxState,
    /// What happened.
    pub what: Change,
}

/// What happened to an inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// One came, or replaced the one of its key.
    Posted(Box<NotificationRow>),
    /// Those with these ids were read.
    Read(Vec<String>),
    /// All of this version and below were read.
    ReadUpTo(u64),
    /// Those with these ids are gone.
    Removed(Vec<String>),
    /// One came that has gone since, or was replaced by a later one.
    Superseded,
}

/// What became of a notification that was posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posting {
    /// It is there.
    New,
    /// It stands in the place of the one of its key.
    Replaced,
    /// It was there before.
    Same,
    /// It is an update of one that is not there, and is not posted.
    Absent,
}

/// An inbox that may have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed<T> {
    /// What was asked for.
    pub result: T,
    /// Where the inbox stands.
    pub state: InboxState,
    /// What is to be announced, in its order.
    pub changes: Vec<InboxChange>,
}

/// The notifications. What changes them returns once that is on the disk.
pub trait NotificationStore: std::fmt::Debug + Send + Sync + 'static {
    /// Whether no other server announces what is noted here, for as long as this one can change it. What is noted when it
    /// begins then was left behind.
    fn is_alone(&self) -> bool;

    /// Adds a notification, whose version is given here, or replaces the one of its key by it: that keeps its id. One of
    /// the same key and content stays as it is, and so does all if it is an update and there is none of its key. An update of
    /// the same content changes when it goes, if it is to go later.
    ///
    /// # Errors
    ///
    /// If the database fails; what is the case with every method here.
    fn post<'a>(
        &'a self,
        row: &'a NotificationRow,
        bounds: InboxBounds,
    ) -> BoxFuture<'a, Result<Changed<(NotificationRow, Posting)>, StoreError>>;

    /// Where a user's inbox stands, and whether something in it has expired by `now`.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn inbox<'a>(
        &'a self,
        user_id: &'a str,
        now: u64,
    ) -> BoxFuture<'a, Result<(InboxState, bool), StoreError>>;

    /// A page of a user's notifications.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn notifications<'a>(
        &'a self,
        user_id: &'a str,
        query: &'a InboxQuery,
        now: u64,
    ) -> BoxFuture<'a, Result<InboxPage, StoreError>>;

    /// Marks one as read at `at`, and returns it; null if the user has none with this id.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn mark_read<'a>(
        &'a self,
        user_id: &'a str,
        id: &'a str,
        at: u64,
    ) -> BoxFuture<'a, Result<Changed<Option<NotificationRow>>, StoreError>>;

    /// Marks those of the version `upto` and below as read, or all.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn mark_all_read<'a>(
        &'a self,
        user_id: &'a str,
        upto: Option<u64>,
        at: u64,
    ) -> BoxFuture<'a, Result<Changed<()>, StoreError>>;

    /// Removes one, and says whether the user had it.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn remove_notification<'a>(
        &'a self,
        user_id: &'a str,
        id: &'a str,
        now: u64,
    ) -> BoxFuture<'a, Result<Changed<bool>, StoreError>>;

    /// Removes what lies beyond the bounds.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn trim_inbox<'a>(
        &'a self,
        user_id: &'a str,
        bounds: InboxBounds,
    ) -> BoxFuture<'a, Result<Changed<()>, StoreError>>;

    /// Users in whose inboxes something lies beyond the bounds, a number of them at most.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn inboxes_to_trim(
        &self,
        bounds: InboxBounds,
    ) -> BoxFuture<'_, Result<Vec<String>, StoreError>>;

    /// Users of whom something is noted that no server has noted or taken for so long, by the clock of the database, or
    /// whenever: a number of them at most.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn unannounced_users(
        &self,
        age: Option<Duration>,
    ) -> BoxFuture<'_, Result<Vec<String>, StoreError>>;

    /// Takes upon this server what is noted of a user behind the version `after`, as far as it has it already or nobody has
    /// noted or taken it for that long, by the clock of the database; or whoever has it. What others are just changing is
    /// left. In the order of versions, a number of them at most.
    ///
    /// # Errors
    ///
    /// If the database fails; they may be taken all the same.
    fn take_unannounced<'a>(
        &'a self,
        user_id: &'a str,
        after: u64,
        age: Option<Duration>,
    ) -> BoxFuture<'a, Result<Vec<InboxChange>, StoreError>>;

    /// Forgets changes, by user and version, that were announced: in one transaction, so a few hundred at most.
    ///
    /// # Errors
    ///
    /// If the database fails; they may be announced again.
    fn announced<'a>(
        &'a self,
        changes: &'a [(String, u64)],
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Inboxes of users who do not exist, a number of them at most: whoever was removed while something came.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn inboxes_of_nobody(&self) -> BoxFuture<'_, Result<Vec<String>, StoreError>>;

    /// Removes all that there is of a user. The removal of the user does so, too.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn remove_inbox<'a>(&'a self, user_id: &'a str) -> BoxFuture<'a, Result<(), StoreError>>;
}
