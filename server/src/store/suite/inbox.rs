//! What every backend tells of inboxes: who hears of each change knows what is there, and many may change one at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::Backend;
use super::notification::{ADA, all, bounds, page, row, stands};
use crate::store::{Change, InboxBounds, InboxChange, InboxState, NotificationRow};

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
