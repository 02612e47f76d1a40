//! All that the page shows, and the one place where it changes.

use std::rc::Rc;
use std::time::Duration;

use tidings_feed::{Delivery, Item, Status};
use tidings_protocol::api::User;
use tidings_protocol::metrics::Snapshot;
use tidings_protocol::topic::metrics_host;

use super::connection::Connection;
use super::events::EventLog;
use super::metrics::{Metrics, Sample};

/// A delivery whose metrics are read already, so that the charts and the panels share them.
#[derive(Clone, Debug)]
pub enum Arrival {
    /// An event; with its sample if it is one of metrics.
    Event(tidings_feed::Event, Option<Sample>),
    /// Events are lost.
    Gap(tidings_protocol::event::UnnamedGap),
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
                next = Self { connection: next.connection, ..Self::new(Duration::ZERO) };
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
        }
        for arrival in arrivals {
            match arrival {
                Arrival::Event(event, sample) => {
                    Rc::make_mut(&mut self.events).take(event, now);
                    if let Some(sample) = sample {
                        Rc::make_mut(&mut self.metrics).take(sample);
                    }
                }
                Arrival::Gap(gap) => Rc::make_mut(&mut self.events).take_gap(&gap, now),
            }
        }
    }
}

/// Reads what a feed delivered.
#[must_use]
pub fn read(delivery: Delivery, now: Duration) -> Arrival {
    match delivery.item {
        Item::Gap(gap) => Arrival::Gap(gap),
        Item::Event(event) => {
            let sample = metrics_host(&event.topic).and_then(|host| {
                let snapshot: Snapshot = serde_json::from_str(event.data.get()).ok()?;
                Some(Sample {
                    host: host.into(),
                    id: event.id,
                    at: event.at,
                    arrived: now,
                    age_on_arrival: Duration::from_millis(delivery.age_ms),
                    snapshot: Rc::new(snapshot),
                })
            });
            Arrival::Event(event, sample)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::tests::event;
    use super::*;
    use tidings_feed::State;
    use tidings_protocol::api::Role;

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
