//! What every backend tells of inboxes: who hears of each change knows what is there, and many may change one at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::Backend;
use super::notification::{ADA, all, bounds, page, post, row, stands, titles};
use crate::store::{Change, InboxBounds, InboxChange, InboxQuery, InboxState, NotificationRow};

/// What a client knows that hears of each change: which notifications there are, and whether they are read.
#[derive(Debug, Default)]
struct Client {
    state: InboxState,
    known: BTreeMap<String, NotificationRow>,
}

impl Client {
    fn hear(&mut self, change: &InboxChange) {
        assert_eq!(change.state.version, self.state.version + 1, "each version is one change");
        self.state = change.state;
        match &change.what {
            Change::Posted(row) => {
                assert_eq!(row.version, change.state.version);
                self.known.insert(row.id.clone(), (**row).clone());
            }
            Change::Read(ids) => {
                for id in ids {
                    self.known.get_mut(id).unwrap().read_at = Some(0);
                }
            }
            Change::ReadUpTo(version) => {
                for row in self.known.values_mut().filter(|row| row.version <= *version) {
                    row.read_at = row.read_at.or(Some(0));
                }
            }
            Change::Removed(ids) => {
                for id in ids {
                    assert!(self.known.remove(id).is_some());
                }
            }
            Change::Superseded => panic!("not where it is heard at once"),
        }
        let unread = self.known.values().filter(|row| row.read_at.is_none()).count();
        assert_eq!(unread as u64, change.state.unread, "after {change:?}");
    }
}

pub(in crate::store) async fn who_hears_of_each_change_knows_what_is_there(backend: &impl Backend) {
    let store = backend.open().await;
    let mut random = StdRng::seed_from_u64(5);
    let mut client = Client::default();
    for now in 1..=400_u64 {
        let bounds = InboxBounds { most: 20, oldest: now.saturating_sub(150), now };
        let back = random.random_range(0..30_u64);
        let id = format!("{:012}-x", now.saturating_sub(back));
        let changes = match random.random_range(0..10) {
            0..5 => {
                let key = random.random_range(0..8_u64);
                let new = NotificationRow {
                    dedupe_key: (key < 4).then(|| key.to_string()),
                    level: ["info", "error"][random.random_range(0..2)].to_owned(),
                    expires_at: (back < 8).then_some(now + back + 1),
                    ..row(ADA, now, "x")
                };
                store.post(&new, bounds).await.unwrap().changes
            }
            5..7 => store.mark_read(ADA, &id, now).await.unwrap().changes,
            7 => store.remove_notification(ADA, &id, now).await.unwrap().changes,
            8 => {
                let upto = (back < 25).then_some(client.state.version.saturating_sub(back));
                store.mark_all_read(ADA, upto, now).await.unwrap().changes
            }
            _ => store.trim_inbox(ADA, bounds).await.unwrap().changes,
        };
        changes.iter().for_each(|change| client.hear(change));
    }
    let found = page(&store, &all(), 0).await;
    let known = found.rows.iter().map(|row| (&row.id, row.version, row.read_at.is_some()));
    let mut known: Vec<_> = known.collect();
    known.sort_unstable();
    let heard = client.known.values().map(|row| (&row.id, row.version, row.read_at.is_some()));
    let mut heard: Vec<_> = heard.collect();
    heard.sort_unstable();
    assert_eq!((known, found.state), (heard, client.state));
    assert!(!client.known.is_empty());
}

pub(in crate::store) async fn many_who_change_one_inbox_at_once_count_right(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    let tasks: Vec<_> = (0..32_u64)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut changes = Vec::new();
                for n in 0..6 {
                    let at = 1 + task * 100 + n;
                    let keyed = NotificationRow {
                        dedupe_key: (n == 0).then(|| "one".to_owned()),
                        ..row(ADA, at, "x")
                    };
                    changes.extend(store.post(&keyed, bounds(at)).await.unwrap().changes);
                    match n {
                        2 => changes
                            .extend(store.mark_read(ADA, &keyed.id, at).await.unwrap().changes),
                        3 => {
                            let removed =
                                store.remove_notification(ADA, &keyed.id, at).await.unwrap();
                            assert!(removed.result);
                            changes.extend(removed.changes);
                        }
                        4 if task == 9 => {
                            let read = store.mark_all_read(ADA, None, at).await.unwrap();
                            changes.extend(read.changes);
                        }
                        _ => drop(page(&store, &all(), at).await),
                    }
                }
                changes
            })
        })
        .collect();
    let mut changes = Vec::new();
    for task in tasks {
        changes.extend(task.await.unwrap());
    }
    changes.sort_by_key(|change| change.state.version);
    let mut client = Client::default();
    changes.iter().for_each(|change| client.hear(change));
    assert_eq!(stands(&store, 9).await, client.state);
    let rows = page(&store, &all(), 9).await.rows;
    assert_eq!(rows.len(), client.known.len());
    assert_eq!(rows.len(), 32 * 4 + 1, "one of the key, and four more of each task");
}

pub(in crate::store) async fn what_goes_or_is_replaced_between_two_pages_leaves_the_next_where_it_was(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    let keyed = |at: u64, title: &str, key: u64| NotificationRow {
        dedupe_key: Some(key.to_string()),
        ..row(ADA, at, title)
    };
    for at in 1..=6 {
        post(&store, keyed(at, &at.to_string(), at)).await;
    }
    let ask = async |before| page(&store, &InboxQuery { before, limit: 2, unread: None }, 9).await;
    let last = async |before| {
        let page = ask(before).await;
        page.rows.last().map(|row| (row.id.clone(), row.version))
    };
    let (id, version) = last(None).await.unwrap();
    assert_eq!(version, 5);
    // The last of the page, and one with a lower id.
    post(&store, keyed(7, "5 again", 5)).await;
    post(&store, keyed(8, "1 again", 1)).await;
    assert_eq!(titles(&ask(Some(version)).await), ["4", "3"]);
    store.remove_notification(ADA, &id, 9).await.unwrap();
    assert_eq!(titles(&ask(Some(version)).await), ["4", "3"]);
    assert_eq!(titles(&ask(None).await), ["1 again", "6"]);

    // Though the last of each page comes again, the pages end.
    let mut before = None;
    for round in 0.. {
        let Some((id, version)) = last(before).await else { break };
        assert!(round < 4, "a page again");
        post(&store, keyed(10 + round, "flaps", id[..12].parse().unwrap())).await;
        before = Some(version);
    }
}

pub(in crate::store) async fn what_nobody_saw_is_not_read_with_all_up_to_one(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    let keyed = |at: u64, title: &str| NotificationRow {
        dedupe_key: Some("k".to_owned()),
        ..row(ADA, at, title)
    };
    post(&store, keyed(1, "k")).await;
    for (at, title) in [(2, "x"), (3, "y"), (4, "z")] {
        post(&store, row(ADA, at, title)).await;
    }
    let (again, _) = post(&store, keyed(5, "k again")).await;
    store.remove_notification(ADA, "000000000002-x", 6).await.unwrap();

    // Of what was seen up to x there is nothing left: one is gone, and what replaced the other nobody has seen.
    let seen = store.mark_all_read(ADA, Some(2), 7).await.unwrap();
    assert_eq!((seen.state.unread, seen.changes.len()), (3, 0));
    let seen = store.mark_all_read(ADA, Some(3), 8).await.unwrap();
    assert_eq!((seen.state.unread, &seen.changes[0].what), (2, &Change::ReadUpTo(3)));
    let rows = page(&store, &all(), 9).await.rows;
    assert_eq!(rows[0], again);
    let read: Vec<_> = rows.iter().filter(|row| row.read_at.is_some()).collect();
    assert!(read.iter().all(|row| row.title == "y") && read.len() == 1, "{read:?}");
}
