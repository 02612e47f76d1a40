//! What users are told of jobs, and when.

use tempfile::TempDir;
use tidings_protocol::notification::Notification;

use super::*;
use crate::config::NotificationsConfig;
use crate::hub::{Hub, HubLimits};
use crate::jobs::live::End;
use crate::jobs::tests::job;
use crate::notifications::InboxQuery;
use crate::store::{FILE_NAME, SqliteStore, Store};

const AFTER: u64 = 10_000;

fn running(progress: Option<u16>) -> Job {
    let progress = progress.map(Percent::of_tenths);
    Job { state: JobState::Running, started_at: Some(0), progress, ..job("ada~1") }
}

fn ended_as(state: JobState, at: u64) -> Job {
    Job { state, ended_at: Some(at), error: Some("why".to_owned()), ..running(None) }
}

#[test]
fn a_job_is_told_once_it_takes_its_time_and_then_changes_in_its_place() {
    let at =
        |at, tenths| Some(Posted { at, progress: Some(Percent::of_tenths(tenths)), is_said: true });
    let unsaid = Some(Posted { is_said: false, ..at(10_000, 10).unwrap() });
    for (progress, posted, now, expected) in [
        (Some(10), None, 9_999, None),
        (Some(10), None, 10_000, Some(false)),
        (None, None, 10_000, Some(false)),
        (Some(10), None, 60_000, Some(true)),
        (Some(300), at(10_000, 10), 24_999, None),
        (Some(300), at(10_000, 10), 25_000, Some(true)),
        (Some(12), at(10_000, 10), 60_000, None),
        (None, at(10_000, 10), 60_000, Some(true)),
        (Some(12), at(10_000, 10), 10_000 + RENEW_EVERY, Some(true)),
        (Some(10), unsaid, 24_999, None),
        (Some(10), unsaid, 25_000, Some(false)),
    ] {
        let found = due(&running(progress), posted, now, AFTER);
        assert_eq!(found, expected, "{progress:?} {posted:?} {now}");
    }
    assert_eq!(due(&Job { started_at: None, ..running(None) }, None, 60_000, AFTER), None);
}

#[test]
fn an_end_is_told_to_whom_it_may_surprise() {
    for (state, at, was_posted, expected) in [
        (JobState::Succeeded, 9_000, false, false),
        (JobState::Succeeded, 10_000, false, true),
        (JobState::Succeeded, 9_000, true, true),
        (JobState::Failed, 1, false, true),
        (JobState::Lost, 1, false, true),
        (JobState::Interrupted, 1, false, true),
        (JobState::Cancelled, 9_000, false, false),
        (JobState::Cancelled, 10_000, false, true),
        (JobState::Cancelled, 60_000, true, true),
    ] {
        let found = is_worth_telling(&ended_as(state, at), was_posted, AFTER);
        assert_eq!(found, expected, "{state} at {at}, {was_posted}");
    }
}

#[test]
fn whatever_a_job_is_called_can_be_told() {
    let long = Job {
        name: "\u{1f600}".repeat(200),
        error: Some("\u{1b}[31m\n".repeat(1_000)),
        ..ended_as(JobState::Failed, 200_000)
    };
    let (user, told) = ended(&long);
    assert_eq!((&*user, told.check()), ("ada", Ok(())));
    assert!(told.message.unwrap().starts_with("After 3 minutes: [31m\n"));
    let left = Job { eta_seconds: Some(90), ..running(Some(421)) };
    let (_, told) = going_on(&left, true);
    assert_eq!(told.check(), Ok(()));
    assert_eq!(told.message.as_deref(), Some("42% done, about 90 seconds left"));
}

/// The inbox of one user, and what jobs put into it.
struct Desk {
    notices: Notices,
    notifications: Notifications,
    _folder: TempDir,
}

impl Desk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join(FILE_NAME), false).await.unwrap();
        let (store, hub): (Arc<dyn Store>, _) = (Arc::new(store), Hub::new(HubLimits::default()));
        let notifications = Notifications::new(Some(store), hub, NotificationsConfig::default());
        let after = Duration::from_millis(AFTER);
        let notices = Notices::new(Some(notifications.clone()), after);
        Self { notices, notifications, _folder: folder }
    }

    async fn inbox(&self) -> Vec<Notification> {
        let query = InboxQuery { limit: 10, ..InboxQuery::default() };
        self.notifications.page("ada", &query).await.unwrap().notifications
    }

    async fn titles(&self) -> Vec<String> {
        self.inbox().await.into_iter().map(|row| row.title).collect()
    }
}

/// One that has run for so long, in ms.
fn live(id: &str, taken: u64) -> Arc<Live> {
    let started_at = Some(clock::now_ms() - taken);
    Live::new(Job { state: JobState::Running, started_at, ..job(id) }, Duration::ZERO)
}

fn finish(live: &Live, state: JobState) -> Job {
    let end = End { because: None, result: None };
    assert!(live.finish(end, |job| job.state = state));
    live.job()
}

#[tokio::test]
async fn a_job_has_one_notification_that_ends_with_it() {
    let desk = Desk::new().await;
    let live = live("ada~1", AFTER);
    for _ in 0..3 {
        desk.notices.look(&[Arc::clone(&live)]).await;
    }
    assert_eq!(desk.titles().await, ["Steps is running"]);
    desk.notices.end(&finish(&live, JobState::Succeeded)).await;
    // A look that began before knows better by now.
    desk.notices.look(&[live]).await;
    let [row] = &desk.inbox().await[..] else { panic!("one") };
    assert_eq!((&*row.title, row.update, row.expires_at), ("Steps is done", false, None));
}

#[tokio::test]
async fn an_end_that_comes_while_something_is_said_is_said_behind_it() {
    let desk = Desk::new().await;
    let live = live("ada~1", AFTER);
    let turn = desk.notices.turn.lock().await;
    desk.notices.end(&finish(&live, JobState::Failed)).await;
    assert!(desk.titles().await.is_empty(), "and nobody waits for that");
    drop(turn);
    desk.notices.settle().await;
    assert_eq!(desk.titles().await, ["Steps failed"]);
    desk.notices.settle().await;
    assert_eq!(desk.titles().await.len(), 1);
}

#[tokio::test]
async fn one_that_another_server_told_of_says_that_it_was_cancelled() {
    let desk = Desk::new().await;
    desk.notices.look(&[live("ada~1", AFTER)]).await;
    let other = Notices::new(Some(desk.notifications.clone()), Duration::from_millis(AFTER));
    other.end(&finish(&live("ada~1", AFTER), JobState::Cancelled)).await;
    let [row] = &desk.inbox().await[..] else { panic!("one") };
    assert_eq!((&*row.title, row.update), ("Steps was cancelled", true));
    // Nobody was told of this one, nor need be.
    other.end(&finish(&live("ada~2", AFTER), JobState::Cancelled)).await;
    assert_eq!(desk.titles().await.len(), 1);
}

#[tokio::test]
async fn one_that_says_nothing_new_for_hours_does_not_go_by_itself() {
    let desk = Desk::new().await;
    let live = live("ada~1", AFTER);
    desk.notices.look(&[Arc::clone(&live)]).await;
    let [first] = &desk.inbox().await[..] else { panic!("one") };
    for posted in desk.notices.posted().values_mut() {
        posted.at -= RENEW_EVERY;
    }
    desk.notices.look(&[live]).await;
    let [row] = &desk.inbox().await[..] else { panic!("one") };
    assert!(row.update && row.expires_at > first.expires_at && row.title == first.title);
}

#[tokio::test]
async fn what_is_known_of_jobs_goes_with_them() {
    let desk = Desk::new().await;
    desk.notices.look(&[live("ada~1", AFTER), live("ada~2", AFTER)]).await;
    assert_eq!(desk.notices.posted().len(), 2);
    // Another server has taken one over.
    desk.notices.look(&[live("ada~2", AFTER)]).await;
    assert_eq!(desk.notices.posted().keys().collect::<Vec<_>>(), ["ada~2"]);
}
