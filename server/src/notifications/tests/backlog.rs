//! What waits to be announced, however much of it there is.

use futures_util::FutureExt as _;

use super::wrapped::Wrapped;
use super::*;
#[cfg(target_os = "linux")]
use crate::store::{Claim, PostgresStore};

/// An inbox whose announcer does not run by itself.
async fn idle() -> (World, Arc<Wrapped>) {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::idle(folder, Hub::new(HubLimits::default())).await;
    let store = Arc::new(Wrapped::new(Arc::clone(&world.store)));
    let config = NotificationsConfig::default();
    let inboxes = Arc::<Wrapped>::clone(&store);
    world.notifications = Notifications::with(Some(inboxes), world.hub.clone(), config);
    (world, store)
}

/// Noted and not announced, as by a server that died.
async fn saved(world: &World, n: u64, key: Option<&str>) {
    save(&world.store, world, n, key).await;
}

async fn save(store: &Arc<dyn Store>, world: &World, n: u64, key: Option<&str>) {
    let row = NotificationRow {
        id: id::new(n),
        user_id: OWNER.to_owned(),
        title: n.to_string(),
        level: "info".to_owned(),
        created_at: clock::now_ms(),
        dedupe_key: key.map(str::to_owned),
        ..NotificationRow::default()
    };
    store.post(&row, world.notifications.bounds()).await.unwrap();
}

#[tokio::test]
async fn what_was_announced_is_forgotten_in_steps_however_much_it_is() {
    let (world, store) = idle().await;
    saved(&world, 1, None).await;
    world.notifications.pending().done.extend((1..=1_200).map(|n| (OWNER.to_owned(), n)));
    assert!(world.notifications.catch_up(None).await.is_ok());
    assert_eq!(*store.forgotten.lock().unwrap(), [500, 500, 200]);
    assert!(world.notifications.pending().done.is_empty());
    world.until_all_is_announced().await;
}

#[tokio::test]
async fn a_backlog_is_forgotten_page_by_page_while_it_is_announced() {
    let (mut world, store) = idle().await;
    for n in 1..=250 {
        saved(&world, n, None).await;
    }
    assert!(world.notifications.catch_up(None).await.is_ok());
    assert_eq!(*store.forgotten.lock().unwrap(), [100, 100, 50]);
    for n in 1..=250_u64 {
        assert_eq!(world.next().await.1["version"], n);
    }
    world.until_all_is_announced().await;
}

#[tokio::test]
async fn of_what_was_replaced_in_a_backlog_a_page_tells_the_last_count_alone() {
    let (mut world, _store) = idle().await;
    for n in 1..=250 {
        saved(&world, n, Some("k")).await;
    }
    assert!(world.notifications.catch_up(None).await.is_ok());
    for version in [100, 200] {
        let told = serde_json::json!({ "unreadCount": 1, "version": version });
        assert_eq!(world.next().await, ("unread".to_owned(), told));
    }
    let (kind, told) = world.next().await;
    assert_eq!((kind.as_str(), &told["title"]), ("notification", &"250".into()));
    world.until_all_is_announced().await;
}

#[tokio::test]
async fn a_change_whose_task_panics_may_be_there_and_is_announced_if_it_is() {
    let (mut world, store) = idle().await;
    store.panics.store(true, Ordering::SeqCst);
    let new = NewNotification { title: Some("a".to_owned()), ..NewNotification::default() };
    let error = world.notifications.send_notification(OWNER, new, "").await.unwrap_err();
    assert!(matches!(error, NotifyError::Store(StoreError::Lost(_))), "{error}");
    tokio::spawn(world.notifications.clone().run(world.stop.clone()));
    assert_eq!(world.next().await.1["title"], "a");
    world.until_all_is_announced().await;
}

#[tokio::test]
async fn what_another_server_noted_just_now_is_left_to_it_while_this_one_brings_what_waits() {
    let (mut world, store) = idle().await;
    let other = world.other_store().await;
    world.hub.close();
    world.post("mine").await;
    assert!(world.notifications.pending().behind.contains(OWNER));
    save(&other, &world, 2, None).await;

    // The hub is there again.
    let hub = Hub::new(HubLimits::default());
    world.heard = hub.subscribe(vec!["notifications/*".parse().unwrap()], Start::Fresh);
    let behind = std::mem::take(&mut world.notifications.pending().behind);
    let inboxes = Arc::<Wrapped>::clone(&store);
    let config = NotificationsConfig::default();
    world.notifications = Notifications::with(Some(inboxes), hub, config);
    world.notifications.pending().behind = behind;
    assert!(world.notifications.catch_up(Some(HOUR)).await.is_ok());
    assert_eq!(world.next().await.1["title"], "mine");
    assert_eq!(noted(&world).await, [2], "of the other, which may be at it");
    assert!(world.notifications.catch_up(Some(Duration::ZERO)).await.is_ok());
    assert_eq!(world.next().await.1["title"], "2", "once that is surely gone");
    world.until_all_is_announced().await;
}

#[tokio::test]
async fn of_servers_that_find_what_another_left_behind_one_announces_it() {
    let (world, _store) = idle().await;
    let gone = world.other_store().await;
    for n in 1..=450 {
        save(&gone, &world, n, None).await;
    }
    world.rows().await.age_changes(3_600_000).await.unwrap();
    let hub = Hub::new(HubLimits::default());
    let mut heard = hub.subscribe(vec!["notifications/*".parse().unwrap()], Start::Fresh);
    let mut servers = Vec::new();
    for _ in 0..4 {
        let store = Arc::new(Wrapped::new(world.other_store().await));
        let config = NotificationsConfig::default();
        let server = Notifications::with(Some(store), hub.clone(), config);
        servers.push(tokio::spawn(async move {
            // A file may be busy for others; the task of a server comes back to it as well.
            for _ in 0..20 {
                if server.catch_up(Some(HOUR / 2)).await.is_ok() {
                    return true;
                }
            }
            false
        }));
    }
    for server in servers {
        assert!(server.await.unwrap());
    }
    assert_eq!(noted(&world).await, [0; 0]);
    let mut versions = Vec::new();
    while let Some(item) = heard.next().now_or_never() {
        let Item::Event(event) = item.unwrap() else { panic!("an event") };
        let told: Value = serde_json::from_slice(&event.data).unwrap();
        versions.push(told["version"].as_u64().unwrap());
    }
    versions.sort_unstable();
    assert_eq!(versions, (1..=450).collect::<Vec<_>>(), "each once");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_was_noted_just_before_a_restart_on_a_postgres_is_announced_at_once() {
    let database = test_postgres::Database::new().await.unwrap();
    let open = async || {
        let store = PostgresStore::open(&database.url().into(), false, Claim::Alone).await.unwrap();
        Arc::new(store) as Arc<dyn Store>
    };
    let (mut world, _store) = idle().await;
    let before = open().await;
    save(&before, &world, 1, None).await;
    before.close().await;

    world.store = open().await;
    let (hub, config) = (world.hub.clone(), NotificationsConfig::default());
    let begun = Instant::now();
    let notifications = Notifications::new(Some(Arc::clone(&world.store)), hub, config);
    let running = tokio::spawn(notifications.run(world.stop.clone()));
    assert_eq!(world.next().await.1["title"], "1");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    world.until_all_is_announced().await;
    world.stop.cancel();
    running.await.unwrap();
    world.store.close().await;
}

/// Versions that are noted.
async fn noted(world: &World) -> Vec<i64> {
    world.rows().await.noted_changes().await.unwrap()
}
