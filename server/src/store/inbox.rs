//! What the statements about inboxes have in common, whatever the connection.

use std::sync::Arc;
use std::time::Duration;

use super::notification::{Change, InboxChange, InboxState, MOST_REMOVED, NotificationRow};
use super::number::{signed, unsigned};

/// The columns of a notification, as [`Columns`] has them.
macro_rules! columns {
    () => {
        "id, user_id, version, title, message, level, link, source, dedupe_key, created_at, expires_at, \
         read_at, is_update, news_version"
    };
}
pub(super) use columns;

/// A notification as it is read.
pub(super) type Columns = (
    String,
    String,
    i64,
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    Option<String>,
    i64,
    Option<i64>,
    Option<i64>,
    i64,
    i64,
);

/// Most users and changes that are listed at once.
pub(super) const LISTED: i64 = 100;

/// A name for a server that has just begun: no two have the same.
pub(super) fn server_name() -> Arc<str> {
    format!("{:032x}", rand::random::<u128>()).into()
}

pub(super) fn milliseconds(age: Duration) -> i64 {
    i64::try_from(age.as_millis()).unwrap_or(i64::MAX)
}

/// An inbox whose row is locked.
#[derive(Debug)]
pub(super) struct Locked {
    pub(super) user_id: String,
    pub(super) version: i64,
    pub(super) unread: i64,
    pub(super) total: i64,
    pub(super) changes: Vec<InboxChange>,
}

impl Locked {
    /// Notes what happened; the counts must be those behind it.
    pub(super) fn note(&mut self, what: Change) {
        self.version += 1;
        let (user_id, state) = (self.user_id.clone(), self.state());
        self.changes.push(InboxChange { user_id, state, what });
    }

    /// Notes that these were removed, with the time each was read, if any were.
    pub(super) fn note_removed(&mut self, removed: Vec<(String, Option<i64>)>) {
        for step in removed.chunks(MOST_REMOVED) {
            self.total -= signed(step.len() as u64);
            self.unread -= signed(step.iter().filter(|(_, read)| read.is_none()).count() as u64);
            self.note(Change::Removed(step.iter().map(|(id, _)| id.clone()).collect()));
        }
    }

    pub(super) fn state(&self) -> InboxState {
        InboxState { version: unsigned(self.version), unread: unsigned(self.unread) }
    }
}

pub(super) fn row(columns: Columns) -> NotificationRow {
    let (
        id,
        user_id,
        version,
        title,
        message,
        level,
        link,
        source,
        dedupe_key,
        at,
        expires,
        read,
        update,
        news,
    ) = columns;
    NotificationRow {
        id,
        user_id,
        version: unsigned(version),
        title,
        message,
        level,
        link,
        source,
        dedupe_key,
        created_at: unsigned(at),
        expires_at: expires.map(unsigned),
        read_at: read.map(unsigned),
        is_update: update != 0,
        news_version: unsigned(news),
    }
}

/// Whether what is there says the same as what comes, and for as long. An update has it stay for longer.
pub(super) fn says_the_same(one: &NotificationRow, other: &NotificationRow) -> bool {
    let begins = |row: &NotificationRow| if other.is_update { 0 } else { row.created_at };
    let lasts = |row: &NotificationRow| row.expires_at.map(|at| at.saturating_sub(begins(row)));
    let says = |row: &NotificationRow| {
        let NotificationRow { title, message, level, link, source, .. } = row.clone();
        (title, message, level, link, source)
    };
    says(one) == says(other) && lasts(one) == lasts(other)
}

/// A change as it is noted: its kind, and ids or a version.
pub(super) fn noted(change: &Change) -> (&'static str, String) {
    match change {
        Change::Posted(row) => ("posted", row.id.clone()),
        Change::Read(ids) => ("read", ids.join(" ")),
        Change::ReadUpTo(version) => ("read_up_to", version.to_string()),
        Change::Removed(ids) => ("removed", ids.join(" ")),
        Change::Superseded => ("superseded", String::new()),
    }
}

/// Reads [`noted`] back; of what was posted there is the row, if it is still there as it was posted.
pub(super) fn change(kind: &str, what: &str, row: Option<NotificationRow>) -> Change {
    let ids = || what.split_whitespace().map(str::to_owned).collect();
    match (kind, row, what.parse()) {
        ("posted", Some(row), _) => Change::Posted(Box::new(row)),
        ("read", ..) => Change::Read(ids()),
        ("read_up_to", _, Ok(version)) => Change::ReadUpTo(version),
        ("removed", ..) => Change::Removed(ids()),
        _ => Change::Superseded,
    }
}
