//! What every backend does with notifications.

use std::sync::Arc;
use std::time::Duration;

use tidings_protocol::api::Role;

use super::Backend;
use crate::store::{
    Change, InboxBounds, InboxChange, InboxPage, InboxQuery, InboxState, NotificationRow,
    PeopleChange, Posting, Store, UserRow,
};

/// Makes a test of each function here, on the backend that the expression makes.
macro_rules! notification_suite {
    ($backend:expr) => {
        $crate::store::suite::suite!($backend;
            a_notification_counts_until_it_is_read_or_removed,
            of_a_key_a_user_has_one_notification,
            an_update_changes_what_is_there_and_leaves_it_read,
            an_update_that_says_the_same_keeps_it_for_longer,
            an_inbox_is_read_page_by_page_the_newest_first,
            what_goes_or_is_replaced_between_two_pages_leaves_the_next_where_it_was,
            all_up_to_one_are_read_at_once,
            what_nobody_saw_is_not_read_with_all_up_to_one,
            what_expired_is_neither_shown_nor_counted,
            an_inbox_keeps_to_its_bounds,
            a_change_stays_noted_until_it_was_announced,
            who_hears_of_each_change_knows_what_is_there,
            many_who_change_one_inbox_at_once_count_right,
            the_inbox_of_a_user_goes_with_the_user,
        );
    };
}
pub(in crate::store) use notification_suite;

pub(super) const ADA: &str = "ada";

pub(super) fn bounds(now: u64) -> InboxBounds {
    InboxBounds { most: 1_000, oldest: 0, now }
}

/// Comes at `at`, with an id of that time.
pub(super) fn row(user_id: &str, at: u64, title: &str) -> NotificationRow {
    NotificationRow {
        id: format!("{at:012}-{title}"),
        user_id: user_id.to_owned(),
        title: title.to_owned(),
        message: "größer 'n' \u{1f600}\n\t".to_owned(),
        level: "info".to_owned(),
        created_at: at,
        ..NotificationRow::default()
    }
}

pub(super) async fn post(
    store: &Arc<dyn Store>,
    row: NotificationRow,
) -> (NotificationRow, Posting) {
    let now = row.created_at;
    store.post(&row, bounds(now)).await.unwrap().result
}

pub(super) async fn page(store: &Arc<dyn Store>, query: &InboxQuery, now: u64) -> InboxPage {
    store.notifications(ADA, query, now).await.unwrap()
}

pub(super) fn all() -> InboxQuery {
    InboxQuery { limit: 10_000, ..InboxQuery::default() }
}

/// Where Ada's inbox stands, which must be what there is to be counted.
pub(super) async fn stands(store: &Arc<dyn Store>, now: u64) -> InboxState {
    let found = page(store, &all(), now).await;
    let unread = page(store, &InboxQuery { unread: Some(true), ..all() }, now).await;
    assert_eq!(unread.rows.len() as u64, found.state.unread);
    assert_eq!(store.inbox(ADA, now).await.unwrap(), (found.state, false));
    assert!(found.rows.is_sorted_by_key(|row| std::cmp::Reverse(row.version)));
    found.state
}

pub(super) fn titles(page: &InboxPage) -> Vec<&str> {
    page.rows.iter().map(|row| row.title.as_str()).collect()
}

async fn unannounced(store: &Arc<dyn Store>) -> Vec<InboxChange> {
    store.take_unannounced(ADA, 0, None).await.unwrap()
}

pub(in crate::store) async fn a_notification_counts_until_it_is_read_or_removed(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    assert_eq!(store.inbox(ADA, 0).await.unwrap(), (InboxState::default(), false));
    assert_eq!(page(&store, &all(), 0).await, InboxPage::default());

    let full = NotificationRow {
        link: Some("/jobs/7".to_owned()),
        source: Some("backup".to_owned()),
        dedupe_key: Some("backup:box".to_owned()),
        expires_at: Some(1_000),
        ..row(ADA, 1, "a")
    };
    let (posted, posting) = post(&store, full.clone()).await;
    assert_eq!((posting, &posted), (Posting::New, &NotificationRow { version: 1, ..full }));
    post(&store, row(ADA, 2, "b")).await;
    post(&store, row(ADA, 3, "c")).await;
    post(&store, row("bob", 4, "d")).await;
    drop(store);

    let store = backend.open().await;
    assert_eq!(stands(&store, 5).await, InboxState { version: 3, unread: 3 });
    assert_eq!(page(&store, &all(), 5).await.rows[2], posted);

    let read = store.mark_read(ADA, &posted.id, 6).await.unwrap();
    assert_eq!(read.result, Some(NotificationRow { read_at: Some(6), ..posted.clone() }));
    assert_eq!(read.state, InboxState { version: 4, unread: 2 });
    assert_eq!(read.changes[0].what, Change::Read(vec![posted.id.clone()]));
    let again = store.mark_read(ADA, &posted.id, 7).await.unwrap();
    assert_eq!((&again.result, again.changes.len()), (&read.result, 0), "once is enough");
    for nobodys in ["", "none", "000000000004-d"] {
        let found = store.mark_read(ADA, nobodys, 7).await.unwrap();
        assert_eq!((found.result, found.changes.len()), (None, 0), "{nobodys}");
        let removed = store.remove_notification(ADA, nobodys, 7).await.unwrap();
        assert_eq!((removed.result, removed.changes.len()), (false, 0), "{nobodys}");
    }
    assert!(store.remove_notification(ADA, "000000000003-c", 8).await.unwrap().result);
    assert_eq!(stands(&store, 8).await, InboxState { version: 5, unread: 1 });
    assert!(store.remove_notification(ADA, &posted.id, 8).await.unwrap().result);
    assert_eq!(stands(&store, 8).await, InboxState { version: 6, unread: 1 });

    store.remove_inbox(ADA).await.unwrap();
    assert_eq!(stands(&store, 8).await, InboxState::default());
    assert_eq!(unannounced(&store).await, []);
    assert_eq!(store.inbox("bob", 8).await.unwrap().0, InboxState { version: 1, unread: 1 });
}

pub(in crate::store) async fn of_a_key_a_user_has_one_notification(backend: &impl Backend) {
    let store = backend.open().await;
    let keyed = |user: &str, at, title: &str| NotificationRow {
        dedupe_key: Some("k".to_owned()),
        expires_at: Some(at + 500),
        ..row(user, at, title)
    };
    let (first, _) = post(&store, keyed(ADA, 1, "a")).await;
    post(&store, row(ADA, 2, "b")).await;
    post(&store, row(ADA, 3, "b")).await;
    assert_eq!(post(&store, keyed("bob", 3, "a")).await.1, Posting::New, "another's is another");
    store.mark_read(ADA, &first.id, 4).await.unwrap();

    let again = store.post(&keyed(ADA, 5, "a"), bounds(5)).await.unwrap();
    assert_eq!(again.result.1, Posting::Same);
    assert_eq!(again.result.0, NotificationRow { read_at: Some(4), ..first.clone() });
    assert_eq!((again.changes.len(), again.state.unread), (0, 2), "nothing is unread anew");

    let others = [
        NotificationRow { title: "x".to_owned(), ..keyed(ADA, 6, "a") },
        NotificationRow { level: "error".to_owned(), ..keyed(ADA, 7, "a") },
        NotificationRow { link: Some("/x".to_owned()), ..keyed(ADA, 8, "a") },
        NotificationRow { expires_at: None, ..keyed(ADA, 9, "a") },
    ];
    for (version, other) in (5..).zip(others) {
        let replaced = store.post(&other, bounds(other.created_at)).await.unwrap();
        let expected = NotificationRow { id: first.id.clone(), version, ..other };
        assert_eq!(replaced.result, (expected.clone(), Posting::Replaced));
        assert_eq!(replaced.state, InboxState { version, unread: 3 });
        assert_eq!(replaced.changes[0].what, Change::Posted(Box::new(expected)));
    }
    assert_eq!(titles(&page(&store, &all(), 9).await), ["a", "b", "b"], "it is the newest now");
    assert_eq!(stands(&store, 9).await.unread, 3);

    // One that is due to go is no reason to say nothing.
    let late = InboxBounds { oldest: 10, ..bounds(11) };
    let old = NotificationRow { expires_at: None, ..keyed(ADA, 11, "a") };
    assert_eq!(store.post(&old, late).await.unwrap().result.1, Posting::Replaced);
}

pub(in crate::store) async fn an_update_changes_what_is_there_and_leaves_it_read(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    let update = |at, title: &str| NotificationRow {
        dedupe_key: Some("k".to_owned()),
        is_update: true,
        ..row(ADA, at, title)
    };
    let absent = store.post(&update(1, "a"), bounds(1)).await.unwrap();
    assert_eq!((absent.result.1, absent.changes.len()), (Posting::Absent, 0));
    assert_eq!(stands(&store, 1).await, InboxState::default());

    let (first, _) = post(&store, NotificationRow { is_update: false, ..update(2, "a") }).await;
    let unread = store.post(&update(3, "b"), bounds(3)).await.unwrap();
    let expected =
        NotificationRow { id: first.id.clone(), version: 2, news_version: 1, ..update(3, "b") };
    assert_eq!(unread.result, (expected, Posting::Replaced));
    assert_eq!(unread.state, InboxState { version: 2, unread: 1 });

    store.mark_read(ADA, &first.id, 4).await.unwrap();
    let read = store.post(&update(5, "c"), bounds(5)).await.unwrap();
    assert_eq!(read.result.0.read_at, Some(4), "it stays read");
    assert_eq!(read.result.0.news_version, 1, "whatever was updated meanwhile");
    assert_eq!(read.state, InboxState { version: 4, unread: 0 });
    assert_eq!(page(&store, &all(), 5).await.rows, [read.result.0], "as it was told");

    post(&store, NotificationRow { is_update: false, ..update(6, "d") }).await;
    assert_eq!(stands(&store, 6).await, InboxState { version: 5, unread: 1 }, "this is news");
    assert_eq!(post(&store, update(7, "e")).await.0.news_version, 5);
}

pub(in crate::store) async fn an_update_that_says_the_same_keeps_it_for_longer(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    let lasts = |at, is_update| NotificationRow {
        dedupe_key: Some("k".to_owned()),
        expires_at: Some(at + 500),
        is_update,
        ..row(ADA, at, "a")
    };
    post(&store, lasts(1, false)).await;
    assert_eq!(post(&store, lasts(400, false)).await.1, Posting::Same);
    let (kept, posting) = post(&store, lasts(400, true)).await;
    assert_eq!((kept.expires_at, posting), (Some(900), Posting::Replaced));
    assert_eq!(post(&store, lasts(400, true)).await.1, Posting::Same, "the very same");
    assert_eq!(titles(&page(&store, &all(), 800).await), ["a"]);
}

pub(in crate::store) async fn an_inbox_is_read_page_by_page_the_newest_first(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    for at in 1..=7 {
        post(&store, row(ADA, at, &at.to_string())).await;
    }
    let id = |at: u64| format!("{at:012}-{at}");
    store.mark_read(ADA, &id(6), 8).await.unwrap();
    store.mark_read(ADA, &id(2), 8).await.unwrap();
    for (unread, before, limit, expected, has_more) in [
        (None, None, 3, &["7", "6", "5"][..], true),
        (None, Some(5), 3, &["4", "3", "2"], true),
        (None, Some(2), 3, &["1"], false),
        (None, Some(1), 3, &[], false),
        (Some(true), None, 3, &["7", "5", "4"], true),
        (Some(true), Some(4), 2, &["3", "1"], false),
        (Some(false), None, 9, &["6", "2"], false),
        (None, Some(u64::MAX), 1, &["7"], true),
        (None, Some(0), 1, &[], false),
    ] {
        let found = page(&store, &InboxQuery { unread, before, limit }, 9).await;
        assert_eq!((titles(&found), found.has_more), (expected.to_vec(), has_more));
        assert_eq!(found.state.unread, 5);
    }
}

pub(in crate::store) async fn all_up_to_one_are_read_at_once(backend: &impl Backend) {
    let store = backend.open().await;
    for at in 1..=6 {
        post(&store, row(ADA, at, &at.to_string())).await;
    }
    let upto = store.mark_all_read(ADA, Some(3), 7).await.unwrap();
    assert_eq!(upto.state, InboxState { version: 7, unread: 3 });
    assert_eq!(upto.changes[0].what, Change::ReadUpTo(3));
    let none = store.mark_all_read(ADA, Some(3), 8).await.unwrap();
    assert_eq!((none.state, none.changes.len()), (upto.state, 0));

    store.remove_notification(ADA, "000000000005-5", 8).await.unwrap();
    let gone = store.mark_all_read(ADA, Some(5), 9).await.unwrap();
    assert_eq!((gone.state.unread, &gone.changes[0].what), (1, &Change::ReadUpTo(5)));
    let rest = store.mark_all_read(ADA, Some(u64::MAX), 10).await.unwrap();
    assert_eq!(rest.state.unread, 0);
    assert_eq!(stands(&store, 11).await, rest.state);
    let times: Vec<_> = page(&store, &all(), 11).await.rows.iter().map(|row| row.read_at).collect();
    assert_eq!(times, [Some(10), Some(9), Some(7), Some(7), Some(7)]);
    assert_eq!(rest.changes[0].what, Change::ReadUpTo(9), "and nothing that is yet to come");
}

pub(in crate::store) async fn what_expired_is_neither_shown_nor_counted(backend: &impl Backend) {
    let store = backend.open().await;
    let expiring = |at, title, expires_at| NotificationRow {
        expires_at: Some(expires_at),
        ..row(ADA, at, title)
    };
    post(&store, expiring(1, "a", 100)).await;
    post(&store, expiring(2, "b", 200)).await;
    post(&store, row(ADA, 3, "c")).await;
    assert_eq!(stands(&store, 99).await, InboxState { version: 3, unread: 3 });
    assert_eq!(store.inboxes_to_trim(bounds(99)).await.unwrap(), [""; 0]);

    let found = page(&store, &all(), 100).await;
    assert!(found.has_expired && store.inbox(ADA, 100).await.unwrap().1);
    assert_eq!(titles(&found), ["c", "b"]);
    assert_eq!(store.inboxes_to_trim(bounds(100)).await.unwrap(), [ADA]);
    let trimmed = store.trim_inbox(ADA, bounds(100)).await.unwrap();
    assert_eq!(trimmed.changes[0].what, Change::Removed(vec!["000000000001-a".to_owned()]));
    assert_eq!(stands(&store, 100).await, InboxState { version: 4, unread: 2 });

    // Whatever changes an inbox finds what has expired first.
    let read = store.mark_read(ADA, "000000000002-b", 200).await.unwrap();
    assert_eq!((read.result, read.state), (None, InboxState { version: 5, unread: 1 }));
    assert_eq!(stands(&store, 300).await.unread, 1);
}

pub(in crate::store) async fn an_inbox_keeps_to_its_bounds(backend: &impl Backend) {
    let store = backend.open().await;
    for at in 1..=450 {
        let bounds = InboxBounds { most: 420, ..bounds(at) };
        store.post(&row(ADA, at, "x"), bounds).await.unwrap();
    }
    let state = stands(&store, 451).await;
    assert_eq!((state.unread, state.version), (420, 450 + 30));
    store.mark_read(ADA, "000000000031-x", 451).await.unwrap();

    let fewer = InboxBounds { most: 5, ..bounds(451) };
    assert_eq!(store.inboxes_to_trim(fewer).await.unwrap(), [ADA]);
    let trimmed = store.trim_inbox(ADA, fewer).await.unwrap();
    let removed: Vec<_> = trimmed
        .changes
        .iter()
        .map(|change| match &change.what {
            Change::Removed(ids) => ids.len(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(removed, [200, 200, 15], "in steps, so that none is too long to be told");
    assert_eq!(stands(&store, 451).await.unread, 5);

    let younger = InboxBounds { oldest: 448, ..bounds(451) };
    assert_eq!(store.inboxes_to_trim(younger).await.unwrap(), [ADA]);
    store.trim_inbox(ADA, younger).await.unwrap();
    assert_eq!(stands(&store, 451).await.unread, 3);
    assert_eq!(store.inboxes_to_trim(younger).await.unwrap(), [""; 0]);
    assert_eq!(store.trim_inbox(ADA, younger).await.unwrap().changes, []);
}

pub(in crate::store) async fn a_change_stays_noted_until_it_was_announced(backend: &impl Backend) {
    let store = backend.open().await;
    let mut expected = Vec::new();
    for at in 1..=3 {
        expected.extend(store.post(&row(ADA, at, "x"), bounds(at)).await.unwrap().changes);
    }
    let ids = ["000000000001-x", "000000000003-x"];
    expected.extend(store.mark_read(ADA, ids[0], 4).await.unwrap().changes);
    expected.extend(store.mark_all_read(ADA, None, 5).await.unwrap().changes);
    expected.extend(store.remove_notification(ADA, ids[1], 6).await.unwrap().changes);
    drop(store);

    // What was posted is told as it is by now, or not at all.
    let store = backend.open().await;
    let now = |change: &mut InboxChange, read_at| match &mut change.what {
        Change::Posted(row) => row.read_at = Some(read_at),
        other => panic!("{other:?}"),
    };
    now(&mut expected[0], 4);
    now(&mut expected[1], 5);
    expected[2].what = Change::Superseded;
    let hour = Some(Duration::from_secs(3_600));
    assert_eq!(store.take_unannounced(ADA, 0, hour).await.unwrap(), [], "another server's");
    assert_eq!(unannounced(&store).await, expected);
    assert_eq!(store.take_unannounced(ADA, 0, hour).await.unwrap(), expected, "its own by now");
    assert_eq!(store.take_unannounced(ADA, 4, hour).await.unwrap(), expected[4..]);
    // Servers that ask may have other clocks than the one that noted it: that of the database counts.
    assert_eq!(store.unannounced_users(hour).await.unwrap(), [""; 0]);
    assert_eq!(store.unannounced_users(Some(Duration::ZERO)).await.unwrap(), [ADA]);

    let announced: Vec<_> = [1, 2, 4, 6, 9].map(|version| (ADA.to_owned(), version)).into();
    store.announced(&announced).await.unwrap();
    assert_eq!(unannounced(&store).await, [expected[2].clone(), expected[4].clone()]);
    store.announced(&[(ADA.to_owned(), 3), (ADA.to_owned(), 5)]).await.unwrap();
    assert_eq!(store.unannounced_users(None).await.unwrap(), [""; 0]);
}

pub(in crate::store) async fn the_inbox_of_a_user_goes_with_the_user(backend: &impl Backend) {
    let store = backend.open().await;
    let user = UserRow {
        id: ADA.to_owned(),
        name: "Ada".to_owned(),
        folded: ADA.to_owned(),
        role: Role::Viewer,
        password: None,
        created_at: 1,
    };
    let change = async |change: PeopleChange| {
        store.change_people(&change, 0).await.unwrap().unwrap();
    };
    change(PeopleChange::AddUser { user, most: 9 }).await;
    post(&store, row(ADA, 1, "a")).await;
    post(&store, row("owner", 2, "b")).await;
    assert_eq!(store.inboxes_of_nobody().await.unwrap(), [""; 0]);
    change(PeopleChange::RemoveUser { id: ADA.to_owned(), at: 3 }).await;
    assert_eq!(stands(&store, 3).await, InboxState::default());
    assert_eq!(store.unannounced_users(None).await.unwrap(), ["owner"]);

    // As by a server that has yet to hear of it.
    post(&store, row(ADA, 4, "c")).await;
    assert_eq!(store.inboxes_of_nobody().await.unwrap(), [ADA]);
    store.remove_inbox(ADA).await.unwrap();
    assert_eq!(store.inboxes_of_nobody().await.unwrap(), [""; 0]);
}
