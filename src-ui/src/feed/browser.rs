//! The feed of a browser: `EventSource`, driven by the same state machine as the native client, and one stream for all tabs that
//! show the same.

mod deadline;
mod listening;
mod sharing;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use gloo_timers::callback::Timeout;
use tidings_feed::tabs::Tab;
use tidings_feed::{Command, Config, Delivery, Failure, Feed, Input, Item, State, Taken};
use tidings_protocol::api::{SignIn, User};
use tidings_protocol::event::EventId;
use tidings_protocol::topic::NOTIFICATIONS;
use wasm_bindgen_futures::spawn_local;
use web_sys::VisibilityState;

use super::event_source::{Handlers, Listener, Message, Source};
use super::session::{
    explain_failure, sign_in, sign_out, take_code_from_address, who_is_signed_in,
};
use super::tabs::Group;
use super::wanted::{address, topics};
use super::{Control, Sink, Update, now};
use crate::state::wire::stream;

/// Shortest time between two updates that only bring events.
const PACE: Duration = Duration::from_millis(100);

/// The same where a notification is among them: somebody waits for it, and few come.
const SOON: Duration = Duration::from_millis(25);

struct Browser(Rc<Inner>);

struct Inner {
    sink: Sink,
    feed: RefCell<Feed>,
    tab: RefCell<Tab>,
    /// The tabs to share a stream with; none where there can be none, and before it is known who is signed in.
    group: RefCell<Option<Group>>,
    source: RefCell<Option<Source>>,
    /// Whether the browser has the page stand still.
    is_frozen: Cell<bool>,
    /// Counts streams of this tab's own, so that late news of an earlier one is told apart.
    stream: Cell<u64>,
    /// Whether the stream brought anything yet.
    is_heard: Cell<bool>,
    /// Counts what the feed had connected or closed, so that late answers to what was asked before are told apart.
    attempt: Cell<u64>,
    deadline: RefCell<Option<Timeout>>,
    /// Whether the timer waits once more, since the page stood still.
    is_put_off: Cell<bool>,
    /// Whether the timer found that nothing was heard for too long: nobody else says so.
    is_silent: Cell<bool>,
    deliveries: RefCell<Vec<Delivery>>,
    flush: RefCell<Option<Timeout>>,
    flushed: Cell<Duration>,
    listeners: RefCell<Vec<Listener>>,
    /// Who was signed in when the server was last asked.
    user: RefCell<Option<User>>,
    /// The topics that the stream was asked for; empty for what the server gives by itself.
    asked: RefCell<Vec<String>>,
    /// Whose stream that is.
    identity: RefCell<Option<String>>,
    /// Topics that the server would not give, as to a session of limited scope.
    refused: RefCell<Vec<String>>,
}

pub(super) fn start(sink: Sink) -> Rc<dyn Control> {
    let seed = (js_sys::Math::random() * 9e15) as u64;
    let (feed, connect) = Feed::new(Config::default(), now(), seed);
    let inner = Rc::new(Inner {
        sink,
        feed: RefCell::new(feed),
        tab: RefCell::new(Tab::new(seed)),
        group: RefCell::new(None),
        source: RefCell::new(None),
        is_frozen: Cell::new(false),
        stream: Cell::new(0),
        is_heard: Cell::new(false),
        attempt: Cell::new(0),
        deadline: RefCell::new(None),
        is_put_off: Cell::new(false),
        is_silent: Cell::new(false),
        deliveries: RefCell::new(Vec::new()),
        flush: RefCell::new(None),
        flushed: Cell::new(Duration::ZERO),
        listeners: RefCell::new(Vec::new()),
        user: RefCell::new(None),
        asked: RefCell::new(Vec::new()),
        identity: RefCell::new(None),
        refused: RefCell::new(Vec::new()),
    });
    inner.listen();
    match take_code_from_address() {
        None => inner.carry_out(connect, false),
        Some(code) => inner.sign_in_by_code(code),
    }
    Rc::new(Browser(inner))
}

impl Control for Browser {
    fn retry(&self) {
        self.0.input(Input::Retry);
    }

    fn disconnect(&self) {
        self.0.input(Input::Disconnect);
    }

    fn sign_in(&self, proof: SignIn) {
        let inner = self.0.clone();
        spawn_local(async move {
            match sign_in(proof).await {
                Ok(()) => inner.connect_as_another(),
                Err(error) => (inner.sink)(Update::SignInFailed(error)),
            }
        });
    }

    fn trust(&self, _key: String) {}

    fn sign_out(&self) {
        let inner = self.0.clone();
        spawn_local(async move {
            match sign_out().await {
                Ok(()) => {
                    // What still arrives must not bring back what the page is about to forget.
                    inner.leave();
                    inner.deliveries.take();
                    (inner.sink)(Update::SignedOut);
                    // The server's answer to the next attempt says where we stand.
                    inner.connect_as_another();
                }
                Err(error) => (inner.sink)(Update::SignOutFailed(error)),
            }
        });
    }

    fn is_desktop(&self) -> bool {
        false
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.0.source.take());
        drop(self.0.group.take());
        drop(self.0.deadline.take());
        drop(self.0.flush.take());
        self.0.listeners.borrow_mut().clear();
    }
}

impl Inner {
    fn input(self: &Rc<Self>, input: Input<'_>) {
        let is_lost = matches!(input, Input::Failed(_) | Input::Tick);
        let command = self.feed.borrow_mut().handle(now(), input);
        if let Some(command) = command {
            self.carry_out(command, is_lost);
        } else {
            self.set_deadline();
        }
        self.publish();
    }

    /// A stream that is closed may have been lost before.
    fn carry_out(self: &Rc<Self>, command: Command, is_lost: bool) {
        self.attempt.set(self.attempt.get() + 1);
        match command {
            Command::Connect { .. } if self.user.borrow().is_some() => self.connect(),
            Command::Connect { .. } => {
                self.end(false);
                self.connect_as_somebody();
            }
            Command::Close => self.end(is_lost),
        }
        self.set_deadline();
    }

    /// Connects once it is known who is signed in: what there is to ask for goes by that. If nobody says so the stream is opened all the
    /// same, and its failure explained.
    fn connect_as_somebody(self: &Rc<Self>) {
        let attempt = self.attempt.get();
        let inner = Rc::downgrade(self);
        spawn_local(async move {
            let user = who_is_signed_in().await;
            if let Some(inner) = inner.upgrade().filter(|inner| inner.attempt.get() == attempt) {
                inner.user.replace(user.clone());
                if let Some(user) = user {
                    (inner.sink)(Update::SignedIn(user));
                }
                inner.connect();
            }
        });
    }

    /// Connects as whoever is signed in by now.
    fn connect_as_another(self: &Rc<Self>) {
        self.user.take();
        self.input(Input::Retry);
    }

    fn open(self: &Rc<Self>) {
        self.shut();
        let on_error = self.weakly(|inner, ()| inner.on_error());
        let handlers = Handlers {
            on_open: Box::new(|| {}),
            on_error: Box::new(move || on_error(())),
            on_message: Box::new(self.weakly(|inner, message| inner.on_message(&message))),
            named: Vec::new(),
        };
        let cursor = self.feed.borrow().cursor();
        match Source::open(&address(cursor, &self.asked.borrow()), handlers) {
            Ok(source) => *self.source.borrow_mut() = Some(source),
            Err(error) => self.input(Input::Failed(Failure::Network(error.to_string()))),
        }
    }

    fn shut(&self) {
        self.stream.set(self.stream.get() + 1);
        self.is_heard.set(false);
        drop(self.source.take());
    }

    /// The topics to ask for.
    fn wanted(&self) -> Vec<String> {
        let wanted = self.user.borrow().as_ref().map(topics).unwrap_or_default();
        if wanted == *self.refused.borrow() { Vec::new() } else { wanted }
    }

    fn on_message(self: &Rc<Self>, message: &Message) {
        let before = self.feed.borrow().cursor();
        let id = message.last_event_id.parse().ok();
        let is_first = !self.is_heard.replace(true);
        let Some(is_news) = self.take(&message.data, id) else { return };
        self.act(|tab, feed| tab.told(now(), feed, before, (id, &message.data), is_news));
        if is_first {
            self.ask_who();
        }
    }

    /// Takes a frame; whether it was news, unless the connection ended with it.
    fn take(self: &Rc<Self>, data: &str, id: Option<EventId>) -> Option<bool> {
        let before = self.state();
        let mut feed = self.feed.borrow_mut();
        let Taken { command, delivery } = match stream::message(data) {
            Some(message) => feed.take_message(now(), message, id),
            None => feed.take_unreadable(now(), id, "no message of the stream's".to_owned()),
        };
        drop(feed);
        let mut pace = PACE;
        let is_news = delivery.is_some();
        if let Some((age, item)) = delivery {
            if matches!(&item, Item::Event(event) if event.topic.starts_with(NOTIFICATIONS)) {
                pace = SOON;
            }
            let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
            self.deliveries.borrow_mut().push(Delivery { age_ms, item });
        }
        let is_over = command.is_some();
        match command {
            Some(command) => self.carry_out(command, false),
            None => self.set_deadline(),
        }
        if self.state() == before {
            self.publish_paced(pace);
        } else {
            self.publish();
        }
        (!is_over).then_some(is_news)
    }

    /// Asks who is signed in: another user may be since, or the same one with another role. Nobody else gets what the stream brings
    /// before that is known.
    fn ask_who(self: &Rc<Self>) {
        let (attempt, stream) = (self.attempt.get(), self.stream.get());
        let inner = Rc::downgrade(self);
        spawn_local(async move {
            let user = who_is_signed_in().await;
            let Some(inner) = inner.upgrade().filter(|inner| inner.attempt.get() == attempt) else {
                return;
            };
            if let Some(user) = user {
                inner.user.replace(Some(user.clone()));
                (inner.sink)(Update::SignedIn(user));
                if inner.identity() != *inner.identity.borrow() {
                    // The stream is that of somebody else, or of the same one in another role.
                    inner.input(Input::Retry);
                    return;
                }
            }
            if inner.stream.get() == stream {
                inner.act(|tab, feed| tab.vouched(now(), feed));
            }
        });
    }

    fn on_error(self: &Rc<Self>) {
        // The browser would try again by itself; the state machine decides that here.
        drop(self.source.take());
        let opened = self.state() != State::Connecting;
        let asked = self.asked.borrow().clone();
        let stream = self.stream.get();
        let inner = Rc::downgrade(self);
        spawn_local(async move {
            let (failure, refused) = explain_failure(opened, &asked).await;
            if let Some(inner) = inner.upgrade().filter(|inner| inner.stream.get() == stream) {
                // What was refused may be given by the next attempt.
                inner.refused.replace(if refused { asked } else { Vec::new() });
                inner.fail(failure);
            }
        });
    }

    fn fail(self: &Rc<Self>, failure: Failure) {
        // Who is signed in may be another by the next attempt.
        self.user.take();
        self.input(Input::Failed(failure));
    }

    fn state(&self) -> State {
        self.feed.borrow().status(now()).state
    }

    /// Hands over at once what is new.
    fn publish(&self) {
        drop(self.flush.take());
        self.flushed.set(now());
        let deliveries = self.deliveries.take();
        (self.sink)(Update::News { status: self.status(), deliveries, dropped: 0 });
    }

    /// Hands over what is new, but no sooner than so long behind the last time.
    fn publish_paced(self: &Rc<Self>, pace: Duration) {
        let due = self.flushed.get() + pace;
        let now = now();
        if now >= due {
            self.publish();
        } else if pace < PACE || self.flush.borrow().is_none() {
            let inner = Rc::downgrade(self);
            let flush = Timeout::new(ceil_ms(due - now), move || {
                if let Some(inner) = inner.upgrade() {
                    inner.publish();
                }
            });
            drop(self.flush.replace(Some(flush)));
        }
    }

    /// A callback that does nothing once this tab's stream is another, or the feed has ended.
    fn weakly<A>(self: &Rc<Self>, call: impl Fn(&Rc<Self>, A) + 'static) -> impl Fn(A) + 'static {
        let inner = Rc::downgrade(self);
        let stream = self.stream.get();
        move |argument| {
            if let Some(inner) = inner.upgrade().filter(|inner| inner.stream.get() == stream) {
                call(&inner, argument);
            }
        }
    }
}

/// Whether somebody can see the page.
fn is_seen() -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    document.is_some_and(|document| document.visibility_state() == VisibilityState::Visible)
}

/// A timer must not fire before its time, or it would find nothing to do.
fn ceil_ms(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX).saturating_add(1)
}
