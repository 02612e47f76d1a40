//! What the page is told of all servers.

use std::time::Duration;

use serde::Serialize;
use tokio::time::timeout;

use super::glance::Seen;
use super::list::MOST;
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
    /// By what tokens are found that could not be taken away; empty once the page has it.
    left: String,
    servers: Vec<Line>,
}

/// Tokens that could not be taken away, by what a person finds them, until the page has been told.
#[derive(Debug, Default)]
pub(super) struct Left {
    names: Vec<String>,
    /// Version of the first answer with all of them.
    told_in: Option<u64>,
}

impl Left {
    pub(super) fn add(&mut self, name: String) {
        self.told_in = None;
        self.names.retain(|known| *known != name);
        self.names.push(name);
        if self.names.len() > MOST {
            self.names.remove(0);
        }
    }

    /// The page has answer `since`.
    fn confirm(&mut self, since: u64) {
        if self.told_in.is_some_and(|told_in| since >= told_in) {
            *self = Self::default();
        }
    }

    /// All, for answer `version`.
    fn tell(&mut self, version: u64) -> String {
        self.told_in.get_or_insert(version);
        self.names.join(", ")
    }
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
        self.left().confirm(since);
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
        let left = self.left().tell(version);
        serde_json::to_string(&Told { version, chosen, left, servers })
    }
}

impl Line {
    fn look(&mut self, seen: Seen) {
        self.state = if seen.is_locked { "locked" } else { seen.standing.name() };
        (self.unread, self.cpu, self.memory) = (seen.unread, seen.cpu, seen.memory);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_until_a_page_has_it() {
        let mut left = Left::default();
        left.add("Tidings: Hub".to_owned());
        assert_eq!(left.tell(4), "Tidings: Hub");
        left.confirm(0);
        left.confirm(3);
        assert_eq!(left.tell(5), "Tidings: Hub", "the page was loaded anew");
        left.add("Tidings: Lab".to_owned());
        left.confirm(5);
        assert_eq!(left.tell(6), "Tidings: Hub, Tidings: Lab", "of the second it knows nothing");
        left.confirm(6);
        assert_eq!(left.tell(7), "");
        left.confirm(7);
        left.add("Tidings: Hub".to_owned());
        assert_eq!(left.tell(8), "Tidings: Hub");
    }
}
