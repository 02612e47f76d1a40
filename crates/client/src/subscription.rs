//! A feed that runs: one task, and what it hands to its reader.

use std::mem::discriminant;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tidings_feed::{Command, Delivery, Failure, Feed, Input, Status, Taken};
use tidings_protocol::event::EventId;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use crate::client::Client;
use crate::link::{Heard, Link};
use crate::outbox::Outbox;
use crate::token::Token;
use crate::transport::Checked;

/// What is new to the reader of a [`Subscription`].
#[derive(Clone, Debug)]
pub struct Update {
    /// State of the connection now.
    pub status: Status,
    /// In the order they arrived.
    pub deliveries: Vec<Delivery>,
    /// Items lost since the update before, because the reader was too slow.
    pub dropped: u64,
}

/// A stream of a server, kept open by a task of its own. Dropping it ends the task and closes the
/// connection.
#[derive(Debug)]
pub struct Subscription {
    shared: Arc<Shared>,
    handle: Handle,
    /// [`Inner::version`] of the last update.
    seen: u64,
    _task: AbortOnDropHandle<()>,
}

/// Steers a [`Subscription`] from elsewhere; without effect once that is gone.
#[derive(Clone, Debug)]
pub struct Handle {
    /// Holds the last order alone: what was asked before it no longer matters.
    orders: watch::Sender<Option<Order>>,
}

/// What a person asked for.
#[derive(Clone, Copy, Debug)]
enum Order {
    Retry,
    Disconnect,
}

impl Handle {
    /// Connects now, whatever the state.
    pub fn retry(&self) {
        self.orders.send_replace(Some(Order::Retry));
    }

    /// Closes the connection until [`retry`](Self::retry).
    pub fn disconnect(&self) {
        self.orders.send_replace(Some(Order::Disconnect));
    }
}

impl Subscription {
    /// Waits until something is new, and takes it. Nothing is lost if the wait is given up.
    pub async fn next(&mut self) -> Update {
        loop {
            if let Some(update) = self.try_next() {
                return update;
            }
            // A bell rung meanwhile is remembered.
            self.shared.news.notified().await;
        }
    }

    /// Takes what is new, if anything is.
    pub fn try_next(&mut self) -> Option<Update> {
        let now = self.shared.now();
        let mut inner = self.shared.lock();
        if inner.version == self.seen && inner.outbox.is_empty() {
            return None;
        }
        self.seen = inner.version;
        if inner.outbox.is_full() {
            // It was this reader that nothing was heard for, not the server.
            inner.feed.handle(now, Input::Activity);
            self.shared.room.notify_one();
        }
        let (deliveries, dropped) = inner.outbox.take(now);
        Some(Update { status: inner.feed.status(now), deliveries, dropped })
    }

    /// State of the connection now.
    #[must_use]
    pub fn status(&self) -> Status {
        self.shared.lock().feed.status(self.shared.now())
    }

    /// What steers this subscription.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

/// What the task and the reader both see.
#[derive(Debug)]
struct Shared {
    started: Instant,
    inner: Mutex<Inner>,
    /// Rung for the reader after each change.
    news: Notify,
    /// Rung for the task when a reader it waits for has taken something.
    room: Notify,
}

#[derive(Debug)]
struct Inner {
    feed: Feed,
    outbox: Outbox,
    /// The status at `version`.
    told: Status,
    /// Grows when the status changes by more than the passing of time.
    version: u64,
}

impl Shared {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Nobody panics while holding the lock, and if somebody did, the state is still whole.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands `input` to the feed and lets it act on the time.
    fn handle(&self, input: Input<'_>) -> Option<Command> {
        self.take(|feed, now| feed.handle(now, input).into())
    }

    /// Lets the feed take something, keeps what it delivers, and lets it act on the time.
    fn take(&self, step: impl FnOnce(&mut Feed, Duration) -> Taken) -> Option<Command> {
        let now = self.now();
        let mut inner = self.lock();
        let Taken { command, delivery } = step(&mut inner.feed, now);
        // A stream of bytes without end must not keep a deadline from being noticed.
        let command = inner.feed.handle(now, Input::Tick).or(command);
        let mut is_news = delivery.is_some();
        if let Some((age, item)) = delivery {
            inner.outbox.push(now, age, item);
        }
        // Against what was told, not against a moment ago: silence alone makes a feed stale.
        let status = inner.feed.status(now);
        if !is_same_news(&inner.told, &status) {
            inner.told = status;
            inner.version += 1;
            is_news = true;
        }
        drop(inner);
        if is_news {
            self.news.notify_one();
        }
        command
    }
}

/// Whether two statuses differ by nothing but the passing of time.
fn is_same_news(one: &Status, other: &Status) -> bool {
    discriminant(&one.state) == discriminant(&other.state)
        && one.failures == other.failures
        && one.cause == other.cause
        && one.server_version == other.server_version
}

/// What every attempt needs.
pub(crate) struct Target {
    pub(crate) transport: Checked,
    pub(crate) asked: Asked,
    pub(crate) token: Token,
}

/// What a stream is asked for.
pub(crate) enum Asked {
    /// What there is at this address.
    At(Url),
    /// What a dashboard shows; the client knows where that is.
    AsDashboard(Box<Client>),
}

/// A connection that is open, or will be once it is known where.
enum Attempt {
    Asking(BoxFuture<'static, Result<Link, Failure>>),
    Open(Link),
}

/// Starts the task. Must be called within a tokio runtime.
pub(crate) fn start(
    target: Target,
    config: tidings_feed::Config,
    cursor: Option<EventId>,
    outbox: Outbox,
) -> Subscription {
    let (feed, first) = Feed::resuming(config, Duration::ZERO, rand::random(), cursor);
    let shared = Arc::new(Shared {
        started: Instant::now(),
        // The reader has seen version 0: the first state is news to it.
        inner: Mutex::new(Inner { told: feed.status(Duration::ZERO), feed, outbox, version: 1 }),
        news: Notify::new(),
        room: Notify::new(),
    });
    let (sender, orders) = watch::channel(None);
    let driver = Driver { shared: Arc::clone(&shared), target, orders, link: None };
    let task = AbortOnDropHandle::new(tokio::spawn(driver.run(first)));
    Subscription { shared, handle: Handle { orders: sender }, seen: 0, _task: task }
}

/// The task: carries out what the feed decides.
struct Driver {
    shared: Arc<Shared>,
    target: Target,
    orders: watch::Receiver<Option<Order>>,
    link: Option<Attempt>,
}

impl Driver {
    async fn run(mut self, first: Command) {
        let mut command = Some(first);
        loop {
            if let Some(command) = command {
                self.carry_out(command);
            }
            // Whoever may lose nothing is waited for, and the server waits with it.
            let is_full = self.shared.lock().outbox.is_full();
            command = tokio::select! {
                biased;
                changed = self.orders.changed() => {
                    // The subscription and every handle are gone.
                    let Ok(()) = changed else { return };
                    let order = *self.orders.borrow_and_update();
                    match order {
                        Some(Order::Retry) => self.shared.handle(Input::Retry),
                        Some(Order::Disconnect) => self.shared.handle(Input::Disconnect),
                        None => None,
                    }
                }
                () = self.shared.room.notified(), if is_full => None,
                // Before the deadline, so that bytes which arrived while this process stood still count.
                heard = hear(&mut self.link), if !is_full => self.take_in(heard),
                () = deadline(&self.shared), if !is_full => self.shared.handle(Input::Tick),
            };
        }
    }

    fn carry_out(&mut self, command: Command) {
        // First, so that the old connection is closed before the new one opens.
        self.link = None;
        let Command::Connect { cursor } = command else { return };
        let Target { transport, asked, token } = &self.target;
        match asked {
            Asked::At(url) => match Link::new(transport.clone(), url, token, cursor) {
                Ok(link) => self.link = Some(Attempt::Open(link)),
                Err(failure) => {
                    self.shared.handle(Input::Failed(failure));
                }
            },
            Asked::AsDashboard(client) => {
                let (client, transport, token) = (client.clone(), transport.clone(), token.clone());
                let asking = async move {
                    Link::new(transport, &client.stream_of_dashboard().await, &token, cursor)
                };
                self.link = Some(Attempt::Asking(Box::pin(asking)));
            }
        }
    }

    fn take_in(&self, heard: Heard) -> Option<Command> {
        match heard {
            Heard::Activity => self.shared.handle(Input::Activity),
            Heard::RetryAfter(wait) => self.shared.handle(Input::RetryAfter(wait)),
            Heard::Failed(failure) => self.shared.handle(Input::Failed(failure)),
            Heard::Oversized { id } => self.shared.take(|feed, now| feed.take_oversized(now, id)),
            Heard::Frame(frame) => {
                let id = frame.id.parse().ok();
                self.shared.take(|feed, now| feed.take_frame(now, &frame.data, id))
            }
        }
    }
}

/// Nothing is lost if the wait is given up.
async fn hear(attempt: &mut Option<Attempt>) -> Heard {
    loop {
        match attempt {
            Some(Attempt::Open(link)) => return link.hear().await,
            Some(Attempt::Asking(asking)) => match asking.await {
                Ok(link) => *attempt = Some(Attempt::Open(link)),
                Err(failure) => {
                    *attempt = None;
                    return Heard::Failed(failure);
                }
            },
            None => return std::future::pending().await,
        }
    }
}

async fn deadline(shared: &Shared) {
    let deadline = shared.lock().feed.next_deadline(shared.now());
    match deadline {
        Some(deadline) => sleep_until(shared.started + deadline).await,
        None => std::future::pending().await,
    }
}
