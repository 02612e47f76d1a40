//! What is announced, when, and that nothing is lost in between.

mod backlog;
mod wrapped;

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use tempfile::TempDir;
use tidings_protocol::notification::Level;
use tidings_protocol::topic::Topic;

use super::*;
use crate::hub::{
    Boundary, Durability, Event, HubLimits, Item, Journal, JournalError, Page as JournalPage,
    PageRequest, Pages, Recovered, Retention, Start, Subscription,
};
use crate::store::{FILE_NAME, SqliteStore};

const DEADLINE: Duration = Duration::from_secs(20);
const HOUR: Duration = Duration::from_secs(3_600);
const OWNER: &str = "owner";

/// A journal that keeps nothing, and may say so.
#[derive(Debug, Default)]
struct Fickle(AtomicBool);

impl Pages for Fickle {
    fn page(
        self: Arc<Self>,
        ask: PageRequest,
    ) -> BoxFuture<'static, Result<JournalPage, JournalError>> {
        let page = JournalPage { reached: ask.upto, ..JournalPage::default() };
        Box::pin(async move { Ok(page) })
    }
}

impl Journal for Fickle {
    fn append(
        self: Arc<Self>,
        _: Vec<Arc<Event>>,
        _: u64,
    ) -> BoxFuture<'static, Result<(), JournalError>> {
        let fails = self.0.load(Ordering::SeqCst);
        Box::pin(async move { if fails { Err(JournalError::Failed) } else { Ok(()) } })
    }

    fn aged(
        self: Arc<Self>,
        _: Duration,
        _: u64,
    ) -> BoxFuture<'static, Result<Vec<Topic>, JournalError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn boundary(
        self: Arc<Self>,
        _: Topic,
        _: u64,
        _: Retention,
        _: u64,
    ) -> BoxFuture<'static, Result<Boundary, JournalError>> {
        Box::pin(async { Ok(Boundary::default()) })
    }

    fn trim(self: Arc<Self>, _: Vec<(Topic, u64)>) -> BoxFuture<'static, Result<(), JournalError>> {
        Box::pin(async { Ok(()) })
    }

    fn check(self: Arc<Self>) -> BoxFuture<'static, Result<(), JournalError>> {
        Box::pin(async { Ok(()) })
    }

    fn end(self: Arc<Self>, _: u64) -> BoxFuture<'static, Result<(), JournalError>> {
        Box::pin(async { Ok(()) })
    }
}

struct World {
    notifications: Notifications,
    store: Arc<dyn Store>,
    hub: Hub,
    heard: Subscription,
    stop: CancellationToken,
    folder: TempDir,
}

impl World {
    async fn new() -> Self {
        Self::on(Hub::new(HubLimits::default())).await
    }

    async fn on(hub: Hub) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::in_folder(folder, hub).await
    }

    async fn in_folder(folder: TempDir, hub: Hub) -> Self {
        let world = Self::idle(folder, hub).await;
        tokio::spawn(world.notifications.clone().run(world.stop.clone()));
        world
    }

    /// Without the task that catches up.
    async fn idle(folder: TempDir, hub: Hub) -> Self {
        let store = SqliteStore::open(&folder.path().join(FILE_NAME), false).await.unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        let heard = hub.subscribe(vec!["notifications/*".parse().unwrap()], Start::Fresh);
        let config = NotificationsConfig::default();
        let notifications = Notifications::new(Some(Arc::clone(&store)), hub.clone(), config);
        let stop = CancellationToken::new();
        Self { notifications, store, hub, heard, stop, folder }
    }

    /// What another server has of the same database.
    async fn other_store(&self) -> Arc<dyn Store> {
        Arc::new(self.rows().await)
    }

    /// The database, past every server.
    async fn rows(&self) -> SqliteStore {
        SqliteStore::open(&self.folder.path().join(FILE_NAME), false).await.unwrap()
    }

    async fn post(&self, title: &str) -> Notification {
        self.post_keyed(title, None).await.0
    }

    async fn post_keyed(&self, title: &str, key: Option<&str>) -> (Notification, Posting) {
        let new = NewNotification {
            title: Some(title.to_owned()),
            dedupe_key: key.map(str::to_owned),
            ..NewNotification::default()
        };
        self.notifications.send_notification(OWNER, new, "").await.unwrap()
    }

    /// Type and payload of what is announced next.
    async fn next(&mut self) -> (String, Value) {
        let item = tokio::time::timeout(DEADLINE, self.heard.next()).await.unwrap().unwrap();
        let Item::Event(event) = item else { panic!("an event, not {item:?}") };
        assert_eq!(event.topic.as_str(), "notifications/owner");
        (event.kind.as_str().to_owned(), serde_json::from_slice(&event.data).unwrap())
    }

    /// Waits until nothing is noted any more.
    async fn until_all_is_announced(&self) {
        let begun = std::time::Instant::now();
        while !self.store.unannounced_users(None).await.unwrap().is_empty() {
            assert!(begun.elapsed() < DEADLINE);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn each_change_is_told_with_its_count_and_version() {
    let mut world = World::new().await;
    let first = world.post("a").await;
    let (kind, told) = world.next().await;
    assert_eq!(kind, "notification");
    let arrival: Arrival = serde_json::from_value(told).unwrap();
    assert_eq!(arrival, Arrival { notification: first.clone(), unread_count: 1 });
    assert_eq!((first.version, first.level), (1, Level::Info));

    let second = world.post("b").await;
    assert_eq!(world.next().await.1["unreadCount"], 2);
    let told = async |world: &mut World| {
        let (kind, told) = world.next().await;
        assert_eq!(kind, "unread");
        told
    };
    let read = world.notifications.mark_read(OWNER, &first.id).await.unwrap().unwrap();
    assert!(read.read_at.is_some());
    let expected = serde_json::json!({ "unreadCount": 1, "version": 3, "read": [first.id] });
    assert_eq!(told(&mut world).await, expected);
    world.notifications.mark_read(OWNER, &first.id).await.unwrap().unwrap();

    let all = world.notifications.mark_all_read(OWNER, None).await.unwrap();
    assert_eq!(all, Unread { unread_count: 0, version: 4 });
    let expected = serde_json::json!({ "unreadCount": 0, "version": 4, "readUpTo": 3 });
    assert_eq!(told(&mut world).await, expected);

    assert!(world.notifications.remove(OWNER, &second.id).await.unwrap());
    assert!(!world.notifications.remove(OWNER, &second.id).await.unwrap());
    let expected = serde_json::json!({ "unreadCount": 0, "version": 5, "removed": [second.id] });
    assert_eq!(told(&mut world).await, expected);
    assert_eq!(
        world.notifications.unread(OWNER).await.unwrap(),
        Unread { unread_count: 0, version: 5 }
    );
    world.until_all_is_announced().await;
}

#[tokio::test]
async fn one_that_is_posted_again_is_announced_once() {
    let mut world = World::new().await;
    let posts = (0..32).map(|_| world.post_keyed("a", Some("k")));
    let posts = futures_util::future::join_all(posts).await;
    let new = posts.iter().filter(|(_, posting)| *posting == Posting::New).count();
    assert_eq!(new, 1);
    assert!(posts.iter().all(|(row, posting)| {
        row == &posts[0].0 && matches!(posting, Posting::New | Posting::Same)
    }));
    let (row, posting) = world.post_keyed("b", Some("k")).await;
    assert_eq!((&row.id, posting), (&posts[0].0.id, Posting::Replaced));
    assert_eq!(world.next().await.1["title"], "a");
    assert_eq!(world.next().await.1["title"], "b");
    assert_eq!(
        world.notifications.unread(OWNER).await.unwrap(),
        Unread { unread_count: 1, version: 2 }
    );
}

#[tokio::test]
async fn what_the_hub_does_not_take_is_published_in_order_once_it_takes_events_again() {
    let journal = Arc::new(Fickle::default());
    let recovered = Recovered { epoch: 7, ..Recovered::default() };
    let limits = HubLimits::default();
    let (hub, writer, _keeper) =
        Hub::recover(limits, &recovered, Arc::clone(&journal) as _, Durability::Durable);
    tokio::spawn(writer.run());
    let mut world = World::on(hub).await;
    journal.0.store(true, Ordering::SeqCst);
    for title in ["a", "b", "c"] {
        world.post(title).await;
    }
    assert_eq!(world.notifications.unread(OWNER).await.unwrap().unread_count, 3, "they are saved");
    assert!(world.notifications.pending().behind.contains(OWNER));
    journal.0.store(false, Ordering::SeqCst);
    world.post("d").await;
    for title in ["a", "b", "c", "d"] {
        let (_, told) = loop {
            let item = tokio::time::timeout(DEADLINE, world.heard.next()).await.unwrap().unwrap();
            // The journal could not say whether it had what it refused.
            let Item::Event(event) = item else { continue };
            break (event.id, serde_json::from_slice::<Value>(&event.data).unwrap());
        };
        assert_eq!(told["title"], title);
    }
    world.until_all_is_announced().await;
    world.post("e").await;
    assert_eq!(world.next().await.1["title"], "e");
    assert!(world.notifications.pending().behind.is_empty());
}

#[tokio::test]
async fn what_was_saved_before_a_crash_and_not_announced_is_announced_at_the_next_start() {
    let world = World::new().await;
    world.hub.close();
    let saved = world.post("a").await;
    world.stop.cancel();
    world.store.close().await;

    let World { folder, .. } = world;
    let mut world = World::in_folder(folder, Hub::new(HubLimits::default())).await;
    let (kind, told) = world.next().await;
    let arrival: Arrival = serde_json::from_value(told).unwrap();
    assert_eq!((kind.as_str(), arrival.notification), ("notification", saved));
    world.until_all_is_announced().await;
}

#[tokio::test]
async fn what_another_server_saved_and_did_not_live_to_announce_is_announced_by_this_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::idle(folder, Hub::new(HubLimits::default())).await;
    world.post("mine").await;
    world.next().await;
    // As another one does that has the same database.
    let row = NotificationRow {
        id: id::new(7),
        user_id: OWNER.to_owned(),
        title: "theirs".to_owned(),
        level: "error".to_owned(),
        ..NotificationRow::default()
    };
    let other = world.other_store().await;
    other.post(&row, world.notifications.bounds()).await.unwrap();
    assert!(world.notifications.catch_up(Some(HOUR)).await.is_ok());
    assert_eq!(world.store.unannounced_users(None).await.unwrap(), [OWNER], "it may be just at it");
    assert!(world.notifications.catch_up(None).await.is_ok());
    let (_, told) = world.next().await;
    assert_eq!((&told["title"], &told["unreadCount"]), (&"theirs".into(), &2.into()));
    world.until_all_is_announced().await;
    world.post("mine again").await;
    assert_eq!(world.next().await.1["version"], 3);
}

#[tokio::test]
async fn what_is_past_its_time_goes_and_that_is_told() {
    clock::fix(1_000_000);
    let all = InboxQuery { limit: 9, ..InboxQuery::default() };
    let mut world = World::new().await;
    let expiring = |title: &str| NewNotification {
        title: Some(title.to_owned()),
        expires_in_seconds: Some(60),
        ..NewNotification::default()
    };
    let (a, _) = world.notifications.send_notification(OWNER, expiring("a"), "").await.unwrap();
    assert_eq!(a.expires_at, Some(1_060_000));
    world.post("stays").await;
    world.next().await;
    world.next().await;

    clock::fix(1_060_000);
    let unread = world.notifications.unread(OWNER).await.unwrap();
    assert_eq!(unread, Unread { unread_count: 1, version: 3 }, "not a minute later");
    let expected = serde_json::json!({ "unreadCount": 1, "version": 3, "removed": [a.id] });
    assert_eq!(world.next().await, ("unread".to_owned(), expected));

    let (b, _) = world.notifications.send_notification(OWNER, expiring("b"), "").await.unwrap();
    world.next().await;
    clock::fix(1_120_000);
    let page = world.notifications.page(OWNER, &all);
    let page = page.await.unwrap();
    assert_eq!((page.notifications.len(), page.unread.unread_count), (1, 1));
    assert_eq!(world.next().await.1["removed"][0], b.id);

    world.notifications.send_notification(OWNER, expiring("c"), "").await.unwrap();
    world.next().await;
    clock::fix(1_000_000 + 90 * 24 * 60 * 60 * 1_000 + 1);
    world.notifications.sweep().await;
    let (_, expired) = world.next().await;
    let (_, aged) = world.next().await;
    assert_eq!((&expired["unreadCount"], &aged["unreadCount"]), (&1.into(), &0.into()));
    let page = world.notifications.page(OWNER, &all);
    assert_eq!(page.await.unwrap().notifications, []);
}

#[tokio::test]
async fn one_without_a_title_gets_one_that_can_be_shown() {
    let world = World::new().await;
    let new = || NewNotification { message: Some("m".to_owned()), ..NewNotification::default() };
    for (untitled, title) in
        [("ci", "ci".to_owned()), ("a\nb", "ab".to_owned()), (&"ö".repeat(999), "ö".repeat(200))]
    {
        let (row, _) = world.notifications.send_notification(OWNER, new(), untitled).await.unwrap();
        assert_eq!((row.title, row.message.as_str()), (title, "m"));
    }
    let error = world.notifications.send_notification(OWNER, NewNotification::default(), "x").await;
    assert!(matches!(error, Err(NotifyError::Invalid(InvalidNotification::Nothing))));
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_nothing_half_done() {
    let mut world = World::new().await;
    for n in 0..50_usize {
        let post = world.post("x");
        tokio::pin!(post);
        // Polled a few times and dropped.
        for _ in 0..n % 5 {
            if futures_util::poll!(&mut post).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    let last = world.post("last").await;
    let told = loop {
        let (_, told) = world.next().await;
        if told["title"] == "last" {
            break told;
        }
    };
    assert_eq!(
        (&told["version"], &told["unreadCount"]),
        (&last.version.into(), &last.version.into())
    );
    world.until_all_is_announced().await;
}

#[tokio::test]
async fn without_a_database_there_are_no_notifications() {
    let hub = Hub::new(HubLimits::default());
    let none = Notifications::new(None, hub, NotificationsConfig::default());
    let new = NewNotification { title: Some("a".to_owned()), ..NewNotification::default() };
    assert!(matches!(none.send_notification(OWNER, new, "").await, Err(NotifyError::NoStore)));
    assert!(matches!(none.unread(OWNER).await, Err(NotifyError::NoStore)));
    none.run(CancellationToken::new()).await;
}
