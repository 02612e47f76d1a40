//! Notifications: posted to somebody, and the caller's own.

use tidings_protocol::api::{path, query};
use tidings_protocol::notification::{
    Inbox, MAX_KEY_BYTES, MAX_LINK_BYTES, MAX_MESSAGE_BYTES, MAX_PAGE, MAX_SOURCE_BYTES,
    MAX_TITLE_CHARS, NewNotification, Notification, ReadAll, Unread,
};
use url::Url;

use crate::client::Client;
use crate::error::ClientError;

/// Longest notification in a page, in bytes: its texts with every character escaped where one may be, and the keys, ids
/// and times.
const LONGEST: usize = 4 * MAX_TITLE_CHARS
    + 2 * (MAX_MESSAGE_BYTES + MAX_LINK_BYTES + MAX_SOURCE_BYTES + MAX_KEY_BYTES)
    + 2_000;

/// Which of the caller's notifications to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxQuery {
    /// Only those that are unread, or only those that are read.
    pub unread: Option<bool>,
    /// Only those that follow a page: its [`Inbox::next`].
    pub before: Option<String>,
    /// How many at most, 1 to [`MAX_PAGE`]; without it as many as the server gives.
    pub limit: Option<usize>,
}

impl Client {
    /// Posts a notification, and returns it once the server has kept it. Nothing is tried twice; with a
    /// [`dedupe_key`](NewNotification::dedupe_key) it may be sent again without being there twice. Without one the same
    /// holds as of [`publish`](Self::publish).
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses it.
    pub async fn notify(&self, new: &NewNotification) -> Result<Notification, ClientError> {
        Ok(self.ask(self.post(self.route(path::NOTIFICATIONS)).json(new)).await?.json().await?)
    }

    /// A page of the caller's own notifications, the newest first.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses.
    pub async fn notifications(&self, asked: &InboxQuery) -> Result<Inbox, ClientError> {
        let mut url = self.route(path::NOTIFICATIONS);
        let InboxQuery { unread, before, limit } = asked;
        let unread = unread.map(|unread| unread.to_string());
        let limit = limit.map(|limit| limit.to_string());
        for (key, value) in
            [(query::UNREAD, &unread), (query::BEFORE, before), (query::LIMIT, &limit)]
        {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(key, value);
            }
        }
        Ok(self.ask_for(self.get(url), MAX_PAGE * LONGEST).await?.json().await?)
    }

    /// Marks one of the caller's notifications as read, and returns it.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses, or knows no such notification of the caller's.
    pub async fn mark_read(&self, id: &str) -> Result<Notification, ClientError> {
        Ok(self.ask(self.post(self.notification(&[id, "read"]))).await?.json().await?)
    }

    /// Marks all of the caller's notifications as read that are of the version `upto` of the inbox and below, or all.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses.
    pub async fn mark_all_read(&self, upto: Option<u64>) -> Result<Unread, ClientError> {
        let body = ReadAll { up_to_version: upto };
        Ok(self.ask(self.post(self.route(path::READ_ALL)).json(&body)).await?.json().await?)
    }

    /// Removes one of the caller's notifications.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses, or knows no such notification of the caller's.
    pub async fn remove_notification(&self, id: &str) -> Result<(), ClientError> {
        self.ask(self.delete(self.notification(&[id]))).await.map(drop)
    }

    /// The route below that of notifications; each segment is one, whatever it holds.
    fn notification(&self, segments: &[&str]) -> Url {
        let mut url = self.route(path::NOTIFICATIONS);
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(segments);
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_protocol::notification::Level;

    #[test]
    fn the_longest_page_that_a_server_can_answer_is_read() {
        let longest = Notification {
            id: "f".repeat(36),
            user_id: "f".repeat(36),
            version: u64::MAX,
            title: "\u{1f600}".repeat(MAX_TITLE_CHARS),
            message: "\n".repeat(MAX_MESSAGE_BYTES),
            level: Level::Success,
            link: Some("\"".repeat(MAX_LINK_BYTES)),
            source: Some("\"".repeat(MAX_SOURCE_BYTES)),
            dedupe_key: Some("\\".repeat(MAX_KEY_BYTES)),
            created_at: u64::MAX,
            expires_at: Some(u64::MAX),
            read_at: Some(u64::MAX),
            update: true,
            news_version: Some(u64::MAX),
        };
        let bytes = serde_json::to_vec(&longest).unwrap().len();
        assert!((LONGEST - 2_000..LONGEST - 100).contains(&bytes), "{bytes}");
    }
}
