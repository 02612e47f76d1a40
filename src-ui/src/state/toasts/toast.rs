//! One toast, and how long it stays.

use std::rc::Rc;
use std::time::Duration;

use tidings_protocol::notification::{Level, Notification};

use crate::text::text;

/// What comes within this time of its like joins it.
pub const GROUP_WITHIN: Duration = Duration::from_secs(10);

/// Most notifications that one toast remembers one by one.
const MOST_MEMBERS: usize = 50;

/// One toast: a notification, or several that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Toast {
    /// Names it for as long as the page lives.
    pub key: u64,
    /// The worst of its notifications.
    pub level: Level,
    /// Whether they came while the connection was away.
    pub away: bool,
    pub(super) members: Vec<Rc<Notification>>,
    /// Those that are not remembered one by one.
    others: u64,
    joined: Duration,
    /// Time until it goes; null if it stays.
    pub(super) left: Option<Duration>,
}

impl Toast {
    /// A toast of one notification.
    pub(super) fn new(key: u64, row: Rc<Notification>, away: bool, now: Duration) -> Self {
        let level = row.level;
        Self { key, level, away, members: vec![row], others: 0, joined: now, left: stay(level) }
    }

    /// The newest of its notifications.
    #[must_use]
    pub fn newest(&self) -> Option<&Rc<Notification>> {
        self.members.last()
    }

    /// How many more there are than the newest.
    #[must_use]
    pub fn more(&self) -> u64 {
        self.others + self.members.len().saturating_sub(1) as u64
    }

    pub(super) fn belongs_with(&self, row: &Notification, away: bool, now: Duration) -> bool {
        let like = |member: &Rc<Notification>| {
            member.title == row.title || (row.source.is_some() && member.source == row.source)
        };
        let is_soon = now.saturating_sub(self.joined) <= GROUP_WITHIN;
        is_soon && if away { self.away } else { !self.away && self.members.iter().any(like) }
    }

    /// Takes the newer form of one that it has, whose level alone may be the worst of them.
    pub(super) fn replace(&mut self, row: Rc<Notification>, now: Duration) {
        self.members.retain(|member| member.id != row.id);
        self.join(row, now);
        self.level = self.members.iter().map(|member| member.level).max().unwrap_or(self.level);
        self.left = stay(self.level);
    }

    pub(super) fn join(&mut self, row: Rc<Notification>, now: Duration) {
        self.level = self.level.max(row.level);
        self.left = stay(self.level);
        self.joined = now;
        self.members.push(row);
        if self.members.len() > MOST_MEMBERS {
            self.members.remove(0);
            self.others += 1;
        }
    }
}

/// What a level is called.
#[must_use]
pub fn name(level: Level) -> &'static str {
    let inbox = &text().inbox;
    match level {
        Level::Info => inbox.info,
        Level::Success => inbox.success,
        Level::Warning => inbox.warning,
        Level::Error => inbox.error,
    }
}

/// How long a toast stays; null if until it is dismissed.
fn stay(level: Level) -> Option<Duration> {
    match level {
        Level::Info | Level::Success => Some(Duration::from_secs(6)),
        Level::Warning => Some(Duration::from_secs(12)),
        Level::Error => None,
    }
}
