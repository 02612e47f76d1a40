//! All that the page shows, and the one place where it changes.

use std::rc::Rc;
use std::time::Duration;

use tidings_feed::{Delivery, Item, State, Status};
use tidings_protocol::api::User;
use tidings_protocol::job::JOB;
use tidings_protocol::notification::{self, InboxChange, Notification};
use tidings_protocol::topic::{JOBS, metrics_host};

use super::connection::Connection;
use super::events::EventLog;
use super::jobs::{Jobs, Row, wire};
use super::metrics::{Metrics, Sample};
use super::reader::Reader;
use super::request_error::RequestError;
use super::server_clock::ServerClock;
use super::stale::{News, Stale};
use super::topics::{Topics, is_published};
use super::wire::{inbox, sample};

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
    /// How a job stands.
    Job(Box<Row>),
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
    SignInFailed(RequestError),
    /// The session is ended: what the machines told is no longer for whoever looks at the page.
    SignedOut,
    /// The session could not be ended.
    SignOutFailed(RequestError),
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
    topics: Rc<Topics>,
    jobs: Rc<Jobs>,
    frozen: Option<Frozen>,
    /// Whoever reads notifications; a pause does not keep those back.
    pub reader: Reader,
    /// What is to be asked for anew.
    pub stale: Stale,
    /// The server's clock; null before the first event.
    pub server_clock: Option<ServerClock>,
    /// When the stream opened, by the monotonic clock.
    connected: Duration,
}

/// What is shown while a person holds the page still.
#[derive(Clone, Debug)]
struct Frozen {
    metrics: Rc<Metrics>,
    events: Rc<EventLog>,
    topics: Rc<Topics>,
    jobs: Rc<Jobs>,
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
            topics: Rc::default(),
            jobs: Rc::default(),
            frozen: None,
            reader: Reader::default(),
            stale: Stale::default(),
            server_clock: None,
            connected: now,
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

    /// What programs publish, to show.
    #[must_use]
    pub fn shown_topics(&self) -> &Rc<Topics> {
        self.frozen.as_ref().map_or(&self.topics, |frozen| &frozen.topics)
    }

    /// Jobs to show.
    #[must_use]
    pub fn shown_jobs(&self) -> &Rc<Jobs> {
        self.frozen.as_ref().map_or(&self.jobs, |frozen| &frozen.jobs)
    }

    /// Jobs as they are, whether shown or not.
    pub fn jobs_mut(&mut self) -> &mut Jobs {
        Rc::make_mut(&mut self.jobs)
    }

    /// Shows the jobs as they are, behind a pause as well: what a person does is to be seen.
    pub fn show_jobs(&mut self) {
        if let Some(frozen) = &mut self.frozen {
            frozen.jobs = self.jobs.clone();
        }
    }

    /// Leaves nothing to be said aloud: once the language is another, it would be said anew.
    pub fn hush(&mut self) {
        Rc::make_mut(&mut self.reader.toasts).hush();
        Rc::make_mut(&mut self.jobs).said = Rc::default();
        if let Some(frozen) = &mut self.frozen {
            Rc::make_mut(&mut frozen.jobs).said = Rc::default();
        }
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

    /// Whether what the page shows is for somebody else than `user`.
    #[must_use]
    pub fn is_of_another(&self, user: &User) -> bool {
        self.user.as_ref().is_some_and(|shown| shown.id != user.id)
    }

    /// What is left when a session ends: nothing that it brought.
    fn without_session(mut self) -> Self {
        self.reader.forget();
        // Those who ask when a number grows would miss that it grew if it began anew.
        let Self { connection, reader, stale, .. } = self;
        Self { connection, reader, stale, ..Self::new(Duration::ZERO) }
    }

    /// What the page becomes.
    #[must_use]
    pub fn after(&self, action: Action) -> Self {
        let mut next = self.clone();
        match action {
            Action::Feed { status, arrivals, dropped, now } => {
                let connection = self.connection.told(status, now);
                let degraded = State::Degraded;
                // What a degraded server could not tell it has had all the while, or announces now.
                let is_well_again =
                    self.connection.status.state == degraded && connection.status.state != degraded;
                if connection.is_open() && (!self.connection.is_open() || is_well_again) {
                    next.stale.take(News::Connected);
                    next.connected = now;
                }
                // A feed tells where it stands with every delivery, which is seldom news.
                if !self.connection.agrees(&connection) {
                    next.connection = Rc::new(connection);
                }
                next.take(arrivals, dropped, now);
            }
            Action::SignedIn(user) => {
                // A session may end, and another begin, without a sign-out: in another tab, or behind an expiry.
                if self.is_of_another(&user) {
                    next = next.without_session();
                    next.stale.take(News::Connected);
                }
                if self.user.as_deref() != Some(&user) {
                    next.user = Some(Rc::new(user));
                }
            }
            Action::SignInFailed(error) => {
                Rc::make_mut(&mut next.connection).sign_in_error = Some(error);
            }
            Action::SignedOut => {
                Rc::make_mut(&mut next.connection).sign_out_error = None;
                next = next.without_session();
            }
            Action::SignOutFailed(error) => {
                Rc::make_mut(&mut next.connection).sign_out_error = Some(error);
            }
            Action::TogglePause => {
                next.frozen = match &self.frozen {
                    Some(_) => None,
                    None => Some(Frozen {
                        metrics: self.metrics.clone(),
                        events: self.events.clone(),
                        topics: self.topics.clone(),
                        jobs: self.jobs.clone(),
                    }),
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
            Rc::make_mut(&mut self.topics).lose(&["*".to_owned()]);
            self.stale.take(News::Dropped);
        }
        for arrival in arrivals {
            match arrival {
                Arrival::Event { event, age, meaning } => {
                    let at = event.at;
                    self.server_clock = Some(ServerClock::told(self.server_clock, at, age, now));
                    let entry = Rc::make_mut(&mut self.events).take(event, now);
                    if is_published(&entry.topic) {
                        Rc::make_mut(&mut self.topics).take(&entry, age);
                    }
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
                        Some(Meaning::InboxChanged(change)) => self.reader.changed(change, at),
                        Some(Meaning::Job(row)) => {
                            // From before this connection: the list that is asked for since knows better whether it is still there.
                            let is_past = age > now.saturating_sub(self.connected);
                            if !is_past || self.jobs.find(&row.job.id).is_some() {
                                Rc::make_mut(&mut self.jobs).told(*row);
                            }
                        }
                        None => {}
                    }
                }
                Arrival::Gap(gap) => {
                    self.stale.take(News::Lost(&gap.gap.topics));
                    Rc::make_mut(&mut self.topics).lose(&gap.gap.topics);
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
        let snapshot = sample::snapshot(data)?;
        return Some(Meaning::Sample(Sample {
            host: host.into(),
            id: event.id,
            at: event.at,
            arrived: now,
            age_on_arrival: age,
            processes: None,
            snapshot: Rc::new(snapshot),
        }));
    }
    if event.topic.split_once('/').is_some_and(|(first, _)| first == JOBS) {
        return wire::one(data)
            .filter(|_| event.kind == JOB)
            .map(|row| Meaning::Job(Box::new(row)));
    }
    event.topic.strip_prefix("notifications/")?;
    match &*event.kind {
        notification::NOTIFICATION => {
            inbox::arrival(data).map(|(row, unread)| Meaning::Notified(Box::new(row), unread))
        }
        notification::UNREAD => inbox::change(data).map(Meaning::InboxChanged),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
