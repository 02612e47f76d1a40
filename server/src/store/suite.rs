//! What every backend must do: one set of tests, run on each by [`suite!`].

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use super::{
    JournalBoundary, JournalCut, JournalMeta, JournalRow, PageLimits, Retain, Store, StoreError,
};

mod alert;
mod inbox;
mod job;
mod job_kept;
mod job_lease;
mod metric;
mod notification;
mod people;

pub(super) use {
    alert::*, inbox::*, job::*, job_kept::*, job_lease::*, metric::*, notification::*, people::*,
};

/// One database of a backend, which can be opened again.
pub(super) trait Backend {
    async fn open(&self) -> Arc<dyn Store>;

    /// Adds events without the knowledge of a store that is open.
    async fn add_unheard(&self, rows: &[JournalRow]);
}

/// Makes a test of each function here, on the backend that the expression makes.
macro_rules! suite {
    ($backend:expr) => {
        $crate::store::suite::suite!($backend;
            a_new_store_has_no_journal,
            a_run_is_unclean_until_it_ends,
            what_was_stored_is_there_when_it_is_opened_again,
            a_reset_forgets_events_and_topics,
            an_append_is_all_or_nothing,
            an_append_without_events_moves_the_head,
            any_text_and_any_bytes_come_back_as_they_were,
            a_page_is_what_a_filter_over_all_events_gives,
            a_page_holds_at_least_one_event_however_large,
            a_rare_topic_is_found_behind_many_events_of_others,
            a_trim_removes_the_oldest_and_notes_how_far,
            a_long_topic_is_trimmed_to_its_last_event,
            the_boundary_is_where_all_three_limits_hold,
            appends_at_once_agree_on_the_topics_they_make,
            an_append_finds_a_topic_that_another_made_unheard,
            a_probe_changes_nothing,
            a_store_that_is_closed_says_so,
        );
        $crate::store::suite::people_suite!($backend);
        $crate::store::suite::notification_suite!($backend);
        $crate::store::suite::alert_suite!($backend);
        $crate::store::suite::job_suite!($backend);
        $crate::store::suite::metric_suite!($backend);
    };
    ($backend:expr; $($name:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $name() {
                $crate::store::suite::$name(&$backend).await;
            }
        )*
    };
}
pub(super) use suite;

fn meta(head: u64) -> JournalMeta {
    JournalMeta { epoch: u32::MAX, head, reserved: head + 1000, clean: false }
}

fn row(seq: u64, topic: &str, data: impl Into<Bytes>) -> JournalRow {
    let (topic, kind) = (topic.to_owned(), "update".to_owned());
    JournalRow { seq, topic, kind, at: seq * 10, data: data.into() }
}

fn rows(seqs: impl IntoIterator<Item = u64>, topic: &str) -> Vec<JournalRow> {
    seqs.into_iter().map(|seq| row(seq, topic, format!("{seq:8}"))).collect()
}

async fn append(store: &Arc<dyn Store>, rows: &[JournalRow]) {
    let head = rows.last().map_or(0, |row| row.seq);
    store.append(rows, head, head).await.unwrap();
}

async fn trim(store: &Arc<dyn Store>, topic: &str, evicted: u64) {
    store.trim(&[JournalCut { topic: topic.to_owned(), evicted }]).await.unwrap();
}

async fn begun(backend: &impl Backend) -> Arc<dyn Store> {
    let store = backend.open().await;
    store.begin(meta(0)).await.unwrap();
    store
}

const ALL: PageLimits = PageLimits { events: 1_000_000, bytes: usize::MAX };

async fn page(store: &Arc<dyn Store>, topics: &[&str], after: u64, limits: PageLimits) -> Vec<u64> {
    let page = store.page(topics, after, u64::MAX, limits).await.unwrap();
    page.into_iter().map(|row| row.seq).collect()
}

pub(super) async fn a_new_store_has_no_journal(backend: &impl Backend) {
    let store = backend.open().await;
    store.check().await.unwrap();
    assert_eq!(store.load().await.unwrap(), None);
    assert_eq!(store.topics().await.unwrap(), []);
    assert_eq!(page(&store, &["a"], 0, ALL).await, [0; 0]);
}

pub(super) async fn a_run_is_unclean_until_it_ends(backend: &impl Backend) {
    let store = backend.open().await;
    store.begin(JournalMeta { clean: true, ..meta(7) }).await.unwrap();
    assert_eq!(store.load().await.unwrap(), Some(meta(7)));

    store.append(&rows([8], "a"), 8, 5_000).await.unwrap();
    store.end(9).await.unwrap();
    let ended = JournalMeta { head: 9, reserved: 5_000, clean: true, ..meta(0) };
    assert_eq!(store.load().await.unwrap(), Some(ended));

    store.begin(ended).await.unwrap();
    assert_eq!(store.load().await.unwrap(), Some(JournalMeta { clean: false, ..ended }));
}

pub(super) async fn what_was_stored_is_there_when_it_is_opened_again(backend: &impl Backend) {
    let store = begun(backend).await;
    append(&store, &rows(1..=5, "a/b")).await;
    trim(&store, "a/b", 2).await;
    drop(store);

    let store = backend.open().await;
    let expected = JournalMeta { head: 5, reserved: 5, ..meta(0) };
    assert_eq!(store.load().await.unwrap(), Some(expected), "no end was noted");
    assert_eq!(page(&store, &["a/b"], 0, ALL).await, [3, 4, 5]);
    append(&store, &rows([6], "a/b")).await;
    let topics = store.topics().await.unwrap();
    assert_eq!((topics.len(), topics[0].evicted, topics[0].events), (1, 2, 4));

    store.end(6).await.unwrap();
    store.close().await;
    assert!(backend.open().await.load().await.unwrap().unwrap().clean);
}

pub(super) async fn a_reset_forgets_events_and_topics(backend: &impl Backend) {
    let store = begun(backend).await;
    append(&store, &rows(1..=5, "old")).await;
    let fresh = JournalMeta { epoch: 1, ..meta(0) };
    store.reset(fresh).await.unwrap();
    assert_eq!(store.load().await.unwrap(), Some(fresh));
    assert_eq!(store.topics().await.unwrap(), []);

    append(&store, &rows(1..=2, "new")).await;
    assert_eq!(page(&store, &["old", "new"], 0, ALL).await, [1, 2]);
    assert_eq!(page(&store, &["old"], 0, ALL).await, [0; 0]);
}

pub(super) async fn an_append_is_all_or_nothing(backend: &impl Backend) {
    let store = begun(backend).await;
    append(&store, &rows(1..=3, "a")).await;
    // Enough for several statements, of which the last fails.
    let mut broken = rows(4..=1_000, "b");
    broken.push(row(3, "c", "taken"));
    assert!(store.append(&broken, 1_000, 2_000).await.is_err());
    assert_eq!(store.load().await.unwrap(), Some(JournalMeta { head: 3, reserved: 3, ..meta(0) }));
    assert_eq!(page(&store, &["a", "b", "c"], 0, ALL).await, [1, 2, 3]);

    broken.pop();
    append(&store, &broken).await;
    assert_eq!(page(&store, &["b"], 0, ALL).await.len(), 997);
}

pub(super) async fn an_append_without_events_moves_the_head(backend: &impl Backend) {
    let store = begun(backend).await;
    store.append(&[], 17, 4_096).await.unwrap();
    let expected = JournalMeta { head: 17, reserved: 4_096, ..meta(0) };
    assert_eq!(store.load().await.unwrap(), Some(expected));
}

pub(super) async fn any_text_and_any_bytes_come_back_as_they_were(backend: &impl Backend) {
    let store = begun(backend).await;
    let every_byte: Vec<u8> = (0..=255).collect();
    let odd = [
        row(1, "a'); DROP TABLE x;--", "null"),
        JournalRow { kind: "häs \"quotes\"".to_owned(), ..row(2, "a", "") },
        row(3, "a", every_byte),
        JournalRow { at: 0, ..row(4, "a", vec![b'x'; 1 << 20]) },
        row(1 << 50, "a", "\u{feff}{}"),
    ];
    append(&store, &odd).await;
    let topics = [odd[0].topic.as_str(), "a", "unknown"];
    assert_eq!(store.page(&topics, 0, u64::MAX, ALL).await.unwrap(), odd);
}

/// Compares with a model over shapes that take each way there is to a page: one topic or many, all or a few
/// of the events, in one place or spread out.
pub(super) async fn a_page_is_what_a_filter_over_all_events_gives(backend: &impl Backend) {
    let store = begun(backend).await;
    let mut random = StdRng::seed_from_u64(3);
    let (mut all, mut seq) = (Vec::new(), 0);
    for _ in 0..6_000 {
        // Numbers have holes: not every event is journalled.
        seq += random.random_range(1..4);
        let topic = match random.random_range(0..1_000) {
            0..3 => "rare".to_owned(),
            3..20 if seq > 6_000 => "late".to_owned(),
            3..500 => "hot".to_owned(),
            _ => format!("t/{}", random.random_range(0..200)),
        };
        all.push(row(seq, &topic, vec![b'x'; random.random_range(0..100)]));
    }
    for batch in all.chunks(777) {
        append(&store, batch).await;
    }
    let many: Vec<_> = (0..150).map(|n| format!("t/{n}")).collect();
    let named = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let shapes = [
        named(&["rare"]),
        named(&["hot"]),
        named(&["rare", "late"]),
        named(&["rare", "t/199", "never"]),
        named(&["hot", "rare"]),
        [many.clone(), named(&["hot", "late"])].concat(),
        many,
    ];
    for (round, topics) in shapes.iter().cycle().take(140).enumerate() {
        let after = random.random_range(0..seq);
        let upto = if round % 3 == 0 { random.random_range(after..seq) } else { seq };
        let events = [1, 7, 100, 100_000][random.random_range(0..4)];
        let bytes = [0, 2_000, usize::MAX][random.random_range(0..3)];
        let mut total = 0;
        let expected: Vec<_> = all
            .iter()
            .filter(|row| after < row.seq && row.seq <= upto && topics.contains(&row.topic))
            .take(events)
            .enumerate()
            .take_while(|(index, row)| {
                total += row.data.len();
                total <= bytes || *index == 0
            })
            .map(|(_, row)| row.clone())
            .collect();
        let topics: Vec<_> = topics.iter().map(String::as_str).collect();
        let page = store.page(&topics, after, upto, PageLimits { events, bytes }).await.unwrap();
        assert_eq!(page, expected, "round {round}: {after}..={upto}, {events}, {bytes}");
    }
}

pub(super) async fn a_page_holds_at_least_one_event_however_large(backend: &impl Backend) {
    let store = begun(backend).await;
    append(&store, &rows(1..=3, "a")).await;
    append(&store, &rows([4], "b")).await;
    let tight = |bytes| PageLimits { events: 10, bytes };
    for topics in [&["a"][..], &["a", "b"]] {
        assert_eq!(page(&store, topics, 0, tight(0)).await, [1]);
        assert_eq!(page(&store, topics, 0, tight(16)).await, [1, 2]);
        assert_eq!(page(&store, topics, 0, tight(23)).await, [1, 2]);
        assert_eq!(page(&store, topics, 0, PageLimits { events: 0, bytes: 99 }).await, [0; 0]);
    }
}

pub(super) async fn a_rare_topic_is_found_behind_many_events_of_others(backend: &impl Backend) {
    let store = begun(backend).await;
    append(&store, &rows([1], "rare")).await;
    append(&store, &rows(2..=20_000, "other")).await;
    append(&store, &rows([20_001], "rare")).await;
    append(&store, &rows([20_002], "rarer")).await;
    let few = PageLimits { events: 2, bytes: usize::MAX };
    assert_eq!(page(&store, &["rare", "rarer"], 0, few).await, [1, 20_001]);
    assert_eq!(page(&store, &["rare", "rarer"], 1, few).await, [20_001, 20_002]);
    assert_eq!(page(&store, &["rare", "rarer"], 20_002, few).await, [0; 0]);
}

pub(super) async fn a_trim_removes_the_oldest_and_notes_how_far(backend: &impl Backend) {
    let store = begun(backend).await;
    append(&store, &rows((1..=9).step_by(2), "a")).await;
    append(&store, &rows([10], "b")).await;
    let state = async || {
        let topics = store.topics().await.unwrap();
        let topics: BTreeMap<_, _> = topics.iter().map(|t| (t.topic.as_str(), t)).collect();
        let (a, b) = (topics["a"], topics["b"]);
        assert_eq!((b.evicted, b.newest, b.events, b.bytes), (0, 10, 1, 8));
        (a.evicted, a.newest, a.events, a.bytes)
    };
    assert_eq!(state().await, (0, 9, 5, 40));
    trim(&store, "a", 4).await;
    assert_eq!(state().await, (4, 9, 3, 24));
    // What is left was taken at 50 and at 100.
    assert_eq!(store.aged(50).await.unwrap(), [""; 0]);
    assert_eq!(store.aged(51).await.unwrap(), ["a"]);
    assert_eq!(store.aged(101).await.unwrap().len(), 2);
    trim(&store, "a", 2).await;
    assert_eq!(state().await, (4, 9, 3, 24), "what is gone stays gone");
    trim(&store, "a", 9).await;
    assert_eq!(state().await, (9, 9, 0, 0));
    trim(&store, "never heard of", 9).await;
    assert_eq!(page(&store, &["a", "b"], 0, ALL).await, [10]);
}

pub(super) async fn a_long_topic_is_trimmed_to_its_last_event(backend: &impl Backend) {
    let store = begun(backend).await;
    append(&store, &rows(1..=12_345, "long")).await;
    trim(&store, "long", 12_344).await;
    assert_eq!(page(&store, &["long"], 0, ALL).await, [12_345]);
    assert_eq!(store.topics().await.unwrap()[0].evicted, 12_344);
}

pub(super) async fn the_boundary_is_where_all_three_limits_hold(backend: &impl Backend) {
    let store = begun(backend).await;
    let mut random = StdRng::seed_from_u64(4);
    let mut all: Vec<JournalRow> = Vec::new();
    for seq in 1..=300 {
        // A clock may be set back.
        let at = 1_000 + seq * 10 - random.random_range(0..100);
        let data = vec![b'x'; random.random_range(0..50)];
        all.push(JournalRow { at, ..row(seq, "a", data) });
    }
    append(&store, &all).await;
    for _ in 0..200 {
        let retain = Retain {
            events: random.random_range(1..400),
            bytes: random.random_range(0..10_000),
            oldest_at: random.random_range(0..4_500),
        };
        let (mut events, mut bytes) = (0, 0);
        let upto = [u64::MAX, random.random_range(0..300)][random.random_range(0..2)];
        let must_go = all.iter().rev().filter(|row| row.seq <= upto).find(|row| {
            events += 1;
            bytes += row.data.len() as u64;
            events > retain.events
                || (bytes > retain.bytes && events > 1)
                || row.at < retain.oldest_at
        });
        let expected = must_go.map_or(JournalBoundary { seq: 0, events, bytes }, |row| {
            let (events, bytes) = (events - 1, bytes - row.data.len() as u64);
            JournalBoundary { seq: row.seq, events, bytes }
        });
        assert_eq!(store.boundary("a", upto, retain).await.unwrap(), expected, "{retain:?}");
    }
    let nothing = JournalBoundary { seq: 0, events: 0, bytes: 0 };
    let none = Retain { events: 0, bytes: 0, oldest_at: u64::MAX };
    assert_eq!(store.boundary("b", u64::MAX, none).await.unwrap(), nothing);
}

pub(super) async fn appends_at_once_agree_on_the_topics_they_make(backend: &impl Backend) {
    let store = begun(backend).await;
    let tasks: Vec<_> = (0..20_u64)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for n in 0..10 {
                    let seq = 1 + task * 10 + n;
                    store.append(&rows([seq], &format!("t/{n}")), seq, seq).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let topics = store.topics().await.unwrap();
    assert_eq!(topics.len(), 10);
    assert!(topics.iter().all(|topic| topic.events == 20));
}

/// As after an append that was committed, and of which nobody heard.
pub(super) async fn an_append_finds_a_topic_that_another_made_unheard(backend: &impl Backend) {
    let store = begun(backend).await;
    append(&store, &rows([1], "a")).await;
    backend.add_unheard(&rows([2], "new")).await;

    append(&store, &[row(3, "a", "1"), row(4, "new", "1"), row(5, "new", "1")]).await;
    assert_eq!(page(&store, &["new"], 0, ALL).await, [2, 4, 5]);
    assert_eq!(store.topics().await.unwrap().len(), 2);
}

pub(super) async fn a_probe_changes_nothing(backend: &impl Backend) {
    let store = begun(backend).await;
    append(&store, &rows(1..=3, "a")).await;
    for _ in 0..2 {
        store.probe().await.unwrap();
        let expected = JournalMeta { head: 3, reserved: 3, ..meta(0) };
        assert_eq!(store.load().await.unwrap(), Some(expected));
        assert_eq!(page(&store, &["a"], 0, ALL).await, [1, 2, 3]);
    }
}

pub(super) async fn a_store_that_is_closed_says_so(backend: &impl Backend) {
    let store = begun(backend).await;
    store.close().await;
    assert!(matches!(store.append(&[], 1, 1).await, Err(StoreError::Closed)));
    assert!(matches!(store.check().await, Err(StoreError::Closed)));
    assert!(matches!(store.probe().await, Err(StoreError::Closed)));
}
