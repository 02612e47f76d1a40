//! The feed of a browser: `EventSource`, driven by the same state machine as the native client.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use gloo_timers::callback::Timeout;
use tidings_feed::{Command, Config, Delivery, Failure, Feed, Input, Item, State, Taken};
use tidings_protocol::api::{SignIn, path, query};
use tidings_protocol::event::EventId;
use tidings_protocol::topic::NOTIFICATIONS;
use wasm_bindgen_futures::spawn_local;
use web_sys::VisibilityState;

use super::event_source::{Handlers, Listener, Message, Source};
use super::session::{
    explain_failure, sign_in, sign_out, take_code_from_address, who_is_signed_in,
};
use super::{Control, Sink, Update, now};

/// Shortest time between two updates that only bring events.
const PACE: Duration = Duration::from_millis(100);

/// The same where a notification is among them: somebody waits for it, and few come.
const SOON: Duration = Duration::from_millis(25);

/// Longest a timer is set for; a later deadline is looked at again then.
const LONGEST_TIMER: Duration = Duration::from_secs(3_600);

struct Browser(Rc<Inner>);

struct Inner {
    sink: Sink,
    feed: RefCell<Feed>,
    source: RefCell<Option<Source>>,
    /// Counts connections, so that late news of an earlier one is told apart.
    attempt: Cell<u64>,
    deadline: RefCell<Option<Timeout>>,
    deliveries: RefCell<Vec<Delivery>>,
    flush: RefCell<Option<Timeout>>,
    flushed: Cell<Duration>,
    listeners: RefCell<Vec<Listener>>,
}

pub(super) fn start(sink: Sink) -> Rc<dyn Control> {
    let seed = (js_sys::Math::random() * 9e15) as u64;
    let (feed, connect) = Feed::new(Config::default(), now(), seed);
    let inner = Rc::new(Inner {
        sink,
        feed: RefCell::new(feed),
        source: RefCell::new(None),
        attempt: Cell::new(0),
        deadline: RefCell::new(None),
        deliveries: RefCell::new(Vec::new()),
        flush: RefCell::new(None),
        flushed: Cell::new(Duration::ZERO),
        listeners: RefCell::new(Vec::new()),
    });
    inner.listen();
    match take_code_from_address() {
        None => inner.carry_out(connect),
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
                Ok(()) => inner.input(Input::Retry),
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
                    drop(inner.source.take());
                    inner.deliveries.take();
                    (inner.sink)(Update::SignedOut);
                    // The server's answer to the next attempt says where we stand.
                    inner.input(Input::Retry);
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
        drop(self.0.deadline.take());
        drop(self.0.flush.take());
        self.0.listeners.borrow_mut().clear();
    }
}

impl Inner {
    fn input(self: &Rc<Self>, input: Input<'_>) {
        let command = self.feed.borrow_mut().handle(now(), input);
        if let Some(command) = command {
            self.carry_out(command);
        } else {
            self.set_deadline();
        }
        self.publish();
    }

    fn carry_out(self: &Rc<Self>, command: Command) {
        self.attempt.set(self.attempt.get() + 1);
        drop(self.source.take());
        if let Command::Connect { cursor } = command {
            self.connect(cursor);
        }
        self.set_deadline();
    }

    fn connect(self: &Rc<Self>, cursor: Option<EventId>) {
        let attempt = self.attempt.get();
        let on_error = self.weakly(attempt, |inner, ()| inner.on_error());
        let handlers = Handlers {
            on_open: Box::new(|| {}),
            on_error: Box::new(move || on_error(())),
            on_message: Box::new(self.weakly(attempt, |inner, message| inner.on_message(&message))),
            named: Vec::new(),
        };
        match Source::open(&address(cursor), handlers) {
            Ok(source) => *self.source.borrow_mut() = Some(source),
            Err(error) => self.input(Input::Failed(Failure::Network(error.to_string()))),
        }
    }

    fn on_message(self: &Rc<Self>, message: &Message) {
        let before = self.state();
        let id = message.last_event_id.parse().ok();
        let Taken { command, delivery } =
            self.feed.borrow_mut().take_frame(now(), &message.data, id);
        let mut pace = PACE;
        if let Some((age, item)) = delivery {
            if matches!(&item, Item::Event(event) if event.topic.starts_with(NOTIFICATIONS)) {
                pace = SOON;
            }
            let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
            self.deliveries.borrow_mut().push(Delivery { age_ms, item });
        }
        match command {
            Some(command) => self.carry_out(command),
            None => self.set_deadline(),
        }
        if self.state() == before {
            self.publish_paced(pace);
        } else {
            self.publish();
            if before == State::Connecting && self.state() == State::Live {
                self.ask_who();
            }
        }
    }

    /// Asks who is signed in: another user may be since, or the same one with another role.
    fn ask_who(self: &Rc<Self>) {
        let attempt = self.attempt.get();
        let inner = Rc::downgrade(self);
        spawn_local(async move {
            let user = who_is_signed_in().await;
            let inner = inner.upgrade().filter(|inner| inner.attempt.get() == attempt);
            if let (Some(inner), Some(user)) = (inner, user) {
                (inner.sink)(Update::SignedIn(user));
            }
        });
    }

    fn on_error(self: &Rc<Self>) {
        // The browser would try again by itself; the state machine decides that here.
        drop(self.source.take());
        let opened = self.state() != State::Connecting;
        let attempt = self.attempt.get();
        let inner = Rc::downgrade(self);
        spawn_local(async move {
            let failure = explain_failure(opened).await;
            if let Some(inner) = inner.upgrade().filter(|inner| inner.attempt.get() == attempt) {
                inner.input(Input::Failed(failure));
            }
        });
    }

    fn state(&self) -> State {
        self.feed.borrow().status(now()).state
    }

    /// Sets the timer for the state's own next change.
    fn set_deadline(self: &Rc<Self>) {
        let now = now();
        let next = self.feed.borrow().next_deadline(now);
        let timer = next.map(|at| {
            let inner = Rc::downgrade(self);
            let wait = at.saturating_sub(now).min(LONGEST_TIMER);
            Timeout::new(ceil_ms(wait), move || {
                if let Some(inner) = inner.upgrade() {
                    inner.input(Input::Tick);
                }
            })
        });
        drop(self.deadline.replace(timer));
    }

    /// Hands over at once what is new.
    fn publish(&self) {
        drop(self.flush.take());
        self.flushed.set(now());
        let deliveries = self.deliveries.take();
        let status = self.feed.borrow().status(now());
        (self.sink)(Update::News { status, deliveries, dropped: 0 });
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

    /// Connects afterwards in any case: an earlier session may still hold where the code does not.
    fn sign_in_by_code(self: &Rc<Self>, code: String) {
        let inner = self.clone();
        spawn_local(async move {
            if let Err(error) = sign_in(SignIn::Code { code }).await {
                (inner.sink)(Update::SignInFailed(error));
            }
            inner.input(Input::Retry);
        });
    }

    /// A machine that wakes up or comes back to the network need not wait for its turn.
    fn listen(self: &Rc<Self>) {
        let Some(window) = web_sys::window() else { return };
        let mut listeners = self.listeners.borrow_mut();
        let inner = Rc::downgrade(self);
        listeners.push(Listener::new(&window, "online", move || Self::wake(&inner)));
        // A link opened in this tab, where the page runs already, changes the fragment only.
        let inner = Rc::downgrade(self);
        listeners.push(Listener::new(&window, "hashchange", move || {
            if let (Some(inner), Some(code)) = (inner.upgrade(), take_code_from_address()) {
                inner.sign_in_by_code(code);
            }
        }));
        if let Some(document) = window.document() {
            let inner = Rc::downgrade(self);
            listeners.push(Listener::new(&document.clone(), "visibilitychange", move || {
                if document.visibility_state() == VisibilityState::Visible {
                    Self::wake(&inner);
                }
            }));
        }
    }

    fn wake(inner: &Weak<Self>) {
        let Some(inner) = inner.upgrade() else { return };
        let waiting = matches!(inner.state(), State::Reconnecting { .. });
        inner.input(if waiting { Input::Retry } else { Input::Tick });
    }

    /// A callback that does nothing once `attempt` is over or the feed has ended.
    fn weakly<A>(
        self: &Rc<Self>,
        attempt: u64,
        call: impl Fn(&Rc<Self>, A) + 'static,
    ) -> impl Fn(A) + 'static {
        let inner = Rc::downgrade(self);
        move |argument| {
            if let Some(inner) = inner.upgrade().filter(|inner| inner.attempt.get() == attempt) {
                call(&inner, argument);
            }
        }
    }
}

fn address(cursor: Option<EventId>) -> String {
    let base = format!("{}?{}=1", path::EVENTS, query::UNNAMED);
    match cursor {
        Some(id) => format!("{base}&{}={id}", query::LAST_EVENT_ID),
        None => base,
    }
}

/// A timer must not fire before its time, or it would find nothing to do.
fn ceil_ms(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX).saturating_add(1)
}
