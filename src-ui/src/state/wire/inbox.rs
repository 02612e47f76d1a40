//! Notifications, and how an inbox changes.

use tidings_protocol::notification::{Inbox, InboxChange, Notification};

use super::items;
use crate::state::json::Json;
use crate::state::members::{get, is_true, own_text, string, text, whole};

/// The page of an inbox in a server's answer; none if it is none.
#[must_use]
pub fn page(json: &str) -> Option<Inbox> {
    let json = Json::parse(json)?;
    // Without a list it is no page, empty or not.
    get(&json, "notifications")?;
    Some(Inbox {
        notifications: items(&json, "notifications", notification)?,
        unread_count: whole(&json, "unreadCount")?,
        version: whole(&json, "version")?,
        next: string(&json, "next"),
    })
}

/// The notification in an event, and how many are unread with it; none if it is none.
#[must_use]
pub fn arrival(json: &str) -> Option<(Notification, u64)> {
    let json = Json::parse(json)?;
    Some((notification(&json)?, whole(&json, "unreadCount")?))
}

/// The change of an inbox in an event or a server's answer; none if it is none.
#[must_use]
pub fn change(json: &str) -> Option<InboxChange> {
    let json = Json::parse(json)?;
    Some(InboxChange {
        unread_count: whole(&json, "unreadCount")?,
        version: whole(&json, "version")?,
        read: items(&json, "read", own_text)?,
        read_up_to: whole(&json, "readUpTo"),
        removed: items(&json, "removed", own_text)?,
    })
}

fn notification(json: &Json) -> Option<Notification> {
    Some(Notification {
        id: string(json, "id")?,
        user_id: string(json, "userId")?,
        version: whole(json, "version")?,
        title: string(json, "title")?,
        message: string(json, "message")?,
        level: text(json, "level")?.parse().ok()?,
        link: string(json, "link"),
        source: string(json, "source"),
        dedupe_key: string(json, "dedupeKey"),
        created_at: whole(json, "createdAt")?,
        expires_at: whole(json, "expiresAt"),
        read_at: whole(json, "readAt"),
        update: is_true(json, "update"),
        news_version: whole(json, "newsVersion"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_protocol::notification::Arrival;

    const FULL: &str = r#"{"id":"u~1","userId":"u","version":7,"title":"A \"disk\"","message":"m\n","level":"warning",
        "link":"/x","source":"s","dedupeKey":"k","createdAt":5,"expiresAt":6,"readAt":8,"update":true,"newsVersion":4,"unreadCount":3}"#;
    const FEW: &str = r#"{"id":"u~1","userId":"u","version":7,"title":"t","message":"","level":"error","createdAt":5,
        "readAt":null,"unreadCount":0}"#;

    #[test]
    fn notifications_are_read_as_serde_would_read_them() {
        for text in [FULL, FEW] {
            let expected: Arrival = serde_json::from_str(text).unwrap();
            assert_eq!(arrival(text).unwrap(), (expected.notification, expected.unread_count));
        }
        for next in ["null", r#""u~9""#] {
            let text = format!(
                r#"{{"notifications":[{FULL},{FEW}],"unreadCount":2,"version":9,"next":{next}}}"#
            );
            assert_eq!(page(&text).unwrap(), serde_json::from_str(&text).unwrap());
        }
    }

    #[test]
    fn changes_are_read_as_serde_would_read_them() {
        let all = r#"{"unreadCount":1,"version":2,"read":["a","b"],"readUpTo":3,"removed":["c"]}"#;
        for text in [all, r#"{"unreadCount":1,"version":2}"#] {
            let expected: InboxChange = serde_json::from_str(text).unwrap();
            assert_eq!(change(text).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_neither_is_none() {
        let strange = FULL.replace("warning", "dire");
        for text in ["", "{}", "[]", "<html>", r#"{"unreadCount":1}"#, &strange] {
            assert!(arrival(text).is_none() && page(text).is_none(), "{text}");
        }
        assert_eq!(page(r#"{"unreadCount":0,"version":0,"next":null}"#), None);
        assert_eq!(change(r#"{"unreadCount":1,"version":2,"read":[1]}"#), None);
    }
}
