//! All that the page shows, and the one place where it changes.

use std::rc::Rc;
use std::time::Duration;

use tidings_feed::{Delivery, Item, State, Status};
use tidings_protocol::api::User;
use tidings_protocol::metrics::Snapshot;
use tidings_protocol::notification::{self, InboxChange, Notification, Unread};
use tidings_protocol::topic::metrics_host;

use super::connection::Connection;
use super::events::EventLog;
use super::metrics::{Metrics, Sample};
use super::reader::Reader;
use super::server_clock::ServerClock;
use super::stale::{News, Stale};

/// A delivery whose payload is read already, so that all parts of the page share it.
#[derive(Clone, Debug)]
pub enum Arrival {
    /// An event.
    Event {
        /// As it came.
        event: tidings_feed::Event,
        /// How old it was on arrival, by the server's clock.
        age: Duration,
        /// What it says, if it is of a kind that the page knows.
        meaning: Option<Meaning>,
    },
    /// Events are lost.
    Gap(tidings_protocol::event::UnnamedGap),
}

/// What an event says.
#[derive(Clone, Debug)]
pub enum Meaning {
    /// How a machine is.
    Sample(Sample),
    /// A notification came, and so many are unread with it.
    Notified(Box<Notification>, u64),
    /// Notifications were read or removed.
    InboxChanged(InboxChange),
    /// So the inbox stands as a stream begins.
    InboxStands(Unread),
}

/// Something happened.
#[derive(Clone, Debug)]
pub enum Action {
    /// News of the feed.
    Feed {
        /// Its state.
        status: Status,
        /// In the order they arrived.
        arrivals: Vec<Arrival>,
        /// Deliveries this page was too slow for.
        dropped: u64,
        /// The monotonic clock.
        now: Duration,
    },
    /// Somebody is signed in.
    SignedIn(User),
    /// A sign-in failed.
    SignInFailed(String),
    /// The session is ended: what the machines told is no longer for whoever looks at the page.
    SignedOut,
    /// The session could not be ended.
    SignOutFailed(String),
    /// A person holds the page still, or lets it go on.
    TogglePause,
    /// A person wants to see another machine.
    Choose(Rc<str>),
}

/// All that the page shows. Parts that did not change keep their address, so that whoever shows them
/// need not render again.
#[derive(Clone, Debug)]
pub struct Store {
    /// The connection.
    pub connection: Rc<Connection>,
    /// Who is signed in; none until the server has said so.
    pub user: Option<Rc<User>>,
    metrics: Rc<Metrics>,
    events: Rc<EventLog>,
    frozen: Option<Frozen>,
    /// Whoever reads notifications; a pause does not keep those back.
    pub reader: Reader,
    /// What is to be asked for anew.
    pub stale: Stale,
    /// The server's clock; null before the first event.
    pub server_clock: Option<ServerClock>,
}

/// What is shown while a person holds the page still.
#[derive(Clone, Debug)]
struct Frozen {
    metrics: Rc<Metrics>,
    events: Rc<EventLog>,
}

impl Store {
    /// Nothing arrived yet.
    #[must_use]
    pub fn new(now: Duration) -> Self {
        Self {
            connection: Rc::new(Connection::new(now)),
            user: None,
            metrics: Rc::default(),
            events: Rc::default(),
            frozen: None,
            reader: Reader::default(),
            stale: Stale::default(),
            server_clock: None,
        }
    }

    /// Metrics to show.
    #[must_use]
    pub fn shown_metrics(&self) -> &Rc<Metrics> {
        self.frozen.as_ref().map_or(&self.metrics, |frozen| &frozen.metrics)
    }

    /// Events to show.
    #[must_use]
    pub fn shown_events(&self) -> &Rc<EventLog> {
        self.frozen.as_ref().map_or(&self.events, |frozen| &frozen.events)
    }

    /// Metrics as they arrive, whether shown or not.
    #[must_use]
    pub fn live_metrics(&self) -> &Rc<Metrics> {
        &self.metrics
    }

    /// Events that wait behind a pause; null while there is none.
    #[must_use]
    pub fn waiting(&self) -> Option<u64> {
        self.frozen.as_ref().map(|frozen| self.events.total() - frozen.events.total())
    }

    /// What the page becomes.
    #[must_use]
    pub fn after(&self, action: Action) -> Self {
        let mut next = self.clone();
        match action {
            Action::Feed { status, arrivals, dropped, now } => {
                let is_open = |state| matches!(state, State::Live | State::Stale);
                if is_open(status.state) && !is_open(self.connection.status.state) {
                    next.stale.take(News::Connected);
                }
                let connection = self.connection.told(status, now);
                // A feed tells where it stands with every delivery, which is seldom news.
                if !self.connection.agrees(&connection) {
                    next.connection = Rc::new(connection);
                }
                next.take(arrivals, dropped, now);
            }
            Action::SignedIn(user) => {
                if self.user.as_deref() != Some(&user) {
                    next.user = Some(Rc::new(user));
                }
            }
            Action::SignInFailed(message) => {
                Rc::make_mut(&mut next.connection).sign_in_error = Some(message);
            }
            Action::SignedOut => {
                Rc::make_mut(&mut next.connection).sign_out_error = None;
                let reader = Reader { settings: next.reader.settings, ..Reader::default() };
                let connection = next.connection;
                next = Self { connection, reader, ..Self::new(Duration::ZERO) };
            }
            Action::SignOutFailed(message) => {
                Rc::make_mut(&mut next.connection).sign_out_error = Some(message);
            }
            Action::TogglePause => {
                next.frozen = match &self.frozen {
                    Some(_) => None,
                    None => {
                        Some(Frozen { metrics: self.metrics.clone(), events: self.events.clone() })
                    }
                };
            }
            Action::Choose(host) => {
                if let Some(frozen) = &mut next.frozen {
                    Rc::make_mut(&mut frozen.metrics).choose(host.clone());
                }
                Rc::make_mut(&mut next.metrics).choose(host);
            }
        }
        next
    }

    fn take(&mut self, arrivals: Vec<Arrival>, dropped: u64, now: Duration) {
        if dropped > 0 {
            Rc::make_mut(&mut self.events).take_dropped(dropped, now);
            self.stale.take(News::Dropped);
        }
        for arrival in arrivals {
            match arrival {
                Arrival::Event { event, age, meaning } => {
                    let at = event.at;
                    self.server_clock = Some(ServerClock::told(self.server_clock, at, age, now));
                    Rc::make_mut(&mut self.events).take(event, now);
                    match meaning {
                        Some(Meaning::Sample(sample)) => {
                            Rc::make_mut(&mut self.metrics).take(sample);
                        }
                        Some(Meaning::Notified(row, unread)) => {
                            self.stale.take(News::Notified(row.source.as_deref()));
                            // It may have waited for the hub, or be announced once more.
                            let waited = at.saturating_sub(row.created_at);
                            let age = age + Duration::from_millis(waited);
                            self.reader.notified(*row, unread, age, now);
                            if self.reader.notifications.inbox().is_torn() {
                                self.stale.take(News::LetGo);
                            }
                        }
                        Some(Meaning::InboxStands(told)) => {
                            if self.reader.begin_with(told) {
                                self.stale.take(News::Restored);
                            }
                        }
                        Some(Meaning::InboxChanged(change)) => self.reader.changed(change, at),
                        None => {}
                    }
                }
                Arrival::Gap(gap) => {
                    self.stale.take(News::Lost(&gap.gap.topics));
                    Rc::make_mut(&mut self.events).take_gap(&gap, now);
                }
            }
        }
    }
}

/// Reads what a feed delivered.
#[must_use]
pub fn read(delivery: Delivery, now: Duration) -> Arrival {
    let age = Duration::from_millis(delivery.age_ms);
    match delivery.item {
        Item::Gap(gap) => Arrival::Gap(gap),
        Item::Event(event) => {
            let meaning = meaning(&event, age, now);
            Arrival::Event { event, age, meaning }
        }
    }
}

fn meaning(event: &tidings_feed::Event, age: Duration, now: Duration) -> Option<Meaning> {
    let data = event.data.get();
    if let Some(host) = metrics_host(&event.topic) {
        let snapshot: Snapshot = serde_json::from_str(data).ok()?;
        return Some(Meaning::Sample(Sample {
            host: host.into(),
            id: event.id,
            at: event.at,
            arrived: now,
            age_on_arrival: age,
            snapshot: Rc::new(snapshot),
        }));
    }
    event.topic.strip_prefix("notifications/")?;
    match &*event.kind {
        // Read twice, because reading the two as one takes twenty kilobytes more of program.
        notification::NOTIFICATION => {
            let change: InboxChange = serde_json::from_str(data).ok()?;
            let row = Box::new(serde_json::from_str(data).ok()?);
            Some(Meaning::Notified(row, change.unread_count))
        }
        // A change that names nothing; its reader is in the program already.
        notification::INITIAL => {
            let InboxChange { unread_count, version, .. } = serde_json::from_str(data).ok()?;
            Some(Meaning::InboxStands(Unread { unread_count, version }))
        }
        notification::UNREAD => Some(Meaning::InboxChanged(serde_json::from_str(data).ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::tests::event;
    use super::super::notifications::inbox::tests::row;
    use super::super::stale::Part;
    use super::*;
    use tidings_protocol::api::Role;
    use tidings_protocol::event::UnnamedGap;

    fn feed(store: &Store, topic: &str, seq: u64, body: &str) -> Store {
        let now = Duration::from_secs(seq);
        let mut status = store.connection.status.clone();
        status.state = State::Live;
        let item = Item::Event(event(topic, seq, body));
        let arrivals = vec![read(Delivery { age_ms: 0, item }, now)];
        store.after(Action::Feed { status, arrivals, dropped: 0, now })
    }

    const SAMPLE: &str =
        r#"{"intervalMs":1000,"host":{"name":"a","os":"","kernel":"","uptime":1}}"#;

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
        let failed = store.after(Action::SignOutFailed("no".to_owned()));
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
    fn what_a_stream_says_of_the_inbox_first_is_taken_and_asked_for_anew_where_it_is_lower() {
        let store = notify(&Store::new(Duration::ZERO), 7);
        let told = r#"{"unreadCount":4,"version":8}"#;
        let same = hear(&store, 8, notification::INITIAL, told);
        assert_eq!((same.reader.notifications.unread(), same.stale.of(Part::Inbox)), (4, 0));
        let told = r#"{"unreadCount":2,"version":3}"#;
        let restored = hear(&same, 9, notification::INITIAL, told);
        assert_eq!(
            (restored.reader.notifications.unread(), restored.stale.of(Part::Inbox)),
            (2, 1)
        );
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
}
