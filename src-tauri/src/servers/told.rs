//! What the page is told of all servers.

use std::time::Duration;

use serde::Serialize;
use tokio::time::timeout;

use super::glance::Seen;
use super::secret::Place;
use super::{FIRST, Servers};

/// After this an answer comes even if nothing is new.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// All servers, as the page reads them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    version: u64,
    chosen: String,
    servers: Vec<Line>,
}

/// A server.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    id: String,
    /// Empty of the one that the app brings along.
    name: String,
    url: String,
    /// How the app stands with it, in a word.
    state: &'static str,
    unread: Option<u64>,
    /// In percent.
    cpu: Option<u8>,
    memory: Option<u8>,
    /// Whether its token lies in a file, for want of a store of secrets.
    is_in_file: bool,
}

impl Servers {
    /// All servers as JSON, once there is something that version `since` has not; nothing where others are not offered.
    pub(crate) async fn told(&self, since: u64) -> serde_json::Result<String> {
        let Some(book) = &self.book else { return Ok(String::new()) };
        let mut news = self.news.subscribe();
        // After a while the same is told again.
        drop(timeout(LONGEST_WAIT, news.wait_for(|version| *version != since)).await);
        let version = *news.borrow_and_update();
        let chosen = self.watched.borrow().id.clone();
        let first = Line { id: FIRST.to_owned(), ..Line::default() };
        let others = book.list.get().servers.into_iter().map(|entry| Line {
            id: entry.id,
            name: entry.name,
            url: entry.url.to_string(),
            is_in_file: entry.token == Place::File,
            ..Line::default()
        });
        let seen = |mut line: Line| {
            let seen = self.posts().get(&line.id).map(|post| post.glance.get());
            line.look(seen.unwrap_or_default());
            line
        };
        let servers = std::iter::once(first).chain(others).map(seen).collect();
        serde_json::to_string(&Told { version, chosen, servers })
    }
}

impl Line {
    fn look(&mut self, seen: Seen) {
        self.state = if seen.is_locked { "locked" } else { seen.standing.name() };
        (self.unread, self.cpu, self.memory) = (seen.unread, seen.cpu, seen.memory);
    }
}
