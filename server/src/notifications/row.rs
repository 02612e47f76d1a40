//! What is kept of a notification that is posted.

use tidings_protocol::notification::{MAX_TITLE_CHARS, NewNotification};

use super::id;
use crate::store::NotificationRow;

/// What is kept of a notification that comes at `now`.
pub(super) fn new(
    user_id: &str,
    new: NewNotification,
    untitled: &str,
    now: u64,
) -> NotificationRow {
    let title = new.title.unwrap_or_else(|| {
        let visible = untitled.chars().filter(|c| !c.is_control());
        visible.take(MAX_TITLE_CHARS).collect()
    });
    NotificationRow {
        id: id::new(now),
        user_id: user_id.to_owned(),
        version: 0,
        title,
        message: new.message.unwrap_or_default(),
        level: new.level.unwrap_or_default().to_string(),
        link: new.link,
        source: new.source,
        dedupe_key: new.dedupe_key,
        created_at: now,
        expires_at: new.expires_in_seconds.map(|time| now.saturating_add(time * 1_000)),
        read_at: None,
        is_update: new.update,
        news_version: 0,
    }
}
