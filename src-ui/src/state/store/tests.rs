use super::super::events::tests::event;
use super::super::notifications::inbox::tests::row;
use super::super::stale::Part;
use super::*;
use tidings_protocol::api::Role;
use tidings_protocol::event::{Gap, GapReason, UnnamedGap};

fn feed(store: &Store, topic: &str, seq: u64, body: &str) -> Store {
    let now = Duration::from_secs(seq);
    let mut status = store.connection.status.clone();
    status.state = State::Live;
    let item = Item::Event(event(topic, seq, body));
    let arrivals = vec![read(Delivery { age_ms: 0, item }, now)];
    store.after(Action::Feed { status, arrivals, dropped: 0, now })
}

const SAMPLE: &str = r#"{"intervalMs":1000,"host":{"name":"a","os":"","kernel":"","uptime":1}}"#;

#[test]
fn a_metrics_event_becomes_a_sample_and_an_entry() {
    let store = feed(&Store::new(Duration::ZERO), "metrics/a", 1, SAMPLE);
    assert_eq!(store.shown_metrics().current().unwrap().snapshot.interval_ms, 1_000);
    assert_eq!(store.shown_events().total(), 1);
}

#[test]
fn an_event_that_is_no_metrics_leaves_the_metrics_where_they_are() {
    let store = feed(&Store::new(Duration::ZERO), "metrics/a", 1, SAMPLE);
    let after = feed(&store, "builds/site", 2, "{}");
    assert!(Rc::ptr_eq(store.shown_metrics(), after.shown_metrics()));
    let odd = feed(&after, "metrics/a", 3, "\"no snapshot\"");
    assert!(Rc::ptr_eq(after.shown_metrics(), odd.shown_metrics()));
    assert_eq!(odd.shown_events().total(), 3, "it is listed all the same");
}

#[test]
fn a_connection_that_stays_as_it_is_keeps_its_address() {
    let store = feed(&Store::new(Duration::ZERO), "a", 1, "1");
    let after = |for_ms, ms| {
        let status = tidings_feed::Status { for_ms, ..store.connection.status.clone() };
        let now = Duration::from_millis(ms);
        store.after(Action::Feed { status, arrivals: vec![], dropped: 0, now })
    };
    assert!(Rc::ptr_eq(&store.connection, &after(1_000, 2_000).connection));
    assert!(!Rc::ptr_eq(&store.connection, &after(0, 2_000).connection), "made anew");
}

#[test]
fn a_pause_holds_what_is_shown_and_counts_what_waits() {
    let store = feed(&Store::new(Duration::ZERO), "metrics/a", 1, SAMPLE);
    let paused = store.after(Action::TogglePause);
    assert_eq!(paused.waiting(), Some(0));
    let later = feed(&feed(&paused, "metrics/a", 2, SAMPLE), "b", 3, "1");
    assert_eq!(later.waiting(), Some(2));
    assert_eq!(later.shown_metrics().current().unwrap().at, 1_001);
    assert_eq!(later.live_metrics().current().unwrap().at, 1_002);
    let resumed = later.after(Action::TogglePause);
    assert_eq!(resumed.waiting(), None);
    assert_eq!(resumed.shown_events().total(), 3, "nothing was lost");
}

#[test]
fn a_job_of_the_past_is_left_to_the_list_and_one_that_is_known_is_told_of() {
    let told = |store: &Store, state, version, seconds, now| {
        let job = super::super::jobs::tests::row("a", state, version);
        let event = match read(
            Delivery { age_ms: 0, item: Item::Event(event("jobs/u1~a", version, "{}")) },
            Duration::ZERO,
        ) {
            Arrival::Event { event, .. } => event,
            Arrival::Gap(_) => unreachable!(),
        };
        let (age, now) = (Duration::from_secs(seconds), Duration::from_secs(now));
        let arrivals =
            vec![Arrival::Event { event, age, meaning: Some(Meaning::Job(Box::new(job))) }];
        let status = store.connection.status.clone();
        store.after(Action::Feed { status, arrivals, dropped: 0, now })
    };
    let live = feed(&Store::new(Duration::ZERO), "a", 100, "1");
    let store = told(&live, "failed", 9, 60, 101);
    assert_eq!(store.shown_jobs().rows().len(), 0, "it may have been removed since");
    let store = told(&store, "running", 1, 0, 102);
    assert_eq!(store.shown_jobs().active(), 1);
    let store = told(&store, "failed", 9, 60, 103);
    assert_eq!(store.shown_jobs().active(), 0, "what was told late is told");
}

#[test]
fn who_is_signed_in_is_known_until_the_sign_out() {
    let user = |role| User { id: "1".to_owned(), name: "Ada".to_owned(), role };
    let store = Store::new(Duration::ZERO).after(Action::SignedIn(user(Role::Viewer)));
    let same = store.after(Action::SignedIn(user(Role::Viewer)));
    assert!(Rc::ptr_eq(same.user.as_ref().unwrap(), store.user.as_ref().unwrap()), "no news");
    let other = store.after(Action::SignedIn(user(Role::Admin)));
    assert_eq!(other.user.as_ref().unwrap().role, Role::Admin);
    assert_eq!(other.after(Action::SignedOut).user, None);
}

#[test]
fn a_sign_out_leaves_nothing_of_the_machine_on_the_page() {
    let store = feed(&Store::new(Duration::ZERO), "metrics/a", 1, SAMPLE);
    let store = feed(&store, "b", 2, "1").after(Action::TogglePause);
    let failed = store.after(Action::SignOutFailed(RequestError::unreadable()));
    assert!(failed.connection.sign_out_error.is_some());
    assert!(failed.shown_metrics().current().is_some(), "the session still holds");
    let out = failed.after(Action::SignedOut);
    assert!(out.connection.sign_out_error.is_none());
    assert!(out.shown_metrics().current().is_none());
    assert!(out.live_metrics().current().is_none());
    assert!(out.shown_events().newest().is_none());
    assert_eq!(out.waiting(), None);
}

fn notify(store: &Store, seq: u64) -> Store {
    let arrival = notification::Arrival { notification: row("a", seq), unread_count: 1 };
    hear(store, seq, notification::NOTIFICATION, &serde_json::to_string(&arrival).unwrap())
}

fn hear(store: &Store, seq: u64, kind: &str, body: &str) -> Store {
    let now = Duration::from_secs(5);
    let mut event = event("notifications/u1", seq, body);
    event.kind = kind.to_owned();
    let item = Item::Event(event);
    let arrivals = vec![read(Delivery { age_ms: 0, item }, now)];
    let status = store.connection.status.clone();
    store.after(Action::Feed { status, arrivals, dropped: 0, now })
}

#[test]
fn a_notification_comes_to_the_inbox_and_becomes_a_toast_during_a_pause_too() {
    let store = notify(&Store::new(Duration::ZERO).after(Action::TogglePause), 1);
    assert_eq!(store.reader.notifications.unread(), 1);
    assert_eq!(store.reader.toasts.list().len(), 1);
    let again = notify(&store, 1);
    assert_eq!(again.reader.toasts.list()[0].more(), 0, "it was replayed");
}

#[test]
fn an_inbox_is_asked_for_on_connecting_and_after_a_loss() {
    let store = Store::new(Duration::ZERO);
    assert_eq!(store.stale.of(Part::Inbox), 0);
    let live = feed(&store, "a", 1, "1");
    assert_eq!(live.stale.of(Part::Inbox), 1);
    let later = feed(&live, "a", 2, "2");
    assert_eq!(later.stale.of(Part::Inbox), 1, "it stayed connected");
    let gap: UnnamedGap = serde_json::from_str(
        r#"{"type":"gap","id":null,"topics":["notifications/u1"],"from":null,"to":null,"reason":"evicted"}"#,
    )
    .unwrap();
    let status = later.connection.status.clone();
    let arrivals = vec![Arrival::Gap(gap)];
    let lost = later.after(Action::Feed { status, arrivals, dropped: 0, now: Duration::ZERO });
    assert_eq!(lost.stale.of(Part::Inbox), 2);
}

#[test]
fn a_sign_out_leaves_no_notification_and_keeps_what_was_chosen() {
    let mut store = notify(&Store::new(Duration::ZERO), 1);
    let level = tidings_protocol::notification::Level::Info;
    store.reader.settings = Rc::new(store.reader.settings.with_toasts_toggled(level));
    let out = store.after(Action::SignedOut);
    assert_eq!(out.reader.notifications.unread(), 0);
    assert!(out.reader.toasts.list().is_empty());
    assert_eq!(out.reader.settings, store.reader.settings);
}

#[test]
fn an_inbox_is_asked_for_of_a_degraded_server_and_once_more_when_it_is_well() {
    let mut store = Store::new(Duration::ZERO);
    let mut asked = Vec::new();
    for state in
        [State::Degraded, State::Degraded, State::Live, State::Stale, State::Live, State::Degraded]
    {
        let status = tidings_feed::Status { state, ..store.connection.status.clone() };
        let now = Duration::ZERO;
        store = store.after(Action::Feed { status, arrivals: vec![], dropped: 0, now });
        asked.push(store.stale.of(Part::Inbox));
    }
    assert_eq!(asked, [1, 1, 2, 2, 2, 2]);
}

#[test]
fn nothing_of_one_user_is_left_on_the_page_for_the_next() {
    let user = |id: &str| User { id: id.to_owned(), name: String::new(), role: Role::Viewer };
    let ada = feed(&Store::new(Duration::ZERO), "metrics/a", 1, SAMPLE);
    let ada = notify(&ada, 2).after(Action::SignedIn(user("u1")));
    assert_eq!(ada.reader.toasts.list().len(), 1, "what came before the name is theirs");
    let ada = ada.after(Action::TogglePause);
    let bob = ada.after(Action::SignedIn(user("u2")));
    assert!(bob.reader.toasts.list().is_empty());
    assert_eq!(bob.reader.notifications.unread(), 0);
    assert!(bob.shown_events().newest().is_none() && bob.shown_metrics().current().is_none());
    assert!(bob.stale.of(Part::Inbox) > ada.stale.of(Part::Inbox), "their own is asked for");
    assert!(Rc::ptr_eq(&bob.connection, &ada.connection), "it is another's, and open");
    assert_ne!(bob.reader.session, ada.reader.session, "answers to Ada are told apart");
    assert_ne!(bob.reader.session, bob.after(Action::SignedOut).reader.session);
}

#[test]
fn events_the_page_was_too_slow_for_are_told() {
    let store = Store::new(Duration::ZERO);
    let status = store.connection.status.clone();
    let now = Duration::ZERO;
    let after = store.after(Action::Feed { status, arrivals: vec![], dropped: 3, now });
    assert!(after.shown_events().newest().unwrap().is_gap());
}

#[test]
fn another_machine_can_be_chosen_during_a_pause() {
    let store = feed(&Store::new(Duration::ZERO), "metrics/a", 1, SAMPLE);
    let store = feed(&store, "metrics/b", 2, SAMPLE).after(Action::TogglePause);
    let chosen = store.after(Action::Choose("b".into()));
    assert_eq!(&*chosen.shown_metrics().current().unwrap().host, "b");
}

#[test]
fn what_programs_publish_is_held_by_a_pause_and_forgotten_with_the_session() {
    let store = feed(&Store::new(Duration::ZERO), "metrics/a", 1, SAMPLE);
    let store = feed(&feed(&store, "app/x", 2, "1"), "users/u1", 3, "1");
    let names = |store: &Store| {
        let topics = store.shown_topics();
        topics.list().iter().map(|topic| topic.name().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&store), ["app/x"], "the server's own have their panels");
    let paused = feed(&store.after(Action::TogglePause), "app/y", 4, "1");
    assert_eq!(names(&paused), ["app/x"]);
    let resumed = paused.after(Action::TogglePause);
    assert_eq!(names(&resumed), ["app/x", "app/y"]);
    assert!(names(&resumed.after(Action::SignedOut)).is_empty());
}

#[test]
fn lines_of_topics_break_where_events_are_lost_or_dropped() {
    let mut store = feed(&Store::new(Duration::ZERO), "app/x", 1, "1");
    let lost =
        Gap { topics: vec!["*".to_owned()], from: None, to: None, reason: GapReason::UnknownEpoch };
    let gap = Arrival::Gap(UnnamedGap { id: None, gap: lost });
    for (arrivals, dropped) in [(vec![gap], 0), (vec![], 3)] {
        let status = store.connection.status.clone();
        let now = Duration::from_secs(9);
        store = store.after(Action::Feed { status, arrivals, dropped, now });
        store = feed(&store, "app/x", 10, "2");
    }
    let points = store.shown_topics().list()[0].series[0].points();
    assert_eq!(points.filter(|(_, value)| value.is_nan()).count(), 2);
}
